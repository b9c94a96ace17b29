"""Statistics in plain words: clauses that read on with "by so much", and what they do not say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plain:
    """A statistic in plain words."""

    more: str
    """What an estimate above 0 says."""
    less: str
    """What one below 0 says."""
    limit: str
    """What it does not say."""
    size: str = "{}"
    """How a size is told."""
    short: str = "{}"
    """The same, where it was told in full before."""
    plain: Callable[[float], float] = lambda value: value
    """From the unit of the registry to that of `size`."""
    second: str = ""
    """What was seen where the size would do, but not what it takes beside it."""


def _percent(value: float) -> float:
    return 100.0 * value


def _percent_of_logarithm(value: float) -> float:
    return 100.0 * math.expm1(value)


_BETWEEN = (
    "It compares athletes with each other and does not say what a change in one of them would do."
)

PLAIN: dict[str, Plain] = {
    "opposition_difference": Plain(
        "the swing leg against the rest of the body balanced better than both legs against arms, "
        "torso and pelvis",
        "both legs against arms, torso and pelvis balanced better than the swing leg against the "
        "rest of the body",
        "That push leg, arms and torso together turned against the swing leg is not in question: "
        "in a body that hardly turns they must.",
        size="{} on a scale from 0 to 1",
        second="other ways to divide the body balanced as well or better",
    ),
    "arms_push_cosine": Plain(
        "seen from above, the arms turned with the push leg",
        "seen from above, the arms turned against the push leg",
        "What the legs do leaves the arms little choice, so that it says little about what arms "
        "are for.",
        size="{} of at most 1",
    ),
    "imbalance_cost": Plain(
        "of athletes with the same mean strength those with unequal sides were slower",
        "of athletes with the same mean strength those with unequal sides were faster",
        "It compares athletes with each other; it is no effect of training one side.",
        size="{} times what strength brings",
        second="stronger athletes were not faster",
    ),
    "next_step_slope": Plain(
        "after a step that turned the body unusually the next one took a more unusual time",
        "after a step that turned the body unusually the next one took a less unusual time",
        "It does not say why.",
        size="{} of the usual scatter",
        short="{} of it",
    ),
    "contributor_growth": Plain(
        "push leg, swing leg, arms and torso all carried more turn at higher speed, the one that "
        "grew least",
        "one of push leg, swing leg, arms and torso carried less turn at higher speed",
        "Legs that move faster must carry more; only arms and torso could have stayed behind.",
        size="{} % for each 1 % of speed",
        short="{} %",
    ),
    "caused_share": Plain(
        "joint moments of swing leg, lower back and arms added to the upward push",
        "joint moments of swing leg, lower back and arms took away from the upward push",
        "It speaks of the upward push at the highest speed, in the model of ground contact that "
        "is kindest to the claim.",
        size="{} % of it",
        short="{} %",
        plain=_percent,
        second="in other models of ground contact they did not",
    ),
    "lag_slope": Plain(
        "at higher speed the swing leg's turn peaked later within the step",
        "at higher speed the swing leg's turn peaked earlier within the step",
        "It is about the share of the step; in seconds everything comes earlier in shorter steps.",
        size="{} % of the step for each m/s",
        short="{} %",
        plain=_percent,
    ),
    "lag_spread_slope": Plain(
        "at higher speed the swing leg's timing scattered more from step to step",
        "at higher speed the swing leg's timing scattered less from step to step",
        "It does not say whether steadier timing goes with more speed.",
        size="{} % for each m/s",
        short="{} %",
        plain=_percent_of_logarithm,
    ),
    "restricted_change": Plain(
        "with restricted arms athletes were faster",
        "with restricted arms athletes were slower",
        "It does not say by what way the arms matter.",
        size="{} %",
        short="{} %",
    ),
    "restricted_lateral": Plain(
        "with restricted arms more of the push went sideways",
        "with restricted arms less of the push went sideways",
        "It does not say whether that cost speed.",
        size="{} % of what it was with free arms",
        short="{} %",
    ),
    "lateral_slope": Plain(
        "athletes who pushed more to the sides had a higher highest speed",
        "athletes who pushed more to the sides had a lower highest speed",
        _BETWEEN,
        size="{} usual differences in speed for each usual difference in sideways push",
        short="{}",
    ),
    "vertical_slope": Plain(
        "athletes who flew longer than others at the same speed had a higher highest speed",
        "athletes who flew longer than others at the same speed had a lower highest speed",
        _BETWEEN,
        size="{} usual differences in speed for each usual difference in flight",
        short="{}",
    ),
    "attack_slope": Plain(
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
