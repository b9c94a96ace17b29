"""Scaling recovers athletes that are known, whatever pose and direction they stand in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.config.settings import Model as ModelSettings
from aqbio.errors import AqbioError
from aqbio.io.trc import read_trc
from aqbio.osim.scale_findings import landmark_findings
from aqbio.osim.scaling import FACTOR_CHANGE, ScaledModel, ScaleTask, scale_model
from aqbio.osim.session import array_from_vec3, initialised, load_model, opensim, vec3
from aqbio.osim.static_trial import StaticTrial, quiet_window, static_markers

pytestmark = pytest.mark.opensim

SPRINT = Path(__file__).parents[2] / "models" / "sprint"
MASS = 68.4
FACTORS = {
    "pelvis": 1.05,
    "femur": 1.10,
    "tibia": 0.93,
    "foot": 1.06,
    "toes": 1.06,
    "torso": 0.96,
    "humerus": 1.07,
    "radius": 1.02,
}
POSES = {
    "N": {"arm_add": -8.0, "elbow_flex": 10.0},
    "A": {"arm_add": -45.0, "arm_rot": 20.0, "elbow_flex": 15.0},
    "T": {"arm_add": -85.0, "arm_flex": 10.0, "elbow_flex": 20.0},
}
POSTURE = {
    "pelvis_tilt": -4.0,
    "hip_flexion_r": 6.0,
    "hip_flexion_l": 3.0,
    "hip_adduction_r": -5.0,
    "knee_angle_r": 4.0,
    "ankle_angle_r": 3.0,
    "ankle_angle_l": -2.0,
    "mtp_angle_l": 3.0,
    "lumbar_extension": -3.0,
    "lumbar_bending": 1.0,
}
CLUSTERS = ("RTH1", "LTH2", "RSH1", "LSH2", "RUA1", "LFA1")


def body_factor(body: str) -> float:
    return FACTORS[body.removesuffix("_r").removesuffix("_l")]


def recorded_hips() -> MarkerSet:
    """The standard set, but hip centres are known: the regression is tested elsewhere."""
    marker_set = read_yaml(SPRINT / "markers.yaml", MarkerSet)
    known = {
        label: mapped.model_copy(update={"hip_centre": None, "static_only": True})
        if mapped.hip_centre
        else mapped
        for label, mapped in marker_set.markers.items()
    }
    return marker_set.model_copy(update={"markers": known})


def athlete() -> Any:
    """A sprint model whose segments have the sizes of FACTORS, with clusters off their places."""
    model = load_model(SPRINT / "sprint_male.osim")
    for side in "RL":
        hip = opensim.Marker(
            f"{side}HIP", model.getBodySet().get(f"femur_{side.lower()}"), vec3([0, 0, 0])
        )
        model.addMarker(hip)
    model.finalizeConnections()
    state = initialised(model)
    scales = opensim.ScaleSet()
    for index in range(model.getBodySet().getSize()):
        name = model.getBodySet().get(index).getName()
        scale = opensim.Scale()
        scale.setSegmentName(name)
        scale.setScaleFactors(vec3([body_factor(name)] * 3))
        scale.setApply(True)
        scales.cloneAndAppend(scale)
    model.scale(state, scales, True, MASS)
    random = np.random.default_rng(7)
    for name in CLUSTERS:
        marker = model.updMarkerSet().get(name)
        marker.set_location(
            vec3(array_from_vec3(marker.get_location()) + random.normal(size=3) * 0.02)
        )
    return model


def standing(model: Any, pose: dict[str, float], heading: float) -> StaticTrial:
    """Markers of an athlete who stands still, facing ``heading`` degrees off x."""
    state = initialised(model)
    values = POSTURE | {f"{name}_{side}": value for name, value in pose.items() for side in "rl"}
    for name, degrees in values.items():
        model.getCoordinateSet().get(name).setValue(state, float(np.radians(degrees)), False)
    model.realizePosition(state)
    markers = model.getMarkerSet()
    names = [markers.get(index).getName() for index in range(markers.getSize())]
    places = np.array(
        [array_from_vec3(markers.get(name).getLocationInGround(state)) for name in names]
    )
    angle = np.radians(heading)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    frames = np.repeat((places @ turn.T + [4.0, 0.0, -2.0])[None], 20, axis=0)
    return StaticTrial(tuple(names), frames, 100.0)


def task(static: StaticTrial, marker_set: MarkerSet | None = None) -> ScaleTask:
    return ScaleTask(
        generic=SPRINT / "sprint_male.osim",
        model_map=read_yaml(SPRINT / "map.yaml", ModelMap),
        marker_set=marker_set or recorded_hips(),
        static=static,
        mass=MASS,
        settings=ModelSettings(static_window_s=0.1),
    )


@pytest.fixture(scope="module")
def truth() -> Any:
    return athlete()


@pytest.fixture(scope="module", params=POSES)
def scaled(request, truth, tmp_path_factory) -> ScaledModel:
    folder = tmp_path_factory.mktemp(request.param)
    static = standing(
        truth, POSES[request.param], heading={"N": 0, "A": 130, "T": -95}[request.param]
    )
    return scale_model(task(static), folder / "athlete.osim", folder / "scratch")


def test_scale_factors_are_recovered(scaled):
    """To the change at which the passes stop, times the rate at which they converge."""
    for body, factors in scaled.factors.items():
        np.testing.assert_allclose(factors, body_factor(body), atol=FACTOR_CHANGE, err_msg=body)


def test_the_model_fits_without_findings(scaled):
    assert scaled.rms < 1e-4
    assert scaled.largest < 5e-4
    assert scaled.findings == ()


def test_mass_is_as_given_and_distributed_as_in_the_generic_model(scaled, truth):
    model = load_model(scaled.file)
    assert model.getTotalMass(initialised(model)) == pytest.approx(MASS, abs=1e-9)
    assert scaled.mass == pytest.approx(MASS, abs=1e-9)
    for index in range(model.getBodySet().getSize()):
        body = model.getBodySet().get(index)
        theirs = truth.getBodySet().get(body.getName())
        assert body.getMass() == pytest.approx(theirs.getMass(), rel=1e-12)
        # inertia goes with the square of the factor
        ours = array_from_vec3(body.getInertia().getMoments())
        expected = array_from_vec3(theirs.getInertia().getMoments())
        np.testing.assert_allclose(ours, expected, rtol=3 * FACTOR_CHANGE)


def test_cluster_markers_are_placed_where_they_were(scaled, truth):
    model = load_model(scaled.file)
    for name in CLUSTERS:
        ours = array_from_vec3(model.getMarkerSet().get(name).get_location())
        theirs = array_from_vec3(truth.getMarkerSet().get(name).get_location())
        np.testing.assert_allclose(ours, theirs, atol=1e-3, err_msg=name)
    moved = array_from_vec3(truth.getMarkerSet().get("RTH1").get_location())
    generic = load_model(SPRINT / "sprint_male.osim")
    assert (
        np.linalg.norm(moved - array_from_vec3(generic.getMarkerSet().get("RTH1").get_location()))
        > 0.01
    )


def test_the_pose_is_found(scaled, request):
    pose = POSES[request.node.callspec.params["scaled"]]
    expected = POSTURE | {f"{n}_{side}": value for n, value in pose.items() for side in "rl"}
    for name, degrees in expected.items():
        assert np.degrees(scaled.pose[name]) == pytest.approx(degrees, abs=0.2), name


def test_the_written_model_stands_as_the_generic_one(scaled):
    """Default pose restored, no forces, computed joint centres removed, recorded markers kept."""
    model = load_model(scaled.file, muscles=True)
    assert model.getForceSet().getSize() == 0
    assert model.getCoordinateSet().get("arm_add_r").getDefaultValue() == 0.0
    markers = {model.getMarkerSet().get(i).getName() for i in range(model.getMarkerSet().getSize())}
    assert {"RASI", "RKNL", "RTH1"} <= markers
    assert not {"RKNEE", "LELBOW", "RANKLE"} & markers


def test_hip_centres_come_from_the_pelvis_when_nobody_recorded_them(truth, tmp_path):
    """The regression's constant offsets do not scale with the pelvis: under 1 mm at 5 %."""
    static = standing(truth, POSES["A"], heading=20)
    kept = [i for i, label in enumerate(static.labels) if not label.endswith("HIP")]
    static = StaticTrial(
        tuple(static.labels[i] for i in kept), static.positions[:, kept], static.rate
    )
    marker_set = read_yaml(SPRINT / "markers.yaml", MarkerSet)
    scaled = scale_model(task(static, marker_set), tmp_path / "a.osim", tmp_path / "scratch")
    for body, factors in scaled.factors.items():
        # 1 mm on the shortest distance measured from the hip, about 0.1 m on the pelvis
        limit = 0.01 if body == "pelvis" else 0.004
        np.testing.assert_allclose(factors, body_factor(body), atol=limit, err_msg=body)


