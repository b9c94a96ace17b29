"""The body of a participant, calibrated from all prepared recordings of the person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from aqbio.body.anatomy import joint_point
from aqbio.body.fit import BodyFit, FlexionStarts, body_fit
from aqbio.body.frames import Recording, Session, chosen_frames, face_template
from aqbio.body.posterior import (
    LengthEstimate,
    fit_with_identified_joints,
    length_slopes,
    lengths,
    moving_flexion,
    variance_reductions,
)
from aqbio.body.priors import (
    Label,
    Person,
    Sex,
    body_sizes,
    expected_places,
    posture_prior,
    priors,
    size_prior,
)
from aqbio.body.problem import HipObservation, Problem
from aqbio.body.shape import MarkerPlaces, Shape, Template, body_parts
from aqbio.config import MappedMarker, MarkerSet, ModelMap
from aqbio.errors import AqbioError, Finding
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.labels.by_name import landmark_table
from aqbio.labels.marker_set import model_landmarks
from aqbio.multibody.skeleton import Skeleton
from aqbio.study.manifest import OK
from aqbio.vectors import BoolArray, FloatArray, IntArray

FEWEST_LABELS = 6
"""Least number of labels on the model from which a body is calibrated."""

Trials = list[tuple[str, Recording]]
"""Trials of a session by name; their markers are those of all labels of the marker set."""


@dataclass(frozen=True, eq=False)
class PersonRecordings:
    """Everything that was recorded of a person."""

    recordings: tuple[Recording, ...]
    """Each with the labels of all sessions, NaN for those of the others."""
    labels: Mapping[str, Label]
    """Labels of all sessions, by session and name."""
    sessions: tuple[Session, ...]
    trials: Mapping[str, tuple[str, ...]]
    """Names of the trials of every session, by participant, in the order of the sessions."""

    def labelled(
        self, front: Sequence[str], back: Sequence[str]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """The spines of the pelvis as the first session that has all of them labels them."""
        have = zip(self.trials, self.sessions, strict=True)
        worn = [one for one, session in have if {*front, *back} <= set(session.names)]
        first = next(iter(worn), "")
        return [f"{first}:{name}" for name in front], [f"{first}:{name}" for name in back]

    def session(self, participant_id: str) -> Session:
        """The session of a participant."""
        return self.sessions[list(self.trials).index(participant_id)]


def person_recordings(
    study: Study, participant_id: str, placed: Mapping[str, Label]
) -> PersonRecordings:
    """All prepared trials of a participant's person, and the labels that any of them shows.

    Recordings and labels come in the order of their contents: sums, and with them results, keep
    every digit whatever trials are called and however sheets and marker sets list them.
    """
    known = dict(sorted(placed.items()))
    every = {one: _trials(study, one, list(known)) for one in study.sessions_of(participant_id)}
    _refuse_nothing(study, every[participant_id])
    found = {one: trials for one, trials in every.items() if trials}
    shown = {one: _shown_labels(trials) for one, trials in found.items()}
    names = list(known)
    labels = {
        f"{one}:{names[index]}": known[names[index]]
        for one in found
        for index in np.flatnonzero(shown[one])
    }
    sessions: list[Session] = []
    recordings: list[Recording] = []
    width, first = len(labels), 0
    for one, trials in found.items():
        own = np.flatnonzero(shown[one])
        columns, rows = first + np.arange(len(own)), len(recordings) + np.arange(len(trials))
        sessions.append(Session(tuple(names[index] for index in own), columns, rows))
        recordings += [_with_all_labels(trial, own, columns, width) for _, trial in trials]
        first += len(own)
    trials_of = {one: tuple(name for name, _ in trials) for one, trials in found.items()}
    return PersonRecordings(tuple(recordings), labels, tuple(sessions), trials_of)


def _trials(study: Study, participant_id: str, labels: list[str]) -> Trials:
    """The prepared trials of a session, with all labels of the marker set."""
    static = study.static_of(participant_id)
    # Other postures than quiet standing tell where mass is, in stage consistency.
    left_out = {one.trial_id for one in study.still_of(participant_id) if one != static}
    found = []
    for entry in study.read_manifest(participant_id, "prepare")["trials"]:
        name = str(entry["trial_id"])
        if entry["status"] != OK or name in left_out:
            continue
        prepared = read_dataset(study.folder(participant_id, "prepare") / f"{name}.nc")
        still = static is not None and name == static.trial_id
        rate = float(prepared.attrs["marker_rate"])
        found.append((name, Recording(_positions(prepared, labels), rate, still)))
    return sorted(found, key=lambda one: _content(one[1]))


def _content(recording: Recording) -> tuple[bool, int, bytes]:
    return not recording.still, len(recording.position), recording.position.tobytes()


def _positions(prepared: xr.Dataset, labels: list[str]) -> FloatArray:
    """(T, K, 3) array, m: labels in order, NaN where the trial lacks one."""
    raw = prepared["marker_raw"].reindex(marker=labels)
    return np.asarray(raw.transpose("time", "marker", "axis").values, dtype=np.float64)


def _shown_labels(trials: Trials) -> BoolArray:
    """(K,) bool: labels that any of some trials shows."""
    seen = [np.isfinite(one.position).all(axis=2).any(axis=0) for _, one in trials]
    return np.asarray(np.any(seen, axis=0))


def _with_all_labels(
    recording: Recording, own: IntArray, columns: IntArray, width: int
) -> Recording:
    """A recording with the labels of all sessions."""
    position = np.full((len(recording.position), width, 3), np.nan)
    position[:, columns] = recording.position[:, own]
    return replace(recording, position=position)


def _refuse_nothing(study: Study, trials: Trials) -> None:
    count = int(_shown_labels(trials).sum())
    if count < FEWEST_LABELS:
        raise AqbioError(
            f"the recordings show {count} labels of the marker set on the model, "
            f"fewer than {FEWEST_LABELS}.",
            file=str(study.marker_file),
            fix="compare the labels of the recordings with those of the marker set.",
            rule="markers-on-model",
        )


def recorded_person(study: Study, participant_id: str) -> Person:
    """What the sheet and the plates say of a person; body mass is the mean of the sessions."""
    sessions = study.sessions_of(participant_id)
    sheet = [study.participant(one) for one in sessions]
    masses = [study.read_manifest(one, "prepare").get("mass_kg") for one in sessions]
    known = [float(mass) for mass in masses if mass is not None]
    heights = [one.height_m for one in sheet if one.height_m is not None]
    return Person(
        study.participant(participant_id).sex,
        heights[0] if heights else None,
        float(np.mean(known)) if known else None,
    )


def made_for(study: Study, sex: Sex | None) -> Person:
    """Whom the generic model was made for, as its map says: the participant's sex if it can."""
    made = study.model_map.made_for
    if not made:
        return Person(sex)
    own: Sex = sex if sex is not None and sex in made else next(iter(made))
    return Person(own, made[own].height_m, made[own].mass_kg)


