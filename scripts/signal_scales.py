"""Compute what single signals of sound recordings look like, from public recordings.

    python scripts/signal_scales.py FOLDER

FOLDER holds the recordings of `RECORDINGS`. Writes ``aqbio/prepare/signal_scales.json``: by how
much the unloaded level of plates changes within a trial.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.errors import AqbioError
from aqbio.force_plates.offsets import level_line, line_change, quiet_about
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording

TARGET = Path(__file__).parents[1] / "aqbio" / "prepare" / "signal_scales.json"

DIGITS = 3

MAX_OFFSET_N = 250.0

RECORDINGS = {
    "Dorn": ["ja1_dorn2012/c3d/JA1Gait21.c3d", "ja1_dorn2012/c3d/JA1Gait35.c3d"],
    "Hungary": ["overground_sprinter/RunA1.c3d"],
    "CusToM": ["side_step/side_step.c3d"],
    "Rajagopal": ["rajagopal2016/walk/motion_capture_walk.trc"],
    "nimble 240 Hz": ["c3d_samples/nimble_upsidedown_type4_gap71pct.c3d"],
    "Codamotion": ["c3d_samples/sample_00_Codamotion_codamotion_gaitwands_20150204.c3d"],
    "Innovative Sports": ["c3d_samples/sample_00_Innovative_Sports_Training_Gait_with_EMG.c3d"],
    "sample 1": ["c3d_samples/sample_01_Eb015pi.c3d"],
    "sample 2": ["c3d_samples/sample_02_pc_real.c3d"],
    "sample 10, 2": ["c3d_samples/sample_10_TYPE-2a.c3d"],
    "sample 10, 3": ["c3d_samples/sample_10_TYPE-3.c3d"],
    "sample 14": ["c3d_samples/sample_14_sample14.c3d"],
    "sample 21": ["c3d_samples/sample_21_sample21.c3d"],
    "sample 26": ["c3d_samples/sample_26_Walking_Hybrid_1_1.c3d"],
}
"""Recordings by person; files of one person in one list."""


def recordings(folder: Path) -> list[tuple[str, Recording]]:
    """Person and recording of every file, forces of the same name with ``grf_`` beside a TRC."""
    found = []
    for person, names in RECORDINGS.items():
        for name in names:
            forces = folder / "rajagopal2016/walk/grf_walk.mot" if "walk.trc" in name else None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append((person, read_recording(folder / name, forces)))
    return found


def plate_levels(sound: list[tuple[str, Recording]]) -> dict[str, Any]:
    """Spread of the change of the unloaded level within a trial, of plates that read noise."""
    changes, people = [], set()
    for person, recording in sound:
        forces = recording.forces
        if forces is None:
            continue
        for plate in range(len(forces.numbers)):
            channels = np.concatenate(
                (forces.wrench.force[:, plate], forces.wrench.moment[:, plate]), axis=1
            )
            upward = int(np.abs(channels[:, :3]).max(axis=0).argmax())
            vertical = channels[:, upward]
            quiet = quiet_about(
                vertical, level_line(vertical, forces.rate, MAX_OFFSET_N), forces.rate
            )
            change, change_sd = line_change(channels, quiet, forces.rate)
            if not quiet.any() or not change_sd.all():
                continue  # set to zero while unloaded
            level = [axis for axis in range(3) if axis != upward]
            changes.append([change[upward], *change[level], *change[3:]])
            people.add(person)
    values = np.abs(changes)
    return {
        "source": "plates of public recordings that read noise while unloaded; "
        "scripts/signal_scales.py",
        "plates": len(values),
        "people": len(people),
        "vertical_sd_n": round(_sd(values[:, 0]), DIGITS),
        "horizontal_sd_n": round(_sd(values[:, 1:3]), DIGITS),
        "moment_sd_nm": round(_sd(values[:, 3:]), DIGITS),
        "largest": np.round(values.max(axis=0), DIGITS).tolist(),
    }


def _sd(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


def main(folder: Path) -> None:
    """Write the scales."""
    sound = recordings(folder)
    content = {"plate_levels": plate_levels(sound)}
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except AqbioError as error:
        sys.exit(str(error))
