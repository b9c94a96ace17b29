"""Steps that pages and figures count, and steps that they average together."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.figures.step_means import (
    MAX_REPEAT_RATIO,
    MAX_SPEED_RATIO,
    headline_rows,
    headline_speed,
    step_columns,
)
from aqbio.gait.step_files import kept_steps

STATUS = st.sampled_from(["ok", "incomplete", "rejected"])
TRIALS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.lists(STATUS, min_size=1, max_size=5), min_size=1
)
SPEEDS = st.lists(
    st.one_of(st.just(np.nan), st.floats(2.0, 11.0)), min_size=4, max_size=4
)  # of the trials


REPEAT_RATIO, SPEED_RATIO = 1.05, 1.15
"""Largest ratios of speeds of one athlete and of several that are one speed."""


def other_classes(steps: pd.DataFrame) -> list[pd.DataFrame]:
    """Classes of the steps of one condition: an athlete's repetitions, then like athletes."""
    runs = steps.groupby(["participant_id", "trial_id"])["speed_mps"].mean()
    parts: list[tuple[float, set[str], set[tuple[str, str]]]] = []
    for name, speeds in runs.groupby(level=0):
        groups: list[tuple[float, set[str], set[tuple[str, str]]]] = [
            (float(speed), set(), {(str(run[0]), str(run[1]))})
            for run, speed in zip(speeds.index.tolist(), speeds.tolist(), strict=True)
        ]
        for _, _, members in joined_groups(groups, REPEAT_RATIO):
            mean = float(speeds[[run in members for run in speeds.index]].mean())
            parts.append((mean, {str(name)}, members))
    key = pd.MultiIndex.from_frame(steps[["participant_id", "trial_id"]])
    return [steps[key.isin(list(members))] for _, _, members in joined_groups(parts, SPEED_RATIO)]


def joined_groups(
    groups: list[tuple[float, set[str], set[tuple[str, str]]]], max_ratio: float
) -> list[tuple[float, set[str], set[tuple[str, str]]]]:
    """Join neighbours, the nearest first, while ratio and partsers allow; by the slowest speed."""
    chain = [[group] for group in sorted(groups, key=lambda group: group[0])]
    while True:
        best, position = math.inf, -1
        for number in range(len(chain) - 1):
            pair = chain[number] + chain[number + 1]
            partsers = [name for _, names, _ in pair for name in names]
            ratio = max(speed for speed, _, _ in pair) / min(speed for speed, _, _ in pair)
            if len(set(partsers)) == len(partsers) and ratio <= max_ratio and ratio < best:
                best, position = ratio, number
        if position < 0:
            return [
                (part[0][0], set().union(*(g[1] for g in part)), set().union(*(g[2] for g in part)))
                for part in chain
            ]
        chain[position] += chain.pop(position + 1)


def table(trials: dict[str, list[str]], speeds: list[float]) -> pd.DataFrame:
    of = dict(zip("abcd", speeds, strict=True))
    rows = [
        ("P", name, status, of[name]) for name, statuses in trials.items() for status in statuses
    ]
    return pd.DataFrame(rows, columns=["participant_id", "trial_id", "status", "speed_mps"])


@settings(max_examples=40)
@given(TRIALS, SPEEDS)
def test_a_trial_without_a_whole_step_gives_its_whole_contacts(trials, speeds):
    steps = kept_steps(table(trials, speeds))
    for name, statuses in trials.items():
        complete = statuses.count("ok")
        of_trial = steps[steps["trial_id"] == name]
        assert len(of_trial) == (complete or statuses.count("incomplete"))
        assert set(of_trial["status"]) <= {"ok" if complete else "incomplete"}


@settings(max_examples=40)
@given(TRIALS, SPEEDS)
def test_steps_of_speeds_that_are_not_known_are_not_pooled(trials, speeds):
    all_steps = kept_steps(table(trials, speeds))
    columns = step_columns(all_steps)
    assert sorted(row for column in columns for row in column.rows) == list(range(len(all_steps)))
    for column in columns:
        steps = all_steps.iloc[column.rows]
        has_speed = steps["speed_mps"].notna()
        assert has_speed.all() or len(set(steps["trial_id"])) == 1
    unknown = [column.title for column in columns if np.isnan(column.speed_mps)]
    assert len(set(unknown)) == len(unknown)


