"""States of a fitted trial in which one error is disturbed and the motion follows it.

A body with another mass distribution leaves another residual of the equations of motion, to which
the fit answers with another motion: what a fit determines, such as the rate of the whole body's
angular momentum, does not change with the body. State j of a source is the same error in all trials
of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.draws import (
    BodySpread,
    centre_draws,
    drawn_shapes,
    inertia_draws,
    inertia_spread,
    inertial_parameters,
    twins,
)
from aqbio.body.shape import Template
from aqbio.force_plates.alignment import Alignment
from aqbio.inverse_dynamics.balance import adjusted_inertia
from aqbio.inverse_dynamics.data_errors import DataErrors, Draws, Response
from aqbio.inverse_dynamics.fit import TrialFit, moved_motion
from aqbio.inverse_dynamics.parameters import (
    ARMS,
    CENTRES,
    FEET,
    LEGS,
    MASS,
    PELVIS,
    SOFT_TISSUE,
    Runner,
    centre_direction,
)
from aqbio.inverse_dynamics.solver import Solver
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    angular_momentum_rate,
    centre_of_mass,
    group_momenta,
    momentum_regressor,
)
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray, cross, square_root

BODY_PARAMETERS = (MASS, LEGS, PELVIS, FEET, ARMS, *SOFT_TISSUE)
"""Parameters of a person besides the centres of mass, `aqbio.body.draws.OTHERS` of them."""


@dataclass(frozen=True, eq=False)
class PosteriorStates:
    """J states of one source, less the fit."""

    motion: Motion
    """Coordinates, speeds and accelerations, (J, F, C) arrays, in F frames."""
    inertia: FloatArray
    """(J, B, 10) array. Inertial parameters (`aqbio.multibody.momentum`)."""


def inertia_states(
    fit: TrialFit, solver: Solver, frames: IntArray, count: int, seed: int
) -> PosteriorStates:
    """Masses and moments of inertia other than the tables', `count` states.

    Masses of the parts that the fit determines are its own: what it leaves open of these is drawn
    by `body_states`. `solver`: that of the fit, linearised. Centres of mass and other parameters
    answer as the session's fit on each body would (`Draws.by_inertia`).
    """
    off, residual = _drawn_inertia(fit, solver, count, seed)
    change = solver.factor.solve(Response(solver).wrench_pulls(-np.moveaxis(residual, 0, 2)))
    if fit.draws is not None and fit.draws.by_inertia is not None:
        answer = fit.draws.by_inertia[:, :count]
        change = change + fit.draws.following @ answer
        off = off + _inertia_by_parameters(fit, answer)
    return PosteriorStates(_moved(fit, change, frames), off)


def inertia_pulls(fit: TrialFit, solver: Solver, count: int, seed: int) -> FloatArray:
    """(P, J) array: pull of each of `inertia_states` on the parameters when the motion follows.

    In independent observations, as `Solver.information`; `solver` is linearised at the fit.
    """
    _, residual = _drawn_inertia(fit, solver, count, seed)
    pulls = Response(solver).wrench_pulls(-np.moveaxis(residual, 0, 2))
    direct = -solver.by_parameter.T @ residual.reshape(count, -1).T
    pull: FloatArray = (direct + solver.following.T @ pulls) / solver.frames_per_observation
    return pull


def drawn_inertia(skeleton: Skeleton, runner: Runner, count: int, seed: int) -> FloatArray:
    """(J, B, 10) array: masses and moments of inertia other than the tables', before any fit."""
    torso = runner.groups.get("torso", ())
    spread = inertia_spread(skeleton, runner.feet, torso=torso, centre=0.0)
    twin = twins(skeleton.bodies, runner.groups)
    return inertia_draws(skeleton, spread, twin, count, np.random.default_rng((seed, 0)))


