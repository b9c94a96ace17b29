"""One row per step, and the tables of the study."""
