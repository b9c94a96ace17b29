"""Loads of the feet as prepared and consistent trials hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.force_plates.forces import PlateWrench
from aqbio.force_plates.forefoot import borne_by_toes
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray

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


def borne_loads(
    model_map: ModelMap,
    skeleton: Skeleton,
    poses: SegmentPoses,
    loads: Sequence[ExternalLoad],
    surface_height: float,
) -> tuple[ExternalLoad, ...]:
    """Loads of the feet on foot and toes, as a model with such a joint has them.

    Parameters
    ----------
    poses, loads
        Of the same frames; a load that was not measured is 0 or NaN.
    surface_height : float
        Of the ground, m.
    """
    joints = model_map.joints.mtp
    names = () if joints is None else (joints.left, joints.right)
    return borne_by_toes(loads, skeleton, poses, names, surface_height)


def plate_wrench(prepared: xr.Dataset) -> PlateWrench:
    """Forces and moments of the plates of a prepared trial, low-passed as those of the feet."""
    names = ("plate_force_raw", "plate_moment_raw", "plate_point")
    wrench = PlateWrench(*(prepared[name].values for name in names))
    if not wrench.force.size:
        return wrench
    return wrench.filtered(float(prepared.attrs["force_rate"]), float(prepared.attrs["cutoff"]))


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
