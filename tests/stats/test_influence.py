"""Athletes left out one by one, the share of athletes that show an effect, and a robust centre."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from aqbio.stats.registry import read_registry
from aqbio.stats.robustness import hodges_lehmann, influential, leave_one_out, spread
from aqbio.stats.verdict import examined, judged

REGISTRY = read_registry()


def _case(evidence, name):
    every = examined(evidence, REGISTRY)
    one = next(one for one in every if one.hypothesis.id == name)
    verdict = next(one for one in judged(every, REGISTRY) if one.hypothesis == name)
    return one, verdict


@pytest.mark.parametrize("name", ["H1", "H5a"])
def test_the_rest_by_hand(drawn, name):
    one, verdict = _case(drawn("W1"), name)
    rows = leave_one_out(one, 12)
    assert len(rows) == 12
    for row in rows:
        rest = one.outcome.values["value"].drop(row.athlete)
        interval = stats.ttest_1samp(rest, 0.0).confidence_interval(0.95)
        assert row.estimate == pytest.approx(rest.mean())
        assert (row.ci_low, row.ci_high) == pytest.approx((interval.low, interval.high))
        assert row.verdict == verdict.verdict
    assert influential(rows, verdict.verdict) == ()


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
    by_name = {row.athlete: row for row in rows}
    assert by_name["athlete-07"].verdict == "supported"
    own = spread(REGISTRY["H7"], one.outcome)
    assert own.n_showing == 11
    assert own.robust == pytest.approx(-4.0, abs=1.0)


def test_the_share_of_athletes(drawn):
    one, _ = _case(drawn("W1"), "H1")
    own = spread(REGISTRY["H1"], one.outcome)
    showing = int((one.outcome.values["value"] >= 0.05).sum())
    low, high = proportion_confint(showing, 12, method="wilson")
    assert (own.n_showing, own.share_low, own.share_high) == pytest.approx((showing, low, high))


def test_regressions_between_athletes_have_no_share(drawn):
    one, _ = _case(drawn("W1", 40), "H8a")
    assert np.isnan(spread(REGISTRY["H8a"], one.outcome).n_showing)
    assert len(leave_one_out(one, 12)) == 40


def test_an_untested_hypothesis_has_no_influence(drawn):
    one, _ = _case(drawn("W1"), "H3b")
    assert leave_one_out(one, 12) == ()


def test_hodges_lehmann_by_hand():
    values = np.random.default_rng(1).standard_normal(9)
    means = [(values[i] + values[j]) / 2 for i in range(9) for j in range(i, 9)]
    assert hodges_lehmann(values) == pytest.approx(np.median(means))
