"""Primary statistics that steps carry: one number per athlete from the athlete's own steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from aqbio.stats.evidence import CELL, TRIAL, Evidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.mixed import common_mean, common_slope
from aqbio.stats.outcome import Outcome, inferred
from aqbio.stats.partitions import SWING_ALONE, ranks
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_numbers import CHI
from aqbio.stats.within import centred, consecutive, log_spread, slopes, with_speeds

if TYPE_CHECKING:
    import pandas as pd

BEST_RANK = 2.0
"""Median rank that the articles' partition needs among all of them."""

RATIOS = {"momentum": "log_ratio_momentum", "joint moments": "log_ratio_moments"}
"""Columns of H3d: push side over swing side."""


def _mean_found(
    evidence: Evidence, hypothesis: Hypothesis, column: str, **beside: pd.Series[float]
) -> Outcome:
    """Mean over athletes of a number of every step; further numbers of the athletes beside it."""
    values = evidence.steps[column]
    found = common_mean(values, evidence.steps["participant_id"])
    numbers = {"value": evidence.means(values), **beside}
    return inferred(hypothesis, found, numbers, evidence.count(values))


def opposition_difference(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H1: opposition index of the articles' partition minus that of the classical one."""
    steps = evidence.steps
    means = steps[list(CHI.values())].groupby(steps["participant_id"], observed=False).mean()
    known = means.notna().all(axis=1)
    rank = means[CHI[SWING_ALONE]] * np.nan
    rank[known] = ranks(means[known].to_numpy())[:, list(CHI).index(SWING_ALONE)]
    found = _mean_found(evidence, hypothesis, "opposition_difference", rank=rank)
    middle = float(rank.median())
    words = f"median rank {middle:g} of {len(CHI)} partitions"
    return found.saying(words, condition=middle <= BEST_RANK)


def arms_push_cosine(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H2: cosine of arms and push leg."""
    forced = evidence.means("same_legs_cosine")
    found = _mean_found(evidence, hypothesis, "arms_push_cosine", same_legs=forced)
    expected = float(forced.mean())
    words = f"{expected:.2f} expected from both legs and the total alone"
    if abs(expected) > hypothesis.delta and expected * found.estimate > 0:
        words += ", so that the sign is largely set by geometry and the small total"
    return found.saying(words)


def hub_share_mean(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H4: stance share of swing leg, arms and torso.

    Where the shares of force that joint moments of swing side, lumbar and arms cause differ in sign
    between contact models, nothing is said.
    """
    found = _mean_found(evidence, hypothesis, "hub_share")
    caused = {model: evidence.means(own).mean() for model, own in evidence.caused().items()}
    known = {model: value for model, value in caused.items() if np.isfinite(value)}
    if not known:
        return found
    words = ", ".join(f"{model} {value:+.4f}" for model, value in known.items())
    differ = len({value > 0 for value in known.values()}) > 1
    return found.saying(
        f"caused by joint moments: {words}",
        blocked="what joint moments cause differs in sign between contact models" if differ else "",
    )


def _slope_found(evidence: Evidence, hypothesis: Hypothesis, on: str, column: str) -> Outcome:
    """Mean over athletes of the slope on speed within each of them."""
    who, y = evidence.steps["participant_id"], evidence.steps[column]
    x = with_speeds(evidence.steps[on], who)
    numbers = {"value": slopes(x, y, who)}
    weights = evidence.count(y.where(x.notna()))
    return inferred(hypothesis, common_slope(x, y, who), numbers, weights)


def ratio_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3d: slopes of the log ratios of both sides per 10 % of the highest speed.

    Both must be equivalent to 0, so that the one with the larger p value decides (intersection
    of two tests, which needs no adjustment). Where neither has one, the larger slope is told.
    """
    import pandas as pd

    tenths = evidence.steps.assign(tenths=10.0 * evidence.steps["relative_speed"])
    scaled = evidence.with_steps(tenths)
    both = {
        name: _slope_found(scaled, hypothesis, "tenths", column) for name, column in RATIOS.items()
    }
    p = {name: one.p if np.isfinite(one.error.se) else np.nan for name, one in both.items()}
    decides = max(
        p, key=lambda name: (np.isnan(p[name]), np.nan_to_num(p[name]), abs(both[name].estimate))
    )
    numbers = {name.replace(" ", "_"): one.values["value"] for name, one in both.items()}
    weights = pd.concat([one.weights for one in both.values()], axis=1).min(axis=1)
    words = ", ".join(f"{name} {one.estimate:.4f}" for name, one in both.items())
    found = inferred(hypothesis, both[decides].error, numbers, weights)
    return found.saying(f"{decides} decide: {words}")


def next_step_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3e: standardised slope of the next step's deviation in time on the yaw impulse before it."""
    pairs = step_pairs(evidence.steps)
    who = pairs["participant_id"]
    own = slopes(pairs["x"], pairs["y"], who)
    weights = who.value_counts().reindex(evidence.athletes.index, fill_value=0)
    return inferred(
        hypothesis, mean_estimate(own, "t over athletes' slopes"), {"value": own}, weights
    )


def step_pairs(steps: pd.DataFrame, size: Literal["athlete", "none"] = "athlete") -> pd.DataFrame:
    """Steps that have a next one: yaw impulse ``x``, and the next one's deviation in time ``y``.

    Parameters
    ----------
    steps : (S,) DataFrame
    size : {"athlete", "none"}
        Whether both are over the root mean square of what remains within the athlete.

    Returns
    -------
    DataFrame
        With `CELL` and ``x``, ``y``, less the mean of athlete and speed.
    """
    before, after = consecutive(steps, TRIAL)
    pairs = steps.iloc[before][CELL].assign(
        x=steps["yaw_impulse"].to_numpy()[before], y=steps["time_deviation_s"].to_numpy()[after]
    )
    pairs = pairs.dropna()
    cell = [pairs[name] for name in CELL]
    for name in ("x", "y"):
        pairs[name] = centred(pairs[name], cell)
        if size == "athlete":
            own = (pairs[name] ** 2).groupby(pairs["participant_id"], observed=True)
            square = own.transform("mean")
            pairs[name] /= np.sqrt(square.where(square > 0))
    return pairs


def lag_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5a: slope of the lag on speed."""
    return _slope_found(evidence, hypothesis, "speed_mps", "lag")


def lag_spread_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5b: slope on speed of the logarithm of the lag's spread at each speed."""
    table = lag_spreads(evidence.steps)
    who = table["participant_id"]
    speed = with_speeds(table["speed_mps"], who)
    numbers = {"value": slopes(speed, table["spread"], who)}
    weights = evidence.count(evidence.steps["lag"])
    return inferred(hypothesis, common_slope(speed, table["spread"], who), numbers, weights)


def lag_spreads(steps: pd.DataFrame) -> pd.DataFrame:
    """Speed and logarithm of the lag's spread, ``spread``, one row per `CELL`."""
    cell = [steps[name] for name in CELL]
    found = steps["speed_mps"].groupby(cell, observed=True).mean().to_frame()
    return found.assign(spread=log_spread(steps["lag"], cell)).reset_index()
