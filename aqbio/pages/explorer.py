"""Every step of a study as a point: numbers that the explorer's page draws."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import xarray as xr

from aqbio.gait.step_files import study_curves
from aqbio.gait.steps import phase_mean
from aqbio.io.study import Study
from aqbio.names import AXES, ROLE_GROUPS, ROLE_SIDES
from aqbio.pages.packed import Channel, pack

PARTS = (*ROLE_GROUPS, *ROLE_SIDES, "total")

START = "start"
"""Channel of the touchdown on the clock of the replay, s."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that every step has, in a column for each part and axis."""

    name: str
    label: str
    unit: str
    column: str
    """Column of the step table; with {part} and {axis} where there are several."""
    step: float
    """What a number on the page is rounded to."""
    parts: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()


RATE = "dH_{part}_{axis}_stance_mean_Nm"
"""Column of the rate of change of a part's angular momentum, mean over the contact."""

MEASURES = (
    Measure(
        "momentum", "angular momentum, mean over the contact", "kg m²/s",
        "H_{part}_{axis}_stance_mean_kgm2ps", 1e-4, PARTS, AXES,
    ),
    Measure(
        "rate", "rate of angular momentum, mean over the contact", "N m", RATE, 1e-2, PARTS, AXES
    ),
    Measure("speed", "speed", "m/s", "speed_mps", 1e-3),
    Measure("contact", "contact time", "s", "contact_s", 1e-4),
    Measure("flight", "flight time", "s", "flight_s", 1e-4),
    Measure("length", "step length", "m", "step_length_m", 1e-3),
    Measure("frequency", "step frequency", "Hz", "step_frequency_hz", 1e-3),
    Measure("peak", "peak vertical force", "body weights", "peak_vertical_force_bw", 1e-3),
    Measure("vertical", "mean vertical force", "body weights", "mean_vertical_force_bw", 1e-3),
    Measure("lateral", "sideways force", "body weights", "lateral_force_bw", 1e-4),
    Measure("gain", "speed gained in the contact", "m/s", "speed_change_mps", 1e-3),
    Measure(
        "residual", "residual moment, root mean square", "N m",
        "M_residual_{axis}_stance_rms_Nm", 1e-2, (), AXES,
    ),
    Measure("markers", "marker error, root mean square", "m", "marker_rms_m", 1e-5),
)  # fmt: skip
"""What can be drawn along either axis of the page."""


def channel_name(measure: Measure, part: str, axis: str) -> str:
    """Name of a channel: empty part or axis where the measure has none."""
    return f"{measure.name} {part} {axis}"


def explorer_content(steps: pd.DataFrame, replayed: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Pack the study's kept steps: a channel per measure, part and axis."""
    kept = steps[steps["status"] != "rejected"].reset_index(drop=True)
    place = ["participant_id", "trial_id"]
    trials = kept.drop_duplicates(place)
    numbers = {key: n for n, key in enumerate(zip(*(trials[one] for one in place), strict=True))}
    channels: dict[str, Channel] = {}
    for measure in MEASURES:
        for part in measure.parts or ("",):
            for axis in measure.axes or ("",):
                column = measure.column.format(part=part, axis=axis)
                if column in kept and kept[column].notna().any():
                    values = kept[column].to_numpy(dtype=float)
                    channels[channel_name(measure, part, axis)] = Channel(values, measure.step)
    known = {name.split(" ")[0] for name in channels}
    if len(kept):
        channels[START] = Channel(kept["touchdown_fitted_s"].to_numpy(dtype=float), 1e-4)
    return {
        "measures": [_measure_entry(one, channels) for one in MEASURES if one.name in known],
        "trials": [
            [who, trial, condition, int((who, trial) in replayed)]
            for who, trial, condition in zip(
                *(trials[one].astype(str) for one in (*place, "condition")), strict=True
            )
        ],
        "trial": [numbers[key] for key in zip(*(kept[one] for one in place), strict=True)],
        "number": [int(one) for one in kept["step"]],
        "left": [int(one == "left") for one in kept["side"]],
        "marked": [int(isinstance(one, str) and bool(one)) for one in kept["flags"]],
        "packed": pack(channels),
    }


def _measure_entry(measure: Measure, channels: dict[str, Channel]) -> dict[str, Any]:
    """A measure with the parts and axes that are known."""
    told = {name: one for name, one in asdict(measure).items() if name not in ("column", "step")}
    axes = measure.axes or ("",)
    told["parts"] = [
        part
        for part in measure.parts
        if any(channel_name(measure, part, axis) in channels for axis in axes)
    ]
    return told


def explorer_script(steps: pd.DataFrame, replayed: Collection[tuple[str, str]]) -> str:
    """The steps as a script that the page loads: a page from disk may fetch nothing else."""
    content = explorer_content(steps, replayed)
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return "globalThis.EXPLORER=" + text.replace("<", r"\u003c") + ";\n"


KEY = ["participant_id", "trial_id", "step"]


def with_rates(study: Study, steps: pd.DataFrame) -> pd.DataFrame:
    """Add the means of the rates over the contact, N m, by part and axis, to the steps."""
    import pandas as pd

    found = []
    for one in study.participants:
        with study_curves(study, one.participant_id) as curves:
            found += [_means(own) for own in curves.participants if own.sizes["step"]]
    if not found:
        return steps
    return steps.merge(pd.concat(found, ignore_index=True), on=KEY, how="left", validate="1:1")


def _means(own: xr.Dataset) -> pd.DataFrame:
    """Of one participant's steps."""
    import pandas as pd

    rate = own["angular_momentum_rate"].sel(phase="stance")
    parts = [one for one in PARTS if one in rate["group"].values]
    means = rate.sel(group=parts).transpose("percent", "step", "group", "axis").values
    named = phase_mean(means.astype(float))
    columns = {
        RATE.format(part=part, axis=axis): named[:, one, other]
        for one, part in enumerate(parts)
        for other, axis in enumerate(AXES)
    }
    place = {name: own[name].values.astype(str) for name in KEY[:2]}
    return pd.DataFrame(place | {"step": own["number"].values} | columns)
