"""What would narrow an interval of the measurement most, and by how much, from its own error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aqbio.figures.words import digits
from aqbio.names import NORMAL_95
from aqbio.pages.address import marked, where
from aqbio.pages.filters import enumerated
from aqbio.pages.stance import UNIT, variance_share
from aqbio.pages.words import REMEDIES, SOURCES

TOTAL = {
    "level": "A", "source": "total", "target": "whole_body", "axis": "y",
    "statistic": "momentum_mean",
}  # fmt: skip
"""Rows of ``uncertainty.tsv`` of the whole body's angular momentum about the vertical."""


@dataclass(frozen=True)
class Narrowing:
    """The whole body's angular momentum about the vertical: its error, and what it is made of."""

    rows: pd.DataFrame
    """Of ``uncertainty.tsv``, one of each participant."""

    @classmethod
    def of(cls, budget: pd.DataFrame) -> Narrowing | None:
        """The rows of a table; None where no error is known."""
        chosen = budget[np.logical_and.reduce([budget[name] == TOTAL[name] for name in TOTAL])]
        rows = chosen[chosen["sd"].astype(float) > 0.0]
        return cls(rows) if len(rows) else None

    @property
    def key(self) -> str:
        """Key of the rows."""
        return where(**TOTAL, participant_id=sorted(set(self.rows["participant_id"])))

    @property
    def shares(self) -> Mapping[str, float]:
        """Share of every source in the variance, over all rows; without unknown ones."""
        variance = self.rows["sd"] ** 2
        sums = {
            name: float((self.rows[f"share_{name}"] * variance).sum(skipna=False))
            for name in SOURCES
        }
        return {
            name: total / float(variance.sum()) for name, total in sums.items() if total == total
        }

    def half_without(self, sources: list[str]) -> float:
        """Half of the 95 % interval, mean over rows, if these sources made no error."""
        left = 1.0 - self.rows[[f"share_{name}" for name in sources]].sum(axis=1)
        return NORMAL_95 * float((self.rows["sd"] * np.sqrt(left.clip(lower=0.0))).mean())

    def best_remedy(self) -> tuple[str, list[str]]:
        """What narrows the interval most, and the sources that it removes; empty for nothing."""
        sources: dict[str, list[str]] = {}
        for name in self.shares:
            if REMEDIES[name]:
                sources.setdefault(REMEDIES[name], []).append(name)
        remedy = min(sources, key=lambda one: self.half_without(sources[one]), default="")
        narrowed = digits(self.half_without(sources.get(remedy, [])), UNIT)
        if not remedy or narrowed == digits(self.half_without([]), UNIT):
            return "", []
        return remedy, sources[remedy]

    @property
    def interval(self) -> str:
        """The interval in words, with its half width."""
        half = digits(self.half_without([]), UNIT)
        text = marked(half, "uncertainty", self.key, "sd", factor=NORMAL_95, by="mean")
        return (
            "the 95 % interval of the whole body's angular momentum about the vertical, "
            f"± {text} {UNIT}"
        )

    def words(self, sources: list[str]) -> str:
        """State what removing the errors of these sources would do at best."""
        columns = ",".join(f"share_{name}" for name in sources)
        half = digits(self.half_without(sources), UNIT)
        least = marked(half, "uncertainty", self.key, columns, factor=NORMAL_95, by="mean without")
        shares = [f"{self._share(name)} % of the variance" for name in sources[:1]]
        shares += [f"{self._share(name)} %" for name in sources[1:]]
        parts = enumerated(
            [f"{SOURCES[name][1]} ({share})" for name, share in zip(sources, shares, strict=True)]
        )
        without = "these errors" if len(sources) > 1 else "this error"
        return (
            f"Part of {self.interval}, comes from {parts}; without {without} ± {least} would be "
            "left."
        )

    @property
    def nothing_words(self) -> str:
        """State that the largest source is none that a recording narrows."""
        largest = max(self.shares, key=lambda name: self.shares[name])
        return (
            f"Of {self.interval}, {self._share(largest)} % of the variance comes from "
            f"{SOURCES[largest][1]}, which no recording narrows."
        )

    def _share(self, name: str) -> str:
        return variance_share(self.shares[name], self.key, name)
