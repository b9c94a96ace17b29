"""Tuning of gait parameters: a developer's tool that made the presets of the gait library.

Deterministic: a bounded number of steps of a least-squares solver, no random numbers, no clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from aqbio.multibody.dynamics import generalised_forces, joint_wrenches
from aqbio.multibody.kinematics import (
    SegmentKinematics,
    SegmentMotion,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.names import GRAVITY
from aqbio.vectors import BoolArray, FloatArray
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.gait import evaluated
from aqbio.virtual.truth import ground_loads
from validation.gaits import collocation
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.legs import SPEEDS, USUAL
from validation.gaits.parameters import (
    SCALARS,
    SWING,
    SWING_POINTS,
    GaitParameters,
    flat,
    reference_speed,
    steady,
    unflat,
)

# measures -----------------------------------------------------------------------------------------


STRIDE_SAMPLES = 80
SWING_LEG = ("femur_l", "tibia_l", "foot_l", "toes_l")


@dataclass(frozen=True, eq=False)
class GaitMeasures:
    """How one stride of a gait looks, from a right touchdown on.

    Attributes
    ----------
    stride : (T,) array
        0 to 1, without the end.
    angles : dict of (T,) arrays, degrees
        All coordinates.
    torso_yaw, torso_lean : (T,) arrays, degrees
        Heading of the thorax (left is positive) and its lean (forward is positive).
    force : (n, 3) array, body weights
        Of the right contact, at the nodes.
    free_moment : (n,) array, N m
    slip : (3,) array, m
        Largest distance of the ankle from its path along x and y, and its range along z.
    reach : float
        Longest leg in a contact, share of its full length.
    clearance : float, m
        Lowest height of the toes in swing.
    moments : dict of (T,) arrays, N m/kg
        Generalised forces of the coordinates.
    side_ratio : float
        Logarithm of the RMS angular momentum about the vertical of push leg, arms and torso over
        that of the swing leg, in the right contact.
    """

    stride: FloatArray
    angles: dict[str, FloatArray]
    torso_yaw: FloatArray
    torso_lean: FloatArray
    force: FloatArray
    free_moment: FloatArray
    slip: FloatArray
    reach: float
    clearance: float
    moments: dict[str, FloatArray]
    side_ratio: float


def gait_measures(solved: SolvedGait) -> GaitMeasures:
    """Look at the first stride of a gait."""
    gait = solved.gait
    line, skeleton = gait.timeline, gait.skeleton
    stride = np.arange(STRIDE_SAMPLES) / STRIDE_SAMPLES
    duration = float(line.step[:2].sum())
    time = stride * duration
    q, u, udot = gait.states(time)
    kinematics = segment_kinematics(skeleton, q, u, udot)
    names = skeleton.coordinates
    mass = gait.athlete.mass
    segments = segment_motion(skeleton, kinematics)
    tau = _joint_moments(solved, time, kinematics, segments)
    torso = kinematics.rotation[:, skeleton.bodies.index("torso")]
    swing = (time > line.contact[0] + 0.1 * line.flight[0]) & (
        time < duration - 0.1 * line.flight[1]
    )
    toes = kinematics.origin[swing, skeleton.bodies.index("toes_r"), 1]
    return GaitMeasures(
        stride=stride,
        angles=dict(zip(names, np.degrees(q).T, strict=True)),
        torso_yaw=np.degrees(np.arctan2(-torso[:, 2, 0], torso[:, 0, 0])),
        torso_lean=np.degrees(np.arctan2(torso[:, 0, 1], torso[:, 1, 1])),
        force=solved.forces.force[0] / (mass * GRAVITY),
        free_moment=solved.forces.free_moment[0],
        slip=_slip(solved, time, kinematics),
        reach=solved.reach,
        clearance=float(toes.min()),
        moments=dict(zip(names, tau.T / mass, strict=True)),
        side_ratio=_side_ratio(segments, time <= float(line.contact[0])),
    )


def _side_ratio(segments: SegmentMotion, contact: BoolArray) -> float:
    com, velocity, _ = centre_of_mass(segments)
    about = angular_momentum(segments, com, velocity)[contact, :, 1]
    swing = [name in SWING_LEG for name in segments.segments]
    push = [
        not leg and name != "pelvis" for leg, name in zip(swing, segments.segments, strict=True)
    ]
    sides = [about[:, chosen].sum(axis=1) for chosen in (push, swing)]
    return float(np.log(np.linalg.norm(sides[0]) / np.linalg.norm(sides[1])))


def _joint_moments(
    solved: SolvedGait, time: FloatArray, kinematics: SegmentKinematics, segments: SegmentMotion
) -> FloatArray:
    skeleton = solved.gait.skeleton
    loads = ground_loads(solved.gait, time, segments)
    wrenches = joint_wrenches(skeleton, kinematics, loads.external())
    return generalised_forces(skeleton, kinematics, wrenches)


def _slip(solved: SolvedGait, time: FloatArray, kinematics: SegmentKinematics) -> FloatArray:
    gait = solved.gait
    contact = float(gait.timeline.contact[0])
    on = (time > 0.02 * contact) & (time < 0.98 * contact)
    path = collocation.coefficients_of(solved.foot.ankle[:1])
    step = np.zeros(int(on.sum()), dtype=np.int64)
    foot = evaluated(path, step, time[on] / contact, gait.timeline.contact[:1], 0)
    ankle = kinematics.origin[on, gait.skeleton.bodies.index("foot_r")]
    error = ankle - foot
    return np.array([*np.abs(error[:, :2]).max(axis=0), np.ptp(error[:, 2])])


# targets ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Targets:
    """How a gait at one speed shall look; the angles of the swing leg are in `swing.py`.

    Attributes
    ----------
    hip, knee, ankle : 3-tuples, degrees
        At touchdown, mid-contact and toe-off.
    forward : float
        Peak of the forward force, body weights.
    contact_m : float
        Speed times contact time.
    flight_s : float
        From `FLIGHT`.
    broad : float
        Shape of the vertical force.
    """

    hip: tuple[float, ...]
    knee: tuple[float, ...]
    ankle: tuple[float, ...]
    forward: float
    contact_m: float
    broad: float
    flight_s: float = np.nan


SIDE_RATIO = -0.12
"""Wanted `GaitMeasures.side_ratio` at every speed: arms and torso do not quite balance both legs,
equally so at all speeds, as the classical world (W0) of the demo says."""

TARGETS = {
    3.5: Targets((24, 10, -15), (16, 42, 20), (-2, 27, -12), 0.38, 0.83, 0.8),
    9.5: Targets((40, 16, -18), (28, 44, 22), (0, 27, -26), 0.80, 1.064, 1.7),
}
"""Between the published bands for sprinting and what elite sprinters show."""


FLIGHT = {3.5: 0.131, 5.0: 0.142, 7.0: 0.140, 9.5: 0.113}
"""Flight times, s, by speed: longest at middle speeds, where steps lengthen; above, they quicken
(Dorn 2012, J Exp Biol 215:1944). With `TARGETS` the stance's mean force is Weyand and Davis'
(2005, J Exp Biol 208:2625) within 0.1 body weights up to 7 m/s."""


def targets(speed: float) -> Targets:
    """Targets at any speed of the reference body, number by number between those given."""
    slow, fast = sorted(TARGETS)
    share = (speed - slow) / (fast - slow)
    low, high = TARGETS[slow], TARGETS[fast]

    def mixed(name: str) -> tuple[float, ...]:
        pair = np.array([getattr(low, name), getattr(high, name)])
        return tuple((pair[0] + share * (pair[1] - pair[0])).tolist())

    def between(name: str) -> float:
        first = float(getattr(low, name))
        return first + share * (float(getattr(high, name)) - first)

    return Targets(
        hip=mixed("hip"),
        knee=mixed("knee"),
        ankle=mixed("ankle"),
        forward=between("forward"),
        contact_m=between("contact_m"),
        flight_s=float(np.interp(speed, list(FLIGHT), list(FLIGHT.values()))),
        broad=between("broad"),
    )


def first_guess(speed: float) -> GaitParameters:
    """Where tuning starts: the durations of the targets, a little less contact, no deviations."""
    wanted = targets(speed)
    return GaitParameters(
        contact_s=0.92 * wanted.contact_m / speed,
        flight_s=wanted.flight_s,
        early=0.5,
        broad=wanted.broad,
    )


SWEEPS = 6
"""Sweeps of a gait while it is tuned."""

STEP: dict[str, float] = {
    "hip_height_m": 0.015,
    "toe_out_deg": 2.0,
    "swing_adduction_deg": 2.0,
    "pitch_toe_off_deg": 6.0,
    "pitch_touchdown_deg": 3.0,
    "sole_radius_m": 0.015,
    "arm_amplitude": 0.1,
    "arm_phase": 0.2,
    "arm_adduction_deg": 6.0,
    "lean_deg": 2.0,
    "tilt_deg": 2.0,
    "yaw_deg": 2.0,
    "yaw_phase": 0.3,
    "list_deg": 1.5,
    "list_phase": 0.3,
    "twist_deg": 4.0,
    "twist_phase": 0.3,
    "bend_deg": 2.0,
    "bend_phase": 0.4,
    "momentum_x": 0.6,
    "momentum_y": 0.6,
    "momentum_z": 1.5,
    "tilt_swing_deg": 1.0,
    "foot_beside_m": 0.01,
    "braking": 0.04,
    "cop_start_m": 0.008,
    "cop_end_m": 0.012,
    "contact_s": 0.003,
    "swing_hip_deg": 4.0,
    "swing_knee_deg": 4.0,
    "swing_ankle_deg": 4.0,
}
"""What is tuned, and the size of a moderate change."""

PULL = 0.15
"""Weight of moderate changes: ties between targets go to the start."""
NUDGE = 1e-3
"""Change that gives the slopes; gaits are smooth to about 1e-9."""

ARMS = ("arm_amplitude", "arm_phase", "arm_adduction_deg")
"""Left alone when the arms are restricted."""


def tuned(
    athlete: Athlete,
    speed: float,
    start: GaitParameters,
    *,
    steps: int = 12,
    restricted: bool = False,
    report: Callable[[str], None] | None = None,
) -> GaitParameters:
    """Parameters whose gait looks as it should, near given ones."""
    moved = tuned_sizes(restricted=restricted)
    base = flat(start)
    reference = reference_speed(athlete, speed)

    def parameters(x: FloatArray) -> GaitParameters:
        numbers = base.copy()
        numbers[moved[0]] += x * moved[1]
        return unflat(numbers)

    def misses(x: FloatArray) -> FloatArray:
        given = parameters(x)
        solved = generated_gait(steady(athlete, speed, given), sweeps=SWEEPS)
        return np.concatenate((gait_misses(solved, reference, given), PULL * x))

    def slopes(x: FloatArray) -> FloatArray:
        here = misses(x)
        if report is not None:
            report(f"cost {here @ here:.2f}")
        return np.stack([(misses(x + NUDGE * unit) - here) / NUDGE for unit in np.eye(len(x))], 1)

    found = least_squares(misses, np.zeros(len(moved[0])), jac=slopes, max_nfev=steps)
    return parameters(found.x)


def tuned_sizes(*, restricted: bool) -> tuple[FloatArray, FloatArray]:
    """Places of the tuned numbers in the flat row, and their sizes."""
    names = flat_names()
    chosen = [
        (index, STEP[name])
        for index, name in enumerate(names)
        if name in STEP and not (restricted and name in ARMS)
    ]
    return np.array([i for i, _ in chosen], dtype=np.int64), np.array([s for _, s in chosen])


def flat_names() -> list[str]:
    """Name of every number in the flat row of parameters."""
    return [*SCALARS, *(name for name in SWING for _ in SWING_POINTS)]


def gait_misses(solved: SolvedGait, speed: float, given: GaitParameters) -> FloatArray:
    """What a gait misses of its targets, in units of a tolerable miss."""
    wanted = targets(speed)
    measures = gait_measures(solved)
    athlete = solved.gait.athlete
    line = solved.gait.timeline
    parts = [
        _angle_misses(measures, speed, float(line.contact[0] / line.step[:2].sum())),
        _force_misses(measures, wanted, athlete.mass),
        _range_misses(measures),
        _moment_misses(measures),
        1e3 * measures.slip * np.array([0.12, 0.12, 0.12]),
        _beyond(np.array([measures.reach]), 0.0, 0.985, 0.002),
        _beyond(np.array([measures.clearance]), 0.03, 1.0, 0.01),
        _beyond(np.array([given.foot_beside_m]), 0.02, 0.075, 0.01),
        _beyond(np.array([given.cop_start_m, given.cop_end_m]), -0.02, 0.055, 0.006),
        _beyond(np.array([given.sole_radius_m]), 0.005, 0.06, 0.005),
        np.array([(speed * given.contact_s / wanted.contact_m - 1.0) / 0.02]),
    ]
    if given.arm_amplitude > 0.0:
        parts.append(np.array([(measures.side_ratio - SIDE_RATIO) / 0.02]))
    return np.concatenate(parts)


def _angle_misses(measures: GaitMeasures, speed: float, contact: float) -> FloatArray:
    wanted = targets(speed)
    places = np.array([0.0, contact / 2.0, contact, *SWING_POINTS])
    sizes = np.array([5.0, 5.0, 5.0, 9.0, 9.0, 8.0, 8.0, 7.0])
    misses = []
    for name, goal in (
        ("hip_flexion", wanted.hip),
        ("knee_angle", wanted.knee),
        ("ankle_angle", wanted.ankle),
    ):
        usual = [float(np.interp(speed, SPEEDS, column)) for column in USUAL[name].T]
        curve = np.interp(places, measures.stride, measures.angles[f"{name}_r"], period=1.0)
        misses.append((curve - np.array([*goal, *usual])) / sizes)
    knee, ankle = measures.angles["knee_angle_r"], measures.angles["ankle_angle_r"]
    misses += [
        _beyond(np.array([knee.min()]), 6.0, 200.0, 3.0),
        _beyond(np.array([ankle.min()]), -38.0, 0.0, 3.0),
        _beyond(np.array([ankle.max()]), 0.0, 34.0, 3.0),
    ]
    return np.concatenate(misses)


def _force_misses(measures: GaitMeasures, wanted: Targets, mass: float) -> FloatArray:
    forward, sideways = measures.force[:, 0], measures.force[:, 2]
    peak = wanted.forward
    return np.concatenate(
        (
            _beyond(np.array([forward.max()]), 0.7 * peak, 1.05 * peak, 0.06),
            _beyond(np.array([-forward.min()]), 0.7 * peak, 1.15 * peak, 0.06),
            _beyond(sideways, -0.25, 0.25, 0.1),
            _beyond(measures.free_moment * 75.0 / mass, -12.0, 12.0, 6.0),
        )
    )


def _range_misses(measures: GaitMeasures) -> FloatArray:
    def width(curve: FloatArray) -> FloatArray:
        return np.array([np.ptp(curve)])

    angles = measures.angles
    return np.concatenate(
        (
            _beyond(width(angles["pelvis_tilt"]), 0.0, 8.0, 2.0),
            _beyond(width(angles["pelvis_list"]), 5.0, 11.0, 1.5),
            _beyond(width(angles["pelvis_rotation"]), 8.0, 16.0, 2.0),
            _beyond(width(measures.torso_yaw), 8.0, 23.0, 3.0),
            _beyond(width(measures.torso_lean), 0.0, 8.0, 2.0),
            _beyond(np.array([measures.torso_lean.mean()]), 4.0, 9.0, 2.0),
        )
    )


MOMENT_LIMITS = {
    "hip_flexion_r": 5.0,
    "knee_angle_r": 3.5,
    "ankle_angle_r": 4.2,
    "hip_adduction_r": 2.5,
    "hip_rotation_r": 1.0,
    "lumbar_extension": 5.0,
    "lumbar_bending": 2.0,
    "lumbar_rotation": 1.2,
}
"""Joint moments above which a gait is not that of a human, N m/kg."""


def _moment_misses(measures: GaitMeasures) -> FloatArray:
    peaks = np.array([np.abs(measures.moments[name]).max() for name in MOMENT_LIMITS])
    return _beyond(peaks / np.array(list(MOMENT_LIMITS.values())), 0.0, 1.0, 0.25)


def _beyond(values: FloatArray, low: float, high: float, size: float) -> FloatArray:
    """How far values lie outside a band, in units of ``size``."""
    outside: FloatArray = (np.maximum(values - high, 0.0) - np.maximum(low - values, 0.0)) / size
    return outside
