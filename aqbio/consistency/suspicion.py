"""Faults that a fit must not absorb: recognised by its numbers, and named.

One moving trial cannot show three: plates that are all shifted along the run look like a clock
offset, a gain of the plates looks like another body mass, and a wrong sign of a small free moment
(below 10 N m) is within what the fit allows. Trials at a second speed, and the static trial's
weight and centre of mass over its centre of pressure, show the first two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from aqbio.body.draws import twins
from aqbio.consistency.balance import centre_shifts
from aqbio.consistency.delivered import added_slip, segment_displacements, sudden_change
from aqbio.consistency.fit import TrialFit, fit_trial
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import (
    CENTRES,
    CENTRES_BELIEVED,
    CLOCK,
    LEGS,
    MASS,
    PELVIS,
    ParameterEstimate,
    Runner,
    Weights,
    discount,
)
from aqbio.consistency.solver import Solver
from aqbio.consistency.stances import Standing
from aqbio.errors import distinct
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.vectors import BoolArray, FloatArray, cross


class Displacement(NamedTuple):
    """Of a segment's markers, RMS, m, and of those of its twin on the other side."""

    moved: float
    usual: float
    """Soft-tissue artefact of its kind."""
    twin: str
    """Itself where there is none."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Numbers of one fit by which it is judged."""

    residual_force: FloatArray
    residual_moment: FloatArray
    """residual_force, residual_moment: (3,) arrays. RMS over the measured frames, body weights and
    N m."""
    markers_moved: float
    """How far the forces move the body's markers from where splines that follow the recorded ones
    alone have them, RMS, m."""
    carried_mass: float
    """Mass that the vertical force carries over the model's, less one."""
    remaining: Mapping[str, float] = field(default_factory=dict)
    """Part of the disagreement that remains with forces turned round, by way of turning."""
    free_moment_gain: float = float("nan")
    """Fall of the cost with the free moment turned round, in independent observations; NaN if not
    tried."""
    nearer_other_foot: float = float("nan")
    """How much nearer the centre of pressure is to the other foot, m; NaN if not known."""
    centre: str = ""
    """Segment and axis whose centre of mass the forces move most, relative to its prior."""
    centre_apart: float = 0.0
    """How far that is, standard deviations of the belief."""
    displaced: Mapping[str, Displacement] = field(default_factory=dict)
    """How far the delivered motion has markers from inverse kinematics, by segment."""
    sudden_joint: str = ""
    sudden_change: float = float("nan")
    """sudden_joint, sudden_change: Coordinate whose moment changes more within 20 ms than that of
    the plain motion, and how much more, N m."""
    added_slip: float = float("nan")
    """How much farther planted forefeet slide than with the plain motion, m; NaN if not known."""
    looser_force: float = 1.0
    looser_moment: float = 1.0
    """looser_force, looser_moment: How many times the default standard deviation of a residual the
    fit allows; not below 1."""


def fit_evidence(fit: TrialFit, loads: Sequence[ExternalLoad] = ()) -> Evidence:
    """Numbers by which a fit is judged, without fits of reversed forces."""
    frames = fit.measured
    weight = fit.runner.skeleton.mass.sum() * float(np.linalg.norm(fit.skeleton.gravity))
    own, usual = fit.weights, Weights()
    centre, apart = farthest_centre(fit.runner, fit.values)
    joint, sudden = sudden_change(fit, loads)
    return Evidence(
        residual_force=_rms(fit.after.force[frames]) / weight,
        residual_moment=_rms(fit.after.moment[frames]),
        markers_moved=float(
            np.sqrt(np.nanmean(fit.markers_moved(fit.q_markers_only)[frames] ** 2))
        ),
        carried_mass=_carried_mass(fit),
        nearer_other_foot=nearer_other_foot(fit, loads),
        centre=centre,
        centre_apart=apart,
        displaced=_displaced(fit, frames),
        sudden_joint=joint,
        sudden_change=sudden,
        added_slip=added_slip(fit),
        looser_force=max(1.0, own.sigma_force_n / usual.sigma_force_n),
        looser_moment=max(1.0, own.sigma_moment_nm / usual.sigma_moment_nm),
    )


def _displaced(fit: TrialFit, frames: BoolArray) -> dict[str, Displacement]:
    bodies = fit.runner.skeleton.bodies
    twin = twins(bodies, fit.runner.groups)
    found = {}
    for name, moved in segment_displacements(fit, frames).items():
        own = bodies.index(name)
        usual = fit.weights.tissue_sd_m[fit.runner.tissue[own]]
        found[name] = Displacement(moved, usual, bodies[twin[own]])
    return found


