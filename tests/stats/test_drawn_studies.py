"""Drawn studies with everything that laboratories do to them: verdicts, gates and numbers.

Every case is a drawn study and what is changed of it. Numbers are held by an outsider
(`tests.stats.outsider`), by planted effects and by what must not matter; words of verdicts are
golden. Limits of gates are tried on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from aqbio.config.settings import Quality
from aqbio.stats.athlete_statistics import athletes_from_steps
from aqbio.stats.evidence import Choices, Evidence, counted_evidence, usable_evidence
from aqbio.stats.measurement import STEP_ERRORS
from aqbio.stats.outcomes import STATISTICS, athlete_intervals, hypothesis_outcome
from aqbio.stats.power import power_row
from aqbio.stats.registry import Registry, read_registry
from aqbio.stats.robustness import Arm, fragility, influential, leave_one_out, spread
from aqbio.stats.verdict import CLASSES, ExaminedHypothesis, Verdict, examine, families, judge
from tests.drawn_errors import with_draws
from tests.golden import differences
from tests.stats import outsider

REGISTRY = read_registry()
CHEAP = "H1 H3e H4 H5a H7"
Change = Callable[[Evidence], Evidence]


@dataclass(frozen=True)
class Case:
    """A drawn study, what is changed, and the hypotheses that are asked."""

    change: Change = lambda evidence: evidence
    names: str = CHEAP
    world: str = "W0"
    athletes: int = 12
    deep: bool = False
    """True where power, single athletes and influence are checked too."""


def trials(**columns: object) -> Change:
    """Columns of the 48 trials; a pair is a value and how many trials have it, from the first."""

    def change(evidence: Evidence) -> Evidence:
        count, assigned = len(evidence.trials), {}
        for name, value in columns.items():
            is_split = isinstance(value, tuple)
            assigned[name] = np.array([*([value[0]] * value[1]), *([value[2]] * (count - value[1]))]
                                  ) if is_split else value  # fmt: skip
        return with_draws(replace(evidence, trials=evidence.trials.assign(**assigned)))

    return change


def plain(**columns: object) -> Change:
    errors = {f"error_{name}": np.nan for name in STEP_ERRORS}
    inconsistent = {"residual_moment": 9.0, "consistent": False}
    return trials(**(errors | inconsistent | columns))


def steps(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    return lambda evidence: replace(evidence, steps=change(evidence.steps))


def sprints(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    return lambda evidence: replace(evidence, sprints=change(evidence.sprints))


def without(choose: Callable[[pd.DataFrame], pd.Series]) -> Change:
    return lambda evidence: evidence.select_steps(~choose(evidence.steps))


def people(make: Callable[[np.random.Generator, int], dict[str, object]], seed: int = 5) -> Change:
    def change(evidence: Evidence) -> Evidence:
        random = np.random.default_rng(seed)
        return replace(
            evidence, athletes=evidence.athletes.assign(**make(random, len(evidence.athletes)))
        )

    return change


def chosen(**choices: object) -> Change:
    return lambda evidence: replace(evidence, choices=Choices(**choices))


def limits(**settings: float) -> Change:
    return lambda evidence: replace(evidence, limits=Quality(**settings))


def lacking(**presence: object) -> Change:
    return lambda evidence: replace(evidence, presence=replace(evidence.presence, **presence))


def after(*changes: Change) -> Change:
    def change(evidence: Evidence) -> Evidence:
        for step in changes:
            evidence = step(evidence)
        return evidence

    return change


def of_first(table: pd.DataFrame, number: int) -> pd.Series:
    """Rows of the first athletes."""
    return table["participant_id"].isin([f"athlete-{n + 1:02d}" for n in range(number)])


def ordered(number: int, late: bool = True) -> Change:
    """Restricted arms later in all athletes but some."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        order = np.where(table["condition"] == "normal", 1.0, 2.0 if late else 1.0)
        return table.assign(order=np.where(of_first(table, number), -order, order))

    return sprints(change)


def strengths(random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    push, swing = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=count).T
    speed = 9.0 + 0.4 * np.minimum(push, swing) + 0.2 * random.standard_normal(count)
    speed[[7, 8]], swing[[7, 8]] = speed[[7, 8]] - 1.5, swing[[7, 8]] - 3.0
    sex = np.where(np.arange(count) % 2, "male", "female")
    return {"push_capacity": push, "swing_capacity": swing, "fastest": speed, "sex": sex,
            "push_capacity_error": 0.55, "swing_capacity_error": 0.45}  # fmt: skip


