"""Words of verdicts: labels, statistics in plain words, gates, curves, biases."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LABELS = {
    "supported": "supported",
    "not_supported": "not supported",
    "inconclusive": "inconclusive",
    "described": "described, no verdict",
    "not_testable": "not testable",
}
"""Verdicts as a reader sees them."""

FOUND = {
    "found": "found",
    "opposite_found": "opposite found",
    "not_enough_data": "not enough data",
    "too_imprecise": "too imprecise",
    "gate_failed": "gate failed",
    "condition_failed": "condition not met",
    "described": "",
    "not_testable": "",
}
"""What a verdict rests on; the sizes are added in `aqbio.pages.verdict_words`."""

LITERAL = {
    "implied": "implied by mechanics",
    "testable": "testable",
}
"""Labels of a sentence that is taken literally."""

FAILED_GATES = {
    "athletes": "too few athletes",
    "quality": "too many steps could not be used",
    "minimum_n": "too few athletes with enough of what it takes",
    "marker_rate": "the cameras were too slow",
    "precision": "too few trials can be used, or their errors are too large for it",
    "reliability": "errors of measurement are too large for it",
    "order": "the order of the sprints cannot be separated from what was changed",
    "closure": "forces and motions do not add up in every trial",
}
"""What a gate that failed says of the recordings."""

CURVES = {
    "opposition_difference": (
        "the swing leg against the rest balances better than both legs against the rest",
        "both legs against the rest balance better than the swing leg against the rest",
    ),
}
"""What a curve above 0 says, and one below."""

BIASES: Mapping[str, Mapping[str, float]] = {
    "H1": {"a vertical that is 5° off": -1.9},
    "H3b": {"strengths tested once, of reliability 0.7": -2.3},
    "H5a": {"forces that are 16 ms late": 0.3},
    "H7": {"restricted arms always last, with fatigue of 0.6 %": -1.9},
    "H8a": {"a sex that is not stated": -0.8},
}
"""Errors that no interval holds, by hypothesis: cell of docs/validation/verdicts.tsv, and how far
it moves the median estimate, in smallest effects."""


@dataclass(frozen=True, slots=True)
class StatisticWords:
    """A statistic in plain words: clauses that read on with "by so much"."""

    more: str
    """What an estimate above 0 says."""
    less: str
    """What one below 0 says."""
    limit: str
    """What it does not say."""
    size: str = "{}"
    """How a size is written."""
    short: str = "{}"
    """The same after a size was written in full."""
    convert: Callable[[float], float] = lambda value: value
    """From the unit of the registry to that of `size`."""
    second: str = ""
    """What was found where the size would do, but not the condition beside it."""


def _percent(value: float) -> float:
    return 100.0 * value


def _percent_of_logarithm(value: float) -> float:
    return 100.0 * math.expm1(value)


_BETWEEN = (
    "It compares athletes with each other and does not say what a change in one of them would do."
)

STATISTICS: dict[str, StatisticWords] = {
    "opposition_difference": StatisticWords(
        "the swing leg against the rest of the body balanced better than both legs against arms, "
        "torso and pelvis",
        "both legs against arms, torso and pelvis balanced better than the swing leg against the "
        "rest of the body",
        "That push leg, arms and torso together turned against the swing leg is not in question: "
        "in a body that hardly turns they must.",
        size="{} on a scale from 0 to 1",
        second="other ways to divide the body balanced as well or better",
    ),
    "arms_push_cosine": StatisticWords(
        "seen from above, the arms turned with the push leg",
        "seen from above, the arms turned against the push leg",
        "What the legs do leaves the arms little choice, so that it says little about what arms "
        "are for.",
        size="{} of at most 1",
    ),
    "imbalance_cost": StatisticWords(
        "of athletes with the same mean strength those with unequal sides were slower",
        "of athletes with the same mean strength those with unequal sides were faster",
        "It compares athletes with each other; it is no effect of training one side.",
        size="{} times what strength brings",
        second="stronger athletes were not faster, or it hangs on one athlete, or on a sex or a "
        "laboratory that is not stated",
    ),
    "next_step_slope": StatisticWords(
        "after a step that turned the body unusually the next one took a more unusual time",
        "after a step that turned the body unusually the next one took a less unusual time",
        "It does not say why.",
        size="{} of the usual scatter",
        short="{} of it",
    ),
    "caused_share": StatisticWords(
        "joint moments of swing leg, lower back and arms added to the upward push",
        "joint moments of swing leg, lower back and arms took away from the upward push",
        "It speaks of the upward push at the highest speed, in the model of ground contact that "
        "is kindest to the claim.",
        size="{} % of it",
        short="{} %",
        convert=_percent,
        second="in other models of ground contact they did not",
    ),
    "lag_slope": StatisticWords(
        "at higher speed the swing leg's turn peaked later within the step",
        "at higher speed the swing leg's turn peaked earlier within the step",
        "It is about the share of the step; in seconds everything comes earlier in shorter steps.",
        size="{} % of the step for each m/s",
        short="{} %",
        convert=_percent,
    ),
    "lag_spread_slope": StatisticWords(
        "at higher speed the swing leg's timing scattered more from step to step",
        "at higher speed the swing leg's timing scattered less from step to step",
        "It does not say whether steadier timing goes with more speed.",
        size="{} % for each m/s",
        short="{} %",
        convert=_percent_of_logarithm,
    ),
    "restricted_change": StatisticWords(
        "with restricted arms athletes were faster",
        "with restricted arms athletes were slower",
        "It does not say by what way the arms matter.",
        size="{} %",
        short="{} %",
    ),
    "restricted_lateral": StatisticWords(
        "at the same speed more of the push went sideways with restricted arms",
        "at the same speed less of the push went sideways with restricted arms",
        "It does not say whether that cost speed.",
        size="{} % of what it was with free arms",
        short="{} %",
    ),
    "lateral_slope": StatisticWords(
        "athletes who pushed more to the sides than others at the same speed had a higher highest "
        "speed",
        "athletes who pushed more to the sides than others at the same speed had a lower highest "
        "speed",
        _BETWEEN,
        size="{} usual differences in speed for each usual difference in sideways push",
        short="{}",
    ),
    "vertical_slope": StatisticWords(
        "athletes who flew longer than others at the same speed had a higher highest speed",
        "athletes who flew longer than others at the same speed had a lower highest speed",
        _BETWEEN,
        size="{} usual differences in speed for each usual difference in flight",
        short="{}",
    ),
    "attack_slope": StatisticWords(
        "athletes who drove the swing leg harder than others at the same speed had a higher "
        "highest speed",
        "athletes who drove the swing leg harder than others at the same speed had a lower "
        "highest speed",
        _BETWEEN,
        size="{} usual differences in speed for each usual difference in drive",
        short="{}",
    ),
}
"""Words of every statistic that a registry can name."""
