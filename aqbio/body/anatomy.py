"""Anatomical meaning of a model's bodies, joints and points: limbs, parts, bony landmarks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from aqbio.multibody.poses import SegmentPoses, dependent_filled, segment_coms, segment_poses
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import FloatArray

FORWARD, UP, RIGHT = 0, 1, 2
"""Ground axes in which OpenSim's models stand."""

MIN_LIMB_OFFSET_M = 0.04
"""Joints of limbs are at least this far from the midline, m."""

MIN_LONG_BONE_M = 0.15
"""Thigh, shank, upper arm and forearm are at least this long from joint to joint, m."""


@dataclass(frozen=True)
class Posture:
    """A skeleton in its default pose."""

    skeleton: Skeleton
    q: FloatArray
    """(C,) array, rad or m."""

    @classmethod
    def default(cls, skeleton: Skeleton) -> Posture:
        """The default pose of a model."""
        return cls(skeleton, dependent_filled(skeleton, skeleton.coordinate_default[None])[0])

    @cached_property
    def poses(self) -> SegmentPoses:
        """Poses of all bodies, one frame."""
        return segment_poses(self.skeleton, self.q[None])

    @cached_property
    def centres(self) -> FloatArray:
        """(B, 3) array, m: centre of the joint that moves each body, on the ground's axes."""
        centres: FloatArray = self.poses.joint_centre[0]
        return centres

    @cached_property
    def com(self) -> FloatArray:
        """(B, 3) array, m: centre of mass of each body."""
        com: FloatArray = segment_coms(self.skeleton, self.poses)[0]
        return com

    def children(self, body: int) -> list[int]:
        """Child bodies of a body."""
        return np.flatnonzero(self.skeleton.parent == body).tolist()

    def beyond(self, body: int) -> list[int]:
        """A body and all its descendants, parents before children."""
        return np.flatnonzero(self.skeleton.lineage[:, body]).tolist()

    def mass_centre(self, body: int) -> FloatArray:
        """Centre of mass of a body and all its descendants, m."""
        bodies = self.beyond(body)
        mass = self.skeleton.mass[bodies]
        weights = mass if mass.sum() > 0.0 else np.ones(len(bodies))
        centre: FloatArray = np.average(self.com[bodies], axis=0, weights=weights)
        return centre


@dataclass(frozen=True, slots=True)
class Limbs:
    """Parts of a body by the indices of its bodies."""

    pelvis: int
    trunk: tuple[int, ...]
    """Torso, neck and head; empty when the model ends at the pelvis."""
    legs: dict[str, tuple[int, ...]]
    arms: dict[str, tuple[int, ...]]
    """legs, arms: Bodies by identified side, beginning with the chain to the end of the limb, in
    order."""


def limbs_of(posture: Posture) -> Limbs:
    """Find pelvis, trunk, legs and arms.

    The pelvis is the heaviest tree's root. Legs are branches of it whose mass lies below their
    joint, to the right (+z) and left of it; the trunk is the heaviest branch whose mass lies above.
    Arms are branches of the trunk that begin off the midline and have a twin on the other side.
    """
    skeleton = posture.skeleton
    roots = np.flatnonzero(skeleton.parent == GROUND).tolist()
    if not roots:
        raise ValueError("no body hangs on the ground.")
    pelvis = max(roots, key=lambda body: float(skeleton.mass[posture.beyond(body)].sum()))
    legs: dict[str, tuple[int, ...]] = {}
    upward = []
    for child in posture.children(pelvis):
        reach = posture.mass_centre(child) - posture.centres[child]
        aside = posture.centres[child] - posture.centres[pelvis]
        if reach[UP] < 0.0 and abs(aside[RIGHT]) > MIN_LIMB_OFFSET_M:
            legs["right" if aside[RIGHT] > 0.0 else "left"] = _limb(posture, child)
        elif reach[UP] > 0.0:
            upward.append(child)
    if not upward:
        return Limbs(pelvis, (), legs, {})
    root = max(upward, key=lambda body: float(skeleton.mass[posture.beyond(body)].sum()))
    arms = {side: _limb(posture, body) for side, body in _arm_roots(posture, root)}
    armed = {body for arm in arms.values() for body in arm}
    assigned = {pelvis, *armed, *(body for leg in legs.values() for body in leg)}
    trunk = [body for body in posture.beyond(root) if body not in armed]
    trunk += [body for branch in upward for body in posture.beyond(branch) if branch != root]
    return Limbs(pelvis, tuple(body for body in trunk if body not in assigned), legs, arms)