def habits(**columns: object) -> Callable[[np.random.Generator, int], dict[str, object]]:
    def make(random: np.random.Generator, count: int) -> dict[str, object]:
        women = np.arange(count) % 2 == 0
        share = 0.05 + 0.03 * women + 0.01 * random.standard_normal(count)
        speed = 9.0 - 20.0 * (share - 0.05) + 0.1 * random.standard_normal(count)
        sides = dict.fromkeys(("lateral", "lateral_relative"), share)
        stated = {"sex": np.where(women, "female", "male"), "laboratory": "here"}
        return {**sides, "fastest": speed, "footwear": "spikes", **stated, **columns}

    return make


SMALLEST = REGISTRY["H1"].delta
ERRORS_OF_TESTS = ("push_capacity_error", "swing_capacity_error")

CASES = {
    "classical": Case(deep=True),
    "of the articles": Case(world="W1", deep=True),
    "at random": Case(world="W2"),
    "restricted arms cost much": Case(world="W4_large", names="H7", deep=True),
    "restricted arms cost nothing": Case(world="W4_none", names="H7"),
    "a survey": Case(names="H8a H9", athletes=48, world="W1"),
    "one athlete": Case(lambda e: _first(e, 1)),
    "five athletes": Case(lambda e: _first(e, 5), deep=True),
    "nobody": Case(lambda e: _first(e, 0)),
    # choices
    **{f"choice {name}": Case(chosen(**{name: value}), world="W1") for name, value in
       {"errors": "plain", "outliers": False, "covariates": False, "everybody": True}.items()},
    "one far away": Case(after(
        steps(lambda t: t.assign(lag=t["lag"].mask(of_first(t, 1), 5 * t["speed_mps"]))),
        chosen(outliers=False)), "H5a", "W1"),
    "one wrong cell": Case(sprints(lambda t: t.assign(speed_mps=t["speed_mps"].mask(
        of_first(t, 7) & ~of_first(t, 6) & (t["condition"] == "restricted_arms"),
        1.25 * t["speed_mps"]))), "H7", "W4_large", deep=True),
    "sides that differ": Case(steps(lambda t: t.assign(
        yaw_impulse=t["yaw_impulse"] * np.where(t["side"] == "left", 1.3, 1.0),
        time_deviation_s=t["time_deviation_s"] * np.where(t["side"] == "left", 1.0, 1.5))), "H3e"),
    "some without lags": Case(steps(lambda t: t.assign(lag=t["lag"].mask(of_first(t, 4)))), "H5a"),
    "no lags": Case(steps(lambda t: t.assign(lag=np.nan)), "H5a"),
    "one contact model": Case(lambda e: replace(e, steps=e.steps.assign(
        caused_share_C2=e.steps["hub_share"] + 0.1)), "H4", "W1", deep=True),
    # gates
    **{f"{taken_steps} steps taken in {count} trials": Case(
        trials(recorded=(taken_steps, count, 12)), "H1 H7")
       for taken_steps, count in ((17, 48), (18, 44), (18, 20))},
    "the latest quarter of the fastest is lost": Case(
        trials(recorded=np.resize([12, 12, 12, 15], 48)), "H5a"),
    "one with almost one speed": Case(without(lambda t: of_first(t, 1) & (t["level"] > 0)), "H5a"),
    "nine, one with almost one speed": Case(
        after(without(lambda t: of_first(t, 1) & (t["level"] > 0)), lambda e: _first(e, 9)), "H5a"),
    "a gap in the numbers of steps": Case(
        steps(lambda t: t.assign(step=t["step"] + (t["step"] >= 6))), "H3e"),
    "few sprints": Case(sprints(lambda t: t[~(
        (t["condition"] == "restricted_arms") & of_first(t, 5)
        & t.duplicated(["participant_id", "condition"]))]), "H7"),
    "one trial does not close": Case(trials(closures_pass=(False, 1, True)), "H1 H4"),
    **{f"{affected} invalidated in {count} trials": Case(
        trials(invalidated=(affected, count, "")), "H1 H3e H4")
       for affected, count in (("momentum", 13), ("momentum", 15), ("causes", 15), ("forces", 15))},
    "everything invalidated": Case(
        trials(invalidated="times, momentum, forces, causes"), "H1 H3e H4"),
    "sprints whose times are invalidated": Case(
        sprints(lambda t: t.assign(invalidated=np.where(of_first(t, 5), "times", ""))), "H7"),
    **{f"another model by {x} of the smallest effect": Case(trials(
        model_push_leg_offset=x * SMALLEST), "H1") for x in (0.3, 1.0)},
    "half of them on another model": Case(
        trials(model_push_leg_offset=(SMALLEST, 24, np.nan)), "H1"),
    "most of them on another model": Case(
        trials(model_push_leg_offset=(SMALLEST, 40, np.nan)), "H1"),
    "plain": Case(plain()),
    "plain, no residual": Case(plain(residual_moment=np.nan), "H1 H5a"),
    "errors that are told too large": Case(
        trials(error_step_yaw_impulse=10.0), "H3e", "W1"),
    "errors of steps": Case(
        trials(error_step_yaw_impulse=0.01), "H3e", "W1"),
    "no order": Case(sprints(lambda t: t.assign(order=np.nan)), "H7"),
    **{f"later in all but {number}": Case(ordered(number), "H7") for number in (0, 2, 3)},
    "at the same time": Case(ordered(0, late=False), "H7"),
    **{f"limits {name} {value}": Case(after(trials(recorded=16), limits(**{name: value})), "H1")
       for name, value in (("usable_share", 0.74), ("usable_share", 0.76))},
    **{f"one step of {name}": Case(after(change, trials(error_step_yaw_impulse=0.0)), "H1 H3e")
       for name, change in (
           ("one", without(lambda t: of_first(t, 1) & ((t["step"] > 0) | (t["level"] > 0)))),
           ("all", without(lambda t: t["step"] > 0)))},
    # what is lacking
    **{f"without {name}": Case(lacking(**{name: False}), f"{CHEAP} H3b") for name in
       ("arms", "legs", "forces", "causes", "capacities")},
    "arms that are not seen": Case(lacking(
        arms=False, reasons={"arms": "the markers do not show arm_left, arm_right"}), "H1 H7"),
    "no restricted sprints": Case(lambda e: replace(e, sprints=e.sprints[:0]), "H7"),
    "one speed": Case(without(lambda t: t["level"] < 3), "H1 H5a", deep=True),
    # between athletes
    **{f"strengths, {name}": Case(
        after(people(strengths), lacking(capacities=True), change), "H3b", "W3", 96)
       for name, change in {
           "held": after(), "pooled": chosen(covariates=False),
           "tested once": people(lambda *_: dict.fromkeys(ERRORS_OF_TESTS, np.nan)),
       }.items()},
    **{f"habits, {name}": Case(people(habits(**habit)), "H8a", "W1", 48) for name, habit in
       {"all told": {}, "no sex": {"sex": None}, "no laboratory": {"laboratory": None},
        "no footwear": {"footwear": None}, "one sex": {"sex": "female"}}.items()},
}  # fmt: skip


