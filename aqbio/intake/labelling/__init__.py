"""Labels of a recording: which landmark of the body each one is."""
