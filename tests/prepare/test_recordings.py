"""Recordings: closed forms, axes, labels, and files with drawn faults and their findings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.spatial.transform import Rotation

from aqbio.body.statements import Measurement, verdict
from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.contributions.step_quality import without_failures
from aqbio.errors import AqbioError
from aqbio.filters import lagging, low_pass, low_pass_gain
from aqbio.intake.labelled_recordings import proposed_set
from aqbio.intake.models import chosen_model
from aqbio.intake.same_person import compare_lengths
from aqbio.intake.shared_frames import Movement, copy_lag, shared_frames
from aqbio.io.movement import (
    MAX_BODY_ACCELERATION_M_S2,
    MAX_REST_S,
    breaks,
    constant_stretches,
    copied_stretches,
    jumps,
    quiet_window,
)
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.labels.geometry import computed_points
from aqbio.names import GRAVITY
from aqbio.prepare.axes import Clues, detected_axes
from aqbio.prepare.body_size import (
    Lengths,
    pelvis_height,
    stance_height,
    standing_mass,
    stride_masses,
)
from aqbio.prepare.checks import check_frames, check_task
from aqbio.prepare.clock import falls, flights, marked_height
from aqbio.prepare.contact_findings import free_moment_measured
from aqbio.prepare.contacts import (
    MIN_EVENT_CUTOFF_HZ,
    FootContact,
    contact_time_error,
    contacts,
    edge_distance,
    event_force,
)
from aqbio.prepare.dataset import prepared_dataset
from aqbio.prepare.events_from_markers import event_errors, kinematic_contacts, strike
from aqbio.prepare.force_delay import force_delay
from aqbio.prepare.ground import belt_share, low_frames
from aqbio.prepare.notes import Notes
from aqbio.prepare.stage import trial_numbers
from aqbio.prepare.trial import prepare_trial
from aqbio.signals import fill_gaps, quintic_spline, resampled
from tests import made_run
from tests.golden import differences
from tests.io.made_c3d import MadePlate, write_c3d
from tests.reference_values import check_references
from tests.refusal import refused

DELAY_TIME = np.arange(0.0, 1.6, 0.004)


@pytest.mark.parametrize("delay", [-0.06, -0.03, -0.0085, -0.002, 0.0, 0.0033, 0.03, 0.06])
def test_planted_delay_is_found(delay):
    """A parabola through three samples of a smooth peak is off by less than a tenth of a sample.

    60 ms, where 40 are looked for: late or early, nobody knows by how much.
    """

    def half_sines(time):
        phase = np.mod(time, 0.23)
        return np.where(phase < 0.12, 2000.0 * np.sin(np.pi * phase / 0.12), 0.0)

    estimated = force_delay(DELAY_TIME, half_sines(DELAY_TIME - delay), half_sines(DELAY_TIME))
    expected = delay if abs(delay) < 0.04 else np.copysign(np.inf, delay)
    assert estimated == pytest.approx(expected, abs=0.0004)


@pytest.mark.parametrize("delay", [-0.0085, 0.0, 0.0033])
def test_contacts_of_failed_plates_are_excluded_from_the_delay(delay):
    """Seven contacts, a plate dead from the middle of the fourth one on."""
    required = 2000.0 * np.clip(np.sin(2.0 * np.pi * DELAY_TIME / 0.23), 0.0, None)
    force = 2000.0 * np.clip(np.sin(2.0 * np.pi * (DELAY_TIME - delay) / 0.23), 0.0, None)
    contacts = [(0.23 * n + delay, 0.23 * n + 0.115 + delay, False) for n in range(7)]
    dead = (DELAY_TIME > 0.75) & (DELAY_TIME < 0.86)
    force[dead] = 0.0
    contacts[3] = contacts[3][0], 0.75, True
    assert abs(force_delay(DELAY_TIME, force, required) - delay) > 0.001
    without_failed = without_failures(DELAY_TIME, force, contacts)
    assert np.isnan(without_failed[dead]).all()
    assert force_delay(DELAY_TIME, without_failed, required) == pytest.approx(delay, abs=0.0004)


def contact(foot, touchdown, toe_off, complete=True):
    return FootContact(foot, touchdown, toe_off, (), complete, np.nan, np.nan)


SEGMENT, MASS = np.array([0, 0, 1, 1]), np.array([3.0, 1.0])


def falling(gravity=9.81):
    """Two segments of 3 and 1 kg whose centre falls while they swing against each other."""
    time = np.arange(40) / 200.0
    centre, swing = 1.0 + 0.6 * time - 0.5 * gravity * time**2, 0.2 * np.sin(30.0 * time)
    markers = np.zeros((len(time), 4, 3))
    markers[:, :2, 1] = (centre + swing)[:, None] + [0.1, -0.1]
    markers[:, 2:, 1] = (centre - 3.0 * swing)[:, None] + [0.05, 0.3]
    return markers


@pytest.mark.parametrize("gravity", [9.81, 1.62])
@pytest.mark.parametrize("factor", [1.0, 0.5, 1.25])
def test_free_fall_acceleration_of_the_centre_of_mass(gravity, factor):
    """A wrong rate changes the fall by its square; a part of the body does not fall freely."""
    spans = np.array([[0.0, 0.15], [0.05, 0.19]]) / factor
    accelerations, errors = falls(falling(gravity), 200.0 * factor, SEGMENT, MASS, spans)
    np.testing.assert_allclose(accelerations, factor**2 * gravity, rtol=1e-9)
    assert (errors < 1e-9 * accelerations).all()
    part, _ = falls(falling()[:, :2], 200.0, SEGMENT[:2], MASS[:1], np.array([[0.0, 0.15]]))
    assert abs(part[0] - 9.81) > 5.0


def test_noise_of_markers_makes_the_fall_uncertain_by_what_it_moves_it():
    random, spans = np.random.default_rng(3), np.array([[0.0, 0.15], [0.05, 0.19]])
    noisy = [falling() + 0.01 * random.standard_normal((40, 4, 3)) for _ in range(300)]
    found = np.array([falls(markers, 200.0, SEGMENT, MASS, spans) for markers in noisy])
    deviations = (found[:, 0] - 9.81) / found[:, 1]
    assert np.sqrt(np.mean(deviations**2)) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("rate", "cutoff"), [(50.0, 5.0), (200.0, 12.0), (1000.0, 6.0)])
def test_filters_halve_the_power_at_their_cutoff(rate, cutoff):
    """Zero lag there and back; one way a first-order filter lags an eighth of a period."""
    phase = 2.0 * np.pi * cutoff * np.arange(int(20.0 * rate / cutoff)) / rate
    middle = slice(len(phase) // 3, -len(phase) // 3)
    smooth = low_pass(np.sin(phase), rate, cutoff)
    np.testing.assert_allclose(smooth[middle], np.sin(phase)[middle] / np.sqrt(2.0), atol=1e-6)
    late = np.sin(phase - np.pi / 4.0) / np.sqrt(2.0)
    np.testing.assert_allclose(
        lagging(np.sin(phase), rate, cutoff)[middle], late[middle], atol=1e-6
    )
    smooth = low_pass(np.sin(2.0 * phase[: len(phase) // 2]), rate, cutoff)
    gain = low_pass_gain(np.array([2.0 * cutoff]), rate, cutoff)
    assert np.ptp(smooth[len(smooth) // 3 : -len(smooth) // 3]) / 2.0 == pytest.approx(
        gain[0], rel=0.1
    )


@pytest.mark.parametrize("frames", [1, 2, 3, 40])
def test_filters_keep_lines_levels_and_gaps(frames):
    level, line = np.full((frames, 2), 7.0), 3.0 - 2.0 * np.arange(50.0)
    for smooth in (lagging, low_pass):
        np.testing.assert_allclose(smooth(level, 250.0, 20.0), level, atol=1e-12)
    np.testing.assert_allclose(low_pass(line, 250.0, 20.0), line, atol=1e-6)
    noise = np.random.default_rng(7).normal(size=(2 * frames + 1, 2))
    noise[frames, 0] = np.nan
    apart = [low_pass(part, 250.0, 20.0) for part in (noise[:frames, 0], noise[frames + 1 :, 0])]
    filtered = low_pass(noise, 250.0, 20.0)
    np.testing.assert_allclose(filtered[:, 0], np.concatenate([apart[0], [np.nan], apart[1]]))
    np.testing.assert_allclose(filtered[:, 1], low_pass(noise[:, 1], 250.0, 20.0))


@pytest.mark.opensim
def test_the_curve_is_opensims():
    """Same speeds and accelerations as OpenSim's GCVSpline of degree 5 without smoothing."""
    from aqbio.opensim.session import opensim

    time = np.arange(60) / 100.0
    values = np.sin(11 * time) + 0.2 * np.cos(37 * time)
    theirs = opensim.GCVSpline()
    theirs.setDegree(5)
    for x, y in zip(time, values, strict=True):
        theirs.addPoint(float(x), float(y))
    at = np.linspace(time[0], time[-1], 231)
    for order in (1, 2):
        parts = [0] * order
        derivatives = np.array(
            [theirs.calcDerivative(parts, opensim.Vector(1, float(x))) for x in at]
        )
        expected = quintic_spline(time, values).derivative(order)(at)
        np.testing.assert_allclose(derivatives, expected, atol=1e-9 * np.abs(expected).max())


