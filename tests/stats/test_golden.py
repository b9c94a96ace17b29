"""Drawn studies with everything that laboratories do to them: verdicts, gates and numbers.

Every case is a drawn study and what is changed of it; words and numbers of its verdicts are golden.
Limits of gates are tried on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace

import numpy as np
import pandas as pd
import pytest

from aqbio.config.settings import Quality
from aqbio.stats.athlete_statistics import athletes_from_steps
from aqbio.stats.evidence import Choices, Evidence, counted_evidence, usable_evidence
from aqbio.stats.measurement import ERRORS, estimate_error, lag_variances, reliability
from aqbio.stats.outcomes import STATISTICS, athlete_intervals
from aqbio.stats.power import power_row
from aqbio.stats.registry import read_registry
from aqbio.stats.robustness import Arm, fragility, influential, leave_one_out, spread
from aqbio.stats.verdict import Verdict, examine, families, judge
from tests.golden import differences, sizes

REGISTRY = read_registry()
CHEAP = "H1 H2 H3e H4 H5a H5b H7 H7b"
Change = Callable[[Evidence], Evidence]


@dataclass(frozen=True)
class Case:
    """A drawn study, what is changed, and the hypotheses that are asked."""

    change: Change = lambda one: one
    names: str = CHEAP
    world: str = "W0"
    athletes: int = 12
    deep: bool = False
    """Whether power, single athletes and influence are told too."""


def trials(**columns: object) -> Change:
    """Columns of the 48 trials; a pair is a value and how many trials have it, from the first."""

    def change(one: Evidence) -> Evidence:
        count, told = len(one.trials), {}
        for name, value in columns.items():
            many = isinstance(value, tuple)
            told[name] = np.array([*([value[0]] * value[1]), *([value[2]] * (count - value[1]))]
                                  ) if many else value  # fmt: skip
        return replace(one, trials=one.trials.assign(**told))

    return change


def plain(**columns: object) -> Change:
    errors = {f"error_{name}": np.nan for name in ERRORS}
    own = {"residual_ratio": 3.5, "residual_moment": 9.0, "consistent": False}
    return trials(**(errors | own | columns))


def steps(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    return lambda one: replace(one, steps=change(one.steps))


def sprints(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    return lambda one: replace(one, sprints=change(one.sprints))


def without(choose: Callable[[pd.DataFrame], pd.Series]) -> Change:
    return lambda one: one.select_steps(~choose(one.steps))


def people(make: Callable[[np.random.Generator, int], dict[str, object]], seed: int = 5) -> Change:
    def change(one: Evidence) -> Evidence:
        random = np.random.default_rng(seed)
        return replace(one, athletes=one.athletes.assign(**make(random, len(one.athletes))))

    return change


def chosen(**choices: object) -> Change:
    return lambda one: replace(one, choices=Choices(**choices))


def limits(**settings: float) -> Change:
    return lambda one: replace(one, limits=Quality(**settings))


def lacking(**presence: object) -> Change:
    return lambda one: replace(one, presence=replace(one.presence, **presence))


def after(*changes: Change) -> Change:
    def change(one: Evidence) -> Evidence:
        for own in changes:
            one = own(one)
        return one

    return change


def who(table: pd.DataFrame, number: int) -> pd.Series:
    """Rows of the first athletes."""
    return table["participant_id"].isin([f"athlete-{n + 1:02d}" for n in range(number)])


def ordered(number: int, late: bool = True) -> Change:
    """Restricted arms later in all athletes but some."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        order = np.where(table["condition"] == "normal", 1.0, 2.0 if late else 1.0)
        return table.assign(order=np.where(who(table, number), -order, order))

    return sprints(change)


def reliable(share: float) -> Change:
    """An error of each step that makes so much of the lag's spread."""

    def change(one: Evidence) -> Evidence:
        size = np.sqrt(lag_variances(one)["whole"].mean())
        return trials(error_step_lag=np.sqrt(share) * size)(one)

    return change


def strengths(random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    push, swing = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=count).T
    speed = 9.0 + 0.4 * np.minimum(push, swing) + 0.2 * random.standard_normal(count)
    speed[[7, 8]], swing[[7, 8]] = speed[[7, 8]] - 1.5, swing[[7, 8]] - 3.0
    sex = np.where(np.arange(count) % 2, "male", "female")
    return {"push_capacity": push, "swing_capacity": swing, "fastest": speed, "sex": sex,
            "push_noise": 0.3, "swing_noise": 0.2}  # fmt: skip


