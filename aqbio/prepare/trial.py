"""One trial: from its recording to markers, loads and contacts in ground axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import percent_and_limit
from aqbio.force_plates.forces import Plates
from aqbio.gait.steps import EDGE_DISTANCE_M
from aqbio.io.recording import Recording
from aqbio.names import LOW_PASSED, NORMAL_95, VERTICAL
from aqbio.prepare.axes import LaboratoryToGround, laboratory_axes, missing_labels
from aqbio.prepare.checks import (
    check_clock,
    check_frames,
    check_paths,
    check_rates,
    check_task,
    note_noise,
    without_flicker,
)
from aqbio.prepare.contact_findings import (
    note_contacts,
    note_cut,
    note_low_pass,
    note_marker_low_pass,
    note_no_forces,
    note_pressure,
    note_silent_component,
    without_held_pressure,
)
from aqbio.prepare.contacts import (
    EventRules,
    FeetLoads,
    FootContact,
    ForceCut,
    contact_span,
    contact_time_error,
    feet_loads,
    find_cut,
)
from aqbio.prepare.event_accuracy import MarkerEvents, note_kinematic
from aqbio.prepare.events_from_markers import marker_events
from aqbio.prepare.filters import (
    ForceLowPass,
    LowPass,
    RecordedFilters,
    filtered_contacts,
    recorded_filters,
)
from aqbio.prepare.force_evidence import ForceEvidence
from aqbio.prepare.force_search import NOT_EXPLAINED, ExplainedForces, explained_forces
from aqbio.prepare.ground import Ground, foot_markers, running_ground, standing_ground
from aqbio.prepare.label_faults import MASKING
from aqbio.prepare.marked_body import SegmentMasses, marked_body
from aqbio.prepare.notes import Notes
from aqbio.prepare.plates import ground_plates, with_unmeasured
from aqbio.prepare.stated_faults import NOTHING_STATED, StatedFaults
from aqbio.signals import fill_gaps, longest_gap, runs
from aqbio.vectors import BoolArray, FloatArray, finite_median


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundContact:
    """Ground and contacts determined from plates and feet; ground axes."""

    ground: Ground
    plates: Plates | None
    loads: FeetLoads | None = None
    """None without plates, without a contact on them, and for a static trial."""
    kinematic: tuple[FootContact, ...] = ()
    """Contacts from the foot markers: the trial's contacts if there are no loads."""
    threshold: float = 0.0
    """Of the events, N."""
    contact_time_error: tuple[float, float] = (float("nan"), float("nan"))
    """Error bounds of contact times from plates and where forces are not known, s; NaN where that
    was never tested."""
    low_pass: ForceLowPass | None = None
    """Filter that the forces went through before they were exported, where it counts."""
    cut: ForceCut | None = None
    """Level below which forces were set to zero before they were exported, where it counts."""
    forces_lost: str = ""
    """Why too little of the forces remains for more than contact times and impulses: they are
    ``low-passed``, or ``vertical`` alone; empty where they are whole."""
    vertical: tuple[Plates, FeetLoads] | None = None
    """Plates and loads whose vertical force carries the runner, whatever is wrong with the rest:
    they weigh."""

    @property
    def contacts(self) -> tuple[FootContact, ...]:
        """Contacts on plates, or from the foot markers where there are none on plates."""
        if self.loads is None:
            return self.kinematic
        measured = self.loads.contacts
        if self.forces_lost == LOW_PASSED:
            measured = tuple(replace(contact, peak=float("nan")) for contact in measured)
        all_contacts = (*measured, *self.loads.unmeasured)
        return tuple(sorted(all_contacts, key=lambda contact: float(contact_span(contact)[0])))

    @property
    def contact_time(self) -> float:
        """Median duration of whole contacts, s; NaN without one."""
        whole = (contact for contact in self.contacts if contact.complete)
        return finite_median(np.array([x.toe_off - x.touchdown for x in whole]))

    @property
    def events(self) -> str:
        """Source: ``plates``, ``low-passed`` and ``vertical`` ones, ``kinematic`` or ``none``."""
        if self.loads is not None:
            return self.forces_lost or "plates"
        return "kinematic" if self.kinematic else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTrial(GroundContact):
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
    marker_low_pass: LowPass | None = None
    """Filter that the markers went through before they were exported."""
    force_lag: float = float("nan")
    """Lag of the forces behind the markers of the body, s, that is left; NaN where unknown."""
    force_shift: float = 0.0
    """By which the forces were made earlier, s, because they were too late for a clock."""
    place_error: float = 0.0
    """Of the plates, as the search over faults of the forces leaves it open, m."""
    feet: FloatArray
    """(T, 2, K, 3) array, m: foot markers, heel first, as recorded."""

    @property
    def time(self) -> FloatArray:
        """Clock of the markers, s."""
        return np.arange(len(self.markers)) / self.rate


