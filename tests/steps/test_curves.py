"""Curves of a step: roles, mirror, balance and signs, on a trial whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import JOINT_ROLES
from aqbio.gait.steps import PERCENT, Contact, steps_from_contacts
from aqbio.steps.stage import curves_dataset, kept_curves
from tests.mirror import mirrored_axial, mirrored_polar
from tests.stages.made_contributions import CONTACTS, MASS, made_trial, mirrored_trial
from tests.steps.cut import ROLES, cut_steps, one_step

ROUND_OFF = 1e-9


def _steps(trial):
    contacts = [
        Contact(str(foot), touchdown, toe_off, True, 0.2)
        for foot, touchdown, toe_off in zip(
            trial["contact_foot"].values, CONTACTS["touchdown"], CONTACTS["toe_off"], strict=True
        )
    ]
    return steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.015)


@pytest.fixture
def trial():
    return made_trial()


def _at(trial, variable, times, **labels):
    """Values at any time: the made curves are cubics, so a cubic fit is exact."""
    chosen = trial[variable].sel(**labels)
    flat = chosen.values.reshape(len(trial["time"]), -1)
    fit = np.polynomial.polynomial.polyfit(trial["time"].values, flat, 3)
    found = np.polynomial.polynomial.polyval(times, fit).T
    return found.reshape(len(times), *chosen.shape[1:])


def test_left_stance_changes_roles_and_is_mirrored(trial):
    step = _steps(trial)[1]
    curves = one_step(trial, step)
    times = step.toe_off + PERCENT * step.flight
    found = curves["angular_momentum_rate"][1]
    for role, group in (("push_leg", "leg_left"), ("swing_leg", "leg_right"), ("pelvis", "pelvis")):
        expected = mirrored_axial(_at(trial, "group_angular_momentum_rate", times, group=group))
        np.testing.assert_allclose(found[:, ROLES.index(role)], expected, atol=ROUND_OFF)
    force = _at(trial, "ground_force", step.touchdown + PERCENT * step.contact, foot="left")
    np.testing.assert_allclose(curves["ground_force"][0], mirrored_polar(force), atol=1e-6)


def test_balance_holds_in_every_step(trial):
    """Total rate = external moment + residual; the free moment is a part of the external one."""
    for step in _steps(trial)[:2]:
        v = one_step(trial, step)
        total = v["angular_momentum_rate"][:, :, ROLES.index("total")]
        explained = v["external_moment"] + v["residual_moment"]
        np.testing.assert_allclose(total, explained, atol=ROUND_OFF)
        parts = v["moment_of_force"] + v["free_moment"]
        np.testing.assert_allclose(v["external_moment"], parts, atol=ROUND_OFF)


def test_a_mirrored_run_has_the_same_canonical_curves(trial):
    """Every curve, sagittal moments included: only the name of the stance foot differs."""
    mirrored = mirrored_trial(trial)
    for ours, theirs in zip(_steps(trial)[:2], _steps(mirrored)[:2], strict=True):
        assert ours.side != theirs.side
        before, after = one_step(trial, ours), one_step(mirrored, theirs)
        for name, values in before.data_vars.items():
            np.testing.assert_allclose(after[name], values, atol=ROUND_OFF, err_msg=name)
        assert after["speed"].item() == pytest.approx(before["speed"].item())


@pytest.mark.parametrize(
    ("role", "coordinate", "sign"),
    [
        ("knee_push", "knee_angle_r", -1),  # flexion positive: extension is its negative
        ("hip_swing", "hip_flexion_l", -1),
        ("lumbar", "lumbar_extension", 1),  # extension positive already
    ],
)
def test_sagittal_moments_are_positive_in_extension(trial, role, coordinate, sign):
    step = _steps(trial)[0]
    times = step.touchdown + PERCENT * step.contact
    found = one_step(trial, step)["joint_flexion_moment"][0, :, JOINT_ROLES.index(role)]
    force = _at(trial, "joint_moment_coordinate", times, coordinate=coordinate)
    np.testing.assert_allclose(found, sign * force, atol=ROUND_OFF)


def test_speed_is_the_mean_over_the_step_belt_included():
    """Whole step: displacement over duration; on a treadmill the belt carries the runner."""
    overground, treadmill = made_trial(speed=8.0), made_trial(speed=8.0, belt=8.0)
    assert abs(float(treadmill["com_velocity"][:, 0].mean())) < 1
    for trial in (overground, treadmill):
        step = _steps(trial)[0]
        times = np.linspace(step.touchdown, step.next_touchdown, 2001)
        velocity = _at(trial, "com_velocity", times, axis="x") + trial.attrs["belt_speed"]
        mean = np.trapezoid(velocity, times) / (times[-1] - times[0])
        # trapezoidal rule over 101 points of a smooth curve
        assert one_step(trial, step)["speed"].item() == pytest.approx(mean, rel=1e-6)


def test_without_arms_their_sums_are_missing_not_smaller(trial):
    """A model or recording without arms cannot say what push side and total carry."""
    armless = trial.sel(group=[g for g in trial["group"].values if "arm" not in str(g)])
    armless = armless.sel(joint=[j for j in trial["joint"].values if "shoulder" not in str(j)])
    curves = one_step(armless, _steps(trial)[0])
    momentum = curves["angular_momentum"][0]
    for index, role in enumerate(ROLES):
        missing = role in ("arms", "push_side", "total")
        assert np.isnan(momentum[:, index]).all() == missing, role
    moments = curves["joint_moment"][0]
    assert np.isnan(moments[:, JOINT_ROLES.index("shoulder_push")]).all()
    assert np.isfinite(moments[:, JOINT_ROLES.index("hip_push")]).all()


@pytest.mark.parametrize("name", ["moment_of_force", "free_moment", "ground_force"])
def test_unmeasured_forces_are_missing_not_zero(trial, name):
    """Forces that are not covered by the force file must not count as no force."""
    trial[name].loc[{"foot": "left"}] = np.nan
    step = _steps(trial)[1]
    vectors = one_step(trial, step)
    assert np.isnan(vectors[name][0]).any()


def test_all_steps_as_one_dataset(trial):
    steps = _steps(trial)
    rows = [
        {
            "participant_id": "P1",
            "trial_id": "fast",
            "condition": "normal",
            "step": step.number,
            "side": step.side,
            "speed_mps": 8.0,
            "contact_s": step.contact,
            "flight_s": step.flight,
            "mass_kg": MASS,
            "height_m": np.nan,
        }
        for step in steps[:2]
    ]
    cut = cut_steps(trial, steps)
    data = curves_dataset([kept_curves(cut, rows)], RoleScheme())
    assert data["angular_momentum"].dims == ("step", "phase", "percent", "group", "axis")
    assert data["external_moment"].dims == ("step", "phase", "percent", "axis")
    assert data["joint_flexion_moment"].dims == ("step", "phase", "percent", "joint")
    assert list(data["side"].values) == ["right", "left"]
    assert list(data["percent"].values[[0, -1]]) == [0.0, 100.0]
    one = data["angular_momentum"].isel(step=1).sel(phase="flight", group="arms").values
    expected = cut["angular_momentum"].isel(step=1).sel(phase="flight", group="arms")
    np.testing.assert_array_equal(one, expected.values.astype(np.float32))
