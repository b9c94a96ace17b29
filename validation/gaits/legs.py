"""The stance leg: a forefoot that rolls on the ground, and the joint angles that put it there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.body.sprint_geometry import Geometry
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import rotation
from validation.gaits import collocation
from validation.gaits.collocation import HARMONICS, fit_matrix
from validation.gaits.parameters import REFERENCE_LEG, SWING_POINTS, GaitDesign, reference_speed

STRETCH = 0.985
"""Legs longer than this share of their full length are shortened smoothly."""
TOE_FLEXION = -0.7
"""Toes bend by this share of the foot's pitch and stay nearly flat."""


@dataclass(frozen=True, eq=False)
class StanceFoot:
    """Position of the stance foot, as of a right one, at the nodes of the contacts."""

    pitch: FloatArray
    """(N, n) array, rad."""
    ankle: FloatArray
    """(N, n, 3) array, m. From the place of the contact on the line of running."""


@dataclass(frozen=True, eq=False)
class StanceLeg:
    """Angles of the stance leg, seen as a right one, at the nodes of the contacts."""

    angles: dict[str, FloatArray]
    """Dict of (N, n) arrays, rad. By coordinate, without the side."""
    heading: FloatArray
    """(N, n) array, rad. Of the foot; toes outward is negative."""
    ball_across: FloatArray
    """(N, n) array, m. Middle of the ball beside the line of running."""
    reach: float
    """Longest hip-ankle distance as a share of the leg's length."""


def stance_foot(values: dict[str, FloatArray], lengths: Geometry, s: FloatArray) -> StanceFoot:
    """Path of a forefoot that rolls on a circle.

    The ball touches the place of the contact at zero pitch; at pitch θ the point of contact has
    rolled to ``x = -r θ``.
    """
    scale = _leg_scale(lengths)
    start = np.radians(values["pitch_touchdown_deg"])[:, None]
    end = np.radians(values["pitch_toe_off_deg"])[:, None]
    rise = np.radians(4.0) * np.sin(np.pi * np.minimum(s / 0.8, 1.0))
    pitch = start + rise + (end - start) * np.clip((s - 0.3) / 0.7, 0.0, 1.0) ** 2
    radius = values["sole_radius_m"][:, None] * scale
    back, up = -lengths.ball, lengths.ankle_height - radius
    across = np.broadcast_to(values["foot_beside_m"][:, None] * scale, pitch.shape)
    ankle = np.stack(
        (
            -radius * pitch + np.cos(pitch) * back - np.sin(pitch) * up,
            radius + np.sin(pitch) * back + np.cos(pitch) * up,
            across,
        ),
        axis=-1,
    )
    return StanceFoot(pitch, ankle)


def stance_leg(
    foot: StanceFoot,
    angles: FloatArray,
    pelvis: FloatArray,
    hip_rotation: FloatArray,
    lengths: Geometry,
) -> StanceLeg:
    """Angles of the leg that put the ankle on its path and pitch the foot as wanted."""
    thigh, shank = lengths.thigh, lengths.shank
    turn = rotation(angles)
    hip = pelvis + turn @ np.array([0.0, 0.0, lengths.half_hip])
    reach = (np.swapaxes(turn, -1, -2) @ (foot.ankle - hip)[..., None])[..., 0]
    distance = np.linalg.norm(reach, axis=-1)
    full, soft = thigh + shank, 0.006 * (thigh + shank)
    leg_length = distance - soft * np.logaddexp(0.0, (distance - STRETCH * full) / soft)
    x, y, z = np.moveaxis(reach * (leg_length / distance)[..., None], -1, 0)
    cosine = (leg_length**2 - thigh**2 - shank**2) / (2.0 * thigh * shank)
    knee = np.arccos(np.clip(cosine, -1.0, 1.0))
    # ankle in femur axes, then turned by the hip's rotation
    along, down = -shank * np.sin(knee), -thigh - shank * np.cos(knee)
    fore, side = along * np.cos(hip_rotation), -along * np.sin(hip_rotation)
    span = np.hypot(down, side)
    adduction = np.arctan2(side, -down) - np.arcsin(np.clip(z / span, -0.9, 0.9))
    height = down * np.cos(adduction) - side * np.sin(adduction)
    flexion = np.arctan2(y, x) - np.arctan2(height, fore)
    flexion = (flexion + np.pi) % (2.0 * np.pi) - np.pi
    shin = _leg_rotation(turn, flexion, adduction, hip_rotation, knee)
    pitch = foot.pitch
    normal = np.stack((-np.sin(pitch), np.cos(pitch), np.zeros_like(pitch)), axis=-1)
    ankle = np.arctan2(
        -np.einsum("...i,...i->...", shin[..., 0], normal),
        np.einsum("...i,...i->...", shin[..., 1], normal),
    )
    sole = shin @ _about(2, ankle)
    ahead = sole[..., 0]
    level = ahead[..., 0] * np.cos(pitch) + ahead[..., 1] * np.sin(pitch)
    ball = np.array([lengths.ball + 0.01, -0.9 * lengths.ankle_height, 0.0])
    return StanceLeg(
        angles={
            "hip_flexion": flexion,
            "hip_adduction": adduction,
            "hip_rotation": hip_rotation,
            "knee_angle": knee,
            "ankle_angle": ankle,
            "mtp_angle": TOE_FLEXION * pitch,
        },
        heading=np.arctan2(-ahead[..., 2], level),
        ball_across=foot.ankle[..., 2] + (sole @ ball)[..., 2],
        reach=float(distance.max() / full),
    )


