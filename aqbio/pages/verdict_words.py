"""Sentences about verdicts: the result, its uncertainty, and what would change it.

A verdict concerns our operationalisation of a claim in the data at hand. It never says that a text,
a method or a person is right or wrong, and never that a change would make someone faster. Every
number comes from the verdict's row; details for reviewers fold out of the same text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aqbio.figures.words import digits, factor_words, format_interval
from aqbio.names import INTERVALS
from aqbio.pages.address import cell, constant, marked, plain, where
from aqbio.pages.filters import capital, choices, closed, missing, quoted
from aqbio.pages.words import DESIGNS, FAILED_GATES, LABELS, OUTCOME_WORDS, statistic_words
from aqbio.stats.claim_columns import OUTCOME_NAMES
from aqbio.stats.entries import StatisticWords
from aqbio.stats.evidence import MOST_ATHLETES
from aqbio.stats.registry import Hypothesis

Row = Mapping[str, Any]

SCOPE = (
    "Verdicts concern our operationalisation of each claim, as the registry states it, in these "
    "data: the articles give no sizes, axes or time scales, so that every smallest effect of "
    "interest is ours. Associations between athletes or between steps are not effects of training."
)

DECIDED = ("supported", "not_supported", "inconclusive")
"""Verdicts that the rule gives."""


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """Words of one hypothesis on pages."""

    label: str
    """The verdict in two or three words, with marks; empty where there is none."""
    basis: str
    """Basis of the verdict."""
    text: str
    """The result and the number of athletes."""
    limits: str
    """Limits of the design and of the estimate; empty where no number was estimated."""
    sure: str
    """Estimate, interval and robustness; empty where no number was estimated."""
    change: str
    """What would change the verdict; empty where no number was estimated."""
    remarks: tuple[str, ...]
    """Fragile, post hoc."""
    details: tuple[tuple[str, str], ...]
    """(what, sentence): what the verdict rests on."""

    @property
    def verdict(self) -> str:
        """Label and what was found, in one line."""
        return f"{self.label}: {self.basis}" if self.basis not in ("found", "") else self.label


def verdict_words(hypothesis: Hypothesis, row: Row) -> VerdictWords:
    """Write a row of verdicts.tsv in words."""
    verdict = "" if missing(row["verdict"]) else str(row["verdict"])
    marks = ["non-discriminating"] if hypothesis.rivals and verdict == "supported" else []
    if row["post_hoc"] == "yes" and verdict in DECIDED:
        marks.append("post hoc")
    label = LABELS.get(verdict, verdict.replace("_", " "))
    is_estimated = not missing(row["estimate"])
    details = _details(hypothesis, row) if is_estimated else ()
    return VerdictWords(
        label=f"{label} ({', '.join(marks)})" if marks else label,
        basis=_basis(hypothesis, row) if verdict else "",
        text=_text(hypothesis, row),
        limits=" ".join(filter(None, (_design(row), _limit(hypothesis, row)))),
        sure=closed(_how_sure(row)) if is_estimated else "",
        change=closed(_change(hypothesis, row)) if is_estimated and verdict in DECIDED else "",
        remarks=tuple(_remarks(row)),
        details=tuple((name, closed(words)) for name, words in details if words),
    )


def _basis(hypothesis: Hypothesis, row: Row) -> str:
    """Basis of a verdict; empty where the verdict says it already."""
    outcome, words = str(row["found"]), statistic_words(hypothesis)
    if outcome == "opposite_found" and words is not None:
        return words.more if float(row["estimate"]) > 0.0 else words.less
    if outcome == "no_effect":
        smallest = _effect(hypothesis, row, "smallest_effect")
        if words is None:
            return f"no effect larger than {smallest} ({row['unit']})"
        return f"no effect larger than {words.size.format(smallest)}"
    return OUTCOME_WORDS.get(outcome, outcome.replace("_", " "))


def _design(row: Row) -> str:
    """State what the design allows; empty where nothing was estimated or nothing was changed."""
    return "" if missing(row["estimate"]) else DESIGNS[str(row["design"])]


def _text(hypothesis: Hypothesis, row: Row) -> str:
    """State the result, without statistics and without advice."""
    outcome = str(row["found"])
    if outcome == "not_testable":
        return f"These data do not allow a test: {_reason(row)}"
    words = statistic_words(hypothesis)
    if words is None:
        return f"{hypothesis.title}: {_reason(row)}"
    prediction = _prediction(hypothesis, words)
    if str(row["gates"]) != "passed" or missing(row["estimate"]):
        return f"Whether {prediction} remains unresolved: {failed_gates(row)}."
    rivals = f" Other accounts expect the same: {hypothesis.rivals}."
    shown_rivals = rivals if outcome == "found" and hypothesis.rivals else ""
    return f"{capital(_finding(hypothesis, row, words, prediction))}{shown_rivals}"


def _choices(row: Row, column: str) -> str:
    """Name the choices of a cell; empty where there is none."""
    text = choices(row[column])
    return text and _stated(row, column, text, by="choices")


def _reason(row: Row) -> str:
    return _stated(row, "reason", closed(str(row["reason"])))


def _limit(hypothesis: Hypothesis, row: Row) -> str:
    """State what the estimate does not say; empty where nothing was estimated."""
    words = statistic_words(hypothesis)
    return "" if words is None or missing(row["estimate"]) else words.limit


def _prediction(hypothesis: Hypothesis, words: StatisticWords) -> str:
    """Clause of what a claim predicts."""
    if hypothesis.predicted == "none":
        return words.same
    return words.less if hypothesis.predicted == "less" else words.more


def failed_gates(row: Row) -> str:
    """Every gate that failed, in words, with its numbers."""
    names = "" if missing(row["gates"]) else str(row["gates"])
    gates = [FAILED_GATES[gate] for gate in names.split(", ") if gate in FAILED_GATES]
    if not gates:
        return "no athlete has the numbers that it takes"
    numbers = str(row["reason"]).split("; ")[row["found"] == "described" :]  # first that it is
    if len(numbers) != len(gates):
        return "; ".join(dict.fromkeys(gates))
    pairs = zip(gates, numbers, strict=True)
    return "; ".join(
        f"{gate} ({_stated(row, 'reason', closed(number).removesuffix('.'), by='part')})"
        for gate, number in pairs
    )


def _finding(hypothesis: Hypothesis, row: Row, words: StatisticWords, claim: str) -> str:
    """Write an estimate as a sentence; athletes are counted where each has a value."""
    outcome, people = str(row["found"]), _count(row, "n_athletes", "athlete")
    size, smallest = (_effect(hypothesis, row, name) for name in ("estimate", "smallest_effect"))
    short = words.short.format(smallest)
    per_athlete = not missing(row["n_showing"])
    several = f"a comparison of {people}"
    clause = words.more if row["estimate"] > 0 else words.less
    average = " on average" if per_athlete else ""
    observation = (
        f"{clause},{average} by {words.size.format(size)}{'' if per_athlete else f' ({several})'}"
    )
    extent = f"{_showing(row)} showed it by {short} or more" if per_athlete else ""
    if hypothesis.denies:
        return _denial(hypothesis, row, words, observation)
    against = hypothesis.sign * float(row["estimate"]) < 0
    if outcome == "condition_failed":
        extent = f"; {extent}" if per_athlete else ""
        return f"{observation}{extent}; but {words.second or 'its further condition is not met'}."
    if outcome == "found" or (outcome == "described" and not against):
        return f"{observation}{f'; {extent}' if per_athlete else ''}."
    if outcome in ("opposite_found", "described"):
        if not per_athlete:
            return f"{observation}."
        return f"{observation}; {_showing(row)} showed the predicted direction by {short} or more."
    if outcome == "no_effect":
        way = " in the opposite direction" if against else ""
        mean = f"{_showing(row)} showed it; the mean was" if per_athlete else f"{several} shows"
        return (
            f"we found no evidence that {claim} by {words.size.format(smallest)} or more: {mean} "
            f"{words.short.format(size)}{way}, below the smallest effect of interest."
        )
    if not per_athlete:
        return f"whether {claim} remains unresolved: {several} is too imprecise."
    return f"whether {claim} remains unresolved: the mean is too imprecise; {extent}."


def _denial(hypothesis: Hypothesis, row: Row, words: StatisticWords, observation: str) -> str:
    """Write the result of a claim that denies an effect."""
    smallest = words.short.format(_effect(hypothesis, row, "smallest_effect"))
    outcome = str(row["found"])
    extent = f"; the own change of {_showing(row)} was below that" * (not missing(row["n_showing"]))
    smallest_words = "" if hypothesis.predicted == "none" else f" by {smallest} or more"
    claim = _prediction(hypothesis, words) + smallest_words
    if outcome == "change_found":
        return f"{observation}{extent.replace('that', smallest)}."
    if outcome != "equivalent":
        unsure = f"the mean is too imprecise{extent.replace('that', smallest)}"
        return f"whether {claim} remains unresolved: {unsure}."
    if hypothesis.predicted == "none":
        return f"{claim}, to less than {smallest}: {observation}{extent}."
    return f"that {claim} is excluded, as the claim expects: {observation}{extent}."


def _showing(row: Row) -> str:
    """Number of athletes who showed an effect."""
    count = int(row["n_showing"])
    people = _count(row, "n_athletes", "athlete")
    return f"{_stated(row, 'n_showing', count)} of {people}" if count else "no athlete"


def _share(row: Row) -> str:
    """Interval of the share of athletes who showed an effect."""
    low, high = (
        _stated(row, name, f"{100.0 * float(row[name]):.0f}", factor=100.0)
        for name in ("share_low", "share_high")
    )
    return f"{INTERVALS['share']} {low} to {high} % ({_showing(row)})"


def _how_sure(row: Row) -> str:
    """Estimate, interval, and its sensitivity to other choices and single athletes."""
    value, low, high = _numbers(row, "estimate", "ci_low", "ci_high")
    has_interval = math.isfinite(float(row["ci_low"]) + float(row["ci_high"]))
    interval = f" ({INTERVALS['athletes']} {low} to {high})" if has_interval else ""
    text = (
        f"Estimate {value}{interval} from {_count(row, 'n_athletes', 'athlete')} and "
        f"{_stated(row, 'n_steps', int(row['n_steps']))} steps or sprints"
    )
    if not missing(row["n_showing"]):
        text += f"; {_share(row)}"
    if missing(row["lowest"]):
        text += ". No other choice was judged."
    else:
        _, low, high = _numbers(row, "estimate", "lowest", "highest")
        alone = plain(low) == plain(high)
        if alone:
            text += "; no other choice of the analysis changes it"
        else:
            text += f"; {INTERVALS['choices']} {low} to {high}"
        if not alone and not missing(row["decisive"]):
            text += f", changed most by {factor_words(str(row['decisive']))}"
        turned, silent = (_choices(row, name) for name in ("overturned_by", "silent"))
        text += (
            f". Choices that change the verdict: {turned}."
            if turned
            else ". No other choice changes the verdict."
        )
        text += f" Not judged, because gates failed: {silent}." if silent else ""
    if missing(row["n_showing"]) or missing(row["p_holm"]):
        return text
    if missing(row["influential"]):
        return f"{text} Leaving out any one athlete does not change the verdict."
    influential = _stated(row, "influential", row["influential"])
    return f"{text} Leaving out {influential} (one at a time) changes the verdict."


def _change(hypothesis: Hypothesis, row: Row) -> str:
    """Requirements of the decision rule, and the values found."""
    smallest = _stated(row, "smallest_effect", digits(float(row["smallest_effect"])))
    alpha = _alpha(hypothesis)
    extreme = "most" if hypothesis.predicted == "less" else "least"
    needed = f"the estimate is at {extreme} {smallest} and its adjusted p below {alpha}"
    if hypothesis.denies:
        needed = f"the adjusted p against a change of {smallest} is below {alpha}"
    now = f"it is {_numbers(row, 'estimate', 'ci_low', 'ci_high')[0]}"
    judged = not missing(row["p_holm"])
    if judged:
        now += f", p {_p(row, 'p_holm')}"
    if not missing(row["condition"]):
        needed += ", and its own condition holds"
        note = "" if missing(row["note"]) else f" ({_stated(row, 'note', row['note'])})"
        now += f", and the condition {'holds' if row['condition'] == 'yes' else 'fails'}{note}"
    if not judged:
        return f"Judged if the gates passed ({_gates(row)}); then supported if {needed}; {now}."
    qualifier = " only" if str(row["found"]) == "found" else ""
    text = f"Supported{qualifier} if {needed}; {now}."
    if str(row["verdict"]) != "inconclusive":
        return text
    against = f"against an effect of interest were below {alpha}"
    if hypothesis.denies:
        against = f"for a change were below {alpha} and the estimate {smallest} or more"
    return f"{text} Not supported if the adjusted p {against}; it is {_p(row, 'p_against_holm')}."


def _details(hypothesis: Hypothesis, row: Row) -> Iterator[tuple[str, str]]:
    """Basis of a verdict in detail, for reviewers."""
    model = "" if missing(row["model"]) else f"; {row['model']}"
    yield (
        "Statistic",
        (
            f"{_estimand(hypothesis)}{model}. Smallest effect of "
            f"interest {_stated(row, 'smallest_effect', digits(float(row['smallest_effect'])))}; "
            f"unit: {row['unit']}."
        ),
    )
    reason = _stated(row, "reason", closed(capital(str(row["reason"]))))
    if missing(row["p_holm"]):
        failed = "" if row["gates"] == "passed" else f" Gates that failed: {_gates(row)}."
        yield "Rule", f"{reason}{failed}"
    else:
        yield (
            "Rule",
            (
                f"{reason} Adjusted p {_p(row, 'p_holm')} for it and {_p(row, 'p_against_holm')} "
                f"{'for a change' if hypothesis.denies else 'against an effect of interest'}, both "
                f"at {_alpha(hypothesis)}."
            ),
        )
    if missing(row["n_showing"]):
        yield (
            "Athletes",
            "The estimate compares athletes with each other; no athlete has a value of their own.",
        )
    else:
        yield (
            "Athletes",
            f"Hodges-Lehmann estimate {_stated(row, 'robust', digits(float(row['robust'])))}.",
        )
    yield "Bias not covered by the interval", bias_words(hypothesis, str(row["design"]))


def _cause(hypothesis: Hypothesis, cause: str) -> str:
    return marked(cause, "registry", where(id=hypothesis.id), f"biases.{cause}", by="named")


def _estimand(hypothesis: Hypothesis) -> str:
    text = capital(plain_names(hypothesis.estimand))
    return (
        text
        if hypothesis.contrast
        else marked(text, "registry", where(id=hypothesis.id), "estimand", by="registered")
    )


def _bias(hypothesis: Hypothesis, cause: str, moved: float) -> str:
    return marked(f"{moved:+g}", "registry", where(id=hypothesis.id), f"biases.{cause}")


ORDERS = {
    "balanced": "in this study the order was balanced",
    "one_order": "in this study one condition came later in nearly all athletes",
    "order_unknown": "the order of this study is not stated",
}
"""What is known of the order of conditions, by the design of a verdict."""


def bias_words(hypothesis: Hypothesis, design: str) -> str:
    """Shift of an estimate by errors that no interval includes; empty where not known."""
    biases = [
        f"In simulated studies with {_cause(hypothesis, cause)} the estimate is off by "
        f"{_bias(hypothesis, cause, moved)} smallest effects"
        for cause, moved in hypothesis.biases.items()
    ]
    order = [ORDERS[design]] if biases and hypothesis.contrast and design in ORDERS else []
    return "; ".join([*biases, *order])


_CODE_NAME = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


def plain_names(text: str) -> str:
    """Write the columns and labels in a text as a reader would."""
    return _CODE_NAME.sub(lambda name: OUTCOME_NAMES.get(name[0], name[0].replace("_", " ")), text)


def _remarks(row: Row) -> Iterator[str]:
    if row["fragile"] == "yes":
        yield (
            "Fragile: by other choices than the study's own "
            f"({_choices(row, 'overturned_by')}) the verdict is another one; see the specification "
            "curve."
        )
    if row["post_hoc"] == "yes":
        yield ("Post hoc: its basis was changed after the data were first read (above).")


def _numbers(row: Row, *names: str) -> tuple[str, str, str]:
    """Three numbers, to the digit that the range of the last two can carry."""
    texts = format_interval(*(float(row[name]) for name in names))
    value, low, high = (_stated(row, name, text) for name, text in zip(names, texts, strict=True))
    return value, low, high


def _stated(row: Row, column: str, text: object, *, factor: float = 1.0, by: str = "") -> str:
    """Write a cell of a row of verdicts.tsv."""
    return cell("verdicts", row, column, text, factor=factor, by=by)


def _count(row: Row, column: str, noun: str) -> str:
    """Write a cell that counts something."""
    number = int(row[column])
    return f"{_stated(row, column, number)} {noun}{'s' * (number != 1)}"


SIZES = {"": ("size", 1.0), "percent": ("size", 100.0), "percent_of_logarithm": ("growth", 1.0)}
"""How sizes are computed, and their factor, by the conversion of their words."""


def _effect(hypothesis: Hypothesis, row: Row, column: str) -> str:
    """Write the size of an effect in the unit of its words."""
    words, value = statistic_words(hypothesis), float(row[column])
    by, factor = SIZES["" if words is None else words.convert]
    size = abs(value if words is None else words.written(value))
    return _stated(row, column, digits(size), factor=factor, by=by)


def _alpha(hypothesis: Hypothesis) -> str:
    if hypothesis.contrast:
        return constant(f"{hypothesis.alpha:g}")
    return marked(f"{hypothesis.alpha:g}", "registry", where(id=hypothesis.id), "alpha")


def _gates(row: Row) -> str:
    return str(row["gates"]).replace("_", " ")


def _p(row: Row, column: str) -> str:
    """A p value as journals write it."""
    value = float(row[column])
    return _stated(row, column, "<0.001" if value < 0.001 else f"{value:.3f}")


def deviation_sentences(rows: Sequence[Row]) -> tuple[str, ...]:
    """State every change since the data were first read, rows of deviations.tsv, in sentences.

    Rows and columns of a sheet that share values, reason and date share a sentence.
    """
    groups: dict[tuple[str, str, str, str, str], list[str]] = {}
    for row in rows:
        name, _, column = str(row["key"]).partition(": ")
        kind = next((kind for kind in SHEET_ROWS if name.startswith(f"{kind} ")), "")
        shown = name.removeprefix(f"{kind} ") if kind else str(row["hypothesis"])
        subject = column if kind else str(row["key"])
        values = (_cell(row["before"]), _cell(row["now"]))
        groups.setdefault((kind, subject, *values, _remarks_on(row)), []).append(shown)
    return tuple(_deviation(*key, names) for key, names in groups.items())


SHEET_ROWS = {"participant": "athlete", "trial": "trial", "strengths": "athlete"}
"""Noun of the rows of a sheet, by the first word of a deviation's key."""


