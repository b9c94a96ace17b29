"""Sentences about verdicts, over every hypothesis and all that could be found of it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest

from aqbio.figures.words import digits, format_interval
from aqbio.names import INTERVALS
from aqbio.pages.address import plain
from aqbio.pages.registry_words import Record, registry_words
from aqbio.pages.verdict_words import SCOPE, bias_words, power_words, verdict_words
from aqbio.pages.words import (
    FAILED_GATES,
    GATE_ADVICE,
    MODERATED,
    OUTCOME_WORDS,
    STATISTICS,
    statistic_words,
)
from aqbio.stats.gates import GATES, NEEDS
from aqbio.stats.outcomes import STATISTICS as TESTED_STATISTICS
from aqbio.stats.registry import StatisticName
from aqbio.stats.verdict import CLASSES
from tests.figures.made_study import NAN, REGISTRY, TIMES, made_row
from tests.golden import differences
from tests.report.as_read import as_read

FORBIDDEN = (
    r"\bAQ\b", r"\btrue\b", r"\bfalse\b", r"\bwrong\b", r"\bright(?! leg| arm| foot|ward)\b",
    r"\bprove", r"\brefute", r"\bdisprove", r"\bconfirm", r"\bmyth", r"\bdebunk",
    r"\bsignifican", r"\bcauses? (?:you|athletes|speed)", r"\bwill (?:run|make|increase|improve)",
    r"\bshould train", r"\btraining (?:will|makes|improves)",
)  # fmt: skip
"""Words that no sentence about a verdict may use (science.md 9)."""

NOT_PLAIN = (
    r"\bp\b", r"\binterval", r"\badjust", r"\bTOST\b", r"\bHolm", r"\bnull\b", r"\bdelta\b",
    r"\bestimat", r"\bstatistic", r"\bregress", r"\bslope", r"\bcosine", r"\bstandard",
    r"\bhypothes", r"95", r"\bconfidence", r"\bvarian", r"\brank\b", r"\bequivalen", r"\bmedian",
    r"supported|inconclusive|testable|reject", r"\bshould\b", r"\bmakes? (?:you|athletes)",
    r"\bfaster if\b", r"\bimprove", r"\bbecause\b",
)  # fmt: skip
"""Jargon, verdicts, advice and causes: what the first sentences leave out."""

HYPOTHESES_AND_FINDINGS = [
    (hypothesis_of, finding)
    for hypothesis_of in REGISTRY.hypotheses
    for finding in (*TIMES, "not_testable")
    if finding != "described" or hypothesis_of.family == "imbalance"
]
OPEN = ("too_imprecise", "not_enough_data", "gate_failed")

CHANGES = [
    ("H1", "opposite_found", {"n_showing": 0.0, "share_low": 0.0, "share_high": 0.243}),
    ("H1", "no_effect", {"reason": "momentum -0.0053, moments -0.0804; (-1 to 2e-05) of lag-1"}),
    ("H1", "found", {"verdict": NAN}),
    ("H1", "gate_failed", {"post_hoc": "yes"}),
    ("H3e", "described", {"estimate": -0.3}),
    ("H3e", "described", {"post_hoc": "yes"}),
    ("H3b", "not_testable", {"post_hoc": "yes"}),
    ("H3e", "described", {"gates": "reliability", "reason": "described, without; 71 % of 80 %"}),
    ("H3e_frequency", "described", {"estimate": NAN, "gates": NAN}),
    ("H7", "no_effect", {"estimate": 0.1234}),
    ("H7", "gate_failed", {"gates": "athletes, order", "reason": "1 of 8; a stated order"}),
    ("H7", "found", {"overturned_by": "cutoff=15", "silent": "consistency=off, pelvis=out"}),
    ("H7", "found", {"influential": NAN, "post_hoc": "yes"}),
    ("H7", "found", {"fragile": "yes", "overturned_by": "cutoff=15, body=dumas"}),
]
"""Rows that differ from the usual ones: (hypothesis, found, what differs)."""
POWER = {
    "n_athletes": 12, "mde": -0.8474, "smallest_effect": -0.2, "power_half": 0.001, "power": 0.0312,
    "power_twice": 0.22, "athletes_needed": 138.0, "sd_athletes": 1.0, "sd_steps": NAN,
}  # fmt: skip
ENOUGH_POWER = {"mde": 0.052, "smallest_effect": 0.05, "power_half": 0.0, "power": 0.5,
          "power_twice": 1.0, "athletes_needed": 8.0}  # fmt: skip


def lines(words) -> list[str]:
    """All words of a verdict, by part."""
    parts = ("verdict", "label", "basis", "text", "sure", "change")
    words_by_part = {part: getattr(words, part) for part in parts} | dict(words.details)
    words_by_part |= {f"remark {number}": remark for number, remark in enumerate(words.remarks)}
    return [f"{part}: {text}" for part, text in words_by_part.items() if text]


ALPHA = 0.0432
"""Level of the tests below: no other number of a row is written like it."""


def slots(part: str, hypothesis, row) -> dict[str, str]:
    """Parts of a line from the registry, the words of its statistic and its row, by name."""
    plain = statistic_words(hypothesis)
    by_slot = {"alpha": f"{ALPHA:g}"}
    if part in ("change", "Statistic"):
        by_slot |= {"smallest effect": digits(float(row["smallest_effect"]))}
    if part in ("sure", "change") and not math.isnan(float(row["estimate"])):
        ends = ("lowest", "highest") if part == "sure" and "lowest" in row else ()
        for names in (("estimate", "ci_low", "ci_high"), ("estimate", *ends)):
            values = [float(row[name]) for name in names]
            if len(values) == 3 and not math.isnan(values[1]):
                by_slot = dict(zip(names, format_interval(*values), strict=True)) | by_slot
    elif part in ("verdict", "basis"):
        by_slot |= {"size of smallest effect": digits(abs(float(row["smallest_effect"])))}
    elif part == "Statistic":
        by_slot |= {"estimand": hypothesis.estimand, "statistic": f"{row['statistic']}:"}
        by_slot |= {"unit": f"unit: {row['unit']}."}
    elif part == "Athletes" and "robust" in row:
        by_slot |= {"robust": digits(float(row["robust"]))}
    elif part == "What no interval includes":
        for number, (cause, moved) in enumerate(hypothesis.biases.items()):
            by_slot |= {f"cause {number}": f"with {cause} the"}
            by_slot |= {f"moved {number}": f"{moved:+g} ".replace("-", "−")}
    elif part == "text":
        by_slot |= {"title": hypothesis.title, "rivals": hypothesis.rivals}
        for name in ("more", "less", "limit", "second") if plain is not None else ():
            by_slot[name] = getattr(plain, name)
        for name in ("estimate", "smallest_effect") if plain is not None else ():
            size = digits(abs(plain.written(float(row[name]))))
            by_slot |= {
                f"{way} of {name}": getattr(plain, way).format(size) for way in ("size", "short")
            }
    capital = {name.capitalize(): text[:1].upper() + text[1:] for name, text in by_slot.items()}
    return {name: text for name, text in capital.items() if text not in by_slot.values()} | by_slot


def template(line: str, hypothesis, row) -> str:
    """A line in which texts from elsewhere are replaced by their names, longest first."""
    part, _, line_text = line.partition(": ")
    slot_texts = slots(part, hypothesis, row)
    for name, text in sorted(slot_texts.items(), key=lambda item: -len(item[1])):
        if text:
            line_text = re.sub(rf"(?<![\w.−]){re.escape(text)}(?![\d])", f"{{{name}}}", line_text)
    return f"{part}: {line_text}"


OF_ALL = ("Statistic", "Athletes", "What no interval includes")
"""Parts that do not depend on what was found."""


def keeps_the_rules(text, patterns=FORBIDDEN):
    for pattern in patterns:
        assert not re.search(pattern, text, flags=re.IGNORECASE), (pattern, text)


def test_golden_templates_of_verdicts():
    """As templates: what is put into them is held below, by its law."""
    sentences = []

    def tell(kind, hypothesis, row, words):
        for line in lines(words):
            of = "" if line.startswith(OF_ALL) else f"{kind} "
            sentences.append(f"{of}{template(line, hypothesis, row)}")

    all_pairs = [
        (hypothesis_of.model_copy(update={"alpha": ALPHA}), kind)
        for hypothesis_of, kind in HYPOTHESES_AND_FINDINGS
    ]
    for hypothesis, kind in all_pairs:
        row = made_row(hypothesis, kind)
        words = as_read(verdict_words(hypothesis, row))
        keeps_the_rules(words.text.replace(INTERVALS["share"], ""), NOT_PLAIN)
        keeps_the_rules("\n".join(lines(words)))
        assert re.fullmatch(r"[A-Z].*[^.]\.", words.text)
        assert len(re.findall(r"\.(?: |$)", words.text)) <= 4
        assert bool(words.sure) == bool(words.details) == (kind in TIMES)
        assert bool(words.change) == (kind in TIMES and kind != "described")
        tell(kind, hypothesis, row, words)
    for name, kind, changes in CHANGES:
        hypothesis = REGISTRY[name].model_copy(update={"alpha": ALPHA})
        row = made_row(hypothesis, kind, **changes)
        tell(kind, hypothesis, row, as_read(verdict_words(hypothesis, row)))
    of_own_statistic = REGISTRY["H1"].model_copy(
        update={"statistic": "one_of_ones_own", "alpha": ALPHA}
    )
    row = made_row(of_own_statistic, "found")
    tell(
        "of another statistic", of_own_statistic, row, as_read(verdict_words(of_own_statistic, row))
    )
    contrasts = [
        (contrast_of, statistic_words(contrast_of))
        for contrast_of in REGISTRY.hypotheses
        if contrast_of.contrast
    ]
    sentences += [
        f"{contrast_of.id} {name}: {getattr(plain, name)}"
        for contrast_of, plain in contrasts
        for name in ("more", "less", "size", "short")
    ]
    powers = [
        ("H1", ENOUGH_POWER),
        ("H1", {"power": NAN, "n_athletes": 1}),
        ("H8a", {"power": NAN}),
    ]
    powers += [("H8a", {"sd_steps": sd}) for sd in (NAN, 0.8, 0.2, 0.5)]
    powers += [("H8a", {"athletes_needed": NAN})]
    sentences += [
        f"{name}: {plain(power_words(REGISTRY[name], POWER | {'hypothesis': name} | changes))}"
        for name, changes in powers
    ]
    record = Record("aaaa", "2026-01-02T03:04:05+00:00")
    records = (record, Record("aaaa", "not recorded"), Record("bbbb", record.recorded), None)
    sentences += [registry_words(record_of, "aaaa") for record_of in records]
    keeps_the_rules("\n".join(sentence for sentence in sentences if "reason: " not in sentence))
    assert "nan" not in " ".join(sentences).split()
    assert differences("verdicts", list(dict.fromkeys(sentences))) == []


@pytest.mark.parametrize(
    ("hypothesis", "finding"), [pair for pair in HYPOTHESES_AND_FINDINGS if pair[1] in TIMES]
)
def test_the_text_has_the_numbers_and_the_direction_of_the_row(hypothesis, finding):
    """A finding's own sign decides; without a finding it is the predicted direction."""
    row, plain = made_row(hypothesis, finding), statistic_words(hypothesis)
    text = as_read(verdict_words(hypothesis, row)).text
    numbers_allowed = {
        digits(abs(plain.written(row[name]))) for name in ("estimate", "smallest_effect")
    }
    numbers_allowed |= {"17", "29"}  # athletes
    numbers_allowed |= {"71", "0.53"} if finding in OPEN else set()  # of the reason
    around = " ".join((plain.more, plain.less, plain.size, hypothesis.rivals))
    numbers_allowed |= set(re.findall(r"\d[\d.]*\d|\d", around))
    assert set(re.findall(r"\d[\d.]*\d|\d", text)) <= numbers_allowed
    predicted, opposite = (
        (plain.more, plain.less) if hypothesis.sign > 0 else (plain.less, plain.more)
    )
    direction, unseen = (
        (opposite, predicted) if finding == "opposite_found" else (predicted, opposite)
    )
    assert direction.lower() in text.lower()
    assert unseen.lower() not in text.lower()
    assert ("remains unresolved" in text) == (finding in OPEN)
    assert ("below the smallest effect of interest" in text) == (finding == "no_effect")
    assert ("showed the predicted direction" in text) == (
        finding == "opposite_found" and "17 of" in text
    )
    if finding not in OPEN[1:]:
        has_count, words = (
            row["n_showing"] == row["n_showing"],
            as_read(verdict_words(hypothesis, row)),
        )
        assert ("17 of 29 athletes" in text) == has_count
        share = "95 % CI for the share of athletes 41 to 73 % (17 of 29 athletes)"
        assert (share in words.sure) == has_count
        assert has_count or "a comparison of 29 athletes" in text
        assert words.limits.endswith(plain.limit)
    for rivals in ("arms that balance both legs", "") if finding == "found" else ():
        words = as_read(verdict_words(hypothesis.model_copy(update={"rivals": rivals}), row))
        assert ("non-discriminating" in words.label) == bool(rivals)
        assert ("accounts expect the same: arms that balance both" in words.text) == bool(rivals)


