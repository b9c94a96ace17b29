"""Delay of recorded forces behind those that the motion requires."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from aqbio.prepare.people import of_people
from aqbio.vectors import FloatArray, finite_means

MAX_DELAY_S = 0.04
"""Largest delay that is looked for, s."""

MIN_CONTACTS = 2
"""Whole contacts from which on a delay is stated: the rise and the fall of one hump are not enough.

Of a jog that says 2.6 ms, single contacts say 8 to 12 ms, two in a row 2.9 and 3.7; of a
sprint (0.6 ms) two say -0.8 to 2.2, of two virtual runs (-1.8 and -0.7) -2.5 to -1.8 and -1.0 to
-0.2."""

MAX_DELAY_SD_S = of_people("delay by the body").error
"""Standard error from which on a delay is not known that is not `MIN_DELAY_SDS` times as large,
s."""

MIN_DELAY_SDS = 3.0


def force_delay(time: FloatArray, force: FloatArray, weight_and_inertia: FloatArray) -> float:
    """Delay (s) of the vertical force after ``m (a_y + g)`` of the centre of mass, (T,) N.

    The shift of the largest correlation, refined by a parabola; positive when forces are late, NaN
    with too few samples or where noise of the motion hides it, infinite when it is an end of the
    search. Instants without force (NaN) are left out.
    """
    step = float(time[1] - time[0])
    reach = int(np.ceil(MAX_DELAY_S / step))
    if np.isfinite(force).sum() < 4 * reach:
        return float("nan")
    inner = slice(reach, len(time) - reach)
    caused = weight_and_inertia[inner]
    shifts = np.arange(-reach, reach + 1)
    correlation = _correlations(sliding_window_view(force, len(caused)), caused)
    best = int(np.argmax(correlation))
    if best in (0, len(shifts) - 1):
        return float(np.copysign(np.inf, shifts[best]))
    before, peak, after = correlation[best - 1 : best + 2]
    part = 0.5 * (before - after) / (before - 2 * peak + after)
    delay = float((shifts[best] + part) * step)
    sd = delay_sd(force[best : best + len(caused)], caused, step)
    limit = max(MAX_DELAY_SD_S, abs(delay) / MIN_DELAY_SDS)
    return delay if sd <= limit else float("nan")


def delay_sd(measured: FloatArray, caused: FloatArray, step: float) -> float:
    """Standard error (s) of the delay between two signals (T,), shifted to each other by frames.

    Of a signal that is late by d, ``a x(t) - a d x'(t) + b + e``, by least squares: the SD of e
    over ``√Σ (a x')²``, with as many independent values of e as its autocorrelation leaves.
    """
    is_finite = np.isfinite(measured)
    slope = np.gradient(caused, step)[is_finite]
    columns = np.column_stack((caused[is_finite], slope, np.ones(len(slope))))
    factors = np.linalg.lstsq(columns, measured[is_finite], rcond=None)[0]
    rest = measured[is_finite] - columns @ factors
    if not rest.any():
        return 0.0
    correlated = np.correlate(rest, rest, "full")[len(rest) - 1 :] / (rest @ rest)
    first_negative = int(np.argmax(correlated < 0.0)) or len(rest)
    repeats = 1.0 + 2.0 * correlated[1:first_negative].sum()
    return float(np.sqrt(rest.var() * repeats / (slope @ slope)) / abs(factors[0]))


def _correlations(measured: FloatArray, caused: FloatArray) -> FloatArray:
    """Correlations (S,) of measured signals (S, L), NaN where unknown, with one (L,)."""
    is_finite = np.isfinite(measured)
    signals = np.where(is_finite, np.stack((measured, np.full_like(measured, caused))), np.nan)
    centred = np.nan_to_num(signals - finite_means(signals, 2)[..., None])
    variances = np.einsum("asl,asl->as", centred, centred)
    return np.asarray(np.einsum("sl,sl->s", *centred) / np.sqrt(variances[0] * variances[1]))
