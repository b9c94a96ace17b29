"""Plates: wrenches, points, offsets, signs, types, clipping and alignment in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.force_plates.alignment import (
    ALIGNMENT,
    PIVOT,
    PLANTED_SD,
    Alignment,
    planted_information,
)
from aqbio.force_plates.forces import (
    Plates,
    PlateWrench,
    centre_of_pressure,
    clipped_samples,
    fixed_point_wrench,
    offset,
    plate_axes,
    platform_wrench,
    reversed_plates,
    turned_over,
    without_offsets,
)
from aqbio.force_plates.ground_reactions import BLEND, shared_with_toes
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.virtual.athlete import athlete_skeleton
from tests.mechanics.levels_case import RUNNER, sprint_run

# alignment ---------------------------------------------------------------------------------------

SIZES = (0.004, -0.005, 0.006, 0.002, -0.001, 0.003, 0.003)
TRUTH = dict(zip((*ALIGNMENT, *PIVOT), (*SIZES, 2.0, 0.1, -0.4), strict=True))


def _loads(random):
    point = random.uniform([-3.0, 0.0, -0.5], [4.0, 0.0, 0.5], (50, 3))
    force = random.normal([0.0, 1500.0, 0.0], [300.0, 400.0, 100.0], (50, 3))
    return point, force, np.cross(point, force)


def test_a_force_acts_where_its_point_is_placed(rng):
    """F at p becomes R F at (1 + s) R p + d: the same moment about the origin."""
    point, force, moment = _loads(rng)
    one = Alignment.of(TRUTH)
    turned, about = one.applied(force, moment)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(force, axis=1))
    np.testing.assert_allclose(about, np.cross(one.placed(point), turned), atol=1e-8)


def test_where_the_ground_begins_changes_nothing(rng):
    """With an origin 30 m away, and the pivot where it was, points and moments are the same."""
    point, force, moment = _loads(rng)
    far = np.array([30.0, 0.5, -8.0])
    pivot = {name: TRUTH[name] + one for name, one in zip(PIVOT, far, strict=True)}
    here, there = Alignment.of(TRUTH), Alignment.of(TRUTH | pivot)
    np.testing.assert_allclose(there.placed(point + far), here.placed(point) + far, atol=1e-9)
    turned, about = here.applied(force, moment)
    moved = there.applied(force, moment + np.cross(far, force))[1]
    np.testing.assert_allclose(moved, about + np.cross(far, turned), atol=1e-6)


@pytest.mark.parametrize("name", ALIGNMENT)
def test_derivatives(rng, name):
    _, *load = _loads(rng)
    found = Alignment.of(TRUTH).by_parameter(name, *Alignment.of(TRUTH).applied(*load))
    sides = [
        Alignment.of(TRUTH | {name: TRUTH[name] + step}).applied(*load) for step in (-1e-6, 1e-6)
    ]
    for own, low, high in zip(found, *sides, strict=True):
        np.testing.assert_allclose(own, (high - low) / 2e-6, atol=2e-4)


def _planted(random, values, contacts=9, groups=4):
    """Contacts along a runway and forefeet by cameras that see the plates elsewhere."""
    group = np.arange(contacts) % groups
    point = np.stack(
        [np.linspace(-3.0, 4.0, contacts), np.zeros(contacts), random.normal(0.2, 0.05, contacts)],
        axis=1,
    )
    own = random.normal(0.0, 0.05, (groups, 3))[group]
    scatter = random.normal(0.0, PLANTED_SD, (contacts, 3))
    return point, Alignment.of(values).placed(point) + own + scatter, group


def _estimates(information, sd=0.005):
    matrix, right = information
    matrix = matrix + np.eye(len(ALIGNMENT)) / sd**2
    return np.linalg.solve(matrix, right), np.sqrt(np.diag(np.linalg.inv(matrix)))


@pytest.mark.parametrize("values", [{}, TRUTH])
def test_planted_feet_tell_pitch_yaw_and_scale(values):
    """Each within its 90 % interval in 90 % of 200 draws; nothing is said of displacements."""
    names = ("plate_pitch", "plate_yaw", "plate_scale")
    places, inside = [ALIGNMENT.index(one) for one in names], []
    for seed in range(200):
        random = np.random.default_rng(seed)
        information = planted_information(*_planted(random, values))
        found, sd = _estimates(information)
        true = np.array([values.get(one, 0.0) for one in ALIGNMENT])
        inside.append(np.abs(found - true)[places] < 1.645 * sd[places])
        assert (information[0][3:6] == 0.0).all()
    assert (np.mean(inside, axis=0) > 0.82).all()
    assert (sd[places] < [0.0008, 0.0012, 0.0012]).all()


def test_one_contact_of_each_foot_tells_nothing(rng):
    matrix, right = planted_information(*_planted(rng, TRUTH, contacts=4))
    assert not matrix.any()
    assert not right.any()


# application -------------------------------------------------------------------------------------

SAMPLES = 400


@pytest.fixture
def contact():
    """One contact with a moving centre of pressure and a free moment; unloaded around it."""
    share = np.linspace(0.0, 1.0, 200)
    force, place, free = np.zeros((3, SAMPLES, 3))
    force[100:300] = np.outer(np.sin(np.pi * share), [150.0, 2000.0, 60.0])
    place[100:300] = np.column_stack((1.0 + 0.2 * share, 0.0 * share, 0.3 - 0.05 * share))
    free[100:300, 1] = 8.0 * np.sin(2 * np.pi * share)
    return force, place, free


def truth(force, place, free, point):
    return free + np.cross(place - point, force)


def test_moment_about_the_fixed_point(contact):
    force, place, free = contact
    moment, point, replaced = fixed_point_wrench(force, place, free)
    np.testing.assert_allclose(moment, truth(force, place, free, point), atol=1e-10)
    assert not replaced.any()
    assert 1.0 < point[0] < 1.2


@pytest.mark.parametrize("rubbish", [346.0, np.nan, -1e9])
def test_unloaded_point_never_matters(contact, rubbish):
    force, place, free = contact
    spoiled = place.copy()
    spoiled[:100] = spoiled[300:] = rubbish
    moment, point, replaced = fixed_point_wrench(force, spoiled, free)
    np.testing.assert_allclose(moment, truth(force, place, free, point), atol=1e-10)
    assert not replaced.any()


def test_point_that_only_divides_noise_is_kept(contact):
    """Moment = point x force is right even if the point lies 0.5 m away at 3 N."""
    force, place, free = contact
    force[90:100], place[90:100] = [0.0, 3.0, 0.0], [1.5, 0.0, 0.3]
    moment, point, replaced = fixed_point_wrench(force, place, free)
    assert not replaced.any()
    np.testing.assert_allclose(moment, truth(force, place, free, point), atol=1e-10)


def test_between_two_contacts_the_nearer_one_gives_the_point(contact):
    """Two contacts of a foot, 4.4 m apart: the tail of the first one is not at the second."""
    force, place, free = contact
    force[250:300] = [0.0, 30.0, 0.0]  # the tail that the low-pass leaves
    place[250:300] = [346.0, 0.0, -90.0]
    force[360:], place[360:] = [0.0, 1500.0, 0.0], [5.4, 0.0, 0.3]
    moment, point, replaced = fixed_point_wrench(force, place, free)
    assert replaced[250:300].all()
    last = place[249]
    np.testing.assert_allclose(moment[250:300], np.cross(last - point, force[250:300]), atol=1e-9)
    far = np.cross(place[360] - point, force[299])
    assert np.abs(far - moment[299]).max() > 100.0  # the danger, N m


# clipping ----------------------------------------------------------------------------------------

RATE = 1000.0


def _contact(peak=2400.0, seconds=0.12, rate=RATE):
    """Half a sine between two stretches of nothing, N."""
    phase = np.arange(round(seconds * rate)) / (seconds * rate)
    quiet = np.zeros(round(0.2 * rate))
    return np.concatenate((quiet, peak * np.sin(np.pi * phase), quiet))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("limit", [1600.0, 2000.0, 2250.0])
def test_flat_tops_are_found_where_the_limit_is_reached(sign, limit):
    force = _contact()
    found = clipped_samples(sign * np.minimum(force, limit), RATE)
    np.testing.assert_array_equal(found, force >= limit)


@pytest.mark.parametrize("bit", [0.0, 2.44, 9.8])
@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.7])
def test_round_peaks_of_coarse_numbers_are_none(bit, seconds):
    """Steps of a 12-bit converter make flat tops of up to 50 ms in a walk, without slopes."""
    force = _contact(seconds=seconds)
    force = np.round(force / bit) * bit if bit else force
    assert not clipped_samples(force, RATE).any()


# forces ------------------------------------------------------------------------------------------


@pytest.fixture
def loads(rng):
    """A hundred known loads: force, centre of pressure on a surface at 0.02 m, free moment."""
    force = rng.uniform([-800, 100, -400], [800, 2500, 400], (100, 3))
    cop = np.column_stack((rng.uniform(-4, 4, 100), np.full(100, 0.02), rng.uniform(-1, 1, 100)))
    return force, cop, rng.uniform(-30, 30, 100)


def about(point, force, cop, free_moment):
    up = np.array([0.0, 1.0, 0.0])
    return np.cross(cop - point, force) + free_moment[:, None] * up


@pytest.mark.parametrize("point", [[0.0, 0.0, 0.0], [1.3, -0.05, 0.4]])
def test_known_wrench_is_recovered(loads, point):
    force, cop, free_moment = loads
    moment = about(np.array(point), force, cop, free_moment)
    found, turning = centre_of_pressure(force, moment, np.array(point), 0.02, 100.0)
    np.testing.assert_allclose(found, cop, atol=1e-12)
    # moments of up to 10 kN m cancel to a free moment of 30 N m
    np.testing.assert_allclose(turning, free_moment, atol=1e-11)


def test_small_forces_have_no_centre_of_pressure():
    force = np.array([[0.0, 99.0, 0.0], [0.0, -500.0, 0.0], [0.0, np.nan, 0.0]])
    cop, turning = centre_of_pressure(force, np.ones((3, 3)), np.zeros(3), 0.0, 100.0)
    assert np.isnan(cop).all()
    assert np.isnan(turning).all()


def test_rotated_wrench_is_the_same_load(loads, rng):
    force, cop, free_moment = loads
    point = np.array([[0.5, 0.0, 0.2]])
    moment = about(point[0], force, cop, free_moment)
    wrench = PlateWrench(force[:, None], moment[:, None], point)
    turn = Rotation.random(random_state=1).as_matrix()
    np.testing.assert_allclose(
        wrench.rotated(turn).moment_about_origin(), wrench.moment_about_origin() @ turn.T, atol=1e-9
    )


def contacts_on(level, rng, noise=0.5):
    """Six channels with two contacts of 0.25 s in 3 s."""
    channels = level + rng.normal(0, noise, (3000, 6))
    for start in (800, 1900):
        channels[start : start + 250, 1] += 1800.0 * np.sin(np.linspace(0, np.pi, 250))
    return channels


@pytest.mark.parametrize("height", [0.0, 13.0, -79.0, 210.0])
def test_offset_is_found_without_knowing_it(rng, height):
    level = np.array([1.0, height, -2.0, 0.4, 0.1, -0.3])
    channels = contacts_on(level, rng)
    found = offset(channels, channels[:, 1], RATE, 250.0)
    # 2,400 unloaded samples of 0.5 N noise: 5 standard errors
    np.testing.assert_allclose(found[0], level, atol=5 * 0.5 / np.sqrt(2400))
    assert np.ptp(found, axis=0).max() == 0.0


def test_drift_is_followed(rng):
    drift = np.linspace(0.0, 12.0, 3000)[:, None] * np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.1])
    channels = contacts_on(drift, rng, noise=0.1)
    found = offset(channels, channels[:, 1], RATE, 250.0)
    # linear between the middles of the unloaded stretches, level beyond the first and last one
    middle = slice(600, 2300)
    np.testing.assert_allclose(found[middle], drift[middle], atol=0.2)


# forefoot ----------------------------------------------------------------------------------------

FORCE = 1500.0
JOINTS = ("mtp_l", "mtp_r")
SIDES = {"l": "foot_l", "r": "foot_r"}
MICROMETRE = 1e-6


@pytest.fixture(scope="module")
def standing():
    """A runner who stands still."""
    skeleton = athlete_skeleton(RUNNER)
    still = np.zeros((1, len(skeleton.coordinates)))
    return skeleton, segment_kinematics(skeleton, still, still, still)


def _pressed(standing, side: str, ahead: float) -> ExternalLoad:
    """A vertical force so far ahead of the joint of the toes, at its height."""
    skeleton, poses = standing
    joint = poses.joint_centre[:, skeleton.bodies.index(f"toes_{side}")]
    force = np.array([[0.0, FORCE, 0.0]])
    point = joint + np.array([[ahead, 0.0, 0.0]])
    load = ExternalLoad(SIDES[side], force, np.cross(point, force), np.zeros(3))
    return shared_with_toes([load], skeleton, poses, JOINTS, float(joint[0, 1]))[0]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("ahead", "share"),
    [
        (-0.08, 0.0), (-BLEND - MICROMETRE, 0.0), (-BLEND + MICROMETRE, 0.0), (-BLEND / 2, 0.15625),
        (0.0, 0.5), (BLEND / 2, 0.84375), (BLEND - MICROMETRE, 1.0), (BLEND + MICROMETRE, 1.0),
        (0.06, 1.0),
    ],
)  # fmt: skip
def test_share(standing, side, ahead, share):
    load = _pressed(standing, side, ahead)
    assert load.toes == f"toes_{side}"
    assert load.share == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("side", SIDES)
def test_moment_at_the_toes_is_force_times_way(standing, side):
    """Beside that of their weight; and no other joint notices who bears the force."""
    skeleton, poses = standing
    unloaded = inverse_dynamics(skeleton, poses)
    toes = skeleton.coordinates.index(f"mtp_angle_{side}")
    for ahead, expected in ((0.04, FORCE * 0.04), (-0.04, 0.0)):
        load = _pressed(standing, side, ahead)
        moments = inverse_dynamics(skeleton, poses, [load])
        assert abs(moments[0, toes] - unloaded[0, toes]) == pytest.approx(expected, abs=1e-9)
        whole = inverse_dynamics(skeleton, poses, [load.whole])
        others = np.arange(len(skeleton.coordinates)) != toes
        np.testing.assert_allclose(moments[:, others], whole[:, others], rtol=0, atol=1e-9)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_every_identity_holds_for_any_share(share):
    """Level C holds the mean of foot and toes, which answers with the force as they bear it."""
    case = sprint_run(seed=3)
    shared = case.with_loads(
        lambda load: replace(
            load, toes=load.body.replace("foot", "toes"), share=np.full(len(load.force), share)
        )
    )
    assert max(shared.identities().values()) < 1e-8
    found, before = shared.levels(), case.levels()
    same = before.induced["C2"]
    np.testing.assert_allclose(found.induced["C4"].force, same.force, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.induced["C4"].group_rate, same.group_rate, rtol=0, atol=1e-6)
    ankle = [found.induced["C2"].sources.index(name) for name in ("ankle_right", "mtp_right")]
    apart = np.abs(found.induced["C2"].force - same.force)[:, ankle].max()
    assert apart > 10.0  # who bears it decides what each of the two does


# plates ------------------------------------------------------------------------------------------


@pytest.fixture
def plates():
    """Two plates with a contact each, the second one reversed, offsets 12 and -30 N."""
    rng = np.random.default_rng(5)
    force, moment = rng.normal(0, 0.5, (2, 2000, 2, 3))
    force[500:700, 0, 1] += 1500.0
    force[900:1100, 1, 1] -= 1500.0
    moment[900:1100, 1, 2] -= 90.0
    force[:, :, 1] += [12.0, -30.0]
    corners = np.full((2, 4, 3), np.nan)
    point = np.array([[0.0, 0.01, 0.0], [1.0, 0.02, 0.0]])
    return Plates(PlateWrench(force, moment, point), corners, RATE, 0.25, (1, 4), (-1, -1))


def test_reversed_plate_is_turned_over_with_its_moments(plates):
    wrong = reversed_plates(plates.vertical, RATE)
    np.testing.assert_array_equal(wrong, [False, True])
    upright = turned_over(plates, wrong)
    np.testing.assert_array_equal(upright.wrench.force[:, 0], plates.wrench.force[:, 0])
    np.testing.assert_array_equal(upright.wrench.force[:, 1], -plates.wrench.force[:, 1])
    np.testing.assert_array_equal(upright.wrench.moment[:, 1], -plates.wrench.moment[:, 1])


def test_offsets_are_removed(plates):
    level, removed = without_offsets(plates, 250.0)
    assert removed[0][0, 1] == pytest.approx(12.0, abs=0.1)
    assert removed[1][0, 1] == pytest.approx(-30.0, abs=0.1)
    np.testing.assert_allclose(level.vertical[:400].mean(axis=0), 0.0, atol=0.1)


def test_plate_with_too_large_an_offset_keeps_it(plates):
    level, removed = without_offsets(plates, 20.0)
    assert removed[1] is None
    np.testing.assert_array_equal(level.wrench.force[:, 1], plates.wrench.force[:, 1])


# platforms ---------------------------------------------------------------------------------------

MILLIMETRE = 0.001


@pytest.fixture
def load(rng):
    """Force and moment about_surface the centre of the surface, in plate axes."""
    return rng.normal(0, 400, (50, 3)), rng.normal(0, 60, (50, 3))


def about_surface(point, force, moment):
    """Moment about_surface a point whose place relative to the surface's centre is given."""
    return moment - np.cross(point, force)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_type_2_with_either_sign_of_the_origin(load, sign):
    force, moment = load
    surface = np.array([0.002, -0.001, -0.041])  # from the sensors up to the surface, z down
    channels = np.column_stack((force, about_surface(-surface, force, moment) / MILLIMETRE))
    found, there, lever = platform_wrench(2, channels, sign * surface, None, MILLIMETRE)
    np.testing.assert_array_equal(found, force)
    np.testing.assert_array_equal(lever, surface)
    np.testing.assert_allclose(there, moment, atol=1e-10)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_type_3_with_either_sign_of_the_depth(rng, sign):
    half, depth = np.array([0.12, 0.2]), 0.048
    places = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * half
    places = np.column_stack((places, np.full(4, depth)))  # below the surface, z down
    sensors = rng.normal(0, 200, (50, 4, 3))
    x, y, z = np.moveaxis(sensors, 2, 0)
    channels = np.column_stack(
        (x[:, 0] + x[:, 1], x[:, 2] + x[:, 3], y[:, 0] + y[:, 3], y[:, 1] + y[:, 2], z)
    )
    origin = np.array([*half, sign * depth])
    force, moment, lever = platform_wrench(3, channels, origin, None, MILLIMETRE)
    assert np.isnan(lever).all()
    np.testing.assert_allclose(force, sensors.sum(axis=1), atol=1e-10)
    np.testing.assert_allclose(moment, np.cross(places, sensors).sum(axis=1), atol=1e-10)


def test_axes_of_a_turned_plate():
    turn = Rotation.from_euler("zxz", [30, 5, 15], degrees=True).as_matrix()
    local = np.array([[0.3, 0.45, 0], [-0.3, 0.45, 0], [-0.3, -0.45, 0], [0.3, -0.45, 0]])
    corners = local @ turn.T + [2.0, -1.0, 0.01]
    np.testing.assert_allclose(plate_axes(corners), turn, atol=1e-12)


def test_corners_on_a_line_are_refused():
    with pytest.raises(ValueError, match="rectangle"):
        plate_axes(np.outer([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 0.0]))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)
