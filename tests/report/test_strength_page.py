"""Strength and sides on an athlete's page: numbers, roles, sessions, the sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from aqbio.config import Strength
from aqbio.pages.address import plain
from aqbio.pages.differences import OUTCOMES, SessionSteps, session_differences
from aqbio.pages.filters import template
from aqbio.pages.own_curves import ranked_columns
from aqbio.pages.strength import percent, strength_sheet

LEFT, RIGHT = (130.0, 136.0, 133.0), (180.0, 176.0, 184.0)


def _rows(participant="A", session="before", movement="hip_flexion", factor=1.0, pain="none"):
    return [
        Strength(
            participant_id=participant, session=session, side=side, movement=movement,
            contraction="isometric", value=factor * value, unit="N m", attempt=attempt, pain=pain,
        )
        for side, values in (("left", LEFT), ("right", RIGHT))
        for attempt, value in enumerate(values, 1)
    ]  # fmt: skip


def _study(rows, people=("A", "B")):
    return SimpleNamespace(strength=tuple(rows), same_person=lambda _name: people)


def _steps(count=8):
    """The left leg pushes less; the thigh of the free leg is faster in left contacts."""
    random = np.random.default_rng(1)
    side = np.array(["left", "right"] * count)
    left = side == "left"
    noise = 0.01 * random.standard_normal(2 * count)
    return pd.DataFrame(
        {
            "participant_id": "A", "trial_id": "run", "condition": "normal", "side": side,
            "status": "ok", "speed_mps": 8.0, "speed": 8.0,
            "peak_vertical_force_bw": np.where(left, 3.0, 3.3) * (1.0 + noise),
            "thigh_speed_swing_radps": np.where(left, 12.0, 10.0) * (1.0 + noise),
        }
    )  # fmt: skip


def _session(name, factor=1.0, count=8):
    """Steps of a session in which the free thigh of left contacts is faster by a factor."""
    steps = _steps(count)
    left = steps["side"] == "left"
    steps = steps.assign(
        participant_id=name,
        thigh_speed_swing_radps=steps["thigh_speed_swing_radps"] * np.where(left, factor, 1.0),
    )
    unmeasured = {one.source for one in OUTCOMES.values() if one.level == "steps"} - {*steps}
    steps = steps.assign(**dict.fromkeys(unmeasured, np.nan))
    names = ("level", "source", "target", "statistic")
    draws = xr.Dataset(coords={name: ("outcome", np.empty(0, dtype=object)) for name in names})
    undrawn = np.full(len(steps), -1)
    session = {"A": "before", "B": "after"}[name]
    return SessionSteps(name, session, steps, ranked_columns(steps), draws, undrawn, 1, {})


def _running(name="A", count=8):
    """Differences of a session."""
    return session_differences(_session(name, count=count))


def _scattered(values, factor):
    return tuple(np.mean(values) + factor * (np.array(values) - np.mean(values)))


@pytest.mark.parametrize("factor", [1.0, 6.0])
def test_differences_are_those_of_their_logarithms_between_days(factor):
    """7 % of each test between days, or what attempts scatter where that is more."""
    attempts = {"left": _scattered(LEFT, factor), "right": _scattered(RIGHT, factor)}
    rows = [
        row.model_copy(update={"value": attempts[row.side][row.attempt - 1]}) for row in _rows()
    ]
    sheet = strength_sheet(_study(rows), "A", _running())
    (line,) = sheet.lines
    assert (plain(line.left), plain(line.right)) == ("133.0", "180.0")
    ratio = math.log(180.0 / 133.0)
    assert line.ratio.difference == pytest.approx(100.0 * 47.0 / 156.5)
    assert percent(ratio) == pytest.approx(line.ratio.difference)
    within = np.mean([np.var(np.log(values), ddof=1) for values in attempts.values()])
    of_attempts = stats.t.ppf(0.975, 4) * math.sqrt(2.0 * within / 3.0)
    between_days = stats.norm.ppf(0.975) * 0.07 * math.sqrt(2.0)
    half = max(of_attempts, between_days)
    assert (half == of_attempts) == (factor > 1.0)
    assert line.ratio.low == pytest.approx(percent(ratio - half))
    assert line.ratio.high == pytest.approx(percent(ratio + half))
    assert line.ratio.sure == (factor == 1.0)
    assert ("the left leg tested weaker" in sheet.sentence) == line.ratio.sure


@pytest.mark.parametrize(("movement", "true"), [("hip_flexion", 12 / 10), ("knee_extension", 1.1)])
def test_running_beside_it_is_that_of_the_same_leg(movement, true):
    """The leg of the other foot swings: its thigh is fast in the left foot's contacts."""
    (line,) = strength_sheet(_study(_rows(movement=movement)), "A", _running()).lines
    printed = float(plain(line.running).split(": ")[1].split(" %")[0].replace("−", "-"))
    assert printed == pytest.approx(percent(math.log(true)), abs=1.0)


@pytest.mark.parametrize("count", [3, 8])
def test_running_beside_it_has_the_interval_of_the_feet_on_the_page(count):
    """Both feet ran in one trial: Student's t of the pooled scatter, by scipy."""
    steps = _steps(count)
    (line,) = strength_sheet(
        _study(_rows(movement="knee_extension")), "A", _running(count=count)
    ).lines
    force = [steps.loc[steps["side"] == side, "peak_vertical_force_bw"] for side in
             ("right", "left")]  # fmt: skip
    expected = stats.ttest_ind(*force).confidence_interval(0.95)
    low, high = (
        plain(line.running).split(" %, ")[1].removesuffix(" %").replace("−", "-").split(" to ")
    )
    for printed, difference in ((low, expected.low), (high, expected.high)):
        ratio = math.log(1.0 + difference / force[1].mean())
        assert float(printed) == pytest.approx(percent(ratio), abs=0.1)


