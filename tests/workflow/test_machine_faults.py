"""Faults of the machine in every stage: one sentence, nothing half-written counted, the same bytes.

Stages are stand-ins that are struck in the middle of a file; everything else is the product.
"""

from __future__ import annotations

import errno
import itertools

import pytest

from aqbio.faults import SYSTEM_FAULTS, RunStoppedError
from aqbio.io import provenance
from aqbio.io.atomic import PARTIAL
from aqbio.io.study import load_study
from aqbio.study.jobs import every_job, result_problems
from tests.workflow import stand_in
from tests.workflow.conftest import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

SENTENCES = {
    name: SYSTEM_FAULTS[getattr(errno, name)][0]
    for name in ("EDQUOT", "EROFS", "ENOSPC", "EIO", "ESTALE", "ENOMEM")
}


@pytest.fixture
def study_there(finished: Workflow, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    """A finished study, whose stages run in this process."""
    monkeypatch.chdir(finished.folder)
    monkeypatch.setattr(provenance, "git_commit", stand_in.commit)
    monkeypatch.setenv("AQBIO_CALLS", str(finished.folder / "calls.txt"))
    return finished


def _run(workflow: Workflow) -> None:
    study = load_study(workflow.file)
    for _, participant, stage in every_job(study):
        if not study.manifest(participant, stage).exists():
            if participant:
                stand_in.participant_stand_in(stage)(study, participant, print)
            else:
                stand_in.study_stand_in(stage)(study, print)


def _nothing_half_written(workflow: Workflow, call: str) -> None:
    """No half file, and the struck stage counts as not done."""
    stage, _, person = call.partition(" ")
    study = load_study(workflow.file)
    assert not study.manifest(person, stage).exists()
    assert not [path for path in workflow.root.rglob("*") if PARTIAL in path.name]
    assert any(problem.stage == stage for problem in result_problems(study))


STRUCK = {
    *zip(stand_in.CALLS, itertools.cycle(SENTENCES)),
    *((stand_in.CALLS[1], fault) for fault in SENTENCES),
}
"""Every stage by one fault, one stage by every fault."""


@pytest.mark.parametrize(("call", "fault"), sorted(STRUCK))
def test_a_fault_of_the_disk_or_of_memory(study_there, monkeypatch, call, fault):
    before = study_there.results()
    study_there.forget(call)
    monkeypatch.setenv("AQBIO_FAULT", f"{call}:{fault}")
    with pytest.raises(RunStoppedError) as caught:
        _run(study_there)
    assert caught.value.what == f"{SENTENCES[fault]}."
    assert caught.value.fix.endswith("run the same command again: what was finished is kept.")
    _nothing_half_written(study_there, call)
    monkeypatch.delenv("AQBIO_FAULT")
    _run(study_there)
    assert study_there.results() == before
