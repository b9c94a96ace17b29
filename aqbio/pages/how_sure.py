"""Where the uncertainty of stance means comes from, and what other models would have said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aqbio.contributions.levels import PRIMARY
from aqbio.figures.words import digits
from aqbio.names import NORMAL_95, ROLE_GROUPS

SOURCES = {
    "inertia": ("masses", "masses and moments of inertia of the segments"),
    "centres": ("centres", "their centres of mass"),
    "plates": ("plates", "place and gain of the force plates"),
    "body": ("sizes", "sizes of the body, places of markers, axes of hinges"),
    "skin": ("skin", "skin that moves the markers"),
    "unseen": ("unseen", "coordinates that no marker showed"),
    "clock": ("clock", "the clock between markers and forces"),
    "motion": ("motion", "what the fit of motion and forces left open"),
    "contact": ("contact", "whether a foot on the ground bends at the ball"),
    "model": ("model", "the choice of the joint model"),
}
"""What a reader calls a source of uncertainty (`share_<source>` in tables/uncertainty.tsv), in a
heading and in a sentence."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Outcomes about the vertical that are told together."""

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
    Quantity(f"What joints do to the push side ({PRIMARY})", "N m", *_CAUSED, "push_side"),
    Quantity(f"What joints do to the swing side ({PRIMARY})", "N m", *_CAUSED, "swing_side"),
    Quantity("H1: index of opposition", "1", "H1", "stance_index", ("opposition",)),
    Quantity("H2: cosine of arms and push leg", "1", "H2", "stance_index", ("arms_push_cosine",)),
)  # fmt: skip


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
    most: str
    """The source that makes most of it, as a heading says it."""


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
class Sentence:
    """A direction that would be told on one model alone, and is not when both are asked."""

    words: str
    own: str
    alone: str
    """Half of the 95 % interval without the choice of the model."""
    other: str
    half: str
    """Half of the 95 % interval."""


@dataclass(frozen=True, slots=True)
class OtherModel:
    """What another model says."""

    name: str
    athletes: int
    steps: int
    lines: tuple[ModelLine, ...]
    sentences: tuple[Sentence, ...]
    """What would be said otherwise."""
    directions: int
    """Outcomes about the vertical of which the direction is sure on the study's model alone."""


@dataclass(frozen=True, slots=True)
class HowSure:
    """The section of the page."""

    budget: tuple[BudgetLine, ...]
    models: tuple[OtherModel, ...]


def how_sure(uncertainty: pd.DataFrame, differences: pd.DataFrame) -> HowSure:
    """Lines of the section."""
    return HowSure(tuple(_budget(uncertainty)), tuple(_models(differences, uncertainty)))


def _rows(table: pd.DataFrame, quantity: Quantity) -> pd.DataFrame:
    """Rows of a quantity."""
    own = table["level"].eq(quantity.level) & table["axis"].eq("y")
    own &= table["statistic"].eq(quantity.statistic) & table["target"].eq(quantity.target)
    return table[own & table["source"].isin(quantity.sources)]


def _budget(table: pd.DataFrame) -> Iterator[BudgetLine]:
    for quantity in QUANTITIES:
        own = _rows(table, quantity)
        for part in quantity.sources:
            found = own[own["source"] == part]
            if found.empty:
                continue
            variance = found["sd"] ** 2
            shares = [
                float((found[f"share_{name}"] * variance).sum(skipna=False) / variance.sum())
                for name in SOURCES
            ]
            largest = int(np.nanargmax(shares))
            yield BudgetLine(
                _title(quantity),
                part.replace("_", " "),
                digits(NORMAL_95 * found["sd"].mean(), quantity.unit),
                tuple("n/a" if np.isnan(one) else f"{100 * one:.0f}" for one in shares),
                list(SOURCES.values())[largest][0],
            )


def _title(quantity: Quantity) -> str:
    return quantity.title if quantity.unit == "1" else f"{quantity.title}, {quantity.unit}"


def _models(table: pd.DataFrame, uncertainty: pd.DataFrame) -> Iterator[OtherModel]:
    unit = MOMENTUM.unit
    for name, every in table.groupby("model", observed=True, sort=True):
        own = _rows(every, MOMENTUM)
        means = _means(own)
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
                    digits(mean["own"], unit), digits(mean["other"], unit),
                    digits(float(np.sqrt((found["rms"] ** 2).mean())), unit),
                    int(turned.sum()),
                )
            )  # fmt: skip
        if not lines:
            continue
        one = own[own["source"] == own["source"].iloc[0]]
        sentences, directions = _sentences(every, uncertainty)
        steps = int(one["steps"].sum())
        people = one["participant_id"].nunique()
        yield OtherModel(str(name), people, steps, tuple(lines), tuple(sentences), directions)


def _sentences(table: pd.DataFrame, uncertainty: pd.DataFrame) -> tuple[list[Sentence], int]:
    """Directions that hang on the model, and how many are sure on the study's own alone."""
    found, sure = list[Sentence](), 0
    for quantity in QUANTITIES:
        means, sds = _means(_rows(table, quantity)), _rows(uncertainty, quantity)
        for part in quantity.sources:
            own = means.loc[means["source"] == part, ["own", "other"]].mean()
            one = sds[sds["source"] == part]
            half = NORMAL_95 * one["sd"].mean()
            alone = NORMAL_95 * (one["sd"] * np.sqrt(1.0 - one["share_model"])).mean()
            if not abs(own["own"]) > alone:
                continue
            sure += 1
            if not abs(own["own"]) > half:
                numbers = (own["own"], alone, own["other"], half)
                words = f"{quantity.title}: {part.replace('_', ' ')}"
                found.append(Sentence(words, *(digits(x, quantity.unit) for x in numbers)))
    return found, sure


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    """Participants' means over the steps of all trials, by source."""
    if rows.empty:
        return pd.DataFrame(columns=["source", "participant_id", "own", "other", "rms"])
    people = rows.groupby(["source", "participant_id"], observed=True)
    return people.apply(_weighted).reset_index()


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
