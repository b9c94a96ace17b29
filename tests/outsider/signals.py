"""Signals of a trial as an outsider reads them: NetCDF, splines, and roles written down by hand.

Nothing here is imported from aqbio: what it says of roles and signs is what the documentation says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.interpolate import CubicSpline

FINE = np.linspace(0.0, 1.0, 1001)
SIDES = ("left", "right")
AXIAL, POLAR = np.array([-1.0, -1.0, 1.0]), np.array([1.0, 1.0, -1.0])
"""What becomes of the axes of a left step: the runner is looked at in a mirror."""

LEG = ("hip", "knee", "ankle", "mtp")
AROUND = 6
"""Frames beyond the ends of a phase that the spline may see."""


@dataclass(frozen=True)
class Step:
    """A contact and the flight behind it, on the clock of the motion."""

    side: str
    touchdown: float
    toe_off: float
    next_touchdown: float

    @property
    def other_side(self) -> str:
        return SIDES[1 - SIDES.index(self.side)]

    @property
    def phases(self) -> dict[str, tuple[float, float]]:
        ends_of = {"stance": (self.touchdown, self.toe_off)}
        if np.isfinite(self.next_touchdown):
            ends_of["flight"] = (self.toe_off, self.next_touchdown)
        return ends_of

    def role(self, name: str) -> str:
        """hip_left of a right step: hip_swing."""
        stem, _, side = name.rpartition("_")
        return f"{stem}_{'push' if side == self.side else 'swing'}" if side in SIDES else name

    def groups(self, items: list[str], names: list[str]) -> np.ndarray:
        """Groups that each role sums: everything but the swing leg is on the push side."""
        swing = {f"leg_{self.other_side}"}
        members = {
            "push_leg": {f"leg_{self.side}"}, "swing_leg": swing, "swing_side": swing,
            "arms": {"arm_left", "arm_right"}, "torso": {"torso"}, "pelvis": {"pelvis"},
            "push_side": {*names} - swing, "total": {*names}, "whole_body": {*names},
        }  # fmt: skip
        return np.array([[float(name in members[item]) for name in names] for item in items])

    def sources(self, item: str, names: list[str]) -> np.ndarray:
        """Weights of the anatomical sources behind a row of level C."""
        swing = {f"{joint}_{self.other_side}": 1.0 for joint in LEG}
        joints = {
            joint for joint in names if joint == "lumbar" or joint.rpartition("_")[2] in SIDES
        }
        if item in ("push_side", "swing_side"):
            swing["lumbar"] = 0.5
            weight_of = {joint: swing.get(joint, 0.0) for joint in joints}
            if item == "push_side":
                weight_of = {joint: 1.0 - weight for joint, weight in weight_of.items()}
            return np.array([weight_of.get(name, 0.0) for name in names])
        if item == "ankle_toes_push":
            return np.array(
                [float(self.role(name) in ("ankle_push", "mtp_push")) for name in names]
            )
        return np.array([float(self.role(name) == item) for name in names])


@dataclass(frozen=True)
class Results:
    """Files of a participant's trial."""

    folder: Path
    """Of the participant."""
    trial: str

    @cached_property
    def data(self) -> xr.Dataset:
        with xr.open_dataset(self.folder / "contributions" / f"{self.trial}.nc") as data:
            return data.load()

    def motion(self, folder: str) -> xr.Dataset:
        """The motion as it was solved, or as it was fitted."""
        with xr.open_dataset(self.folder / folder / f"{self.trial}.nc") as data:
            return data.load()

    @cached_property
    def solved(self) -> xr.Dataset:
        """The motion that contributions are of."""
        return self.motion("consistent" if self.data.attrs["motion"] == "fitted" else "solved")

    @property
    def clock_offset(self) -> float:
        """Delay of the clock of the plates, as the fit of the session found it, s."""
        return float(self.motion("consistent").attrs.get("fit_clock_offset", 0.0))

    def record(self, stage: str) -> dict:
        """Record of a stage about the trial."""
        content = json.loads((self.folder / f"{stage}.json").read_text("utf-8"))
        return next(
            trial_record
            for trial_record in content["trials"]
            if trial_record["trial_id"] == self.trial
        )

    @property
    def time(self) -> np.ndarray:
        return self.data["time"].values

    @property
    def mass(self) -> float:
        return float(self.data.attrs["mass"])

    @property
    def weight(self) -> float:
        return self.mass * 9.80665

    def belt(self, instants: np.ndarray) -> np.ndarray:
        """Speed of the belt: that of each contact in its middle, straight lines in between, m/s."""
        if "contact_belt_speed" not in self.data:
            return np.zeros(len(instants))
        middles = (self.data["contact_touchdown"] + self.data["contact_toe_off"]).values / 2
        return np.interp(instants, middles, self.data["contact_belt_speed"].values)

    def step(self, row: pd.Series) -> Step:
        events = (row[f"{name}_fitted_s"] for name in ("touchdown", "toe_off", "next_touchdown"))
        return Step(row["side"], *events)

    def values(self, name: str, **chosen: str) -> np.ndarray:
        """A signal, (T, ...), of both feet together where it has feet and none is asked for."""
        signal = self.data[name]
        if "foot" in signal.dims and "foot" not in chosen:
            signal = signal.sum("foot", skipna=False)
        values = signal.sel(chosen).values
        return values.astype(float) if values.dtype.kind == "f" else values

    def curve(self, values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
        """A signal at 1001 instants of a phase; NaN where any frame of it is unknown."""
        first, last = np.searchsorted(self.time, ends)
        near = slice(max(first - AROUND, 0), last + AROUND)
        time, flat = self.time[near], values[near].reshape(len(self.time[near]), -1)
        at = ends[0] + FINE * (ends[1] - ends[0])
        curve = np.full((len(FINE), flat.shape[1]), np.nan)
        inside = (time >= ends[0]) & (time <= ends[1])
        finite = np.isfinite(flat)
        for pattern in np.unique(finite, axis=1).T:
            if pattern[inside].all() and pattern.sum() > AROUND:
                alike = (finite == pattern[:, None]).all(axis=0)
                curve[:, alike] = CubicSpline(time[pattern], flat[pattern][:, alike])(at)
        return curve.reshape(len(FINE), *values.shape[1:])


def mean(curve: np.ndarray) -> np.ndarray:
    return np.trapezoid(curve, FINE, axis=0)
