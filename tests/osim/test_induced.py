"""Level C against OpenSim: its mass matrix and Jacobians, and its constrained forward dynamics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.contributions.induced import CONTACT_ROWS, FURTHER_SOURCES
from aqbio.contributions.levels import Levels
from aqbio.multibody.poses import dependent_filled
from aqbio.opensim.session import load_model, opensim
from aqbio.opensim.skeleton import read_skeleton
from aqbio.opensim.sprint_model import build_sprint_model
from tests.mechanics.levels_case import FEET, Case, anatomy_of, random_run
from tests.osim.induced_case import Theirs, held_by_opensim, sources_of, unlock

pytestmark = pytest.mark.opensim

FRAMES = 4
CALCN = ("calcn_l", "calcn_r")
ROUND_OFF = 1e-8
"""Two mass matrices of condition 1e6 or more that differ in their last digits."""

DIFFERENCES = 1e-8
"""Differences of two forward simulations, relative to what is subtracted."""


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
    owners = sources_of(case)
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
    unlock(file)
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
    assert max(case.identities().values()) < ROUND_OFF
    theirs = Theirs(load_model(realdata / file), case)
    compared = {*case.anatomy.joints, "residual", "gravity", "contact"}
    _compare(theirs, compared | ({"velocity"} if speeds else set()), speeds=speeds)


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
        self.model.addConstraint(held_by_opensim(self.model, contact, theirs, foot, point))
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
    unlock(file)
    case = random_run(read_skeleton(file), anatomy_of("sprint"), FEET, frames=1, seed=4)
    case.touching[0] = True, False
    found = case.levels()
    driven = Driven(file, case, model, FEET[0], found.feet[0].point[0])
    tau = found.mechanics.forces[0]
    without = np.where(np.isin(np.arange(len(tau)), sources_of(case)[source]), 0.0, tau)
    with_it, less = driven.response(tau), driven.response(without)
    udot, com = (a - b for a, b in zip(with_it, less, strict=True))
    induced = found.induced[model]
    place = induced.sources.index(source)
    limit = DIFFERENCES * np.abs(with_it[0]).max()
    np.testing.assert_allclose(induced.udot[0, place], udot, rtol=0, atol=limit)
    force = case.skeleton.mass.sum() * com
    limit = DIFFERENCES * np.abs(induced.force).max()
    np.testing.assert_allclose(induced.force[0, place, 0], force, rtol=0, atol=limit)


def _analysed(model: Any, case: Case, torques: np.ndarray, folder: Path) -> dict[str, np.ndarray]:
    """Accelerations of the centre of mass by OpenSim's InducedAccelerations analysis."""
    controller = opensim.PrescribedController()
    for name in case.skeleton.coordinates:
        actuator = opensim.CoordinateActuator(name)
        actuator.setName(f"torque_{name}")
        actuator.setOptimalForce(1.0)
        actuator.setMinControl(-1e9)
        actuator.setMaxControl(1e9)
        model.addForce(actuator)
        controller.addActuator(actuator)
    model.addController(controller)
    for name, torque in zip(case.skeleton.coordinates, torques, strict=True):
        function = opensim.Constant(float(torque))
        function.thisown = False  # the controller takes it over and frees it
        controller.prescribeControlForActuator(f"torque_{name}", function)
    analysis = opensim.InducedAccelerations(model)
    analysis.setName("induced")
    model.addAnalysis(analysis)
    state = model.initSystem()
    for place, name in enumerate(case.skeleton.coordinates):
        coordinate = model.getCoordinateSet().get(name)
        coordinate.setValue(state, float(case.motion[0][0, place]), False)
        coordinate.setSpeedValue(state, float(case.motion[1][0, place]))
    model.realizeVelocity(state)
    analysis.begin(state)
    analysis.printResults("result", str(folder), -1.0, ".sto")
    lines = next(folder.glob("result_*")).read_text().splitlines()
    labels = lines[lines.index("endheader") + 1].split("\t")
    numbers = map(float, lines[lines.index("endheader") + 2].split())
    table = dict(zip(labels, numbers, strict=True))
    sources = {label[:-2] for label in labels if label.endswith("_X")}
    return {name: np.array([table[f"{name}_{axis}"] for axis in "XYZ"]) for name in sources}


@pytest.mark.parametrize("contact", ["C1", "C3"])
def test_equals_opensims_own_analysis(tmp_path, contact):
    """Eight printed decimals. The weld's speed terms are left out: it holds a foot that moves here,
    and OpenSim's differ then with the way in which it writes orientations.
    """
    file = tmp_path / "sprint.osim"
    build_sprint_model(file, "male")
    unlock(file)
    case = random_run(read_skeleton(file), anatomy_of("sprint"), FEET, frames=1, seed=9)
    case.touching[0] = True, False
    found = case.levels()
    theirs = Theirs(load_model(file), case)
    theirs.pose(case.motion[0][0], case.motion[1][0])
    model = load_model(file)
    point = found.feet[0].point[0]
    model.addConstraint(held_by_opensim(model, contact, theirs, FEET[0], point))
    by_actuator = _analysed(model, case, found.mechanics.forces[0], tmp_path)
    induced = found.induced[contact]
    compared = {
        source: [f"torque_{case.skeleton.coordinates[c]}" for c in coordinates]
        for source, coordinates in sources_of(case).items()
    }
    compared["gravity"] = ["gravity"]
    if contact == "C1":
        compared["velocity"] = ["velocity"]
    for source, names in compared.items():
        expected = sum((by_actuator[name] for name in names), start=np.zeros(3))
        ours = induced.com_acceleration[0, induced.sources.index(source)]
        limit = 1e-8 * max(len(names), 1) + 1e-9 * np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, rtol=0, atol=limit, err_msg=source)
