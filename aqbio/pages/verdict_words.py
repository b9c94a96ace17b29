"""Every sentence about a verdict, once: what was found, how sure that is, what would change it.

A verdict concerns our operationalisation of a claim in the data at hand. It never says that a text,
a method or a person is right or wrong, and never that a change would make someone faster. Every
number comes from the verdict's row; details for reviewers fold out of the same text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aqbio.figures.words import MISSING, digits, factor_words, format_interval
from aqbio.pages.filters import capital, choices, closed, missing
from aqbio.pages.statistic_words import (
    BIASES,
    CURVES,
    FAILED_GATES,
    FOUND,
    LABELS,
    LITERAL,
    STATISTICS,
    StatisticWords,
)
from aqbio.stats.evidence import MOST_ATHLETES
from aqbio.stats.registry import Hypothesis
from aqbio.stats.waveforms import ALPHA

Row = Mapping[str, Any]

SCOPE = (
    "Verdicts concern our operationalisation of each claim, as the registry states it, in these "
    "data: the articles give no sizes, axes or time scales, so that every smallest effect of "
    "interest is ours. Associations between athletes or between steps are not effects of training."
)


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """What the page says about one hypothesis."""

    label: str
    """The verdict in two words or three, with marks."""
    found: str
    """What it rests on, in words that mean one thing."""
    text: str
    """What was found, in how many athletes, and what it does not say."""
    sure: str
    """Estimate, interval and robustness; empty where no number was looked for."""
    change: str
    """What would change the verdict; empty where no number was looked for."""
    remarks: tuple[str, ...]
    """Fragile, post hoc."""
    literal: str
    """The sentence of the article, taken literally."""
    details: tuple[tuple[str, str], ...]
    """(what, sentence): what the verdict rests on."""

    @property
    def verdict(self) -> str:
        """Label and what was found, in one line."""
        return f"{self.label}: {self.found}" if self.found not in ("found", "") else self.label


def verdict_words(
    hypothesis: Hypothesis, row: Row, literal: Sequence[Row] = (), curves: Sequence[Row] = ()
) -> VerdictWords:
    """Write a row of verdicts.tsv, with its rows of literal.tsv and of waveforms.tsv, in words."""
    verdict = str(row["verdict"])
    marks = ["non-discriminating"] if hypothesis.rivals and verdict == "supported" else []
    if row["post_hoc"] == "yes" and verdict in ("supported", "not_supported", "inconclusive"):
        marks.append("post hoc")
    known = not missing(row["estimate"])
    details = [*(_details(hypothesis, row) if known else ()), ("Over the contact", _spans(curves))]
    return VerdictWords(
        label=f"{LABELS[verdict]} ({', '.join(marks)})" if marks else LABELS[verdict],
        found=_found(row),
        text=_text(hypothesis, row),
        sure=closed(_how_sure(row)) if known else "",
        change=closed(_change(hypothesis, row)) if known else "",
        remarks=tuple(_remarks(row)),
        literal=_literal(hypothesis, literal),
        details=tuple((name, closed(words)) for name, words in details if words),
    )


def _found(row: Row) -> str:
    """What a verdict rests on; empty where the verdict says it already."""
    found = str(row["found"])
    if found == "no_effect":
        return f"no effect larger than {digits(abs(float(row['smallest_effect'])))}"
    return FOUND[found]


def _text(hypothesis: Hypothesis, row: Row) -> str:
    """What was found, without statistics and without advice."""
    found = str(row["found"])
    if found == "not_testable":
        return f"These data cannot tell: {closed(str(row['reason']))}"
    words = STATISTICS[hypothesis.statistic]
    asked = words.less if hypothesis.predicted == "less" else words.more
    if str(row["gates"]) != "passed" or missing(row["estimate"]):
        gates = (FAILED_GATES.get(name) for name in str(row["gates"]).split(", "))
        why = "; ".join(dict.fromkeys(filter(None, gates))) or "no athlete has what it takes"
        return f"Whether {asked} stays open: {why}."
    rivals = f" Other accounts expect the same: {hypothesis.rivals}."
    return (
        f"{capital(_finding(hypothesis, row, words, asked))} {words.limit}"
        f"{rivals if found == 'found' and hypothesis.rivals else ''}"
    )


def _finding(hypothesis: Hypothesis, row: Row, words: StatisticWords, asked: str) -> str:
    """An estimate in a sentence; athletes are counted where each has a number of their own."""
    found, people = str(row["found"]), int(row["n_athletes"])
    size, least = (
        digits(abs(words.convert(float(row[name])))) for name in ("estimate", "smallest_effect")
    )
    short = words.short.format(least)
    own = not missing(row["n_showing"])
    share = ""
    if own:
        low, high = (f"{100.0 * float(row[name]):.0f}" for name in ("share_low", "share_high"))
        share = (
            f" in {int(row['n_showing'])} of {people} athletes (of 100 like them: {low} to {high})"
        )

    def counted(before: str) -> str:
        return f"{before}{share}" if own else ""

    compared = "" if own else f" (a comparison of {people} athletes)"
    clause = words.more if row["estimate"] > 0 else words.less
    seen = f"{clause},{' on average' if own else ''} by {words.size.format(size)}{compared}"
    if found == "condition_failed":
        second = words.second or "its further condition is not met"
        return f"{seen}{counted(f', and by {short} or more')}; but {second}."
    if found in ("found", "described"):
        return f"{seen}{counted(f', and by {short} or more')}."
    if found == "opposite_found":
        return f"{seen}{counted(f'; the other way round, by {short} or more,')}."
    if found == "no_effect":
        along = hypothesis.sign * float(row["estimate"]) > 0
        told = words.short.format(size) + ("" if along else " the other way round")
        average = f"seen{share}; on average it was" if own else f"not seen{compared}; it was"
        return (
            f"that {asked}, by {words.size.format(least)} or more, was {average} {told}, too "
            "little to matter."
        )
    if not own:
        return f"whether {asked} stays open: a comparison of {people} athletes does not tell."
    uncertain = f"whether {asked} stays open: the average is too uncertain."
    return f"{uncertain} By {short} or more it was so{share}."


def _how_sure(row: Row) -> str:
    """Estimate, interval, and what other choices and single athletes do to it."""
    value, low, high = _numbers(row, "estimate", "ci_low", "ci_high")
    people = int(row["n_athletes"])
    interval = "" if MISSING in (low, high) else f" (95 % interval {low} to {high})"
    told = (
        f"Estimate {value}{interval} from {people} athlete{'s' * (people != 1)} and "
        f"{int(row['n_steps'])} steps or sprints"
    )
    if missing(row["lowest"]):
        told += ". No other choice was judged."
    else:
        _, low, high = _numbers(row, "estimate", "lowest", "highest")
        told += f"; {low} to {high} over all choices that judge"
        if not missing(row["decisive"]):
            told += f", moved most by {factor_words(str(row['decisive']))}"
        turned, silent = choices(row["overturned_by"]), choices(row["silent"])
        told += f". Another verdict with: {turned}." if turned else ". None gives another verdict."
        told += f" Nothing is known of: {silent}, where its gates fail." if silent else ""
    if missing(row["n_showing"]) or missing(row["p_holm"]):
        return told
    if missing(row["influential"]):
        return f"{told} Without any one athlete the verdict stays."
    return f"{told} Another verdict without {row['influential']} (one at a time)."


def _change(hypothesis: Hypothesis, row: Row) -> str:
    """What the rule asks for, and what its numbers are."""
    smallest, alpha = digits(float(row["smallest_effect"])), f"{hypothesis.alpha:g}"
    if not hypothesis.judged:
        return "It is described, and has no verdict."
    most = "most" if hypothesis.predicted == "less" else "least"
    needed = f"the estimate is at {most} {smallest} and its adjusted p below {alpha}"
    now = f"it is {_numbers(row, 'estimate', 'ci_low', 'ci_high')[0]}"
    judged = not missing(row["p_holm"])
    if judged:
        now += f", p {_p(row['p_holm'])}"
    if not missing(row["condition"]):
        needed += ", and its own condition holds"
        note = "" if missing(row["note"]) else f" ({row['note']})"
        now += f", and the condition {'holds' if row['condition'] == 'yes' else 'fails'}{note}"
    if not judged:
        return f"Judged if the gates passed ({_gates(row)}); then supported if {needed}; {now}."
    only = " only" if str(row["found"]) == "found" else ""
    told = f"Supported{only} if {needed}; {now}."
    if str(row["verdict"]) != "inconclusive":
        return told
    return (
        f"{told} Not supported if the adjusted p against an effect of interest were below {alpha}; "
        f"it is {_p(row['p_against_holm'])}."
    )


def _details(hypothesis: Hypothesis, row: Row) -> Iterator[tuple[str, str]]:
    """What a verdict rests on, for reviewers."""
    model = "" if missing(row["model"]) else f"; {row['model']}"
    yield (
        "Statistic",
        (
            f"{row['statistic']}: {hypothesis.estimand}{model}. Smallest effect of interest "
            f"{digits(float(row['smallest_effect']))}; unit: {row['unit']}."
        ),
    )
    reason = closed(capital(str(row["reason"])))
    if missing(row["p_holm"]):
        yield "Rule", f"{reason} Not judged: gates that failed: {_gates(row)}."
    else:
        yield (
            "Rule",
            (
                f"{reason} Adjusted p {_p(row['p_holm'])} for it and {_p(row['p_against_holm'])} "
                f"against an effect of interest, both at {hypothesis.alpha:g}."
            ),
        )
    if missing(row["n_showing"]):
        yield "Athletes", "The number is one of differences between athletes; none has their own."
    else:
        yield "Athletes", f"Hodges-Lehmann estimate {digits(float(row['robust']))}."
    yield "What no interval holds", bias_words(hypothesis.id)


def bias_words(hypothesis: str) -> str:
    """How far errors that no interval holds move an estimate; empty where nothing is known."""
    return "; ".join(
        f"In drawn studies {cause} moves the estimate by {moved:+g} smallest effects"
        for cause, moved in BIASES.get(hypothesis, {}).items()
    )


def _spans(rows: Sequence[Row]) -> str:
    """Where in the contact the curves of a hypothesis differ from 0; empty without a curve."""
    clauses = []
    for curve, directions in CURVES.items():
        own = [row for row in rows if row["curve"] == curve]
        sure = [row for row in own if not missing(row["p"]) and float(row["p"]) < ALPHA]
        for sign, words in zip((1, -1), directions, strict=True):
            found = [row for row in sure if int(row["sign"]) == sign]
            if found:
                spans = " and from ".join(
                    f"{int(row['from_percent'])} to {int(row['to_percent'])} %" for row in found
                )
                p = digits(max(float(row["p"]) for row in found))
                clauses.append(f"{words} from {spans} of contact (p {p} at most)")
        if own and not sure:
            note = next((f": {row['note']}" for row in own if not missing(row["note"])), "")
            clauses.append(f"whether {directions[0]} at any instant is not known{note}")
    return capital("; ".join(clauses))


def _literal(hypothesis: Hypothesis, rows: Sequence[Row]) -> str:
    """What a sentence says literally, its label, and the numbers that show it."""
    words = f"{capital(hypothesis.literal.words)} ({LITERAL[hypothesis.literal.label]})."
    return f"{words} {capital('; '.join(map(_literal_number, rows)))}." if rows else words


def _literal_number(row: Row) -> str:
    value, low, high = _numbers(row, "estimate", "ci_low", "ci_high")
    certain = MISSING in (low, high) or low == high
    told = f"{row['name']}: {value}" + ("" if certain else f" ({low} to {high})")
    if missing(row["n_showing"]):
        return told
    return f"{told}, shown by {int(row['n_showing'])} of {int(row['n_athletes'])} athletes"


def _remarks(row: Row) -> Iterator[str]:
    if row["fragile"] == "yes":
        yield (
            f"Fragile: with {choices(row['overturned_by'])} instead of the study's own choice the "
            "verdict is another one; see the specification curve."
        )
    if row["post_hoc"] == "yes":
        yield (
            "Post hoc: the rule was changed after the data were first read; see the deviations "
            "from the registry."
        )


def _numbers(row: Row, *names: str) -> tuple[str, str, str]:
    """Three numbers, to the digit that the range of the last two can carry."""
    value, low, high = (float(row[name]) for name in names)
    return format_interval(value, low, high)


def _gates(row: Row) -> str:
    return str(row["gates"]).replace("_", " ")


def _p(value: Any) -> str:
    """A p value as journals write it."""
    return "<0.001" if float(value) < 0.001 else f"{float(value):.3f}"


@dataclass(frozen=True, slots=True)
class Record:
    """The registry that was written down before the first recording was read."""

    hash: str
    recorded: str
    """When, in words of ISO 8601."""


def registry_words(record: Record | None, now: str) -> str:
    """Which registry was fixed when, and whether the verdicts rest on it."""
    if record is None:
        return (
            f"The verdicts rest on registry {now}. Nothing was written down of the one that was "
            "there when the data were first read (registry.json is missing), so that every verdict "
            "counts as post hoc."
        )
    day, _, clock = record.recorded.partition("T")
    when = f"{day}, {clock[:5]} UTC" if clock.endswith("+00:00") else record.recorded
    fixed = f"Registry {record.hash} was fixed on {when}, before data were read"
    if record.hash == now:
        return f"{fixed}; the verdicts rest on it, and nothing was changed."
    return f"{fixed}; the verdicts rest on {now}. What differs makes a verdict post hoc:"


STEPS_HELP, STEPS_DO_NOT_HELP = 0.5, 0.1
"""Shares of the steps' error in the variance of athletes' numbers: above the first more steps help
most, below the second hardly."""


def power_words(hypothesis: Hypothesis, row: Row) -> str:
    """Whether there were enough athletes, and how many it would take (a row of power.tsv)."""
    count, needed = int(row["n_athletes"]), float(row["athletes_needed"])
    if math.isnan(float(row["mde"])):
        return f"{hypothesis.id}: {_unknown_power(hypothesis, count)}"
    smallest, found = (digits(float(row[name])) for name in ("smallest_effect", "mde"))
    aim = f"an effect of {smallest}"
    if needed <= count:
        return (
            f"{hypothesis.id}: enough athletes for the smallest effect of interest. {count} took "
            f"part; {needed:.0f} show {aim} with a power of 80 %."
        )
    power = 100.0 * float(row["power"])
    chance = "less than 1 %" if power < 1.0 else f"{power:.0f} %"
    athletes = f"more than {MOST_ATHLETES}" if math.isnan(needed) else f"{needed:.0f}"
    steps = (float(row["sd_steps"]) / (float(row["sd_athletes"]) or math.nan)) ** 2
    helps = ""
    if steps > STEPS_HELP:
        helps = " More steps of each athlete would help most."
    elif steps < STEPS_DO_NOT_HELP:
        helps = " More steps of each athlete would hardly help."
    return (
        f"{hypothesis.id}: too few athletes for the smallest effect of interest. {count} show "
        f"{aim} with a power of {chance}; 80 % takes {athletes} like these. What "
        f"{count} show with 80 % is an effect of {found} or beyond.{helps}"
    )


def _unknown_power(hypothesis: Hypothesis, count: int) -> str:
    """Why nothing is said of the power of a study."""
    least = hypothesis.minimum.athletes
    if count < least:
        people = "one athlete never decides" if count == 1 else f"{count} athletes never decide"
        return f"{people} it; a verdict takes at least {least}."
    return (
        "its power cannot be told from the spread of these athletes, for errors of measurement or "
        "two readings of equal speed lower it; validation says what was found in drawn studies."
    )


def merge_sentences(sentences: Iterable[str]) -> tuple[str, ...]:
    """Join the sentences that say the same of several hypotheses."""
    names: dict[str, list[str]] = {}
    for sentence in sentences:
        name, words = sentence.split(": ", 1)
        names.setdefault(words, []).append(name)
    return tuple(f"{', '.join(who)}: {words}" for words, who in names.items())
