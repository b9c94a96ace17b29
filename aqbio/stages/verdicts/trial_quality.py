"""What the gates read of every trial: steps recorded, rates, closures and residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.study import Study
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stages.evidence import STAGE
from aqbio.stages.manifest import OK
from aqbio.stats.evidence import TrialEvidence

if TYPE_CHECKING:
    import xarray as xr

UPWARD = AXES.index("y")


def trial_evidence(
    study: Study, own: dict[str, xr.Dataset], levels: dict[tuple[str, str], int]
) -> TrialEvidence:
    """What the gates read of every normal trial that gave a step."""
    rows: list[dict[str, Any]] = []
    for athlete, (name, data) in enumerate(own.items()):
        done = {one["trial_id"]: one for one in study.read_manifest(name, STAGE)["trials"]}
        checks = {
            one["trial_id"]: all(check["holds"] for check in one["closures"])
            for one in study.read_manifest(name, "contributions")["trials"]
            if one["status"] == OK
        }
        fits = {one["trial_id"]: one for one in study.read_manifest(name, "consistency")["trials"]}
        for person, trial in levels:
            if person != name:
                continue
            mine = data.isel(row=np.flatnonzero(data["trial_id"].values == trial))
            ratio, residual = _residual(mine)
            rows.append(
                {
                    "athlete": athlete,
                    "name": trial,
                    "recorded": done[trial]["recorded"],
                    "marker_rate": done[trial]["marker_rate"],
                    "consistent": done[trial]["consistent"],
                    "suspect": fits.get(trial, {}).get("suspect", False),
                    "closures_pass": checks.get(trial, False),
                    "residual_ratio": ratio,
                    "residual_moment": residual,
                }
            )
    return TrialEvidence(
        athlete=np.array([row["athlete"] for row in rows], dtype=int),
        name=tuple(row["name"] for row in rows),
        recorded=np.array([row["recorded"] for row in rows], dtype=int),
        marker_rate=_numbers(rows, "marker_rate"),
        consistent=np.array([row["consistent"] for row in rows], dtype=bool),
        suspect=np.array([row["suspect"] for row in rows], dtype=bool),
        residual_ratio=_numbers(rows, "residual_ratio"),
        residual_moment=_numbers(rows, "residual_moment"),
        closures_pass=np.array([row["closures_pass"] for row in rows], dtype=bool),
    )


def _numbers(rows: Sequence[dict[str, Any]], name: str) -> FloatArray:
    return np.array([row[name] for row in rows], dtype=float)


def _residual(data: xr.Dataset) -> tuple[float, float]:
    """Smallest ratio of a group's yaw rate to the residual yaw moment in contact, and the latter.

    Root mean squares over all contacts of a trial.
    """
    groups = [ROLE_GROUPS.index(name) for name in ("push_leg", "swing_leg", "arms", "torso")]
    rates = data["rate"].values[:, 0, :, groups, UPWARD]
    residual = float(np.sqrt(np.mean(data["residual_moment"].values ** 2)))
    sizes = np.sqrt(np.mean(rates**2, axis=(1, 2)))
    return float(sizes.min() / residual), residual
