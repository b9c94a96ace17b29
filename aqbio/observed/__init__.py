"""What recordings determine, frame by frame: the one mask of what was observed."""
