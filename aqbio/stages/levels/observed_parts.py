"""What stage contributions may say of a trial: nothing that depends on a part that nobody saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.mechanics.contributions.chains import pelvis_hub
from aqbio.mechanics.multibody.skeleton import FIXED, GROUND, Skeleton
from aqbio.mechanics.observed.mask import NOT_IN_MODEL, Observed
from aqbio.mechanics.vectors import BoolArray, IntArray
from aqbio.stages.solving.observed import with_observed

if TYPE_CHECKING:
    import xarray as xr

PLATES = frozenset({"ground_force", "free_moment"})
"""Variables that no motion enters."""

PELVIS = frozenset({"com", "com_velocity", "carried_force", "hub_rate"})
"""Variables that an unseen limb hardly changes: it hangs on the pelvis."""

ALONG = {
    "angular_momentum": "segment", "angular_momentum_rate": "segment",
    "group_angular_momentum": "group", "group_angular_momentum_rate": "group",
    "group_angular_momentum_plain": "group", "group_angular_momentum_rate_plain": "group",
    "group_momentum_sample": "group",
    "group_momentum_covariance": "group", "group_rate_covariance": "group",
    "inertial_force": "group", "relative_force": "group",
    "joint_moment": "joint", "joint_power": "joint", "joint_moment_coordinate": "coordinate",
    "hub_moment": "chain", "hub_force_moment": "chain", "hub_force": "chain",
}  # fmt: skip
"""Variables of single parts, and the dimension of these. All others need the whole body."""


@dataclass(frozen=True)
class ObservedParts:
    """Which parts of a model are observed in a trial: those all of whose segments are.

    Attributes
    ----------
    observed : Observed
    skeleton : Skeleton
    model_map : ModelMap
    """

    observed: Observed
    skeleton: Skeleton
    model_map: ModelMap

    @property
    def whole(self) -> BoolArray:
        """(T,) bool: every part of a person is observed."""
        return np.asarray(self.observed.seen.all(axis=1))

    @property
    def pelvis(self) -> BoolArray:
        """(T,) bool: it is seen where the pelvis is, whatever it carries."""
        return self._placed(np.array([self._root]))[:, 0]

    @property
    def _root(self) -> int:
        return self.skeleton.bodies.index(self.model_map.pelvis.body)

    def along(self, dimension: str, names: Sequence[str]) -> BoolArray:
        """Say when parts are observed.

        Parameters
        ----------
        dimension : {"segment", "group", "chain", "joint", "coordinate"}
            Joints and their coordinates: the bodies beyond, of which Newton and Euler ask, and
            where the body before is.
        names : sequence of P names

        Returns
        -------
        (T, P) bool array
        """
        if dimension in ("joint", "coordinate"):
            moved = self._moved(dimension, names)
            beyond = self.observed.parts(self.skeleton.lineage[:, moved].T)
            return beyond & self._placed(np.asarray(self.skeleton.parent)[moved])
        table = self._sums(dimension)
        everything = np.ones(len(self.skeleton.bodies), dtype=bool)
        needed = self.observed.parts(np.stack([table.get(name, everything) for name in names]))
        return needed & self.pelvis[:, None]

    def _placed(self, bodies: IntArray) -> BoolArray:
        """(T, N) bool: it is seen where a body is, though its mass may not be its own."""
        shared = np.array([reason == NOT_IN_MODEL for reason in self.observed.reason])
        placed = self.observed.seen | shared
        return np.asarray(placed[:, bodies] | (bodies == GROUND))

    def _moved(self, dimension: str, names: Sequence[str]) -> IntArray:
        """Bodies that joints or coordinates move; the pelvis for a coordinate that moves none."""
        skeleton, axes = self.skeleton, self.skeleton.axes
        if dimension == "joint":
            joints = self.model_map.joints.by_name()
            return np.array([skeleton.joints.index(joints[name]) for name in names], dtype=int)
        bodies = dict.fromkeys(skeleton.coordinates, self._root)
        for axis in np.flatnonzero(axes.coordinate != FIXED)[::-1]:
            bodies[skeleton.coordinates[axes.coordinate[axis]]] = int(axes.body[axis])
        return np.array([bodies[name] for name in names], dtype=int)

    def _sums(self, dimension: str) -> Mapping[str, BoolArray]:
        """Segments of every part; of a chain on the pelvis what hangs on it."""
        bodies, groups = self.skeleton.bodies, self.model_map.groups
        if dimension == "segment":
            return dict(zip(bodies, np.eye(len(bodies), dtype=bool), strict=True))
        if dimension == "group":
            return {name: np.isin(bodies, members) for name, members in groups.items()}
        hub = pelvis_hub(self.skeleton, groups)
        rows = hub.chain_matrix(len(bodies)) > 0
        return {chain.name: row for chain, row in zip(hub.chains, rows, strict=True)}


def observed_only(dataset: xr.Dataset, parts: ObservedParts) -> xr.Dataset:
    """Give the contributions of a trial without what unobserved parts would decide.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of stage contributions.
    parts : ObservedParts

    Returns
    -------
    xarray.Dataset
        With NaN instead, and the mask itself.
    """
    changed = {
        str(name): variable.where(_mask(str(name), variable, parts))
        for name, variable in dataset.data_vars.items()
        if variable.dtype.kind == "f" and "time" in variable.dims and str(name) not in PLATES
    }
    return with_observed(dataset.assign(changed), parts.observed)


def _mask(name: str, variable: xr.DataArray, parts: ObservedParts) -> xr.DataArray:
    """Where a variable's values depend on observed parts only."""
    import xarray as xr

    dimension = ALONG.get(name)
    if dimension is None:
        return xr.DataArray(parts.pelvis if name in PELVIS else parts.whole, dims="time")
    names = [str(one) for one in variable[dimension].values]
    seen = xr.DataArray(parts.along(dimension, names), dims=("time", dimension))
    if f"other_{dimension}" in variable.dims:
        return seen & seen.rename({dimension: f"other_{dimension}"})
    return seen
