"""One dictionary: its descriptions stand in the files and are true of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import aqbio
from aqbio.io.dictionary import described

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
    variables = described(dataset(), "contributions")
    assert variables["angular_momentum"].attrs == {
        "long_name": "angular momentum of each segment about the whole-body centre of mass",
        "units": "kg m2/s",
        "reflection": "axial",
        "frame": "ground: x along the direction of travel, y up, z to the right",
    }
    assert variables["time"].attrs["units"] == "s"
    assert set(variables["contact_complete"].attrs) == {"long_name"}
    assert not variables["something_new"].attrs
    by_role = described(dataset(), "steps")["angular_momentum"].attrs
    assert "by role" in by_role["long_name"]
    assert by_role["frame"].startswith("canonical")
    with pytest.raises(ValueError, match="angular_momentum is in N m, not in kg m2/s"):
        described(dataset("N m"), "contributions")
