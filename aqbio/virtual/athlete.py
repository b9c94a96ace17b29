"""Virtual athletes: the sprint model at a given sex, mass and stature, without OpenSim."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from aqbio.body.de_leva import REFERENCE, Sex
from aqbio.body.joint_forms import DECIMALS, TRANSLATIONS, coordinate_names, joint_axes, rounded
from aqbio.body.sprint_body import LOCKED_PREFIXES, Body, sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import (
    ANATOMICAL_JOINTS,
    PLAIN_JOINTS,
    Geometry,
    JointForm,
    geometry,
)
from aqbio.io.opensim_xml import marker_locations
from aqbio.io.study import MODELS
from aqbio.multibody.skeleton import GROUND, Couplers, Skeleton, stack
from aqbio.names import GRAVITY

MODEL_OF_FORM = {PLAIN_JOINTS: "sprint", ANATOMICAL_JOINTS: "sprint_anatomical"}
"""Folder in models/ of the sprint model with these joints."""

COARSE_SEGMENT = {"head": "torso", "clavicle": "torso", "hand": "radius"}
"""The larger segment that a body belongs to where segments are distinguished coarsely: tissue,
errors of mass."""


@dataclass(frozen=True, slots=True)
class Athlete:
    """Sex, size and mass distribution of a virtual runner."""

    name: str
    """Identifier."""
    sex: Sex
    """{"female", "male"}."""
    mass: float
    """float, kg."""
    stature: float
    """float, m."""
    heavier: tuple[tuple[str, float], ...] = ()
    """tuple of (segment, factor). Segments, without the side, whose mass and inertia differ from
    the table by a factor; all are then scaled to the body's mass."""
    form: JointForm = PLAIN_JOINTS
    """Variant of the joints."""

    def __post_init__(self) -> None:
        """Refuse impossible bodies."""
        if not (30.0 < self.mass < 150.0 and 1.3 < self.stature < 2.2):
            raise ValueError(f"{self.name}: {self.mass} kg and {self.stature} m are no adult body.")

    @property
    def lengths(self) -> Geometry:
        """Joint centres and segment lengths."""
        return geometry(self.sex, self.stature, self.form)


@lru_cache(maxsize=64)
def athlete_skeleton(athlete: Athlete) -> Skeleton:
    """The athlete's skeleton: the sprint model of that sex, mass and stature.

    Marker positions are proportional to stature, so that a model scaled from the athlete's static
    trial can equal the athlete exactly.
    """
    bodies = _athlete_bodies(athlete)
    joints = sprint_joints(athlete.lengths)
    names = tuple(body.name for body in bodies)
    by_child = {joint.child: joint for joint in joints}
    ordered = [by_child[name] for name in names]
    coordinates = coordinate_names(ordered)
    count = len(names)
    default = np.zeros(len(coordinates))
    default[coordinates.index("pelvis_ty")] = round(athlete.lengths.hip_height, DECIMALS)
    kind = MODEL_OF_FORM[athlete.form]
    markers = marker_locations(MODELS / kind / f"{kind}_{athlete.sex}.osim")
    growth = athlete.stature / REFERENCE[athlete.sex].stature
    return Skeleton(
        bodies=names,
        joints=tuple(joint.name for joint in ordered),
        coordinates=coordinates,
        markers=tuple(markers),
        parent=np.array(
            [GROUND if j.parent == "ground" else names.index(j.parent) for j in ordered],
            dtype=np.int64,
        ),
        parent_rotation=np.tile(np.eye(3), (count, 1, 1)),
        parent_position=rounded([joint.offset for joint in ordered]),
        child_rotation=np.tile(np.eye(3), (count, 1, 1)),
        child_position=np.zeros((count, 3)),
        axes=joint_axes(ordered, coordinates),
        couplers=Couplers(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), stack([])),
        mass=rounded([body.mass for body in bodies]),
        com=rounded([body.com for body in bodies]),
        inertia=rounded([body.inertia for body in bodies]),
        gravity=np.array([0.0, -GRAVITY, 0.0]),
        marker_body=np.array([names.index(body) for body, _ in markers.values()], dtype=np.int64),
        marker_position=np.array([location for _, location in markers.values()]) * growth,
        coordinate_range=np.tile([-np.inf, np.inf], (len(coordinates), 1)),
        coordinate_default=default,
        coordinate_is_rotation=np.array([name not in TRANSLATIONS for name in coordinates]),
        coordinate_locked=np.array([name.startswith(LOCKED_PREFIXES) for name in coordinates]),
        coordinate_clamped=np.zeros(len(coordinates), dtype=bool),
    )


def _athlete_bodies(athlete: Athlete) -> tuple[Body, ...]:
    """Bodies of the sprint model with the athlete's distribution of mass."""
    bodies = sprint_bodies(
        athlete.sex, mass=athlete.mass, stature=athlete.stature, form=athlete.form
    )
    if not athlete.heavier:
        return bodies
    factor = dict(athlete.heavier)
    factors = np.array([factor.get(coarse_segment(body.name), 1.0) for body in bodies])
    mass = np.array([body.mass for body in bodies])
    factors *= mass.sum() / (factors @ mass)
    return tuple(
        Body(body.name, body.mass * share, body.com, body.inertia * share)
        for body, share in zip(bodies, factors.tolist(), strict=True)
    )


def coarse_segment(body: str) -> str:
    """The coarse segment of a body, without its side: ``radius`` of ``hand_l``."""
    segment = body.removesuffix("_r").removesuffix("_l")
    return COARSE_SEGMENT.get(segment, segment)
