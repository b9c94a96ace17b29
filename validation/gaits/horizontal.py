"""Horizontal motion of the centre of mass, for a given vertical force and centre of pressure.

Angular momentum fixes the horizontal force: ``dH_z/dt = (p_x - c_x) F_y + c_y F_x`` and
``dH_x/dt = -c_y F_z - (p_z - c_z) F_y``. With ``F = m c''`` (plus drag) these are linear boundary
value problems in the contacts, joined by ballistic flights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial

from aqbio.names import GRAVITY
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import Timeline
from validation.gaits import collocation


@dataclass(frozen=True, eq=False)
class StanceForces:
    """Motion of the centre of mass and the load of the foot at the nodes of the contacts."""

    along: FloatArray
    across: FloatArray
    """along, across: (N, n) arrays, m. Centre of mass, x from the place of each contact, z from the
    line of running."""
    force: FloatArray
    """(N, n, 3) array, N."""
    free_moment: FloatArray
    """(N, n) array, N m."""


@dataclass(frozen=True, eq=False)
class HorizontalProblem:
    """Everything that does not depend on the angular momentum."""

    timeline: Timeline
    mass: float
    drag: float
    """mass, drag: kg and N. ``drag`` acts backwards on the centre of mass, also in flight."""
    force: FloatArray
    """(N, n) array, N. Vertical."""
    height: FloatArray
    """(N, n) array, m. Of the centre of mass."""
    cop_along: FloatArray
    cop_across: FloatArray
    """cop_along, cop_across: (N, n) arrays, m. Centre of pressure."""
    inverse: FloatArray
    """(N n, N n) array. Of the collocated operator with its boundary conditions."""

    def solved(self, rate: FloatArray) -> StanceForces:
        """Motion and forces for a given rate of angular momentum."""
        scale = 1.0 / (self.mass * self.height)
        flight, line = self.timeline.flight, self.timeline
        slowed = self.drag / self.mass
        along = (rate[..., 2] - self.cop_along * self.force - self.height * self.drag) * scale
        across = (-rate[..., 0] - self.cop_across * self.force) * scale
        along[:, 0] = np.roll(-slowed * flight, 1)
        along[:, -1] = -line.length - slowed * flight**2 / 2.0
        across[:, [0, -1]] = 0.0
        shape = self.force.shape
        x = (self.inverse @ along.ravel()).reshape(shape)
        z = (self.inverse @ across.ravel()).reshape(shape)
        forward = (rate[..., 2] + (x - self.cop_along) * self.force) / self.height
        sideways = (-rate[..., 0] + (z - self.cop_across) * self.force) / self.height
        twist = rate[..., 1] - (self.cop_across - z) * forward + (self.cop_along - x) * sideways
        force = np.stack((forward, self.force, sideways), axis=-1)
        return StanceForces(x, z, force, twist)

    def slopes(self, rates: FloatArray, now: StanceForces) -> tuple[FloatArray, ...]:
        """Change of forward force, sideways force and free moment with the rates.

        Returns forward, sideways, twist (B, N, N, n): change [b, k, i] in contact i when change b
        happens in contact k.
        """
        steps, count = self.force.shape
        scale = 1.0 / (self.mass * self.height)
        scale[:, [0, -1]] = 0.0
        blocks = self.inverse.reshape(steps, count, steps, count)
        identity = np.eye(steps)

        def response(change: FloatArray) -> FloatArray:
            responses: FloatArray = np.einsum(
                "injm,bjm->bjin", blocks, change * scale, optimize=True
            )
            return responses

        def spread(change: FloatArray) -> FloatArray:
            return change[:, :, None] * identity[None, :, :, None]

        x, z = response(rates[..., 2]), response(-rates[..., 0])
        forward = (spread(rates[..., 2]) + x * self.force) / self.height
        sideways = (spread(-rates[..., 0]) + z * self.force) / self.height
        twist = spread(rates[..., 1]) + now.force[..., 0] * z - now.force[..., 2] * x
        twist -= (self.cop_across - now.across) * forward
        twist += (self.cop_along - now.along) * sideways
        return forward, sideways, twist


def inverse_operator(
    timeline: Timeline, force: FloatArray, height: FloatArray, mass: float
) -> FloatArray:
    """Inverse of ``c'' - F_y c / (m c_y)`` on all contacts, with the flights between them.

    The first row of each contact says that the velocity is that of the toe-off before, the last row
    that the flight after it ends at the next contact's start.
    """
    steps, count = force.shape
    slope = collocation.differentiation(count)
    table = np.zeros((steps, count, steps, count))
    for k in range(steps):
        first = slope / timeline.contact[k]
        table[k, :, k] = first @ first - np.diag(force[k] / (mass * height[k]))
        table[k, [0, -1]] = 0.0
    for k in range(steps):
        after = (k + 1) % steps
        leaving = slope[-1] / timeline.contact[k]
        table[after, 0, after] += slope[0] / timeline.contact[after]
        table[after, 0, k] -= leaving
        table[k, -1, after, 0] += 1.0
        table[k, -1, k, -1] -= 1.0
        table[k, -1, k] -= timeline.flight[k] * leaving
    square = table.reshape(steps * count, steps * count)
    return np.asarray(np.linalg.inv(square), dtype=np.float64)


# vertical motion ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class VerticalMotion:
    """Vertical force in the contacts and height above an unknown level."""

    force: FloatArray
    """(N, n) array, N."""
    height: FloatArray
    velocity: FloatArray
    """height, velocity: (N, n) arrays, m, m/s. At the nodes of the contacts; the height is zero at
    every touchdown."""


def pulse(early: float, broad: float) -> Polynomial:
    """Shape of the vertical force over the contact, 0 to 1, with a mean of 1."""
    x = Polynomial([1.0, -2.0])
    shape = Polynomial([0.0, 0.0, 1.0, -2.0, 1.0]) * (1.0 + early * x + broad * x**2)
    normalised: Polynomial = shape / shape.integ()(1.0)
    return normalised


def vertical_motion(
    timeline: Timeline, shapes: list[Polynomial], mass: float, s: FloatArray
) -> VerticalMotion:
    """Vertical forces that carry the body from touchdown to touchdown at the same height.

    Unknown are the impulses ``J_k`` of the N contacts and the velocity at the first touchdown; the
    body is as high at every touchdown, and the velocity repeats after N steps. For a single kind of
    step ``J = m g T``.
    """
    count, contact, flight = len(timeline), timeline.contact, timeline.flight
    velocity_shapes = [shape.integ() for shape in shapes]
    height_shapes = [shape.integ() for shape in velocity_shapes]
    rise = np.array([shape(1.0) for shape in height_shapes]) * contact + flight
    # velocity at touchdown k: v_0 + sum_{i<k} (J_i / m - g T_i)
    earlier = np.tri(count, k=-1)
    table = np.zeros((count + 1, count + 1))
    right = np.zeros(count + 1)
    table[:count, :count] = (earlier * timeline.step[:, None] + np.diag(rise)) / mass
    table[:count, count] = timeline.step
    right[:count] = GRAVITY * (timeline.step * (earlier @ timeline.step) + timeline.step**2 / 2.0)
    table[count, :count] = 1.0 / mass
    right[count] = GRAVITY * timeline.period
    solution = np.linalg.solve(table, right)
    impulse, first = solution[:count], solution[count]
    start = first + earlier @ (impulse / mass - GRAVITY * timeline.step)
    time = contact[:, None] * s
    kick = (impulse / mass)[:, None]
    return VerticalMotion(
        force=(impulse / contact)[:, None] * np.array([shape(s) for shape in shapes]),
        height=start[:, None] * time
        + kick * contact[:, None] * np.array([shape(s) for shape in height_shapes])
        - GRAVITY * time**2 / 2.0,
        velocity=start[:, None]
        + kick * np.array([shape(s) for shape in velocity_shapes])
        - GRAVITY * time,
    )
