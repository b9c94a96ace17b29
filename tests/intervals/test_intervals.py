"""Uncertainty: every draw is a full computation, a possible body, and of its own source."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.draws import (
    InertiaSpread,
    centre_covariance,
    centre_slopes,
    drawn_bodies,
    drawn_skeleton,
    inertia_draws,
    twins,
)
from aqbio.contributions.intervals import drawn_window, phase_frames
from aqbio.force_plates.ground_reactions import toes_share, toes_share_error
from aqbio.gait.drawn_steps import drawn_steps
from aqbio.gait.roles import RoleScheme, group_sum, membership
from aqbio.intervals.sources import (
    Motions,
    drawn_loads,
    joined_states,
    load_errors,
    motion_states,
    plate_states,
)
from aqbio.intervals.trial_draws import (
    LoadedMotion,
    state_causes,
    stiff_foot_causes,
    swing_sd,
    unobserved_roots,
    unobserved_swings,
)
from aqbio.intervals.uncertainty import Parts, Spread, body_outcomes, state_outcomes
from aqbio.inverse_dynamics.parameters import LoadSpread
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.jacobians import contact_jacobian, mass_matrix
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.names import SIDES
from aqbio.observed.determined import STRIDE_RATE_HZ, range_sd
from aqbio.rotation.induced import CONTACT_ROWS
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.gait.test_gait import drawn_contacts
from tests.levels_case import FEET, body_spread, smooth_run, sprint_run

RELATIVE_TOLERANCE = 1e-11
"""Two orders of summation over 14 segments, relative to the largest value."""


def _parts(case) -> Parts:
    skeleton = case.skeleton
    joints = [skeleton.joints.index(joint) for joint in case.anatomy.joints.values()]
    return Parts(
        groups=membership(case.anatomy.groups, skeleton.bodies),
        hub=case.levels().hubs[0][0].hub,
        joints=np.array(joints),
        twin=twins(skeleton.bodies, case.anatomy.groups),
    )


def _compare(draws, number, case):
    """One draw against levels A and B and the force shares of a case: every outcome."""
    levels, parts = case.levels(), _parts(case)
    balance, (kinetics, _) = levels.mechanics.balance, levels.hubs[0]
    for computed, expected in (
        (draws.momentum, group_sum(balance.momentum, parts.groups)),
        (draws.rate, levels.group_rate),
        (draws.joint_moment, levels.mechanics.wrenches.moment[:, parts.joints]),
        (draws.hub_moment, kinetics.wrench[:, :-1]),
        (draws.residual_moment, balance.residual_moment),
        (draws.inertial_force, levels.shares.inertial),
        (draws.relative_force, levels.shares.relative),
        (draws.ground_force, sum(load.force for load in case.loads)),
    ):
        limit = RELATIVE_TOLERANCE * np.abs(expected).max()
        np.testing.assert_allclose(computed[number], expected, rtol=0, atol=limit)


def test_every_draw_is_another_body_on_other_plates():
    """The linear maps against levels A and B computed anew, body by body."""
    case = sprint_run(6)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05, (0.03, 0.02, 0.04)))
    parts, generator = _parts(case), np.random.default_rng(5)
    parameters = inertia_draws(case.skeleton, spread.inertia, parts.twin, 3, generator)
    errors = load_errors(spread.loads, len(case.loads), 3, generator)
    moves = segment_kinematics(case.skeleton, *case.motion)
    draws = body_outcomes(case.skeleton, moves, case.loads, parts, parameters, errors)
    other_loads = drawn_loads(case.loads, np.zeros((6, 3)), errors)
    for number in range(3):
        loads = tuple(
            ExternalLoad(
                x.body,
                other_loads.force[number, :, f],
                other_loads.moment[number, :, f],
                np.zeros(3),
            )
            for f, x in enumerate(case.loads)
        )
        body = drawn_skeleton(case.skeleton, parameters[number])
        _compare(draws, number, replace(case, skeleton=body, loads=loads))


@pytest.mark.parametrize("ahead", [-0.03, 0.0, 0.02])
def test_moments_at_the_toes_know_where_pressure_may_lie(ahead):
    """A load and its share are displaced; in closed form, along, up and across the run."""
    case, position = sprint_run(1), 0.02
    moves = segment_kinematics(case.skeleton, *case.motion)
    ahead, force = np.array([ahead]), np.array([[200.0, 1500.0, -100.0]])
    toes = case.skeleton.bodies.index("toes_r")
    point = moves.joint_centre[:, toes] + [0.1, 0.0, 0.05]
    load = ExternalLoad(
        "foot_r", force, np.zeros((1, 3)), point, "toes_r", toes_share(ahead), ahead
    )
    states = plate_states(case.skeleton, moves, [load], LoadSpread(position, 0.0))
    joint = tuple(case.anatomy.joints.values()).index(case.skeleton.joints[toes])
    moment = state_outcomes(states, _parts(case)).joint_moment[:, 0, joint]
    moved = [np.cross(way, force[0]) for way in np.eye(3)[[0, 2]]]
    borne = np.cross([0.1, 0.0, 0.05], force[0])
    expected = (load.share * position) ** 2 * np.square(moved).sum(axis=0)
    expected += (toes_share_error(ahead, position) * borne) ** 2
    np.testing.assert_allclose(((moment[1:] - moment[0]) ** 2).mean(axis=0), expected, rtol=1e-6)


def test_states_of_bodies_are_the_full_computation_for_each():
    """Motions of one skeleton are computed together, and come out as one by one."""
    case, _ = smooth_run(20)
    parts = _parts(case)
    q, u, udot = case.motion
    spread = body_spread(case.skeleton)
    shape = spread.template.shape(spread.shapes(1, np.random.default_rng(3))[0])
    skeleton = spread.template.skeleton_of(shape)
    other_case = replace(case, skeleton=skeleton, motion=(q + 0.01, 1.1 * u, 0.9 * udot))
    same_body = replace(case, motion=other_case.motion)
    cases = (case, same_body, other_case)
    arrays = (
        np.stack(three)
        for three in zip(*(single_case.motion for single_case in cases), strict=True)
    )
    motions = Motions(tuple(single_case.skeleton for single_case in cases), *arrays)
    of_same_body, of_other_body = states = tuple(motion_states("body", motions, case.loads))
    _compare(state_outcomes(of_same_body, parts), 1, same_body)
    _compare(state_outcomes(of_other_body, parts), 0, other_case)
    joined = joined_states(states)
    for number, single_case in enumerate(cases):
        _compare(state_outcomes(joined, parts), number, single_case)


def test_causes_of_every_draw_add_up_to_its_momentum_rate():
    """Level C of other bodies on other plates: superposition holds for each of them."""
    case = sprint_run(4)
    moves = segment_kinematics(case.skeleton, *case.motion)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05))
    parameters = inertia_draws(
        case.skeleton, spread.inertia, _parts(case).twin, 1, np.random.default_rng(5)
    )
    run = LoadedMotion(case.skeleton, moves, case.loads, case.touching, case.anatomy)
    body = drawn_skeleton(case.skeleton, parameters[0])
    states = plate_states(body, moves, case.loads, spread.loads)
    caused = state_causes([states], run)["C2"]
    draws = state_outcomes(states, _parts(case))
    limit = 1e-9 * np.abs(draws.rate).max()
    np.testing.assert_allclose(caused.group_rate.sum(axis=2), draws.rate, rtol=0, atol=limit)
    pelvis = moves.angular_acceleration[:, case.skeleton.bodies.index("pelvis")]
    pelvis_acceleration = caused.pelvis_acceleration
    limit = 1e-9 * np.abs(pelvis_acceleration).max()
    measured = np.broadcast_to(pelvis, (7, *pelvis.shape))  # whoever's body: it is in the motion
    np.testing.assert_allclose(pelvis_acceleration.sum(axis=2), measured, rtol=0, atol=limit)
    assert (
        np.ptp(pelvis_acceleration[:, 0, 0, 1])
        > 1e-3 * np.abs(pelvis_acceleration[:, 0, 0, 1]).max()
    )


COUNT = 4000
"""The relative error of a standard deviation from N draws is 1 / sqrt(2 N): 1.1 %; five of them."""


def _drawn_inertia(case, spread, count=COUNT):
    """Mass, centre of mass and inertia about it of drawn bodies."""
    twin = twins(case.skeleton.bodies, case.anatomy.groups)
    parameters = inertia_draws(case.skeleton, spread, twin, count, np.random.default_rng(0))
    mass, first = parameters[..., 0], parameters[..., 1:4]
    com = first / mass[..., None]
    xx, yy, zz, xy, xz, yz = np.moveaxis(parameters[..., 4:], -1, 0)
    tensor = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=-1).reshape(*mass.shape, 3, 3)
    square = (com**2).sum(axis=-1)[..., None, None] * np.eye(3)
    arm = square - com[..., :, None] * com[..., None, :]
    return mass, com, tensor - mass[..., None, None] * arm


def test_spreads_are_the_stated_ones():
    """Of light segments: heavy ones are held by the body's total."""
    eight = sprint_run()
    spread = InertiaSpread(mass=0.08, centre=0.05, size=0.06, body=0.0)
    mass, com, tensor = _drawn_inertia(eight, spread)
    hand = eight.skeleton.bodies.index("radius_l")
    log_share = np.log(mass[:, hand] / mass.sum(axis=1))
    assert log_share.std() == pytest.approx(0.08, rel=0.15)
    reach = np.sqrt(
        np.linalg.eigvalsh(eight.skeleton.inertia[hand])[-1] / eight.skeleton.mass[hand]
    )
    centre = (com[:, hand] - eight.skeleton.com[hand]).std(axis=0)
    np.testing.assert_allclose(centre, 0.05 * reach, rtol=5 / np.sqrt(2 * COUNT))
    moments = np.diagonal(tensor[:, hand], axis1=1, axis2=2) / mass[:, hand, None]
    second = 0.5 * moments.sum(axis=1)[:, None] - moments
    sizes = 0.5 * np.log(second).std(axis=0)
    # Shearing a long segment also widens it: thin axes vary a little more than the long one, y.
    assert sizes[1] == pytest.approx(0.06, rel=5 / np.sqrt(2 * COUNT))
    assert (sizes[[0, 2]] > 0.058).all()
    assert (sizes[[0, 2]] < 0.072).all()


