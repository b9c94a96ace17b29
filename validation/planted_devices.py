"""Devices that are off, planted in real recordings, what names them and what intervals hold.

``python -m validation.planted_devices STUDY --people JA1 HD01 HD08``: STUDY was run. Plates,
clocks, cameras and masses of its prepared trials are changed, behind the search over faults, and
the stages that follow run again in a temporary folder. For each device the table says what the fit
names that it did not name before, and in how many contacts the stated 95 % intervals of the changed
recording hold the numbers of the recording as it is: mean moments of hip, knee and ankle of the
standing leg, and angular momentum of push side and swing side about the vertical. ``z`` is the root
mean square of the differences over the stated standard deviations.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.spatial.transform import Rotation

from aqbio.force_plates.single_plates import mean_centre, plates_under_feet, with_errors
from aqbio.gait.step_files import step_file
from aqbio.inverse_dynamics.observations import GroundWrench
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_columns
from aqbio.names import AXES, NORMAL_95
from aqbio.stage_table import PARTICIPANT_STAGES, stage_module
from aqbio.study.jobs import SEAL
from aqbio.vectors import FloatArray

LAST_STAGE = "contributions"
JOINTS = ("hip_push", "knee_push", "ankle_push")
SIDES_OF_BODY = ("push_side", "swing_side")
KEYS = ["trial_id", "step", "source"]

Trials = dict[str, xr.Dataset]
"""Prepared trials by name, static ones too."""


@dataclass(frozen=True, slots=True)
class Device:
    """An error of a device, planted in prepared trials."""

    words: str
    changed: Callable[[Trials], Trials]
    names: tuple[str, ...]
    """Parameters, or rules of findings, by any of which it is named."""
    first_stage: str = "inverse_dynamics"


def middle_plate(trials: Trials) -> str:
    """Plate under the middle contact of the first run."""
    run = next(trial for trial in trials.values() if trial.sizes["contact"])
    return str(run["contact_plates"].values[run.sizes["contact"] // 2])


def plate_elsewhere(trials: Trials, error: str, size: float) -> Trials:
    """One plate is displaced (m) or turned (rad) in all trials."""
    plate, centre = middle_plate(trials), plate_centre(trials)
    values = {f"{error}_of_plate_{plate}": size}
    values |= {f"{a}_of_plate_{plate}": x for a, x in zip(AXES, centre.tolist(), strict=True)}
    moved = {}
    for name, trial in trials.items():
        under = plates_under_feet(trial, trial["time"].values)
        force, moment = (trial[f"foot_{part}"].values.copy() for part in ("force", "moment"))
        for foot in range(under.shape[1]):
            on = under[:, foot] == plate
            force[on, foot], moment[on, foot] = with_errors(
                values, plate, force[on, foot], moment[on, foot]
            )
        trial = with_loads(trial, force, moment)
        if error == "along":
            at = trial["plate"].astype(str) == plate
            shift = xr.DataArray([size, 0.0, 0.0], dims="axis") * at
            places = {n: trial[n] + shift for n in ("plate_point", "plate_corner")}
            trial = trial.assign({n: x.transpose(*trial[n].dims) for n, x in places.items()})
        moved[name] = trial
    return moved


def plate_centre(trials: Trials) -> FloatArray:
    """(3,) array, m: mean centre of pressure on the middle plate."""
    plate, forces, moments = middle_plate(trials), [], []
    for trial in trials.values():
        on = plates_under_feet(trial, trial["time"].values) == plate
        forces.append(np.nan_to_num(trial["foot_force"].values[on]))
        moments.append(np.nan_to_num(trial["foot_moment"].values[on]))
    return mean_centre(0.0, forces, moments)


def with_loads(trial: xr.Dataset, force: FloatArray, moment: FloatArray) -> xr.Dataset:
    """A trial with other loads (T, 2, 3) of the feet."""
    dimensions = trial["foot_force"].dims
    return trial.assign(foot_force=(dimensions, force), foot_moment=(dimensions, moment))


def late(trials: Trials, delay: float) -> Trials:
    """Forces of the first run come late, s."""
    name = next(name for name, trial in trials.items() if trial.sizes["contact"])
    trial, time = trials[name], trials[name]["time"].values
    loads = np.concatenate([trial[f"foot_{x}"].values for x in ("force", "moment")], axis=2)
    known = np.isfinite(loads).all(axis=(1, 2))
    for foot in range(loads.shape[1]):
        wrench = GroundWrench(time[known], loads[known, foot, :3], loads[known, foot, 3:])
        loads[known, foot] = np.hstack(wrench.at(time[known] - delay))
    moved = with_loads(trial, loads[..., :3], loads[..., 3:])
    ends = {f"contact_{end}": moved[f"contact_{end}"] + delay for end in ("touchdown", "toe_off")}
    moved = moved.assign(ends).assign_coords(force_time=moved["force_time"] + delay)
    return trials | {name: moved}


def multiplied(trials: Trials, factor: float, names: Sequence[str]) -> Trials:
    """Some variables of all trials, times a factor."""
    return {
        name: trial.assign({n: factor * trial[n] for n in names if n in trial})
        for name, trial in trials.items()
    }


def lengths_times(trials: Trials, factor: float) -> Trials:
    """All that cameras see, times a factor."""
    names = ("marker_raw", "contact_belt_speed", "contact_belt_speed_sd")
    return {
        name: trial.assign_attrs(belt_speed=factor * trial.attrs["belt_speed"])
        for name, trial in multiplied(trials, factor, names).items()
    }


def tilted(trials: Trials, angle: float) -> Trials:
    """The cameras' vertical is off, rad: all plates turn about the right of the ground."""
    turn = Rotation.from_rotvec([0.0, 0.0, angle]).as_matrix()
    names = (
        "foot_force", "foot_moment", "plate_force_raw", "plate_moment_raw", "plate_point",
        "plate_corner",
    )  # fmt: skip
    return {
        name: trial.assign({n: (trial[n].dims, trial[n].values @ turn.T) for n in names})
        for name, trial in trials.items()
    }


