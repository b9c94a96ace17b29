"""Fit of a skeleton to recorded markers, and the damped Newton descent to a better fit.

The cost of a frame is half the weighted sum of squared distances between the skeleton's markers
and the recorded ones. Springs between them would pull the skeleton the same way: the gradient is
the generalised force of the springs, the Gauss-Newton matrix is the mass matrix of a skeleton
whose only masses are the markers' weights, and what remains of the second derivative is the
moment of the springs' forces on axes that other axes turn. No Jacobian is ever formed. Many frames
descend at once, each with its own damping.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from aqbio.multibody.jacobians import (
    VelocityFields,
    axis_fields,
    axis_products,
    by_coordinate,
    momenta,
    point_masses,
    sum_beyond,
)
from aqbio.multibody.poses import SegmentPoses, segment_poses, station_positions
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross, dot, of_frames, sums_of_runs

PRIOR_WEIGHT = 1e-10
"""Pull of every coordinate towards its centre, per unit of marker weight, m²/rad².

Markers hold a coordinate that they determine with the square of their lever arms, say
(1 cm)² = 1e-4 m²: one radian off the centre, the pull shifts that coordinate by 6e-5 degrees.
Rounding errors of the sums are another 1e-5 smaller: where no marker holds it, the pull decides."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One pose of every frame, compared with the recorded markers."""

    q: FloatArray
    """(T, C) array, rad or m."""
    poses: SegmentPoses
    position: FloatArray
    error: FloatArray
    """position, error: (T, K, 3) arrays, m, ground. The skeleton's markers, and how far they are
    from the recorded ones."""
    cost: FloatArray
    """(T,) array, m². Half the weighted sum of squares, prior included."""

    def frames(self, chosen: BoolArray | slice) -> Fit:
        """The same for some of the frames."""
        poses = {f.name: of_frames(getattr(self.poses, f.name), chosen) for f in fields(self.poses)}
        names = ("position", "error", "cost")
        rest = [of_frames(getattr(self, name), chosen) for name in names]
        return Fit(of_frames(self.q, chosen), SegmentPoses(**poses), *rest)

    def with_rows_of(self, replacement: Fit, chosen: BoolArray) -> Fit:
        """The same with some frames taken from another fit."""
        if not chosen.any():
            return self
        poses = {
            f.name: _replace_rows(
                getattr(self.poses, f.name), getattr(replacement.poses, f.name), chosen
            )
            for f in fields(self.poses)
        }
        names = ("position", "error", "cost")
        rest = [
            _replace_rows(getattr(self, name), getattr(replacement, name), chosen) for name in names
        ]
        return Fit(_replace_rows(self.q, replacement.q, chosen), SegmentPoses(**poses), *rest)


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Derivatives of the cost by the sought coordinates."""

    gradient: FloatArray
    """(T, N) array."""
    hessian: FloatArray
    """(T, N, N) array. Gauss-Newton's ``Jᵀ W J``, or Newton's, the whole second derivative; prior
    included."""
    scale: FloatArray
    """(T, N) array. Stiffness of each coordinate by itself; positive."""


@dataclass(frozen=True, eq=False)
class Tracking:
    """Markers that a skeleton follows, and the coordinates that move them."""

    skeleton: Skeleton
    marker: IntArray
    """(K,) int array. Index of each recorded marker among the skeleton's."""
    coordinate: IntArray
    """(N,) int array. The coordinates sought, ascending; each moves at least one of the
    markers."""

    def __post_init__(self) -> None:
        """Refuse coordinates that move no marker."""
        moving = np.unique(self.skeleton.driver[self.axes])
        if not np.array_equal(moving, self.coordinate):
            raise ValueError(f"of coordinates {self.coordinate}, only {moving} move a marker.")

    @classmethod
    def of(cls, skeleton: Skeleton, marker: IntArray, candidates: IntArray) -> Tracking:
        """Find those of some coordinates that move a marker."""
        axes = _moving_axes(skeleton, skeleton.marker_body[marker], candidates)
        return cls(skeleton, marker, np.unique(skeleton.driver[axes]))

    @cached_property
    def body(self) -> IntArray:
        """(K,) int: the segment that carries each marker."""
        return self.skeleton.marker_body[self.marker]

    @cached_property
    def station(self) -> FloatArray:
        """(K, 3) array: where on its segment each marker is, m."""
        return self.skeleton.marker_position[self.marker]

    @cached_property
    def axes(self) -> IntArray:
        """Axes by which the sought coordinates move markers."""
        return _moving_axes(self.skeleton, self.body, self.coordinate)

    @cached_property
    def turns(self) -> BoolArray:
        """(N,) bool: true for sought coordinates that turn segments."""
        rotations = self.axes[self.skeleton.axes.is_rotation[self.axes]]
        return np.isin(self.coordinate, self.skeleton.driver[rotations])

    @cached_property
    def root(self) -> IntArray:
        """Sought coordinates that move a segment that hangs on the ground."""
        hangs = self.skeleton.parent[self.skeleton.axes.body[self.axes]] == GROUND
        return np.unique(self.skeleton.driver[self.axes[hangs]])

    @cached_property
    def limb_angles(self) -> IntArray:
        """Sought coordinates that turn segments against each other."""
        return np.setdiff1d(self.coordinate[self.turns], self.root)


