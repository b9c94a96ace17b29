"""Planning: athletes, sprints and steps that a contrast of two conditions takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from aqbio.stats.evidence import TRIAL
from aqbio.stats.power import AIM, SEED, STUDIES, estimated, smallest_count, supported_share
from aqbio.stats.registry import OwnContrast
from aqbio.stats.reliability import reliabilities
from aqbio.stats.within import centred

MIN_ATHLETES = 6
"""Least athletes of a verdict on a contrast."""

ORDER_TERMS = 2
"""Terms of the model of a contrast: the change, and the order of conditions."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Scatter of an outcome of one athlete, as logarithm or in the outcome's unit."""

    step: float
    """Standard deviation from step to step of a side within a trial."""
    trial: float
    """Standard deviation of trials' true means about the athlete's own at equal speed."""
    n_athletes: int
    n_trials: int
    """n_athletes, n_trials: Those that it is estimated from."""


@dataclass(frozen=True, slots=True)
class Design:
    """A planned contrast of two conditions within athletes."""

    delta: float
    """Smallest effect of interest."""
    effect: float
    """Size of the effect that is to be found."""
    response: float
    """Standard deviation of athletes' own changes. delta, effect, response: in one unit."""
    sprints: int
    steps: int
    """sprints, steps: Sprints in each condition, and usable steps of a sprint."""
    tests: int = 1
    """Contrasts that are tested together."""
    alpha: float = 0.05


def scatter_of(
    steps: pd.DataFrame, people: Mapping[str, str], outcome: str, *, logarithm: bool
) -> Scatter | None:
    """Scatter of an outcome over normal steps, with a column ``level``; None where not known."""
    values = steps[outcome].astype(float)
    if logarithm:
        values = values.where(values > 0).map(np.log)
    known_steps = steps.assign(**{outcome: values})[values.notna()]
    cell = [known_steps[name].astype(str) for name in (*TRIAL, "side")]
    rest = centred(known_steps[outcome], cell)
    df = len(known_steps) - known_steps.groupby(cell).ngroups
    rows = reliabilities(known_steps, people, {outcome: ""}, [outcome])
    rows = [row for row in rows if row.basis != "sessions"]
    if df < 1 or not rows:
        return None
    step, [row] = math.sqrt(float((rest**2).sum()) / df), rows
    sizes = known_steps.groupby([known_steps[name].astype(str) for name in TRIAL]).size()
    trial = row.sem**2 - step**2 * float((1.0 / sizes).mean())
    return Scatter(step, math.sqrt(max(trial, 0.0)), row.n_athletes, row.n_trials)


def scatter_of_sprints(sprints: pd.DataFrame, outcome: str, *, logarithm: bool) -> Scatter | None:
    """Scatter of sprints of one athlete, condition and effort; None where none was repeated."""
    values = sprints[outcome].astype(float)
    values = values.where(values > 0).map(np.log) if logarithm else values
    known_sprints = sprints.assign(value=values)[values.notna()]
    names = ["participant_id", "condition", "effort"]
    rest = centred(known_sprints["value"], [known_sprints[name].astype(str) for name in names])
    df = len(known_sprints) - known_sprints.groupby(names).ngroups
    if df < 1:
        return None
    trial = math.sqrt(float((rest**2).sum()) / df)
    return Scatter(0.0, trial, int(known_sprints["participant_id"].nunique()), len(known_sprints))


def change_sd(scatter: Scatter, design: Design) -> float:
    """Standard deviation of athletes' measured changes between both conditions."""
    mean = scatter.trial**2 + scatter.step**2 / design.steps
    return math.sqrt(2.0 * mean / design.sprints + design.response**2)


def power_of_design(scatter: Scatter, design: Design, athletes: int) -> float:
    """Probability that the effect is called supported with so many athletes."""
    responses = np.random.default_rng(SEED).standard_normal((athletes, STUDIES)).T
    order = np.where(np.arange(athletes) % 2, -1.0, 1.0)
    columns = np.broadcast_to(
        np.column_stack([order, np.ones(athletes)]), (STUDIES, athletes, ORDER_TERMS)
    )
    studies = estimated(change_sd(scatter, design) * responses, columns, ORDER_TERMS - 1)
    contrast = OwnContrast(condition="planned", predicted="greater", delta=design.delta)
    hypothesis, alpha = contrast.hypothesis("planned"), design.alpha / design.tests
    return supported_share(hypothesis, [studies], design.effect, alpha)


def athletes_needed(scatter: Scatter, design: Design) -> float:
    """Smallest number of athletes with a power of 80 %; NaN where none is enough."""
    return smallest_count(lambda n: power_of_design(scatter, design, n) >= AIM, MIN_ATHLETES)


def alternatives(scatter: Scatter, design: Design) -> list[tuple[Design, float]]:
    """Athletes needed by the design, and with half and twice the sprints, and twice the steps."""
    changes: tuple[dict[str, int], ...] = (
        {},
        {"sprints": max(design.sprints // 2, 2)},
        {"sprints": 2 * design.sprints},
        {"steps": 2 * design.steps},
    )
    designs = dict.fromkeys(replace(design, **change) for change in changes)
    return [(alternative, athletes_needed(scatter, alternative)) for alternative in designs]
