"""A made-up study in the layout of the pipeline's files."""

from __future__ import annotations

import pytest
import xarray as xr

from aqbio.figures.step_means import StepColumn, step_columns
from tests.figures.made_study import made_step_curves

EDGES = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0)


@pytest.fixture(scope="session")
def steps() -> xr.Dataset:
    """Two speeds of one person: four jogging and three sprinting steps."""
    return made_step_curves()


@pytest.fixture(scope="session")
def columns(steps: xr.Dataset) -> tuple[StepColumn, ...]:
    """The two speeds, side by side."""
    return step_columns(steps, EDGES)
