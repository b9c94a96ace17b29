"""Level C beside level A: what joint moments of the rest of the body cause of the vertical push."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import NORMAL_95, ROLE_SIDES
from aqbio.vectors import FloatArray

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


@dataclass(frozen=True, slots=True)
class Caused:
    """What joint moments of the rest of the body cause of the vertical push, of everybody."""

    shares: dict[str, dict[tuple[str, str, int], float]]
    """By contact model, and by participant, trial and step."""
    errors: dict[tuple[str, str], float]
    """By participant and trial: standard deviation of the share under the least sure model."""

    def by_step(self, keys: Sequence[tuple[str, str, int]]) -> dict[str, FloatArray]:
        """Caused share of the vertical impulse by contact model, (S,); NaN without level C."""
        return {
            model: np.array([own.get(key, np.nan) for key in keys])
            for model, own in self.shares.items()
            if own
        }

    def by_trial(self, trials: Sequence[tuple[str, str]]) -> FloatArray:
        """Largest standard deviation of that share over contact models, (T,); NaN: none."""
        return np.array([self.errors.get(trial, np.nan) for trial in trials])


def caused(tables: Iterable[pd.DataFrame], models: Sequence[str]) -> Caused:
    """Shares of every step and trial under the contact models, from the tables of contributions."""
    found = Caused({model: {} for model in models}, {})
    for table in tables:
        stance = table[(table["phase"] == "stance") & (table["axis"] == "y")]
        for model, shares in found.shares.items():
            rows = _caused(stance, model)
            shares |= _shares(rows)
            for trial, sd in _errors(rows).items():
                found.errors[trial] = max(found.errors.get(trial, 0.0), sd)
    return found


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


def _errors(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    key = list(STEP)
    whole = rows.groupby(key, observed=True)["value"].sum()
    part = rows[rows["source"].isin(AMPLIFYING)]
    variance = ((part["high"] - part["low"]) / (2.0 * NORMAL_95)) ** 2
    known = part.assign(variance=variance).groupby(key, observed=True)["variance"]
    relative = np.sqrt(known.sum(min_count=1)) / whole.abs()
    mean: dict[tuple[str, str], float] = (
        relative.dropna().groupby(level=[0, 1], observed=True).mean().to_dict()
    )
    return mean


def _caused(stance: pd.DataFrame, model: str) -> pd.DataFrame:
    """Rows of the mean vertical force by single source under one contact model."""
    return stance[
        (stance["level"] == f"C ({model})")
        & (stance["statistic"] == "force_mean")
        & (stance["target"] == "ground")
        & ~stance["source"].isin(ROLE_SIDES)
    ]


def _shares(rows: pd.DataFrame) -> dict[tuple[str, str, int], float]:
    key = list(STEP)
    whole = rows.groupby(key, observed=True)["value"].sum()
    part = rows[rows["source"].isin(AMPLIFYING)].groupby(key, observed=True)["value"].sum()
    share = part / whole
    keys = (share.index.get_level_values(name) for name in key)
    return {
        (str(who), str(trial), int(step)): float(value)
        for who, trial, step, value in zip(*keys, share, strict=True)
    }
