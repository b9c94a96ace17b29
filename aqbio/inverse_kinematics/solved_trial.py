"""A trial as stage solve left it, and whether stage consistency fitted it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.recordings.prepared import recorded_trial
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

FITTED, PLAIN = "fitted", "plain"


@dataclass(frozen=True)
class SolvedTrial:
    """One trial as the stages before left it, cut to the frames that were solved."""

    trial_id: str
    prepared: xr.Dataset
    """Markers, loads of the feet and contacts."""
    solved: xr.Dataset
    """Coordinates of inverse kinematics, and ``marker_position`` of the markers that they follow,
    by their names in the model: as recorded, NaN where they were not followed."""
    files: tuple[Path, ...]
    """Where both were read."""
    recorded: xr.Dataset
    """Prepared, in all frames."""

    @classmethod
    def read(cls, study: Study, participant_id: str, trial_id: str) -> SolvedTrial:
        """Read a trial."""
        files = tuple(
            study.folder(participant_id, stage) / f"{trial_id}.nc"
            for stage in ("prepare", "inverse_kinematics")
        )
        prepared = recorded_trial(study, participant_id, study.trial(participant_id, trial_id))
        solved = read_dataset(files[1])
        every = prepared.sizes["time"] == solved.sizes["time"]
        here = prepared if every else prepared.sel(time=solved["time"])
        labels = {str(label): number for number, label in enumerate(here["marker"].values)}
        if not solved.attrs["from_coordinates"]:  # labels that nobody mapped are in no pose
            mapped, named = study.marker_set.markers, study.marker_set.model_name
            labels = {named(label): n for label, n in labels.items() if label in mapped}
        index = [labels[name] for name in solved["marker"].values]
        positions = here["marker_raw"].isel(marker=index).values
        known = np.where(solved["marker_followed"].values[..., None] > 0, positions, np.nan)
        solved = solved.assign(marker_position=(("time", "marker", "axis"), known))
        return cls(trial_id, here, solved, files, prepared)

    @property
    def time(self) -> FloatArray:
        """(T,) array, s."""
        values: FloatArray = self.solved["time"].values
        return values
