"""Calibrated bodies: derivatives, beliefs, frames, and made people whose bodies are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.body.derivatives import BodyMarkers, MarkerDerivatives
from aqbio.body.draws import twins
from aqbio.body.frames import (
    OBSERVATIONS_PER_TRIAL,
    Recording,
    chosen_frames,
    different_frames,
    face_template,
)
from aqbio.body.posterior import length_slopes, lengths, offset_sds, variance_reductions
from aqbio.body.priors import (
    LANDMARK_SD,
    TWIN_CORRELATION,
    Person,
    body_sizes,
    expected_positions,
    landmark_twins,
    posture_prior,
    priors,
    size_prior,
)
from aqbio.body.problem import BONE_SHARE, REGRESSION_SD, HipObservation, hip_centres
from aqbio.body.shape import ChosenFrames, State, Template, TemplateMarkers, body_parts
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.multibody.skeleton import Couplers, JointAxes, Skeleton, line, polynomial, stack
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.body.made import CLUSTERS, KNEES_AND_ANKLES, MAP, fitted, made_person, model_labels
from tests.joint_distances import joint_distances


@pytest.fixture(scope="session")
def sprint_template() -> Template:
    """Give our own model: parallel joint frames, pins and balls."""
    skeleton = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    markers = TemplateMarkers(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    return Template.of(skeleton, MAP, markers)


def _walking_knee(skeleton: Skeleton, body: int, coordinate: int) -> JointAxes:
    """Let a knee slide as it bends, as in Rajagopal's and Lai's models."""
    axes = skeleton.axes
    last = int(np.flatnonzero(axes.body == body)[-1]) + 1
    slides = [polynomial([0.01, -0.02, 0.03]), polynomial([0.0, 0.004, -0.01])]
    return JointAxes(
        body=np.insert(axes.body, last, [body, body]),
        is_rotation=np.insert(axes.is_rotation, last, [False, False]),
        direction=np.insert(axes.direction, last, np.eye(3)[:2], axis=0),
        coordinate=np.insert(axes.coordinate, last, [coordinate, coordinate]),
        functions=stack([line(1.0)] * last + slides + [line(1.0)] * (len(axes) - last)),
        simbody_carriers=np.zeros((len(axes) + 2, len(axes) + 2), dtype=bool),
    )


@pytest.fixture(scope="session")
def odd_template(sprint_template: Template) -> Template:
    """Give a model with turned joint frames, child frames away, a sliding knee and a coupler."""
    rng = np.random.default_rng(7)
    own = sprint_template.skeleton
    bodies = len(own.bodies)
    knee = own.bodies.index("tibia_r")
    bent = own.coordinates.index("knee_angle_r")
    turned = Rotation.from_rotvec(rng.normal(0, 0.3, (2 * bodies, 3))).as_matrix()
    skeleton = replace(
        own,
        parent_rotation=turned[:bodies],
        child_rotation=turned[bodies:],
        child_position=rng.normal(0, 0.03, (bodies, 3)),
        axes=_walking_knee(own, knee, bent),
        couplers=Couplers(
            np.array([own.coordinates.index("mtp_angle_r")]), np.array([bent]), line(0.4)
        ),
    )
    return replace(sprint_template, skeleton=skeleton)


STEP = 1e-6
ROUNDING = 1e-8
"""Central differences: truncation STEP² and rounding 1e-16 / STEP of numbers of size one."""


def _case(template: Template, seed: int = 0):
    rng = np.random.default_rng(seed)
    vector = rng.normal(0, 0.05, sum(template.sizes))
    q = rng.normal(0, 0.4, (2, len(template.skeleton.coordinates)))
    return vector, q


def _by_shape(template: Template, found: MarkerDerivatives) -> np.ndarray:
    """Derivatives by all unknowns in the order of the vector; offsets of others move nothing."""
    every, first = np.arange(len(template.markers.labels)), template.sizes[0]
    whole = np.zeros((*found.position.shape, sum(template.sizes)))
    whole[..., template.common] = found.by_body
    for marker in every:
        own = first + 3 * marker + np.arange(3)
        whole[:, marker][..., own] = found.by_offset[:, marker]
    return whole


def _worst(template: Template) -> tuple[float, float]:
    markers = BodyMarkers(template)
    vector, q = _case(template)
    found = markers.derivatives(template.shape(vector), q)
    written = _by_shape(template, found)

    def differences(size, change):
        both = (
            [markers.positions(*change(sign * step)) for step in STEP * np.eye(size)]
            for sign in (1.0, -1.0)
        )
        return np.stack(np.subtract(*both), axis=-1) / (2 * STEP)

    by_shape = differences(len(vector), lambda step: (template.shape(vector + step), q))
    by_pose = differences(q.shape[1], lambda step: (template.shape(vector), q + step))
    return np.abs(by_shape - written).max(), np.abs(by_pose - found.by_pose).max()


@pytest.mark.parametrize("name", ["sprint_template", "odd_template"])
def test_derivatives(name, request):
    assert max(_worst(request.getfixturevalue(name))) < ROUNDING


def test_positions_are_those_of_the_written_skeleton(odd_template):
    """Without sliding skin the markers are fixed in the skeleton that is written."""
    vector, q = _case(odd_template)
    vector[-odd_template.sizes[3] :] = 0.0
    shape = odd_template.shape(vector)
    np.testing.assert_allclose(
        BodyMarkers(odd_template).positions(shape, q),
        marker_positions(odd_template.skeleton_of(shape), q),
        atol=1e-14,
    )


def _inertia(points: np.ndarray, mass: float) -> np.ndarray:
    """About the middle of equal points that weigh ``mass`` together."""
    arm = points - points.mean(axis=0)
    second = mass / len(points) * arm.T @ arm
    return np.trace(second) * np.eye(3) - second


def test_sizes_given_a_stature_are_those_of_people_that_tall():
    """Conditioning by formula against people drawn from the whole distribution."""
    men = body_sizes()["male"]
    rng = np.random.default_rng(0)
    drawn = rng.multivariate_normal(men.mean, men.covariance, 200_000)
    stature, shank = men.names.index("stature"), men.names.index("shank_length")
    tall = np.abs(np.exp(drawn[:, stature]) - 1.90) < 0.005
    mean, covariance = men.conditional({"stature": 1.90})
    people = int(tall.sum())
    assert people > 500
    sd = np.sqrt(covariance[shank, shank])
    assert drawn[tall, shank].mean() == pytest.approx(mean[shank], abs=4 * sd / np.sqrt(people))
    assert drawn[tall, shank].std() == pytest.approx(sd, rel=0.1)
    assert covariance[stature, stature] == pytest.approx(0.0, abs=1e-12)
    # published: 5.9 % among all men, 3.3 % among those of one stature
    known = men.conditional({"stature": 1.756})[1][shank, shank]
    for variance, spread in ((men.covariance[shank, shank], 0.059), (known, 0.033)):
        assert np.sqrt(variance) == pytest.approx(spread, abs=5e-4)


SPINES = (("LASI", "RASI"), ("RPSI", "LPSI"))


@pytest.fixture(scope="module")
def person():
    return made_person(0)


@pytest.fixture(scope="module")
def hips(person):
    labels = model_labels(person.template.skeleton)
    found = HipObservation.of(person.template, labels, SPINES, person.offset_sd)
    assert found is not None
    return found


def test_our_model_has_its_hips_where_the_regression_expects_them(hips):
    """Made with Harrington's equations at a mean stature, then scaled by 6 %, their 10 mm too.

    Sides are told apart, though the left comes first.
    """
    np.testing.assert_allclose(hips.gap(hips.template.shape().vector), 0.0, atol=1e-3)


def test_its_error_is_that_of_regression_and_palpation(hips):
    """By drawing what of the spines' offsets is not bone."""
    vector = hips.template.shape().vector
    front, left, *behind = hips.template.markers.position[hips.spines]
    rng = np.random.default_rng(4)
    sd = np.sqrt(BONE_SHARE * (1.0 - BONE_SHARE)) * hips.offset_sd
    drawn = []
    for _ in range(4000):
        moved = np.array([front, left, *behind]) + sd * rng.normal(size=sd.shape)
        drawn.append(np.ravel(hip_centres(moved[0], moved[1], moved[2:].mean(axis=0))))
    expected = np.cov(np.transpose(drawn)) + 2.0 * REGRESSION_SD**2 * np.eye(6)
    found = np.linalg.inv(hips.precision(hips.slope(vector)))
    # 4000 draws know a deviation to 1.1 %; the regression is not quite linear over 6 mm.
    np.testing.assert_allclose(np.sqrt(np.diag(found)), np.sqrt(np.diag(expected)), rtol=0.05)


