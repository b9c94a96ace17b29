"""A template laid over markers: any axes, any place, any size, never mirrored."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.labels.geometry import (
    FRAMES,
    TOO_FAR,
    computed_points,
    distance_spreads,
    placement,
)

SIDED = {
    "asis": (0.10, 1.00, 0.12), "psis": (-0.08, 1.03, 0.05), "knee": (0.01, 0.52, 0.16),
    "knee_medial": (0.01, 0.52, 0.06), "ankle": (-0.02, 0.09, 0.14), "heel": (-0.08, 0.05, 0.10),
    "mt1": (0.12, 0.06, 0.07), "mt5": (0.08, 0.04, 0.16), "toe": (0.19, 0.03, 0.10),
    "shoulder": (-0.02, 1.48, 0.19), "elbow": (-0.02, 1.16, 0.24), "wrist": (0.02, 0.90, 0.24),
}  # fmt: skip
MIDDLE = {"c7": (-0.10, 1.52, 0.0), "chest": (0.09, 1.30, 0.0)}
TEMPLATE = np.array(
    [(x, y, side * z) for x, y, z in SIDED.values() for side in (1, -1)] + list(MIDDLE.values())
)
SKIN = 0.02


def _worn(rng, scale=1.08):
    """A person of another size, each marker up to 2 cm off, in an order of its own."""
    places = scale * TEMPLATE + SKIN * rng.uniform(-1, 1, TEMPLATE.shape)
    order = rng.permutation(len(places))
    return places[order], np.argsort(order)


@pytest.mark.parametrize("seed", range(4))
def test_any_axes_and_any_heading(seed):
    rng = np.random.default_rng(seed)
    worn, expected = _worn(rng)
    yaw = Rotation.from_rotvec([0, rng.uniform(0, 2 * np.pi), 0]).as_matrix()
    axes = np.eye(3)[list(list(permutations(range(3)))[seed + 1])]
    axes[0] *= np.linalg.det(axes)  # another laboratory, not its mirror image
    found = placement(worn @ yaw.T @ axes.T + [3.0, -2.0, 5.0], [TEMPLATE])
    np.testing.assert_array_equal(found.marker, expected)
    assert np.nanmax(found.distance) < 2.5 * np.sqrt(3) * SKIN


def test_left_is_not_taken_for_right():
    """Mirror images have other owners: a template is turned, never mirrored."""
    worn, expected = _worn(np.random.default_rng(9))
    mirrored = worn * [1, 1, -1]
    found = placement(mirrored, [TEMPLATE])
    swapped = expected.copy()
    swapped[:24] = expected[:24].reshape(-1, 2)[:, ::-1].ravel()
    np.testing.assert_array_equal(found.marker, swapped)


def test_what_is_no_person_finds_no_place():
    rng = np.random.default_rng(0)
    assert placement(rng.uniform(0, 0.3, (30, 3)), [TEMPLATE]) is None
    wall = np.array(list(product(np.linspace(0, 6, 5), np.linspace(0, 6, 5), [0.0])))
    found = placement(wall, [TEMPLATE])
    assert found is None or found.cost > 0.5 * TOO_FAR


PHASE = np.linspace(0.0, 12.0, 200)
BODY = np.array([[0.1, 0.0, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.2]])


def _moving(points, amplitude=0.8):
    turns = Rotation.from_euler("zyx", amplitude * np.sin(PHASE[:, None] * [1.0, 1.3, 0.7]))
    paths = np.stack([turns.apply(point) for point in points], axis=1)
    return paths + np.array([1.0, 0.0, 0.0]) * PHASE[:, None, None]


@pytest.mark.parametrize("seen", [FRAMES - 1, FRAMES])
def test_too_few_frames_say_nothing(seen):
    body = _moving([*BODY])
    path = body[:, 0].copy()
    path[seen:] = np.nan
    assert ("own" in distance_spreads(path, {"own": body[:, 1:]})) == (seen == FRAMES)


AXES = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", ["origin", "growing", "equal", "called axes"])
@pytest.mark.parametrize("digit", [1e-7, 1e-5, 5e-5])
def test_axes_and_middles_that_other_software_computed(seed, form, digit):
    """Beside markers on skin, a cluster that software made rigid, and a straight wand."""
    random = np.random.default_rng(seed)
    time = np.linspace(0.0, 1.0, 200)
    turn = Rotation.from_rotvec(np.outer(np.sin(5.0 * time), random.normal(size=3)))
    place = np.outer(5.0 * time, [1.0, 0.0, 0.0]) + random.uniform(-1.0, 1.0, 3)

    def worn(local):
        return place[:, None] + np.stack([turn.apply(one) for one in local], axis=1)

    lengths = random.uniform(0.05, 0.2, 3) if form != "equal" else np.full(3, 0.11)
    grow = 1.0 + 0.02 * np.sin(9.0 * time) if form == "growing" else np.ones(len(time))
    tip = grow[:, None, None] * (worn(AXES * [[0.0], *lengths[:, None]]) - place[:, None])
    tip = (tip + place[:, None])[:, 1 if form in ("equal", "called axes") else 0 :]
    skin = worn(random.uniform(-0.2, 0.2, (6, 3))) + random.normal(0.0, 1e-3, (200, 6, 3))
    wand = np.linspace([0.1, 0.2, 0.0], [0.3, 0.1, 0.1], 3)
    rigid = worn(np.concatenate((random.uniform(-0.2, 0.2, (5, 3)), wand)))
    share = random.uniform(0.2, 0.8)
    middle = share * skin[:, :1] + (1.0 - share) * skin[:, 1:2]
    points = np.round(np.concatenate((tip, middle, skin, rigid), axis=1) / digit) * digit
    called = {frozenset(range(3))} if form == "called axes" else set()
    assert computed_points(points, called) == set(range(tip.shape[1] + 1))
