"""Plates: alignment, points, channels and toes in closed form; laws of drawn forces."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_erosion, label
from scipy.spatial.transform import Rotation
from scipy.stats import norm

from aqbio.force_plates.alignment import ALIGNMENT, PIVOT, Alignment
from aqbio.force_plates.bands import noise_level, quiet_noise
from aqbio.force_plates.forces import (
    Plates,
    PlateWrench,
    centre_of_pressure,
    clipped_samples,
    fixed_point_wrench,
    held_points,
    plate_axes,
    platform_wrench,
)
from aqbio.force_plates.ground_reactions import (
    BLEND_M,
    ground_reactions,
    shared_with_toes,
    toes_share_error,
)
from aqbio.force_plates.offsets import nearly_unloaded, pulls_and_pushes, unloaded, without_offsets
from aqbio.io.recording import ForceRecording
from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.prepare.notes import Notes
from aqbio.prepare.plates import ground_plates
from aqbio.prepare.signal_scales import level_scales
from aqbio.virtual.athlete import athlete_skeleton
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
    pivot = {name: TRUTH[name] + offset for name, offset in zip(PIVOT, far, strict=True)}
    near_origin, far_origin = Alignment.of(TRUTH), Alignment.of(TRUTH | pivot)
    rotated_force, about = near_origin.applied(force, moment)
    np.testing.assert_allclose(np.linalg.norm(rotated_force, axis=1), np.linalg.norm(force, axis=1))
    np.testing.assert_allclose(about, np.cross(near_origin.placed(point), rotated_force), atol=1e-8)
    np.testing.assert_allclose(
        far_origin.placed(point + far), near_origin.placed(point) + far, atol=1e-9
    )
    moved = far_origin.applied(force, moment + np.cross(far, force))[1]
    np.testing.assert_allclose(moved, about + np.cross(far, rotated_force), atol=1e-6)


def test_the_laboratory_is_what_cameras_see_rotated_back():
    """A plate's point through the cameras' frame is where distances alone place it; forces act
    there, and a run goes where its points go. Without an alignment nothing changes."""
    (point, force, moment), aligned = _loads(), Alignment.of(TRUTH)
    spread = aligned.spread(point)
    np.testing.assert_allclose(aligned.levelled(aligned.placed(point)), spread, atol=1e-12)
    np.testing.assert_allclose(aligned.spaced(force, moment), np.cross(spread, force), atol=1e-8)
    assert aligned.surface(0.2) == pytest.approx(aligned.spread(np.array([5.0, 0.2, -3.0]))[1])
    ends = np.array([[0.0, 0.0, 0.0], [4.0, 0.0, -3.0]])
    (x, _, z), (seen_x, _, seen_z) = np.diff([ends, aligned.placed(ends)], axis=1)[:, 0]
    heading = aligned.heading(np.arctan2(-seen_z, seen_x))
    assert heading == pytest.approx(np.arctan2(-z, x), abs=1e-4)  # of 5e-3 about the vertical
    none = Alignment.of({})
    for computed, expected in zip(none.applied(force, moment), (force, moment), strict=True):
        np.testing.assert_allclose(computed, expected, atol=1e-9)
    for moved in (none.placed, none.levelled, none.spread):
        np.testing.assert_allclose(moved(point), point, atol=1e-12)


@pytest.mark.parametrize("name", ALIGNMENT)
def test_derivatives(name):
    _, *load = _loads()
    derivatives = Alignment.of(TRUTH).by_parameter(name, *Alignment.of(TRUTH).applied(*load))
    sides = [
        Alignment.of(TRUTH | {name: TRUTH[name] + step}).applied(*load) for step in (-1e-6, 1e-6)
    ]
    for derivative, low, high in zip(derivatives, *sides, strict=True):
        np.testing.assert_allclose(derivative, (high - low) / 2e-6, atol=2e-4)


@pytest.mark.parametrize(("seed", "height"), [(0, 0.0), (1, 0.3), (2, -0.1)])
def test_known_wrench_is_recovered(seed, height):
    """Centre of pressure and free moment, about any point."""
    rng = np.random.default_rng(seed)
    force = rng.uniform([-800, 100, -400], [800, 2500, 400], (40, 3))
    cop, free = rng.uniform([-4, height, -1], [4, height, 1], (40, 3)), rng.uniform(-30, 30, 40)
    point = rng.uniform(-1.0, 1.0, 3)
    moment = np.cross(cop - point, force) + free[:, None] * [0.0, 1.0, 0.0]
    pressure, turning = centre_of_pressure(force, moment, point, height, 100.0)
    np.testing.assert_allclose(pressure, cop, atol=1e-11)
    np.testing.assert_allclose(turning, free, atol=1e-10)  # of up to 10 kN m


RATE = 1000.0


CONTACTS = {
    "one foot on the way": [(0.35, 0.5)],
    "unloaded only at its ends": [(0.12, 0.5), (0.47, 0.88)],
    "a belt": [(start, start + 0.08) for start in np.arange(0.05, 0.95, 0.12)],
    "nobody": [],
}


def loaded_plate(level: np.ndarray, contacts, seed: int) -> Plates:
    """A plate with unloaded levels (T, 6), noise of 0.5 N, and contacts in shares of the trial."""
    share = np.linspace(0.0, 1.0, len(level))
    channels = level + np.random.default_rng(seed).normal(0.0, 0.5, level.shape)
    for start, stop in contacts:
        push = np.sin(np.pi * np.clip((share - start) / (stop - start), 0.0, 1.0))
        channels += 1800.0 * push[:, None] * [0.1, 1.0, 0.02, 0.05, -0.02, 0.04]
    wrench = PlateWrench(channels[:, None, :3], channels[:, None, 3:], np.zeros((1, 3)))
    return Plates(wrench, np.full((1, 4, 3), np.nan), RATE, 0.0, (1,), (-1,))


@pytest.mark.parametrize("contacts", CONTACTS)
@given(
    st.floats(-150.0, 150.0), st.floats(-200.0, 200.0), st.floats(-12.0, 12.0),
    st.sampled_from([2600, 6000]), st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_a_level_that_drifts_is_the_line_through_the_unloaded_samples(
    contacts, height, drift, moment, samples, seed
):
    """In all channels; otherwise it changes by no more than that of sound plates may."""
    assume(abs(height) + 0.5 * abs(drift) < 240.0)
    share = np.linspace(-0.5, 0.5, samples)[:, None]
    slope = np.array([0.05 * drift, drift, 0.0, moment, 0.2 * moment, 0.0])
    level = np.array([1.0, height, -2.0, 0.4, 0.1, -0.3]) + share * slope
    plates = loaded_plate(level, CONTACTS[contacts], seed)
    corrected, [removed] = without_offsets(plates, 250.0, level_scales())
    scales = level_scales()
    limit = np.sqrt(2.0 * scales.rarity) * scales.change_sd
    known = (np.abs(slope) > 2.0 * limit)[: None if CONTACTS[contacts] else 3]
    if known.any():
        assert removed.drifts
    if removed.drifts:
        np.testing.assert_allclose(removed.channels, level, atol=0.6)
    else:
        judged = slice(None if CONTACTS[contacts] else 3)  # of an unloaded plate, its forces
        left = (removed.channels - level)[:, judged]
        assert (np.abs(left - left.mean(axis=0)).max(axis=0) <= limit[judged]).all()
    both = np.concatenate([corrected.wrench.force, corrected.wrench.moment], axis=2)[:, 0]
    channels = np.concatenate([plates.wrench.force, plates.wrench.moment], axis=2)[:, 0]
    np.testing.assert_allclose(both, channels - removed.channels, atol=1e-9)


@pytest.mark.parametrize("height", [0.0, -79.0, 210.0])
def test_a_level_that_stays_is_the_mean_of_the_unloaded_samples(height):
    level = np.tile([1.0, height, -2.0, 0.4, 0.1, -0.3], (3000, 1))
    plates = loaded_plate(level, [(0.27, 0.35), (0.63, 0.72)], 5)
    _, [removed] = without_offsets(plates, 250.0, level_scales())
    assert not removed.drifts
    np.testing.assert_array_equal(removed.channels, removed.channels[[0]].repeat(3000, axis=0))
    np.testing.assert_allclose(removed.channels[0], level[0], atol=0.06)
    if height:
        assert without_offsets(plates, abs(height) - 1.0, level_scales())[1] == [None]


def test_a_level_that_bends_is_followed_from_contact_to_contact():
    """A charge that leaks away: 40 N in the first third of a run on a belt."""
    share = np.linspace(0.0, 1.0, 5000)[:, None]
    level = 40.0 * np.exp(-3.0 * share) * np.array([0.1, 1.0, 0.0, 0.1, 0.0, 0.0])
    plates = loaded_plate(level, CONTACTS["a belt"], 3)
    _, [removed] = without_offsets(plates, 250.0, level_scales())
    assert removed.drifts
    np.testing.assert_allclose(removed.channels, level, atol=3.5)


def drawn_forces(seed: int) -> ForceRecording:
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


def findings_of(seed: int) -> list[str]:
    """Findings about the plates of one seed."""
    notes = Notes("t", "p", "file", "forces")
    ground_plates(drawn_forces(seed).rotated(UPRIGHT), notes, moving=seed % 4 != 0)
    return [f"{finding.rule}: {finding.what}" for finding in notes.findings]


def test_words_about_drawn_plates():
    """Each sentence once, with the first drawing that gives it."""
    lines: dict[str, int] = {}
    for seed in range(60):
        for sentence in findings_of(seed):
            lines.setdefault(sentence, seed)
    assert differences("plates", [f"{seed}: {line}" for line, seed in lines.items()]) == []


@pytest.mark.parametrize(("kg", "is_used"), [(199.0, True), (201.0, False)])
def test_plates_on_which_more_than_a_person_stands_weigh_nobody(kg, is_used):
    """The limits of a sheet's body mass are those of plates; runners press harder."""
    forces = drawn_forces(1).rotated(UPRIGHT)
    wrench = PlateWrench(np.zeros_like(forces.wrench.force), forces.wrench.moment * 0.0,
                         forces.wrench.point)  # fmt: skip
    wrench.force[..., 1] = 9.80665 * kg
    notes = Notes("t", "p", "file", "forces")
    plates = ground_plates(replace(forces, wrench=wrench), notes, moving=False)
    named = [x.what for x in notes.findings if x.rule == "plate-implausible"]
    assert (plates is not None) == is_used == (not named)
    assert all("while somebody stands, more than 200 kg weigh" in what for what in named)


