"""What the gates read of every trial: steps recorded, rates, closures and residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.mechanics.vectors import FloatArray
from aqbio.records.evidence_files import STAGE
from aqbio.records.manifest import OK
from aqbio.stats.evidence import TrialEvidence

if TYPE_CHECKING:
    import xarray as xr

RATIO, RESIDUAL = "effect_to_residual_y", "residual_moment_y_stance_rms"
"""Measures of the quality table that the gate of precision reads."""


def trial_evidence(
    study: Study, own: dict[str, xr.Dataset], levels: dict[tuple[str, str], int]
) -> TrialEvidence:
    """What the gates read of every normal trial that gave a step."""
    rows: list[dict[str, Any]] = []
    residuals = _residuals(study)
    for athlete, name in enumerate(own):
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
            ratio, residual = residuals.get((name, trial), (np.nan, np.nan))
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


def _residuals(study: Study) -> dict[tuple[str, str], tuple[float, float]]:
    """Ratio of effect to residual and residual (N m) by participant and trial, as stage steps says.

    NaN where a trial has no such number: the gate does not pass it.
    """
    quality = read_table(study.table("quality.tsv"))
    measured = {
        (str(person), str(trial), str(name)): float(value)
        for person, trial, name, value in zip(
            *(quality[c] for c in ("participant_id", "trial_id", "measure", "value")), strict=True
        )
    }
    return {
        (person, trial): (measured.get((person, trial, RATIO), np.nan), value)
        for (person, trial, name), value in measured.items()
        if name == RESIDUAL
    }
