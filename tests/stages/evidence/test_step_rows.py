"""Evidence of a step: arms one by one, by role, and seen in a mirror for left contacts."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.mechanics.gait.steps import Step
from aqbio.names import ANATOMICAL_GROUPS, AXES, ROLE_GROUPS, SIDES
from aqbio.stages.evidence.step_rows import ARM_ROLES, evidence_curves, step_numbers
from tests.stages.made_contributions import MAP, coordinates

FRAMES = 201
TIME = np.linspace(0.0, 1.0, FRAMES)
STEPS = (
    Step(1, "left", 0.1, 0.25, 0.4, "ok", ""),
    Step(2, "right", 0.4, 0.55, 0.7, "ok", ""),
)


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


def test_both_arms_add_up():
    single, both = _momentum(_trial(), *ARM_ROLES), _momentum(_trial(), "arms")
    np.testing.assert_allclose(single.sum(axis=3), both[:, :, :, 0], atol=1e-9)


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
    for row in step_numbers(evidence_curves(trial, STEPS, MAP), STEPS):
        assert row["push_index"] == pytest.approx(13.0)
        assert row["swing_index"] == pytest.approx(5.0)


def test_a_leg_whose_coordinate_the_model_lacks_has_no_index():
    """Not an index of the moments that are left."""
    trial = _trial()
    knee = MAP.sagittal["knee"].left
    lacking = trial.sel(coordinate=[one for one in coordinates() if one != knee])
    left, right = step_numbers(evidence_curves(lacking, STEPS, MAP), STEPS)
    for without, whole in (
        (left["push_index"], left["swing_index"]),
        (right["swing_index"], right["push_index"]),
    ):
        assert np.isnan(without)
        assert np.isfinite(whole)
