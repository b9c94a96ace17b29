"""Markers that the fit did not see: JA1's sprint and jog, 24 markers in four parts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.mechanics.consistency.fit import fit_trial
from aqbio.mechanics.consistency.weights import Weights
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.kinematics import marker_positions
from benchmarks.recorded_runs import FILES, RecordedRun, recorded_run

pytestmark = [pytest.mark.real, pytest.mark.opensim]

PARTS = (
    ("RTHAP", "LTHAD", "RTIAP", "LTIAD", "T7", "SACR"),
    ("RTHAD", "LTHLP", "RTIAD", "LTILAT", "MAN", "RASI"),
    ("RTHLD", "LTHAP", "RTILAT", "LTIAP", "C7", "LASI"),
    ("RTHLP", "LTHLD", "RLEPI", "LLEPI", "RSH", "RMFL"),
)
NO_FORCES = Weights(sigma_force_n=1e6, sigma_moment_nm=1e6)
WORSE_M = 0.0002
"""Forces may not make the prediction worse than this, m RMS."""


def held_out_errors(run: RecordedRun, weights: Weights) -> float:
    """RMS error of the fit over markers that it was not shown, m."""
    seen, skeleton = run.observations, run.runner.skeleton
    names = [skeleton.markers[index] for index in seen.marker_index]
    errors = []
    for part in PARTS:
        left = [names.index(name) for name in part]
        shown = seen.markers.copy()
        shown[:, left] = np.nan
        start = inverse_kinematics(skeleton, shown, seen.marker_index, np.ones(len(names))).q
        fit = fit_trial(run.runner, replace(seen, markers=shown, start=start), weights)
        found = marker_positions(skeleton, fit.motion.q)[:, seen.marker_index[left]]
        apart = np.linalg.norm(found - seen.markers[:, left], axis=2)
        errors.append(apart[fit.problem.measured])
    return float(np.sqrt(np.nanmean(np.concatenate(errors, axis=1) ** 2)))


@pytest.mark.parametrize("trial", FILES)
def test_forces_do_not_spoil_the_prediction(realdata: Path, trial: str):
    """Against the same splines and weights without forces.

    Inverse kinematics, for which all markers weigh alike, predicts them better than either: markers
    of one segment share the motion of its skin, and whoever follows the skin predicts its other
    markers. On virtual sprinters, too, where equal weights are farther from the bones
    (docs/consistency.md).
    """
    run = recorded_run(realdata, trial, "rajagopal")
    without, fitted = (held_out_errors(run, weights) for weights in (NO_FORCES, Weights()))
    assert fitted <= without + WORSE_M
    text = (Path(__file__).parents[2] / "docs" / "consistency.md").read_text(encoding="utf-8")
    row = next(one for one in text.splitlines() if one.startswith("| default weights, no forces"))
    told = re.findall(r"\d+\.\d", row)[2 * ("sprint", "jog").index(trial) :][:2]
    np.testing.assert_allclose(
        [float(one) for one in told], [1e3 * without, 1e3 * fitted], atol=0.06
    )
