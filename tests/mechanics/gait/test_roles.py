"""Every way to cut a runner is a partition, and flight rules change roles where they say."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from aqbio.gait.roles import (
    FlightRule,
    PelvisMember,
    RoleScheme,
    anatomical_name,
    by_role,
    exchanged_in_flight,
    moment_matrix,
    named_matrix,
    role_name,
    with_pelvis,
)
from aqbio.gait.steps import PERCENT
from aqbio.names import ANATOMICAL_GROUPS, ROLE_GROUPS, ROLE_SIDES

PELVIS_MEMBERS = get_args(PelvisMember)
SOURCES = (
    "hip_left", "hip_right", "mtp_right", "lumbar", "shoulder_left", "elbow_right", "gravity",
    "other", "residual",
)  # fmt: skip


def _rows(scheme, stance, groups=ANATOMICAL_GROUPS):
    return dict(zip(scheme.items, scheme.matrix(stance, groups), strict=True))


# groups -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stance", ["left", "right"])
def test_the_declared_roles(stance):
    """As science and docs say it, part by part."""
    other = {"left": "right", "right": "left"}[stance]
    declared = {
        "push_leg": {f"leg_{stance}"},
        "swing_leg": {f"leg_{other}"},
        "arms": {"arm_left", "arm_right"},
        "torso": {"torso"},
        "pelvis": {"pelvis"},
    }
    declared |= {side: set().union(*(declared[m] for m in ROLE_SIDES[side])) for side in ROLE_SIDES}
    declared["total"] = set(ANATOMICAL_GROUPS)
    for item, row in _rows(RoleScheme(), stance).items():
        expected = [float(group in declared[item]) for group in ANATOMICAL_GROUPS]
        np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("stance", ["left", "right"])
@pytest.mark.parametrize("pelvis", PELVIS_MEMBERS)
@pytest.mark.parametrize("arms", ["together", "split"])
def test_every_group_counts_once(stance, pelvis, arms):
    scheme = RoleScheme(pelvis, arms)
    rows = _rows(scheme, stance)
    np.testing.assert_array_equal(sum(rows[name] for name in scheme.partition), 1.0)
    np.testing.assert_array_equal(rows["total"], 1.0)
    expected = [float((pelvis, group) != ("out", "pelvis")) for group in ANATOMICAL_GROUPS]
    np.testing.assert_array_equal(rows["push_side"] + rows["swing_side"], expected)
    merged = set(ROLE_GROUPS) - set(scheme.partition) - {"arms"}
    assert all(np.isnan(rows[name]).all() for name in merged)


@pytest.mark.parametrize("pelvis", PELVIS_MEMBERS)
def test_the_pelvis_moves_among_roles_as_in_the_anatomy(pelvis):
    """A pelvis moved after the sum is one moved before it, wherever it has a group to be in."""
    values = np.random.default_rng(1).normal(size=(7, len(ANATOMICAL_GROUPS), 3))
    declared = by_role(values, RoleScheme().matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS))
    moved = by_role(values, RoleScheme(pelvis).matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS))
    if pelvis not in ("torso", "out"):
        assert np.isnan(moved[:, -1]).all()
    if pelvis != "torso":
        moved[:, -1] = 0.0
    np.testing.assert_allclose(with_pelvis(declared, pelvis), moved, atol=1e-15)


# sums -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_what_no_role_needs_may_be_unknown(axis):
    """A lost right arm takes arms, push side and total of its frames, and nothing else."""
    values = np.random.default_rng(2).normal(size=(6, 6, 6))
    arm = ANATOMICAL_GROUPS.index("arm_right")
    lost = np.moveaxis(values.copy(), axis, 0)
    lost[arm, 2] = np.nan
    matrix, items = RoleScheme().matrix("right"), RoleScheme().items
    found = np.moveaxis(by_role(np.moveaxis(lost, 0, axis), matrix, axis), axis, 0)
    whole = np.moveaxis(by_role(values, matrix, axis), axis, 0)
    needs = [items.index(name) for name in ("arms", "push_side", "total")]
    assert np.isnan(found[needs][:, 2]).all()
    whole[np.ix_(needs, [2])] = np.nan
    np.testing.assert_allclose(found, whole, rtol=1e-12)


# names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stance", ["left", "right"])
def test_names_there_and_back(stance):
    for name in SOURCES:
        assert anatomical_name(role_name(name, stance), stance) == name


@pytest.mark.parametrize("stance", ["left", "right"])
def test_named_rows_take_what_has_their_name(stance):
    values = np.arange(float(len(SOURCES)))[None]
    names = [role_name(name, stance) for name in SOURCES]
    found = by_role(values, named_matrix([*names[::-1], "wrist_push"], SOURCES, stance))
    np.testing.assert_array_equal(found[0], [*values[0, ::-1], np.nan])


# moments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stance", ["left", "right"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_both_sides_are_all_joint_moments(stance, share):
    joints = [float(name not in SOURCES[-3:]) for name in SOURCES]
    both = moment_matrix(SOURCES, stance, lumbar_swing_share=share).sum(axis=0)
    np.testing.assert_array_equal(both, joints)


# flight -----------------------------------------------------------------------------------------


def test_flight_roles():
    """R1 never changes, R2 in mid-flight, R3 where the swing foot goes back faster."""
    feet = np.zeros((2, 101, 2))
    feet[..., 1] = np.where(PERCENT < 0.7, -5.0, 5.0)
    found = {rule: exchanged_in_flight(rule, feet) for rule in get_args(FlightRule)}
    assert not found["R1"].any()
    np.testing.assert_array_equal(found["R2"], np.tile(PERCENT > 0.5, (2, 1)))
    np.testing.assert_array_equal(found["R3"], np.tile((PERCENT > 0) & (PERCENT < 0.7), (2, 1)))


def test_the_stance_leg_pushes_at_toe_off_under_every_rule():
    feet = np.tile([9.0, -9.0], (101, 1))
    assert not any(exchanged_in_flight(rule, feet)[0] for rule in get_args(FlightRule))