@dataclass(frozen=True, eq=False)
class MarkerFit:
    """Recorded markers of T frames, and the skeleton that is to fit them."""

    tracking: Tracking
    target: FloatArray
    """(T, K, 3) array, m, ground. Recorded positions; anything finite where the weight is 0."""
    weight: FloatArray
    """(T, K) array. 0 where a marker is missing."""
    centre: FloatArray
    """(C,) array, rad or m. Where the prior pulls the sought coordinates."""
    stiffness: FloatArray | float = 0.0
    """(C,) array, m²/rad². Pull of each beyond ``PRIOR_WEIGHT``, as of a posture prior."""

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton that is to fit."""
        return self.tracking.skeleton

    @property
    def coordinate(self) -> IntArray:
        """(N,) int: the sought coordinates."""
        return self.tracking.coordinate

    @property
    def pull(self) -> FloatArray:
        """(T, N) array: stiffness of the prior of the sought coordinates in each frame."""
        total = self.weight.sum(axis=1)[:, None]
        stiffness = np.zeros(len(self.centre)) + self.stiffness
        return np.asarray(
            PRIOR_WEIGHT * np.where(total > 0, total, 1.0) + stiffness[self.coordinate]
        )

    def frames(self, chosen: BoolArray | IntArray | slice) -> MarkerFit:
        """The same problem for some of the frames."""
        target, weight = of_frames(self.target, chosen), of_frames(self.weight, chosen)
        return replace(self, target=target, weight=weight)

    def copies(self, count: int) -> MarkerFit:
        """The same single frame several times."""
        return self.frames(np.zeros(count, dtype=np.int64))

    def strain(self, q: FloatArray) -> FloatArray:
        """(T, N) array: how far the sought coordinates are from the prior's centre."""
        away: FloatArray = q[:, self.coordinate] - self.centre[self.coordinate]
        return away

    def evaluate(self, q: FloatArray) -> Fit:
        """Fit of a pose q (T, C)."""
        poses = segment_poses(self.skeleton, q)
        position = station_positions(poses, self.tracking.body, self.tracking.station)
        error = position - self.target
        distance = (self.weight * dot(error, error)).sum(axis=1)
        prior_cost = (self.pull * self.strain(q) ** 2).sum(axis=1)
        return Fit(q, poses, position, error, (distance + prior_cost) / 2.0)

    def normal_equations(self, fit: Fit, *, newton: BoolArray) -> NormalEquations:
        """Derivatives of the cost; frames (T,) marked ``newton`` get the whole second derivative.

        With f = w e, the weighted errors, and r the markers' positions, summed over all markers
        beyond an axis with the field ``v = s + t × r``: gradient ``t · Σ r × f + s · Σ f``.
        The second derivative by axes a and b, of which a precedes b, is ``Σ w v_a · v_b`` plus
        ``t_a · Σ v_b × f``; by one axis, also the gradient times θ'' / θ'. Further,
        ``Σ v × f = s × Σ f + (Σ r fᵀ) t − t Σ r · f``.
        """
        about = fit.position.mean(axis=1)
        field = axis_fields(self.skeleton, fit.poses, about, self.tracking.axes)
        beyond = self._beyond(field, fit)
        moment, force, virial = beyond[..., 10:13], beyond[..., 13:16], beyond[..., 16:]
        work = dot(field.turn, moment) + dot(field.shift, force)

        momentum = momenta(field, beyond[..., :10])
        stiff = dot(field.turn, momentum[..., :3]) + dot(field.shift, momentum[..., 3:])
        bending = cross(field.shift, force)
        bending -= (virial[..., 0] + virial[..., 4] + virial[..., 8])[..., None] * field.turn
        for column in range(3):
            bending += virial[..., column::3] * field.turn[..., column, None]
        momentum[..., :3] += newton[:, None, None] * bending
        hessian = axis_products(self.skeleton, field, momentum)
        rows = np.arange(len(field.axis))
        hessian[:, rows, rows] += newton[:, None] * self._bent(field, fit, moment, force)

        pull = self.pull
        hessian = by_coordinate(field, hessian)
        rows = np.arange(len(self.coordinate))
        hessian[:, rows, rows] += pull
        gradient = sums_of_runs(work, field.first, 1) + pull * self.strain(fit.q)
        return NormalEquations(gradient, hessian, sums_of_runs(stiff, field.first, 1) + pull)

    def _beyond(self, field: VelocityFields, fit: Fit) -> FloatArray:
        """Sums over the markers beyond each axis: weights as masses, ``r × f``, f and ``r fᵀ``."""
        arm = fit.position - field.about[:, None]
        force = self.weight[..., None] * fit.error
        parts = np.empty((*self.weight.shape, 25), order="F")
        parts[..., :10] = point_masses(self.weight, arm)
        parts[..., 10:13] = cross(arm, force)
        parts[..., 13:16] = force
        for row in range(3):
            parts[..., 16 + 3 * row : 19 + 3 * row] = arm[..., row, None] * force
        return sum_beyond(self.skeleton, field, parts, self.tracking.body)

    def _bent(
        self, field: VelocityFields, fit: Fit, moment: FloatArray, force: FloatArray
    ) -> FloatArray:
        """Work of the springs on the curvature of the joints' functions, (T, N)."""
        axes, poses = field.axis, fit.poses
        arm = field.about[:, None] - poses.joint_centre[:, field.body]
        turns = self.skeleton.axes.is_rotation[axes][:, None]
        load = np.where(turns, moment + cross(arm, force), force)
        return dot(poses.axis_direction[:, axes], load) * poses.axis_curvature[:, axes]


