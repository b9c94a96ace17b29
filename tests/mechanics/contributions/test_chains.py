"""Hubs and chains of the sprint model, and of trees that cannot be cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.multibody.dynamics import pelvis_hub, torso_hub
from tests.mechanics.levels_case import sprint_run

LEG = {"femur", "tibia", "foot", "toes"}


def _names(skeleton, members):
    return {skeleton.bodies[body] for body in members}


def test_the_pelvis_carries_two_legs_and_an_upper_body():
    case = sprint_run()
    hub = pelvis_hub(case.skeleton, case.anatomy.groups)
    assert hub.sources == ("upper_body", "leg_left", "leg_right", "residual")
    left = next(chain for chain in hub.chains if chain.name == "leg_left")
    assert _names(case.skeleton, left.members) == {f"{name}_l" for name in LEG}
    assert _names(case.skeleton, left.roots) == {"femur_l"}
    matrix = hub.chain_matrix(len(case.skeleton.bodies))
    np.testing.assert_array_equal(matrix.sum(axis=0), np.arange(len(case.skeleton.bodies)) > 0)


def test_the_torso_carries_two_arms():
    case = sprint_run()
    hub = torso_hub(case.skeleton, case.anatomy.groups)
    assert hub.sources == ("arm_left", "arm_right", "lower_body")
    assert _names(case.skeleton, hub.chains[1].members) == {"humerus_r", "radius_r", "hand_r"}


def test_two_joints_between_hub_and_group_make_one_chain():
    """A group that hangs on the hub by two segments is still one chain."""
    case = sprint_run()
    groups = dict(case.anatomy.groups)
    groups["pelvis"] = ("pelvis", *groups["torso"])
    groups["torso"] = (*groups.pop("arm_left"), *groups.pop("arm_right"))
    hub = pelvis_hub(case.skeleton, groups)
    upper = next(chain for chain in hub.chains if chain.name == "upper_body")
    assert _names(case.skeleton, upper.roots) == {"humerus_l", "humerus_r"}
    assert len(upper.members) == 6


def test_trees_that_cannot_be_cut_at_the_pelvis_are_refused():
    case = sprint_run()
    groups = dict(case.anatomy.groups)
    with pytest.raises(ValueError, match="group pelvis are not connected"):
        pelvis_hub(case.skeleton, {**groups, "pelvis": ("pelvis", "foot_l")})
    others = ("pelvis", "tibia_l", "foot_l", "toes_l")
    with pytest.raises(ValueError, match="the pelvis hangs on pelvis"):
        pelvis_hub(case.skeleton, {**groups, "pelvis": ("femur_l",), "leg_left": others})
    parent = case.skeleton.parent.copy()
    parent[case.skeleton.bodies.index("femur_l")] = -1
    with pytest.raises(ValueError, match=r"femur_l.*do not hang on the pelvis"):
        pelvis_hub(replace(case.skeleton, parent=parent), groups)
