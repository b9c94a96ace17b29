"""The ground turns the body of a virtual runner, and the identities that every run obeys."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.names import GRAVITY
from aqbio.vectors import cross
from aqbio.virtual.truth import RunTruth, run_truth
from tests.virtual.conftest import GaitOf
from tests.virtual.runners import RUNNER, SPRINTER

RUNS = [(RUNNER, 4.0), (RUNNER, 7.0), (RUNNER, 9.5), (SPRINTER, 8.0)]


@pytest.fixture(params=RUNS, ids=lambda run: f"{run[0].name}-{run[1]:g}")
def truth(request: pytest.FixtureRequest, gait_of: GaitOf) -> RunTruth:
    gait = gait_of(*request.param).gait
    return run_truth(gait, np.arange(int(gait.timeline.period * 1000)) / 1000)


def test_a2_the_ground_turns_the_body(truth: RunTruth):
    """In contact the rate is the moment of force plus the free moment, to 1e-8."""
    cop, free = truth.loads.cop(20.0)
    foot = np.argmax(truth.loads.force[..., 1], axis=1)
    frames = np.flatnonzero(truth.loads.force[..., 1].max(axis=1) >= 20.0)
    force = truth.loads.force[frames, foot[frames]]
    moment = cross(cop[frames, foot[frames]] - truth.com[frames], force)
    moment[:, 1] += free[frames, foot[frames]]
    rate = truth.momentum_rate[frames].sum(axis=1)
    assert np.abs(rate - moment).max() < 1e-8 * np.abs(moment).max()


def test_hard_identities(truth: RunTruth):
    """Mean vertical force, v = length / duration, balanced fore-aft impulse, lateral peak."""
    gait = truth.gait
    line, weight = gait.timeline, gait.athlete.mass * GRAVITY
    for step in range(len(line)):
        begin = float(line.touchdown[step])
        time = np.linspace(begin, begin + float(line.contact[step]), 2001)
        force = run_truth(gait, time).loads.force.sum(axis=1)
        duration = float(line.contact[step])
        mean = np.trapezoid(force[:, 1], time) / duration
        assert mean * duration == pytest.approx(weight * line.step[step], rel=0.03)
        forward = force[:, 0]
        net = abs(np.trapezoid(forward, time)) / np.trapezoid(np.abs(forward), time)
        assert net <= 0.15
        assert 0.05 < np.abs(force[:, 2]).max() / weight < 0.4
        assert line.length[step] / line.step[step] == pytest.approx(line.speed, rel=1e-12)
    once = run_truth(gait, np.array([0.0, line.period]))
    distance = once.com[1, 0] - once.com[0, 0]
    assert distance / line.period == pytest.approx(line.speed, rel=1e-9)