def _moving_axes(skeleton: Skeleton, bodies: IntArray, coordinates: IntArray) -> IntArray:
    """Axes by which some coordinates move any of some segments."""
    moved = skeleton.lineage[bodies].sum(axis=0) > 0
    driven = np.isin(skeleton.driver, coordinates)
    return np.flatnonzero(driven & moved[skeleton.axes.body])


def _replace_rows(array: FloatArray, replacement: FloatArray, chosen: BoolArray) -> FloatArray:
    patched = array.copy(order="K")
    patched[chosen] = replacement[chosen]
    return patched


FRAMES_PER_BATCH = 2000
"""Frames that descend in one batch."""

FRAMES_PER_BLOCK = 100
"""Frames whose matrices fit the processor's cache."""

MAX_NEWTON_COST_SHARE = 0.05
"""A Gauss-Newton step that promises less than this part of the cost is near the minimum:
from there on Newton's method converges in a few steps, farther away it may go anywhere."""

MAX_STEP_ANGLE_RAD = 0.7
"""Longest change of an angle in one step, rad."""

FIRST_DAMPING = 1e-4
MIN_DAMPING = 1e-10
MAX_DAMPING = 1e10
"""Damping λ in relation to each coordinate's own stiffness."""

MIN_STIFFENING = 1e-3
"""First addition to an indefinite matrix, as a share of each coordinate's own stiffness."""

SMALL_DAMPING = 1e-2
"""Below it a step promises nearly all that the undamped one does."""

ROUNDING = 1e-12
"""Relative rounding error of a cost: positions of metres are rounded to 1e-15 m, and squared are
their distances, of millimetres. With less, chance decides whether the last step is taken."""

MIN_DIVISOR = 1e-300
"""Keeps quotients of zeros finite."""

MIN_DISTANCE_M = 1e-12
"""Markers closer than this, m, are fitted."""


@dataclass(frozen=True, eq=False)
class Descent:
    """Coordinates and cost at the end of a descent."""

    q: FloatArray
    """(T, C) array, rad or m."""
    cost: FloatArray
    """(T,) array, m²."""


