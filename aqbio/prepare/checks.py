"""Refusals of recordings that no trial can be prepared from, and markers that are noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.errors import AqbioError, distinct, listed
from aqbio.filters import design_cutoff
from aqbio.io.movement import (
    MAX_STANDING_MOVEMENT_M,
    MIN_STANDING_S,
    breaks,
    copied_stretches,
    flickers,
    is_static,
    jumps,
)
from aqbio.io.recording import Recording
from aqbio.names import MILLIMETRES
from aqbio.prepare.explanations import MAX_USUAL_RATIO
from aqbio.prepare.notes import Notes
from aqbio.prepare.signal_scales import usual_noise
from aqbio.signals import white_noise

MAX_MEDIAN_SPEED_M_S = 30.0
"""Half of all marker steps are slower than this in any running: 2.4 times the fastest known 20 m
(44.72 km/h from 60 to 80 m, IAAF's analysis of the 100 m at Berlin 2009), m/s."""


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
    displacements = np.linalg.norm(steps[np.isfinite(steps).all(axis=2)], axis=-1)
    speed = float(np.median(displacements)) * recording.rate if len(displacements) else 0.0
    if speed > MAX_MEDIAN_SPEED_M_S:
        angles = "the angles move points of the body"
        raise AqbioError(
            f"{angles if trial.coordinates_file else 'the markers move'} at "
            f"{distinct(speed, MAX_MEDIAN_SPEED_M_S)} m/s in the "
            f"middle, more than {MAX_MEDIAN_SPEED_M_S:.0f} m/s: there is noise from one "
            "frame to the next, their unit or rate is wrong, or the file is damaged.",
            file=notes.file,
            fix="look at the trial in the capture software and export it again.",
            rule="marker-speed",
        )


def check_frames(recording: Recording, trial: Trial, file: str) -> None:
    """Refuse lost, repeated or copied frames among those that are used."""
    if trial.task == "static":
        return
    positions, rate = recording.positions, recording.rate
    stretches, broken = copied_stretches(positions), dict(breaks(positions))
    # A pose that jumps in a file of angles may be a solver's: stage inverse_kinematics reports it.
    jumped = [] if trial.coordinates_file else jumps(positions, rate)
    _check_copies(stretches, rate, trial, file)
    end = np.inf if trial.end_s is None else trial.end_s
    after_copies = {last for _, last in stretches}
    frames = sorted({*broken, *jumped} - after_copies)
    frames = [frame for frame in frames if frame / rate < end]
    if not frames:
        return
    frame = frames[0]
    if frame in broken:
        text = f"moves as far as in {broken[frame]:.1f} frames instead of 1"
        cause = (
            "frames are lost between them" if broken[frame] > 1.0 else "a frame is written twice"
        )
        cause += ", and the clocks of movement and plates part there"
        if trial.coordinates_file:
            cause += ", or the angles are those of another model"
    else:
        text = "jumps as a whole, faster than any landing moves it"
        cause = "frames are lost between them, so that the clocks of movement and plates part "
        cause += "there, or the axes of the laboratory change"
    fix = "export the trial again with all frames, or set end_s in trials.tsv before that frame."
    if trial.coordinates_file:
        fix = f"give the model that these angles were computed with; with it, {fix}"
    raise AqbioError(
        f"from frame {frame + 1} to frame {frame + 2} the body {text}: {cause}"
        + (f" (and at {len(frames) - 1} more places)." if len(frames) > 1 else "."),
        file=file,
        where=f"frames {frame + 1} to {frame + 2}, {frame / rate:.3f} s",
        fix=fix,
        rule="frames-lost",
    )


def _check_copies(copied: list[tuple[int, int]], rate: float, trial: Trial, file: str) -> None:
    """Refuse stretches in which every frame is a copy of the one before."""
    begin = trial.start_s or 0.0
    end = np.inf if trial.end_s is None else trial.end_s
    stretches = [
        (first, last) for first, last in copied if first / rate < end and last / rate > begin
    ]
    if not stretches:
        return
    first, last = stretches[0]
    more = f" (and {len(stretches) - 1} more such stretches)" if len(stretches) > 1 else ""
    raise AqbioError(
        f"frames {first + 1} to {last + 1} are copies of frame {first}: no marker moves for "
        f"{(last - first + 1) / rate:.2f} s, which no person does{more}.",
        file=file,
        where=f"frames {first + 1} to {last + 1}, from {first / rate:.3f} s",
        fix="export the trial again, or leave these frames out with start_s or end_s in "
        "trials.tsv.",
        rule="frames-copied",
    )


def without_flicker(recording: Recording, notes: Notes) -> Recording:
    """Remove the frames in which a marker jumps away and back, with a finding."""
    away = flickers(recording.positions, recording.rate)
    if not away.any():
        return recording
    count = int(away.sum())
    labels = listed([recording.labels[marker] for marker in np.flatnonzero(away.any(axis=0))])
    notes.add(
        "marker-flicker",
        "warning",
        f"{labels}: {count} position{'s' if count > 1 else ''} far off the path of the frames "
        "before and after (for one to three frames); not used.",
        number=count,
        where="frames " + listed([str(frame + 1) for frame in np.flatnonzero(away.any(axis=1))]),
        fix="look at these frames in the capture software: ghost markers or exchanged labels.",
        label=labels,
    )
    positions = np.where(away[..., None], np.nan, recording.positions)
    return replace(recording, positions=positions)


def note_noise(recording: Recording, trial: Trial, marker_set: MarkerSet, notes: Notes) -> None:
    """Name markers that scatter from frame to frame far more than sound ones; of moving trials."""
    if trial.task == "static":
        return
    scatter, usual = white_noise(recording.positions), usual_noise(recording.rate)
    mapped = np.array([label in marker_set.markers for label in recording.labels])
    noisy = np.flatnonzero(mapped & (scatter > MAX_USUAL_RATIO * usual))
    if not len(noisy):
        return
    labels, worst = listed([recording.labels[n] for n in noisy]), float(scatter[noisy].max())
    notes.add(
        "markers-noisy",
        "warning",
        f"{labels}: noise of up to {MILLIMETRES * worst:.1f} mm from frame to frame, "
        f"{worst / usual:.0f} times what sound markers have at most. It widens intervals; what "
        "moments and rates do within a step holds it too, above all extremes.",
        number=worst,
        limit=MAX_USUAL_RATIO * usual,
        unit="m",
        label=labels,
        fix="look at these labels in the capture software: a marker that is loose, or that few "
        "cameras see.",
        invalidates="moments",
    )


ONE_FRAME_FIX = "export the whole trial; if it is a static trial, write static in column task."


def check_task(recording: Recording, trial: Trial, notes: Notes) -> None:
    """Refuse a static trial that moves about, as of another body, and a run of one frame."""
    if trial.task != "static" and len(recording.positions) == 1:
        raise AqbioError(
            f"the sheet says {trial.task}, but the file holds one frame: no movement is seen.",
            file=notes.file,
            fix=ONE_FRAME_FIX,
            rule="task",
        )
    if trial.task == "static" and not is_static(recording.positions):
        raise AqbioError(
            "the sheet says static, but the person moves about: in no "
            f"{MIN_STANDING_S:g} s three quarters of the markers stay within "
            f"{1e3 * MAX_STANDING_MOVEMENT_M:.0f} mm.",
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
