"""C3D files: markers and force plates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aqbio.boundary import RECORDED, reads
from aqbio.errors import AqbioError
from aqbio.io.c3d_header import REFUSED
from aqbio.io.c3d_plates import read_plates
from aqbio.io.c3d_process import C3dContent, c3d_content
from aqbio.io.clock import FASTEST, SLOWEST
from aqbio.io.markers import kept_labels, length_unit, marked_missing
from aqbio.io.recording import Recording, possible_positions

OUTPUTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "MODELED_MARKERS")
"""Parameters that list points which are no markers."""


@reads("C3D", REFUSED, RECORDED)
def read_c3d(path: Path, unit: str = "auto") -> Recording:
    """Read markers and force plates of a C3D file; parameters about the subject are never read.

    They hold names of persons. The first frame of the file is at 0 s, whatever its number.
    """
    content = c3d_content(path)
    points, rate = content.points, content.point_rate
    raw = _raw_labels(content)[: points.shape[1]]
    if not raw or not points.shape[2] or not SLOWEST <= rate <= FASTEST:
        raise AqbioError(
            f"the file holds {points.shape[1]} markers in {points.shape[2]} frames at {rate:g} Hz "
            f"({SLOWEST:g} to {FASTEST:g} Hz are possible).",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule="c3d-no-markers",
        )
    outputs = frozenset(label for group in OUTPUTS for label in content.strings("POINT", group))
    kept, labels, findings = kept_labels(raw, outputs, path.name)
    positions = points.transpose(2, 1, 0)
    declared = "".join(content.strings("POINT", "UNITS")[:1])
    scale = length_unit(declared, unit, positions, path.name)
    positions, lost = possible_positions(
        marked_missing(positions[:, kept]) * scale, labels, path.name
    )
    if not np.isfinite(positions).any():
        raise AqbioError(
            f"none of the {len(labels)} labelled markers is seen in any frame.",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule="c3d-no-markers",
        )
    forces, more = read_plates(content, scale, path.name)
    return Recording(labels, positions, rate, forces, (*findings, *lost, *more), scale)


def _raw_labels(content: C3dContent) -> list[str]:
    """All labels: a parameter holds 255 of them at most, the rest follows in LABELS2, ..."""
    labels = content.strings("POINT", "LABELS")
    number = 2
    while more := content.strings("POINT", f"LABELS{number}"):
        labels += more
        number += 1
    return labels
