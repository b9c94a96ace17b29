"""Primary statistics that steps carry: one number per athlete from the athlete's own steps."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.names import ROLE_GROUPS
from aqbio.stats.athletes import (
    cells,
    centred,
    consecutive_pairs,
    group_counts,
    group_means,
    group_slopes,
    log_spread,
    with_speeds,
)
from aqbio.stats.evidence import Evidence, StepEvidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.mixed import Fitted, common_mean, common_slope
from aqbio.stats.partitions import (
    BOTH_LEGS,
    SWING_ALONE,
    cosines,
    opposition,
    partition_names,
    ranks,
    same_legs_cosine,
)
from aqbio.stats.registry import Hypothesis
from aqbio.stats.result import Result, athlete_count
from aqbio.stats.timing import lag

BEST_RANK = 2.0
"""Median rank that the articles' partition needs among all of them."""


def _mean_found(evidence: Evidence, by_step: FloatArray) -> Result:
    """Mean over athletes of a number of every step."""
    count, who = athlete_count(evidence), evidence.steps.athlete
    return Result(
        common_mean(by_step, who),
        {"value": group_means(by_step, who, count)},
        group_counts(by_step, who, count),
    )


def step_oppositions(steps: StepEvidence) -> FloatArray:
    """Opposition index of all partitions, about the vertical in stance, (S, N)."""
    return opposition(steps.momentum[:, 0, :, :, 1], partition_names())


def opposition_difference(evidence: Evidence, _: Hypothesis) -> Result:
    """H1: opposition index of the articles' partition minus that of the classical one."""
    names = partition_names()
    every = step_oppositions(evidence.steps)
    place = {name: index for index, name in enumerate(names)}
    alone, legs = place[SWING_ALONE], place[BOTH_LEGS]
    found = _mean_found(evidence, every[:, alone] - every[:, legs])
    count, who = athlete_count(evidence), evidence.steps.athlete
    means = np.stack([group_means(column, who, count) for column in every.T], axis=1)
    known = np.isfinite(means).all(axis=1)
    rank = float(np.median(ranks(means)[known, alone])) if known.any() else np.nan
    return Result(
        found.fitted,
        {**found.values, "rank": np.where(known, ranks(means)[:, alone], np.nan)},
        found.weights,
        condition=rank <= BEST_RANK,
        note=f"median rank {rank:g} of {len(names)} partitions",
    )


def arms_push_cosine(evidence: Evidence, hypothesis: Hypothesis) -> Result:
    """H2: cosine of arms and push leg."""
    pair = [ROLE_GROUPS.index(name) for name in ("arms", "push_leg")]
    momentum = evidence.steps.momentum[:, 0, :, :, 1]
    found = _mean_found(evidence, cosines(momentum[..., pair])[:, 0, 1])
    who, count = evidence.steps.athlete, athlete_count(evidence)
    forced = group_means(same_legs_cosine(momentum), who, count)
    expected = float(np.mean(forced[np.isfinite(forced)])) if np.isfinite(forced).any() else np.nan
    words = f"{expected:.2f} expected from both legs and the total alone"
    if abs(expected) > hypothesis.delta and expected * found.fitted.estimate.value > 0:
        words += ", so that the sign is largely set by geometry and the small total"
    values = {**found.values, "same_legs": forced}
    return Result(found.fitted, values, found.weights, note=words)


def hub_share_mean(evidence: Evidence, _: Hypothesis) -> Result:
    """H4: stance share of swing leg, arms and torso.

    Where the shares of force that joint moments of swing side, lumbar and arms cause differ in sign
    between contact models, nothing is said.
    """
    found = _mean_found(evidence, evidence.steps.hub_share)
    who, count = evidence.steps.athlete, athlete_count(evidence)
    caused = {
        model: float(mean_estimate(group_means(shares, who, count)).value)
        for model, shares in evidence.caused_shares.items()
    }
    known = {model: value for model, value in caused.items() if np.isfinite(value)}
    if not known:
        return found
    words = ", ".join(f"{model} {value:+.4f}" for model, value in known.items())
    differ = len({value > 0 for value in known.values()}) > 1
    return Result(
        found.fitted,
        found.values,
        found.weights,
        note=f"caused by joint moments: {words}",
        blocked="what joint moments cause differs in sign between contact models" if differ else "",
    )


def _slope_found(evidence: Evidence, x: FloatArray, y: FloatArray) -> Result:
    """Mean over athletes of the slope on speed within each of them."""
    count, who = athlete_count(evidence), evidence.steps.athlete
    x = with_speeds(x, who, count)
    used = np.where(np.isfinite(x), y, np.nan)
    return Result(
        common_slope(x, y, who),
        {"value": group_slopes(x, y, who, count)},
        group_counts(used, who, count),
    )


