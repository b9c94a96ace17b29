"""Sprints in two conditions under everything that laboratories do to a comparison of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.stats.contrasts import with_scatter
from aqbio.stats.evidence import TRIAL, Evidence
from aqbio.stats.registry import OwnContrast, Registry, read_registry
from validation.features import Random

NAME = "own"
"""Name of the contrast."""

SPEED, CONTACT, LEVEL_SD = 9.0, 0.110, 0.06
"""Mean speed, m/s, contact time at it, s, and how athletes differ in both, logarithms."""
CHOSEN_POWER, SPEED_SD, TRIAL_SD, STEP_SD, RESPONSE_SD = -0.7, 0.006, 0.012, 0.03, 0.02
"""Power of speed of contact times; logarithms of a trial's speed and contact, of a step's contact,
and of athletes' answers to a condition, standard deviations."""


@dataclass(frozen=True, slots=True)
class World:
    """A comparison of two conditions, and what is done to it."""

    effect: float = 0.0
    """Change of the outcome at equal speed and order, as logarithm."""
    athletes: int = 12
    sprints: int = 3
    """In each condition."""
    steps: tuple[int, int] = (8, 8)
    """Of a sprint in reference and condition."""
    slower: float = 0.0
    """Share of speed that the condition costs."""
    power: float = CHOSEN_POWER
    """Power of speed of the outcome."""
    fatigue: float = 0.0
    """Relative growth of the outcome with every sprint."""
    order: str = "alternating"
    """alternating or last."""
    without_plates: float = 0.0
    """Share of the condition's sprints whose contacts come from markers."""
    short_s: float = 0.0
    """How much shorter these are."""
    placement: Callable[[Random, int], Any] | None = None
    """From athletes to the relative error (A,) of the second session's markers."""
    selected: bool = False
    """Whether the slower half of a first session is the group."""
    autocorrelation: float = 0.0
    """Of the steps of a trial."""
    drift: float = 0.0
    """Relative change over the steps of a sprint in the condition."""
    contrast: dict[str, Any] = field(default_factory=dict)


def drawn_evidence(world: World, random: Random) -> Evidence:
    """Draw steps of all sprints, and give their means as stage hypotheses does."""
    count, sprints = world.athletes, world.sprints
    names = [f"athlete-{number:02d}" for number in range(count)]
    level = random.normal(0.0, LEVEL_SD, count)
    response = world.effect + RESPONSE_SD * random.standard_normal(count)
    placement = np.zeros(count) if world.placement is None else world.placement(random, count)
    by_session = world.contrast.get("by") == "session"
    labels = ("before", "after") if by_session else ("normal", "cue")
    rows, values = [], []
    for athlete in range(count):
        for number in range(2 * sprints):
            second = number >= sprints if world.order == "last" else (number + athlete) % 2 == 1
            label, steps = labels[second], world.steps[second]
            speed = np.log(1.0 - world.slower * second) + random.normal(0.0, SPEED_SD)
            trial = world.power * speed + response[athlete] * second + placement[athlete] * second
            trial += (
                np.log1p(world.fatigue) * number + random.normal(0.0, TRIAL_SD) + level[athlete]
            )
            values.append(trial + _steps(world, steps, world.drift * second, random))
            plates = not (second and number % sprints < world.without_plates * sprints)
            participant = f"{names[athlete]}-{label}" if by_session else names[athlete]
            rows.append(
                {
                    "participant_id": participant, "trial_id": f"{label}-{number}",
                    "athlete": names[athlete], "session": label, "label": label,
                    "condition": "normal" if by_session else label,
                    "effort": "maximal", "order": number + 1.0, "plates": float(plates),
                    "event_error_s": 0.002 if plates else 0.008, "n_steps": steps,
                    "laboratory": None, "speed": SPEED * np.exp(level[athlete] + speed),
                }
            )  # fmt: skip
    return _evidence(world, pd.DataFrame(rows), values)


def _steps(world: World, count: int, drift: float, random: Random) -> Any:
    """Deviations of a trial's steps: autocorrelated, with a drift."""
    noise = random.normal(0.0, STEP_SD, count)
    keep = np.sqrt(1.0 - world.autocorrelation**2)
    for number in range(1, count):
        noise[number] = world.autocorrelation * noise[number - 1] + keep * noise[number]
    return noise + drift * np.linspace(-0.5, 0.5, count)


