"""Models as files: what is wrong with them, what is corrected, written, built and compared."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.body.de_leva import REFERENCE
from aqbio.body.joint_forms import DECIMALS
from aqbio.body.posterior import with_lock
from aqbio.body.shape import Shape, Template, TemplateMarkers
from aqbio.body.sprint_body import sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import ANATOMICAL_JOINTS, PLAIN_JOINTS, geometry
from aqbio.config import Corrections, MarkerSet, ModelMap, read_yaml
from aqbio.io.skeleton import save_skeleton
from aqbio.io.study import MODELS
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.audit import audit_model
from aqbio.opensim.models import (
    apply_corrections,
    generic_skeleton,
    write_adjusted_model,
    write_calibrated_model,
)
from aqbio.opensim.reference import COMPARED_FRAMES, reference_differences
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
from models.sprint.make_model import build_sprint_model, sprint_markers
from tests.golden import differences
from tests.outcome_lines import outcome_lines
from tests.refusal import refused

pytestmark = pytest.mark.opensim
SPRINT = MODELS / "sprint" / "sprint_male.osim"
HELD_COORDINATES = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap).held
THEIRS = (
    "rajagopal2016/models/Rajagopal2016.osim",
    "rajagopal2016/models/RajagopalLaiUhlrich2023.osim",
    "rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim",
    "ja1_dorn2012/models/JA1_SCALED_Osim40.osim",
)
NONE = Corrections(drop_muscles=False, unclamp=False, torso_inertia=False)


def audited(name: str, path: Path, folder: Path) -> list[str]:
    """Audit of a model, and of it with corrections; changes that these make, and the remainder."""
    lines = outcome_lines(name, lambda: audit_model(path, HELD_COORDINATES), folder)
    lines += outcome_lines(f"{name}, none held", lambda: audit_model(path), folder)
    corrected = f"{name}, to be corrected"
    lines += outcome_lines(
        corrected, lambda: audit_model(path, HELD_COORDINATES, corrections=Corrections()), folder
    )
    for kind in (NONE, Corrections()):
        model = load_model(path, muscles=True)
        lines += outcome_lines(
            f"{name}, corrections", lambda m=model, k=kind: apply_corrections(m, k), folder
        )
    lines += outcome_lines(
        f"{name}, twice", lambda: apply_corrections(model, Corrections()), folder
    )
    model.finalizeConnections()
    model.printToXML(str(folder / "left.osim"))
    return lines + outcome_lines(
        f"{name}, left", lambda: audit_model(folder / "left.osim", HELD_COORDINATES), folder
    )


def of_body(name: str, mass: float = 1.0, inertia: float = 1.0):
    def change(model: Any) -> None:
        body = model.updBodySet().get(name)
        body.setMass(body.getMass() * mass)
        moments = inertia_matrix(body.getInertia()) * inertia
        body.setInertia(opensim.Inertia(*moments.diagonal().tolist()))

    return change


def knee_shifted(factor: float):
    def change(model: Any) -> None:
        knee = model.updJointSet().get("knee_l")
        frame = opensim.PhysicalOffsetFrame.safeDownCast(knee.getParentFrame())
        frame.set_translation(vec3([0.0, -0.4222 * factor, 0.0]))

    return change


def clamped(*names: str):
    def change(model: Any) -> None:
        for name in names:
            model.updCoordinateSet().get(name).setDefaultClamped(True)

    return change


def unlocked(model: Any) -> None:
    model.updCoordinateSet().get(HELD_COORDINATES[0]).setDefaultLocked(False)


def pushed(model: Any) -> None:
    actuator = opensim.CoordinateActuator("knee_angle_r")
    actuator.setName("motor")
    model.addForce(actuator)


AUDITED = {
    "as it is": (),
    "an uneven body": (of_body("femur_l", 1.04), knee_shifted(0.95), of_body("tibia_l", 1.02)),
    "a hardly uneven one": (of_body("femur_l", 1.029), knee_shifted(0.975)),
    "clamped": (clamped("knee_angle_r", "pelvis_tx"),),
    "with a coordinate free": (unlocked,),
    "with a motor": (pushed,),
}


def test_golden_audit_of_models(tmp_path):
    lines = audited("female", MODELS / "sprint" / "sprint_female.osim", tmp_path)
    for name, changes in AUDITED.items():
        model = load_model(SPRINT)
        for change in changes:
            change(model)
        model.finalizeConnections()
        model.printToXML(str(tmp_path / "changed.osim"))
        lines += audited(name, tmp_path / "changed.osim", tmp_path)
    assert differences("osim/audit", lines) == []


def test_model_defaults_do_not_reach_the_next_model(tmp_path):
    """OpenSim keeps the ``<defaults>`` of a file; what is read and written keeps its own."""
    model = load_model(SPRINT)
    pushed(model)
    model.finalizeConnections()
    model.printToXML(str(tmp_path / "plain.osim"))
    text = (tmp_path / "plain.osim").read_text()
    (tmp_path / "plain.osim").write_text(re.sub(r"<optimal_force>.*</optimal_force>", "", text))
    defaults = (
        "<CoordinateActuator name='default'><optimal_force>7</optimal_force></CoordinateActuator>"
    )
    changed = re.sub(r"(<Model [^>]*>)", rf"\1<defaults>{defaults}</defaults>", text, count=1)
    (tmp_path / "defaults.osim").write_text(
        re.sub(
            r"(<CoordinateActuator name=\"motor\">)(?s:.)*?</CoordinateActuator>",
            r"\1<coordinate>knee_angle_r</coordinate></CoordinateActuator>",
            changed,
        )
    )
    forces = []
    for name in ("plain", "defaults", "plain", "defaults written again"):
        read = load_model(tmp_path / f"{name}.osim", muscles=True)
        motor = opensim.CoordinateActuator.safeDownCast(read.getForceSet().get("motor"))
        forces.append(motor.getOptimalForce())
        read.printToXML(str(tmp_path / f"{name} written again.osim"))
    assert forces == [1.0, 7.0, 1.0, 7.0]


@pytest.mark.real
def test_golden_audit_of_published_models(realdata, tmp_path):
    """Muscles, clamps, and the torso's inertia, published and corrected, scaled or not."""
    lines = [
        line for file in THEIRS for line in audited(Path(file).name, realdata / file, tmp_path)
    ]
    assert differences("osim/audit_of_others", lines) == []