BODIES = np.array([0, 0, 1, 1])


def _moving(frames: int = 200) -> Recording:
    """Two segments of two markers whose distance grows from 1 to 2 m and back."""
    distance = 1.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, frames))
    position = np.zeros((frames, 4, 3))
    position[:, 2:, 0] = distance[:, None]
    return Recording(position, 100.0, is_static=False)


def _chosen(trials, **how):
    frames = chosen_frames([_moving()] * trials, BODIES, 0.5, **how)
    return frames.trial, frames.frame, frames.weight


@pytest.mark.parametrize("trials", [1, 2, 3, 7, 8, 12, 20, 40])
@pytest.mark.parametrize("count", [20, 24, 60])
def test_chosen_frames_are_shared_by_trials(trials, count):
    """Alike trials have the same different frames; n trials count as the root of n of them."""
    trial, frame, weight = _chosen(trials, count=count)
    by_trial = [frame[trial == number] for number in range(trials)]
    for frames in by_trial:
        np.testing.assert_array_equal(frames, by_trial[0])
        assert (np.diff(frames) > 0).all()
        assert len(frames) >= max(3, count // trials)
    total = min(OBSERVATIONS_PER_TRIAL * np.sqrt(trials), len(frame))
    assert weight.sum() == pytest.approx(total)
    np.testing.assert_array_equal(weight, weight[0])
    distance = _moving().position[by_trial[0], 2, 0]
    assert distance.min() < 1.01
    assert distance.max() > 1.99


def test_different_frames_have_markers_and_spread_over_the_motion():
    """The more frames, the smaller the largest step from any distance to a chosen one."""
    lost = _moving().position.copy()
    lost[:100, 3] = np.nan
    assert different_frames(lost, BODIES, 10).min() >= 100
    every = _moving().position[:, 2, 0]
    largest = []
    for count in (2, 3, 6, 12, 24):
        chosen = different_frames(_moving().position, BODIES, count)
        assert len(set(chosen.tolist())) == count
        largest.append(np.abs(every[:, None] - every[chosen]).min(axis=1).max())
    assert (np.diff(largest) <= 0.0).all()
    assert largest[-1] < 0.05
    with pytest.raises(ValueError, match="no trial has a frame with three markers"):
        chosen_frames([Recording(np.full((9, 4, 3), np.nan), 100.0, is_static=False)], BODIES, 0.5)


SKELETON = athlete_skeleton(Athlete("one", "male", 75.0, 1.80))
PLACES = TemplateMarkers(SKELETON.markers, SKELETON.marker_body, SKELETON.marker_position)


def _frames(position: np.ndarray) -> ChosenFrames:
    rows = np.arange(len(position))
    return ChosenFrames(position, rows < 0, np.ones(len(rows)), rows, rows)


def _standing() -> np.ndarray:
    q = dependent_filled(SKELETON, SKELETON.coordinate_default[None])
    return station_positions(segment_poses(SKELETON, q), PLACES.body, PLACES.position)


@pytest.mark.parametrize("degrees", [0.0, 90.0, 179.0, -120.0])
def test_a_turned_model_comes_back(degrees):
    """Whatever its heading and place, and with markers that are not seen."""
    position = _standing()
    position[0, 3] = np.nan
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.0, 1.0, 0.0])).as_matrix()
    moved = position @ turn.T + [3.0, 0.2, -7.0]
    found = face_template(_frames(moved), SKELETON, PLACES).position
    np.testing.assert_allclose(found, position, atol=1e-9)


