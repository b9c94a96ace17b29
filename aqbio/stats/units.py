"""One way from units to an interval: a coefficient over people, in every world of errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pandas as pd
from scipy import special
from scipy.stats import qmc

from aqbio.stats.evidence import Choices
from aqbio.stats.formulas import Formula
from aqbio.stats.inference import (
    Estimate,
    cluster_scale,
    coefficient,
    tail_weights,
    with_shared_error,
)
from aqbio.stats.leg_strength import DAY_ERRORS
from aqbio.stats.outcome import NO_RESULT, Result, combine_results, result
from aqbio.stats.registry import Hypothesis
from aqbio.vectors import FloatArray, IntArray

NOISE_WORLDS = 9
"""Worlds of the variance of the errors of tests."""

LEAST_RELIABLE = 0.5
"""Least share of the variance of strengths that is no error of the tests."""

ERROR, FREEDOM, OF_A_DAY = "_error", "_df", "_per_day"
"""Endings of columns beside one of strengths: standard error, its degrees of freedom, and how much
a relative error of 1 of every test on a day changes the number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a claim's number from columns of units."""

    formula: Formula
    """Its number is the slope on the first term, or the constant where there is no term."""
    adjusted_for: tuple[str, ...] = ()
    """Columns that are held beside its terms, where they differ between units."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one fit: what its estimate, and draws of it, are computed from."""

    response: FloatArray
    """(A,)"""
    columns: FloatArray
    """(A, P), the constant last."""
    number: int
    """Position of the column whose coefficient is the claim's number."""
    clusters: IntArray
    """(A,) code of every unit's cluster."""
    shared_sd: float = 0.0
    """Standard deviation over worlds of what no draw of units shows."""

    @property
    def residuals(self) -> FloatArray:
        """Residuals (A,), as large as those of clusters that the fit has not seen."""
        makes_rest = np.eye(len(self.response)) - self.columns @ np.linalg.pinv(self.columns)
        rest = makes_rest @ self.response
        for code in np.unique(self.clusters):
            index = np.flatnonzero(self.clusters == code)
            rest[index] = cluster_scale(makes_rest, index) @ rest[index]
        return rest