@pytest.mark.parametrize("seed", range(30))
def test_ground_plates_do_not_depend_on_the_laboratorys_axes(seed):
    """Loads, points and corners given in turned axes are the same on the ground."""
    turn = Rotation.from_euler("z", 37.0, degrees=True).as_matrix()
    moving, forces = seed % 4 != 0, drawn_forces(seed)
    rotated = replace(
        forces,
        wrench=forces.wrench.rotated(turn),
        corners=forces.corners @ turn.T,
        lever=None if forces.lever is None else forces.lever @ turn.T,
    )
    notes = [Notes("t", "p", "file", "forces") for _ in range(2)]
    plates = ground_plates(forces.rotated(UPRIGHT), notes[0], moving=moving)
    rotated_plates = ground_plates(rotated.rotated(UPRIGHT @ turn.T), notes[1], moving=moving)
    assert (plates is None) == (rotated_plates is None)
    if plates is None or rotated_plates is None:
        return
    assert plates.numbers == rotated_plates.numbers
    feet = tuple(-1 if seed % 2 == 0 else (0, -1, -1, 1)[n - 1] for n in plates.numbers)
    assert plates.feet == rotated_plates.feet == feet
    for name in ("force", "moment", "point"):
        load, rotated_load = getattr(plates.wrench, name), getattr(rotated_plates.wrench, name)
        np.testing.assert_allclose(rotated_load, load, atol=1e-7 * max(1.0, np.abs(load).max()))
    np.testing.assert_allclose(
        rotated_plates.corners, plates.corners, atol=1e-9 * np.abs(plates.corners).max()
    )
    recorded = forces.wrench.force[:, [forces.numbers.index(n) for n in plates.numbers]] @ UPRIGHT.T
    sign = np.sign((recorded * plates.wrench.force).sum(axis=(0, 2)))
    change = sign[:, None] * plates.wrench.force - recorded  # offsets: straight between stretches
    quiet = unloaded(plates.vertical[:, 0], plates.rate, 250.0) if moving else np.zeros(0)
    if quiet.any():
        assert abs(plates.wrench.force[quiet, 0, 1].mean()) < 4.0
    assert (np.abs(change).max(axis=0)[:, 1] <= 1.01 * (250.0 if moving else 50.0) + 45.0).all()


