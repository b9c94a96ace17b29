"""Differences of an athlete: an outsider's numbers, closed forms, and the words over them."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import linregress, t, ttest_ind

from aqbio.intervals.differences import Mean, relative_change
from aqbio.intervals.worlds import WORLDS, weights
from aqbio.names import NORMAL_95
from aqbio.pages.address import KEYS, plain
from aqbio.pages.difference_words import (
    Difference,
    comparison_words,
    comparisons,
    short_side_words,
    side_words,
)
from aqbio.pages.differences import (
    CONDITION,
    FEET,
    FORCE,
    MEASURES,
    OUTCOMES,
    PARTS,
    POSTURES,
    PUSH_SIDE,
    SESSION,
    SPEED,
    STEPS_TABLE,
    drawn_session,
    session_differences,
)

AXES = ("x", "y", "z")
SOURCES = [part.source for part in PARTS]


def trials(**trials_of_condition: list[float]) -> list[tuple[str, str, float]]:
    """Names, conditions and speeds of trials."""
    return [
        (f"{condition}-{number}", condition, speed)
        for condition, speeds in trials_of_condition.items()
        for number, speed in enumerate(speeds)
    ]


def made_steps(steps_each=3, seed=1, right=1.1, scatter=0.02, runs=None, **columns) -> pd.DataFrame:
    """Steps whose numbers grow with speed, scatter alike on both feet, larger on the right."""
    rows = []
    for trial_number, (trial, condition, speed) in enumerate(
        runs or trials(normal=[5.0, 7.0, 9.0, 9.2])
    ):
        for number in range(2 * steps_each):
            random = np.random.default_rng((seed, trial_number, number // 2))
            side = ("left", "right")[number % 2]
            size = speed * (right if side == "right" else 1.0)
            size *= 0.7 if condition == "restricted_arms" else 1.0
            numbers = {
                outcome.source: size * (0.1 + scatter * random.standard_normal())
                for outcome in (*MEASURES, *POSTURES)
                if outcome.level in (STEPS_TABLE, "A")
            }
            errors = {outcome.error: 0.0 for outcome in OUTCOMES.values() if outcome.error}
            rows.append(
                {"participant_id": "P1", "trial_id": trial, "condition": condition, "step": number,
                 "side": side, "status": "ok", "speed_mps": speed, **numbers, **errors}
            )  # fmt: skip
    return pd.DataFrame(rows).assign(**columns)


def made_draws(steps: pd.DataFrame, seed: int = 2, size: float = 0.05) -> xr.Dataset:
    """Draws of the momenta: an error of all steps, and one of each foot."""
    random = np.random.default_rng(seed)
    value = np.full((len(steps), len(SOURCES), 3), np.nan)
    value[:, :, 1] = steps[SOURCES]
    common, left, right = size * random.standard_normal((3, WORLDS, 1, len(SOURCES), 1))
    foot = np.where((steps["side"] == "left").to_numpy()[:, None, None], left, right)
    deviation = np.broadcast_to(10.0 * common + foot, (WORLDS, *value.shape)).copy()
    deviation -= deviation.mean(axis=0)
    names = {"level": "A", "target": "whole_body", "statistic": "momentum_mean", "unit": "kg m2/s"}
    return xr.Dataset(
        {"value": (("step", "outcome", "axis"), value),
         "deviation": (("draw", "step", "outcome", "axis"), deviation)},
        {"trial_id": ("step", steps["trial_id"]), "number": ("step", steps["step"]),
         "source": ("outcome", SOURCES), "axis": list(AXES),
         **{name: ("outcome", [words] * len(SOURCES)) for name, words in names.items()}},
    )  # fmt: skip


def session(steps: pd.DataFrame, draws: xr.Dataset | None = None, name: str = "P1", **options):
    """A session of made-up steps."""
    study = SimpleNamespace(
        participant=lambda _: SimpleNamespace(session=None),
        settings=SimpleNamespace(random=SimpleNamespace(seed=1)),
    )
    session_draws = made_draws(steps) if draws is None else draws
    return drawn_session(study, name, steps.assign(participant_id=name), session_draws, **options)


def row_of(table: pd.DataFrame, comparison: str, source: str, speed: float = np.nan) -> pd.Series:
    """The one row of a comparison."""
    chosen = table[(table["comparison"] == comparison) & (table["source"] == source)]
    if speed == speed:
        chosen = chosen[np.isclose(chosen["speed_mps"], speed)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def half_width(row: pd.Series) -> float:
    """Half of the interval."""
    assert row["low"] + row["high"] == pytest.approx(2.0 * row["value"])
    return 0.5 * (row["high"] - row["low"])


# numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("lacking", [(), (1, 3, 20)])
def test_right_less_left_is_an_outsiders(source, lacking):
    """Least squares on foot and trial with NumPy; variance of the draws, Student's of the steps."""
    steps = made_steps().drop(index=[*lacking]).reset_index(drop=True)
    draws = made_draws(steps)
    fast = np.flatnonzero(steps["speed_mps"] > 8.0)
    table = session_differences(session(steps, draws))
    row = row_of(table, FEET, source, steps["speed_mps"].iloc[fast].mean())
    number, deviation = (
        draws[name].sel(axis="y").isel(outcome=SOURCES.index(source)).values[..., fast]
        for name in ("value", "deviation")
    )
    columns = pd.get_dummies(steps["trial_id"].iloc[fast]).to_numpy(dtype=float)
    foot = np.where(steps["side"].iloc[fast] == "right", 0.5, -0.5)
    design = np.column_stack([foot, columns])
    fitted, [rest], *_ = np.linalg.lstsq(design, number, rcond=None)
    assert row["value"] == pytest.approx(fitted[0])
    assert row["first_mean"] == pytest.approx(fitted[1:].mean() + 0.5 * fitted[0])
    assert (row["first_steps"], row["second_steps"]) == ((foot > 0).sum(), (foot < 0).sum())
    draw_differences = np.linalg.lstsq(design, deviation.T, rcond=None)[0][0]
    freedom = len(number) - 3
    variance = rest / freedom * np.linalg.inv(design.T @ design)[0, 0]
    sampling = t.ppf(0.975, freedom) / NORMAL_95 * np.sqrt(variance)
    expected = NORMAL_95 * np.hypot(draw_differences.std(), sampling)
    assert half_width(row) == pytest.approx(expected, rel=4.0 / np.sqrt(WORLDS))


