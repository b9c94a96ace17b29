"""Faults that a fit must not absorb: recognised by its numbers, and named.

One moving trial cannot show three: plates that are all shifted along the run look like a clock
offset, a gain of the plates looks like another body mass, and a wrong sign of a small free moment
(below 10 N m) is within what the fit allows. Trials at a second speed, and the static trial's
weight and centre of mass over its centre of pressure, show the first two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from aqbio.body.draws import twins
from aqbio.consistency.balance import Balance, adjusted_loads, centre_shifts
from aqbio.consistency.fit import TrialFit, fit_trial
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import (
    CENTRES,
    CENTRES_BELIEVED,
    CLOCK,
    DRAG,
    LEGS,
    MASS,
    PELVIS,
    ParameterEstimate,
    Runner,
    discount,
)
from aqbio.consistency.stances import Standing, planted_contacts
from aqbio.errors import distinct
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES, GRAVITY
from aqbio.vectors import BoolArray, FloatArray, cross

SUDDEN_S = 0.020
"""Changes of a joint moment within this time are looked at, s."""


def segment_displacements(fit: TrialFit, frames: BoolArray) -> dict[str, float]:
    """Root mean square of them by segment with markers, m, over frames (T,)."""
    skeleton, moved = fit.runner.skeleton, fit.markers_moved(fit.observations.start)[frames]
    carrier = skeleton.marker_body[fit.observations.marker_index]
    return {
        skeleton.bodies[body]: float(np.sqrt(np.nanmean(moved[:, carrier == body] ** 2)))
        for body in np.unique(carrier[np.isfinite(moved).any(axis=0)])
    }


def sudden_change(fit: TrialFit, loads: Sequence[ExternalLoad]) -> tuple[str, float]:
    """Joint whose moment changes more within 20 ms than the plain one ever does.

    Name of the coordinate and how much more, N m; over the measured frames from first touchdown to
    last toe-off. NaN without loads.
    """
    seen, skeleton = fit.observations, fit.skeleton
    joints = [
        one
        for one in skeleton.free
        if skeleton.coordinate_is_rotation[one] and not fit.runner.root[one]
    ]
    if not loads or not joints or not len(seen.contacts):
        return "", float("nan")
    adjusted = adjusted_loads(loads, seen.time, fit.values)
    plain = _moments(fit.runner.skeleton, seen.plain, loads)[:, joints]
    fitted = _moments(skeleton, fit.motion, adjusted)[:, joints]
    usable = seen.contact_window & fit.measured & np.isfinite(plain + fitted).all(axis=1)
    apart = max(round(SUDDEN_S * seen.rate), 1)
    both = usable[apart:] & usable[:-apart]
    if not both.any():
        return "", float("nan")
    largest = [np.abs(one[apart:] - one[:-apart])[both].max(axis=0) for one in (plain, fitted)]
    more = largest[1] - largest[0]
    joint = int(more.argmax())
    return skeleton.coordinates[joints[joint]], float(more[joint])


def added_slip(fit: TrialFit) -> float:
    """How much farther the planted forefoot slides than with the plain motion, m, horizontally.

    Largest over the measured contacts; NaN without any, and on a belt, whose way is not known here.
    """
    seen, found = fit.observations, [np.nan]
    if seen.drag:
        places = [fit.solver.recorded_markers(q) for q in (seen.plain.q, fit.motion.q)]
        for _, frames, forefoot in planted_contacts(fit.runner, seen):
            ends = np.flatnonzero(frames)[[0, -1]]
            ways = [np.diff(one[ends][:, forefoot].mean(axis=1), axis=0)[0] for one in places]
            plain, fitted = (float(np.hypot(way[0], way[2])) for way in ways)
            found.append(fitted - plain)
    return float(np.nanmax(found)) if len(found) > 1 else float("nan")


def _moments(skeleton: Skeleton, motion: Motion, loads: Sequence[ExternalLoad]) -> FloatArray:
    """Generalised forces (T, C) of a motion."""
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    return inverse_dynamics(skeleton, moves, loads)


def farthest_centre(runner: Runner, values: Mapping[str, float]) -> tuple[str, float]:
    """Segment and axis whose centre of mass parameters displace most, in standard deviations."""
    prior = np.sqrt(np.diag(runner.centre_covariance)).reshape(-1, 3)
    shift = np.abs(centre_shifts(runner, values))
    apart = np.divide(shift, prior, out=np.zeros_like(shift), where=prior > 0.0)
    segment, axis = np.unravel_index(int(apart.argmax()), apart.shape)
    return f"{runner.skeleton.bodies[segment]} along {'xyz'[axis]}", float(apart.max())


def carried_mass(fit: TrialFit) -> float:
    """Mass that the vertical force carries over the measured frames, over the model's, less one."""
    frames, skeleton = fit.measured, fit.skeleton
    motion = fit.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    _, _, acceleration = centre_of_mass(segment_motion(skeleton, kinematics))
    up = -skeleton.gravity / np.linalg.norm(skeleton.gravity)
    lifted = float(((acceleration - skeleton.gravity) @ up)[frames].mean())
    later = fit.observations.time[frames] + fit.values.get(CLOCK, 0.0)
    force, _ = fit.observations.wrench.at(later)
    return float((force @ up).mean() / lifted / fit.runner.skeleton.mass.sum() - 1.0)


