"""Compute what single signals of sound recordings look like, from public recordings.

    python scripts/signal_scales.py FOLDER

FOLDER holds the recordings of `RECORDINGS`. Writes ``aqbio/prepare/signal_scales.json``: by how
much the unloaded level of plates changes within a trial, how spectra of forces and markers differ
from what is expected of them, and how much markers scatter from frame to frame. No marker of
`RECORDINGS` was low-passed; those that were are `FILTERED`: every one must be found with what is
written. Joint centres and cameras of 100 and 120 Hz are those of the demo's sprinters.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.errors import AqbioError
from aqbio.force_plates.offsets import level_line, line_change, quiet_about
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.multibody.poses import segment_poses
from aqbio.prepare.filters import force_spectrum, marker_spectrum, vertical_forces
from aqbio.prepare.signal_scales import SpectrumScales
from aqbio.prepare.spectra import Spectrum, best_filter, fit_spectrum
from aqbio.signals import white_noise
from aqbio.virtual.demo import DATA, DISTURBANCES, LEVELS, SPRINTERS, GaitName, load_library
from aqbio.virtual.disturbances import disturbed
from aqbio.virtual.recording import GROUND_AXES, Laboratory, RunPlan, recorded_run

TARGET = Path(__file__).parents[1] / "aqbio" / "prepare" / "signal_scales.json"

DIGITS = 3

MAX_OFFSET_N = 250.0

THINNED = (1, 2, 3, 4)
"""Every how many frames are read, as if cameras were slower."""

MIN_NOISE_RATE_HZ = 50.0

CAMERA_RATE_HZ = 180.0
"""Rate above which what markers scatter is the cameras' alone, and below which it is not."""

SPEEDS = ("0450", "0630", "0810", "0855")

RECORDINGS = {
    "Dorn": [
        "ja1_dorn2012/c3d/JA1Gait21.c3d",
        "ja1_dorn2012/c3d/JA1Gait35.c3d",
        "ja1_dorn2012/trc_mot/run0500cms.trc",
        "ja1_dorn2012/trc_mot/run0700cms.trc",
    ],
    "Hungary": ["overground_sprinter/RunA1.c3d"],
    "CusToM": ["side_step/side_step.c3d"],
    "Rajagopal": ["rajagopal2016/walk/motion_capture_walk.trc"],
    "nimble 240 Hz": ["c3d_samples/nimble_upsidedown_type4_gap71pct.c3d"],
    "Codamotion": ["c3d_samples/sample_00_Codamotion_codamotion_gaitwands_20150204.c3d"],
    "Innovative Sports": ["c3d_samples/sample_00_Innovative_Sports_Training_Gait_with_EMG.c3d"],
    "Steudel": [f"treadmill_sprinter/sprint_{speed}.trc" for speed in SPEEDS],
    "sample 1": ["c3d_samples/sample_01_Eb015pi.c3d"],
    "sample 2": ["c3d_samples/sample_02_pc_real.c3d"],
    "sample 10, 3": ["c3d_samples/sample_10_TYPE-3.c3d"],
    "sample 14": ["c3d_samples/sample_14_sample14.c3d"],
    "sample 21": ["c3d_samples/sample_21_sample21.c3d"],
    "sample 26": ["c3d_samples/sample_26_Walking_Hybrid_1_1.c3d"],
}
"""Recordings by person; files of one person in one list."""

FILTERED = {
    "Hamner": [f"hamner_subject04/run{speed}00/markers.trc" for speed in range(2, 6)],
    "Hamner 2010": ["hamner_subject02/subject02_running.trc"],
    "Rajagopal": ["rajagopal2016/run/motion_capture_run.trc"],
    "Innovative Sports": ["c3d_samples/sample_00_Innovative_Sports_Training_Gait_with_EMG.c3d"],
    "sample 10": ["c3d_samples/sample_10_TYPE-2a.c3d"],
}
"""Recordings whose markers were low-passed, by their spectra."""

MARKERS_FILTERED = ("Innovative Sports",)
"""People of `RECORDINGS` whose plates only are sound."""

FORCE_FILES = {
    "walk.trc": "rajagopal2016/walk/grf_walk.mot",
    **{f"{speed}.trc": f"treadmill_sprinter/sprint_{speed}_forces.mot" for speed in SPEEDS},
}
"""Files of forces by the end of that of the markers."""

START = {
    "markers": SpectrumScales(0.5, 3.0, -0.5, 1.0, 0.0, 0.0, (1, 2, 3, 4)),
    "forces": SpectrumScales(0.5, 0.6, 0.0, 0.7, 0.0, 0.0, (2, 4)),
}
"""Scales with which sound spectra are first explained, without any filter."""


def recordings(folder: Path, files: Mapping[str, Sequence[str]]) -> list[tuple[str, Recording]]:
    """Person and recording of every file, forces of the same name with ``grf_`` beside a TRC."""
    found = []
    for person, names in files.items():
        for name in names:
            own = [file for end, file in FORCE_FILES.items() if name.endswith(end)]
            forces = folder / own[0] if own else None
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


