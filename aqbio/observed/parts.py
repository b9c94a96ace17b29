"""Observed parts of the body in a trial, and the contributions that they determine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from aqbio.config import ModelMap
from aqbio.errors import Finding
from aqbio.gait.roles import RoleScheme, anatomical_name
from aqbio.gait.steps import Side
from aqbio.multibody.dynamics import pelvis_hub
from aqbio.multibody.skeleton import FIXED, GROUND, Skeleton
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.observed.determined import range_sd, with_joints_freed
from aqbio.observed.mask import (
    CONTRADICTED,
    IMPOSSIBLE,
    NOT_IN_FILE,
    NOT_IN_MODEL,
    NOT_PLACED,
    NOT_SEEN,
    SOME_FRAMES,
    Observed,
)
from aqbio.vectors import BoolArray, IntArray

CARRIERS = {"arm_left": "torso", "arm_right": "torso", "torso": "pelvis"}
"""Group that includes the mass of another group in models without the latter."""

WORDS = {
    NOT_IN_MODEL: "the model has no arms or no trunk of its own: {} stands for them too",
    NOT_SEEN: "the markers do not show {}",
    NOT_IN_FILE: "the file of joint angles does not hold {}",
    SOME_FRAMES: "lost for some frames: {}",
    IMPOSSIBLE: "the pose of {} is impossible",
    CONTRADICTED: "the markers contradict the model at {}",
    NOT_PLACED: "no landmarks place {} on the model",
}
"""Reasons for which a quantity is unknown, with their parts."""

_FIXES = {
    NOT_SEEN: "wear markers there (two on the torso, one on every upper arm and forearm), or fill "
    "their gaps.",
    NOT_IN_FILE: "export all coordinates of the model, from markers that show them.",
    SOME_FRAMES: "fill the gaps of the markers there in the capture software.",
}
MASK_VARIABLES = ("observed", "unobserved_reason", "coordinate_observed")
"""Variables of the mask."""

_OTHER_FINDINGS = (NOT_IN_MODEL, IMPOSSIBLE, CONTRADICTED, NOT_PLACED)


def of_the_model(observed: Observed, groups: Mapping[str, Sequence[str]]) -> Observed:
    """Mask the groups that include others: the trunk of a model without arms."""
    carriers = {CARRIERS[group] for group in ANATOMICAL_GROUPS if group not in groups}
    carrier_bodies = [body for group in carriers for body in groups.get(group, ())]
    return observed.without(carrier_bodies, NOT_IN_MODEL) if carrier_bodies else observed


def with_observed(dataset: xr.Dataset, observed: Observed) -> xr.Dataset:
    """Add the mask to a dataset: `MASK_VARIABLES`."""
    mask = {
        "observed": (("time", "segment"), observed.mask),
        "unobserved_reason": ("segment", np.array(observed.reason, dtype=str)),
        "segment": list(observed.segments),
    }
    if observed.coordinates:
        mask["coordinate_observed"] = (("time", "coordinate"), observed.coordinate_mask)
        mask["coordinate"] = list(observed.coordinates)
    return dataset.assign(mask)


def read_observed(dataset: xr.Dataset) -> Observed:
    """Read the mask of a dataset of inverse kinematics, inverse dynamics or contributions."""
    observed = Observed(
        tuple(str(name) for name in dataset["segment"].values),
        dataset["observed"].values.astype(bool),
        tuple(str(reason) for reason in dataset["unobserved_reason"].values),
    )
    if "coordinate_observed" not in dataset:
        return observed
    names = (str(name) for name in dataset["coordinate"].values)
    return observed.determine(tuple(names), dataset["coordinate_observed"].values.astype(bool), 0)


def lost_parts(
    observed: Observed,
    groups: Mapping[str, Sequence[str]],
    frames: BoolArray | None = None,
    reason: str | None = None,
) -> dict[str, str]:
    """Groups of which segments are lost, with a description."""
    why = dict(zip(observed.segments, observed.reason, strict=True))
    lost_segments = [
        segment for segment in observed.lost_segments(frames) if reason in (None, why[segment])
    ]
    names = {}
    for group, members in groups.items():
        if lost_members := [name for name in members if name in lost_segments]:
            names[group] = (
                group
                if len(lost_members) == len(members)
                else f"{group} ({', '.join(lost_members)})"
            )
    return names


def incomplete_reason(
    observed: Observed, groups: Mapping[str, Sequence[str]], frames: BoolArray
) -> str:
    """Reasons for which the person is not completely observed in some frames; empty if it is."""
    reasons = [
        WORDS[reason].format(", ".join(parts.values()))
        for reason in WORDS
        if (parts := lost_parts(observed, groups, frames, reason))
    ]
    return "; ".join(reasons)


def lost_findings(
    observed: Observed, groups: Mapping[str, Sequence[str]], frames: BoolArray, trial_id: str
) -> Iterator[Finding]:
    """Findings on parts that were not observed and on untestable quantities, by reason."""
    for reason, words in WORDS.items():
        parts = lost_parts(observed, groups, frames, reason)
        if not parts or reason in _OTHER_FINDINGS:
            continue
        members = [body for group in parts for body in groups[group]]
        lost_frames = ~observed.parts(np.isin(observed.segments, members)[None])[:, 0]
        extent = (
            f" ({int(lost_frames.sum())} of {len(lost_frames)} frames)"
            if reason == SOME_FRAMES
            else ""
        )
        yield Finding(
            rule="parts-unseen",
            severity="warning",
            what=f"{words.format(', '.join(parts.values()))}{extent}: there angular momentum of "
            "the whole body and of both sides, residuals, the moments at joints that carry these "
            "parts, and level C are n/a; what belongs to the parts that are seen is "
            "given, the less surely the more mass is unseen.",
            trial=trial_id,
            number=float(len(parts)),
            unit="groups",
            fix=_FIXES[reason],
        )


PLATE_VARIABLES = frozenset({"ground_force", "free_moment"})
"""Variables that do not depend on the motion."""

CENTRE_VARIABLES = frozenset({"com", "com_velocity"})
"""Variables that unobserved arms hardly affect."""

PELVIS_VARIABLES = frozenset({"carried_force", "hub_rate", "pelvis_velocity"})
"""Variables of the pelvis, which an unobserved limb hardly affects."""

MAX_UNSEEN_MASS_SHARE = 0.12
"""Share of the body's mass without which the centre of mass is known: both arms (10 %; de Leva
1996). Without them the speeds of a sprint's steps are at most 0.03 m/s off, without the trunk
0.26 to 0.5 m/s."""

PART_DIMENSION = {
    "angular_momentum": "segment", "angular_momentum_rate": "segment",
    "group_angular_momentum": "group", "group_angular_momentum_rate": "group",
    "group_angular_momentum_plain": "group", "group_angular_momentum_rate_plain": "group",
    "inertial_force": "group", "relative_force": "group",
    "joint_moment": "joint", "joint_power": "joint", "joint_moment_coordinate": "coordinate",
    "hub_moment": "chain", "hub_force_moment": "chain", "hub_force": "chain",
}  # fmt: skip
"""Variables of single parts, and the dimension of these. All others need the whole body."""

CENTRE_FREE_VARIABLES = frozenset({"inertial_force", "relative_force"})
"""Variables of groups that do not depend on the position of the whole body's centre of mass."""