def nearer_other_foot(fit: TrialFit, loads: Sequence[ExternalLoad]) -> float:
    """How much nearer the centre of pressure is to another loaded segment than to its own, m.

    Median over the frames with more than half the body weight; NaN without two loads.
    """
    if len(loads) < 2:
        return float("nan")
    kinematics = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    bodies = [fit.skeleton.bodies.index(load.body) for load in loads]
    foot = kinematics.origin[:, bodies][:, :, [0, 2]]
    heavy = 0.5 * fit.skeleton.mass.sum() * float(np.linalg.norm(fit.skeleton.gravity))
    nearer = []
    for own, load in enumerate(loads):
        loaded = np.nan_to_num(load.force[:, 1]) > heavy
        force = load.force[loaded]
        point = np.broadcast_to(load.point, load.force.shape)[loaded]
        moment = load.moment[loaded] + cross(point, force)
        cop = np.stack([moment[:, 2], -moment[:, 0]], axis=1) / force[:, 1:2]
        distance = np.linalg.norm(foot[loaded] - cop[:, None], axis=2)
        nearer.append(distance[:, own] - np.delete(distance, own, axis=1).min(axis=1))
    every = np.concatenate(nearer)
    return float(np.median(every)) if len(every) else float("nan")


def _rms(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((values**2).mean(axis=0)))


LOADED = 100.0
"""Vertical force from which a centre of pressure is known, N."""

INEXACT = 0.2
"""Part of a rise of the cost that one step of Gauss and Newton's may get wrong: 0.1 % where a free
moment is that of a run, 8 % where it is ten times that."""


Turning = Callable[[GroundWrench], GroundWrench]


def _reversed(force: tuple[int, int, int], moment: tuple[int, int, int]) -> Turning:
    """Turn components of force and moment round: -1."""
    return lambda one: replace(
        one, force=np.asarray(force) * one.force, moment=np.asarray(moment) * one.moment
    )


def free_moment_reversed(wrench: GroundWrench) -> GroundWrench:
    """The wrench with the free moment reversed; forces and centres of pressure stay.

    Of the sum over all plates: right in single support, on a surface of any height: moving p along
    the force changes ``n_y − [p × F]_y = n · F / F_y`` by nothing.
    """
    force, moment = wrench.force, wrench.moment
    loaded = force[:, 1] > LOADED
    divisor = np.where(loaded, force[:, 1], 1.0)
    along, across = moment[:, 2] / divisor, -moment[:, 0] / divisor
    of_force = across * force[:, 0] - along * force[:, 2]
    turned = moment.copy()
    turned[:, 1] -= 2.0 * np.where(loaded, moment[:, 1] - of_force, 0.0)
    return replace(wrench, moment=turned)


REVERSED: Mapping[str, tuple[str, Turning]] = MappingProxyType(
    {
        "force_sign": ("of all forces and moments", _reversed((-1, -1, -1), (-1, -1, -1))),
        "force_x_sign": ("of the fore-aft force", _reversed((-1, 1, 1), (1, 1, 1))),
        "force_z_sign": ("of the sideways force", _reversed((1, 1, -1), (1, 1, 1))),
        "moment_y_sign": ("of the moment about the vertical", _reversed((1, 1, 1), (1, -1, 1))),
        "free_moment_sign": ("of the free moment", free_moment_reversed),
    }
)
"""Words and ways in which the wrench may have a wrong sign, by cause; each is its own inverse."""