def half_sine(time, start, stop):
    on = (time >= start) & (time <= stop)
    return np.where(on, 2000.0 * np.sin(np.pi * (time - start) / (stop - start)), 0.0)


@pytest.mark.parametrize("rate", [600.0, 1000.0, 1500.0])
def test_crossing_is_found_between_samples(rate):
    """Truth and chord lie between the same two samples; the curve is nearly straight there."""
    time, spans = np.arange(int(2.0 * rate)) / rate, [(0.3003, 0.4207), (0.6509, 0.7701)]
    crossings = contacts(sum(half_sine(time, *span) for span in spans), rate, 20.0, 0.010)
    for (start, stop), on, off in zip(spans, crossings.touchdown, crossings.toe_off, strict=True):
        late = (stop - start) / np.pi * np.arcsin(20.0 / 2000.0)
        assert (on, off) == pytest.approx((start + late, stop - late), abs=0.5 / rate)
    assert crossings.complete.all()


FRAMES, SPEED, SECONDS = 250.0, 8.0, 1.2
TOUCHDOWN, TOE_OFF, STEP = 0.302, 0.424, 0.24
NO_VELOCITY = np.zeros(3)


def foot(touchdown: float, time: np.ndarray, heel: float) -> np.ndarray:
    """Heel, toe and outer forefoot (T, 3, 3): down at 3 m/s, still, away at 6 m/s.

    The heel lands by so much before (negative) or after the forefoot, and leaves 50 ms before it.
    """
    paths = []
    for late, early, along in ((heel, 0.05, -0.2), (0.004, 0.0, 0.05), (0.0, 0.02, 0.0)):
        down = np.maximum(touchdown + late - time, 0.0)
        up = np.maximum(time - touchdown - TOE_OFF + TOUCHDOWN + early, 0.0)
        x = along - 6.0 * down + 10.0 * up
        paths.append(np.column_stack((x, 0.03 + 3.0 * down + 6.0 * up, 0.0 * time)))
    return np.stack(paths, axis=1)


def runner(*, heel: float = 0.02, rate: float = FRAMES) -> np.ndarray:
    """Both feet (T, 2, 3, 3): left first, right a step later, m."""
    time = np.arange(0.0, SECONDS, 1.0 / rate)
    left, right = (foot(at, time, heel) for at in (TOUCHDOWN, TOUCHDOWN + STEP))
    right[..., 0] += SPEED * STEP
    return np.stack((left, right), axis=1)


@pytest.mark.parametrize("rate", [60.0, 100.0, 250.0])
@pytest.mark.parametrize("heel", [0.02, -0.03])
@pytest.mark.parametrize("belt", [0.0, -SPEED])
def test_a_tenth_of_a_frame_at_any_rate_strike_and_observer(rate, heel, belt):
    """On a moving belt, in any direction and place; a bend is seen where the path bends most."""
    feet, velocity = runner(heel=heel, rate=rate), np.array([-belt, 0.0, 0.0])
    time = np.arange(len(feet))[:, None, None, None] / rate
    turned = feet * [-1.0, 1.0, -1.0] + [30.0, 0.2, -5.0] + velocity * time
    observed = kinematic_contacts(turned, rate, velocity, SPEED)
    landing = TOUCHDOWN + min(heel, 0.0)
    touchdowns = [contact.touchdown for contact in observed]
    np.testing.assert_allclose(touchdowns, [landing, landing + STEP], atol=0.1 / rate)
    if rate > 200.0:
        assert observed[0].toe_off == pytest.approx(TOE_OFF, abs=0.001)
    assert strike(feet, rate, observed) == ("heel" if heel < 0.0 else "forefoot")
    for contact, on_ground in zip(
        observed, kinematic_contacts(feet, rate, NO_VELOCITY, SPEED), strict=True
    ):
        assert contact.touchdown == pytest.approx(on_ground.touchdown, abs=1e-9)
        assert contact.toe_off == pytest.approx(on_ground.toe_off, abs=1e-9)


def covered(marker: int, first: float, last: float, heel: float = 0.02) -> np.ndarray:
    feet = runner(heel=heel)
    feet[round(first * FRAMES) : round(last * FRAMES), 0, marker] = np.nan
    return feet


def set_down(level: float, sink: float) -> np.ndarray:
    """The heel is set down softly before the forefoot slaps the ground, or stopped in the air."""
    feet = runner()
    time = np.arange(len(feet)) / FRAMES
    share = np.clip((TOUCHDOWN - 0.05 - time) / 0.15, 0.0, 1.0)
    soft = level + sink * share**2 * (3.0 - 2.0 * share)
    feet[:, 0, 0, 1] = np.where(time < TOUCHDOWN + 0.02, soft, feet[:, 0, 0, 1])
    return feet


def events(feet, speed=SPEED):
    foot_contacts = kinematic_contacts(feet, FRAMES, NO_VELOCITY, speed)
    return foot_contacts, strike(feet, FRAMES, foot_contacts)


def running(contact=0.12, step=0.24, limp=0.0):
    """Half-sine contacts whose impulse over a stride is the body's weight; one leg pushes more."""
    time, starts = np.arange(round(5 * step * 1e3)) / 1e3, 0.05 + step * np.arange(4)
    size = WEIGHT * step / contact * np.pi / 4e3 * (1.0 + limp * np.array([1, -1, 1, -1]))
    force = sum(a * half_sine(time, b, b + contact) for a, b in zip(size, starts, strict=True))
    return force, np.stack([starts, starts + contact], axis=1)


@pytest.mark.parametrize("limp", [0.0, 0.2])
def test_mean_force_of_whole_strides_is_the_weight(limp):
    """A sum of 480 samples of a half sine that starts between samples."""
    force, spans = running(limp=limp)
    masses = stride_masses(force, 1e3, FEET, spans, FEET >= 0)
    np.testing.assert_allclose(masses, [75.0, 75.0], rtol=4e-3)


WEIGHT, FEET = 75.0 * GRAVITY, np.array([0, 1, 0, 1])
STANDING = {
    "steps on": [np.r_[np.zeros(800), np.full(600, 1.4 * WEIGHT), np.full(2600, WEIGHT)]],
    "empty plates": [np.full(2000, WEIGHT), np.full(2000, -40.0), np.full(2000, 14.0)],
    "edge of a shoe": [np.full(2000, WEIGHT - 16.0), np.full(2000, 16.0)],
    "nobody": [np.full(2000, 199.9)],
    "too short": [np.full(499, WEIGHT)],
    "just long enough": [np.full(500, WEIGHT)],
    "sways": [WEIGHT + 30.0 * np.sin(np.arange(2000) / 40.0)],
}
STRIDES = {
    "cut": ({}, slice(None), FEET, np.array([0, 1, 1, 1], dtype=bool)),
    "same foot": ({}, slice(None), 0 * FEET, FEET >= 0),
    "one not seen": ({}, [0, 1, 3], FEET[:3], FEET[:3] >= 0),
    "two": ({}, slice(2), FEET[:2], FEET[:2] >= 0),
    "walk": ({"contact": 0.7, "step": 0.55}, slice(None), FEET, FEET >= 0),
}


