"""Bones of a model on their way to a replay: thinner, packed, and still where they were."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aqbio.io.meshes import Mesh
from aqbio.pages.bones import MOST_BYTES, bones_script, join_meshes, thin_mesh
from tests.unpacked import unpack


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


def test_a_skeleton_of_fine_surfaces_fits_its_room():
    """80 surfaces of 10,000 triangles, as many as Rajagopal's model names."""
    bones = {f"body_{number}": ball(0.02 + 0.002 * number, 50) for number in range(80)}
    script = bones_script(bones)
    assert 0.5 * MOST_BYTES < len(script) <= MOST_BYTES + 30
    found = read(script)
    radius = np.linalg.norm(found["body_79/points"], axis=1)
    assert np.abs(radius - 0.178).max() < 0.05


def test_without_a_surface_there_is_no_script():
    assert bones_script({}) == ""
    assert bones_script({"torso": ball(0.1, 20)}, most_bytes=50) == ""


def test_a_name_ends_no_script():
    assert "<" not in bones_script({"</script><b>": ball(0.1, 4)})
