"""`aqbio check` finds everything that would stop the workflow, all at once."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from aqbio.config import Trial
from aqbio.errors import Finding
from aqbio.intake import contents
from aqbio.intake.check import comparison_problems, study_problems, written_problems
from aqbio.intake.foreseen import placed
from aqbio.io.study import MODELS, checked_study, load_study
from tests.recorded_study import record, write_forces
from tests.small_study import replace, write_small_study


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = write_small_study(tmp_path)
    record(file)
    return file


def _written(file):
    """What is wrong without asking the stages, to whom a stick figure is nobody."""
    return written_problems(file)[0]


def _words(file):
    return [finding.what for finding in _written(file)]


def test_a_participant_without_a_moving_trial_is_named(file):
    sheet = file.parent / "trials.tsv"
    lines = sheet.read_text().splitlines()
    runs = [line for line in lines if line.startswith("P1\t") and "\trun\t" in line]
    sheet.write_text("\n".join(line for line in lines if line not in runs) + "\n")
    [finding] = [one for one in _written(file) if one.rule == "runs-none"]
    assert (finding.severity, finding.participant) == ("error", "P1")


def test_missing_data_folder_is_one_problem(file):
    replace(file, "data: data", "data: date")
    [finding] = _written(file)
    assert finding.what == "the folder of the recordings does not exist."
    assert finding.rule == "data-folder"
    assert finding.file.endswith("date")


def test_model_and_sex(file):
    replace(file.parent / "participants.tsv", "P2\tmale", "P2\tn/a")
    [finding] = _written(file)
    assert finding.what.startswith("sex is n/a")
    replace(file, "files:", "model: {file: generic.osim}\nfiles:")
    missing = _written(file)
    assert [(f.rule, f.participant) for f in missing] == [
        ("model-missing", "P1"),
        ("model-missing", "P2"),
    ]


def test_problems_inside_map_and_marker_set(file):
    folder = file.parent / "map"
    shutil.copytree(MODELS / "sprint", folder)
    replace(file, "files:", "model: {map: map/map.yaml}\nfiles:")
    assert _written(file) == []
    replace(folder / "markers.yaml", "  C7: {body: torso}", "  C7: {body: torsoo}")
    [finding] = _written(file)
    assert "body torsoo, which no group of the model map has" in finding.what
    assert (finding.rule, finding.fix) == ("body-unknown", "did you mean torso?")
    replace(folder / "markers.yaml", "  C7: {body: torsoo}", "  C7: {bodi: torso}")
    assert _words(file) == ["markers.C7.body is missing.", "setting markers.C7.bodi is unknown."]


def test_other_models_are_looked_at_as_the_own_one(file):
    replace(
        file,
        "files:",
        "other_models: {trials: [fast, quick], models: {theirs: {file: none.osim}, "
        "mapped: {map: rajagopal}}}\nfiles:",
    )
    found: dict[str, list[Finding]] = {}
    for one in _written(file):
        found.setdefault(one.rule, []).append(one)
    assert (
        sorted(one.file.rpartition("/")[2] for one in found["model-missing"]) == ["none.osim"] * 2
    )
    assert "did you mean rajagopal2016?" in found["model-map"][0].fix
    (trial,) = found["compared-trial"]
    assert "quick" in trial.what


def test_marker_on_another_limb_than_in_the_model(file):
    """A tracking marker would be placed there from the static trial, and pull that limb along."""
    folder = file.parent / "map"
    shutil.copytree(MODELS / "sprint", folder)
    replace(file, "files:", "model: {map: map/map.yaml}\nfiles:")
    markers = folder / "markers.yaml"
    replace(markers, "RUA1: {body: humerus_r,", "RUA1: {body: femur_r,")
    replace(markers, "RTOE: {body: toes_r}", "RTOE: {body: foot_r, tracking: true}")  # the same leg
    found = [one for one in _written(file) if one.rule == "marker-body"]
    assert {one.where for one in found} == {"RUA1"}
    assert "puts RUA1 on femur_r (leg_right)" in found[0].what
    assert "on humerus_r (arm_right)" in found[0].what


def _planted(file):
    """Ten mistakes: what is said, in which file and line, and what must be in the fix."""
    folder = file.parent
    people, trials, markers = (
        folder / name for name in ("participants.tsv", "trials.tsv", "markers.yaml")
    )
    shutil.copy(MODELS / "sprint" / "markers.yaml", markers)
    text = markers.read_text()
    markers.write_text(text.replace("  STRN: {body", "  STRM: {body"))
    row = text[: text.index("  STRN: {body")].count("\n") + 1
    settings = (
        "prepare: {cutoff_hz: 20, cutof_hz: 15}\n"
        "solve: {marker_rms_m: -0.02}\n"
        "laboratory: {ignore_plates: [9]}\n"
        "model: {markers: markers.yaml}\n"
    )
    with file.open("a") as out:
        out.write(settings)
    first = len(file.read_text().splitlines()) - 3
    replace(people, "60.5", "60500")
    replace(people, "P2\tmale\tn/a\tn/a\tstanding", "P2\tmale\tn/a\tn/a\tstatic")
    with trials.open("a") as out:
        out.write("P11\tfast\trun\tnormal\tP1_fast.c3d\tn/a\n")  # nobody, and a file twice
        out.write("P1\tfast\trun\tnormal\tP1_other.c3d\tn/a\n")  # a trial twice, and no file
    replace(trials, "P2\tfast\trun", "P2\tfast\tstatic")
    return [
        ("setting prepare.cutof_hz is unknown", "study.yaml", f"line {first}", "cutoff_hz"),
        ("solve.marker_rms_m must be greater than 0", "study.yaml", f"line {first + 1}", ""),
        ("names plate 9, which no recording has", "study.yaml", f"line {first + 2}", "plates 1"),
        ("label STRM of the marker set is in no recording", "markers.yaml", f"line {row}", "STRN"),
        ("mass_kg must be at most 200", "participants.tsv", "line 2", "60.5"),
        ("static_trial static of P2 is not in", "participants.tsv", "line 3", "add it"),
        ("trial fast belongs to P11, who is not", "trials.tsv", "line 8", "did you mean P1"),
        ("trial fast of P1 appears 2 times", "trials.tsv", "line 9", "its own trial_id"),
        ("name the same file P1_fast.c3d", "trials.tsv", "lines 3 and 8", "correct one"),
        ("the recording does not exist", "P1_other.c3d", "trials.tsv, line 9", "correct the path"),
        (
            "the sheet says static, but the person moves",
            "P2_fast.c3d",
            "trials.tsv, line 6",
            "task",
        ),
    ]


def test_ten_planted_mistakes_and_one_more_come_at_once(file):
    expected = _planted(file)
    found = [finding for finding in study_problems(file) if finding.severity == "error"]
    for what, name, where, fix in expected:
        matching = [f for f in found if what in f.what]
        assert matching, what
        assert any(
            Path(f.file).name == name and f.where == where and fix in f.fix for f in matching
        ), (what, matching)
    assert len(found) == len(expected), [f.what for f in found]
    assert [f.what[:33] for f in found if f.rule == "plate-unknown"] == [
        "laboratory.ignore_plates names pl"
    ]


def test_labels_that_were_not_worn_are_remarks(file):
    """A laboratory without head markers can start; one without a pelvis cannot."""
    markers = file.parent / "markers.yaml"
    shutil.copy(MODELS / "sprint" / "markers.yaml", markers)
    replace(file, "files:", "model: {markers: markers.yaml}\nfiles:")
    replace(markers, "  SACR: {body: pelvis}", "  SACR: {body: pelvis}\n  XIPH: {body: torso}")
    [remark] = _written(file)
    assert (remark.severity, remark.rule) == ("warning", "label-nowhere")
    text = markers.read_text()
    markers.write_text(text.replace("RASI", "hip_bone_right"))
    assert "error" in {problem.severity for problem in _written(file)}


def test_unit_of_the_markers(file):
    """A body a thousand times too large: the unit of the study is wrong."""
    replace(file, "files:", "laboratory: {marker_unit: m}\nfiles:")
    found = [f for f in _written(file) if f.rule == "marker-size"]
    assert {f.trial for f in found} == {"standing", "fast"}  # TRC files are in metres
    assert all("marker_unit" in f.fix for f in found)


def test_damaged_recordings_and_forces(file):
    data = file.parent / "data"
    (data / "P1_fast.c3d").write_bytes(b"")
    write_forces(data / "P2_slow.mot")
    lines = (data / "P2_slow.mot").read_text().splitlines()
    (data / "P2_slow.mot").write_text("\n".join([*lines[:50], "0.5\tbroken", *lines[51:]]))
    found = _written(file)
    assert [(f.participant, Path(f.file).name) for f in found] == [
        ("P1", "P1_fast.c3d"),
        ("P2", "P2_slow.mot"),
    ]
    assert all(f.where.endswith(("trials.tsv, line 3", "trials.tsv, line 7")) for f in found)


def test_no_study_at_all(tmp_path):
    [finding] = study_problems(tmp_path / "study.yaml")
    assert finding.what == "the file does not exist."


def test_virtual_sprinters_are_checked_where_they_are_recorded(file):
    """A cut recording, in a study whose workflow would make only what is missing."""
    (file.parent / "gait_library.npz").touch()
    data = file.parent / "data"
    cut = {name: data / f"{name}_fast.c3d" for name in ("P1", "P2")}
    for path in cut.values():
        path.write_bytes(path.read_bytes()[:3000])
    (data / "P2_slow.mot").unlink()
    (data / "P2_slow.trc").unlink()
    [finding] = _written(file)
    assert (finding.participant, Path(finding.file)) == ("P1", cut["P1"])
    assert "the file ends after 3000" in finding.what


def test_a_map_of_another_model(file):
    replace(file, "files:", "model: {map: hamner2010}\nfiles:")
    found = {f.where for f in _written(file) if f.rule == "map-names"}
    assert {"ulna_l", "calcn_r", "acromial_l"} <= found


def test_recordings_that_contradict_themselves(file):
    """An export that was cut, and a header with another rate."""
    trc = file.parent / "data" / "P1_slow.trc"
    lines = trc.read_text(encoding="utf-8").split("\n")
    lines[2] = lines[2].replace("100", "120", 1)
    trc.write_text("\n".join(lines[:30]) + "\n", encoding="utf-8")
    found = {problem.rule: problem for problem in _written(file)}
    assert set(found) == {"trc-count", "trc-rate"}
    assert all(
        Path(one.file) == trc and "trials.tsv, line 4" in one.where for one in found.values()
    )


def test_a_copy_under_another_name_is_the_same_recording(file):
    """Two steps of one sprint must not count as four."""
    data = file.parent / "data"
    shutil.copy(data / "P1_fast.c3d", data / "P1_fast - copy.c3d")
    with (file.parent / "trials.tsv").open("a") as out:
        out.write("P1\tagain\trun\tnormal\tP1_fast - copy.c3d\tn/a\n")
    [finding] = _written(file)
    assert (finding.rule, finding.where) == ("recording-twice", "lines 3 and 8")
    assert "P1_fast.c3d and P1_fast - copy.c3d, which hold the same to the byte" in finding.what


def test_a_recording_over_which_the_program_breaks_is_one_finding(file, monkeypatch):
    """Nobody foresaw it; everything else is looked at all the same."""
    whole = contents.is_static
    calls = []

    def broken(positions):
        calls.append(len(positions))
        if len(calls) == 2:
            raise ZeroDivisionError
        return whole(positions)

    monkeypatch.setattr(contents, "is_static", broken)
    [finding] = _written(file)
    assert (finding.rule, finding.participant, finding.trial) == ("internal-error", "P1", "fast")
    assert len(calls) == 6


def _restricted(file, effort, order):
    """Make the last run of the first participant a sprint with restricted arms."""
    sheet = file.parent / "trials.tsv"
    head, *rows = [line.split("\t") for line in sheet.read_text().splitlines()]
    keep = [
        place for place, name in enumerate(head) if name not in ("condition", "effort", "order")
    ]
    runs = [number for number, row in enumerate(rows) if row[head.index("task")] == "run"]
    told = dict.fromkeys(runs, ("normal", "maximal", order))
    told[runs[-1]] = ("restricted_arms", effort, order)
    lines = [[head[place] for place in keep] + ["condition", "effort", "order"]]
    for number, row in enumerate(rows):
        lines.append([row[place] for place in keep] + [*told.get(number, ("n/a",) * 3)])
    sheet.write_text("\n".join("\t".join(line) for line in lines) + "\n")


@pytest.mark.parametrize(
    ("effort", "order", "rules"),
    [("maximal", "1", []), ("maximal", "n/a", ["order-untold"]), ("n/a", "n/a", ["effort-untold"])],
)
def test_what_a_comparison_of_conditions_will_ask_for_is_said(file, effort, order, rules):
    _restricted(file, effort, order)
    found = [one for one in _written(file) if one.severity == "warning"]
    assert [one.rule for one in found] == rules
    assert all("H7, H7b" in one.what and one.fix for one in found)


def test_a_condition_that_nothing_compares_is_said(file):
    """A contrast of the study's own that names it, or a slip of the pen: nobody else can know."""
    study = checked_study(file).study
    trials = tuple(
        one.model_copy(update={"condition": "my_cue"}) if one.task == "run" else one
        for one in study.trials
    )
    (found,) = comparison_problems(dataclasses.replace(study, trials=trials))
    assert found.rule == "condition-unasked"
    assert "my_cue" in found.what


@pytest.mark.parametrize("condition", ["block_start", "blocks", "CrouchedStart"])
def test_starts_from_blocks_are_refused_in_words(condition):
    row = {"participant_id": "A", "trial_id": "t", "task": "run", "file": "t.c3d"}
    with pytest.raises(ValueError, match="hands on the ground or feet on tilted"):
        Trial(**row, condition=condition)
    assert Trial(**row, condition=condition, include="no").condition == "normal"


def test_sex_and_laboratory_are_asked_for_where_athletes_are_compared(file):
    study = checked_study(file).study
    rows = study.participants
    many = [
        rows[0].model_copy(update={"participant_id": f"P{n}", "sex": "female", "laboratory": "A"})
        for n in range(48)
    ]
    assert not list(comparison_problems(dataclasses.replace(study, participants=tuple(many))))
    some = [*many[:47], many[47].model_copy(update={"laboratory": None})]
    (found,) = comparison_problems(dataclasses.replace(study, participants=tuple(some)))
    assert found.rule == "laboratory-untold"
    assert "1 of 48" in found.what
    assert not list(comparison_problems(dataclasses.replace(study, participants=tuple(some[1:]))))


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
