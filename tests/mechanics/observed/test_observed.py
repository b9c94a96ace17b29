"""What markers determine, the mask that says so, and what of a trial the fit may use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from aqbio.body.calibration import moving_shape
from aqbio.body.posterior import offset_sds
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.multibody.skeleton import JointAxes, Skeleton, line, stack
from aqbio.observed.determined import (
    LARGEST_DISPLACEMENT,
    LARGEST_MOMENTUM,
    MARKER_SD,
    NEGLIGIBLE,
    MarkerNoise,
    coordinate_covariance,
    determined,
    frame_sd,
    opened,
    range_sd,
    segment_sds,
    usual_covariance,
    variance_shares,
)
from aqbio.observed.mask import (
    IMPOSSIBLE,
    NOT_SEEN,
    POINTS,
    SOME_FRAMES,
    Observed,
    observed_from,
    point_masses,
)
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.mechanics.calibration.made import fitted, made_person
from tests.mechanics.conftest import make_skeleton

# determined --------------------------------------------------------------------------------------

LENGTH, MASS, SPIN, MARKER = 0.3, 2.0, 0.05, 0.4
NOISE, PRIOR = MARKER_SD, 0.5


@pytest.fixture
def pendulum() -> Skeleton:
    """A bob on a hinge below a fixed base, with one marker."""
    turn = np.array([[0.0, 0.0, 1.0]])
    axes = JointAxes(
        np.array([1]),
        np.array([True]),
        turn,
        np.array([0]),
        stack([line(1.0)]),
        np.zeros((1, 1), bool),
    )
    return make_skeleton(
        [-1, 0],
        axes,
        bodies=("base", "bob"),
        markers=("m",),
        mass=np.array([1.0, MASS]),
        com=np.array([[0.0, 0.0, 0.0], [0.0, -LENGTH, 0.0]]),
        inertia=np.stack([np.eye(3), np.diag([0.01, 0.02, SPIN])]),
        gravity=np.zeros(3),
        marker_body=np.array([1]),
        marker_position=np.array([[0.0, -MARKER, 0.1]]),
        coordinate_range=np.array([[-1.0, 2.0]]),
    )


def test_what_is_known_of_a_coordinate_without_markers(pendulum, runner):
    """Evenly spread over its range, over a whole turn at most; the pelvis is anywhere."""
    assert range_sd(pendulum)[0] == pytest.approx(3.0 / np.sqrt(12.0))
    found = dict(zip(runner.coordinates, range_sd(runner), strict=True))
    assert found["shank_r_z"] == pytest.approx(2.7 / np.sqrt(12.0))
    assert found["torso_x"] == pytest.approx(4.0 / np.sqrt(12.0))
    assert found["pelvis_x"] == pytest.approx(2.0 * np.pi / np.sqrt(12.0))
    assert found["pelvis_X"] == pytest.approx(10.0)
    free = replace(runner, coordinate_range=np.tile([-9.0, 9.0], (len(found), 1)))
    assert range_sd(free)[8] == pytest.approx(2.0 * np.pi / np.sqrt(12.0))


def _displacement(skeleton, q, visible, prior):
    """Covariance and displacement of markers that are followed as believed."""
    index = np.arange(visible.shape[1])
    noise = MarkerNoise.alike(len(index))
    covariance = coordinate_covariance(skeleton, q, index, visible, prior, noise)
    return covariance, segment_sds(skeleton, q, covariance)[0]


def test_a_pendulum_with_and_without_its_marker(pendulum):
    """``s √((I + m l²) / m)`` of a hinge that is known to s; a marker adds (arm / noise)²."""
    seen = np.array([[True], [False]])
    covariance, moved = _displacement(pendulum, np.array([[0.3], [0.3]]), seen, np.array([PRIOR]))
    sd = np.array([(MARKER**2 / NOISE**2 + 1 / PRIOR**2) ** -0.5, PRIOR])
    np.testing.assert_allclose(np.sqrt(covariance[:, 0, 0]), sd, rtol=1e-12)
    gyration = np.sqrt(SPIN / MASS + LENGTH**2)
    np.testing.assert_allclose(moved[:, 1], sd * gyration, rtol=1e-12)
    np.testing.assert_array_equal(moved[:, 0], 0.0)


def _differences(skeleton, q, columns, body, stations, step=1e-5):
    """Derivatives of points along some directions of the coordinates, (n, K, 3)."""
    ahead, behind = (
        station_positions(segment_poses(skeleton, q + sign * step * columns), body, stations)
        for sign in (1.0, -1.0)
    )
    return (ahead - behind) / (2 * step)


@pytest.mark.parametrize("seed", range(5))
def test_against_dense_linear_algebra_and_point_masses(random_tree, seed):
    """Finite differences of markers, and six points that have a segment's mass and inertia."""
    skeleton = random_tree(seed, 4)
    rng = np.random.default_rng(seed)
    q = rng.uniform(-0.5, 0.5, (1, len(skeleton.coordinates)))
    visible = rng.random((1, len(skeleton.markers))) < 0.3
    prior = rng.uniform(0.1, 1.0, q.shape[1])
    covariance, moved = _displacement(skeleton, q, visible, prior)

    free = skeleton.free
    every = np.eye(q.shape[1])[free]
    body = skeleton.marker_body[visible[0]]
    stations = skeleton.marker_position[visible[0]]
    jacobian = _differences(skeleton, q, every, body, stations).reshape(len(free), -1)
    precision = jacobian @ jacobian.T / NOISE**2 + np.diag(prior[free] ** -2.0)
    # A coordinate that moves nothing has no place in the posterior.
    moving = np.isin(free, skeleton.driver)
    expected = np.linalg.inv(precision)[np.ix_(moving, moving)]
    chosen = free[moving]
    np.testing.assert_allclose(covariance[0][np.ix_(chosen, chosen)], expected, rtol=1e-5)

    columns = np.linalg.cholesky(covariance[0] + 1e-18 * np.eye(q.shape[1])).T
    for segment in range(len(skeleton.bodies)):
        points = _point_masses(skeleton, segment)
        where = np.full(len(points), segment)
        moves = _differences(skeleton, q, columns, where, points)
        expected = np.sqrt((moves**2).sum() / len(points))
        np.testing.assert_allclose(moved[0, segment], expected, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_of_markers_that_are_not_as_they_are_weighed(random_tree, seed):
    """Dense matrices: weights of the fit, and a noise that markers of a part share."""
    skeleton = random_tree(seed, 4)
    rng = np.random.default_rng(seed)
    q = rng.uniform(-0.5, 0.5, (1, len(skeleton.coordinates)))
    free, index = skeleton.free, np.arange(len(skeleton.markers))
    moving = np.isin(free, skeleton.driver)
    chosen, prior = free[moving], rng.uniform(0.1, 1.0, q.shape[1])
    weight = rng.uniform(0.2, 1.0, (1, len(index))) * (rng.random(len(index)) < 0.7)
    noise = MarkerNoise(rng.uniform(0.004, 0.02, len(index)), skeleton.marker_body, 0.4)
    found = coordinate_covariance(skeleton, q, index, weight, prior, noise)

    directions = np.eye(q.shape[1])[chosen]
    moves = _differences(
        skeleton, q, directions, skeleton.marker_body, skeleton.marker_position
    )  # (n, K, 3)
    jacobian = moves.reshape(len(chosen), -1).T
    pull = np.repeat(weight[0] / MARKER_SD**2, 3)
    same = noise.part[:, None] == noise.part
    share = np.where(np.eye(len(index), dtype=bool), 1.0, noise.common * same)
    true = np.kron(share * np.outer(noise.sd, noise.sd), np.eye(3))
    precision = np.diag(prior[chosen] ** -2.0)
    inverse = np.linalg.inv(jacobian.T @ (pull[:, None] * jacobian) + precision)
    pulled = pull[:, None] * jacobian
    expected = inverse @ (pulled.T @ true @ pulled + precision) @ inverse
    np.testing.assert_allclose(found[0][np.ix_(chosen, chosen)], expected, rtol=1e-5, atol=1e-12)


def _point_masses(skeleton, segment):
    """Six equal masses with the segment's centre of mass and inertia."""
    inertia, mass = skeleton.inertia[segment], skeleton.mass[segment]
    second = np.trace(inertia) / 2 * np.eye(3) - inertia
    size, axes = np.linalg.eigh(second)
    arms = np.sqrt(np.maximum(3 * size / mass, 0.0))[:, None] * axes.T
    return skeleton.com[segment] + np.concatenate([arms, -arms])


def test_draws_of_the_truth_are_as_far_off_as_is_said(runner, running):
    """Bayes by brute force: poses from the prior, noisy markers, the best estimate, its error."""
    rng = np.random.default_rng(8)
    q, noise = running[40:41], MARKER_SD
    index = np.array([runner.markers.index(f"{name}1") for name in ("arm_r", "forearm_r")])
    own = [c for c, name in enumerate(runner.coordinates) if name.split("_")[0].endswith("arm")]
    own = [c for c in own if runner.coordinates[c].split("_")[1] == "r"]
    prior = np.zeros(q.shape[1])
    prior[own] = 0.03
    covariance = coordinate_covariance(
        runner, q, index, np.ones((1, 2)), prior, MarkerNoise.alike(2)
    )
    said = segment_sds(runner, q, covariance)[0][0]
    forearm = runner.bodies.index("forearm_r")
    points = _point_masses(runner, forearm)

    def pose(values):
        full = q.copy()
        full[0, own] = values
        return full

    def place(values):
        where = np.full(len(points), forearm)
        return station_positions(segment_poses(runner, pose(values)), where, points)[0]

    def off(values, recorded):
        misfit = (marker_positions(runner, pose(values))[0, index] - recorded) / noise
        return np.concatenate([misfit.ravel(), (values - q[0, own]) / 0.03])

    squares = []
    for _ in range(60):
        truth = rng.normal(q[0, own], 0.03)
        markers = marker_positions(runner, pose(truth))[0, index]
        recorded = markers + rng.normal(0, noise, (2, 3))
        found = least_squares(off, q[0, own], args=(recorded,), method="lm").x
        squares.append(((place(found) - place(truth)) ** 2).sum(axis=1).mean())
    # Standard error of the root of a mean of 60 squares with two or more directions: 6 %.
    assert np.sqrt(np.mean(squares)) == pytest.approx(said[forearm], rel=0.25)


def test_what_hides_a_limb(runner, running):
    """A forearm without markers is lost, a bone between two that are seen is not."""
    # The fixture's random inertia is that of barrels, not of limbs.
    runner = replace(runner, inertia=runner.inertia * 0.02)
    seen = np.ones((1, len(runner.markers)), dtype=bool)
    body = np.array(runner.bodies)[runner.marker_body]

    def lost(*hidden):
        visible = seen & ~np.isin(body, hidden)
        _, moved = _displacement(runner, running[40:41], visible, range_sd(runner))
        return set(np.array(runner.bodies)[~determined(runner, moved)[0]])

    assert lost() == set()
    assert lost("forearm_r") == {"forearm_r"}
    assert lost("thigh_r") == set()
    assert lost("arm_l", "forearm_l") == {"arm_l", "forearm_l"}
    assert lost("thigh_r", "shank_r", "foot_r") == {"thigh_r", "shank_r", "foot_r"}


@pytest.mark.parametrize(
    ("share", "displacement", "momentum", "known"),
    [
        (0.2, 0.99 * LARGEST_DISPLACEMENT, 0.99 * LARGEST_MOMENTUM, True),
        (0.2, 1.01 * LARGEST_DISPLACEMENT, 0.0, False),
        (0.2, 0.99 * LARGEST_DISPLACEMENT, 1.01 * LARGEST_MOMENTUM, False),
        (0.002, 0.99 * NEGLIGIBLE / 0.002, 1.0, True),
        (0.002, 1.01 * NEGLIGIBLE / 0.002, 0.0, False),
        (0.0, 1.0, 1.0, True),
        (0.2, np.nan, 0.0, False),
        (0.2, 0.01, np.nan, False),
    ],
)
def test_limits(pendulum, share, displacement, momentum, known):
    body = replace(pendulum, mass=np.array([1.0 - share, share]))
    found = determined(body, np.array([[0.0, displacement]]), np.array([[0.0, momentum]]))
    assert found.tolist() == [[True, known]]


def test_held_shoulders_are_free_where_arms_tell_the_trunk(runner):
    """Of what a model holds: joints that carry limbs on a part that carries several, if marked."""
    held = [name for name in runner.coordinates if name.startswith(("thigh_r", "foot_r"))]
    index = [runner.coordinates.index(name) for name in held]
    locked = np.isin(np.arange(len(runner.coordinates)), index)
    stiff = replace(runner, coordinate_locked=locked)
    toes = np.flatnonzero(runner.marker_body == runner.bodies.index("foot_r"))
    free = ~opened(stiff, held, toes).coordinate_locked[index]
    assert free.tolist() == [name.startswith("thigh_r") for name in held]
    others = np.flatnonzero(runner.marker_body == runner.bodies.index("foot_l"))
    assert opened(stiff, held, others).coordinate_locked[index].all()


def test_the_share_is_what_the_marker_takes_away_when_it_is_worn(runner, running):
    """One of two markers of a forearm hidden; then seen: variances of shoulder and elbow fall."""
    q, index = running[40:44], np.arange(len(runner.markers))
    bodies = np.array(runner.bodies)[runner.marker_body]
    forearm = np.flatnonzero(bodies == "forearm_r")
    own = np.array([c for c, n in enumerate(runner.coordinates) if n.startswith("forearm_r")])
    markers = marker_positions(runner, q)
    markers[:, forearm[1:]] = np.nan
    before = usual_covariance(runner, q, index, markers)
    candidates = np.array([forearm[1], np.flatnonzero(bodies == "foot_l")[0]])
    shares = variance_shares(runner, q, before, candidates, own)
    markers[:, forearm[1]] = marker_positions(runner, q)[:, forearm[1]]
    after = usual_covariance(runner, q, index, markers)
    left = np.einsum("tcc->tc", after)[:, own].sum() / np.einsum("tcc->tc", before)[:, own].sum()
    np.testing.assert_allclose(shares[0], 1.0 - left, rtol=1e-9)
    assert shares[0] > 0.3
    assert shares[1] < 0.01


# coverage ----------------------------------------------------------------------------------------

SOME = slice(0, 200, 10)


def _inside(seed: int) -> np.ndarray:
    """Whether the truth is inside the 95 % interval, by frame and coordinate."""
    person = made_person(seed)
    fit = fitted(person)
    problem, template = fit.problem, fit.problem.template
    skeleton = template.skeleton_of(moving_shape(fit))
    run, index = max(person.q), np.arange(len(skeleton.markers))
    position, truth = person.recordings[run].position[SOME], person.q[run][SOME]
    q = inverse_kinematics(skeleton, position, index, np.ones(len(index)))
    part = template.parts.of_body[skeleton.marker_body]
    noise = MarkerNoise(problem.priors.skin_sd, part, problem.priors.common)
    seen = np.ones(position.shape[:2])
    covariance = coordinate_covariance(skeleton, q, index, seen, range_sd(skeleton), noise)
    sd = np.hypot(frame_sd(covariance)[:, problem.free], offset_sds(fit))
    return np.abs(q - truth)[:, problem.free] < 1.96 * sd


def test_deviations_cover_the_truth():
    """Random and offset part together, over coordinates, frames and people.

    Skin of these people is as large as believed, but swings marker by marker.
    """
    assert 0.92 <= np.mean([_inside(seed).mean() for seed in range(3)]) <= 0.98


# mask --------------------------------------------------------------------------------------------

LIMB = ("thigh", "shank", "foot")


def test_a_part_is_seen_when_all_its_segments_are():
    mask = Observed.everything(LIMB, 3).without(["foot"], SOME_FRAMES, np.arange(3) == 1)
    needs = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0]], dtype=bool)
    expected = [[True, True, True], [False, True, True], [True, True, True]]
    np.testing.assert_array_equal(mask.parts(needs), expected)
    assert mask.lost_segments() == ("foot",)
    assert mask.lost_segments(np.arange(3) == 0) == ()


