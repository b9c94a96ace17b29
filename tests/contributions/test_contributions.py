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
from tests.golden import differences
from tests.identities import broken, identities
from tests.levels_case import body_spread, smooth_run
from tests.made_contributions import RIGHT, STEP, grounded, prepared_of
from tests.small_study import write_small_study
from tests.told import case_lines

LEFT = Contact("left", 0.005, 0.030, complete=True, edge_distance=0.2)
NEARLY = {"joint_moment_coordinate", "joint_power", "other_power"}
"""Little of a free moment is in flexion moments, and in powers: they are kept."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory):
    return load_study(write_small_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(60)
    held = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    return grounded(case, held), time


def _found(study, case, time, known, heading=0.0, **attrs):
    prepared = prepared_of(case, time, known).assign_attrs(**attrs)
    result = contributions_of(study.model_map, case.skeleton, prepared, Motion(*case.motion))
    return result, contributions_dataset(result, prepared, heading)


def test_words_of_contributions(study, run):
    case, _ = run
    every, parts = np.ones(60, dtype=bool), ObservedParts(
        Observed.complete(case.skeleton.bodies, 60), case.skeleton, study.model_map
    )  # fmt: skip

    def drawn(longest: float, *starts: float):
        contacts = [Contact("right", one, one + 0.1, one != 1.4, 0.2) for one in starts]
        contacts.append(Contact("left", 0.7, 0.8, True, 0.2))
        return lambda: [repr(one) for one in drawn_steps(contacts, np.linspace(0, 3, 301), longest)]

    groups = dict(study.model_map.groups)
    bare = {name: one for name, one in groups.items() if not name.startswith("arm")}
    marked = np.arange(len(case.skeleton.markers))
    cases = {
        **{f"drawn within {x} s": drawn(x, 0.4) for x in (0.19, 0.21)},
        "drawn of many": drawn(0.3, 0.2, 1.4, 1.9, 2.95),
        **{f"forces, plates {x}": lambda x=x: force_findings(np.arange(60) > 20, "jog", plates=x)
           for x in (True, False)},
        "all forces": lambda: force_findings(every, "jog", plates=True),
        "all groups": lambda: group_findings(groups, "P1"),
        "no arms": lambda: group_findings(bare, "P1"),
        "a free moment that is missing": lambda: free_moment_findings("run", NO_FREE_MOMENT),
        "all markers": lambda: locked_joint_findings(parts, marked, "run"),
        "few markers": lambda: locked_joint_findings(parts, marked[:6], "run"),
    }  # fmt: skip
    assert differences("contributions/trials", case_lines(cases)) == []


def _turned(values: np.ndarray, angle: float) -> np.ndarray:
    """Vectors (..., 3) turned about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    return values @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def test_a_heading_turns_vectors_and_nothing_else(study, run):
    case, time = run
    known = np.ones(60, dtype=bool)
    one, other = (_found(study, case, time, known, heading)[1] for heading in (0.0, 0.4))
    com = [own["com_velocity"].transpose("time", "axis").values for own in (one, other)]
    angle = next(x for x in (0.4, -0.4) if np.allclose(_turned(com[0], x), com[1], atol=1e-9))
    turned = 0
    for name, variable in one.data_vars.items():
        if variable.dtype.kind != "f":
            continue
        ours, theirs = variable, other[name]
        if "axis" in variable.dims:
            ours, theirs = (own.transpose(..., "axis").values for own in (ours, theirs))
            ours, turned = _turned(ours, angle), turned + 1
        size = np.nanmax(np.abs(np.asarray(ours)), initial=0.0)
        np.testing.assert_allclose(theirs, ours, atol=1e-8 * (1.0 + size), err_msg=name)
    assert turned > 10


def test_what_is_not_seen_is_masked_and_the_rest_stays(study, run):
    case, time = run
    seen = Observed.complete(case.skeleton.bodies, 60)
    hidden = seen.without(["hand_l", "radius_l"], NOT_SEEN)
    parts = ObservedParts(hidden, case.skeleton, study.model_map)
    whole = _found(study, case, time, np.ones(60, dtype=bool))[1]
    masked = observed_only(whole, parts, RoleScheme())
    for name, variable in whole.data_vars.items():
        if variable.dtype.kind == "f":
            kept = np.isfinite(masked[name].values)
            np.testing.assert_array_equal(masked[name].values[kept], variable.values[kept])
    momentum = masked["group_angular_momentum"]
    assert np.isnan(momentum.sel(group="arm_left")).all()
    for group in ("arm_right", "leg_left", "leg_right"):
        assert np.isfinite(momentum.sel(group=group)).all()


def _draws(case, time, result, **options) -> TrialDraws:
    made = TrialDraws(result.levels, case.anatomy, time, 0.3, result.touching, Spread(),
                      Sampling(6, 1, 8, 3, 3), **options)  # fmt: skip
    return with_bodies(made, body_spread(case.skeleton), np.ones(len(case.skeleton.markers)))


