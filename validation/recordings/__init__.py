"""Recordings with known truth: closed forms, crosstalk, wobbling mass, another body."""
