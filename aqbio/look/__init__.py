"""From OpenSim's results to levels A, B and C: one model, one motion, its forces, no study."""
