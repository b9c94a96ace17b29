"""Packed numbers: what goes in comes out, to half a step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from aqbio.pages.packed import MISSING, Channel, pack
from aqbio.pages.stage_participant import script
from tests.unpacked import unpack

MOST = -MISSING - 1


@given(
    some.lists(some.integers(-MOST, MOST) | some.none(), min_size=1, max_size=40),
    some.sampled_from([(1,), (2, 1), (1, 3)]),
)
def test_whole_numbers_come_out_as_they_went_in(numbers, shape):
    """Differences of differences of any numbers, also where they wrap around, and gaps."""
    values = np.array([np.nan if one is None else one for one in numbers], dtype=float)
    values = np.broadcast_to(values.reshape(-1, *(1 for _ in shape)), (len(values), *shape))
    found = unpack(pack({"a": Channel(values, 1.0)}))["a"]
    np.testing.assert_array_equal(found, values)


def test_values_are_off_by_half_a_step_at_most():
    values = np.random.default_rng(1).normal(size=(50, 4, 3))
    found = unpack(pack({"a": Channel(values, 1e-3), "b": Channel(values[:, 0], 0.5)}))
    for name, step, given_ in (("a", 1e-3, values), ("b", 0.5, values[:, 0])):
        off = np.abs(found[name] - given_).max()
        assert 0.4 * step < off <= 0.5 * step * (1 + 1e-9)


def test_just_what_fits_fits():
    assert unpack(pack({"a": Channel(np.array([MOST * 0.5]), 0.5)}))["a"] == MOST * 0.5
    for beyond in (MISSING * 0.5, (MOST + 1) * 0.5, np.inf, -np.inf):
        with pytest.raises(ValueError, match="more than 2"):
            pack({"a": Channel(np.array([beyond]), 0.5)})


def test_smooth_curves_are_small():
    """A swing of 1 m at 200 Hz to a fifth of a millimetre: half a byte a number."""
    time = np.arange(400) / 200
    made = pack({"a": Channel(np.sin(12 * time)[:, None] * np.ones(60), 2e-4)})
    assert len(made["data"]) < 400 * 60 / 2


def test_names_cannot_end_a_script():
    text = script({"markers": [{"name": "</script><script>alert(1)</script><!--"}]})
    assert "<" not in text
    assert "\\u003c/script>" in text
