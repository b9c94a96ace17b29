"""One dictionary: what it says stands in the files, and what it says is true of them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import xarray as xr

import aqbio
from aqbio.io.dictionary import (
    Reflection,
    columns,
    common,
    described,
    files,
    special,
    tables,
    variables,
)
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.stage_table import STAGES

ROOT = Path(aqbio.__file__).parents[1]


def _dataset(unit: str = "kg m2/s") -> xr.Dataset:
    return xr.Dataset(
        {
            "angular_momentum": (("time", "axis"), np.zeros((2, 3)), {"units": unit}),
            "contact_complete": ("contact", [True]),
            "something_new": ("time", [1.0, 2.0]),
        },
        coords={"time": [0.0, 0.1], "axis": ["x", "y", "z"]},
    )


def test_files_say_what_their_variables_are(tmp_path):
    write_dataset(_dataset(), tmp_path / "a.nc", {"stage": "contributions"})
    found = read_dataset(tmp_path / "a.nc")
    assert found["angular_momentum"].attrs == {
        "long_name": "angular momentum of each segment about the whole-body centre of mass",
        "units": "kg m2/s",
        "reflection": "axial",
        "frame": "ground: x along the direction of travel, y up, z to the right",
    }
    assert found["time"].attrs["units"] == "s"
    assert set(found["contact_complete"].attrs) == {"long_name"}
    assert not found["something_new"].attrs


def test_a_stage_may_mean_something_else():
    by_role = described(_dataset(), "steps")["angular_momentum"].attrs
    assert "by role" in by_role["long_name"]
    assert by_role["frame"].startswith("canonical")


def test_two_units_for_one_number_are_refused():
    with pytest.raises(ValueError, match="angular_momentum is in N m, not in kg m2/s"):
        described(_dataset("N m"), "contributions")


@pytest.mark.parametrize("stage", files())
def test_entries_are_whole(stage):
    """Known mirrors, pages that exist, one line each, and nothing said twice."""
    assert stage in (*STAGES, "steps")
    for name, one in variables(stage).items():
        assert one.reflection in get_args(Reflection), name
        assert one.meaning, name
        assert not one.meaning.endswith("."), name
        assert not one.source or (ROOT / "docs" / one.source).is_file(), name
    twice = [name for name, one in special(stage).items() if common().get(name) == one]
    assert not twice


@pytest.mark.parametrize("table", tables())
def test_columns_are_whole(table):
    """A sentence or words that end with a full stop, and no hole left in it."""
    holes = ("group", "partition", "contact_model", "error", "model")
    words = columns(table, **{hole: ["arms"] for hole in holes})
    assert words
    for name, one in words.items():
        assert "{" not in name + one["description"], name
        assert one["description"].endswith("."), name
        assert set(one) <= {"description", "unit"}, name
