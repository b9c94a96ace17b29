"""Plates: alignment, points and toes in closed form; drawn forces and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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
    nearly_unloaded,
    noise_level,
    plate_axes,
    platform_wrench,
    pulls_and_pushes,
    quiet_noise,
    reversed_plates,
    turned_over,
    unloaded,
    without_offsets,
)
from aqbio.force_plates.ground_reactions import BLEND, ground_reactions, shared_with_toes
from aqbio.io.recording import ForceRecording
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.recordings.notes import Notes
from aqbio.recordings.plates import fitting_units, ground_plates
from aqbio.virtual.athlete import athlete_skeleton
from tests.golden import differences
from tests.mechanics.examples import answers
from tests.mechanics.levels_case import RUNNER, sprint_run

SIZES = (0.004, -0.005, 0.006, 0.002, -0.001, 0.003, 0.003)
TRUTH = dict(zip((*ALIGNMENT, *PIVOT), (*SIZES, 2.0, 0.1, -0.4), strict=True))


def _loads(seed=5):
    random = np.random.default_rng(seed)
    point = random.uniform([-3.0, 0.0, -0.5], [4.0, 0.0, 0.5], (50, 3))
    force = random.normal([0.0, 1500.0, 0.0], [300.0, 400.0, 100.0], (50, 3))
    return point, force, np.cross(point, force)


def test_a_force_acts_where_its_point_is_placed_wherever_the_ground_begins():
    """F at p becomes R F at (1 + s) R p + d; also with an origin 30 m away."""
    (point, force, moment), far = _loads(), np.array([30.0, 0.5, -8.0])
    pivot = {name: TRUTH[name] + one for name, one in zip(PIVOT, far, strict=True)}
    here, there = Alignment.of(TRUTH), Alignment.of(TRUTH | pivot)
    turned, about = here.applied(force, moment)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(force, axis=1))
    np.testing.assert_allclose(about, np.cross(here.placed(point), turned), atol=1e-8)
    np.testing.assert_allclose(there.placed(point + far), here.placed(point) + far, atol=1e-9)
    moved = there.applied(force, moment + np.cross(far, force))[1]
    np.testing.assert_allclose(moved, about + np.cross(far, turned), atol=1e-6)


@pytest.mark.parametrize("name", ALIGNMENT)
def test_derivatives(name):
    _, *load = _loads()
    found = Alignment.of(TRUTH).by_parameter(name, *Alignment.of(TRUTH).applied(*load))
    sides = [
        Alignment.of(TRUTH | {name: TRUTH[name] + step}).applied(*load) for step in (-1e-6, 1e-6)
    ]
    for own, low, high in zip(found, *sides, strict=True):
        np.testing.assert_allclose(own, (high - low) / 2e-6, atol=2e-4)


def _planted(seed, values, contacts=9):
    """Contacts along a runway and forefeet by cameras that see the plates elsewhere."""
    random, group = np.random.default_rng(seed), np.arange(contacts) % 4
    along, aside = np.linspace(-3.0, 4.0, contacts), random.normal(0.2, 0.05, contacts)
    point = np.stack([along, np.zeros(contacts), aside], axis=1)
    own = random.normal(0.0, 0.05, (4, 3))[group]
    scatter = random.normal(0.0, PLANTED_SD, (contacts, 3))
    return point, Alignment.of(values).placed(point) + own + scatter, group


@pytest.mark.parametrize("values", [{}, TRUTH])
def test_planted_feet_tell_pitch_yaw_and_scale(values):
    """Each within its 90 % interval in 90 % of 200 draws; nothing is said of displacements."""
    places = [ALIGNMENT.index(one) for one in ("plate_pitch", "plate_yaw", "plate_scale")]
    true, inside = np.array([values.get(one, 0.0) for one in ALIGNMENT]), []
    for seed in range(200):
        information, right = planted_information(*_planted(seed, values))
        assert (information[3:6] == 0.0).all()
        matrix = information + np.eye(len(ALIGNMENT)) / 0.005**2
        sd = np.sqrt(np.diag(np.linalg.inv(matrix)))
        apart = np.abs(np.linalg.solve(matrix, right) - true)
        inside.append(apart[places] < 1.645 * sd[places])
    assert (np.mean(inside, axis=0) > 0.82).all()
    assert (sd[places] < [0.0008, 0.0012, 0.0012]).all()
    few = planted_information(*_planted(0, values, contacts=4))
    assert not any(one.any() for one in few)  # one contact of each foot tells nothing


def _contact():
    """One contact with a moving centre of pressure and a free moment; unloaded around it."""
    share = np.linspace(0.0, 1.0, 200)
    force, place, free = np.zeros((3, 400, 3))
    force[100:300] = np.outer(np.sin(np.pi * share), [150.0, 2000.0, 60.0])
    place[100:300] = np.column_stack((1.0 + 0.2 * share, 0.0 * share, 0.3 - 0.05 * share))
    free[100:300, 1] = 8.0 * np.sin(2 * np.pi * share)
    return force, place, free


@pytest.mark.parametrize("rubbish", [0.0, 346.0, np.nan, -1e9])
def test_moment_about_the_fixed_point(rubbish):
    """Whatever the point of an unloaded plate; one that only divides noise is kept, at 3 N too."""
    force, place, free = _contact()
    force[90:100], place[90:100] = [0.0, 3.0, 0.0], [1.5, 0.0, 0.3]
    spoiled = place.copy()
    spoiled[:90] = spoiled[300:] = rubbish
    moment, point, replaced = fixed_point_wrench(force, spoiled, free)
    np.testing.assert_allclose(moment, free + np.cross(place - point, force), atol=1e-10)
    assert not replaced.any()
    assert 1.0 < point[0] < 1.2


@given(seed=st.integers(0, 10_000), height=st.floats(-0.1, 0.3))
def test_known_wrench_is_recovered(seed, height):
    """Centre of pressure and free moment, about any point; turned, it is the same load."""
    rng = np.random.default_rng(seed)
    force = rng.uniform([-800, 100, -400], [800, 2500, 400], (40, 3))
    cop, free = rng.uniform([-4, height, -1], [4, height, 1], (40, 3)), rng.uniform(-30, 30, 40)
    point = rng.uniform(-1.0, 1.0, 3)
    moment = np.cross(cop - point, force) + free[:, None] * [0.0, 1.0, 0.0]
    found, turning = centre_of_pressure(force, moment, point, height, 100.0)
    np.testing.assert_allclose(found, cop, atol=1e-11)
    np.testing.assert_allclose(turning, free, atol=1e-10)  # of up to 10 kN m
    wrench = PlateWrench(force[:, None], moment[:, None], point[None])
    turn, about = Rotation.random(random_state=seed).as_matrix(), wrench.moment_about_origin()
    np.testing.assert_allclose(
        wrench.rotated(turn).moment_about_origin(), about @ turn.T, atol=1e-9
    )


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_types_of_plates(kind, sign):
    """A known load about the surface's centre, by every type and either sign of its depth."""
    rng, unit = np.random.default_rng(5), 1e-3
    force, moment = rng.normal(0, 400, (50, 3)), rng.normal(0, 60, (50, 3))
    surface, calibration = np.array([0.002, -0.001, -0.041]), None
    origin, lever = sign * surface, surface  # from the sensors up to the surface, z down
    if kind == 1:
        place = rng.normal(0.0, 0.2, (50, 2))
        moment = np.cross(np.column_stack((place, np.zeros(50))), force)
        free = rng.normal(0.0, 10.0, 50)
        moment[:, 2] += free
        channels, lever = np.column_stack((force, place / unit, free / unit)), np.zeros(3)
    elif kind == 3:
        half, lever = np.array([0.12, 0.2]), np.full(3, np.nan)
        places = np.array([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]) * [*half, 0.0]
        sensors = rng.normal(0, 200, (50, 4, 3))
        x, y, z = np.moveaxis(sensors, 2, 0)
        ends = (x[:, 0] + x[:, 1], x[:, 2] + x[:, 3], y[:, 0] + y[:, 3], y[:, 1] + y[:, 2])
        channels, origin = np.column_stack((*ends, z)), np.array([*half, sign * 0.048])
        force = sensors.sum(axis=1)
        moment = np.cross(places + 0.048 * np.eye(3)[2], sensors).sum(axis=1)
    else:
        channels = np.column_stack((force, (moment + np.cross(surface, force)) / unit))
        if kind == 4:
            calibration = rng.normal(size=(6, 6))
            channels = channels @ np.linalg.inv(calibration).T
    found = platform_wrench(kind, channels, origin, calibration, unit)
    for own, expected in zip(found, (force, moment, lever), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-8)


