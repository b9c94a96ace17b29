"""Results come back from their files as they went in, or not at all; others read the same."""

from __future__ import annotations

import json
from dataclasses import fields

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.dictionary import variables
from aqbio.io.netcdf import read_dataset, read_some, read_variables, rounded, write_dataset
from aqbio.io.skeleton import load_skeleton, save_skeleton
from aqbio.io.tables import joined, read_columns, read_table, with_texts, write_columns, write_table
from aqbio.multibody.skeleton import Couplers, JointAxes, Skeleton, cubic_spline, line, stack
from tests.refusal import refused

SEEDS = st.integers(0, 2**31)


def random_dataset(seed: int, frames: int = 50) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(frames, 3, 3)) * 10.0 ** rng.integers(-3, 4)
    values[rng.random((frames, 3)) < 0.1] = np.nan
    axes, time = ("time", "marker", "axis"), np.arange(frames) / 250.0
    return xr.Dataset(
        {
            "marker_raw": (axes, values, {"units": "m"}),
            "marker_filled": (axes[:2], rng.random((frames, 3)) < 0.5),
            "contact_foot": ("contact", np.array(["left", "right"])),
            "contact_touchdown": ("contact", [rng.random(), np.nan], {"units": "s"}),
        },
        {"time": ("time", time, {"units": "s"}), "marker": ["RASI", "LASI", "Größe"],
         "axis": ["x", "y", "z"]},
        {"surface": "overground"},
    )  # fmt: skip


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([1, 50, 3000]))
def test_a_dataset_comes_back_and_netcdf4_reads_the_same(tmp_path_factory, seed, frames):
    """Also in part, packed or not, and the same content gives the same bytes."""
    folder, dataset = tmp_path_factory.mktemp("nc"), random_dataset(seed, frames)
    path, second = folder / "deep" / "trial.nc", folder / "b.nc"
    attributes = {"stage": "prepare", "flag": True, "plates": [1.0, 2.0]}
    write_dataset(dataset, path, attributes)
    back = read_dataset(path)
    write_dataset(dataset.copy(deep=True), second, attributes)
    assert path.read_bytes() == second.read_bytes()
    xr.testing.assert_equal(back.drop_vars("marker_raw"), dataset.drop_vars("marker_raw"))
    off = np.abs(back["marker_raw"] - dataset["marker_raw"])
    assert float(off.fillna(0.0).max()) <= variables("prepare")["marker_raw"].precision / 2.0
    np.testing.assert_array_equal(np.isnan(off), np.isnan(dataset["marker_raw"]))
    assert (back["marker_raw"].attrs["units"], back["time"].attrs["units"]) == ("m", "s")
    assert (back.attrs["surface"], back.attrs["stage"], back.attrs["flag"]) == (
        "overground", "prepare", 1,
    )  # fmt: skip
    assert list(back.attrs["plates"]) == [1.0, 2.0]
    with netCDF4.Dataset(path) as opened:
        for name in ("marker_raw", "marker_filled", "contact_touchdown", "time"):
            np.testing.assert_array_equal(np.ma.filled(opened[name][:], np.nan), back[name].values)
        assert opened["marker"][:].tolist() == ["RASI", "LASI", "Größe"]
    np.testing.assert_array_equal(read_variables(path, ["time"])["time"][0], back["time"])
    partial = read_some(path, ["contact_touchdown", "absent"])
    assert list(partial.data_vars) == ["contact_touchdown"]


@given(SEEDS)
def test_xarray_reads_the_same(tmp_path_factory, seed):
    """Few and many texts, booleans, whole numbers, coordinates along a dimension and apart."""
    path, random = tmp_path_factory.mktemp("nc") / "trial.nc", np.random.default_rng(seed)
    steps, texts = int(random.integers(0, 5)), int(random.choice([3, 500]))
    write_dataset(
        xr.Dataset(
            {
                "draw_speed": ("step", random.standard_normal(steps)),
                "kept": ("step", random.random(steps) < 0.5, {"note": "b"}),
                "number": (("step", "axis"), random.integers(0, 9, (steps, 2)), {"units": "1"}),
                "mass": ((), 70.5),
                "outcome": ("row", list(random.choice(["", "H", "größte Höhe", "a b"], texts))),
                "moved": (("sample", "time", "axis"), random.standard_normal((9, texts, 2))),
            },
            {
                "axis": ["x", "größe"],
                "side": ("step", ["left", "right", "left", "left"][:steps]),
                "sprinter": ((), "V01"),
            },
        ),
        path,
        {"surface": "overground", "plates": [1.0, 2.0]},
    )
    with xr.open_dataset(path, mask_and_scale=False, decode_times=False) as data:
        expected = data.load()
    for variable in expected.variables.values():
        variable.attrs.pop("_FillValue", None)
    xr.testing.assert_identical(read_dataset(path), expected)
    xr.testing.assert_identical(read_some(path, ["kept"]), expected[["kept"]])
    xr.testing.assert_identical(
        read_some(path, ["number", "moved"], axis="größe"),
        expected[["number", "moved"]].sel(axis="größe").drop_vars("axis"),
    )
    xr.testing.assert_identical(
        read_dataset(path, keep=False, without="draw_"), expected.drop_vars("draw_speed")
    )


