"""The body of the sprint model: segments, joints and proportions, without OpenSim.

Frames in the neutral pose are parallel to the ground frame (x forward, y up, z right) and each
body's origin is the joint that moves it: pelvis at mid-hip, femur at the hip, tibia at the knee,
foot at the ankle, toes at the ball, torso at the lumbar joint, head at the neck, clavicle at the
breastbone, humerus at the shoulder, radius at the elbow, hand at the wrist.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.body.de_leva import (
    DE_LEVA,
    REFERENCE,
    Sex,
    combined_inertia,
    total_mass_fraction,
)
from aqbio.body.joint_form import PLAIN, JointForm, Vector
from aqbio.body.sprint_geometry import BALL_BELOW_ANKLE, Geometry, geometry
from aqbio.body.sprint_joints import SIDES, Side, shoulder_place, sternal_place
from aqbio.vectors import FloatArray

FOOT_CENTRE_BELOW_ANKLE = 0.29
"""Foot's centre of mass below the ankle, fraction of ankle height (Winter 2009: half-way between
lateral malleolus and second metatarsal head; the same in Delp 1990)."""
TOE_MASS = 0.2166 / 1.5666
"""Toes' share of the mass of the foot (Delp 1990)."""
TOE_CENTRE = 0.45
"""Toes' centre of mass ahead of the metatarsophalangeal axis, fraction of toe length."""
CLAVICLE_MASS = 0.001
"""Share of the body's mass that clavicle and shoulder blade carry on a side, taken from the trunk:
their bones without muscle. Its size hardly matters, for the trunk gives it."""
CLAVICLE_RADIUS = 0.02
"""Of the rod that stands for them, fraction of stature (of no consequence)."""

GOES_WITH = {"head": "torso", "clavicle": "torso", "hand": "radius"}
"""The larger segment that a body belongs to where segments are told apart coarsely: tissue, errors
of mass."""
HELD = ("neck_", "clavicle_", "forearm_pronation")
"""How coordinates begin that the model holds at zero until a participant's markers show them."""


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
    form: JointForm = PLAIN,
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
    """Trunk above the lumbar joint, without what the clavicles carry."""
    table, scale = DE_LEVA[lengths.sex], lengths.scale
    xiphion = lengths.omphalion_y + table["middle_trunk"].length * scale
    suprasternale = xiphion + table["upper_trunk"].length * scale
    parts = [
        _trunk_part(lengths, kilograms, "middle_trunk", xiphion),
        _trunk_part(lengths, kilograms, "upper_trunk", suprasternale),
    ]
    for side, sign in SIDES:
        bone = _clavicle(lengths, kilograms, side, sign)
        parts.append((-bone.mass, bone.com + sternal_place(lengths, sign), -bone.inertia))
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
    """Part of the trunk whose upper end is so far above mid-hip, in the torso frame."""
    parameters = DE_LEVA[lengths.sex][segment]
    height = top - parameters.centre * parameters.length * lengths.scale
    x = _trunk_x(lengths, height) - lengths.lumbar_x
    return _part(lengths, kilograms, segment, (x, height - lengths.lumbar_y, 0.0))


def _clavicle(lengths: Geometry, kilograms: float, side: Side, sign: int) -> Body:
    """Clavicle and shoulder blade as a rod from the breastbone to the shoulder."""
    mass, end = CLAVICLE_MASS * kilograms, np.array(shoulder_place(lengths, sign))
    along = np.outer(end, end) / (end @ end)
    thick = (CLAVICLE_RADIUS * lengths.stature) ** 2 / 4
    inertia = mass * ((end @ end) / 12 * (np.eye(3) - along) + thick * (np.eye(3) + along))
    return Body(f"clavicle_{side}", mass, end / 2, inertia)


def _leg(lengths: Geometry, kilograms: float) -> tuple[Body, ...]:
    table, g = DE_LEVA[lengths.sex], lengths
    thigh = _part(g, kilograms, "thigh", (0, -table["thigh"].centre * g.thigh, 0))
    shank = _part(g, kilograms, "shank", (0, -table["shank"].centre * g.shank, 0))
    sole = -FOOT_CENTRE_BELOW_ANKLE * g.ankle_height
    whole = _part(g, kilograms, "foot", (table["foot"].centre * g.foot - g.heel, sole, 0))
    toes = _toes(g, TOE_MASS * whole[0])
    ball = np.array([g.ball, -BALL_BELOW_ANKLE * g.ankle_height, 0.0])
    rear = combined_inertia(
        np.array([whole[0], -toes.mass]),
        np.array([whole[1], toes.com + ball]),
        np.array([whole[2], -toes.inertia]),
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


def coarse_segment(body: str) -> str:
    """The coarse segment of a body, without its side: ``radius`` of ``hand_l``."""
    segment = body.removesuffix("_r").removesuffix("_l")
    return GOES_WITH.get(segment, segment)
