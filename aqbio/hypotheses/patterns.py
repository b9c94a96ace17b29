"""Opposition of partitions and signs of rotation between groups: tables behind two figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import xarray as xr

from aqbio.names import ROLE_GROUPS
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import ANYTHING, POSSIBLE, mean_estimate
from aqbio.stats.step_numbers import cosines, opposition, partition_names, ranks
from aqbio.vectors import FloatArray

PREDICTED = {
    ("arms", "push_leg"): (1, -1),
    ("torso", "push_leg"): (1, -1),
    ("arms", "swing_leg"): (-1, -1),
    ("push_leg", "swing_leg"): (-1, 1),
}
"""Signs of the articles' and of the classical account, about the vertical in contact."""

CHAINS = {"stance": "leg_push", "swing": "leg_swing", "upper": "upper_body"}
"""Chains that meet at the pelvis, as tables name them, and as the step dataset does."""

QUANTITIES = {"momentum": "angular_momentum", "rate": "angular_momentum_rate"}

Numbers = dict[str, tuple[tuple[str, ...], FloatArray]]
"""Dimensions other than step, and values, by name."""


# means over the steps of an athlete -------------------------------------------------------------


def curve_means(evidence: Evidence) -> xr.Dataset:
    """Opposition and cosines about the vertical in stance by athlete, one athlete's in memory.

    ``opposition`` (partition), ``cosine`` (quantity, group, other) and ``hub_cosine`` (chain,
    other_chain). NaN where nothing was measured; variables that no athlete has are left out.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # groups that a model lacks are NaN
        athlete_means = [
            _means(curves).expand_dims(athlete=[name]) for name, _, curves in evidence.by_athlete()
        ]
    names = list(evidence.athletes.index)
    if not athlete_means:
        return xr.Dataset(coords={"athlete": names})
    return xr.concat(athlete_means, "athlete").reindex(athlete=names)


def _means(curves: xr.Dataset) -> xr.Dataset:
    stance = {
        name: curves[variable]
        .sel(phase="stance", axis="y", group=list(ROLE_GROUPS))
        .transpose("step", "percent", "group")
        .values.astype(float)
        for name, variable in QUANTITIES.items()
        if variable in curves
    }
    by_step: Numbers = {}
    if "momentum" in stance:
        index = opposition(stance["momentum"], partition_names())
        by_step["opposition"] = (("partition",), index)
    if stance:
        tables = np.stack([cosines(curve) for curve in stance.values()], axis=1)
        by_step["cosine"] = (("quantity", "group", "other"), tables)
    if "hub_moment" in curves:
        torque = curves["hub_moment"].sel(chain=list(CHAINS.values())).values.astype(float)
        by_step["hub_cosine"] = (("chain", "other_chain"), cosines(torque))
    labels = {
        "partition": list(partition_names()), "quantity": list(stance),
        "group": list(ROLE_GROUPS), "other": list(ROLE_GROUPS),
        "chain": list(CHAINS), "other_chain": list(CHAINS),
    }  # fmt: skip
    means = {name: (dims, _mean(values)) for name, (dims, values) in by_step.items()}
    used = {dim for dims, _ in means.values() for dim in dims}
    return xr.Dataset(means, coords={name: names for name, names in labels.items() if name in used})


def _mean(by_step: FloatArray) -> FloatArray:
    """Mean over the steps with a finite value."""
    finite = np.isfinite(by_step)
    mean: FloatArray = np.where(finite, by_step, 0.0).sum(axis=0) / finite.sum(axis=0)
    return mean


# tables -----------------------------------------------------------------------------------------


def partition_rows(means: xr.Dataset) -> list[dict[str, Any]]:
    """Opposition index of every partition in stance."""
    rows = []
    if "opposition" in means:
        by_athlete = means["opposition"].transpose("athlete", "partition").values
        has_values = np.isfinite(by_athlete).any()
        median_ranks = np.nanmedian(ranks(by_athlete), axis=0) if has_values else None
        for column, name in enumerate(means["partition"].values.tolist()):
            estimate = _estimated(by_athlete[:, column], "opposition")
            rank = np.nan if median_ranks is None else median_ranks[column]
            rows.append(STANCE | {"partition": name, **estimate, "rank": rank})
    return rows


STANCE = {"arms": "together", "phase": "stance", "status": "descriptive"}
"""Values common to all rows: in flight every partition balances."""


def sign_rows(means: xr.Dataset) -> list[dict[str, Any]]:
    """Cosines between groups at the levels of momentum, its rate and the hub's moments."""
    levels: dict[str, xr.DataArray] = {}
    if "cosine" in means:
        levels = {name: means["cosine"].sel(quantity=name) for name in means["quantity"].values}
    if "hub_cosine" in means:
        levels["hub"] = means["hub_cosine"].rename(chain="group", other_chain="other")
    return [row for level, table in levels.items() for row in _sign_rows(level, table)]


def _sign_rows(level: str, table: xr.DataArray) -> Iterator[dict[str, Any]]:
    for first, second in permutations(table["group"].values.tolist(), 2):
        signs = PREDICTED.get((first, second), PREDICTED.get((second, first), (None, None)))
        yield {
            "level": level,
            "first": first,
            "second": second,
            **_estimated(table.sel(group=first, other=second).values, "cosine"),
            "articles": signs[0],
            "classical": signs[1],
        }


def _estimated(means: FloatArray, name: str) -> dict[str, Any]:
    """Mean and interval over athletes; no interval for fewer than two."""
    estimate = replace(mean_estimate(means), within=POSSIBLE.get(name, ANYTHING))
    count = int(np.isfinite(means).sum())
    low, high = estimate.interval(0.95) if count > 1 else (np.nan, np.nan)
    return {name: estimate.value, "ci_low": low, "ci_high": high, "n_athletes": count}
