"""The residual's derivatives, against differences of the residual itself."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.consistency.balance import Balance, rates_over_frames
from aqbio.consistency.parameters import PARAMETERS
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.momentum import MomentumJacobians, momentum_jacobians

SIZES = (0.003, 0.4, 0.02, 0.006, -0.004, 0.005, 0.004, 0.002, -0.003, 0.003, 0.1, -0.1)
VALUES = dict(zip((one.name for one in PARAMETERS), SIZES, strict=True))
VALUES |= {"centres_1": 1.0, "centres_4": -0.7, "centres_20": 2.0}


def rows(made, motion, values, drags=True):
    kinematics = segment_kinematics(made.runner.skeleton, motion.q, motion.u, motion.udot)
    wrench = (made.observations.wrench, made.observations.time)
    return Balance(made.runner, values, kinematics, wrench, drags=drags)


def test_nothing_is_left_of_a_consistent_motion(case):
    made = case()
    residual = rows(made, made.motion, {"drag_area": 0.45}).residual
    # Of 700 N and 100 N m, rounding leaves 1e-12 of the parts that cancel.
    np.testing.assert_allclose(residual.force, 0.0, atol=1e-8)
    np.testing.assert_allclose(residual.moment, 0.0, atol=1e-8)


@pytest.mark.parametrize("name", VALUES)
def test_derivatives_by_parameters(case, name):
    """Central differences: the residual is at most quadratic in all but the clock."""
    made, step = case(), 1e-6
    shifted = [
        rows(made, made.motion, VALUES | {name: VALUES[name] + sign * step}).residual.rows
        for sign in (-1, 1)
    ]
    by_difference = (shifted[1] - shifted[0]) / (2 * step)
    found = rows(made, made.motion, VALUES).by_parameter(name)
    inside = slice(1, -1)  # beyond its last sample the wrench stays as it is
    error = np.abs(found - by_difference)[inside].max()
    assert error < 1e-7 * np.abs(by_difference).max() + 1e-4


@pytest.mark.parametrize("drags", [True, False])
def test_derivatives_by_motion(case, drags):
    """With the exact rates of the momentum's derivatives, the residual's are exact."""
    made = case()
    motion, frame, step = made.motion, slice(40, 44), 1e-4
    free = made.runner.skeleton.free
    body = rows(made, motion, VALUES).skeleton

    def state(shift):
        q = motion.q + motion.u * shift + motion.udot * shift**2 / 2
        return segment_kinematics(body, q, motion.u + motion.udot * shift, motion.udot)

    around = [momentum_jacobians(body, state(sign * step), free) for sign in (-1, 1)]
    rates = MomentumJacobians(
        (around[1].by_speed - around[0].by_speed) / (2 * step),
        (around[1].by_coordinate - around[0].by_coordinate) / (2 * step),
    )
    equations = rows(made, motion, VALUES, drags)
    jacobians = momentum_jacobians(body, equations.kinematics, free)
    found = equations.by_motion(jacobians, rates)
    for order, name, size in ((0, "q", 1e-5), (1, "u", 1e-3), (2, "udot", 1.0)):
        for column in (0, 3, 7, 14, 22):
            both = []
            for sign in (-1, 1):
                moved = {part: getattr(motion, part).copy() for part in ("q", "u", "udot")}
                moved[name][:, free[column]] += sign * size
                both.append(rows(made, type(motion)(**moved), VALUES, drags).residual.rows)
            by_difference = (both[1] - both[0])[frame] / (2 * size)
            largest = np.abs(found[order][frame]).max()
            np.testing.assert_allclose(
                found[order][frame, :, column], by_difference, atol=1e-6 * largest
            )


def test_rates_do_not_cross_gaps(case):
    """Of frames in two pieces, each piece is differentiated by itself."""
    made = case()
    everywhere = rows(made, made.motion, {})
    jacobians = momentum_jacobians(
        made.runner.skeleton, everywhere.kinematics, made.runner.skeleton.free
    )
    frames = np.ones(len(made.observations.time), dtype=bool)
    frames[40:60] = False
    part = MomentumJacobians(jacobians.by_speed[frames], jacobians.by_coordinate[frames])
    found = rates_over_frames(part, frames, 0.005).by_speed
    whole = rates_over_frames(jacobians, np.ones_like(frames), 0.005).by_speed
    np.testing.assert_array_equal(found[:39], whole[:39])
    np.testing.assert_array_equal(found[41:], whole[frames][41:])
    assert np.abs(found).max() < 1.2 * np.abs(whole).max()
