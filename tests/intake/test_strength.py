"""English strength sheets as coaches type them: written as long ones, or answered with the word."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from aqbio.config import Participant
from aqbio.config.sheets import MOVEMENTS
from aqbio.intake.strength import find_strength, read_phrase
from aqbio.io.strength import checked_strength

PEOPLE = [Participant(participant_id=name) for name in ("P1", "P2")]

READ = {
    "isokinetic machine, a column for each leg": (
        """Athlete;Knee ext R con 60°/s (Nm);Knee ext L con 60°/s (Nm);Notes
P1;212,5;198;slept badly
P2;180;;""",
        [("knee_extension", "right", "concentric", 60.0, 212.5, "N m"),
         ("knee_extension", "left", "concentric", 60.0, 198.0, "N m"),
         ("knee_extension", "right", "concentric", 60.0, 180.0, "N m")],
    ),
    "isokinetic at two speeds, both ways": (
        """name\tQuads R conc 60\tQuads R conc 180\tHams R ecc 30 deg/s\tunit
P1\t200\t150\t160\tNm""",
        [("knee_extension", "right", "concentric", 60.0, 200.0, "N m"),
         ("knee_extension", "right", "concentric", 180.0, 150.0, "N m"),
         ("knee_flexion", "right", "eccentric", 30.0, 160.0, "N m")],
    ),
    "hand-held dynamometer in kg, three attempts": (
        """Name;HHD hip flexion L 1 (kg);HHD hip flexion L 2 (kg);HHD hip flexion R (kg)
P1;30,5;31,0;33""",
        [("hip_flexion", "left", "isometric", None, 30.5 * 9.80665, "N"),
         ("hip_flexion", "left", "isometric", None, 31.0 * 9.80665, "N"),
         ("hip_flexion", "right", "isometric", None, 33.0 * 9.80665, "N")],
    ),
    "hand-held dynamometer per body mass, the same heading twice": (
        """participant_id;Hip abd left iso N/kg;Hip abd left iso N/kg
P1;2,4;2,5""",
        [("hip_abduction", "left", "isometric", None, 2.4, "N/kg"),
         ("hip_abduction", "left", "isometric", None, 2.5, "N/kg")],
    ),
    "jumps": (
        """Player;CMJ (cm);SJ (cm);SL CMJ R (cm);RSI (m/s);LSI (%)
P1;41,5;37;21;1,9;97""",
        [("leg_extension", "bilateral", "jump", None, 0.415, "m"),
         ("leg_extension", "bilateral", "jump", None, 0.37, "m"),
         ("leg_extension", "right", "jump", None, 0.21, "m"),
         ("reactive_jump", "bilateral", "jump", None, 1.9, "m/s")],
    ),
    "force-velocity profile of a sprint": (
        """Athlete\tF0 (N/kg)\tV0 (m/s)\tPmax (W/kg)
P1\t7.9\t9.4\t18.6""",
        [("sprint_force", "bilateral", "sprint", None, 7.9, "N/kg"),
         ("sprint_velocity", "bilateral", "sprint", None, 9.4, "m/s")],
    ),
    "a column for each side, a row for each test": (
        """Name;Test;Type;Left (Nm);Right (Nm);Date
P1;Hip flexors;iso;101;110;3.4.2026
P1;quads;isometric;230;241;03.04.2026""",
        [("hip_flexion", "left", "isometric", None, 101.0, "N m"),
         ("hip_flexion", "right", "isometric", None, 110.0, "N m"),
         ("knee_extension", "left", "isometric", None, 230.0, "N m"),
         ("knee_extension", "right", "isometric", None, 241.0, "N m")],
    ),
    "a row for each attempt in short words": (
        """Athlete;Leg;Test;Contraction;Value;Units
