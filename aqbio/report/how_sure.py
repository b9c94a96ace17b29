"""Where the uncertainty of stance means comes from, and what other models would have said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aqbio.figures.numbers import shown
from aqbio.names import ROLE_GROUPS

SOURCES = {
    "inertia": "masses, moments of inertia",
    "centres": "centres of mass",
    "plates": "force plates",
    "body": "sizes, marker places",
    "skin": "skin",
    "unseen": "parts nobody saw",
    "clock": "clock",
    "motion": "fitted motion",
    "model": "choice of the model",
}
"""What a reader calls a source of uncertainty (`share_<source>` in tables/uncertainty.tsv)."""

QUANTITIES = {
    "momentum_mean": ("Angular momentum about the vertical", "kg m²/s"),
    "moment_mean": ("Rate of angular momentum about the vertical", "N m"),
}

PARTS = (*ROLE_GROUPS, "push_side", "total")
NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """How sure a stance mean is, mean over athletes."""

    quantity: str
    """With its unit."""
    part: str
    half: str
    """Half of the 95 % interval."""
    shares: tuple[str, ...]
    """Of the variance in per cent, in the order of `SOURCES`; ``n/a`` of what was not asked."""


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A part's angular momentum on the study's model and on another, means over athletes."""

    part: str
    own: str
    other: str
    apart: str
    """Root mean square difference of single steps."""
    turned: int
    """Athletes whose mean has the other sign there."""


@dataclass(frozen=True, slots=True)
class OtherModel:
    """What another model says."""

    name: str
    athletes: int
    steps: int
    lines: tuple[ModelLine, ...]


@dataclass(frozen=True, slots=True)
class HowSure:
    """The section of the page."""

    budget: tuple[BudgetLine, ...]
    models: tuple[OtherModel, ...]


def how_sure(uncertainty: pd.DataFrame, differences: pd.DataFrame) -> HowSure:
    """Lines of the section.

    Parameters
    ----------
    uncertainty, differences : DataFrame
        Tables uncertainty and model_differences of the study.
    """
    return HowSure(tuple(_budget(uncertainty)), tuple(_models(differences)))


def _vertical(table: pd.DataFrame, statistic: str) -> pd.DataFrame:
    """Rows of the body's parts about the vertical."""
    of_a = table["level"].eq("A") & table["axis"].eq("y") & table["statistic"].eq(statistic)
    return table[of_a & table["source"].isin(PARTS)]


def _budget(table: pd.DataFrame) -> Iterator[BudgetLine]:
    for statistic, (quantity, unit) in QUANTITIES.items():
        own = _vertical(table, statistic)
        for part in PARTS:
            found = own[own["source"] == part]
            if found.empty:
                continue
            variance = found["sd"] ** 2
            shares = [
                float((found[f"share_{name}"] * variance).sum(skipna=False) / variance.sum())
                for name in SOURCES
            ]
            yield BudgetLine(
                f"{quantity}, {unit}",
                part.replace("_", " "),
                shown(NORMAL_95 * found["sd"].mean(), unit),
                tuple("n/a" if np.isnan(one) else f"{100 * one:.0f}" for one in shares),
            )


def _models(table: pd.DataFrame) -> Iterator[OtherModel]:
    unit = QUANTITIES["momentum_mean"][1]
    for name, own in _vertical(table, "momentum_mean").groupby("model", observed=True, sort=True):
        people = own.groupby(["source", "participant_id"], observed=True)
        means = people.apply(_weighted).reset_index()
        lines = []
        for part in PARTS:
            found = means[means["source"] == part]
            if found.empty:
                continue
            mean = found[["own", "other"]].mean()
            turned = np.sign(found["own"]) != np.sign(found["other"])
            lines.append(
                ModelLine(
                    part.replace("_", " "),
                    shown(mean["own"], unit), shown(mean["other"], unit),
                    shown(float(np.sqrt((found["rms"] ** 2).mean())), unit),
                    int(turned.sum()),
                )
            )  # fmt: skip
        one = own[own["source"] == own["source"].iloc[0]]
        yield OtherModel(
            str(name), one["participant_id"].nunique(), int(one["steps"].sum()), tuple(lines)
        )


def _weighted(trials: pd.DataFrame) -> pd.Series:
    """A participant's means over the steps of all trials."""
    counts = trials["steps"] / trials["steps"].sum()
    return pd.Series(
        {
            "own": (counts * trials["own"]).sum(),
            "other": (counts * trials["other"]).sum(),
            "rms": np.sqrt((counts * trials["rms"] ** 2).sum()),
        }
    )
