"""What is known about a virtual recording, as plain data for JSON and as arrays for npz."""

from __future__ import annotations

from typing import Any

import numpy as np

from aqbio.mechanics.multibody.dynamics import joint_wrenches
from aqbio.mechanics.multibody.kinematics import segment_kinematics
from aqbio.mechanics.vectors import FloatArray, cross
from aqbio.virtual.recordings.disturbances import DisturbanceTruth
from aqbio.virtual.recordings.laboratory import Laboratory
from aqbio.virtual.recordings.recording import RecordedRun, moved_loads
from aqbio.virtual.truth import FEET, contacts

THRESHOLD = 20.0
"""Vertical force at which events are known, N."""

CHAINS = {"leg_left": "femur_l", "leg_right": "femur_r", "upper_body": "torso"}
"""What hangs on the pelvis, by its first segment."""


def trial_truth(run: RecordedRun, laboratory: Laboratory) -> dict[str, Any]:
    """What is known about a run: events, loads, mean momenta; times from the first frame, s."""
    gait, truth = run.truth.gait, run.truth
    end = run.start + len(truth.gait_time) / laboratory.marker_rate
    seen = contacts(gait, run.start, end, THRESHOLD)
    events = []
    for one in seen:
        inside = (truth.gait_time >= one.rises) & (truth.gait_time <= one.falls)
        mean = truth.momentum[inside].mean(axis=0) if inside.any() else None
        events.append(
            {
                "foot": one.foot,
                "touchdown_s": one.rises - run.start,
                "toe_off_s": one.falls - run.start,
                "first_force_s": one.touchdown - run.start,
                "last_force_s": one.toe_off - run.start,
                "place_m": one.place + float(run.shift[0]),
                "peak_n": one.peak,
                "mean_momentum_kgm2ps": None
                if mean is None
                else dict(zip(gait.skeleton.bodies, mean.tolist(), strict=True)),
            }
        )
    return {
        "speed_mps": gait.timeline.speed,
        "drag_n": gait.drag,
        "shift_m": run.shift.tolist(),
        "threshold_n": THRESHOLD,
        "contacts": events,
        "contacts_on_plates": list(run.contacts_on_plates),
    }


def disturbance_truth(done: DisturbanceTruth) -> dict[str, Any]:
    """What was done to a recording."""
    moved = np.sqrt((done.soft_tissue**2).sum(axis=2).mean(axis=0))
    return {
        "soft_tissue_rms_m": moved.tolist(),
        "plate_offset_n": done.plate_offset.tolist(),
        "gaps": [list(gap) for gap in done.gaps],
        "swaps": [list(pair) for pair in done.swaps],
    }


def truth_arrays(run: RecordedRun) -> dict[str, FloatArray]:
    """Everything that is known at the markers' frames, on the runway, ground axes and SI units.

    Returns
    -------
    dict of arrays
        ``time`` (T,); ``q``, ``u``, ``udot`` (T, C); ``com``, ``com_velocity``,
        ``com_acceleration`` (T, 3); ``angular_momentum``, ``angular_momentum_rate`` (T, B, 3)
        about the centre of mass; ``joint_moment``, ``joint_force`` (T, B, 3), of the parent on
        each segment at its joint; ``chain_moment`` (T, 3, 3), of left leg, right leg and upper
        body on the pelvis, about its centre of mass; ``foot_force``, ``foot_moment`` (T, 2, 3),
        left and right, about the ground's origin; ``cop`` (T, 2, 3) and ``free_moment`` (T, 2),
        NaN below 20 N; ``segments``, ``chains``, ``coordinates``: names.
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
