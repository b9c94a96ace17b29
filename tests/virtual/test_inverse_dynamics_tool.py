"""OpenSim's own inverse dynamics tool finds no residual in the generator's motions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from aqbio.names import GRAVITY
from tests.virtual.conftest import GaitOf
from tests.virtual.known_arrays import sampled_truth
from tests.virtual.runners import RUNNER

PADDING = 40
"""Samples on both sides that keep the ends of OpenSim's splines out of the window."""


@pytest.mark.opensim
@pytest.mark.parametrize("speed", [4.0, 7.0, 9.5])
def test_no_residual(gait_of: GaitOf, tmp_path: Path, speed: float):
    """Our model, 1 kHz, no noise: the limits of the issue, in body weights and body weights
    times height; the tool writes 8 decimals, which is 7e-12 of them.
    """
    from aqbio.opensim.session import quiet
    from tests.inverse_dynamics_tool import run_inverse_dynamics_tool
    from validation.sprint_model import build_sprint_model

    model = tmp_path / "runner.osim"
    gait = gait_of(RUNNER, speed).gait
    gait_time = np.arange(-PADDING, int(2 * gait.timeline.period * 1000) + PADDING + 1) / 1000
    truth = sampled_truth(gait, gait_time)
    time = gait_time - gait_time[0]
    with quiet(tmp_path / "opensim.log"):
        build_sprint_model(model, "male", mass=RUNNER.mass, stature=RUNNER.stature)
        solved = xr.Dataset({"q": (("time", "coordinate"), truth.motion.q)}, {"time": time})
        loads = truth.loads.external()
        found = run_inverse_dynamics_tool(model, gait.skeleton, solved, loads, tmp_path)
    inner = slice(PADDING, len(time) - PADDING)
    places = gait.skeleton.coordinates.index
    force = found[inner][:, [places(f"pelvis_t{axis}") for axis in "xyz"]]
    turns = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    moment = found[inner][:, [places(name) for name in turns]]
    side, _ = gait.stance_foot(gait_time[inner])
    body_weight = RUNNER.mass * GRAVITY
    contact = side != 0
    assert np.abs(force[contact]).max() <= 1e-6 * body_weight
    assert np.abs(moment[contact]).max() <= 1e-6 * body_weight * RUNNER.stature
    assert np.abs(force[~contact]).max() <= 1e-3 * body_weight
    assert np.abs(moment[~contact]).max() <= 1e-3 * body_weight * RUNNER.stature