def _erosion(mask: np.ndarray, margin: int) -> np.ndarray:
    return binary_erosion(mask, np.ones(2 * margin + 1), border_value=1) if margin else mask


@pytest.mark.parametrize("seed", range(30))
def test_unloaded_samples_of_drawn_plates(seed):
    """Narrowest band by all windows of the sorted forces; margins by morphological erosion."""
    forces = drawn_forces(seed)
    for vertical in forces.wrench.force[..., 2].T:
        count = max(int(0.1 * len(vertical)), 2)
        windows = np.lib.stride_tricks.sliding_window_view(np.sort(vertical), count)
        narrowest = windows[np.argmin(np.ptp(windows, axis=1))]
        level = 0.5 * (narrowest[0] + narrowest[-1])
        for largest in (50.0, 250.0):
            near = (np.abs(vertical - level) < 15.0) & (abs(level) <= largest)
            np.testing.assert_array_equal(nearly_unloaded(vertical, largest), near)
            inner = _erosion(near, int(0.025 * forces.rate))
            labels, _ = label(inner)
            inner &= np.bincount(labels.ravel())[labels] >= 0.050 * forces.rate
            np.testing.assert_array_equal(unloaded(vertical, forces.rate, largest), inner)


@pytest.mark.parametrize("seed", range(30))
def test_plates_of_drawn_forces(seed):
    """Their surface, and the sample of every instant."""
    forces = drawn_forces(seed)
    plates = Plates(forces.wrench, forces.corners, forces.rate, 0.25, (1, 2, 3), (0, -1, 1))
    np.testing.assert_allclose(plates.surface, forces.corners[..., 1].sum(axis=1) / 4.0)
    np.testing.assert_allclose(
        plates.time * forces.rate, 0.25 * forces.rate + np.arange(len(plates.time))
    )
    instants = np.linspace(0.0, 2.0, 41)
    for instant, sample in zip(instants, plates.samples_of(instants), strict=True):
        distance = np.abs(plates.time - instant)
        if sample >= 0:
            assert distance[sample] == pytest.approx(distance.min(), abs=1e-12)
        else:
            assert distance.min() >= 0.499 / forces.rate