def _arm_roots(posture: Posture, trunk: int) -> Iterator[tuple[str, int]]:
    """Branches off the midline with a twin on the other side, the heaviest pair."""
    middle = posture.centres[trunk][RIGHT]
    sides: dict[str, list[int]] = {"right": [], "left": []}
    for body in posture.beyond(trunk):
        parent = int(posture.skeleton.parent[body])
        aside = posture.centres[body][RIGHT] - middle
        inside = (
            parent == GROUND or abs(posture.centres[parent][RIGHT] - middle) <= MIN_LIMB_OFFSET_M
        )
        if body != trunk and abs(aside) > MIN_LIMB_OFFSET_M and inside:
            sides["right" if aside > 0.0 else "left"].append(body)
    for side, roots in sides.items():
        if roots and all(sides.values()):
            masses = posture.skeleton.mass
            yield side, max(roots, key=lambda body: float(masses[posture.beyond(body)].sum()))


def _limb(posture: Posture, root: int) -> tuple[int, ...]:
    """Bodies of a limb: the chain to its farthest joint, then its branches."""
    bodies = posture.beyond(root)

    def depth(body: int) -> tuple[int, float]:
        """Number of joints and distance from the root of the limb to a body."""
        links = int(posture.skeleton.lineage[body].sum())
        return links, float(np.linalg.norm(posture.centres[body] - posture.centres[root]))

    far = max(bodies, key=depth)
    chain = [body for body in bodies if posture.skeleton.lineage[far, body]]
    return (*chain, *(body for body in bodies if body not in chain))


def long_bodies(posture: Posture, limb: Sequence[int]) -> list[tuple[int, int]]:
    """Long bodies of a limb outwards, each with the body whose joint ends it."""
    return [
        (body, end)
        for body, end in pairwise(limb)
        if posture.skeleton.parent[end] == body
        and float(np.linalg.norm(posture.centres[end] - posture.centres[body])) > MIN_LONG_BONE_M
    ]


STEP_RAD = 0.1
"""Change of a coordinate by which the axis of its rotation is determined, rad."""

MIN_SAGITTAL_SHARE = 0.7
"""Minimum share of a sagittal coordinate's rotation that is about the mediolateral axis."""

FLEXION_SIGN = {"hip": 1, "knee": -1, "ankle": 1, "lumbar": -1, "shoulder": 1, "elbow": 1}
"""Sense of flexion (dorsiflexion) about the axis to the right: hip, shoulder and elbow bring the
limb forward, the ankle lifts the toes; the knee brings the shank back, the lumbar joint the trunk
forward."""

PAIRED = ("hip", "knee", "ankle", "mtp", "shoulder", "elbow")


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """Anatomical meaning of a model's bodies, joints and coordinates, by the model's names."""

    pelvis: tuple[str, str]
    """(str, str). Body and joint."""
    groups: Mapping[str, tuple[str, ...]]
    """Bodies by group, from the trunk outwards."""
    feet: Mapping[str, str]
    """Body by side."""
    joints: Mapping[str, Mapping[str, str]]
    """Joint by side: ``{"left": ..., "right": ...}`` or ``{"centre": ...}`` by joint."""
    sagittal: Mapping[str, Mapping[str, str]]
    """Coordinate by side, likewise."""
    flexion: Mapping[str, int]
    """Sign of flexion by joint."""
    undetermined: Mapping[str, str]
    """Reasons for entries that could not be determined, by their path in the map."""


