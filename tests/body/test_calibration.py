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
    quiet_mean,
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


def test_the_quiet_mean_of_one_frame_is_that_frame():
    """Missing markers stay missing, and two equal frames have the same mean."""
    frame = np.random.default_rng(1).normal(size=(1, 5, 3))
    frame[:, 2] = np.nan
    mean, middle = quiet_mean(Recording(frame, 100.0, is_static=True), 0.5)
    assert middle == 0
    np.testing.assert_array_equal(mean, frame[0])
    both, _ = quiet_mean(Recording(np.repeat(frame, 2, axis=0), 100.0, is_static=True), 0.5)
    np.testing.assert_allclose(both, frame[0], rtol=1e-15)


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
    sprint = sprint_template.skeleton
    bodies = len(sprint.bodies)
    knee = sprint.bodies.index("tibia_r")
    bent = sprint.coordinates.index("knee_angle_r")
    rotations = Rotation.from_rotvec(rng.normal(0, 0.3, (2 * bodies, 3))).as_matrix()
    skeleton = replace(
        sprint,
        parent_rotation=rotations[:bodies],
        child_rotation=rotations[bodies:],
        child_position=rng.normal(0, 0.03, (bodies, 3)),
        axes=_walking_knee(sprint, knee, bent),
        couplers=Couplers(
            np.array([sprint.coordinates.index("mtp_angle_r")]), np.array([bent]), line(0.4)
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


def _by_shape(template: Template, by_parts: MarkerDerivatives) -> np.ndarray:
    """Derivatives by all unknowns in the order of the vector; offsets of others move nothing."""
    markers, first = np.arange(len(template.markers.labels)), template.sizes[0]
    by_unknown = np.zeros((*by_parts.position.shape, sum(template.sizes)))
    by_unknown[..., template.common] = by_parts.by_body
    for marker in markers:
        offsets = first + 3 * marker + np.arange(3)
        by_unknown[:, marker][..., offsets] = by_parts.by_offset[:, marker]
    return by_unknown


def _worst(template: Template) -> tuple[float, float]:
    markers = BodyMarkers(template)
    vector, q = _case(template)
    analytic = markers.derivatives(template.shape(vector), q)
    written = _by_shape(template, analytic)

    def differences(size, change):
        moved = (
            [markers.positions(*change(sign * step)) for step in STEP * np.eye(size)]
            for sign in (1.0, -1.0)
        )
        return np.stack(np.subtract(*moved), axis=-1) / (2 * STEP)

    by_shape = differences(len(vector), lambda step: (template.shape(vector + step), q))
    by_pose = differences(q.shape[1], lambda step: (template.shape(vector), q + step))
    return np.abs(by_shape - written).max(), np.abs(by_pose - analytic.by_pose).max()


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
    log_sizes = rng.multivariate_normal(men.mean, men.covariance, 200_000)
    stature, shank = men.names.index("stature"), men.names.index("shank_length")
    tall = np.abs(np.exp(log_sizes[:, stature]) - 1.90) < 0.005
    mean, covariance = men.conditional({"stature": 1.90})
    people = int(tall.sum())
    assert people > 500
    sd = np.sqrt(covariance[shank, shank])
    assert log_sizes[tall, shank].mean() == pytest.approx(mean[shank], abs=4 * sd / np.sqrt(people))
    assert log_sizes[tall, shank].std() == pytest.approx(sd, rel=0.1)
    assert covariance[stature, stature] == pytest.approx(0.0, abs=1e-12)
    # published: 5.9 % among all men, 3.3 % among those of one stature
    conditional_variance = men.conditional({"stature": 1.756})[1][shank, shank]
    for variance, spread in ((men.covariance[shank, shank], 0.059), (conditional_variance, 0.033)):
        assert np.sqrt(variance) == pytest.approx(spread, abs=5e-4)


SPINES = (("LASI", "RASI"), ("RPSI", "LPSI"))


@pytest.fixture(scope="module")
def person():
    return made_person(0)


@pytest.fixture(scope="module")
def hips(person):
    labels = model_labels(person.template.skeleton)
    observation = HipObservation.of(person.template, labels, SPINES, person.offset_sd)
    assert observation is not None
    return observation


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
    centres = []
    for _ in range(4000):
        moved = np.array([front, left, *behind]) + sd * rng.normal(size=sd.shape)
        centres.append(np.ravel(hip_centres(moved[0], moved[1], moved[2:].mean(axis=0))))
    expected = np.cov(np.transpose(centres)) + 2.0 * REGRESSION_SD**2 * np.eye(6)
    covariance = np.linalg.inv(hips.precision(hips.slope(vector)))
    # 4000 draws know a deviation to 1.1 %; the regression is not quite linear over 6 mm.
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), np.sqrt(np.diag(expected)), rtol=0.05)


BODIES = np.array([0, 0, 1, 1])


