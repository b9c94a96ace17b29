"""Conversion of an OpenSim model to the engine's skeleton; refuses what it cannot represent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.boundary import reads
from aqbio.errors import AqbioError
from aqbio.multibody.skeleton import (
    FIXED,
    GROUND,
    Couplers,
    JointAxes,
    PiecewisePolynomials,
    Skeleton,
    constant,
    cubic_spline,
    line,
    piecewise_linear,
    polynomial,
    scaled,
    stack,
)
from aqbio.opensim.session import (
    MAX_MODEL_BYTES,
    RESAVE_FIX,
    array_from_vec3,
    inertia_matrix,
    initialised,
    load_model,
    opensim,
    rotation_matrix,
)
from aqbio.vectors import FloatArray


def read_function(function: Any, *, location: str) -> PiecewisePolynomials:
    """An OpenSim function of one variable as a table of one piecewise polynomial.

    Constant, LinearFunction, PolynomialFunction, SimmSpline (natural cubic splines of old files
    become one), PiecewiseLinearFunction, or a MultiplierFunction of these; others are refused.
    """
    kind = function.getConcreteClassName()
    if kind == "MultiplierFunction":
        multiplier = opensim.MultiplierFunction.safeDownCast(function)
        return scaled(
            read_function(multiplier.getFunction(), location=location), multiplier.getScale()
        )
    if kind == "Constant":
        return constant(opensim.Constant.safeDownCast(function).getValue())
    if kind == "LinearFunction":
        straight = opensim.LinearFunction.safeDownCast(function)
        return line(straight.getSlope(), straight.getIntercept())
    if kind == "PolynomialFunction":
        descending = opensim.PolynomialFunction.safeDownCast(function).getCoefficients()
        return polynomial([descending.get(i) for i in range(descending.size())][::-1])
    if kind == "PiecewiseLinearFunction":
        return piecewise_linear(*_points(opensim.PiecewiseLinearFunction.safeDownCast(function)))
    if kind == "SimmSpline":
        x, y = _points(opensim.SimmSpline.safeDownCast(function))
        slopes = [function.calcDerivative([0], opensim.Vector(1, float(value))) for value in x]
        return cubic_spline(x, y, np.array(slopes))
    raise AqbioError(
        f"{location} is driven by a {kind}, which the engine does not represent.",
        fix="use a SimmSpline, PolynomialFunction, LinearFunction or Constant in the model.",
        rule="function-not-represented",
    )


def _points(function: Any) -> tuple[FloatArray, FloatArray]:
    count = range(function.getNumberOfPoints())
    return np.array([function.getX(i) for i in count]), np.array([function.getY(i) for i in count])


PLAIN_JOINTS = {
    "WeldJoint": "",
    "PinJoint": "Z",
    "SliderJoint": "x",
    "UniversalJoint": "XY",
    "GimbalJoint": "XYZ",
    "BallJoint": "XYZ",
    "PlanarJoint": "Zxy",
    "FreeJoint": "XYZxyz",
}
"""Axes of OpenSim's plain joints in the order of their coordinates: capitals turn, others shift."""


@dataclass(frozen=True)
class _Axis:
    """One axis of a joint, before it goes into the table."""

    is_rotation: bool
    direction: FloatArray
    coordinate: int
    function: PiecewisePolynomials
    slot: int
    mobility: int
    """Index of the coordinate among those of the joint, -1 if none."""


@reads("an OpenSim model", RESAVE_FIX, MAX_MODEL_BYTES)
def read_skeleton(model_file: Path) -> Skeleton:
    """Read an OpenSim model as a skeleton.

    Parameters
    ----------
    model_file : Path
        An ``.osim`` file; forces and controllers in it are ignored.

    Returns
    -------
    Skeleton
        Coordinates and markers in the order of the model, bodies in the order of their joints.

    Raises
    ------
    AqbioError
        The model has no body, or a joint, function or constraint that the engine does not
        represent exactly.

    Notes
    -----
    OpenSim's ball and free joints have angular velocities as speeds; here speeds are always the
    derivatives of the coordinates (body-fixed x-y-z angles), and generalised forces belong to
    these. A marker that is fixed to the ground is left out.
    """
    model = load_model(model_file)
    state = initialised(model, file=model_file)
    try:
        return _skeleton(model, state)
    except AqbioError as error:
        raise AqbioError(
            error.what, file=str(model_file), where=error.where, fix=error.fix, rule=error.rule
        ) from error


