"""Dependencies and traces of the jobs of a study, with stand-ins for their stages."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from aqbio.errors import AqbioError, Finding
from aqbio.faults import RunStoppedError
from aqbio.io.atomic import write_text
from aqbio.io.study import load_study
from aqbio.study.internal import RULE, STAGE_ORDER, Parts
from aqbio.study.jobs import (
    claim_results,
    every_job,
    remove_unsound_records,
    report_outdated,
    result_problems,
)
from aqbio.study.manifest import (
    FAILED,
    OK,
    TrialOutcome,
    earlier_failures,
    entry,
    participant_stage,
    recorded,
    run_trials,
    study_stage,
    write_manifest,
)
from tests.refusal import refused
from tests.small_study import replace, write_small_study


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_small_study(tmp_path)


def _ran(file: Path, **breaks) -> list[str]:
    """Run the stages of participants that have no sound record; some may break."""
    study = load_study(file)
    remove_unsound_records(study)
    ran = []
    for on, participant, name in every_job(study):
        if not participant or on.manifest(participant, name).exists():
            continue

        @participant_stage(name)
        def stand_in(on, participant, report, name=name):
            breaks.get(name, lambda: None)()
            write_text(on.folder(participant, name) / "result", name)
            write_manifest(on, participant, name, [])

        stand_in(on, participant, lambda line: None)
        ran.append(f"{participant} {name}")
    return ran


def _raises(fault: Exception, cause: Exception | None = None):
    def break_down():
        raise fault from cause

    return break_down


def test_a_stage_does_not_go_on_from_damaged_results(file):
    """Libraries loop or crash over them."""
    _ran(file)
    study = load_study(file)
    (study.folder("P1", "prepare") / "result").write_text("edited")
    study.manifest("P1", "scale").unlink()
    scale = participant_stage("scale")(lambda *_: pytest.fail("it began"))
    sentence = "a result of stage prepare is damaged"
    with refused("result-damaged", sentence, RunStoppedError) as caught:
        scale(study, "P1", print)
    assert caught.value.file.endswith("prepared/result")
    assert _ran(file) == ["P1 prepare", "P1 scale"]


MACHINE = [
    MemoryError(),
    OSError(errno.ENOSPC, "No space"),
    OSError("libblas.so: cannot allocate memory in static TLS block"),
    ImportError("_simbody.so: failed to map segment from shared object"),
    ModuleNotFoundError("No module named 'ezc3d'"),
    RuntimeError("can't start new thread"),
    RuntimeError("std::bad_alloc"),
]


@pytest.mark.parametrize("fault", MACHINE, ids=repr)
def test_a_fault_of_the_machine_is_no_failure_of_a_participant(file, fault):
    """As it was, and in words of a reader."""
    words = AqbioError("the file cannot be read as an OpenSim model.")
    for broken in (_raises(fault), _raises(words, fault)):
        with refused("machine", error=RunStoppedError):
            _ran(file, scale=broken)
        assert not load_study(file).manifest("P1", "scale").exists()
    assert _ran(file)[0] == "P1 scale"


def _makers(sizes):
    """Lists of so many numbers; a maker of none breaks."""
    return [(f"part {n}", lambda n=n: [os.getpid(), *range(n), 1 // n]) for n in sizes]


@pytest.mark.parametrize("cores", [1, 2])
def test_study_stage_with_a_failed_part_is_repeated(file, cores):
    """A part that breaks is a finding and stops no other; a stage that has not run stops all."""
    _ran(file)
    study, parts_made = load_study(file), []

    @study_stage("tables")
    def work(study, report, sizes):
        parts = Parts(study, "tables")
        parts_made[:] = list(parts.side_by_side(_makers(sizes), [], cores))
        assert [("ZeroDivisionError" in finding.what) for finding in parts.findings] == [True] * (
            0 in sizes
        )

    for sizes in ([2, 0, 3], [1, 2]):
        remove_unsound_records(study)
        assert not study.manifest("", "tables").exists()
        work(study, print, sizes)
        assert [len(part) for part in parts_made] == [size and size + 2 for size in sizes]
        assert (os.getpid() in {part[0] for part in parts_made if part}) == (cores == 1)
        kinds = {problem.kind for problem in result_problems(study) if problem.stage == "tables"}
        assert kinds == ({"failed"} if 0 in sizes else set())
    early = _raises(AqbioError("stage steps has not run.", rule=STAGE_ORDER))
    with pytest.raises(AqbioError, match="has not run"):
        list(Parts(study, "tables").side_by_side([("early", early), *_makers([1])], [], cores))


def test_a_study_does_not_write_over_the_results_of_another_of_its_name(file):
    """Run from one folder: both write into results/NAME."""
    other_file = file.parent / "other" / file.name
    shutil.copytree(file.parent, other_file.parent)

    def claim(study_file):
        claim_results(load_study(study_file))

    claim(file)
    claim(file)  # its own are no others
    with refused("results-of-another", "another study of the same name", RunStoppedError):
        claim(other_file)
    replace(file, "name: small", "name: small_one")
    claim(other_file)
    replace(other_file, "name: small", "name: small_one")
    claim(file)
    with pytest.raises(RunStoppedError):
        claim(other_file)
    file.unlink()  # or moved: the results belong to no other study any more
    claim(other_file)


# What a stage made of every trial: one failure stops nothing else and is passed on.


@pytest.fixture
def study(tmp_path):
    return load_study(write_small_study(tmp_path))


def _write(study, stage, *trials, **fields):
    write_manifest(study, "P1", stage, list(trials), **fields)


def _entries(study, fast, slow, lines=None):
    """Entries of two trials, each made by a function of its own."""
    works = {"fast": fast, "slow": slow}
    report = (lines if lines is not None else []).append
    return run_trials(study, "P1", "prepare", lambda t: works[t.trial_id](t), report)


def _cut(_):
    raise AqbioError("the file is cut.", file="x.c3d", fix="export again.", rule="cut")


def _gap(trial):
    return TrialOutcome({"frames": 7}, (Finding("gap", "warning", "a gap.", trial=trial.trial_id),))


def test_errors_of_the_program_fail_one_trial_with_a_log(study):
    """The sentence names it, its log tells where; what JSON cannot hold is the trial's own."""
    fast, slow = _entries(
        study, lambda _: TrialOutcome({"ratio": [1.0][7]}),
        lambda _: TrialOutcome({"nothing": float("nan")}),
    )  # fmt: skip
    [error] = fast["findings"]
    assert (error["rule"], error["severity"], error["trial"]) == (RULE, "error", "fast")
    assert fast["reason"].startswith("internal error ")
    assert "IndexError (list index out of range), see logs/internal-" in fast["reason"]
    log = Path(error["file"])
    assert "TrialOutcome" in log.read_text(encoding="utf-8")
    assert log.relative_to(study.root).as_posix() in error["what"]
    assert (slow["status"], "ValueError" in slow["reason"]) == (FAILED, True)
    with pytest.raises(KeyboardInterrupt):
        _entries(study, lambda _: (_ for _ in ()).throw(KeyboardInterrupt), _gap)


