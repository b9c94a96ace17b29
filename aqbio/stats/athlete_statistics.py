"""Statistics between athletes: speeds, capacities, directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, Regression, regression, regression_outliers
from aqbio.stats.outcome import (
    NO_RESULT,
    Outcome,
    Result,
    Test,
    combine_results,
    outcome_of,
    result,
)
from aqbio.stats.registry import Hypothesis
from aqbio.stats.within import centred, means_by, with_speeds
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    Numbers = pd.Series[float]

# speed --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeedLaw:
    """Law of the logarithm of a number over that of speed: a parabola within athletes."""

    centre: float
    linear: float
    square: float

    def __call__(self, speed: Numbers) -> Numbers:
        """The law at logarithms of speeds, less its constant."""
        offset = speed - self.centre
        return self.linear * offset + self.square * offset**2


def speed_law(speed: Numbers, values: Numbers, athlete: pd.Series[Any]) -> SpeedLaw | None:
    """Fit the law to logarithms by step; None where no athlete has several speeds."""
    is_usable = values.notna() & with_speeds(speed.transform("exp"), athlete).notna()
    speed, values, athlete = speed[is_usable], values[is_usable], athlete[is_usable]
    centre = float(speed.mean())
    offset = speed - centre
    powers = np.column_stack([centred(column, athlete) for column in (offset, offset**2)])
    if is_usable.sum() < 3 or np.linalg.matrix_rank(powers, tol=1e-6) < powers.shape[1]:
        return None
    linear, square = np.linalg.lstsq(powers, centred(values, athlete).to_numpy(), rcond=None)[0]
    return SpeedLaw(centre, float(linear), float(square))


def logarithms(numbers: Numbers) -> Numbers:
    """Natural logarithms of numbers; NaN of those that are not above 0."""
    return numbers.where(numbers > 0).astype(float).transform("log")


def excess(steps: pd.DataFrame, values: Numbers, speed: Numbers) -> Numbers:
    """Logarithm of an athlete's number (> 0) relative to the others' at the same speed, (A,).

    The law comes from speeds within athletes only. The number at the highest speed itself is no
    covariate of that speed: contact is short because the athlete is fast, and adjusting for it
    would remove what is tested. NaN without a law.
    """
    log_values, log_speed = logarithms(values), logarithms(speed)
    athlete = steps["participant_id"]
    law = speed_law(log_speed, log_values, athlete)
    rest = means_by(log_values * np.nan if law is None else log_values - law(log_speed), athlete)
    return rest - rest.mean()


RELATIVE = "_relative"
"""Suffix of columns of numbers at an equal share of the athlete's own highest speed."""


