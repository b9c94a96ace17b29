"""``python -m benchmarks.foot_events [--write]``: touchdown and toe-off by markers against plates.

Every recording is taken at its own rate and at lower ones, there at four offsets of the frames.
With ``--write`` the numbers go to benchmarks/results/foot_events.md, from which `ACCURACY` of
``aqbio/prepare/event_accuracy.py`` is taken.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, filtfilt

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.names import SIDES
from aqbio.prepare.belt import stated_belt
from aqbio.prepare.contacts import FootContact
from aqbio.prepare.event_accuracy import MarkerEvents
from aqbio.prepare.events_from_markers import event_errors, marker_events
from aqbio.prepare.ground import Ground, foot_markers
from aqbio.prepare.notes import Notes
from aqbio.prepare.trial import prepare_trial
from aqbio.vectors import FloatArray
from aqbio.virtual.demo import DATA, DISTURBANCES, SPRINTERS, GaitName, load_library
from aqbio.virtual.disturbances import disturbed
from aqbio.virtual.recording import GROUND_AXES, RunPlan, recorded_run
from aqbio.virtual.recording import Laboratory as VirtualLaboratory
from benchmarks.table import page_table
from validation.true_contacts import contacts

ROOT = Path(__file__).parents[1]
REALDATA = "AQBIO_REALDATA"
RATES = (60.0, 100.0, 120.0, 200.0, 250.0)
OFFSETS = (0.0, 0.25, 0.5, 0.75)
"""Shares of a frame by which a recording begins later."""

MARGIN_S = 0.07
"""Contacts nearer than this to an end of the recording do not count, s."""

THRESHOLD_N = 20.0
VIRTUAL = (("V01", 0), ("V02", 1), ("V03", 2), ("V04", 3), ("V08", 1), ("V12", 3))

Labels = dict[str, tuple[str, ...]]
JA1: Labels = {"foot": ("HEEL", "TOE", "P1MT", "P5MT"), "pelvis": ("RASI", "LASI", "SACR")}
CLUSTERS: Labels = {"foot": ("CAL", "TOE", "MT5"), "pelvis": ("RASI", "LASI", "RPSI", "LPSI")}
DELAWARE: Labels = {
    "foot": (".Heel", ".Toe.Tip", ".Toe.Lat", ".Toe.Med"),
    "pelvis": ("R.ASIS", "L.ASIS", "V.Sacral"),
}

REAL: tuple[tuple[str, Labels, str, str | None], ...] = (
    ("jog, overground", JA1, "ja1_dorn2012/c3d/JA1Gait21.c3d", None),
    ("sprint, overground", JA1, "ja1_dorn2012/c3d/JA1Gait35.c3d", None),
    (
        "run, treadmill A",
        CLUSTERS,
        "rajagopal2016/run/motion_capture_run.trc",
        "rajagopal2016/run/grf_run.mot",
    ),
    *(
        (
            "run, treadmill B",
            CLUSTERS,
            f"hamner_subject04/run{speed}00/markers.trc",
            f"hamner_subject04/run{speed}00/grf.mot",
        )
        for speed in (2, 3, 4, 5)
    ),
    (
        "run, treadmill C, markers low-passed",
        DELAWARE,
        "hamner_subject02/subject02_running.trc",
        "hamner_subject02/subject02_running_grf.mot",
    ),
)
"""What each is, its labels, markers and forces."""


@dataclass(frozen=True)
class PlateRecording:
    """A recording and its contacts on plates, ground axes."""

    name: str
    recording: Recording
    ground: Ground
    marker_set: MarkerSet
    plates: tuple[FootContact, ...]


class Measured(NamedTuple):
    """One recording at one rate: markers less plates.

    Strike is what most contacts come down on; of both events the share of the plates' whole
    contacts in which it was found, median and standard deviation of the errors (ms, positive
    where the markers are late).
    """

    recording: str
    rate: float
    speed: float
    strike: str
    contacts: int
    touchdown_found: float
    touchdown: float
    touchdown_sd: float
    toe_off_found: float
    toe_off: float
    toe_off_sd: float


def main(arguments: list[str]) -> int:
    """Measure and print; with ``--write`` write the page."""
    rows = [row for recorded in (*real_runs(), *virtual_runs()) for row in measured(recorded)]
    sys.stdout.write(markdown(rows))
    filtered = [row for recorded in (*real_runs(), *virtual_runs()) for row in low_passed(recorded)]
    sys.stdout.write(filtered_markdown(filtered))
    if "--write" in arguments:
        page = ROOT / "benchmarks/results/foot_events_low_passed.md"
        page.write_text(FILTERED_HEAD + "\n" + filtered_markdown(filtered), encoding="utf-8")
        page = ROOT / "benchmarks/results/foot_events.md"
        page.write_text(HEAD + "\n" + markdown(rows), encoding="utf-8")
    return 0


def real_runs() -> Iterator[PlateRecording]:
    """The recordings of the folder that AQBIO_REALDATA names."""
    folder = Path(os.environ[REALDATA])
    for name, labels, markers, forces in REAL:
        marker_set = _marker_set(labels)
        recording = read_recording(folder / markers, folder / forces if forces else None)
        trial = Trial(participant_id="P", trial_id="run", task="run", file=markers)
        notes = Notes("run", "P", markers, forces or markers)
        prepared = prepare_trial(recording, trial, marker_set, Laboratory(), Prepare(), notes)
        rotated = replace(recording, positions=recording.positions @ prepared.axes.matrix.T)
        yield PlateRecording(name, rotated, prepared.ground, marker_set, prepared.contacts)


def virtual_runs() -> Iterator[PlateRecording]:
    """Runs of the demo's sprinters with its noise and soft tissue, and their true contacts."""
    athletes = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    gaits = load_library(DATA / "gait_library.npz", athletes)
    laboratory = VirtualLaboratory(axes=GROUND_AXES, marker_unit="m")
    feet = {"foot": ("HEE", "TOE", "MT1", "MT5"), "pelvis": ("RASI", "LASI", "RPSI", "LPSI")}
    for number, (athlete, level) in enumerate(VIRTUAL):
        gait = gaits[GaitName(athlete, "normal", level)]
        run = recorded_run(gait, RunPlan(0), laboratory)
        disturbed_run = disturbed(run.recording, DISTURBANCES, np.random.default_rng(number))
        recording = Recording(
            disturbed_run.labels, disturbed_run.markers, disturbed_run.marker_rate, None
        )
        end = run.start + len(disturbed_run.markers) / disturbed_run.marker_rate
        true = tuple(
            FootContact(
                SIDES.index(contact.foot),
                contact.rises - run.start,
                contact.falls - run.start,
                (),
                complete=contact.rises > run.start and contact.falls < end,
                edge_distance=np.nan,
                peak=np.nan,
            )
            for contact in contacts(gait, run.start, end, THRESHOLD_N)
        )
        ground = Ground("overground", stated_belt(0.0), 0.0)
        yield PlateRecording("virtual sprinter", recording, ground, _marker_set(feet), true)


