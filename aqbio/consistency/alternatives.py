"""Whether the forces make sense the other way round: faults of sign that a fit would bend away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from aqbio.consistency.curvature import Curvature
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import discount
from aqbio.consistency.trial_fit import TrialFit
from aqbio.vectors import FloatArray

LOADED = 100.0
"""Vertical force from which a centre of pressure is known, N."""

INEXACT = 0.2
"""Part of a rise of the cost that one step of Gauss and Newton's may get wrong: 0.1 % where a free
moment is that of a run, 8 % where it is ten times that."""


def _mirrored(force: tuple[int, int, int], moment: tuple[int, int, int]) -> FloatArray:
    return np.array([force, moment], dtype=float)


def _turned(signs: FloatArray) -> Callable[[GroundWrench], GroundWrench]:
    return lambda wrench: replace(
        wrench, force=signs[0] * wrench.force, moment=signs[1] * wrench.moment
    )


def free_moment_turned(wrench: GroundWrench) -> GroundWrench:
    """The wrench with the free moment turned round; forces and pressure centres stay.

    Notes
    -----
    Of the sum over all plates: right while one foot stands. On a surface of any height: moving p
    along the force changes ``n_y − [p × F]_y = n · F / F_y`` by nothing.
    """
    force, moment = wrench.force, wrench.moment
    loaded = force[:, 1] > LOADED
    divisor = np.where(loaded, force[:, 1], 1.0)
    along, across = moment[:, 2] / divisor, -moment[:, 0] / divisor
    of_force = across * force[:, 0] - along * force[:, 2]
    turned = moment.copy()
    turned[:, 1] -= 2.0 * np.where(loaded, moment[:, 1] - of_force, 0.0)
    return replace(wrench, moment=turned)


TURNED: Mapping[str, Callable[[GroundWrench], GroundWrench]] = MappingProxyType(
    {
        "force": _turned(_mirrored((-1, -1, -1), (-1, -1, -1))),
        "force_x": _turned(_mirrored((-1, 1, 1), (1, 1, 1))),
        "force_z": _turned(_mirrored((1, 1, -1), (1, 1, 1))),
        "moment_y": _turned(_mirrored((1, 1, 1), (1, -1, 1))),
        "free_moment": free_moment_turned,
    }
)
"""Ways in which the wrench may have a wrong sign; each is its own inverse."""


def remaining_excess(fit: TrialFit) -> dict[str, float]:
    """Part of the disagreement that remains when the forces are turned round.

    Parameters
    ----------
    fit : TrialFit
        Of a trial that is suspect.

    Returns
    -------
    dict
        By way of turning: cost over that of the markers alone, relative to the trial's own.
        Small where this is the fault, about one or more where it is not.

    Notes
    -----
    Every way is fitted with the parameters free, as is the trial itself, and with errors that are
    new in every frame: those that last would follow a wrong force.
    """
    parameters, weights = fit.problem.parameters, replace(fit.weights, learnt_skin=False)
    own = fit_trial(fit.runner, fit.observations, weights, parameters)
    excess = max(own.cost[-1] - own.cost_alone, 1e-12)
    found = {}
    for name, turned in TURNED.items():
        observations = replace(fit.observations, wrench=turned(fit.observations.wrench))
        other = fit_trial(fit.runner, observations, weights, parameters)
        found[name] = (other.cost[-1] - other.cost_alone) / excess
    return found


def free_moment_gain(fit: TrialFit, curvature: Curvature | None = None) -> float:
    """How much better everything agrees with the free moment turned round.

    Parameters
    ----------
    fit : TrialFit
        Sound or not: a free moment is small, and its wrong sign makes no fit suspect.
    curvature : Curvature, optional
        At the end of the fit, where it is known: no sign of a moment is in its matrix.

    Returns
    -------
    float
        Fall of the cost, in independent observations (:func:`~.parameters.discount`), with the
        parameters held; negative where the sign is right.

    Notes
    -----
    Where the equations at the end of the fit tell already that the motion cannot make up for the
    turned moment, their answer is given: the rise of the cost less ``bᵀ A⁻¹ b``.
    """
    observations, frames = fit.observations, discount(fit.observations.rate)
    turned = replace(observations, wrench=free_moment_turned(observations.wrench))
    problem = fit.problem.beside(observations=turned)
    point = problem.point(fit.coefficients, fit.theta)
    pull, rise = problem.downhill(point).motion, point.cost - fit.cost[-1]
    gain = float(pull @ (curvature or fit.curvature).factor.solve(pull)) - rise
    if gain + INEXACT * rise < 0.0:
        return gain / frames
    parameters = fit.problem.parameters
    other = fit_trial(fit.runner, turned, fit.weights, parameters, fit.values, fit)
    return (fit.cost[-1] - other.cost[-1]) / frames
