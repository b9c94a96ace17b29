"""Claims as formulas over evidence: a number per person, its scatter between people, and worlds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from aqbio.names import SIDES
from aqbio.stats.claim_columns import PEOPLE_COLUMNS
from aqbio.stats.evidence import TRIAL, Evidence, fastest_steps
from aqbio.stats.formulas import Formula, parse_formula, partial_values, person_number
from aqbio.stats.inference import mean_estimate, regression, with_shared_error
from aqbio.stats.outcome import (
    NO_RESULT,
    UNKNOWN,
    Outcome,
    Result,
    combine_results,
    outcome_of,
    result,
)
from aqbio.stats.registry import Formulas, Hypothesis
from aqbio.vectors import FloatArray, IntArray

MIN_KNOWN_SHARE = 0.7
"""Share of rows with known shared errors below which a verdict says that they are not known."""


@dataclass(frozen=True, eq=False)
class PersonNumbers:
    """Numbers of A people under one reading, and how far they are off in every world."""

    values: pd.Series[float]
    deviations: pd.DataFrame
    """(A, K) by person, of errors that people share; a person's own are in the scatter between
    them. No column where none is known."""

    def shared_sd(self, people: pd.Index[str]) -> float:
        """Standard deviation over worlds of the mean over some people."""
        off = self.deviations.reindex(people).dropna()
        return float(off.mean().std(ddof=0)) if off.size else 0.0


def formula_outcome(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """Outcome of a claim that is a formula, evaluated in every world.

    Over steps or trials: every person's own mean or slope; the estimate is their mean. Over people:
    the slope between them. Its error is the scatter between people and that over the worlds of
    errors that they share. Of several readings support and refusal take all, and the interval
    reaches over all; the estimate is the first one's.
    """
    claim = hypothesis.formula
    assert claim is not None
    if claim.rows == "people":
        return _between_people(evidence, hypothesis, claim)
    if claim.rows == "fastest_steps":
        evidence = fastest_steps(evidence)
    by_reading = {
        text: person_numbers(evidence, parse_formula(text), by_trial=claim.rows == "trials")
        for text in present_readings(evidence, claim)
    }
    by_reading = {text: found for text, found in by_reading.items() if found.values.notna().any()}
    if not by_reading:
        return outcome_of(
            hypothesis, {"value": evidence.unknown()}, evidence.count(), lambda _: NO_RESULT
        )
    values = {text: numbers.values for text, numbers in by_reading.items()}
    first, *others = by_reading
    values = {"value": values[first], **{text: values[text] for text in others}}
    errors, note = evidence.choices.errors, _unknown_errors(evidence, claim)

    def test(table: pd.DataFrame) -> Result:
        complete, results = table.dropna(), []
        for column, numbers in zip(values, by_reading.values(), strict=True):
            estimate = mean_estimate(complete[column], "t over athletes", errors)
            estimate = with_shared_error(estimate, numbers.shared_sd(complete.index))
            results.append(result(hypothesis, estimate, note=note))
        return _agreeing(hypothesis, dict(zip(by_reading, results, strict=True)))

    weights = evidence.count(_is_complete(evidence, parse_formula(first)))
    return outcome_of(hypothesis, values, weights, test, per_athlete="value")


def _agreeing(hypothesis: Hypothesis, results: Mapping[str, Result]) -> Result:
    """One result of readings that must all agree; each has to reach the smallest effect."""
    readings = [*results.values()]
    if len(readings) == 1 or not all(np.isfinite(reading.error.se) for reading in readings):
        return readings[0]
    sizes = [hypothesis.sign * reading.error.value >= hypothesis.delta for reading in readings]
    words = ", ".join(
        f"{parse_formula(text).words[0]} {reading.error.value:+.3g}"
        for text, reading in results.items()
    )
    combined = combine_results(readings, f"every reading counts: {words}")
    return replace(combined, condition=None if hypothesis.denies else all(sizes))


def present_readings(evidence: Evidence, claim: Formulas) -> tuple[str, ...]:
    """Readings whose columns the evidence has."""
    known = {*map(str, evidence.steps), *map(str, evidence.athletes)}
    return tuple(text for text in claim.readings if {*parse_formula(text).names} <= known)


def person_numbers(
    evidence: Evidence, formula: Formula, *, by_trial: bool = False
) -> PersonNumbers:
    """Every person's mean or slope under a formula, and its deviations in every world."""
    names = list(formula.names)
    steps = evidence.steps[[*TRIAL, "side", *names]].dropna()
    steps = steps.assign(cell=steps["side"].map({side: n for n, side in enumerate(SIDES)}))
    if by_trial or not formula.terms:
        steps = steps.assign(cell=0)
    if by_trial:
        steps = steps.groupby(TRIAL, observed=True)[[*names, "cell"]].mean().reset_index()
    off = {name: _row_deviations(evidence, name, steps) for name in names}
    worlds = max((table.shape[0] for table in off.values()), default=0)
    values, deviations = evidence.unknown(), {}
    for person, rows in _rows_by_person(steps):
        of_person = {name: steps[name].to_numpy(dtype=float)[rows] for name in names}
        cell = np.asarray(pd.factorize(steps["cell"].to_numpy()[rows])[0], dtype=np.int64)
        number = float(_evaluated(formula, of_person, cell))
        values[person] = number
        if worlds:
            moved = {
                name: numbers + off[name][:, rows] if len(off[name]) else numbers[None]
                for name, numbers in of_person.items()
            }
            in_worlds = np.broadcast_to(_evaluated(formula, moved, cell), worlds)
            deviations[person] = in_worlds - number
    table = pd.DataFrame.from_dict(deviations, orient="index")
    return PersonNumbers(values, table.reindex(values.index))


