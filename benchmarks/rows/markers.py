"""B1 and B2: inverse kinematics against OpenSim, as it is used and as well as it can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aqbio.io.mot import read_storage
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import nearest_angles
from aqbio.multibody.poses import dependent_filled
from aqbio.vectors import FloatArray
from benchmarks.board import Row, Target, Verdict
from benchmarks.engine import observable, solved_file
from benchmarks.material import Material, Recorded, coordinates_of, rajagopal_run
from benchmarks.opensim_ik import inverse_kinematics as best_of_opensim
from benchmarks.tools import Span, inverse_kinematics_tool

BETTER = 1e-6
"""Part of a sum of squares that two optima may differ by."""

ANGLE = 0.01
"""Degrees by which observable coordinates may differ where both found the same minimum."""


def against_tool(material: Material) -> list[Row]:
    """B1: our inverse kinematics against the IK tool on the stock model."""
    markers, folder = material.markers, material.folder
    span = Span(float(markers.time[0]), float(markers.time[-1]))

    def ours() -> FloatArray:
        return solved_file(
            material.skeleton_file,
            material.markers_file,
            markers.names,
            len(markers.time),
            folder / "ours_ik.mot",
        )

    def tool() -> Path:
        return inverse_kinematics_tool(
            material.model, material.markers_file, markers.names, span, folder / "tool_ik.mot"
        )

    def gate(q: FloatArray, file: Path) -> Verdict:
        theirs = coordinates_of(read_storage(file), material.skeleton)
        theirs = dependent_filled(material.skeleton, theirs)
        mine, tool_squares = (sum_of_squares(material, values) for values in (q, theirs))
        rms = np.sqrt(
            [
                cost.sum() / np.isfinite(markers.positions[..., 0]).sum()
                for cost in (mine, tool_squares)
            ]
        )
        return Verdict(
            bool((mine <= tool_squares * (1.0 + BETTER)).all()),
            f"every frame fits at least as well: markers {1e3 * rms[0]:.3f} mm RMS, the tool's "
            f"{1e3 * rms[1]:.3f} mm",
        )

    title = (
        f"inverse kinematics, {_size(material)}, TRC to MOT: against the IK tool on the stock "
        "model at its default accuracy 1e-5"
    )
    return [Row("B1", title, ours, tool, gate, Target("ratio", ">=", 40))]


def against_best(material: Material) -> list[Row]:
    """B2: against OpenSim's solver without muscles, locks, couplers and limits at 1e-9."""
    target = Target("ratio", ">=", 25)
    rows = [_best("B2", "the same run", material, target)]
    run = rajagopal_run(material.frames)
    return [*rows, _best("B2.2", "the Rajagopal treadmill run (100 Hz)", run, None)]


def _best(number: str, words: str, run: Recorded, target: Target | None) -> Row:
    markers, skeleton = run.markers, run.skeleton

    def tuned() -> FloatArray:
        return best_of_opensim(run.model, markers, skeleton.coordinates, accuracy=1e-9)

    def gate(ours: FloatArray, theirs: FloatArray) -> Verdict:
        theirs = dependent_filled(skeleton, np.where(np.isnan(theirs), ours, theirs))
        ratio = sum_of_squares(run, ours) / sum_of_squares(run, theirs)
        equal_frames = np.flatnonzero(ratio > 1.0 - BETTER)
        nearest = np.concatenate(
            [nearest_angles(skeleton, theirs[[f]], ours[f]) for f in equal_frames]
        )
        is_observable = observable(skeleton, run.marker_index, markers.positions, ours)
        difference = float(
            np.degrees(np.abs(nearest - ours[equal_frames]))[:, is_observable].max(initial=0.0)
        )
        return Verdict(
            bool(ratio.max() <= 1.0 + BETTER)
            and difference <= ANGLE
            and len(equal_frames) > len(ratio) / 2,
            f"no frame's sum of squares above OpenSim's; equal in {len(equal_frames)} of "
            f"{len(ratio)} frames, observable angles there within {difference:.2g} degrees",
        )

    title = (
        f"inverse kinematics, {words}, {_size(run)}, in memory: against OpenSim's solver at its "
        "best (no muscles, locks, couplers and limits; accuracy 1e-9)"
    )
    return Row(number, title, run.solved, tuned, gate, target)


def _size(run: Recorded) -> str:
    return f"{len(run.markers.time)} frames, {len(run.markers.names)} markers"


def sum_of_squares(run: Recorded, q: FloatArray) -> FloatArray:
    """Squared distances of the markers, summed in each frame, (T,) m²."""
    computed = marker_positions(run.skeleton, q)[:, run.marker_index]
    squares: FloatArray = np.nansum((computed - run.markers.positions) ** 2, axis=(1, 2))
    return squares
