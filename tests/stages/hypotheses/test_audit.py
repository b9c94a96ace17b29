"""A statistician audits the verdicts: every number again from the exported tables, by pandas.

Nothing of aqbio computes here. Estimates, intervals and p values must come out to the digits that a
TSV holds (15 significant ones): 1e-9 relative leaves room for sums in another order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

SAME = {"rel": 1e-9, "abs": 1e-12}

MEANS = {"H1": "opposition_difference", "H2": "arms_push_cosine", "H4": "hub_share"}
SLOPES = {
    "H3d": (("log_ratio_momentum", "log_ratio_moments"), "relative_speed", 10.0),
    "H5a": (("lag",), "speed_mps", 1.0),
}


@pytest.fixture(params=["classical", "balanced"])
def tables(request):
    """Every table of a study, as anyone reads it."""
    folder = request.getfixturevalue(request.param).root / "tables"
    names = (
        "verdicts", "hypotheses_steps", "hypotheses_athletes", "multiverse", "sprints", "secondary",
        "power", "single_athletes",
    )  # fmt: skip
    return {name: pd.read_csv(folder / f"{name}.tsv", sep="\t", na_values="n/a") for name in names}


def _row(tables, name):
    return tables["verdicts"].set_index("hypothesis").loc[name]


def _check_mean(row, values, predicted):
    """Estimate, 95 % interval and p value of a mean over athletes."""
    n, mean, se = len(values), values.mean(), values.sem()
    half = stats.t.ppf(0.975, n - 1) * se
    assert (row.estimate, row.ci_low, row.ci_high) == pytest.approx(
        (mean, mean - half, mean + half), **SAME
    )
    t = {"greater": mean / se, "less": -mean / se}.get(predicted)
    if t is None:  # equivalence: the larger one of two one-sided tests
        p = max(stats.t.sf((row.smallest_effect + s * mean) / se, n - 1) for s in (-1, 1))
    else:
        p = min(1.0, 2.0 * stats.t.sf(t, n - 1))
    assert row.p == pytest.approx(p, **SAME)
    assert row.n_athletes == n


@pytest.mark.parametrize("name", MEANS)
def test_means(tables, name):
    steps, row = tables["hypotheses_steps"], _row(tables, name)
    _check_mean(row, steps.groupby("participant_id")[MEANS[name]].mean(), "greater")
    assert row.n_steps == len(steps)


@pytest.mark.parametrize("name", SLOPES)
def test_slopes_within_athletes(tables, name):
    columns, speed, scale = SLOPES[name]
    steps, row = tables["hypotheses_steps"], _row(tables, name)
    found = []
    for column in columns:
        slopes = (
            steps.dropna(subset=[column])
            .groupby("participant_id")[[speed, column]]
            .apply(lambda own, column=column: np.polyfit(scale * own[speed], own[column], 1)[0])
        )
        found.append(slopes)
    predicted = "equivalent" if name == "H3d" else "less"
    deciding = found[0]
    if name == "H3d":  # the slope that is harder to call equivalent decides
        deciding = max(found, key=lambda one: _tost(one, row.smallest_effect))
    _check_mean(row, deciding, predicted)


def _tost(values, margin):
    n, mean, se = len(values), values.mean(), values.sem()
    return max(stats.t.sf((margin + s * mean) / se, n - 1) for s in (-1, 1))


def test_lag_spread(tables):
    """H5b: log standard deviations by speed, free of small-sample bias, then slopes on speed."""
    from scipy.special import digamma

    steps = tables["hypotheses_steps"].dropna(subset=["lag"])
    cells = steps.groupby(["participant_id", "level"]).agg(
        spread=("lag", "std"), n=("lag", "size"), speed=("speed_mps", "mean")
    )
    cells = cells[cells["n"] > 2]
    k = cells["n"] - 1.0
    cells["log"] = np.log(cells["spread"]) - 0.5 * (digamma(k / 2) - np.log(k / 2))
    slopes = cells.groupby("participant_id")[["speed", "log"]].apply(
        lambda own: np.polyfit(own["speed"], own["log"], 1)[0]
    )
    _check_mean(_row(tables, "H5b"), slopes, "less")


def test_sprints(tables):
    means = tables["sprints"].pivot_table("speed_mps", "participant_id", "condition")
    change = 100.0 * (means["restricted_arms"] / means["normal"] - 1.0)
    _check_mean(_row(tables, "H7"), change, "less")
    assert _row(tables, "H7").n_steps == len(tables["sprints"])


def test_athletes_table_holds_the_same_numbers(tables):
    athletes = tables["hypotheses_athletes"]
    for name, predicted in (
        ("H1", "greater"),
        ("H2", "greater"),
        ("H4", "greater"),
        ("H3e", "greater"),
        ("H5a", "less"),
        ("H5b", "less"),
        ("H7", "less"),
    ):
        own = athletes[(athletes["hypothesis"] == name) & (athletes["column"] == "value")]
        _check_mean(_row(tables, name), own["value"].dropna(), predicted)


@pytest.mark.parametrize("name", ["H8a", "H8b"])
def test_slopes_between_athletes(tables, name):
    athletes = tables["hypotheses_athletes"].query("hypothesis == @name")
    wide = athletes.pivot_table("value", "participant_id", "column")
    first = "lateral_ratio" if name == "H8a" else "vertical_excess"
    others = [column for column in wide if column not in (first, "fastest")]
    z = (wide - wide.mean()) / wide.std()
    table = np.column_stack([np.ones(len(z)), z[first], z[others]])
    beta, rest, *_ = np.linalg.lstsq(table, z["fastest"], rcond=None)
    df = len(z) - table.shape[1]
    se = np.sqrt(rest[0] / df * np.linalg.inv(table.T @ table)[1, 1])
    half = stats.t.ppf(0.975, df) * se
    row = _row(tables, name)
    assert (row.estimate, row.ci_low, row.ci_high) == pytest.approx(
        (beta[1], beta[1] - half, beta[1] + half), **SAME
    )


def test_adjusted_p_values(tables):
    """Holm, step by step, over the hypotheses whose gates passed."""
    tested = tables["verdicts"].dropna(subset=["p_holm"]).sort_values("p")
    assert set(tested["gates"]) == {"passed"}
    running, count = 0.0, len(tested)
    for place, row in enumerate(tested.itertuples()):
        running = max(running, min(1.0, (count - place) * row.p))
        assert row.p_holm == pytest.approx(running, **SAME)


def test_fragile_from_the_arms(tables):
    arms = tables["multiverse"].groupby("hypothesis")
    for row in tables["verdicts"].itertuples():
        own = arms.get_group(row.hypothesis)["verdict"] if row.hypothesis in arms.groups else []
        if len(own) < 2 or row.verdict == "not_testable":
            assert pd.isna(row.fragile)
        elif (own == row.verdict).mean() < 0.80:
            assert row.fragile == "yes"
        else:  # H1 can be fragile for another reason: what shifted waveforms give
            assert row.fragile == "no" or row.hypothesis == "H1"


def test_rank_of_the_articles_partition(tables):
    steps = tables["hypotheses_steps"]
    chi = steps.groupby("participant_id")[[c for c in steps if c.startswith("chi_")]].mean()
    rank = chi.round(9).rank(axis=1, ascending=False, method="min")["chi_swing_leg"]
    assert f"median rank {rank.median():g} of 15" in _row(tables, "H1").reason


def test_detectable_effect(tables):
    """Of a mean: the noncentral t distribution at Holm's strictest step, or delta plus 0.84 SE."""
    count = tables["verdicts"]["p_holm"].notna().sum()
    for name in ("H1", "H2", "H4"):
        values = tables["hypotheses_steps"].groupby("participant_id")[MEANS[name]].mean()
        row, se, df = _row(tables, name), values.sem(), len(values) - 1
        beyond = abs(row.smallest_effect) + stats.norm.ppf(0.8) * se
        power = stats.nct.sf(stats.t.isf(0.025 / count, df), df, row.mde / se)
        assert row.mde == pytest.approx(beyond, rel=1e-9) or power == pytest.approx(0.8, abs=1e-6)
        assert row.mde >= beyond * (1.0 - 1e-9)


