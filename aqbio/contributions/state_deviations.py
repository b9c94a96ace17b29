"""Deviations of a trial's stance means by foot, source and state, and the tables that keep them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aqbio.contributions.step_outcomes import INDETERMINATE_LEVEL
from aqbio.intervals.sources import CONTACT, MODEL, MOTION, SOURCES, UNDISTURBED
from aqbio.intervals.step_uncertainty import Key
from aqbio.names import AXES, SIDES
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class StateDeviations:
    """Deviations of stance means of each foot in every state of every source."""

    by_foot: dict[str, dict[Key, dict[str, FloatArray]]] = field(default_factory=dict)
    """Dict. (J, 3) arrays by stance foot, outcome and source."""

    def add(
        self, side: str, keys: Sequence[Key], sources: Sequence[str], values: FloatArray
    ) -> None:
        """Add deviations (J, N, 3) of a foot's outcomes in states of some sources."""
        labels = np.asarray(sources)
        by_source = {source: values[labels == source] for source in dict.fromkeys(sources)}
        for number, key in enumerate(keys):
            by_outcome = self.by_foot.setdefault(side, {}).setdefault(key, {})
            by_outcome |= {
                source: deviations[:, number]
                for source, deviations in by_source.items()
                if source != CONTACT or not key[0].startswith(INDETERMINATE_LEVEL)
            }  # unloaded toes are model C4

    @property
    def outcomes(self) -> list[Key]:
        """Outcomes of either foot, in order."""
        return sorted({key for by_outcome in self.by_foot.values() for key in by_outcome})

    def source_sds(self, outcomes: Sequence[Key]) -> FloatArray:
        """Root mean squares over the states of each of `SOURCES`, (S, feet, N, 3)."""
        sds = np.full((len(SOURCES), len(SIDES), len(outcomes), len(AXES)), np.nan)
        numbers = {key: number for number, key in enumerate(outcomes)}
        for side, by_outcome in self.by_foot.items():
            for key, by_source in by_outcome.items():
                position = SIDES.index(side), numbers[key]
                sds[:, *position] = 0.0
                for source, deviations in by_source.items():
                    sds[SOURCES.index(source), *position] = np.sqrt((deviations**2).mean(axis=0))
        return sds

    def table(
        self, outcomes: Sequence[Key], sampled: Collection[Key]
    ) -> tuple[list[str], FloatArray]:
        """Source of every state, and deviations (states, feet, N, 3) in them; NaN without a state.

        Without the motion of `sampled` outcomes, which is kept for every contact.
        """
        numbers = {key: number for number, key in enumerate(outcomes)}
        entries = [
            (source, SIDES.index(side), numbers[key], deviations)
            for side, by_outcome in self.by_foot.items()
            for key, by_source in by_outcome.items()
            for source, deviations in by_source.items()
            if source != MOTION or key not in sampled
        ]
        counts = dict.fromkeys(SOURCES, 0)
        for source, _, _, deviations in entries:
            counts[source] = max(counts[source], len(deviations))
        sources = [source for source, count in counts.items() for _ in range(count)]
        values = np.full((len(sources), len(SIDES), len(outcomes), len(AXES)), np.nan)
        for source, side, outcome, deviations in entries:
            first = sources.index(source)
            values[first : first + len(deviations), side, outcome] = deviations
        return sources, values


OWN_AND_SECOND = ("own", "other")
"""Labels of the models whose stance means are stored."""


@dataclass(frozen=True, slots=True)
class SecondModelMeans:
    """Stance means of each foot on the study's own and on the second model."""

    by_foot: dict[str, dict[Key, FloatArray]] = field(default_factory=dict)
    """Dict. (2, 3) arrays by stance foot and outcome."""

    def add(
        self, side: str, keys: Sequence[Key], sources: Sequence[str], values: FloatArray
    ) -> None:
        """Add the means of a foot's outcomes among values (K, N, 3) of all states, if drawn."""
        if MODEL in sources:
            both = values[[sources.index(UNDISTURBED), sources.index(MODEL)]]
            self.by_foot.setdefault(side, {}).update(
                zip(keys, np.moveaxis(both, 1, 0), strict=True)
            )

    def variables(self, outcomes: Sequence[Key]) -> dict[str, Any]:
        """Variable ``second_model``; empty where no second model was drawn."""
        if not self.by_foot:
            return {}
        table = np.full((len(OWN_AND_SECOND), len(SIDES), len(outcomes), len(AXES)), np.nan)
        numbers = {key: number for number, key in enumerate(outcomes)}
        for side, by_outcome in self.by_foot.items():
            for key, both in by_outcome.items():
                table[:, SIDES.index(side), numbers[key]] = both
        words = {"units": "that of the outcome", "long_name": "stance mean on two models"}
        dimensions = ("model_side", "stance_foot", "outcome", "axis")
        return {"second_model": (dimensions, table.astype(np.float32), words)}

    @property
    def coordinates(self) -> dict[str, list[str]]:
        """Coordinate of the models."""
        return {"model_side": list(OWN_AND_SECOND)} if self.by_foot else {}