def whole_body(size: float = 0.0, seed: int = 0) -> np.ndarray:
    """Twenty markers on pelvis and feet; joint angles with noise move several at once, m."""
    path = np.tile(made_run.markers(), (1, 2, 1))
    shared_noise = np.random.default_rng(seed).normal(0.0, size, (len(path), 5, 3))
    return path + np.repeat(shared_noise, path.shape[1] // 5, axis=1)


def jumping(beyond: float) -> np.ndarray:
    """A body that jumps with a share of the acceleration from which frames must be missing."""
    path = 1e-4 * np.random.default_rng(1).standard_normal((100, 12, 3))
    path[50:, :, 1] += beyond * MAX_BODY_ACCELERATION_M_S2 / 100.0**2
    return path


def resting(seconds: float) -> np.ndarray:
    values = np.sin(0.07 * np.arange(200))
    values[50 : 51 + round(seconds * 100.0)] = values[50]
    return values[:, None]


def with_lost_frames(count: int, size: float) -> np.ndarray:
    return np.delete(whole_body(size, 3), slice(101, 101 + count), axis=0)


def touches() -> np.ndarray:
    """Forces that touch, dip, are cut by the end, and lie just on the threshold, N."""
    force = np.zeros(1000)
    force[100:108], force[300:500], force[700:710], force[980:] = 300.0, 1000.0, 20.0, 800.0
    force[390:398], force[450:461] = 5.0, 5.0
    return force


def marked(mass: float) -> np.ndarray:
    """3 of 3.5 kg are 86 %, 3 of 3.6 kg are 83 %; one lost frame loses a marker."""
    markers = falling()
    markers[5, 2:] = np.nan
    return marked_height(markers, SEGMENT, np.array([3.0, mass]))


def free(largest: float) -> np.ndarray:
    """Low-passed zeros have hundredths of N m."""
    values = np.full((100, 2), np.nan)
    values[20:50, 0] = 8.0 * np.sin(np.linspace(0.0, 3.0, 30))
    values[60:90, 1] = largest * np.sin(np.linspace(0.0, np.pi, 31)[:30])
    return values


def on_row(along: float) -> np.ndarray:
    square = np.array([[0.0, 0, 0], [0.6, 0, 0], [0.6, 0, 0.9], [0.0, 0, 0.9]])
    row = np.stack([square + np.array([0.602 * k, 0, 0]) for k in range(3)])
    return edge_distance(np.array([[along, 0, 0.3]]), row, np.array([True, True, False]), 0.02)


def gapped(gap: tuple[int, int], barrier: float):
    """A cubic path with a gap, filled unless an event lies beside it."""
    time = np.linspace(-1.0, 1.0, 60)
    path = np.stack([np.column_stack((time**3 - time, 2 * time**2, 3 - time))] * 2, axis=1)
    path[gap[0] : gap[1], 1] = np.nan
    return fill_gaps(path, 10, np.array([barrier]))


def holed() -> np.ndarray:
    """A column that was not measured, and a gap in another."""
    values = np.random.default_rng(0).normal(size=(100, 2, 3))
    values[:, 0, 1], values[30, 1, 2] = np.nan, np.nan
    return values


def copies() -> dict[str, tuple[np.ndarray, float]]:
    """A path, copies of it in other hands, and others; with their rates, Hz."""
    path, labels = made_run.markers(), made_run.LABELS
    noise = np.random.default_rng(4).normal(0.0, 1.0, path.shape)
    covered = np.where((np.arange(len(labels)) == 3)[:, None], np.nan, path)
    return {
        "itself": (path, 250.0),
        "late": (path[47:], 250.0),
        "cut": (path[90:260], 250.0),
        "short": (path[200:215], 250.0),
        "smooth": (low_pass(path, 250.0, 15.0), 250.0),
        "half": (path[::2], 125.0),
        "turned": (path[..., [2, 1, 0]] * [-1.0, 1.0, 1.0], 250.0),
        "moved": (path + np.array([1.0, 0.0, 0.2]), 250.0),
        "rough": (path + 0.002 * noise, 250.0),
        "very rough": (path + 0.03 * noise, 250.0),
        "hidden": (covered, 250.0),
        "slower": (path, 200.0),
        "mirrored": (path * [1.0, 1.0, -1.0], 250.0),
        "still": (np.repeat(path[100:101], 300, axis=0) + 1e-4 * noise[:300], 250.0),
    }


STOOD = {
    "steps on": 80.625, "empty plates": 75.0, "edge of a shoe": 75.0, "nobody": np.nan,
    "too short": np.nan, "just long enough": 75.0, "sways": np.nan,
}  # fmt: skip
"""Mass by the steady windows, kg; the first takes 600 samples of 1.4 times the weight along."""


@pytest.mark.parametrize("name", STANDING)
def test_standing_mass(name):
    mass = standing_mass(np.stack(STANDING[name], axis=1), 1e3, 0.5)
    assert mass == pytest.approx(STOOD[name], rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(("name", "count"), [*zip(STRIDES, (1, 0, 0, 0, 1), strict=True)])
def test_strides_of_whole_contacts_of_both_feet(name, count):
    options, chosen, feet, is_complete = STRIDES[name]
    force, spans = running(**options)
    masses = stride_masses(force, 1e3, feet, spans[chosen], is_complete)
    np.testing.assert_allclose(masses, [75.0] * count, rtol=4e-3)


SPREAD = (94.9, 95.1, 104.9, 105.1, 110.0, 110.2)


def test_verdicts_about_measurements():
    """Of one or two measurements within 5 of 100, around it and beyond."""
    lines = [
        f"{first} {second}: {verdict(100.0, [Measurement(x, 5.0, 'a') for x in (first, second)])}"
        for first, second in product(SPREAD, SPREAD)
    ]
    lines += [
        f"{measured}: {verdict(100.0, [Measurement(measured, 5.0, 'a')])}" for measured in SPREAD
    ]
    sides = [Measurement(80.0, 19.0, "a"), Measurement(120.0, 19.0, "b")]
    lines.append(f"both sides: {verdict(100.0, sides)}")
    assert differences("signals", lines) == []


def test_height_of_marked_mass():
    """Of at least 85 % of the body; a frame without its markers has none."""
    time = np.arange(40) / 200.0
    height = marked(0.5)
    assert np.isnan(marked(0.6)).all()
    expected = 1.0 + 0.6 * time - 0.5 * 9.81 * time**2
    assert np.isfinite(height).sum() >= 39
    np.testing.assert_allclose(np.diff(height, 3), np.diff(height, 3)[0], atol=0.2)
    assert np.abs(height - expected).max() < 0.2


@pytest.mark.parametrize(
    ("count", "size", "limit"), [(1, 0.0, 1e-3), (2, 0.0, 1e-3), (20, 0.0, 0.5), (2, 0.002, 0.1)]
)
def test_lost_frames_are_counted(count, size, limit):
    [(frame, frames_lost)] = breaks(with_lost_frames(count, size))
    assert frame == 100
    assert frames_lost == pytest.approx(count + 1, abs=limit)


def test_joint_angles_with_noise_lose_no_frames_and_jumps_have_a_limit():
    assert breaks(with_lost_frames(0, 0.006)) == breaks(with_lost_frames(0, 0.02)) == []
    assert list(jumps(jumping(0.9), 100.0)) == []
    assert list(jumps(jumping(1.1), 100.0)) == [49]


@pytest.mark.parametrize("copies", [2, 3, 40])
def test_frames_that_are_copies_are_found(copies):
    """Of all markers; a marker without positions decides nothing, a moving one does."""
    positions = whole_body(0.0, 3)
    positions[101 : 101 + copies] = positions[100]
    stretches = copied_stretches(positions)
    assert stretches == ([(101, 100 + copies)] if copies > 2 else [])
    positions[:, 0] = np.nan
    assert copied_stretches(positions) == stretches
    positions[:, 1] = whole_body(0.0, 3)[:, 1]
    assert copied_stretches(positions) == []


@pytest.mark.parametrize(
    ("used", "refused"),
    [({}, True), ({"start_s": 0.85}, False), ({"start_s": 0.7}, True), ({"end_s": 0.55}, False)],
)
def test_copied_frames_among_those_used_are_refused_by_name(used, refused):
    """From 0.6 to 0.8 s all markers stay where they were, and then the body is elsewhere."""
    positions = whole_body(0.0, 3)
    positions[60:80] = positions[59]
    labels = tuple(f"M{number}" for number in range(positions.shape[1]))
    recording = Recording(labels, positions, 100.0)
    trial = Trial(participant_id="S01", trial_id="run", task="run", file="run.c3d", **used)
    refusal = pytest.raises(AqbioError, match=r"frames 61 to 80 are copies of frame 60.*0\.20 s")
    with refusal if refused else nullcontext() as error:
        check_frames(recording, trial, "run.c3d")
    if refused:
        assert error.value.rule == "frames-copied"


@pytest.mark.parametrize("over", [0.0, 0.01])
def test_values_that_rest_too_long(over):
    is_constant = constant_stretches(resting(MAX_REST_S + over), 1e2)
    rest = slice(50, 51 + round((MAX_REST_S + over) * 100.0))
    expected = np.zeros(200, dtype=bool)
    expected[rest] = over > 0.0
    np.testing.assert_array_equal(np.ravel(is_constant), expected)


def test_the_quiet_window_is_the_one_that_all_see():
    frames = np.arange(50)[:, None, None]
    moving = np.where(frames < 30, np.sin(frames), 0.0)
    positions = np.concatenate([moving, np.where(frames < 40, 0.0, np.nan)], axis=1)
    assert quiet_window(positions * np.ones(3), rate=10.0, seconds=1.0) == slice(30, 40)


@pytest.mark.parametrize("cutoff", [70.0, 150.0])
@pytest.mark.parametrize("rate", [3.9 * MIN_EVENT_CUTOFF_HZ, 4.1 * MIN_EVENT_CUTOFF_HZ, 2e3])
def test_forces_for_events_keep_their_edges(rate, cutoff):
    """Cut off at a quarter of the rate at most, or as they are; a third of a period of error."""
    unfiltered = half_sine(np.arange(int(2.0 * rate)) / rate, 0.3, 0.42)
    used = min(cutoff, 0.25 * rate)
    is_unfiltered = used < MIN_EVENT_CUTOFF_HZ
    expected = unfiltered if is_unfiltered else low_pass(unfiltered, rate, used)
    np.testing.assert_array_equal(event_force(unfiltered, rate, cutoff), expected)
    late = 0.5 / rate if is_unfiltered else 0.35 / used
    error = 2.0 * max(0.002, late)
    assert contact_time_error(rate, cutoff) == pytest.approx(error)
    assert contact_time_error(rate, cutoff, 0.01) == pytest.approx(error + 0.02)


@pytest.mark.parametrize(
    ("along", "distance"),
    [(-0.01, -0.01), (0.0, 0.0), (0.01, 0.01), (0.58, 0.3), (0.601, 0.3), (0.62, 0.3),
     (1.182, 0.02), (1.19, 0.012), (1.202, 0.0), (1.21, -0.008)],
)  # fmt: skip
def test_distance_from_the_edge_of_joined_plates(along, distance):
    """Two plates 2 mm apart are one; the third carries nothing."""
    assert on_row(along) == pytest.approx(distance, abs=1e-9)


def test_free_moments_that_were_measured():
    assert free_moment_measured(free(0.11))
    assert not free_moment_measured(free(0.09))


EVENTS = {"touchdown": (TOUCHDOWN, TOUCHDOWN + STEP), "toe_off": (TOE_OFF, TOE_OFF + STEP)}


def check_events(feet, hidden_spans, start=0.0, heel=0.02):
    """Hold what is found against the known events: those far from what is hidden are found."""
    foot_contacts, kind = events(feet)
    landing = min(heel, 0.0)
    assert len(foot_contacts) <= 2
    for name, instants in EVENTS.items():
        for side, instant in enumerate(instants):
            late = landing if name == "touchdown" else 0.00075
            instants_found = [
                getattr(contact, name) for contact in foot_contacts if int(contact.foot) == side
            ]
            instants_found = [
                found_instant for found_instant in instants_found if np.isfinite(found_instant)
            ]
            for found_instant in instants_found:
                assert found_instant + start == pytest.approx(instant + late, abs=0.0025), name
            clear = all(
                instant + late < begin - 0.03 or instant + late > end + 0.03
                for foot, begin, end in hidden_spans if foot in (side, None)
            )  # fmt: skip
            assert instants_found or not clear, (name, side)
    return kind


@pytest.mark.parametrize("first", [0.25, 0.28, 0.35, 0.40])
@pytest.mark.parametrize("marker", range(3))
def test_events_beside_a_hidden_marker(marker, first):
    heel = 0.02 - 0.05 * (first < 0.26)
    check_events(covered(marker, first, first + 0.05, heel), [(0, first, first + 0.05)], heel=heel)


@pytest.mark.parametrize("first", [0.2, 0.25, 0.29, 0.32, 0.36, 0.44])
def test_events_of_a_recording_that_begins_late(first):
    start = round(first * FRAMES)
    check_events(runner()[start:], [(None, -1.0, start / FRAMES)], start / FRAMES)


@pytest.mark.parametrize("last", [0.012, 0.31, 0.40, 0.43, 0.45, 0.50])
def test_events_of_a_recording_that_ends_early(last):
    check_events(runner()[: round(last * FRAMES)], [(None, last, 9.0)])


def test_events_of_odd_steps():
    """A soft heel lands first; one that stops in the air does not; 0.5 m/s is no gait."""
    soft, _ = events(set_down(0.03, 0.3))
    assert 0.2 < soft[0].touchdown < TOUCHDOWN - 0.03
    stopped, kind = events(set_down(0.13, 0.3))
    assert (stopped[0].touchdown, kind) == (pytest.approx(TOUCHDOWN, abs=0.001), "forefoot")
    assert not events(runner(), 0.5)[0]
    smooth, kind = events(low_pass(runner(), FRAMES, 6.0))
    assert np.isnan([contact.touchdown for contact in smooth]).all()
    assert not kind


def test_flights_between_contacts():
    spans = [(1, 0.25, 0.35), (0, 0.0, 0.12), (1, 0.45, 0.55), (0, 0.54, 0.70), (1, 1.01, 1.10)]
    np.testing.assert_allclose(np.ravel(flights([contact(*span) for span in spans])), [0.12, 0.25])
    assert not len(flights([]))


@pytest.mark.parametrize(
    ("belt", "pelvis", "share"),
    [(4.0, 0.0, 1.0), (0.0, 9.0, 0.0), (2.0, 2.0, 0.5), (1.0, -0.2, 1.25)],
)
def test_share_of_the_belt_in_a_run(belt, pelvis, share):
    ahead = np.array([0.8, 0.0, 0.6])
    computed = belt_share(-belt * ahead, pelvis * ahead + [0.0, 0.3, 0.0])
    assert computed == pytest.approx(share)


@pytest.mark.parametrize(
    ("gap", "barrier", "is_filled"),
    [((20, 30), 21.6, False), ((20, 30), 90, True), ((20, 31), 90, False), ((0, 3), 90, False),
     ((57, 60), 90, False), ((1, 4), 90, False), ((2, 4), 90, True), ((20, 24), 18.5, True),
     ((20, 24), 19.5, False), ((20, 24), 23.5, False), ((20, 24), 24.5, True)],
)  # fmt: skip
def test_gaps_of_a_cubic_path(gap, barrier, is_filled):
    """At most ten frames, not at an end, not beside an event; a cubic path comes back."""
    time = np.linspace(-1.0, 1.0, 60)
    path = np.column_stack((time**3 - time, 2 * time**2, 3 - time))
    positions, filled = gapped(gap, barrier)
    inside = (np.arange(60) >= gap[0]) & (np.arange(60) < gap[1])
    np.testing.assert_array_equal(filled[:, 1], inside & is_filled)
    assert not filled[:, 0].any()
    np.testing.assert_allclose(positions[:, 0], path, atol=1e-12)
    np.testing.assert_allclose(positions[~inside, 1], path[~inside], atol=1e-12)
    expected = path[inside] if is_filled else np.full_like(path[inside], np.nan)
    np.testing.assert_allclose(positions[inside, 1], expected, atol=1e-9)


@pytest.mark.parametrize("at", [0.25, 0.6, -0.004])
def test_other_instants_of_a_recording(at):
    """A column that was not measured stays unknown, as does the surrounding of a gap."""
    random = np.random.default_rng(0).normal(size=(100, 2, 3))
    instants = np.linspace(at, at + 0.1, 7)
    values = resampled(np.arange(100) / 100.0, holed(), instants)
    assert np.isnan(values[:, 0, 1]).all()
    unknown = np.isnan(values[:, 1, 2])
    assert unknown.any() == (at == 0.25)
    assert (np.abs(instants[unknown] - 0.3) < 0.05).all()
    on_frames = resampled(np.arange(100) / 100.0, random, np.arange(10, 20) / 100.0)
    np.testing.assert_allclose(on_frames, random[10:20], atol=1e-9)


@pytest.mark.parametrize("at", [-0.006, 0.996])
def test_instants_outside_a_recording_are_refused(at):
    with pytest.raises(ValueError, match="lie outside the recording"):
        resampled(np.arange(100) / 100.0, holed(), np.linspace(at, at + 0.1, 7))


def test_touches_and_dips_of_a_force():
    """Short touches are none, short dips end no contact, and the end of a recording cuts one."""
    crossings = contacts(touches(), 1000.0, 20.0, 0.010)
    np.testing.assert_allclose(crossings.touchdown, [0.299, 0.45, 0.979], atol=0.012)
    assert crossings.complete.tolist() == [True, True, False]
    begun = contacts(touches()[305:], 1000.0, 5.0, 0.008)
    assert begun.complete.tolist() == [False, True, True, True, False]


def test_events_of_markers_against_plates():
    plates = [contact(0, 0.1, 0.2), contact(1, 0.3, 0.4), contact(0, 0.5, 0.6, complete=False)]
    markers = [contact(0, 0.11, 0.19), contact(0, 0.3, 0.4), contact(0, np.nan, 0.21)]
    touchdown, toe_off = event_errors(markers, plates)
    np.testing.assert_allclose(touchdown, [0.01], atol=1e-9)
    np.testing.assert_allclose(np.sort(toe_off), [-0.01, 0.01], atol=1e-9)


LAGS = {
    "itself": 0.0, "late": 47 / 250, "cut": 90 / 250, "short": None, "smooth": 0.0, "half": 0.0,
    "turned": 0.0, "moved": 0.0, "rough": 0.0, "very rough": None, "hidden": 0.0, "slower": None,
    "mirrored": None, "still": None,
}  # fmt: skip
"""Instant at which a copy begins, s; None of what is none."""


def test_copied_recordings_are_detected_after_transformations():
    """From either side; a filter makes smoother, noise rougher, and only one who stands is static.

    Same frames are found by distances alone, which no axes and no mirror change.
    """
    movements = {name: Movement.of(made_run.LABELS, *copy) for name, copy in copies().items()}
    for name, lag in LAGS.items():
        lags = [
            copy_lag(movements["itself"], movements[name]),
            copy_lag(movements[name], movements["itself"]),
        ]
        expected = (
            [None, None] if lag is None else [pytest.approx(x, abs=1e-6) for x in (lag, -lag)]
        )
        assert lags == expected, name
    rough = {name: movement.roughness for name, movement in movements.items()}
    assert rough["smooth"] < rough["itself"] < rough["rough"] < rough["very rough"]
    for name in ("turned", "moved", "mirrored"):
        assert rough[name] == pytest.approx(rough["itself"])
    assert [name for name, movement in movements.items() if movement.static] == ["still"]
    distances = [np.linalg.norm(x - x[:, :1], axis=2)[:, 1:] for x, _ in copies().values()]
    names = list(LAGS)
    complete = ("itself", "turned", "moved", "slower", "mirrored")
    begin = dict.fromkeys(complete, 0) | {"late": 47, "cut": 90}
    pairs = {
        (names[shared.first], names[shared.second]): (
            shared.frames,
            shared.start,
            shared.other_start,
        )
        for shared in shared_frames(distances)
    }
    ends = dict.fromkeys(complete, 485) | {"late": 485, "cut": 260}
    stride = round(2.0 * made_run.STEP * made_run.FRAME_RATE)  # after which distances are the same
    for first, second in combinations([name for name in names if name in begin], 2):
        frames, start, other_start = pairs.pop((first, second))
        assert frames == min(ends[first], ends[second]) - max(begin[first], begin[second])
        offset = start - other_start - begin[second] + begin[first]
        assert offset % stride == 0, (first, second)
    assert {name for pair in pairs for name in pair} <= {*begin, "short", "smooth"}
    assert not any("still" in pair for pair in pairs)


@pytest.mark.parametrize("share", [1.0, 0.05, 0.04])
def test_frames_in_which_a_foot_is_low(share):
    stance = np.zeros((200, 2, 3))
    stance[:, 1, 1] = np.linspace(0.0, 0.6, 200)
    is_low = low_frames(share * stance)
    assert is_low[:, 0].all()
    heights = share * stance[:, 1, 1]
    assert (np.diff(is_low[:, 1].astype(int)) <= 0).all()
    highest = heights[is_low[:, 1]].max(initial=0.0)
    assert highest < 0.03


MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))
LABELS, VERTICAL = made_run.LABELS, 2
COUNT = 60
"""Recordings with two faults."""


