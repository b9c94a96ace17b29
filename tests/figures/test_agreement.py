"""The figure of agreement shows every trial, however far effects and residuals lie apart."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.figures.quality import FEW, TrialAgreement, draw_agreement

EFFECTS = {"push_leg": 40.0, "swing_leg": 60.0, "arms": 85.0, "torso": 12.0}


def _trials(count: int) -> list[TrialAgreement]:
    return [
        TrialAgreement(
            participant_id="S01",
            trial_id=f"run-{number}",
            speed=6.0 + 0.1 * number,
            effects=EFFECTS,
            moment_before=8.0,
            moment_after=0.4,
            moment_limit=10.0,
            force_before=6.0,
            force_after=0.05,
            force_limit=5.0,
            sd=0.01,
            sd_limit=0.025,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, FEW + 5])
@pytest.mark.parametrize("width_mm", [85.0, 180.0])
def test_no_mark_lies_outside_its_panel(count: int, width_mm: float) -> None:
    for axes in draw_agreement(_trials(count), width_mm).axes:
        low, high = axes.get_ylim()
        marked = [line for line in axes.lines if line.get_marker() not in ("None", "")]
        heights = np.concatenate([np.atleast_1d(line.get_ydata()) for line in marked])
        assert len(heights) >= count
        assert low < heights.min()
        assert heights.max() < high


@pytest.mark.parametrize(("count", "strokes"), [(FEW, FEW), (FEW + 1, 0)])
def test_strokes_from_before_to_after_only_where_they_can_be_told_apart(
    count: int, strokes: int
) -> None:
    forces = draw_agreement(_trials(count), 180.0).axes[1]
    between = [line for line in forces.lines if list(line.get_ydata()) == [6.0, 0.05]]
    assert len(between) == strokes
