"""Single numbers of a step that hypotheses are tested on: shares of impulses and indices."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.mechanics.gait.steps import PERCENT, phase_mean
from aqbio.mechanics.vectors import FloatArray


def absolute_share(part: FloatArray, whole: FloatArray) -> float:
    """Impulse of one signal over that of another's size, over one phase.

    Parameters
    ----------
    part, whole : (101,) arrays

    Returns
    -------
    float
        ``∫ part / ∫ |whole|``.

    Examples
    --------
    >>> absolute_share(np.full(101, -2.0), np.full(101, 8.0))
    -0.25
    """
    return float(phase_mean(part) / phase_mean(np.abs(whole)))


def moment_index(moments: FloatArray) -> float:
    """Joint-moment index of a side: root of the mean over the phase of the summed squares.

    Parameters
    ----------
    moments : (101, J) array, N m
        Sagittal moments of the side's joints.

    Returns
    -------
    float, N m

    Examples
    --------
    >>> round(moment_index(np.tile([3.0, 4.0], (101, 1))), 12)
    5.0
    """
    return float(np.sqrt(phase_mean((moments**2).sum(axis=1))))


def lateral_ratio(force: FloatArray) -> float:
    """Sideways share of the ground reaction force: ``∫ |F_z| / ∫ |F|`` over stance.

    Parameters
    ----------
    force : (101, 3) array, N

    Examples
    --------
    >>> round(lateral_ratio(np.tile([0.0, 4.0, -3.0], (101, 1))), 12)
    0.6
    """
    whole = np.linalg.norm(force, axis=1)
    return float(phase_mean(np.abs(force[:, 2])) / phase_mean(whole))


def peak_instant(curves: FloatArray, durations: tuple[float, float]) -> float:
    """Instant at which a signal is largest in size, between the samples, as a share of the step.

    Parameters
    ----------
    curves : (2, 101) array
        Over contact and flight.
    durations : (float, float), s
        Of contact and flight.

    Returns
    -------
    float
        0 at touchdown, 1 at the next one. NaN when a sample is missing, or when the largest sample
        is an end of the step: the peak is then not in this step.

    Notes
    -----
    Where the slope of a cubic spline through the five samples on both sides vanishes, next to the
    largest sample; the samples' distances differ between contact and flight.

    Examples
    --------
    >>> wave = -np.cos(np.pi * (np.stack([0.4 * PERCENT, 0.4 + 0.6 * PERCENT]) - 0.3137))
    >>> round(peak_instant(wave, (0.08, 0.12)), 4)
    0.3137
    """
    contact, flight = durations
    time = np.concatenate([contact * PERCENT, contact + flight * PERCENT[1:]]) / (contact + flight)
    values = np.concatenate([curves[0], curves[1][1:]])
    if not np.isfinite(values).all():
        return float("nan")
    largest = int(np.abs(values).argmax())
    if largest in (0, len(values) - 1):
        return float("nan")
    around = slice(max(largest - 5, 0), largest + 6)
    slope = CubicSpline(time[around], values[around]).derivative()
    turns = slope.roots(extrapolate=False)
    near = turns[(turns >= time[largest - 1]) & (turns <= time[largest + 1])]
    if not len(near):
        return float(time[largest])
    return float(near[np.abs(near - time[largest]).argmin()])
