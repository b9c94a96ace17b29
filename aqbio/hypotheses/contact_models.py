"""Level C beside level A: what joint moments of the rest of the body cause of the vertical push."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import NORMAL_95, ROLE_SIDES

if TYPE_CHECKING:
    import pandas as pd

AMPLIFYING = (
    "hip_swing", "knee_swing", "ankle_swing", "mtp_swing", "lumbar",
    "shoulder_push", "shoulder_swing", "elbow_push", "elbow_swing",
)  # fmt: skip
"""Joints whose moments are those of swing leg, arms and torso."""

STEP = ("participant_id", "trial_id", "step")

CONTACT_MODELS = ("C1", "C2", "C3")
"""Contact models of level C that a share must be the same under."""


def caused(
    tables: Iterable[pd.DataFrame], models: Sequence[str]
) -> tuple[dict[str, pd.Series[float]], pd.Series[float]]:
    """What joint moments of the rest of the body cause of the vertical push, of everybody.

    Shares of every step by contact model, by `STEP`; and by trial the standard deviation of the
    share under the least sure model. From the tables of contributions.
    """
    import pandas as pd

    shares: dict[str, list[pd.Series[float]]] = {model: [] for model in models}
    errors: list[pd.Series[float]] = []
    for table in tables:
        stance = table[(table["phase"] == "stance") & (table["axis"] == "y")]
        for model, own in shares.items():
            rows = _caused(stance, model)
            keys = [rows[name].astype(str) for name in STEP[:2]] + [rows["step"].astype(int)]
            whole = rows["value"].groupby(keys).sum()
            part = rows[rows["source"].isin(AMPLIFYING)]
            variance = ((part["high"] - part["low"]) / (2.0 * NORMAL_95)) ** 2
            own.append(part["value"].groupby(keys).sum() / whole)
            sd = variance.groupby(keys).sum(min_count=1).pow(0.5) / whole.abs()
            errors.append(sd.groupby(level=[0, 1]).mean())
    every = {model: pd.concat(own) for model, own in shares.items() if any(map(len, own))}
    found = pd.concat(errors) if errors else pd.Series(dtype=float)
    return every, found.groupby(level=[0, 1]).max() if len(found) else found


def shares_on_other_models(
    tables: Iterable[pd.DataFrame], models: Sequence[str]
) -> dict[str, dict[str, dict[str, float]]]:
    """Change of the caused share on another body, by body, contact model and participant."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for table in tables:
        rows = table[table["axis"] == "y"]
        for model in models:
            own = _caused(rows, model)
            for (body, who), one in own.groupby(["model", "participant_id"], observed=True):
                change = _change(one)
                if np.isfinite(change):
                    found.setdefault(str(body), {}).setdefault(model, {})[str(who)] = change
    return found


def _change(rows: pd.DataFrame) -> float:
    """The share on the other model less the own one, mean over steps of all trials."""
    means = rows[["own", "other"]].mul(rows["steps"], axis=0)
    part = means[rows["source"].isin(AMPLIFYING)].sum()
    share = part / means.sum()
    return float(share["other"] - share["own"])


def _caused(stance: pd.DataFrame, model: str) -> pd.DataFrame:
    """Rows of the mean vertical force by single source under one contact model."""
    return stance[
        (stance["level"] == f"C ({model})")
        & (stance["statistic"] == "force_mean")
        & (stance["target"] == "ground")
        & ~stance["source"].isin(ROLE_SIDES)
    ]
