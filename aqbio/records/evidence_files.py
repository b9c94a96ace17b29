"""Files that stage evidence leaves of every participant."""

from __future__ import annotations

STAGE = "evidence"

OWN, ARMS = "steps.nc", "arms.nc"
"""Files of the study's own settings and of the other arms, in the participant's folder."""
