"""Made people: sizes, marker places and skin of their own, gaits of the library."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.fit import BodyFit, FlexionStarts, body_fit
from aqbio.body.frames import Recording, chosen_frames
from aqbio.body.priors import (
    SKIN_SD,
    Label,
    Person,
    body_sizes,
    expected_positions,
    posture_prior,
    priors,
    size_prior,
)
from aqbio.body.problem import Problem
from aqbio.body.shape import Shape, Template, body_parts
from aqbio.config import ModelMap, read_yaml
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import DATA, SPRINTERS, load_library

MAP = read_yaml(Path(__file__).parents[2] / "models" / "sprint" / "map.yaml", ModelMap)
PEOPLE = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
CLUSTERS = ("TH1", "TH2", "SH1", "SH2", "UA1", "FA1")
KNEES_AND_ANKLES = tuple(f"{s}{name}" for s in "RL" for name in ("KNL", "KNM", "ANL", "ANM"))
RATE = 200.0
FREQUENCIES = (5.3, 8.9, 13.7)
"""Of the skin, Hz: what soft tissue swings at (skin that is locked to the stride is a stress that
`docs/body.md` tells)."""


@dataclass(frozen=True)
class MadePerson:
    """A made person's truth and recordings."""

    truth: Shape
    template: Template
    recordings: tuple[Recording, ...]
    q: dict[int, np.ndarray]
    offset_sd: np.ndarray


def made_person(
    seed: int, *, hidden: tuple[str, ...] = (), with_static_trial: bool = True
) -> MadePerson:
    """Draw a person; labels can be hidden, and the static trial."""
    rng = np.random.default_rng(seed)
    name = sorted(PEOPLE)[seed % len(PEOPLE)]
    skeleton = athlete_skeleton(PEOPLE[name])
    parts = body_parts(skeleton, MAP)
    labels = {
        label: landmark for label, landmark in model_labels(skeleton).items() if label not in hidden
    }
    positions, sds = expected_positions(skeleton, parts, labels)
    template = Template.of(skeleton, MAP, positions)
    truth = _shape(rng, template, sds)
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    chosen = sorted((gait for gait in gaits if name in str(gait)), key=str)[:2]
    recordings, motion = [], {}
    if with_static_trial:
        q = np.zeros((100, len(skeleton.coordinates)))
        q[:, skeleton.coordinates.index("pelvis_ty")] = 0.95
        recordings.append(_recorded(rng, template, truth, q, is_static=True))
    for gait in chosen:
        time = np.arange(0.0, 1.0, 1.0 / RATE)
        q = gaits[gait].states(time)[0]
        q[:, skeleton.coordinate_locked] = 0.0
        motion[len(recordings)] = q
        recordings.append(_recorded(rng, template, truth, q, is_static=False))
    return MadePerson(truth, template, tuple(recordings), motion, sds)


def model_labels(skeleton: Skeleton) -> dict[str, Label]:
    """Give the markers of a skeleton as palpated landmarks, and those of clusters."""
    return {
        label: Label(
            label,
            skeleton.bodies[body],
            None if label.endswith(CLUSTERS) else tuple(map(float, position)),
            palpated=not label.endswith(CLUSTERS),
        )
        for label, body, position in zip(
            skeleton.markers, skeleton.marker_body, skeleton.marker_position, strict=True
        )
    }


def _shape(rng: np.random.Generator, template: Template, sds: np.ndarray) -> Shape:
    """Sizes 4.5 % from the template's along each axis, left and right alike to 1 %."""
    kinds = list(template.parts.kinds)
    kind_factor = {kind: rng.normal(0.0, 0.045, 3) for kind in dict.fromkeys(kinds)}
    log_factor = np.array([kind_factor[kind] for kind in kinds])
    log_factor += rng.normal(0.0, 0.007, log_factor.shape)
    offset = np.where(
        sds < 0.03, rng.normal(0.0, 0.010, sds.shape), 0.5 * sds * rng.normal(size=sds.shape)
    )
    empty = template.shape()
    tilt = rng.normal(0.0, np.radians(2.0), empty.tilt.shape)
    return replace(empty, log_factor=log_factor, offset=offset, tilt=tilt)


def _recorded(
    rng: np.random.Generator, template: Template, truth: Shape, q: np.ndarray, *, is_static: bool
) -> Recording:
    """Markers with skin that swings at three frequencies and noise of half a millimetre."""
    position = BodyMarkers(template).positions(truth, q)
    time = np.arange(len(q)) / RATE
    kinds = np.array(template.parts.kinds)[template.parts.of_body[template.markers.body]]
    size = 0.001 if is_static else np.array([1.4 * SKIN_SD[kind] for kind in kinds])[:, None]
    phase = rng.uniform(0.0, 2 * np.pi, (len(FREQUENCIES), 1, *position.shape[1:]))
    turns = np.multiply.outer(FREQUENCIES, time)[:, :, None, None]
    swing = np.sin(2 * np.pi * turns + phase).sum(axis=0) / np.sqrt(len(FREQUENCIES))
    return Recording(position + size * swing + rng.normal(0, 5e-4, position.shape), RATE, is_static)


def fitted(person: MadePerson, *, count: int = 24) -> BodyFit:
    """Calibrate a made person."""
    template = person.template
    sizes = size_prior(template.parts, body_sizes(), Person("male"), Person("male"))
    prior = priors(template, sizes, person.offset_sd, posture_prior(template.skeleton, MAP))
    frames = chosen_frames(person.recordings, template.markers.body, 0.5, count=count)
    problem = Problem(template, frames, prior)
    return body_fit(problem, flexions=FlexionStarts.of(template, MAP))


def _refitted(fit, label, trials, change):
    """Fit anew with a marker elsewhere in the fitted frames of some trials."""
    frames, marker = fit.problem.frames, fit.problem.template.markers.labels.index(label)
    rows = np.flatnonzero(np.isin(frames.trial, trials))
    position = frames.position.copy()
    change(position, rows, marker)
    problem = replace(fit.problem, frames=replace(frames, position=position))
    return body_fit(problem, flexions=FlexionStarts.of(fit.problem.template, MAP))


def exchanged(fit, first, second, trials):
    """Fit with two labels exchanged in some trials."""
    second_marker = fit.problem.template.markers.labels.index(second)

    def change(position, rows, marker):
        position[rows[:, None], [marker, second_marker]] = position[
            rows[:, None], [second_marker, marker]
        ]

    return _refitted(fit, first, trials, change)


def _poses(fit):
    template = fit.problem.template
    shape = template.shape(fit.state.theta[: fit.problem.shape_size])
    return segment_poses(template.skeleton_of(shape), fit.problem.full(fit.state.q))


def moved(fit, label, shift, trials):
    """Fit with a marker elsewhere on its segment, by so much in the body's frame, m."""

    def change(position, rows, marker):
        body = fit.problem.template.markers.body[marker]
        position[rows, marker] += _poses(fit).rotation[rows, body] @ np.array(shift)

    return _refitted(fit, label, trials, change)


def with_marker_on(fit, label, body, offset, trials):
    """Fit with a marker at a place on another body, m."""
    poses, at = _poses(fit), fit.problem.template.skeleton.bodies.index(body)

    def change(position, rows, marker):
        offset_in_ground = poses.rotation[rows, at] @ np.array(offset)
        position[rows, marker] = poses.origin[rows, at] + offset_in_ground

    return _refitted(fit, label, trials, change)
