"""A skeleton comes back from its file as it went in, or not at all."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from aqbio.faults import RunStoppedError
from aqbio.io.skeleton import load_skeleton, save_skeleton
from aqbio.multibody.skeleton import Couplers, JointAxes, Skeleton, cubic_spline, line, stack
from tests.refusal import refused


@pytest.fixture
def skeleton() -> Skeleton:
    """Two bodies, three axes, three coordinates of which one is coupled, one marker."""
    knots = np.array([0.0, 1.0, 2.0])
    spline = cubic_spline(knots, knots**2, 2 * knots)
    functions = stack([line(1.0), spline, line(2.0, 0.5)])
    return Skeleton(
        bodies=("thigh", "shank"),
        joints=("hip", "knee"),
        coordinates=("flexion", "bend", "slide"),
        markers=("ankle",),
        parent=np.array([-1, 0]),
        parent_rotation=np.stack([np.eye(3), np.eye(3)[[1, 2, 0]]]),
        parent_position=np.arange(6.0).reshape(2, 3),
        child_rotation=np.stack([np.eye(3)] * 2),
        child_position=np.ones((2, 3)),
        axes=JointAxes(
            np.array([0, 1, 1]),
            np.array([True, True, False]),
            np.eye(3),
            np.arange(3),
            functions,
            np.zeros((3, 3), dtype=bool),
        ),
        couplers=Couplers(np.array([2]), np.array([1]), spline),
        mass=np.array([8.0, 3.5]),
        com=np.full((2, 3), -0.1),
        inertia=np.stack([np.eye(3), 0.5 * np.eye(3)]),
        gravity=np.array([0.0, -9.80665, 0.0]),
        marker_body=np.array([1]),
        marker_position=np.array([[0.0, -0.4, 0.05]]),
        coordinate_range=np.array([[-1.0, 2.0]] * 3),
        coordinate_default=np.zeros(3),
        coordinate_is_rotation=np.array([True, True, False]),
        coordinate_locked=np.array([False, False, True]),
        coordinate_clamped=np.ones(3, dtype=bool),
    )


def _assert_same(one, other):
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if hasattr(mine, "__dataclass_fields__"):
            _assert_same(mine, theirs)
        elif isinstance(mine, tuple):
            assert mine == theirs
        else:
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == theirs.dtype


def test_round_trip(tmp_path, skeleton):
    file = tmp_path / "runner.skeleton.npz"
    save_skeleton(skeleton, file)
    _assert_same(skeleton, load_skeleton(file))


def test_a_changed_file_is_refused(tmp_path, skeleton):
    file = tmp_path / "runner.npz"
    save_skeleton(skeleton, file)
    with np.load(file) as arrays:
        content = dict(arrays)
    content["mass"] = content["mass"] * 1.05
    np.savez(file, **content)
    with pytest.raises(RunStoppedError, match="does not have the hash"):
        load_skeleton(file)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_something_else_is_refused(tmp_path, content):
    file = tmp_path / "runner.npz"
    file.write_bytes(content)
    with refused("result-damaged", "cannot be used", RunStoppedError):
        load_skeleton(file)
