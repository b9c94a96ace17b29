"""One step of a made trial, cut as stage steps does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aqbio.gait.curves import step_dataset, with_spreads
from aqbio.gait.roles import RoleScheme
from tests.stages.made_contributions import MAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from aqbio.gait.steps import Step

ROLES = RoleScheme().items


def cut_steps(
    trial: xr.Dataset, steps: Sequence[Step], scheme: RoleScheme | None = None
) -> xr.Dataset:
    """Steps of a trial with their spreads."""
    roles = scheme or RoleScheme()
    return with_spreads(step_dataset(trial, steps, MAP, roles), trial, steps, roles)


def one_step(trial: xr.Dataset, step: Step, scheme: RoleScheme | None = None) -> xr.Dataset:
    """Curves (phase, percent, ...) of one step."""
    return cut_steps(trial, [step], scheme).isel(step=0)
