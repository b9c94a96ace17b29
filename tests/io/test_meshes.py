"""Surfaces of bones: the same tetrahedron out of every kind of file, and models that carry it."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.meshes import attached_meshes, mesh_files, read_mesh
from tests.golden import differences
from tests.outcome_lines import outcome_lines

POINTS = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.3]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


def volume(points, triangles) -> float:
    """Signed volume: positive where corners go counter-clockwise seen from outside."""
    first, second, third = (points[triangles[:, corner]] for corner in range(3))
    return float(np.einsum("fi,fi", first, np.cross(second, third)) / 6.0)


def obj() -> bytes:
    points = "".join(f"v {x} {y} {z}\n" for x, y, z in POINTS)
    return (
        "# a tetrahedron\nvn 0 0 1\n"
        + points
        + "".join(f"f {' '.join(f'{corner + 1}/1/1' for corner in face)}\n" for face in FACES)
    ).encode()


def obj_counted_back() -> bytes:
    points = "".join(f"v {x} {y} {z}\n" for x, y, z in POINTS)
    faces = "".join(f"f {' '.join(str(corner - 4) for corner in face)}\n" for face in FACES)
    return (points + faces).encode()


def stl_text() -> bytes:
    facets = "".join(
        "facet normal 0 0 0\nouter loop\n"
        + "".join("vertex {} {} {}\n".format(*POINTS[corner]) for corner in face)
        + "endloop\nendfacet\n"
        for face in FACES
    )
    return f"solid bone\n{facets}endsolid bone\n".encode()


def stl_binary() -> bytes:
    facets = b"".join(struct.pack("<12fH", 0, 0, 0, *POINTS[face].ravel(), 0) for face in FACES)
    return b"solid but binary".ljust(80) + struct.pack("<I", len(FACES)) + facets


def vtp(array) -> bytes:
    """VTK's XML; numbers written by `array(kind, numbers)`, with attributes of the root."""
    attributes, numbers = array
    return f"""<?xml version="1.0"?>
<VTKFile type="PolyData" version="0.1" byte_order="LittleEndian"{attributes}>
<PolyData><Piece NumberOfPoints="4" NumberOfPolys="4">
<PointData><DataArray type="Float32" Name="Normals" format="ascii">1 2 3</DataArray></PointData>
<Points>{numbers("Float32", "", POINTS)}</Points>
<Polys>{numbers("Int32", "connectivity", FACES)}{numbers("Int32", "offsets", [3, 6, 9, 12])}</Polys>
</Piece></PolyData></VTKFile>""".encode()


def _element(kind: str, name: str, form: str, text: str) -> str:
    return f'<DataArray type="{kind}" Name="{name}" format="{form}">{text}</DataArray>'


def _bytes(kind: str, numbers) -> bytes:
    return np.asarray(numbers).astype({"Float32": "<f4", "Int32": "<i4"}[kind]).tobytes()


def ascii_numbers(kind, name, numbers) -> str:
    return _element(kind, name, "ascii", " ".join(str(number) for number in np.ravel(numbers)))


def plain_numbers(kind, name, numbers) -> str:
    content = _bytes(kind, numbers)
    return _element(
        kind, name, "binary", base64.b64encode(struct.pack("<I", len(content)) + content).decode()
    )


def packed_numbers(kind, name, numbers) -> str:
    """In two blocks, as VTK writes what is longer than a block."""
    content = _bytes(kind, numbers)
    half = len(content) // 2
    blocks = [zlib.compress(content[:half]), zlib.compress(content[half:])]
    head = struct.pack("<5I", 2, half, len(content) - half, *map(len, blocks))
    text = base64.b64encode(head).decode() + base64.b64encode(b"".join(blocks)).decode()
    return _element(kind, name, "binary", text)


