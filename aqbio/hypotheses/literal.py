"""What claims say by their words, in numbers that no rule judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.registry import Registry
from aqbio.stats.step_numbers import CONTRIBUTORS
from aqbio.stats.within import slopes, with_speeds

if TYPE_CHECKING:
    import pandas as pd


def literal_rows(evidence: Evidence, registry: Registry) -> list[dict[str, Any]]:
    """One row of literal.tsv per number that shows what a claim says by its words."""
    shown = [(one.id, one.literal.label, one.literal.shown) for one in registry.hypotheses]
    shown += [(str(one.id), one.label, one.shown) for one in registry.untested]
    rows = []
    for claim, label, made in shown:
        for name, (own, least) in (SHOWN[made](evidence) if made else {}).items():
            known = own.dropna()
            found = mean_estimate(known)
            low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
            rows.append(
                {
                    "hypothesis": claim, "label": label, "name": name, "estimate": found.value,
                    "ci_low": low, "ci_high": high, "n_athletes": len(known),
                    "n_showing": float((known > least).sum()) if np.isfinite(least) else np.nan,
                }
            )  # fmt: skip
    return rows


Numbers = dict[str, tuple["pd.Series[float]", float]]
"""Number of every athlete by name, and above what it shows the sentence (NaN: nothing is asked)."""


def _shares(*shares: tuple[str, str, float]) -> Callable[[Evidence], Numbers]:
    """Means of columns of steps by name, and above what each shows the sentence."""
    return lambda evidence: {
        name: (evidence.means(column), least)
        for name, column, least in shares
        if column in evidence.steps
    }


def _powers(*columns: str) -> Callable[[Evidence], Numbers]:
    """Powers of speed with which numbers of steps grow within athletes."""

    def powers(evidence: Evidence) -> Numbers:
        steps, who = evidence.steps, evidence.steps["participant_id"]
        speed = with_speeds(steps["speed_mps"], who).map(np.log)
        return {
            f"power of speed of {GROWING[name]}": (
                slopes(speed, steps[name].where(steps[name] > 0).map(np.log), who), 0.0
            )
            for name in columns
        }  # fmt: skip

    return powers


GROWING = {
    "push_index": "the push leg's joint moments",
    "swing_index": "the swing leg's joint moments",
    "momentum_push_leg": "the push leg's momentum",
    "momentum_swing_leg": "the swing leg's momentum",
    "momentum_arms": "the arms' momentum",
    "momentum_torso": "the torso's momentum",
}
"""Numbers of steps that grow with speed, in words."""

HALF, CONTINUOUSLY = 0.5, 0.9
"""Shares of the contact above which a sentence is shown."""

SHOWN: dict[str, Callable[[Evidence], Numbers]] = {
    "sides_oppose": _shares(
        (
            "share of contact in which push leg, arms, torso together turn against the swing leg",
            "sides_opposed",
            CONTINUOUSLY,
        ),
        ("of rotational force (rate of angular momentum) the number is", "opposition_rates", 0.0),
    ),
    "arms_rates": _shares(
        ("of rotational force (rate of angular momentum) the cosine is", "arms_push_rates", 0.0)
    ),
    "sides_change_together": _shares(
        (
            "share of contact in which the momenta of both sides change in opposite directions",
            "changes_opposed",
            HALF,
        )
    ),
    "both_sides_rise": _powers(
        "push_index", "swing_index", "momentum_push_leg", "momentum_swing_leg"
    ),
    "contributors_rise": _powers(*(f"momentum_{name}" for name in CONTRIBUTORS)),
    "hub_share": _shares(
        (
            "share of the vertical impulse relative to the pelvis of swing leg, arms and torso",
            "hub_share",
            np.nan,
        )
    ),
}
"""Function behind every `shown` of the registry."""
