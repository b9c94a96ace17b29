"""The registry: what is tested, fixed before the data are read, and what was changed since."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aqbio.config import read_yaml
from aqbio.io.study import Study

DEFAULT = Path(__file__).with_name("hypotheses.yaml")
"""The registry that comes with aqbio."""

Predicted = Literal["greater", "less", "equivalent", "none"]
Always = Literal["mechanically_implied", "not_testable"]
Taken = Literal["implied", "impossible", "testable"]
Need = Literal[
    "arms",
    "forces",
    "causes",
    "capacities",
    "restricted_arms",
    "one_sided_loads",
    "matched_speed",
    "accelerating",
]
GateName = Literal[
    "quality", "minimum_n", "marker_rate", "precision", "reliability", "order", "closure"
]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


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
        description="implied: mechanics or geometry force it, whoever runs; impossible: no body "
        "can do otherwise than not; testable: the verdict is about the sentence itself."
    )
    words: str = Field(description="What the sentence says if it is taken by its words, and why.")
    shown: str = Field(
        default="", description="Function of `aqbio.hypotheses.exports` whose number shows it."
    )


class Untested(Entry):
    """A claim of the articles that has no hypothesis, and why."""

    claim: Annotated[str, Field(min_length=8, max_length=170)] = Field(
        description="Short quote of the article."
    )
    source: Annotated[str, Field(pattern=r"^00[0-4]$")] = Field(description="Article.")
    why: str = Field(description="What it would take.")


class Hypothesis(Entry):
    """One claim and how it is tested."""

    id: Annotated[str, Field(pattern=r"^H\d{1,2}[a-f]?$")] = Field(description="Name, such as H3b.")
    title: str = Field(description="What it is about, in a few words.")
    claim: Annotated[str, Field(min_length=8, max_length=170)] = Field(
        description="Short quote of the article."
    )
    source: Annotated[str, Field(pattern=r"^00[0-4]$")] = Field(description="Article.")
    level: Literal["A", "B", "C", "none"] = Field(
        description="A: angular momentum; B: moments on the pelvis; C: caused accelerations."
    )
    literal: Literally = Field(description="The claim taken by its words.")
    discriminating: str = Field(
        default="", description="What of it could have been otherwise: what the verdict is about."
    )
    estimand: str = Field(description="What is estimated, in words.")
    statistic: str = Field(description="Function of `aqbio.stats` that estimates it.")
    phase: Literal["stance", "flight", "step", "none"] = Field(description="Part of the step.")
    axis: Literal["x", "y", "z", "none"] = Field(description="Axis.")
    partition: str = Field(description="Groups on one side | on the other.")
    null_model: str = Field(description="What would be found if the claim said nothing.")
    predicted: Predicted = Field(description="Direction that the claim predicts.")
    delta: Annotated[float, Field(ge=0)] = Field(
        description="Smallest effect of interest, in `unit`; 0 where there is no verdict rule."
    )
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
    always: Always | None = Field(
        default=None, description="Verdict that no data can change; its reason is `implied_if`."
    )
    implied_if: str = Field(
        default="", description="What of it mechanics forces, or why no data can test it."
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
    def two_sided(self) -> bool:
        """Whether delta is a margin on both sides of no effect."""
        return self.predicted == "equivalent"

    @property
    def precise(self) -> float:
        """Largest error of measurement of a number that is precise enough: half of delta."""
        return self.delta / 2.0

    @property
    def sign(self) -> float:
        """−1 where the claim predicts less, otherwise 1."""
        return -1.0 if self.predicted == "less" else 1.0

    @model_validator(mode="after")
    def _complete(self) -> Hypothesis:
        if self.always is not None and not self.implied_if:
            raise ValueError(f"{self.id} is always {self.always}, but implied_if does not say why")
        if self.always is None and (self.delta == 0 or self.predicted == "none"):
            raise ValueError(f"{self.id} needs predicted and a delta above 0")
        if self.always is None and not self.discriminating:
            raise ValueError(
                f"{self.id} is tested: discriminating must say what could be otherwise"
            )
        return self


class Registry(Entry):
    """All hypotheses, in the order in which they are reported."""

    version: Literal[2] = Field(
        description="Of the rules that the entries are for: a registry of version 1 asks for "
        "statistics that were replaced; begin with the one that `aqbio new` writes."
    )
    hypotheses: tuple[Hypothesis, ...]
    untested: tuple[Untested, ...] = Field(
        default=(), description="Claims of the articles without a hypothesis."
    )

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
        """First twelve digits of the SHA-256 of all values; layout and comments do not count."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def read_registry(path: Path = DEFAULT) -> Registry:
    """Read a registry; all problems are raised at once, each with its line and how to mend it."""
    return _read(path, path.read_bytes() if path.is_file() else b"")


@lru_cache(maxsize=4)
def _read(path: Path, _content: bytes) -> Registry:
    """Read a registry once for as long as its file holds the same."""
    return read_yaml(path, Registry)


# what was fixed before the data were read ---------------------------------------------------------


RECORD = "registry.json"

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference between the registry of a result and the one fixed before."""

    hypothesis: str
    """Its id; ``all`` where it is not known what was fixed before."""
    key: str
    before: str
    now: str
    """before, now: Values; empty where the hypothesis was not there."""


def study_registry(study: Study) -> Registry:
    """Read the study's registry, or the one that comes with aqbio."""
    return read_registry(study.registry_file or DEFAULT)


def record_registry(study: Study) -> None:
    """Write the registry before the first recording is read; an older record stays.

    Several participants start at once: the first one writes, whole or not at all.
    """
    path = study.root / RECORD
    if path.exists():
        return
    registry = study_registry(study)
    content = {
        "hash": registry.hash,
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "registry": registry.model_dump(mode="json"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return


def registry_record(study: Study) -> dict[str, Any] | None:
    """Read what was written down before the first recording was read; None where nothing was."""
    path = study.root / RECORD
    if not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def deviations(study: Study, registry: Registry) -> tuple[Deviation, ...]:
    """Differences between a registry and the one recorded when the data were read.

    Without a record one for all hypotheses: what was fixed before is not known, and everything
    counts as post hoc.
    """
    record = registry_record(study)
    if record is None:
        return (Deviation("all", "registry", NOT_RECORDED, registry.hash),)
    if record["hash"] == registry.hash:
        return ()
    before = {one["id"]: one for one in record["registry"]["hypotheses"]}
    now = {one["id"]: one for one in registry.model_dump(mode="json")["hypotheses"]}
    found = [
        change
        for name in dict.fromkeys([*before, *now])
        for change in _changes(name, before.get(name, {}), now.get(name, {}))
    ]
    return tuple(found) or (Deviation("all", "order", record["hash"], registry.hash),)


def post_hoc(found: tuple[Deviation, ...], hypothesis: str) -> bool:
    """Whether a verdict rests on a rule that was changed after the data were read."""
    return any(one.hypothesis in (hypothesis, "all") for one in found)


def _changes(name: str, before: dict[str, Any], now: dict[str, Any]) -> Iterator[Deviation]:
    for key in dict.fromkeys([*before, *now]):
        if before.get(key) != now.get(key):
            yield Deviation(name, key, _text(before.get(key)), _text(now.get(key)))


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
