"""The numbers that describe how somebody runs, given for one reference body."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from aqbio.vectors import FloatArray
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import DATA
from aqbio.virtual.gait import Timeline

REFERENCE_MASS = 75.0
"""Mass of the body that gait parameters are given for, kg."""
REFERENCE_LEG = 0.8917
"""Thigh and shank of the body that gait parameters are given for (man of 1.80 m), m."""


@dataclass(frozen=True, slots=True)
class GaitParameters:
    """One step of a gait, for a man of 1.80 m and 75 kg; others run it by dynamic similarity.

    Angles are in degrees, as the names say. Right steps; left ones are mirrored.
    """

    contact_s: float = 0.128
    flight_s: float = 0.127
    """contact_s, flight_s: Durations."""
    early: float = 0.4
    broad: float = 1.3
    """early, broad: Shape of the vertical force ``s²(1-s)²(1 + early (1-2s) + broad (1-2s)²)``."""
    hip_height_m: float = 0.925
    """Mean height of mid-hip over the step."""
    foot_beside_m: float = 0.05
    """Ball of the stance foot beside the line of running."""
    toe_out_deg: float = 4.0
    pitch_touchdown_deg: float = -7.0
    pitch_toe_off_deg: float = -62.0
    """toe_out_deg, pitch_touchdown_deg, pitch_toe_off_deg: Heading of the stance foot; its pitch at
    both ends (toes down is negative)."""
    sole_radius_m: float = 0.03
    """The forefoot rolls on a circle of this radius."""
    cop_start_m: float = 0.0
    cop_end_m: float = 0.012
    """cop_start_m, cop_end_m: Centre of pressure ahead of the ball."""
    braking: float = 0.22
    """Slope of the wanted ``F_x / F_y`` over the contact."""
    free_moment_nm: float = 0.0
    """Amplitude of the wanted free moment, ``sin(2 pi s)``."""
    swing_hip_deg: tuple[float, ...] = (0.0,) * 5
    swing_knee_deg: tuple[float, ...] = (0.0,) * 5
    swing_ankle_deg: tuple[float, ...] = (0.0,) * 5
    """swing_hip_deg, swing_knee_deg, swing_ankle_deg: 5-tuples. Deviations from the usual joint
    angles at 35, 50, 65, 80 and 92 % of the stride."""
    swing_adduction_deg: float = -2.0
    arm_amplitude: float = 0.75
    elbow_amplitude: float = 1.0
    """arm_amplitude, elbow_amplitude: Share of the usual swing."""
    arm_phase: float = 0.0
    arm_centre_deg: float = -8.0
    arm_adduction_deg: float = -12.0
    elbow_centre_deg: float = 95.0
    lean_deg: float = -6.0
    twist_deg: float = 13.0
    twist_phase: float = 0.0
    bend_deg: float = 4.0
    """lean_deg, twist_deg, bend_deg: Lean of the trunk (forward is negative); amplitude of its
    turning and side bending relative to the pelvis."""
    bend_phase: float = 0.0
    """arm_phase, yaw_phase, list_phase, twist_phase, bend_phase: rad."""
    tilt_deg: float = -4.0
    tilt_swing_deg: float = 0.0
    list_deg: float = 4.0
    list_phase: float = 0.0
    yaw_deg: float = 6.0
    """tilt_deg, tilt_swing_deg, list_deg, yaw_deg: Tilt of the pelvis; amplitudes of its tilt, list
    and rotation."""
    yaw_phase: float = 0.1
    momentum_x: float = 0.0
    momentum_y: float = 0.0
    momentum_z: float = 0.0
    """momentum_x, momentum_y, momentum_z: kg m²/s. What the angular momentum of flight differs from
    that of the wanted pelvis motion."""

    def __post_init__(self) -> None:
        """Refuse steps without contact or flight, and swings with another number of points."""
        if self.contact_s <= 0.0 or self.flight_s <= 0.0:
            raise ValueError(f"contact {self.contact_s} s and flight {self.flight_s} s.")
        for name in SWING:
            if len(getattr(self, name)) != len(SWING_POINTS):
                raise ValueError(f"{name} has {len(getattr(self, name))} numbers, not 5.")

    def changed(self, **values: Any) -> GaitParameters:
        """The same gait with some numbers changed."""
        return replace(self, **values)


SWING = ("swing_hip_deg", "swing_knee_deg", "swing_ankle_deg")
SWING_POINTS = np.array([0.35, 0.50, 0.65, 0.80, 0.92])
"""Where in the stride the swing leg's angles are given."""

