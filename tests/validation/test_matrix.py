"""The proof in short: few studies, truths in closed form, rules that are wrong on purpose."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import aqbio
from aqbio.stats import athlete_statistics, step_statistics
from aqbio.stats.evidence import CELL, TRIAL
from aqbio.stats.registry import read_registry
from aqbio.stats.within import centred, consecutive
from validation import parts as parts_module
from validation.__main__ import FOLDER
from validation.drawn.study import drawn_study
from validation.matrix import Cell, cells_of, examined_hypotheses, powers, rule_power
from validation.parts import code_version, matrix_worlds, part
from validation.settings import NO_ERRORS, Errors, People, changed
from validation.tables import Proof, world_table, write_proof
from validation.truth import Truth, truths
from validation.worlds import random_worlds

REGISTRY = read_registry()
WORLDS = matrix_worlds()


def _only(name: str, *judges: str):
    """A world that is judged by some hypotheses only."""
    return replace(WORLDS[name], judges=judges)


def _estimates(world, hypothesis: str, studies: int) -> np.ndarray:
    found = [examined_hypotheses(world, number, REGISTRY)[0] for number in range(studies)]
    assert {one.hypothesis.id for one in found} == {hypothesis}
    return np.array([one.outcome.estimate for one in found])


# what is drawn ----------------------------------------------------------------------------------


def test_a_study_is_its_seed():
    world = _only("R01", "H4", "H7", "H9")
    one, again, other = (examined_hypotheses(world, n, REGISTRY) for n in (0, 0, 1))
    assert [a.outcome.estimate for a in one] == [a.outcome.estimate for a in again]
    assert [a.outcome.estimate for a in one] != [a.outcome.estimate for a in other]


def test_momenta_add_up_to_a_small_total():
    random = np.random.default_rng(3)
    steps = drawn_study(replace(WORLDS["W0"], errors=NO_ERRORS), random)["steps"].steps
    legs = steps["momentum_push_leg"] + steps["momentum_swing_leg"]
    assert (steps["momentum_arms"] / legs).between(0.5, 1.5).all()
    assert steps["sides_opposed"].mean() > 0.8


def test_lost_steps_are_those_that_are_said():
    random = np.random.default_rng(5)
    steps = drawn_study(_only("late_steps_lost", "H5a"), random)["steps"].steps
    counts = steps.groupby(["level", "participant_id"], observed=True).size()
    assert (counts[3] == 8).all()
    assert (counts[:2] == 12).all()
    lag = steps.groupby("level")["lag"].mean()
    assert lag[3] < lag[:2].mean() - 0.003


def test_settings_refuse_what_does_not_exist():
    with pytest.raises(ValueError, match="step_lags unknown; known: "):
        changed(Errors(), {"step_lags": 1.0}, "world X, errors")
    with pytest.raises(ValueError, match="more of the highest speed"):
        replace(WORLDS["W0"], flight_cost=-0.8)
    with pytest.raises(ValueError, match="judges"):
        replace(WORLDS["W0"], judges=("H6",))


def test_the_worlds_at_random_are_twenty_and_stay_the_same():
    every = random_worlds()
    assert len({repr(one.errors) for one in every}) == 20
    assert repr(every) == repr(random_worlds())
    assert {one.pattern for one in every} == {
        "arms_against_legs", "swing_leg_alone", "random_phases"
    }  # fmt: skip
    assert all(0.7 <= one.errors.misstated <= 1.5 for one in every)
    signs = {np.sign(one.lag_slope) for one in every}
    assert signs == {-1.0, 0.0, 1.0}


def test_every_hypothesis_is_true_somewhere_and_false_somewhere_else():
    """By the settings alone; what the truths are is drawn in the whole run."""
    table = pd.read_csv(FOLDER / "worlds.tsv", sep="\t")
    for name, own in table.groupby("hypothesis"):
        claims = set(own["claim"])
        assert {"true", "false"} <= claims or name == "H2", name


# truths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "hypothesis", "truth", "within"),
    [
        ("W0", "H3b", 0.0, 0.04),  # sides add up
        ("strength_exact", "H3b", 1.0, 0.05),  # min(P, S) = (P + S)/2 - |P - S|/2
        ("drive_helps", "H9", 0.45 / np.sqrt(1.0), 0.03),  # the setting is standardised
        ("found_h8", "H8a", -0.36, 0.03),
        ("found_h8", "H8b", -0.42, 0.03),
    ],
)
def test_truths_of_the_survey(world, hypothesis, truth, within):
    """Drawn ones against closed forms."""
    found = truths(_only(world, hypothesis), REGISTRY)[hypothesis]
    assert found.value == pytest.approx(truth, abs=within)


@pytest.mark.parametrize(
    ("hypothesis", "setting", "value"),
    [
        ("H4", {"amplification": 0.10, "contact_models": (0.0, -0.02, 0.01)}, 0.11),
        ("H5a", {"lag_slope": -0.02}, -0.02),
        ("H5b", {"lag_sd_slope": -0.2}, -0.2),
        ("H7", {"restricted": -0.02}, -2.0),
        ("H7b", {"restricted_lateral": 0.2}, 20.0),
    ],
)
def test_settings_are_the_truth_of_their_statistic(hypothesis, setting, value):
    """What is told to be true is what the product's statistic gives without errors."""
    world = replace(WORLDS["W0"], errors=NO_ERRORS, judges=(hypothesis,), **setting)
    assert truths(world, REGISTRY)[hypothesis].value == pytest.approx(value)
    found = _estimates(world, hypothesis, 12)
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert found.mean() == pytest.approx(value, abs=4.0 * error)


