"""What pages compute of an athlete's steps beside the people of the reference group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import norm

from validation.address_tables import Tables

BAND_PEOPLE = 5
"""Least number of people for a mean and a range."""

NEAR_MPS, BRIDGED_MPS = 0.3, 2.0
"""How far a recorded speed may be; how far two may be apart between which a person counts."""


def both_feet(rows: pd.DataFrame, column: str) -> float:
    """Mean over steps in which each foot weighs alike."""
    return float(rows.groupby("side")[column].mean().mean())


def _at(recorded: pd.Series, speed: float) -> float:
    """Scaled momentum of a person at a speed; NaN where none near it was recorded."""
    speeds = recorded.index.to_numpy(dtype=float)
    below, above = speeds[speeds < speed], speeds[speeds >= speed]
    if len(below) and len(above) and above[0] - below[-1] <= BRIDGED_MPS:
        return float(np.interp(speed, speeds, recorded))
    nearest = np.abs(speeds - speed).argmin()
    return float(recorded.iloc[nearest]) if abs(speeds[nearest] - speed) <= NEAR_MPS else np.nan


def _others(rows: pd.DataFrame, column: str, tables: Tables) -> list[float]:
    """Momentum of every other person at the speed of these steps, on the athlete's body."""
    people = tables["participants"].set_index("participant_id")
    own = people.loc[rows["participant_id"].iloc[0]]
    part, axis = column.removeprefix("H_").removesuffix("_stance_mean_kgm2ps").rsplit("_", 1)
    reference = tables["reference"]
    is_own = reference["person"].eq(own["person"]) & reference["study"].eq(tables.results.name)
    of_part = reference["part"].eq(part) & reference["axis"].eq(axis)
    speed = both_feet(rows, "speed_mps")
    values = [
        _at(person.groupby("speed_mps")["scaled"].mean(), speed)
        for _, person in reference[of_part & ~is_own].groupby(["study", "person"])
    ]
    scale = own["mass_kg"] * own["stature_m"] * speed / 1000.0
    return [value * scale for value in values if np.isfinite(value)]


def _is_beyond(rows: pd.DataFrame, column: str, tables: Tables, sign: float) -> str:
    """Name of the part where its interval lies beyond everybody's on one side."""
    values = sign * np.array(_others(rows, column, tables))
    error = norm.ppf(0.975) * rows[column.replace("mean_kgm2ps", "mean_sd_kgm2ps")].mean()
    own = sign * both_feet(rows, column) - np.nan_to_num(error)
    part = column.removeprefix("H_").rsplit("_", 4)[0].replace("_", " ")
    name = "whole body" if part == "total" else part
    return name if len(values) >= BAND_PEOPLE and own > values.max() else f"{name}: not beyond"


OF_OTHERS: dict[str, Callable[[pd.DataFrame, str, Tables], float | str | tuple[str, ...]]] = {
    "number of others": lambda *place: float(len(_others(*place))),
    "mean of others": lambda *place: float(np.mean(_others(*place))),
    "sd of others": lambda *place: float(np.std(_others(*place), ddof=1)),
    "one of others": lambda *place: tuple(f"{value:.2f}" for value in _others(*place)),
    "above others": lambda rows, column, tables: _is_beyond(rows, column, tables, 1.0),
    "below others": lambda rows, column, tables: _is_beyond(rows, column, tables, -1.0),
}
"""By name; keys are those of the athlete's steps, columns of steps.tsv."""
