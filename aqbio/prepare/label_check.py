"""Labels of a trial checked against the marker set and the static trial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from aqbio.config import MarkerSet, ModelMap, Trial
from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.recording import Recording
from aqbio.io.study import Study
from aqbio.io.trial_files import read_recording, standing_recording
from aqbio.labels.assign import placed_labels
from aqbio.labels.by_name import landmark_table
from aqbio.labels.marker_set import landmarks_of
from aqbio.names import MILLIMETRES
from aqbio.prepare.axes import LaboratoryToGround, laboratory_axes
from aqbio.prepare.body_labels import BodyLabels, Limbs, has_size_of_people
from aqbio.prepare.label_evidence import distances_to
from aqbio.prepare.label_faults import (
    IN_ALL_FRAMES,
    LABELS_EXCHANGED,
    MASKING,
    note_exchange,
    with_masked_labels,
)
from aqbio.prepare.notes import Notes
from aqbio.prepare.side_evidence import OtherRecordings
from aqbio.prepare.side_faults import with_resolved_sides
from aqbio.prepare.stated_labels import LABELS_AS_RECORDED, stated_labels
from aqbio.study.manifest import OK
from aqbio.vectors import FloatArray, finite_median


@dataclass(frozen=True, eq=False)
class StaticReference:
    """Marker positions of a participant standing still."""

    positions: Mapping[str, FloatArray] = field(default_factory=dict)
    """mapping of (3,) arrays, m. Median position by label, laboratory axes; empty without a static
    trial."""
    limbs: Limbs = field(default_factory=dict)
    """mapping of (left, right). Bodies of legs and arms from the trunk outwards, by limb."""
    axes: LaboratoryToGround | None = None
    """Axes of the laboratory from upright standing; None if undetermined."""
    exchanged: tuple[tuple[str, str], ...] = ()
    """Pairs of labels that the static trial has the other way round than all runs; they are not in
    ``positions``."""
    as_read: Recording | None = None
    """The static trial as its one file holds it; None where it has another one of forces."""

    def recording_of(self, study: Study, trial: Trial) -> Recording:
        """Read a trial, unless it is the static one, which was read."""
        if self.as_read is not None and trial == study.static_of(trial.participant_id):
            return self.as_read
        files = study.recording(trial), study.forces(trial)
        return read_recording(*files, study.settings.laboratory.marker_unit)

    def without_exchanged(self, pairs: Sequence[tuple[str, str]]) -> StaticReference:
        """The reference without pairs of labels that are exchanged in it."""
        labels = {label for pair in pairs for label in pair}
        positions = {label: at for label, at in self.positions.items() if label not in labels}
        return replace(self, positions=positions, exchanged=tuple(pairs))


def static_reference(study: Study, participant_id: str) -> StaticReference:
    """Read a participant's marker positions in the static trial, if there is one."""
    static, limbs = study.static_of(participant_id), limbs_of(study.model_map)
    if static is None:
        return StaticReference({}, limbs)
    try:
        unit = study.settings.laboratory.marker_unit
        notes = Notes(static.trial_id, participant_id, static.source, static.source)
        as_read = read_recording(study.recording(static), unit=unit)
        stated = stated_labels(static, study.settings.files.trials)
        recording = standing_recording(stated.applied(as_read, notes), static.source)
        labels = BodyLabels.of_marker_set(study.marker_set, limbs)
        if not has_size_of_people(recording, labels):
            return StaticReference({}, limbs)
        company = other_recordings_of(study, static)
        recording = with_resolved_sides(recording, static, labels, company, notes)
        if not stated.as_recorded:
            recording = with_masked_labels(recording, study.marker_set, limbs, {}, notes)
    except AqbioError:
        return StaticReference({}, limbs)  # reported where the static trial itself is prepared
    try:
        axes = laboratory_axes(recording, study.marker_set, study.settings.laboratory.axes, notes)
    except AqbioError:
        axes = None
    whole = None if study.forces(static) else as_read
    return StaticReference(median_positions(recording), limbs, axes, as_read=whole)


