"""The skeleton of a model moves as OpenSim moves the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import marker_positions, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.poses import dependent_filled
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.session import (
    array_from_vec3,
    initialised,
    load_model,
    opensim,
    quiet,
    rotation_matrix,
    vec3,
)
from aqbio.opensim.skeleton import read_skeleton
from tests.golden import differences
from tests.outcome_lines import outcome_lines

pytestmark = pytest.mark.opensim

MODELS = [
    "rajagopal2016/models/Rajagopal2016.osim",
    "rajagopal2016/models/RajagopalLaiUhlrich2023.osim",
    "rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim",
    "ja1_dorn2012/models/JA1_SCALED_Osim40.osim",
    "ja1_dorn2012/models/JA1_SCALED_v2x_thelen.osim",
    "ja1_dorn2012/models/rajagopal_generic_ja1markers.osim",
    "ja1_dorn2012/models/rajagopal_scaled_ja1.osim",
]
FRAMES = 4


class Theirs:
    """An unlocked OpenSim model, put into one frame after another.

    Simbody's speeds are not the derivatives of the coordinates in ball and free joints:
    ``q' = N u``, ``q'' = N u' + N' u``, and generalised forces go the other way, ``τ_q = N⁻ᵀ τ_u``.
    """

    def __init__(self, model: Any, skeleton: Skeleton) -> None:
        self.model, self.skeleton = model, skeleton
        self.coordinates = [model.getCoordinateSet().get(name) for name in skeleton.coordinates]
        for coordinate in self.coordinates:
            coordinate.set_locked(False)
            coordinate.set_clamped(False)
        model.finalizeConnections()
        self.state = model.initSystem()
        self.matter = model.getMatterSubsystem()
        self.slots = [self._slot(coordinate) for coordinate in self.coordinates]

    def _slot(self, coordinate: Any) -> int:
        """Place of a coordinate in Simbody's Q."""
        values = []
        for value in (0.1, 0.3):
            coordinate.setValue(self.state, value, False)
            values.append(_numbers(self.state.getQ()))
        return int(np.flatnonzero(values[1] != values[0])[0])

    def _in_q(self, values: np.ndarray) -> Any:
        vector = opensim.Vector(self.state.getNQ(), 0.0)
        for slot, value in zip(self.slots, values, strict=True):
            vector.set(slot, float(value))
        return vector

    def pose(self, q: np.ndarray, u: np.ndarray) -> None:
        for coordinate, value in zip(self.coordinates, q, strict=True):
            coordinate.setValue(self.state, float(value), False)
        self.model.realizePosition(self.state)
        speeds = opensim.Vector(self.state.getNU(), 0.0)
        self.matter.multiplyByNInv(self.state, False, self._in_q(u), speeds)
        self.state.setU(speeds)
        self.model.realizeVelocity(self.state)

    def bodies(self) -> dict[str, np.ndarray]:
        rows = []
        for name in self.skeleton.bodies:
            body = self.model.getBodySet().get(name)
            transform = body.getTransformInGround(self.state)
            velocity = body.getVelocityInGround(self.state)
            vectors = (transform.p(), velocity.get(0), velocity.get(1))
            rows.append((rotation_matrix(transform.R()), *map(array_from_vec3, vectors)))
        names = ("rotation", "origin", "angular_velocity", "velocity")
        return {n: np.array(v) for n, v in zip(names, zip(*rows, strict=True), strict=True)}

    def markers(self) -> np.ndarray:
        markers = [self.model.getMarkerSet().get(name) for name in self.skeleton.markers]
        return np.array([array_from_vec3(m.getLocationInGround(self.state)) for m in markers])

    def generalised_forces(self, udot: np.ndarray, loads: list[ExternalLoad], frame: int):
        """Of every coordinate, with the dependent ones folded into the independent by work."""
        zeros = opensim.Vector(self.state.getNU(), 0.0)
        turning, accelerations = opensim.Vector(), opensim.Vector(self.state.getNU(), 0.0)
        self.matter.multiplyByNDot(self.state, False, self.state.getU(), turning)
        rest = _numbers(self._in_q(udot)) - _numbers(turning)
        self.matter.multiplyByNInv(self.state, False, _vector(rest), accelerations)
        residual, folded = opensim.Vector(), opensim.Vector()
        wrenches = self._wrenches(loads, frame)
        self.matter.calcResidualForceIgnoringConstraints(
            self.state, zeros, wrenches, accelerations, residual
        )
        self.matter.multiplyByNInv(self.state, True, residual, folded)
        tau = _numbers(folded)[self.slots]
        couplers = self.skeleton.couplers
        q = np.array([[c.getValue(self.state) for c in self.coordinates]])
        slope = couplers.functions.values(q[:, couplers.independent])[1][0]
        np.add.at(tau, couplers.independent, slope * tau[couplers.dependent])
        tau[couplers.dependent] = 0.0
        return tau

    def _wrenches(self, loads: list[ExternalLoad], frame: int) -> Any:
        """Weights and loads on every body, about its origin, in ground axes."""
        totals = np.zeros((len(self.skeleton.bodies), 2, 3))
        for row, name in enumerate(self.skeleton.bodies):
            transform = self.model.getBodySet().get(name).getTransformInGround(self.state)
            weight = self.skeleton.mass[row] * self.skeleton.gravity
            arm = rotation_matrix(transform.R()) @ self.skeleton.com[row]
            totals[row] += np.cross(arm, weight), weight
            for load in loads:
                if load.body == name:
                    arm = load.point[frame] - array_from_vec3(transform.p())
                    force = load.force[frame]
                    totals[row] += load.moment[frame] + np.cross(arm, force), force
        wrenches = opensim.VectorOfSpatialVec(len(totals) + 1, opensim.SpatialVec())
        for row, name in enumerate(self.skeleton.bodies):
            mobilized_index = self.model.getBodySet().get(name).getMobilizedBodyIndex()
            wrenches.set(int(mobilized_index), opensim.SpatialVec(*map(vec3, totals[row])))
        return wrenches


