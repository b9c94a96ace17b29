"""Words of pages, as a table of what goes in and what comes out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from aqbio.consistency import parameters
from aqbio.pages.filters import capital, choices, closed, drawing_size, enumerated, estimate, number
from aqbio.pages.fit import PARAMETER_WORDS, parameter_line, standing_words, trial_changes
from aqbio.pages.stance import source_words
from aqbio.pages.summary import group_words
from aqbio.pages.verdict_words import merge_sentences
from tests.figures.made_results import PARAMETERS, _changes_table

SVG = '<svg width="72pt" height="36pt" viewBox="0 0 72 36" version="1.1">'
CLOCK = {
    "name": "clock_offset", "unit": "s", "fitted": True, "prior": 0.0, "prior_sd": 0.002,
    "estimate": 0.0035, "low": 0.002, "high": 0.005, "lowest": -0.006, "highest": 0.006,
    "beyond_limit": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "given", "expected"),
    [
        (enumerated, ["a", "b", "c"], "a, b and c"),
        (enumerated, ["a"], "a"),
        (enumerated, [], ""),
        (source_words, "hip_push", "hip of the push leg"),
        (source_words, "mtp_swing", "toes of the swing leg"),
        (source_words, "elbow_push", "elbow on the push leg's side"),
        (drawing_size, SVG, (96, 48)),
        (merge_sentences, ["H1: enough.", "H2: too few.", "H4: enough."],
         ("H1, H4: enough.", "H2: too few.")),
        (choices, "consistency=off, cutoff=15", "the consistency fit off, a cut-off of 15 Hz"),
        (capital, "marker RASI is missing.", "Marker RASI is missing."),
        (capital, "49 % are missing.", "49 % are missing."),
        (capital, "", ""),
        (capital, "corrections.unclamp removes the clamps.",
         "corrections.unclamp removes the clamps."),
        (capital, "mtp_angle_r is locked.", "mtp_angle_r is locked."),
        (closed, "a same-leg null of -1.00 (-0.3 to 2e-05) in 30% of steps",
         "a same-leg null of −1.00 (−0.3 to 2e-05) in 30 % of steps."),
        (group_words, "the markers do not show torso, arm_left, arm_right",
         "the markers do not show torso, both arms"),
        (standing_words, [{"trial_id": "static", "fitted_m": [0.0021, -0.0034]}],
         "The adjusted body's centre of mass is from the centre of pressure: 4.0 mm in static."),
    ],
)  # fmt: skip
def test_words_of_pages(words: Callable[..., Any], given: Any, expected: Any) -> None:
    """Names, numbers and sentences as readers see them."""
    found = words(given)
    found = found.replace("\N{NO-BREAK SPACE}", " ") if isinstance(found, str) else found
    assert found == expected


def test_numbers_keep_what_programs_read() -> None:
    """The value of the table beside the digits that its interval can carry."""
    row = {"estimate": -6.7e-4, "ci_low": -0.0503, "ci_high": 0.049}
    assert number(-2.61447, "kg m²/s") == '<data value="-2.61447">−2.61</data>'
    assert estimate(row).striptags() == "−0.001 (−0.050 to 0.049)"
    assert number(float("nan"), "mm") == '<data value="nan">n/a</data>'
    assert number(0.0158, "mm", 1000) == '<data value="0.0158">15.8</data>'


def test_parameters_are_written_in_the_units_of_the_page() -> None:
    clock = parameter_line(CLOCK)
    assert (clock.text, clock.interval.split()) == ("3.5", ["2.0", "to", "5.0"])


def test_every_parameter_has_words_in_the_unit_of_the_page() -> None:
    """Files hold SI units and shares; the factor is what the prefix of the page's unit says."""
    assert set(PARAMETER_WORDS) == {one.name for one in parameters.PARAMETERS}
    prefix = {"m²": 1.0, "%": 1e2, "mm": 1e3, "ms": 1e3, "deg": 180.0 / math.pi}
    for name, (_, unit, factor) in PARAMETER_WORDS.items():
        assert factor == prefix[unit], name


def test_momentum_and_moments_of_a_trial_stand_before_and_after_the_fit() -> None:
    """About the vertical only, and no residual of the root for a joint moment."""
    momentum, moment = trial_changes(_changes_table(), "sprint")
    assert (momentum.what, momentum.before, momentum.after, momentum.alike) == (
        "Angular momentum about the vertical, mean, push leg", "−1.25", "−1.50",
        "differ by 0.60 (root mean square)",
    )  # fmt: skip
    assert (moment.what, moment.before, moment.after, moment.alike) == (
        "Peak moment, hip flexion r", "212.0", "220.0", "correlation 0.90"
    )  # fmt: skip
    assert trial_changes(_changes_table(), "fast") == []


def test_a_parameter_was_moved_held_or_refused() -> None:
    assert [parameter_line(one).words for one in PARAMETERS] == [
        "moved by the data", "held at its prior", "beyond its limits: the fit is not used",
    ]  # fmt: skip
    assert standing_words([]) == "No static trial on a plate was used."