def test_without_scatter_of_steps_the_interval_is_that_of_the_draws():
    """Also where no trial has both feet."""
    without_scatter = made_steps(scatter=0.0, runs=trials(normal=[9.0, 9.0]))
    right = without_scatter["side"] == "right"
    one_foot_a_trial = without_scatter[
        right == (without_scatter["trial_id"] == "normal-0")
    ].reset_index(drop=True)
    for steps in (without_scatter, one_foot_a_trial):
        row = row_of(session_differences(session(steps)), FEET, "torso", 9.0)
        deviation = made_draws(steps)["deviation"].sel(axis="y").values[..., SOURCES.index("torso")]
        by_foot = {side: deviation[:, steps["side"] == side][:, 0] for side in ("left", "right")}
        expected = NORMAL_95 * (by_foot["right"] - by_foot["left"]).std()
        assert half_width(row) == pytest.approx(expected)
        assert row["value"] == pytest.approx(0.09)


def test_an_error_of_all_steps_is_in_no_difference():
    """Ten times larger than that of each foot, which widens only right against left."""
    runs = trials(normal=[5.0, 7.0, 9.0], restricted_arms=[9.0])
    steps = made_steps(scatter=0.0, runs=runs)
    table = session_differences(session(steps), [session(steps, name="P0")])
    arms = table[table["source"] == "arms"].set_index("comparison")
    width = 0.5 * (arms["high"] - arms["low"])
    assert set(arms.index) == {FEET, CONDITION, SESSION, SPEED}
    expected = NORMAL_95 * np.sqrt(2.0) * 0.05
    np.testing.assert_allclose(width[FEET], expected, rtol=4.0 / np.sqrt(WORLDS))
    np.testing.assert_allclose(width[[CONDITION, SESSION, SPEED]], 0.0, atol=1e-6)


def test_without_draws_the_interval_is_students():
    """Peak force of one trial has no draws: SciPy's test of two samples of equal variance."""
    steps = made_steps(runs=trials(normal=[9.0]))
    row = row_of(session_differences(session(steps)), FEET, FORCE.source)
    feet = [steps.loc[steps["side"] == side, FORCE.source] for side in ("right", "left")]
    interval = ttest_ind(*feet).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))


