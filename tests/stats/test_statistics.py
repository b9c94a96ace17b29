"""Statistics by other means: statsmodels and SciPy, brute force, algebra, closed forms, simulation.

What every drawn study becomes in words and numbers is in `tests/stats/test_drawn_studies.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from pandas import Categorical, Series
from scipy import stats
from scipy.stats import norm

from aqbio.names import ROLE_GROUPS
from aqbio.stats.athlete_statistics import excess
from aqbio.stats.evidence import TRIAL, Choices, Evidence
from aqbio.stats.formulas import parse_formula
from aqbio.stats.inference import Estimate
from aqbio.stats.measurement import slope_left
from aqbio.stats.outcome import Result, result
from aqbio.stats.outcomes import athlete_intervals, hypothesis_outcome
from aqbio.stats.registry import OwnContrast, read_registry
from aqbio.stats.step_numbers import BOTH_LEGS, SWING_ALONE, opposition, partition_names, ranks
from aqbio.stats.step_statistics import formula_outcome, person_numbers
from aqbio.stats.units import Reading, Units
from aqbio.stats.verdict import three_way
from aqbio.stats.within import group_means, slopes
from tests.drawn_errors import orthogonal
from validation import imbalance_worlds, strength_worlds

REGISTRY = read_registry()
LATERAL = OwnContrast(
    condition="restricted_arms", outcome="lateral_ratio", predicted="greater", delta=5.0
).hypothesis("lateral")


def test_slopes_within_groups_are_those_of_statsmodels():
    random = np.random.default_rng(1)
    group = random.integers(4, size=90)
    x, y = random.standard_normal((2, 90))
    y[7] = np.nan
    athlete = Series(Categorical.from_codes(group, list("abcde")))
    computed = slopes(Series(x), Series(y), athlete)
    for number, name in enumerate("abcd"):
        rows = (group == number) & np.isfinite(y)
        oracle = sm.OLS(y[rows], sm.add_constant(x[rows])).fit().params[1]
        assert computed[name] == pytest.approx(oracle, rel=1e-10)
    assert np.isnan(computed["e"])


def test_means_of_groups_are_those_of_pandas():
    """By one key, with an empty category, and by several; without a group: NaN."""
    random = np.random.default_rng(7)
    values = Series(random.standard_normal(200), index=random.permutation(200))
    values.iloc[[3, 50]] = np.nan
    athlete = Series(Categorical.from_codes(random.integers(-1, 4, 200), [*"abcde"]), values.index)
    side = Series(random.choice(["left", "right"], 200), values.index)
    level = Series(random.choice([1.0, 2.0, np.nan], 200), values.index)
    for keys in (athlete, side, [athlete], [athlete, side], [level, athlete, side]):
        expected = values.groupby(keys, observed=True).transform("mean")
        pd.testing.assert_series_equal(group_means(values, keys), expected, rtol=1e-12)


CURVES = np.random.default_rng(2).standard_normal((4, 101, 5))


def _side(name: str) -> list[int]:
    return [ROLE_GROUPS.index(group) for group in name.split()]


def test_opposition_is_its_definition():
    computed = opposition(CURVES, partition_names())
    for step in range(len(CURVES)):
        for column, name in enumerate(partition_names()):
            above = below = 0.0
            for row in CURVES[step]:
                side = sum(row[column_of] for column_of in _side(name))
                rest = sum(row) - side
                above += abs(side) + abs(rest) - abs(side + rest)
                below += sum(abs(value) for value in row)
            assert computed[step, column] == pytest.approx(above / below, rel=1e-12)


def test_the_best_partition_sorts_groups_by_sign():
    """Without a total, the side of all positive groups takes up everything: the index is 1."""
    groups = np.array([[-3.0, -2.0, 4.0, 1.0, 0.0]])
    index = opposition(groups, partition_names())
    assert index[partition_names().index(BOTH_LEGS)] == 1.0
    assert ranks(index)[partition_names().index(BOTH_LEGS)] == 1.0
    swing_index = opposition(groups, (SWING_ALONE,))
    assert swing_index[0] == pytest.approx(2 * 2.0 / 10.0)


def test_terms_are_what_true_strengths_have_on_average():
    """Many true and measured pairs; the means of the true terms in bins of the measured."""
    random = np.random.default_rng(9)
    true = random.multivariate_normal([0.0, 0.3], [[1.0, 0.5], [0.5, 1.0]], size=30_000)
    noise = np.array([0.25, 0.5])
    measured = true + np.sqrt(noise) * random.standard_normal(true.shape)
    formula = parse_formula("y ~ abs(p - s) + (p + s) / 2")
    table = pd.DataFrame({"y": 0.0, "p": measured[:, 0], "s": measured[:, 1]})
    tests = pd.DataFrame(
        {"p_error": np.sqrt(noise[0]), "p_df": 1e5, "s_error": np.sqrt(noise[1]), "s_df": 1e5},
        table.index,
    )
    reading = Reading(formula)
    units = Units({"strengths": reading}, tests=tests)
    estimate, rows, reliable = units.fit(table, reading)
    assert reliable == pytest.approx(1.0 / 1.5, abs=0.02)
    expected = np.column_stack([abs(true[:, 0] - true[:, 1]), true.mean(axis=1)])
    bins = np.digitize(measured[:, 0] - measured[:, 1], [-2.0, -1.0, 0.0, 1.0, 2.0])
    for number in range(6):
        inside = bins == number
        np.testing.assert_allclose(
            rows.columns[inside, :2].mean(axis=0), expected[inside].mean(axis=0), atol=0.05
        )
    assert estimate.value == pytest.approx(0.0, abs=1e-12)


def test_contact_excess_is_the_drawn_one(world_evidence):
    """Waves draw it; the law of speed is not quite a parabola: 0.005 of 0.08."""
    evidence = world_evidence("W0", 48)
    drawn_excess = evidence.athletes["contact"]
    computed = excess(evidence.steps, evidence.steps["contact_s"], evidence.steps["speed_mps"])
    np.testing.assert_allclose(computed, drawn_excess - drawn_excess.mean(), atol=0.005)


def test_speed_dependence_is_removed_from_misdirection(world_evidence):
    """The lateral share falls with the square of speed; restricted arms cost 3 % of it."""
    evidence = world_evidence("W4_none")
    steps = evidence.steps.assign(lateral_ratio=evidence.steps["speed_mps"] ** -2.0)
    sprints = evidence.sprints
    slower = np.where(sprints["condition"] == "restricted_arms", 0.97, 1.0)
    speed = sprints["speed_mps"] * slower
    sprints = sprints.assign(speed_mps=speed, lateral_ratio=speed**-2.0)
    outcome = hypothesis_outcome(replace(evidence, steps=steps, sprints=sprints), LATERAL)
    assert outcome.estimate == pytest.approx(0.0, abs=1e-9)
    at_one_speed = sprints.assign(speed_mps=9.0 * slower, lateral_ratio=(9.0 * slower) ** -2.0)
    outcome = hypothesis_outcome(replace(evidence, steps=steps, sprints=at_one_speed), LATERAL)
    assert outcome is None  # the compared sprints hold no law of speed


def test_consequences_are_slopes_of_what_follows_less_what_goes_before(world_evidence):
    """By athlete with statsmodels: scores of steps with a neighbour on either side, feet apart."""
    evidence = world_evidence("W1")
    steps = evidence.steps.assign(who=lambda t: t["participant_id"].astype(str))
    by_trial = steps.groupby(["who", "trial_id"])
    number = {
        "H3e": steps["time_deviation_s"],
        "H3e_frequency": 1 / (steps["contact_s"] + steps["flight_s"]),
    }
    for name, of_step in number.items():
        steps["own"] = of_step
        table = steps.assign(after=by_trial["own"].shift(-1), before=by_trial["own"].shift(1))
        table = table.dropna(subset=["after", "before", "own", "yaw_deviation"])
        slopes = []
        for _, rows in table.groupby("who"):
            after, before, own, turn = (
                _scores(rows[column]) for column in ("after", "before", "own", "yaw_deviation")
            )
            feet = pd.get_dummies(rows["side"]).to_numpy(dtype=float)
            fit = sm.OLS(after - before, np.column_stack([turn, own, feet])).fit()
            slopes.append(fit.params[0])
        outcome = hypothesis_outcome(evidence, REGISTRY[name])
        np.testing.assert_allclose(outcome.values["value"], slopes, rtol=1e-9)
        assert outcome.n_steps == len(table)


def _scores(values: Series) -> np.ndarray:
    scores = norm.ppf(values.rank() / (len(values) + 1.0))
    return scores / np.std(scores, ddof=1)


def test_errors_of_single_turns_are_taken_out_of_a_slope():
    """Of many steps: the slope on itself is 1, without errors and with them."""
    random = np.random.default_rng(4)
    turn, noise = random.standard_normal((2, 40_000))
    size = _scores(Series(np.abs(turn)))
    slopes = []
    for sd in (0.0, 0.7):
        measured = _scores(Series(np.abs(turn + sd * noise)))
        steps = pd.DataFrame(
            {"participant_id": pd.Categorical(["A"] * 40_000), "trial_id": "T", "level": 0,
             "side": "left", "yaw_impulse": turn + sd * noise}
        )  # fmt: skip
        trials = pd.DataFrame(
            {"error_step_yaw_impulse": [sd]}, pd.MultiIndex.from_tuples([("A", "T")])
        )
        evidence = Evidence(steps, trials, pd.DataFrame(index=["A"]), pd.DataFrame(), None)
        slope = np.polyfit(measured, size, 1)[0]
        slopes.append(slope / slope_left(evidence, "scores(yaw_deviation)"))
        assert slope_left(evidence, "speed_mps") == 1.0
    assert slopes == pytest.approx([1.0, 1.0], rel=0.03)


@pytest.mark.parametrize("name", ["H3e"])
def test_a_wander_of_all_numbers_is_no_consequence(name):
    """Of jointly normal numbers sizes depend by the square of correlations, here 0.24: 0.05."""
    world = replace(imbalance_worlds.WORLDS["all numbers wander slowly"], slopes_sd=0.0)
    evidence = imbalance_worlds.drawn_evidence(world, 150, np.random.default_rng(3))
    outcome = hypothesis_outcome(evidence, REGISTRY[name])
    assert abs(outcome.estimate) < 2.5 * outcome.result.error.se
    assert outcome.result.error.se < 0.016


def test_the_cost_of_imbalance_from_the_exported_columns(world_evidence):
    """Without errors of tests, HC2 of statsmodels."""
    evidence = world_evidence("W3", 96)
    people = evidence.athletes.assign(push_capacity_error=0.0, swing_capacity_error=0.0)
    outcome = hypothesis_outcome(replace(evidence, athletes=people), REGISTRY["H3b"])
    table = pd.DataFrame(outcome.values).dropna()
    p, s = table["push_capacity"], table["swing_capacity"]
    kinds = [name for name in table if "=" in name]
    table = table.assign(both=(p + s) / 2, gap=-(p - s).abs(), side=(p - s) / 2)
    columns = sm.add_constant(table[["gap", "both", "side", *kinds]])
    fit = sm.OLS(100.0 * np.log(table["fastest"]), columns).fit(cov_type="HC2", use_t=True)
    assert outcome.estimate == pytest.approx(fit.params["gap"], rel=1e-9)
    assert outcome.error.se == pytest.approx(fit.bse["gap"], rel=1e-9)


def test_sexes_are_held_where_strengths_are_compared(world_evidence):
    """Women are slower beyond strength, and their sides more unequal; imbalance costs nothing."""
    evidence, random = world_evidence("W3", 96), np.random.default_rng(5)
    women = np.arange(96) % 2 == 0
    push = random.standard_normal(96)
    swing = push + np.where(women, 1.5, 0.5) * random.standard_normal(96)
    speed = 9.0 + 0.4 * (push + swing) / 2.0 - 0.8 * women + 0.2 * random.standard_normal(96)
    people = evidence.athletes.assign(
        push_capacity=push, swing_capacity=swing, fastest=speed,
        push_capacity_error=0.0, swing_capacity_error=0.0, hurt=0.0,
        sex=np.where(women, "female", "male"),
    )  # fmt: skip
    with_sexes = replace(evidence, athletes=people)
    pooled = replace(with_sexes, choices=Choices(covariates=False))
    assert abs(hypothesis_outcome(with_sexes, REGISTRY["H3b"]).estimate) < 0.8
    assert hypothesis_outcome(pooled, REGISTRY["H3b"]).estimate > 1.0


def test_errors_of_tests_hide_no_cost():
    """Minimum law, reliability 0.7, tests of 7 % error: as measured about half is found."""
    random = np.random.default_rng(5)
    push, swing = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=1000).T
    speed = 8.8 + 0.6 * np.minimum(push, swing) + 0.2 * random.standard_normal(1000)
    error = np.sqrt(3.0 / 7.0)
    errors = error * random.standard_normal((2, 1000))
    cost = 100.0 * 0.3 / 8.8
    people = pd.DataFrame(
        {"push_capacity": push + errors[0], "swing_capacity": swing + errors[1], "fastest": speed}
    )
    entry = REGISTRY["H3b"].model_copy(
        update={"formula": REGISTRY["H3b"].formula.model_copy(update={"adjusted": False})}
    )
    estimates = {}
    for name, stated in (("exact", 0.0), ("repeated", error), ("once", np.nan)):
        columns = {
            f"{side}_capacity{ending}": value
            for side in ("push", "swing")
            for ending, value in (("_error", stated), ("_df", 1000.0), ("_per_day", error / 0.055))
        }
        athletes = people.assign(**columns, hurt=0.0).set_index(people.index.map(str))
        estimates[name] = formula_outcome(strength_worlds.people_evidence(athletes), entry).estimate
    assert estimates["exact"] < 0.6 * cost
    assert estimates["repeated"] == pytest.approx(cost, rel=0.15)
    assert estimates["once"] == pytest.approx(cost, rel=0.25)


def test_the_interval_of_a_mean_is_that_of_scipy(world_evidence):
    """H4: steps at the highest speed, under the contact model of the verdict."""
    evidence = world_evidence("W1")
    evidence = replace(
        evidence, steps=evidence.steps.assign(caused_share_C2=evidence.steps["hub_share"] + 0.1)
    )
    steps = evidence.steps
    top = (steps["participant_id"] == "athlete-05") & (steps["level"] == 3)
    shares = steps.loc[top, "caused_share_C2"]
    expected = stats.ttest_1samp(shares, 0.0).confidence_interval(0.95)
    row = athlete_intervals(evidence, REGISTRY["H4"])[4]
    assert row.estimate == pytest.approx(
        hypothesis_outcome(evidence, REGISTRY["H4"]).values["value"].iloc[4]
    )
    assert (row.ci_low, row.ci_high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert row.n_steps == 12


def test_an_error_that_trials_share_is_in_no_slope_and_their_own_ones_are(world_evidence):
    """Least squares: the error of one point over the root of the sum of squares of x."""
    evidence = world_evidence("W0")
    steps = evidence.steps
    evidence = replace(
        evidence,
        steps=steps.assign(
            speed_mps=steps.groupby(TRIAL, observed=True)["speed_mps"].transform("mean")
        ),
    )
    worlds = orthogonal(len(evidence.trials) + 1)
    trial_errors = 0.01 * worlds[:, :-1].T
    formula = parse_formula("lag ~ speed_mps")

    def slope_draws(errors):
        table = pd.DataFrame(errors, evidence.trials.index)
        numbers = person_numbers(replace(evidence, shared_draws={"lag": table}), formula)
        return numbers.deviations.to_numpy()

    slopes = slope_draws(trial_errors)
    speeds = evidence.steps.groupby([evidence.steps[name] for name in TRIAL], observed=True)[
        "speed_mps"
    ].mean()
    squares = speeds.groupby(level=0, observed=True).agg(lambda x: ((x - x.mean()) ** 2).sum())
    np.testing.assert_allclose(slopes.std(axis=1), 0.01 / np.sqrt(squares.to_numpy()))
    shared = slope_draws(trial_errors + 5.0 * worlds[:, -1])
    np.testing.assert_allclose(shared, slopes, atol=1e-9)


def _result(name: str, value: float, se: float, **changes: object) -> Result:
    computed = result(REGISTRY[name], Estimate(value, se, 11.0))
    return replace(computed, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "se", "finding"),
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
def test_findings_of_the_three_way_rule(name, value, se, finding):
    outcome = _result(name, value, se)
    assert three_way(REGISTRY[name], outcome, outcome.p, outcome.p_against)[0] == finding


def test_the_adjusted_p_decides():
    effect = _result("H4", 0.10, 0.04)
    assert effect.p < 0.05
    assert three_way(REGISTRY["H4"], effect, effect.p, 1.0)[0] == "found"
    assert three_way(REGISTRY["H4"], effect, 0.051, 1.0)[0] == "too_imprecise"
    none = _result("H4", 0.0, 0.02)
    assert three_way(REGISTRY["H4"], none, 1.0, 0.049)[0] == "no_effect"
    assert three_way(REGISTRY["H4"], none, 1.0, 0.051)[0] == "too_imprecise"


@pytest.mark.parametrize(
    ("name", "value", "se", "sentence"),
    [
        ("H4", 0.10, 0.06, "holds both 0 and effects of interest"),
        ("H4", 0.10, 0.04, "though the 95 % interval alone excludes 0"),
        ("H4", 0.04, 0.01, "holds both effects too small to matter and effects of interest"),
        ("H4", -0.01, 0.02, "though the 95 % interval alone excludes an effect of 0.05"),
        ("H7", -1.6, 0.6, "though the 95 % interval alone excludes 0"),
    ],
)
def test_reasons_agree_with_the_intervals_beside_them(name, value, se, sentence):
    """Adjustment can undo what an unadjusted interval shows: the reason says which it was."""
    outcome = _result(name, value, se)
    finding, reason = three_way(REGISTRY[name], outcome, 0.06, 0.06)
    assert finding == "too_imprecise"
    assert sentence in reason
