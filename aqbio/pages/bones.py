"""Surfaces of a model's bones, simplified and packed, shared by the replays of an athlete."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aqbio.body.records import final_model
from aqbio.errors import AqbioError, Finding
from aqbio.io.atomic import write_text
from aqbio.io.meshes import Mesh, attached_meshes, mesh_files, read_mesh
from aqbio.io.study import Study
from aqbio.pages.packed import Channel, pack
from aqbio.vectors import FloatArray

BONES = "model/bones.js"
"""Within the folder of an athlete's replays; in a folder of its own, for a trial may be called
bones."""

MAX_BYTES = 140_000
"""Size of the packed surfaces of an athlete, which every replay loads with its numbers, bytes."""

_STEP_M = 5e-4
"""Resolution of packed points, m."""

_MIN_CELL_M = 0.002
"""Smallest edge of the cells within which points are merged, m."""

_CELL_GROWTH = 1.25
"""Factor from one edge to the next."""

_MAX_CELL_M = 0.2
"""Largest edge of these cells, m."""


def thin_mesh(mesh: Mesh, cell: float) -> Mesh:
    """Merge the points of a surface within every cube of edge `cell`, m."""
    cubes = np.floor(mesh.points / cell).astype(int)
    _, cube_of_point = np.unique(cubes, axis=0, return_inverse=True)
    cube_of_point = cube_of_point.reshape(-1)
    count = np.bincount(cube_of_point)
    points = np.stack([np.bincount(cube_of_point, axis) / count for axis in mesh.points.T], axis=1)
    triangles = cube_of_point[mesh.triangles]
    corners = np.sort(triangles, axis=1)
    has_three_corners = (np.diff(corners, axis=1) > 0).all(axis=1)
    _, first = np.unique(corners[has_three_corners], axis=0, return_index=True)
    distinct = triangles[has_three_corners][np.sort(first)]
    used, renumbered = np.unique(distinct, return_inverse=True)
    return Mesh(points[used], renumbered.reshape(-1, 3).astype(np.intp))


def join_meshes(meshes: Sequence[Mesh]) -> Mesh:
    """Join several surfaces into one."""
    before = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])])
    triangles = [mesh.triangles + start for mesh, start in zip(meshes, before, strict=True)]
    return Mesh(np.concatenate([mesh.points for mesh in meshes]), np.concatenate(triangles))


def bones_script(bones: Mapping[str, Mesh], most_bytes: int = MAX_BYTES) -> str:
    """Write the script of an athlete's surfaces, at most `most_bytes`; empty without a surface."""
    cell = _MIN_CELL_M
    while bones and cell < _MAX_CELL_M:
        thin = {name: thin_mesh(mesh, cell) for name, mesh in bones.items()}
        content = pack(
            _channels({name: mesh for name, mesh in thin.items() if len(mesh.triangles)})
        )
        text = json.dumps(content, separators=(",", ":")).replace("<", r"\u003c")
        if len(text) <= most_bytes:
            return f"globalThis.BONES={text};\n"
        cell *= _CELL_GROWTH
    return ""


def _channels(bones: Mapping[str, Mesh]) -> dict[str, Channel]:
    """Points and triangles of every segment, as `packed` takes them."""
    channels: dict[str, Channel] = {}
    for name, mesh in bones.items():
        channels[f"{name}/points"] = Channel(mesh.points, _STEP_M)
        channels[f"{name}/triangles"] = Channel(_as_floats(mesh.triangles), 1.0)
    return channels


def _as_floats(triangles: NDArray[np.intp]) -> FloatArray:
    return triangles.astype(float)


def write_bones(study: Study, participant_id: str, folder: Path) -> tuple[str, list[Finding]]:
    """Write an athlete's scaled surfaces: their address, and findings of unreadable ones."""
    bones, findings = model_bones(study, participant_id)
    text = bones_script(bones)
    if text:
        write_text(folder / BONES, text)
    else:
        (folder / BONES).unlink(missing_ok=True)
    return (BONES if text else ""), findings


def model_bones(study: Study, participant_id: str) -> tuple[dict[str, Mesh], list[Finding]]:
    """Surfaces by segment, on its axes, and findings of unreadable ones."""
    files = mesh_files(study.model_file(participant_id))
    read: dict[str, Mesh] = {}
    findings = []
    for name, path in sorted(files.items()):
        try:
            read[name] = read_mesh(path)
        except AqbioError as error:
            finding = error.finding(participant=participant_id)
            findings.append(replace(finding, severity="warning"))
    bones: dict[str, list[Mesh]] = {}
    attached = attached_meshes(final_model(study, participant_id).osim) if read else ()
    for attachment in attached:
        if (mesh := read.get(attachment.file)) is not None:
            bone = Mesh(attachment.on_body(mesh.points), mesh.triangles)
            bones.setdefault(attachment.body, []).append(bone)
    return {body: join_meshes(meshes) for body, meshes in bones.items()}, findings
