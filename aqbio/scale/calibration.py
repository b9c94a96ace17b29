"""The body of a participant, calibrated from all prepared recordings of the person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from aqbio.body.anatomy import joint_point
from aqbio.body.draws import twins
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
    expected_positions,
    landmark_twins,
    posture_prior,
    priors,
    size_prior,
)
from aqbio.body.problem import HipObservation, Problem
from aqbio.body.shape import Shape, Template, TemplateMarkers, body_parts
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

MIN_LABELS = 6
"""Minimum number of labels on the model for a body to be calibrated."""

Trials = list[tuple[str, Recording]]
"""Trials of a session by name; their markers are those of all labels of the marker set."""


@dataclass(frozen=True, eq=False)
class PersonRecordings:
    """All recordings of one person, pooled over sessions."""

    recordings: tuple[Recording, ...]
    """Each with the labels of all sessions, NaN for labels of other sessions."""
    labels: Mapping[str, Label]
    """Labels of all sessions, by session and name."""
    sessions: tuple[Session, ...]
    trials: Mapping[str, tuple[str, ...]]
    """Names of the trials of every session, by participant, in the order of the sessions."""

    def labelled(
        self, front: Sequence[str], back: Sequence[str]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Labels of the iliac spines, from the first session that has all of them."""
        sessions = zip(self.trials, self.sessions, strict=True)
        spines = {*front, *back}
        complete = (name for name, session in sessions if spines <= set(session.names))
        first = next(complete, "")
        return [f"{first}:{name}" for name in front], [f"{first}:{name}" for name in back]

    def session(self, participant_id: str) -> Session:
        """The session of a participant."""
        return self.sessions[list(self.trials).index(participant_id)]


def person_recordings(
    study: Study, participant_id: str, placed: Mapping[str, Label]
) -> PersonRecordings:
    """Collect all prepared trials of a participant's person, and the labels visible in any of them.

    Recordings and labels are ordered by their contents: sums, and with them results, are identical
    to the last digit whatever the names of trials and the order of sheets and marker sets.
    """
    label_by_name = dict(sorted(placed.items()))
    all_trials = {
        session: _trials(study, session, list(label_by_name))
        for session in study.sessions_of(participant_id)
    }
    _require_labels(study, all_trials[participant_id])
    trials_by_session = {session: trials for session, trials in all_trials.items() if trials}
    shown_labels = {session: _shown_labels(trials) for session, trials in trials_by_session.items()}
    names = list(label_by_name)
    labels = {
        f"{session}:{names[index]}": label_by_name[names[index]]
        for session in trials_by_session
        for index in np.flatnonzero(shown_labels[session])
    }
    sessions: list[Session] = []
    recordings: list[Recording] = []
    width, first = len(labels), 0
    for session, trials in trials_by_session.items():
        label_indices = np.flatnonzero(shown_labels[session])
        columns, rows = (
            first + np.arange(len(label_indices)),
            len(recordings) + np.arange(len(trials)),
        )
        sessions.append(Session(tuple(names[index] for index in label_indices), columns, rows))
        recordings += [
            _with_all_labels(trial, label_indices, columns, width) for _, trial in trials
        ]
        first += len(label_indices)
    trials_of = {
        session: tuple(name for name, _ in trials) for session, trials in trials_by_session.items()
    }
    return PersonRecordings(tuple(recordings), labels, tuple(sessions), trials_of)


def _trials(study: Study, participant_id: str, labels: list[str]) -> Trials:
    """The prepared trials of a session, with all labels of the marker set."""
    static = study.static_of(participant_id)
    # Static postures other than quiet standing inform the centres of mass, in inverse dynamics.
    left_out = {trial.trial_id for trial in study.still_of(participant_id) if trial != static}
    recordings = []
    for entry in study.read_manifest(participant_id, "prepare")["trials"]:
        name = str(entry["trial_id"])
        if entry["status"] != OK or name in left_out:
            continue
        prepared = read_dataset(study.folder(participant_id, "prepare") / f"{name}.nc")
        is_static = static is not None and name == static.trial_id
        rate = float(prepared.attrs["marker_rate"])
        recordings.append((name, Recording(_positions(prepared, labels), rate, is_static)))
    return sorted(recordings, key=lambda pair: _content(pair[1]))


