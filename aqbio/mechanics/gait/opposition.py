"""Two statistics of who opposes whom in stance: what the precision of a trial is judged by."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray

PARTS = ("push_leg", "swing_leg", "arms", "torso", "pelvis")
"""Columns of the angular momenta that the statistics below take."""


def opposition(momentum: FloatArray, side: tuple[str, ...]) -> FloatArray:
    """How far a side and the rest cancel each other, from 0 to 1.

    Parameters
    ----------
    momentum : (..., T, 5) array, kg m²/s
        About one axis, of ``PARTS``.
    side : tuple of str
        Members of one side; the other parts are the other one.

    Returns
    -------
    (...) array
        ``⟨|H_U| + |H_V| − |H_U + H_V|⟩ / ⟨Σ |H_g|⟩`` over T.

    Examples
    --------
    A leg that all others oppose cancels them wholly; two legs alike cancel nothing:

    >>> one = np.array([[1.0, -1.0, 0.0, 0.0, 0.0]])
    >>> float(opposition(one, ("swing_leg",))), float(opposition(one, ("push_leg", "swing_leg")))
    (1.0, 0.0)
    """
    own = [PARTS.index(name) for name in side]
    this = momentum[..., own].sum(axis=-1)
    whole = momentum.sum(axis=-1)
    cancelled = np.abs(this) + np.abs(whole - this) - np.abs(whole)
    shares: FloatArray = cancelled.mean(axis=-1) / np.abs(momentum).sum(axis=-1).mean(axis=-1)
    return shares


def opposition_difference(momentum: FloatArray) -> FloatArray:
    """Opposition of the swing leg against the rest, less that of both legs against the rest.

    Parameters
    ----------
    momentum : (..., T, 5) array, kg m²/s
        About one axis, of ``PARTS``.

    Returns
    -------
    (...) array
        From −1 to 1; above 0 where the claimed sides cancel more than legs and upper body do.
    """
    return opposition(momentum, ("swing_leg",)) - opposition(momentum, ("push_leg", "swing_leg"))


def arms_with_push_leg(momentum: FloatArray) -> FloatArray:
    """Uncentred cosine of arms and push leg, 1 where they turn alike.

    Parameters
    ----------
    momentum : (..., T, 5) array, kg m²/s
        About one axis, of ``PARTS``.

    Returns
    -------
    (...) array
        Over T: ``⟨H_arms H_leg⟩ / √(⟨H_arms²⟩⟨H_leg²⟩)``.

    Examples
    --------
    >>> turning = np.array([[1.0, 0.0, -2.0, 0.0, 0.0], [2.0, 0.0, -4.0, 0.0, 0.0]])
    >>> float(arms_with_push_leg(turning).round(12))
    -1.0
    """
    arms = momentum[..., PARTS.index("arms")]
    leg = momentum[..., PARTS.index("push_leg")]
    cosine: FloatArray = (arms * leg).mean(axis=-1) / np.sqrt(
        (arms**2).mean(axis=-1) * (leg**2).mean(axis=-1)
    )
    return cosine