@pytest.mark.parametrize(
    ("level", "way", "seconds", "pulls_and_pushes_expected"),
    [
        (600.0, -900.0, 0.030, True), (600.0, -900.0, 0.015, False), (-600.0, 900.0, 0.030, True),
        (600.0, 900.0, 0.030, False), (0.0, 900.0, 0.030, False), (600.0, -690.0, 0.030, False),
    ],
)  # fmt: skip
def test_plates_that_pull_and_push(level, way, seconds, pulls_and_pushes_expected):
    """More than 100 N both ways, each for more than 20 ms, and no level within 250 N of zero."""
    vertical = np.full(1000, level)
    vertical[300 : 300 + round(1000 * seconds)] += way
    assert pulls_and_pushes(vertical, 1000.0, 250.0) == pulls_and_pushes_expected


@pytest.mark.parametrize("sigma", [0.3, 9.9, 11.0])
@pytest.mark.parametrize("rate", [300.0, 1000.0])
def test_noise_is_the_part_of_white_noise_above_20_hz(sigma, rate):
    """Of the power, 1 - 40 / rate, to a tenth; the largest channel; none of a loaded plate."""
    force = np.random.default_rng(1).normal(0.0, sigma, (6000, 3)) * [1.0, 0.5, 0.8] + [9.0, 0, 90]
    expected = sigma * np.sqrt(1.0 - 40.0 / rate)
    assert noise_level(force, rate) == pytest.approx(expected, rel=0.1)
    assert quiet_noise(force, rate) == pytest.approx(expected, rel=0.1)
    loaded = force.copy()
    loaded[2000:2400, 2] += 1500.0 * np.sin(np.linspace(0.0, np.pi, 400))
    assert noise_level(loaded, rate) == 0.0
    assert quiet_noise(loaded, rate) == pytest.approx(expected, rel=0.1)
    for find in (noise_level, quiet_noise):
        assert find(force, 90.0) == 0.0
        assert find(-2.0 * force, rate) == pytest.approx(2.0 * find(force, rate), rel=2e-3)
    assert quiet_noise(force[: int(0.18 * rate)], rate) == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_loads_recorded_with_their_point(seed):
    """One moment about any fixed point; wild points of small forces are replaced, and moved."""
    rng = np.random.default_rng(seed)
    shape = np.sin(np.linspace(0.0, np.pi, 200))[:, None]
    force = shape * [60.0, 40.0, 1500.0] + rng.normal(0.0, 2.0, (200, 3))
    pressure = [0.3, 0.2, 0.0] + 0.05 * shape * [1.0, 0.3, 0.0]
    free = shape * [0.0, 0.0, 8.0]
    moment_about_origin = np.cross(pressure, force) + free
    moment, point, replaced = fixed_point_wrench(force, pressure, free)
    np.testing.assert_allclose(moment + np.cross(point, force), moment_about_origin, atol=1e-9)
    assert not replaced.any()
    wild = pressure.copy()
    wild[0], wild[1], wild[199] = [900.0, 0.0, 0.0], np.nan, [0.0, -50.0, 0.0]
    wild[4] = [-300.0, 0.0, 62.0]  # more than 50 N, but little beside the peak
    fixed_moment, about, replaced = fixed_point_wrench(force, wild, free)
    size, changed = np.linalg.norm(force, axis=1), [0, 1, 4, 199]
    np.testing.assert_array_equal(np.flatnonzero(replaced), changed)
    assert size[[0, 1, 199]].max() < 50.0 < size[4] < 0.1 * size.max()
    unchanged = np.setdiff1d(np.arange(200), changed)
    np.testing.assert_allclose(
        (fixed_moment + np.cross(about, force))[unchanged],
        moment_about_origin[unchanged],
        atol=1e-9,
    )
    nearest = pressure[np.flatnonzero(size > 0.1 * size.max())[[0, 0, 0, -1]]]
    np.testing.assert_allclose(
        (fixed_moment + np.cross(about, force))[changed], np.cross(nearest, force[changed])
    )
    shift = np.array([30.0, -4.0, 0.5])
    moved = fixed_point_wrench(force, wild + shift, free)
    np.testing.assert_allclose(moved[0], fixed_moment, atol=1e-6)
    np.testing.assert_allclose(moved[1], about + shift, atol=1e-9)
    far = fixed_point_wrench(0.02 * force, wild, free)  # never loaded
    assert (far[0] == 0.0).all()
    assert far[2].all()


