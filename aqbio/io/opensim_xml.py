"""OpenSim's XML files, without OpenSim: models, external loads, set-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

from aqbio.boundary import reads
from aqbio.errors import AqbioError
from aqbio.io.atomic import cached_until_changed, write_text
from aqbio.names import AXES

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
def marker_locations(path: Path) -> dict[str, tuple[str, list[float]]]:
    """Body and location in its frame, m, of every marker of an ``.osim`` file of version 4."""
    locations = {}
    for marker in _root(path).iter("Marker"):
        body = marker.findtext("socket_parent_frame", "").strip().rsplit("/", 1)[-1]
        location = [float(value) for value in marker.findtext("location", "").split()]
        locations[marker.get("name", "")] = body, location
    return locations


@OSIM
@cached_until_changed(files=8)
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
    scale_texts = (
        scales.text or ""
        for body in _root(path).iter("Body")
        for kind in ("Mesh", "DisplayGeometry", "VisibleObject")
        for bone in body.iter(kind)
        for scales in bone.findall("scale_factors")
    )
    return {
        tuple(round(float(word), 4) for word in text.split())
        for text in scale_texts
        if text.strip()
    }


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


VERSION = "40000"
"""Of the format: what OpenSim 4.0 wrote, all later ones read."""


@dataclass(frozen=True, slots=True)
class LoadColumns:
    """The columns of a force file that hold one load."""

    source: str
    """Origin of the load: ``ground`` or ``air``."""
    side: str
    """``r``, ``l`` or nothing."""
    body: str
    """Of the model; pushed."""

    @property
    def force(self) -> str:
        """Beginning of the names of the columns of the force."""
        return "_".join(filter(None, (self.source, "force", self.side, "v")))

    @property
    def point(self) -> str:
        """Beginning of the names of the columns of its point of application."""
        return self.force[:-1] + "p"

    @property
    def torque(self) -> str:
        """Beginning of the names of the columns of the moment about that point."""
        return "_".join((*filter(None, (self.source, "torque", self.side)), ""))

    @property
    def columns(self) -> tuple[str, ...]:
        """All nine names: force, point, moment."""
        starts = (self.force, self.point, self.torque)
        return tuple(start + axis for start in starts for axis in AXES)


def write_external_loads(path: Path, data: str, loads: Sequence[LoadColumns]) -> None:
    """Write which columns of a force file push which body, in ground axes."""
    document = ElementTree.Element("OpenSimDocument", Version=VERSION)
    external = ElementTree.SubElement(document, "ExternalLoads", name=path.stem)
    objects = ElementTree.SubElement(external, "objects")
    for load in loads:
        name = "_".join(filter(None, (load.source, load.side)))
        force = ElementTree.SubElement(objects, "ExternalForce", name=name)
        _fill(
            force,
            {
                "applied_to_body": load.body,
                "force_expressed_in_body": "ground",
                "point_expressed_in_body": "ground",
                "force_identifier": load.force,
                "point_identifier": load.point,
                "torque_identifier": load.torque,
            },
        )
    ElementTree.SubElement(external, "groups")
    _fill(external, {"datafile": data})
    _write(path, document)


def write_inverse_dynamics_setup(
    path: Path, *, model: str, motion: str, loads: str, output: str, span: tuple[float, float]
) -> None:
    """Write the set-up of OpenSim's inverse dynamics, ``span`` in s, unfiltered."""
    document = ElementTree.Element("OpenSimDocument", Version=VERSION)
    tool = ElementTree.SubElement(document, "InverseDynamicsTool", name=path.stem)
    _fill(
        tool,
        {
            "results_directory": ".",
            "model_file": model,
            "time_range": f"{span[0]!r} {span[1]!r}",
            "forces_to_exclude": "Muscles",
            "external_loads_file": loads,
            "coordinates_file": motion,
            "lowpass_cutoff_frequency_for_coordinates": "-1",
            "output_gen_force_file": output,
        },
    )
    _write(path, document)


def _fill(parent: ElementTree.Element, content: Mapping[str, str]) -> None:
    for tag, text in content.items():
        ElementTree.SubElement(parent, tag).text = text


def _write(path: Path, document: ElementTree.Element) -> None:
    ElementTree.indent(document, "\t")
    text = ElementTree.tostring(document, encoding="unicode")
    write_text(path, f'<?xml version="1.0" encoding="UTF-8" ?>\n{text}\n')