P1;Li.;calf raise;iso;1250;N
P1;right;Knee ext;con;201,5;Nm""",
        [("ankle_plantarflexion", "left", "isometric", None, 1250.0, "N"),
         ("knee_extension", "right", "concentric", None, 201.5, "N m")],
    ),
}  # fmt: skip


def _read(folder: Path, text: str):
    """Rows and findings of the long sheet that `aqbio new` makes from a sheet."""
    (folder / "strength.csv").write_text(text + "\n", encoding="utf-8")
    return _read_again(folder)


def _read_again(folder: Path):
    strength = find_strength(folder)
    assert strength is not None
    if not strength.text:
        return (), list(strength.findings)
    (folder / "study").mkdir(exist_ok=True)
    path = folder / "study" / "strength.tsv"
    path.write_text(strength.text, encoding="utf-8")
    rows, findings = checked_strength(path, PEOPLE)
    path.unlink()
    return rows, [*strength.findings, *findings]


def _tests(rows) -> list[tuple]:
    return [(row.movement, row.side, row.contraction, row.velocity_deg_s, *row.si) for row in rows]


@pytest.mark.parametrize("name", READ)
def test_sheets_as_people_have_them_are_read(name, tmp_path):
    text, expected = READ[name]
    rows, findings = _read(tmp_path, text)
    assert [finding for finding in findings if finding.severity != "info"] == []
    assert [test[:4] for test in _tests(rows)] == [test[:4] for test in expected]
    assert [test[5] for test in _tests(rows)] == [test[5] for test in expected]
    assert [test[4] for test in _tests(rows)] == pytest.approx([test[4] for test in expected])


TYPED = {
    "short sides": (
        """Name;Side;Test;Contraction;Value;Unit
P1;Ri;Knee ext;iso;200;Nm
P1;Lt;Knee ext;iso;190;Nm
P1;L leg;Hip flex;iso;90;Nm""",
        [("knee_extension", "right", "isometric", None, 200.0, "N m"),
         ("knee_extension", "left", "isometric", None, 190.0, "N m"),
         ("hip_flexion", "left", "isometric", None, 90.0, "N m")],
    ),
    "cells without a result": (
        """Name;HHD hip flexion L (kg);HHD hip flexion R (kg)
P1;N/A;30
P2;-;n.d.""",
        [("hip_flexion", "right", "isometric", None, 30 * 9.80665, "N")],
    ),
    "the unit in heading and cell": (
        """Name;Knee ext R iso (Nm);Knee ext L iso (Nm)
P1;200 Nm;190,5 Nm""",
        [("knee_extension", "right", "isometric", None, 200.0, "N m"),
         ("knee_extension", "left", "isometric", None, 190.5, "N m")],
    ),
    "ratios beside tests": (
        """Name;Quads R con 60 (Nm);Hams R con 60 (Nm);H:Q R;HQ ratio R (%)
P1;200;120;0,6;60""",
        [("knee_extension", "right", "concentric", 60.0, 200.0, "N m"),
         ("knee_flexion", "right", "concentric", 60.0, 120.0, "N m")],
    ),
    "nordic hamstring board": (
        """Name;Nordic L (N);Nordic R (N);Imbalance (%)
