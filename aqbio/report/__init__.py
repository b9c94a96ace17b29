"""Pages of the study; stage report."""
