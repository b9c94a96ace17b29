"""Datasets come back as they were written, with the same bytes on every write."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest
import xarray as xr

from aqbio.faults import RunStoppedError
from aqbio.io import netcdf
from aqbio.io.dictionary import variables
from aqbio.io.netcdf import read_dataset, read_some, rounded, write_dataset
from tests.refusal import refused


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


def test_the_given_dataset_is_not_changed(tmp_path, dataset):
    before = dataset.copy(deep=True)
    write_dataset(dataset, tmp_path / "a.nc", {"stage": "prepare"})
    xr.testing.assert_identical(dataset, before)


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


def test_single_precision_would_make_accelerations_of_a_runway():
    """50 m at 1000 Hz: differences twice over what is stored; with every digit they vanish."""
    time = np.arange(5000) / 1000.0
    way = 10.0 * time
    noise = {
        "single": np.diff(way.astype(np.float32).astype(float), 2).std() * 1e6,
        "stored": np.diff(rounded(way, variables("inverse_kinematics")["q"].precision), 2).std()
        * 1e6,
    }
    assert noise["single"] > 1.0  # m/s2: the danger is there
    assert noise["stored"] < 2e-4


def test_what_repeats_shrinks_to_nothing(tmp_path):
    idle = np.zeros((4000, 3))
    idle[300:2000] = np.nan
    write_dataset(xr.Dataset({"idle": (("time", "axis"), idle)}), tmp_path / "a.nc", {})
    assert (tmp_path / "a.nc").stat().st_size < idle.nbytes / 8


def test_many_texts_come_back(tmp_path):
    """Also words with letters of more than one byte, and empty ones."""
    texts = np.array(["", "Größe", "leg_push"] * 100)
    write_dataset(xr.Dataset({"source": ("outcome", texts)}), tmp_path / "a.nc", {})
    assert read_dataset(tmp_path / "a.nc")["source"].values.tolist() == texts.tolist()
    assert (tmp_path / "a.nc").stat().st_size < 15_000


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
    for read in (read_dataset, lambda path: read_some(path, ["marker_raw"])):
        with refused("result-damaged", "missing or damaged", RunStoppedError) as raised:
            read(path)
        assert raised.value.file == str(path)
        assert "`aqbio run` makes it again" in raised.value.fix


def test_what_was_written_and_read_is_kept_as_long_as_the_file_is_the_same(tmp_path, monkeypatch):
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
    loads, loaded = [], netcdf._stored
    monkeypatch.setattr(
        netcdf, "_stored", lambda one, **given: loads.append(one) or loaded(one, **given)
    )
    again = read_dataset(path)
    assert not loads
    assert again["x"].values.tolist() == [0.0, 1.0, 2.0]
    assert "told" not in again.attrs
    assert "y" not in again
    assert again["x"].attrs["units"] == "m"
    write_dataset(xr.Dataset({"x": ("time", np.arange(4.0), {"units": "m"})}), other, {})
    assert read_dataset(other).sizes["time"] == 4
    assert not loads
    other.replace(path)
    assert read_dataset(path).sizes["time"] == 4
    assert loads == [path]


def test_what_is_kept_of_a_written_file_is_what_the_file_gives(tmp_path, dataset):
    """To the types: what comes after does not depend on who wrote, this process or another."""
    path, many = tmp_path / "a.nc", [f"word {n}" for n in range(70)]
    told = {
        "stage": "prepare", "flag": True, "none": "", "rate": 250.0, "count": 3,
        "several": [1.0, 2.0], "one": [5.0], "words": ["a", "bc"], "word": ["abc"],
    }  # fmt: skip
    texts = {"source": ("row", many), "name": ("name", many), "some": ("contact", ["a", "Größe"])}
    write_dataset(dataset.assign_coords(texts), path, told)
    kept, stored = netcdf._KEPT[path][1], netcdf._stored(path)
    xr.testing.assert_identical(kept, stored)
    for name, one in stored.variables.items():
        assert one.dtype.kind == kept.variables[name].dtype.kind, name
        assert one.dtype.kind != "f" or one.dtype == kept.variables[name].dtype, name
    for name, one in stored.attrs.items():
        assert type(one) is type(kept.attrs[name]), name


def test_files_are_read_as_xarray_reads_them(tmp_path, dataset):
    """Names, order, types and attributes, with coordinates that are no dimension's."""
    path = tmp_path / "a.nc"
    spoken = dataset.assign_coords(
        role=("contact", ["push", "swing"]), many=("row", [f"Größe {n}" for n in range(70)])
    ).assign(count=((), 3), wide=(("row", "axis"), np.ones((70, 3), dtype=np.float32)))
    told = {"stage": "prepare", "several": [1.0, 2.0], "words": ["a", "bc"], "flag": True}
    write_dataset(spoken, path, told)
    with xr.open_dataset(path, engine="netcdf4") as data:
        other = data.load()
    found = netcdf._stored(path)
    xr.testing.assert_identical(found, other)
    assert list(found.variables) == list(other.variables)
    for name, one in other.variables.items():
        assert one.dtype == found.variables[name].dtype, name


