"""Poses that nobody can take are lost by limb, and the cause is the one that was planted."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.records import write_posterior
from aqbio.errors import AqbioError
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.pose import (
    GROSS,
    MOST_FRAMES,
    pose_faults,
    pose_finding,
    refuse_without_pose,
    wandering_labels,
    without_faults,
)
from aqbio.inverse_kinematics.trial_pose import pose_priors
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.observed.mask import CONTRADICTED, IMPOSSIBLE
from tests.mechanics.calibration.made import MAP, fitted, made_person


def column(runner, name):
    return runner.coordinates.index(name)


def mirrored(runner, q, frames=slice(None)):
    """The right elbow bent backwards, the upper arm turned: elbow and wrist stay where they are."""
    wrong = q.copy()
    wrong[frames, column(runner, "forearm_r_z")] *= -1.0
    wrong[frames, column(runner, "arm_r_y")] += np.pi
    return wrong


@pytest.fixture
def sparse(runner):
    """One marker on the elbow and one on the wrist, both on the axes of their segments."""
    position = runner.marker_position.copy()
    for name, height in (("arm_r", -0.3), ("forearm_r", -0.25)):
        own = [place for place, marker in enumerate(runner.markers) if marker[:-1] == name]
        position[own] = [0.0, height, 0.0]
    return replace(runner, marker_position=position)


def test_running_is_possible(solved):
    pose = solved()
    assert pose_faults(pose) == []
    assert without_faults(pose, []).mask.all()


def test_one_marker_on_each_segment_leaves_two_poses(sparse, running, solved):
    """Elbow and wrist alone: a mirrored elbow in all frames fits exactly."""
    q = running[::4]
    pose = solved(mirrored(sparse, q), marker_positions(sparse, q), skeleton=sparse)
    assert pose.errors.max() < 1e-9  # the danger is there: the markers say nothing
    [fault] = pose_faults(pose)
    assert (fault.group, fault.reason) == ("arm_right", IMPOSSIBLE)
    assert "elbow" in fault.words
    seen = without_faults(pose, [fault])
    assert seen.lost_segments() == ("arm_r", "forearm_r")
    said = pose_finding(pose, [fault], "run")
    assert "in 30 of 30 frames" in said.what
    assert "Its markers (LABarm_r0," in said.what  # laboratory's labels, not the model's markers
    assert "wear landmarks on both sides of its joints" in said.fix


def test_markers_that_are_far_from_an_impossible_pose_are_named(runner, running, solved):
    """Elbow bent backwards; the markers say that it is not."""
    pose = solved(mirrored(runner, running[::4]), marker_positions(runner, running[::4]))
    said = pose_finding(pose, pose_faults(pose), "run")
    assert re.search("Farthest from the model are LAB(fore)?arm_r", said.what)


@pytest.mark.parametrize(("count", "whole"), [(12, False), (13, True)])
def test_some_frames_or_all(runner, running, solved, count, whole):
    """Up to a tenth of the frames are lost by themselves, from then on the limb in all."""
    assert MOST_FRAMES[IMPOSSIBLE] * len(running) == pytest.approx(12)
    wrong = mirrored(runner, running, slice(0, count))
    [fault] = pose_faults(solved(wrong))
    assert fault.frames.sum() == (len(running) if whole else count)


@pytest.mark.parametrize(("share", "count"), [(0.95, 0), (1.05, 1)])
def test_markers_far_from_the_model(runner, running, solved, share, count):
    """Just inside and just outside of the limit, on the left leg."""
    positions = marker_positions(runner, running[::4])
    own = [
        name.split("_")[0] in ("thigh", "shank", "foot") and "_l" in name for name in runner.markers
    ]
    positions[:, own, 2] += share * GROSS
    faults = pose_faults(solved(positions=positions))
    assert [(one.group, one.reason) for one in faults] == [("leg_left", CONTRADICTED)] * count


@pytest.mark.parametrize("seed", range(4))
def test_labels_that_wander_are_left_out_where_they_do(runner, running, solved, seed):
    """One label elsewhere for some frames, or two exchanged: the pose is that of the sound run."""
    random, sound = np.random.default_rng(seed), marker_positions(runner, running[::4])
    first, stop = sorted(random.choice(np.arange(2, 28), 2, replace=False))
    limbs = [n for n, one in enumerate(runner.markers) if one.startswith(("foot", "shank", "arm"))]
    labels = random.choice(limbs, 1 + seed % 2, replace=False).tolist()
    positions = sound.copy()
    positions[first:stop, labels] = positions[first:stop, labels[::-1]]
    if len(labels) == 1:
        positions[first:stop, labels[0]] += 0.3 * np.eye(3)[seed % 3]

    def solve(markers):
        index = np.array([runner.markers.index(name) for name in markers.names])
        return inverse_kinematics(runner, markers.positions, index, markers.weights)

    pose = solved(positions=positions)
    pose = replace(pose, q=solve(pose.markers))
    off, findings = wandering_labels(pose, solve, "run")
    expected = np.zeros_like(off)
    expected[first:stop, labels] = True
    np.testing.assert_array_equal(off, expected)
    assert {one.rule for one in findings} == {"label-wanders"}
    assert {one.label for one in findings} == {pose.labels[one] for one in labels}
    assert not wandering_labels(solved(), solve, "run")[0].any()


def test_no_trial_without_a_pelvis(runner, running, solved):
    positions = marker_positions(runner, running[::4])
    own = [name.startswith("pelvis") for name in runner.markers]
    positions[:, own] += 0.1
    pose = solved(positions=positions)
    with pytest.raises(AqbioError, match="markers of the pelvis are 173 mm") as error:
        refuse_without_pose(pose, pose_faults(pose), pose_faults(pose), "run")
    assert error.value.rule == "pose-impossible"


def test_no_trial_of_which_most_is_lost(runner, running, solved):
    """Both legs and one arm of six groups are half; with the other arm it is more."""
    positions = marker_positions(runner, running[::4])
    for parts, refused in (
        (("thigh", "shank", "foot"), False),
        (("thigh", "arm", "forearm"), True),
    ):
        own = [name.split("_")[0] in parts for name in runner.markers]
        off = positions.copy()
        off[:, own] += 0.2
        pose = solved(positions=off)
        faults = pose_faults(pose)
        if refused:
            with pytest.raises(AqbioError, match="implausible"):
                refuse_without_pose(pose, faults, faults, "run")
        else:
            refuse_without_pose(pose, faults, faults, "run")
            assert not without_faults(pose, faults).mask.all()


def test_angles_from_a_file_are_held_against_the_same_ranges(runner, running, solved):
    wrong = running[::4].copy()
    wrong[:, column(runner, "shank_r_z")] *= -1.0  # another model's sign of the knee
    pose = solved(wrong, from_file=True)
    faults = pose_faults(pose)
    assert ["right knee" in one.words or "knee_right" in one.words for one in faults] == [True]
    said = pose_finding(pose, faults, "run")
    assert "another sign" in said.fix


def test_a_marker_without_weight_is_not_trusted(solved):
    """It may be anywhere: a pose is not doubted for it."""
    pose = solved()
    assert pose.credible.all()
    weights = pose.weights.copy()
    weights[[0, 3]] = 0.0
    faint = replace(pose, markers=replace(pose.markers, weights=weights))
    assert np.flatnonzero(~faint.credible).tolist() == [0, 3]


@pytest.fixture(scope="module")
def person():
    return made_person(0)


@pytest.fixture(scope="module")
def fit(person):
    return fitted(person)


@pytest.fixture(scope="module")
def skeleton(fit):
    problem = fit.problem
    return problem.template.skeleton_of(
        problem.template.shape(fit.state.theta[: problem.shape_size])
    )


def tracked(skeleton) -> TrackedMarkers:
    count = len(skeleton.markers)
    return TrackedMarkers(np.zeros(1), skeleton.markers, np.zeros((1, count, 3)), np.ones(count))


def believed(skeleton, folder, *, calibrated):
    """Of a person whose files are in a folder."""
    study = SimpleNamespace(
        folder=lambda *_: folder,
        read_manifest=lambda *_: {"lengths_m": {"thigh_right": [0.4, 0.01]}} if calibrated else {},
        marker_set=SimpleNamespace(label_of=lambda name: name, pelvis=SimpleNamespace(hips=())),
        model_map=MAP,
    )
    return pose_priors(study, "S01", skeleton, tracked(skeleton))


def test_a_calibrated_body_tells_skin_posture_and_offsets(fit, skeleton, tmp_path):
    write_posterior(fit, tmp_path / "S01_body.nc", {})
    found = believed(skeleton, tmp_path, calibrated=True)
    problem = fit.problem
    labels = list(problem.template.markers.labels)
    order = [labels.index(name) for name in skeleton.markers]
    learnt = problem.priors.skin_sd * problem.priors.soft_tissue_scale
    np.testing.assert_array_equal(found.noise.sd, learnt[order])
    assert found.noise.common == problem.priors.common
    knee = skeleton.coordinates.index("knee_angle_r")
    place = problem.free.tolist().index(knee)
    assert found.posture[knee] == fit.state.theta[problem.shape_size + place]
    assert 0.0 < found.offset_sd[knee] < np.radians(5.0)


def test_a_limb_that_nobody_sees_is_in_the_runners_mean_posture(person, skeleton, tmp_path):
    posture = believed(skeleton, tmp_path, calibrated=False).posture
    run = max(person.q)
    markers = person.recordings[run].position[:200:10].copy()
    beyond = ("tibia_r", "foot_r", "toes_r")
    markers[:, np.isin(np.array(skeleton.bodies)[skeleton.marker_body], beyond)] = np.nan
    index = np.arange(len(skeleton.markers))
    q = inverse_kinematics(skeleton, markers, index, np.ones(len(index)), pose=posture)
    for name in ("knee_angle_r", "ankle_angle_r", "mtp_angle_r"):
        column = skeleton.coordinates.index(name)
        np.testing.assert_allclose(q[:, column], posture[column], atol=1e-12)
