"""The file of a prepared trial, and what later stages read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from aqbio.config import ModelMap, Trial
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.force_plates.ground_reactions import shared_with_toes
from aqbio.io.mot import read_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.vectors import BoolArray, FloatArray

PLACE_ERROR = "plate_place_error_m"
"""Number of a trial in the manifest: what the searches over faults leave open of its plates,
m; missing where they do not doubt their places."""

MIN_RUNNING_SPEED_M_S = 0.5
"""Lowest speed over the ground that is a run, m/s."""


def foot_loads(model_map: ModelMap, window: xr.Dataset) -> tuple[ExternalLoad, ...]:
    """Ground reaction force of each foot on the marker clock, about the ground origin."""
    feet = model_map.feet
    return tuple(
        ExternalLoad(
            body=getattr(feet, side),
            force=window["foot_force"].sel(foot=side).values,
            moment=window["foot_moment"].sel(foot=side).values,
            point=np.zeros(3),
        )
        for side in ("left", "right")
    )


def loads_with_toes(
    model_map: ModelMap,
    skeleton: Skeleton,
    poses: SegmentPoses,
    loads: Sequence[ExternalLoad],
    surface_height: float,
) -> tuple[ExternalLoad, ...]:
    """Loads of the feet on foot and toes, as a model with such a joint has them."""
    joints = model_map.joints.mtp
    names = () if joints is None else (joints.left, joints.right)
    return shared_with_toes(loads, skeleton, poses, names, surface_height)


def measured_loads(loads: Sequence[ExternalLoad]) -> tuple[BoolArray, tuple[ExternalLoad, ...]]:
    """Frames in which both feet's loads are known, and loads that are zero in the others."""
    measured = np.all([np.isfinite(x.force + x.moment).all(axis=1) for x in loads], axis=0)
    return measured, tuple(
        replace(
            load,
            force=np.where(measured[:, None], load.force, 0.0),
            moment=np.where(measured[:, None], load.moment, 0.0),
        )
        for load in loads
    )


MEASURED = "measured"
NO_FREE_MOMENT = "not recorded"
FLIPPED_FREE_MOMENT = "of a flipped sign"
"""Values of the attribute ``free_moment``: only a measured one is used."""

SMALL_LOAD_N = 50.0
"""Vertical force below which a foot's centre of pressure is not known, N."""


def without_free_moment(prepared: xr.Dataset, state: str) -> xr.Dataset:
    """A prepared trial whose free moment must not be used, because it is in some ``state``."""
    force, moment = prepared["foot_force"].values, prepared["foot_moment"].values
    height = float(prepared.attrs["surface_height"])
    _, free = centre_of_pressure(force, moment, np.zeros(3), height, SMALL_LOAD_N)
    changed = moment.copy()
    changed[..., AXES.index("y")] -= np.nan_to_num(free)
    without = prepared.assign(foot_moment=(prepared["foot_moment"].dims, changed))
    return without.assign_attrs(free_moment=state)


def recorded_trial(study: Study, participant_id: str, trial: Trial) -> xr.Dataset:
    """A prepared trial without the markers that stage scale found off in it."""
    prepared = read_dataset(study.folder(participant_id, "prepare") / f"{trial.trial_id}.nc")
    off = study.read_manifest(participant_id, "scale").get("labels_off", {})
    credible = ~prepared["marker"].isin(off.get(trial.trial_id, []))
    return prepared.assign(marker_raw=prepared["marker_raw"].where(credible, np.nan))


def prepared_coordinates(stem: Path) -> Path:
    """The file in which stage prepare leaves the coordinates of a trial."""
    return stem.with_name(f"{stem.name}_coordinates.mot")


def solved_coordinates(prepared: Path, skeleton: Skeleton, time: FloatArray) -> FloatArray:
    """A trial's coordinates (T, C), rad or m, at times of its clock (s); NaN if not in the file."""
    storage = read_storage(prepared_coordinates(prepared))
    q = np.stack([storage.column(name) for name in skeleton.coordinates], axis=1)
    frames = np.searchsorted(storage.time, time - 0.5 * float(np.diff(storage.time[:2])[0]))
    return np.asarray(q[frames])