@dataclass
class Draft:
    """A recording that is about to be written."""

    points: np.ndarray = field(default_factory=made_run.markers)
    labels: list[str] = field(default_factory=lambda: list(LABELS))
    plates: list[MadePlate] = field(default_factory=made_run.plates)
    axes: np.ndarray = field(default_factory=lambda: made_run.GROUND_TO_VICON)
    rates: list[float] = field(default_factory=lambda: [made_run.FRAME_RATE, made_run.FORCE_RATE])
    trial: dict[str, Any] = field(default_factory=dict)
    laboratory: dict[str, Any] = field(default_factory=dict)

    def columns(self, labels) -> list[int]:
        return [self.labels.index(label) for label in labels if label in self.labels]

    def keep(self, labels) -> None:
        columns = self.columns(labels)
        self.labels, self.points = (
            [self.labels[column] for column in columns],
            self.points[:, columns],
        )


Fault = Callable[[Draft, np.random.Generator], object]
FAULTS: dict[str, Fault] = {}


def fault(change: Fault) -> Fault:
    FAULTS[change.__name__] = change
    return change


def channels(*sizes: float):
    """A fault of the vertical channel of one plate, of one of some sizes."""

    def registered(change: Callable[[np.ndarray, float], np.ndarray]) -> Fault:
        def altered(draft: Draft, rng: np.random.Generator) -> None:
            plate_channels = draft.plates[rng.integers(len(draft.plates))].channels
            plate_channels[:, VERTICAL] = change(
                plate_channels[:, VERTICAL], float(rng.choice(sizes))
            )

        FAULTS[change.__name__] = altered
        return altered

    return registered


