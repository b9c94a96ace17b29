"""Columns of ground reaction forces in storage files, by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aqbio.errors import AqbioError

LETTERS = {"v": "force", "f": "force", "p": "point", "m": "moment", "t": "moment"}
WORDS = LETTERS | {
    "force": "force",
    "torque": "moment",
    "moment": "moment",
    "cop": "point",
    "point": "point",
}
FILLER_WORDS = {"ground", "grf", "reaction", "calcn", "foot", "plate", "fp"}
SIDES = {"r": "right", "right": "right", "l": "left", "left": "left"}

Axes = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ForceColumn:
    """Meaning of a column name: which plate's force, point or moment, and along which axis."""

    plate: str
    quantity: str
    axis: int


@dataclass(frozen=True, slots=True)
class ForceGroup:
    """The columns of one plate or one foot."""

    plate: str
    """What distinguishes it in the names, for example ``r`` or ``1``; may be empty."""
    force: Axes
    """tuple of 3 str."""
    point: Axes | None
    moment: Axes | None
    """point, moment: tuple of 3 str, or None where the file has none."""
    force_frame: str = ""
    point_frame: str = ""
    """force_frame, point_frame: Body in whose axes force and moment, and the point, are given;
    empty: ground."""

    @property
    def frames(self) -> tuple[str, ...]:
        """Bodies in whose axes something is given."""
        return tuple(frame for frame in (self.force_frame, self.point_frame) if frame)

    @property
    def foot(self) -> str:
        """``left`` or ``right`` if the names state it, otherwise empty."""
        return next((SIDES[word] for word in self.plate.split("_") if word in SIDES), "")


def force_column(name: str) -> ForceColumn | None:
    """Read a column name of a force file; None if it is no force, point or moment."""
    text = name.strip().lower()
    if match := re.fullmatch(r"((?:.*_)?(?:[vfpm]\d*|torque))_([123])", text):  # flat Vec3
        text = match[1] + "xyz"[int(match[2]) - 1]
    if match := re.fullmatch(r"([fpm])([xyz])_?(\w*)", text):
        letter, axis, plate = match.groups()
        return ForceColumn(plate, LETTERS[letter], "xyz".index(axis))
    match = re.fullmatch(r"(.*?)([vfpmt]?)([xyz])", text)
    if match is None:
        return None
    stem, letter, axis = match.groups()
    words = re.findall(r"[a-z]+|\d+", stem)
    meanings = [WORDS[word] for word in words if word in WORDS]
    if letter:
        quantity = LETTERS[letter]
    elif meanings:
        quantity = "moment" if "moment" in meanings else meanings[-1]
    else:
        return None
    plate = "_".join(word for word in words if word not in WORDS and word not in FILLER_WORDS)
    return ForceColumn(plate, quantity, "xyz".index(axis))


def force_groups(names: Sequence[str], file: str) -> list[ForceGroup]:
    """Group the columns of a file by plate or foot."""
    groups = groups_by_name(names, file)
    if not groups:
        raise AqbioError(
            "no columns are forces, such as ground_force_vx, ground_force_vy and ground_force_vz.",
            file=file,
            fix="name the columns as OpenSim does, or check force_file in trials.tsv.",
            rule="force-columns",
        )
    return groups


def groups_by_name(names: Sequence[str], file: str) -> list[ForceGroup]:
    """Group the columns that are forces, points and moments; none where there are no forces."""
    by_plate: dict[str, dict[str, dict[int, str]]] = {}
    for name in names:
        if column := force_column(name):
            quantities = by_plate.setdefault(column.plate, {})
            quantities.setdefault(column.quantity, {})[column.axis] = name
    return [
        ForceGroup(
            plate=plate,
            force=_axes(quantities["force"], file),
            point=_axes(quantities["point"], file) if "point" in quantities else None,
            moment=_axes(quantities["moment"], file) if "moment" in quantities else None,
        )
        for plate, quantities in by_plate.items()
        if "force" in quantities
    ]


def _axes(names: dict[int, str], file: str) -> Axes:
    if len(names) < 3:
        raise AqbioError(
            f"of x, y and z only {', '.join(names.values())} exist.",
            file=file,
            where="column names",
            fix="export x, y and z of every force, point and moment.",
            rule="force-columns",
        )
    return names[0], names[1], names[2]