def test_twins_are_wrong_together_and_mirrored():
    eight = sprint_run()
    spread = InertiaSpread(body=0.0, twin_mass=0.0, twin_size=0.0)
    mass, com, tensor = _drawn_inertia(eight, spread, 50)
    left, right = (eight.skeleton.bodies.index(f"femur_{side}") for side in "lr")
    np.testing.assert_allclose(mass[:, left], mass[:, right], rtol=1e-12)
    mirror = np.array([1.0, 1.0, -1.0])
    np.testing.assert_allclose(com[:, left], com[:, right] * mirror, rtol=0, atol=1e-12)
    reflected = tensor[:, right] * np.outer(mirror, mirror)
    np.testing.assert_allclose(tensor[:, left], reflected, rtol=0, atol=1e-12)
    independent = _drawn_inertia(eight, InertiaSpread(twin_mass=1.0))[0]
    correlation = np.corrcoef(np.log(independent[:, left]), np.log(independent[:, right]))[0, 1]
    assert abs(correlation) < 0.2


@pytest.mark.parametrize("centre", [0.12, 0.05])
def test_twins_differ_as_far_as_stated_however_far_the_table_is_off(centre):
    """Halves of a rod that differ independently, so that the whole does by `twin_mass`."""
    eight = sprint_run()
    spread = InertiaSpread(mass=0.07, centre=centre, size=0.0, body=0.0)
    mass, com, _ = _drawn_inertia(eight, spread)
    tolerance = 5 / np.sqrt(2 * COUNT)
    skeleton, mirror = eight.skeleton, np.array([1.0, 1.0, -1.0])
    left, right = (skeleton.bodies.index(f"tibia_{side}") for side in "lr")
    ratio = np.log(mass[:, right] / mass[:, left]).std()
    assert ratio == pytest.approx(spread.twin_mass, rel=tolerance)
    inertia = np.diagonal(skeleton.inertia[right])
    along = np.sqrt((0.5 * inertia.sum() - inertia[1]) / skeleton.mass[right])
    halves = np.random.default_rng(1).normal(0.0, np.sqrt(2.0) * spread.twin_mass, (COUNT, 2))
    expected = (0.5 * halves @ [1.0, -1.0]).std() * 0.86 * along
    difference = (com[:, right] - com[:, left] * mirror)[:, 1]
    assert difference.std() == pytest.approx(expected, rel=2 * tolerance)
    covariance = centre_covariance(skeleton, spread, twins(skeleton.bodies, eight.anatomy.groups))
    right_axis, left_axis = (3 * body + 1 for body in (right, left))
    variance = (
        covariance[right_axis, right_axis]
        + covariance[left_axis, left_axis]
        - 2.0 * covariance[right_axis, left_axis]
    )
    assert np.sqrt(variance) == pytest.approx(expected, rel=tolerance)
    np.testing.assert_allclose(covariance, covariance.T, rtol=0, atol=1e-18)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12


