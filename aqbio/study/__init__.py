"""Records of stages: what a job reads and leaves, findings, archive, verify."""
