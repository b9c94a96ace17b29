"""Models as files: what is wrong with them, what is corrected, written, built and compared."""

from __future__ import annotations

import re
import string
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.body.de_leva import REFERENCE
from aqbio.body.posterior import with_lock
from aqbio.body.shape import MarkerPlaces, Shape, Template, stretched_masses
from aqbio.body.sprint_body import sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import ANATOMICAL, PLAIN, geometry
from aqbio.body.sprint_markers import sprint_markers
from aqbio.config import Corrections, MarkerSet, ModelMap, read_yaml
from aqbio.io.study import MODELS
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import spline_motion
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.audit import audit_model
from aqbio.opensim.models import (
    TORSO_INERTIA_FACTOR,
    TORSO_MASS,
    apply_corrections,
    generic_skeleton,
    torso_is_uncorrected,
    write_adjusted_model,
    write_calibrated_model,
)
from aqbio.opensim.reference import (
    FRAMES,
    reference_differences,
)
from aqbio.opensim.session import (
    array_from_vec3,
    inertia_matrix,
    initialised,
    load_model,
    opensim,
    quiet,
    vec3,
)
from aqbio.opensim.skeleton import read_skeleton
from tests.refusal import refused
from validation.sprint_model import DECIMALS, build_sprint_model

# audit -------------------------------------------------------------------------------------------

pytestmark = pytest.mark.opensim
SPRINT_FOLDER = Path(__file__).parents[2] / "models" / "sprint"
HELD = read_yaml(SPRINT_FOLDER / "map.yaml", ModelMap).held
RAJAGOPAL = "rajagopal2016/models/Rajagopal2016.osim"
LAI_UHLRICH = "rajagopal2016/models/RajagopalLaiUhlrich2023.osim"
HAMNER = "rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim"
JA1_SCALED = "ja1_dorn2012/models/JA1_SCALED_Osim40.osim"
ANGLE, SPEED = 0.7, 5.0
LOCKED = ("subtalar_angle_r", "mtp_angle_l", "wrist_flex_r", "wrist_dev_l")


@pytest.mark.parametrize("sex", ["female", "male"])
def test_our_model_has_nothing_to_correct(sex):
    path = SPRINT_FOLDER / f"sprint_{sex}.osim"
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
def test_simbodys_defect_is_real_and_ours_is_right(slopes, wrong, tmp_path):
    """Simbody breaks the energy balance exactly where the audit names a joint, and we do not."""
    model = hinge_model(slopes)
    file = tmp_path / "hinge.osim"
    model.printToXML(str(file))
    moment, slope = moment_and_energy_slope(model)
    assert (abs(moment - slope) > 1e-3) == wrong
    skeleton = read_skeleton(file)
    state = [np.array([[one]]) for one in (ANGLE, SPEED, 0.0)]
    for compat, expected, close in ((False, slope, 1e-9), (True, moment, 1e-13)):
        moves = segment_kinematics(skeleton, *state, simbody_compat=compat)
        found = inverse_dynamics(skeleton, moves, simbody_compat=compat)[0, 0]
        assert found == pytest.approx(expected, rel=0.0, abs=close)


def test_left_and_right_are_compared(tmp_path):
    model = load_model(SPRINT_FOLDER / "sprint_male.osim")
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
    rules = {one.rule: one for one in audit_model(realdata / file)}
    assert {"model-muscles", "model-clamped", "model-locked", "model-torso-inertia"} <= set(rules)
    assert rules["model-clamped"].severity == "warning"
    corrected = {one.rule: one for one in audit_model(realdata / file, corrections=Corrections())}
    assert corrected["model-clamped"].severity == "info"  # what is corrected is no warning
    assert corrected["model-torso-inertia"].severity == "info"
    assert rules["model-clamped"].number == 37
    assert "pelvis_tx (-5 to 5 m)" in rules["model-clamped"].what
    assert rules["model-locked"].number == 8
    assert all(name in rules["model-locked"].what for name in LOCKED)
    assert rules["model-torso-inertia"].number == pytest.approx(1.276, abs=5e-4)
    assert all(finding.file == Path(file).name for finding in rules.values())


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


# models ------------------------------------------------------------------------------------------

ATHLETE_MASS = 68.4


@pytest.fixture(scope="module")
def body(sprint_file, tmp_path_factory) -> tuple[Template, Shape, Skeleton]:
    """Give a template, a shape drawn at random, and the model that is written of them."""
    folder: Path = tmp_path_factory.mktemp("calibrated")
    generic, corrected, _ = generic_skeleton(sprint_file, Corrections(), folder)
    markers = MarkerPlaces(generic.markers, generic.marker_body, generic.marker_position)
    model_map = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap)
    template = Template.of(generic, model_map, markers)
    rng, empty = np.random.default_rng(4), template.shape()
    shape = replace(
        empty,
        log_factor=rng.normal(0.0, 0.08, empty.log_factor.shape),
        offset=rng.normal(0.0, 0.02, empty.offset.shape),
        tilt=rng.normal(0.0, 0.1, empty.tilt.shape),
    )
    names = {label: label for label in generic.markers}
    with quiet(level="Off"):
        file = folder / "athlete.osim"
        write_calibrated_model(corrected, file, template, shape, names, ATHLETE_MASS)
        return template, shape, read_skeleton(folder / "athlete.osim")


