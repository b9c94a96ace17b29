"""What inverse kinematics follows and what it gives: markers, and the motion of coordinates."""

from __future__ import annotations

from dataclasses import dataclass

from aqbio.multibody.skeleton import Skeleton
from aqbio.signals import quintic_spline
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class TrackedMarkers:
    """Markers that inverse kinematics follows."""

    time: FloatArray
    """(T,) array, s."""
    names: tuple[str, ...]
    """tuple of K names. Names of the markers on the model."""
    positions: FloatArray
    """(T, K, 3) array, m. Ground frame; NaN where a marker is missing."""
    weights: FloatArray
    """(K,) array."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same frames and markers."""
        expected = (len(self.time), len(self.names), 3)
        if self.positions.shape != expected:
            raise ValueError(f"positions have shape {self.positions.shape}, expected {expected}.")
        if self.weights.shape != expected[1:2]:
            raise ValueError(f"weights have shape {self.weights.shape}, expected {expected[1:2]}.")

    def instant(self, frame: int) -> str:
        """A frame as the capture software counts it, and its time: ``frame 128, 0.508 s``."""
        time = float(self.time[frame])
        number = round(time / float(self.time[1] - self.time[0])) + 1 if len(self.time) > 1 else 1
        return f"frame {number}, {time:.3f} s"


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of all coordinates of a model."""

    q: FloatArray
    u: FloatArray
    udot: FloatArray
    """q, u, udot: (T, C) arrays, rad or m, per s, per s²."""

    def __post_init__(self) -> None:
        """Refuse arrays of different shapes."""
        if not self.q.shape == self.u.shape == self.udot.shape:
            raise ValueError(
                f"q, u and udot have shapes {self.q.shape}, {self.u.shape} and {self.udot.shape}."
            )


def spline_motion(skeleton: Skeleton, time: FloatArray, q: FloatArray) -> Motion:
    """Speeds and accelerations from one quintic spline through the coordinates.

    Dependent coordinates follow from their couplers by the chain rule, not from a spline of their
    own, so that they obey the coupler exactly at every sample.

    Parameters
    ----------
    time : (T,) array, s
    q : (T, C) array, rad or m
    """
    spline = quintic_spline(time, q)
    return coupled(skeleton, Motion(q, spline.derivative(1)(time), spline.derivative(2)(time)))


def coupled(skeleton: Skeleton, motion: Motion) -> Motion:
    """A motion with dependent coordinates: ``y = f(x)``, ``ẏ = f' ẋ`` and ``ÿ = f' ẍ + f'' ẋ²``."""
    couplers = skeleton.couplers
    if not len(couplers.dependent):
        return motion
    q, u, udot = motion.q.copy(), motion.u.copy(), motion.udot.copy()
    x, independent = couplers.dependent, couplers.independent
    q[:, x], slope, curvature = couplers.functions.values(q[:, independent])
    speed = u[:, independent]
    u[:, x] = slope * speed
    udot[:, x] = slope * udot[:, independent] + curvature * speed**2
    return Motion(q, u, udot)


def folded_forces(skeleton: Skeleton, q: FloatArray, forces: FloatArray) -> FloatArray:
    """(T, C): forces with those of dependent coordinates added to the independent ones.

    Virtual work: a coordinate ``y = f(x)`` adds ``f' τ_y`` to ``τ_x``. Zero for dependent ones.
    """
    folded = forces.copy()
    couplers = skeleton.couplers
    if len(couplers.dependent):
        slope = couplers.functions.values(q[:, couplers.independent])[1]
        work = slope * forces[:, couplers.dependent]
        for column, independent in enumerate(couplers.independent):
            folded[:, independent] += work[:, column]
        folded[:, couplers.dependent] = 0.0
    return folded
