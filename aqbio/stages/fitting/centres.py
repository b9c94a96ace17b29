"""Where the segments' centres of mass are: what the body leaves open, what the forces say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.consistency.centres import CentreEstimates, centre_estimates
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.fitting.trials import SolvedTrial
from aqbio.stages.levels.body_spread import body_spread, followed_markers

if TYPE_CHECKING:
    import xarray as xr

    from aqbio.stages.fitting.session import FittedSession

FRAMES = 24
"""Frames of movement in all, in which centres of mass are seen from the markers."""


def open_centres(
    study: Study, participant_id: str, skeleton: Skeleton, trials: Sequence[SolvedTrial]
) -> FloatArray:
    """(3 B, 3 B) array, m²: what the body's posterior leaves open of the centres of mass.

    Parameters
    ----------
    study : Study
    participant_id : str
    skeleton : Skeleton
        Of the scaled model.
    trials : sequence of SolvedTrial
        That will be fitted; the markers that all of them follow tell where segments are.
    """
    followed = [followed_markers(study, trial.solved) for trial in trials]
    names = [name for name in followed[0] if all(name in other for other in followed)]
    weight = np.array([followed[0][name] for name in names])
    every = [trial.solved["q"].values for trial in trials]
    most = FRAMES // len(every) + 1
    q = np.concatenate([one[:: max(1, len(one) // most)] for one in every])
    return body_spread(study, participant_id, skeleton, names).open_centres(q, weight)


def centres_path(study: Study, participant_id: str) -> Path:
    """Place of what the forces say of a participant's centres of mass, where they were believed."""
    return study.folder(participant_id, "consistency") / f"{participant_id}_centres.nc"


def session_centres(fitted: FittedSession) -> CentreEstimates:
    """Give the places of a session in which trials were fitted."""
    runner = next(iter(fitted.fits.values())).runner
    return centre_estimates(runner, fitted.estimates, fitted.covariance)


def centres_dataset(found: CentreEstimates, segments: Sequence[str]) -> xr.Dataset:
    """Shifts of the centres of mass, and how sure they are before and after the forces."""
    import xarray as xr

    shape = (len(segments), len(AXES), len(segments), len(AXES))
    both = ("segment", "axis", "other_segment", "other_axis")
    words = "covariance of the centres of mass, segment axes,"
    return xr.Dataset(
        {
            "centre_shift": (
                ("segment", "axis"),
                found.shift,
                {"units": "m", "long_name": "of the centre of mass by the fit, segment axes"},
            ),
            "centre_covariance": (
                both,
                found.covariance.reshape(shape),
                {"units": "m2", "long_name": f"{words} after the fit"},
            ),
            "centre_covariance_before": (
                both,
                found.prior_covariance.reshape(shape),
                {"units": "m2", "long_name": f"{words} before the fit"},
            ),
        },
        coords={
            "segment": list(segments),
            "other_segment": list(segments),
            "axis": list(AXES),
            "other_axis": list(AXES),
        },
    )


def known_centres(study: Study, participant_id: str) -> FloatArray | None:
    """(3 B, 3 B) array, m²: covariance after the session's fit; None where none is believed."""
    if not study.read_manifest(participant_id, "consistency")["adjusted_model"]:
        return None
    covariance = read_dataset(centres_path(study, participant_id))["centre_covariance"].values
    size = covariance.shape[0] * covariance.shape[1]
    matrix: FloatArray = covariance.reshape(size, size)
    return matrix


def centre_numbers(found: CentreEstimates, segments: Sequence[str]) -> list[dict[str, Any]]:
    """One row for every segment and axis, ready for JSON."""
    return [
        {
            "segment": segment,
            "axis": axis,
            "prior_sd": float(found.prior_sd[row, column]),
            "estimate": float(found.shift[row, column]),
            "sd": float(found.sd[row, column]),
        }
        for row, segment in enumerate(segments)
        for column, axis in enumerate(AXES)
    ]
