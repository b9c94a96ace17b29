"""The body of the sprint model: segments, joints and proportions, without OpenSim.

Frames in the neutral pose are parallel to the ground frame (x forward, y up, z right) and each
body's origin is the joint that moves it: pelvis at mid-hip, femur at the hip, tibia at the knee,
foot at the ankle, toes at the ball, torso at the lumbar joint, head at the neck, clavicle at the
breastbone, humerus at the shoulder, radius at the elbow, hand at the wrist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aqbio.body.de_leva import DE_LEVA, REFERENCE, Sex, combined_inertia, total_mass_fraction
from aqbio.body.sprint_geometry import (
    BALL_BELOW_ANKLE,
    NEGATIVE_X,
    NEGATIVE_Y,
    NEGATIVE_Z,
    PLAIN_JOINTS,
    Geometry,
    JointForm,
    Vector,
    X,
    Y,
    Z,
    geometry,
    walker,
)
from aqbio.vectors import FloatArray

Side = Literal["r", "l"]
SIDES: tuple[tuple[Side, int], ...] = (("r", 1), ("l", -1))

ARM = ("clavicle", "humerus", "radius", "hand")
"""Bodies of an arm and its girdle, from the trunk outwards."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A rotation or translation of a joint as a function of one of its coordinates."""

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
        Joint(f"sternoclavicular_{side}", clavicle, "torso", sternal_position(g, sign), girdle),
        Joint(f"shoulder_{side}", humerus, clavicle, shoulder_position(g, sign), shoulder),
        _hinge(
            "elbow", side, "radius", "humerus", (0, -g.upper_arm, 0), "elbow_flex", g.form.elbow
        ),
        Joint(f"radioulnar_{side}", hand, radius, wrist, forearm),
    ]


def sternal_position(lengths: Geometry, sign: int) -> Vector:
    """Sternoclavicular joint in the torso frame, m."""
    g = lengths
    return g.clavicle_x, g.clavicle_y, sign * g.clavicle_z


def shoulder_position(lengths: Geometry, sign: int) -> Vector:
    """Shoulder centre in the frame of its clavicle, m: straight above the lumbar joint."""
    x, y, z = sternal_position(lengths, sign)
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
        for directions, turn, size in ((turns, True, 1.0), (ways, False, lengths.thigh))
        for quantity, direction in directions.items()
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


FOOT_CENTRE_BELOW_ANKLE = 0.29
"""Foot's centre of mass below the ankle, fraction of ankle height (Winter 2009: half-way between
lateral malleolus and second metatarsal head; the same in Delp 1990)."""
TOE_MASS = 0.2166 / 1.5666
"""Toes' share of the mass of the foot (Delp 1990)."""
TOE_CENTRE = 0.45
"""Toes' centre of mass ahead of the metatarsophalangeal axis, fraction of toe length."""
CLAVICLE_MASS = 0.001
"""Share of the body's mass that clavicle and shoulder blade carry on a side, taken from the trunk:
their bones without muscle. Its size hardly matters, since it is subtracted from the trunk's."""
CLAVICLE_RADIUS = 0.02
"""Of the rod that stands for them, fraction of stature (of no consequence)."""

LOCKED_PREFIXES = ("neck_", "clavicle_", "forearm_pronation")
"""Prefixes of coordinates that the model locks at zero unless a participant's markers identify
them."""


@dataclass(frozen=True, slots=True)
class Body:
    """One rigid body: mass kg, centre of mass m and inertia kg m² about it, in its own frame."""

    name: str
    mass: float
    com: FloatArray
    inertia: FloatArray


def sprint_bodies(
    sex: Sex,
    *,
    mass: float | None = None,
    stature: float | None = None,
    form: JointForm = PLAIN_JOINTS,
) -> tuple[Body, ...]:
    """The 19 bodies of the sprint model; without mass and stature, de Leva's mean subject.

    pelvis; femur, tibia, foot, toes right, then left; torso (trunk above the lumbar joint); head
    (with the neck); clavicle, humerus, radius (the forearm) and hand right, then left.
    """
    kilograms = (REFERENCE[sex].mass if mass is None else mass) / total_mass_fraction(sex)
    lengths = geometry(sex, REFERENCE[sex].stature if stature is None else stature, form)
    bodies = [_pelvis(lengths, kilograms)]
    legs = _leg(lengths, kilograms)
    arms = _arm(lengths, kilograms)
    for side, _ in SIDES:
        bodies += [Body(f"{b.name}_{side}", b.mass, b.com, b.inertia) for b in legs]
    bodies += [_torso(lengths, kilograms), _head(lengths, kilograms)]
    for side, sign in SIDES:
        bodies.append(_clavicle(lengths, kilograms, side, sign))
        bodies += [Body(f"{b.name}_{side}", b.mass, b.com, b.inertia) for b in arms]
    return tuple(bodies)


def _part(
    lengths: Geometry, kilograms: float, segment: str, com: Vector
) -> tuple[float, FloatArray, FloatArray]:
    """Mass, centre of mass and inertia of a segment of de Leva's table."""
    parameters = DE_LEVA[lengths.sex][segment]
    mass = parameters.mass * kilograms
    radii = np.array(parameters.gyration) * parameters.length * lengths.scale
    return mass, np.array(com, dtype=float), mass * np.diag(radii**2)


