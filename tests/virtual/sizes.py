"""Sizes of what stages computed of a run, by name: what `tests/references` has a table of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from tests.reference_values import Quantity

NAMED_DIMENSIONS = (
    "coordinate", "joint", "uncertainty_source", "source", "group", "sure_group", "chain",
    "sure_chain", "torso_chain", "part", "posture_point",
)  # fmt: skip
"""Dimensions whose members have a value of their own; the first that a variable has."""

ONE_SIZE_VARIABLES = ("u", "udot", "q_unfiltered", "q_offset_sd", "fit_state_u", "fit_state_udot")
"""Variables of coordinates that have one value: they follow from others."""

UNITS = {
    "s": "s", "m": "m", "kg": "kg", "mps": "m/s", "rad": "rad", "radps": "rad/s", "deg": "deg",
    "hz": "Hz", "bw": "body weights", "kgm2ps": "kg m2/s", "Nm": "N m",
}  # fmt: skip
"""Of columns and entries, by the end of their names."""

ROUNDING = 1e-9
"""What is smaller is nothing."""


def rms_of_variables(data: xr.Dataset, run: str) -> list[Quantity]:
    """Root mean squares of every variable of a file, of each coordinate, joint or group."""
    quantities = []
    for name, values in data.data_vars.items():
        if values.dtype.kind != "f":
            continue
        dimensions = [
            dim for dim in NAMED_DIMENSIONS if dim in values.dims and name not in ONE_SIZE_VARIABLES
        ]
        by = dimensions[0] if dimensions else None
        reduced_dimensions = [dim for dim in values.dims if dim != by]
        size = np.sqrt((values**2).mean(reduced_dimensions, skipna=True))
        labels = data[by].values.tolist() if by else [""]
        title = str(name).replace("_", " ")
        quantities += [
            Quantity(f"{run}: {title}{label and f', {label}'}", values.attrs["units"], float(rms))
            for label, rms in zip(labels, np.atleast_1d(size.values), strict=True)
        ]
    return [
        quantity
        for quantity in quantities
        if np.isfinite(quantity.value) and quantity.value > ROUNDING
    ]


def body_quantities(study: Study, participant: str) -> list[Quantity]:
    """Lengths and factors of a scaled model, and what the calibration says of itself."""
    scale = study.read_manifest(participant, "scale")
    quantities = [Quantity("body: error of markers", "m", scale["marker_rms_m"])]
    for name, (length, sd) in scale["lengths_m"].items():
        quantities.append(Quantity(f"body: {name}", "m", length))
        quantities.append(Quantity(f"body: {name}, standard deviation", "m", sd))
    for body, factors in scale["factors"].items():
        for axis, factor in zip("xyz", factors, strict=True):
            quantities.append(Quantity(f"body: {body}, factor along {axis}", "1", factor))
    return quantities


def parameter_quantities(study: Study, participant: str, run: str) -> list[Quantity]:
    """Parameters of the fit, and its numbers of a trial."""
    fit = study.read_manifest(participant, "inverse_dynamics")
    quantities = []
    for parameter in fit["parameters"]:
        quantities += [
            Quantity(f"fit: {parameter['name']}, {part}", parameter["unit"], parameter[part])
            for part in ("estimate", "sd", "prior_sd")
        ]
    for stage in ("inverse_kinematics", "inverse_dynamics"):
        [trial] = [
            t for t in study.read_manifest(participant, stage)["trials"] if t["trial_id"] == run
        ]
        for name, value in trial.items():
            if isinstance(value, float):
                title = name.replace("_", " ")
                quantities.append(Quantity(f"{run}: {title}, {stage}", unit_of(name), value))
    return quantities


def step_quantities(steps: pd.DataFrame, run: str) -> list[Quantity]:
    """Every number of the second step of a run; sizes are those of the column."""
    second = steps[(steps["trial_id"].astype(str) == run) & (steps["step"] == 2)].iloc[0]
    return [
        Quantity(f"step 2 of {run}: {name}", unit_of(name), second[name], size)
        for name, size in steps.select_dtypes("number").abs().max().items()
        if name != "step" and np.isfinite(second[name])
    ]


def unit_of(name: str) -> str:
    """The unit that the end of a name says."""
    return UNITS.get(name.rpartition("_")[2], "1") if "_" in name else "1"


def interval_quantities(contributions: pd.DataFrame, run: str) -> list[Quantity]:
    """Half of the interval of every mean moment about the vertical of a run's second step."""
    chosen = contributions[
        (contributions["trial_id"].astype(str) == run)
        & (contributions["step"] == 2)
        & contributions["level"].isin(["A", "B", "C (C2)", "joint"])
        & (contributions["statistic"] == "moment_mean")
        & (contributions["axis"] == "y")
        & (contributions["phase"] == "stance")
    ].dropna(subset=["low", "high"])
    half = 0.5 * (chosen["high"] - chosen["low"])
    names = chosen["level"].astype(str) + ", " + chosen["source"].astype(str)
    names += (" on " + chosen["target"].astype(str)).where(chosen["level"] == "C (C2)", "")
    return [
        Quantity(f"interval of step 2 of {run}: {name}", "N m", value)
        for name, value in zip(names, half, strict=True)
    ]


def hypothesis_quantities(study: Study, run: str) -> list[Quantity]:
    """Evidence of the hypotheses: a step's numbers, balancing parts."""
    table = {
        name: read_table(study.table(f"{name}.tsv"))
        for name in ("hypotheses_steps", "partitions", "sign_patterns", "multiverse")
    }
    quantities = step_quantities(table["hypotheses_steps"], run)
    quantities += [
        Quantity(f"partition: {row['partition']}", "1", row["opposition"], 1.0)
        for row in table["partitions"].to_dict("records")
    ]
    for row in table["sign_patterns"].to_dict("records"):
        pair = f"cosine: {row['level']}, {row['first']} and {row['second']}"
        quantities.append(Quantity(pair, "1", row["cosine"], 1.0))
    for row in table["multiverse"].dropna(subset="estimate").to_dict("records"):
        name = f"multiverse: {row['hypothesis']}, {row['specification']}"
        quantities.append(Quantity(name, "of the hypothesis", row["estimate"], 0.1))
    return quantities
