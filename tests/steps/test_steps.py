"""Curves and rows of steps: roles, mirrors, balance, spreads, budgets and other models."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.contributions.dataset import frames_in_contact
from aqbio.contributions.step_outcomes import ANKLE_TOES, INDETERMINATE, INDETERMINATE_LEVEL, caused
from aqbio.gait.curves import SPREADS, step_dataset
from aqbio.gait.roles import PelvisMember, RoleScheme
from aqbio.gait.signals import CHAINS, JOINT_ROLES
from aqbio.gait.steps import PERCENT, Contact, Step, phase_mean, steps_from_contacts
from aqbio.intervals.step_uncertainty import (
    NAMES,
    ROUND_OFF,
    half_widths,
    stance_sds,
    trial_budget,
    uncertainty_budget,
)
from aqbio.io.dictionary import columns
from aqbio.names import NORMAL_95
from aqbio.steps.other_models import (
    curve_sds,
    model_sds,
    outcome_differences,
    same_steps,
    with_model,
)
from aqbio.steps.rows import level_rows
from aqbio.steps.stage_tables import OUTCOME, contribution_means
from tests.mechanics.levels_case import smooth_run
from tests.mirror import mirrored_axial, mirrored_polar
from tests.stages.made_contributions import CONTACTS, MAP, made_trial, mirrored_trial
from tests.stages.made_levels import RIGHT, STEP, grounded, levels_trial
from tests.steps.cut import ROLES, one_step

# curves ------------------------------------------------------------------------------------------

CLOSE = 1e-9


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
        np.testing.assert_allclose(found[:, ROLES.index(role)], expected, atol=CLOSE)
    force = _at(trial, "ground_force", step.touchdown + PERCENT * step.contact, foot="left")
    np.testing.assert_allclose(curves["ground_force"][0], mirrored_polar(force), atol=1e-6)


def test_balance_holds_in_every_step(trial):
    """Total rate = external moment + residual; the free moment is a part of the external one."""
    for step in _steps(trial)[:2]:
        v = one_step(trial, step)
        total = v["angular_momentum_rate"][:, :, ROLES.index("total")]
        explained = v["external_moment"] + v["residual_moment"]
        np.testing.assert_allclose(total, explained, atol=CLOSE)
        parts = v["moment_of_force"] + v["free_moment"]
        np.testing.assert_allclose(v["external_moment"], parts, atol=CLOSE)


def test_a_mirrored_run_has_the_same_canonical_curves(trial):
    """Every curve, sagittal moments included: only the name of the stance foot differs."""
    mirrored = mirrored_trial(trial)
    for ours, theirs in zip(_steps(trial)[:2], _steps(mirrored)[:2], strict=True):
        assert ours.side != theirs.side
        before, after = one_step(trial, ours), one_step(mirrored, theirs)
        for name, values in before.data_vars.items():
            np.testing.assert_allclose(after[name], values, atol=CLOSE, err_msg=name)
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
    np.testing.assert_allclose(found, sign * force, atol=CLOSE)


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


# roles -------------------------------------------------------------------------------------------

ROW_KEYS = ["level", "source", "target", "axis", "phase", "statistic"]


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
    np.testing.assert_allclose(told["total"], declared["total"], atol=CLOSE)
    groups = sum(told[name] for name in scheme.partition)
    np.testing.assert_allclose(groups, told["total"], atol=CLOSE)
    sides = told["push_side"] + told["swing_side"]
    if pelvis == "out":
        sides = sides + told["pelvis"]
    np.testing.assert_allclose(sides, told["total"], atol=CLOSE)
    if arms == "split":
        both = told["arm_push"] + told["arm_swing"]
        np.testing.assert_allclose(both, told["arms"], atol=CLOSE)
    assert np.isnan(told["pelvis"]).all() == ("pelvis" not in scheme.partition)


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
                    after[1, later, one], before[1, later, other], atol=CLOSE
                )
    for name in ("ground_force", "external_moment", "residual_moment"):
        np.testing.assert_array_equal(told[name], own[name])
    swapped = own["joint_flexion_moment"][1, later, JOINT_ROLES.index("hip_swing")]
    found = told["joint_flexion_moment"][1, later, JOINT_ROLES.index("hip_push")]
    np.testing.assert_allclose(found, swapped, atol=CLOSE)


def test_the_foot_that_moves_backward_pushes_under_r3(trial):
    """The left foot goes back from 0.115 to 0.345 s: after 0.345 s of the left step, the right."""
    step = _steps(trial)[0]
    own, told = (_momentum(trial, step, RoleScheme(flight=r)) for r in ("R1", "R3"))
    at = step.toe_off + PERCENT * step.flight
    left = (at > 0.115) & (at < 0.345) & (at > step.toe_off)
    assert left.any()
    np.testing.assert_allclose(told["push_leg"][1, left], own["swing_leg"][1, left], atol=CLOSE)
    np.testing.assert_allclose(told["push_leg"][1, ~left], own["push_leg"][1, ~left], atol=CLOSE)


@pytest.mark.parametrize("flight", ["R1", "R2"])
def test_rows_are_the_means_of_the_curves(levels, flight):
    """Level B in flight by another way; work of both sides together does not depend on roles."""
    scheme = RoleScheme(flight=flight)
    rows = pd.DataFrame(level_rows(levels, STEP, scheme)).set_index(ROW_KEYS)["value"]
    declared = pd.DataFrame(level_rows(levels, STEP)).set_index(ROW_KEYS)["value"]
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


# caused ------------------------------------------------------------------------------------------

SIGNALS = {
    "induced_ground_force": (),
    "induced_pelvis_acceleration": (),
    "induced_momentum_rate": ("target",),
}


def _caused_curves(sources):
    labels = {
        "contact_model": ["C1", "C2"], "target": ["push_side", "swing_side", "whole_body"],
        "source": list(sources), "axis": list("xyz"),
    }  # fmt: skip
    found = {}
    for name, more in SIGNALS.items():
        dimensions = ("contact_model", "source", *more, "axis")
        found[name] = (dimensions, np.ones([len(labels[one]) for one in dimensions]))
    return xr.Dataset(found, coords=labels)


@pytest.mark.parametrize("toes", [True, False])
def test_each_of_ankle_and_toes_is_told_where_the_foot_is_one_piece_only(toes):
    """A model without toes has no other source for its ankle: no outcome may leave it out."""
    both = (ANKLE_TOES, *INDETERMINATE) if toes else ("ankle_push",)
    curves = _caused_curves(("hip_push", *both, "gravity"))
    for outcome in caused(curves):
        sources = outcome.values(curves)[0]
        if outcome.level.startswith(INDETERMINATE_LEVEL):
            assert sources == list(INDETERMINATE)
        else:
            assert sources == ["hip_push", both[0], "gravity"], (outcome.level, outcome.target)


# means -------------------------------------------------------------------------------------------

WHERE = ["participant_id", "trial_id", "step"]


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two trials of ten steps, one of them of no condition; an outcome that some steps lack."""
    rng = np.random.default_rng(4)
    steps = pd.DataFrame(
        [
            {"participant_id": "A", "trial_id": trial, "step": n, "condition": condition,
             "side": ("left", "right")[n % 2]}
            for trial, condition in (("one", "free"), ("two", None))
            for n in range(10)
        ]
    )  # fmt: skip
    rows = pd.concat(
        steps[WHERE].assign(
            **dict.fromkeys(OUTCOME, "same") | {"source": source},
            value=rng.normal(size=len(steps)), low=-1.0, high=2.0,
        )
        for source in ("arms", "torso")
    )  # fmt: skip
    rows.loc[(rows["source"] == "torso") & (rows["step"] < 8), "value"] = np.nan
    text = [*WHERE[:2], *OUTCOME]
    return rows.astype(dict.fromkeys(text, "category")), steps


