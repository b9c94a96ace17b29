"""The file of the segments' centres of mass after a fit: `consistent/<id>_centres.nc`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.names import AXES
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

    from aqbio.consistency.centres import CentreEstimates


def centres_path(study: Study, participant_id: str) -> Path:
    """Place of what the forces say of a participant's centres of mass, where they were believed."""
    return study.folder(participant_id, "inverse_dynamics") / f"{participant_id}_centres.nc"


def changes_path(study: Study, participant_id: str) -> Path:
    """Place of what the fit of a participant's session changed, as rows."""
    return study.folder(participant_id, "inverse_dynamics") / f"{participant_id}_changes.nc"


def centres_dataset(found: CentreEstimates, segments: Sequence[str]) -> xr.Dataset:
    """Shifts of the centres of mass, and how sure they are before and after the forces."""
    import xarray as xr

    shape = (len(segments), len(AXES), len(segments), len(AXES))
    both = ("segment", "axis", "other_segment", "other_axis")
    return xr.Dataset(
        {
            "centre_shift": (("segment", "axis"), found.shift),
            "centre_covariance": (both, found.covariance.reshape(shape)),
            "centre_covariance_before": (both, found.prior_covariance.reshape(shape)),
        },
        {
            "segment": list(segments),
            "other_segment": list(segments),
            "axis": list(AXES),
            "other_axis": list(AXES),
        },
    )


def known_centres(study: Study, participant_id: str) -> FloatArray | None:
    """(3 B, 3 B) array, m²: covariance after the session's fit; None where none is believed."""
    if not study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]:
        return None
    covariance = read_dataset(centres_path(study, participant_id))["centre_covariance"].values
    size = covariance.shape[0] * covariance.shape[1]
    matrix: FloatArray = covariance.reshape(size, size)
    return matrix
