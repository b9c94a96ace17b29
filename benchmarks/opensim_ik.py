"""Inverse kinematics by OpenSim, set up as well as it can be: an oracle of tests and benchmarks.

The set-up matters more than the solver: one locked or coupled coordinate makes OpenSim's inverse
kinematics four to six times slower, clamped coordinates stop it up to 1.7 degrees from its optimum,
and a start from the default pose can end in the wrong basin of the arms.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.multibody.motion import TrackedMarkers
from aqbio.opensim.session import array_from_vec3, initialised, load_model, opensim, vec3
from aqbio.vectors import FloatArray

ELBOW_STARTS = (0.0, 1.3)
"""Elbow flexion of the starts of frame 0, rad: straight, and as in running."""

TURN_COST = 1e-6
"""Decides between starts that fit equally well, m²/rad²: an arm has two sequences of Euler angles
for the same pose, half a turn apart each (3e-5 m²); wrong basins cost a hundred times as much."""


def unconstrained_model(path: Path) -> Any:
    """Read a model so that inverse kinematics meets no constraint.

    Forces are dropped, clamps removed, joints whose coordinates are all locked become welds, and
    coordinate couplers are taken out: the dependent coordinates (patellae) carry no markers and are
    set afterwards.
    """
    model = load_model(path)
    state = initialised(model, file=path)
    model.realizePosition(state)
    locked = _locked_joints(model, path)
    poses = [_child_pose(model.getJointSet().get(joint), state) for joint in locked]
    for joint, (translation, angles) in zip(locked, poses, strict=True):
        # a weld ignores the coordinates' default values: the parent frame takes them over
        offset = opensim.PhysicalOffsetFrame.safeDownCast(
            model.updJointSet().get(joint).getParentFrame()
        )
        offset.set_translation(translation)
        offset.set_orientation(angles)
        opensim.ModelFactory.replaceJointWithWeldJoint(model, joint)
    model.updConstraintSet().clearAndDestroy()
    model.finalizeConnections()
    coordinates = model.updCoordinateSet()
    for index in range(coordinates.getSize()):
        coordinates.get(index).setDefaultClamped(False)
    return model


def _locked_joints(model: Any, path: Path) -> list[str]:
    joints = model.getJointSet()
    welded = []
    for index in range(joints.getSize()):
        joint = joints.get(index)
        count = joint.numCoordinates()
        locked = [joint.get_coordinates(k).getDefaultLocked() for k in range(count)]
        if count and all(locked):
            welded.append(joint.getName())
        elif any(locked):
            raise ValueError(f"joint {joint.getName()} of {path} has locked and free coordinates.")
    return welded


def _child_pose(joint: Any, state: Any) -> tuple[Any, Any]:
    """Position and body-fixed x-y-z angles of a joint's child frame in the parent's body frame."""
    base = joint.getParentFrame().findBaseFrame()
    pose = joint.getChildFrame().findTransformBetween(state, base)
    # copies: SWIG's references into `pose` dangle once it is gone
    angles = array_from_vec3(pose.R().convertRotationToBodyFixedXYZ())
    return vec3(array_from_vec3(pose.p())), vec3(angles)


def inverse_kinematics(
    path: Path, markers: TrackedMarkers, coordinates: Sequence[str], *, accuracy: float = 1e-9
) -> FloatArray:
    """(T, C) rad or m: coordinates by OpenSim; NaN where it does not solve (locked, coupled)."""
    model = unconstrained_model(path)
    state = initialised(model, file=path)
    solver = _solver(model, markers, accuracy)
    solved = {
        name: model.getCoordinateSet().get(name)
        for name in coordinates
        if model.getCoordinateSet().contains(name)
    }
    q = np.full((len(markers.time), len(coordinates)), np.nan)
    columns = [coordinates.index(name) for name in solved]
    _assemble_first(model, solver, state, solved, markers)
    for frame, time in enumerate(markers.time):
        state.setTime(float(time))
        solver.track(state)
        q[frame, columns] = [coordinate.getValue(state) for coordinate in solved.values()]
    return q


def _solver(model: Any, markers: TrackedMarkers, accuracy: float) -> Any:
    table = opensim.TimeSeriesTableVec3()
    table.setColumnLabels(list(markers.names))
    for time, frame in zip(markers.time, markers.positions, strict=True):
        row = opensim.RowVectorVec3(len(markers.names))
        for index, position in enumerate(frame):
            row[index] = vec3(position)
        table.appendRow(float(time), row)
    weights = opensim.SetMarkerWeights()
    for name, weight in zip(markers.names, markers.weights, strict=True):
        weights.cloneAndAppend(opensim.MarkerWeight(name, float(weight)))
    references = opensim.SimTKArrayCoordinateReference()
    solver = opensim.InverseKinematicsSolver(
        model, opensim.MarkersReference(table, weights), references
    )
    solver.setAccuracy(accuracy)
    return solver


def _assemble_first(
    model: Any, solver: Any, state: Any, coordinates: dict[str, Any], markers: TrackedMarkers
) -> None:
    """Solve frame 0 from several arm positions and headings and keep the best."""
    time = float(markers.time[0])
    elbows = [c for name, c in coordinates.items() if name.startswith("elbow")]
    headings = [c for name, c in coordinates.items() if name == "pelvis_rotation"]
    best: tuple[float, Any] = (np.inf, None)
    default = {name: coordinate.getDefaultValue() for name, coordinate in coordinates.items()}
    for elbow, heading in product(ELBOW_STARTS, (0.0, np.pi) if headings else (0.0,)):
        state.setTime(time)
        for name, coordinate in coordinates.items():
            coordinate.setValue(state, default[name], False)
        for coordinate in elbows:
            coordinate.setValue(state, elbow, False)
        for coordinate in headings:
            coordinate.setValue(state, heading, False)
        _bring_to_markers(model, state, coordinates, markers)
        try:
            solver.assemble(state)
        except RuntimeError:
            continue  # the other starts decide; track() reports if none of them worked
        squared = [solver.computeCurrentSquaredMarkerError(name) for name in markers.names]
        turns = [c.getValue(state) - default[name] for name, c in coordinates.items()]
        cost = float(np.nansum(squared)) + TURN_COST * float(np.square(turns).sum())
        if cost < best[0]:
            best = (cost, opensim.Vector(state.getQ()))
    if best[1] is None:
        raise ValueError("OpenSim cannot assemble the first frame from any start.")
    state.setQ(best[1])
    model.realizePosition(state)
    solver.assemble(state)


def _bring_to_markers(
    model: Any, state: Any, coordinates: dict[str, Any], markers: TrackedMarkers
) -> None:
    """Shift the pelvis so that the model's markers surround the measured ones of frame 0.

    A start metres away takes such large steps that joint angles end whole turns from where they
    began, or in the mirrored sequence of Euler angles.
    """
    model.realizePosition(state)
    model_markers = model.getMarkerSet()
    distance = [
        position - array_from_vec3(model_markers.get(name).getLocationInGround(state))
        for name, position in zip(markers.names, markers.positions[0], strict=True)
        if np.isfinite(position).all()
    ]
    if not distance:
        return
    for axis, shift in zip("xyz", np.mean(distance, axis=0), strict=True):
        coordinate = coordinates.get(f"pelvis_t{axis}")
        if coordinate is not None:
            coordinate.setValue(state, coordinate.getValue(state) + float(shift), False)