ATHLETE_MASS = 68.4
FIELDS = ("parent_position", "parent_rotation", "child_rotation", "child_position", "com", "mass",
          "inertia", "coordinate_locked", "coordinate_range", "gravity")  # fmt: skip


def assert_same(written: Skeleton, expected: Skeleton, **changed: Any) -> None:
    """Every number of a skeleton, and its markers by name, to the fifteen digits of a file."""
    assert written.bodies == expected.bodies
    for name in FIELDS:
        value = changed.get(name, getattr(expected, name))
        np.testing.assert_allclose(
            getattr(written, name), value, rtol=1e-11, atol=1e-9, err_msg=name
        )
    order = [written.markers.index(label) for label in expected.markers]
    np.testing.assert_allclose(written.marker_position[order], expected.marker_position, atol=1e-9)
    np.testing.assert_array_equal(written.marker_body[order], expected.marker_body)


@pytest.fixture(scope="module")
def generic(tmp_path_factory) -> tuple[Template, Shape, Path]:
    """A template of the sprint model, a shape drawn at random, and the corrected model."""
    folder = tmp_path_factory.mktemp("generic")
    skeleton, corrected, _ = generic_skeleton(SPRINT, Corrections(), folder)
    markers = TemplateMarkers(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    model_map = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap)
    template = Template.of(skeleton, model_map, markers)
    rng, empty = np.random.default_rng(4), template.shape()
    sizes = {"log_factor": 0.08, "offset": 0.02, "tilt": 0.1}
    changes = {name: rng.normal(0.0, sd, getattr(empty, name).shape) for name, sd in sizes.items()}
    return template, replace(empty, **changes), corrected


def calibrated(generic, path: Path, template: Template, names: dict[str, str]) -> Skeleton:
    with quiet(level="Off"):
        write_calibrated_model(generic[2], path, template, generic[1], names, ATHLETE_MASS)
        return read_skeleton(path)