def _cell(value: Any) -> str:
    return "" if missing(value) else str(value)


def _deviation(
    kind: str, subject: str, before: str, now: str, remarks: str, names: Sequence[str]
) -> str:
    """Write changes of one kind as a sentence."""
    listed = ", ".join(dict.fromkeys(names))
    if not kind:
        scope = "every verdict" if listed == "all" else listed
        return f"{subject} ({scope}): {_from_to(before, now)}."
    rows = f"{SHEET_ROWS[kind]}{'s' * (len(names) != 1)} {listed}"
    verb = "was" if len(names) == 1 else "were"
    if subject == "include" and now == "no":
        return f"{rows} {verb} left out after data were read{remarks}."
    if subject == "content":
        return f"The recording of {rows} was exchanged after data were read{remarks}."
    if subject:
        values = "" if kind == "strengths" else f": {_from_to(before, now)}"
        return f"{subject} of {rows} was changed after data were read{values}{remarks}."
    part = "strengths of " if kind == "strengths" else ""
    deed = "added to" if now else "taken out of"
    return f"{capital(part + rows)} {verb} {deed} the sheets after data were read{remarks}."


def _from_to(before: str, now: str) -> str:
    """Write what a rule or a cell was and is."""
    cells = {"before": before, "now": now}
    words = [quoted(text, "deviations", name) or "nothing" for name, text in cells.items()]
    return " → ".join(words)


