"""Strength of legs: errors of tests, ratios, and what legs gain in running."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.config import Strength
from aqbio.stats.evidence import Presence
from aqbio.stats.leg_strength import (
    leg_ratios,
    running_gains,
    running_ratio,
    stated_of_legs,
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
    later = [row.model_copy(update={"session": "after"}) for row in rows if row.side == "left"]
    mixed = [row for row in rows if row.side == "right"] + later
    assert leg_ratios(strength_tests(mixed)).empty


def test_columns_of_evidence():
    rows = _rows(np.random.default_rng(2))
    rows[0] = rows[0].model_copy(update={"pain": "hamstring"})
    rows[-1] = rows[-1].model_copy(update={"pain": None})
    columns = stated_of_legs(rows, {"A": "left", "B": "right", "C": None, "D": None})
    assert columns["preferred"][:2] == [-1.0, 1.0]
    assert np.isnan(columns["preferred"][2:]).all()
    assert columns["hurt"][:2] == [1.0, 0.0]
    assert np.isnan(columns["hurt"][2:]).all()


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
    columns = {"preferred": preferred, "ever_hurt": hurt, "leg_lost_strength": 0.0}
    for role in ("push", "swing"):
        name = f"{role}_ratio_gain"
        tested = true + 0.03 * random.standard_normal(count)
        columns |= {name: tested, f"{name}_error": 0.03, f"{name}_df": 64.0}
    legs = running_gains(evidence.steps.assign(push_index=1.0, swing_index=1.0), steps)
    return replace(
        evidence,
        later_steps=steps,
        athletes=evidence.athletes.assign(**columns, **legs),
        presence=Presence(strength_sessions=True),
    )


LEGS = ("H3i", "H3j")
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
     "injury, none noted",      "preferred leg, stated", "right leg always second"],
)  # fmt: skip
def test_worlds_without_an_effect_support_nothing(name):
    random = np.random.default_rng([68, len(name)])
    outcomes = [drawn_slope(WORLDS[name], 12, random) for _ in range(200)]
    assert np.mean([supported(outcome) for outcome in outcomes]) <= FALSE_ROOM


def test_a_planted_effect_is_found_and_covered():
    random = np.random.default_rng(5)
    outcomes = [drawn_slope(WORLDS["planted, slope 1"], 20, random) for _ in range(60)]
    assert np.mean([supported(outcome) for outcome in outcomes]) > 0.7
    ends = np.array([outcome.result.ci95 for outcome in outcomes])
    assert np.mean((ends[:, 0] <= 1.0) & (ends[:, 1] >= 1.0)) > 0.85
    assert np.median([outcome.estimate for outcome in outcomes]) > 2.0 * DELTA
