"""A statistician audits the verdicts: every number again from the exported tables, by pandas.

Nothing of aqbio computes here. Estimates, intervals and p values must come out to the digits that a
TSV holds (15 significant ones): 1e-9 relative leaves room for sums in another order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq

from aqbio.stats.registry import DENIALS
from tests.hypotheses.made_evidence import DEVIATION

pytestmark = pytest.mark.xdist_group("judged")

TOLERANCE = {"rel": 1e-9, "abs": 1e-12}

MEANS = {"H1": "push_leg_offset"}
CORE = ("H1", "H4", "H5a", "H7")


@pytest.fixture(params=["classical", "balanced"])
def tables(request):
    """Every table of a study, as anyone reads it."""
    folder = request.getfixturevalue(request.param).root / "tables"
    names = (
        "verdicts", "hypotheses_steps", "hypotheses_athletes", "hypotheses_trials", "multiverse",
        "sprints", "power", "single_athletes", "influence",
    )  # fmt: skip
    return {name: pd.read_csv(folder / f"{name}.tsv", sep="\t", na_values="n/a") for name in names}


def _row(tables, name):
    return tables["verdicts"].set_index("hypothesis").loc[name]


def _without_skewness(t, a):
    """Hall 1992."""
    return t + a / 6.0 + a * t**2 / 3.0 + a**2 * t**3 / 27.0


def _p(mean_test, delta):
    """The p values for a direction, given by the sign of delta, and against it: the larger of t's
    and that of t without skewness."""
    mean, se, df, a = mean_test
    sign = np.sign(delta)
    p_values = []
    for bound, side in ((0.0, sign), (delta, -sign)):
        t = (mean - bound) / se
        p_values.append(
            max(stats.t.sf(side * statistic, df) for statistic in (t, _without_skewness(t, a)))
        )
    return min(1.0, 2.0 * p_values[0]), p_values[1]


def _over(t, a, bound):
    return _without_skewness(t, a) - bound


def _interval(mean, se, df, a):
    """Bounds that t, or t without skewness, leaves open."""
    far = stats.t.ppf(0.975, df)
    ends = [-far, far]
    ends += [brentq(_over, -200.0, 200.0, args=(a, bound)) for bound in (-far, far)]
    return mean - max(ends) * se, mean - min(ends) * se


def _check(row, expected, *, p=True):
    """Estimate, 95 % interval and both p values of a mean."""
    low, high = _interval(*expected)
    assert (row.estimate, row.ci_low) == pytest.approx((expected[0], low), rel=1e-8, abs=1e-10)
    assert row.ci_high == pytest.approx(high, rel=1e-8, abs=1e-10)
    if p:
        p_values = (row.p, row.p_against)
        assert p_values == pytest.approx(_p(expected, row.smallest_effect), rel=1e-7, abs=1e-12)


def _mean(values, shared=0.0):
    """Also with an error that all share, of known size (Satterthwaite 1946)."""
    own, df = values.sem(), len(values) - 1
    a, se = stats.skew(values, bias=False) / np.sqrt(len(values)), np.hypot(own, shared)
    return values.mean(), se, df * (se / own) ** 4, a * (own / se) ** 3


def _check_mean(row, values, shared=0.0):
    _check(row, _mean(values, shared), p=row.name in CORE)
    assert row.n_athletes == len(values)


@pytest.mark.parametrize("name", MEANS)
def test_means(tables, name):
    steps, row = tables["hypotheses_steps"], _row(tables, name)
    _check_mean(row, steps.groupby("participant_id")[MEANS[name]].mean(), DEVIATION[MEANS[name]])
    assert row.n_steps == len(steps)


def _slopes(table, x, y):
    """Within feet."""
    table = table.dropna(subset=[y]).copy()
    for name in (x, y):
        table[name] -= table.groupby(["participant_id", "side"])[name].transform("mean")
    return (
        table.dropna(subset=[y])
        .groupby("participant_id")[[x, y]]
        .apply(lambda of_athlete: np.polyfit(of_athlete[x], of_athlete[y], 1)[0])
    )


def test_slopes_within_athletes(tables):
    _check_mean(_row(tables, "H5a"), _slopes(tables["hypotheses_steps"], "speed_mps", "lag"))


def test_amplification_at_the_highest_speed_under_every_contact_model(tables):
    steps, row = tables["hypotheses_steps"], _row(tables, "H4")
    top = steps[steps["level"] == steps.groupby("participant_id")["level"].transform("max")]
    mean_tests = {
        model: _mean(top.groupby("participant_id")[f"caused_share_{model}"].mean())
        for model in ("C2", "C1", "C3")
    }
    ends = [_interval(*mean_test) for mean_test in mean_tests.values()]
    assert row.estimate == pytest.approx(mean_tests["C2"][0], rel=1e-8)
    assert row.ci_low == pytest.approx(min(low for low, _ in ends), rel=1e-8)
    assert row.ci_high == pytest.approx(max(high for _, high in ends), rel=1e-8)
    p, against = zip(
        *(_p(mean_test, row.smallest_effect) for mean_test in mean_tests.values()), strict=True
    )
    assert (row.p, row.p_against) == pytest.approx((max(p), max(against)), rel=1e-6)
    for model, (mean, *_) in mean_tests.items():
        assert f"caused_share_{model} {mean:+.3g}" in row.reason


def _robust_fit(columns, response):
    """Coefficients, errors good for unequal scatter (HC2), degrees of freedom by the eigenvalues
    of the error's quadratic form (Bell and McCaffrey 2002)."""
    table = np.column_stack([np.ones(len(response)), *columns])
    inverse = np.linalg.inv(table.T @ table)
    hat = table @ inverse @ table.T
    beta, leverage = inverse @ table.T @ response, np.diag(hat)
    rest = response - table @ beta
    covariance = inverse @ (table.T * rest**2 / (1.0 - leverage)) @ table @ inverse
    forms = [(np.eye(len(hat)) - hat) * row / np.sqrt(1.0 - leverage) for row in inverse @ table.T]
    values = [np.linalg.eigvalsh(form.T @ form) for form in forms]
    df = np.array([eigenvalues.sum() ** 2 / (eigenvalues**2).sum() for eigenvalues in values])
    return beta, np.sqrt(np.diag(covariance)), df


