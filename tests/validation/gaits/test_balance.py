"""Vertical and horizontal motion of the centre of mass: closed forms and balances."""

from __future__ import annotations

import numpy as np

from aqbio.names import GRAVITY
from aqbio.virtual.gait import Timeline
from validation.gaits import collocation
from validation.gaits.horizontal import HorizontalProblem, inverse_operator, pulse, vertical_motion

MASS = 70.0
NODES = collocation.nodes(29)


def _line(unequal: float = 0.0) -> Timeline:
    contact = np.array([0.11 * (1 + unequal), 0.11])
    return Timeline(contact, np.array([0.12, 0.12 - 0.02 * unequal]), np.array([2.0, 2.0]))


def test_equal_steps_carry_their_own_weight():
    """Impulse of each contact is m g T; the body leaves and lands at the same height."""
    line = _line()
    shapes = [pulse(0.5, 1.2)] * 2
    motion = vertical_motion(line, shapes, MASS, NODES)
    impulse = motion.force @ collocation.weights(29) * line.contact
    np.testing.assert_allclose(impulse, MASS * GRAVITY * line.step, rtol=1e-12)
    assert np.abs(motion.height[:, 0]).max() == 0.0


def test_unequal_steps_return_to_their_height():
    """From toe-off a ballistic flight ends at the next touchdown's height and velocity."""
    line = _line(0.1)
    motion = vertical_motion(line, [pulse(0.4, 1.0), pulse(0.6, 1.5)], MASS, NODES)
    for step in range(2):
        fall = line.flight[step]
        height = motion.height[step, -1] + motion.velocity[step, -1] * fall - GRAVITY * fall**2 / 2
        assert abs(height) < 1e-12
        speed = motion.velocity[step, -1] - GRAVITY * fall
        assert abs(speed - motion.velocity[(step + 1) % 2, 0]) < 1e-12


def test_horizontal_motion_obeys_its_equations():
    """Newton at the nodes, Euler about all three axes, and flights that join the contacts."""
    line, drag = _line(0.05), 20.0
    vertical = vertical_motion(line, [pulse(0.5, 1.2)] * 2, MASS, NODES)
    height = vertical.height + 0.95
    random = np.random.default_rng(3)
    series = 8.0 * random.normal(size=(2, 8, 3))
    window = (16.0 * NODES**2 * (1 - NODES) ** 2)[:, None]
    rate = window * np.einsum(
        "nm,kmd->knd", np.polynomial.chebyshev.chebvander(2 * NODES - 1, 7), series
    )
    problem = HorizontalProblem(
        timeline=line,
        mass=MASS,
        drag=drag,
        force=vertical.force,
        height=height,
        cop_along=np.broadcast_to(0.02 * NODES, (2, 29)).copy(),
        cop_across=np.outer([0.05, -0.05], np.ones(29)),
        inverse=inverse_operator(line, vertical.force, height, MASS),
    )
    solved = problem.solved(rate.copy())
    slope = collocation.differentiation(29)
    for step in range(2):
        first = slope / line.contact[step]
        inner = slice(1, -1)
        ahead = first @ first @ solved.along[step]
        aside = first @ first @ solved.across[step]
        np.testing.assert_allclose(
            MASS * ahead[inner], solved.force[step, inner, 0] - drag, atol=1e-6
        )
        np.testing.assert_allclose(MASS * aside[inner], solved.force[step, inner, 2], atol=1e-6)
        arm = np.stack(
            (
                problem.cop_along[step] - solved.along[step],
                -height[step],
                problem.cop_across[step] - solved.across[step],
            ),
            axis=1,
        )
        moment = np.cross(arm, solved.force[step])
        moment[:, 1] += solved.free_moment[step]
        np.testing.assert_allclose(moment, rate[step], atol=1e-9)
        after, fall = (step + 1) % 2, line.flight[step]
        leaving = (first @ solved.along[step])[-1]
        landing = (slope / line.contact[after] @ solved.along[after])[0]
        assert abs(landing - (leaving - drag / MASS * fall)) < 1e-8
        place = solved.along[step, -1] + leaving * fall - drag / MASS * fall**2 / 2
        assert abs(place - line.length[step] - solved.along[after, 0]) < 1e-9
