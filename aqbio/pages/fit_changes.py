"""What the fit moved of an athlete, part by part: the largest changes over the trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aqbio.figures.numbers import shown

if TYPE_CHECKING:
    import pandas as pd

MOST = 6
"""Parts of a quantity that are shown."""

QUANTITIES = {
    ("joint_angle", "degrees"): ("Joint angles", "degrees", 1.0),
    ("centre_of_mass", "m"): ("Centres of mass of segments", "mm", 1000.0),
    ("angular_momentum", "kg m2/s"): ("Angular momentum", "kg m²/s", 1.0),
}
"""Words, unit and factor, by quantity and unit in the table."""

CHANGE = "rms_change"
WHOLE = "whole body"
BAR = 100.0
"""Length of the longest bar, in units of its drawing."""


@dataclass(frozen=True, slots=True)
class PartChange:
    """How far the fit moved a part: root mean square over time."""

    part: str
    median: float
    largest: float
    """median, largest: Over the trials, in the unit of the quantity."""
    trial_id: str
    """Of the largest."""
    median_bar: float
    largest_bar: float
    """median_bar, largest_bar: Lengths, at most `BAR`."""
    told: tuple[str, str]
    """Median and largest, as they are read."""


@dataclass(frozen=True, slots=True)
class QuantityChange:
    """The parts of a quantity that the fit moved furthest."""

    label: str
    unit: str
    parts: tuple[PartChange, ...]
    """Largest median first."""
    others: int
    """Parts that are not shown."""


def fit_changes(table: pd.DataFrame) -> list[QuantityChange]:
    """What the fit moved furthest; of angular momentum the axis that moved furthest."""
    moved = table[(table["statistic"] == CHANGE) & table["trial_id"].notna()]
    moved = moved[moved["part"] != WHOLE]
    found = []
    for (quantity, stored), (label, unit, factor) in QUANTITIES.items():
        own = moved[(moved["quantity"] == quantity) & (moved["unit"] == stored)]
        if len(own):
            by_trial = factor * own.groupby(["part", "trial_id"])["after"].max()
            found.append(_changes(by_trial, label, unit))
    return found


def _changes(by_trial: pd.Series[float], label: str, unit: str) -> QuantityChange:
    medians = by_trial.groupby("part").median().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in medians.index[:MOST]]
    trials = {name: by_trial.xs(name, level="part") for name in names}
    longest = max((float(own.max()) for own in trials.values()), default=0.0) or 1.0
    parts = []
    for name in names:
        own, median = trials[name], float(medians[name])
        largest = float(own.max())
        parts.append(
            PartChange(
                name.replace("_", " "), median, largest, str(own.idxmax()),
                BAR * median / longest, BAR * largest / longest,
                (shown(median), shown(largest)),
            )
        )  # fmt: skip
    return QuantityChange(label, unit, tuple(parts), len(medians) - len(parts))
