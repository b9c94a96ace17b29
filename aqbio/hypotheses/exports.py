"""The numbers behind the verdicts, by step and by athlete, as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.stats.evidence import Evidence, usable
from aqbio.stats.inference import mean_estimate
from aqbio.stats.measurement import ERRORS, SHARED
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import athlete_intervals
from aqbio.stats.power import power_rows
from aqbio.stats.registry import Registry
from aqbio.stats.robustness import LeaveOneOut
from aqbio.stats.step_numbers import CONTRIBUTORS
from aqbio.stats.within import slopes, with_speeds

if TYPE_CHECKING:
    import pandas as pd


# claims taken by their words ----------------------------------------------------------------------


def literal_table(evidence: Evidence, registry: Registry) -> pd.DataFrame:
    """One row per number that shows what a claim says by its words; judged by no rule."""
    import pandas as pd

    shown = [(one.id, one.literal.label, one.literal.shown) for one in registry.hypotheses]
    shown += [(str(one.id), one.label, one.shown) for one in registry.untested]
    rows = []
    for claim, label, made in shown:
        for name, (own, least) in (SHOWN[made](evidence) if made else {}).items():
            known = own.dropna()
            found = mean_estimate(known)
            low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
            showing = float((known > least).sum()) if np.isfinite(least) else np.nan
            rows.append((claim, label, name, found.value, low, high, len(known), showing))
    return pd.DataFrame(rows, columns=list(LITERAL))


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
        ("of rotational force (rate of angular momentum) the cosine is", "arms_push_rates", 0.0),
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


# tables -------------------------------------------------------------------------------------------

VERDICTS = columns("verdicts")
ATHLETES = columns("hypotheses_athletes")
SINGLE = columns("single_athletes")
POWER = columns("power")
SPRINTS = columns("sprints")
DEVIATIONS = columns("deviations")
TRIALS = columns("hypotheses_trials", error=ERRORS, model=SHARED)
LITERAL = columns("literal")
INFLUENCE = columns("influence")


OWN_NAMES = {"participant_id": "athlete"}

SINGLE_VALUES = tuple(name for name in SINGLE if name != "participant_id")


def athlete_table(outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """One row per hypothesis, athlete and column: what the estimates are computed from."""
    import pandas as pd

    rows = [
        {
            "hypothesis": name,
            "participant_id": athlete,
            "column": column,
            "value": value,
            "n_steps": int(steps),
        }
        for name, outcome in outcomes.items()
        for column, values in outcome.values.items()
        for athlete, value, steps in zip(outcome.values.index, values, outcome.weights, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(ATHLETES))


def trial_errors(evidence: Evidence) -> pd.DataFrame:
    """One row per trial: what the gates read of it."""
    table = evidence.trials.reset_index()
    return table.reindex(columns=list(TRIALS))


def influence_table(without: Mapping[str, Sequence[LeaveOneOut]]) -> pd.DataFrame:
    """One row per hypothesis and athlete who is left out."""
    import pandas as pd

    rows = [
        {name: getattr(one, OWN_NAMES.get(name, name)) for name in INFLUENCE}
        for every in without.values()
        for one in every
    ]
    return pd.DataFrame(rows, columns=list(INFLUENCE))


def single_table(evidence: Evidence, registry: Registry) -> pd.DataFrame:
    """One row per hypothesis and athlete: what the athlete's own steps say."""
    import pandas as pd

    every = usable(evidence)
    rows = [
        {"participant_id": one.athlete} | {name: getattr(one, name) for name in SINGLE_VALUES}
        for hypothesis in registry.hypotheses
        for one in athlete_intervals(every, hypothesis)
    ]
    return pd.DataFrame(rows, columns=list(SINGLE))


def power_table(
    evidence: Evidence,
    outcomes: Mapping[str, Outcome],
    registry: Registry,
    families: Mapping[str, int],
) -> pd.DataFrame:
    """One row per hypothesis with an estimate: what this study can find, and what it would take."""
    import pandas as pd

    pairs = {name: (registry[name], one) for name, one in outcomes.items()}
    rows = [
        asdict(one) | {"unit": registry[one.hypothesis].unit}
        for one in power_rows(evidence, pairs, families)
    ]
    return pd.DataFrame(rows, columns=list(POWER))
