"""Surfaces of bones (.vtp, .stl, .obj), and which of them a model hangs on its bodies."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PureWindowsPath
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from aqbio.boundary import MAX_RECORDING_BYTES, reads
from aqbio.vectors import FloatArray

_STL_HEAD, _STL_TRIANGLE = 84, 50
_VTK_TYPES = {
    "Float32": "f4", "Float64": "f8", "Int32": "i4", "Int64": "i8", "UInt32": "u4", "UInt64": "u8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mesh:
    """A surface of triangles."""

    points: FloatArray
    """(V, 3) array, m, in the frame of what it belongs to."""
    triangles: NDArray[np.intp]
    """(F, 3) array of int. Corners, counter-clockwise seen from outside."""

    def __post_init__(self) -> None:
        """Refuse corners that are no points."""
        if self.points.ndim != 2 or self.points.shape[1] != 3 or not np.isfinite(self.points).all():
            raise ValueError("its points are not triples of numbers.")
        if self.triangles.size and not 0 <= self.triangles.min() <= self.triangles.max() < len(
            self.points
        ):
            raise ValueError(f"a triangle has a corner that is none of {len(self.points)} points.")


@reads("a surface (.vtp, .stl or .obj)", "export it again, or take it away.", MAX_RECORDING_BYTES)
def read_mesh(path: Path) -> Mesh:
    """Read a surface."""
    return READERS[path.suffix.lower()](path)


def _obj(path: Path) -> Mesh:
    points: list[list[float]] = []
    faces: list[list[int]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            points.append([float(word) for word in rest[:3]])
        elif kind == "f":
            corners = [int(word.split("/")[0]) for word in rest]
            faces.append([corner - 1 if corner > 0 else len(points) + corner for corner in corners])
    return Mesh(np.array(points, dtype=float).reshape(-1, 3), _fans(faces))


def _stl(path: Path) -> Mesh:
    content = path.read_bytes()
    count = int.from_bytes(content[80:_STL_HEAD], "little")
    if len(content) == _STL_HEAD + _STL_TRIANGLE * count:
        facets = np.frombuffer(content, np.uint8, offset=_STL_HEAD).reshape(count, _STL_TRIANGLE)
        corners = np.ascontiguousarray(facets[:, 12:48]).view("<f4").reshape(-1, 3)
    else:
        words = [line.split() for line in content.decode("ascii").splitlines()]
        corners = np.array([row[1:4] for row in words if row[:1] == ["vertex"]], dtype=float)
    points, indices = np.unique(corners.astype(float).reshape(-1, 3), axis=0, return_inverse=True)
    return Mesh(points, indices.reshape(-1, 3).astype(np.intp))


def _vtp(path: Path) -> Mesh:
    root = ElementTree.parse(path).getroot()
    points: list[FloatArray] = []
    faces: list[NDArray[np.intp]] = []
    before = 0
    for piece in root.iter("Piece"):
        piece_points = _numbers(root, piece.find("Points/DataArray")).reshape(-1, 3)
        arrays = {
            array.get("Name"): _numbers(root, array) for array in piece.iterfind("Polys/DataArray")
        }
        if len(arrays.get("offsets", ())):
            ends = arrays["offsets"].astype(int)
            polygons = np.split(arrays["connectivity"].astype(int), ends[:-1])
            faces.append(_fans([(polygon + before).tolist() for polygon in polygons]))
        points.append(piece_points)
        before += len(piece_points)
    return Mesh(np.concatenate(points), np.concatenate([np.empty((0, 3), np.intp), *faces]))


def _numbers(root: ElementTree.Element, array: ElementTree.Element | None) -> FloatArray:
    """Numbers of an element of a VTK file, written out or in base 64."""
    if array is None:
        raise ValueError("it has no points.")
    text, form = (array.text or "").strip(), array.get("format")
    if form == "ascii":
        return np.array(text.split(), dtype=float)
    if form != "binary":
        raise ValueError(f"numbers are {form}; ascii and binary are read.")
    order = "<" if root.get("byte_order", "LittleEndian") == "LittleEndian" else ">"
    head = np.dtype(order + _VTK_TYPES[root.get("header_type", "UInt32")])
    number_type = np.dtype(order + _VTK_TYPES[str(array.get("type"))])
    packed = root.get("compressor") is not None
    return np.frombuffer(_blocks(text, head, packed=packed), number_type).astype(float)


def _blocks(text: str, head: np.dtype[Any], *, packed: bool) -> bytes:
    """Bytes behind base 64: a size before them, or the sizes of blocks that zlib packed."""
    if not packed:
        return base64.b64decode(text)[head.itemsize :]
    count = int(np.frombuffer(base64.b64decode(text[:24])[: head.itemsize], head)[0])
    length = (3 + count) * head.itemsize
    letters = 4 * -(-length // 3)
    sizes = np.frombuffer(base64.b64decode(text[:letters])[:length], head)[3:]
    content = base64.b64decode(text[letters:])
    ends = np.cumsum(sizes.astype(int))
    return b"".join(
        zlib.decompress(content[end - size : end]) for size, end in zip(sizes, ends, strict=True)
    )


def _fans(polygons: Sequence[Sequence[int]]) -> NDArray[np.intp]:
    """Polygons as triangles around their first corners."""
    triangles = [
        (polygon[0], second, third)
        for polygon in polygons
        for second, third in pairwise(polygon[1:])
    ]
    return np.array(triangles, dtype=np.intp).reshape(-1, 3)


READERS: dict[str, Callable[[Path], Mesh]] = {".obj": _obj, ".stl": _stl, ".vtp": _vtp}
"""What reads a surface, by the ending of its name."""


FOLDER = "Geometry"
"""Folder next to the model in which OpenSim looks for surfaces."""


@dataclass(frozen=True, slots=True)
class AttachedMesh:
    """A surface on a body of a model."""

    body: str
    file: str
    """Name without a folder."""
    scale: FloatArray
    """(3,) array. Factors along the axes of the surface."""
    translation: FloatArray
    turn: FloatArray
    """translation, turn: (3,) array, m, and (3, 3) array. From the surface's axes to those of the
    body."""

    def on_body(self, points: FloatArray) -> FloatArray:
        """Points (V, 3) of the surface's file on the axes of the body, m."""
        moved: FloatArray = (points * self.scale) @ self.turn.T + self.translation
        return moved


