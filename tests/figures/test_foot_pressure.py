"""Where the ground presses on feet: places that a hand can check, contacts beside the foot told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from aqbio.figures.foot_pressure import (
    WIDE_MM,
    contact_rows,
    foot_pressure_alternative,
    foot_pressure_caption,
    foot_pressure_figure,
)
from aqbio.figures.style import VERMILLION
from aqbio.io.tables import read_table
from aqbio.mechanics.recordings.pressure import pressure_on_foot
from aqbio.stages.figures.foot_pressure_numbers import foot_pressure_numbers
from tests.figures.made_results import write_made_results


@pytest.fixture(scope="module")
def numbers(tmp_path_factory) -> pd.DataFrame:
    study = write_made_results(tmp_path_factory.mktemp("pressure"))
    return foot_pressure_numbers(study, read_table(study.table("steps.tsv")))


def test_places_are_those_of_the_recording(numbers):
    """Left: 30 mm behind the toes; right: 130 mm outwards of them. Cut contacts are left out."""
    places = numbers.groupby("side")[["ahead_mm", "outwards_mm", "foot_mm"]].median()
    feet = np.hypot(180.0, 10.0)  # toes stand 10 mm further out than heels
    turn = np.arctan2(10.0, 180.0)
    np.testing.assert_allclose(places["foot_mm"], feet, rtol=1e-6)
    left = [-30.0 * np.cos(turn), 30.0 * np.sin(turn)]
    right = [130.0 * np.sin(turn), 130.0 * np.cos(turn)]
    np.testing.assert_allclose(places.loc["left"].iloc[:2], left, atol=1e-3)
    np.testing.assert_allclose(places.loc["right"].iloc[:2], right, atol=1e-3)
    assert numbers["friction_arm_mm"].median() == pytest.approx(10.0)
    # left: beside the line to the middle toe marker; right: 90 mm from the outer toe marker
    away = numbers.groupby("side")["away_mm"].median().to_dict()
    assert away == pytest.approx({"left": 0.3 / np.hypot(0.18, 0.01), "right": 90.0}, rel=1e-5)
    assert set(numbers["percent"]) == set(np.linspace(0, 100, 21))


def test_a_contact_beside_the_foot_is_drawn_as_such(numbers):
    contacts = contact_rows(numbers).set_index("side")["away_mm"]
    assert (contacts["left"] < WIDE_MM).all()
    assert (contacts["right"] > WIDE_MM).all()
    figure = foot_pressure_figure(numbers, 180.0)
    red = {
        place.get_title().split()[0]
        for place in figure.axes
        for line in place.lines
        if to_hex(line.get_color()) == to_hex(VERMILLION)
    }
    assert red == {"Right"}
    assert "at most 90.0 mm" in foot_pressure_alternative(numbers)
    assert f"{len(contacts)} contacts" in foot_pressure_caption(numbers)


def test_a_mirrored_foot_has_the_same_places():
    random = np.random.default_rng(3)
    cop = random.normal(0.0, 0.05, (7, 3))
    feet = np.array([[0.0, 0.1, 0.0], [0.2, 0.03, 0.06], [0.19, 0.03, -0.03]])
    feet = feet + random.normal(0.0, 0.01, (7, 3, 3))
    mirror = np.array([1.0, 1.0, -1.0])
    right, length = pressure_on_foot(cop, feet, right=True)
    left, other = pressure_on_foot(cop * mirror, feet * mirror, right=False)
    np.testing.assert_allclose(left, right, atol=1e-15)
    assert other == length


def test_feet_that_are_not_seen_have_no_places():
    place, length = pressure_on_foot(np.zeros((3, 3)), np.full((3, 4, 3), np.nan), right=True)
    assert np.isnan(place).all()
    assert np.isnan(length)
