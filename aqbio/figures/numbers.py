"""Numbers as people read them: few decimals, a real minus sign, the unit after a space."""

from __future__ import annotations

import math

_DECIMALS = {
    "kg m²/s": 2,
    "N m": 1,
    "N": 0,
    "BW": 2,
    "m/s": 2,
    "1/s": 2,
    "s": 3,
    "mm": 1,
    "ms": 1,
    "%": 1,
    "%BW": 1,
    "kg": 2,
    "m": 3,
    "deg": 2,
    "m/s²": 2,
}
MISSING = "n/a"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(value: float, unit: str = "") -> str:
    """Write a number with the decimals that its unit deserves."""
    if not math.isfinite(value):
        return MISSING
    text = f"{value:.{_DECIMALS[unit]}f}" if unit in _DECIMALS else _significant(value)
    if unit in _DECIMALS and float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def shown_together(value: float, low: float, high: float) -> tuple[str, str, str]:
    """Write an estimate and its interval with as many decimals as the interval deserves."""
    half = 0.5 * abs(high - low)
    if not (math.isfinite(half) and half > 0):
        return shown(value), shown(low), shown(high)
    decimals = max(0, 1 - math.floor(math.log10(half)))
    texts = (f"{number:.{decimals}f}" for number in (value, low, high))
    told = [text.lstrip("-") if float(text) == 0 else text.replace("-", "−") for text in texts]
    return told[0], told[1], told[2]


def measured(value: float, unit: str) -> str:
    """Write a number and its unit, kept on one line by a no-break space."""
    return f"{shown(value, unit)}\xa0{unit}"


def _significant(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
