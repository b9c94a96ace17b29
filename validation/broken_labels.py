"""Label sets broken by a seed, and whether the assignment of labels is right, asks or errs.

``python -m validation.broken_labels STATIC MOVING --draws 200`` breaks the labels of a recording in
all its trials alike, as a laboratory does that puts a wrong template on: two labels exchanged, one
renamed, deleted, given another landmark's name, put on a foreign marker, or left and right
exchanged. The truth is where the laboratory's own name had a marker before; of markers that only
track a segment, anywhere on it. Wrong is another site without a question to the user.
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

RIGHT, QUESTIONED, WRONG = "right", "asked", "wrong"

SPARE = ("RMT1", "LMT2", "LELM", "RKNM", "LANM", "RWRB", "T10", "STRN", "LTOE")
"""Names of landmarks; unused ones are given to a wrong marker."""

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
    change: str
    names: Mapping[str, str]
    """New name by label; labels that are gone are not in it."""
    added: tuple[str, str] | None = None
    """A label that is put beside the marker of another one."""


def broken(
    sites: Mapping[str, SidedLandmark], table: LandmarkTable, rng: np.random.Generator
) -> Broken:
    """Break the names of labels whose places are known."""
    kind = str(rng.choice(["swap", "rename", "delete", "name", "foreign", "sides"]))
    names = {label: label for label in sites}
    first, two = map(str, rng.choice(list(sites), 2, replace=False))
    known_sites = set(sites.values())
    spare = [
        name
        for name in SPARE
        if name not in sites and not known_sites & {*named_labels([name], table).sites.values()}
    ]
    if kind == "swap":
        names |= {first: two, two: first}
    elif kind == "rename":
        names[first] = "Q17"
    elif kind == "delete":
        del names[first]
    elif kind == "name" and spare:
        names[first] = two = str(rng.choice(spare))
    elif kind == "foreign" and spare:
        two = str(rng.choice(spare))
        return Broken(kind, f"{two} beside {first}", names, (two, first))
    elif kind == "sides":
        two = str(rng.choice(list(LIMBS)))
        names |= _other_sides(sites, LIMBS[two], table)
        first = ""
    return Broken(kind, f"{first} {two}".strip(), names)


def _other_sides(
    sites: Mapping[str, SidedLandmark], segments: Sequence[str], table: LandmarkTable
) -> dict[str, str]:
    """Partner of every label of some segments on the other side, the same number of its kind."""
    by_kind: dict[tuple[str, str], list[str]] = {}
    for label, site in sites.items():
        if site.side and segment_of(site, table)[0] in segments:
            by_kind.setdefault((site.landmark, site.side), []).append(label)
    partner: dict[str, str] = {}
    for (landmark, side), same_kind in by_kind.items():
        opposite = by_kind.get((landmark, "left" if side == "right" else "right"), [])
        partner |= dict(zip(same_kind, opposite, strict=False))
    return {
        label: partner_label
        for label, partner_label in partner.items()
        if partner.get(partner_label) == label
    }


def renamed(recording: Recording, fault: Broken) -> Recording:
    """The recording with broken names; a foreign marker is 8 cm beside another one."""
    kept_indices = [index for index, label in enumerate(recording.labels) if label in fault.names]
    labels = [fault.names[recording.labels[index]] for index in kept_indices]
    positions = recording.positions[:, kept_indices]
    if fault.added is not None and fault.added[1] in recording.labels:
        neighbour = recording.positions[:, [recording.labels.index(fault.added[1])]]
        positions = np.concatenate((positions, neighbour + 0.08 / np.sqrt(3.0)), axis=1)
        labels.append(fault.added[0])
    return replace(recording, labels=tuple(labels), positions=positions)


def outcome(
    truth: Mapping[str, SidedLandmark], fault: Broken, answer: Assignment, table: LandmarkTable
) -> tuple[str, list[str]]:
    """Outcome of a broken set (right, asked or wrong), and labels that are wrong in silence."""
    true_sites = {fault.names[label]: site for label, site in truth.items() if label in fault.names}
    questions = " ".join([*answer.notes, *answer.notes.values(), *answer.left_out])
    wrong, silent = [], []
    for label, site in answer.sites.items():
        if label in true_sites and _equivalent(site, true_sites[label], table):
            continue
        wrong.append(label)
        if label not in questions and str(site) not in questions:
            silent.append(label)
    if not wrong:
        return RIGHT, []
    return (WRONG, silent) if silent else (QUESTIONED, [])


def _equivalent(first: SidedLandmark, second: SidedLandmark, table: LandmarkTable) -> bool:
    """True where two sites are one, or the landmark tracks the segment that it is on."""
    tracks = table.landmarks[first.landmark].cluster
    return first == second or (tracks and segment_of(first, table) == segment_of(second, table))


def trials_of(
    static: Recording, moving: Recording, draws: int, seed: int
) -> list[tuple[Broken, str, list[str]]]:
    """Break the labels of a static and a moving trial many times and judge every answer."""
    table, rng = landmark_table(), np.random.default_rng(seed)
    labels = dict.fromkeys((*static.labels, *moving.labels))
    truth = named_labels(labels, table).sites
    names = {
        label: site
        for label, site in truth.items()
        if label in static.labels and table.landmarks[site.landmark].origin != "joint_centre"
    }
    trials = []
    for _ in range(draws):
        fault = broken(names, table, rng)
        standing, running = renamed(static, fault), renamed(moving, fault)
        all_labels = dict.fromkeys((*standing.labels, *running.labels))
        static_only = frozenset(all_labels) - frozenset(running.labels)
        by_name = named_labels(all_labels, table)
        answer = assign(by_name, [median_positions(standing)], [running], static_only, table)
        trials.append((fault, *outcome(truth, fault, answer, table)))
    return trials


def main() -> int:
    """Break the labels of recordings and print the share of every outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("static", type=Path)
    parser.add_argument("moving", type=Path)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=49)
    options = parser.parse_args()
    static, moving = read_recording(options.static), read_recording(options.moving)
    trials = trials_of(static, moving, options.draws, options.seed)
    for (kind, outcome_name), count in sorted(
        Counter((fault.kind, outcome_name) for fault, outcome_name, _ in trials).items()
    ):
        print(f"{kind:8} {outcome_name:6} {count}")
    for fault, outcome_name, silent in trials:
        if outcome_name == WRONG:
            print(f"wrong: {fault.kind} {fault.change}: {', '.join(silent)}")
    print(Counter(outcome_name for _, outcome_name, _ in trials))
    return 1 if any(outcome_name == WRONG for _, outcome_name, _ in trials) else 0


if __name__ == "__main__":
    raise SystemExit(main())