CLIPPED = [*product((300.0, 1000.0), (0.05, 0.12, 0.7), (0.4, 0.6, 0.9, 0.97), (0.3, 1.0, 4.0))]


@pytest.mark.parametrize(("rate", "seconds", "share", "bent"), CLIPPED)
def test_clipped_tops_of_bent_sines(rate, seconds, share, bent):
    """Flat for 4 ms and 4 samples, and 3 % beyond it by the slower of both slopes times half."""
    time = np.arange(round(1.5 * seconds * rate)) / rate
    sine = np.sin(np.pi * (time / seconds) ** bent)
    wave = np.concatenate([[0.0] * 3, np.clip(sine, -share, share), [0.5 * share] * 9])
    clipped = clipped_samples(wave, rate)
    assert (np.abs(wave[clipped]) == share).all()
    expected, near = np.zeros(len(wave), dtype=bool), max(2, round(0.004 * rate))
    for way in (1.0, -1.0):
        labels, count = label(way * wave == share)
        for number in range(1, count + 1):
            flat = np.flatnonzero(labels == number)
            before, after = wave[: flat[0]][-near:], wave[flat[-1] + 1 :][:near]
            if min(len(before), len(after)) < near:
                continue
            slopes = way * np.array([before[-1] - before[0], after[0] - after[-1]]) / (near - 1)
            over = slopes.min() * 0.5 * len(flat) / share
            expected[flat] = over > 0.03 and len(flat) >= max(4, 0.004 * rate - 0.5)
    np.testing.assert_array_equal(clipped, expected)
    np.testing.assert_array_equal(clipped_samples(-7.5 * wave, rate), clipped)
    assert not clipped_samples(np.concatenate([[0.0] * 3, sine]), rate).any()