def habits(**told: object) -> Callable[[np.random.Generator, int], dict[str, object]]:
    def make(random: np.random.Generator, count: int) -> dict[str, object]:
        women = np.arange(count) % 2 == 0
        share = 0.05 + 0.03 * women + 0.01 * random.standard_normal(count)
        speed = 9.0 - 20.0 * (share - 0.05) + 0.1 * random.standard_normal(count)
        sides = dict.fromkeys(("lateral", "lateral_relative"), share)
        known = {"sex": np.where(women, "female", "male"), "laboratory": "here"}
        return {**sides, "fastest": speed, "footwear": "spikes", **known, **told}

    return make


PRECISE = REGISTRY["H1"].precise
ROOT = np.sqrt(12.0)
CASES = {
    "classical": Case(deep=True),
    "of the articles": Case(world="W1", deep=True),
    "at random": Case(world="W2"),
    "restricted arms cost much": Case(world="W4_large", names="H7 H7b", deep=True),
    "restricted arms cost nothing": Case(world="W4_none", names="H7 H7b"),
    "a survey": Case(names="H8a H8b H9", athletes=48, world="W1"),
    "one athlete": Case(lambda one: _first(one, 1)),
    "five athletes": Case(lambda one: _first(one, 5), deep=True),
    "nobody": Case(lambda one: _first(one, 0)),
    # choices
    **{f"choice {name}": Case(chosen(**{name: value}), world="W1") for name, value in
       {"errors": "plain", "outliers": False, "covariates": False, "everybody": True}.items()},
    "one far away": Case(after(
        steps(lambda t: t.assign(lag=t["lag"].mask(who(t, 1), 5 * t["speed_mps"]))),
        chosen(outliers=False)), "H5a", "W1"),
    "one wrong cell": Case(sprints(lambda t: t.assign(speed_mps=t["speed_mps"].mask(
        who(t, 7) & ~who(t, 6) & (t["condition"] == "restricted_arms"), 1.25 * t["speed_mps"]))),
        "H7", "W4_large", deep=True),
    "sides that differ": Case(steps(lambda t: t.assign(
        yaw_impulse=t["yaw_impulse"] * np.where(t["side"] == "left", 1.3, 1.0),
        time_deviation_s=t["time_deviation_s"] * np.where(t["side"] == "left", 1.0, 1.5))), "H3e"),
    "some without lags": Case(steps(lambda t: t.assign(lag=t["lag"].mask(who(t, 4)))), "H5a"),
    "no lags": Case(steps(lambda t: t.assign(lag=np.nan)), "H5a H5b"),
    "one contact model": Case(lambda one: replace(one, steps=one.steps.assign(
        caused_share_C2=one.steps["hub_share"] + 0.1)), "H4", "W1", deep=True),
    # gates
    **{f"{taken} steps taken in {many} trials": Case(trials(recorded=(taken, many, 12)), "H1 H7")
       for taken, many in ((17, 48), (18, 44), (18, 20))},
    "the latest quarter of the fastest is lost": Case(
        trials(recorded=np.resize([12, 12, 12, 15], 48)), "H5a H5b"),
    "one with almost one speed": Case(without(lambda t: who(t, 1) & (t["level"] > 0)), "H5a"),
    "nine, one with almost one speed": Case(
        after(without(lambda t: who(t, 1) & (t["level"] > 0)), lambda one: _first(one, 9)), "H5a"),
    "a gap in the numbers of steps": Case(
        steps(lambda t: t.assign(step=t["step"] + (t["step"] >= 6))), "H3e"),
    "few sprints": Case(sprints(lambda t: t[~(
        (t["condition"] == "restricted_arms") & who(t, 5)
        & t.duplicated(["participant_id", "condition"]))]), "H7"),
    **{f"one trial at {rate} Hz": Case(trials(marker_rate=(rate, 1, 250.0)), "H1 H5a")
       for rate in (199.0, 200.0)},
    "one trial does not close": Case(trials(closures_pass=(False, 1, True)), "H1 H4"),
    **{f"errors of {x} of the limit": Case(trials(error_opposition=x * PRECISE * ROOT), "H1 H2")
       for x in (0.99, 1.01)},
    **{f"errors not known in {n} trials": Case(trials(error_opposition=(np.nan, n, 0.0)), "H1")
       for n in (14, 15)},
    **{f"suspect in {many} trials": Case(trials(suspect=(True, many, False)), "H1")
       for many in (13, 15)},
    **{f"another model by {x} of the limit": Case(trials(
        error_opposition=0.3 * PRECISE, model_opposition=x * PRECISE), "H1 H2")
       for x in (0.98, 1.01)},
    "half of them on another model": Case(
        trials(error_opposition=0.0, model_opposition=(PRECISE, 24, np.nan)), "H1"),
    "plain": Case(plain()),
    **{f"plain, {name} {value}": Case(plain(**{name: value}), "H1 H5a") for name, value in
       (("residual_ratio", 2.9), ("residual_moment", 11.0), ("residual_moment", np.nan))},
    **{f"no plates, errors of {x}": Case(plain(
        residual_moment=np.nan, residual_ratio=np.nan, error_opposition=x * PRECISE * ROOT), "H1")
       for x in (0.9, 1.1)},
    **{f"an error of {x} of the spread": Case(reliable(x), "H5a H5b") for x in (0.45, 0.55)},
    "an error of the spread that is not known": Case(trials(error_step_lag=np.nan), "H5a H5b"),
    "errors that are told too large": Case(
        trials(error_step_yaw_impulse=10.0, error_step_lag=10.0), "H3e H5b", "W1"),
    "errors of steps": Case(
        trials(error_step_yaw_impulse=0.01, error_step_lag=0.01), "H3e H5b", "W1"),
    "no order": Case(sprints(lambda t: t.assign(order=np.nan)), "H7 H7b"),
    **{f"later in all but {number}": Case(ordered(number), "H7") for number in (0, 2, 3)},
    "at the same time": Case(ordered(0, late=False), "H7"),
    **{f"limits {name} {value}": Case(after(trials(recorded=16), limits(**{name: value})), "H1")
       for name, value in (("usable_share", 0.74), ("usable_share", 0.76))},
    **{f"plain, limits {name} {value}": Case(after(plain(), limits(**{name: value})), "H1")
       for name, value in (("yaw_residual_nm", 8.9), ("yaw_residual_nm", 9.1),
                           ("effect_to_residual", 3.4), ("effect_to_residual", 3.6))},
    **{f"one step of {name}": Case(after(change, trials(error_step_yaw_impulse=0.0)), "H1 H3e")
       for name, change in (
           ("one", without(lambda t: who(t, 1) & ((t["step"] > 0) | (t["level"] > 0)))),
           ("all", without(lambda t: t["step"] > 0)))},
    # what is lacking
    **{f"without {name}": Case(lacking(**{name: False}), f"{CHEAP} H3b") for name in
       ("arms", "legs", "forces", "causes", "capacities")},
    "arms that are not seen": Case(lacking(
        arms=False, reasons={"arms": "the markers do not show arm_left, arm_right"}), "H1 H2 H7"),
    "no restricted sprints": Case(lambda one: replace(one, sprints=one.sprints[:0]), "H7 H7b"),
    "one speed": Case(without(lambda t: t["level"] < 3), "H1 H5a H5b H7b", deep=True),
    # between athletes
    **{f"strengths, {name}": Case(
        after(people(strengths), lacking(capacities=True), change), "H3b", "W3", 96)
       for name, change in {
           "held": after(), "pooled": chosen(covariates=False),
           "tested once": people(lambda *_: dict.fromkeys(("push_noise", "swing_noise"), np.nan)),
       }.items()},
    **{f"habits, {name}": Case(people(habits(**told)), "H8a", "W1", 48) for name, told in
       {"all told": {}, "no sex": {"sex": None}, "no laboratory": {"laboratory": None},
        "no footwear": {"footwear": None}, "one sex": {"sex": "female"}}.items()},
}  # fmt: skip


