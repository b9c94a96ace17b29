"""Ranges of motion of human joints, and frames of a model beyond them.

Angles are computed from the orientations of the segments relative to the upright pose (all
coordinates zero), not from a model's coordinates: they hold for any mapped model, and angles that
differ by a full turn are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aqbio.body.anatomy import FLEXION_SIGN, FORWARD, RIGHT, UP
from aqbio.multibody.poses import dependent_filled, segment_poses
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, compose, transpose


@dataclass(frozen=True, slots=True)
class HumanRange:
    """Range of flexion of a human joint, degrees; flexion and dorsiflexion are positive."""

    extension: float
    flexion: float
    """extension, flexion: Active range, mean and two standard deviations, or that of sprinters,
    whichever is larger."""
    source: str


RANGES = {
    "hip": HumanRange(-35.0, 140.0, "Boone & Azen 1979: -12 (5) to 121 (6); sprint: -30 to 95"),
    "knee": HumanRange(-10.0, 160.0, "Roaas & Andersson 1982: -2 (3) to 144 (7); sprint: to 150"),
    "ankle": HumanRange(-66.0, 40.0, "Boone & Azen 1979: -54 (6) to 12 (4); running: to 38"),
    "lumbar": HumanRange(-45.0, 100.0, "American Academy of Orthopaedic Surgeons 1965, all spine"),
    "elbow": HumanRange(-10.0, 160.0, "Boone & Azen 1979: -1 (3) to 141 (5); sprint: to 145"),
}
"""Range by joint, as the map names it.

The shoulder has none: an arm reaches nearly any orientation, and exchanged arm markers become
apparent at the elbow.

References
----------
Boone DC, Azen SP (1979) J Bone Joint Surg 61A:756-759. Roaas A, Andersson GBJ (1982) Acta Orthop
Scand 53:205-208. American Academy of Orthopaedic Surgeons (1965) Joint motion: method of measuring
and recording. Sprint and running: the largest of all joint angles that this project has solved from
sound recordings.
"""

RANGE_MARGIN_DEG = 15.0
"""A pose is impossible if it exceeds the range by this, degrees: offsets of a model's zero,
landmarks and skin account for less."""

MAX_HIP_TWIST_DEG = 60.0
"""Largest axial rotation of a thigh, degrees: 45 (5) (Boone & Azen 1979). Exchanged medial and
lateral markers give 180."""


@dataclass(frozen=True, eq=False)
class JointAngles:
    """Flexion and twist of a joint in every frame."""

    flexion: FloatArray
    """(T,) array, degrees, -180 to 180. Of a hip, the direction of the thigh in the plane that the
    pelvis faces; of the other joints, the part of the rotation that is about the axis to the
    right."""
    twist: FloatArray
    """(T,) array, degrees, -180 to 180. The part of the rotation that is about the long axis of the
    segment that the joint moves."""


def joint_angles(
    skeleton: Skeleton, q: FloatArray, joints: Mapping[str, str]
) -> dict[str, JointAngles]:
    """Angles of reported joints in `RANGES`, from the orientation of their segments."""
    upright = dependent_filled(skeleton, np.zeros((1, len(skeleton.coordinates))))
    zero, now = (segment_poses(skeleton, pose).rotation for pose in (upright, q))
    angles = {}
    for name, joint in joints.items():
        kind = name.partition("_")[0]
        if kind not in RANGES:
            continue
        body = skeleton.joints.index(joint)
        parent = int(skeleton.parent[body])
        turn = compose(now[:, body], transpose(zero[:, body]))
        if parent != GROUND:
            carrier = compose(now[:, parent], transpose(zero[:, parent]))
            turn = compose(transpose(carrier), turn)
        flexion = FLEXION_SIGN[kind] * _twist(turn, RIGHT)
        if kind == "hip":
            flexion = np.arctan2(-turn[:, FORWARD, UP], turn[:, UP, UP])
        angles[name] = JointAngles(np.degrees(flexion), np.degrees(_twist(turn, UP)))
    return angles


def impossible_frames(angles: Mapping[str, JointAngles]) -> dict[str, BoolArray]:
    """(T,) bool by joint: outside its range, in intervals that exceed `RANGE_MARGIN_DEG`."""
    impossible = {}
    for joint, angle in angles.items():
        beyond = beyond_range(angle, joint)
        outside = np.zeros(len(beyond), dtype=bool)
        for start, stop in runs(beyond > 0.0):
            outside[start:stop] = bool((beyond[start:stop] > RANGE_MARGIN_DEG).any())
        if outside.any():
            impossible[joint] = outside
    return impossible


def beyond_range(angles: JointAngles, joint: str) -> FloatArray:
    """(T,) degrees: distance of a joint beyond its range; negative inside."""
    kind = joint.partition("_")[0]
    human = RANGES[kind]
    middle = (human.extension + human.flexion) / 2
    away = np.abs((angles.flexion - middle + 180.0) % 360.0 - 180.0)
    beyond = away - (human.flexion - human.extension) / 2
    if kind == "hip":
        beyond = np.maximum(beyond, np.abs(angles.twist) - MAX_HIP_TWIST_DEG)
    return np.asarray(beyond)


def group_of(joint: str) -> str:
    """The anatomical group that counts as not observed if a joint is impossible."""
    kind, _, side = joint.partition("_")
    return {"elbow": f"arm_{side}", "lumbar": "torso"}.get(kind, f"leg_{side}")


def range_words(joint: str, flexion: FloatArray) -> str:
    """Flexion of a joint in words, with the range that people reach."""
    kind, _, side = joint.partition("_")
    low, high = (f"{value:.0f}" for value in (flexion.min(), flexion.max()))
    bent = low if low == high else f"{low} to {high}"
    human = RANGES[kind]
    return (
        f"{side} {kind}".strip() + f" to {bent} degrees of flexion "
        f"(people reach {human.extension:.0f} to {human.flexion:.0f})"
    )


def _twist(turn: FloatArray, axis: int) -> FloatArray:
    """Part of rotations (T, 3, 3) about an axis, rad: ``2 atan2(v · e, w)`` of quaternions."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    sine = turn[:, second, first] - turn[:, first, second]
    return np.asarray(2.0 * np.arctan2(sine, 1.0 + np.trace(turn, axis1=1, axis2=2)))