def test_axes_of_a_turned_plate():
    turn = Rotation.from_euler("zxz", [30, 5, 15], degrees=True).as_matrix()
    local = np.array([[0.3, 0.45, 0], [-0.3, 0.45, 0], [-0.3, -0.45, 0], [0.3, -0.45, 0]])
    np.testing.assert_allclose(plate_axes(local @ turn.T + [2.0, -1.0, 0.01]), turn, atol=1e-12)


RATE = 1000.0


@pytest.mark.parametrize("height", [0.0, 13.0, -79.0, 210.0])
@pytest.mark.parametrize("drift", [0.0, 12.0])
def test_offsets_and_drift_are_found_without_knowing_them(height, drift):
    """Of 0.5 N noise; between the middles of unloaded stretches linear, level beyond them."""
    rng, share = np.random.default_rng(5), np.linspace(0.0, 1.0, 3000)[:, None]
    level = np.array([1.0, height, -2.0, 0.4, 0.1, -0.3]) + drift * share * np.eye(6)[1]
    channels = level + rng.normal(0, 0.5, (3000, 6))
    for start in (800, 1900):
        channels[start : start + 250, 1] += 1800.0 * np.sin(np.linspace(0, np.pi, 250))
    wrench = PlateWrench(channels[:, None, :3], channels[:, None, 3:], np.zeros((1, 3)))
    plates = Plates(wrench, np.full((1, 4, 3), np.nan), RATE, 0.0, (1,), (-1,))
    found, [removed] = without_offsets(plates, 250.0)
    middle = slice(600, 2300)
    np.testing.assert_allclose(removed[middle], level[middle], atol=0.25 if drift else 0.06)
    both = np.concatenate([found.wrench.force, found.wrench.moment], axis=2)[:, 0]
    np.testing.assert_allclose(both, channels - removed, atol=1e-12)
    if height and not drift:
        assert without_offsets(plates, abs(height) - 1.0)[1] == [None]