def prepare_trial(
    recording: Recording,
    trial: Trial,
    marker_set: MarkerSet,
    laboratory: Laboratory,
    settings: Prepare,
    notes: Notes,
    *,
    axes: LaboratoryToGround | None = None,
    masses: SegmentMasses | None = None,
    stated: StatedFaults = NOTHING_STATED,
    filters: RecordedFilters | None = None,
) -> PreparedTrial:
    """Prepare one trial; ``axes`` are the laboratory's, where the posture does not show them.

    With the ``masses`` of the segments the motion of the body tells lag and signs of the forces;
    faults that the sheet has ``stated`` are undone. ``filters`` are those of the session's export;
    of a single recording those that it shows itself.
    """
    notes.adopt(recording.findings)
    recording = _without_start_forces(without_ignored(recording, laboratory), trial, notes)
    check_rates(recording, settings.cutoff_hz, notes)
    check_clock(recording, notes)
    if not trial.coordinates_file:  # of joint angles, coordinates-missing says what lacks
        missing_labels(recording, marker_set, notes, moving=trial.task != "static")
    axes_of_posture = axes
    axes = axes or laboratory_axes(recording, marker_set, laboratory.axes, notes)
    check_paths(recording, trial, notes)
    check_task(recording, trial, notes)
    check_frames(recording, trial, notes.file)
    if not trial.coordinates_file:
        recording = without_flicker(recording, notes)
        note_noise(recording, trial, marker_set, notes)
    recording = recording.rotated(axes.matrix)
    feet = foot_markers(recording.labels, recording.positions, marker_set)
    moving = trial.task != "static"
    if filters is None:
        filters = recorded_filters([("", recording)])[0] if moving else RecordedFilters()
    filtered = filters.markers
    if filtered is not None and filtered.raised(NORMAL_95).stated_hz >= settings.cutoff_hz:
        filtered = None  # it may take no more than the study's own
    bearing = feet if axes_of_posture is None else np.full_like(feet, np.nan)  # who lies: none
    explained = _explained(recording, bearing, trial, marker_set, masses, stated, notes)
    plates = None
    if explained.forces is not None:
        recording = replace(recording, forces=explained.forces)
        used = ~np.isin(explained.forces.numbers, explained.left_out)
        plates = ground_plates(explained.forces.select(used), notes, moving=moving)
    if moving:
        contact = _moving_contact(
            recording, plates, feet, trial, marker_set, explained,
            laboratory=laboratory, settings=settings, notes=notes,
            filters=replace(filters, markers=filtered),
        )  # fmt: skip
    else:
        contact = GroundContact(ground=standing_ground(recording, marker_set), plates=plates)
    of_gaps = replace(notes, findings=[]) if trial.coordinates_file else notes
    markers, filled = filled_markers(recording, contact.contacts, settings, of_gaps)
    return PreparedTrial(
        **{field.name: getattr(contact, field.name) for field in fields(contact)},
        labels=recording.labels,
        rate=recording.rate,
        markers=markers,
        filled=filled,
        axes=axes,
        marker_low_pass=filtered,
        force_lag=explained.lag_left,
        force_shift=explained.lag,
        place_error=explained.place_error,
        feet=feet,
    )


BLOCK_START = "block-start"
"""Rule of the finding that says why a trial has no forces."""


