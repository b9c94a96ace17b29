"""Gates against real people: ``python -m validation.real_gates STUDY [STUDY ...]``.

Reads the results of finished studies. Prints the distribution of every measure that decides about
a trial, with its limit and what a tenth of the recordings exceed; states of trials; the largest
sudden change of every joint's moment; and moments of hip and knee above 20 Hz, plain and fitted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import butter, sosfiltfilt

from aqbio.inverse_dynamics.sudden import MOMENT_CHANGE_TIME_S
from aqbio.inverse_kinematics.solution import FITTED
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.vectors import BoolArray, FloatArray

MEASURES = ("foot_slip", "flight_drift_y", "flight_acceleration")

ABOVE_HZ = 20.0
"""Joint moments of running end below this frequency, Hz."""

RULE = 1.5
"""A limit is this many times what a tenth of sound recordings exceed."""


def measures(study: Study) -> pd.DataFrame:
    """Values and limits of the decisive measures of every trial."""
    table = read_table(study.table("quality.tsv"))
    speeds = read_table(study.table("trials.tsv"))[
        ["participant_id", "trial_id", "speed_mps", "motion", "surface", "state"]
    ]
    chosen = table[table["measure"].isin(MEASURES)]
    return chosen.merge(speeds, on=["participant_id", "trial_id"])


def joint_rows(study: Study) -> Iterator[dict[str, object]]:
    """Moments of every joint of every fitted trial: range, largest change, RMS above 20 Hz."""
    for person in study.participants:
        name = person.participant_id
        for trial in study.moving_of(name):
            file = study.folder(name, "inverse_dynamics") / f"{trial.trial_id}.nc"
            fitted = read_dataset(file)
            if fitted.attrs["motion"] != FITTED:
                continue
            plain = read_dataset(study.folder(name, "inverse_kinematics") / file.name)
            time, contacts = fitted["time"].values, fitted["contact_touchdown"].values
            inside = (time >= np.nanmin(contacts)) & fitted["forces_fitted"].values.astype(bool)
            inside &= time <= np.nanmax(fitted["contact_toe_off"].values)
            for number, joint in enumerate(map(str, fitted["coordinate"].values)):
                if joint.startswith("pelvis"):
                    continue
                moments = [data["generalised_force"].values[:, number] for data in (plain, fitted)]
                finite = inside & np.isfinite(moments).all(axis=0)
                if finite.sum() > 10:
                    row = _joint(time, moments, finite)
                    yield {"person": name, "trial": trial.trial_id, "joint": joint, **row}


def _joint(time: FloatArray, moments: Sequence[FloatArray], finite: BoolArray) -> dict[str, float]:
    """Numbers of one joint: of the plain motion (0) and of the fit (1)."""
    rate = 1.0 / float(time[1] - time[0])
    lag = max(round(MOMENT_CHANGE_TIME_S * rate), 1)
    pairs, row = finite[lag:] & finite[:-lag], dict[str, float]()
    high = butter(4, ABOVE_HZ / (0.5 * rate), "high", output="sos")
    for way, values in enumerate(moments):
        filled = np.interp(time, time[finite], values[finite])
        row[f"range_{way}"] = float(np.ptp(values[finite]))
        row[f"change_{way}"] = float(np.abs(values[lag:] - values[:-lag])[pairs].max())
        row[f"above_{way}"] = float(np.sqrt((sosfiltfilt(high, filled)[finite] ** 2).mean()))
    return row


def report(studies: Sequence[Study]) -> Iterator[str]:
    """Lines of the report."""
    table = pd.concat([measures(study) for study in studies], ignore_index=True)
    trials = table.drop_duplicates(["participant_id", "trial_id"])
    counts = ", ".join(f"{n} {state}" for state, n in trials["state"].value_counts().items())
    yield f"{len(trials)} trials: {counts}"
    for name, rows in table.groupby("measure"):
        value, limit = rows["value"], float(rows["limit"].iloc[0])
        tenth = float(value.quantile(0.9))
        by_speed = ", ".join(
            f"{at:g} m/s {of_speed.median():.3g} (max {of_speed.max():.3g})"
            for at, of_speed in value.groupby(rows["speed_mps"].round())
        )
        yield (
            f"{name}: median {value.median():.3g}, a tenth above {tenth:.3g}, times {RULE:g} "
            f"{RULE * tenth:.3g}; limit {limit:.3g}, {int((value > limit).sum())} of {len(rows)} "
            f"beyond; {by_speed}"
        )
    joints = pd.DataFrame([row for study in studies for row in joint_rows(study)])
    kind = joints["joint"].str.replace(r"_[rl]$", "", regex=True).rename("kind")
    by_kind = joints.groupby(["person", "trial", kind])[["range_0", "change_0"]].transform("max")
    excess = joints["change_1"] - by_kind["change_0"]
    share = excess / by_kind["range_0"]
    for name, rows in joints.groupby(kind):
        above = np.sqrt((rows[["above_0", "above_1"]] ** 2).mean())
        louder = int((rows["above_1"] > rows["above_0"]).sum())
        size = float(by_kind.loc[rows.index, "range_0"].median())
        yield (
            f"{name}: change within 20 ms beyond both sides {excess[rows.index].max():.1f} N m at "
            f"most ({share[rows.index].max():.2f} of a range of {size:.0f} N m); "
            f"above {ABOVE_HZ:g} Hz {above['above_0']:.2f} -> {above['above_1']:.2f} N m, more in "
            f"{louder} of {len(rows)}"
        )


def main() -> None:
    """Print the report of the named studies."""
    for line in report([load_study(Path(name)) for name in sys.argv[1:]]):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
