"""Numbers of the demo study's steps, from solved gaits and the athletes' own bodies alone.

A step of a gait comes again every ten steps, so that the ten of its pattern are all that were
recorded. No filter, marker or recorded force comes in: coordinates are evaluated where they are
asked for, forces are what Newton and Euler leave over, and impulses are changes of momentum.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from aqbio.multibody.dynamics import newton_euler
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import segment_poses
from aqbio.names import GRAVITY
from aqbio.stats.step_numbers import momentum_numbers
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import Gait
from aqbio.virtual.truth import RunTruth, run_truth
from validation.true_contacts import TrueContact, contacts

if TYPE_CHECKING:
    import pandas as pd

SAMPLES = 101
"""Of a contact, and of a flight."""

THRESHOLD = 20.0
"""Vertical force at which events are taken, N."""

LEG, ARM = ("femur", "tibia", "foot", "toes"), ("humerus", "radius", "hand")
TORSO = ("torso", "head", "clavicle_r", "clavicle_l")

SAGITTAL = {
    "push_index": ("hip_flexion", "knee_angle", "ankle_angle"),
    "swing_index": ("hip_flexion", "knee_angle"),
}
"""Coordinates whose moments drive the push leg, and the swing leg."""

SUFFIX = {"left": "_l", "right": "_r"}
OPPOSITE = {"left": "right", "right": "left"}


def roles(foot: str) -> dict[str, tuple[str, ...]]:
    """Segments by role in a contact, in the order of `aqbio.names.ROLE_GROUPS`."""
    push, swing = SUFFIX[foot], SUFFIX[OPPOSITE[foot]]
    return {
        "push_leg": tuple(name + push for name in LEG),
        "swing_leg": tuple(name + swing for name in LEG),
        "arms": tuple(name + side for side in (push, swing) for name in ARM),
        "torso": TORSO,
        "pelvis": ("pelvis",),
    }


def pattern_contacts(gait: Gait) -> list[TrueContact]:
    """The contacts of a gait's pattern, and the one after them."""
    in_pattern = contacts(gait, 1e-6, gait.timeline.period + 1e-6, THRESHOLD)
    if len(in_pattern) != len(gait.timeline) + 1:
        raise ValueError(f"{len(in_pattern)} contacts in {len(gait.timeline)} steps.")
    return in_pattern


def between(start: float, end: float, samples: int = SAMPLES) -> FloatArray:
    """Instants from one to the other, both included."""
    return np.linspace(start, end, samples)


def true_steps(gait: Gait) -> pd.DataFrame:
    """Numbers of every step of a gait's pattern, as `aqbio.stats.evidence.Evidence` has them.

    Returns (N,) rows: momenta and moments in units of the body; ``contact_speed_mps`` is the
    mean speed of the contact alone, which a step without a recorded end has.
    """
    import pandas as pd

    in_pattern = pattern_contacts(gait)
    return pd.DataFrame(
        [
            {"step": number + 1, **_numbers(gait, contact, following)}
            for number, (contact, following) in enumerate(pairwise(in_pattern))
        ]
    )


def _numbers(gait: Gait, contact: TrueContact, following: TrueContact) -> dict[str, object]:
    start, end, last = contact.rises, contact.falls, following.rises
    stance = run_truth(gait, between(start, end))
    athlete = gait.athlete
    moment = athlete.mass * GRAVITY * athlete.stature
    momentum = athlete.mass * athlete.stature * np.sqrt(GRAVITY * athlete.stature)
    ends = run_truth(gait, np.array([start, end, last]))
    force = stance.loads.force.sum(axis=1)
    forward, turn = ends.com[:, 0], ends.momentum[..., 1].sum(axis=1)
    vertical = role_momenta(stance, contact.foot)[None] / momentum
    return {
        "side": contact.foot,
        "contact_s": end - start,
        "flight_s": last - end,
        "speed_mps": (forward[2] - forward[0]) / (last - start),
        "contact_speed_mps": (forward[1] - forward[0]) / (end - start),
        "hub_share": hub_share(ends, contact.foot),
        "yaw_impulse": abs(turn[2] - turn[0]) / momentum,
        "lateral_ratio": _mean(np.abs(force[:, 2])) / _mean(np.linalg.norm(force, axis=1)),
        "lag": lag(gait, contact, last),
        "yaw_range_shoulders": shoulder_range(gait, start, last),
        **moment_indices(stance, contact.foot, moment),
        **{name: float(series[0]) for name, series in momentum_numbers(vertical).items()},
    }


