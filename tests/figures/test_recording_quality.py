"""What recordings leave is drawn within its axis, beside its limit."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from aqbio.figures.quality import _draw_recording


@pytest.mark.parametrize(
    ("values", "ends"), [((4.0, 8.0), (0.0, 22.0)), ((-4.0, 30.0), (-22.0, 33.0))]
)
def test_values_and_limits_are_within_the_axis(values, ends):
    """A tenth of them lies beyond; what has two signs has a limit on both sides."""
    rows = [
        {"trial_id": name, "what": "before", "speed_mps": 7.0, "value": value, "limit": 20.0}
        for name, value in zip("ab", values, strict=True)
    ]
    place = Figure().add_subplot()
    _draw_recording(place, pd.DataFrame(rows))
    assert place.get_ylim() == pytest.approx(ends)