def test_losses_add_up_and_nothing_comes_back():
    frames = np.arange(10)
    mask = Observed.everything(LIMB, 10).without(["shank"], SOME_FRAMES, frames < 3)
    both = mask.without(["shank"], IMPOSSIBLE, (frames > 1) & (frames < 9))
    assert both.mask[:, 1].tolist() == [False] * 9 + [True]
    assert both.reason == ("", IMPOSSIBLE, "")
    few = mask.without(["shank"], IMPOSSIBLE, frames == 5)
    assert few.reason == ("", SOME_FRAMES, "")


@pytest.mark.parametrize(("gap", "lost"), [(4, 0), (5, 5)])
def test_a_loss_that_may_be_filled_is_none(gap, lost):
    known = np.ones((40, 3), dtype=bool)
    known[10 : 10 + gap, 2] = False
    mask = observed_from(LIMB, known, 4, NOT_SEEN)
    assert (~mask.mask).sum() == lost
    assert mask.reason[2] == (SOME_FRAMES if lost else "")


def test_coordinates_are_told_in_frames_and_gaps_are_filled():
    """One frame between two is filled, three are lost, and the filter loses one more each side."""
    told = np.ones((12, 2), dtype=bool)
    told[2, 0], told[6:9, 0] = False, False
    mask = Observed.everything(("arm",), 12).determine(("turn", "bend"), told, 1)
    assert np.flatnonzero(~mask.determined(["turn"])[:, 0]).tolist() == [6, 7, 8]
    assert mask.determined(["bend", "of another model"]).all()
    wide = mask.widened(1)
    assert np.flatnonzero(~wide.determined(["turn"])[:, 0]).tolist() == [5, 6, 7, 8, 9]
    assert wide.mask.all()


@pytest.mark.parametrize(("frames", "hardly"), [(5, ()), (6, ("turn",))])
def test_a_coordinate_that_is_told_in_less_than_half_of_the_frames(frames, hardly):
    told = np.ones((10, 1), dtype=bool)
    told[:frames] = False
    assert Observed.everything(("arm",), 10).determine(("turn",), told, 0).poorly_observed == hardly


def test_points_have_centre_and_inertia_of_their_segment():
    skeleton = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    points = point_masses(skeleton).reshape(-1, POINTS, 3)
    np.testing.assert_allclose(points.mean(axis=1), skeleton.com, atol=1e-12)
    arms = points - skeleton.com[:, None]
    second = np.einsum("bpi,bpj->bij", arms, arms) * (skeleton.mass / POINTS)[:, None, None]
    trace = np.trace(second, axis1=1, axis2=2)[:, None, None]
    np.testing.assert_allclose(trace * np.eye(3) - second, skeleton.inertia, atol=1e-9)
