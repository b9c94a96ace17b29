"""Parts of the body that a trial's markers do not show, and what cannot be said without them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.errors import Finding
from aqbio.mechanics.multibody.motion import TrackedMarkers
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import BoolArray

if TYPE_CHECKING:
    import xarray as xr

UNSEEN_SHARE = 0.10
"""A part that is not seen in more than this share of the frames is not seen in the trial."""

BODIES_NEEDED = {"leg": 3, "arm": 2}
"""Bodies of a limb that must show a marker: thigh, shank and foot; upper arm and forearm."""

TORSO_MARKERS = 2
"""Markers that show the torso's orientation, the lumbar joint being known."""

WHOLE_BODY = frozenset(
    {"com", "com_velocity", "ground_force", "moment_of_force", "free_moment", "carried_force",
     "contact_point", "foot_held"}
)  # fmt: skip
"""Variables that an unseen limb hardly changes: it hangs on the body that is seen."""

BY_PART = ("segment", "group", "joint", "coordinate", "chain")
"""Dimensions along which the seen parts keep their values."""

PART_VARIABLES = frozenset(
    {"angular_momentum", "angular_momentum_rate",
     "group_angular_momentum", "group_angular_momentum_rate",
     "inertial_force", "relative_force", "joint_moment", "joint_power",
     "joint_moment_coordinate", "hub_moment", "hub_force_moment", "hub_force"}
)  # fmt: skip
"""Variables of single parts: of a joint, what Newton and Euler ask of the bodies beyond it."""


def unseen_groups(
    markers: TrackedMarkers, frames: BoolArray, skeleton: Skeleton, model_map: ModelMap
) -> tuple[str, ...]:
    """Give the anatomical groups that the markers do not show.

    Parameters
    ----------
    markers : TrackedMarkers
    frames : (T,) bool array
        Frames that count: those of the contacts.
    skeleton : Skeleton
    model_map : ModelMap
    """
    body_of = skeleton.marker_body[[skeleton.markers.index(name) for name in markers.names]]
    seen: BoolArray = np.asarray(np.isfinite(markers.positions).all(axis=2))[frames]
    unseen = []
    for group, names in model_map.groups.items():
        bodies = [skeleton.bodies.index(name) for name in names]
        by_body = np.stack([seen[:, body_of == body].sum(axis=1) for body in bodies], axis=1)
        needed = min(BODIES_NEEDED.get(group.partition("_")[0], 1), len(bodies))
        shown = (by_body > 0).sum(axis=1) >= needed
        if group == "torso":
            shown &= by_body.sum(axis=1) >= TORSO_MARKERS
        if len(shown) and (~shown).mean() > UNSEEN_SHARE:
            unseen.append(group)
    return tuple(unseen)


def unseen_findings(unseen: Collection[str], trial_id: str) -> Iterator[Finding]:
    """Say which parts are not seen and what is not testable for it."""
    if unseen:
        yield Finding(
            rule="parts-unseen",
            severity="warning",
            what=f"the markers do not show {', '.join(unseen)}: angular momentum of the whole body "
            "and of both sides, residuals, the moments at joints that carry these parts, and level "
            "C are not_testable; what belongs to the parts that are seen is given.",
            trial=trial_id,
            number=float(len(unseen)),
            unit="groups",
            fix="wear markers there (two on the torso, one on every upper arm and forearm), or "
            "fill their gaps.",
        )


def without_unseen(
    dataset: xr.Dataset, unseen: Collection[str], skeleton: Skeleton, model_map: ModelMap
) -> xr.Dataset:
    """Give the contributions of a trial without what the unseen parts would decide.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of stage contributions.
    unseen : collection of str
        Anatomical groups.

    Returns
    -------
    xarray.Dataset
        With NaN instead.
    """
    if not unseen:
        return dataset.assign_attrs(unseen_groups="")
    known = _known_parts(unseen, skeleton, model_map)
    changed = {}
    for name, variable in dataset.data_vars.items():
        if variable.dtype.kind != "f" or "time" not in variable.dims or name in WHOLE_BODY:
            continue
        part = next((one for one in BY_PART if one in variable.dims), None)
        if name in PART_VARIABLES and part is not None:
            kept = [str(one) in known[part] for one in variable[part].values]
            mask = variable[part].copy(data=kept)
            changed[str(name)] = variable.where(mask)
        else:
            changed[str(name)] = variable.where(False)  # noqa: FBT003
    return dataset.assign(changed).assign_attrs(unseen_groups=",".join(unseen))


def _known_parts(
    unseen: Collection[str], skeleton: Skeleton, model_map: ModelMap
) -> dict[str, set[str]]:
    """Names that keep their values, by dimension: joints when all bodies beyond them are seen."""
    hidden = {body for group in unseen for body in model_map.groups[group]}
    lost = np.array([body in hidden for body in skeleton.bodies])
    whole = ~(skeleton.lineage & lost[:, None]).any(axis=0)
    joints = model_map.joints.by_name()
    index = skeleton.axes
    coordinates = {
        skeleton.coordinates[coordinate]
        for body, coordinate in zip(index.body, index.coordinate, strict=True)
        if coordinate >= 0 and whole[body]
    }
    return {
        "segment": {body for body in skeleton.bodies if body not in hidden},
        "group": {group for group in model_map.groups if group not in unseen},
        "joint": {name for name, joint in joints.items() if whole[skeleton.joints.index(joint)]},
        "coordinate": coordinates,
        "chain": {group for group in model_map.groups if group.startswith("leg_")} - set(unseen),
    }
