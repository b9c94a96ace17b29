"""Numbers as figures and pages write them: read back, they are the numbers."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aqbio.figures.marks import plain
from aqbio.figures.words import count_words, digits, format_interval, range_words

SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
SIZES = st.floats(-1e7, 1e7).filter(lambda value: abs(value) > 1e-7)


def read(text: str) -> float:
    """The number that a reader reads."""
    mantissa, _, power = text.replace("−", "-").partition("×10")
    return float(mantissa) * 10.0 ** int(power.translate(SUPERSCRIPTS) or 0)


@given(SIZES)
@example(999.9)
@example(1000.4)
@example(1e-3)
@example(1e5)
def test_a_number_without_unit_has_three_digits_or_is_whole(value):
    """Two digits where it has a power of ten."""
    text = digits(value)
    assert read(text) == pytest.approx(value, rel=0.051 if "×" in text else 0.0051)
    assert len(text.lstrip("−").replace(".", "").lstrip("0").partition("×")[0]) <= 5
    assert ("×" in text) == (not 1e-3 <= abs(value) < 1e5)


@pytest.mark.parametrize(
    ("unit", "step"),
    [("kg m²/s", 0.01), ("N m", 0.1), ("N", 1.0), ("BW", 0.01), ("s", 0.001), ("m", 0.001),
     ("mm", 0.1), ("ms", 0.1), ("%", 0.1), ("kg", 0.01), ("m/s", 0.01)],
)  # fmt: skip
def test_a_number_with_a_unit_is_as_fine_as_it_can_be_measured(unit, step):
    text = digits(1234.56789, unit)
    assert read(text) == pytest.approx(1234.56789, abs=0.5 * step)
    assert len(text.partition(".")[2]) == len(f"{step:g}".partition(".")[2])
    assert read(digits(-0.3 * step, unit)) == 0.0
    assert "−" not in digits(-0.3 * step, unit)
    assert digits(-0.7 * step, unit).startswith("−")


@given(SIZES, SIZES, st.floats(0.0, 1.0))
@example(0.02, 4.0, 0.5)
@example(-4.0, -0.0002, 0.5)
@example(0.0004, 9.0, 0.1)
def test_an_interval_is_as_fine_as_it_is_wide(low, high, share):
    """To a tenth of its half at most; one that leaves zero out never ends at zero."""
    low, high = sorted((low, high))
    assume(high - low > 1e-6 * max(abs(low), abs(high)))
    value, half = low + share * (high - low), 0.5 * (high - low)
    texts = format_interval(value, low, high)
    decimals = {len(text.partition(".")[2]) for text in texts}
    assert len(decimals) == 1
    fine = 10.0 ** -decimals.pop()
    assert fine <= 0.1 * half or fine == 1.0
    for text, number in zip(texts, (value, low, high), strict=True):
        assert read(text) == pytest.approx(number, abs=0.501 * fine)
    smaller = min(abs(low), abs(high))
    if low * high > 0.0 and smaller > 1e-4 * half:
        assert all(read(text) != 0.0 for text in texts[1:])
    elif low * high <= 0.0:
        assert fine == 1.0 or fine > 0.0099 * half


def test_an_interval_without_width_is_three_numbers():
    assert format_interval(2.0, 2.0, 2.0) == (digits(2.0),) * 3


def test_one_has_no_plural():
    words = [plain(count_words(n, "step", by="count")) for n in (0, 1, 2)]
    assert words == ["0 steps", "1 step", "2 steps"]
    assert plain(range_words(1, 1, "step", "steps")) == "1 step"
    assert plain(range_words(1, 3, "step", "steps")) == "1 to 3 steps"
