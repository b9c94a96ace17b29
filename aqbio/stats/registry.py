"""The registry: what is tested and by which rule, fixed before the data are read."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aqbio.config import read_yaml
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.names import NORMAL, ROLE_GROUPS, ROLE_SIDES
from aqbio.stats.step_numbers import evidence_columns

DEFAULT = Path(__file__).with_name("hypotheses.yaml")
"""The registry that comes with aqbio."""

Family = Literal["core", "survey", "secondary", "contrast"]
Predicted = Literal["greater", "less"]
Taken = Literal["implied", "testable"]
Need = Literal["arms", "forces", "causes", "capacities", "accelerations"]
GateName = Literal[
    "quality", "minimum_n", "marker_rate", "precision", "reliability", "order", "closure"
]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
Claim = Annotated[str, Field(min_length=8, max_length=170)]
Source = Annotated[str, Field(pattern=r"^00[0-4]$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]


class Entry(BaseModel):
    """A part of the registry; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Minimum(Entry):
    """The least data with which a verdict is given."""

    athletes: Count = Field(description="Athletes that have the steps below.")
    levels: Count = Field(default=1, description="Speeds of each of these athletes.")
    steps: Count = Field(default=0, description="Steps of an athlete at each of these speeds.")
    marker_rate_hz: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="Frames per second of the markers."
    )


class Literally(Entry):
    """A claim taken by its words, and the number that shows it."""

    label: Taken = Field(
        description="implied: mechanics or geometry force it, whoever runs; testable: the verdict "
        "is about the sentence itself."
    )
    words: str = Field(description="What the sentence says if it is taken by its words, and why.")
    shown: str = Field(
        default="", description="Function of `aqbio.hypotheses.literal` whose number shows it."
    )


class Untested(Entry):
    """A claim of the articles that is implied, or that recordings like these cannot test."""

    id: Name | None = Field(default=None, description="Name, of a claim that once had a verdict.")
    claim: Claim = Field(description="Short quote of the article.")
    source: Source = Field(description="Article.")
    any_runner: str = Field(default="", description="What of it is true of any runner.")

    @property
    def label(self) -> Taken:
        """The claim taken by its words."""
        return "implied" if self.any_runner else "testable"

    why: str = Field(description="What it would take.")
    shown: str = Field(
        default="", description="Function of `aqbio.hypotheses.literal` whose number shows it."
    )


class Contrast(Entry):
    """Two conditions that are compared within athletes."""

    condition: Label = Field(description="Label of the trials that are compared (trials.tsv).")
    reference: Label = Field(default=NORMAL, description="Label of those they are compared with.")
    by: Literal["condition", "session"] = Field(
        default="condition",
        description="Column with the labels: condition of trials.tsv, or session of "
        "participants.tsv (before and after), whose normal trials are compared.",
    )
    outcome: str = Field(
        default="speed_mps",
        description="Column of steps.tsv or hypotheses_steps.tsv, or rating of trials.tsv.",
    )
    take: Literal["mean", "scatter"] = Field(
        default="mean", description="Of the steps of a trial: mean, or distance from it."
    )
    size: Literal["percent", "own"] = Field(
        default="percent", description="Unit of delta: percent of the reference, or the outcome's."
    )
    effort: Literal["maximal", "submaximal"] = Field(
        default="maximal", description="Which trials are compared (trials.tsv: effort)."
    )
    group: Label | None = Field(
        default=None,
        description="Group of participants.tsv whose change is compared with that of all others.",
    )
    hold: tuple[Literal["order", "speed"], ...] | None = Field(
        default=None,
        description="What is held; left out: speed, except of speed and ratings themselves, and "
        "the order of conditions.",
    )

    @model_validator(mode="after")
    def _known_outcome(self) -> Contrast:
        known = outcome_units()
        if self.outcome not in known:
            near = ", ".join(get_close_matches(self.outcome, known, 3)) or "see docs/files.md"
            raise ValueError(f"outcome {self.outcome} is no column of the steps; near: {near}")
        if self.size == "own" and self.outcome in RELATIVE:
            raise ValueError(f"{self.outcome} depends on mass and stature: take size: percent")
        if self.condition == self.reference:
            raise ValueError(f"{self.condition} is compared with itself")
        return self

    @property
    def column(self) -> str:
        """Name of the number of a step."""
        return f"{self.outcome}_scatter" if self.take == "scatter" else self.outcome

    @property
    def held_equal(self) -> tuple[str, ...]:
        """What is held, stated or as usual."""
        if self.hold is not None:
            return self.hold
        order = ("order",) if self.by == "condition" else ()
        return order if self.outcome in (SPEED, RATING) else (*order, "speed")

    @property
    def unit(self) -> str:
        """Of the change."""
        percent = "percent of the reference"
        return percent if self.size == "percent" else outcome_units()[self.outcome]

    @property
    def words(self) -> str:
        """What is compared, as part of a sentence."""
        scatter = "scatter from step to step of " if self.take == "scatter" else ""
        others = f", of {self.group} beyond all others" if self.group else ""
        held = f" at equal {' and '.join(self.held_equal)}" if self.held_equal else ""
        what = f"{scatter}{self.outcome}, {self.condition} against {self.reference}"
        return f"change of {what}{others}{held}, mean over athletes"