def test_joints_and_markers_are_those_of_the_shape(body):
    template, shape, written = body
    expected = template.skeleton_of(shape)
    assert written.bodies == expected.bodies
    for name in ("parent_position", "parent_rotation", "child_rotation", "child_position", "com"):
        np.testing.assert_allclose(getattr(written, name), getattr(expected, name), atol=1e-9)
    order = [written.markers.index(label) for label in expected.markers]
    np.testing.assert_allclose(written.marker_position[order], expected.marker_position, atol=1e-9)


SIGNS = f"{string.whitespace}é\xa0{string.punctuation}"
LABELS = [f"A{sign}B{more}" for sign in SIGNS for more in ("", " 1")]
"""A label with each sign, and with a blank after it."""


def test_opensim_reads_every_label_of_a_laboratory_back(sprint_file, body, tmp_path):
    """It refuses some signs, and takes the program with it."""
    template, shape, written = body
    given = {label: {"body": "pelvis"} for label in LABELS}
    given["A_B"] = {"body": "pelvis", "model": "A_B__"}
    foot = {"heel": "A_B", "toe": ["A_B"]}
    labels = MarkerSet.model_validate(
        {"name": "n", "source": "s", "markers": given}
        | {"feet": {"left": foot, "right": foot}, "pelvis": {"front": ["A_B"], "back": ["A_B"]}}
    )
    names = {label: labels.model_name(label) for label in given}
    assert len(set(names.values())) == len(names)
    assert all(labels.label_of(name) == label for label, name in names.items())
    plain = [one for one in given if one != "A_B" and not re.search(r"[\s\x00-\x1f*+/\\|]", one)]
    assert [names[label] for label in plain] == plain
    own = dict(zip(template.markers.labels, LABELS, strict=False))
    renamed = replace(template.markers, labels=tuple(own.values()))
    with quiet(level="Off"):
        _, corrected, _ = generic_skeleton(sprint_file, Corrections(), tmp_path)
        file = tmp_path / "athlete.osim"
        write_calibrated_model(
            corrected, file, replace(template, markers=renamed), shape, names, ATHLETE_MASS
        )
        strange = read_skeleton(file)
    assert strange.markers == tuple(names[own[label]] for label in written.markers)
    np.testing.assert_array_equal(strange.marker_position, written.marker_position)


def test_what_markers_show_is_free_and_the_rest_is_locked(sprint_file, body, tmp_path):
    """The neck free, girdles and forearms locked, as the fit left them."""
    template, shape, _ = body
    names = template.skeleton.coordinates
    neck = [index for index, name in enumerate(names) if name.startswith("neck_")]
    freed = replace(template, skeleton=with_lock(template.skeleton, neck, locked=False))
    with quiet(level="Off"):
        _, corrected, _ = generic_skeleton(sprint_file, Corrections(), tmp_path)
        labels = {label: label for label in freed.markers.labels}
        file = tmp_path / "athlete.osim"
        write_calibrated_model(corrected, file, freed, shape, labels, ATHLETE_MASS)
        written = read_skeleton(tmp_path / "athlete.osim")
    locked = {names[index] for index in np.flatnonzero(written.coordinate_locked)}
    assert locked == {name for name in names if name.startswith(("clavicle_", "forearm_"))}


def test_opensim_scales_masses_and_even_inertias_alike(sprint_file, sprint):
    """OpenSim's own scaling by volume; its inertias agree where three factors are alike."""
    model = load_model(sprint_file, muscles=False)
    rng = np.random.default_rng(2)
    factors = np.exp(rng.normal(0.0, 0.1, len(sprint.bodies)))[:, None] * np.ones(3)
    scales = opensim.ScaleSet()
    for name, factor in zip(sprint.bodies, factors, strict=True):
        scale = opensim.Scale()
        scale.setSegmentName(name)
        scale.setScaleFactors(vec3(factor))
        scale.setApply(True)
        scales.cloneAndAppend(scale)
    model.scale(initialised(model), scales, False, ATHLETE_MASS)
    mass, inertia = stretched_masses(sprint, factors, ATHLETE_MASS, by_volume=True)
    for index, name in enumerate(sprint.bodies):
        body = model.getBodySet().get(name)
        moments = body.getInertia().getMoments()
        assert body.getMass() == pytest.approx(mass[index], rel=1e-12)
        np.testing.assert_allclose(
            [moments.get(axis) for axis in range(3)], inertia[index].diagonal(), rtol=1e-9
        )


