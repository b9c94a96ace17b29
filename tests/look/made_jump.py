"""A jump from standing, on both feet at once, whose forces follow from the motion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.filters import low_pass
from aqbio.io.mot import write_storage
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY
from aqbio.vectors import cross
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import sprinter
from models.sprint.make_model import build_sprint_model
from tests.look.made_files import COLUMNS

RATE, MOTION_STRIDE = 1000.0, 5
TAKE_OFF_S, TAKE_OFF_SPEED = 1.2, 2.3
FLIGHT_S = 2.0 * TAKE_OFF_SPEED / GRAVITY
MIN_LOAD_N = 120.0
SWAYING = (
    "pelvis_list", "pelvis_rotation", "pelvis_tilt", "pelvis_tx", "pelvis_tz",
    "lumbar_extension", "lumbar_bending", "lumbar_rotation",
)  # fmt: skip
"""Coordinates that no person keeps still: files with constants were not measured."""


def _leg(skeleton: Skeleton) -> tuple[float, float, float]:
    """Length of thigh and shank, and height of the hip over the ankle, m, standing."""
    poses = segment_poses(skeleton, skeleton.coordinate_default[None])
    hip, knee, ankle = (
        poses.joint_centre[0, skeleton.bodies.index(f"{name}_r")]
        for name in ("femur", "tibia", "foot")
    )
    lengths = (
        float(np.linalg.norm(upper - lower)) for upper, lower in ((hip, knee), (knee, ankle))
    )
    return (*lengths, float(hip[1] - ankle[1]))


def _hip_height(time: np.ndarray, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Height of the hip over where the ankle stands, and length of the leg, m."""
    landing = TAKE_OFF_S + FLIGHT_S
    push = CubicSpline(
        [0, 0.3, 0.7, TAKE_OFF_S],
        high * np.array([0.995, 0.995, 0.75, 0.98]),
        bc_type=((1, 0.0), (1, TAKE_OFF_SPEED)),
    )
    land = CubicSpline(
        [landing, landing + 0.25, landing + 0.8, 3.0],
        high * np.array([0.98, 0.75, 0.97, 0.97]),
        bc_type=((1, -TAKE_OFF_SPEED), (1, 0.0)),
    )
    flown = time - TAKE_OFF_S
    air = high * 0.98 + TAKE_OFF_SPEED * flown - 0.5 * GRAVITY * flown**2
    in_air = (time >= TAKE_OFF_S) & (time < landing)
    height = np.where(time < TAKE_OFF_S, push(time), np.where(in_air, air, land(time)))
    return height, np.where(in_air, high * 0.98, height)


def write_jump(folder: Path, name: str = "V06") -> tuple[Path, Path, Path]:
    """Write model, coordinates and forces of a jump."""
    athlete = sprinter(name).athlete
    model, motion, forces = (folder / file for file in ("V06.osim", "jump.mot", "jump_grf.mot"))
    build_sprint_model(model, athlete.sex, mass=athlete.mass, stature=athlete.stature)
    skeleton = athlete_skeleton(athlete)
    names, time = skeleton.coordinates, np.arange(0.0, 3.0, 1.0 / RATE)
    q = np.tile(skeleton.coordinate_default, (len(time), 1))
    thigh, shank, high = _leg(skeleton)
    height, leg = _hip_height(time, high)
    cosine = (leg**2 - thigh**2 - shank**2) / (2.0 * thigh * shank)
    knee = np.arccos(np.clip(cosine, -1.0, 1.0))
    hip = np.arctan2(shank * np.sin(knee), thigh + shank * np.cos(knee))
    for side in "lr":
        for joint, angle in (
            ("hip_flexion", hip),
            ("knee_angle", knee),
            ("ankle_angle", knee - hip),
        ):
            q[:, names.index(f"{joint}_{side}")] = angle
        for joint in ("hip_adduction", "hip_rotation", "mtp_angle", "arm_flex", "arm_add"):
            q[:, names.index(f"{joint}_{side}")] += 0.01 * np.sin(7.0 * time)
    q[:, names.index("pelvis_ty")] += height - high
    for number, coordinate in enumerate(SWAYING):
        q[:, names.index(coordinate)] += 0.003 * np.sin((4.0 + number) * time)
    q = low_pass(q, RATE, 12.0)
    degrees = np.where(skeleton.coordinate_is_rotation, np.degrees(q), q)
    write_storage(motion, names, time[::MOTION_STRIDE], degrees[::MOTION_STRIDE], in_degrees=True)
    table = _forces(skeleton, time, q).reshape(len(time), -1)
    write_storage(forces, COLUMNS, time, table, in_degrees=False)
    return model, motion, forces


def _forces(skeleton: Skeleton, time: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Half of what the motion asks for under each foot, (T, 2, 3, 3)."""
    moved = spline_motion(skeleton, time, q)
    segments = segment_motion(skeleton, segment_kinematics(skeleton, moved.q, moved.u, moved.udot))
    com, _, acceleration = centre_of_mass(segments)
    force = skeleton.mass.sum() * (acceleration - skeleton.gravity)
    moment = angular_momentum_rate(segments, com, acceleration).sum(axis=1) + cross(com, force)
    loaded = (force[:, 1] > MIN_LOAD_N) & ~((time > TAKE_OFF_S) & (time < TAKE_OFF_S + FLIGHT_S))
    table = np.zeros((len(time), 2, 3, 3))
    poses = segment_poses(skeleton, skeleton.coordinate_default[None])
    for number, side in enumerate("lr"):
        table[:, number, 0] = 0.5 * force * loaded[:, None]
        table[:, number, 1, 0] = np.where(loaded, moment[:, 2] / np.maximum(force[:, 1], 1.0), 0.0)
        table[:, number, 1, 2] = poses.joint_centre[0, skeleton.bodies.index(f"foot_{side}"), 2]
        table[:, number, 2, 1] = 3.0 * np.sin(4.0 * time) * loaded
    return table
