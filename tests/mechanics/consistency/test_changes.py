"""What a fit changed: numbers that a hand can check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.changes import (
    leg_shares,
    moment_changes,
    momentum_changes,
    standing_changes,
)
from aqbio.consistency.stances import Standing, StaticStance, com_from_cop
from aqbio.virtual.athlete import athlete_skeleton
from tests.mechanics.levels_case import RUNNER, map_of


def _rows(changes):
    return {(one.part, one.axis, one.statistic): one for one in changes}


def test_a_leg_is_its_share_of_the_body():
    before = athlete_skeleton(RUNNER)
    groups = map_of("sprint").groups
    mass = before.mass.copy()
    mass[np.isin(before.bodies, groups["leg_left"])] *= 2.0
    [found] = leg_shares(before, replace(before, mass=mass), {"leg_left": groups["leg_left"]})
    share = found.before
    assert found.after == pytest.approx(2 * share / (1 + share))


def test_the_centre_of_mass_in_standing():
    """The torso's centre a known way elsewhere: the whole body's goes its mass's share of it."""
    before = athlete_skeleton(RUNNER)
    torso = before.bodies.index("torso")
    com = before.com.copy()
    com[torso] += [0.02, -0.04, 0.01]
    after = replace(before, com=com)
    stance = StaticStance(before.coordinate_default, np.array([0.1, 0.0, -0.2]))
    given, fitted = (com_from_cop(body, stance)[[0, 2]] for body in (before, after))
    standing = Standing(given, fitted, left_out=np.array([0.004, -0.006]))
    rows = _rows(standing_changes(before, after, stance, standing, 1.8))
    for number, (axis, predicted) in enumerate(zip("xz", (0.004, -0.006), strict=True)):
        left_out = rows["whole body", axis, "left_out"]
        assert (left_out.before, left_out.after) == (given[number], predicted)
    height = rows["whole body", "y", "height"]
    share = before.mass[torso] / before.mass.sum()
    assert height.after - height.before == pytest.approx(-0.04 * share)
    assert rows["whole body", "y", "share"].before == pytest.approx(height.before / 1.8)
    without = _rows(standing_changes(before, after, stance, standing, None))
    assert ("whole body", "y", "share") not in without


def test_momentum_and_moments():
    random = np.random.default_rng(0)
    before, away = random.standard_normal((2, 50, 3, 3))
    rows = _rows(momentum_changes(["a", "b", "c"], before, before + away))
    one, apart = rows["b", "z", "mean"], rows["b", "z", "rms_change"]
    assert one.after - one.before == pytest.approx(away[:, 1, 2].mean())
    assert apart.after == pytest.approx(np.sqrt((away[:, 1, 2] ** 2).mean()))
    skeleton = athlete_skeleton(RUNNER)
    knee = skeleton.coordinates.index("knee_angle_r")
    forces = random.standard_normal((50, len(skeleton.coordinates)))
    changed = forces.copy()
    changed[:, knee] *= -2.0
    rows = _rows(moment_changes(skeleton, forces, changed))
    peak, largest = rows["knee_angle_r", "", "peak"], np.abs(forces[:, knee]).max()
    assert (peak.before, peak.after) == pytest.approx((largest, 2.0 * largest))
    assert rows["knee_angle_r", "", "correlation"].after == pytest.approx(-1.0)
    assert rows["elbow_flex_l", "", "correlation"].after == pytest.approx(1.0)
