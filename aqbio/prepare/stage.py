"""Stage prepare: recordings to markers, loads and contacts in ground axes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from aqbio.body.statements import MASS_UNKNOWN, blocking_failure, body_masses, unknown_mass
from aqbio.config import MarkerSet, ModelMap, Participant, Trial
from aqbio.config.settings import LaboratoryAxes
from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.netcdf import write_dataset
from aqbio.io.opensim_xml import model_masses
from aqbio.io.provenance import study_provenance
from aqbio.io.recording import Recording
from aqbio.io.study import Study
from aqbio.io.trial_files import read_recording, standing_recording
from aqbio.labels.against_names import name_findings, spare_labels
from aqbio.names import LOW_PASSED
from aqbio.prepare.axes import MARKER_ABSENT
from aqbio.prepare.body_labels import BodyLabels
from aqbio.prepare.body_size import (
    Lengths,
    pelvis_height,
    stance_height,
    standing_mass,
    travelling_speed,
    vertical_masses,
)
from aqbio.prepare.checks import without_flicker
from aqbio.prepare.clock import note_rate
from aqbio.prepare.coordinates import CoordinatesTrial, coordinates_trial
from aqbio.prepare.dataset import prepared_dataset
from aqbio.prepare.events_from_markers import event_errors
from aqbio.prepare.filters import RecordedFilters, recorded_filters
from aqbio.prepare.label_check import (
    StaticReference,
    exchanged_in_static,
    explained_by_labels,
    note_misplaced_labels,
    other_recordings_of,
    static_reference,
    with_checked_labels,
    with_numbered_unknowns,
)
from aqbio.prepare.marked_body import SegmentMasses
from aqbio.prepare.notes import Considered, Notes
from aqbio.prepare.prepared import PLACE_ERROR
from aqbio.prepare.session import Session, session_remarks
from aqbio.prepare.side_faults import with_resolved_sides
from aqbio.prepare.stated_faults import AS_RECORDED, stated_faults
from aqbio.prepare.stated_labels import stated_labels
from aqbio.prepare.trial import PreparedTrial, prepare_trial, without_ignored
from aqbio.study.internal import contained
from aqbio.study.manifest import (
    OK,
    Report,
    TrialOutcome,
    participant_stage,
    run_trial,
    run_trials,
    write_manifest,
)

STAGE = "prepare"

OPENSIM_AXES = LaboratoryAxes(forward="+x", up="+y")
"""Axes of coordinates that come from OpenSim."""


@participant_stage(STAGE, mass_kg=None, mass_source="", masses_kg={}, spare_labels={})
def prepare_participant(study: Study, participant_id: str, report: Report) -> None:
    """Prepare the static trials and all moving trials of a participant.

    Writes ``prepared/<trial>.nc``, and ``prepare.json`` last. A trial that cannot be prepared is
    recorded with its reason and stops no other.
    """
    reference = static_reference(study, participant_id)
    person = study.participant(participant_id)
    sheets = study.settings.files.participants, study.settings.files.trials
    recordings = moving_recordings(study, participant_id)
    filters = session_filters(study, participant_id, recordings)
    work = _Preparation(study, participant_id, reference, recordings, filters)
    unmoving, moving = work.all_trials(report)
    if pairs := exchanged_in_static(moving):
        work = replace(
            work, reference=reference.without_exchanged(pairs), considered={}, lengths={}
        )
        unmoving, moving = work.all_trials(lambda _: None)
    session = _session(study, person, work.lengths, [*unmoving, *moving])
    as_recorded = [x.trial_id for x in study.trials_of(participant_id) if AS_RECORDED in x.fixes]
    for entry in (*unmoving, *moving):
        entry["considered"] = [asdict(x) for x in work.considered.get(entry["trial_id"], ())]
    calibrating = calibration_labels(work.reference.positions, moving)
    moving = [without_absences(entry, calibrating) for entry in moving]
    trials_done = (*unmoving, *moving)
    masses = body_masses(person.mass_kg, _upright(study, participant_id, trials_done))
    chosen = next(iter(masses.items()), ("", None))
    findings: list[Finding] = [*name_findings(study, participant_id)]
    findings += session_remarks(session, person, as_recorded, sheets)
    findings += _mass_unknown(study, person, trials_done, weighed=bool(masses))
    stops = [entry["reason"] for entry in trials_done]
    if not stops or not all(stops):
        stops = [x.what for x in findings if x.rule == MASS_UNKNOWN]
    if calibrating:
        findings += [_calibration_only(participant_id, sorted(calibrating))]
    if not moving:
        findings += [_nothing_moves(study, participant_id)]
    write_manifest(
        study,
        participant_id,
        STAGE,
        [*trials_done],
        reason=next(iter(stops), ""),
        findings=findings,
        mass_kg=chosen[1],
        mass_source=chosen[0],
        masses_kg=masses,
        spare_labels=spare_labels(work.reference.positions, study.marker_set),
    )


@dataclass(eq=False)
class _Preparation:
    """Work on the trials of a participant, and what is compared between them."""

    study: Study
    participant_id: str
    reference: StaticReference
    recordings: Mapping[str, Recording | CoordinatesTrial]
    """Moving trials as their files hold them."""
    filters: Mapping[str, RecordedFilters]
    """Filters of the session's export, by moving trial."""
    considered: dict[str, list[Considered]] = field(default_factory=dict)
    """Explanations of the forces that came near, by trial."""
    lengths: dict[str, Lengths] = field(default_factory=dict)
    """Distances between the markers of a trial, of one that is refused too."""

    def __call__(self, trial: Trial) -> TrialOutcome:
        """Prepare a trial."""
        return _prepare(self, trial)

    def all_trials(self, report: Report) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Entries of the manifest of standing and of moving trials."""
        study, participant_id = self.study, self.participant_id
        unmoving = []
        for static in study.still_of(participant_id):
            unmoving.append(run_trial(study, participant_id, STAGE, static, self))
            reason = unmoving[-1]["reason"]
            report(
                f"{participant_id} {static.trial_id}: {'failed: ' + reason if reason else 'done'}"
            )
        return unmoving, run_trials(study, participant_id, STAGE, self, report)


def moving_recordings(study: Study, participant_id: str) -> dict[str, Recording | CoordinatesTrial]:
    """Read the moving trials of a participant; those that cannot be read are not among them."""
    recordings: dict[str, Recording | CoordinatesTrial] = {}
    for trial in study.moving_of(participant_id):
        try:
            with contained(study, STAGE, participant_id, trial.trial_id):
                recordings[trial.trial_id] = (
                    coordinates_trial(study, trial)
                    if trial.coordinates_file
                    else read_recording(
                        study.recording(trial),
                        study.forces(trial),
                        study.settings.laboratory.marker_unit,
                    )
                )
        except AqbioError:
            continue  # reported where that trial is prepared
    return recordings


def session_filters(
    study: Study, participant_id: str, recordings: Mapping[str, Recording | CoordinatesTrial]
) -> dict[str, RecordedFilters]:
    """Filters that the exports of a participant's moving trials went through, by trial."""
    by_format = []
    for trial_id, read in recordings.items():
        trial = study.trial(participant_id, trial_id)
        formats = [path.suffix for path in (study.recording(trial), study.forces(trial)) if path]
        recording = read if isinstance(read, Recording) else read.recording
        recording = without_ignored(recording, study.settings.laboratory)
        steady = without_flicker(recording, Notes("", "", "", ""))
        by_format.append((" ".join(formats), steady))
    return dict(zip(recordings, recorded_filters(by_format), strict=True))


