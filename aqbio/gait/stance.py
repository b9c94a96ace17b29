"""Early and late stance: where braking ends and propulsion starts."""

from __future__ import annotations

import numpy as np

from aqbio.gait.steps import PERCENT
from aqbio.vectors import FloatArray

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
    """Mean of a curve over a part of a phase.

    Parameters
    ----------
    curve : (101, ...) array
    start, end : float
        Shares of the phase, on the grid of 101 points.

    Returns
    -------
    (...) array
        By the trapezoidal rule.

    Examples
    --------
    >>> float(interval_mean(PERCENT, 0.5, 1.0))
    0.75
    """
    first, last = (round(share * (len(PERCENT) - 1)) for share in (start, end))
    if first == last:
        return np.asarray(curve[first])
    chosen = slice(first, last + 1)
    span = PERCENT[last] - PERCENT[first]
    return np.asarray(np.trapezoid(curve[chosen], PERCENT[chosen], axis=0) / span)
