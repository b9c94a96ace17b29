"""Grids show the curves, name units and phases (`test_artists` sees that nothing overlaps)."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aqbio.figures.curve_figures import (
    angular_momentum_grid,
    angular_momentum_rate_grid,
    flexion_moments_grid,
    vertical_joint_moments_grid,
)
from aqbio.figures.curves import IMPLIED, _draw_strip, phase_grid_figure
from aqbio.figures.step_means import StepColumn, step_columns
from aqbio.figures.style import STYLES
from tests.figures.conftest import EDGES
from tests.figures.made_study import made_step_curves

GRIDS = [
    angular_momentum_grid,
    angular_momentum_rate_grid,
    vertical_joint_moments_grid,
    flexion_moments_grid,
]


def test_lines_are_the_means_with_colour_and_dash(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    grid = angular_momentum_grid(steps, columns)
    figure = phase_grid_figure(grid, 180.0)
    sides = figure.axes[1]
    swing = _drawn(sides, STYLES["swing_side"].colour)[-1]
    mean = grid.rows[0].panels[1][1].mean
    drawn = np.asarray(swing.get_ydata(), dtype=float)
    np.testing.assert_array_equal(drawn[np.isfinite(drawn)], mean.ravel())
    assert swing.is_dashed()
    push = _drawn(sides, STYLES["push_side"].colour)[-1]
    assert not push.is_dashed()
    assert np.asarray(push.get_xdata())[-1] == 200


def _drawn(axes: Axes, colour: str) -> list:
    return [line for line in axes.get_lines() if line.get_color() == colour]


def test_every_row_names_its_quantity_and_unit(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    for make in GRIDS:
        grid = make(steps, columns)
        figure = phase_grid_figure(grid, 180.0)
        first = figure.axes[:: len(columns)]
        for row, axes in zip(grid.rows, first, strict=True):
            assert f"({row.unit})" in axes.get_ylabel()
            assert row.label in axes.get_ylabel()


def test_only_momentum_in_flight_is_implied(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    for make, expected in ((angular_momentum_grid, True), (flexion_moments_grid, False)):
        legend = phase_grid_figure(make(steps, columns), 180.0).legends[0]
        assert (IMPLIED in [text.get_text() for text in legend.get_texts()]) == expected


def test_flight_is_shaded_and_named(steps: xr.Dataset, columns: tuple[StepColumn, ...]) -> None:
    figure = phase_grid_figure(angular_momentum_grid(steps, columns), 180.0)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "stance" in words
    assert "flight (mechanically implied)" in words
    for axes in figure.axes:
        shades = [patch.get_extents() for patch in axes.patches]
        spans = axes.transData.inverted().transform([[s.x0, s.x1] for s in shades])
        assert len(spans) == 1


def test_residual_has_its_own_grey_line(steps: xr.Dataset, columns: tuple[StepColumn, ...]) -> None:
    grid = angular_momentum_rate_grid(steps, columns)
    for axis in "xyz":
        row = next(row for row in grid.rows if row.key == f"moment_balance_{axis}")
        names = [line.name for line in row.panels[1]]
        assert names == ["total", "moment_of_force", "free_moment", "residual_moment"]
        total, *parts = (line.mean for line in row.panels[1])
        # The balance of the made-up study is exact up to round-off of sums of about 200 N m.
        np.testing.assert_allclose(np.sum(parts, axis=0), total, atol=1e-11)
    assert STYLES["residual_moment"].colour == "#767676"


def test_missing_groups_and_joints_leave_their_lines_out(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    """A recording without arms has no arms, no push side and no shoulder or elbow."""
    armless = steps.copy(deep=True)
    armless["angular_momentum"].loc[{"group": ["arms", "push_side", "total"]}] = np.nan
    absent = [str(j) for j in steps["joint"].values if str(j).startswith(("shoulder", "elbow"))]
    armless["joint_moment"].loc[{"joint": absent}] = np.nan
    names = [line.name for line in angular_momentum_grid(armless, columns).rows[1].panels[0]]
    assert names == ["push_leg", "swing_leg", "torso", "pelvis"]
    joints = [row.key for row in vertical_joint_moments_grid(armless, columns).rows]
    assert joints == ["hip", "knee", "ankle", "lumbar"]
    phase_grid_figure(angular_momentum_grid(armless, columns), 85.0)


def test_legs_that_nobody_saw_leave_the_joints_that_are_known(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    """The narrow figure shows legs; without them it had no columns and was an internal error."""
    legs = steps["joint"].str.contains("hip|knee|ankle")
    unseen = steps.assign(joint_moment=steps["joint_moment"].where(~legs))
    grid = vertical_joint_moments_grid(unseen, columns)
    assert grid.rows
    assert not any(row.narrow for row in grid.rows)
    titles = [axes.get_title() for axes in phase_grid_figure(grid, 85.0).axes]
    assert all(any(row.label in title for title in titles) for row in grid.rows)


@pytest.mark.parametrize(
    ("edges", "marks"),
    [(EDGES, (0.0, 100.0, 200.0)), ((0.0, 20.0), (0.0, 50.0, 100.0, 150.0, 200.0))],
)
def test_marks_stand_where_the_phases_begin_and_end(edges, marks):
    """Stance is the first hundred of the axis, flight the second; per cent where there is room."""
    data = made_step_curves(participants=2)
    figure = phase_grid_figure(angular_momentum_grid(data, step_columns(data, edges)), 180.0)
    shown = [place for place in figure.axes if place.get_xlabel().startswith("phase")]
    assert shown
    for place in shown:
        assert tuple(place.get_xticks()) == marks
        assert place.get_xlim() == (0.0, 200.0)


def test_flight_comes_after_contact_in_shares() -> None:
    """Shares of contact from 0 to 100, those of flight from 100 to 200, from below to above."""
    style = next(iter(STYLES.values()))
    lines = [SimpleNamespace(style=style, mean=np.full((2, 101), share)) for share in (30.0, 70.0)]
    place = Figure().add_subplot()
    _draw_strip(place, tuple(lines))
    boxes = [area.get_paths()[0].get_extents() for area in place.collections]
    told = [(box.x0, box.x1, box.y0, box.y1) for box in boxes]
    assert told == [(0, 100, 0, 30), (0, 100, 30, 100), (100, 200, 0, 30), (100, 200, 30, 100)]
