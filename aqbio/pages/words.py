"""Words of verdicts, gates, statistics, measures and sources, from ``words.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from aqbio.stats.claim_columns import OUTCOME_NAMES, STRENGTHS
from aqbio.stats.entries import StatisticWords
from aqbio.stats.registry import Contrast, Hypothesis

_WORDS: Mapping[str, Any] = yaml.safe_load(
    (resources.files("aqbio.pages") / "words.yaml").read_text(encoding="utf-8")
)

LABELS: Mapping[str, str] = _WORDS["labels"]
OUTCOME_WORDS: Mapping[str, str] = _WORDS["found"]
DESIGNS: Mapping[str, str] = _WORDS["designs"]
FAILED_GATES: Mapping[str, str] = {name: gate[0] for name, gate in _WORDS["failed_gates"].items()}
GATE_ADVICE: Mapping[str, str] = {name: gate[1] for name, gate in _WORDS["failed_gates"].items()}
REMEDIES: Mapping[str, str] = _WORDS["remedies"]
"""What narrows each source of uncertainty; empty where no recording does."""
SOURCES: Mapping[str, tuple[str, str]] = _WORDS["sources"]

INVALIDATED: Mapping[str, str] = _WORDS["invalidated"]
"""Words of the outcomes that a doubtful trial invalidates."""

RECORDING, REPAIR, ANALYSIS = "recording", "repair", "analysis"
FIX_KINDS = {RECORDING: "Record next time", REPAIR: "Repair the files", ANALYSIS: "Analyse again"}
"""Where something can be done, in words."""


def fix_kind(rule: str) -> str:
    """Kind of a finding's fix, one of `FIX_KINDS`: recording, study or files."""
    kinds = (kind for kind, rules in _WORDS["fixes"].items() if rule in rules)
    return next(kinds, REPAIR)


@dataclass(frozen=True, slots=True)
class DoubtWords:
    """Words of a measure that is outside its limit."""

    seems: str
    """What it means, in a coach's words."""
    repair: str = ""
    recording: str = ""
    """repair, recording: Where to look if no finding names a cause; empty for nothing to add."""


DOUBTS = {name: DoubtWords(**entry) for name, entry in _WORDS["doubts"].items()}
"""By the measures that decide whether a trial is doubtful."""

STATISTICS = {name: StatisticWords(**entry) for name, entry in _WORDS["statistics"].items()}
"""Words of every statistic, where a hypothesis has none of its own."""


def statistic_words(hypothesis: Hypothesis) -> StatisticWords | None:
    """Words of a hypothesis or its statistic; those of a contrast name what it compares."""
    contrast = hypothesis.contrast
    name = MODERATED if contrast is not None and contrast.moderator else hypothesis.statistic
    words = hypothesis.words or STATISTICS.get(name)
    if words is None or contrast is None:
        return words
    outcome = OUTCOME_NAMES.get(contrast.outcome, contrast.outcome)
    if contrast.take == "scatter":
        outcome = f"the scatter from step to step of {outcome.removeprefix('the ')}"
    names = [f"“{name.replace('_', ' ')}”" for name in (contrast.condition, contrast.reference)]
    filled = {
        "outcome": outcome,
        "condition": names[0]
        + (f" in {contrast.group} beyond all others" if contrast.group else ""),
        "reference": names[1],
        "held": _held_words(contrast),
        "strength": OUTCOME_NAMES.get(contrast.moderator or "", ""),
        "gained": "gained" if contrast.by == "session" else "had",
    }
    of_outcome = contrast.unit.partition(" per percent of ")[0]
    unit = "{} %" if contrast.size == "percent" else f"{{}} {of_outcome}".removesuffix(" 1")
    clauses = {name: getattr(words, name).format(**filled) for name in ("more", "less", "same")}
    if contrast.moderator:
        return words.model_copy(
            update={**clauses, "size": f"{unit} for each per cent", "short": unit}
        )
    return words.model_copy(update={**clauses, "size": unit, "short": unit})


MODERATED = "moderated_contrast"
"""Words of contrasts whose change depends on a strength."""


def _held_words(contrast: Contrast) -> str:
    """Quantities that a contrast holds equal, beside the order of conditions."""
    names = {"speed": "speed", **{name: OUTCOME_NAMES[name] for name in STRENGTHS}}
    quantities = [names[name] for name in contrast.held_equal if name in names]
    return f" at equal {' and '.join(quantities)}" if quantities else ""


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