@given(SEEDS, st.sampled_from([1e-9, 1e-6, 4e-3, 0.5, 100.0]), st.floats(-3.0, 6.0))
def test_rounding_has_a_bound_whatever_the_size(seed, precision, size):
    """Half a step at most; single precision only where it holds every step; once is enough."""
    values = 10.0**size * np.random.default_rng(seed).uniform(-1.0, 1.0, 1000)
    values[::7] = np.nan
    coarse = rounded(values, precision)
    assert np.nanmax(np.abs(coarse.astype(float) - values)) <= precision / 2.0
    np.testing.assert_array_equal(rounded(coarse.astype(float), precision), coarse)
    np.testing.assert_array_equal(rounded(values, 0.0), values)
    assert coarse.dtype == np.float64 or np.nanmax(np.abs(values)) / precision < 2.0**25


COLUMNS = {
    "participant_id": {"description": "Participant."},
    "trial_id": {"description": "Trial."},
    "value": {"description": "Value.", "unit": "N m"},
    "never": {"description": "Nowhere known.", "unit": "s"},
    "count": {"description": "Number."},
    "flag": {"description": "Whether."},
    "reason": {"description": "Why."},
}
NAMES = ["007", "NA", "1e5", "null", "nan", "10", "größer als 5 mm", "cut, by the edge", 'in "it"']