def _rows_by_person(steps: pd.DataFrame) -> Iterator[tuple[str, IntArray]]:
    """Name and rows of every person who has some."""
    for person, rows in steps.groupby("participant_id", observed=True).indices.items():
        yield str(person), np.asarray(rows, dtype=np.int64)


def _evaluated(formula: Formula, columns: Mapping[str, FloatArray], cell: IntArray) -> FloatArray:
    """A person's number from columns (..., S), without rows that have none."""
    size = max(columns.values(), key=lambda values: values.ndim).shape if columns else (0,)
    outcome, terms = formula.values({n: np.broadcast_to(v, size) for n, v in columns.items()})
    is_known = np.isfinite(outcome).all(axis=tuple(range(outcome.ndim - 1)))
    is_known &= np.isfinite(terms).all(axis=(*range(terms.ndim - 2), -1))
    kept = np.asarray(pd.factorize(cell[is_known])[0], dtype=np.int64)
    return person_number(outcome[..., is_known], terms[..., is_known, :], kept)


def _row_deviations(evidence: Evidence, name: str, rows: pd.DataFrame) -> FloatArray:
    """Deviations (K, S) of a column's rows from errors that people share; (0, S): none is known.

    A trial without draws has the mean of those with: what is shared.
    """
    draws = evidence.shared_draws.get(name)
    if draws is None or draws.empty:
        return np.zeros((0, len(rows)))
    trials = pd.MultiIndex.from_frame(rows[TRIAL].astype(str))
    numbers = draws.to_numpy(dtype=float)
    with_mean = np.vstack([numbers, numbers.mean(axis=0)])  # the last row, at index -1
    return np.asarray(with_mean[draws.index.get_indexer(trials)].T)


def _unknown_errors(evidence: Evidence, claim: Formulas) -> str:
    """Columns whose shared errors of measurement are not known, in words."""
    keys = pd.MultiIndex.from_frame(evidence.steps[TRIAL].astype(str))
    unknown = []
    for name in claim.names:
        draws = evidence.shared_draws.get(name)
        known = 0.0 if draws is None else keys.isin(draws.index).mean() if len(keys) else 1.0
        if known < MIN_KNOWN_SHARE and name != "speed_mps":
            unknown.append(name)
    if not unknown:
        return ""
    return f"errors of measurement that people share are not in the interval: {', '.join(unknown)}"