def test_an_error_of_measurement_of_each_foot_widens_the_interval():
    """A contact time may be off by 1.5 standard deviations on either foot."""
    steps = made_steps(scatter=0.0, runs=trials(normal=[9.0]), contact_error_s=0.0)
    row = row_of(
        session_differences(session(steps.assign(contact_error_s=0.003))), FEET, "contact_s"
    )
    expected = NORMAL_95 * np.sqrt(2.0) * 0.002
    assert half_width(row) == pytest.approx(expected, rel=4.0 / np.sqrt(WORLDS))
    row = row_of(session_differences(session(steps)), FEET, "contact_s")
    assert half_width(row) == pytest.approx(0.0, abs=1e-12)


def test_few_steps_have_no_interval_and_one_foot_no_row():
    table = session_differences(session(made_steps(steps_each=2, runs=trials(normal=[9.0]))))
    assert set(table["comparison"]) == {FEET}
    assert table["value"].notna().all()
    assert table[["low", "high"]].isna().all(axis=None)
    one_foot = made_steps(runs=trials(normal=[9.0]))
    assert session_differences(session(one_foot[one_foot["side"] == "left"])).empty
    unmeasured = made_steps().assign(peak_vertical_force_bw=np.nan)
    assert FORCE.source not in set(session_differences(session(unmeasured))["source"])


def test_fast_against_slow_is_a_line_over_the_means_of_trials():
    """SciPy's slope of each foot, between the speeds of the fastest and the slowest trial."""
    steps = made_steps()
    row = row_of(session_differences(session(steps)), SPEED, FORCE.source)
    changes, errors = [], []
    for side in ("left", "right"):
        means = steps[steps["side"] == side].groupby("trial_id")[["speed_mps", FORCE.source]].mean()
        fit = linregress(means["speed_mps"], means[FORCE.source])
        changes.append(4.2 * fit.slope)
        errors.append(4.2 * fit.stderr * t.ppf(0.975, 2))
    assert row["value"] == pytest.approx(np.mean(changes))
    assert (row["first_mps"], row["second_mps"], row["side"]) == (9.2, 5.0, "both")
    expected = 0.5 * np.sqrt(np.sum(np.square(errors)))
    assert half_width(row) == pytest.approx(expected, rel=4.0 / np.sqrt(WORLDS))


def test_conditions_are_compared_at_one_speed():
    """Numbers are proportional to speed, .7 times in the condition: at 8.5 m/s exactly that."""
    runs = trials(normal=[5.0, 7.0, 9.0], restricted_arms=[8.5])
    steps = made_steps(scatter=0.0, right=1.0, runs=runs)
    row = row_of(session_differences(session(steps)), CONDITION, "arms")
    assert (row["first_mean"], row["second_mean"]) == pytest.approx((0.595, 0.85))
    assert (row["first_mps"], row["second_mps"]) == pytest.approx((8.5, 8.5))
    # without a line the speeds stay what they were, and the sentence says so
    one_speed = made_steps(scatter=0.0, runs=trials(normal=[9.0], restricted_arms=[8.5]))
    table = session_differences(session(one_speed))
    row = row_of(table, CONDITION, "arms")
    assert (row["first_mps"], row["second_mps"]) == pytest.approx((8.5, 9.0))
    [comparison] = comparisons(table, CONDITION)
    assert "at 8.50 and 9.00 m/s without adjustment for speed" in plain(
        comparison_words(comparison)
    )
    far = made_steps(runs=trials(normal=[5.0], restricted_arms=[9.0]))
    assert CONDITION not in set(session_differences(session(far))["comparison"])


def test_what_does_not_count_is_not_compared():
    """Of two trials at one speed the second one's momentum does not count: the first alone is."""
    steps = made_steps(runs=trials(normal=[9.0, 9.0]))
    spoilt = steps["trial_id"].unique()[1]
    steps.loc[steps["trial_id"] == spoilt, "push_side"] *= 3.0
    alone = session_differences(session(steps[steps["trial_id"] != spoilt]))
    invalidated = {("P1", spoilt): frozenset({"momentum"})}
    both = session_differences(session(steps, invalidated=invalidated))
    for name in ("first_mean", "second_mean"):
        assert row_of(both, FEET, "push_side")[name] == pytest.approx(
            row_of(alone, FEET, "push_side")[name]
        )
    steps_of = {
        name: row_of(both, FEET, name)["first_steps"] for name in ("push_side", "contact_s")
    }
    assert steps_of["push_side"] < steps_of["contact_s"]


