"""Sources of the uncertainty of stance means, and differences on other models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aqbio.figures.words import digits
from aqbio.names import NORMAL_95, ROLE_GROUPS
from aqbio.pages.address import marked, where
from aqbio.pages.filters import enumerated
from aqbio.pages.stance import variance_share
from aqbio.pages.words import SOURCES
from aqbio.rotation.levels import PRIMARY


@dataclass(frozen=True, slots=True)
class Quantity:
    """Outcomes about the vertical that are stated together."""

    title: str
    unit: str
    level: str
    statistic: str
    sources: tuple[str, ...]
    target: str = "whole_body"


PARTS = (*ROLE_GROUPS, "push_side", "total")
CAUSES = (
    "ankle_toes_push", "knee_push", "hip_push", "hip_swing", "knee_swing", "lumbar",
    "shoulder_push", "shoulder_swing",
)  # fmt: skip
_CAUSED = f"C ({PRIMARY})", "moment_mean", CAUSES

MOMENTUM = Quantity("Angular momentum about the vertical", "kg m²/s", "A", "momentum_mean", PARTS)
QUANTITIES = (
    MOMENTUM,
    Quantity("Rate of angular momentum about the vertical", "N m", "A", "moment_mean", PARTS),
    Quantity(
        "Moment on the pelvis about the vertical", "N m", "B", "moment_mean",
        ("leg_push", "leg_swing", "upper_body"), "pelvis",
    ),
    Quantity(f"Joint contributions, push side ({PRIMARY})", "N m", *_CAUSED, "push_side"),
    Quantity(f"Joint contributions, swing side ({PRIMARY})", "N m", *_CAUSED, "swing_side"),
    Quantity(
        "H1: share of the swing leg's turning that the push leg offsets", "1", "H1",
        "stance_index", ("push_leg_offset",),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """Uncertainty of a stance mean, mean over athletes."""

    quantity: str
    """With its unit."""
    part: str
    half: str
    """Half of the 95 % interval."""
    shares: Mapping[str, str]
    """Shares of the variance in per cent, by source as in the heading of its column; ``n/a`` if not
    computed."""
    shown_sources: frozenset[str]
    """Sources with a share of 1 % or more."""
    largest_source: str
    """Source with the largest share, as in the heading of its column."""


def _key(quantity: Quantity, part: str) -> str:
    """Key of the rows of a part, in every table of outcomes."""
    return where(
        level=quantity.level,
        axis="y",
        statistic=quantity.statistic,
        target=quantity.target,
        source=part,
    )


def _rows(table: pd.DataFrame, quantity: Quantity) -> pd.DataFrame:
    """Rows of a quantity."""
    selected = table["level"].eq(quantity.level) & table["axis"].eq("y")
    selected &= table["statistic"].eq(quantity.statistic) & table["target"].eq(quantity.target)
    return table[selected & table["source"].isin(quantity.sources)]


def uncertainty_budget(table: pd.DataFrame) -> Iterator[BudgetLine]:
    """Lines of the section for every quantity and part that has intervals."""
    for quantity in QUANTITIES:
        by_part = dict(iter(_rows(table, quantity).groupby("source")))
        for part in quantity.sources:
            if part not in by_part:
                continue
            part_rows = by_part[part]
            variance = part_rows["sd"].to_numpy() ** 2
            shares = [
                float(
                    (part_rows[f"share_{name}"].to_numpy() * variance).sum() / np.nansum(variance)
                )
                for name in SOURCES
            ]
            largest = int(np.nanargmax(shares))
            key = _key(quantity, part)
            half = digits(NORMAL_95 * part_rows["sd"].mean(), quantity.unit)
            yield BudgetLine(
                _title(quantity),
                part.replace("_", " "),
                marked(half, "uncertainty", key, "sd", factor=NORMAL_95, by="mean"),
                {
                    short: "n/a" if np.isnan(share) else variance_share(share, key, name)
                    for (name, (short, _)), share in zip(SOURCES.items(), shares, strict=True)
                },
                frozenset(
                    short
                    for (short, _), share in zip(SOURCES.values(), shares, strict=True)
                    if round(100.0 * share) != 0
                ),
                list(SOURCES.values())[largest][0],
            )


def told_sources(lines: Sequence[BudgetLine]) -> list[str]:
    """Sources that have a share of 1 % or more in one of the lines of a table."""
    shorts = [short for short, _ in SOURCES.values()]
    return [short for short in shorts if any(short in line.shown_sources for line in lines)]


def _title(quantity: Quantity) -> str:
    return quantity.title if quantity.unit == "1" else f"{quantity.title}, {quantity.unit}"


TABLE = "model_differences"


def models_words(differences: pd.DataFrame) -> list[str]:
    """State differences of steps on other models from the study's: angular momentum of sides."""
    momentum = _rows(differences, MOMENTUM)
    sentences = []
    for name, model_rows in momentum.groupby("model", observed=True, sort=True):
        parts = []
        for side, rows in model_rows.groupby("source", observed=True, sort=False):
            rms = np.sqrt((rows["steps"] * rows["rms"] ** 2).sum() / rows["steps"].sum())
            key = f"{_key(MOMENTUM, str(side))};{where(model=str(name))}"
            number = marked(digits(float(rms), MOMENTUM.unit), TABLE, key, "rms", by="pooled")
            parts.append(f"{str(side).replace('_', ' ')} {number}")
        counts = model_rows.groupby("source", observed=True)["steps"].sum()
        key = f"{_key(MOMENTUM, str(counts.idxmax()))};{where(model=str(name))}"
        steps = marked(int(counts.max()), TABLE, key, "steps", by="sum")
        sentences.append(
            f"With the model {name}, angular momentum about the vertical in {steps} steps differs "
            f"(root mean square) by {enumerated(parts)} {MOMENTUM.unit}."
        )
    return sentences
