"""Markers, names and sizes of an OpenSim model, read from its text: OpenSim is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

from aqbio.boundary import reads
from aqbio.errors import AqbioError
from aqbio.io.unchanged import while_unchanged

OSIM = reads("an OpenSim model", "open it in OpenSim and save it again.", 2**28)


@OSIM
def model_markers(path: Path) -> dict[str, str]:
    """The body of every marker of an ``.osim`` file of version 3 or 4."""
    bodies = {}
    for marker in _root(path).iter("Marker"):
        frame = marker.findtext("socket_parent_frame") or marker.findtext("body") or ""
        if name := marker.get("name"):
            bodies[name] = frame.strip().rsplit("/", 1)[-1]
    return bodies


@OSIM
@while_unchanged(files=8)
def model_masses(path: Path) -> Mapping[str, float]:
    """The mass of every body of a model, kg; read once for all trials of the model."""
    bodies = [body for body in _root(path).iter("Body") if body.get("name")]
    masses = {str(body.get("name")): float(body.findtext("mass") or 0.0) for body in bodies}
    return MappingProxyType(masses)


@OSIM
def model_names(path: Path) -> frozenset[str]:
    """Every name in a model: bodies, joints, coordinates, markers and all else."""
    return frozenset(name for part in _root(path).iter() if (name := part.get("name")))


@OSIM
def model_mass(path: Path) -> float:
    """The mass of all bodies of a model, kg."""
    return sum(float(body.findtext("mass") or 0.0) for body in _root(path).iter("Body"))


@OSIM
def bone_scales(path: Path) -> set[tuple[float, ...]]:
    """The different scales that the bones of a model are drawn with."""
    drawn = (
        scales.text or ""
        for body in _root(path).iter("Body")
        for kind in ("Mesh", "DisplayGeometry", "VisibleObject")
        for bone in body.iter(kind)
        for scales in bone.findall("scale_factors")
    )
    return {tuple(round(float(one), 4) for one in text.split()) for text in drawn if text.strip()}


def _root(path: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise AqbioError(
            f"the model cannot be read ({getattr(error, 'strerror', None) or error}).",
            file=str(path),
            fix="give the path of an .osim file.",
            rule="model-unreadable",
        ) from error
