"""A person on the sprint model, on the joints and with the mass shares of another model.

Bodies keep their frames, centres of mass and markers: in the neutral pose both models are one. They
part with the motion, because the other joints sit elsewhere and turn about other axes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import numpy as np

from aqbio.body.de_leva import REFERENCE
from aqbio.body.sprint_body import LOCKED_PREFIXES, Joint, sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import ANATOMICAL_JOINTS, PLAIN_JOINTS, JointForm, X, Y, Z, geometry
from aqbio.multibody.skeleton import JointAxes, Skeleton, line, polynomial, stack
from aqbio.vectors import FloatArray

DECIMALS = 7
"""Numbers of the model files are rounded to this many decimals (`models/sprint/make_model.py`)."""

TRANSLATIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
"""Translational coordinates of the pelvis."""

TRUNK_PREFIXES = ("neck_", "clavicle_")
"""Prefixes of the coordinates that a trunk in one piece does not have."""

RAJAGOPAL_MASS_KG: Mapping[str, float] = MappingProxyType(
    {
        "pelvis": 11.777,
        "trunk": 26.8266,
        "femur": 9.3014 + 0.0862,
        "tibia": 3.7075,
        "foot": 0.1 + 1.25 + 0.2166,
        "humerus": 2.0325,
        "radius": 2.0 * 0.6075,
        "hand": 0.4575,
    }
)
"""Masses of the segments of Rajagopal et al. (2016, IEEE Trans Biomed Eng 63:2068-2079), those of
legs and trunk from Anderson and Pandy (1999, Comput Methods Biomech Biomed Engin 2:201-231), as in
most models for OpenSim. The trunk has the head, the thigh the kneecap, the foot the toes."""

MASS_SEGMENTS = {"torso": "trunk", "head": "trunk", "clavicle": "trunk", "toes": "foot"}
"""Segment of `RAJAGOPAL_MASS_KG` by body; other bodies are segments of their own."""


def second_body(skeleton: Skeleton) -> Skeleton | None:
    """The person as another laboratory could have modelled the same markers.

    On the sprint model: the joints of Rajagopal et al. (2016), `ANATOMICAL_JOINTS`; on these, the
    plain ones. Mass shares change in both cases from de Leva's table to Rajagopal's, in proportion
    to what the person's segments weigh. None for a skeleton that is not one of ours.
    """
    for form, second_form in ((PLAIN_JOINTS, ANATOMICAL_JOINTS), (ANATOMICAL_JOINTS, PLAIN_JOINTS)):
        generic = generic_joints(form)
        has_bodies = skeleton.bodies == tuple(joint.child for joint in generic)
        if has_bodies and set(skeleton.coordinates) == set(coordinate_names(generic)):
            return with_mass_shares(with_joints(skeleton, form, second_form))
    return None


def with_joints(skeleton: Skeleton, own: JointForm, other: JointForm) -> Skeleton:
    """A person on the sprint model with joints of form `own`, on joints of form `other`.

    Joint centres that the forms have elsewhere move in proportion to the generic models. An axis
    that the calibration inclined is straight again where the forms' axes differ. Coordinates of a
    trunk in one piece are locked; those that the other form adds have the default 0.
    """
    after = generic_joints(replace(other, one_trunk=False), _thigh(skeleton))
    coordinates = coordinate_names(after)
    parent_rotation = skeleton.parent_rotation.copy()
    parent_position = skeleton.parent_position.copy()
    child_rotation = skeleton.child_rotation.copy()
    before = generic_joints(replace(own, one_trunk=False))
    for body, (old, new) in enumerate(zip(before, after, strict=True)):
        if old.rotations != new.rotations:
            parent_rotation[body] = child_rotation[body] = np.eye(3)
        offset, moved = (np.array(joint.offset) for joint in (old, new))
        if new.parent == "pelvis":  # the forms differ in no other centre
            ratio = np.divide(moved, offset, where=offset != 0.0, out=np.ones(3))
            parent_position[body] *= ratio
    origin = skeleton.parent_position + _turned(skeleton.parent_rotation, skeleton.child_position)
    child_position = _turned(np.swapaxes(parent_rotation, 1, 2), origin - parent_position)
    index_of = {name: index for index, name in enumerate(skeleton.coordinates)}
    source = np.array([index_of.get(name, -1) for name in coordinates])
    added = source < 0
    hidden = np.array([name.startswith(LOCKED_PREFIXES) for name in coordinates])
    trunk = np.array([name.startswith(TRUNK_PREFIXES) for name in coordinates])
    locked = np.where(added, hidden, skeleton.coordinate_locked[source])
    unbounded = np.array([-np.inf, np.inf])
    return replace(
        skeleton,
        coordinates=coordinates,
        parent_rotation=parent_rotation,
        parent_position=parent_position,
        child_rotation=child_rotation,
        child_position=child_position,
        axes=joint_axes(after, coordinates),
        coordinate_range=np.where(added[:, None], unbounded, skeleton.coordinate_range[source]),
        coordinate_default=np.where(added, 0.0, skeleton.coordinate_default[source]),
        coordinate_is_rotation=added | skeleton.coordinate_is_rotation[source],
        coordinate_locked=locked | (trunk & other.one_trunk),
        coordinate_clamped=~added & skeleton.coordinate_clamped[source],
    )


def with_mass_shares(skeleton: Skeleton) -> Skeleton:
    """A person on the sprint model with the mass shares of Rajagopal's instead of de Leva's.

    Every segment by the ratio of the tables, so that what distinguishes the person stays; the mass
    of the body too. Inertia follows mass.
    """
    ratio = np.array([_mass_ratios()[_segment(body)] for body in skeleton.bodies])
    ratio *= skeleton.mass.sum() / (ratio @ skeleton.mass)
    return replace(
        skeleton, mass=ratio * skeleton.mass, inertia=ratio[:, None, None] * skeleton.inertia
    )


@cache
def _mass_ratios() -> Mapping[str, float]:
    """Mass shares of Rajagopal's segments over those of de Leva's man."""
    de_leva = dict.fromkeys(RAJAGOPAL_MASS_KG, 0.0)
    bodies = sprint_bodies("male")
    for body in bodies:
        de_leva[_segment(body.name)] += body.mass
    rajagopal = {
        segment: mass * (1.0 if segment in ("pelvis", "trunk") else 2.0)
        for segment, mass in RAJAGOPAL_MASS_KG.items()
    }
    scale = sum(de_leva.values()) / sum(rajagopal.values())
    return {segment: scale * mass / de_leva[segment] for segment, mass in rajagopal.items()}


def _segment(body: str) -> str:
    name = body.removesuffix("_r").removesuffix("_l")
    return MASS_SEGMENTS.get(name, name)


def _thigh(skeleton: Skeleton) -> float:
    """Mean length of the thighs, m, by which the ways of a knee are scaled."""
    knees = [body for body, name in enumerate(skeleton.joints) if name.startswith("knee_")]
    return float(np.linalg.norm(skeleton.parent_position[knees], axis=1).mean())


def _turned(rotation: FloatArray, vector: FloatArray) -> FloatArray:
    """(B, 3): vectors (B, 3) turned by rotations (B, 3, 3)."""
    turned: FloatArray = (rotation @ vector[..., None])[..., 0]
    return turned


# tables of the sprint model's joints --------------------------------------------------------------


def generic_joints(form: JointForm, thigh: float | None = None) -> list[Joint]:
    """Joints of a form in the order of the bodies, of de Leva's man but for the thigh's length."""
    lengths = geometry("male", REFERENCE["male"].stature, form)
    if thigh is not None:
        lengths = replace(lengths, thigh=thigh)
    by_child = {joint.child: joint for joint in sprint_joints(lengths)}
    return [by_child[body.name] for body in sprint_bodies("male")]


def rounded(values: object) -> FloatArray:
    """Round to what files of models hold; no negative zeros."""
    return np.round(np.asarray(values, dtype=float), DECIMALS) + 0.0


def coordinate_names(joints: Sequence[Joint]) -> tuple[str, ...]:
    """Coordinates of joints in the order of the model."""
    names: list[str] = []
    for joint in joints:
        names += [coordinate for coordinate, _ in joint.rotations]
        if joint.free:
            names += TRANSLATIONS
    return tuple(names)


def joint_axes(joints: Sequence[Joint], coordinates: Sequence[str]) -> JointAxes:
    """Axes of all joints; of each joint rotations first, then translations."""
    identity = line(1.0)
    rows = []
    for index, joint in enumerate(joints):
        rows += [(index, name, axis, True, identity) for name, axis in joint.rotations]
        rows += [
            (index, by.coordinate, by.direction, by.turns, polynomial(rounded(by.powers).tolist()))
            for by in joint.follows
        ]
        if joint.free:
            translations = zip(TRANSLATIONS, (X, Y, Z), strict=True)
            rows += [(index, name, axis, False, identity) for name, axis in translations]
    body, driver, direction, turns, functions = zip(*rows, strict=True)
    bodies, turning = np.array(body, dtype=np.int64), np.array(turns)
    before = np.tri(len(bodies), k=-1, dtype=bool)
    unit = rounded(direction)
    return JointAxes(
        body=bodies,
        is_rotation=turning,
        direction=unit / np.linalg.norm(unit, axis=1, keepdims=True),
        coordinate=np.array([list(coordinates).index(name) for name in driver], dtype=np.int64),
        functions=stack(list(functions)),
        simbody_carriers=(bodies[:, None] == bodies) & before & turning[:, None] & turning,
    )