def _first(evidence: Evidence, number: int) -> Evidence:
    names = evidence.athletes.index[:number]
    of_athletes = evidence.select_steps(evidence.steps["participant_id"].isin(names))
    sprints_kept = evidence.sprints[evidence.sprints["participant_id"].isin(names)]
    return replace(of_athletes, athletes=evidence.athletes[:number], sprints=sprints_kept)


# laws ---------------------------------------------------------------------------------------------


def registry_of(case: Case) -> Registry:
    names = case.names.split()
    entries = tuple(entry for entry in REGISTRY.hypotheses if entry.id in names)
    return REGISTRY.model_copy(update={"hypotheses": entries})


def check_numbers(counted: Evidence, examined_one: ExaminedHypothesis) -> None:
    """Numbers of athletes, their steps and the test are an outsider's."""
    hypothesis, outcome = examined_one.hypothesis, examined_one.outcome
    numbers = outsider.athlete_numbers(counted, hypothesis)
    for name, expected in numbers.items():
        computed = outcome.values[name]
        expected = expected.astype(float).reindex(computed.index)
        np.testing.assert_allclose(computed, expected, rtol=1e-7, atol=1e-10, err_msg=name)
    assert outcome.n_athletes == outcome.values.notna().all(axis=1).sum()
    retested = outcome.test(outcome.values)
    assert retested.error.value == pytest.approx(outcome.estimate, rel=1e-9, nan_ok=True)
    column = {"H1": "push_leg_offset"}.get(hypothesis.id)
    if column and counted.choices.outliers:
        inside = counted.steps["participant_id"].isin(outcome.values.index[outcome.complete])
        assert outcome.n_steps == counted.steps.loc[inside, column].notna().sum()


