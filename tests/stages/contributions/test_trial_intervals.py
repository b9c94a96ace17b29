"""Intervals of a trial: drawn for one contact of each foot, by source, and read for every step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.contributions.intervals import drawn_window, intervals_dataset
from aqbio.gait.steps import Contact
from aqbio.intervals.step_uncertainty import half_widths, stance_sds
from aqbio.intervals.trial_draws import Sampling, TrialDraws, with_bodies
from aqbio.intervals.uncertainty import Spread
from aqbio.steps.rows import RowTable, span_contact_models
from tests.mechanics.levels_case import body_spread, smooth_run
from tests.stages.contributions.test_intervals import interval_rows
from tests.stages.made_levels import RIGHT, STEP

LEFT = Contact("left", 0.005, 0.030, complete=True, edge_distance=0.2)

LONGEST = 0.3


@pytest.fixture(scope="module")
def draws():
    case, time = smooth_run(60)
    levels = case.levels()
    return TrialDraws(levels, case.anatomy, time, 0.0, case.touching, Spread(), Sampling(24, 1, 8))


@pytest.fixture(scope="module")
def drawn(draws):
    return intervals_dataset(draws, [RIGHT, LEFT], LONGEST)


def test_each_foot_has_its_own_roles(draws, drawn):
    """Sources come in the order of anatomy, which is another order of roles for each foot."""
    for contact in (RIGHT, LEFT):
        step = replace(
            STEP, side=contact.side, touchdown=contact.touchdown, toe_off=contact.toe_off
        )
        half = half_widths(stance_sds(drawn, contact.side))
        for row in interval_rows(draws, step).to_dict("records"):
            key = (row["level"], row["source"], row["target"], row["statistic"])
            expected = 0.5 * (row["high"] - row["low"])
            assert half[key][row["axis"]] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_ankle_and_toes_alone_are_intervals_over_contact_models():
    """Of every step by itself; what no model knows is unknown."""
    name = ("mtp_push", "ground", "y", "stance", "force_mean", "N")
    levels = ("C alone (C2)", "C (C2)", "C alone (C4)")
    values = np.array([[5.0, 9.0, 1.0], [np.nan, 9.0, np.nan]])
    numbers = {"value": values, "low": values - [2.0, 0.0, np.nan], "high": values + 2.0}
    told = np.ones((2, 3), dtype=bool)
    found = span_contact_models(RowTable(tuple((one, *name) for one in levels), told, numbers))
    assert [one[0] for one in found.names] == ["C (C2)", "C"]
    assert found.numbers["value"][:, 0].tolist() == [9.0, 9.0]
    assert np.isnan(found.numbers["value"][:, 1]).all()
    np.testing.assert_array_equal(found.numbers["low"][:, 1], [1.0, np.nan])
    np.testing.assert_array_equal(found.numbers["high"][:, 1], [7.0, np.nan])


def test_a_window_moves_its_frames_as_the_whole_trial_does():
    """Far from its ends a spline of a part is the spline of the whole: 0.43 to the 24th is 2e-9."""
    case, time = smooth_run(160)
    contacts = [replace(RIGHT, touchdown=float(time[60]), toe_off=float(time[95]))]
    window = drawn_window(contacts, time, LONGEST)
    assert (window.start, window.stop) == (36, 120)
    trial = (time, 0.0, np.zeros((160, 2), dtype=bool))
    whole = TrialDraws(case.levels(), case.anatomy, *trial, Spread(), Sampling(2, 1, 8, 3, 3))
    still = replace(body_spread(case.skeleton), skin_sd=np.zeros(len(case.skeleton.markers)))
    weight, frames = np.ones(len(case.skeleton.markers)), np.arange(60, 96, 5)
    part, every = (
        with_bodies(whole, still, weight, one).moved_motions("body", frames)
        for one in (window, None)
    )
    for name, limit in (("q", 1e-9), ("u", 1e-7), ("udot", 1e-6)):
        ours, theirs = getattr(part, name), getattr(every, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=limit * np.abs(theirs).max())


def test_joints_that_a_model_locks_answer_moments_in_the_draws_of_what_is_unseen():
    """Level C depends on which joints a body has: free in these draws, locked in all others."""
    case, time = smooth_run(60)
    skeleton = case.skeleton
    one = int(np.flatnonzero(skeleton.free)[-1])
    locked = np.arange(len(skeleton.coordinates)) == one
    held = replace(skeleton, coordinate_locked=skeleton.coordinate_locked | locked)
    trial = (time, 0.0, case.touching)
    draws = TrialDraws(case.levels(), case.anatomy, *trial, Spread(), Sampling(2, 1, 8, 2, 2))
    moved = with_bodies(draws, body_spread(held), np.ones(len(held.markers)), None, locked).moved
    for source, motions in moved.items():
        expected = held.coordinate_locked & ~(locked & (source == "unseen"))
        for skeleton in motions.skeletons:
            np.testing.assert_array_equal(skeleton.coordinate_locked, expected, err_msg=source)
    assert moved.keys() >= {"body", "skin", "unseen"}
