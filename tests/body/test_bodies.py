"""Tables, made bodies and their anatomy: published sums, mirrors, and names that play no part."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest

from aqbio.body.anatomy import body_plan, stands_upright
from aqbio.body.de_leva import DE_LEVA, REFERENCE, total_mass_fraction
from aqbio.body.draws import (
    TRUNK_GYRATION_M,
    InertiaSpread,
    drawn_skeleton,
    inertia_draws,
    inertia_spread,
    trunk_gyration,
)
from aqbio.body.human_ranges import RANGES, JointAngles, beyond_range, impossible_frames
from aqbio.body.priors import Person, body_sizes, size_prior
from aqbio.body.problem import hip_centres
from aqbio.body.segment_masses import _people, trunk_findings
from aqbio.body.sprint_body import sprint_bodies, sprint_joints
from aqbio.body.sprint_geometry import Geometry, geometry
from aqbio.io.opensim_xml import marker_locations
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import MODELS
from aqbio.multiverse.body_tables import DUMAS, dumas_limbs
from aqbio.virtual.athlete import MODEL_OF_FORM, Athlete, athlete_skeleton
from models.sprint.make_model import iliac_spines, sprint_markers
from tests.levels_case import body_spread
from tests.reference_values import check_references


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
    parts = [DE_LEVA[sex][part] for part in ("upper_trunk", "middle_trunk", "lower_trunk")]
    assert round(total_mass_fraction(sex), 4) == total
    assert sum(part.mass for part in parts) == pytest.approx(mass, abs=1e-9)
    top = np.cumsum([0.0, *(part.length for part in parts)])
    assert top[-1] == pytest.approx(length, abs=1.01e-4)
    middle = sum(
        part.mass * (above + part.centre * part.length)
        for part, above in zip(parts, top[:-1], strict=True)
    )
    assert middle / mass / top[-1] == pytest.approx(centre, abs=tolerance)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("stature", [1.55, 1.74, 1.95])
def test_the_sprint_models_spines_lead_back_to_its_hips(sex, stature):
    """The model's iliac spines are the regression inverted: mid-hip is its origin."""
    lengths = geometry(sex, stature)
    front, back = (np.array(spine) for spine in iliac_spines(lengths))
    mirror = np.array([1.0, 1.0, -1.0])
    right, left = hip_centres(front, front * mirror, back * [1, 1, 0])
    np.testing.assert_allclose(right, [0, 0, lengths.half_hip], atol=1e-12)
    np.testing.assert_allclose(left, [0, 0, -lengths.half_hip], atol=1e-12)
    assert REFERENCE[sex].stature == pytest.approx(1.74, abs=0.01)


SEXES = ["female", "male"]


def standing_centre(sex: str) -> float:
    """Height of the centre of mass over the standing height, arms hanging."""
    lengths = geometry(sex, REFERENCE[sex].stature)
    origin = {"ground": np.zeros(3)}
    for joint in sprint_joints(lengths):
        origin[joint.child] = origin[joint.parent] + joint.offset
    bodies = sprint_bodies(sex)
    height = sum(b.mass * (origin[b.name] + b.com)[1] for b in bodies) / REFERENCE[sex].mass
    neck = next(m.position[1] for m in sprint_markers(lengths) if m.name == "C7")
    vertex = origin["torso"][1] + neck + DE_LEVA[sex]["head"].length * lengths.scale
    return (height + lengths.hip_height) / (vertex + lengths.hip_height)


def test_centre_of_mass_of_standing():
    """Plagenhoef (1983) measured 54.3 to 58 % of the height; women's lies lower than men's."""
    female, male = standing_centre("female"), standing_centre("male")
    assert 0.543 < female < male < 0.58


