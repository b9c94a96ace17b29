"""Trials as files for OpenSim's own tools, written on request."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from aqbio.body.records import ParticipantModel, final_model
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.atomic import atomic_path
from aqbio.io.mot import write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.opensim_xml import LoadColumns, write_external_loads, write_inverse_dynamics_setup
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.io.trc import write_trc
from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.prepare.prepared import foot_loads, loads_with_toes, measured_loads
from aqbio.signals import runs
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.study.jobs import refuse_damaged
from aqbio.study.manifest import Report
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross

FOLDER = "opensim"

SUFFIX_STAGES = {"solve": "inverse_kinematics", "consistency": "inverse_dynamics"}
"""Stage by suffix of files: of the motion before the fit, and of the one that results rest on."""

MIN_COP_FORCE_N = 50.0
"""Vertical force from which a centre of pressure is written as the point of application, N: with
less it wanders by centimetres. Between, the point goes straight on from one to the next."""


@dataclass(frozen=True)
class Repeatable:
    """Inputs of one trial's inverse dynamics, before or after the fit."""

    model: ParticipantModel
    data: xr.Dataset
    """Coordinates with derivatives and, after the fit, drag."""
    loads: tuple[ExternalLoad, ...]
    """Of the feet, left first, about the ground origin; NaN where not measured."""
    surface_height: float


def write_opensim_files(study: Study, participant_id: str, report: Report) -> None:
    """Write ``opensim/<participant>/<trial>*`` of every trial, as far as stages came.

    ``.trc``: markers as recorded, with the names of the model, short gaps filled; ``_grf.mot``:
    forces on the feet, low-passed, on the markers' frames as the plates have their clock. Then a
    set that OpenSim repeats inverse dynamics from, before motion and forces were made to agree
    (``_solve``) and after (``_consistency``), each with its model ``<participant>_<way>.osim``:
    coordinates ``.mot``, forces ``_grf.mot`` on the clock of the markers, with the drag of the air
    where there is any, external loads ``_loads.xml``, a set-up ``_setup.xml`` and what inverse
    dynamics gives here, ``_id.sto``.
    """
    records = [study.manifest(participant_id, stage) for stage in PARTICIPANT_STAGES]
    refuse_damaged(records, study.file)
    study.read_manifest(participant_id, "prepare")  # or an error that it has not run
    folder = study.root / FOLDER / participant_id
    for trial in study.trials_of(participant_id):
        stem = folder / trial.trial_id
        recording = study.folder(participant_id, "prepare") / f"{trial.trial_id}.nc"
        if recording.is_file():
            data = read_dataset(recording)
            names = tuple(map(str, data["marker"].values))  # of joint angles: the model's own
            recorded_names = (
                names if trial.coordinates_file else study.marker_set.recorded_names(names)
            )
            write_recording(data, recorded_names, stem)
            report(f"{stem}: prepare")
        for way, stage in SUFFIX_STAGES.items():
            if (study.folder(participant_id, stage) / f"{trial.trial_id}.nc").is_file():
                repeatable = _repeatable(study, participant_id, trial.trial_id, way)
                report(f"{stem}: {way}{write_set(study, repeatable, stem, way)}")


def write_recording(data: xr.Dataset, labels: tuple[str, ...], stem: Path) -> None:
    """Write ``<stem>.trc`` and, with forces, ``<stem>_grf.mot`` of a prepared trial."""
    rate = float(data.attrs["marker_rate"])
    write_trc(stem.with_name(f"{stem.name}.trc"), labels, data["marker_raw"].values, rate)
    loads = [
        ExternalLoad(
            side,
            data["foot_force"].sel(foot=side).values,
            data["foot_moment"].sel(foot=side).values,
            np.zeros(3),
        )
        for side in SIDES
    ]  # the sides stand for the bodies of a model, which a recording has not
    measured, _ = measured_loads(loads)
    if measured.any():
        path, time = stem.with_name(f"{stem.name}_grf.mot"), data["time"].values
        _write_loads(path, time, loads, measured, float(data.attrs["surface_height"]))


def _repeatable(study: Study, participant_id: str, trial_id: str, way: str) -> Repeatable:
    if way == "solve":
        trial = SolvedTrial.read(study, participant_id, trial_id)
        model, data, recorded = (
            ParticipantModel.of(study, participant_id), trial.solved, trial.prepared
        )  # fmt: skip
    else:
        data = recorded = read_dataset(
            study.folder(participant_id, SUFFIX_STAGES[way]) / f"{trial_id}.nc"
        )
        model = final_model(study, participant_id)
    height = float(recorded.attrs["surface_height"])
    return Repeatable(model, data, foot_loads(study.model_map, recorded), height)


