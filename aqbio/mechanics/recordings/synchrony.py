"""Whether forces and motion run on the same clock."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray

LONGEST_DELAY = 0.04
"""Largest delay that is looked for by default, s."""


def force_delay(
    time: FloatArray,
    force: FloatArray,
    weight_and_inertia: FloatArray,
    *,
    longest: float = LONGEST_DELAY,
) -> float:
    """Time by which the measured force comes later than the motion that it causes.

    Parameters
    ----------
    time : (T,) array, s
        Evenly spaced.
    force : (T,) array, N
        Measured vertical ground reaction force.
    weight_and_inertia : (T,) array, N
        ``m (a_y + g)`` of the centre of mass: the force that the motion asks for.
    longest : float
        Largest delay that is looked for, s.

    Returns
    -------
    float
        s; positive when the forces are late. NaN when there are too few samples; infinite when the
        best is an end of the search, which is no estimate.

    Notes
    -----
    The shift of the largest correlation coefficient, between samples by a parabola through it and
    its neighbours.

    Examples
    --------
    A force 8 ms late:

    >>> t = np.arange(0.0, 2.0, 0.004)
    >>> caused = np.maximum(np.sin(9 * t), 0.0)
    >>> late = np.maximum(np.sin(9 * (t - 0.008)), 0.0)
    >>> round(force_delay(t, late, caused), 4)
    0.008
    """
    step = float(time[1] - time[0])
    reach = int(np.ceil(longest / step))
    if len(time) < 4 * reach:
        return float("nan")
    inner = slice(reach, len(time) - reach)
    caused = weight_and_inertia[inner]
    shifts = np.arange(-reach, reach + 1)
    likeness = np.array(
        [np.corrcoef(force[reach + s : len(time) - reach + s], caused)[0, 1] for s in shifts]
    )
    best = int(np.argmax(likeness))
    if best in (0, len(shifts) - 1):
        return float(np.copysign(np.inf, shifts[best]))
    before, peak, after = likeness[best - 1 : best + 2]
    return float((shifts[best] + 0.5 * (before - after) / (before - 2 * peak + after)) * step)
