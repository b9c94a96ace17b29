"""What a gait shall be like: who runs how fast, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.vectors import FloatArray
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.gait import Timeline
from validation.gaits.parameters import REFERENCE_LEG, GaitParameters, columns

AIR_DENSITY = 1.2
"""kg/m³."""


@dataclass(frozen=True, eq=False)
class GaitDesign:
    """What a gait shall be like.

    Attributes
    ----------
    athlete : Athlete
    speeds : tuple of N floats, m/s
        Step length over step duration, of each step of the period.
    steps : tuple of N GaitParameters
    drag_area : float, m²
        Drag coefficient times frontal area; 0 is no air.
    arm_asymmetry : float
        The right arm swings by this share more, the left one by this share less.
    """

    athlete: Athlete
    speeds: tuple[float, ...]
    steps: tuple[GaitParameters, ...]
    drag_area: float = 0.0
    arm_asymmetry: float = 0.0

    def __post_init__(self) -> None:
        """Refuse another number of speeds than of steps."""
        if len(self.speeds) != len(self.steps):
            raise ValueError(f"{len(self.speeds)} speeds for {len(self.steps)} steps.")

    @property
    def leg_ratio(self) -> float:
        """Leg over that of the reference body: lengths go with it, times with its root."""
        lengths = self.athlete.lengths
        return (lengths.thigh + lengths.shank) / REFERENCE_LEG

    @cached_property
    def values(self) -> dict[str, FloatArray]:
        """Parameters by name, of each step."""
        return columns(self.steps)

    @cached_property
    def timeline(self) -> Timeline:
        """Contacts and flights of the steps."""
        slower = np.sqrt(self.leg_ratio)
        contact = self.values["contact_s"] * slower
        flight = self.values["flight_s"] * slower
        return Timeline(contact, flight, np.array(self.speeds) * (contact + flight))

    @property
    def drag(self) -> float:
        """Air resistance at the mean speed, N."""
        return 0.5 * AIR_DENSITY * self.drag_area * self.timeline.speed**2


def steady(athlete: Athlete, speed: float, step: GaitParameters) -> GaitDesign:
    """A symmetric gait at constant speed: a right and a left step that are alike."""
    return GaitDesign(athlete, (speed, speed), (step, step))


def reference_speed(athlete: Athlete, speed: float) -> float:
    """Speed of the reference body that is dynamically similar (equal Froude numbers), m/s."""
    lengths = athlete.lengths
    return speed / float(np.sqrt((lengths.thigh + lengths.shank) / REFERENCE_LEG))
