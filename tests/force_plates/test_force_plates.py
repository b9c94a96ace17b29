"""Plates: alignment, points and toes in closed form; drawn forces and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from aqbio.force_plates.alignment import ALIGNMENT, PIVOT, Alignment
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
from aqbio.force_plates.ground_reactions import BLEND_M, ground_reactions, shared_with_toes
from aqbio.io.recording import ForceRecording
from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.prepare.notes import Notes
from aqbio.prepare.plates import ground_plates, with_fitted_units
from aqbio.virtual.athlete import athlete_skeleton
from tests.examples import answers
from tests.golden import differences
from tests.levels_case import RUNNER, sprint_run

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


@pytest.mark.parametrize(("seed", "height"), [(0, 0.0), (1, 0.3), (2, -0.1)])
def test_known_wrench_is_recovered(seed, height):
    """Centre of pressure and free moment, about any point."""
    rng = np.random.default_rng(seed)
    force = rng.uniform([-800, 100, -400], [800, 2500, 400], (40, 3))
    cop, free = rng.uniform([-4, height, -1], [4, height, 1], (40, 3)), rng.uniform(-30, 30, 40)
    point = rng.uniform(-1.0, 1.0, 3)
    moment = np.cross(cop - point, force) + free[:, None] * [0.0, 1.0, 0.0]
    found, turning = centre_of_pressure(force, moment, point, height, 100.0)
    np.testing.assert_allclose(found, cop, atol=1e-11)
    np.testing.assert_allclose(turning, free, atol=1e-10)  # of up to 10 kN m


RATE = 1000.0


@pytest.mark.parametrize(("height", "drift"), [(0.0, 12.0), (-79.0, 0.0), (210.0, 12.0)])
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
    fitted = with_fitted_units(forces, *rules, feet, frames, notes, moving=moving)
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
    rng = np.random.default_rng(5)
    channels, calibration = rng.normal(0.0, 300.0, (50, 8)), rng.normal(size=(6, 6))
    for kind, sign in product((1, 2, 3, 4), (1.0, -1.0)):  # either sign of a sensor's depth
        own = channels[:, : 8 if kind == 3 else 6], sign * np.array([0.12, 0.2, 0.04])
        own = (*own, calibration if kind == 4 else None)
        examples[f"type {kind} {sign}"] = lambda k=kind, own=own: platform_wrench(k, *own, 1e-3)
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
        (-0.08, 0.0), (-0.04, 0.0), (-BLEND_M + MICROMETRE, 0.0), (-BLEND_M / 2, 0.15625),
        (0.0, 0.5), (BLEND_M / 2, 0.84375), (BLEND_M - MICROMETRE, 1.0), (0.04, 1.0),
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
        newton_euler(skeleton, poses, one) for one in ([], [load.on_first_segment], [load])
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
