"""A posture held still on a plate is read, and the rest of the session predicts it."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.stage import scale_participant
from aqbio.consistency.stage import inverse_dynamics_participant
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.recordings.stage import prepare_participant
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim]

SETTINGS = "consistency: {drag_area_m2: 0, samples: 0}\n"
STAGES = (
    prepare_participant,
    scale_participant,
    inverse_kinematics_participant,
    inverse_dynamics_participant,
)


def test_every_posture_is_read_and_predicted(gait_of, tmp_path):
    """Upright and on the back, the centre of mass lies over that of pressure, fitted or not."""
    laboratory = Laboratory()
    runs = {"run9": recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(1), laboratory)}
    lying = {"on-board": {"pelvis_tilt": 90.0}}
    noise = Disturbances(soft_tissue_m=0.014)
    study = write_made_study(
        tmp_path, RUNNER, runs, laboratory, noise, SETTINGS, body_known=True, postures=lying
    )
    for stage in STAGES:
        stage(study, RUNNER.name, lambda _: None)
    standing = study.read_manifest(RUNNER.name, "inverse_dynamics")["standing"]
    assert [one["trial_id"] for one in standing] == ["static", "on-board"]
    for one in standing:
        assert np.hypot(*one["left_out_m"]) < 0.015, one
        assert np.hypot(*one["fitted_m"]) < 0.006, one
