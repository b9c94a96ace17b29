"""From exact coordinates: joint moments, hub wrenches and induced forces, 1e-6 from the truth.

The truth goes ways of its own: momentum differentiated in time, whole chains instead of recursions,
and equations of motion from positions alone, differentiated by every coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from aqbio.contributions.hub import coordinate_sources
from aqbio.contributions.levels import Anatomy, Levels, levels
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.poses import segment_poses
from aqbio.virtual.gait import Gait
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from aqbio.virtual.truth import run_truth
from tests.mechanics.levels_case import anatomy_of
from tests.virtual.known_arrays import CHAINS, truth_arrays
from tests.virtual.runners import RUNNER, SPRINTER

TRUTH = 1e-6
"""Relative tolerance of the project for numbers from exact coordinates."""

STEP = 1e-4
"""Five-point differences of momentum: truncation h⁴ p⁽⁵⁾/30. With angles up to 1 rad in harmonics
to 11 of a stride of 0.45 s, (150 rad/s)⁴ h⁴ / 30 = 2e-9 of the rate; round-off 1e-16 / 1e-4 of
momentum is 1e-10 of its rate."""

STENCIL = ((-2, 1), (-1, -8), (1, 8), (2, -1))
CHANGE = 1e-3
"""Five-point differences by a coordinate: truncation h⁴ p⁽⁵⁾/30 = 3e-14 of positions of 1 m that
turn with it, round-off 1e-16/1e-3 = 1e-13; both far below 1e-6."""


@dataclass(frozen=True)
class Exact:
    gait: Gait
    time: np.ndarray
    levels: Levels
    anatomy: Anatomy


@pytest.fixture(scope="module", params=[(RUNNER, 9.5), (SPRINTER, 7.0)], ids=["9.5", "7"])
def exact(request, gait_of) -> Exact:
    athlete, speed = request.param
    gait = gait_of(athlete, speed).gait
    time = np.arange(0.0, 2.0 * float(gait.timeline.step[:2].mean()), 1.0 / 250.0)
    anatomy = anatomy_of("sprint")
    truth = run_truth(gait, time)
    motion = truth.motion
    moves = segment_kinematics(gait.skeleton, motion.q, motion.u, motion.udot)
    side, _ = gait.stance_foot(time)
    touching = np.stack([side < 0, side > 0], axis=1)
    found = levels(gait.skeleton, moves, truth.loads.external(), touching, anatomy)
    return Exact(gait, time, found, anatomy)


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


def test_joint_moments_are_the_rates_of_what_hangs_on_the_joint(exact):
    """Newton and Euler for all that is beyond a joint, about the joint, by time differences."""
    gait, mechanics = exact.gait, exact.levels.mechanics
    skeleton = gait.skeleton
    inner = _inner(gait, exact.time)
    largest = np.abs(mechanics.wrenches.moment[inner]).max()
    for name in exact.anatomy.joints.values():
        body = skeleton.joints.index(name)
        members = list(np.flatnonzero(skeleton.lineage[:, body]))
        centre = mechanics.kinematics.joint_centre[:, body]
        linear, angular = _differentiated(gait, exact.time, members, centre)
        weight = skeleton.mass[members, None] * skeleton.gravity
        arm = mechanics.motion.com[:, members] - centre[:, None]
        moment = angular - np.cross(arm, weight).sum(axis=1)
        force = linear - weight.sum(axis=0)
        for load in mechanics.loads:
            if skeleton.bodies.index(load.body) in members:
                moment -= load.moment + np.cross(load.point - centre, load.force)
                force -= load.force
        ours = mechanics.wrenches
        error = np.abs(ours.moment[inner, body] - moment[inner]).max()
        assert error < TRUTH * largest, name
        error = np.abs(ours.force[inner, body] - force[inner]).max()
        assert error < TRUTH * np.abs(ours.force).max(), name


def test_hidden_truth_says_the_same_as_the_levels(gait_of):
    """What lies beside the files, at the markers' frames: from its own q, u and u̇ alone."""
    run = recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), Laboratory())
    known, skeleton = truth_arrays(run), run.truth.gait.skeleton
    moves = segment_kinematics(skeleton, known["q"], known["u"], known["udot"])
    loaded = np.nan_to_num(known["foot_force"][..., 1]) > 0
    loads = [
        load.__class__(load.body, known["foot_force"][:, foot], known["foot_moment"][:, foot],
                       np.zeros(3))
        for foot, load in enumerate(run.truth.loads.external())
    ]  # fmt: skip
    found = levels(skeleton, moves, loads, loaded, anatomy_of("sprint"))
    kinetics, _ = found.hubs[0]
    names = list(kinetics.hub.sources)
    pairs = {
        "angular_momentum": found.mechanics.balance.momentum,
        "angular_momentum_rate": found.mechanics.balance.rate,
        "joint_moment": found.mechanics.wrenches.moment,
        "chain_moment": kinetics.wrench[:, [names.index(chain) for chain in CHAINS]],
    }
    assert known["chains"].tolist() == list(CHAINS)
    for name, ours in pairs.items():
        error = np.abs(ours - known[name]).max()
        assert error < TRUTH * np.abs(known[name]).max(), name
    total = found.induced["C2"].force.sum(axis=1)
    error = np.abs(total - known["foot_force"]).max()
    assert error < TRUTH * np.abs(known["foot_force"]).max()


