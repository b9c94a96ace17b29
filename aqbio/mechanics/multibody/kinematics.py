"""Velocities and accelerations of every segment, all frames of a trial at once.

After the poses (``poses.py``), two more passes from the ground outwards, one body after another,
each over all frames: velocities from ``u``, accelerations from ``udot``. ``u`` and ``udot`` are
always the time derivatives of ``q``, also where OpenSim has other speeds (ball and free joints).
Locked coordinates keep what is given for them; for dependent ones it is ignored and computed from
their couplers.

References
----------
Featherstone R (2008) Rigid Body Dynamics Algorithms, Springer, chapters 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from aqbio.mechanics.multibody.poses import (
    SegmentPoses,
    checked,
    chunks,
    joined,
    segment_poses,
    station_positions,
)
from aqbio.mechanics.multibody.skeleton import GROUND, Skeleton
from aqbio.mechanics.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    cross,
    of_frames,
    rotate,
    transpose,
)


@dataclass(frozen=True, eq=False)
class SegmentKinematics(SegmentPoses):
    """How every segment moves; where it is, see :class:`SegmentPoses`."""

    q: FloatArray
    u: FloatArray
    udot: FloatArray
    """q, u, udot: (T, C) arrays. What it was computed from: rad or m, and per s and s²."""
    velocity: FloatArray
    acceleration: FloatArray
    """velocity, acceleration: (T, B, 3) arrays, m/s and m/s², ground. Of the origin of the body
    frame."""
    angular_velocity: FloatArray
    angular_acceleration: FloatArray
    """angular_velocity, angular_acceleration: (T, B, 3) arrays, rad/s and rad/s², ground."""

    def frames(self, chosen: slice) -> SegmentKinematics:
        """The same for some of the frames (views, no copies)."""
        return SegmentKinematics(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def picked(self, chosen: BoolArray | IntArray) -> SegmentKinematics:
        """The same for any of the frames (copies, time contiguous)."""
        return SegmentKinematics(
            **{f.name: of_frames(getattr(self, f.name), chosen) for f in fields(self)}
        )


@dataclass(frozen=True, eq=False)
class SegmentMotion:
    """Motion of every segment's centre of mass, and its spin."""

    segments: tuple[str, ...]
    """tuple of B names."""
    mass: FloatArray
    """(B,) array, kg; (T, B) where every frame is of another body."""
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
    """Positions of the skeleton's markers.

    Parameters
    ----------
    q : (T, C) array, rad or m

    Returns
    -------
    (T, M, 3) array, m, ground
    """
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
    q, u = checked(skeleton, "q", q), checked(skeleton, "u", u)
    udot = checked(skeleton, "udot", udot)
    if not len(q) == len(u) == len(udot):
        raise ValueError(f"q, u and udot have {len(q)}, {len(u)} and {len(udot)} frames.")
    return joined(
        [
            _kinematics(skeleton, q[chunk], u[chunk], udot[chunk], simbody_compat=simbody_compat)
            for chunk in chunks(len(q))
        ]
    )


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
    skeleton: Skeleton, q: FloatArray, u: FloatArray, udot: FloatArray, *, simbody_compat: bool
) -> SegmentKinematics:
    """One chunk of frames.

    From the parent P to the body, ``d`` from P's origin to the joint centre and ``r`` from there
    to the body's origin, e and θ the joint's axes and amounts:
    ``ω = ω_P + Σ e θ'`` (rotations), ``v = v_P + ω_P × d + Σ e θ' (translations) + ω × r``,
    ``α = α_P + Σ (e θ'' + ω_e × e θ')`` with ω_e the angular velocity that carries axis e, and
    ``a = a_P + α_P × d + ω_P × (ω_P × d + 2 Σ e θ') + Σ e θ'' + α × r + ω × (ω × r)``.
    """
    poses = segment_poses(skeleton, q)
    sweep, thrust = _axis_motion(skeleton, poses, u, udot)
    shape = poses.origin.shape
    velocity, acceleration = np.empty(shape, order="F"), np.empty(shape, order="F")
    omega, alpha = np.empty(shape, order="F"), np.empty(shape, order="F")
    still = np.zeros((len(q), 3), order="F")
    for body, parent in enumerate(skeleton.parent):
        hangs = parent == GROUND
        w, dw = (still, still) if hangs else (omega[:, parent], alpha[:, parent])
        v, dv = (still, still) if hangs else (velocity[:, parent], acceleration[:, parent])
        reach = poses.joint_centre[:, body] - (still if hangs else poses.origin[:, parent])
        swirl = cross(w, reach)
        v, dv = v + swirl, dv + cross(dw, reach)
        for axis in skeleton.translations[body]:
            v = v + sweep[:, axis]
            dv = dv + thrust[:, axis]
            swirl = swirl + 2.0 * sweep[:, axis]
        dv = dv + cross(w, swirl)
        omega[:, body], alpha[:, body] = w, dw
        for axis in skeleton.rotations[body]:
            carried = omega[:, body]
            if simbody_compat:
                carried = w + sweep[:, skeleton.axes.simbody_carriers[axis]].sum(axis=1)
            alpha[:, body] += thrust[:, axis] + cross(carried, sweep[:, axis])
            omega[:, body] += sweep[:, axis]
        velocity[:, body], acceleration[:, body] = v, dv
        if not skeleton.at_joint[body]:
            arm = poses.origin[:, body] - poses.joint_centre[:, body]
            swirl = cross(omega[:, body], arm)
            velocity[:, body] += swirl
            acceleration[:, body] += cross(alpha[:, body], arm) + cross(omega[:, body], swirl)
    return SegmentKinematics(
        **{f.name: getattr(poses, f.name) for f in fields(poses)},
        q=q,
        u=u,
        udot=udot,
        velocity=velocity,
        acceleration=acceleration,
        angular_velocity=omega,
        angular_acceleration=alpha,
    )


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
