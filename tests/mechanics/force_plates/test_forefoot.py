"""The toes bear the ground's force where it presses ahead of their joint, and nothing behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.force_plates.ground_reactions import BLEND, shared_with_toes
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.virtual.athlete import athlete_skeleton
from tests.mechanics.levels_case import RUNNER, sprint_run

FORCE = 1500.0
JOINTS = ("mtp_l", "mtp_r")
SIDES = {"l": "foot_l", "r": "foot_r"}
MICROMETRE = 1e-6


@pytest.fixture(scope="module")
def standing():
    """A runner who stands still."""
    skeleton = athlete_skeleton(RUNNER)
    still = np.zeros((1, len(skeleton.coordinates)))
    return skeleton, segment_kinematics(skeleton, still, still, still)


def _pressed(standing, side: str, ahead: float) -> ExternalLoad:
    """A vertical force so far ahead of the joint of the toes, at its height."""
    skeleton, poses = standing
    joint = poses.joint_centre[:, skeleton.bodies.index(f"toes_{side}")]
    force = np.array([[0.0, FORCE, 0.0]])
    point = joint + np.array([[ahead, 0.0, 0.0]])
    load = ExternalLoad(SIDES[side], force, np.cross(point, force), np.zeros(3))
    return shared_with_toes([load], skeleton, poses, JOINTS, float(joint[0, 1]))[0]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("ahead", "share"),
    [
        (-0.08, 0.0), (-BLEND - MICROMETRE, 0.0), (-BLEND + MICROMETRE, 0.0), (-BLEND / 2, 0.15625),
        (0.0, 0.5), (BLEND / 2, 0.84375), (BLEND - MICROMETRE, 1.0), (BLEND + MICROMETRE, 1.0),
        (0.06, 1.0),
    ],
)  # fmt: skip
def test_share(standing, side, ahead, share):
    load = _pressed(standing, side, ahead)
    assert load.toes == f"toes_{side}"
    assert load.share == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("side", SIDES)
def test_moment_at_the_toes_is_force_times_way(standing, side):
    """Beside that of their weight; and no other joint notices who bears the force."""
    skeleton, poses = standing
    unloaded = inverse_dynamics(skeleton, poses)
    toes = skeleton.coordinates.index(f"mtp_angle_{side}")
    for ahead, expected in ((0.04, FORCE * 0.04), (-0.04, 0.0)):
        load = _pressed(standing, side, ahead)
        moments = inverse_dynamics(skeleton, poses, [load])
        assert abs(moments[0, toes] - unloaded[0, toes]) == pytest.approx(expected, abs=1e-9)
        whole = inverse_dynamics(skeleton, poses, [load.whole])
        others = np.arange(len(skeleton.coordinates)) != toes
        np.testing.assert_allclose(moments[:, others], whole[:, others], rtol=0, atol=1e-9)


def test_toes_that_do_not_turn_bear_nothing(standing):
    skeleton, poses = standing
    locked = np.array([name.startswith("mtp") for name in skeleton.coordinates])
    stiff = replace(skeleton, coordinate_locked=skeleton.coordinate_locked | locked)
    load = _pressed(standing, "r", 0.04).whole
    assert shared_with_toes([load], stiff, poses, JOINTS)[0] is load
    assert shared_with_toes([load], skeleton, poses, ())[0] is load


def test_a_foot_that_is_not_loaded_has_no_centre_of_pressure(standing):
    skeleton, poses = standing
    for force in (0.0, np.nan, 19.9):
        load = ExternalLoad("foot_r", np.full((1, 3), force), np.zeros((1, 3)), np.zeros(3))
        assert shared_with_toes([load], skeleton, poses, JOINTS)[0].share == 0.0


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_every_identity_holds_for_any_share(share):
    """Level C holds the mean of foot and toes, which answers with the force as they bear it."""
    case = sprint_run(seed=3)
    shared = case.with_loads(
        lambda load: replace(
            load, toes=load.body.replace("foot", "toes"), share=np.full(len(load.force), share)
        )
    )
    assert max(shared.identities().values()) < 1e-8
    found, before = shared.levels(), case.levels()
    same = before.induced["C2"]
    np.testing.assert_allclose(found.induced["C4"].force, same.force, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.induced["C4"].group_rate, same.group_rate, rtol=0, atol=1e-6)
    ankle = [found.induced["C2"].sources.index(name) for name in ("ankle_right", "mtp_right")]
    apart = np.abs(found.induced["C2"].force - same.force)[:, ankle].max()
    assert apart > 10.0  # who bears it decides what each of the two does
