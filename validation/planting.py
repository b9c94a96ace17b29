"""Planted faults, and what a search names of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from aqbio.prepare.explanations import (
    MIN_LOG_ODDS,
    Candidate,
    Disagreements,
    Explanation,
    Ranking,
    Scales,
    Suspect,
    improbability,
)

Recorded = TypeVar("Recorded")

SOUND = "sound"
"""What is named where nothing is wrong."""

RIGHT, USUAL, NEAR, UNDECIDED, SILENT, OTHER = (
    "right", "usual", "near", "undecided", "silent", "other",
)  # fmt: skip
VERDICTS = (RIGHT, USUAL, NEAR, UNDECIDED, SILENT, OTHER)
"""The fault, and nothing else, is named; it is, with a size that laboratories have, and is none; it
is among several that are named; it is not, and nothing is undone; nothing is named; something else
is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search makes of one planted fault."""

    table: str
    """Of which table of faults: forces, sides, sessions, labels."""
    recording: str
    fault: str
    scope: str
    size: float
    """NaN of a fault that has none."""
    evidence: float
    """Logarithm of how much more probable undoing it makes the recording than it is rare."""
    lead: float
    """The same over the most probable explanation without it, less what tells two apart: below
    zero, the recording does not tell them apart."""
    verdict: str
    named: str
    """Faults that are named, by their scopes; ``or`` between those that are not told apart."""
    named_size: float
    named_sd: float
    own_size: float
    """Size that the recording is given of itself, before anything is planted in it; 0 of none."""

    @property
    def is_shown(self) -> bool:
        """Tell whether the evidence exceeds the rarity."""
        return self.evidence > 0.0

    @property
    def is_told(self) -> bool:
        """Tell whether it exceeds that of every other explanation clearly, too."""
        return self.lead > 0.0

    @property
    def is_sized(self) -> bool:
        """Tell whether a size is named."""
        return bool(np.isfinite(self.named_size))

    @property
    def is_size_within(self) -> bool:
        """Tell whether the size that is named is within two standard deviations of the planted."""
        return abs(self.named_size - self.size) < 2.0 * self.named_sd

    @property
    def is_sum_within(self) -> bool:
        """Tell whether it is so of what was planted and of the recording's own together."""
        return abs(self.named_size - self.size - self.own_size) < 2.0 * self.named_sd


@dataclass(frozen=True, slots=True)
class Searched(Generic[Recorded]):
    """What a search over a recording looks at, finds, and leaves open."""

    evidence: Callable[[Recorded], Disagreements]
    scales: Scales
    ranking: Ranking[Recorded]

    @property
    def identified(self) -> frozenset[str]:
        """Names of the faults that are identified."""
        return frozenset(x.name for x in self.ranking.identified)

    @property
    def open(self) -> frozenset[frozenset[str]]:
        """Faults of each of the explanations that are named where none is identified."""
        return frozenset(x.faults for x in self.ranking.undecided)

    @property
    def named(self) -> str:
        """Faults that are named, or sound."""
        each = self.open or [self.identified]
        return " or ".join(sorted(" and ".join(sorted(x)) or SOUND for x in each))

    def as_recorded(self, table: str, recording: str) -> Outcome:
        """What it makes of a recording in which nothing is planted."""
        verdict = RIGHT if self.named == SOUND else OTHER
        nan = float("nan")
        return Outcome(
            table, recording, SOUND, "", nan, nan, nan, verdict, self.named, nan, nan, nan
        )  # fmt: skip

    def size_of(self, name: str) -> float:
        """Size of a fault that alone explains most of a recording; 0 where it was not tried."""
        alone = [
            x.suspects[0].size
            for x in self.ranking.explanations
            if len(x.suspects) == 1 and x.suspects[0].name == name
        ]
        return alone[0] if alone else 0.0


@dataclass(frozen=True, eq=False)
class Plant(Generic[Recorded]):
    """A fault that was planted in a recording."""

    fault: str
    scope: str
    size: float
    """NaN of a fault that has none."""
    recorded: Recorded
    """With the fault."""
    undo: Candidate[Recorded]
    """What the search has to undo it."""

    @property
    def name(self) -> str:
        """Fault and scope, as explanations name them."""
        return f"{self.fault} {self.scope}"

    def outcome(
        self, table: str, recording: str, searched: Searched[Recorded], sound: Searched[Recorded]
    ) -> Outcome:
        """What a search makes of it, and of the recording as it was."""
        best, truth = searched.ranking.best, self._true(searched)
        verdict = verdict_of(self.name, searched.identified, searched.open)
        suspects = [x for x in best.suspects if x.name == self.name]
        if verdict == SILENT and suspects:
            verdict = USUAL
        size, sd, own = float("nan"), float("nan"), float("nan")
        if verdict in (RIGHT, USUAL) and np.isfinite(self.size):
            [suspect] = suspects
            size, sd, own = suspect.size, suspect.sd, sound.size_of(self.name)
        as_it_is = searched.ranking.sound.improbability
        lead = self._lead(truth, searched.ranking.explanations)
        return Outcome(
            table, recording, self.fault, self.scope, self.size, as_it_is - truth.improbability,
            lead, verdict, searched.named, size, sd, own,
        )  # fmt: skip

    def _true(self, searched: Searched[Recorded]) -> Explanation[Recorded]:
        """The explanation that undoes it at its own size."""
        observed = searched.evidence(self.recorded)
        left = searched.evidence(self.undo.undo(self.recorded, self.size))
        suspect = Suspect(self.undo, self.size, float("nan"))
        total = improbability(left, searched.scales, observed) + self.undo.rarity
        if np.isfinite(self.size):
            total += suspect.price
        return Explanation((suspect,), total)

    def _lead(
        self, truth: Explanation[Recorded], explanations: Iterable[Explanation[Recorded]]
    ) -> float:
        """By how much more than clearly it is more probable than the best one without it."""
        own, others = [truth.improbability], list[float]()
        for explanation in explanations:
            names = {x.name for x in explanation.suspects}
            (own if self.name in names else others).append(explanation.improbability)
        return min(others) - min(own) - MIN_LOG_ODDS


def verdict_of(name: str, accepted: frozenset[str], near: Iterable[frozenset[str]]) -> str:
    """Verdict on a fault of some name of the faults that are accepted, or that are near."""
    near = [*near]
    if near:
        return NEAR if frozenset({name}) in near else UNDECIDED
    if accepted == {name}:
        return RIGHT
    return OTHER if accepted else SILENT