def test_means_are_those_of_the_steps(tables):
    rows, steps = tables
    found = contribution_means(rows, steps)
    assert set(found) == set(columns("contribution_means"))
    assert len(found) == 2 * 2 * 2
    for one in found.to_dict("records"):
        named = (
            steps["condition"].isna() if pd.isna(one["condition"]) else steps["condition"] == "free"
        )
        own = rows.merge(steps[named & (steps["side"] == one["side"])][WHERE])
        own = own.loc[own["source"] == one["source"], "value"].dropna()
        assert one["steps"] == len(own) == (5 if one["source"] == "arms" else 1)
        assert one["mean"] == pytest.approx(own.mean())
        assert one["sd"] == pytest.approx(own.std(), nan_ok=True)
        assert (one["low"], one["high"]) == (-1.0, 2.0)


def test_a_step_of_another_trial_with_the_same_number_is_another(tables):
    rows, steps = tables
    first = contribution_means(rows[rows["trial_id"] == "one"], steps)
    assert set(first["condition"]) == {"free"}
    with pytest.raises(pd.errors.MergeError):
        contribution_means(rows, pd.concat([steps, steps]))


# other models ------------------------------------------------------------------------------------

ONE = Step(1, "left", 1.0, 1.1, 1.2, "ok", "")
OF_ARMS = ("A", "arms", "whole_body", "momentum_mean", "kg m2/s")
OF_TORSO = ("A", "torso", "whole_body", "momentum_mean", "kg m2/s")


