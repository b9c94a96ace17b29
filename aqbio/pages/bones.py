"""Surfaces of a model's bones as the replays of an athlete share them: few corners, packed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aqbio.io.meshes import Mesh
from aqbio.pages.packed import Channel, packed
from aqbio.vectors import FloatArray

BONES = "model/bones.js"
"""Within the folder of an athlete's replays; in a folder of its own, for a trial may be called
bones."""

MOST_BYTES = 140_000
"""Of the packed surfaces of an athlete, which every replay loads beside its own numbers."""

_STEP = 5e-4
"""Of packed points, m."""

_FINEST, _COARSER, _COARSEST = 0.002, 1.25, 0.2
"""Edges of the cells within which points become one, m, and how they grow."""


def thinned(mesh: Mesh, cell: float) -> Mesh:
    """Merge the points of a surface within every cube of edge `cell`, m."""
    cubes = np.floor(mesh.points / cell).astype(int)
    _, own = np.unique(cubes, axis=0, return_inverse=True)
    own = own.reshape(-1)
    count = np.bincount(own)
    points = np.stack([np.bincount(own, axis) / count for axis in mesh.points.T], axis=1)
    triangles = own[mesh.triangles]
    corners = np.sort(triangles, axis=1)
    whole = (np.diff(corners, axis=1) > 0).all(axis=1)
    _, first = np.unique(corners[whole], axis=0, return_index=True)
    kept = triangles[whole][np.sort(first)]
    used, places = np.unique(kept, return_inverse=True)
    return Mesh(points[used], places.reshape(-1, 3).astype(np.intp))


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Surfaces as one."""
    before = np.cumsum([0, *(len(one.points) for one in meshes[:-1])])
    triangles = [one.triangles + start for one, start in zip(meshes, before, strict=True)]
    return Mesh(np.concatenate([one.points for one in meshes]), np.concatenate(triangles))


def bones_script(bones: Mapping[str, Mesh], most_bytes: int = MOST_BYTES) -> str:
    """The script of an athlete's surfaces, at most `most_bytes`; empty without a surface."""
    cell = _FINEST
    while bones and cell < _COARSEST:
        thin = {name: thinned(one, cell) for name, one in bones.items()}
        content = packed(_channels({name: one for name, one in thin.items() if len(one.triangles)}))
        text = json.dumps(content, separators=(",", ":")).replace("<", r"\u003c")
        if len(text) <= most_bytes:
            return f"globalThis.BONES={text};\n"
        cell *= _COARSER
    return ""


def _channels(bones: Mapping[str, Mesh]) -> dict[str, Channel]:
    """Points and triangles of every segment, as `packed` takes them."""
    found: dict[str, Channel] = {}
    for name, one in bones.items():
        found[f"{name}/points"] = Channel(one.points, _STEP)
        found[f"{name}/triangles"] = Channel(_whole(one.triangles), 1.0)
    return found


def _whole(triangles: NDArray[np.intp]) -> FloatArray:
    return triangles.astype(float)