def test_a_thigh_by_hand():
    """12.3 % of 75 kg; 42.9 % of its length below the hip; k_y = 15 % of it."""
    skeleton = athlete_skeleton(Athlete("he", "male", 75.0, 1.80))
    with_dumas_limbs = dumas_limbs(skeleton, "male", 1.80)
    thigh = with_dumas_limbs.bodies.index("femur_r")
    length = -skeleton.parent_position[skeleton.bodies.index("tibia_r"), 1]
    assert with_dumas_limbs.mass[thigh] == pytest.approx(9.225, rel=1e-6)
    np.testing.assert_allclose(
        with_dumas_limbs.com[thigh], np.array([-0.041, -0.429, 0.033]) * length, rtol=1e-6
    )
    assert with_dumas_limbs.inertia[thigh, 1, 1] == pytest.approx(
        9.225 * (0.15 * length) ** 2, rel=1e-6
    )


MIRROR = np.array([1.0, 1.0, -1.0])
STATURES = (1.55, 1.74, 1.95)
SEXES_AND_STATURES = [*product(SEXES, STATURES)]
LENGTHS = [field.name for field in fields(Geometry) if field.name not in ("sex", "form")]


def _mirrored(name: str) -> str:
    """Name of a part, joint, coordinate or marker on the other side of the body."""
    swapped = re.sub(r"_([lr])$", lambda side: f"_{'lr'[side[1] == 'l']}", name)
    return re.sub(r"^([LR])(?=[A-Z])", lambda side: "LR"[side[1] == "L"], swapped)


@pytest.mark.parametrize(("sex", "stature"), SEXES_AND_STATURES)
def test_lengths_grow_with_stature(sex, stature):
    """All lengths in proportion, and the parts of a foot add up."""
    lengths, doubled = geometry(sex, stature), geometry(sex, 2.0 * stature)
    for name in LENGTHS:
        assert getattr(doubled, name) == pytest.approx(2.0 * getattr(lengths, name)), name
    assert lengths.heel + lengths.ball + lengths.toes == pytest.approx(lengths.foot)
    markers, doubled_markers = sprint_markers(lengths), sprint_markers(doubled)
    for marker, doubled_marker in zip(markers, doubled_markers, strict=True):
        assert (marker.name, marker.body) == (doubled_marker.name, doubled_marker.body)


