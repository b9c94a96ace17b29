"""Joints of the sprint model: where they sit and what their coordinates turn about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from aqbio.body.joint_form import (
    NEGATIVE_X,
    NEGATIVE_Y,
    NEGATIVE_Z,
    Vector,
    X,
    Y,
    Z,
    walker,
)
from aqbio.body.sprint_geometry import BALL_BELOW_ANKLE, Geometry

Side = Literal["r", "l"]
SIDES: tuple[tuple[Side, int], ...] = (("r", 1), ("l", -1))

ARM = ("clavicle", "humerus", "radius", "hand")
"""Bodies of an arm and its girdle, from the trunk outwards."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A turn or a way that a joint makes as a function of one of its coordinates."""

    coordinate: str
    direction: Vector
    """In the parent's frame."""
    powers: tuple[float, ...]
    """Coefficients of powers 0, 1, ... of the coordinate in rad; rad or m."""
    turns: bool


@dataclass(frozen=True, slots=True)
class Joint:
    """One joint: where it sits in the parent and the axes its coordinates turn about, in order.

    The rotation is ``R = R(axis 1) R(axis 2) R(axis 3)``, those that follow last; ``free`` joints
    also move along x, y and z by ``pelvis_tx``, ``pelvis_ty`` and ``pelvis_tz``.
    """

    name: str
    child: str
    parent: str
    offset: Vector
    rotations: tuple[tuple[str, Vector], ...]
    free: bool = False
    follows: tuple[Follower, ...] = ()


def sprint_joints(lengths: Geometry) -> tuple[Joint, ...]:
    """The 19 joints of the sprint model, in the order of the bodies.

    Axes of left limbs are mirrored, so that a mirrored motion swaps the coordinates of left and
    right without a change of sign; ``pelvis_list``, ``pelvis_rotation``, ``pelvis_tz``,
    ``lumbar_bending`` and ``lumbar_rotation`` change sign.
    """
    g = lengths
    pelvis = (("pelvis_tilt", Z), ("pelvis_list", X), ("pelvis_rotation", Y))
    joints = [Joint("ground_pelvis", "pelvis", "ground", (0, 0, 0), pelvis, free=True)]
    for side, sign in SIDES:
        x, y = (X, Y) if side == "r" else (NEGATIVE_X, NEGATIVE_Y)
        hip = (
            (f"hip_flexion_{side}", Z),
            (f"hip_adduction_{side}", x),
            (f"hip_rotation_{side}", y),
        )
        ball = (g.ball, -BALL_BELOW_ANKLE * g.ankle_height, 0.0)
        joints += [
            Joint(f"hip_{side}", f"femur_{side}", "pelvis", (0, 0, sign * g.half_hip), hip),
            _knee(g, side),
            _ankle(g, side),
            _hinge("mtp", side, "toes", "foot", ball, "mtp_angle", g.form.ball),
        ]
    lumbar = (("lumbar_extension", Z), ("lumbar_bending", X), ("lumbar_rotation", Y))
    joints.append(Joint("back", "torso", "pelvis", (g.lumbar_x, g.lumbar_y, 0), lumbar))
    turns = (("neck_extension", Z), ("neck_bending", X), ("neck_rotation", Y))
    neck = () if g.form.one_trunk else turns
    joints.append(Joint("neck", "head", "torso", (g.neck_x, g.neck_y, 0), neck))
    for side, sign in SIDES:
        joints += _arm_joints(g, side, sign)
    return tuple(joints)


def _arm_joints(lengths: Geometry, side: Side, sign: int) -> list[Joint]:
    g = lengths
    x, y, up = (X, Y, NEGATIVE_X) if side == "r" else (NEGATIVE_X, NEGATIVE_Y, X)
    moves = ((f"clavicle_elevation_{side}", up), (f"clavicle_protraction_{side}", y))
    girdle = () if g.form.one_trunk else moves
    shoulder = ((f"arm_flex_{side}", Z), (f"arm_add_{side}", x), (f"arm_rot_{side}", y))
    forearm = ((f"forearm_pronation_{side}", y),)
    clavicle, humerus, radius, hand = (f"{name}_{side}" for name in ARM)
    wrist = (0.0, -g.forearm, 0.0)
    return [
        Joint(f"sternoclavicular_{side}", clavicle, "torso", sternal_place(g, sign), girdle),
        Joint(f"shoulder_{side}", humerus, clavicle, shoulder_place(g, sign), shoulder),
        _hinge(
            "elbow", side, "radius", "humerus", (0, -g.upper_arm, 0), "elbow_flex", g.form.elbow
        ),
        Joint(f"radioulnar_{side}", hand, radius, wrist, forearm),
    ]


def sternal_place(lengths: Geometry, sign: int) -> Vector:
    """Sternoclavicular joint in the torso frame, m."""
    g = lengths
    return g.clavicle_x, g.clavicle_y, sign * g.clavicle_z


def shoulder_place(lengths: Geometry, sign: int) -> Vector:
    """Shoulder centre in the frame of its clavicle, m: straight above the lumbar joint."""
    x, y, z = sternal_place(lengths, sign)
    return -x, lengths.shoulder_y - y, sign * lengths.half_shoulder - z


def _of_side(axis: Vector, side: Side) -> Vector:
    """Axis of a limb from that of the right one: mirrored, so that turns keep their signs."""
    x, y, z = axis
    return axis if side == "r" else (-x or 0.0, -y or 0.0, z)


def _knee(lengths: Geometry, side: Side) -> Joint:
    """A hinge, or Walker's knee whose shank moves and turns with flexion."""
    joint = _hinge("knee", side, "tibia", "femur", (0, -lengths.thigh, 0), "knee_angle", NEGATIVE_Z)
    share = lengths.form.knee
    if not share:
        return joint
    turns = {"adduction": _of_side(X, side), "rotation": _of_side(Y, side)}
    ways = {"forward": X, "up": Y}
    follows = tuple(
        Follower(
            f"knee_angle_{side}",
            direction,
            tuple(share * size * value for value in walker(quantity)),
            turn,
        )
        for some, turn, size in ((turns, True, 1.0), (ways, False, lengths.thigh))
        for quantity, direction in some.items()
    )
    return replace(joint, follows=follows)


def _ankle(lengths: Geometry, side: Side) -> Joint:
    """Ankle, and the subtalar joint at its centre."""
    form = lengths.form
    joint = _hinge(
        "ankle", side, "foot", "tibia", (0, -lengths.shank, 0), "ankle_angle", form.ankle
    )
    if form.subtalar is None:
        return joint
    turn = (f"subtalar_angle_{side}", _of_side(form.subtalar, side))
    return replace(joint, rotations=(*joint.rotations, turn))


def _hinge(
    name: str, side: Side, child: str, parent: str, offset: Vector, coordinate: str, axis: Vector
) -> Joint:
    """A joint with one axis, given as that of a right limb."""
    rotation = ((f"{coordinate}_{side}", _of_side(axis, side)),)
    return Joint(f"{name}_{side}", f"{child}_{side}", f"{parent}_{side}", offset, rotation)
