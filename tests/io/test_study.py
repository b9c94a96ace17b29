"""A study on disk: settings and sheets as people save them, and the place of everything."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from aqbio.config import Participant, Trial
from aqbio.io.sheets import read_sheet
from aqbio.io.study import checked_study, compared_studies, load_study, on_other_models
from tests.altered_study import alter, alterations
from tests.golden import differences
from tests.outcome_lines import outcome_lines, texts
from tests.refusal import refused
from tests.small_study import replace, write_small_study

TRIAL = "participant_id\ttrial_id\ttask\tfile\t"
ENCODINGS = {
    "utf-8": (b"", "utf-8"), "utf-8-sig": (b"", "utf-8-sig"), "utf-16": (b"", "utf-16"),
    "Excel's Unicode text": (b"\xff\xfe", "utf-16-le"), "utf-16-be": (b"\xfe\xff", "utf-16-be"),
}  # fmt: skip


@settings(max_examples=40)
@given(
    st.sampled_from(list(ENCODINGS)), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(),
    st.sampled_from(["", "n/a", "N/A", "nan", " "]), st.permutations(range(4)),
    st.sampled_from(
        [("\t", "my_notes"), ("\t", "my; notes, mine"), (";", "my_notes"), (",", '"my; notes"')]
    ),
)  # fmt: skip
def test_a_sheet_is_the_same_however_an_editor_saves_it(
    tmp_path_factory, encoding, newline, wide, missing, order, separated
):
    """Line ends, encodings, orders of columns, and cells that Excel saves behind the last one.

    Columns apart by tabs, also with a semicolon in the name of one, by semicolons, or by commas.
    """
    separator, notes = separated
    noted = "größer; two" if separator == "," else "größer, two"
    rows = [
        ["participant_id", "sex", "mass_kg", notes],
        ["S1", "female", "75.5", f'"{noted}{newline}lines"'],
        ["S2", missing, missing, ""],
    ]
    text = newline.join(
        separator.join([*(row[at] for at in order), *["", " "] * wide]) for row in [*rows, [""] * 4]
    )
    mark, plain = ENCODINGS[encoding]
    path = tmp_path_factory.mktemp("sheet") / "sheet.tsv"
    path.write_bytes(mark + text.encode(plain))
    first, second = read_sheet(path, Participant)
    assert (first.participant_id, first.sex, first.mass_kg) == ("S1", "female", 75.5)
    assert (second.participant_id, second.sex, second.mass_kg) == ("S2", None, None)


def test_the_line_that_tells_excel_its_separator_is_no_header(tmp_path):
    path = tmp_path / "participants.tsv"
    path.write_bytes("sep=;\r\nparticipant_id;sex;mass_kg\r\nS1;weiblich;75,5\r\n".encode("cp1252"))
    (person,) = read_sheet(path, Participant)
    assert (person.participant_id, person.sex, person.mass_kg) == ("S1", "female", 75.5)


@pytest.mark.parametrize("end", [".csv", ".txt", ".xlsx"])
def test_a_sheet_that_was_saved_under_another_name_is_named(tmp_path, end):
    (tmp_path / f"participants{end}").write_text("participant_id;sex\n", encoding="utf-8")
    with refused("file-missing") as caught:
        read_sheet(tmp_path / "participants.tsv", Participant)
    assert caught.value.fix.startswith(f"participants{end} is there: rename it, or write ")


TEXTS = texts(Path(__file__).with_name("odd_files.txt"))
PEOPLE = TEXTS["participants"] | {
    "a zero beside every letter": "participant_id\tsex\nP1\tmale\n".encode("utf-16-le"),
    "a zero before every letter": "participant_id\tsex\nP1\tmale\n".encode("utf-16-be"),
    "a quotation mark left open": b'participant_id\tsex\nP1\t"male\nP2\tmale\nP3\tmale\n',
    "odd numbers": "participant_id\tmass_kg\theight_m\nP1\t7_0\t1:30\nP2\ttrue\t٢\n".encode(),
    "latin letters": "participant_id\tnote\nP1\tgut\nP2\tmüde\n".encode("latin-1"),
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1" + bytes(range(256)),
    "a workbook": b"PK\x03\x04" + bytes(range(256)),
}


def test_golden_words_of_sheets(tmp_path):
    path, lines = tmp_path / "sheet.tsv", []
    kinds = (
        ("participants", PEOPLE, "", lambda path: read_sheet(path, Participant)),
        ("trials", TEXTS["trials"], TRIAL, lambda path: read_sheet(path, Trial)),
    )
    for kind, sheets, header, read in kinds:
        for name, text in sheets.items():
            content = text if isinstance(text, bytes) else (header + text).encode()
            path.write_bytes(content)
            lines += outcome_lines(f"{kind}, {name}", lambda read=read: read(path), tmp_path)
    path.unlink()
    lines += outcome_lines("no sheet", lambda: read_sheet(path, Trial), tmp_path)
    assert differences("io/sheets", lines) == []


def _workbook(path: Path, mass: object, row: int = 2) -> None:
    """Save a sheet of one participant as a workbook, whose second row has a number."""
    workbook = Workbook()
    for number, cells in ((1, ("participant_id", "mass_kg")), (row, ("P1", mass))):
        for column, cell in enumerate(cells, start=1):
            workbook.worksheets[0].cell(number, column, cell)
    workbook.save(path)


def test_a_workbook_is_read_under_the_name_that_a_message_gives(file):
    """The sheet is there as a workbook: it is renamed, as the message says."""
    sheet = file.parent / "participants.tsv"
    sheet.unlink()
    _workbook(sheet.with_suffix(".xlsx"), 75.0)
    with refused("file-missing", "the sheet does not exist") as caught:
        read_sheet(sheet, Participant)
    assert caught.value.fix.startswith("participants.xlsx is there: rename it")
    sheet.with_suffix(".xlsx").rename(sheet)
    assert [row.mass_kg for row in read_sheet(sheet, Participant)] == [75.0]


def test_a_formula_without_a_saved_value_is_named(tmp_path):
    """As R and openpyxl write them; Excel saves what they gave, an empty text too."""
    path = tmp_path / "sheet.xlsx"
    _workbook(path, "=70+5")
    with refused("workbook-formula", "cell B2 holds a formula whose value was not saved"):
        read_sheet(path, Participant)
    for saved, mass in (('t="str"', None), ("", 75.0)):
        copy = tmp_path / "saved.xlsx"
        with ZipFile(path) as parts, ZipFile(copy, "w") as changed:
            for name in parts.namelist():
                text = parts.read(name).replace(b'<c r="B2">', f'<c r="B2" {saved}>'.encode())
                value = b"" if mass is None else b"75"
                changed.writestr(name, text.replace(b"<v />", b"<v>" + value + b"</v>"))
        assert [row.mass_kg for row in read_sheet(copy, Participant)] == [mass]


def test_a_row_beyond_the_last_one_of_a_worksheet_is_refused_in_time(tmp_path):
    path, far = tmp_path / "sheet.xlsx", tmp_path / "far.xlsx"
    _workbook(path, 75.0, 7)
    with ZipFile(path) as parts, ZipFile(far, "w") as changed:
        for name in parts.namelist():
            text = parts.read(name)
            for cell in (b'r="7"', b'r="A7"', b'r="B7"'):
                text = text.replace(cell, cell.replace(b"7", b"2000000000"))
            changed.writestr(name, text)
    with refused("error", "has a row beyond number 1048576"):
        read_sheet(far, Participant)
    assert [row.mass_kg for row in read_sheet(path, Participant)] == [75.0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_small_study(tmp_path)


def test_results_may_lie_in_the_home_folder(file, monkeypatch):
    monkeypatch.setenv("HOME", str(file.parent / "home"))
    monkeypatch.setenv("USERPROFILE", str(file.parent / "home"))
    settings = load_study(file).settings
    replace(file, f"results: {settings.results}", "results: ~/out")
    assert load_study(file).root.parent == file.parent / "home/out"
    replace(file, "~/out", "~nobody_of_that_name/out")
    with refused("home-folder", "nobody_of_that_name"):
        load_study(file).root  # noqa: B018


STUDIES = alterations(Path(__file__).with_name("altered_studies.yaml"))


def _locations(study):
    """Paths of a study, and sessions and trials of its people."""
    yield lambda: [study.root, study.data, study.registry_file, study.strength_file]
    yield lambda: study.map_file
    yield lambda: study.marker_file
    for person in ("P1", "P2"):
        yield lambda person=person: study.model_file(person)
        yield lambda person=person: [
            f"sessions {study.sessions_of(person)}, person {study.same_person(person)}"
        ]
        yield lambda person=person: [
            f"{person} {getattr(trial, 'trial_id', None)}"
            for trial in (
                study.static_of(person),
                *study.still_of(person),
                *study.moving_of(person),
            )
        ]
        for trial in study.trials_of(person):
            yield lambda trial=trial: [study.recording(trial), study.forces(trial)]


def _of_study(name, file):
    """Findings of a study, and its paths and those of its copies on other models."""
    checked, folder = checked_study(file), file.parent
    lines = outcome_lines(name, lambda: checked.findings, folder)
    lines.append(f"{name} | located {checked.located}, lines {checked.trial_lines}")
    if not checked.findings and len(checked.study.participants) == 2:
        other_models = on_other_models(checked.study)
        compared = [
            compared_study.within for compared_study in compared_studies(checked.study, "P1")
        ]
        lines.append(f"{name} | compared {compared}")
        for view in (checked.study, *other_models.values()):
            lines += [
                line
                for location in _locations(view)
                for line in outcome_lines(name, location, folder)
            ]
    return lines


def test_golden_words_of_studies(tmp_path):
    """Beside the sound one's lines only those that it has not."""
    lines, sound = [], set()
    for number, (name, change) in enumerate(STUDIES.items()):
        (folder := tmp_path / f"{number}").mkdir()
        file = write_small_study(folder)
        alter(folder, change)
        lines_of_study = _of_study(name, file)
        lines += [line for line in lines_of_study if line.split(" | ")[1] not in sound]
        sound = sound or {line.split(" | ")[1] for line in lines_of_study}
    assert differences("io/studies", lines) == []


def test_an_unknown_participant_and_a_stage_that_has_not_run(file):
    study = load_study(file)
    for name, fix in (("p11", "did you mean P1?"), ("somebody", "known: P1, P2.")):
        with refused("participant-unknown", f"{name} is not in the sheet") as raised:
            study.participant(name)
        assert raised.value.fix == fix
    with refused("stage-order", "stage prepare has not run for P1") as raised:
        study.read_manifest("P1", "prepare")
    assert "aqbio prepare" in raised.value.fix
