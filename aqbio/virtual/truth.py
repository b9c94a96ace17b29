"""Ground truth of a virtual run: motion, loads of both feet, momentum and events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentMotion, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.vectors import FloatArray, cross
from aqbio.virtual.gait import Gait

FEET = ("foot_l", "foot_r")
"""Bodies on which the ground acts: left, right."""


@dataclass(frozen=True, eq=False)
class GroundLoads:
    """Ground reaction force and moment on each foot."""

    force: FloatArray
    """(T, 2, 3) array, N, ground. Left foot, right foot."""
    moment: FloatArray
    """(T, 2, 3) array, N m, ground. About the ground's origin."""

    def cop(self, minimum: float) -> tuple[FloatArray, FloatArray]:
        """Centre of pressure (T, 2, 3), m, and free moment (T, 2), N m, of each foot.

        NaN below a vertical force of ``minimum``, N.
        """
        loaded = self.force[..., 1] >= minimum
        vertical = np.where(loaded, self.force[..., 1], np.nan)
        point = np.zeros_like(self.force)
        point[..., 0] = self.moment[..., 2] / vertical
        point[..., 2] = -self.moment[..., 0] / vertical
        point[~loaded] = np.nan
        free = self.moment[..., 1] - cross(point, self.force)[..., 1]
        return point, free

    def external(self) -> list[ExternalLoad]:
        """Convert to loads for inverse dynamics, at the ground's origin."""
        return [
            ExternalLoad(body, self.force[:, foot], self.moment[:, foot], np.zeros(3))
            for foot, body in enumerate(FEET)
        ]


@dataclass(frozen=True, eq=False)
class RunTruth:
    """Ground truth of a run at given instants."""

    gait: Gait
    gait_time: FloatArray
    """(T,) array, s. Instants on the gait's own clock."""
    motion: Motion
    segments: SegmentMotion
    com: FloatArray
    com_velocity: FloatArray
    com_acceleration: FloatArray
    """com, com_velocity, com_acceleration: (T, 3) arrays, ground."""
    momentum: FloatArray
    momentum_rate: FloatArray
    """momentum, momentum_rate: (T, B, 3) arrays, kg m²/s and N m. Of each segment about the whole
    body's centre of mass."""
    loads: GroundLoads


def run_truth(gait: Gait, gait_time: FloatArray) -> RunTruth:
    """Compute the ground truth at given instants from the analytic motion."""
    q, u, udot = gait.states(gait_time)
    return motion_truth(gait, gait_time, Motion(q, u, udot))


def motion_truth(gait: Gait, gait_time: FloatArray, motion: Motion) -> RunTruth:
    """Compute the ground truth for coordinates that differ slightly from the gait."""
    skeleton = gait.skeleton
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, acceleration = centre_of_mass(segments)
    return RunTruth(
        gait=gait,
        gait_time=gait_time,
        motion=motion,
        segments=segments,
        com=com,
        com_velocity=velocity,
        com_acceleration=acceleration,
        momentum=angular_momentum(segments, com, velocity),
        momentum_rate=angular_momentum_rate(segments, com, acceleration),
        loads=ground_loads(gait, gait_time, segments),
    )


def ground_loads(gait: Gait, gait_time: FloatArray, segments: SegmentMotion) -> GroundLoads:
    """Loads of the stance foot from Newton's and Euler's equations of the whole body."""
    com, _, acceleration = centre_of_mass(segments)
    rate = angular_momentum_rate(segments, com, acceleration).sum(axis=1)
    drag = np.array([-gait.drag, 0.0, 0.0])
    force = segments.mass.sum() * (acceleration - gait.skeleton.gravity) - drag
    moment = rate + cross(com, force)
    side, _ = gait.stance_foot(gait_time)
    on = np.stack((side < 0, side > 0), axis=1)[..., None]
    return GroundLoads(force[:, None] * on, moment[:, None] * on)
