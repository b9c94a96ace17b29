"""Forces that are recorded with a point of application, turned into wrenches at a fixed point."""

from __future__ import annotations

import numpy as np

from aqbio.force_plates.forces import wrench_at_point
from aqbio.vectors import BoolArray, FloatArray, cross, dot

LOADED = 50.0
"""Force above which a recorded point of application is trusted, N."""

ARM_MAX = 0.3
"""Farther from the last trusted point than this, a point is not under the same foot, m."""

MOMENT_MAX = 2.0
"""A point that changes the moment by less than this does no harm, N m."""


def fixed_point_wrench(
    force: FloatArray, application: FloatArray, moment: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Moment about one fixed point of a force recorded with its point of application.

    Parameters
    ----------
    force, application, moment : (T, 3) arrays, N, m, N m
        ``moment`` about ``application``, which may be anything (NaN, hundreds of metres, held)
        while the force is small.

    Returns
    -------
    moment : (T, 3) array, N m
        About ``point``.
    point : (3,) array, m
        Median point of application while loaded.
    replaced : (T,) array of bool
        Samples with some force whose point was of no use: the nearest loaded one stands in.

    Examples
    --------
    >>> force = np.array([[0.0, 800.0, 0.0], [0.0, 5.0, 0.0]])
    >>> place = np.array([[0.1, 0.0, 0.0], [346.0, 0.0, 0.0]])
    >>> moment, point, replaced = fixed_point_wrench(force, place, np.zeros((2, 3)))
    >>> point, float(moment[1, 2]), replaced
    (array([0.1, 0. , 0. ]), 0.0, array([False,  True]))
    """
    size = np.sqrt(dot(force, force))
    loaded = (size > LOADED) & ~np.isnan(application.sum(axis=1))
    if not loaded.any():
        return np.zeros_like(force), np.zeros(3), size > 0.0
    point = np.median(application[loaded], axis=0)
    trusted = _nearest_loaded(application, loaded)
    stray = application - trusted
    effect = cross(stray, force)
    unknown = np.isnan(stray.sum(axis=1))
    wild = unknown | (
        (dot(stray, stray) > ARM_MAX**2) & (dot(effect, effect) > MOMENT_MAX**2) & ~loaded
    )
    place = np.where(wild[:, None], trusted, application)
    free = np.where((wild & ~loaded)[:, None], 0.0, np.nan_to_num(moment))
    return wrench_at_point(force, place, free, point), point, wild & (size > 0.0)


def _nearest_loaded(application: FloatArray, loaded: BoolArray) -> FloatArray:
    """Point of application of each sample's nearest loaded one in time."""
    known = np.flatnonzero(loaded)
    samples = np.arange(len(application))
    after = np.clip(np.searchsorted(known, samples), 0, len(known) - 1)
    before = np.clip(after - 1, 0, len(known) - 1)
    earlier = np.abs(known[before] - samples) <= np.abs(known[after] - samples)
    return application[np.where(earlier, known[before], known[after])]
