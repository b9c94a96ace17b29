"""What somebody states about a recording, held against what the recording shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

Verdict = Literal["agrees", "doubtful", "refuted"]

MASS_DISAGREEMENT = 0.05
"""Share by which body masses (sheet, static trial, strides) may differ without a finding."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement of something that is stated, by other means than the statement's."""

    value: float
    """In the unit of the statement."""
    error: float
    """A true statement lies within this of it, in the same unit."""
    source: str
    """Where it comes from, in words."""
    alone: bool = False
    """Whether it can refute a statement by itself: nothing but the statement can be wrong where it
    contradicts."""

    def contradicts(self, value: float) -> bool:
        """Whether a value is farther away than the error allows."""
        return abs(value - self.value) > self.error


def contradictions(stated: float, measured: Sequence[Measured]) -> tuple[Measured, ...]:
    """The measurements that a statement contradicts."""
    return tuple(one for one in measured if one.contradicts(stated))


def verdict(stated: float, measured: Sequence[Measured]) -> Verdict:
    """Judge a statement by independent measurements: "agrees", "doubtful" or "refuted".

    One measurement against a statement leaves open which of the two is wrong: doubtful. Two that
    contradict it on the same side and agree with each other refute it, and so does one that is
    decisive.
    """
    against = contradictions(stated, measured)
    if not against:
        return "agrees"
    agreeing = any(
        (one.value - stated) * (other.value - stated) > 0.0
        and not one.contradicts(other.value)
        and not other.contradicts(one.value)
        for one, other in combinations(against, 2)
    )
    return "refuted" if agreeing or any(one.alone for one in against) else "doubtful"