def _remarks_on(row: Row) -> str:
    """Remarks on a change of a sheet: decided by whom, when and why, as far as it is stated."""
    author, day, why = (_cell(row[name]) for name in ("decided_by", "decided_on", "reason"))
    on = f"on {quoted(day, 'deviations', 'decided_on')}" if day else ""
    decision = " ".join(filter(None, (f"by {author}" if author else "", on)))
    why = quoted(why, "deviations", "reason") or "no reason is stated"
    return f" ({'; '.join(filter(None, (decision, why)))})"


MIN_STEPS_SHARE_MOST_HELP = 0.5
"""Share of the steps' error in the variance between athletes above which more steps help most."""

MAX_STEPS_SHARE_NO_HELP = 0.1
"""Share of the steps' error in this variance below which more steps hardly help."""


def power_words(hypothesis: Hypothesis, row: Row) -> str:
    """State the power with these athletes, and the number needed (a row of power.tsv)."""
    count, needed = int(row["n_athletes"]), float(row["athletes_needed"])
    if missing(row["power"]):
        return _unknown_power(hypothesis, row, count)
    sizes = [_size(hypothesis, row, "smallest_effect", share) for share in (0.5, 1.0, 2.0)]
    half, at, twice = (_chance(row, name) for name in ("power_half", "power", "power_twice"))
    people = _power(row, "n_athletes", count) + f" athlete{'s' * (count != 1)}"
    if hypothesis.denies:
        aim, goal = "no effect at all", f"excluding {sizes[1]}"
        text = f"{people} exclude an effect of {sizes[1]} with a chance of "
        text += f"{at} if there is none, of {half} if it is {sizes[0]}"
    else:
        aim = goal = sizes[2]
        text = f"{people} call an effect of {sizes[0]} supported with a "
        text += f"chance of {half}, of {sizes[1]} with {at}, of {sizes[2]} with {twice}"
    if needed <= count:
        enough = _power(row, "athletes_needed", f"{needed:.0f}")
        return f"{text}; {enough} are enough for 80 % at {aim}."
    most = f"more than {_power(row, 'athletes_needed', MOST_ATHLETES, by='unknown')}"
    athletes = most if math.isnan(needed) else _power(row, "athletes_needed", f"{needed:.0f}")
    steps = (float(row["sd_steps"]) / (float(row["sd_athletes"]) or math.nan)) ** 2
    helps = ""
    if steps > MIN_STEPS_SHARE_MOST_HELP:
        helps = " More steps of each athlete would help most."
    elif steps < MAX_STEPS_SHARE_NO_HELP:
        helps = " More steps of each athlete would hardly help."
    if not missing(row["mde"]):
        detected = _size(hypothesis, row, "mde")
        helps = f" The effect that {people} detect with a power of 80 % is {detected}.{helps}"
    return f"{text}; 80 % for {goal} takes {athletes} like these.{helps}"


