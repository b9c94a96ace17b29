"""What the jobs of a study depend on and leave, with stand-ins for their stages."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.atomic import write_text
from aqbio.io.study import MODELS, load_study, on_other_models
from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE
from aqbio.study.internal import RULE, Parts
from aqbio.study.jobs import (
    claim_results,
    every_job,
    records_read,
    remove_unsound_records,
    result_problems,
)
from aqbio.study.manifest import participant_stage, study_stage, write_manifest
from tests.refusal import refused
from tests.small_study import replace, write_small_study

EACH_MODEL = [name for name in PARTICIPANT_STAGES if STAGE_TABLE[name].each_model]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_small_study(tmp_path)


def _ran(file: Path, **breaks) -> list[str]:
    """Run the stages of participants that have no sound record; some may break."""
    study = load_study(file)
    remove_unsound_records(study)
    ran = []
    for on, who, name in every_job(study):
        if not who or on.manifest(who, name).exists():
            continue

        @participant_stage(name)
        def stand_in(on, who, report, name=name):
            breaks.get(name, lambda: None)()
            write_text(on.folder(who, name) / "result", name)
            write_manifest(on, who, name, [])

        stand_in(on, who, lambda line: None)
        ran.append(f"{who} {name}")
    return ran


def test_a_stage_does_not_go_on_from_damaged_results(file):
    """Libraries loop or crash over them."""
    _ran(file)
    study = load_study(file)
    (study.folder("P1", "prepare") / "result").write_text("edited")
    study.manifest("P1", "scale").unlink()

    @participant_stage("scale")
    def scale(study, who, report):
        raise AssertionError

    what = "a result of stage prepare is damaged"
    with refused("result-damaged", what, RunStoppedError) as caught:
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


@pytest.mark.parametrize("in_words", [False, True], ids=["as it was", "in words of a reader"])
@pytest.mark.parametrize("fault", MACHINE, ids=repr)
def test_a_fault_of_the_machine_is_no_failure_of_a_participant(file, fault, in_words):
    def break_down():
        if in_words:
            raise AqbioError("the file cannot be read as an OpenSim model.") from fault
        raise fault

    with refused("machine", error=RunStoppedError):
        _ran(file, scale=break_down)
    assert not load_study(file).manifest("P1", "scale").exists()
    assert _ran(file)[0] == "P1 scale"


def test_an_internal_error_is_no_outcome_of_a_stage(file):
    """Each run tries again, and `verify` names it."""
    middle = PARTICIPANT_STAGES[2]

    def break_down():
        raise ZeroDivisionError("of the program")

    _ran(file, **{middle: break_down})
    found = [one for one in result_problems(load_study(file)) if one.kind == "failed"]
    assert [(one.stage, one.participant) for one in found] == [(middle, "P1"), (middle, "P2")]
    assert "ZeroDivisionError" in found[0].file.read_text(encoding="utf-8")
    assert _ran(file, **{middle: break_down}) == [f"P1 {middle}", f"P2 {middle}"]
    assert _ran(file) == [f"P1 {middle}", f"P2 {middle}"]
    assert not [one for one in result_problems(load_study(file)) if one.kind == "failed"]
    assert _ran(file) == []


@pytest.mark.parametrize("cores", [1, 2])
def test_a_stage_of_the_study_that_lost_a_part_is_tried_again(file, cores):
    _ran(file)
    study = load_study(file)

    def run(*, broken):
        @study_stage("tables")
        def work(study, report):
            parts = Parts(study, "tables")
            list(parts.side_by_side([("part", lambda: 1 / (not broken))] * 2, 0.0, cores))

        remove_unsound_records(study)
        assert not study.manifest("", "tables").exists()
        work(study, print)
        return {one.kind for one in result_problems(study) if one.stage == "tables"}

    assert run(broken=True) == {"failed"}
    assert run(broken=False) == set()


def test_a_stage_of_the_study_that_breaks_says_so_in_words(file):
    _ran(file)

    @study_stage("tables")
    def work(study, report):
        raise ZeroDivisionError("of the program")

    with refused(RULE, "ZeroDivisionError"):
        work(load_study(file), print)
    assert not load_study(file).manifest("", "tables").exists()


def test_a_study_does_not_write_over_the_results_of_another_of_its_name(file):
    """Run from one folder: both write into results/NAME."""
    other = file.parent / "other" / file.name
    shutil.copytree(file.parent, other.parent)

    def claim(which):
        claim_results(load_study(which))

    claim(file)
    claim(file)  # its own are no others
    with refused("results-of-another", "another study of the same name", RunStoppedError):
        claim(other)
    replace(file, "name: small", "name: small_one")
    claim(other)
    replace(other, "name: small", "name: small_one")
    claim(file)
    with pytest.raises(RunStoppedError):
        claim(other)
    file.unlink()  # or moved: the results belong to no other study any more
    claim(other)


def _compare(file, trials="[]"):
    """Ask for the same recordings on the other sprint model's file, with a map of its own."""
    for name in ("map.yaml", "markers.yaml"):
        shutil.copy(MODELS / "sprint" / name, file.parent / name)
    models = f"other_models: {{trials: {trials}, models: {{other: {{map: map.yaml}}}}}}"
    replace(file, "files:", f"{models}\nfiles:")


def test_other_models_come_before_the_stage_that_compares_them(file):
    _compare(file)
    study = load_study(file)
    other = on_other_models(study)["other"]
    assert other.root == study.root / "other_models" / "other"
    assert _ran(file)[: len(EACH_MODEL)] == [f"P1 {stage}" for stage in EACH_MODEL]
    assert other.manifest("P1", "contributions") in records_read(study, "P1", "contributions")
    (other.folder("P1", EACH_MODEL[2]) / "result").write_text("edited")
    found = [one for one in result_problems(study) if one.kind == "damaged"]
    assert [(one.stage, one.participant) for one in found] == [(EACH_MODEL[2], "P1")]
    assert _ran(file) == [f"P1 {EACH_MODEL[2]}"]


def test_only_named_trials_are_compared_and_static_ones(file):
    _compare(file, "[fast]")
    other = on_other_models(load_study(file))["other"]
    assert [one.trial_id for one in other.trials_of("P1")] == ["standing", "fast"]
    replace(file, "[fast]", "[unknown]")  # aqbio check refuses it
    jobs = [name for on, who, name in every_job(load_study(file)) if who == "P1"]
    assert jobs == list(PARTICIPANT_STAGES)
