"""Groups, feet, joints and sagittal coordinates of a skeleton, told from how it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.limbs import RIGHT, UP, Limbs, Posture, limbs_of, long_bodies
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

STEP = 0.1
"""Each coordinate is moved by this to see what it does, rad."""

SAGITTAL = 0.7
"""A sagittal coordinate turns about the side axis by at least this share."""

FLEXES = {"hip": 1, "knee": -1, "ankle": 1, "lumbar": -1, "shoulder": 1, "elbow": 1}
"""Sense of flexion (dorsiflexion) about the axis to the right: hip, shoulder and elbow bring the
limb forward, the ankle lifts the toes; the knee brings the shank back, the lumbar joint the trunk
forward."""

PAIRED = ("hip", "knee", "ankle", "mtp", "shoulder", "elbow")


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """What the bodies, joints and coordinates of a model mean; names of the model."""

    pelvis: tuple[str, str]
    """(str, str). Body and joint."""
    groups: Mapping[str, tuple[str, ...]]
    """Bodies by group, from the trunk outwards."""
    feet: Mapping[str, str]
    """Body by side."""
    joints: Mapping[str, Mapping[str, str]]
    """Joint by place: ``{"left": ..., "right": ...}`` or ``{"centre": ...}`` by joint."""
    sagittal: Mapping[str, Mapping[str, str]]
    """Coordinate by place, the same."""
    flexion: Mapping[str, int]
    """Sign of flexion by joint."""
    open: Mapping[str, str]
    """What could not be told, and why, by place in the map."""


def body_plan(skeleton: Skeleton) -> BodyPlan:
    """What a model's bodies, joints and coordinates mean; by default it stands facing x."""
    posture = Posture.default(skeleton)
    limbs = limbs_of(posture)
    names = skeleton.bodies
    groups: dict[str, tuple[str, ...]] = {"pelvis": (names[limbs.pelvis],)}
    if limbs.trunk:
        groups["torso"] = tuple(names[body] for body in limbs.trunk)
    for kind, found in (("leg", limbs.legs), ("arm", limbs.arms)):
        for side in ("left", "right"):
            if side in found:
                groups[f"{kind}_{side}"] = tuple(names[body] for body in found[side])
    unclear = {f"groups.leg_{s}": "no such leg" for s in ("left", "right") if s not in limbs.legs}
    placed = {name for members in groups.values() for name in members}
    if lost := [name for name in names if name not in placed]:
        unclear["groups"] = f"{', '.join(lost)} belong nowhere that can be told"
    moved, feet = _moved_bodies(posture, limbs)
    plan = BodyPlan(
        pelvis=(names[limbs.pelvis], skeleton.joints[limbs.pelvis]),
        groups=groups,
        feet={side: names[body] for side, body in feet.items()},
        joints={
            joint: {side: skeleton.joints[body] for side, body in places.items()}
            for joint, places in moved.items()
        },
        sagittal={},
        flexion={},
        open=unclear,
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
    return {joint: places for joint, places in moved.items() if places}, feet


def _with_sagittal(
    plan: BodyPlan, posture: Posture, moved: Mapping[str, Mapping[str, int]]
) -> BodyPlan:
    """Add the coordinate of flexion of every joint, and its sign."""
    sagittal: dict[str, dict[str, str]] = {}
    flexion: dict[str, int] = {}
    unclear = dict(plan.open)
    for joint, places in moved.items():
        found = {side: _sagittal(posture, body) for side, body in places.items()}
        unclear |= {
            f"sagittal.{joint}.{side}": "no coordinate turns about the side axis alone"
            for side, turn in found.items()
            if turn is None
        }
        turns = {side: turn for side, turn in found.items() if turn is not None}
        if len(turns) < len(places):
            continue
        sagittal[joint] = {side: name for side, (name, _) in turns.items()}
        if joint not in FLEXES:
            continue
        signs = {FLEXES[joint] * sense for _, sense in turns.values()}
        if len(signs) == 1:
            flexion[joint] = signs.pop()
        else:
            unclear[f"flexion.{joint}"] = "left and right flex with opposite signs"
    for joint in ("hip", "knee", "ankle"):
        for side in ("left", "right"):
            if side not in plan.joints.get(joint, {}):
                unclear[f"joints.{joint}.{side}"] = "the leg has no such joint that can be told"
    return replace(plan, sagittal=sagittal, flexion=flexion, open=unclear)


def _sagittal(posture: Posture, body: int) -> tuple[str, int] | None:
    """Coordinate of a body's joint that turns it about the side axis, and the sense."""
    skeleton = posture.skeleton
    own = np.flatnonzero(skeleton.axes.body == body)
    drivers = {int(c) for c in skeleton.driver[own] if c >= 0}
    best: tuple[float, str, int] | None = None
    for coordinate in sorted(drivers):
        if not skeleton.coordinate_is_rotation[coordinate]:
            continue
        turn = _turn(posture, body, coordinate)
        size = float(np.linalg.norm(turn))
        share = abs(float(turn[RIGHT])) / size if size > 0.0 else 0.0
        if share >= SAGITTAL and (best is None or share > best[0]):
            best = share, skeleton.coordinates[coordinate], 1 if turn[RIGHT] > 0.0 else -1
    return None if best is None else best[1:]


def _turn(posture: Posture, body: int, coordinate: int) -> FloatArray:
    """Rotation vector of a body when one coordinate is moved, ground axes."""
    from scipy.spatial.transform import Rotation

    q = posture.q.copy()
    q[coordinate] += STEP
    after = Posture(posture.skeleton, q).poses.rotation[0, body]
    before = posture.poses.rotation[0, body]
    turn: FloatArray = Rotation.from_matrix(after @ before.T).as_rotvec()
    return turn


def stands_upright(skeleton: Skeleton) -> bool:
    """Whether the legs of a model hang below its pelvis, right at +z, in its default pose."""
    posture = Posture.default(skeleton)
    limbs = limbs_of(posture)
    if set(limbs.legs) != {"left", "right"}:
        return False
    ends = [posture.com[limbs.legs[side][-1]] for side in ("left", "right")]
    pelvis = posture.centres[limbs.pelvis]
    return all(end[UP] < pelvis[UP] for end in ends) and bool(ends[1][RIGHT] > ends[0][RIGHT])
