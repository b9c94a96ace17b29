"""What a fit makes of waves, against waves that are added to its data and fitted anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Weights
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.kinematics import marker_positions, segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.signals import low_pass, low_pass_gain
from tests.mechanics.consistency.conftest import NONE_FITTED, RATE, wrench_of
from validation.fit_checks import PERIODS, bandwidth, bandwidth_changes

WEIGHTS = Weights(knot_s=0.025)
OPEN = 0.39 * RATE
"""A cut-off that hardly touches what is tried."""
HZ = 8.0
SMALL = 1e-5


@pytest.fixture(scope="module")
def made(case):
    """A run without noise."""
    return case(noise=0.0)


def _fitted(made, observations, start=None):
    """The end of a fit, beyond where it stops: the last step is small against any wave."""
    fit = fit_trial(made.runner, observations, WEIGHTS, NONE_FITTED, start=start)
    for _ in range(4):
        fit = fit_trial(made.runner, observations, WEIGHTS, NONE_FITTED, start=fit)
    return fit


@pytest.fixture(scope="module")
def fit(made):
    found = fit_trial(made.runner, made.observations, WEIGHTS, NONE_FITTED)
    return _fitted(made, made.observations, found)


@pytest.fixture(scope="module")
def found(fit):
    return bandwidth(fit, OPEN, (HZ,))


def _angle(fit):
    time = fit.observations.time
    return 2.0 * np.pi * HZ * (time - time.mean())


def _share(fit, values):
    """Least squares with the quarter turn beside it; (T, ...) values."""
    waves = np.stack([np.sin(_angle(fit)), np.cos(_angle(fit))], axis=1)
    told = fit.measured
    return np.linalg.lstsq(waves[told], values[told].reshape(told.sum(), -1), rcond=None)[0][0]


def _of(runner, kind):
    carrier = np.array([runner.tissue[body] for body in runner.skeleton.marker_body])
    return np.flatnonzero(carrier == kind)


def _shifted(made, fit, kind, axis):
    """Markers with a wave of skin, and its direction, (T, own, 3)."""
    own = _of(made.runner, kind)
    moves = segment_kinematics(made.runner.skeleton, *_arrays(fit.motion))
    along = moves.rotation[:, made.runner.skeleton.marker_body[own]][..., axis]
    markers = fit.observations.markers.copy()
    markers[:, own] += SMALL * np.sin(_angle(fit))[:, None, None] * along
    return markers, along, own


def _arrays(motion):
    return motion.q, motion.u, motion.udot


@pytest.mark.parametrize("kind", ["thigh", "torso"])
def test_skin_is_followed_as_another_fit_follows_it(made, fit, found, kind):
    """A sine on the markers of a kind of segment, along each axis, and the whole fit once more."""
    shares = []
    for axis in range(3):
        markers, along, own = _shifted(made, fit, kind, axis)
        again = _fitted(made, replace(fit.observations, markers=markers), fit)
        before, after = (
            marker_positions(made.runner.skeleton, one.motion.q)[:, own] for one in (fit, again)
        )
        moved = ((after - before) * along).sum(axis=2).mean(axis=1) / SMALL
        shares.append(_share(fit, moved)[0])
    told = found.skin[0, found.tissue.index(kind)]
    assert told == pytest.approx(np.mean(shares), abs=0.01)
    assert 0.02 < told < 0.98
    assert abs(np.mean(shares) - found.plain_skin[0, found.tissue.index(kind)]) > 0.05


def test_plain_poses_follow_skin_as_inverse_kinematics_does(made, fit):
    """All markers weigh alike, then a filter."""
    cutoff, shares = 20.0, []
    seen = fit.observations
    equal = np.ones(len(seen.marker_index))
    skeleton = made.runner.skeleton
    start = inverse_kinematics(skeleton, seen.markers, seen.marker_index, equal)
    for axis in range(3):
        markers, along, own = _shifted(made, fit, "thigh", axis)
        q = inverse_kinematics(skeleton, markers, seen.marker_index, equal)
        change = low_pass(q - start, RATE, cutoff)
        moved = marker_positions(skeleton, start + change) - marker_positions(skeleton, start)
        shares.append(_share(fit, (moved[:, own] * along).sum(axis=2).mean(axis=1) / SMALL)[0])
    told = bandwidth(fit, cutoff, (HZ,))
    assert told.plain_skin[0, told.tissue.index("thigh")] == pytest.approx(
        np.mean(shares), abs=0.02
    )


@pytest.mark.parametrize("name", ["shank_r_z", "thigh_l_z"])
def test_motion_is_kept_as_another_fit_keeps_it(made, fit, found, name):
    """The run itself, one of whose coordinates swings a little more, with the forces of that."""
    skeleton, turns = made.runner.skeleton, 2.0 * np.pi * HZ
    place = skeleton.coordinates.index(name)
    angle, parts = _angle(fit), [part.copy() for part in _arrays(made.motion)]
    waves = (np.sin(angle), turns * np.cos(angle), -(turns**2) * np.sin(angle))
    for part, wave in zip(parts, waves, strict=True):
        part[:, place] += SMALL * wave
    moved = Motion(*(np.asfortranarray(part) for part in parts))
    seen, none = fit.observations, {one.name: 0.0 for one in made.runner.parameters}
    wrench, *_ = wrench_of(made.runner, seen.time, moved, none, 0.45)
    start = seen.start.copy()
    start[:, place] += SMALL * waves[0]
    shown = replace(seen, markers=marker_positions(skeleton, moved.q), wrench=wrench, start=start)
    again = _fitted(made, shown, fit)
    share = _share(fit, (again.motion.q - fit.motion.q)[:, place] / SMALL)[0]
    told = found.motion[0, list(fit.coordinates).index(place)]
    assert told == pytest.approx(share, abs=0.01)
    assert told > 0.5


def test_what_is_slow_is_kept_and_what_is_fast_is_not(fit):
    """Motion: all at 2 Hz, less and less beyond; the filter's gain beside it."""
    told = bandwidth(fit, 20.0, (3.0, 10.0, 20.0, 30.0))
    assert told.motion[0].min() > 0.9
    assert (np.diff(told.motion.mean(axis=1)) < 0.0).all()
    np.testing.assert_allclose(told.plain_motion, low_pass_gain(told.frequency, RATE, 20.0))


def test_waves_that_frames_cannot_tell_are_left_out(fit):
    lasts = fit.measured.sum() / RATE
    slow, fast = 0.9 * PERIODS / lasts, 0.45 * RATE
    assert list(bandwidth(fit, 20.0, (slow, HZ, fast)).frequency) == [HZ]
    assert bandwidth(fit, 20.0, ()).skin.shape[0] == 0


def test_rows_have_the_plain_way_beside(fit):
    told = bandwidth(fit, 20.0, (4.0, HZ))
    rows = {(one.part, one.statistic): one for one in bandwidth_changes(fit, told)}
    one = rows["thigh, 8 Hz", "of_skin"]
    at = told.tissue.index("thigh")
    assert (one.before, one.after) == (told.plain_skin[1, at], told.skin[1, at])
    motion = rows["thigh, 8 Hz", "of_motion"]
    assert motion.before == pytest.approx(0.99, abs=0.01)
    thighs = [n for n, c in enumerate(fit.coordinates) if "thigh" in fit.skeleton.coordinates[c]]
    assert len(thighs) > 1
    assert motion.after == pytest.approx(told.motion[1, thighs].mean())
