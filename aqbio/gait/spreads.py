"""How sure curves of steps and their means are: draws, and the posterior of the motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.labels import labels, picked
from aqbio.gait.roles import RoleScheme, by_role
from aqbio.gait.steps import PERCENT, Side, Step
from aqbio.names import AXES
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

SPREADS = {
    "angular_momentum": "group",
    "angular_momentum_rate": "group",
    "hub_moment": "chain",
    "hub_joint_moment": "chain",
    "hub_force_moment": "chain",
    "external_moment": "",
    "residual_moment": "",
}
"""Curves with a standard deviation over draws, and the dimension of their items."""

KNOTS = np.linspace(0.0, 1.0, 21)
"""Shares of a phase at which standard deviations are kept: they are smooth."""


def with_spreads(
    curves: xr.Dataset,
    trial: xr.Dataset,
    steps: Sequence[Step],
    scheme: RoleScheme,
    models: Mapping[str, FloatArray] | None = None,
) -> xr.Dataset:
    """Add how sure the curves are: everything that makes them unsure meets here.

    Parameters
    ----------
    curves : xarray.Dataset
        From `aqbio.gait.curves.step_dataset`.
    trial : xarray.Dataset
        Output of stage contributions.
    scheme : RoleScheme
        That of the curves and of the draws.
    models : mapping, optional
        From `aqbio.steps.other_models.curve_sds`.

    Returns
    -------
    xarray.Dataset
        With ``<curve>_sd`` of `SPREADS`: draws and the choice of the model, and for momentum and
        its rate the posterior of the motion too; variances are added; NaN where nothing was drawn.
        And the posterior of
        stance means, ``stance_momentum_sd`` and ``stance_rate_sd`` (step, group, axis).
    """
    spreads = {}
    for name, item in SPREADS.items():
        dimensions = ("step", "phase", "percent", *((item,) if item else ()), "axis")
        values = np.full([curves.sizes[one] for one in dimensions], np.nan)
        for index, step in enumerate(steps) if f"sd_{name}" in trial else ():
            values[index] = _drawn(picked(trial, f"sd_{name}", stance_foot=step.side))
        if f"{name}_sd_posterior" in curves:
            posterior = curves[f"{name}_sd_posterior"].values
            values = np.where(np.isnan(posterior), values, np.hypot(values, posterior))
        if models and name in models:
            values = np.where(np.isnan(models[name]), values, np.hypot(values, models[name]))
        spreads[f"{name}_sd"] = (dimensions, values)
    for quantity in ("momentum", "rate"):
        dimensions = ("step", "group", "axis")
        own = [_stance_sd(trial, step, scheme, quantity) for step in steps]
        empty = np.zeros([curves.sizes[one] for one in dimensions])
        spreads[f"stance_{quantity}_sd"] = (dimensions, np.stack(own) if own else empty)
    return curves.assign(spreads)


def _drawn(spread: FloatArray) -> FloatArray:
    """(2, 101, ..., 3) standard deviations over draws in the steps of one foot."""
    return np.stack([interpolated(KNOTS, phase, PERCENT) for phase in spread])


def interpolated(at: FloatArray, values: FloatArray, wanted: FloatArray) -> FloatArray:
    """(N, ...) straight lines between samples, level beyond their ends."""
    flat = values.reshape(len(at), -1)
    columns = [np.interp(wanted, at, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(len(wanted), *values.shape[1:])


def role_sd(
    covariance: FloatArray, groups: Sequence[str], scheme: RoleScheme, stance: Side
) -> FloatArray:
    """Posterior standard deviation of the sums over the groups behind each role.

    Parameters
    ----------
    covariance : (T, G, G, 3) array
        In frames or of contacts.
    groups : sequence of G str
    stance : {"left", "right"}

    Returns
    -------
    (T, roles, 3) array
        NaN where the model lacks a group of a role, or one was not observed.
    """
    matrix = scheme.matrix(stance, groups)
    variance = by_role(by_role(covariance, matrix), matrix, axis=2)
    own: FloatArray = np.sqrt(np.maximum(np.einsum("tiia->tia", variance), 0.0))
    return own


def _stance_sd(trial: xr.Dataset, step: Step, scheme: RoleScheme, quantity: str) -> FloatArray:
    """(roles, 3) posterior of a step's stance mean; NaN in a trial that was not fitted."""
    name = f"stance_{quantity}_covariance"
    if name not in trial:
        return np.full((len(scheme.items), len(AXES)), np.nan)
    contact = int(np.argmin(np.abs(trial["contact_touchdown"].values - step.touchdown)))
    covariance = trial.variables[name].values[contact : contact + 1]
    sd: FloatArray = role_sd(covariance, labels(trial, "group"), scheme, step.side)[0]
    return sd