def remaining_excess(fit: TrialFit) -> dict[str, float]:
    """Share of the disagreement (cost over the markers' alone) that remains with forces reversed.

    Small where this is the fault, about one or more where it is not. Each way is fitted with free
    parameters.
    """
    parameters, weights = fit.solver.parameters, fit.weights
    own = fit_trial(fit.runner, fit.observations, weights, parameters)
    excess = max(own.cost[-1] - own.cost_markers_only, 1e-12)
    found = {}
    for name, (_, turned) in REVERSED.items():
        observations = replace(fit.observations, wrench=turned(fit.observations.wrench))
        other = fit_trial(fit.runner, observations, weights, parameters)
        found[name] = (other.cost[-1] - other.cost_markers_only) / excess
    return found


def free_moment_gain(fit: TrialFit) -> float:
    """Fall of the cost with the free moment reversed, in independent observations.

    A free moment is small, and its wrong sign makes no fit suspect; the gain is negative where the
    sign is right. Where the equations at the end of the fit tell that the motion cannot make up for
    the reversed moment, the answer is the rise of the cost less ``bᵀ A⁻¹ b``.
    """
    solver, observations = fit.linearised(), fit.observations
    frames, own = discount(observations.rate), solver.point.balance
    turned = replace(observations, wrench=free_moment_reversed(observations.wrench))
    wrench = turned.wrench, turned.time[solver.measured]
    other = Balance(fit.runner, own.values, own.kinematics, wrench, drags=turned.drag)
    costs = [float(((one.residual.rows / solver.sigma) ** 2).sum()) for one in (own, other)]
    pull, rise = solver.downhill(replace(solver.point, balance=other))[0], costs[1] - costs[0]
    gain = float(pull @ solver.factor.solve(pull)) - rise
    if gain + INEXACT * rise < 0.0:
        return gain / frames
    refitted = fit_trial(fit.runner, turned, fit.weights, solver.parameters, fit.values, fit)
    return (fit.cost[-1] - refitted.cost[-1]) / frames


MARKERS_MOVED = 0.008
"""Forces may move the body's markers this far, RMS, from where splines that follow the recorded
ones alone have them, m: as far as skin itself moves on the bone (the table of weights, 5 to 14 mm,
has 8.8). Sound runs stay below 4 mm, JA1's sprint at 4 to 7; a force or moment whose sign is wrong
about one axis takes 7 to 57. How much the error of the markers *grows* is no measure of it: the
same 6 mm add 0.8 mm to an error of 17 and 1.7 mm to one of 10."""

RESIDUAL_FORCE = 0.06
"""RMS of a component after the fit that no sound recording reached, body weights: 4 % in sprints,
more than 7 % with each fault of sign or of mass."""

RESIDUAL_MOMENT = 25.0
"""RMS of a component after the fit, N m: 17 in a sprint with a model of light legs, more than 30
about one axis with faults of sign that keep the markers."""

WRONG_MASS = 0.04
"""Body mass that the vertical force carries, relative to the model's: 1 % from it in sound
recordings, and plates are good to 1 to 2 %."""

REVERSED_SHARE = 0.5
"""A way of turning the forces round that leaves less than this part of the disagreement is the
fault: 0.02 to 0.2 where it was, 0.9 and more where it was not."""

FREE_MOMENT_GAIN = 1.0
"""A free moment that makes everything agree better by this many independent observations, when
turned round, has the wrong sign. Where it was right, the gain was negative in all 12 trials."""

STATIC_APART = 0.010
"""Centre of mass from the centre of pressure in quiet standing after a session's fit, m: 2 mm in
sound sessions; 9 to 12 mm where all plates were shifted by 20 mm and only the torso gives way."""

STATIC_GIVEN_APART = 0.018
"""The same with the body as it was given, m: 4 and 6 mm in sound sessions, 16 to 24 mm where all
plates were shifted by 20 mm. Centres of mass that may be elsewhere take most of such a shift, so
that after the fit 4 to 7 mm are left of it."""

OTHER_FOOT = 0.10
"""The centre of pressure is this much nearer to the other foot, m."""

DISPLACED = 2.0
"""A segment's markers may be this many times the usual soft-tissue artefact of its kind (10 mm at
the foot, 28 mm at the thigh) from inverse kinematics, RMS: 95 % of it."""

ONE_SIDED = 0.008
"""Difference of both sides' displacements, m: 4 mm at most in fits of sound recordings; 11 mm where
persistent errors of markers took a hip's motion for that of a thigh's skin."""

SUDDEN = 50.0
"""How much more a joint moment may change within 20 ms than that of the plain motion ever does,
N m: 40 at most in fits of sound recordings, 50 to 60 with persistent errors of markers."""

