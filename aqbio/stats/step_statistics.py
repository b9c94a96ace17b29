"""Statistics of steps: one number per athlete from the athlete's own steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.stats.evidence import CELL, SIDED, TRIAL, Evidence
from aqbio.stats.inference import Estimate, common_mean, common_slope, mean_estimate
from aqbio.stats.measurement import (
    error_free_share,
    errors_are_small,
    reliable_share,
    step_variances,
)
from aqbio.stats.outcome import Outcome, from_athletes, inferred
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_numbers import CHI, CONTRIBUTORS, SWING_ALONE, ranks
from aqbio.stats.within import centred, consecutive, log_spread, means_by, slopes, with_speeds

if TYPE_CHECKING:
    import pandas as pd

BEST_RANK = 2.0
"""Median rank that the articles' partition needs among all of them."""

UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def _mean_over_athletes(
    evidence: Evidence, hypothesis: Hypothesis, column: str, **further: pd.Series[float]
) -> Outcome:
    """Mean over athletes of a number of every step, with further numbers of the athletes."""
    values = evidence.steps[column]
    found = common_mean(values, evidence.steps["participant_id"])
    own, weights = evidence.means(values), evidence.count(values)
    return from_athletes(hypothesis, found, own, weights, **further)


def opposition_difference(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H1: opposition index of the articles' partition minus that of the classical one."""
    steps = evidence.steps
    means = steps[list(CHI.values())].groupby(steps["participant_id"], observed=False).mean()
    known = means.notna().all(axis=1)
    rank = means[CHI[SWING_ALONE]] * np.nan
    rank[known] = ranks(means[known].to_numpy())[:, list(CHI).index(SWING_ALONE)]
    found = _mean_over_athletes(evidence, hypothesis, "opposition_difference", rank=rank)
    middle = float(rank.median())
    words = f"median rank {middle:g} of {len(CHI)} partitions"
    return found.with_note(words, condition=middle <= BEST_RANK)


def arms_push_cosine(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H2: cosine of arms and push leg."""
    implied = evidence.means("same_legs_cosine")
    found = _mean_over_athletes(evidence, hypothesis, "arms_push_cosine", same_legs=implied)
    expected = float(implied.mean())
    words = f"{expected:.2f} expected from both legs and the total alone"
    if abs(expected) > hypothesis.delta and expected * found.estimate > 0:
        words += ", so that the sign is largely set by geometry and the small total"
    return found.with_note(words)


def caused_share(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H4: share of the vertical impulse that swing side, lumbar joint and arms cause.

    At each athlete's highest speed, under every contact model. Which model is right is not known:
    support takes all of them (the largest p value), and so does refusal. The estimate is that of
    the model most favourable to the claim.
    """
    fastest = evidence.where(is_top_speed(evidence.steps))
    top = fastest.steps
    who = top["participant_id"]
    caused = {
        model: own[top.index]
        for model, own in evidence.caused().items()
        if own[top.index].notna().any()
    }
    if not caused:
        return inferred(hypothesis, UNKNOWN, {"value": evidence.unknown()}, evidence.count())
    found = {model: common_mean(own, who) for model, own in caused.items()}
    own = evidence.side_by_side({model: means_by(one, who) for model, one in caused.items()})
    outcome = _of_every(hypothesis, found, own, fastest.count(), largest=True)
    words = ", ".join(f"{model} {one.value:+.4f}" for model, one in found.items())
    share = float(evidence.means(evidence.steps["hub_share"]).mean())
    return outcome.with_note(
        f"caused at the highest speed under each contact model: {words}; share relative to the "
        f"pelvis at all speeds, which a passive swing has too: {share:.3f}",
        condition=outcome.condition,
    )


def _of_every(
    hypothesis: Hypothesis,
    found: Mapping[str, Estimate],
    own: pd.DataFrame,
    weights: pd.Series[Any],
    *,
    largest: bool,
) -> Outcome:
    """Outcome of a claim that every one of several numbers must support (largest p value).

    ``largest``: the estimate is the largest number, and refusal takes all of them. Otherwise it is
    the smallest, which is enough to refuse at as many times its p value as it was chosen from.
    """
    chosen = (max if largest else min)(found, key=lambda name: found[name].value)

    def recompute(table: pd.DataFrame) -> Outcome:
        rest = table[list(found)]
        means = {str(name): mean_estimate(one) for name, one in rest.items()}
        return _of_every(hypothesis, means, rest, weights.reindex(rest.index), largest=largest)

    outcome = inferred(
        hypothesis, found[chosen], own.assign(value=own[chosen]), weights,
        recompute=recompute, per_athlete="value",
    )  # fmt: skip
    asked = hypothesis.predicted, hypothesis.delta
    against = [one.p_against(*asked) for one in found.values()]
    return replace(
        outcome,
        p=max(one.p(*asked) for one in found.values()),
        p_against=max(against) if largest else min(1.0, len(found) * min(against)),
        condition=all(one.value >= hypothesis.delta for one in found.values()) if largest else None,
    )


def is_top_speed(steps: pd.DataFrame) -> pd.Series[bool]:
    """Steps at their athlete's highest speed."""
    speed = steps["speed_mps"].groupby([steps[name] for name in CELL], observed=True)
    mean = speed.transform("mean")
    return mean >= mean.groupby(steps["participant_id"], observed=True).transform("max") - 1e-9


def contributor_growth(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3f: power of speed of the contributor's angular momentum that grows least.

    Support takes every contributor (the largest p value); against it the one that grows least is
    enough, at four times its p value, for it was chosen out of four.
    """
    steps = evidence.steps
    who = steps["participant_id"]
    speed = with_speeds(steps["speed_mps"], who).map(np.log)
    found, own = {}, {}
    for name in CONTRIBUTORS:
        size = steps[f"momentum_{name}"].where(steps[f"momentum_{name}"] > 0).map(np.log)
        found[name] = common_slope(speed, size, who)
        own[name] = slopes(speed, size, who)
    table = evidence.side_by_side(own)
    if not all(np.isfinite(one.value) for one in found.values()):
        return inferred(hypothesis, UNKNOWN, table, evidence.count(speed))
    outcome = _of_every(hypothesis, found, table, evidence.count(speed), largest=False)
    words = ", ".join(f"{name.replace('_', ' ')} {one.value:.2f}" for name, one in found.items())
    return outcome.with_note(f"powers of speed: {words}")


def lag_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5a: slope of the lag on speed."""
    who, lag = evidence.steps["participant_id"], evidence.steps["lag"]
    speed = with_speeds(evidence.steps["speed_mps"], who)
    weights = evidence.count(lag.where(speed.notna()))
    own = slopes(speed, lag, who)
    return from_athletes(hypothesis, common_slope(speed, lag, who), own, weights)


def lag_spread_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5b: slope on speed of the logarithm of the lag's spread at each speed, without errors."""
    table = lag_spreads(evidence)
    who, spread = table["participant_id"], table["spread"]
    speed = with_speeds(table["speed_mps"], who)
    own, weights = slopes(speed, spread, who), evidence.count(evidence.steps["lag"])
    return from_athletes(hypothesis, common_slope(speed, spread, who), own, weights)


def next_step_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3e: standardised slope of the next step's deviation in time on the imbalance before it."""
    pairs = disattenuated_pairs(evidence)
    who = pairs["participant_id"]
    own = slopes(pairs["x"], pairs["y"], who)
    weights = who.value_counts().reindex(evidence.athletes.index, fill_value=0)
    return from_athletes(hypothesis, mean_estimate(own, "t over athletes' slopes"), own, weights)


def disattenuated_pairs(evidence: Evidence) -> pd.DataFrame:
    """Pairs of steps, the next one's deviation over :func:`attenuation`."""
    pairs = step_pairs(evidence.steps)
    return pairs.assign(y=pairs["y"] / attenuation(evidence))


def attenuation(evidence: Evidence) -> float:
    """Share of H3e's standardised slope that its measurement leaves.

    A deviation from the mean of n steps correlates by ``√(1 − 1/n)`` with that from the true mean;
    errors of measurement lower it further. Of normal deviations that correlate by ρ, sizes
    correlate by ``(ρ asin ρ + √(1 − ρ²) − 1) / (π/2 − 1)``; the imbalance and the means of both
    sides each take their factor.
    """
    steps = evidence.steps
    size = steps.groupby([steps[name] for name in SIDED], observed=True)["step"].transform("size")
    few = 1.0 - 1.0 / float(size.mean()) if len(steps) else np.nan
    variances = step_variances(evidence, "yaw_impulse", SIDED)
    left = reliable_share(variances) if errors_are_small(variances) else 1.0
    return sizes_correlation(np.sqrt(few * left)) * sizes_correlation(np.sqrt(few))


def sizes_correlation(correlation: float) -> float:
    """Correlation of the sizes of two normal numbers that correlate."""
    above = correlation * np.arcsin(correlation) + np.sqrt(1.0 - correlation**2) - 1.0
    return float(above / (np.pi / 2.0 - 1.0))


def step_pairs(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps that have a next one: imbalance ``x``, and the next one's deviation in time ``y``.

    Imbalance: distance of the step's impulse about the vertical from the athlete's mean at that
    speed and side; the impulse itself differs between sides, and so may the regularity of steps.
    Both less the mean of the cell, over the root mean square of what remains within the athlete.
    """
    before, after = consecutive(steps, TRIAL)
    away = centred(steps["yaw_impulse"], [steps[name] for name in SIDED]).abs()
    pairs = steps.iloc[before][SIDED].assign(
        x=away.to_numpy()[before], y=steps["time_deviation_s"].to_numpy()[after]
    )
    pairs = pairs.dropna()
    cell = [pairs[name] for name in SIDED]
    for name in ("x", "y"):
        pairs[name] = centred(pairs[name], cell)
        own = (pairs[name] ** 2).groupby(pairs["participant_id"], observed=True)
        square = own.transform("mean")
        pairs[name] /= np.sqrt(square.where(square > 0))
    return pairs


def lag_spreads(evidence: Evidence) -> pd.DataFrame:
    """Speed and logarithm of the lag's spread, one row per `CELL`.

    ``measured``, ``left`` (share of the variance that is no error of measurement; 1 where errors
    are not known) and ``spread`` (without errors).
    """
    cell = [evidence.steps[name] for name in CELL]
    found = evidence.steps["speed_mps"].groupby(cell, observed=True).mean().to_frame()
    variances = step_variances(evidence, "lag", CELL)
    left = error_free_share(variances["whole"], variances["noise"]).fillna(1.0)
    if not errors_are_small(variances):
        left = left * 0.0 + 1.0
    measured = log_spread(evidence.steps["lag"], cell)
    spread = measured + 0.5 * np.log(left)
    return found.assign(measured=measured, left=left, spread=spread).reset_index()
