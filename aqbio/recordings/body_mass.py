"""Body mass from force plates."""

from __future__ import annotations

import numpy as np

from aqbio.force_plates.forces import UNLOADED_BAND
from aqbio.names import GRAVITY
from aqbio.vectors import BoolArray, FloatArray, IntArray

STANDING_MIN = 200.0
"""A mean vertical force below this is not a person, N."""

STANDING_CHANGE = 0.02
"""Relative standard deviation of the vertical force that counts as quiet."""


def standing_mass(vertical: FloatArray, rate: float, window_s: float) -> float:
    """Body mass from quiet standing.

    Parameters
    ----------
    vertical : (T, P) array, N
        Of each plate. What an unloaded plate reads is no weight: a sample counts from 15 N on.
    rate : float
        Sampling rate, Hz.
    window_s : float
        Length of the windows in which the force must be steady, s.

    Returns
    -------
    float
        kg; NaN when no window has a steady force of a person.

    Notes
    -----
    Mean of all samples that lie in a window whose standard deviation is below 2 % of its mean.

    Examples
    --------
    A person of 75 kg on the first of two plates; the second reads -14 N:

    >>> plates = np.full((100, 2), [735.49875, -14.0])
    >>> round(standing_mass(plates, rate=100.0, window_s=0.5), 6)
    75.0
    """
    vertical = np.where(vertical > UNLOADED_BAND, vertical, 0.0).sum(axis=1)
    width = max(int(window_s * rate), 2)
    if len(vertical) < width:
        return float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(vertical, width)
    mean, spread = windows.mean(axis=1), windows.std(axis=1)
    quiet = (mean > STANDING_MIN) & (spread < STANDING_CHANGE * mean)
    if not quiet.any():
        return float("nan")
    covered = np.convolve(quiet, np.ones(width))[: len(vertical)] > 0.5
    return float(vertical[covered].mean() / GRAVITY)


def stride_masses(
    vertical: FloatArray,
    rate: float,
    foot: IntArray,
    contacts: FloatArray,
    complete: BoolArray,
) -> FloatArray:
    """Body mass from the mean force of whole strides.

    Parameters
    ----------
    vertical : (T,) array, N
        Sum of both feet.
    rate : float
        Sampling rate, Hz.
    foot : (N,) array of int
        Foot of each contact, in the order of time.
    contacts : (N, 2) array, s
        Touchdown and toe-off, from the first sample.
    complete : (N,) array of bool
        False where an end of the recording cuts a contact.

    Returns
    -------
    (M,) array, kg
        One per stride: three contacts in a row of alternating feet, with all steps in between.
        With double support (walking) the contact before must have been recorded too.

    Notes
    -----
    Over a periodic stride the mean vertical force is the body's weight.
    """
    touchdown, toe_off = contacts.T
    masses = []
    for one in range(len(foot) - 2):
        three = slice(one, one + 3)
        steps = np.diff(touchdown[three])
        alternating = foot[one] == foot[one + 2] != foot[one + 1]
        walking = touchdown[one + 1] < toe_off[one]
        before = one > 0 and toe_off[one - 1] > touchdown[one]
        whole = alternating and complete[three].all() and (before or not walking)
        if whole and steps.max() < 1.5 * steps.min():
            low, high = (round(float(at) * rate) for at in (touchdown[one], touchdown[one + 2]))
            masses.append(vertical[low:high].mean() / GRAVITY)
    return np.array(masses)