def test_motion_follows_the_body_as_inverse_kinematics_would():
    """Gauss-Newton on the other body to convergence, against one linear step.

    And the mean distance of its centres of mass, seen from the markers, against its slope.
    """
    three = sprint_run(3)
    skeleton, q = three.skeleton, 0.5 * three.motion[0]
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(skeleton.markers))
    spread = replace(body_spread(skeleton, 0.001), skin_sd=np.zeros(len(skeleton.markers)))
    time = np.arange(3) / 200.0
    bodies_drawn = drawn_bodies(
        spread, time, q, weight, np.random.default_rng(2), bodies=1, skins=1
    )
    shape = spread.template.shape(spread.shapes(1, np.random.default_rng(2))[0])
    markers, free = BodyMarkers(spread.template), skeleton.free
    measured, solved = markers.positions(spread.template.shape(), q), q.copy()
    for _ in range(20):
        position, by_coordinate = markers.by_coordinate(shape, solved)
        rows = np.moveaxis(by_coordinate[free], 0, -1).reshape(len(q), -1, len(free))
        weighted = np.swapaxes(rows * np.repeat(weight, 3)[:, None], 1, 2)
        step = np.linalg.solve(
            weighted @ rows, weighted @ (measured - position).reshape(len(q), -1, 1)
        )
        solved[:, free] += step[..., 0]
    assert np.abs(step).max() < 1e-10
    # Second order in the change of shape, 1e-4 m over segments of 0.1 m; the hold on unseen 1e-6.
    change = solved - q
    assert np.abs(bodies_drawn.by_shape[0] - change).max() < 5e-3 * np.abs(change).max()
    before, after = segment_poses(skeleton, q), segment_poses(bodies_drawn.skeletons[0], solved)
    bodies = np.arange(len(skeleton.bodies))
    moved = station_positions(after, bodies, bodies_drawn.skeletons[0].com)
    moved = moved - station_positions(before, bodies, skeleton.com)
    displacement = np.einsum("tbji,tbj->tbi", before.rotation, moved).mean(axis=0)
    slopes = centre_slopes(spread.template, q, weight)
    expected = spread.shapes(1, np.random.default_rng(2))[0] @ slopes.T
    np.testing.assert_allclose(displacement.ravel(), expected, atol=3e-3 * np.abs(expected).max())


