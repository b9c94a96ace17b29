"""Faults of forces, planted in recordings, and what the search names of them.

``python -m validation.force_faults STUDY.yaml ...`` prints the spreads of every redundancy in the
recordings as they are, by speed class: the rows of ``aqbio/prepare/redundancies.tsv``. Faults are
planted by ``python -m validation.confusion``.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import product

import numpy as np

from aqbio.io.recording import ForceRecording
from aqbio.prepare.explanations import people_scales, search
from aqbio.prepare.force_faults import ALL, FORCE_FAULTS, PAIR, PLATE, ForceFault, force_candidates
from aqbio.prepare.frame_loads import loaded_plates
from aqbio.prepare.stated_faults import OfferedCandidates
from aqbio.vectors import FloatArray
from tests.planted_forces import planted
from validation.captured import CapturedForces, captured
from validation.planting import Outcome, Plant, Searched

PLANTED_RATIOS = (1.25, -2.5, 4.0)
"""Sizes that are planted, over the largest one that laboratories have."""

CLASSES = (3.6, 6.6, float("inf"))
"""Upper bounds of the classes of speed, m/s."""


def planted_sizes(fault: ForceFault) -> tuple[float, ...]:
    """Sizes of a row that are planted; NaN of one without."""
    if fault.sizes is None:
        return (float("nan"),)
    return tuple(ratio * fault.sizes.most_usual for ratio in PLANTED_RATIOS)


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


def offered(run: CapturedForces) -> OfferedCandidates:
    """Faults that the search tries on a run."""
    evidence = run.evidence
    by_body = evidence.body is not None
    return partial(
        force_candidates, mean_force=evidence.mean_force, by_body=by_body, body_kg=evidence.body_kg
    )


def plants(run: CapturedForces) -> Iterator[Plant[ForceRecording]]:
    """Rows with scope, plates and size, as they are planted in a run that can have them."""
    forces, weight = run.forces, run.evidence.mean_force(run.forces)
    for fault in FORCE_FAULTS:
        for (scope, plates), size in product(scopes(fault, forces), planted_sizes(fault)):
            faulty = planted(fault, forces, plates, size, weight)
            for undo in offered(run)(faulty):
                if (undo.fault, undo.scope) == (fault.name, scope):
                    yield Plant(fault.name, scope, size, faulty, undo)


def searched(run: CapturedForces, forces: ForceRecording) -> Searched[ForceRecording]:
    """What the search makes of forces in a run."""
    scales, evidence = people_scales(run.speed), run.evidence.disagreements
    return Searched(evidence, scales, search(forces, evidence, offered(run), scales))


def outcomes(run: CapturedForces) -> Iterator[Outcome]:
    """What is named for the run as it is, and for every plant."""
    sound = searched(run, run.forces)
    yield sound.as_recorded("forces", run.name)
    for plant in plants(run):
        yield plant.outcome("forces", run.name, searched(run, plant.recorded), sound)


def print_spreads(runs: Iterable[CapturedForces]) -> None:
    """Print rows of redundancies.tsv: spreads between laboratories and people, and within one.

    A study is one laboratory: its name is the first word of a run's.
    """
    values: dict[tuple[float, str], dict[str, dict[str, list[FloatArray]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for run in runs:
        bound = next(x for x in CLASSES if run.speed < x or np.isinf(x))
        laboratory, person, *_ = run.name.split()
        for name, sizes in run.evidence.disagreements(run.forces).items():
            values[bound, name][laboratory][person].append(sizes)
    for (bound, name), laboratories in sorted(values.items()):
        people = {
            laboratory: np.array([_rms([x.mean() for x in trials]) for trials in persons.values()])
            for laboratory, persons in laboratories.items()
        }
        within = [
            _rms([x.std() for x in trials if len(x) > 1])
            for persons in laboratories.values()
            for trials in persons.values()
            if any(len(x) > 1 for x in trials)
        ]
        number = sum(map(len, people.values()))
        apart = np.concatenate([x - x.mean() for x in people.values()])
        spreads = (
            _rms([x.mean() for x in people.values()]),
            float(np.sqrt((apart**2).sum() / max(number - len(people), 1))),
            _rms(within),
        )
        words = "\t".join(f"{x:.2g}" for x in spreads)
        print(f"{name}\t< {bound:g} m/s\t{words}\t{len(people)}\t{number}")


def _rms(values: Iterable[float]) -> float:
    """Root mean square; NaN of none."""
    squares = np.square(np.fromiter(values, dtype=np.float64))
    return float(np.sqrt(squares.mean())) if len(squares) else float("nan")


def main() -> None:
    """Print spreads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", help="STUDY.yaml, or STUDY.yaml:PERSON:PERSON")
    print_spreads(captured(parser.parse_args().studies).forces.values())


if __name__ == "__main__":
    main()