@dataclass(frozen=True)
class ObservedParts:
    """Observed parts of a model in a trial: those with all segments observed."""

    observed: Observed
    skeleton: Skeleton
    model_map: ModelMap

    @property
    def whole_body(self) -> BoolArray:
        """(T,) bool: every part of a person is observed."""
        return np.asarray(self.observed.mask.all(axis=1))

    @property
    def pelvis(self) -> BoolArray:
        """(T,) bool: the pelvis is observed, with or without a trunk in the model."""
        return self._placed(np.array([self._root]))[:, 0]

    @property
    def centre(self) -> BoolArray:
        """(T,) bool: the body's centre of mass is known."""
        placed = self._placed(np.arange(len(self.skeleton.bodies)))
        unseen = ~placed @ self.skeleton.mass / self.skeleton.mass.sum()
        return np.asarray(self.pelvis & (unseen <= MAX_UNSEEN_MASS_SHARE))

    @property
    def _root(self) -> int:
        return self.skeleton.bodies.index(self.model_map.pelvis.body)

    def along(self, dimension: str, names: Sequence[str]) -> BoolArray:
        """(T, P) bool: parts along a dimension are observed.

        Joints and their coordinates need the distal bodies, for Newton's and Euler's equations, and
        the proximal body: for a limb the whole group that carries it (a clavicle moves with the
        trunk). Coordinates must also be determined themselves.
        """
        if dimension in ("joint", "coordinate"):
            moved = self.moved(dimension, names)
            beyond = self.observed.parts(self.skeleton.lineage[:, moved].T)
            if dimension == "coordinate":
                beyond &= self.observed.determined(names)
            before = np.asarray(self.skeleton.parent)[moved]
            group = self._group
            bodies = np.arange(len(group))
            across = (group[before] != group[moved])[:, None] & (group[before][:, None] == group)
            needed = across | (before[:, None] == bodies)
            carrier_lost = (~self._placed(bodies)).astype(int) @ needed.T.astype(int) > 0
            return np.asarray(beyond & (~carrier_lost | (before == GROUND)))
        table = self._sums(dimension)
        all_bodies = np.ones(len(self.skeleton.bodies), dtype=bool)
        needed = self.observed.parts(np.stack([table.get(name, all_bodies) for name in names]))
        return needed & self.pelvis[:, None]

    @property
    def steady(self) -> BoolArray:
        """(T,) bool: every segment that is observed in any frame is observed.

        Momentum about the centre of mass depends on the whole body. Its error from parts that were
        never observed is drawn (`unseen`); that from parts observed in some frames only is not.
        """
        ever = self.observed.mask.any(axis=0)
        return np.asarray((self.observed.mask | ~ever).all(axis=1))

    @property
    def _group(self) -> IntArray:
        """(B,) int array: number of every body's group."""
        members = self.model_map.groups.values()
        number = [[body in group for group in members].index(True) for body in self.skeleton.bodies]
        return np.array(number, dtype=int)

    def unseen(self, markers: IntArray) -> BoolArray:
        """(C,) bool: coordinates of segments never observed, or locked though markers (K,) move."""
        reason = np.array(self.observed.reason)
        unobserved = ~self.observed.mask.any(axis=0) & (reason != NOT_IN_MODEL)
        axes = unobserved[self.skeleton.axes.body] & (self.skeleton.driver != FIXED)
        moved = np.isin(np.arange(len(self.skeleton.coordinates)), self.skeleton.driver[axes])
        return np.asarray(moved & (range_sd(self.skeleton) > 0.0) | self.joints_held(markers))

    def joints_held(self, markers: IntArray) -> BoolArray:
        """(C,) bool: coordinates that the model locks though markers (K,) move with them."""
        free = with_joints_freed(self.skeleton, self.model_map.held, markers)
        return np.asarray(self.skeleton.coordinate_locked & ~free.coordinate_locked)

    def _placed(self, bodies: IntArray) -> BoolArray:
        """(T, N) bool: a body's pose is observed, even if its mass includes that of other parts."""
        shared = np.array([reason == NOT_IN_MODEL for reason in self.observed.reason])
        placed = self.observed.mask | shared
        return np.asarray(placed[:, bodies] | (bodies == GROUND))

    def moved(self, dimension: str, names: Sequence[str]) -> IntArray:
        """Bodies (P,) that joints or coordinates move; the pelvis where a coordinate moves none."""
        skeleton, axes = self.skeleton, self.skeleton.axes
        if dimension == "joint":
            joints = self.model_map.joints.by_name()
            return np.array([skeleton.joints.index(joints[name]) for name in names], dtype=int)
        bodies = dict.fromkeys(skeleton.coordinates, self._root)
        for axis in np.flatnonzero(axes.coordinate != FIXED)[::-1]:
            bodies[skeleton.coordinates[axes.coordinate[axis]]] = int(axes.body[axis])
        return np.array([bodies[name] for name in names], dtype=int)

    def _sums(self, dimension: str) -> Mapping[str, BoolArray]:
        """Segments of every part along a dimension; of a chain, the segments distal to the hub."""
        bodies, groups = self.skeleton.bodies, self.model_map.groups
        if dimension == "segment":
            return dict(zip(bodies, np.eye(len(bodies), dtype=bool), strict=True))
        if dimension == "group":
            return {name: np.isin(bodies, members) for name, members in groups.items()}
        hub = pelvis_hub(self.skeleton, groups)
        rows = hub.chain_matrix(len(bodies)) > 0
        return {chain.name: row for chain, row in zip(hub.chains, rows, strict=True)}


