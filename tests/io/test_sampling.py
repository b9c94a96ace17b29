"""Samples at uneven times, against movement whose course is known."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.io.sampling import MAX_FORCE_GAP_S, evenly_sampled
from tests.refusal import refused


def course(time: np.ndarray) -> np.ndarray:
    """Two positions (T, 2), m, as fast as limbs of sprinters."""
    return np.column_stack((np.sin(14.0 * time), 9.0 * time + 0.1 * np.cos(30.0 * time)))


@given(
    st.sampled_from([100.0, 120.0, 250.0, 299.7]), st.floats(0.0, 3.0), st.floats(0.03, 0.22),
    st.integers(0, 2**31), st.booleans(),
)  # fmt: skip
def test_jitter_is_taken_back(rate, start, share, seed, declared):
    """Values at even times are those of the course; the rate is that of the cameras."""
    random = np.random.default_rng(seed)
    jitter = np.clip(random.normal(0.0, share, 300), -0.45, 0.45) / rate
    time = np.round(start + np.arange(300) / rate + jitter, 6)
    sampled = evenly_sampled(time, course(time), "a.trc", rate if declared else None)
    assert sampled.rate == pytest.approx(rate, rel=2e-3)
    even = time[0] + np.arange(len(sampled.values)) / sampled.rate
    np.testing.assert_allclose(sampled.values, course(even), atol=2e-3 if rate > 200 else 2e-2)
    (finding,) = sampled.findings
    assert finding.rule == "time-uneven"
    assert finding.severity == "warning"
    assert finding.number == pytest.approx(np.std(jitter), rel=0.05)


@given(
    st.sampled_from([100.0, 120.0, 250.0, 1000.0, 1083.0]), st.sampled_from([3, 4, 6]),
    st.sampled_from([0.0, 12.347]),
)  # fmt: skip
def test_rounded_times_are_even(rate, digits, start):
    exact = start + np.arange(500) / rate
    time, values = np.round(exact, digits), course(exact)
    sampled = evenly_sampled(time, values, "a.trc", rate)
    assert sampled.rate == rate
    assert sampled.values is values
    assert sampled.findings == ()
    assert sampled.start == pytest.approx(exact[0], abs=2e-4)


@given(st.sets(st.integers(5, 290), min_size=1, max_size=6), st.sampled_from([3, 6]))
def test_lost_rows_are_gaps(lost_rows, digits):
    """And nothing else is; forces are not interpolated over more than 5 ms."""
    all_rows = np.arange(300)
    rows = np.setdiff1d(all_rows, list(lost_rows))
    time = np.round(rows / 250.0, digits)
    sampled = evenly_sampled(time, course(rows / 250.0), "a.trc")
    assert sampled.rate == 250.0
    assert np.flatnonzero(np.isnan(sampled.values).any(axis=1)).tolist() == sorted(lost_rows)
    recorded = np.setdiff1d(all_rows, list(lost_rows))
    tolerance = 5e-3 if digits == 3 else 1e-6
    np.testing.assert_allclose(sampled.values[recorded], course(recorded / 250.0), atol=tolerance)
    assert [finding.severity for finding in sampled.findings] == ["warning"]
    assert 1.0 / 250.0 < MAX_FORCE_GAP_S < 2.0 / 250.0
    with refused("time-not-uniform", "longest step of the forces"):
        evenly_sampled(time, course(time), "a.mot", forces=True)


@given(st.integers(2, 290), st.sampled_from([0.0, 0.003]))
def test_time_that_stands_or_runs_backward_is_refused_with_its_row(row, back):
    time = np.arange(300) / 250.0
    values = course(time)
    time[row] = time[row - 1] - back
    words = "runs backward" if back else "stands still"
    with refused("time-not-uniform", f"{words}.* from row {row} to row {row + 1}"):
        evenly_sampled(time, values, "a.trc")


@given(st.lists(st.integers(0, 299), min_size=1, max_size=4), st.sampled_from([4, 8]))
def test_rows_that_repeat_the_one_before_are_left_out(copied, digits):
    """As OpenSim's tools write the last instant twice; the numbers are those of the rows once."""
    rows = np.sort(np.concatenate([np.arange(300), copied]))
    time = np.round(rows / 250.0, digits)
    for forces in (False, True):
        sampled = evenly_sampled(time, course(rows / 250.0), "a.mot", forces=forces)
        assert sampled.rate == 250.0
        np.testing.assert_array_equal(sampled.values, course(np.arange(300) / 250.0))
        [finding] = sampled.findings
        assert (finding.rule, finding.severity) == ("rows-repeated", "info")
        assert finding.number == len(copied)
        first = int(np.flatnonzero(np.diff(rows) == 0)[0]) + 2
        assert re.match(rf"data rows? {first}\b", finding.what)


@pytest.mark.parametrize("copies", [1, 2])
def test_a_last_row_is_left_out_even_where_nothing_moves(copies):
    rows = np.minimum(np.arange(100 + copies), 99)
    sampled = evenly_sampled(rows / 250.0, np.ones((len(rows), 3)), "a.mot")
    assert len(sampled.values) == 100
    assert sampled.rate == 250.0


def test_equal_rows_at_one_rounded_time_are_samples_of_their_own():
    """An unloaded plate at 2000 Hz, its times rounded to a millisecond."""
    time = np.round(np.arange(400) / 2000.0, 3)
    sampled = evenly_sampled(time, np.zeros((400, 3)), "a.mot", 2000.0, forces=True)
    assert len(sampled.values) == 400


@given(st.integers(0, 2**31))
def test_gaps_stay_gaps_and_forces_do_not_overshoot(seed):
    random = np.random.default_rng(seed)
    time = np.arange(400) / 1000.0 + random.uniform(-2e-4, 2e-4, 400)
    force = np.where(np.abs(time - 0.2) < 0.06, 1800.0 * np.cos((time - 0.2) / 0.12 * np.pi), 0.0)
    sampled = evenly_sampled(time, force[:, None], "a.mot", forces=True)
    assert sampled.values.min() >= 0.0
    assert sampled.values.max() <= force.max()
    assert not sampled.values[:120].any()
    positions = course(time)
    positions[100:120, 0] = np.nan
    holed = evenly_sampled(time, positions, "a.trc").values
    assert 19 <= np.isnan(holed[:, 0]).sum() <= 22
    assert not np.isnan(holed[:, 1]).any()