TIME = np.linspace(0.3, 0.8, 51)


def test_an_unseen_trunk_swings_less_than_its_joints_range():
    """Only rotations of the trunk's own joints; arms on it, legs and pelvis keep their range."""
    skeleton = athlete_skeleton(Athlete("P", "female", 60.5, 1.7))
    limited = swing_sd(skeleton, ("torso", "head")) < range_sd(skeleton)
    names = {name for name, less in zip(skeleton.coordinates, limited, strict=True) if less}
    assert names == {"lumbar_extension", "lumbar_bending", "lumbar_rotation"}
    assert (swing_sd(skeleton, ()) == range_sd(skeleton)).all()


def test_unmeasured_coordinates_answer_measured_ones():
    """A sum of two angles is known to 0.1: as one swings by 2, the other swings back."""
    know = np.array([[1.0, 1.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 4.0]]) / [[0.1], [1.0], [1.0]]
    covariance = np.linalg.inv(know.T @ know)[None].repeat(51, axis=0)
    roots = unobserved_roots(covariance, np.array([False, True, False]))
    swings = unobserved_swings(TIME, roots, 4000, np.random.default_rng(3))
    sd = np.sqrt(covariance[0, 1, 1])
    np.testing.assert_allclose(swings[..., 1].std(axis=0), sd, rtol=0.05)
    slope = covariance[0, 0, 1] / sd**2
    np.testing.assert_allclose(swings[..., 0], slope * swings[..., 1], atol=1e-12)
    assert slope < -0.9
    speed = np.gradient(swings[..., 1], TIME, axis=1)[:, 1:-1].std()
    assert speed == pytest.approx(2.0 * np.pi * STRIDE_RATE_HZ * sd, rel=0.05)
    assert (swings[..., 2] == 0.0).all()


