"""A solved trial gets the positions that its markers had, and loads where they were measured."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import xarray as xr

from aqbio.inverse_kinematics import solution
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.netcdf import write_dataset
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.recordings.prepared import measured_loads


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


def test_frames_in_which_a_foot_is_unknown_bear_nothing():
    """One unknown component of one foot makes the frame unknown for both."""
    force = np.arange(24.0).reshape(2, 4, 3)
    moment = 10.0 + force
    force[0, 1, 2], moment[1, 3, 0] = np.nan, np.nan
    loads = [
        ExternalLoad(name, force[number], moment[number], np.zeros(3))
        for number, name in enumerate(("foot_l", "foot_r"))
    ]
    known, found = measured_loads(loads)
    assert known.tolist() == [True, False, True, False]
    for one, given in zip(found, loads, strict=True):
        for name in ("force", "moment"):
            np.testing.assert_array_equal(getattr(one, name)[known], getattr(given, name)[known])
            np.testing.assert_array_equal(getattr(one, name)[~known], 0.0)
