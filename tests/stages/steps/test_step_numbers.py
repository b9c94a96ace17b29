"""Numbers of steps.tsv and of the rows of contributions computed again from the signals of a trial.

By another way than the stage's: integrals of splines, closed forms of a runner who turns. The made
trial's signals are cubics in time, so that splines are exact; what remains is the trapezoidal rule
over 101 points of a phase.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.gait.step_files import trial_contacts
from aqbio.gait.steps import solved_steps, steps_from_contacts
from aqbio.intervals.step_uncertainty import half_widths, stance_sds
from aqbio.io.study import load_study
from aqbio.steps import rows as step_columns
from aqbio.steps.rows import TrialSteps
from aqbio.steps.stage import _step_rows
from tests.small_study import write_small_study
from tests.stages.made_contributions import CONTACTS, TIME, made_trial, mirrored_trial
from tests.steps.cut import cut_steps

SIDES = ("as it is", "mirrored")


@pytest.fixture
def study(tmp_path):
    return load_study(write_small_study(tmp_path))


def _trial(study, data: xr.Dataset) -> TrialSteps:
    data = data.assign(contact_peak=("contact", [1000.0, 1500.0, 2000.0]))
    data = data.assign_attrs(events="plates")
    contacts = list(trial_contacts(data))
    steps = steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.0)
    steps = solved_steps(steps, float(TIME[0]), float(TIME[-1]))
    curves = cut_steps(data, steps)
    errors = xr.DataArray(
        np.zeros((len(TIME), 1)), dims=("time", "marker"), coords={"time": data["time"]}
    )
    trial = study.moving_of("P1")[0]
    half = {side: half_widths(stance_sds(data, side)) for side in ("left", "right")}
    return TrialSteps(
        "P1", trial, data, errors, tuple(steps), curves, (), half, Path("fast.nc"), {}
    )


def _table(study, data: xr.Dataset) -> pd.DataFrame:
    return pd.DataFrame(list(_step_rows(study, _trial(study, data))))


def _turning(degrees_per_second: float, belt: float) -> xr.Dataset:
    """A runner at 8 m/s on a circle to the right, on the ground or on a treadmill."""
    data = made_trial(speed=8.0, belt=belt)
    angle = np.radians(degrees_per_second) * TIME
    data["com_velocity"].values[:] = 8.0 * np.column_stack(
        (np.cos(angle), np.zeros(len(TIME)), np.sin(angle))
    )
    data["com_velocity"].values[:, 0] -= belt
    return data


@pytest.mark.parametrize("belt", [0.0, 8.0])
@pytest.mark.parametrize("way", SIDES)
def test_heading_of_a_runner_who_turns(study, belt, way):
    """To the side of the first stance foot: positive, half of the stride's turn per step."""
    data = _turning(20.0, belt)
    table = _table(study, data if way == "as it is" else mirrored_trial(data))
    first = CONTACTS["touchdown"]
    expected = 20.0 * (first[2] - first[0]) / 2
    assert table["heading_change_deg"][0] == pytest.approx(expected, rel=1e-6)
    assert table["side"][0] == ("right" if way == "as it is" else "left")


def test_the_sidecar_says_toward_which_side_z_points(study):
    """A ground force to the runner's right on the right foot, to the left on the left one."""
    made = made_trial()
    made["ground_force"].values[:] = [0.0, 1000.0, 100.0]
    made["ground_force"].values[:, 0, 2] = -100.0
    lateral = _table(study, made)["lateral_force_bw"][:2]
    word = "stance" if (lateral > 0).all() else "swing"
    steps, rows = step_columns.STEPS, step_columns.CONTRIBUTIONS
    said = [
        steps["H_total_z_stance_mean_kgm2ps"], steps["lateral_force_bw"],
        steps["heading_change_deg"], rows["axis"],
    ]  # fmt: skip
    assert all(f"toward the {word} side" in one["description"] for one in said)
