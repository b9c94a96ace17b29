"""Inverse kinematics: from markers to coordinates, all frames at once."""
