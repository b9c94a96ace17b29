"""B7: a whole trial, from the recording to contributions, against the usual script."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.body.records import ParticipantModel
from aqbio.config.settings import Consistency
from aqbio.contributions.stage import contributions_participant
from aqbio.inverse_dynamics.stage import inverse_dynamics_participant
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.c3d import read_c3d
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.trc import write_trc
from aqbio.multibody.kinematics import marker_positions, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.prepare.stage import prepare_participant
from aqbio.vectors import FloatArray
from benchmarks.board import Row, Target, Verdict
from benchmarks.material import Material, coordinates_of
from benchmarks.tools import (
    Span,
    body_kinematics_tool,
    inverse_dynamics_tool,
    inverse_kinematics_tool,
    write_ground_loads,
)

STAGES = (
    prepare_participant,
    inverse_kinematics_participant,
    inverse_dynamics_participant,
    contributions_participant,
)
AGREEMENT_M = 1e-6
"""Largest difference to OpenSim's positions that stage contributions may report."""


def against_script(material: Material) -> list[Row]:
    """B7 in three forms."""
    script = partial(usual_script, material, material.folder / "usual")
    frames = material.prepared.sizes["time"]
    run = f"a whole trial ({frames} frames) from C3D, model scaled before"
    usual = (
        "against the usual script (C3D to TRC and MOT, IK tool, ID tool, AnalyzeTool's "
        "BodyKinematics) on the stock model, all in one process"
    )
    plain = partial(level_a_alone, material)
    return [
        Row(
            "B7",
            f"{run}, to joint moments and angular momentum, no more than the script does: {usual}",
            plain,
            script,
            partial(_gate_of_level_a, material),
            Target("ratio", ">=", 60),
        ),
        Row(
            "B7.3",
            f"{run}, with levels A to C and their intervals: {usual}",
            partial(through_our_stages, material, Consistency(enabled=False)),
            script,
            partial(_gate, material),
        ),
        Row(
            "B7.4",
            f"{run}, with levels, intervals and the consistency fit: {usual}",
            partial(through_our_stages, material, Consistency()),
            script,
            partial(_gate, material),
            Target("ratio", ">=", 25),
        ),
    ]


def level_a_alone(material: Material) -> FloatArray:
    """Prepare and solve the trial; give the angular momentum of its segments, (T, B, 3)."""
    for stage in STAGES[:2]:
        stage(material.study, material.run.participant, _silent)
    solved = read_dataset(
        material.study.folder(material.run.participant, "inverse_kinematics") / "run-01.nc"
    )
    skeleton = _model(material)
    motion = (solved[name].values for name in ("q", "u", "udot"))
    segments = segment_motion(skeleton, segment_kinematics(skeleton, *motion))
    com, velocity, _ = centre_of_mass(segments)
    return angular_momentum(segments, com, velocity)


def _model(material: Material) -> Skeleton:
    """The scaled model of the trial."""
    return load_skeleton(ParticipantModel.of(material.study, material.run.participant).table)


def through_our_stages(material: Material, consistency: Consistency) -> dict[str, Any]:
    """Run a participant's stages on the single trial; give the last manifest's entry of it."""
    settings = material.study.settings.model_copy(update={"consistency": consistency})
    study = replace(material.study, settings=settings)
    for stage in STAGES:
        stage(study, material.run.participant, _silent)
    manifest = material.study.manifest(material.run.participant, "contributions")
    entry: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["trials"][0]
    return entry


def usual_script(material: Material, folder: Path) -> Path:
    """Do what laboratories' scripts do; give the coordinates that it found."""
    folder.mkdir(exist_ok=True)
    trc, forces, q = folder / "run.trc", folder / "run_grf.mot", folder / "run_ik.mot"
    recording = read_c3d(material.recording)
    to_ground = np.reshape(material.prepared.attrs["lab_to_ground"], (3, 3))
    write_trc(trc, recording.labels, recording.positions @ to_ground.T, recording.rate)
    ground = read_storage(material.forces_file)  # the plates' assignment to feet is given to it
    write_storage(forces, ground.columns, ground.time, ground.values, in_degrees=False)
    loads = write_ground_loads(folder / "run_grf.xml", forces, material.feet)
    span = Span(0.0, (len(recording.positions) - 1) / recording.rate)
    inverse_kinematics_tool(material.model, trc, material.markers.names, span, q)
    inverse_dynamics_tool(material.model, q, loads, span, folder / "run_id.sto", material.cutoff)
    body_kinematics_tool(material.model, q, span, folder / "run", material.cutoff)
    return q


def _gate_of_level_a(material: Material, ours: FloatArray, coordinates: Path) -> Verdict:
    """Momentum as stage contributions writes it, whose frames OpenSim confirms (B7.3)."""
    through_our_stages(material, Consistency(enabled=False))
    data = read_dataset(
        material.study.folder(material.run.participant, "contributions") / "run-01.nc"
    )
    norms = np.abs(np.linalg.norm(ours.sum(axis=1), axis=1))
    written_norms = np.linalg.norm(
        data["angular_momentum"].sum("segment", skipna=False).values, axis=1
    )
    difference = float(np.nanmax(np.abs(norms - written_norms)))
    script = len(read_storage(coordinates).time) == len(ours)
    words = f"whole-body momentum within {difference:.1g} kg m2/s of the files of B7.3, all axes"
    return Verdict(script and difference < 2e-3, words)


def _gate(material: Material, ours: dict[str, Any], coordinates: Path) -> Verdict:
    """Our own closures and OpenSim's frames; and the script's markers, so that it did its work."""
    if ours["status"] != "ok":
        return Verdict(correct=False, note=ours["reason"])
    holds = ours["closure"]["holds"]
    difference = ours["reference"]["position_m"]
    skeleton = material.skeleton
    table = read_storage(coordinates)
    index = [skeleton.markers.index(name) for name in material.markers.names]
    fitted = marker_positions(skeleton, coordinates_of(table, skeleton))[:, index]
    recorded = material.prepared["marker_raw"].sel(marker=list(material.markers.names)).values
    script = np.sqrt(np.nanmean(((fitted - recorded) ** 2).sum(axis=2)))
    solved = material.study.read_manifest(material.run.participant, "inverse_kinematics")["trials"][
        0
    ]
    return Verdict(
        holds and difference <= AGREEMENT_M and len(table.time) == len(recorded),
        f"all closures hold, positions are OpenSim's to {difference:.1g} m; markers "
        f"{1e3 * solved['marker_rms_m']:.1f} mm RMS in the contacts on our scaled model, the "
        f"script's {1e3 * script:.1f} mm on the stock model",
    )


def _silent(line: str) -> None:
    """Take a line of progress."""