def _first(one: Evidence, number: int) -> Evidence:
    names = one.athletes.index[:number]
    kept = one.select_steps(one.steps["participant_id"].isin(names))
    own = one.sprints[one.sprints["participant_id"].isin(names)]
    return replace(kept, athletes=one.athletes[:number], sprints=own)


def _row(one: Verdict) -> Iterator[str]:
    count = f"{one.n_athletes} athletes, {one.n_steps} steps"
    yield f"{one.verdict}, {one.found}, gates {one.gates}, {count}: {one.reason}"
    yield sizes(np.array([one.estimate, one.ci_low, one.ci_high, one.mde]))
    yield sizes(np.array([one.p, one.p_holm, one.p_against, one.p_against_holm]))


def _lines(case: Case, evidence: Evidence) -> Iterator[str]:
    asked = [one for one in REGISTRY.hypotheses if one.id in case.names.split()]
    registry = REGISTRY.model_copy(update={"hypotheses": tuple(asked)})
    every = examine(evidence, registry)
    family = families(every)
    for one, own in zip(judge(every, registry), every, strict=True):
        yield from (f"{one.hypothesis}: {line}" for line in _row(one))
        for gate in own.gates:
            yield f"{one.hypothesis} {gate.name}: {gate.words}"
        if own.outcome is None:
            continue
        values = own.outcome.values
        yield f"{one.hypothesis} values {list(values)}: {sizes(values.to_numpy(float).ravel())}"
        again = own.outcome.test(values)
        assert again.error.value == pytest.approx(own.outcome.estimate, rel=1e-9, nan_ok=True)
        used = counted_evidence(usable_evidence(evidence), own.hypothesis)
        error = [estimate_error(used, own.hypothesis), reliability(used, own.hypothesis)]
        yield f"{one.hypothesis} error, reliability: {sizes(np.array(error, dtype=float))}"
        if not case.deep:
            continue
        row = power_row(evidence, own.hypothesis, own.outcome, family[own.hypothesis.family])
        numbers = np.array([row.se, row.df, row.sd_athletes, row.sd_steps, row.alpha, row.power])
        yield f"{one.hypothesis} power, {row.athletes_needed} needed: {sizes(numbers)}"
        single = athlete_intervals(evidence, own.hypothesis)
        ends = np.array([(x.estimate, x.ci_low, x.ci_high, x.n_steps) for x in single]).ravel()
        yield f"{one.hypothesis} {len(single)} alone: {sizes(ends)}"
        left = leave_one_out(own, family[own.hypothesis.family])
        numbers = np.array([(x.estimate, x.ci_low, x.ci_high) for x in left]).ravel()
        named = influential(left, one.verdict)
        yield f"{one.hypothesis} left out, {named} decide: {sizes(numbers)}"
        share = spread(own.hypothesis, own.outcome)
        yield f"{one.hypothesis} share: {sizes(np.array(astuple(share), dtype=float))}"


