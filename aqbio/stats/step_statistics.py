"""Statistics of steps: one number per athlete from the athlete's own steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.stats.evidence import CELL, SIDED, TRIAL, Evidence
from aqbio.stats.inference import mean_estimate, regression
from aqbio.stats.measurement import (
    error_free_share,
    errors_are_small,
    lag_variances,
    reliable_share,
    step_variances,
)
from aqbio.stats.outcome import UNKNOWN, Outcome, Result, mean_outcome, outcome_of, result
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_numbers import CHI, SWING_ALONE, ranks
from aqbio.stats.within import centred, consecutive, means_by, slopes, with_speeds

if TYPE_CHECKING:
    import pandas as pd

BEST_RANK = 2.0
"""Median rank that the articles' partition needs among all of them."""


def opposition_difference(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H1: opposition index of the articles' partition minus that of the classical one.

    Any two halves of a body that hardly turns balance. So the articles' one must also do better
    than the mean of all other halves (the larger p value counts), and have one of the best ranks.
    """
    steps = evidence.steps
    means = steps[list(CHI.values())].groupby(steps["participant_id"], observed=False).mean()
    means = means.reindex(evidence.athletes.index)
    known = means.notna().all(axis=1)
    own = CHI[SWING_ALONE]
    rank = means[own] * np.nan
    rank[known] = ranks(means[known].to_numpy())[:, list(CHI.values()).index(own)]
    values = {
        "value": evidence.means("opposition_difference"),
        "over_others": means[own] - means.drop(columns=own).mean(axis=1).where(known),
        "rank": rank,
    }
    errors = evidence.choices.errors

    def test(table: pd.DataFrame) -> Result:
        found, others = (
            result(hypothesis, mean_estimate(table[name], "t over athletes", errors))
            for name in ("value", "over_others")
        )
        middle = float(table["rank"].median())
        note = (
            f"index {others.error.value:+.3f} over the mean of the other {len(CHI) - 1} ways to "
            f"divide the body (p {others.p:.2g}), median rank {middle:g} of {len(CHI)}"
        )
        p, most = max(found.p, others.p), middle <= BEST_RANK
        return Result(found.error, found.ci95, p, found.p_against, most, note)

    weights = evidence.count(steps["opposition_difference"])
    return outcome_of(hypothesis, values, weights, test, per_athlete="value")


def arms_push_cosine(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H2: cosine of arms and push leg, and the one that both legs and the total leave them."""
    expected = float(evidence.means("same_legs_cosine").mean())
    own, weights = evidence.means("arms_push_cosine"), evidence.count("arms_push_cosine")
    note = f"{expected:.2f} expected from both legs and the total"
    return mean_outcome(hypothesis, own, weights, evidence.choices.errors, note)


def caused_share(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H4: share of the vertical impulse that swing side, lumbar joint and arms cause.

    At each athlete's highest speed, under every contact model. Which model is right is not known:
    support takes all of them (the largest p value), and so does refusal. The estimate is that of
    the model most favourable to the claim.
    """
    fastest = evidence.where(is_top_speed(evidence.steps))
    who, errors = fastest.steps["participant_id"], evidence.choices.errors
    own = {
        model: means_by(shares, who)
        for model, shares in fastest.caused().items()
        if shares.notna().any()
    }
    if not own:
        nothing = Result(UNKNOWN, (np.nan, np.nan), np.nan, np.nan)
        values = {"value": evidence.unknown()}
        return outcome_of(hypothesis, values, evidence.count(), lambda _: nothing)
    kindest = max(own, key=lambda model: own[model].mean())
    share = float(evidence.means("hub_share").mean())

    def test(table: pd.DataFrame) -> Result:
        found = {
            model: result(hypothesis, mean_estimate(table[model], "t over athletes", errors))
            for model in own
        }
        best = max(found.values(), key=lambda one: one.error.value)
        words = ", ".join(f"{model} {one.error.value:+.4f}" for model, one in found.items())
        return Result(
            best.error,
            best.ci95,
            max(one.p for one in found.values()),
            max(one.p_against for one in found.values()),
            all(one.error.value >= hypothesis.delta for one in found.values()),
            f"caused at the highest speed under each contact model: {words}; share relative to the "
            f"pelvis at all speeds, which a passive swing has too: {share:.3f}",
        )

    values = own | {"value": own[kindest]}
    return outcome_of(hypothesis, values, fastest.count(), test, per_athlete="value")


def is_top_speed(steps: pd.DataFrame) -> pd.Series[bool]:
    """Steps at their athlete's highest speed."""
    speed = steps["speed_mps"].groupby([steps[name] for name in CELL], observed=True)
    mean = speed.transform("mean")
    return mean >= mean.groupby(steps["participant_id"], observed=True).transform("max") - 1e-9


def lag_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5a: slope of the lag on speed."""
    who, lag = evidence.steps["participant_id"], evidence.steps["lag"]
    speed = with_speeds(evidence.steps["speed_mps"], who)
    weights = evidence.count(lag.where(speed.notna()))
    return mean_outcome(hypothesis, slopes(speed, lag, who), weights, evidence.choices.errors)


def lag_spread_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5b: slope on speed of the logarithm of the lag's spread at each speed, without errors."""
    table = lag_spreads(evidence)
    who = table["participant_id"]
    own = slopes(with_speeds(table["speed_mps"], who), table["spread"], who)
    return mean_outcome(hypothesis, own, evidence.count("lag"), evidence.choices.errors)


def direction_over_size(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H8c: slopes of the gain of speed on the force's direction less that on its size.

    Within every athlete least squares of standardised numbers of steps that speed up; speed is
    held as a parabola, because the fast gain less.
    """
    steps = evidence.accelerating
    own, weights = evidence.unknown(), evidence.unknown().fillna(0.0).astype(int)
    for name, rows in steps.groupby(steps["participant_id"].astype(str)):
        known = rows.reindex(columns=list(GAINS)).astype(float).dropna()
        away = (known - known.mean()) / known.std()
        table = away[["forward_ratio", "force_mean_n"]].assign(
            speed=away["speed_mps"], square=away["speed_mps"] ** 2, constant=1.0
        )
        fit = regression(away["speed_change_mps"], table, "plain")
        if fit is not None:
            slope = fit.coefficients
            own[name] = slope["forward_ratio"] - slope["force_mean_n"]
            weights[name] = len(known)
    return mean_outcome(hypothesis, own, weights, evidence.choices.errors)


GAINS = ("speed_change_mps", "forward_ratio", "force_mean_n", "speed_mps")
"""What H8c reads of a step."""


def next_step_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3e: standardised slope of the next step's deviation in time on the imbalance before it."""
    pairs = disattenuated_pairs(evidence)
    who = pairs["participant_id"]
    weights = who.value_counts().reindex(evidence.athletes.index, fill_value=0)
    own = slopes(pairs["x"], pairs["y"], who)
    return mean_outcome(hypothesis, own, weights, evidence.choices.errors)


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
    """Speed and logarithm of the lag's spread within trials, one row per `CELL`.

    ``measured``, ``left`` (share of the variance that is no error of measurement; 1 where errors
    are not known) and ``spread`` (without errors).
    """
    cell = [evidence.steps[name] for name in CELL]
    found = evidence.steps["speed_mps"].groupby(cell, observed=True).mean().to_frame()
    variances = lag_variances(evidence).reindex(found.index)
    left = error_free_share(variances["whole"], variances["noise"]).fillna(1.0)
    if not errors_are_small(variances):
        left = left * 0.0 + 1.0
    measured = 0.5 * variances["whole"].where(variances["whole"] > 0).map(np.log)
    spread = measured + 0.5 * np.log(left)
    return found.assign(measured=measured, left=left, spread=spread).reset_index()
