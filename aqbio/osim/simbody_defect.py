"""Joints whose velocity-dependent acceleration Simbody gets wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.osim.session import array_from_vec3, initialised, opensim

SPEED = 5.0
STEP = 1e-6
TOLERANCE = 1e-4
"""rad/s²: central differences of an angular velocity of order 10 rad/s over 1 µs are good to
1e-8; the defect of a walker knee is some 1e-2 at this speed."""


def defective_joints(model: Any) -> dict[str, float]:
    """Find the joints whose acceleration at constant speed is not the derivative of their velocity.

    Parameters
    ----------
    model : opensim.Model
        Gets a new system; its joints are turned one after another, constraints ignored.

    Returns
    -------
    dict
        Error of the child's angular acceleration at 5 rad/s, rad/s², by "joint (coordinates)".

    Notes
    -----
    Simbody forms the derivative of a function-based mobilizer's rotation axes from as many axes
    as the joint has mobilities. That is wrong in some of the joints in which one coordinate drives
    several axes, the walker knee among them: so it is measured, against central differences.
    """
    state = initialised(model)
    joints = model.getJointSet()
    found = {}
    for index in range(joints.getSize()):
        joint = opensim.CustomJoint.safeDownCast(joints.get(index))
        if joint is None or not (names := _multiply_driven(joint)):
            continue
        error = _acceleration_error(model, state, joint)
        if error > TOLERANCE:
            found[f"{joint.getName()} ({', '.join(names)})"] = error
    return found


def _multiply_driven(joint: Any) -> list[str]:
    """Coordinates that drive more than one rotation axis of a joint."""
    drivers: list[str] = []
    for index in range(3):
        names = joint.getSpatialTransform().getTransformAxis(index).getCoordinateNamesInArray()
        drivers += [names.get(k) for k in range(names.size())]
    return sorted({name for name in drivers if drivers.count(name) > 1})


def _acceleration_error(model: Any, state: Any, joint: Any) -> float:
    coordinates = [joint.get_coordinates(index) for index in range(joint.numCoordinates())]
    middle = np.array([(c.getRangeMin() + c.getRangeMax()) / 2 for c in coordinates])
    # Unequal angles and speeds, so that no term cancels.
    angles = middle + 0.1 * np.arange(1, len(coordinates) + 1)
    speeds = SPEED * (-0.6) ** np.arange(len(coordinates))
    body = opensim.Body.safeDownCast(joint.getChildFrame().findBaseFrame())

    def angular_velocity(values: FloatArray) -> FloatArray:
        for coordinate, value, speed in zip(coordinates, values, speeds, strict=True):
            coordinate.setValue(state, float(value), False)
            coordinate.setSpeedValue(state, float(speed))
        model.realizeVelocity(state)
        return array_from_vec3(body.getAngularVelocityInGround(state))

    ahead, behind = (angular_velocity(angles + way * STEP * speeds) for way in (1, -1))
    angular_velocity(angles)
    accelerations = opensim.VectorOfSpatialVec()
    model.getMatterSubsystem().calcBiasForSystemJacobian(state, accelerations)
    spatial = accelerations.get(int(body.getMobilizedBodyIndex()))  # kept: .get(0) points into it
    theirs = array_from_vec3(spatial.get(0))
    for coordinate in coordinates:
        coordinate.setSpeedValue(state, 0.0)
    return float(np.max(np.abs(theirs - (ahead - behind) / (2 * STEP))))
