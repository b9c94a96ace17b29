"""Sheets as laboratories save them: encodings, missing values, and every problem at once."""

from __future__ import annotations

import pytest

from aqbio.config import InvalidStudyError, Participant, Trial
from aqbio.errors import AqbioError
from aqbio.io.sheets import read_sheet
from tests.refusal import refused

PEOPLE = "participant_id\tsex\tmass_kg\nJörg\tmale\t75.5\n"


def _sheet(tmp_path, content):
    path = tmp_path / "sheet.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _problems(tmp_path, content, row=Participant):
    path = _sheet(tmp_path, content)
    with pytest.raises(InvalidStudyError) as raised:
        read_sheet(path, row)
    assert {finding.file for finding in raised.value.findings} == {str(path)}
    return list(raised.value.findings)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_of_editors(tmp_path, encoding, newline):
    """UTF-16 with a byte-order mark is Excel's 'Unicode text'."""
    text = PEOPLE.replace("Jörg", "S1").replace("male", "female").replace("\n", newline)
    marks = {"utf-16-le-bom": (b"\xff\xfe", "utf-16-le"), "utf-16-be": (b"\xfe\xff", "utf-16-be")}
    mark, plain = marks.get(encoding, (b"", encoding))
    [row] = read_sheet(_sheet(tmp_path, mark + text.encode(plain)), Participant)
    assert (row.participant_id, row.sex, row.mass_kg) == ("S1", "female", 75.5)


def test_short_rows_miss_their_last_cells_and_own_columns_are_kept_out(tmp_path):
    text = 'participant_id\tmass_kg\tmy_notes\theight_m\nS1\nS2\t70\tfast, "tall"\t1.9\n'
    first, second = read_sheet(_sheet(tmp_path, text), Participant)
    assert (first.mass_kg, first.height_m) == (None, None)
    assert (second.mass_kg, second.height_m) == (70.0, 1.9)


def test_long_rows_are_refused(tmp_path):
    [finding] = _problems(tmp_path, "participant_id\tmass_kg\nS1\t70\t1.8\n")
    assert finding.what == "the row has 3 cells, the header 2."
    assert (finding.rule, finding.where) == ("sheet-row", "line 2")


def test_missing_column_suggests_the_one_that_was_meant(tmp_path):
    found = _problems(tmp_path, "participant\tsex\nS1\tmale\n")
    column = found[0]
    assert column.what == "column participant_id is missing."
    assert column.fix == "did you mean participant_id where it says participant?"


def test_misspelt_optional_column_is_not_lost_silently(tmp_path):
    [finding] = _problems(tmp_path, "participant_id\thight_m\nS1\t1.8\n")
    assert finding.what == "column hight_m is unknown."
    assert finding.fix == "did you mean height_m?"


def test_a_column_twice_is_refused(tmp_path):
    [finding] = _problems(tmp_path, "participant_id\tmass_kg\tmass_kg\nS1\t70\t80\n")
    assert (finding.rule, finding.what) == ("sheet-column", "column mass_kg is there 2 times.")


def test_all_problems_at_once_each_in_its_line(tmp_path):
    text = (
        "participant_id\tsex\tmass_kg\theight_m\n"
        "S 1\tmale\t70\t1.8\n"
        "\n"
        "S2\tmal\t7.5\t1.8\n"
        "S3\tfemale\t70,5\t180\n"
        "\tfemale\t60\t1.7\n"
    )
    found = [(f.where, f.what, f.fix) for f in _problems(tmp_path, text)]
    explained = "correct it there; config/README.md explains every setting and column."
    pattern = "letters, digits and _ . - only, with a letter or digit first"
    assert found == [
        ("line 2", f"participant_id must be {pattern} (given: 'S 1').", explained),
        ("line 4", "sex must be one of `female`, `male` (given: 'mal').", "did you mean male?"),
        ("line 4", "mass_kg must be at least 20 (given: '7.5').", explained),
        ("line 5", "mass_kg must be a number (given: '70,5').", "write a decimal point: 70.5."),
        ("line 5", "height_m must be at most 2.3 (given: '180').", "write metres: 1.8."),
        ("line 6", "participant_id is missing.", "add participant_id."),
    ]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    """A cell with a line break, as Excel writes it, does not shift the lines that follow."""
    text = 'participant_id\tmy_notes\theight_m\nS1\t"two\nlines"\t1.8\nS2\tx\ttall\n'
    [finding] = _problems(tmp_path, text)
    assert finding.where == "line 4"


