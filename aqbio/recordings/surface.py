"""Treadmill or overground, told from the feet in contact."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import BoolArray, FloatArray

MIDDLE = (0.3, 0.7)
"""Part of a contact in which the forefoot moves with the ground."""

RUNNING_MIN = 0.5
"""Whoever is slower over the ground does not run, m/s."""

LOW = 0.015
"""Without forces a forefoot this near to its lowest level counts as standing, m."""

LEVEL_APART = 0.03
"""Forefoot markers of two standing feet are at the same height within this, m."""


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


def low_frames(forefeet: FloatArray) -> BoolArray:
    """Frames in which forefeet are at the lowest level: a stand-in for contacts without forces.

    Parameters
    ----------
    forefeet : (T, 2, 3) array, m
        Ground axes, left and right.

    Returns
    -------
    (T, 2) bool array
        Of a foot that never comes as low as the other one, within 3 cm, none: it only swings.
    """
    height = forefeet[..., 1]
    level = np.array([_level(height[:, foot]) for foot in (0, 1)])
    floor = level <= np.nanmin([*level, np.inf]) + LEVEL_APART
    low: BoolArray = (height <= level + LOW) & floor
    return low


def _level(height: FloatArray) -> float:
    """Lowest level of a foot, m: where it is for a twentieth of the time."""
    known = height[np.isfinite(height)]
    return float(np.percentile(known, 5.0)) if len(known) else float("nan")


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
        Median over both feet, horizontal; NaN when no foot stands in any frame, and of one frame.
    """
    if len(forefoot) < 2:
        return np.full(3, np.nan)
    velocity = np.gradient(forefoot, 1.0 / rate, axis=0)
    standing = standing & np.isfinite(velocity).all(axis=2)
    if not standing.any():
        return np.full(3, np.nan)
    median = np.median(velocity[standing], axis=0)
    return np.array([median[0], 0.0, median[2]])


def running_velocity(ground: FloatArray, pelvis: FloatArray) -> FloatArray:
    """Velocity of the runner over the ground, whichever of the two moves.

    Parameters
    ----------
    ground : (3,) array, m/s
        From `ground_velocity`.
    pelvis : (3,) array, m/s
        Mean velocity of the pelvis.

    Returns
    -------
    (3,) array, m/s
        Horizontal; NaN where one of them is unknown.
    """
    velocity: FloatArray = (pelvis - ground) * [1.0, 0.0, 1.0]
    return velocity


def belt_share(ground: FloatArray, pelvis: FloatArray) -> float:
    """Share of the running that the ground does: 0 overground, 1 on a treadmill.

    Parameters
    ----------
    ground, pelvis : (3,) arrays, m/s
        As for `running_velocity`.

    Returns
    -------
    float
        NaN where nobody runs, or feet or pelvis are not seen.

    Examples
    --------
    >>> belt_share(np.array([-4.0, 0.0, 0.0]), np.array([0.04, 0.0, 0.0])).__round__(2)
    0.99
    >>> belt_share(np.array([-0.1, 0.0, 0.0]), np.array([9.5, 0.0, 0.0])).__round__(2)
    0.01
    """
    velocity = running_velocity(ground, pelvis)
    speed = float(np.linalg.norm(velocity))
    return float(-ground @ velocity) / speed**2 if speed >= RUNNING_MIN else float("nan")