def check_test(counted: Evidence, examined_one: ExaminedHypothesis) -> None:
    """Estimate, p values and interval belong together and are those of SciPy and statsmodels."""
    hypothesis, outcome = examined_one.hypothesis, examined_one.outcome
    result, values = outcome.result, outcome.values
    robust = counted.choices.errors == "robust"
    if hypothesis.contrast is not None and counted.choices.outliers:
        coefficient = "constant" if hypothesis.contrast.group is None else "group"
        value, error = outsider.ordered_change(values, coefficient)
        if np.isfinite(value):
            assert outcome.estimate == pytest.approx(value, rel=1e-7, abs=1e-12)
        if (
            np.isfinite(value)
            and robust
            and values.dropna().drop(columns="value", errors="ignore").nunique().gt(1).any()
        ):
            assert outcome.error.se == pytest.approx(error, rel=1e-7)
    elif hypothesis.id in outsider.BETWEEN:
        first = outsider.BETWEEN[hypothesis.id]
        expected = outsider.standardised_slope(values, first)
        assert outcome.estimate == pytest.approx(expected, rel=1e-7)
        assert result.ci95[0] < outcome.estimate < result.ci95[1]
    elif hypothesis.id in outsider.MEANS and not counted.choices.outliers:
        numbers = values["value"].dropna()
        low, high = sorted((numbers.mean(), numbers.median()))
        assert low - 0.2 * numbers.sem() <= outcome.estimate <= high + 0.2 * numbers.sem()
    elif hypothesis.id in outsider.MEANS and outcome.n_athletes > 2:
        shared = outsider.shared_sd(counted, hypothesis)
        p, against, estimate = outsider.tails_of_means(hypothesis, values, shared, robust=robust)
        assert outcome.estimate == pytest.approx(estimate, rel=1e-9)
        assert (result.p, result.p_against) == pytest.approx((p, against), rel=1e-6, abs=1e-14)
        readings = values.dropna() if hypothesis.id == "H4" else values[["value"]].dropna()
        means = [outsider.MeanTest(readings[name], shared, robust=robust) for name in readings]
        for end, sign in zip(result.ci95, (1.0, -1.0), strict=True):
            largest = max(mean.beyond(end, sign) for mean in means)
            assert largest == pytest.approx(0.025, rel=1e-6)


def check_verdicts(
    verdict_rows: tuple[Verdict, ...], examined_all: tuple[ExaminedHypothesis, ...]
) -> None:
    """Holm's adjustment by statsmodels in every family, the rule, and the detectable effect."""
    rows = {row_of.hypothesis: row_of for row_of in verdict_rows}
    for name, count in families(examined_all).items():
        tested = [
            examined_one
            for examined_one in examined_all
            if examined_one.tested and examined_one.hypothesis.family == name
        ]
        assert count == len(tested)
        ids = [examined_one.hypothesis.id for examined_one in tested]
        for raw, adjusted_name in (("p", "p_holm"), ("p_against", "p_against_holm")):
            expected = outsider.adjusted({name_of: getattr(rows[name_of], raw) for name_of in ids})
            for name_of, value in expected.items():
                assert getattr(rows[name_of], adjusted_name) == pytest.approx(value, rel=1e-9)
    for examined_one in examined_all:
        row, hypothesis = rows[examined_one.hypothesis.id], examined_one.hypothesis
        failed = [gate.name for gate in examined_one.gates if not gate.passed]
        assert row.gates == (", ".join(failed) or "passed" if examined_one.gates else "n/a")
        assert row.smallest_effect == hypothesis.sign * hypothesis.delta
        if examined_one.tested:
            tails = (row.p_holm, row.p_against_holm, row.estimate)
            condition = examined_one.outcome.result.condition
            expected = outsider.rule(hypothesis, tails, examined_one.outcome.result.ci95, condition)
            assert row.found == expected
        else:
            assert np.isnan([row.p_holm, row.p_against_holm]).all()


