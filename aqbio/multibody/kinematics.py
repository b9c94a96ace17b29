"""Velocities and accelerations of every segment, all frames of a trial at once.

After the poses (``poses.py``), velocities and accelerations are sums over all joint axes between
the ground and a body. ``u`` and ``udot`` are always the time derivatives of ``q``, also where
OpenSim has other speeds (ball and free joints). Locked coordinates keep their input values; those
of dependent ones are ignored and computed from their couplers.

References
----------
Featherstone R (2008) Rigid Body Dynamics Algorithms, Springer, chapters 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from aqbio.multibody.poses import (
    SegmentPoses,
    check_coordinates,
    chunks,
    join_frames,
    segment_poses,
    station_positions,
)
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray, FloatArray, combined, cross, of_parts, rotate, transpose


@dataclass(frozen=True, eq=False)
class SegmentKinematics(SegmentPoses):
    """Poses, velocities and accelerations of all segments."""

    q: FloatArray
    u: FloatArray
    udot: FloatArray
    """q, u, udot: (T, C) arrays. Source coordinates: rad or m, and per s and s²."""
    velocity: FloatArray
    acceleration: FloatArray
    """velocity, acceleration: (T, B, 3) arrays, m/s and m/s², ground. Of the origin of the body
    frame."""
    angular_velocity: FloatArray
    angular_acceleration: FloatArray
    """angular_velocity, angular_acceleration: (T, B, 3) arrays, rad/s and rad/s², ground."""


@dataclass(frozen=True, eq=False)
class SegmentMotion:
    """Motion of every segment's centre of mass, and its spin."""

    segments: tuple[str, ...]
    """tuple of B names."""
    mass: FloatArray
    """(B,) array, kg; (T, B) where frames have different bodies."""
    com: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    """com, velocity, acceleration: (T, B, 3) arrays, m, m/s and m/s², ground. Of the segment's
    centre of mass."""
    spin: FloatArray
    """(T, B, 3) array, kg m²/s, ground. Angular momentum about the segment's own centre of mass."""
    spin_rate: FloatArray
    """(T, B, 3) array, N m, ground. Its time derivative."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same frames and segments."""
        expected = (len(self.com), len(self.segments), 3)
        for name in ("com", "velocity", "acceleration", "spin", "spin_rate"):
            if (shape := getattr(self, name).shape) != expected:
                raise ValueError(
                    f"{name} has shape {shape}, expected (frames, segments, 3) = {expected}."
                )
        if self.mass.shape not in (expected[1:2], expected[:2]):
            raise ValueError(f"mass has shape {self.mass.shape}, expected {expected[1:2]}.")


