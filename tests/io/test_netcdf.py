"""Datasets come back as they were written, with the same bytes on every write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from aqbio.faults import RunStoppedError
from aqbio.io.dictionary import variables
from aqbio.io.netcdf import read_dataset, read_some, rounded, write_dataset
from tests.refusal import refused


def opened(patched: pytest.MonkeyPatch) -> list[Path]:
    """Files that are opened for reading from now on."""
    paths, opening = [], xr.open_dataset

    def recorded(path, **given):
        paths.append(Path(path))
        return opening(path, **given)

    patched.setattr(xr, "open_dataset", recorded)
    return paths


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


def test_round_trip(tmp_path, dataset):
    path = tmp_path / "deep" / "trial.nc"
    write_dataset(dataset, path, {"stage": "prepare", "belt_speed": 0.0, "plates": [1.0, 2.0]})
    back = read_dataset(path)
    xr.testing.assert_equal(back.drop_vars("marker_raw"), dataset.drop_vars("marker_raw"))
    off = np.abs(back["marker_raw"] - dataset["marker_raw"])
    assert float(off.max()) <= variables("prepare")["marker_raw"].precision / 2.0
    np.testing.assert_array_equal(off.isnull(), dataset["marker_raw"].isnull())
    assert back["marker_raw"].attrs["units"] == "m"
    assert back["time"].attrs["units"] == "s"
    assert back.attrs["surface"] == "overground"
    assert back.attrs["stage"] == "prepare"
    assert list(back.attrs["plates"]) == [1.0, 2.0]


def test_same_content_gives_same_bytes(tmp_path, dataset):
    first, second = tmp_path / "a.nc", tmp_path / "b.nc"
    write_dataset(dataset, first, {"stage": "x", "flag": True})
    write_dataset(dataset.copy(deep=True), second, {"stage": "x", "flag": True})
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("precision", [1e-9, 1e-6, 4e-3, 0.5, 100.0])
@pytest.mark.parametrize("size", [1e-3, 1.0, 50.0, 1e6])
def test_rounding_has_a_bound_whatever_the_size(precision, size):
    """Half a step at most; single precision only where it holds every step; once is enough."""
    values = size * np.random.default_rng(3).uniform(-1.0, 1.0, 10_000)
    values[::7] = np.nan
    found = rounded(values, precision)
    assert np.nanmax(np.abs(found.astype(float) - values)) <= precision / 2.0
    np.testing.assert_array_equal(rounded(found.astype(float), precision), found)
    np.testing.assert_array_equal(rounded(values, 0.0), values)
    if size / precision > 2.0**25:
        assert found.dtype == np.float64


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
    for read in (read_dataset, lambda path: read_some(path, ["marker_raw"])):
        with refused("result-damaged", "missing or damaged", RunStoppedError) as raised:
            read(path)
        assert raised.value.file == str(path)
        assert "`aqbio run` makes it again" in raised.value.fix


def test_what_was_read_is_kept_as_long_as_the_file_is_the_same(tmp_path, monkeypatch):
    """And nobody changes what others will get."""
    path, other = tmp_path / "a.nc", tmp_path / "b.nc"
    written = xr.Dataset({"x": ("time", np.arange(3.0), {"units": "m"})})
    write_dataset(written, path, {})
    written["x"].values[0] = 7.0
    first = read_dataset(path)
    first["x"].values[0] = 9.0
    first["y"] = first["x"] + 1.0
    first.attrs["told"] = "mine"
    first["x"].attrs["units"] = "km"
    loads = opened(monkeypatch)
    again = read_dataset(path)
    assert not loads
    assert again["x"].values.tolist() == [0.0, 1.0, 2.0]
    assert "told" not in again.attrs
    assert "y" not in again
    assert again["x"].attrs["units"] == "m"
    write_dataset(xr.Dataset({"x": ("time", np.arange(4.0), {"units": "m"})}), other, {})
    other.replace(path)
    assert read_dataset(path).sizes["time"] == 4
    assert loads == [path]
    write_dataset(written, path, {})
    assert read_dataset(path).sizes["time"] == 3
    assert loads == [path, path]


@pytest.mark.parametrize("kept", [True, False])
def test_what_nobody_asks_for_is_not_read(tmp_path, monkeypatch, dataset, kept):
    """All but some variables, whether the file was kept or is read; later the whole is there."""
    path = tmp_path / "a.nc"
    write_dataset(dataset, path, {})
    if kept:
        read_dataset(path)
    loads = opened(monkeypatch)
    name = str(next(iter(dataset.data_vars)))
    found = read_dataset(path, without=name[:-1])
    assert name not in found
    assert bool(loads) != kept
    whole = read_dataset(path)
    left = [one for one in whole.data_vars if not one.startswith(name[:-1])]
    assert set(found.data_vars) == set(left)
    for one in left:
        np.testing.assert_array_equal(found[one].values, whole[one].values)
