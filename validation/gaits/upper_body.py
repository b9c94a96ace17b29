"""Arms, trunk and the wanted motion of the pelvis, as functions of the gait phase."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.vectors import FloatArray
from aqbio.virtual.gait import FourierCurves, Timeline
from validation.gaits.collocation import sampled_series

STRIDE = np.array([0.0, 0.10, 0.21, 0.35, 0.50, 0.65, 0.80, 0.92, 1.0])
SHOULDER = np.array([-52.0, -8.0, 38.0, 42.0, 5.0, -42.0, -58.0, -56.0, -52.0])
"""Flexion of the shoulder on the side of the contact at 0, in sprinting, degrees."""
ELBOW = np.array([100.0, 82.0, 108.0, 108.0, 85.0, 78.0, 95.0, 104.0, 100.0])
"""Flexion of that elbow, degrees."""

ARM_HARMONICS = 3
SAMPLES = 64
"""Samples per step from which the series are made."""
ARM_TURN_DEG = 15.0
LEAN_SWING_DEG = 1.5

ARM = ("arm_flex", "arm_add", "arm_rot", "elbow_flex")
LUMBAR = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")

PELVIS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")


def upper_body(
    values: dict[str, FloatArray], timeline: Timeline, harmonics: int, arm_asymmetry: float
) -> tuple[FourierCurves, tuple[str, ...]]:
    """Curves of arms, trunk and the wanted pelvis."""
    count = SAMPLES * len(timeline)
    time: FloatArray = np.linspace(0.0, timeline.period, count, endpoint=False)
    phase = timeline.phase(time)
    smooth = {name: _smoothed(row, phase) for name, row in values.items() if row.ndim == 1}
    middle = float(np.mean(np.pi * timeline.contact / timeline.step)) / 2.0
    table: dict[str, FloatArray] = {}
    for side, shift, sign in (("r", 0.0, 1.0), ("l", np.pi, -1.0)):
        swing = _arm(smooth, phase + shift, 1.0 + sign * arm_asymmetry)
        table |= {f"{name}_{side}": row for name, row in zip(ARM, swing, strict=True)}
    table |= dict(zip(LUMBAR, _trunk(smooth, phase, middle), strict=True))
    table |= dict(zip(PELVIS, _pelvis(smooth, phase, middle), strict=True))
    series = sampled_series(np.radians(np.stack(list(table.values()), axis=1)), harmonics)
    return FourierCurves(timeline.period, series), tuple(table)


def _arm(p: dict[str, FloatArray], phase: FloatArray, share: float) -> list[FloatArray]:
    turn = phase - p["arm_phase"]
    shoulder, elbow = _seed(turn)
    constant = np.ones_like(phase)
    return [
        p["arm_centre_deg"] + share * p["arm_amplitude"] * shoulder,
        p["arm_adduction_deg"] * constant,
        ARM_TURN_DEG * constant,
        p["elbow_centre_deg"] + share * p["elbow_amplitude"] * elbow,
    ]


def _trunk(p: dict[str, FloatArray], phase: FloatArray, middle: float) -> list[FloatArray]:
    nod = LEAN_SWING_DEG * np.cos(2.0 * (phase - middle))
    return [
        p["lean_deg"] - p["tilt_deg"] + nod,
        p["bend_deg"] * np.cos(phase - middle - p["bend_phase"]),
        -p["twist_deg"] * np.cos(phase - p["yaw_phase"] - p["twist_phase"]),
    ]


def _pelvis(p: dict[str, FloatArray], phase: FloatArray, middle: float) -> list[FloatArray]:
    return [
        p["tilt_deg"] + p["tilt_swing_deg"] * np.cos(2.0 * (phase - middle)),
        -p["list_deg"] * np.cos(phase - middle - p["list_phase"]),
        p["yaw_deg"] * np.cos(phase - p["yaw_phase"]),
    ]


def _seed(phase: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Deviation of shoulder and elbow from their centres, degrees."""
    angle = np.multiply.outer(phase, np.arange(1, ARM_HARMONICS + 1))
    rows = np.concatenate((np.ones((len(phase), 1)), np.cos(angle), np.sin(angle)), axis=1)
    deviations = rows @ _seed_series()
    return deviations[:, 0], deviations[:, 1]


@lru_cache(maxsize=1)
def _seed_series() -> FloatArray:
    """(2 K + 1, 2) Fourier coefficients of the tabulated shoulder and elbow."""
    grid = np.arange(96) / 96
    table = np.stack((SHOULDER, ELBOW), axis=1)
    centre = table[:-1].mean(axis=0)
    smooth = CubicSpline(STRIDE, table, bc_type="periodic")(grid) - centre
    return sampled_series(smooth, ARM_HARMONICS).T


def _smoothed(values: FloatArray, phase: FloatArray) -> FloatArray:
    """Numbers that belong to steps as a smooth function of the phase (Fourier interpolation)."""
    count = len(values)
    spectrum = np.fft.rfft(values) / count
    spectrum[1:-1] *= 2.0
    turn = (phase / np.pi - 0.5) * 2.0 * np.pi / count
    angle = np.multiply.outer(turn, np.arange(len(spectrum)))
    result: FloatArray = np.cos(angle) @ spectrum.real - np.sin(angle) @ spectrum.imag
    return result