SPEED, RATING = "speed_mps", "rating"

RELATIVE = (
    "yaw_impulse", "push_index", "swing_index",
    "momentum_push_leg", "momentum_swing_leg", "momentum_arms", "momentum_torso",
)  # fmt: skip
"""Numbers that verdicts read over mass and stature, and sheets in their own unit."""


@lru_cache(maxsize=1)
def outcome_units() -> dict[str, str]:
    """Unit of every number of a step or trial that two conditions can be compared by."""
    groups = (*ROLE_GROUPS, *ROLE_SIDES, "total")
    found = {**evidence_columns(), **columns("steps", group=groups)}
    units = {name: one["unit"] for name, one in found.items() if "unit" in one}
    return units | {RATING: "points"}


class Hypothesis(Entry):
    """One claim and how it is tested."""

    id: Name = Field(description="Name, such as H3b.")
    family: Family = Field(
        description="core, survey: verdicts, adjusted over what was tested of that family; "
        "secondary: an estimate with its interval and no verdict."
    )
    title: str = Field(description="What it is about, in a few words.")
    claim: Claim = Field(description="Short quote of the article.")
    source: Source | Literal["own"] = Field(description="Article; own: of the study itself.")
    literal: Literally = Field(description="The claim taken by its words.")
    discriminating: str = Field(
        description="What of it could have been otherwise: what the verdict is about."
    )
    estimand: str = Field(description="What is estimated, in words.")
    statistic: str = Field(description="Function of `aqbio.stats` that estimates it.")
    predicted: Predicted = Field(description="Direction that the claim predicts.")
    delta: Positive = Field(description="Smallest effect of interest, in `unit`.")
    unit: str = Field(description="Unit of the estimate and of delta.")
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default=0.05, description="Error rate of the whole family."
    )
    minimum: Minimum = Field(description="Least data.")
    needs: tuple[Need, ...] = Field(
        default=(), description="Without one of these it is not testable."
    )
    gates: tuple[GateName, ...] = Field(
        default=("quality", "minimum_n", "precision", "closure"), description="Gates, in order."
    )
    caveat: str = Field(default="", description="What a verdict does not say.")
    rivals: str = Field(
        default="",
        description="Other accounts that predict the same, so that support tells none of them "
        "apart; empty where nobody else predicts it.",
    )
    multiverse: tuple[str, ...] = Field(
        default=(), description="Choices of the analysis that are varied."
    )
    contrast: Contrast | None = Field(
        default=None, description="The two conditions, where it compares two."
    )

    @property
    def heading(self) -> str:
        """Id and title; of a contrast only what it compares."""
        return self.title if self.family == "contrast" else f"{self.id} {self.title}"

    @property
    def judged(self) -> bool:
        """Whether it gets a verdict."""
        return self.family != "secondary"

    @property
    def precise(self) -> float:
        """Largest error of measurement of a number that is precise enough: half of delta."""
        return self.delta / 2.0

    @property
    def sign(self) -> float:
        """−1 where the claim predicts less, otherwise 1."""
        return -1.0 if self.predicted == "less" else 1.0


class OwnContrast(Contrast):
    """A contrast in short: four lines of a study's own registry, or a claim of the articles."""

    predicted: Predicted = Field(description="Direction of the change.")
    delta: Positive = Field(description="Smallest change of interest, in the unit of `size`.")
    claim: Claim | None = Field(default=None, description="Short quote of the article.")
    source: Source | Literal["own"] = Field(default="own", description="Article.")
    caveat: str = Field(default="", description="What a verdict does not say.")

    def hypothesis(self, name: str) -> Hypothesis:
        """The whole entry."""
        what = re.sub(r"_(s|m|rad|radps|bw|hz|mps|kgm2ps)$", "", self.outcome).capitalize()
        words = f"the verdict is about the {self.words.removesuffix(', mean over athletes')}"
        given = self.model_dump(exclude={"predicted", "delta", "claim", "source", "caveat"})
        return Hypothesis(
            id=name,
            family="contrast",
            title=f"{what}: {self.condition} against {self.reference}".replace("_", " "),
            claim=self.claim or f"{self.outcome} is {self.predicted} with {self.condition}",
            source=self.source,
            literal=Literally(label="testable", words=words),
            discriminating=f"whether there is a change towards {self.predicted} at all",
            estimand=self.words,
            statistic=PAIRED,
            predicted=self.predicted,
            delta=self.delta,
            unit=self.unit,
            minimum=Minimum(athletes=6, steps=1 if self.outcome == RATING else 2),
            gates=("minimum_n", "order") if "order" in self.held_equal else ("minimum_n",),
            caveat=self.caveat or ("" if self.by == "condition" else ELSE),
            multiverse=("errors", "outliers", "who_counts"),
            contrast=Contrast(**given),
        )