def _mean(curve: FloatArray) -> float:
    return float(np.trapezoid(curve, between(0.0, 1.0)))


def role_momenta(truth: RunTruth, foot: str) -> FloatArray:
    """Angular momentum about the vertical by role, (T, G), of a right contact or its mirror image.

    A mirror that swaps the sides turns it round.
    """
    bodies, sign = truth.gait.skeleton.bodies, 1.0 if foot == "right" else -1.0
    return sign * np.stack(
        [
            truth.momentum[:, [bodies.index(name) for name in names], 1].sum(axis=1)
            for names in roles(foot).values()
        ],
        axis=1,
    )


def hub_share(ends: RunTruth, foot: str) -> float:
    """Share of swing leg, arms and torso in the vertical impulse, relative to the pelvis.

    ``Σ m Δ(v − v_pelvis) / (m Δv_com + m g T)``: the integrals of accelerations, in closed form.
    """
    segments, bodies = ends.segments, ends.gait.skeleton.bodies
    upward = segments.velocity[..., 1] - segments.velocity[:, [bodies.index("pelvis")], 1]
    gained = segments.mass * (upward[1] - upward[0])
    members = roles(foot)
    names = [name for role in ("swing_leg", "arms", "torso") for name in members[role]]
    rise = ends.com_velocity[1, 1] - ends.com_velocity[0, 1]
    duration = ends.gait_time[1] - ends.gait_time[0]
    impulse = segments.mass.sum() * (rise + GRAVITY * duration)
    return float(gained[[bodies.index(name) for name in names]].sum() / impulse)


def moment_indices(stance: RunTruth, foot: str, unit: float) -> dict[str, float]:
    """Root of the mean summed squares of both legs' sagittal moments."""
    skeleton, motion = stance.gait.skeleton, stance.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    tau = newton_euler(skeleton, kinematics, stance.loads.external()) / unit
    sides = {"push_index": SUFFIX[foot], "swing_index": SUFFIX[OPPOSITE[foot]]}
    return {
        index: float(
            np.sqrt(
                sum(_mean(tau[:, skeleton.coordinates.index(name + side)] ** 2) for name in names)
            )
        )
        for (index, names), side in zip(SAGITTAL.items(), sides.values(), strict=True)
    }


def lag(gait: Gait, contact: TrueContact, last: float) -> float:
    """Time from the peak of vertical force to the peak of the swing leg's momentum over the step's.

    The nearer of the peaks before and after, share of the step; NaN where the swing leg's is an end
    of the step.
    """

    def force(time: FloatArray) -> FloatArray:
        upward: FloatArray = gait.centre_of_mass(time)[2][:, 1]
        return upward

    def swing(time: FloatArray) -> FloatArray:
        size: FloatArray = np.abs(role_momenta(run_truth(gait, time), contact.foot)[:, 1])
        return size

    peaks = [
        _peak(signal, between(contact.rises, end))
        for signal, end in ((swing, last), (force, contact.falls))
    ]
    away = (peaks[0] - peaks[1]) / (last - contact.rises)
    return float((away + 0.5) % 1.0 - 0.5)


def shoulder_range(gait: Gait, start: float, end: float) -> float:
    """From the least to the greatest angle of the line of shoulders about the vertical, rad."""
    centres, joints = _centres(gait, between(start, end, 201)), gait.skeleton.joints
    line = centres[:, joints.index("shoulder_r")] - centres[:, joints.index("shoulder_l")]
    return float(np.ptp(np.unwrap(np.arctan2(-line[:, 2], line[:, 0]))))


