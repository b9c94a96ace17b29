"""The registry: what is tested and by which rule, fixed before the data are read."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aqbio.config import read_yaml
from aqbio.io.study import Study

DEFAULT = Path(__file__).with_name("hypotheses.yaml")
"""The registry that comes with aqbio."""

Family = Literal["core", "survey", "secondary"]
Predicted = Literal["greater", "less"]
Taken = Literal["implied", "testable"]
Need = Literal["arms", "forces", "causes", "capacities", "restricted_arms"]
GateName = Literal[
    "quality", "minimum_n", "marker_rate", "precision", "reliability", "order", "closure"
]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^H\d{1,2}[a-f]?$")]


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
        default="", description="Function of `aqbio.hypotheses.exports` whose number shows it."
    )


class Untested(Entry):
    """A claim of the articles that is implied, or that recordings like these cannot test."""

    id: Name | None = Field(default=None, description="Name, of a claim that once had a verdict.")
    claim: Annotated[str, Field(min_length=8, max_length=170)] = Field(
        description="Short quote of the article."
    )
    source: Annotated[str, Field(pattern=r"^00[0-4]$")] = Field(description="Article.")
    any_runner: str = Field(default="", description="What of it is true of any runner.")

    @property
    def label(self) -> Taken:
        """The claim taken by its words."""
        return "implied" if self.any_runner else "testable"

    why: str = Field(description="What it would take.")
    shown: str = Field(
        default="", description="Function of `aqbio.hypotheses.exports` whose number shows it."
    )


class Hypothesis(Entry):
    """One claim and how it is tested."""

    id: Name = Field(description="Name, such as H3b.")
    family: Family = Field(
        description="core, survey: verdicts, adjusted over what was tested of that family; "
        "secondary: an estimate with its interval and no verdict."
    )
    title: str = Field(description="What it is about, in a few words.")
    claim: Annotated[str, Field(min_length=8, max_length=170)] = Field(
        description="Short quote of the article."
    )
    source: Annotated[str, Field(pattern=r"^00[0-4]$")] = Field(description="Article.")
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


VERSION = 3
"""Of the rules that a registry is for."""


class Registry(Entry):
    """All hypotheses, in the order in which they are reported."""

    version: Literal[3] = Field(description="Of the rules that the entries are for.")
    hypotheses: tuple[Hypothesis, ...]
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
        if isinstance(old, int) and old < VERSION:
            entries = [one for one in given.get("hypotheses") or () if isinstance(one, dict)]
            names = ", ".join(f"{one.get('id')}: {became(str(one.get('id')))}" for one in entries)
            raise ValueError(
                f"this registry is of version {old}, and verdicts follow version {VERSION}. What "
                f"became of its entries: {names}. Fix: begin with the registry that aqbio new "
                "writes, and change it where yours differed."
            )
        return given

    @model_validator(mode="after")
    def _once(self) -> Registry:
        twice = [name for name, n in Counter(one.id for one in self.hypotheses).items() if n > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} is there twice")
        return self

    def __getitem__(self, name: str) -> Hypothesis:
        """The hypothesis of that id."""
        for one in self.hypotheses:
            if one.id == name:
                return one
        raise KeyError(name)

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
