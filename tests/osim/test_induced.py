"""Level C against OpenSim's own constrained forward dynamics and its analysis of what causes it.

`tests.opensim_levels` does the same from its mass matrix and Jacobians, on whole studies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.contributions.hub import coordinate_sources
from aqbio.opensim.session import load_model, opensim, vec3
from aqbio.opensim.skeleton import read_skeleton
from tests.mechanics.levels_case import FEET, Case, anatomy_of, random_run
from validation.sprint_model import build_sprint_model

pytestmark = pytest.mark.opensim

DIFFERENCES = 1e-8
"""Differences of two forward simulations, relative to what is subtracted."""


def one_foot_held(folder: Path, sex: str, seed: int) -> tuple[Path, Case]:
    """The sprint model with every coordinate free, and an instant of it on its left foot."""
    file = folder / "sprint.osim"
    build_sprint_model(file, sex)
    model = load_model(file)
    coordinates = model.updCoordinateSet()
    for index in range(coordinates.getSize()):
        coordinates.get(index).setDefaultLocked(False)
    model.printToXML(str(file))
    case = random_run(read_skeleton(file), anatomy_of("sprint"), FEET, frames=1, seed=seed)
    case.touching[0] = True, False
    return file, case


def sources_of(case: Case) -> dict[str, np.ndarray]:
    """Coordinates behind every source."""
    return coordinate_sources(case.skeleton, case.anatomy.joints, case.anatomy.root, "residual")


def posed(model: Any, case: Case) -> Any:
    """State of a model in the first frame of a case."""
    state = model.initSystem()
    for place, name in enumerate(case.skeleton.coordinates):
        coordinate = model.getCoordinateSet().get(name)
        coordinate.setValue(state, float(case.motion[0][0, place]), False)
        coordinate.setSpeedValue(state, float(case.motion[1][0, place]))
    model.realizeVelocity(state)
    return state


def held_model(file: Path, case: Case, contact: str, point: np.ndarray) -> Any:
    """The model with OpenSim's own constraint: a point of the foot, or a weld as it stands."""
    other = load_model(file)
    state, foot = posed(other, case), other.getBodySet().get(FEET[0])
    model = load_model(file)
    ground, body = model.getGround(), model.getBodySet().get(FEET[0])
    if contact == "C1":
        station = other.getGround().findStationLocationInAnotherFrame(state, vec3(point), foot)
        model.addConstraint(opensim.PointConstraint(ground, vec3(point), body, station))
        return model
    transform, nothing = foot.getTransformInGround(state), vec3([0.0, 0.0, 0.0])
    turned = transform.R().convertRotationToBodyFixedXYZ()
    model.addConstraint(
        opensim.WeldConstraint("held", ground, transform.p(), turned, body, nothing, nothing)
    )
    return model


class Driven:
    """A model with a torque on every coordinate and one foot held."""

    def __init__(self, file: Path, case: Case, contact: str, point: np.ndarray) -> None:
        self.model = held_model(file, case, contact, point)
        self.actuators = [opensim.CoordinateActuator(name) for name in case.skeleton.coordinates]
        for actuator in self.actuators:
            actuator.setOptimalForce(1.0)
            self.model.addForce(actuator)
        self.state = posed(self.model, case)
        every = self.model.getCoordinateSet()
        self.coordinates = [every.get(name) for name in case.skeleton.coordinates]
        for actuator in self.actuators:
            actuator.overrideActuation(self.state, True)

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
    file, case = one_foot_held(tmp_path, "female", 4)
    found = case.levels()
    driven = Driven(file, case, model, found.feet[0].point[0])
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
    analysis.begin(posed(model, case))
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
    file, case = one_foot_held(tmp_path, "male", 9)
    found = case.levels()
    model = held_model(file, case, contact, found.feet[0].point[0])
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
