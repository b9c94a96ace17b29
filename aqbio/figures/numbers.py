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
    """Write a number with the decimals that its unit deserves.

    Parameters
    ----------
    value : float
        NaN is written as ``n/a``.
    unit : str
        Sets the decimals; it is not written. Unknown units get three significant digits.

    Examples
    --------
    >>> shown(-2.614, "kg m²/s")
    '−2.61'
    >>> shown(3.2e-13)
    '3.2×10⁻¹³'
    >>> shown(-0.001, "kg m²/s")
    '0.00'
    """
    if not math.isfinite(value):
        return MISSING
    text = f"{value:.{_DECIMALS[unit]}f}" if unit in _DECIMALS else _significant(value)
    if unit in _DECIMALS and float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def shown_together(value: float, low: float, high: float) -> tuple[str, str, str]:
    """Write an estimate and its interval with as many decimals as the interval deserves.

    Half the interval keeps two significant digits; without an interval, numbers keep three.

    Examples
    --------
    >>> shown_together(0.00398, 0.00308, 0.00488)
    ('0.00398', '0.00308', '0.00488')
    >>> shown_together(-12.34, -14.11, -10.57)
    ('−12.3', '−14.1', '−10.6')
    """
    half = 0.5 * abs(high - low)
    if not (math.isfinite(half) and half > 0):
        return shown(value), shown(low), shown(high)
    decimals = max(0, 1 - math.floor(math.log10(half)))
    texts = (f"{number:.{decimals}f}" for number in (value, low, high))
    told = [text.lstrip("-") if float(text) == 0 else text.replace("-", "−") for text in texts]
    return told[0], told[1], told[2]


def measured(value: float, unit: str) -> str:
    """Write a number and its unit, kept on one line by a no-break space.

    Examples
    --------
    >>> measured(75.954, "kg").split()
    ['75.95', 'kg']
    """
    return f"{shown(value, unit)}\xa0{unit}"


def _significant(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
