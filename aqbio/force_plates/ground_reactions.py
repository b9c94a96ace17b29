"""Ground reactions as a laboratory reports them: force, centre of pressure, free moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.vectors import BoolArray, FloatArray, cross, dot


@dataclass(frozen=True, eq=False)
class Run:
    """A run as motion capture and force plates report it: model, motion and ground reactions."""

    skeleton: Skeleton
    time: FloatArray
    """(T,) array, s. Of `demo_run`, zero is the touchdown of a right foot."""
    q: FloatArray
    u: FloatArray
    udot: FloatArray
    """q, u, udot: (T, C) arrays. Coordinates of the skeleton, rad and m, with their rates."""
    feet: tuple[str, str]
    """tuple of 2 names. Segments that the ground acts on: left, right."""
    force: FloatArray
    """(T, 2, 3) array, N, ground. On the runner."""
    cop: FloatArray
    """(T, 2, 3) array, m, ground. NaN where the foot is in the air; a quotient by the vertical
    force, to be trusted from 20 N on."""
    free_moment: FloatArray
    """(T, 2) array, N m."""
    on_ground: BoolArray
    """(T, 2) bool array."""


def ground_reactions(
    bodies: Sequence[str], force: FloatArray, cop: FloatArray, free_moment: FloatArray
) -> tuple[ExternalLoad, ...]:
    """Loads on the feet.

    Parameters
    ----------
    bodies : sequence of F names
        The foot segments of the skeleton.
    force : (T, F, 3) array, N, ground
        On the runner.
    cop : (T, F, 3) array, m, ground
        Centre of pressure; NaN where the foot is not loaded.
    free_moment : (T, F) array, N m
        About the vertical through the centre of pressure; NaN where the foot is not loaded.

    Raises
    ------
    ValueError
        A force has no centre of pressure.

    Examples
    --------
    >>> force, cop = np.array([[[0.0, 700.0, 0.0]]]), np.array([[[0.2, 0.0, 0.1]]])
    >>> load, = ground_reactions(["foot_r"], force, cop, np.array([[5.0]]))
    >>> load.moment
    array([[0., 5., 0.]])
    """
    loaded = np.abs(force).max(axis=2) > 0
    for foot, body in enumerate(bodies):
        complete = np.isfinite(cop[:, foot]).all(axis=1) & np.isfinite(free_moment[:, foot])
        missing = int((loaded[:, foot] & ~complete).sum())
        if missing:
            raise ValueError(
                f"{body}: {missing} frames have a force but no centre of pressure or free moment."
            )
    moment = np.zeros_like(force)
    moment[..., 1] = np.where(loaded, free_moment, 0.0)
    point = np.where(loaded[..., None], cop, 0.0)
    return tuple(
        ExternalLoad(body, force[:, foot], moment[:, foot], point[:, foot])
        for foot, body in enumerate(bodies)
    )


def external_yaw_moment(
    force: FloatArray, cop: FloatArray, free_moment: FloatArray, com: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Moment of a ground reaction about the vertical through the centre of mass, in its two parts.

    Parameters
    ----------
    force : (..., 3) array, N, ground
    cop : (..., 3) array, m, ground
    free_moment : (...) array, N m
    com : (..., 3) array, m, ground
        Centre of mass of the whole body.

    Returns
    -------
    lever_arm, free : (...) arrays, N m
        Positive turns to the left.

    Notes
    -----
    ``M_y = (p_z − c_z) F_x − (p_x − c_x) F_z + T_y``.

    Examples
    --------
    Braking on the right of the centre of mass turns a runner to the right:

    >>> parts = external_yaw_moment(
    ...     np.array([-700.0, 2000.0, 0.0]), np.array([0.3, 0.0, 0.05]), np.array(8.0), np.zeros(3)
    ... )
    >>> [round(float(part), 6) for part in parts]
    [-35.0, 8.0]
    """
    arm = cop - com
    lever: FloatArray = arm[..., 2] * force[..., 0] - arm[..., 0] * force[..., 2]
    return lever, np.asarray(free_moment, dtype=np.float64)


