"""The mask of contributions: whatever moves with what nobody saw is not told."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.contributions.dataset import contributions_dataset
from aqbio.contributions.stage import held_findings, trial_contributions
from aqbio.gait.roles import RoleScheme
from aqbio.io.study import load_study
from aqbio.multibody.motion import Motion
from aqbio.observed.mask import NOT_IN_MODEL, NOT_SEEN, SOME_FRAMES, Observed
from aqbio.observed.parts import (
    ALONG,
    CENTRE,
    PELVIS,
    SHARES,
    ObservedParts,
    observed_only,
    read_observed,
)
from tests.mechanics.levels_case import smooth_run
from tests.small_study import write_small_study
from tests.stages.made_contributions import MAP
from tests.stages.made_levels import RIGHT, grounded, prepared_of

ABOUT_COM = {name for name, along in ALONG.items() if along in ("segment", "group")} - SHARES
LOST = {
    "forearm": ("radius_l", "hand_l"),
    "arm": ("humerus_r", "radius_r", "hand_r"),
    "trunk": (*MAP.groups["torso"], *MAP.groups["arm_left"], *MAP.groups["arm_right"]),
    "foot": ("foot_l",),
    "leg": ("femur_r", "tibia_r", "foot_r"),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_small_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(60)
    held = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    return grounded(case, held), time


def told(study, run, observed, motion=None):
    """Contributions of a run of which some was observed."""
    case, time = run
    moved = Motion(*case.motion) if motion is None else motion
    data = prepared_of(case, time, np.ones(len(time), dtype=bool))
    result = trial_contributions(study, case.skeleton, data, moved)
    parts = ObservedParts(observed, case.skeleton, study.model_map)
    return observed_only(contributions_dataset(result, data, 0.0), parts, RoleScheme())


def moved_otherwise(case, segments):
    """The same motion but for joints of some segments, which swing in another way."""
    skeleton = case.skeleton
    own = np.isin(np.array(skeleton.bodies)[skeleton.axes.body], segments)
    columns = np.unique(skeleton.driver[own & (skeleton.driver >= 0)])
    motion = [values.copy() for values in case.motion]
    for values in motion:
        values[:, columns] = 0.3 - 0.7 * values[:, columns]
    return Motion(*motion)


@pytest.mark.parametrize("name", LOST)
def test_what_is_told_does_not_move_with_what_is_lost(study, run, name):
    """The lost limb swings otherwise: every number that is left is the same."""
    case, time = run
    lost = [body for body in LOST[name] if body in case.skeleton.bodies]
    assert lost
    mask = Observed.everything(case.skeleton.bodies, len(time)).without(lost, NOT_SEEN)
    found = told(study, run, mask)
    other = told(study, run, mask, moved_otherwise(case, lost))
    for variable in found.data_vars:
        if found[variable].dtype.kind != "f" or variable in {*PELVIS, *CENTRE, *ABOUT_COM}:
            continue
        one, two = found[variable].values, other[variable].values
        size = np.nanmax(np.abs(one)) if np.isfinite(one).any() else 0.0
        np.testing.assert_allclose(two, one, rtol=1e-9, atol=1e-9 * size, err_msg=str(variable))


@pytest.mark.parametrize(
    ("name", "variable", "dimension", "kept", "gone"),
    [
        ("arm", "joint_moment", "joint", "hip_left", "shoulder_right"),
        ("arm", "joint_moment", "joint", "elbow_left", "lumbar"),
        ("forearm", "group_angular_momentum", "group", "arm_right", "arm_left"),
        ("foot", "joint_moment", "joint", "knee_right", "hip_left"),
        ("leg", "hub_moment", "chain", "upper_body", "leg_right"),
        ("trunk", "hub_moment", "chain", "leg_left", "upper_body"),
        ("foot", "joint_moment_coordinate", "coordinate", "hip_flexion_r", "hip_flexion_l"),
    ],
)
def test_parts_that_are_seen_keep_their_values(study, run, name, variable, dimension, kept, gone):
    bodies = run[0].skeleton.bodies
    whole = told(study, run, Observed.everything(bodies, 60))
    found = told(study, run, Observed.everything(bodies, 60).without(LOST[name], NOT_SEEN))
    own, other = (found[variable].sel({dimension: part}).values for part in (kept, gone))
    np.testing.assert_array_equal(own, whole[variable].sel({dimension: kept}).values)
    assert np.isnan(other).all()
    assert found["residual_moment"].isnull().all()
    assert found["induced_momentum_rate"].isnull().all()


def test_the_moment_about_an_axis_that_is_not_told_is_missing_there(study, run):
    """A segment's mass may be seen although nobody sees how it is turned."""
    skeleton, name = run[0].skeleton, "arm_rot_l"
    told_ones = np.tile([one != name for one in skeleton.coordinates], (60, 1))
    told_ones[30:] = True
    mask = Observed.everything(skeleton.bodies, 60)
    whole = told(study, run, mask)["joint_moment_coordinate"]
    found = told(study, run, mask.determine(skeleton.coordinates, told_ones, 0))
    moment = found["joint_moment_coordinate"]
    lost = moment.isnull() & whole.notnull()
    assert set(lost["coordinate"].values[lost.any("time")]) == {name}
    assert lost.sel(coordinate=name).values[:30].all()
    assert not lost.sel(coordinate=name).values[30:].any()
    assert (
        found["residual_moment"]
        .notnull()
        .equals(told(study, run, mask)["residual_moment"].notnull())
    )
    np.testing.assert_array_equal(found["coordinate_observed"].values, told_ones)