def _maximal(tables):
    return tables["sprints"][tables["sprints"]["effort"] == "maximal"].copy()


def test_sprints_at_equal_order(tables):
    sprints = _maximal(tables)
    sprints["speed_mps"] = np.log(sprints["speed_mps"])
    means = sprints.pivot_table(["speed_mps", "order"], "participant_id", "condition")
    log_speeds = means["speed_mps"]
    change = np.expm1(log_speeds["restricted_arms"] - log_speeds["normal"])
    later = means["order"]["restricted_arms"] - means["order"]["normal"]
    assert later.min() < 0.0 < later.max()
    beta, se, df = _robust_fit([later], 100.0 * change.to_numpy())
    _check(_row(tables, "H7"), (beta[0], se[0], df[0], 0.0))
    assert _row(tables, "H7").n_steps == len(sprints)


def test_misdirection_at_equal_speed_and_order(tables):
    """The law of speed of the sprints themselves: indicators of athlete and condition, and speed.

    What an athlete does to its slope belongs to the athlete's change.
    """
    sprints = _maximal(tables)
    cells = sprints["participant_id"] + " " + sprints["condition"]
    x, y = (np.log(sprints[name]) for name in ("speed_mps", "lateral_ratio"))
    design = pd.get_dummies(cells).astype(float).assign(x=x)
    slope = np.linalg.lstsq(design.to_numpy(), y.to_numpy(), rcond=None)[0][-1]
    away, residual = x - x.groupby(cells).transform("mean"), y - y.groupby(cells).transform("mean")
    score = (away * (residual - slope * away)).groupby(sprints["participant_id"]).sum()
    table = sprints.assign(x=x, y=y)
    means = table.pivot_table(["x", "y", "order"], "participant_id", "condition")
    x, y, later = (
        means[name]["restricted_arms"] - means[name]["normal"] for name in ("x", "y", "order")
    )
    change = y - slope * x - x.mean() * score / (away**2).sum() * len(score)
    beta, se, df = _robust_fit([later], 100.0 * change.to_numpy())
    low, high = _interval(beta[0], se[0], df[0], 0.0)
    row = _row(tables, "restricted_arms_lateral")  # tested as a logarithm, shown in percent
    expected = [100.0 * np.expm1(end / 100.0) for end in (low, beta[0], high)]
    assert [row.ci_low, row.estimate, row.ci_high] == pytest.approx(expected, rel=1e-8)