def test_files_are_laid_out_as_xarray_lays_them_out(tmp_path, dataset):
    """Dimensions, types, chunks, packing and attributes; with coordinates that nothing is along."""
    written = dataset.assign_coords(
        role=("contact", ["push", "swing"]), many=("row", [f"Größe {n}" for n in range(70)])
    ).assign(
        count=((), 3), wide=(("row", "step"), np.ones((70, 900), dtype=np.float32)), word=((), "ä")
    )  # fmt: skip
    written.attrs |= {"several": [1.0, 2.0], "words": ["a", "bc"], "word": ["abc"], "none": ""}
    netcdf.write_file(written, tmp_path / "ours.nc")
    layout = {name: netcdf.packed(one) for name, one in written.variables.items()}
    layout["many"] = {**layout["many"], "dtype": "S1"}
    written.to_netcdf(tmp_path / "theirs.nc", engine="netcdf4", encoding=layout)
    assert headers(tmp_path / "ours.nc") == headers(tmp_path / "theirs.nc")


def headers(path) -> list:
    """Everything that a file says of itself, without the numbers."""
    with netCDF4.Dataset(path) as data:
        told = [str(sorted((name, data.getncattr(name)) for name in data.ncattrs()))]
        told += [(name, len(one), one.isunlimited()) for name, one in data.dimensions.items()]
        for name, one in data.variables.items():
            given = sorted((key, repr(one.getncattr(key))) for key in one.ncattrs())
            told.append((name, one.dtype, one.dimensions, one.chunking(), one.filters(), given))
        return told


def test_large_variables_lie_in_chunks_of_one_size():
    """A last chunk that is nearly empty is packed and unpacked whole."""
    frames = np.zeros((837, 4, 19, 6, 3), dtype=np.float32)
    rows = netcdf.packed(xr.Variable(tuple("tmsga"), frames))["chunksizes"][0]
    assert rows * frames[0].nbytes <= netcdf.CHUNK
    assert len(frames) / rows > 1.99


def test_little_is_kept(tmp_path, monkeypatch):
    """Room for two: of a participant the first two, and those of another one make room."""
    monkeypatch.setattr(netcdf, "KEPT", 150)
    monkeypatch.setattr(netcdf, "_KEPT", {})

    def written(place):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        write_dataset(xr.Dataset({"x": ("time", np.arange(8.0), {"units": "m"})}), path, {})
        read_dataset(path)
        return [str(one.relative_to(tmp_path)) for one in netcdf._KEPT]

    assert written("P1/solved/a.nc") == ["P1/solved/a.nc"]
    assert written("P1/solved/b.nc") == ["P1/solved/a.nc", "P1/solved/b.nc"]
    assert written("P1/steps/a.nc") == ["P1/solved/a.nc", "P1/solved/b.nc"]
    assert written("P1/solved/a.nc") == ["P1/solved/b.nc", "P1/solved/a.nc"]
    assert written("P2/solved/c.nc") == ["P1/solved/a.nc", "P2/solved/c.nc"]
    assert written("P2/steps/c.nc") == ["P2/solved/c.nc", "P2/steps/c.nc"]
    assert written("P2/steps/d.nc") == ["P2/solved/c.nc", "P2/steps/c.nc"]


def test_every_stage_reads_less_when_not_all_can_be_kept(tmp_path, monkeypatch):
    """Ten trials of which six can be kept, read one after another: four are read from files."""
    monkeypatch.setattr(netcdf, "KEPT", 6 * 64)
    monkeypatch.setattr(netcdf, "_KEPT", {})
    paths = [tmp_path / f"{number}.nc" for number in range(10)]
    for path in paths:
        write_dataset(xr.Dataset({"x": ("time", np.arange(8.0), {"units": "m"})}), path, {})
    stored, read = netcdf._stored, []
    monkeypatch.setattr(
        netcdf, "_stored", lambda path, **given: read.append(path) or stored(path, **given)
    )
    for _ in range(3):
        for path in paths:
            read_dataset(path)
    assert read == 3 * paths[6:]


def test_nothing_is_kept_of_what_is_read_once(tmp_path):
    path = tmp_path / "a.nc"
    write_dataset(xr.Dataset({"x": ("time", np.arange(8.0), {"units": "m"})}), path, {})
    kept = read_dataset(path)
    del netcdf._KEPT[path]
    xr.testing.assert_identical(read_dataset(path, keep=False), kept)
    assert path not in netcdf._KEPT


def test_some_of_a_dataset_is_what_all_of_it_holds(tmp_path, dataset):
    """With the labels beside it, packed ones too; what the file lacks is left out."""
    words = np.array(["", "Größe", "leg"] * 50).reshape(50, 3)
    assert words.size > netcdf.FEW
    told = dataset.assign_coords(word=(("time", "marker"), words))
    write_dataset(told, tmp_path / "a.nc", {"stage": "prepare"})
    every = read_dataset(tmp_path / "a.nc", keep=False)
    some = read_some(tmp_path / "a.nc", ["marker_raw", "nothing"])
    assert list(some.data_vars) == ["marker_raw"]
    xr.testing.assert_equal(some, every[["marker_raw"]])
    assert some["marker_raw"].dtype == np.float64
    assert some.attrs["stage"] == "prepare"


@pytest.mark.parametrize("kept", [True, False])
def test_what_nobody_asks_for_is_not_read(tmp_path, monkeypatch, dataset, kept):
    """All but some variables, whether the file was kept or is read; later the whole is there."""
    monkeypatch.setattr(netcdf, "_KEPT", {})
    path = tmp_path / "a.nc"
    write_dataset(dataset, path, {})
    if not kept:
        netcdf._KEPT.clear()
    name = str(next(iter(dataset.data_vars)))
    found = read_dataset(path, without=name[:-1])
    assert name not in found
    assert (path in netcdf._KEPT) == kept
    whole = read_dataset(path)
    left = [one for one in whole.data_vars if not one.startswith(name[:-1])]
    assert set(found.data_vars) == set(left)
    for one in left:
        np.testing.assert_array_equal(found[one].values, whole[one].values)
