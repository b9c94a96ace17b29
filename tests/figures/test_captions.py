"""Captions say how to read; alternative texts give the numbers of the table."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from aqbio.figures.curve_figures import (
    WORDS,
    angular_momentum_grid,
    angular_momentum_rate_grid,
    flexion_moments_grid,
    flexion_signs,
    grid_alternative_text,
    grid_caption,
    vertical_joint_moments_grid,
)
from aqbio.figures.curves import drawn_numbers
from aqbio.figures.step_means import StepColumn, step_columns
from aqbio.figures.words import digits
from tests.figures.conftest import EDGES

GRIDS = (
    angular_momentum_grid,
    angular_momentum_rate_grid,
    vertical_joint_moments_grid,
    flexion_moments_grid,
)


def test_every_number_of_the_alternative_text_is_in_the_table(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    for make in GRIDS:
        grid = make(steps, columns)
        text = grid_alternative_text(grid)
        table = drawn_numbers(grid)
        middle = table[(table["phase"] == "stance") & (table["percent"] == 50)]
        narrow = {row.key: row for row in grid.rows if row.narrow}
        for row in middle[middle["row"].isin(list(narrow))].itertuples():
            panel = narrow[row.row].panels[0]
            label = next(line.style.label for line in panel if line.name == row.line)
            assert f"{label} {digits(row.mean, row.unit)}" in text
        for column in columns:
            assert f"At {column.title} ({column.size}): " in text


def test_captions_name_frame_spread_and_flight(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    for make in GRIDS:
        grid = make(steps, columns)
        caption = grid_caption(grid)
        assert grid.name in WORDS
        assert "mirrored" in caption
        assert "± one standard deviation" in caption
        assert ("mechanically implied" in caption) == grid.name.startswith("angular_momentum")


def test_caption_of_flexion_moments_gives_their_sign(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    positive = steps["joint_flexion_moment"].attrs["positive"]
    caption = grid_caption(flexion_moments_grid(steps, columns), flexion_signs(positive))
    assert f"Positive: {positive}." in caption
    assert "counter-clockwise" not in caption


def test_no_caption_speaks_a_verdict(steps: xr.Dataset, columns: tuple[StepColumn, ...]) -> None:
    for make in GRIDS:
        grid = make(steps, columns)
        words = f"{grid_caption(grid)} {grid_alternative_text(grid)}".lower()
        for verdict in ("support", "prove", "confirm", "refute", "significant"):
            assert verdict not in words


def test_a_caption_says_from_how_many_steps_on_a_band_is_drawn(
    steps: xr.Dataset, columns: tuple[StepColumn, ...]
) -> None:
    """A column with one step less has none, one with that number has."""
    caption = grid_caption(angular_momentum_grid(steps, columns))
    fewest = int(re.search(r"one standard deviation over steps \(from (\d+) on\)", caption)[1])
    for count, drawn in ((fewest - 1, False), (fewest, True)):
        few = steps.isel(step=steps["trial_id"].values == "sprint").isel(step=slice(count))
        [column] = step_columns(few, EDGES)
        grid = angular_momentum_grid(few, (column,))
        lines = [line for row in grid.rows for panel in row.panels for line in panel]
        assert {line.count for line in lines} == {count}
        assert {bool(np.isfinite(line.sd).any()) for line in lines} == {drawn}
