"""What the consistency fit changed and how sure its result is, over a step and in roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.consistency.posterior import GROUP_MOMENTUM, RATES, TOTAL_MOMENTUM
from aqbio.mechanics.gait.roles import RoleScheme, by_role
from aqbio.mechanics.gait.steps import Side, Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES

if TYPE_CHECKING:
    import xarray as xr

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
        signals[f"{name}_plain"] = unknown if plain is None else role_sums(plain, stance, scheme)
        signals[f"{name}_sd_posterior"] = (
            unknown if covariance is None else role_sd(covariance, scheme, stance, quantity)
        )
    residual = trial.get("residual_moment_plain")
    before = unknown[:, :1] if residual is None else residual.values[:, None]
    return {**signals, "residual_moment_plain": before}


def role_sums(values: xr.DataArray, stance: Side, scheme: RoleScheme) -> FloatArray:
    """(T, items, ...) sums of a variable over the groups behind each role."""
    return by_role(values.values, scheme.matrix(stance, _groups(values)))


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
        NaN where the model lacks a group of a role, or one was not observed.
    """
    matrix = scheme.matrix(stance, _groups(covariance))
    variance = by_role(by_role(covariance.values.astype(float), matrix), matrix, axis=2)
    factors = np.array([inflation(item, quantity) for item in scheme.items])
    own: FloatArray = np.einsum("tiia->tia", variance)
    return factors[:, None] * np.sqrt(np.maximum(own, 0.0))


def _groups(values: xr.DataArray) -> list[str]:
    return list(map(str, values["group"].values))


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
