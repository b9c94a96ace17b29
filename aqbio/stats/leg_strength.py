"""Strength of legs: errors of its tests, legs against each other, and what they do in running.

Numbers of a leg are compared as natural logarithms of ratios (right over left, after over before):
0.10 is 10 %. Strength is measured with error, and an error of a predictor hides a slope; the slope
is divided by the share of the variance that is no error (Fuller 1987, Measurement error models,
chapter 1), which is itself known by few repeated attempts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize, special

from aqbio.config import Strength
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import SIGNS, Estimate
from aqbio.stats.outcome import UNKNOWN, Outcome, Result, outcome_of
from aqbio.stats.registry import Hypothesis, Predicted
from aqbio.vectors import FloatArray

Role = Literal["push", "swing"]

ROLES: tuple[Role, ...] = ("push", "swing")

MEASURE = ["movement", "contraction", "angle_deg", "velocity_deg_s", "device"]
"""Columns that name tests which can be compared."""


def strength_tests(rows: Sequence[Strength]) -> pd.DataFrame:
    """Tests, one row per participant, session, side and `MEASURE`, from attempts.

    ``value`` is the mean of the ``attempts``, in ``unit``; ``error`` the standard error of its
    logarithm: the standard deviation of attempts' logarithms within tests, pooled over all tests of
    the movement and contraction (``error_df`` degrees of freedom), over the root of the number of
    attempts. NaN where no test of them was repeated. Errors from session to session, of the
    position of device and joint, are not in it. ``pain`` is what was noted, empty without any.
    """
    names = ["participant_id", "session", "side", *MEASURE, "unit", "role"]
    attempts: dict[tuple[object, ...], list[Strength]] = defaultdict(list)
    for row in rows:
        of_leg = (row.participant_id, row.session, row.side)
        attempts[*of_leg, *row.measure, row.si[1], row.role].append(row)
    squares: dict[tuple[str, str], float] = defaultdict(float)
    freedom: dict[tuple[str, str], int] = defaultdict(int)
    for of_test in attempts.values():
        logs = np.log([row.si[0] for row in of_test])
        kind = (of_test[0].movement, of_test[0].contraction)
        squares[kind] += float(((logs - logs.mean()) ** 2).sum())
        freedom[kind] += len(logs) - 1
    table = []
    for test, of_test in attempts.items():
        kind = (of_test[0].movement, of_test[0].contraction)
        df, count = freedom[kind], len(of_test)
        error = np.sqrt(squares[kind] / df / count) if df else np.nan
        pain = "; ".join(dict.fromkeys(row.pain for row in of_test if row.pain and row.hurt))
        value = float(np.mean([row.si[0] for row in of_test]))
        table.append((*test, value, count, error, df, pain))
    return pd.DataFrame(table, columns=[*names, "value", "attempts", "error", "error_df", "pain"])


def leg_ratios(tests: pd.DataFrame) -> pd.DataFrame:
    """Logarithm of right over left, of tests that both legs made in one session.

    Columns: participant_id, session, `MEASURE`, unit, role, ``left``, ``right``, ``ratio``,
    ``error`` (standard error of the ratio, of attempts that scatter independently), ``error_df``
    and ``pain`` (of either leg).
    """
    key = ["participant_id", "session", *MEASURE, "unit", "role"]
    rows = []
    for names, group in tests.groupby(key, dropna=False, sort=False):
        legs = {str(row["side"]): row for row in group.to_dict("records")}
        if not {"left", "right"} <= set(legs):
            continue
        left, right = legs["left"], legs["right"]
        pain = "; ".join(f"{side}: {leg['pain']}" for side, leg in legs.items() if leg["pain"])
        rows.append(
            dict(zip(key, names, strict=True))
            | {
                "left": left["value"],
                "right": right["value"],
                "ratio": float(np.log(right["value"] / left["value"])),
                "error": float(np.hypot(left["error"], right["error"])),
                "error_df": left["error_df"],
                "pain": pain,
            }
        )
    columns = [*key, "left", "right", "ratio", "error", "error_df", "pain"]
    return pd.DataFrame(rows, columns=columns)


def role_ratios(ratios: pd.DataFrame, role: Role) -> pd.DataFrame:
    """Mean ratio of a role's movements by participant: ``ratio``, ``error``, ``error_df``, pain.

    Participants who lack a movement that others have are left out: movements differ in how unlike
    legs are. Devices and velocities may differ between participants, because legs are compared
    within them. The error is NaN where that of a test is.
    """
    chosen = ratios[ratios["role"] == role]
    movements = chosen["movement"].nunique()
    rows = {}
    for name, group in chosen.groupby("participant_id", sort=False):
        if group["movement"].nunique() == movements:
            rows[name] = {
                "ratio": group["ratio"].mean(),
                "error": np.sqrt((group["error"] ** 2).sum(skipna=False)) / len(group),
                "error_df": group["error_df"].sum(),
                "pain": "; ".join(filter(None, group["pain"])),
            }
    columns = ["ratio", "error", "error_df", "pain"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def evidence_of_strength(
    rows: Sequence[Strength], preferred: Mapping[str, str | None]
) -> dict[str, list[float]]:
    """Columns of evidence by athlete, in the order of ``preferred`` (legs by participant).

    ``push_ratio`` and ``swing_ratio`` (`role_ratios`), their ``_error`` and ``_df``; ``preferred``
    (1 the right leg, -1 the left one, NaN not stated); ``hurt`` (1: pain or an injury was noted, 0:
    none, NaN: not stated of every test).
    """
    ratios = leg_ratios(strength_tests(rows))
    columns: dict[str, list[float]] = {}
    for role in ROLES:
        by_athlete = role_ratios(ratios, role).reindex(list(preferred))
        columns[f"{role}_ratio"] = by_athlete["ratio"].astype(float).tolist()
        columns[f"{role}_ratio_error"] = by_athlete["error"].astype(float).tolist()
        columns[f"{role}_ratio_df"] = by_athlete["error_df"].astype(float).tolist()
    columns["preferred"] = [
        {"right": 1.0, "left": -1.0}.get(str(leg), np.nan) for leg in preferred.values()
    ]
    columns["hurt"] = [
        _hurt(row.hurt for row in rows if row.participant_id == n) for n in preferred
    ]
    return columns


def session_changes(tests: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """Changes of the tests that a person made in two sessions, rows of two participants.

    ``side``, `MEASURE`, ``unit``, ``role``, values ``before`` and ``after``, ``change`` (logarithm
    of after over before), its standard ``error`` from both sessions' attempts, ``error_df``.
    """
    key = ["side", *MEASURE, "unit", "role"]
    sessions = (tests[tests["participant_id"] == name] for name in (first, last))
    earlier, later = (session[[*key, "value", "error", "error_df"]] for session in sessions)
    paired = earlier.merge(later, on=key, suffixes=("_before", "_after"))
    return paired[key].assign(
        before=paired["value_before"],
        after=paired["value_after"],
        change=np.log(paired["value_after"] / paired["value_before"]),
        error=np.hypot(paired["error_before"], paired["error_after"]),
        error_df=paired["error_df_before"],
    )


def gains_of_strength(
    rows: Sequence[Strength], sessions: Mapping[str, str | None]
) -> dict[str, list[float]]:
    """Columns of evidence on two sessions, by athlete in the order of ``sessions``.

    ``sessions``: the last session's participant of every first one's, None without another.
    ``<role>_gain``: mean logarithm of after over before of the role's tests, both legs;
    ``<role>_ratio_gain``: that of right legs less that of left ones; each with ``_error`` and
    ``_df``. NaN for who lacks a movement that others have. ``ever_hurt``: as ``hurt`` of
    `evidence_of_strength`, of both sessions.
    """
    tests = strength_tests(rows)
    changes = {
        first: session_changes(tests, first, last)
        for first, last in sessions.items()
        if last is not None
    }
    columns: dict[str, list[float]] = {}
    for role in ROLES:
        of_role = {name: table[table["role"] == role] for name, table in changes.items()}
        movements = {movement for table in of_role.values() for movement in table["movement"]}
        for ending, reduce in (("gain", _mean_change), ("ratio_gain", _ratio_change)):
            numbers = []
            for name in sessions:
                table = of_role.get(name)
                if table is None or table.empty or set(table["movement"]) != movements:
                    numbers.append((np.nan, np.nan, 0.0))
                else:
                    numbers.append(reduce(table))
            for column, suffix in enumerate(("", "_error", "_df")):
                columns[f"{role}_{ending}{suffix}"] = [number[column] for number in numbers]
    columns["ever_hurt"] = [
        _hurt(row.hurt for row in rows if row.participant_id in (first, last))
        for first, last in sessions.items()
    ]
    return columns


def session_strengths(
    rows: Sequence[Strength], people: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Strengths of every participant who was tested: columns of sprints by participant.

    ``push_strength``, ``swing_strength``: geometric mean over both legs and the tests of the role
    that the person (``people``, by participant) made in every session with strengths; ``_error``
    (of its logarithm), ``_df``; ``hurt`` as in `evidence_of_strength`.
    """
    tests = strength_tests(rows)
    key = ["side", *MEASURE, "unit"]
    tests = tests.assign(person=tests["participant_id"].map(dict(people)))
    strengths: dict[str, dict[str, float]] = {}
    for role in ROLES:
        for _, of_person in tests[tests["role"] == role].groupby("person"):
            sessions = of_person["participant_id"].nunique()
            counts = of_person.groupby(key, dropna=False)["participant_id"].transform("nunique")
            for name, session in of_person[counts == sessions].groupby("participant_id"):
                error = np.sqrt((session["error"] ** 2).sum(skipna=False)) / len(session)
                strengths.setdefault(str(name), {}).update(
                    {
                        f"{role}_strength": float(np.exp(session["value"].map(np.log).mean())),
                        f"{role}_strength_error": float(error),
                        f"{role}_strength_df": float(session["error_df"].max()),
                    }
                )
    for name, columns in strengths.items():
        columns["hurt"] = _hurt(row.hurt for row in rows if row.participant_id == name)
    return strengths


