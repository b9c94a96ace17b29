"""The treadmill run of the Rajagopal example: TRC and MOT files, both feet, one belt."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset

pytestmark = [
    pytest.mark.real,
    pytest.mark.workflow,
    pytest.mark.opensim,
    pytest.mark.xdist_group("rajagopal"),
]


@pytest.fixture
def run(run_study):
    return run_study("rajagopal_run")


@pytest.fixture
def participant(run):
    return run.results / "participants" / "subject01"


def test_treadmill_is_recognised(run, participant):
    prepared = json.loads((participant / "prepare.json").read_text(encoding="utf-8"))
    entry = next(entry for entry in prepared["trials"] if entry["trial_id"] == "run")
    assert entry["surface"] == "treadmill"
    steps = run.table("steps.tsv")
    assert steps["speed_mps"].mean() == pytest.approx(4.0, rel=0.05)


def test_joint_moments_equal_opensims_tool(run, participant, tmp_path):
    """OpenSim's InverseDynamicsTool on the same coordinates and the same forces.

    The tool differentiates by its own quintic spline and writes eight decimals; the walker knees
    carry Simbody's defect, so that our side reproduces it for the comparison.
    """
    from aqbio.io.skeleton import load_skeleton
    from aqbio.multibody.dynamics import inverse_dynamics
    from aqbio.multibody.kinematics import segment_kinematics
    from aqbio.recordings.prepared import foot_loads
    from tests.real.inverse_dynamics_tool import run_inverse_dynamics_tool

    solved = read_dataset(participant / "solved" / "run.nc")
    skeleton = load_skeleton(participant / "model" / "subject01.skeleton.npz")
    time = solved["time"].values
    prepared = read_dataset(participant / "prepared" / "run.nc").sel(time=time)
    loads = foot_loads(_study(run), prepared)
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


def _study(run):
    from aqbio.io.study import load_study

    return load_study(run.study_file)