def farthest_centre(runner: Runner, values: Mapping[str, float]) -> tuple[str, float]:
    """Segment and axis whose centre of mass parameters displace most, in standard deviations."""
    prior = np.sqrt(np.diag(runner.centre_covariance)).reshape(-1, 3)
    shift = np.abs(centre_shifts(runner, values))
    apart = np.divide(shift, prior, out=np.zeros_like(shift), where=prior > 0.0)
    segment, axis = np.unravel_index(int(apart.argmax()), apart.shape)
    return f"{runner.skeleton.bodies[segment]} along {'xyz'[axis]}", float(apart.max())


def _carried_mass(fit: TrialFit) -> float:
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


REVERSED: Mapping[str, Turning] = MappingProxyType(
    {
        "force": _reversed((-1, -1, -1), (-1, -1, -1)),
        "force_x": _reversed((-1, 1, 1), (1, 1, 1)),
        "force_z": _reversed((1, 1, -1), (1, 1, 1)),
        "moment_y": _reversed((1, 1, 1), (1, -1, 1)),
        "free_moment": free_moment_reversed,
    }
)
"""Ways in which the wrench may have a wrong sign; each is its own inverse."""


def remaining_excess(fit: TrialFit) -> dict[str, float]:
    """Share of the disagreement (cost over the markers' alone) that remains with forces reversed.

    Small where this is the fault, about one or more where it is not. Each way is fitted with free
    parameters.
    """
    parameters, weights = fit.solver.parameters, fit.weights
    own = fit_trial(fit.runner, fit.observations, weights, parameters)
    excess = max(own.cost[-1] - own.cost_markers_only, 1e-12)
    found = {}
    for name, turned in REVERSED.items():
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
    observations, frames = fit.observations, discount(fit.observations.rate)
    turned = replace(observations, wrench=free_moment_reversed(observations.wrench))
    solver = fit.solver
    other = Solver(fit.runner, turned, fit.weights, solver.parameters, solver.fixed, solver)
    point = other.evaluate(fit.coefficients, fit.theta)
    pull, rise = other.downhill(point)[0], point.cost - fit.cost[-1]
    gain = float(pull @ fit.linearised().factor.solve(pull)) - rise
    if gain + INEXACT * rise < 0.0:
        return gain / frames
    refitted = fit_trial(fit.runner, turned, fit.weights, solver.parameters, fit.values, fit)
    return (fit.cost[-1] - refitted.cost[-1]) / frames


Cause = Literal[
    "force_sign",
    "force_x_sign",
    "force_z_sign",
    "moment_y_sign",
    "free_moment_sign",
    "foot",
    "clock",
    "mass",
    "leg_mass",
    "pelvis_mass",
    "centres",
    "cop",
    "drag",
    "markers",
    "residual",
    "static",
    "soft_tissue",
    "one_sided",
    "joint_moment",
    "slip",
]

MARKERS_MOVED = 0.008
"""Forces may move the body's markers this far, RMS, from where splines that follow the recorded
ones alone have them, m: as far as skin itself moves on the bone (the table of weights, 5 to 14 mm,
has 8.8). Sound runs stay below 4 mm, JA1's sprint at 4 to 7; a force or moment whose sign is wrong
about one axis takes 7 to 57. How much the error of the markers *grows* is no measure of it: the
same 6 mm add 0.8 mm to an error of 17 and 1.7 mm to one of 10."""

RESIDUAL_FORCE = 0.06
"""RMS of a component after the fit that no sound recording reached, body weights: 4 % in sprints,
more than 7 % with each fault of sign or of mass. Weights that allow more residual than the default
raise it in proportion: 100 N leave 9 % in a sound sprint that 30 N bring to 2 %."""

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

    cause: Cause
    what: str
    """One sentence with the number and its limit."""
    number: float
    limit: float
    unit: str
    fix: str


def suspicions(estimates: Sequence[ParameterEstimate], evidence: Evidence) -> tuple[Suspicion, ...]:
    """Named causes for which a fit must not be used; a wrong sign or side explains all else."""
    by_sign = tuple(_reversal(evidence))
    if by_sign:
        return by_sign
    found = [*_parameters(estimates), *_mass(estimates, evidence), *_centre(evidence)]
    return (*found, *_unexplained(evidence), *_delivered(evidence))


def doubts(fit: TrialFit, loads: Sequence[ExternalLoad] = ()) -> tuple[Suspicion, ...]:
    """Causes for which a fit must not be used, by the loads of its feet."""
    return suspicions(fit.estimates, evidence(fit, loads))