def descend(
    problem: MarkerFit, start: FloatArray, *, tolerance: float = 1e-12, most_iterations: int = 100
) -> Descent:
    """Descend in every frame to the minimum of its cost near its start, (T, C).

    Levenberg-Marquardt: each step solves ``(H + λ S) d = −g`` with S the stiffness of each
    coordinate by itself. A step that lowers the cost is taken, and λ shrinks the more, the better
    the step kept its promise; otherwise λ grows. H is Gauss-Newton's matrix far from the minimum
    and Newton's near it. Where Newton's leads uphill, from a saddle or a ridge, so much of S is
    added that it is positive definite. A frame is done when a step promises to lower its cost by
    less than ``tolerance`` of it; a step of Newton's method that promises less than a hundredth of
    the root is the last one. Sources: Marquardt DW (1963) J Soc Indust Appl Math 11:431-441;
    Nielsen HB (1999) Damping parameter in Marquardt's method, IMM-REP-1999-05, TU Denmark.
    """
    parts = []
    for first in range(0, max(len(start), 1), FRAMES_PER_BATCH):
        part = slice(first, first + FRAMES_PER_BATCH)
        frames = len(start[part])
        trust = _Trust(np.full(frames, FIRST_DAMPING), np.zeros(frames, dtype=bool))
        parts.append(_walk(problem.frames(part), start[part], trust, tolerance, most_iterations))
    return Descent(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _walk(
    problem: MarkerFit, start: FloatArray, trust: _Trust, tolerance: float, most_iterations: int
) -> tuple[FloatArray, FloatArray]:
    """Walk a chunk of frames; those that are done drop out."""
    fit = problem.evaluate(start)
    q, cost = start.copy(), fit.cost.copy()
    active = np.arange(len(start))
    for _ in range(most_iterations if len(start) else 0):
        step, promise = _steps(problem, fit, trust)
        q_next = fit.q.copy()
        q_next[:, problem.coordinate] += step
        trial = problem.evaluate(q_next)
        floor = MIN_DISTANCE_M**2 * problem.weight.sum(axis=1)
        tolerances = np.where(trust.newton, max(tolerance, 0.01 * tolerance**0.5), tolerance)
        little = promise <= tolerances * fit.cost + floor
        finished = (little & (trust.damping < SMALL_DAMPING)) | (trust.damping > MAX_DAMPING)
        accepted = trial.cost <= fit.cost * (1.0 + ROUNDING)
        share_kept = (fit.cost - trial.cost) / np.maximum(promise, MIN_DIVISOR)
        trust = trust.after(accepted, share_kept, promise / np.maximum(fit.cost, MIN_DIVISOR))
        fit = trial.with_rows_of(fit, ~accepted)
        q[active], cost[active] = fit.q, fit.cost
        if finished.all():
            break
        if finished.any():
            active, problem = active[~finished], problem.frames(~finished)
            fit, trust = fit.frames(~finished), trust.frames(~finished)
    return q, cost


@dataclass(frozen=True, eq=False)
class _Trust:
    """Damping of every frame, and whether it uses the Newton matrix."""

    damping: FloatArray
    newton: BoolArray

    def after(self, accepted: BoolArray, gain: FloatArray, promise: FloatArray) -> _Trust:
        """Trust after steps that kept some part of their promise (a part of the cost)."""
        shrink = np.clip(1.0 - (2.0 * gain - 1.0) ** 3, 0.1, 2.0)
        damping = np.where(
            accepted, self.damping * shrink, np.maximum(self.damping, FIRST_DAMPING) * 8.0
        )
        newton = np.where(accepted, promise < MAX_NEWTON_COST_SHARE, self.newton)
        return _Trust(np.maximum(damping, MIN_DAMPING), newton)

    def frames(self, chosen: BoolArray | slice) -> _Trust:
        """The same for some of the frames."""
        return _Trust(self.damping[chosen], self.newton[chosen])


def _steps(problem: MarkerFit, fit: Fit, trust: _Trust) -> tuple[FloatArray, FloatArray]:
    """Step of every frame, (T, N), and the decrease of the cost that it promises, (T,)."""
    parts = []
    for first in range(0, len(fit.q), FRAMES_PER_BLOCK):
        part = slice(first, first + FRAMES_PER_BLOCK)
        block, trust_part = fit.frames(part), trust.frames(part)
        equations = problem.frames(part).normal_equations(block, newton=trust_part.newton)
        gradient, matrix = equations.gradient, equations.hessian
        diagonal = np.arange(matrix.shape[1])
        matrix[:, diagonal, diagonal] += trust_part.damping[:, None] * equations.scale
        step = _downhill(matrix, gradient, equations.scale)
        turn = np.abs(step[:, problem.tracking.turns]).max(axis=1, initial=MAX_STEP_ANGLE_RAD)
        share = MAX_STEP_ANGLE_RAD / turn
        slope = -(gradient * step).sum(axis=1)
        parts.append((step * share[:, None], share * (1.0 - share / 2.0) * slope))
    steps, promises = zip(*parts, strict=True)
    return np.concatenate(steps), np.concatenate(promises)


def _downhill(matrix: FloatArray, gradient: FloatArray, scale: FloatArray) -> FloatArray:
    """Solution of ``matrix step = −gradient``, stiffened where it would lead uphill."""
    step = np.asarray(-np.linalg.solve(matrix, gradient[..., None])[..., 0], dtype=np.float64)
    # a few frames, one by one: eigenvalues of many matrices take longer, with threads far longer
    for frame in np.flatnonzero((gradient * step).sum(axis=1) > 0):
        stiffened = _positive_definite(matrix[frame], scale[frame])
        step[frame] = -np.linalg.solve(stiffened, gradient[frame])
    return step


def _positive_definite(matrix: FloatArray, scale: FloatArray) -> FloatArray:
    """Add as little of the scale to the diagonal as makes a matrix positive definite."""
    share = MIN_STIFFENING
    while True:
        stiffened = matrix + share * np.diag(scale)
        try:
            np.linalg.cholesky(stiffened)
        except np.linalg.LinAlgError:
            share *= 4.0
        else:
            return stiffened
