"""Level C against OpenSim: its mass matrix and Jacobians, and its constrained forward dynamics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.mechanics.contact_models import CONTACT_ROWS
from aqbio.mechanics.induced import FURTHER_SOURCES
from aqbio.mechanics.joint_power import coordinate_sources
from aqbio.mechanics.levels import Levels
from aqbio.mechanics.poses import dependent_filled
from aqbio.osim.session import load_model, opensim, vec3
from aqbio.osim.skeleton import read_skeleton
from aqbio.osim.sprint_model import build_sprint_model
from tests.mechanics.levels_case import FEET, Case, anatomy_of, random_run

pytestmark = pytest.mark.opensim

FRAMES = 4
CALCN = ("calcn_l", "calcn_r")
ROUND_OFF = 1e-8
"""Two mass matrices of condition 1e6 or more that differ in their last digits."""

DIFFERENCES = 1e-8
"""Differences of two forward simulations, relative to what is subtracted."""


def _numbers(vector: Any) -> np.ndarray:
    return np.array([vector.get(i) for i in range(vector.size())])


def _matrix(matrix: Any) -> np.ndarray:
    rows, columns = matrix.nrow(), matrix.ncol()
    return np.array([[matrix.get(i, j) for j in range(columns)] for i in range(rows)])


def _vector(values: np.ndarray) -> Any:
    vector = opensim.Vector(len(values), 0.0)
    for place, value in enumerate(values):
        vector.set(place, float(value))
    return vector


@dataclass
class Theirs:
    """A model without locks in OpenSim, put into one frame of a case after another."""

    model: Any
    case: Case

    def __post_init__(self) -> None:
        skeleton = self.case.skeleton
        self.coordinates = [self.model.getCoordinateSet().get(n) for n in skeleton.coordinates]
        for coordinate in self.coordinates:
            coordinate.set_locked(False)
            coordinate.set_clamped(False)
        self.model.finalizeConnections()
        self.state = self.model.initSystem()
        self.matter = self.model.getMatterSubsystem()
        self.bodies = [self.model.getBodySet().get(name) for name in skeleton.bodies]
        self.places = [self._place(coordinate) for coordinate in self.coordinates]

    def _place(self, coordinate: Any) -> int:
        """Place of a coordinate among Simbody's speeds."""
        coordinate.setSpeedValue(self.state, 1.0)
        place = int(np.flatnonzero(_numbers(self.state.getU()))[0])
        coordinate.setSpeedValue(self.state, 0.0)
        return place

    def pose(self, q: np.ndarray, u: np.ndarray) -> None:
        for coordinate, value, speed in zip(self.coordinates, q, u, strict=True):
            coordinate.setValue(self.state, float(value), False)
            coordinate.setSpeedValue(self.state, float(speed))
        self.model.realizeVelocity(self.state)

    def free_columns(self, q: np.ndarray) -> np.ndarray:
        """Simbody's speeds per speed of the free coordinates, couplers included."""
        skeleton = self.case.skeleton
        columns = np.zeros((self.state.getNU(), len(skeleton.coordinates)))
        columns[self.places, np.arange(len(self.places))] = 1.0
        couplers = skeleton.couplers
        slope = couplers.functions.values(q[None, couplers.independent])[1][0]
        rows = np.array(self.places)[couplers.dependent]
        np.add.at(columns, (rows, couplers.independent), slope)
        return columns[:, skeleton.free]

    def mass(self) -> np.ndarray:
        matrix = opensim.Matrix()
        self.matter.calcM(self.state, matrix)
        return _matrix(matrix)

    def jacobian(self, body: Any, point: np.ndarray) -> np.ndarray:
        """(6, speeds): rotation, then translation of a point given in the ground frame."""
        station = self.station(body, point)
        matrix = opensim.Matrix()
        place = body.getMobilizedBodyIndex()
        self.matter.calcFrameJacobian(self.state, place, station, matrix)
        return _matrix(matrix)

    def bias(self, body: Any, point: np.ndarray) -> np.ndarray:
        place = body.getMobilizedBodyIndex()
        bias = self.matter.calcBiasForFrameJacobian(self.state, place, self.station(body, point))
        turning, moving = bias.get(0), bias.get(1)
        return np.array([*(turning.get(i) for i in range(3)), *(moving.get(i) for i in range(3))])

    def station(self, body: Any, point: np.ndarray) -> Any:
        return self.model.getGround().findStationLocationInAnotherFrame(
            self.state, vec3(point), body
        )

    def weight(self) -> np.ndarray:
        """Generalised forces of gravity: every weight at its centre of mass."""
        total = np.zeros(self.state.getNU())
        for body in self.bodies:
            matrix = opensim.Matrix()
            place = body.getMobilizedBodyIndex()
            self.matter.calcStationJacobian(self.state, place, body.getMassCenter(), matrix)
            total += _matrix(matrix).T @ (body.getMass() * self.case.skeleton.gravity)
        return total

    def speeds(self) -> np.ndarray:
        """Generalised forces that the speeds alone ask for."""
        none = opensim.Vector(self.state.getNU(), 0.0)
        nothing = opensim.SpatialVec(vec3([0, 0, 0]), vec3([0, 0, 0]))  # unset, it is garbage
        bodies = opensim.VectorOfSpatialVec(len(self.bodies) + 1, nothing)
        residual = opensim.Vector()
        self.matter.calcResidualForceIgnoringConstraints(self.state, none, bodies, none, residual)
        return _numbers(residual)


