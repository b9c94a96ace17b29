"""Quantities that markers determine: closed forms, dense matrices, and drawn masks and bodies."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from aqbio.multibody.dynamics import pelvis_hub
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.multibody.skeleton import JointAxes, Skeleton, line, stack
from aqbio.observed.determined import (
    MARKER_SD,
    MAX_DISPLACEMENT_M,
    MAX_MOMENTUM_SD_M2PS,
    NEGLIGIBLE_COM_SHIFT_M,
    MarkerNoise,
    coordinate_covariance,
    coordinates_observed,
    determined,
    determined_by_file,
    filled_coordinates,
    interpolate_lost_joints,
    range_sd,
    segment_sds,
    with_joints_freed,
)
from aqbio.observed.mask import (
    NOT_IN_MODEL,
    NOT_SEEN,
    POINTS,
    REASONS,
    SOME_FRAMES,
    Observed,
    observed_from,
    point_masses,
)
from aqbio.observed.parts import ObservedParts, incomplete_reason, lost_parts
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.golden import differences
from tests.levels_case import map_of
from tests.skeletons import make_skeleton

LENGTH, MASS, SPIN, MARKER = 0.3, 2.0, 0.05, 0.4


@pytest.fixture
def pendulum() -> Skeleton:
    """A bob on a hinge below a fixed base, with one marker."""
    axes = JointAxes(
        np.array([1]), np.array([True]), np.array([[0.0, 0.0, 1.0]]), np.array([0]),
        stack([line(1.0)]), np.zeros((1, 1), bool),
    )  # fmt: skip
    return make_skeleton(
        [-1, 0],
        axes,
        mass=np.array([1.0, MASS]),
        com=np.array([[0.0, 0.0, 0.0], [0.0, -LENGTH, 0.0]]),
        inertia=np.stack([np.eye(3), np.diag([0.01, 0.02, SPIN])]),
        gravity=np.zeros(3),
        markers=("m",),
        marker_body=np.array([1]),
        marker_position=np.array([[0.0, -MARKER, 0.1]]),
        coordinate_range=np.array([[-1.0, 2.0]]),
    )


def _differences(skeleton, q, columns, body, stations, step=1e-5):
    """Derivatives of points along some directions of the coordinates, (n, K, 3)."""
    ahead, behind = (
        station_positions(segment_poses(skeleton, q + sign * step * columns), body, stations)
        for sign in (1.0, -1.0)
    )
    return (ahead - behind) / (2 * step)


@pytest.mark.parametrize("seed", range(5))
def test_against_dense_linear_algebra_and_point_masses(random_tree, seed):
    """Weights of the fit and a noise that markers of a part share; masses as six points each."""
    skeleton = random_tree(seed, 4)
    rng = np.random.default_rng(seed)
    q = rng.uniform(-0.5, 0.5, (1, len(skeleton.coordinates)))
    free, index = skeleton.free, np.arange(len(skeleton.markers))
    chosen = free[np.isin(free, skeleton.driver)]  # others move nothing
    prior = rng.uniform(0.1, 1.0, q.shape[1])
    weight = rng.uniform(0.2, 1.0, (1, len(index))) * (rng.random(len(index)) < 0.7)
    noise = MarkerNoise(rng.uniform(0.004, 0.02, len(index)), skeleton.marker_body, 0.4)
    covariance = coordinate_covariance(skeleton, q, index, weight, prior, noise)

    directions = np.eye(q.shape[1])
    moves = _differences(
        skeleton, q, directions[chosen], skeleton.marker_body, skeleton.marker_position
    )
    jacobian = moves.reshape(len(chosen), -1).T
    pull = np.repeat(weight[0] / MARKER_SD**2, 3)
    same_part = noise.part[:, None] == noise.part
    share = np.where(np.eye(len(index), dtype=bool), 1.0, noise.common * same_part)
    true = np.kron(share * np.outer(noise.sd, noise.sd), np.eye(3))
    precision = np.diag(prior[chosen] ** -2.0)
    inverse = np.linalg.inv(jacobian.T @ (pull[:, None] * jacobian) + precision)
    pulled = pull[:, None] * jacobian
    expected = inverse @ (pulled.T @ true @ pulled + precision) @ inverse
    np.testing.assert_allclose(
        covariance[0][np.ix_(chosen, chosen)], expected, rtol=1e-5, atol=1e-12
    )

    columns = np.linalg.cholesky(covariance[0] + 1e-18 * np.eye(q.shape[1])).T
    moved = segment_sds(skeleton, q, covariance)[0]
    points = point_masses(skeleton).reshape(-1, POINTS, 3)
    for segment, segment_points in enumerate(points):
        moves = _differences(skeleton, q, columns, np.full(POINTS, segment), segment_points)
        expected = np.sqrt((moves**2).sum() / POINTS)
        np.testing.assert_allclose(moved[0, segment], expected, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("share", [0.0, 0.002, 0.2, 0.9])
def test_limits_of_displacements_and_momenta(pendulum, share):
    """Of light and heavy bobs (3 kg): near and calm, or too light to move the whole body."""
    body = replace(pendulum, mass=3.0 * np.array([1.0 - share, share]))
    around = (0.0, 0.99, 1.01, 3.0, np.nan)
    for scale, swung in product((MAX_DISPLACEMENT_M, NEGLIGIBLE_COM_SHIFT_M), around):
        moved = np.array(around) * (scale if scale == MAX_DISPLACEMENT_M else scale / (share or 1))
        away = np.stack([0.0 * moved, moved], axis=1)
        momentum = np.full_like(away, 3.0 * MAX_MOMENTUM_SD_M2PS * swung)
        near = (moved <= MAX_DISPLACEMENT_M) | (moved * share <= NEGLIGIBLE_COM_SHIFT_M)
        np.testing.assert_array_equal(determined(body, away)[:, 1], near)
        calm = (moved <= MAX_DISPLACEMENT_M) & (swung <= 1.0)
        calm |= moved * share <= NEGLIGIBLE_COM_SHIFT_M
        np.testing.assert_array_equal(determined(body, away, momentum)[:, 1], calm)


def _filled(visible, longest):
    """Gaps of at most so many frames between observed frames, frame by frame."""
    filled, frames = visible.copy(), np.flatnonzero(visible)
    for before, after in pairwise(frames):
        if after - before - 1 <= longest:
            filled[before:after] = True
    return filled


@pytest.mark.parametrize("seed", range(50))
def test_masks_of_segments_and_coordinates(seed):
    """Frame by frame: short gaps are filled, losses add up, the longest one gives the reason."""
    random = np.random.default_rng(seed)
    names, frames = ("thigh", "shank", "foot"), int(random.integers(8, 30))

    def visible_frames(columns):
        visible = np.ones((frames, columns), dtype=bool)
        for column in range(columns):
            first, length = (
                random.integers(0, frames), random.choice([0, 1, 4, 5, frames // 2, frames])
            )  # fmt: skip
            visible[first : first + length, column] = False
        return visible

    segments_visible, longest, hidden = (
        visible_frames(3),
        int(random.integers(1, 5)),
        ~visible_frames(1)[:, 0],
    )
    why, coordinates_known, gap = (
        str(random.choice(REASONS)),
        visible_frames(2),
        int(random.integers(0, 3)),
    )
    margin = int(random.integers(0, 3))
    first = observed_from(names, segments_visible, longest, NOT_SEEN)
    segments_known = np.stack([_filled(column, longest) for column in segments_visible.T], axis=1)
    np.testing.assert_array_equal(first.mask, segments_known)
    for number, column in enumerate(segments_known.T):
        reason = "" if column.all() else NOT_SEEN if column.mean() < 0.5 else SOME_FRAMES
        assert first.reason[number] == reason
    mask = first.without(names[:2], why, hidden)
    expected = segments_known & ~(hidden[:, None] & np.array([True, True, False]))
    np.testing.assert_array_equal(mask.mask, expected)
    for number in range(3):
        new, before = (
            (segments_known & ~expected)[:, number].sum(),
            (~segments_known)[:, number].sum(),
        )
        assert mask.reason[number] == (why if new > before else first.reason[number])
    mask = mask.determine(("turn", "bend"), coordinates_known, gap)
    coordinates = np.stack([_filled(column, gap) for column in coordinates_known.T], axis=1)
    np.testing.assert_array_equal(mask.coordinate_mask, coordinates)
    low = [
        n for n, column in zip(("turn", "bend"), coordinates.T, strict=True) if column.mean() < 0.5
    ]
    assert list(mask.poorly_observed) == low
    wide = mask.widened(margin)
    for mask_values, narrow in ((wide.mask, expected), (wide.coordinate_mask, coordinates)):
        around = [narrow[max(k - margin, 0) : k + margin + 1].all(axis=0) for k in range(frames)]
        np.testing.assert_array_equal(mask_values, around)
    needs = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0]], dtype=bool)
    parts = np.stack([wide.mask[:, need].all(axis=1) for need in needs], axis=1)
    np.testing.assert_array_equal(wide.parts(needs), parts)
    of_other_model = wide.determined(["turn", "bend", "of another model"])
    np.testing.assert_array_equal(of_other_model[:, :2], wide.coordinate_mask)
    assert of_other_model[:, 2].all()
    lost_segments = [
        name for name, column in zip(names, mask.mask.T, strict=True) if not column.all()
    ]
    assert list(mask.lost_segments()) == lost_segments
    lost_in_hidden = [n for n, x in zip(names, mask.mask[hidden].T, strict=True) if not x.all()]
    assert list(mask.lost_segments(hidden)) == lost_in_hidden


def lost_group(name, reason):
    """Mask of the sprint model: a group unobserved in later frames, its last segments in all."""
    skeleton, model_map = athlete_skeleton(Athlete("made", "male", 75.0, 1.8)), map_of("sprint")
    frames, bodies = np.arange(6), model_map.groups[name]
    mask = Observed.complete(skeleton.bodies, 6).without(bodies[-2:], reason)
    mask = mask.without(bodies, SOME_FRAMES, frames > 3)
    coordinates_known = (
        np.tile(np.arange(len(skeleton.coordinates)) % 7 != 3, (6, 1)) | (frames > 1)[:, None]
    )
    return (
        skeleton,
        model_map,
        mask.determine(skeleton.coordinates, coordinates_known, 0),
        coordinates_known,
    )


@pytest.mark.parametrize("reason", [NOT_SEEN, NOT_IN_MODEL])
@pytest.mark.parametrize("name", map_of("sprint").groups)
def test_parts_that_a_mask_shows(name, reason):
    """Body by body: a joint needs all beyond it, and the group that carries it."""
    skeleton, model_map, mask, coordinates_known = lost_group(name, reason)
    parts, groups = ObservedParts(mask, skeleton, model_map), model_map.groups
    group_of = {body: group for group, members in groups.items() for body in members}
    chains = {chain.name: chain for chain in pelvis_hub(skeleton, groups).chains}
    why = dict(zip(mask.segments, mask.reason, strict=True))
    joints, names = list(model_map.joints.by_name()), list(skeleton.coordinates)
    determined = {
        key: parts.along(key, along)
        for key, along in (("joint", joints), ("coordinate", names), ("chain", list(chains)),
                           ("segment", skeleton.bodies), ("group", [*groups, "total"]))
    }  # fmt: skip
    moved = {key: parts.moved(key, along) for key, along in
             (("joint", joints), ("coordinate", names))}  # fmt: skip
    assert skeleton.bodies[moved["joint"][joints.index("hip_left")]] == "femur_l"
    assert skeleton.bodies[moved["coordinate"][names.index("knee_angle_r")]] == "tibia_r"
    assert skeleton.bodies[moved["coordinate"][names.index("pelvis_tx")]] == "pelvis"
    for frame in range(6):
        visible = {body for body, x in zip(skeleton.bodies, mask.mask[frame], strict=True) if x}
        placed = visible | {body for body in skeleton.bodies if why[body] == NOT_IN_MODEL}
        for key, bodies in moved.items():
            for column, body in enumerate(bodies):
                beyond = {skeleton.bodies[k] for k in np.flatnonzero(skeleton.lineage[:, body])}
                carrier, needed = skeleton.parent[body], set()
                if carrier >= 0:
                    before, after = skeleton.bodies[carrier], skeleton.bodies[body]
                    across = group_of[before] != group_of[after]
                    needed = {before} | ({*groups[group_of[before]]} if across else set())
                expected = beyond <= visible and needed <= placed
                if key == "coordinate":
                    expected &= bool(coordinates_known[frame, column])
                assert determined[key][frame, column] == expected, (key, column)
        stands = "pelvis" in placed
        for column, body in enumerate(skeleton.bodies):
            assert determined["segment"][frame, column] == (stands and body in visible)
        for column, members in enumerate([*groups.values(), skeleton.bodies]):
            assert determined["group"][frame, column] == (stands and {*members} <= visible)
        assert parts.whole_body[frame] == (len(visible) == len(skeleton.bodies))
        assert parts.pelvis[frame] == stands
        assert parts.steady[frame] == (frame <= 3 or len(groups[name]) <= 2)
    np.testing.assert_array_equal(determined["group"][:, -1], determined["segment"].all(axis=1))


def test_golden_words_of_unseen_parts():
    """Unobserved parts, and the reason why the person is incomplete in the first frames."""
    lines = []
    for name, reason in product(map_of("sprint").groups, (NOT_SEEN, NOT_IN_MODEL)):
        _, model_map, mask, _ = lost_group(name, reason)
        parts = lost_parts(mask, model_map.groups)
        why = incomplete_reason(mask, model_map.groups, np.arange(6) < 3)
        lines.append(f"{name} {reason}: {', '.join(parts.values())}: {why}")
    assert differences("observed", lines) == []


@pytest.mark.parametrize(("sd", "observed_axes"), [(0.05, 2), (0.2, 2), (0.5, 0), (2.0, 0)])
def test_coordinates_that_are_known_better_than_before(sd, observed_axes):
    prior = np.array([0.0, 0.06, 0.5, 10.0])
    observed = coordinates_observed(np.full((1, 4), sd), prior)
    assert observed[0].tolist() == [False, False, observed_axes > 0, observed_axes > 0]


def test_joints_are_freed_where_markers_lie_beyond(runner):
    """A joint that carries others and starts at a body with several; only those that may be."""
    children = [list(runner.parent).count(body) for body in range(len(runner.bodies))]
    for segment, name in enumerate(runner.bodies):
        joint_coordinates = [
            coordinate for coordinate in runner.coordinates if coordinate.startswith(name)
        ]
        locked = np.isin(runner.coordinates, joint_coordinates)
        stiff = replace(runner, coordinate_locked=locked)
        for body in range(0, len(runner.bodies), 3):
            visible_markers = np.flatnonzero(runner.marker_body == body)
            freed = with_joints_freed(stiff, joint_coordinates, visible_markers).coordinate_locked
            beyond = bool(len(visible_markers)) and bool(runner.lineage[body, segment])
            carries = children[segment] > 0 and children[runner.parent[segment]] > 1
            np.testing.assert_array_equal(freed, locked & ~(beyond and carries))


def test_missing_coordinates_are_interpolated_and_dependents_masked(runner):
    """Linear paths come back between frames; a joint that was lost all along is at its default;
    a joint is led over where all beyond it is lost."""
    random, frames = np.random.default_rng(3), np.arange(12)
    slope = random.uniform(-0.02, 0.02, len(runner.coordinates))
    q = 0.1 + frames[:, None] * slope
    for segment, name in enumerate(runner.bodies):
        of_joint = np.array([coordinate.startswith(name) for coordinate in runner.coordinates])
        recorded = np.tile(~of_joint, (len(q), 1))
        beyond = np.asarray(runner.lineage[:, segment])
        by_file = determined_by_file(runner, q, recorded)
        np.testing.assert_array_equal(by_file, np.tile(~beyond, (len(q), 1)))
        holed = q.copy()
        holed[np.ix_([1, 4, 5, 9], of_joint)] = np.nan
        np.testing.assert_allclose(filled_coordinates(runner, holed), q, atol=1e-12)
        holed[:, of_joint] = np.nan
        filled = filled_coordinates(runner, holed)
        assert (filled[:, of_joint] == runner.coordinate_default[of_joint]).all()
        if runner.parent[segment] < 0:
            continue
        segment_known, jumped = np.ones((len(q), len(runner.bodies)), dtype=bool), q.copy()
        jumped[np.ix_([4, 5], of_joint)] += 1.0
        segment_known[4:6, segment] = False
        leads = beyond.sum() == 1
        expected = q if leads else jumped
        np.testing.assert_allclose(
            interpolate_lost_joints(runner, jumped, segment_known), expected, atol=1e-12
        )
        segment_known[4:6, beyond] = False
        led = interpolate_lost_joints(runner, jumped, segment_known)
        np.testing.assert_allclose(led[:, of_joint], q[:, of_joint], atol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"segments": ("thigh",)}, "mask"), ({"reason": ("",)}, "reasons for"),
     ({"reason": ("", REASONS[0])}, "not those of the segments"),
     ({"coordinates": ("a",)}, "coordinates"),
     ({"mask": np.zeros((4, 2), dtype=bool)}, "not those of the segments")],
)  # fmt: skip
def test_masks_that_do_not_fit_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(Observed.complete(("thigh", "shank"), 4), **change)


def test_ranges_of_coordinates(runner):
    """Without a range any angle may be; a locked coordinate has no spread."""
    width = np.diff(runner.coordinate_range, axis=1)[:, 0]
    sd = range_sd(runner)
    assert (sd >= 0.0).all()
    free = range_sd(replace(runner, coordinate_range=9.0 * np.sign(runner.coordinate_range)))
    assert (free >= sd - 1e-12).all()
    assert (sd[width > 0.0] > 0.0).any()
