"""Gait of the recorded sprinter JA1 (Dorn et al. 2012), from the shared recordings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.filters import low_pass
from aqbio.io.c3d import read_c3d
from aqbio.io.mot import read_storage
from aqbio.names import GRAVITY
from aqbio.prepare.contacts import contacts
from aqbio.virtual.athlete import Athlete
from validation.gaits.parameters import (
    GaitDesign,
    interpolated,
    presets,
    reference_speed,
    steady,
    timed,
)

JA1 = Athlete("JA1", "male", 75.95, 1.78)
"""Mass from the static trial's plate; stature from the height of C7 (1.569 m), 88.15 % of it."""

RUNS = {3.56: ("JA1Gait21.c3d", "jog_ik.mot", "l"), 9.52: ("JA1Gait35.c3d", "sprint_ik.mot", "r")}
"""Recording, published angles and first foot on the plates, by speed."""

ANGLES = {"hip": ("hip_flexion", 1.0), "knee": ("knee_angle", -1.0), "ankle": ("ankle_angle", 1.0)}
PERCENT = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, eq=False)
class RecordedGait:
    """Means over the contacts of one recording."""

    contact: float
    flight: float
    peak: float
    forces: list[np.ndarray]
    angles: dict[str, np.ndarray]


def recorded_gait(realdata: Path, speed: float) -> RecordedGait:
    """Read one of the two runs."""
    folder = realdata / "ja1_dorn2012"
    recording, angles, first = RUNS[speed]
    forces = read_c3d(folder / "c3d" / recording).forces
    assert forces is not None
    rate = forces.rate
    total = low_pass(forces.wrench.force.sum(axis=1), rate, 100.0)[:, [1, 2, 0]]
    intervals = contacts(total[:, 1], rate, 20.0, 0.05).samples
    weight = JA1.mass * GRAVITY
    curves, sides = [], []
    for number, (start, stop) in enumerate(intervals):
        side = first if number % 2 == 0 else "rl"[first == "r"]
        sides.append(side)
        share = np.linspace(0.0, 1.0, stop - start)
        part = total[start:stop] / weight * [1.0, 1.0, 1.0 if side == "r" else -1.0]
        curves.append(np.stack([np.interp(PERCENT, share, column) for column in part.T], axis=1))
    begins, ends = intervals[:, 0] / rate, intervals[:, 1] / rate
    return RecordedGait(
        contact=float(np.mean(ends - begins)),
        flight=float(np.mean(begins[1:] - ends[:-1])),
        peak=float(np.mean([curve[:, 1].max() for curve in curves])) * weight,
        forces=curves,
        angles=_angles(folder / "reference" / angles, begins, sides),
    )


def _angles(path: Path, begins: np.ndarray, sides: list[str]) -> dict[str, np.ndarray]:
    """Mean of the right stride and the left one; the files hold about one stride, so it wraps."""
    storage = read_storage(path)
    middle = storage.time.mean()
    result = {}
    for name, (coordinate, sign) in ANGLES.items():
        of_sides = []
        for side in "rl":
            touchdowns = [time for time, foot in zip(begins, sides, strict=True) if foot == side]
            start = min(
                touchdowns[:-1],
                key=lambda time: abs(time - middle + (touchdowns[1] - touchdowns[0]) / 2),
            )
            duration = touchdowns[touchdowns.index(start) + 1] - start
            phase = (storage.time - start) / duration % 1.0
            order = np.argsort(phase)
            curve = sign * storage.column(f"{coordinate}_{side}")
            of_sides.append(np.interp(PERCENT, phase[order], curve[order], period=1.0))
        result[name] = np.mean(of_sides, axis=0)
    return result


def design_like(recorded: RecordedGait, speed: float) -> GaitDesign:
    """Design of a steady gait of JA1's body: presets, the recorded flight, 95 % of the contact.

    With a single rigid forefoot and no heel strike, the whole of the recorded contact would need
    a longer leg than the body has.
    """
    step = interpolated(presets(), reference_speed(JA1, speed))
    return steady(JA1, speed, timed(step, JA1, 0.95 * recorded.contact, recorded.flight))
