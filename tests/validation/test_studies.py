"""Truths of the demo and of drawn studies by other computations, and the matrix in short."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import aqbio
from aqbio.contributions.induced import (
    MovingBody,
    equations_of_motion,
    foot_contact,
    induced_accelerations,
)
from aqbio.force_plates.ground_reactions import shared_with_toes
from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import segment_poses
from aqbio.names import ROLE_GROUPS
from aqbio.stats.registry import read_registry
from aqbio.virtual.demo import DATA, SPRINTERS, GaitName, load_library
from aqbio.virtual.study import LIBRARY
from aqbio.virtual.truth import run_truth
from tests.golden import differences, digest
from validation import features as features_module
from validation import studies as studies_module
from validation.demo import agrees
from validation.features import DEPARTURES, SMALLEST, Features, Group, drawn_cell, named_cells
from validation.studies import Truth, drawn_people, drawn_study, truths
from validation.true_causes import amplifying, caused_force
from validation.true_evidence import truth
from validation.true_steps import (
    _peak,
    between,
    hub_share,
    pattern_contacts,
    role_momenta,
    roles,
    true_steps,
)
from validation.verdicts import COLUMNS, FALSE_BOUND, FOLDER, main, worst

SLOW, FAST = (GaitName("V01", "normal", level) for level in (0, 3))


@pytest.fixture(scope="module")
def gaits():
    return load_library(DATA / LIBRARY, {one.athlete.name: one.athlete for one in SPRINTERS})


@pytest.fixture(scope="module")
def fast(gaits):
    return gaits[FAST]


def _momentum_by_differences(gait, time):
    """(T, B): about the vertical through the centre of mass, from positions and orientations."""
    skeleton, h = gait.skeleton, 1e-5
    before, now, after = (segment_poses(skeleton, gait.states(time + k * h)[0]) for k in (-1, 0, 1))

    def centres(poses):
        return poses.origin + np.einsum("tbij,bj->tbi", poses.rotation, skeleton.com)

    place, velocity = centres(now), (centres(after) - centres(before)) / (2 * h)
    share = skeleton.mass / skeleton.mass.sum()
    arm, relative = (one - np.einsum("b,tbi->ti", share, one)[:, None] for one in (place, velocity))
    spin = (after.rotation - before.rotation) / (2 * h) @ np.swapaxes(now.rotation, -1, -2)
    omega = np.stack([spin[..., 2, 1], spin[..., 0, 2], spin[..., 1, 0]], axis=-1)
    inertia = now.rotation @ skeleton.inertia @ np.swapaxes(now.rotation, -1, -2)
    orbital = skeleton.mass * (arm[..., 2] * relative[..., 0] - arm[..., 0] * relative[..., 2])
    return np.einsum("tbi,tbi->tb", inertia[..., 1, :], omega) + orbital


@pytest.mark.parametrize("place", [0, 1])
def test_opposition_equals_a_computation_by_hand(fast, place):
    contact = pattern_contacts(fast)[place]
    by_segment = _momentum_by_differences(fast, between(contact.rises, contact.falls))
    bodies = fast.skeleton.bodies
    own = {
        role: by_segment[:, [bodies.index(name) for name in names]].sum(axis=1)
        for role, names in roles(contact.foot).items()
    }
    total, legs = sum(own.values()), own["push_leg"] + own["swing_leg"]
    size = sum(np.abs(one) for one in own.values()).mean()

    def chi(side):
        return (np.abs(side) + np.abs(total - side) - np.abs(total)).mean() / size

    found = true_steps(fast).iloc[place]
    assert found["opposition_difference"] == pytest.approx(chi(own["swing_leg"]) - chi(legs), 1e-5)
    push, arms = own["push_leg"], own["arms"]
    cosine = (push * arms).mean() / np.sqrt((push**2).mean() * (arms**2).mean())
    assert found["arms_push_cosine"] == pytest.approx(cosine, abs=1e-7)
    assert found["sides_opposed"] == ((total - own["swing_leg"]) * own["swing_leg"] < 0).mean()


def test_flight_conserves_the_total_and_contacts_change_it_by_the_ground(fast):
    """Every segment has one role."""
    contact, following = pattern_contacts(fast)[:2]
    for foot in ("left", "right"):
        named = [name for names in roles(foot).values() for name in names]
        assert (sorted(named), tuple(roles(foot))) == (sorted(fast.skeleton.bodies), ROLE_GROUPS)
    flight = run_truth(fast, between(contact.toe_off, following.touchdown))
    momenta = role_momenta(flight, contact.foot)
    assert np.ptp(momenta.sum(axis=1)) < 1e-6 < 0.1 < np.ptp(momenta, axis=0).max()
    stance = run_truth(fast, between(contact.touchdown, contact.toe_off, 2001))
    loads = stance.loads
    about = loads.moment - np.cross(stance.com[:, None], loads.force)
    impulse = np.trapezoid(about[..., 1].sum(axis=1), stance.gait_time)
    change = np.diff(role_momenta(stance, "right")[[0, -1]].sum(axis=1)).item()
    assert change == pytest.approx(impulse, abs=1e-6)


def test_share_relative_to_the_pelvis_is_the_integral_of_accelerations(fast):
    contact = pattern_contacts(fast)[0]
    stance = run_truth(fast, between(contact.rises, contact.falls, 1001))
    bodies, own = fast.skeleton.bodies, roles(contact.foot)
    upward = stance.segments.acceleration[..., 1]
    apart = stance.segments.mass * (upward - upward[:, [bodies.index("pelvis")]])
    chosen = [bodies.index(one) for r in ("swing_leg", "arms", "torso") for one in own[r]]
    share = np.trapezoid(apart[:, chosen].sum(axis=1)) / np.trapezoid(
        stance.loads.force[..., 1].sum(axis=1)
    )
    ends = run_truth(fast, np.array([contact.rises, contact.falls]))
    assert hub_share(ends, contact.foot) == pytest.approx(share, abs=1e-5)


def test_causes_equal_those_of_the_product(fast):
    """Equations of motion solved in two ways, of a left contact."""
    contact = pattern_contacts(fast)[1]
    stance = run_truth(fast, between(contact.rises, contact.falls, 9)[1:-1])
    skeleton, motion = fast.skeleton, stance.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    loads = shared_with_toes(stance.loads.external(), skeleton, kinematics, ("mtp_l", "mtp_r"))
    tau = inverse_dynamics(skeleton, kinematics, loads)
    chosen = amplifying(skeleton, contact.foot)
    coordinates = {"them": chosen, "rest": np.setdiff1d(np.arange(tau.shape[1]), chosen)}
    held = np.ones(len(tau), dtype=bool)
    feet = [foot_contact(load, held) for load in loads]
    groups = np.ones((1, len(skeleton.bodies)))
    body = MovingBody(skeleton, kinematics, groups, 0)
    equations = equations_of_motion(body, tau, coordinates, feet)
    own = caused_force(stance, contact.foot, chosen)
    for model, values in own.items():
        found = induced_accelerations(equations, model)
        expected = found.force[:, found.sources.index("them"), 0, 1]
        np.testing.assert_allclose(values, expected, atol=1e-8)
        assert np.abs(values).max() > 1.0


def test_a_peak_lies_between_samples():
    found = _peak(lambda t: np.cos(t - 0.3137) + 0.1 * np.cos(2 * (t - 0.3137)), between(0, 1))
    assert found == pytest.approx(0.3137, abs=1e-9)
    assert np.isnan(_peak(lambda t: t, between(0.0, 1.0)))


def test_recorded_steps_are_those_of_their_contacts(gaits):
    known = truth({SLOW: gaits[SLOW], FAST: gaits[FAST]})
    assert known.steps.groupby("level")["caused_share_C2"].count().to_list() == [0, 10]
    told = pd.DataFrame(
        {
            "participant_id": "V01", "trial_id": ["speed1-01"] * 6 + ["speed1-02"] * 6,
            "step": [*range(1, 7)] * 2, "side": ["right", "left"] * 6,
            "whole": [True] * 11 + [False], "order": 1.0,
        }
    )  # fmt: skip
    steps = known.recorded(told, gaits).steps
    own = known.patterns().steps.query("level == 0")
    number = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]  # the second trial goes on with the next contact
    assert steps["contact_s"].tolist() == own["contact_s"].to_numpy()[number].tolist()
    assert steps["lag"].notna().to_list() == [True] * 11 + [False]
    with pytest.raises(ValueError, match="0 of 12 steps"):
        known.recorded(told.assign(side=["left", "right"] * 6), gaits)


AGREE = {
    ("supported", 0.3, "supported", "found"): True,
    ("supported", 0.3, "not_supported", "no_effect"): False,
    ("not_supported", 0.02, "supported", "found"): False,
    ("not_supported", 0.02, "not_supported", "no_effect"): True,
    ("not_supported", 0.02, "not_supported", "opposite_found"): False,
    ("not_supported", -0.3, "not_supported", "opposite_found"): True,
    ("supported", 0.3, "inconclusive", "too_imprecise"): True,
    ("not_supported", -0.3, "inconclusive", "gate_failed"): True,
}


def test_only_a_verdict_that_says_the_other_thing_disagrees():
    assert {case: agrees(*case) for case in AGREE} == AGREE


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
    names = ["speed_mps", "lateral_ratio"]
    both = study.sprints.pivot_table(names, "athlete", "condition")
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
    places = sprints.pivot_table("order", "athlete", "condition")
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


CORE = ("H1", "H4", "H5a", "H7")
NOTHING, TWICE = "nothing is so, 12 athletes", "twice the smallest effects, 12 athletes"
LAST, LATE = "restricted arms always last, with fatigue of 0.6 %", "forces that are 16 ms late"


def test_few_studies_are_judged_counted_and_written(tmp_path):
    """No support in 3 studies: at most 1 - 0.025^(1/3) of all (Clopper and Pearson)."""
    given = ["--cells", "1", "--studies", "1", "--named-studies", "3", "--folder", str(tmp_path)]
    main([*given, "--only", NOTHING, TWICE, LAST, LATE, "arms cost 3"])
    table = pd.read_csv(tmp_path / "verdicts.tsv", sep="\t", dtype={"claim": str})
    rows = table.set_index(["cell", "hypothesis"])
    for cell, count in ((NOTHING, 0), (TWICE, 3)):
        assert [rows.loc[(cell, name), "supported"] for name in CORE] == [count] * len(CORE)
    assert not rows.loc[(LAST, "H7"), "judged"]  # orders that are not equal
    late = rows.loc[(LATE, "H5a")]
    assert (late.claim, late.truth, late.supported, late.holds) == ("false", 0.0, 0, "open")
    assert late.supported_high == pytest.approx(1.0 - 0.025 ** (1.0 / 3.0), abs=1e-4)
    assert late.supported_high > FALSE_BOUND
    assert list(table) == list(COLUMNS)
    page = (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()
    lines = [*digest({"verdicts": table}), *(line for line in page if line.startswith("|"))]
    assert differences("validation_verdicts", lines) == []


def test_the_worst_cell_is_named():
    names = ["cell", "claim", "size", "supported", "coverage"]
    rows = [
        ("9-01", "false", 0.0, 3, 0.95), ("9-02", "false", -2.0, 9, 0.91),
        ("9-03", "true", 2.5, 80, 0.70), ("9-04", "border", 0.5, 50, 0.97),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=names).assign(hypothesis="H7", athletes=12, studies=100)
    assert worst(table).splitlines()[-1] == "| H7 | 2 | 9% (9-02) | 70% (9-03) | 80% to 80% |"


# the committed run ------------------------------------------------------------------------------

LEAST = {
    (TWICE, *CORE, "contrast"): 0.9,
    (TWICE, "H8c"): 0.7,
    ("the weaker side limits, 96 athletes", "H3b"): 0.9,
    ("twice the smallest slopes, 96 athletes", "H8a", "H9"): 0.6,
    **{(f"a contrast of {count} athletes, twice the smallest effect", "contrast"): least
       for count, least in ((6, 0.1), (8, 0.6), (12, 0.85), (20, 0.95))},
}  # fmt: skip
"""Cell and hypotheses, and the least share of studies that find them."""


def test_the_committed_table_is_of_this_registry_of_all_cells_and_holds():
    """Another registry needs another proof: run `make validate`."""
    origin = json.loads((FOLDER / "verdicts.json").read_text(encoding="utf-8"))["provenance"]
    assert origin["registry_hash"] == read_registry().hash
    assert origin["version"] == aqbio.__version__
    table = pd.read_csv(FOLDER / "verdicts.tsv", sep="\t", na_values="n/a")
    drawn = {f"{origin['seed']}-{number + 1:02d}" for number in range(origin["cells"])}
    assert set(table["cell"]) == {*drawn, *(one.name for one in named_cells())}
    for name, own in table.groupby("hypothesis"):
        assert {"true", "false"} <= set(own["claim"]) or name == "H3e"
    assert np.isfinite(table["truth"]).all()
    assert "no" not in set(table["holds"])  # no false sentence is supported beyond chance
    rows = table.set_index(["cell", "hypothesis"])
    for (cell, *names), least in LEAST.items():
        for name in names:
            row = rows.loc[(cell, name)]
            assert row["claim"] == "true"
            assert row["supported"] / row["studies"] >= least, (cell, name)
