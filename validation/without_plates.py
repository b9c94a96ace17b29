"""Plates withheld: ``python -m validation.without_plates STUDY FOLDER [RATE [NOISE]]``.

STUDY was run with its plates (``aqbio run STUDY``). Its markers alone, at RATE (Hz, as recorded by
default) and with NOISE (standard deviation in mm of each coordinate, in the band of a video
solution), become a study in FOLDER, which is worked through. What it says is compared with what the
plates' study says of the same contacts, one row for each trial and quantity: error, standard
deviation and the share of 95 % intervals that hold the plates' number.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from aqbio.contributions.without_plates import ESTIMATES
from aqbio.filters import low_pass
from aqbio.gait.step_files import step_file, trial_contacts
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_columns, read_table
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from aqbio.names import AXES, GRAVITY, NORMAL_95, ROLE_GROUPS
from aqbio.stage_table import PARTICIPANT_STAGES, stage_module
from aqbio.vectors import FloatArray

SWING_JOINTS = ("hip_swing", "knee_swing")
"""Joints whose moments follow from the free end of the leg."""

VIDEO_HZ = 6.0
"""Errors of markers from video change more slowly than this."""

STAGES = PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index("contributions") + 1]
SAME_CONTACT_S = 0.06
"""Touchdowns of one contact by plates and by markers are at most this far apart, s."""


def withheld(study: Study, folder: Path, rate: float = 0.0, noise_m: float = 0.0) -> Study:
    """Write a study of the same markers without forces."""
    random = np.random.default_rng(51)
    settings = yaml.safe_load(study.file.read_text(encoding="utf-8"))
    data, sheets = folder / "recordings", study.file.parent
    settings["files"] = {"data": str(data)}
    settings["results"] = str(folder / "results")
    trials = read_table(sheets / study.settings.files.trials)
    for row in trials.index:
        person, label = (str(trials[column][row]) for column in ("participant_id", "trial_id"))
        name, trial = f"{person}_{label}.trc", study.trial(person, label)
        recording = read_recording(study.recording(trial))
        stride = max(1, round(recording.rate / rate)) if rate else 1
        markers, frame_rate = recording.positions[::stride], recording.rate / stride
        if noise_m and trial.task != "static":
            markers = markers + noise_m * video_noise(markers.shape, frame_rate, random)
        data.mkdir(parents=True, exist_ok=True)
        write_trc(data / name, recording.labels, markers, frame_rate)
        trials.loc[row, "file"] = name
    people = read_table(sheets / study.settings.files.participants)
    masses = [
        study.read_manifest(str(name), "prepare")["mass_kg"] for name in people["participant_id"]
    ]
    columns = [name for name in trials if name not in ("force_file", "please_fill", "found")]
    for table, name in (
        (people.assign(mass_kg=masses), "participants"),
        (trials[columns], "trials"),
    ):
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep="n/a")
    for labels in sheets.glob("markers*.yaml"):
        (folder / labels.name).write_bytes(labels.read_bytes())
    (folder / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load_study(folder / "study.yaml")


def video_noise(shape: tuple[int, ...], rate: float, random: np.random.Generator) -> FloatArray:
    """Noise of unit deviation in the band of a video solution; larger in the last 0.2 s."""
    noise = low_pass(random.standard_normal(shape), rate, VIDEO_HZ)
    return np.asarray(noise / noise.std())


def compared(plates: Study, markers: Study) -> pd.DataFrame:
    """Rows of contacts that both studies have: quantity, plates' value, error, sd."""
    return pd.DataFrame(
        (
            row
            for person in plates.participants
            for row in _rows(plates, markers, person.participant_id)
        ),
        columns=["participant_id", "trial_id", "quantity", "value", "error", "sd"],
    )


def _rows(plates: Study, markers: Study, person: str) -> Iterator[tuple[object, ...]]:
    ours, theirs = (read_columns(step_file(study, person, "steps")) for study in (markers, plates))
    paired = ours.merge(theirs, on=["participant_id", "trial_id", "side"], suffixes=("", "_plates"))
    alike = (paired["touchdown_s"] - paired["touchdown_s_plates"]).abs() < SAME_CONTACT_S
    alike &= (paired["status"] != "rejected") & (paired["status_plates"] != "rejected")
    for _, step in paired[alike].iterrows():
        trial_key = person, step["trial_id"]
        for group in (*ROLE_GROUPS, "total"):
            for axis in AXES:
                name = f"H_{group}_{axis}_stance_mean"
                value, by_markers = (step[f"{name}_kgm2ps{end}"] for end in ("_plates", ""))
                yield (
                    *trial_key,
                    f"H_{axis} {group}",
                    value,
                    by_markers - value,
                    step[f"{name}_sd_kgm2ps"],
                )
        value, by_markers = (1e3 * step[f"contact_s{end}"] for end in ("_plates", ""))
        yield (
            *trial_key,
            "contact time, ms",
            value,
            by_markers - value,
            1e3 * step["contact_error_s"] / 1.5,
        )
    yield from _moments(plates, markers, person, paired[alike])
    for trial in sorted(set(paired["trial_id"])):
        yield from _forces(plates, markers, person, str(trial))


