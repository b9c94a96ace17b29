"""An outsider's reading of evidence by pandas, SciPy and statsmodels: numbers, tests, the rule.

Of `aqbio.stats` nothing is used but the names of columns and the entries of the registry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from aqbio.stats.evidence import CAUSED, Evidence
from aqbio.stats.registry import Contrast, Hypothesis

MEANS = ("H1", "H3e", "H3e_frequency", "H4", "H5a")
"""Hypotheses whose estimate is the mean over athletes of one number of each."""

BETWEEN = {"H8a": "lateral", "H9": "swing_drive"}
"""Standardised slopes between athletes, each with its first predictor."""

Tails = tuple[float, float, float]
"""p for the prediction, p against an effect of interest, and the estimate."""


# numbers of athletes ------------------------------------------------------------------------------


def athlete_numbers(evidence: Evidence, hypothesis: Hypothesis) -> dict[str, pd.Series]:
    """Numbers of every athlete, by the column of the outcome's values; empty where not covered."""
    if hypothesis.contrast is not None:
        return _changes(evidence, hypothesis.contrast)
    numbers = {"H1": _offsets, "H4": _caused, "H5a": _lags}.get(hypothesis.id)
    return {} if numbers is None else numbers(evidence.steps)


def _offsets(steps: pd.DataFrame) -> dict[str, pd.Series]:
    return {"value": steps.groupby("participant_id", observed=True)["push_leg_offset"].mean()}


def _fastest_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps at the level of each athlete with the highest mean speed."""
    speed = steps.groupby(["participant_id", "level"], observed=True)["speed_mps"].mean()
    top = dict(speed.groupby(level=0, observed=True).idxmax().to_list())
    return steps[steps["level"] == steps["participant_id"].astype(str).map(top)]


def _caused(steps: pd.DataFrame) -> dict[str, pd.Series]:
    by = _fastest_steps(steps).groupby("participant_id", observed=True)
    names = [f"{CAUSED}{model}" for model in ("C2", "C1", "C3") if f"{CAUSED}{model}" in steps]
    first, *others = names
    return {"value": by[first].mean(), **{f"{name} ~ 1": by[name].mean() for name in others}}


def _lags(steps: pd.DataFrame) -> dict[str, pd.Series]:
    slopes = {}
    for athlete, rows in steps.groupby("participant_id", observed=True):
        spread = rows["speed_mps"].std(ddof=0) / rows["speed_mps"].mean()
        rows = rows.dropna(subset=["lag"])
        if len(rows) > 1 and spread > 0.01:
            offset = rows[["speed_mps", "lag"]] - rows.groupby("side")[
                ["speed_mps", "lag"]
            ].transform("mean")
            slopes[athlete] = np.polyfit(offset["speed_mps"], offset["lag"], 1)[0]
    return {"value": pd.Series(slopes, dtype=float)}


def _changes(evidence: Evidence, contrast: Contrast) -> dict[str, pd.Series]:
    trials = evidence.sprints[evidence.sprints["effort"] == contrast.effort].copy()
    if contrast.by == "session":
        trials = trials[trials["condition"] == "normal"]
    trials["number"] = logs = trials[contrast.column].astype(float)
    if contrast.size == "percent":
        trials["number"] = logs.where(logs > 0).map(np.log)
    trials["log_speed"] = np.log(trials["speed_mps"].astype(float)).where(trials["number"].notna())
    names = ["number", "order", "log_speed"]
    means = trials.pivot_table(names, "athlete", contrast.by, dropna=False)
    change, faster = (
        means[name][contrast.condition] - means[name][contrast.reference]
        for name in ("number", "log_speed")
    )
    numbers, adjusted = {}, change
    if "speed" in contrast.held_equal:
        cell = trials["athlete"] + " " + trials[contrast.by]
        x, y = (
            trials[name] - trials.groupby(cell)[name].transform("mean")
            for name in ("log_speed", "number")
        )
        squares, products = ((x * factor).groupby(trials["athlete"]).sum() for factor in (x, y))
        adjusted = change - products.sum() / squares.sum() * faster
        numbers = {"change": change, "faster": faster, "speed_squares": squares,
                 "speed_products": products}  # fmt: skip
    numbers["value"] = 100.0 * np.expm1(adjusted) if contrast.size == "percent" else adjusted
    if "order" in contrast.held_equal and trials["order"].notna().any():
        numbers["later"] = means["order"][contrast.condition] - means["order"][contrast.reference]
    if contrast.group is not None:
        member = trials.groupby("athlete")["group"].first() == contrast.group
        numbers["group"] = member.astype(float)
        numbers["baseline"] = means["number"][contrast.reference]
    return numbers


def _responses(complete: pd.DataFrame) -> pd.Series:
    """Changes of athletes, 100 logarithms at equal speed with the error of that law in them.

    What an athlete does to the slope: the difference that a little more weight of the athlete makes
    to it, by numerical derivative.
    """
    if "change" not in complete:
        return complete["value"]
    squares, products = complete["speed_squares"], complete["speed_products"]

    def slope(weights: np.ndarray) -> float:
        return float((weights * products).sum() / (weights * squares).sum())

    even, small = np.ones(len(complete)), 1e-6
    influence = [
        len(complete) * (slope(even + small * unit) - slope(even - small * unit)) / (2.0 * small)
        for unit in np.eye(len(complete))
    ]
    at_equal_speed = complete["change"] - slope(even) * complete["faster"]
    return 100.0 * (at_equal_speed - complete["faster"].mean() * np.array(influence))


def at_equal_speed(speed: pd.Series, values: pd.Series, athlete: pd.Series) -> pd.Series:
    """Constants of athletes in that regression, less their mean."""
    powers = np.column_stack([np.log(speed), np.log(speed) ** 2])
    kinds = pd.get_dummies(athlete.astype(str), dtype=float)
    fit = sm.OLS(np.log(values.to_numpy()), np.hstack([powers, kinds.to_numpy()])).fit()
    constants = pd.Series(fit.params[2:], kinds.columns)
    return constants - constants.mean()


# tests --------------------------------------------------------------------------------------------


class MeanTest:
    """Test of a mean, Student's and, if robust, without skewness (Hall 1992)."""

    def __init__(self, numbers: Sequence[float], shared: float = 0.0, *, robust: bool) -> None:
        self.numbers = np.asarray(numbers, dtype=float)
        self.count, self.mean = len(self.numbers), self.numbers.mean()
        own, self.df = stats.sem(self.numbers), self.count - 1.0
        skewness = stats.skew(self.numbers, bias=False) if robust and self.count > 2 else 0.0
        self.skewness = float(np.nan_to_num(skewness)) / np.sqrt(self.count)
        self.se = np.hypot(own, shared)
        if shared > 0.0:
            self.df = min(self.df * (self.se / own) ** 4, 1e6)
            self.skewness *= (own / self.se) ** 3

    def beyond(self, bound: float, sign: float) -> float:
        """Probability of a mean as far above (below, for a sign of -1) the bound, were it true."""
        t, a = (self.mean - bound) / self.se, self.skewness
        hall = t + a / 6.0 + a * t**2 / 3.0 + a**2 * t**3 / 27.0
        return float(max(stats.t.sf(sign * t, self.df), stats.t.sf(sign * hall, self.df)))

    def tails(self, hypothesis: Hypothesis) -> Tails:
        sign = hypothesis.sign
        against = self.beyond(sign * hypothesis.delta, -sign)
        return min(1.0, 2.0 * self.beyond(0.0, sign)), against, float(self.mean)