PEOPLE = range(2)


@pytest.fixture(scope="module")
def whole():
    return [fitted(made_person(seed)) for seed in PEOPLE]


@pytest.mark.parametrize("with_hips", [False, True])
def test_the_gradient_is_the_slope_of_the_cost(whole, hips, with_hips):
    fit, rng = whole[0], np.random.default_rng(5)
    problem = replace(fit.problem, hips=hips) if with_hips else fit.problem
    theta = fit.state.theta + rng.normal(0, 0.01, fit.state.theta.shape)
    state = State(theta, fit.state.q + rng.normal(0, 0.05, fit.state.q.shape))
    blocks = problem.blocks(state, fit.weights)
    for _ in range(5):
        by_theta = rng.normal(size=state.theta.shape)
        by_q = rng.normal(size=state.q.shape)
        both = [
            problem.cost(State(state.theta + s * by_theta, state.q + s * by_q), fit.weights)[0]
            for s in (STEP, -STEP)
        ]
        slope = -2.0 * (blocks.border_gradient @ by_theta + (blocks.pose_gradient * by_q).sum())
        # Rounding of the cost (1e-16 of 1e5) by the step, and its curvature.
        assert (both[0] - both[1]) / (2 * STEP) == pytest.approx(slope, rel=1e-5)