def test_a_calibrated_model_is_the_shape_of_a_person(generic, tmp_path):
    """Also where markers show the neck: free then, while girdles and forearms are locked."""
    template, shape, _ = generic
    names = {label: label for label in template.markers.labels}
    coordinates = template.skeleton.coordinates
    neck = [index for index, name in enumerate(coordinates) if name.startswith("neck_")]
    freed = replace(template, skeleton=with_lock(template.skeleton, neck, locked=False))
    for number, body_template in enumerate((template, freed)):
        written = calibrated(generic, tmp_path / f"{number}.osim", body_template, names)
        expected = body_template.skeleton_of(shape)
        heavier = ATHLETE_MASS / expected.mass.sum()
        assert_same(
            written, expected, mass=heavier * expected.mass, inertia=heavier * expected.inertia
        )
        locked = {coordinates[index] for index in np.flatnonzero(written.coordinate_locked)}
        assert locked == {
            name
            for name in coordinates
            if name.startswith(("clavicle_", "forearm_", "neck_"[number * 9 :] or "-"))
        }
        assert load_model(tmp_path / f"{number}.osim").getName() == f"{number}"


SIGNS = f"{string.whitespace}é\xa0{string.punctuation}"
LABELS = [f"A{sign}B{suffix}" for sign in SIGNS for suffix in ("", " 1")]
"""A label with each sign, and with a blank after it."""


def test_opensim_reads_every_label_of_a_laboratory_back(generic, tmp_path):
    """It refuses some signs, and takes the program with it."""
    template = generic[0]
    markers = {label: {"body": "pelvis"} for label in LABELS}
    markers["A_B"] = {"body": "pelvis", "model": "A_B__"}
    foot = {"heel": "A_B", "toe": ["A_B"]}
    labels = MarkerSet.model_validate(
        {"name": "n", "source": "s", "markers": markers}
        | {"feet": {"left": foot, "right": foot}, "pelvis": {"front": ["A_B"], "back": ["A_B"]}}
    )
    names = {label: labels.model_name(label) for label in markers}
    assert len(set(names.values())) == len(names)
    assert all(labels.label_of(name) == label for label, name in names.items())
    plain = [
        label
        for label in markers
        if label != "A_B" and not re.search(r"[\s\x00-\x1f*+/\\|]", label)
    ]
    assert [names[label] for label in plain] == plain
    label_of = dict(zip(template.markers.labels, LABELS, strict=False))
    renamed = replace(template, markers=replace(template.markers, labels=tuple(label_of.values())))
    unchanged = {label: label for label in template.markers.labels}
    written = calibrated(generic, tmp_path / "plain.osim", template, unchanged)
    strange = calibrated(generic, tmp_path / "athlete.osim", renamed, names)
    assert strange.markers == tuple(names[label_of[label]] for label in written.markers)
    np.testing.assert_array_equal(strange.marker_position, written.marker_position)


def test_an_adjusted_model_has_the_body_of_the_fit_and_all_else_stays(tmp_path):
    before = read_skeleton(SPRINT)
    factor = 1.0 + 0.1 * np.arange(len(before.bodies)) / len(before.bodies)
    adjusted = replace(
        before, mass=before.mass * factor, inertia=before.inertia * factor[:, None, None],
        com=1.01 * before.com + 0.01, gravity=1.01 * before.gravity + 0.1,
        parent_rotation=before.parent_rotation.copy(),
        parent_position=before.parent_position.copy(),
    )  # fmt: skip
    adjusted.parent_rotation[0] = Rotation.from_rotvec([0.01, 0.02, -0.015]).as_matrix()
    adjusted.parent_position[0] = [0.1, -0.02, 0.03]
    path = tmp_path / "new" / "adjusted.osim"
    write_adjusted_model(SPRINT, adjusted, path)
    assert_same(read_skeleton(path), adjusted)
    model = load_model(path)
    assert model.getTotalMass(initialised(model)) == pytest.approx(adjusted.mass.sum(), rel=1e-12)
    assert model.getName().endswith("_consistent")
    assert list(path.parent.iterdir()) == [path]


def test_a_model_that_opensim_cannot_build_is_refused() -> None:
    """A coupler of a coordinate that no joint has."""
    model, coupler = load_model(SPRINT), opensim.CoordinateCouplerConstraint()
    names = opensim.ArrayStr()
    names.append("knee_angle_r")
    coupler.setIndependentCoordinateNames(names)
    coupler.setDependentCoordinateName("nobody")
    coupler.setFunction(opensim.LinearFunction(1.0, 0.0))
    model.addConstraint(coupler)
    with refused("model-does-not-initialise", "nobody") as caught, quiet(level="Off"):
        initialised(model, file=SPRINT)
    assert caught.value.file == str(SPRINT)


