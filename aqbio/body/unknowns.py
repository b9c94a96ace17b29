"""What is fitted, where it is, and the blocks of its normal equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.vectors import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class ChosenFrames:
    """Frames of a session that are fitted."""

    position: FloatArray
    """(F, K, 3) array, m, ground. NaN where a marker is not seen."""
    still: BoolArray
    """(F,) bool array. Quiet standing."""
    worth: FloatArray
    """(F,) array. How many independent witnesses of the body each frame counts for."""
    trial: IntArray
    frame: IntArray
    """trial, frame: (F,) int arrays. Where it is from."""

    @property
    def visible(self) -> BoolArray:
        """(F, K) bool."""
        return np.asarray(np.isfinite(self.position).all(axis=2))

    def rows(self, rows: BoolArray | IntArray) -> ChosenFrames:
        """Some of the frames, or all of them more than once."""
        return ChosenFrames(
            position=self.position[rows],
            still=self.still[rows],
            worth=self.worth[rows],
            trial=self.trial[rows],
            frame=self.frame[rows],
        )

    def repeated(self, times: int) -> ChosenFrames:
        """Frames behind themselves, so that they are sought from several starts at once."""
        return self.rows(np.tile(np.arange(len(self.still)), times))


@dataclass(frozen=True, eq=False)
class State:
    """Values of all unknowns."""

    theta: FloatArray
    """(P + C,) array. Shape, then the mean posture of the C free coordinates."""
    q: FloatArray
    """(F, C) array, rad or m. Free coordinates of every frame."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Gradient and Gauss-Newton blocks of the cost."""

    poses: FloatArray
    """(F, C, C) array."""
    across: FloatArray
    """(F, C, P) array."""
    border: FloatArray
    """(P, P) array."""
    pose_gradient: FloatArray
    """(F, C) array. Downhill."""
    border_gradient: FloatArray
    """(P,) array. Downhill."""
