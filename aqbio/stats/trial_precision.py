"""How precisely a fitted trial knows what conclusions about the vertical rest on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.gait.roles import RoleScheme, by_role
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_GROUPS
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE, cosines, opposition

if TYPE_CHECKING:
    import xarray as xr

VERTICAL = 1


def _opposition_difference(momentum: FloatArray) -> FloatArray:
    both = opposition(momentum, (SWING_ALONE, BOTH_LEGS))
    return both[..., 0] - both[..., 1]


def _arms_with_push_leg(momentum: FloatArray) -> FloatArray:
    arms, leg = (ROLE_GROUPS.index(name) for name in ("arms", "push_leg"))
    return cosines(momentum)[..., arms, leg]


STATISTICS = {
    "opposition": (_opposition_difference, "H1"),
    "arms_push_cosine": (_arms_with_push_leg, "H2"),
}
"""Statistic of a trial and the hypothesis that rests on it."""


def statistic_sds(trial: xr.Dataset, steps: Iterable[Step]) -> dict[str, float]:
    """Posterior standard deviation of every statistic of a trial, over its stances.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.

    Returns
    -------
    dict
        ``posterior_sd_<statistic>``; empty for a trial that was not fitted, or without a stance
        or an arm.
    """
    if "group_momentum_sample" not in trial:
        return {}
    stances = [_stance(trial, step) for step in steps if step.status != "rejected"]
    known = [stance for stance in stances if stance is not None and stance.shape[1]]
    if not known:
        return {}
    samples = np.concatenate(known, axis=1)
    return {
        f"posterior_sd_{name}": float(statistic(samples).std(ddof=1))
        for name, (statistic, _) in STATISTICS.items()
    }


def _stance(trial: xr.Dataset, step: Step) -> FloatArray | None:
    """(samples, frames, parts) of the angular momentum about the vertical in stance."""
    time = trial["time"].values
    inside = (time >= step.touchdown) & (time <= step.toe_off)
    samples = trial["group_momentum_sample"].values[..., VERTICAL][:, inside]
    matrix = RoleScheme().matrix(step.side, list(map(str, trial["group"].values)), *ROLE_GROUPS)
    if not np.isfinite(matrix).all():
        return None
    return by_role(samples, matrix, axis=-1)
