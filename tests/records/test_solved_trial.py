"""A solved trial gets the positions that its markers had in the recording."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import xarray as xr

from aqbio.inverse_kinematics import solution
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.netcdf import write_dataset


def test_labels_that_nobody_mapped_are_in_no_pose(tmp_path, monkeypatch):
    """Recordings carry points of other software (P1): the danger is an index that is off by one."""
    time, axis = np.arange(4) / 100.0, ["x", "y", "z"]
    raw = np.arange(36.0).reshape(4, 3, 3)
    labels = ["P1", "LASI", "RASI"]
    prepared = xr.Dataset(
        {"marker_raw": (("time", "marker", "axis"), raw)},
        coords={"time": time, "marker": labels, "axis": axis},
    )
    followed = np.array([[1, 1], [1, 0], [1, 1], [1, 1]], dtype=bool)
    solved = xr.Dataset(
        {"marker_followed": (("time", "marker"), followed)},
        coords={"time": time, "marker": ["r_asis", "l_asis"]},
    )
    write_dataset(solved, tmp_path / "run.nc", {"from_coordinates": ""})
    names = {"LASI": "l_asis", "RASI": "r_asis"}
    study = SimpleNamespace(
        folder=lambda *_: tmp_path,
        trial=lambda *_: None,
        marker_set=SimpleNamespace(markers=names, model_name=names.__getitem__),
    )
    monkeypatch.setattr(solution, "recorded_trial", lambda *_: prepared)
    positions = SolvedTrial.read(study, "someone", "run").solved["marker_position"].values
    np.testing.assert_array_equal(positions[:, 0], raw[:, 2])
    np.testing.assert_array_equal(positions[[0, 2, 3], 1], raw[[0, 2, 3], 1])
    assert np.isnan(positions[1, 1]).all()
