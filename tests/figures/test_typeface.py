"""The small copy of the typeface draws what the whole one draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import TextPath

from aqbio.figures.style import WHOLE, families


def _font(family: str, weight: str) -> Path:
    wanted = font_manager.FontProperties(family=family, weight=weight)
    return Path(font_manager.findfont(wanted, fallback_to_default=False))


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("text", ["AVA To, Yw fi", "−1.5 kg m²/s ± 3 %", "Müller Øst → χ"])
def test_letters_and_their_distances_are_the_same(weight: str, text: str) -> None:
    small, whole = (_font(family, weight) for family in (families()[0], WHOLE))
    assert small != whole
    drawn, expected = (
        TextPath((0, 0), text, size=7, prop=font_manager.FontProperties(fname=path))
        for path in (small, whole)
    )
    # The same outlines in the same units: nothing is computed twice, so nothing is rounded.
    np.testing.assert_array_equal(drawn.vertices, expected.vertices)
    assert len(expected.vertices) > 50


def test_the_copy_is_small_and_the_whole_typeface_follows_it() -> None:
    small = FT2Font(_font(families()[0], "normal"))
    whole = FT2Font(_font(WHOLE, "normal"))
    assert small.num_glyphs < whole.num_glyphs / 8
    assert ord("ж") not in small.get_charmap()
    assert ord("ж") in whole.get_charmap()
    assert families()[1:] == (WHOLE,)
