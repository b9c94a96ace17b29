"""Figures of repeated trials and of two conditions, which the made-up study of all others lacks."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from aqbio.figures import condition_curves
from aqbio.figures.condition_curves import CONDITION_CURVES
from aqbio.figures.marks import plain
from aqbio.figures.reliability import RELIABILITY
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns

WIDTHS_MM = (85.0, 180.0)
HALF = 101
"""Samples of a phase."""

MARKED = slice(20, 60)
"""Samples in which the made-up condition differs."""


def reliability_rows() -> pd.DataFrame:
    """Three outcomes, one of them on two bases, and one without a mean to compare with."""
    rows = pd.DataFrame(
        {
            "outcome": ["contact_s", "flight_s", "contact_s", "trunk_lean_rad"],
            "basis": ["trials", "trials", "speeds", "trials"],
            "value": [0.7, 4.0, 9.2, np.nan], "icc": [0.99, 0.8, 0.8, 0.5],
            "n_athletes": [12, 12, 10, 12],
        }
    )  # fmt: skip
    return rows.reindex(columns=list(columns("reliability")))


def curve_rows() -> pd.DataFrame:
    """Eight athletes whose condition differs by one, hardly scattered, in `MARKED` alone."""
    random = np.random.default_rng(4)
    values = random.normal(0.0, 0.01, (8, 2, 2 * HALF))
    values[:, 1, MARKED] += 1.0
    summary = partial(condition_curves._summary, "restricted_arms", "normal")
    parts = [summary(name, values) for name in condition_curves.QUANTITIES]
    return pd.concat(parts, ignore_index=True)


FIGURE_ROWS = {RELIABILITY: reliability_rows, CONDITION_CURVES: curve_rows}


@pytest.mark.parametrize("figure", FIGURE_ROWS, ids=lambda figure: figure.name)
@pytest.mark.parametrize("width_mm", WIDTHS_MM)
def test_figures_of_conditions_can_be_printed(figure, width_mm):
    rows = FIGURE_ROWS[figure]()
    drawing = figure.draw(rows, width_mm)
    drawing.draw_without_rendering()
    assert drawing.get_figwidth() * 25.4 == pytest.approx(width_mm)
    assert drawing.get_figheight() * 25.4 <= 240.0
    labelled = [ax for ax in drawing.axes if ax.get_visible()]
    assert all("(" in ax.get_xlabel() for ax in labelled)
    assert len(plain(figure.caption(rows)).split()) <= 60


def test_a_point_of_every_known_outcome_and_basis_is_drawn():
    rows = reliability_rows()
    [ax] = RELIABILITY.draw(rows, 180.0).axes
    points = sorted(value for line in ax.lines for value in line.get_xdata())
    assert points == sorted(rows["value"].dropna())
    words = RELIABILITY.alternative(rows)
    assert all(f"{digits(value)} %" in words for value in (0.7, 4.0, 9.2))
    assert "trunk lean" not in words


def test_stretches_that_differ_are_marked_and_said():
    rows = curve_rows()
    for ax in CONDITION_CURVES.draw(rows, 180.0).axes:
        _, mark = sorted(ax.patches, key=lambda patch: -patch.get_width())  # flight, then the mark
        assert (mark.get_x(), mark.get_width()) == (MARKED.start, MARKED.stop - 1 - MARKED.start)
    words = CONDITION_CURVES.alternative(rows)
    stretch = f"stance {MARKED.start} to stance {MARKED.stop - 1} %"
    assert words.count(stretch) == len(condition_curves.QUANTITIES)
    without_difference = rows.assign(p=1.0)
    assert "no stretch differs" in CONDITION_CURVES.alternative(without_difference)
    assert stretch not in CONDITION_CURVES.alternative(without_difference)


def test_two_pairs_of_conditions_stand_apart():
    rows = curve_rows()
    sled_rows = rows.assign(condition="sled", p=1.0)
    two_pairs = pd.concat([rows, sled_rows], ignore_index=True)
    titles = [ax.get_title() for ax in CONDITION_CURVES.draw(two_pairs, 180.0).axes]
    counts = [sum(condition in title for title in titles) for condition in ("restricted", "sled")]
    assert counts == 2 * [len(condition_curves.QUANTITIES)]
    words = CONDITION_CURVES.alternative(two_pairs)
    assert (
        words.count("no stretch differs")
        == words.count("sled against normal, ")
        == len(condition_curves.QUANTITIES)
    )


def test_a_step_without_its_flight_leaves_the_flights_of_others():
    """The last step of every run ends before the next foot is down."""
    steps = np.arange(3.0)[:, None] + np.zeros((3, 2 * HALF))
    steps[2, HALF:] = np.nan
    mean = condition_curves._mean_curve(steps)
    assert (mean[:HALF] == 1.0).all()
    assert (mean[HALF:] == 0.5).all()
    assert np.isnan(condition_curves._mean_curve(steps[2:])[HALF:]).all()
