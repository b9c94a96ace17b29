"""What a fit makes of waves, against waves that are added to its data and fitted anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Weights
from aqbio.multibody.kinematics import marker_positions, segment_kinematics
from aqbio.multibody.motion import Motion
from tests.mechanics.consistency.conftest import NONE_FITTED, RATE, wrench_of
from validation.fit_checks import bandwidth

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


@pytest.mark.parametrize("kind", ["thigh"])
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


@pytest.mark.parametrize("name", ["shank_r_z"])
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