def exchanged_in_static(moving: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of labels that all of several prepared runs have the other way round.

    That one static trial is wrong is likelier then than that every run is.
    """
    pairs = [
        {
            (names[0], names[1])
            for finding in entry["findings"]
            if finding["rule"] == LABELS_EXCHANGED and finding["where"] == IN_ALL_FRAMES
            if len(names := finding["label"].split(", ")) == 2
        }
        for entry in moving
        if entry["status"] == OK
    ]
    return sorted(set.intersection(*pairs)) if len(pairs) > 1 else []


def limbs_of(model_map: ModelMap) -> Limbs:
    """Bodies of legs and arms of a model, left and right, from the trunk outwards."""
    groups = model_map.groups
    return {
        limb: (groups.get(f"{limb}_left", ()), groups.get(f"{limb}_right", ()))
        for limb in ("leg", "arm")
    }


def other_recordings_of(study: Study, trial: Trial) -> OtherRecordings:
    """Reader of the other readable recordings of a trial's participant."""

    def readable_recordings() -> Iterator[Recording]:
        for other in study.trials:
            is_other_trial = (
                other.participant_id == trial.participant_id and other.trial_id != trial.trial_id
            )
            if not is_other_trial or other.include != "yes" or other.coordinates_file:
                continue
            try:
                files = study.recording(other), study.forces(other)
                yield read_recording(*files, study.settings.laboratory.marker_unit)
            except (AqbioError, OSError):
                continue  # reported where that trial is prepared

    return readable_recordings


def with_numbered_unknowns(recording: Recording, marker_set: MarkerSet, notes: Notes) -> Recording:
    """Replace unknown labels by numbers: they may be names of persons."""
    labels = tuple(
        label if label in marker_set.markers else f"unused point {number}"
        for number, label in enumerate(recording.labels, 1)
    )
    if unknown := [label for label in labels if label not in marker_set.markers]:
        notes.add(
            "labels-unknown",
            "info",
            f"{listed(unknown)}: their labels are not in the marker set, so that nothing is "
            "computed of them. Labels may be names of persons: they are numbered instead.",
            number=len(unknown),
            fix="add those to the marker set that are to be used.",
            label=", ".join(unknown),
        )
    numbered = dict(zip(recording.labels, labels, strict=True))
    findings = tuple(
        _without_unknown_labels(finding, marker_set, numbered) for finding in recording.findings
    )
    return replace(recording, labels=labels, findings=findings)


def _without_unknown_labels(
    finding: Finding, marker_set: MarkerSet, numbered: Mapping[str, str]
) -> Finding:
    """Replace labels that are not in the marker set in a reader's finding likewise."""
    names = filter(None, finding.label.split(", "))
    unknown = sorted(
        {name for name in names if name not in marker_set.markers}, key=len, reverse=True
    )
    text, label = finding.what, finding.label
    for name in unknown:
        replacement = numbered.get(name, "another point")
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
        text, label = (re.sub(pattern, replacement, text) for text in (text, label))
    return replace(finding, what=text, label=label)


def median_positions(recording: Recording) -> dict[str, FloatArray]:
    """Median position (3,), m, of every visible marker."""
    visible = np.asarray(np.isfinite(recording.positions).all(axis=2))
    return {
        label: np.median(recording.positions[visible[:, index], index], axis=0)
        for index, label in enumerate(recording.labels)
        if visible[:, index].any()
    }


def standing_positions(recording: Recording, file: str) -> dict[str, FloatArray]:
    """Median position (3,), m, of every marker of a static trial while the person stands."""
    return median_positions(standing_recording(recording, file))


def note_misplaced_labels(recording: Recording, marker_set: MarkerSet, notes: Notes) -> None:
    """Warn of labels of a static trial that are not where the marker set has them."""
    landmark_of_label = landmarks_of(marker_set)
    static = {
        label: at for label, at in median_positions(recording).items() if label in landmark_of_label
    }
    _, doubts = placed_labels(static, landmark_of_label, landmark_table())
    if doubts:
        reasons = dict.fromkeys(doubt.why for doubt in doubts.values())
        alike = {why: [x for x, doubt in doubts.items() if doubt.why == why] for why in reasons}
        notes.add(
            "labels-elsewhere",
            "warning",
            "labels of the static trial are not where the marker set has them: "
            f"{'; '.join(f'{listed(labels)}: {why}' for why, labels in alike.items())}.",
            number=len(doubts),
            fix="look at them in the capture software; correct their landmarks in markers.yaml, or "
            "make them `tracking: true`.",
            label=", ".join(doubts),
        )


def with_checked_labels(
    recording: Recording, trial: Trial, static: StaticReference, marker_set: MarkerSet, notes: Notes
) -> Recording:
    """Mask labels that are not where they were, unless the row says ``fix: labels as recorded``.

    A static trial is not held against itself, but against all runs. Markers of no person's size,
    which are refused for it, say nothing of labels.
    """
    labels = BodyLabels.of_marker_set(marker_set, static.limbs)
    if LABELS_AS_RECORDED in trial.fixes or not has_size_of_people(recording, labels):
        return recording
    if trial.task == "static":
        recording = _without_exchanged(recording, static.exchanged, trial, notes)
    positions = {} if trial.task == "static" else static.positions
    return with_masked_labels(
        recording, marker_set, static.limbs, positions, notes, stated=trial.fixes
    )


@contextmanager
def explained_by_labels(notes: Notes) -> Iterator[None]:
    """Name labels that are not used as the cause of an error that follows from that."""
    try:
        yield
    except AqbioError as error:
        masked = [finding for finding in notes.findings if finding.rule in MASKING]
        if not masked:
            raise
        cause = next((finding for finding in masked if finding.proposal), masked[0])
        raise AqbioError(
            f"{cause.what} Without them: {error.what}",
            file=cause.file,
            where=cause.where,
            fix=cause.fix,
            rule=cause.rule,
            proposal=cause.proposal,
        ) from error


def _without_exchanged(
    recording: Recording, pairs: Sequence[tuple[str, str]], trial: Trial, notes: Notes
) -> Recording:
    """A static trial without pairs of labels that all runs have the other way round."""
    positions = recording.positions.copy()
    for pair in pairs:
        if {*pair} <= {*recording.labels}:
            columns = [recording.labels.index(label) for label in pair]
            distance = finite_median(distances_to(positions, columns[0], columns[1:])[:, 0])
            positions[:, columns] = np.nan
            names = " and ".join(pair)
            words = f"all runs have them the other way round, {MILLIMETRES * distance:.0f} mm apart"
            note_exchange(
                f"labels {names}",
                pair,
                IN_ALL_FRAMES,
                (words, distance),
                [f"swap {names}"],
                trial.fixes,
                notes,
            )
    return replace(recording, positions=positions) if pairs else recording
