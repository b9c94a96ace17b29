"""Measures of the table of quality computed again from the files of a trial."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from tests.outsider.signals import SIDES, Results, mean
from tests.outsider.tables import GROUPS, model_differences, of_roles, posterior_samples

AXES = "xyz"
ROOT = Path(__file__).parents[2]
LARGEST_DELAY = 0.02
"""Delays that are tried, s."""

RECORDED = {"markers_moved": "markers_displaced_m"}
"""Measures that only the fit itself can tell: by their names in its record."""

UNSTEADY = ("accelerating", "lateral_force", "heading_change")
PEOPLE_SPEEDS = (7.0, 9.0, 10.0)
PEOPLE = {
    "contact_time": ("contact_s", ((0.125, 0.155), (0.10, 0.125), (0.09, 0.11))),
    "flight_time": ("flight_s", ((0.11, 0.15), (0.11, 0.14), (0.11, 0.135))),
    "step_frequency": ("step_frequency_hz", ((3.3, 3.9), (4.0, 4.6), (4.2, 4.9))),
    "step_length": ("step_length_m", ((1.9, 2.1), (2.0, 2.25), (2.1, 2.4))),
    "peak_vertical_force": ("peak_vertical_force_bw", ((2.8, 3.6), (3.2, 4.3), (3.4, 4.8))),
}
"""Columns of steps with what people do at some speeds, m/s; runs here are at 7 to 9.5 m/s."""

ELSEWHERE = {"markers_moved": "tests/virtual/test_consistency_stage.py"}
"""Tests of what the files of a trial do not tell."""


def measures(trial: Results, steps: pd.DataFrame) -> dict[str, float]:
    """Measures of a trial by name."""
    by_name = _markers(trial) | _slip(trial) | _delay(trial) | _flight_acceleration(trial, steps)
    versions = {"": ""} | ({"plain_": "_plain"} if "residual_force_plain" in trial.data else {})
    for prefix, version in versions.items():
        version_measures = _residuals(trial, version) | _yaw(trial, steps, version)
        by_name |= {f"{prefix}{name}": value for name, value in version_measures.items()}
    by_name |= _of_the_fit(trial) | _of_the_records(trial) | _precision(trial, steps)
    return by_name | _widenings(trial) | _bands(steps)


def limits(trial: Results) -> dict[str, float]:
    """Limits of the residuals: 5 % of the peak force, 1 % of it times the height (Hicks 2015)."""
    force = trial.values("ground_force")
    size = np.sqrt((force[np.isfinite(force).all(axis=1)] ** 2).sum(axis=1)).max()
    height = trial.data["com"].values[:, 1].mean() - float(trial.data.attrs["surface_height"])
    by_name = {f"residual_force_{axis}_rms": 0.05 * size / trial.weight for axis in AXES}
    return by_name | {f"residual_moment_{axis}_rms": 0.01 * height * size for axis in AXES}


def _window(trial: Results) -> np.ndarray:
    """Frames from the first touchdown to the last toe-off whose forces were measured whole."""
    data, time = trial.data, trial.time
    begin, end = data["contact_touchdown"].values.min(), data["contact_toe_off"].values.max()
    measured = data["forces_fitted"].values.astype(bool) if "forces_fitted" in data else True
    return (time >= begin) & (time <= end) & measured


def _rms(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(values**2, axis=0))


def _markers(trial: Results) -> dict[str, float]:
    data = trial.motion("solved")
    time, error = data["time"].values, data["marker_error"].values
    recorded = trial.motion("prepared")
    first = np.nanmin(recorded["contact_touchdown"].values)
    last = np.nanmax(recorded["contact_toe_off"].values)
    contact_errors = error[(time >= first) & (time <= last)]
    return {
        "marker_rms": float(np.sqrt(np.nanmean(contact_errors**2))),
        "marker_rms_worst_frame": float(np.sqrt(np.nanmean(contact_errors**2, axis=1)).max()),
        "marker_max": float(np.nanmax(contact_errors)),
    }


def _residuals(trial: Results, version: str) -> dict[str, float]:
    inside = _window(trial)
    weight = float(trial.data.attrs[f"mass{version}"]) * 9.80665
    force = _rms(trial.values(f"residual_force{version}")[inside]) / weight
    moment = _rms(trial.values(f"residual_moment{version}")[inside])
    by_name = {f"residual_force_{axis}_rms": size for axis, size in zip(AXES, force, strict=True)}
    return by_name | {
        f"residual_moment_{axis}_rms": size for axis, size in zip(AXES, moment, strict=True)
    }


def _yaw(trial: Results, steps: pd.DataFrame, version: str) -> dict[str, float]:
    """Residual, effects and drift about the vertical."""
    names = [GROUPS.index(group) for group in ("push_leg", "swing_leg", "arms", "torso")]
    parts = [GROUPS.index(group) for group in ("push_leg", "swing_leg", "arms", "torso", "pelvis")]
    total, residuals, rates, drifts = GROUPS.index("total"), [], [], []
    for _, row in steps[steps["status"] != "rejected"].iterrows():
        step = trial.step(row)
        stance = step.phases["stance"]
        residuals.append(trial.curve(trial.values(f"residual_moment{version}"), stance)[:, 1])
        rate = of_roles(trial, step, f"group_angular_momentum_rate{version}", stance)
        rates.append(rate[:, names, 1])
        if row["status"] == "ok":
            momentum = of_roles(
                trial, step, f"group_angular_momentum{version}", step.phases["flight"]
            )[:, :, 1]
            drifts.append(np.ptp(momentum[:, total]) / np.abs(momentum[:, parts]).max())
    residual = float(np.sqrt(np.mean([mean(curve**2) for curve in residuals])))
    effects = np.sqrt(np.mean([mean(rate**2) for rate in rates], axis=0))
    return {
        "residual_moment_y_stance_rms": residual,
        "effect_to_residual_y": float(effects.min()) / residual,
        "flight_drift_y": float(np.mean(drifts)),
    }


def _flight_acceleration(trial: Results, steps: pd.DataFrame) -> dict[str, float]:
    inside = np.zeros(len(trial.time), dtype=bool)
    for _, row in steps[steps["status"] == "ok"].iterrows():
        start, end = trial.step(row).phases["flight"]
        inside |= (trial.time > start) & (trial.time < end)
    off = trial.values("residual_force")[inside] / trial.mass
    return {"flight_acceleration": float(np.sqrt(np.nanmean((off**2).sum(axis=1))))}


BELTS_APART = 0.03
"""Share of their way by which belts under both feet may differ."""

FOREFEET = {
    side: [f"{side[0].upper()}{label}" for label in ("TOE", "MT1", "MT5")] for side in SIDES
}
"""Markers of the forefeet."""


def _slip(trial: Results) -> dict[str, float]:
    """Median way of a forefoot on the ground, or on the belt that the other foot shows.

    In the middle two fifths of a contact.
    """
    recorded = trial.motion("prepared")
    whole = recorded.isel(contact=np.flatnonzero(recorded["contact_complete"].values))
    speed, angle = float(recorded.attrs["belt_speed"]), float(recorded.attrs["heading"])
    ahead = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    ends = zip(whole["contact_touchdown"].values, whole["contact_toe_off"].values, strict=True)
    rows = []
    for side, (start, stop) in zip(whole["contact_foot"].values.astype(str), ends, strict=True):
        near = np.abs(recorded["time"] - (start + stop) / 2) <= 0.2 * (stop - start) + 1e-9
        path = recorded["marker_raw"].isel(time=near).sel(marker=FOREFEET[side], axis=["x", "z"])
        slope = np.polyfit(path["time"], path.values.reshape(path.sizes["time"], -1), 1)[0]
        velocity = ahead @ slope.reshape(-1, 2).mean(axis=0)
        rows.append((side, (start + stop) / 2, stop - start, *velocity))
    table = pd.DataFrame(rows, columns=["side", "middle", "seconds", "along", "across"])
    sizes = []
    for side, of_side in table.groupby("side"):
        of_other_side, ground = table[table["side"] != side].sort_values("middle"), -speed
        if speed and len(of_other_side):
            padded = np.pad(of_other_side["along"].values, 1, mode="edge")
            steady = [np.median(padded[at : at + 3]) for at in range(len(of_other_side))]
            ground = np.interp(of_side["middle"], of_other_side["middle"], steady)
        along = abs(np.median(0.4 * (of_side["along"] - ground) * of_side["seconds"]))
        spare = BELTS_APART * speed * 0.4 * float(table["seconds"].median())
        across = np.median(0.4 * of_side["across"] * of_side["seconds"])
        sizes.append(np.hypot(max(along - spare, 0.0), across))
    return {"foot_slip": max(sizes)}


def _delay(trial: Results) -> dict[str, float]:
    """The shift by which the measured force follows the weight and inertia most closely."""
    inside = _window(trial)
    time = trial.time[inside]
    force = trial.values("ground_force")[inside, 1]
    inertial_force = trial.mass * (trial.values("com_acceleration")[inside, 1] + 9.80665)
    middle = (time > time[0] + LARGEST_DELAY) & (time < time[-1] - LARGEST_DELAY)
    spline, shifts = CubicSpline(time, force), np.arange(-LARGEST_DELAY, LARGEST_DELAY, 1e-4)
    alike = [
        np.corrcoef(spline(time[middle] + shift), inertial_force[middle])[0, 1] for shift in shifts
    ]
    return {"force_delay": abs(float(shifts[int(np.argmax(alike))]))}


def _of_the_fit(trial: Results) -> dict[str, float]:
    if trial.data.attrs["motion"] != "fitted":
        return {}
    record, inside = trial.record("inverse_dynamics"), _window(trial)
    error = trial.solved["marker_error"].values[inside]
    by_name = {name: record[key] for name, key in RECORDED.items() if key in record}
    by_name["marker_rms_after_fit"] = float(np.sqrt(np.nanmean(error**2)))
    names = trial.solved["coordinate"].values.astype(str)
    change = trial.solved["q"].values[inside] - trial.motion("solved")["q"].values[inside]
    angles = [
        not coordinate.startswith(("pelvis_tx", "pelvis_ty", "pelvis_tz")) for coordinate in names
    ]
    moved = np.degrees(_rms(change[:, angles]))
    moved = moved[moved > 1e-9]  # the others are locked
    return by_name | {
        "joint_change_median": float(np.median(moved)), "joint_change_max": float(moved.max()),
    }  # fmt: skip


def _widenings(trial: Results) -> dict[str, float]:
    """Root mean squares of the misfits by people's, at least 1, by the kinds that rest on them."""
    table = pd.read_csv(ROOT / "aqbio/observed/misfits.tsv", sep="\t", comment="#")
    record, squares = trial.record("contributions"), dict[str, list[float]]()
    for name, rows in table.groupby("redundancy"):
        if name not in record["misfits"]:
            continue
        at, sizes = np.log(rows["scale"].to_numpy(float)), rows["speed_mps"].to_numpy(float)
        usual = np.exp(np.interp(record["speed_mps"], sizes, at))
        for kind in rows["outcomes"].iloc[0].split(", "):
            squares.setdefault(kind, []).append((record["misfits"][name] / usual) ** 2)
    return {
        f"widening_{kind}": max(1.0, float(np.mean(values)) ** 0.5)
        for kind, values in squares.items()
    }


