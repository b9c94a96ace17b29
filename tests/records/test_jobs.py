"""What the jobs of a study depend on and leave, with stand-ins for their stages."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.atomic import write_text
from aqbio.io.study import MODELS, load_study, on_other_models
from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE
from aqbio.study.internal import RULE, STAGE_ORDER, Parts
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


@pytest.mark.parametrize("fault", MACHINE, ids=repr)
def test_a_fault_of_the_machine_is_no_failure_of_a_participant(file, fault):
    """As it was, and in words of a reader."""
    words = AqbioError("the file cannot be read as an OpenSim model.")
    for broken in (_raises(fault), _raises(words, fault)):
        with refused("machine", error=RunStoppedError):
            _ran(file, scale=broken)
        assert not load_study(file).manifest("P1", "scale").exists()
    assert _ran(file)[0] == "P1 scale"


def test_an_internal_error_is_no_outcome_of_a_stage(file):
    """Each run tries again, and `verify` names it; of a stage of the study too."""
    middle = PARTICIPANT_STAGES[2]
    both = [f"P1 {middle}", f"P2 {middle}"]
    broken = _raises(ZeroDivisionError("of the program"))

    def failed():
        return [one for one in result_problems(load_study(file)) if one.kind == "failed"]

    _ran(file, **{middle: broken})
    assert [f"{one.participant} {one.stage}" for one in failed()] == both
    assert "ZeroDivisionError" in failed()[0].file.read_text(encoding="utf-8")
    assert _ran(file, **{middle: broken}) == both
    assert (_ran(file), failed(), _ran(file)) == (both, [], [])
    with refused(RULE, "ZeroDivisionError"):
        study_stage("tables")(lambda *_: broken())(load_study(file), print)
    assert not load_study(file).manifest("", "tables").exists()


def _makers(sizes):
    """Lists of so many numbers; a maker of none breaks."""
    return [(f"part {n}", lambda n=n: [os.getpid(), *range(n), 1 // n]) for n in sizes]


@pytest.mark.parametrize("cores", [1, 2])
def test_a_stage_of_the_study_that_lost_a_part_is_tried_again(file, cores):
    """What breaks is a finding and stops no other part; a stage that has not run stops all."""
    _ran(file)
    study, made = load_study(file), []

    @study_stage("tables")
    def work(study, report, sizes):
        parts = Parts(study, "tables")
        made[:] = list(parts.side_by_side(_makers(sizes), [], cores))
        assert [("ZeroDivisionError" in one.what) for one in parts.findings] == [True] * (
            0 in sizes
        )

    for sizes in ([2, 0, 3], [1, 2]):
        remove_unsound_records(study)
        assert not study.manifest("", "tables").exists()
        work(study, print, sizes)
        assert [len(one) for one in made] == [size and size + 2 for size in sizes]
        assert (os.getpid() in {one[0] for one in made if one}) == (cores == 1)
        kinds = {one.kind for one in result_problems(study) if one.stage == "tables"}
        assert kinds == ({"failed"} if 0 in sizes else set())
    early = _raises(AqbioError("stage steps has not run.", rule=STAGE_ORDER))
    with pytest.raises(AqbioError, match="has not run"):
        list(Parts(study, "tables").side_by_side([("early", early), *_makers([1])], [], cores))


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


def test_other_models_come_before_the_stage_that_compares_them(file):
    """The same recordings on the other sprint model's file, with a map of its own."""
    for name in ("map.yaml", "markers.yaml"):
        shutil.copy(MODELS / "sprint" / name, file.parent / name)
    replace(file, "files:", "other_models: {models: {other: {map: map.yaml}}}\nfiles:")
    study = load_study(file)
    other = on_other_models(study)["other"]
    assert other.root == study.root / "other_models" / "other"
    assert _ran(file)[: len(EACH_MODEL)] == [f"P1 {stage}" for stage in EACH_MODEL]
    assert other.manifest("P1", "contributions") in records_read(study, "P1", "contributions")
    (other.folder("P1", EACH_MODEL[2]) / "result").write_text("edited")
    found = [one for one in result_problems(study) if one.kind == "damaged"]
    assert [(one.stage, one.participant) for one in found] == [(EACH_MODEL[2], "P1")]
    assert _ran(file) == [f"P1 {EACH_MODEL[2]}"]
    replace(file, "{models:", "{trials: [fast], models:")
    other = on_other_models(load_study(file))["other"]
    assert [one.trial_id for one in other.trials_of("P1")] == ["standing", "fast"]
    replace(file, "[fast]", "[unknown]")  # aqbio check refuses it
    jobs = [name for on, who, name in every_job(load_study(file)) if who == "P1"]
    assert jobs == list(PARTICIPANT_STAGES)