@pytest.mark.parametrize(("sex", "stature"), SEXES_AND_STATURES)
def test_a_body_is_symmetric_and_has_the_stated_mass(sex, stature):
    """Bodies, joints and markers of one side mirror the other's; inertia of a possible body."""
    lengths = geometry(sex, stature)
    bodies = {body.name: body for body in sprint_bodies(sex, mass=70.0, stature=stature)}
    assert sum(body.mass for body in bodies.values()) == pytest.approx(70.0, rel=1e-12)
    larger = sprint_bodies(sex, mass=140.0, stature=3.0 * stature)
    for body, large in zip(bodies.values(), larger, strict=True):
        mirrored_body = bodies[_mirrored(body.name)]
        assert body.mass == mirrored_body.mass
        np.testing.assert_allclose(mirrored_body.com, body.com * MIRROR, atol=1e-15)
        np.testing.assert_allclose(
            mirrored_body.inertia, body.inertia * np.outer(MIRROR, MIRROR), atol=1e-15
        )
        first, second, third = np.linalg.eigvalsh(body.inertia)
        assert 0.0 < first <= second <= third <= (first + second) * (1 + 1e-9)
        np.testing.assert_allclose(large.com, 3.0 * body.com, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(large.inertia, 18.0 * body.inertia, rtol=1e-9, atol=1e-15)
    for segment, name in (("thigh", "femur_r"), ("shank", "tibia_l"), ("forearm", "radius_r")):
        published = DE_LEVA[sex][segment]
        assert bodies[name].mass == pytest.approx(70.0 * published.mass / total_mass_fraction(sex))
        assert -bodies[name].com[1] == pytest.approx(
            published.centre * published.length * lengths.scale
        )
        radii = np.sqrt(np.diag(bodies[name].inertia) / bodies[name].mass)
        np.testing.assert_allclose(
            np.sort(radii), np.sort(published.gyration) * published.length * lengths.scale
        )
    joints = {joint.child: joint for joint in sprint_joints(lengths)}
    assert set(joints) == set(bodies)
    for child, joint in joints.items():
        mirrored_joint = joints[_mirrored(child)]
        assert mirrored_joint.parent == _mirrored(joint.parent)
        np.testing.assert_allclose(
            mirrored_joint.offset, np.array(joint.offset) * MIRROR, atol=1e-15
        )
    markers = {marker.name: marker for marker in sprint_markers(lengths)}
    sided = 0
    for name, marker in markers.items():
        if (
            mirrored_marker := markers.get(_mirrored(name))
        ) is not None and mirrored_marker is not marker:
            assert mirrored_marker.body == _mirrored(marker.body)
            np.testing.assert_allclose(mirrored_marker.position, np.array(marker.position) * MIRROR)
            sided += 1
    assert sided >= 30


@pytest.mark.parametrize("sex", SEXES)
def test_named_lengths_and_markers(sex):
    """Of 1.74 m: lengths, and markers of the right side and the middle in their bodies."""
    lengths, about = geometry(sex, 1.74), f"{sex}, 1.74 m"
    values = {f"{about}: {name.replace('_', ' ')}": getattr(lengths, name) for name in LENGTHS}
    for marker in sprint_markers(lengths):
        if not re.match("L[A-Z]", marker.name):
            for axis, value in zip(("forward", "up", "right"), marker.position, strict=True):
                values[f"{about}: marker {marker.name} in {marker.body}, {axis}"] = value
    check_references("body", values)


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("form", MODEL_OF_FORM)
def test_shipped_markers_are_those_of_the_script(form, sex):
    """Names, order, bodies and positions of the reference person, as athletes read them."""
    kind = MODEL_OF_FORM[form]
    read = marker_locations(MODELS / kind / f"{kind}_{sex}.osim")
    made = sprint_markers(geometry(sex, REFERENCE[sex].stature, form))
    assert list(read) == [marker.name for marker in made]
    for marker in made:
        body, location = read[marker.name]
        assert body == marker.body
        np.testing.assert_allclose(location, marker.position, atol=1e-7)


@pytest.mark.parametrize(("sex", "stature"), SEXES_AND_STATURES)
def test_limbs_of_dumas_by_hand(sex, stature):
    """Percent of mass and length; the rest of the body shares the remainder in proportion."""
    before = athlete_skeleton(Athlete("made", sex, 70.0, stature))
    after, table, lengths = dumas_limbs(before, sex, stature), DUMAS[sex], geometry(sex, stature)
    assert after.mass.sum() == pytest.approx(before.mass.sum(), rel=1e-12)
    limbs = {"femur": "thigh", "tibia": "shank", "humerus": "upper_arm", "radius": "forearm",
             "hand": "hand"}  # fmt: skip
    changed = set()
    for (body, name), (side, sign) in product(limbs.items(), (("r", 1.0), ("l", -1.0))):
        index, published = before.bodies.index(f"{body}_{side}"), table[name]
        length = getattr(lengths, name)
        assert after.mass[index] == pytest.approx(0.01 * published.mass * before.mass.sum())
        centre = 0.01 * length * np.array(published.centre) * [1.0, 1.0, sign]
        np.testing.assert_allclose(after.com[index], centre)
        radii = np.sqrt(np.diag(after.inertia[index]) / after.mass[index])
        np.testing.assert_allclose(radii, 0.01 * length * np.array(published.gyration))
        changed.add(index)
    rest = [index for index in range(len(before.bodies)) if index not in changed]
    ratio = after.mass[rest] / before.mass[rest]
    np.testing.assert_allclose(ratio, ratio[0])
    np.testing.assert_allclose(
        after.inertia[rest], before.inertia[rest] * ratio[:, None, None], atol=1e-15
    )
    np.testing.assert_array_equal(after.com[rest], before.com[rest])


@pytest.mark.parametrize(("sex", "stature"), SEXES_AND_STATURES)
def test_sizes_given_a_stature(sex, stature):
    """By the precision of the other sizes (block inverse); a mean person's sizes are the mean."""
    sizes = body_sizes()[sex]
    mean, covariance = sizes.conditional({"stature": stature})
    stature_index = sizes.names.index("stature")
    rest = np.delete(np.arange(len(sizes.names)), stature_index)
    precision = np.linalg.inv(sizes.covariance)
    among = np.linalg.inv(precision[np.ix_(rest, rest)])
    np.testing.assert_allclose(covariance[np.ix_(rest, rest)], among, atol=1e-9)
    gap = np.log(stature) - sizes.mean[stature_index]
    shift = -among @ precision[rest, stature_index] * gap
    np.testing.assert_allclose(mean[rest], sizes.mean[rest] + shift, atol=1e-9)
    assert mean[stature_index] == pytest.approx(np.log(stature))
    np.testing.assert_allclose(covariance[stature_index], 0.0, atol=1e-12)
    usual, _ = sizes.conditional({"stature": float(np.exp(sizes.mean[stature_index]))})
    np.testing.assert_allclose(usual, sizes.mean)


@pytest.mark.parametrize(("sex", "stature"), SEXES_AND_STATURES)
def test_factors_of_a_person_against_a_template(sex, stature):
    """None of the template itself; left and right alike, apart by 1.2 %; exchanged, opposite."""
    parts = body_spread(athlete_skeleton(Athlete("made", sex, 70.0, stature))).template.parts
    person, taller = Person(sex, stature, 70.0), Person(sex, 1.1 * stature, 77.0)
    mean, covariance = size_prior(parts, body_sizes(), person, person)
    np.testing.assert_array_equal(mean, 0.0)
    np.testing.assert_allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0.0
    log_factor, spread = size_prior(parts, body_sizes(), taller, person)
    back, _ = size_prior(parts, body_sizes(), person, taller)
    np.testing.assert_allclose(log_factor, -back, atol=1e-12)
    np.testing.assert_allclose(spread, covariance, atol=1e-12)
    along = 3 * parts.kinds.index("thigh") + 1
    assert 0.05 < log_factor[along] < 0.15
    pairs = [np.flatnonzero(np.array(parts.kinds) == kind) for kind in dict.fromkeys(parts.kinds)]
    pairs = [pair for pair in pairs if len(pair) == 2]
    assert len(pairs) >= 4
    for left, right in pairs:
        for axis in range(3):
            a, b = 3 * left + axis, 3 * right + axis
            assert log_factor[a] == log_factor[b]
            difference = covariance[a, a] + covariance[b, b] - 2.0 * covariance[a, b]
            assert np.sqrt(difference) == pytest.approx(0.012, rel=1e-9)


pytestmark = pytest.mark.opensim


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory):
    from aqbio.io.skeleton import save_skeleton
    from aqbio.opensim.skeleton import read_skeleton

    path = tmp_path_factory.mktemp("model") / "sprint.npz"
    save_skeleton(read_skeleton(MODELS / "sprint" / "sprint_female.osim"), path)
    return load_skeleton(path)