def observed_only(dataset: xr.Dataset, parts: ObservedParts, scheme: RoleScheme) -> xr.Dataset:
    """Replace contributions that depend on unobserved parts by NaN, and add the mask."""
    timed = {
        str(name): variable
        for name, variable in dataset.data_vars.items()
        if variable.dtype.kind == "f"
        and "time" in variable.dims
        and str(name) not in PLATE_VARIABLES
    }
    masks = {name: _mask(name, variable, parts) for name, variable in timed.items()}
    changed = {name: timed[name].where(mask) for name, mask in masks.items() if not mask.all()}
    if not parts.observed.mask.any(axis=0).all():
        changed |= _known_intervals(dataset, parts, scheme)
    return with_observed(dataset.assign(changed) if changed else dataset, parts.observed)


CAUSES = "causes"
"""Effects of joint moments, forces and gravity on angular momentum: levels B and C."""


def determined_outcomes(parts: ObservedParts, scheme: RoleScheme) -> dict[str, bool]:
    """Tell for each outcome of a step if the observed parts determine it in any frame.

    Groups, sides and total of angular momentum; joint moments by joint; and `CAUSES`. The mask of
    a trial's contributions (`observed_only`) and the preview of a study share this function.
    """
    sides: tuple[Side, ...] = ("left", "right")
    outcomes = {
        item: all(_source_observed(parts, scheme, side, "A", item) for side in sides)
        for item in scheme.items
    }
    joints = list(parts.model_map.joints.by_name())
    moments = np.asarray(parts.along("joint", joints).any(axis=0)).tolist()
    outcomes |= dict(zip(joints, moments, strict=True))
    return outcomes | {CAUSES: bool(parts.whole_body.any())}


