"""Sheets as laboratories save them: encodings, missing values, and every problem at once."""

from __future__ import annotations

import pytest

from aqbio.config import InvalidStudyError, Participant, Trial
from aqbio.errors import AqbioError
from aqbio.io.sheets import read_capacities, read_sheet

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


@pytest.mark.parametrize(
    ("header", "what", "fix"),
    [
        ("participant", "column participant_id is missing.", "participant_id where it says partic"),
        ("participant_id\thight_m", "column hight_m is unknown.", "did you mean height_m?"),
    ],
)
def test_column_that_was_meant_is_suggested(tmp_path, header, what, fix):
    """A misspelt optional column is not lost silently."""
    first = _problems(tmp_path, f"{header}\nS1\t1.8\n")[0]
    assert first.what == what
    assert fix in first.fix


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


def test_empty_cells_behind_the_last_column_do_not_matter(tmp_path):
    """Excel saves every column that was ever touched, and empty rows below."""
    text = "participant_id\tsex\t\t\nP1\tmale\t\t\t\t\nP2\tfemale\t\t\t \t\n\t\t\t\t\n"
    rows = read_sheet(_sheet(tmp_path, text), Participant)
    assert [row.participant_id for row in rows] == ["P1", "P2"]


def test_letters_of_another_encoding_are_found_in_their_line(tmp_path):
    path = _sheet(tmp_path, "participant_id\tnote\nP1\tgut\nP2\tmüde\n".encode("latin-1"))
    words = r"line 3 has a letter of another encoding \(perhaps “ü”"
    with pytest.raises(AqbioError, match=words) as raised:
        read_sheet(path, Participant)
    assert "Unicode text" in raised.value.fix


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\n\t\n", "empty"), (b"\xd0\xcf\x11\xe0\xa1" + bytes(range(256)), "an Excel workbook")],
)
def test_what_is_no_sheet_is_named(tmp_path, content, words):
    """Further kinds, as the corpus of broken studies has them."""
    with pytest.raises(AqbioError, match=words):
        read_sheet(_sheet(tmp_path, content), Participant)


# capacities ---------------------------------------------------------------------------------------


def _capacities(tmp_path, *rows):
    head = "participant_id\tmeasure\tside\tvalue\tunit\n"
    return read_capacities(_sheet(tmp_path, head + "\n".join(rows) + "\n"), ("A", "B"))


def test_capacities_come_as_they_are(tmp_path):
    rows = _capacities(tmp_path, "A\tjump\tpush\t0.41\tm", "A\thip\tswing\t2.1\tN m/kg")
    found = [(row.measure, row.side, row.value) for row in rows]
    assert found == [("jump", "push", 0.41), ("hip", "swing", 2.1)]


def test_capacities_that_cannot_be_compared_are_refused_with_words(tmp_path):
    with pytest.raises(InvalidStudyError) as caught:
        _capacities(
            tmp_path,
            "A\tjump\tpush\t41\tcm",
            "B\tjump\tpush\t0.41\tm",
            "AA\thip\tswing\t2.1\tN m/kg",
            "B\thip\tpush\t2.1\tN m/kg",
        )
    for words in (
        "measure jump has rows of 2 units: cm, m.",
        "measure hip has rows of 2 sides: swing, push.",
        "capacities of AA, who is not in the participants sheet.",
    ):
        assert words in str(caught.value)
    rules = {one.rule for one in caught.value.findings}
    assert rules == {"capacity-mixed", "participant-unknown"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A\tjump\tleft\t1\tm", "side must be one of"),
        ("A\tjump\tpush\t-1\tm", "value"),
        ("A\tjump\tpush\tn/a\tm", "value is missing"),
    ],
)
def test_capacities_that_are_none(tmp_path, row, words):
    with pytest.raises(InvalidStudyError, match=words):
        _capacities(tmp_path, row)
