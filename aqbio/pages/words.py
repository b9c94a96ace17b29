"""Words of verdicts, gates, statistics, measures and sources, from ``words.yaml``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import yaml

from aqbio.stats.registry import Hypothesis

_WORDS: Mapping[str, Any] = yaml.safe_load(
    (resources.files("aqbio.pages") / "words.yaml").read_text(encoding="utf-8")
)

LABELS: Mapping[str, str] = _WORDS["labels"]
OUTCOME_WORDS: Mapping[str, str] = _WORDS["found"]
LITERAL: Mapping[str, str] = _WORDS["literal"]
FAILED_GATES: Mapping[str, str] = {name: gate[0] for name, gate in _WORDS["failed_gates"].items()}
GATE_ADVICE: Mapping[str, str] = {name: gate[1] for name, gate in _WORDS["failed_gates"].items()}
BIASES: Mapping[str, Mapping[str, float]] = _WORDS["biases"]
SOURCES: Mapping[str, tuple[str, str]] = _WORDS["sources"]

CONVERSIONS: Mapping[str, Callable[[float], float]] = {
    "": lambda value: value,
    "percent": lambda value: 100.0 * value,
    "percent_of_logarithm": lambda value: 100.0 * math.expm1(value),
}
"""From the unit of the registry to that of a size in words."""


@dataclass(frozen=True, slots=True)
class StatisticWords:
    """A statistic in plain words; ``words.yaml`` explains each."""

    more: str
    less: str
    limit: str
    size: str = "{}"
    short: str = "{}"
    convert: str = ""
    second: str = ""

    def written(self, value: float) -> float:
        """Convert a value to the unit in which sizes are written."""
        return CONVERSIONS[self.convert](value)


STATISTICS = {name: StatisticWords(**entry) for name, entry in _WORDS["statistics"].items()}


def statistic_words(hypothesis: Hypothesis) -> StatisticWords | None:
    """Words of a hypothesis's statistic; those of a contrast name what it compares."""
    words, contrast = STATISTICS.get(hypothesis.statistic), hypothesis.contrast
    if words is None or contrast is None:
        return words
    outcome = _WORDS["outcomes"].get(contrast.outcome, contrast.outcome)
    if contrast.take == "scatter":
        outcome = f"the scatter from step to step of {outcome.removeprefix('the ')}"
    names = [f"“{name.replace('_', ' ')}”" for name in (contrast.condition, contrast.reference)]
    filled = {
        "outcome": outcome,
        "condition": names[0]
        + (f" in {contrast.group} beyond all others" if contrast.group else ""),
        "reference": names[1],
        "held": " at equal speed" if "speed" in contrast.held_equal else "",
    }
    unit = "{} %" if contrast.size == "percent" else f"{{}} {contrast.unit}".removesuffix(" 1")
    more, less = (text.format(**filled) for text in (words.more, words.less))
    return replace(words, more=more, less=less, size=unit, short=unit)


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """Words of a measure of the quality table on a page."""

    label: str
    unit: str = ""
    """Unit on the page; empty for a plain ratio."""
    factor: float = 1.0
    """From the table's unit to the page's."""


MEASURES = {name: MeasureWords(**entry) for name, entry in _WORDS["measures"].items()}


def measure_words(measure: str, unit: str = "") -> MeasureWords:
    """The words of a measure; one without words is shown under its own name."""
    shown_unit = unit if unit not in ("1", "relative") else ""
    return MEASURES.get(measure, MeasureWords(measure.replace("_", " "), shown_unit))
