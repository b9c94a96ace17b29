"""How often the real rule supports H3b, and H8a, by the number of athletes that were measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from aqbio.stats.registry import Registry
from validation.matrix import LETTERS, SEED, study_verdicts
from validation.worlds import World

CASES = (
    ("W3", "H3b", 48),
    ("W3", "H3b", 96),
    ("W1", "H3b", 48),
    ("W1", "H3b", 96),
    ("W3_additive", "H3b", 48),
    ("W3_additive", "H3b", 96),
    ("W1", "H8a", 12),
    ("W1", "H8a", 96),
)
"""World, hypothesis, athletes. W3 and W1: the claim is true; W3_additive: it is not."""


@dataclass(frozen=True, slots=True)
class Power:
    """Labels of a hypothesis at one number of athletes.

    Attributes
    ----------
    world, hypothesis : str
    athletes, studies, supported, not_supported, inconclusive : int
    """

    world: str
    hypothesis: str
    athletes: int
    studies: int
    supported: int
    not_supported: int
    inconclusive: int


def powers(worlds: dict[str, World], studies: int, registry: Registry) -> list[Power]:
    """Power under gates, Holm's adjustment over everything tested, and the smallest effect.

    Parameters
    ----------
    worlds : dict of name to World
    studies : int
    registry : Registry
    """
    counts: dict[tuple[str, int], dict[str, Counter[str]]] = {}
    for place, (name, athletes) in enumerate(dict.fromkeys((w, n) for w, _, n in CASES)):
        by_hypothesis: dict[str, Counter[str]] = {one.id: Counter() for one in registry.hypotheses}
        for number in range(studies):
            seed = (SEED + 1, place, number)
            for verdict in study_verdicts(worlds[name], seed, registry, athletes):
                by_hypothesis[verdict.hypothesis][verdict.verdict] += 1
        counts[name, athletes] = by_hypothesis
    return [
        Power(world, hypothesis, athletes, studies, *(found[LETTERS[one]] for one in "SNI"))
        for world, hypothesis, athletes in CASES
        for found in [counts[world, athletes][hypothesis]]
    ]