FIRST = {"H8a": "lateral", "H9": "swing_drive"}


def _scores(athletes, names):
    """Standardised normal scores of the predictors, and of the highest speed."""
    z = pd.DataFrame(stats.norm.ppf(athletes.rank() / (len(athletes) + 1)), athletes.index)
    z = ((z - z.mean()) / z.std()).set_axis(list(athletes), axis=1)
    return [z[name] for name in names], z["fastest"]


@pytest.mark.parametrize("name", FIRST)
def test_slopes_between_athletes(tables, name):
    """The interval over both fits: at equal speed and at an equal share of the highest one."""
    athletes = tables["hypotheses_athletes"].query("hypothesis == @name")
    if athletes.empty:  # the ranks of both predictors are the same: no fit
        assert np.isnan(_row(tables, name).estimate)
        return
    wide = athletes.pivot_table("value", "participant_id", "column").dropna()
    relative = [column for column in wide if column.endswith("_relative")]
    ends, estimates = [], []
    for ending in ("", "_relative"):
        names = [column.removesuffix("_relative") + ending for column in relative]
        names.sort(key=lambda column: column != FIRST[name] + ending)
        columns, y = _scores(wide[[*names, "fastest"]], names)
        fit = _robust_fit(columns, y.to_numpy())
        estimates.append(fit[0][1])
        ends.append(fit[0][1] + stats.t.ppf([0.025, 0.975], fit[2][1]) * fit[1][1])
    row, used = _row(tables, name), np.array(ends)
    assert row.estimate == pytest.approx(estimates[0], **TOLERANCE)
    assert (row.ci_low, row.ci_high) == pytest.approx((used.min(), used.max()), rel=1e-8)


@pytest.mark.parametrize("name", ["p", "p_against"])
def test_adjusted_p_values(tables, name):
    """Holm, step by step, over the core hypotheses whose gates passed; the survey is too small."""
    judged = tables["verdicts"].dropna(subset=[f"{name}_holm"]).sort_values(name)
    assert set(judged["gates"]) == {"passed"}
    core = judged["hypothesis"].isin(CORE)
    assert set(judged.loc[core, "hypothesis"]) == set(CORE)
    for tested in (judged[core], judged[~core]):  # the others are contrasts, a family of their own
        running, count = 0.0, len(tested)
        for rank, row in enumerate(tested.to_dict("records")):
            running = max(running, min(1.0, (count - rank) * row[name]))
            assert row[f"{name}_holm"] == pytest.approx(running, **TOLERANCE)


def _rule(row):
    """The rule, from the columns of the table alone; None where gates or conditions decide."""
    sign, size = np.sign(row.smallest_effect), abs(row.smallest_effect)
    if row.gates != "passed":
        return None
    if row.predicted in DENIALS:
        effect = abs(row.estimate) if row.predicted == "none" else row.estimate
        if row.p_holm < 0.05:
            return "equivalent"
        return "change_found" if row.p_against_holm < 0.05 and effect >= size else "too_imprecise"
    if row.p_holm < 0.05 and sign * row.estimate >= size:
        return "found"
    if row.p_against_holm < 0.05:
        above = max(sign * row.ci_low, sign * row.ci_high)
        return "opposite_found" if above < 0 else "no_effect"
    return "too_imprecise"


def test_outcomes_follow_from_estimates_and_bounds(tables):
    outcomes = set()
    for row in tables["verdicts"].itertuples():
        expected = _rule(row) if row.verdict != "described" else None
        if expected and row.found != "condition_failed":
            assert row.found == expected, row.hypothesis
            outcomes.add(expected)
    assert len(outcomes) >= 1