def _numbers(vector: Any) -> np.ndarray:
    return np.array([vector.get(i) for i in range(vector.size())])


def _vector(values: np.ndarray) -> Any:
    vector = opensim.Vector(len(values), 0.0)
    for index, value in enumerate(values):
        vector.set(index, float(value))
    return vector


def _motion(skeleton: Skeleton, seed: int):
    """Random coordinates and rates that obey the couplers."""
    rng = np.random.default_rng(seed)
    shape = (FRAMES, len(skeleton.coordinates))
    q, u, udot = rng.uniform(-0.8, 0.8, shape), rng.normal(0, 5, shape), rng.normal(0, 50, shape)
    couplers = skeleton.couplers
    _, first, second = couplers.functions.values(q[:, couplers.independent])
    speed = u[:, couplers.independent]
    udot[:, couplers.dependent] = first * udot[:, couplers.independent] + second * speed**2
    u[:, couplers.dependent] = first * speed
    return dependent_filled(skeleton, q), u, udot


def _loads(skeleton: Skeleton, seed: int) -> list[ExternalLoad]:
    rng = np.random.default_rng(seed)
    shapes = rng.normal(0, 200, (3, 3, FRAMES, 3))
    bodies = [skeleton.bodies[i] for i in (0, -1, -1)]
    return [ExternalLoad(b, f, m, p / 200) for b, (f, m, p) in zip(bodies, shapes, strict=True)]


def _equal(actual, expected, tolerance):
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def _compare(model: Any, skeleton: Skeleton, seed: int) -> None:
    """Positions, velocities and momentum to 1e-12, forces with Simbody's defect to 1e-11."""
    theirs = Theirs(model, skeleton)
    q, u, udot = _motion(skeleton, seed)
    loads = _loads(skeleton, seed)
    moves = segment_kinematics(skeleton, q, u, udot)
    motion = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(motion)
    momentum = angular_momentum(motion, com, velocity).sum(axis=1)
    tau = newton_euler(skeleton, moves, loads, simbody_compat=True)
    markers = marker_positions(skeleton, q)
    for frame in range(FRAMES):
        theirs.pose(q[frame], u[frame])
        for name, expected in theirs.bodies().items():
            _equal(getattr(moves, name)[frame], expected, 1e-12)
        total = theirs.model.calcAngularMomentum(theirs.state)
        linear = theirs.model.calcMassCenterVelocity(theirs.state)
        _equal(momentum[frame], array_from_vec3(total), 1e-12)
        _equal(velocity[frame], array_from_vec3(linear), 1e-12)
        _equal(markers[frame], theirs.markers(), 1e-12)
        _equal(tau[frame], theirs.generalised_forces(udot[frame], loads, frame), 1e-11)