def evidence(fit: TrialFit, loads: Sequence[ExternalLoad] = ()) -> Evidence:
    """Numbers by which a fit is judged.

    A suspect fit is repeated with forces reversed, any other one with the free moment reversed.
    """
    seen = fit_evidence(fit, loads)
    if suspicions(fit.estimates, seen):
        return replace(seen, remaining=remaining_excess(fit))
    return replace(seen, free_moment_gain=free_moment_gain(fit))


def static_suspicions(standing: Mapping[str, Standing]) -> tuple[Suspicion, ...]:
    """Suspicion that static trials cast on a whole session: the one farthest beyond its limit."""
    parts = [
        (float(np.linalg.norm(apart)), limit, name, words)
        for name, one in standing.items()
        for words, apart, limit in (
            ("fitted", one.fitted, STATIC_APART),
            ("given", one.given, STATIC_GIVEN_APART),
        )
    ]
    beyond = [one for one in parts if one[0] > one[1]]
    if not beyond:
        return ()
    apart, limit, name, words = max(beyond, key=lambda one: one[0] / one[1])
    doubt = Suspicion(
        "static",
        f"in the static trial {name} the centre of mass of the {words} body is "
        f"{distinct(1e3 * apart, 1e3 * limit)} mm from the centre of pressure, more than "
        f"{1e3 * limit:.0f} mm.",
        apart,
        limit,
        "m",
        "check the plates' corners and origins, the static trial and the scaled masses.",
    )
    return (doubt,)


def _reversal(evidence: Evidence) -> Iterator[Suspicion]:
    causes: dict[str, tuple[Cause, str]] = {
        "force": ("force_sign", "of all forces and moments"),
        "force_x": ("force_x_sign", "of the fore-aft force"),
        "force_z": ("force_z_sign", "of the sideways force"),
        "moment_y": ("moment_y_sign", "of the moment about the vertical"),
        "free_moment": ("free_moment_sign", "of the free moment"),
    }
    best = min(evidence.remaining, key=lambda way: evidence.remaining[way], default="")
    if best and evidence.remaining[best] < REVERSED_SHARE:
        cause, words = causes[best]
        share = evidence.remaining[best]
        yield Suspicion(
            cause,
            f"with the sign {words} turned round, {share:.0%} of the disagreement between motion "
            f"and forces remains, less than {REVERSED_SHARE:.0%}.",
            share,
            REVERSED_SHARE,
            "relative",
            SIGNS,
        )
    elif evidence.free_moment_gain > FREE_MOMENT_GAIN:
        cause, words = causes["free_moment"]
        yield Suspicion(
            cause,
            f"with the sign {words} turned round, motion and forces agree better by "
            f"{evidence.free_moment_gain:.1f} independent observations, more than "
            f"{FREE_MOMENT_GAIN:.0f}.",
            evidence.free_moment_gain,
            FREE_MOMENT_GAIN,
            "observations",
            SIGNS,
        )
    if evidence.nearer_other_foot > OTHER_FOOT:
        yield Suspicion(
            "foot",
            f"the centre of pressure is "
            f"{distinct(1e3 * evidence.nearer_other_foot, 1e3 * OTHER_FOOT)} mm nearer to the "
            f"other foot, more than {1e3 * OTHER_FOOT:.0f} mm.",
            evidence.nearer_other_foot,
            OTHER_FOOT,
            "m",
            "check which foot each plate's force is given to, and the labels of the feet.",
        )


def _parameters(estimates: Sequence[ParameterEstimate]) -> Iterator[Suspicion]:
    fixes: dict[Cause, str] = {
        "clock": "check the synchronisation of cameras and plates, and the plates' position.",
        "mass": "check the body mass, the plates' gains and the model's mass.",
        "leg_mass": "check the scaled masses of the legs; another table of segments may fit.",
        "pelvis_mass": "check the scaled masses of the trunk.",
        "centres": BODY,
        "cop": "check the plates' corners and origins.",
        "drag": "fix the drag area; the data hardly know it.",
    }
    for one in estimates:
        if not one.beyond_limit:
            continue
        parameter, cause = one.parameter, _cause(one.name)
        limit = parameter.lowest if one.estimate < parameter.lowest else parameter.highest
        words = one.name.replace("_", " ")
        yield Suspicion(
            cause,
            f"the {words} that fits best is {one.estimate:.3g} {parameter.unit}, beyond its limit "
            f"of {limit:.3g}.",
            one.estimate,
            limit,
            parameter.unit,
            fixes[cause],
        )


def _cause(name: str) -> Cause:
    causes: dict[str, Cause] = {
        CLOCK: "clock",
        MASS: "mass",
        LEGS: "leg_mass",
        PELVIS: "pelvis_mass",
        "drag_area": "drag",
    }
    if name.startswith(CENTRES):
        return "centres"
    return causes.get(name, "cop")


