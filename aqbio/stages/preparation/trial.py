"""One trial: from its recording to markers, loads and contacts in ground axes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.mechanics import surface
from aqbio.mechanics.axes import LaboratoryToGround, displacement, heading
from aqbio.mechanics.filters import low_pass
from aqbio.mechanics.foot_contacts import EventRules, FeetLoads, feet_loads
from aqbio.mechanics.gaps import fill_gaps, missing_share
from aqbio.mechanics.plates import Plates
from aqbio.mechanics.runs import runs
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.names import SIDES
from aqbio.stages.preparation.axes import (
    label_mean,
    laboratory_axes,
    mean_vector,
    missing_labels,
)
from aqbio.stages.preparation.contacts import note_contacts
from aqbio.stages.preparation.notes import Notes
from aqbio.stages.preparation.plates import ground_plates

BELT_DISAGREEMENT = 0.05
"""Relative difference between stated and estimated belt speed that is noted."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the runner runs on, and where to.

    Attributes
    ----------
    surface : {"overground", "treadmill"}
    belt_speed : float
        m/s; 0 overground.
    heading : float
        Direction of running about +y from +x, rad.
    """

    surface: str
    belt_speed: float
    heading: float


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
        When the axes cannot be told or the rate is too low for the cut-off.
    """
    laboratory, prepare = settings
    recording = _without_markers(recording, laboratory.ignore_markers)
    notes.adopt(recording.findings)
    missing_labels(recording, marker_set, notes, moving=trial.task != "static")
    axes = laboratory_axes(recording, marker_set, laboratory.axes, notes)
    recording = replace(recording, positions=recording.positions @ axes.matrix.T)
    plates, moving = None, trial.task != "static"
    if recording.forces is not None:
        plates = ground_plates(
            recording.forces, axes.matrix, laboratory.ignore_plates, notes, moving=moving
        )
    loads, ground, threshold = None, _standing(recording, marker_set), 0.0
    if moving:
        loads, ground, threshold = _moving(recording, plates, trial, marker_set, settings, notes)
    if loads is not None and plates is not None:
        note_contacts(loads, plates, prepare.edge_distance_m, notes)
    markers, filled = _filled_markers(recording, loads, prepare, notes)
    return PreparedTrial(
        labels=recording.labels,
        rate=recording.rate,
        markers=markers,
        filtered=_filtered(markers, recording.rate, prepare.cutoff_hz, notes),
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


def _pelvis(recording: Recording, marker_set: MarkerSet) -> FloatArray:
    front = label_mean(recording, marker_set.pelvis.front)
    return 0.5 * (front + label_mean(recording, marker_set.pelvis.back))


def _standing(recording: Recording, marker_set: MarkerSet) -> Ground:
    front = label_mean(recording, marker_set.pelvis.front)
    facing = mean_vector(front - label_mean(recording, marker_set.pelvis.back))
    return Ground("overground", 0.0, _known_heading(facing))


def _known_heading(direction: FloatArray) -> float:
    return 0.0 if np.isnan(direction).any() else heading(direction)


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
    ground = _ground(recording, loads, trial, marker_set, laboratory, notes)
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


def _ground(
    recording: Recording,
    loads: FeetLoads | None,
    trial: Trial,
    marker_set: MarkerSet,
    laboratory: Laboratory,
    notes: Notes,
) -> Ground:
    forefoot = np.stack(
        [label_mean(recording, getattr(marker_set.feet, side).toe) for side in SIDES], axis=1
    )
    time = np.arange(len(forefoot)) / recording.rate
    standing = np.stack([surface.low_frames(forefoot[:, foot]) for foot in (0, 1)], axis=1)
    if loads is not None and loads.contacts:
        for foot in (0, 1):
            mine = [contact for contact in loads.contacts if contact.foot == foot]
            standing[:, foot] = surface.middle_of_contacts(
                time,
                np.array([contact.touchdown for contact in mine]),
                np.array([contact.toe_off for contact in mine]),
            )
    moving_ground = surface.ground_velocity(forefoot, standing, recording.rate)
    travel = displacement(_pelvis(recording, marker_set))
    treadmill = surface.is_treadmill(moving_ground, travel, time[-1])
    if trial.belt_speed_mps:
        treadmill = True
    if laboratory.surface != "auto":
        treadmill = laboratory.surface == "treadmill"
    if not treadmill:
        return Ground("overground", 0.0, _known_heading(travel))
    estimate = float(np.hypot(moving_ground[0], moving_ground[2]))
    speed = trial.belt_speed_mps or estimate
    if abs(speed - estimate) > BELT_DISAGREEMENT * speed:
        notes.add(
            "belt-speed",
            "warning",
            f"the belt speed is stated as {speed:.2f} m/s, the stance feet move at "
            f"{estimate:.2f} m/s.",
            number=estimate,
            limit=speed,
            unit="m/s",
            fix="check belt_speed_mps in trials.tsv.",
        )
    return Ground("treadmill", speed, _known_heading(-moving_ground))


def _filled_markers(
    recording: Recording, loads: FeetLoads | None, prepare: Prepare, notes: Notes
) -> tuple[FloatArray, BoolArray]:
    longest = min(prepare.max_gap_frames, int(prepare.max_gap_s * recording.rate + 1e-9))
    instants = [] if loads is None else loads.contacts
    barriers = np.array([at for one in instants for at in (one.touchdown, one.toe_off)])
    markers, filled = fill_gaps(recording.positions, longest, barriers * recording.rate)
    share = missing_share(markers)
    frames = len(markers)
    for index in np.flatnonzero(share > 0.0):
        label = recording.labels[index]
        gaps = runs(np.isnan(markers[:, index, 0]))
        start, stop = gaps[np.argmax(gaps[:, 1] - gaps[:, 0])]
        much = share[index] > prepare.max_missing
        notes.add(
            "marker-missing",
            "warning" if much else "info",
            f"marker {label} is missing in {round(share[index] * frames)} of {frames} frames "
            f"({share[index]:.0%}) after gaps of up to {longest} frames were filled"
            + (f"; prepare.max_missing allows {prepare.max_missing:.0%}." if much else "."),
            number=float(share[index]),
            limit=prepare.max_missing,
            where=f"longest gap: frames {start + 1} to {stop}",
            fix="fill the gap in the capture software; it gets no weight in these frames.",
        )
    return markers, filled


def _filtered(markers: FloatArray, rate: float, cutoff: float, notes: Notes) -> FloatArray:
    try:
        return low_pass(markers, rate, cutoff)
    except ValueError as error:
        raise AqbioError(
            str(error),
            file=notes.file,
            fix="lower prepare.cutoff_hz in study.yaml.",
            rule="cutoff-too-high",
        ) from error