KINDS = {"sprint": PLAIN_JOINTS, "sprint_anatomical": ANATOMICAL_JOINTS}
ROUNDING = 0.5 * 10.0**-DECIMALS


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("kind", KINDS)
def test_our_model_is_that_of_the_tables(kind, sex, tmp_path):
    """The committed file is the build; body by body in the neutral pose, rounded as in the file."""
    file = MODELS / kind / f"{kind}_{sex}.osim"
    build_sprint_model(tmp_path / "built.osim", sex, form=KINDS[kind])
    assert (tmp_path / "built.osim").read_bytes() == file.read_bytes()
    model = load_model(file)
    state = initialised(model)
    lengths = geometry(sex, REFERENCE[sex].stature, KINDS[kind])
    origins = {"ground": np.array([0, lengths.hip_height, 0])}
    for joint in sprint_joints(lengths):
        origins[joint.child] = origins[joint.parent] + joint.offset
    bodies = sprint_bodies(sex, form=KINDS[kind])
    centre = sum(body.mass * (origins[body.name] + body.com) for body in bodies)
    centre = centre / REFERENCE[sex].mass
    # 19 masses are rounded; a place is the sum of at most 8 rounded offsets
    assert model.getTotalMass(state) == pytest.approx(REFERENCE[sex].mass, abs=19 * ROUNDING)
    theirs = array_from_vec3(model.calcMassCenterPosition(state))
    np.testing.assert_allclose(theirs, centre, atol=9 * ROUNDING)
    assert model.getMarkerSet().getSize() == 51
    for marker in sprint_markers(lengths):
        location = model.getMarkerSet().get(marker.name).getLocationInGround(state)
        expected = origins[marker.body] + marker.position
        np.testing.assert_allclose(array_from_vec3(location), expected, atol=9 * ROUNDING)


def test_labels_are_laid_over_our_model_as_it_is(tmp_path):
    save_skeleton(read_skeleton(SPRINT), tmp_path / "read.npz")
    files = (tmp_path / "read.npz", SPRINT.with_suffix(".npz"))
    read, shipped = (np.load(file)["content_hash"] for file in files)
    assert read == shipped


@pytest.fixture(scope="module")
def sprint() -> Skeleton:
    return read_skeleton(SPRINT)


def swinging(skeleton: Skeleton, seed: int) -> np.ndarray:
    """Coordinates (40, C) of a smooth motion inside the middle of each range."""
    time, rng = np.arange(40) / 250.0, np.random.default_rng(seed)
    low, high = np.clip(skeleton.coordinate_range.T, -1.0, 1.0)
    rate, phase = rng.uniform(10, 25, len(low)), rng.uniform(0, 6, len(low))
    q = (low + high) / 2 + 0.4 * (high - low) * np.sin(rate * time[:, None] + phase)
    q[:, skeleton.coordinate_locked] = skeleton.coordinate_default[skeleton.coordinate_locked]
    return q


@pytest.fixture(scope="module")
def trial(sprint):
    motion = spline_motion(sprint, np.arange(40) / 250.0, swinging(sprint, 0))
    rng = np.random.default_rng(0)
    return motion, [
        ExternalLoad(foot, rng.normal(0, 500, (40, 3)), rng.normal(0, 50, (40, 3)), np.zeros(3))
        for foot in ("foot_l", "foot_r")
    ]


def test_our_engine_is_opensim_on_the_sprint_model(sprint, trial):
    """Positions to round-off of metres, momentum and forces of sums; no joint has the defect."""
    reference = reference_differences(SPRINT, sprint, *trial)
    assert reference.frames == COMPARED_FRAMES
    assert max(reference.position_m, reference.momentum) < 1e-12
    assert max(reference.forces, reference.defect) < 1e-11


@pytest.mark.real
def test_the_walker_knee_is_the_only_difference(realdata):
    """Rajagopal's knee: equal with Simbody's defect reproduced, different without."""
    file = realdata / THEIRS[0]
    skeleton = read_skeleton(file)
    motion = spline_motion(skeleton, np.arange(40) / 250.0, swinging(skeleton, 1))
    loads = [ExternalLoad("calcn_r", np.zeros((40, 3)), np.zeros((40, 3)), np.zeros(3))]
    reference = reference_differences(file, skeleton, motion, loads)
    assert (reference.position_m < 1e-12, reference.momentum < 1e-10) == (True, True)
    assert reference.forces < 1e-8
    assert reference.defect > 1e-6