def _centres(gait: Gait, time: FloatArray) -> FloatArray:
    """Joint centres, (T, J, 3), m."""
    q, u, udot = gait.states(time)
    return segment_kinematics(gait.skeleton, q, u, udot).joint_centre


def _peak(signal: Callable[[FloatArray], FloatArray], time: FloatArray) -> float:
    """Instant at which a signal is largest: by finer and finer samples, then by parabola."""
    for _ in range(2):
        largest = int(signal(time).argmax())
        if largest in (0, len(time) - 1):
            return float("nan")
        time = between(time[largest - 1], time[largest + 1], 21)
    square, slope, _ = np.polyfit(time - time[10], signal(time), 2)
    return float(time[10] - slope / (2.0 * square))


# postures -----------------------------------------------------------------------------------------


def true_postures(gait: Gait, contact: TrueContact, following: TrueContact) -> dict[str, float]:
    """Measures of posture of a step, from joint centres of the analytic motion."""
    instants = np.concatenate(
        [[contact.rises, contact.falls], between(contact.rises, following.rises, 401)]
    )
    centres, com = _centres(gait, instants), gait.centre_of_mass(instants)[0]

    def point(joint: str, side: str) -> FloatArray:
        return centres[:, gait.skeleton.joints.index(f"{joint}{side}")]

    sides = {"push": SUFFIX[contact.foot], "swing": SUFFIX[OPPOSITE[contact.foot]]}
    angles: dict[str, float] = {}
    for leg, side in sides.items():
        along = point("knee", side) - point("hip", side)
        angle = np.pi / 2.0 + np.angle(along[:, 0] + 1j * along[:, 1])
        angle = (angle + np.pi) % (2.0 * np.pi) - np.pi
        angles |= {
            f"thigh_angle_{leg}_touchdown_rad": angle[0],
            f"thigh_angle_{leg}_toe_off_rad": angle[1],
        }
        angles[f"thigh_range_{leg}_rad"] = angle[2:].max() - angle[2:].min()
        rate = np.diff(angle[2:]) / np.diff(instants[2:])
        angles[f"thigh_speed_{leg}_radps"] = float((rate if leg == "swing" else -rate).max())
    knees = {leg: point("knee", side)[0, 0] for leg, side in sides.items()}
    trunk = sum(point("shoulder", side)[0] - point("hip", side)[0] for side in SUFFIX.values())
    push, swing = sides["push"], sides["swing"]
    shin = point("ankle", push)[0] - point("knee", push)[0]
    sole = point("mtp", push)[0] - point("ankle", push)[0]
    joints, coordinates = gait.skeleton.joints, list(gait.skeleton.coordinates)
    upright = segment_poses(gait.skeleton, np.zeros((1, len(coordinates)))).joint_centre[0]
    flat = upright[joints.index(f"mtp{push}")] - upright[joints.index(f"ankle{push}")]
    tilt = float(np.angle((sole[0] + 1j * sole[1]) / (flat[0] + 1j * flat[1])))
    ankle = gait.states(instants)[0][0, coordinates.index(f"ankle_angle{push}")]
    return angles | {
        "shin_angle_touchdown_rad": float(np.arctan2(shin[0], -shin[1])),
        "foot_angle_touchdown_rad": tilt,
        "ankle_angle_touchdown_rad": float(ankle),
        "knee_height_swing_m": (point("knee", swing) - point("hip", swing))[2:, 1].max(),
        "heel_recovery_swing_m": np.linalg.norm(
            (point("ankle", swing) - point("hip", swing))[2:], axis=1
        ).min(),
        "knee_separation_touchdown_m": knees["swing"] - knees["push"],
        "swing_knee_ahead_touchdown_m": knees["swing"] - com[0, 0],
        "touchdown_distance_m": point("ankle", sides["push"])[0, 0] - com[0, 0],
        "trunk_lean_touchdown_rad": float(np.arctan2(trunk[0], trunk[1])),
    }