def _content(recording: Recording) -> tuple[bool, int, bytes]:
    return not recording.is_static, len(recording.position), recording.position.tobytes()


def _positions(prepared: xr.Dataset, labels: list[str]) -> FloatArray:
    """(T, K, 3) array, m: labels in order, NaN where the trial lacks one."""
    raw = prepared["marker_raw"].reindex(marker=labels)
    return np.asarray(raw.transpose("time", "marker", "axis").values, dtype=np.float64)


def _shown_labels(trials: Trials) -> BoolArray:
    """(K,) bool: labels visible in at least one of the trials."""
    visible = [np.isfinite(recording.position).all(axis=2).any(axis=0) for _, recording in trials]
    return np.asarray(np.any(visible, axis=0))


def _with_all_labels(
    recording: Recording, label_indices: IntArray, columns: IntArray, width: int
) -> Recording:
    """A recording with the labels of all sessions."""
    position = np.full((len(recording.position), width, 3), np.nan)
    position[:, columns] = recording.position[:, label_indices]
    return replace(recording, position=position)


def _require_labels(study: Study, trials: Trials) -> None:
    count = int(_shown_labels(trials).sum())
    if count < MIN_LABELS:
        raise AqbioError(
            f"the recordings show {count} labels of the marker set on the model, "
            f"fewer than {MIN_LABELS}.",
            file=str(study.marker_file),
            fix="compare the labels of the recordings with those of the marker set.",
            rule="markers-on-model",
        )


def recorded_person(study: Study, participant_id: str) -> Person:
    """Read sex, stature and body mass from sheet and plates; mass is the mean over sessions."""
    sessions = study.sessions_of(participant_id)
    sheet = [study.participant(session) for session in sessions]
    masses = [study.read_manifest(session, "prepare").get("mass_kg") for session in sessions]
    recorded_masses = [float(mass) for mass in masses if mass is not None]
    heights = [row.height_m for row in sheet if row.height_m is not None]
    return Person(
        study.participant(participant_id).sex,
        heights[0] if heights else None,
        float(np.mean(recorded_masses)) if recorded_masses else None,
    )


def reference_person(study: Study, sex: Sex | None) -> Person:
    """Person that the generic model represents, per its map; of the participant's sex if given."""
    reference_sizes = study.model_map.made_for
    if not reference_sizes:
        return Person(sex)
    reference_sex: Sex = (
        sex if sex is not None and sex in reference_sizes else next(iter(reference_sizes))
    )
    return Person(
        reference_sex,
        reference_sizes[reference_sex].height_m,
        reference_sizes[reference_sex].mass_kg,
    )


def labels_on_model(
    marker_set: MarkerSet, generic: Skeleton, joints: Mapping[str, str]
) -> dict[str, Label]:
    """Locate the labels of a marker set on a generic model; joints: its joints by reported name."""
    labels: dict[str, Label] = {}
    claimed: dict[str, str] = {}
    for label, mapped in marker_set.markers.items():
        name = marker_set.model_name(label)
        if name in claimed:
            raise _error(label, f"the model's marker {name} is claimed by {claimed[name]} too.")
        claimed[name] = label
        model_label = _label_on_model(generic, label, name, mapped, joints)
        labels[label] = replace(model_label, video=mapped.video)
    return labels