@pytest.mark.parametrize("seed", range(60))
def test_frames_of_draws(seed):
    """One whole contact a foot, nearest to the middle; its window, and a flight that is known."""
    contacts, time = drawn_contacts(seed), np.arange(25 * (seed % 5 + 1)) / 100.0
    middle, steps = 0.5 * time[-1], {step.side: step for step in drawn_steps(contacts, time, 0.3)}
    for side in SIDES:
        distances = [
            abs(0.5 * (contact.touchdown + contact.toe_off) - middle)
            for contact in contacts
            if contact.side == side and contact.complete
            and contact.touchdown >= 0.0 and contact.toe_off <= time[-1]
        ]  # fmt: skip
        assert (side in steps) == bool(distances)
        if distances:
            step = steps[side]
            assert abs(0.5 * (step.touchdown + step.toe_off) - middle) == min(distances)
            assert (step.status == "ok") == np.isfinite(step.next_touchdown)
            later = [
                contact.touchdown for contact in contacts if contact.touchdown > step.touchdown
            ]
            assert np.isnan(step.next_touchdown) or step.next_touchdown in later
            assert np.isnan(step.flight) or step.flight <= 0.3
    window = drawn_window(contacts, time, 0.3)
    assert 0 <= window.start < window.stop <= len(time)
    if not steps:
        assert window == slice(0, len(time))
    for side, step in steps.items():
        assert window.start <= max(0, np.ceil(100.0 * step.touchdown - 1e-9))
        end = np.nanmax([step.toe_off, step.next_touchdown])
        assert window.stop >= min(len(time), 100.0 * end)
        draws = SimpleNamespace(
            time=time, roles=RoleScheme(), frames=lambda step_asked: slice(0, step_asked.number)
        )
        stance, *flight = phase_frames(draws, step)
        assert stance == slice(0, step.number)
        if flight:
            inside = time[flight[0]]
            assert step.toe_off < inside[0]
            assert inside[-1] < step.next_touchdown
            assert 5 <= len(inside) <= 9
            assert inside[0] - step.toe_off < 0.0101
        else:
            last = min(step.next_touchdown, time[-1])
            assert not 100.0 * (last - step.toe_off) > 6.0
        r2_draws = SimpleNamespace(
            time=time,
            roles=RoleScheme(flight="R2"),
            frames=lambda step_asked: slice(0, step_asked.number),
        )
        assert phase_frames(r2_draws, step) == [stance], side


FRAME = 30
TOES = ("mtp_angle_l", "mtp_angle_r")
JOINTS = ("hip_right", "knee_right", "ankle_right", "hip_left", "lumbar", "shoulder_left")


@pytest.fixture(scope="module")
def run():
    """The right foot alone is on the ground."""
    case, time = smooth_run(60)
    touching = np.zeros_like(case.touching)
    touching[10:46, 1] = True
    return replace(case, touching=touching), time


def _run(case):
    moves = segment_kinematics(case.skeleton, *case.motion)
    return LoadedMotion(case.skeleton, moves, case.loads, case.touching, case.anatomy)


@pytest.mark.parametrize("model", CONTACT_ROWS)
def test_a_stiff_foot_is_one_whose_toes_a_multiplier_holds(run, model):
    """All coordinates, and one system of M, the contact's rows and a row for each toes' joint."""
    case, _ = run
    skeleton, free, levels = case.skeleton, case.skeleton.free, case.levels()
    moves, point = levels.mechanics.kinematics, levels.feet[1].point
    foot = skeleton.bodies.index(FEET[1])
    ground = CONTACT_ROWS[model] @ contact_jacobian(skeleton, moves, foot, point)[FRAME][:, free]
    constraints = np.vstack(
        [ground, [np.equal(free, skeleton.coordinates.index(coordinate)) for coordinate in TOES]]
    )
    mass = mass_matrix(skeleton, moves)[FRAME][np.ix_(free, free)]
    system = np.block(
        [[mass, -constraints.T], [constraints, np.zeros((len(constraints), len(constraints)))]]
    )
    causes = stiff_foot_causes(_run(case))[model]
    for name in JOINTS:
        joint = skeleton.joints.index(case.anatomy.joints[name])
        coordinates = skeleton.axes.coordinate[skeleton.axes.body == joint]
        cause = np.where(np.isin(free, coordinates), levels.mechanics.forces[FRAME, free], 0.0)
        answer = np.linalg.solve(system, np.concatenate([cause, np.zeros(len(constraints))]))[
            len(free) :
        ]
        force = (CONTACT_ROWS[model].T @ answer[: len(ground)])[3:]
        computed = causes.ground_force[0, FRAME, causes.sources.index(name)]
        np.testing.assert_allclose(computed, force, rtol=1e-7, atol=1e-7 * np.abs(force).max())
