"""`aqbio check` gives the reason of every failure before anything runs, and leaves nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from aqbio.intake.check import study_problems, written_problems
from aqbio.io.study import load_study
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from tests.small_study import replace
from tests.virtual.made_study import run_stages, write_made_study
from tests.virtual.runners import RUNNER


@pytest.fixture(scope="module")
def sound(gait_of, tmp_path_factory) -> Path:
    """A folder with a study of one static trial and two runs, with which nothing is wrong."""
    folder = tmp_path_factory.mktemp("sound")
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), Laboratory())
        for name, speed in (("run1", 7.0), ("run2", 8.5))
    }
    write_made_study(folder, RUNNER, runs, Laboratory())
    return folder


@pytest.fixture
def folder(sound, tmp_path) -> Path:
    """A copy of the sound study."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    replace(tmp_path / "study.yaml", f"results: {sound.as_posix()}", f"results: {tmp_path}")
    return tmp_path


def _settings(folder: Path, text: str) -> None:
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(text + "\n")


def _errors(folder: Path) -> list:
    return [one for one in study_problems(folder / "study.yaml") if one.severity == "error"]


def _other_mass(folder: Path) -> None:
    replace(folder / "participants.tsv", f"\t{RUNNER.mass}\t", f"\t{0.8 * RUNNER.mass}\t")


def _windows(folder: Path) -> None:
    """One run without a whole contact, one with too few frames."""
    sheet = folder / "trials.tsv"
    replace(sheet, "task\tfile\n", "task\tfile\tstart_s\tend_s\n")
    for row, cells in (("run1.c3d", "0\t0.15"), ("run2.c3d", "0.5\t0.52")):
        replace(sheet, row, f"{row}\t{cells}")


def _no_mass(folder: Path) -> None:
    replace(folder / "participants.tsv", f"\t{RUNNER.mass}\t", "\tn/a\t")
    _settings(folder, "laboratory: {ignore_plates: [1, 2, 3, 4, 5, 6, 7, 8]}")


def _high_cut_off(folder: Path) -> None:
    _settings(folder, "prepare: {cutoff_hz: 90}")


REFUSED = {
    "mass-disagreement": _other_mass,
    "trial-window markers-seen": _windows,
    "mass-unknown": _no_mass,
    "cutoff-too-high": _high_cut_off,
}
"""What a stage refuses and no file shows by itself."""


@pytest.mark.parametrize("rules", REFUSED)
def test_every_reason_of_a_failure_is_told_before(folder, rules):
    """And nothing is left of having looked."""
    REFUSED[rules](folder)
    written, _ = written_problems(folder / "study.yaml")
    assert not any(one.severity == "error" for one in written)  # no file shows it by itself
    told = _errors(folder)
    assert not (folder / "results").exists()
    found = {one.rule for one in told}
    assert found >= set(rules.split())
    assert [one.rule for one in told].count("mass-unknown") == (rules == "mass-unknown")
    study, reasons = load_study(folder / "study.yaml"), set()
    for stage in ("prepare", "scale", "inverse_kinematics"):
        for one in study.participants:
            run_stages(study, (stage,), (one.participant_id,))
            manifest = study.read_manifest(one.participant_id, stage)
            reasons |= {manifest["reason"], *(x["reason"] for x in manifest["trials"])} - {""}
    assert reasons
    for reason in reasons:
        assert any(reason.endswith(one.what) for one in told), (reason, told)


def test_specifications_that_the_cameras_cannot_carry_are_told(folder):
    """200 frames a second carry 79 Hz, not 81; nothing else is wrong with the sound study."""
    _settings(folder, "multiverse: {cutoffs_hz: [79, 81]}")
    problems = study_problems(folder / "study.yaml")
    assert [one for one in problems if one.severity == "error"] == []
    [finding] = [one for one in problems if one.rule == "specifications-left-out"]
    assert "cutoff=81" in finding.what
    assert "cutoff=79" not in finding.what
    assert "run1, run2 have 200 Hz" in finding.what
    assert not (folder / "results").exists()


@pytest.mark.parametrize("frames", [4, 5, 60])
def test_a_cut_out_under_another_name_is_no_trial_of_its_own(folder, frames):
    """Another format and clock, and the rest another run: what both have is found."""
    one, other = (read_recording(folder / "data" / f"{name}.c3d") for name in ("run1", "run2"))
    positions = np.concatenate([one.positions[80 : 80 + frames], 1.02 * other.positions[:60]])
    write_trc(folder / "data" / "again.trc", one.labels, positions, one.rate)
    with (folder / "trials.tsv").open("a", encoding="utf-8") as sheet:
        sheet.write(f"{RUNNER.name}\tagain\trun\tagain.trc\n")
    found = [f for f in written_problems(folder / "study.yaml")[0] if f.rule == "recording-twice"]
    assert len(found) == (frames >= 5)
    for finding in found:
        assert (finding.trial, finding.number) == ("again", frames)
        assert "from frame 81 of the one and 1 of the other" in finding.what


def test_what_breaks_while_it_is_checked_is_a_finding_with_a_log(folder, monkeypatch):
    """And a trial with an error keeps nobody from being looked at."""
    (folder / "data" / "run1.c3d").unlink()

    def broken(*_):
        raise ArithmeticError("broken on purpose")

    monkeypatch.setattr("aqbio.recordings.stage.prepare_trial", broken)
    missing, *found = _errors(folder)
    assert missing.rule == "recording-missing"
    assert {one.rule for one in found} >= {"internal-error"}
    study = load_study(folder / "study.yaml")
    for one in found:
        if one.rule == "internal-error":
            log = one.what.split("see ")[1].split(";")[0]
            assert "broken on purpose" in (study.root / log).read_text(encoding="utf-8")
