"""One spline per trial: coordinates, speeds and accelerations from the same curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline

from aqbio.mechanics.vectors import FloatArray


def quintic_spline(time: FloatArray, values: FloatArray) -> BSpline:
    """Interpolating quintic spline with natural ends (third and fourth derivative zero).

    The same curve as OpenSim's ``GCVSpline`` of degree 5 without smoothing, so that both see the
    same speeds and accelerations.

    Parameters
    ----------
    time : (T,) array, s
        At least six samples, strictly increasing.
    values : (T, ...) array

    Returns
    -------
    scipy.interpolate.BSpline
        Call it at any time; ``.derivative(n)`` gives the derivatives.

    References
    ----------
    Woltring HJ (1986), Advances in Engineering Software 8, 104-113.
    """
    if len(time) < 6:
        raise ValueError(f"a quintic spline needs at least 6 samples, got {len(time)}.")
    still = np.zeros(values.shape[1:])
    free: Any = [(3, still), (4, still)]
    return make_interp_spline(time, values, k=5, bc_type=(free, free))


def resampled(time: FloatArray, values: FloatArray, at: FloatArray) -> FloatArray:
    """Values of a sampled signal at other times, by a cubic spline through the samples.

    Parameters
    ----------
    time : (T,) array, s
    values : (T, ...) array
        NaN where a column was not measured.
    at : (N,) array, s
        Within the recording, by half a sample at most beyond its ends.

    Returns
    -------
    (N, ...) array
        NaN in columns that have a NaN among the samples around.

    Raises
    ------
    ValueError
        When a requested time lies more than half a sample outside the recording.
    """
    slack = 0.5 * (time[1] - time[0])
    if at.min() < time[0] - slack or at.max() > time[-1] + slack:
        raise ValueError(
            f"times {at.min():.4f} to {at.max():.4f} s lie outside the recording "
            f"({time[0]:.4f} to {time[-1]:.4f} s)."
        )
    margin = 4
    first = max(int(np.searchsorted(time, at.min())) - margin, 0)
    last = min(int(np.searchsorted(time, at.max())) + margin, len(time))
    columns = values[first:last].reshape(last - first, -1)
    result = np.full((len(at), columns.shape[1]), np.nan)
    whole = np.isfinite(columns).all(axis=0)
    if whole.any():
        result[:, whole] = make_interp_spline(time[first:last], columns[:, whole], k=3)(at)
    return result.reshape(len(at), *values.shape[1:])
