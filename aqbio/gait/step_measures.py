"""Single numbers of a step that hypotheses are tested on: shares, indices and turning lines."""

from __future__ import annotations

import numpy as np

from aqbio.gait.steps import PERCENT, Step, phase_mean
from aqbio.vectors import FloatArray


def absolute_share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Impulse of one signal over that of another's size, over one phase.

    Parameters
    ----------
    part, whole : (101, ...) arrays

    Returns
    -------
    (...) array
        ``∫ part / ∫ |whole|``.

    Examples
    --------
    >>> float(absolute_share(np.full(101, -2.0), np.full(101, 8.0)))
    -0.25
    """
    return phase_mean(part) / phase_mean(np.abs(whole))


def moment_index(moments: FloatArray) -> FloatArray:
    """Joint-moment index of a side: root of the mean over the phase of the summed squares.

    Parameters
    ----------
    moments : (101, ..., J) array, N m
        Sagittal moments of the side's joints.

    Returns
    -------
    (...) array, N m

    Examples
    --------
    >>> round(float(moment_index(np.tile([3.0, 4.0], (101, 1)))), 12)
    5.0
    """
    return np.sqrt(phase_mean((moments**2).sum(axis=-1)))


def lateral_ratio(force: FloatArray) -> FloatArray:
    """Sideways share of the ground reaction force: ``∫ |F_z| / ∫ |F|`` over stance.

    Parameters
    ----------
    force : (101, ..., 3) array, N

    Returns
    -------
    (...) array

    Examples
    --------
    >>> round(float(lateral_ratio(np.tile([0.0, 4.0, -3.0], (101, 1)))), 12)
    0.6
    """
    return absolute_share(np.abs(force[..., 2]), np.linalg.norm(force, axis=-1))


def speed_change(forward: FloatArray, step: Step) -> float:
    """Change of forward speed over a step, or over its contact where the step is incomplete.

    Parameters
    ----------
    forward : (2, 101) array, m/s
        Velocity over contact and flight.

    Examples
    --------
    >>> step = Step(1, "left", 0.0, 0.1, 0.2, "ok", "")
    >>> round(speed_change(np.linspace([8.0, 7.9], [7.9, 8.2], 101).T, step), 12)
    0.2
    """
    last = forward[1, -1] if np.isfinite(step.next_touchdown) else forward[0, -1]
    return float(last - forward[0, 0])


def peak_instants(curves: FloatArray, durations: FloatArray) -> FloatArray:
    """Instants at which signals are largest in size, between the samples, as shares of the step.

    Parameters
    ----------
    curves : (N, 2, 101) array
        Of N signals over contact and flight.
    durations : (N, 2) array, s
        Of contact and flight.

    Returns
    -------
    (N,) array
        0 at touchdown, 1 at the next one. NaN when a sample is missing, or when the largest sample
        is an end of the step: the peak is then not in this step.

    Notes
    -----
    Where the slope of a cubic spline through the five samples on both sides vanishes, next to the
    largest sample; the samples' distances differ between contact and flight.

    Examples
    --------
    >>> wave = -np.cos(np.pi * (np.stack([0.4 * PERCENT, 0.4 + 0.6 * PERCENT]) - 0.3137))
    >>> peak_instants(wave[None], np.array([[0.08, 0.12]])).round(4)
    array([0.3137])
    """
    share = durations / durations.sum(axis=1, keepdims=True)
    time = np.concatenate([share[:, :1] * PERCENT, share[:, :1] + share[:, 1:] * PERCENT[1:]], 1)
    values = np.concatenate([curves[:, 0], curves[:, 1, 1:]], axis=1)
    largest, last = np.abs(values).argmax(axis=1), values.shape[1] - 1
    inside = np.isfinite(values + time).all(axis=1) & (largest > 0) & (largest < last)
    found = np.full(len(curves), np.nan)
    middle, reach = len(PERCENT) - 1, 5
    apart = np.min(np.abs(largest[:, None] - [0, middle, last]), axis=1)
    even = np.flatnonzero(inside & (apart >= reach))
    if len(even):
        around = np.arange(-reach, reach + 1)
        windows = values[even[:, None], largest[even, None] + around]
        step = share[even, (largest[even] > middle).astype(int)] / middle
        found[even] = time[even, largest[even]] + step * _turns(around.astype(float), windows)
    for one in np.flatnonzero(inside & (apart < reach)):
        peak = largest[one]
        near = slice(max(peak - reach, 0), peak + reach + 1)
        grid = time[one, near] - time[one, peak]
        found[one] = time[one, peak] + _turns(grid, values[[one], near])[0]
    return found


def _turns(grid: FloatArray, windows: FloatArray) -> FloatArray:
    """Where the slopes of (N, K) samples vanish, nearest to the sample at 0; 0 if nowhere near."""
    from scipy.interpolate import CubicSpline

    place = int(np.abs(grid).argmin())
    slopes = CubicSpline(grid, windows, axis=1).derivative()
    found = np.zeros(len(windows))
    for row, roots in enumerate(slopes.roots(extrapolate=False)):
        near = roots[(roots >= grid[place - 1]) & (roots <= grid[place + 1])]
        if len(near):
            found[row] = near[np.abs(near).argmin()]
    return found


LINES = ("wrists", "ankles")


def line_yaw_rate(line: FloatArray, rate: FloatArray) -> FloatArray:
    """Rate at which a line turns about the vertical.

    Parameters
    ----------
    line : (..., 3) array, m
        From one end to the other, ground frame (y up).
    rate : (..., 3) array, m/s
        Its time derivative: the velocity of one end relative to the other.

    Returns
    -------
    (...) array, rad/s
        Positive to the left, seen from above; the same whichever end comes first. NaN where the
        line stands upright.

    Notes
    -----
    ``(d × d')_y / (d_x² + d_z²)``: the derivative of the angle of its horizontal part.

    Examples
    --------
    A right wrist that is drawn back turns the line of the wrists to the right:

    >>> line_yaw_rate(np.array([0.0, 0.3, 0.5]), np.array([-1.0, 0.0, 0.0])).round(12)
    np.float64(-2.0)
    """
    square = line[..., 0] ** 2 + line[..., 2] ** 2
    moment = line[..., 2] * rate[..., 0] - line[..., 0] * rate[..., 2]
    return np.divide(moment, square, out=np.full_like(square, np.nan), where=square > 0)
