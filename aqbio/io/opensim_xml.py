"""Files that OpenSim's tools are set up with: external loads and inverse dynamics (.xml)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from aqbio.io.atomic import write_text
from aqbio.names import AXES

VERSION = "40000"
"""Of the format: what OpenSim 4.0 wrote, all later ones read."""


@dataclass(frozen=True, slots=True)
class LoadColumns:
    """The columns of a force file that hold one load."""

    source: str
    """What pushes: ``ground`` or ``air``."""
    side: str
    """``r``, ``l`` or nothing."""
    body: str
    """Of the model; pushed."""

    @property
    def force(self) -> str:
        """How the names of the columns of the force begin."""
        return "_".join(filter(None, (self.source, "force", self.side, "v")))

    @property
    def point(self) -> str:
        """How those of its point of application begin."""
        return self.force[:-1] + "p"

    @property
    def torque(self) -> str:
        """How those of the moment about that point begin."""
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
