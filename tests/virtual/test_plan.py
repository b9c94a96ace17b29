"""What extra recordings are worth, predicted before they are made and found after they were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from aqbio.cli import app
from aqbio.errors import AqbioError
from aqbio.io.study import Study, load_study
from aqbio.session.plan import QUANTITIES, WITH, recording_plan
from aqbio.stages.consistency.stage import consistency_participant
from aqbio.stages.contributions.stage import contributions_participant
from aqbio.stages.prepare.stage import prepare_participant
from aqbio.stages.scale.stage import scale_participant
from aqbio.stages.solve.stage import solve_participant
from aqbio.stages.steps.stage import steps_participant
from aqbio.virtual.recordings.disturbances import Disturbances
from aqbio.virtual.recordings.laboratory import Laboratory
from aqbio.virtual.recordings.recording import RunPlan, recorded_run
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("plan")]

SETTINGS = (
    "consistency: {parameters: {drag_area: {prior: 0, lowest: 0}}, samples: 0, held_out_folds: 0}\n"
)
LYING = "lying on the back, on a board"

STAGES = (
    prepare_participant, scale_participant, solve_participant, consistency_participant,
    contributions_participant, steps_participant,
)  # fmt: skip


def _silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def without(gait_of: GaitOf, tmp_path_factory) -> Study:
    """One run with soft tissue, and quiet standing."""
    return _made(gait_of, tmp_path_factory.mktemp("without"), {})


@pytest.fixture(scope="module")
def lying(gait_of: GaitOf, tmp_path_factory) -> Study:
    """The same, and the runner on his back on a board that lies on a plate."""
    return _made(gait_of, tmp_path_factory.mktemp("lying"), {"on-board": {"pelvis_tilt": 90.0}})


def _made(gait_of: GaitOf, folder: Path, postures: dict[str, dict[str, float]]) -> Study:
    laboratory = Laboratory()
    runs = {"run9": recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(1), laboratory)}
    noise = Disturbances(soft_tissue_m=0.014)
    study = write_made_study(
        folder, RUNNER, runs, laboratory, noise, SETTINGS, body_known=True, postures=postures
    )
    for stage in STAGES:
        stage(study, RUNNER.name, _silent)
    return study


def _after(study: Study, recording: str) -> pd.Series:
    table = recording_plan(study, RUNNER.name).set_index(["recording", "quantity"])
    return table.loc[recording, "half_width_after"][list(QUANTITIES)]


def test_a_posture_is_worth_what_was_predicted(without, lying):
    """Intervals with the recording are those that the plan told without it."""
    now, told, found = _after(without, WITH), _after(without, LYING), _after(lying, WITH)
    assert (found <= now * 1.01).all()
    gained = ["push_leg", "swing_leg", "total"]
    assert (found[gained] < 0.97 * now[gained]).all()
    # The plan knows of centres of mass alone; the fit also of how they trade with masses.
    np.testing.assert_allclose(found, told, rtol=0.08)


def test_every_posture_is_read_and_predicted(lying):
    """Both are over their centres of pressure, before anything is fitted to them as well."""
    standing = lying.read_manifest(RUNNER.name, "consistency")["standing"]
    assert [one["trial_id"] for one in standing] == ["static", "on-board"]
    for one in standing:
        assert np.hypot(*one["left_out_m"]) < 0.015, one
        assert np.hypot(*one["fitted_m"]) < 0.006, one


def test_the_command_tells_and_writes(without):
    ran = CliRunner().invoke(app, ["plan", str(without.file)])
    assert ran.exit_code == 0, ran.output
    assert LYING in ran.output
    table = pd.read_csv(without.root / "plan" / f"{RUNNER.name}.tsv", sep="\t")
    assert set(table["quantity"]) == set(QUANTITIES)
    first = table[table["recording"] == WITH]
    np.testing.assert_allclose(first["half_width_before"], first["half_width_after"])
    shares = [name for name in table if name.startswith("share_")]
    assert len(shares) == 5
    np.testing.assert_allclose(table[shares].sum(axis=1), 1.0, atol=1e-9)
    assert first.set_index("quantity").loc["push_leg", "share_sideways"] > 0.5
    none = table[table["recording"] == "no force plates"].set_index("quantity")
    assert (none["half_width_after"] >= none["half_width_before"] * 0.999).all()


def test_without_a_fit_nothing_is_planned(without, tmp_path):
    shutil.copytree(without.file.parent, tmp_path / "copy")
    manifest = json.loads(without.manifest(RUNNER.name, "consistency").read_text(encoding="utf-8"))
    folder = tmp_path / "copy" / "results" / "made" / "participants" / RUNNER.name
    manifest["adjusted_model"] = False
    (folder / "consistency.json").write_text(json.dumps(manifest), encoding="utf-8")
    settings = tmp_path / "copy" / "study.yaml"
    told = settings.read_text(encoding="utf-8")
    moved = told.replace(without.file.parent.as_posix(), (tmp_path / "copy").as_posix())
    settings.write_text(moved, encoding="utf-8")
    with pytest.raises(AqbioError) as refused:
        recording_plan(load_study(settings), RUNNER.name)
    assert refused.value.rule == "no-plan"
    assert "was fitted" in refused.value.what