def _mean_change(changes: pd.DataFrame) -> tuple[float, float, float]:
    """Mean change, its standard error and degrees of freedom."""
    error = float(np.sqrt((changes["error"] ** 2).sum(skipna=False)) / len(changes))
    return float(changes["change"].mean()), error, float(changes["error_df"].max())


def _ratio_change(changes: pd.DataFrame) -> tuple[float, float, float]:
    """Mean change of right legs less left ones over tests that both made; NaN without any."""
    key = [*MEASURE, "unit"]
    right, left = (changes[changes["side"] == side] for side in ("right", "left"))
    paired = right.merge(left, on=key, suffixes=("_right", "_left"))
    if paired.empty:
        return np.nan, np.nan, 0.0
    squares = (paired[["error_right", "error_left"]] ** 2).sum(axis=1, skipna=False)
    error = float(np.sqrt(squares.sum(skipna=False)) / len(paired))
    mean = float((paired["change_right"] - paired["change_left"]).mean())
    return mean, error, float(paired["error_df_right"].max())


def _hurt(notes: Iterable[bool | None]) -> float:
    """1 where a test has a note of pain, 0 where all say that there is none, NaN otherwise."""
    remarks = list(notes)
    if any(remarks):
        return 1.0
    return 0.0 if remarks and None not in remarks else np.nan


