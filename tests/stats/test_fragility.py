"""Fragile verdicts: whole choices, repeated analyses, and gates of each analysis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aqbio.stats.registry import read_registry
from aqbio.stats.robustness import Arm, fragility
from aqbio.stats.verdict import verdicts

REGISTRY = read_registry()


@pytest.fixture(scope="module")
def own(drawn):
    """H1 as it is found in a world where it is true."""
    found = verdicts(drawn("W1"), REGISTRY)[0]
    assert (found.hypothesis, found.verdict) == ("H1", "supported")
    return found


def _arm(own, specification, shift=0.001, **changes):
    return Arm(
        specification,
        specification.partition("=")[0],
        replace(own, estimate=own.estimate + shift, **changes),
    )


def _many(own, count):
    """Analyses that agree and differ a little."""
    return [_arm(own, f"threshold={number}", 1e-4 * (number + 1)) for number in range(count)]


def test_a_choice_that_overturns_is_enough_among_many_that_agree(own):
    """A share of four in five let twelve harmless analyses outvote the decisive one."""
    lost = _arm(own, "consistency=off", -0.01, verdict="inconclusive")
    found = fragility(own, [*_many(own, 11), lost])
    assert (found.fragile, found.overturned_by) == ("yes", ("consistency=off",))
    assert found.decisive == "consistency"
    assert fragility(own, _many(own, 11)).fragile == "no"


def test_analyses_that_repeat_are_none(own):
    copies = [Arm(f"threshold={number}", "threshold", own) for number in range(5)]
    assert fragility(own, copies).fragile == "n/a"
    assert fragility(own, copies).decisive == ""
    twice = [_arm(own, "body=de_leva", 0.02), _arm(own, "body=dumas", 0.02)]
    assert fragility(own, twice).highest == pytest.approx(own.estimate + 0.02)


def test_an_analysis_whose_gates_fail_says_nothing(own):
    silent = _arm(own, "consistency=off", -0.3, verdict="inconclusive", gates="precision")
    found = fragility(own, [*_many(own, 3), silent])
    assert (found.fragile, found.silent) == ("no", ("consistency=off",))
    assert found.lowest == pytest.approx(own.estimate)
