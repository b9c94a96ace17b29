"""Tables, made bodies and their anatomy: published sums, mirrors, and names that play no part."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from aqbio.body.anatomy import body_plan, stands_upright
from aqbio.body.de_leva import DE_LEVA, REFERENCE, total_mass_fraction
from aqbio.body.human_ranges import (
    MAX_HIP_TWIST_DEG,
    RANGE_MARGIN_DEG,
    RANGES,
    JointAngles,
    beyond_range,
    impossible_frames,
)
from aqbio.body.priors import Person, body_sizes, size_prior
from aqbio.body.problem import hip_centres
from aqbio.body.sprint_body import dumas_limbs, sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import geometry
from aqbio.body.sprint_markers import iliac_spines, sprint_markers
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import MODELS
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.examples import answers
from tests.golden import differences
from tests.levels_case import body_spread


@pytest.mark.parametrize(
    ("sex", "total", "mass", "length", "centre", "tolerance"),
    [
        ("female", 0.9999, 0.4257, 0.5293, 0.4151, 5e-4),
        ("male", 1.0000, 0.4346, 0.5319, 0.4486, 6e-3),
    ],
)
def test_parts_of_the_trunk_add_up_to_the_published_trunk(
    sex, total, mass, length, centre, tolerance
):
    """Stacked; the printed trunk of men lies 2.9 mm above its parts. Lengths to four decimals."""
    parts = [DE_LEVA[sex][one] for one in ("upper_trunk", "middle_trunk", "lower_trunk")]
    assert round(total_mass_fraction(sex), 4) == total
    assert sum(one.mass for one in parts) == pytest.approx(mass, abs=1e-9)
    top = np.cumsum([0.0, *(one.length for one in parts)])
    assert top[-1] == pytest.approx(length, abs=1.01e-4)
    middle = sum(
        one.mass * (above + one.centre * one.length)
        for one, above in zip(parts, top[:-1], strict=True)
    )
    assert middle / mass / top[-1] == pytest.approx(centre, abs=tolerance)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("stature", [1.55, 1.74, 1.95])
def test_the_sprint_models_spines_lead_back_to_its_hips(sex, stature):
    """The model's iliac spines are the regression turned round: mid-hip is its origin."""
    lengths = geometry(sex, stature)
    front, back = (np.array(place) for place in iliac_spines(lengths))
    mirror = np.array([1.0, 1.0, -1.0])
    right, left = hip_centres(front, front * mirror, back * [1, 1, 0])
    np.testing.assert_allclose(right, [0, 0, lengths.half_hip], atol=1e-12)
    np.testing.assert_allclose(left, [0, 0, -lengths.half_hip], atol=1e-12)
    assert REFERENCE[sex].stature == pytest.approx(1.74, abs=0.01)


SEXES = ["female", "male"]


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


def test_a_thigh_by_hand():
    """12.3 % of 75 kg; 42.9 % of its length below the hip; k_y = 15 % of it."""
    ours = athlete_skeleton(Athlete("he", "male", 75.0, 1.80))
    theirs = dumas_limbs(ours, "male", 1.80)
    thigh = theirs.bodies.index("femur_r")
    length = -ours.parent_position[ours.bodies.index("tibia_r"), 1]
    assert theirs.mass[thigh] == pytest.approx(9.225, rel=1e-6)
    np.testing.assert_allclose(
        theirs.com[thigh], np.array([-0.041, -0.429, 0.033]) * length, rtol=1e-6
    )
    assert theirs.inertia[thigh, 1, 1] == pytest.approx(9.225 * (0.15 * length) ** 2, rel=1e-6)


def test_bodies_and_beliefs_are_what_they_were():
    """Every number of tables and of what is made of them, by sex and stature."""
    examples = {}
    for sex, stature in product(SEXES, (1.55, 1.74, 1.95)):
        lengths, athlete = geometry(sex, stature), Athlete("made", sex, 70.0, stature)
        limbs = dumas_limbs(athlete_skeleton(athlete), sex, stature)
        examples[f"{sex} {stature}"] = lambda x=lengths, limbs=limbs, sex=sex: (
            x, sprint_bodies(sex, mass=70.0), sprint_joints(x), sprint_markers(x),
            limbs.mass, limbs.com, limbs.inertia,
        )  # fmt: skip
        sizes, template = body_sizes(), body_spread(athlete_skeleton(athlete)).template
        person = Person(sex, stature, 70.0)
        examples[f"sizes {sex} {stature}"] = lambda a=(template.parts, sizes, person, person): (
            size_prior(*a)
        )
        examples[f"given {sex} {stature}"] = lambda own=sizes[sex], stature=stature: (
            own.conditional({"stature": stature})
        )
    assert differences("bodies", answers(examples)) == []


pytestmark = pytest.mark.opensim


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory):
    from aqbio.io.skeleton import save_skeleton
    from aqbio.opensim.skeleton import read_skeleton

    path = tmp_path_factory.mktemp("model") / "sprint.npz"
    save_skeleton(read_skeleton(MODELS / "sprint" / "sprint_female.osim"), path)
    return load_skeleton(path)


def test_a_knee_that_counts_the_other_way(skeleton):
    """Hamner's knees are negative in flexion: turned axes give the other sign, one gives none."""

    def turned(*names):
        direction = skeleton.axes.direction.copy()
        for name in names:
            direction[skeleton.axes.coordinate == skeleton.coordinates.index(name)] *= -1.0
        return body_plan(replace(skeleton, axes=replace(skeleton.axes, direction=direction)))

    assert turned("knee_angle_r", "knee_angle_l").flexion["knee"] == -1
    lying = np.where(np.array(skeleton.coordinates) == "pelvis_tilt", np.pi, 0.0)
    assert not stands_upright(replace(skeleton, coordinate_default=lying))
    one = turned("knee_angle_r")
    assert "knee" not in one.flexion
    assert one.undetermined == {"flexion.knee": "left and right flex with opposite signs"}


def test_what_nobody_can_do_is_what_it_was():
    """Flexion and twist on both sides of every limit, and round the other way."""

    def beyond(place, flexion, twist):
        angles = {place: JointAngles(flexion, twist)}
        return beyond_range(angles[place], place), impossible_frames(angles)

    examples = {}
    for kind, human in RANGES.items():
        place = kind if kind == "lumbar" else f"{kind}_left"
        ends = np.add.outer(
            (human.extension, human.flexion), (-RANGE_MARGIN_DEG, RANGE_MARGIN_DEG, 360.0)
        ).ravel()
        flexion = np.add.outer(ends, (-0.1, 0.0, 0.1, 60.0)).ravel()
        twist = np.tile(
            np.add.outer(
                (-MAX_HIP_TWIST_DEG, MAX_HIP_TWIST_DEG), (-RANGE_MARGIN_DEG, RANGE_MARGIN_DEG)
            ).ravel(),
            6,
        )
        examples[kind] = lambda a=(place, flexion, 0.0 * flexion): beyond(*a)
        examples[f"{kind} turned"] = lambda a=(place, 0.0 * twist, 1.01 * twist): beyond(*a)
    assert differences("human_ranges", answers(examples)) == []
