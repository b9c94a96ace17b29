"""What a trial shows once its labels are understood: speed, contacts, body mass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import Finding
from aqbio.intake.rows import TrialRow
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.trial_files import read_recording
from aqbio.names import SIDES
from aqbio.recordings.axes import displacement
from aqbio.recordings.label_check import StaticReference, with_checked_labels
from aqbio.recordings.notes import Notes
from aqbio.recordings.stage import trial_numbers
from aqbio.recordings.trial import PreparedTrial, prepare_trial

ALIKE = 3
"""So many findings of one kind are told one by one."""

SPEED_TIME = 0.2
"""A speed is told from at least this much of a trial, s."""


@dataclass(frozen=True, slots=True)
class TrialPreview:
    """What a trial shows."""

    words: str
    """In one line."""
    standing_mass: float | None = None
    stride_masses: tuple[float, ...] = ()
    """standing_mass, stride_masses: Body mass from plates, kg."""
    warnings: tuple[str, ...] = ()
    """What a person should know before the trial is used."""
    belt_speed: float | None = None
    """Speed that a treadmill's stance feet show, m/s; None overground."""
    prepared: bool = False
    """Whether it could be prepared."""


def trial_preview(
    data: Path, row: TrialRow, marker_set: MarkerSet, reference: StaticReference
) -> TrialPreview:
    """Prepare a trial as stage prepare would, and say what it shows.

    Raises
    ------
    AqbioError
        When it cannot be prepared.
    """
    trial = Trial.model_validate({k: v for k, v in row.cells().items() if v and k != "found"})
    notes = Notes(row.trial_id, row.participant_id, row.file, row.force_file or row.file)
    forces = data / row.force_file if row.force_file else None
    recording = read_recording(data / row.file, forces)
    recording = with_checked_labels(recording, trial, reference, marker_set, notes)
    prepared = prepare_trial(recording, trial, marker_set, (Laboratory(), Prepare()), notes)
    numbers = trial_numbers(prepared, trial, STATIC_WINDOW_S)
    told = _told([finding for finding in notes.found if finding.severity != "info"])
    masses = tuple(numbers.get("stride_masses_kg", ()))
    standing = numbers.get("standing_mass_kg")
    words = _standing(prepared, standing) if row.task == "static" else _moving(prepared, marker_set)
    treadmill = row.task != "static" and prepared.ground.surface == "treadmill"
    belt = prepared.ground.belt_speed if treadmill else None
    return TrialPreview("; ".join(words), standing, masses, tuple(told), belt, prepared=True)


def first_preview(data: Path, row: TrialRow) -> TrialPreview:
    """Say what a trial shows while the landmarks that everything else hangs on have no labels."""
    recording = read_recording(data / row.file, data / row.force_file if row.force_file else None)
    seconds = (len(recording.positions) - 1) / recording.rate
    words = [
        "stands still" if row.task == "static" else "moves",
        f"{seconds:.1f} s at {recording.rate:g} Hz, {len(recording.labels)} markers",
        "no forces" if recording.forces is None else f"plates: {len(recording.forces.numbers)}",
        "not looked at further before markers.yaml is filled in",
    ]
    return TrialPreview("; ".join(words))


def _told(findings: Sequence[Finding]) -> list[str]:
    """What was found, of many findings of one kind the first one and how many more."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    told = []
    for alike in by_rule.values():
        shown = alike if len(alike) <= ALIKE else alike[:1]
        told += [finding.what for finding in shown]
        if len(shown) < len(alike):
            told[-1] = f"{told[-1].removesuffix('.')}, and {len(alike) - 1} more of this kind."
    return told


def _extent(prepared: PreparedTrial) -> str:
    seconds = (len(prepared.markers) - 1) / prepared.rate
    return f"{seconds:.1f} s at {prepared.rate:g} Hz, {len(prepared.labels)} markers"


def _standing(prepared: PreparedTrial, mass: float | None) -> list[str]:
    words = ["stands still", _extent(prepared)]
    if prepared.plates is None:
        words.append("no plates")
    elif mass is None:
        words.append("not on a plate")
    else:
        loaded = prepared.plates.vertical.mean(axis=0) > 0.1 * mass
        numbers = [str(n) for n, on in zip(prepared.plates.numbers, loaded, strict=True) if on]
        words.append(f"{mass:.1f} kg on plate {', '.join(numbers)}")
    return words


def _moving(prepared: PreparedTrial, marker_set: MarkerSet) -> list[str]:
    ground = prepared.ground
    if ground.surface == "treadmill":
        pace = f"treadmill at {ground.belt_speed:.2f} m/s"
    else:
        speed = _speed(prepared, marker_set)
        pace = "overground" if np.isnan(speed) else f"overground at {speed:.2f} m/s"
    words = [pace, _extent(prepared)]
    if prepared.loads is None:
        return [*words, "no forces"]
    plates = prepared.plates
    by_plate: Counter[str] = Counter()
    for contact in prepared.loads.contacts:
        names = "+".join(str(plates.numbers[plate]) for plate in contact.plates) if plates else ""
        by_plate[f"{SIDES[contact.foot]} on plate {names}"] += 1
    told = [name if count == 1 else f"{count} x {name}" for name, count in by_plate.items()]
    return [*words, f"contacts: {', '.join(told) if told else 'none'}"]


def _speed(prepared: PreparedTrial, marker_set: MarkerSet) -> float:
    """Mean horizontal speed of the pelvis over the frames in which it is seen, m/s."""
    labels = (*marker_set.pelvis.front, *marker_set.pelvis.back)
    columns = [prepared.labels.index(label) for label in labels if label in prepared.labels]
    path = prepared.markers[:, columns].mean(axis=1)
    known = np.flatnonzero(np.isfinite(path).all(axis=1))
    if len(known) < SPEED_TIME * prepared.rate:
        return float("nan")
    way = displacement(path)
    return float(np.hypot(way[0], way[2]) / ((known[-1] - known[0]) / prepared.rate))
