"""The committed sprint models: equal to the build, free, and OpenSim's sums are ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.mechanics.anthropometry.de_leva import REFERENCE
from aqbio.mechanics.anthropometry.sprint_body import HELD, sprint_bodies, sprint_joints
from aqbio.mechanics.anthropometry.sprint_geometry import geometry
from aqbio.mechanics.anthropometry.sprint_markers import sprint_markers
from aqbio.osim.session import array_from_vec3, initialised, load_model, opensim
from aqbio.osim.sprint_model import DECIMALS, build_sprint_model

pytestmark = pytest.mark.opensim

MODELS = Path(__file__).parents[2] / "models" / "sprint"
SEXES = ["female", "male"]
ROUNDING = 0.5 * 10.0**-DECIMALS


@pytest.mark.parametrize("sex", SEXES)
def test_the_committed_file_is_the_build(sex, tmp_path):
    build_sprint_model(tmp_path / "built.osim", sex)
    committed = MODELS / f"sprint_{sex}.osim"
    assert (tmp_path / "built.osim").read_bytes() == committed.read_bytes()


@pytest.mark.parametrize("sex", SEXES)
def test_nothing_is_clamped_coupled_or_muscular_and_few_are_locked(sex):
    model = load_model(MODELS / f"sprint_{sex}.osim", muscles=True)
    initialised(model)
    assert model.getMuscles().getSize() == 0
    assert model.getConstraintSet().getSize() == 0
    coordinates = model.getCoordinateSet()
    assert coordinates.getSize() == 38
    for index in range(38):
        coordinate = coordinates.get(index)
        assert not coordinate.getDefaultClamped()
        assert coordinate.getDefaultLocked() == coordinate.getName().startswith(HELD)
    assert model.getForceSet().getSize() == 32  # a torque on all but the pelvis's six
    knee = coordinates.get("knee_angle_r")
    assert np.degrees([knee.getRangeMin(), knee.getRangeMax()]) == pytest.approx([0, 160])


@pytest.mark.parametrize("sex", SEXES)
def test_mass_centre_and_markers_are_those_of_the_tables(sex):
    """Body by body in the neutral pose, rounded as in the file."""
    model = load_model(MODELS / f"sprint_{sex}.osim")
    state = initialised(model)
    lengths = geometry(sex, REFERENCE[sex].stature)
    places = {"ground": np.array([0, lengths.hip_height, 0])}
    for joint in sprint_joints(lengths):
        places[joint.child] = places[joint.parent] + joint.offset
    bodies = sprint_bodies(sex)
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


@pytest.mark.parametrize("sex", SEXES)
def test_speeds_are_the_derivatives_of_the_coordinates(sex):
    model = load_model(MODELS / f"sprint_{sex}.osim")
    state = initialised(model)
    random = np.random.default_rng(2)
    state.setQ(opensim.Vector.createFromMat(random.normal(size=38) * 0.5))
    state.setU(opensim.Vector.createFromMat(random.normal(size=38)))
    model.realizeVelocity(state)
    np.testing.assert_allclose(state.getQDot().to_numpy(), state.getU().to_numpy(), atol=1e-15)


def test_a_mirrored_pose_is_a_mirrored_body():
    """Swapping left and right and turning seven signs mirrors every marker."""
    model = load_model(MODELS / "sprint_male.osim")
    state = initialised(model)
    coordinates = model.getCoordinateSet()
    names = [coordinates.get(index).getName() for index in range(38)]
    values = dict(zip(names, np.random.default_rng(5).normal(size=38) * 0.4, strict=True))
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


def test_mass_and_stature_can_be_chosen(tmp_path):
    build_sprint_model(tmp_path / "tall.osim", "female", mass=72.5, stature=1.84)
    model = load_model(tmp_path / "tall.osim")
    state = initialised(model)
    assert model.getTotalMass(state) == pytest.approx(72.5, abs=19 * ROUNDING)
    thigh = array_from_vec3(model.getBodySet().get("tibia_r").getPositionInGround(state))
    thigh -= array_from_vec3(model.getBodySet().get("femur_r").getPositionInGround(state))
    assert np.linalg.norm(thigh) == pytest.approx(0.3685 * 1.84 / 1.735, abs=4 * ROUNDING)
