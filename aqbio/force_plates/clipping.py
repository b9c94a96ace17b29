"""Force channels whose amplifier or converter was driven beyond its range."""

from __future__ import annotations

import numpy as np

from aqbio.signals.runs import runs
from aqbio.vectors import BoolArray, FloatArray

SHORTEST_S, SHORTEST = 0.004, 4
"""A flat top lasts at least so long, s, and has at least so many samples."""

LARGE = 0.5
"""A clipped value is at least this share of the channel's largest."""

ABOVE = 0.03
"""The signal would have gone on beyond the flat top by at least this share of it."""

BEFORE_S = 0.004
"""The slope on both sides of a flat top is taken over this time, s."""


def clipped_samples(channel: FloatArray, rate: float) -> BoolArray:
    """Samples of a channel that stand at the end of its range.

    Parameters
    ----------
    channel : (T,) array
        As recorded, any unit.
    rate : float
        Hz.

    Returns
    -------
    (T,) array of bool

    Notes
    -----
    A clipped signal stays at exactly its largest (or smallest) value, and arrives there and leaves
    with a slope: continued from both sides it would have gone beyond. A round peak, even one of
    coarse numbers, arrives without a slope, a made-up step without one before it.

    Examples
    --------
    >>> pulse = 2000.0 * np.sin(np.pi * np.linspace(0.0, 1.0, 121))
    >>> clipped_samples(pulse, 1000.0).any(), clipped_samples(np.minimum(pulse, 1500.0), 1000).sum()
    (np.False_, np.int64(55))
    """
    found = np.zeros(len(channel), dtype=np.bool_)
    size = float(np.abs(channel).max(initial=0.0))
    shortest, before = max(SHORTEST, round(SHORTEST_S * rate)), max(2, round(BEFORE_S * rate))
    if size == 0.0:
        return found
    for sign in (1.0, -1.0):
        upward = sign * channel
        top = float(upward.max())
        if top < LARGE * size:
            continue
        for start, stop in runs(np.isclose(upward, top, rtol=1e-9, atol=0.0)):
            if stop - start < shortest or start < before or stop + before > len(channel):
                continue
            rise = (upward[start - 1] - upward[start - before]) / (before - 1)
            fall = (upward[stop] - upward[stop + before - 1]) / (before - 1)
            if min(rise, fall) * 0.5 * (stop - start) > ABOVE * top:
                found[start:stop] = True
    return found
