"""Primary statistics recomputed by other means, and athletes' numbers that give the whole row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from aqbio.names import ROLE_GROUPS
from aqbio.stats.corrected import vertical_momentum
from aqbio.stats.outcomes import STATISTICS, outcome, outcomes
from aqbio.stats.registry import read_registry

REGISTRY = read_registry()
GROUP = {name: place for place, name in enumerate(ROLE_GROUPS)}
TESTED = [one for one in REGISTRY.hypotheses if one.always is None]


def _by_athlete(evidence, values):
    return pd.Series(values).groupby(evidence.steps["participant_id"], observed=True).mean()


def _stance(evidence):
    """Angular momentum about the vertical in stance of all steps, (S, 101, G)."""
    return np.concatenate([vertical_momentum(one)[:, 0] for *_, one in evidence.by_athlete()])


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
    columns = [pd.Series(values).dropna() for _, values in found.values.items()]
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
    momentum = _stance(evidence)
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
    momentum = _stance(evidence)
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
        {"who": steps["participant_id"].astype(str), "x": steps["yaw_impulse"],
         "y": steps["time_deviation_s"]}
    )  # fmt: skip
    table["trial"] = table["who"] + steps["trial_id"]
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
    number = evidence.steps["step"] + (evidence.steps["step"] >= 6)
    gap = evidence.with_steps(evidence.steps.assign(step=number))
    whole, broken = (outcome(one, REGISTRY["H3e"]).n_steps for one in (evidence, gap))
    assert whole - broken == 48


def test_lag_slopes_are_those_of_scipy(drawn):
    evidence = drawn("W1")
    steps = evidence.steps
    found = outcome(evidence, REGISTRY["H5a"])
    for name, own in steps.groupby("participant_id", observed=True):
        oracle = stats.linregress(own["speed_mps"], own["lag"])
        assert found.values["value"][name] == pytest.approx(oracle.slope, rel=1e-9)


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
    means = evidence.sprints.groupby(["condition", "participant_id"])["speed_mps"].mean()
    expected = 100.0 * (means["restricted_arms"] / means["normal"] - 1.0)
    found = outcome(evidence, REGISTRY["H7"])
    np.testing.assert_allclose(found.values["value"], expected, rtol=1e-12)
    assert found.n_steps == 72


def test_contact_models_of_other_signs_block_h4(drawn):
    evidence = drawn("W1")
    same = evidence.with_steps(evidence.steps.assign(caused_share_C1=0.02, caused_share_C2=0.1))
    other = same.with_steps(same.steps.assign(caused_share_C1=-0.02))
    assert not outcome(same, REGISTRY["H4"]).blocked
    assert "between contact models" in outcome(other, REGISTRY["H4"]).blocked


def test_no_primary_statistic_reads_a_curve(drawn):
    """Specifications of the multiverse keep none: their numbers of steps are all there is."""
    evidence = drawn("W0")
    less = replace(evidence, curves=None)
    every, few = outcomes(evidence, REGISTRY), outcomes(less, REGISTRY)
    assert list(every) == list(few)
    for name, one in every.items():
        assert (one.estimate, one.p) == (few[name].estimate, few[name].p)


def test_athletes_without_numbers_are_left_out(drawn):
    evidence = drawn("W0")
    steps = evidence.steps
    third = steps["participant_id"] == "athlete-04"
    less = evidence.with_steps(steps.assign(hub_share=steps["hub_share"].mask(third)))
    found = outcome(less, REGISTRY["H4"])
    assert (found.n_athletes, found.n_steps) == (11, 11 * 48)
    nobody = evidence.with_steps(steps.assign(hub_share=np.nan))
    assert outcome(nobody, REGISTRY["H4"]) is None


def test_no_steps_at_all(drawn):
    evidence = drawn("W0")
    nothing = evidence.where(evidence.steps["step"] < 0)
    assert set(outcomes(nothing, REGISTRY)) == {"H3b", "H7", "H8a", "H8b"}


def test_one_athlete_is_told_the_ratio_that_moves_most(drawn):
    """Without a test over athletes neither ratio decides; the larger slope must not be hidden."""
    evidence = drawn("W0")
    alone = evidence.where(evidence.steps["participant_id"] == "athlete-04")
    found = outcome(alone, REGISTRY["H3d"])
    own = found.values.loc["athlete-04"].to_dict()
    assert np.isnan(found.p)
    assert found.estimate == pytest.approx(max(own.values(), key=abs))
    assert found.estimate != pytest.approx(min(own.values(), key=abs))
    one_sided = alone.steps.assign(log_ratio_moments=-np.log(alone.steps["swing_index"]))
    other = outcome(alone.with_steps(one_sided), REGISTRY["H3d"])
    assert other.estimate == pytest.approx(max(other.values.loc["athlete-04"], key=abs))