def measured(recorded: PlateRecording) -> Iterator[Measured]:
    """Errors of one recording at its own rate and at lower ones."""
    full_rate = recorded.recording.rate
    for rate in sorted({full_rate, *(lower for lower in RATES if lower < full_rate)}):
        offsets = OFFSETS if rate < full_rate else OFFSETS[:1]
        events_of = [_events(recorded, rate, offset / rate) for offset in offsets]
        expected = sum(len(plates) for _, plates in events_of)
        errors = [event_errors(events.contacts, plates) for events, plates in events_of]
        touchdown = 1e3 * np.concatenate([touchdown for touchdown, _ in errors])
        toe_off = 1e3 * np.concatenate([toe_off for _, toe_off in errors])
        strikes = [events.strike for events, _ in events_of if events.strike]
        yield Measured(
            recorded.name,
            rate,
            round(events_of[0][0].speed, 1),
            max(set(strikes), key=strikes.count) if strikes else "",
            expected,
            round(len(touchdown) / expected, 2),
            *_spread(touchdown),
            round(len(toe_off) / expected, 2),
            *_spread(toe_off),
        )


CUTOFFS_HZ = (30.0, 20.0, 16.0, 12.0, 10.0, 8.0, 6.0)
"""Cut-offs of second-order Butterworth filters, forth and back."""


class FilteredEvents(NamedTuple):
    """Median and largest change of events by a low-pass of the markers, ms, and how many remain."""

    recording: str
    speed: float
    contact_ms: float
    cutoff: float
    touchdown_found: float
    touchdown: float
    toe_off_found: float
    toe_off: float


def low_passed(recorded: PlateRecording) -> Iterator[FilteredEvents]:
    """Largest changes of the events of one recording as its markers are low-passed."""
    recording = recorded.recording
    whole = np.isfinite(recording.positions).all(axis=(0, 2))
    raw, plates = _events(recorded, recording.rate, 0.0)
    contact = float(np.mean([contact.toe_off - contact.touchdown for contact in plates]))
    for cutoff in CUTOFFS_HZ:
        if cutoff > 0.4 * recording.rate:
            continue
        positions = recording.positions.copy()
        passes = butter(2, cutoff / (0.5 * recording.rate))
        positions[:, whole] = filtfilt(*passes, positions[:, whole], axis=0)
        filtered = replace(recorded, recording=replace(recording, positions=positions))
        events, _ = _events(filtered, recording.rate, 0.0)
        touchdown, toe_off = event_errors(events.contacts, [c for c in raw.contacts if c.complete])
        expected = len([c for c in raw.contacts if c.complete and np.isfinite(c.touchdown)])
        yield FilteredEvents(
            recorded.name, round(raw.speed, 1), round(1e3 * contact), cutoff,
            round(len(touchdown) / max(expected, 1), 2), _largest(touchdown),
            round(len(toe_off) / max(expected, 1), 2), _largest(toe_off),
        )  # fmt: skip