def test_twins_of_a_session_differ_by_nothing_but_sampling_and_their_own_errors():
    """The same trials under another session's name, with other errors of that session."""
    steps = made_steps(runs=trials(normal=[9.0]))
    first, second = made_draws(steps, size=0.0), made_draws(steps, size=0.0)
    shared = weights(1, 1, "body")[:, :, None, None]
    for number, draws in enumerate((first, second)):
        draws["deviation"] += 3.0 * shared
        draws["deviation"] += 0.1 * weights(1, 1, "markers", str(number))[:, :, None, None]
    second_session = session(steps, second, "P2")
    table = session_differences(second_session, [session(steps, first)])
    row = row_of(table, SESSION, "push_side")
    assert row["value"] == pytest.approx(0.0, abs=1e-12)
    by_foot = steps.groupby("side")["push_side"].std(ddof=1) / np.sqrt(3.0)
    sampling = t.ppf(0.975, 2) / NORMAL_95 * 0.5 * np.sqrt(np.square(by_foot).sum())
    expected = NORMAL_95 * np.sqrt(2.0 * (0.1**2 + sampling**2))
    assert half_width(row) == pytest.approx(expected, rel=4.0 / np.sqrt(WORLDS))
    [comparison] = comparisons(table, SESSION)
    expected = "Session P2 against session P1, 9.0 m/s (6 and 6 steps): no 95 % interval of"
    assert plain(comparison_words(comparison)).startswith(expected)


# words --------------------------------------------------------------------------------------------


def difference_of(first: float, second: float, half: float, outcome=PUSH_SIDE) -> Difference:
    """A difference with means and an interval, in which the second mean has no error."""
    draws = weights(1, 1, "error")[:, 0] * half / NORMAL_95
    means = Mean(first, first + draws, 9.0, 6), Mean(second, np.full(WORLDS, second), 9.0, 6)
    names = ("percent", "percent_low", "percent_high")
    row = dict(zip(names, relative_change(*means), strict=True))
    value = first - second
    row |= dict.fromkeys(KEYS["differences"], "") | {
        "comparison": FEET,
        "first_mean": first,
        "second_mean": second,
        "value": value,
    }
    return Difference(outcome, row | {"low": value - half, "high": value + half})


def test_a_change_in_size_is_the_quotient_in_every_world():
    """An error that multiplies both means is not in it; one that is added is there in part."""
    factor = 1.0 + 0.1 * weights(1, 1, "mass")[:, 0]
    first, second = Mean(-3.0, -3.0 * factor, 9.0, 6), Mean(-2.0, -2.0 * factor, 9.0, 6)
    assert relative_change(first, second) == pytest.approx((50.0, 50.0, 50.0))
    added = [Mean(mean, mean + 0.1 * weights(1, 1, "mass")[:, 0], 9.0, 6) for mean in (3.0, 2.0)]
    value, low, high = relative_change(*added)
    assert (value, high - low) == pytest.approx((50.0, 2.0 * NORMAL_95 * 2.5))
    near_zero = Mean(-0.3, -0.3 + 0.2 * weights(1, 1, "mass")[:, 0], 9.0, 6)
    for uncertain_mean in (Mean(2.0, 2.0 * factor, 9.0, 6), near_zero):
        assert np.isnan(relative_change(first, uncertain_mean)).all()


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (difference_of(2.24, 2.0, 0.18), "12 % (95 % interval 3 to 21 %)"),
        (difference_of(-2.24, -2.0, 0.18), "12 % (95 % interval 3 to 21 %)"),
        (difference_of(1.76, 2.0, 0.18), "−12 % (95 % interval −21 to −3 %)"),
        (difference_of(2.08, 2.0, 0.28), "4 % (95 % interval −10 to 18 %)"),
        (difference_of(0.05, -0.15, 0.1), "0.20 kg m²/s (95 % interval 0.10 to 0.30 kg m²/s)"),
        (difference_of(-2.0, -1.0, 1.5), "−1.0 kg m²/s (95 % interval −2.5 to 0.5 kg m²/s)"),
        (difference_of(2.04, 2.0, 0.02), "2.0 % (95 % interval 1.0 to 3.0 %)"),
        (difference_of(2.24, 2.0, np.nan), "12.0 %"),
    ],
)
def test_a_difference_in_words(difference, words):
    assert plain(difference.words()) == words


