"""What a fit changed: numbers that a hand can check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.changes import (
    Way,
    body_changes,
    leg_shares,
    motion_changes,
    standing_changes,
)
from aqbio.consistency.stances import Standing, StaticStance, com_from_cop
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.virtual.athlete import athlete_skeleton
from tests.mechanics.levels_case import RUNNER, map_of, smooth_run


def test_body():
    before = athlete_skeleton(RUNNER)
    shift = np.zeros_like(before.com)
    shift[2, 1] = 0.01
    after = replace(before, mass=1.1 * before.mass, com=before.com + shift)
    rows = {(one.quantity, one.part, one.axis): one for one in body_changes(before, after)}
    whole = rows["mass", "whole body", ""]
    assert whole.after == pytest.approx(1.1 * whole.before)
    moved = [key for key, one in rows.items() if key[2] and one.after != one.before]
    assert moved == [("centre_in_segment", before.bodies[2], "y")]


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
    share = before.mass[torso] / before.mass.sum()
    for axis, way, predicted in zip("xz", (0.02, 0.01), (0.004, -0.006), strict=True):
        one = rows["standing", "whole body", axis, "less_cop"]
        assert one.after - one.before == pytest.approx(share * way)
        left_out = rows["standing", "whole body", axis, "left_out"]
        assert (left_out.before, left_out.after) == (one.before, predicted)
    height = rows["standing", "whole body", "y", "height"]
    assert height.after - height.before == pytest.approx(-0.04 * share)
    told = rows["standing", "whole body", "y", "share"]
    assert told.before == pytest.approx(height.before / 1.8)
    without = _rows(standing_changes(before, after, stance, standing, None))
    assert ("standing", "whole body", "y", "share") not in without


def _rows(changes):
    return {(one.quantity, one.part, one.axis, one.statistic): one for one in changes}


def _at(way, q):
    """The same speeds and accelerations of coordinates in another posture."""
    moves = segment_kinematics(way.skeleton, q, way.moves.u, way.moves.udot)
    return replace(way, moves=moves)


def test_motion():
    """A runner lifted by 2 cm, and one whose hip bends 3 degrees more."""
    case, _ = smooth_run()
    one = Way(case.skeleton, segment_kinematics(case.skeleton, *case.motion), case.loads)
    q = one.moves.q.copy()
    names = list(case.skeleton.coordinates)
    q[:, names.index("pelvis_ty")] += 0.02
    other = _at(one, q)
    frames = np.zeros(len(q), dtype=bool)
    frames[10:50] = True
    groups = map_of("sprint").groups
    rows = _rows(motion_changes(one, other, groups, frames))
    up = rows["centre_of_mass", "whole body", "y", "mean"]
    assert up.after - up.before == pytest.approx(0.02, abs=1e-9)
    assert rows["centre_of_mass", "pelvis", "", "rms_change"].after == pytest.approx(0.02, abs=1e-9)
    assert rows["joint_angle", "pelvis_ty", "", "rms_change"].after == pytest.approx(0.02)
    assert rows["joint_angle", "knee_angle_r", "", "rms_change"].after == 0.0
    for group in groups:  # nobody's momentum about the centre of mass knows of the lift
        assert rows["angular_momentum", group, "y", "rms_change"].after < 1e-9
    knee = rows["joint_moment", "knee_angle_r", "", "correlation"]
    assert knee.after < 1.0  # the ground's force has another lever

    q = one.moves.q.copy()
    q[:, names.index("hip_flexion_r")] += np.radians(3.0)
    bent = _at(one, q)
    rows = _rows(motion_changes(one, bent, groups, frames))
    assert rows["joint_angle", "hip_flexion_r", "", "rms_change"].after == pytest.approx(3.0)
    same = rows["joint_moment", "elbow_flex_l", "", "correlation"].after
    assert same == pytest.approx(1.0, abs=1e-9)