def test_lines_of_wrists_and_ankles(tables):
    """H2b: athletes' means of the table of steps, mean and t interval over athletes."""
    rows = tables["secondary"].set_index("name")
    for name, column in (
        ("cosine_wrist_line_ankle_line_rate", "line_rate_cosine"),
        ("wrist_line_with_ankle_line_share", "line_share"),
    ):
        values = tables["hypotheses_steps"].groupby("participant_id")[column].mean()
        half = stats.t.ppf(0.975, len(values) - 1) * values.sem()
        told = rows.loc[name, ["estimate", "ci_low", "ci_high"]].astype(float)
        expected = (values.mean(), values.mean() - half, values.mean() + half)
        assert tuple(told) == pytest.approx(expected, **SAME)


# power ------------------------------------------------------------------------------------------


def _power(tables, name):
    return tables["power"].set_index("hypothesis").loc[name]


def _found(se, df, row):
    """Power of the test alone at the smallest effect of interest (equivalence: at no effect)."""
    distance = abs(row.smallest_effect) / se
    if row.name == "H3d":
        return 1.0 - 2.0 * stats.t.sf(distance - stats.t.isf(row.alpha, df), df)
    critical = stats.t.isf(row.alpha / 2.0, df)
    return 1.0 if distance > 10.0 * (critical + 1.0) else stats.nct.sf(critical, df, distance)


