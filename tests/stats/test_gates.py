"""Gates: each one fails alone, with the number in its words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.config.settings import Quality
from aqbio.stats.evidence import counted, usable
from aqbio.stats.gates import Case, gate_results, missing_needs
from aqbio.stats.measurement import (
    ERRORS,
    estimate_error,
    lag_variances,
    reliability,
    slope_errors,
    trusted_trials,
)
from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import read_registry

REGISTRY = read_registry()


def _failed(evidence, name):
    hypothesis = REGISTRY[name]
    own = counted(usable(evidence), hypothesis)
    gates = gate_results(Case(evidence, own, hypothesis, outcome(own, hypothesis)))
    return {gate.name: gate.words for gate in gates if not gate.passed}


def _trials(evidence, **changes):
    return replace(evidence, trials=evidence.trials.assign(**changes))


def test_quality(drawn):
    evidence = drawn("W0")
    recorded = np.full(48, 12)
    recorded[:44] = 18
    worse = _trials(evidence, recorded=recorded)
    assert "quality" in _failed(worse, "H1")
    assert not _failed(_trials(evidence, recorded=np.full(48, 17)), "H1")
    assert not _failed(worse, "H7")


def test_a_spread_needs_nearly_all_steps_of_a_speed(drawn):
    """With the latest quarter lost what is left looks tight; a mean bears that."""
    evidence = drawn("W0")
    top = evidence.trials.index.get_level_values(1) == "trial-4"
    lost = _trials(evidence, recorded=np.where(top, 15, 12))  # 80 % of them are usable
    assert counted(usable(lost), REGISTRY["H5a"]).steps["level"].max() == 3
    assert counted(usable(lost), REGISTRY["H5b"]).steps["level"].max() == 2
    assert "minimum_n" in _failed(lost, "H5b")
    assert "minimum_n" not in _failed(lost, "H5a")


def test_an_athlete_with_almost_one_speed_leaves(drawn):
    evidence = drawn("W0")
    steps = evidence.steps
    first = steps["participant_id"] == evidence.athletes.index[0]
    less = evidence.where(~(first & (steps["level"] > 0)))
    own = counted(usable(less), REGISTRY["H5a"])
    assert own.steps["participant_id"].nunique() == 11
    few = less.where(less.steps["participant_id"].isin(less.athletes.index[:9]))
    assert counted(usable(few), REGISTRY["H5a"]).steps["participant_id"].nunique() == 9


def test_h3e_needs_consecutive_steps(drawn):
    evidence = drawn("W0")
    number = evidence.steps["step"] + (evidence.steps["step"] >= 6)
    gap = replace(evidence, steps=evidence.steps.assign(step=number))
    assert _failed(gap, "H3e") == {
        "minimum_n": "0 of 10 athletes with at least 12 consecutive steps"
    }


def test_h7_needs_two_sprints_in_each_condition(drawn):
    evidence = drawn("W0")
    sprints = evidence.sprints
    few = (sprints["condition"] == "restricted_arms") & sprints["participant_id"].isin(
        evidence.athletes.index[:5]
    )
    again = sprints.duplicated(["participant_id", "condition"])
    less = replace(evidence, sprints=sprints[~(few & again)])
    assert _failed(less, "H7") == {
        "minimum_n": "7 of 8 athletes with at least 2 sprints in each condition"
    }


def test_marker_rate(drawn):
    evidence = drawn("W0")
    rate = np.full(48, 250.0)
    rate[7] = 100.0
    slow = _trials(evidence, marker_rate=rate)
    assert _failed(slow, "H5a") == {"marker_rate": "markers at 100 Hz, 200 Hz needed"}
    assert not _failed(slow, "H1")


def test_fewer_than_six_athletes_are_no_test(drawn):
    evidence = drawn("W0", 5)
    assert _failed(evidence, "H1")["athletes"] == "athletes with numbers: 5, a test takes 6"


def test_closure(drawn):
    evidence = drawn("W0")
    closed = np.ones(48, dtype=bool)
    closed[3] = False
    assert _failed(_trials(evidence, closures_pass=closed), "H4") == {
        "closure": "closures fail in 1 of 48 trials"
    }


def test_precision_is_that_of_the_mean_over_athletes(drawn):
    """Twelve athletes whose trials err by e: the mean by e over the root of twelve."""
    evidence = drawn("W0")
    limit = REGISTRY["H1"].delta / 2.0 * np.sqrt(12)
    told = _trials(evidence, error_opposition=0.99 * limit)
    assert estimate_error(told, REGISTRY["H1"]) == pytest.approx(0.99 * limit / np.sqrt(12))
    assert not _failed(told, "H1")
    assert "precision" in _failed(_trials(evidence, error_opposition=1.01 * limit), "H1")
    error = np.zeros(48)
    assert not _failed(_trials(evidence, error_opposition=error), "H1")
    error[:15] = np.nan  # of fitted trials nobody knows how good they are
    assert "69% of steps" in _failed(_trials(evidence, error_opposition=error), "H1")["precision"]


def test_a_suspect_trial_is_never_believed(drawn):
    suspect = np.zeros(48, dtype=bool)
    suspect[:15] = True
    assert "precision" in _failed(_trials(drawn("W0"), suspect=suspect), "H1")
    suspect[:14] = [True] * 13 + [False]
    suspect[14] = False
    assert not _failed(_trials(drawn("W0"), suspect=suspect), "H1")


def _plain(evidence, **changes):
    errors = {f"error_{name}": np.nan for name in ERRORS}
    residuals = {"residual_ratio": 3.5, "residual_moment": 9.0}
    return _trials(evidence, consistent=False, **(errors | residuals | changes))


def test_what_the_choice_of_the_model_changes_does_not_average_out(drawn):
    """Errors of twelve athletes shrink with their number, another model moves all of them."""
    evidence, limit = drawn("W0"), REGISTRY["H1"].precise
    alone = estimate_error(_trials(evidence, error_opposition=0.3 * limit), REGISTRY["H1"])
    for model, failed in ((0.99, False), (1.01, True)):
        shared = np.sqrt((model * limit) ** 2 - alone**2)
        told = _trials(evidence, error_opposition=0.3 * limit, model_opposition=shared)
        assert estimate_error(told, REGISTRY["H1"]) == pytest.approx(model * limit)
        assert ("precision" in _failed(told, "H1")) is failed
        assert not _failed(told, "H2")
    who = evidence.trials.index.get_level_values(0)
    half = np.where(who.isin(who.unique()[:6]), limit, np.nan)  # six were not compared
    told = _trials(evidence, error_opposition=0.0, model_opposition=half)
    assert estimate_error(told, REGISTRY["H1"]) == pytest.approx(limit)


def test_precision_without_consistency_is_the_residual(drawn):
    evidence = drawn("W0")
    assert trusted_trials(_plain(evidence), REGISTRY["H1"]).all()
    assert not _failed(_plain(evidence), "H1")
    for change in ({"residual_ratio": 2.9}, {"residual_moment": 11.0}, {"residual_moment": np.nan}):
        assert not trusted_trials(_plain(evidence, **change), REGISTRY["H1"]).any()


def test_precision_without_plates_is_the_error_alone(drawn):
    """No residual can be: the number's own error decides, as after a fit."""
    evidence, limit = drawn("W0"), REGISTRY["H1"].precise
    root = np.sqrt(len(evidence.athletes))
    for size, failed in ((0.9, False), (1.1, True)):
        own = {"residual_moment": np.nan, "error_opposition": size * limit * root}
        told = _plain(evidence, residual_ratio=np.nan, **own)
        assert trusted_trials(told, REGISTRY["H1"]).all()
        assert ("precision" in _failed(told, "H1")) is failed
    assert not trusted_trials(_trials(told, suspect=True), REGISTRY["H1"]).any()


