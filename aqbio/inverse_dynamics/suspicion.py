"""Faults that a fit must not absorb, recognised by its results.

One moving trial cannot reveal three of them: plates that are all shifted along the run look like a
clock offset, a gain of the plates looks like another body mass, and a wrong sign of a small free
moment (below 10 N m) is within the tolerance of the fit. Trials at a second speed, and the static
trial's weight and centre of mass over its centre of pressure, reveal the first two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from aqbio.body.draws import twins
from aqbio.errors import distinct
from aqbio.inverse_dynamics.balance import Balance, centre_shifts
from aqbio.inverse_dynamics.fit import TrialFit, fit_trial
from aqbio.inverse_dynamics.observations import GroundWrench
from aqbio.inverse_dynamics.parameters import (
    ARMS,
    CENTRES,
    CLOCK,
    COMPLIANCE,
    DRAG,
    FEET,
    LEGS,
    MASS,
    MAX_CENTRE_SHIFT_SD,
    PELVIS,
    SLIDE,
    ParameterEstimate,
    Runner,
    frames_per_observation,
)
from aqbio.inverse_dynamics.stances import Standing, planted_contacts
from aqbio.inverse_dynamics.sudden import better_than_plain, sudden_change
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.names import AXES, GRAVITY
from aqbio.vectors import BoolArray, FloatArray, cross


def segment_displacements(fit: TrialFit, frames: BoolArray) -> dict[str, float]:
    """RMS marker displacement by segment, m, over frames (T,) bool: from start to fit."""
    skeleton, moved = fit.runner.skeleton, fit.markers_moved(fit.observations.start)[frames]
    carrier = skeleton.marker_body[fit.observations.marker_index]
    return {
        skeleton.bodies[body]: float(np.sqrt(np.nanmean(moved[:, carrier == body] ** 2)))
        for body in np.unique(carrier[np.isfinite(moved).any(axis=0)])
    }


def added_slip(fit: TrialFit) -> float:
    """Horizontal slip of the planted forefoot beyond that of the plain motion, m.

    Largest over the measured contacts; NaN without any, and on a belt, whose motion is unknown
    here.
    """
    observations, slips = fit.observations, [np.nan]
    if observations.drag:
        positions = [fit.solver.recorded_markers(q) for q in (observations.plain.q, fit.motion.q)]
        for _, frames, forefoot in planted_contacts(fit.runner, observations):
            ends = np.flatnonzero(frames)[[0, -1]]
            slides = [
                np.diff(markers[ends][:, forefoot].mean(axis=1), axis=0)[0] for markers in positions
            ]
            plain, fitted = (float(np.hypot(slide[0], slide[2])) for slide in slides)
            slips.append(fitted - plain)
    return float(np.nanmax(slips)) if len(slips) > 1 else float("nan")


def largest_centre_shift(runner: Runner, values: Mapping[str, float]) -> tuple[str, float]:
    """Segment and axis of the largest shift of a centre of mass, in prior standard deviations."""
    prior = np.sqrt(np.diag(runner.centre_covariance)).reshape(-1, 3)
    shift = np.abs(centre_shifts(runner, values))
    displacement = np.divide(shift, prior, out=np.zeros_like(shift), where=prior > 0.0)
    segment, axis = np.unravel_index(int(displacement.argmax()), displacement.shape)
    return f"{runner.skeleton.bodies[segment]} along {'xyz'[axis]}", float(displacement.max())


def excess_mass_share(fit: TrialFit) -> float:
    """Relative excess of the mass supported by the vertical force over the model's mass."""
    frames, skeleton = fit.measured, fit.skeleton
    motion = fit.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    _, _, acceleration = centre_of_mass(segment_motion(skeleton, kinematics))
    up = -skeleton.gravity / np.linalg.norm(skeleton.gravity)
    lifted = float(((acceleration - skeleton.gravity) @ up)[frames].mean())
    later = fit.observations.time[frames] + fit.values.get(CLOCK, 0.0)
    force, _ = fit.observations.wrench.at(later)
    return float((force @ up).mean() / lifted / fit.runner.skeleton.mass.sum() - 1.0)


