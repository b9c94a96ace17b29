"""A model in OpenSim, put into the frames of a case, with what level C needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.contributions.hub import coordinate_sources
from aqbio.opensim.session import load_model, opensim, vec3
from tests.mechanics.levels_case import Case


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


def unlock(file: Path) -> Path:
    """Free every coordinate of a model file."""
    model = load_model(file)
    coordinates = model.updCoordinateSet()
    for index in range(coordinates.getSize()):
        coordinates.get(index).setDefaultLocked(False)
    model.printToXML(str(file))
    return file


def sources_of(case: Case) -> dict[str, np.ndarray]:
    """Coordinates behind every source."""
    return coordinate_sources(case.skeleton, case.anatomy.joints, case.anatomy.root, "residual")


def held_by_opensim(model: Any, contact: str, theirs: Theirs, foot: str, point: np.ndarray):
    """OpenSim's own constraint for a contact model: a point, or a weld as the foot stands."""
    posed = theirs.model.getBodySet().get(foot)
    ground, body = model.getGround(), model.getBodySet().get(foot)
    if contact == "C1":
        return opensim.PointConstraint(ground, vec3(point), body, theirs.station(posed, point))
    transform = posed.getTransformInGround(theirs.state)
    turned = transform.R().convertRotationToBodyFixedXYZ()
    nothing = vec3([0.0, 0.0, 0.0])
    return opensim.WeldConstraint("held", ground, transform.p(), turned, body, nothing, nothing)
