"""Virtual athletes whose bodies, hinge axes and skin are not drawn from the calibration's beliefs.

Motion comes from the gait library; bodies are made on the athlete's own skeleton, while the
calibration starts from the generic one of that sex.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from aqbio.config import ModelMap, read_yaml
from aqbio.io.body_sizes import body_sizes
from aqbio.mechanics.anthropometry.de_leva import REFERENCE
from aqbio.mechanics.calibration.beliefs import Person, size_belief
from aqbio.mechanics.calibration.frames import Recording
from aqbio.mechanics.calibration.parts import body_parts
from aqbio.mechanics.calibration.places import Label, believed_places
from aqbio.mechanics.calibration.shape import MarkerPlaces, Shape, Template
from aqbio.mechanics.multibody.poses import segment_poses, station_positions
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, rotate
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.demo import SPRINTERS
from aqbio.virtual.gaits.gait import Gait
from aqbio.virtual.gaits.library import DATA, load_library
from aqbio.virtual.recordings.skin import LOOSE, SOFTNESS, Skin

MODEL = Path(__file__).parents[1] / "models" / "sprint"
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
PLACED_SD, POSTURE_SD, NOISE_M, STILL_M = 0.010, np.radians(3.0), 5e-4, 1e-3


@dataclass(frozen=True, slots=True)
class Case:
    """How virtual athletes differ from what is believed.

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


@dataclass(frozen=True, eq=False)
class VirtualBody:
    """A virtual athlete and what was recorded.

    Attributes
    ----------
    athlete : Athlete
    skeleton : Skeleton
        The truth, markers included.
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
    """Give the generic skeleton of an athlete's sex, with the athlete's mass."""
    return athlete_skeleton(replace(athlete, name="T", stature=REFERENCE[athlete.sex].stature))


def virtual_body(case: Case, seed: int) -> VirtualBody:
    """Draw an athlete, one of the library's in turn, and record it."""
    random = np.random.default_rng([seed, 13])
    athlete = PEOPLE[sorted(PEOPLE)[seed % len(PEOPLE)]]
    base = generic(athlete) if case.sizes == "other sex" else athlete_skeleton(athlete)
    labels = _labels(base)
    places, sds = believed_places(base, body_parts(base, MAP), labels)
    template = Template.of(base, MAP, places)
    truth = template.skeleton_of(_shape(case, athlete, template, sds, random))
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    own = sorted(
        (g for g in gaits if g.participant == athlete.name and g.condition == "normal"), key=str
    )
    runs = [_run(truth, gaits[one], case.skin, random) for one in (own[0], own[-1])]
    return VirtualBody(
        athlete,
        truth,
        _labels(generic(athlete)),
        _standing(truth, random),
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


def _shape(
    case: Case, athlete: Athlete, template: Template, sds: FloatArray, random: np.random.Generator
) -> Shape:
    clusters = np.array([one.endswith(CLUSTERS) for one in template.markers.labels])[:, None]
    spread = np.where(clusters, 0.5 * sds, PLACED_SD)
    empty = template.shape()
    return replace(
        empty,
        log_factor=_proportions(case, athlete, template, random),
        offset=spread * random.standard_normal(sds.shape),
        tilt=np.radians(case.tilt) * random.standard_normal(empty.tilt.shape),
    )


def _proportions(
    case: Case, athlete: Athlete, template: Template, random: np.random.Generator
) -> FloatArray:
    """(U, 3) array: logarithms of factors; left and right nearly alike."""
    kinds = template.parts.kinds
    if case.sizes == "other sex":
        other = Person("female" if athlete.sex == "male" else "male")
        mean, spread = size_belief(template.parts, body_sizes(), other, Person(athlete.sex))
        return random.multivariate_normal(mean, spread).reshape(-1, 3)
    drawn = {}
    for kind in dict.fromkeys(kinds):
        along = np.arange(3) == (0 if kind in ("foot", "toes") else 1)
        drawn[kind] = case.odd * np.where(along, LENGTH_SD, GIRTH_SD) * random.standard_normal(3)
    own = np.array([drawn["foot" if kind == "toes" else kind] for kind in kinds])
    return own + random.normal(0.0, WHOLE_SD) + random.normal(0.0, AXIS_SD, own.shape)


def _run(
    body: Skeleton, gait: Gait, skin: Skin, random: np.random.Generator
) -> tuple[Recording, FloatArray, FloatArray]:
    """Record a run: markers, true coordinates and the foot on the ground."""
    time = np.arange(0.0, SECONDS, 1.0 / RATE)
    q, foot = gait.states(time)[0], gait.stance_foot(time)[0]
    line = gait.timeline
    moved = _skin(body, skin, time * len(line) / line.period, random)
    return Recording(_markers(body, q, moved, NOISE_M, random), RATE, still=False), q, foot


def _markers(
    body: Skeleton, q: FloatArray, moved: FloatArray, noise: float, random: np.random.Generator
) -> FloatArray:
    poses = segment_poses(body, q)
    places = station_positions(poses, body.marker_body, body.marker_position)
    places = places + rotate(poses.rotation[:, body.marker_body], moved)
    return np.asarray(places + random.normal(0.0, noise, places.shape))


def _skin(body: Skeleton, skin: Skin, steps: FloatArray, random: np.random.Generator) -> FloatArray:
    """(T, K, 3) array, m, body axes: waves that are locked to the gait, as `skin.tissue_motion`."""
    amplitude = np.array(skin.amplitudes)
    amplitude = amplitude / np.sqrt((amplitude**2).sum() / 2.0 * 3.0)
    angle = 2.0 * np.pi * np.multiply.outer(steps, np.array(skin.harmonics))[:, None, :, None]

    def waves(count: int) -> FloatArray:
        turns = random.uniform(0.0, 2.0 * np.pi, (count, len(amplitude), 3))
        return np.asarray(np.einsum("h,tmhd->tmd", amplitude, np.sin(angle + turns)))

    on, own_share = body.marker_body, np.sqrt(1.0 - skin.common**2)
    soft = skin.thigh_m * np.array([SOFTNESS[name.rsplit("_", 1)[0]] for name in body.bodies])
    both = skin.common * waves(len(body.bodies))[:, on] + own_share * waves(len(on))
    return np.asarray(soft[on, None] * both)


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


def places_of(skeleton: Skeleton) -> Template:
    """Give a skeleton with its own markers as a template, to measure it."""
    places = MarkerPlaces(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    return Template.of(skeleton, MAP, places)