NUMBERS = st.floats(-1e300, 1e300, allow_subnormal=False) | st.just(np.nan)


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 8))
    texts = st.lists(st.sampled_from(NAMES), min_size=rows, max_size=rows)
    numbers = st.lists(NUMBERS, min_size=rows, max_size=rows)
    reasons = draw(st.lists(st.sampled_from([*NAMES[6:], None]), min_size=rows, max_size=rows))
    integers, flags = np.arange(rows), np.arange(rows) % 2 == 1
    columns = (
        draw(texts), draw(texts), draw(numbers), [np.nan] * rows, integers, flags,
        pd.Series(reasons, dtype=object),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


@settings(max_examples=25)
@given(tables())
def test_tables_come_back_and_pandas_reads_the_same(tmp_path_factory, table):
    """As text for people, and with every digit for machines; a sidecar explains every column."""
    folder = tmp_path_factory.mktemp("tables")
    path = folder / "tables" / "steps.tsv"
    write_table(table, path, COLUMNS, {"stage": "steps", "commit": "abc"})
    by_pandas = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    write_columns(table, folder / "rows.nc", COLUMNS, {"stage": "steps"})
    long = with_texts(read_columns(folder / "rows.nc"))
    for back in (read_table(path), long):
        assert list(back.columns) == list(COLUMNS) == list(by_pandas.columns)
        for name in ("participant_id", "trial_id"):
            assert back[name].tolist() == table[name].tolist() == by_pandas[name].tolist()
        assert (
            back["reason"].astype(object).fillna("").tolist()
            == table["reason"].astype(object).fillna("").tolist()
        )
        np.testing.assert_allclose(back["value"], table["value"], rtol=1e-14)
        assert back["never"].isna().all()
        assert (back["count"] == table["count"]).all()
        assert (back["flag"] == table["flag"]).all()
    np.testing.assert_array_equal(long["value"], table["value"])
    assert set(by_pandas["never"]) == {"n/a"}
    sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert list(sidecar["columns"].items()) == list(COLUMNS.items())
    assert sidecar["provenance"] == {"stage": "steps", "commit": "abc"}
    two_columns = read_columns(folder / "rows.nc", ["value", "reason"])
    twice = with_texts(
        joined([two_columns, two_columns.iloc[:0], two_columns], ["reason", "value"])
    )
    assert list(twice.columns) == ["reason", "value"]
    assert (
        twice["reason"].astype(object).fillna("").tolist()
        == 2 * table["reason"].astype(object).fillna("").tolist()
    )
    np.testing.assert_array_equal(twice["value"], np.tile(table["value"], 2))


def test_undescribed_and_missing_columns_are_refused(tmp_path):
    table = pd.DataFrame({name: [1.0] for name in COLUMNS})
    with pytest.raises(ValueError, match=r"not described: \['extra'\]"):
        write_table(table.assign(extra=1), tmp_path / "a.tsv", COLUMNS, {})
    with pytest.raises(ValueError, match=r"columns missing: \['value'\]"):
        write_table(table.drop(columns="value"), tmp_path / "a.tsv", COLUMNS, {})
    assert list(tmp_path.iterdir()) == []


def skeleton() -> Skeleton:
    """Two bodies, three axes, three coordinates of which one is coupled, one marker."""
    knots = np.array([0.0, 1.0, 2.0])
    spline = cubic_spline(knots, knots**2, 2 * knots)
    functions, coupled = stack([line(1.0), spline, line(2.0, 0.5)]), np.array([True, True, False])
    return Skeleton(
        bodies=("thigh", "shank"),
        joints=("hip", "knee"),
        coordinates=("flexion", "bend", "slide"),
        markers=("ankle",),
        parent=np.array([-1, 0]),
        parent_rotation=np.stack([np.eye(3), np.eye(3)[[1, 2, 0]]]),
        parent_position=np.arange(6.0).reshape(2, 3),
        child_rotation=np.stack([np.eye(3)] * 2),
        child_position=np.ones((2, 3)),
        axes=JointAxes(
            np.array([0, 1, 1]), coupled, np.eye(3), np.arange(3), functions, np.eye(3, dtype=bool)
        ),
        couplers=Couplers(np.array([2]), np.array([1]), spline),
        mass=np.array([8.0, 3.5]),
        com=np.full((2, 3), -0.1),
        inertia=np.stack([np.eye(3), 0.5 * np.eye(3)]),
        gravity=np.array([0.0, -9.80665, 0.0]),
        marker_body=np.array([1]),
        marker_position=np.array([[0.0, -0.4, 0.05]]),
        coordinate_range=np.array([[-1.0, 2.0]] * 3),
        coordinate_default=np.zeros(3),
        coordinate_is_rotation=coupled,
        coordinate_locked=~coupled,
        coordinate_clamped=np.ones(3, dtype=bool),
    )


def _assert_same(first, second):
    for field in fields(first):
        first_value, second_value = getattr(first, field.name), getattr(second, field.name)
        if hasattr(first_value, "__dataclass_fields__"):
            _assert_same(first_value, second_value)
        elif isinstance(first_value, tuple):
            assert first_value == second_value
        else:
            np.testing.assert_array_equal(first_value, second_value)
            assert first_value.dtype == second_value.dtype


def test_a_skeleton_comes_back_or_is_refused(tmp_path):
    file = tmp_path / "runner.skeleton.npz"
    save_skeleton(skeleton(), file)
    _assert_same(skeleton(), load_skeleton(file))
    with np.load(file) as arrays:
        content = dict(arrays)
    np.savez(file, **content | {"mass": content["mass"] * 1.05})
    with pytest.raises(RunStoppedError, match="does not have the hash"):
        load_skeleton(file)


def half(path):
    write_dataset(random_dataset(1), path, {})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE = {
    "missing": lambda path: None,
    "empty": lambda path: path.touch(),
    "text": lambda path: path.write_text("no NetCDF"),
    "archive": lambda path: path.write_bytes(b"PK\x03\x04 broken"),
    "half": half,
}
READERS = {
    ".nc": read_dataset,
    "some.nc": lambda path: read_some(path, ["marker_raw"]),
    "columns.nc": read_columns,
    ".npz": load_skeleton,
    ".tsv": read_table,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("suffix", READERS)
def test_unreadable_datasets_and_tables_are_named(tmp_path, suffix, damage):
    path = tmp_path / f"trial{suffix}"
    DAMAGE[damage](path)
    if suffix == ".tsv" and damage in ("text", "archive"):
        return  # a table of one column
    if suffix == ".tsv" and damage == "missing":
        with pytest.raises(AqbioError, match="does not exist"):
            read_table(path)
        return
    with refused("result-damaged", error=RunStoppedError) as raised:
        READERS[suffix](path)
    assert raised.value.file == str(path)
    assert raised.value.fix.startswith("`aqbio run` makes it again")


def test_a_table_that_is_read_again_is_what_the_file_holds(tmp_path):
    """Neither what another reader wrote into its copy, nor what the file held before."""
    path, described = tmp_path / "t.nc", {"step": {"description": "Number.", "unit": "1"}}
    write_columns(pd.DataFrame({"step": [1.0, 2.0]}), path, described, {})
    first = read_columns(path)
    first["step"] = 7.0
    first.loc[0, "step"] = 8.0
    assert read_columns(path)["step"].tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        read_columns(path)["step"].to_numpy()[0] = 9.0
    write_columns(pd.DataFrame({"step": [3.0]}), path, described, {})
    assert read_columns(path)["step"].tolist() == [3.0]
