"""Words for sizes of faults and their standard deviations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SIDEWAYS = ("to the right", "to the left")
"""Ways across the run."""


def error_words(sd: float) -> str:
    """Give a standard deviation; nothing where there is none."""
    return f" ± {sd:.0f}" if np.isfinite(sd) else ""


def late(size: float, sd: float) -> str:
    """Give a lag, s."""
    return f"{1e3 * abs(size):.0f}{error_words(1e3 * sd)} ms {'late' if size > 0.0 else 'early'}"


def faster(size: float, _: float) -> str:
    """Give a difference of clocks, as a share."""
    return f"{abs(size):.1%} {'faster' if size > 0.0 else 'slower'}"


def too(large: str, small: str) -> Callable[[float, float], str]:
    """Words for the logarithm of a factor, in two directions."""
    return lambda size, _: (
        f"{np.exp(size):.2g} times what they should be: too {large if size > 0.0 else small}"
    )


def farther(forward: str, back: str) -> Callable[[float, float], str]:
    """Words for a distance, m, in two directions."""

    def words(size: float, sd: float) -> str:
        way = forward if size > 0.0 else back
        return f"{1e3 * abs(size):.0f}{error_words(1e3 * sd)} mm farther {way}"

    return words


def off(positive: str, negative: str) -> Callable[[float, float], str]:
    """Words for an angle, rad, in two directions."""

    def words(size: float, sd: float) -> str:
        way = positive if size > 0.0 else negative
        return f"{np.degrees(abs(size)):.1f} ± {np.degrees(sd):.1f} degrees {way}"

    return words


def turned_by(size: float, sd: float) -> str:
    """Give an angle, rad, in degrees."""
    return f"{np.degrees(abs(size)):.0f}{error_words(np.degrees(sd))} degrees"