LOADS = ("foot_force", "foot_moment", "plate_force_raw", "plate_moment_raw", "contact_peak")


def devices() -> Iterator[Device]:
    """All plants: what is off, and by what it would be named."""
    for degrees in (0.5, 1.0, 2.0, 4.0):
        changed = partial(plate_elsewhere, error="pitch", size=float(np.radians(degrees)))
        yield Device(f"a plate turned {degrees:g} degrees", changed, ("_of_plate_",))
    for millimetres in (5.0, 15.0, 30.0):
        changed = partial(plate_elsewhere, error="along", size=1e-3 * millimetres)
        yield Device(f"a plate moved {millimetres:g} mm", changed, ("_of_plate_",))
    for milliseconds in (1.0, 3.0, 7.0):
        changed = partial(late, delay=1e-3 * milliseconds)
        yield Device(f"one trial {milliseconds:g} ms late", changed, ("clock-offset run",))
    for factor in (1.005, 1.01, 1.02):
        changed = partial(lengths_times, factor=factor)
        yield Device(f"markers times {factor:g}", changed, ("plate_scale", "plates"), "scale")
    for percent in (-8.0, -4.0, -2.0, 2.0, 4.0, 8.0):
        changed = partial(multiplied, factor=1.0 / (1.0 + 0.01 * percent), names=LOADS)
        yield Device(f"mass {percent:+g} %", changed, ("mass",))
    changed = partial(tilted, angle=float(np.radians(1.0)))
    yield Device("gravity 1 degree", changed, ("plates-misaligned", "pitch_of_plate"))


def planted(study: Study, person: str, device: Device, folder: Path) -> Study:
    """The study with a device that is off and the stages of a person run again."""
    results = {"results": str(folder)}
    there = replace(study, settings=study.settings.model_copy(update=results))
    prepared = study.folder(person, "prepare")
    shutil.copytree(prepared.parent, there.folder(person, "prepare").parent, dirs_exist_ok=True)
    trials = {file.stem: read_dataset(file) for file in sorted(prepared.glob("*.nc"))}
    for name, trial in device.changed(trials).items():
        write_dataset(trial, there.folder(person, "prepare") / f"{name}.nc", trial.attrs)
    record = there.manifest(person, "prepare")
    content = json.loads(record.read_text(encoding="utf-8"))
    content.pop(SEAL)  # of the files before
    record.write_text(json.dumps(content), encoding="utf-8")
    first, last = (PARTICIPANT_STAGES.index(x) for x in (device.first_stage, LAST_STAGE))
    for stage in PARTICIPANT_STAGES[first : last + 1]:
        getattr(stage_module(stage), f"{stage}_participant")(there, person, lambda _: None)
    return there