def test_fragile_from_the_arms(tables):
    """A choice whose analysis judges and differs, and gives another verdict."""
    arms = tables["multiverse"]
    for row in tables["verdicts"].itertuples():
        of_hypothesis = arms[
            (arms["hypothesis"] == row.hypothesis) & (arms["specification"] != "default")
        ]
        if row.gates != "passed" or not len(of_hypothesis):
            assert pd.isna(row.fragile)
            continue
        numbers = np.array([(row.estimate, row.ci_low, row.ci_high)])
        distinct = []
        for arm in of_hypothesis.itertuples():
            numbers_of_arm = np.array([arm.estimate, arm.ci_low, arm.ci_high])
            if (
                not np.isclose(numbers, numbers_of_arm, rtol=1e-7, atol=0, equal_nan=True)
                .all(axis=1)
                .any()
            ):
                numbers = np.vstack([numbers, numbers_of_arm])
                distinct.append(arm)
        distinct = [arm for arm in distinct if arm.gates == "passed"]
        over = [arm.specification for arm in distinct if arm.verdict != row.verdict]
        overturned_by = [] if pd.isna(row.overturned_by) else row.overturned_by.split(", ")
        assert overturned_by == over
        if distinct:
            assert row.fragile == ("yes" if over else "no")
            estimates = [row.estimate, *(arm.estimate for arm in distinct)]
            assert (row.lowest, row.highest) == pytest.approx((min(estimates), max(estimates)))


def test_each_athlete_left_out(tables):
    athletes, influence = tables["hypotheses_athletes"], tables["influence"]
    for name in ("H1", "H5a"):
        values = athletes[(athletes["hypothesis"] == name) & (athletes["column"] == "value")]
        values = values.set_index("participant_id")["value"]
        of_hypothesis = influence[influence["hypothesis"] == name].set_index("participant_id")
        assert list(of_hypothesis.index) == list(values.index)
        for athlete, row in of_hypothesis.iterrows():
            mean_test = _mean(values.drop(athlete), DEVIATION.get(MEANS.get(name), 0.0))
            assert (row.estimate, row.ci_low, row.ci_high) == pytest.approx(
                (mean_test[0], *_interval(*mean_test)), rel=1e-8, abs=1e-10
            )
        influential = of_hypothesis.index[of_hypothesis["verdict"] != _row(tables, name).verdict]
        listed = _row(tables, name).influential
        assert ([] if pd.isna(listed) else listed.split(", ")) == list(influential)


def test_the_share_of_athletes_and_the_robust_centre(tables):
    athletes = tables["hypotheses_athletes"]
    for name in ("H1", "H4", "H5a"):
        row = _row(tables, name)
        chosen = (athletes["hypothesis"] == name) & (athletes["column"] == "value")
        values = athletes[chosen]["value"].to_numpy()
        sign, n, z = np.sign(row.smallest_effect), len(values), stats.norm.ppf(0.975)
        k = int((sign * values >= abs(row.smallest_effect)).sum())
        middle = (k / n + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))
        share = (row.n_showing, row.share_low, row.share_high)
        assert share == pytest.approx((k, max(0, middle - half), min(1, middle + half)), abs=1e-9)
        means = [(values[i] + values[j]) / 2 for i in range(n) for j in range(i, n)]
        assert row.robust == pytest.approx(np.median(means), **TOLERANCE)


def test_errors_that_people_share(tables):
    """Of every trial: the standard deviation over both other models."""
    for name, size in DEVIATION.items():
        shared = tables["hypotheses_trials"][f"common_{name}"].dropna()
        assert shared.to_numpy() == pytest.approx(size, rel=1e-6)


def test_detectable_effect(tables):
    """Of a mean: 80 % of studies drawn from its athletes reach delta, and p by t and by Hall's t at
    the strictest step, but for chance in the 400 studies that it was computed from."""
    values = tables["hypotheses_steps"].groupby("participant_id")[MEANS["H1"]].mean()
    row, shared, count = _row(tables, "H1"), DEVIATION["push_leg_offset"], len(values)
    random = np.random.default_rng(1)
    rest = (values - values.mean()).to_numpy() * np.sqrt(count / (count - 1))
    drawn = random.choice(rest, (20_000, count))
    estimate = row.mde + drawn.mean(axis=1) + shared * random.standard_normal(20_000)
    own = np.maximum(stats.sem(drawn, axis=1), 1e-12)
    se = np.hypot(own, shared)
    t, df = estimate / se, (count - 1) * (se / own) ** 4
    a = stats.skew(drawn, axis=1, bias=False) / np.sqrt(count) * (own / se) ** 3
    hall = t + a / 6 + a * t**2 / 3 + a**2 * t**3 / 27
    reached = np.minimum(t, hall) > stats.t.isf(0.025 / len(CORE), df)
    supported = reached & (estimate >= row.smallest_effect)
    assert supported.mean() == pytest.approx(0.8, abs=0.05)
