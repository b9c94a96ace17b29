"""What markers determine: closed forms, dense matrices, and drawn masks and bodies."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

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
from tests.examples import answers
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
    found = coordinate_covariance(skeleton, q, index, weight, prior, noise)

    directions = np.eye(q.shape[1])
    moves = _differences(
        skeleton, q, directions[chosen], skeleton.marker_body, skeleton.marker_position
    )
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

    columns = np.linalg.cholesky(found[0] + 1e-18 * np.eye(q.shape[1])).T
    moved = segment_sds(skeleton, q, found)[0]
    points = point_masses(skeleton).reshape(-1, POINTS, 3)
    for segment, own in enumerate(points):
        moves = _differences(skeleton, q, columns, np.full(POINTS, segment), own)
        expected = np.sqrt((moves**2).sum() / POINTS)
        np.testing.assert_allclose(moved[0, segment], expected, rtol=1e-4, atol=1e-8)


def _limits(pendulum):
    """Displacements and momenta at, below and above limits, of light and heavy bobs (3 kg)."""
    around = (0.0, 0.99, 1.0, 1.01, 3.0, np.nan)
    found = []
    for share, moved, swung in product((0.0, 0.002, 0.2, 0.9), around, around):
        body = replace(pendulum, mass=3.0 * np.array([1.0 - share, share]))
        limit = MAX_DISPLACEMENT_M if share > 0.01 else NEGLIGIBLE_COM_SHIFT_M / max(share, 1e-9)
        momentum = 3.0 * MAX_MOMENTUM_SD_M2PS * swung
        both = np.array([[0.0, momentum]]), None
        found += [determined(body, np.array([[0.0, moved * limit]]), one)[0, 1] for one in both]
    return np.array(found)


def _drawn_mask(seed):
    """What a mask says of segments and coordinates that were lost in drawn frames."""
    rng = np.random.default_rng(seed)
    names, frames = ("thigh", "shank", "foot"), int(rng.integers(8, 30))

    def seen(columns):
        known = np.ones((frames, columns), dtype=bool)
        for column in range(columns):
            first, length = rng.integers(0, frames), rng.choice([0, 1, 4, 5, frames // 2, frames])
            known[first : first + length, column] = False
        return known

    mask = observed_from(names, seen(3), int(rng.integers(1, 5)), NOT_SEEN)
    mask = mask.without(names[:2], str(rng.choice(REASONS)), ~seen(1)[:, 0])
    mask = mask.losing(~seen(3) & (rng.random(3) < 0.5), str(rng.choice(REASONS)))
    mask = mask.determine(("turn", "bend"), seen(2), int(rng.integers(0, 3)))
    wide = mask.widened(int(rng.integers(0, 3)))
    needs = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0]], dtype=bool)
    parts, told = wide.parts(needs), wide.determined(["turn", "bend", "of another model"])
    return mask, wide, parts, told, mask.poorly_observed, mask.lost_segments(seen(1)[:, 0])


def _parts(name, reason):
    """What is told of parts of the sprint model when some of a group is lost in some frames."""
    skeleton, model_map = athlete_skeleton(Athlete("made", "male", 75.0, 1.8)), map_of("sprint")
    frames, lost = np.arange(6), model_map.groups[name]
    mask = Observed.complete(skeleton.bodies, 6).without(lost[-2:], reason)
    mask = mask.without(lost, SOME_FRAMES, frames > 3)
    told = np.tile(np.arange(len(skeleton.coordinates)) % 7 != 3, (6, 1)) | (frames > 1)[:, None]
    parts = ObservedParts(mask.determine(skeleton.coordinates, told, 0), skeleton, model_map)
    chains = [one.name for one in pelvis_hub(skeleton, model_map.groups).chains]
    along = {
        "joint": list(model_map.joints.by_name()), "coordinate": skeleton.coordinates,
        "segment": skeleton.bodies, "group": [*model_map.groups, "total"], "chain": chains,
    }  # fmt: skip
    seen = np.flatnonzero(~np.isin(np.array(skeleton.bodies)[skeleton.marker_body], lost))
    return {
        **{key: (names, parts.along(key, names)) for key, names in along.items()},
        "moved": [parts.moved(key, along[key]) for key in ("joint", "coordinate")],
        "whole": (parts.whole_body, parts.pelvis, parts.centre, parts.steady, parts.unseen(seen)),
        "lost": lost_parts(mask, model_map.groups),
        "why": str(incomplete_reason(mask, model_map.groups, frames < 3)),
    }


def _examples(pendulum, runner, running):
    for name, why in product(map_of("sprint").groups, (NOT_SEEN, NOT_IN_MODEL)):
        yield f"{name} {why}", lambda name=name, why=why: _parts(name, why)
    yield "limits", lambda: _limits(pendulum)
    for seed in range(50):
        yield f"mask {seed}", lambda seed=seed: _drawn_mask(seed)
    for sd in (0.05, 0.2, 0.5, 2.0):
        yield (
            f"told {sd}",
            lambda sd=sd: coordinates_observed(
                np.full((1, 4), sd), np.array([0.0, 0.06, 0.5, 10.0])
            ),
        )
    free = replace(runner, coordinate_range=9.0 * np.sign(runner.coordinate_range))
    yield "ranges", lambda: [range_sd(one) for one in (runner, free)]
    q, rng = running[::20].copy(), np.random.default_rng(3)
    for place, name in enumerate(runner.bodies):
        own = [one for one in runner.coordinates if one.startswith(name)]
        locked = np.isin(runner.coordinates, own)
        stiff = replace(runner, coordinate_locked=locked)
        for body in range(0, len(runner.bodies), 3):
            seen = np.flatnonzero(runner.marker_body == body)
            yield (
                f"{name} opened by {body}",
                lambda a=(stiff, own, seen): with_joints_freed(*a).coordinate_locked,
            )
        known = np.ones((len(q), len(runner.bodies)), dtype=bool)
        known[2:4, place] = known[5:, -place] = False
        yield f"{name} bridged", lambda known=known: interpolate_lost_joints(runner, q, known)
        holed = np.where(locked & (rng.random(len(q)) < 0.6)[:, None], np.nan, q)
        yield f"{name} filled", lambda holed=holed: filled_coordinates(runner, holed)
        told = np.tile(~locked, (len(q), 1))
        yield f"{name} by file", lambda told=told: determined_by_file(runner, q, told)
    names = ("thigh", "shank")
    every = Observed.complete(names, 4)
    for change in (
        {"segments": ("thigh",)}, {"reason": ("",)}, {"reason": ("", REASONS[0])},
        {"coordinates": ("a",)}, {"mask": np.zeros((4, 2), dtype=bool)},
    ):  # fmt: skip
        yield f"refused {[*change]}", lambda change=change: replace(every, **change)


def test_masks_are_what_they_were(pendulum, runner, running):
    """Limits of what is lost; losses that add up, are filled, widened, led over and refused."""
    examples = dict(_examples(pendulum, runner, running))
    assert differences("observed", answers(examples)) == []