def numbers(study: Study, person: str) -> pd.DataFrame:
    """Value and half-width of the interval of every contact's moments and momenta."""
    rows = read_columns(step_file(study, person, "contributions"))
    text = {name: rows[name].astype(str) for name in ("level", "axis", "phase", "statistic")}
    is_moment = (text["level"] == "joint") & (text["statistic"] == "moment_mean")
    is_moment &= (text["axis"] == "z") & rows["source"].isin(JOINTS)
    is_momentum = (text["level"] == "A") & (text["statistic"] == "momentum_mean")
    is_momentum &= (text["axis"] == "y") & rows["source"].isin(SIDES_OF_BODY)
    chosen = rows[(is_moment | is_momentum) & (text["phase"] == "stance")]
    chosen = chosen.assign(half=0.5 * (chosen["high"] - chosen["low"]))
    return chosen.astype({"source": str, "trial_id": str}).set_index(KEYS)[["value", "half"]]


def findings(study: Study, person: str) -> set[str]:
    """Rules of the findings of the fit, with the parameter or trial that they name."""
    manifest = study.read_manifest(person, "inverse_dynamics")
    of_session = [f"{x['rule']} {x.get('where') or ''}" for x in manifest["findings"]]
    of_trials = [
        f"{x['rule']} {x.get('where') or trial['trial_id']}"
        for trial in manifest["trials"]
        for x in trial["findings"]
    ]
    return {words.strip() for words in (*of_session, *of_trials)}


def compared(study: Study, person: str, device: Device) -> dict[str, object]:
    """Row of the table for a device in a person's recordings."""
    with tempfile.TemporaryDirectory() as folder:
        there = planted(study, person, device, Path(folder))
        after, said = numbers(there, person), findings(there, person)
    both = numbers(study, person).join(after.add_suffix("_planted"), how="inner").dropna()
    off = both["value_planted"] - both["value"]
    new = sorted(said - findings(study, person))
    row: dict[str, object] = {"participant": person, "device": device.words}
    row["named"] = "yes" if any(name in words for words in new for name in device.names) else "no"
    for kind, sources in (("moment", JOINTS), ("H", SIDES_OF_BODY)):
        of_kind = both.index.get_level_values("source").isin(sources)
        ratio = (off.abs() / both["half_planted"])[of_kind]
        row[f"{kind}_numbers"] = int(of_kind.sum())
        row[f"{kind}_largest_change"] = float(off[of_kind].abs().max())
        row[f"{kind}_inside"] = float((ratio <= 1.0).mean())
        row[f"{kind}_z"] = NORMAL_95 * float(np.sqrt((ratio**2).mean()))
    row["said"] = "; ".join(new)
    return row


def main() -> None:
    """Plant every device in every person's recordings and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--people", nargs="+", required=True)
    parser.add_argument("--devices", nargs="+", default=[""], help="only words that contain one")
    parser.add_argument("--table", type=Path, help="file for the rows")
    options = parser.parse_args()
    study, rows = load_study(options.study), list[dict[str, object]]()
    chosen = [device for device in devices() if any(x in device.words for x in options.devices)]
    for person in options.people:
        for device in chosen:
            rows.append(compared(study.recorded_with(person), person, device))
            if options.table:
                options.table.write_text(as_text(rows), encoding="utf-8")
    sys.stdout.write(as_text(rows))


def as_text(rows: list[dict[str, object]]) -> str:
    """The table as tab-separated text."""
    return pd.DataFrame(rows).round(3).to_csv(sep="\t", index=False)


if __name__ == "__main__":
    main()