def test_a_missing_label_is_named_and_the_other_pairs_are_used(truth, tmp_path):
    static = standing(truth, POSES["N"], heading=0)
    kept = [i for i, label in enumerate(static.labels) if label not in ("RMT1", "STRN")]
    static = StaticTrial(
        tuple(static.labels[i] for i in kept), static.positions[:, kept], static.rate
    )
    scaled = scale_model(task(static), tmp_path / "a.osim", tmp_path / "scratch")
    rules = {finding.rule: finding for finding in scaled.findings}
    assert set(rules) == {"static-marker-missing", "scale-pair-missing"}
    assert "RMT1, STRN" in rules["static-marker-missing"].what.replace("STRN, RMT1", "RMT1, STRN")
    assert "RHEE-RMT1" in rules["scale-pair-missing"].what
    assert scaled.factors["foot_r"][0] == pytest.approx(1.06, abs=FACTOR_CHANGE)


def test_swapped_labels_make_findings(truth, tmp_path):
    static = standing(truth, POSES["N"], heading=0)
    names = {"RKNL": "RANL", "RANL": "RKNL"}
    static = replace(static, labels=tuple(names.get(label, label) for label in static.labels))
    scaled = scale_model(task(static), tmp_path / "a.osim", tmp_path / "scratch")
    rules = [finding.rule for finding in scaled.findings]
    assert "static-rms" in rules
    largest = next(f for f in scaled.findings if f.rule == "static-largest")
    assert "RKNL" in largest.what
    assert "RANL" in largest.what


