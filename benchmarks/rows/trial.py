"""B7: a whole trial, from the recording to contributions, against the usual script."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np

from aqbio.config.consistency import Consistency
from aqbio.io.c3d import read_c3d
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.trc import write_trc
from aqbio.mechanics.multibody.kinematics import marker_positions
from aqbio.stages.consistency.stage import consistency_participant
from aqbio.stages.contributions.stage import contributions_participant
from aqbio.stages.prepare.stage import prepare_participant
from aqbio.stages.solve.stage import solve_participant
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
    solve_participant,
    consistency_participant,
    contributions_participant,
)
PLAIN = {"consistency": Consistency(enabled=False)}
"""The usual script makes nothing consistent, so nor do our stages here."""
AGREEMENT_M = 1e-6
"""Largest difference to OpenSim's positions that stage contributions may report."""


def against_script(material: Material) -> list[Row]:
    """B7, and the same beside reading the recording alone."""
    script = partial(usual_script, material, material.folder / "usual")
    ours = partial(through_our_stages, material)
    frames = material.prepared.sizes["time"]
    what = f"a whole trial ({frames} frames), from C3D to contributions through our stages"
    return [
        Row(
            "B7",
            f"{what}, model scaled before: against the usual script (C3D to TRC and MOT, IK tool, "
            "ID tool, AnalyzeTool's BodyKinematics) on the stock model, all in one process",
            ours,
            script,
            partial(_gate, material),
            Target("ratio", ">=", 35),
        ),
        Row(
            "B7.2",
            f"{what}: beside ezc3d's read of the C3D file alone",
            ours,
            partial(ezc3d.c3d, str(material.recording)),
            lambda mine, _: Verdict(mine["status"] == "ok", "the floor of every pipeline"),
        ),
    ]


def through_our_stages(material: Material) -> dict[str, Any]:
    """Run a participant's stages on the single trial; give the last manifest's entry of it."""
    study = replace(material.study, settings=material.study.settings.model_copy(update=PLAIN))
    for stage in STAGES:
        stage(study, material.run.participant, _nobody)
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


def _gate(material: Material, ours: dict[str, Any], coordinates: Path) -> Verdict:
    """Our own closures and OpenSim's frames; and the script's markers, so that it did its work."""
    if ours["status"] != "ok":
        return Verdict(correct=False, note=ours["reason"])
    holds = all(check["holds"] for check in ours["closures"])
    apart = ours["reference"]["position_m"]
    skeleton = material.skeleton
    table = read_storage(coordinates)
    index = [skeleton.markers.index(name) for name in material.markers.names]
    found = marker_positions(skeleton, coordinates_of(table, skeleton))[:, index]
    recorded = material.prepared["marker_raw"].sel(marker=list(material.markers.names)).values
    script = np.sqrt(np.nanmean(((found - recorded) ** 2).sum(axis=2)))
    solved = material.study.read_manifest(material.run.participant, "solve")["trials"][0]
    return Verdict(
        holds and apart <= AGREEMENT_M and len(table.time) == len(recorded),
        f"all closures hold, positions are OpenSim's to {apart:.1g} m; markers "
        f"{1e3 * solved['marker_rms_m']:.1f} mm RMS in the contacts on our scaled model, the "
        f"script's {1e3 * script:.1f} mm on the stock model",
    )


def _nobody(line: str) -> None:
    """Take a line of progress."""
