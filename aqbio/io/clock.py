"""Sampling rate of a time column."""

from __future__ import annotations

import numpy as np

from aqbio.errors import AqbioError
from aqbio.mechanics.vectors import FloatArray

JITTER = 0.02
"""Steps of a time column may differ from their median by this share."""

ROUNDING = 1.1e-3
"""Steps may also differ by this, where a file rounds times to milliseconds, s."""

RATE_MATCH = 0.005
"""A declared rate is taken when the time column agrees with it within this share."""


def sampling_rate(time: FloatArray, file: str, declared: float | None = None) -> float:
    """Give the samples per second of a uniform time column, Hz.

    Parameters
    ----------
    time : (T,) array, s
    file : str
        Name of the file, for messages.
    declared : float or None
        What the header says: preferred when the column only rounds it.

    Raises
    ------
    AqbioError
        When a step differs from the others: frames were dropped or repeated.

    Examples
    --------
    >>> sampling_rate(np.array([0.0, 0.008, 0.017, 0.025]), "a.trc", declared=120.0)
    120.0
    """
    steps = np.diff(time)
    typical = float(np.median(steps)) if len(steps) else 0.0
    deviation = np.abs(steps - typical)
    if not typical > 0.0 or deviation.max() > max(JITTER * typical, min(ROUNDING, 0.5 * typical)):
        row = int(np.argmax(deviation)) + 2 if len(steps) else 1
        step = f"{steps[row - 2]:g} s" if len(steps) else "unknown"
        raise AqbioError(
            f"the time column is not uniform: the step to row {row} is {step}, "
            f"others are {typical:g} s.",
            file=file,
            where=f"data row {row}",
            fix="export the trial without dropped or repeated rows.",
            rule="time-not-uniform",
        )
    exact = (len(time) - 1) / float(time[-1] - time[0])
    if declared is not None and abs(declared - exact) < RATE_MATCH * exact:
        return declared
    whole = round(exact)
    return float(whole) if abs(exact - whole) < 1e-6 * exact else exact
