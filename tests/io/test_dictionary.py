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
from aqbio.stage_table import STAGES

ROOT = Path(aqbio.__file__).parents[1]


def dataset(unit: str = "kg m2/s") -> xr.Dataset:
    momentum = ("time", "axis"), np.zeros((2, 3)), {"units": unit}
    new, complete = ("time", [1.0, 2.0]), ("contact", [True])
    return xr.Dataset(
        {"angular_momentum": momentum, "contact_complete": complete, "something_new": new},
        coords={"time": [0.0, 0.1], "axis": ["x", "y", "z"]},
    )


def test_files_say_what_their_variables_are():
    """A stage may mean something else; two units for one number are refused."""
    found = described(dataset(), "contributions")
    assert found["angular_momentum"].attrs == {
        "long_name": "angular momentum of each segment about the whole-body centre of mass",
        "units": "kg m2/s",
        "reflection": "axial",
        "frame": "ground: x along the direction of travel, y up, z to the right",
    }
    assert found["time"].attrs["units"] == "s"
    assert set(found["contact_complete"].attrs) == {"long_name"}
    assert not found["something_new"].attrs
    by_role = described(dataset(), "steps")["angular_momentum"].attrs
    assert "by role" in by_role["long_name"]
    assert by_role["frame"].startswith("canonical")
    with pytest.raises(ValueError, match="angular_momentum is in N m, not in kg m2/s"):
        described(dataset("N m"), "contributions")


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