def test_everything_that_the_registry_and_gates_name_has_words():
    assert set(TESTED_STATISTICS) == set(get_args(StatisticName))
    assert set(STATISTICS) == {*TESTED_STATISTICS, MODERATED} - {"formula"}
    formulas = [entry for entry in REGISTRY.hypotheses if entry.formula is not None]
    assert formulas
    assert all(entry.words is not None for entry in formulas)
    assert set(FAILED_GATES) == set(GATE_ADVICE) == {"athletes", *GATES}
    assert set(OUTCOME_WORDS) | {"no_effect"} == set(CLASSES)
    for hypothesis_of in REGISTRY.hypotheses:
        for text in (
            hypothesis_of.caveat,
            hypothesis_of.title,
            hypothesis_of.rivals,
            hypothesis_of.discriminating,
        ):
            keeps_the_rules(text)
    for text in NEEDS.values():
        keeps_the_rules(text)
    assert "our operationalisation" in SCOPE
    assert "not effects of training" in SCOPE


@pytest.mark.parametrize(
    "hypothesis",
    [hypothesis_of for hypothesis_of in REGISTRY.hypotheses if hypothesis_of.biases],
    ids=lambda hypothesis_of: hypothesis_of.id,
)
def test_biases_are_those_of_the_drawn_studies(hypothesis):
    """The bias of the median, in smallest effects, to what a hundred studies know."""
    studies = Path(__file__).parents[2] / "docs" / "validation" / "verdicts.tsv"
    table = pd.read_csv(studies, sep="\t").set_index(["cell", "hypothesis"])
    for cause, moved in hypothesis.biases.items():
        assert moved == pytest.approx(table.loc[(cause, hypothesis.id)]["bias"], abs=0.25)
        assert f"with {cause} the estimate is off by {moved:+g}" in plain(
            bias_words(hypothesis, "observed")
        )