def athletes_from_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Highest speed of every athlete, and the `excess` of the measures that are compared.

    At equal speed, and with ending `RELATIVE` at an equal share of the own highest speed; NaN where
    there is no step.
    """
    compared = {
        "lateral": steps["lateral_ratio"],
        "contact": steps["contact_s"],
        "swing_drive": steps["swing_index"],
        "push_drive": steps["push_index"],
    }
    means = steps.groupby(["participant_id", "level"], observed=True)["speed_mps"].mean()
    top = means.groupby(level=0, observed=True).max()
    names = steps["participant_id"].cat.categories
    table = top.set_axis(top.index.astype(str)).reindex(names).rename("fastest").to_frame()
    share = steps["speed_mps"] / steps["participant_id"].astype(str).map(table["fastest"])
    return table.assign(
        **{
            f"{name}{ending}": excess(steps, values, speed).to_numpy()
            for ending, speed in (("", steps["speed_mps"]), (RELATIVE, share))
            for name, values in compared.items()
        }
    )


# between athletes ---------------------------------------------------------------------------------


FEWEST_FOR_COST = 6
"""Least athletes for the nested model of imbalance."""

COVARIATES = ("sex", "laboratory", "footwear")
"""Covariates between athletes."""

NEEDED = {"sex", "laboratory"}
"""Covariates that must be in the model: without them 8 to 10 % of studies of 96 athletes without
an effect were supported."""

FEWEST_OF_KIND = 3
"""Least athletes of a sex or a laboratory for an indicator of it."""

MAX_NAMES = 4
"""Largest number of athletes left out who are named."""


def imbalance_cost_between(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3b: cost of imbalance over benefit of strength, between athletes: γ/β of the nested model.

    0 where sides add up, 1 where the weaker one decides. Where strengths were tested repeatedly the
    predictors are the true strengths expected from the measured ones (regression calibration):
    errors of measurement hide a cost.
    """
    noise = evidence.athletes[["push_noise", "swing_noise"]].astype(float).mean().to_numpy()
    repeated, errors = bool(np.isfinite(noise).all()), evidence.choices.errors

    def predictors(athletes: pd.DataFrame) -> pd.DataFrame:
        push, swing = (athletes[name].to_numpy() for name in ("push_capacity", "swing_capacity"))
        names = ["constant", "strength", "gap", "difference"]
        table = calibrated_table(push, swing, np.nan_to_num(noise))
        sides = pd.DataFrame(table, athletes.index, columns=names)
        return sides.join(athletes.drop(columns=["push_capacity", "swing_capacity", "fastest"]))

    def fit(athletes: pd.DataFrame) -> Regression | None:
        if len(athletes) < FEWEST_FOR_COST:
            return None
        return regression(athletes["fastest"], predictors(athletes), errors)

    def ratio(fitted: Regression) -> Result:
        ratio = fitted.ratio("gap", "strength")
        strength_helps = ratio.below > 0
        error = Estimate(
            ratio.above / ratio.below, ratio.standard_error, ratio.df,
            model=f"{fitted.model}, Fieller's interval",
        )  # fmt: skip
        note = f"beta {ratio.below:.3g} m/s per unit, gamma {ratio.above:.3g}"
        if not repeated:
            note += "; strengths were tested once, and their errors hide part of a cost"
        p = fitted.estimate("gap").p("greater") if strength_helps else 1.0
        against = ratio.p_below(hypothesis.delta) if strength_helps else 1.0
        return Result(error, ratio.interval(0.95), p, against, strength_helps, note)

    def test(table: pd.DataFrame) -> Result:
        fits, words = _with_and_without(
            table.dropna(), "fastest", ("strength", "difference"), predictors, fit, ("gap", 1.0)
        )
        results = [ratio(fitted) for fitted in fits]
        return combine_results(results, words)

    names = ("push_capacity", "swing_capacity")
    outcome = _comparison_outcome(_without_hurt(evidence), hypothesis, names, test, 3)
    if evidence.athletes.get("hurt", outcome.weights * 0.0)[outcome.complete].isna().any():
        note = f"{outcome.result.note}; pain is not stated of every test"
        outcome = replace(outcome, result=replace(outcome.result, condition=False, note=note))
    return replace(outcome, diluted=not repeated)


LOSS_SDS = 1.645
"""Standard errors below 0 from which a gain of strength is a loss (one-sided, 95 %)."""


