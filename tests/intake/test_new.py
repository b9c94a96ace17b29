"""`aqbio new` makes a study that needs nothing but rows and recordings."""

from __future__ import annotations

import os
import shutil
from operator import attrgetter
from pathlib import Path

import pytest

from aqbio import intake
from aqbio.errors import AqbioError, Finding
from aqbio.faults import RunStoppedError
from aqbio.intake.check import study_problems
from aqbio.intake.new import demo_study, new_study, new_study_from
from aqbio.intake.trial_preview import TrialPreview, exchanged_in_all
from aqbio.io.atomic import write_text
from aqbio.io.study import MODELS, load_study
from aqbio.io.trc import write_trc
from tests import made_run
from tests.golden import differences
from tests.io.made_c3d import write_c3d
from tests.recorded_study import RATE, recorded_figure
from tests.refusal import refused


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("sprint2026", "sprint2026"),
        ("Läufer 100 m", "L_ufer_100_m"),
        ("_draft", "draft"),
        ("…", "study"),
    ],
)
def test_the_name_of_any_folder_becomes_a_valid_study(tmp_path, folder, name):
    new_study(tmp_path / folder)
    rules = {finding.rule for finding in study_problems(tmp_path / folder / "study.yaml")}
    assert rules == {"sheet-empty"}
    assert f"name: {name}\n" in (tmp_path / folder / "study.yaml").read_text(encoding="utf-8")


def test_the_demo_is_a_study_that_is_ready_to_run(tmp_path):
    demo_study(tmp_path / "demo")
    assert study_problems(tmp_path / "demo" / "study.yaml") == []
    assert len(load_study(tmp_path / "demo" / "study.yaml").participants) == 12
    with refused("study-exists", "there is a study in this folder already"):
        demo_study(tmp_path / "demo")


def odd_names(data):
    """Two runs, one frame, and files whose names no sheet can hold."""
    for number, name in enumerate(("slow", "fast", "frame", "of a\nline", 'of "quotes"')):
        labels, positions = recorded_figure(moving=True, turns=float(number))
        frames = 1 if name == "frame" else len(positions)
        points = positions[:frames] * 1e3 + 7.0 * number
        write_c3d(data / "a.c3d", list(labels), points, (RATE, 1e3)).rename(data / f"{name}.c3d")
    os.link(data / "slow.c3d", os.fsencode(data) + b"/l\xe4ufer.c3d")


@pytest.fixture
def recordings(tmp_path):
    (data := tmp_path / "data").mkdir()
    odd_names(data)
    return data


def run(path, size=1.0, labels=str):
    """The known run without plates, of a person of another size, with other labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_trc(path, tuple(map(labels, made_run.LABELS)), size * made_run.markers(), 250.0)


def one_person(data):
    """Plates, forces in separate files, a copy, a load, and an unusable file."""
    made_run.write_static(data / "static.c3d")
    made_run.write_c3d_run(data / "run_1.c3d")
    made_run.write_trc_run(data, "belt_8", made_run.SPEED)
    run(data / "sled_run.trc", 0.999)
    shutil.copy(data / "belt_8.trc", data / "copy.trc")
    shutil.copy(data / "belt_8_grf.mot", data / "lost_grf.mot")
    (data / "notes.txt").write_text("nothing")
    (data / "broken.trc").write_text("no TRC file")


def two_people(data):
    """Two people in folders with their names; one of them has no static trial."""
    run(data / "Ada Lovelace" / "Ada Lovelace sprint.trc")
    run(data / "Grace Hopper" / "Grace Hopper sprint.trc", 1.1)
    made_run.write_static(data / "Ada Lovelace" / "static.c3d")


def other_labels(data):
    """A name before every label, unknown labels, and those of another study."""
    run(data / "jog.trc", labels=lambda label: f"Jane:{label}")
    run(data / "other" / "walk.trc", labels=lambda label: f"x{made_run.LABELS.index(label)}")


WRITERS = {"one person": one_person, "two people": two_people, "other labels": other_labels,
            "odd names": odd_names}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_golden_words_of_new_studies(tmp_path, name):
    (tmp_path / "data").mkdir()
    WRITERS[name](tmp_path / "data")
    reported = []
    summary = new_study_from(tmp_path / "mine", tmp_path / "data", None, reported.append)
    files = sorted(path for path in (tmp_path / "mine").rglob("*") if path.is_file())
    lines = [f"said {line}" for line in [*reported, *summary.splitlines()]]
    assert "Jane" not in (tmp_path / "mine" / "outlook.html").read_text("utf-8")
    others = ("hypotheses.yaml", "found.txt", "outlook.html")
    for path in (path for path in files if path.name not in others):
        lines += [f"{path.name} {line}" for line in path.read_text("utf-8").splitlines()]
    text = "\n".join(lines)
    assert "Jane" not in text
    text = text.replace(str(tmp_path), "FOLDER").replace(str(MODELS), "MODELS")
    assert differences(f"intake/new_{name.replace(' ', '_')}", text.split("\n")) == []


def with_plates(data, name, gain):
    """A run whose files hold the forces on the plates, one of them with a gain; and its name."""
    plates = made_run.plates()
    plates[1].channels *= gain
    for plate in plates:
        plate.channels *= -1.0
    points = 1e3 * made_run.markers() @ made_run.GROUND_TO_VICON.T
    write_c3d(
        data / f"{name}.c3d", list(made_run.LABELS), gain**0.01 * points, plates=tuple(plates)
    )


PROPOSED = {
    "static": ["plates-action"],
    "run_1": ["plates-action"],
    "run_2": ["plates-action", "force-gain plate 2 1.5"],
}


def propose(monkeypatch, proposed):
    """Let the search propose, one after the other, what the row does not state yet."""
    original = intake.trial_preview.prepare_trial

    def prepare(recording, trial, marker_set, laboratory, settings, notes, **rest):
        prepared = original(recording, trial, marker_set, laboratory, settings, notes, **rest)
        for words in [x for x in proposed.get(trial.trial_id, ()) if x not in trial.fixes][:1]:
            what = f"{trial.trial_id} has {words}."
            notes.findings.append(Finding("forces", "warning", what, proposal=words))
        return prepared

    monkeypatch.setattr("aqbio.intake.trial_preview.prepare_trial", prepare)


def test_proposals_are_in_the_sheets_and_undone_as_they_say(tmp_path, monkeypatch):
    """What all runs with forces share is one line of study.yaml; the rest is the trials'."""
    (data := tmp_path / "data").mkdir()
    made_run.write_static(data / "static.c3d", -made_run.MASS)
    with_plates(data, "run_1", 1.0)
    with_plates(data, "run_2", 1.5)
    run(data / "bare.trc", 1.001)
    propose(monkeypatch, PROPOSED)
    found = new_study_from(tmp_path / "mine", data, None, lambda _: None)
    study = load_study(tmp_path / "mine" / "study.yaml")
    assert study.settings.laboratory.fix == "plates-action"
    fixes = {trial.trial_id: trial.fixes for trial in study.trials}
    assert fixes.pop("run_2") == ("force-gain plate 2 1.5",)
    assert not any(fixes.values())
    page = (tmp_path / "mine" / "outlook.html").read_text("utf-8")
    for text in (found, page):
        assert "proposed in laboratory.fix of study.yaml: “plates-action”" in text
        assert "S01 run_2: proposed in column fix: “force-gain plate 2 1.5”" in text
        assert "column fix: “force-gain plate 2 1.5”: look at it, keep or erase it" in text
        assert "Without it: the forces are 1.5 times what they should be" in text
    assert "12 with forces" in page
    people = tmp_path / "mine" / "participants.tsv"
    header, row = people.read_text("utf-8").splitlines()
    cells = row.split("\t")
    cells[header.split("\t").index("sex")] = "male"
    people.write_text(f"{header}\n" + "\t".join(cells) + "\n", "utf-8")
    stated = {
        (x.trial, x.rule)
        for x in study_problems(tmp_path / "mine" / "study.yaml")
        if x.what.endswith("It is undone, as the sheet says.")
    }
    assert stated == {("run_2", "force-gain"), *((trial, "plates-action") for trial in PROPOSED)}