def check_power(evidence: Evidence, examined_one: ExaminedHypothesis, tests: int) -> None:
    """Chances of the whole rule rise with the effect, and the number needed with them."""
    hypothesis, outcome = examined_one.hypothesis, examined_one.outcome
    row = power_row(examined_one.counted, hypothesis, outcome, tests)
    assert row.alpha == pytest.approx(hypothesis.alpha / max(tests, 1), rel=1e-12)
    count = outcome.n_athletes
    assert (row.n_athletes, row.n_steps, row.se) == (count, outcome.n_steps, outcome.error.se)
    if hypothesis.id in outsider.MEANS and count > 2 and hypothesis.id != "H4":
        assert row.sd_athletes == pytest.approx(outcome.values["value"].dropna().std(), rel=1e-9)
    if not np.isfinite(row.power):
        assert not np.isfinite(row.se) or row.df <= 0
        return
    min_athletes = max(hypothesis.minimum.athletes, 6)
    chances = [row.power_half, row.power, row.power_twice]
    assert chances == sorted(chances)
    assert 0.0 <= chances[0] <= chances[2] <= 1.0
    assert count >= min_athletes or chances[2] == 0.0
    assert np.isnan(row.athletes_needed) or row.athletes_needed >= min_athletes
    if min_athletes <= count and chances[2] >= 0.85:
        assert row.athletes_needed <= count
    if np.isfinite(row.mde) and count >= min_athletes:
        assert (hypothesis.sign * row.mde <= 2.0 * hypothesis.delta) == (chances[2] >= 0.8)
    singles = athlete_intervals(counted_evidence(usable_evidence(evidence), hypothesis), hypothesis)
    errors = np.array([single.se for single in singles])
    assert row.sd_steps == pytest.approx(np.sqrt(np.nanmean(errors**2)) if len(errors) else np.nan,
                                         rel=1e-9, nan_ok=True)  # fmt: skip


def check_single_athletes(evidence: Evidence, examined_one: ExaminedHypothesis) -> None:
    """Interval over an athlete's steps by statsmodels, cut to what is possible."""
    hypothesis = examined_one.hypothesis
    column = {"H1": "push_leg_offset", "H5a": "lag"}
    singles = athlete_intervals(evidence, hypothesis)
    assert bool(singles) == (hypothesis.id in ("H1", "H3e", "H4", "H5a"))
    for single in singles if hypothesis.id in column else ():
        steps = evidence.steps[evidence.steps["participant_id"] == single.participant_id]
        y = steps[column[hypothesis.id]]
        x = steps[["speed_mps"]] if hypothesis.id == "H5a" else steps[[]]
        if hypothesis.id == "H5a":
            x = x - x.groupby(steps["side"]).transform("mean")
            y = y - y.groupby(steps["side"]).transform("mean")
        fit = sm.OLS(y, x.assign(constant=1.0), missing="drop").fit()
        name = "speed_mps" if hypothesis.id == "H5a" else "constant"
        ends = fit.conf_int().loc[name].to_numpy()
        computed = (single.estimate, single.ci_low, single.ci_high, single.se, single.n_steps)
        expected = (fit.params[name], *ends, fit.bse[name], fit.nobs)
        np.testing.assert_allclose(computed, expected, rtol=1e-7, atol=1e-12)


def check_left_out(examined_one: ExaminedHypothesis, row: Verdict, tests: int) -> None:
    """Means without one; the verdict by the rule at Holm's strictest step."""
    left = leave_one_out(examined_one, tests, {})
    assert len(left) == (examined_one.outcome.n_athletes if examined_one.tested else 0)
    hypothesis, values = examined_one.hypothesis, examined_one.outcome.values.dropna()
    for left_out in left:
        rest = values.drop(index=left_out.participant_id)
        is_mean = hypothesis.id in outsider.MEANS
        if is_mean and examined_one.counted.choices.outliers:
            shared = outsider.shared_sd(examined_one.counted, hypothesis)
            p, against, estimate = outsider.tails_of_means(hypothesis, rest, shared, robust=True)
            assert left_out.estimate == pytest.approx(estimate, rel=1e-9)
            tails = (min(1.0, tests * p), min(1.0, tests * against), estimate)
            condition = None
            if hypothesis.id == "H4":
                condition = bool((rest.mean() >= hypothesis.delta).all())
            finding = outsider.rule(
                hypothesis, tails, (left_out.ci_low, left_out.ci_high), condition
            )
            assert left_out.verdict == CLASSES[finding]
        elif hypothesis.contrast is not None and examined_one.counted.choices.outliers:
            value, _ = outsider.ordered_change(rest, "constant")
            assert left_out.estimate == pytest.approx(value, rel=1e-7)
    deciding = tuple(
        left_out.participant_id for left_out in left if left_out.verdict != row.verdict
    )
    assert influential(left, row.verdict) == deciding


def check_spread(examined_one: ExaminedHypothesis) -> None:
    """Wilson's interval by statsmodels, Hodges and Lehmann's number by its definition."""
    share = spread(examined_one.hypothesis, examined_one.outcome)
    if examined_one.hypothesis.id not in (*outsider.MEANS, "H7"):
        assert np.isnan(astuple(share)).all()
        return
    numbers = examined_one.outcome.values.dropna()["value"].to_numpy()
    showing = int((examined_one.hypothesis.sign * numbers >= examined_one.hypothesis.delta).sum())
    expected = (showing, *outsider.wilson(showing, len(numbers)), outsider.hodges_lehmann(numbers))
    np.testing.assert_allclose(astuple(share), expected, rtol=1e-7, atol=1e-12)