def _skeleton(model: Any, state: Any) -> Skeleton:
    joints = _joints_by_child(model)
    bodies = _topological(joints)
    if not bodies:
        raise AqbioError(
            "the model has no body.", fix="give a model of a whole body.", rule="model-empty"
        )
    coordinates = [c.getName() for c in _items(model.getCoordinateSet())]
    frames = [_joint_frames(joints[name], bodies) for name in bodies]
    rows = [model.getBodySet().get(name) for name in bodies]
    markers = [m for m in _items(model.getMarkerSet()) if _base(m.getParentFrame()) != "ground"]
    properties = list(_items(model.getCoordinateSet()))
    return Skeleton(
        bodies=tuple(bodies),
        joints=tuple(joints[name].getName() for name in bodies),
        coordinates=tuple(coordinates),
        markers=tuple(marker.getName() for marker in markers),
        parent=np.array([frame[0] for frame in frames], dtype=np.int64),
        parent_rotation=np.array([frame[1] for frame in frames]).reshape(-1, 3, 3),
        parent_position=np.array([frame[2] for frame in frames]).reshape(-1, 3),
        child_rotation=np.array([frame[3] for frame in frames]).reshape(-1, 3, 3),
        child_position=np.array([frame[4] for frame in frames]).reshape(-1, 3),
        axes=_axes([joints[name] for name in bodies], coordinates),
        couplers=_couplers(model, coordinates),
        mass=np.array([body.getMass() for body in rows], dtype=float),
        com=np.array([array_from_vec3(body.getMassCenter()) for body in rows]).reshape(-1, 3),
        inertia=np.array([inertia_matrix(body.getInertia()) for body in rows]).reshape(-1, 3, 3),
        gravity=array_from_vec3(model.getGravity()),
        marker_body=np.array(
            [bodies.index(_base(m.getParentFrame())) for m in markers], dtype=np.int64
        ),
        marker_position=np.array([_station(state, marker) for marker in markers]).reshape(-1, 3),
        coordinate_range=np.array([(c.getRangeMin(), c.getRangeMax()) for c in properties]),
        coordinate_default=np.array([c.getDefaultValue() for c in properties]),
        coordinate_is_rotation=np.array(
            [c.getMotionType() == opensim.Coordinate.Rotational for c in properties]
        ),
        coordinate_locked=np.array([c.getDefaultLocked() for c in properties]),
        coordinate_clamped=np.array([c.getDefaultClamped() for c in properties]),
    )


def _joints_by_child(model: Any) -> dict[str, Any]:
    """Joints by the body that they move; a model whose joints are no tree is refused."""
    joints: dict[str, Any] = {}
    for joint in _items(model.getJointSet()):
        child = _base(joint.getChildFrame())
        if child in joints or child == "ground":
            raise AqbioError(
                f"body {child} is moved by joint {joint.getName()}"
                + (f" and by {joints[child].getName()}" if child in joints else "")
                + ": the engine needs a tree that starts at the ground.",
                fix="remove the joint that closes the loop, or swap its parent and child.",
                rule="not-a-tree",
            )
        joints[child] = joint
    return joints


def _topological(joints: dict[str, Any]) -> list[str]:
    """Bodies in the order of their joints, every parent before its children."""
    order: list[str] = []
    waiting = list(joints)
    while waiting:
        ready = [
            body
            for body in waiting
            if (parent := _base(joints[body].getParentFrame())) == "ground" or parent in order
        ]
        if not ready:
            raise AqbioError(
                f"bodies {', '.join(waiting)} do not hang on the ground.",
                fix="give every body a chain of joints that starts at the ground.",
                rule="not-a-tree",
            )
        order.append(ready[0])
        waiting.remove(ready[0])
    return order


