"""Numbers as people read them: few decimals, a real minus sign, the unit after a space."""

from __future__ import annotations

import math

_DECIMALS = {
    "kg m²/s": 2,
    "N m": 1,
    "N": 0,
    "BW": 2,
    "m/s": 2,
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
