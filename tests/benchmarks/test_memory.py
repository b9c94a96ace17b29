"""What the process that measures memory computes."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.virtual.athlete import Athlete, athlete_skeleton
from benchmarks.memory import growth, peak


@pytest.fixture(scope="module")
def trial():
    skeleton = athlete_skeleton(Athlete("runner", "male", 75.0, 1.80))
    rng = np.random.default_rng(3)
    return skeleton, tuple(0.1 * rng.normal(size=(40, len(skeleton.coordinates))) for _ in range(3))


@pytest.mark.parametrize("frames", [30, 40, 100])
def test_a_long_motion_is_the_short_one_again_and_again(trial, frames):
    skeleton, state = trial
    found = peak(skeleton, state, frames)
    assert found["apart"] <= 1e-12
    assert found["arrays_mb"] == 4 * frames * len(skeleton.coordinates) * 8 / 1e6
    assert found["peak_mb"] > found["arrays_mb"]


def test_growth_is_counted_after_the_first_trials(trial):
    skeleton, state = trial
    found = growth(skeleton, state, 3)
    assert found["apart"] <= 1e-12
    assert 0.0 <= found["growth_mb"] < 5.0
