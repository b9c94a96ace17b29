"""Intervals of a step: nothing from nothing, wider with every cause, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.mechanics.drawn_levels import LoadSpread
from aqbio.mechanics.inertia_draws import InertiaSpread
from aqbio.mechanics.steps import Step
from aqbio.mechanics.uncertainty import Spread
from aqbio.stages import level_intervals
from aqbio.stages.level_intervals import TrackedPlaces, interval_rows, trial_draws
from tests.mechanics.levels_case import mirrored_run, smooth_run

STEP = Step(1, "right", 0.010, 0.045, 0.059, "ok", "")
EXACT = Spread(InertiaSpread(0.0, 0.0, 0.0, 0.0), LoadSpread(0.0, 0.0), marker=0.0)
BODY = replace(EXACT, inertia=InertiaSpread())
PLATES = replace(EXACT, loads=LoadSpread())
MARKERS = replace(EXACT, marker=0.006)


@pytest.fixture(scope="module")
def run():
    return smooth_run(60)


def _places(skeleton) -> TrackedPlaces:
    count = len(skeleton.markers)
    return TrackedPlaces(np.arange(count), np.ones(count))


def _rows(case, time, spread, step=STEP, count=60, seed=1):
    draws = trial_draws(case.levels(), case.anatomy, time, _places(case.skeleton), spread, seed)
    return pd.DataFrame(interval_rows(draws, step, count, seed))


def test_what_is_exact_has_no_interval(run):
    case, time = run
    rows = _rows(case, time, EXACT, count=3)
    scale = rows[["low", "high"]].abs().to_numpy().max()
    np.testing.assert_allclose(rows["low"], rows["high"], rtol=0, atol=1e-12 * scale)
    inside = slice(10, 46)
    wrench = case.levels().hubs[0][0].wrench[inside]
    mean = np.trapezoid(wrench, time[inside], axis=0) / (time[45] - time[10])
    sources = ("upper_body", "leg_swing", "leg_push")
    for place, source in enumerate(sources):
        own = rows[(rows.level == "B") & (rows.source == source)]
        np.testing.assert_allclose(own["low"], mean[place], rtol=0, atol=1e-9 * scale)


def test_every_cause_widens_and_all_together_most(run):
    """Variances of independent causes add up, as far as 300 draws and 60 motions can tell."""
    case, time = run
    together = _rows(case, time, Spread(), count=300).set_index(
        ["level", "source", "axis", "statistic"]
    )
    single = [
        _rows(case, time, spread, count=300).set_index(["level", "source", "axis", "statistic"])
        for spread in (BODY, PLATES, MARKERS)
    ]
    for part in single:
        assert (part["sd"] > 0).mean() > 0.3
    summed = np.sqrt(sum(part["sd"] ** 2 for part in single))
    ratio = (together["sd"] / summed)[summed > 1e-6 * summed.max()]
    assert ratio.median() == pytest.approx(1.0, abs=0.1)
    assert ratio.between(0.6, 1.5).all()


def test_the_same_seed_gives_the_same_numbers(run, monkeypatch):
    monkeypatch.setattr(level_intervals, "MARKER_DRAWS", 6)
    case, time = run
    pd.testing.assert_frame_equal(_rows(case, time, Spread()), _rows(case, time, Spread()))
    other = _rows(case, time, Spread(), seed=2)
    assert (other["low"] != _rows(case, time, Spread())["low"]).any()


def test_a_left_step_is_told_like_its_mirror_image(run):
    case, time = run
    ours = _rows(case, time, EXACT, count=2)
    theirs = _rows(mirrored_run(case), time, EXACT, replace(STEP, side="left"), count=2)
    keys = ["level", "source", "axis", "statistic"]
    ours, theirs = (rows.sort_values(keys, ignore_index=True) for rows in (ours, theirs))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-7, atol=1e-7)


def test_sides_are_told_beside_the_parts(run):
    case, time = run
    rows = _rows(case, time, BODY)
    assert {"push_side", "swing_side", "total", "residual_moment"} <= set(rows["source"])
    assert (rows["low"] <= rows["high"]).all()
    assert not rows.duplicated(["level", "source", "target", "axis", "statistic"]).any()