def _drawn_inertia(
    fit: TrialFit, solver: Solver, count: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Inertial parameters of `count` bodies, less the fit's, and the residuals (J, D, 6) of each.

    By their weights.
    """
    balance, runner = solver.point.balance, fit.runner
    skeleton = balance.skeleton
    base = inertial_parameters(skeleton)
    drawn = drawn_inertia(skeleton, runner, count, seed)
    off = with_masses_of_fit(drawn, base, runner, solver.on) - base
    regressor = momentum_regressor(balance.kinematics, balance.com)
    momenta = group_momenta(regressor, off, np.ones((1, len(skeleton.bodies))))
    mass = skeleton.mass.sum() + momenta.mass[:, :, None]
    shift = momenta.first[:, :, 0] / mass
    pushed = momenta.linear_rate[:, :, 0]
    total_force = pushed + skeleton.mass.sum() * balance.acceleration
    force = pushed - momenta.mass[:, :, None] * skeleton.gravity
    moment = momenta.angular_rate[:, :, 0] - cross(shift, total_force) + cross(shift, balance.force)
    return off, np.concatenate([force, moment], axis=-1) / solver.sigma


def with_masses_of_fit(
    parameters: FloatArray, base: FloatArray, runner: Runner, on: Sequence[str]
) -> FloatArray:
    """Inertial parameters (K, B, 10), each part of which has the mass that it has in `base`.

    Parts are those between whose segments no parameter that is `on` distinguishes.
    """
    fitted = [part for name, part in runner.parts.items() if name in on]
    if MASS not in on and not fitted:
        return parameters
    table = np.reshape(fitted, (len(fitted), len(base)))
    number = np.unique(table, axis=1, return_inverse=True)[1].ravel()
    member = (number[:, None] == np.arange(number.max() + 1)).astype(float)
    scale = (base[:, 0] @ member) / (parameters[:, :, 0] @ member)
    held: FloatArray = parameters * (scale @ member.T)[:, :, None]
    return held


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
    shifts = units @ square_root(draws.covariance[np.ix_(rows, rows)])
    change = np.zeros((len(fit.theta), count))
    change[rows] = shifts.T
    motion = _moved(fit, draws.following @ change, frames)
    return PosteriorStates(motion, _inertia_by_parameters(fit, change))


def _inertia_by_parameters(fit: TrialFit, change: FloatArray) -> FloatArray:
    """(J, B, 10) array: inertial parameters with other parameters, changes (P, J) of the fit's."""
    base = inertial_parameters(fit.skeleton)
    theta = zip(fit.solver.on, fit.theta[:, None] + change, strict=True)
    inertia = adjusted_inertia(fit.runner, {**fit.solver.fixed, **dict(theta)})
    return inertial_parameters(fit.runner.skeleton.of_size(**inertia)) - base


def motion_states(fit: TrialFit, draws: Draws, frames: IntArray, count: int) -> PosteriorStates:
    """Motions that the data leave open, given the body: the first `count` draws."""
    change = draws.own[:, :count].astype(float)
    bodies = len(fit.skeleton.bodies)
    inertia = np.zeros((change.shape[1], bodies, 10))
    return PosteriorStates(_moved(fit, change, frames), inertia)


@dataclass(frozen=True, eq=False)
class ShapeStates:
    """J states of the calibrated body: sizes, places of markers, axes."""

    states: PosteriorStates
    shapes: FloatArray
    """(J, P) array. Of each state's body, in the order of `Shape.vector`."""
    skeletons: tuple[Skeleton, ...]
    """Tuple of J Skeleton."""


def shape_states(
    fit: TrialFit,
    solver: Solver,
    frames: IntArray,
    spread: BodySpread,
    weight: FloatArray,
    count: int,
    seed: int,
) -> ShapeStates:
    """Bodies of other sizes, marker places and axes, `count` states.

    The motion is that of the fit on each body: it follows markers that lie elsewhere as far as the
    forces, which hold the rate of the whole body's angular momentum, let it.

    Parameters
    ----------
    spread : BodySpread
        Of the body about the fit's.
    weight : (K,) array
        Of the markers that inverse kinematics followed: the centres of mass are known relative to
        these.
    """
    q, response = fit.motion.q, Response(solver)
    generator = np.random.default_rng((seed, 3))
    shapes, bodies = drawn_shapes(spread, q, weight, generator, count, centres_known=True)
    base = _equation_sides(fit.skeleton, fit.motion, solver)
    errors = (
        DataErrors(
            markers=-moved,
            pose=np.zeros_like(solver.solved),
            roughness=np.zeros_like(solver.solved),
            wrench=(base - _equation_sides(body, fit.motion, solver)) / solver.sigma,
        )
        for body, moved in zip(bodies, _markers_moved(fit, spread.template, shapes), strict=True)
    )
    change = solver.factor.solve(response.pulls(errors))
    inertia = np.stack([inertial_parameters(body) for body in bodies])
    states = PosteriorStates(
        _moved(fit, change, frames), inertia - inertial_parameters(fit.skeleton)
    )
    return ShapeStates(states, shapes, bodies)


def _markers_moved(fit: TrialFit, template: Template, shapes: FloatArray) -> Iterator[FloatArray]:
    """Yield how far bodies of other shapes have the markers elsewhere, (T, K, 3), m, cameras."""
    observed, q, markers = fit.observations, fit.motion.q, BodyMarkers(template)
    labels = list(template.markers.labels)
    on_body = observed.on_body
    names = [fit.skeleton.markers[index] for index in observed.marker_index[on_body]]
    rows = np.flatnonzero([name in labels for name in names])
    columns = [labels.index(names[row]) for row in rows]
    levelled, base = Alignment.of(fit.values).rotation, markers.positions(template.shape(), q)
    for shape in shapes:
        moved = np.zeros((len(q), len(names), 3))
        position = markers.positions(template.shape(shape), q)
        moved[:, rows] = ((position - base) @ levelled.T)[:, columns]
        yield moved * observed.visible[:, on_body, None]


def _equation_sides(skeleton: Skeleton, motion: Motion, solver: Solver) -> FloatArray:
    """(D, 6) array: force and moment about the centre of mass that a body's motion asks of forces.

    In the measured frames and the cameras' axes; of a skeleton in the laboratory's.
    """
    frames, point = solver.rows.frame, solver.point
    levelled = Alignment.of(point.balance.values).rotation
    moves = segment_kinematics(skeleton, *(getattr(motion, n)[frames] for n in ("q", "u", "udot")))
    segments = segment_motion(skeleton, moves)
    com, _, acceleration = centre_of_mass(segments)
    force = skeleton.mass.sum() * (acceleration - skeleton.gravity)
    rate = angular_momentum_rate(segments, com, acceleration).sum(axis=1)
    moment = rate + cross(com, point.balance.force @ levelled)
    return np.concatenate([force @ levelled.T, moment @ levelled.T], axis=1)


def _moved(fit: TrialFit, change: FloatArray, frames: IntArray) -> Motion:
    """Deviations of the motion in some frames for changes of the coefficients, (K N, J)."""
    motion, shape = moved_motion(fit, change, frames), (change.shape[1], len(frames), -1)
    changes = (
        getattr(motion, name).reshape(shape) - getattr(fit.motion, name)[frames]
        for name in ("q", "u", "udot")
    )
    return Motion(*changes)