def _trunk_x(lengths: Geometry, height: float) -> float:
    """Trunk's long axis, mid-hip to mid-shoulder, at a height above mid-hip: x in the pelvis."""
    return lengths.lumbar_x * height / (lengths.lumbar_y + lengths.shoulder_y)


def _pelvis(lengths: Geometry, kilograms: float) -> Body:
    height = (1 - DE_LEVA[lengths.sex]["lower_trunk"].centre) * lengths.omphalion_y
    com = (_trunk_x(lengths, height), height, 0.0)
    return Body("pelvis", *_part(lengths, kilograms, "lower_trunk", com))


def _torso(lengths: Geometry, kilograms: float) -> Body:
    """Trunk above the lumbar joint, without the mass of the clavicles."""
    table, scale = DE_LEVA[lengths.sex], lengths.scale
    xiphion = lengths.omphalion_y + table["middle_trunk"].length * scale
    suprasternale = xiphion + table["upper_trunk"].length * scale
    parts = [
        _trunk_part(lengths, kilograms, "middle_trunk", xiphion),
        _trunk_part(lengths, kilograms, "upper_trunk", suprasternale),
    ]
    for side, sign in SIDES:
        bone = _clavicle(lengths, kilograms, side, sign)
        parts.append((-bone.mass, bone.com + sternal_position(lengths, sign), -bone.inertia))
    mass, com, inertia = (np.array(values) for values in zip(*parts, strict=True))
    return Body("torso", *combined_inertia(mass, com, inertia))


def _head(lengths: Geometry, kilograms: float) -> Body:
    g = lengths
    vertex = g.lumbar_y + g.neck_y + DE_LEVA[g.sex]["head"].length * g.scale
    mass, com, inertia = _trunk_part(g, kilograms, "head", vertex)
    return Body("head", mass, com - (g.neck_x, g.neck_y, 0.0), inertia)


def _trunk_part(
    lengths: Geometry, kilograms: float, segment: str, top: float
) -> tuple[float, FloatArray, FloatArray]:
    """Part of the trunk whose upper end is at height ``top`` above mid-hip, in the torso frame."""
    parameters = DE_LEVA[lengths.sex][segment]
    height = top - parameters.centre * parameters.length * lengths.scale
    x = _trunk_x(lengths, height) - lengths.lumbar_x
    return _part(lengths, kilograms, segment, (x, height - lengths.lumbar_y, 0.0))


def _clavicle(lengths: Geometry, kilograms: float, side: Side, sign: int) -> Body:
    """Clavicle and shoulder blade as a rod from the breastbone to the shoulder."""
    mass, end = CLAVICLE_MASS * kilograms, np.array(shoulder_position(lengths, sign))
    along = np.outer(end, end) / (end @ end)
    thick = (CLAVICLE_RADIUS * lengths.stature) ** 2 / 4
    inertia = mass * ((end @ end) / 12 * (np.eye(3) - along) + thick * (np.eye(3) + along))
    return Body(f"clavicle_{side}", mass, end / 2, inertia)


def _leg(lengths: Geometry, kilograms: float) -> tuple[Body, ...]:
    table, g = DE_LEVA[lengths.sex], lengths
    thigh = _part(g, kilograms, "thigh", (0, -table["thigh"].centre * g.thigh, 0))
    shank = _part(g, kilograms, "shank", (0, -table["shank"].centre * g.shank, 0))
    sole = -FOOT_CENTRE_BELOW_ANKLE * g.ankle_height
    foot = _part(g, kilograms, "foot", (table["foot"].centre * g.foot - g.heel, sole, 0))
    toes = _toes(g, TOE_MASS * foot[0])
    ball = np.array([g.ball, -BALL_BELOW_ANKLE * g.ankle_height, 0.0])
    rear = combined_inertia(
        np.array([foot[0], -toes.mass]),
        np.array([foot[1], toes.com + ball]),
        np.array([foot[2], -toes.inertia]),
    )
    return Body("femur", *thigh), Body("tibia", *shank), Body("foot", *rear), toes


def _toes(lengths: Geometry, mass: float) -> Body:
    """Toes as a box as long as they are, as wide as the foot, reaching down to the sole."""
    length = lengths.toes
    width = lengths.foot_breadth
    height = 2 * (1 - BALL_BELOW_ANKLE) * lengths.ankle_height
    squares = np.array([width**2 + height**2, length**2 + width**2, length**2 + height**2])
    com = np.array([TOE_CENTRE * length, 0.0, 0.0])
    return Body("toes", mass, com, np.diag(mass / 12 * squares))


def _arm(lengths: Geometry, kilograms: float) -> tuple[Body, ...]:
    table, g = DE_LEVA[lengths.sex], lengths
    upper = _part(g, kilograms, "upper_arm", (0, -table["upper_arm"].centre * g.upper_arm, 0))
    forearm = _part(g, kilograms, "forearm", (0, -table["forearm"].centre * g.forearm, 0))
    hand = _part(g, kilograms, "hand", (0, -table["hand"].centre * g.hand, 0))
    return Body("humerus", *upper), Body("radius", *forearm), Body("hand", *hand)
