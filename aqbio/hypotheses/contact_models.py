"""Share of the vertical force induced by joint moments of the rest of the body (level C)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from aqbio.names import ROLE_SIDES

AMPLIFYING = (
    "hip_swing", "knee_swing", "ankle_swing", "mtp_swing", "lumbar",
    "shoulder_push", "shoulder_swing", "elbow_push", "elbow_swing",
)  # fmt: skip
"""Joints whose moments are those of swing leg, arms and torso."""

STEP = ("participant_id", "trial_id", "step")

CONTACT_MODELS = ("C1", "C2", "C3")
"""Contact models of level C under which a share must be the same."""


def caused_shares(
    tables: Iterable[pd.DataFrame], models: Sequence[str]
) -> dict[str, pd.Series[float]]:
    """Share of the vertical force induced by joint moments of the rest of the body.

    Of every step by contact model, by `STEP`, from the tables of contributions.
    """
    shares: dict[str, list[pd.Series[float]]] = {model: [] for model in models}
    for table in tables:
        stance = table[(table["phase"] == "stance") & (table["axis"] == "y")]
        for model, model_shares in shares.items():
            rows = _vertical_sources(stance, model)
            keys = [rows[name].astype(str) for name in STEP[:2]] + [rows["step"].astype(int)]
            total = rows["value"].groupby(keys).sum()
            part = rows[rows["source"].isin(AMPLIFYING)]
            model_shares.append(part["value"].groupby(keys).sum() / total)
    return {
        model: pd.concat(tables_of_model)
        for model, tables_of_model in shares.items()
        if any(map(len, tables_of_model))
    }


def shares_on_other_models(
    tables: Iterable[pd.DataFrame], models: Sequence[str]
) -> dict[str, dict[str, dict[str, float]]]:
    """Change of the induced share on another body, by body, contact model and participant."""
    changes: dict[str, dict[str, dict[str, float]]] = {}
    for table in tables:
        rows = table[table["axis"] == "y"]
        for model in models:
            sources = _vertical_sources(rows, model)
            for (body, participant_id), athlete_rows in sources.groupby(
                ["model", "participant_id"], observed=True
            ):
                change = _change(athlete_rows)
                if np.isfinite(change):
                    changes.setdefault(str(body), {}).setdefault(model, {})[str(participant_id)] = (
                        change
                    )
    return changes


def _change(rows: pd.DataFrame) -> float:
    """Share on the other model minus that on the study's own, mean over steps of all trials."""
    means = rows[["own", "other"]].mul(rows["steps"], axis=0)
    part = means[rows["source"].isin(AMPLIFYING)].sum()
    share = part / means.sum()
    return float(share["other"] - share["own"])


def _vertical_sources(stance: pd.DataFrame, model: str) -> pd.DataFrame:
    """Rows of the mean vertical force by single source under one contact model."""
    return stance[
        (stance["level"] == f"C ({model})")
        & (stance["statistic"] == "force_mean")
        & (stance["target"] == "ground")
        & ~stance["source"].isin(ROLE_SIDES)
    ]
