"""A study: athletes whose steps and sprints are recorded, and a survey of more athletes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Capacity
from aqbio.hypotheses.gathered import capacity_scores
from aqbio.names import NORMAL, RESTRICTED
from aqbio.stats.athlete_statistics import athletes_from_steps
from aqbio.stats.evidence import TRIAL, Evidence, Presence
from aqbio.stats.measurement import ERRORS
from aqbio.vectors import FloatArray
from validation.drawn.people import Athletes, differences, drawn_athletes, effects
from validation.drawn.steps import survey_steps, whole_steps
from validation.worlds import World, judged_by

DAY_SD, LATERAL_DAY_SD = 0.006, 0.04
"""How much sprints of one athlete differ, share: speed, and the lateral share of the impulse."""
LATERAL_CHANGE_SD = 0.05
"""How much athletes differ in what restricted arms do to that share, relative."""
SURVEY_STEPS = 6
"""Steps at each speed of the athletes of a survey."""


def drawn_study(world: World, random: np.random.Generator) -> dict[str, Evidence]:
    """Evidence of the parts of a study that a world is about."""
    everybody = drawn_athletes(world, max(world.design.surveyed, world.design.athletes), random)
    runners = everybody.first(world.design.athletes)
    made: dict[str, Callable[[], Evidence]] = {
        "steps": lambda: _of_steps(world, runners, random),
        "sprints": lambda: _of_sprints(world, runners, random),
        "survey": lambda: _of_survey(world, everybody.first(world.design.surveyed), random),
    }
    return {part: draw() for part, draw in made.items() if judged_by(world, part)}


def _of_steps(world: World, athletes: Athletes, random: np.random.Generator) -> Evidence:
    steps, trials = whole_steps(world, athletes, random)
    known = athletes_from_steps(steps).assign(**_told(world, athletes))
    presence = Presence(capacities=False, restricted_arms=False)
    return _evidence(steps, trials, known, presence)


def _of_sprints(world: World, athletes: Athletes, random: np.random.Generator) -> Evidence:
    """Sprints with free and with restricted arms, each slower or faster by its place."""
    people, design, count = world.people, world.design, len(athletes.fastest)
    places = sprint_places(world, count, random)
    own = effects(people, count, random)
    spread = 1.0 if people.showing == 1.0 else 0.3  # the two kinds of athletes are the spread
    cost = world.restricted * own
    cost = cost + spread * world.restricted_sd * differences(people, count, random)
    aside = world.restricted_lateral * own
    aside = aside + spread * LATERAL_CHANGE_SD * differences(people, count, random)
    change, side = np.zeros((2, 2, count, 1))
    change[1, :, 0], side[1, :, 0] = cost, aside
    chance = random.standard_normal((2, *places.shape))
    speed = athletes.fastest[:, None] * (1.0 + change) * (1.0 + design.drift * places)
    speed = speed * (1.0 + np.hypot(DAY_SD, world.errors.speed) * chance[0])
    if world.errors.wrong_cell:
        speed[1, 0] *= 1.0 + world.errors.wrong_cell
    lateral = athletes.lateral[:, None] * (1.0 + side) * (1.0 + LATERAL_DAY_SD * chance[1])
    names = np.array([f"athlete-{number + 1:03d}" for number in range(count)], dtype=object)
    condition, who, _ = np.indices(places.shape)
    sprints = pd.DataFrame(
        {
            "participant_id": names[who.ravel()],
            "condition": np.array([NORMAL, RESTRICTED], dtype=object)[condition.ravel()],
            "order": np.nan if design.order == "untold" else places.ravel(),
            "speed_mps": speed.ravel(),
            "lateral_ratio": lateral.ravel(),
        }
    )
    known = pd.DataFrame({"fastest": athletes.fastest}, index=names).assign(
        **_told(world, athletes)
    )
    nothing = pd.DataFrame({"participant_id": pd.Categorical([], names), **_NO_STEP})
    presence = Presence(restricted_arms=True)
    return _evidence(nothing, _trials_of(nothing), known, presence, sprints)


_NO_STEP = {name: pd.Series(dtype=float) for name in ("level", "step")} | {
    "trial_id": pd.Series(dtype=object)
}


def sprint_places(world: World, count: int, random: np.random.Generator) -> FloatArray:
    """Place of every sprint in its athlete's order, (2, A, R): free arms and restricted ones."""
    sprints, order = world.design.sprints, world.design.order
    places: FloatArray
    if order == "random":
        shuffled = random.permuted(np.tile(np.arange(2 * sprints), (count, 1)), axis=1)
        places = shuffled.reshape(count, 2, sprints).transpose(1, 0, 2).astype(float)
        return places
    condition, who, number = np.indices((2, count, sprints)).astype(float)
    together = order == "alternating"
    places = 2.0 * number + (who + condition) % 2.0 if together else number + sprints * condition
    return places


