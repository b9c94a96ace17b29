"""Columns that contrasts and formulas read: their units, and their names in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from aqbio.io.dictionary import columns
from aqbio.names import AXES, ROLE_GROUPS, ROLE_SIDES
from aqbio.observed.invalidated import Outcome, column_rests_on
from aqbio.stats.step_numbers import evidence_columns

JOINT = re.compile(
    rf"joint_(?P<source>[a-z]+_(?:push|swing)|lumbar)_(?P<statistic>moment_(?:mean|max|min))"
    rf"_(?P<axis>[{''.join(AXES)}])"
)
"""Names of joint moments over stance in formulas, for example joint_hip_push_moment_max_z."""


SPEED, RATING = "speed_mps", "rating"

STRENGTHS = ("push_strength", "swing_strength")
"""Strengths of a role's movements, both legs, of a session (strength.tsv)."""

OUTCOME_NAMES: dict[str, str] = yaml.safe_load(
    Path(__file__).with_name("outcome_names.yaml").read_text(encoding="utf-8")
)
"""Plain words for outcomes and strengths, by name; others go by their name without its unit."""


def outcome_name(outcome: str) -> str:
    """Name an outcome in plain words without an article."""
    without_unit = re.sub(r"_(s|m|rad|radps|bw|hz|mps|kgm2ps)$", "", outcome)
    return OUTCOME_NAMES.get(outcome, without_unit.replace("_", " ")).removeprefix("the ")


RELATIVE = (
    *STRENGTHS,
    "yaw_impulse", "push_index", "swing_index",
    "momentum_push_leg", "momentum_swing_leg", "momentum_arms", "momentum_torso",
)  # fmt: skip
"""Numbers that verdicts read over mass and stature, and sheets in their own unit."""


@lru_cache(maxsize=1)
def outcome_units() -> dict[str, str]:
    """Unit of every number of a step or trial that a contrast can compare."""
    groups = (*ROLE_GROUPS, *ROLE_SIDES, "total")
    descriptions = {**evidence_columns(), **columns("steps", group=groups)}
    units = {
        name: description["unit"]
        for name, description in descriptions.items()
        if "unit" in description
    }
    return units | {RATING: "points"} | dict.fromkeys(STRENGTHS, "N m")


@lru_cache(maxsize=1)
def formula_units() -> dict[str, str]:
    """Unit of every column that a formula can read; empty where there is none."""
    described = columns("hypotheses_steps", partition=[], contact_model=["C1", "C2", "C3"])
    more = dict.fromkeys((*described, *PEOPLE_COLUMNS), "")
    return more | {name: unit.replace("1", "") if unit == "1" else unit
                   for name, unit in outcome_units().items()}  # fmt: skip


COMPARED_NUMBERS = tuple(
    f"{name}{ending}"
    for name in ("lateral", "contact", "swing_drive", "push_drive")
    for ending in ("", "_relative")
)
"""Logarithms of people's numbers over the others' at the same speed, and at the same share of the
own highest speed."""

PEOPLE_COLUMNS = (
    "fastest", "push_capacity", "swing_capacity", "push_ratio", "swing_ratio", "push_gain",
    "swing_gain", "push_ratio_gain", "swing_ratio_gain", "gained_speed", "preferred",
    "push_index_ratio_gain", "swing_index_ratio_gain", *COMPARED_NUMBERS,
)  # fmt: skip
"""Columns of people that a formula over people can read beside means of their steps."""

LATER = ("push_index_ratio_gain", "swing_index_ratio_gain")
"""Those that steps of the last session are behind."""


STEPS_BEHIND = {
    "lateral": "lateral_ratio", "swing_drive": "swing_index", "push_drive": "push_index",
}  # fmt: skip
"""Columns of steps behind numbers by which people are compared; others rest on times."""

MEASURED_APART = ("push_capacity", "swing_capacity", "push_gain", "swing_gain", "push_ratio_gain",
                  "swing_ratio_gain", "preferred")  # fmt: skip
"""Columns of people that no step is behind."""


NEIGHBOURS = ("next_", "previous_")
"""Starts of columns of consecutive steps: a number of the step after, and of the one before."""


def own_column(name: str) -> str:
    """Column of a step whose number a neighbour has under this name, or the name itself."""
    for start in NEIGHBOURS:
        name = name.removeprefix(start)
    return name


def rests_on(name: str) -> tuple[Outcome, ...]:
    """Kinds of numbers of steps that a column of a formula rests on."""
    if name in MEASURED_APART:
        return ()
    name = own_column(name)
    plain = name.removesuffix("_relative").removesuffix("_ratio_gain")
    kinds = column_rests_on(STEPS_BEHIND.get(plain, plain))
    return kinds if plain == name else tuple(dict.fromkeys((*kinds, "times")))


def part_unit(text: str) -> str:
    """Unit of a part of a formula, or its name where it has none."""
    unit = formula_units().get(own_column(text), "")
    return "N m" if JOINT.fullmatch(text) else unit or formula_name(text)


def formula_name(text: str) -> str:
    """Name a part of a formula in plain words."""
    if match := JOINT.fullmatch(text):
        joint, role = match["source"].partition("_")[::2]
        kind = {"mean": "mean", "max": "largest", "min": "smallest"}[match["statistic"][7:]]
        leg = f"the {role} leg's " if role else "the "
        return f"{leg}{kind} {joint} moment about the {AXIS_WORDS[match['axis']]} axis"
    if text.startswith(NEIGHBOURS) and text.isidentifier():
        return f"the {text.partition('_')[0]} step's {formula_name(own_column(text))}"
    if text.isidentifier():
        return OUTCOME_NAMES.get(text, outcome_name(text))
    return text


AXIS_WORDS = {"x": "forward", "y": "vertical", "z": "sideways"}


def enumerated(names: Sequence[str]) -> str:
    """Names as part of a sentence."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
