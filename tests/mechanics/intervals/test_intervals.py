"""Uncertainty: every draw is a full computation, a possible body, and of its own source."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.draws import (
    InertiaSpread,
    about_model,
    centre_slopes,
    drawn_bodies,
    drawn_skeleton,
    inertia_draws,
    twins,
)
from aqbio.body.shape import MarkerPlaces, Template
from aqbio.consistency.data_errors import LoadSpread
from aqbio.contributions.induced import CONTACT_ROWS
from aqbio.contributions.intervals import drawn_steps, drawn_window, intervals_dataset, phase_frames
from aqbio.gait.roles import RoleScheme, group_sum, membership
from aqbio.gait.steps import Contact
from aqbio.intervals.sources import (
    SOURCES,
    UNDISTURBED,
    Motions,
    drawn_loads,
    generator_of,
    joined_states,
    load_error_points,
    load_errors,
    motion_states,
    plate_states,
    source_sds,
)
from aqbio.intervals.step_uncertainty import stance_sds
from aqbio.intervals.trial_draws import (
    STRIDES,
    Run,
    Sampling,
    TrialDraws,
    state_causes,
    stiff_foot_causes,
    unobserved_roots,
    unobserved_swings,
)
from aqbio.intervals.uncertainty import Parts, Spread, body_outcomes, state_outcomes
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.jacobians import contact_jacobian, mass_matrix
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import segment_poses, station_positions
from tests.golden import differences
from tests.mechanics.calibration.made import MAP, made_person
from tests.mechanics.examples import answers
from tests.mechanics.gait.test_gait import drawn_contacts
from tests.mechanics.levels_case import FEET, body_spread, smooth_run, sprint_run

SAME = 1e-11
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


def _draw(case, spread, count, seed=0):
    moves = segment_kinematics(case.skeleton, *case.motion)
    parts, generator = _parts(case), np.random.default_rng(seed)
    parameters = inertia_draws(case.skeleton, spread.inertia, parts.twin, count, generator)
    errors = load_errors(spread.loads, len(case.loads), count, generator)
    return body_outcomes(case.skeleton, moves, case.loads, parts, parameters, errors)


def _compare(draws, number, case):
    """One draw against levels A and B and the force shares of a case: every outcome."""
    found, parts = case.levels(), _parts(case)
    balance, (kinetics, _) = found.mechanics.balance, found.hubs[0]
    for ours, expected in (
        (draws.momentum, group_sum(balance.momentum, parts.groups)),
        (draws.rate, found.group_rate),
        (draws.joint_moment, found.mechanics.wrenches.moment[:, parts.joints]),
        (draws.hub_moment, kinetics.wrench[:, :-1]),
        (draws.residual_moment, balance.residual_moment),
        (draws.inertial_force, found.shares.inertial),
        (draws.relative_force, found.shares.relative),
        (draws.ground_force, sum(load.force for load in case.loads)),
    ):
        limit = SAME * np.abs(expected).max()
        np.testing.assert_allclose(ours[number], expected, rtol=0, atol=limit)


def test_every_draw_is_another_body_on_other_plates():
    """The linear maps against levels A and B computed anew, body by body."""
    case = sprint_run(6)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05))
    draws = _draw(case, spread, 3, seed=5)
    generator = np.random.default_rng(5)
    twin = _parts(case).twin
    parameters = inertia_draws(case.skeleton, spread.inertia, twin, 3, generator)
    origin = np.zeros((6, 3))
    errors = load_errors(spread.loads, len(case.loads), 3, generator)
    loads = drawn_loads(case.loads, origin, *errors)
    for number in range(3):
        other = replace(
            case,
            skeleton=drawn_skeleton(case.skeleton, parameters[number]),
            loads=tuple(
                ExternalLoad(
                    x.body, loads.force[number, :, f], loads.moment[number, :, f], np.zeros(3)
                )
                for f, x in enumerate(case.loads)
            ),
        )
        _compare(draws, number, other)


def test_states_of_bodies_are_the_full_computation_for_each():
    """Motions of one skeleton are computed together, and come out as one by one."""
    case, _ = smooth_run(20)
    parts = _parts(case)
    q, u, udot = case.motion
    spread = body_spread(case.skeleton)
    shape = spread.template.shape(spread.shapes(1, np.random.default_rng(3))[0])
    skeleton = spread.template.skeleton_of(shape)
    other = replace(case, skeleton=skeleton, motion=(q + 0.01, 1.1 * u, 0.9 * udot))
    same = replace(case, motion=other.motion)
    cases = (case, same, other)
    arrays = (np.stack(three) for three in zip(*(one.motion for one in cases), strict=True))
    motions = Motions(tuple(one.skeleton for one in cases), *arrays)
    two, one = every = tuple(motion_states("body", motions, case.loads))
    assert two.sources == ("body", "body")
    _compare(state_outcomes(two, parts), 0, case)
    _compare(state_outcomes(two, parts), 1, same)
    _compare(state_outcomes(one, parts), 0, other)
    together = joined_states(every)
    assert together.sources == ("body",) * 3
    for number, alone in enumerate(cases):
        _compare(state_outcomes(together, parts), number, alone)


def test_causes_of_every_draw_add_up_to_its_momentum_rate():
    """Level C of other bodies on other plates: superposition holds for each of them."""
    case = sprint_run(4)
    moves = segment_kinematics(case.skeleton, *case.motion)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05))
    parameters = inertia_draws(
        case.skeleton, spread.inertia, _parts(case).twin, 1, np.random.default_rng(5)
    )
    run = Run(case.skeleton, moves, case.loads, case.touching, case.anatomy)
    body = drawn_skeleton(case.skeleton, parameters[0])
    states = plate_states(body, moves, case.loads, spread.loads)
    caused = state_causes([states], run)["C2"]
    draws = state_outcomes(states, _parts(case))
    limit = 1e-9 * np.abs(draws.rate).max()
    np.testing.assert_allclose(caused.group_rate.sum(axis=2), draws.rate, rtol=0, atol=limit)
    pelvis = moves.angular_acceleration[:, case.skeleton.bodies.index("pelvis")]
    turned = caused.pelvis_acceleration
    limit = 1e-9 * np.abs(turned).max()
    measured = np.broadcast_to(pelvis, (7, *pelvis.shape))  # whoever's body: it is in the motion
    np.testing.assert_allclose(turned.sum(axis=2), measured, rtol=0, atol=limit)
    assert np.ptp(turned[:, 0, 0, 1]) > 1e-3 * np.abs(turned[:, 0, 0, 1]).max()


COUNT = 4000
"""The relative error of a standard deviation from N draws is 1 / sqrt(2 N): 1.1 %; five of them."""


@pytest.fixture(scope="module")
def eight():
    return sprint_run()


def _draws(eight, spread, count=COUNT, seed=0):
    twin = twins(eight.skeleton.bodies, eight.anatomy.groups)
    return inertia_draws(eight.skeleton, spread, twin, count, np.random.default_rng(seed))


def _central(parameters):
    """Mass, centre of mass and inertia about it."""
    mass, first = parameters[..., 0], parameters[..., 1:4]
    com = first / mass[..., None]
    xx, yy, zz, xy, xz, yz = np.moveaxis(parameters[..., 4:], -1, 0)
    tensor = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=-1).reshape(*mass.shape, 3, 3)
    square = (com**2).sum(axis=-1)[..., None, None] * np.eye(3)
    arm = square - com[..., :, None] * com[..., None, :]
    return mass, com, tensor - mass[..., None, None] * arm


def test_bodies_are_possible_even_when_they_differ_wildly(eight):
    """Moments of inertia positive and no larger than the sum of the other two."""
    mass, _, tensor = _central(_draws(eight, InertiaSpread(0.5, 0.5, 0.5, 0.1), 500))
    moments = np.linalg.eigvalsh(tensor)
    assert mass.min() > 0
    assert moments.min() > 0
    assert (moments[..., 2] <= moments[..., 0] + moments[..., 1] + 1e-12).all()


def test_spreads_are_the_stated_ones(eight):
    """Of light segments: heavy ones are held by the body's total."""
    spread = InertiaSpread(mass=0.08, centre=0.05, size=0.06, body=0.0)
    mass, com, tensor = _central(_draws(eight, spread))
    hand = eight.skeleton.bodies.index("radius_l")
    own = np.log(mass[:, hand] / mass.sum(axis=1))
    assert own.std() == pytest.approx(0.08, rel=0.15)
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