def _leg_scale(lengths: Geometry) -> float:
    return (lengths.thigh + lengths.shank) / REFERENCE_LEG


def _leg_rotation(
    turn: FloatArray,
    flexion: FloatArray,
    adduction: FloatArray,
    twist: FloatArray,
    knee: FloatArray,
) -> FloatArray:
    """Ground axes of the shank."""
    return turn @ _about(2, flexion) @ _about(0, adduction) @ _about(1, twist) @ _about(2, -knee)


def _about(axis: int, angle: FloatArray) -> FloatArray:
    matrix = np.zeros((*angle.shape, 3, 3))
    j, k = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1.0
    matrix[..., j, j] = matrix[..., k, k] = np.cos(angle)
    matrix[..., k, j] = np.sin(angle)
    matrix[..., j, k] = -matrix[..., k, j]
    return matrix


# swing legs ---------------------------------------------------------------------------------------


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
STRIDE_LOCKED_SKIN, LOOSEST = 0.35, 0.1


class LegFit:
    """Fourier series of the leg angles through contacts and swing points."""

    names = (
        "hip_flexion",
        "hip_adduction",
        "hip_rotation",
        "knee_angle",
        "ankle_angle",
        "mtp_angle",
    )
    """Coordinates of a leg, without the side."""

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
            for loose in (STRIDE_LOCKED_SKIN, LOOSEST):
                weight = np.concatenate((np.tile(quadrature, strides), np.full(len(swing), loose)))
                times = np.concatenate((contact, swing))
                self._matrix[first, loose] = fit_matrix(
                    times, weight, line.period, self.harmonics, stiffness
                )

    def series(self, name: str, side: str, contact: FloatArray) -> FloatArray:
        """Coefficients of one coordinate."""
        first = "rl".index(side)
        loose = LOOSEST if name in ("hip_adduction", "hip_rotation") else STRIDE_LOCKED_SKIN
        samples = np.concatenate((contact[first::2].ravel(), self.goals[name][first::2].ravel()))
        coefficients: FloatArray = self._matrix[first, loose] @ samples
        return coefficients


def _goals(design: GaitDesign) -> dict[str, FloatArray]:
    """Angles at the swing points by coordinate, (N, 5), rad."""
    values = design.values
    speed = [reference_speed(design.athlete, step_speed) for step_speed in design.speeds]
    points = len(SWING_POINTS)
    goals = {}
    for name, table in USUAL.items():
        usual = np.stack([np.interp(speed, SPEEDS, table[:, i]) for i in range(points)], axis=1)
        goals[name] = np.radians(usual + values[OFFSETS[name]])
    constant = np.ones((len(speed), points))
    goals["hip_adduction"] = np.radians(values["swing_adduction_deg"])[:, None] * constant
    goals["hip_rotation"] = 0.0 * constant
    goals["mtp_angle"] = np.radians(TOES) * constant
    return goals
