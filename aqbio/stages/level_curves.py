"""Curves of levels B and C over one step, in roles and in the canonical frame, for figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from aqbio.mechanics.groups import role_groups
from aqbio.mechanics.source_roles import anatomical_name, role_name, side_sum, side_weights
from aqbio.mechanics.steps import PERCENT, PHASES, Step, phase_curve
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS, ROLE_SIDES
from aqbio.stages.levels import PRIMARY

if TYPE_CHECKING:
    import xarray as xr

CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
TARGETS = ("push_side", "swing_side", "total")
ROLES = (*ROLE_GROUPS, *ROLE_SIDES)


def level_curves(trial: xr.Dataset, step: Step) -> xr.Dataset:
    """Curves of one step, 101 points a phase.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.levels_dataset`.
    step : Step

    Returns
    -------
    xarray.Dataset
        hub_moment and hub_joint_moment (phase, percent, chain, axis); relative_force (phase,
        percent, role, axis); induced_rate (phase, percent, source, target, axis) and induced_force
        (phase, percent, source, axis) under the primary contact model, with the sources' sums
        ``push_side`` and ``swing_side``. NaN where a phase was not recorded, where the model lacks
        a part, and for level C in flight.
    """
    import xarray as xr

    time = trial["time"].values

    def both(
        values: FloatArray, kind: Literal["axial", "polar"], *, flight: bool = True
    ) -> FloatArray:
        curves = np.stack([phase_curve(step, phase, time, values, kind) for phase in PHASES])
        if not flight:
            curves[1] = np.nan
        return curves

    joint, force = (_chains(trial[name], step) for name in ("hub_moment", "hub_force_moment"))
    sources, rates, forces = _induced(trial, step)
    by = ("phase", "percent")
    units = {"units": "N m"}
    variables = {
        "hub_moment": ((*by, "chain", "axis"), both(joint + force, "axial"), units),
        "hub_joint_moment": ((*by, "chain", "axis"), both(joint, "axial"), units),
        "relative_force": (
            (*by, "role", "axis"),
            both(_roles(trial["relative_force"], step, ROLES), "polar"),
            {"units": "N"},
        ),
        "induced_rate": (
            (*by, "source", "target", "axis"),
            both(rates, "axial", flight=False),
            units,
        ),
        "induced_force": (
            (*by, "source", "axis"),
            both(forces, "polar", flight=False),
            {"units": "N"},
        ),
    }
    return xr.Dataset(
        variables,
        coords={
            "phase": list(PHASES),
            "percent": 100.0 * PERCENT,
            "chain": list(CHAINS),
            "role": list(ROLES),
            "source": list(sources),
            "target": list(TARGETS),
            "axis": list(AXES),
        },
        attrs={
            "frame": "canonical: x forward, y up, z toward the stance side",
            "contact_model": PRIMARY,
        },
    )


def _chains(values: xr.DataArray, step: Step) -> FloatArray:
    """(T, chains, 3) in the order of ``CHAINS``."""
    present = list(map(str, values["chain"].values))
    missing = np.full((values.sizes["time"], len(AXES)), np.nan)
    wanted = [anatomical_name(chain, step.side) for chain in CHAINS]
    return np.stack(
        [values.values[:, present.index(name)] if name in present else missing for name in wanted],
        axis=1,
    )


def _roles(values: xr.DataArray, step: Step, roles: tuple[str, ...]) -> FloatArray:
    """(T, ..., roles, 3): sums over the groups behind each role, the last axis but one."""
    present = list(map(str, values["group"].values))
    behind = role_groups(step.side)
    place = values.get_axis_num("group")
    summed = []
    for role in roles:
        members = [present.index(group) for group in behind[role] if group in present]
        part = np.take(values.values, members, axis=place).sum(axis=place)
        summed.append(part if members else np.full_like(part, np.nan))
    return np.stack(summed, axis=-2)


def _induced(trial: xr.Dataset, step: Step) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Sources by role with both sides' sums; (T, S, targets, 3) rates; (T, S, 3) forces."""
    chosen = trial.sel(contact_model=PRIMARY)
    names = tuple(map(str, trial["source"].values))
    rates = _roles(chosen["induced_momentum_rate"], step, TARGETS)
    forces = chosen["induced_ground_force"].sum("foot").values
    weights = side_weights(names, step.side)
    ordered = sorted(names, key=lambda name: role_name(name, step.side))
    places = [names.index(name) for name in ordered]
    sums = [(side_sum(rates, names, w), side_sum(forces, names, w)) for w in weights.values()]
    return (
        (*weights, *(role_name(name, step.side) for name in ordered)),
        np.concatenate([np.stack([rate for rate, _ in sums], axis=1), rates[:, places]], axis=1),
        np.concatenate([np.stack([force for _, force in sums], axis=1), forces[:, places]], axis=1),
    )
