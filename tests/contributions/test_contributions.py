"""Contributions of trials that lack something: laws and words; forces without plates by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import cumulative_trapezoid

from aqbio.config import ModelMap
from aqbio.contributions.dataset import (
    NEEDS_NO_FORCE,
    contributions_dataset,
    frames_in_contact,
    free_moment_findings,
    levels_dataset,
    trial_levels,
    without_free_moment,
)
from aqbio.contributions.intervals import intervals_dataset
from aqbio.contributions.step_rows import level_rows
from aqbio.contributions.trial import force_findings, group_findings, locked_joint_findings
from aqbio.contributions.trial import trial_contributions as contributions_of
from aqbio.contributions.without_plates import CentrePath, contact_estimates
from aqbio.gait.drawn_steps import drawn_steps
from aqbio.gait.roles import RoleScheme
from aqbio.gait.steps import Contact
from aqbio.intervals.step_uncertainty import half_widths, stance_sds
from aqbio.intervals.trial_draws import Sampling, TrialDraws, with_bodies
from aqbio.intervals.uncertainty import Spread
from aqbio.io.study import load_study
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.names import GRAVITY
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import ObservedParts, observed_only
from aqbio.prepare.prepared import NO_FREE_MOMENT
from aqbio.rotation.levels import Anatomy
from tests.case_lines import case_lines
from tests.golden import differences
from tests.identities import broken, identities
from tests.levels_case import body_spread, smooth_run
from tests.made_contributions import RIGHT, STEP, grounded, prepared_of
from tests.small_study import write_small_study

LEFT = Contact("left", 0.005, 0.030, complete=True, edge_distance=0.2)
NEARLY = {"joint_moment_coordinate", "joint_power", "other_power"}
"""Little of a free moment is in flexion moments, and in powers: they are kept."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory):
    return load_study(write_small_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(60)
    in_stance = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    return grounded(case, in_stance), time


def _contributions(study, case, time, has_force, heading=0.0, **attrs):
    prepared = prepared_of(case, time, has_force).assign_attrs(**attrs)
    result = contributions_of(study.model_map, case.skeleton, prepared, Motion(*case.motion))
    return result, contributions_dataset(result, prepared, heading)


def test_words_of_contributions(study, run):
    case, _ = run
    all_frames, parts = np.ones(60, dtype=bool), ObservedParts(
        Observed.complete(case.skeleton.bodies, 60), case.skeleton, study.model_map
    )  # fmt: skip

    def drawn_words(longest: float, *starts: float):
        contacts = [
            Contact("right", touchdown, touchdown + 0.1, touchdown != 1.4, 0.2)
            for touchdown in starts
        ]
        contacts.append(Contact("left", 0.7, 0.8, True, 0.2))
        return lambda: [
            repr(step) for step in drawn_steps(contacts, np.linspace(0, 3, 301), longest)
        ]

    groups = dict(study.model_map.groups)
    bare = {name: members for name, members in groups.items() if not name.startswith("arm")}
    marked = np.arange(len(case.skeleton.markers))
    cases = {
        **{f"drawn within {x} s": drawn_words(x, 0.4) for x in (0.19, 0.21)},
        "drawn of many": drawn_words(0.3, 0.2, 1.4, 1.9, 2.95),
        **{f"forces, plates {x}": lambda x=x: force_findings(np.arange(60) > 20, "jog", plates=x)
           for x in (True, False)},
        "all forces": lambda: force_findings(all_frames, "jog", plates=True),
        "all groups": lambda: group_findings(groups, "P1"),
        "no arms": lambda: group_findings(bare, "P1"),
        "a free moment that is missing": lambda: free_moment_findings("run", NO_FREE_MOMENT),
        "all markers": lambda: locked_joint_findings(parts, marked, "run"),
        "few markers": lambda: locked_joint_findings(parts, marked[:6], "run"),
    }  # fmt: skip
    assert differences("contributions/trials", case_lines(cases)) == []


def _about_vertical(values: np.ndarray, angle: float) -> np.ndarray:
    """Vectors (..., 3) turned about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    return values @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def test_a_heading_turns_vectors_and_nothing_else(study, run):
    case, time = run
    has_force = np.ones(60, dtype=bool)
    along_x, along_heading = (
        _contributions(study, case, time, has_force, heading)[1] for heading in (0.0, 0.4)
    )
    com = [
        dataset["com_velocity"].transpose("time", "axis").values
        for dataset in (along_x, along_heading)
    ]
    angle = next(
        x for x in (0.4, -0.4) if np.allclose(_about_vertical(com[0], x), com[1], atol=1e-9)
    )
    vectors = 0
    for name, variable in along_x.data_vars.items():
        if variable.dtype.kind != "f":
            continue
        expected, computed = variable, along_heading[name]
        if "axis" in variable.dims:
            expected, computed = (
                values.transpose(..., "axis").values for values in (expected, computed)
            )
            expected, vectors = _about_vertical(expected, angle), vectors + 1
        size = np.nanmax(np.abs(np.asarray(expected)), initial=0.0)
        np.testing.assert_allclose(computed, expected, atol=1e-8 * (1.0 + size), err_msg=name)
    assert vectors > 10


def test_segments_without_markers_are_masked_and_the_rest_stays(study, run):
    case, time = run
    observed = Observed.complete(case.skeleton.bodies, 60)
    hidden = observed.without(["hand_l", "radius_l"], NOT_SEEN)
    parts = ObservedParts(hidden, case.skeleton, study.model_map)
    complete = _contributions(study, case, time, np.ones(60, dtype=bool))[1]
    masked = observed_only(complete, parts, RoleScheme())
    for name, variable in complete.data_vars.items():
        if variable.dtype.kind == "f":
            finite = np.isfinite(masked[name].values)
            np.testing.assert_array_equal(masked[name].values[finite], variable.values[finite])
    momentum = masked["group_angular_momentum"]
    assert np.isnan(momentum.sel(group="arm_left")).all()
    for group in ("arm_right", "leg_left", "leg_right"):
        assert np.isfinite(momentum.sel(group=group)).all()


def _draws(case, time, result, **options) -> TrialDraws:
    draws = TrialDraws(result.levels, case.anatomy, time, 0.3, result.touching, Spread(),
                      Sampling(6, 1, 8, 3, 3), **options)  # fmt: skip
    return with_bodies(draws, body_spread(case.skeleton), np.ones(len(case.skeleton.markers)))


def test_intervals_are_of_contacts_that_are_complete(study, run):
    """Of both feet, of one and of none; one foot's do not depend on the other's."""
    case, time = run
    result, _ = _contributions(study, case, time, np.ones(60, dtype=bool))
    draws, half = _draws(case, time, result), replace(LEFT, complete=False)
    of_both_feet, of_right_foot = (
        intervals_dataset(draws, contacts, 0.3) for contacts in ((RIGHT, LEFT), (RIGHT, half))
    )
    sds = [intervals["interval_sd"] for intervals in (of_both_feet, of_right_foot)]
    assert (sds[0].fillna(0.0) >= 0.0).all()
    assert sds[0].max() > 0.0
    right = [sd.sel(stance_foot="right").values for sd in sds]
    np.testing.assert_allclose(right[1], right[0], rtol=1e-6, atol=1e-9)
    none = intervals_dataset(draws, (replace(RIGHT, complete=False),), 0.3)
    assert "interval_sd" not in none or np.isnan(none["interval_sd"]).all()


@pytest.mark.parametrize("missing", ["all", "some"])
def test_without_forces_momentum_is_still_known(study, run, missing):
    case, time = run
    has_force = np.zeros(60, dtype=bool) if missing == "all" else np.arange(60) > 20
    complete, expected = _contributions(study, case, time, np.ones(60, dtype=bool))
    result, dataset = _contributions(study, case, time, has_force)
    assert max(complete.levels.closure, result.levels.closure) < 1e-9
    assert broken(identities(result.levels)) == set()
    for name, variable in dataset.data_vars.items():
        values = variable.values
        if name in NEEDS_NO_FORCE:
            np.testing.assert_array_equal(values, expected[name].values, err_msg=name)
        elif "time" in variable.dims and values.dtype.kind == "f":
            assert np.isnan(values[~has_force]).all(), name
    assert set(dataset.data_vars) >= NEEDS_NO_FORCE


def test_results_without_a_free_moment_do_not_depend_on_it(study, run):
    """With 8 N m more: the danger is there before, and the rest is kept."""
    case, time = run
    in_stance = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    free_moment = in_stance[:, :, None] * np.array([0.0, 8.0, 0.0])
    loads = zip(case.loads, free_moment.swapaxes(0, 1), strict=True)
    with_free_moment = replace(case, loads=tuple(replace(x, moment=x.moment + y) for x, y in loads))
    observed = Observed.complete(case.skeleton.bodies, 60)
    parts = ObservedParts(observed, case.skeleton, study.model_map)
    dataset, changed_dataset = (
        _contributions(study, of_case, time, np.ones(60, dtype=bool))[1]
        for of_case in (case, with_free_moment)
    )
    masked, changed_masked = (
        without_free_moment(full, parts) for full in (dataset, changed_dataset)
    )
    for name, variable in masked.data_vars.items():
        if variable.dtype.kind == "f" and name not in NEARLY:
            size = np.nanmax(np.abs(variable.values), initial=0.0)
            values = changed_masked[name].values
            np.testing.assert_allclose(
                values, variable.values, rtol=0, atol=1e-6 * size, err_msg=name
            )
    for name, part in (("joint_moment", {"joint": "hip_right"}), ("residual_moment", {})):
        change = (changed_dataset[name] - dataset[name]).sel(part)
        assert np.abs(change.sel(axis="y")).max() == pytest.approx(8.0, abs=1e-9)
        assert np.isnan(masked[name].sel(part).sel(axis="y")).all()
        assert np.isfinite(masked[name].sel(part).sel(axis=["x", "z"])).all()


def test_a_model_without_torso_and_arms_gives_what_it_has(study, run):
    """Upper body and pelvis as one group: two chains, no lumbar joint, and rows of all levels."""
    case, time = run
    content = study.model_map.model_dump()
    upper = [b for name in ("torso", "arm_left", "arm_right") for b in content["groups"][name]]
    groups = {name: content["groups"][name] for name in ("leg_left", "leg_right")}
    groups["pelvis"] = (*content["groups"]["pelvis"], *upper)
    joints = {**content["joints"], **dict.fromkeys(("lumbar", "shoulder", "elbow"))}
    bare = ModelMap.model_validate({**content, "groups": groups, "joints": joints})
    touching = frames_in_contact(time, [RIGHT])
    moves = segment_kinematics(case.skeleton, *case.motion)
    levels = trial_levels(case.skeleton, moves, case.loads, touching, bare)
    assert broken(identities(levels)) == set()
    data = levels_dataset(levels, time, 0.0)
    data["ground_force"] = (("time", "foot", "axis"), levels.mechanics.balance.force)
    assert set(data["chain"].values) == {"leg_left", "leg_right", "residual"}
    rows = pd.DataFrame(level_rows(data, STEP))
    anatomy = Anatomy(bare.groups, bare.joints.by_name(), bare.pelvis.joint)
    draws = TrialDraws(levels, anatomy, time, 0.0, touching, Spread(), Sampling(8, 1, 8))
    half = half_widths(stance_sds(intervals_dataset(draws, [RIGHT], 0.3), "right"))
    full_data = levels_dataset(
        trial_levels(case.skeleton, moves, case.loads, touching, study.model_map), time, 0.0
    )
    full_data["ground_force"] = data["ground_force"]
    keys = ["level", "source", "target", "axis", "phase", "statistic"]
    bare_values = rows.set_index(keys)["value"]
    full_values = pd.DataFrame(level_rows(full_data, STEP)).set_index(keys)["value"]
    legs = [f"{joint}_{side}" for joint in ("hip", "knee", "ankle") for side in ("push", "swing")]
    legs += ["gravity"]
    common = bare_values.index.intersection(full_values.index)
    common = common[common.get_level_values("source").isin(legs)]
    common = common[~common.get_level_values("target").isin(("pelvis", "push_side", "swing_side"))]
    assert len(common) >= 100
    size = (
        full_values[common]
        .groupby(level=["level", "statistic"])
        .transform(lambda values: values.abs().max())
    )
    relative_difference = (bare_values[common] - full_values[common]).abs() / size
    assert relative_difference.max() < 1e-6, relative_difference.nlargest(10)
    assert all(value >= 0.0 for by in half.values() for value in by.values())


MASS, SPEED, RATE, FINE = 70.0, 8.0, 200.0, 20_000.0


def _contacts(contact, flight, count=3, time_error=0.02):
    step = contact + flight
    return [
        Contact(side, n * step, n * step + contact, True, 0.2, time_error=time_error)
        for n, side in zip(range(count), ("left", "right") * count, strict=False)
    ]


def _path(contact, flight, brake, lift=0.0, drag=0.0):
    """Half sines upward and a whole one forward; the last contact lifts by `lift` m/s more."""
    step = contact + flight
    time = np.arange(0.0, 3.0 * step, 1.0 / FINE)
    since, number = time % step, time // step
    on = since < contact
    height = 0.5 * np.pi * (GRAVITY * step + lift * (number == 1)) / contact
    upward = np.where(on, height * np.sin(np.pi * since / contact), 0.0) - GRAVITY
    forward = np.where(on, -brake * np.sin(2.0 * np.pi * since / contact), 0.0) + drag / MASS
    pull = np.stack([forward, upward, np.zeros_like(time)], axis=1)
    start = [SPEED, -0.5 * GRAVITY * flight, 0.0]
    velocity = start + cumulative_trapezoid(pull, time, axis=0, initial=0.0)
    position = cumulative_trapezoid(velocity, time, axis=0, initial=0.0)
    sampled = slice(None, None, round(FINE / RATE))
    return CentrePath(
        time[sampled], position[None, sampled], velocity[None, sampled], np.array([MASS])
    )


def test_a_flight_without_frames_gives_no_force():
    """As where the contact is not known within its flights."""
    contact, flight = 0.15, 0.1
    path = _path(contact, flight, 3.0)
    previous, middle, following = _contacts(contact, flight)
    longer = replace(middle, toe_off=following.touchdown - 0.5 / RATE)
    assert np.isnan(contact_estimates(path, previous, longer, following, np.zeros(3))).all()


spans = st.tuples(
    st.floats(0.09, 0.24), st.floats(0.08, 0.15), st.floats(1.0, 6.0), st.floats(-0.3, 0.3)
)


@settings(max_examples=25)
@given(spans, st.floats(-30.0, 0.0))
def test_forces_of_a_bouncing_point_come_back(span, drag):
    """The upward mean is m g T / t_c and what lifts more; impulses are half sines and the air's."""
    contact, flight, brake, lift = span
    air = np.array([drag, 0.0, 0.0])
    path = _path(contact, flight, brake, lift, drag)
    [estimate] = contact_estimates(path, *_contacts(contact, flight), air)
    upward = MASS * (GRAVITY * (contact + flight) + lift) / contact
    impulse = MASS * brake * contact / np.pi
    assert estimate[0] == pytest.approx(upward, rel=0.01)
    assert estimate[1:] == pytest.approx([-impulse, impulse], abs=0.02 * impulse + 0.1)
