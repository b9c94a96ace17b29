"""One recording with other plates or hidden markers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from aqbio.io.c3d import C3dContent, c3d_content
from tests.io.made_c3d import MadePlate, write_c3d

UNITS = ("N",) * 3 + ("Nmm",) * 3


def labels_of(content: C3dContent) -> list[str]:
    """Labels of all points, unlabelled ones too."""
    return content.strings("POINT", "LABELS")[: content.points.shape[1]]


def plates_of(content: C3dContent) -> list[MadePlate]:
    """Plates of a recording whose moments or points are in mm, of type 1 or 2."""
    corners = np.asarray(content.values("FORCE_PLATFORM", "CORNERS"), dtype=float)
    origin = np.asarray(content.values("FORCE_PLATFORM", "ORIGIN"), dtype=float)
    channel = np.asarray(content.values("FORCE_PLATFORM", "CHANNEL")).astype(int) - 1
    return [
        MadePlate(
            int(np.ravel(content.values("FORCE_PLATFORM", "TYPE"))[index]),
            corners[:, :, index].T,
            origin[:, index],
            content.analogs[channel[:6, index]].T,
            UNITS,
        )
        for index in range(corners.shape[2])
    ]


def rewritten(
    source: Path,
    target: Path,
    *,
    hidden: tuple[str, ...] = (),
    hidden_share: float = 1.0,
    change: Callable[[list[MadePlate]], None] | None = None,
) -> Path:
    """Write a C3D file again from its first frame on.

    ``hidden`` labels are not seen in the first ``hidden_share`` of the frames; ``change`` may do
    anything to the plates.
    """
    content = c3d_content(source)
    points = content.points.transpose(2, 1, 0).copy()
    labels, plates = labels_of(content), plates_of(content)
    gone = [place for place, label in enumerate(labels) if label in hidden]
    points[: round(hidden_share * len(points)), gone] = np.nan
    if change is not None:
        change(plates)
    rates = (content.point_rate, content.analog_rate)
    return write_c3d(target, labels, points, rates, tuple(plates), "mm", 1)
