"""What runners do at a speed: bands within which contacts, flights and forces are to be expected.

Soft checks: a trial outside is looked at again. Gathered from studies of men who run at constant
speed overground and on treadmills (Weyand et al. 2000, J Appl Physiol 89:1991-1999; Dorn, Schache
and Pandy 2012, J Exp Biol 215:1944-1956; Clark and Weyand 2014, J Appl Physiol 117:604-615);
women's steps are a little shorter. Ends of bands are read from these as round numbers.
"""

from __future__ import annotations

import numpy as np

SPEEDS = (3.5, 5.0, 7.0, 9.0, 10.0, 11.0)
"""m/s. Between them bands go straight; slower runners have none, faster ones the last."""

BANDS: dict[str, tuple[str, tuple[tuple[float, float], ...]]] = {
    "contact_time": (
        "s",
        ((0.22, 0.28), (0.17, 0.21), (0.125, 0.155), (0.10, 0.125), (0.09, 0.11), (0.08, 0.10)),
    ),
    "flight_time": (
        "s",
        ((0.08, 0.14), (0.10, 0.15), (0.11, 0.15), (0.11, 0.14), (0.11, 0.135), (0.11, 0.135)),
    ),
    "step_frequency": (
        "Hz",
        ((2.6, 3.0), (2.8, 3.3), (3.3, 3.9), (4.0, 4.6), (4.2, 4.9), (4.4, 5.0)),
    ),
    "step_length": (
        "m",
        ((1.2, 1.4), (1.6, 1.8), (1.9, 2.1), (2.0, 2.25), (2.1, 2.4), (2.3, 2.6)),
    ),
    "peak_vertical_force": (
        "body weights",
        ((2.2, 2.7), (2.5, 3.1), (2.8, 3.6), (3.2, 4.3), (3.4, 4.8), (3.5, 5.0)),
    ),
}
"""Unit and band (least, most) at each speed."""


def band(quantity: str, speed: float) -> tuple[float, float]:
    """Least and most of a quantity at a speed (m/s); NaN below the slowest of them.

    Examples
    --------
    >>> band("contact_time", 8.0)
    (0.1125, 0.14)
    """
    if not speed >= SPEEDS[0]:
        return np.nan, np.nan
    low, high = np.array(BANDS[quantity][1]).T
    return float(np.interp(speed, SPEEDS, low)), float(np.interp(speed, SPEEDS, high))


def beyond(value: float, low: float, high: float) -> float:
    """How far a value is outside of a band, share of its nearer end; 0 inside.

    Examples
    --------
    >>> [round(beyond(value, 0.10, 0.13), 3) for value in (0.12, 0.09, 0.143)]
    [0.0, 0.1, 0.1]
    """
    return max(0.0, (low - value) / low, (value - high) / high)