BLEND_M = 0.010
"""The load passes from the foot to the toes between this distance behind and ahead of their joint,
m: the accuracy of markers, scaling and plates together."""

MIN_COP_FORCE_N = 20.0
"""Vertical force below which no centre of pressure is defined, N."""

SHARE_ERRORS = 40
"""Number of equally probable errors of a position over which a share's change is averaged."""

UP = np.array([0.0, 1.0, 0.0])


def shared_with_toes(
    loads: Sequence[ExternalLoad],
    skeleton: Skeleton,
    poses: SegmentPoses,
    toe_joints: Iterable[str],
    surface_height: float = 0.0,
) -> tuple[ExternalLoad, ...]:
    """Add the share that the toes carry to the loads of the feet.

    With the distance d of the centre of pressure ahead of the joint's axis, seen from above:
    ``s = x² (3 − 2 x)`` with ``x = (d / BLEND_M + 1) / 2`` between 0 and 1. The moment at the joint
    is then ``F d`` ahead of it and 0 behind it: the minimum for a foot that presses with
    the ball and the toes alone. A load on a foot without a toe joint, or whose toes do not turn,
    stays as it is.
    """
    turning = _turning_toes(skeleton, toe_joints)
    shared = []
    for load in loads:
        foot = skeleton.bodies.index(load.body)
        if foot not in turning:
            shared.append(load)
            continue
        toes, axis = turning[foot]
        ahead = _ahead(load, poses, foot, toes, axis, surface_height)
        share = toes_share(ahead)
        shared.append(replace(load, toes=skeleton.bodies[toes], share=share, ahead=ahead))
    return tuple(shared)


def _turning_toes(skeleton: Skeleton, toe_joints: Iterable[str]) -> dict[int, tuple[int, int]]:
    """Body of the toes and their axis of rotation, by body of the foot."""
    turning = {}
    for joint in toe_joints:
        toes, driver = skeleton.joints.index(joint), skeleton.driver
        free_rotations = (
            (skeleton.axes.body == toes) & skeleton.axes.is_rotation & (driver != FIXED)
        )
        axes = np.flatnonzero(free_rotations & np.isin(driver, skeleton.free))
        if len(axes):
            turning[int(skeleton.parent[toes])] = (toes, int(axes[0]))
    return turning


def toes_share(ahead: FloatArray) -> FloatArray:
    """Share of the toes, by how far the centre of pressure lies ahead of their joint, m."""
    x = np.clip(0.5 * (np.nan_to_num(ahead, nan=-1.0) / BLEND_M + 1.0), 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def toes_share_error(ahead: FloatArray, position: float) -> FloatArray:
    """Root mean square change of the share (T,) by errors of plates' ``position``, an sd in m."""
    errors = position * norm.ppf((np.arange(SHARE_ERRORS) + 0.5) / SHARE_ERRORS)
    changes = toes_share(ahead[:, None] + errors) - toes_share(ahead)[:, None]
    return np.asarray(np.sqrt((changes**2).mean(axis=1)))


def _ahead(
    load: ExternalLoad, poses: SegmentPoses, foot: int, toes: int, axis: int, height: float
) -> FloatArray:
    """(T,) m, by which pressure lies ahead of the toes' joint; NaN: the foot is hardly loaded."""
    about = np.broadcast_to(load.point, load.force.shape)
    cop, _ = centre_of_pressure(load.force, load.moment, about, height, MIN_COP_FORCE_N)
    ahead = cross(poses.axis_direction[:, axis], UP)
    ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    centre, ankle = poses.joint_centre[:, toes], poses.joint_centre[:, foot]
    pressed = np.isfinite(cop[:, 0])
    if not pressed.any():
        return np.full(len(cop), np.nan)
    # in swing toes may be behind the ankle: forward is defined by the foot on the ground
    ahead *= np.sign(np.median(dot(ahead, centre - ankle)[pressed]))
    return np.where(pressed, dot(cop - centre, ahead), np.nan)
