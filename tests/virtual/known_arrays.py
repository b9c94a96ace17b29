"""Known arrays about samples of a virtual run."""

from __future__ import annotations

from aqbio.multibody.motion import spline_motion
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import Gait
from aqbio.virtual.truth import RunTruth, motion_truth


def sampled_truth(gait: Gait, gait_time: FloatArray) -> RunTruth:
    """Everything about the motion that the quintic spline through samples of a gait has.

    The ground loads are those of the spline's accelerations, so that inverse dynamics of the
    samples, by OpenSim too, finds no residual in the contacts; what the spline misses of the
    jump of the force's second derivative at touchdown and toe-off remains in flight.
    """
    q, _, _ = gait.states(gait_time)
    return motion_truth(gait, gait_time, spline_motion(gait.skeleton, gait_time, q))
