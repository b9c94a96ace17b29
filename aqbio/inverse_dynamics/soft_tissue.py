"""Soft tissue that takes markers along: what repeats in every stride and the forces contradict.

Two displacements of recorded markers from the bone, each with one parameter of the session:

``thigh_slide``
    The skin of the thigh slides towards the knee as the knee flexes: ``s (β − mean β)`` along the
    thigh, with the angle β between thigh and shank, rad (Cappozzo A et al. 1996, Clin Biomech
    11:90-100; Bonci T et al. 2014, J Biomech 47:2354-2361).
``tissue_compliance``
    All markers lie on mass that a spring and a damper hold on the bone, and that stays behind when
    the bone accelerates. With natural frequency f₀, damping ratio ζ and recorded acceleration a
    it is displaced by ``− c a / (1 + i f / f_d)``, with c = 1 / (2π f₀)² and ``f_d = f₀ / 2ζ``.

Without them the acceleration of the centre of mass by markers is a tenth larger than forces over
mass at the step frequency in every recorded runner, and the fit took the difference for another
body (docs/decisions/0034-bodies-that-no-fit-deforms.md).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aqbio.filters import lagging
from aqbio.inverse_dynamics.parameters import COMPLIANCE, SLIDE, Runner
from aqbio.multibody.motion import Motion
from aqbio.multibody.poses import SegmentPoses, segment_poses, station_positions
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross, dot

DAMPING_CUTOFF_HZ = 10.0
"""f_d: with it the displacement lags by the 2 to 3 degrees at the step frequency that ten runners
show (f₀ of 8 to 9 Hz and ζ = 0.4)."""


def marker_displacements(
    runner: Runner, motion: Motion, rate: float, body: IntArray, station: FloatArray
) -> dict[str, FloatArray]:
    """Displacements of markers from the bone by one unit of each parameter, (T, K, 3), ground.

    Of K markers at `station` (K, 3), m, on segments `body` (K,); `motion` is that of plain inverse
    kinematics at `rate`, Hz. In m per m/rad and in m per s².
    """
    poses = segment_poses(runner.skeleton, motion.q)
    position = station_positions(poses, body, station)
    return {SLIDE: _slides(runner, poses, body), COMPLIANCE: -_lagging(position, rate)}


def _slides(runner: Runner, poses: SegmentPoses, body: IntArray) -> FloatArray:
    """Unit vectors along the thigh times its knee's flexion about the mean, (T, K, 3)."""
    slides = np.zeros((len(poses.rotation), len(body), 3))
    for thigh, shank, foot in _legs(runner):
        hip, knee, ankle = (
            poses.joint_centre[:, segment] for segment in (int(np.argmax(thigh)), shank, foot)
        )
        along, below = _unit(knee - hip), _unit(ankle - knee)
        sine = np.linalg.norm(cross(along, below), axis=1)
        flexion = np.arctan2(sine, dot(along, below))
        slide = along * (flexion - flexion.mean())[:, None]
        slides[:, thigh[body]] = slide[:, None]
    return slides


def _legs(runner: Runner) -> Iterator[tuple[BoolArray, int, int]]:
    """Segments of the thigh, (B,) bool, the shank and the foot of every leg that has all three."""
    tissue = np.array(runner.tissue)
    for group in runner.groups:
        if group.startswith("leg"):
            leg = runner.members(group)
            thigh, shank, foot = (leg & (tissue == name) for name in ("thigh", "shank", "foot"))
            if thigh.any() and shank.any() and foot.any():
                yield thigh, int(np.argmax(shank)), int(np.argmax(foot))


def _unit(vector: FloatArray) -> FloatArray:
    """Vectors (T, 3) of length 1."""
    unit: FloatArray = vector / np.linalg.norm(vector, axis=1, keepdims=True)
    return unit


def _lagging(position: FloatArray, rate: float) -> FloatArray:
    """Accelerations (T, K, 3) of positions about their mean, through a first-order low-pass."""
    acceleration = np.gradient(np.gradient(position, axis=0), axis=0) * rate**2
    return lagging(acceleration - acceleration.mean(axis=0), rate, DAMPING_CUTOFF_HZ)
