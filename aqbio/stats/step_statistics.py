"""Claims as formulas over evidence: a number per person, its scatter between people, and worlds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.stats.athlete_statistics import indicators
from aqbio.stats.claim_columns import COMPARED_NUMBERS, PEOPLE_COLUMNS, SPEED
from aqbio.stats.entries import Formulas
from aqbio.stats.evidence import TRIAL, Evidence, consecutive_steps, fastest_steps
from aqbio.stats.formulas import (
    Formula,
    column_formula,
    parse_formula,
    partial_values,
    person_number,
)
from aqbio.stats.measurement import slope_left
from aqbio.stats.outcome import NO_RESULT, Outcome, Result, outcome_of
from aqbio.stats.registry import Hypothesis
from aqbio.stats.units import Reading, Units
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


def formula_outcome(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """Outcome of a claim that is a formula, evaluated in every world.

    Over steps or trials: every person's own mean or slope; the estimate is their mean. Over people:
    the mean or the slope between them. Several formulas are readings that must agree.
    """
    claim = hypothesis.formula
    assert claim is not None
    if claim.rows == "people":
        return _between_people(evidence, hypothesis, claim)
    evidence = evidence_of_rows(evidence, claim)
    by_reading = {
        text: person_numbers(evidence, parse_formula(text), claim.rows)
        for text in present_readings(evidence, claim)
    }
    by_reading = {text: found for text, found in by_reading.items() if found.values.notna().any()}
    if not by_reading:
        return outcome_of(
            hypothesis, {"value": evidence.unknown()}, evidence.count(), lambda _: NO_RESULT
        )
    first = next(iter(by_reading))
    columns = {text: "value" if text == first else text for text in by_reading}
    units = Units(
        {parse_formula(text).words[0]: Reading(column_formula(columns[text])) for text in columns},
        evidence.choices,
        {columns[text]: numbers.deviations for text, numbers in by_reading.items()},
        clusters=evidence.clusters,
    )
    notes = _unknown_errors(evidence, claim)
    weights = evidence.count(_is_complete(evidence, parse_formula(first)))
    return outcome_of(
        hypothesis,
        {columns[text]: numbers.values for text, numbers in by_reading.items()},
        weights,
        lambda table: units.result(hypothesis, table.dropna(), notes=notes),
        per_athlete="value",
    )


def present_readings(evidence: Evidence, claim: Formulas) -> tuple[str, ...]:
    """Readings whose columns the evidence has."""
    known = {*map(str, evidence.steps), *map(str, evidence.athletes)}
    return tuple(text for text in claim.readings if {*parse_formula(text).names} <= known)


def evidence_of_rows(evidence: Evidence, claim: Formulas) -> Evidence:
    """Reduce the evidence to the steps that a claim is about."""
    if claim.rows == "fastest_steps":
        return fastest_steps(evidence)
    return consecutive_steps(evidence, claim.names) if claim.rows == "consecutive" else evidence


def rows_of(evidence: Evidence, formula: Formula, rows: str) -> pd.DataFrame:
    """Steps or trials with all columns of a formula, and the cell within which slopes are taken.

    That is the foot of a step; trials, and rows of means, have one.
    """
    names = list(formula.names)
    steps = evidence.steps[[*TRIAL, "side", *names]].dropna()
    if rows == "trials":
        steps = steps.groupby(TRIAL, observed=True)[names].mean().reset_index()
    is_by_foot = bool(formula.terms) and rows != "trials"
    return steps.assign(cell=pd.factorize(steps["side"])[0] if is_by_foot else 0)


def person_numbers(evidence: Evidence, formula: Formula, rows: str = "steps") -> PersonNumbers:
    """Every person's mean or slope under a formula, and its deviations in every world.

    Slopes are over the share that errors of single steps leave of them. What the steps of a trial
    share cancels between consecutive ones.
    """
    names, steps = formula.names, rows_of(evidence, formula, rows)
    is_apart = rows == "consecutive"
    off = {} if is_apart else {name: _row_deviations(evidence, name, steps) for name in names}
    worlds = max((table.shape[0] for table in off.values()), default=0)
    left = slope_left(evidence, formula.words[1]) if formula.terms else 1.0
    values, deviations = evidence.unknown(), {}
    for person, index in _rows_by_person(steps):
        of_person = {name: steps[name].to_numpy(dtype=float)[index] for name in names}
        cell = np.asarray(pd.factorize(steps["cell"].to_numpy()[index])[0], dtype=np.int64)
        number = float(_evaluated(formula, of_person, cell)) / left
        values[person] = number
        if worlds:
            moved = {
                name: numbers + off[name][:, index] if len(off[name]) else numbers[None]
                for name, numbers in of_person.items()
            }
            in_worlds = np.broadcast_to(_evaluated(formula, moved, cell) / left, worlds)
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


def _unknown_errors(evidence: Evidence, claim: Formulas) -> tuple[str, ...]:
    """Columns whose shared errors of measurement are not known, in words."""
    if claim.rows == "consecutive":
        return ()
    keys = pd.MultiIndex.from_frame(evidence.steps[TRIAL].astype(str))
    unknown = []
    for name in claim.names:
        draws = evidence.shared_draws.get(name)
        known = 0.0 if draws is None else keys.isin(draws.index).mean() if len(keys) else 1.0
        if known < MIN_KNOWN_SHARE and name not in (SPEED, *WITHOUT_SHARED_ERRORS):
            unknown.append(name)
    if not unknown:
        return ()
    names = ", ".join(unknown)
    return (f"errors of measurement that people share are not in the interval: {names}",)


def _is_complete(evidence: Evidence, formula: Formula) -> pd.Series[float]:
    """1 for every step with all columns of a formula, otherwise NaN."""
    complete = evidence.steps[list(formula.names)].notna().all(axis=1)
    ones: pd.Series[float] = complete.astype(float).where(complete)
    return ones


# people against each other ------------------------------------------------------------------------


def _between_people(evidence: Evidence, hypothesis: Hypothesis, claim: Formulas) -> Outcome:
    """Mean or slope between people, those left out of whom the claim says so."""
    texts = present_readings(evidence, claim)
    names = dict.fromkeys(name for text in texts for name in parse_formula(text).names)
    values = {name: _of_people(evidence, name) for name in names}
    left_out = evidence.athletes.reindex(columns=list(claim.without)).astype(float)
    is_left_out = (left_out == 1.0).any(axis=1)
    numbers = pd.DataFrame(values, evidence.athletes.index)
    numbers = numbers.replace([np.inf, -np.inf], np.nan).where(~is_left_out)
    far = far_from_others(numbers) if evidence.choices.outliers and _is_slope(texts) else []
    numbers.loc[far] = np.nan
    kinds = pd.DataFrame(index=numbers.index)
    notes, is_adjusted = _unknown_errors(evidence, claim), None
    if far:
        notes = (*notes, f"without {len(far)} who are far from the others")
    if claim.adjusted and evidence.choices.covariates:
        complete = evidence.athletes[numbers.notna().all(axis=1)]
        terms = max((len(parse_formula(text).terms) for text in texts), default=0)
        kinds, words, is_adjusted = indicators(complete, terms)
        notes = (*notes, words)
    units = Units(
        {text: Reading(parse_formula(text), tuple(map(str, kinds))) for text in texts},
        evidence.choices,
        {name: _shared_of_people(evidence, name) for name in names},
        evidence.athletes,
        evidence.clusters,
    )

    def test(table: pd.DataFrame) -> Result:
        complete = table.dropna()
        unstated = left_out.loc[complete.index].isna().any()
        names = left_out.columns[unstated]
        words = dict.fromkeys(WHAT_IS_STATED[str(name)] for name in names)
        lacking = tuple(f"{word} is not stated of everybody" for word in words)
        condition = is_adjusted if not lacking else False
        return units.result(hypothesis, complete, notes=(*notes, *lacking), condition=condition)

    table = numbers.join(kinds) if texts else pd.DataFrame({"value": evidence.unknown()})
    return outcome_of(hypothesis, table, evidence.count(), test if texts else lambda _: NO_RESULT)


WHAT_IS_STATED = {
    "hurt": "pain",
    "ever_hurt": "pain",
    "lost_strength": "strength",
    "leg_lost_strength": "strength",
}
"""What is noted of people who are left out."""

WITHOUT_SHARED_ERRORS = tuple(name for name in PEOPLE_COLUMNS if name not in COMPARED_NUMBERS)
"""Columns of people that have no error that people share: speeds, strengths and notes."""


FAR, FEWEST_FOR_FAR = 2.5, 24
"""Robust standard deviations from the median beyond which a person is far from the others in a
number (Rousseeuw and Leroy 1987, Robust regression and outlier detection), and people from which
on that can be told."""


def far_from_others(numbers: pd.DataFrame) -> list[str]:
    """People who are far from the others in a number of a slope between people.

    An injury weakens a side, slows and changes how somebody runs, all for itself: a few such people
    make a line of their own that no residual shows.
    """
    complete = numbers.dropna()
    if len(complete) < FEWEST_FOR_FAR:
        return []
    distance = (complete - complete.median()).abs()
    spread = distance.median() / MEDIAN_OF_NORMAL
    is_far = (distance > FAR * spread.where(spread > 0.0, np.inf)).any(axis=1)
    return [str(name) for name in complete.index[is_far]]


def _is_slope(texts: Sequence[str]) -> bool:
    return any(parse_formula(text).terms for text in texts)


def _of_people(evidence: Evidence, name: str) -> pd.Series[float]:
    """A column of people, or the mean of their steps."""
    if name in PEOPLE_COLUMNS:
        return evidence.athletes[name].astype(float)
    return evidence.means(name)


def _shared_of_people(evidence: Evidence, name: str) -> pd.DataFrame:
    """Deviations of people's means of a column of steps in every world; none of other columns."""
    if name in PEOPLE_COLUMNS or name not in evidence.shared_draws:
        return pd.DataFrame(index=evidence.athletes.index)
    return person_numbers(evidence, column_formula(name)).deviations


