"""OpenSim's own inverse dynamics tool finds no residual in the generator's motions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.io.mot import read_storage, write_storage
from aqbio.names import GRAVITY
from aqbio.virtual.truth import FEET, RunTruth
from tests.virtual.conftest import GaitOf
from tests.virtual.known_arrays import sampled_truth
from tests.virtual.runners import RUNNER

PADDING = 40
"""Samples on both sides that keep the ends of OpenSim's splines out of the window."""

LOADS = """<?xml version="1.0" encoding="UTF-8" ?>
<OpenSimDocument Version="40600"><ExternalLoads name="loads"><objects>{objects}</objects><groups/>
<datafile>{file}</datafile></ExternalLoads></OpenSimDocument>
"""
LOAD = """<ExternalForce name="{body}"><isDisabled>false</isDisabled>
<applied_to_body>{body}</applied_to_body>
<force_expressed_in_body>ground</force_expressed_in_body>
<point_expressed_in_body>ground</point_expressed_in_body>
<force_identifier>{body}_f</force_identifier><point_identifier>{body}_p</point_identifier>
<torque_identifier>{body}_m</torque_identifier></ExternalForce>
"""


def _write_loads(folder: Path, time: np.ndarray, truth: RunTruth) -> Path:
    columns, values = [], []
    for foot, body in enumerate(FEET):
        for letter, part in (
            ("f", truth.loads.force[:, foot]),
            ("p", np.zeros((len(time), 3))),
            ("m", truth.loads.moment[:, foot]),
        ):
            columns += [f"{body}_{letter}{axis}" for axis in "xyz"]
            values.append(part)
    write_storage(folder / "grf.mot", columns, time, np.hstack(values), in_degrees=False)
    xml = folder / "loads.xml"
    objects = "".join(LOAD.format(body=body) for body in FEET)
    xml.write_text(LOADS.format(objects=objects, file="grf.mot"), encoding="utf-8")
    return xml


@pytest.mark.opensim
@pytest.mark.parametrize("speed", [4.0, 7.0, 9.5])
def test_no_residual(gait_of: GaitOf, tmp_path: Path, speed: float):
    """Our model, 1 kHz, no noise: the limits of the issue, in body weights and body weights
    times height; the tool writes 8 decimals, which is 7e-12 of them.
    """
    from aqbio.opensim.session import opensim, quiet
    from aqbio.opensim.sprint_model import build_sprint_model

    model = tmp_path / "runner.osim"
    gait = gait_of(RUNNER, speed).gait
    gait_time = np.arange(-PADDING, int(2 * gait.timeline.period * 1000) + PADDING + 1) / 1000
    truth = sampled_truth(gait, gait_time)
    time = gait_time - gait_time[0]
    with quiet(tmp_path / "opensim.log"):
        build_sprint_model(model, "male", mass=RUNNER.mass, stature=RUNNER.stature)
        motion = tmp_path / "motion.mot"
        write_storage(motion, gait.skeleton.coordinates, time, truth.motion.q, in_degrees=False)
        tool = opensim.InverseDynamicsTool()
        tool.setModelFileName(str(model))
        tool.setCoordinatesFileName(str(motion))
        tool.setExternalLoadsFileName(str(_write_loads(tmp_path, time, truth)))
        tool.setLowpassCutoffFrequency(-1.0)
        tool.setStartTime(float(time[0]))
        tool.setEndTime(float(time[-1]))
        tool.setResultsDir(str(tmp_path))
        tool.setOutputGenForceFileName("id.sto")
        assert tool.run()
    result = read_storage(tmp_path / "id.sto")
    inner = slice(PADDING, len(time) - PADDING)
    np.testing.assert_allclose(result.time[inner], time[inner], atol=1e-9)
    force = np.stack([result.column(f"pelvis_t{axis}_force") for axis in "xyz"], axis=1)[inner]
    turns = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    moment = np.stack([result.column(f"{name}_moment") for name in turns], axis=1)[inner]
    side, _ = gait.stance_foot(gait_time[inner])
    body_weight = RUNNER.mass * GRAVITY
    contact = side != 0
    assert np.abs(force[contact]).max() <= 1e-6 * body_weight
    assert np.abs(moment[contact]).max() <= 1e-6 * body_weight * RUNNER.stature
    assert np.abs(force[~contact]).max() <= 1e-3 * body_weight
    assert np.abs(moment[~contact]).max() <= 1e-3 * body_weight * RUNNER.stature
