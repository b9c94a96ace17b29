"""Evidence and verdicts of the study, and the tables to check them with."""
