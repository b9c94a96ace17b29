"""Faults that a fit must not bend into shape: seen from its numbers, and called by their names.

One moving trial is blind to three: plates that are all shifted along the run look like a clock
offset, a gain of the plates looks like another body mass, and a wrong sign of a small free moment
(below 10 N m) is within what the fit allows. Trials at a second speed, and the static trial's
weight and centre of mass over its centre of pressure, show the first two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aqbio.consistency.alternatives import free_moment_gain, remaining_excess
from aqbio.consistency.curvature import Curvature
from aqbio.consistency.evidence import Evidence, fit_evidence
from aqbio.consistency.parameters import (
    CENTRES,
    CENTRES_BELIEVED,
    CLOCK,
    LEGS,
    MASS,
    PELVIS,
    ParameterEstimate,
)
from aqbio.consistency.session import Standing
from aqbio.consistency.trial_fit import TrialFit
from aqbio.errors import distinct
from aqbio.multibody.dynamics import ExternalLoad

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

TURNED_ROUND = 0.5
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

BODY = "check sizes and masses of the body, signs and axes of the plates, and the clocks."
SIGNS = "correct the signs of the plates' channels or the laboratory axes."


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a fit is not to be believed."""

    cause: Cause
    what: str
    """One sentence with the number and its limit."""
    number: float
    limit: float
    unit: str
    fix: str


def suspicions(estimates: Sequence[ParameterEstimate], evidence: Evidence) -> tuple[Suspicion, ...]:
    """The named causes for which a fit is not to be believed.

    Parameters
    ----------
    estimates : sequence of ParameterEstimate
        Of the trial or of its session.

    Returns
    -------
    tuple of Suspicion
        Empty for a sound fit. A fault of sign or of side explains all else, and stands alone.
    """
    by_sign = tuple(_turned_round(evidence))
    if by_sign:
        return by_sign
    found = [*_parameters(estimates), *_mass(estimates, evidence), *_centre(evidence)]
    return (*found, *_unexplained(evidence))


def evidence(
    fit: TrialFit,
    loads: Sequence[ExternalLoad] = (),
    curvature: Curvature | None = None,
    *,
    sign_known: bool = False,
) -> Evidence:
    """The numbers by which a fit is judged.

    Parameters
    ----------
    loads : sequence of ExternalLoad, optional
        Ground reaction force of each foot, to see whether it acts on the right one.
    curvature : Curvature, optional
        At the end of the fit, where it is known.
    sign_known : bool
        Whether the sign of the free moment was found right by another fit of the same recording.

    Notes
    -----
    A fit that looks suspect is tried with forces turned round, which takes several more fits; any
    other one with the free moment turned round.
    """
    seen = fit_evidence(fit, loads)
    if suspicions(fit.estimates, seen):
        return replace(seen, remaining=remaining_excess(fit))
    if sign_known:
        return seen
    return replace(seen, free_moment_gain=free_moment_gain(fit, curvature))


def static_suspicions(standing: Mapping[str, Standing]) -> tuple[Suspicion, ...]:
    """The doubt that still postures cast on a whole session: the farthest beyond its limit.

    Parameters
    ----------
    standing : mapping of Standing
        By static trial.
    """
    told = [
        (float(np.linalg.norm(apart)), limit, name, words)
        for name, one in standing.items()
        for words, apart, limit in (
            ("fitted", one.fitted, STATIC_APART),
            ("given", one.given, STATIC_GIVEN_APART),
        )
    ]
    beyond = [one for one in told if one[0] > one[1]]
    if not beyond:
        return ()
    apart, limit, name, words = max(beyond, key=lambda one: one[0] / one[1])
    doubt = Suspicion(
        "static",
        f"in the static trial {name} the centre of mass of the {words} body is "
        f""
        f"{distinct(1e3 * apart, 1e3 * limit)} "
        f"mm from the centre of pressure, more than {1e3 * limit:.0f} mm.",
        apart,
        limit,
        "m",
        "check the plates' corners and origins, the static trial and the scaled masses.",
    )
    return (doubt,)


def _turned_round(evidence: Evidence) -> Iterator[Suspicion]:
    causes: dict[str, tuple[Cause, str]] = {
        "force": ("force_sign", "of all forces and moments"),
        "force_x": ("force_x_sign", "of the fore-aft force"),
        "force_z": ("force_z_sign", "of the sideways force"),
        "moment_y": ("moment_y_sign", "of the moment about the vertical"),
        "free_moment": ("free_moment_sign", "of the free moment"),
    }
    best = min(evidence.remaining, key=lambda way: evidence.remaining[way], default="")
    if best and evidence.remaining[best] < TURNED_ROUND:
        cause, words = causes[best]
        share = evidence.remaining[best]
        yield Suspicion(
            cause,
            f"with the sign {words} turned round, {share:.0%} of the disagreement between motion "
            f"and forces remains, less than {TURNED_ROUND:.0%}.",
            share,
            TURNED_ROUND,
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