@dataclass(frozen=True, eq=False)
class Units:
    """Units of a claim, the readings that must agree, and the errors of their columns."""

    readings: Mapping[str, Reading]
    choices: Choices = field(default_factory=Choices)
    deviations: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """By column: deviations (A, K) in every world, of errors that units share."""
    tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    """By unit, beside columns of strengths: errors of tests (`ERROR`, `FREEDOM`, `OF_A_DAY`)."""
    clusters: Mapping[str, str] = field(default_factory=dict)
    """Cluster by unit, of those that are of one with others."""

    def result(
        self,
        hypothesis: Hypothesis,
        table: pd.DataFrame,
        *,
        notes: Sequence[str] = (),
        condition: bool | None = None,
    ) -> Result:
        """Result of complete units; of several readings support and refusal take all.

        The interval reaches over all, and the estimate is the first one's.
        """
        results, words = [], []
        for text, reading in self.readings.items():
            fit = self.fit(table, reading)
            if fit is None:
                return NO_RESULT
            estimate, rows, reliable = fit
            size = hypothesis.sign * estimate.value >= hypothesis.delta
            holds = None if len(self.readings) == 1 or hypothesis.denies else size
            conditions = [holds, condition, None if reliable >= LEAST_RELIABLE else False]
            single = result(hypothesis, estimate, condition=_all(conditions))
            results.append(replace(single, rows=(rows,)))
            words.append(f"{text} {estimate.value:+.3g}")
        if not results:
            return NO_RESULT
        reliable_words = () if not self._tested(table) else (_words_of_tests(self._shares(table)),)
        note = "; ".join(filter(None, (*notes, *reliable_words)))
        results[0] = replace(results[0], note=note)
        if len(results) == 1 or not all(np.isfinite(each.error.se) for each in results):
            return results[0]
        return combine_results(results, f"every reading counts: {', '.join(words)}")

    def fit(self, table: pd.DataFrame, reading: Reading) -> tuple[Estimate, Rows, float] | None:
        """Estimate of one reading, its rows, and the least reliable share of a strength in it.

        The variance over worlds is added to that between units, where their own errors are. Errors
        of tests are taken out: terms are what true strengths are expected to have, in worlds of the
        variance of these errors.
        """
        if not len(table):
            return None
        names = reading.formula.names
        columns = {name: table[name].to_numpy(dtype=float) for name in names}
        covariates = _varying(table[list(reading.adjusted_for)].to_numpy(dtype=float))
        response, measured = reading.formula.values(columns)
        is_number = np.isfinite(response) & np.isfinite(measured).all(axis=1)
        if not is_number.all():  # a logarithm of nothing
            return self.fit(table[is_number], reading)
        shares = [share for name, share in self._shares(table).items() if name in names]
        members = [self.clusters.get(str(name), f"alone {name}") for name in table.index]
        clusters = np.asarray(pd.factorize(np.array(members))[0], dtype=np.int64)
        fits = []
        for terms in self._expected_terms(table, reading, covariates):
            terms = np.column_stack([terms[:, :1], _varying(terms[:, 1:])])
            x = np.column_stack([terms, covariates, np.ones(len(table))])
            number = 0 if terms.shape[1] else x.shape[1] - 1
            if terms.shape[1] and np.ptp(terms[:, 0]) <= 1e-12 * (1.0 + np.abs(terms[:, 0]).max()):
                return None
            y = response
            if not self.choices.outliers:
                weights = np.sqrt(tail_weights(y, x))
                y, x = y * weights, x * weights[:, None]
            estimate = coefficient(y, x, number, errors=self.choices.errors, clusters=clusters)
            if not np.isfinite(estimate.value):
                return None
            fits.append((estimate, Rows(y, x, number, clusters)))
        estimates = [estimate for estimate, _ in fits]
        values = np.array([estimate.value for estimate in estimates])
        rows = fits[len(fits) // 2][1]
        middle = estimates[len(fits) // 2]
        squares = float(np.mean([estimate.se**2 for estimate in estimates]))
        whole = replace(middle, value=float(values.mean()), se=float(np.sqrt(squares)))
        moved = self._moved(table, reading, rows)
        shared = float(np.hypot(moved, values.std()))
        reliable = float(min(shares, default=1.0))
        return with_shared_error(whole, shared), replace(rows, shared_sd=shared), reliable

    def _moved(self, table: pd.DataFrame, reading: Reading, rows: Rows) -> float:
        """Standard deviation over worlds of the number, from errors that units share."""
        names = [name for name in reading.formula.names if name in self.deviations]
        by_name = {
            name: self.deviations[name].reindex(table.index)
            for name in names
            if self.deviations[name].size
        }
        off = {
            name: _with_mean_of_units(draws.to_numpy(dtype=float).T)
            for name, draws in by_name.items()
        }
        off = {name: draws for name, draws in off.items() if np.isfinite(draws).all()}
        if not off:
            return 0.0
        worlds = max(len(draws) for draws in off.values())
        shape = (worlds, len(table))
        columns = {
            name: np.broadcast_to(
                table[name].to_numpy(dtype=float) + off.get(name, np.zeros(1)), shape
            )
            for name in reading.formula.names
        }
        response, terms = reading.formula.values(columns)
        x = np.broadcast_to(rows.columns, (*shape, rows.columns.shape[1])).copy()
        if {*off} & {*reading.formula.term_names}:
            x[..., : terms.shape[-1]] = terms
        inverse = np.linalg.pinv(x)[..., rows.number, :]
        return float(np.nanstd((inverse * response).sum(axis=-1)))

    # errors of the tests of strength --------------------------------------------------------------

    def _tested(self, table: pd.DataFrame) -> list[str]:
        """Columns of strengths with errors of tests."""
        names = dict.fromkeys(
            name for reading in self.readings.values() for name in reading.formula.term_names
        )
        return [name for name in names if f"{name}{ERROR}" in self.tests and name in table]

    def _noises(self, table: pd.DataFrame, name: str) -> FloatArray:
        """Variance of a strength's errors in every world, (`NOISE_WORLDS`,).

        From repeated attempts; of strengths that were tested once, over the range of `DAY_ERRORS`.
        """
        tests = self.tests.reindex(table.index)
        noise = float((tests[f"{name}{ERROR}"] ** 2).mean(skipna=False))
        shares = (np.arange(NOISE_WORLDS) + 0.5) / NOISE_WORLDS
        if np.isfinite(noise):
            df = float(tests.get(f"{name}{FREEDOM}", pd.Series([np.inf])).max())
            known = noise * df / special.chdtri(df, 1.0 - shares) if df < 1e4 else noise
            return np.broadcast_to(known, NOISE_WORLDS).astype(float)
        of_a_day = float((tests[f"{name}{OF_A_DAY}"] ** 2).mean())
        low, high = DAY_ERRORS
        return of_a_day * (low + (high - low) * shares) ** 2

    def _shares(self, table: pd.DataFrame) -> dict[str, float]:
        """Share of the variance of every strength that is no error."""
        return {
            name: 1.0 - float(self._noises(table, name).mean()) / float(table[name].var())
            for name in self._tested(table)
            if len(table) > 1 and table[name].var() > 0
        }

    def _expected_terms(
        self, table: pd.DataFrame, reading: Reading, covariates: FloatArray
    ) -> list[FloatArray]:
        """Terms (A, P) expected of true strengths, given measured ones, by world of their errors.

        Regression calibration (Carroll et al. 2006, Measurement error in nonlinear models, ch. 4)
        of normal strengths beside what is held: `NODES` of their distribution given the measured
        ones, and the mean of the terms over them.
        """
        names = reading.formula.names
        columns = {name: table[name].to_numpy(dtype=float) for name in names}
        tested = [name for name in self._tested(table) if name in names]
        if not tested or len(table) < 3:
            return [reading.formula.values(columns)[1]]
        measured = np.column_stack([columns[name] for name in tested])
        others = [columns[name] for name in reading.formula.term_names if name not in tested]
        model = _varying(np.column_stack([covariates, *others])) if others else covariates
        basis = np.linalg.qr(np.column_stack([np.ones(len(table)), model]))[0]
        centre = basis @ (basis.T @ measured)
        rest = measured - centre
        covariance = rest.T @ rest / max(len(table) - basis.shape[1], 1)
        noises = np.column_stack([self._noises(table, name) for name in tested])
        terms = []
        for noise in noises:
            most = (1.0 - LEAST_RELIABLE) * np.diag(covariance)
            true = covariance - np.diag(np.minimum(noise, most))
            gain = true @ np.linalg.pinv(covariance)
            scatter = _root(true - gain @ true)
            nodes = _nodes(len(tested)) @ scatter.T
            draws = (centre + rest @ gain.T) + nodes[:, None, :]
            moved = {
                name: draws[..., tested.index(name)]
                if name in tested
                else np.broadcast_to(columns[name], draws.shape[:2])
                for name in names
            }
            terms.append(reading.formula.values(moved)[1].mean(axis=0))
        return terms


NODES = 128
"""Equally likely points of the normal distribution, each with the opposite one."""


@cache
def _nodes(dimensions: int) -> FloatArray:
    """Points (2 `NODES`, D) of independent standard normal numbers, always the same."""
    points = qmc.Sobol(dimensions, scramble=True, rng=0).random(NODES)
    normal = special.ndtri(np.clip(points, 1e-6, 1.0 - 1e-6))
    both = np.concatenate([normal, -normal])
    scaled: FloatArray = both / np.sqrt((both**2).mean(axis=0))
    return scaled


def _root(covariance: FloatArray) -> FloatArray:
    """A matrix whose product with its transpose is a covariance, rounded to a positive one."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _with_mean_of_units(draws: FloatArray) -> FloatArray:
    """Draws (K, A) with the mean of the other units in the place of unknown ones."""
    is_known = ~np.isnan(draws)
    if is_known.all():
        return draws
    with np.errstate(invalid="ignore"):
        mean = np.where(is_known, draws, 0.0).sum(axis=1) / is_known.sum(axis=1)
    return np.where(is_known, draws, mean[:, None])


def _varying(columns: FloatArray) -> FloatArray:
    """Columns (A, C) that differ between units."""
    return columns[:, np.ptp(columns, axis=0) > 0.0] if len(columns) else columns


def _all(conditions: Sequence[bool | None]) -> bool | None:
    """False where one does not hold, None where none is stated."""
    stated = [condition for condition in conditions if condition is not None]
    return all(stated) if stated else None


def _words_of_tests(shares: Mapping[str, float]) -> str:
    if not shares:
        return ""
    return f"errors of the tests: {1.0 - min(shares.values()):.0%} of the variance"
