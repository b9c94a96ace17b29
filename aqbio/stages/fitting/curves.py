"""What the consistency fit changed and how sure its result is, over a step and in roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from aqbio.mechanics.consistency.posterior import GROUP_MOMENTUM, RATES, TOTAL_MOMENTUM
from aqbio.mechanics.gait.role_options import RoleScheme
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES

if TYPE_CHECKING:
    import xarray as xr

Side = Literal["left", "right"]

SUMS_OF_THE_TRUNK = ("push_side", "total")
"""Roles whose errors are those of the whole body: their posterior is inflated as the total's."""


def consistency_signals(
    trial: xr.Dataset, scheme: RoleScheme, stance: Side
) -> dict[str, FloatArray]:
    """Momenta and residual before the fit, and posterior standard deviations, by role.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    scheme : RoleScheme
    stance : {"left", "right"}

    Returns
    -------
    dict of (T, K, 3) arrays
        NaN in trials that were not fitted.
    """
    unknown = np.full((trial.sizes["time"], len(scheme.items), len(AXES)), np.nan)
    signals = {}
    for name, quantity in (("angular_momentum", "momentum"), ("angular_momentum_rate", "rate")):
        plain = trial.get(f"group_{name}_plain")
        covariance = trial.get(f"group_{quantity}_covariance")
        signals[f"{name}_plain"] = unknown if plain is None else _sums(plain, scheme, stance)
        signals[f"{name}_sd_posterior"] = (
            unknown if covariance is None else role_sd(covariance, scheme, stance, quantity)
        )
    residual = trial.get("residual_moment_plain")
    before = unknown[:, :1] if residual is None else residual.values[:, None]
    return {**signals, "residual_moment_plain": before}


def _sums(values: xr.DataArray, scheme: RoleScheme, stance: Side) -> FloatArray:
    """(T, roles, 3): NaN where the model lacks a group of a role."""
    total = np.full((len(values), len(scheme.items), len(AXES)), np.nan)
    for column, row in _rows(values, scheme, stance):
        total[:, column] = np.tensordot(values.values, row, axes=([1], [0]))
    return total


def role_sd(
    covariance: xr.DataArray, scheme: RoleScheme, stance: Side, quantity: str
) -> FloatArray:
    """Inflated posterior standard deviation of the sums over the groups behind each role.

    Parameters
    ----------
    covariance : xarray.DataArray
        (time or contact, group, other_group, axis).
    scheme : RoleScheme
    stance : {"left", "right"}
    quantity : {"momentum", "rate"}

    Returns
    -------
    (T, roles, 3) array
        NaN where the model lacks a group of a role.
    """
    values = covariance.values.astype(float)
    sd = np.full((len(values), len(scheme.items), len(AXES)), np.nan)
    for column, row in _rows(covariance, scheme, stance):
        variance = np.einsum("g,tgha,h->ta", row, values, row)
        factor = inflation(scheme.items[column], quantity)
        sd[:, column] = factor * np.sqrt(np.maximum(variance, 0.0))
    return sd


def _rows(values: xr.DataArray, scheme: RoleScheme, stance: Side) -> list[tuple[int, FloatArray]]:
    """Weights of the variable's groups, for every role whose groups the model has."""
    names = [str(name) for name in values["group"].values]
    weights = scheme.weights(stance)
    return [
        (column, np.array([weights[item].get(name, 0.0) for name in names]))
        for column, item in enumerate(scheme.items)
        if item in weights and set(weights[item]) <= set(names)
    ]


def inflation(role: str, quantity: str) -> float:
    """Give the factor by which a posterior standard deviation is too small, as measured."""
    if quantity == "rate":
        return RATES
    return TOTAL_MOMENTUM if role in SUMS_OF_THE_TRUNK else GROUP_MOMENTUM


def stance_sd(trial: xr.Dataset, step: Step, scheme: RoleScheme) -> dict[str, FloatArray]:
    """Inflated posterior standard deviations of a step's stance means, by quantity, (roles, 3).

    Empty for a trial that was not fitted.
    """
    if "stance_momentum_covariance" not in trial:
        return {}
    begin = trial["contact_touchdown"].values
    contact = int(np.argmin(np.abs(begin - step.touchdown)))
    return {
        quantity: role_sd(
            trial[f"stance_{quantity}_covariance"].isel(contact=[contact]),
            scheme,
            step.side,
            quantity,
        )[0]
        for quantity in ("momentum", "rate")
    }
