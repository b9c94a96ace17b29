"""How precisely a trial knows what conclusions about the vertical rest on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.roles import RoleScheme, by_role
from aqbio.gait.signals import labels
from aqbio.gait.steps import Side, Step
from aqbio.intervals.sources import MOTION
from aqbio.intervals.step_uncertainty import Key, stance_sds
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stats.step_numbers import BOTH_LEGS, SWING_ALONE, cosines, opposition
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

VERTICAL = "y"

STATISTICS = {"opposition": "H1", "arms_push_cosine": "H2"}
"""Statistics of a trial, and the hypotheses that rest on them."""

KEYS = {
    name: (hypothesis, name, "whole_body", "stance_index", "1")
    for name, hypothesis in STATISTICS.items()
}
"""Names of a statistic among the outcomes of a stance (`step_uncertainty.NAMES`)."""


def stance_statistics(vertical: FloatArray) -> FloatArray:
    """Numbers that verdicts rest on, of a stance.

    Parameters
    ----------
    vertical : (..., T, G) array
        Angular momentum about the vertical, by `aqbio.names.ROLE_GROUPS`.

    Returns
    -------
    (..., N) array
        In the order of `STATISTICS`; NaN where a group is missing.
    """
    both = opposition(vertical, (SWING_ALONE, BOTH_LEGS))
    arms, leg = (ROLE_GROUPS.index(name) for name in ("arms", "push_leg"))
    return np.stack([both[..., 0] - both[..., 1], cosines(vertical)[..., arms, leg]], axis=-1)


def statistic_draws(data: xr.Dataset, side: Side) -> tuple[list[Key], FloatArray]:
    """Statistics of a stance for every draw, as outcomes about the vertical.

    Parameters
    ----------
    data : xarray.Dataset
        ``group_angular_momentum`` (draw, time, group, axis) of the frames of a stance.
    side : {"left", "right"}
        The stance foot.

    Returns
    -------
    list of N tuples
        `KEYS`; none where the model lacks a part.
    (K, N, 3) array
        0 on the other axes.
    """
    momentum = data["group_angular_momentum"].values[..., AXES.index(VERTICAL)]
    matrix = RoleScheme().matrix(side, labels(data, "group"), *ROLE_GROUPS)
    if not np.isfinite(matrix).all():
        return [], np.zeros((len(momentum), 0, len(AXES)))
    values = np.zeros((len(momentum), len(KEYS), len(AXES)))
    values[..., AXES.index(VERTICAL)] = stance_statistics(by_role(momentum, matrix, axis=-1))
    return list(KEYS.values()), values


def statistic_sds(trial: xr.Dataset, steps: Iterable[Step]) -> dict[str, float]:
    """Standard deviation of every statistic of a fitted trial, all sources together.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions with the posterior of the motion, with or without the choice
        of the model.
    steps : iterable of Step
        Rejected ones do not count.

    Returns
    -------
    dict
        By name of `STATISTICS`. Empty for a trial that was not fitted, of which nothing was drawn,
        or without a stance or an arm.

    Notes
    -----
    What is wrong with body, skin, plates, clock and model is alike in all steps: the mean over the
    feet. What a fit leaves open of the motion is not: the spread, over the posterior's samples, of
    the statistic over all stances together.
    """
    if "group_momentum_sample" not in trial or "interval_sd" not in trial:
        return {}
    kept = [step for step in steps if step.status != "rejected"]
    alike = trial["uncertainty_source"].values != MOTION
    known = [stance_sds(trial, side) for side in sorted({step.side for step in kept})]
    stances = [one for step in kept if (one := _stance(trial, step)) is not None and one.shape[1]]
    if not stances:
        return {}
    motion = stance_statistics(np.concatenate(stances, axis=1)).std(axis=0, ddof=1)
    found = {}
    for (name, key), own in zip(KEYS.items(), motion.tolist(), strict=True):
        squares = [(one[key[:4]][alike] ** 2).sum(axis=0) for one in known if key[:4] in one]
        if squares:
            drawn = np.sqrt(squares).mean(axis=0)[AXES.index(VERTICAL)]
            found[name] = float(np.hypot(drawn, own))
    return found


def _stance(trial: xr.Dataset, step: Step) -> FloatArray | None:
    """(samples, frames, parts) of the angular momentum about the vertical in stance."""
    time = trial["time"].values
    inside = (time >= step.touchdown) & (time <= step.toe_off)
    samples = trial["group_momentum_sample"].values[..., AXES.index(VERTICAL)][:, inside]
    matrix = RoleScheme().matrix(step.side, labels(trial, "group"), *ROLE_GROUPS)
    return by_role(samples, matrix, axis=-1) if np.isfinite(matrix).all() else None