KINDS = {
    "text.obj": obj(),
    "back.obj": obj_counted_back(),
    "text.stl": stl_text(),
    "binary.STL": stl_binary(),
    "text.vtp": vtp(("", ascii_numbers)),
    "plain.vtp": vtp((' header_type="UInt32"', plain_numbers)),
    "packed.vtp": vtp((' compressor="vtkZLibDataCompressor"', packed_numbers)),
}


DAMAGED = {
    "square.obj": b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n",
    "cut.vtp": KINDS["text.vtp"][:300],
    "cut.stl": KINDS["binary.STL"][:150],
    "corner.obj": b"v 0 0 0\nf 1 2 3\n",
    "no corner.obj": b"v 0 0 0\nv 1 0 0\nv 1 1 0\nf 0 -4 3\n",
    "no number.obj": b"v nan 0 0\n",
    "raw.vtp": KINDS["text.vtp"].replace(b'"ascii"', b'"appended"'),
    "no points.vtp": KINDS["text.vtp"].replace(b"<Points>", b"<P>").replace(b"</Points>", b"</P>"),
    "words.obj": b"v a b c\n",
    "other.ply": b"ply\n",
    "empty.stl": b"",
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_gives_the_same_solid(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(KINDS[name])
    mesh = read_mesh(tmp_path / name)
    assert len(mesh.triangles) == 4
    assert volume(mesh.points, mesh.triangles) == pytest.approx(0.1 * 0.2 * 0.3 / 6, rel=1e-6)
    np.testing.assert_allclose(sorted(mesh.points.tolist()), sorted(POINTS.tolist()), atol=1e-8)


def test_golden_words_of_odd_files(tmp_path: Path):
    lines = []
    for name, content in DAMAGED.items():
        (tmp_path / name).write_bytes(content)
        lines += outcome_lines(name, lambda name=name: read_mesh(tmp_path / name), tmp_path)
    assert differences("io/meshes", lines) == []


MODEL = """<?xml version="1.0"?>
<OpenSimDocument Version="40600"><Model name="made"><BodySet><objects>
<Body name="femur_r">
<components><PhysicalOffsetFrame name="offset">
<attached_geometry><Mesh name="b"><scale_factors>1 1 1</scale_factors>
<mesh_file>C:\\Bones\\shank.stl</mesh_file></Mesh></attached_geometry>
<translation>0 -0.4 0</translation><orientation>0 0 1.5707963267948966</orientation>
</PhysicalOffsetFrame></components>
<attached_geometry><Mesh name="a"><scale_factors>1 2 3</scale_factors>
<mesh_file>thigh.vtp</mesh_file></Mesh></attached_geometry>
</Body>
<Body name="torso"><attached_geometry><Mesh name="c"><mesh_file>lost.obj</mesh_file></Mesh>
<Sphere name="d"/></attached_geometry></Body>
</objects></BodySet></Model></OpenSimDocument>
"""


def test_surfaces_are_put_on_bodies_as_the_model_says(tmp_path: Path):
    """And of the files beside the model only those count that it names."""
    model = tmp_path / "made.osim"
    model.write_text(MODEL, encoding="utf-8")
    thigh, shank, missing = attached_meshes(model)
    assert (thigh.body, thigh.file) == ("femur_r", "thigh.vtp")
    assert (shank.file, missing.body) == ("shank.stl", "torso")
    point = np.array([[0.1, 0.2, 0.3]])
    np.testing.assert_allclose(thigh.on_body(point), [[0.1, 0.4, 0.9]])
    np.testing.assert_allclose(shank.on_body(point), [[-0.2, 0.1 - 0.4, 0.3]], atol=1e-12)
    assert mesh_files(model) == {}
    paths = [tmp_path / "Geometry" / "thigh.vtp", tmp_path / "shank.stl"]
    (tmp_path / "Geometry").mkdir()
    for path in (*paths, *(tmp_path / "Geometry" / name for name in ("other.vtp", "notes.txt"))):
        path.write_bytes(KINDS["text.vtp"])
    assert mesh_files(model) == {path.name: path for path in paths}