def test_a_spread_that_is_mostly_error_says_nothing(drawn):
    evidence = drawn("W0")
    spread = np.sqrt(lag_variances(evidence)["whole"].mean())
    for share, fails in ((0.45, False), (0.55, True)):
        told = _trials(evidence, error_step_lag=np.sqrt(share) * spread)
        assert reliability(told, REGISTRY["H5b"]) == pytest.approx(1.0 - share)
        assert ("reliability" in _failed(told, "H5b")) is fails
    unknown = _trials(evidence, error_step_lag=np.nan)
    assert "not known" in _failed(unknown, "H5b")["reliability"]


@pytest.mark.parametrize(("sd", "expected"), [(0.01, 0.01), (5.0, None), (np.inf, None)])
def test_errors_of_a_slope_are_those_told_but_not_more_than_the_scatter(sd, expected):
    """Least squares: the error of one point over the root of the sum of squares of x."""
    who = pd.Index(["A"] * 5, name="who")
    x = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0], who)
    y = pd.Series([1.1, 1.9, 3.2, 3.8, 5.1], who)
    (_, rest, *_) = np.polyfit(x, y, 1, full=True)
    scatter = float(np.sqrt(rest[0] / 3.0))
    found = slope_errors(x, y, pd.Series(np.full(5, sd), who))
    assert found["A"] == pytest.approx((expected or scatter) / np.sqrt(10.0))


