"""The treadmill run of the Rajagopal example: TRC and MOT files, both feet, one belt."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset

pytestmark = [
    pytest.mark.real,
    pytest.mark.workflow,
    pytest.mark.opensim,
    pytest.mark.xdist_group("rajagopal"),
]


def test_joint_moments_equal_opensims_tool(run_study, tmp_path):
    """OpenSim's InverseDynamicsTool on the same coordinates and the same forces.

    The tool differentiates by its own quintic spline and writes eight decimals; the walker knees
    carry Simbody's defect, so that our side reproduces it for the comparison.
    """
    from aqbio.io.skeleton import load_skeleton
    from aqbio.io.study import load_study
    from aqbio.multibody.dynamics import inverse_dynamics
    from aqbio.multibody.kinematics import segment_kinematics
    from aqbio.recordings.prepared import foot_loads
    from tests.inverse_dynamics_tool import run_inverse_dynamics_tool

    run = run_study("rajagopal_run")
    participant = run.results / "participants" / "subject01"
    solved = read_dataset(participant / "solved" / "run.nc")
    skeleton = load_skeleton(participant / "model" / "subject01.skeleton.npz")
    time = solved["time"].values
    prepared = read_dataset(participant / "prepared" / "run.nc").sel(time=time)
    loads = foot_loads(load_study(run.study_file), prepared)
    tool = run_inverse_dynamics_tool(
        participant / "model" / "subject01.osim", skeleton, solved, loads, tmp_path
    )
    q, u, udot = (solved[name].values for name in ("q", "u", "udot"))
    ours = inverse_dynamics(
        skeleton,
        segment_kinematics(skeleton, q, u, udot, simbody_compat=True),
        loads,
        simbody_compat=True,
    )
    inner = slice(25, -25)  # the tool's splines of the forces swing at the ends
    peak = np.abs(ours[inner]).max()
    assert peak > 100.0
    # eight decimals in the tool's file, which differentiates q as stored, to 1e-10, twice
    assert np.abs(tool - ours)[inner].max() <= 2e-6 * peak
