"""Vectors seen in a mirror: reflection in the sagittal (x-y) plane of the ground frame."""

from __future__ import annotations

from aqbio.gait.mirror import AXIAL, POLAR
from aqbio.vectors import FloatArray


def mirrored_polar(vectors: FloatArray) -> FloatArray:
    """Reflection of positions, velocities, accelerations and forces.

    Parameters
    ----------
    vectors : (..., 3) array
        Ground frame, x forward, y up, z right.

    Returns
    -------
    (..., 3) array
        ``(x, y, z)`` becomes ``(x, y, -z)``.

    Examples
    --------
    >>> import numpy as np
    >>> mirrored_polar(np.array([1.0, 2.0, 3.0]))
    array([ 1.,  2., -3.])
    """
    reflected: FloatArray = vectors * POLAR
    return reflected


def mirrored_axial(vectors: FloatArray) -> FloatArray:
    """Reflection of angular velocities, angular momenta, moments and free moments.

    Parameters
    ----------
    vectors : (..., 3) array
        Ground frame, x forward, y up, z right.

    Returns
    -------
    (..., 3) array
        ``(x, y, z)`` becomes ``(-x, -y, z)``: a cross product of polar vectors keeps its meaning.

    Examples
    --------
    A leg that turns the body to the left becomes one that turns it to the right:

    >>> import numpy as np
    >>> mirrored_axial(np.array([0.0, 5.0, 1.0]))
    array([-0., -5.,  1.])
    """
    reflected: FloatArray = vectors * AXIAL
    return reflected
