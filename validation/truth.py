"""What is true in a world of what every hypothesis estimates.

Where an effect is a setting, the truth is that setting; otherwise it is what the hypothesis's own
statistic gives for very many athletes and steps without errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from aqbio.stats.evidence import Evidence, counted
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import Hypothesis, Registry
from aqbio.stats.step_statistics import BEST_RANK
from validation.drawn.people import drawn_athletes
from validation.drawn.steps import survey_steps
from validation.drawn.study import drawn_study, survey_evidence
from validation.settings import NO_ERRORS, Design
from validation.worlds import World, judged_by

STUDIES, ATHLETES, STEPS, SURVEYED = 96, 19, 12, 20_000
"""What a truth is computed from; below 20 athletes no mixed model is fitted."""
NOTHING, ENOUGH = 0.1, 0.95
"""Effects up to a tenth of the smallest effect of interest are none; from 95 % on it is there."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The true value of what a hypothesis estimates."""

    value: float
    """Of the number that is told."""
    least: float
    most: float
    """least, most: In the claim's direction, of all numbers that it takes (several contact models,
    several contributors)."""
    condition: bool = True
    """Whether what support needs beside is so."""

    def claim(self, delta: float) -> str:
        """Whether the claim is true, false, neither (between), or open where numbers disagree."""
        if self.least >= ENOUGH * delta:
            return "true" if self.condition else "open"
        if self.most >= ENOUGH * delta:
            return "open"
        return "false" if self.least <= NOTHING * delta else "between"


def truths(world: World, registry: Registry) -> dict[str, Truth]:
    """Truth of every hypothesis that the world's own parts are about."""
    found: dict[str, Truth] = {}
    if set(COMPUTED) & set(world.judges):
        found |= _of_steps(repr(_ideal(world)), _ideal(world), registry)
    found |= _set_truths(world, registry)
    if judged_by(world, "survey"):
        everybody = _everybody(world)
        for name in judged_by(world, "survey"):
            value = _outcome(everybody, registry[name]).estimate
            found[name] = _directed(registry[name], float(value))
    return {name: found[name] for name in world.judges}


def _directed(hypothesis: Hypothesis, value: float) -> Truth:
    return Truth(value, hypothesis.sign * value, hypothesis.sign * value)


def _set_truths(world: World, registry: Registry) -> dict[str, Truth]:
    """Truths that are settings; of H4 under each contact model."""
    shares = [world.amplification + more for more in world.contact_models]
    values = {
        "H5a": world.lag_slope,
        "H5b": world.lag_sd_slope,
        "H7": 100.0 * world.restricted,
        "H7b": 100.0 * world.restricted_lateral,
    }
    set_ones = {name: _directed(registry[name], value) for name, value in values.items()}
    return set_ones | {"H4": Truth(max(shares), min(shares), max(shares))}


COMPUTED = ("H1", "H2", "H3e")


@lru_cache(maxsize=32)
def _of_steps(_settings: str, ideal: World, registry: Registry) -> dict[str, Truth]:
    random = np.random.default_rng(20_260_101)
    studies = [drawn_study(ideal, random)["steps"] for _ in range(STUDIES)]
    return {
        name: _of_athletes(registry[name], [_outcome(one, registry[name]) for one in studies])
        for name in COMPUTED
    }


def _ideal(world: World) -> World:
    """The world's steps without errors, more of them, and all of them kept."""
    return replace(
        world,
        name="ideal",
        about="",
        errors=NO_ERRORS,
        people=replace(world.people, outlier_speed=0.0, spread="normal"),  # the mean is the same
        design=Design(athletes=ATHLETES, levels=world.design.levels, steps=STEPS, surveyed=0),
        judges=COMPUTED,
    )


def _outcome(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    found = outcome(counted(evidence, hypothesis), hypothesis)
    assert found is not None
    return found


def _of_athletes(hypothesis: Hypothesis, found: Iterable[Outcome]) -> Truth:
    """Truth from athletes' own numbers, all studies together."""
    own = pd.concat([one.values for one in found])
    means = own.mean()
    rank = bool(own["rank"].median() <= BEST_RANK) if "rank" in own else True
    return replace(_directed(hypothesis, float(means["value"])), condition=rank)


def _everybody(world: World) -> Evidence:
    """A survey without errors of very many athletes, their strengths as they are."""
    ideal = replace(
        world,
        errors=NO_ERRORS,
        people=replace(world.people, outlier_speed=0.0),
        design=replace(world.design, told=True, one_speed=0, trials=1, speed_sd=0.0),
    )
    random = np.random.default_rng(20_260_102)
    athletes = drawn_athletes(ideal, SURVEYED, random)
    strengths = {
        f"{side}_capacity": (own - own.mean()) / own.std()
        for side, own in (("push", athletes.push), ("swing", athletes.swing))
    }
    steps = survey_steps(ideal, athletes, random, 1)
    exact = {"push_noise": np.nan, "swing_noise": np.nan}
    return survey_evidence(ideal, athletes, steps, {**strengths, **exact})
