"""Evidence of a step: arms one by one, by role, and seen in a mirror for left contacts."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.gait.steps import Step
from aqbio.multiverse.step_rows import ARM_ROLES, evidence_curves, step_numbers, stored_curves
from aqbio.names import ANATOMICAL_GROUPS, AXES, ROLE_GROUPS, SIDES
from aqbio.stats.step_numbers import evidence_columns
from tests.stages.made_contributions import MAP, coordinates

FRAMES = 201
TIME = np.linspace(0.0, 1.0, FRAMES)
STEPS = (Step(1, "left", 0.1, 0.25, 0.4, "ok", ""), Step(2, "right", 0.4, 0.55, 0.7, "ok", ""))


def _trial(groups=ANATOMICAL_GROUPS):
    """Momenta that are straight lines in time: splines give them back to round-off."""
    random = np.random.default_rng(1)
    start, rate = random.standard_normal((2, len(groups), 3))
    one = (("time", "axis"), np.ones((FRAMES, 3)))
    by_group = ("time", "group", "axis")
    return xr.Dataset(
        {
            "group_angular_momentum": (by_group, start + TIME[:, None, None] * rate),
            "relative_force": (by_group, np.ones((FRAMES, len(groups), 3))),
            "ground_force": (("time", "foot", "axis"), np.ones((FRAMES, 2, 3))),
            "external_moment": one,
            "com": one,
            "com_velocity": one,
            "joint_moment_coordinate": (
                ("time", "coordinate"),
                np.ones((FRAMES, len(coordinates()))),
            ),
        },
        coords={
            "time": TIME,
            "group": list(groups),
            "coordinate": list(coordinates()),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={"belt_speed": 0.0},
    )


def _momentum(trial, *roles):
    """(2, 2, 101, roles, 3) of both steps."""
    curves = evidence_curves(trial, STEPS, MAP)
    return curves["angular_momentum"].sel(group=list(roles)).values


@pytest.mark.parametrize(("place", "sides", "sign"), [(0, "lr", -1.0), (1, "rl", 1.0)])
def test_an_arm_is_named_after_the_leg_of_its_side(place, sides, sign):
    trial = _trial()
    arms = _momentum(trial, *ARM_ROLES)[place]
    at = STEPS[place].touchdown + 0.15 * np.linspace(0.0, 1.0, 101)
    for column, side in enumerate(sides):
        name = {"l": "arm_left", "r": "arm_right"}[side]
        values = trial["group_angular_momentum"].sel(group=name, axis="y").values
        expected = sign * np.interp(at, TIME, values)
        np.testing.assert_allclose(arms[0, :, column, 1], expected, atol=1e-9)


def test_a_model_without_arms_has_none():
    legs = tuple(name for name in ANATOMICAL_GROUPS if not name.startswith("arm"))
    arms = _momentum(_trial(legs), *ARM_ROLES)
    assert arms.shape == (len(STEPS), 2, 101, len(ARM_ROLES), 3)
    assert np.isnan(arms).all()
    assert np.isfinite(_momentum(_trial(legs), "push_leg")).all()
    assert set(ROLE_GROUPS) <= set(evidence_curves(_trial(legs), STEPS, MAP)["group"].values)


def test_the_index_of_the_swing_leg_is_that_of_hip_and_knee():
    """Moments of 3, 4 and 12 N m at hip, knee and ankle: 13 for the push leg, 5 for the other."""
    trial = _trial()
    for joint, moment in {"hip": 3.0, "knee": 4.0, "ankle": 12.0}.items():
        names = list(MAP.sagittal[joint].model_dump().values())
        trial["joint_moment_coordinate"].loc[{"coordinate": names}] = moment
    numbers = step_numbers(evidence_curves(trial, STEPS, MAP), STEPS)
    np.testing.assert_allclose(numbers["push_index"], 13.0)
    np.testing.assert_allclose(numbers["swing_index"], 5.0)
    np.testing.assert_allclose(numbers["log_ratio_moments"], np.log(13.0 / 5.0))


def test_a_leg_whose_coordinate_the_model_lacks_has_no_index():
    """Not an index of the moments that are left."""
    trial = _trial()
    knee = MAP.sagittal["knee"].left
    lacking = trial.sel(coordinate=[one for one in coordinates() if one != knee])
    numbers = step_numbers(evidence_curves(lacking, STEPS, MAP), STEPS)
    assert numbers["push_index"].isna().tolist() == [True, False]
    assert numbers["swing_index"].isna().tolist() == [False, True]
    assert numbers["log_ratio_moments"].isna().all()


def test_a_trial_without_steps_has_all_columns():
    every, none = (step_numbers(evidence_curves(_trial(), own, MAP), own) for own in (STEPS, ()))
    assert list(none) == list(every)
    assert not len(none)
    assert {*every} < set(evidence_columns())


def test_numbers_of_a_step_are_those_of_its_curves():
    """Straight lines in time: the cosine of arms and push leg by sums over 101 samples."""
    curves = evidence_curves(_trial(), STEPS, MAP)
    arms, push = (
        curves["angular_momentum"].sel(phase="stance", group=one, axis="y").values
        for one in ("arms", "push_leg")
    )
    expected = (arms * push).sum(1) / np.sqrt((arms**2).sum(1) * (push**2).sum(1))
    numbers = step_numbers(curves, STEPS)
    np.testing.assert_allclose(numbers["arms_push_cosine"], expected, rtol=1e-12)
    assert numbers["shows_arms"].tolist() == numbers["shows_legs"].tolist() == [1.0, 1.0]


def test_what_is_stored_is_part_of_the_step_dataset():
    """Same names, dimensions and numbers as the cut: nothing has a layout of its own."""
    trial = _trial()
    trial["group_angular_momentum_rate"] = 2.0 * trial["group_angular_momentum"]
    by_chain = (("time", "chain", "axis"), np.ones((FRAMES, 4, 3)))
    trial = trial.assign(hub_moment=by_chain, hub_force_moment=by_chain)
    trial = trial.assign_coords(chain=["leg_left", "leg_right", "upper_body", "residual"])
    curves = evidence_curves(trial, STEPS, MAP, "angular_momentum_rate", "hub_moment")
    stored = stored_curves(curves, "run")
    for name in ("angular_momentum", "angular_momentum_rate", "hub_moment"):
        assert set(stored[name].dims) <= set(curves[name].dims)
        labels = {one: own.values for one, own in stored[name].coords.items() if one in own.dims}
        stance = {} if "phase" in stored[name].dims else {"phase": "stance", "axis": "y"}
        chosen = curves[name].sel(stance).sel(labels)
        np.testing.assert_array_equal(stored[name].values, chosen.values)
    assert stored["trial_id"].values.tolist() == ["run", "run"]