@reads("an OpenSim model", "open it in OpenSim and save it again.", MAX_RECORDING_BYTES)
def attached_meshes(model: Path) -> tuple[AttachedMesh, ...]:
    """Surfaces on the bodies of a model that OpenSim 4 wrote."""
    root = ElementTree.parse(model).getroot()
    return tuple(mesh for body in root.iter("Body") for mesh in _of_body(body))


def _of_body(body: ElementTree.Element) -> Iterator[AttachedMesh]:
    name = str(body.get("name"))
    yield from _of_frame(body, name, np.zeros(3), np.eye(3))
    for frame in body.iterfind("components/PhysicalOffsetFrame"):
        turn = Rotation.from_euler("XYZ", _triple(frame, "orientation", 0.0)).as_matrix()
        yield from _of_frame(frame, name, _triple(frame, "translation", 0.0), turn)


def _of_frame(
    frame: ElementTree.Element, body: str, translation: FloatArray, turn: FloatArray
) -> Iterator[AttachedMesh]:
    for mesh in frame.iterfind("attached_geometry/Mesh"):
        file = PureWindowsPath((mesh.findtext("mesh_file") or "").strip()).name
        if file:
            yield AttachedMesh(body, file, _triple(mesh, "scale_factors", 1.0), translation, turn)


def _triple(element: ElementTree.Element, name: str, otherwise: float) -> FloatArray:
    text = element.findtext(name)
    return np.array(text.split(), dtype=float) if text else np.full(3, otherwise)


def mesh_files(model: Path) -> dict[str, Path]:
    """The files of a model's surfaces, by name, where OpenSim looks for them."""
    available = {
        path.name: path
        for folder in (model.parent / FOLDER, model.parent)
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in READERS
    }
    if not available or not model.is_file():
        return {}
    mesh_names = {mesh.file for mesh in attached_meshes(model)}
    return {name: path for name, path in available.items() if name in mesh_names}
