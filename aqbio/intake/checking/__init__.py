"""What the recordings of a study say about its sheets, settings and marker set."""
