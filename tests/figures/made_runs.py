"""Made-up runs as stages contributions and inverse dynamics leave them: known joint powers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.figures.runs import fastest_runs
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import Study

RATE = 200.0
ANGLES = {"hip": 0.5, "knee": 1.0, "ankle": -0.2}
"""Flexion of the joints of the leg on the right, rad; on the left twice that."""

POWERS = {"hip": 300.0, "knee": -100.0, "ankle": 500.0}
"""W, of both legs."""


def write_made_runs(study: Study, steps: pd.DataFrame) -> None:
    """Write contributions and motion of every athlete's fastest run."""
    for who, trial in fastest_runs(steps):
        own = steps[(steps["participant_id"] == who) & (steps["trial_id"] == trial)]
        found, motion = made_run(study, own)
        for stage, data in (("contributions", found), ("inverse_dynamics", motion)):
            write_dataset(data, study.folder(who, stage) / f"{trial}.nc", {})


def made_run(study: Study, steps: pd.DataFrame) -> tuple[xr.Dataset, xr.Dataset]:
    """A run whose angles and joint powers are constant."""
    end = float(steps["toe_off_s"].max()) + 0.3
    time = np.arange(0.0, end, 1.0 / RATE)
    legs = [f"{joint}_{side}" for joint in ANGLES for side in ("left", "right")]
    found = xr.Dataset(
        {
            "joint_power": (
                ("time", "joint"),
                np.tile([POWERS[name.split("_")[0]] for name in legs], (len(time), 1)),
            ),
            "ground_force": (("time", "foot", "axis"), np.zeros((len(time), 2, 3))),
        },
        coords={
            "time": time,
            "joint": legs,
            "foot": ["left", "right"],
            "axis": ["x", "y", "z"],
        },
    )
    return found, _motion(study, time)


def _motion(study: Study, time: np.ndarray) -> xr.Dataset:
    mapped = study.model_map
    angles = {
        getattr(mapped.sagittal[joint], side): factor * value * mapped.flexion[joint]
        for joint, value in ANGLES.items()
        for side, factor in (("right", 1.0), ("left", 2.0))
    }
    q = np.tile(list(angles.values()), (len(time), 1))
    return xr.Dataset(
        {"q": (("time", "coordinate"), q)}, coords={"time": time, "coordinate": list(angles)}
    )