@channels(19.5, 20.5, -40.0, 245.0, 255.0)
def offset(vertical, size):
    return vertical - size


@channels(3.0, 15.0, 60.0)
def drift(vertical, size):
    return vertical - np.linspace(0.0, size, len(vertical))


@channels(0.45, 0.8, 0.97)
def clipped(vertical, size):
    return np.clip(vertical, -size * np.abs(vertical).max(), size * np.abs(vertical).max())


@channels(3.0, 11.0, 60.0)
def noise(vertical, size):
    return vertical + np.random.default_rng(1).normal(0.0, size, len(vertical))


@channels(0.0, 0.004, 0.05, 8.0)
def gain(vertical, size):
    return size * vertical


@channels(300.0, 900.0, 60.0)
def loaded(vertical, size):
    """A plate that is always loaded, or hardly ever unloaded."""
    return np.minimum(vertical, -size * (np.arange(len(vertical)) % 200 > 60))


@fault
def sign(draft, rng):
    """Of one plate, or of all."""
    for plate in draft.plates[rng.integers(6) :][: rng.choice([1, 9])]:
        plate.channels *= -1.0


@fault
def unit(draft, rng):
    """Forces, moments or corners of some plates in another unit."""
    factor, quantity = float(rng.choice([1e-3, 1e3])), rng.integers(3)
    for plate in draft.plates[: rng.choice([1, 9])]:
        plate.channels[:, [slice(3), slice(3, 6), slice(0)][quantity]] *= factor
        plate.corners = plate.corners * (factor if quantity == 2 else 1.0)