SCALARS = tuple(f.name for f in fields(GaitParameters) if f.name not in SWING)


def flat(parameters: GaitParameters) -> FloatArray:
    """All numbers in one row: the scalars, then the swing angles."""
    swing = [value for name in SWING for value in getattr(parameters, name)]
    return np.array([*(getattr(parameters, name) for name in SCALARS), *swing], dtype=float)


def unflat(numbers: FloatArray) -> GaitParameters:
    """The parameters that :func:`flat` wrote in a row."""
    count, points = len(SCALARS), len(SWING_POINTS)
    values: dict[str, Any] = dict(zip(SCALARS, numbers[:count].tolist(), strict=True))
    for index, name in enumerate(SWING):
        first = count + index * points
        values[name] = tuple(numbers[first : first + points].tolist())
    return GaitParameters(**values)


def interpolated(presets: Mapping[float, GaitParameters], speed: float) -> GaitParameters:
    """Parameters at a speed between presets, number by number."""
    speeds = sorted(presets)
    table = np.array([flat(presets[preset_speed]) for preset_speed in speeds])
    inside = min(max(speed, speeds[0]), speeds[-1])
    row = np.array([np.interp(inside, speeds, column) for column in table.T])
    parameters = unflat(row)
    return parameters.changed(contact_s=parameters.contact_s * inside / speed)


def columns(steps: Sequence[GaitParameters]) -> dict[str, FloatArray]:
    """One array per name over all steps, (N,), or (N, 5) for swing angles."""
    return {f.name: np.array([getattr(step, f.name) for step in steps]) for f in fields(steps[0])}


def read_presets(text: str) -> dict[float, GaitParameters]:
    """Presets from JSON text."""
    content = json.loads(text)
    presets_read = {}
    for speed, values in content.items():
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        presets_read[float(speed)] = GaitParameters(**plain)
    return presets_read


@lru_cache(maxsize=2)
def presets(condition: str = "normal") -> dict[float, GaitParameters]:
    """Tuned parameters by speed of the reference body, m/s."""
    return read_presets((DATA / f"presets_{condition}.json").read_text(encoding="utf-8"))


# design -------------------------------------------------------------------------------------------


AIR_DENSITY = 1.2
"""kg/m³."""


@dataclass(frozen=True, eq=False)
class GaitDesign:
    """Design of a gait."""

    athlete: Athlete
    speeds: tuple[float, ...]
    """Tuple of N floats, m/s. Step length over step duration, of each step of the period."""
    steps: tuple[GaitParameters, ...]
    drag_area: float = 0.0
    """m². Drag coefficient times frontal area; 0 is no air."""
    arm_asymmetry: float = 0.0
    """The right arm swings by this share more, the left one by this share less."""

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


LOWER = 0.2
"""How much lower the hips are for a contact that is longer by its whole length, m."""


def timed(
    step: GaitParameters, athlete: Athlete, contact_s: float, flight_s: float
) -> GaitParameters:
    """A step with stated durations of this athlete, not of the reference body.

    Contacts that are longer than the preset's would over-reach: the hips are lower then.
    """
    lengths = athlete.lengths
    slower = float(np.sqrt((lengths.thigh + lengths.shank) / REFERENCE_LEG))
    longer = contact_s / slower / step.contact_s - 1.0
    return step.changed(
        contact_s=contact_s / slower,
        flight_s=flight_s / slower,
        hip_height_m=step.hip_height_m - LOWER * max(longer, 0.0),
    )