def _is_complete(evidence: Evidence, formula: Formula) -> pd.Series[float]:
    """1 for every step with all columns of a formula, otherwise NaN."""
    complete = evidence.steps[list(formula.names)].notna().all(axis=1)
    ones: pd.Series[float] = complete.astype(float).where(complete)
    return ones


# people against each other ------------------------------------------------------------------------


def _between_people(evidence: Evidence, hypothesis: Hypothesis, claim: Formulas) -> Outcome:
    """Slope between people; readings that must agree."""
    texts = present_readings(evidence, claim)
    values: dict[str, pd.Series[float]] = {}
    for text in texts:
        formula = parse_formula(text)
        columns: dict[str, FloatArray] = {
            name: np.asarray(_of_people(evidence, name), dtype=float) for name in formula.names
        }
        outcome, terms = formula.values(columns)
        for word, numbers in zip(formula.words, (outcome, *terms.T), strict=True):
            values[word] = pd.Series(numbers, evidence.athletes.index)
    errors = evidence.choices.errors

    def test(table: pd.DataFrame) -> Result:
        complete, results = table.dropna(), {}
        for text in texts:
            outcome, *terms = parse_formula(text).words
            if not terms:
                estimate = mean_estimate(complete[outcome], "t over athletes", errors)
            else:
                fit = regression(complete[outcome], complete[terms].assign(constant=1.0), errors)
                estimate = UNKNOWN if fit is None else fit.estimate(terms[0])
            results[text] = result(hypothesis, estimate)
        return _agreeing(hypothesis, results) if results else NO_RESULT

    if not values:
        values = {"value": evidence.unknown()}
    return outcome_of(hypothesis, values, evidence.count(), test)


def _of_people(evidence: Evidence, name: str) -> pd.Series[float]:
    """A column of people, or the mean of their steps."""
    if name in PEOPLE_COLUMNS:
        return evidence.athletes[name].astype(float)
    return evidence.means(name)


# single people ------------------------------------------------------------------------------------


def formula_points(evidence: Evidence, hypothesis: Hypothesis) -> pd.DataFrame:
    """``y`` and, of a slope, ``x`` of every step behind a person's number under the first reading.

    Both less the foot's mean and what is held, so that their slope is the person's.
    """
    claim = hypothesis.formula
    assert claim is not None
    texts = present_readings(evidence, claim)
    if claim.rows == "people" or not texts:
        return evidence.steps[["participant_id"]].assign(y=np.nan)
    if claim.rows == "fastest_steps":
        evidence = fastest_steps(evidence)
    formula = parse_formula(texts[0])
    steps = evidence.steps[[*TRIAL, "side", *formula.names]].dropna()
    if claim.rows == "trials":
        steps = steps.groupby(TRIAL, observed=True)[list(formula.names)].mean().reset_index()
        steps = steps.assign(side="")
    columns = {name: steps[name].to_numpy(dtype=float) for name in formula.names}
    outcome, terms = formula.values(columns)
    table = steps[["participant_id"]].assign(y=outcome)
    if not formula.terms:
        return table
    x = np.full(len(table), np.nan)
    y = np.full(len(table), np.nan)
    for _, rows in _rows_by_person(steps):
        known = rows[np.isfinite(outcome[rows]) & np.isfinite(terms[rows]).all(axis=1)]
        codes = pd.factorize(steps["side"].astype(str).to_numpy()[known])[0]
        cell = np.asarray(codes, dtype=np.int64)
        if len(known):
            y[known], x[known] = partial_values(outcome[known], terms[known], cell)
    return table.assign(y=y, x=x)
