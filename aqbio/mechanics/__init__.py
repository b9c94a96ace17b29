"""Mechanics on bare arrays: NumPy and SciPy only, no files, no OpenSim."""