# slope --------------------------------------------------------------------------------------------

MIN_RELIABLE_SHARE = 0.5
"""Least share of the variance of strengths that is no error: below it the correction for errors is
larger than what is corrected."""

MIN_ATHLETES = 6

GOLDEN = 0.6180339887498949

QUANTILES = 64
"""Number of values of the error's variance behind an interval."""


@dataclass(frozen=True, eq=False)
class SlopePosterior:
    """Slope of a running ratio on a strength ratio, as a mixture of t distributions over draws."""

    values: FloatArray
    errors: FloatArray
    """values, errors: (K,) slope and its standard error over athletes in every draw."""
    df: int
    reliable_share: float
    """Share of the variance of the strength ratios that is no error of the tests; NaN: unknown."""
    without_influential: SlopePosterior | None = None
    """Slope without the athlete who moves it most."""

    @property
    def estimate(self) -> float:
        """Mean over draws."""
        return float(self.values.mean())

    @property
    def standard_error(self) -> float:
        """Standard error over athletes and draws together."""
        return float(np.sqrt((self.errors**2).mean() + self.values.var()))

    @property
    def diluted(self) -> bool:
        """True where errors of the tests are unknown and hide part of a slope."""
        return not np.isfinite(self.reliable_share)

    def below(self, value: float) -> float:
        """Probability of a slope below a value."""
        return float(special.stdtr(self.df, (value - self.values) / self.errors).mean())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Central interval."""
        centre, width = self.estimate, 200.0 * float(self.errors.max()) + np.ptp(self.values)
        low, high = (
            optimize.brentq(lambda x, p=p: self.below(x) - p, centre - width, centre + width)
            for p in ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
        )
        return float(low), float(high)

    def p(self, predicted: Predicted = "greater") -> float:
        """Twice the one-sided p value for the predicted direction, with and without one athlete."""
        sign = SIGNS[predicted]
        share = self.below(0.0) if sign > 0 else 1.0 - self.below(0.0)
        p = min(1.0, 2.0 * share)
        rest = self.without_influential
        return p if rest is None else max(p, rest.p(predicted))

    def p_against(self, delta: float, predicted: Predicted = "greater") -> float:
        """One-sided p value against a slope of delta or beyond in the predicted direction."""
        if self.diluted:
            return 1.0
        sign = SIGNS[predicted]
        p = 1.0 - self.below(delta) if sign > 0 else self.below(-delta)
        rest = self.without_influential
        return p if rest is None else max(p, rest.p_against(delta, predicted))


def strength_slope(
    strength: FloatArray,
    outcome: FloatArray,
    error: FloatArray,
    error_df: float,
    covariates: FloatArray | None = None,
    *,
    leave_out: bool = True,
) -> SlopePosterior | None:
    """Slope of a ratio in running on the ratio of strengths, over athletes.

    Parameters
    ----------
    strength : (A,)
        Logarithm of right over left (or after over before) of each athlete's strength.
    outcome : (A,) or (K, A)
        The same of a number of running, in K draws of its errors of measurement.
    error : (A,)
        Standard error of each strength; NaN where no test was repeated.
    error_df : float
        Degrees of freedom behind the errors.
    covariates : (A, C), optional
        Covariates, such as the preferred leg as 1 and -1. A constant is always in the model: a side
        that all athletes prefer, or that all are tested on first, is no evidence.
    leave_out : bool
        Compute the slope without the most influential athlete too.

    Returns
    -------
    None for fewer than `MIN_ATHLETES`, or strengths that do not differ.

    Notes
    -----
    Every draw of the outcome goes with one quantile of the variance of the tests' errors (scaled
    inverse chi-squared). The slope of least squares and its standard error are divided by the share
    of the variance of strengths that is no error, at least `MIN_RELIABLE_SHARE`. Errors that
    athletes do not share are in the scatter over athletes as well as in the draws: intervals are
    rather too wide than too narrow.
    """
    outcome_draws = np.atleast_2d(outcome)
    count = len(strength)
    if count < MIN_ATHLETES:
        return None
    design = (
        np.ones((count, 1)) if covariates is None else np.column_stack((np.ones(count), covariates))
    )
    design = design[:, np.ptp(design, axis=0) > 0] if covariates is not None else design[:, :0]
    design = np.column_stack((np.ones(count), design))
    df = count - design.shape[1] - 1
    if df < 3 or not np.isfinite(strength).all():
        return None
    basis = np.linalg.qr(design)[0]
    x = strength - basis @ (basis.T @ strength)
    y = outcome_draws - (outcome_draws @ basis) @ basis.T
    square = float(x @ x)
    if square < 1e-12:
        return None
    slope = y @ x / square
    residual = y - slope[:, None] * x
    se = np.sqrt((residual**2).sum(axis=1) / df / square)
    draws = max(len(outcome_draws), QUANTILES)
    shares, share = _reliable_shares(square / (df + 1), error, error_df, draws)
    pairs = np.arange(draws) % len(outcome_draws)
    rest = None
    if leave_out:
        leverage = 1.0 - (basis**2).sum(axis=1) - x**2 / square
        influence = np.abs(residual.mean(axis=0) * x / np.maximum(leverage, 1e-9))
        is_kept = np.arange(count) != int(influence.argmax())
        rest = strength_slope(
            strength[is_kept], outcome_draws[:, is_kept], error[is_kept], error_df,
            None if covariates is None else covariates[is_kept], leave_out=False,
        )  # fmt: skip
    return SlopePosterior(slope[pairs] / shares, se[pairs] / shares, df, share, rest)


def _reliable_shares(
    variance: float, error: FloatArray, df: float, draws: int
) -> tuple[FloatArray, float]:
    """Shares of a variance that are no error, over quantiles of the error's variance, and one."""
    noise = float(np.mean(error**2))
    if not np.isfinite(noise) or df < 1:
        return np.ones(draws), np.nan
    quantiles = (np.arange(draws) + 0.5) / draws
    order = np.argsort((np.arange(draws) * GOLDEN) % 1.0)  # goes with no order of the draws
    noises = noise * df / special.chdtri(df, quantiles)[order]
    shares = np.clip(1.0 - noises / variance, MIN_RELIABLE_SHARE, 1.0)
    return shares, 1.0 - noise / variance


