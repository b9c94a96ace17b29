"""One trial: from its recording to markers, loads and contacts in ground axes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.force_plates.plates import Plates
from aqbio.gait.steps import EDGE_DISTANCE_M
from aqbio.io.recording import ForceRecording, Recording
from aqbio.recordings.axes import LaboratoryToGround
from aqbio.recordings.contacts import (
    ELSEWHERE,
    forces_elsewhere,
    note_contacts,
    note_no_forces,
    note_pressure,
    share_of_nobody,
)
from aqbio.recordings.events import event_error
from aqbio.recordings.foot_contacts import (
    COP_THRESHOLD_N,
    EVENT_MINIMUM_S,
    EventRules,
    FeetLoads,
    FootContact,
    contact_span,
    feet_loads,
)
from aqbio.recordings.ground import Ground, running_ground, standing_ground
from aqbio.recordings.kinematic import (
    NO_EVENTS,
    MarkerEvents,
    foot_markers,
    marker_events,
    note_kinematic,
)
from aqbio.recordings.markers import (
    check_clock,
    check_frames,
    check_paths,
    check_rates,
    check_task,
    filled_markers,
    without_flicker,
)
from aqbio.recordings.notes import Notes
from aqbio.recordings.stage_axes import laboratory_axes, missing_labels
from aqbio.recordings.stage_plates import ground_plates
from aqbio.recordings.under_feet import fitting_units, with_unmeasured
from aqbio.vectors import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class PreparedTrial:
    """Everything that is known about a trial before a model comes into play; ground axes."""

    labels: tuple[str, ...]
    """tuple of M str."""
    rate: float
    """Of the markers, Hz; the first frame is at 0 s."""
    markers: FloatArray
    """(T, M, 3) array, m. Short gaps filled; NaN where a marker is missing."""
    filled: BoolArray
    """(T, M) array of bool."""
    axes: LaboratoryToGround
    ground: Ground
    plates: Plates | None
    loads: FeetLoads | None
    """None without plates, without a contact on them, and for a static trial."""
    kinematic: tuple[FootContact, ...]
    """What the foot markers say: the trial's contacts where there are no loads."""
    threshold: float
    """Of the events, N."""
    contact_time_error: tuple[float, float]
    """How far a contact time may be off from plates and from foot markers, s; NaN where that was
    never tested."""

    @property
    def contacts(self) -> tuple[FootContact, ...]:
        """Contacts on plates, or from the foot markers where there are none on plates."""
        if self.loads is None:
            return self.kinematic
        every = (*self.loads.contacts, *self.loads.unmeasured)
        return tuple(sorted(every, key=lambda one: float(contact_span(one)[0])))

    @property
    def events(self) -> str:
        """Where the contacts come from: ``plates``, ``kinematic`` or ``none``."""
        if self.loads is not None:
            return "plates"
        return "kinematic" if self.kinematic else "none"

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
    axes: LaboratoryToGround | None = None,
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
    axes : LaboratoryToGround, optional
        Of the laboratory, where the posture is none that shows them.

    Raises
    ------
    AqbioError
        When the axes cannot be told, a rate is too low for the cut-off, or the files do not belong
        together.
    """
    laboratory, prepare = settings
    recording = _without_markers(recording, laboratory.ignore_markers)
    recording = _without_delay(recording, laboratory.force_delay_s)
    notes.adopt(recording.findings)
    check_rates(recording, prepare.cutoff_hz, notes)
    check_clock(recording, notes)
    if not trial.coordinates_file:  # of joint angles, coordinates-missing says what lacks
        missing_labels(recording, marker_set, notes, moving=trial.task != "static")
    axes = axes or laboratory_axes(recording, marker_set, laboratory.axes, notes)
    check_paths(recording, trial, notes)
    check_task(recording, trial, notes)
    check_frames(recording, trial, notes.file)
    recording = without_flicker(recording, notes)
    recording = replace(recording, positions=recording.positions @ axes.matrix.T)
    plates, moving = None, trial.task != "static"
    feet = foot_markers(recording, marker_set)
    frames = np.arange(len(feet)) / recording.rate
    rules = axes.matrix, laboratory.ignore_plates
    if recording.forces is not None:
        forces = fitting_units(recording.forces, *rules, feet, frames, notes, moving=moving)
        recording = replace(recording, forces=forces)
        plates = ground_plates(forces, *rules, notes, moving=moving)
    loads, ground, threshold = None, standing_ground(recording, marker_set), 0.0
    events = NO_EVENTS
    if moving:
        loads, ground, threshold = _moving(
            recording, plates, feet, trial, marker_set, settings, notes
        )
        events = marker_events(feet, recording, ground, marker_set)
        recorded = recording.forces is not None or any(
            one.rule.startswith("plate") for one in recording.findings
        )
        if loads is not None and plates is not None and recording.forces is not None:
            loads = _completed(
                loads, plates, recording.forces, rules, ground, events, feet, frames, notes
            )
        loads = _noted(loads, plates, frames, events, notes, recorded=recorded)
        if loads is not None and plates is not None:
            note_pressure(loads, plates, feet, frames, notes)
    contacts = events.contacts if loads is None else (*loads.contacts, *loads.unmeasured)
    if moving and not any(one.complete for one in contacts):
        _note_no_step(len(contacts), len(frames) / recording.rate, notes)
    markers, filled = filled_markers(recording, contacts, prepare, notes)
    return PreparedTrial(
        labels=recording.labels,
        rate=recording.rate,
        markers=markers,
        filled=filled,
        axes=axes,
        ground=ground,
        plates=plates,
        loads=loads,
        kinematic=events.contacts,
        threshold=threshold,
        contact_time_error=(
            0.0 if plates is None else 2.0 * event_error(plates.rate, prepare.event_cutoff_hz),
            events.contact_time_error,
        ),
    )


def _note_no_step(contacts: int, seconds: float, notes: Notes) -> None:
    """Say that a moving trial has no contact that was recorded whole."""
    notes.add(
        "no-whole-contact",
        "warning",
        f"of {contacts} contacts in {seconds:.2f} s none is recorded whole: the trial has no step.",
        fix="export more of the recording, or leave the trial out.",
    )


def _completed(
    loads: FeetLoads,
    plates: Plates,
    forces: ForceRecording,
    rules: tuple[FloatArray, tuple[int, ...]],
    ground: Ground,
    events: MarkerEvents,
    feet: FloatArray,
    frames: FloatArray,
    notes: Notes,
) -> FeetLoads:
    """The loads with the contacts whose force is not known; rules: rotation and ignored plates."""
    rotation, ignored = rules
    corners = {
        number: place @ rotation.T
        for number, place in zip(forces.numbers, forces.corners, strict=True)
        if number not in ignored and np.isfinite(place).all()
    }
    zero = any(one.rule == "force-columns-zero" for one in notes.found)
    everywhere = not corners and (zero or ground.surface == "treadmill")
    return with_unmeasured(
        loads, plates, corners, events.contacts, feet, frames, notes, everywhere=everywhere
    )


def _noted(
    loads: FeetLoads | None,
    plates: Plates | None,
    frames: FloatArray,
    events: MarkerEvents,
    notes: Notes,
    *,
    recorded: bool,
) -> FeetLoads | None:
    """Note what is worth knowing about the contacts; None where the loads are of no use.

    Plates that no foot touched say nothing about the forces on the runner.
    """
    if loads is not None and plates is not None:
        note_contacts(loads, plates, float(frames[-1]), EDGE_DISTANCE_M, notes)
        if not forces_elsewhere(loads, notes) and loads.contacts:
            return loads
    else:
        note_no_forces(notes, recorded=recorded)
    note_kinematic(events, notes)
    return None


def _without_delay(recording: Recording, delay: float) -> Recording:
    """The recording with its forces as much earlier as they are known to be late, s."""
    if recording.forces is None or delay == 0.0:
        return recording
    forces = replace(recording.forces, start=recording.forces.start - delay)
    return replace(recording, forces=forces)


def _without_markers(recording: Recording, ignored: tuple[str, ...]) -> Recording:
    kept = [index for index, label in enumerate(recording.labels) if label not in ignored]
    return replace(
        recording,
        labels=tuple(recording.labels[index] for index in kept),
        positions=recording.positions[:, kept],
    )


def _moving(
    recording: Recording,
    plates: Plates | None,
    feet: FloatArray,
    trial: Trial,
    marker_set: MarkerSet,
    settings: tuple[Laboratory, Prepare],
    notes: Notes,
) -> tuple[FeetLoads | None, Ground, float]:
    """Contacts, surface and heading: the surface decides the threshold of the contacts."""
    laboratory, prepare = settings
    threshold = prepare.event_threshold_overground_n
    loads = _loads(recording, plates, feet, prepare, threshold)
    theirs = loads is not None and share_of_nobody(loads) <= ELSEWHERE
    known = loads if theirs else None  # another trial's forces say nothing about these feet
    ground = running_ground(recording, known, trial, marker_set, laboratory, notes)
    if ground.surface == "treadmill":
        threshold = prepare.event_threshold_treadmill_n
        loads = _loads(recording, plates, feet, prepare, threshold)
    return loads, ground, threshold


def _loads(
    recording: Recording,
    plates: Plates | None,
    feet: FloatArray,
    prepare: Prepare,
    threshold: float,
) -> FeetLoads | None:
    if plates is None:
        return None
    rules = EventRules(
        threshold=threshold,
        minimum_s=EVENT_MINIMUM_S,
        event_cutoff=prepare.event_cutoff_hz,
        cutoff=prepare.cutoff_hz,
        cop_threshold=COP_THRESHOLD_N,
    )
    time = np.arange(len(recording.positions)) / recording.rate
    return feet_loads(plates, feet, time, rules)
