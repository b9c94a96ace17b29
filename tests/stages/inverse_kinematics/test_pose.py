"""Poses that nobody can take are lost by limb, and the cause is the one that was planted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.records import write_posterior
from aqbio.errors import AqbioError
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.pose import (
    pose_faults,
    pose_finding,
    refuse_without_pose,
    wandering_labels,
    without_faults,
)
from aqbio.inverse_kinematics.trial_pose import pose_priors
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from tests.golden import differences
from tests.mechanics.calibration.made import MAP, fitted, made_person
from tests.stages.told import told


def test_golden_poses_that_nobody_can_take(runner, running, solved):
    """Limbs bent backwards, markers far from the model, in some frames or in all: what is lost."""
    few = running[::4]
    bare = runner.marker_position.copy()
    for name, height in (("arm_r", -0.3), ("forearm_r", -0.25)):
        own = [place for place, marker in enumerate(runner.markers) if marker[:-1] == name]
        bare[own] = [0.0, height, 0.0]
    sparse = replace(runner, marker_position=bare)

    def bent(q, frames=slice(None), names=("forearm_r_z",)):
        """The right elbow backwards, the upper arm turned: elbow and wrist stay where they are."""
        wrong = q.copy()
        for name in names:
            wrong[frames, runner.coordinates.index(name)] *= -1.0
        wrong[frames, runner.coordinates.index("arm_r_y")] += np.pi * (names[0] == "forearm_r_z")
        return wrong

    def off(parts, shift, frames=slice(None)):
        positions = marker_positions(runner, few)
        own = [one[:-1] in parts or one.split("_")[0] in parts for one in runner.markers]
        size = np.array(own) * (1.0 + 1e-3 * np.arange(len(own)))  # which is farthest is no chance
        positions[frames] += shift * size[:, None]
        return positions

    def case(q=None, positions=None, **options):
        def work():
            pose = solved(q, positions, **options)
            faults = pose_faults(pose)
            if not faults:
                return [float(pose.errors.max(initial=0.0)), without_faults(pose, []).mask.all()]
            said = [
                pose_finding(pose, faults, "run"),
                *without_faults(pose, faults).lost_segments(),
            ]
            said += [f"{one.group}: {one.reason}, {one.frames.sum()} frames" for one in faults]
            try:
                refuse_without_pose(pose, faults, faults, "run")
            except AqbioError as error:
                said.append(f"refused: {error.rule}: {error.what}")
            return said

        return work

    leg, both = ("thigh_l", "shank_l", "foot_l"), ("thigh", "shank", "foot")
    sideways = np.array([0.0, 0.0, 1.0])
    cases = {
        "running": case(),
        "one marker on each segment": case(
            bent(few), marker_positions(sparse, few), skeleton=sparse
        ),
        "markers that say otherwise": case(bent(few), marker_positions(runner, few)),
        **{f"backwards in {n} frames": case(bent(running, slice(0, n))) for n in (1, 12, 13)},
        **{f"left leg {x} off": case(positions=off(leg, x * sideways)) for x in (0.0475, 0.0525)},
        **{
            f"left leg off in {n} frames": case(positions=off(leg, 0.1, slice(0, n)))
            for n in (1, 15, 16)
        },
        "pelvis off": case(positions=off(("pelvis",), 0.1)),
        "legs off": case(positions=off(both, 0.2)),
        "legs and arms off": case(positions=off((*both, "arm", "forearm"), 0.2)),
        "one much, one less": case(positions=off(leg, 0.3) + off(("arm_r",), 0.1)
                                   - marker_positions(runner, few)),
        "angles of another sign": case(bent(few, names=("shank_r_z",)), from_file=True),
        "angles as they are": case(few, from_file=True),
        "a hidden arm": case(bent(few), hidden=("forearm_r",)),
    }  # fmt: skip
    assert differences("inverse_kinematics/poses", told(cases)) == []


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
    if seed == 0:  # a marker without weight may be anywhere: a pose is not doubted for it
        weights = pose.weights.copy()
        weights[[0, 3]] = 0.0
        faint = replace(pose, markers=replace(pose.markers, weights=weights))
        assert np.flatnonzero(~faint.credible).tolist() == [0, 3]


def test_what_a_calibrated_body_tells_a_trial(tmp_path):
    """Skin, posture and offsets; a limb that nobody sees is in the runner's mean posture."""
    person = made_person(0)
    fit = fitted(person)
    problem = fit.problem
    skeleton = problem.template.skeleton_of(
        problem.template.shape(fit.state.theta[: problem.shape_size])
    )
    count = len(skeleton.markers)
    tracked = TrackedMarkers(np.zeros(1), skeleton.markers, np.zeros((1, count, 3)), np.ones(count))

    def believed(**manifest):
        study = SimpleNamespace(
            folder=lambda *_: tmp_path, read_manifest=lambda *_: manifest, model_map=MAP,
            marker_set=SimpleNamespace(label_of=lambda name: name, pelvis=SimpleNamespace(hips=())),
        )  # fmt: skip
        return pose_priors(study, "S01", skeleton, tracked)

    posture = believed().posture
    write_posterior(fit, tmp_path / "S01_body.nc", {})
    found = believed(lengths_m={"thigh_right": [0.4, 0.01]})
    order = [list(problem.template.markers.labels).index(name) for name in skeleton.markers]
    learnt = problem.priors.skin_sd * problem.priors.soft_tissue_scale
    np.testing.assert_array_equal(found.noise.sd, learnt[order])
    assert found.noise.common == problem.priors.common
    knee = skeleton.coordinates.index("knee_angle_r")
    place = problem.free.tolist().index(knee)
    assert found.posture[knee] == fit.state.theta[problem.shape_size + place]
    assert 0.0 < found.offset_sd[knee] < np.radians(5.0)
    markers = person.recordings[max(person.q)].position[:200:10].copy()
    beyond = ("tibia_r", "foot_r", "toes_r")
    markers[:, np.isin(np.array(skeleton.bodies)[skeleton.marker_body], beyond)] = np.nan
    q = inverse_kinematics(skeleton, markers, np.arange(count), np.ones(count), pose=posture)
    for name in ("knee_angle_r", "ankle_angle_r", "mtp_angle_r"):
        column = skeleton.coordinates.index(name)
        np.testing.assert_allclose(q[:, column], posture[column], atol=1e-12)