@pytest.mark.parametrize(
    ("name", "means", "half", "words"),
    [
        ("foot_angle_touchdown_rad", (0.02, 0.09), 0.03, "−4.0° (−5.7 to −2.3)"),
        ("shin_angle_touchdown_rad", (-0.12, -0.05), 0.03, "−4.0° (−5.7 to −2.3)"),
        ("knee_height_swing_m", (-0.03, -0.05), 0.01, "2.0 cm (1.0 to 3.0)"),
        ("thigh_speed_swing_radps", (11.0, 10.0), 0.5, "10 % (5 to 15)"),
    ],
)
def test_angles_and_positions_have_no_size(name, means, half, words):
    """Their zero is a convention: 78 % less of 5 degrees means nothing."""
    outcome = next(outcome_of for outcome_of in OUTCOMES.values() if outcome_of.source == name)
    assert plain(difference_of(*means, half, outcome).words(brief=True)) == words


@pytest.mark.parametrize(
    ("steps", "words", "short"),
    [
        (made_steps(scatter=0.001), "The left foot pushes less at 9.1 m/s", "peak upward force"),
        (made_steps(scatter=0.001, right=0.9), "The right foot pushes less", "peak upward force"),
        (made_steps(right=1.0, seed=6), "Neither foot pushes less beyond", "none"),
        (made_steps(peak_vertical_force_bw=np.nan), "no plate measured the forces", ""),
        (
            made_steps(steps_each=2, runs=trials(normal=[9.0])),
            "takes three steps of each",
            "too few",
        ),
        (made_steps(status="rejected"), "No step of each foot was kept", "too few steps"),
    ],
)
def test_sentences_say_which_side_and_what_differs(steps, words, short):
    """The same comparisons in the athlete's headline, and in the table of the first page."""
    table = session_differences(session(steps))
    feet = comparisons(table, FEET)
    sentence = plain(" ".join(side_words(feet)))
    assert words in sentence
    assert short in plain(short_side_words(feet))
    if not feet or not feet[0].comparable:
        return
    headed = [feet[0].difference(outcome) for outcome in (FORCE, PUSH_SIDE)]
    is_headed = any(difference is not None and difference.sure for difference in headed)
    assert bool(re.search("also leave out 0|no other 95 %", sentence)) == is_headed
    rows = table[(table["comparison"] == FEET) & (table["speed_mps"] == table["speed_mps"].iloc[0])]
    sure = rows[(rows["low"] > 0.0) | (rows["high"] < 0.0)]
    first = set(sure["source"].iloc[:1])
    for outcome in OUTCOMES.values():
        label = outcome.label[:1].lower() + outcome.label[1:]
        is_named = bool(re.search(rf"\b{re.escape(label)} [−\d]", plain(short_side_words(feet))))
        assert is_named == (outcome.source in first), label
    assert ("and others" in plain(short_side_words(feet))) == (len(sure) > 1)


def test_forces_of_another_speed_are_no_forces_of_this_one():
    """Plates in the slow trial only: the page does not say that none measured."""
    steps = made_steps(runs=trials(normal=[5.0, 9.0]))
    steps.loc[steps["speed_mps"] > 6.0, FORCE.source] = np.nan
    sentence = plain(" ".join(side_words(comparisons(session_differences(session(steps)), FEET))))
    assert "no plate measured the forces there" in sentence


@pytest.mark.parametrize(("percent_high", "sure"), [(-0.5, True), (0.7, False)])
def test_bold_intervals_exclude_zero_as_printed(percent_high, sure):
    """In kg m²/s the interval may leave out 0 when that of per cent, which is shown, does not."""
    row = {
        "value": 0.09, "low": 0.002, "high": 0.18,
        "percent": -20.5, "percent_low": -41.7, "percent_high": percent_high,
    }  # fmt: skip
    difference = Difference(PUSH_SIDE, row)
    assert difference.unit == "%"
    assert difference.sure is sure


@pytest.mark.parametrize(("low", "high"), [(-29.0, -0.3), (0.04, 7.0), (0.004, 31.0), (-8.0, -0.2)])
def test_an_interval_that_leaves_out_0_is_written_so(low, high):
    """−15 % (−29 to 0) stood among the differences whose interval leaves out 0."""
    ends = {"percent": 0.5 * (low + high), "percent_low": low, "percent_high": high}
    difference = Difference(PUSH_SIDE, {"value": 1.0, "low": 1.0, "high": 1.0, **ends})
    assert difference.sure
    written = [float(text.replace("−", "-")) for text in difference.texts[1:]]
    assert [np.sign(end) for end in written] == [np.sign(low), np.sign(high)]
