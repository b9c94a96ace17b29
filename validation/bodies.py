"""Virtual bodies: sizes, masses, hinge axes, marker places and skin of a person's own.

Drawn from none of the calibration's priors, so that these can be judged. Motion is the gait
library's, moved so that the body's centre of mass goes where the gait's went. Each purpose has its
own random numbers: a marker more in the model changes no size.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

import aqbio
from aqbio.body.de_leva import REFERENCE
from aqbio.body.frames import Recording
from aqbio.body.priors import Label, Person, body_sizes, part_end, size_prior
from aqbio.body.shape import MarkerPlaces, Parts, Template, body_parts, stretched_masses
from aqbio.config import ModelMap, read_yaml
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray
from aqbio.virtual.athlete import TRANSLATIONS, Athlete, athlete_skeleton
from aqbio.virtual.demo import SPRINTERS
from aqbio.virtual.disturbances import LOOSE, Skin, tissue_motion
from aqbio.virtual.gait import Gait
from aqbio.virtual.library import DATA, load_library

MODEL = Path(aqbio.__file__).parents[1] / "models" / "sprint"
MAP = read_yaml(MODEL / "map.yaml", ModelMap)
PEOPLE = {one.athlete.name: one.athlete for one in SPRINTERS}
CLUSTERS = ("TH1", "TH2", "TH3", "SH1", "SH2", "SH3", "UA1", "FA1")
THIRD = {
    f"{s}{n}3": f"{b}_{s.lower()}" for s in "RL" for n, b in (("TH", "femur"), ("SH", "tibia"))
}
"""Third markers of the clusters, which the model's own marker set lacks, and their bodies."""
RATE, SECONDS = 200.0, 1.0

LENGTH_SD, GIRTH_SD, WHOLE_SD, AXIS_SD = 0.045, 0.06, 0.035, 0.008
"""Proportions: logarithms along and across each kind of part, of the whole body, of each axis."""
DENSITY_SD = 0.05
"""Logarithm of a kind of part's density: fat and muscle differ by a fifth, and hardly any part is
all of one."""
LANDMARK_SD, CLUSTER_SD = 0.010, 0.030
"""How far landmarks and markers of clusters are from the model's, m, each axis."""
THIRD_ALONG, THIRD_FORWARD = 0.4, 0.05
"""Where the third marker of a cluster is: share of the part's length, m before its axis."""
POSTURE_SD, NOISE_M, STILL_M = np.radians(3.0), 5e-4, 1e-3

PURPOSES = ("sizes", "density", "places", "axes", "skin", "standing")


@dataclass(frozen=True, slots=True)
class Case:
    """How virtual people differ from what is usual.

    Attributes
    ----------
    name : str
    odd : float
        Spread of the proportions against the usual.
    tilt : float, degrees
        Standard deviation of each inclination of the axes of knees and ankles.
    skin : Skin
    sizes : {"made", "other sex"}
        Where proportions come from: drawn here, or from the survey of the other sex.
    """

    name: str
    odd: float = 1.0
    tilt: float = 3.0
    skin: Skin = field(default_factory=Skin)
    sizes: Literal["made", "other sex"] = "made"


