"""The sprint model's body: sums, symmetry, physical inertia, scaling laws."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.de_leva import (
    DE_LEVA,
    REFERENCE,
    combined_inertia,
)
from aqbio.body.sprint_body import dumas_limbs, sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import BALL_BELOW_ANKLE, geometry
from aqbio.body.sprint_markers import sprint_markers
from aqbio.virtual.athlete import Athlete, athlete_skeleton

SEXES = ["female", "male"]


@pytest.mark.parametrize("sex", SEXES)
def test_masses_add_up_to_the_kilogram(sex):
    assert sum(body.mass for body in sprint_bodies(sex, mass=70.0)) == pytest.approx(
        70.0, rel=1e-14
    )


@pytest.mark.parametrize("sex", SEXES)
def test_every_inertia_is_a_rigid_bodys(sex):
    """Principal moments are positive and obey the triangle inequality."""
    for body in sprint_bodies(sex):
        np.testing.assert_allclose(body.inertia, body.inertia.T, atol=0)
        low, middle, high = np.linalg.eigvalsh(body.inertia)
        assert low > 0, body.name
        assert low + middle >= high, body.name


@pytest.mark.parametrize("sex", SEXES)
def test_foot_and_toes_together_are_de_levas_foot(sex):
    bodies = {body.name: body for body in sprint_bodies(sex)}
    lengths = geometry(sex, REFERENCE[sex].stature)
    ball = np.array([lengths.ball, -BALL_BELOW_ANKLE * lengths.ankle_height, 0])
    foot, toes = bodies["foot_r"], bodies["toes_r"]
    mass, com, inertia = combined_inertia(
        np.array([foot.mass, toes.mass]),
        np.array([foot.com, toes.com + ball]),
        np.array([foot.inertia, toes.inertia]),
    )
    table = DE_LEVA[sex]["foot"]
    share = mass / REFERENCE[sex].mass
    assert share == pytest.approx(table.mass, rel=1e-3)  # fractions are normalised to 1
    assert com[0] + lengths.heel == pytest.approx(table.centre * table.length, abs=1e-15)
    radii = np.sqrt(np.diag(inertia) / mass) / table.length
    np.testing.assert_allclose(radii, table.gyration, rtol=1e-12)
    np.testing.assert_allclose(inertia - np.diag(np.diag(inertia)), 0, atol=1e-17)


@pytest.mark.parametrize("sex", SEXES)
def test_left_mirrors_right(sex):
    bodies = {body.name: body for body in sprint_bodies(sex)}
    lengths = geometry(sex, 1.8)
    joints = {joint.name: joint for joint in sprint_joints(lengths)}
    mirror = np.array([1.0, 1.0, -1.0])
    for name, body in bodies.items():
        if name.endswith("_r"):
            left = bodies[name[:-2] + "_l"]
            np.testing.assert_array_equal(left.com, body.com * mirror)
            np.testing.assert_array_equal(left.inertia, body.inertia * np.outer(mirror, mirror))
    for name, joint in joints.items():
        if not name.endswith("_r"):
            continue
        left = joints[name[:-2] + "_l"]
        np.testing.assert_array_equal(left.offset, np.array(joint.offset) * mirror)
        for (coordinate, axis), (left_coordinate, left_axis) in zip(
            joint.rotations, left.rotations, strict=True
        ):
            # a rotation by θ about a, mirrored, is one by θ about -(mirrored a)
            assert left_coordinate == coordinate[:-2] + "_l"
            np.testing.assert_array_equal(left_axis, -(np.array(axis) * mirror))
    markers = {marker.name: marker for marker in sprint_markers(lengths)}
    for name, marker in markers.items():
        if name.startswith("R") and "L" + name[1:] in markers:
            left = markers["L" + name[1:]]
            np.testing.assert_allclose(left.position, np.array(marker.position) * mirror)


def standing_centre(sex: str) -> float:
    """Height of the centre of mass over the standing height, arms hanging."""
    lengths = geometry(sex, REFERENCE[sex].stature)
    place = {"ground": np.zeros(3)}
    for joint in sprint_joints(lengths):
        place[joint.child] = place[joint.parent] + joint.offset
    bodies = sprint_bodies(sex)
    height = sum(b.mass * (place[b.name] + b.com)[1] for b in bodies) / REFERENCE[sex].mass
    neck = next(m.position[1] for m in sprint_markers(lengths) if m.name == "C7")
    vertex = place["torso"][1] + neck + DE_LEVA[sex]["head"].length * lengths.scale
    return (height + lengths.hip_height) / (vertex + lengths.hip_height)


def test_centre_of_mass_of_standing():
    """Plagenhoef (1983) measured 54.3 to 58 % of the height; women's lies lower than men's."""
    female, male = standing_centre("female"), standing_centre("male")
    assert 0.543 < female < male < 0.58


ATHLETES = [Athlete("he", "male", 75.0, 1.80), Athlete("she", "female", 58.0, 1.68)]


def test_a_thigh_by_hand():
    """12.3 % of 75 kg; 42.9 % of its length below the hip; k_y = 15 % of it."""
    ours = athlete_skeleton(ATHLETES[0])
    theirs = dumas_limbs(ours, "male", 1.80)
    thigh = theirs.bodies.index("femur_r")
    length = -ours.parent_position[ours.bodies.index("tibia_r"), 1]
    assert theirs.mass[thigh] == pytest.approx(9.225, rel=1e-6)
    np.testing.assert_allclose(
        theirs.com[thigh], np.array([-0.041, -0.429, 0.033]) * length, rtol=1e-6
    )
    assert theirs.inertia[thigh, 1, 1] == pytest.approx(9.225 * (0.15 * length) ** 2, rel=1e-6)