def _rows(*values, axis="y", outcome=OF_ARMS):
    return pd.DataFrame(
        [
            dict(zip(NAMES, outcome, strict=True)) | {"axis": axis, "step": n, "value": value}
            for n, value in enumerate(values)
        ]
    )


def _two_outcomes(drawn):
    """Sds of two outcomes on y, of one source: the left foot's; nothing was drawn of the right."""
    sds = np.full((1, 2, 2, 3), np.nan)
    sds[0, 0] = 0.0
    sds[0, 0, :, 1] = drawn
    names = {f"outcome_{name}": [OF_ARMS[n], OF_TORSO[n]] for n, name in enumerate(NAMES)}
    return xr.Dataset(
        {"interval_sd": (("uncertainty_source", "stance_foot", "outcome", "axis"), sds)},
        coords={
            "uncertainty_source": ["inertia"],
            "stance_foot": ["left", "right"],
            "axis": ["x", "y", "z"],
            **{name: ("outcome", own) for name, own in names.items()},
        },
    )


@pytest.mark.parametrize(("late", "together"), [(0.049, True), (0.051, False), (-0.049, True)])
def test_steps_of_one_foot_that_begin_within_half_a_contact_are_the_same(late, together):
    other = replace(ONE, touchdown=1.0 + late, toe_off=1.1 + late)
    assert bool(same_steps([ONE], [other])) == together
    assert not same_steps([ONE], [replace(other, side="right")])


def test_differences_are_of_steps_and_axes_that_both_models_know():
    own = pd.concat([_rows(1.0, 2.0, 3.0), _rows(5.0, axis="x"), _rows(1.0, outcome=OF_TORSO)])
    other = pd.concat([_rows(2.0, 0.0, np.nan), _rows(5.5, axis="x")])
    found = outcome_differences(own, other).set_index("axis")
    assert found["source"].tolist() == ["arms", "arms"]  # the other model has no torso
    arms = found.loc["y"]
    assert (arms["steps"], arms["own"], arms["other"]) == (2, 1.5, 1.0)
    assert arms["difference"] == -0.5
    assert arms["rms"] == pytest.approx(np.sqrt((1.0 + 4.0) / 2))  # a mean of 0.5 hides it
    assert found.loc["x", "rms"] == 0.5


def test_one_step_counts_as_much_as_any_other_whatever_its_trial():
    parts = [
        outcome_differences(_rows(0.0, 0.0, 0.0), _rows(1.0, 1.0, 1.0)),
        outcome_differences(_rows(0.0), _rows(3.0)),
    ]
    sds = model_sds(pd.concat(parts))
    assert list(sds) == [OF_ARMS[:4]]
    assert sds[OF_ARMS[:4]].tolist() == [0.0, pytest.approx(np.sqrt(12.0 / 4.0)), 0.0]
    assert model_sds(pd.concat(parts)[:0]) == {}


def test_the_choice_of_the_model_adds_its_variance():
    trial = with_model(_two_outcomes([3.0, 3.0]), {OF_ARMS[:4]: np.array([0.0, 4.0, 0.0])})
    half = half_widths(stance_sds(trial, "left"))
    assert half[OF_ARMS[:4]]["y"] == pytest.approx(5.0 * NORMAL_95)
    assert half[OF_TORSO[:4]]["y"] == pytest.approx(3.0 * NORMAL_95)  # no other model has a torso
    assert stance_sds(trial, "right") == {}  # nothing was drawn there, so nothing is told
    budget = uncertainty_budget(trial_budget(trial, {"left": 2})).set_index("source")
    assert budget.loc["arms", "share_model"] == pytest.approx(16.0 / 25.0)
    assert budget.loc["torso", "share_model"] == 0.0


