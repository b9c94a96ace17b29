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
from aqbio.stats.step_statistics import attenuation, sizes_correlation

REGISTRY = read_registry()
GROUP = {name: place for place, name in enumerate(ROLE_GROUPS)}
TESTED = [one for one in REGISTRY.hypotheses if one.always is None]


def _by_athlete(evidence, values):
    return pd.Series(values).groupby(evidence.steps["participant_id"], observed=True).mean()


def _stance(evidence):
    """Angular momentum about the vertical in stance of all steps, (S, 101, G)."""
    chosen = {"axis": "y", "phase": "stance", "group": list(ROLE_GROUPS)}
    every = [one["angular_momentum"].sel(chosen) for *_, one in evidence.by_athlete()]
    return np.concatenate([one.values for one in every])


def test_every_statistic_of_the_registry_exists_and_is_used():
    assert {one.statistic for one in TESTED} == set(STATISTICS)


@pytest.mark.parametrize(
    "name", ["H1", "H2", "H3e", "H3f", "H4", "H5a", "H5b", "H7", "H7b", "H8a", "H8b", "H9"]
)
def test_the_row_comes_from_the_athletes_numbers(drawn, name):
    """What a statistician does with the exported table: mean, t interval, p values."""
    hypothesis = REGISTRY[name]
    found = outcome(drawn("W0"), hypothesis)
    if name in ("H7", "H7b"):
        fit = smf.ols("value ~ later", found.values).fit(cov_type="HC3", use_t=True)
        _same(found, hypothesis, fit.params["Intercept"], fit.bse["Intercept"], fit.df_resid)
    elif name in ("H8a", "H8b", "H9"):
        z = (found.values - found.values.mean()) / found.values.std()
        names = [column for column in z.columns if column != "fastest"]
        fit = smf.ols("fastest ~ " + " + ".join(names), z).fit(cov_type="HC3", use_t=True)
        _same(found, hypothesis, fit.params[names[0]], fit.bse[names[0]], fit.df_resid)
    else:
        own = found.values["value"].dropna()
        _same(found, hypothesis, own.mean(), own.sem(), len(own) - 1, shared=name in ("H3f", "H4"))
    assert found.n_athletes == 12


def _same(found, hypothesis, value, se, df, *, shared=False):
    """Estimate, interval and both p values of a t distribution."""
    half = stats.t.ppf(0.975, df) * se
    assert found.estimate == pytest.approx(value, rel=1e-9, abs=1e-12)
    assert found.ci95 == pytest.approx((value - half, value + half), rel=1e-7, abs=1e-12)
    if shared:
        return
    toward, sign = hypothesis.delta, 1.0 if hypothesis.predicted == "greater" else -1.0
    p = min(1.0, 2.0 * stats.t.sf(sign * value / se, df))
    assert found.p == pytest.approx(p, rel=1e-6)
    against = stats.t.sf((toward - sign * value) / se, df)
    assert found.p_against == pytest.approx(against, rel=1e-6)


@pytest.mark.parametrize(
    "name", ["H1", "H2", "H3e", "H3f", "H4", "H5a", "H5b", "H7", "H7b", "H8a", "H8b", "H9"]
)
def test_numbers_of_athletes_give_the_outcome_again(drawn, name):
    """What the table of influence rests on: with everybody it is the outcome itself."""
    found = outcome(drawn("W0"), REGISTRY[name])
    again = found.recompute(found.values)
    assert again.estimate == pytest.approx(found.estimate, rel=1e-9)
    assert (again.p, again.p_against) == pytest.approx((found.p, found.p_against), rel=1e-9)


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


def test_what_few_steps_and_errors_leave_of_sizes_that_correlate():
    """Against drawn numbers: deviations from means of six, an error of half the spread."""
    random = np.random.default_rng(3)
    true = random.standard_normal((200_000, 6))
    seen = true + 0.5 * random.standard_normal(true.shape)
    sizes = np.abs(true), np.abs(seen - seen.mean(axis=1, keepdims=True))
    left = np.sqrt((1.0 - 1.0 / 6.0) / 1.25)
    correlation = np.corrcoef(sizes[0].ravel(), sizes[1].ravel())[0, 1]
    assert sizes_correlation(left) == pytest.approx(correlation, abs=0.005)
    assert sizes_correlation(1.0) == pytest.approx(1.0)


def test_next_step_slopes_are_correlations_within_athlete_speed_and_side(drawn):
    evidence = drawn("W1")
    steps = evidence.steps
    table = pd.DataFrame(
        {"who": steps["participant_id"].astype(str), "x": steps["yaw_impulse"],
         "y": steps["time_deviation_s"], "side": steps["side"]}
    )  # fmt: skip
    table["trial"] = table["who"] + steps["trial_id"]
    cell = table["trial"] + table["side"]
    table["x"] = (table["x"] - table.groupby(cell)["x"].transform("mean")).abs()
    table["before"] = cell.groupby(table["trial"]).shift(1)
    table["x"] = table.groupby("trial")["x"].shift(1)
    table = table.dropna()
    for name in ("x", "y"):
        table[name] -= table.groupby("before")[name].transform("mean")
    seen = [own["x"].corr(own["y"]) for _, own in table.groupby("who")]
    found = outcome(evidence, REGISTRY["H3e"])
    expected = np.array(seen) / attenuation(evidence)
    np.testing.assert_allclose(found.values["value"], expected, rtol=1e-9)
    assert found.n_steps == len(table)


