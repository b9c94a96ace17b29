"""Strength over sessions: changes, slopes, unequal gains, strengths in contrasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from aqbio.config import Strength
from aqbio.stats.contrasts import shared_form
from aqbio.stats.evidence import Evidence, Presence
from aqbio.stats.leg_strength import (
    gains_of_strength,
    session_changes,
    session_strengths,
    strength_tests,
)
from aqbio.stats.registry import OwnClaim, OwnContrast, read_registry
from aqbio.stats.verdict import verdicts
from validation.gain_worlds import WORLDS, drawn_outcome
from validation.imbalance_worlds import World, judged
from validation.strength_worlds import supported

NAMES = ("A", "B", "C")


def _rows(seed=1, gains=(0.2, 0.1), pain="none"):
    """Two sessions of three athletes: logarithms of both legs grow by ``gains`` (right, left)."""
    random = np.random.default_rng(seed)
    level = {key: random.uniform(120.0, 200.0) for key in np.ndindex(3, 2, 2)}
    return [
        Strength(
            participant_id=f"{name}_{session}", session=session, side=side, movement=movement,
            contraction="isometric", unit="N m", attempt=attempt, pain=pain,
            value=level[athlete, test, leg]
            * np.exp(gains[leg] * occasion + 0.02 * random.normal()),
        )
        for athlete, name in enumerate(NAMES)
        for occasion, session in enumerate(("before", "after"))
        for test, movement in enumerate(("hip_flexion", "knee_extension"))
        for leg, side in enumerate(("right", "left"))
        for attempt in (1, 2, 3)
    ]  # fmt: skip


SESSIONS = {f"{name}_before": f"{name}_after" for name in NAMES}


def test_changes_and_their_errors_are_those_of_pandas():
    rows = _rows()
    changes = session_changes(strength_tests(rows), "A_before", "A_after")
    values = pd.DataFrame(
        [(r.participant_id, r.side, r.movement, np.log(r.value), r.value) for r in rows],
        columns=["athlete", "side", "movement", "log", "value"],
    )
    means = values.groupby(["athlete", "side", "movement"])["value"].mean()
    within = values.groupby(["athlete", "side", "movement"])["log"].var(ddof=1)
    pooled = within.groupby("movement").mean()
    for row in changes.to_dict("records"):
        key = (row["side"], row["movement"])
        assert row["change"] == pytest.approx(
            np.log(means["A_after", *key] / means["A_before", *key])
        )
        assert row["error"] == pytest.approx(np.sqrt(2.0 * pooled[row["movement"]] / 3.0))


def test_gains_are_of_both_legs_and_ratios_of_right_over_left():
    gains = pd.DataFrame(gains_of_strength(_rows(), SESSIONS), index=list(SESSIONS))
    np.testing.assert_allclose(gains["push_gain"], 0.15, atol=0.03)
    np.testing.assert_allclose(gains["swing_ratio_gain"], 0.1, atol=0.05)
    assert (gains["ever_hurt"] == 0.0).all()
    unknown = gains_of_strength(_rows(pain=None), {**SESSIONS, "D": None})
    assert np.isnan(unknown["ever_hurt"]).all()
    assert np.isnan(unknown["push_gain"][3])
    missing_test = ("A_after", "hip_flexion")
    incomplete = [row for row in _rows() if (row.participant_id, row.movement) != missing_test]
    assert np.isnan(gains_of_strength(incomplete, SESSIONS)["swing_gain"][0])


def test_strengths_of_a_session_are_of_tests_that_all_sessions_have():
    rows = _rows()
    people = {name: name[0] for pair in SESSIONS.items() for name in pair}
    incomplete = [
        row for row in rows
        if (row.participant_id, row.side, row.movement) != ("A_after", "left", "knee_extension")
    ]  # fmt: skip
    strengths = session_strengths(incomplete, people)
    right = {
        name: np.mean([r.value for r in rows if (r.participant_id, r.side, r.movement) == key])
        for name in ("A_before", "A_after")
        for key in [(name, "right", "knee_extension")]
    }
    for name, value in right.items():
        assert strengths[name]["push_strength"] == pytest.approx(value)


def _sprints(count=24, slope=0.3, error=0.5, seed=3):
    """Two sessions; speed follows a gain of strength of 8 % (standard deviation)."""
    random = np.random.default_rng(seed)
    gain = 8.0 * random.standard_normal(count)
    speed = 0.02 * random.standard_normal(count) + 9.0
    tested = gain + error * random.standard_normal(count)
    rows = []
    for athlete in range(count):
        for occasion, session in enumerate(("before", "after")):
            for trial in range(2):
                change = 1.0 + 0.01 * (slope * gain[athlete] + random.normal()) * occasion
                rows.append(
                    {
                        "participant_id": f"{athlete}_{session}", "trial_id": str(trial),
                        "athlete": f"P{athlete:02d}", "condition": "normal", "session": session,
                        "group": None, "effort": "maximal", "order": np.nan,
                        "speed_mps": speed[athlete] * change, "n_steps": 4, "plates": 1.0,
                        "push_strength": 150.0 * np.exp(0.01 * tested[athlete] * occasion),
                        "push_strength_error": 0.01 * error / np.sqrt(2.0),
                        "push_strength_df": 96.0, "push_strength_per_day": 1.0, "hurt": 0.0,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def _verdict(sprints, **lines):
    usual = {"condition": "after", "reference": "before", "by": "session", "predicted": "greater"}
    contrast = OwnContrast(**usual | {"delta": 0.05} | lines)
    registry = read_registry().model_copy(update={"contrasts": {"own": contrast}, "hypotheses": ()})
    registry = registry.with_labels(["before", "after"])
    empty = pd.DataFrame({"participant_id": pd.Categorical([]), "speed_mps": []})
    names = sorted(set(sprints["athlete"]))
    evidence = Evidence(
        empty,
        pd.DataFrame({"invalidated": []}),
        pd.DataFrame(index=names),
        sprints,
        lambda name: name,
    )
    (verdict,) = verdicts(evidence, registry)
    return verdict, evidence, contrast


@pytest.mark.parametrize("lines", [{"moderator": "push_strength"}, {"hold": ("push_strength",)}])
def test_changes_of_strength_and_of_running_share_the_form_of_the_day(lines):
    verdict, _, _ = _verdict(_sprints(), **lines)
    assert verdict.verdict == "not_testable"
    assert "form of the day" in verdict.reason


def test_a_change_between_conditions_depends_on_strength():
    """Restricted arms cost the weaker more; strengths of one day, whose form cancels."""
    conditions = _sprints().rename(columns={"session": "condition", "condition": "session"})
    tested = conditions.groupby("athlete")["push_strength"].transform("max")
    after = conditions["condition"] == "after"
    conditions = conditions.assign(
        push_strength=tested,
        participant_id=conditions["athlete"],
        trial_id=conditions["condition"] + conditions["trial_id"],
        order=1.0 + after * np.where(conditions["athlete"].str[1:].astype(int) % 2, 1.0, -1.0),
    )
    lines = {"moderator": "push_strength", "by": "condition"}
    verdict, _, _ = _verdict(conditions, **lines)
    assert verdict.verdict == "supported"
    assert verdict.ci_low < 0.3 < verdict.ci_high
    unstated = conditions.assign(hurt=np.nan)
    assert _verdict(unstated, **lines)[0].found == "condition_failed"
    few = conditions[conditions["athlete"] < "P09"]
    assert _verdict(few, **lines)[0].found == "not_enough_data"


def test_strength_is_an_outcome():
    sprints = _sprints()
    sprints.loc[sprints["session"] == "after", "push_strength"] *= 1.2
    verdict, _, _ = _verdict(sprints, outcome="push_strength", delta=5.0)
    by_athlete = sprints.groupby(["athlete", "session"])["push_strength"].first().unstack()  # noqa: PD010
    assert verdict.verdict == "supported"
    ratios = by_athlete["after"] / by_athlete["before"]
    assert verdict.estimate == pytest.approx(100.0 * (ratios.mean() - 1.0))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"outcome": "push_strength", "by": "condition"}, "session"),
        ({"hold": ("swing_strength",), "by": "condition"}, "session"),
        ({"outcome": "push_strength", "moderator": "swing_strength"}, "beside it"),
        ({"moderator": "push_strength", "group": "trained"}, "leave one out"),
        ({"moderator": "push_strength", "predicted": "none"}, "moderator"),
    ],
)
def test_questions_without_a_meaning_are_refused(lines, words):
    usual = {"condition": "after", "reference": "before", "by": "session", "predicted": "greater"}
    with pytest.raises(ValidationError, match=words):
        OwnContrast(**usual | {"delta": 1.0} | lines)


def test_unequal_gains_that_cost_are_found_and_others_are_not():
    """Of 96 athletes, a cost four times the smallest; the estimate is near the truth."""
    costly = replace(WORLDS["gains add up"], cost=0.2)
    random = np.random.default_rng(8)
    outcomes = [drawn_outcome(costly, 96, random) for _ in range(12)]
    assert sum(map(supported, outcomes)) >= 7
    assert np.median([outcome.estimate for outcome in outcomes]) == pytest.approx(0.2, abs=0.06)
    free = [drawn_outcome(WORLDS["gains add up"], 96, random) for _ in range(12)]
    assert sum(map(supported, free)) <= 2


def test_few_athletes_are_described_and_many_judged():
    random = np.random.default_rng(2)
    of_8 = judged(World(slope=0.3), 8, random)
    assert {verdict.verdict for verdict in of_8.values()} == {"described"}
    of_14 = judged(World(slope=0.35, slopes_sd=0.0), 14, random)
    assert of_14["H3e_frequency"].verdict == "supported"


def test_without_two_sessions_nothing_is_tested():
    registry = read_registry()
    chosen = tuple(row for row in registry.hypotheses if row.id in ("H3d", "H3i", "H3j"))
    empty = pd.DataFrame({"participant_id": pd.Categorical([]), "step": [], "level": []})
    trials = pd.DataFrame({"invalidated": [], "recorded": []})
    evidence = Evidence(
        empty, trials, pd.DataFrame(), pd.DataFrame(), lambda name: name, presence=Presence()
    )
    rows = verdicts(evidence, registry.model_copy(update={"hypotheses": chosen}))
    assert {row.verdict for row in rows} == {"not_testable"}
    assert all("two sessions" in row.reason for row in rows)


@pytest.mark.parametrize(
    ("formula", "is_moved"),
    [
        ("gained_speed ~ push_gain", True),
        ("gained_speed ~ (push_gain + swing_gain) / 2", True),
        ("gained_speed ~ push_gain - swing_gain", False),
        ("gained_speed ~ abs(push_gain - swing_gain) + push_gain", False),
        ("push_index_ratio_gain ~ push_gain", False),
        ("push_index_ratio_gain ~ push_ratio_gain", False),
        ("gained_speed ~ 1", False),
    ],
)
def test_what_a_good_day_raises_on_both_sides_is_not_testable(formula, is_moved):
    claim = OwnClaim(rows="people", formula=formula, predicted="greater", delta=0.1)
    assert bool(shared_form(claim.hypothesis("own"))) == is_moved


def test_no_entry_of_the_registry_rests_on_the_form_of_the_day():
    assert not any(shared_form(entry) for entry in read_registry().hypotheses)
