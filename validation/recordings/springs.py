"""Soft tissue as masses on springs and dampers that the motion of the bones drives.

Another kind of skin than waves of random phase (`aqbio.virtual.disturbances`), and apart from
everything that an estimator believes: what the markers show is the answer of a mechanical system,
integrated, to how its segment accelerates, turns and hangs. It rings after a contact, lags, repeats
as far as the steps do, and has the spectrum that comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.vectors import FloatArray, IntArray, cross, rotate
from aqbio.virtual.athlete import coarse_segment
from aqbio.virtual.disturbances import MARKERS_ON_BONE
from aqbio.virtual.recording import RecordedRun, VirtualRecording

NATURAL_HZ: Mapping[str, float] = {
    "pelvis": 9.0,
    "torso": 9.0,
    "femur": 10.0,
    "tibia": 20.0,
    "humerus": 14.0,
    "radius": 20.0,
}
"""Natural frequency of the soft tissue of each segment. Published ones are 8 to 20 Hz (thigh and
shank after impacts; Pain and Challis 2006, recalled); within that they are chosen so that thighs
move by 10 to 25 mm in a sprint. Feet have none."""
SPREAD = 0.15
"""Standard deviation of each mass's natural frequency along each axis, relative."""
DAMPING = (0.15, 0.35)
"""Between these shares of the critical one the damping is drawn."""
APART_M = 0.05
"""The two masses of a segment are so far in front of its centre of mass and behind it."""
GAIN = (0.6, 1.4)
"""Between these a marker moves, of what the masses under it do."""
STEP = 1e-3
"""Of the integration, s: 1/50 of the fastest period."""
SETTLED = 0.6
"""Before the first frame the masses swing for so long, s: what they began with is 1e-4 of itself at
9 Hz and the least damping, and less elsewhere."""


@dataclass(frozen=True, slots=True)
class Springs:
    """Skin and muscle as two masses of every segment, on springs and dampers."""

    size: float = 1.0
    """Share of their displacements that markers and momentum see."""


