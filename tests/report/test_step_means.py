"""Means of steps: which errors shrink with the number of steps, and the words on the page."""

from __future__ import annotations

import re

import numpy as np
import pytest

from aqbio.intervals.worlds import WORLDS
from aqbio.names import NORMAL_95
from aqbio.pages.address import plain
from aqbio.pages.differences import PUSH_SIDE
from aqbio.pages.step_means import EVENT_SCATTER_S, KINEMATIC, mean_lines, step_means
from tests.report.test_differences import SOURCES, made_draws, made_steps, session

ERROR_S = 0.0255
"""How far contact times from foot markers of a forefoot striker may be off: SD 17 ms."""


def table_of(count: int, events: str = "plates", error: float = ERROR_S, draws=None):
    """Means of a trial with a number of steps of each foot."""
    steps = made_steps(count, runs=[("run", "normal", 9.0)], events=events, contact_error_s=error)
    return steps, step_means(session(steps, draws(steps) if draws else None))


def one(table, source: str, side: str = "left"):
    (row,) = table[(table["source"] == source) & (table["side"] == side)].to_dict("records")
    return row


@pytest.mark.parametrize("count", [2, 10, 40])
@pytest.mark.parametrize(
    ("events", "error", "own_sd"),
    [
        (KINEMATIC, ERROR_S, EVENT_SCATTER_S),
        (KINEMATIC, 1.5 * EVENT_SCATTER_S, EVENT_SCATTER_S),
        (KINEMATIC, 0.6 * EVENT_SCATTER_S, 0.4 * EVENT_SCATTER_S),
        ("plates", ERROR_S, 0.0),
    ],
)
def test_only_what_is_a_steps_own_shrinks(count, events, error, own_sd):
    """Of contact times that are off by 17 ms, 5 ms are a step's own: ten steps leave 16.3 ms."""
    steps, table = table_of(count, events, error)
    row = one(table, "contact_s")
    stated = error / 1.5
    expected = np.sqrt(stated**2 - own_sd**2 + own_sd**2 / count)
    assert row["error_sd"] == pytest.approx(expected)
    assert row["step_error_sd"] == pytest.approx(stated)
    values = steps.loc[steps["side"] == "left", "contact_s"]
    assert (row["mean"], row["step_sd"]) == pytest.approx((values.mean(), values.std()))
    assert (row["steps"], row["trials"]) == (count, 1)
    assert np.isnan(one(table, "step_length_m")["error_sd"])  # none is stated


@pytest.mark.parametrize("side", ["left", "right"])
def test_errors_of_the_body_do_not_shrink(side):
    """The error of a mean is the deviation over worlds of the mean of the drawn numbers."""
    steps, table = table_of(12)
    rows = np.flatnonzero(steps["side"] == side)
    drawn = made_draws(steps)["deviation"].sel(axis="y").values[:, rows]
    for at, source in enumerate(SOURCES):
        row = one(table, source, side)
        assert row["error_sd"] == pytest.approx(drawn[:, :, at].mean(axis=1).std())
        assert row["step_error_sd"] == pytest.approx(row["error_sd"])  # the same in every step


def test_errors_of_events_enter_what_they_move():
    """Of errors of single steps the share that is no runner's own rule stays in the mean."""
    count = 9
    steps = made_steps(count, runs=[("run", "normal", 9.0)], events=KINEMATIC,
                       contact_error_s=3.0 * EVENT_SCATTER_S)  # fmt: skip
    plain_draws = made_draws(steps)
    own = np.random.default_rng(3).standard_normal((WORLDS, len(steps), len(SOURCES), 1))
    events = plain_draws.assign(deviation=plain_draws["deviation"] * 0.0 + own)
    before = one(step_means(session(steps, plain_draws)), PUSH_SIDE.source)
    row = one(step_means(session(steps, plain_draws), events), PUSH_SIDE.source)
    left = np.flatnonzero(steps["side"] == "left")
    variance = own[:, left, SOURCES.index(PUSH_SIDE.source)].var(axis=0).mean()
    share = 1.0 / 4.0  # 5 of 10 ms, squared
    added = variance * (1.0 - share + share / count)
    assert row["error_sd"] ** 2 == pytest.approx(before["error_sd"] ** 2 + added)
    assert row["step_error_sd"] ** 2 == pytest.approx(before["step_error_sd"] ** 2 + variance)


def test_the_page_says_mean_and_error_of_both_feet():
    _, table = table_of(10, KINEMATIC)
    ((title, lines),) = mean_lines(table).items()
    assert plain(title) == "9.0 m/s: 10 left and 10 right steps"
    (contact,) = [line for line in lines if line.label == "Contact time"]
    row = one(table, "contact_s")
    numbers = [float(number) for number in re.findall(r"[0-9.]+", plain(contact.feet[0]))]
    expected = [row["mean"], *(NORMAL_95 * row[name] for name in ("error_sd", "step_error_sd"))]
    assert numbers == pytest.approx([1000.0 * number for number in expected], abs=0.051)
    assert numbers[1:] == [32.0, 33.3]
    (length,) = [line for line in lines if line.label == "Step length"]
    assert "±" not in plain(length.feet[0])