def label_places(
    marker_set: MarkerSet, generic: Skeleton, joints: Mapping[str, str]
) -> dict[str, Label]:
    """The recorded labels of a marker set on a generic model, whose joints have reported names."""
    found: dict[str, Label] = {}
    claimed: dict[str, str] = {}
    for label, mapped in marker_set.markers.items():
        name = marker_set.model_name(label)
        if name in claimed:
            raise _error(label, f"the model's marker {name} is claimed by {claimed[name]} too.")
        claimed[name] = label
        place = _label_place(generic, label, name, mapped, joints)
        found[label] = replace(place, video=mapped.video)
    return found


def _label_place(
    generic: Skeleton, label: str, name: str, mapped: MappedMarker, joints: Mapping[str, str]
) -> Label:
    if mapped.body not in generic.bodies:
        raise _error(label, f"body {mapped.body} is not in the model.")
    if mapped.joint:
        if mapped.joint not in joints:
            raise _error(label, f"the map of the model has no joint {mapped.joint}.")
        body = generic.joints.index(joints[mapped.joint])
        point = joint_point(generic, label, body, generic.bodies.index(mapped.body))
        return Label(label, mapped.body, point.position, palpated=False)
    if mapped.tracking:
        return Label(label, mapped.body, None, palpated=False)
    if mapped.position is not None:
        return Label(label, mapped.body, mapped.position, palpated=False)
    if name not in generic.markers:
        raise _error(label, f"the model has no marker {name}, and no position is given.")
    index = generic.markers.index(name)
    own = generic.bodies[generic.marker_body[index]]
    if own != mapped.body:
        text = f"{label} (the model's {name}) is on {own} in the model, on {mapped.body} in"
        raise _error(label, f"{text} the marker set.")
    x, y, z = generic.marker_position[index].tolist()
    return Label(label, mapped.body, (x, y, z), palpated=True)


def _error(label: str, what: str) -> AqbioError:
    return AqbioError(
        f"marker set, label {label}: {what}",
        fix="correct body, model or position of that label in the marker set, or mark it tracking.",
        rule="marker-set",
    )


LEAST_SHARE = 0.1
"""A marker that takes away less of the variance is no help."""


