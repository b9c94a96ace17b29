"""What a recording would be worth: intervals of angular momentum before it and after it.

What is not known of a body's inertia (centres of mass, masses, sizes) makes angular momentum
unsure, and nearly linearly so. A posture held still on force plates puts the whole body's centre of
mass over the centre of pressure: two linear conditions on the same unknowns. Both together give the
interval that would be left, before anybody records anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.mechanics.intervals.inertia_draws import InertiaSpread
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.mechanics.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.mechanics.multibody.poses import SegmentPoses, segment_poses
from aqbio.mechanics.multibody.skeleton import GROUND, Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray, axis_rotation, rotate

STEP = 1e-3
"""Of the differences, m or relative: momentum is of second order in centres of mass, of which
central differences are exact, and nearly so in masses."""


Direction = tuple[float, float, float]
"""Forward, up, to the right."""

FORWARD: Direction = (1.0, 0.0, 0.0)
RIGHT: Direction = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """A part turned about the centre of its joint, as seen standing upright and facing forward."""

    joint: str
    """As the model's map calls it, ``hip_left``; empty for the whole body."""
    axis: Direction
    degrees: float


@dataclass(frozen=True, slots=True)
class Posture:
    """A posture that somebody can hold still for five seconds on force plates."""

    words: str
    turns: tuple[Turn, ...] = ()


def _arms(axis: Direction, right: float, left: float) -> tuple[Turn, Turn]:
    return Turn("shoulder_right", axis, right), Turn("shoulder_left", axis, left)


POSTURES = (
    Posture("standing upright"),
    Posture("arms out to both sides", _arms(FORWARD, -90.0, 90.0)),
    Posture("arms held forward", _arms(RIGHT, 90.0, 90.0)),
    Posture("right leg held out to the side", (Turn("hip_right", FORWARD, -40.0),)),
    Posture("left leg held out to the side", (Turn("hip_left", FORWARD, 40.0),)),
    Posture("right leg held straight ahead", (Turn("hip_right", RIGHT, 60.0),)),
    Posture("left leg held straight ahead", (Turn("hip_left", RIGHT, 60.0),)),
    Posture("trunk bent forward", (Turn("lumbar", RIGHT, -50.0),)),
    Posture("trunk bent to the right", (Turn("lumbar", FORWARD, 25.0),)),
    Posture("trunk bent to the left", (Turn("lumbar", FORWARD, -25.0),)),
    Posture("lying on the back, on a board", (Turn("", RIGHT, 90.0),)),
    Posture("lying on the side, on a board", (Turn("", FORWARD, 90.0),)),
)
"""From upright standing: right-handed turns about axes of the room."""


def held(skeleton: Skeleton, joints: Mapping[str, str], posture: Posture) -> SegmentPoses | None:
    """Poses of all segments in a posture, one frame; None where the model has not its joints.

    Parameters
    ----------
    joints : mapping
        The model's joint by the map's name.
    """
    poses = segment_poses(skeleton, skeleton.coordinate_default[None])
    rotation, origin = poses.rotation.copy(), poses.origin.copy()
    for turn in posture.turns:
        moved, centre = np.ones(len(skeleton.bodies), dtype=bool), np.zeros(3)
        if turn.joint:
            if turn.joint not in joints:
                return None
            body = skeleton.joints.index(joints[turn.joint])
            moved, centre = _beyond(skeleton, body), poses.joint_centre[0, body]
        about = axis_rotation(np.array(turn.axis), np.radians([turn.degrees]))
        origin[:, moved] = centre + rotate(about, origin[:, moved] - centre)
        rotation[:, moved] = about[:, None] @ rotation[:, moved]
    return replace(poses, rotation=rotation, origin=origin)


def _beyond(skeleton: Skeleton, body: int) -> FloatArray:
    """(B,) bool: a body and all that hang on it."""
    moved = np.zeros(len(skeleton.bodies), dtype=bool)
    moved[body] = True
    for number, parent in enumerate(skeleton.parent):
        moved[number] |= parent != GROUND and moved[parent]
    return moved


