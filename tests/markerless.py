"""Folders as OpenCap and Pose2Sim leave them, of virtual sprinters, drawn by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from scipy.signal import butter, sosfiltfilt

from aqbio.io.trc import write_trc
from aqbio.vectors import FloatArray
from tests.lacking.recordings import virtual_take

NAMES = ("Ada Lovelace", "Grace Hopper")
"""Persons, whom settings name and nothing of ours may."""

ADDED = {
    "ASI": "{}.ASIS_study", "PSI": "{}.PSIS_study", "SHO": "{}_shoulder_study",
    "KNL": "{}_knee_study", "KNM": "{}_mknee_study", "ANL": "{}_ankle_study",
    "ANM": "{}_mankle_study", "HEE": "{}_calc_study", "MT5": "{}_5meta_study",
    "TH1": "{}_thigh1_study", "TH2": "{}_thigh2_study", "SH1": "{}_sh1_study",
    "SH2": "{}_sh2_study", "ELL": "{}_lelbow_study", "ELM": "{}_melbow_study",
    "WRA": "{}_lwrist_study", "WRB": "{}_mwrist_study",
}  # fmt: skip
"""Landmarks that OpenCap's network adds, by the marker of the virtual laboratory."""

CENTRES = {
    "Knee": ("KNL", "KNM"), "Ankle": ("ANL", "ANM"), "Elbow": ("ELL", "ELM"),
    "Wrist": ("WRA", "WRB"), "BigToe": ("TOE",), "SmallToe": ("MT5",), "Heel": ("HEE",),
}  # fmt: skip
"""Points of video between markers."""

UP = np.array([0.0, 1.0, 0.0])

HIP = np.array([-0.06, -0.06, 0.088])
"""Right hip from the middle of the front spines, forward, up and right, m."""


@dataclass(frozen=True)
class Person:
    """A person's stated and true sex, height and mass."""

    sprinter: str
    sex: str
    mass_kg: float
    height_m: float


PEOPLE = (Person("V06", "male", 75.0, 1.8), Person("V02", "male", 68.5, 1.7))


def video_points(labels: tuple[str, ...], markers: FloatArray, *, added: bool) -> dict:
    """Positions (T, 3), m, of the points of video, and of what OpenCap's network adds to them."""
    at = {label: markers[:, column] for column, label in enumerate(labels)}
    points = {"Neck": 0.5 * (at["RSHO"] + at["LSHO"]) - 0.03 * UP}
    front, back = (0.5 * (at[f"R{end}"] + at[f"L{end}"]) for end in ("ASI", "PSI"))
    right, ahead = _unit(at["RASI"] - at["LASI"]), _unit(front - back)
    hips = front + HIP[0] * ahead + HIP[1] * np.cross(right, ahead)
    for side, sign in (("R", 1.0), ("L", -1.0)):
        points[f"{side}Shoulder"] = at[f"{side}SHO"] - 0.05 * UP
        points[f"{side}Hip"] = hips + sign * HIP[2] * right
        for name, between in CENTRES.items():
            ends = [at[f"{side}{landmark}"] for landmark in between]
            points[f"{side}{name}"] = np.mean(ends, axis=0)
        if added:
            letter = {"R": "r", "L": "L"}[side]
            points |= {new.format(letter): at[side + old] for old, new in ADDED.items()}
            points[f"{letter}_toe_study"] = 0.5 * (at[f"{side}MT1"] + at[f"{side}MT5"])
    return points | ({"C7_study": at["C7"]} if added else {})


def _unit(vectors: FloatArray) -> FloatArray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _filled(point: FloatArray) -> FloatArray:
    """A path (T, 3) without gaps, which these systems fill."""
    measured, frames = np.isfinite(point).all(axis=1), np.arange(len(point))
    return np.stack(
        [np.interp(frames, frames[measured], coordinate[measured]) for coordinate in point.T],
        axis=1,
    )


def write_points(path: Path, points: dict, floor: float, millimetres: bool = False) -> None:
    """Write points of 200 Hz at 100 Hz, with a floor of their own, in metres or mm."""
    positions = np.stack([_filled(path_of_point)[::2] for path_of_point in points.values()], axis=1)
    positions[..., 1] += floor
    path.parent.mkdir(parents=True, exist_ok=True)
    write_trc(path, tuple(points), (1e3 if millimetres else 1.0) * positions, 100.0)
    if millimetres:
        path.write_text(path.read_text().replace("\tm\t", "\tmm\t", 1))


def opencap_session(
    folder: Path, person: Person, rng: np.random.Generator, *, static: bool = True
) -> None:
    """Write a session of OpenCap: two runs, and perhaps the neutral pose."""
    takes = {f"trial{level}": virtual_take(person.sprinter, level, 0)[1] for level in (3, 1)}
    if static:
        takes["neutral"] = virtual_take(person.sprinter, 1, 0)[0]
    for name, take in takes.items():
        points = video_points(take.labels, take.markers, added=True)
        write_points(folder / "MarkerData" / f"{name}.trc", points, rng.uniform(-0.2, 0.2))
    metadata = {"gender_mf": person.sex[0], "height_m": person.height_m, "mass_kg": person.mass_kg}
    metadata |= {"subjectID": str(rng.choice(NAMES)), "openSimModel": "LaiUhlrich2022"}
    (folder / "sessionMetadata.yaml").write_text(yaml.safe_dump(metadata))


def pose2sim_project(folder: Path, person: Person, rng: np.random.Generator) -> None:
    """Write a project of Pose2Sim: two runs, raw and filtered, and no static trial."""
    low = butter(2, 12.0, fs=200.0, output="sos")
    for level in (1, 3):
        take = virtual_take(person.sprinter, level, 0)[1]
        points = video_points(take.labels, take.markers, added=False)
        noisy = {
            name: _filled(path_of_point) + rng.normal(0.0, 1e-3, path_of_point.shape)
            for name, path_of_point in points.items()
        }
        smooth = {
            name: sosfiltfilt(low, path_of_point, axis=0) for name, path_of_point in noisy.items()
        }
        stem, floor = f"Trial_{level}_0-{len(take.markers)}", rng.uniform(-0.2, 0.2)
        for end, points_of_file in (("", noisy), ("_filt_butterworth", smooth)):
            path = folder / f"Trial_{level}" / "pose-3d" / f"{stem}{end}.trc"
            write_points(path, points_of_file, floor, millimetres=True)
    project = f"participant_mass = {person.mass_kg}\nparticipant_height = {person.height_m}\n"
    (folder / "Config.toml").write_text(f"[project]\n{project}[pose]\npose_model = 'x'\n")
