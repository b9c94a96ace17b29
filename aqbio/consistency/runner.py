"""The runner's model as the fit sees it: a skeleton, and what its segments are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from aqbio.body.draws import InertiaSpread, centre_covariance, twins
from aqbio.consistency.parameters import PARAMETERS, Parameter, centre_parameters
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray

Tissue = Literal["pelvis", "torso", "thigh", "shank", "foot", "upper_arm", "forearm"]
"""Classes of segments whose skin markers move alike."""

KEPT = 0.999
"""Share of the mass-weighted variance of the centres of mass that fitted directions hold."""


@dataclass(frozen=True, eq=False)
class Runner:
    """A skeleton and its anatomical groups."""

    skeleton: Skeleton
    groups: Mapping[str, Sequence[str]]
    """Segments of pelvis, torso, leg_left, leg_right, arm_left, arm_right: a partition. Arms may be
    missing."""
    open_centres: FloatArray | None = None
    """(3 B, 3 B) array, m², optional. Covariance of where the segments' centres of mass are, seen
    from the markers, for what the body's posterior leaves open; segment axes."""

    def __post_init__(self) -> None:
        """Refuse groups that are no partition or lack the trunk or a leg."""
        named = sorted(name for members in self.groups.values() for name in members)
        if named != sorted(self.skeleton.bodies):
            raise ValueError(f"groups {named} are no partition of {self.skeleton.bodies}.")
        missing = {"pelvis", "torso", "leg_left", "leg_right"} - set(self.groups)
        if missing:
            raise ValueError(f"groups {sorted(missing)} are missing.")

    def members(self, *groups: str) -> BoolArray:
        """The segments of some groups, (B,) bool."""
        names = {name for group in groups for name in self.groups.get(group, ())}
        return np.array([body in names for body in self.skeleton.bodies])

    @cached_property
    def legs(self) -> BoolArray:
        """(B,) bool: segments of both legs."""
        return self.members("leg_left", "leg_right")

    @cached_property
    def pelvis(self) -> BoolArray:
        """(B,) bool: segments of the pelvis."""
        return self.members("pelvis")

    @cached_property
    def torso(self) -> BoolArray:
        """(B,) bool: segments of the torso."""
        return self.members("torso")

    @cached_property
    def grouping(self) -> FloatArray:
        """(G, B) array of zeros and ones: which segments each group has."""
        return np.array([self.members(group) for group in self.groups], dtype=float)

    @cached_property
    def centre_covariance(self) -> FloatArray:
        """(3 B, 3 B) array, m²: how far centres of mass may be from the model's, segment axes.

        What the body's posterior leaves open, and what tables of inertia differ by.
        """
        twin = twins(self.skeleton.bodies, self.groups)
        table = centre_covariance(self.skeleton, InertiaSpread(), twin)
        return table if self.open_centres is None else table + self.open_centres

    @cached_property
    def _leading(self) -> tuple[FloatArray, FloatArray]:
        """Leading directions of the centres' covariance, (D, 3 B) unit rows, and sizes, (D,).

        Segments are weighed by the root of their mass, kg½ m: a hand's centre matters less to
        momentum than a torso's.
        """
        weight = self._weight
        values, directions = np.linalg.eigh(weight[:, None] * self.centre_covariance * weight)
        values, directions = np.maximum(values[::-1], 0.0), directions[:, ::-1]
        count = int(np.searchsorted(np.cumsum(values), KEPT * values.sum())) + 1
        return directions[:, :count].T, np.sqrt(values[:count])

    @property
    def _weight(self) -> FloatArray:
        root: FloatArray = np.repeat(np.sqrt(self.skeleton.mass), 3)
        return root

    @cached_property
    def centres(self) -> FloatArray:
        """(D, B, 3) array, m: independent displacements of one standard deviation."""
        axes, sizes = self._leading
        moved, weight = sizes[:, None] * axes, self._weight
        found: FloatArray = np.divide(moved, weight, out=0.0 * moved, where=weight > 0.0)
        return found.reshape(len(sizes), -1, 3)

    @property
    def centre_axes(self) -> FloatArray:
        """(D, 3 B) array: the directions of `centres` as unit vectors over the segments' axes.

        Their signs are round-off's (those of eigenvectors); what is drawn along the segments' own
        axes and brought into these directions does not follow them.
        """
        return self._leading[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All global parameters with their default priors, places of mass last."""
        return (*PARAMETERS, *centre_parameters(len(self.centres)))

    @cached_property
    def tissue(self) -> tuple[Tissue, ...]:
        """Class of each of the B segments.

        In a limb, the segment next to the trunk is the thigh or the upper arm. The next one that
        carries others of the limb is the shank, and all beyond it is the foot; a patella counts
        as thigh. All beyond an upper arm is forearm.
        """
        return tuple(self._tissue(body) for body in range(len(self.skeleton.bodies)))

    def _tissue(self, body: int) -> Tissue:
        if self.pelvis[body]:
            return "pelvis"
        if self.torso[body]:
            return "torso"
        limb = next(g for g in self.groups if self.skeleton.bodies[body] in self.groups[g])
        own = self.members(limb)
        depth = int((self.skeleton.lineage[body] & own).sum())
        if not limb.startswith("leg"):
            return "upper_arm" if depth == 1 else "forearm"
        carries = int((self.skeleton.lineage[:, body] & own).sum()) > 1
        if depth == 1 or (depth == 2 and not carries):
            return "thigh"
        return "shank" if depth == 2 else "foot"