@fault
def exchanged(draft, rng):
    first, second = (draft.plates[index] for index in rng.choice(6, 2, replace=False))
    first.channels, second.channels = second.channels, first.channels


@fault
def elsewhere(draft, rng):
    plate = draft.plates[rng.integers(6)]
    plate.corners = (
        plate.corners + rng.choice([-150.0, -62.0, -58.0, 40.0, 900.0]) * draft.axes[:, 2]
    )


@fault
def twisted(draft, rng):
    plate_channels = draft.plates[rng.integers(6)].channels
    plate_channels[:, 5] += 1e3 * rng.choice([-0.04, 0.024, 0.028]) * plate_channels[:, VERTICAL]


@fault
def laid(draft, rng):
    """Plates quarter turns round, above or below the floor, or tilted."""
    turns, height, tilt = (int(rng.integers(4)), *rng.choice([0.0, 0.02, -0.1], 2))
    draft.plates = made_run.plates(draft.axes, turns=turns, height=height, tilt=tilt)


@fault
def one_long_plate(draft, rng):
    """All contacts on one plate, as on a belt that stands."""
    middle = [plate.corners.mean(axis=0) for plate in draft.plates]
    front = draft.plates[0].corners[:, None] @ (middle[-1] - middle[0]) > middle[0] @ (
        middle[-1] - middle[0]
    )
    corners = np.where(front, draft.plates[-1].corners, draft.plates[0].corners)
    channels = np.zeros_like(draft.plates[0].channels)
    for plate, centre in zip(draft.plates, middle, strict=True):
        ahead = np.linalg.norm(centre - middle[0]) - 0.5 * np.linalg.norm(middle[-1] - middle[0])
        channels += plate.channels
        channels[:, 3:] += np.cross([ahead, 0.0, 0.0], plate.channels[:, :3])
    draft.plates = [replace(draft.plates[0], corners=corners, channels=channels)]


@fault
def split(draft, rng):
    """A plate in two along the runway; the foot stands on the seam, its load on both."""
    index = int(rng.integers(len(draft.plates)))
    plate = draft.plates.pop(index)
    half = 0.5 * (plate.corners - plate.corners[[1, 0, 3, 2]])
    for share, way in ((0.7, 1.0), (0.3, -1.0)):
        corners = plate.corners.copy()
        corners[[1, 2] if way > 0.0 else [0, 3]] -= way * -half[[0, 3]]
        shift = np.array([way * 0.5 * np.linalg.norm(half[0]), 0.0, 0.0])
        channels = share * plate.channels
        channels[:, 3:] -= np.cross(shift, channels[:, :3])
        draft.plates.insert(index, replace(plate, corners=corners, channels=channels))


@fault
def without(draft, rng):
    """Plates that are not there."""
    draft.plates = draft.plates[: rng.choice([0, 2])]


@fault
def late(draft, rng):
    by = int(rng.choice([-60, 8, 25, 240]))
    for plate in draft.plates:
        plate.channels = np.roll(plate.channels, by, axis=0)


@fault
def slow(draft, rng):
    """Frames or forces at another rate; forces slower than 4 times 30 Hz."""
    by = int(rng.choice([2, 4, 6]))
    if rng.random() < 0.5:
        draft.points, draft.rates[0] = draft.points[::by], draft.rates[0] / by
        for plate in draft.plates:
            plate.channels = plate.channels[: len(draft.points) * 4 * by]
        return
    draft.rates[1] = draft.rates[0]
    for plate in draft.plates:
        plate.channels = plate.channels[::4]


@fault
def hidden(draft, rng):
    """Markers that no camera sees for a while."""
    columns = draft.columns(rng.choice(LABELS, rng.integers(1, 5), replace=False))
    first, length = rng.integers(0, 300), rng.choice([3, 8, 10, 11, 40, 300])
    draft.points[first : first + length, columns] = np.nan


@fault
def hidden_foot(draft, rng):
    side, first = rng.choice(["L", "R"]), int(rng.integers(60, 250))
    of_foot = [label for label in LABELS if label[0] == side and "SI" not in label]
    draft.points[first : first + int(rng.choice([4, 20, 90])), draft.columns(of_foot)] = np.nan


@fault
def absent(draft, rng):
    groups = (("RHEEL",), ("LTOE", "LMT5"), ("RPSI", "LPSI"), ("LASI",), ("RASI", "LPSI", "LMT5"))
    removed = groups[rng.integers(len(groups))]
    draft.keep([label for label in draft.labels if label not in removed])


@fault
def other_sides(draft, rng):
    """Of all labels, of the feet, or of one pair."""
    pairs = [label[1:] for label in LABELS if label[0] == "L"]
    chosen = pairs[int(rng.integers(2, 5)) :] if rng.random() < 0.6 else pairs
    opposite = {"L": "R", "R": "L"}
    draft.labels = [
        opposite[label[0]] + label[1:] if label[1:] in chosen else label for label in draft.labels
    ]


@fault
def flicker(draft, rng):
    frame, marker = rng.integers(5, 400), rng.integers(len(draft.labels))
    draft.points[frame : frame + rng.choice([1, 2, 5]), marker] += rng.choice([0.05, 0.2, 0.6])


@fault
def frames(draft, rng):
    """Lost, or written twice, or the end is not there."""
    at, kind = int(rng.integers(80, 350)), rng.integers(3)
    all_frames = np.arange(len(draft.points))
    picks = (
        np.delete(all_frames, slice(at, at + 6)),
        np.insert(all_frames, at, [at] * 2),
        all_frames[:at],
    )
    draft.points = draft.points[picks[kind]]


@fault
def smooth(draft, rng):
    draft.points = low_pass(draft.points, draft.rates[0], float(rng.choice([6.0, 12.0])))


@fault
def size(draft, rng):
    draft.points *= rng.choice([0.1, 0.6, 1.3, 10.0])


@fault
def trembling(draft, rng):
    draft.points += rng.normal(0.0, rng.choice([0.003, 0.02, 0.2]), draft.points.shape)


@fault
def turned(draft, rng):
    """The laboratory's other axes, or a runway across them by so many degrees."""
    angle = np.radians(rng.choice([0.0, 20.0, 45.0]))
    about = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    axes = (np.eye(3), np.eye(3)[[2, 0, 1]] * [[-1], [-1], [1]], made_run.GROUND_TO_VICON)
    draft.axes = axes[rng.integers(3)] @ about
    draft.plates = made_run.plates(draft.axes)


@fault
def backward(draft, rng):
    """The runner goes the other way than the pelvis faces, or up and down."""
    draft.points[..., rng.integers(2)] *= -1.0


@fault
def belt(draft, rng):
    speed = float(rng.choice([made_run.SPEED, 4.0]))
    time = np.arange(len(draft.points)) / draft.rates[0]
    draft.points[..., 0] -= speed * time[:, None]
    draft.trial["belt_speed_mps"] = [None, speed, speed + 1.0][rng.integers(3)]


@fault
def surface(draft, rng):
    draft.laboratory["surface"] = ["overground", "treadmill"][rng.integers(2)]


@fault
def stated(draft, rng):
    """Axes that are right, and some that are not."""
    statements = ({"forward": "+y", "up": "+z"}, {"forward": "+x", "up": "+y"},
             {"forward": "-y", "up": "+z"})  # fmt: skip
    draft.laboratory["axes"] = statements[rng.integers(3)]


@fault
def ignored(draft, rng):
    draft.laboratory |= {"ignore_plates": (2, 3), "ignore_markers": ("RMT5", "LASI")}
    draft.laboratory["force_delay_s"] = 0.01


@fault
def used(draft, rng):
    draft.trial["end_s"] = float(rng.choice([0.4, 1.2]))


