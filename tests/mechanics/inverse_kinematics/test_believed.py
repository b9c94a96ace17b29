"""Inverse kinematics that believes what the calibration believes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from aqbio.mechanics.calibration.posterior import moving_flexion, offset_sds
from aqbio.mechanics.inverse_kinematics import believed
from aqbio.mechanics.inverse_kinematics.believed import BodyBeliefs, believed_poses
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.stages.scaling.calibration import moving_shape
from tests.mechanics.calibration.made import MAP, fitted, made_person

FRAMES = slice(0, 200, 10)


@dataclass(frozen=True)
class Athlete:
    """A calibrated body, what it believes, a recorded run and its truth."""

    skeleton: Skeleton
    beliefs: BodyBeliefs
    offset_sd: np.ndarray
    position: np.ndarray
    truth: np.ndarray

    @property
    def every(self):
        return np.arange(len(self.skeleton.markers))

    def plain(self, position=None, weights=None):
        seen = self.position if position is None else position
        equal = np.ones(len(self.every)) if weights is None else weights
        return inverse_kinematics(self.skeleton, seen, self.every, equal).q

    def believed(self, position=None, beliefs=None, start=None):
        seen = self.position if position is None else position
        return believed_poses(
            self.skeleton,
            MAP,
            seen,
            self.every,
            np.ones(len(self.every)),
            beliefs=self.beliefs if beliefs is None else beliefs,
            start=self.plain(seen) if start is None else start,
        )

    def column(self, name):
        return self.skeleton.coordinates.index(name)


@cache
def athlete(seed: int) -> Athlete:
    person = made_person(seed)
    fit = fitted(person)
    problem = fit.problem
    size, template = problem.shape_size, problem.template
    skeleton = template.skeleton_of(moving_shape(fit))
    beliefs = BodyBeliefs(
        problem.beliefs.skin_sd,
        problem.beliefs.common,
        problem.beliefs.postures,
        fit.state.theta[size:],
        template.shape(fit.state.theta[:size]).slide,
        moving_flexion(fit),
    )
    offset = np.zeros(len(skeleton.coordinates))
    offset[problem.free] = offset_sds(fit)
    run = max(person.q)
    position = person.recordings[run].position[FRAMES]
    return Athlete(skeleton, beliefs, offset, position, person.q[run][FRAMES])


@pytest.fixture(scope="module")
def made():
    return athlete(0)


def test_without_beliefs_it_is_plain_inverse_kinematics(made, monkeypatch):
    """Skin of a kilometre, rigid, and no posture believed: least squares with equal weights."""
    monkeypatch.setattr(believed, "TOLERANCE", 1e-6)  # walked on: what is compared is the minimum
    nothing = np.full(len(made.skeleton.coordinates), np.inf)
    postures = replace(made.beliefs.postures, low=-nothing, high=nothing, frame_sd=nothing)
    soft = np.full(len(made.every), 1e3)
    slide = np.zeros_like(made.beliefs.slide)
    empty = replace(made.beliefs, skin_sd=soft, common=0.0, postures=postures, slide=slide)
    found = made.believed(beliefs=empty, start=made.plain() + 0.01)
    # plain inverse kinematics is pulled to its centre (`PRIOR`), toes by up to 5e-6 a radian
    np.testing.assert_allclose(found.q, made.plain(), atol=5e-6)
    toes = np.char.startswith(made.skeleton.coordinates, "mtp")
    np.testing.assert_allclose(found.q[:, ~toes], made.plain()[:, ~toes], atol=1e-6)


def test_a_limb_that_nobody_sees_is_the_persons_mean(made):
    """Shank, foot and toes without markers: mean and deviation of the belief, and no more."""
    beyond = ("tibia_r", "foot_r", "toes_r")
    hidden = np.isin(np.array(made.skeleton.bodies)[made.skeleton.marker_body], beyond)
    rigid = replace(made.beliefs, slide=np.zeros_like(made.beliefs.slide))
    found = made.believed(np.where(hidden[:, None], np.nan, made.position), beliefs=rigid)
    for name in ("knee_angle_r", "ankle_angle_r"):
        column = made.column(name)
        mean = made.beliefs.mean_posture[made.skeleton.free.tolist().index(column)]
        np.testing.assert_allclose(found.q[:, column], mean, atol=1e-5)
        sd = np.sqrt(found.covariance[:, column, column])
        np.testing.assert_allclose(sd, made.beliefs.postures.frame_sd[column], rtol=1e-6)


def test_another_place_and_heading_turn_the_root_alone(made):
    """Nothing is believed of the root, so that a runner may run anywhere."""
    turned = made.position @ np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]) + 1.0
    there, here = made.believed(turned), made.believed()
    limbs = ~np.char.startswith(made.skeleton.coordinates, "pelvis")
    np.testing.assert_allclose(there.q[:, limbs], here.q[:, limbs], atol=2e-5)


def test_a_marker_that_is_elsewhere_loses_its_weight(made):
    """A marker of the thigh 80 mm off: the hip moves by less than a third of plain's turn."""
    marker = made.skeleton.markers.index("RTH1")
    moved = made.position.copy()
    moved[:, marker, 2] += 0.08
    column = made.column("hip_adduction_r")
    plain = (made.plain(moved) - made.plain())[:, column]
    mine = (made.believed(moved).q - made.believed().q)[:, column]
    assert np.abs(plain).mean() > np.radians(1.5)  # the danger is there
    assert np.abs(mine).mean() < np.abs(plain).mean() / 3.0


def test_deviations_cover_the_truth():
    """Random and offset part together, over coordinates, frames and people: .96, 2.9 degrees wide.

    Skin of these people is as large as believed, but swings marker by marker.
    """
    inside = []
    for seed in range(3):
        made = athlete(seed)
        free, found = made.skeleton.free, made.believed()
        sd = np.sqrt(np.einsum("tcc->tc", found.covariance) + made.offset_sd**2)[:, free]
        inside.append(np.abs(found.q - made.truth)[:, free] < 1.96 * sd)
    assert 0.92 <= np.mean(inside) <= 0.98