@pytest.mark.parametrize("slope", [0.0, 5e-4, 1.9e-3, 2.1e-3, 8e-3])
def test_a_top_that_is_steep_on_one_side_only(slope):
    """Thirty flat samples: 15 times the slope must exceed 3 %; the same backward in time."""
    top = np.r_[np.linspace(0.0, 0.99, 20), np.ones(30), 1.0 - slope * np.arange(1, 40)]
    flat = np.zeros(len(top), dtype=bool)
    flat[20:50] = 15.0 * slope > 0.03
    for values, expected in ((top, flat), (top[::-1], flat[::-1]), (-0.5 * top, flat)):
        np.testing.assert_array_equal(clipped_samples(values, RATE), expected)


def _sensors(force, point, free):
    """Four sensors' forces that a plate of half sides .12 and .2, 40 mm deep, needs to carry it.

    Eight numbers, six equations: least squares of the sensors' wrench about the surface's centre.
    """
    (a, b, depth), rows = (0.12, 0.2, 0.04), []
    spots = ((0, b), (0, -b), (a, 0), (-a, 0), (a, b), (-a, b), (-a, -b), (a, -b))
    for (x, y), axis in zip(spots, (0, 0, 1, 1, 2, 2, 2, 2), strict=True):
        unit = np.eye(3)[axis]
        rows.append(np.concatenate([unit, np.cross([x, y, depth], unit)]))
    wrench = np.concatenate([force, np.cross(point, force) + free], axis=1)
    return np.linalg.lstsq(np.array(rows).T, wrench.T, rcond=None)[0].T


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_channels_of_all_types_of_plates(kind, sign):
    """A known force at a known point of the surface, from the channels of each type of plate."""
    rng = np.random.default_rng(5)
    force = rng.normal(0.0, 300.0, (50, 3))
    point = rng.uniform(-0.2, 0.2, (50, 3)) * [1.0, 1.0, 0.0]
    free = rng.normal(0.0, 9.0, (50, 1)) * [0.0, 0.0, 1.0]
    depth, calibration = np.array([0.12, 0.2, 0.04]), rng.normal(size=(6, 6))
    to_centre = -depth  # from the origin of the moments, above which the surface lies
    about = np.cross(point + to_centre, force) + free
    recorded = np.concatenate([force, 1e3 * about], axis=1)
    channels = {
        1: np.concatenate([force, 1e3 * point[:, :2], 1e3 * free[:, 2:]], axis=1),
        2: recorded,
        3: _sensors(force, point, free),
        4: np.linalg.solve(calibration, recorded.T).T,
    }[kind]
    computed_force, moment, lever = platform_wrench(
        kind, channels, sign * depth, calibration if kind == 4 else None, 1e-3
    )
    np.testing.assert_allclose(computed_force, force, atol=1e-7)
    np.testing.assert_allclose(moment, np.cross(point, force) + free, atol=1e-7)
    expected = {1: np.zeros(3), 3: np.full(3, np.nan)}.get(kind, to_centre)
    np.testing.assert_array_equal(lever, expected)


