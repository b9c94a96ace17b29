"""Covariances: the root from which draws are made."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray


def square_root(covariance: FloatArray) -> FloatArray:
    """The symmetric R with ``R R`` = covariance, (P, P), which may have rows of zeros.

    Of all roots the one that changes as little as the covariance does. Eigenvectors alone have any
    sign, and those of nearly equal eigenvalues any direction: draws made with them are others where
    another processor rounds the last digit.

    Examples
    --------
    >>> square_root(np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([[2., 0.],
           [0., 3.]])
    """
    values, directions = np.linalg.eigh(covariance)
    root: FloatArray = (directions * np.sqrt(np.maximum(values, 0.0))) @ directions.T
    return root
