"""How parts that nobody saw may have moved: they shift the centre of mass under all others."""

from __future__ import annotations

import numpy as np

from aqbio.observed.determined import STRIDES
from aqbio.vectors import BoolArray, FloatArray


def unseen_roots(covariance: FloatArray, unseen: BoolArray) -> FloatArray:
    """How all coordinates move with the unobserved ones, given the markers.

    Of their covariance (T, C, C), ``Σ_cu L⁻ᵀ`` with ``Σ_uu = L Lᵀ``, (T, C, C), per unit normal; 0
    for observed coordinates. A limb without markers moves by itself; a trunk that arms show moves
    with shoulders that answer.
    """
    roots, own = np.zeros_like(covariance), np.flatnonzero(unseen)
    lower = np.linalg.cholesky(covariance[:, own[:, None], own])
    across = np.linalg.solve(lower, covariance[:, own])
    roots[:, :, own] = np.swapaxes(across, 1, 2)
    return roots


def unseen_swings(
    time: FloatArray, roots: FloatArray, count: int, generator: np.random.Generator
) -> FloatArray:
    """Draw how unobserved coordinates may differ from where they are assumed, (D, T, C), rad or m.

    ``R (a cos ωt + b sin ωt)`` at the frequency of strides with normal a and b and the roots R (T,
    C, C): of covariance ``R Rᵀ`` at every instant, and ``(2π STRIDES)²`` times that in speed.
    Momentum depends on the speed of the unseen mass more than on its position: legs' H of a
    sprinter whose arms are assumed at rest is off by up to 0.9 kg m²/s.
    """
    phase = 2.0 * np.pi * STRIDES * (time - time[0])
    cosine, sine = generator.standard_normal((2, count, 1, roots.shape[1]))
    swings = cosine * np.cos(phase)[:, None] + sine * np.sin(phase)[:, None]
    return np.asarray((roots @ swings[..., None])[..., 0])