def _label_on_model(
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
    model_body = generic.bodies[generic.marker_body[index]]
    if model_body != mapped.body:
        text = f"{label} (the model's {name}) is on {model_body} in the model, on {mapped.body} in"
        raise _error(label, f"{text} the marker set.")
    x, y, z = generic.marker_position[index].tolist()
    return Label(label, mapped.body, (x, y, z), palpated=True)


def _error(label: str, message: str) -> AqbioError:
    return AqbioError(
        f"marker set, label {label}: {message}",
        fix="correct body, model or position of that label in the marker set, or mark it tracking.",
        rule="marker-set",
    )


MIN_VARIANCE_SHARE = 0.1
"""A marker that removes a smaller share of the variance is not suggested."""


def helpful_marker(
    fit: BodyFit, model_map: ModelMap, worn: Collection[str], target_slopes: FloatArray
) -> str:
    """Name the landmark whose marker would remove most variance, or "" below a tenth."""
    model = fit.problem.template.skeleton

    def shares(index: IntArray) -> FloatArray:
        names = tuple(model.markers[marker] for marker in index)
        points = TemplateMarkers(names, model.marker_body[index], model.marker_position[index])
        return variance_reductions(fit, points, target_slopes)

    return best_landmark(model, model_map, worn, shares)


def best_landmark(
    model: Skeleton,
    model_map: ModelMap,
    worn: Collection[str],
    shares: Callable[[IntArray], FloatArray],
) -> str:
    """Find the unmarked landmark that removes the largest share of variance; "" if none helps.

    ``shares``: share of the variance that each of the model's markers, by index, would remove.
    """
    bodies = [model.bodies[body] for body in model.marker_body]
    body_of_marker = dict(zip(model.markers, bodies, strict=True))
    markers_by_landmark = model_landmarks(body_of_marker, model_map, landmark_table()).markers
    bare = {
        landmark: marker for landmark, marker in markers_by_landmark.items() if marker not in worn
    }
    if not bare:
        return ""
    variance_shares = shares(np.array([model.markers.index(marker) for marker in bare.values()]))
    best = int(np.argmax(variance_shares))
    if variance_shares[best] < MIN_VARIANCE_SHARE:
        return ""
    landmark = list(bare)[best]
    share = f"{variance_shares[best]:.0%} of the variance"
    return f"a marker on the {landmark} would have added most ({share})"


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibrated body."""

    fit: BodyFit
    shape: Shape
    """Shape for a rigid model in movement: markers where the sliding skin is at mean flexion."""
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


MIN_VIDEO_POINTS = 3
"""Minimum number of video points to free a joint with three rotations: each is 15 to 25 mm off."""


def calibrate_body(study: Study, participant_id: str, generic: Skeleton) -> Calibration:
    """Calibrate a participant's body from all sessions, restricted to this session's labels."""
    problem_of, recorded = session_problem(study, participant_id, generic)

    def fit_of(skeleton: Skeleton) -> BodyFit:
        problem = problem_of(skeleton)
        return body_fit(problem, flexions=FlexionStarts.of(problem.template, study.model_map))

    body = problem_of(generic).template.markers.body
    video = np.array([label.video for label in recorded.labels.values()])
    carriers = body[
        [not _rotation_undetermined(generic, body == carrier, carrier, video) for carrier in body]
    ]
    fit = fit_with_identified_joints(fit_of, generic, study.model_map.held, carriers)
    session = recorded.session(participant_id)
    fit = session.fit_of(fit)
    names = {label: study.marker_set.model_name(label) for label in session.names}
    return Calibration(fit, moving_shape(fit), names, recorded.trials[participant_id])


def _rotation_undetermined(
    skeleton: Skeleton, on_body: BoolArray, body: int, video: BoolArray
) -> bool:
    """Tell whether a segment with three rotations, such as a neck, has too few video points."""
    turns = int((skeleton.axes.is_rotation & (skeleton.axes.body == body)).sum())
    return bool(turns >= MIN_VIDEO_POINTS > on_body.sum() and video[on_body].all())


def session_problem(
    study: Study, participant_id: str, generic: Skeleton
) -> tuple[Callable[[Skeleton], Problem], PersonRecordings]:
    """Return the fit's problem as a function of the generic model, and the person's recordings.

    The hips are predicted from one session's spines: further sessions repeat the regression error.
    """
    parts = body_parts(generic, study.model_map)
    joints = study.model_map.joints.by_name()
    placed = labels_on_model(study.marker_set, generic, joints)
    recorded = person_recordings(study, participant_id, placed)
    template_markers, sds = expected_positions(generic, parts, recorded.labels)
    frames = face_template(
        chosen_frames(recorded.recordings, template_markers.body, STATIC_WINDOW_S),
        generic,
        template_markers,
    )
    person = recorded_person(study, participant_id)
    sizes = size_prior(parts, body_sizes(), person, reference_person(study, person.sex))
    video = np.array([label.video for label in recorded.labels.values()])
    twin = twins(generic.bodies, study.model_map.groups)
    pairs = [
        pair
        for session in recorded.sessions
        for pair in landmark_twins(
            template_markers, twin, sds, [n for n in session.labels.tolist() if not video[n]]
        )
    ]
    postures, pelvis = posture_prior(generic, study.model_map), study.marker_set.pelvis
    spines = recorded.labelled(pelvis.front, pelvis.back)

    def problem_of(skeleton: Skeleton) -> Problem:
        template = Template.of(skeleton, study.model_map, template_markers)
        hips = HipObservation.of(template, recorded.labels, spines, sds)
        return Problem(template, frames, priors(template, sizes, sds, postures, video, pairs), hips)

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
    for estimate in calibration.lengths:
        if estimate.unknown:
            slope = length_slopes(calibration.fit)[estimate.name]
            help_ = helpful_marker(calibration.fit, model_map, worn, slope[None])
            yield _unknown_length(estimate, participant_id, help_)
    if odd := [
        estimate for estimate in calibration.lengths if estimate.improbable and not estimate.unknown
    ]:
        yield _improbable_length(
            sorted(odd, key=lambda estimate: -abs(estimate.distance)), participant_id
        )
    if not calibration.fit.settled:
        yield Finding(
            rule="calibration-not-settled",
            severity="warning",
            what="the fit of the body still moves after its last step.",
            participant=participant_id,
            fix="look for labels that are elsewhere, and for trials of another person.",
        )


def _unknown_length(estimate: LengthEstimate, participant_id: str, help_: str) -> Finding:
    return Finding(
        rule="length-not-observed",
        severity="warning",
        what=f"{estimate.words} is {1e3 * estimate.length:.0f} ± {1e3 * estimate.sd:.0f} mm: "
        f"the recordings tell {estimate.determined_share:.0%} of it, the rest is what sex, stature "
        "and mass let expect.",
        participant=participant_id,
        number=estimate.sd,
        unit="m",
        fix=f"{help_ or 'wear markers on the bony landmarks at both ends'}; or enter the stature.",
    )


def _improbable_length(odd: Sequence[LengthEstimate], participant_id: str) -> Finding:
    estimate, other_words = odd[0], ", ".join(estimate.words for estimate in odd[1:])
    return Finding(
        rule="length-improbable",
        severity="warning",
        what=f"{estimate.words} is {1e3 * estimate.length:.0f} mm, "
        f"{abs(estimate.distance):.1f} standard deviations "
        f"{'above' if estimate.distance > 0 else 'below'} the {1e3 * estimate.expected:.0f} mm "
        "that sex, stature and mass let expect"
        f"{other_words and f' (likewise {other_words})'}.",
        participant=participant_id,
        number=estimate.length,
        unit="m",
        fix="check stature, unit of length and labels.",
    )


def session_findings(study: Study, participant_id: str) -> Iterator[Finding]:
    """Remark that several rows of the sheet are one person, whom tests count once."""
    sessions = study.sessions_of(participant_id)
    if len(sessions) > 1:
        first = study.same_person(participant_id)[0]
        yield Finding(
            rule="person-sessions",
            severity="info",
            what=f"{', '.join(sessions)} are one person: the body is calibrated from all of them, "
            f"and hypotheses count the person once, by the trials of {first}; contrasts compare "
            "sessions.",
            participant=participant_id,
            fix="the row that comes first in the sheet counts.",
        )


def label_errors(calibration: Calibration) -> tuple[dict[str, float], float]:
    """RMS distance of each label visible in the fitted frames, m, and over all labels."""
    fit = calibration.fit
    distance = np.where(fit.problem.visible, np.linalg.norm(fit.error, axis=2), np.nan)
    label_indices = np.flatnonzero(fit.problem.visible.any(axis=0))
    labels = [calibration.template.markers.labels[index] for index in label_indices]
    by_label = np.sqrt(np.nanmean(distance[:, label_indices] ** 2, axis=0))
    errors = dict(zip(labels, by_label.tolist(), strict=True))
    return errors, float(np.sqrt(np.nanmean(distance**2)))
