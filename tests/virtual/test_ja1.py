"""A virtual athlete of JA1's mass and height runs like the recorded one, within stated limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.virtual.ja1 import ANGLES, PERCENT, RUNS, design_like, recorded_gait
from validation.gaits.generator import generated_gait
from validation.gaits.measures import gait_measures


@pytest.mark.real
@pytest.mark.parametrize("speed", RUNS)
def test_like_the_recording(realdata: Path, speed: float):
    """Durations and peak force within 8 %, angles over the stride within 12 degrees RMS."""
    recorded = recorded_gait(realdata, speed)
    solved = generated_gait(design_like(recorded, speed))
    line = solved.gait.timeline
    assert line.speed == pytest.approx(speed, rel=1e-9)
    assert line.contact[0] == pytest.approx(recorded.contact, rel=0.08)
    assert line.flight[0] == pytest.approx(recorded.flight, rel=0.08)
    assert solved.forces.force[..., 1].max() == pytest.approx(recorded.peak, rel=0.08)
    measures = gait_measures(solved)
    for name, (coordinate, _) in ANGLES.items():
        curve = np.interp(PERCENT, measures.stride, measures.angles[f"{coordinate}_r"], period=1.0)
        error = curve - recorded.angles[name]
        assert np.sqrt(np.mean(error**2)) < 12.0, name
    assert measures.slip.max() < 6e-3