@dataclass
class Answer:
    """(sources, free) accelerations and (sources, feet, 6) wrenches of one frame."""

    udot: np.ndarray
    wrench: np.ndarray


def _by_their_matrices(theirs: Theirs, found: Levels, model: str, frame: int, *, speeds: bool):
    """All sources of one frame, accelerations and ground reactions solved in one matrix."""
    case, rows = theirs.case, CONTACT_ROWS[model]
    q, u, _ = (values[frame] for values in case.motion)
    theirs.pose(q, u)
    columns = theirs.free_columns(q)
    mass = columns.T @ theirs.mass() @ columns
    held = np.flatnonzero(case.touching[frame])
    feet = [(_body(theirs, found, place), found.feet[place].point[frame]) for place in held]
    stacked = np.zeros((len(rows) * len(held), len(mass)))
    demand = np.zeros((len(stacked), 2))
    for number, (body, point) in enumerate(feet):
        own = slice(number * len(rows), (number + 1) * len(rows))
        stacked[own] = rows @ theirs.jacobian(theirs.bodies[body], point) @ columns
        demand[own, 0] = rows @ _measured(found, frame, body, point)
        if speeds:
            demand[own, 1] = -rows @ theirs.bias(theirs.bodies[body], point)
    matrix = np.block([[mass, -stacked.T], [stacked, np.zeros((len(stacked),) * 2)]])
    sources = found.induced[model].sources
    sides = np.zeros((len(matrix), len(sources)))
    sides[: len(mass)] = _causes(theirs, found, frame, columns, speeds=speeds)
    sides[len(mass) :, [sources.index(name) for name in ("contact", "velocity")]] = demand
    solution = np.linalg.solve(matrix, sides).T
    wrench = np.zeros((len(solution), 2, 6))
    reactions = solution[:, len(mass) :].reshape(len(solution), len(held), len(rows))
    wrench[:, held] = reactions @ rows
    return Answer(solution[:, : len(mass)], wrench)


def _body(theirs: Theirs, found: Levels, foot: int) -> int:
    return theirs.case.skeleton.bodies.index(found.feet[foot].load.body)


