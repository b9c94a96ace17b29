"""Faults of input (world W6) through the pipeline: each ends as a named finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aqbio.body.stage import scale_participant
from aqbio.consistency.stage import inverse_dynamics_participant
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.study import load_study
from aqbio.recordings.stage import prepare_participant
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.recording import RunPlan, recorded_run
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER
from validation.recordings.faults import FAULTS

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("consistency_faults")]

SETTINGS = "consistency: {drag_area_m2: 0, samples: 0}\n"
"""These runners run without air."""
SOUND = {"slow": 7.0, "fast": 9.5}
STAGES = (
    prepare_participant,
    scale_participant,
    inverse_kinematics_participant,
    inverse_dynamics_participant,
)
NAMED = {
    "plate_force_sign": ("prepare", "plates-action"),
    "free_moment_sign": ("inverse_dynamics", "free_moment_sign"),
    "swapped_feet": ("prepare", "sides-exchanged"),
    "swapped_markers": ("prepare", "labels-swapped"),
    "clock_30_ms": ("inverse_dynamics", "clock"),
}
"""Stage whose finding names the fault, and its rule or, of a suspicion, the cause."""


@pytest.fixture(scope="module")
def findings(gait_of: GaitOf, tmp_path_factory) -> dict[str, set[tuple[str, str]]]:
    """Findings of the stages by trial: (stage, rule) and, of suspicions, (stage, cause)."""
    laboratory = Laboratory()
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(number), laboratory)
        for number, (name, speed) in enumerate(SOUND.items())
    }
    fast = runs["fast"]
    runs |= {name: replace(fast, recording=make(fast.recording)) for name, make in FAULTS.items()}
    folder, noise = tmp_path_factory.mktemp("faults"), Disturbances(soft_tissue_m=0.010)
    # most trials are faulty here: a body calibrated from all of them would bear the faults as well
    study = write_made_study(folder, RUNNER, runs, laboratory, noise, body_known=True)
    text = study.file.read_text(encoding="utf-8").split("consistency:")[0]
    study.file.write_text(text + SETTINGS, encoding="utf-8")
    study = load_study(study.file)
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in runs}
    for stage in STAGES:
        stage(study, RUNNER.name, lambda _: None)
    for name in ("prepare", "inverse_kinematics", "inverse_dynamics"):
        for trial in study.read_manifest(RUNNER.name, name)["trials"]:
            for one in trial.get("findings", []):
                if trial["trial_id"] in found:
                    said = {(name, one[key]) for key in ("rule", "where", "what")}
                    found[trial["trial_id"]] |= said
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_named(findings, fault: str):
    assert NAMED[fault] in findings[fault]


def test_findings_tell_which_markers_were_exchanged(findings):
    said = " ".join(words for stage, words in findings["swapped_feet"] if stage == "prepare")
    assert "the end of the leg labelled right (RHEE, RMT5, RMT1, RTOE)" in said


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("free_moment_sign", "consistency-suspect"),
        ("clock_30_ms", "consistency-suspect"),
        ("swapped_markers", "consistency-plain"),
    ],
)
def test_what_was_bent_is_not_used(findings, fault: str, rule: str):
    assert ("inverse_dynamics", rule) in findings[fault]


@pytest.mark.parametrize("trial", SOUND)
def test_sound_runs_are_not_accused(findings, trial: str):
    assert ("inverse_dynamics", "consistency-suspect") not in findings[trial]
    assert not {rule for _, rule in findings[trial]} & {rule for _, rule in NAMED.values()}
