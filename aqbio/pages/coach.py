"""Verdicts for a coach: what was seen, in how many athletes, and what it does not say.

No statistics, no advice; every number comes from the row of the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aqbio.figures.numbers import shown
from aqbio.pages.plain import PLAIN, Plain
from aqbio.pages.sentences import capital, closed, missing
from aqbio.stats.registry import Hypothesis

Row = Mapping[str, Any]

IMPLIED = "It speaks neither for nor against an account of sprinting."

FAILED = {
    "athletes": "too few athletes",
    "quality": "too many steps could not be used",
    "minimum_n": "too few athletes with enough of what it takes",
    "marker_rate": "the cameras were too slow",
    "precision": "too few trials can be believed, or their errors are too large for it",
    "reliability": "errors of measurement are too large for it",
    "order": "the order of the sprints cannot be told from what was changed",
    "closure": "forces and motions do not add up in every trial",
}
"""What a gate that failed says of the recordings."""


def coach_words(hypothesis: Hypothesis, row: Row, literal: Sequence[Row] = ()) -> str:
    """What a verdict says to a coach.

    Parameters
    ----------
    row : mapping
        Its row of verdicts.tsv.
    literal : sequence of mapping
        Its rows of literal.tsv.
    """
    found = str(row["found"])
    if found == "mechanically_implied":
        return _implied(hypothesis, row, literal)
    if found == "not_testable":
        return f"These data cannot tell: {closed(str(row['reason']))}"
    plain = PLAIN[hypothesis.statistic]
    if not _judged(row):
        return f"Whether {_asked(plain, hypothesis)} stays open: {_lacking(row)}."
    told = _Told(plain, hypothesis, row)
    return " ".join((capital(SENTENCES[found](told)), *_limits(plain, hypothesis, found)))


@dataclass(frozen=True, slots=True)
class _Told:
    """A verdict with an estimate, in sentences."""

    plain: Plain
    hypothesis: Hypothesis
    row: Row

    @property
    def seen(self) -> str:
        """What the estimate says, with its size."""
        clause = self.plain.more if self.row["estimate"] > 0 else self.plain.less
        size = self.plain.size.format(self._size("estimate"))
        return f"{clause},{' on average' if self.own else ''} by {size}{self.people}"

    @property
    def own(self) -> bool:
        """Whether athletes have numbers of their own."""
        return not missing(self.row["n_showing"])

    @property
    def people(self) -> str:
        """Whose number it is, where none has one of the own."""
        return "" if self.own else f" (a comparison of {int(self.row['n_athletes'])} athletes)"

    @property
    def least(self) -> str:
        """The smallest effect of interest."""
        return self.plain.short.format(self._size("smallest_effect"))

    def _size(self, name: str) -> str:
        return shown(abs(self.plain.plain(float(self.row[name]))))

    def counted(self, before: str) -> str:
        """In how many athletes it was seen; empty where none has a number of the own."""
        if not self.own:
            return ""
        low, high = (f"{100.0 * float(self.row[name]):.0f}" for name in ("share_low", "share_high"))
        shared = f"{int(self.row['n_showing'])} of {int(self.row['n_athletes'])} athletes"
        return f"{before} in {shared} (of 100 like them: {low} to {high})"

    def found(self) -> str:
        """In the predicted direction, and large enough; or no change of interest."""
        if self.hypothesis.two_sided:
            less = f", less than the {self.least} that would matter"
            return f"{self.seen}{less}{self.counted('; so little')}."
        return f"{self.seen}{self.counted(f', and by {self.least} or more')}."

    def opposite(self) -> str:
        """In the other direction; or a change where none was predicted."""
        if self.hypothesis.two_sided:
            more = f", more than the {self.least} up to which it would not matter"
            return f"{self.seen}{more}{self.counted('; less')}."
        return f"{self.seen}{self.counted(f'; the other way round, by {self.least} or more,')}."

    def none(self) -> str:
        """Less than would matter."""
        size = self.plain.size.format(self._size("smallest_effect"))
        start = f"that {_asked(self.plain, self.hypothesis)}, by {size} or more, was"
        along = self.hypothesis.sign * float(self.row["estimate"]) > 0
        told = self.plain.short.format(self._size("estimate")) + (
            "" if along else " the other way round"
        )
        if self.own:
            start = f"{start} seen{self.counted('')}; on average it was"
        else:
            start = f"{start} not seen{self.people}; it was"
        return f"{start} {told}, too little to matter."

    def half(self) -> str:
        """Large enough, without what it takes beside it."""
        second = self.plain.second or "what it takes beside that was not there"
        return f"{self.seen}{self.counted(f', and by {self.least} or more')}; but {second}."

    def open(self) -> str:
        """Nothing that settles it."""
        start = f"whether {_asked(self.plain, self.hypothesis)} stays open"
        if not self.own:
            return f"{start}: a comparison of {int(self.row['n_athletes'])} athletes does not tell."
        counted = self.counted(f"By {self.least} or more it was so")
        return f"{start}: the average is too uncertain. {counted}."


SENTENCES: dict[str, Callable[[_Told], str]] = {
    "found": _Told.found,
    "opposite_found": _Told.opposite,
    "no_effect": _Told.none,
    "condition_failed": _Told.half,
    "too_imprecise": _Told.open,
    "not_enough_data": _Told.open,
    "gate_failed": _Told.open,
}
"""Sentence about an estimate by what was found."""


def _judged(row: Row) -> bool:
    """Whether there is an estimate, and no gate forbids to read it."""
    return str(row["gates"]) == "passed" and not missing(row["estimate"])


def _asked(plain: Plain, hypothesis: Hypothesis) -> str:
    return plain.less if hypothesis.predicted == "less" else plain.more


def _lacking(row: Row) -> str:
    """Why the recordings do not settle it, gate by gate."""
    failed = [name for name in str(row["gates"]).split(", ") if name in FAILED]
    words = dict.fromkeys(FAILED[name] for name in failed)
    return "; ".join(words) or "no athlete has what it takes"


def _limits(plain: Plain, hypothesis: Hypothesis, found: str) -> tuple[str, ...]:
    """What it does not say."""
    if found == "found" and hypothesis.rivals:
        return plain.limit, f"Other accounts expect the same: {hypothesis.rivals}."
    return (plain.limit,)


def _implied(hypothesis: Hypothesis, row: Row, literal: Sequence[Row]) -> str:
    told = SEEN.get(hypothesis.literal.shown)
    seen = told(literal) if told else ""
    impossible = hypothesis.literal.label == "impossible"
    shows = "No body can show it" if impossible else "Whoever runs shows it"
    return f"{seen}{shows}: {closed(str(row['reason']))} {IMPLIED}"


def _both_rise(literal: Sequence[Row]) -> str:
    """How steeply both sides' moments rise with speed."""
    rows = {str(row["name"]): row for row in literal}
    sides = [
        next((row for name, row in rows.items() if side in name and "moments" in name), None)
        for side in ("push leg", "swing leg")
    ]
    if sides[0] is None or sides[1] is None:
        return ""
    push, swing = (float(row["estimate"]) for row in sides if row is not None)
    counts = {(int(row["n_showing"]), int(row["n_athletes"])) for row in literal}
    fewest, people = min(counts)
    many = f"{fewest} of {people}" if len(counts) == 1 else f"at most {fewest} of {people}"
    steep = ""
    if push > 0 and swing > 0:
        first, second = ("swing", "push") if swing > push else ("push", "swing")
        times = f"{max(push, swing) / min(push, swing):.2g}"
        steep = (
            f"; the {first} leg's moments rise about {times} times as steeply as the {second} "
            f"leg's (power {max(push, swing):.2g} against {min(push, swing):.2g})"
        )
    return f"Both sides rise with speed in {many} athletes{steep}. "


def _opposed(literal: Sequence[Row]) -> str:
    """For how much of contact the turn of the sides changes in opposite directions."""
    if not literal:
        return ""
    row = literal[0]
    share, showing = 100.0 * float(row["estimate"]), int(row["n_showing"])
    return (
        "The turn of the two sides changed in opposite directions for "
        f"{share:.0f} % of contact, and for most of it in {showing} of {int(row['n_athletes'])} "
        "athletes. "
    )


SEEN: dict[str, Callable[[Sequence[Row]], str]] = {
    "both_sides_rise": _both_rise,
    "sides_change_together": _opposed,
}
"""What shows an implied claim, by the function of `aqbio.hypotheses.exports` behind its numbers."""