def _mass(estimates: Sequence[ParameterEstimate], evidence: Evidence) -> Iterator[Suspicion]:
    fitted = any(one.name == MASS and one.beyond_limit for one in estimates)
    if not fitted and abs(evidence.carried_mass) > WRONG_MASS:
        yield Suspicion(
            "mass",
            f"the vertical force carries {evidence.carried_mass:+.1%} of the model's mass more "
            f"than it has, beyond {WRONG_MASS:.0%}.",
            evidence.carried_mass,
            WRONG_MASS,
            "relative",
            "check the body mass, the plates' gains and the model's mass.",
        )


def _centre(evidence: Evidence) -> Iterator[Suspicion]:
    if evidence.centre_apart > CENTRES_BELIEVED:
        yield Suspicion(
            "centres",
            f"the forces put the centre of mass of {evidence.centre} "
            f"{evidence.centre_apart:.1f} standard deviations from where body and tables let it "
            f"expect, more than {CENTRES_BELIEVED:.0f}.",
            evidence.centre_apart,
            CENTRES_BELIEVED,
            "sd",
            BODY,
        )


def _unexplained(evidence: Evidence) -> Iterator[Suspicion]:
    if evidence.markers_moved > MARKERS_MOVED:
        yield Suspicion(
            "markers",
            f"the forces move the markers by {1e3 * evidence.markers_moved:.1f} mm (RMS), more "
            f"than {1e3 * MARKERS_MOVED:.0f} mm.",
            evidence.markers_moved,
            MARKERS_MOVED,
            "m",
            "check signs, axes and clocks of the plates, and the labels of the markers.",
        )
    force, moment = float(evidence.residual_force.max()), float(evidence.residual_moment.max())
    fix = "check signs, axes and offsets of the plates, the body mass and the markers."
    most_force = RESIDUAL_FORCE * evidence.looser_force
    most_moment = RESIDUAL_MOMENT * evidence.looser_moment
    if force > most_force:
        axis = "xyz"[int(np.argmax(evidence.residual_force))]
        what = f"a residual force {axis} of {force:.1%} of body weight (RMS) is left, more than "
        what += f"{most_force:.0%}."
        yield Suspicion("residual", what, force, most_force, "body weights", fix)
    if moment > most_moment:
        axis = "xyz"[int(np.argmax(evidence.residual_moment))]
        what = f"a residual moment {axis} of {distinct(moment, most_moment)} N m (RMS) is left, "
        what += f"more than {most_moment:.0f} N m."
        yield Suspicion("residual", what, moment, most_moment, "N m", fix)


def _delivered(evidence: Evidence) -> Iterator[Suspicion]:
    """What no recording can excuse in the motion that would be delivered."""
    fix = "check the labels and places of its markers; the plain motion is used."
    for segment, (moved, usual, twin) in evidence.displaced.items():
        if moved > DISPLACED * usual:
            yield Suspicion(
                "soft_tissue",
                f"the fit has the markers of {segment} {1e3 * moved:.1f} mm (RMS) from inverse "
                f"kinematics, more than {1e3 * DISPLACED * usual:.0f} mm.",
                moved,
                DISPLACED * usual,
                "m",
                fix,
            )
        other = evidence.displaced[twin].moved if twin in evidence.displaced else moved
        if moved - other > ONE_SIDED:
            yield Suspicion(
                "one_sided",
                f"the fit has the markers of {segment} {1e3 * moved:.1f} mm (RMS) from inverse "
                f"kinematics and those of {twin} {1e3 * other:.1f} mm, a difference of more than "
                f"{1e3 * ONE_SIDED:.0f} mm.",
                moved - other,
                ONE_SIDED,
                "m",
                fix,
            )
    if evidence.sudden_change > SUDDEN:
        yield Suspicion(
            "joint_moment",
            f"the moment at {evidence.sudden_joint} changes by "
            f"{distinct(evidence.sudden_change, SUDDEN)} N m more within 20 ms than with the plain "
            f"motion anywhere, more than {SUDDEN:.0f} N m.",
            evidence.sudden_change,
            SUDDEN,
            "N m",
            "check forces, their clock and the markers of that joint; the plain motion is used.",
        )
    if evidence.added_slip > ADDED_SLIP:
        yield Suspicion(
            "slip",
            f"a planted forefoot slides {1e3 * evidence.added_slip:.1f} mm farther than with the "
            f"plain motion, more than {1e3 * ADDED_SLIP:.0f} mm.",
            evidence.added_slip,
            ADDED_SLIP,
            "m",
            "check the markers of the feet, forces and their clock; the plain motion is used.",
        )
