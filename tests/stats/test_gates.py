"""Gates: each one fails alone, with the number in its words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.config.quality import Quality
from aqbio.stats.evidence import TRIAL
from aqbio.stats.gates import gate_results, missing_needs, precise_trials
from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import read_registry

REGISTRY = read_registry()


def _failed(evidence, name):
    hypothesis = REGISTRY[name]
    gates = gate_results(evidence, hypothesis, outcome(evidence, hypothesis))
    return {gate.name: gate.words for gate in gates if not gate.passed}


def _trials(evidence, **changes):
    return replace(evidence, trials=evidence.trials.assign(**changes))


@pytest.mark.parametrize("name", ["H1", "H2", "H3d", "H3e", "H4", "H5a", "H5b", "H7", "H8a"])
def test_a_good_study_passes(drawn, name):
    assert not _failed(drawn("W0"), name)


def test_h3b_needs_forty_eight(drawn):
    assert _failed(drawn("W0"), "H3b") == {"minimum_n": "12 of 48 athletes with all numbers"}
    assert not _failed(drawn("W3", 96), "H3b")


def test_quality(drawn):
    evidence = drawn("W0")
    worse = _trials(evidence, recorded=np.full(48, 18))
    assert _failed(worse, "H1") == {"quality": "576 of 864 steps usable (67%), 70% needed"}
    assert not _failed(_trials(evidence, recorded=np.full(48, 17)), "H1")
    assert not _failed(worse, "H7")


def test_athletes_with_too_few_steps_do_not_count(drawn):
    evidence = drawn("W0")
    steps = evidence.steps
    later = steps["participant_id"].isin(evidence.athletes.index[5:])
    few = evidence.where(later | (steps["step"] < 1))
    few = _trials(few, recorded=few.steps.groupby(TRIAL, observed=True).size())
    assert _failed(few, "H1") == {"minimum_n": "7 of 8 athletes with at least 6 steps"}
    assert "7 of 8 athletes with 3 speeds with at least 6 steps" in _failed(few, "H3d")["minimum_n"]


def test_h3e_needs_consecutive_steps(drawn):
    evidence = drawn("W0")
    number = evidence.steps["step"] + (evidence.steps["step"] >= 6)
    gap = evidence.with_steps(evidence.steps.assign(step=number))
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


def test_precision_after_consistency_is_the_posterior_sd(drawn):
    evidence = drawn("W0")
    delta = REGISTRY["H1"].delta
    sd = np.full(48, 0.49 * delta)
    assert not _failed(_trials(evidence, sd_H1=sd), "H1")
    sd[:15] = 0.51 * delta
    words = _failed(_trials(evidence, sd_H1=sd), "H1")["precision"]
    assert words.startswith("69% of steps")
    sd[:] = np.nan
    assert "precision" in _failed(_trials(evidence, sd_H1=sd), "H1")


def test_a_suspect_trial_is_never_precise(drawn):
    suspect = np.zeros(48, dtype=bool)
    suspect[:20] = True
    assert "precision" in _failed(_trials(drawn("W0"), suspect=suspect), "H1")


def test_precision_without_consistency_is_the_residual(drawn):
    evidence = drawn("W0")
    plain = _trials(
        evidence,
        consistent=np.zeros(48, dtype=bool),
        residual_ratio=np.full(48, 3.5),
        residual_moment=np.full(48, 9.0),
    )
    assert precise_trials(plain, REGISTRY["H1"]).all()
    for change in (
        {"residual_ratio": np.full(48, 2.9)},
        {"residual_moment": np.full(48, 11.0)},
        {"residual_moment": np.full(48, np.nan)},
    ):
        assert not precise_trials(_trials(plain, **change), REGISTRY["H1"]).any()


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
    assert _failed(strict, "H1") == {"quality": "576 of 768 steps usable (75%), 76% needed"}
    plain = _trials(
        evidence,
        consistent=np.zeros(48, dtype=bool),
        residual_ratio=np.full(48, 3.5),
        residual_moment=np.full(48, 9.0),
    )
    for limits in (Quality(yaw_residual_nm=8.9), Quality(effect_to_residual=3.6)):
        assert "precision" in _failed(replace(plain, limits=limits), "H1")
    for limits in (Quality(yaw_residual_nm=9.1), Quality(effect_to_residual=3.4)):
        assert not _failed(replace(plain, limits=limits), "H1")
