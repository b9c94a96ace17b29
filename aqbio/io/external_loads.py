"""External loads of OpenSim (.xml): which force file, and which of its columns are whose foot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

from aqbio.errors import AqbioError, Finding
from aqbio.io.recording import ForceRecording

SIDES = {"_r": "right", "_l": "left"}
"""Endings of the bodies that loads are applied to."""


@dataclass(frozen=True, slots=True)
class ExternalLoads:
    """What an external-loads file says.

    Attributes
    ----------
    data : Path
        The force file that it names, where it is here.
    feet : mapping
        ``left`` or ``right`` by the prefix of the force columns.
    findings : tuple of Finding
    """

    data: Path
    feet: dict[str, str]
    findings: tuple[Finding, ...]

    def with_feet(self, forces: ForceRecording) -> ForceRecording:
        """Give forces with the feet that this file names, where their columns do not."""
        named = [
            next((foot for prefix, foot in self.feet.items() if column.startswith(prefix)), "")
            for column in forces.names
        ]
        feet = tuple(own or told for own, told in zip(forces.feet, named, strict=True))
        return replace(forces, feet=feet)


def read_external_loads(path: Path) -> ExternalLoads:
    """Read an external-loads file; the force file is looked for as it says, then beside it.

    Raises
    ------
    AqbioError
        When the file is no external-loads file, or the force file that it names is not here.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise AqbioError(
            f"the file of external loads cannot be read ({error}).",
            file=path.name,
            fix="name the MOT file itself in the column force_file.",
            rule="external-loads",
        ) from error
    said = (root.findtext(".//datafile") or "").strip()
    if not said:
        raise AqbioError(
            "the file names no force file (datafile): it is no file of external loads.",
            file=path.name,
            fix="name the MOT file itself in the column force_file.",
            rule="external-loads",
        )
    feet = {}
    for force in root.iter("ExternalForce"):
        prefix = (force.findtext("force_identifier") or "").strip()
        body = (force.findtext("applied_to_body") or "").strip()
        if prefix and body[-2:] in SIDES:
            feet[prefix] = SIDES[body[-2:]]
    data, findings = _place(path, said)
    return ExternalLoads(data, feet, findings)


def _place(path: Path, said: str) -> tuple[Path, tuple[Finding, ...]]:
    """Where the named force file is: paths of another machine's folders are common."""
    named = path.parent / Path(*PureWindowsPath(said).parts)
    if named.is_file():
        return named, ()
    beside = path.parent / PureWindowsPath(said).name
    if beside.is_file():
        what = f"the file of external loads names {said}, which is not here; {beside.name} beside "
        finding = Finding("external-loads-moved", "info", f"{what}it is used.", file=path.name)
        return beside, (finding,)
    raise AqbioError(
        f"the file of external loads names {said}, which is not here, and {beside.name} is not "
        "beside it.",
        file=path.name,
        where="datafile",
        fix="put the MOT file beside it, or name the MOT file in the column force_file.",
        rule="external-loads",
    )