def test_curves_differ_by_the_root_mean_square_over_steps_at_every_percent():
    def curves(*values):
        shape = (len(values), 2, 5)
        made = np.broadcast_to(np.array(values)[:, None, None], shape).copy()
        made[:, 1] = np.nan  # no flight
        return xr.Dataset(dict.fromkeys(SPREADS, (("step", "phase", "percent"), made)))

    sds = curve_sds([(curves(1.0, 2.0), curves(4.0, 6.0)), (curves(0.0), curves(np.nan))])
    assert set(sds) == set(SPREADS)
    for values in sds.values():
        np.testing.assert_allclose(values[0], np.sqrt((9.0 + 16.0) / 2))
        assert np.isnan(values[1]).all()
    assert curve_sds([]) == {}


# uncertainty -------------------------------------------------------------------------------------

SOURCES = ("inertia", "plates", "skin")
OUTCOMES = (
    ("A", "arms", "whole_body", "momentum_mean", "kg m2/s"),
    ("C (C1)", "gravity", "ground", "force_mean", "N"),
    ("C (C2)", "gravity", "ground", "force_mean", "N"),
)


def _drawn_trial(left, right):
    """A trial whose outcomes have these standard deviations by source, on y alone."""
    sds = np.zeros((len(SOURCES), 2, len(OUTCOMES), 3))
    sds[:, 0, :, 1], sds[:, 1, :, 1] = np.array(left)[:, None], np.array(right)[:, None]
    names = {f"outcome_{name}": [one[n] for one in OUTCOMES] for n, name in enumerate(NAMES)}
    return xr.Dataset(
        {"interval_sd": (("uncertainty_source", "stance_foot", "outcome", "axis"), sds)},
        coords={
            "uncertainty_source": list(SOURCES),
            "stance_foot": ["left", "right"],
            "axis": ["x", "y", "z"],
            **{name: ("outcome", own) for name, own in names.items()},
        },
    )


@pytest.mark.parametrize(("least", "levels"), [(0.99, ["A"]), (1.01, ["A", "C (C2)"])])
def test_what_mechanics_forces_has_no_budget(least, levels):
    """Draws leave a last digit of what is zero by mechanics: its shares are of nothing."""
    trial = _drawn_trial([3.0, 4.0, 0.0], [1.0, 0.0, 0.0])
    small = trial["interval_sd"].loc[{"outcome": 2, "axis": "y", "uncertainty_source": "plates"}]
    trial["interval_sd"].loc[{"outcome": 2, "axis": "y"}] = 0.0
    small[:] = least * ROUND_OFF * 5.0  # of the left foot's largest: 3 and 4 together
    rows = uncertainty_budget(trial_budget(trial, {"left": 1}))
    assert rows["level"].tolist() == levels


def test_budgets_are_means_over_the_steps_of_all_trials():
    """One left step of 3 and 4, two right ones of 1 and 0, one more of 0 and 1 elsewhere.

    sd = (5 + 1 + 1 + 1) / 4; variances 9 + 1 + 1 + 0 and 16 + 0 + 0 + 1, of 28.
    """
    trials = [
        (_drawn_trial([3.0, 4.0, 0.0], [1.0, 0.0, 0.0]), {"left": 1, "right": 2}),
        (_drawn_trial([9.0, 9.0, 9.0], [0.0, 1.0, 0.0]), {"right": 1}),
    ]
    rows = uncertainty_budget(pd.concat([trial_budget(*one) for one in trials]))
    assert rows["level"].tolist() == ["A", "C (C2)"]  # C1 stands beside it, as another model
    arms = rows.iloc[0]
    assert (arms["axis"], arms["steps"], arms["unit"]) == ("y", 4, "kg m2/s")
    assert arms["sd"] == pytest.approx(2.0)
    shares = arms[["share_inertia", "share_plates", "share_skin"]].astype(float)
    np.testing.assert_allclose(shares, [11 / 28, 17 / 28, 0.0])


def test_a_foot_that_was_not_drawn_has_no_budget():
    trial = _drawn_trial([np.nan] * 3, [1.0, 0.0, 0.0])
    assert stance_sds(trial, "left") == {}
    rows = uncertainty_budget(trial_budget(trial, {"left": 5, "right": 1}))
    assert rows["steps"].tolist() == [1, 1]
    assert uncertainty_budget(trial_budget(xr.Dataset(), {"left": 1})).empty
