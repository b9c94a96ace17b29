"""Who takes part in the demo study and what each of them runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.virtual.athlete import Athlete
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.library import GaitName

SEED = 20260101
SLOWEST = 5.0
"""Lowest of the four speeds, m/s; the highest is the athlete's own."""
LEVELS = 4

DISTURBANCES = Disturbances(
    marker_noise_m=0.0004,
    soft_tissue_m=0.005,
    force_noise_n=1.5,
    moment_noise_nm=0.3,
    plate_offset_n=2.0,
    clock_offset_s=0.001,
    gaps=4,
    gap_frames=6,
)
"""What the demo's recordings suffer from."""


@dataclass(frozen=True, slots=True)
class Sprinter:
    """A participant of the demo study."""

    athlete: Athlete
    fastest: float
    """float, m/s."""

    @property
    def speeds(self) -> tuple[float, ...]:
        """Nominal speeds of the normal condition, m/s."""
        return tuple(round(float(v), 2) for v in np.linspace(SLOWEST, self.fastest, LEVELS))


SPRINTERS = (
    Sprinter(Athlete("V01", "female", 52.0, 1.60), 8.1),
    Sprinter(Athlete("V02", "male", 62.0, 1.70), 9.2),
    Sprinter(Athlete("V03", "female", 56.0, 1.65), 8.4),
    Sprinter(Athlete("V04", "male", 70.0, 1.76), 9.4),
    Sprinter(Athlete("V05", "female", 58.0, 1.68), 8.6),
    Sprinter(Athlete("V06", "male", 75.0, 1.80), 9.5),
    Sprinter(Athlete("V07", "female", 62.0, 1.72), 8.8),
    Sprinter(Athlete("V08", "male", 82.0, 1.86), 9.5),
    Sprinter(Athlete("V09", "female", 66.0, 1.76), 8.9),
    Sprinter(Athlete("V10", "male", 78.0, 1.83), 9.3),
    Sprinter(Athlete("V11", "female", 60.0, 1.70), 8.3),
    Sprinter(Athlete("V12", "male", 68.0, 1.74), 9.0),
)

GAITS = tuple(
    GaitName(sprinter.athlete.name, condition, level)
    for sprinter in SPRINTERS
    for condition, levels in (("normal", range(LEVELS)), ("restricted_arms", (LEVELS - 1,)))
    for level in levels
)
"""All gaits of the library."""


def sprinter(participant: str) -> Sprinter:
    """A participant by name."""
    return next(one for one in SPRINTERS if one.athlete.name == participant)
