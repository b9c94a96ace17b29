"""Whether the rule finds what is there as often as the power table of a study says."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from validation.matrix import Cell, most_rate

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