def test_a_parts_common_skin_is_its_whole_covariance(whole):
    """Woodbury's identity against the covariance matrix written out."""
    problem, state, weights = whole[0].problem, whole[0].state, whole[0].weights
    error = problem.errors(state)
    own, common = problem.variances
    frame, part = int(np.flatnonzero(~problem.frames.is_static)[0]), 2
    markers = problem.parts[part][problem.visible[frame, problem.parts[part]]]
    matrix = np.diag(own[frame, markers] / weights[frame, markers]) + common[frame, part]
    written = sum(
        error[frame, markers, axis] @ np.linalg.solve(matrix, error[frame, markers, axis])
        for axis in range(3)
    )
    visible = np.zeros_like(problem.visible)
    visible[frame, markers] = True
    hidden = np.where(visible[..., None], problem.frames.position, np.nan)
    alone = replace(problem, frames=replace(problem.frames, position=hidden))
    seen, _ = alone.frame_costs(state, weights)
    nothing = replace(
        problem, frames=replace(problem.frames, position=np.full_like(hidden, np.nan))
    )
    without, _ = nothing.frame_costs(state, weights)
    assert seen[frame] - without[frame] == pytest.approx(written, rel=1e-9)


def test_lengths_of_people_who_are_known(whole):
    """And stated deviations hold the errors, also without static trial, knees and ankles."""
    bare = {"hidden": KNEES_AND_ANKLES, "still": False}
    poor = fitted(made_person(0, **bare))
    off = {"thigh": [], "shank": [], "hip": []}
    for fits, how, kinds in ((whole, {}, off), ([poor], bare, {})):
        assert all(fit.settled for fit in fits)
        ratio = []
        for seed, fit in enumerate(fits):
            person = made_person(seed, **how)
            truth = joint_distances(person.template, person.truth)
            for one in lengths(fit):
                error = one.length - truth[one.name]
                ratio.append(error / one.sd)
                for kind in (kind for kind in kinds if kind in one.name):
                    kinds[kind].append(error)
        assert np.mean(np.abs(ratio) < 1.96) > 0.85  # two people, ten lengths each
        assert np.sqrt(np.mean(np.square(ratio))) > 0.4  # nor far too wide
    for kind, limit in (("thigh", 0.008), ("shank", 0.005), ("hip", 0.010)):
        assert np.sqrt(np.mean(np.square(off[kind]))) < limit
    # how much a landmark would tell: fitted again with the best of them worn
    model, slope = poor.problem.template.skeleton, length_slopes(poor)["shank_right"][None]
    index = [model.markers.index(name) for name in KNEES_AND_ANKLES]
    places = TemplateMarkers(
        KNEES_AND_ANKLES, model.marker_body[index], model.marker_position[index]
    )
    shares = dict(zip(KNEES_AND_ANKLES, variance_reductions(poor, places, slope), strict=True))
    best = max(shares, key=lambda name: shares[name])
    assert best.startswith("R")
    hidden = tuple(name for name in KNEES_AND_ANKLES if name != best)
    before, after = (
        next(one.sd for one in lengths(fit) if one.name == "shank_right") ** 2
        for fit in (poor, fitted(made_person(0, hidden=hidden, still=False)))
    )
    assert 1.0 - after / before == pytest.approx(shares[best], abs=0.15)


