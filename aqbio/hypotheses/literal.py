"""Numbers behind the literal wording of claims, which no rule judges."""

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
    """Rows of literal.tsv, one per number that shows the literal wording of a claim."""
    claims = [
        (hypothesis.id, hypothesis.literal.label, hypothesis.literal.shown)
        for hypothesis in registry.hypotheses
    ]
    claims += [(str(entry.id), entry.label, entry.shown) for entry in registry.untested]
    rows = []
    for claim, label, function_name in claims:
        for name, (values, threshold) in (
            NUMBERS_BY_NAME[function_name](evidence) if function_name else {}
        ).items():
            finite_values = values.dropna()
            estimate = mean_estimate(finite_values)
            low, high = estimate.interval(0.95) if np.isfinite(estimate.se) else (np.nan, np.nan)
            rows.append(
                {
                    "hypothesis": claim, "label": label, "name": name, "estimate": estimate.value,
                    "ci_low": low, "ci_high": high, "n_athletes": len(finite_values),
                    "n_showing": _count_above(finite_values, threshold),
                }
            )  # fmt: skip
    return rows


def _count_above(values: pd.Series[float], threshold: float) -> float:
    """Count values above a threshold; NaN without one."""
    return float((values > threshold).sum()) if np.isfinite(threshold) else np.nan


Numbers = dict[str, tuple["pd.Series[float]", float]]
"""Number of every athlete by name, and the threshold above which it shows the sentence (NaN: no
threshold)."""


def _shares(*shares: tuple[str, str, float]) -> Callable[[Evidence], Numbers]:
    """Means of columns of steps by name, with the threshold above which each shows the sentence."""
    return lambda evidence: {
        name: (evidence.means(column), threshold)
        for name, column, threshold in shares
        if column in evidence.steps
    }


def _powers(*columns: str) -> Callable[[Evidence], Numbers]:
    """Powers of speed with which numbers of steps grow within athletes."""

    def powers(evidence: Evidence) -> Numbers:
        steps, athletes = evidence.steps, evidence.steps["participant_id"]
        speed = with_speeds(steps["speed_mps"], athletes).map(np.log)
        return {
            f"power of speed of {GROWING[name]}": (
                slopes(speed, steps[name].where(steps[name] > 0).map(np.log), athletes), 0.0
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

HALF = 0.5
"""Share of the contact above which a sentence about most of it is shown."""

CONTINUOUSLY = 0.9
"""Share of the contact above which a sentence about all of it is shown."""

NUMBERS_BY_NAME: dict[str, Callable[[Evidence], Numbers]] = {
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
