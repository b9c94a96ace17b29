"""How a gait shall look at a speed: what tuning aims at, and where it starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.virtual.gaits.parameters import GaitParameters


@dataclass(frozen=True, slots=True)
class Targets:
    """How a gait at one speed shall look; the angles of the swing leg are in `swing.py`.

    Attributes
    ----------
    hip, knee, ankle : 3-tuples, degrees
        At touchdown, mid-contact and toe-off.
    forward : float
        Peak of the forward force, body weights.
    contact_m : float
        Speed times contact time.
    flight_s : float
    broad : float
        Shape of the vertical force.
    """

    hip: tuple[float, ...]
    knee: tuple[float, ...]
    ankle: tuple[float, ...]
    forward: float
    contact_m: float
    flight_s: float
    broad: float


SIDE_RATIO = -0.12
"""Wanted `GaitMeasures.side_ratio` at every speed: arms and torso do not quite balance both legs,
equally so at all speeds, as the classical world (W0) of the demo says."""

TARGETS = {
    3.5: Targets((24, 10, -15), (16, 42, 20), (-2, 27, -12), 0.38, 0.83, 0.131, 0.8),
    9.5: Targets((40, 16, -18), (28, 44, 22), (0, 27, -26), 0.80, 1.064, 0.113, 1.7),
}
"""Between the published bands for sprinting and what elite sprinters show."""


def targets(speed: float) -> Targets:
    """Targets at any speed of the reference body, number by number between those given."""
    slow, fast = sorted(TARGETS)
    share = (speed - slow) / (fast - slow)
    low, high = TARGETS[slow], TARGETS[fast]

    def mixed(name: str) -> tuple[float, ...]:
        pair = np.array([getattr(low, name), getattr(high, name)])
        return tuple((pair[0] + share * (pair[1] - pair[0])).tolist())

    def between(name: str) -> float:
        first = float(getattr(low, name))
        return first + share * (float(getattr(high, name)) - first)

    return Targets(
        hip=mixed("hip"),
        knee=mixed("knee"),
        ankle=mixed("ankle"),
        forward=between("forward"),
        contact_m=between("contact_m"),
        flight_s=between("flight_s"),
        broad=between("broad"),
    )


def first_guess(speed: float) -> GaitParameters:
    """Where tuning starts: the durations of the targets, a little less contact, no deviations."""
    wanted = targets(speed)
    return GaitParameters(
        contact_s=0.92 * wanted.contact_m / speed,
        flight_s=wanted.flight_s,
        early=0.5,
        broad=wanted.broad,
    )