_JOINTS = (
    "PinJoint", "SliderJoint", "WeldJoint", "UniversalJoint", "GimbalJoint", "BallJoint",
    "PlanarJoint", "FreeJoint", "CustomJoint", "CustomJoint",
)  # fmt: skip


def _spline() -> Any:
    spline = opensim.SimmSpline()
    for x, y in ((-0.6, 0.3), (-0.1, -0.2), (0.2, 0.1), (0.5, 0.4)):
        spline.addPoint(x, y)
    return spline


def _custom_transform(names: list[str]) -> Any:
    """Six oblique axes: line, spline, constant; polynomial, multiple of a spline, bent line."""
    bent = opensim.PiecewiseLinearFunction()
    for x, y in ((-0.4, 0.1), (0.0, 0.0), (0.3, 0.4)):
        bent.addPoint(x, y)
    adopted = _spline()
    adopted.thisown = False  # the multiplier takes it over and frees it
    multiple = opensim.MultiplierFunction(adopted, 0.7)
    functions = [
        (opensim.LinearFunction(1.5, 0.1), names[0]),
        (_spline(), names[0]),
        (opensim.Constant(0.2), None),
        (opensim.PolynomialFunction(_vector(np.array([0.5, -0.2, 0.3, 0.1]))), names[1]),
        (multiple, names[0]),
        (bent, names[1]),
    ]
    transform = opensim.SpatialTransform()
    directions = np.array([[0, 0, 2], [0, 1, 1], [1, 0.2, 0], [1, 0, 0], [0, 1, 0], [0.3, 0, 1]])
    for axis_index, (function, name) in enumerate(functions):
        axis, coordinate_names = transform.updTransformAxis(axis_index), opensim.ArrayStr()
        if name:
            coordinate_names.append(name)
        axis.setCoordinateNames(coordinate_names)
        axis.setAxis(vec3(directions[axis_index]))
        axis.set_function(function)
    return transform


def _chain(joints: tuple[str, ...]) -> Any:
    """A model whose bodies hang one on the other, each by one of these joints."""
    model, rng = opensim.Model(), np.random.default_rng(0)
    parent = model.getGround()
    for number, kind in enumerate(joints):
        moments = opensim.Inertia(0.1, 0.12, 0.09, 0.01, -0.02, 0.005)
        body = opensim.Body(f"b{number}", 1.0 + number, vec3(rng.normal(0, 0.1, 3)), moments)
        model.addBody(body)
        frames = [vec3(v) for v in rng.normal(0, 0.4, (4, 3))]
        transform = ()
        if kind == "CustomJoint":
            transform = (_custom_transform([f"j{number}_coord_0", f"j{number}_coord_1"]),)
        elif kind == "EllipsoidJoint":
            transform = (vec3([0.1, 0.2, 0.3]),)
        placed = (parent, frames[0], frames[1], body, frames[2], frames[3], *transform)
        model.addJoint(getattr(opensim, kind)(f"j{number}", *placed))
        model.addMarker(opensim.Marker(f"m{number}", body, vec3(rng.normal(0, 0.1, 3))))
        parent = body
    return model


def _coupler(dependent: str, *independent: str) -> Any:
    constraint, names = opensim.CoordinateCouplerConstraint(), opensim.ArrayStr()
    for name in independent:
        names.append(name)
    constraint.setIndependentCoordinateNames(names)
    constraint.setDependentCoordinateName(dependent)
    constraint.setFunction(opensim.PolynomialFunction(_vector(np.array([0.4, 0.8, 0.1]))))
    constraint.setName("coupler")
    return constraint


def _written(model: Any, folder: Path) -> Path:
    file = folder / "model.osim"
    model.finalizeConnections()
    model.printToXML(str(file))
    return file


