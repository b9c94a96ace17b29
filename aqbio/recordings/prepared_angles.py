"""Joint angles of a file as stage prepare leaves them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aqbio.io.mot import read_storage
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray


def prepared_coordinates(stem: Path) -> Path:
    """The file in which stage prepare leaves the coordinates of a trial."""
    return stem.with_name(f"{stem.name}_coordinates.mot")


def solved_coordinates(prepared: Path, skeleton: Skeleton, time: FloatArray) -> FloatArray:
    """A trial's coordinates (T, C), rad or m, at instants of its prepared clock, s.

    Parameters
    ----------
    prepared : Path
        The prepared trial, without its ending.
    time : (T,) array, s

    Returns
    -------
    (T, C) array, rad or m
        NaN where the file of joint angles does not tell the coordinate.
    """
    storage = read_storage(prepared_coordinates(prepared))
    q = np.stack([storage.column(name) for name in skeleton.coordinates], axis=1)
    frames = np.searchsorted(storage.time, time - 0.5 * float(np.diff(storage.time[:2])[0]))
    chosen: FloatArray = q[frames]
    return chosen
