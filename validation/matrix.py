"""The matrix: how often every hypothesis comes out as what in every world, and its power."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from aqbio.stats.registry import Hypothesis, Registry, read_registry
from aqbio.stats.verdict import CLASSES, Examined, Verdict, examined, judged
from validation.drawn.study import drawn_study
from validation.truth import Truth, truths
from validation.worlds import TESTED, World, judged_by, worlds

SEED = 2026
BANK = 40
"""Studies of W0 of which other worlds take the parts that do not differ."""
FALSE_BOUND = 0.08
"""What the 95 % upper bound of a rate of false verdicts may be."""
COVERED = (0.92, 0.97)
"""What coverage of a 95 % interval is asked for; what lies outside is said."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A hypothesis in a world."""

    world: str
    hypothesis: str
    truth: float
    least: float
    most: float
    """truth, least, most: As in `Truth`."""
    claim: str
    """true, false, between or open."""
    delta: float
    studies: int
    judged: int
    """Studies whose gates passed."""
    counts: Mapping[str, int]
    """Studies by what was found."""
    estimate: float
    """Median over studies."""
    covered: float
    """Share of 95 % intervals that hold the truth; NaN without any."""
    se: float
    df: float
    """se, df: Root mean square of the standard errors, and median degrees of freedom."""
    claimed: float
    """Power of the rule at the true effect that the median study's power table implies."""

    def verdicts(self, label: str) -> int:
        """Studies with a verdict."""
        kinds = [str(found) for found, own in CLASSES.items() if own == label]
        return sum(self.counts.get(found, 0) for found in kinds)

    @property
    def support_bound(self) -> float:
        """95 % upper bound of the rate of support."""
        return most_rate(self.verdicts("supported"), self.studies)

    @property
    def refusal_bound(self) -> float:
        """95 % upper bound of the rate of refusal."""
        return most_rate(self.verdicts("not_supported"), self.studies)

    @property
    def bias(self) -> float:
        """Median estimate less truth, in smallest effects of interest."""
        return (self.estimate - self.truth) / self.delta

    @property
    def holds(self) -> bool:
        """Whether false verdicts are rare enough."""
        if self.claim in ("false", "open") and self.support_bound > FALSE_BOUND:
            return False
        return not (self.claim in ("true", "open") and self.refusal_bound > FALSE_BOUND)

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth as often as it says."""
        low, high = COVERED
        noise = 1.645 * np.sqrt(0.05 * 0.95 / self.studies)
        return bool(low - noise <= self.covered <= high + noise) or self.covered == 1.0


def most_rate(found: int, studies: int) -> float:
    """95 % upper bound of a rate (Clopper and Pearson, one-sided)."""
    if found >= studies:
        return 1.0
    return float(stats.beta.ppf(0.95, found + 1, studies - found))


def study_verdicts(
    world: World, number: int, registry: Registry
) -> dict[str, tuple[Verdict, Examined]]:
    """Verdicts of one drawn study on the hypotheses that the world is about."""
    mine = examined_hypotheses(world, number, registry)
    others = set(TESTED) - set(world.judges)
    bank = _banked(registry.hash, number % BANK) if others else ()
    rest = [one for one in bank if one.hypothesis.id in others]
    found = judged([*mine, *rest], registry)
    return {
        verdict.hypothesis: (verdict, one)
        for verdict, one in zip(found[: len(mine)], mine, strict=True)
    }


def examined_hypotheses(world: World, number: int, registry: Registry) -> list[Examined]:
    """What a drawn study says, gates and outcomes, before the rule."""
    random = np.random.default_rng([SEED, zlib.crc32(world.name.encode()), number])
    drawn = drawn_study(world, random)
    return [
        one
        for part, evidence in drawn.items()
        for one in examined(evidence, _only(registry.hash, judged_by(world, part)))
    ]


@lru_cache(maxsize=64)
def _only(registry_hash: str, names: tuple[str, ...]) -> Registry:
    """Some hypotheses of the registry."""
    registry = read_registry()
    assert registry.hash == registry_hash
    return registry.model_copy(
        update={"hypotheses": tuple(one for one in registry.hypotheses if one.id in names)}
    )


@lru_cache(maxsize=BANK)
def _banked(registry_hash: str, number: int) -> list[Examined]:
    """A study of W0."""
    registry = read_registry()
    assert registry.hash == registry_hash
    return list(examined_hypotheses(worlds()["W0"], number, registry))


def cells_of(world: World, studies: int, registry: Registry) -> list[Cell]:
    """Cells of a world: all hypotheses that its own parts are about."""
    true = truths(world, registry)
    found = [study_verdicts(world, number, registry) for number in range(studies)]
    return [
        _cell(world.name, registry[name], true[name], [one[name] for one in found])
        for name in TESTED
        if name in true
    ]


def _cell(
    world: str,
    hypothesis: Hypothesis,
    truth: Truth,
    found: Sequence[tuple[Verdict, Examined]],
) -> Cell:
    rows = np.array([_numbers(*one) for one in found], dtype=float)
    estimate, low, high, se, df = rows[np.isfinite(rows[:, 3])].T.reshape(5, -1)
    inside = (low <= truth.value) & (truth.value <= high)
    typical = float(np.sqrt(np.mean(se**2))) if len(se) else np.nan
    degrees = float(np.median(df)) if len(df) else np.nan
    return Cell(
        world=world,
        hypothesis=hypothesis.id,
        truth=truth.value,
        least=truth.least,
        most=truth.most,
        claim=truth.claim(hypothesis.delta),
        delta=hypothesis.delta,
        studies=len(found),
        judged=sum(verdict.gates == "passed" for verdict, _ in found),
        counts=dict(Counter(verdict.found for verdict, _ in found)),
        estimate=float(np.median(estimate)) if len(estimate) else np.nan,
        covered=float(inside.mean()) if len(inside) else np.nan,
        se=typical,
        df=degrees,
        claimed=rule_power(hypothesis, truth.least, typical, degrees, len(TESTED)),
    )


def _numbers(verdict: Verdict, one: Examined) -> tuple[float, ...]:
    outcome = one.outcome
    if outcome is None:
        return (np.nan,) * 5
    return verdict.estimate, verdict.ci_low, verdict.ci_high, outcome.error.se, outcome.error.df


def rule_power(hypothesis: Hypothesis, effect: float, se: float, df: float, family: int) -> float:
    """Power of the whole rule at Holm's strictest step, in the claim's direction."""
    if not (np.isfinite(se) and se > 0 and df > 0):
        return float("nan")
    critical = float(stats.t.isf(hypothesis.alpha / (2.0 * family), df))
    needed = max(critical, hypothesis.delta / se)
    distance = effect / se
    if distance > 10.0 * (needed + 1.0):
        return 1.0
    return float(stats.nct.sf(needed, df, distance))


# power --------------------------------------------------------------------------------------------


WITHIN = 0.05
"""How much less often than claimed it may be found."""


@dataclass(frozen=True, slots=True)
class Power:
    """Power of a hypothesis in a world where its claim is true."""

    world: str
    hypothesis: str
    truth: float
    se: float
    df: float
    """se, df: Of the estimate."""
    claimed: float
    """Power of the rule at that effect, at Holm's strictest step."""
    judged: int
    """Studies whose gates let them say anything."""
    supported: int

    @property
    def observed(self) -> float:
        """Share of these studies that found it."""
        return self.supported / self.judged if self.judged else 0.0

    @property
    def holds(self) -> bool:
        """Whether chance explains that less is found than claimed, but for five points.

        More may be found: where several claims are true Holm's later steps ask for less.
        """
        return not self.judged or most_rate(self.supported, self.judged) >= self.claimed - WITHIN


FEWEST = 20
"""Studies that a power is told from."""


def powers(cells: Iterable[Cell]) -> list[Power]:
    """Power of every true claim that enough studies may judge."""
    return [
        Power(
            world=cell.world,
            hypothesis=cell.hypothesis,
            truth=cell.truth,
            se=cell.se,
            df=cell.df,
            claimed=cell.claimed,
            judged=cell.judged,
            supported=cell.verdicts("supported"),
        )
        for cell in cells
        if cell.claim == "true" and cell.judged >= FEWEST and math.isfinite(cell.claimed)
    ]