def ratio_slope(evidence: Evidence, hypothesis: Hypothesis) -> Result:
    """H3d: slopes of the log ratios of both sides per 10 % of the highest speed.

    Both must be equivalent to 0, so that the one with the larger p value decides (intersection
    of two tests, which needs no adjustment). Where neither has one, the larger slope is told.
    """
    steps = evidence.steps
    relative = 10.0 * steps.speed / evidence.athletes.fastest[steps.athlete]
    both = {
        name: _slope_found(evidence, relative, ratio) for name, ratio in log_ratios(steps).items()
    }
    p = {name: _equivalence(one, hypothesis.delta) for name, one in both.items()}
    size = {name: abs(one.fitted.estimate.value) for name, one in both.items()}
    decides = max(p, key=lambda name: (np.isnan(p[name]), np.nan_to_num(p[name]), size[name]))
    return Result(
        both[decides].fitted,
        {name.replace(" ", "_"): one.values["value"] for name, one in both.items()},
        np.minimum(*[one.weights for one in both.values()]),
        note=f"{decides} decide: "
        + ", ".join(f"{name} {one.fitted.estimate.value:.4f}" for name, one in both.items()),
    )


def log_ratios(steps: StepEvidence) -> dict[str, FloatArray]:
    """Logarithms of push side over swing side by step, (S,) each.

    Of RMS angular momentum about the vertical in stance (push leg, arms and torso over swing leg),
    and of the indices of joint moments.
    """
    return {
        "momentum": momentum_log_ratio(steps.momentum[:, 0, :, :, 1]),
        "joint moments": np.log(steps.push_index / steps.swing_index),
    }


def momentum_log_ratio(vertical: FloatArray) -> FloatArray:
    """Logarithm of the RMS angular momentum of push leg, arms and torso over the swing leg's.

    Parameters
    ----------
    vertical : (..., T, G) array
        About the vertical in stance, by `aqbio.names.ROLE_GROUPS`; the mean goes over T.

    Returns
    -------
    (...) array
    """
    side = [ROLE_GROUPS.index(name) for name in ("push_leg", "arms", "torso")]
    push = (vertical[..., side].sum(axis=-1) ** 2).mean(axis=-1)
    swing = (vertical[..., ROLE_GROUPS.index("swing_leg")] ** 2).mean(axis=-1)
    ratio: FloatArray = 0.5 * np.log(push / swing)
    return ratio


def _equivalence(found: Result, delta: float) -> float:
    estimate = found.fitted.estimate
    return estimate.p("equivalent", delta) if np.isfinite(estimate.se) else float("nan")


def next_step_slope(evidence: Evidence, _: Hypothesis) -> Result:
    """H3e: standardised slope of the next step's deviation in time on the yaw impulse before it.

    Both numbers have the mean of their athlete and speed taken away; the slope is per standard
    deviation of what remains within the athlete.
    """
    steps, count = evidence.steps, athlete_count(evidence)
    before, after = consecutive_pairs(steps.trial, steps.number)
    x, y = steps.yaw_impulse[before], steps.time_deviation[after]
    known = np.isfinite(x) & np.isfinite(y)
    before, x, y = before[known], x[known], y[known]
    who = steps.athlete[before]
    cell, _owner = cells(who, steps.level[before])
    x, y = (_standardised(centred(values, cell), who, count) for values in (x, y))
    slopes = group_slopes(x, y, who, count)
    return Result(
        Fitted(mean_estimate(slopes), "t over athletes' slopes"),
        {"value": slopes},
        group_counts(y, who, count),
    )


def _standardised(values: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Centred values over their root mean square within the group."""
    size = np.sqrt(group_means(values**2, group, count))
    scaled: FloatArray = np.divide(
        values, size[group], out=np.full(len(values), np.nan), where=size[group] > 0
    )
    return scaled


def lag_slope(evidence: Evidence, _: Hypothesis) -> Result:
    """H5a: slope of the lag on speed."""
    steps = evidence.steps
    return _slope_found(evidence, steps.speed, lag(steps.swing_peak, steps.force_peak))


def lag_spread_slope(evidence: Evidence, _: Hypothesis) -> Result:
    """H5b: slope on speed of the logarithm of the lag's spread at each speed."""
    steps, count = evidence.steps, athlete_count(evidence)
    lags = lag(steps.swing_peak, steps.force_peak)
    cell, owner = cells(steps.athlete, steps.level)
    spread = log_spread(lags, cell, len(owner))
    speed = with_speeds(group_means(steps.speed, cell, len(owner)), owner, count)
    return Result(
        common_slope(speed, spread, owner),
        {"value": group_slopes(speed, spread, owner, count)},
        group_counts(lags, steps.athlete, count),
    )