def _power(row: Row, column: str, text: object, *, factor: float = 1.0, by: str = "") -> str:
    """Write a cell of a row of power.tsv."""
    return cell("power", row, column, text, factor=factor, by=by)


def _size(hypothesis: Hypothesis, row: Row, column: str, share: float = 1.0) -> str:
    """Write the size of an effect, or a share of it, with its unit."""
    words, value = statistic_words(hypothesis), share * float(row[column])
    by, factor = SIZES["" if words is None else words.convert]
    size = abs(value if words is None else words.written(value))
    text = _power(row, column, digits(size), factor=factor * share, by=by)
    if words is None:
        return f"{text} ({row['unit']})" if "unit" in row else text
    return words.short.format(text).removesuffix(" of it")


def _chance(row: Row, column: str) -> str:
    percent = 100.0 * float(row[column])
    if percent < 1.0:
        return f"less than {_power(row, column, 1, by='below percent')} %"
    return f"{_power(row, column, f'{percent:.0f}', factor=100.0)} %"


def _unknown_power(hypothesis: Hypothesis, row: Row, count: int) -> str:
    """Reason why the power of a study is not stated."""
    minimum = hypothesis.minimum.athletes
    if count < minimum:
        verb = " never decides" if count == 1 else "s never decide"
        people = _power(row, "n_athletes", count)
        least = marked(minimum, "registry", where(id=hypothesis.id), "minimum.athletes")
        return f"{people} athlete{verb} it; a verdict takes at least {least}."
    return (
        "its power cannot be estimated from the spread of these athletes, because errors of "
        "measurement or two readings of equal speed lower it; what simulated studies found: "
        "docs/validation."
    )


def merge_sentences(sentences: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Join the sentences (name of a hypothesis, words) that say the same of several hypotheses."""
    same: dict[str, list[tuple[str, str]]] = {}
    for name, words in sentences:
        same.setdefault(plain(words), []).append((name, words))
    return tuple(f"{', '.join(name for name, _ in of)}: {of[0][1]}" for of in same.values())
