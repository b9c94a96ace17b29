"""The matrix: in every world, what every hypothesis must come out as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from aqbio.stats.registry import Registry
from aqbio.stats.verdict import Examined, Label, Verdict, examined, judged
from validation.wave_evidence import athlete_values, wave_evidence
from validation.waves.studies import WaveAthletes, wave_athletes, wave_study
from validation.worlds import World

STEPPERS, LEVELS, STEPS = 12, 4, 10
"""Athletes with drawn steps, their speeds, and steps at each speed."""
ROW = 12
"""Consecutive steps that H3e reads: its own minimum."""
MEASURED = 96
"""Athletes whose strength, highest speed and directions of force are known."""
BETWEEN = ("H3b", "H8a", "H8b")
"""Hypotheses about differences between athletes, tested on all measured ones."""

SEED = 2026

HOLDS_SHARE = 0.80
"""Share of studies that must give the expected label."""
FALSE_SHARE = 0.05
"""Share of false support that must not be exceeded: 95 % lower bound of the observed one."""

LETTERS: dict[str, Label] = {
    "S": "supported",
    "N": "not_supported",
    "I": "inconclusive",
    "M": "mechanically_implied",
    "T": "not_testable",
}

COLUMNS = ("H1", "H2", "H3a", "H3b", "H3d", "H3e", "H4", "H5a", "H5b", "H6", "H7", "H8a", "H8b")
EXPECTED: dict[str, str] = {
    "W0": "N N M N/I S N/I N/I N N/I T S N/I N/I",
    "W1": "S S M S S S S S S T S S N/I",
    "W2": "N/I N/I M N/I . N/I N/I N/I N/I T . N/I N/I",
    "W3": "N N M S . N/I N/I N N/I T S N/I N/I",
    "W3_additive": "N N M N/I . N/I N/I N N/I T S N/I N/I",
    "W4_none": "N N M N/I S N/I N/I N N/I T N N/I N/I",
    "W4_large": "N N M N/I S N/I N/I N N/I T S N/I N/I",
}
"""Labels by world; N/I: either; a dot: any but S. H3c and H8c are T everywhere."""


def expectations() -> Iterator[tuple[str, str, str]]:
    """World, hypothesis and expected letters of every cell."""
    for world, row in EXPECTED.items():
        yield from ((world, *cell) for cell in zip(COLUMNS, row.split(), strict=True))
        yield from ((world, name, "T") for name in ("H3c", "H8c"))


@dataclass(frozen=True, slots=True)
class Cell:
    """How often a hypothesis got which label in a world.

    Attributes
    ----------
    world, hypothesis, expected : str
    counts : mapping of label to int
    """

    world: str
    hypothesis: str
    expected: str
    counts: Mapping[str, int]

    @property
    def studies(self) -> int:
        """Number of studies."""
        return sum(self.counts.values())

    @property
    def expected_share(self) -> float:
        """Share of studies with an expected label."""
        if self.expected == ".":
            return 1.0 - self.counts.get("supported", 0) / self.studies
        wanted = [LETTERS[letter] for letter in self.expected.split("/")]
        return sum(self.counts.get(label, 0) for label in wanted) / self.studies

    @property
    def least_support(self) -> float:
        """95 % lower bound of the rate of `supported`."""
        return least_rate(self.counts.get("supported", 0), self.studies)

    @property
    def holds(self) -> bool:
        """Whether the cell holds."""
        if self.expected_share < HOLDS_SHARE:
            return False
        return self.expected == "S" or self.least_support <= FALSE_SHARE


def least_rate(found: int, studies: int) -> float:
    """95 % lower bound of a rate (Clopper and Pearson, one-sided).

    Examples
    --------
    >>> round(least_rate(16, 200), 4), round(least_rate(15, 200), 4)
    (0.0508, 0.0468)
    """
    return float(stats.beta.ppf(0.05, found, studies - found + 1)) if found else 0.0


def study_verdicts(
    world: World, seed: Sequence[int], registry: Registry, measured: int = MEASURED
) -> tuple[Verdict, ...]:
    """Verdicts of one drawn study.

    Parameters
    ----------
    world : World
    seed : sequence of int
    registry : Registry
    measured : int
        Athletes whose strength, highest speed and directions of force are known.

    Notes
    -----
    The first twelve of them have drawn steps and sprints with restricted arms. Statistics of steps
    read ten steps per speed, H3e the twelve consecutive ones that it needs.
    """
    random = np.random.default_rng(list(seed))
    everybody = wave_athletes(world, measured, random)
    steppers = first_athletes(everybody, STEPPERS)
    study = wave_study(world, random, athletes=steppers, levels=LEVELS, steps=ROW)
    long = wave_evidence(study, steppers)
    short = long.where(long.steps["step"] < STEPS)
    short = replace(short, trials=short.trials.assign(recorded=STEPS))
    between = replace(short, athletes=athlete_values(everybody))
    by_kind = {"steps": short, "row": long, "between": between}
    merged: dict[str, Examined] = {
        one.hypothesis.id: one
        for kind, evidence in by_kind.items()
        for one in examined(evidence, _part(registry, kind))
    }
    return judged([merged[one.id] for one in registry.hypotheses], registry)


def _part(registry: Registry, kind: str) -> Registry:
    """The hypotheses that read one kind of evidence."""
    kinds = {**dict.fromkeys(BETWEEN, "between"), "H3e": "row"}
    return Registry(
        hypotheses=tuple(one for one in registry.hypotheses if kinds.get(one.id, "steps") == kind)
    )


def first_athletes(athletes: WaveAthletes, count: int) -> WaveAthletes:
    """The first athletes of a drawn study."""
    return WaveAthletes(**{name: column[:count] for name, column in vars(athletes).items()})


def cells_of(world: World, studies: int, registry: Registry, seed: int = SEED) -> list[Cell]:
    """Counts of labels in a world.

    Parameters
    ----------
    world : World
    studies : int
    registry : Registry
    seed : int
        Together with the world's place in the matrix and the number of the study.
    """
    counts: dict[str, Counter[str]] = {one.id: Counter() for one in registry.hypotheses}
    place = list(EXPECTED).index(world.name)
    for number in range(studies):
        for verdict in study_verdicts(world, (seed, place, number), registry):
            counts[verdict.hypothesis][verdict.verdict] += 1
    return [
        Cell(world.name, name, expected, counts[name])
        for where, name, expected in expectations()
        if where == world.name
    ]
