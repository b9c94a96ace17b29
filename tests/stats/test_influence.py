"""Athletes left out one by one, the share of athletes that show an effect, and a robust centre."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.stats.registry import read_registry
from aqbio.stats.robustness import influential, leave_one_out, spread
from aqbio.stats.verdict import examined, judged

REGISTRY = read_registry()


def _case(evidence, name):
    every = examined(evidence, REGISTRY)
    one = next(one for one in every if one.hypothesis.id == name)
    verdict = next(one for one in judged(every, REGISTRY) if one.hypothesis == name)
    return one, verdict


def test_one_wrong_cell_is_named(drawn):
    """Eleven athletes lose about 1.6 %; one is written down as 10 % faster."""
    evidence = drawn("W4_large")
    sprints = evidence.sprints.copy()
    wrong = (sprints["participant_id"] == "athlete-07") & (
        sprints["condition"] == "restricted_arms"
    )
    sprints.loc[wrong, "speed_mps"] *= 1.25
    one, verdict = _case(replace(evidence, sprints=sprints), "H7")
    assert verdict.verdict == "inconclusive"
    rows = leave_one_out(one, 12)
    assert influential(rows, verdict.verdict) == ("athlete-07",)
    by_name = {row.participant_id: row for row in rows}
    assert by_name["athlete-07"].verdict == "supported"
    own = spread(REGISTRY["H7"], one.outcome)
    assert own.n_showing == 11
    assert own.robust == pytest.approx(-4.0, abs=1.0)


def test_regressions_between_athletes_have_no_share(drawn):
    one, _ = _case(drawn("W1", 48), "H8a")
    assert np.isnan(spread(REGISTRY["H8a"], one.outcome).n_showing)
    assert len(leave_one_out(one, 12)) == 48


def test_an_untested_hypothesis_has_no_influence(drawn):
    one, _ = _case(drawn("W1"), "H3b")
    assert leave_one_out(one, 12) == ()
