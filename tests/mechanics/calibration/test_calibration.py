"""Calibrated bodies: derivatives, beliefs, frames, and made people whose bodies are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.body.derivatives import BodyMarkers, MarkerDerivatives
from aqbio.body.frames import (
    INDEPENDENT,
    Recording,
    Session,
    chosen_frames,
    different_frames,
    face_template,
)
from aqbio.body.posterior import length_slopes, lengths, offset_sds, variance_reductions
from aqbio.body.priors import Person, body_sizes, posture_prior, priors, size_prior
from aqbio.body.problem import BONE_SHARE, REGRESSION_SD, HipObservation, Problem, hip_centres
from aqbio.body.shape import ChosenFrames, MarkerPlaces, State, Template, stretched_masses
from aqbio.config import ModelMap, read_yaml
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.multibody.skeleton import Couplers, JointAxes, Skeleton, line, polynomial, stack
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.golden import differences
from tests.mechanics.calibration.made import (
    KNEES_AND_ANKLES,
    MAP,
    fitted,
    made_person,
    model_labels,
)
from tests.mechanics.examples import answers
from tests.mechanics.joint_distances import joint_distances

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture(scope="session")
def sprint_template() -> Template:
    """Give our own model: parallel joint frames, pins and balls."""
    skeleton = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    markers = MarkerPlaces(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    return Template.of(skeleton, read_yaml(MODELS / "sprint" / "map.yaml", ModelMap), markers)


def _turned(rng: np.random.Generator, bodies: int) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return Rotation.from_rotvec(rng.normal(0, 0.3, (bodies, 3))).as_matrix()


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
    skeleton = replace(
        own,
        parent_rotation=_turned(rng, bodies),
        child_rotation=_turned(rng, bodies),
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


@pytest.mark.real
@pytest.mark.opensim
@pytest.mark.parametrize(
    ("file", "model"), [("hamner_subject04/unscaled_generic.osim", "hamner2010")]
)
def test_models_of_others(file, model, realdata, tmp_path):
    """Couplers, walker knees, frames that are not parallel; scaled as OpenSim's own tool scales."""
    from aqbio.opensim.session import load_model, opensim, quiet, vec3
    from aqbio.opensim.skeleton import read_skeleton

    with quiet(level="Off"):
        skeleton = read_skeleton(realdata / file)
        markers = MarkerPlaces(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
        map_file = MODELS / model / "map.yaml"
        template = Template.of(skeleton, read_yaml(map_file, ModelMap), markers)
        assert max(_worst(template)) < ROUNDING

        vector, q = _case(template)
        vector[template.sizes[0] :] = 0.0
        shape = template.shape(vector)
        scales = opensim.ScaleSet()
        for body, factors in zip(skeleton.bodies, template.factors(shape), strict=True):
            scale = opensim.Scale()
            scale.setSegmentName(body)
            scale.setScaleFactors(vec3(factors))
            scale.setApply(True)
            scales.cloneAndAppend(scale)
        other = load_model(realdata / file, muscles=False)
        other.scale(other.initSystem(), scales, True, -1.0)
        other.printToXML(str(tmp_path / "scaled.osim"))
        scaled = read_skeleton(tmp_path / "scaled.osim")
    np.testing.assert_allclose(
        marker_positions(template.skeleton_of(shape), q), marker_positions(scaled, q), atol=1e-9
    )


def _inertia(points: np.ndarray, mass: float) -> np.ndarray:
    """About the middle of equal points that weigh ``mass`` together."""
    arm = points - points.mean(axis=0)
    second = mass / len(points) * arm.T @ arm
    return np.trace(second) * np.eye(3) - second


@pytest.mark.parametrize("by_volume", [True, False])
def test_a_stretched_cloud_is_a_stretched_segment(sprint_template, by_volume: bool):
    rng = np.random.default_rng(3)
    own = sprint_template.skeleton
    count = len(own.bodies)
    clouds = rng.normal(0.0, 0.1, (count, 40, 3)) @ rng.normal(0.0, 1.0, (count, 3, 3))
    mass = rng.uniform(1.0, 10.0, count)
    skeleton = replace(own, mass=mass, inertia=np.array(list(map(_inertia, clouds, mass.tolist()))))
    factors = np.exp(rng.normal(0.0, 0.2, (count, 3)))
    found, inertia = stretched_masses(skeleton, factors, 80.0, by_volume=by_volume)
    weights = mass * (factors.prod(axis=1) if by_volume else 1.0)
    np.testing.assert_allclose(found, 80.0 * weights / weights.sum(), rtol=1e-12)
    for body in range(count):
        expected = _inertia(clouds[body] * factors[body], found[body])
        np.testing.assert_allclose(inertia[body], expected, rtol=1e-9, atol=1e-12)


def test_sizes_given_a_stature_are_those_of_people_that_tall():
    """Conditioning by formula against people drawn from the whole distribution."""
    men = body_sizes()["male"]
    rng = np.random.default_rng(0)
    drawn = rng.multivariate_normal(men.mean, men.covariance, 200_000)
    stature, shank = men.names.index("stature"), men.names.index("shank_length")
    tall = np.abs(np.exp(drawn[:, stature]) - 1.90) < 0.005
    mean, covariance = men.given({"stature": 1.90})
    people = int(tall.sum())
    assert people > 500
    sd = np.sqrt(covariance[shank, shank])
    assert drawn[tall, shank].mean() == pytest.approx(mean[shank], abs=4 * sd / np.sqrt(people))
    assert drawn[tall, shank].std() == pytest.approx(sd, rel=0.1)
    assert covariance[stature, stature] == pytest.approx(0.0, abs=1e-12)
    # published: 5.9 % among all men, 3.3 % among those of one stature
    known = men.given({"stature": 1.756})[1][shank, shank]
    for variance, spread in ((men.covariance[shank, shank], 0.059), (known, 0.033)):
        assert np.sqrt(variance) == pytest.approx(spread, abs=5e-4)


def test_postures_follow_the_maps_sign(sprint_template):
    """A model whose knee counts the other way is believed to bend the same way."""
    own = sprint_template.skeleton
    knee = own.coordinates.index("knee_angle_r")
    turned = MAP.model_copy(update={"flexion": {**MAP.flexion, "knee": -MAP.flexion["knee"]}})
    belief, other = posture_prior(own, MAP), posture_prior(own, turned)
    assert belief.low[knee] == pytest.approx(-other.high[knee])
    assert belief.mean[knee] == pytest.approx(-other.mean[knee])
    assert belief.frame_sd[knee] == other.frame_sd[knee]


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
    front, left, *behind = hips.template.markers.place[hips.spines]
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


@pytest.mark.parametrize("way", ["missing", "tracking"])
def test_without_all_landmarks_nothing_is_observed(person, way):
    labels = model_labels(person.template.skeleton)
    if way == "missing":
        del labels["LPSI"]
    else:
        labels["LPSI"] = replace(labels["LPSI"], place=None, palpated=False)
    assert HipObservation.of(person.template, labels, SPINES, person.offset_sd) is None


def test_the_cost_falls_along_its_gradient(person, hips):
    """The observation's part of cost and normal equations agree."""
    template = person.template
    sizes = size_prior(template.parts, body_sizes(), Person("male"), Person("male"))
    prior = priors(template, sizes, person.offset_sd, posture_prior(template.skeleton, MAP))
    frames = chosen_frames(person.recordings, template.markers.body, 0.5, count=8)
    rng = np.random.default_rng(3)
    both = [Problem(template, frames, prior, one) for one in (hips, None)]
    theta = both[0].start + rng.normal(0.0, 0.02, both[0].start.shape)
    state = State(theta, np.zeros((len(frames.still), len(both[0].free))))
    weights = np.ones(frames.visible.shape)
    step = 1e-5 * rng.normal(size=theta.shape)

    def alone(moved):
        costs = [one.cost(State(moved, state.q), weights)[0] for one in both]
        return costs[0] - costs[1]

    blocks = [one.blocks(state, weights) for one in both]
    slope = -2.0 * (blocks[0].border_gradient - blocks[1].border_gradient) @ step
    assert alone(theta + step) - alone(theta - step) == pytest.approx(2.0 * slope, rel=1e-3)
    assert np.linalg.eigvalsh(blocks[0].border - blocks[1].border).min() > -1e-6


BODIES = np.array([0, 0, 1, 1])


def _moving(frames: int = 200) -> Recording:
    """Two segments of two markers whose distance grows from 1 to 2 m and back."""
    distance = 1.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, frames))
    position = np.zeros((frames, 4, 3))
    position[:, 2:, 0] = distance[:, None]
    return Recording(position, 100.0, still=False)


