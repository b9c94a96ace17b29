"""Runs that are not steady and symmetric: unequal sides, speeding up, wind, stated durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.virtual.athlete import Athlete
from validation.gaits.parameters import (
    REFERENCE_LEG,
    GaitDesign,
    GaitParameters,
    interpolated,
    reference_speed,
)

DRAG_AREA = 0.40
"""Drag coefficient times frontal area of an upright sprinter, m²: 0.4 to 0.5 (Davies 1980, J Appl
Physiol 48:702-709; Ward-Smith 1984, J Biomech 17:339-347)."""

LOWER = 0.2
"""How much lower the hips are for a contact that is longer by its whole length, m."""


def asymmetric(design: GaitDesign, share: float) -> GaitDesign:
    """A gait whose right steps press longer and whose right arm swings more."""
    steps = []
    for number, step in enumerate(design.steps):
        half = 0.5 * share * (1.0 if number % 2 == 0 else -1.0)
        steps.append(
            step.changed(
                contact_s=step.contact_s * (1.0 + half),
                flight_s=step.flight_s - 0.5 * half * step.contact_s,
                braking=step.braking * (1.0 + half),
                foot_beside_m=step.foot_beside_m * (1.0 + half),
                hip_height_m=step.hip_height_m - LOWER * max(half, 0.0),
            )
        )
    return replace(design, steps=tuple(steps), arm_asymmetry=design.arm_asymmetry + 0.5 * share)


def accelerating(
    athlete: Athlete, speeds: Sequence[float], presets: Mapping[float, GaitParameters]
) -> GaitDesign:
    """A run that gets faster step by step, and slower again before it repeats."""
    if len(speeds) < 2 or (np.diff(speeds) <= 0.0).any():
        raise ValueError(f"speeds {list(speeds)} do not ascend.")
    there_and_back = [*speeds, *reversed(speeds[1:-1])]
    steps = tuple(interpolated(presets, reference_speed(athlete, one)) for one in there_and_back)
    return GaitDesign(athlete, tuple(there_and_back), steps)


def in_air(design: GaitDesign, drag_area: float = DRAG_AREA) -> GaitDesign:
    """The same gait against still air."""
    return replace(design, drag_area=drag_area)


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