def test_plates_and_loads_that_are_refused():
    straight = np.outer([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="the corners do not span a rectangle"):
        plate_axes(straight)
    force, no_pressure = np.full((3, 1, 3), 9.0), np.full((3, 1), np.nan)
    with pytest.raises(ValueError, match="foot: 3 frames have a force but no centre of pressure"):
        ground_reactions(["foot"], force, np.zeros((3, 1, 3)), no_pressure)


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
    """Beside the moment of their weight, force times lever arm; no other joint's moment changes."""
    skeleton = athlete_skeleton(RUNNER)
    rest = np.zeros((1, len(skeleton.coordinates)))
    poses = segment_kinematics(skeleton, rest, rest, rest)
    joint = poses.joint_centre[:, skeleton.bodies.index(f"toes_{side}")]
    force = np.array([[0.0, FORCE, 0.0]])
    point = joint + np.array([[ahead, 0.0, 0.0]])
    load = ExternalLoad(f"foot_{side}", force, np.cross(point, force), np.zeros(3))
    [load] = shared_with_toes([load], skeleton, poses, JOINTS, float(joint[0, 1]))
    assert load.toes == f"toes_{side}"
    assert load.share == pytest.approx(share, abs=1e-6)
    without, by_foot, shared = (
        newton_euler(skeleton, poses, loads)
        for loads in ([], [replace(load, toes="", share=None)], [load])
    )
    toes = skeleton.coordinates.index(f"mtp_angle_{side}")
    moment = abs(shared[0, toes] - without[0, toes])
    assert moment == pytest.approx(share * FORCE * abs(ahead), abs=1e-2)
    np.testing.assert_allclose(np.delete(shared, toes), np.delete(by_foot, toes), rtol=0, atol=1e-9)


def test_a_share_of_the_toes_is_as_unsure_as_the_place_of_the_pressure():
    """By its slope where errors are small; beyond the blend it is that of one side or the other."""
    slope = 0.75 / BLEND_M
    [small] = toes_share_error(np.zeros(1), 1e-4)
    assert small == pytest.approx(slope * 1e-4, rel=0.03)
    [far, unknown] = toes_share_error(np.array([0.02, np.nan]), 1.0)
    assert far == pytest.approx(np.sqrt(norm.cdf(-0.02)), rel=0.03)
    assert unknown == 0.0


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
    levels, expected = shared.levels(), case.levels().induced["C2"]
    np.testing.assert_allclose(levels.induced["C4"].force, expected.force, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        levels.induced["C4"].group_rate, expected.group_rate, rtol=0, atol=1e-6
    )
    ankle = [levels.induced["C2"].sources.index(name) for name in ("ankle_right", "mtp_right")]
    difference = np.abs(levels.induced["C2"].force - expected.force)[:, ankle].max()
    assert difference > 10.0  # who bears it decides what each of the two does


@given(st.sampled_from([500.0, 1000.0, 2000.0]), st.floats(0.1, 0.3), st.floats(0.1, 0.9))
@settings(deadline=None)
def test_a_point_that_is_held_while_the_force_goes_on_is_found_from_there_on(rate, duration, share):
    """To the sample; a point that moves, or about which moments are given, is not held."""
    time = np.arange(0.0, duration + 0.2, 1.0 / rate)
    push = np.sin(np.pi * np.clip((time - 0.1) / duration, 0.0, 1.0))
    force = 1800.0 * push[:, None] * np.array([0.1, 1.0, 0.02])
    point = np.column_stack([0.5 + 1.2 * time, 0.0 * time, 0.1 + 0.2 * time])
    assert not held_points(force, point, rate).any()
    assert not held_points(force, np.full_like(point, 0.3), rate).any()
    start = int(np.searchsorted(time, 0.1 + share * duration))
    point[start:] = point[start]
    held = held_points(force, point, rate)
    loaded = np.linalg.norm(force, axis=1) > 100.0
    expected = loaded & (np.arange(len(time)) >= start)
    if expected.sum() > 0.03 * rate:
        np.testing.assert_array_equal(held, expected)
    assert not (held & ~expected).any()
