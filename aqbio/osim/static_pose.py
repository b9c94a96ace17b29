"""The pose of a model that fits the markers of a static trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from aqbio.config import ModelMap
from aqbio.errors import AqbioError
from aqbio.mechanics.vectors import FloatArray
from aqbio.osim.corrections import coordinates
from aqbio.osim.session import array_from_vec3, initialised, opensim, vec3

ARM_STARTS = tuple(np.radians([0.0, -45.0, -85.0]))
"""Starts of the shoulders' second coordinate: arms hanging, in an A and in a T, rad."""
ELBOW_STARTS = tuple(np.radians([5.0, 80.0]))
ACCURACY = 1e-7


@dataclass(frozen=True, slots=True)
class StaticPose:
    """A pose and how far the model's markers are from the measured ones.

    Attributes
    ----------
    coordinates : dict
        Value of every coordinate, rad or m.
    error : dict
        Distance by marker of the model, m, in the order of the marker set.
    """

    coordinates: dict[str, float]
    error: dict[str, float]


def static_pose(
    model: Any,
    model_map: ModelMap | None,
    positions: Mapping[str, FloatArray],
    weights: Mapping[str, float],
) -> StaticPose:
    """Solve the pose in which the model's markers are nearest to the measured ones.

    Parameters
    ----------
    model : opensim.Model
        With a marker of every name in ``weights``; gets a new system. Clamps are ignored, locked
        and coupled coordinates obeyed.
    model_map : ModelMap or None
        Tells the joints of shoulder and elbow, which start from several positions because
        static poses are taken with arms hanging, in an A or in a T. None: the model's default
        pose is the only start.
    positions : mapping of (3,) arrays, m
        Measured position by marker of the model, facing x.
    weights : mapping
        Weight by marker of the model.

    Raises
    ------
    AqbioError
        No start leads to a pose.
    """
    clamped = [c.getName() for c in coordinates(model) if c.getDefaultClamped()]
    _set_clamped(model, clamped, clamped=False)
    state = initialised(model)
    solver = _solver(model, positions, weights)
    best: tuple[float, Any] = (np.inf, None)
    for start in _starts(model, model_map):
        for coordinate in coordinates(model):
            if not coordinate.getDefaultLocked():
                value = start.get(coordinate.getName(), coordinate.getDefaultValue())
                coordinate.setValue(state, value, False)
        try:
            solver.assemble(state)
        except RuntimeError:
            continue  # the other starts decide; none at all is an error below
        error = _errors(model, state, positions, weights)
        cost = sum(weights[name] * distance**2 for name, distance in error.items())
        if cost < best[0]:
            values = {c.getName(): float(c.getValue(state)) for c in coordinates(model)}
            best = (cost, StaticPose(values, error))
    _set_clamped(model, clamped, clamped=True)
    if best[1] is None:
        raise AqbioError(
            "OpenSim finds no pose for the static trial.",
            fix="look at the static trial's markers and at the bodies they are mapped to.",
            rule="static-pose",
        )
    pose: StaticPose = best[1]
    return pose


def _set_clamped(model: Any, names: list[str], *, clamped: bool) -> None:
    for name in names:
        model.updCoordinateSet().get(name).setDefaultClamped(clamped)


def _starts(model: Any, model_map: ModelMap | None) -> list[dict[str, float]]:
    """Positions of shoulders and elbows to start from, by coordinate."""
    if model_map is None:
        return [{}]
    joints = model.getJointSet()
    abduction, flexion = [], []
    for place in (model_map.joints.shoulder, model_map.joints.elbow):
        for name in (place.left, place.right) if place is not None else ():
            joint = joints.get(name)
            if joint.numCoordinates() == 3:
                abduction.append(joint.get_coordinates(1).getName())
            elif joint.numCoordinates() == 1:
                flexion.append(joint.get_coordinates(0).getName())
    starts: list[dict[str, float]] = [{}]
    starts += [
        dict.fromkeys(abduction, arm) | dict.fromkeys(flexion, elbow)
        for arm, elbow in product(ARM_STARTS, ELBOW_STARTS)
    ]
    return starts


def _solver(model: Any, positions: Mapping[str, FloatArray], weights: Mapping[str, float]) -> Any:
    table = opensim.TimeSeriesTableVec3()
    row = opensim.RowVectorVec3(len(weights))
    marker_weights = opensim.SetMarkerWeights()
    for index, (name, weight) in enumerate(weights.items()):
        row[index] = vec3(positions[name])
        marker_weights.cloneAndAppend(opensim.MarkerWeight(name, float(weight)))
    table.setColumnLabels(list(weights))
    for time in (0.0, 1.0):  # a reference of one row has no rate
        table.appendRow(time, row)
    references = opensim.SimTKArrayCoordinateReference()
    markers = opensim.MarkersReference(table, marker_weights)
    solver = opensim.InverseKinematicsSolver(model, markers, references)
    solver.setAccuracy(ACCURACY)
    return solver


def _errors(
    model: Any, state: Any, positions: Mapping[str, FloatArray], names: Mapping[str, float]
) -> dict[str, float]:
    model.realizePosition(state)
    markers = model.getMarkerSet()
    return {
        name: float(
            np.linalg.norm(
                array_from_vec3(markers.get(name).getLocationInGround(state)) - positions[name]
            )
        )
        for name in names
    }
