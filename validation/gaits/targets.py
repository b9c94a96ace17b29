"""How a gait shall look at a speed: what tuning aims at, and where it starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from validation.gaits.parameters import GaitParameters


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
        From `FLIGHT`.
    broad : float
        Shape of the vertical force.
    """

    hip: tuple[float, ...]
    knee: tuple[float, ...]
    ankle: tuple[float, ...]
    forward: float
    contact_m: float
    broad: float
    flight_s: float = np.nan


SIDE_RATIO = -0.12
"""Wanted `GaitMeasures.side_ratio` at every speed: arms and torso do not quite balance both legs,
equally so at all speeds, as the classical world (W0) of the demo says."""

TARGETS = {
    3.5: Targets((24, 10, -15), (16, 42, 20), (-2, 27, -12), 0.38, 0.83, 0.8),
    9.5: Targets((40, 16, -18), (28, 44, 22), (0, 27, -26), 0.80, 1.064, 1.7),
}
"""Between the published bands for sprinting and what elite sprinters show."""


FLIGHT = {3.5: 0.131, 5.0: 0.142, 7.0: 0.140, 9.5: 0.113}
"""Flight times, s, by speed: longest at middle speeds, where steps lengthen; above, they quicken
(Dorn 2012, J Exp Biol 215:1944). With `TARGETS` the stance's mean force is Weyand and Davis'
(2005, J Exp Biol 208:2625) within 0.1 body weights up to 7 m/s."""


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
        flight_s=float(np.interp(speed, list(FLIGHT), list(FLIGHT.values()))),
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
