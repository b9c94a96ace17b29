"""Steps are sorted by condition and speed, a run as a whole."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from aqbio.figures.step_means import step_columns
from tests.figures.conftest import EDGES


def _steps(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_speeds_stand_side_by_side(steps: xr.Dataset) -> None:
    slow, fast = step_columns(steps, EDGES)
    assert (slow.title, slow.size) == ("3.6 m/s", "4 steps, 1 participant")
    assert (fast.title, fast.size) == ("9.5 m/s", "3 steps, 1 participant")
    assert sorted([*slow.rows, *fast.rows]) == list(range(7))


def test_a_run_is_never_split_by_an_edge() -> None:
    table = _steps(
        participant_id=["A", "A", "B", "B"],
        trial_id=["1", "1", "1", "1"],
        speed=[7.9, 8.3, 7.8, 7.9],
    )
    slow, fast = step_columns(table, EDGES)
    assert fast.rows.tolist() == [0, 1]
    assert slow.rows.tolist() == [2, 3]


def test_conditions_stand_apart() -> None:
    table = _steps(
        participant_id=["A", "A"],
        trial_id=["1", "2"],
        speed=[9.0, 9.0],
        condition=["normal", "restricted_arms"],
    )
    normal, restricted = step_columns(table, EDGES)
    assert normal.title == "9.0 m/s"
    assert restricted.title == "restricted arms, 9.0 m/s"


def test_last_class_is_open() -> None:
    table = _steps(participant_id=["A", "A"], trial_id=["1", "2"], speed=[11.0, 12.9])
    assert len(step_columns(table, EDGES)) == 1


def test_no_step_gives_no_column(steps: xr.Dataset) -> None:
    assert step_columns(steps.isel(step=slice(0, 0)), EDGES) == ()