def _joint_frames(
    joint: Any, bodies: list[str]
) -> tuple[int, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Parent index, frame F in the parent body, and the body frame in the child frame M."""
    parent = _base(joint.getParentFrame())
    in_parent = joint.getParentFrame().findTransformInBaseFrame()
    in_child = joint.getChildFrame().findTransformInBaseFrame()
    to_child = rotation_matrix(in_child.R()).T
    return (
        GROUND if parent == "ground" else bodies.index(parent),
        rotation_matrix(in_parent.R()),
        array_from_vec3(in_parent.p()),
        to_child,
        -to_child @ array_from_vec3(in_child.p()),
    )


def _axes(joints: list[Any], coordinates: list[str]) -> JointAxes:
    """Stack the axes of all joints into one table."""
    table = [
        (body, axis)
        for body, joint in enumerate(joints)
        for axis in _joint_axes(joint, coordinates)
    ]
    carriers = np.zeros((len(table), len(table)), dtype=bool)
    for row, (body, axis) in enumerate(table):
        for column, (other_body, carrier) in enumerate(table):
            carriers[row, column] = body == other_body and _carries(joints[body], axis, carrier)
    return JointAxes(
        body=np.array([body for body, _ in table], dtype=np.int64),
        is_rotation=np.array([axis.is_rotation for _, axis in table], dtype=bool),
        direction=np.array([axis.direction for _, axis in table]).reshape(-1, 3),
        coordinate=np.array([axis.coordinate for _, axis in table], dtype=np.int64),
        functions=stack([axis.function for _, axis in table]),
        simbody_carriers=carriers,
    )


def _joint_axes(joint: Any, coordinates: list[str]) -> list[_Axis]:
    """Axes of one joint, rotations first; those that never move the body are left out."""
    kind = joint.getConcreteClassName()
    joint_coordinates = [joint.get_coordinates(i).getName() for i in range(joint.numCoordinates())]
    if kind in PLAIN_JOINTS:
        axes = [
            _Axis(
                is_rotation=letter.isupper(),
                direction=np.eye(3)["xyz".index(letter.lower())],
                coordinate=coordinates.index(joint_coordinates[index]),
                function=line(1.0),
                slot=index,
                mobility=index,
            )
            for index, letter in enumerate(PLAIN_JOINTS[kind])
        ]
    elif kind == "CustomJoint":
        transform = opensim.CustomJoint.safeDownCast(joint).getSpatialTransform()
        axes = [
            _custom_axis(joint, transform.getTransformAxis(i), i, coordinates) for i in range(6)
        ]
    else:
        raise AqbioError(
            f"joint {joint.getName()} is a {kind}, which the engine does not represent.",
            fix=f"use one of {', '.join([*PLAIN_JOINTS, 'CustomJoint'])}.",
            rule="joint-not-represented",
        )
    moving = [a for a in axes if a.coordinate != FIXED or (a.function.coefficients != 0).any()]
    return sorted(moving, key=lambda axis: not axis.is_rotation)


def _custom_axis(joint: Any, axis: Any, slot: int, coordinates: list[str]) -> _Axis:
    """Read one of the six axes of a custom joint."""
    joint_coordinates = [joint.get_coordinates(i).getName() for i in range(joint.numCoordinates())]
    names = axis.getCoordinateNamesInArray()
    location = f"axis {slot + 1} of joint {joint.getName()}"
    function = read_function(axis.getFunction(), location=location)
    if names.size() > 1:
        raise AqbioError(
            f"{location} is a function of {names.size()} coordinates; the engine knows one.",
            fix="give the axis a function of one coordinate.",
            rule="function-not-represented",
        )
    direction = array_from_vec3(axis.getAxis())
    driving = names.get(0) if names.size() else None
    if driving is None:
        function = constant(float(function.values(np.zeros((1, 1)))[0][0, 0]))
    return _Axis(
        is_rotation=slot < 3,
        direction=direction / np.linalg.norm(direction),
        coordinate=FIXED if driving is None else coordinates.index(driving),
        function=function,
        slot=slot,
        mobility=-1 if driving is None else joint_coordinates.index(driving),
    )


def _carries(joint: Any, axis: _Axis, carrier: _Axis) -> bool:
    """True if Simbody lets the rotation about ``carrier`` move ``axis``.

    Correct is every rotation in front of it. In ``MobilizedBody::FunctionBased`` (custom joints),
    ``buildHdot`` takes for the second axis what the *first coordinate* turns and for the third
    axis what all coordinates but the *third* turn, which is the same only where each coordinate
    drives the rotation of its own number.
    """
    if not (axis.is_rotation and carrier.is_rotation):
        return False
    if joint.getConcreteClassName() != "CustomJoint" or axis.slot == 0:
        return carrier.slot < axis.slot
    return carrier.mobility == 0 if axis.slot == 1 else carrier.mobility != 2


def _couplers(model: Any, coordinates: list[str]) -> Couplers:
    """Coordinates that constraints make a function of another one."""
    dependent, independent, functions = [], [], []
    for constraint in _items(model.getConstraintSet()):
        if not constraint.get_isEnforced():
            continue
        kind = constraint.getConcreteClassName()
        coupler = opensim.CoordinateCouplerConstraint.safeDownCast(constraint)
        names = coupler.getIndependentCoordinateNames() if coupler is not None else None
        if names is None or names.size() != 1:
            raise AqbioError(
                f"constraint {constraint.getName()} is a {kind}"
                + ("" if names is None else f" of {names.size()} coordinates")
                + ", which the engine does not represent.",
                fix="remove it from the model or switch isEnforced off.",
                rule="constraint-not-represented",
            )
        location = f"coupled coordinate {coupler.getDependentCoordinateName()}"
        dependent.append(coordinates.index(coupler.getDependentCoordinateName()))
        independent.append(coordinates.index(names.get(0)))
        function = read_function(coupler.getFunction(), location=location)
        scale = opensim.PropertyHelper.getValueDouble(coupler.getPropertyByName("scale_factor"))
        functions.append(scaled(function, scale))
    return Couplers(
        np.array(dependent, dtype=np.int64), np.array(independent, dtype=np.int64), stack(functions)
    )


def _station(state: Any, marker: Any) -> FloatArray:
    frame = marker.getParentFrame()
    return array_from_vec3(marker.findLocationInFrame(state, frame.findBaseFrame()))


def _base(frame: Any) -> str:
    return str(frame.findBaseFrame().getName())


def _items(things: Any) -> list[Any]:
    return [things.get(i) for i in range(things.getSize())]
