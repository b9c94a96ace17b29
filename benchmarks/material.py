"""Material of the comparisons: one recorded run, its participant's model and the stock model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from aqbio.filters import low_pass
from aqbio.inverse_kinematics.files import write_opensim_files
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.io.mot import Storage, write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import save_skeleton
from aqbio.io.study import Study, load_study
from aqbio.io.trc import read_trc
from aqbio.multibody.motion import Motion, TrackedMarkers, spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.skeleton import read_skeleton
from aqbio.prepare.stage import prepare_participant
from aqbio.scale.stage import scale_participant
from aqbio.vectors import FloatArray
from benchmarks.studies import OneRun

REALDATA = "AQBIO_REALDATA"
ROOT = Path(__file__).parents[1]
JA1 = "ja1_dorn2012"
STOCK = "rajagopal_scaled_ja1.osim"
RUN_MODEL = "rajagopal2016/models/Rajagopal2016.osim"
RUN_MARKERS = "rajagopal2016/run/motion_capture_run.trc"

WORDS = (
    "JA1's jog (3.6 m/s, 250 Hz) on the stock Rajagopal model that was scaled to him (80 muscles, "
    "2 couplers, locked and clamped coordinates)"
)


@dataclass(frozen=True)
class Recorded:
    """Markers of a run and a model that carries them."""

    model: Path
    """The ``.osim`` that the rivals use."""
    markers_file: Path
    """TRC, ground axes."""
    frames: int
    """How many of its frames are used, from the first one."""

    @cached_property
    def skeleton(self) -> Skeleton:
        """The model as a table."""
        return read_skeleton(self.model)

    @cached_property
    def markers(self) -> TrackedMarkers:
        """Markers of the recording that the model has, equally weighted."""
        content = read_trc(self.markers_file)
        names = tuple(label for label in content.labels if label in self.skeleton.markers)
        columns = [content.labels.index(name) for name in names]
        positions = content.positions[: self.frames, columns]
        time = content.first_time + np.arange(len(positions)) / content.rate
        return TrackedMarkers(time, names, positions, np.ones(len(names)))

    @cached_property
    def marker_index(self) -> np.ndarray:
        """Index of each marker in the skeleton's markers."""
        return np.array([self.skeleton.markers.index(name) for name in self.markers.names])

    def solved(self) -> FloatArray:
        """Inverse kinematics of all frames."""
        markers = self.markers
        return inverse_kinematics(
            self.skeleton, markers.positions, self.marker_index, markers.weights
        )


@dataclass(frozen=True)
class Material(Recorded):
    """A run of a study that is prepared and whose participant's model is scaled."""

    folder: Path
    run: OneRun
    study_file: Path
    """A study with this run as its only trial."""
    forces_file: Path
    """MOT with columns ``ground_force_r_v…``, ``ground_force_r_p…``, ``ground_torque_r_…`` and the
    same with l."""

    @cached_property
    def study(self) -> Study:
        """The study of this single trial."""
        return load_study(self.study_file)

    @property
    def recording(self) -> Path:
        """The C3D file of the run."""
        return self.study.recording(self.study.trials[0])

    @cached_property
    def prepared(self) -> xr.Dataset:
        """Dataset of stage prepare."""
        return read_dataset(self.study.folder(self.run.participant, "prepare") / "run-01.nc")

    @property
    def feet(self) -> dict[str, str]:
        """Bodies that the ground pushes, by the letter in the columns of the force file."""
        feet = self.study.model_map.feet
        return {"r": feet.right, "l": feet.left}

    @property
    def cutoff(self) -> float:
        """Low-pass of the coordinates, Hz."""
        return self.study.settings.prepare.cutoff_hz

    @cached_property
    def skeleton_file(self) -> Path:
        """The stock model's skeleton, as stage scale writes one."""
        path = self.folder / "stock.skeleton.npz"
        save_skeleton(self.skeleton, path)
        return path

    @cached_property
    def motion(self) -> Motion:
        """Low-passed coordinates of the stock model, with their derivatives."""
        time = self.markers.time
        rate = 1.0 / float(time[1] - time[0])
        return spline_motion(self.skeleton, time, low_pass(self.solved(), rate, self.cutoff))

    @cached_property
    def coordinates_file(self) -> Path:
        """These coordinates as the tools read them."""
        path = self.folder / "coordinates.mot"
        write_coordinates(path, self.skeleton, self.markers.time, self.motion.q)
        return path


def write_coordinates(path: Path, skeleton: Skeleton, time: FloatArray, q: FloatArray) -> None:
    """Write coordinates in degrees, as OpenSim's tools read them."""
    values = q.copy()
    angles = skeleton.coordinate_is_rotation
    values[:, angles] = np.degrees(values[:, angles])
    write_storage(path, skeleton.coordinates, time, values, in_degrees=True)


def coordinates_of(table: Storage, skeleton: Skeleton) -> FloatArray:
    """All coordinates of a file in degrees, (T, C) rad or m.

    OpenSim gives dependent coordinates in radians although it says degrees: they are of motion
    type "coupled" and belong to no angle here; whoever needs them computes them.
    """
    values = np.stack([table.column(name) for name in skeleton.coordinates], axis=1)
    angles = skeleton.coordinate_is_rotation
    values[:, angles] = np.radians(values[:, angles])
    return values


def gather_material(folder: Path, frames: int, report: Callable[[str], None]) -> Material:
    """Prepare JA1's jog, with the sheets and the marker set of the tests."""
    run = OneRun(ROOT / "tests" / "real" / "ja1", "JA1")
    study = load_study(run.write(folder / "run"))
    prepare_participant(study, "JA1", report)
    scale_participant(study, "JA1", report)
    write_opensim_files(study, "JA1", report)
    ja1 = realdata() / JA1
    return Material(
        model=ja1 / "models" / STOCK,
        markers_file=study.root / "opensim" / "JA1" / "run-01.trc",
        frames=frames,
        folder=folder,
        run=run,
        study_file=run.write(folder / "run", static=False),
        forces_file=ja1 / "trc_mot" / "jog_grf.mot",
    )


def realdata() -> Path:
    """The folder of recordings; the scoreboard is about these."""
    if REALDATA not in os.environ:
        raise SystemExit(f"{REALDATA} is not set: the scoreboard needs the real recordings.")
    return Path(os.environ[REALDATA])


def rajagopal_run(frames: int) -> Recorded:
    """The treadmill run that comes with the Rajagopal model, on that model."""
    return Recorded(realdata() / RUN_MODEL, realdata() / RUN_MARKERS, frames)