def test_participant_whose_stage_fails_between_trials(study):
    """Work between the trials: later stages find a manifest, and say why, once."""
    left, lines = [], []

    @participant_stage("prepare", lambda study, name: left.append(name), mass_kg=None)
    def stage(study, participant_id, report):
        raise KeyError

    stage(study, "P1", lines.append)
    content = study.read_manifest("P1", "prepare")
    assert (content["status"], content["mass_kg"], left) == (FAILED, None, ["P1"])
    assert (content["reason"][:15], len(content["findings"])) == ("internal error ", 1)
    assert lines == [f"P1: failed: {content['reason']}"]
    _write(study, "scale", reason="prepare: told")
    reasons = set(earlier_failures(study, "P1", "inverse_kinematics").values())
    assert reasons == {f"prepare: {content['reason']}"}


def test_a_stage_that_comes_too_early_writes_nothing(study):
    @participant_stage("inverse_kinematics")
    def stage(study, participant_id, report):
        run_trials(study, participant_id, "inverse_kinematics", pytest.fail, report)

    with pytest.raises(AqbioError, match="stage prepare has not run for P1"):
        stage(study, "P1", str)
    assert not study.manifest("P1", "inverse_kinematics").exists()


def test_later_stages_pass_a_failure_on_with_the_stage_that_had_it(study):
    cut = {"fast": "prepare: cut."}
    _write(study, "prepare", entry("fast", FAILED, "cut."), entry("slow", OK, ""))
    _write(study, "scale", reason="no markers.")
    stage, lines = "inverse_kinematics", []
    assert earlier_failures(study, "P1", stage) == cut | {"slow": "scale: no markers."}
    entries = run_trials(study, "P1", stage, pytest.fail, lines.append)
    assert [trial_entry["status"] for trial_entry in entries] == [FAILED, FAILED]
    assert lines[1] == "P1 slow: not possible (stage scale failed)"
    _write(study, "scale")
    trials_run = []
    entries = run_trials(study, "P1", stage, lambda t: trials_run.append(t) or TrialOutcome(), str)
    assert [trial.trial_id for trial in trials_run] == ["slow"]
    for name, later in ((stage, "inverse_dynamics"), ("inverse_dynamics", "contributions")):
        _write(study, name, *entries)
        assert earlier_failures(study, "P1", later) == cut


def test_results_of_inputs_that_changed_during_the_stage_are_discarded(study):
    """A sheet is edited while a stage runs: the version that was read is unknown."""
    record = study.manifest("P1", "prepare")
    with recorded(study, "P1", "prepare"):
        _write(study, "prepare")
    assert record.exists()
    with (
        refused("input-changed", "a file that stage prepare reads changed", RunStoppedError),
        recorded(study, "P1", "prepare"),
    ):
        _write(study, "prepare")
        study.recording(study.trial("P1", "fast")).write_bytes(b"another")
    assert not record.exists()


def test_a_recording_that_changed_since_it_was_prepared_is_said(file):
    """A later stage that is called by itself goes on with what was prepared, and says so."""
    study, lines = load_study(file), []
    recording = study.recording(study.trials_of("P1")[0])
    recording.parent.mkdir(parents=True, exist_ok=True)
    recording.write_bytes(b"one")
    _ran(file)
    report_outdated(study, "P1", "scale", lines.append)
    assert lines == []
    recording.write_bytes(b"another")
    report_outdated(study, "P1", "scale", lines.append)
    (line,) = lines
    assert line.startswith(
        "P1: warning: recordings, sheets or settings of stage prepare have changed"
    )