def distance_nearer_other_foot(fit: TrialFit, loads: Sequence[ExternalLoad]) -> float:
    """Distance by which the centre of pressure is nearer to another loaded segment, m.

    Median over the frames with more than half the body weight; NaN without two loads.
    """
    if len(loads) < 2:
        return float("nan")
    kinematics = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    bodies = [fit.skeleton.bodies.index(load.body) for load in loads]
    foot = kinematics.origin[:, bodies][:, :, [0, 2]]
    heavy = 0.5 * fit.skeleton.mass.sum() * float(np.linalg.norm(fit.skeleton.gravity))
    nearer = []
    for index, load in enumerate(loads):
        loaded = np.nan_to_num(load.force[:, 1]) > heavy
        force = load.force[loaded]
        point = np.broadcast_to(load.point, load.force.shape)[loaded]
        moment = load.moment[loaded] + cross(point, force)
        cop = np.stack([moment[:, 2], -moment[:, 0]], axis=1) / force[:, 1:2]
        distance = np.linalg.norm(foot[loaded] - cop[:, None], axis=2)
        nearer.append(distance[:, index] - np.delete(distance, index, axis=1).min(axis=1))
    excess = np.concatenate(nearer)
    return float(np.median(excess)) if len(excess) else float("nan")


def _rms(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((values**2).mean(axis=0)))


MIN_COP_FORCE_N = 100.0
"""Minimum vertical force for a usable centre of pressure."""

MAX_RISE_ERROR = 0.2
"""Relative error of the rise of the cost after one Gauss-Newton step: 0.1 % for free moments as in
running, 8 % for ten times that."""


WrenchChange = Callable[[GroundWrench], GroundWrench]


def _with_signs(force: tuple[int, int, int], moment: tuple[int, int, int]) -> WrenchChange:
    """Return a function that multiplies components of force and moment by signs."""
    return lambda wrench: replace(
        wrench, force=np.asarray(force) * wrench.force, moment=np.asarray(moment) * wrench.moment
    )


def reverse_free_moment(wrench: GroundWrench) -> GroundWrench:
    """Reverse the free moment; forces and centres of pressure stay.

    Of the sum over all plates: right in single support, on a surface of any height: moving p along
    the force changes ``n_y − [p × F]_y = n · F / F_y`` by nothing.
    """
    force, moment = wrench.force, wrench.moment
    loaded = force[:, 1] > MIN_COP_FORCE_N
    divisor = np.where(loaded, force[:, 1], 1.0)
    along, across = moment[:, 2] / divisor, -moment[:, 0] / divisor
    of_force = across * force[:, 0] - along * force[:, 2]
    flipped = moment.copy()
    flipped[:, 1] -= 2.0 * np.where(loaded, moment[:, 1] - of_force, 0.0)
    return replace(wrench, moment=flipped)


SIGN_CHANGES: Mapping[str, tuple[str, WrenchChange]] = MappingProxyType(
    {
        "force_sign": ("of all forces and moments", _with_signs((-1, -1, -1), (-1, -1, -1))),
        "force_x_sign": ("of the fore-aft force", _with_signs((-1, 1, 1), (1, 1, 1))),
        "force_z_sign": ("of the sideways force", _with_signs((1, 1, -1), (1, 1, 1))),
        "moment_y_sign": ("of the moment about the vertical", _with_signs((1, 1, 1), (1, -1, 1))),
        "free_moment_sign": ("of the free moment", reverse_free_moment),
    }
)
"""Text and function of possible sign errors of the wrench, by cause; each is its own inverse."""


