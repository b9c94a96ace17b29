"""The tables of the study; stage tables."""
