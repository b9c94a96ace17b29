"""What the bodies, joints and coordinates of a model mean, told from its geometry."""