def shared_sd(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """Standard deviation over worlds of a mean whose error is the same in every trial."""
    draws = evidence.shared_draws.get({"H1": "push_leg_offset"}.get(hypothesis.id, ""))
    if draws is None or draws.empty:
        return 0.0
    return float(draws.mean().std(ddof=0))


def tails_of_means(
    hypothesis: Hypothesis, values: pd.DataFrame, shared: float = 0.0, *, robust: bool
) -> Tails:
    """p values of the joint test, and the estimate: the larger p of what must hold together."""

    def tails(column: str) -> Tails:
        return MeanTest(values[column].dropna(), shared, robust=robust).tails(hypothesis)

    readings = [tails(name) for name in values]
    return max(p for p, *_ in readings), max(p for _, p, _ in readings), readings[0][2]


def ordered_change(values: pd.DataFrame, coefficient: str):
    """Regression of the change on what differs between athletes, and its name in it."""
    complete = values.dropna()
    columns = complete[[name for name in ("later", "group") if name in complete]]
    columns = columns.loc[:, columns.max() > columns.min()].assign(constant=1.0)
    fit = sm.OLS(_responses(complete), columns).fit()
    if len(complete) < columns.shape[1] + 2:
        return np.nan, np.nan
    leverage = fit.get_influence().hat_matrix_diag
    errors = fit.HC2_se if leverage.max() <= 0.9 else fit.bse
    value, error = fit.params[coefficient], errors[coefficient]
    if "change" not in complete:
        return value, error
    ratio = np.exp(value / 100.0)  # tested as a logarithm, shown in percent
    return 100.0 * (ratio - 1.0), error * ratio


def standardised_slope(values: pd.DataFrame, first: str) -> float:
    """Coefficient of the first predictor at equal speed, covariates in the model."""
    complete = values.dropna()
    kinds = [name for name in complete if "=" in name]
    ranked = complete.drop(columns=kinds).rank() / (len(complete) + 1.0)
    scores = pd.DataFrame(stats.norm.ppf(ranked), ranked.index, ranked.columns)
    scores = scores.join(complete[kinds])
    scaled = ((scores - scores.mean()) / scores.std()).dropna(axis=1, how="all")
    names = [name for name in scaled if name != "fastest" and not name.endswith("_relative")]
    return sm.OLS(scaled["fastest"], sm.add_constant(scaled[names])).fit().params[first]


# the rule -----------------------------------------------------------------------------------------


def adjusted(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjustment by statsmodels."""
    if not p_values:
        return {}
    return dict(
        zip(p_values, multipletests(list(p_values.values()), method="holm")[1], strict=True)
    )


def rule(hypothesis: Hypothesis, tails: Tails, ends: tuple[float, float], condition) -> str:
    """Finding by adjusted p values, the estimate and the interval."""
    p, against, estimate = tails
    towards = sorted(hypothesis.sign * end for end in ends)
    if p < hypothesis.alpha and hypothesis.sign * estimate >= hypothesis.delta:
        return "condition_failed" if condition is False else "found"
    if against < hypothesis.alpha:
        return "opposite_found" if towards[1] < 0.0 else "no_effect"
    return "too_imprecise"


def wilson(showing: int, count: int) -> tuple[float, float]:
    return proportion_confint(showing, count, method="wilson")


def hodges_lehmann(numbers: np.ndarray) -> float:
    """Median of the means of every two, and of each alone."""
    pair_means = [(first + second) / 2 for n, first in enumerate(numbers) for second in numbers[n:]]
    return float(np.median(pair_means))
