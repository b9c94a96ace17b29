"""Trials that say what they say as surely as they say it surprise by one a direction."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.trials_agree import Said, surprise

PEOPLE, TRIALS, PARAMETERS = 60, 3, 6


def _surprise(counted: float, times: float = 1.0) -> float:
    """Mean a direction, where each frame was taken for so many, and counts for so much more."""
    random = np.random.default_rng(3)
    square, directions = 0.0, 0
    for _ in range(PEOPLE):
        true, every = random.standard_normal(PARAMETERS), []
        for _ in range(TRIALS):
            root = random.standard_normal((PARAMETERS, 3))
            about = root @ root.T  # three directions of six
            said = about @ true + root @ random.standard_normal(3)
            every.append(Said(counted * about, counted * said))
        for number, one in enumerate(every):
            own = surprise(one, every[:number] + every[number + 1 :], times)
            square, directions = square + own[0], directions + own[1]
    return square / directions


def test_trials_that_are_as_sure_as_they_say_surprise_by_one():
    assert _surprise(1.0) == pytest.approx(1.0, abs=0.12)


def test_frames_that_count_for_too_little_agree_too_well_and_for_too_much_contradict():
    assert _surprise(0.25) < 0.7
    assert _surprise(4.0) > 1.5


def test_what_counted_for_too_little_is_right_when_it_counts_for_more():
    assert _surprise(0.25, times=4.0) == pytest.approx(_surprise(1.0), rel=0.05)