def _of_survey(world: World, athletes: Athletes, random: np.random.Generator) -> Evidence:
    steps = survey_steps(world, athletes, random, SURVEY_STEPS)
    names = [str(one) for one in steps["participant_id"].cat.categories]
    return survey_evidence(world, athletes, steps, _strengths(world, athletes, names, random))


def survey_evidence(
    world: World, athletes: Athletes, steps: pd.DataFrame, strengths: Mapping[str, Any]
) -> Evidence:
    """Evidence of a survey: what steps say of athletes, and columns of their strengths."""
    known = athletes_from_steps(steps).assign(**_told(world, athletes), **strengths)
    return _evidence(steps, _trials_of(steps), known, Presence(capacities=True))


def _told(world: World, athletes: Athletes) -> dict[str, Any]:
    """Sex and laboratory of every athlete, as far as they are told."""
    nobody = [None] * len(athletes.fastest)
    sex = [("male", "female")[int(one)] for one in athletes.woman]
    where = [("first", "second")[int(one)] for one in athletes.second]
    return {
        "sex": sex if world.design.told else nobody,
        "laboratory": where if world.design.told else nobody,
    }


def _strengths(
    world: World, athletes: Athletes, names: list[str], random: np.random.Generator
) -> dict[str, FloatArray]:
    """Scores of both sides' strengths from tests with errors, as the product makes them."""
    errors, rows = world.errors, []
    noise = np.sqrt(1.0 / errors.reliability - 1.0)
    for side, own in (("push", athletes.push), ("swing", athletes.swing)):
        wrong = noise * own.std() * random.standard_normal((errors.repeats, len(own)))
        rows += [
            Capacity(participant_id=name, measure=side, side=side, value=value, unit="N m")
            for tests in own + wrong
            for name, value in zip(names, (300.0 + 30.0 * tests).tolist(), strict=True)
        ]
    return capacity_scores(rows, names)


def _trials_of(steps: pd.DataFrame) -> pd.DataFrame:
    """Trials without any error that is told."""
    recorded = steps.groupby(TRIAL, observed=True, sort=False).size()
    table = pd.DataFrame({"recorded": recorded, "marker_rate": 250.0, "consistent": True})
    told = {f"error_{name}": np.nan for name in ERRORS}
    return table.assign(
        suspect=False, residual_ratio=np.inf, residual_moment=0.0, closures_pass=True, **told
    )


def _evidence(
    steps: pd.DataFrame,
    trials: pd.DataFrame,
    athletes: pd.DataFrame,
    presence: Presence,
    sprints: pd.DataFrame | None = None,
) -> Evidence:
    return Evidence(
        steps=steps,
        trials=trials,
        athletes=athletes,
        sprints=pd.DataFrame(
            columns=["participant_id", "condition", "order", "speed_mps", "lateral_ratio"]
        )
        if sprints is None
        else sprints,
        curves=_no_curves,
        presence=presence,
    )


def _no_curves(name: str) -> xr.Dataset:
    raise LookupError(f"{name} has no curves: studies are drawn as tables.")
