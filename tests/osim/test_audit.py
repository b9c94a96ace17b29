"""Every defect that we know is named, and what is corrected is what was wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.config import Corrections, ModelMap, read_yaml
from aqbio.errors import AqbioError, Finding
from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.opensim.audit import audit_model, defective_joints
from aqbio.opensim.models import (
    TORSO_INERTIA_FACTOR,
    TORSO_MASS,
    apply_corrections,
    torso_is_uncorrected,
)
from aqbio.opensim.session import inertia_matrix, initialised, load_model, opensim, vec3
from aqbio.opensim.skeleton import read_skeleton

pytestmark = pytest.mark.opensim

SPRINT = Path(__file__).parents[2] / "models" / "sprint"
HELD = read_yaml(SPRINT / "map.yaml", ModelMap).held
RAJAGOPAL = "rajagopal2016/models/Rajagopal2016.osim"
LAI_UHLRICH = "rajagopal2016/models/RajagopalLaiUhlrich2023.osim"
HAMNER = "rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim"
JA1_SCALED = "ja1_dorn2012/models/JA1_SCALED_Osim40.osim"
ANGLE, SPEED = 0.7, 5.0
LOCKED = ("subtalar_angle_r", "mtp_angle_l", "wrist_flex_r", "wrist_dev_l")


def found(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.rule: finding for finding in findings}


@pytest.mark.parametrize("sex", ["female", "male"])
def test_our_model_has_nothing_to_correct(sex):
    path = SPRINT / f"sprint_{sex}.osim"
    assert audit_model(path, HELD) == []
    (locked,) = audit_model(path)
    assert locked.rule == "model-locked"
    assert locked.number == len(HELD)
    assert apply_corrections(load_model(path), Corrections()) == []


def hinge_model(slopes: tuple[float, float, float]) -> Any:
    """One body; one coordinate drives three rotations with these slopes (0: none)."""
    model = opensim.Model()
    model.setGravity(vec3([0, 0, 0]))
    body = opensim.Body("block", 1.0, vec3([0, -0.2, 0.05]), opensim.Inertia(0.1, 0.02, 0.08))
    model.addBody(body)
    transform = opensim.SpatialTransform()
    names = opensim.ArrayStr()
    names.append("angle")
    for index, (slope, axis) in enumerate(zip(slopes, np.eye(3)[[2, 1, 0]], strict=True)):
        rotation = transform.updTransformAxis(index)
        rotation.setAxis(vec3(axis))
        if slope:
            rotation.setCoordinateNames(names)
            rotation.set_function(opensim.LinearFunction(slope, 0.0))
        else:
            rotation.set_function(opensim.Constant(0.0))
    joint = opensim.CustomJoint("knee", model.getGround(), body, transform)
    model.addJoint(joint)
    model.finalizeConnections()
    return model


def moment_and_energy_slope(model: Any) -> tuple[float, float]:
    """Inverse dynamics at constant speed, and the change of kinetic energy that it must explain."""
    state = initialised(model)
    coordinate = model.getCoordinateSet().get(0)

    def energy(angle: float) -> float:
        coordinate.setValue(state, angle, False)
        coordinate.setSpeedValue(state, SPEED)
        model.realizeVelocity(state)
        return float(model.calcKineticEnergy(state))

    step = 1e-5
    slope = (energy(ANGLE + step) - energy(ANGLE - step)) / (2 * step)
    energy(ANGLE)
    moment = opensim.InverseDynamicsSolver(model).solve(state, opensim.Vector(1, 0.0))
    return float(moment.get(0)), slope


@pytest.mark.parametrize(
    ("slopes", "wrong"),
    [
        ((1.0, 0.0, 0.0), False),
        ((1.0, 0.5, 0.0), False),
        ((1.0, 0.0, 0.3), False),
        ((1.0, 0.5, 0.3), True),
        ((0.0, 0.5, 0.3), True),
    ],
)
def test_simbodys_defect_is_real_and_named(slopes, wrong, tmp_path):
    """Simbody breaks the energy balance exactly where the audit names a joint, and we do not."""
    model = hinge_model(slopes)
    file = tmp_path / "hinge.osim"
    model.printToXML(str(file))
    moment, slope = moment_and_energy_slope(model)
    assert (abs(moment - slope) > 1e-3) == wrong
    assert list(defective_joints(model)) == (["knee (angle)"] if wrong else [])
    skeleton = read_skeleton(file)
    state = [np.array([[one]]) for one in (ANGLE, SPEED, 0.0)]
    for compat, expected, close in ((False, slope, 1e-9), (True, moment, 1e-13)):
        moves = segment_kinematics(skeleton, *state, simbody_compat=compat)
        found = inverse_dynamics(skeleton, moves, simbody_compat=compat)[0, 0]
        assert found == pytest.approx(expected, rel=0.0, abs=close)


def test_broken_models_are_refused(tmp_path):
    with pytest.raises(AqbioError, match="does not exist"):
        audit_model(tmp_path / "none.osim")


def test_left_and_right_are_compared(tmp_path):
    model = load_model(SPRINT / "sprint_male.osim")
    femur = model.updBodySet().get("femur_l")
    femur.setMass(femur.getMass() * 1.04)
    knee = model.updJointSet().get("knee_l")
    frame = opensim.PhysicalOffsetFrame.safeDownCast(knee.getParentFrame())
    frame.set_translation(vec3([0.0, -0.4222 * 0.95, 0.0]))
    shank = model.updBodySet().get("tibia_l")
    shank.setMass(shank.getMass() * 1.02)  # within 3 %
    model.finalizeConnections()
    path = tmp_path / "uneven.osim"
    model.printToXML(str(path))
    findings = audit_model(path, HELD)
    assert [finding.rule for finding in findings] == ["model-left-right"] * 2
    assert findings[0].what.startswith("mass of femur: left is +4.0%")
    assert findings[0].number == pytest.approx(0.04)
    assert findings[1].what.startswith("place of joint knee: left is -5.0%")
    assert findings[1].file == "uneven.osim"


@pytest.mark.real
@pytest.mark.parametrize("file", [RAJAGOPAL, LAI_UHLRICH, HAMNER])
def test_the_familys_defects_are_named(file, realdata):
    rules = found(audit_model(realdata / file))
    assert {"model-muscles", "model-clamped", "model-locked", "model-torso-inertia"} <= set(rules)
    assert rules["model-clamped"].severity == "warning"
    corrected = found(audit_model(realdata / file, corrections=Corrections()))
    assert corrected["model-clamped"].severity == "info"  # what is corrected is no warning
    assert corrected["model-torso-inertia"].severity == "info"
    assert rules["model-clamped"].number == 37
    assert "pelvis_tx (-5 to 5 m)" in rules["model-clamped"].what
    assert rules["model-locked"].number == 8
    assert all(name in rules["model-locked"].what for name in LOCKED)
    assert rules["model-torso-inertia"].number == pytest.approx(1.276, abs=5e-4)
    assert all(finding.file == Path(file).name for finding in rules.values())
    walker = file != HAMNER
    assert ("model-simbody-defect" in rules) == walker
    assert ("model-coupled" in rules) == walker
    if walker:
        assert "walker_knee_r (knee_angle_r)" in rules["model-simbody-defect"].what
        assert "walker_knee_l (knee_angle_l)" in rules["model-simbody-defect"].what
        assert "knee_angle_r_beta, knee_angle_l_beta" in rules["model-coupled"].what


@pytest.mark.real
@pytest.mark.parametrize("file", [RAJAGOPAL, JA1_SCALED])
def test_corrections_do_what_they_say_and_can_be_switched_off(file, realdata, tmp_path):
    path = realdata / file
    none = Corrections(drop_muscles=False, unclamp=False, torso_inertia=False)
    assert apply_corrections(load_model(path, muscles=True), none) == []

    model = load_model(path, muscles=True)
    before = inertia_matrix(model.getBodySet().get("torso").getInertia())
    mass = model.getBodySet().get("torso").getMass()
    rules = [finding.rule for finding in apply_corrections(model, Corrections())]
    assert rules == ["corrected-forces", "corrected-clamps", "corrected-torso-inertia"]
    after = inertia_matrix(model.getBodySet().get("torso").getInertia())
    np.testing.assert_allclose(after, before * TORSO_INERTIA_FACTOR, rtol=1e-12)
    assert model.getBodySet().get("torso").getMass() == mass
    assert not torso_is_uncorrected(model)
    assert apply_corrections(model, Corrections()) == []
    corrected = tmp_path / "corrected.osim"
    model.printToXML(str(corrected))
    left = {finding.rule for finding in audit_model(corrected)}
    assert not left & {"model-muscles", "model-clamped", "model-torso-inertia"}


def torso_model(inertia: float) -> Any:
    """Torso, pelvis and upper arm in the family's proportions; inertia over that published."""
    model = opensim.Model()
    published = 1.4745 * inertia  # kg m² about the forward axis, with the arms in it
    for name, mass, height, moment in (
        ("torso", TORSO_MASS, 0.32, published),
        ("pelvis", 11.777, 0.0, 0.1),
        ("humerus_r", 2.0325, 0.0, 0.01),
    ):
        centre = vec3([0.0, height, 0.0])
        model.addBody(opensim.Body(name, mass, centre, opensim.Inertia(moment, moment, moment)))
    return model


@pytest.mark.parametrize(
    ("inertia", "uncorrected"),
    [
        (1.0, True),
        (0.93, True),  # published, scaled 7 % wider than high
        (TORSO_INERTIA_FACTOR, False),
        (1.07 * TORSO_INERTIA_FACTOR, False),  # corrected, and then scaled likewise
    ],
)
def test_a_torso_that_was_corrected_and_scaled_is_not_corrected_again(inertia, uncorrected):
    """The limit lies between the published inertia and the corrected one, not at either."""
    assert torso_is_uncorrected(torso_model(inertia)) == uncorrected
