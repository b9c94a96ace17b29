"""Units whose formula has no value are no units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.stats.formulas import parse_formula
from aqbio.stats.units import Reading, Units


def test_a_person_without_a_logarithm_is_left_out_of_the_slope_and_nobody_else():
    lateral = np.array([0.02, 0.0, 0.05, 0.1, 0.2, 0.4])
    people = pd.DataFrame({"lateral": lateral, "speed": 9.0 - np.log(lateral + 1e-3)})
    reading = Reading(parse_formula("speed ~ log(lateral)"), ())
    units = Units({"": reading})
    estimate = units.fit(people, reading)
    expected = units.fit(people.drop(index=1), reading)
    assert estimate is not None
    assert expected is not None
    assert estimate[0] == expected[0]
    assert len(estimate[1].response) == 5
    assert estimate[0].value == pytest.approx(-0.97, abs=0.02)
    assert units.fit(people.assign(lateral=0.0), reading) is None