def test_power_from_athletes_numbers(tables):
    """Error and degrees of freedom from the athletes' own numbers, then the t distributions."""
    athletes, verdicts = tables["hypotheses_athletes"], tables["verdicts"]
    family = verdicts["p_holm"].notna().sum()
    for name in ("H1", "H2", "H3e", "H4", "H5a", "H5b", "H7"):
        chosen = (athletes["hypothesis"] == name) & (athletes["column"] == "value")
        values, row = athletes[chosen]["value"].dropna(), _power(tables, name)
        assert (row.se, row.df) == pytest.approx((values.sem(), len(values) - 1), **SAME)
        assert row.sd_athletes == pytest.approx(values.std(), **SAME)
        assert row.alpha == pytest.approx(0.05 / family, **SAME)
        assert row.power == pytest.approx(_found(row.se, row.df, row), rel=1e-6, abs=1e-9)
        both = _row(tables, name)
        assert (row.mde, row.smallest_effect, row.n_athletes, row.n_steps) == (
            both.mde, both.smallest_effect, both.n_athletes, both.n_steps
        )  # fmt: skip


def test_error_of_athletes_numbers_from_their_steps(tables):
    single = tables["single_athletes"]
    half = (single["ci_high"] - single["ci_low"]) / 2.0
    df = single["n_steps"] - np.where(single["hypothesis"].isin(["H1", "H2", "H4"]), 1, 2)
    np.testing.assert_allclose(half / stats.t.ppf(0.975, df), single["se"], rtol=1e-9)
    for name in ("H1", "H2", "H4", "H5a"):
        own, row = single[single["hypothesis"] == name]["se"], _power(tables, name)
        assert row.sd_steps == pytest.approx(np.sqrt((own**2).mean()), **SAME)
        between = np.sqrt(max(0.0, row.sd_athletes**2 - row.sd_steps**2))
        assert row.sd_between == pytest.approx(between, **SAME)


def test_athletes_needed(tables):
    """Enough with that number, not with one less, unless a verdict takes that many anyhow."""
    least = {"H8a": 12, "H8b": 12, "H3e": 10, "H5a": 10, "H5b": 10}
    for row in tables["power"].set_index("hypothesis").itertuples():
        row, name = _power(tables, row.Index), row.Index
        scaled = {
            number: _found(
                row.se * np.sqrt(row.n_athletes / number), row.df + number - row.n_athletes, row
            )
            for number in (row.athletes_needed, row.athletes_needed - 1)
        }
        enough, less = scaled.values()
        assert enough >= 0.8 - 1e-9
        assert less < 0.8 or row.athletes_needed == least.get(name, 8)