def sprung_tissue(
    run: RecordedRun, springs: Springs, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Displacement of every marker against its bone, and of each segment's soft masses.

    Returns markers (T, M, 3), m, ground axes A mean of the two masses of the segment, of weights
    and gains that are the marker's own. segments (T, B, 3), m, ground axes Mean of the two masses.
    Displacements are against where the masses hang in standing, when markers were put on. The bones
    swing as if nothing hung on them: what soft masses do to bones is of first order, and another
    matter (`validation.recordings.springs`).
    """
    recording, truth = run.recording, run.truth
    skeleton, bodies = truth.gait.skeleton, recording.bodies
    soft = [number for number, name in enumerate(bodies) if _segment(name) in NATURAL_HZ]
    body = np.repeat(soft, 2)
    position = skeleton.com[body] + APART_M * np.outer(np.tile([1.0, -1.0], len(soft)), [1, 0, 0])
    nominal = np.array([[NATURAL_HZ[_segment(bodies[segment])]] for segment in body])
    natural = 2.0 * np.pi * nominal * (1.0 + SPREAD * random.standard_normal((len(body), 3)))
    damping = 2.0 * natural * random.uniform(*DAMPING, natural.shape)
    ratio = max(round(1.0 / (recording.marker_rate * STEP)), 1)
    step = 1.0 / (recording.marker_rate * ratio)
    before = ratio * int(np.ceil(SETTLED * recording.marker_rate))
    count = 2 * (before + ratio * (len(truth.gait_time) - 1)) + 1
    time = truth.gait_time[0] + 0.5 * step * (np.arange(count) - 2 * before)
    moves = segment_kinematics(skeleton, *truth.gait.states(time))
    felt = felt_motion(moves, body, position, skeleton.gravity)
    displaced = displacements(step, natural**2, damping, felt)[before::ratio]
    displaced = springs.size * (displaced - skeleton.gravity / natural**2)
    pairs = displaced.reshape(len(displaced), len(soft), 2, 3)
    segments = np.zeros((len(displaced), len(bodies), 3))
    segments[:, soft] = pairs.mean(axis=2)
    markers = _under_markers(recording, soft, pairs, random)
    rotation = recording.rotation
    return rotate(rotation[:, recording.marker_body], markers), rotate(rotation, segments)


@dataclass(frozen=True, eq=False)
class FeltMotion:
    """Accelerations of masses on moving bones, in the axes of their segments, (N, W, 3) each."""

    acceleration: FloatArray
    """m/s². Of the place on the bone, less gravity."""
    turn: FloatArray
    turn_rate: FloatArray
    """turn, turn_rate: rad/s and rad/s². Of the segment."""


def felt_motion(
    moves: SegmentKinematics, body: IntArray, position: FloatArray, gravity: FloatArray
) -> FeltMotion:
    """Accelerations of W masses on some bodies at positions (W, 3) in their axes, m."""
    rotation, omega = moves.rotation[:, body], moves.angular_velocity[:, body]
    alpha, arm = moves.angular_acceleration[:, body], rotate(rotation, position + 0.0 * omega)
    acceleration = moves.acceleration[:, body] + cross(alpha, arm) + cross(omega, cross(omega, arm))
    back = rotation.swapaxes(-1, -2)
    return FeltMotion(
        rotate(back, acceleration - gravity), rotate(back, omega), rotate(back, alpha)
    )


def displacements(
    step: float, stiffness: FloatArray, damping: FloatArray, felt: FeltMotion
) -> FloatArray:
    """Displacements of masses on springs against their bones, segment axes.

    ``d'' = −k d − c d' − (a − g) − 2 Ω × d' − Ω' × d − Ω × (Ω × d)``.
    """

    def rate(sample: int, state: FloatArray) -> FloatArray:
        displacement, speed = state
        turn, turn_rate = felt.turn[sample], felt.turn_rate[sample]
        pull = -stiffness * displacement - damping * speed - felt.acceleration[sample]
        pull -= 2.0 * cross(turn, speed) + cross(turn_rate, displacement)
        pull -= cross(turn, cross(turn, displacement))
        return np.stack([speed, pull])

    first = -felt.acceleration[0] / stiffness
    state = np.stack([first, 0.0 * first])
    positions = [first]
    for sample in range(0, len(felt.acceleration) - 2, 2):
        slope_one = rate(sample, state)
        slope_two = rate(sample + 1, state + 0.5 * step * slope_one)
        slope_three = rate(sample + 1, state + 0.5 * step * slope_two)
        slope_four = rate(sample + 2, state + step * slope_three)
        state = state + step / 6.0 * (slope_one + 2.0 * (slope_two + slope_three) + slope_four)
        positions.append(state[0])
    return np.stack(positions)


def _under_markers(
    recording: VirtualRecording, soft: list[int], pairs: FloatArray, random: np.random.Generator
) -> FloatArray:
    """(T, M, 3) array, m, segment axes: what markers show of the masses of their segment."""
    names = [recording.bodies[segment] for segment in soft]
    count = len(recording.labels)
    front, gain = random.uniform(0.0, 1.0, count), random.uniform(*GAIN, count)
    shown = np.zeros((len(pairs), count, 3))
    for marker, label in enumerate(recording.labels):
        on = recording.bodies[recording.marker_body[marker]]
        carrier = coarse_segment(on) + (on[-2:] if on[-2:] in ("_l", "_r") else "")
        if carrier in names and label not in MARKERS_ON_BONE:
            masses = pairs[:, names.index(carrier)]
            mixed = front[marker] * masses[:, 0] + (1.0 - front[marker]) * masses[:, 1]
            shown[:, marker] = gain[marker] * mixed
    return shown


def _segment(body: str) -> str:
    return body.removesuffix("_r").removesuffix("_l")


# soft masses that move the bones ------------------------------------------------------------------


SOFT_SHARE: Mapping[str, float] = {
    "pelvis": 0.50,
    "torso": 0.50,
    "femur": 0.80,
    "tibia": 0.65,
    "humerus": 0.75,
    "radius": 0.60,
}
"""Share of a segment's mass that is not bone or bound to it (Gruber et al. 1998; Pain and Challis
2006; recalled, rounded; trunk and pelvis without ribs, head and what they hold)."""
CORRECTIONS = 4
"""Passes of the rotation's integral; each is 30 times nearer."""