def test_order_must_be_told_and_balanced(drawn):
    evidence = drawn("W0")
    sprints = evidence.sprints
    untold = replace(evidence, sprints=sprints.assign(order=np.nan))
    assert "not stated" in _failed(untold, "H7")["order"]
    late = np.where(sprints["condition"] == "normal", 1.0, 2.0)
    always = replace(evidence, sprints=sprints.assign(order=late))
    assert "later in 12 athletes, earlier in 0" in _failed(always, "H7")["order"]
    who = sprints["participant_id"].isin(evidence.athletes.index[:2])
    two = replace(evidence, sprints=sprints.assign(order=np.where(who, -late, late)))
    assert "later in 10 athletes, earlier in 2" in _failed(two, "H7")["order"]
    who = sprints["participant_id"].isin(evidence.athletes.index[:3])
    three = replace(evidence, sprints=sprints.assign(order=np.where(who, -late, late)))
    assert not _failed(three, "H7")
    amid = replace(evidence, sprints=sprints.assign(order=1.0))
    assert not _failed(amid, "H7")


def test_what_is_missing_is_said(drawn):
    evidence = drawn("W0")
    less = replace(evidence, presence=replace(evidence.presence, arms=False, capacities=False))
    some = {name: outcome(less, REGISTRY[name]) for name in ("H1", "H3b", "H7")}
    lacking = {name: missing_needs(less, REGISTRY[name], one) for name, one in some.items()}
    assert lacking["H1"] == ("no step shows the arms",)
    assert "capacities.tsv" in lacking["H3b"][0]
    assert lacking["H7"] == ()
    unseen = {"arms": "the markers do not show arm_left, arm_right"}
    told = replace(less, presence=replace(less.presence, reasons=unseen))
    assert missing_needs(told, REGISTRY["H1"], some["H1"]) == (unseen["arms"],)


def test_legs_lack_only_where_they_leave_no_athlete(drawn):
    """A hypothesis about speed alone is tested without them."""
    evidence = drawn("W0")
    less = replace(evidence, presence=replace(evidence.presence, legs=False))
    speed = REGISTRY["H7"]
    assert missing_needs(less, speed, outcome(less, speed)) == ()
    assert missing_needs(less, REGISTRY["H1"], None) == ("no step shows both legs",)


def test_limits_of_the_gates_are_those_of_the_settings(drawn):
    """Each one moved just past what the study has."""
    evidence = drawn("W0")
    recorded = _trials(evidence, recorded=np.full(48, 16))  # three quarters of them are usable
    assert not _failed(recorded, "H1")
    strict = replace(recorded, limits=Quality(usable_share=0.76))
    assert set(counted(usable(strict), REGISTRY["H1"]).steps["level"]) == set()
    plain = _plain(evidence)
    for limits in (Quality(yaw_residual_nm=8.9), Quality(effect_to_residual=3.6)):
        assert "precision" in _failed(replace(plain, limits=limits), "H1")
    for limits in (Quality(yaw_residual_nm=9.1), Quality(effect_to_residual=3.4)):
        assert not _failed(replace(plain, limits=limits), "H1")


def test_an_athlete_with_one_step_has_no_share_of_variance(drawn):
    """Its spread is none: a share of infinity, and a warning, before."""
    evidence = drawn("W0")
    steps = evidence.steps
    first = steps["participant_id"] == evidence.athletes.index[0]
    alone = evidence.where(~first | (steps["step"] == 0) & (steps["level"] == 0))
    told = _trials(alone, error_step_yaw_impulse=0.0)
    assert reliability(told, REGISTRY["H3e"]) == pytest.approx(1.0)
    nobody = told.where(told.steps["step"] == 0)
    assert np.isnan(reliability(nobody, REGISTRY["H3e"]))