def remaining_excess(fit: TrialFit) -> dict[str, float]:
    """Share of the disagreement (cost over the markers' alone) that remains with forces reversed.

    Small where this is the fault, about one or more where it is not. Each change is fitted with
    free parameters.
    """
    parameters, weights = fit.solver.parameters, fit.weights
    unreversed = fit_trial(fit.runner, fit.observations, weights, parameters)
    excess = max(unreversed.cost[-1] - unreversed.cost_markers_only, 1e-12)
    remaining = {}
    for name, (_, flip_signs) in SIGN_CHANGES.items():
        observations = replace(fit.observations, wrench=flip_signs(fit.observations.wrench))
        reversed_fit = fit_trial(fit.runner, observations, weights, parameters)
        remaining[name] = (reversed_fit.cost[-1] - reversed_fit.cost_markers_only) / excess
    return remaining


def free_moment_gain(fit: TrialFit) -> float:
    """Fall of the cost with the free moment reversed, in independent observations.

    A free moment is small, and its wrong sign makes no fit suspect; the gain is negative where the
    sign is right. Where the linearised equations show that the motion cannot compensate for the
    reversed moment, the result is ``bᵀ A⁻¹ b`` less the rise of the cost.
    """
    solver, observations = fit.linearised(), fit.observations
    frames, balance = frames_per_observation(observations.rate), solver.point.balance
    flipped = replace(observations, wrench=reverse_free_moment(observations.wrench))
    reversed_balance = Balance(
        fit.runner,
        balance.values,
        balance.kinematics,
        flipped.wrench,
        flipped.time[solver.measured],
        drags=flipped.drag,
    )
    costs = [
        float(((equations.residual.rows / solver.sigma) ** 2).sum())
        for equations in (balance, reversed_balance)
    ]
    pull = solver.downhill(replace(solver.point, balance=reversed_balance))[0]
    rise = costs[1] - costs[0]
    gain = float(pull @ solver.factor.solve(pull)) - rise
    if gain + MAX_RISE_ERROR * rise < 0.0:
        return gain / frames
    refitted = fit_trial(fit.runner, flipped, fit.weights, solver.parameters, fit.values, fit)
    return (fit.cost[-1] - refitted.cost[-1]) / frames


MAX_MARKERS_MOVED_M = 0.008
"""RMS distance of the body's markers between this fit and one to the markers alone: as large as
soft-tissue artefact (8.8 mm over the table of weights, 5 to 14 mm). Sound runs stay below 4 mm,
JA1's sprint at 4 to 7; a force or moment whose sign is wrong about one axis takes 7 to 57. The
*growth* of the marker error does not measure it: the same 6 mm add 0.8 mm to an error of 17 and 1.7
mm to one of 10."""

MAX_RESIDUAL_FORCE_BW = 0.06
"""RMS of a residual component that no sound recording reached: 4 % in sprints, more than 7 % with
each fault of sign or mass."""

MAX_RESIDUAL_MOMENT_NM = 25.0
"""RMS of a residual component: 17 in a sprint with a model of light legs, more than 30 about one
axis with faults of sign that leave the markers in place."""

MAX_EXCESS_MASS = 0.04
"""Relative difference between the mass supported by the vertical force and the model's: 1 % in
sound recordings, and plates are accurate to 1 to 2 %."""

MAX_REVERSED_SHARE = 0.5
"""A change of sign after which less than this share of the disagreement remains is the fault: 0.02
to 0.2 where it was, 0.9 and more where it was not."""

MIN_FREE_MOMENT_GAIN = 1.0
"""A free moment whose reversal lowers the cost by more than this many independent observations has
the wrong sign. Where it was right, the gain was negative in all 12 trials."""

MAX_STATIC_DISTANCE_M = 0.010
"""Distance of the centre of mass from the centre of pressure in quiet standing after a session's
fit: 2 mm in sound sessions; 9 to 12 mm where all plates were shifted by 20 mm and only the torso
adapts."""