def test_two_steps_of_a_foot_are_too_few():
    sheet = strength_sheet(_study(_rows()), "A", _running(count=2))
    assert sheet.lines[0].running == "too few steps of each foot"


def test_steps_that_scatter_beyond_their_size_are_too_few():
    """The interval reaches below −100 %, where no leg has a size."""
    session = _session("A", count=3)
    wild = session.steps["peak_vertical_force_bw"] * np.array([0.5, 0.5, 1.0, 1.0, 1.5, 1.5])
    session = replace(session, steps=session.steps.assign(peak_vertical_force_bw=wild))
    (line,) = strength_sheet(
        _study(_rows(movement="knee_extension")), "A", session_differences(session)
    ).lines
    assert line.running == "too few steps of each foot"


def test_sessions_stand_beside_each_other():
    rows = _rows() + _rows("B", "after", factor=1.1)
    for name in ("A", "B"):
        sheet = strength_sheet(_study(rows), name, _running(name))
        assert len(sheet.changes) == 2
        assert plain(sheet.sessions) == "before and after"
        for change in sheet.changes:
            assert float(plain(change.after)) / float(plain(change.before)) == pytest.approx(
                1.1, abs=1e-3
            )
            assert change.change.difference == pytest.approx(percent(math.log(1.1)))
    assert strength_sheet(_study(rows[:6]), "A", _running()).changes == ()


def test_a_sentence_names_a_test_as_briefly_as_it_can():
    """By its movement alone, both legs together; with its conditions where they differ."""
    rows = _rows() + _rows("B", "after")
    sentence = plain(strength_sheet(_study(rows), "B", _running("B")).sentence)
    unchanged = "no change beyond what tests repeat between days in hip flexion (left and right)."
    assert f"{unchanged} Hip" in sentence
    turned = [row.model_copy(update={"angle_deg": 30.0}) for row in rows]
    sentence = plain(strength_sheet(_study(rows + turned), "B", _running("B")).sentence)
    assert "hip flexion (isometric, 30°) (left and right)" in sentence
    assert "hip flexion (isometric) (left and right)" in sentence


def test_last_session_states_changes_of_strength_and_running():
    """The right leg swings in left contacts; the first session's page reads no later one."""
    rows = _rows() + _rows("B", "after", factor=1.3)
    sessions = {"A": _session("A", 1.0), "B": _session("B", 1.25)}
    differences = session_differences(sessions["B"], [sessions["A"]])
    sheet = strength_sheet(_study(rows), "B", differences)
    running_of = {plain(change.test): plain(change.running) for change in sheet.changes}
    changes = {
        leg: float(running_of[f"Hip flexion (isometric), {leg}"].split(": ")[1].split(" %")[0])
        for leg in ("left", "right")
    }
    of_mean = 100.0 * (1.25 - 1.0) / (0.5 * (1.25 + 1.0))
    assert changes["left"] == pytest.approx(0.0, abs=0.1)
    assert changes["right"] == pytest.approx(of_mean, abs=0.1)
    assert "Sessions before and after: " in plain(sheet.sentence)
    assert "rose (26.1 %, 6.8 to 44.9 %)" in plain(sheet.sentence)
    first = strength_sheet(_study(rows), "A", session_differences(sessions["A"]))
    assert all(not change.running for change in first.changes)
    assert "rose" not in first.sentence
    page = plain(template("strength.html.j2").render(strength=sheet))
    assert page.count("fastest attack forward") == 3


def test_missing_strength_tests_are_stated_with_the_next_step():
    first_attempts = [row for row in _rows() if row.attempt == 1]
    sheet = strength_sheet(_study(first_attempts), "A", _running())
    assert sheet.lines[0].ratio.sure
    assert f"right − left {sheet.lines[0].ratio.words}" in sheet.sentence
    assert "Next: test extension of hip or knee of both legs." in sheet.sentence
    both_movements = _rows() + _rows(movement="knee_extension")
    assert "in six weeks" in strength_sheet(_study(both_movements), "A", _running()).sentence
    unstated = _rows(pain=None) + _rows(movement="knee_extension")
    assert "note pain" in strength_sheet(_study(unstated), "A", _running()).sentence
    assert strength_sheet(_study([]), "A", _running()) is None
    other_day = strength_sheet(_study(_rows("B", "after")), "A", _running())
    assert other_day.sentence.startswith("No strength was measured in this session.")


def test_the_page_holds_the_lines():
    rows = _rows() + _rows("B", "after", factor=1.1)
    sheet = strength_sheet(_study(rows), "A", _running())
    page = plain(template("strength.html.j2").render(strength=sheet))
    for words in ("Hip flexion (isometric)", "before and after", "not what the articles call"):
        assert words in page
    assert page.count("<tr>") == 2 + 1 + 2


def test_tests_of_both_legs_together_are_shown():
    """Jumps and a sprint's force-velocity profile compare no legs, and stand with their numbers."""
    tests = (
        ("leg_extension", "jump", 41.0, "cm"), ("sprint_force", "sprint", 7.9, "N/kg"),
        ("reactive_jump", "jump", 1.9, "m/s"),
    )  # fmt: skip
    rows = [
        Strength(
            participant_id="A", session="before", side="bilateral", movement=movement,
            contraction=contraction, value=value, unit=unit,
        )
        for movement, contraction, value, unit in tests
    ]  # fmt: skip
    sentence = plain(strength_sheet(_study(rows), "A", _running()).sentence)
    assert "No movement was tested in each leg." in sentence
    assert "Leg extension (jump) 0.41 m; Sprint force (sprint) 7.9 N/kg" in sentence
    assert "Reactive jump (jump) 1.9 m/s" in sentence
