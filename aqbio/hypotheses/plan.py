"""``aqbio plan``: the sample of a contrast, from the scatter of a finished study, in words."""

from __future__ import annotations

import math

import pandas as pd

from aqbio.errors import AqbioError
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.stats.claim_columns import SPEED, outcome_units
from aqbio.stats.evidence import MOST_ATHLETES, TRIAL
from aqbio.stats.planning import (
    Design,
    Scatter,
    alternatives,
    athletes_needed,
    scatter_of,
    scatter_of_sprints,
)

TEXT = dict.fromkeys(TRIAL, str)
"""Type of the columns that name a trial."""


def study_scatter(study: Study, outcome: str, *, percent: bool) -> Scatter:
    """Scatter of an outcome in a finished study: a pilot, the demo or public runners."""
    if outcome == SPEED:
        sprints = read_table(study.table("sprints.tsv"))
        scatter = scatter_of_sprints(sprints, outcome, logarithm=percent)
    else:
        steps = _steps_with(study, outcome)
        scatter = scatter_of(steps, study.people, outcome, logarithm=percent)
    if scatter is None:
        raise AqbioError(
            f"the scatter of {outcome} cannot be estimated from this study.",
            file=str(study.file),
            fix="plan from a study whose athletes have several normal trials.",
            rule="plan-scatter",
        )
    return scatter


def _steps_with(study: Study, outcome: str) -> pd.DataFrame:
    """Steps that verdicts read, with an outcome."""
    steps = read_table(study.table("hypotheses_steps.tsv")).astype(TEXT)
    if outcome in steps:
        return steps
    others = read_table(study.table("steps.tsv"))
    if outcome not in others:
        raise AqbioError(
            f"outcome {outcome} is no column of steps.tsv or hypotheses_steps.tsv.",
            file=str(study.table("steps.tsv")),
            fix="see docs/files.md for the columns.",
            rule="plan-outcome",
        )
    keys = [*TRIAL, "step"]
    return steps.merge(others[[*keys, outcome]].astype(TEXT), on=keys)


def plan_words(study: Study, outcome: str, design: Design, *, percent: bool) -> str:
    """Sample and text for an application; sizes of `design` in percent or in the own unit."""
    factor, unit = (0.01, "%") if percent else (1.0, outcome_units().get(outcome, ""))
    scatter = study_scatter(study, outcome, percent=percent)
    scaled = Design(
        factor * design.delta, factor * design.effect, factor * design.response,
        design.sprints, design.steps, design.tests, design.alpha,
    )  # fmt: skip
    lines = [f"{'athletes':>9}{'sprints each':>14}{'steps each':>12}"]
    lines += [
        f"{_count(number):>9}{other.sprints:>14}{other.steps:>12}"
        for other, number in alternatives(scatter, scaled)
    ]
    needed = athletes_needed(scatter, scaled)
    source = (
        f"study {study.settings.name} ({scatter.n_athletes} athletes, {scatter.n_trials} trials)"
    )
    step, trial = (f"{value / factor:.2g} {unit}" for value in (scatter.step, scatter.trial))
    level = design.alpha / design.tests
    scattered = f"single steps of a side scatter by {step} and trials by {trial}"
    if outcome == SPEED:
        scattered = f"sprints of an athlete scatter by {trial}"
    paragraph = (
        f"Sample size. The primary outcome is {outcome.replace('_', ' ')}, compared within "
        "athletes between two conditions in balanced order. A change of "
        f"{design.delta:g} {unit} is the smallest of interest. In {source} {scattered} (standard "
        f"deviations); athletes' own changes are assumed to differ by "
        f"{design.response:g} {unit}. With {design.sprints} sprints of {design.steps} usable steps "
        f"in each condition, {_count(needed)} athletes give a probability of 80 % that a change of "
        f"{design.effect:g} {unit} is called supported: two-sided p below {level:.2g}"
        f"{f' ({design.alpha:g} over {design.tests} tests)' if design.tests > 1 else ''}, and an "
        f"estimate of at least {design.delta:g} {unit}. Athletes and sprints that cannot be used "
        "come on top."
    )
    if outcome != SPEED:
        paragraph += " Speed is to be the same in both conditions, or more athletes are needed."
    return "\n".join((*lines, "", paragraph))


def _count(number: float) -> str:
    return f"> {MOST_ATHLETES}" if math.isnan(number) else f"{number:.0f}"
