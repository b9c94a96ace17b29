"""Pages of trials, athletes and the study."""