def _by_coordinates(skeleton, q, foot, point):
    """Derivatives by the free coordinates: (B, 3, n) of centres, (B, 3, n) turns, (3, n) of point.

    From positions alone; the point is carried by the foot.
    """
    free = skeleton.free
    shifted = np.tile(q, (len(STENCIL) * len(free), 1))
    for place, coordinate in enumerate(free):
        for row, (step, _) in enumerate(STENCIL):
            shifted[place * len(STENCIL) + row, coordinate] += step * CHANGE
    here, there = (segment_poses(skeleton, one) for one in (q[None], shifted))
    station = here.rotation[0, foot].T @ (point - here.origin[0, foot])

    def centres(poses):
        return poses.origin + np.einsum("tbij,bj->tbi", poses.rotation, skeleton.com)

    factor = np.array([weight for _, weight in STENCIL]) / (12.0 * CHANGE)

    def slope(values):
        apart = values.reshape(len(free), len(STENCIL), *values.shape[1:])
        return np.einsum("s,ns...->n...", factor, apart)

    carried = there.origin[:, foot] + there.rotation[:, foot] @ station
    turn = slope(there.rotation) @ np.swapaxes(here.rotation[0], -1, -2)
    axial = np.stack([turn[..., 2, 1], turn[..., 0, 2], turn[..., 1, 0]], axis=-1)
    return (
        slope(centres(there)).transpose(1, 2, 0),
        axial.transpose(1, 2, 0),
        slope(carried).T,
    )


def test_induced_ground_forces_obey_equations_from_positions_alone(exact):
    """Every joint under every contact model, at instants of both stances."""
    gait, found = exact.gait, exact.levels
    skeleton, mechanics = gait.skeleton, found.mechanics
    coordinates = coordinate_sources(skeleton, exact.anatomy.joints, exact.anatomy.root, "residual")
    held = np.stack([foot.touching for foot in found.feet], axis=1)
    force = mechanics.balance.force[..., 1]
    checked = 0
    for side in range(2):
        frames = np.flatnonzero(held[:, side] & (force[:, side] > 200.0))
        for frame in frames[:: max(1, len(frames) // 4)]:
            _check_frame(exact, coordinates, int(frame), side)
            checked += 1
    assert checked >= 8
    largest = max(np.abs(one.force).max() for one in found.induced.values())
    assert largest > 500.0
    assert mechanics.balance.force.max() > 1000.0


def _check_frame(exact: Exact, coordinates, frame: int, side: int) -> None:
    found, skeleton = exact.levels, exact.gait.skeleton
    mechanics, contact = found.mechanics, found.feet[side]
    foot = skeleton.bodies.index(contact.load.body)
    point = contact.point[frame]
    q = mechanics.kinematics.q[frame]
    centre, turn, carried = _by_coordinates(skeleton, q, foot, point)
    rotation = segment_poses(skeleton, q[None]).rotation[0]
    inertia = rotation @ skeleton.inertia @ np.swapaxes(rotation, -1, -2)
    mass = np.einsum("b,bin,bim->nm", skeleton.mass, centre, centre)
    mass += np.einsum("bin,bij,bjm->nm", turn, inertia, turn)
    motion, load = mechanics.motion, contact.load
    pull = skeleton.mass[:, None] * (motion.acceleration[frame] - skeleton.gravity)
    tau = np.einsum("bin,bi->n", centre, pull)
    tau += np.einsum("bin,bi->n", turn, motion.spin_rate[frame])
    about = load.moment[frame] - np.cross(point, load.force[frame])
    tau -= carried.T @ load.force[frame] + turn[foot].T @ about
    free = list(skeleton.free)
    rows = {
        "C1": carried,
        "C2": np.vstack([carried, turn[foot][1:2]]),
        "C3": np.vstack([carried, turn[foot]]),
    }
    for model, held in rows.items():
        induced = found.induced[model]
        reply = np.linalg.solve(mass, held.T)
        for source, chosen in coordinates.items():
            own = np.where(np.isin(free, chosen), tau, 0.0)
            answer = -np.linalg.solve(held @ reply, held @ np.linalg.solve(mass, own))
            ours = induced.force[frame, induced.sources.index(source), side]
            limit = TRUTH * np.abs(induced.force[frame]).max()
            assert np.abs(ours - answer[:3]).max() < limit, (model, source, frame)


def test_induced_forces_add_up_to_the_generators_ground_force(exact):
    """All sources together are the force that the generator solved for, at every instant."""
    truth = run_truth(exact.gait, exact.time)
    for model, induced in exact.levels.induced.items():
        error = np.abs(induced.force.sum(axis=1) - truth.loads.force).max()
        assert error < TRUTH * truth.loads.force.max(), model


def test_segments_move_as_the_state_says(exact):
    """The differences used above are those of the motion: velocities at 1e-8."""
    gait, mechanics = exact.gait, exact.levels.mechanics
    frame = len(exact.time) // 3
    q, u, udot = gait.states(exact.time[[frame]])
    centre, turn, _ = _by_coordinates(gait.skeleton, q[0], 0, np.zeros(3))
    motion = segment_motion(gait.skeleton, segment_kinematics(gait.skeleton, q, u, udot))
    speed = u[0, gait.skeleton.free]
    np.testing.assert_allclose(centre @ speed, motion.velocity[0], rtol=0, atol=1e-8)
    omega = mechanics.kinematics.angular_velocity[frame]
    np.testing.assert_allclose(turn @ speed, omega, rtol=0, atol=1e-7)