def test_sides_that_differ_are_no_imbalance(drawn):
    """Without sides held, an impulse that is larger and a timing that is less regular on the same
    side looked like an effect in more than half of studies."""
    steps = drawn("W0").steps
    left = steps["side"] == "left"
    steps = steps.assign(
        yaw_impulse=steps["yaw_impulse"] * np.where(left, 1.3, 1.0),
        time_deviation_s=steps["time_deviation_s"] * np.where(left, 1.0, 1.5),
    )
    found = outcome(drawn("W0").with_steps(steps), REGISTRY["H3e"])
    assert found.ci95[0] < 0.0 < found.ci95[1]
    before, after = steps.iloc[:-1], steps.iloc[1:]
    pair = (before["trial_id"].to_numpy() == after["trial_id"].to_numpy()) & (
        after["step"].to_numpy() == before["step"].to_numpy() + 1
    )
    wrong = [
        stats.pearsonr(own["x"], own["y"]).statistic
        for _, own in pd.DataFrame(
            {
                "who": before["participant_id"].astype(str).to_numpy()[pair],
                "x": before["yaw_impulse"].to_numpy()[pair],
                "y": after["time_deviation_s"].to_numpy()[pair],
            }
        ).groupby("who")
    ]
    assert stats.ttest_1samp(wrong, 0.0).confidence_interval(0.95).low > 0.0


def test_a_gap_in_the_row_of_steps_is_no_pair(drawn):
    evidence = drawn("W1")
    number = evidence.steps["step"] + (evidence.steps["step"] >= 6)
    gap = evidence.with_steps(evidence.steps.assign(step=number))
    whole, broken = (outcome(one, REGISTRY["H3e"]).n_steps for one in (evidence, gap))
    assert whole - broken == 48


def test_the_ratio_of_the_limiter_from_the_exported_columns(drawn):
    evidence = drawn("W3", 96)
    found = outcome(evidence, REGISTRY["H3b"])
    table = pd.DataFrame(found.values)
    p, s = table["push_capacity"], table["swing_capacity"]
    table = table.assign(both=(p + s) / 2, gap=-(p - s).abs() / 2, side=(p - s) / 2)
    fit = smf.ols("fastest ~ both + gap + side", table).fit(cov_type="HC3", use_t=True)
    assert found.estimate == pytest.approx(fit.params["gap"] / fit.params["both"], rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues["gap"], rel=1e-9)
    low, high = found.ci95
    for bound in (low, high):
        test = fit.t_test(f"gap - {bound} * both = 0")
        assert float(test.pvalue) == pytest.approx(0.05, abs=1e-6)


def _caused(evidence, **means):
    """Caused shares about means, the same scatter under every contact model."""
    columns = {
        f"caused_share_{model}": mean + 0.001 * (evidence.steps["step"] % 3 - 1)
        for model, mean in means.items()
    }
    return evidence.with_steps(evidence.steps.assign(**columns))


def test_every_contact_model_must_support_amplification(drawn):
    """The share relative to the pelvis is 0.1 here: a passive swing has it too."""
    evidence, h4 = drawn("W1"), REGISTRY["H4"]
    every = outcome(_caused(evidence, C1=0.08, C2=0.1, C3=0.06), h4)
    assert (every.condition, every.p < 1e-9) == (True, True)
    assert every.estimate == pytest.approx(0.1, abs=1e-3)
    one = outcome(_caused(evidence, C1=-0.02, C2=0.1, C3=0.06), h4)
    assert (one.condition, one.p) == (False, 1.0)
    assert one.p_against > 0.5  # nor is it refused: one model would support it
    none = outcome(_caused(evidence, C1=-0.0003, C2=-0.0005, C3=-0.0742), h4)
    assert none.estimate == pytest.approx(-0.0003, abs=1e-3)
    assert (none.p > 0.5, none.p_against < 1e-9) == (True, True)


def test_noise_is_taken_out_of_the_spread_of_the_lag(drawn):
    """Errors that are the same at all speeds hide a spread that halves from 5 to 9 m/s."""
    evidence = drawn("W0", 40)
    steps, random = evidence.steps, np.random.default_rng(4)
    true = 0.02 * np.exp(-0.2 * (steps["speed_mps"] - 7.0))
    noise = 0.015
    lag = (
        0.1 + true * random.standard_normal(len(steps)) + noise * random.standard_normal(len(steps))
    )
    noisy = evidence.with_steps(steps.assign(lag=lag))
    told = replace(noisy, trials=noisy.trials.assign(error_step_lag=noise))
    plain, corrected = (outcome(one, REGISTRY["H5b"]) for one in (noisy, told))
    assert plain.estimate > -0.15
    assert corrected.estimate == pytest.approx(-0.2, abs=0.04)


