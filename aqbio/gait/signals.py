"""Signals of a trial by role: quantities of anatomical parts, named by the roles of a step.

A trial may be a measured one, one of the multiverse or many draws of one: variables of the same
name are reduced in the same way. A dimension ``draw`` is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import Any

import numpy as np
import xarray as xr

from aqbio.config import ModelMap
from aqbio.config.model_map import Centre
from aqbio.gait.roles import LEG_JOINTS, RoleScheme, by_role, named_matrix, role_name
from aqbio.gait.steps import REFLECTION, Side
from aqbio.io.dictionary import variables
from aqbio.names import AXES, SIDES
from aqbio.vectors import FloatArray

# values by labels ---------------------------------------------------------------------------------


def labels(data: xr.Dataset, dimension: str) -> list[str]:
    """Labels along a dimension."""
    return [str(label) for label in data.get_index(dimension)]


def select_labels(data: xr.Dataset, name: str, **chosen: str | Sequence[str]) -> FloatArray:
    """Values of a variable at labels: one label removes its dimension, several reorder it.

    A view of the data where only single labels are chosen.
    """
    variable = data.variables[name]
    values, dimensions = variable.values, [str(dimension) for dimension in variable.dims]
    for dimension, selection in chosen.items():
        all_labels, axis = labels(data, dimension), dimensions.index(dimension)
        position: int | list[int]
        if isinstance(selection, str):
            position = all_labels.index(selection)
            dimensions.remove(dimension)
        else:
            position = [all_labels.index(label) for label in selection]
        index: tuple[Any, ...] = (*(slice(None),) * axis, position)
        values = values[index]
    return values


# signals by role ----------------------------------------------------------------------------------

JOINT_ROLES = (
    *(f"{joint}_push" for joint in LEG_JOINTS),
    *(f"{joint}_swing" for joint in LEG_JOINTS),
    "lumbar",
    *(f"{joint}_{role}" for joint in ("shoulder", "elbow") for role in ("push", "swing")),
)
"""Joints by role; an arm is named after the leg of its own side."""

CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
"""Chains that turn the pelvis, by role."""

_SOURCES: Mapping[str, tuple[str, ...]] = {
    "angular_momentum": ("group_angular_momentum",),
    "angular_momentum_rate": ("group_angular_momentum_rate",),
    "angular_momentum_plain": ("group_angular_momentum_plain",),
    "angular_momentum_rate_plain": ("group_angular_momentum_rate_plain",),
    "angular_momentum_sd_posterior": ("group_momentum_covariance",),
    "angular_momentum_rate_sd_posterior": ("group_rate_covariance",),
    "hub_moment": ("hub_moment", "hub_force_moment"),
    "hub_joint_moment": ("hub_moment",),
    "external_moment": ("moment_of_force", "free_moment"),
    "joint_flexion_moment": ("joint_moment_coordinate",),
    "force_of_both_feet": ("ground_force",),
}
"""Variables of stage contributions that a signal is the sum of, where it has another name."""

_OF_BOTH_FEET = (
    "external_moment", "moment_of_force", "free_moment", "force_of_both_feet",
    "induced_ground_force",
)  # fmt: skip

_RENAMED = {"induced_momentum_rate": {"group": "target"}}
"""Dimensions under another name, since theirs names sources elsewhere."""

Labelled = tuple[tuple[str, ...], FloatArray]
"""Dimensions and values."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of a trial by anatomical parts."""

    dimensions: tuple[str, ...]
    values: FloatArray
    labels: Mapping[str, Sequence[str]]
    """Mapping. Labels by dimension, for dimensions with text labels."""


Matrix = Callable[[Sequence[str], Side], FloatArray]
"""From the parts that a model has and the side of the push leg to the role matrix."""

RoleParts = Mapping[str, tuple[str, tuple[str, ...], Matrix]]
"""By the dimension of anatomical parts: the dimension by role, its labels, and their matrix."""


