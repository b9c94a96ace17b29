"""The body of a participant, calibrated from all prepared recordings of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.body.body_sizes import body_sizes
from aqbio.body.fit import BodyFit, FlexionStarts, body_fit
from aqbio.body.fitted_parts import body_parts
from aqbio.body.frames import chosen_frames, faced
from aqbio.body.hips import HipObservation
from aqbio.body.places import believed_places
from aqbio.body.posterior import (
    LengthEstimate,
    length_slopes,
    lengths,
    moving_flexion,
)
from aqbio.body.priors import posture_prior, priors, size_prior
from aqbio.body.problem import Problem
from aqbio.body.recordings import (
    PersonRecordings,
    helpful_marker,
    made_for,
    person_recordings,
    placed_labels,
    recorded_person,
)
from aqbio.body.shape import Shape, Template
from aqbio.body.shown import fit_of_shown
from aqbio.config import ModelMap
from aqbio.errors import Finding
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.study import Study
from aqbio.multibody.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibrated body."""

    fit: BodyFit
    shape: Shape
    """As a rigid model carries it in movement: markers where sliding skin is at the mean
    flexion."""
    names: dict[str, str]
    """The model's name of each label."""
    trials: tuple[str, ...]
    """Trials whose frames were fitted."""

    @property
    def template(self) -> Template:
        """The template."""
        return self.fit.problem.template

    @cached_property
    def lengths(self) -> tuple[LengthEstimate, ...]:
        """Lengths from joint to joint."""
        return tuple(lengths(self.fit))


def calibrated(study: Study, participant_id: str, generic: Skeleton) -> Calibration:
    """Calibrate a participant's body from all sessions of the person, as this session sees it."""
    problem_of, recorded = session_problem(study, participant_id, generic)

    def fit_of(skeleton: Skeleton) -> BodyFit:
        problem = problem_of(skeleton)
        return body_fit(problem, flexions=FlexionStarts.of(problem.template, study.model_map))

    carriers = problem_of(generic).template.markers.body
    fit = fit_of_shown(fit_of, generic, study.model_map.held, carriers)
    session = recorded.session(participant_id)
    fit = session.fit_of(fit)
    names = {label: study.marker_set.model_name(label) for label in session.names}
    return Calibration(fit, moving_shape(fit), names, recorded.trials[participant_id])


def session_problem(
    study: Study, participant_id: str, generic: Skeleton
) -> tuple[Callable[[Skeleton], Problem], PersonRecordings]:
    """The fit of a participant's person as a function of the generic model, and its recordings.

    The hips are predicted from one session's spines: others would repeat the regression's error.
    """
    parts = body_parts(generic, study.model_map)
    recorded = person_recordings(study, participant_id, placed_labels(study.marker_set, generic))
    places, sds = believed_places(generic, parts, recorded.labels)
    frames = faced(
        chosen_frames(recorded.recordings, places.body, STATIC_WINDOW_S), generic, places
    )
    person = recorded_person(study, participant_id)
    sizes = size_prior(parts, body_sizes(), person, made_for(study, person.sex))
    postures, pelvis = posture_prior(generic, study.model_map), study.marker_set.pelvis
    spines = recorded.labelled(pelvis.front, pelvis.back)

    def problem_of(skeleton: Skeleton) -> Problem:
        template = Template.of(skeleton, study.model_map, places)
        hips = HipObservation.of(template, recorded.labels, spines, sds)
        return Problem(template, frames, priors(template, sizes, sds, postures), hips)

    return problem_of, recorded


def moving_shape(fit: BodyFit) -> Shape:
    """The shape with the markers where sliding skin is at the mean flexion of movement."""
    template = fit.problem.template
    shape = template.shape(fit.state.theta[: fit.problem.shape_size])
    return template.moving_shape(shape, moving_flexion(fit))


def calibration_findings(
    calibration: Calibration, model_map: ModelMap, participant_id: str
) -> Iterator[Finding]:
    """Lengths that the recordings hardly tell, and lengths that nobody of this stature has."""
    worn = calibration.names.values()
    for one in calibration.lengths:
        if one.unknown:
            slope = length_slopes(calibration.fit)[one.name]
            help_ = helpful_marker(calibration.fit, model_map, worn, slope[None])
            yield _unknown_length(one, participant_id, help_)
    if odd := [one for one in calibration.lengths if one.improbable and not one.unknown]:
        yield _improbable_length(sorted(odd, key=lambda one: -abs(one.distance)), participant_id)
    if not calibration.fit.settled:
        yield Finding(
            rule="calibration-not-settled",
            severity="warning",
            what="the fit of the body still moves after its last step.",
            participant=participant_id,
            fix="look for labels that are elsewhere, and for trials of another person.",
        )


def _unknown_length(one: LengthEstimate, participant_id: str, help_: str) -> Finding:
    return Finding(
        rule="length-not-observed",
        severity="warning",
        what=f"{one.words} is {1e3 * one.length:.0f} ± {1e3 * one.sd:.0f} mm: the recordings "
        f"tell {one.told:.0%} of it, the rest is what sex, stature and mass let expect.",
        participant=participant_id,
        number=one.sd,
        unit="m",
        fix=f"{help_ or 'wear markers on the bony landmarks at both ends'}; or enter the stature.",
    )


def _improbable_length(odd: Sequence[LengthEstimate], participant_id: str) -> Finding:
    one, others = odd[0], ", ".join(other.words for other in odd[1:])
    return Finding(
        rule="length-improbable",
        severity="warning",
        what=f"{one.words} is {1e3 * one.length:.0f} mm, {abs(one.distance):.1f} standard "
        f"deviations {'above' if one.distance > 0 else 'below'} the {1e3 * one.expected:.0f} mm "
        "that sex, stature and mass let expect"
        f"{others and f' (likewise {others})'}.",
        participant=participant_id,
        number=one.length,
        unit="m",
        fix="check stature, unit of length and labels.",
    )


def session_findings(study: Study, participant_id: str) -> Iterator[Finding]:
    """Say that a body is that of several rows, and that tests take these for several athletes."""
    sessions = study.sessions_of(participant_id)
    if len(sessions) > 1:
        yield Finding(
            rule="person-counted-twice",
            severity="warning",
            what=f"{', '.join(sessions)} are one person: their body is calibrated from all of "
            "them, but hypotheses count every row as an athlete.",
            participant=participant_id,
            fix="read intervals and verdicts over athletes as too sure, or keep one of these rows "
            "in a study that is to test hypotheses.",
        )


def label_errors(calibration: Calibration) -> tuple[dict[str, float], float]:
    """RMS distance of each label that the fitted frames show, m, and over all labels."""
    fit = calibration.fit
    distance = np.where(fit.problem.visible, np.linalg.norm(fit.error, axis=2), np.nan)
    seen = np.flatnonzero(fit.problem.visible.any(axis=0))
    labels = [calibration.template.markers.labels[place] for place in seen]
    by_label = np.sqrt(np.nanmean(distance[:, seen] ** 2, axis=0))
    errors = dict(zip(labels, by_label.tolist(), strict=True))
    return errors, float(np.sqrt(np.nanmean(distance**2)))
