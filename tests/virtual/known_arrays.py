"""What is known about a virtual run, as arrays."""

from __future__ import annotations

import numpy as np

from aqbio.multibody.dynamics import joint_wrenches
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import spline_motion
from aqbio.vectors import FloatArray, cross
from aqbio.virtual.gait import Gait
from aqbio.virtual.recording import RecordedRun, moved_loads
from aqbio.virtual.study import THRESHOLD
from aqbio.virtual.truth import FEET, RunTruth, motion_truth

CHAINS = {"leg_left": "femur_l", "leg_right": "femur_r", "upper_body": "torso"}
"""What hangs on the pelvis, by its first segment."""


def sampled_truth(gait: Gait, gait_time: FloatArray) -> RunTruth:
    """Everything about the motion that the quintic spline through samples of a gait has.

    The ground loads are those of the spline's accelerations, so that inverse dynamics of the
    samples, by OpenSim too, finds no residual in the contacts; what the spline misses of the
    jump of the force's second derivative at touchdown and toe-off remains in flight.
    """
    q, _, _ = gait.states(gait_time)
    return motion_truth(gait, gait_time, spline_motion(gait.skeleton, gait_time, q))


def truth_arrays(run: RecordedRun) -> dict[str, FloatArray]:
    """Everything that is known at the markers' frames, on the runway, ground axes and SI units.

    Returns dict of arrays ``time`` (T,); ``q``, ``u``, ``udot`` (T, C); ``com``, ``com_velocity``,
    ``com_acceleration`` (T, 3); ``angular_momentum``, ``angular_momentum_rate`` (T, B, 3) about the
    centre of mass; ``joint_moment``, ``joint_force`` (T, B, 3), of the parent on each segment at
    its joint; ``chain_moment`` (T, 3, 3), of left leg, right leg and upper body on the pelvis,
    about its centre of mass; ``foot_force``, ``foot_moment`` (T, 2, 3), left and right, about the
    ground's origin; ``cop`` (T, 2, 3) and ``free_moment`` (T, 2), NaN below 20 N; ``segments``,
    ``chains``, ``coordinates``: names.
    """
    truth, skeleton = run.truth, run.truth.gait.skeleton
    motion = truth.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    wrenches = joint_wrenches(skeleton, kinematics, truth.loads.external())
    loads = moved_loads(truth.loads, run.shift)
    cop, free_moment = loads.cop(THRESHOLD)
    q = motion.q.copy()
    q[:, [skeleton.coordinates.index(f"pelvis_t{axis}") for axis in "xyz"]] += run.shift
    return {
        "time": truth.gait_time - run.start,
        "q": q,
        "u": motion.u,
        "udot": motion.udot,
        "com": truth.com + run.shift,
        "com_velocity": truth.com_velocity,
        "com_acceleration": truth.com_acceleration,
        "angular_momentum": truth.momentum,
        "angular_momentum_rate": truth.momentum_rate,
        "joint_moment": wrenches.moment,
        "joint_force": wrenches.force,
        "chain_moment": _chain_moments(run),
        "foot_force": loads.force,
        "foot_moment": loads.moment,
        "cop": cop,
        "free_moment": free_moment,
        "segments": np.array(skeleton.bodies),
        "chains": np.array(list(CHAINS)),
        "coordinates": np.array(skeleton.coordinates),
    }


def _chain_moments(run: RecordedRun) -> FloatArray:
    """Moments on the pelvis by Newton and Euler for each chain as a whole: no recursion.

    ``W_k = M_ext,k − Σ [(c_i − c_p) × m_i (a_i − g) + dH_i/dt]`` about the pelvis's centre of mass.
    """
    truth, skeleton = run.truth, run.truth.gait.skeleton
    motion = truth.segments
    pelvis = motion.com[:, skeleton.bodies.index("pelvis")]
    weighed = motion.mass[:, None] * (motion.acceleration - skeleton.gravity)
    asked = cross(motion.com - pelvis[:, None], weighed) + motion.spin_rate
    moments = np.zeros((len(pelvis), len(CHAINS), 3))
    for place, first in enumerate(CHAINS.values()):
        members = skeleton.lineage[:, skeleton.bodies.index(first)]
        moments[:, place] = -asked[:, members].sum(axis=1)
        for foot, body in enumerate(FEET):
            if members[skeleton.bodies.index(body)]:
                force = truth.loads.force[:, foot]
                moments[:, place] += truth.loads.moment[:, foot] - cross(pelvis, force)
    return moments
