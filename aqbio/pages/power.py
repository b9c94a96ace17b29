"""What the study could have found, in words: one sentence for every hypothesis with an estimate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from aqbio.figures.numbers import shown
from aqbio.stats.evidence import MOST_ATHLETES
from aqbio.stats.registry import Hypothesis

MOSTLY, HARDLY = 0.5, 0.1
"""Shares of the steps' error in the variance of athletes' numbers: above the first more steps help
most, below the second hardly."""


def power_words(hypothesis: Hypothesis, row: Mapping[str, Any]) -> str:
    """Whether there were athletes enough, and how many it would take.

    Parameters
    ----------
    row : mapping
        Its row of power.tsv.
    """
    count, needed = int(row["n_athletes"]), float(row["athletes_needed"])
    if math.isnan(float(row["mde"])):
        return f"{hypothesis.id}: one athlete says nothing of the differences between athletes."
    equivalent = hypothesis.predicted == "equivalent"
    smallest, found = (shown(float(row[name])) for name in ("smallest_effect", "mde"))
    aim = f"no change to lie within ±{smallest}" if equivalent else f"an effect of {smallest}"
    if needed <= count:
        return (
            f"{hypothesis.id}: enough athletes for the smallest effect of interest. {count} took "
            f"part; {needed:.0f} show {aim} with a power of 80 %."
        )
    reach = f"no change to lie within ±{found}" if equivalent else f"an effect of {found} or beyond"
    return (
        f"{hypothesis.id}: too few athletes for the smallest effect of interest. {count} show "
        f"{aim} with a power of {_chance(row)}; 80 % takes {_athletes(needed)} like these. What "
        f"{count} show with 80 % is {reach}.{_sources(row)}"
    )


def told_together(sentences: Iterable[str]) -> tuple[str, ...]:
    """Join the sentences that say the same of several hypotheses.

    Examples
    --------
    >>> told_together(["H1: enough.", "H2: too few.", "H4: enough."])
    ('H1, H4: enough.', 'H2: too few.')
    """
    names: dict[str, list[str]] = {}
    for sentence in sentences:
        name, words = sentence.split(": ", 1)
        names.setdefault(words, []).append(name)
    return tuple(f"{', '.join(who)}: {words}" for words, who in names.items())


def _chance(row: Mapping[str, Any]) -> str:
    power = 100.0 * float(row["power"])
    return "less than 1 %" if power < 1.0 else f"{power:.0f} %"


def _athletes(number: float) -> str:
    return f"more than {MOST_ATHLETES}" if math.isnan(number) else f"{number:.0f}"


def _sources(row: Mapping[str, Any]) -> str:
    """What would help more: steps of each athlete, or athletes."""
    steps, whole = float(row["sd_steps"]), float(row["sd_athletes"])
    if math.isnan(steps) or whole == 0.0:
        return ""
    share = (steps / whole) ** 2
    if share > MOSTLY:
        return " More steps of each athlete would help most."
    return " More steps of each athlete would hardly help." if share < HARDLY else ""
