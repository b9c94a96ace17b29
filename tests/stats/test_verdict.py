"""The rule: every branch, Holm over what was tested, and what can never change a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate
from aqbio.stats.outcome import Result, result
from aqbio.stats.registry import read_registry
from aqbio.stats.verdict import CLASSES, Label, examined, families, judged, three_way, verdicts

REGISTRY = read_registry()


def _result(name: str, value: float, se: float, **more: object) -> Result:
    found = result(REGISTRY[name], Estimate(value, se, 11.0))
    return replace(found, **more)  # type: ignore[arg-type]


def alone(evidence: Evidence) -> Evidence:
    """Give the evidence of the first athlete only."""
    first = evidence.where(evidence.steps["participant_id"] == evidence.athletes.index[0])
    own = evidence.sprints["athlete"] == evidence.athletes.index[0]
    return replace(first, athletes=evidence.athletes[:1], sprints=evidence.sprints[own])


@pytest.mark.parametrize(
    ("name", "value", "se", "found"),
    [
        ("H4", 0.10, 0.01, "found"),
        ("H4", 0.045, 0.005, "too_imprecise"),  # surely above 0; 0.05 is not excluded
        ("H4", 0.10, 0.06, "too_imprecise"),
        ("H4", 0.00, 0.027, "no_effect"),  # 1.796 x 0.027 = 0.0485
        ("H4", 0.00, 0.029, "too_imprecise"),  # 0.0521
        ("H4", -0.30, 0.10, "opposite_found"),
        ("H4", -0.04, 0.03, "no_effect"),  # 0 is not excluded, an effect of interest is
        ("H4", 0.02, 0.005, "no_effect"),  # above 0 and too small to matter
        ("H7", -1.6, 0.3, "found"),
        ("H7", -0.9, 0.1, "too_imprecise"),
        ("H7", 1.6, 0.3, "opposite_found"),
        ("H7", 0.0, 0.3, "no_effect"),
    ],
)
def test_what_is_found(name, value, se, found):
    one = _result(name, value, se)
    assert three_way(REGISTRY[name], one, one.p, one.p_against)[0] == found


def test_every_finding_is_one_of_the_five_verdicts():
    assert set(CLASSES.values()) == set(get_args(Label))
    assert {name for name, label in CLASSES.items() if label == "not_supported"} == {
        "opposite_found", "no_effect"
    }  # fmt: skip


def test_the_adjusted_p_decides():
    one = _result("H4", 0.10, 0.04)
    assert one.p < 0.05
    assert three_way(REGISTRY["H4"], one, one.p, 1.0)[0] == "found"
    assert three_way(REGISTRY["H4"], one, 0.051, 1.0)[0] == "too_imprecise"
    none = _result("H4", 0.0, 0.02)
    assert three_way(REGISTRY["H4"], none, 1.0, 0.049)[0] == "no_effect"
    assert three_way(REGISTRY["H4"], none, 1.0, 0.051)[0] == "too_imprecise"


@pytest.mark.parametrize(
    ("name", "value", "se", "said"),
    [
        ("H4", 0.10, 0.06, "holds both 0 and effects of interest"),
        ("H4", 0.10, 0.04, "though the 95 % interval alone excludes 0"),
        ("H4", 0.04, 0.01, "holds both effects too small to matter and effects of interest"),
        ("H4", -0.01, 0.02, "though the 95 % interval alone excludes an effect of 0.05"),
        ("H7", -1.6, 0.6, "though the 95 % interval alone excludes 0"),
    ],
)
def test_reasons_agree_with_the_intervals_beside_them(name, value, se, said):
    """Adjustment can undo what an unadjusted interval shows: the reason says which it was."""
    one = _result(name, value, se)
    found, reason = three_way(REGISTRY[name], one, 0.06, 0.06)
    assert found == "too_imprecise"
    assert said in reason


def test_a_condition_that_fails():
    fails = _result("H1", 0.4, 0.02, condition=False, note="median rank 5 of 15")
    assert three_way(REGISTRY["H1"], fails, 1e-6, 1.0)[0] == "condition_failed"
    assert three_way(REGISTRY["H1"], replace(fails, condition=True), 1e-6, 1.0)[0] == "found"


def test_missing_data_are_not_testable(drawn):
    evidence = drawn("W0")
    presence = replace(evidence.presence, arms=False, capacities=False)
    found = {
        one.hypothesis: one
        for one in verdicts(
            replace(evidence, presence=presence, sprints=evidence.sprints[:0]), REGISTRY
        )
    }
    for name in ("H1", "H2", "H3b", "H7", "H7b"):
        assert found[name].verdict == "not_testable", name
        assert np.isnan(found[name].estimate)
    assert "restricted" in found["H7"].reason
    assert found["H4"].verdict != "not_testable"


def test_one_athlete_gets_numbers_but_no_verdict(drawn):
    found = verdicts(alone(drawn("W0")), REGISTRY)
    by_name = {one.hypothesis: one for one in found}
    assert by_name["H1"].verdict == "inconclusive"
    assert by_name["H1"].estimate < -0.3
    assert "athletes with numbers: 1, a test takes 6" in by_name["H1"].reason
    assert not {one.verdict for one in found} & {"supported", "not_supported"}


def test_order_of_steps_and_names_do_not_matter(drawn):
    evidence = drawn("W1")
    order = np.random.default_rng(2).permutation(len(evidence.steps))
    mixed = replace(evidence, steps=evidence.steps.iloc[order])
    for one, again in zip(
        judged(examined(evidence, REGISTRY), REGISTRY),
        judged(examined(mixed, REGISTRY), REGISTRY),
        strict=True,
    ):
        assert one.verdict == again.verdict
        assert one.estimate == pytest.approx(again.estimate, rel=1e-9, nan_ok=True)


def test_a_secondary_number_has_an_interval_and_no_verdict(drawn):
    every = examined(drawn("W1"), REGISTRY)
    found = {one.hypothesis: one for one in judged(every, REGISTRY)}
    assert {name for name, one in found.items() if one.verdict == "described"} == {
        "H2", "H3e", "H5b", "H7b", "H8b"
    }  # fmt: skip
    assert np.isfinite([found["H2"].ci_low, found["H2"].ci_high]).all()
    assert np.isnan([found["H2"].p, found["H2"].p_holm, found["H2"].mde]).all()
    assert families(every) == {"core": 4}