def test_repeated_tests_uncover_a_cost_that_their_errors_hide(drawn):
    """Minimum law, reliability 0.7: without calibration about half of the cost is found."""
    evidence, random = drawn("W3", 96), np.random.default_rng(5)
    push, swing = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=4000).T
    speed = 8.8 + 0.6 * np.minimum(push, swing) + 0.2 * random.standard_normal(4000)
    noise = 3.0 / 7.0
    errors = np.sqrt(noise) * random.standard_normal((2, 4000))
    table = pd.DataFrame(
        {"push_capacity": push + errors[0], "swing_capacity": swing + errors[1], "fastest": speed}
    )
    once, twice = (
        outcome(
            replace(evidence, athletes=table.assign(push_noise=known, swing_noise=known)),
            REGISTRY["H3b"],
        )
        for known in (np.nan, noise)
    )
    assert once.estimate < 0.6
    assert "tested once" in once.note
    assert twice.estimate == pytest.approx(1.0, abs=0.2)


def test_fatigue_is_no_cost_of_the_arms(drawn):
    """One per cent per place in the order; the arms themselves cost 1.6."""
    evidence = drawn("W0")
    sprints = evidence.sprints.copy()
    sprints["speed_mps"] *= 1.0 - 0.01 * sprints["order"]
    tired = outcome(replace(evidence, sprints=sprints), REGISTRY["H7"])
    fresh = outcome(evidence, REGISTRY["H7"])
    assert tired.estimate == pytest.approx(fresh.estimate, abs=0.2)
    always = sprints.assign(order=np.where(sprints["condition"] == "normal", 1.0, 2.0))
    found = outcome(replace(evidence, sprints=always), REGISTRY["H7"])
    assert found.values["later"].eq(1.0).all()
    untold = outcome(replace(evidence, sprints=sprints.assign(order=np.nan)), REGISTRY["H7"])
    assert "later" not in untold.values


def test_sex_and_laboratory_are_held(drawn):
    """Women are slower and push more to the sides; within a sex there is nothing."""
    evidence, random = drawn("W0", 40), np.random.default_rng(6)
    women = np.arange(40) % 2 == 0
    people = evidence.athletes.assign(
        sex=np.where(women, "female", "male"),
        fastest=9.0 - 0.9 * women + 0.3 * random.standard_normal(40),
        lateral_ratio=0.05 + 0.02 * women + 0.005 * random.standard_normal(40),
        laboratory=None,
    )
    held = outcome(replace(evidence, athletes=people), REGISTRY["H8a"])
    assert abs(held.estimate) < 0.2
    assert "sex=female" in held.values
    assert "not stated (participants.tsv): laboratory, footwear" in held.note
    pooled = outcome(replace(evidence, athletes=people.assign(sex="female")), REGISTRY["H8a"])
    assert pooled.estimate < -0.5


@pytest.mark.parametrize(
    ("column", "needed"), [("sex", True), ("laboratory", True), ("footwear", False)]
)
def test_support_needs_sex_and_laboratory_told(drawn, column, needed):
    """Nobody says who was recorded where: a difference between laboratories would pass."""
    evidence, random = drawn("W0", 40), np.random.default_rng(7)
    share = 0.05 + 0.01 * random.standard_normal(40)
    told = evidence.athletes.assign(
        lateral_ratio=share,
        fastest=9.0 - 40.0 * (share - 0.05) + 0.1 * random.standard_normal(40),
        sex="female", laboratory="here", footwear="spikes",
    )  # fmt: skip
    every = outcome(replace(evidence, athletes=told), REGISTRY["H8a"])
    assert (every.p < 1e-6, every.condition) == (True, True)
    less = outcome(replace(evidence, athletes=told.assign(**{column: None})), REGISTRY["H8a"])
    assert less.condition is not needed
    assert column in less.note


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
    less = evidence.with_steps(steps.assign(lag=steps["lag"].mask(third)))
    found = outcome(less, REGISTRY["H5a"])
    assert (found.n_athletes, found.n_steps) == (11, 11 * 48)
    nobody = evidence.with_steps(steps.assign(lag=np.nan))
    assert outcome(nobody, REGISTRY["H5a"]) is None


@pytest.mark.parametrize(("name", "error"), [("H3e", "step_yaw_impulse"), ("H5b", "step_lag")])
def test_errors_that_are_told_too_large_change_no_number(drawn, name, error):
    """The study is not judged then; correcting by them told 0.73 of a true 0.2 in the demo."""
    evidence = drawn("W1")
    measured, told = (
        outcome(
            replace(evidence, trials=evidence.trials.assign(**{f"error_{error}": size})),
            REGISTRY[name],
        )
        for size in (0.0, 10.0)
    )
    assert told.estimate == pytest.approx(measured.estimate, rel=1e-12)


def test_a_contributor_that_nobody_saw_leaves_the_claim_about_each_open(drawn):
    evidence = drawn("W0")
    unseen = evidence.with_steps(evidence.steps.assign(momentum_torso=np.nan))
    assert outcome(evidence, REGISTRY["H3f"]) is not None
    assert outcome(unseen, REGISTRY["H3f"]) is None
