"""Stage prepare: recordings to markers, loads and contacts in ground axes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from aqbio.body.statements import (
    MASS_DISAGREEMENT,
    MASS_UNKNOWN,
    blocking_failure,
    body_masses,
    mass_findings,
)
from aqbio.config import Trial
from aqbio.config.settings import LaboratoryAxes
from aqbio.errors import Finding, listed
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.netcdf import write_dataset
from aqbio.io.opensim_xml import model_masses
from aqbio.io.provenance import study_provenance
from aqbio.io.recording import Recording
from aqbio.io.study import Study
from aqbio.io.trial_files import read_recording, standing_recording
from aqbio.labels.against_names import name_findings, spare_labels
from aqbio.prepare.axes import MARKER_ABSENT
from aqbio.prepare.bandwidth import hidden_motion, hidden_rates
from aqbio.prepare.body_size import (
    force_findings,
    pelvis_height,
    person_findings,
    size_findings,
    stance_height,
    standing_mass,
    vertical_masses,
)
from aqbio.prepare.clock import note_rate
from aqbio.prepare.coordinates import coordinates_trial
from aqbio.prepare.dataset import prepared_dataset
from aqbio.prepare.events_from_markers import foot_markers, kinematic_errors
from aqbio.prepare.handedness import LABELS_SWAPPED, BodyLabels, with_resolved_sides
from aqbio.prepare.label_check import (
    StaticReference,
    note_misplaced_labels,
    other_recordings_of,
    static_reference,
    with_checked_labels,
    with_numbered_unknowns,
)
from aqbio.prepare.marked_body import SegmentMasses
from aqbio.prepare.notes import Considered, Notes
from aqbio.prepare.pressure_place import displaced_trials, foot_pressure_positions, misplaced_plates
from aqbio.prepare.stated_faults import stated_faults
from aqbio.prepare.trial import PreparedTrial, prepare_trial
from aqbio.prepare.used_size import measured_stature
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

STOPS = ("mass-disagreement", "another-person", "mass-unknown")
"""Errors about a participant without whose correction nothing can be computed."""

OPENSIM_AXES = LaboratoryAxes(forward="+x", up="+y")
"""Axes of coordinates that come from OpenSim."""


@participant_stage(STAGE, mass_kg=None, mass_source="", masses_kg={}, spare_labels={})
def prepare_participant(study: Study, participant_id: str, report: Report) -> None:
    """Prepare the static trials and all moving trials of a participant.

    Writes ``prepared/<trial>.nc``, and ``prepare.json`` last. A trial that cannot be prepared is
    recorded with its reason and stops no other.
    """
    reference = static_reference(study, participant_id)
    considered: dict[str, list[Considered]] = {}

    def work(trial: Trial) -> TrialOutcome:
        return _prepare(study, participant_id, trial, reference, considered)

    unmoving = []
    for static in study.still_of(participant_id):
        unmoving.append(run_trial(study, participant_id, STAGE, static, work))
        reason = unmoving[-1]["reason"]
        report(f"{participant_id} {static.trial_id}: {'failed: ' + reason if reason else 'done'}")
    moving = run_trials(study, participant_id, STAGE, work, report)
    calibrating = calibration_labels(reference.positions, moving)
    moving = [without_absences(entry, calibrating) for entry in moving]
    # Stature and mass come from standing upright, not from lying on a board.
    upright = 0 if study.static_of(participant_id) is None else 1
    trials = [*unmoving[:upright], *moving]
    person = study.participant(participant_id)
    masses = body_masses(person.mass_kg, trials)
    chosen = next(iter(masses.items()), ("", None))
    trials_done = (*unmoving, *moving)
    for entry in trials_done:
        entry["considered"] = [asdict(x) for x in considered.get(entry["trial_id"], ())]
    stops = [entry["reason"] for entry in trials_done]
    findings: list[Finding] = [*name_findings(study, participant_id)]
    if not stops or not all(stops):  # else a mass that is not known is a consequence, no cause
        prepared = [entry["trial_id"] for entry in trials_done if entry["status"] == OK]
        findings += person_findings(study, person, prepared)
        sheet, mass = study.settings.files.participants, chosen[1]
        peak = max((entry["peak_n"] for entry in trials if entry.get("peak_n")), default=None)
        findings += mass_findings(person, masses, MASS_DISAGREEMENT, sheet)
        findings += size_findings(person, measured_stature(trials), mass, sheet)
        findings += force_findings(person, peak, mass, sheet)
        findings += misplaced_plates(participant_id, moving, study.settings.files.trials)
        findings += displaced_trials(participant_id, moving, study.settings.files.trials)
        if blocking_failure(study, participant_id, trials_done, weighed=bool(masses)):
            findings = [finding for finding in findings if finding.rule != MASS_UNKNOWN]
        stops = [
            finding.what
            for finding in findings
            if finding.rule in STOPS and finding.severity == "error"
        ]
    if calibrating:
        findings += [_calibration_only(participant_id, sorted(calibrating))]
    if not moving:
        findings += [_nothing_moves(study, participant_id)]
    write_manifest(
        study,
        participant_id,
        STAGE,
        [*unmoving, *moving],
        reason=next(iter(stops), ""),
        findings=findings,
        mass_kg=chosen[1],
        mass_source=chosen[0],
        masses_kg=masses,
        spare_labels=spare_labels(reference.positions, study.marker_set),
    )


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


def _prepare(
    study: Study,
    participant_id: str,
    trial: Trial,
    reference: StaticReference,
    considered: dict[str, list[Considered]],
) -> TrialOutcome:
    """Read and prepare one trial, and write it.

    What was ``considered`` of its forces is put there, by trial: of one that is refused too.
    """
    settings, laboratory, read = study.settings, study.settings.laboratory, None
    notes = Notes(trial.trial_id, participant_id, trial.source, trial.force_file or trial.source)
    considered[trial.trial_id] = notes.considered
    files = study.recording(trial), study.forces(trial)
    stated = stated_faults(trial, settings.files.trials)
    if trial.coordinates_file:
        read, description = coordinates_trial(study, trial), study.model_file(participant_id)
        recording, marker_set = read.recording, read.marker_set
        laboratory = laboratory.model_copy(update={"axes": OPENSIM_AXES})
    else:
        marker_set, description = study.marker_set, study.marker_file
        recording = read_recording(*files, laboratory.marker_unit)
        if trial.task == "static":
            recording = standing_recording(recording, files[0].name)
        body = BodyLabels.of_marker_set(marker_set, reference.limbs)
        recording = with_resolved_sides(
            recording, trial, body, other_recordings_of(study, trial), notes
        )
        recording = with_numbered_unknowns(recording, marker_set, notes)
        if trial == study.static_of(participant_id) and not study.within:  # not for every model
            note_misplaced_labels(recording, marker_set, notes)
        recording = with_checked_labels(recording, trial, reference, marker_set, notes)
    upright = trial.task != "static" or trial == study.static_of(participant_id)
    axes = None if upright else reference.axes
    is_body_shown = trial.task != "static" and (read is None or read.shows_body)
    masses = _segment_masses(study, participant_id) if is_body_shown else None
    prepared = prepare_trial(
        recording, trial, marker_set, laboratory, settings.prepare, notes, axes=axes, masses=masses,
        stated=stated,
    )  # fmt: skip
    numbers = trial_numbers(prepared, trial, STATIC_WINDOW_S)
    if trial.task == "static":
        height = pelvis_height(prepared.labels, prepared.markers, marker_set)
        numbers["pelvis_height_m"] = height
    elif masses is not None and read is None:
        numbers["stance_height_m"] = stance_height(prepared, marker_set)
        note_rate(prepared, marker_set, masses, notes)
        marked = Recording(prepared.labels, prepared.markers, prepared.rate)
        numbers["pressure_places"] = foot_pressure_positions(
            prepared, foot_markers(marked.labels, marked.positions, marker_set)
        )
    stem = study.folder(participant_id, STAGE) / trial.trial_id
    if read is not None:
        read.write(stem)
    inputs = tuple(path for path in files if path)
    attributes: dict[str, Any] = {
        "trial_id": trial.trial_id,
        "participant_id": participant_id,
        **study_provenance(study, STAGE, (*inputs, description)),
    }
    if any(
        finding.rule == LABELS_SWAPPED and finding.severity == "warning"
        for finding in notes.findings
    ):
        attributes["exchanged_labels"] = 1
    dataset = prepared_dataset(prepared, settings.prepare.cutoff_hz)
    write_dataset(dataset, stem.with_name(f"{stem.name}.nc"), attributes)
    return TrialOutcome(numbers=numbers, findings=tuple(notes.findings), inputs=inputs)


def marker_low_pass_entry(prepared: PreparedTrial) -> dict[str, float] | None:
    """Cut-off of the filter of the markers, Hz, and what it hides during a contact; None: none."""
    low_pass = prepared.marker_low_pass
    durations = [x.toe_off - x.touchdown for x in prepared.contacts if x.complete]
    known = [duration for duration in durations if np.isfinite(duration)]
    if low_pass is None or not known:
        return None
    contact = float(np.median(known))
    return {
        "stated_hz": low_pass.stated_hz,
        "hidden_motion": hidden_motion(low_pass, contact),
        "hidden_rates": hidden_rates(low_pass, contact),
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
    plates = prepared.plates
    if plates is not None and trial.task == "static":
        mass = standing_mass(plates.vertical, plates.rate, window_s)
        numbers["standing_mass_kg"] = None if np.isnan(mass) else mass
    if prepared.vertical is not None:
        plates, loads = prepared.vertical
        numbers["kinematic_errors"] = kinematic_errors(prepared.kinematic, loads.contacts)
        numbers["stride_masses_kg"] = vertical_masses(plates, loads).tolist()
        if not prepared.forces_lost:
            peaks = (contact.peak for contact in loads.contacts if contact.complete)
            numbers["peak_n"] = max(peaks, default=None)
    return numbers