def unequal_gain_cost(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3d: speed that unequal gains of strength cost, over sessions of the same athletes.

    Change of the highest speed, per cent, on the mean of both sides' gains, on their distance and
    on their difference: 0 where gains add up, half the benefit of the mean where the lesser gain
    decides. Errors of the tests are taken out as in H3b. What changes in all athletes alike, or in
    both sides of one, such as effort, is in the mean. Athletes with noted pain are left out, and of
    the second fit those of whom a side lost strength: an injury, an illness or a pause weakens a
    side and slows for itself, whether or not somebody noted it.
    """
    names = ["push_gain", "swing_gain"]
    columns = [*names, *(f"{name}_error" for name in names), "gained_speed", "ever_hurt"]
    by_athlete = evidence.athletes.reindex(columns=columns).astype(float)
    values = 100.0 * by_athlete[[*names, "gained_speed"]]
    values[names] = values[names].where(by_athlete["ever_hurt"] != 1.0)

    def noise(athletes: pd.DataFrame) -> FloatArray:
        errors = by_athlete.loc[athletes.index, [f"{name}_error" for name in names]]
        squares: FloatArray = ((100.0 * errors) ** 2).mean(skipna=False).to_numpy(dtype=float)
        return squares

    def predictors(athletes: pd.DataFrame) -> pd.DataFrame:
        push, swing = (athletes[name].to_numpy() for name in names)
        table = calibrated_table(push, swing, np.nan_to_num(noise(athletes)))
        columns = ["constant", "gain", "distance", "difference"]
        return pd.DataFrame(table, athletes.index, columns=columns)

    def fit(athletes: pd.DataFrame) -> Regression | None:
        if len(athletes) < 2 * FEWEST_FOR_COST:
            return None
        table = predictors(athletes)
        table["distance"] *= 2.0  # per cent of speed per per cent by which gains differ
        return regression(athletes["gained_speed"], table, evidence.choices.errors)

    def lost(athletes: pd.DataFrame) -> pd.Series[bool]:
        errors = by_athlete.loc[athletes.index, [f"{name}_error" for name in names]]
        margin = LOSS_SDS * 100.0 * errors.fillna(0.0).to_numpy(dtype=float)
        has_lost: pd.Series[bool] = (athletes[names] < -margin).any(axis=1)
        return has_lost

    def test(table: pd.DataFrame) -> Result:
        complete = table.dropna()
        fits, words = _with_and_without(
            complete, "gained_speed", ("gain", "difference"), predictors, fit,
            ("distance", hypothesis.sign), lost(complete),
        )  # fmt: skip
        if not fits:
            return NO_RESULT
        is_stated = bool(by_athlete.loc[complete.index, "ever_hurt"].notna().all())
        results = [
            result(hypothesis, fitted.estimate("distance"), condition=is_stated) for fitted in fits
        ]
        gain = fits[0].estimate("gain").value
        lacking = "" if is_stated else "; pain is not stated of every test"
        return combine_results(
            results, f"{gain:.2g} % of speed per per cent of the mean gain; {words}{lacking}"
        )

    diluted = bool(by_athlete[[f"{name}_error" for name in names]].isna().any(axis=None))
    outcome = outcome_of(hypothesis, values, evidence.count(), test)
    return replace(outcome, diluted=diluted)


def _without_hurt(evidence: Evidence) -> Evidence:
    """Leave out strengths of athletes with noted pain: an injury slows for itself."""
    if "hurt" not in evidence.athletes:
        return evidence
    athletes = evidence.athletes.copy()
    athletes.loc[athletes["hurt"] == 1.0, ["push_capacity", "swing_capacity"]] = float("nan")
    return replace(evidence, athletes=athletes)


def nested_table(push: FloatArray, swing: FloatArray) -> FloatArray:
    """Columns of the nested model, (n, 4): 1, mean of both sides, −gap/2, half their difference."""
    return np.column_stack(
        (np.ones(len(push)), (push + swing) / 2.0, -np.abs(push - swing) / 2.0, (push - swing) / 2)
    )


def calibrated_table(push: FloatArray, swing: FloatArray, noise: FloatArray) -> FloatArray:
    """Columns of `nested_table` expected of true capacities, given measured ones.

    Regression calibration (Carroll et al. 2006, Measurement error in nonlinear models, ch. 4). With
    normal capacities a true difference has mean m and variance s² given both measured ones, and its
    size is ``s √(2/π) exp(−m²/2s²) + m (1 − 2Φ(−m/s))``. ``noise``: variances of the errors, at
    most three quarters of the measured variance.
    """
    measured = np.column_stack((push, swing))
    mean, covariance = measured.mean(axis=0), np.cov(measured.T)
    error = np.diag(np.minimum(noise, 0.75 * np.diag(covariance)))
    true = covariance - error
    gain = true @ np.linalg.inv(covariance)
    expected = mean + (measured - mean) @ gain.T
    rest = true - gain @ true
    contrast = np.array([1.0, -1.0])
    gap, variance = expected @ contrast, float(contrast @ rest @ contrast)
    table = nested_table(*expected.T)
    if variance > 0.0:
        spread = np.sqrt(variance)
        z = gap / spread
        size = spread * np.sqrt(2.0 / np.pi) * np.exp(-(z**2) / 2.0)
        table[:, 2] = -(size + gap * (1.0 - 2.0 * special.ndtr(-z))) / 2.0
    return table


def slope_between(evidence: Evidence, hypothesis: Hypothesis, *, names: tuple[str, ...]) -> Outcome:
    """Standardised slope of highest speed on the first column, the others in the model.

    Numbers are replaced by normal scores of their ranks, so that no athlete counts more than an
    extreme one of normal athletes, and heavy tails do no harm; of normal numbers the slope is that
    of the numbers themselves.

    It is not known whether gait depends on speed or on its share of the athlete's highest speed,
    and comparisons between athletes cannot tell: support and refusal require both (the larger p
    value), and the interval spans those of both. The estimate is that at equal speed.
    """
    errors = evidence.choices.errors
    readings = [[f"{name}{ending}" for name in names] for ending in ("", RELATIVE)]

    def predictors(athletes: pd.DataFrame) -> pd.DataFrame:
        varying = athletes.loc[:, athletes.max() > athletes.min()]
        return varying.drop(columns="fastest", errors="ignore").assign(constant=1.0)

    def fit(athletes: pd.DataFrame) -> Regression | None:
        indicators = athletes.columns.difference(["fastest", *readings[0], *readings[1]])
        scores = normal_scores(athletes.drop(columns=indicators)).join(athletes[indicators])
        standardised = (scores - scores.mean()) / scores.std()
        predictors = (
            standardised.drop(columns="fastest").dropna(axis=1, how="all").assign(constant=1.0)
        )
        if standardised["fastest"].isna().any():
            return None
        return regression(standardised["fastest"], predictors, errors)

    def test(table: pd.DataFrame) -> Result:
        complete, results, left_out = table.dropna(), [], ""
        for columns, other_columns in (readings, readings[::-1]):
            one_reading = complete.drop(columns=other_columns)
            favoured = columns[0], hypothesis.sign
            fits, words = _with_and_without(
                one_reading, "fastest", columns, predictors, fit, favoured
            )
            if any(columns[0] not in fitted.coefficients for fitted in fits):
                return NO_RESULT
            results += [result(hypothesis, fitted.estimate(columns[0])) for fitted in fits]
            left_out = left_out or words
        if len(results) < 2 * len(readings):
            return NO_RESULT
        share = results[len(readings)].error.value
        return combine_results(
            results, f"{share:+.2f} at an equal share of the highest speed; {left_out}"
        )

    outcome = _comparison_outcome(
        evidence, hypothesis, [*readings[0], *readings[1]], test, len(names)
    )
    return replace(outcome, diluted=True)


def normal_scores(numbers: pd.DataFrame) -> pd.DataFrame:
    """Normal quantiles of the ranks of every column (van der Waerden); one value only: NaN."""
    ranks = numbers.rank() / (len(numbers) + 1.0)
    scores = ranks.apply(special.ndtri)
    constant = numbers.columns[numbers.max() <= numbers.min()]
    return scores.assign(**dict.fromkeys(map(str, constant), np.nan))


def _with_and_without(
    athletes: pd.DataFrame,
    response: str,
    measured: Sequence[str],
    predictors: Callable[[pd.DataFrame], pd.DataFrame],
    fit: Callable[[pd.DataFrame], Regression | None],
    favoured: tuple[str, float],
    confounded: pd.Series[bool] | None = None,
) -> tuple[list[Regression], str]:
    """Fit all athletes, then without outliers and the one who favours the sentence most.

    With a note on these. ``predictors`` are the columns beside which the response of an outlier is
    far from that of others, ``measured`` those in which an outlier may be far too. ``favoured``:
    the coefficient that the sentence is about, and its sign there. ``confounded``: athletes who are
    left out of the second fit as well.

    Leaving out those with the largest Cook's distance, in whichever direction, takes their scatter
    out of the second fit's error.
    """
    first = fit(athletes)
    if first is None:
        return [], ""
    table = predictors(athletes)
    is_far = regression_outliers(
        athletes[response], table, [name for name in measured if name in table]
    )
    if confounded is not None:
        is_far = is_far | confounded.to_numpy(dtype=bool)
    rest = athletes[~is_far]
    refit, (name, sign) = fit(rest), favoured
    if refit is None or name not in refit.shifts:
        return [], ""
    most = (sign * refit.shifts[name]).idxmax()
    refit = fit(rest.drop(index=most))
    if refit is None:
        return [], ""
    out = [str(athlete) for athlete in [*athletes.index[is_far], most]]
    names = " and ".join(out) if len(out) <= MAX_NAMES else f"{len(out)} athletes"
    lost = "lost strength, " if confounded is not None else ""
    words = f"with and without {names}, who {lost}are far from the others or favour it most"
    return [first, refit], f"both {words}"


def _comparison_outcome(
    evidence: Evidence, hypothesis: Hypothesis, names: Sequence[str], test: Test, predictors: int
) -> Outcome:
    """Outcome of a comparison between athletes, adjusted for covariates.

    Support also needs sex and laboratory in the model.
    """
    numbers = evidence.athletes[[*names, "fastest"]].astype(float)
    kinds, words, is_adjusted = _indicators(
        evidence.athletes[numbers.notna().all(axis=1)], predictors
    )
    if not evidence.choices.covariates:
        kinds, words, is_adjusted = kinds.iloc[:, :0], "covariates left out", True
    table = numbers.join(kinds)
    outcome = outcome_of(hypothesis, table, evidence.count(), test)
    unadjusted = outcome.result
    text = "; ".join(note for note in (unadjusted.note, words) if note)
    condition = unadjusted.condition is not False and is_adjusted
    return replace(outcome, result=replace(unadjusted, condition=condition, note=text))


def _indicators(athletes: pd.DataFrame, predictors: int) -> tuple[pd.DataFrame, str, bool]:
    """Indicators of covariates, a note on those without, and True if all `NEEDED` ones have one."""
    indicators, missing = pd.DataFrame(index=athletes.index), []
    rare: list[str] = []
    crowded: list[str] = []
    for name, covariate in athletes.reindex(columns=list(COVARIATES)).items():
        counts = covariate.value_counts()
        if covariate.isna().any():
            missing.append(str(name))
            continue
        if len(counts) < 2:
            continue
        large = counts.index[counts >= FEWEST_OF_KIND]
        room = len(athletes) - predictors - indicators.shape[1] - 1 >= 2 * FEWEST_FOR_COST
        if not len(large) or not room:
            (rare if not len(large) else crowded).append(str(name))
            continue
        for kind in sorted(map(str, large))[: len(counts) - 1]:
            indicators[f"{name}={kind}"] = (covariate == kind).astype(float)
    words = []
    if rare:
        words.append(f"not adjusted for {', '.join(rare)} (groups too small)")
    if crowded:
        words.append(f"not adjusted for {', '.join(crowded)} (too few athletes)")
    if missing:
        words.append(f"not stated (participants.tsv): {', '.join(missing)}")
    return indicators, "; ".join(words), not NEEDED & {*rare, *crowded, *missing}
