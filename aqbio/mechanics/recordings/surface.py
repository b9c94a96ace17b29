"""Treadmill or overground, told from the feet in contact."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import BoolArray, FloatArray

MIDDLE = (0.3, 0.7)
"""Part of a contact in which the forefoot moves with the ground."""

BELT_MIN = 0.5
"""Slower backward movement of the stance feet is soft tissue and roll-over, m/s."""

PELVIS_SHARE = 0.5
"""On a treadmill the pelvis moves slower than this share of the belt's speed."""

LOW = 0.015
"""Without forces a forefoot this near to its lowest level counts as standing, m."""


def middle_of_contacts(time: FloatArray, touchdown: FloatArray, toe_off: FloatArray) -> BoolArray:
    """Frames in the middle of contacts.

    Parameters
    ----------
    time : (T,) array, s
    touchdown, toe_off : (N,) arrays, s

    Returns
    -------
    (T,) bool array

    Examples
    --------
    >>> frames = middle_of_contacts(np.arange(6.0), np.array([0.0]), np.array([5.0]))
    >>> frames.astype(int)
    array([0, 0, 1, 1, 0, 0])
    """
    inside = np.zeros(len(time), dtype=np.bool_)
    for start, end in zip(touchdown, toe_off, strict=True):
        low, high = (start + share * (end - start) for share in MIDDLE)
        inside |= (time >= low) & (time <= high)
    return inside


def low_frames(forefoot: FloatArray) -> BoolArray:
    """Frames in which a forefoot is at its lowest level: a stand-in for contacts without forces.

    Parameters
    ----------
    forefoot : (T, 3) array, m
        Ground axes.
    """
    height = forefoot[:, 1]
    known = np.isfinite(height)
    if not known.any():
        return known
    low: BoolArray = known & (height <= np.percentile(height[known], 5.0) + LOW)
    return low


def ground_velocity(forefoot: FloatArray, standing: BoolArray, rate: float) -> FloatArray:
    """Velocity of the ground under the feet.

    Parameters
    ----------
    forefoot : (T, 2, 3) array, m
        Ground axes, left and right.
    standing : (T, 2) array of bool
        Frames in which each foot moves with the ground.
    rate : float
        Frames per second, Hz.

    Returns
    -------
    (3,) array, m/s
        Median over both feet, horizontal; NaN when no foot stands in any frame.
    """
    velocity = np.gradient(forefoot, 1.0 / rate, axis=0)
    standing = standing & np.isfinite(velocity).all(axis=2)
    if not standing.any():
        return np.full(3, np.nan)
    median = np.median(velocity[standing], axis=0)
    return np.array([median[0], 0.0, median[2]])


def is_treadmill(ground: FloatArray, travel: FloatArray, duration: float) -> bool:
    """Tell whether the ground moves and the runner stays.

    Parameters
    ----------
    ground : (3,) array, m/s
        From `ground_velocity`.
    travel : (3,) array, m
        Displacement of the pelvis over ``duration``.
    duration : float
        s

    Examples
    --------
    >>> is_treadmill(np.array([-4.0, 0.0, 0.0]), np.array([0.2, 0.0, 0.0]), 5.0)
    True
    >>> is_treadmill(np.array([-0.1, 0.0, 0.0]), np.array([12.0, 0.0, 0.0]), 3.0)
    False
    """
    belt = float(np.hypot(ground[0], ground[2]))
    pelvis = float(np.hypot(travel[0], travel[2])) / duration
    return bool(belt >= BELT_MIN and pelvis < PELVIS_SHARE * belt)
