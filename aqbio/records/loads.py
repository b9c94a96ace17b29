"""Loads of the feet as prepared and consistent trials hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.study import Study
from aqbio.mechanics.multibody.dynamics import ExternalLoad
from aqbio.mechanics.vectors import BoolArray

if TYPE_CHECKING:
    import xarray as xr


def foot_loads(study: Study, window: xr.Dataset) -> tuple[ExternalLoad, ...]:
    """Ground reaction force of each foot on the marker clock, about the ground origin."""
    feet = study.model_map.feet
    return tuple(
        ExternalLoad(
            body=getattr(feet, side),
            force=window["foot_force"].sel(foot=side).values,
            moment=window["foot_moment"].sel(foot=side).values,
            point=np.zeros(3),
        )
        for side in ("left", "right")
    )


def measured_loads(
    loads: Sequence[ExternalLoad],
) -> tuple[BoolArray, tuple[ExternalLoad, ...]]:
    """Frames in which both feet's loads are known, and loads that are zero in the others."""
    known = np.all([np.isfinite(x.force + x.moment).all(axis=1) for x in loads], axis=0)
    return known, tuple(
        replace(
            load,
            force=np.where(known[:, None], load.force, 0.0),
            moment=np.where(known[:, None], load.moment, 0.0),
        )
        for load in loads
    )


NO_FREE_MOMENT = "not recorded"
