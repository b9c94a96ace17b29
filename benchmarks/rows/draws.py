"""B6: generalised forces of ten thousand possible bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.body.draws import InertiaSpread, drawn_skeleton, inertia_draws, twins
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.session import opensim, vec3
from aqbio.vectors import FloatArray
from benchmarks.board import Row, Target, Verdict
from benchmarks.chunked import motion_forces
from benchmarks.engine import ground_loads
from benchmarks.material import Material
from benchmarks.rows.dynamics import OF_PEAK, relative, tool_forces
from benchmarks.tools import Span, inverse_dynamics_tool, silence, write_ground_loads
from tests.mechanics.moment_regressor import moment_regressor

DRAWS, BY_TOOL, FRAMES = 10_000, 5, 238

BLOCK = 32
"""Generalised forces of which all draws are held at once: they fit the processor's cache."""


@dataclass(frozen=True, slots=True)
class DrawnForces:
    """Generalised forces of all draws, summarised.

    Attributes
    ----------
    mean, deviation : (T, C) arrays, N m or N
    first : (BY_TOOL, T, C) array, N m or N
        Of the first draws, for comparison.
    """

    mean: FloatArray
    deviation: FloatArray
    first: FloatArray


def against_tool(material: Material) -> list[Row]:
    """B6: the inertial regressor against editing the model and running the ID tool per draw."""
    skeleton, folder = material.skeleton, material.folder
    frames = min(FRAMES, len(material.markers.time))
    time, whole = material.markers.time[:frames], material.motion
    motion = Motion(whole.q[:frames], whole.u[:frames], whole.udot[:frames])
    file = write_ground_loads(folder / "loads.xml", material.forces_file, material.feet)
    span = Span(float(time[0]), float(time[-1]))
    twin = twins(skeleton.bodies, material.study.model_map.groups)
    random = np.random.default_rng(1)
    parameters = inertia_draws(skeleton, InertiaSpread(), twin, DRAWS, random)

    def ours() -> DrawnForces:
        loads = ground_loads(material.forces_file, material.feet, time)
        return drawn_forces(skeleton, motion, loads, parameters)

    def tool() -> FloatArray:
        found = []
        for draw in parameters[:BY_TOOL]:
            model = edited_model(material.model, drawn_skeleton(skeleton, draw), folder)
            output = folder / "draw_id.sto"
            inverse_dynamics_tool(model, material.coordinates_file, file, span, output)
            found.append(tool_forces(output, skeleton, motion.q))
        return np.array(found)

    def gate(mine: DrawnForces, theirs: FloatArray) -> Verdict:
        apart = relative(mine.first, theirs)
        words = f"the first {BY_TOOL} draws equal the tool's to {apart:.1g} of the peak"
        return Verdict(apart <= OF_PEAK, words)

    what = (
        f"mean and deviation of all generalised forces over {DRAWS:,} given bodies, {frames} "
        f"frames, by the inertial regressor: against an edited model and the ID tool for each "
        f"({BY_TOOL} measured, times {DRAWS // BY_TOOL:,})"
    )
    target = Target("ratio", ">=", 3000)
    return [Row("B6", what, ours, tool, gate, target, other_factor=DRAWS / BY_TOOL)]


def drawn_forces(
    skeleton: Skeleton, motion: Motion, loads: Sequence[ExternalLoad], parameters: FloatArray
) -> DrawnForces:
    """Generalised forces of many bodies that make the same motion."""
    state = (motion.q, motion.u, motion.udot)
    moves = segment_kinematics(skeleton, *state, simbody_compat=True)
    regressor = moment_regressor(skeleton, moves)
    frames, coordinates = regressor.shape[:2]
    rows = regressor.reshape(frames * coordinates, -1)
    constant = motion_forces(skeleton, state, loads) - motion_forces(skeleton, state)
    bodies = np.ascontiguousarray(parameters.reshape(len(parameters), -1).T)
    mean, deviation = np.zeros(len(rows)), np.zeros(len(rows))
    moving = np.flatnonzero(rows.any(axis=1))
    for first in range(0, len(moving), BLOCK):
        block = moving[first : first + BLOCK]
        forces = rows[block] @ bodies
        mean[block] = forces.mean(axis=1)
        deviation[block] = forces.std(axis=1)
    few = (rows @ bodies[:, :BY_TOOL]).T.reshape(-1, frames, coordinates)
    return DrawnForces(
        mean.reshape(frames, coordinates) + constant,
        deviation.reshape(frames, coordinates),
        few + constant,
    )


def edited_model(model_file: Path, skeleton: Skeleton, folder: Path) -> Path:
    """Write a model with the inertia of a skeleton, as a laboratory would for every draw."""
    with silence():
        model = opensim.Model(str(model_file))
    for index, name in enumerate(skeleton.bodies):
        body, tensor = model.getBodySet().get(name), skeleton.inertia[index]
        body.setMass(float(skeleton.mass[index]))
        body.setMassCenter(vec3(skeleton.com[index]))
        moments, products = np.diag(tensor), tensor[[0, 0, 1], [1, 2, 2]]
        body.setInertia(opensim.Inertia(vec3(moments), vec3(products)))
    path = folder / "draw.osim"
    model.printToXML(str(path))
    return path