@dataclass(frozen=True, eq=False)
class Wobbling:
    """Changes by soft masses, to first order in their displacements."""

    markers: FloatArray
    """(T, M, 3) array, m, ground. Displacement of the bones under every marker."""
    momentum: FloatArray
    rate: FloatArray
    """momentum, rate: (T, B, 3) arrays, kg m²/s and N m, ground. Change of each segment's angular
    momentum about the whole body's centre of mass, its soft mass included, and of the rate."""


def wobbling(run: RecordedRun, tissue: FloatArray) -> Wobbling:
    """Let soft masses move against their bones, and the bones give way.

    Nothing outside the body moves soft masses. Their displacements d with soft shares s therefore
    move the bones: by ``-D = -sum(m s d) / M``, so that the centre of mass stays, and by a rotation
    φ about it, ``J φ' + φ × H = -(ΔH - mean)``, so that the whole body's angular momentum changes
    by a constant only. The ground's forces stay what they are, in flight as in contact. ΔH is the
    momentum of ``s d - D``; squares of displacements, some 1e-3 kg m²/s, are neglected.
    """
    truth, skeleton = run.truth, run.truth.gait.skeleton
    segments, time = truth.segments, truth.gait_time
    mass = segments.mass
    share = [SOFT_SHARE.get(name.rsplit("_", 1)[0], 0.0) for name in segments.segments]
    moved = np.array(share)[:, None] * tissue
    moved = moved - (mass[:, None] * moved).sum(axis=1, keepdims=True) / mass.sum()
    arm = segments.com - truth.com[:, None]
    relative = mass[:, None] * (segments.velocity - truth.com_velocity[:, None])
    speed = CubicSpline(time, moved)(time, 1)
    soft = cross(moved, relative) + cross(arm, mass[:, None] * speed)
    rotation = run.recording.rotation
    segment_inertia = rotation @ skeleton.inertia @ rotation.swapaxes(-1, -2)
    square = (arm**2).sum(axis=-1)[..., None, None] * np.eye(3)
    inertia = segment_inertia + mass[:, None, None] * (
        square - arm[..., :, None] * arm[..., None, :]
    )
    angle, rate = _rotation(time, inertia.sum(axis=1), truth.momentum.sum(axis=1), soft.sum(axis=1))
    momentum = soft + cross(angle[:, None] + 0.0 * arm, truth.momentum)
    momentum = momentum + np.einsum("tbij,tj->tbi", inertia, rate)
    arm_of_marker = run.recording.markers - run.shift - truth.com[:, None]
    back = (moved - np.array(share)[:, None] * tissue)[:, :1]
    markers = cross(angle[:, None] + 0.0 * arm_of_marker, arm_of_marker) + back
    return Wobbling(markers, momentum, CubicSpline(time, momentum)(time, 1))


def _rotation(
    time: FloatArray, inertia: FloatArray, momentum: FloatArray, soft: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Rotation of the bones, and its speed, (T, 3) each, rad, ground; without a mean."""
    required = soft.mean(axis=0) - soft
    angle = np.zeros_like(soft)
    for _ in range(CORRECTIONS):
        speed = np.linalg.solve(inertia, (required - cross(angle, momentum))[..., None])[..., 0]
        angle = CubicSpline(time, speed).antiderivative()(time)
        angle = angle - angle.mean(axis=0)
    return angle, np.linalg.solve(inertia, (required - cross(angle, momentum))[..., None])[..., 0]
