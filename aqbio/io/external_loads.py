"""External loads of OpenSim (.xml): which force file, and which of its columns are whose foot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

from aqbio.boundary import reads
from aqbio.errors import AqbioError, Finding
from aqbio.io.force_columns import Axes, ForceGroup, groups_by_name

SIDES = {"r": "right", "right": "right", "l": "left", "left": "left"}
"""Words in the names of the bodies that loads are applied to."""

GROUND = {"", "ground", "/ground"}
"""Frames in which forces and points are understood."""


@dataclass(frozen=True, slots=True)
class AppliedLoad:
    """One force of an external-loads file."""

    foot: str
    """``left`` or ``right``; empty where the body's name says neither."""
    force: str
    point: str
    torque: str
    """force, point, torque: How the names of its columns begin; x, y and z follow. Empty where
    there are none."""
    frame: str
    """A frame other than the ground in which the force or its point is given; else empty."""

    def group(self, columns: Sequence[str], file: str) -> ForceGroup:
        """Its columns in the force file; what it does not say, the names of columns do."""
        if self.frame:
            raise _refused(f"the load {self.force} is given in the frame of {self.frame}.", file)
        force = self._axes(self.force, columns, file)
        known = (one for one in groups_by_name(columns, file) if one.force == force)
        named = next(known, ForceGroup("", force, None, None))
        point = self._axes(self.point, columns, file) if self.point else named.point
        moment = self._axes(self.torque, columns, file) if self.torque else named.moment
        return ForceGroup(self.foot or named.plate, force, point, moment)

    def _axes(self, start: str, columns: Sequence[str], file: str) -> Axes:
        lost = [start + axis for axis in "xyz" if start + axis not in columns]
        if lost:
            raise _refused(f"it names columns {', '.join(lost)}, which the force file lacks.", file)
        return start + "x", start + "y", start + "z"


@dataclass(frozen=True, slots=True)
class ExternalLoads:
    """What an external-loads file says."""

    file: str
    """Its own name."""
    data: Path
    """The force file that it names, where it is here."""
    loads: tuple[AppliedLoad, ...]
    findings: tuple[Finding, ...]

    def groups(self, columns: Sequence[str]) -> list[ForceGroup]:
        """The columns of each load, in the order of the force file."""
        found = [load.group(columns, self.file) for load in self.loads]
        return sorted(found, key=lambda group: columns.index(group.force[0]))


@reads("a file of external loads", "name the MOT file itself in the column force_file.")
def read_external_loads(path: Path) -> ExternalLoads:
    """Read an external-loads file; the force file is looked for as it says, then beside it."""
    root = _root(path)
    if root is None:
        raise _refused("the file of external loads cannot be read: it is no XML.", path.name)
    said = (root.findtext(".//datafile") or root.findtext(".//data_source_name") or "").strip()
    if not said:
        what = "the file names no force file (datafile): it is no file of external loads."
        raise _refused(what, path.name)
    loads = tuple(load for force in root.iter("ExternalForce") if (load := _load(force)).force)
    data, findings = _place(path, said)
    return ExternalLoads(path.name, data, loads, findings)


def is_external_loads(path: Path) -> bool:
    """Whether an XML file describes external loads; set-ups of OpenSim's tools are XML too."""
    root = _root(path)
    return root is not None and root.find(".//ExternalForce") is not None


def _root(path: Path) -> ElementTree.Element | None:
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ValueError, LookupError, ElementTree.ParseError):
        return None


def _load(force: ElementTree.Element) -> AppliedLoad:
    def said(tag: str) -> str:
        text = (force.findtext(tag) or "").strip()
        return "" if text.casefold() == "unassigned" else text

    words = re.findall(r"[a-z]+", said("applied_to_body").casefold())
    frames = [said("force_expressed_in_body"), said("point_expressed_in_body")]
    return AppliedLoad(
        foot=next((SIDES[word] for word in words if word in SIDES), ""),
        force=said("force_identifier"),
        point=said("point_identifier"),
        torque=said("torque_identifier"),
        frame=next((frame for frame in frames if frame not in GROUND), ""),
    )


def _refused(what: str, file: str) -> AqbioError:
    return AqbioError(
        what,
        file=file,
        fix="name the MOT file itself in the column force_file.",
        rule="external-loads",
    )


def _place(path: Path, said: str) -> tuple[Path, tuple[Finding, ...]]:
    """Where the named force file is: paths of another machine's folders are common."""
    named = path.parent / Path(*PureWindowsPath(said).parts)
    if named.is_file():
        return named, ()
    beside = path.parent / PureWindowsPath(said).name
    if beside.is_file():
        what = "the file of external loads names a force file in a folder that is not here: the "
        what += "one beside it is used."
        finding = Finding("external-loads-moved", "info", what, file=path.name)
        return beside, (finding,)
    raise AqbioError(
        "the file of external loads names a force file that is not here, and not beside it.",
        file=path.name,
        where="datafile",
        fix="put the MOT file beside it, or name the MOT file in the column force_file.",
        rule="external-loads",
    )
