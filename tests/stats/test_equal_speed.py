"""Changes in percent at equal speed, where trials of one condition differ in speed or hardly do."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from aqbio.stats.contrasts import (
    CHANGE,
    FASTER,
    SPEED_PRODUCTS,
    SPEED_SQUARES,
    at_equal_speed,
    change_numbers,
    in_percent,
    is_speed_unsure,
    with_logarithms,
)
from aqbio.stats.inference import mean_estimate
from aqbio.stats.outcome import result
from aqbio.stats.registry import Hypothesis
from aqbio.stats.verdict import verdicts
from validation.contrast_worlds import World, drawn_evidence
from validation.contrast_worlds import registry as registry_of_world

ATHLETES = 12


def athletes(spread: float, seed: int = 3) -> pd.DataFrame:
    """Log changes without an effect; conditions differ by 2 % of speed, trials by a spread."""
    random = np.random.default_rng(seed)
    speed = random.normal(0.0, spread, (ATHLETES, 4))
    speed -= speed.mean(axis=1, keepdims=True)
    outcome = random.normal(0.0, 0.2, (ATHLETES, 4))
    return pd.DataFrame(
        {
            CHANGE: random.normal(0.0, 0.2, ATHLETES),
            FASTER: random.normal(-0.02, 0.001, ATHLETES),
            SPEED_SQUARES: (speed**2).sum(axis=1),
            SPEED_PRODUCTS: (speed * outcome).sum(axis=1),
        }
    )


def hypothesis(predicted: str = "greater", delta: float = 20.0) -> Hypothesis:
    """A claim on a change in percent."""
    contrast = SimpleNamespace(size="percent", group=None)
    constructed = Hypothesis.model_construct(predicted=predicted, delta=delta, contrast=contrast)
    return constructed.model_copy(update={"statistic": "paired_contrast"})


@pytest.mark.parametrize("power", [0.02, 1.0, 3.0])
def test_a_ratio_and_its_inverse_are_as_sure(power):
    """Their intervals are each other's inverse and their p values the same, however large."""
    logs = power * np.random.default_rng(1).normal(0.5, 1.0, ATHLETES)
    up, down = (
        in_percent(result(with_logarithms(hypothesis(way)), mean_estimate(
            pd.Series(sign * 100.0 * logs), "plain")))
        for way, sign in (("greater", 1.0), ("less", -1.0))
    )  # fmt: skip
    assert up.p == pytest.approx(down.p)
    ends = [(1.0 + up.ci95[n] / 100.0) * (1.0 + down.ci95[1 - n] / 100.0) for n in (0, 1)]
    np.testing.assert_allclose(ends, 1.0)
    assert 1.0 + up.error.value / 100.0 == pytest.approx(np.exp(logs.mean()))


def test_the_smallest_effect_is_the_same_change():
    for predicted, change in (("greater", 0.2), ("less", -0.2)):
        delta = with_logarithms(hypothesis(predicted)).delta
        assert delta == pytest.approx(100.0 * abs(np.log1p(change)))


@pytest.mark.parametrize(("spread", "unsure"), [(0.0003, True), (0.05, False)])
def test_no_athlete_shows_what_only_a_law_of_speed_says(spread, unsure):
    """Without an effect the same estimate would be shown by all of them or by none."""
    table = athletes(spread)
    assert is_speed_unsure(table, hypothesis()) is unsure
    change = pd.Series(100.0 * at_equal_speed(table))
    low, high = in_percent(result(hypothesis(), mean_estimate(change, "plain"))).ci95
    assert low < 0.0 < high


def test_contrast_with_one_condition_is_not_testable():
    """All sprints in one condition: there is a law of speed, no change, and nothing fails."""
    world = World(athletes=4, contrast={"hold": ("speed",)})
    registry = registry_of_world(world)
    evidence = drawn_evidence(world, np.random.default_rng(1))
    contrast = registry.hypotheses[0].contrast
    is_reference = evidence.sprints[contrast.by] == contrast.reference
    evidence = replace(evidence, sprints=evidence.sprints[is_reference])
    assert change_numbers(evidence, contrast)["value"].isna().all()
    (verdict,) = verdicts(evidence, registry)
    assert verdict.verdict == "not_testable"
