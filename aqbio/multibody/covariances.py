"""Covariances: the root from which draws are made."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray


def square_root(covariance: FloatArray) -> FloatArray:
    """The symmetric R with ``R R`` = covariance, (P, P), which may have rows of zeros.

    Of all roots the one that changes as little as the covariance does. Eigenvectors have any sign,
    and those of nearly equal eigenvalues any direction: draws made with them would differ where
    another processor rounds the last digit.
    """
    values, directions = np.linalg.eigh(covariance)
    root: FloatArray = (directions * np.sqrt(np.maximum(values, 0.0))) @ directions.T
    return root
