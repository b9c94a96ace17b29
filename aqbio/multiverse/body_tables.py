"""Segment inertia of the sprint model by other tables: de Leva's mean person, Dumas's limbs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.de_leva import DE_LEVA, REFERENCE, Sex
from aqbio.body.sprint_body import sprint_bodies
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

Triple = tuple[float, float, float]
Part = tuple[float, FloatArray, FloatArray]
"""Mass (kg), centre of mass (m) and inertia about it (kg m²)."""


@dataclass(frozen=True, slots=True)
class DumasSegment:
    """Inertial parameters of one segment."""

    mass: float
    """Per cent of the body's mass."""
    centre: Triple
    """tuple of three floats. Centre of mass from the proximal joint, per cent of the segment's
    length; x forward, y up, z right, of a right limb."""
    gyration: Triple
    """tuple of three floats. Radii of gyration about x, y and z through the centre of mass, per
    cent of the length."""


DUMAS: dict[Sex, dict[str, DumasSegment]] = {
    "male": {
        "upper_arm": DumasSegment(2.4, (1.7, -45.2, -2.6), (31, 14, 32)),
        "forearm": DumasSegment(1.7, (1.0, -41.7, 1.4), (28, 11, 27)),
        "hand": DumasSegment(0.6, (3.5, -35.7, 3.2), (26, 16, 24)),
        "thigh": DumasSegment(12.3, (-4.1, -42.9, 3.3), (29, 15, 30)),
        "shank": DumasSegment(4.8, (-4.8, -41.0, 0.7), (28, 10, 28)),
    },
    "female": {
        "upper_arm": DumasSegment(2.2, (-7.3, -45.4, -2.8), (33, 17, 33)),
        "forearm": DumasSegment(1.3, (2.1, -41.1, 1.9), (26, 14, 25)),
        "hand": DumasSegment(0.5, (3.3, -32.7, 2.1), (27, 18, 25)),
        "thigh": DumasSegment(14.6, (-7.7, -37.7, 0.9), (31, 19, 32)),
        "shank": DumasSegment(4.5, (-4.9, -40.4, 3.1), (28, 10, 28)),
    },
}
"""Dumas R, Chèze L, Verriest JP (2007), J Biomech 40:543-553, without products of inertia.

Lengths are from joint to joint; the hand's is from the wrist to the middle of the metacarpal heads.
Trunk, pelvis, head and feet are omitted: that table delimits or measures them differently from
de Leva's, which defines the joints of the sprint model.
"""


LIMBS = {
    "femur": "thigh",
    "tibia": "shank",
    "humerus": "upper_arm",
    "radius": "forearm",
    "hand": "hand",
}
"""Segment of the tables by body of the sprint model, without its side."""


def dumas_limbs(skeleton: Skeleton, sex: Sex, stature: float) -> Skeleton:
    """A sprint model's skeleton with the limbs' inertia of Dumas's table.

    Joints, markers and body mass stay; the other segments share the rest of the mass.
    """
    scale, table = stature / REFERENCE[sex].stature, DUMAS[sex]
    body_mass = float(skeleton.mass.sum())
    mass, com, inertia = skeleton.mass.copy(), skeleton.com.copy(), skeleton.inertia.copy()
    limbs = np.zeros(len(mass), dtype=bool)
    for side, sign in (("r", 1.0), ("l", -1.0)):
        for body, name in LIMBS.items():
            index = skeleton.bodies.index(f"{body}_{side}")
            length = DE_LEVA[sex][name].length * scale
            mass[index], com[index], inertia[index] = _dumas_part(
                table[name], body_mass, length, sign
            )
            limbs[index] = True
    rest = (body_mass - mass[limbs].sum()) / mass[~limbs].sum()
    mass[~limbs] *= rest
    inertia[~limbs] *= rest
    return replace(skeleton, mass=mass, com=com, inertia=inertia)


def _dumas_part(segment: DumasSegment, body_mass: float, length: float, side: float) -> Part:
    """Mass, centre of mass and inertia of one segment, for a body mass in kg."""
    mass = segment.mass * body_mass / 100.0
    centre = np.array(segment.centre) * [1.0, 1.0, side] * length / 100.0
    radii = np.array(segment.gyration) * length / 100.0
    return mass, centre, mass * np.diag(radii**2)


def de_leva_body(skeleton: Skeleton, sex: Sex, stature: float) -> Skeleton:
    """A sprint model's skeleton with the inertia of de Leva's mean person of its mass."""
    mass = float(skeleton.mass.sum())
    by_name = {body.name: body for body in sprint_bodies(sex, mass=mass, stature=stature)}
    segments = [by_name[name] for name in skeleton.bodies]
    return replace(
        skeleton,
        mass=np.array([body.mass for body in segments]),
        com=np.array([body.com for body in segments]),
        inertia=np.array([body.inertia for body in segments]),
    )
