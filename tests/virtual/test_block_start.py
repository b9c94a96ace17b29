"""A start from blocks: what follows it is told from markers, and its forces are not used."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.step_files import participant_rows
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.virtual.recording import Laboratory, PlateRow, RunPlan, recorded_run
from tests.virtual.block_start import PUSH_S, SET_S, with_start
from tests.virtual.made_study import run_stages, write_made_study
from tests.virtual.runners import RUNNER
from tests.virtual.test_measures import solved_gait
from validation.gaits.accelerating import FASTER
from validation.true_steps import role_momenta

pytestmark = pytest.mark.opensim

SETTINGS = "multiverse: {enabled: false}\ncontributions: {draws: 30}\n"
GROUPS = ("push_leg", "swing_leg", "arms", "torso")
LARGEST_ERROR = (0.5, 0.6, 0.15, 0.15)
"""kg m²/s, at up to 9 m/s. Without plates thighs and shanks are taken to be outwards where people
have them, and this athlete does not (decision 0026)."""


def test_a_start_from_blocks_has_the_steps_that_follow_without_forces(tmp_path):
    """Its plates are not used, the push is no step, and level A is known."""
    gait, laboratory = solved_gait(), Laboratory(plates=PlateRow(26, 1.2))
    run = with_start(recorded_run(gait, RunPlan(0), laboratory), gait.skeleton)
    study = write_made_study(tmp_path, RUNNER, {"start": run}, laboratory, settings=SETTINGS)
    header, static, start = study.sheet("trials").read_text("utf-8").splitlines()
    lines = f"{header}\tcondition", f"{static}\tnormal", f"{start}\tblock_start"
    study.sheet("trials").write_text("\n".join(lines) + "\n", "utf-8")
    study = load_study(study.file)
    run_stages(study, PARTICIPANT_STAGES, (RUNNER.name,))
    [trial] = [
        x for x in study.read_manifest(RUNNER.name, "prepare")["trials"] if x["trial_id"] == "start"
    ]
    rules = {finding["rule"] for finding in trial["findings"]}
    assert "block-start" in rules
    assert "forces-none" not in rules
    steps = participant_rows(study, RUNNER.name, "steps")
    whole = steps[steps["status"] == "ok"]
    assert len(whole) >= FASTER - 5
    assert (whole["touchdown_s"] > SET_S + PUSH_S).all()
    assert whole["acceleration_mps2"].isna().all()
    levels = read_dataset(study.folder(RUNNER.name, "contributions") / "start.nc")
    assert np.isnan(levels["induced_ground_force"].values).all()
    for step in whole.to_dict("records"):
        time = run.truth.gait_time - run.start
        inside = (time >= step["touchdown_s"]) & (time <= step["toe_off_s"])
        true = role_momenta(run.truth, step["side"])[inside].mean(axis=0)
        computed = [step[f"H_{group}_y_stance_mean_kgm2ps"] for group in GROUPS]
        assert np.all(np.abs(computed - true[: len(GROUPS)]) < LARGEST_ERROR)
