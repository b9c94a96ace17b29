"""Do motion, forces and body agree: what the page says of the consistency fit."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from aqbio.consistency.parameters import NAMES
from aqbio.pages.fit import PARAMETER_WORDS, sessions
from tests.figures.made_results import PARAMETERS

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture(scope="module")
def section(page_file: Path) -> str:
    text = page_file.read_text(encoding="utf-8")
    return text[text.index('id="agreement-section"') : text.index('id="figures"')]


def test_every_parameter_has_words() -> None:
    assert set(PARAMETER_WORDS) == set(NAMES)


def test_the_figure_is_in_its_own_section_only(page_file: Path, section: str) -> None:
    text = page_file.read_text(encoding="utf-8")
    assert text.count('<figure id="agreement">') == section.count('<figure id="agreement">') == 1


def test_parameters_with_prior_estimate_interval_limit_and_words(section: str) -> None:
    assert '<data value="0.0036">3.6</data>' in section
    assert "2.5\xa0to\xa04.7" in section
    assert "−6.0\xa0to\xa06.0" in section
    assert "held at its prior" in section
    beyond = section[section.index("Mass of both legs") :]
    assert '<td class="fail"><data value="0.27">27.0</data>' in beyond
    assert "beyond its limits: the fit is not used" in beyond


def test_what_was_changed_and_what_was_not_used(section: str) -> None:
    assert '<data value="0.61">61.0</data>' in section  # the plain residual of the table of quality
    assert "after: " in section
    assert '<data value="0.0169">16.9</data>' in section
    assert "plain: the fit is suspect (leg mass)" in section
    assert "hip_rotation_r" in section
    assert "centre of mass is from the centre of pressure: 5.0 mm in static." in " ".join(
        section.split()
    )


def test_a_small_residual_is_not_called_evidence(section: str) -> None:
    words = " ".join(section.split())
    assert "the residual is a fitted quantity: a small one is no evidence of accuracy" in words
    assert "centre of mass over the centre of pressure in the static trial" in words


def test_a_failed_trial_is_left_out() -> None:
    trials = [{"trial_id": "cut", "status": "failed", "reason": "cut."}]
    manifest = {"participant_id": "S01", "trials": trials, "parameters": PARAMETERS[:1]}
    (session,) = sessions([manifest], [])
    assert session.trials == ()
    assert session.standing == "No static trial on a plate was used."


def test_every_parameter_is_told_in_the_unit_that_stands_beside_it() -> None:
    """Files hold SI units and shares; the factor is what the prefix of the page's unit says."""
    prefix = {"m²": 1.0, "%": 1e2, "mm": 1e3, "ms": 1e3, "degrees": 180.0 / math.pi}
    for name, (_, unit, factor) in PARAMETER_WORDS.items():
        assert factor == prefix[unit], name
