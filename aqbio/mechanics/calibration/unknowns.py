"""What is fitted, where it is, and the blocks of its normal equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class ChosenFrames:
    """Frames of a session that are fitted.

    Attributes
    ----------
    position : (F, K, 3) array, m, ground
        NaN where a marker is not seen.
    still : (F,) bool array
        Quiet standing.
    worth : (F,) array
        How many independent witnesses of the body each frame counts for.
    trial, frame : (F,) int arrays
        Where it is from.
    """

    position: FloatArray
    still: BoolArray
    worth: FloatArray
    trial: IntArray
    frame: IntArray

    @property
    def visible(self) -> BoolArray:
        """(F, K) bool."""
        return np.asarray(np.isfinite(self.position).all(axis=2))


@dataclass(frozen=True, eq=False)
class State:
    """Values of all unknowns.

    Attributes
    ----------
    theta : (P + C,) array
        Shape, then the mean posture of the C free coordinates.
    q : (F, C) array, rad or m
        Free coordinates of every frame.
    """

    theta: FloatArray
    q: FloatArray


@dataclass(frozen=True, eq=False)
class Blocks:
    """Gradient and Gauss-Newton blocks of the cost.

    Attributes
    ----------
    poses : (F, C, C) array
    across : (F, C, P) array
    border : (P, P) array
    pose_gradient : (F, C) array
        Downhill.
    border_gradient : (P,) array
        Downhill.
    """

    poses: FloatArray
    across: FloatArray
    border: FloatArray
    pose_gradient: FloatArray
    border_gradient: FloatArray
