"""OpenSim comes quietly, leaves nothing behind and gives models that initialise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aqbio.opensim.session import (
    initialised,
    load_model,
    opensim,
    quiet,
    vec3,
)
from tests.refusal import refused

pytestmark = pytest.mark.opensim


def two_bodies() -> opensim.Model:
    model = opensim.Model()
    model.setName("two")
    body = opensim.Body(
        "block", 2.0, vec3([0.1, 0.2, 0.3]), opensim.Inertia(1, 2, 2.5, 0.1, 0.2, 0.3)
    )
    model.addBody(body)
    joint = opensim.PinJoint("hinge", model.getGround(), body)
    model.addJoint(joint)
    actuator = opensim.CoordinateActuator(joint.getCoordinate().getName())
    actuator.setName("torque")
    model.addForce(actuator)
    model.finalizeConnections()
    return model


def test_a_joint_of_a_body_that_is_not_there_is_told_of_the_file(tmp_path: Path) -> None:
    """OpenSim reads such a file; it fails when what is left is connected."""
    path = tmp_path / "model.osim"
    two_bodies().printToXML(str(path))
    path.write_text(path.read_text().replace("/bodyset/block", "/bodyset/nobody"))
    with refused("model-unreadable", "could not find '/bodyset/nobody'") as caught:
        load_model(path)
    assert caught.value.file == str(path)


def test_a_model_that_opensim_cannot_build_is_refused(tmp_path: Path) -> None:
    """A coupler of a coordinate that no joint has."""
    model = two_bodies()
    coupler, names = opensim.CoordinateCouplerConstraint(), opensim.ArrayStr()
    names.append("hinge_coord_0")
    coupler.setIndependentCoordinateNames(names)
    coupler.setDependentCoordinateName("nobody")
    coupler.setFunction(opensim.LinearFunction(1.0, 0.0))
    model.addConstraint(coupler)
    with refused("model-does-not-initialise", "nobody") as caught, quiet(level="Off"):
        initialised(model, file=tmp_path / "a.osim")
    assert caught.value.file.endswith("a.osim")


def test_import_leaves_no_log_and_no_warning(tmp_path: Path) -> None:
    model = tmp_path / "model.osim"
    two_bodies().printToXML(str(model))
    code = (
        "import sys; from pathlib import Path;"
        "from aqbio.opensim.session import load_model, initialised;"
        "initialised(load_model(Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(model)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.osim"]


def test_missing_and_broken_models_are_named(tmp_path: Path) -> None:
    with refused("model-missing", "does not exist") as missing:
        load_model(tmp_path / "none.osim")
    assert "none.osim" in missing.value.file
    broken = tmp_path / "broken.osim"
    broken.write_text("<OpenSimDocument Version='40000'><Model")
    with refused("model-unreadable", "cannot read"):
        load_model(broken)