def test_twins_are_wrong_together_and_mirrored(eight):
    spread = InertiaSpread(body=0.0, side_correlation=1.0)
    mass, com, tensor = _central(_draws(eight, spread, 50))
    left, right = (eight.skeleton.bodies.index(f"femur_{side}") for side in "lr")
    np.testing.assert_allclose(mass[:, left], mass[:, right], rtol=1e-12)
    mirror = np.array([1.0, 1.0, -1.0])
    np.testing.assert_allclose(com[:, left], com[:, right] * mirror, rtol=0, atol=1e-12)
    reflected = tensor[:, right] * np.outer(mirror, mirror)
    np.testing.assert_allclose(tensor[:, left], reflected, rtol=0, atol=1e-12)
    alone = _central(_draws(eight, InertiaSpread(side_correlation=0.0)))[0]
    correlation = np.corrcoef(np.log(alone[:, left]), np.log(alone[:, right]))[0, 1]
    assert abs(correlation) < 0.2


THREE_TIMES = np.arange(3) / 200.0


@pytest.fixture(scope="module")
def three():
    return sprint_run(3)


def _weight(skeleton):
    return np.random.default_rng(1).uniform(0.5, 2.0, len(skeleton.markers))


def test_motion_follows_the_body_as_inverse_kinematics_would(three):
    """Gauss-Newton on the other body to convergence, against one linear step."""
    skeleton, q, weight = three.skeleton, three.motion[0], _weight(three.skeleton)
    spread = replace(body_spread(skeleton, 0.01), skin_sd=np.zeros(len(skeleton.markers)))
    found = drawn_bodies(spread, THREE_TIMES, q, weight, (1, 1), np.random.default_rng(2))
    shape = spread.template.shape(spread.shapes(1, np.random.default_rng(2))[0])
    markers, free = BodyMarkers(spread.template), skeleton.free
    seen, solved = markers.positions(spread.template.shape(), q), q.copy()
    for _ in range(20):
        position, by_coordinate = markers.by_coordinate(shape, solved)
        rows = np.moveaxis(by_coordinate[free], 0, -1).reshape(len(q), -1, len(free))
        weighted = np.swapaxes(rows * np.repeat(weight, 3)[:, None], 1, 2)
        step = np.linalg.solve(weighted @ rows, weighted @ (seen - position).reshape(len(q), -1, 1))
        solved[:, free] += step[..., 0]
    assert np.abs(step).max() < 1e-10
    # Second order in the change of shape, 1e-4 m over segments of 0.1 m; the hold on unseen 1e-6.
    change = solved - q
    assert np.abs(found.by_shape[0] - change).max() < 5e-3 * np.abs(change).max()