CASES = (
    Case("usual"),
    Case("proportions twice as odd", odd=2.0),
    Case("sizes of the other sex", sizes="other sex"),
    Case("skin locked to the stride", skin=replace(LOOSE, free=0.0)),
    Case("hinge axes 5 degrees off", tilt=5.0),
)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What a laboratory records of a person.

    Attributes
    ----------
    name : str
    lacks : tuple of str
        Endings of labels that nobody wears there.
    static : bool
        Whether there is a static trial.
    """

    name: str
    lacks: tuple[str, ...] = ()
    static: bool = True

    def labels(self, body: VirtualBody) -> dict[str, Label]:
        """The labels that are worn there."""
        return {n: one for n, one in body.labels.items() if not n.endswith(self.lacks or (" ",))}

    def recordings(self, body: VirtualBody) -> tuple[Recording, ...]:
        """What is recorded there, with the markers of :meth:`labels`."""
        kept = [body.skeleton.markers.index(name) for name in self.labels(body)]
        all_of = (body.still, *body.runs) if self.static else body.runs
        return tuple(replace(one, position=one.position[:, kept]) for one in all_of)


JOINT_LANDMARKS = ("KNL", "KNM", "ANL", "ANM")
FULL = Laboratory("all data")
CLUSTERS_ALONE = Laboratory("no static, clusters only", JOINT_LANDMARKS, static=False)
LEFT_LEG = ("LTH1", "LTH2", "LTH3", "LKNL", "LKNM", "LSH1", "LSH2", "LSH3", "LANL", "LANM")
LEFT_FOOT = ("LHEE", "LMT1", "LMT5", "LTOE")
ONE_LEG = Laboratory("one leg hidden", LEFT_LEG + LEFT_FOOT)


@dataclass(frozen=True, eq=False)
class VirtualBody:
    """A virtual person and what was recorded.

    Attributes
    ----------
    athlete : Athlete
    skeleton : Skeleton
        The truth, markers and masses included.
    labels : dict of Label
        As a marker set describes them, by name.
    still : Recording
    runs : tuple of Recording
        The slowest and the fastest.
    q : tuple of (T, C) arrays
        True coordinates of the runs.
    stance : tuple of (T,) arrays
        Foot on the ground in the runs: +1 right, -1 left, 0 none.
    """

    athlete: Athlete
    skeleton: Skeleton
    labels: dict[str, Label]
    still: Recording
    runs: tuple[Recording, ...]
    q: tuple[FloatArray, ...]
    stance: tuple[FloatArray, ...]


def generic(athlete: Athlete) -> Skeleton:
    """The generic skeleton of an athlete's sex, with the athlete's mass."""
    return athlete_skeleton(replace(athlete, name="T", stature=REFERENCE[athlete.sex].stature))


def virtual_body(case: Case, seed: int) -> VirtualBody:
    """Draw a person, one of the library's in turn, and record it."""
    random = {
        name: np.random.default_rng([seed, 13, number]) for number, name in enumerate(PURPOSES)
    }
    athlete = PEOPLE[sorted(PEOPLE)[seed % len(PEOPLE)]]
    base = generic(athlete) if case.sizes == "other sex" else athlete_skeleton(athlete)
    parts = body_parts(base, MAP)
    factors = np.exp(_proportions(case, athlete, parts, random["sizes"]))
    truth = _grown(base, parts, factors, case.tilt, random)
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    own = sorted(
        (g for g in gaits if g.participant == athlete.name and g.condition == "normal"), key=str
    )
    runs = [_run(truth, gaits[one], case.skin, random["skin"]) for one in (own[0], own[-1])]
    return VirtualBody(
        athlete,
        truth,
        _labels(generic(athlete)),
        _standing(truth, random["standing"]),
        *zip(*runs, strict=True),
    )


def _labels(skeleton: Skeleton) -> dict[str, Label]:
    """All markers of the model; those of clusters may be anywhere on their part."""
    labels = {
        name: Label(
            name,
            skeleton.bodies[body],
            None if name.endswith(CLUSTERS) else (float(x), float(y), float(z)),
            palpated=True,
        )
        for name, body, (x, y, z) in zip(
            skeleton.markers, skeleton.marker_body, skeleton.marker_position, strict=True
        )
    }
    return labels | {name: Label(name, body, None, palpated=False) for name, body in THIRD.items()}


def _grown(
    base: Skeleton,
    parts: Parts,
    factors: FloatArray,
    tilt: float,
    random: dict[str, np.random.Generator],
) -> Skeleton:
    """The person's own skeleton: sizes, hinge axes, markers and masses."""
    template = Template.of(base, MAP, _worn(base, parts))
    labels = template.markers.labels
    spread = [CLUSTER_SD if name.endswith(CLUSTERS) else LANDMARK_SD for name in labels]
    empty = template.shape()
    shape = replace(
        empty,
        log_factor=np.log(factors),
        offset=np.array(spread)[:, None] * random["places"].standard_normal((len(labels), 3)),
        tilt=np.radians(tilt) * random["axes"].standard_normal(empty.tilt.shape),
    )
    kinds = list(dict.fromkeys(parts.kinds))
    drawn = np.exp(DENSITY_SD * random["density"].standard_normal(len(kinds)))
    density = drawn[[kinds.index(parts.kinds[part]) for part in parts.of_body]]
    dense = replace(base, mass=density * base.mass, inertia=density[:, None, None] * base.inertia)
    mass, inertia = stretched_masses(
        dense, factors[parts.of_body], float(base.mass.sum()), by_volume=True
    )
    return replace(template.skeleton_of(shape), mass=mass, inertia=inertia)


