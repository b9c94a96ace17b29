"""Faults of input through the pipeline, plain and fitted: each ends as a named finding.

A closure cannot notice them, the residual absorbs them. The plain way names them before
consistency, which has names of its own for what it cannot fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from aqbio.io.study import load_study
from aqbio.io.tables import read_table
from aqbio.steps.stage_tables import tables_study
from aqbio.virtual.demo import DISTURBANCES
from aqbio.virtual.recording import Laboratory, RunPlan, VirtualRecording, recorded_run
from tests.small_study import replace as replace_in
from tests.virtual.made_study import run_stages, write_made_study
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("faults")]

FOOT_MARKERS = ("HEE", "MT5", "MT1", "TOE")
CLOCK_FAULT = 0.030
"""The forces are this much late, s."""
SOUND = {"slow": 7.0, "fast": 9.5}
PLAIN = "consistency: off\ncontributions: {draws: 0}\nmultiverse: {enabled: false}\n"
FITTED = "consistency: {drag_area_m2: 0, samples: 0}"
"""These runners run without air."""


def plate_force_sign(recording: VirtualRecording) -> VirtualRecording:
    """The force on the plates instead of that on the runner."""
    return recording.changed(force=-recording.force, moment=-recording.moment)


def free_moment_sign(recording: VirtualRecording) -> VirtualRecording:
    """Turn the free moment round; forces and centres of pressure stay."""
    force, moment = recording.force, recording.moment.copy()
    vertical = force[..., 1]
    loaded = vertical > 1.0
    safe = np.where(loaded, vertical, 1.0)
    along, across = moment[..., 2] / safe, -moment[..., 0] / safe
    of_force = across * force[..., 0] - along * force[..., 2]
    free = np.where(loaded, moment[..., 1] - of_force, 0.0)
    moment[..., 1] -= 2.0 * free
    return recording.changed(moment=moment)


def swapped_feet(recording: VirtualRecording) -> VirtualRecording:
    """Exchange the labels of both feet."""
    markers = recording.markers.copy()
    for name in FOOT_MARKERS:
        pair = [recording.labels.index("R" + name), recording.labels.index("L" + name)]
        markers[:, pair] = markers[:, pair[::-1]]
    return recording.changed(markers=markers)


def swapped_markers(recording: VirtualRecording) -> VirtualRecording:
    """Exchange two markers of the right thigh."""
    pair = [recording.labels.index("RTH1"), recording.labels.index("RKNL")]
    markers = recording.markers.copy()
    markers[:, pair] = markers[:, pair[::-1]]
    return recording.changed(markers=markers)


def clock_30_ms(recording: VirtualRecording) -> VirtualRecording:
    """Let the forces be 30 ms late; what is missing at the start is unloaded."""
    late = round(CLOCK_FAULT * recording.force_rate)
    parts = {
        name: np.concatenate((np.zeros_like(values[:late]), values[:-late]))
        for name, values in (("force", recording.force), ("moment", recording.moment))
    }
    return recording.changed(**parts)


class Fault(NamedTuple):
    """What is done to a recording, the finding that names it, plain, and fitted its stage with rule
    or suspected cause; the rule by which the fit is not used, and labels that are named."""

    make: Callable[[VirtualRecording], VirtualRecording]
    plain: str
    fitted: tuple[str, str]
    not_used: str = ""
    labels: tuple[str, ...] = ()


FAULTS = {
    "plate_force_sign": Fault(plate_force_sign, "plates-action", ("prepare", "plates-action")),
    "free_moment_sign": Fault(
        free_moment_sign, "free-moment-sign", ("inverse_dynamics", "free_moment_sign"),
        "consistency-suspect",
    ),
    "swapped_feet": Fault(
        swapped_feet, "sides-exchanged", ("prepare", "sides-exchanged"),
        labels=("the end of the leg labelled right (RHEE, RMT5, RMT1, RTOE)",),
    ),
    "swapped_markers": Fault(
        swapped_markers, "labels-swapped", ("prepare", "labels-swapped"), "consistency-plain",
        labels=("RTH1", "RKNL"),
    ),
    "clock_30_ms": Fault(
        clock_30_ms, "force-delay", ("inverse_dynamics", "clock"), "consistency-suspect"
    ),
}  # fmt: skip


class Found(NamedTuple):
    """Tables of the plain way; what the fitted way says of each trial: stage and rule or cause."""

    tables: dict[str, pd.DataFrame]
    fitted: dict[str, set[tuple[str, str]]]


@pytest.fixture(scope="module")
def found(gait_of, tmp_path_factory) -> Found:
    """Two runs as the demo study disturbs them, and the faster one with every fault."""
    laboratory = Laboratory()
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(number), laboratory)
        for number, (name, speed) in enumerate(SOUND.items())
    }
    fast = runs["fast"]
    runs |= {
        name: replace(fast, recording=one.make(fast.recording)) for name, one in FAULTS.items()
    }
    folder = tmp_path_factory.mktemp("faults")
    # most trials are faulty here: a body calibrated from all of them would bear the faults as well
    study = write_made_study(folder, RUNNER, runs, laboratory, DISTURBANCES, PLAIN, body_known=True)
    stages = ("prepare", "scale", "inverse_kinematics", "inverse_dynamics", "contributions",
              "multiverse")  # fmt: skip
    run_stages(study, stages, (RUNNER.name,))
    tables_study(study, lambda _: None)
    names = ("findings", "quality", "steps", "trials")
    tables = {name: read_table(study.table(f"{name}.tsv")) for name in names}
    replace_in(folder / "study.yaml", "consistency: off", FITTED)
    study = load_study(folder / "study.yaml")
    run_stages(study, ("inverse_dynamics",), (RUNNER.name,))
    fitted: dict[str, set[tuple[str, str]]] = {name: set() for name in runs}
    for name in ("prepare", "inverse_kinematics", "inverse_dynamics"):
        for trial in study.read_manifest(RUNNER.name, name)["trials"]:
            for one in trial.get("findings", []):
                said = {(name, one[key]) for key in ("rule", "where", "what")}
                fitted.setdefault(trial["trial_id"], set()).update(said)
    return Found(tables, fitted)


def _rules(found: Found, trial: str) -> set[str]:
    findings = found.tables["findings"]
    return set(findings.loc[findings["trial_id"] == trial, "rule"])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_its_trial_goes_on_unless_it_is_refused(found, fault: str):
    """By no other name, but that turned forces turn the free moment as well; what was bent is not
    used, and exchanged markers are named."""
    expected, said = FAULTS[fault], found.fitted[fault]
    named = _rules(found, fault) & {one.plain for one in FAULTS.values()}
    assert expected.plain in named
    assert named == {expected.plain} or fault == "plate_force_sign"
    assert expected.fitted in said
    trials = found.tables["trials"].set_index("trial_id")
    assert trials.loc[fault, "status"] == ("failed" if fault == "swapped_feet" else "ok")
    assert not expected.not_used or ("inverse_dynamics", expected.not_used) in said
    words = " ".join(one for stage, one in said if stage == "prepare")
    assert all(label in words for label in expected.labels)


@pytest.mark.parametrize("trial", SOUND)
def test_sound_runs_are_not_accused(found, trial: str):
    assert not _rules(found, trial) & {one.plain for one in FAULTS.values()}
    rules = {rule for _, rule in found.fitted[trial]}
    assert not rules & {"consistency-suspect", *(one.fitted[1] for one in FAULTS.values())}


@pytest.mark.parametrize("mended", ["plate_force_sign", "swapped_markers"])
def test_a_fault_that_is_understood_leaves_no_trace(found, mended: str):
    """The force gives itself away, the body two labels: results are those of the sound run."""
    steps = found.tables["steps"].set_index(["trial_id", "step"])
    columns = [name for name in steps.columns if name.startswith("H_") and "_y_" in name]
    ours, sound = (steps.loc[name, columns] for name in (mended, "fast"))
    assert ours.notna().equals(sound.notna())
    assert (ours - sound).abs().max().max() < 0.1 * sound.abs().max().max()


def test_the_delay_is_the_one_that_was_made(found):
    """Within one marker frame of 5 ms."""
    quality = found.tables["quality"].set_index(["trial_id", "measure"])["value"]
    assert quality["clock_30_ms", "force_delay"] == pytest.approx(CLOCK_FAULT, abs=0.005)
