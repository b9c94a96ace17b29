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
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numpy as np

import aqbio.prepare.trial as preparation
from aqbio.io.recording import ForceRecording
from aqbio.io.study import load_study
from aqbio.prepare.explanations import (
    CLEAR_GAIN,
    MAX_USUAL_RATIO,
    Candidate,
    Suspect,
    improbability,
    people_scales,
    search,
    strangeness,
)
from aqbio.prepare.force_evidence import ForceEvidence
from aqbio.prepare.force_faults import (
    ALL,
    FORCE_FAULTS,
    PAIR,
    PLATE,
    ForceFault,
    force_candidates,
    mean_over_steps,
)
from aqbio.prepare.force_search import (
    ExplainedForces,
    explained_forces,
    least_strange,
    unresolved_forces,
    without_rest,
)
from aqbio.prepare.force_words import ForceExplanation
from aqbio.prepare.frame_loads import averaged, loaded_plates
from aqbio.prepare.notes import Notes
from aqbio.prepare.stage import prepare_participant
from aqbio.prepare.stated_faults import OfferedCandidates, StatedFaults
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


@dataclass(frozen=True, eq=False)
class Plant:
    """A fault that was planted in a run."""

    fault: ForceFault
    scope: str
    size: float
    """NaN of a fault that has none."""
    forces: ForceRecording
    """With the fault."""
    undo: Candidate[ForceRecording]
    """What the search has to undo it."""

    @property
    def name(self) -> str:
        """Fault and scope, as explanations name them."""
        return f"{self.fault.name} {self.scope}"

    def evidence(self, run: Captured) -> float:
        """By how much undoing it makes the recording more probable than it is rare.

        At its own size, with its price.
        """
        observed = run.evidence.disagreements(self.forces)
        right = run.evidence.disagreements(self.undo.undo(self.forces, self.size))
        scales, price = people_scales(run.speed), self.undo.rarity
        if np.isfinite(self.size):
            price += Suspect(self.undo, self.size, 0.0).price
        return improbability(observed, scales) - improbability(right, scales, observed) - price


def scopes(fault: ForceFault, forces: ForceRecording) -> Iterator[tuple[str, np.ndarray]]:
    """Scope, and plates (P,), of a row that are planted in a run: of one plate the middle one."""
    count = len(forces.numbers)
    loaded = np.flatnonzero(loaded_plates(np.linalg.norm(forces.wrench.force, axis=2)))
    middle = int(loaded[len(loaded) // 2])
    if PAIR in fault.scopes and count > 1:
        pair = sorted((middle, next(p for p in range(count) if p != middle)))
        words = " and ".join(str(forces.numbers[p]) for p in pair)
        yield f"plates {words}", np.isin(np.arange(count), pair)
    if ALL in fault.scopes:
        yield ALL, np.ones(count, dtype=np.bool_)
    if PLATE in fault.scopes and len(loaded) > 1:
        yield f"plate {forces.numbers[middle]}", np.arange(count) == middle


def offered(run: Captured) -> OfferedCandidates:
    """Faults that the search tries on a run."""
    evidence = run.evidence
    by_body = evidence.body is not None
    return partial(force_candidates, by_body=by_body, body_kg=evidence.body_kg)


def plants(run: Captured) -> Iterator[Plant]:
    """Rows with scope, plates and size, as they are planted in a run that can have them."""
    forces, weight = run.forces, mean_over_steps(run.forces)
    for fault in FORCE_FAULTS:
        for (scope, plates), size in product(scopes(fault, forces), planted_sizes(fault)):
            faulty = planted(fault, forces, plates, size, weight)
            for undo in offered(run)(faulty):
                if (undo.fault, undo.scope) == (fault.name, scope):
                    yield Plant(fault, scope, size, faulty, undo)


def named(run: Captured, forces: ForceRecording) -> tuple[ForceExplanation, set[frozenset[str]]]:
    """What is accepted, and the faults of every explanation where none is."""
    scales = people_scales(run.speed)
    explanations = search(forces, run.evidence.disagreements, offered(run), scales)
    near = unresolved_forces(explanations, by_body=run.evidence.body is not None)
    left = least_strange(near or explanations[:1], forces, run.evidence, scales)
    if strangeness(left, scales) > CLEAR_GAIN:
        return explanations[0], {x.faults for x in near} | {frozenset({"strange"})}
    return explanations[0], {x.faults for x in near}


def verdict(run: Captured, plant: Plant) -> tuple[str, ForceExplanation]:
    """What the search makes of a plant, and what it accepts."""
    best, near = named(run, plant.forces)
    if near:
        return ("near" if {plant.name} in near else "undecided"), best
    if best.faults == {plant.name}:
        return "right", best
    return ("other" if best.faults else "silent"), best


VERDICTS = ("right", "near", "undecided", "silent", "other")


def confusion(runs: list[Captured]) -> None:
    """Print what is named for every plant, and how often it is right."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    for run in runs:
        best, near = named(run, run.forces)
        is_sound = not best.faults and not near
        counts["sound"]["right" if is_sound else "other"] += 1
        if not is_sound:
            print(f"other  {run.name}: sound -> {best.name}", flush=True)
        for plant in plants(run):
            evidence = plant.evidence(run)
            outcome, best = verdict(run, plant)
            counts[plant.fault.name][outcome] += 1
            by = "shown" if evidence > 0.0 else "not shown"
            shown[by][outcome] += 1
            size = "" if np.isnan(plant.size) else f" {plant.size:g}"
            if outcome == "right" and size:
                [suspect] = [x for x in best.suspects if not x.is_usual]
                is_within = abs(suspect.size - plant.size) < 2.0 * suspect.sd
                shown[by]["size within" if is_within else "size beyond"] += 1
                size += f" ({suspect.size:.3g} ± {suspect.sd:.2g})" * (not is_within)
            if outcome != "right" or ")" in size:
                print(
                    f"{outcome:9s} {evidence:5.0f} {run.name}: {plant.name}{size} -> {best.name}",
                    flush=True,
                )
    print(f"\n| planted | {' | '.join(VERDICTS)} |\n|{' --- |' * (len(VERDICTS) + 1)}")
    for name, row in counts.items():
        print(f"| {name} | {' | '.join(str(row[x]) for x in VERDICTS)} |")
    for by, row in shown.items():
        print(f"\n{by}: {dict(row)}")


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