SPRINT = MODELS / "sprint" / "sprint_male.osim"


def test_inertia_is_taken_over_and_the_rest_stays(tmp_path: Path) -> None:
    """Fifteen digits in the file: 1e-12 of what was asked for."""
    before = read_skeleton(SPRINT)
    factor = 1.0 + 0.1 * np.arange(len(before.bodies)) / len(before.bodies)
    wanted = replace(
        before,
        mass=before.mass * factor,
        inertia=before.inertia * factor[:, None, None],
        com=before.com + np.array([0.01, -0.02, 0.003]),
    )
    path = tmp_path / "new" / "adjusted.osim"
    write_adjusted_model(SPRINT, wanted, path)
    found = read_skeleton(path)
    for name in ("mass", "com", "inertia"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(wanted, name), rtol=1e-12, atol=1e-14
        )
    for name in ("parent_position", "child_rotation", "marker_position", "coordinate_range"):
        np.testing.assert_array_equal(getattr(found, name), getattr(before, name))
    assert found.bodies == before.bodies
    assert found.markers == before.markers
    model = load_model(path)
    state = initialised(model, file=path)
    assert model.getTotalMass(state) == pytest.approx(wanted.mass.sum(), rel=1e-12)
    assert model.getName().endswith("_consistent")
    assert list(path.parent.iterdir()) == [path]


# session -----------------------------------------------------------------------------------------


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


# sprint model ------------------------------------------------------------------------------------