RUNS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), st.floats(2.0, 10.0).map(lambda v: round(v, 3))),
    min_size=1, max_size=12,
)  # fmt: skip
"""Athlete and speed of every run."""


def runs_table(runs: list[tuple[str, float]], factor: float = 1.0) -> pd.DataFrame:
    rows = [
        {"participant_id": name, "trial_id": f"run{number}", "speed": factor * speed}
        for number, (name, speed) in enumerate(runs)
    ]
    steps = pd.DataFrame(rows).assign(status="ok", condition="normal")
    return steps.assign(speed_mps=steps["speed"])


def sorted_rows(columns) -> list[list[int]]:
    return [sorted(column.rows.tolist()) for column in columns]


@settings(max_examples=40)
@given(RUNS)
def test_speeds_that_were_run_form_the_classes(runs):
    """Each athlete once in a column, with repetitions of one speed; like athletes together."""
    steps = runs_table(runs)
    columns = step_columns(steps)
    assert sorted(chain.from_iterable(sorted_rows(columns))) == list(range(len(runs)))
    for column in columns:
        by_athlete = steps.iloc[column.rows].groupby("participant_id")["speed"]
        assert (by_athlete.max() <= MAX_REPEAT_RATIO * by_athlete.min() * (1 + 1e-9)).all()
        assert by_athlete.mean().max() <= MAX_SPEED_RATIO * by_athlete.mean().min() * (1 + 1e-9)
        assert column.speed_mps == pytest.approx(by_athlete.mean().mean())
        ends = (column.slowest_mps, column.fastest_mps)
        assert ends == pytest.approx((by_athlete.mean().min(), by_athlete.mean().max()))


@settings(max_examples=40)
@given(RUNS)
def test_classes_are_those_of_another_implementation_and_keep_with_the_unit(runs):
    steps = runs_table(runs)
    expected = [sorted(speed_class.index.tolist()) for speed_class in other_classes(steps)]
    assert sorted_rows(step_columns(steps)) == expected
    assert sorted_rows(step_columns(runs_table(runs, 4.0))) == expected


def test_repeated_speeds_of_athletes_of_different_pace():
    """Four planned speeds of two athletes: as many columns, and none with two of an athlete."""
    runs = [
        *(("A", speed) for speed in (5.0, 5.0, 6.0, 7.0, 8.2, 8.2)),
        *(("B", speed) for speed in (5.0, 6.2, 8.0, 9.5, 9.48)),
    ]
    titles = [column.title for column in step_columns(runs_table(runs))]
    assert titles == ["5.0 m/s", "6.1 m/s", "7.0 m/s", "8.1 m/s", "9.5 m/s"]


@pytest.mark.parametrize(
    ("people", "speed"),
    [
        ({2.0: 10, 5.0: 10, 9.5: 1}, 5.0),  # one sprinter among ten treadmill runners
        ({5.0: 12, 8.0: 9, 9.5: 6}, 9.5),
        ({3.6: 1, 9.5: 1}, 9.5),
        ({3.6: 3, 9.5: 1}, 3.6),
        ({np.nan: 4}, np.nan),
        ({}, np.nan),
    ],
)
def test_a_page_speaks_of_a_speed_that_half_of_the_people_ran(people, speed):
    np.testing.assert_equal(headline_speed(pd.Series(people, dtype=float)), speed)


def test_rows_of_the_headline_are_of_the_usual_condition():
    rows = pd.DataFrame(
        [("normal", 5.0, 10), ("normal", 9.5, 1), ("restricted_arms", 7.0, 10)],
        columns=["condition", "speed_mps", "participants"],
    )
    assert headline_rows(rows)["speed_mps"].tolist() == [5.0]
    assert headline_rows(rows.assign(speed_mps=np.nan)).shape[0] == 2
