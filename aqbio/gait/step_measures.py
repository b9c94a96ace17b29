"""Single numbers of a step: shares, indices, turning lines, braking and propulsion."""

from __future__ import annotations

import numpy as np

from aqbio.gait.steps import PERCENT, Step, phase_mean
from aqbio.vectors import FloatArray


def absolute_share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Impulse of a signal over that of another's size in one phase, ``∫ part / ∫ |whole|``."""
    return phase_mean(part) / phase_mean(np.abs(whole))


def moment_index(moments: FloatArray) -> FloatArray:
    """Joint-moment index ``√⟨Σ M_j²⟩`` over a phase, N m, of sagittal moments (101, ..., J)."""
    return np.sqrt(phase_mean((moments**2).sum(axis=-1)))


def lateral_ratio(force: FloatArray) -> FloatArray:
    """Sideways share of the ground reaction force (101, ..., 3): ``∫ |F_z| / ∫ |F|``."""
    return absolute_share(np.abs(force[..., 2]), np.linalg.norm(force, axis=-1))


def speed_change(forward: FloatArray, step: Step) -> float:
    """Change of forward speed (2, 101) over a step; over the contact if incomplete."""
    last = forward[1, -1] if np.isfinite(step.next_touchdown) else forward[0, -1]
    return float(last - forward[0, 0])


def peak_instants(curves: FloatArray, durations: FloatArray) -> FloatArray:
    """Instants at which (N, 2, 101) signals are largest in size, as shares of the step, (N,).

    Where the slope of a cubic spline through five samples on both sides vanishes. NaN when a sample
    is missing, or when the largest sample is an end of the step. Durations are (N, 2), s.
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


# braking and propulsion ---------------------------------------------------------------------------


MIDDLE = 0.5
"""Share of stance that stands in where the fore-aft force never turns from back to front."""


def propulsion_start(forward_force: FloatArray) -> float:
    """Share of stance at which braking turns into propulsion.

    Parameters
    ----------
    forward_force : (101,) array
        Fore-aft ground reaction force over stance.

    Returns
    -------
    float
        Where the impulse so far is smallest: of several changes of sign the one that parts
        braking from propulsion best. 0.5 when the impulse is smallest at touchdown or toe-off.

    Examples
    --------
    >>> round(propulsion_start(-np.cos(np.pi * PERCENT)), 2)
    0.5
    >>> round(propulsion_start(PERCENT - 0.4), 2)
    0.4
    """
    middle = 0.5 * (forward_force[1:] + forward_force[:-1])
    impulse = np.concatenate([[0.0], np.cumsum(middle * np.diff(PERCENT))])
    lowest = int(np.argmin(impulse))
    if lowest in (0, len(impulse) - 1):
        return MIDDLE
    return float(PERCENT[lowest])


def interval_mean(curve: FloatArray, start: float, end: float) -> FloatArray:
    """Mean of a curve (101, ...) between two shares of a phase, by the trapezoidal rule."""
    first, last = (round(share * (len(PERCENT) - 1)) for share in (start, end))
    if first == last:
        return np.asarray(curve[first])
    chosen = slice(first, last + 1)
    span = PERCENT[last] - PERCENT[first]
    return np.asarray(np.trapezoid(curve[chosen], PERCENT[chosen], axis=0) / span)
