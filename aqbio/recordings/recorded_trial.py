"""A prepared trial as the calibrated body lets it be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import Trial
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study

if TYPE_CHECKING:
    import xarray as xr


def recorded_trial(study: Study, participant_id: str, trial: Trial) -> xr.Dataset:
    """A prepared trial without the markers that stage scale found off in it."""
    prepared = read_dataset(study.folder(participant_id, "prepare") / f"{trial.trial_id}.nc")
    off = study.read_manifest(participant_id, "scale").get("labels_off", {})
    kept = ~prepared["marker"].isin(off.get(trial.trial_id, []))
    return prepared.assign(marker_raw=prepared["marker_raw"].where(kept, np.nan))