def test_a_posterior_is_the_same_about_the_athletes_own_model():
    """Markers of bodies near a calibrated one: by the generic model's shape, and by its own."""
    made = made_person(0)
    template, truth = made.template, replace(made.truth, slide=0.0 * made.truth.slide)
    own = template.skeleton_of(truth)
    places = MarkerPlaces(own.markers, own.marker_body, own.marker_position)
    model = Template.of(own, MAP, places)
    q = made.q[max(made.q)][::40]
    step = 1e-4 * np.random.default_rng(1).normal(size=len(truth.vector))
    step[sum(template.sizes[:2]) :] = 0.0  # Tilts and slides are the same in both.
    root = np.outer(step, np.eye(len(step))[0])
    there = about_model(root @ root.T, model, truth.offset)
    values, directions = np.linalg.eigh(there)
    mine = directions[:, -1] * np.sqrt(values[-1])
    mine *= np.sign(mine @ step)
    expected, before = (
        BodyMarkers(template).positions(template.shape(vector), q)
        for vector in (truth.vector + step, truth.vector)
    )
    found = BodyMarkers(model).positions(model.shape(mine), q)
    moved = np.abs(expected - before).max()
    np.testing.assert_allclose(found - expected, 0.0, rtol=0, atol=2e-3 * moved)
    without = model.shape(step)
    wrong = BodyMarkers(model).positions(without, q) - expected
    assert np.abs(wrong).max() > 0.01 * moved  # the danger is there


FRAMES = 6


@pytest.fixture(scope="module")
def poses():
    """Poses within the reach of a sprint; weights of the markers."""
    made = sprint_run(FRAMES)
    return made.skeleton, 0.5 * made.motion[0], np.ones(len(made.skeleton.markers))


def centres(skeleton, q):
    poses = segment_poses(skeleton, q)
    bodies = np.arange(len(skeleton.bodies))
    return poses.rotation, station_positions(poses, bodies, skeleton.com)


def seen_from_markers(skeleton, q, drawn):
    """(D, B, 3): mean distance of the drawn bodies' centres of mass from the model's."""
    rotation, base = centres(skeleton, q)
    moved = [centres(b, q + c)[1] for b, c in zip(drawn.skeletons, drawn.by_shape, strict=True)]
    return np.einsum("tbji,dtbj->dbi", rotation, np.array(moved) - base) / len(q)


