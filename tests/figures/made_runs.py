"""Made-up runs as stages contributions and consistency leave them: forces of known sources."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.figures.runs import fastest_runs
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import Study
from aqbio.names import GRAVITY

RATE = 200.0
SHARES = {
    **{f"{joint}_{side}": share for joint, share in
       (("hip", 0.2), ("knee", 0.3), ("ankle", 0.6), ("mtp", 0.1)) for side in ("left", "right")},
    "lumbar": -0.2,
    "shoulder_left": 0.05,
    "gravity": 0.1,
    "residual": -0.05,
}  # fmt: skip
"""Share of the force that every source causes; those of the standing leg and the others make 1."""

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
    """A run whose vertical force is a body weight in every contact, forward 0."""
    end = float(steps["toe_off_s"].max()) + 0.3
    time = np.arange(0.0, end, 1.0 / RATE)
    kept = steps[steps["status"] == "ok"]
    weight = float(kept["mass_kg"].iloc[0]) * GRAVITY
    force = np.zeros((len(time), 2, 3))
    caused = np.zeros((len(time), 1, len(SHARES), 2, 3))
    for row in kept.to_dict("records"):
        side, other = ("left", "right") if row["side"] == "left" else ("right", "left")
        foot = ("left", "right").index(side)
        # one frame more on both sides, so that a spline through the ends is flat
        inside = (time > row["touchdown_s"] - 0.05) & (time < row["toe_off_s"] + 0.05)
        force[inside, foot, 1] = weight
        for number, (source, share) in enumerate(SHARES.items()):
            if not (source.endswith(f"_{other}") and source.split("_")[0] != "shoulder"):
                caused[inside, 0, number, foot, 1] = share * weight
    legs = [f"{joint}_{side}" for joint in ANGLES for side in ("left", "right")]
    found = xr.Dataset(
        {
            "ground_force": (("time", "foot", "axis"), force),
            "induced_ground_force": (("time", "contact_model", "source", "foot", "axis"), caused),
            "joint_power": (
                ("time", "joint"),
                np.tile([POWERS[name.split("_")[0]] for name in legs], (len(time), 1)),
            ),
        },
        coords={
            "time": time,
            "foot": ["left", "right"],
            "axis": ["x", "y", "z"],
            "joint": legs,
            "contact_model": ["C2"],
            "source": list(SHARES),
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
