"""Numbers of replays and drawings: packed, thinner, placed, and still what they were."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.spatial.transform import Rotation

from aqbio.io.meshes import Mesh
from aqbio.pages.bones import bones_script, join_meshes, thin_mesh
from aqbio.pages.packed import MISSING, Channel, pack
from aqbio.pages.replay import (
    LEAD_S,
    MAX_FRAMES,
    MIN_HALF_AXIS_M,
    MIN_RATE_HZ,
    half_axes,
    script,
    shown_frames,
)
from aqbio.pages.verdicts import ruler
from tests.unpacked import unpack

LARGEST_PACKED = -MISSING - 1


@given(
    some.lists(
        some.integers(-LARGEST_PACKED, LARGEST_PACKED) | some.none(), min_size=1, max_size=40
    ),
    some.sampled_from([(1,), (2, 1), (1, 3)]),
)
def test_whole_numbers_come_out_as_they_went_in(numbers, shape):
    """Differences of differences of any numbers, also where they wrap around, and gaps."""
    values = np.array([np.nan if number is None else number for number in numbers], dtype=float)
    values = np.broadcast_to(values.reshape(-1, *(1 for _ in shape)), (len(values), *shape))
    unpacked = unpack(pack({"a": Channel(values, 1.0)}))["a"]
    np.testing.assert_array_equal(unpacked, values)


def ball(radius: float, rings: int) -> Mesh:
    """A sphere about the origin, of 4 ``rings``² triangles."""
    angles = np.linspace(0.0, np.pi, rings + 1)
    around = np.linspace(0.0, 2.0 * np.pi, 2 * rings, endpoint=False)
    points = radius * np.array(
        [[np.sin(a) * np.cos(b), np.cos(a), np.sin(a) * np.sin(b)] for a in angles for b in around]
    )
    triangles = []
    for ring in range(rings):
        for step in range(2 * rings):
            corner, next_corner = (
                ring * 2 * rings + step,
                ring * 2 * rings + (step + 1) % (2 * rings),
            )
            triangles += [
                [corner, corner + 2 * rings, next_corner],
                [next_corner, corner + 2 * rings, next_corner + 2 * rings],
            ]
    return Mesh(points, np.array(triangles))


def area(mesh: Mesh) -> float:
    corners = mesh.points[mesh.triangles]
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(sides, axis=1).sum() / 2.0)


def read(script: str) -> dict[str, np.ndarray]:
    return unpack(json.loads(script.removeprefix("globalThis.BONES=").removesuffix(";\n")))


@pytest.mark.parametrize("cell", [0.01, 0.02, 0.03])
def test_a_thinner_surface_lies_where_the_whole_one_does(cell):
    sphere = ball(0.1, 60)
    thin = thin_mesh(sphere, cell)
    assert len(thin.triangles) < len(sphere.triangles) / 2
    off = np.abs(np.linalg.norm(thin.points, axis=1) - 0.1)
    assert off.max() < cell
    assert area(thin) == pytest.approx(area(sphere), rel=0.15)
    assert (np.bincount(thin.triangles.ravel(), minlength=len(thin.points)) > 0).all()


def test_bones_are_read_back_where_they_were():
    """A surface that fits as it is keeps its points to half of a packed step."""
    bones = {"femur_r": ball(0.05, 8), "torso": join_meshes([ball(0.1, 6), ball(0.2, 6)])}
    arrays = read(bones_script(bones))
    assert set(arrays) == {f"{name}/{of}" for name in bones for of in ("points", "triangles")}
    for name, mesh in bones.items():
        thin = thin_mesh(mesh, 0.002)
        assert np.abs(arrays[f"{name}/points"] - thin.points).max() <= 2.5e-4 * (1 + 1e-9)
        assert np.array_equal(arrays[f"{name}/triangles"], thin.triangles)


def test_names_cannot_end_a_script():
    evil = "</script><script>alert(1)</script><!--"
    assert "<" not in script({"markers": [{"name": evil}]}) + bones_script({evil: ball(0.1, 4)})
    assert bones_script({}) == bones_script({"torso": ball(0.1, 20)}, most_bytes=50) == ""


def test_solids_have_the_inertia_of_the_segment():
    """Of an even ellipsoid I_a = m (b² + c²) / 5, however it is turned."""
    axes, mass = np.array([0.05, 0.08, 0.21]), 7.3
    turn = Rotation.from_rotvec([0.3, -0.8, 0.5]).as_matrix()
    moments = mass * (np.sum(axes**2) - axes**2) / 5
    half, directions = half_axes(mass, turn @ np.diag(moments) @ turn.T)
    np.testing.assert_allclose(np.sort(half), np.sort(axes), rtol=1e-12)
    assert np.linalg.det(directions) == pytest.approx(1.0)
    assert half_axes(1.0, np.diag([0.1, 0.1, 0.3]))[0].min() == MIN_HALF_AXIS_M  # that no body has
    moments_again = mass * (np.sum(half**2) - half**2) / 5
    np.testing.assert_allclose(
        directions @ np.diag(moments_again) @ directions.T,
        turn @ np.diag(moments) @ turn.T,
        atol=1e-12,
    )


@pytest.mark.parametrize("count", [1, 2, 100, MAX_FRAMES, MAX_FRAMES + 1, 5000, 100_000])
@pytest.mark.parametrize("rate", [50.0, 199.0, 200.0, 400.0, 1000.0])
def test_frames_are_few_and_dense_enough(count, rate):
    """Never fewer than asked for a second where the recording has them, nor more than most."""
    time, first = np.arange(count) / rate, count // 3
    frames = range(count)[shown_frames(time, time[[first]])]
    assert len(frames) <= MAX_FRAMES
    assert rate / frames.step >= min(rate, MIN_RATE_HZ)
    assert frames[0] <= first <= frames[-1] + frames.step
    if count <= MAX_FRAMES:
        assert len(frames) == count
    elif len(frames) == MAX_FRAMES and frames[-1] + frames.step < count:
        assert time[frames[0]] == pytest.approx(max(time[first] - LEAD_S, 0.0), abs=1.0 / rate)


def _drawing(estimate, low, high, smallest, marks=None, *, marked=False):
    row = {
        "estimate": estimate, "ci_low": low, "ci_high": high, "smallest_effect": smallest,
        "predicted": "greater",
    }  # fmt: skip
    return ruler(row, marks or {}, marked=marked)


def _positions(drawing: str, pattern: str) -> list[float]:
    return [float(number) for number in re.findall(pattern, drawing)]


def _predicted(drawing: str) -> tuple[float, float]:
    [begin], [width] = (
        _positions(drawing, r'<rect x="([\d.]+)"'),
        _positions(drawing, r'width="([\d.]+)'),
    )
    return begin, begin + width


SMALLEST = r'<path d="M([\d.]+) 8V46" class="smallest"'


def test_positions_go_with_numbers():
    """One scale for all: zero, smallest effect, estimate, interval, dots and marks."""
    drawing = _drawing(0.4, 0.2, 0.6, 0.1, {"B": 0.3, "A": 0.5}, marked=True)
    [zero] = _positions(drawing, r'<path d="M([\d.]+) 8V46" class="zero"')
    [smallest] = _positions(drawing, SMALLEST)
    scale = (smallest - zero) / 0.1
    [estimate] = _positions(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="5"')
    dots = _positions(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="2.6"')
    [(low, high)] = re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)" class="interval"', drawing)
    [mark] = re.findall(r'<path d="M([\d.]+) [^"]*z" class="own" data-of="A"', drawing)
    drawn_at = [estimate, float(low), float(high), *dots, _predicted(drawing)[0], float(mark)]
    expected = [zero + scale * number for number in (0.4, 0.2, 0.6, 0.3, 0.5, 0.1, 0.5)]
    assert drawn_at == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("unit", [1e-4, 0.05, 30.0, 1e4])
def test_a_drawing_is_the_same_in_another_unit(unit):
    """All but the number at the smallest effect: also where an effect is a hundredth of another."""
    numbers, marks = np.array([0.4, 0.2, 0.6, 0.05]), {"B": -0.3, "A": 0.5}
    plain = _drawing(*numbers, marks)
    rescaled = _drawing(*(unit * numbers), {name: unit * value for name, value in marks.items()})
    shapes = r"<(?:circle|path|rect)[^>]*>"
    assert re.findall(shapes, rescaled) == re.findall(shapes, plain)
    positions = [*_positions(plain, r'cx="([\d.]+)"'), *_positions(plain, r"[MH]([\d.]+)")]
    assert 0.0 < min(positions) < max(positions) < 320.0