def drawn(poses, share, *, centres_known):
    """Three bodies without skin, and their shapes."""
    skeleton, q, weight = poses
    spread = replace(body_spread(skeleton, share), skin_sd=np.zeros(len(weight)))
    time = np.arange(len(q)) / 200.0
    generator = np.random.default_rng(3)
    bodies = drawn_bodies(spread, time, q, weight, (3, 1), generator, centres_known=centres_known)
    return bodies, spread.shapes(3, np.random.default_rng(3))


def test_slopes_are_those_of_drawn_bodies(poses):
    """Bodies a thousandth of the usual spread away: linear to about a thousandth."""
    skeleton, q, weight = poses
    bodies, shapes = drawn(poses, 1e-3, centres_known=False)
    slopes = centre_slopes(body_spread(skeleton).template, q, weight)
    found, expected = seen_from_markers(skeleton, q, bodies), shapes @ slopes.T
    np.testing.assert_allclose(
        found.reshape(3, -1), expected, rtol=0, atol=3e-3 * np.abs(expected).max()
    )


def test_known_centres_of_mass_stay_and_are_not_drawn_twice(poses):
    """The danger is there: drawn with the body they move by millimetres."""
    skeleton, q, _ = poses
    free, known = (
        np.abs(seen_from_markers(skeleton, q, drawn(poses, 0.1, centres_known=one)[0])).max()
        for one in (False, True)
    )
    assert free > 5e-4
    assert known < 0.05 * free


LABELS = [UNDISTURBED, *["inertia"] * 4000, *["skin"] * 4000]


def _linear(first, second):
    """3 a + 4 b, disturbed in a alone and in b alone."""
    return 10.0 + np.concatenate([[0.0], 3.0 * first, 4.0 * second])


def test_two_independent_sources_of_a_sum_have_their_shares():
    """Var = 9 + 16: shares 0.36 and 0.64, the whole 5; 4000 draws know a variance to 2.2 %."""
    normal = (generator_of(one, 1).standard_normal(4000) for one in ("inertia", "skin"))
    sds = source_sds(_linear(*normal), LABELS)
    share = sds**2 / (sds**2).sum()
    assert share.sum() == pytest.approx(1.0, rel=1e-15)
    assert share[SOURCES.index("inertia")] == pytest.approx(0.36, abs=0.02)
    assert share[SOURCES.index("skin")] == pytest.approx(0.64, abs=0.02)
    assert np.sqrt((sds**2).sum()) == pytest.approx(5.0, rel=0.03)
    assert (np.delete(share, [SOURCES.index("inertia"), SOURCES.index("skin")]) == 0.0).all()


def test_points_of_plates_have_the_variances_of_random_errors():
    """Exactly: each error's mean square is its variance, and no two errors come together."""
    spread = LoadSpread(0.003, 0.005)
    gain, shift = load_error_points(spread, 2)
    np.testing.assert_allclose((gain**2).mean(axis=0), 0.005**2, rtol=1e-12)
    np.testing.assert_allclose((shift**2).mean(axis=0), [[0.003**2, 0.0, 0.003**2]] * 2, rtol=1e-12)
    every = np.concatenate([gain, shift.reshape(6, -1)], axis=1)
    assert ((every != 0.0).sum(axis=1) == 1).all()
    random = load_errors(spread, 2, 20000, np.random.default_rng(0))
    np.testing.assert_allclose(random[0].std(axis=0), 0.005, rtol=0.03)
    np.testing.assert_allclose(random[1].std(axis=0)[:, [0, 2]], 0.003, rtol=0.03)


TIME = np.linspace(0.3, 0.8, 51)


def test_spread_and_speed_are_those_of_a_stride():
    roots = np.broadcast_to(np.diag([0.5, 0.0, 2.0]), (51, 3, 3))
    swings = unobserved_swings(TIME, roots, 4000, np.random.default_rng(3))
    np.testing.assert_allclose(swings.std(axis=0)[:, [0, 2]], [[0.5, 2.0]] * 51, rtol=0.05)
    assert (swings[..., 1] == 0.0).all()
    speed = np.gradient(swings[..., 2], TIME, axis=1)[:, 1:-1].std()
    assert speed == pytest.approx(2.0 * np.pi * STRIDES * 2.0, rel=0.05)


def test_what_was_measured_answers_what_was_not():
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
    assert (swings[..., 2] == 0.0).all()