# statistics of the registry -----------------------------------------------------------------------


def leg_slope(
    evidence: Evidence, hypothesis: Hypothesis, *, role: Role, over_sessions: bool = False
) -> Outcome:
    """H3g, H3h, H3i, H3j: what a stronger leg carries more in running, over athletes.

    Slope of the joint-moment index of a leg, right over left, on its strength, both as logarithms:
    of the push leg in its own contacts (``push``), of the swing leg in those of the other foot
    (``swing``); over sessions, of the changes of both from the first to the last. What sessions or
    legs have in common (a device, the placement of markers, effort) is in neither. Athletes with
    noted pain are left out; support also needs pain and preferred legs of all stated, and strengths
    of which at least half of the variance is no error.
    """
    name, hurt = (f"{role}_ratio_gain", "ever_hurt") if over_sessions else (f"{role}_ratio", "hurt")
    columns = [name, f"{name}_error", f"{name}_df", "preferred", hurt]
    by_athlete = evidence.athletes.reindex(columns=columns).astype(float)
    running = running_ratio(evidence.steps, role)
    if over_sessions:
        running = running_ratio(evidence.later_steps, role) - running
    values = {"strength": by_athlete[name].where(by_athlete[hurt] != 1.0), "running": running}

    def test(table: pd.DataFrame) -> Result:
        complete = table.dropna()
        rest = by_athlete.loc[complete.index]
        is_stated = bool(rest[["preferred", hurt]].notna().all(axis=None))
        has_sides = bool(rest["preferred"].notna().all())
        slope = strength_slope(
            complete["strength"].to_numpy(),
            complete["running"].to_numpy(),
            rest[f"{name}_error"].to_numpy(),
            float(rest[f"{name}_df"].max()) if len(rest) else 0.0,
            rest[["preferred"]].to_numpy() if has_sides else None,
        )
        lacking = "" if is_stated else "pain or preferred legs are not stated"
        return slope_result(hypothesis, slope, lacking)

    diluted = bool(by_athlete[f"{name}_error"].isna().all())
    return outcome_of(hypothesis, values, evidence.count(), test, diluted=diluted)