def write_set(study: Study, motion: Repeatable, stem: Path, way: str) -> str:
    """Write the files from which inverse dynamics of a trial is repeated; a remark, or "".

    Drag is a force through the whole body's centre of mass. It acts on the pelvis, as in levels B
    and C, so that it is in the residual alone and in no joint's moment.
    """
    skeleton, time = load_skeleton(motion.model.table), motion.data["time"].values
    output_stem = stem.with_name(f"{stem.name}_{way}")
    files = {end: output_stem.with_name(output_stem.name + end) for end in FILE_ENDINGS}
    model = stem.with_name(f"{motion.model.participant_id}_{way}.osim")
    with atomic_path(model) as temporary:
        shutil.copyfile(motion.model.osim, temporary)
    turns, q = skeleton.coordinate_is_rotation, motion.data["q"].values
    degrees = np.where(turns, np.degrees(q), q)
    write_storage(files[".mot"], skeleton.coordinates, time, degrees, in_degrees=True)
    measured, loads = measured_loads(motion.loads)
    if not measured.any():
        return ", no forces"
    moves = segment_kinematics(skeleton, *(motion.data[name].values for name in ("q", "u", "udot")))
    height = motion.surface_height
    feet = loads_with_toes(study.model_map, skeleton, moves, loads, height)
    loads = (*feet, *_drag(study, motion, skeleton, moves))
    labels = _write_loads(files["_grf.mot"], time, loads, measured, height)
    write_external_loads(files["_loads.xml"], files["_grf.mot"].name, labels)
    forces = np.where(measured[:, None], newton_euler(skeleton, moves, loads), np.nan)
    forces[np.isnan(motion.data["generalised_force"].values)] = np.nan
    kinds = zip(skeleton.coordinates, turns, strict=True)
    columns = [f"{name}_{'moment' if turn else 'force'}" for name, turn in kinds]
    write_storage(files["_id.sto"], columns, time, forces, in_degrees=False)
    spans = runs(measured)
    first, stop = longest(spans)
    write_inverse_dynamics_setup(
        files["_setup.xml"],
        model=model.name,
        motion=files[".mot"].name,
        loads=files["_loads.xml"].name,
        output=f"{output_stem.name}_id_opensim.sto",
        span=(float(time[first]), float(time[stop - 1])),
    )
    return "" if len(spans) == 1 else f", forces with gaps: set-up for {time[first]:.3f} s and on"


def longest(spans: IntArray) -> tuple[int, int]:
    """First frame of the longest stretch, and the frame after its last."""
    first, stop = max(spans.tolist(), key=lambda span: span[1] - span[0])
    return first, stop


FOOT_LOAD = "ground"
TOES_LOAD = "ground_toes"
"""Beginning of the columns of loads on a foot and on its toes."""

FILE_ENDINGS = (".mot", "_grf.mot", "_loads.xml", "_id.sto", "_setup.xml")


def _drag(
    study: Study, motion: Repeatable, skeleton: Skeleton, moves: SegmentKinematics
) -> tuple[ExternalLoad, ...]:
    """Drag at the centre of mass, on the pelvis; none where there is no air to run through."""
    if "drag_force" not in motion.data or not motion.data["drag_force"].values.any():
        return ()
    force = motion.data["drag_force"].values
    com = centre_of_mass(segment_motion(skeleton, moves))[0]
    return (ExternalLoad(study.model_map.pelvis.body, force, np.zeros_like(force), com),)


def _write_loads(
    path: Path,
    time: FloatArray,
    loads: Sequence[ExternalLoad],
    measured: BoolArray,
    surface_height: float,
) -> list[LoadColumns]:
    """Write loads of the left and the right foot, and drag; what their columns are called."""
    left, right, *air = loads
    groups, blocks = [], []
    for letter, foot in (("r", right), ("l", left)):
        force, point, moment = _applied(foot, time, measured, surface_height)
        for body, part in foot.frames(np.flatnonzero(measured)).shares_by_segment():
            groups.append(LoadColumns(FOOT_LOAD if body == foot.body else TOES_LOAD, letter, body))
            blocks.append(np.hstack((part * force, point, part * moment)))
    for drag in air:
        groups.append(LoadColumns("air", "", drag.body))
        blocks.append(np.hstack((drag.force, drag.point, drag.moment))[measured])
    columns = [column for group in groups for column in group.columns]
    write_storage(path, columns, time[measured], np.hstack(blocks), in_degrees=False)
    return groups


def _applied(
    load: ExternalLoad, time: FloatArray, measured: BoolArray, surface_height: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Force, point of application and moment about it of the known frames, (N, 3) each.

    The same wrench as about the ground origin, whatever the point; moments that no centre of
    pressure takes up, while the foot is hardly loaded, stay with it.
    """
    load = load.frames(np.flatnonzero(measured))
    cop, _ = centre_of_pressure(
        load.force, load.moment, np.zeros(3), surface_height, MIN_COP_FORCE_N
    )
    pressed = np.isfinite(cop).all(axis=1)
    if not pressed.any():
        return load.force, np.zeros_like(load.force), load.moment
    at, instants = time[measured][pressed], time[measured]
    point = np.stack([np.interp(instants, at, component) for component in cop[pressed].T], axis=1)
    return load.force, point, load.moment - cross(point, load.force)