@pytest.fixture(scope="module")
def examined(world_evidence) -> dict[str, tuple[Evidence, tuple, tuple]]:
    """Evidence, examined hypotheses and verdicts of every case."""
    by_case = {}
    for name, case in CASES.items():
        evidence = case.change(world_evidence(case.world, case.athletes))
        examined_all = examine(evidence, registry_of(case))
        by_case[name] = evidence, examined_all, judge(examined_all, registry_of(case))
    return by_case


READS = {
    "H1": "momentum", "H3b": "times", "H3e": "times forces", "H4": "causes",
    "H3g": "times moments", "H3h": "times moments", "H3d": "times",
    "H3i": "times moments", "H3j": "times moments",
    "H3e_frequency": "times forces", "H5a": "times momentum forces", "H7": "times",
    "H8a": "times forces", "H9": "times moments",
}  # fmt: skip


def sound_rows(evidence: Evidence, name: str) -> Evidence:
    """Steps and sprints of trials with valid outcomes for a hypothesis; all, if none is valid."""
    reads = set(READS[name].split())
    affected = [
        key for key, cell in evidence.trials["invalidated"].items() if reads & {*cell.split(", ")}
    ]
    keys = zip(evidence.steps["participant_id"], evidence.steps["trial_id"], strict=True)
    sound = evidence.select_steps(
        pd.Series([key not in affected for key in keys], index=evidence.steps.index, dtype=bool)
    )
    if "invalidated" in evidence.sprints:
        is_sound = evidence.sprints["invalidated"].map(lambda cell: not reads & {*cell.split(", ")})
        return replace(sound, sprints=evidence.sprints[is_sound])
    return sound if len(sound.steps) else evidence


@pytest.mark.parametrize("name", CASES)
def test_numbers_tests_and_verdicts_are_an_outsiders(examined, name):
    evidence, examined_all, verdict_rows = examined[name]
    check_verdicts(verdict_rows, examined_all)
    for examined_one, row in zip(examined_all, verdict_rows, strict=True):
        assert row.hypothesis == examined_one.hypothesis.id
        if examined_one.outcome is None:
            assert (row.n_athletes, row.n_steps, row.gates) == (0, 0, "n/a")
            continue
        usable = usable_evidence(sound_rows(evidence, row.hypothesis))
        counted = counted_evidence(usable, examined_one.hypothesis)
        check_numbers(counted, examined_one)
        check_test(counted, examined_one)
        if CASES[name].deep:
            tests = families(examined_all)[examined_one.hypothesis.family]
            check_power(evidence, examined_one, tests)
            check_single_athletes(evidence, examined_one)
            check_left_out(examined_one, row, tests)
            check_spread(examined_one)


def test_words_of_every_verdict(examined):
    """A table of verdicts, and each sentence of a reason or a gate where it comes first."""
    table, sentences, printed = [], [], set()
    for name, (_, examined_all, verdict_rows) in examined.items():
        alike: dict[str, list[str]] = {}
        for row in verdict_rows:
            alike.setdefault(f"{row.found}, gates {row.gates}", []).append(row.hypothesis)
        table += [f"{name}: {finding}: {', '.join(names)}" for finding, names in alike.items()]
        for examined_one, row in zip(examined_all, verdict_rows, strict=True):
            sentences_of_row = [
                ("", row.reason),
                *((gate.name, gate.words) for gate in examined_one.gates),
            ]
            for gate, words in sentences_of_row:
                if words not in printed:
                    sentences.append(f"{name}: {row.hypothesis} {gate}: {words}".replace(" :", ":"))
                printed.add(words)
    assert differences("stats/verdicts", [*table, *sentences]) == []


