"""Athletes of the tests."""

from __future__ import annotations

from aqbio.virtual.athlete import Athlete

RUNNER = Athlete("runner", "male", 75.0, 1.80)
SPRINTER = Athlete("sprinter", "female", 58.0, 1.68)