def _chosen(trials, **how):
    frames = chosen_frames([_moving()] * trials, BODIES, 0.5, **how)
    return frames.trial, frames.frame, frames.weight


def test_chosen_frames_are_what_they_were():
    """They differ, share what a session has, are worth so many witnesses, and have markers."""
    lost = _moving().position.copy()
    lost[:100, 3] = np.nan
    chosen = different_frames(_moving().position, BODIES, 3)
    apart = _moving().position[chosen, 2, 0]
    assert apart.min() < 1.01 < 1.99 < apart.max()
    assert different_frames(lost, BODIES, 10).min() >= 100
    examples = {f"{n} trials": lambda n=n: _chosen(n) for n in (1, 2, 3, 7, 8, 12, 20, 40)}
    for count in (20, 60):
        examples[f"{count} frames"] = lambda count=count: _chosen(1, count=count)
        weight = _chosen(1, count=count)[2]
        np.testing.assert_allclose(weight.sum(), INDEPENDENT)
    examples["of four"] = lambda: _chosen(4, count=80)
    examples["lost"] = lambda: different_frames(lost, BODIES, 10)
    assert differences("chosen_frames", answers(examples)) == []


SKELETON = athlete_skeleton(Athlete("one", "male", 75.0, 1.80))
PLACES = MarkerPlaces(SKELETON.markers, SKELETON.marker_body, SKELETON.marker_position)