@pytest.mark.parametrize("name", ["H1", "H4", "H5a"])
def test_an_error_that_people_share_is_in_the_interval(world_evidence, name):
    """By its whole size in a mean; in a slope on speed by what differs between speeds."""
    column = {"H1": "push_leg_offset", "H4": "caused_share", "H5a": "lag"}[name]
    evidence, hypothesis = world_evidence("W1"), REGISTRY[name]
    sizes = 0.01 * (1.0 + np.arange(len(evidence.trials)) % 4)
    models = ("_C1", "_C2", "_C3") if name == "H4" else ("",)
    shared = trials(**{f"model_{column}{model}": sizes for model in models})(evidence)
    plain, moved = (hypothesis_outcome(each, hypothesis).error for each in (evidence, shared))
    speed = evidence.steps.groupby(["participant_id", "trial_id"], observed=True)[
        "speed_mps"
    ].mean()
    by_trial = pd.Series(sizes, evidence.trials.index).reindex(speed.index)
    of_person = pd.concat([speed, by_trial], axis=1).groupby(level=0, observed=True)
    expected = {
        "H1": lambda: by_trial.mean(),
        "H4": lambda: by_trial.groupby(level=0, observed=True).last().mean(),
        "H5a": lambda: np.mean([np.polyfit(*rows.to_numpy().T, 1)[0] for _, rows in of_person]),
    }[name]()
    assert moved.value == plain.value
    assert moved.se == pytest.approx(np.hypot(plain.se, expected), rel=2e-2)
    inner, outer = (hypothesis_outcome(each, hypothesis).result.ci95 for each in (evidence, shared))
    assert outer[0] < inner[0] < inner[1] < outer[1]


@pytest.mark.parametrize(("world", "count"), [("W0", 12), ("W1", 48)])
def test_numbers_of_athletes_at_equal_speed(world_evidence, world, count):
    """An own constant for every athlete beside the parabola, by statsmodels."""
    steps = world_evidence(world, count).steps
    table, athlete = athletes_from_steps(steps), steps["participant_id"]
    means = steps.groupby(["participant_id", "level"], observed=True)["speed_mps"].mean()
    fastest = means.groupby(level=0, observed=True).max()
    np.testing.assert_allclose(table["fastest"], fastest.reindex(table.index), rtol=1e-12)
    share = steps["speed_mps"] / athlete.astype(str).map(fastest.to_dict())
    for name, values in (
        ("lateral", steps["lateral_ratio"]), ("contact", steps["contact_s"]),
        ("swing_drive", steps["swing_index"]), ("push_drive", steps["push_index"]),
    ):  # fmt: skip
        for ending, speed in (("", steps["speed_mps"]), ("_relative", share)):
            expected = outsider.at_equal_speed(speed, values, athlete).reindex(table.index)
            np.testing.assert_allclose(table[name + ending], expected, atol=1e-8, err_msg=name)


THRESHOLD_ARMS = [(f"threshold={number}", 1e-4 * (number + 1), {}) for number in range(11)]
FIT_OFF = ("consistency=off", -0.01, {"verdict": "inconclusive"})
GATED = ("consistency=off", -0.3, {"verdict": "inconclusive", "gates": "reliability"})
ARMS = {
    "none": ([], ("n/a", "", (), ()), None),
    "many that agree": (THRESHOLD_ARMS, ("no", "threshold", (), ()), (0.0, 11e-4)),
    "one that decides": (
        [*THRESHOLD_ARMS, FIT_OFF], ("yes", "consistency", ("consistency=off",), ()),
        (-0.01, 11e-4)),
    "copies": ([(f"threshold={n}", 0.0, {}) for n in range(5)], ("n/a", "", (), ()), None),
    "alike": (
        [("body=de_leva", 0.02, {}), ("body=dumas", 0.02, {})], ("no", "body", (), ()),
        (0.0, 0.02)),
    "one that is silent": (
        [*THRESHOLD_ARMS, GATED], ("no", "threshold", (), ("consistency=off",)), (0.0, 11e-4)),
    "two that decide": (
        [("body=dumas", -0.2, {"verdict": "not_supported"}),
         ("cutoff=15", -0.1, {"verdict": "inconclusive"})],
        ("yes", "body", ("body=dumas", "cutoff=15"), ()), (-0.2, 0.0)),
}  # fmt: skip
"""Shifts of an estimate under other choices; their words, and the range of estimates."""


@pytest.fixture(scope="module")
def verdicts(world_evidence) -> tuple[Verdict, ...]:
    """Verdicts of the whole registry on the study of the articles."""
    return judge(examine(world_evidence("W1"), REGISTRY), REGISTRY)


@pytest.mark.parametrize("name", ARMS)
def test_fragility_over_specifications(verdicts, name):
    shifts, expected, moved = ARMS[name]
    verdict = verdicts[0]
    arms = [
        Arm(
            specification,
            specification.partition("=")[0],
            replace(verdict, estimate=verdict.estimate + shift, **changes),
        )
        for specification, shift, changes in shifts
    ]
    robustness = fragility(verdict, arms)
    assert (
        robustness.fragile,
        robustness.decisive,
        robustness.overturned_by,
        robustness.silent,
    ) == expected
    ends = (np.nan, np.nan) if moved is None else [verdict.estimate + shift for shift in moved]
    assert (robustness.lowest, robustness.highest) == pytest.approx(
        tuple(ends), rel=1e-12, nan_ok=True
    )
    assert {entry.statistic for entry in REGISTRY.hypotheses} == set(STATISTICS)