def slope_result(hypothesis: Hypothesis, slope: SlopePosterior | None, lacking: str) -> Result:
    """Result of a slope on strengths; ``lacking``: what is not stated and support needs."""
    if slope is None:
        return Result(UNKNOWN, (np.nan, np.nan), np.nan, np.nan)
    error = Estimate(
        slope.estimate, slope.standard_error, float(slope.df),
        model="least squares over athletes, errors of the tests taken out",
    )  # fmt: skip
    reliable = slope.diluted or slope.reliable_share >= MIN_RELIABLE_SHARE
    share = "not known" if slope.diluted else f"{1.0 - slope.reliable_share:.0%} of the variance"
    note = f"errors of the tests: {share}; with and without the most influential athlete"
    return Result(
        error, slope.interval(), slope.p(hypothesis.predicted),
        slope.p_against(hypothesis.delta, hypothesis.predicted) if reliable else 1.0,
        not lacking and reliable, "; ".join(filter(None, (note, lacking))),
    )  # fmt: skip


def running_ratio(steps: pd.DataFrame, role: Role) -> pd.Series[float]:
    """Logarithm of right over left leg of its joint-moment index, mean over speeds, by athlete."""
    if steps.empty:
        return pd.Series(dtype=float)
    column = steps[f"{role}_index"].where(steps[f"{role}_index"] > 0).astype(float).map(np.log)
    keys = [steps["participant_id"].astype(str), steps["level"], steps["side"].astype(str)]
    means = column.groupby(keys).mean().unstack().reindex(columns=["left", "right"])  # noqa: PD010
    legs = means if role == "push" else means.set_axis(["right", "left"], axis=1)
    return (legs["right"] - legs["left"]).groupby(level=0).mean()