def _mass_unknown(
    study: Study, person: Participant, entries: Sequence[Mapping[str, Any]], *, weighed: bool
) -> list[Finding]:
    """Finding that the mass is unknown, unless that is a consequence of what failed."""
    reasons = [entry["reason"] for entry in entries]
    consequence = (reasons and all(reasons)) or blocking_failure(
        study, person.participant_id, entries, weighed=weighed
    )
    if weighed or person.model_file or consequence:
        return []
    return [unknown_mass(person.participant_id, study.settings.files.participants)]


def _upright(
    study: Study, participant_id: str, entries: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Entries of trials that show stature and mass: not of lying on a board."""
    static = study.static_of(participant_id)
    others = {x.trial_id for x in study.still_of(participant_id) if x != static}
    return [entry for entry in entries if entry["trial_id"] not in others]


def _session(
    study: Study,
    person: Participant,
    lengths: Mapping[str, Lengths],
    entries: Sequence[Mapping[str, Any]],
) -> Session:
    """Collect what the recordings of a participant state together."""
    upright = {
        entry["trial_id"]: entry for entry in _upright(study, person.participant_id, entries)
    }
    static = {trial.trial_id for trial in study.still_of(person.participant_id)}
    names = [entry["trial_id"] for entry in entries]
    return Session.of(
        {name: lengths.get(name, Lengths(static=name in static)) for name in names},
        limbs_of_labels(study.model_map, study.marker_set),
        {name: upright.get(name, {}) for name in names},
        person.mass_kg or float("nan"),
    )


def limbs_of_labels(model_map: ModelMap, marker_set: MarkerSet) -> dict[str, str]:
    """Part of the body, as a model's groups divide it, that each label is on."""
    groups = {body: group for group, bodies in model_map.groups.items() for body in bodies}
    return {
        label: groups[marker.body]
        for label, marker in marker_set.markers.items()
        if marker.body in groups
    }


def calibration_labels(
    static_labels: Collection[str], moving: Sequence[Mapping[str, Any]]
) -> frozenset[str]:
    """Labels of the static trial (``static_labels``) that every prepared moving trial lacks."""
    absent = [_absent_labels(entry) for entry in moving if entry["status"] == OK]
    return frozenset.intersection(*absent).intersection(static_labels) if absent else frozenset()


def _absent_labels(entry: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        finding["label"] for finding in entry["findings"] if finding["rule"] == MARKER_ABSENT
    )


def without_absences(entry: Mapping[str, Any], labels: Collection[str]) -> dict[str, Any]:
    """The entry of a trial without the findings that it lacks some labels."""
    findings = [
        finding
        for finding in entry["findings"]
        if finding["rule"] != MARKER_ABSENT or finding["label"] not in labels
    ]
    return {**entry, "findings": findings}


def _calibration_only(participant_id: str, labels: Sequence[str]) -> Finding:
    """Finding that some labels are in the static trial alone, as calibration markers are."""
    return Finding(
        rule="markers-calibration",
        severity="info",
        what=f"{listed(labels)}: in the static trial and in no run, as markers are that are taken "
        "off after the calibration.",
        participant=participant_id,
        number=len(labels),
        label=", ".join(labels),
    )


def _nothing_moves(study: Study, participant_id: str) -> Finding:
    """Finding of a participant without a moving trial."""
    return Finding(
        rule="no-moving-trial",
        severity="warning",
        what=f"{participant_id} has no moving trial: no number of a step can be computed.",
        participant=participant_id,
        file=study.settings.files.trials,
        fix="add a trial of a run; those that are called static stand still.",
    )


def _segment_masses(study: Study, participant_id: str) -> SegmentMasses:
    """Masses of the segments of a participant's generic model, and that of the sheet."""
    body_kg = study.participant(participant_id).mass_kg or float("nan")
    masses = model_masses(study.model_file(participant_id))
    return SegmentMasses(masses, study.model_map.groups, body_kg)


def _prepare(work: _Preparation, trial: Trial) -> TrialOutcome:
    """Read and prepare one trial, and write it.

    What was considered of its forces, and its lengths, are put into ``work``: of one that is
    refused too.
    """
    study, participant_id, reference = work.study, work.participant_id, work.reference
    settings, laboratory = study.settings, study.settings.laboratory
    as_read, read = work.recordings.get(trial.trial_id), None
    notes = Notes(trial.trial_id, participant_id, trial.source, trial.force_file or trial.source)
    work.considered[trial.trial_id] = notes.considered
    files = study.recording(trial), study.forces(trial)
    stated = stated_faults(trial, settings.files.trials, laboratory.fix)
    if trial.coordinates_file:
        read = as_read if isinstance(as_read, CoordinatesTrial) else coordinates_trial(study, trial)
        description = study.model_file(participant_id)
        recording, marker_set = read.recording, read.marker_set
        laboratory = laboratory.model_copy(update={"axes": OPENSIM_AXES})
    else:
        marker_set, description = study.marker_set, study.marker_file
        if not isinstance(as_read, Recording):
            as_read = reference.recording_of(study, trial)
        recording = stated_labels(trial, settings.files.trials).applied(as_read, notes)
        if trial.task == "static":
            recording = standing_recording(recording, files[0].name)
        body = BodyLabels.of_marker_set(marker_set, reference.limbs)
        recording = with_resolved_sides(
            recording, trial, body, other_recordings_of(study, trial), notes
        )
        recording = with_numbered_unknowns(recording, marker_set, notes)
        work.lengths[trial.trial_id] = Lengths.of(recording.labels, recording.positions)
        read_as, recording = (
            recording,
            with_checked_labels(recording, trial, reference, marker_set, notes),
        )
        if recording is not read_as:
            work.lengths[trial.trial_id] = Lengths.of(recording.labels, recording.positions)
        if trial == study.static_of(participant_id) and not study.within:  # not for every model
            note_misplaced_labels(recording, marker_set, notes)
    upright = trial.task != "static" or trial == study.static_of(participant_id)
    axes = None if upright else reference.axes
    is_body_shown = trial.task != "static" and (read is None or read.shows_body)
    masses = _segment_masses(study, participant_id) if is_body_shown else None
    with explained_by_labels(notes):
        prepared = prepare_trial(
            recording, trial, marker_set, laboratory, settings.prepare, notes, axes=axes,
            masses=masses, stated=stated, filters=work.filters.get(trial.trial_id),
        )  # fmt: skip
    numbers = trial_numbers(prepared, trial, STATIC_WINDOW_S)
    if trial.task == "static" or (masses is not None and read is None):
        numbers |= session_numbers(prepared, trial, marker_set)
    if masses is not None and read is None:
        note_rate(prepared, marker_set, masses, notes)
    stem = study.folder(participant_id, STAGE) / trial.trial_id
    if read is not None:
        read.write(stem)
    inputs = tuple(path for path in files if path)
    attributes: dict[str, Any] = {
        "trial_id": trial.trial_id,
        "participant_id": participant_id,
        **study_provenance(study, STAGE, (*inputs, description)),
    }
    dataset = prepared_dataset(prepared, settings.prepare.cutoff_hz)
    write_dataset(dataset, stem.with_name(f"{stem.name}.nc"), attributes)
    return TrialOutcome(numbers=numbers, findings=tuple(notes.findings), inputs=inputs)


def session_numbers(prepared: PreparedTrial, trial: Trial, marker_set: MarkerSet) -> dict[str, Any]:
    """Numbers of a trial that are compared between the recordings of a person."""
    if trial.task == "static":
        height = pelvis_height(prepared.labels, prepared.markers, marker_set)
        return {"pelvis_height_m": height}
    return {
        "stance_height_m": stance_height(prepared, marker_set),
        "speed_mps": travelling_speed(prepared, marker_set),
    }


def marker_low_pass_entry(prepared: PreparedTrial) -> dict[str, float] | None:
    """Cut-off of the filter of the markers, Hz, and what it hides during a contact; None: none."""
    low_pass, contact = prepared.marker_low_pass, prepared.contact_time
    if low_pass is None or np.isnan(contact):
        return None
    return {
        "stated_hz": low_pass.stated_hz,
        "hidden_motion": low_pass.hidden_motion(contact),
        "hidden_rates": low_pass.hidden_rates(contact),
    }


def trial_numbers(prepared: PreparedTrial, trial: Trial, window_s: float) -> dict[str, Any]:
    """Entry of a prepared trial in the manifest: surface, axes, rates, body masses."""
    numbers: dict[str, Any] = {
        "task": trial.task,
        "surface": prepared.ground.surface,
        "belt_speed_mps": prepared.ground.belt_speed,
        "marker_rate_hz": prepared.rate,
        "contacts": len(prepared.contacts),
        "events": prepared.events,
        "marker_low_pass": marker_low_pass_entry(prepared),
    }
    if prepared.place_error:
        numbers[PLACE_ERROR] = prepared.place_error
    plates = prepared.plates
    if plates is not None and trial.task == "static":
        known = plates.is_lost is None
        mass = standing_mass(plates.vertical, plates.rate, window_s) if known else float("nan")
        numbers["standing_mass_kg"] = None if np.isnan(mass) else mass
    if prepared.vertical is not None:
        plates, loads = prepared.vertical
        touchdown, toe_off = event_errors(prepared.kinematic, loads.contacts)
        errors = {"touchdown_s": touchdown.tolist(), "toe_off_s": toe_off.tolist()}
        numbers["kinematic_errors"] = errors
        numbers["stride_masses_kg"] = vertical_masses(plates, loads).tolist()
        if prepared.forces_lost != LOW_PASSED:
            peaks = (contact.peak for contact in loads.contacts if contact.complete)
            numbers["peak_n"] = max(peaks, default=None)
    return numbers