P1;350;360;3""",
        [("knee_flexion", "left", "eccentric", None, 350.0, "N"),
         ("knee_flexion", "right", "eccentric", None, 360.0, "N")],
    ),
}  # fmt: skip
"""Sheets of other devices."""
READ |= TYPED

HEADER = "Athlete,Knee ext R con 60°/s (Nm),Knee ext L con 60°/s (Nm),Notes"
"""As Excel saves it in countries with a decimal point: "CSV (comma delimited)"."""

SEPARATED_BY_COMMAS = {
    "decimal points": ("P1,212.5,198.0,", [212.5, 198.0]),
    "whole numbers": ("P1,212,198,tired", [212.0, 198.0]),
    "a comma in a note": ('P1,212.5,198,"slept, badly"', [212.5, 198.0]),
    "decimal commas in quotation marks": ('P1,"212,5","198,0",', [212.5, 198.0]),
    "cells that are empty": (",,,\nP1,,198.5,", [198.5]),
    "rows without their last cells": ("P1,212.5,198.5,tired\nP2,180.5,175.5",
                                      [212.5, 198.5, 180.5, 175.5]),
    "columns without a name": ("P1,212.5,198.5,tired,,", [212.5, 198.5]),
    "semicolons in a note": ('P1,212.5,198.5,"slept; ate"', [212.5, 198.5]),
    # refused with a part of what is said and of the fix
    "decimal commas": ("P1,212,5,198,0,tired", ("more cells than the header", "with a point")),
    "a decimal comma in one row": ("P1,212.5,198,ill\nP2,180,5,175,ill",
                                   ("line 3 has more cells", "with a point")),
    "a decimal comma and no note": ("P1,212,5,198\nP2,180,175", ("“212,5”", "with a point")),
    "a decimal comma with its unit": ("P1,30,5 Nm,31\nP2,30", ("“30,5 Nm”", "with a point")),
    "a bare comma in a note": ("P1,212.5,198,slept, badly", ("line 2 has more", "quotation marks")),
    "thousands": ('P1,"1,250",198,', ("“1,250”", "write 1.250 or 1250")),
    "every row in one cell": ('"P1,212.5,198.0,"', ("all columns are in one cell", "Unicode text")),
}  # fmt: skip
"""Rows below the header, and what they are read as."""


@pytest.mark.parametrize("name", SEPARATED_BY_COMMAS)
def test_columns_separated_by_commas_are_read_where_no_comma_may_be_decimal(name, tmp_path):
    text, expected = SEPARATED_BY_COMMAS[name]
    header = f'"{HEADER}"' if text.startswith('"') else HEADER
    rows, findings = _read(tmp_path, f"{header}\n{text}")
    if isinstance(expected, tuple):
        words, fix = expected
        [refusal] = findings
        assert refusal.rule == "sheet-separator"
        assert words in refusal.what
        assert fix in refusal.fix
        return
    assert [finding for finding in findings if finding.severity != "info"] == []
    assert [row.si for row in rows] == [(value, "N m") for value in expected]


@pytest.mark.parametrize("name", READ)
def test_a_sheet_is_the_same_with_commas_between_its_columns(name, tmp_path):
    """Decimals with points, or with commas in quotation marks."""
    text, expected = READ[name]
    lines = [re.split("[\t;]", line) for line in text.splitlines()]
    for decimal in (lambda cell: cell.replace(",", "."), lambda cell: f'"{cell}"'):
        content = "\n".join(",".join(map(decimal, cells)) for cells in lines)
        rows, _ = _read(tmp_path, content)
        assert [test[:4] for test in _tests(rows)] == [test[:4] for test in expected]
        assert [test[4] for test in _tests(rows)] == pytest.approx([test[4] for test in expected])


def _workbook(path: Path, lines: list[list[object]]) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Tests"
    for line in lines:
        sheet.append(line)
    workbook.create_sheet("Old")
    workbook.save(path)


def test_an_excel_workbook_is_read_with_its_dates(tmp_path):
    """What is not read is said."""
    path = tmp_path / "strength.xlsx"
    lines = [
        ["Athlete", "Date", "HHD hip flexion L (kg)", None, "HHD hip flexion R (kg)"],
        [],
        ["P1", datetime(2026, 4, 3), 30.1, None, 33.4],
        ["P2", datetime(2026, 4, 4), None, None, 29.0],
    ]
    _workbook(path, lines)
    rows, findings = _read_again(tmp_path)
    assert [finding for finding in findings if finding.severity != "info"] == []
    assert {finding.rule for finding in findings} == {"worksheet", "strength-column"}
    assert any("“Tests” is read; not read: Old" in finding.what for finding in findings)
    assert [(row.participant_id, row.side, row.date, row.value) for row in rows] == [
        ("P1", "left", "2026-04-03", 30.1),
        ("P1", "right", "2026-04-03", 33.4),
        ("P2", "right", "2026-04-04", 29.0),
    ]


def test_a_second_sheet_of_strength_tests_is_named(tmp_path):
    for session, value in (("S1", 30), ("S2", 31)):
        (tmp_path / session).mkdir()
        text = f"Name;Hip flexion L iso (kg)\nP1;{value}"
        (tmp_path / session / "strength.csv").write_text(text, encoding="utf-8")
    strength = find_strength(tmp_path)
    [finding] = [x for x in strength.findings if x.rule == "strength-sheets"]
    assert "S2/strength.csv is not read: strength.tsv is made from S1/strength.csv" in finding.what
    assert strength.text.endswith("\t30\n")
    assert "31" not in strength.text


ANSWERED = {
    "isokinetic without its way, as heading": (
        "Name;Isokinetic 60 Quads R (Nm)\nP1;200", "concentric at 60 degrees per second",
    ),
    "a speed alone": ("Name;Knee ext R 60°/s (Nm)\nP1;200", "concentric at 60 degrees per second"),
    "isokinetic without its way, in a cell": (
        "participant_id;side;movement;contraction;value;unit\nP1;R;quads;isokinetic_60;200;Nm",
        "did you mean concentric at 60 degrees per second?",
    ),
    "the device as contraction": (
        "participant_id;side;movement;contraction;value;unit\nP1;R;quads;HHD;200;N",
        "write it into column device, and isometric here",
    ),
    "a word with a slip": ("Name;Hip flexon L iso (kg)\nP1;30", "did you mean flexion?"),
    "no side": ("Name;Hip flexion iso (kg)\nP1;30", "write the side into it"),
    "no unit": ("Name;Hip flexion L iso\nP1;30", "Hip flexion L iso (N m)"),
    "no contraction": ("Name;Hip flexion L (kg)\nP1;30", "hand-held dynamometer"),
    "pounds": ("Name;Hip flexion L iso (lbs)\nP1;66", "1 lb is 0.4536 kg"),
    "per cent of body weight": (
        "participant_id;side;movement;contraction;value;unit\nP1;R;hip flexion;iso;35;% BW",
        "100 % of body weight is 9.807 N/kg",
    ),
    "two tests in a heading": ("Name;Quads hams R iso (N)\nP1;30", "name one test in it"),
    "attempts in one cell": ("Name;HHD hip flexion L (kg)\nP1;30/31/29", "one row per attempt"),
    "inches": ("Athlete,CMJ (in)\nP1,16.5", "1 inch is 2.54 cm"),
    "a moment in per cent of body mass": (
        "Name;Knee ext R con 60°/s (% BM)\nP1;280", "N m/kg for a moment",
    ),
    "Biodex's moment by weight": (
        "Name;Knee ext R con 60°/s Peak TQ/BW (%)\nP1;280", "1 N m/kg 100 %",
    ),
    "a repetition maximum": ("Name;Squat 1RM (kg)\nP1;120", "write con in place of 1RM"),
    "RSI-modified": ("Name;RSI-modified (m/s)\nP1;0,5", "another measure than RSI"),
    "a leg that is not said": (
        "Name;Side;Test;Contraction;Value;Unit\nP1;dominant;Knee ext;iso;200;Nm", "left or right",
    ),
    "a test of the hand": ("Name;Grip strength R (kg)\nP1;45", "joint and direction"),
    "F0 in kg": (
        "participant_id;side;movement;contraction;value;unit\nP1;both;F0;sprint;60;kg",
        "N or N/kg",
    ),
    "V0 in km/h": ("Name;V0 (km/h)\nP1;33", "1 km/h is 0.2778 m/s"),
    "an American date": (
        "Name;Date;HHD hip flexion L (kg)\nP1;04/03/2026;30", "year-month-day",
    ),
    "a name that is not in the study": (
        "Name;HHD hip flexion L (kg)\nP3;30", "add the participant",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERED)
def test_what_is_not_read_is_answered_with_the_word(name, tmp_path):
    text, words = ANSWERED[name]
    rows, findings = _read(tmp_path, text)
    errors = [finding for finding in findings if finding.severity == "error"]
    assert rows == (), _tests(rows)
    assert any(words in finding.fix for finding in errors), [str(finding) for finding in findings]


def test_every_column_is_said_to_be_read_asked_about_or_left(tmp_path):
    text = "Name;CMJ (cm);Notes;Hip flexon L iso (kg)\nP1;41,5;tired;30"
    rows, findings = _read(tmp_path, text)
    assert [row.value for row in rows] == [41.5]
    assert [finding.rule for finding in findings if finding.where == "line 1"] == [
        "strength-column", "strength-column-unread", "strength-heading",
    ]  # fmt: skip


def test_a_wide_sheet_in_a_study_is_refused_and_the_fix_makes_a_long_one(tmp_path):
    path = tmp_path / "strength.csv"
    path.write_text("Name;CMJ (cm)\nP1;41,5\n", encoding="utf-8")
    rows, [refusal] = checked_strength(path, PEOPLE)
    assert (rows, refusal.rule) == ((), "strength-wide")
    assert "put the sheet into the folder of the recordings: `aqbio new`" in refusal.fix
    assert [row.value for row in _read_again(tmp_path)[0]] == [41.5]


@given(
    movement=st.sampled_from([name for name in MOVEMENTS if name.split("_")[0] in ("hip", "knee")]),
    side=st.sampled_from(["L", "left", "R", "Rt"]),
    speed=st.sampled_from(["60°/s", "180 deg/s", "60"]), unit=st.sampled_from(["Nm", "N m"]),
    order=st.permutations(range(4)),
)  # fmt: skip
def test_the_order_of_words_does_not_matter(movement, side, speed, unit, order):
    words = [movement.replace("_", " "), side, "con", speed]
    phrase = read_phrase(" ".join(words[at] for at in order) + f" ({unit})")
    assert (phrase.unread, phrase.problem) == ((), "")
    assert phrase.fields == {
        "movement": movement, "side": "left" if side[0] in "lL" else "right",
        "contraction": "concentric", "velocity_deg_s": "180" if "180" in speed else "60",
        "unit": "N m",
    }  # fmt: skip
