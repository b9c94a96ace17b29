"""What is drawn is what the features say, and truths are those of a computation of one's own."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from validation import features as features_module
from validation import studies as studies_module
from validation.features import DEPARTURES, SMALLEST, Features, Group, drawn_cell, named_cells
from validation.studies import Truth, drawn_people, drawn_study, truths

MANY = Features(athletes=150, errors=0.0, reliability=1.0, differences=0.3)


def _study(seed: int = 1, features: Features = MANY, **changes):
    return drawn_study(replace(features, **changes), np.random.default_rng(seed))


def _slopes(table, x: str, y) -> np.ndarray:
    """Least-squares slope of every athlete."""
    own = table.assign(y=y).groupby("participant_id", observed=True)
    return np.array([np.polyfit(one[x], one["y"], 1)[0] for _, one in own])


@pytest.mark.parametrize("module", [features_module, studies_module])
def test_the_generator_knows_nothing_of_statistics(module):
    text = Path(module.__file__).read_text(encoding="utf-8")
    assert not re.search(r"(from|import) (aqbio\.stats|aqbio\.hypo|scipy)", text)


def test_a_study_is_its_seed():
    one, same, other = (_study(seed, drawn_cell(3, 5).features) for seed in (1, 1, 2))
    assert one.steps.equals(same.steps)
    assert np.array_equal(one.momenta, same.momenta)
    assert not one.sprints.equals(other.sprints)


def test_every_feature_is_drawn_and_every_mistake_is_within_reach():
    cells = [drawn_cell(1, number).features for number in range(60)]
    counts = {one.athletes for one in cells}
    assert 5 <= min(counts) <= 6 < max(counts) <= 96
    for one in fields(Features):
        assert len({repr(getattr(cell, one.name)) for cell in cells}) > 1, one.name
    for cell in named_cells():
        power = cell.features.lateral_power
        assert not power or DEPARTURES["lateral_power"][0] <= power <= -0.6
        assert cell.features.order in {"alternating", *DEPARTURES["order"]}
    assert {truths(one)["H7"].claim for one in cells[9:13]} == {"true", "false", "border"}
    sizes = {0.05: "true", 0.0475: "true", 0.04: "border", 0.005: "false", -0.2: "false"}
    for value, claim in sizes.items():
        assert Truth(value, 0.05).claim == Truth(-value, -0.05).claim == claim
    assert Truth(0.1, 0.05, weakest=0.02).claim == "border"


# truths -------------------------------------------------------------------------------------------


def test_cost_of_unequal_strengths():
    """Least squares of 100,000 athletes on mean and gap, without errors: within 2 %."""
    features = Features(imbalance_cost=0.8, groups=(Group(0.5, gap=0.8), Group(), Group()))
    people = drawn_people(features, 100_000, np.random.default_rng(4))
    both, gap = (people.push + people.swing) / 2.0, np.abs(people.push - people.swing) / 2.0
    table = np.column_stack([np.ones_like(gap), both, -gap])
    _, benefit, cost = np.linalg.lstsq(table, people.fastest, rcond=None)[0]
    assert cost / benefit == pytest.approx(0.8, abs=0.02)
    assert truths(features)["H3b"].value == 0.8


def test_slopes_between_athletes():
    """Standardised coefficients of all three habits and the group, of 200,000 athletes."""
    group = Group(0.4, speed=-0.8, lateral=0.1, flight=0.03, drive=0.05)
    given = {"lateral_gain": -0.3, "flight_gain": 0.2, "drive_gain": 0.25}
    features = Features(groups=(group, Group(), Group()), explained=0.3, **given)
    people = drawn_people(features, 200_000, np.random.default_rng(5))
    habits = [people.lateral, people.force, people.drive, people.member[0]]
    table = np.column_stack([np.ones(200_000), *(one / one.std() for one in habits)])
    found = np.linalg.lstsq(table, people.fastest / people.fastest.std(), rcond=None)[0]
    true = truths(features)
    for name, value in zip(("H8a", "H8b", "H9"), found[1:4], strict=True):
        assert true[name].value == pytest.approx(value, abs=0.01)


def test_effects_within_athletes():
    """Twice the smallest effects, in steps and sprints without errors; within four errors."""
    given = {name: 2.0 * SMALLEST[name] for name in [*SMALLEST][:5]}
    study, true = _study(**given), truths(replace(MANY, **given))
    steps = study.steps
    slopes = _slopes(steps, "speed_mps", steps["swing_peak"] - steps["force_peak"])
    top = steps[steps["level"] == 3].groupby("participant_id", observed=True)["caused_C1"].mean()
    means = study.sprints.groupby(["athlete", "condition"])[["speed_mps", "lateral_ratio"]]
    both = means.mean().unstack()
    changes = {
        name: 100.0 * (both[name]["restricted_arms"] / both[name]["normal"] - 1.0)
        for name in ("speed_mps", "lateral_ratio")
    }
    found = {
        "H5a": slopes, "H4": top, "H7": changes["speed_mps"], "H7b": changes["lateral_ratio"]
    }  # fmt: skip
    for name, values in found.items():
        error = np.std(values) / np.sqrt(len(values))
        assert true[name].size == pytest.approx(2.0)
        assert np.mean(values) == pytest.approx(true[name].value, abs=4.0 * error), name


def test_gains_by_the_direction_of_the_force():
    """Least squares of all steps at the same place of a trial, over standard deviations of all."""
    steps = _study(direction=0.4, speeding=4).speeding
    names = ["forward_ratio", "force_mean_n", "speed_change_mps"]
    z = steps[names] / steps[names].std()
    away = (z - z.groupby(steps["step"]).transform("mean")).to_numpy()
    by_direction, by_size = np.linalg.lstsq(away[:, :2], away[:, 2], rcond=None)[0]
    assert by_direction - by_size == pytest.approx(0.4, abs=0.04)


def test_spread_of_the_lag():
    """Spread at 5 m/s over that at the highest speeds: exp(slope times their distance)."""
    steps = _study(spread_slope=-0.2, lag_slope=0.0, steps=16).steps
    steps = steps.assign(lag=steps["swing_peak"], level=steps["level"].clip(0, 3))
    cells = steps.groupby(["participant_id", "level"], observed=True)
    spread = np.log(cells["lag"].std()).groupby("level").mean()
    speed = cells["speed_mps"].mean().groupby("level").mean()
    slope = np.polyfit(speed, spread, 1)[0]
    assert slope == pytest.approx(-0.2, abs=0.02)


def test_patterns():
    """Arms against both legs, the swing leg against all others, and everyone at random."""
    found = (truths(Features(pattern=one)) for one in features_module.PATTERNS)
    legs, alone, none = ([true[name] for name in ("H1", "H2")] for true in found)
    assert [one.claim for one in (*legs, *alone, none[0])] == [
        *2 * ["false"],
        *2 * ["true"],
        "false",
    ]
    assert legs[1].value < -0.9 < 0.9 < alone[1].value
    assert abs(none[1].value) < 0.05  # mean of independent phases
    total = _study(shared=0.0).momenta.sum(axis=-1)
    assert np.abs(total).max() < 2.5  # kg m²/s; single groups reach 4.6 and more


# what laboratories do -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "later"), [("restricted_last", 12), ("one_first", 11), ("alternating", 6)]
)
def test_orders(order, later):
    sprints = _study(features=Features(order=order)).sprints
    places = sprints.groupby(["athlete", "condition"])["order"].mean().unstack()
    assert (places["restricted_arms"] > places["normal"]).sum() == later


def test_steps_are_lost_or_not_taken_and_drift_in_slow_trials_only():
    taken = _study(features=Features(follow=0.5))
    counts = taken.steps.groupby("participant_id", observed=True).size()
    assert (counts.min(), counts.max()) == (4 * 6, 4 * 12)
    assert taken.trials["recorded"].sum() == len(taken.steps)
    lost = _study(features=Features(missing=0.25))
    assert len(lost.steps) / lost.trials["recorded"].sum() == pytest.approx(0.75, abs=0.06)
    for level, own in _study(drift=0.06).steps.groupby("level"):
        within = np.mean(_slopes(own, "step", own["swing_peak"])) * 11.0
        if level in (0, 3):
            assert within == pytest.approx(0.0 if level else 0.06, abs=0.003)


def test_people_differ_as_their_groups_do():
    groups = (Group(0.5, speed=-0.9, lateral=0.1, stated=False), Group(), Group())
    people = drawn_people(Features(groups=groups), 5000, np.random.default_rng(6))
    inside = people.member[0]
    slower = people.fastest[inside].mean() - people.fastest[~inside].mean()
    assert slower == pytest.approx(-0.9, abs=0.1)
    assert people.lateral[inside].mean() == pytest.approx(0.1, abs=0.02)
    assert _study(groups=groups).sheet["sex"].isna().all()