SEXES = ["female", "male"]
KINDS = {"sprint": PLAIN, "sprint_anatomical": ANATOMICAL}
ROUNDING = 0.5 * 10.0**-DECIMALS


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_file_is_the_build(kind, sex, tmp_path):
    build_sprint_model(tmp_path / "built.osim", sex, form=KINDS[kind])
    committed = MODELS / kind / f"{kind}_{sex}.osim"
    assert (tmp_path / "built.osim").read_bytes() == committed.read_bytes()


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("kind", KINDS)
def test_mass_centre_and_markers_are_those_of_the_tables(kind, sex):
    """Body by body in the neutral pose, rounded as in the file."""
    form = KINDS[kind]
    model = load_model(MODELS / kind / f"{kind}_{sex}.osim")
    state = initialised(model)
    lengths = geometry(sex, REFERENCE[sex].stature, form)
    places = {"ground": np.array([0, lengths.hip_height, 0])}
    for joint in sprint_joints(lengths):
        places[joint.child] = places[joint.parent] + joint.offset
    bodies = sprint_bodies(sex, form=form)
    centre = sum(body.mass * (places[body.name] + body.com) for body in bodies)
    centre = centre / REFERENCE[sex].mass
    # 19 masses are rounded; a place is the sum of at most 8 rounded offsets
    assert model.getTotalMass(state) == pytest.approx(REFERENCE[sex].mass, abs=19 * ROUNDING)
    theirs = array_from_vec3(model.calcMassCenterPosition(state))
    np.testing.assert_allclose(theirs, centre, atol=9 * ROUNDING)
    markers = model.getMarkerSet()
    assert markers.getSize() == 51
    for marker in sprint_markers(lengths):
        place = array_from_vec3(markers.get(marker.name).getLocationInGround(state))
        np.testing.assert_allclose(place, places[marker.body] + marker.position, atol=9 * ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mirrored_pose_is_a_mirrored_body(kind):
    """Swapping left and right and turning seven signs mirrors every marker."""
    model = load_model(MODELS / kind / f"{kind}_male.osim")
    state = initialised(model)
    coordinates = model.getCoordinateSet()
    names = [coordinates.get(index).getName() for index in range(coordinates.getSize())]
    values = dict(zip(names, np.random.default_rng(5).normal(size=len(names)) * 0.4, strict=True))
    turned = {
        "pelvis_list",
        "pelvis_rotation",
        "pelvis_tz",
        "lumbar_bending",
        "lumbar_rotation",
        "neck_bending",
        "neck_rotation",
    }
    swap = str.maketrans("rl", "lr")

    def other(name: str) -> str:
        return name[:-1] + name[-1].translate(swap) if name[-2:] in ("_r", "_l") else name

    def markers(pose: dict[str, float]) -> dict[str, np.ndarray]:
        for name, value in pose.items():
            coordinates.get(name).setValue(state, float(value), False)
        model.realizePosition(state)
        found = model.getMarkerSet()
        return {
            found.get(index).getName(): array_from_vec3(found.get(index).getLocationInGround(state))
            for index in range(found.getSize())
        }

    plain = markers(values)
    mirrored = markers({n: values[other(n)] * (-1 if n in turned else 1) for n in names})
    for name, place in plain.items():
        partner = {"R": "L", "L": "R"}.get(name[0], name[0]) + name[1:]
        if partner not in plain:
            partner = name
        np.testing.assert_allclose(mirrored[partner], place * [1, 1, -1], atol=1e-12)


@pytest.mark.real
@pytest.mark.parametrize("side", ["r", "l"])
def test_the_knee_is_rajagopals(side, realdata):
    """The whole turn of the shank against the thigh from straight to 120 degrees, beside his.

    It does not depend on the axes in which it is seen. A hinge would be up to 1.1 degrees away.
    """
    theirs = read_skeleton(realdata / "rajagopal2016" / "models" / "Rajagopal2016.osim")
    ours = read_skeleton(MODELS / "sprint_anatomical" / "sprint_anatomical_male.osim")
    flexion = np.radians(np.arange(0.0, 121.0, 10.0))
    turns = [_knee_turn(skeleton, flexion, side) for skeleton in (ours, theirs)]
    np.testing.assert_allclose(turns[0], turns[1], atol=0.01)
    assert np.abs(turns[1] - np.degrees(flexion)).max() > 1.0


def _knee_turn(skeleton, flexion: np.ndarray, side: str) -> np.ndarray:
    """Angle of the shank's whole turn against the thigh, degrees."""
    q = np.tile(skeleton.coordinate_default, (len(flexion), 1))
    q[:, skeleton.coordinates.index(f"knee_angle_{side}")] = flexion
    poses = segment_poses(skeleton, q)
    thigh, shank = (skeleton.bodies.index(f"{name}_{side}") for name in ("femur", "tibia"))
    turn = np.swapaxes(poses.rotation[:, thigh], 1, 2) @ poses.rotation[:, shank]
    trace = np.trace(turn @ turn[0].T, axis1=1, axis2=2)
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


# reference ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trial(sprint, running):
    time = np.arange(40) / 250.0
    motion = spline_motion(sprint, time, running(sprint, 40, 0))
    rng = np.random.default_rng(0)
    loads = [
        ExternalLoad(foot, rng.normal(0, 500, (40, 3)), rng.normal(0, 50, (40, 3)), np.zeros(3))
        for foot in ("foot_l", "foot_r")
    ]
    return motion, loads


def test_our_engine_is_opensim_on_the_sprint_model(sprint_file, sprint, trial):
    """Positions to round-off of metres, momentum and forces of sums; no joint has the defect."""
    found = reference_differences(sprint_file, sprint, *trial)
    assert found.frames == FRAMES
    assert found.position_m < 1e-12
    assert found.momentum < 1e-12
    assert found.forces < 1e-11
    assert found.defect < 1e-11


LIMITS = {"position_m": 1e-9, "momentum": 1e-8, "forces": 1e-8}
"""What the quality table allows."""


@pytest.mark.parametrize(
    ("change", "measure"),
    [
        ("com", "momentum"),
        ("mass", "momentum"),
        ("parent_position", "position_m"),
        ("inertia", "forces"),
        ("gravity", "forces"),
    ],
)
def test_a_wrong_skeleton_is_seen(sprint_file, sprint, trial, change, measure):
    """One body's numbers off by 2 percent: far beyond what the quality table allows."""
    wrong = getattr(sprint, change).copy()
    if change == "gravity":
        wrong *= 1.02
    else:
        wrong[3] *= 1.02
    found = reference_differences(sprint_file, replace(sprint, **{change: wrong}), *trial)
    assert getattr(found, measure) > 10 * LIMITS[measure]


@pytest.mark.real
def test_the_walker_knee_is_the_only_difference(realdata):
    """Rajagopal's knee: equal with Simbody's defect reproduced, different without."""
    file = realdata / "rajagopal2016/models/Rajagopal2016.osim"
    skeleton = read_skeleton(file)
    time = np.arange(40) / 250.0
    rng = np.random.default_rng(1)
    count = len(skeleton.coordinates)
    low, high = np.clip(skeleton.coordinate_range.T, -1.0, 1.0)
    swing = np.sin(rng.uniform(10, 25, count) * time[:, None] + rng.uniform(0, 6, count))
    q = (low + high) / 2 + 0.4 * (high - low) * swing
    q[:, skeleton.coordinate_locked] = skeleton.coordinate_default[skeleton.coordinate_locked]
    loads = [ExternalLoad("calcn_r", np.zeros((40, 3)), np.zeros((40, 3)), np.zeros(3))]
    found = reference_differences(file, skeleton, spline_motion(skeleton, time, q), loads)
    assert found.position_m < 1e-12
    assert found.momentum < 1e-10
    assert found.forces < 1e-8
    assert found.defect > 1e-6
