"""Cells as people type them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.config import Participant
from aqbio.io.cells import SEX, understood_cell
from aqbio.io.sheets import sheet_lines

CASES = st.sampled_from([str.lower, str.upper, str.title])


@given(value=st.integers(1000, 2300), comma=st.booleans(), gap=st.sampled_from(["", " "]))
def test_lengths_and_masses_mean_the_same_in_every_unit(value, comma, gap):
    """To the last digit, with a decimal point or comma, with or without a blank."""
    for unit, size in (("m", 1000), ("cm", 10), ("mm", 1)):
        typed = f"{value / size:g}{gap}{unit}"
        typed = typed.replace(".", ",") if comma else typed
        assert float(understood_cell("height_m", typed)) == pytest.approx(value / 1000, rel=1e-5)
    for unit, size in (("kg", 20), ("g", 0.02)):
        typed = f"{value / size:.9g}{gap}{unit}"
        assert float(understood_cell("mass_kg", typed)) == pytest.approx(value / 20, rel=1e-5)


@given(word=st.sampled_from(sorted(SEX)), case=CASES)
def test_a_sex_is_known_in_any_spelling(word, case):
    assert understood_cell("sex", case(word)) == SEX[word]


@given(text=st.text(min_size=1), column=st.sampled_from(["sex", "height_m", "mass_kg", "person"]))
def test_unknown_text_of_a_cell_is_unchanged(text, column):
    """And a number alone keeps its size: nothing guesses its unit."""
    understood = understood_cell(column, text)
    if understood != text:
        is_valid = (
            understood in ("female", "male") if column == "sex" else np.isfinite(float(understood))
        )
        assert is_valid


def test_a_remark_says_what_a_cell_was_read_as(tmp_path):
    sheet = tmp_path / "participants.tsv"
    lines = ("participant_id\tsex\theight_m\tmass_kg", "A\tM\t1,78 m\t75.9 kg", "B\th\t178\t80 st")
    sheet.write_text("\n".join(lines), encoding="utf-8")
    (first, second), findings = sheet_lines(sheet, Participant)
    assert first.row is not None
    assert (first.row.sex, first.row.height_m, first.row.mass_kg) == ("male", 1.78, 75.9)
    assert second.row is None
    remarks = [finding for finding in findings if finding.severity == "info"]
    errors = [finding for finding in findings if finding.severity == "error"]
    assert {remark.rule for remark in remarks} == {"cell-understood"}
    assert [remark.where for remark in remarks] == ["line 2"] * 3
    assert [error.where for error in errors] == ["line 3"] * 3
    for value in ("'h'", "'178'", "'80 st'"):
        assert sum(value in error.what for error in errors) == 1, value
    assert all(error.fix for error in errors)


@given(speed=st.integers(100, 1200), comma=st.booleans(), gap=st.sampled_from(["", " "]))
def test_a_belt_speed_means_the_same_in_every_unit(speed, comma, gap):
    for unit, size in (("", 100.0), ("m/s", 100.0), ("km/h", 100.0 / 3.6)):
        typed = f"{speed / size:.6g}{gap}{unit}"
        typed = typed.replace(".", ",") if comma else typed
        assert float(understood_cell("belt_speed_mps", typed)) == pytest.approx(
            speed / 100.0, rel=1e-5
        )


@pytest.mark.parametrize(("typed", "meant"), [("ja", "yes"), ("Nein", "no"), ("oui", "yes")])
def test_yes_and_no_are_known_in_several_languages(typed, meant):
    assert understood_cell("include", typed) == meant
