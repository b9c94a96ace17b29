"""How much of their strengths athletes use: by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from aqbio.config import Capacity
from aqbio.hypotheses.utilisation import utilisations


def _strength(person, side, value, unit="N m/kg", measure="one"):
    return Capacity(participant_id=person, measure=measure, side=side, value=value, unit=unit)


@pytest.fixture
def evidence():
    """Two athletes; only steps at the higher speed count."""
    steps = pd.DataFrame(
        {
            "participant_id": pd.Categorical(["A", "A", "A", "B"]),
            "level": [1, 2, 2, 1],
            "speed_mps": [5.0, 9.0, 9.2, 8.0],
            "push_index": [9.0, 0.2, 0.4, 0.5],
            "swing_index": [9.0, 0.1, 0.1, 0.2],
        }
    )
    return SimpleNamespace(steps=steps, athletes=pd.DataFrame(index=["A", "B"]))


def test_demand_at_the_highest_speed_over_the_mean_of_strengths(evidence):
    """A: 0.3 of 10 N m/kg over 2 and 4; B uses a unit of 20 N m/kg."""
    rows = [
        _strength("A", "push", 2.0), _strength("A", "push", 4.0, measure="two"),
        _strength("A", "swing", 0.5), _strength("B", "push", 5.0),
    ]  # fmt: skip
    found = utilisations(evidence, rows, {"A": 10.0, "B": 20.0})
    assert found["push_utilisation"].tolist() == pytest.approx([1.0, 2.0])
    assert found["swing_utilisation"][0] == pytest.approx(2.0)
    assert np.isnan(found["swing_utilisation"][1])


def test_a_strength_in_another_unit_is_no_joint_moment(evidence):
    rows = [_strength("A", "push", 300.0, unit="N m"), _strength("A", "swing", 0.5)]
    found = utilisations(evidence, rows, {"A": 10.0, "B": 10.0})
    assert np.isnan(found["push_utilisation"]).all()
    assert found["swing_utilisation"][0] == pytest.approx(2.0)
