"""B3 and B5: inverse dynamics, segment kinematics and angular momentum."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.io.mot import read_storage
from aqbio.multibody.motion import folded_forces
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.reference import reference_differences
from aqbio.vectors import FloatArray
from benchmarks.board import Row, Target, Verdict
from benchmarks.engine import (
    Forces,
    forces_of_files,
    forces_of_motion,
    ground_loads,
    momentum_of_file,
)
from benchmarks.material import Material
from benchmarks.tools import Span, body_kinematics_tool, inverse_dynamics_tool, write_ground_loads

OF_PEAK = 1e-8
"""Part of the largest generalised force by which text files may differ."""

ROUNDING = 1e-12
"""The same where both sides compute with the same numbers."""

TEXT = 1e-7
"""Metres, and metres per second: OpenSim writes eight decimals."""


def whole_span(material: Material) -> Span:
    """All frames that are compared."""
    time = material.markers.time
    return Span(float(time[0]), float(time[-1]))


def tool_forces(file: Path, skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """Generalised forces of the ID tool's file, dependent coordinates folded in, (T, C)."""
    table = read_storage(file)
    names = [n.removesuffix("_moment").removesuffix("_force") for n in table.columns]
    columns = [names.index(name) for name in skeleton.coordinates]
    return folded_forces(skeleton, q, table.values[:, columns])


def relative(computed: FloatArray, expected: FloatArray) -> float:
    """Largest difference as a part of the largest value."""
    return float(np.abs(computed - expected).max() / np.abs(expected).max())


def against_tool(material: Material) -> list[Row]:
    """B3: from coordinates and ground forces in text files to generalised forces."""
    span, folder = whole_span(material), material.folder
    loads = write_ground_loads(folder / "loads.xml", material.forces_file, material.feet)
    files = (material.skeleton_file, material.coordinates_file, material.forces_file, material.feet)

    def tool() -> Path:
        return inverse_dynamics_tool(
            material.model, material.coordinates_file, loads, span, folder / "tool_id.sto"
        )

    def gate(ours: Forces, file: Path) -> Verdict:
        difference = relative(ours.tau, tool_forces(file, ours.skeleton, ours.q))
        words = f"equal to {difference:.1g} of the peak with Simbody's accelerations"
        return Verdict(difference <= OF_PEAK, words)

    size = (material.forces_file.stat().st_size + material.coordinates_file.stat().st_size) / 1e6
    title = f"inverse dynamics, {len(material.markers.time)} frames: {{}} against the ID tool"
    text = f"MOT of coordinates and MOT of ground forces ({size:.2g} MB of text) to forces,"
    read = partial(forces_of_files, *files)
    time = material.markers.time
    loads_in_memory = ground_loads(material.forces_file, material.feet, time)
    arrays = (material.skeleton, time, material.motion.q, loads_in_memory)
    in_memory = partial(forces_of_motion, *arrays)
    return [
        Row("B3", title.format(text), read, tool, gate, Target("ratio", ">=", 30)),
        Row("B3.3", title.format("from arrays, as stage solve has them,"), in_memory, tool, gate),
    ]


def against_analysis(material: Material) -> list[Row]:
    """B5: segment kinematics and angular momentum against the AnalyzeTool."""
    skeleton, span = material.skeleton, whole_span(material)
    difference = reference_differences(material.model, skeleton, material.motion, ()).momentum

    def tool() -> dict[str, Path]:
        stem = material.folder / "tool_bodies"
        return body_kinematics_tool(material.model, material.coordinates_file, span, stem)

    def gate(ours: Any, files: dict[str, Path]) -> Verdict:
        segments, text = ours[0], 0.0
        for kind, values in (("pos", segments.com), ("vel", segments.velocity)):
            table = read_storage(files[kind])
            for body, name in enumerate(skeleton.bodies):
                theirs = [table.column(f"{name}_{axis}") for axis in "XYZ"]
                text = max(text, float(np.abs(values[:, body] - np.transpose(theirs)).max()))
        return Verdict(
            difference <= ROUNDING and text <= TEXT,
            f"whole-body momentum equals Simbody's to {difference:.1g}; segments the tool's text "
            f"to {text:.1g} m and m/s",
        )

    title = (
        f"position, velocity, acceleration of {len(skeleton.bodies)} segments, "
        f"{len(material.markers.time)} frames, from a MOT file, and their angular momentum in "
        "memory: against AnalyzeTool's BodyKinematics on the stock model (no angular momentum)"
    )
    ours = partial(momentum_of_file, material.skeleton_file, material.coordinates_file)
    return [Row("B5", title, ours, tool, gate, Target("ratio", ">=", 150))]