def test_skin_is_found_as_soft_as_it_was_made(whole):
    """Three sines of 1.4 are 0.99 of what is believed; without a common part it seems softer.

    ``tr(V⁻¹) / N`` of N markers that move by themselves is 1.4 for N = 5 and a common share of 0.4.
    """
    problem = whole[0].problem
    parts, common = problem.template.parts, problem.priors.common
    kind = np.array(parts.kinds)[parts.of_body[problem.template.markers.body]]
    for part in ("pelvis", "thigh", "shank"):
        number = (kind == part).sum() / (1 if part == "pelvis" else 2)
        alone = (number - 1) / (1 - common) + 1 / (1 - common + number * common)
        found = problem.priors.soft_tissue_scale[kind == part][0]
        assert found == pytest.approx(0.99 * np.sqrt(alone / number), abs=0.15), part


def test_joint_angles_of_people_who_are_known(whole):
    """The mean of each flexion over the fitted frames, and how sure it is said to be."""
    errors, stated = [], []
    for seed, fit in zip(PEOPLE, whole, strict=True):
        person, problem = made_person(seed), fit.problem
        moving = ~problem.frames.is_static
        q = problem.full(fit.state.q)[moving]
        trials, frames = problem.frames.trial[moving], problem.frames.frame[moving]
        truth = np.array(
            [person.q[trial][frame] for trial, frame in zip(trials, frames, strict=True)]
        )
        names = person.template.skeleton.coordinates
        flexions = [names.index(name) for name in ("knee_angle_r", "hip_flexion_r")]
        errors.append(np.degrees((q - truth)[:, flexions].mean(axis=0)))
        places = np.searchsorted(problem.free, flexions)
        stated.append(np.degrees(offset_sds(fit)[places]))
    knee, hip = np.sqrt((np.array(errors) ** 2).mean(axis=0))
    assert knee < 1.5
    assert hip < 3.0
    assert np.max(np.abs(np.array(errors) / np.array(stated))) < 3.0


def test_landmarks_have_the_twin_that_mirrors_them_and_clusters_none():
    skeleton = athlete_skeleton(Athlete("made", "male", 75.0, 1.8))
    parts = body_parts(skeleton, MAP)
    markers, sds = expected_positions(skeleton, parts, model_labels(skeleton))
    twin = twins(skeleton.bodies, MAP.groups)
    pairs = landmark_twins(markers, twin, sds, range(len(markers.labels)))
    names = {frozenset((markers.labels[i], markers.labels[j])) for i, j in pairs}
    landmarks = {name[1:] for name in markers.labels if name[0] in "LR"}
    expected = {
        frozenset((f"L{name}", f"R{name}"))
        for name in landmarks
        if not name.endswith(CLUSTERS) and f"L{name}" in markers.labels
    }
    assert names == expected - {frozenset(("LSHO", "RSHO"))}  # on clavicles, of the trunk's group
    again = landmark_twins(markers, twin, sds, [0, 0, 1])
    assert all(first != second for first, second in again)


def test_twin_landmarks_differ_less_than_each_is_off_and_are_mirrored():
    """``2 σ² (1 − ρ)`` on every axis; what others are off does not change."""
    made = made_person(3)
    template, sds = made.template, made.offset_sd
    sizes = size_prior(template.parts, body_sizes(), Person("male"), Person("male"))
    postures = posture_prior(template.skeleton, MAP)
    twin = twins(template.skeleton.bodies, MAP.groups)
    pairs = landmark_twins(template.markers, twin, sds, range(len(sds)))
    free, tied = (priors(template, sizes, sds, postures, twins=own) for own in ((), pairs))
    np.testing.assert_allclose(tied.sd, free.sd, rtol=1e-9)
    covariance = np.linalg.inv(tied.precision)
    first, second = pairs[0]
    for axis, sign in enumerate((1.0, 1.0, -1.0)):
        i, j = (len(sizes[0]) + 3 * marker + axis for marker in (first, second))
        apart = covariance[i, i] + covariance[j, j] - 2.0 * sign * covariance[i, j]
        assert apart == pytest.approx(2.0 * LANDMARK_SD**2 * (1.0 - TWIN_CORRELATION))
