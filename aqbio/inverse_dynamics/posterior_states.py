"""States of a fitted trial in which one error is disturbed and the motion follows it.

A body with another mass distribution leaves another residual of the equations of motion, to which
the fit answers with another motion: what a fit determines, such as the rate of the whole body's
angular momentum, does not change with the body. State j of a source is the same error in all trials
of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.body.draws import centre_draws, inertia_draws, inertia_spread, inertial_parameters, twins
from aqbio.inverse_dynamics.balance import adjusted_skeleton
from aqbio.inverse_dynamics.data_errors import Draws, Response
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.inverse_dynamics.parameters import (
    CENTRES,
    LEGS,
    MASS,
    PELVIS,
    SOFT_TISSUE,
    centre_direction,
)
from aqbio.inverse_dynamics.solver import Solver
from aqbio.multibody.momentum import group_momenta, momentum_regressor
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.vectors import FloatArray, IntArray, cross, square_root

BODY_PARAMETERS = (MASS, LEGS, PELVIS, *SOFT_TISSUE)
"""Parameters of a person besides the centres of mass, `aqbio.body.draws.OTHERS` of them."""


@dataclass(frozen=True, eq=False)
class PosteriorStates:
    """J states of one source, less the fit."""

    motion: Motion
    """Coordinates, speeds and accelerations, (J, F, C) arrays, in F frames."""
    inertia: FloatArray
    """(J, B, 10) array. Inertial parameters (`aqbio.multibody.momentum`)."""


def inertia_states(
    fit: TrialFit, solver: Solver, frames: IntArray, feet: Sequence[str], count: int, seed: int
) -> PosteriorStates:
    """Masses and moments of inertia other than the tables', `count` states.

    `solver`: that of the fit, linearised; `feet`: names of both feet.
    """
    point = solver.point
    skeleton, balance = point.balance.skeleton, point.balance
    spread = inertia_spread(skeleton, feet, centre=0.0)
    twin = twins(skeleton.bodies, fit.runner.groups)
    parameters = inertia_draws(skeleton, spread, twin, count, np.random.default_rng((seed, 0)))
    off = parameters - inertial_parameters(skeleton)
    regressor = momentum_regressor(balance.kinematics, balance.com)
    momenta = group_momenta(regressor, off, np.ones((1, len(skeleton.bodies))))
    mass = skeleton.mass.sum() + momenta.mass[:, :, None]
    shift = momenta.first[:, :, 0] / mass
    pushed = momenta.linear_rate[:, :, 0]
    total_force = pushed + skeleton.mass.sum() * balance.acceleration
    force = pushed - momenta.mass[:, :, None] * skeleton.gravity
    moment = momenta.angular_rate[:, :, 0] - cross(shift, total_force) + cross(shift, balance.force)
    residual = np.concatenate([force, moment], axis=-1) / solver.sigma
    pulls = Response(solver).wrench_pulls(-np.moveaxis(residual, 0, 2))
    return PosteriorStates(_moved(fit, solver, solver.factor.solve(pulls), frames), off)


def body_states(
    fit: TrialFit, draws: Draws, frames: IntArray, count: int, seed: int
) -> PosteriorStates:
    """Centres of mass and other `BODY_PARAMETERS` that the fit leaves open, `count` states.

    Directions of the centres are drawn along the segments' axes, as in `draw_posterior`.
    """
    solver = fit.solver
    names = [name for name in solver.on if name in BODY_PARAMETERS or name.startswith(CENTRES)]
    rows = [solver.on.index(name) for name in names]
    axes = fit.runner.centre_axes
    normal = centre_draws(np.random.default_rng((seed, 1)), count, axes.shape[1])
    along = normal[:, : axes.shape[1]] @ axes.T
    units = np.stack(
        [
            along[:, centre_direction(name)]
            if name.startswith(CENTRES)
            else normal[:, axes.shape[1] + BODY_PARAMETERS.index(name)]
            for name in names
        ],
        axis=1,
    )
    shifts = units @ square_root(fit.covariance[np.ix_(rows, rows)])
    base = inertial_parameters(adjusted_skeleton(fit.runner, fit.values))
    bodies = []
    for shift in shifts:
        theta = fit.theta.copy()
        theta[rows] += shift
        bodies.append(inertial_parameters(adjusted_skeleton(fit.runner, solver.values(theta))))
    change = draws.following[:, rows] @ shifts.T
    return PosteriorStates(_moved(fit, solver, change, frames), np.stack(bodies) - base)


def motion_states(fit: TrialFit, draws: Draws, frames: IntArray, count: int) -> PosteriorStates:
    """Motions that the data leave open, given the body: the first `count` draws."""
    change = draws.own[:, :count].astype(float)
    bodies = len(fit.skeleton.bodies)
    inertia = np.zeros((change.shape[1], bodies, 10))
    return PosteriorStates(_moved(fit, fit.solver, change, frames), inertia)


def _moved(fit: TrialFit, solver: Solver, change: FloatArray, frames: IntArray) -> Motion:
    """Deviations of the motion in some frames for changes of the coefficients, (K N, J)."""
    states = change.shape[1]
    by_knot = change.reshape(solver.basis.count, -1)
    shape = (states * len(frames), fit.motion.q.shape[1])
    base, parts = [], []
    for name, table in zip(("q", "u", "udot"), solver.basis.values[:3], strict=True):
        values = np.tile(getattr(fit.motion, name)[frames], (states, 1))
        moved = np.asarray(table[frames] @ by_knot).reshape(len(frames), -1, states)
        base.append(values.copy())
        values[:, fit.coordinates] += np.moveaxis(moved, 2, 0).reshape(len(values), -1)
        parts.append(values)
    motion = with_dependent(fit.skeleton, Motion(*parts))
    changes = (
        (after - before).reshape(states, len(frames), shape[1])
        for after, before in zip((motion.q, motion.u, motion.udot), base, strict=True)
    )
    return Motion(*changes)
