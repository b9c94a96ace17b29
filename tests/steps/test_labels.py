"""What labels pick is what xarray picks."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.gait.signals import picked

NAMES = {"phase": ["stance", "flight"], "group": ["arms", "torso", "legs"], "axis": list("xyz")}


@pytest.fixture
def data():
    values = np.random.default_rng(1).normal(size=(4, 2, 5, 3, 3))
    dimensions = ("step", "phase", "percent", "group", "axis")
    return xr.Dataset({"momentum": (dimensions, values)}, coords=NAMES)


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"axis": "y"},
        {"phase": "flight", "axis": "z"},
        {"group": ["legs", "arms"]},
        {"group": ["legs"], "axis": "x", "phase": "stance"},
        {"axis": ("z", "x"), "group": ("torso", "arms")},
    ],
)
def test_it_is_the_selection(data, chosen):
    lists = {name: own if isinstance(own, str) else list(own) for name, own in chosen.items()}
    expected = data["momentum"].sel(lists)
    np.testing.assert_array_equal(picked(data, "momentum", **chosen), expected.values)


def test_what_is_not_there_cannot_be_picked(data):
    with pytest.raises(ValueError, match="head"):
        picked(data, "momentum", group="head")
    with pytest.raises(ValueError, match="joint"):
        picked(data.assign_coords(joint=["knee"]), "momentum", joint="knee")