def _without_start_forces(recording: Recording, trial: Trial, notes: Notes) -> Recording:
    """A start from blocks without forces: hands and tilted blocks push where no plate measures."""
    if not trial.is_block_start:
        return recording
    left_out = "" if recording.forces is None else "; the forces of the trial are not used"
    notes.add(
        BLOCK_START,
        "warning",
        "the trial is a start with hands on the ground or feet on tilted blocks, whose forces no "
        f"plate of level ground measures{left_out}. Angles, the steps after the start and their "
        "angular momentum (level A) are computed as without plates; joint moments and what forces "
        "do (levels B and C) are not, and the push from the blocks is no step.",
        fix="where plates lie under the steps after the start, cut the start off with start_s and "
        "name the condition after what follows it: all levels are then computed.",
        forces=bool(left_out),
    )
    return replace(recording, forces=None)


MIN_RUN_M_S = 1.8
"""Slower people walk, m/s: the redundancies of contacts are those of runs from 2 m/s on."""


def _explained(
    recording: Recording,
    feet: FloatArray,
    trial: Trial,
    marker_set: MarkerSet,
    masses: SegmentMasses | None,
    stated: StatedFaults,
    notes: Notes,
) -> ExplainedForces:
    """Forces of a trial, ground axes, without what is wrong with them."""
    forces = recording.forces
    if forces is None or not forces.numbers:
        if stated.faults:
            raise stated.without_forces()
        return NOT_EXPLAINED
    evidence, speed = _force_evidence(recording, feet, trial, marker_set, masses)
    return explained_forces(forces, evidence, speed, notes, stated)


def _force_evidence(
    recording: Recording,
    feet: FloatArray,
    trial: Trial,
    marker_set: MarkerSet,
    masses: SegmentMasses | None,
) -> tuple[ForceEvidence, float]:
    """What the markers alone say of the forces, and the speed of the run, m/s."""
    time = np.arange(len(feet)) / recording.rate
    if trial.task == "static":
        return ForceEvidence(time, feet, (), None, standing=True), 0.0
    unstated = trial.model_copy(update={"belt_speed_mps": None})
    silent = Notes("", "", "", "")
    ground = running_ground(recording, None, unstated, marker_set, Laboratory(), silent)
    events = marker_events(feet, recording, ground, marker_set)
    body, body_kg, is_weighed = None, float("nan"), True
    if masses is not None:
        body_kg, is_weighed = masses.body_kg, masses.is_weighed
        paths = recording.positions, recording.rate
        body = marked_body(recording.labels, *paths, marker_set, masses)
    runs = events.speed > MIN_RUN_M_S  # walkers' feet stand together, and their events differ
    contacts = events.contacts if runs else ()
    by_angles = trial.coordinates_file is not None
    evidence = ForceEvidence(
        time, feet, contacts, body, body_kg, is_weighed=is_weighed, by_angles=by_angles
    )
    return evidence, events.speed


def _moving_contact(
    recording: Recording,
    plates: Plates | None,
    feet: FloatArray,
    trial: Trial,
    marker_set: MarkerSet,
    explained: ExplainedForces,
    *,
    laboratory: Laboratory,
    settings: Prepare,
    notes: Notes,
    filters: RecordedFilters,
) -> GroundContact:
    """Contacts of a moving trial; forces of which it is unknown what is wrong are not used."""
    time = np.arange(len(feet)) / recording.rate
    threshold = settings.event_threshold_overground_n
    rules = EventRules(threshold, settings.event_cutoff_hz, settings.cutoff_hz)
    loads = None if plates is None else feet_loads(plates, feet, time, rules)
    ground = running_ground(recording, loads, trial, marker_set, laboratory, notes)
    if ground.surface == "treadmill":
        rules = replace(rules, threshold=settings.event_threshold_treadmill_n)
        loads = None if plates is None else feet_loads(plates, feet, time, rules)
    events = marker_events(feet, recording, ground, marker_set, filters.markers)
    if explained is NOT_EXPLAINED or explained.forces is not None:
        lag = 0.0 if np.isnan(explained.lag_left) else explained.lag_left
        loads = _usable_loads(
            loads, plates, recording, ground, events, feet, lag=lag, cutoff=settings.cutoff_hz,
            notes=notes,
        )  # fmt: skip
    if loads is None or plates is None:
        note_kinematic(events, notes)
        contact = GroundContact(
            ground=ground, plates=plates, kinematic=events.contacts, threshold=rules.threshold,
            contact_time_error=(float("nan"), events.contact_time_error),
        )  # fmt: skip
    else:
        contact = _contact_on_plates(
            loads, plates, feet, ground, events, rules, notes, filters.forces
        )
    if contact.loads is not None or not events.withheld:
        _note_whole_contacts(contact.contacts, len(feet) / recording.rate, notes)
    if filters.markers is not None:
        note_marker_low_pass(
            filters.markers, "joint angles" if trial.coordinates_file else "markers",
            contact.contact_time, settings.cutoff_hz, notes,
            events=events if contact.loads is None else None,
        )  # fmt: skip
    return contact


