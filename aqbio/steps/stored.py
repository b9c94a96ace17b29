"""Curves of all steps of a study in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.curves import no_steps
from aqbio.gait.roles import RoleScheme
from aqbio.gait.spreads import with_spreads

if TYPE_CHECKING:
    import xarray as xr

UNSTORED = (
    "com_velocity", "stance_momentum_sd", "stance_rate_sd",
    "angular_momentum_plain", "angular_momentum_rate_plain",
    "angular_momentum_sd_posterior", "angular_momentum_rate_sd_posterior",
)  # fmt: skip
"""What tables and other curves are made of, and no curve is drawn from."""

_COORDINATES = {
    "participant_id": "participant_id", "trial_id": "trial_id", "condition": "condition",
    "number": "step", "side": "side", "speed": "speed_mps", "contact_s": "contact_s",
    "flight_s": "flight_s", "mass": "mass_kg", "height": "height_m",
}  # fmt: skip
"""Column of the step table behind every coordinate of a step."""

TEXTS = ("participant_id", "trial_id", "condition", "side")


def kept_curves(curves: xr.Dataset, rows: Sequence[Mapping[str, object]]) -> xr.Dataset:
    """Curves of the steps of a trial that were kept, as the study's file holds them.

    Single precision: these are drawn, the tables hold the numbers.

    Parameters
    ----------
    curves : xarray.Dataset
        From `aqbio.gait.curves.step_dataset`, with spreads.
    rows : sequence of mapping
        Of the kept steps, from the step table.
    """
    known = curves["number"].values.tolist()
    kept = curves.drop_vars(UNSTORED).isel(step=[known.index(row["step"]) for row in rows])
    columns = {
        name: ("step", np.array([row[column] for row in rows], str if name in TEXTS else float))
        for name, column in _COORDINATES.items()
    }
    return kept.astype(np.float32).assign_coords(columns)


def curves_dataset(trials: Sequence[xr.Dataset], scheme: RoleScheme) -> xr.Dataset:
    """All curves of a study as one dataset, one entry per step that was not rejected.

    Parameters
    ----------
    trials : sequence of xarray.Dataset
        From :func:`kept_curves`.
    scheme : RoleScheme
        That of the curves.
    """
    import xarray as xr

    if trials:
        return xr.concat(trials, "step", combine_attrs="override")
    return kept_curves(with_spreads(no_steps(scheme), xr.Dataset(), [], scheme), [])
