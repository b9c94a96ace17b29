"""The sound studies that are altered."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from aqbio.io.c3d import read_c3d
from aqbio.io.mot import Storage
from aqbio.io.mot_forces import read_force_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.recording import ForceRecording
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import load_study
from aqbio.io.trc import read_trc
from aqbio.vectors import FloatArray
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import DISTURBANCES, SPRINTERS
from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.laboratory import (
    GROUND_AXES,
    QUALISYS_AXES,
    VICON_AXES,
    Laboratory,
)
from aqbio.virtual.library import DATA, GaitName, load_library
from aqbio.virtual.recording import (
    RunPlan,
    VirtualRecording,
    recorded_run,
    recorded_static,
)
from benchmarks.alterations.runs import run_until
from benchmarks.alterations.study import PERSON, RUN, STATIC, MemoryStudy, part_of, trial_row
from benchmarks.recorded_runs import TO_GROUND

ROOT = Path(__file__).parents[2]
REAL = ROOT / "tests" / "real"
LENGTH = 1.4
"""Of the longer recordings, s."""
Base = Callable[[Path], MemoryStudy]


def _take(
    labels: tuple[str, ...],
    markers: FloatArray,
    rate: float,
    forces: tuple[FloatArray, FloatArray, FloatArray, float],
) -> VirtualRecording:
    """Recording of which no truth is known."""
    force, moment, corners, force_rate = forces
    return VirtualRecording(
        labels, markers, rate, force_rate, force, moment, corners,
        np.zeros(len(labels), dtype=int), (), np.zeros((len(markers), 0, 3, 3)),
        np.zeros(len(markers)),
    )  # fmt: skip


def c3d_take(path: Path) -> VirtualRecording:
    """A C3D file of JA1, turned to ground axes."""
    recording = read_c3d(path)
    forces = recording.forces
    assert forces is not None
    corners = _sorted_corners(forces.corners @ TO_GROUND.T)
    wrench = forces.wrench
    arm = wrench.point @ TO_GROUND.T - corners.mean(axis=1)
    force = wrench.force @ TO_GROUND.T
    moment = wrench.moment @ TO_GROUND.T + np.cross(np.broadcast_to(arm, force.shape), force)
    markers = recording.positions @ TO_GROUND.T
    return _take(recording.labels, markers, recording.rate, (force, moment, corners, forces.rate))


def _sorted_corners(corners: FloatArray) -> FloatArray:
    """Corners as virtual plates have them: ahead right, behind right, behind left, ahead left."""
    middle = corners.mean(axis=1, keepdims=True)
    extent = np.abs(corners - middle).max(axis=1, keepdims=True)
    signs = np.array([[1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, -1.0], [1.0, 0.0, -1.0]])
    sorted_ones: FloatArray = middle + signs * extent
    return sorted_ones


def _ja1(realdata: Path, name: str, form: str, window: tuple[float, float]) -> MemoryStudy:
    """One of JA1's runs on the sprint model."""
    folder = realdata / "ja1_dorn2012" / "c3d"
    axes = VICON_AXES if form == "c3d" else GROUND_AXES
    return MemoryStudy(
        f"JA1 {'jog' if name == 'JA1Gait21' else 'sprint'} {form}",
        {"participant_id": PERSON, "sex": "male", "mass_kg": "75.95", "height_m": "1.78",
         "static_trial": STATIC},
        {trial: trial_row(trial, form) for trial in (STATIC, RUN)},
        {STATIC: part_of(c3d_take(folder / "JA1Static05.c3d"), 0.4, 1.6),
         RUN: part_of(c3d_take(folder / f"{name}.c3d"), *window)},
        Laboratory(axes=axes),
        form,
        {"model": {"markers": "markers.yaml"}},
        marker_set=(REAL / "ja1_sprint" / "markers.yaml").read_text(encoding="utf-8"),
    )  # fmt: skip


def _rajagopal(realdata: Path) -> MemoryStudy:
    """The treadmill run, on the sprint model."""
    folder = realdata / "rajagopal2016" / "run"
    markers = read_trc(folder / "motion_capture_run.trc")
    forces, _ = read_force_storage(folder / "grf_run.mot", markers.first_time)
    run = _take(markers.labels, markers.positions, markers.rate, _on_belts(forces))
    standing = read_trc(folder / "static_run.trc")
    nothing = tuple(part[:0] if n < 2 else part for n, part in enumerate(_on_belts(forces)))
    count = len(standing.positions) * 10
    still = (np.zeros((count, 2, 3)), np.zeros((count, 2, 3)), nothing[2], 1000.0)
    static = _take(standing.labels, standing.positions, standing.rate, still)
    return MemoryStudy(
        "Rajagopal run trc",
        {"participant_id": PERSON, "sex": "male", "mass_kg": "72.84", "height_m": "1.80",
         "static_trial": STATIC},
        {STATIC: trial_row(STATIC, "trc", forces=False), RUN: trial_row(RUN, "trc")},
        {STATIC: part_of(static, 1.0, 2.0), RUN: part_of(run, 0.0, 1.8)},
        Laboratory(axes=GROUND_AXES),
        "trc",
        {"model": {"markers": "markers.yaml"}},
        marker_set=(REAL / "rajagopal_run" / "markers_sprint.yaml").read_text(encoding="utf-8"),
    )  # fmt: skip