def test_only_the_frames_without_the_part_are_lost(study, run):
    """In these the others' momentum too: how far the centre of mass is off was drawn of none."""
    bodies, gone = run[0].skeleton.bodies, np.arange(60) < 20
    whole = told(study, run, Observed.everything(bodies, 60))
    mask = Observed.everything(bodies, 60).without(["radius_l"], SOME_FRAMES, gone)
    found = told(study, run, mask)
    for name, size in (("residual_moment", 0), ("group_angular_momentum", 0), ("joint_moment", 1)):
        values = found[name].values.reshape(60, -1)
        assert np.isfinite(values[gone]).any() == bool(size), name
        np.testing.assert_array_equal(values[~gone], whole[name].values.reshape(60, -1)[~gone])
    np.testing.assert_array_equal(read_observed(found).mask, mask.mask)
    assert read_observed(found).reason == mask.reason


def test_a_trunk_that_stands_for_arms_tells_neither_itself_nor_the_whole(study, run):
    """The pelvis is where it is said to be, and legs and speed hang on it."""
    bodies = run[0].skeleton.bodies
    found = told(study, run, Observed.everything(bodies, 60).without(["torso"], NOT_IN_MODEL))
    assert found["group_angular_momentum"].sel(group="torso").isnull().all()
    assert found["residual_moment"].isnull().all()
    assert found["com_velocity"].notnull().all()
    assert found["group_angular_momentum"].sel(group="leg_left").notnull().all()
    pelvis = told(study, run, Observed.everything(bodies, 60).without(["pelvis"], NOT_IN_MODEL))
    assert pelvis["joint_moment"].sel(joint="hip_left").notnull().all()


@pytest.mark.parametrize(("lost", "known"), [("arms", True), ("trunk", False), ("leg", False)])
def test_speed_needs_most_of_the_mass(study, run, lost, known):
    """Both arms are a tenth of it; without the trunk the steps of a sprint were 0.5 m/s off."""
    bodies = run[0].skeleton.bodies
    arms = [body for body in bodies if body.startswith(("humerus", "radius", "hand"))]
    gone = {"arms": arms, **LOST}[lost]
    found = told(study, run, Observed.everything(bodies, 60).without(gone, NOT_SEEN))
    assert bool(found["com_velocity"].notnull().all()) == known
    assert bool(found["com"].isnull().any()) != known
    assert found["hub_rate"].notnull().all()


def test_coordinates_that_nobody_ever_saw_are_drawn(study, run):
    case, _ = run
    everything = Observed.everything(case.skeleton.bodies, 60)
    names = np.array(case.skeleton.coordinates)
    bodies = np.array(case.skeleton.bodies)[case.skeleton.marker_body]

    def drawn(mask, markers=()):
        parts = ObservedParts(mask, case.skeleton, study.model_map)
        return set(names[parts.unseen(np.flatnonzero(np.isin(bodies, markers)))])

    assert drawn(everything) == set()
    assert drawn(everything.without(["radius_l", "hand_l"], NOT_SEEN)) == {"elbow_flex_l"}
    assert drawn(everything.without(["radius_l"], SOME_FRAMES, np.arange(60) < 9)) == set()
    assert drawn(everything.without(["torso"], NOT_IN_MODEL)) == set()
    girdle = {"clavicle_elevation_l", "clavicle_protraction_l"}
    worn = ["humerus_l", "torso", "head"]
    assert drawn(everything, worn) == girdle  # held, though arms move it
    parts = ObservedParts(everything, case.skeleton, study.model_map)
    (said,) = held_findings(parts, np.flatnonzero(np.isin(bodies, worn)), "run")
    assert (said.rule, said.number) == ("joints-held", 2.0)
    assert all(name in said.what for name in girdle)
    assert held_findings(parts, np.flatnonzero(bodies == "torso"), "run") == []