def _frames(seed):
    """Steps that are drawn of a trial, their window, and the frames of their phases."""
    contacts, time = drawn_contacts(seed), np.arange(25 * (seed % 5 + 1)) / 100.0
    steps = list(drawn_steps(contacts, time, 0.3))
    draws = SimpleNamespace(time=time, roles=RoleScheme(), frames=lambda one: slice(0, one.number))
    window = drawn_window(contacts, time, 0.3)
    frames = [one for step in steps for one in phase_frames(draws, step)]
    return steps, [[one.start, one.stop, one.step or 0] for one in (window, *frames)]


def test_frames_of_draws_are_what_they_were():
    """Of contacts that are cut, missing or far apart, and of trials that end before them."""
    examples = {seed: lambda seed=seed: _frames(seed) for seed in range(60)}
    assert differences("drawn_frames", answers(examples)) == []


FRAME = 30
TOES = ("mtp_angle_l", "mtp_angle_r")
JOINTS = ("hip_right", "knee_right", "ankle_right", "hip_left", "lumbar", "shoulder_left")
EXACT = Spread(InertiaSpread(0.0, 0.0, 0.0, 0.0), LoadSpread(0.0, 0.0))


@pytest.fixture(scope="module")
def run():
    """The right foot alone is on the ground."""
    case, time = smooth_run(60)
    touching = np.zeros_like(case.touching)
    touching[10:46, 1] = True
    return replace(case, touching=touching), time


def _run(case):
    moves = segment_kinematics(case.skeleton, *case.motion)
    return Run(case.skeleton, moves, case.loads, case.touching, case.anatomy)


@pytest.mark.parametrize("model", CONTACT_ROWS)
def test_a_stiff_foot_is_one_whose_toes_a_multiplier_holds(run, model):
    """All coordinates, and one system of M, the contact's rows and a row for each toes' joint."""
    case, _ = run
    skeleton, free, found = case.skeleton, case.skeleton.free, case.levels()
    moves, point = found.mechanics.kinematics, found.feet[1].point
    foot = skeleton.bodies.index(FEET[1])
    ground = CONTACT_ROWS[model] @ contact_jacobian(skeleton, moves, foot, point)[FRAME][:, free]
    held = np.vstack([ground, [np.equal(free, skeleton.coordinates.index(one)) for one in TOES]])
    mass = mass_matrix(skeleton, moves)[FRAME][np.ix_(free, free)]
    system = np.block([[mass, -held.T], [held, np.zeros((len(held), len(held)))]])
    drawn = stiff_foot_causes(_run(case))[model]
    for name in JOINTS:
        joint = skeleton.joints.index(case.anatomy.joints[name])
        own = skeleton.axes.coordinate[skeleton.axes.body == joint]
        cause = np.where(np.isin(free, own), found.mechanics.forces[FRAME, free], 0.0)
        answer = np.linalg.solve(system, np.concatenate([cause, np.zeros(len(held))]))[len(free) :]
        force = (CONTACT_ROWS[model].T @ answer[: len(ground)])[3:]
        ours = drawn.ground_force[0, FRAME, drawn.sources.index(name)]
        np.testing.assert_allclose(ours, force, rtol=1e-7, atol=1e-7 * np.abs(force).max())


def test_where_the_toes_do_not_move_there_is_nothing_to_ask(run):
    case, _ = run
    locked = np.isin(case.skeleton.coordinates, TOES) | case.skeleton.coordinate_locked
    held = replace(_run(case), skeleton=replace(case.skeleton, coordinate_locked=locked))
    assert stiff_foot_causes(held) == {}
    joints = {n: one for n, one in case.anatomy.joints.items() if not n.startswith("mtp")}
    unnamed = replace(_run(case), anatomy=replace(case.anatomy, joints=joints))
    assert stiff_foot_causes(unnamed) == {}


def _sds(case, time):
    draws = TrialDraws(case.levels(), case.anatomy, time, 0.0, case.touching, EXACT, Sampling(2, 1))
    contact = Contact("right", 0.010, 0.045, complete=True, edge_distance=0.2)
    return stance_sds(intervals_dataset(draws, [contact], 0.3), "right")


def test_it_is_a_source_of_level_c_alone(run):
    """What nothing else makes unsure is unsure by it; ankle and toes alone have C4 for it."""
    known, place = _sds(*run), SOURCES.index("contact")
    levels = {key[0] for key, sds in known.items() if sds[place].max() > 1e-6}
    assert levels == {f"C ({model})" for model in CONTACT_ROWS}
    for key, sds in known.items():
        scale = max(1.0, sds[place].max())
        np.testing.assert_allclose(np.delete(sds, place, 0), 0.0, atol=1e-5 * scale, err_msg=key)
