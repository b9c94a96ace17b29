"""From channels of force plates to wrenches on the runner."""
