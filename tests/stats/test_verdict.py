"""The rule: every branch, Holm over what was tested, and what can never change a verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, holm
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import read_registry
from aqbio.stats.verdict import examined, judged, three_way, verdicts, with_robustness

REGISTRY = read_registry()


def _outcome(name: str, value: float, se: float, **more: object) -> Outcome:
    hypothesis, found = REGISTRY[name], Estimate(value, se, 11.0)
    return Outcome(
        hypothesis=name,
        error=found,
        ci95=found.interval(0.95),
        ci90=found.interval(0.90),
        p=found.p(hypothesis.predicted, hypothesis.delta),
        values=pd.DataFrame({"value": np.full(12, value)}),
        weights=pd.Series(np.full(12, 40)),
        **more,  # type: ignore[arg-type]
    )


def alone(evidence: Evidence) -> Evidence:
    """Give the evidence of the first athlete only."""
    first = evidence.where(evidence.steps["participant_id"] == evidence.athletes.index[0])
    return replace(first, athletes=evidence.athletes[:1])


@pytest.mark.parametrize(
    ("name", "value", "se", "label"),
    [
        ("H4", 0.10, 0.01, "supported"),
        ("H4", 0.045, 0.005, "inconclusive"),  # surely above 0, but below the smallest effect
        ("H4", 0.10, 0.06, "inconclusive"),
        ("H4", 0.00, 0.02, "not_supported"),  # equivalent: 1.796 x 0.02 = 0.036
        ("H4", 0.00, 0.03, "inconclusive"),  # 0.054
        ("H4", -0.30, 0.10, "not_supported"),
        ("H4", 0.02, 0.005, "not_supported"),  # above 0 and equivalent to it
        ("H7", -1.6, 0.3, "supported"),
        ("H7", -0.9, 0.1, "inconclusive"),
        ("H7", 1.6, 0.3, "not_supported"),
        ("H7", 0.0, 0.3, "not_supported"),
        ("H3d", 0.001, 0.004, "supported"),
        ("H3d", 0.05, 0.005, "not_supported"),
        ("H3d", -0.05, 0.005, "not_supported"),
        ("H3d", 0.0, 0.02, "inconclusive"),
        ("H3d", 0.03, 0.01, "inconclusive"),
    ],
)
def test_three_ways(name, value, se, label):
    found = _outcome(name, value, se)
    assert three_way(REGISTRY[name], found, found.p)[0] == label


def test_the_adjusted_p_decides():
    found = _outcome("H4", 0.10, 0.04)
    assert found.p < 0.05
    assert three_way(REGISTRY["H4"], found, found.p)[0] == "supported"
    assert three_way(REGISTRY["H4"], found, 0.051)[0] == "inconclusive"


@pytest.mark.parametrize(
    ("name", "value", "se", "said"),
    [
        ("H4", 0.10, 0.06, "0 is not excluded either way"),
        ("H4", 0.10, 0.04, "though the 95 % interval alone excludes 0"),
        ("H7", -1.6, 0.6, "though the 95 % interval alone excludes 0"),
        ("H3d", 0.0, 0.02, "reaches into and out of ±0.02"),
        ("H3d", 0.0, 0.01, "though the 90 % interval alone lies within ±0.02"),
    ],
)
def test_reasons_agree_with_the_intervals_beside_them(name, value, se, said):
    """Adjustment can undo what an unadjusted interval shows: the reason says which it was."""
    found = _outcome(name, value, se)
    label, reason = three_way(REGISTRY[name], found, 0.06)
    assert label == "inconclusive"
    assert said in reason


def test_a_condition_that_fails_and_a_block():
    fails = _outcome("H1", 0.4, 0.02, condition=False, note="median rank 5 of 15 partitions")
    label, reason = three_way(REGISTRY["H1"], fails, 1e-6)
    assert (label, "median rank 5" in reason) == ("inconclusive", True)
    blocked = _outcome("H4", 0.4, 0.02, blocked="contact models differ")
    assert three_way(REGISTRY["H4"], blocked, 1e-6) == ("inconclusive", "contact models differ")


def test_holm_counts_what_was_tested_and_nothing_else(drawn):
    every = examined(drawn("W0"), REGISTRY)
    tested = [one for one in every if one.tested]
    names = [one.hypothesis.id for one in tested]
    assert "H3b" not in names  # twelve athletes
    assert len(names) == 10
    found = {one.hypothesis: one for one in judged(every, REGISTRY)}
    expected = dict(zip(names, holm([one.outcome.p for one in tested]), strict=True))
    for name, one in found.items():
        if name in expected:
            assert one.p_holm == pytest.approx(expected[name])
        else:
            assert np.isnan(one.p_holm)


def test_every_hypothesis_gets_a_row_in_order(drawn):
    found = verdicts(drawn("W0"), REGISTRY)
    assert [one.hypothesis for one in found] == [one.id for one in REGISTRY.hypotheses]
    assert {one.registry_hash for one in found} == {REGISTRY.hash}
    assert all(one.reason for one in found)
    labels = {one.hypothesis: one.verdict for one in found}
    assert labels["H3a"] == "mechanically_implied"
    assert {labels[name] for name in ("H3c", "H6", "H8c")} == {"not_testable"}
    assert labels["H3b"] == "inconclusive"
    assert "12 of 48" in found[3].reason


def test_worlds_that_are_opposite(drawn):
    classical, true = (
        {one.hypothesis: one.verdict for one in verdicts(drawn(world), REGISTRY)}
        for world in ("W0", "W1")
    )
    for name in ("H1", "H2", "H4", "H5a", "H5b"):
        assert (classical[name], true[name]) == ("not_supported", "supported"), name


def test_missing_data_are_not_testable(drawn):
    evidence = drawn("W0")
    presence = replace(evidence.presence, arms=False, restricted_arms=False, capacities=False)
    found = {
        one.hypothesis: one for one in verdicts(replace(evidence, presence=presence), REGISTRY)
    }
    for name in ("H1", "H2", "H3b", "H3d", "H7"):
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
    mixed = evidence.with_steps(evidence.steps.iloc[order])
    for one, again in zip(
        judged(examined(evidence, REGISTRY), REGISTRY),
        judged(examined(mixed, REGISTRY), REGISTRY),
        strict=True,
    ):
        assert one.verdict == again.verdict
        assert one.estimate == pytest.approx(again.estimate, rel=1e-9, nan_ok=True)


def test_detectable_effects_are_printed(drawn):
    for one in verdicts(drawn("W0"), REGISTRY):
        if np.isfinite(one.estimate):
            assert np.isfinite(one.mde), one.hypothesis
            if REGISTRY[one.hypothesis].predicted != "equivalent":
                assert abs(one.mde) >= abs(one.smallest_effect)
                assert one.mde * one.smallest_effect > 0


def test_robustness_wants_four_specifications_in_five(drawn):
    given = verdicts(drawn("W1"), REGISTRY)
    labels = {
        "H1": ["supported"] * 8 + ["inconclusive"] * 2,
        "H2": ["supported"] * 7 + ["inconclusive"] * 3,
    }
    marked = {one.hypothesis: one.fragile for one in with_robustness(given, labels)}
    assert (marked["H1"], marked["H2"], marked["H4"]) == ("no", "yes", "n/a")


def test_what_was_not_tested_is_neither_robust_nor_fragile(drawn):
    given = verdicts(drawn("W0"), REGISTRY)
    marked = with_robustness(given, {"H6": ["not_testable"] * 3, "H3a": ["mechanically_implied"]})
    assert {one.fragile for one in marked if one.hypothesis in ("H6", "H3a")} == {"n/a"}


def test_what_is_fragile_stays_so(drawn):
    given = [replace(one, fragile="yes") for one in verdicts(drawn("W1"), REGISTRY)]
    marked = with_robustness(given, {"H1": ["supported"] * 10})
    assert marked[0].fragile == "yes"


def test_h1_is_fragile_where_shifted_waveforms_explain_it(drawn, monkeypatch):
    """If shifted waveforms gave as much as the data, the corrected difference would be none."""
    evidence = drawn("W1")
    assert verdicts(evidence, REGISTRY)[0].fragile == "n/a"
    monkeypatch.setattr(
        "aqbio.stats.corrected.shift_expectation",
        lambda evidence, seed=0: pd.Series(np.full(12, 0.41)),
    )
    assert verdicts(evidence, REGISTRY)[0].fragile == "yes"
