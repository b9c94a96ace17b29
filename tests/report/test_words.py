"""Words and numbers of pages in closed form: what goes in and what comes out."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from aqbio.inverse_dynamics import parameters
from aqbio.pages.filters import estimate, number
from aqbio.pages.fit import PARAMETER_WORDS, parameter_line
from aqbio.pages.quality import explained_trials
from tests.report.as_read import as_read

pytestmark = pytest.mark.xdist_group("page")


def test_numbers_keep_what_programs_read():
    """The value of the table beside the digits that its interval can carry."""
    row = {
        "hypothesis": "H1",
        "participant_id": "S01",
        "estimate": -6.7e-4,
        "ci_low": -0.0503,
        "ci_high": 0.049,
    }
    assert number(-2.61447, "kg m²/s") == '<data value="-2.61447">−2.61</data>'
    assert estimate(row).striptags() == "−0.001 (−0.050 to 0.049)"
    assert number(float("nan"), "mm") == '<data value="nan">n/a</data>'
    assert number(0.0158, "mm", 1000) == ('<data value="0.0158" data-factor="1000">15.8</data>')


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
        (0.0028, 0.0085, "far from the prior"),
    ],
)
def test_a_parameter_that_data_do_not_determine_is_said_to_be(sd, estimate, words):
    """The displacement of all plates keeps its prior of 3 mm."""
    parameter = {
        "name": "cop_offset_x", "unit": "m", "prior": 0.0, "prior_sd": 0.003,
        "estimate": estimate, "sd": sd, "low": estimate - 1.645 * sd,
        "high": estimate + 1.645 * sd, "fitted": True, "far": abs(estimate) > 0.008,
    }  # fmt: skip
    assert parameter_line("A", parameter).words.startswith(words)


def explanations(*rows: tuple[str, int, str | None, float, str]) -> pd.DataFrame:
    """Rows of ``faults.tsv``: trial, rank, fault, log odds and verdict."""
    names = ["trial_id", "rank", "fault", "log_odds", "verdict"]
    table = pd.DataFrame(rows, columns=names).assign(participant_id="S01", about="forces")
    return table.assign(explanation=table["fault"].fillna("sound") + " in words")


@pytest.mark.parametrize(
    ("log_odds", "verdict", "odds"),
    [
        (30.0, "identified", "over 1000 to 1"), (2.0 + math.log(250.0), "identified", "250 to 1"),
        (2.0 + math.log(2.5), "plausible", "2.5 to 1"),
        (2.0 - math.log(4.0), "identified", "1 to 4"),
    ],
)  # fmt: skip
def test_winner_and_runner_up_of_a_trial(log_odds, verdict, odds):
    """Trials in which nothing but sound came near are left out."""
    table = explanations(
        ("calm", 1, None, 0.0, "identified"), ("run", 2, "second", 2.0, "plausible"),
        ("run", 1, "first", log_odds, verdict), ("run", 3, None, 0.0, "plausible"),
    )  # fmt: skip
    [line] = map(as_read, explained_trials(table))
    assert (line.participant_id, line.trial_id) == ("S01", "run")
    assert (line.winner, line.runner_up) == ("first in words", "second in words")
    assert (line.decided, line.odds) == (verdict == "identified", odds)


def test_explanations_of_labels_do_not_compete_with_those_of_forces():
    forces = explanations(("run", 1, "late", 9.0, "identified"))
    labels = explanations(("run", 1, "exchanged", 400.0, "identified")).assign(about="labels")
    lines = map(as_read, explained_trials(pd.concat([labels, forces])))
    assert [(line.winner, line.runner_up) for line in lines] == [
        ("exchanged in words", ""), ("late in words", ""),
    ]  # fmt: skip


def test_a_winner_without_a_runner_up():
    [line] = map(as_read, explained_trials(explanations(("run", 1, "first", 9.0, "identified"))))
    assert (line.winner, line.runner_up, line.odds) == ("first in words", "", "")
    assert explained_trials(explanations()) == []