def test_a_proposal_with_which_a_trial_cannot_be_used_is_none(tmp_path, monkeypatch):
    (data := tmp_path / "data").mkdir()
    with_plates(data, "run_1", 1.0)
    propose(monkeypatch, {"run_1": ["force-x-sign plate 9"]})
    new_study_from(tmp_path / "mine", data, None, lambda _: None)
    [trial] = load_study(tmp_path / "mine" / "study.yaml").trials
    assert trial.fixes == ()


@pytest.mark.parametrize("name", [b"l\xe4ufer", b"a\nb"])
def test_folders_that_no_settings_can_hold_are_refused(tmp_path, recordings, name):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    with refused("file-name", "line break"):
        new_study_from(folder, recordings, None, lambda _: None)
    recordings.rename(folder)
    with refused("file-name", "line break") as caught:
        new_study_from(tmp_path / "mine", folder, None, lambda _: None)
    caught.value.file.encode()
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("broken", ["folder.marker_facts", "study.trial_preview"])
def test_an_error_in_one_file_costs_that_file_alone(tmp_path, recordings, monkeypatch, broken):
    original = attrgetter(broken)(intake)

    def breaks(path, row, *rest):
        if "fast" in str(row):
            raise IndexError("of the program")
        return original(path, row, *rest)

    monkeypatch.setattr(f"aqbio.intake.{broken}", breaks)
    summary = new_study_from(tmp_path / "mine", recordings, None, lambda _: None)
    assert "IndexError (of the program) at test_new.py" in summary
    trials = {trial.trial_id for trial in load_study(tmp_path / "mine" / "study.yaml").trials}
    assert ("fast" in trials) == (broken != "folder.marker_facts")
    assert "slow" in trials


@pytest.mark.parametrize("failed", ["summary", "disk"])
def test_a_new_study_is_written_whole_or_not_at_all(tmp_path, recordings, monkeypatch, failed):
    def breaks(*_):
        raise IndexError("of the program")

    def full(path, text):
        if path.name == "study.yaml":
            raise RunStoppedError("the disk is full.")
        write_text(path, text)

    if failed == "summary":
        monkeypatch.setattr("aqbio.intake.new.summary_text", breaks)
    else:
        monkeypatch.setattr("aqbio.intake.new.write_text", full)
    with pytest.raises((AqbioError, RunStoppedError), match=r"internal error|disk is full"):
        new_study_from(tmp_path / "mine", recordings, None, lambda _: None)
    assert not [path for path in tmp_path.glob("mine/**/*") if path.is_file()]


@pytest.mark.parametrize(
    ("proposals", "pairs"),
    [
        ([["swap A b and B", "force-x-sign"], ["swap A b and B"]], (("A b", "B"),)),
        ([["swap A and B; swap C and D"]] * 2, ()),
        ([["swap A and B in frames 1 to 3"]] * 2, ()),
        ([["swap A and B"], []], ()),
        ([["swap A and B"]], ()),
    ],
)
def test_one_pair_that_all_runs_swap_is_wrong_in_the_static_trial(proposals, pairs):
    runs = [TrialPreview("", proposals=dict.fromkeys(x, "")) for x in proposals]
    assert exchanged_in_all(runs) == pairs