def _precision(trial: Results, steps: pd.DataFrame) -> dict[str, float]:
    """Standard deviations of the means over steps that H1 rests on, from states in the file.

    A state is the same error in all steps: the mean square over states of the mean over steps, of
    each source and of the second model.
    """
    if posterior_samples(trial) is None or "state_deviation" not in trial.data:
        return {}
    data, sds = trial.data, {}
    kinds = data["outcome_source"].values.astype(str)
    sources = data["state_source"].values.astype(str)
    valid_rows = steps[steps["status"] != "rejected"]
    for name in ("push_leg_offset",):
        if name not in kinds:
            continue
        chosen = int(np.flatnonzero(kinds == name)[0])
        by_foot = data["state_deviation"].isel(outcome=chosen).sel(axis="y")
        moved = data["motion_deviation"].sel(axis="y")
        sampled = moved.isel(
            motion_outcome=int(np.flatnonzero(data["motion_outcome_source"] == name)[0])
        ).transpose("stance", "motion_state")
        rows, motion, models = [], [], []
        for _, row in valid_rows.iterrows():
            distance = np.abs(data["stance_touchdown"].values - row["touchdown_fitted_s"])
            if distance.min() < 1e-6:
                rows.append(by_foot.sel(stance_foot=row["side"]).values)
                motion.append(sampled.values[distance.argmin()])
                models.append(model_differences(trial, row["side"])[chosen, 1])
        if not rows:
            continue
        mean = np.nan_to_num(np.mean(rows, axis=0))
        variance = (np.mean(motion, axis=0) ** 2).mean()
        for source in dict.fromkeys(sources[sources != "motion"]):
            variance += (mean[sources == source] ** 2).mean()
        sds[f"sd_{name}"] = float(np.sqrt(variance + np.mean(models) ** 2))
    return sds


