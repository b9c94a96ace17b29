"""Properties of marker paths, of one run of twelve markers that is altered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.io import movement
from aqbio.io.recording import Recording
from aqbio.io.trial_files import standing_recording
from tests.golden import differences

RATE, FRAMES = 200.0, 120


def run(speed: float = 6.0, noise: float = 2e-4) -> np.ndarray:
    """Twelve markers (T, M, 3) of a body that runs, its limbs swinging, m."""
    rng, time = np.random.default_rng(7), np.arange(FRAMES)[:, None, None] / RATE
    offset = rng.uniform([-0.3, 0.0, -0.3], [0.3, 1.7, 0.3], (12, 3))
    swing = np.array([[0.3, 0.12, 0.1]]) * rng.uniform(0.3, 1.0, (12, 1))
    wave = np.sin(rng.uniform(8.0, 16.0, (12, 3)) * time + rng.uniform(0.0, 6.0, (12, 3)))
    way = speed * time * [1.0, 0.0, 0.0] + (speed > 0.0) * swing * wave
    return offset + way + rng.normal(0.0, noise, (FRAMES, 12, 3))


def at(frames, markers, add):
    """A run whose markers are moved in some frames; NaN hides them."""

    def altered(points):
        points[frames, markers] += add
        return points

    return altered


def held_still(points):
    points[50:60, 2] = points[49, 2]
    points[80:84, 5] = points[84, 5]
    return points


def limb_held(last):
    """Six markers stand still from frame 90 on, but for the ``last`` frames."""

    def altered(points):
        points[90 : FRAMES - last, :6] = points[90, :6]
        return points

    return altered


def plane(noise):
    return lambda points: np.concatenate(
        [points[..., :2], 1.0 + np.random.default_rng(1).normal(0, noise, (FRAMES, 12, 1))], axis=2
    )


def flat_movement(points):
    """Each marker at one depth, as of one video."""
    points[..., 2] = points[:1, :, 2] + np.random.default_rng(1).normal(0, 1e-3, (FRAMES, 12))
    return points


ALTERED = {
    "as it is": lambda points: points,
    "one frame": lambda points: points[:1],
    "six frames": lambda points: points[:6],
    "two frames are lost": lambda points: np.delete(points, [60, 61], axis=0),
    "one frame is lost": lambda points: np.delete(points, 60, axis=0),
    "a frame twice": lambda points: np.insert(points, 60, points[60], axis=0),
    "a gap": at(slice(40, 70), slice(0, 6), np.nan),
    "nearly nobody": at(slice(20, 90), slice(1, 12), np.nan),
    "nobody": at(slice(None), slice(None), np.nan),
    "flickers": lambda points: at(30, 3, 0.2)(at(slice(60, 62), 4, [0, 0.3, 0])(
        at(slice(90, 94), 5, 0.3)(points))),
    "a small flicker": at(30, 3, [0.0, 0.05, 0.0]),
    "all jump": at(slice(70, None), slice(None), [0.4, 0.0, 0.0]),
    "half of them jump": at(slice(70, None), slice(0, 6), [0.4, 0.0, 0.0]),
    "a few jump": at(slice(70, None), slice(0, 3), [0.4, 0.0, 0.0]),
    "two change places": lambda points: np.concatenate(
        [points[:60], points[60:][:, [1, 0, *range(2, 12)]]]),
    "held": held_still,
    "a limb held to the end": limb_held(0),
    "a limb held until the last frame": limb_held(1),
    "rounded to millimetres": lambda points: np.round(points, 3),
    "in one plane": plane(0.0),
    "in one plane, noisy": plane(4e-3),
    "hardly in one plane": plane(2e-2),
    "each at one depth": flat_movement,
    "along a line": lambda points: points[:1] + np.arange(FRAMES)[:, None, None] * [0.03, 0.0, 0.0],
    "seven markers": lambda points: flat_movement(points)[:, :7],
    "still": lambda points: run(0.0),
    "hardly still": lambda points: run(0.0) + 0.15 * np.linspace(0, 1, FRAMES)[:, None, None],
    "half of it still": lambda points: np.concatenate([points[[0] * 60], points[:60]]),
    "trembling": lambda points: run(0.0, 0.01),
}  # fmt: skip


def test_golden_properties_of_marker_paths():
    """Everything of the run as it is, and of an altered one what differs from that."""
    lines: list[str] = []
    as_it_is: dict[str, object] = {}
    for name, alter in ALTERED.items():
        points = alter(run())
        planar = movement.depth_not_measured(points)
        clock = [f"{frame} {elapsed:.6e}" for frame, elapsed in movement.breaks(points)]
        properties = {
            "static": movement.is_static(points),
            "depth": f"{planar[0]} {planar[1]:.6e}" if planar else None,
            "quiet": [movement.quiet_window(points, RATE, seconds) for seconds in (0.1, 0.25, 9.0)],
            "elapsed": f"{np.isfinite(movement.elapsed_frames(points)).sum()} known",
            "breaks": clock,
            "jumps": movement.jumps(points, RATE),
            "flickers": np.argwhere(movement.flickers(points, RATE)).tolist(),
            "frozen": np.argwhere(movement.frozen_positions(points)).tolist(),
            "constant": int(
                movement.constant_stretches(points.reshape(len(points), -1), RATE).sum()
            ),
        }
        lines += [
            f"{name} | {name_of_property}: {properties[name_of_property]}"
            for name_of_property in properties
            if properties[name_of_property] != as_it_is.get(name_of_property)
        ]
        as_it_is = as_it_is or properties
    assert differences("io/movement", lines) == []


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    noise=st.floats(0.0, 0.06),
    noisy=st.sets(st.integers(0, 11), max_size=12),
    jump=st.floats(0.3, 2.0),
    hidden=st.sets(st.integers(12, 23), max_size=12),
    begin=st.integers(0, FRAMES - 20),
)
def test_noise_on_some_markers_is_no_jump_of_the_body(seed, noise, noisy, jump, hidden, begin):
    """However many of them there are, and hide others for a while; a jump under noise still is."""
    random = np.random.default_rng(seed)
    points = np.concatenate([run(), np.add(run(), [0.0, 0.1, 0.05])], axis=1)
    points[:, sorted(noisy)] += random.normal(0.0, noise, (len(points), len(noisy), 3))
    points[begin : begin + 20, sorted(hidden)] = np.nan
    assert movement.jumps(points, RATE) == []
    if not begin - 3 < 70 < begin + 23:
        points[70:] += [jump, 0.0, 0.0]
        assert movement.jumps(points, RATE) == [69]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000), begin=st.floats(0.0, 1.0), stands=st.floats(0.3, 1.5),
    unit=st.sampled_from([1.0, 1e-3, 1e3, 0.01]),
)  # fmt: skip
def test_a_person_who_walks_in_and_out_stands_in_between(seed, begin, stands, unit):
    """In any unit of length: the part lies within the stand and takes most of it."""
    random, rate = np.random.default_rng(seed), 100.0
    body = random.uniform(-0.4, 0.4, (20, 3)) * [1.0, 2.0, 1.0]
    time = np.arange(round(3.0 * rate)) / rate
    first, last = round(begin * rate), round((begin + stands) * rate)
    path = np.interp(
        time, time, np.clip(time - time[last], 0, None) + np.clip(time - begin, None, 0)
    )
    points = body + path[:, None, None] * [1.5, 0.0, 0.0] + random.normal(0, 5e-4, (300, 20, 3))
    assert not movement.is_static(unit * points)
    part = movement.standing_part(unit * points, rate)
    assert part is not None
    margin = 3 + 0.1 * (last - first)  # a twentieth of the frames may be outside the box
    assert first - margin <= part.start < part.stop <= last + margin
    assert part.stop - part.start > 0.7 * (last - first)
    assert movement.is_static(unit * points[part])
    if unit == 1.0:
        labels = tuple(f"M{number}" for number in range(20))
        standing = standing_recording(Recording(labels, points, rate), "static.trc")
        np.testing.assert_array_equal(standing.positions, points[part])
        assert standing.first_time == part.start / rate
        assert [finding.rule for finding in standing.findings] == ["static-moves"]


@settings(max_examples=25, deadline=None)
@given(unit=st.sampled_from([1e-3, 1e-2, 0.0254, 1e2, 1e3]), noise=st.floats(0.0, 2e-3))
def test_static_and_moving_do_not_depend_on_the_unit(unit, noise):
    random = np.random.default_rng(0)
    moves, stands = (run(speed) + random.normal(0.0, noise, run().shape) for speed in (3.0, 0.0))
    assert movement.is_static(moves) == movement.is_static(unit * moves)
    assert movement.is_static(stands) == movement.is_static(unit * stands)
    assert movement.standing_part(unit * moves, RATE) is None


@settings(max_examples=30)
@given(st.integers(40, 200), st.sampled_from([60.0, 100.0, 250.0]), st.integers(0, 1000))
def test_a_static_person_stands_in_every_frame(count, rate, seed):
    """The part that is used loses neither the first nor the last frame."""
    random = np.random.default_rng(seed)
    posture = random.uniform([-0.3, 0.0, -0.3], [0.3, 1.7, 0.3], (12, 3))
    positions = posture + random.normal(0.0, 1e-4, (count, 12, 3))
    assert movement.standing_part(positions, rate) == slice(0, count)


@pytest.mark.parametrize("seed", range(4))
def test_movement_out_of_the_plane_is_that_of_least_squares_and_a_loop_over_frames(seed):
    """Markers that wander at a depth of their own, some of them hidden in some frames."""
    random = np.random.default_rng(seed)
    frames, markers = 60, 10
    points = 0.9 * random.random((1, markers, 3)) + np.zeros((frames, 1, 1))
    phase = np.linspace(0.0, 5.0, frames)[:, None]
    for axis, size in enumerate((0.12, 0.1)):
        points[..., axis] += size * np.sin(phase * random.uniform(1.0, 3.0, markers) + axis)
    points[..., 2] += 1e-3 * np.sin(phase * random.uniform(1.0, 3.0, markers))
    points[random.random((frames, markers)) < 0.15] = np.nan
    frame, marker = np.nonzero(np.isfinite(points).all(axis=2))
    means = np.column_stack((np.eye(frames)[frame], np.eye(markers)[marker]))
    visible = points[frame, marker]
    residual = np.full_like(points, np.nan)
    residual[frame, marker] = visible - means @ np.linalg.lstsq(means, visible, rcond=None)[0]
    products = [
        np.outer(residual[before, name], residual[before + 1, name])
        for before in range(frames - 1)
        for name in range(markers)
        if np.isfinite(residual[before : before + 2, name]).all()
    ]
    covariance = np.mean(products, axis=0)
    expected = np.sqrt(np.linalg.eigvalsh(0.5 * (covariance + covariance.T))[0])
    kind, deviation = movement.depth_not_measured(points)
    assert kind == "movement"
    assert deviation == pytest.approx(expected, rel=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    length=st.integers(1, 3), rate=st.sampled_from([250.0, 400.0, 1000.0]),
    seed=st.integers(0, 10_000), far=st.booleans(), begin=st.integers(1, 30),
)  # fmt: skip
def test_a_marker_off_its_path_is_farther_than_a_body_can_bend_it(length, rate, seed, far, begin):
    """On straight paths: 3 cm, and ``a t² / 8`` at 1500 m/s² over the time of the excursion.

    At the ends of a recording and beside a gap nothing is on the other side to tell it by.
    """
    random, frames = np.random.default_rng(seed), 31 + length
    time = np.arange(frames)[:, None, None] / rate
    points = random.uniform(-1.0, 1.0, (1, 4, 3)) + time * random.normal(0.0, 5.0, (1, 4, 3))
    way = random.normal(0.0, 1.0, 3)
    size = 0.03 + 1500.0 * ((length + 1) / rate) ** 2 / 8.0
    away = slice(begin, begin + length)
    points[away, 2] += (1.01 if far else 0.99) * size * way / np.linalg.norm(way)
    expected = np.zeros((frames, 4), dtype=bool)
    expected[away, 2] = far
    np.testing.assert_array_equal(movement.flickers(points, rate), expected)
    np.testing.assert_array_equal(movement.flickers(points[::-1], rate), expected[::-1])
    np.testing.assert_array_equal(movement.flickers(points[begin:], rate), False)
    points[begin - 1, 2] = np.nan
    np.testing.assert_array_equal(movement.flickers(points, rate), False)