@fault
def still(draft, rng):
    """A person who stands, or moves, in a static trial."""
    frame = int(rng.integers(80, 120))
    if rng.random() < 0.7:
        draft.points = np.repeat(draft.points[frame : frame + 1], len(draft.points), axis=0)
        for plate in draft.plates:
            plate.channels = 0.0 * plate.channels + plate.channels[4 * frame]
    draft.trial["task"] = "static"


def prepared(names, seed: int, path: Path):
    """Prepared data of a recording with some faults, and its findings."""
    draft, rng = Draft(), np.random.default_rng(seed)
    order = sorted(names, key=lambda name: name not in ("turned", "laid"))  # these write plates
    for name in order:
        FAULTS[name](draft, rng)
    points = 1e3 * draft.points @ draft.axes.T
    samples = round(len(points) * draft.rates[1] / draft.rates[0])
    for plate in draft.plates:
        plate.channels = np.resize(plate.channels, (samples, 6))
    write_c3d(path, draft.labels, points, tuple(draft.rates), tuple(draft.plates))
    row = {"participant_id": "P", "trial_id": "t", "task": "run", "file": path.name} | draft.trial
    trial, notes = Trial.model_validate(row), Notes("t", "P", path.name, path.name)
    laboratory = Laboratory.model_validate(draft.laboratory)
    recording = read_recording(path)
    trial_prepared = prepare_trial(recording, trial, MARKER_SET, laboratory, Prepare(), notes)
    data = prepared_dataset(trial_prepared, 20.0)
    lengths = Lengths.of(trial_prepared.labels, trial_prepared.markers)
    height = pelvis_height(trial_prepared.labels, trial_prepared.markers, MARKER_SET)
    return {
        "said": [vars_of(finding) for finding in notes.findings],
        "numbers": trial_numbers(trial_prepared, trial, 0.5),
        "heights": (height or np.nan, stance_height(trial_prepared, MARKER_SET) or np.nan),
        "lengths": compare_lengths([lengths, Lengths.of(LABELS, 1.01 * made_run.markers())]),
        "data": {str(name): data[name].values for name in sorted(data.variables, key=str)},
        "attributes": dict(data.attrs),
    }  # fmt: skip


def vars_of(finding):
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "what": f"{finding.what} {finding.where} {finding.fix}",
    }


@pytest.fixture(scope="module")
def drawn_recordings(tmp_path_factory):
    """Every fault by itself, and pairs of faults: what is prepared, or the words of a refusal."""
    rng, folder = np.random.default_rng(11), tmp_path_factory.mktemp("drawn")
    names = sorted(FAULTS)
    sets = [(), *((name,) for name in names)]
    sets += [tuple(rng.choice(names, 2, replace=False)) for _ in range(COUNT)]
    outcomes = {}
    for number, faults in enumerate(sets):
        try:
            outcomes[number, faults] = prepared(faults, number, folder / "run.c3d")
        except (ValueError, AqbioError) as error:
            outcomes[number, faults] = " ".join(str(error).split())
    return outcomes


def test_words_about_faulty_recordings(drawn_recordings):
    """Each sentence once, with the first faults that give it."""
    lines = {}
    for (_, faults), outcome in drawn_recordings.items():
        sentences = [f"refused: {outcome}"] if isinstance(outcome, str) else [
            f"{finding['severity']} {finding['rule']}: {' '.join(finding['what'].split())}"
            for finding in outcome["said"]
        ]  # fmt: skip
        for sentence in sentences:
            lines.setdefault(sentence, " and ".join(faults) or "sound")
    assert differences("recordings", [f"{name}: {line}" for line, name in lines.items()]) == []


OTHER_TIMES = {"late", "slow", "frames", "ignored", "used", "backward", "still"}
"""Faults that move forces in time, or the instants of all frames."""
OTHER_LOADS = {
    "offset", "drift", "clipped", "noise", "gain", "loaded", "exchanged", "elsewhere", "twisted",
    "without", "unit", "belt", "size",
}  # fmt: skip
"""Faults of a plate: its contacts and loads may be others."""
OTHER_FEET = {"other_sides", "hidden_foot", "absent", "trembling", "smooth", "hidden", "flicker"}
"""Faults of markers, by which a contact may belong to the other foot, or to none."""
OTHER_AXES = {"turned", "stated", "laid"}
"""Faults by which axes, plates or heading differ: vertical loads are the same."""


def _sound(drawn_recordings, without=frozenset()):
    """Prepared recordings with contacts on plates and no fault of some kinds."""
    for (_, faults), outcome in drawn_recordings.items():
        if isinstance(outcome, str) or set(faults) & without:
            continue
        if outcome["data"]["contact_foot"].size and outcome["attributes"]["events"] == "plates":
            yield faults, outcome


def test_contacts_of_drawn_recordings_are_the_known_ones(drawn_recordings):
    """Unless a fault moves the forces: instants at 20 N of half sines, and feet by the markers.

    Nearly 0.4 ms after touchdown and before toe-off; the filter of forces and samples add less
    than 1 ms.
    """
    late = made_run.CONTACT / np.pi * np.arcsin(20.0 / PEAK_N)
    true_contacts = made_run.known_contacts()
    checked = 0
    for faults, outcome in _sound(drawn_recordings, OTHER_TIMES | OTHER_LOADS):
        data = outcome["data"]
        for number, foot in enumerate(data["contact_foot"]):
            begin, end = (data[f"contact_{name}"][number] for name in ("touchdown", "toe_off"))
            near = min(true_contacts, key=lambda contact, at=begin: abs(contact.touchdown - at))
            assert begin == pytest.approx(near.touchdown + late, abs=1e-3), faults
            assert end == pytest.approx(near.toe_off - late, abs=1e-3), faults
            if not set(faults) & OTHER_FEET:
                assert foot == near.side, faults
            checked += 1
        if not set(faults) & OTHER_FEET:
            assert len(data["contact_foot"]) == made_run.STEPS, faults
    assert checked > 60


PEAK_N = made_run.MASS * GRAVITY * made_run.STEP / made_run.CONTACT * np.pi / 2.0
"""Largest vertical force of a contact of `made_run`, N."""


def test_impulses_of_drawn_recordings_are_the_known_ones(drawn_recordings):
    """A low-pass filter keeps impulses: of each contact, weight times step time, at its place."""
    vertical = made_run.MASS * GRAVITY * made_run.STEP
    checked = 0
    for faults, outcome in _sound(drawn_recordings, OTHER_TIMES | OTHER_LOADS | OTHER_FEET):
        data = outcome["data"]
        for contact in made_run.known_contacts():
            foot = ("left", "right").index(contact.side)
            during = np.abs(data["time"] - contact.touchdown - 0.06) < 0.17
            force, moment = (
                np.trapezoid(data[name][during, foot], data["time"][during], axis=0)
                for name in ("foot_force", "foot_moment")
            )
            assert force[1] == pytest.approx(vertical, rel=2e-3), faults
            if set(faults) & OTHER_AXES:
                continue
            side = 0.04 if contact.side == "left" else -0.04
            expected = vertical * np.array([0.0, 1.0, side])
            np.testing.assert_allclose(force, expected, atol=0.003 * vertical, err_msg=str(faults))
            about = np.cross(contact.position, expected) + 0.004 * vertical * np.eye(3)[1]
            limit = 0.005 * vertical * np.linalg.norm(contact.position)
            np.testing.assert_allclose(moment, about, atol=limit, err_msg=str(faults))
            checked += 1
    assert checked >= 12