def marker_positions(skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """(T, M, 3) m, ground: positions of the skeleton's markers."""
    body, station = skeleton.marker_body, skeleton.marker_position
    parts = [
        station_positions(segment_poses(skeleton, q[chunk]), body, station)
        for chunk in chunks(len(q))
    ]
    return np.concatenate(parts)


def segment_kinematics(
    skeleton: Skeleton,
    q: FloatArray,
    u: FloatArray,
    udot: FloatArray,
    *,
    simbody_compat: bool = False,
) -> SegmentKinematics:
    """Pose, velocity and acceleration of every segment.

    Parameters
    ----------
    q, u, udot : (T, C) arrays, rad or m, and per s and s²
    simbody_compat : bool
        Reproduce Simbody's defect in joints where one coordinate drives several rotations
        (docs/decisions/0004-simbody-walker-knee.md); for equality with OpenSim, never for science.
    """
    q, u = check_coordinates(skeleton, "q", q), check_coordinates(skeleton, "u", u)
    udot = check_coordinates(skeleton, "udot", udot)
    if not len(q) == len(u) == len(udot):
        raise ValueError(f"q, u and udot have {len(q)}, {len(u)} and {len(udot)} frames.")
    return join_frames([
        _kinematics(
            skeleton, segment_poses(skeleton, q[chunk]), (q[chunk], u[chunk], udot[chunk]),
            simbody_compat=simbody_compat,
        )
        for chunk in chunks(len(q))
    ])  # fmt: skip


def posed_kinematics(
    skeleton: Skeleton, poses: SegmentPoses, q: FloatArray, u: FloatArray, udot: FloatArray
) -> SegmentKinematics:
    """Velocity and acceleration of every segment, given their poses at q."""
    return join_frames([
        _kinematics(skeleton, poses.frames(chunk), (q[chunk], u[chunk], udot[chunk]))
        for chunk in chunks(len(q))
    ])  # fmt: skip


def segment_motion(skeleton: Skeleton, kinematics: SegmentKinematics) -> SegmentMotion:
    """Motion of the segments' centres of mass, and their spin.

    Notes
    -----
    With ``r`` from the body origin to the centre of mass ``v_c = v + ω × r`` and
    ``a_c = a + α × r + ω × (ω × r)``; the spin is ``I ω`` with ``I = R Î Rᵀ``, its rate
    ``I α + ω × I ω``.
    """
    rotation, omega = kinematics.rotation, kinematics.angular_velocity
    alpha = kinematics.angular_acceleration
    arm = rotate(rotation, skeleton.com)
    swirl = cross(omega, arm)
    spin = _inertia_times(skeleton.inertia, rotation, omega)
    return SegmentMotion(
        segments=skeleton.bodies,
        mass=skeleton.mass,
        com=kinematics.origin + arm,
        velocity=kinematics.velocity + swirl,
        acceleration=kinematics.acceleration + cross(alpha, arm) + cross(omega, swirl),
        spin=spin,
        spin_rate=_inertia_times(skeleton.inertia, rotation, alpha) + cross(omega, spin),
    )


def _inertia_times(inertia: FloatArray, rotation: FloatArray, vector: FloatArray) -> FloatArray:
    """``R Î Rᵀ v``."""
    return rotate(rotation, rotate(inertia, rotate(transpose(rotation), vector)))


def _kinematics(
    skeleton: Skeleton,
    poses: SegmentPoses,
    motion: tuple[FloatArray, FloatArray, FloatArray],
    *,
    simbody_compat: bool = False,
) -> SegmentKinematics:
    """Compute the kinematics of one chunk of frames.

    With e and θ the axes and amounts of all joints up to the body and ω_e the angular velocity
    that carries axis e, ``ω = Σ e θ'`` and ``α = Σ (e θ'' + ω_e × e θ')`` over rotations,
    ``v = Σ e θ' + Σ ω × d`` and ``a = Σ (e θ'' + 2 ω_e × e θ') + Σ (α × d + ω × (ω × d))`` over
    translations and over all offsets d fixed in segments on the way, from the origin of one to the
    joint centre of the next, and from a joint centre to the segment's own origin.
    """
    q, u, udot = motion
    sweep, thrust = _axis_motion(skeleton, poses, u, udot)
    lineage, axes = skeleton.lineage.astype(float), skeleton.axes
    shifts = lineage[:, axes.body] * ~axes.is_rotation
    turns = lineage[:, axes.body] - shifts
    omega = combined(turns, sweep)
    carriers = _carriers(skeleton, simbody_compat=simbody_compat).astype(float)
    convected = cross(combined(carriers, sweep), sweep)
    thrust += convected
    alpha = combined(turns, thrust)

    hangs, parent = skeleton.parent == GROUND, skeleton.parent
    w, dw = of_parts(omega, parent), of_parts(alpha, parent)
    w[:, hangs] = dw[:, hangs] = 0.0
    reach = poses.joint_centre - of_parts(poses.origin, parent)
    faster = cross(w, reach)
    push = cross(dw, reach) + cross(w, faster)
    for body in np.flatnonzero(~np.array(skeleton.at_joint)):
        arm = poses.origin[:, body] - poses.joint_centre[:, body]
        swirl = cross(omega[:, body], arm)
        faster[:, body] += swirl
        push[:, body] += cross(alpha[:, body], arm) + cross(omega[:, body], swirl)
    return SegmentKinematics(
        **{f.name: getattr(poses, f.name) for f in fields(poses)},
        q=q,
        u=u,
        udot=udot,
        velocity=combined(lineage, faster) + combined(shifts, sweep),
        acceleration=combined(lineage, push) + combined(shifts, thrust + convected),
        angular_velocity=omega,
        angular_acceleration=alpha,
    )


def _carriers(skeleton: Skeleton, *, simbody_compat: bool) -> BoolArray:
    """(A, A) bool: axis a is carried along by the rotation b."""
    axes, carriers = skeleton.axes, skeleton.precedes.T & skeleton.axes.is_rotation
    if simbody_compat:
        same_joint = axes.body[:, None] == axes.body
        carriers = np.where(same_joint, axes.simbody_carriers, carriers)
    return carriers


def _axis_motion(
    skeleton: Skeleton, poses: SegmentPoses, u: FloatArray, udot: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Speed and acceleration along or about every axis, ``e θ'`` and ``e θ''``, (T, A, 3).

    ``θ' = g' u`` and ``θ'' = g' udot + g'' u²`` with the axis's function g.
    """
    speed = u[:, skeleton.driver]
    first = poses.axis_gradient * speed
    second = poses.axis_gradient * udot[:, skeleton.driver] + poses.axis_curvature * speed**2
    return poses.axis_direction * first[..., None], poses.axis_direction * second[..., None]