def _on_belts(forces: ForceRecording) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Forces of columns: moments about their fixed points, which stand for the plates' corners."""
    corners = np.repeat(forces.wrench.point[:, None], 4, axis=1)
    return forces.wrench.force, forces.wrench.moment, corners, forces.rate


@lru_cache(maxsize=8)
def virtual_take(name: str, level: int, contact: int) -> tuple[VirtualRecording, ...]:
    athletes = {one.athlete.name: one.athlete for one in SPRINTERS}
    gaits = load_library(DATA / "gait_library.npz", athletes)
    gait, laboratory = gaits[GaitName(name, "normal", level)], Laboratory()
    run = recorded_run(gait, RunPlan(contact, before=0.2, after=0.2), laboratory).recording
    static = recorded_static(athletes[name], laboratory)
    still = Disturbances(marker_noise_m=DISTURBANCES.marker_noise_m, plate_offset_n=2.0)
    random = np.random.default_rng(level)
    return disturbed(static, still, random)[0], disturbed(run, DISTURBANCES, random)[0]


def _virtual(name: str, level: int, form: str) -> MemoryStudy:
    """A virtual sprinter of the demo study."""
    who: Athlete = next(one.athlete for one in SPRINTERS if one.athlete.name == name)
    static, run = virtual_take(name, level, level)
    return MemoryStudy(
        f"virtual {name} {form}",
        {"participant_id": PERSON, "sex": who.sex, "mass_kg": f"{who.mass:g}",
         "height_m": f"{who.stature:g}", "static_trial": STATIC},
        {trial: trial_row(trial, form) for trial in (STATIC, RUN)},
        {STATIC: static, RUN: run},
        Laboratory(axes=QUALISYS_AXES if form == "c3d" else GROUND_AXES),
        form,
        {"solve": {"solver": "aqbio"}},
    )  # fmt: skip


def _joint_angles(realdata: Path, folder: Path) -> MemoryStudy:
    """JA1's sprint as joint angles, which the product itself found from the markers."""
    markers = _ja1(realdata, "JA1Gait35", "trc", (0.0, 1.296))
    study = load_study(markers.write(folder))
    run_until(study, "inverse_kinematics")
    model = study.folder(PERSON, "scale")
    skeleton = load_skeleton(model / f"{PERSON}.skeleton.npz")
    solved = read_dataset(study.folder(PERSON, "inverse_kinematics") / f"{RUN}.nc")
    values = solved["q_unfiltered"].values.copy()
    values[:, skeleton.coordinate_is_rotation] *= 180.0 / np.pi
    angles = Storage(tuple(skeleton.coordinates), solved["time"].values, values, in_degrees=True)
    markers.angles, markers.model_file = angles, model / f"{PERSON}.osim"
    markers.name, markers.form = "JA1 sprint angles", "angles"
    del markers.takes[STATIC], markers.rows[STATIC]
    markers.rows[RUN] = trial_row(RUN, "angles")
    markers.person |= {"static_trial": "n/a", "model_file": "P1.osim"}
    return markers


def bases(realdata: Path, scratch: Path) -> dict[str, MemoryStudy]:
    """All sound studies by name; bodies of their labels are known."""
    studies = [
        _ja1(realdata, "JA1Gait35", "c3d", (0.0, 1.296)),
        _ja1(realdata, "JA1Gait21", "c3d", (0.36, 1.8)),
        _ja1(realdata, "JA1Gait35", "trc", (0.0, 1.296)),
        _rajagopal(realdata),
        _virtual("V02", 3, "c3d"),
        _virtual("V07", 2, "trc"),
        _joint_angles(realdata, scratch / "angles-source"),
    ]
    for one in studies:
        _know_bodies(one, scratch / "bodies")
    return {one.name: one for one in studies}


def _know_bodies(study: MemoryStudy, folder: Path) -> None:
    """Take the bodies of the labels from the study's own marker set."""
    if study.form == "angles":
        return
    found = load_study(study.write(folder)).marker_set.markers
    seen = study.run.labels
    study.bodies = {name: one.body for name, one in found.items() if name in seen}
    study.twins = {name: one.model for name, one in found.items() if one.model}
    tracking = {name for name, one in found.items() if one.tracking}
    study.landmarks = tuple(name for name in study.bodies if name not in tracking)