def test_a_sound_recording_is_the_known_run(drawn_recordings):
    """Positions, peaks and mean force of strides; heights and event errors by name."""
    _, outcome = next(_sound(drawn_recordings))
    data, numbers = outcome["data"], outcome["numbers"]
    np.testing.assert_allclose(data["marker_raw"], made_run.markers(), atol=2e-6)
    np.testing.assert_allclose(data["contact_peak"], PEAK_N, rtol=1e-4)
    assert numbers["peak_n"] == pytest.approx(PEAK_N, rel=1e-4)
    np.testing.assert_allclose(numbers["stride_masses_kg"], made_run.MASS, rtol=1e-3)
    during = np.abs(data["force_time"] - made_run.FIRST - 0.06) < 0.04
    true = made_run.pressure(made_run.known_contacts()[0], data["force_time"][during])
    np.testing.assert_allclose(data["foot_cop"][during, 0], true, atol=2e-3)
    assert not data["marker_filled"].any()
    errors = numbers["kinematic_errors"]
    values = {
        "sound run: height of the pelvis": outcome["heights"][0],
        "sound run: height of the pelvis in stance": outcome["heights"][1],
        "sound run: touchdown by markers, median error": np.median(errors["touchdown_s"]),
        "sound run: toe-off by markers, median error": np.median(errors["toe_off_s"]),
    }
    check_references("prepare", values)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_run_in_other_laboratories(seed, drawn_recordings, tmp_path):
    """Axes of other laboratories, and runways across them: the same contacts, sizes, heights."""
    _, sound = next(_sound(drawn_recordings))
    try:
        outcome = prepared(("turned",), seed, tmp_path / "run.c3d")
    except AqbioError as error:
        assert "the pelvis moves diagonally (" in str(error)  # noqa: PT017
        return
    ours, theirs = sound["data"], outcome["data"]
    assert theirs["contact_foot"].tolist() == ours["contact_foot"].tolist()
    for name in ("contact_touchdown", "contact_toe_off", "contact_peak"):
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-5)
    np.testing.assert_allclose(outcome["heights"], sound["heights"], atol=1e-5)
    for name, limit in (("foot_force", 0.02), ("marker_raw", 1e-5)):
        np.testing.assert_allclose(theirs[name][..., 1], ours[name][..., 1], atol=limit)
        sizes = [np.linalg.norm(data[name], axis=-1) for data in (theirs, ours)]
        np.testing.assert_allclose(*sizes, atol=limit)
    rotation = Rotation.align_vectors(theirs["marker_raw"][:, 0], ours["marker_raw"][:, 0])[0]
    np.testing.assert_allclose(
        rotation.apply(ours["foot_force"].reshape(-1, 3)),
        theirs["foot_force"].reshape(-1, 3), atol=0.05,
    )  # fmt: skip
    angle = rotation.as_rotvec()[1]
    assert abs(outcome["attributes"]["heading"]) == pytest.approx(abs(angle), abs=1e-3)


@pytest.mark.parametrize("names", [("split",), ("one_long_plate",)])
def test_the_same_contacts_on_other_plates(names, tmp_path):
    """A foot on a seam, all feet on one plate: each foot's load is whole."""
    sound, on_other_plates = (
        prepared(faults, 5, tmp_path / "run.c3d")["data"] for faults in ((), names)
    )
    assert on_other_plates["contact_foot"].tolist() == sound["contact_foot"].tolist()
    for name, limit in (("contact_touchdown", 1e-3), ("foot_force", 1.0), ("foot_moment", 20.0)):
        np.testing.assert_allclose(on_other_plates[name], sound[name], atol=limit)


UNKNOWN = np.full(3, np.nan)


def laboratories():
    """All 24 right-handed ways to lay axes into a room."""
    signed = (
        np.eye(3)[list(order)] * np.array(signs)[:, None]
        for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3))
    )
    return [axes for axes in signed if np.linalg.det(axes) > 0]


@pytest.mark.parametrize("travel", [(11.8, 0.1, -0.5), (0.1, 0.0, 0.05)])
def test_every_laboratory_is_recognised(travel):
    """On a runway from the path, on a treadmill from the pelvis's orientation; else doubted."""
    for to_ground in laboratories():
        clues = [(-0.05, 0.9, 0.02), (0.15, 0.03, 0.01), travel]
        plates = [(0.0, 1.0, 0.01), (80.0, 900.0, 30.0)]
        body, facing, path = (to_ground.T @ np.array(clue) for clue in clues)
        normal, force = (np.abs(to_ground.T @ np.array(clue)) for clue in plates)
        axes = detected_axes(Clues(body, facing, path, normal, force))
        np.testing.assert_array_equal(axes.matrix, to_ground)
        assert not axes.doubts
        if travel[0] > 1.0:
            tilted = Clues(body, facing, path, to_ground.T @ np.array([1.0, 0.0, 0.1]), force)
            assert "normals lie along" in " ".join(detected_axes(tilted).doubts)


SIDED = {
    "asis": (0.10, 1.00, 0.12), "psis": (-0.08, 1.03, 0.05), "knee": (0.01, 0.52, 0.16),
    "knee_medial": (0.01, 0.52, 0.06), "ankle": (-0.02, 0.09, 0.14), "heel": (-0.08, 0.05, 0.10),
    "mt1": (0.12, 0.06, 0.07), "mt5": (0.08, 0.04, 0.16), "toe": (0.19, 0.03, 0.10),
    "shoulder": (-0.02, 1.48, 0.19), "elbow": (-0.02, 1.16, 0.24), "wrist": (0.02, 0.90, 0.24),
}  # fmt: skip


MIDDLE = {"c7": (-0.10, 1.52, 0.0), "chest": (0.09, 1.30, 0.0)}
CLOSE = 0.02


AXES = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", ["origin", "growing", "equal", "called axes"])
@pytest.mark.parametrize("digit", [1e-7, 1e-5, 5e-5])
def test_axes_and_middles_that_other_software_computed(seed, form, digit):
    """Beside markers on skin, a cluster that software made rigid, and a straight wand."""
    random = np.random.default_rng(seed)
    time = np.linspace(0.0, 1.0, 200)
    turn = Rotation.from_rotvec(np.outer(np.sin(5.0 * time), random.normal(size=3)))
    origin = np.outer(5.0 * time, [1.0, 0.0, 0.0]) + random.uniform(-1.0, 1.0, 3)

    def worn(local):
        return origin[:, None] + np.stack([turn.apply(point) for point in local], axis=1)

    lengths = random.uniform(0.05, 0.2, 3) if form != "equal" else np.full(3, 0.11)
    grow = 1.0 + 0.02 * np.sin(9.0 * time) if form == "growing" else np.ones(len(time))
    tip = grow[:, None, None] * (worn(AXES * [[0.0], *lengths[:, None]]) - origin[:, None])
    tip = (tip + origin[:, None])[:, 1 if form in ("equal", "called axes") else 0 :]
    skin = worn(random.uniform(-0.2, 0.2, (6, 3))) + random.normal(0.0, 1e-3, (200, 6, 3))
    wand = np.linspace([0.1, 0.2, 0.0], [0.3, 0.1, 0.1], 3)
    rigid = worn(np.concatenate((random.uniform(-0.2, 0.2, (5, 3)), wand)))
    share = random.uniform(0.2, 0.8)
    middle = share * skin[:, :1] + (1.0 - share) * skin[:, 1:2]
    points = np.round(np.concatenate((tip, middle, skin, rigid), axis=1) / digit) * digit
    axis_triples = {frozenset(range(3))} if form == "called axes" else set()
    assert computed_points(points, axis_triples) == set(range(tip.shape[1] + 1))


EVERY_LABEL = ("RHip", "LHip", "RHeel", "RBigToe", "LHeel", "LBigToe")
LABEL_POSITIONS = np.array([0.1, 1.0, 0.1]) * [
    [0, 0.9, 1], [0, 0.9, -1], [-1, 0, 1], [1, 0, 1], [-1, 0, -1], [1, 0, -1]
]  # fmt: skip
SET = proposed_set("video", [], [(*EVERY_LABEL, "RKnee", "LKnee")], chosen_model(None)).marker_set


def test_a_pelvis_needs_spines_or_both_hips():
    with pytest.raises(ValueError, match="give labels in front and behind, or those of both hips"):
        MarkerSet.model_validate({**SET.model_dump(), "pelvis": {"front": ["RHip"]}})


@pytest.mark.parametrize("frames", [1, 2])
def test_a_run_of_one_frame_is_refused_and_a_static_trial_is_not(frames):
    recording = Recording(("A", "B"), np.ones((frames, 2, 3)), 100.0)
    notes = Notes("fast", "P1", "fast.trc", "fast.trc")
    trials = {
        task: Trial(participant_id="P1", trial_id="fast", task=task, file="fast.trc")
        for task in ("run", "static")
    }
    check_task(recording, trials["static"], notes)
    with refused("task", "holds one frame: no movement is seen") if frames == 1 else nullcontext():
        check_task(recording, trials["run"], notes)
