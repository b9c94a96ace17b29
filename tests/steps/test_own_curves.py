"""Curves of an athlete's page: left against right foot, on the band of all athletes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from aqbio.names import ROLE_SIDES
from aqbio.pages.own_curves import SCALED_UNIT, SideCurves, band_paths, path, sides_drawing
from tests.golden import differences, sizes

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
UNIT = "kg m²/s"


def drawn(feet: str, unit: str = UNIT, size: float = 1.0, seed: int = 1) -> SideCurves:
    random, along = np.random.default_rng(seed), np.linspace(0.0, np.pi, 101)
    own = {name: size * random.normal(1.0, 0.3, (len(feet), 1)) * np.sin(along + place)
           for place, name in enumerate(ROLE_SIDES)}  # fmt: skip
    return SideCurves("normal, 8.1 m/s", unit, np.array([one == "l" for one in feet]), own)


CURVES = {
    "both feet": drawn("lrlrl"),
    "scaled": drawn("lrr", SCALED_UNIT, 80.0),
    "one foot": drawn("rr"),
    "all negative": drawn("lr", size=-2.0),
    "flat": drawn("lr", size=0.0),
    "tiny": drawn("lr", size=1e-4),
}


def told(name: str, drawing: str) -> Iterator[str]:
    """Words of a drawing, and its numbers by line."""
    for line in re.sub(r"(<path|<text|<svg|<figcaption)", r"\n\1", drawing).split("\n"):
        numbers = np.array([float(one) for one in NUMBER.findall(line)])
        yield f"{name}: {NUMBER.sub('#', line)[:200]} {sizes(numbers)}"


def test_golden_drawings_of_both_feet():
    lines = [line for name, one in CURVES.items() for line in told(name, str(sides_drawing(one)))]
    for count in (2, 3, 5):
        every = [drawn("lr", SCALED_UNIT, 50.0, seed) for seed in range(count)]
        bands = band_paths([*every, drawn("lr")])
        lines += [line for name, one in bands.items() for line in told(f"{count} {name}", one)]
        assert bool(bands) == (count > 2)
    assert differences("steps/own_curves", lines) == []
    assert str(sides_drawing(None)) == ""


@pytest.mark.parametrize("back", [False, True])
def test_a_line_goes_through_every_fourth_per_cent_upside_down(back):
    values = np.linspace(0.0, 5.0, 101)
    found = path(values, back=back)
    points = [tuple(map(float, one.split())) for one in re.split("[ML]", found)[1:]]
    expected = [(float(x), -values[x]) for x in range(0, 101, 4)]
    np.testing.assert_allclose(points, expected[::-1] if back else expected, atol=5e-4)
    assert found[0] == ("L" if back else "M")
