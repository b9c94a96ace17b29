"""Settings of studies whose verdicts no test examines."""

ONE_EACH = """multiverse:
  {consistency: [default, loose], cutoffs_hz: [15], event_thresholds_n: [50], bodies: [de_leva],
   pelvis: [out]}
"""
"""Of every kind of choice one."""
