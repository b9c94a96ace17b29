"""Strength of legs: errors of tests, ratios, the slope of running on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aqbio.config import Strength
from aqbio.stats.evidence import Presence
from aqbio.stats.leg_strength import (
    evidence_of_strength,
    leg_ratios,
    role_ratios,
    running_ratio,
    strength_slope,
    strength_tests,
)
from aqbio.stats.registry import read_registry
from aqbio.stats.verdict import verdicts
from tests.waves import wave_athletes, wave_evidence, wave_study
from validation.strength_worlds import DELTA, WORLDS, drawn_slope, supported

seeds = st.integers(0, 2**32 - 1)


def _rows(random, names=("A", "B", "C"), attempts=3, movements=("hip_flexion", "knee_extension")):
    """Attempts of both legs, in N m."""
    return [
        Strength(
            participant_id=name, side=side, movement=movement, contraction="isometric",
            value=round(150.0 * random.lognormal(0.0, 0.2), 1), unit="N m", attempt=attempt,
            pain="none",
        )
        for name in names
        for movement in movements
        for side in ("left", "right")
        for attempt in range(1, attempts + 1)
    ]  # fmt: skip


@given(seed=seeds)
def test_errors_of_tests_are_those_of_pandas(seed):
    """Standard deviation of logarithms within tests, pooled by movement, over the root of n."""
    rows = _rows(np.random.default_rng(seed))
    tests = strength_tests(rows)
    plain = pd.DataFrame(
        [(row.participant_id, row.side, row.movement, np.log(row.value)) for row in rows],
        columns=["participant_id", "side", "movement", "log"],
    )
    groups = plain.groupby(["participant_id", "side", "movement"])["log"]
    within = groups.var(ddof=1).groupby("movement").mean()
    for row in tests.to_dict("records"):
        assert row["error"] == pytest.approx(np.sqrt(within[row["movement"]] / 3.0))
        assert row["error_df"] == 3 * 2 * 2
    ratios = leg_ratios(tests)
    assert len(ratios) == 6
    np.testing.assert_allclose(ratios["error"], np.sqrt(2.0 * within[ratios["movement"]] / 3.0))


@given(seed=seeds, factor=st.floats(0.3, 3.0))
def test_ratios_do_not_know_the_unit_and_turn_with_the_sides(seed, factor):
    rows = _rows(np.random.default_rng(seed))
    ratios = leg_ratios(strength_tests(rows))
    scaled = [row.model_copy(update={"value": row.value * factor}) for row in rows]
    scaled_ratios = leg_ratios(strength_tests(scaled))["ratio"]
    np.testing.assert_allclose(scaled_ratios, ratios["ratio"], atol=1e-12)
    opposite = {"left": "right", "right": "left"}
    exchanged = [row.model_copy(update={"side": opposite[row.side]}) for row in rows]
    np.testing.assert_allclose(leg_ratios(strength_tests(exchanged))["ratio"], -ratios["ratio"])


def test_tests_made_once_have_no_error_and_other_sessions_are_not_mixed():
    rows = _rows(np.random.default_rng(1), attempts=1)
    assert strength_tests(rows)["error"].isna().all()
    assert role_ratios(leg_ratios(strength_tests(rows)), "swing")["error"].isna().all()
    later = [row.model_copy(update={"session": "after"}) for row in rows if row.side == "left"]
    mixed = [row for row in rows if row.side == "right"] + later
    assert leg_ratios(strength_tests(mixed)).empty


def test_devices_may_differ_between_athletes_but_movements_may_not():
    rows = _rows(np.random.default_rng(6), movements=("knee_extension", "hip_extension"))
    own_devices = [row.model_copy(update={"device": row.participant_id}) for row in rows]
    pd.testing.assert_frame_equal(
        role_ratios(leg_ratios(strength_tests(own_devices)), "push"),
        role_ratios(leg_ratios(strength_tests(rows)), "push"),
    )
    lacking = [r for r in rows if (r.participant_id, r.movement) != ("A", "hip_extension")]
    assert set(role_ratios(leg_ratios(strength_tests(lacking)), "push").index) == {"B", "C"}


def test_columns_of_evidence():
    rows = _rows(np.random.default_rng(2))
    rows[0] = rows[0].model_copy(update={"pain": "hamstring"})
    rows[-1] = rows[-1].model_copy(update={"pain": None})
    columns = evidence_of_strength(rows, {"A": "left", "B": "right", "C": None, "D": None})
    assert columns["preferred"][:2] == [-1.0, 1.0]
    assert np.isnan(columns["preferred"][2:]).all()
    assert columns["hurt"][:2] == [1.0, 0.0]
    assert np.isnan(columns["hurt"][2:]).all()
    assert np.isnan(columns["push_ratio"][3])
    left, right = (
        np.mean([r.value for r in rows if (r.participant_id, r.movement, r.side) == key])
        for key in (("A", "hip_flexion", "left"), ("A", "hip_flexion", "right"))
    )
    assert columns["swing_ratio"][0] == pytest.approx(np.log(right / left))


@given(seed=seeds, count=st.integers(7, 20))
def test_without_errors_it_is_least_squares(seed, count):
    """Slope, interval and p of one draw against SciPy; a constant in either changes nothing."""
    random = np.random.default_rng(seed)
    x, y = random.standard_normal((2, count))
    unknown = np.full(count, np.nan)
    slope = strength_slope(x, y, unknown, 0, leave_out=False)
    line = stats.linregress(x, y)
    assert slope.estimate == pytest.approx(line.slope)
    half = stats.t.isf(0.025, count - 2) * line.stderr
    np.testing.assert_allclose(slope.interval(), (line.slope - half, line.slope + half), rtol=1e-6)
    assert slope.p() == pytest.approx(min(1.0, 2 * stats.t.sf(line.slope / line.stderr, count - 2)))
    assert slope.diluted
    assert slope.p_against(0.25) == 1.0
    moved = strength_slope(x + 3.0, y - 2.0, unknown, 0, leave_out=False)
    assert moved.estimate == pytest.approx(slope.estimate)


def test_nobody_and_few_have_no_slope():
    """Covariates of no athlete too."""
    for count in (0, 1, 5):
        numbers = np.zeros(count)
        assert strength_slope(numbers, numbers, numbers, 0.0, np.zeros((count, 1))) is None


def test_errors_of_tests_are_taken_out_and_draws_widen():
    """Of many athletes the true slope comes back; of few the interval grows with the draws."""
    random = np.random.default_rng(3)
    true = 0.1 * random.standard_normal(20_000)
    y = 0.6 * true + 0.05 * random.standard_normal(20_000)
    x = true + 0.07 * random.standard_normal(20_000)
    of_many = strength_slope(x, y, np.full(20_000, 0.07), 4000.0, leave_out=False)
    assert of_many.estimate == pytest.approx(0.6, abs=0.02)
    assert of_many.reliable_share == pytest.approx(0.1**2 / (0.1**2 + 0.07**2), abs=0.02)
    of_twelve = strength_slope(x[:12], y[:12], np.full(12, 0.03), 48.0, leave_out=False)
    draws = y[:12] + 0.05 * random.standard_normal((256, 12))
    wide = strength_slope(x[:12], draws, np.full(12, 0.03), 48.0, leave_out=False)
    assert np.ptp(wide.interval()) > 1.2 * np.ptp(of_twelve.interval())


def test_a_preferred_leg_that_is_stated_explains_nothing():
    """Strength and running that follow the preferred leg alone leave no slope."""
    random = np.random.default_rng(4)
    side = np.where(np.arange(40) % 3 == 0, -1.0, 1.0)
    x = 0.2 * side + 0.02 * random.standard_normal(40)
    y = 0.2 * side + 0.02 * random.standard_normal(40)
    unknown = np.full(40, np.nan)
    assert strength_slope(x, y, unknown, 0).estimate > 0.8
    low, high = strength_slope(x, y, unknown, 0, side[:, None]).interval()
    assert low < 0.0 < high


def test_a_leg_is_pushed_in_its_own_contacts_and_swung_in_the_others():
    steps = pd.DataFrame(
        {
            "participant_id": "A", "level": 0, "side": ["left", "right"] * 2,
            "push_index": [1.0, 1.2, 1.0, 1.2], "swing_index": [0.5, 0.4, 0.5, 0.4],
        }
    )  # fmt: skip
    assert running_ratio(steps, "push")["A"] == pytest.approx(np.log(1.2))
    assert running_ratio(steps, "swing")["A"] == pytest.approx(np.log(0.5 / 0.4))


def _evidence(slope, *, hurt=0.0, preferred=1.0, count=16):
    """Evidence of drawn runners with strengths of legs that running follows, or does not."""
    random = np.random.default_rng(7)
    athletes = wave_athletes("W0", count, random)
    evidence = wave_evidence(
        wave_study("W0", random, athletes=athletes, levels=2, steps=10), athletes
    )
    names = list(evidence.athletes.index)
    true = pd.Series(0.12 * random.standard_normal(count), index=names)
    right = evidence.steps["side"].astype(str) == "right"
    running = evidence.steps["participant_id"].astype(str).map(true).astype(float) * slope
    push, swing = (np.exp(running * (right == is_right)) for is_right in (True, False))
    scatter = [random.lognormal(0.0, 0.03, len(right)) for _ in range(2)]
    steps = evidence.steps.assign(push_index=push * scatter[0], swing_index=swing * scatter[1])
    columns = {"preferred": preferred, "hurt": hurt}
    for role in ("push", "swing"):
        tested = true + 0.03 * random.standard_normal(count)
        columns |= {f"{role}_ratio": tested, f"{role}_ratio_error": 0.03, f"{role}_ratio_df": 64.0}
    return replace(
        evidence,
        steps=steps,
        athletes=evidence.athletes.assign(**columns),
        presence=Presence(leg_strength=True),
    )


LEGS = ("H3g", "H3h")
REGISTRY = read_registry().model_copy(
    update={
        "hypotheses": tuple(
            hypothesis for hypothesis in read_registry().hypotheses if hypothesis.id in LEGS
        )
    }
)


def _classes(evidence):
    return {verdict.hypothesis: verdict.verdict for verdict in verdicts(evidence, REGISTRY)}


def test_verdicts_of_legs():
    """A planted slope is found in both roles; not without statements on pain and preferred legs."""
    assert set(_classes(_evidence(1.0)).values()) == {"supported"}
    assert set(_classes(_evidence(0.0)).values()).isdisjoint({"supported"})
    assert "supported" not in _classes(_evidence(1.0, hurt=np.nan)).values()
    assert "supported" not in _classes(_evidence(1.0, preferred=np.nan)).values()
    none = replace(_evidence(1.0), presence=Presence())
    assert set(_classes(none).values()) == {"not_testable"}
    by_name = {verdict.hypothesis: verdict for verdict in verdicts(_evidence(1.0), REGISTRY)}
    for name in LEGS:
        assert by_name[name].estimate == pytest.approx(1.0, abs=0.3)


FALSE_ROOM = 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(
    "name",
    ["no effect", "no effect, tested once", "no effect, heavy tails", "injury, noted",
     "preferred leg, stated", "right leg always second"],
)  # fmt: skip
def test_worlds_without_an_effect_support_nothing(name):
    random = np.random.default_rng([68, len(name)])
    slopes = [drawn_slope(WORLDS[name], 12, random) for _ in range(200)]
    assert np.mean([supported(slope) for slope in slopes]) <= FALSE_ROOM


def test_a_planted_effect_is_found_and_covered():
    random = np.random.default_rng(5)
    slopes = [drawn_slope(WORLDS["planted, slope 1"], 20, random) for _ in range(60)]
    assert np.mean([supported(slope) for slope in slopes]) > 0.8
    ends = np.array([slope.interval() for slope in slopes])
    assert np.mean((ends[:, 0] <= 1.0) & (ends[:, 1] >= 1.0)) > 0.85
    assert np.median([slope.estimate for slope in slopes]) > 2.0 * DELTA