def _measured(found: Levels, frame: int, body: int, point: np.ndarray) -> np.ndarray:
    """Measured acceleration of a point of a foot, and of the foot itself."""
    moves = found.mechanics.kinematics
    omega, alpha = (x[frame, body] for x in (moves.angular_velocity, moves.angular_acceleration))
    arm = point - moves.origin[frame, body]
    linear = moves.acceleration[frame, body] + np.cross(alpha, arm)
    return np.concatenate([alpha, linear + np.cross(omega, np.cross(omega, arm))])


def _causes(theirs: Theirs, found: Levels, frame: int, columns: np.ndarray, *, speeds: bool):
    """(free, sources) generalised forces of joints, residual, gravity and speeds."""
    case, forces = theirs.case, found.mechanics.forces[frame]
    owners = _sources_of(case)
    sources = found.induced["C1"].sources
    sides = np.zeros((len(case.skeleton.free), len(sources)))
    for place, source in enumerate(sources):
        if source not in FURTHER_SOURCES:
            own = np.isin(np.arange(len(forces)), owners[source])
            sides[:, place] = np.where(own, forces, 0.0)[case.skeleton.free]
    sides[:, sources.index("gravity")] = columns.T @ theirs.weight()
    if speeds:
        sides[:, sources.index("velocity")] = -columns.T @ theirs.speeds()
    return sides


def _sources_of(case: Case) -> dict[str, np.ndarray]:
    return coordinate_sources(case.skeleton, case.anatomy.joints, case.anatomy.root, "residual")


def _compare(theirs: Theirs, compared: set[str], *, speeds: bool) -> None:
    found = theirs.case.levels()
    points = np.stack([foot.point for foot in found.feet], axis=1)
    arms = points - found.mechanics.balance.com[:, None]
    for model, induced in found.induced.items():
        places = [induced.sources.index(source) for source in compared]
        for frame in range(FRAMES):
            answer = _by_their_matrices(theirs, found, model, frame, speeds=speeds)
            scale = np.abs(answer.udot[places]).max(axis=1, keepdims=True)
            error = np.abs(induced.udot[frame] - answer.udot)[places] / np.maximum(scale, 1e-6)
            assert error.max() < ROUND_OFF, (model, frame)
            moment, force = answer.wrench[places, :, :3], answer.wrench[places, :, 3:]
            limit = ROUND_OFF * max(np.abs(answer.wrench).max(), 1.0)
            about_com = moment + np.cross(arms[frame], force)
            for ours, expected in (
                (induced.force[frame, places], force),
                (induced.moment[frame, places], about_com),
            ):
                np.testing.assert_allclose(ours, expected, rtol=0, atol=limit)


def test_sprint_model_by_opensim_matrices(tmp_path):
    """All sources: joints, residual, gravity, speeds and contact, three contact models."""
    file = tmp_path / "sprint.osim"
    build_sprint_model(file, "female")
    case = random_run(read_skeleton(file), anatomy_of("sprint"), FEET, frames=FRAMES, seed=2)
    joints = {*case.anatomy.joints, "residual"}
    theirs = Theirs(load_model(file), case)
    _compare(theirs, joints | {"gravity", "velocity", "contact"}, speeds=True)


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "name", "speeds"),
    [
        ("rajagopal2016/models/Rajagopal2016.osim", "rajagopal2016", False),
        ("rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim", "hamner2010", True),
        ("ja1_dorn2012/models/rajagopal_scaled_ja1.osim", "rajagopal2016", False),
    ],
)
def test_published_models_by_opensim_matrices(realdata, file, name, speeds):
    """Locked and coupled coordinates. Simbody's walker knee is wrong in the speeds: left out."""
    skeleton = read_skeleton(realdata / file)
    case = random_run(skeleton, anatomy_of(name), CALCN, frames=FRAMES, seed=6)
    case.motion[0][:] = dependent_filled(skeleton, case.motion[0])
    assert max(value for key, value in case.closures().items() if key != "B3") < ROUND_OFF
    theirs = Theirs(load_model(realdata / file), case)
    compared = {*case.anatomy.joints, "residual", "gravity", "contact"}
    _compare(theirs, compared | ({"velocity"} if speeds else set()), speeds=speeds)


