"""Means, spreads and single lines are those of the steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from aqbio.figures.curve_figures import angular_momentum_grid
from aqbio.figures.curves import (
    MAX_SINGLE_STEPS,
    NUMBER_COLUMNS,
    Curve,
    Line,
    PanelRow,
    PhaseGrid,
    curve,
    drawn_numbers,
)
from aqbio.figures.step_means import StepColumn
from aqbio.figures.style import STYLES


def _line(values: np.ndarray) -> Line:
    data = xr.DataArray(values, dims=("step", "phase", "percent"))
    return Line("arms", STYLES["arms"], data)


def _column(*participants: str) -> StepColumn:
    return StepColumn("", 9.0, np.arange(len(participants)), participants)


def test_mean_and_standard_deviation() -> None:
    values = np.array([1.0, 2.0, 6.0])[:, None, None] * np.ones((3, 2, 101))
    found = curve(_line(values), _column("A", "A", "B"))
    assert found is not None
    assert found.count == 3
    np.testing.assert_allclose(found.mean, 3.0, rtol=1e-15)
    # Deviations -2, -1, 3: sum of squares 14 over n - 1 = 2.
    np.testing.assert_allclose(found.sd, np.sqrt(7.0), rtol=1e-15)
    np.testing.assert_array_equal(found.single, values)


def test_a_row_without_a_curve_is_left_out() -> None:
    """As where no step has both arms: a figure without a row has nothing to draw."""
    columns = (_column("A", "A"),)
    rows = (
        PanelRow("unknown", "", "N m", "unknown", ((),)),
        PanelRow("known", "", "N m", "known", ((curve(_line(np.ones((2, 2, 101))), *columns),),)),
    )
    assert [row.key for row in PhaseGrid("g", columns, rows).rows] == ["known"]
    assert not PhaseGrid("g", columns, rows[:1]).rows


def test_two_steps_have_no_band() -> None:
    found = curve(_line(np.ones((2, 2, 101))), _column("A", "A"))
    assert found is not None
    assert np.isnan(found.sd).all()


def test_errors_do_not_average_out_over_steps() -> None:
    """The band is a step's, averaged over the steps that have one: 1.96 times 1 and 3 give 3.92."""
    values = np.array([1.0, 2.0, 6.0])[:, None, None] * np.ones((3, 2, 101))
    sd = np.array([1.0, 3.0, np.nan])[:, None, None] * np.ones((3, 2, 101))
    sd[:, 1] = np.nan
    sure = xr.DataArray(sd, dims=("step", "phase", "percent"))
    found = curve(replace(_line(values), sd=sure), _column("A", "A", "B"))
    assert found is not None
    assert found.half is not None
    np.testing.assert_allclose(found.half[0], 2 * 1.959964, rtol=1e-15)
    assert np.isnan(found.half[1]).all()
    row = PanelRow("a", "", "N m", "row", ((found,),))
    numbers = drawn_numbers(PhaseGrid("g", (_column("A", "A", "B"),), (row,)))
    stance = numbers[numbers["phase"] == "stance"]
    np.testing.assert_allclose(stance["high"] - stance["low"], 4 * 1.959964, rtol=1e-12)
    assert numbers.loc[numbers["phase"] == "flight", "low"].isna().all()


def test_steps_without_flight_are_left_out() -> None:
    values = np.ones((3, 2, 101))
    values[1, 1] = np.nan
    values[2] = 5.0
    found = curve(_line(values), _column("A", "A", "A"))
    assert found is not None
    assert found.count == 2
    np.testing.assert_allclose(found.mean, 3.0)
    assert curve(_line(np.full((2, 2, 101), np.nan)), _column("A", "A")) is None


def test_many_steps_are_drawn_by_participant() -> None:
    count = MAX_SINGLE_STEPS + 2
    values = np.arange(float(count))[:, None, None] * np.ones((count, 2, 101))
    people = ["B"] * (count - 2) + ["A", "A"]
    found = curve(_line(values), _column(*people))
    assert found is not None
    assert found.single.shape == (2, 2, 101)
    # The two last steps belong to A, who comes first.
    np.testing.assert_allclose(found.single[:, 0, 0], [count - 1.5, (count - 3) / 2])


def test_drawn_numbers_are_what_is_drawn(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    grid = angular_momentum_grid(steps, columns)
    table = drawn_numbers(grid)
    assert list(table.columns) == list(NUMBER_COLUMNS)
    row = table[
        (table["row"] == "angular_momentum_y_groups")
        & (table["line"] == "arms")
        & (table["phase"] == "flight")
        & (table["percent"] == 30)
        & (table["speed_mps"] > 9)
    ]
    sprint = steps.isel(step=columns[1].rows)
    expected = sprint["angular_momentum"].sel(phase="flight", percent=30, group="arms", axis="y")
    assert row["mean"].item() == pytest.approx(expected.mean().item(), rel=1e-12)
    assert row["sd"].item() == pytest.approx(expected.std(ddof=1).item(), rel=1e-12)
    assert (row["steps"].item(), row["unit"].item()) == (3, "kg m²/s")


def test_shapes_that_do_not_fit_are_refused() -> None:
    style = STYLES["arms"]
    with pytest.raises(ValueError, match="do not fit together"):
        Curve("arms", style, np.zeros((2, 101)), np.zeros((2, 100)), np.zeros((1, 2, 101)), 1)
    row = PanelRow("Arms", "", "N m", "arms", ((),))
    with pytest.raises(ValueError, match="1 panels for 2 columns"):
        PhaseGrid("grid", (_column("A"), _column("B")), (row,))
