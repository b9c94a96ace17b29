"""A trial as stage solve left it, and whether stage consistency fitted it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.vectors import FloatArray
from aqbio.records.recorded_trial import recorded_trial

if TYPE_CHECKING:
    import xarray as xr

FITTED, PLAIN = "fitted", "plain"


@dataclass(frozen=True)
class SolvedTrial:
    """One trial as the stages before left it, cut to the frames that were solved.

    Attributes
    ----------
    trial_id : str
    prepared : xarray.Dataset
        Markers, loads of the feet and contacts.
    solved : xarray.Dataset
        Coordinates of inverse kinematics and the markers that they follow.
    files : tuple of Path
        Where both were read.
    recorded : xarray.Dataset
        Prepared, in all frames.
    """

    trial_id: str
    prepared: xr.Dataset
    solved: xr.Dataset
    files: tuple[Path, ...]
    recorded: xr.Dataset

    @classmethod
    def read(cls, study: Study, participant_id: str, trial_id: str) -> SolvedTrial:
        """Read a trial."""
        files = tuple(
            study.folder(participant_id, stage) / f"{trial_id}.nc" for stage in ("prepare", "solve")
        )
        prepared = recorded_trial(study, participant_id, study.trial(participant_id, trial_id))
        solved = read_dataset(files[1])
        return cls(trial_id, prepared.sel(time=solved["time"]), solved, files, prepared)

    @property
    def time(self) -> FloatArray:
        """(T,) array, s."""
        values: FloatArray = self.solved["time"].values
        return values
