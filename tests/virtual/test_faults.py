"""Faults of input through the pipeline, plain and fitted: each ends as a named finding.

A closure cannot notice them, the residual absorbs them. The plain way names them before
consistency, which has names of its own for what it cannot fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aqbio.io.study import load_study
from aqbio.io.tables import read_table
from aqbio.steps.stage_tables import tables_study
from aqbio.virtual.demo import DISTURBANCES
from aqbio.virtual.recording import Laboratory, RunPlan, VirtualRecording, recorded_run
from tests.golden import differences
from tests.small_study import replace as replace_in
from tests.virtual.made_study import run_stages, write_made_study
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("faults")]

SOUND = {"slow": 7.0, "fast": 9.5}
PLAIN = "consistency: off\ncontributions: {draws: 0}\nmultiverse: {enabled: false}\n"
FITTED = "consistency: {drag_area_m2: 0, samples: 0}"
"""These runners run without air."""
STAGES = ("prepare", "scale", "inverse_kinematics", "inverse_dynamics")
FEET = [(f"R{name}", f"L{name}") for name in ("HEE", "MT5", "MT1", "TOE")]
CLOCK_FAULT = 0.030
"""The forces are this much late, s."""


def plate_force_sign(recording: VirtualRecording) -> dict[str, Any]:
    """The force on the plates instead of that on the runner."""
    return {"force": -recording.force, "moment": -recording.moment}


def free_moment_sign(recording: VirtualRecording) -> dict[str, Any]:
    """Turn the free moment round; forces and centres of pressure stay."""
    force, moment = recording.force, recording.moment.copy()
    loaded = force[..., 1] > 1.0
    safe = np.where(loaded, force[..., 1], 1.0)
    along, across = moment[..., 2] / safe, -moment[..., 0] / safe
    of_force = across * force[..., 0] - along * force[..., 2]
    moment[..., 1] -= np.where(loaded, 2.0 * (moment[..., 1] - of_force), 0.0)
    return {"moment": moment}


def swapped(*pairs: tuple[str, str]) -> Callable[[VirtualRecording], dict[str, Any]]:
    """Exchange labels."""

    def change(recording: VirtualRecording) -> dict[str, Any]:
        markers = recording.markers.copy()
        for names in pairs:
            pair = [recording.labels.index(name) for name in names]
            markers[:, pair] = markers[:, pair[::-1]]
        return {"markers": markers}

    return change


def clock_30_ms(recording: VirtualRecording) -> dict[str, Any]:
    """Let the forces be 30 ms late; what is missing at the start is unloaded."""
    late = round(CLOCK_FAULT * recording.force_rate)
    given = {"force": recording.force, "moment": recording.moment}
    return {
        name: np.concatenate((np.zeros_like(values[:late]), values[:-late]))
        for name, values in given.items()
    }


FAULTS = {
    "plate_force_sign": (plate_force_sign, "plates-action", "plates-action"),
    "free_moment_sign": (free_moment_sign, "free-moment-sign", "free_moment_sign"),
    "swapped_feet": (swapped(*FEET), "sides-exchanged", "sides-exchanged"),
    "swapped_markers": (swapped(("RTH1", "RKNL")), "labels-swapped", "labels-swapped"),
    "clock_30_ms": (clock_30_ms, "force-delay", "clock"),
}
"""What is done to a recording; the rule that names it, plain, and fitted, or a suspected cause."""


@pytest.fixture(scope="module")
def found(gait_of, tmp_path_factory) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Two runs as the demo study disturbs them, and the faster one with every fault: tables of the
    plain way, and findings of the fitted way."""
    laboratory = Laboratory()
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(number), laboratory)
        for number, (name, speed) in enumerate(SOUND.items())
    }
    fast = runs["fast"]
    for name, (change, *_) in FAULTS.items():
        made = fast.recording.changed(**change(fast.recording))
        runs[name] = replace(fast, recording=made)
    folder = tmp_path_factory.mktemp("faults")
    # most trials are faulty here: a body calibrated from all of them would bear the faults as well
    study = write_made_study(folder, RUNNER, runs, laboratory, DISTURBANCES, PLAIN, body_known=True)
    run_stages(study, (*STAGES, "contributions", "multiverse"), (RUNNER.name,))
    tables_study(study, lambda _: None)
    names = ("findings", "quality", "steps", "trials")
    tables = {name: read_table(study.table(f"{name}.tsv")) for name in names}
    replace_in(folder / "study.yaml", "consistency: off", FITTED)
    study = load_study(folder / "study.yaml")
    run_stages(study, STAGES[-1:], (RUNNER.name,))
    fitted = [
        one | {"stage": stage, "trial_id": trial["trial_id"]}
        for stage in STAGES
        for trial in study.read_manifest(RUNNER.name, stage)["trials"]
        for one in trial.get("findings", [])
    ]
    return tables, pd.DataFrame(fitted)


@pytest.mark.parametrize("trial", [*SOUND, *FAULTS])
def test_a_fault_is_named_and_a_sound_run_is_not_accused(found, trial):
    """By no other name, but that turned forces turn the free moment as well."""
    (tables, fitted), (_, plain, cause) = found, FAULTS.get(trial, ("", "", ""))
    named = set(tables["findings"].query("trial_id == @trial")["rule"])
    named &= {rule for _, rule, _ in FAULTS.values()}
    assert named - ({"free-moment-sign"} if plain == "plates-action" else set()) == {plain} - {""}
    own = fitted.query("trial_id == @trial")
    causes = {one for _, _, one in FAULTS.values()}
    assert {*own["rule"], *own["where"]} & causes == {cause} - {""}


def test_what_is_said_of_faulty_trials_is_what_it_was(found):
    tables, fitted = found
    lines = [
        f"{way} {one.trial_id} {one.stage} {one.severity} {one.rule}: {one.what}"
        for way, table in (("plain", tables["findings"]), ("fitted", fitted))
        for one in table.itertuples()
    ]
    trials = tables["trials"]
    lines += [f"{one.trial_id}: {one.status}" for one in trials.itertuples()]
    assert differences("faults", lines) == []


@pytest.mark.parametrize("mended", ["plate_force_sign", "swapped_markers"])
def test_a_fault_that_is_understood_leaves_no_trace(found, mended: str):
    """The force gives itself away, the body two labels: results are those of the sound run."""
    steps = found[0]["steps"].set_index(["trial_id", "step"])
    columns = [name for name in steps.columns if name.startswith("H_") and "_y_" in name]
    ours, sound = (steps.loc[name, columns] for name in (mended, "fast"))
    assert ours.notna().equals(sound.notna())
    assert (ours - sound).abs().max().max() < 0.1 * sound.abs().max().max()


def test_the_delay_is_the_one_that_was_made(found):
    """Within one marker frame of 5 ms."""
    quality = found[0]["quality"].set_index(["trial_id", "measure"])["value"]
    assert quality["clock_30_ms", "force_delay"] == pytest.approx(CLOCK_FAULT, abs=0.005)
