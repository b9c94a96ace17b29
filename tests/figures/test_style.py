"""What tells lines apart, and where the style holds."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb

from aqbio.figures.style import STYLES, journal_style


def test_style_ends_with_the_block() -> None:
    before = mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]
    with journal_style():
        assert mpl.rcParams["font.size"] == 7
    assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == before


def test_push_and_swing_differ_by_colour_and_by_dash() -> None:
    for role in ("side", "leg"):
        push, swing = STYLES[f"push_{role}"], STYLES[f"swing_{role}"]
        assert (push.colour, push.dash) == ("#0072B2", "solid")
        assert swing.colour == "#D55E00"
        assert swing.dash != "solid"


def test_no_two_groups_share_a_dash_pattern_and_lightness() -> None:
    """Without colour, a line is told apart by its dashes or by a clear step in lightness."""
    groups = ("push_leg", "swing_leg", "arms", "torso", "pelvis", "total")
    for number, one in enumerate(groups):
        for other in groups[number + 1 :]:
            if STYLES[one].dash == STYLES[other].dash:
                difference = abs(_luminance(one) - _luminance(other))
                assert difference > 0.1, (one, other)


def _luminance(name: str) -> float:
    """Relative luminance of the Web Content Accessibility Guidelines."""
    rgb = np.array(to_rgb(STYLES[name].colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