def _frames(position: np.ndarray) -> ChosenFrames:
    rows = np.arange(len(position))
    return ChosenFrames(position, rows < 0, np.ones(len(rows)), rows, rows)


def _standing() -> np.ndarray:
    q = dependent_filled(SKELETON, SKELETON.coordinate_default[None])
    return station_positions(segment_poses(SKELETON, q), PLACES.body, PLACES.place)


@pytest.mark.parametrize("degrees", [0.0, 90.0, 179.0, -120.0])
def test_a_turned_model_comes_back(degrees):
    """Whatever its heading and place, and with markers that are not seen; no tilt is taken out."""
    position = _standing()
    position[0, 3] = np.nan
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.0, 1.0, 0.0])).as_matrix()
    moved = position @ turn.T + [3.0, 0.2, -7.0]
    found = face_template(_frames(moved), SKELETON, PLACES).position
    np.testing.assert_allclose(found, position, atol=1e-9)
    wild = _standing() + np.random.default_rng(0).normal(0.0, 0.2, _standing().shape)
    kept = face_template(_frames(wild), SKELETON, PLACES).position
    apart, kept = (one[0] - one[0, :1] for one in (wild, kept))
    np.testing.assert_allclose(kept[:, 1], apart[:, 1], atol=1e-12)
    lengths_of = (np.linalg.norm(one, axis=1) for one in (kept, apart))
    np.testing.assert_allclose(*lengths_of, atol=1e-12)


def test_both_sessions_have_one_body():
    """Of a static trial and a run, and another run with markers put on anew: lengths and SDs."""
    person = made_person(1)
    markers = person.template.markers
    count, names, runs = len(markers.labels), markers.labels, len(person.recordings)
    every = MarkerPlaces(
        tuple(f"{one}:{name}" for one in "AB" for name in names),
        np.tile(markers.body, 2),
        np.tile(markers.place, (2, 1)),
    )

    def widened(recording, first):
        position = np.full((len(recording.position), 2 * count, 3), np.nan)
        position[:, first : first + count] = recording.position
        return replace(recording, position=position)

    last = person.recordings[-1]
    again = person.truth.offset + np.random.default_rng(100).normal(0, 0.010, (count, 3))
    before, after = (
        BodyMarkers(person.template).positions(one, person.q[runs - 1])
        for one in (person.truth, replace(person.truth, offset=again))
    )
    anew = replace(last, position=last.position + after - before)
    both = fitted(
        replace(
            person,
            template=replace(person.template, markers=every),
            recordings=(*(widened(one, 0) for one in person.recordings[:-1]), widened(anew, count)),
            offset_sd=np.tile(person.offset_sd, (2, 1)),
        )
    )
    whole, own = {one.name: one for one in lengths(both)}, np.arange(count)
    for session in (
        Session(names, own, np.arange(runs - 1)),
        Session(names, count + own, np.array([runs - 1])),
    ):
        for length in lengths(session.fit_of(both)):
            assert length.length == whole[length.name].length
            assert length.sd == pytest.approx(whole[length.name].sd, rel=1e-9)


SLOPE_STEP = 1e-6
PEOPLE = range(2)


@pytest.fixture(scope="module")
def whole():
    return [fitted(made_person(seed)) for seed in PEOPLE]


def _nearby(fit):
    rng = np.random.default_rng(5)
    theta = fit.state.theta + rng.normal(0, 0.01, fit.state.theta.shape)
    return State(theta, fit.state.q + rng.normal(0, 0.05, fit.state.q.shape))


def test_the_gradient_is_the_slope_of_the_cost(whole):
    fit = whole[0]
    problem, state = fit.problem, _nearby(fit)
    blocks = problem.blocks(state, fit.weights)
    rng = np.random.default_rng(6)
    for _ in range(5):
        by_theta = rng.normal(size=state.theta.shape)
        by_q = rng.normal(size=state.q.shape)
        both = [
            problem.cost(State(state.theta + s * by_theta, state.q + s * by_q), fit.weights)[0]
            for s in (SLOPE_STEP, -STEP)
        ]
        slope = -2.0 * (blocks.border_gradient @ by_theta + (blocks.pose_gradient * by_q).sum())
        # Rounding of the cost (1e-16 of 1e5) by the step, and its curvature.
        assert (both[0] - both[1]) / (2 * SLOPE_STEP) == pytest.approx(slope, rel=1e-5)


