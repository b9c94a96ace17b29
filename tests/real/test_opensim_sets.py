"""OpenSim alone, from the files that `aqbio opensim` writes, finds the residuals of the page."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.contributions.step_quality import contact_window
from aqbio.gait.steps import rotation_about_vertical
from aqbio.inverse_kinematics.files import write_opensim_files
from aqbio.io.netcdf import read_dataset
from tests.opensim_alone import inverse_dynamics, rms, root_wrench, table

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.xdist_group("ja1")]

BODY_WEIGHTS, NEWTON_METRES = 1e-3, 0.5

LARGEST = {"force": 0.02, "moment": 5.0}
"""Of the residual that a delivered fit may leave on an axis, body weights and N m."""

WAYS = {"solve": "plain_", "consistency": ""}
"""What names of measures on the page begin with."""

OURS, RAJAGOPAL = (2.0, 0.3), (6.0, 3.0)
"""How far forces, N, and moments, N m, of a coordinate may be apart, RMS."""


@pytest.fixture(scope="module", params=["ja1", "ja1_sprint"])
def sets(request, run_study):
    """A study of JA1, and the folder of the files for OpenSim."""
    run = run_study(request.param)
    write_opensim_files(run.study, "JA1", lambda _: None)
    return run, run.results / "opensim" / "JA1"


@pytest.mark.parametrize("trial", ["jog", "sprint"])
@pytest.mark.parametrize("way", WAYS)
def test_the_pages_residuals(sets, trial, way):
    """The tool differentiates coordinates itself, and Rajagopal's knees have Simbody's defect."""
    run, folder = sets
    motion, model = folder / f"{trial}_{way}.mot", folder / f"JA1_{way}.osim"
    forces_file = inverse_dynamics(folder / f"{trial}_{way}_setup.xml")
    time, force, moment = root_wrench(model, motion, forces_file, "pelvis")
    results = run.results / "participants" / "JA1" / "contributions" / f"{trial}.nc"
    data = read_dataset(results)
    frames = np.abs(data["time"].values[contact_window(data)][:, None] - time).argmin(axis=1)
    turn = rotation_about_vertical(-float(data.attrs["heading"])).T
    for values, name, close in ((force, "force", BODY_WEIGHTS), (moment, "moment", NEWTON_METRES)):
        measures = [f"{WAYS[way]}residual_{name}_{axis}_rms" for axis in "xyz"]
        page = [run.quality(trial, measure) for measure in measures]
        residual = rms(values[frames] @ turn)
        np.testing.assert_allclose(residual, page, rtol=0, atol=close)
        assert way == "solve" or residual.max() <= LARGEST[name]


@pytest.mark.parametrize("way", WAYS)
def test_the_delivered_moments_are_the_tools(sets, way):
    """Both are of the same files; where the tool's splines end they swing.

    Rajagopal's patellae have moments of their own in OpenSim, which are the knees' here, and his
    knees the defect of Simbody.
    """
    run, folder = sets
    time, tool = table(inverse_dynamics(folder / f"sprint_{way}_setup.xml"))
    delivered_time, delivered = table(folder / f"sprint_{way}_id.sto")
    rows = np.abs(delivered_time - time[:, None]).argmin(axis=1)
    close = RAJAGOPAL if run.results.name == "ja1" else OURS
    for name, values in delivered.items():
        if "knee" not in name or close is OURS:
            difference = float(rms((values[rows] - tool[name])[15:-15]))
            assert difference < close[name.endswith("_moment")], name