def recorded_spectrum(signal: str, recording: Recording) -> Spectrum | None:
    """Spectrum of the markers, or of the vertical forces of all plates."""
    if signal == "markers":
        return marker_spectrum([recording.positions], recording.rate)
    if (forces := recording.forces) is None:
        return None
    return force_spectrum([vertical_forces(forces)], forces.rate)


def virtual_spectra() -> list[Spectrum]:
    """Spectra of a run of every virtual sprinter, whose speed, rate and marks take turns.

    Skin markers, joint centres, and joint centres with the noise of a camera.
    """
    athletes = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    gaits = load_library(DATA / "gait_library.npz", athletes)
    found = []
    for number, name in enumerate(athletes):
        level, rate = number // 3 % LEVELS, VIRTUAL_RATES_HZ[number % 2]
        laboratory = Laboratory(
            axes=GROUND_AXES, marker_unit="m", marker_rate=rate, force_rate=10.0 * rate
        )
        run = recorded_run(gaits[GaitName(name, "normal", level)], RunPlan(0), laboratory)
        centres = segment_poses(run.truth.gait.skeleton, run.truth.motion.q).origin
        random = np.random.default_rng(number)
        skin = disturbed(run.recording, DISTURBANCES, random).markers
        noisy = centres + random.normal(0.0, DISTURBANCES.marker_noise_m, centres.shape)
        if (spectrum := marker_spectrum([(skin, centres, noisy)[number % 3]], rate)) is not None:
            found.append(spectrum)
    return found


VIRTUAL_RATES_HZ = (100.0, 120.0)


def spectra(signal: str, sound: list[tuple[str, Recording]]) -> dict[str, Any]:
    """Spread of sound spectra, and by how much filters of the usual orders explain them better."""
    start, people = START[signal], set()
    measured = []
    for person, recording in sound:
        if signal == "markers" and person in MARKERS_FILTERED:
            continue
        spectrum = recorded_spectrum(signal, recording)
        if spectrum is not None:
            people.add(person)
            measured.append(spectrum)
    virtual = virtual_spectra() if signal == "markers" else []
    measured += virtual
    fits = [fit_spectrum(spectrum, start, 0) for spectrum in measured]
    tilts = np.array([fit.x[1] for fit in fits])
    misfits = np.concatenate([start.band_sd * fit.fun[:-2] for fit in fits])
    band_sd = float(np.sqrt((misfits**2).mean()))
    scales = replace(
        start, band_sd=round(band_sd, DIGITS), tilt_mean=round(float(tilts.mean()), DIGITS),
        tilt_sd=round(float(tilts.std()), DIGITS),
    )  # fmt: skip
    gains = [max(best_filter(spectrum, scales)[0], 0.0) for spectrum in measured]
    return {
        "source": f"{signal} of public recordings that nobody filtered; scripts/signal_scales.py",
        "recordings": len(measured) - len(virtual),
        "people": len(people),
        **({"virtual_sprinters": len(virtual)} if virtual else {}),
        "band_sd": scales.band_sd,
        "level_sd": scales.level_sd,
        "tilt_mean": scales.tilt_mean,
        "tilt_sd": scales.tilt_sd,
        "improvement_mean": round(float(np.mean(gains)), DIGITS),
        "improvement_largest": round(float(np.max(gains)), DIGITS),
        "orders": list(scales.orders),
    }


def _sd(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


def marker_noise(sound: list[tuple[str, Recording]]) -> dict[str, Any]:
    """Largest scatter of a marker from frame to frame, by cameras and by what frames pass over.

    At half, a third and a quarter of the rate motion that is not resolved looks like noise.
    """
    recorded = [
        (recording.rate / every, float(np.nanmax(white_noise(recording.positions[::every]))))
        for _, recording in sound
        for every in THINNED
        if recording.rate / every >= MIN_NOISE_RATE_HZ
    ]
    rate, largest = np.array(recorded).T
    return {
        "source": "markers of public recordings, all frames and every second to fourth; "
        "scripts/signal_scales.py",
        "recordings": len(sound),
        "people": len({person for person, _ in sound}),
        "largest_m": round(float(largest[rate > CAMERA_RATE_HZ].max()), 5),
        "motion_m_s2": round(float((largest * rate**2)[rate < CAMERA_RATE_HZ].max()), DIGITS),
    }


def main(folder: Path) -> None:
    """Write the scales."""
    sound = recordings(folder, RECORDINGS)
    content = {
        "plate_levels": plate_levels(sound),
        "markers_spectrum": spectra("markers", sound),
        "forces_spectrum": spectra("forces", sound),
        "marker_noise": marker_noise(sound),
    }
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except AqbioError as error:
        sys.exit(str(error))
