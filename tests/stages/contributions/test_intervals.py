"""Intervals of a step: nothing from nothing, wider with every cause, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.drawn_levels import LoadSpread
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, centre_covariance, twins
from aqbio.mechanics.intervals.uncertainty import Spread
from aqbio.stages.contributions.intervals import cause_rows, interval_rows
from aqbio.stages.contributions.trial_draws import Sampling, trial_draws, with_bodies
from tests.mechanics.levels_case import body_spread, mirrored_run, smooth_run

STEP = Step(1, "right", 0.010, 0.045, 0.059, "ok", "")
EXACT = Spread(InertiaSpread(0.0, 0.0, 0.0, 0.0), LoadSpread(0.0, 0.0))
BODY = replace(EXACT, inertia=InertiaSpread())
PLATES = replace(EXACT, loads=LoadSpread())


@pytest.fixture(scope="module")
def run():
    return smooth_run(60)


def _draws(case, time, spread, sampling, heading=0.0, shape=0.0):
    trial = (time, heading, case.touching)
    draws = trial_draws(case.levels(), case.anatomy, trial, spread, sampling)
    if not shape:
        return draws
    return with_bodies(
        draws, body_spread(case.skeleton, shape), np.ones(len(case.skeleton.markers))
    )


def _rows(case, time, spread, step=STEP, count=60, seed=1, motions=60, shape=0.0):
    draws = _draws(case, time, spread, Sampling(count, seed, motions=motions), shape=shape)
    return pd.DataFrame(interval_rows(draws, step))


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
        parts = [
            own[own.statistic == f"{part}_moment_mean"]["value"] for part in ("joint", "force")
        ]
        own = own[own.statistic == "moment_mean"]
        np.testing.assert_allclose(parts[0].to_numpy() + parts[1].to_numpy(), own["value"])
        np.testing.assert_allclose(own["low"], mean[place], rtol=0, atol=1e-9 * scale)


def test_centres_of_mass_that_forces_told_are_not_drawn_again(run):
    """Their covariance stands for the table's spread, and for what a body moves them by."""
    case, time = run
    table = replace(EXACT, inertia=InertiaSpread(0.0, 0.12, 0.0, 0.0))
    size = 3 * len(case.skeleton.bodies)
    known = replace(table, centres=np.zeros((size, size)))
    half = replace(table, centres=0.25 * _table(case))
    rows = {name: _rows(case, time, one) for name, one in
            (("table", table), ("known", known), ("half", half))}  # fmt: skip
    scale = rows["table"]["sd"].max()
    np.testing.assert_allclose(rows["known"]["sd"], 0.0, atol=1e-9 * scale)
    wide = rows["table"]["sd"] > 1e-3 * scale
    ratio = (rows["half"]["sd"] / rows["table"]["sd"])[wide]
    assert ratio.median() == pytest.approx(0.5, rel=0.15)  # of 60 draws each
    drawn = pd.DataFrame(cause_rows(_draws(case, time, known, Sampling(60, 1)), STEP))
    np.testing.assert_allclose(drawn["sd"], 0.0, atol=1e-9 * drawn["value"].abs().max())
    free, held = (_rows(case, time, one, shape=1.0) for one in (EXACT, known))
    momentum = free.statistic == "momentum_mean"
    assert held["sd"][momentum].sum() < 0.9 * free["sd"][momentum].sum()


def _table(case):
    twin = twins(case.skeleton.bodies, case.anatomy.groups)
    return centre_covariance(case.skeleton, InertiaSpread(), twin)


def test_every_cause_widens_and_all_together_most(run):
    """Variances of independent causes add up, as far as 300 draws and 60 motions can tell."""
    case, time = run
    together = _rows(case, time, Spread(), count=300, shape=1.0).set_index(
        ["level", "source", "axis", "statistic"]
    )
    single = [
        _rows(case, time, spread, count=300, shape=shape).set_index(
            ["level", "source", "axis", "statistic"]
        )
        for spread, shape in ((BODY, 0.0), (PLATES, 0.0), (EXACT, 1.0))
    ]
    for part in single:
        assert (part["sd"] > 0).mean() > 0.3
    summed = np.sqrt(sum(part["sd"] ** 2 for part in single))
    ratio = (together["sd"] / summed)[summed > 1e-6 * summed.max()]
    assert ratio.median() == pytest.approx(1.0, abs=0.1)
    assert ratio.between(0.6, 1.5).all()


