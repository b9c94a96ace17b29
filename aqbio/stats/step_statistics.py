"""Statistics of steps: one number per athlete from the athlete's own steps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aqbio.stats.evidence import CELL, Evidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.measurement import error_free_share, errors_are_small, lag_variances
from aqbio.stats.outcome import UNKNOWN, Outcome, Result, mean_outcome, outcome_of, result
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_numbers import CHI, SWING_ALONE, ranks
from aqbio.stats.within import means_by, slopes, with_speeds

BEST_RANK = 2.0
"""Largest median rank of the articles' partition among all partitions."""


def opposition_difference(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H1: opposition index of the articles' partition minus that of the classical one.

    Any two halves of a body that hardly turns balance. So the articles' one must also do better
    than the mean of all other halves (the larger p value counts), and have one of the best ranks.
    """
    steps = evidence.steps
    means = steps[list(CHI.values())].groupby(steps["participant_id"], observed=False).mean()
    means = means.reindex(evidence.athletes.index)
    complete = means.notna().all(axis=1)
    column = CHI[SWING_ALONE]
    rank = means[column] * np.nan
    rank[complete] = ranks(means[complete].to_numpy())[:, list(CHI.values()).index(column)]
    values = {
        "value": evidence.means("opposition_difference"),
        "over_others": means[column] - means.drop(columns=column).mean(axis=1).where(complete),
        "rank": rank,
    }
    errors = evidence.choices.errors

    def test(table: pd.DataFrame) -> Result:
        difference, over_others = (
            result(hypothesis, mean_estimate(table[name], "t over athletes", errors))
            for name in ("value", "over_others")
        )
        middle = float(table["rank"].median())
        note = (
            f"index {over_others.error.value:+.3f} over the mean of the other {len(CHI) - 1} ways "
            f"to divide the body (p {over_others.p:.2g}), median rank {middle:g} of {len(CHI)}"
        )
        p, among_best = max(difference.p, over_others.p), middle <= BEST_RANK
        return Result(difference.error, difference.ci95, p, difference.p_against, among_best, note)

    weights = evidence.count(steps["opposition_difference"])
    return outcome_of(hypothesis, values, weights, test, per_athlete="value")


def arms_push_cosine(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H2: cosine of arms and push leg, and the one expected from both legs and the total."""
    expected = float(evidence.means("same_legs_cosine").mean())
    cosine, weights = evidence.means("arms_push_cosine"), evidence.count("arms_push_cosine")
    note = f"{expected:.2f} expected from both legs and the total"
    return mean_outcome(hypothesis, cosine, weights, evidence.choices.errors, note)


def caused_share(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H4: share of the vertical impulse induced by swing side, lumbar joint and arms.

    At each athlete's highest speed, under every contact model. The true model is not known: support
    requires all of them (the largest p value), and so does refusal. The estimate is that of the
    model most favourable to the claim.
    """
    fastest = evidence.select_steps(is_top_speed(evidence.steps))
    athlete, errors = fastest.steps["participant_id"], evidence.choices.errors
    by_model = {
        model: means_by(shares, athlete)
        for model, shares in fastest.caused_shares().items()
        if shares.notna().any()
    }
    if not by_model:
        no_result = Result(UNKNOWN, (np.nan, np.nan), np.nan, np.nan)
        values = {"value": evidence.unknown()}
        return outcome_of(hypothesis, values, evidence.count(), lambda _: no_result)
    most_favourable = max(by_model, key=lambda model: by_model[model].mean())
    share = float(evidence.means("hub_share").mean())

    def test(table: pd.DataFrame) -> Result:
        results = {
            model: result(hypothesis, mean_estimate(table[model], "t over athletes", errors))
            for model in by_model
        }
        best = max(results.values(), key=lambda model_result: model_result.error.value)
        words = ", ".join(
            f"{model} {model_result.error.value:+.4f}" for model, model_result in results.items()
        )
        return Result(
            best.error,
            best.ci95,
            max(model_result.p for model_result in results.values()),
            max(model_result.p_against for model_result in results.values()),
            all(model_result.error.value >= hypothesis.delta for model_result in results.values()),
            f"caused at the highest speed under each contact model: {words}; share relative to the "
            f"pelvis at all speeds, which a passive swing has too: {share:.3f}",
        )

    values = by_model | {"value": by_model[most_favourable]}
    return outcome_of(hypothesis, values, fastest.count(), test, per_athlete="value")


def is_top_speed(steps: pd.DataFrame) -> pd.Series[bool]:
    """Mark steps at their athlete's highest speed."""
    speed = steps["speed_mps"].groupby([steps[name] for name in CELL], observed=True)
    mean = speed.transform("mean")
    return mean >= mean.groupby(steps["participant_id"], observed=True).transform("max") - 1e-9


def lag_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5a: slope of the lag on speed."""
    athlete, lag = evidence.steps["participant_id"], evidence.steps["lag"]
    speed = with_speeds(evidence.steps["speed_mps"], athlete)
    weights = evidence.count(lag.where(speed.notna()))
    return mean_outcome(hypothesis, slopes(speed, lag, athlete), weights, evidence.choices.errors)


def lag_spread_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H5b: slope on speed of the logarithm of the lag's spread at each speed, without errors."""
    table = lag_spreads(evidence)
    athlete = table["participant_id"]
    spread_slopes = slopes(with_speeds(table["speed_mps"], athlete), table["spread"], athlete)
    return mean_outcome(hypothesis, spread_slopes, evidence.count("lag"), evidence.choices.errors)


def lag_spreads(evidence: Evidence) -> pd.DataFrame:
    """Speed and logarithm of the lag's spread within trials, one row per `CELL`.

    ``measured``, ``left`` (share of the variance that is no error of measurement; 1 where errors
    are not known) and ``spread`` (without errors).
    """
    cell = [evidence.steps[name] for name in CELL]
    table = evidence.steps["speed_mps"].groupby(cell, observed=True).mean().to_frame()
    variances = lag_variances(evidence).reindex(table.index)
    left = error_free_share(variances["whole"], variances["noise"]).fillna(1.0)
    if not errors_are_small(variances):
        left = left * 0.0 + 1.0
    measured = 0.5 * variances["whole"].where(variances["whole"] > 0).map(np.log)
    spread = measured + 0.5 * np.log(left)
    return table.assign(measured=measured, left=left, spread=spread).reset_index()
