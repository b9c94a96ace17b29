"""Trials as OpenSim's own tools read them: TRC, MOT and STO, written when somebody asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.mot import write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.io.trc import write_trc
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.records.manifest import Report
from aqbio.records.participant_model import ParticipantModel

if TYPE_CHECKING:
    import xarray as xr

FOLDER = "opensim"


def write_opensim_files(study: Study, participant_id: str, report: Report) -> None:
    """Write ``opensim/<participant>/<trial>*`` of every trial, as far as stages came.

    ``.trc``: markers as recorded, short gaps filled. ``_grf.mot``: low-passed force of each foot at
    the ground origin with its full moment. ``_solve.mot`` and ``_consistency.mot``: coordinates
    before and after motion and forces were made to agree; ``_id.sto`` after each: generalised
    forces, missing where the markers do not show all that they ask for. All on the clock of the
    prepared trial.
    """
    folder = study.root / FOLDER / participant_id
    for trial in study.trials_of(participant_id):
        for stage in ("prepare", "solve", "consistency"):
            source = study.folder(participant_id, stage) / f"{trial.trial_id}.nc"
            if not source.is_file():
                continue
            data, stem = read_dataset(source), folder / trial.trial_id
            if stage == "prepare":
                write_recording(data, stem)
            else:
                skeleton = load_skeleton(ParticipantModel.of(study, participant_id).table)
                write_motion(data, skeleton, stem.with_name(f"{stem.name}_{stage}"))
            report(f"{stem}: {stage}")


def write_recording(data: xr.Dataset, stem: Path) -> None:
    """Write ``<stem>.trc`` and, with forces, ``<stem>_grf.mot`` of a prepared trial."""
    labels = tuple(map(str, data["marker"].values))
    rate = float(data.attrs["marker_rate"])
    write_trc(stem.with_name(f"{stem.name}.trc"), labels, data["marker_raw"].values, rate)
    columns: list[str] = []
    blocks = []
    for side, letter in (("right", "r"), ("left", "l")):
        for name in (f"ground_force_{letter}_v", f"ground_force_{letter}_p"):
            columns += [f"{name}{axis}" for axis in AXES]
        columns += [f"ground_torque_{letter}_{axis}" for axis in AXES]
        force, moment = (data[name].sel(foot=side).values for name in ("foot_force", "foot_moment"))
        blocks += [force, np.zeros_like(force), moment]
    values = np.concatenate(blocks, axis=1)
    known = ~np.isnan(values.sum(axis=1))
    if known.any():
        path, time = stem.with_name(f"{stem.name}_grf.mot"), data["time"].values
        write_storage(path, columns, time[known], values[known], in_degrees=False)


def write_motion(data: xr.Dataset, skeleton: Skeleton, stem: Path) -> None:
    """Write ``<stem>.mot`` and ``<stem>_id.sto`` of a solved or consistent trial."""
    turns, time = skeleton.coordinate_is_rotation, data["time"].values
    degrees = np.where(turns, np.degrees(data["q"].values), data["q"].values)
    mot = stem.with_name(f"{stem.name}.mot")
    write_storage(mot, skeleton.coordinates, time, degrees, in_degrees=True)
    kinds = zip(skeleton.coordinates, turns, strict=True)
    labels = [f"{name}_{'moment' if turn else 'force'}" for name, turn in kinds]
    sto, forces = stem.with_name(f"{stem.name}_id.sto"), data["generalised_force"].values
    write_storage(sto, labels, time, forces, in_degrees=False)
