"""Other roles by configuration: sums still close, and flight rules do what they are called."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.dataset import frames_in_contact
from aqbio.gait.curves import step_dataset
from aqbio.gait.roles import PelvisMember, RoleScheme
from aqbio.gait.signals import CHAINS, JOINT_ROLES
from aqbio.gait.steps import PERCENT, phase_mean
from aqbio.steps.rows import level_rows, step_table
from aqbio.steps.stage import curves_dataset
from tests.mechanics.levels_case import smooth_run
from tests.stages.made_contributions import MAP, made_trial
from tests.stages.made_levels import RIGHT, STEP, grounded, levels_trial
from tests.steps.cut import one_step
from tests.steps.test_curves import _steps

ROUND_OFF = 1e-9
KEYS = ["level", "source", "target", "axis", "phase", "statistic"]


@pytest.fixture(scope="module")
def trial():
    return made_trial()


@pytest.fixture(scope="module")
def levels():
    case, time = smooth_run(60)
    return levels_trial(grounded(case, frames_in_contact(time, [RIGHT])), time, [RIGHT])[1]


def _momentum(trial, step, scheme):
    values = one_step(trial, step, scheme)["angular_momentum"]
    return {item: values[:, :, place] for place, item in enumerate(scheme.items)}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("pelvis", get_args(PelvisMember))
@pytest.mark.parametrize("arms", ["together", "split"])
@pytest.mark.parametrize("flight", ["R1", "R2", "R3"])
def test_groups_and_sides_add_up_to_the_whole_body(trial, number, pelvis, arms, flight):
    step, scheme = _steps(trial)[number], RoleScheme(pelvis, arms, flight)
    told = _momentum(trial, step, scheme)
    declared = _momentum(trial, step, RoleScheme())
    np.testing.assert_allclose(told["total"], declared["total"], atol=ROUND_OFF)
    groups = sum(told[name] for name in scheme.partition)
    np.testing.assert_allclose(groups, told["total"], atol=ROUND_OFF)
    sides = told["push_side"] + told["swing_side"]
    if pelvis == "out":
        sides = sides + told["pelvis"]
    np.testing.assert_allclose(sides, told["total"], atol=ROUND_OFF)
    if arms == "split":
        both = told["arm_push"] + told["arm_swing"]
        np.testing.assert_allclose(both, told["arms"], atol=ROUND_OFF)
    assert np.isnan(told["pelvis"]).all() == ("pelvis" not in scheme.partition)


@pytest.mark.parametrize("pelvis", ["push_leg", "swing_leg", "legs"])
def test_the_pelvis_goes_where_it_is_told(trial, pelvis):
    step = _steps(trial)[1]
    own, told = (_momentum(trial, step, scheme) for scheme in (RoleScheme(), RoleScheme(pelvis)))
    share = {"push_leg": (1.0, 0.0), "swing_leg": (0.0, 1.0), "legs": (0.5, 0.5)}[pelvis]
    for leg, weight in zip(("push_leg", "swing_leg"), share, strict=True):
        expected = own[leg] + weight * own["pelvis"]
        np.testing.assert_allclose(told[leg], expected, atol=ROUND_OFF)
    np.testing.assert_allclose(told["swing_side"], told["swing_leg"], atol=0)


@pytest.mark.parametrize("number", [0, 1])
def test_roles_change_in_mid_flight_under_r2(trial, number):
    """Legs, chains and joints together; the whole body, forces and the stance stay."""
    step = _steps(trial)[number]
    own, told = (one_step(trial, step, RoleScheme(flight=r)) for r in ("R1", "R2"))
    later = PERCENT > 0.5
    items = RoleScheme().items
    pairs = {
        "angular_momentum": [(items.index("push_leg"), items.index("swing_leg"))],
        "hub_moment": [(CHAINS.index("leg_push"), CHAINS.index("leg_swing"))],
        "joint_moment": [
            (JOINT_ROLES.index(f"{joint}_push"), JOINT_ROLES.index(f"{joint}_swing"))
            for joint in ("hip", "shoulder")
        ],
    }
    for name, places in pairs.items():
        before, after = own[name], told[name]
        np.testing.assert_array_equal(after[0], before[0])
        for push, swing in places:
            for one, other in ((push, swing), (swing, push)):
                np.testing.assert_array_equal(after[1, ~later, one], before[1, ~later, one])
                np.testing.assert_allclose(
                    after[1, later, one], before[1, later, other], atol=ROUND_OFF
                )
    for name in ("ground_force", "external_moment", "residual_moment"):
        np.testing.assert_array_equal(told[name], own[name])
    swapped = own["joint_flexion_moment"][1, later, JOINT_ROLES.index("hip_swing")]
    found = told["joint_flexion_moment"][1, later, JOINT_ROLES.index("hip_push")]
    np.testing.assert_allclose(found, swapped, atol=ROUND_OFF)


def test_the_foot_that_moves_backward_pushes_under_r3(trial):
    """The left foot goes back from 0.115 to 0.345 s: after 0.345 s of the left step, the right."""
    step = _steps(trial)[0]
    own, told = (_momentum(trial, step, RoleScheme(flight=r)) for r in ("R1", "R3"))
    at = step.toe_off + PERCENT * step.flight
    left = (at > 0.115) & (at < 0.345) & (at > step.toe_off)
    assert left.any()
    np.testing.assert_allclose(told["push_leg"][1, left], own["swing_leg"][1, left], atol=ROUND_OFF)
    np.testing.assert_allclose(
        told["push_leg"][1, ~left], own["push_leg"][1, ~left], atol=ROUND_OFF
    )


@pytest.mark.parametrize("flight", ["R1", "R2"])
def test_rows_are_the_means_of_the_curves(levels, flight):
    """Level B in flight by another way; work of both sides together does not depend on roles."""
    scheme = RoleScheme(flight=flight)
    rows = pd.DataFrame(level_rows(levels, STEP, scheme)).set_index(KEYS)["value"]
    declared = pd.DataFrame(level_rows(levels, STEP)).set_index(KEYS)["value"]
    stance = rows.index.get_level_values("phase") != "flight"
    np.testing.assert_array_equal(rows[stance], declared[stance])
    cut = step_dataset(levels, [STEP], MAP, scheme).isel(step=0)
    curve = cut["hub_moment"].sel(phase="flight").values
    for chain in ("leg_push", "leg_swing", "upper_body"):
        expected = phase_mean(curve[:, CHAINS.index(chain), 1])
        found = rows["B", chain, "pelvis", "y", "flight", "moment_mean"]
        assert found == pytest.approx(expected, rel=1e-12)
    for sign in ("positive", "negative"):
        both, before = (
            sum(
                told["B", f"hip_{side}", "whole_body", "all", "flight", f"work_{sign}"]
                for side in ("push", "swing")
            )
            for told in (rows, declared)
        )
        assert both == pytest.approx(before, rel=1e-9)


def test_tables_and_files_say_which_roles_they_hold(trial):
    scheme = RoleScheme(pelvis="legs", arms="split", flight="R2")
    columns = step_table(scheme.items)
    assert "H_arm_swing_y_stance_mean_kgm2ps" in columns
    data = curves_dataset([], scheme)
    assert data["group"].values.tolist() == list(scheme.items)
    assert data.attrs["partition"] == ["push_leg", "swing_leg", "arm_push", "arm_swing", "torso"]
    assert "half of the pelvis" in data.attrs["roles"]
    assert data.attrs["flight_roles"] == "R2"
