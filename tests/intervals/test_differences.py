"""Means of steps, of feet, and lines over speed: what errors do to them in every world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.intervals.differences import (
    Mean,
    StepNumbers,
    feet_means,
    foot_mean,
    lines_over_feet,
    over_feet,
    relative_change,
    speed_line,
)
from aqbio.intervals.sources import BODY, EVENTS, SKIN
from aqbio.intervals.step_states import mean_sds
from aqbio.intervals.worlds import WORLDS

SEED, EXACT = 3, 1e-10


def steps_of(values, deviation, trials, *, speed=0.0, error_sd=0.0) -> StepNumbers:
    """Numbers of a foot's steps; deviations (K,) of all of them or (K, N)."""
    values = np.asarray(values, dtype=float)
    deviation = deviation[:, None] if deviation.ndim == 1 else deviation
    numbers = StepNumbers(
        values,
        np.broadcast_to(deviation, (WORLDS, len(values))).copy(),
        speed + np.zeros(len(values)),
        tuple(trials),
    )
    return replace(numbers, error_sd=error_sd) if error_sd else numbers


def worlds(count: int, seed: int = 0):
    """Errors of so many numbers, of mean 0 over the worlds."""
    errors = np.random.default_rng(seed).standard_normal((count, WORLDS))
    return errors - errors.mean(axis=1, keepdims=True)


def test_without_scatter_feet_differ_as_their_own_means_do_in_every_world():
    """Together or each by itself, a foot has the same error; the mean of both has none of it."""
    body, other_body = 0.1 * worlds(2)
    right = steps_of([3.0] * 5, body, "aabbb", error_sd=0.3)
    left = steps_of([2.0] * 4, other_body, "aaab", error_sd=0.2)
    right_mean, left_mean = feet_means(right, left, SEED, "P1")
    separate_means = [
        foot_mean(foot, SEED, "P1", side) for foot, side in ((right, "right"), (left, "left"))
    ]
    np.testing.assert_allclose(
        right_mean.draws - left_mean.draws,
        separate_means[0].draws - separate_means[1].draws,
        rtol=0,
        atol=EXACT,
    )
    mean_of_feet = over_feet([right_mean, left_mean])
    np.testing.assert_allclose(
        mean_of_feet.draws, 2.5 + 0.5 * (body + other_body), rtol=0, atol=EXACT
    )
    assert (right_mean.value, left_mean.value, mean_of_feet.value) == pytest.approx((3.0, 2.0, 2.5))
    assert (right_mean.steps, left_mean.steps, mean_of_feet.steps) == (5, 4, 9)


def scattering(seed=5):
    """Steps of both feet in three trials, with errors of their own, and a trial of one foot."""
    random = np.random.default_rng(seed)
    feet = []
    for trials in ("aaabbccd", "aabbbc"):
        values = random.normal(5.0, 0.3, len(trials))
        deviation = random.normal(0.0, 0.1, (WORLDS, len(trials)))
        feet.append(steps_of(values, deviation, trials, speed=7.0, error_sd=0.1))
    return feet


def test_differences_between_trials_are_in_no_difference_of_feet():
    """Nor its error; and neither order nor names of steps and trials matter."""
    right, left = scattering()
    right_mean, left_mean = feet_means(right, left, SEED, "P1")
    shift = {"a": 0.0, "b": 3.0, "c": -1.0, "d": 50.0}
    moved = [
        replace(foot, value=foot.value + [shift[trial] for trial in foot.trial])
        for foot in (right, left)
    ]
    moved_right, moved_left = feet_means(*moved, SEED, "P1")
    np.testing.assert_allclose(
        moved_right.draws - moved_left.draws, right_mean.draws - left_mean.draws, rtol=0, atol=EXACT
    )
    mean = np.mean([shift[trial] for trial in "abc"])
    assert moved_right.value - right_mean.value == pytest.approx(mean)
    assert moved_left.value - left_mean.value == pytest.approx(mean)
    mixed = []
    for foot in (right, left):
        order = np.random.default_rng(1).permutation(len(foot.value))
        names = [{"a": "z", "b": "a", "c": "m", "d": "b"}[foot.trial[step]] for step in order]
        reordered = {"value": foot.value[order], "deviation": foot.deviation[:, order]}
        mixed.append(replace(foot, trial=tuple(names), **reordered))
    for mixed_mean, expected in zip(
        feet_means(*mixed, SEED, "P1"), (right_mean, left_mean), strict=True
    ):
        assert mixed_mean.value == pytest.approx(expected.value)
        np.testing.assert_allclose(mixed_mean.draws, expected.draws, rtol=0, atol=EXACT)


