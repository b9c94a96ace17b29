"""Vertical force and height of the centre of mass of a run that repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial

from aqbio.names import GRAVITY
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import Timeline


@dataclass(frozen=True, eq=False)
class VerticalMotion:
    """Vertical force in the contacts and height above an unknown level.

    Attributes
    ----------
    force : (N, n) array, N
    height, velocity : (N, n) arrays, m, m/s
        At the nodes of the contacts; the height is zero at every touchdown.
    """

    force: FloatArray
    height: FloatArray
    velocity: FloatArray


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
    once = [shape.integ() for shape in shapes]
    twice = [one.integ() for one in once]
    rise = np.array([two(1.0) for two in twice]) * contact + flight
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
        + kick * contact[:, None] * np.array([two(s) for two in twice])
        - GRAVITY * time**2 / 2.0,
        velocity=start[:, None] + kick * np.array([one(s) for one in once]) - GRAVITY * time,
    )
