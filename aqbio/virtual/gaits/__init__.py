"""The gait generator: from numbers that describe how somebody runs to an exact motion."""