PAIRED = "paired_contrast"
"""Statistic of all contrasts."""

ELSE = "whatever else differed between the sessions is in the change"

VERSION = 5
"""Of the rules that a registry is for."""


class Registry(Entry):
    """All hypotheses, in the order in which they are reported."""

    version: Literal[5] = Field(description="Of the rules that the entries are for.")
    hypotheses: tuple[Hypothesis, ...]
    contrasts: dict[Name, OwnContrast] = Field(
        default_factory=dict,
        description="Pairs of conditions by name; tested where a study has both conditions.",
    )
    untested: tuple[Untested, ...] = Field(
        default=(), description="Claims of the articles without a hypothesis."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_these_rules(cls, given: object) -> object:
        """Say of an older registry what became of each of its entries."""
        if not isinstance(given, dict):
            return given
        old = given.get("version")
        if "hypotheses" not in given and "contrasts" in given:  # added to the entries of aqbio
            own = given["contrasts"] or {}
            shipped = read_registry().model_dump()
            return shipped | {"contrasts": shipped["contrasts"] | own} | {"version": old or VERSION}
        if isinstance(old, int) and old < VERSION:
            entries = [one for one in given.get("hypotheses") or () if isinstance(one, dict)]
            names = ", ".join(f"{one.get('id')}: {became(str(one.get('id')))}" for one in entries)
            raise ValueError(
                f"this registry is of version {old}, and verdicts follow version {VERSION}. What "
                f"became of its entries: {names} Fix: begin with the registry that aqbio new "
                "writes, and change it where yours differed."
            )
        return given

    @model_validator(mode="after")
    def _once(self) -> Registry:
        names = [*(one.id for one in self.hypotheses), *self.contrasts]
        twice = [name for name, n in Counter(names).items() if n > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} is there twice")
        return self

    def __getitem__(self, name: str) -> Hypothesis:
        """The hypothesis of that id."""
        for one in self.hypotheses:
            if one.id == name:
                return one
        return self.contrasts[name].hypothesis(name)

    def with_labels(self, labels: Collection[str]) -> Registry:
        """The registry with those contrasts as hypotheses whose labels are there.

        Claims whose labels are not there are among those that are not tested.
        """
        asked, rest = [], []
        for name, one in self.contrasts.items():
            if {one.condition, one.reference, one.group or one.reference} <= set(labels):
                asked.append(one.hypothesis(name))
            elif one.claim is not None and one.source != "own":
                why = f"It takes {one.by}s {one.reference} and {one.condition}: {one.words}."
                rest.append(Untested(id=name, claim=one.claim, source=one.source, why=why))
        return self.model_copy(
            update={"hypotheses": (*self.hypotheses, *asked), "untested": (*self.untested, *rest)}
        )

    @property
    def hash(self) -> str:
        """Hash of all values; layout and comments do not count."""
        return short_hash(self.model_dump(mode="json"))


def short_hash(content: object) -> str:
    """First twelve digits of the SHA-256 of anything that JSON holds."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def became(name: str) -> str:
    """What a hypothesis of any version is now."""
    registry = read_registry()
    if name in registry.contrasts:
        return "contrast"
    if name in [one.id for one in registry.untested]:
        return "in the table of claims that are not tested"
    return next((str(one.family) for one in registry.hypotheses if one.id == name), "unknown")


def read_registry(path: Path = DEFAULT) -> Registry:
    """Read a registry; all problems are raised at once, each with its line and how to mend it."""
    return _read(path, path.read_bytes() if path.is_file() else b"")


@lru_cache(maxsize=4)
def _read(path: Path, _content: bytes) -> Registry:
    """Read a registry once for as long as its file holds the same."""
    return read_yaml(path, Registry)


def study_registry(study: Study) -> Registry:
    """Read the study's registry, or the one that comes with aqbio."""
    return read_registry(study.registry_file or DEFAULT)


def asked_registry(study: Study) -> Registry:
    """The study's registry with the contrasts whose conditions, sessions and groups it has."""
    labels = {one.condition for one in study.trials if one.include == "yes"}
    labels |= {label for one in study.participants for label in (one.session, one.group) if label}
    return study_registry(study).with_labels(labels)
