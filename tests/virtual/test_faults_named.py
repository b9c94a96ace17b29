"""Faults of input end as findings that name them, through the whole pipeline to the tables.

The plain way names them, before consistency, which has names of its own for what it cannot fit.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from aqbio.body.stage import scale_participant
from aqbio.consistency.stage import inverse_dynamics_participant
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.tables import read_table
from aqbio.multiverse.stage import multiverse_participant
from aqbio.recordings.stage import prepare_participant
from aqbio.steps.stage import contributions_participant
from aqbio.steps.stage_tables import tables_study
from aqbio.virtual.demo import DISTURBANCES
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.recording import RunPlan, recorded_run
from tests.one_each import ONE_EACH
from tests.virtual.faults import CLOCK_FAULT, FAULTS
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER

pytestmark = pytest.mark.opensim

SOUND = "sound"
NAMES = {
    "plate_force_sign": "plates-action",
    "free_moment_sign": "free-moment-sign",
    "swapped_feet": "sides-exchanged",
    "swapped_markers": "labels-swapped",
    "clock_30_ms": "force-delay",
}
"""The finding that names each fault."""


@pytest.fixture(scope="module")
def tables(gait_of, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """One run as the demo study disturbs it, sound and with every fault."""
    run = recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), Laboratory())
    faulty = {name: replace(run, recording=fault(run.recording)) for name, fault in FAULTS.items()}
    folder = tmp_path_factory.mktemp("faults")
    every = {SOUND: run} | faulty
    plain = f"consistency: off\ncontributions: {{draws: 0}}\n{ONE_EACH}"
    study = write_made_study(folder, RUNNER, every, Laboratory(), DISTURBANCES, plain)
    for stage in (
        prepare_participant, scale_participant, inverse_kinematics_participant,
        inverse_dynamics_participant,
        contributions_participant, multiverse_participant,
    ):  # fmt: skip
        stage(study, RUNNER.name, lambda _: None)
    tables_study(study, lambda _: None)
    names = ("findings", "quality", "steps", "trials")
    return {name: read_table(study.table(f"{name}.tsv")) for name in names}


def _rules(tables, trial: str) -> set[str]:
    findings = tables["findings"]
    return set(findings.loc[findings["trial_id"] == trial, "rule"])


def test_every_fault_has_a_name():
    assert set(NAMES) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_its_trial_goes_on_unless_it_is_refused(tables, fault: str):
    assert NAMES[fault] in _rules(tables, fault)
    trials = tables["trials"].set_index("trial_id")
    assert trials.loc[fault, "status"] == ("failed" if fault == "swapped_feet" else "ok")


def test_the_exchanged_markers_are_named(tables):
    found = tables["findings"].set_index(["trial_id", "rule"])["what"]
    said = " ".join(found.loc[[("swapped_markers", "labels-swapped")]])
    assert "RTH1" in said
    assert "RKNL" in said


def test_a_sound_run_gets_none_of_the_names(tables):
    assert not _rules(tables, SOUND) & set(NAMES.values())


@pytest.mark.parametrize(
    "fault", ["free_moment_sign", "swapped_feet", "swapped_markers", "clock_30_ms"]
)
def test_no_fault_gets_the_name_of_another(tables, fault: str):
    assert _rules(tables, fault) & set(NAMES.values()) == {NAMES[fault]}


@pytest.mark.parametrize("mended", ["plate_force_sign", "swapped_markers"])
def test_a_fault_that_is_understood_leaves_no_trace(tables, mended: str):
    """The force gives itself away, the body two labels: results are those of the sound run."""
    steps = tables["steps"].set_index(["trial_id", "step"])
    columns = [name for name in steps.columns if name.startswith("H_") and "_y_" in name]
    ours, sound = (steps.loc[name, columns] for name in (mended, SOUND))
    assert ours.notna().equals(sound.notna())
    assert (ours - sound).abs().max().max() < 0.1 * sound.abs().max().max()


def test_the_delay_is_the_one_that_was_made(tables):
    """Within one marker frame of 5 ms."""
    quality = tables["quality"].set_index(["trial_id", "measure"])["value"]
    assert quality["clock_30_ms", "force_delay"] == pytest.approx(CLOCK_FAULT, abs=0.005)
