"""`aqbio check` finds everything that would stop the workflow, all at once, in the same words."""

from __future__ import annotations

import shutil
from dataclasses import replace as replaced
from pathlib import Path
from types import SimpleNamespace

import pytest

from aqbio.errors import Finding
from aqbio.intake import contents
from aqbio.intake.check import comparison_problems, study_problems, written_problems
from aqbio.intake.foreseen import placed
from aqbio.io.study import checked_study, load_study
from tests.altered_study import alter, alterations
from tests.golden import differences
from tests.recorded_study import record
from tests.said import said
from tests.small_study import write_small_study


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    record(write_small_study(folder, results="results"))
    return folder


@pytest.fixture
def file(tmp_path: Path, recorded: Path) -> Path:
    return copied(recorded, tmp_path / "study")


def copied(recorded: Path, folder: Path) -> Path:
    shutil.copytree(recorded, folder)
    return folder / "study.yaml"


CHANGES = alterations(Path(__file__).with_name("altered_studies.yaml"))


def test_what_check_says_is_what_it_was(tmp_path, recorded):
    """What files show by themselves; of ten mistakes also what the stages say."""
    lines, started = [], [*said("none", lambda: study_problems(tmp_path / "study.yaml"), tmp_path)]
    for number, (name, change) in enumerate(CHANGES.items()):
        file = copied(recorded, tmp_path / f"{number}")
        alter(file.parent, change)
        check = study_problems if name == "ten mistakes" else lambda one: written_problems(one)[0]
        lines += said(name, lambda check=check, file=file: check(file), file.parent)
        shutil.rmtree(file.parent)
    assert differences("intake/check", started + lines) == []


def test_a_recording_over_which_the_program_breaks_is_one_finding(file, monkeypatch):
    """Nobody foresaw it; everything else is looked at all the same."""
    whole, calls = contents.is_static, []

    def broken(positions):
        calls.append(len(positions))
        if len(calls) == 2:
            raise ZeroDivisionError
        return whole(positions)

    monkeypatch.setattr(contents, "is_static", broken)
    [finding] = written_problems(file)[0]
    assert (finding.rule, finding.participant, finding.trial) == ("internal-error", "P1", "fast")
    assert len(calls) == 6


def test_sex_and_laboratory_are_asked_for_where_athletes_are_compared(file):
    study = checked_study(file).study
    first, told = study.participants[0], {"sex": "female", "laboratory": "A"}
    many = [first.model_copy(update=told | {"participant_id": f"P{n}"}) for n in range(48)]
    some = [*many[:47], many[47].model_copy(update={"laboratory": None})]
    found = [
        list(comparison_problems(replaced(study, participants=tuple(people))))
        for people in (many, some, some[1:])
    ]
    assert [len(one) for one in found] == [0, 1, 0]
    assert found[1][0].rule == "laboratory-untold"
    assert "1 of 48" in found[1][0].what


def test_a_finding_is_placed_at_the_line_of_its_own_trial(file):
    """Trials of two people have the same names."""
    study = load_study(file)
    checked = SimpleNamespace(study=study, trial_lines=list(range(2, 2 + len(study.trials))))
    for line, trial in enumerate(study.trials, 2):
        one = Finding("x", "error", "x.", trial.trial_id, trial.participant_id, where="frame 3")
        found = placed(one, checked)
        assert found.where == f"frame 3; trials.tsv, line {line}"
        assert found.file == str(study.recording(trial))
    nobody = Finding("x", "error", "x.", "fast", "P3")
    assert placed(nobody, checked) == nobody
