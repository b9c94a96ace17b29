"""Levels B and C of virtual sprinters: known truth, and what steady running forces on anyone."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.contributions.levels import levels
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.virtual.truth import run_truth
from tests.mechanics.identities import broken, identities
from tests.mechanics.levels_case import anatomy_of, impulse_left
from tests.virtual.runners import RUNNER

TRUTH = 1e-6
"""Relative tolerance of the issue for numbers from exact coordinates."""

STEP = 1e-4
"""Five-point differences of momentum: truncation h⁴ p⁽⁵⁾/30. With angles up to 1 rad in harmonics
to 11 of a stride of 0.45 s, (150 rad/s)⁴ h⁴ / 30 = 2e-9 of the rate; round-off 1e-16 / 1e-4 of
momentum is 1e-10 of its rate."""


@pytest.fixture(scope="module", params=[9.5])
def solved(request, gait_of):
    return gait_of(RUNNER, request.param)


@pytest.fixture(scope="module")
def stride(solved):
    """Instants of a whole stride, away from touchdown and toe-off, and all levels there."""
    period = 2.0 * float(solved.gait.timeline.step[:2].mean())
    time = np.arange(0.0, period, 1.0 / 500.0)
    return time, _levels(solved.gait, time)


def _levels(gait, time):
    truth = run_truth(gait, time)
    motion = truth.motion
    moves = segment_kinematics(gait.skeleton, motion.q, motion.u, motion.udot)
    side, _ = gait.stance_foot(time)
    touching = np.stack([side < 0, side > 0], axis=1)
    return levels(gait.skeleton, moves, truth.loads.external(), touching, anatomy_of("sprint"))


def _inner(gait, time):
    """Instants whose five-point stencils stay within one contact or one flight."""
    _, step, since = gait.timeline.located(time)
    line = gait.timeline
    edges = [since, np.abs(since - line.contact[step]), line.step[step] - since]
    return np.min(edges, axis=0) > 3 * STEP


def _differentiated(gait, time, members, about) -> tuple[np.ndarray, np.ndarray]:
    """Rates of linear momentum and of angular momentum about fixed points: from q and u alone."""
    total = []
    for shift, factor in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
        q, u, udot = gait.states(time + shift * STEP)
        moves = segment_kinematics(gait.skeleton, q, u, udot)
        motion = segment_motion(gait.skeleton, moves)
        own = motion.mass[members, None] * motion.velocity[:, members]
        angular = motion.spin[:, members] + np.cross(motion.com[:, members] - about[:, None], own)
        total.append(factor * np.concatenate([own.sum(axis=1), angular.sum(axis=1)], axis=1))
    rate = sum(total) / (12 * STEP)
    return rate[:, :3], rate[:, 3:]


def test_every_identity_holds(stride):
    assert broken(identities(stride[1])) == set()


def test_nothing_is_left_unexplained(stride, solved):
    """No residual at the pelvis, and no residual source, where the gait has no drag."""
    _, found = stride
    assert solved.gait.drag == 0.0
    (pelvis, _), _ = found.hubs
    place = pelvis.hub.sources.index("residual")
    scale = np.abs(pelvis.wrench).max()
    assert np.abs(pelvis.wrench[:, place]).max() < TRUTH * scale
    for induced in found.induced.values():
        residual = induced.sources.index("residual")
        assert np.abs(induced.force[:, residual]).max() < TRUTH * np.abs(induced.force).max()


def test_hub_wrenches_are_the_rates_of_the_chains_momentum(stride, solved):
    """Newton and Euler for every chain, its momentum differentiated numerically in time."""
    time, found = stride
    inner = _inner(solved.gait, time)
    skeleton = solved.gait.skeleton
    kinetics, _ = found.hubs[0]
    loads: tuple[ExternalLoad, ...] = found.mechanics.loads
    for place, chain in enumerate(kinetics.hub.chains):
        members = list(chain.members)
        linear, angular = _differentiated(solved.gait, time, members, kinetics.com)
        weight = skeleton.mass[members, None] * skeleton.gravity
        arm = found.mechanics.motion.com[:, members] - kinetics.com[:, None]
        force = weight.sum(axis=0) - linear
        moment = np.cross(arm, weight).sum(axis=1) - angular
        for load in loads:
            if skeleton.bodies.index(load.body) in members:
                force = force + load.force
                moment = moment + load.moment + np.cross(load.point - kinetics.com, load.force)
        for ours, truth in ((kinetics.force, force), (kinetics.wrench, moment)):
            error = np.abs(ours[inner, place] - truth[inner]).max()
            assert error < TRUTH * np.abs(truth[inner]).max(), chain.name


def test_the_pelvis_is_too_light_to_hold_torques(stride):
    """Its own yaw inertia is a few hundredths of what turns it: the three torques must cancel."""
    kinetics, _ = stride[1].hubs[0]
    share = np.abs(kinetics.rate[:, 1]) / np.abs(kinetics.wrench[..., 1]).sum(axis=1).max()
    assert 0.0 < share.max() < 0.06


def test_apparent_weight_matters_in_stance_and_vanishes_in_flight(stride, solved):
    time, found = stride
    side, _ = solved.gait.stance_foot(time)
    weight = np.abs(found.hubs[0][1].apparent_weight)
    assert weight[side == 0].max() < TRUTH * weight.max()
    assert weight[side != 0][..., 1].max() > 5.0
    assert weight[side != 0][..., 2].max() > 50.0


def test_what_a_limb_adds_in_stance_it_takes_back_in_flight(stride, solved):
    """Over a whole stride every anatomical group's relative impulse is zero."""
    period = 2.0 * float(solved.gait.timeline.step[:2].mean())
    time = np.linspace(0.0, period, 2001)
    found = _levels(solved.gait, time)
    pelvis = found.groups.index("pelvis")
    others = [place for place in range(len(found.groups)) if place != pelvis]
    share = impulse_left(time, found.shares.relative[:, others])
    assert np.abs(share[:, 1]).max() < 1e-4
    side, _ = solved.gait.stance_foot(time)
    stance = np.where((side > 0)[:, None], found.shares.relative[..., 1], 0.0)
    alone = np.trapezoid(stance, time, axis=0)
    both = np.trapezoid(np.abs(found.shares.relative[..., 1]), time, axis=0)
    arms = [found.groups.index(f"arm_{name}") for name in ("left", "right")]
    assert (np.abs(alone[arms]) > 0.1 * both[arms]).all()


def test_the_stance_ankle_carries_most_of_the_vertical_force(stride, solved):
    """As in every analysis of induced accelerations of running (Hamner 2010, Dorn 2012)."""
    time, found = stride
    side, _ = solved.gait.stance_foot(time)
    right = side > 0
    induced = found.induced["C2"]
    vertical = induced.force[right][..., 1].sum(axis=2).mean(axis=0)
    shares = dict(zip(induced.sources, vertical / vertical.sum(), strict=True))
    joints = {name: shares[name] for name in anatomy_of("sprint").joints}
    assert max(joints, key=joints.get) == "ankle_right"
    assert sum(abs(joints[f"{j}_left"]) for j in ("hip", "knee", "ankle")) < 0.2
