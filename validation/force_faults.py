"""``python -m validation.force_faults STUDY.yaml ...``: faults of forces planted in recordings.

Every row of the table of faults is planted at several sizes in every moving trial of some studies,
and what the search names is counted: right, near (among the undecided), silent, or another fault.
``--scales`` prints the sizes of every redundancy in the recordings as they are, by speed class: the
rows of ``aqbio/prepare/redundancies.tsv``.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np

import aqbio.prepare.trial as preparation
from aqbio.io.recording import ForceRecording
from aqbio.io.study import load_study
from aqbio.prepare.explanations import MAX_USUAL_RATIO, people_scales, search, undecided
from aqbio.prepare.force_evidence import ForceEvidence
from aqbio.prepare.force_faults import (
    ALL,
    FORCE_FAULTS,
    MOMENTS,
    PAIR,
    PLATE,
    PRESSURE,
    ForceFault,
    force_candidates,
)
from aqbio.prepare.force_search import ExplainedForces, explained_forces, without_rest
from aqbio.prepare.frame_loads import averaged, loaded_plates
from aqbio.prepare.notes import Notes
from aqbio.prepare.stage import prepare_participant
from aqbio.prepare.stated_faults import StatedFaults
from tests.planted_forces import planted

PLANTED_RATIOS = (1.25, -2.5, 4.0)
"""Sizes that are planted, over the largest one that laboratories have."""

CLASSES = (4.0, 7.0, float("inf"))
"""Upper bounds of the classes of speed, m/s."""


@dataclass(frozen=True, eq=False)
class Captured:
    """Forces of one trial and what they must agree with."""

    name: str
    forces: ForceRecording
    evidence: ForceEvidence
    speed: float


def captured(study_file: Path, people: list[str]) -> Iterator[Captured]:
    """Forces of every moving trial, as the search receives them."""
    runs: dict[str, Captured] = {}

    def keep(
        forces: ForceRecording,
        evidence: ForceEvidence,
        speed: float,
        notes: Notes,
        stated: StatedFaults,
    ) -> ExplainedForces:
        if not evidence.standing and forces.numbers:
            name = f"{study_file.parent.name} {notes.participant} {notes.trial}"
            runs[name] = Captured(name, without_rest(averaged(forces)), evidence, speed)
        return explained_forces(forces, evidence, speed, notes, stated)

    study = load_study(study_file)
    with patch.object(preparation, "explained_forces", keep):
        for person in people or [row.participant_id for row in study.participants]:
            prepare_participant(study.recorded_with(person), person, lambda _: None)
    yield from runs.values()


def planted_sizes(fault: ForceFault) -> tuple[float, ...]:
    """Sizes of a row that are planted; NaN of one without."""
    if fault.sizes is None:
        return (float("nan"),)
    return tuple(ratio * MAX_USUAL_RATIO * fault.sizes.usual for ratio in PLANTED_RATIOS)


def plants(run: Captured) -> Iterator[tuple[ForceFault, str, np.ndarray, float]]:
    """Rows with scope, plates and size, as they are planted in a run."""
    forces = run.forces
    count = len(forces.numbers)
    loaded = np.flatnonzero(loaded_plates(np.linalg.norm(forces.wrench.force, axis=2)))
    recorded = PRESSURE if forces.lever is None else MOMENTS
    cornered = np.isfinite(forces.corners).all()
    if not len(loaded):
        return
    middle = int(loaded[len(loaded) // 2])
    for fault in FORCE_FAULTS:
        if fault.recorded not in ("", recorded) or (fault.possible and not cornered):
            continue
        for size in planted_sizes(fault):
            if PAIR in fault.scopes:
                other = next((p for p in range(count) if p != middle), middle)
                pair = sorted((middle, other))
                if cornered and other != middle:
                    words = " and ".join(str(forces.numbers[p]) for p in pair)
                    yield fault, f"plates {words}", np.isin(np.arange(count), pair), size
                continue
            if ALL in fault.scopes:
                yield fault, ALL, np.ones(count, dtype=np.bool_), size
            if PLATE in fault.scopes and len(loaded) > 1 and not fault.possible:
                yield fault, f"plate {forces.numbers[middle]}", np.arange(count) == middle, size


def confusion(runs: list[Captured]) -> None:
    """Print what is named for every plant, and how often it is right."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    within = Counter[str]()
    for run in runs:
        scales = people_scales(run.speed)
        candidates = partial(force_candidates, by_body=run.evidence.body is not None)
        tried: list[tuple[ForceFault | None, str, ForceRecording, float]]
        tried = [(None, "sound", run.forces, float("nan"))]
        tried += [
            (fault, f"{fault.name} {scope}", planted(fault, run.forces, plates, size), size)
            for fault, scope, plates, size in plants(run)
        ]
        for fault, truth, forces, size in tried:
            found = search(forces, run.evidence.disagreements, candidates, scales)
            best, near = found[0], {x.name for x in undecided(found)}
            named = " and ".join(x.name for x in best.suspects if not x.is_usual) or "sound"
            verdict = (
                "right" if truth == named else "near" if truth in near or best.name == truth
                else "silent" if named == "sound" else "other"
            )  # fmt: skip
            counts["sound" if fault is None else fault.name][verdict] += 1
            if verdict == "right" and np.isfinite(size):
                [suspect] = [x for x in best.suspects if not x.is_usual]
                within["yes" if abs(suspect.size - size) < 2.0 * suspect.sd else "no"] += 1
            if verdict != "right":
                stated = "" if np.isnan(size) else f" {size:g}"
                print(f"{verdict:6s} {run.name}: {truth}{stated} -> {best.name}", flush=True)
    print("\n| planted | right | near | silent | other |\n| --- | --- | --- | --- | --- |")
    for name, row in counts.items():
        print(
            f"| {name} | "
            + " | ".join(str(row[x]) for x in ("right", "near", "silent", "other"))
            + " |"
        )
    total = sum(counts.values(), Counter[str]())
    print(f"\n{dict(total)}; sizes within two standard deviations: {dict(within)}")


def scales(runs: list[Captured]) -> None:
    """Print the root mean squares of all redundancies over people, by speed class."""
    sizes: dict[tuple[float, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        bound = next(x for x in CLASSES if run.speed < x or np.isinf(x))
        person = " ".join(run.name.split()[:2])
        for name, values in run.evidence.disagreements(run.forces).items():
            sizes[bound, name][person].append(float(np.sqrt(np.mean(values**2))))
    for (bound, name), people in sorted(sizes.items()):
        means = [float(np.sqrt(np.mean(np.square(of_person)))) for of_person in people.values()]
        rms, middle = float(np.sqrt(np.mean(np.square(means)))), float(np.median(means))
        print(f"{name}\t{bound:g}\t{rms:.3g}\tmedian {middle:.3g}\t{len(means)} people")


def main() -> None:
    """Plant faults, or print scales."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", help="STUDY.yaml, or STUDY.yaml:PERSON:PERSON")
    parser.add_argument("--scales", action="store_true")
    parser.add_argument(
        "--trials", default="", help="only trials whose name has one of these words"
    )
    options = parser.parse_args()
    runs: list[Captured] = []
    for argument in options.studies:
        file, *people = argument.split(":")
        runs += captured(Path(file), people)
    words = options.trials.split(",")
    runs = [run for run in runs if any(word in run.name for word in words)]
    scales(runs) if options.scales else confusion(runs)


if __name__ == "__main__":
    main()
