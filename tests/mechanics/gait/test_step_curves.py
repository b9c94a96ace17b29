"""Curves that stay in their files: what is read is what one file would hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from xarray.backends.file_manager import FILE_CACHE

from aqbio.figures.curves import summarised_curves
from aqbio.figures.step_means import step_columns
from aqbio.gait.step_files import StudyCurves, open_curves
from aqbio.io.netcdf import read_dataset, write_dataset
from tests.figures.made_study import EDGES, made_step_curves


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> xr.Dataset:
    """As one file holds them."""
    path = tmp_path_factory.mktemp("one") / "curves.nc"
    write_dataset(made_step_curves(participants=2), path, {"stage": "steps"})
    return read_dataset(path)


@pytest.fixture(scope="module")
def lazy(whole, tmp_path_factory) -> Iterator[StudyCurves]:
    folder = tmp_path_factory.mktemp("curves")
    files, kept = [], []
    for name in dict.fromkeys(whole["participant_id"].values.tolist()):
        own = whole.isel(step=np.flatnonzero(whole["participant_id"] == name))
        files.append(folder / f"{name}.nc")
        write_dataset(own, files[-1], {"stage": "steps"})
        kept.append(set(map(str, own["trial_id"].values)))
    with open_curves(files, kept) as curves:
        yield curves


@pytest.mark.parametrize("figure", ["angular_momentum", "hub_torques"])
def test_figures_are_those_of_one_file(whole, lazy, figure):
    columns = step_columns(whole, EDGES)
    for one, other in zip(columns, step_columns(lazy, EDGES), strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
    ours, theirs = (summarised_curves(figure, one, columns) for one in (lazy, whole))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-5, atol=1e-9)


def test_steps_are_left_out_by_trial_and_by_what_is_known(lazy, whole):
    first = lazy.opened[0]
    trial = str(first["trial_id"].values[0])
    path = first.encoding["source"]
    with open_curves([path], [{trial}]) as curves:
        [own] = curves.participants
        assert set(own["trial_id"].values.tolist()) == {trial}
    assert len(lazy.where("flight_s")["speed"]) == np.isfinite(whole["flight_s"].values).sum()


def test_no_file_stays_open(lazy):
    """What stays open is closed by the garbage collector, in any thread: HDF5 dies of it."""
    files = [Path(one.encoding["source"]) for one in lazy.opened]
    opened = len(FILE_CACHE)
    with open_curves(files, [set[str]()] * len(files)) as curves:
        assert len(FILE_CACHE) == opened + len(files)
        assert curves["speed"].sizes["step"] == 0
    assert len(FILE_CACHE) == opened
