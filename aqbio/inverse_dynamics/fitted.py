"""Results of the fit of a session from files: parameters, centres of mass, changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from aqbio.inverse_dynamics.parameters import LoadSpread
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.vectors import FloatArray


def centres_path(study: Study, participant_id: str) -> Path:
    """File of a participant's centres of mass after an accepted fit."""
    return study.folder(participant_id, "inverse_dynamics") / f"{participant_id}_centres.nc"


def changes_path(study: Study, participant_id: str) -> Path:
    """File of the changes by the fit of a participant's session, as rows."""
    return study.folder(participant_id, "inverse_dynamics") / f"{participant_id}_changes.nc"


def fitted_centre_covariance(study: Study, participant_id: str) -> FloatArray | None:
    """(3 B, 3 B) array, m²: covariance after the session's fit; None without an accepted fit."""
    if not study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]:
        return None
    covariance = read_dataset(centres_path(study, participant_id))["centre_covariance"].values
    size = covariance.shape[0] * covariance.shape[1]
    matrix: FloatArray = covariance.reshape(size, size)
    return matrix


CLOCK_SD = "clock_sd"
"""Attribute with the standard deviation of the clock between markers and forces, s."""

PLATE_POSITION_SD = "plate_position_sd"
"""Attribute with the error of the places of plates after a fit, m."""

PLATE_TURN_SD = "plate_turn_sd"
"""Attribute with the error of the directions of plates after a fit, about x, y and z, rad."""

FIT_PREFIX = "fit_"
"""Prefix of attributes that hold fitted parameters."""


def fit_values(fitted: xr.Dataset) -> dict[str, float]:
    """Fitted parameter values of a trial, by name."""
    attributes = {str(name): value for name, value in fitted.attrs.items()}
    return {
        name.removeprefix(FIT_PREFIX): float(value)
        for name, value in attributes.items()
        if name.startswith(FIT_PREFIX)
    }


def plate_spread(fitted: xr.Dataset) -> LoadSpread:
    """Errors of the plates under a trial, known as well as its fit left them."""
    usual = LoadSpread()
    roll, yaw, pitch = np.asarray(fitted.attrs.get(PLATE_TURN_SD, usual.turn), float).tolist()
    return replace(
        usual,
        position=float(fitted.attrs.get(PLATE_POSITION_SD, usual.position)),
        turn=(roll, yaw, pitch),
    )


FORCES_NOT_USED = "forces_not_used"
"""Attribute with the reason why a trial's forces are not used; empty where they are."""

OTHER_MOTION = "other_"
"""Prefix of coordinates, speeds and accelerations less those of the motion that is used."""