def _moving(frames: int = 200) -> Recording:
    """Two segments of two markers whose distance grows from 1 to 2 m and back."""
    distance = 1.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, frames))
    position = np.zeros((frames, 4, 3))
    position[:, 2:, 0] = distance[:, None]
    return Recording(position, 100.0, is_static=False)


def _chosen(trials, **options):
    frames = chosen_frames([_moving()] * trials, BODIES, 0.5, **options)
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
    with_gap = _moving().position.copy()
    with_gap[:100, 3] = np.nan
    assert different_frames(with_gap, BODIES, 10).min() >= 100
    distance = _moving().position[:, 2, 0]
    largest = []
    for count in (2, 3, 6, 12, 24):
        chosen = different_frames(_moving().position, BODIES, count)
        assert len(set(chosen.tolist())) == count
        largest.append(np.abs(distance[:, None] - distance[chosen]).min(axis=1).max())
    assert (np.diff(largest) <= 0.0).all()
    assert largest[-1] < 0.05
    with pytest.raises(ValueError, match="no trial has a frame with three markers"):
        chosen_frames([Recording(np.full((9, 4, 3), np.nan), 100.0, is_static=False)], BODIES, 0.5)


SKELETON = athlete_skeleton(Athlete("one", "male", 75.0, 1.80))
MARKERS = TemplateMarkers(SKELETON.markers, SKELETON.marker_body, SKELETON.marker_position)


def _frames(position: np.ndarray) -> ChosenFrames:
    rows = np.arange(len(position))
    return ChosenFrames(position, rows < 0, np.ones(len(rows)), rows, rows)


def _standing() -> np.ndarray:
    q = dependent_filled(SKELETON, SKELETON.coordinate_default[None])
    return station_positions(segment_poses(SKELETON, q), MARKERS.body, MARKERS.position)


@pytest.mark.parametrize("degrees", [0.0, 90.0, 179.0, -120.0])
def test_a_rotated_model_comes_back(degrees):
    """At any heading and position, and with missing markers."""
    position = _standing()
    position[0, 3] = np.nan
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.0, 1.0, 0.0])).as_matrix()
    moved = position @ turn.T + [3.0, 0.2, -7.0]
    restored = face_template(_frames(moved), SKELETON, MARKERS).position
    np.testing.assert_allclose(restored, position, atol=1e-9)


PEOPLE = range(2)


@pytest.fixture(scope="module")
def fits():
    return [fitted(made_person(seed)) for seed in PEOPLE]


@pytest.mark.parametrize("with_hips", [False, True])
def test_the_gradient_is_the_slope_of_the_cost(fits, hips, with_hips):
    fit, rng = fits[0], np.random.default_rng(5)
    problem = replace(fit.problem, hips=hips) if with_hips else fit.problem
    theta = fit.state.theta + rng.normal(0, 0.01, fit.state.theta.shape)
    state = State(theta, fit.state.q + rng.normal(0, 0.05, fit.state.q.shape))
    blocks = problem.blocks(state, fit.weights)
    for _ in range(5):
        by_theta = rng.normal(size=state.theta.shape)
        by_q = rng.normal(size=state.q.shape)
        costs = [
            problem.cost(State(state.theta + s * by_theta, state.q + s * by_q), fit.weights)[0]
            for s in (STEP, -STEP)
        ]
        slope = -2.0 * (blocks.border_gradient @ by_theta + (blocks.pose_gradient * by_q).sum())
        # Rounding of the cost (1e-16 of 1e5) by the step, and its curvature.
        assert (costs[0] - costs[1]) / (2 * STEP) == pytest.approx(slope, rel=1e-5)


def test_a_parts_common_skin_is_its_whole_covariance(fits):
    """Woodbury's identity against the covariance matrix written out."""
    problem, state, weights = fits[0].problem, fits[0].state, fits[0].weights
    error = problem.errors(state)
    marker_variance, common = problem.variances
    frame, part = int(np.flatnonzero(~problem.frames.is_static)[0]), 2
    markers = problem.parts[part][problem.visible[frame, problem.parts[part]]]
    matrix = (
        np.diag(marker_variance[frame, markers] / weights[frame, markers]) + common[frame, part]
    )
    written = sum(
        error[frame, markers, axis] @ np.linalg.solve(matrix, error[frame, markers, axis])
        for axis in range(3)
    )
    visible = np.zeros_like(problem.visible)
    visible[frame, markers] = True
    hidden = np.where(visible[..., None], problem.frames.position, np.nan)
    of_one_part = replace(problem, frames=replace(problem.frames, position=hidden))
    costs, _ = of_one_part.frame_costs(state, weights)
    unmarked = replace(
        problem, frames=replace(problem.frames, position=np.full_like(hidden, np.nan))
    )
    unmarked_costs, _ = unmarked.frame_costs(state, weights)
    assert costs[frame] - unmarked_costs[frame] == pytest.approx(written, rel=1e-9)


