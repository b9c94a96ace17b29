"""ICC, SEM and MDC against an analysis of variance by statsmodels, and what was drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.formula.api import ols

from aqbio.stats.reliability import reliabilities

ATHLETE_SD, TRIAL_SD = 0.02, 0.01


def _steps(random, *, levels: int, repeated: int, athletes: int = 40) -> pd.DataFrame:
    """One step per trial: an outcome that falls with speed."""
    rows = []
    for athlete in range(athletes):
        personal = random.normal(0.12, ATHLETE_SD)
        for level in range(levels):
            for number in range(repeated):
                speed = 5.0 + level
                value = personal - 0.01 * np.log(speed / 5.0) + random.normal(0.0, TRIAL_SD)
                rows.append((f"a{athlete:02d}", f"t{level}{number}", level, speed, value))
    names = ["participant_id", "trial_id", "level", "speed_mps", "contact_s"]
    return pd.DataFrame(rows, columns=names)


def _of(steps: pd.DataFrame, people: dict[str, str] | None = None):
    people = people or {name: name for name in steps["participant_id"].unique()}
    return reliabilities(steps, people, {"contact_s": "s"}, ["contact_s"])


def test_repeated_trials_are_a_one_way_analysis_of_variance():
    """At one speed: mean squares by statsmodels, ICC and MDC by their definitions."""
    steps = _steps(np.random.default_rng(1), levels=1, repeated=3)
    [row] = _of(steps)
    table = sm.stats.anova_lm(ols("contact_s ~ C(participant_id)", steps).fit())
    between, within = table["mean_sq"]
    assert (row.basis, row.df, row.n_athletes, row.n_trials) == ("trials", 80, 40, 120)
    assert row.sem == pytest.approx(np.sqrt(within), rel=1e-9)
    assert row.icc == pytest.approx((between - within) / (between + 2.0 * within), rel=1e-9)
    assert row.mdc == pytest.approx(1.959964 * np.sqrt(2.0 * within), rel=1e-6)
    assert row.mdc_percent == pytest.approx(100.0 * row.mdc / steps["contact_s"].mean())
    assert row.icc_low < ATHLETE_SD**2 / (ATHLETE_SD**2 + TRIAL_SD**2) < row.icc_high


@pytest.mark.parametrize(("levels", "repeated", "basis"), [(4, 2, "trials"), (4, 1, "speeds")])
def test_a_law_of_speed_is_no_error(levels, repeated, basis):
    [row] = _of(_steps(np.random.default_rng(2), levels=levels, repeated=repeated))
    assert row.basis == basis
    assert row.sem == pytest.approx(TRIAL_SD, rel=0.1)
    assert row.icc == pytest.approx(0.8, abs=0.08)


def test_sessions_have_the_error_of_markers_put_on_again():
    """A change that all athletes share is no error; the part that each placement adds is."""
    random = np.random.default_rng(3)
    first = _steps(random, levels=2, repeated=2)
    moved = random.normal(0.005, 0.02, 40)
    second = first.assign(
        participant_id="z" + first["participant_id"],
        contact_s=first["contact_s"] + np.repeat(moved, 4),
    )
    people = {name: name[-3:] for part in (first, second) for name in part["participant_id"]}
    by_basis = {row.basis: row for row in _of(pd.concat([first, second]), people)}
    assert by_basis["sessions"].sem == pytest.approx(0.02 / np.sqrt(2.0), rel=0.15)
    assert by_basis["sessions"].n_trials == 80
    assert by_basis["trials"].sem == pytest.approx(TRIAL_SD, rel=0.15)


def test_too_few_trials_say_nothing():
    assert _of(_steps(np.random.default_rng(4), levels=1, repeated=1)) == []
