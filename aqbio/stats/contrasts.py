"""Contrasts: two conditions compared within athletes, at equal order and at equal speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aqbio.stats.claim_columns import SPEED, STRENGTHS
from aqbio.stats.evidence import (
    TRIAL,
    Evidence,
    by_condition,
    compared_trials,
    count_trials,
    once_per_contrast,
)
from aqbio.stats.formulas import Formula, column_formula
from aqbio.stats.inference import SIGNS
from aqbio.stats.outcome import Outcome, Result, outcome_of
from aqbio.stats.registry import Contrast, Hypothesis
from aqbio.stats.units import Reading, Units
from aqbio.stats.within import centred, consecutive, means_by

if TYPE_CHECKING:
    Numbers = pd.Series[float]

LATER = "later"
"""Column of athletes' numbers: number of sprints by which the condition came later in the order
than its reference."""

GROUP = "group"
"""Column of athletes' numbers: 1 in the group whose change is compared with that of all others."""

BASELINE = "baseline"
"""Column of athletes' numbers: the reference's mean, on which groups may have been selected."""

CHANGE, FASTER, SPEED_SQUARES, SPEED_PRODUCTS = (
    "change",
    "faster",
    "speed_squares",
    "speed_products",
)
"""Columns of athletes' numbers: change before speed is held, change of the logarithm of speed, and
sums over trials, about the mean of athlete and condition, of squares of the logarithm of speed and
of its products with the outcome."""

SAME_SPEED = 0.005
"""Largest relative difference of both conditions' mean speeds without an adjustment for speed."""

MIN_SPEED_SQUARES = 1e-6
"""Least sum of squares of logarithms of speed for a law of speed: 0.1 % of speed in one trial."""