def standing_slopes(skeleton: Skeleton, poses: SegmentPoses) -> FloatArray:
    """How the horizontal place of the whole centre of mass hangs on a body's inertia, (2, 5 B).

    By centres of mass (segment axes, m), logarithms of masses (the whole mass is weighed, and
    stays), and of sizes, which do nothing.
    """
    share = skeleton.mass / skeleton.mass.sum()
    centres = np.swapaxes(share[:, None, None] * np.swapaxes(poses.rotation[0], 1, 2), 0, 1)
    points = (poses.origin + rotate(poses.rotation, skeleton.com))[0]
    masses = (share[:, None] * (points - share @ points)).T
    by_axis = centres.transpose(2, 1, 0).reshape(3, -1)
    return np.asarray(np.concatenate((by_axis, masses, 0.0 * masses), axis=1)[[0, 2]])


def momentum_slopes(skeleton: Skeleton, moves: SegmentKinematics, axis: int = 1) -> FloatArray:
    """How every segment's angular momentum about the centre of mass hangs on the body's inertia.

    Parameters
    ----------
    moves : SegmentKinematics
        Of T frames.
    axis : int
        Of the ground; 1 is the vertical.

    Returns
    -------
    (T, B, 5 B) array, kg m²/s
        By the unknowns of :func:`standing_slopes`; sizes are logarithms of radii of gyration.
    """
    bodies = len(skeleton.bodies)
    columns = []
    for number in range(3 * bodies):
        com = np.zeros((bodies, 3))
        com[np.unravel_index(number, com.shape)] = STEP
        pair = [replace(skeleton, com=skeleton.com + sign * com) for sign in (1.0, -1.0)]
        columns.append(_difference(pair, moves, axis))
    for both in (True, False):
        for number in range(bodies):
            factor = np.zeros(bodies)
            factor[number] = STEP
            pair = [_heavier(skeleton, sign * factor, masses=both) for sign in (1.0, -1.0)]
            columns.append(_difference(pair, moves, axis))
    return np.stack(columns, axis=-1)


def _heavier(skeleton: Skeleton, factor: FloatArray, *, masses: bool) -> Skeleton:
    """A body with heavier segments of the same whole mass, or with larger ones."""
    if not masses:
        return replace(skeleton, inertia=skeleton.inertia * (1.0 + 2.0 * factor)[:, None, None])
    grown = skeleton.mass * (1.0 + factor)
    scale = skeleton.mass.sum() / grown.sum() * (1.0 + factor)
    return replace(
        skeleton, mass=skeleton.mass * scale, inertia=skeleton.inertia * scale[:, None, None]
    )


def _difference(pair: Sequence[Skeleton], moves: SegmentKinematics, axis: int) -> FloatArray:
    found = []
    for one in pair:
        motion = segment_motion(one, moves)
        com, velocity, _ = centre_of_mass(motion)
        found.append(angular_momentum(motion, com, velocity)[..., axis])
    return np.asarray((found[0] - found[1]) / (2.0 * STEP))


def believed(spread: InertiaSpread, twin: IntArray, centres: FloatArray) -> FloatArray:
    """Covariance of all unknowns of a body's inertia, (5 B, 5 B).

    Parameters
    ----------
    spread : InertiaSpread
        Of masses and sizes.
    twin : (B,) int array
        From :func:`~.inertia_draws.twins`.
    centres : (3 B, 3 B) array, m²
        Of the centres of mass, segment axes.
    """
    bodies = np.arange(len(twin))
    alike = np.eye(len(twin))
    alike[bodies, twin] += np.where(twin == bodies, 0.0, spread.side_correlation)
    whole = np.zeros((5 * len(twin), 5 * len(twin)))
    cut = 3 * len(twin), 4 * len(twin)
    whole[: cut[0], : cut[0]] = centres
    whole[cut[0] : cut[1], cut[0] : cut[1]] = spread.mass**2 * alike
    # Of a moment of inertia two of the three independent sizes have half of it each.
    whole[cut[1] :, cut[1] :] = spread.size**2 / 2.0 * alike
    return whole


def recorded(covariance: FloatArray, rows: FloatArray, sd: float) -> FloatArray:
    """What is left of a covariance when some linear numbers were measured to a deviation.

    Parameters
    ----------
    covariance : (P, P) array
    rows : (N, P) array
        Slopes of the numbers.
    sd : float
        Of each, independent.

    Examples
    --------
    >>> recorded(np.eye(1), np.ones((1, 1)), 1.0)
    array([[0.5]])
    """
    cross = covariance @ rows.T
    noise = sd**2 * np.eye(len(rows))
    left: FloatArray = covariance - cross @ np.linalg.solve(rows @ cross + noise, cross.T)
    return left