def _bands(steps: pd.DataFrame) -> dict[str, float]:
    """Distance of steps from the range of people, and error of their vertical impulse."""
    unsteady = steps["step_flags"].astype(str).str.contains("|".join(UNSTEADY))
    steady = steps[(steps["status"] == "ok") & ~unsteady]
    if steady.empty:
        return {}
    middle, by_name = steady.median(numeric_only=True), {}
    for name, (column, ends) in PEOPLE.items():
        at = np.clip(middle["speed_mps"], PEOPLE_SPEEDS[0], PEOPLE_SPEEDS[-1])
        low, high = (np.interp(at, PEOPLE_SPEEDS, end) for end in zip(*ends, strict=True))
        value = middle[column]
        short, over = (low - value) / low, (value - high) / high
        by_name[f"band_{name}"] = max(0.0, short, over)
    share = steady["contact_s"] / (steady["contact_s"] + steady["flight_s"])
    borne = (steady["mean_vertical_force_bw"] * share).mean()
    return by_name | {"vertical_impulse": abs(borne - 1.0)}


def _of_the_records(trial: Results) -> dict[str, float]:
    """Closing error by the attribute of the file, and what OpenSim made of the same frames."""
    reference = trial.record("contributions")["reference"]
    return {
        "closure_levels": float(trial.data.attrs["closure"]),
        "opensim_momentum": reference["momentum"],
        "opensim_position": reference["position_m"],
        "opensim_inverse_dynamics": reference["forces"],
        "simbody_defect": reference["defect"],
    }