def test_window_of_a_trial_must_have_a_length(tmp_path):
    text = "participant_id\ttrial_id\ttask\tfile\tstart_s\tend_s\nS1\tT1\trun\ta.c3d\t2\t1.5\n"
    [finding] = _problems(tmp_path, text, Trial)
    assert finding.what == "end_s (1.5) is not after start_s (2)."


LOADED = "participant_id\ttrial_id\ttask\tfile\tcondition\tinclude\nS1\tT1\trun\ta.c3d\t{}\t{}\n"


@pytest.mark.parametrize("condition", ["thigh_load", "ArmLoad", "assisted", "sled 20 kg", "uphill"])
def test_loads_and_assistance_are_refused_until_they_are_modelled(condition, tmp_path):
    """Refused, not ignored: nothing in scaling, fit or dynamics knows of the load."""
    [finding] = _problems(tmp_path, LOADED.format(condition, "yes"), Trial)
    assert finding.what.startswith(
        f"condition {condition} changes the runner's masses or the forces"
    )
    assert finding.fix.startswith("set include = no;")
    [row] = read_sheet(_sheet(tmp_path, LOADED.format(condition, "no")), Trial)
    assert (row.include, row.condition) == ("no", "normal")


@pytest.mark.parametrize("belt", ["16.2", "13.1"])
def test_a_belt_in_kilometres_per_hour_is_named(belt, tmp_path):
    text = f"participant_id\ttrial_id\ttask\tfile\tbelt_speed_mps\nS1\tT1\trun\ta.c3d\t{belt}\n"
    [finding] = _problems(tmp_path, text, Trial)
    assert finding.fix == f"write metres per second, not km/h: {float(belt) / 3.6:g}."


@pytest.mark.parametrize(("sign", "name"), [(",", "commas"), (";", "semicolons")])
def test_other_separators_are_named(tmp_path, sign, name):
    path = _sheet(tmp_path, PEOPLE.replace("\t", sign))
    with refused("sheet-separator", f"separated by {name}, not by tabs"):
        read_sheet(path, Participant)


def test_empty_missing_and_undecodable_sheets(tmp_path):
    with pytest.raises(AqbioError, match="does not exist"):
        read_sheet(tmp_path / "none.tsv", Participant)
    for nothing in ("", "\n\t\n"):
        with pytest.raises(AqbioError, match="empty"):
            read_sheet(_sheet(tmp_path, nothing), Participant)
    with pytest.raises(AqbioError, match="not UTF-8") as raised:
        read_sheet(_sheet(tmp_path, PEOPLE.encode("latin-1")), Participant)
    assert "Unicode text" in raised.value.fix


def test_empty_cells_behind_the_last_column_do_not_matter(tmp_path):
    """Excel saves every column that was ever touched, and empty rows below."""
    path = tmp_path / "participants.tsv"
    path.write_text(
        "participant_id\tsex\t\t\nP1\tmale\t\t\t\t\nP2\tfemale\t\t\t \t\n\t\t\t\t\n",
        encoding="utf-8",
    )
    assert [row.participant_id for row in read_sheet(path, Participant)] == ["P1", "P2"]


def test_letters_of_another_encoding_are_found_in_their_line(tmp_path):
    path = tmp_path / "participants.tsv"
    path.write_bytes("participant_id\tnote\nP1\tgut\nP2\tmüde\n".encode("latin-1"))
    with pytest.raises(AqbioError, match=r"line 3 has a letter of another encoding \(perhaps “ü”"):
        read_sheet(path, Participant)


@pytest.mark.parametrize("start", [b"PK\x03\x04\x14", b"\xd0\xcf\x11\xe0\xa1"])
def test_workbooks_of_excel_are_named(tmp_path, start):
    path = tmp_path / "participants.tsv"
    path.write_bytes(start + bytes(range(256)))
    with pytest.raises(AqbioError, match="an Excel workbook"):
        read_sheet(path, Participant)