def _mask(name: str, variable: xr.DataArray, parts: ObservedParts) -> xr.DataArray:
    """Mask of the values of a variable that depend on observed parts only."""
    dimension = PART_DIMENSION.get(name)
    if dimension is None:
        centre = parts.centre if name in CENTRE_VARIABLES else parts.whole_body
        return xr.DataArray(parts.pelvis if name in PELVIS_VARIABLES else centre, dims="time")
    names = [str(label) for label in variable[dimension].values]
    along = parts.along(dimension, names)
    if dimension in ("segment", "group") and name not in CENTRE_FREE_VARIABLES:
        along &= parts.steady[:, None]
    return xr.DataArray(along, dims=("time", dimension))


def _known_intervals(
    dataset: xr.Dataset, parts: ObservedParts, scheme: RoleScheme
) -> dict[str, xr.DataArray]:
    """Intervals and standard deviations without those of parts that were never observed."""
    intervals = {}
    for name, variable in dataset.data_vars.items():
        if "stance_foot" not in variable.dims:
            continue
        items = next((d for d in ("outcome", "sure_group", "sure_chain") if d in variable.dims), "")
        sources = _sources(dataset, items)
        feet: tuple[Side, ...] = ("left", "right")
        table = [
            [_source_observed(parts, scheme, side, *source) for source in sources] for side in feet
        ]
        mask = xr.DataArray(table, dims=("stance_foot", items or "whole"))
        intervals[str(name)] = variable.where(mask if items else mask.squeeze("whole"))
    return intervals


def _sources(dataset: xr.Dataset, items: str) -> list[tuple[str, str]]:
    """Level and source of every item of a variable of intervals."""
    if items == "outcome":
        names = (dataset[f"outcome_{name}"].values for name in ("level", "source"))
        return [(str(level), str(source)) for level, source in zip(*names, strict=True)]
    if not items:
        return [("", "")]
    level = "B" if items == "sure_chain" else "A"
    return [(level, str(source)) for source in dataset[items].values]


def _source_observed(
    parts: ObservedParts, scheme: RoleScheme, side: Side, level: str, source: str
) -> bool:
    """Tell whether a source is observed in any frame of the steps of a foot."""
    if level in ("A", "force") and source in scheme.items:
        row = scheme.matrix(side, ANATOMICAL_GROUPS, source)[0]
        groups = [group for group, weight in zip(ANATOMICAL_GROUPS, row, strict=True) if weight]
        observed = parts.along("group", groups).all(axis=1)
    elif level in ("B", "joint"):
        dimension = "joint" if level == "joint" else "chain"
        observed = parts.along(dimension, [anatomical_name(source, side)])[:, 0]
    else:
        observed = parts.whole_body
    return bool(observed.any())
