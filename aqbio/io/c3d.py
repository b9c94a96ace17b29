"""C3D files through ezc3d: markers and force plates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ezc3d
import numpy as np

from aqbio.errors import AqbioError
from aqbio.io.c3d_header import check_c3d_header
from aqbio.io.c3d_plates import read_plates
from aqbio.io.markers import kept_labels, length_unit, marked_missing
from aqbio.io.recording import Recording

OUTPUTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "MODELED_MARKERS")
"""Parameters that list points which are no markers."""


def read_c3d(path: Path, unit: str = "auto") -> Recording:
    """Read markers and force plates of a C3D file.

    Parameters
    ----------
    path : Path
    unit : {"auto", "m", "cm", "mm"}
        Unit of the points; ``auto`` takes the file's own.

    Returns
    -------
    Recording
        The first frame of the file is at 0 s, whatever its number.

    Raises
    ------
    AqbioError
        When the file cannot be read or holds no markers.

    Notes
    -----
    Parameters about the subject are never looked at: they hold names of persons.
    """
    content = _content(path)
    parameters = content["parameters"]
    rate = float(content["header"]["points"]["frame_rate"])
    points = np.asarray(content["data"]["points"], dtype=float)
    raw = _raw_labels(parameters)[: points.shape[1]]
    if not raw or not points.shape[2] or not rate > 0.0:
        raise AqbioError(
            f"the file holds {points.shape[1]} markers in {points.shape[2]} frames at {rate:g} Hz.",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule="c3d-no-markers",
        )
    outputs = frozenset(label for group in OUTPUTS for label in strings(parameters, "POINT", group))
    kept, labels, findings = kept_labels(raw, outputs, path.name)
    positions = points[:3].transpose(2, 1, 0)
    declared = "".join(strings(parameters, "POINT", "UNITS")[:1])
    scale = length_unit(declared, unit, positions, path.name)
    positions = marked_missing(positions[:, kept]) * scale
    if not np.isfinite(positions).any():
        raise AqbioError(
            f"none of the {len(labels)} labelled markers is seen in any frame.",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule="c3d-no-markers",
        )
    forces, more = read_plates(content, scale, path.name)
    return Recording(labels, positions, rate, forces, (*findings, *more))


def strings(parameters: Any, group: str, name: str) -> list[str]:
    """Give a text parameter, stripped; empty when the file does not have it."""
    values = parameters.get(group, {}).get(name, {}).get("value", [])
    return [str(value).strip() for value in values]


def _raw_labels(parameters: Any) -> list[str]:
    """All labels: a parameter holds 255 of them at most, the rest follows in LABELS2, ..."""
    labels = strings(parameters, "POINT", "LABELS")
    number = 2
    while more := strings(parameters, "POINT", f"LABELS{number}"):
        labels += more
        number += 1
    return labels


def _content(path: Path) -> Any:
    check_c3d_header(path)
    try:
        return ezc3d.c3d(str(path))
    except (OSError, RuntimeError, ValueError, IndexError, KeyError, TypeError) as error:
        raise AqbioError(
            f"the C3D file cannot be read ({error}).",
            file=path.name,
            fix="open it in the capture software and export it again as C3D (Intel format).",
            rule="c3d-unreadable",
        ) from error
