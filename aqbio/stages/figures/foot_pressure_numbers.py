"""Where the ground presses on the feet of every athlete's fastest run, and what a shoe can turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.recordings.pressure import (
    LOADED_SHARE,
    friction_arm,
    pressure_distance,
    pressure_on_foot,
)
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import SIDES
from aqbio.stages.figures.fastest_runs import fastest_runs

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FOOT_PRESSURE = columns("foot_pressure")
POINTS = 21
"""Instants of a contact that are kept."""
MILLIMETRES = 1000.0


def prepared_files(study: Study, outcomes: pd.DataFrame) -> list[Path]:
    """Prepared trials that the figure rests on."""
    found = (study.folder(who, "prepare") / f"{run}.nc" for who, run in fastest_runs(outcomes))
    return [path for path in found if path.is_file()]


def foot_pressure_numbers(study: Study, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Centre of pressure on the foot and lever arm of the free moment, contact by contact.

    Returns
    -------
    DataFrame
        Of `FOOT_PRESSURE`: complete contacts while more than half of the peak force is borne.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for path in prepared_files(study, outcomes):
        data = read_dataset(path, keep=False)
        if {"foot_cop", "marker_raw"} <= set(data):
            own = {"participant_id": path.parent.parent.name, "trial_id": path.stem}
            rows += [own | row for row in _contacts(study, data)]
    return pd.DataFrame(rows, columns=list(FOOT_PRESSURE))


def _contacts(study: Study, data: xr.Dataset) -> Iterator[dict[str, Any]]:
    labels = [str(one) for one in data["marker"].values]
    for number in np.flatnonzero(data["contact_complete"].values):
        side = str(data["contact_foot"].values[number])
        feet = getattr(study.marker_set.feet, side)
        wanted = [one for one in (feet.heel, *feet.toe) if one in labels]
        if feet.heel not in wanted:
            continue
        markers = data["marker_raw"].sel(marker=wanted).values
        yield from _contact(data, int(number), side, markers)


def _contact(
    data: xr.Dataset, number: int, side: str, markers: FloatArray
) -> Iterator[dict[str, Any]]:
    foot = list(SIDES).index(side)
    fine = data["force_time"].values
    start, end = (float(data[f"contact_{name}"][number]) for name in ("touchdown", "toe_off"))
    vertical = data["foot_force_event"].values[:, foot]
    inside = (fine >= start) & (fine <= end)
    loaded = inside & (vertical >= LOADED_SHARE * np.max(vertical, where=inside, initial=0.0))
    if loaded.sum() < POINTS:
        return
    at = np.linspace(fine[loaded][0], fine[loaded][-1], POINTS)
    cop = _at(at, fine, data["foot_cop"].values[:, foot])
    feet = _at(at, data["time"].values, markers.reshape(len(markers), -1))
    feet = feet.reshape(POINTS, -1, 3)
    place, length = pressure_on_foot(cop, feet, right=side == "right")
    arm = friction_arm(data["foot_free_moment"].values[loaded, foot], vertical[loaded])
    for share, (ahead, outwards) in zip(np.linspace(0, 100, POINTS), place, strict=True):
        yield {
            "contact": number + 1,
            "side": side,
            "percent": float(share),
            "ahead_mm": MILLIMETRES * float(ahead),
            "outwards_mm": MILLIMETRES * float(outwards),
            "foot_mm": MILLIMETRES * length,
            "away_mm": MILLIMETRES * pressure_distance(cop, feet),
            "friction_arm_mm": MILLIMETRES * arm,
        }


def _at(time: FloatArray, known: FloatArray, values: FloatArray) -> FloatArray:
    """Values between samples, column by column, (N, C)."""
    return np.stack([np.interp(time, known, column) for column in values.T], axis=1)