def helpful_marker(
    fit: BodyFit, model_map: ModelMap, worn: Collection[str], wanted: FloatArray
) -> str:
    """The landmark whose marker would remove most variance, or "" below a tenth."""
    model = fit.problem.template.skeleton

    def shares(index: IntArray) -> FloatArray:
        names = tuple(model.markers[one] for one in index)
        points = MarkerPlaces(names, model.marker_body[index], model.marker_position[index])
        return variance_reductions(fit, points, wanted)

    return best_landmark(model, model_map, worn, shares)


def best_landmark(
    model: Skeleton,
    model_map: ModelMap,
    worn: Collection[str],
    shares: Callable[[IntArray], FloatArray],
) -> str:
    """The bare landmark with the largest share of variance by index of marker, if any helps."""
    bodies = [model.bodies[body] for body in model.marker_body]
    own = dict(zip(model.markers, bodies, strict=True))
    places = model_landmarks(own, model_map, landmark_table()).markers
    bare = {place: marker for place, marker in places.items() if marker not in worn}
    if not bare:
        return ""
    found = shares(np.array([model.markers.index(marker) for marker in bare.values()]))
    best = int(np.argmax(found))
    if found[best] < LEAST_SHARE:
        return ""
    place = list(bare)[best]
    return f"a marker on the {place} would have added most ({found[best]:.0%} of the variance)"


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


POINTS_OF_A_TURN = 3
"""Points of video that a joint with three turns takes to be free: each is off by 15 to 25 mm."""


def calibrate_body(study: Study, participant_id: str, generic: Skeleton) -> Calibration:
    """Calibrate a participant's body from all sessions of the person, as this session sees it."""
    problem_of, recorded = session_problem(study, participant_id, generic)

    def fit_of(skeleton: Skeleton) -> BodyFit:
        problem = problem_of(skeleton)
        return body_fit(problem, flexions=FlexionStarts.of(problem.template, study.model_map))

    body = problem_of(generic).template.markers.body
    video = np.array([label.video for label in recorded.labels.values()])
    carriers = body[[not _turns_unseen(generic, body == one, one, video) for one in body]]
    fit = fit_with_identified_joints(fit_of, generic, study.model_map.held, carriers)
    session = recorded.session(participant_id)
    fit = session.fit_of(fit)
    names = {label: study.marker_set.model_name(label) for label in session.names}
    return Calibration(fit, moving_shape(fit), names, recorded.trials[participant_id])


def _turns_unseen(skeleton: Skeleton, own: BoolArray, body: int, video: BoolArray) -> bool:
    """Whether a segment with a neck's three turns has fewer points of video than show them."""
    turns = int((skeleton.axes.is_rotation & (skeleton.axes.body == body)).sum())
    return bool(turns >= POINTS_OF_A_TURN > own.sum() and video[own].all())


def session_problem(
    study: Study, participant_id: str, generic: Skeleton
) -> tuple[Callable[[Skeleton], Problem], PersonRecordings]:
    """The fit of a participant's person as a function of the generic model, and its recordings.

    The hips are predicted from one session's spines: others would repeat the regression's error.
    """
    parts = body_parts(generic, study.model_map)
    joints = study.model_map.joints.by_name()
    placed = label_places(study.marker_set, generic, joints)
    recorded = person_recordings(study, participant_id, placed)
    places, sds = expected_places(generic, parts, recorded.labels)
    frames = face_template(
        chosen_frames(recorded.recordings, places.body, STATIC_WINDOW_S), generic, places
    )
    person = recorded_person(study, participant_id)
    sizes = size_prior(parts, body_sizes(), person, made_for(study, person.sex))
    video = np.array([label.video for label in recorded.labels.values()])
    postures, pelvis = posture_prior(generic, study.model_map), study.marker_set.pelvis
    spines = recorded.labelled(pelvis.front, pelvis.back)

    def problem_of(skeleton: Skeleton) -> Problem:
        template = Template.of(skeleton, study.model_map, places)
        hips = HipObservation.of(template, recorded.labels, spines, sds)
        return Problem(template, frames, priors(template, sizes, sds, postures, video), hips)

    return problem_of, recorded


def moving_shape(fit: BodyFit) -> Shape:
    """The shape with the markers where sliding skin is at the mean flexion of movement."""
    template = fit.problem.template
    shape = template.shape(fit.state.theta[: fit.problem.shape_size])
    return template.moving_shape(shape, moving_flexion(fit))


def calibration_findings(
    calibration: Calibration, model_map: ModelMap, participant_id: str
) -> Iterator[Finding]:
    """Lengths that the recordings hardly determine, and lengths improbable at this stature."""
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
        f"tell {one.determined_share:.0%} of it, the rest is what sex, stature and mass let "
        "expect.",
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
