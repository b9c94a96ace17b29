"""Where in the contact a curve differs from 0, in words: claims about every instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aqbio.figures.numbers import shown
from aqbio.report.sentences import capital, closed, missing
from aqbio.stats.waveforms import ALPHA

CURVES = {
    "opposed_momentum": ("both sides turn against each other", "both sides turn the same way"),
    "opposition_difference": (
        "the swing leg against the rest balances better than both legs against the rest",
        "both legs against the rest balance better than the swing leg against the rest",
    ),
    "opposed_rate": (
        "the momenta of both sides change in opposite directions",
        "the momenta of both sides change in the same direction",
    ),
}
"""What a curve above 0 says, and one below."""


def throughout(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the curves of a hypothesis say, in one sentence; empty where there is none."""
    return closed(capital("; ".join(_clauses(rows))))


def _clauses(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for curve, (above, below) in CURVES.items():
        own = [row for row in rows if row["curve"] == curve]
        sure = [row for row in own if not missing(row["p"]) and float(row["p"]) < ALPHA]
        for sign, words in ((1, above), (-1, below)):
            spans = [
                f"{int(row['from_percent'])} to {int(row['to_percent'])} %"
                for row in sure
                if int(row["sign"]) == sign
            ]
            if spans:
                p = max(float(row["p"]) for row in sure if int(row["sign"]) == sign)
                yield f"{words} from {' and from '.join(spans)} of contact (p {shown(p)} at most)"
        if own and not sure:
            note = next((str(row["note"]) for row in own if not missing(row["note"])), "")
            yield f"whether {above} at any instant is not known" + (f": {note}" if note else "")
