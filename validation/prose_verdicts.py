"""What pages say of verdicts and power, against verdicts.tsv, power.tsv and the registry."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from validation.prose_blocks import Block
from validation.prose_directions import DOWNWARD, UPWARD
from validation.prose_rules import NotMineError, number, rule, true, words
from validation.prose_tables import NUMBER, StudyTables, agrees, records, same, value_of

N, COUNT = f"({NUMBER})", r"(\d+)"

LABELS = {
    "supported": "supported", "not_supported": "not supported", "inconclusive": "inconclusive",
    "described": "described", "not_testable": "not testable",
}  # fmt: skip

FOUND = {
    "equivalent": "no change of interest, as the claim expects",
    "change_found": "a change was found", "opposite_found": "opposite found",
    "not_enough_data": "not enough data", "too_imprecise": "too imprecise",
    "gate_failed": "gate failed", "condition_failed": "condition not met",
}  # fmt: skip


def _clauses(row: dict[str, Any], tables: StudyTables) -> tuple[str, str]:
    """Clauses of an estimate above 0 and below it; of a contrast with its conditions."""
    statistic = str(row["hypothesis" if row["statistic"] == "formula" else "statistic"])
    if statistic in UPWARD:
        return UPWARD[statistic], DOWNWARD[statistic]
    entry = registered(tables, str(row["hypothesis"]))
    contrast = entry.get("contrast") or entry
    names = [str(contrast.get(key) or "").replace("_", " ") for key in ("condition", "reference")]
    group = str(contrast.get("group") or "").replace("_", " ")
    beyond = f" in {contrast['group']} beyond all others" if group else ""
    ends = f"in “{names[0]}”{beyond} than in “{names[1] or 'normal'}”"
    return f"was higher {ends}", f"was lower {ends}"


def row_of(tables: StudyTables, block: Block) -> dict[str, Any]:
    name = block.section.removeprefix("words-")
    rows = tables["verdicts"]
    rows = rows[rows["hypothesis"] == name]
    return {} if rows.empty else dict(rows.iloc[0])


OUTCOME_NAMES: dict[str, str] = yaml.safe_load(
    Path(__file__).parents[1].joinpath("aqbio", "stats", "outcome_names.yaml").read_text("utf-8")
)
"""Plain words for outcomes, as titles and sentences name them."""


def registered(tables: StudyTables, name: str) -> dict[str, Any]:
    entries = {entry["id"]: entry for entry in tables.registry.get("hypotheses", [])}
    contrasts = tables.registry.get("contrasts", {})
    return dict(entries.get(name) or contrasts.get(name) or {})


def _sizes(value: float) -> list[float]:
    """A value in every unit in which pages write sizes."""
    return [abs(value), abs(100.0 * value), abs(100.0 * math.expm1(min(value, 50.0)))]


def is_size(text: str, value: float) -> bool:
    if value_of(text) == 0.0 and value != 0.0:
        return False
    return any(agrees(text, size) for size in _sizes(value))


@rule(
    r"Fragile: with ([^¶]+) instead of the study's own choice the verdict is another one; see the specification curve\.",
    "words-",
)
def fragile(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    row = row_of(tables, block)
    yield from words("fragile", str(row.get("fragile")), "yes")
    names = cell_text(row.get("overturned_by")).split(", ")
    yield from number("choices", str(len(names)), match[1].count(", ") + 1)
    said, known = (set(re.findall(r"\d+(?:\.\d+)?", text)) for text in (match[1], str(names)))
    yield from true(f"choices {sorted(said)}", said <= known)


@rule(r"Post hoc: its basis was changed after the data were first read \(above\)\.", "words-")
def post_hoc(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from words("post hoc", str(row_of(tables, block).get("post_hoc")), "yes")


@rule(r"^Changed after the data were first read: (\d+) kinds? of change$", "verdicts")
def changed(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from true("something was changed", 0 < int(match[1]) <= len(tables["deviations"]))


@rule(r"^([\w. ]+) \(([^)]*)\): (.+) → (.+)\.$", "verdicts")
def deviation(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = tables["deviations"].astype(object).fillna("nothing").astype(str)
    known = rows[["key", "before", "now"]].apply(tuple, axis=1).tolist()
    yield from true(f"“{match[0]}”", (match[1], match[3], match[4]) in known)
    own = rows.loc[rows["key"] == match[1], "hypothesis"]
    named = {"every verdict" if name == "all" else name for name in own}
    yield from true(f"concerns {match[2]}", set(match[2].split(", ")) <= named)


# counts -------------------------------------------------------------------------------------------


@rule(
    r"[Oo]f (\d+) hypothes[ie]s "
    r"((?:\d+ (?:is|are) (?:not supported|supported|inconclusive|described|not testable)"
    r"(?:, | and )?)+)"
)
def counted(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    own = tables["verdicts"]
    yield from number("hypotheses", match[1], len(own))
    said = dict.fromkeys(LABELS.values(), "0")
    for count, label in re.findall(r"(\d+) (?:is|are) ([a-z ]+?)(?=, | and |$|;|\.)", match[2]):
        said[label] = count
    count = own["verdict"].value_counts()
    for name, label in LABELS.items():
        yield from number(label, said[label], int(count.get(name, 0)))


@rule(r"^([✓✕?=–≈]) (.+)$", "marks", "words-")
def label(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if block.kind not in ("li", "h4"):
        raise NotMineError
    text = match[2].replace(": ", " ")
    row = row_of(tables, block) if block.kind == "h4" else row_of_title(tables, text)
    if not row:
        yield f"“{match[0]}” is no row of verdicts.tsv"
        return
    verdict, name = str(row["verdict"]), str(row["hypothesis"])
    entry = registered(tables, name)
    title = str(entry.get("title", "")).replace(": ", " ")
    heading = title if entry.get("family") in (None, "contrast", "own") else f"{name} {title}"
    yield from true(f"“{text}” begins with its title", text.startswith(heading))
    rest = text[len(heading) :].strip() if title else text
    expected = "described, no verdict" if verdict == "described" else LABELS[verdict]
    yield from true(f"“{rest}” names {expected}", _names_label(rest, expected, bool(title)))
    found = FOUND.get(str(row["found"]), "")
    yield from true(f"“{rest}” says {found}", found in rest if found else True)
    for phrase in set(FOUND.values()) - {found}:
        yield from true(f"“{rest}” does not say {phrase}", phrase not in rest)
    size = re.search(rf"no effect larger than {N}", rest)
    yield from true("no effect", (row["found"] != "no_effect") or size is not None)
    if size is not None:
        yield from true(f"found: {row['found']}", row["found"] == "no_effect")
        yield from true(f"size {size[1]}", is_size(size[1], float(row["smallest_effect"])))
    signs = {
        "supported": "✓",
        "not_supported": "✕",
        "inconclusive": "?",
        "described": "=",
        "not_testable": "–",
    }
    sign = "≈" if row["found"] == "equivalent" else signs[verdict]
    yield from words("sign", match[1], sign)


def _names_label(rest: str, name: str, is_start: bool) -> bool:
    is_named: bool = (
        rest.startswith(name) if is_start else re.search(rf"(?<!not ){name}", rest) is not None
    )
    return is_named


def row_of_title(tables: StudyTables, text: str) -> dict[str, Any]:
    for row in records(tables["verdicts"]):
        name = str(row["hypothesis"])
        title = str(registered(tables, name).get("title", "")).replace(": ", " ")
        if text.startswith(f"{name} "):
            return row
        if title and text.startswith(title):
            return row
        contrast = registered(tables, name)
        plain = [str(contrast.get(key, "")).replace("_", " ") for key in ("condition", "reference")]
        if "title" not in contrast and all(plain) and f"{plain[0]} against {plain[1]}" in text:
            outcome = str(contrast.get("outcome", "speed_mps"))
            name = str(OUTCOME_NAMES.get(outcome, outcome.split("_")[0])).removeprefix("the ")
            if name.lower() in text.lower():
                return row
    return {}


@rule(r"^(Inconclusive|Described|Not testable): ([\w, ]+)\.$", "marks", page="index.html")
def names_of_verdict(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    table = tables["verdicts"]
    own = table[table["verdict"] == match[1].lower().replace(" ", "_")]
    yield from words(match[1], match[2], ", ".join(own["hypothesis"].astype(str)))


@rule(r"^(\d+) without a decision$", "marks", page="index.html")
def undecided(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    decided = tables["verdicts"]["verdict"].isin(["supported", "not_supported"])
    yield from number("without a decision", match[1], int((~decided).sum()))


PARTS = {"Described without a verdict": "described", "Not testable with these data": "not_testable"}
"""Verdicts that have a part of the page of their own, whatever the family."""


@rule(r"^(\w+(?:, \w+)*)$", "verdicts", page="results.html")
def names_of_part(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    """Hypotheses of a folded part: all of its family or verdict, and none decided."""
    if block.kind != "summary":
        raise NotMineError
    table = tables["verdicts"]
    apart = table["verdict"].isin(PARTS.values())
    family = table["hypothesis"].map(
        lambda name: str(registered(tables, str(name)).get("family", "contrast")).capitalize()
    )
    head = PARTS.get(block.head)
    own = table[table["verdict"] == head] if head else table[~apart & (family == block.head)]
    yield from words(block.head, match[1], ", ".join(own["hypothesis"].astype(str)))
    yield from true(
        "none is decided", not own["verdict"].isin(["supported", "not_supported"]).any()
    )


# findings -----------------------------------------------------------------------------------------


@rule(r"^(.*)$", "words-")
def finding(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    text, row = match[1], row_of(tables, block)
    if block.kind != "p" or not row or text.startswith(("Fragile", "Post hoc")):
        raise NotMineError
    estimate, smallest = float(row["estimate"]), float(row["smallest_effect"])
    up, down = _clauses(row, tables)
    lower = text.lower()
    if text.startswith("These data do not allow a test"):
        yield from true("not testable", row["verdict"] == "not_testable")
        yield from true("reason", same(str(row["reason"])) in same(text))
        return
    if lower.startswith("whether "):
        yield from true("unresolved", row["verdict"] in ("inconclusive", "described"))
        yield from _direction(lower, up, down, str(row["predicted"]))
        yield from _gates(text, row)
    elif row["found"] == "no_effect" or lower.startswith("we found no evidence that "):
        yield from true("no effect", row["found"] == "no_effect")
        is_denied = lower.startswith("we found no evidence that ")
        yield from true("“we found no evidence that”", is_denied)
        ending = "below the smallest effect of interest."
        yield from true(f"“{ending}”", text.endswith(ending))
        yield from _direction(lower, up, down, str(row["predicted"]))
        mean = re.search(rf"the mean was {N}|athletes shows {N}", text)
        if mean is not None:
            yield from true(f"mean {mean[0]}", is_size(mean[1] or mean[2], estimate))
        against = estimate * smallest < 0
        yield from true("opposite direction", against == ("in the opposite direction" in text))
    elif row["found"] != "equivalent":
        seen = (up if estimate > 0 else down).lower()
        yield from true(f"“{seen}”", seen in lower)
    predicted = "showed the predicted direction" in text
    if predicted:
        yield from true("against the prediction", estimate * smallest < 0)
    size = re.search(rf"(?:on average by|, by) {N}", text)
    if size is not None:
        yield from true(f"size {size[1]}", is_size(size[1], estimate))
    for other in re.findall(
        rf"(?:showed (?:it|the predicted direction) by|was below) {N}(?: %)?", text
    ):
        yield from true(f"smallest effect {other}", is_size(other, smallest))
    for other in re.findall(rf" by {N}[^;.]* or more", text):
        yield from true(f"smallest effect {other}", is_size(other, smallest))
    for bound in re.findall(r"of at (most|least) 1\b", text):
        yield from words("end of the scale", bound, "most")
    if "own change of" in text:
        yield from true("own changes below", " was below " in text.partition("own change of")[2])
    yield from athletes(text, row)


def _direction(text: str, up: str, down: str, predicted: str) -> Iterator[str]:
    if predicted == "none":
        same_in = up.replace("was higher in", "was the same in").replace(" than in ", " as in ")
        yield from true(f"“{same_in}”", same_in in text)
        return
    expected = down if predicted == "less" else up
    yield from true(f"“{expected}”", expected.lower() in text)


def _gates(text: str, row: dict[str, Any]) -> Iterator[str]:
    known = {
        "minimum_n": "too few athletes with enough data", "athletes": "too few athletes",
        "quality": "too many steps could not be used for it",
        "reliability": "errors of measurement too large",
        "order": "the order of the sprints cannot be separated from the condition",
        "closure": "forces and motions do not add up in every trial",
    }  # fmt: skip
    for gate in str(row["gates"]).split(", "):
        if gate in known:
            yield from true(f"gate {gate}", known[gate] in text)
    if row["gates"] != "passed" and "(" in text:
        for part in str(row["reason"]).split("; ")[row["found"] == "described" :]:
            yield from true(f"“{part}”", same(part) in same(text))


def athletes(text: str, row: dict[str, Any]) -> Iterator[str]:
    if math.isnan(float(row["n_showing"])):
        said = re.search(r"a comparison of (\d+) athletes", text)
        if said is not None:
            yield from number("athletes", said[1], float(row["n_athletes"]))
        return
    none = re.search(r"\bno athlete\b", text) is not None
    showing = re.search(r"(\d+) of (\d+) athletes?\b(?! with)", text)
    if "showed" in text or "own change of" in text:
        yield from true("athletes are counted", none or showing is not None)
    for part in re.findall(r"showed (?:it|the predicted direction) by [^.;]*(?:\.\d[^.;]*)*", text):
        yield from true(f"“{part}”", part.endswith(" or more"))
    if none or showing is not None:
        yield from true("no athlete", none == (int(row["n_showing"]) == 0))
    if showing is not None:
        yield from number("athletes showing it", showing[1], float(row["n_showing"]))
        yield from number("athletes", showing[2], float(row["n_athletes"]))


@rule(rf"(?<![\w.\d<-])\+?{N}(?![\w\d-])", "words-")
def any_number(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    """Every other number of a verdict's words is one of its rows, or stands in their texts."""
    row = row_of(tables, block)
    name, entry = str(row.get("hypothesis")), registered(tables, str(row.get("hypothesis")))
    values = [float(cell) for cell in row.values() if _is_number(cell)]
    values += [0.0, 1.0, 95.0, alpha_of(row, tables), 100.0 * float(row.get("share_low", math.nan))]
    values += [100.0 * float(row.get("share_high", math.nan)), *(shift for _, shift in BIASES)]
    texts = " ".join(same(str(cell)) for own in (row, _flat(entry)) for cell in own.values())
    texts += " ".join(cause for cause, _ in BIASES) + name
    text = match[1].lstrip("+")
    is_value = any(is_size(text.lstrip("−-"), value) or agrees(text, value) for value in values)
    quoted = re.search(rf"(?<![\d.]){re.escape(same(text).lstrip('+'))}(?![\d])", texts)
    yield from true(f"number {text}", is_value or quoted is not None)


@rule(rf"<{N}", "words-")
def small_p(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    row = row_of(tables, block)
    smallest = min(float(row[name]) for name in ("p_holm", "p_against_holm"))
    yield from true(f"p <{match[1]}", smallest < value_of(match[1]))


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and math.isfinite(cell)


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    return {str(key): json.dumps(value, ensure_ascii=False) for key, value in entry.items()}


BIASES = {
    ("a vertical that is 5° off", -1.9), ("strengths tested once, of reliability 0.7", -2.0),
    ("forces that are 16 ms late", 0.4), ("restricted arms always last, with fatigue of 0.6 %", -1.9),
    ("a sex that is not stated", -0.7),
}  # fmt: skip
"""Known biases (docs/validation): what was simulated, and the shift in smallest effects."""


def alpha_of(row: dict[str, Any], tables: StudyTables) -> float:
    return float(registered(tables, str(row["hypothesis"])).get("alpha", 0.05))


def cell_text(value: Any) -> str:
    return str(value) if isinstance(value, str) else "" if value != value else str(value)
