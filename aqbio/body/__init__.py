"""The person's body: anatomy, segment parameters, and the arithmetic of their calibration."""
