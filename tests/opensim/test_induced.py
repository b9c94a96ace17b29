"""Level C against OpenSim's own constrained forward dynamics.

`tests.opensim_levels` does the same from its mass matrix and Jacobians, on whole studies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.opensim.session import load_model, opensim, vec3
from aqbio.opensim.skeleton import read_skeleton
from aqbio.rotation.hub import coordinate_sources
from models.sprint.make_model import build_sprint_model
from tests.levels_case import FEET, Case, anatomy_of, random_run

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
    for column, name in enumerate(case.skeleton.coordinates):
        coordinate = model.getCoordinateSet().get(name)
        coordinate.setValue(state, float(case.motion[0][0, column]), False)
        coordinate.setSpeedValue(state, float(case.motion[1][0, column]))
    model.realizeVelocity(state)
    return state


def held_model(file: Path, case: Case, contact: str, point: np.ndarray) -> Any:
    """The model with OpenSim's own constraint: a point of the foot, or a weld as it stands."""
    free_model = load_model(file)
    state, foot = posed(free_model, case), free_model.getBodySet().get(FEET[0])
    model = load_model(file)
    ground, body = model.getGround(), model.getBodySet().get(FEET[0])
    if contact == "C1":
        station = free_model.getGround().findStationLocationInAnotherFrame(state, vec3(point), foot)
        model.addConstraint(opensim.PointConstraint(ground, vec3(point), body, station))
        return model
    transform, origin = foot.getTransformInGround(state), vec3([0.0, 0.0, 0.0])
    angles = transform.R().convertRotationToBodyFixedXYZ()
    model.addConstraint(
        opensim.WeldConstraint("held", ground, transform.p(), angles, body, origin, origin)
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
        coordinate_set = self.model.getCoordinateSet()
        self.coordinates = [coordinate_set.get(name) for name in case.skeleton.coordinates]
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


@pytest.mark.parametrize(("sex", "seed"), [("female", 4), ("male", 9)])
@pytest.mark.parametrize("model", ["C1", "C3"])
def test_removing_a_source_removes_its_induced_accelerations(tmp_path, model, sex, seed):
    """The causal reading: forward dynamics with and without a source, all else held.

    Gravity is taken away by a model without; what is left then without moments is the velocity's.
    The weld holds a foot that moves here: its terms of velocity are not compared.
    """
    file, case = one_foot_held(tmp_path, sex, seed)
    levels = case.levels()
    point, induced = levels.feet[0].point[0], levels.induced[model]
    driven = Driven(file, case, model, point)
    weightless = load_model(file)
    weightless.setGravity(vec3([0.0, 0.0, 0.0]))
    weightless.printToXML(str(tmp_path / "weightless.osim"))
    floating = Driven(tmp_path / "weightless.osim", case, model, point)
    tau = levels.mechanics.forces[0]
    driven_response, idle = driven.response(tau), floating.response(0.0 * tau)
    caused = {"gravity": (driven_response, floating.response(tau))}
    for source, coordinates in sources_of(case).items():
        without = np.where(np.isin(np.arange(len(tau)), coordinates), 0.0, tau)
        caused[source] = driven_response, driven.response(without)
    if model == "C1":
        caused["velocity"] = idle, (np.zeros_like(tau), np.zeros(3))
    assert len(caused) > 8
    mass = case.skeleton.mass.sum()
    for source, (with_source, without_source) in caused.items():
        udot, com = (a - b for a, b in zip(with_source, without_source, strict=True))
        row = induced.sources.index(source)
        limit = DIFFERENCES * np.abs(driven_response[0]).max()
        np.testing.assert_allclose(induced.udot[0, row], udot, rtol=0, atol=limit, err_msg=source)
        limit = DIFFERENCES * np.abs(induced.force).max()
        theirs, force = com, induced.force[0, row].sum(axis=0)
        if source == "gravity":
            force = force + mass * case.skeleton.gravity
        if source != "residual":  # a push from nowhere moves the centre of mass beside the ground's
            np.testing.assert_allclose(force, mass * theirs, rtol=0, atol=limit, err_msg=source)
        ours = induced.com_acceleration[0, row]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=limit / mass, err_msg=source)