def test_a_knee_that_counts_the_other_way(skeleton):
    """Hamner's knees are negative in flexion: reversed axes give the other sign, one gives none."""

    def plan_with_reversed_axes(*names):
        direction = skeleton.axes.direction.copy()
        for name in names:
            direction[skeleton.axes.coordinate == skeleton.coordinates.index(name)] *= -1.0
        return body_plan(replace(skeleton, axes=replace(skeleton.axes, direction=direction)))

    assert plan_with_reversed_axes("knee_angle_r", "knee_angle_l").flexion["knee"] == -1
    lying = np.where(np.array(skeleton.coordinates) == "pelvis_tilt", np.pi, 0.0)
    assert not stands_upright(replace(skeleton, coordinate_default=lying))
    plan = plan_with_reversed_axes("knee_angle_r")
    assert "knee" not in plan.flexion
    assert plan.undetermined == {"flexion.knee": "left and right flex with opposite signs"}


@pytest.mark.parametrize("kind", RANGES)
@pytest.mark.parametrize("turns", [-360.0, 0.0, 360.0])
def test_degrees_of_a_joint_beyond_its_range(kind, turns):
    """Degrees beyond either end, at any number of turns; a hip's twist counts beyond 60 degrees."""
    human, joint = RANGES[kind], kind if kind == "lumbar" else f"{kind}_left"
    past = np.array([-20.0, -0.1, 0.0, 0.1, 14.9, 15.1])
    for end, sign in ((human.flexion, 1.0), (human.extension, -1.0)):
        angles = JointAngles(end + sign * past + turns, 0.0 * past)
        np.testing.assert_allclose(beyond_range(angles, joint), past, atol=1e-9)
    middle = np.full(6, 0.5 * (human.extension + human.flexion))
    inside = beyond_range(JointAngles(middle, 0.0 * past), joint)
    depth = 0.5 * (human.extension - human.flexion)
    np.testing.assert_allclose(inside, max(depth, -60.0) if kind == "hip" else depth)
    for sign in (1.0, -1.0):
        twisted = beyond_range(JointAngles(middle, sign * (60.0 + past)), joint)
        np.testing.assert_allclose(twisted, past if kind == "hip" else inside, atol=1e-9)