def test_nothing_works_without_the_pelvis(truth):
    static = standing(truth, POSES["N"], heading=0)
    hidden = static.positions.copy()
    hidden[:, static.labels.index("RASI")] = np.nan
    with pytest.raises(AqbioError, match="RASI are missing"):
        static_markers(replace(static, positions=hidden), recorded_hips(), seconds=0.1)


@pytest.mark.parametrize(
    ("label", "change", "message"),
    [
        ("RASI", {"body": "sacrum"}, "label RASI: body sacrum is not in the model"),
        ("RASI", {"body": "femur_r"}, r"RASI \(the model's RASI\) is on pelvis in the model, on"),
        ("RASI", {"model": "SPINE"}, "the model has no marker SPINE"),
        ("RASI", {"model": "LASI"}, "LASI is claimed by another label"),
    ],
)
def test_marker_sets_that_do_not_fit_the_model_are_refused(label, change, message, truth, tmp_path):
    marker_set = recorded_hips()
    markers = dict(marker_set.markers)
    markers[label] = markers[label].model_copy(update=change)
    wrong = marker_set.model_copy(update={"markers": markers})
    static = standing(truth, POSES["N"], heading=0)
    with pytest.raises(AqbioError, match=message):
        scale_model(task(static, wrong), tmp_path / "a.osim", tmp_path / "scratch")


def test_grams_are_not_kilograms(truth):
    with pytest.raises(AqbioError, match="between 20 and 250"):
        replace(task(standing(truth, POSES["N"], heading=0)), mass=68400.0)


def test_the_quiet_window_ignores_markers_that_come_and_go():
    positions = np.zeros((50, 2, 3))
    positions[:30, 0, 1] = np.sin(np.arange(30))
    positions[40:, 1] = np.nan
    window = quiet_window(positions, rate=10.0, seconds=1.0)
    assert window == slice(30, 40)


def test_landmark_limits_are_inclusive():
    assert landmark_findings({"A": 0.01, "B": 0.01}, rms_limit=0.01, largest_limit=0.01) == []
    found = landmark_findings({"A": 0.03, "B": 0.0}, rms_limit=0.01, largest_limit=0.02)
    assert [finding.rule for finding in found] == ["static-rms", "static-largest"]
    assert found[1].number == 0.03


RECORDINGS = Path(__file__).parents[1] / "real"


def real_task(
    realdata: Path, markers: str, generic: Path, name: str, settings: ModelSettings
) -> ScaleTask:
    """Scaling of a real recording; both files have OpenSim's vertical axis already."""
    if markers.startswith("ja1"):
        file, mass = "ja1_dorn2012/trc_mot/static.trc", 75.95
    else:
        file, mass = "rajagopal2016/run/static_run.trc", 72.84
    trial = read_trc(realdata / file)
    return ScaleTask(
        generic=generic,
        model_map=read_yaml(SPRINT.parent / name / "map.yaml", ModelMap),
        marker_set=read_yaml(RECORDINGS / markers, MarkerSet),
        static=StaticTrial(trial.labels, trial.positions, trial.rate),
        mass=mass,
        settings=settings,
    )


