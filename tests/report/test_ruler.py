"""Estimates on rulers: places in the drawing are those of the numbers."""

from __future__ import annotations

import re

import pytest

from aqbio.pages.ruler import Ruler, ruler

NAN = float("nan")


def _places(drawing: str, pattern: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, drawing)]


def test_places_go_with_numbers():
    """One scale for all: zero, smallest effect, estimate, interval and dots."""
    drawing = ruler(
        Ruler(0.4, 0.2, 0.6, 0.1, two_sided=False, dots=(0.3, 0.5), marks=(("A", 0.5),))
    )
    [zero] = _places(drawing, r'<path d="M([\d.]+) 8V46" class="zero"')
    [smallest] = _places(drawing, r'<path d="M([\d.]+) 8V46" class="smallest"')
    scale = (smallest - zero) / 0.1
    [estimate] = _places(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="5"')
    dots = _places(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="2.6"')
    [(low, high)] = re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)" class="interval"', drawing)
    [begin] = _places(drawing, r'<rect x="([\d.]+)"')
    [mark] = re.findall(r'<path d="M([\d.]+) [^"]*z" class="own" data-of="A"', drawing)
    for place, number in [
        (estimate, 0.4), (float(low), 0.2), (float(high), 0.6), (dots[0], 0.3), (dots[1], 0.5),
        (begin, 0.1), (float(mark), 0.5),
    ]:  # fmt: skip
        assert place == pytest.approx(zero + scale * number, abs=0.6)


@pytest.mark.parametrize(("smallest", "side"), [(0.2, 1), (-0.2, -1)])
def test_the_prediction_lies_beyond_the_smallest_effect(smallest, side):
    drawing = ruler(Ruler(0.0, NAN, NAN, smallest, two_sided=False))
    [begin], [width] = _places(drawing, r'<rect x="([\d.]+)"'), _places(drawing, r'width="([\d.]+)')
    [at] = _places(drawing, r'<path d="M([\d.]+) 8V46" class="smallest"')
    assert at == pytest.approx(begin if side > 0 else begin + width, abs=0.11)


def test_no_change_is_predicted_between_both():
    drawing = ruler(Ruler(0.5, 0.4, 0.6, 0.2, two_sided=True))
    edges = _places(drawing, r'<path d="M([\d.]+) 8V46" class="smallest"')
    [begin], [width] = _places(drawing, r'<rect x="([\d.]+)"'), _places(drawing, r'width="([\d.]+)')
    assert sorted(edges) == pytest.approx([begin, begin + width], abs=0.11)
    assert "no change beyond ±0.2" in drawing


def test_words_say_what_the_drawing_shows():
    drawing = ruler(Ruler(-0.5345, -0.5416, -0.5274, 0.05, two_sided=False, dots=(-0.55, -0.52)))
    assert 'aria-label="Estimate −0.5345, 95 % interval −0.5416 to −0.5274;' in drawing
    assert "predicted: 0.05 or beyond; 2 athletes' own numbers" in drawing