def paired_contrast(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """Change from the reference to the condition over athletes, at equal order and speed.

    Rows are athletes' changes; in worlds of errors that they share what both conditions have alike
    cancels. Of an outcome in percent it is the change of the geometric mean. At equal order it is
    the constant beside the delay of the condition in the order, which removes fatigue and warming
    up. Of a group it is the difference from the others, both without and with the reference's mean
    beside it, because athletes who were chosen for a low value rise by chance; with a moderator the
    slope on a strength.
    """
    contrast = hypothesis.contrast
    assert contrast is not None
    values = {**change_numbers(evidence, contrast)}
    is_own = contrast.group is None and contrast.moderator is None
    if is_own and is_speed_unsure(values, hypothesis):
        is_own = False
        del values["value"]
    if "order" in contrast.held_equal:
        orders = by_condition(evidence, contrast, "order")
        later = orders[contrast.condition] - orders[contrast.reference]
        values |= {LATER: later} if later.notna().any() else {}
    if contrast.group is not None:
        trials = compared_trials(evidence, contrast)
        values[GROUP] = means_by((trials["group"] == contrast.group) * 1.0, trials["athlete"])
        values[BASELINE] = by_condition(evidence, contrast, _scaled(contrast, trials))[
            contrast.reference
        ]
    strengths = compared_strengths(evidence, contrast)
    values |= {name: strengths[name] for name in strengths if name in STRENGTHS}
    orders_held = (LATER,) if LATER in values else ()
    units = Units(
        {
            words: Reading(
                column_formula(IN_UNIT, *_predictors(contrast)), (*orders_held, *columns)
            )
            for words, columns in _model_columns(contrast).items()
        },
        evidence.choices,
        {IN_UNIT: shared_changes(evidence, contrast)},
        strengths,
        evidence.clusters,
    )

    def test(table: pd.DataFrame) -> Result:
        complete = table.dropna()
        change = at_equal_speed(complete) if CHANGE in complete else complete["value"]
        in_logs = CHANGE in complete and contrast.size == "percent"
        in_unit = with_logarithms(hypothesis) if in_logs else hypothesis
        complete = complete.assign(**{IN_UNIT: 100.0 * change if in_logs else change})
        is_stated = True
        if contrast.moderator is not None:
            is_stated = bool(strengths.loc[complete.index, "hurt"].notna().all())
        notes = () if is_stated else ("pain is not stated of every test",)
        tested = units.result(
            in_unit, complete, notes=notes, condition=None if is_stated else False
        )
        return in_percent(tested) if in_logs else tested

    weights = count_trials(evidence, contrast).sum(axis=1)
    return outcome_of(hypothesis, values, weights, test, per_athlete="value" * is_own)


IN_UNIT = "change_in_unit"
"""Column of athletes' numbers: what a contrast is computed from, in its unit."""


def _predictors(contrast: Contrast) -> tuple[str, ...]:
    """Column whose slope is a contrast's number; none where that is the mean change."""
    if contrast.group is not None:
        return (GROUP,)
    return () if contrast.moderator is None else (contrast.moderator,)


def _model_columns(contrast: Contrast) -> dict[str, tuple[str, ...]]:
    """Columns beside the change, by words of the reading."""
    if contrast.group is None:
        return {"change": ()}
    return {
        "without the reference's mean in the model": (),
        "with the reference's mean in the model": (BASELINE,),
    }


@once_per_contrast
def compared_strengths(evidence: Evidence, contrast: Contrast) -> pd.DataFrame:
    """Strengths that a contrast depends on, per cent, by athlete, with their errors.

    Logarithms, of the session of the conditions. Columns: the strength, ``_error`` and ``_df`` of
    it, ``hurt`` (1: pain was noted; 0: none; NaN: not stated); no column where no strength is asked
    for. Athletes with noted pain have none.
    """
    trials = compared_trials(evidence, contrast)
    names = [name for name in STRENGTHS if name == contrast.moderator]
    columns: dict[str, Numbers] = {}
    if not names:
        return pd.DataFrame(index=sorted(set(trials["athlete"])))
    pain = by_condition(evidence, contrast, "hurt")
    hurt = pain.max(axis=1, skipna=True).where(pain.notna().all(axis=1) | (pain == 1.0).any(axis=1))
    for name in names:
        logs = by_condition(evidence, contrast, trials[name].astype(float).map(np.log))
        errors = by_condition(evidence, contrast, f"{name}_error")
        first = contrast.reference
        columns[name] = (100.0 * logs[first]).where(hurt != 1.0)
        columns[f"{name}_error"] = 100.0 * errors[first]
        columns[f"{name}_df"] = by_condition(evidence, contrast, f"{name}_df")[first]
        of_a_day = by_condition(evidence, contrast, f"{name}_per_day")
        columns[f"{name}_per_day"] = 100.0 * of_a_day[first]
    return pd.DataFrame(columns).assign(hurt=hurt)


def shared_changes(evidence: Evidence, contrast: Contrast) -> pd.DataFrame:
    """Change of every athlete's mean in every world, from errors that athletes share; (A, K).

    In per cent where percent are asked for; no column where no error is known.
    """
    trials = compared_trials(evidence, contrast)
    draws = evidence.shared_draws.get(contrast.column)
    if draws is None or trials.empty:
        return pd.DataFrame({0: 0.0}, index=sorted(set(trials["athlete"])))
    keys = pd.MultiIndex.from_frame(trials[TRIAL].astype(str))
    off = draws.reindex(keys).fillna(0.0).set_axis(trials.index)
    if contrast.size == "percent":
        off = 100.0 * off.div(trials[contrast.column].astype(float), axis=0)
    condition, reference = (
        off[is_label].groupby(trials.loc[is_label, "athlete"]).mean()
        for is_label in (
            trials[contrast.by] == label for label in (contrast.condition, contrast.reference)
        )
    )
    return condition - reference


# at equal speed -----------------------------------------------------------------------------------


@once_per_contrast
def change_numbers(evidence: Evidence, contrast: Contrast) -> Mapping[str, Numbers]:
    """Change of every athlete, ``value``, in the unit of the contrast, and what speed is held by.

    The law of speed comes from the trials of athletes with both conditions, within athlete and
    condition: at maximal effort outcomes may follow speed by another law than at chosen speeds.
    Without such a law the change is NaN, unless both conditions were run at one speed.
    """
    trials = compared_trials(evidence, contrast)
    values = _scaled(contrast, trials)
    means = by_condition(evidence, contrast, values)
    change = means[contrast.condition] - means[contrast.reference]
    if "speed" not in contrast.held_equal:
        return {"value": _in_unit(contrast, change)}
    speed = trials[SPEED].astype(float).map(np.log).where(values.notna())
    speeds = by_condition(evidence, contrast, speed)
    cell = [trials["athlete"], trials[contrast.by]]
    offset = centred(speed, cell)
    squares, products = (
        product.groupby(trials["athlete"]).sum().reindex(change.index).where(change.notna())
        for product in (offset**2, offset * centred(values, cell))
    )
    numbers = {
        CHANGE: change,
        FASTER: speeds[contrast.condition] - speeds[contrast.reference],
        SPEED_SQUARES: squares,
        SPEED_PRODUCTS: products,
    }
    if float(squares.sum()) <= MIN_SPEED_SQUARES:
        known_change = change if at_one_speed(evidence, contrast) else change * np.nan
        return {"value": _in_unit(contrast, known_change)}
    adjusted = change - float(products.sum() / squares.sum()) * numbers[FASTER]
    return {"value": _in_unit(contrast, adjusted), **numbers}


def at_equal_speed(athletes: pd.DataFrame) -> Numbers:
    """Pseudo-values of athletes' changes at equal speed: their mean is the estimate.

    The slope b on speed is common, ``Σ products / Σ squares``. An athlete's pseudo-value is the own
    change less b times the own change of speed, less what the athlete does to b times the mean
    change of speed, so that the error of b is in that of the mean.
    """
    squares, products = athletes[SPEED_SQUARES], athletes[SPEED_PRODUCTS]
    slope = float(products.sum() / squares.sum())
    influence = (products - slope * squares) * len(athletes) / float(squares.sum())
    at_mean_speed = athletes[CHANGE] - slope * athletes[FASTER]
    values: Numbers = at_mean_speed - influence * float(athletes[FASTER].mean())
    return values


def _scaled(contrast: Contrast, trials: pd.DataFrame) -> Numbers:
    """Outcome of trials, its logarithm where percent are asked for."""
    values = trials[contrast.column].astype(float)
    return values.where(values > 0).map(np.log) if contrast.size == "percent" else values


def _in_unit(contrast: Contrast, change: Numbers) -> Numbers:
    return 100.0 * change.map(np.expm1) if contrast.size == "percent" else change


def is_speed_unsure(numbers: Mapping[str, Numbers], hypothesis: Hypothesis) -> bool:
    """Tell whether what speed brings is less sure than the smallest effect.

    All athletes' changes at equal speed then go up or down together: none is the athlete's own.
    """
    if CHANGE not in numbers:
        return False
    is_known = numbers[CHANGE].notna()
    squares, products = numbers[SPEED_SQUARES][is_known], numbers[SPEED_PRODUCTS][is_known]
    slope = products.sum() / squares.sum()
    slope_sd = float(np.sqrt(((products - slope * squares) ** 2).sum())) / float(squares.sum())
    smallest = hypothesis.delta
    if hypothesis.contrast and hypothesis.contrast.size == "percent":
        smallest = float(np.log1p(smallest / 100.0))
    return slope_sd * float(numbers[FASTER][is_known].abs().mean()) > smallest


def with_logarithms(hypothesis: Hypothesis) -> Hypothesis:
    """The hypothesis with its smallest effect, a change in percent, as 100 times a logarithm."""
    sign = SIGNS.get(hypothesis.predicted, 1.0)
    delta = 100.0 * abs(float(np.log1p(sign * hypothesis.delta / 100.0)))
    return hypothesis.model_copy(update={"delta": delta})


def in_percent(tested: Result) -> Result:
    """A result of 100 times logarithms in percent: its ends are, and no p value changes.

    Ratios are tested as logarithms: in percent a large fall would look as sure as it is deep.
    """
    low, value, high = (
        100.0 * float(np.expm1(end / 100.0))
        for end in (tested.ci95[0], tested.error.value, tested.ci95[1])
    )
    error = replace(tested.error, value=value, se=tested.error.se * (1.0 + value / 100.0))
    return replace(tested, error=error, ci95=(low, high), in_logarithms=True)


def at_one_speed(evidence: Evidence, contrast: Contrast) -> bool:
    """Tell whether both conditions were run at the same mean speed."""
    means = by_condition(evidence, contrast, SPEED)
    change = (means[contrast.condition] / means[contrast.reference] - 1.0).mean()
    return bool(abs(change) <= SAME_SPEED)


# scatter from step to step ------------------------------------------------------------------------

MIN_PAIRS = 3
"""Least pairs of steps of a trial for an estimate of their scatter."""


def with_scatter(
    rows: pd.DataFrame, contrasts: Sequence[Contrast], people: Mapping[str, str]
) -> pd.DataFrame:
    """Add to steps the scatter that contrasts are about; ``people``: who each participant is.

    Half the squared difference between a step and the next one of the same side is the variance
    from step to step, however many steps there are and however slowly they drift; of it the root
    is shown, at the later step. The trial's mean difference, its trend, is subtracted. All compared
    trials of a person count with the same number of pairs, their first ones.
    """
    for contrast in (contrast for contrast in contrasts if contrast.take == "scatter"):
        rows = rows.assign(**{contrast.column: _scatter(rows, contrast, people)})
    return rows


def _scatter(rows: pd.DataFrame, contrast: Contrast, people: Mapping[str, str]) -> Numbers:
    before, after = consecutive(rows, TRIAL, offset=2)
    values = rows[contrast.outcome].to_numpy(dtype=float)
    pairs = rows.iloc[after][[*TRIAL, "condition"]].astype(str)
    pairs = pairs.assign(row=after, change=values[after] - values[before]).dropna()
    if contrast.by == "condition":
        pairs = pairs[pairs["condition"].isin((contrast.reference, contrast.condition))]
    person = pairs["participant_id"].map(dict(people))
    size = pairs.groupby(TRIAL)["change"].transform("size")
    sufficient = size >= MIN_PAIRS
    pairs = pairs[sufficient]
    count = size[sufficient].groupby(person[sufficient]).transform("min")
    pairs = pairs[pairs.groupby(TRIAL).cumcount() < count]
    cell = [pairs[name] for name in TRIAL]
    number = pairs.groupby(TRIAL)["change"].transform("size")
    distance = centred(pairs["change"], cell).abs() * (number / (number - 1.0) / 2.0).pow(0.5)
    scatter = np.full(len(rows), np.nan)
    scatter[pairs["row"].to_numpy(dtype=int)] = distance
    return pd.Series(scatter, rows.index)


# what is missing ----------------------------------------------------------------------------------


FORM_OF_THE_DAY = (
    "the form of the day moves strength and running alike, and changes of {} over sessions "
    "cannot be separated from it: compare the gains of both sides, or of both legs, instead"
)
"""Why no change over sessions is set against one of strength."""

MOVED_BY_FORM = ("push_gain", "swing_gain", "gained_speed")
"""Columns of people that a good day of all strengths raises together."""


def shared_form(hypothesis: Hypothesis) -> tuple[str, ...]:
    """Say where predictor and outcome share an error that no data of this design separate."""
    contrast, claim = hypothesis.contrast, hypothesis.formula
    strengths: tuple[str, ...] = ()
    if claim is not None and claim.rows == "people":
        follow = [name for formula in claim.parsed for name in _moved_by_form(formula)]
        strengths = tuple(dict.fromkeys(follow))
    elif contrast is not None and contrast.by == "session":
        strengths = contrast.strengths
    return (FORM_OF_THE_DAY.format(", ".join(strengths)),) if strengths else ()


def _moved_by_form(formula: Formula) -> list[str]:
    """Columns of a predictor that rises with the form of the day as its outcome does."""
    if not formula.terms:
        return []
    usual = {name: np.linspace(0.01, 0.03, 3) * (n + 1) for n, name in enumerate(formula.names)}
    good_day = {name: v + 0.05 * (name in MOVED_BY_FORM) for name, v in usual.items()}
    (outcome, terms), (moved, moved_terms) = formula.values(usual), formula.values(good_day)
    if np.allclose(outcome, moved) or np.allclose(terms[..., 0], moved_terms[..., 0]):
        return []
    return [name for name in formula.term_names if name in MOVED_BY_FORM]


def missing_for_contrast(evidence: Evidence, hypothesis: Hypothesis) -> tuple[str, ...]:
    """Say what a study lacks for a contrast, and in which sheet it would be written."""
    contrast = hypothesis.contrast
    if contrast is None:
        return ()
    trials = compared_trials(evidence, contrast)
    labels, pair = set(trials[contrast.by]), (contrast.reference, contrast.condition)
    if not {*pair} <= labels:
        sheet = (
            "trials.tsv: condition" if contrast.by == "condition" else "participants.tsv: session"
        )
        missing = f"no {contrast.effort} sprints both of {pair[0]} and of {pair[1]}"
        return (f"{missing} ({sheet}, and effort {contrast.effort} in trials.tsv)",)
    if words := no_percentage(evidence, hypothesis):
        return words
    if change_numbers(evidence, contrast)["value"].notna().any():
        return ()
    strengths = compared_strengths(evidence, contrast)
    if absent := [name for name in STRENGTHS if name in strengths and strengths[name].isna().all()]:
        return (f"{', '.join(absent)} is not known of any athlete without pain (strength.tsv)",)
    by_label = by_condition(evidence, contrast, trials[contrast.column].astype(float))
    if "speed" in contrast.held_equal and by_label.notna().all(axis=1).any():
        unknown = f"{contrast.column} cannot be compared at equal speed"
        need = "trials of an athlete in one condition that differ in speed show what speed brings"
        return (f"{unknown}: {need}",)
    return (f"{contrast.column} is not known in both conditions",)


def no_percentage(evidence: Evidence, hypothesis: Hypothesis) -> tuple[str, ...]:
    """Say that a change has no meaning in percent, of an outcome that is 0 or below in a trial."""
    contrast = hypothesis.contrast
    if contrast is None or contrast.size != "percent":
        return ()
    values = compared_trials(evidence, contrast)[contrast.column].astype(float).dropna()
    count = int((values <= 0).sum())
    words = (
        f"{contrast.column} is 0 or below in {count} of {len(values)} compared trials, and a "
        "change in percent of a number around 0 has no meaning: take size: own"
    )
    return (words,) if count else ()
