"""`aqbio check` gives the reason of every failure before anything runs, and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aqbio.intake.check import study_problems, written_problems
from aqbio.io.study import load_study
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from tests.small_study import replace
from tests.virtual.made_study import SPEEDS, run_stages, write_made_study
from tests.virtual.runners import RUNNER

MASS = f"\t{RUNNER.mass}\t"
PLATES = "laboratory: {ignore_plates: [1, 2, 3, 4, 5, 6, 7, 8]}\n"
WRONG = {
    "mass-disagreement": ([("participants.tsv", MASS, f"\t{0.8 * RUNNER.mass}\t")], ""),
    "trial-window markers-seen": (  # one run without a whole contact, one with too few frames
        [("trials.tsv", "task\tfile\n", "task\tfile\tstart_s\tend_s\n"),
         ("trials.tsv", "run1.c3d", "run1.c3d\t0\t0.15"),
         ("trials.tsv", "run2.c3d", "run2.c3d\t0.5\t0.52")], "",
    ),
    "mass-unknown": ([("participants.tsv", MASS, "\tn/a\t")], PLATES),
    "cutoff-too-high": ([], "prepare: {cutoff_hz: 90}\n"),
}  # fmt: skip
"""Rules of what a stage refuses and no file shows by itself: changes of sheets, and settings."""


@pytest.fixture
def folder(gait_of, tmp_path) -> Path:
    """A study of one static trial and two runs, with which nothing is wrong."""
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), Laboratory())
        for name, speed in SPEEDS.items()
    }
    write_made_study(tmp_path, RUNNER, runs, Laboratory())
    return tmp_path


def _settings(folder: Path, text: str) -> None:
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(text)


def _errors(folder: Path) -> list:
    return [one for one in study_problems(folder / "study.yaml") if one.severity == "error"]


@pytest.mark.parametrize("rules", WRONG)
def test_every_reason_of_a_failure_is_told_before(folder, rules):
    """And nothing is left of having looked."""
    changes, settings = WRONG[rules]
    for sheet, before, after in changes:
        replace(folder / sheet, before, after)
    _settings(folder, settings)
    written, _ = written_problems(folder / "study.yaml")
    assert not any(one.severity == "error" for one in written)  # no file shows it by itself
    told = _errors(folder)
    assert not (folder / "results").exists()
    assert {one.rule for one in told} >= set(rules.split())
    assert [one.rule for one in told].count("mass-unknown") == (rules == "mass-unknown")
    study, reasons = load_study(folder / "study.yaml"), set()
    for stage in ("prepare", "scale", "inverse_kinematics"):
        run_stages(study, (stage,), (RUNNER.name,))
        manifest = study.read_manifest(RUNNER.name, stage)
        reasons |= {manifest["reason"], *(x["reason"] for x in manifest["trials"])} - {""}
    assert reasons
    for reason in reasons:
        assert any(reason.endswith(one.what) for one in told), (reason, told)


def test_what_breaks_while_it_is_checked_is_a_finding_with_a_log(folder, monkeypatch):
    """And a trial with an error keeps nobody from being looked at."""
    (folder / "data" / "run1.c3d").unlink()

    def broken(*_):
        raise ArithmeticError("broken on purpose")

    monkeypatch.setattr("aqbio.recordings.stage.prepare_trial", broken)
    missing, *found = _errors(folder)
    assert missing.rule == "recording-missing"
    internal = [one for one in found if one.rule == "internal-error"]
    assert internal
    for one in internal:
        log = one.what.split("see ")[1].split(";")[0]
        path = load_study(folder / "study.yaml").root / log
        assert "broken on purpose" in path.read_text(encoding="utf-8")
