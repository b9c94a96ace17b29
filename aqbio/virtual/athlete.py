"""Virtual athletes: the sprint model at a given sex, mass and stature, without OpenSim."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from aqbio.body.de_leva import REFERENCE, Sex
from aqbio.body.sprint_body import (
    LOCKED_PREFIXES,
    Body,
    Joint,
    coarse_segment,
    sprint_bodies,
    sprint_joints,
)
from aqbio.body.sprint_geometry import PLAIN_JOINTS, Geometry, JointForm, X, Y, Z, geometry
from aqbio.body.sprint_markers import sprint_markers
from aqbio.multibody.skeleton import GROUND, Couplers, JointAxes, Skeleton, line, polynomial, stack
from aqbio.names import GRAVITY
from aqbio.vectors import FloatArray

DECIMALS = 7
"""Numbers of the model files are rounded to this many decimals (`validation.sprint_model`)."""

TRANSLATIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
"""Translational coordinates of the pelvis."""


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
    coordinates = _coordinates(ordered)
    count = len(names)
    default = np.zeros(len(coordinates))
    default[coordinates.index("pelvis_ty")] = round(athlete.lengths.hip_height, DECIMALS)
    markers = sprint_markers(geometry(athlete.sex, REFERENCE[athlete.sex].stature, athlete.form))
    growth = athlete.stature / REFERENCE[athlete.sex].stature
    return Skeleton(
        bodies=names,
        joints=tuple(joint.name for joint in ordered),
        coordinates=coordinates,
        markers=tuple(marker.name for marker in markers),
        parent=np.array(
            [GROUND if j.parent == "ground" else names.index(j.parent) for j in ordered],
            dtype=np.int64,
        ),
        parent_rotation=np.tile(np.eye(3), (count, 1, 1)),
        parent_position=_rounded([joint.offset for joint in ordered]),
        child_rotation=np.tile(np.eye(3), (count, 1, 1)),
        child_position=np.zeros((count, 3)),
        axes=_axes(ordered, coordinates),
        couplers=Couplers(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), stack([])),
        mass=_rounded([body.mass for body in bodies]),
        com=_rounded([body.com for body in bodies]),
        inertia=_rounded([body.inertia for body in bodies]),
        gravity=np.array([0.0, -GRAVITY, 0.0]),
        marker_body=np.array([names.index(marker.body) for marker in markers], dtype=np.int64),
        marker_position=_rounded([marker.position for marker in markers]) * growth,
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


def _rounded(values: object) -> FloatArray:
    return np.round(np.asarray(values, dtype=float), DECIMALS) + 0.0


def _coordinates(joints: list[Joint]) -> tuple[str, ...]:
    names: list[str] = []
    for joint in joints:
        names += [coordinate for coordinate, _ in joint.rotations]
        if joint.free:
            names += TRANSLATIONS
    return tuple(names)


def _axes(joints: list[Joint], coordinates: tuple[str, ...]) -> JointAxes:
    """Axes of all joints; of each joint rotations first, then translations."""
    identity = line(1.0)
    rows = []
    for index, joint in enumerate(joints):
        rows += [(index, name, axis, True, identity) for name, axis in joint.rotations]
        rows += [
            (index, by.coordinate, by.direction, by.turns, polynomial(_rounded(by.powers).tolist()))
            for by in joint.follows
        ]
        if joint.free:
            translations = zip(TRANSLATIONS, (X, Y, Z), strict=True)
            rows += [(index, name, axis, False, identity) for name, axis in translations]
    body, driver, direction, turns, functions = zip(*rows, strict=True)
    bodies, turning = np.array(body, dtype=np.int64), np.array(turns)
    before = np.tri(len(bodies), k=-1, dtype=bool)
    unit = _rounded(direction)
    return JointAxes(
        body=bodies,
        is_rotation=turning,
        direction=unit / np.linalg.norm(unit, axis=1, keepdims=True),
        coordinate=np.array([coordinates.index(name) for name in driver], dtype=np.int64),
        functions=stack(list(functions)),
        simbody_carriers=(bodies[:, None] == bodies) & before & turning[:, None] & turning,
    )
