"""A sprinter who speeds up from step to step, and slows down again before the run repeats."""

from __future__ import annotations

import numpy as np

from aqbio.virtual.athlete import Athlete
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.parameters import GaitDesign, interpolated, presets, reference_speed

FASTER, SLOWER = 18, 38
"""Steps in which the speed rises, and in which it falls."""
LOWEST, HIGHEST = 4.0, 9.0
"""Speeds of steps, m/s."""
CROUCH, CONTACT, FLIGHT, PITCH = 0.03, 0.8, 0.9, -6.0
"""Against steady running at the same speed: hips lower, m; contact and flight times, relative; foot
at toe-off steeper, degrees. Otherwise a leg that pushes off behind over-reaches."""


def accelerating_gait(athlete: Athlete) -> SolvedGait:
    """Solve a run whose first `FASTER` steps go from the lowest to the highest speed.

    Half waves of a cosine: at most 1.8 m/s² forward. Motion and forces obey Newton and Euler
    exactly, as in every gait.
    """
    up = (np.arange(FASTER) + 0.5) / FASTER
    down = 1.0 - (np.arange(SLOWER) + 0.5) / SLOWER
    wave = 0.5 - 0.5 * np.cos(np.pi * np.concatenate([up, down]))
    speeds = LOWEST + (HIGHEST - LOWEST) * wave
    usual = [interpolated(presets(), reference_speed(athlete, speed)) for speed in speeds]
    steps = [
        step.changed(
            hip_height_m=step.hip_height_m - CROUCH,
            contact_s=step.contact_s * CONTACT,
            flight_s=step.flight_s * FLIGHT,
            pitch_toe_off_deg=step.pitch_toe_off_deg + PITCH,
        )
        for step in usual
    ]
    return generated_gait(GaitDesign(athlete, tuple(speeds.tolist()), tuple(steps)), sweeps=12)
