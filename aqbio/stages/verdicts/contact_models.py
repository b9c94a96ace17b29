"""Level C beside level A: what joint moments of the rest of the body cause of the vertical push."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.mechanics.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd

AMPLIFYING = (
    "hip_swing", "knee_swing", "ankle_swing", "mtp_swing", "lumbar",
    "shoulder_push", "shoulder_swing", "elbow_push", "elbow_swing",
)  # fmt: skip
"""Joints whose moments are those of swing leg, arms and torso."""

SUMS = ("push_side", "swing_side", "push_side_half_lumbar", "swing_side_half_lumbar")
"""Sources that are sums of others."""


def caused_shares(study: Study, keys: Sequence[tuple[str, str, int]]) -> dict[str, FloatArray]:
    """Share of the caused vertical ground force by contact model.

    Parameters
    ----------
    study : Study
    keys : sequence of (participant, trial, step)
        The steps that are asked for, in order.

    Returns
    -------
    dict of (S,) arrays
        Stance impulse that the moments of swing leg, lumbar joint and arms cause, over that of all
        sources; NaN for a step without level C, no entry for a model that no step has.
    """
    table = read_table(study.table("contributions.tsv"))
    chosen = table[
        (table["statistic"] == "force_mean")
        & (table["target"] == "ground")
        & (table["axis"] == "y")
        & (table["phase"] == "stance")
    ]
    by_model = {
        model: _shares(chosen[chosen["level"] == f"C ({model})"])
        for model in study.settings.multiverse.contact_models
    }
    return {
        model: np.array([shares.get(key, np.nan) for key in keys])
        for model, shares in by_model.items()
        if shares
    }


def _shares(rows: pd.DataFrame) -> dict[tuple[str, str, int], float]:
    key = ["participant_id", "trial_id", "step"]
    single = rows[~rows["source"].isin(SUMS)]
    whole = single.groupby(key)["value"].sum()
    part = single[single["source"].isin(AMPLIFYING)].groupby(key)["value"].sum()
    share = (part / whole).reset_index()
    return {
        (str(row["participant_id"]), str(row["trial_id"]), int(row["step"])): float(row["value"])
        for _, row in share.iterrows()
    }
