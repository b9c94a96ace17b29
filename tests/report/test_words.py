"""Words and numbers of pages in closed form: what goes in and what comes out."""

from __future__ import annotations

import math

import pytest

from aqbio.inverse_dynamics import parameters
from aqbio.pages.filters import estimate, number
from aqbio.pages.fit import PARAMETER_WORDS, parameter_line

pytestmark = pytest.mark.xdist_group("page")


def test_numbers_keep_what_programs_read():
    """The value of the table beside the digits that its interval can carry."""
    row = {"estimate": -6.7e-4, "ci_low": -0.0503, "ci_high": 0.049}
    assert number(-2.61447, "kg m²/s") == '<data value="-2.61447">−2.61</data>'
    assert estimate(row).striptags() == "−0.001 (−0.050 to 0.049)"
    assert number(float("nan"), "mm") == '<data value="nan">n/a</data>'
    assert number(0.0158, "mm", 1000) == '<data value="0.0158">15.8</data>'


def test_every_parameter_has_words_in_the_unit_of_the_page():
    """Files hold SI units and shares; the factor is what the prefix of the page's unit says."""
    assert set(PARAMETER_WORDS) == {parameter.name for parameter in parameters.PARAMETERS}
    prefix = {"m²": 1.0, "%": 1e2, "mm": 1e3, "ms": 1e3, "deg": 180.0 / math.pi}
    prefix |= {"mm/rad": 1e3, "mm per m/s²": 1e3}
    for name, (_, unit, factor) in PARAMETER_WORDS.items():
        assert factor == prefix[unit], name


ROWS = [
    ("n/a", "mass", "leg_left", None, "share", 0.199, 0.2149),
    ("n/a", "mass", "femur_l", None, "value", 10.0, 11.0),
    ("static", "standing", "whole body", "y", "share", 0.565, 0.553),
    ("static", "standing", "whole body", "y", "height", 1.017, 0.995),
    ("static", "standing", "whole body", "x", "less_cop", 0.001, 0.002),
]
SECOND = ("one-leg", "standing", "whole body", "x", "left_out", 0.012, -0.003)
COLUMNS = ["trial_id", "quantity", "part", "axis", "statistic", "before", "after"]


@pytest.mark.parametrize(
    ("sd", "estimate", "words"),
    [
        (0.0028, 0.0003, "not determined"),
        (0.0028, 0.0075, "not determined"),
        (0.0008, 0.0003, "not distinguished"),
        (0.0008, 0.0031, "moved by the data"),
        (0.0028, 0.0085, "beyond its limits"),
    ],
)
def test_a_parameter_that_data_do_not_determine_is_said_to_be(sd, estimate, words):
    """The displacement of all plates keeps its prior of 3 mm."""
    parameter = {
        "name": "cop_offset_x", "unit": "m", "prior": 0.0, "prior_sd": 0.003, "lowest": -0.008,
        "highest": 0.008, "estimate": estimate, "sd": sd, "low": estimate - 1.645 * sd,
        "high": estimate + 1.645 * sd, "fitted": True, "beyond_limit": abs(estimate) > 0.008,
    }  # fmt: skip
    assert parameter_line(parameter).words.startswith(words)