MAX_UNFITTED_STATIC_DISTANCE_M = 0.018
"""The same before the fit: 4 and 6 mm in sound sessions, 16 to 24 mm where all plates were shifted
by 20 mm. Centres of mass that may be elsewhere take most of such a shift, so
that after the fit 4 to 7 mm are left of it."""

MAX_NEARER_OTHER_FOOT_M = 0.10
"""Distance by which the centre of pressure may be nearer to the other foot."""

MAX_SOFT_TISSUE_RATIO = 2.0
"""RMS distance of a segment's markers from inverse kinematics over the usual soft-tissue artefact
of its class: about the 95 % quantile (10 mm at the foot, 28 mm at the thigh)."""

MAX_SIDE_DIFFERENCE_M = 0.008
"""Difference between both sides' displacements: 4 mm at most in fits of sound recordings; 11 mm
where persistent marker errors turned hip motion into soft-tissue artefact of the thigh."""

MAX_ADDED_SLIP_M = 0.006
"""Slip of a planted forefoot beyond that of the plain motion: 1.5 mm in fits of sound recordings; 8
and 17 mm in JA1's sprint with persistent marker errors."""

CHECK_BODY = "check sizes and masses of the body, signs and axes of the plates, and the clocks."
CORRECT_SIGNS = "correct the signs of the plates' channels or the laboratory axes."


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Reason not to use a fit."""

    cause: str
    what: str
    """One sentence with the number and its limit."""
    number: float
    limit: float
    unit: str
    fix: str


def find_suspicions(fit: TrialFit, loads: Sequence[ExternalLoad] = ()) -> tuple[Suspicion, ...]:
    """Find reasons not to use a fit, given the loads of its feet.

    A suspect fit is repeated with forces reversed, any other one with the free moment reversed. A
    wrong sign or side explains all other suspicions.
    """
    nearer = distance_nearer_other_foot(fit, loads)
    statement = (
        f"the centre of pressure is {_mm(nearer, MAX_NEARER_OTHER_FOOT_M)} nearer to the other foot"
    )
    fix = "check which foot each plate's force is given to, and the labels of the feet."
    foot = tuple(
        _suspicion_above_limit("foot", statement, nearer, MAX_NEARER_OTHER_FOOT_M, "m", fix)
    )
    causes = (
        *_parameter_suspicions(fit.estimates),
        *_mass_suspicions(fit),
        *_residual_suspicions(fit),
        *_motion_suspicions(fit, loads),
    )
    if foot or causes:
        return (*_sign_suspicions(fit), *foot) or causes
    gain = free_moment_gain(fit)
    statement = (
        "with the sign of the free moment flipped, motion and forces agree better by "
        f"{gain:.1f} independent observations"
    )
    limit = MIN_FREE_MOMENT_GAIN
    return tuple(
        _suspicion_above_limit(
            "free_moment_sign", statement, gain, limit, "observations", CORRECT_SIGNS
        )
    )


def static_suspicions(standing: Mapping[str, Standing]) -> tuple[Suspicion, ...]:
    """Suspicion of a whole session from its static trials: the one farthest beyond its limit."""
    suspicions: list[Suspicion] = []
    for name, distances in standing.items():
        for body, way, limit in (
            ("fitted", distances.fitted, MAX_STATIC_DISTANCE_M),
            ("given", distances.given, MAX_UNFITTED_STATIC_DISTANCE_M),
        ):
            distance = float(np.linalg.norm(way))
            statement = (
                f"in the static trial {name} the centre of mass of the {body} body is "
                f"{_mm(distance, limit)} from the centre of pressure"
            )
            fix = "check the plates' corners and origins, the static trial and the scaled masses."
            suspicions += _suspicion_above_limit("static", statement, distance, limit, "m", fix)
    return tuple(sorted(suspicions, key=lambda suspicion: suspicion.limit / suspicion.number)[:1])


def _mm(number: float, limit: float) -> str:
    return f"{distinct(1e3 * number, 1e3 * limit)} mm"


def _suspicion_above_limit(
    cause: str, statement: str, number: float, limit: float, unit: str, fix: str
) -> Iterator[Suspicion]:
    """Yield a suspicion where a number is larger than its limit."""
    if number > limit:
        limit_text = f"{1e3 * limit:.0f} mm" if unit == "m" else f"{limit:.0f}"
        if unit in ("relative", "body weights"):
            limit_text = f"{limit:.0%}"
        sentence = f"{statement}, more than {limit_text}{' N m' if unit == 'N m' else ''}."
        yield Suspicion(cause, sentence, number, limit, unit, fix)


def _sign_suspicions(fit: TrialFit) -> Iterator[Suspicion]:
    """Suspicion of forces that agree better with reversed signs."""
    remaining = remaining_excess(fit)
    cause = min(remaining, key=lambda way: remaining[way])
    if (share := remaining[cause]) < MAX_REVERSED_SHARE:
        sentence = (
            f"with the sign {SIGN_CHANGES[cause][0]} flipped, {share:.0%} of the disagreement "
            f"between motion and forces remains, less than {MAX_REVERSED_SHARE:.0%}."
        )
        yield Suspicion(cause, sentence, share, MAX_REVERSED_SHARE, "relative", CORRECT_SIGNS)


PARAMETER_CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        CLOCK: (
            "clock",
            "check the synchronisation of cameras and plates, and the plates' position.",
        ),
        MASS: ("mass", "check the body mass, the plates' gains and the model's mass."),
        LEGS: ("leg_mass", "check the scaled masses of the legs; another table may fit."),
        PELVIS: ("pelvis_mass", "check the scaled masses of the trunk."),
        FEET: ("leg_mass", "check the scaled masses of the feet; shoes may be heavy."),
        ARMS: ("arm_mass", "check the scaled masses of the arms."),
        SLIDE: ("soft_tissue", "look at the markers of the thighs and at the sizes of the legs."),
        COMPLIANCE: ("soft_tissue", "check the plates' gains, the clock and the body's sizes."),
        DRAG: ("drag", "fix the drag area; the data hardly know it."),
    }
)
"""Cause and fix by parameter; those of the plates share one."""


def _parameter_suspicions(estimates: Sequence[ParameterEstimate]) -> Iterator[Suspicion]:
    """Suspicions of parameters beyond their limits."""
    for estimate in estimates:
        if not estimate.beyond_limit:
            continue
        parameter = estimate.parameter
        cause, fix = PARAMETER_CAUSES.get(
            estimate.name, ("cop", "check the plates' corners and origins.")
        )
        if estimate.name.startswith(CENTRES):
            cause, fix = "centres", CHECK_BODY
        limit = parameter.lowest if estimate.estimate < parameter.lowest else parameter.highest
        sentence = (
            f"the {estimate.name.replace('_', ' ')} that fits best is {estimate.estimate:.3g} "
            f"{parameter.unit}, beyond its limit of {limit:.3g}."
        )
        yield Suspicion(cause, sentence, estimate.estimate, limit, parameter.unit, fix)


def _mass_suspicions(fit: TrialFit) -> Iterator[Suspicion]:
    """Suspicions of mass and centres of mass outside the range expected from body and tables."""
    excess_mass, (centre, displacement) = (
        excess_mass_share(fit),
        largest_centre_shift(fit.runner, fit.values),
    )
    fitted = any(estimate.name == MASS and estimate.beyond_limit for estimate in fit.estimates)
    if not fitted and abs(excess_mass) > MAX_EXCESS_MASS:
        statement = (
            f"the vertical force carries {excess_mass:+.1%} of the model's mass more than it has, "
            f"beyond {MAX_EXCESS_MASS:.0%}."
        )
        yield Suspicion(
            "mass", statement, excess_mass, MAX_EXCESS_MASS, "relative", PARAMETER_CAUSES[MASS][1]
        )
    statement = (
        f"the forces put the centre of mass of {centre} {displacement:.1f} "
        "standard deviations from where body and tables let it expect"
    )
    yield from _suspicion_above_limit(
        "centres", statement, displacement, MAX_CENTRE_SHIFT_SD, "sd", CHECK_BODY
    )


def _residual_suspicions(fit: TrialFit) -> Iterator[Suspicion]:
    """Suspicions of marker displacement and residuals larger than in sound recordings."""
    frames, weight = fit.measured, fit.runner.skeleton.mass.sum() * GRAVITY
    moved = float(np.sqrt(np.nanmean(fit.markers_moved(fit.q_markers_only)[frames] ** 2)))
    statement = f"the forces move the markers by {1e3 * moved:.1f} mm (RMS)"
    fix = "check signs, axes and clocks of the plates, and the labels of the markers."
    yield from _suspicion_above_limit("markers", statement, moved, MAX_MARKERS_MOVED_M, "m", fix)
    fix = "check signs, axes and offsets of the plates, the body mass and the markers."
    forces, moments = _rms(fit.after.force[frames]) / weight, _rms(fit.after.moment[frames])
    force, axis = float(forces.max()), AXES[int(forces.argmax())]
    statement = f"a residual force {axis} of {force:.1%} of body weight (RMS) is left"
    yield from _suspicion_above_limit(
        "residual", statement, force, MAX_RESIDUAL_FORCE_BW, "body weights", fix
    )
    moment, axis = float(moments.max()), AXES[int(moments.argmax())]
    statement = (
        f"a residual moment {axis} of {distinct(moment, MAX_RESIDUAL_MOMENT_NM)} N m (RMS) is left"
    )
    yield from _suspicion_above_limit(
        "residual", statement, moment, MAX_RESIDUAL_MOMENT_NM, "N m", fix
    )


def _motion_suspicions(fit: TrialFit, loads: Sequence[ExternalLoad]) -> Iterator[Suspicion]:
    """Suspicions of implausible fitted motion: soft tissue, joint moments and slip."""
    bodies, plain = fit.runner.skeleton.bodies, "the plain motion is used."
    twin, displaced = twins(bodies, fit.runner.groups), segment_displacements(fit, fit.measured)
    fix = f"check the labels and places of its markers; {plain}"
    for segment, moved in displaced.items():
        body = bodies.index(segment)
        usual, opposite = fit.weights.tissue_sd_m[fit.runner.tissue[body]], bodies[twin[body]]
        statement = (
            f"the fit has the markers of {segment} {1e3 * moved:.1f} mm (RMS) from inverse "
            "kinematics"
        )
        yield from _suspicion_above_limit(
            "soft_tissue", statement, moved, MAX_SOFT_TISSUE_RATIO * usual, "m", fix
        )
        opposite_moved = displaced.get(opposite, moved)
        statement += f" and those of {opposite} {1e3 * opposite_moved:.1f} mm, a difference"
        yield from _suspicion_above_limit(
            "one_sided", statement, moved - opposite_moved, MAX_SIDE_DIFFERENCE_M, "m", fix
        )
    sudden, slip = sudden_change(fit, loads), added_slip(fit)
    if sudden is not None and sudden.beyond and not better_than_plain(fit, loads):
        fix = f"check forces, their clock and the markers of that joint; {plain}"
        yield from _suspicion_above_limit(
            "joint_moment", sudden.statement, sudden.excess, sudden.limit, "N m", fix
        )
    statement = f"a planted forefoot slides {1e3 * slip:.1f} mm farther than with the plain motion"
    fix = f"check the markers of the feet, forces and their clock; {plain}"
    yield from _suspicion_above_limit("slip", statement, slip, MAX_ADDED_SLIP_M, "m", fix)
