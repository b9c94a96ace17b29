"""Errors of single plates: a displacement and a turn of each, beside the alignment of all.

Corners of one plate may be measured wrongly, or one plate may lie askew. A plate is displaced along
and across the run, and turns about the mean centre of pressure on it, so that neither error looks
like the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from aqbio.names import AXES, SIDES
from aqbio.vectors import FloatArray, cross

DISPLACEMENTS = ("along", "across")
"""Displacement of a plate along x and z, m."""

TURNS = ("roll", "yaw", "pitch")
"""Turn of a plate about x, y and z, rad."""

ERRORS = (*DISPLACEMENTS, *TURNS)

_OF = "_of_plate_"


def plate_parameter(error: str, plate: str) -> str:
    """Name of the parameter of an error, or of a coordinate of the centre, of a plate."""
    return f"{error}{_OF}{plate}"


def plate_error(name: str) -> tuple[str, str]:
    """Error and plate of a parameter; both empty where it is none of a single plate's."""
    error, separator, plate = name.partition(_OF)
    return (error, plate) if separator and error in ERRORS else ("", "")


def is_of_plate(name: str) -> bool:
    """Tell whether a parameter is an error or the centre of a single plate."""
    return _OF in name


def plates_with_errors(values: Mapping[str, float]) -> tuple[str, ...]:
    """Plates that have an error other than 0 among parameter values."""
    pairs = ((plate_error(name)[1], value) for name, value in values.items())
    return tuple(dict.fromkeys(plate for plate, value in pairs if plate and value))


def plates_under_feet(prepared: Mapping[Any, Any], time: FloatArray) -> NDArray[np.str_]:
    """(T, 2) text: plates, as ``1`` or ``1,2``, that bear the left and the right foot at times, s.

    `prepared` has the contacts of a trial by variable. Between two contacts of a foot it changes in
    the middle; empty for a foot without contacts.
    """
    under = np.full((len(time), len(SIDES)), "", dtype="U32")
    ends = [prepared[f"contact_{name}"].values for name in ("touchdown", "toe_off")]
    foot, plates = (prepared[f"contact_{name}"].values.astype(str) for name in ("foot", "plates"))
    for column, side in enumerate(SIDES):
        chosen = np.flatnonzero((foot == side) & (plates != "") & np.isfinite(ends).any(axis=0))
        if not len(chosen):
            continue
        first, last = (np.where(np.isfinite(ends[n]), ends[n], ends[1 - n])[chosen] for n in (0, 1))
        order = np.argsort(first)
        change = 0.5 * (last[order][:-1] + first[order][1:])
        under[:, column] = plates[chosen][order][np.searchsorted(change, time)]
    return under


def moved_by_error(
    error: str, centre: FloatArray, force: FloatArray, moment: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Derivatives (T, 3) of a force (T, 3) and its moment about the origin by a plate's error."""
    if error in DISPLACEMENTS:
        axis = np.eye(3)[2 * DISPLACEMENTS.index(error)]
        return np.zeros_like(force), np.cross(axis, force)
    axis = np.eye(3)[TURNS.index(error)]
    turned = np.cross(axis, force)
    about = moment - cross(np.broadcast_to(centre, force.shape), force)
    return turned, np.cross(axis, about) + np.cross(centre, turned)


def centre_of(values: Mapping[str, float], plate: str) -> FloatArray:
    """(3,) array, m: point about which a plate turns."""
    return np.array([values[plate_parameter(axis, plate)] for axis in AXES])


def with_errors(
    values: Mapping[str, float], plate: str, force: FloatArray, moment: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Force (T, 3) of a plate and its moment about the origin, with the plate where it lies.

    ``F' = R F`` and ``M' = R (M − c × F) + (c + d) × F'``, as for all plates together.
    """
    along, across, *turn = (values.get(plate_parameter(error, plate), 0.0) for error in ERRORS)
    rotation, centre = Rotation.from_rotvec(turn).as_matrix(), centre_of(values, plate)
    turned = force @ rotation.T
    about = (moment - cross(np.broadcast_to(centre, force.shape), force)) @ rotation.T
    moved = centre + np.array([along, 0.0, across])
    return turned, about + cross(np.broadcast_to(moved, force.shape), turned)


def mean_centre(
    height: float, forces: Sequence[FloatArray], moments: Sequence[FloatArray]
) -> FloatArray:
    """(3,) array, m: force-weighted mean centre of pressure at a height, m, of one plate's loads.

    Forces and moments about the origin, (T, 3) each; the origin where nothing bears on it.
    """
    force, moment = (
        sum((part.sum(axis=0) for part in parts), np.zeros(3)) for parts in (forces, moments)
    )
    if not force[1] > 0.0:
        return np.zeros(3)
    along = moment[2] + height * force[0]
    across = height * force[2] - moment[0]
    return np.array([along / force[1], height, across / force[1]])
