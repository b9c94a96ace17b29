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

MOST = -MISSING - 1


@given(
    some.lists(some.integers(-MOST, MOST) | some.none(), min_size=1, max_size=40),
    some.sampled_from([(1,), (2, 1), (1, 3)]),
)
def test_whole_numbers_come_out_as_they_went_in(numbers, shape):
    """Differences of differences of any numbers, also where they wrap around, and gaps."""
    values = np.array([np.nan if one is None else one for one in numbers], dtype=float)
    values = np.broadcast_to(values.reshape(-1, *(1 for _ in shape)), (len(values), *shape))
    found = unpack(pack({"a": Channel(values, 1.0)}))["a"]
    np.testing.assert_array_equal(found, values)


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
            one, other = ring * 2 * rings + step, ring * 2 * rings + (step + 1) % (2 * rings)
            triangles += [
                [one, one + 2 * rings, other],
                [other, one + 2 * rings, other + 2 * rings],
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
    whole = ball(0.1, 60)
    thin = thin_mesh(whole, cell)
    assert len(thin.triangles) < len(whole.triangles) / 2
    off = np.abs(np.linalg.norm(thin.points, axis=1) - 0.1)
    assert off.max() < cell
    assert area(thin) == pytest.approx(area(whole), rel=0.15)
    assert (np.bincount(thin.triangles.ravel(), minlength=len(thin.points)) > 0).all()


def test_bones_are_read_back_where_they_were():
    """A surface that fits as it is keeps its points to half of a packed step."""
    bones = {"femur_r": ball(0.05, 8), "torso": join_meshes([ball(0.1, 6), ball(0.2, 6)])}
    found = read(bones_script(bones))
    assert set(found) == {f"{name}/{of}" for name in bones for of in ("points", "triangles")}
    for name, whole in bones.items():
        thin = thin_mesh(whole, 0.002)
        assert np.abs(found[f"{name}/points"] - thin.points).max() <= 2.5e-4 * (1 + 1e-9)
        assert np.array_equal(found[f"{name}/triangles"], thin.triangles)


def test_names_cannot_end_a_script():
    evil = "</script><script>alert(1)</script><!--"
    assert "<" not in script({"markers": [{"name": evil}]}) + bones_script({evil: ball(0.1, 4)})
    assert bones_script({}) == bones_script({"torso": ball(0.1, 20)}, most_bytes=50) == ""


def test_solids_have_the_inertia_of_the_segment():
    """Of an even ellipsoid I_a = m (b² + c²) / 5, however it is turned."""
    axes, mass = np.array([0.05, 0.08, 0.21]), 7.3
    turn = Rotation.from_rotvec([0.3, -0.8, 0.5]).as_matrix()
    moments = mass * (np.sum(axes**2) - axes**2) / 5
    found, directions = half_axes(mass, turn @ np.diag(moments) @ turn.T)
    np.testing.assert_allclose(np.sort(found), np.sort(axes), rtol=1e-12)
    assert np.linalg.det(directions) == pytest.approx(1.0)
    assert half_axes(1.0, np.diag([0.1, 0.1, 0.3]))[0].min() == MIN_HALF_AXIS_M  # that no body has
    again = mass * (np.sum(found**2) - found**2) / 5
    np.testing.assert_allclose(
        directions @ np.diag(again) @ directions.T, turn @ np.diag(moments) @ turn.T, atol=1e-12
    )


@pytest.mark.parametrize("count", [1, 2, 100, MAX_FRAMES, MAX_FRAMES + 1, 5000, 100_000])
@pytest.mark.parametrize("rate", [50.0, 199.0, 200.0, 400.0, 1000.0])
def test_frames_are_few_and_dense_enough(count, rate):
    """Never fewer than asked for a second where the recording has them, nor more than most."""
    time, first = np.arange(count) / rate, count // 3
    shown = range(count)[shown_frames(time, time[[first]])]
    assert len(shown) <= MAX_FRAMES
    assert rate / shown.step >= min(rate, MIN_RATE_HZ)
    assert shown[0] <= first <= shown[-1] + shown.step
    if count <= MAX_FRAMES:
        assert len(shown) == count
    elif len(shown) == MAX_FRAMES and shown[-1] + shown.step < count:
        assert time[shown[0]] == pytest.approx(max(time[first] - LEAD_S, 0.0), abs=1.0 / rate)


def _drawing(estimate, low, high, smallest, own=None, *, marked=False):
    row = {
        "estimate": estimate, "ci_low": low, "ci_high": high, "smallest_effect": smallest,
        "predicted": "greater",
    }  # fmt: skip
    return ruler(row, own or {}, marked=marked)


def _places(drawing: str, pattern: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, drawing)]


def _predicted(drawing: str) -> tuple[float, float]:
    [begin], [width] = _places(drawing, r'<rect x="([\d.]+)"'), _places(drawing, r'width="([\d.]+)')
    return begin, begin + width


SMALLEST = r'<path d="M([\d.]+) 8V46" class="smallest"'


def test_places_go_with_numbers():
    """One scale for all: zero, smallest effect, estimate, interval, dots and marks."""
    drawing = _drawing(0.4, 0.2, 0.6, 0.1, {"B": 0.3, "A": 0.5}, marked=True)
    [zero] = _places(drawing, r'<path d="M([\d.]+) 8V46" class="zero"')
    [smallest] = _places(drawing, SMALLEST)
    scale = (smallest - zero) / 0.1
    [estimate] = _places(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="5"')
    dots = _places(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="2.6"')
    [(low, high)] = re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)" class="interval"', drawing)
    [mark] = re.findall(r'<path d="M([\d.]+) [^"]*z" class="own" data-of="A"', drawing)
    found = [estimate, float(low), float(high), *dots, _predicted(drawing)[0], float(mark)]
    expected = [zero + scale * number for number in (0.4, 0.2, 0.6, 0.3, 0.5, 0.1, 0.5)]
    assert found == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("unit", [1e-4, 0.05, 30.0, 1e4])
def test_a_drawing_is_the_same_in_another_unit(unit):
    """All but the number at the smallest effect: also where an effect is a hundredth of another."""
    numbers, own = np.array([0.4, 0.2, 0.6, 0.05]), {"B": -0.3, "A": 0.5}
    plain = _drawing(*numbers, own)
    other = _drawing(*(unit * numbers), {name: unit * value for name, value in own.items()})
    shapes = r"<(?:circle|path|rect)[^>]*>"
    assert re.findall(shapes, other) == re.findall(shapes, plain)
    places = [*_places(plain, r'cx="([\d.]+)"'), *_places(plain, r"[MH]([\d.]+)")]
    assert 0.0 < min(places) < max(places) < 320.0