def _moments(
    plates: Study, markers: Study, person: str, steps: pd.DataFrame
) -> Iterator[tuple[object, ...]]:
    """Stance means of the swing leg's joint moments against those of the study with plates."""
    key = ["trial_id", "step", "source", "axis"]
    by_study = []
    for study in (markers, plates):
        rows = read_columns(step_file(study, person, "contributions"))
        rows = rows[(rows["statistic"] == "moment_mean") & rows["source"].isin(SWING_JOINTS)]
        by_study.append(
            rows[(rows["level"] == "joint") & (rows["phase"] == "stance")].set_index(key)
        )
    for _, step_row in steps.iterrows():
        for source in SWING_JOINTS:
            for axis in AXES:
                keys: list[Any] = [
                    (step_row["trial_id"], step_row[step], source, axis)
                    for step in ("step", "step_plates")
                ]
                ours, theirs = (
                    rows.reindex([at]).iloc[0] for rows, at in zip(by_study, keys, strict=True)
                )
                sd = (ours["high"] - ours["low"]) / (2.0 * NORMAL_95)
                value, error = theirs["value"], ours["value"] - theirs["value"]
                yield person, step_row["trial_id"], f"moment_{axis} {source}, N m", value, error, sd


def _forces(plates: Study, markers: Study, person: str, trial: str) -> Iterator[tuple[object, ...]]:
    """Mean force and impulses against the plates' curves; sd without errors of the events."""
    theirs, ours = (
        read_dataset(study.folder(person, "contributions") / f"{trial}.nc")
        for study in (plates, markers)
    )
    if "estimated_force" not in ours:
        return
    force = theirs["ground_force"].sum("foot", skipna=False).values
    weight = GRAVITY * float(theirs.attrs["mass"])
    for contact_index, contact in enumerate(trial_contacts(ours)):
        for by_plates in trial_contacts(theirs):
            near = (
                abs(contact.touchdown - by_plates.touchdown) < SAME_CONTACT_S
                and contact.side == by_plates.side
            )
            if not (near and by_plates.complete):
                continue
            at = np.linspace(by_plates.touchdown, by_plates.toe_off, 301)
            forward, upward = (
                np.interp(at, theirs["time"].values, force[:, axis]) for axis in (0, 1)
            )
            step = (by_plates.toe_off - by_plates.touchdown) / 300.0
            course = np.cumsum(0.5 * (forward[1:] + forward[:-1])) * step
            true = np.array([upward.mean(), course.min(), course[-1] - course.min()])
            estimated, sd = (
                ours[name].values[contact_index]
                for name in ("estimated_force", "estimated_force_sd")
            )
            scale = np.array([1.0 / weight, 1.0, 1.0])
            for name, value, estimate, sure in zip(
                ESTIMATES, scale * true, scale * estimated, scale * sd, strict=True
            ):
                if np.isfinite(estimate + value):
                    yield person, trial, name.replace("_", " "), value, estimate - value, sure


def summary(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Mean value, mean and root mean square error, mean sd and coverage of 95 % intervals."""
    with_values = rows.dropna(subset=["value", "error"])
    parts = with_values.groupby(list(by), sort=False)
    inside = (with_values["error"].abs() <= NORMAL_95 * with_values["sd"]).where(
        with_values["sd"].notna()
    )
    return pd.DataFrame(
        {
            "contacts": parts.size(),
            "value": parts["value"].mean(),
            "bias": parts["error"].mean(),
            "rms": (with_values["error"] ** 2)
            .groupby([with_values[name] for name in by], sort=False)
            .mean()
            ** 0.5,
            "sd": parts["sd"].mean(),
            "coverage": inside.groupby([with_values[name] for name in by], sort=False).mean(),
        }
    )


def main(arguments: Sequence[str]) -> None:
    """Withhold, work through, compare, print."""
    plates = load_study(Path(arguments[0]))
    folder = Path(arguments[1])
    rate, noise = (float(argument) for argument in (*arguments[2:], "0", "0")[:2])
    markers = withheld(plates, folder, rate, 1e-3 * noise)
    for stage in STAGES:
        work = getattr(stage_module(stage), f"{stage}_participant")
        for person in markers.participants:
            work(markers, person.participant_id, lambda _: None)
    rows = compared(plates, markers)
    rows["kind"] = rows["trial_id"].str.split("-").str[0]
    print(summary(rows, ["kind", "quantity"]).round(3).to_string())


if __name__ == "__main__":
    main(sys.argv[1:])
