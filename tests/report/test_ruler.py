"""Estimates on rulers: places in the drawing are those of the numbers."""

from __future__ import annotations

import re

import pytest

from aqbio.pages.verdicts import ruler

NAN = float("nan")


def _drawing(estimate, low, high, smallest, own=None, *, marked=False):
    row = {
        "estimate": estimate, "ci_low": low, "ci_high": high, "smallest_effect": smallest,
    }  # fmt: skip
    return ruler(row, own or {}, marked=marked)


def _places(drawing: str, pattern: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, drawing)]


def _predicted(drawing: str) -> tuple[float, float]:
    [begin], [width] = _places(drawing, r'<rect x="([\d.]+)"'), _places(drawing, r'width="([\d.]+)')
    return begin, begin + width


SMALLEST = r'<path d="M([\d.]+) 8V46" class="smallest"'


def test_places_go_with_numbers():
    """One scale for all: zero, smallest effect, estimate, interval, dots and marks."""
    drawing = _drawing(0.4, 0.2, 0.6, 0.1, {"B": 0.3, "A": 0.5}, marked=True)
    [zero] = _places(drawing, r'<path d="M([\d.]+) 8V46" class="zero"')
    [smallest] = _places(drawing, SMALLEST)
    scale = (smallest - zero) / 0.1
    [estimate] = _places(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="5"')
    dots = _places(drawing, r'<circle cx="([\d.]+)" cy="[\d.]+" r="2.6"')
    [(low, high)] = re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)" class="interval"', drawing)
    [mark] = re.findall(r'<path d="M([\d.]+) [^"]*z" class="own" data-of="A"', drawing)
    found = [estimate, float(low), float(high), *dots, _predicted(drawing)[0], float(mark)]
    expected = [zero + scale * number for number in (0.4, 0.2, 0.6, 0.3, 0.5, 0.1, 0.5)]
    assert found == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize(("smallest", "edge"), [(0.2, 0), (-0.2, 1)])
def test_the_prediction_lies_beyond_the_smallest_effect(smallest, edge):
    drawing = _drawing(0.0, NAN, NAN, smallest)
    assert _places(drawing, SMALLEST) == pytest.approx([_predicted(drawing)[edge]], abs=0.11)


def test_nothing_is_drawn_without_a_number():
    assert not _drawing(NAN, NAN, NAN, 0.2)


def test_words_say_what_the_drawing_shows():
    drawing = _drawing(-0.5345, -0.5416, -0.5274, 0.05, {"A": -0.55, "B": -0.52})
    assert 'aria-label="Estimate −0.5345, 95 % interval −0.5416 to −0.5274;' in drawing
    assert "predicted: 0.05 or beyond; own numbers of 2 athletes" in drawing
