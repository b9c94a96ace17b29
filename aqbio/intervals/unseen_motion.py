"""How parts that nobody saw may have moved: they shift the centre of mass under all others."""

from __future__ import annotations

import numpy as np

from aqbio.observed.determined import STRIDES
from aqbio.vectors import BoolArray, FloatArray


def unseen_roots(covariance: FloatArray, unseen: BoolArray) -> FloatArray:
    """How all coordinates move with those that are unseen, markers being where they are.

    Of their covariance (T, C, C), given the markers, ``Σ_cu L⁻ᵀ`` with ``Σ_uu = L Lᵀ``, (T, C, C):
    by unit normals, 0 by those of other coordinates. A limb that no marker shows moves by itself, a
    trunk that arms show moves with shoulders that answer.
    """
    roots, own = np.zeros_like(covariance), np.flatnonzero(unseen)
    lower = np.linalg.cholesky(covariance[:, own[:, None], own])
    across = np.linalg.solve(lower, covariance[:, own])
    roots[:, :, own] = np.swapaxes(across, 1, 2)
    return roots


def unseen_swings(
    time: FloatArray, roots: FloatArray, count: int, generator: np.random.Generator
) -> FloatArray:
    """Draw how coordinates that nobody saw may differ from where they are assumed.

    Parameters
    ----------
    time : (T,) array, s
    roots : (T, C, C) array, rad or m
        By independent normals (:func:`unseen_roots`).
    count : int
        Number D of draws.

    Returns
    -------
    (D, T, C) array, rad or m
        Harmonic at the frequency of strides with random amplitude and phase: of covariance
        ``R Rᵀ`` at every instant, and ``(2π STRIDES)²`` times that in speed.

    Notes
    -----
    ``R (a cos ωt + b sin ωt)`` with normal a and b. Momentum about the centre of mass depends on
    the speed of the unseen mass more than on its position: legs' H of a sprinter whose arms are
    assumed at rest is off by up to 0.9 kg m²/s.
    """
    phase = 2.0 * np.pi * STRIDES * (time - time[0])
    cosine, sine = generator.standard_normal((2, count, 1, roots.shape[1]))
    swings = cosine * np.cos(phase)[:, None] + sine * np.sin(phase)[:, None]
    return np.asarray((roots @ swings[..., None])[..., 0])
