"""What claims say if they are taken by their words: numbers that show it, judged by no rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.registry import Registry
from aqbio.stats.within import slopes, with_speeds

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Shown:
    """A number that shows what a claim says by its words."""

    hypothesis: str
    label: str
    """implied, impossible or testable."""
    name: str
    """What the number is."""
    estimate: float
    ci_low: float
    ci_high: float
    """estimate, ci_low, ci_high: Mean over athletes with its 95 % interval."""
    n_athletes: int
    n_showing: float
    """Athletes who show what the sentence says; NaN where the number alone is told."""


def shown(evidence: Evidence, registry: Registry) -> tuple[Shown, ...]:
    """Numbers of all hypotheses whose registry names one."""
    rows = []
    for one in registry.hypotheses:
        if not one.literal.shown:
            continue
        for name, (own, least) in SHOWN[one.literal.shown](evidence).items():
            known = own.dropna()
            found = mean_estimate(known)
            low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
            showing = float((known > least).sum()) if np.isfinite(least) else np.nan
            rows.append(
                Shown(one.id, one.literal.label, name, found.value, low, high, len(known), showing)
            )
    return tuple(rows)


Numbers = dict[str, tuple["pd.Series[float]", float]]
"""Number of every athlete by name, and above what it shows the sentence (NaN: nothing is asked)."""


def _share(name: str, column: str, least: float) -> Callable[[Evidence], Numbers]:
    return lambda evidence: {name: (evidence.means(evidence.steps[column]), least)}


def _both_sides(evidence: Evidence) -> Numbers:
    """Powers of speed with which both sides' joint moments and momenta grow."""
    steps, who = evidence.steps, evidence.steps["participant_id"]
    speed = with_speeds(steps["speed_mps"], who).map(np.log)
    columns = {
        "power of speed of the push leg's joint moments": steps["push_index"],
        "power of speed of the swing leg's joint moments": steps["swing_index"],
        "power of speed of the push leg's momentum": steps["momentum_push_leg"],
        "power of speed of the swing leg's momentum": steps["momentum_swing_leg"],
    }
    return {
        name: (slopes(speed, own.where(own > 0).map(np.log), who), 0.0)
        for name, own in columns.items()
    }


HALF, CONTINUOUSLY = 0.5, 0.9
"""Shares of the contact above which a sentence is shown."""

SHOWN: dict[str, Callable[[Evidence], Numbers]] = {
    "sides_oppose": _share(
        "share of contact in which push leg, arms and torso together turn against the swing leg",
        "sides_opposed",
        CONTINUOUSLY,
    ),
    "sides_change_together": _share(
        "share of contact in which the momenta of both sides change in opposite directions",
        "changes_opposed",
        HALF,
    ),
    "both_sides_rise": _both_sides,
    "hub_share": _share(
        "share of the vertical impulse relative to the pelvis of swing leg, arms and torso",
        "hub_share",
        np.nan,
    ),
}
"""Function behind every `shown` of the registry."""
