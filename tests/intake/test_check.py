"""`aqbio check` finds everything that would stop the workflow, all at once, in the same words."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace as replaced
from pathlib import Path

import pytest

from aqbio.intake import contents
from aqbio.intake.check import comparison_problems, study_problems, written_problems
from aqbio.io.study import checked_study
from tests.altered_study import alter, alterations
from tests.golden import differences
from tests.outcome_lines import outcome_lines
from tests.recorded_study import record
from tests.small_study import write_small_study


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    record(write_small_study(folder, results="results"))
    return folder


def copied(recorded: Path, folder: Path) -> Path:
    shutil.copytree(recorded, folder)
    return folder / "study.yaml"


CHANGES = alterations(Path(__file__).with_name("altered_studies.yaml"))


def test_golden_findings_of_check(tmp_path, recorded):
    """Problems that files alone show; of ten mistakes also those that the stages find."""
    lines, started = (
        [],
        [*outcome_lines("none", lambda: study_problems(tmp_path / "study.yaml"), tmp_path)],
    )
    for number, (name, change) in enumerate(CHANGES.items()):
        file = copied(recorded, tmp_path / f"{number}")
        alter(file.parent, change)
        check = (
            study_problems
            if name == "ten mistakes"
            else lambda study_file: written_problems(study_file)[0]
        )
        lines += outcome_lines(name, lambda check=check, file=file: check(file), file.parent)
        shutil.rmtree(file.parent)
    assert differences("intake/check", started + lines) == []


def test_a_recording_over_which_the_program_breaks_is_one_finding(recorded, tmp_path, monkeypatch):
    """The error is unforeseen; all other recordings are still checked."""
    is_static, calls = contents.is_static, []

    def broken(positions):
        calls.append(len(positions))
        if len(calls) == 2:
            raise ZeroDivisionError
        return is_static(positions)

    monkeypatch.setattr(contents, "is_static", broken)
    monkeypatch.chdir(tmp_path)  # results, and with them the log, go below the working folder
    [finding] = written_problems(recorded / "study.yaml")[0]
    assert (finding.rule, finding.participant, finding.trial) == ("internal-error", "P1", "fast")
    assert len(calls) == 6


def test_a_person_without_any_recording_has_no_other_problem(recorded, tmp_path):
    """P2 has no static trial, and no file of P2 is here: nothing of P2 is computed in the check."""
    file = copied(recorded, tmp_path / "absent")
    people, trials = (file.parent / f"{sheet}.tsv" for sheet in ("participants", "trials"))
    people.write_text(people.read_text().replace("n/a\tn/a\tstanding", "n/a\tn/a\tn/a"))
    rows = trials.read_text().splitlines(keepends=True)
    trials.write_text("".join(row for row in rows if not row.startswith("P2\tstanding")))
    for recording in (file.parent / "data").glob("P2_*"):
        recording.unlink()
    of_second = [finding for finding in study_problems(file) if finding.participant == "P2"]
    assert {finding.rule for finding in of_second} == {"recording-missing"}


def test_sex_and_laboratory_are_asked_for_where_athletes_are_compared(recorded):
    study = checked_study(recorded / "study.yaml").study
    first, cells = study.participants[0], {"sex": "female", "laboratory": "A"}
    complete = [first.model_copy(update=cells | {"participant_id": f"P{n}"}) for n in range(48)]
    without_laboratory = [*complete[:47], complete[47].model_copy(update={"laboratory": None})]
    problems = [
        list(comparison_problems(replaced(study, participants=tuple(people))))
        for people in (complete, without_laboratory, without_laboratory[9:])
    ]
    assert [len(of_people) for of_people in problems] == [0, 1, 0]
    assert problems[1][0].rule == "laboratory-untold"
    assert "1 of 48" in problems[1][0].what


def test_files_that_thousands_name_are_opened_once(recorded, tmp_path, monkeypatch):
    """Every row beyond the first is told to name the same file, in seconds."""
    file, count = copied(recorded, tmp_path / "many"), 2000
    for sheet in ("participants.tsv", "trials.tsv"):
        header, *lines = (file.parent / sheet).read_text().splitlines()
        own = [line for line in lines if line.startswith("P1\t")]
        rows = [f"Q{n}{line[2:]}" for n in range(count) for line in own]
        (file.parent / sheet).write_text("\n".join([header, *rows]) + "\n")
    opened, read = [], contents.read_recording
    monkeypatch.setattr(
        contents, "read_recording", lambda *files: opened.append(files[0].name) or read(*files)
    )
    begin = time.process_time()
    problems = written_problems(file)[0]
    assert time.process_time() - begin < 30.0
    assert sorted(opened) == ["P1_fast.c3d", "P1_slow.trc", "P1_standing.c3d"]
    twice = {finding.participant for finding in problems if finding.rule == "recording-twice"}
    assert twice == {f"Q{n}" for n in range(1, count)}
