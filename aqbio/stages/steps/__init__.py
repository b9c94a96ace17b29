"""Stage steps: roles, curves, columns and the quality of every trial."""
