"""The stance leg: a forefoot that rolls on the ground, and the joint angles that put it there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.body.sprint_geometry import Geometry
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import rotation
from validation.gaits.parameters import REFERENCE_LEG

STRETCH = 0.985
"""Legs longer than this share of their full length are shortened smoothly."""
TOE_FLEXION = -0.7
"""Toes bend by this share of the foot's pitch and stay nearly flat."""


@dataclass(frozen=True, eq=False)
class StanceFoot:
    """Where the stance foot is, seen as a right one, at the nodes of the contacts.

    Attributes
    ----------
    pitch : (N, n) array, rad
    ankle : (N, n, 3) array, m
        From the place of the contact on the line of running.
    """

    pitch: FloatArray
    ankle: FloatArray


@dataclass(frozen=True, eq=False)
class StanceLeg:
    """Angles of the stance leg, seen as a right one, at the nodes of the contacts.

    Attributes
    ----------
    angles : dict of (N, n) arrays, rad
        By coordinate, without the side.
    heading : (N, n) array, rad
        Of the foot; toes outward is negative.
    ball_across : (N, n) array, m
        Middle of the ball beside the line of running.
    reach : float
        Longest hip-ankle distance as a share of the leg's length.
    """

    angles: dict[str, FloatArray]
    heading: FloatArray
    ball_across: FloatArray
    reach: float


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
    held = distance - soft * np.logaddexp(0.0, (distance - STRETCH * full) / soft)
    x, y, z = np.moveaxis(reach * (held / distance)[..., None], -1, 0)
    cosine = (held**2 - thigh**2 - shank**2) / (2.0 * thigh * shank)
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