def _evidence(world: World, sprints: pd.DataFrame, trials: list[Any]) -> Evidence:
    people = dict(zip(sprints["participant_id"], sprints["athlete"], strict=True))
    contrast = registry(world).hypotheses[0].contrast
    assert contrast is not None
    steps = sprints.loc[sprints.index.repeat(sprints["n_steps"]), [*TRIAL, "condition"]]
    value = np.concatenate(trials)
    markers = 1.0 - sprints["plates"].to_numpy(dtype=float)
    short = np.repeat(world.short_s * markers, sprints["n_steps"].to_numpy(dtype=int))
    steps = steps.reset_index().assign(
        step=np.concatenate([np.arange(len(trial)) for trial in trials]),
        contact_s=CONTACT * np.exp(value) - short,
        thigh_range_push_rad=np.exp(value),
        arms_push_cosine=value - 0.02,
    )
    steps = with_scatter(steps, [contrast], people)
    means = steps.groupby("index")[contrast.column].mean()
    sprints = sprints.rename(columns={"speed": "speed_mps"}).assign(**{contrast.column: means})
    first = sprints[sprints["session"].isin(("before", "normal"))]
    baseline = first.groupby("athlete")[contrast.column].mean()
    chosen = baseline.rank() > len(baseline) / 2 if world.selected else baseline.index.str[-1] < "5"
    group = pd.Series(np.where(chosen, "trained", "usual"), baseline.index)
    sprints = sprints.assign(group=sprints["athlete"].map(group))
    empty = pd.DataFrame({"participant_id": pd.Categorical([]), "speed_mps": []})
    names = sorted(set(sprints["athlete"]))
    return Evidence(
        empty, pd.DataFrame({"invalidated": []}), pd.DataFrame(index=names), sprints, _no_curves
    )


def _no_curves(name: str) -> xr.Dataset:
    raise LookupError(f"{name} has no curves: sprints are drawn as tables.")


def registry(world: World) -> Registry:
    """The registry with the world's contrast alone."""
    options: dict[str, Any] = {"condition": "cue", "outcome": "contact_s"}
    options |= {"predicted": "less", "delta": 3.0} | world.contrast
    contrast = OwnContrast(**options)
    registry = read_registry().model_copy(update={"contrasts": {NAME: contrast}, "hypotheses": ()})
    labels = [contrast.condition, contrast.reference, contrast.group or contrast.reference]
    return registry.with_labels(labels)


SESSIONS = {"by": "session", "condition": "after", "reference": "before"}
POSTURE = {"outcome": "thigh_range_push_rad"}
SCATTER = {"take": "scatter", "predicted": "greater", "delta": 20.0, "hold": ("order",)}
TRAINED = SESSIONS | {"group": "trained"}


def _day(sd: float, size: int = 0) -> Callable[[Random, int], Any]:
    """Errors of the markers on a day, shared by all athletes or by ``size`` at a time."""

    def day_errors(random: Random, count: int) -> Any:
        days = count if not size else -(-count // size)
        errors = random.normal(0.0, sd * np.sqrt(2.0), days)
        return np.full(count, errors[0]) if not size else errors[np.arange(count) // size]

    return day_errors


def worlds() -> dict[str, World]:
    """Worlds by name: what is wrong with a comparison where nothing is so, and effects."""
    plates = {
        f"contacts from markers in {words} of a condition, {1000 * short:g} ms short": World(
            without_plates=share, short_s=short
        )
        for words, share, short in (
            ("all", 1.0, 0.010),
            ("a third", 0.33, 0.010),
            ("all", 1.0, 0.005),
        )
    }
    effect = np.log(0.94)
    no_effect = plates | {
        "nothing is so": World(),
        "all markers moved in session 2": World(
            order="last", placement=lambda _, count: np.full(count, -0.06),
            contrast=SESSIONS | POSTURE,
        ),
        "a day's marker error": World(
            order="last", placement=_day(0.04), contrast=SESSIONS | POSTURE
        ),
        "a day's marker error, days of four": World(
            order="last", placement=_day(0.04, 4), contrast=SESSIONS | POSTURE
        ),
        "a day's marker error, a group": World(
            order="last", athletes=20, placement=_day(0.04), contrast=TRAINED | POSTURE
        ),
        "athletes' own marker errors, a group": World(
            order="last", athletes=20, placement=_day(0.04, 1), contrast=TRAINED | POSTURE
        ),
        "one condition always last, order not held": World(
            order="last", fatigue=-0.006, contrast={"hold": ("speed",)}
        ),
        "another law of speed at maximal effort, 6 % slower": World(slower=0.06, power=0.4),
        "the same law of speed, 6 % slower": World(slower=0.06),
        "another law of speed at maximal effort, 2 % slower": World(slower=0.02, power=0.4),
        "scatter of 6 and of 16 autocorrelated steps": World(
            steps=(6, 16), autocorrelation=0.6, contrast=SCATTER
        ),
        "scatter with a drift": World(steps=(12, 12), drift=0.08, contrast=SCATTER),
        "slower half trained": World(
            athletes=20, order="last", selected=True, contrast=TRAINED | {"delta": 1.0}
        ),
        "a percentage of a number around 0": World(
            contrast={"outcome": "arms_push_cosine", "hold": ("order",)}
        ),
    }  # fmt: skip
    true = {
        "twice the smallest effect": World(effect=effect),
        "twice the smallest effect, 2 % slower": World(effect=effect, slower=0.02),
        "twice the smallest effect, 6 % slower": World(effect=effect, slower=0.06),
        "twice the smallest effect, 20 athletes with 6 sprints, 6 % slower": World(
            effect=effect, slower=0.06, athletes=20, sprints=6
        ),
        "twice the smallest effect, a group": World(
            effect=effect, athletes=20, order="last", contrast=SESSIONS
        ),
    }
    return no_effect | true
