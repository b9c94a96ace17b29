"""Primary statistics recomputed by other means, and athletes' numbers that give the whole row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from aqbio.names import ROLE_GROUPS
from aqbio.stats.outcomes import STATISTICS, outcome, outcomes
from aqbio.stats.registry import read_registry

REGISTRY = read_registry()
GROUP = {name: place for place, name in enumerate(ROLE_GROUPS)}
TESTED = [one for one in REGISTRY.hypotheses if one.always is None]


def _by_athlete(evidence, values):
    return pd.Series(values).groupby(evidence.steps.athlete).mean()


def test_every_statistic_of_the_registry_exists_and_is_used():
    assert {one.statistic for one in TESTED} == set(STATISTICS)


@pytest.mark.parametrize("name", [one.id for one in TESTED if one.id not in ("H3b",)])
def test_the_row_comes_from_the_athletes_numbers(drawn, name):
    """What a statistician does with the exported table: mean, t interval, p value."""
    hypothesis = REGISTRY[name]
    found = outcome(drawn("W0"), hypothesis)
    if name in ("H8a", "H8b"):
        table = pd.DataFrame(found.values).dropna()
        z = (table - table.mean()) / table.std()
        names = [column for column in z.columns if column != "fastest"]
        fit = smf.ols("fastest ~ " + " + ".join(names), z).fit()
        assert found.estimate == pytest.approx(fit.params[names[0]], rel=1e-9)
        assert found.ci95 == pytest.approx(tuple(fit.conf_int().loc[names[0]]), rel=1e-9)
        return
    columns = [pd.Series(values).dropna() for values in found.values.values()]
    if name == "H3d":
        rows = [(one, stats.ttest_1samp(one, 0.0)) for one in columns]
        value, test = max(rows, key=lambda row: _equivalence_p(row[0], hypothesis.delta))
        assert found.p == pytest.approx(_equivalence_p(value, hypothesis.delta), rel=1e-9)
    else:
        value, test = columns[0], stats.ttest_1samp(columns[0], 0.0)
        right = value.mean() * {"greater": 1, "less": -1}[hypothesis.predicted] > 0
        expected = test.pvalue if right else 1.0
        assert found.p == pytest.approx(expected, rel=1e-9)
    assert found.estimate == pytest.approx(value.mean(), rel=1e-12)
    interval = test.confidence_interval(0.95)
    assert found.ci95 == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.n_athletes == 12


def _equivalence_p(values, delta):
    above = stats.ttest_1samp(values, -delta, alternative="greater").pvalue
    below = stats.ttest_1samp(values, delta, alternative="less").pvalue
    return max(above, below)


def test_opposition_difference_by_hand(drawn):
    evidence = drawn("W0")
    momentum = evidence.steps.momentum[:, 0, :, :, 1]
    swing, push = momentum[..., GROUP["swing_leg"]], momentum[..., GROUP["push_leg"]]
    total = momentum.sum(axis=-1)
    values = 0.0
    for sign, side in ((1.0, swing), (-1.0, swing + push)):
        cancelled = np.abs(side) + np.abs(total - side) - np.abs(total)
        values = values + sign * cancelled.mean(axis=1) / np.abs(momentum).sum(axis=-1).mean(axis=1)
    found = outcome(evidence, REGISTRY["H1"])
    np.testing.assert_allclose(found.values["value"], _by_athlete(evidence, values), rtol=1e-12)
    assert found.condition is False
    assert "of 15 partitions" in found.note


def test_cosine_and_what_legs_alone_would_give(drawn):
    evidence = drawn("W0")
    momentum = evidence.steps.momentum[:, 0, :, :, 1]
    arms, push = momentum[..., GROUP["arms"]], momentum[..., GROUP["push_leg"]]
    size = np.sqrt((arms**2).sum(axis=1) * (push**2).sum(axis=1))
    found = outcome(evidence, REGISTRY["H2"])
    expected = _by_athlete(evidence, (arms * push).sum(axis=1) / size)
    np.testing.assert_allclose(found.values["value"], expected, rtol=1e-12)
    assert "largely set by geometry" in found.note
    forced = found.values["same_legs"]
    assert found.note.startswith(f"{forced.mean():.2f} expected")


def test_next_step_slopes_are_correlations_within_athlete_and_speed(drawn):
    evidence = drawn("W1")
    steps = evidence.steps
    table = pd.DataFrame(
        {"who": steps.athlete, "trial": steps.trial, "x": steps.yaw_impulse,
         "y": steps.time_deviation}
    )  # fmt: skip
    table["x"] = table.groupby("trial")["x"].shift(1)
    table = table.dropna()
    for name in ("x", "y"):
        table[name] -= table.groupby("trial")[name].transform("mean")
    expected = [own["x"].corr(own["y"]) for _, own in table.groupby("who")]
    found = outcome(evidence, REGISTRY["H3e"])
    np.testing.assert_allclose(found.values["value"], expected, rtol=1e-9)
    assert found.n_steps == len(table)


def test_a_gap_in_the_row_of_steps_is_no_pair(drawn):
    evidence = drawn("W1")
    number = np.where(evidence.steps.number >= 6, evidence.steps.number + 1, evidence.steps.number)
    gap = replace(evidence, steps=replace(evidence.steps, number=number))
    whole, broken = (outcome(one, REGISTRY["H3e"]).n_steps for one in (evidence, gap))
    assert whole - broken == 48


def test_lag_slopes_are_those_of_scipy(drawn):
    evidence = drawn("W1")
    steps = evidence.steps
    found = outcome(evidence, REGISTRY["H5a"])
    for athlete in range(12):
        own = steps.athlete == athlete
        oracle = stats.linregress(steps.speed[own], (steps.swing_peak - steps.force_peak)[own])
        assert found.values["value"][athlete] == pytest.approx(oracle.slope, rel=1e-9)


def test_the_ratio_of_the_limiter_from_the_exported_columns(drawn):
    evidence = drawn("W3", 96)
    found = outcome(evidence, REGISTRY["H3b"])
    table = pd.DataFrame(found.values)
    p, s = table["push_capacity"], table["swing_capacity"]
    table = table.assign(both=(p + s) / 2, gap=-(p - s).abs() / 2, side=(p - s) / 2)
    fit = smf.ols("fastest ~ both + gap + side", table).fit()
    assert found.estimate == pytest.approx(fit.params["gap"] / fit.params["both"], rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues["gap"], rel=1e-9)
    low, high = found.ci95
    for bound in (low, high):
        test = fit.t_test(f"gap - {bound} * both = 0")
        assert float(test.pvalue) == pytest.approx(0.05, abs=1e-6)


def test_restricted_arms_by_hand(drawn):
    evidence = drawn("W0")
    normal, restricted = evidence.athletes.normal, evidence.athletes.restricted
    expected = 100.0 * (restricted.mean(axis=1) / normal.mean(axis=1) - 1.0)
    found = outcome(evidence, REGISTRY["H7"])
    np.testing.assert_allclose(found.values["value"], expected, rtol=1e-12)
    assert found.n_steps == 72


def test_contact_models_of_other_signs_block_h4(drawn):
    evidence = drawn("W1")
    count = len(evidence.steps)
    same = replace(evidence, caused_shares={"C1": np.full(count, 0.02), "C2": np.full(count, 0.1)})
    other = replace(same, caused_shares={"C1": np.full(count, -0.02), "C2": np.full(count, 0.1)})
    assert not outcome(same, REGISTRY["H4"]).blocked
    assert "between contact models" in outcome(other, REGISTRY["H4"]).blocked


def test_stance_about_the_vertical_is_enough_for_the_primaries(drawn):
    """Arms of a multiverse keep no more; nothing else may reach a primary statistic."""
    evidence = drawn("W0")
    bare = np.full_like(evidence.steps.momentum, np.nan)
    bare[:, 0, :, :, 1] = evidence.steps.momentum[:, 0, :, :, 1]
    less = replace(
        evidence,
        steps=replace(
            evidence.steps,
            momentum=bare,
            rate=np.full_like(bare, np.nan),
            external_moment=np.full_like(evidence.steps.external_moment, np.nan),
        ),
    )
    every, few = outcomes(evidence, REGISTRY), outcomes(less, REGISTRY)
    assert list(every) == list(few)
    for name, one in every.items():
        assert (one.estimate, one.p) == (few[name].estimate, few[name].p)


def test_athletes_without_numbers_are_left_out(drawn):
    evidence = drawn("W0")
    share = np.where(evidence.steps.athlete == 3, np.nan, evidence.steps.hub_share)
    less = replace(evidence, steps=replace(evidence.steps, hub_share=share))
    found = outcome(less, REGISTRY["H4"])
    assert (found.n_athletes, found.n_steps) == (11, 11 * 48)
    nobody = replace(evidence, steps=replace(evidence.steps, hub_share=np.full(len(share), np.nan)))
    assert outcome(nobody, REGISTRY["H4"]) is None


def test_no_steps_at_all(drawn):
    evidence = drawn("W0")
    nothing = evidence.where(np.zeros(len(evidence.steps), dtype=bool))
    assert set(outcomes(nothing, REGISTRY)) == {"H3b", "H7", "H8a", "H8b"}


def test_one_athlete_is_told_the_ratio_that_moves_most(drawn):
    """Without a test over athletes neither ratio decides; the larger slope must not be hidden."""
    evidence = drawn("W0")
    alone = evidence.where(evidence.steps.athlete == 3)
    found = outcome(alone, REGISTRY["H3d"])
    own = {name: values[3] for name, values in found.values.items()}
    assert np.isnan(found.p)
    assert found.estimate == pytest.approx(max(own.values(), key=abs))
    assert found.estimate != pytest.approx(min(own.values(), key=abs))
    changed = replace(
        alone, steps=replace(alone.steps, push_index=np.ones_like(alone.steps.push_index))
    )
    other = outcome(changed, REGISTRY["H3d"])
    assert other.estimate == pytest.approx(max((v[3] for v in other.values.values()), key=abs))