def test_exchanged_feet_exchange_their_means():
    """The error of scatter, too: an interval knows no side."""
    right, left = (replace(foot, error_sd=0.0) for foot in scattering())
    right.deviation[:], left.deviation[:] = 0.0, 0.0
    right_mean, left_mean = feet_means(right, left, SEED, "P1")
    exchanged_left, exchanged_right = feet_means(left, right, SEED, "P1")
    assert (exchanged_right.value, exchanged_left.value) == pytest.approx(
        (right_mean.value, left_mean.value)
    )
    assert (exchanged_right.draws - exchanged_left.draws).std() == pytest.approx(
        (right_mean.draws - left_mean.draws).std()
    )
    assert exchanged_right.draws.mean() == pytest.approx(right_mean.draws.mean())
    assert right_mean.draws.mean() == pytest.approx(right_mean.value)


def on_a_line(speeds, seed):
    """Steps on a line over speed in every world, two or three in each trial; the line's numbers."""
    level, rise = 5.0 + 0.2 * worlds(1, seed)[0], 0.8 + 0.1 * worlds(1, seed + 1)[0]
    trials = "".join(name * (2 + index % 2) for index, name in enumerate("abcd"[: len(speeds)]))
    speed = np.array([speeds["abcd".index(name)] for name in trials])
    numbers = level[:, None] + rise[:, None] * speed
    value = numbers.mean(axis=0)
    return steps_of(value, numbers - value, trials, speed=speed), level, rise


def test_a_line_over_speed_is_the_line_of_every_world():
    """At any speed, for steps that are moved along it, and for the mean of two feet."""
    (right, level, rise), (left, low, flat) = (
        on_a_line([6.0, 7.0, 9.5, 8.0], 1), on_a_line([5.0, 7.5, 9.0], 7)
    )  # fmt: skip
    right_line, left_line = (speed_line(foot, SEED, "P1") for foot in (right, left))
    for speed in (5.0, 8.3):
        at = right_line.at(speed)
        np.testing.assert_allclose(at.draws, level + rise * speed, rtol=0, atol=EXACT)
        assert at.value == pytest.approx(5.0 + 0.8 * speed)
        moved = right_line.moved(right, speed)
        expected = np.tile((level + rise * speed)[:, None], len(right.value))
        np.testing.assert_allclose(moved.value + moved.deviation, expected, rtol=0, atol=EXACT)
        assert (moved.speed_mps == speed).all()
        np.testing.assert_allclose(moved.deviation.mean(axis=0), 0.0, atol=EXACT)
        mean_at_speed = lines_over_feet([right_line, left_line]).at(speed)
        mean = 0.5 * (level + low + (rise + flat) * speed)
        np.testing.assert_allclose(mean_at_speed.draws, mean, rtol=0, atol=EXACT)
    mean_line = lines_over_feet([right_line, left_line])
    assert (mean_line.slowest_mps, mean_line.fastest_mps) == (6.0, 9.0)
    assert mean_line.steps == len(right.value) + len(left.value)
    assert right_line.mean_mps == pytest.approx(np.mean([6.0, 7.0, 9.5, 8.0]))


@pytest.mark.parametrize("count", [1, 2, 9])
def test_errors_of_single_steps_average_out_and_shared_ones_do_not(count):
    """Of one trial: by states of 3 and 4; what differs in sign between its steps is gone."""
    body, skin, events = (np.arange(1.0, 1.0 + 6 * n).reshape(n, 2, 3) for n in (3, 4, 1))
    steps = [{BODY: body, SKIN: 2.0 * skin, EVENTS: events} for _ in range(count)]
    shared = (body**2).mean(axis=0) + 4.0 * (skin**2).mean(axis=0)
    np.testing.assert_allclose(mean_sds(steps), np.sqrt(shared + events[0] ** 2 / count))
    sign_flipped = [{source: -states for source, states in step.items()} for step in steps]
    sds = mean_sds([*steps, *sign_flipped])
    np.testing.assert_allclose(sds, np.sqrt(events[0] ** 2 / (2 * count)))


@pytest.mark.parametrize("unit", [1.0, 1e-3, -1e-3, 1e3])
def test_a_change_in_size_has_no_unit(unit):
    """Nor a sign, where both have the same; there is none from or to 0."""
    larger, smaller = (
        Mean(size * unit, unit * (size + 0.1 * error), 7.0, 4)
        for size, error in zip((3.0, 2.0), worlds(2), strict=True)
    )
    change, low, high = relative_change(larger, smaller)
    assert change == pytest.approx(50.0)
    assert low < change < high
    usual = relative_change(*(replace(x, value=x.value / unit, draws=x.draws / unit)
                              for x in (larger, smaller)))  # fmt: skip
    assert (change, low, high) == pytest.approx(usual)
    for changed in (
        replace(smaller, value=-smaller.value, draws=-smaller.draws),
        replace(smaller, value=0.0),
    ):
        assert np.isnan(relative_change(larger, changed)).all()
        assert np.isnan(relative_change(changed, larger)).all()
