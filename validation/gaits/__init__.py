"""The generator of the gait library: from numbers that describe a run to a motion with forces."""