def test_golden_verdicts_of_every_study(drawn):
    lines = []
    for name, case in CASES.items():
        evidence = case.change(drawn(case.world, case.athletes))
        lines += [f"{name}: {line}" for line in _lines(case, evidence)]
    assert differences("stats/verdicts", lines) == []


def test_golden_athletes_and_arms(drawn):
    """Own numbers of athletes, and what other choices make of a verdict."""
    lines = []
    for world, count in (("W0", 12), ("W1", 48)):
        table = athletes_from_steps(drawn(world, count).steps)
        lines += [f"{world} {name}: {sizes(table[name].to_numpy(float))}" for name in table]
    own = judge(examine(drawn("W1"), REGISTRY), REGISTRY)[0]

    def arm(name: str, shift: float, **changes: object) -> Arm:
        changed = replace(own, estimate=own.estimate + shift, **changes)
        return Arm(name, name.partition("=")[0], changed)

    many = [arm(f"threshold={n}", 1e-4 * (n + 1)) for n in range(11)]
    for name, arms in {
        "none": [],
        "many that agree": many,
        "one that decides": [*many, arm("consistency=off", -0.01, verdict="inconclusive")],
        "copies": [arm(f"threshold={n}", 0.0) for n in range(5)],
        "alike": [arm("body=de_leva", 0.02), arm("body=dumas", 0.02)],
        "one that is silent": [
            *many, arm("consistency=off", -0.3, verdict="inconclusive", gates="precision")
        ],
        "two that decide": [
            arm("body=dumas", -0.2, verdict="not_supported"),
            arm("cutoff=15", -0.1, verdict="inconclusive"),
        ],
    }.items():  # fmt: skip
        found = fragility(own, arms)
        words = [found.fragile, found.decisive, *found.overturned_by, *found.silent]
        lines.append(f"{name}: {words} {sizes(np.array([found.lowest, found.highest]))}")
    assert differences("stats/arms", lines) == []
    assert {one.statistic for one in REGISTRY.hypotheses} == set(STATISTICS)


def test_what_may_not_matter_does_not(drawn):
    """Curves, the order of steps, and errors that are too large to be believed."""
    evidence = drawn("W1")
    own = judge(examine(evidence, REGISTRY), REGISTRY)
    less = replace(evidence, curves=None)
    assert repr(judge(examine(less, REGISTRY), REGISTRY)) == repr(own)
    order = np.random.default_rng(2).permutation(len(evidence.steps))
    mixed = replace(evidence, steps=evidence.steps.iloc[order])
    for one, again in zip(own, judge(examine(mixed, REGISTRY), REGISTRY), strict=True):
        assert one.verdict == again.verdict
        assert one.estimate == pytest.approx(again.estimate, rel=1e-9, nan_ok=True)