# single people ------------------------------------------------------------------------------------


def formula_points(evidence: Evidence, hypothesis: Hypothesis) -> pd.DataFrame:
    """``y`` and, of a slope, ``x`` of every step behind a person's number under the first reading.

    Both less the foot's mean and what is held, so that their slope is the person's.
    """
    claim = hypothesis.formula
    assert claim is not None
    evidence = evidence_of_rows(evidence, claim)
    texts = present_readings(evidence, claim)
    if claim.rows == "people" or not texts:
        return evidence.steps[["participant_id"]].assign(y=np.nan)
    formula = parse_formula(texts[0])
    steps = rows_of(evidence, formula, claim.rows)
    x = np.full(len(steps), np.nan)
    y = np.full(len(steps), np.nan)
    for _, index in _rows_by_person(steps):
        columns = {name: steps[name].to_numpy(dtype=float)[index] for name in formula.names}
        outcome, terms = formula.values(columns)
        if not formula.terms:
            y[index] = outcome
            continue
        is_known = np.isfinite(outcome) & np.isfinite(terms).all(axis=1)
        codes = pd.factorize(steps["cell"].to_numpy()[index[is_known]])[0]
        cell = np.asarray(codes, dtype=np.int64)
        if is_known.any():
            y[index[is_known]], x[index[is_known]] = partial_values(
                outcome[is_known], terms[is_known], cell
            )
    table = steps[["participant_id"]].assign(y=y)
    return table.assign(x=x) if formula.terms else table
