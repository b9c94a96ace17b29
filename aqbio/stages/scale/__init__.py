"""Stage scale: the body calibrated from all recordings."""
