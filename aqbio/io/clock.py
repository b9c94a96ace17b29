"""Sampling rate of a time column."""

from __future__ import annotations

import numpy as np

from aqbio.errors import AqbioError
from aqbio.vectors import FloatArray

JITTER = 0.02
"""Steps of a time column may differ from their median by this share."""

ROUNDING = 1.1e-3
"""Steps may also differ by this, where a file rounds times to milliseconds, s."""

DIGITS = (0.01, 0.001, 0.0001)
"""Last digits of times that exports round to, s."""

SLOWEST, FASTEST = 20.0, 50_000.0
"""Markers, angles and forces of movement are sampled within these rates, Hz."""

LATEST = 1e6
"""A recording whose clock is later than this has no digits left for it, s."""

TIME_UNITS = {"milliseconds": 1e-3, "microseconds": 1e-6, "minutes": 60.0}
"""Units that a time column may have instead of seconds, s."""

UNIT_MATCH = 0.02
"""A header's rate explains a unit when it agrees within this share."""

RATE_MATCH = 0.005
"""A declared rate is taken when the time column agrees with it within this share."""


def sampling_rate(time: FloatArray, file: str, declared: float | None = None) -> float:
    """Samples per second of a uniform time column (T,), s; ``declared`` where it is rounded."""
    _refuse_other_unit(time, file, declared)
    steps = np.diff(time)
    typical = float(np.median(steps)) if len(steps) else 0.0
    deviation = np.abs(steps - typical)
    if not typical > 0.0 or deviation.max() > max(JITTER * typical, min(ROUNDING, 0.5 * typical)):
        if (rate := _rate_of_rounded(time)) is not None:
            return rate
        row = int(np.argmax(deviation)) + 2 if len(steps) else 1
        step = f"{steps[row - 2]:g} s" if len(steps) else "unknown"
        raise AqbioError(
            f"the time column is not uniform: the step to row {row} is {step}, "
            f"others are {typical:g} s.",
            file=file,
            where=f"data row {row}",
            fix="export the trial without dropped or repeated rows, and times with enough digits.",
            rule="time-not-uniform",
        )
    exact = (len(time) - 1) / float(time[-1] - time[0])
    if declared is not None and abs(declared - exact) < RATE_MATCH * exact:
        return declared
    whole = round(exact)
    return float(whole) if abs(exact - whole) < 1e-6 * exact else exact


def _refuse_other_unit(time: FloatArray, file: str, declared: float | None) -> None:
    """Refuse a column whose rate no recording of movement has, or that only another unit explains.

    The column states seconds; rates of recordings and the header's rate measure the same.
    """
    span = float(time[-1] - time[0])
    if not span > 0.0:
        return
    rate = (len(time) - 1) / span
    by_header = [
        unit
        for unit, size in TIME_UNITS.items()
        if declared is not None and abs(rate / size - declared) <= UNIT_MATCH * declared
    ]
    if SLOWEST <= rate <= FASTEST and not by_header:
        return
    fitting = by_header or [
        unit for unit, size in TIME_UNITS.items() if SLOWEST <= rate / size <= FASTEST
    ]
    told = " or ".join(
        f"in {unit}, where the rate is {rate / TIME_UNITS[unit]:g} Hz" for unit in fitting
    )
    raise AqbioError(
        f"the time column steps by {span / (len(time) - 1):g}: in seconds that is a rate of "
        f"{rate:g} Hz, and recordings of movement have {SLOWEST:g} to {FASTEST:g} Hz."
        + (f" It would fit {told}" if told else "")
        + (", as the header says." if by_header else "." if told else ""),
        file=file,
        where="time column",
        fix="write the time in seconds.",
        rule="time-unit",
    )


def _rate_of_rounded(time: FloatArray) -> float | None:
    """Rate of a time column with so few digits that instants repeat; None if it is not uniform.

    Rounding moves an instant by half a digit at most; a dropped row moves all that follow.
    """
    index = np.arange(len(time))
    if not np.abs(time).max(initial=0.0) < LATEST:
        return None
    for digit in DIGITS:
        if len(time) > 2 and np.allclose(time / digit, np.rint(time / digit), rtol=0.0, atol=1e-4):
            step = float(np.polyfit(index, time, 1)[0])
            known = 1.0 / FASTEST <= step < 2.0 * digit
            for rate in (float(round(1.0 / step)), 1.0 / step) if known else ():
                if np.ptp(time - index / rate) <= digit * (1.0 + 1e-3):
                    return rate
    return None