@pytest.mark.parametrize("kind", RANGES)
def test_frames_that_no_human_joint_reaches(kind):
    """Intervals beyond the range, whole, where they exceed it by more than 15 degrees."""
    human, joint = RANGES[kind], kind if kind == "lumbar" else f"{kind}_left"
    past = np.array([-1.0, 2.0, 14.9, 3.0, -1.0, 1.0, 15.1, 0.5, -0.5, 40.0, -3.0])
    impossible = impossible_frames({joint: JointAngles(human.flexion + past, 0.0 * past)})
    expected = np.isin(np.arange(11), [5, 6, 7, 9])
    np.testing.assert_array_equal(impossible[joint], expected)
    assert impossible_frames({joint: JointAngles(human.flexion + past[:5], 0.0 * past[:5])}) == {}


@pytest.mark.parametrize("sex", ["male", "female"])
def test_the_trunk_is_as_wide_as_peoples(sex):
    """By the tables and by breadths of people; one as slow as head, arms and trunk is named."""
    mean = _people()[sex]["trunk_gyration_m"]["mean"]
    person = athlete_skeleton(Athlete("P", sex, 70.0, REFERENCE[sex].stature))
    groups = {"torso": ("torso", "head")}
    feet = ("foot_l", "foot_r")
    assert trunk_gyration(person, groups["torso"]) == pytest.approx(mean, rel=0.1)
    means = [_people()[name]["trunk_gyration_m"]["mean"] for name in ("male", "female")]
    assert pytest.approx(np.mean(means), abs=1e-3) == TRUNK_GYRATION_M
    assert trunk_findings(person, groups) == []
    usual = inertia_spread(person, feet, torso=groups["torso"])
    assert (usual.size == InertiaSpread().size).all()
    torso = person.bodies.index("torso")
    inertia, ratio = person.inertia.copy(), 2.5
    inertia[torso] *= ratio
    slow = replace(person, inertia=inertia)
    [finding] = trunk_findings(slow, groups, participant="P")
    assert (finding.rule, finding.severity) == ("trunk-inertia", "warning")
    assert finding.number == pytest.approx(trunk_gyration(slow, groups["torso"]))
    widest = max(_people()[name]["trunk_gyration_m"]["largest"] for name in ("male", "female"))
    assert finding.number > finding.limit == widest
    assert f"{(finding.number / TRUNK_GYRATION_M) ** 2:.1f} times a person's" in finding.what
    spread = inertia_spread(slow, feet, torso=groups["torso"])
    twin = np.arange(len(slow.bodies))
    drawn = inertia_draws(slow, replace(spread, centre=0.0, mass=0.0, body=0.0), twin, 400,
                          np.random.default_rng(1))  # fmt: skip
    about_y = np.array([drawn_skeleton(slow, draw).inertia[torso, 1, 1] for draw in drawn])
    sd = (about_y / slow.inertia[torso, 1, 1]).std()
    assert abs(1.0 / ratio - 1.0) < 1.96 * sd  # a person's is inside
    legs = [n for n, name in enumerate(slow.bodies) if name not in groups["torso"]]
    assert (spread.size[legs] == InertiaSpread().size).all()