def _contact_on_plates(
    loads: FeetLoads,
    plates: Plates,
    feet: FloatArray,
    ground: Ground,
    events: MarkerEvents,
    rules: EventRules,
    notes: Notes,
    filtered: LowPass | None,
) -> GroundContact:
    """Contacts by loads, and what was done to the forces before they were exported."""
    vertical = plates, loads
    cut = find_cut(plates.vertical, plates.rate, rules.threshold)
    if cut is not None:
        note_cut(cut, rules.threshold, notes)
    low_pass = filtered_contacts(plates.vertical, plates.rate, rules.threshold, filtered)
    lengthening = 0.0 if low_pass is None else low_pass.lengthening_s
    error = contact_time_error(plates.rate, rules.event_cutoff, lengthening)
    by_markers, forces_lost = events.contact_time_error < error, ""
    if note_silent_component(plates, feet, notes):
        forces_lost = VERTICAL
    if low_pass is not None and note_low_pass(
        low_pass, rules.cutoff, notes, timed_by_markers=by_markers
    ):
        forces_lost = LOW_PASSED
    if forces_lost == LOW_PASSED and by_markers:
        loads = replace(loads, contacts=(), unmeasured=events.contacts)
    measured, held = without_held_pressure(loads, plates, notes)
    error += 0.0 if cut is None else cut.shortening_s
    timed = measured is not None and (by_markers or forces_lost != LOW_PASSED)
    return GroundContact(
        ground=ground,
        plates=None if measured is None else plates,
        loads=measured,
        kinematic=held or events.contacts,
        threshold=rules.threshold,
        contact_time_error=(error, events.contact_time_error if timed else error),
        low_pass=None if measured is None else low_pass,
        cut=cut,
        forces_lost=forces_lost,
        vertical=vertical,
    )


def _note_whole_contacts(contacts: Sequence[FootContact], duration: float, notes: Notes) -> None:
    """Note that a trial of a duration, s, has no contact that is recorded whole."""
    if not any(contact.complete for contact in contacts):
        none_whole = f"of {len(contacts)} contacts in {duration:.2f} s none is"
        if len(contacts) == 1:
            none_whole = f"the only contact in {duration:.2f} s is not"
        notes.report("no-whole-contact", none_whole=none_whole)


def _usable_loads(
    loads: FeetLoads | None,
    plates: Plates | None,
    recording: Recording,
    ground: Ground,
    events: MarkerEvents,
    feet: FloatArray,
    *,
    lag: float,
    cutoff: float,
    notes: Notes,
) -> FeetLoads | None:
    """The loads, with contacts of unknown force; None, and a note, where no foot was on one.

    ``lag`` of the forces behind the markers, s; ``cutoff`` of both, Hz.
    """
    forces, frames = recording.forces, np.arange(len(feet)) / recording.rate
    if loads is None or plates is None or forces is None:
        plate_noted = any(finding.rule.startswith("plate") for finding in recording.findings)
        if not any(finding.rule == BLOCK_START for finding in notes.findings):
            note_no_forces(notes, recorded=forces is not None or plate_noted)
    else:
        corners = {
            number: corners
            for number, corners in zip(forces.numbers, forces.corners, strict=True)
            if np.isfinite(corners).all()
        }
        zero = any(finding.rule == "force-columns-zero" for finding in notes.findings)
        everywhere = not corners and (zero or ground.surface == "treadmill")
        loads = with_unmeasured(
            loads, plates, corners, events.contacts, feet, frames, notes, everywhere=everywhere
        )
        note_contacts(loads, plates, float(frames[-1]), EDGE_DISTANCE_M, notes)
        if loads.contacts:
            note_pressure(loads, plates, feet, frames + lag, cutoff, notes)
            return loads
    return None


