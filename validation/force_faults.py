"""Faults of forces, planted in recordings, and what the search names of them.

``python -m validation.force_faults STUDY.yaml ...`` prints the sizes of every redundancy in the
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
from aqbio.prepare.explanations import CLEAR_GAIN, people_scales, search, strangeness
from aqbio.prepare.force_faults import ALL, FORCE_FAULTS, PAIR, PLATE, ForceFault, force_candidates
from aqbio.prepare.force_search import least_strange, unresolved_forces
from aqbio.prepare.frame_loads import loaded_plates
from aqbio.prepare.stated_faults import OfferedCandidates
from tests.planted_forces import planted
from validation.captured import CapturedForces, captured
from validation.planting import Outcome, Plant, Searched

STRANGE = frozenset({"of another recording"})
"""What is named where too much disagrees after the best explanation."""

PLANTED_RATIOS = (1.25, -2.5, 4.0)
"""Sizes that are planted, over the largest one that laboratories have."""

CLASSES = (4.0, 7.0, float("inf"))
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
    scales = people_scales(run.speed)
    explanations = search(forces, run.evidence.disagreements, offered(run), scales)
    near = unresolved_forces(explanations, by_body=run.evidence.body is not None)
    left = least_strange(near or explanations[:1], forces, run.evidence, scales)
    open_ones = {x.faults for x in near}
    if strangeness(left, scales) > CLEAR_GAIN:
        open_ones |= {STRANGE} | {x.faults for x in explanations[:1]}
    return Searched(run.evidence.disagreements, scales, explanations, frozenset(open_ones))


def outcomes(run: CapturedForces) -> Iterator[Outcome]:
    """What is named for the run as it is, and for every plant."""
    sound = searched(run, run.forces)
    yield sound.as_recorded("forces", run.name)
    for plant in plants(run):
        yield plant.outcome("forces", run.name, searched(run, plant.recorded), sound)


def print_scales(runs: Iterable[CapturedForces]) -> None:
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
    """Print scales."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", help="STUDY.yaml, or STUDY.yaml:PERSON:PERSON")
    print_scales(captured(parser.parse_args().studies).forces.values())


if __name__ == "__main__":
    main()