def role_parts(scheme: RoleScheme, model_map: ModelMap | None = None) -> RoleParts:
    """Groups, joints and chains of the step curves; with a model map, flexion moments as well."""
    parts: dict[str, tuple[str, tuple[str, ...], Matrix]] = {
        "group": ("group", scheme.items, lambda names, push: scheme.matrix(push, names))
    }
    parts |= named_parts(joint=JOINT_ROLES, chain=CHAINS)
    if model_map is not None:
        parts["coordinate"] = ("joint", JOINT_ROLES, partial(_extension, model_map))
    return parts


def named_parts(**roles: Sequence[str]) -> dict[str, tuple[str, tuple[str, ...], Matrix]]:
    """Role parts of items that are named after their side only."""
    return {
        name: (name, tuple(items), partial(named_matrix, items)) for name, items in roles.items()
    }


def _extension(model_map: ModelMap, coordinates: Sequence[str], push: Side) -> FloatArray:
    """(joints by role, C): picks generalised forces, extension and plantarflexion positive."""
    matrix = np.full((len(JOINT_ROLES), len(coordinates)), np.nan)
    for joint in model_map.flexion.keys() & model_map.sagittal.keys():
        sagittal = model_map.sagittal[joint]
        by_side = {f"{joint}_{side}": getattr(sagittal, side, None) for side in SIDES}
        for name, flexion_coordinate in (
            {joint: sagittal.centre} if isinstance(sagittal, Centre) else by_side
        ).items():
            row = np.array([float(coordinate == flexion_coordinate) for coordinate in coordinates])
            role = role_name(name, push)
            if flexion_coordinate in coordinates and role in JOINT_ROLES:
                matrix[JOINT_ROLES.index(role)] = -model_map.flexion[joint] * row
    return matrix


def by_anatomy(trial: xr.Dataset, name: str) -> Signal | None:
    """Signal by anatomical parts, before the assignment of roles; None if the trial lacks it."""
    sources = _SOURCES.get(name, (name,))
    if any(source not in trial for source in sources):
        sources = (name,)  # a trial may hold the sum itself
    if sources[0] not in trial:
        return None
    terms = [trial.variables[source].values for source in sources]
    values: FloatArray = reduce(add, terms).astype(np.float64, copy=False)
    dimensions = tuple(map(str, trial.variables[sources[0]].dims))
    if name in _OF_BOTH_FEET and "foot" in dimensions:
        values = np.asarray(values.sum(axis=dimensions.index("foot")))
        dimensions = tuple(dimension for dimension in dimensions if dimension != "foot")
    labels_by_dimension = {
        dimension: labels(trial, dimension)
        for dimension in dimensions
        if _has_names(trial, dimension)
    }
    renamed = _RENAMED.get(name, {})
    return Signal(
        tuple(renamed.get(dimension, dimension) for dimension in dimensions),
        values,
        {
            renamed.get(dimension, dimension): names
            for dimension, names in labels_by_dimension.items()
        },
    )


def _has_names(trial: xr.Dataset, dimension: str) -> bool:
    """Tell whether labels along a dimension are text."""
    return dimension in trial.variables and trial.variables[dimension].dtype.kind in "OU"


def in_roles(signal: Signal, parts: RoleParts, push: Side, foot: Side) -> Labelled:
    """A signal by role; push leg and stance foot differ where roles change in flight."""
    dimensions, values = signal.dimensions, signal.values
    if "foot" in dimensions:
        by_foot = np.moveaxis(values, dimensions.index("foot"), 0)
        values = by_foot[signal.labels["foot"].index(foot)]
        dimensions = tuple(dimension for dimension in dimensions if dimension != "foot")
    for dimension, (by_roles, _, matrix) in parts.items():
        if dimension in dimensions:
            axis = dimensions.index(dimension)
            values = by_role(values, matrix(signal.labels[dimension], push), axis)
            dimensions = (*dimensions[:axis], by_roles, *dimensions[axis + 1 :])
    return dimensions, values


def signs(name: str, axes: Sequence[str] = AXES) -> FloatArray:
    """Signs with which the components of a signal reflect, from the dictionary of variables."""
    dictionary = variables("steps")
    kind = dictionary[name if name in dictionary else _SOURCES[name][0]].reflection
    reflection = REFLECTION[kind] if kind in ("axial", "polar") else np.ones(len(AXES))
    return reflection[[AXES.index(axis) for axis in axes]]