def lengths(file: Path) -> np.ndarray:
    """Thigh, shank, upper arm of the right side, distance of the hips, hips to shoulders, m."""
    model = load_model(file)
    state = initialised(model)
    bodies = model.getBodySet()

    def place(*names: str) -> np.ndarray:
        name = next(name for name in names if bodies.contains(name))
        return array_from_vec3(bodies.get(name).getPositionInGround(state))

    hip, knee, ankle = place("femur_r"), place("tibia_r"), place("talus_r", "foot_r")
    shoulder, elbow = place("humerus_r"), place("ulna_r", "radius_r")
    hips, shoulders = hip + place("femur_l"), shoulder + place("humerus_l")
    return np.array(
        [
            np.linalg.norm(hip - knee),
            np.linalg.norm(knee - ankle),
            np.linalg.norm(shoulder - elbow),
            np.linalg.norm(hip - place("femur_l")),
            (shoulders - hips)[1] / 2,
        ]
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("on_ours", "on_theirs", "their_model"),
    [
        (
            "ja1_sprint/markers.yaml",
            "ja1/markers.yaml",
            "ja1_dorn2012/models/rajagopal_generic_ja1markers.osim",
        ),
        (
            "rajagopal_run/markers_sprint.yaml",
            "rajagopal_run/markers.yaml",
            "rajagopal2016/models/Rajagopal2016.osim",
        ),
    ],
)
def test_two_generic_models_become_the_same_person(
    on_ours, on_theirs, their_model, realdata, tmp_path
):
    """Segment lengths agree although the generic models differ by up to 15 %."""
    files = []
    for markers, generic, name in (
        (on_ours, SPRINT / "sprint_male.osim", "sprint"),
        (on_theirs, realdata / their_model, "rajagopal2016"),
    ):
        work = real_task(realdata, markers, generic, name, ModelSettings())
        scaled = scale_model(work, tmp_path / f"{name}.osim", tmp_path / name)
        assert scaled.mass == pytest.approx(work.mass, abs=1e-6)
        rules = {finding.rule for finding in scaled.findings}
        assert not rules & {"scale-factor", "scale-left-right", "scale-pair-missing"}
        files.append(scaled.file)
    ours, theirs = (lengths(file) for file in files)
    # landmarks of the two generic bodies sit up to 15 mm apart relative to the joints
    np.testing.assert_allclose(ours, theirs, atol=0.015)


@pytest.mark.real
def test_factors_agree_with_the_examples_own_set_up(realdata, tmp_path):
    """The example's ScaleTool file, run as it is, against our marker set on the same static trial.

    Only distances within one body can agree: others depend on the pose and on the other body.
    """
    folder = realdata / "rajagopal2016"
    generic = folder / "models" / "Rajagopal2016.osim"
    whole = ModelSettings(static_window_s=1e6)  # all of the trial, as they do
    work = real_task(realdata, "rajagopal_run/markers.yaml", generic, "rajagopal2016", whole)
    ours = scale_model(work, tmp_path / "ours.osim", tmp_path / "scratch")
    tool = opensim.ScaleTool(str(folder / "run" / "scale_setup_run.xml"))
    scaler = tool.getModelScaler()
    scaler.setMarkerFileName(str(folder / "run" / "static_run.trc"))
    scaler.setOutputScaleFileName(str(tmp_path / "theirs.xml"))
    model = load_model(generic)
    initialised(model)
    assert scaler.processModel(model, "", 72.84)
    theirs = {}
    scales = opensim.ScaleSet(str(tmp_path / "theirs.xml"))
    for index in range(scales.getSize()):
        values = opensim.Vec3()
        scales.get(index).getScaleFactors(values)
        theirs[scales.get(index).getSegmentName()] = array_from_vec3(values)
    for body, axes in (("femur_r", "xyz"), ("calcn_l", "xyz"), ("pelvis", "z")):
        for axis in axes:
            index = "xyz".index(axis)
            # mean of distances against distance of means: sway of mm across 0.2 to 0.4 m
            assert ours.factors[body][index] == pytest.approx(theirs[body][index], abs=2e-3)
    assert np.abs(np.array(ours.factors["humerus_r"]) - theirs["humerus_r"]).max() < 2e-3
    assert ours.mass == pytest.approx(72.84, abs=1e-6)