def _largest(changes: FloatArray) -> float:
    return round(1e3 * float(np.abs(changes).max()), 1) if len(changes) else float("nan")


def filtered_markdown(rows: list[FilteredEvents]) -> str:
    """The table of benchmarks/results/foot_events_low_passed.md."""
    heads = (
        "recording",
        "m/s",
        "contact, ms",
        "Hz",
        "touchdown, ms",
        "found",
        "toe-off, ms",
        "found",
    )
    table = [
        (
            row.recording, row.speed, row.contact_ms, f"{row.cutoff:g}",
            f"{row.touchdown:.1f}" if np.isfinite(row.touchdown) else "–",
            f"{row.touchdown_found:.0%}",
            f"{row.toe_off:.1f}" if np.isfinite(row.toe_off) else "–", f"{row.toe_off_found:.0%}",
        )
        for row in rows
    ]  # fmt: skip
    return page_table(heads, table) + "\n"


def _events(
    recorded: PlateRecording, rate: float, offset: float
) -> tuple[MarkerEvents, list[FootContact]]:
    """Events of the markers at a rate, and the plates' contacts that they can be held against."""
    recording = _resampled(recorded.recording, rate, offset)
    feet = foot_markers(recording.labels, recording.positions, recorded.marker_set)
    last = (len(feet) - 1) / rate
    plates = [
        replace(contact, touchdown=contact.touchdown - offset, toe_off=contact.toe_off - offset)
        for contact in recorded.plates
    ]
    complete = [
        contact
        for contact in plates
        if contact.complete and contact.touchdown > MARGIN_S and contact.toe_off < last - MARGIN_S
    ]
    return marker_events(feet, recording, recorded.ground, recorded.marker_set), complete


def _resampled(recording: Recording, rate: float, offset: float) -> Recording:
    """Frames of another clock, by cubic splines; markers with a gap are left out."""
    if rate == recording.rate and offset == 0.0:
        return recording
    positions = recording.positions
    without_gaps = np.isfinite(positions).all(axis=(0, 2))
    time = np.arange(len(positions)) / recording.rate
    instants = np.arange(offset, time[-1] + 1e-9, 1.0 / rate)
    resampled: FloatArray = CubicSpline(time, positions[:, without_gaps], axis=0)(instants)
    labels = tuple(
        label for label, is_whole in zip(recording.labels, without_gaps, strict=True) if is_whole
    )
    return replace(recording, labels=labels, positions=resampled, rate=rate)


def _spread(errors: FloatArray) -> tuple[float, float]:
    if not len(errors):
        return float("nan"), float("nan")
    return round(float(np.median(errors)), 1), round(float(errors.std()), 1)


def _marker_set(labels: Labels) -> MarkerSet:
    sides = {side: [side[0].upper() + label for label in labels["foot"]] for side in SIDES}
    front, back = labels["pelvis"][:2], labels["pelvis"][2:]
    names = [*sides["left"], *sides["right"], *front, *back]
    return MarkerSet.model_validate(
        {
            "name": "feet",
            "source": "benchmark",
            "markers": {name: {"body": "any"} for name in names},
            "feet": {
                side: {"heel": foot_labels[0], "toe": foot_labels[1:]}
                for side, foot_labels in sides.items()
            },
            "pelvis": {"front": front, "back": back},
        }
    )


def markdown(rows: list[Measured]) -> str:
    """The table of benchmarks/results/foot_events.md."""
    heads = "recording", "m/s", "lands first", "Hz", "contacts"
    heads += "touchdown, ms", "found", "toe-off, ms", "found"
    table = []
    for row in rows:
        events = (
            (row.touchdown, row.touchdown_sd, row.touchdown_found),
            (row.toe_off, row.toe_off_sd, row.toe_off_found),
        )
        cells = [
            cell
            for median, sd, share in events
            for cell in (
                f"{median:+.1f} ± {sd:.1f}" if np.isfinite(median) else "–",
                f"{share:.0%}",
            )
        ]
        run = (row.recording, row.speed, row.strike or "–", f"{row.rate:g}", row.contacts)
        table.append((*run, *cells))
    return page_table(heads, table) + "\n"


HEAD = """\
# Events from markers against plates

Markers less plates, median and spread, in ms; below a recording's own rate at four offsets of the
frames. Written by `python -m benchmarks.foot_events --write`. What it means:
[recordings](../../docs/recordings.md#trials-without-force-plates).
"""

FILTERED_HEAD = """\
# Events from markers that were low-passed

Largest change of an event, in ms, by a second-order Butterworth filter of the markers, forth and
back, against the same markers as recorded. Written by `python -m benchmarks.foot_events --write`.
What it means: `FILTER_ERROR_S_HZ2` of `aqbio/prepare/event_accuracy.py`.
"""

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