def test_claims():
    """True from 95 % of the smallest effect on, false up to a tenth of it."""
    sizes = {0.05: "true", 0.0475: "true", 0.04: "between", 0.005: "false", -0.2: "false"}
    for value, claim in sizes.items():
        assert Truth(value, value, value).claim(0.05) == claim
    assert Truth(0.1, -0.02, 0.1).claim(0.05) == "open"  # contact models disagree
    assert Truth(0.1, 0.1, 0.1, condition=False).claim(0.05) == "open"


# rules that are wrong on purpose ------------------------------------------------------------------


def test_without_sides_asymmetry_is_taken_for_an_effect():
    """H3e, one side turns more and the other side's steps scatter more, no effect.

    The first registry's statistic: the impulse as a size, less the mean of athlete and speed.
    """
    world = _only("asymmetric", "H3e")
    wrong = []
    for number in range(15):
        steps = drawn_study(world, np.random.default_rng(number))["steps"].steps
        before, after = consecutive(steps, TRIAL)
        pairs = steps.iloc[before][CELL].assign(
            x=steps["yaw_impulse"].to_numpy()[before],
            y=steps["time_deviation_s"].to_numpy()[after],
        )
        cell = [pairs[name] for name in CELL]
        wrong.append(np.corrcoef(centred(pairs["x"], cell), centred(pairs["y"], cell))[0, 1])
    assert np.mean(wrong) > 0.08
    assert abs(_estimates(world, "H3e", 15).mean()) < 0.06


def test_with_errors_left_in_the_spread_the_balance_tightens(monkeypatch):
    """H5b, errors that fall with speed and are believed, no effect."""
    world = _only("noise_falls_little", "H5b")
    world = replace(world, errors=replace(world.errors, step_lag=0.007))
    right = _estimates(world, "H5b", 15)
    monkeypatch.setattr(
        step_statistics, "error_free_share", lambda variance, noise: noise * 0.0 + 1.0
    )
    wrong = _estimates(world, "H5b", 15)
    assert wrong.mean() < -0.06
    assert right.mean() > wrong.mean() + 0.04


def test_without_the_order_fatigue_is_taken_for_a_cost(monkeypatch):
    """H7, restricted arms more often later, tired, no effect."""
    world = _only("tired_random_order", "H7")
    tired = replace(world, design=replace(world.design, drift=-0.02))
    right = _estimates(tired, "H7", 20)
    monkeypatch.setattr(
        athlete_statistics,
        "_at_equal_order",
        lambda table: athlete_statistics.mean_estimate(table["value"]),
    )
    wrong = _estimates(tired, "H7", 20)
    assert right.std() < 0.6 * wrong.std()


def test_the_gate_of_order_speaks():
    world = _only("tired_1_8", "H7")
    one = examined_hypotheses(world, 0, REGISTRY)[0]
    assert [gate.name for gate in one.gates if not gate.passed] == ["order"]
    assert one.outcome.estimate < -1.0  # what fatigue would have been taken for


# the machinery ----------------------------------------------------------------------------------


def _cell(claim: str, supported: int, refused: int, studies: int = 400, **more: float) -> Cell:
    counts = {"found": supported, "no_effect": refused}
    counts["too_imprecise"] = studies - supported - refused
    values = {"estimate": 0.0, "covered": 0.95, "se": 0.02, "df": 11.0, "claimed": 0.8} | more
    return Cell("W0", "H4", 0.0, 0.0, 0.0, claim, 0.05, studies, studies, counts, **values)


@pytest.mark.parametrize(
    ("claim", "supported", "refused", "holds"),
    [
        ("false", 22, 300, True),
        ("false", 23, 0, False),
        ("true", 300, 22, True),
        ("true", 300, 23, False),
        ("open", 22, 22, True),
        ("open", 0, 23, False),
        ("between", 200, 200, True),
    ],
)
def test_the_binomial_rule(claim, supported, refused, holds):
    """22 of 400: upper bound 7.8 %; 23: 8.1 %."""
    assert _cell(claim, supported, refused).holds is holds


