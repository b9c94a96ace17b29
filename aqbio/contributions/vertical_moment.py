"""What a trial whose free moment was not recorded cannot say: moments about the vertical."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.errors import Finding
from aqbio.names import SIDES
from aqbio.observed.parts import ObservedParts

if TYPE_CHECKING:
    import xarray as xr

BALANCE = ("free_moment", "residual_moment", "residual_moment_plain")
ON_LEGS = {"joint_moment": "joint", "hub_moment": "chain", "torso_moment": "torso_chain"}
"""Variables that Newton and Euler compute from the foot up, by the dimension of their parts."""


def without_free_moment(dataset: xr.Dataset, parts: ObservedParts) -> xr.Dataset:
    """The contributions of a trial without what its missing free moment would decide.

    About the vertical the balance of moments and the moments of the legs' joints, which carry the
    free moment to the pelvis; all of level C, whose sources are these moments, and the residual's
    power. Flexion moments and the power of joints, in which little of it is, are kept.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of stage contributions.
    """
    level = dataset["axis"] != "y"
    changed = {name: dataset[name].where(level) for name in BALANCE if name in dataset}
    for name, dimension in ON_LEGS.items():
        if name in dataset:
            free = dataset[dimension].copy(data=~_carries(dataset, dimension, parts))
            changed[name] = dataset[name].where(level | free)
    for variable in dataset.data_vars:
        if str(variable).startswith("induced_") or variable == "residual_power":
            changed[str(variable)] = dataset[variable] * np.nan
    return dataset.assign(changed)


def _carries(dataset: xr.Dataset, dimension: str, parts: ObservedParts) -> np.ndarray:
    """Whether the ground acts on each part through a foot, (P,) bool; all but upper chains."""
    names = [str(name) for name in dataset[dimension].values]
    if dimension == "joint":
        lineage, bodies = parts.skeleton.lineage, parts.skeleton.bodies
        feet = [bodies.index(getattr(parts.model_map.feet, side)) for side in SIDES]
        leg = np.any(lineage[feet] | lineage[:, feet].T, axis=0)  # above a foot, or its toes
        return np.asarray(leg[parts.moved(dimension, names)])
    return np.array([not name.startswith(("arm_", "upper_body")) for name in names])


def free_moment_findings(trial_id: str) -> Sequence[Finding]:
    """Finding that no free moment was recorded, and what that makes n/a."""
    return [
        Finding(
            rule="free-moment-missing",
            severity="warning",
            what="no free moment was recorded (columns are absent, zero or below 0.1 N m): the "
            "balance about the vertical, the legs' joint moments about it and level C are n/a, and "
            "motion and forces are not fitted together; who carries angular momentum does not "
            "depend on it.",
            trial=trial_id,
            fix="export the free moments of the plates.",
        )
    ]
