"""One trial: from its recording to markers, loads and contacts in ground axes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.io.recording import Recording
from aqbio.mechanics.force_plates.plates import Plates
from aqbio.mechanics.recordings.axes import LaboratoryToGround
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.recordings.foot_contacts import EventRules, FeetLoads, feet_loads
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.names import SIDES
from aqbio.stages.preparation.axes import laboratory_axes, missing_labels
from aqbio.stages.preparation.contacts import note_contacts
from aqbio.stages.preparation.ground import Ground, running_ground, standing_ground
from aqbio.stages.preparation.markers import check_clock, check_paths, check_rates, filled_markers
from aqbio.stages.preparation.notes import Notes
from aqbio.stages.preparation.plates import ground_plates


@dataclass(frozen=True, slots=True)
class PreparedTrial:
    """Everything that is known about a trial before a model comes into play; ground axes.

    Attributes
    ----------
    labels : tuple of M str
    rate : float
        Of the markers, Hz; the first frame is at 0 s.
    markers, filtered : (T, M, 3) arrays, m
        Short gaps filled; NaN where a marker is missing.
    filled : (T, M) array of bool
    axes : LaboratoryToGround
    ground : Ground
    plates : Plates or None
    loads : FeetLoads or None
        None without plates and for a static trial.
    threshold : float
        Of the events, N.
    """

    labels: tuple[str, ...]
    rate: float
    markers: FloatArray
    filtered: FloatArray
    filled: BoolArray
    axes: LaboratoryToGround
    ground: Ground
    plates: Plates | None
    loads: FeetLoads | None
    threshold: float

    @property
    def time(self) -> FloatArray:
        """Clock of the markers, s."""
        return np.arange(len(self.markers)) / self.rate


def prepare_trial(
    recording: Recording,
    trial: Trial,
    marker_set: MarkerSet,
    settings: tuple[Laboratory, Prepare],
    notes: Notes,
) -> PreparedTrial:
    """Prepare one trial.

    Parameters
    ----------
    recording : Recording
        As read.
    trial : Trial
        Its row in the sheet.
    marker_set : MarkerSet
        Tells which labels are feet and pelvis.
    settings : (Laboratory, Prepare)
    notes : Notes
        Gets all findings.

    Raises
    ------
    AqbioError
        When the axes cannot be told, a rate is too low for the cut-off, or the files do not belong
        together.
    """
    laboratory, prepare = settings
    recording = _without_markers(recording, laboratory.ignore_markers)
    notes.adopt(recording.findings)
    check_rates(recording, prepare.cutoff_hz, notes)
    check_clock(recording, notes)
    missing_labels(recording, marker_set, notes, moving=trial.task != "static")
    axes = laboratory_axes(recording, marker_set, laboratory.axes, notes)
    check_paths(recording, notes)
    recording = replace(recording, positions=recording.positions @ axes.matrix.T)
    plates, moving = None, trial.task != "static"
    if recording.forces is not None:
        plates = ground_plates(
            recording.forces, axes.matrix, laboratory.ignore_plates, notes, moving=moving
        )
    loads, ground, threshold = None, standing_ground(recording, marker_set), 0.0
    if moving:
        loads, ground, threshold = _moving(recording, plates, trial, marker_set, settings, notes)
    if loads is not None and plates is not None:
        note_contacts(loads, plates, prepare.edge_distance_m, notes)
    markers, filled = filled_markers(recording, loads, prepare, notes)
    return PreparedTrial(
        labels=recording.labels,
        rate=recording.rate,
        markers=markers,
        filtered=low_pass(markers, recording.rate, prepare.cutoff_hz),
        filled=filled,
        axes=axes,
        ground=ground,
        plates=plates,
        loads=loads,
        threshold=threshold,
    )


def _without_markers(recording: Recording, ignored: tuple[str, ...]) -> Recording:
    kept = [index for index, label in enumerate(recording.labels) if label not in ignored]
    return replace(
        recording,
        labels=tuple(recording.labels[index] for index in kept),
        positions=recording.positions[:, kept],
    )


def _foot_labels(marker_set: MarkerSet) -> list[tuple[str, ...]]:
    return [(foot.heel, *foot.toe) for foot in (getattr(marker_set.feet, side) for side in SIDES)]


def _moving(
    recording: Recording,
    plates: Plates | None,
    trial: Trial,
    marker_set: MarkerSet,
    settings: tuple[Laboratory, Prepare],
    notes: Notes,
) -> tuple[FeetLoads | None, Ground, float]:
    """Contacts, surface and heading: the surface decides the threshold of the contacts."""
    laboratory, prepare = settings
    threshold = prepare.event_threshold_overground_n
    loads = _loads(recording, plates, marker_set, prepare, threshold)
    ground = running_ground(recording, loads, trial, marker_set, laboratory, notes)
    if ground.surface == "treadmill":
        threshold = prepare.event_threshold_treadmill_n
        loads = _loads(recording, plates, marker_set, prepare, threshold)
    if loads is None:
        notes.add(
            "forces-none",
            "warning",
            "the trial has no force plates: kinetics and events from plates are not possible.",
            fix="name the MOT file in the column force_file, if there is one.",
        )
    return loads, ground, threshold


def _loads(
    recording: Recording,
    plates: Plates | None,
    marker_set: MarkerSet,
    prepare: Prepare,
    threshold: float,
) -> FeetLoads | None:
    if plates is None:
        return None
    labels = _foot_labels(marker_set)
    feet = np.full((len(recording.positions), 2, max(map(len, labels)), 3), np.nan)
    for foot, side in enumerate(labels):
        for place, label in enumerate(side):
            if label in recording.labels:
                feet[:, foot, place] = recording.positions[:, recording.labels.index(label)]
    rules = EventRules(
        threshold=threshold,
        minimum_s=prepare.event_minimum_s,
        event_cutoff=prepare.event_cutoff_hz,
        cutoff=prepare.cutoff_hz,
        cop_threshold=prepare.cop_threshold_n,
    )
    time = np.arange(len(recording.positions)) / recording.rate
    return feet_loads(plates, feet, time, rules)