@pytest.mark.real
@pytest.mark.parametrize("model", MODELS)
def test_moves_as_opensim(realdata, model):
    file = realdata / model
    _compare(load_model(file), read_skeleton(file), seed=len(model))


@pytest.mark.parametrize("name", ["sprint_female", "sprint_male"])
def test_our_own_models_move_as_opensim(name):
    """Simbody is right there, too: its defect is in no joint of ours."""
    file = Path(__file__).parents[2] / "models" / "sprint" / f"{name}.osim"
    skeleton = read_skeleton(file)
    axes = skeleton.axes
    before = (axes.body[:, None] == axes.body) & np.tri(len(axes), k=-1, dtype=bool)
    carriers = before & axes.is_rotation[:, None] & axes.is_rotation
    np.testing.assert_array_equal(axes.simbody_carriers, carriers)
    _compare(load_model(file), skeleton, seed=7)


def test_every_kind_of_joint_and_function(tmp_path):
    """A chain with oblique frames, in which a coupler moves the last joint by the first."""
    model = _chain(_JOINTS)
    model.addConstraint(_coupler("j9_coord_0", "j0_coord_0"))
    file = _written(model, tmp_path)
    skeleton = read_skeleton(file)
    assert len(skeleton.bodies) == len(_JOINTS)
    np.testing.assert_array_equal(skeleton.couplers.independent, [0])
    _compare(load_model(file), skeleton, seed=3)


def _jointed(*joints: str, change=lambda model: None):
    def jointed_chain() -> Any:
        model = _chain(joints)
        change(model)
        return model

    return jointed_chain


def _sine(model: Any) -> None:
    joint = opensim.CustomJoint.safeDownCast(model.updJointSet().get(0))
    joint.updSpatialTransform().updTransformAxis(0).set_function(opensim.Sine(1.0, 2.0, 0.0))


def _welded(model: Any) -> None:
    first, second = (model.getBodySet().get(n) for n in (0, 1))
    model.addConstraint(opensim.PointConstraint(first, vec3([0] * 3), second, vec3([0] * 3)))


def _loop(model: Any) -> None:
    last = model.getBodySet().get(1)
    model.addJoint(opensim.PinJoint("loop", model.getGround(), last))


PINS = ("PinJoint", "PinJoint", "PinJoint")
REFUSED = {
    "an ellipsoid": _jointed("EllipsoidJoint"),
    "two parents": _jointed(*PINS[:2], change=_loop),
    "a sine": _jointed("CustomJoint", change=_sine),
    "a weld": _jointed(*PINS[:2], change=_welded),
    "a coupler of two": _jointed(*PINS, change=lambda chain: chain.addConstraint(
        _coupler("j2_coord_0", "j0_coord_0", "j1_coord_0"))),
    "a coupler of nobody": _jointed(*PINS, change=lambda chain: chain.addConstraint(
        _coupler("j2_coord_0", "j0_coord_0"))),
    "a body that is not there": _jointed(*PINS),
    "no bodies": opensim.Model,
}  # fmt: skip


REWRITTEN = {
    "a body that is not there": ("/bodyset/b1", "/bodyset/nobody"),
    "a coupler of nobody": ("name>j2_coord_0</dep", "name>nobody</dep"),
}
"""Texts of files that OpenSim would not write."""


def test_golden_refused_models(tmp_path):
    lines = []
    for name, make in REFUSED.items():
        file = _written(make(), tmp_path)
        before, after = REWRITTEN.get(name, ("", ""))
        text = file.read_text()
        assert before in text
        file.write_text(text.replace(before, after) if before else text)
        with quiet(level="Off"):
            lines += outcome_lines(
                name, lambda file=file: len(read_skeleton(file).bodies), tmp_path
            )
            lines += outcome_lines(name, lambda file=file: _initialised(file), tmp_path)
    file.unlink()
    lines += outcome_lines("no file", lambda: load_model(file), tmp_path)
    file.write_text("<OpenSimDocument Version='40000'><Model")
    lines += outcome_lines("a broken file", lambda: load_model(file), tmp_path)
    assert differences("osim/refused", lines) == []


def _initialised(file: Path) -> str:
    initialised(load_model(file), file=file)
    return "OpenSim builds it"
