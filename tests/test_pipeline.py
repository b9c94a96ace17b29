"""All stages of a person in one process: content decides what runs."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from aqbio import pipeline
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io import locks
from aqbio.io.atomic import write_text
from aqbio.io.other_models import on_other_models
from aqbio.io.study import MODELS, load_study
from aqbio.names import PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.records.current import is_current, outdated
from aqbio.records.internal import RULE, Parts
from aqbio.records.manifest import participant_stage, study_stage, write_manifest
from aqbio.records.verified import result_problems
from tests.refusal import refused
from tests.small_study import replace, write_small_study


def _started(file, *, dry_run=False):
    """A run that ends at once."""
    pipeline.workflow_started(load_study(file), dry_run=dry_run, recorded_here=False)
    pipeline._HELD.close()


class Stages:
    """Stand-ins: each leaves a file whose content can be chosen, and its manifest."""

    def __init__(self):
        self.ran, self.left, self.file = [], {}, {}

    def __call__(self, name):
        @participant_stage(name)
        def stand_in(study, participant_id, report):
            self.ran.append(name)
            if self.left.get(name) == "killed":
                raise KeyboardInterrupt
            left, file = self.left.get(name, ""), self.file.get(name, "result")
            text = left() or "" if callable(left) else left
            write_text(study.folder(participant_id, name) / file, str(text))
            write_manifest(study, participant_id, name, [])

        return stand_in


@pytest.fixture
def stages(monkeypatch):
    monkeypatch.setattr(locks, "POLL_S", 0.01)
    return Stages()


@pytest.fixture
def file(tmp_path):
    return write_small_study(tmp_path)


def _ran(file, stages):
    stages.ran.clear()
    pipeline.run_participant(load_study(file), "P1", lambda line: None, stages)
    return tuple(stages.ran)


def test_everything_once_and_then_nothing(file, stages):
    assert _ran(file, stages) == PARTICIPANT_STAGES
    assert _ran(file, stages) == ()


def test_a_stage_that_leaves_the_same_again_makes_nobody_run(file, stages):
    """Run by hand: content decides, not when a file was written."""
    _ran(file, stages)
    study = load_study(file)
    stages("consistency")(study, "P1", print)
    assert _ran(file, stages) == ()
    stages.left["consistency"] = "another motion"
    stages("consistency")(study, "P1", print)
    assert _ran(file, stages) == ("contributions", "steps", "evidence", "replay", "athlete")


def test_a_result_that_somebody_changed_by_hand_is_made_again(file, stages):
    """And nothing else: what was computed of it was computed of the right one."""
    _ran(file, stages)
    path = load_study(file).folder("P1", "solve") / "result"
    path.write_text("edited")
    assert _ran(file, stages) == ("solve",)
    assert path.read_text() == ""


def test_a_stage_run_by_hand_does_not_go_on_from_damaged_results(file, stages):
    """Libraries loop or crash over them."""
    _ran(file, stages)
    study = load_study(file)
    (study.folder("P1", "prepare") / "result").write_text("edited")
    with refused(
        "result-damaged", "a result of stage prepare is damaged", RunStoppedError
    ) as caught:
        stages("scale")(study, "P1", print)
    assert caught.value.file.endswith("prepared/result")
    assert _ran(file, stages) == ("prepare",)


def test_files_of_a_run_before_that_are_not_made_any_more_go(file, stages):
    _ran(file, stages)
    study = load_study(file)
    mine = study.folder("P1", "solve") / "notes.txt"
    mine.write_text("of the user")
    replace(file, "files:", "solve: {accuracy: 1.0e-7}\nfiles:")
    stages.file["solve"] = "other"
    _ran(file, stages)
    assert sorted(path.name for path in mine.parent.iterdir()) == ["notes.txt", "other"]


def test_an_input_that_changes_while_a_stage_runs_stops_it(file, stages):
    study = load_study(file)
    recording = study.recording(study.trials_of("P1")[0])
    stages.left["prepare"] = lambda: recording.write_bytes(b"written meanwhile")
    with pytest.raises(RunStoppedError, match="stage prepare reads changed while it ran"):
        _ran(file, stages)
    assert not study.manifest("P1", "prepare").exists()


MACHINE = [
    MemoryError(),
    OSError(errno.ENOSPC, "No space"),
    OSError("libblas.so: cannot allocate memory in static TLS block"),
    ImportError("_simbody.so: failed to map segment from shared object"),
    ModuleNotFoundError("No module named 'ezc3d'"),
    RuntimeError("can't start new thread"),
    RuntimeError("std::bad_alloc"),
]


@pytest.mark.parametrize("in_words", [False, True], ids=["as it was", "in words of a reader"])
@pytest.mark.parametrize("fault", MACHINE, ids=repr)
def test_a_fault_of_the_machine_is_no_failure_of_a_participant(file, stages, fault, in_words):
    def break_down():
        if in_words:
            raise AqbioError("the file cannot be read as an OpenSim model.") from fault
        raise fault

    stages.left["scale"] = break_down
    with pytest.raises(RunStoppedError):
        _ran(file, stages)
    assert not load_study(file).manifest("P1", "scale").exists()
    stages.left.clear()
    assert _ran(file, stages) == PARTICIPANT_STAGES[1:]


def test_an_internal_error_is_no_outcome_of_a_stage(file, stages):
    """Each run tries again, `verify` names it; what follows runs again when it is gone."""

    def break_down():
        raise ZeroDivisionError("of the program")

    stages.left["solve"] = break_down
    assert _ran(file, stages) == PARTICIPANT_STAGES
    study = load_study(file)
    assert outdated(study)[0] == ["P1", "P2"]
    [found] = [one for one in result_problems(study) if one.kind == "failed"]
    assert (found.stage, found.participant) == ("solve", "P1")
    assert "ZeroDivisionError" in found.file.read_text(encoding="utf-8")
    assert _ran(file, stages) == ("solve",), "nothing depends on anything new"
    stages.left.clear()
    assert _ran(file, stages) == PARTICIPANT_STAGES[PARTICIPANT_STAGES.index("solve") :]
    assert not [one for one in result_problems(load_study(file)) if one.kind == "failed"]
    assert _ran(file, stages) == ()


@pytest.mark.parametrize("cores", [1, 2])
def test_a_stage_of_the_study_that_lost_a_part_is_tried_again(file, stages, cores):
    for one in ("P1", "P2"):
        pipeline.run_participant(load_study(file), one, lambda line: None, stages)
    broken = [True]

    @study_stage("tables")
    def work(study, report):
        parts = Parts(study, "tables")
        list(parts.side_by_side([("part", lambda: 1 / (not broken[0]))] * 2, 0.0, cores))

    def run():
        pipeline.run_study(load_study(file), ["tables"], print, 1, lambda name: work)
        return {one.kind for one in result_problems(load_study(file)) if one.stage == "tables"}

    assert run() == {"failed"}
    broken.clear()
    broken.append(False)
    assert run() == set()


def test_a_stage_of_the_study_that_breaks_says_so_in_words(file, stages):
    for one in ("P1", "P2"):
        pipeline.run_participant(load_study(file), one, lambda line: None, stages)

    @study_stage("tables")
    def work(study, report):
        raise ZeroDivisionError("of the program")

    with refused(RULE, "ZeroDivisionError"):
        work(load_study(file), print)
    assert not load_study(file).manifest("", "tables").exists()


def test_two_jobs_of_one_person_run_one_after_the_other(file, stages):
    """The second finds everything done."""
    study, told, second = load_study(file), [], Stages()
    other = threading.Thread(
        target=lambda: pipeline.run_participant(study, "P1", told.append, second)
    )

    def start_other():
        other.start()
        while not told:
            time.sleep(0.01)

    stages.left["prepare"] = start_other
    assert _ran(file, stages) == PARTICIPANT_STAGES
    other.join()
    assert second.ran == []
    assert told[0].startswith(f"waits for process {os.getpid()} on ")


def test_a_killed_stage_runs_again_even_if_it_had_finished_before(file, stages):
    _ran(file, stages)
    replace(file, "files:", "solve: {accuracy: 1.0e-7}\nfiles:")
    stages.left["consistency"] = "killed"
    with pytest.raises(KeyboardInterrupt):
        _ran(file, stages)
    assert stages.ran == ["solve", "consistency"]
    replace(file, "solve: {accuracy: 1.0e-7}\n", "")  # back: the old manifest would fit again
    stages.left["consistency"] = ""
    assert _ran(file, stages) == ("solve", "consistency")


def test_a_stage_run_alone_on_old_results_is_not_taken_for_a_new_one(file, stages):
    """Run by hand after a change of what comes before it: it read what was there then."""
    _ran(file, stages)
    replace(file, "files:", "laboratory: {surface: overground}\nfiles:")
    study = load_study(file)
    stages("solve")(study, "P1", print)
    assert _ran(file, stages) == PARTICIPANT_STAGES


def test_a_study_that_moved_is_as_it_was(file, stages, tmp_path):
    replace(file, (tmp_path / "results").as_posix(), "results")
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        _ran(file.relative_to(tmp_path), stages)
        moved = tmp_path / "moved"
        moved.mkdir()
        for path in [one for one in tmp_path.iterdir() if one != moved]:
            path.rename(moved / path.name)
        os.chdir(moved)
        assert _ran(file.relative_to(tmp_path), stages) == ()
    finally:
        os.chdir(here)


def test_a_study_does_not_write_over_the_results_of_another_of_its_name(file):
    """Run from one folder: both write into results/NAME."""
    other = file.parent / "other" / file.name
    shutil.copytree(file.parent, other.parent)
    _started(file)
    _started(file)  # its own are no others
    with pytest.raises(RunStoppedError, match="another study of the same name") as stopped:
        _started(other)
    assert stopped.value.rule == "results-of-another"
    assert file.parent.name in stopped.value.what
    replace(file, "name: small", "name: small_one")
    _started(other)
    replace(other, "name: small", "name: small_one")
    _started(file)
    with pytest.raises(RunStoppedError):
        _started(other)
    file.unlink()  # or moved: nobody has them any more
    _started(other)


def test_a_dry_run_makes_no_results_its_own(file):
    other = file.parent / "other" / file.name
    shutil.copytree(file.parent, other.parent)
    _started(file, dry_run=True)
    _started(other)


def test_results_without_a_key_are_made_again(file, stages):
    """Of a version that wrote none."""
    _ran(file, stages)
    path = load_study(file).manifest("P1", "prepare")
    content = json.loads(path.read_text())
    del content["key"]
    path.write_text(json.dumps(content))
    assert not is_current(load_study(file), "P1", "prepare")


def test_another_version_makes_everything_again(file, stages, monkeypatch):
    _ran(file, stages)
    monkeypatch.setattr("aqbio.__version__", "99.0")
    assert _ran(file, stages) == PARTICIPANT_STAGES


def test_sessions_of_a_person_run_together_and_each_stage_for_all_of_them(file, stages):
    """Stage scale reads what stage prepare left of every session."""
    people = file.parent / "participants.tsv"
    header, *rows = people.read_text().replace("\tmale", "\tfemale").splitlines()
    people.write_text("\n".join([f"{header}\tperson", *(f"{row}\tX" for row in rows)]) + "\n")
    ran = _ran(file, stages)
    assert ran == tuple(stage for stage in PARTICIPANT_STAGES for _ in range(2))
    study = load_study(file)
    assert [study.same_person(name) for name in ("P1", "P2")] == [("P1", "P2")] * 2
    replace(file.parent / "participants.tsv", "60.5", "61.5")
    assert sorted(_ran(file, stages)) == sorted([*PARTICIPANT_STAGES, *PARTICIPANT_STAGES[1:]])


def test_the_work_of_a_stage_is_the_stages_own():
    for stage in PARTICIPANT_STAGES:
        work = pipeline.participant_stage(stage)
        assert work.__name__ == f"{stage}_participant"


def _compare(file, trials="[]"):
    """Ask for the same recordings on the other sprint model's file, with a map of its own."""
    for name in ("map.yaml", "markers.yaml"):
        shutil.copy(MODELS / "sprint" / name, file.parent / name)
    replace(
        file,
        "files:",
        f"other_models: {{trials: {trials}, models: {{other: {{map: map.yaml}}}}}}\nfiles:",
    )