ADDED_SLIP = 0.006
"""How much farther a planted forefoot may slide than with the plain motion, m: 1.5 mm in fits of
sound recordings; 8 and 17 in JA1's sprint with persistent errors of markers."""

BODY = "check sizes and masses of the body, signs and axes of the plates, and the clocks."
SIGNS = "correct the signs of the plates' channels or the laboratory axes."


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a fit must not be used."""

    cause: str
    what: str
    """One sentence with the number and its limit."""
    number: float
    limit: float
    unit: str
    fix: str


def doubts(fit: TrialFit, loads: Sequence[ExternalLoad] = ()) -> tuple[Suspicion, ...]:
    """Named causes for which a fit must not be used, by the loads of its feet.

    A suspect fit is repeated with forces reversed, any other one with the free moment reversed. A
    wrong sign or side explains all else.
    """
    nearer = nearer_other_foot(fit, loads)
    what = f"the centre of pressure is {_mm(nearer, OTHER_FOOT)} nearer to the other foot"
    fix = "check which foot each plate's force is given to, and the labels of the feet."
    foot = tuple(_beyond("foot", what, nearer, OTHER_FOOT, "m", fix))
    others = (*_parameters(fit.estimates), *_body(fit), *_unexplained(fit), *_delivered(fit, loads))
    if foot or others:
        return (*_reversal(fit), *foot) or others
    gain = free_moment_gain(fit)
    what = (
        "with the sign of the free moment turned round, motion and forces agree better by "
        f"{gain:.1f} independent observations"
    )
    limit = FREE_MOMENT_GAIN
    return tuple(_beyond("free_moment_sign", what, gain, limit, "observations", SIGNS))


def static_suspicions(standing: Mapping[str, Standing]) -> tuple[Suspicion, ...]:
    """Suspicion that static trials cast on a whole session: the one farthest beyond its limit."""
    found: list[Suspicion] = []
    for name, one in standing.items():
        for body, way, limit in (
            ("fitted", one.fitted, STATIC_APART),
            ("given", one.given, STATIC_GIVEN_APART),
        ):
            apart = float(np.linalg.norm(way))
            what = (
                f"in the static trial {name} the centre of mass of the {body} body is "
                f"{_mm(apart, limit)} from the centre of pressure"
            )
            fix = "check the plates' corners and origins, the static trial and the scaled masses."
            found += _beyond("static", what, apart, limit, "m", fix)
    return tuple(sorted(found, key=lambda one: one.limit / one.number)[:1])


def _mm(number: float, limit: float) -> str:
    return f"{distinct(1e3 * number, 1e3 * limit)} mm"


def _beyond(
    cause: str, what: str, number: float, limit: float, unit: str, fix: str
) -> Iterator[Suspicion]:
    """A suspicion, where a number is larger than its limit."""
    if number > limit:
        shown = f"{1e3 * limit:.0f} mm" if unit == "m" else f"{limit:.0f}"
        if unit in ("relative", "body weights"):
            shown = f"{limit:.0%}"
        sentence = f"{what}, more than {shown}{' N m' if unit == 'N m' else ''}."
        yield Suspicion(cause, sentence, number, limit, unit, fix)


def _reversal(fit: TrialFit) -> Iterator[Suspicion]:
    """Suspicion of forces that agree better when they are turned round."""
    remaining = remaining_excess(fit)
    cause = min(remaining, key=lambda way: remaining[way])
    if (share := remaining[cause]) < REVERSED_SHARE:
        what = (
            f"with the sign {REVERSED[cause][0]} turned round, {share:.0%} of the disagreement "
            f"between motion and forces remains, less than {REVERSED_SHARE:.0%}."
        )
        yield Suspicion(cause, what, share, REVERSED_SHARE, "relative", SIGNS)


PARTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        CLOCK: (
            "clock",
            "check the synchronisation of cameras and plates, and the plates' position.",
        ),
        MASS: ("mass", "check the body mass, the plates' gains and the model's mass."),
        LEGS: ("leg_mass", "check the scaled masses of the legs; another table may fit."),
        PELVIS: ("pelvis_mass", "check the scaled masses of the trunk."),
        DRAG: ("drag", "fix the drag area; the data hardly know it."),
    }
)
"""Cause and what to do, by parameter; those of the plates have one in common."""


def _parameters(estimates: Sequence[ParameterEstimate]) -> Iterator[Suspicion]:
    """Parameters beyond their limits."""
    for one in estimates:
        if not one.beyond_limit:
            continue
        parameter = one.parameter
        cause, fix = PARTS.get(one.name, ("cop", "check the plates' corners and origins."))
        if one.name.startswith(CENTRES):
            cause, fix = "centres", BODY
        limit = parameter.lowest if one.estimate < parameter.lowest else parameter.highest
        what = (
            f"the {one.name.replace('_', ' ')} that fits best is {one.estimate:.3g} "
            f"{parameter.unit}, beyond its limit of {limit:.3g}."
        )
        yield Suspicion(cause, what, one.estimate, limit, parameter.unit, fix)


def _body(fit: TrialFit) -> Iterator[Suspicion]:
    """Mass and centres of mass beyond what body and tables let expect."""
    carried, (centre, apart) = carried_mass(fit), farthest_centre(fit.runner, fit.values)
    fitted = any(one.name == MASS and one.beyond_limit for one in fit.estimates)
    if not fitted and abs(carried) > WRONG_MASS:
        what = (
            f"the vertical force carries {carried:+.1%} of the model's mass more than it has, "
            f"beyond {WRONG_MASS:.0%}."
        )
        yield Suspicion("mass", what, carried, WRONG_MASS, "relative", PARTS[MASS][1])
    what = (
        f"the forces put the centre of mass of {centre} {apart:.1f} "
        "standard deviations from where body and tables let it expect"
    )
    yield from _beyond("centres", what, apart, CENTRES_BELIEVED, "sd", BODY)


def _unexplained(fit: TrialFit) -> Iterator[Suspicion]:
    """Motion or residual that forces of a sound recording do not leave."""
    frames, weight = fit.measured, fit.runner.skeleton.mass.sum() * GRAVITY
    moved = float(np.sqrt(np.nanmean(fit.markers_moved(fit.q_markers_only)[frames] ** 2)))
    what = f"the forces move the markers by {1e3 * moved:.1f} mm (RMS)"
    fix = "check signs, axes and clocks of the plates, and the labels of the markers."
    yield from _beyond("markers", what, moved, MARKERS_MOVED, "m", fix)
    fix = "check signs, axes and offsets of the plates, the body mass and the markers."
    forces, moments = _rms(fit.after.force[frames]) / weight, _rms(fit.after.moment[frames])
    force, axis = float(forces.max()), AXES[int(forces.argmax())]
    what = f"a residual force {axis} of {force:.1%} of body weight (RMS) is left"
    yield from _beyond("residual", what, force, RESIDUAL_FORCE, "body weights", fix)
    moment, axis = float(moments.max()), AXES[int(moments.argmax())]
    what = f"a residual moment {axis} of {distinct(moment, RESIDUAL_MOMENT)} N m (RMS) is left"
    yield from _beyond("residual", what, moment, RESIDUAL_MOMENT, "N m", fix)


def _delivered(fit: TrialFit, loads: Sequence[ExternalLoad]) -> Iterator[Suspicion]:
    """What no recording can excuse in the motion that would be delivered."""
    bodies, plain = fit.runner.skeleton.bodies, "the plain motion is used."
    twin, displaced = twins(bodies, fit.runner.groups), segment_displacements(fit, fit.measured)
    fix = f"check the labels and places of its markers; {plain}"
    for segment, moved in displaced.items():
        body = bodies.index(segment)
        usual, other = fit.weights.tissue_sd_m[fit.runner.tissue[body]], bodies[twin[body]]
        what = (
            f"the fit has the markers of {segment} {1e3 * moved:.1f} mm (RMS) from inverse "
            "kinematics"
        )
        yield from _beyond("soft_tissue", what, moved, DISPLACED * usual, "m", fix)
        apart = displaced.get(other, moved)
        what += f" and those of {other} {1e3 * apart:.1f} mm, a difference"
        yield from _beyond("one_sided", what, moved - apart, ONE_SIDED, "m", fix)
    (joint, sudden), slip = sudden_change(fit, loads), added_slip(fit)
    what = (
        f"the moment at {joint} changes by {distinct(sudden, SUDDEN)} N m more "
        "within 20 ms than with the plain motion anywhere"
    )
    fix = f"check forces, their clock and the markers of that joint; {plain}"
    yield from _beyond("joint_moment", what, sudden, SUDDEN, "N m", fix)
    what = f"a planted forefoot slides {1e3 * slip:.1f} mm farther than with the plain motion"
    fix = f"check the markers of the feet, forces and their clock; {plain}"
    yield from _beyond("slip", what, slip, ADDED_SLIP, "m", fix)
