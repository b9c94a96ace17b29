"""Datasets come back as they were written, with the same bytes on every write."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.errors import AqbioError
from aqbio.io.netcdf import read_dataset, write_dataset


@pytest.fixture
def dataset() -> xr.Dataset:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(50, 3, 3))
    values[4, 1] = np.nan
    return xr.Dataset(
        {
            "marker_raw": (("time", "marker", "axis"), values, {"units": "m"}),
            "marker_filled": (("time", "marker"), rng.random((50, 3)) < 0.5),
            "contact_foot": ("contact", np.array(["left", "right"])),
            "contact_touchdown": ("contact", [0.1, np.nan], {"units": "s"}),
        },
        coords={
            "time": ("time", np.arange(50) / 250.0, {"units": "s"}),
            "marker": ["RASI", "LASI", "Größe"],
            "axis": ["x", "y", "z"],
        },
        attrs={"surface": "overground"},
    )


def test_round_trip_is_exact(tmp_path, dataset):
    path = tmp_path / "deep" / "trial.nc"
    write_dataset(dataset, path, {"stage": "prepare", "belt_speed": 0.0, "plates": [1.0, 2.0]})
    back = read_dataset(path)
    xr.testing.assert_equal(back, dataset)
    assert back["marker_raw"].attrs["units"] == "m"
    assert back["time"].attrs["units"] == "s"
    assert back.attrs["surface"] == "overground"
    assert back.attrs["stage"] == "prepare"
    assert list(back.attrs["plates"]) == [1.0, 2.0]


def test_the_given_dataset_is_not_changed(tmp_path, dataset):
    before = dataset.copy(deep=True)
    write_dataset(dataset, tmp_path / "a.nc", {"stage": "prepare"})
    xr.testing.assert_identical(dataset, before)


def test_same_content_gives_same_bytes(tmp_path, dataset):
    first, second = tmp_path / "a.nc", tmp_path / "b.nc"
    write_dataset(dataset, first, {"stage": "x", "flag": True})
    write_dataset(dataset.copy(deep=True), second, {"stage": "x", "flag": True})
    assert first.read_bytes() == second.read_bytes()


def test_only_what_repeats_is_compressed(tmp_path):
    """An empty plate shrinks to nothing, noise stays as it is; both come back as they were."""
    noise = np.random.default_rng(2).normal(size=(4000, 3))
    idle = np.zeros((4000, 3))
    idle[100:200], idle[300:2000] = noise[100:200], np.nan
    names = ("time", "axis")
    dataset = xr.Dataset({"loaded": (names, noise), "idle": (names, idle)})
    write_dataset(dataset, tmp_path / "both.nc", {})
    write_dataset(dataset[["loaded"]], tmp_path / "loaded.nc", {})
    back = read_dataset(tmp_path / "both.nc")
    xr.testing.assert_identical(back.drop_attrs(), dataset)
    assert back["idle"].encoding["zlib"]
    assert not back["loaded"].encoding["zlib"]
    larger = (tmp_path / "both.nc").stat().st_size - (tmp_path / "loaded.nc").stat().st_size
    assert larger < idle.nbytes / 8


def test_truth_values_become_numbers(tmp_path, dataset):
    """NetCDF has no boolean attribute."""
    write_dataset(dataset, tmp_path / "a.nc", {"yes": True, "no": np.bool_(False)})
    attributes = read_dataset(tmp_path / "a.nc").attrs
    assert (attributes["yes"], attributes["no"]) == (1, 0)


def test_nothing_contacted_is_an_empty_dimension(tmp_path, dataset):
    write_dataset(dataset.isel(contact=slice(0, 0)), tmp_path / "a.nc", {})
    assert read_dataset(tmp_path / "a.nc").sizes["contact"] == 0


@pytest.mark.parametrize("spoil", ["missing", "text", "empty", "half"])
def test_what_cannot_be_read_is_named(tmp_path, dataset, spoil):
    path = tmp_path / "trial.nc"
    if spoil == "text":
        path.write_text("no NetCDF")
    elif spoil == "empty":
        path.touch()
    elif spoil == "half":
        write_dataset(dataset, path, {})
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AqbioError, match="cannot be read") as raised:
        read_dataset(path)
    assert raised.value.file == str(path)
    assert "run the workflow again" in raised.value.fix