BEFORE = PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index("steps")]


def test_other_models_come_before_the_stage_that_compares_them(file, stages):
    _compare(file)
    assert _ran(file, stages) == (*BEFORE, *BEFORE, *PARTICIPANT_STAGES[len(BEFORE) :])
    assert _ran(file, stages) == ()
    other = on_other_models(load_study(file))["other"]
    assert other.root == load_study(file).root / "other_models" / "other"
    assert all(is_current(other, "P1", stage) for stage in BEFORE)


def test_what_changes_on_another_model_alone_makes_the_own_one_compare_anew(file, stages):
    _compare(file)
    _ran(file, stages)
    replace(file.parent / "map.yaml", "name: sprint\n", "name: another\n")
    assert _ran(file, stages) == (*BEFORE, "steps", "evidence", "replay", "athlete")
    stages.left["contributions"] = "other numbers"
    (on_other_models(load_study(file))["other"].folder("P1", "contributions") / "result").unlink()
    assert outdated(load_study(file))[0] == ["P1", "P2"]
    assert _ran(file, stages) == ("contributions", "steps", "evidence", "replay", "athlete")


def test_results_on_other_models_are_verified(file, stages):
    _compare(file)
    for one in ("P1", "P2"):
        pipeline.run_participant(load_study(file), one, print, stages)
    study = load_study(file)
    assert {one.stage for one in result_problems(study)} == set(STUDY_STAGES)
    path = on_other_models(study)["other"].folder("P1", "solve") / "result"
    path.write_text("edited")
    found = [one for one in result_problems(study) if one.kind == "damaged"]
    assert [(one.file, one.stage, one.participant) for one in found] == [(path, "solve", "P1")]


def test_only_named_trials_are_compared_and_static_ones(file, stages):
    _compare(file, "[fast]")
    other = on_other_models(load_study(file))["other"]
    assert [one.trial_id for one in other.trials_of("P1")] == ["standing", "fast"]
    replace(file, "[fast]", "[nobody_has_it]")  # aqbio check refuses it
    assert _ran(file, stages) == PARTICIPANT_STAGES


def test_a_stage_that_passes_on_a_failure_runs_again_when_the_failure_is_gone(file, stages):
    """Stage evidence does not read what stage steps leaves, but tells who failed there."""

    def fail():
        raise AqbioError("nothing to cut.", fix="none.", rule="made-up")

    stages.left["steps"] = fail
    assert _ran(file, stages) == PARTICIPANT_STAGES
    stages.left["steps"] = ""
    load_study(file).manifest("P1", "steps").unlink()
    assert _ran(file, stages) == ("steps", "evidence", "replay", "athlete")