def _worn(base: Skeleton, parts: Parts) -> MarkerPlaces:
    """Places of all markers on a skeleton; third markers of clusters before the limb's axis."""
    bodies = [base.bodies.index(name) for name in THIRD.values()]
    forward = np.array([THIRD_FORWARD, 0.0, 0.0])
    third = [THIRD_ALONG * part_end(base, parts, body) + forward for body in bodies]
    return MarkerPlaces(
        (*base.markers, *THIRD),
        np.concatenate([base.marker_body, bodies]),
        np.concatenate([base.marker_position, third]),
    )


def _proportions(
    case: Case, athlete: Athlete, parts: Parts, random: np.random.Generator
) -> FloatArray:
    """(U, 3) array: logarithms of factors; left and right nearly alike."""
    kinds = parts.kinds
    if case.sizes == "other sex":
        other = Person("female" if athlete.sex == "male" else "male")
        mean, spread = size_prior(parts, body_sizes(), other, Person(athlete.sex))
        return random.multivariate_normal(mean, spread).reshape(-1, 3)
    drawn = {}
    for kind in dict.fromkeys(kinds):
        along = np.arange(3) == (0 if kind in ("foot", "toes") else 1)
        drawn[kind] = case.odd * np.where(along, LENGTH_SD, GIRTH_SD) * random.standard_normal(3)
    own = np.array([drawn["foot" if kind == "toes" else kind] for kind in kinds])
    return own + random.normal(0.0, WHOLE_SD) + random.normal(0.0, AXIS_SD, own.shape)


@dataclass(frozen=True, eq=False)
class _Dressed:
    """A moving body as `tissue_motion` looks at a recording."""

    bodies: tuple[str, ...]
    labels: tuple[str, ...]
    marker_body: IntArray
    marker_rate: float
    phase: FloatArray
    rotation: FloatArray


def _run(
    body: Skeleton, gait: Gait, skin: Skin, random: np.random.Generator
) -> tuple[Recording, FloatArray, FloatArray]:
    """Record a run: markers, true coordinates and the foot on the ground."""
    time = np.arange(0.0, SECONDS, 1.0 / RATE)
    foot = gait.stance_foot(time)[0]
    q = _led(body, gait.states(time)[0], gait.centre_of_mass(time)[0])
    line = gait.timeline
    dressed = _Dressed(
        body.bodies,
        body.markers,
        body.marker_body,
        RATE,
        np.pi * time * len(line) / line.period,
        segment_poses(body, q).rotation,
    )
    moved = tissue_motion(dressed, skin, random)[0]
    return Recording(_markers(body, q, moved, NOISE_M, random), RATE, still=False), q, foot


def _led(body: Skeleton, q: FloatArray, com: FloatArray) -> FloatArray:
    """Coordinates with the pelvis moved so that the centre of mass is where it shall be."""
    centres = station_positions(segment_poses(body, q), np.arange(len(body.bodies)), body.com)
    now = np.einsum("b,tbi->ti", body.mass / body.mass.sum(), centres)
    led = q.copy()
    led[:, [body.coordinates.index(name) for name in TRANSLATIONS]] += com - now
    return led


def _markers(
    body: Skeleton, q: FloatArray, moved: FloatArray, noise: float, random: np.random.Generator
) -> FloatArray:
    places = station_positions(segment_poses(body, q), body.marker_body, body.marker_position)
    return np.asarray(places + moved + random.normal(0.0, noise, places.shape))


def _standing(body: Skeleton, random: np.random.Generator) -> Recording:
    """Half a second of standing with the arms a little away from the trunk."""
    names = body.coordinates
    pose = np.where(body.coordinate_is_rotation, random.normal(0.0, POSTURE_SD, len(names)), 0.0)
    for index, name in enumerate(names):
        if name.startswith(("knee", "elbow")):
            pose[index] = abs(pose[index])
        if name.startswith("arm_add"):
            pose[index] = np.radians(-20.0)
    pose[names.index("pelvis_ty")] = 0.95
    q = np.tile(pose, (100, 1))
    still = np.zeros((100, len(body.markers), 3))
    return Recording(_markers(body, q, still, STILL_M, random), RATE, still=True)


def measured_places(skeleton: Skeleton) -> Template:
    """A skeleton with its own markers as a template, to measure it."""
    places = MarkerPlaces(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    return Template.of(skeleton, MAP, places)