def body_plan(skeleton: Skeleton) -> BodyPlan:
    """Infer the anatomy of a model's bodies, joints and coordinates.

    The default pose is assumed to stand facing x.
    """
    posture = Posture.default(skeleton)
    limbs = limbs_of(posture)
    names = skeleton.bodies
    groups: dict[str, tuple[str, ...]] = {"pelvis": (names[limbs.pelvis],)}
    if limbs.trunk:
        groups["torso"] = tuple(names[body] for body in limbs.trunk)
    for kind, limb_bodies in (("leg", limbs.legs), ("arm", limbs.arms)):
        for side in ("left", "right"):
            if side in limb_bodies:
                groups[f"{kind}_{side}"] = tuple(names[body] for body in limb_bodies[side])
    unclear = {f"groups.leg_{s}": "no such leg" for s in ("left", "right") if s not in limbs.legs}
    placed = {name for members in groups.values() for name in members}
    if ungrouped := [name for name in names if name not in placed]:
        unclear["groups"] = f"{', '.join(ungrouped)} belong to no group that can be identified"
    moved, feet = _moved_bodies(posture, limbs)
    plan = BodyPlan(
        pelvis=(names[limbs.pelvis], skeleton.joints[limbs.pelvis]),
        groups=groups,
        feet={side: names[body] for side, body in feet.items()},
        joints={
            joint: {side: skeleton.joints[body] for side, body in bodies.items()}
            for joint, bodies in moved.items()
        },
        sagittal={},
        flexion={},
        undetermined=unclear,
    )
    return _with_sagittal(plan, posture, moved)


