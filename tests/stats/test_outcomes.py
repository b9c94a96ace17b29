"""Primary statistics recomputed by other means, and athletes' numbers that give the whole row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from aqbio.stats.evidence import Choices
from aqbio.stats.outcomes import STATISTICS, outcome
from aqbio.stats.registry import read_registry
from aqbio.stats.step_statistics import attenuation, sizes_correlation
from aqbio.stats.verdict import verdicts

REGISTRY = read_registry()
STEPS_OR_SPRINTS = ["H1", "H2", "H3e", "H4", "H5a", "H5b", "H7", "H7b"]
LATERAL = ("lateral", "lateral_relative")
SURVEY = ["H8a", "H8b", "H9"]


def test_every_statistic_of_the_registry_exists_and_is_used():
    assert {one.statistic for one in REGISTRY.hypotheses} == set(STATISTICS)


@pytest.mark.parametrize("name", [*STEPS_OR_SPRINTS, *SURVEY])
def test_numbers_of_athletes_give_the_outcome_again(drawn, name):
    """What the table of influence rests on: with everybody it is the outcome itself."""
    found = outcome(drawn("W0", 48 if name in SURVEY else 12), REGISTRY[name])
    again = found.test(found.values)
    assert again.error.value == pytest.approx(found.estimate, rel=1e-9)
    numbers = (found.result.p, found.result.p_against)
    assert (again.p, again.p_against) == pytest.approx(numbers, rel=1e-9)


def test_athletes_far_from_the_others_are_left_out_on_demand(drawn):
    evidence = drawn("W1")
    first = evidence.steps["participant_id"] == evidence.athletes.index[0]
    far = replace(
        evidence,
        steps=evidence.steps.assign(
            lag=evidence.steps["lag"].where(~first, 5 * evidence.steps["speed_mps"])
        ),
    )
    without = replace(far, choices=Choices(outliers=False))
    assert outcome(far, REGISTRY["H5a"]).n_athletes == 12
    own = outcome(without, REGISTRY["H5a"])
    assert evidence.athletes.index[0] not in own.values.index


def test_what_slower_running_brings_by_itself_is_no_misdirection(drawn):
    """The lateral share falls with the square of speed; restricted arms cost 3 % of it."""
    evidence = drawn("W4_none")
    steps = evidence.steps.assign(lateral_ratio=evidence.steps["speed_mps"] ** -2.0)
    sprints = evidence.sprints
    slower = np.where(sprints["condition"] == "restricted_arms", 0.97, 1.0)
    speed = sprints["speed_mps"] * slower
    sprints = sprints.assign(speed_mps=speed, lateral_ratio=speed**-2.0)
    found = outcome(replace(evidence, steps=steps, sprints=sprints), REGISTRY["H7b"])
    assert found.estimate == pytest.approx(0.0, abs=1e-9)
    one_speed = steps[steps["level"] == 3]
    assert outcome(replace(evidence, steps=one_speed, sprints=sprints), REGISTRY["H7b"]) is None


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
    found = outcome(replace(drawn("W0"), steps=steps), REGISTRY["H3e"])
    assert found.result.ci95[0] < 0.0 < found.result.ci95[1]


def test_the_ratio_of_the_limiter_from_the_exported_columns(drawn):
    evidence = drawn("W3", 96)
    found = outcome(evidence, REGISTRY["H3b"])
    table = pd.DataFrame(found.values)
    p, s = table["push_capacity"], table["swing_capacity"]
    table = table.assign(both=(p + s) / 2, gap=-(p - s).abs() / 2, side=(p - s) / 2)
    fit = smf.ols("fastest ~ both + gap + side", table).fit(cov_type="HC2", use_t=True)
    assert found.estimate == pytest.approx(fit.params["gap"] / fit.params["both"], rel=1e-9)
    assert found.result.p >= 0.9 * fit.pvalues["gap"]  # fewer degrees of freedom, two fits
    low, high = found.result.ci95
    for bound, inside in ((low, -1e-6), (high, 1e-6)):
        test = fit.t_test(f"gap - {bound + inside} * both = 0")
        assert float(test.pvalue) < 0.055


def test_sexes_are_held_where_strengths_are_compared(drawn):
    """Women are slower beyond strength, and their sides more unequal; imbalance costs nothing."""
    evidence, random = drawn("W3", 96), np.random.default_rng(5)
    women = np.arange(96) % 2 == 0
    push = random.standard_normal(96)
    swing = push + np.where(women, 1.5, 0.5) * random.standard_normal(96)
    speed = 9.0 + 0.4 * (push + swing) / 2.0 - 0.8 * women + 0.2 * random.standard_normal(96)
    people = evidence.athletes.assign(
        push_capacity=push, swing_capacity=swing, fastest=speed, push_noise=0.0, swing_noise=0.0,
        sex=np.where(women, "female", "male"),
    )  # fmt: skip
    held = replace(evidence, athletes=people)
    pooled = replace(held, choices=Choices(covariates=False))
    assert abs(outcome(held, REGISTRY["H3b"]).estimate) < 0.3
    assert outcome(pooled, REGISTRY["H3b"]).estimate > 0.4


def test_two_injured_athletes_make_no_cost_of_imbalance(drawn):
    """They have a weak side and are slower than it explains; imbalance costs nobody else."""
    evidence, random = drawn("W3", 96), np.random.default_rng(6)
    push, swing = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=96).T
    speed = 9.0 + 0.4 * (push + swing) / 2.0 + 0.2 * random.standard_normal(96)
    hurt = [7, 8]
    speed[hurt], swing[hurt] = speed[hurt] - 1.5, swing[hurt] - 3.0
    people = evidence.athletes.assign(
        push_capacity=push, swing_capacity=swing, fastest=speed, push_noise=0.0, swing_noise=0.0
    )
    found = outcome(replace(evidence, athletes=people), REGISTRY["H3b"]).result
    assert found.ci95[0] < 0.0
    assert found.p > 0.05
    for one in people.index[hurt]:
        assert one in found.note


def _caused(evidence, **means):
    """Caused shares about means, the same scatter under every contact model."""
    columns = {
        f"caused_share_{model}": mean + 0.001 * (evidence.steps["step"] % 3 - 1)
        for model, mean in means.items()
    }
    return replace(evidence, steps=evidence.steps.assign(**columns))


def test_every_contact_model_must_support_amplification(drawn):
    """The share relative to the pelvis is 0.1 here: a passive swing has it too."""
    evidence, h4 = drawn("W1"), REGISTRY["H4"]
    every = outcome(_caused(evidence, C1=0.08, C2=0.1, C3=0.06), h4)
    assert (every.result.condition, every.result.p < 1e-9) == (True, True)
    assert every.estimate == pytest.approx(0.1, abs=1e-3)
    one = outcome(_caused(evidence, C1=-0.02, C2=0.1, C3=0.06), h4)
    assert (one.result.condition, one.result.p) == (False, 1.0)
    assert one.result.p_against > 0.5  # nor is it refused: one model would support it
    none = outcome(_caused(evidence, C1=-0.0003, C2=-0.0005, C3=-0.0742), h4)
    assert none.estimate == pytest.approx(-0.0003, abs=1e-3)
    assert (none.result.p > 0.5, none.result.p_against < 1e-9) == (True, True)


def test_noise_is_taken_out_of_the_spread_of_the_lag(drawn):
    """Errors that are the same at all speeds hide a spread that halves from 5 to 9 m/s; sides,
    trials and wrong peaks change nothing."""
    evidence = drawn("W0", 40)
    steps, random = evidence.steps, np.random.default_rng(4)
    noise, count = 0.015, len(steps)
    true = 0.02 * np.exp(-0.2 * (steps["speed_mps"] - 7.0)) * random.standard_normal(count)
    lag = 0.1 + true + noise * random.standard_normal(count)
    lag += np.where(steps["side"] == "left", 0.05, 0.0)
    lag += np.where(random.random(count) < 0.02 * (steps["level"] == 0), 0.3, 0.0)
    noisy = replace(evidence, steps=steps.assign(lag=lag))
    told = replace(noisy, trials=noisy.trials.assign(error_step_lag=noise))
    plain, corrected = (outcome(one, REGISTRY["H5b"]) for one in (noisy, told))
    assert plain.estimate > corrected.estimate + 0.02
    assert corrected.estimate == pytest.approx(-0.2, abs=0.06)


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
    assert "tested once" in once.result.note
    assert twice.estimate == pytest.approx(1.0, abs=0.2)


def test_sex_and_laboratory_are_held(drawn):
    """Women are slower and push more to the sides; within a sex there is nothing."""
    evidence, random = drawn("W0", 40), np.random.default_rng(6)
    women = np.arange(40) % 2 == 0
    people = evidence.athletes.assign(
        sex=np.where(women, "female", "male"),
        fastest=9.0 - 0.9 * women + 0.3 * random.standard_normal(40),
        laboratory=None,
        **dict.fromkeys(LATERAL, 0.4 * women + 0.1 * random.standard_normal(40)),
    )
    held = outcome(replace(evidence, athletes=people), REGISTRY["H8a"])
    assert abs(held.estimate) < 0.2
    assert "sex=female" in held.values
    assert "not stated (participants.tsv): laboratory, footwear" in held.result.note
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
        **dict.fromkeys(LATERAL, share),
        fastest=9.0 - 40.0 * (share - 0.05) + 0.1 * random.standard_normal(40),
        sex="female", laboratory="here", footwear="spikes",
    )  # fmt: skip
    every = outcome(replace(evidence, athletes=told), REGISTRY["H8a"])
    assert (every.result.p < 1e-6, every.result.condition) == (True, True)
    less = outcome(replace(evidence, athletes=told.assign(**{column: None})), REGISTRY["H8a"])
    assert less.result.condition is not needed
    assert column in less.result.note


def test_no_primary_statistic_reads_a_curve(drawn):
    """Specifications of the multiverse keep none: their numbers of steps are all there is."""
    evidence = drawn("W0")
    less = verdicts(replace(evidence, curves=None), REGISTRY)
    assert repr(less) == repr(verdicts(evidence, REGISTRY))


def test_athletes_without_numbers_are_left_out(drawn):
    evidence = drawn("W0")
    steps = evidence.steps
    third = steps["participant_id"] == "athlete-04"
    less = replace(evidence, steps=steps.assign(lag=steps["lag"].mask(third)))
    found = outcome(less, REGISTRY["H5a"])
    assert (found.n_athletes, found.n_steps) == (11, 11 * 48)
    nobody = replace(evidence, steps=steps.assign(lag=np.nan))
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
