"""Joint angles of the legs: tight in the contact, loose and smooth in the swing."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray
from validation.gaits import collocation
from validation.gaits.curves import HARMONICS, fit_matrix
from validation.gaits.design import GaitDesign, reference_speed
from validation.gaits.parameters import SWING_POINTS

SPEEDS = np.array([3.5, 9.5])
USUAL = {
    "hip_flexion": np.array([[-18.0, -10.0, 18.0, 38.0, 28.0], [-22.0, 6.0, 62.0, 78.0, 54.0]]),
    "knee_angle": np.array([[24.0, 62.0, 104.0, 72.0, 20.0], [48.0, 118.0, 132.0, 80.0, 28.0]]),
    "ankle_angle": np.array([[-20.0, -14.0, -4.0, 0.0, -2.0], [-24.0, -14.0, -2.0, 4.0, 2.0]]),
}
"""Usual angles of the swing leg at 35, 50, 65, 80 and 92 % of the stride, by speed, degrees."""
OFFSETS = {
    "hip_flexion": "swing_hip_deg",
    "knee_angle": "swing_knee_deg",
    "ankle_angle": "swing_ankle_deg",
}
TOES = np.array([20.0, 8.0, 5.0, 5.0, 5.0])

SMOOTHNESS = 3e-3
"""Penalty on third derivatives of the joint angles."""
TIGHT = 60.0
"""Weight of a whole contact, and weights of the swing points:"""
LOOSE, LOOSEST = 0.35, 0.1


class LegFit:
    """Fourier series of the leg angles through contacts and swing points.

    Attributes
    ----------
    names : tuple of str
        Coordinates of a leg, without the side.
    harmonics : int
        Of the period.
    """

    names = (
        "hip_flexion",
        "hip_adduction",
        "hip_rotation",
        "knee_angle",
        "ankle_angle",
        "mtp_angle",
    )

    def __init__(self, design: GaitDesign, s: FloatArray) -> None:
        line = design.timeline
        strides = len(line) // 2
        self.harmonics = HARMONICS * strides
        self.goals = _goals(design)
        stiffness = (
            np.sqrt(strides) * SMOOTHNESS * (np.arange(1, self.harmonics + 1) / strides) ** 3
        )
        quadrature = np.sqrt(TIGHT * collocation.weights(len(s)))
        self._matrix: dict[tuple[int, float], FloatArray] = {}
        for first in (0, 1):
            steps = np.arange(first, len(line), 2)
            begin = line.touchdown[steps][:, None]
            stride = (line.step[steps] + np.roll(line.step, -1)[steps])[:, None]
            contact = (begin + line.contact[steps][:, None] * s).ravel()
            swing = (begin + stride * SWING_POINTS).ravel()
            for loose in (LOOSE, LOOSEST):
                weight = np.concatenate((np.tile(quadrature, strides), np.full(len(swing), loose)))
                times = np.concatenate((contact, swing))
                self._matrix[first, loose] = fit_matrix(
                    times, weight, line.period, self.harmonics, stiffness
                )

    def series(self, name: str, side: str, contact: FloatArray) -> FloatArray:
        """Coefficients of one coordinate."""
        first = "rl".index(side)
        loose = LOOSEST if name in ("hip_adduction", "hip_rotation") else LOOSE
        samples = np.concatenate((contact[first::2].ravel(), self.goals[name][first::2].ravel()))
        found: FloatArray = self._matrix[first, loose] @ samples
        return found


def _goals(design: GaitDesign) -> dict[str, FloatArray]:
    """Angles at the swing points by coordinate, (N, 5), rad."""
    values = design.values
    speed = [reference_speed(design.athlete, one) for one in design.speeds]
    points = len(SWING_POINTS)
    goals = {}
    for name, table in USUAL.items():
        usual = np.stack([np.interp(speed, SPEEDS, table[:, i]) for i in range(points)], axis=1)
        goals[name] = np.radians(usual + values[OFFSETS[name]])
    still = np.ones((len(speed), points))
    goals["hip_adduction"] = np.radians(values["swing_adduction_deg"])[:, None] * still
    goals["hip_rotation"] = 0.0 * still
    goals["mtp_angle"] = np.radians(TOES) * still
    return goals
