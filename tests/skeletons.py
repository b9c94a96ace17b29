"""Skeletons and motions without a file: random trees whose truth a test can compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.multibody.skeleton import (
    FIXED,
    Couplers,
    JointAxes,
    PiecewisePolynomials,
    Skeleton,
    line,
    polynomial,
    stack,
)

Motion = tuple[np.ndarray, np.ndarray, np.ndarray]


def make_skeleton(parent: list[int] | np.ndarray, axes: JointAxes, **parts: Any) -> Skeleton:
    """A skeleton of bodies of 1 kg without markers, but for the given parts."""
    bodies, count = len(parent), int(axes.coordinate.max(initial=0)) + 1
    plain = {
        "bodies": tuple(f"body{i}" for i in range(bodies)),
        "joints": tuple(f"joint{i}" for i in range(bodies)),
        "coordinates": tuple(f"q{i}" for i in range(count)),
        "markers": (),
        "parent": np.array(parent),
        "parent_rotation": np.tile(np.eye(3), (bodies, 1, 1)),
        "parent_position": np.zeros((bodies, 3)),
        "child_rotation": np.tile(np.eye(3), (bodies, 1, 1)),
        "child_position": np.zeros((bodies, 3)),
        "axes": axes,
        "couplers": Couplers(np.zeros(0, np.int64), np.zeros(0, np.int64), stack([])),
        "mass": np.ones(bodies),
        "com": np.zeros((bodies, 3)),
        "inertia": np.tile(np.eye(3), (bodies, 1, 1)),
        "gravity": np.array([0.0, -9.80665, 0.0]),
        "marker_body": np.zeros(0, np.int64),
        "marker_position": np.zeros((0, 3)),
        "coordinate_range": np.tile([-np.pi, np.pi], (count, 1)),
        "coordinate_default": np.zeros(count),
        "coordinate_is_rotation": np.ones(count, dtype=bool),
        "coordinate_locked": np.zeros(count, dtype=bool),
        "coordinate_clamped": np.zeros(count, dtype=bool),
    }
    return Skeleton(**(plain | parts))


def _function(rng: np.random.Generator, *, plain: bool) -> PiecewisePolynomials:
    """Give a line or a curve; a curve has all derivatives, so that differences are exact."""
    if plain:
        return line(1.0)
    if rng.random() < 0.5:
        return line(rng.normal(), rng.normal(0, 0.3))
    return polynomial(rng.normal(0, 0.5, rng.integers(3, 6)).tolist())


def _units(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _inertias(rng: np.random.Generator, count: int) -> np.ndarray:
    """Inertia tensors of five random point masses each: possible for a real body."""
    points = rng.normal(0, 0.2, (count, 5, 3))
    squares = (points**2).sum(axis=-1)[..., None, None] * np.eye(3)
    return (squares - points[..., :, None] * points[..., None, :]).sum(axis=1)


def _tree(seed: int, bodies: int, *, plain: bool) -> Skeleton:
    rng = np.random.default_rng(seed)
    parent = np.array([rng.integers(-1, body) if body else -1 for body in range(bodies)])
    body, turns, coordinate, functions, owner = [], [], [], [], []
    for moved in range(bodies):
        rotations, translations = rng.integers(0, 4), rng.integers(0, 3)
        first = len(owner)
        for axis in range(rotations + translations):
            shares = not plain and len(owner) > first and rng.random() < 0.4
            if not shares:
                owner.append(moved)
            body.append(moved)
            turns.append(axis < rotations)
            coordinate.append(rng.integers(first, len(owner)) if shares else len(owner) - 1)
            functions.append(_function(rng, plain=plain))
    count = max(len(owner), 1)
    if seed % 2 and coordinate[-1:] and coordinate[-1] in coordinate[:-1]:  # nothing drives it
        coordinate[-1], functions[-1] = FIXED, line(0.0, 0.3)
    coupled = [] if plain or count < 3 else [int(rng.integers(1, count))]
    axes = JointAxes(
        np.array(body, dtype=np.int64),
        np.array(turns, dtype=bool),
        _units(rng, len(body)),
        np.array(coordinate, dtype=np.int64),
        stack(functions),
        np.zeros((len(body), len(body)), dtype=bool),
    )
    frame_rotations = Rotation.random(2 * bodies, random_state=seed).as_matrix()
    return make_skeleton(
        parent,
        axes,
        coordinates=tuple(f"q{i}" for i in range(count)),
        markers=tuple(f"marker{i}" for i in range(3 * bodies)),
        parent_rotation=frame_rotations[:bodies],
        parent_position=rng.normal(0, 0.3, (bodies, 3)),
        child_rotation=frame_rotations[bodies:],
        child_position=rng.normal(0, 0.3, (bodies, 3)),
        couplers=Couplers(
            np.array(coupled, dtype=np.int64),
            np.zeros(len(coupled), dtype=np.int64),
            stack([_function(rng, plain=False) for _ in coupled]),
        ),
        mass=rng.uniform(0.5, 10.0, bodies),
        com=rng.normal(0, 0.2, (bodies, 3)),
        inertia=_inertias(rng, bodies),
        marker_body=np.repeat(np.arange(bodies), 3),
        marker_position=rng.normal(0, 0.2, (3 * bodies, 3)),
    )


@pytest.fixture(scope="session")
def random_tree() -> Callable[..., Skeleton]:
    """Give a maker of random trees: shared and coupled coordinates, curved functions."""

    def make(seed: int, bodies: int = 5, *, plain: bool = False) -> Skeleton:
        return _tree(seed, bodies, plain=plain)

    return make


@pytest.fixture(scope="session")
def random_motion() -> Callable[[Skeleton, int, int], Motion]:
    """Give a maker of independent random coordinates, speeds and accelerations."""

    def make(skeleton: Skeleton, frames: int, seed: int) -> Motion:
        rng = np.random.default_rng(seed + 1)
        shape = (frames, len(skeleton.coordinates))
        return rng.uniform(-1, 1, shape), rng.normal(0, 2, shape), rng.normal(0, 10, shape)

    return make


@pytest.fixture(scope="session")
def three_turns() -> Skeleton:
    """One body that one coordinate turns about three axes: the smallest walker knee.

    The same body, axes and slopes (1, 0.5, 0.3) as in docs/decisions/0004-simbody-walker-knee.md.
    """
    all_but_itself = ~np.eye(3, dtype=bool)
    all_but_itself[0] = False
    axes = JointAxes(
        np.zeros(3, dtype=np.int64),
        np.ones(3, dtype=bool),
        np.eye(3)[::-1].copy(),
        np.zeros(3, dtype=np.int64),
        stack([line(slope) for slope in (1.0, 0.5, 0.3)]),
        all_but_itself,
    )
    com, inertia = np.array([[0.0, -0.2, 0.05]]), np.diag([0.1, 0.02, 0.08])[None]
    return make_skeleton([-1], axes, com=com, inertia=inertia, gravity=np.zeros(3))


_SEGMENTS = {
    # name: parent, joint centre in the parent, axes of its angles, centre of mass and of markers
    "pelvis": (None, (0.0, 0.0, 0.0), "zxy", (0.0, 0.0, 0.0)),
    "torso": ("pelvis", (-0.05, 0.1, 0.0), "zxy", (0.0, 0.25, 0.0)),
    "thigh_r": ("pelvis", (0.0, -0.05, 0.09), "zxy", (0.0, -0.2, 0.0)),
    "shank_r": ("thigh_r", (0.0, -0.42, 0.0), "z", (0.0, -0.2, 0.0)),
    "foot_r": ("shank_r", (0.0, -0.42, 0.0), "z", (0.08, -0.04, 0.0)),
    "thigh_l": ("pelvis", (0.0, -0.05, -0.09), "zxy", (0.0, -0.2, 0.0)),
    "shank_l": ("thigh_l", (0.0, -0.42, 0.0), "z", (0.0, -0.2, 0.0)),
    "foot_l": ("shank_l", (0.0, -0.42, 0.0), "z", (0.08, -0.04, 0.0)),
    "arm_r": ("torso", (0.0, 0.45, 0.18), "zxy", (0.0, -0.15, 0.0)),
    "forearm_r": ("arm_r", (0.0, -0.3, 0.0), "z", (0.0, -0.12, 0.0)),
    "arm_l": ("torso", (0.0, 0.45, -0.18), "zxy", (0.0, -0.15, 0.0)),
    "forearm_l": ("arm_l", (0.0, -0.3, 0.0), "z", (0.0, -0.12, 0.0)),
}
_RANGES = {"shank": (-2.6, 0.1), "forearm": (0.0, 2.6)}


@pytest.fixture(scope="session")
def runner() -> Skeleton:
    """Give a stick runner: 12 segments, 31 coordinates, three markers on each segment."""
    rng = np.random.default_rng(12)
    names = list(_SEGMENTS)
    coordinates, body, turns, direction, ranges = [], [], [], [], []
    for row, (name, (_, _, angles, _)) in enumerate(_SEGMENTS.items()):
        shifts = "XYZ" if row == 0 else ""
        for letter in angles + shifts:
            coordinates.append(f"{name}_{letter}")
            body.append(row)
            turns.append(letter.islower())
            direction.append(np.eye(3)["xyz".index(letter.lower())])
            ranges.append(_RANGES.get(name.split("_")[0], (-2.0, 2.0)))
    count, bodies = len(coordinates), len(names)
    middle = np.array([entry[3] for entry in _SEGMENTS.values()])
    parents = [entry[0] for entry in _SEGMENTS.values()]
    axes = JointAxes(
        np.array(body),
        np.array(turns),
        np.array(direction),
        np.arange(count),
        stack([line(1.0)] * count),
        np.zeros((count, count), dtype=bool),
    )
    return make_skeleton(
        [-1 if p is None else names.index(p) for p in parents],
        axes,
        bodies=tuple(names),
        joints=tuple(f"to_{name}" for name in names),
        coordinates=tuple(coordinates),
        markers=tuple(f"{name}{number}" for name in names for number in range(3)),
        parent_position=np.array([entry[1] for entry in _SEGMENTS.values()]),
        mass=np.full(bodies, 5.0),
        com=middle,
        inertia=_inertias(rng, bodies),
        marker_body=np.repeat(np.arange(bodies), 3),
        marker_position=np.repeat(middle, 3, axis=0) + rng.normal(0, 0.08, (3 * bodies, 3)),
        coordinate_range=np.array(ranges),
        coordinate_is_rotation=np.array(turns),
    )


@pytest.fixture(scope="session")
def running(runner: Skeleton) -> np.ndarray:
    """Give coordinates of the runner, (T, C): two strides at 8 m/s, 150 frames a second."""
    time = np.arange(120) / 150.0
    phase = 2 * np.pi * 2.2 * time
    q = np.zeros((len(time), len(runner.coordinates)))
    rng = np.random.default_rng(3)
    for column, name in enumerate(runner.coordinates):
        q[:, column] = 0.15 * np.sin(phase + rng.uniform(0, 6))
        opposite = np.pi if name.split("_")[1] == "l" else 0.0
        if name in ("thigh_r_z", "thigh_l_z"):
            q[:, column] = 0.4 + 0.8 * np.sin(phase + opposite)
        elif name.startswith("shank"):
            q[:, column] = -1.2 + np.sin(phase + 1.0 + opposite)
        elif name.startswith("forearm"):
            q[:, column] = 1.5 + 0.7 * np.sin(phase + opposite)
        elif name in ("arm_r_z", "arm_l_z"):
            q[:, column] = -0.9 * np.sin(phase + opposite)
    q[:, runner.coordinates.index("pelvis_X")] = 8.0 * time - 3.0
    q[:, runner.coordinates.index("pelvis_Y")] = 0.95 + 0.04 * np.sin(2 * phase)
    return q
