"""Every hypothesis of the registry has drawn worlds in which it is true, and others."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from aqbio.stats.registry import read_registry
from validation import gain_worlds, imbalance_worlds, strength_worlds
from validation.features import named_cells
from validation.studies import MIN_PRESENT, truths

REGISTRY = read_registry()
CELLS = (
    "nothing is so, 12 athletes", "twice the smallest effects, 12 athletes",
    "twice the smallest slopes, 48 athletes",
)  # fmt: skip
BY_WORLDS = {
    ("H3d",): [world.cost for world in gain_worlds.WORLDS.values()],
    ("H3i", "H3j"): [world.slope for world in strength_worlds.WORLDS.values()],
    tuple(entry.id for entry in REGISTRY.hypotheses if entry.family == "imbalance"): [
        world.slope for world in imbalance_worlds.WORLDS.values()
    ],
}
SLOPES = {name: slopes for names, slopes in BY_WORLDS.items() for name in names}
"""True effects in the predicted direction of worlds outside `validation.features`."""


@pytest.fixture(scope="module")
def claims() -> dict[str, set[str]]:
    """Claims of the cells and worlds, by hypothesis."""
    by_hypothesis = defaultdict(set)
    for cell in named_cells():
        if cell.name in CELLS:
            for name, truth in truths(cell.features).items():
                by_hypothesis[name].add(truth.claim)
    for name, slopes in SLOPES.items():
        delta = abs(REGISTRY[name].delta)
        by_hypothesis[name] |= {"true" for slope in slopes if slope >= MIN_PRESENT * delta}
        by_hypothesis[name] |= {"false" for slope in slopes if slope == 0.0}
    return by_hypothesis


@pytest.mark.parametrize("name", [entry.id for entry in REGISTRY.hypotheses])
def test_a_hypothesis_has_a_true_and_a_false_world(name, claims):
    assert {"true", "false"} <= claims[name]


def test_a_planted_imbalance_has_both_consequences():
    """Of 100 athletes, each estimate has the planted sign and nearly the planted size.

    Distances cannot be below 0, so that what is planted in them is a little less than it says.
    """
    world = imbalance_worlds.WORLDS["three times the smallest effect"]
    judged = imbalance_worlds.judged(world, 100, np.random.default_rng(5))
    assert len(judged) == 2
    for name, verdict in judged.items():
        assert verdict.verdict == "supported", name
        planted = verdict.estimate * REGISTRY[name].sign
        assert planted == pytest.approx(world.slope, abs=0.1), name


@pytest.mark.parametrize("weaker_by", [10.0, 25.0])
def test_unrecorded_injuries_support_no_cost_of_unequal_gains(weaker_by):
    """Six of 48 who are slower and weaker on a side, and are left out for having lost strength."""
    world = gain_worlds.World(injured=6, noted=False, injured_strength=weaker_by)
    random = np.random.default_rng(21)
    outcomes = [gain_worlds.drawn_outcome(world, 48, random) for _ in range(40)]
    assert sum(map(strength_worlds.supported, outcomes)) <= 4
