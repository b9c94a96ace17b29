"""Label sets broken by a seed, and whether the assignment of labels is right, asks or errs.

``python -m validation.broken_labels STATIC MOVING --draws 200`` breaks the labels of a recording in
all its trials alike, as a laboratory does that puts a wrong template on: two labels exchanged, one
renamed, deleted, given another landmark's name, put on a foreign marker, or left and right
exchanged. The truth is where the laboratory's own name had a marker before; of markers that only
track a segment, anywhere on it. Wrong is another place of which nobody is asked.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.labels.assign import Assignment, assign
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.motion import segment_of
from aqbio.prepare.label_check import median_positions

RIGHT, ASKED, WRONG = "right", "asked", "wrong"

SPARE = ("RMT1", "LMT2", "LELM", "RKNM", "LANM", "RWRB", "T10", "STRN", "LTOE")
"""Names of landmarks, of which those that nobody has are given to a wrong marker."""

LIMBS = {
    "body": ("pelvis", "torso", "thigh", "shank", "foot", "upper_arm", "forearm"),
    "leg": ("thigh", "shank", "foot"),
    "lower leg": ("shank", "foot"),
    "foot": ("foot",),
    "arm": ("upper_arm", "forearm"),
    "forearm": ("forearm",),
}
"""Segments whose left and right labels are exchanged together."""


@dataclass(frozen=True)
class Broken:
    """A broken label set."""

    kind: str
    what: str
    names: Mapping[str, str]
    """New name by label; labels that are gone are not in it."""
    added: tuple[str, str] | None = None
    """A label that is put beside the marker of another one."""


def broken(
    places: Mapping[str, SidedLandmark], table: LandmarkTable, rng: np.random.Generator
) -> Broken:
    """Break the names of labels whose places are known."""
    kind = str(rng.choice(["swap", "rename", "delete", "name", "foreign", "sides"]))
    names = {label: label for label in places}
    one, two = map(str, rng.choice(list(places), 2, replace=False))
    known = set(places.values())
    spare = [
        name
        for name in SPARE
        if name not in places and not known & {*named_labels([name], table).sites.values()}
    ]
    if kind == "swap":
        names |= {one: two, two: one}
    elif kind == "rename":
        names[one] = "Q17"
    elif kind == "delete":
        del names[one]
    elif kind == "name" and spare:
        names[one] = two = str(rng.choice(spare))
    elif kind == "foreign" and spare:
        two = str(rng.choice(spare))
        return Broken(kind, f"{two} beside {one}", names, (two, one))
    elif kind == "sides":
        two = str(rng.choice(list(LIMBS)))
        names |= _other_sides(places, LIMBS[two], table)
        one = ""
    return Broken(kind, f"{one} {two}".strip(), names)


def _other_sides(
    places: Mapping[str, SidedLandmark], segments: Sequence[str], table: LandmarkTable
) -> dict[str, str]:
    """Partner of every label of some segments on the other side, the same number of its kind."""
    by_kind: dict[tuple[str, str], list[str]] = {}
    for label, place in places.items():
        if place.side and segment_of(place, table)[0] in segments:
            by_kind.setdefault((place.landmark, place.side), []).append(label)
    found: dict[str, str] = {}
    for (landmark, side), own in by_kind.items():
        others = by_kind.get((landmark, "left" if side == "right" else "right"), [])
        found |= dict(zip(own, others, strict=False))
    return {one: other for one, other in found.items() if found.get(other) == one}


def renamed(recording: Recording, how: Broken) -> Recording:
    """The recording with broken names; a foreign marker is 8 cm beside another one."""
    kept = [index for index, label in enumerate(recording.labels) if label in how.names]
    labels = [how.names[recording.labels[index]] for index in kept]
    positions = recording.positions[:, kept]
    if how.added is not None and how.added[1] in recording.labels:
        beside = recording.positions[:, [recording.labels.index(how.added[1])]]
        positions = np.concatenate((positions, beside + 0.08 / np.sqrt(3.0)), axis=1)
        labels.append(how.added[0])
    return replace(recording, labels=tuple(labels), positions=positions)


def outcome(
    truth: Mapping[str, SidedLandmark], how: Broken, found: Assignment, table: LandmarkTable
) -> tuple[str, list[str]]:
    """Whether a broken set is understood, asked about or wrong, and the labels that are wrong."""
    true_places = {how.names[label]: own for label, own in truth.items() if label in how.names}
    asked = " ".join([*found.notes, *found.notes.values(), *found.left_out])
    wrong, silent = [], []
    for label, place in found.sites.items():
        if label in true_places and _same(place, true_places[label], table):
            continue
        wrong.append(label)
        if label not in asked and str(place) not in asked:
            silent.append(label)
    if not wrong:
        return RIGHT, []
    return (WRONG, silent) if silent else (ASKED, [])


def _same(one: SidedLandmark, other: SidedLandmark, table: LandmarkTable) -> bool:
    """Whether two places are one, or the label tracks the segment that it is on."""
    tracks = table.landmarks[one.landmark].cluster
    return one == other or (tracks and segment_of(one, table) == segment_of(other, table))


def trials_of(
    static: Recording, moving: Recording, draws: int, seed: int
) -> list[tuple[Broken, str, list[str]]]:
    """Break the labels of a static and a moving trial many times and judge every answer."""
    table, rng = landmark_table(), np.random.default_rng(seed)
    labels = dict.fromkeys((*static.labels, *moving.labels))
    truth = named_labels(labels, table).sites
    names = {
        label: place
        for label, place in truth.items()
        if label in static.labels and table.landmarks[place.landmark].origin != "joint_centre"
    }
    found = []
    for _ in range(draws):
        how = broken(names, table, rng)
        standing, running = renamed(static, how), renamed(moving, how)
        every = dict.fromkeys((*standing.labels, *running.labels))
        gone = frozenset(every) - frozenset(running.labels)
        named = named_labels(every, table)
        answer = assign(named, [median_positions(standing)], [running], gone, table)
        found.append((how, *outcome(truth, how, answer, table)))
    return found


def main() -> int:
    """Break the labels of recordings and print the share of every outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("static", type=Path)
    parser.add_argument("moving", type=Path)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=49)
    options = parser.parse_args()
    static, moving = read_recording(options.static), read_recording(options.moving)
    found = trials_of(static, moving, options.draws, options.seed)
    for (kind, what), count in sorted(Counter((how.kind, what) for how, what, _ in found).items()):
        print(f"{kind:8} {what:6} {count}")
    for how, what, silent in found:
        if what == WRONG:
            print(f"wrong: {how.kind} {how.what}: {', '.join(silent)}")
    print(Counter(what for _, what, _ in found))
    return 1 if any(what == WRONG for _, what, _ in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
