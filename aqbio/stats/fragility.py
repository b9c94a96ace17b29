"""Fragile verdicts: a whole choice of the analysis that gives another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.stats.verdict import Verdict

SAME = 1e-7
"""Estimates that differ by less, relative, are one: a choice without effect is no analysis."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A verdict under other choices of the analysis."""

    specification: str
    """Choices that differ, such as ``consistency=off cutoff=15``."""
    verdict: Verdict

    @property
    def choices(self) -> tuple[str, ...]:
        """The choices one by one."""
        return tuple(self.specification.split())

    @property
    def judges(self) -> bool:
        """Whether its own gates let it say anything."""
        return self.verdict.gates == "passed"


@dataclass(frozen=True, slots=True)
class Fragility:
    """What other choices do to a verdict."""

    fragile: Literal["yes", "no", "n/a"]
    overturned_by: tuple[str, ...]
    """Choices most of whose analyses give another verdict."""
    decisive: str
    """The factor whose choices move the estimate most; empty where none does."""
    lowest: float
    highest: float
    """lowest, highest: Of the estimates under all choices that judge."""
    silent: tuple[str, ...]
    """Choices under which no analysis passes its gates: nothing is known of them."""


NOTHING = Fragility("n/a", (), "", float("nan"), float("nan"), ())


def fragility(own: Verdict, arms: Sequence[Arm]) -> Fragility:
    """Whether any whole choice overturns a verdict.

    A choice is one value of one factor (``consistency=off``), in all analyses that make it. An
    analysis that repeats another to `SAME` is left out; one whose gates fail says nothing. A
    verdict that a gate decided cannot be fragile.
    """
    if own.gates != "passed":
        return NOTHING
    different = _distinct(own, arms)
    if not different and all(arm.judges for arm in arms):
        return NOTHING
    judging = [arm for arm in different if arm.judges]
    by_choice: dict[str, list[Arm]] = {}
    for arm in judging:
        for choice in arm.choices:
            by_choice.setdefault(choice, []).append(arm)
    overturned = tuple(
        choice
        for choice, those in by_choice.items()
        if 2 * sum(arm.verdict.verdict != own.verdict for arm in those) > len(those)
    )
    told = {choice for arm in arms if arm.judges for choice in arm.choices}
    silent = dict.fromkeys(
        choice for arm in arms if not arm.judges for choice in arm.choices if choice not in told
    )
    values = [own.estimate, *(arm.verdict.estimate for arm in judging)]
    return Fragility(
        "yes" if overturned else "no",
        overturned,
        _decisive(own, judging),
        float(np.min(values)),
        float(np.max(values)),
        tuple(silent),
    )


def _distinct(own: Verdict, arms: Sequence[Arm]) -> list[Arm]:
    """Arms that repeat neither the study's own analysis nor each other."""
    seen, found = [_numbers(own)], []
    for arm in arms:
        numbers = _numbers(arm.verdict)
        if not any(np.allclose(numbers, one, rtol=SAME, atol=0.0, equal_nan=True) for one in seen):
            seen.append(numbers)
            found.append(arm)
    return found


def _numbers(verdict: Verdict) -> tuple[float, float, float]:
    return verdict.estimate, verdict.ci_low, verdict.ci_high


def _decisive(own: Verdict, arms: Sequence[Arm]) -> str:
    """The factor that moves the estimate most, judged by analyses that change it alone."""
    moved: dict[str, float] = {}
    for arm in arms:
        if len(arm.choices) == 1:
            factor = arm.choices[0].partition("=")[0]
            away = abs(arm.verdict.estimate - own.estimate)
            moved[factor] = max(moved.get(factor, 0.0), away)
    return max(moved, key=lambda factor: moved[factor]) if moved else ""


def fragilities(
    given: Sequence[Verdict], arms: Mapping[str, Sequence[Arm]]
) -> dict[str, Fragility]:
    """Fragility of every verdict, by hypothesis."""
    return {one.hypothesis: fragility(one, arms.get(one.hypothesis, ())) for one in given}
