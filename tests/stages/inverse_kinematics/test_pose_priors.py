"""What stage solve believes of markers and posture, with a calibrated body and without one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.posterior_record import write_posterior
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.marker_fit import PRIOR
from aqbio.inverse_kinematics.posed import pose_priors
from aqbio.multibody.motion import TrackedMarkers
from aqbio.observed.determined import MARKER_SD
from tests.mechanics.calibration.made import MAP, fitted, made_person


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
        marker_set=SimpleNamespace(label_of=lambda name: name),
        model_map=MAP,
    )
    return pose_priors(study, "S01", skeleton, tracked(skeleton))


def test_a_calibrated_body_tells_skin_posture_and_offsets(fit, skeleton, tmp_path):
    write_posterior(fit, tmp_path / "S01_body.nc", {})
    found = believed(skeleton, tmp_path, calibrated=True)
    problem = fit.problem
    labels = list(problem.template.markers.labels)
    order = [labels.index(name) for name in skeleton.markers]
    learnt = problem.priors.skin_sd * problem.priors.softness
    np.testing.assert_array_equal(found.noise.sd, learnt[order])
    assert found.noise.common == problem.priors.common
    knee = skeleton.coordinates.index("knee_angle_r")
    place = problem.free.tolist().index(knee)
    assert found.posture[knee] == fit.state.theta[problem.shape_size + place]
    assert 0.0 < found.offset_sd[knee] < np.radians(5.0)


def test_nobody_says_how_far_a_body_of_ones_own_is_off(fit, skeleton, tmp_path):
    """Not even a posterior of an earlier run, with other settings."""
    write_posterior(fit, tmp_path / "S01_body.nc", {})
    found = believed(skeleton, tmp_path, calibrated=False)
    np.testing.assert_array_equal(found.noise.sd, MARKER_SD)
    assert found.noise.common == 0.0
    assert np.isnan(found.offset_sd).all()
    knee = skeleton.coordinates.index("knee_angle_r")
    assert np.degrees(found.posture[knee]) == pytest.approx(50.0)  # anybody's mean in running


def test_nothing_is_believed_of_the_root(skeleton, tmp_path):
    found = believed(skeleton, tmp_path, calibrated=False)
    for index, name in enumerate(skeleton.coordinates):
        if name.startswith("pelvis"):
            assert found.posture[index] == skeleton.coordinate_default[index], name


def test_where_all_is_shown_the_posture_changes_nothing(person, skeleton, tmp_path):
    """The pull is 1e-10 of the markers' weights: over a lever of 15 mm, 1e-4 degrees a radian."""
    run = max(person.q)
    markers = person.recordings[run].position[:200:10]
    index = np.arange(len(skeleton.markers))
    posture = believed(skeleton, tmp_path, calibrated=False).posture
    apart = np.abs(posture - skeleton.coordinate_default).max()
    assert apart > 1.0  # the danger is there
    one, other = (
        inverse_kinematics(skeleton, markers, index, np.ones(len(index)), pose=pose).q
        for pose in (None, posture)
    )
    limit = PRIOR * len(index) / 0.015**2 * apart
    np.testing.assert_allclose(other, one, rtol=0, atol=limit)


def test_a_limb_that_nobody_sees_is_in_the_runners_mean_posture(person, skeleton, tmp_path):
    posture = believed(skeleton, tmp_path, calibrated=False).posture
    run = max(person.q)
    markers = person.recordings[run].position[:200:10].copy()
    beyond = ("tibia_r", "foot_r", "toes_r")
    markers[:, np.isin(np.array(skeleton.bodies)[skeleton.marker_body], beyond)] = np.nan
    index = np.arange(len(skeleton.markers))
    q = inverse_kinematics(skeleton, markers, index, np.ones(len(index)), pose=posture).q
    for name in ("knee_angle_r", "ankle_angle_r", "mtp_angle_r"):
        column = skeleton.coordinates.index(name)
        np.testing.assert_allclose(q[:, column], posture[column], atol=1e-12)