def _held_by_opensim(model: Any, contact: str, theirs: Theirs, foot: str, point: np.ndarray):
    """OpenSim's own constraint for a contact model: a point, or a weld as the foot stands."""
    posed = theirs.model.getBodySet().get(foot)
    ground, body = model.getGround(), model.getBodySet().get(foot)
    if contact == "C1":
        return opensim.PointConstraint(ground, vec3(point), body, theirs.station(posed, point))
    transform = posed.getTransformInGround(theirs.state)
    turned = transform.R().convertRotationToBodyFixedXYZ()
    nothing = vec3([0.0, 0.0, 0.0])
    return opensim.WeldConstraint("held", ground, transform.p(), turned, body, nothing, nothing)


class Driven:
    """A model with a torque on every coordinate and one foot held, in the first frame of a case."""

    def __init__(self, file: Path, case: Case, contact: str, foot: str, point: np.ndarray) -> None:
        q, u = case.motion[0][0], case.motion[1][0]
        theirs = Theirs(load_model(file), case)
        theirs.pose(q, u)
        self.model = load_model(file)
        self.actuators = [opensim.CoordinateActuator(name) for name in case.skeleton.coordinates]
        for actuator in self.actuators:
            actuator.setOptimalForce(1.0)
            self.model.addForce(actuator)
        self.model.addConstraint(_held_by_opensim(self.model, contact, theirs, foot, point))
        self.state = self.model.initSystem()
        every = self.model.getCoordinateSet()
        self.coordinates = [every.get(name) for name in case.skeleton.coordinates]
        for actuator in self.actuators:
            actuator.overrideActuation(self.state, True)
        for coordinate, value, speed in zip(self.coordinates, q, u, strict=True):
            coordinate.setValue(self.state, float(value), False)
            coordinate.setSpeedValue(self.state, float(speed))

    def response(self, torques: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Accelerations of the coordinates and of the centre of mass."""
        for actuator, torque in zip(self.actuators, torques, strict=True):
            actuator.setOverrideActuation(self.state, float(torque))
        self.model.realizeAcceleration(self.state)
        udot = np.array([c.getAccelerationValue(self.state) for c in self.coordinates])
        com = self.model.calcMassCenterAcceleration(self.state)
        return udot, np.array([com.get(i) for i in range(3)])


@pytest.mark.parametrize("model", ["C1", "C3"])
@pytest.mark.parametrize("source", ["hip_right", "ankle_left", "lumbar", "shoulder_right"])
def test_a_moment_that_is_taken_away_changes_what_it_caused(tmp_path, model, source):
    """The causal reading: forward dynamics with and without one joint's moment, all else held."""
    file = tmp_path / "sprint.osim"
    build_sprint_model(file, "female")
    case = random_run(read_skeleton(file), anatomy_of("sprint"), FEET, frames=1, seed=4)
    case.touching[0] = True, False
    found = case.levels()
    driven = Driven(file, case, model, FEET[0], found.feet[0].point[0])
    tau = found.mechanics.forces[0]
    without = np.where(np.isin(np.arange(len(tau)), _sources_of(case)[source]), 0.0, tau)
    with_it, less = driven.response(tau), driven.response(without)
    udot, com = (a - b for a, b in zip(with_it, less, strict=True))
    induced = found.induced[model]
    place = induced.sources.index(source)
    limit = DIFFERENCES * np.abs(with_it[0]).max()
    np.testing.assert_allclose(induced.udot[0, place], udot, rtol=0, atol=limit)
    force = case.skeleton.mass.sum() * com
    limit = DIFFERENCES * np.abs(induced.force).max()
    np.testing.assert_allclose(induced.force[0, place, 0], force, rtol=0, atol=limit)
