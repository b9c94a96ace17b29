"""The pages on which the trials of a participant are replayed."""
