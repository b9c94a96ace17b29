"""What the consistency fit changed and how sure its result is, over a step and in roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from aqbio.mechanics.consistency.posterior import GROUP_MOMENTUM, RATES, TOTAL_MOMENTUM
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES

if TYPE_CHECKING:
    import xarray as xr

Side = Literal["left", "right"]

SUMS_OF_THE_TRUNK = ("push_side", "total")
"""Roles whose errors are those of the whole body: their posterior is inflated as the total's."""


@dataclass(frozen=True)
class RoleCurves:
    """How variables of groups become curves of a step by role.

    Attributes
    ----------
    items : tuple of R str
        Roles.
    weights : callable
        Gives, for a stance side, the groups behind every role with their weights.
    curves : callable
        Turns a function that gives (T, K, 3) for a stance side into (2, 101, K, 3).
    """

    items: tuple[str, ...]
    weights: Callable[[Side], Mapping[str, Mapping[str, float]]]
    curves: Callable[[Callable[[Side], FloatArray]], FloatArray]


def consistency_curves(trial: xr.Dataset, roles: RoleCurves) -> dict[str, FloatArray]:
    """Curves of one step before the fit, and posterior standard deviations.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    roles : RoleCurves
        Of the step.

    Returns
    -------
    dict of (2, 101, K, 3) arrays
        NaN in trials that were not fitted.
    """
    frames = trial.sizes["time"]
    unknown = np.full((frames, len(roles.items), len(AXES)), np.nan)

    def plain(name: str) -> Callable[[Side], FloatArray]:
        values = trial.get(f"group_{name}_plain")
        return lambda stance: unknown if values is None else _sums(values, roles, stance)

    def deviation(quantity: str) -> Callable[[Side], FloatArray]:
        values = trial.get(f"group_{quantity}_covariance")
        return lambda stance: (
            unknown if values is None else role_sd(values, roles, stance, quantity)
        )

    residual = trial.get("residual_moment_plain")
    before = unknown[:, :1] if residual is None else residual.values[:, None]
    curves = {
        "angular_momentum_plain": roles.curves(plain("angular_momentum")),
        "angular_momentum_rate_plain": roles.curves(plain("angular_momentum_rate")),
        "residual_moment_plain": roles.curves(lambda _: before),
    }
    for name, quantity in (("angular_momentum", "momentum"), ("angular_momentum_rate", "rate")):
        # a mirrored standard deviation is one
        curves[f"{name}_sd_posterior"] = np.abs(roles.curves(deviation(quantity)))
    return curves


def _sums(values: xr.DataArray, roles: RoleCurves, stance: Side) -> FloatArray:
    """(T, roles, 3): NaN where the model lacks a group of a role."""
    total = np.full((len(values), len(roles.items), len(AXES)), np.nan)
    for column, row in _rows(values, roles, stance):
        total[:, column] = np.tensordot(values.values, row, axes=([1], [0]))
    return total


def role_sd(covariance: xr.DataArray, roles: RoleCurves, stance: Side, quantity: str) -> FloatArray:
    """Inflated posterior standard deviation of the sums over the groups behind each role.

    Parameters
    ----------
    covariance : xarray.DataArray
        (time or contact, group, other_group, axis).
    roles : RoleCurves
    stance : {"left", "right"}
    quantity : {"momentum", "rate"}

    Returns
    -------
    (T, roles, 3) array
        NaN where the model lacks a group of a role.
    """
    values = covariance.values.astype(float)
    sd = np.full((len(values), len(roles.items), len(AXES)), np.nan)
    for column, row in _rows(covariance, roles, stance):
        variance = np.einsum("g,tgha,h->ta", row, values, row)
        factor = inflation(roles.items[column], quantity)
        sd[:, column] = factor * np.sqrt(np.maximum(variance, 0.0))
    return sd


def _rows(values: xr.DataArray, roles: RoleCurves, stance: Side) -> list[tuple[int, FloatArray]]:
    """Weights of the variable's groups, for every role whose groups the model has."""
    names = [str(name) for name in values["group"].values]
    weights = roles.weights(stance)
    return [
        (column, np.array([weights[item].get(name, 0.0) for name in names]))
        for column, item in enumerate(roles.items)
        if item in weights and set(weights[item]) <= set(names)
    ]


def inflation(role: str, quantity: str) -> float:
    """Give the factor by which a posterior standard deviation is too small, as measured."""
    if quantity == "rate":
        return RATES
    return TOTAL_MOMENTUM if role in SUMS_OF_THE_TRUNK else GROUP_MOMENTUM


def stance_sd(trial: xr.Dataset, step: Step, roles: RoleCurves) -> dict[str, FloatArray]:
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
            roles,
            step.side,
            quantity,
        )[0]
        for quantity in ("momentum", "rate")
    }
