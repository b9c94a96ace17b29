"""Which surfaces an OpenSim model hangs on its bodies, and where their files are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

import numpy as np

from aqbio.boundary import RECORDED, reads
from aqbio.io.meshes import READERS
from aqbio.vectors import FloatArray

FOLDER = "Geometry"
"""Where OpenSim looks for surfaces, beside the model."""


@dataclass(frozen=True, slots=True)
class AttachedMesh:
    """A surface on a body of a model."""

    body: str
    file: str
    """Name without a folder."""
    scale: FloatArray
    """(3,) array. Factors along the axes of the surface."""
    place: FloatArray
    turn: FloatArray
    """place, turn: (3,) array, m, and (3, 3) array. From the surface's axes to those of the
    body."""

    def on_body(self, points: FloatArray) -> FloatArray:
        """Points (V, 3) of the surface's file on the axes of the body, m."""
        moved: FloatArray = (points * self.scale) @ self.turn.T + self.place
        return moved


@reads("an OpenSim model", "open it in OpenSim and save it again.", RECORDED)
def attached_meshes(model: Path) -> tuple[AttachedMesh, ...]:
    """Surfaces on the bodies of a model that OpenSim 4 wrote."""
    root = ElementTree.parse(model).getroot()
    return tuple(one for body in root.iter("Body") for one in _of_body(body))


def _of_body(body: ElementTree.Element) -> Iterator[AttachedMesh]:
    from scipy.spatial.transform import Rotation  # a fifth of a second of every command

    name = str(body.get("name"))
    yield from _of_frame(body, name, np.zeros(3), np.eye(3))
    for frame in body.iterfind("components/PhysicalOffsetFrame"):
        turn = Rotation.from_euler("XYZ", _triple(frame, "orientation", 0.0)).as_matrix()
        yield from _of_frame(frame, name, _triple(frame, "translation", 0.0), turn)


def _of_frame(
    frame: ElementTree.Element, body: str, place: FloatArray, turn: FloatArray
) -> Iterator[AttachedMesh]:
    for mesh in frame.iterfind("attached_geometry/Mesh"):
        file = PureWindowsPath((mesh.findtext("mesh_file") or "").strip()).name
        if file:
            yield AttachedMesh(body, file, _triple(mesh, "scale_factors", 1.0), place, turn)


def _triple(element: ElementTree.Element, name: str, otherwise: float) -> FloatArray:
    text = element.findtext(name)
    return np.array(text.split(), dtype=float) if text else np.full(3, otherwise)


def mesh_files(model: Path) -> dict[str, Path]:
    """The files of a model's surfaces, by name, where OpenSim looks for them."""
    there = {
        path.name: path
        for folder in (model.parent / FOLDER, model.parent)
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in READERS
    }
    if not there or not model.is_file():
        return {}
    named = {one.file for one in attached_meshes(model)}
    return {name: path for name, path in there.items() if name in named}
