"""Levels A, B and C: momentum by segment, transmission by joint, effects of each moment."""
