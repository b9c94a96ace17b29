"""What the folded details of a verdict say, against verdicts.tsv and the registry."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from validation.prose_blocks import Block
from validation.prose_rules import NotMineError, number, rule, true, words
from validation.prose_tables import NUMBER, StudyTables, agrees, same, value_of
from validation.prose_verdicts import BIASES, alpha_of, athletes, cell_text, registered, row_of

N, COUNT = f"({NUMBER})", r"(\d+)"


@rule(r"^(.*)$", "words-")
def details(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    row = row_of(tables, block)
    if block.kind != "dd" or not row or block.head not in DETAILS:
        raise NotMineError
    yield from DETAILS[block.head](match[1], row, tables)


FACTORS = {
    "consistency": "the consistency fit", "cutoff": "the cut-off frequency",
    "threshold": "the force at which events are found", "body": "the masses of the segments",
    "pelvis": "where the pelvis counts", "contact_model": "the contact model",
    "errors": "the error model", "outliers": "athletes far from the others",
    "covariates": "what is held between athletes", "who_counts": "who counts",
}  # fmt: skip
"""Names of the choices of the analysis."""

UNCERTAINTY = (
    rf"Estimate {NUMBER}(?: \(95 % interval over athletes {NUMBER} to {NUMBER}\))? from \d+ athletes? "
    rf"and \d+ steps or sprints(?:; 95 % CI for the share of athletes {NUMBER} to {NUMBER} % "
    r"\((?:\d+ of \d+ athletes?|no athlete)\))?(?:\. No other choice was judged\."
    r"|; no other choice of the analysis changes it"
    rf"|; range over the other choices of the analysis {NUMBER} to {NUMBER}(?:, changed most by [^.;]+)?)?"
    r"(?:\. (?:No other choice changes the verdict|Choices that change the verdict: [^.]*(?:\.\d[^.]*)*)\.)?"
    r"(?: Not judged, because gates failed: [^.]*(?:\.\d[^.]*)*\.)?"
    r"(?: Leaving out (?:any one athlete does not change|[^.]+ \(one at a time\) changes) the verdict\.)?"
)
"""All that is said of the uncertainty of a verdict."""


def _uncertainty(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    form = rf"^Estimate {N}(?: \(95 % interval over athletes {N} to {N}\))? from {COUNT} athletes? and {COUNT} steps or sprints"
    head = re.match(form, text)
    yield from true("form of the sentence", re.fullmatch(UNCERTAINTY, text) is not None)
    if head is None:
        yield f"“{text[:60]}” has another form"
        return
    columns = ("estimate", "ci_low", "ci_high", "n_athletes", "n_steps")
    for name, said in zip(columns, head.groups(), strict=True):
        if said is not None:
            yield from number(name, said, float(row[name]))
    share = re.search(rf"95 % CI for the share of athletes {N} to {N} %", text)
    if share is not None:
        yield from number("share_low", share[1], 100.0 * float(row["share_low"]))
        yield from number("share_high", share[2], 100.0 * float(row["share_high"]))
    spread = re.search(rf"range over the other choices of the analysis {N} to {N}", text)
    if spread is not None:
        yield from number("lowest", spread[1], float(row["lowest"]))
        yield from number("highest", spread[2], float(row["highest"]))
    factor = re.search(r"changed most by ([^.;]+)", text)
    if factor is not None:
        yield from words(
            "decisive", factor[1], FACTORS.get(str(row["decisive"]), str(row["decisive"]))
        )
    turned = cell_text(row["overturned_by"]) != ""
    yield from true("“No other choice changes”", not (turned and "No other choice changes" in text))
    yield from true("“Choices that change”", turned or "Choices that change" not in text)
    names = cell_text(row["influential"])
    yield from true("“any one athlete”", not (names and "any one athlete does not" in text))
    for one in re.findall(r"Leaving out (.+?) \(one at a time\)", text):
        yield from words("influential", one, names)
    judged = cell_text(row["lowest"]) != ""
    yield from true(
        "“No other choice was judged”", judged != ("No other choice was judged" in text)
    )
    yield from athletes(text.partition("steps or sprints")[2], row)


CHANGE = (
    rf"(?:Judged if the gates passed \([a-z, ]+\); then supported|Supported(?: only)?) if the (?:estimate is at "
    rf"(?:most|least) {NUMBER} and its adjusted p below {NUMBER}|adjusted p against a change of {NUMBER} is "
    rf"below {NUMBER})(?:, and its own condition holds)?; it is {NUMBER}(?:, p <?{NUMBER})?"
    rf"(?:, and the condition (?:holds|fails)(?: \(.*\))?)?\."
    rf"(?: Not supported if the adjusted p (?:against an effect of interest were below {NUMBER}"
    rf"|for a change were below {NUMBER} and the estimate {NUMBER} or more); it is <?{NUMBER}\.)?"
)
"""All that is said of what would change a verdict."""


def _change(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    smallest, alpha = float(row["smallest_effect"]), alpha_of(row, tables)
    yield from true("form of the sentence", re.fullmatch(CHANGE, text) is not None)
    least = re.search(rf"the estimate is at (most|least) {N} and its adjusted p below {N}", text)
    if least is not None:
        extreme = "most" if row["predicted"] == "less" else "least"
        yield from words("direction", least[1], extreme)
        yield from number("smallest effect", least[2], smallest)
        yield from number("alpha", least[3], alpha)
    change = re.search(rf"against a change of {N} is below {N}", text)
    if change is not None:
        yield from number("smallest effect", change[1], abs(smallest))
        yield from number("alpha", change[2], alpha)
    now = re.search(rf"it is {N}(?:, p (<?){N})?", text)
    if now is not None:
        yield from number("estimate", now[1], float(row["estimate"]))
        yield from _p(now[2], now[3], row["p_holm"])
    last = re.search(rf"Not supported if .*; it is (<?){N}\.$", text)
    if last is not None:
        yield from _p(last[1], last[2], row["p_against_holm"])
    holds = re.search(r"the condition (holds|fails)", text)
    if holds is not None:
        yield from words("condition", holds[1], "holds" if row["condition"] == "yes" else "fails")
    yield from true("“only”", ("Supported only" in text) == (row["found"] == "found"))
    if cell_text(row["note"]):
        yield from true("note", same(str(row["note"])) in same(text))


def _rule(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    yield from true(f"reason {row['reason']}", same(str(row["reason"])) in same(text))
    ps = re.search(
        rf"(?<=[.] )Adjusted p (<?){N} for it and (<?){N} (for a change|against an effect of interest), both at {N}",
        text,
    )
    if ps is not None:
        yield from _p(ps[1], ps[2], row["p_holm"])
        yield from _p(ps[3], ps[4], row["p_against_holm"])
        denies = row["predicted"] in ("none", "not_greater")
        yield from true(f"“{ps[5]}”", denies == (ps[5] == "for a change"))
        yield from number("alpha", ps[6], alpha_of(row, tables))
    yield from true("form of the p values", (". Adjusted p" in text) == (ps is not None))
    failed = re.search(r"Gates that failed: (.+)\.$", text)
    gates = str(row["gates"]).replace("_", " ")
    yield from true("gates", (failed[1] == gates) if failed else gates in ("passed", "nan"))


def _p(below: str | None, text: str | None, value: Any) -> Iterator[str]:
    if text is None:
        return
    p = float(value)
    if below:
        yield from words("smallest p", text, "0.001")
    yield from true(
        f"p {below or ''}{text}", (p < value_of(text)) if below else agrees(text, p) and p >= 0.001
    )


def _statistic(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    said = re.search(rf"Smallest effect of interest {N}; unit: (.+)\.$", text)
    if said is None:
        yield f"“{text[:60]}” states no smallest effect"
        return
    yield from number("smallest effect", said[1], float(row["smallest_effect"]))
    yield from words("unit", same(said[2]), same(str(row["unit"])))
    entry = registered(tables, str(row["hypothesis"]))
    if "estimand" in entry:
        yield from true("estimand", same(_plain(str(entry["estimand"]))) in same(text))
    yield from _pair(text, row, tables)
    if cell_text(row["model"]):
        yield from true("model", same(str(row["model"])) in same(text))


def _plain(text: str) -> str:
    """Text with the outcomes of contrasts in words, as pages have them."""
    for name, outcome in OUTCOMES.items():
        text = re.sub(rf"(?<!\w){name}(?!\w)", outcome, text)
    return text


OUTCOMES = {
    "speed_mps": "speed",
    "contact_s": "contact time",
    "step_frequency_hz": "step frequency",
}
"""Columns in words, as far as registered estimands name them."""


def _pair(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    """Compare the conditions that a contrast is about with those that its words name."""
    entry = registered(tables, str(row["hypothesis"]))
    contrast = entry.get("contrast") or entry
    names = [str(contrast.get(key) or "").replace("_", " ") for key in ("condition", "reference")]
    if all(names) and " against " in text:
        yield from true(f"{names[0]} against {names[1]}", " against ".join(names) in text)


def _claim(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    entry = registered(tables, str(row["hypothesis"]))
    if entry:
        expected = f"“{entry['claim'].strip()}” (article {entry['source']})"
        yield from true("claim", same(text) == same(expected))


def _falsifiable(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    entry = registered(tables, str(row["hypothesis"]))
    if "discriminating" not in entry:
        generated = {
            "whether a change of the smallest size of interest is excluded",
            "whether there is a change towards less at all",
            "whether there is a change towards greater at all",
        }
        yield from true(f"“{text}”", same(text) in generated)
    elif entry["discriminating"]:
        yield from words("content", same(text), same(str(entry["discriminating"])))


def _robust(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    said = re.search(rf"Hodges-Lehmann estimate {N}\.", text)
    alone = math.isnan(float(row["n_showing"]))
    yield from true("compares athletes", alone == (said is None))
    if alone:
        only = (
            "The estimate compares athletes with each other; no athlete has a value of their own."
        )
        yield from words("athletes", text, only)
    if said is not None:
        yield from number("robust", said[1], float(row["robust"]))


def _bias(text: str, row: dict[str, Any], tables: StudyTables) -> Iterator[str]:
    orders = {
        "balanced": "in this study the order was balanced",
        "one_order": "in this study one condition came later in nearly all athletes",
        "order_unknown": "the order of this study is not stated",
    }
    for design, sentence in orders.items():
        yield from true(f"“{sentence}”", sentence not in text or row["design"] == design)
    if row["design"] in orders and "always last" in text:
        yield from true("order of this study", orders[str(row["design"])] in text)
    found = re.findall(
        rf"In simulated studies with (.+?) the estimate is off by {N} smallest effects", text
    )
    yield from true("form of the sentence", len(found) == text.count("simulated studies"))
    for cause, size in found:
        yield from true(f"bias {size} of {cause}", (same(cause), value_of(size)) in BIASES)


DETAILS = {
    "Uncertainty": _uncertainty, "Would change if": _change, "Rule": _rule, "Claim": _claim,
    "Statistic": _statistic, "Falsifiable content": _falsifiable,
    "Athletes": _robust, "Bias not covered by the interval": _bias,
}  # fmt: skip