def test_coverage_is_judged_by_chance():
    assert _cell("false", 0, 0, covered=0.91).covers
    assert not _cell("false", 0, 0, covered=0.88).covers
    assert not _cell("false", 0, 0, covered=0.99).covers


def test_power_of_the_rule_is_that_of_a_simulation():
    """Noncentral t against drawn means of twelve athletes."""
    hypothesis = REGISTRY["H7"]
    random = np.random.default_rng(8)
    drawn = 1.7 + 1.4 * random.standard_normal((20_000, 12))
    mean, se = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / np.sqrt(12)
    p = 2.0 * stats.t.sf(mean / se, 11)
    found = float(((p * 13 < 0.05) & (mean >= 1.0)).mean())
    claimed = rule_power(hypothesis, 1.7, 1.4 / np.sqrt(12), 11.0, 13)
    assert claimed == pytest.approx(found, abs=0.02)


def test_power_holds_unless_chance_cannot_explain_it():
    short = _cell("true", 270, 0)  # 67.5 % of 80 % claimed
    enough = _cell("true", 300, 0)
    found = {one.supported: one.holds for one in powers([short, enough, _cell("false", 0, 0)])}
    assert found == {270: False, 300: True}


def test_a_finished_part_is_not_drawn_again(tmp_path: Path, monkeypatch):
    name = "tired_1_8"
    first = part(name, 3, tmp_path)
    monkeypatch.setattr(parts_module, "cells_of", lambda *_: pytest.fail("drawn again"))
    assert part(name, 3, tmp_path) == first
    monkeypatch.setattr(parts_module, "code_version", lambda: "another")
    with pytest.raises(pytest.fail.Exception, match="drawn again"):
        part(name, 3, tmp_path)


def test_the_version_of_the_code_ignores_words(tmp_path: Path):
    one, other, third = (tmp_path / f"{n}.py" for n in range(3))
    one.write_text('"""Words."""\n\nX = 1\n"""What it is."""\n', encoding="utf-8")
    other.write_text("# a comment\nX = 1\n", encoding="utf-8")
    third.write_text("X = 2\n", encoding="utf-8")
    bare = parts_module._bare
    assert bare(one) == bare(other) != bare(third)
    assert len(code_version()) == 12


def test_the_files_of_a_proof_can_be_read_back(tmp_path: Path):
    cells = tuple(cells_of(_only("W0", "H7", "H7b"), 4, REGISTRY))
    origin = {"date": "2026-01-01", "version": "0", "registry_hash": "0", "studies": 4, "seed": 1}
    origin |= {"open": "none"}
    proof = Proof(cells, tuple(powers(cells)), origin)
    write_proof(proof, tmp_path)
    written = pd.read_csv(tmp_path / "worlds.tsv", sep="\t")
    assert len(written) == len(world_table(proof)) == 2
    assert list(written["supported"] + written["not_supported"] + written["inconclusive"]) == [4, 4]
    assert "| H7 | 0 | – | 1 |" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_people_differ_as_they_are_said_to():
    world = replace(WORLDS["W0"], people=People(women=0.5, second_laboratory=0.5))
    athletes = drawn_study(replace(world, judges=("H8a",)), np.random.default_rng(2))["survey"]
    table = athletes.athletes
    assert set(table["sex"]) == {"male", "female"}
    assert set(table["laboratory"]) == {"first", "second"}
    assert table.groupby("sex")["fastest"].mean().diff().abs().max() > 0.5


# the committed run ------------------------------------------------------------------------------


def test_the_committed_tables_are_of_all_worlds_but_those_that_the_page_names():
    table = pd.read_csv(FOLDER / "worlds.tsv", sep="\t")
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = page.split("Worlds that are not drawn yet")[1].split(": ", 1)[1].split(".\n")[0]
    left = set() if named == "none" else set(named.split(", "))
    assert left <= set(WORLDS)
    drawn = [(name, world) for name, world in WORLDS.items() if name not in left]
    expected = {(name, one) for name, world in drawn for one in world.judges}
    assert {(row["world"], row["hypothesis"]) for _, row in table.iterrows()} == expected
    labels = ["supported", "not_supported", "inconclusive"]
    assert (table[labels].sum(axis=1) == table["studies"]).all()


def test_the_committed_tables_are_of_this_registry():
    """Another registry needs another proof: run `make validate`."""
    for name in ("worlds", "power"):
        origin = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["provenance"]
        assert origin["registry_hash"] == REGISTRY.hash
        assert origin["version"] == aqbio.__version__