def without_ignored(recording: Recording, laboratory: Laboratory) -> Recording:
    """The recording without ignored markers and plates, its forces earlier by their delay."""
    used = [i for i, label in enumerate(recording.labels) if label not in laboratory.ignore_markers]
    labels = tuple(recording.labels[index] for index in used)
    forces = recording.forces
    if forces is not None:
        forces = replace(forces, start=forces.start - laboratory.force_delay_s)
        forces = forces.select(~np.isin(forces.numbers, laboratory.ignore_plates))
    return replace(recording, labels=labels, positions=recording.positions[:, used], forces=forces)


def filled_markers(
    recording: Recording, contacts: Sequence[FootContact], prepare: Prepare, notes: Notes
) -> tuple[FloatArray, BoolArray]:
    """Markers (T, M, 3) with short gaps filled, none across an event, and where filled, (T, M)."""
    longest = longest_gap(prepare, recording.rate)
    barriers = _events(contacts)
    markers, filled = fill_gaps(recording.positions, longest, barriers * recording.rate)
    note_missing(recording.labels, markers, _used_frames(recording, contacts), notes)
    return markers, filled


def _events(contacts: Sequence[FootContact]) -> FloatArray:
    """Touchdowns and toe-offs that were found, s: foot markers do not show all."""
    instants = np.array([at for contact in contacts for at in (contact.touchdown, contact.toe_off)])
    return np.asarray(instants[np.isfinite(instants)], dtype=np.float64)


def _used_frames(recording: Recording, contacts: Sequence[FootContact]) -> slice:
    """Frames from the first touchdown to the last toe-off; those that show most markers without."""
    events = np.rint(_events(contacts) * recording.rate).astype(int)
    if len(events):
        return slice(max(int(events.min()), 0), int(events.max()) + 1)
    mostly_visible = np.isfinite(recording.positions).all(axis=2).mean(axis=1) >= 0.5
    visible_frames = np.flatnonzero(mostly_visible)
    return (
        slice(int(visible_frames[0]), int(visible_frames[-1]) + 1)
        if len(visible_frames)
        else slice(0, len(mostly_visible))
    )


MAX_MISSING = 0.10
"""Share of frames with a marker missing after gap filling above which it is a warning."""


def note_missing(labels: Sequence[str], markers: FloatArray, used: slice, notes: Notes) -> None:
    """Name the markers missing between the contacts: outside, where the volume ends, none count."""
    inside = np.isnan(markers[used, :, 0])
    doubted = {
        label
        for finding in notes.findings
        if finding.rule in MASKING
        for label in finding.label.split(", ")
    }
    for index in np.flatnonzero(inside.any(axis=0)).tolist():
        share = float(inside[:, index].mean())
        gaps = runs(inside[:, index]) + used.start
        start, stop = gaps[np.argmax(gaps[:, 1] - gaps[:, 0])]
        is_excessive = share > MAX_MISSING
        lost, limit = percent_and_limit(share, MAX_MISSING if is_excessive else 0.0)
        notes.add(
            "marker-missing",
            "warning" if is_excessive else "info",
            f"marker {labels[index]} is missing in {int(inside[:, index].sum())} of {len(inside)} "
            f"frames between first touchdown and last toe-off ({lost}) after short gaps were "
            "filled" + (f"; at most {limit}." if is_excessive else "."),
            number=share,
            limit=MAX_MISSING,
            where=f"longest gap: frames {start + 1} to {stop}",
            fix="follow the finding that says that these labels are not where they were."
            if labels[index] in doubted
            else "fill the gap in the capture software; it gets no weight in these frames.",
            label=labels[index],
        )