PLANTED: dict[str, tuple[str, Change, Callable[[float], float]]] = {
    "offset": (
        "H1", steps(lambda t: t.assign(push_leg_offset=t["push_leg_offset"] - 0.1)),
        lambda value: value - 0.1),
    "caused": (
        "H4", steps(lambda t: t.assign(
            **{name: t[name] + 0.07 for name in t if name.startswith("caused_share_")})),
        lambda value: value + 0.07),
    "lag": (
        "H5a", steps(lambda t: t.assign(lag=t["lag"] + 0.013 * t["speed_mps"])),
        lambda value: value + 0.013),
    "timing": (
        "H3e", steps(lambda t: t.assign(time_deviation_s=1e-3 * t["time_deviation_s"],
                                        yaw_impulse=50.0 * t["yaw_impulse"])),
        lambda value: value),
}  # fmt: skip
"""Effects of known size, and changes of unit, and what becomes of the estimate."""


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_effect_comes_back(world_evidence, name):
    hypothesis, change, expected = PLANTED[name]
    before = world_evidence("W1")
    unplanted, planted = (
        hypothesis_outcome(evidence, REGISTRY[hypothesis]).estimate
        for evidence in (before, change(before))
    )
    assert planted == pytest.approx(expected(unplanted), rel=1e-9)


def test_a_slower_condition_is_slower_by_as_much(world_evidence):
    """Two percent less in all sprints of one condition, in any order."""
    before = world_evidence("W4_large")
    after = sprints(lambda t: t.assign(speed_mps=t["speed_mps"] * np.where(
        t["condition"] == "restricted_arms", 0.98, 1.0)))(before)  # fmt: skip
    unchanged, slowed = (
        hypothesis_outcome(evidence, REGISTRY["H7"]).estimate for evidence in (before, after)
    )
    assert 1.0 + slowed / 100.0 == pytest.approx(0.98 * (1.0 + unchanged / 100.0), rel=1e-9)


def test_names_and_sides_do_not_matter(world_evidence, verdicts):
    """People called otherwise, and a run in a mirror."""
    evidence = world_evidence("W1")
    names = list(evidence.athletes.index)
    new_name = dict(
        zip(names, [f"person {n:02d}" for n in reversed(range(len(names)))], strict=True)
    )
    table = evidence.steps.assign(
        participant_id=evidence.steps["participant_id"].cat.rename_categories(new_name),
        side=evidence.steps["side"].map({"left": "right", "right": "left"}),
    )
    renamed = replace(
        evidence, steps=table, athletes=evidence.athletes.rename(index=new_name),
        trials=evidence.trials.rename(index=new_name, level=0),
        shared_draws={
            name: table.rename(index=new_name, level=0)
            for name, table in evidence.shared_draws.items()
        },
        sprints=evidence.sprints.assign(athlete=evidence.sprints["athlete"].map(new_name)),
    )  # fmt: skip
    for original, repeat in zip(verdicts, judge(examine(renamed, REGISTRY), REGISTRY), strict=True):
        assert (original.verdict, original.gates, original.n_steps) == (
            repeat.verdict,
            repeat.gates,
            repeat.n_steps,
        )
        assert original.estimate == pytest.approx(repeat.estimate, rel=1e-9, nan_ok=True)
        assert original.p_holm == pytest.approx(repeat.p_holm, rel=1e-6, nan_ok=True)


def test_verdicts_do_not_depend_on_curves_and_order_of_steps(world_evidence, verdicts):
    """Curves, the order of steps, and errors that are too large to be believed."""
    evidence = world_evidence("W1")
    without_curves = replace(evidence, curves=None)
    assert repr(judge(examine(without_curves, REGISTRY), REGISTRY)) == repr(verdicts)
    order = np.random.default_rng(2).permutation(len(evidence.steps))
    mixed = replace(evidence, steps=evidence.steps.iloc[order])
    for original, repeat in zip(verdicts, judge(examine(mixed, REGISTRY), REGISTRY), strict=True):
        assert original.verdict == repeat.verdict
        assert original.estimate == pytest.approx(repeat.estimate, rel=1e-9, nan_ok=True)
