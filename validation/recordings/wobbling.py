"""Soft tissue has mass: what its motion against the bone does to bones and momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.vectors import FloatArray, cross
from aqbio.virtual.recording import RecordedRun

SOFT_SHARE: Mapping[str, float] = {
    "pelvis": 0.50,
    "torso": 0.50,
    "femur": 0.80,
    "tibia": 0.65,
    "humerus": 0.75,
    "radius": 0.60,
}
"""Share of a segment's mass that is not bone or bound to it (Gruber et al. 1998; Pain and Challis
2006; recalled, rounded; trunk and pelvis without ribs, head and what they hold)."""
CORRECTIONS = 4
"""Passes of the rotation's integral; each is 30 times nearer."""


@dataclass(frozen=True, eq=False)
class Wobbling:
    """What soft masses change, to first order in their displacements.

    Attributes
    ----------
    markers : (T, M, 3) array, m, ground
        Displacement of the bones under every marker.
    momentum, rate : (T, B, 3) arrays, kg m²/s and N m, ground
        Change of each segment's angular momentum about the whole body's centre of mass, its soft
        mass included, and of the rate.
    """

    markers: FloatArray
    momentum: FloatArray
    rate: FloatArray


def wobbling(run: RecordedRun, tissue: FloatArray) -> Wobbling:
    """Let soft masses move against their bones, and the bones give way.

    Nothing outside the body moves soft masses. Their displacements d with soft shares s therefore
    move the bones: by ``-D = -sum(m s d) / M``, so that the centre of mass stays, and by a rotation
    φ about it, ``J φ' + φ × H = -(ΔH - mean)``, so that the whole body's angular momentum changes
    by a constant only. The ground's forces stay what they are, in flight as in contact. ΔH is the
    momentum of ``s d - D``; squares of displacements, some 1e-3 kg m²/s, are neglected.
    """
    truth, skeleton = run.truth, run.truth.gait.skeleton
    segments, time = truth.segments, truth.gait_time
    mass = segments.mass
    share = [SOFT_SHARE.get(name.rsplit("_", 1)[0], 0.0) for name in segments.segments]
    moved = np.array(share)[:, None] * tissue
    moved = moved - (mass[:, None] * moved).sum(axis=1, keepdims=True) / mass.sum()
    arm = segments.com - truth.com[:, None]
    relative = mass[:, None] * (segments.velocity - truth.com_velocity[:, None])
    speed = CubicSpline(time, moved)(time, 1)
    soft = cross(moved, relative) + cross(arm, mass[:, None] * speed)
    turned = run.recording.rotation
    own = turned @ skeleton.inertia @ turned.swapaxes(-1, -2)
    square = (arm**2).sum(axis=-1)[..., None, None] * np.eye(3)
    inertia = own + mass[:, None, None] * (square - arm[..., :, None] * arm[..., None, :])
    angle, rate = _rotation(time, inertia.sum(axis=1), truth.momentum.sum(axis=1), soft.sum(axis=1))
    momentum = soft + cross(angle[:, None] + 0.0 * arm, truth.momentum)
    momentum = momentum + np.einsum("tbij,tj->tbi", inertia, rate)
    place = run.recording.markers - run.shift - truth.com[:, None]
    back = (moved - np.array(share)[:, None] * tissue)[:, :1]
    markers = cross(angle[:, None] + 0.0 * place, place) + back
    return Wobbling(markers, momentum, CubicSpline(time, momentum)(time, 1))


def _rotation(
    time: FloatArray, inertia: FloatArray, momentum: FloatArray, soft: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Rotation of the bones, and its speed, (T, 3) each, rad, ground; without a mean."""
    wanted = soft.mean(axis=0) - soft
    angle = np.zeros_like(soft)
    for _ in range(CORRECTIONS):
        speed = np.linalg.solve(inertia, (wanted - cross(angle, momentum))[..., None])[..., 0]
        angle = CubicSpline(time, speed).antiderivative()(time)
        angle = angle - angle.mean(axis=0)
    return angle, np.linalg.solve(inertia, (wanted - cross(angle, momentum))[..., None])[..., 0]