def _moved_bodies(
    posture: Posture, limbs: Limbs
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Body that each joint moves, by joint and side; and the feet."""
    moved: dict[str, dict[str, int]] = {name: {} for name in ("hip", "knee", "ankle", "mtp")}
    feet: dict[str, int] = {}
    for side in ("left", "right"):
        leg = limbs.legs.get(side, ())
        bones = long_bodies(posture, leg)
        if len(bones) < 2:
            continue
        (thigh, knee), (_, ankle) = bones[:2]
        moved["hip"][side] = leg[0] if leg else thigh
        moved["knee"][side], moved["ankle"][side] = knee, ankle
        beyond = posture.beyond(ankle)
        feet[side] = max(beyond, key=lambda body: float(posture.skeleton.mass[body]))
        if toes := posture.children(feet[side]):
            moved["mtp"][side] = toes[0]
    if limbs.trunk:
        moved["lumbar"] = {"centre": limbs.trunk[0]}
    moved |= {"shoulder": {}, "elbow": {}}
    for side in ("left", "right"):
        if arm := limbs.arms.get(side):
            bones = long_bodies(posture, arm)
            moved["shoulder"][side] = bones[0][0] if bones else arm[0]
            if bones:
                moved["elbow"][side] = bones[0][1]
    return {joint: bodies for joint, bodies in moved.items() if bodies}, feet


def _with_sagittal(
    plan: BodyPlan, posture: Posture, moved: Mapping[str, Mapping[str, int]]
) -> BodyPlan:
    """Add the coordinate of flexion of every joint, and its sign."""
    sagittal: dict[str, dict[str, str]] = {}
    flexion: dict[str, int] = {}
    unclear = dict(plan.undetermined)
    for joint, bodies in moved.items():
        candidates = {side: _sagittal(posture, body) for side, body in bodies.items()}
        unclear |= {
            f"sagittal.{joint}.{side}": "no coordinate turns about the side axis alone"
            for side, turn in candidates.items()
            if turn is None
        }
        turns = {side: turn for side, turn in candidates.items() if turn is not None}
        if len(turns) < len(bodies):
            continue
        sagittal[joint] = {side: name for side, (name, _) in turns.items()}
        if joint not in FLEXION_SIGN:
            continue
        signs = {FLEXION_SIGN[joint] * sense for _, sense in turns.values()}
        if len(signs) == 1:
            flexion[joint] = signs.pop()
        else:
            unclear[f"flexion.{joint}"] = "left and right flex with opposite signs"
    for joint in ("hip", "knee", "ankle"):
        for side in ("left", "right"):
            if side not in plan.joints.get(joint, {}):
                unclear[f"joints.{joint}.{side}"] = "no such joint of the leg can be identified"
    return replace(plan, sagittal=sagittal, flexion=flexion, undetermined=unclear)


def _sagittal(posture: Posture, body: int) -> tuple[str, int] | None:
    """Coordinate of a body's joint that turns it about the side axis, and the sense."""
    skeleton = posture.skeleton
    joint_axes = np.flatnonzero(skeleton.axes.body == body)
    drivers = {int(c) for c in skeleton.driver[joint_axes] if c >= 0}
    best: tuple[float, str, int] | None = None
    for coordinate in sorted(drivers):
        if not skeleton.coordinate_is_rotation[coordinate]:
            continue
        turn = _turn(posture, body, coordinate)
        size = float(np.linalg.norm(turn))
        share = abs(float(turn[RIGHT])) / size if size > 0.0 else 0.0
        if share >= MIN_SAGITTAL_SHARE and (best is None or share > best[0]):
            best = share, skeleton.coordinates[coordinate], 1 if turn[RIGHT] > 0.0 else -1
    return None if best is None else best[1:]


def _turn(posture: Posture, body: int, coordinate: int) -> FloatArray:
    """Rotation vector of a body when one coordinate is moved, ground axes."""
    q = posture.q.copy()
    q[coordinate] += STEP_RAD
    after = Posture(posture.skeleton, q).poses.rotation[0, body]
    before = posture.poses.rotation[0, body]
    turn: FloatArray = Rotation.from_matrix(after @ before.T).as_rotvec()
    return turn


def stands_upright(skeleton: Skeleton) -> bool:
    """Tell whether a model's legs are below its pelvis, right at +z, in its default pose."""
    posture = Posture.default(skeleton)
    limbs = limbs_of(posture)
    if set(limbs.legs) != {"left", "right"}:
        return False
    ends = [posture.com[limbs.legs[side][-1]] for side in ("left", "right")]
    pelvis = posture.centres[limbs.pelvis]
    return all(end[UP] < pelvis[UP] for end in ends) and bool(ends[1][RIGHT] > ends[0][RIGHT])


PELVIC_LANDMARKS_M = {"asis": (0.08, 0.08, 0.12), "psis": (-0.10, 0.08, 0.05)}
"""Forward of, above and lateral to the middle of the hips: within 4 cm of where the markers of the
models of Rajagopal (2016) and Hamner (2010) are, m. Only directions and paths depend on it."""

HEEL_BEHIND = 0.37
"""A heel is behind the ankle by this share of the distance from ankle to toe joint: calcaneus and
toe joint of the gait2392 family are at -0.049 and 0.130 m."""

TOES_AHEAD = 2.5
"""Without a toe joint, the forefoot is in front of the ankle by this times the foot's mass."""

POINT_DISTANCE_M = 0.1
"""Distance of the points that determine a body's orientation from its centre of mass, m."""


@dataclass(frozen=True, slots=True)
class BodyPoint:
    """A point that is fixed on a body."""

    name: str
    body: str
    position: tuple[float, float, float]
    """tuple of 3 floats, m. In the body's frame."""


def with_points(skeleton: Skeleton, points: Sequence[BodyPoint]) -> Skeleton:
    """A skeleton with points as further markers."""
    bodies = np.array([skeleton.bodies.index(point.body) for point in points], dtype=np.int64)
    positions = np.array([point.position for point in points]).reshape(-1, 3)
    return replace(
        skeleton,
        markers=(*skeleton.markers, *(point.name for point in points)),
        marker_body=np.concatenate((skeleton.marker_body, bodies)),
        marker_position=np.concatenate((skeleton.marker_position, positions)),
    )


def pelvis_point(
    posture: Posture, name: str, landmark: str, side: str, hips: Mapping[str, int]
) -> BodyPoint:
    """A point at the front (asis) or the back (psis) of the pelvis; hips: bodies they move."""
    middle = 0.5 * (posture.centres[hips["left"]] + posture.centres[hips["right"]])
    forward, up, lateral = PELVIC_LANDMARKS_M[landmark]
    position = middle + np.array([forward, up, lateral if side == "right" else -lateral])
    return _fixed_point(posture, name, int(posture.skeleton.parent[hips[side]]), position)


def foot_point(posture: Posture, name: str, landmark: str, foot: int, ankle: int) -> BodyPoint:
    """A point at the heel (landmark ``heel``) or the forefoot."""
    centre = posture.centres[ankle]
    joints = posture.children(foot)
    reach = TOES_AHEAD * (posture.com[foot] - centre)
    toe = posture.centres[joints[0]] if joints else centre + reach
    position = toe.copy()
    if landmark == "heel":
        position[FORWARD] = centre[FORWARD] - HEEL_BEHIND * (toe[FORWARD] - centre[FORWARD])
        position[RIGHT] = centre[RIGHT]
    return _fixed_point(posture, name, foot, position)


def joint_point(skeleton: Skeleton, name: str, moved: int, body: int) -> BodyPoint:
    """The centre of the joint that moves a body, fixed on a body."""
    posture = Posture.default(skeleton)
    return _fixed_point(posture, name, body, posture.centres[moved])


def turning_points(skeleton: Skeleton, body: int) -> list[BodyPoint]:
    """Three points of a body that determine its position and orientation."""
    name = skeleton.bodies[body]
    return [
        BodyPoint(
            f"{name}_point_{axis}", name, _triple(skeleton.com[body] + POINT_DISTANCE_M * along)
        )
        for axis, along in zip("xyz", np.eye(3), strict=True)
    ]


def _fixed_point(posture: Posture, name: str, body: int, position: FloatArray) -> BodyPoint:
    """Fix a point, in ground axes, to a body of the posture."""
    origin, rotation = posture.poses.origin[0, body], posture.poses.rotation[0, body]
    return BodyPoint(name, posture.skeleton.bodies[body], _triple(rotation.T @ (position - origin)))


def _triple(position: FloatArray) -> tuple[float, float, float]:
    x, y, z = position.tolist()
    return x, y, z


PART_MOVED_BY = {
    "hip": "thigh",
    "knee": "shank",
    "ankle": "foot",
    "lumbar": "trunk",
    "shoulder": "upper arm",
    "elbow": "forearm",
}
"""The part that a joint moves."""

LANDMARKS = {
    "pelvis": "the four iliac spines",
    "trunk": "C7, sternum and both acromions",
    "thigh": "both epicondyles of the knee",
    "shank": "both malleoli",
    "foot": "heel, first and fifth metatarsal head",
    "upper arm": "both epicondyles of the elbow",
    "forearm": "both sides of the wrist",
}
"""Landmarks at the distal end of a part, which determine its end and orientation."""


class Part(NamedTuple):
    """A part of the body; the side is empty on the midline."""

    name: str
    side: str

    def __str__(self) -> str:
        return f"{self.side} {self.name}".strip()


def parts_of(skeleton: Skeleton, joints: Mapping[str, str]) -> tuple[Part, ...]:
    """The part of each of B segments; joints: the model's by reported name (``hip_left``).

    A segment that no such joint moves belongs to its parent's part: a hand to the forearm.
    """
    part_by_body: dict[int, Part] = {}
    for reported_name, joint in joints.items():
        name, _, side = reported_name.partition("_")
        if name in PART_MOVED_BY:
            part_by_body[skeleton.joints.index(joint)] = Part(PART_MOVED_BY[name], side)
    parts: list[Part] = []
    for body, parent in enumerate(skeleton.parent):
        above = Part("pelvis", "") if parent == GROUND else parts[parent]
        parts.append(part_by_body.get(body, above))
    return tuple(parts)


def list_parts(parts: tuple[Part, ...]) -> str:
    """List parts in words, each once, both sides together: ``both thighs and trunk``."""
    words = []
    for name in dict.fromkeys(part.name for part in parts):
        sides = list(dict.fromkeys(part.side for part in parts if part.name == name))
        plural = "feet" if name == "foot" else f"{name}s"
        words.append(f"both {plural}" if len(sides) == 2 else str(Part(name, sides[0])))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
