"""Alternative roles are partitions too, and flight rules change roles where they say."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from aqbio.mechanics.gait.groups import role_groups
from aqbio.mechanics.gait.role_options import (
    FlightRule,
    PelvisMember,
    right_pushes,
    role_weights,
    side_roles,
    weighted_sum,
)
from aqbio.mechanics.gait.steps import Step
from aqbio.names import ANATOMICAL_GROUPS

PELVIS_MEMBERS = get_args(PelvisMember)
FLIGHT_RULES = get_args(FlightRule)
STEP = Step(1, "right", 0.0, 0.1, 0.2, "ok", "")
TIME = np.linspace(0.0, 0.2, 21)


@pytest.mark.parametrize("stance", ["left", "right"])
@pytest.mark.parametrize("pelvis", [None, *PELVIS_MEMBERS])
@pytest.mark.parametrize("split_arms", [False, True])
def test_every_group_counts_once(stance, pelvis, split_arms):
    roles = role_weights(stance, pelvis=pelvis, split_arms=split_arms)
    sums = {
        group: sum(role.get(group, 0.0) for role in roles.values()) for group in ANATOMICAL_GROUPS
    }
    expected = dict.fromkeys(ANATOMICAL_GROUPS, 1.0)
    if pelvis == "out":
        expected["pelvis"] = 0.0
    assert sums == expected
    sides = side_roles(roles)
    both = {g: sum(side.get(g, 0.0) for side in sides.values()) for g in ANATOMICAL_GROUPS}
    assert both == expected


@pytest.mark.parametrize("stance", ["left", "right"])
def test_without_options_they_are_the_declared_roles(stance):
    declared = role_groups(stance)
    for role, weights in role_weights(stance).items():
        assert set(weights) == set(declared[role])
    for side, weights in side_roles(role_weights(stance)).items():
        assert set(weights) == set(declared[side])


def test_the_pelvis_moves_between_the_sides():
    values = np.eye(len(ANATOMICAL_GROUPS))[None]

    def swing(pelvis):
        weights = side_roles(role_weights("right", pelvis=pelvis))["swing_side"]
        return weighted_sum(values, ANATOMICAL_GROUPS, weights)[0, 0]

    assert [swing(member) for member in PELVIS_MEMBERS] == [0.0, 0.0, 1.0, 0.5, 0.0]


def test_flight_roles():
    """R1 never changes, R2 at 0.15 s, R3 where the left foot goes back faster than the right."""
    velocity = np.zeros((21, 2))
    velocity[:, 0] = np.where(TIME > 0.12, -5.0, 5.0)
    found = {rule: right_pushes(STEP, TIME, rule, velocity) for rule in FLIGHT_RULES}
    assert found["R1"].all()
    np.testing.assert_array_equal(found["R2"], TIME <= 0.15)
    np.testing.assert_array_equal(found["R3"], TIME <= 0.12)


def test_stance_is_stance_under_every_rule():
    stance = STEP.toe_off >= TIME
    velocity = np.tile([-9.0, 9.0], (21, 1))
    for rule in FLIGHT_RULES:
        assert right_pushes(STEP, TIME, rule, velocity)[stance].all()
