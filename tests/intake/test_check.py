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
from aqbio.io.study import MODELS, checked_study, load_study
from tests.golden import differences
from tests.io.test_study import all_of, column, row, settings_with, sheet_with
from tests.recorded_study import record, write_forces
from tests.said import said
from tests.small_study import replace, write_small_study


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


def section(text):
    return settings_with("files:", f"{text}\nfiles:")


def data(change):
    """A change of the recordings."""
    return lambda folder: change(folder / "data")


def sprint(name, *changes):
    """The sprint model's map or marker set as a file of the study, changed."""

    def change(folder):
        if not (folder / "map").exists():
            shutil.copytree(MODELS / "sprint", folder / "map")
            section("model: {map: map/map.yaml}")(folder)
        for before, after in changes:
            text = (folder / "map" / name).read_text("utf-8")
            assert before in text
            (folder / "map" / name).write_text(text.replace(before, after), "utf-8")

    return change


def shorter(name, size):
    return data(lambda of: (of / name).write_bytes((of / name).read_bytes()[:size]))


def broken_row(of):
    write_forces(of / "P2_slow.mot")
    replace(of / "P2_slow.mot", "\n0.05\t", "\n0.05\tbroken\t")


def another_header(of):
    path = of / "P1_slow.trc"
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[2] = lines[2].replace("100", "120", 1)
    path.write_text("\n".join(lines[:30]) + "\n", encoding="utf-8")


def copy(name, to):
    return data(lambda of: shutil.copy(of / name, of / to))


def gone(*names):
    return data(lambda of: [(of / name).unlink() for name in names])


def virtual(folder):
    (folder / "gait_library.npz").touch()


def restricted(effort, order):
    """The last run of the first person is a sprint with restricted arms."""
    runs = (0, 1, 1, 0, 1, 1)
    arms = ["n/a", "maximal", effort, "n/a", "maximal", "maximal"]
    return all_of(
        sheet_with("trials.tsv", ("P1\tslow\trun\tnormal", "P1\tslow\trun\trestricted_arms")),
        column("trials.tsv", "effort", *arms),
        column("trials.tsv", "order", *(order if one else "n/a" for one in runs)),
    )


def without_runs(folder):
    sheet = folder / "trials.tsv"
    lines = sheet.read_text().splitlines()
    own = [line for line in lines if line.startswith("P1\t") and "\trun\t" in line]
    sheet.write_text("\n".join(line for line in lines if line not in own) + "\n")


MARKERS = ("  STRN: {body", "  STRM: {body")
TEN = all_of(
    sprint("markers.yaml", MARKERS),
    section("prepare: {cutoff_hz: 20, cutof_hz: 15}\nsolve: {marker_rms_m: -0.02}\n"
            "laboratory: {ignore_plates: [9]}"),
    sheet_with("participants.tsv", ("60.5", "60500"), ("n/a\tn/a\tstanding", "n/a\tn/a\tstatic")),
    row("trials.tsv", "P11 fast run normal P1_fast.c3d n/a"),  # nobody, and a file twice
    row("trials.tsv", "P1 fast run normal P1_other.c3d n/a"),  # a trial twice, and no file
    sheet_with("trials.tsv", ("P2\tfast\trun", "P2\tfast\tstatic")),
)  # fmt: skip
CHANGES = {
    "sound": lambda folder: None,
    "ten mistakes": TEN,
    "a person without a run": without_runs,
    "no folder of recordings": settings_with("data: data", "data: date"),
    "no sex": sheet_with("participants.tsv", ("P2\tmale", "P2\tn/a")),
    "no model": section("model: {file: generic.osim}"),
    "a map of its own": sprint("map.yaml"),
    "an unknown body": sprint("markers.yaml", ("  C7: {body: torso}", "  C7: {body: torsoo}")),
    "an unknown key": sprint("markers.yaml", ("  C7: {body: torso}", "  C7: {bodi: torso}")),
    "an unknown name in the map": sprint("map.yaml", ("knee_r", "knie_r")),
    "a damaged map": sprint("map.yaml", ("groups:", "groups: [")),
    "markers on other limbs": sprint(
        "markers.yaml", ("RUA1: {body: humerus_r,", "RUA1: {body: femur_r,"),
        ("RTOE: {body: toes_r}", "RTOE: {body: foot_r, tracking: true}")),
    "other models": section("other_models: {trials: [fast, quick], models: {theirs: "
                            "{file: none.osim}, mapped: {map: rajagopal}}}"),
    "a map of another model": section("model: {map: hamner2010}"),
    "a label that was not worn": sprint(
        "markers.yaml", ("markers:\n", "markers:\n  XIPH: {body: torso}\n")),
    "a pelvis that was not worn": sprint("markers.yaml", ("RASI", "hip_bone_right")),
    "metres that are millimetres": section("laboratory: {marker_unit: m}"),
    "an empty recording": shorter("P1_fast.c3d", 0),
    "a cut recording": shorter("P1_fast.c3d", 3000),
    "forces with a broken row": data(broken_row),
    "no recording": gone("P1_fast.c3d"),
    "no forces": gone("P1_slow.mot"),
    "a header that contradicts its file": data(another_header),
    "a copy under another name": all_of(
        copy("P1_fast.c3d", "copy.c3d"), row("trials.tsv", "P1 again run normal copy.c3d n/a")),
    "a copy of another person": copy("P1_fast.c3d", "P2_fast.c3d"),
    "forces of another trial": copy("P1_slow.mot", "P2_slow.mot"),
    "virtual sprinters that are recorded later": all_of(
        virtual, shorter("P1_fast.c3d", 3000), shorter("P2_fast.c3d", 3000),
        gone("P2_slow.mot", "P2_slow.trc")),
    "restricted arms, whole": restricted("maximal", "1"),
    "restricted arms without an order": restricted("maximal", "n/a"),
    "restricted arms without an effort": restricted("n/a", "n/a"),
    "blocks": sheet_with("trials.tsv", ("P1\tfast\trun\tnormal", "P1\tfast\trun\tblock_start")),
    "a condition of its own": sheet_with(
        "trials.tsv", ("P1\tfast\trun\tnormal", "P1\tfast\trun\tmy_cue")),
    "a damaged registry": lambda folder: (folder / "hypotheses.yaml").write_text("hypotheses: 3\n"),
    "capacities of nobody": lambda folder: (folder / "capacities.tsv").write_text(
        "participant_id\tmeasure\tside\tvalue\tunit\nP3\tjump\tpush\t0.4\tm\n"),
}  # fmt: skip


def test_what_check_says_is_what_it_was(tmp_path, recorded):
    """What files show by themselves; of ten mistakes also what the stages say."""
    lines, started = [], [*said("none", lambda: study_problems(tmp_path / "study.yaml"), tmp_path)]
    for number, (name, change) in enumerate(CHANGES.items()):
        file = copied(recorded, tmp_path / f"{number}")
        change(file.parent)
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
