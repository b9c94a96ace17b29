"""How much one more marker would tell of coordinates that a recording leaves open."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.observed.determined import MARKER_SD, marker_motion
from aqbio.mechanics.vectors import FloatArray, IntArray


def told_shares(
    skeleton: Skeleton,
    q: FloatArray,
    covariance: FloatArray,
    marker_index: IntArray,
    coordinates: IntArray,
) -> FloatArray:
    """Share of the variance of some coordinates that each of some markers would take away alone.

    Parameters
    ----------
    q : (T, C) array, rad or m
    covariance : (T, C, C) array
        Of the coordinates, without these markers (:func:`.determined.coordinate_covariance`).
    marker_index : (M,) int array
        Of the skeleton's markers.
    coordinates : (N,) int array
        Whose variances are added, over all frames.

    Returns
    -------
    (M,) array

    Notes
    -----
    The variance of c falls by ``P_c Jᵀ (J P Jᵀ + σ²)⁻¹ J P_c``.
    """
    chosen, moved = marker_motion(skeleton, q, marker_index)
    own = covariance[:, chosen[:, None], chosen]
    across = moved @ own[:, None]
    spread = across @ np.swapaxes(moved, 2, 3) + MARKER_SD**2 * np.eye(3)
    wanted = across[..., np.isin(chosen, coordinates)]
    taken = (wanted * np.linalg.solve(spread, wanted)).sum(axis=(0, 2, 3))
    before = np.einsum("tcc->tc", covariance)[:, coordinates].sum()
    return np.asarray(taken / before)
