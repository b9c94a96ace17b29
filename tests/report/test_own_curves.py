"""Drawings of left against right over the contact: lines, means, ticks and bands."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from aqbio.names import ROLE_SIDES
from aqbio.pages.own_curves import SCALED_UNIT, SideCurves, band_paths, path, sides_drawing

UNIT = "kg m²/s"

PERCENT = np.arange(0, 101, 4)
"""Percent of the contact at which a line has its points."""

ROUNDING = 5e-4
"""Of the largest value: coordinates have four digits."""


def _curves(feet: str, unit: str = UNIT, size: float = 1.0, seed: int = 1) -> SideCurves:
    """Curves of steps on the feet ``l`` and ``r``, of both sides."""
    random, phase = np.random.default_rng(seed), np.linspace(0.0, np.pi, 101)
    sides = {
        side: size * random.normal(1.0, 0.3, (len(feet), 1)) * np.sin(phase + shift)
        for shift, side in enumerate(ROLE_SIDES)
    }
    return SideCurves("normal, 8.1 m/s", unit, np.array([foot == "l" for foot in feet]), sides)


DRAWINGS = {
    "both feet": _curves("lrlrl"),
    "scaled": _curves("lrr", SCALED_UNIT, 80.0),
    "one foot": _curves("rr"),
    "all negative": _curves("lr", size=-2.0),
    "flat": _curves("lr", size=0.0),
    "tiny": _curves("lr", size=1e-4),
}


def _figure(curves: SideCurves) -> ElementTree.Element:
    """Figure as an XML tree, without the attributes that have no value."""
    return ElementTree.fromstring(str(sides_drawing(curves)).replace(" data-band-note hidden", ""))


def _points(line: str) -> np.ndarray:
    """Points (P, 2) of a path of straight lines."""
    return np.array(
        [[float(x) for x in point.split()] for point in re.split("[MLZ]", line) if point]
    )


def _number(words: str) -> float:
    """Read a number as the pages write it: −1.2×10⁻⁴."""
    digits, _, power = words.replace("−", "-").partition("×10")
    exponent = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(digits) * 10.0 ** int(exponent or 0)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_panel_draws_each_step_and_the_mean_of_each_foot(name):
    curves = DRAWINGS[name]
    figure = _figure(curves)
    panels = dict(zip(ROLE_SIDES, figure.findall("div/svg"), strict=True))
    feet = {"left": curves.left, "right": ~curves.left}
    for side, panel in panels.items():
        values = curves.sides[side]
        size = np.abs(values).max()
        inner = panel.find("svg")
        assert inner.get("data-band") == side
        assert inner.get("data-scaled") == str(curves.unit == SCALED_UNIT).lower()
        expected = [
            (foot if n < len(lines) - 1 else f"{foot} mean", line)
            for foot, is_foot in feet.items()
            if is_foot.any()
            for lines in [[*values[is_foot], values[is_foot].mean(axis=0)]]
            for n, line in enumerate(lines)
        ]
        zero, *paths = inner.findall("path")
        assert (zero.get("class"), zero.get("d")) == ("zero", "M0 0H100")
        assert [line.get("class") for line in paths] == [look for look, _ in expected]
        for line, (_, values_of_line) in zip(paths, expected, strict=True):
            points = np.column_stack((PERCENT, -values_of_line[PERCENT]))
            np.testing.assert_allclose(_points(line.get("d")), points, atol=ROUNDING * size)
        for foot, is_foot in feet.items():
            words = re.search(rf"{foot} (\S+) \((\d+) steps?\)", panel.get("aria-label"))
            assert (words is not None) == bool(is_foot.any())
            if words:
                mean = values[is_foot].mean()
                assert _number(words[1]) == pytest.approx(mean, rel=0.015, abs=1e-12)
                assert int(words[2]) == is_foot.sum()


@pytest.mark.parametrize("name", DRAWINGS)
def test_all_values_are_inside_and_a_tick_is_where_its_value_is(name):
    """By the frame of the inner drawing: its top is its largest value."""
    curves = DRAWINGS[name]
    figure = _figure(curves)
    samples = np.concatenate(list(curves.sides.values()))
    for panel in figure.findall("div/svg"):
        inner = panel.find("svg")
        left, top, width, height = (float(x) for x in inner.get("viewBox").split())
        assert (left, width) == (0.0, 100.0)
        assert top < -samples.max() <= -samples.min() < top + height
        ticks = [text for text in panel.findall("text") if text.get("x") == "36"]
        assert len(ticks) == 3
        scale = float(inner.get("height")) / height
        for tick in ticks:
            y = float(inner.get("y")) + scale * (-_number(tick.text) - top)
            assert float(tick.get("y")) - 4.0 == pytest.approx(y, abs=0.5)


def test_words_of_a_drawing_say_condition_and_unit():
    caption = "".join(_figure(DRAWINGS["scaled"]).itertext())
    assert f"normal, 8.1 m/s ({SCALED_UNIT})" in caption
    assert "left foot green, dashed, right foot purple" in caption
    assert str(sides_drawing(None)) == ""


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_band_is_the_mean_and_standard_deviation_over_athletes(count):
    """By pandas; curves that are not scaled do not count, and an athlete of two sessions once."""
    sessions = [[_curves("lr", SCALED_UNIT, 50.0, seed)] for seed in range(count)]
    sessions[0].append(_curves("lr", SCALED_UNIT, 50.0, count))
    by_person = {f"P{number}": curves for number, curves in enumerate(sessions)}
    bands = band_paths(by_person | {"unscaled": [_curves("lr")]})
    assert set(bands) == (set(ROLE_SIDES) if count > 2 else set())
    for side, outline in bands.items():
        means = pd.DataFrame(
            [
                pd.DataFrame([curves.sides[side].mean(axis=0) for curves in of_person]).mean()
                for of_person in sessions
            ]
        )
        upper, lower = (means.mean() + sign * means.std() for sign in (1.0, -1.0))
        points = _points(outline)
        half = len(PERCENT)
        np.testing.assert_allclose(points[:half, 1], -upper[PERCENT], rtol=1e-3, atol=0.01)
        np.testing.assert_allclose(points[half:, 1], -lower[PERCENT[::-1]], rtol=1e-3, atol=0.01)
        np.testing.assert_array_equal(points[:, 0], [*PERCENT, *PERCENT[::-1]])
        assert outline[-1] == "Z"


@pytest.mark.parametrize("back", [False, True])
def test_a_line_goes_through_every_fourth_per_cent_upside_down(back):
    values = np.linspace(0.0, 5.0, 101)
    line = path(values, back=back)
    expected = np.column_stack((PERCENT, -values[PERCENT]))
    np.testing.assert_allclose(_points(line), expected[::-1] if back else expected, atol=5e-4)
    assert line[0] == ("L" if back else "M")
