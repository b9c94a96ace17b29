"""A made-up study in the layout of the pipeline's files."""

from __future__ import annotations

import pytest
import xarray as xr

from tests.figures.made_study import made_step_curves


@pytest.fixture(scope="session")
def step_curves() -> xr.Dataset:
    """Two speeds of one person: four jogging and three sprinting steps."""
    return made_step_curves()
