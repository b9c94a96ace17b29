"""The committed sprint models: equal to the build, free, and OpenSim's sums are ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.body.de_leva import REFERENCE
from aqbio.body.sprint_body import sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import ANATOMICAL, PLAIN, geometry
from aqbio.body.sprint_markers import sprint_markers
from aqbio.multibody.poses import segment_poses
from aqbio.opensim.session import array_from_vec3, initialised, load_model
from aqbio.opensim.skeleton import read_skeleton
from validation.sprint_model import DECIMALS, build_sprint_model

pytestmark = pytest.mark.opensim

ALL_MODELS = Path(__file__).parents[2] / "models"
MODELS = ALL_MODELS / "sprint"
SEXES = ["female", "male"]
KINDS = {"sprint": PLAIN, "sprint_anatomical": ANATOMICAL}
ROUNDING = 0.5 * 10.0**-DECIMALS


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_file_is_the_build(kind, sex, tmp_path):
    build_sprint_model(tmp_path / "built.osim", sex, form=KINDS[kind])
    committed = ALL_MODELS / kind / f"{kind}_{sex}.osim"
    assert (tmp_path / "built.osim").read_bytes() == committed.read_bytes()


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("kind", KINDS)
def test_mass_centre_and_markers_are_those_of_the_tables(kind, sex):
    """Body by body in the neutral pose, rounded as in the file."""
    form = KINDS[kind]
    model = load_model(ALL_MODELS / kind / f"{kind}_{sex}.osim")
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
    model = load_model(ALL_MODELS / kind / f"{kind}_male.osim")
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
    ours = read_skeleton(ALL_MODELS / "sprint_anatomical" / "sprint_anatomical_male.osim")
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
