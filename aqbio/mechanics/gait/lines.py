"""Lines that join a point of the left side to one of the right, seen from above."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray

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
