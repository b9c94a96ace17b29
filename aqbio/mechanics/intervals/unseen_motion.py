"""How parts that nobody saw may have moved: they shift the centre of mass under all others."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray

STRIDES = 2.0
"""Strides in a second: limbs of a runner swing 1.3 (jog) to 2.4 times (sprint), Hz."""


def unseen_swings(
    time: FloatArray, sd: FloatArray, count: int, generator: np.random.Generator
) -> FloatArray:
    """Draw how coordinates that nobody saw may differ from where they are assumed.

    Parameters
    ----------
    time : (T,) array, s
    sd : (C,) array, rad or m
        What is known of each coordinate without a measurement; 0 for those that were measured.
    count : int
        Number D of draws.

    Returns
    -------
    (D, T, C) array, rad or m
        Harmonic at the frequency of strides with random amplitude and phase: of standard
        deviation ``sd`` at every instant, and ``2π STRIDES sd`` in speed.

    Notes
    -----
    ``sd (a cos ωt + b sin ωt)`` with normal a and b. Momentum about the centre of mass depends on
    the speed of the unseen mass more than on its position: legs' H of a sprinter whose arms are
    assumed at rest is off by up to 0.9 kg m²/s.
    """
    phase = 2.0 * np.pi * STRIDES * (time - time[0])
    cosine, sine = generator.standard_normal((2, count, 1, len(sd)))
    swings: FloatArray = sd * (cosine * np.cos(phase)[:, None] + sine * np.sin(phase)[:, None])
    return swings