def test_a_parts_common_skin_is_its_whole_covariance(whole):
    """Woodbury's identity against the covariance matrix written out."""
    problem, state = whole[0].problem, _nearby(whole[0])
    weights = whole[0].weights
    error = problem.errors(state)
    own, common = problem.variances
    frame, part = int(np.flatnonzero(~problem.frames.still)[0]), 2
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


def _errors(fits, **options):
    found = []
    for seed, fit in zip(PEOPLE, fits, strict=False):
        person = made_person(seed, **options)
        truth = joint_distances(person.template, person.truth)
        found.append({one.name: (one.length - truth[one.name], one.sd) for one in lengths(fit)})
    return found


def test_lengths_of_people_who_are_known(whole):
    """And stated deviations hold the errors, also without static trial, knees and ankles."""
    assert all(fit.settled for fit in whole)
    bare = {"hidden": KNEES_AND_ANKLES, "still": False}
    poor = [fitted(made_person(seed, **bare)) for seed in PEOPLE[:1]]
    found = _errors(whole)
    for kind, limit in (("thigh", 0.008), ("shank", 0.005), ("hip", 0.010)):
        errors = [e for one in found for name, (e, _) in one.items() if kind in name]
        assert np.sqrt(np.mean(np.square(errors))) < limit
    for each in (found, _errors(poor, **bare)):
        ratio = np.array([e / sd for one in each for e, sd in one.values()])
        assert np.mean(np.abs(ratio) < 1.96) > 0.85  # two people, ten lengths each
        assert np.sqrt(np.mean(ratio**2)) > 0.4  # nor far too wide


def test_joint_angles_of_people_who_are_known(whole):
    """The mean of each flexion over the fitted frames, and how sure it is said to be."""
    errors, stated = [], []
    for seed, fit in zip(PEOPLE, whole, strict=True):
        person, problem = made_person(seed), fit.problem
        moving = ~problem.frames.still
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


@pytest.fixture(scope="module")
def odd():
    return fitted(made_person(0, odd=2.5, soft=0.5))


def test_skin_is_found_as_soft_as_it_was_made(whole, odd):
    """Three sines of 1.4 are 0.99 of what is believed; without a common part it seems softer.

    ``tr(V⁻¹) / N`` of N markers that move by themselves is 1.4 for N = 5 and a common share of 0.4.
    """
    usual = whole[0]
    template, common = usual.problem.template, usual.problem.priors.common
    kind = np.array(template.parts.kinds)[template.parts.of_body[template.markers.body]]
    for part in ("pelvis", "thigh", "shank"):
        number = (kind == part).sum() / (1 if part == "pelvis" else 2)
        alone = (number - 1) / (1 - common) + 1 / (1 - common + number * common)
        one, half = (fit.problem.priors.soft_tissue_scale[kind == part][0] for fit in (usual, odd))
        assert one == pytest.approx(0.99 * np.sqrt(alone / number), abs=0.15), part
        assert half / one == pytest.approx(0.5, abs=0.1), part


@pytest.fixture(scope="module")
def foretold():
    """Give shares of the right shank's variance by landmark, without knees and ankles worn."""
    fit = fitted(made_person(0, hidden=KNEES_AND_ANKLES, still=False))
    model = fit.problem.template.skeleton
    index = [model.markers.index(name) for name in KNEES_AND_ANKLES]
    places = MarkerPlaces(KNEES_AND_ANKLES, model.marker_body[index], model.marker_position[index])
    shares = variance_reductions(fit, places, length_slopes(fit)["shank_right"][None])
    return fit, dict(zip(KNEES_AND_ANKLES, shares.tolist(), strict=True))


def test_the_variance_falls_as_foretold(foretold):
    """Fitted again with the best of them worn; postures and weights of the others change too."""
    before, shares = foretold
    assert all(0.0 <= share < 1.0 for share in shares.values())
    for landmark in ("KNL", "KNM", "ANL", "ANM"):  # the side that is asked for helps most
        assert shares[f"R{landmark}"] > shares[f"L{landmark}"], landmark
    best = max(shares, key=lambda name: shares[name])
    hidden = tuple(name for name in KNEES_AND_ANKLES if name != best)
    after = fitted(made_person(0, hidden=hidden, still=False))
    variance = [
        next(one.sd for one in lengths(fit) if one.name == "shank_right") ** 2
        for fit in (before, after)
    ]
    assert 1.0 - variance[1] / variance[0] == pytest.approx(shares[best], abs=0.15)