def test_the_same_seed_gives_the_same_numbers(run):
    case, time = run
    first, again, other = (
        _rows(case, time, Spread(), seed=n, motions=6, shape=1.0) for n in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert (other["low"] != first["low"]).any()


def test_a_left_step_is_told_like_its_mirror_image(run):
    case, time = run
    ours = _rows(case, time, EXACT, count=2)
    theirs = _rows(mirrored_run(case), time, EXACT, replace(STEP, side="left"), count=2)
    keys = ["level", "source", "axis", "statistic"]
    assert len(ours) == len(theirs)
    ours, theirs = (rows.sort_values(keys, ignore_index=True) for rows in (ours, theirs))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-7, atol=1e-7)


def test_sides_are_told_beside_the_parts(run):
    case, time = run
    rows = _rows(case, time, BODY)
    assert {"push_side", "swing_side", "total", "residual_moment"} <= set(rows["source"])
    assert (rows["low"] <= rows["high"]).all()
    assert not rows.duplicated(["level", "source", "target", "axis", "statistic"]).any()


def test_a_sample_of_frames_knows_the_spread_of_all(run):
    """What draws change is smooth over a stance: eight frames of 36 give its spread to a tenth."""
    case, time = run
    every, some = (
        pd.DataFrame(interval_rows(_draws(case, time, BODY, Sampling(60, 1, frames)), STEP))
        for frames in (0, 8)
    )
    assert (some["value"] - every["value"]).abs().max() > 0
    large = every["sd"] > 0.05 * every.groupby("unit")["sd"].transform("max")
    ratio = (some["sd"] / every["sd"])[large]
    assert ratio.between(0.8, 1.25).mean() > 0.9


def test_rows_are_told_along_the_direction_of_travel(run):
    """A turned laboratory moves x into z and leaves the vertical as it is."""
    case, time = run
    straight, turned = (
        pd.DataFrame(interval_rows(_draws(case, time, BODY, Sampling(20, 1), heading), STEP))
        for heading in (0.0, np.pi / 2)
    )
    key = ["level", "source", "statistic"]
    ours, theirs = (rows.pivot_table("value", key, "axis") for rows in (straight, turned))
    np.testing.assert_allclose(theirs["y"], ours["y"], rtol=1e-9, atol=1e-9)
    # Along −z, the former x is now on the right.
    sign = np.where(ours.index.get_level_values("statistic") == "inertial_share", -1.0, 1.0)
    np.testing.assert_allclose(theirs["x"], -sign * ours["z"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(theirs["z"], ours["x"], rtol=1e-9, atol=1e-9)


def test_causes_have_intervals_around_what_they_cause(run):
    """Undisturbed values are those of level C; exact input leaves no interval."""
    case, time = run
    exact = pd.DataFrame(cause_rows(_draws(case, time, EXACT, Sampling(8, 1)), STEP))
    np.testing.assert_allclose(exact["low"], exact["high"], atol=1e-6)
    assert set(exact["level"]) == {"C (C1)", "C (C2)", "C (C3)"}
    found = case.levels().induced["C2"]
    inside = slice(10, 46)
    force = np.trapezoid(found.force[inside].sum(axis=2), time[inside], axis=0)
    force /= time[45] - time[10]
    chosen = (exact.level == "C (C2)") & (exact.target == "ground") & (exact.axis == "y")
    rows = exact[chosen].set_index("source")
    names = {"hip_right": "hip_push", "ankle_left": "ankle_swing", "gravity": "gravity"}
    for source, role in names.items():
        expected = force[found.sources.index(source), 1]
        assert rows.loc[role, "value"] == pytest.approx(expected, rel=1e-9)
    drawn = pd.DataFrame(cause_rows(_draws(case, time, Spread(), Sampling(48, 1), shape=1.0), STEP))
    assert (drawn["low"] < drawn["value"]).mean() > 0.9
    np.testing.assert_allclose(drawn["value"], exact["value"], rtol=1e-9, atol=1e-9)


def test_causes_of_a_left_step_are_told_like_its_mirror_image(run):
    case, time = run
    ours = pd.DataFrame(cause_rows(_draws(case, time, EXACT, Sampling(8, 1)), STEP))
    mirrored = _draws(mirrored_run(case), time, EXACT, Sampling(8, 1))
    theirs = pd.DataFrame(cause_rows(mirrored, replace(STEP, side="left")))
    keys = ["level", "source", "target", "axis", "statistic"]
    both = ours.merge(theirs, on=keys, validate="one_to_one")
    assert len(both) == len(ours) == len(theirs)
    scale = both.groupby(["target", "statistic"])["value_x"].transform(lambda x: x.abs().max())
    assert ((both["value_x"] - both["value_y"]).abs() <= 1e-7 * scale).all()
