"""Marker paths of one trial: short gaps filled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from aqbio.config import Trial
from aqbio.config.settings import Prepare
from aqbio.errors import AqbioError, distinct
from aqbio.io.movement import breaks, flickers, jumps, stands_still
from aqbio.io.recording import Recording
from aqbio.recordings.foot_contacts import FootContact
from aqbio.recordings.notes import Notes
from aqbio.signals.filters import design_cutoff
from aqbio.signals.gaps import fill_gaps, longest_gap
from aqbio.signals.runs import runs
from aqbio.vectors import BoolArray, FloatArray

SPEED_MAX = 30.0
"""Half of all marker steps are slower than this in any running: 2.4 times the fastest known 20 m
(44.72 km/h from 60 to 80 m, IAAF's analysis of the 100 m at Berlin 2009), m/s."""

MAX_MISSING = 0.10
"""Share of frames with a marker missing after gap filling above which it is a warning."""

TOLD = 8
"""So many markers or frames are told one by one."""


def check_rates(recording: Recording, cutoff: float, notes: Notes) -> None:
    """Refuse rates that are too low for the cut-off."""
    rates = {notes.file: recording.rate}
    if recording.forces is not None:
        rates[notes.force_file] = min(recording.forces.rate, rates.get(notes.force_file, np.inf))
    for file, rate in rates.items():
        try:
            design_cutoff(rate, cutoff)
        except ValueError as error:
            raise AqbioError(
                str(error),
                file=file,
                fix="lower prepare.cutoff_hz in study.yaml.",
                rule="cutoff-too-high",
            ) from error


def check_paths(recording: Recording, trial: Trial, notes: Notes) -> None:
    """Refuse markers, or joint angles, that jump about: the file was written, or read, wrongly."""
    steps = np.diff(recording.positions, axis=0)
    known = np.linalg.norm(steps[np.isfinite(steps).all(axis=2)], axis=-1)
    speed = float(np.median(known)) * recording.rate if len(known) else 0.0
    if speed > SPEED_MAX:
        angles = "the angles move points of the body"
        raise AqbioError(
            f"{angles if trial.coordinates_file else 'the markers move'} at "
            f"{distinct(speed, SPEED_MAX)} m/s in the "
            f"middle, more than {SPEED_MAX:.0f} m/s: there is noise from one frame to the next, "
            "their unit or rate is wrong, or the file is damaged.",
            file=notes.file,
            fix="look at the trial in the capture software and export it again.",
            rule="marker-speed",
        )


def check_frames(recording: Recording, trial: Trial, file: str) -> None:
    """Refuse a trial in which frames were lost, or written twice, before the last instant used.

    Raises
    ------
    AqbioError
        From there on the markers' clock is neither that of the plates nor that of the movement.
    """
    end = np.inf if trial.end_s is None else trial.end_s
    told = dict(breaks(recording.positions))
    # A pose that jumps in a file of angles may be a solver's: stage solve says so.
    jumped = [] if trial.coordinates_file else jumps(recording.positions, recording.rate)
    frames = sorted({*told, *jumped})
    frames = [one for one in frames if one / recording.rate < end]
    if trial.task == "static" or not frames:
        return
    frame = frames[0]
    elapsed = told.get(frame, np.inf)
    how = f"goes the way of {elapsed:.1f} frames instead of 1"
    how = how if frame in told else "jumps as a whole, faster than any landing moves it"
    what = "frames are lost between them" if elapsed > 1.0 else "a frame is written twice"
    raise AqbioError(
        f"from frame {frame + 1} to frame {frame + 2} the body {how}: {what}, and the clocks of "
        "movement and plates part there"
        + (f" (and at {len(frames) - 1} more places)." if len(frames) > 1 else "."),
        file=file,
        where=f"frames {frame + 1} to {frame + 2}, {frame / recording.rate:.3f} s",
        fix="export the trial again with all frames, or set end_s in trials.tsv before that frame.",
        rule="frames-lost",
    )


def without_flicker(recording: Recording, notes: Notes) -> Recording:
    """Take out the frames in which a marker jumps away and comes back, and say so."""
    away = flickers(recording.positions, recording.rate)
    if not away.any():
        return recording
    count = int(away.sum())
    told = _listed(recording.labels[marker] for marker in np.flatnonzero(away.any(axis=0)))
    notes.add(
        "marker-flicker",
        "warning",
        f"{told}: {count} position{'s' if count > 1 else ''} far off the path of the frames before "
        "and after (for one to three frames); not used.",
        number=count,
        where="frames " + _listed(map(str, np.flatnonzero(away.any(axis=1)) + 1)),
        fix="look at these frames in the capture software: ghost markers or exchanged labels.",
        label=told,
    )
    positions = np.where(away[..., None], np.nan, recording.positions)
    return replace(recording, positions=positions)


def _listed(names: Iterable[str]) -> str:
    told = list(names)
    return ", ".join(told[:TOLD]) + (f" and {len(told) - TOLD} more" if len(told) > TOLD else "")


def check_task(recording: Recording, trial: Trial, notes: Notes) -> None:
    """Refuse a static trial that moves about: a model scaled to it would be of another body."""
    if trial.task == "static" and not stands_still(recording.positions):
        raise AqbioError(
            "the sheet says static, but the person moves about.",
            file=notes.file,
            fix="correct task or file in trials.tsv.",
            rule="task",
        )


def check_clock(recording: Recording, notes: Notes) -> None:
    """Refuse forces of another time than the markers."""
    forces = recording.forces
    if forces is None:
        return
    last = (len(recording.positions) - 1) / recording.rate
    end = forces.start + (len(forces.wrench.force) - 1) / forces.rate
    if forces.start > last or end < 0.0:
        raise AqbioError(
            f"the forces cover {forces.start:.2f} to {end:.2f} s from the first marker frame, the "
            f"markers 0 to {last:.2f} s: they share no time.",
            file=notes.force_file,
            fix="give the force file of this trial, with the clock of its markers.",
            rule="clock-apart",
        )


def filled_markers(
    recording: Recording, contacts: Sequence[FootContact], prepare: Prepare, notes: Notes
) -> tuple[FloatArray, BoolArray]:
    """The markers (T, M, 3) with short gaps filled, and where (T, M); note what stays open.

    No gap is filled across a touchdown or toe-off.
    """
    longest = longest_gap(prepare, recording.rate)
    barriers = _events(contacts)
    markers, filled = fill_gaps(recording.positions, longest, barriers * recording.rate)
    _note_missing(recording.labels, markers, _used_frames(recording, contacts), notes)
    return markers, filled


def _events(contacts: Sequence[FootContact]) -> FloatArray:
    """Touchdowns and toe-offs that were found, s: foot markers do not show all."""
    every = np.array([at for one in contacts for at in (one.touchdown, one.toe_off)])
    return np.asarray(every[np.isfinite(every)], dtype=np.float64)


def _used_frames(recording: Recording, contacts: Sequence[FootContact]) -> slice:
    """Frames from the first touchdown to the last toe-off; those that show most markers without."""
    events = np.rint(_events(contacts) * recording.rate).astype(int)
    if len(events):
        return slice(max(int(events.min()), 0), int(events.max()) + 1)
    seen = np.isfinite(recording.positions).all(axis=2).mean(axis=1) >= 0.5
    shown = np.flatnonzero(seen)
    return slice(int(shown[0]), int(shown[-1]) + 1) if len(shown) else slice(0, len(seen))


def _note_missing(labels: Sequence[str], markers: FloatArray, used: slice, notes: Notes) -> None:
    """Say which markers are missing between the contacts, and in one line which ones outside.

    Outside, nearly all are missing alike where the capture volume ends: that hid the others.
    """
    missing = np.isnan(markers[..., 0])
    inside = missing[used]
    for index in np.flatnonzero(inside.any(axis=0)).tolist():
        share = float(inside[:, index].mean())
        gaps = runs(inside[:, index]) + used.start
        start, stop = gaps[np.argmax(gaps[:, 1] - gaps[:, 0])]
        much = share > MAX_MISSING
        notes.add(
            "marker-missing",
            "warning" if much else "info",
            f"marker {labels[index]} is missing in {int(inside[:, index].sum())} of {len(inside)} "
            f"frames between first touchdown and last toe-off ({share:.0%}) after short gaps were "
            "filled" + (f"; at most {MAX_MISSING:.0%}." if much else "."),
            number=share,
            limit=MAX_MISSING,
            where=f"longest gap: frames {start + 1} to {stop}",
            fix="fill the gap in the capture software; it gets no weight in these frames.",
            label=labels[index],
        )
    outside = missing.copy()
    outside[used] = False
    if outside.any():
        lost = [labels[index] for index in np.flatnonzero(outside.any(axis=0)).tolist()]
        frames = np.flatnonzero(outside.any(axis=1)) + 1
        notes.add(
            "markers-outside",
            "info",
            f"{len(lost)} of {len(labels)} markers are missing before the first touchdown or after "
            f"the last toe-off (frames {frames[0]} to {frames[-1]} at most), as where the capture "
            "volume ends.",
            number=float(len(lost)),
            label=", ".join(lost),
        )