def test_intervals_are_of_contacts_that_are_complete(study, run):
    """Of both feet, of one and of none; one foot's do not depend on the other's."""
    case, time = run
    result, _ = _found(study, case, time, np.ones(60, dtype=bool))
    draws, half = _draws(case, time, result), replace(LEFT, complete=False)
    both, one = (intervals_dataset(draws, own, 0.3) for own in ((RIGHT, LEFT), (RIGHT, half)))
    sds = [own["interval_sd"] for own in (both, one)]
    assert (sds[0].fillna(0.0) >= 0.0).all()
    assert sds[0].max() > 0.0
    right = [own.sel(stance_foot="right").values for own in sds]
    np.testing.assert_allclose(right[1], right[0], rtol=1e-6, atol=1e-9)
    none = intervals_dataset(draws, (replace(RIGHT, complete=False),), 0.3)
    assert "interval_sd" not in none or np.isnan(none["interval_sd"]).all()


@pytest.mark.parametrize("missing", ["all", "some"])
def test_without_forces_momentum_is_still_known(study, run, missing):
    case, time = run
    known = np.zeros(60, dtype=bool) if missing == "all" else np.arange(60) > 20
    whole, expected = _found(study, case, time, np.ones(60, dtype=bool))
    result, found = _found(study, case, time, known)
    assert max(whole.levels.closure, result.levels.closure) < 1e-9
    assert broken(identities(result.levels)) == set()
    for name, variable in found.data_vars.items():
        values = variable.values
        if name in NEEDS_NO_FORCE:
            np.testing.assert_array_equal(values, expected[name].values, err_msg=name)
        elif "time" in variable.dims and values.dtype.kind == "f":
            assert np.isnan(values[~known]).all(), name
    assert set(found.data_vars) >= NEEDS_NO_FORCE


def test_what_is_told_without_a_free_moment_does_not_depend_on_it(study, run):
    """With 8 N m more: the danger is there before, and the rest is kept."""
    case, time = run
    held = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    more = held[:, :, None] * np.array([0.0, 8.0, 0.0])
    loads = zip(case.loads, more.swapaxes(0, 1), strict=True)
    turned = replace(case, loads=tuple(replace(x, moment=x.moment + y) for x, y in loads))
    seen = Observed.complete(case.skeleton.bodies, 60)
    parts = ObservedParts(seen, case.skeleton, study.model_map)
    one, other = (_found(study, own, time, np.ones(60, dtype=bool))[1] for own in (case, turned))
    kept, again = (without_free_moment(own, parts) for own in (one, other))
    for name, variable in kept.data_vars.items():
        if variable.dtype.kind == "f" and name not in NEARLY:
            size = np.nanmax(np.abs(variable.values), initial=0.0)
            ours = again[name].values
            np.testing.assert_allclose(
                ours, variable.values, rtol=0, atol=1e-6 * size, err_msg=name
            )
    for name, part in (("joint_moment", {"joint": "hip_right"}), ("residual_moment", {})):
        change = (other[name] - one[name]).sel(part)
        assert np.abs(change.sel(axis="y")).max() == pytest.approx(8.0, abs=1e-9)
        assert np.isnan(kept[name].sel(part).sel(axis="y")).all()
        assert np.isfinite(kept[name].sel(part).sel(axis=["x", "z"])).all()


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
    found = trial_levels(case.skeleton, moves, case.loads, touching, bare)
    assert broken(identities(found)) == set()
    data = levels_dataset(found, time, 0.0)
    data["ground_force"] = (("time", "foot", "axis"), found.mechanics.balance.force)
    assert set(data["chain"].values) == {"leg_left", "leg_right", "residual"}
    rows = pd.DataFrame(level_rows(data, STEP))
    anatomy = Anatomy(bare.groups, bare.joints.by_name(), bare.pelvis.joint)
    draws = TrialDraws(found, anatomy, time, 0.0, touching, Spread(), Sampling(8, 1, 8))
    half = half_widths(stance_sds(intervals_dataset(draws, [RIGHT], 0.3), "right"))
    whole = levels_dataset(
        trial_levels(case.skeleton, moves, case.loads, touching, study.model_map), time, 0.0
    )
    whole["ground_force"] = data["ground_force"]
    keys = ["level", "source", "target", "axis", "phase", "statistic"]
    ours = rows.set_index(keys)["value"]
    full = pd.DataFrame(level_rows(whole, STEP)).set_index(keys)["value"]
    legs = [f"{joint}_{side}" for joint in ("hip", "knee", "ankle") for side in ("push", "swing")]
    legs += ["gravity"]
    common = ours.index.intersection(full.index)
    common = common[common.get_level_values("source").isin(legs)]
    common = common[~common.get_level_values("target").isin(("pelvis", "push_side", "swing_side"))]
    assert len(common) >= 100
    size = full[common].groupby(level=["level", "statistic"]).transform(lambda own: own.abs().max())
    apart = (ours[common] - full[common]).abs() / size
    assert apart.max() < 1e-6, apart.nlargest(10)
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
    place = cumulative_trapezoid(velocity, time, axis=0, initial=0.0)
    few = slice(None, None, round(FINE / RATE))
    return CentrePath(time[few], place[None, few], velocity[None, few], np.array([MASS]))


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
    [found] = contact_estimates(path, *_contacts(contact, flight), air)
    upward = MASS * (GRAVITY * (contact + flight) + lift) / contact
    impulse = MASS * brake * contact / np.pi
    assert found[0] == pytest.approx(upward, rel=0.01)
    assert found[1:] == pytest.approx([-impulse, impulse], abs=0.02 * impulse + 0.1)