def test_lengths_of_people_who_are_known(fits):
    """And stated deviations hold the errors, also without static trial, knees and ankles."""
    bare = {"hidden": KNEES_AND_ANKLES, "with_static_trial": False}
    poor = fitted(made_person(0, **bare))
    off = {"thigh": [], "shank": [], "hip": []}
    for people, options, kinds in ((fits, {}, off), ([poor], bare, {})):
        assert all(fit.settled for fit in people)
        ratio = []
        for seed, fit in enumerate(people):
            person = made_person(seed, **options)
            truth = joint_distances(person.template, person.truth)
            for joint_distance in lengths(fit):
                error = joint_distance.length - truth[joint_distance.name]
                ratio.append(error / joint_distance.sd)
                for kind in (kind for kind in kinds if kind in joint_distance.name):
                    kinds[kind].append(error)
        assert np.mean(np.abs(ratio) < 1.96) > 0.85  # two people, ten lengths each
        assert np.sqrt(np.mean(np.square(ratio))) > 0.4  # nor far too wide
    for kind, limit in (("thigh", 0.008), ("shank", 0.005), ("hip", 0.010)):
        assert np.sqrt(np.mean(np.square(off[kind]))) < limit
    # how much a landmark would tell: fitted again with the best of them worn
    model, slope = poor.problem.template.skeleton, length_slopes(poor)["shank_right"][None]
    index = [model.markers.index(name) for name in KNEES_AND_ANKLES]
    landmarks = TemplateMarkers(
        KNEES_AND_ANKLES, model.marker_body[index], model.marker_position[index]
    )
    shares = dict(zip(KNEES_AND_ANKLES, variance_reductions(poor, landmarks, slope), strict=True))
    best = max(shares, key=lambda name: shares[name])
    assert best.startswith("R")
    hidden = tuple(name for name in KNEES_AND_ANKLES if name != best)
    before, after = (
        next(
            joint_distance.sd
            for joint_distance in lengths(fit)
            if joint_distance.name == "shank_right"
        )
        ** 2
        for fit in (poor, fitted(made_person(0, hidden=hidden, with_static_trial=False)))
    )
    assert 1.0 - after / before == pytest.approx(shares[best], abs=0.15)


def test_skin_is_found_as_soft_as_it_was_made(fits):
    """Three sines of 1.4 are 0.99 of what is believed; without a common part it seems softer.

    ``tr(V⁻¹) / N`` of N markers that move by themselves is 1.4 for N = 5 and a common share of 0.4.
    """
    problem = fits[0].problem
    parts, common = problem.template.parts, problem.priors.common
    kind = np.array(parts.kinds)[parts.of_body[problem.template.markers.body]]
    for part in ("pelvis", "thigh", "shank"):
        number = (kind == part).sum() / (1 if part == "pelvis" else 2)
        trace = (number - 1) / (1 - common) + 1 / (1 - common + number * common)
        scale = problem.priors.soft_tissue_scale[kind == part][0]
        assert scale == pytest.approx(0.99 * np.sqrt(trace / number), abs=0.15), part


def test_joint_angles_of_people_who_are_known(fits):
    """The mean of each flexion over the fitted frames, and its stated standard deviation."""
    errors, sds = [], []
    for seed, fit in zip(PEOPLE, fits, strict=True):
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
        flexion_indices = np.searchsorted(problem.free, flexions)
        sds.append(np.degrees(offset_sds(fit)[flexion_indices]))
    knee, hip = np.sqrt((np.array(errors) ** 2).mean(axis=0))
    assert knee < 1.5
    assert hip < 3.0
    assert np.max(np.abs(np.array(errors) / np.array(sds))) < 3.0


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
    of_repeated_markers = landmark_twins(markers, twin, sds, [0, 0, 1])
    assert all(first != second for first, second in of_repeated_markers)


def test_twin_landmarks_differ_less_than_each_is_off_and_are_mirrored():
    """``2 σ² (1 − ρ)`` on every axis; offsets of other landmarks do not change."""
    person = made_person(3)
    template, sds = person.template, person.offset_sd
    sizes = size_prior(template.parts, body_sizes(), Person("male"), Person("male"))
    postures = posture_prior(template.skeleton, MAP)
    twin = twins(template.skeleton.bodies, MAP.groups)
    pairs = landmark_twins(template.markers, twin, sds, range(len(sds)))
    free, tied = (
        priors(template, sizes, sds, postures, twins=twin_pairs) for twin_pairs in ((), pairs)
    )
    np.testing.assert_allclose(tied.sd, free.sd, rtol=1e-9)
    covariance = np.linalg.inv(tied.precision)
    first, second = pairs[0]
    for axis, sign in enumerate((1.0, 1.0, -1.0)):
        i, j = (len(sizes[0]) + 3 * marker + axis for marker in (first, second))
        difference_variance = covariance[i, i] + covariance[j, j] - 2.0 * sign * covariance[i, j]
        assert difference_variance == pytest.approx(2.0 * LANDMARK_SD**2 * (1.0 - TWIN_CORRELATION))