def drawn(seed: int) -> ForceRecording:
    """Three plates with contacts, offsets, noise, signs, units and ranges drawn from a few."""
    rng = np.random.default_rng(seed)
    samples, rate = int(rng.choice([60, 400, 1500])), float(rng.choice([90.0, 300.0, 1000.0]))
    force = np.round(rng.normal(0, rng.choice([0.3, 9.9, 11.0]), (samples, 3, 3)), 1)
    force[..., 2] += rng.choice([0.0, 12.0, -21.0, 49.0, 51.0, 240.0, 260.0], 3)
    force[..., 2] += np.linspace(0.0, 1.0, samples)[:, None] * rng.choice([0.0, 3.9, 4.3, 30.0])
    lever = rng.normal(0.0, 0.03, (3, 3))
    about = np.round(rng.normal(0, 0.2, (samples, 3, 3)), 1)
    for plate in range(3):
        start, length = int(rng.integers(0, samples)), int(rng.integers(5, 300))
        on = np.arange(samples)[start : start + length]
        wave = rng.choice([-1, 1]) * rng.choice([40.0, 101.0, 1500.0, 15_100.0])
        wave = wave * np.sin(np.pi * (on - start) / length)
        force[on, plate] += np.outer(wave, [0.1, 0.02, 1.0])
        about[on, plate] += np.outer(wave, [0.1, -0.2, 0.0])
    factor = rng.choice([1.0, 1.0, 1.0, 1e-3, 1e3], 3)
    corners = np.array([[0.3, 0.45, 0], [-0.3, 0.45, 0], [-0.3, -0.45, 0], [0.3, -0.45, 0]])
    corners = corners + rng.normal(0.0, 0.3, (3, 1, 3)) * [1, 1, 0]
    wrench = PlateWrench(
        factor[0] * force, factor[1] * about - np.cross(lever[None], factor[0] * force),
        corners.mean(axis=1),
    )  # fmt: skip
    names = ("a", "b", "c")
    feet = ("left", "", "right") if seed % 2 else ("", "", "")
    return ForceRecording(
        wrench, factor[2] * corners, rate, 0.0, names, (1, 2, 4), feet, lever if seed % 3 else None
    )


UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def made_of(seed: int, *, moving: bool):
    """What is made of the forces of three plates, with feet on the second one, and what is said."""
    forces, notes = drawn(seed), Notes("t", "p", "file", "forces")
    frames = np.arange(len(forces.wrench.force) // 4) * 4 / forces.rate
    foot = forces.corners[1].mean(axis=0) @ UPRIGHT.T + [[-0.1, 0.05, 0], [0.1, 0.04, 0]]
    feet = np.broadcast_to(
        np.stack([foot, foot + np.array([0.0, 0.3, 0.4])]), (len(frames), 2, 2, 3)
    )
    rules = UPRIGHT, (4,) if seed % 5 == 0 else ()
    fitted = fitting_units(forces, *rules, feet, frames, notes, moving=moving)
    plates = ground_plates(fitted, *rules, notes, moving=moving)
    said = [f"{one.rule}: {one.what}" for one in notes.findings]
    return said, fitted.wrench, fitted.corners, plates


def seen_in(seed: int):
    """What single functions find in the forces of three plates."""
    forces = drawn(seed)
    up = forces.wrench.force[..., 2]
    plates = Plates(forces.wrench, forces.corners, forces.rate, 0.25, (1, 2, 3), (0, -1, 1))
    reverse = reversed_plates(up, forces.rate)
    each = [
        (
            unloaded(one, forces.rate, 250.0), nearly_unloaded(one, 50.0),
            pulls_and_pushes(one, forces.rate, 250.0), clipped_samples(one, forces.rate),
            noise_level(force, forces.rate), quiet_noise(force, forces.rate),
            fixed_point_wrench(force, moment, 0.1 * moment),
        )
        for one, force, moment in zip(
            up.T, *(np.moveaxis(x, 1, 0) for x in (forces.wrench.force, forces.wrench.moment)),
            strict=True,
        )
    ]  # fmt: skip
    samples = plates.samples_of(np.linspace(0.0, 2.0, 40))
    return reverse, turned_over(plates, reverse).wrench, plates.surface, samples, each


def test_drawn_plates_are_what_they_were():
    examples = {f"seen {seed}": lambda seed=seed: seen_in(seed) for seed in range(30)}
    for seed in range(60):
        examples[f"made {seed}"] = lambda seed=seed: made_of(seed, moving=seed % 4 != 0)
    shapes = (300.0, 1000.0), (0.05, 0.12, 0.7), (0.4, 0.6, 0.9, 0.97), (0.3, 1.0, 4.0)
    for rate, seconds, share, bent in product(*shapes):  # steeper before, alike, or steeper after
        time = np.arange(round(1.5 * seconds * rate)) / rate
        wave = np.clip(np.sin(np.pi * (time / seconds) ** bent), -share, share) * (
            1.0 + 1e-12 * time
        )
        later = np.concatenate([[0.0] * 3, wave, [0.5] * 9])
        examples[f"clipped {rate} {seconds} {share} {bent}"] = lambda a=(later, rate): [
            clipped_samples(*a), clipped_samples(np.round(-40.0 * a[0]) * 60.0, a[1])
        ]  # fmt: skip
    for slope, way in product((0.0, 5e-4, 1.5e-3, 2.5e-3, 8e-3), (1, -1)):  # steep on one side only
        top = np.r_[np.linspace(0.0, 0.99, 20), np.ones(30), 1.0 - slope * np.arange(1, 40)][::way]
        examples[f"top {slope} {way}"] = lambda top=top: [
            clipped_samples(top, RATE), clipped_samples(-0.5 * top, 300.0)
        ]  # fmt: skip
    straight = np.outer([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 0.0])
    examples["corners on a line"] = lambda: plate_axes(straight)
    force, lost = np.full((3, 1, 3), 9.0), np.full((3, 1), np.nan)
    point = np.zeros((3, 1, 3))
    examples["no point"] = lambda: ground_reactions(["foot"], force, point, lost)
    assert differences("plates", answers(examples)) == []


FORCE, JOINTS, MICROMETRE = 1500.0, ("mtp_l", "mtp_r"), 1e-6


@pytest.mark.parametrize("side", ["l", "r"])
@pytest.mark.parametrize(
    ("ahead", "share"),
    [
        (-0.08, 0.0), (-0.04, 0.0), (-BLEND + MICROMETRE, 0.0), (-BLEND / 2, 0.15625), (0.0, 0.5),
        (BLEND / 2, 0.84375), (BLEND - MICROMETRE, 1.0), (0.04, 1.0),
    ],
)  # fmt: skip
def test_toes_bear_what_lies_ahead_of_their_joint(side, ahead, share):
    """Beside the moment of their weight, force times way; no other joint notices who bears it."""
    skeleton = athlete_skeleton(RUNNER)
    still = np.zeros((1, len(skeleton.coordinates)))
    poses = segment_kinematics(skeleton, still, still, still)
    joint = poses.joint_centre[:, skeleton.bodies.index(f"toes_{side}")]
    force = np.array([[0.0, FORCE, 0.0]])
    point = joint + np.array([[ahead, 0.0, 0.0]])
    load = ExternalLoad(f"foot_{side}", force, np.cross(point, force), np.zeros(3))
    [load] = shared_with_toes([load], skeleton, poses, JOINTS, float(joint[0, 1]))
    assert load.toes == f"toes_{side}"
    assert load.share == pytest.approx(share, abs=1e-6)
    without, whole, shared = (
        inverse_dynamics(skeleton, poses, one) for one in ([], [load.whole], [load])
    )
    toes = skeleton.coordinates.index(f"mtp_angle_{side}")
    moment = abs(shared[0, toes] - without[0, toes])
    assert moment == pytest.approx(share * FORCE * abs(ahead), abs=1e-2)
    np.testing.assert_allclose(np.delete(shared, toes), np.delete(whole, toes), rtol=0, atol=1e-9)


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
    found, same = shared.levels(), case.levels().induced["C2"]
    np.testing.assert_allclose(found.induced["C4"].force, same.force, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.induced["C4"].group_rate, same.group_rate, rtol=0, atol=1e-6)
    ankle = [found.induced["C2"].sources.index(name) for name in ("ankle_right", "mtp_right")]
    apart = np.abs(found.induced["C2"].force - same.force)[:, ankle].max()
    assert apart > 10.0  # who bears it decides what each of the two does
