"""Tuning improves a gait, and does so the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.virtual.runners import RUNNER
from validation.gaits import tuning
from validation.gaits.generator import generated_gait
from validation.gaits.parameters import GaitParameters, presets, steady
from validation.gaits.tuning import SIDE_RATIO, first_guess, gait_measures, targets


def _cost(speed: float, step: GaitParameters) -> float:
    solved = generated_gait(steady(RUNNER, speed, step))
    return float((tuning.gait_misses(solved, speed, step) ** 2).sum())


def test_a_few_numbers_are_tuned_the_same_way_twice(monkeypatch: pytest.MonkeyPatch):
    few = {"hip_height_m": 0.015, "pitch_toe_off_deg": 6.0, "swing_adduction_deg": 2.0}
    monkeypatch.setattr(tuning, "STEP", few)
    start = first_guess(7.0)
    once, again = (tuning.tuned(RUNNER, 7.0, start, steps=3) for _ in range(2))
    assert once == again
    assert _cost(7.0, once) < 0.8 * _cost(7.0, start)
    assert once.lean_deg == start.lean_deg


@pytest.mark.parametrize("speed", [3.5, 5.0, 7.0, 9.5])
def test_presets_meet_their_targets(speed: float):
    """Misses in units of what is tolerable: their mean square is below a half."""
    step = presets()[speed]
    solved = generated_gait(steady(RUNNER, speed, step))
    misses = tuning.gait_misses(solved, speed, step)
    assert np.mean(misses**2) < 0.5
    assert speed * step.contact_s == pytest.approx(targets(speed).contact_m, rel=0.08)


@pytest.mark.parametrize("speed", [3.5, 5.0, 7.0, 9.5])
def test_presets_share_momentum_alike_at_every_speed(speed: float):
    """The classical world's ratio of the sides, to three units of what is tolerable."""
    solved = generated_gait(steady(RUNNER, speed, presets()[speed]))
    assert gait_measures(solved).side_ratio == pytest.approx(SIDE_RATIO, abs=0.06)
