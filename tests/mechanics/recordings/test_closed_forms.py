"""Mass, clock, movement, signals and events of recordings: closed forms and limits.

Whole recordings with faults, and what is said of them, are in `test_drawn.py`.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import butter, sosfiltfilt

from aqbio.body.statements import Measurement, verdict
from aqbio.io.movement import (
    BODY_ACCELERATION,
    LONGEST_REST,
    breaks,
    constant_stretches,
    flickers,
    frozen_positions,
    jumps,
    quiet_window,
)
from aqbio.names import GRAVITY
from aqbio.recordings.body_size import standing_mass, stride_masses
from aqbio.recordings.clock import falls, flights, force_delay, marked_height
from aqbio.recordings.contact_findings import Slope, free_moment_measured, free_moment_slope
from aqbio.recordings.contacts import (
    EVENT_CUTOFF_MIN,
    FootContact,
    contacts,
    edge_distance,
    event_error,
    event_force,
)
from aqbio.recordings.events_from_markers import event_errors, kinematic_contacts, strike
from aqbio.recordings.ground import belt_share, low_frames
from aqbio.signals import (
    design_cutoff,
    fill_gaps,
    joined,
    low_pass,
    quintic_spline,
    resampled,
    runs,
    shrunk,
)
from tests.golden import differences
from tests.mechanics.examples import answers
from tests.stages import made_run

# synchrony ---------------------------------------------------------------------------------------

DELAY_TIME = np.arange(0.0, 1.6, 0.004)


@pytest.mark.parametrize("delay", [-0.06, -0.03, -0.0085, -0.002, 0.0, 0.0033, 0.03, 0.06])
def test_planted_delay_is_found(delay):
    """A parabola through three samples of a smooth peak is off by less than a tenth of a sample.

    60 ms, where 40 are looked for: late or early, nobody knows by how much.
    """

    def half_sines(time):
        phase = np.mod(time, 0.23)
        return np.where(phase < 0.12, 2000.0 * np.sin(np.pi * phase / 0.12), 0.0)

    found = force_delay(DELAY_TIME, half_sines(DELAY_TIME - delay), half_sines(DELAY_TIME))
    expected = delay if abs(delay) < 0.04 else np.copysign(np.inf, delay)
    assert found == pytest.approx(expected, abs=0.0004)


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
def test_centre_of_mass_falls_whatever_the_segments_do(gravity, factor):
    """A wrong rate changes the fall by its square; a part of the body does not fall freely."""
    spans = np.array([[0.0, 0.15], [0.05, 0.19]]) / factor
    found = falls(falling(gravity), 200.0 * factor, SEGMENT, MASS, spans)
    np.testing.assert_allclose(found, factor**2 * gravity, rtol=1e-9)
    part = falls(falling()[:, :2], 200.0, SEGMENT[:2], MASS[:1], np.array([[0.0, 0.15]]))
    assert abs(part[0] - 9.81) > 5.0


# signals -----------------------------------------------------------------------------------------


@given(arrays(np.bool_, st.integers(0, 40)), st.integers(1, 6))
def test_runs_of_masks(mask, shortest):
    """They rebuild it; joined leaves no short inner hole; shrunk takes what is near a hole."""
    rebuilt, filled = np.zeros_like(mask), joined(mask, shortest)
    for start, stop in runs(mask):
        rebuilt[start:stop] = True
    np.testing.assert_array_equal(rebuilt, mask)
    assert np.all(filled >= mask)
    inner = [(a, b) for a, b in runs(~filled) if a > 0 and b < len(mask)]
    assert all(b - a >= shortest for a, b in inner)
    near = [mask[max(i - shortest, 0) : i + shortest + 1].all() for i in range(len(mask))]
    np.testing.assert_array_equal(shrunk(mask, shortest), near)


@pytest.mark.parametrize(("frames", "rate", "cutoff"), [(2, 250.0, 20.0), (700, 1000.0, 6.0)])
def test_it_is_the_filter_of_signal_processing(frames, rate, cutoff):
    """SciPy's second-order sections, there and back, with odd padding."""
    signal = np.random.default_rng(7).normal(size=(frames, 4)).cumsum(axis=0)
    sections = butter(2, design_cutoff(rate, cutoff), fs=rate, output="sos")
    length = min(int(np.ceil(3.0 * rate / cutoff)), frames - 1)
    expected = sosfiltfilt(sections, signal, axis=0, padtype="odd", padlen=length)
    np.testing.assert_allclose(low_pass(signal, rate, cutoff), expected, atol=1e-11)


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
        found = np.array([theirs.calcDerivative(parts, opensim.Vector(1, float(x))) for x in at])
        expected = quintic_spline(time, values).derivative(order)(at)
        np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


# events of forces --------------------------------------------------------------------------------


def half_sine(time, start, stop):
    on = (time >= start) & (time <= stop)
    return np.where(on, 2000.0 * np.sin(np.pi * (time - start) / (stop - start)), 0.0)


@pytest.mark.parametrize("rate", [600.0, 1000.0, 1500.0])
def test_crossing_is_found_between_samples(rate):
    """Truth and chord lie between the same two samples; the curve is nearly straight there."""
    time, spans = np.arange(int(2.0 * rate)) / rate, [(0.3003, 0.4207), (0.6509, 0.7701)]
    found = contacts(sum(half_sine(time, *one) for one in spans), rate, 20.0, 0.010)
    for (start, stop), on, off in zip(spans, found.touchdown, found.toe_off, strict=True):
        late = (stop - start) / np.pi * np.arcsin(20.0 / 2000.0)
        assert (on, off) == pytest.approx((start + late, stop - late), abs=0.5 / rate)
    assert found.complete.all()


# free moments ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_reversed_sign_is_told_and_a_right_one_is_not(seed):
    """Residuals of other causes half as large as the free moment, five contacts."""
    rng, phase = np.random.default_rng(seed), np.linspace(0.0, 1.0, 25)
    shapes = np.stack([np.sin((k + 1) * np.pi * phase) for k in range(3)])
    true = np.ravel(10.0 * (shapes[0] + 0.3 * rng.standard_normal((5, 1)) * shapes[1]))
    other = np.ravel(2.0 * rng.standard_normal((5, 3)) @ shapes)
    number = np.repeat(np.arange(5), 25)
    right = free_moment_slope(other, true, number)
    assert abs(right.value) < 4 * max(right.error, 0.02)
    assert not right.reversed
    wrong = free_moment_slope(other + 2.0 * true, -true, number)
    assert wrong.value == pytest.approx(-2.0 - right.value)
    assert wrong.reversed


# events of markers -------------------------------------------------------------------------------

FRAMES, SPEED, SECONDS = 250.0, 8.0, 1.2
TOUCHDOWN, TOE_OFF, STEP = 0.302, 0.424, 0.24
STILL = np.zeros(3)


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
    found = kinematic_contacts(turned, rate, velocity, SPEED)
    landing = TOUCHDOWN + min(heel, 0.0)
    touchdowns = [one.touchdown for one in found]
    np.testing.assert_allclose(touchdowns, [landing, landing + STEP], atol=0.1 / rate)
    if rate > 200.0:
        assert found[0].toe_off == pytest.approx(TOE_OFF, abs=0.001)
    assert strike(feet, rate, found) == ("heel" if heel < 0.0 else "forefoot")
    for one, other in zip(found, kinematic_contacts(feet, rate, STILL, SPEED), strict=True):
        assert one.touchdown == pytest.approx(other.touchdown, abs=1e-9)
        assert one.toe_off == pytest.approx(other.toe_off, abs=1e-9)


def hidden(marker: int, first: float, last: float, heel: float = 0.02) -> np.ndarray:
    feet = runner(heel=heel)
    feet[round(first * FRAMES) : round(last * FRAMES), 0, marker] = np.nan
    return feet


def laid(level: float, sink: float) -> np.ndarray:
    """The heel is set down softly before the forefoot slaps the ground, or stopped in the air."""
    feet = runner()
    time = np.arange(len(feet)) / FRAMES
    share = np.clip((TOUCHDOWN - 0.05 - time) / 0.15, 0.0, 1.0)
    soft = level + sink * share**2 * (3.0 - 2.0 * share)
    feet[:, 0, 0, 1] = np.where(time < TOUCHDOWN + 0.02, soft, feet[:, 0, 0, 1])
    return feet


def events(feet, speed=SPEED):
    found = kinematic_contacts(feet, FRAMES, STILL, speed)
    return found, strike(feet, FRAMES, found)


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
    together = np.random.default_rng(seed).normal(0.0, size, (len(path), 5, 3))
    return path + np.repeat(together, path.shape[1] // 5, axis=1)


def jumping(beyond: float) -> np.ndarray:
    """A body that jumps with a share of the acceleration from which frames must be missing."""
    path = 1e-4 * np.random.default_rng(1).standard_normal((100, 12, 3))
    path[50:, :, 1] += beyond * BODY_ACCELERATION / 100.0**2
    return path


def flickering(length: int, size: float) -> np.ndarray:
    path = made_run.markers()
    for marker, first in ((0, 40), (5, 110), (8, 200), (8, 230)):
        path[first : first + length, marker, 1] += size
    return path


def held(digit: float) -> np.ndarray:
    """Four markers held forward, backward or to the end; feet rest in the last digit."""
    random = np.random.default_rng(2)
    path = np.round((whole_body() + random.normal(0.0, 2e-4, whole_body().shape)) / digit) * digit
    for way, marker in enumerate(random.choice(path.shape[1], 4, replace=False)):
        first, length = int(random.integers(4, 300)), int(random.integers(6, 20))
        last = len(path) if way == 2 else first + length
        path[first:last, marker] = path[last if way == 1 else first - 1, marker]
    return path


def resting(seconds: float) -> np.ndarray:
    values = np.sin(0.07 * np.arange(200))
    values[50 : 51 + round(seconds * 100.0)] = values[50]
    return values[:, None]


def landing(rate: float) -> np.ndarray:
    """20 m/s in swing, stopped within 15 ms at touchdown: 1300 m/s²."""
    time = np.arange(0.0, 0.4, 1.0 / rate)
    path = np.zeros((len(time), 1, 3))
    path[:, 0, 0] = np.cumsum(np.clip(20.0 * (0.2 - time) / 0.015, 0.0, 20.0)) / rate
    return path


def lost(count: int, size: float) -> np.ndarray:
    return np.delete(whole_body(size, 3), slice(101, 101 + count), axis=0)


def touches() -> np.ndarray:
    """Forces that touch, dip, are cut by the end, and lie just on the threshold, N."""
    force = np.zeros(1000)
    force[100:108], force[300:500], force[700:710], force[980:] = 300.0, 1000.0, 20.0, 800.0
    force[390:398], force[450:461] = 5.0, 5.0
    return force


def marked(mass: float) -> np.ndarray:
    """3 of 3.32 kg are 90.4 %, 3 of 3.34 kg are 89.8 %; one lost frame loses a marker."""
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


def examples():
    """Every situation and what is found in it, on both sides of limits."""
    spread = (94.9, 95.1, 104.9, 105.1, 110.0, 110.2)
    for name, force in STANDING.items():
        yield name, lambda force=force: standing_mass(np.stack(force, axis=1), 1e3, 0.5)
    for name, (how, own, feet, whole) in STRIDES.items():
        force, spans = running(**how)
        yield name, lambda a=(force, 1e3, feet, spans[own], whole): stride_masses(*a)
    for one in product(spread, spread):
        yield one, lambda one=one: verdict(100.0, [Measurement(x, 5.0, "a") for x in one])
    for one in spread:
        yield one, lambda one=one: verdict(100.0, [Measurement(one, 5.0, "a")])
    sides = [Measurement(80.0, 19.0, "a"), Measurement(120.0, 19.0, "b")]
    yield "both sides", lambda: verdict(100.0, sides)
    for mass in (0.32, 0.34):
        yield f"marked {mass}", lambda mass=mass: marked(mass)
    for count, size in ((1, 0.0), (2, 0.0), (20, 0.0), (2, 0.002), (0, 0.006), (0, 0.02)):
        yield f"lost {count} {size}", lambda a=(count, size): breaks(lost(*a))
    for beyond in (0.9, 1.1):
        yield f"jumps {beyond}", lambda beyond=beyond: jumps(jumping(beyond), 100.0)
    for one in product((1, 2, 3, 4), (0.05, 0.15, 0.5)):
        yield f"flickers {one}", lambda one=one: np.argwhere(flickers(flickering(*one), 250.0))
    for rate in (50.0, 250.0, 1000.0):
        yield f"lands at {rate}", lambda rate=rate: flickers(landing(rate), rate).any()
    for digit in (1e-6, 1e-4, 1e-3):
        yield f"held {digit}", lambda digit=digit: frozen_positions(held(digit))
        yield f"round {digit}", lambda d=digit: frozen_positions(np.round(whole_body() / d) * d)
    for over in (0.0, 0.01):
        yield f"rests {over}", lambda at=LONGEST_REST + over: constant_stretches(resting(at), 1e2)
    quiet = np.where(np.arange(50)[:, None, None] < 30, np.sin(np.arange(50))[:, None, None], 0.0)
    quiet = np.concatenate([quiet, np.where(np.arange(50)[:, None, None] < 40, 0, np.nan)], axis=1)
    yield "quiet", lambda: quiet_window(quiet * np.ones(3), rate=10.0, seconds=1.0)
    for rate, cutoff in product((3.9 * EVENT_CUTOFF_MIN, 4.1 * EVENT_CUTOFF_MIN, 2e3), (70, 150.0)):
        whole = half_sine(np.arange(int(2.0 * rate)) / rate, 0.3, 0.42)
        yield f"cut off {rate} {cutoff}", lambda a=(whole, rate, cutoff): event_force(*a)
        yield f"event error {rate} {cutoff}", lambda a=(rate, cutoff): event_error(*a)
    for along in (-0.01, 0.0, 0.01, 0.58, 0.601, 0.62, 1.182, 1.19, 1.202, 1.21):
        yield f"edge {along}", lambda along=along: on_row(along)
    for largest in (0.09, 0.11):
        yield f"free {largest}", lambda one=largest: free_moment_measured(free(one))
    for count, error in product((2, 3, 4, 11), np.arange(0.2, 0.7, 0.05)):
        yield f"slope {count} {error:.2f}", lambda a=(-2.0, error, count): Slope(*a).reversed
    for marker, first in product(range(3), (0.25, 0.28, 0.35, 0.40)):
        feet = hidden(marker, first, first + 0.05, heel=0.02 - 0.05 * (first < 0.26))
        yield f"hidden {marker} {first}", lambda feet=feet: events(feet)
    for first in (0.2, 0.25, 0.29, 0.32, 0.36, 0.44):
        yield f"from {first}", lambda one=first: events(runner()[round(one * FRAMES) :])
    for last in (0.012, 0.31, 0.40, 0.43, 0.45, 0.50):
        yield f"until {last}", lambda one=last: events(runner()[: round(one * FRAMES)])
    yield "smooth", lambda: events(low_pass(runner(), FRAMES, 6.0))
    yield "laid flat", lambda: events(laid(0.03, 0.3))
    yield "stopped in the air", lambda: events(laid(0.13, 0.3))
    yield "slow", lambda: events(runner(), 0.5)
    spans = [(1, 0.25, 0.35), (0, 0.0, 0.12), (1, 0.45, 0.55), (0, 0.54, 0.70), (1, 1.01, 1.10)]
    yield "flights", lambda: [flights([contact(*one) for one in spans]), flights([])]
    for belt, pelvis in ((4.0, 0.0), (0.0, 9.0), (2.0, 2.0), (1.0, -0.2)):
        ahead = np.array([0.8, 0.0, 0.6])
        own = -belt * ahead, pelvis * ahead + [0.0, 0.3, 0.0]
        yield f"belt {belt} {pelvis}", lambda own=own: belt_share(*own)
    for gap, barriers in product(((20, 30), (20, 31), (0, 3), (57, 60), (1, 4)), (21.6, 19.5, 90)):
        yield f"gap {gap} {barriers}", lambda a=(gap, barriers): gapped(*a)
    for gap, barriers in product(((20, 24), (2, 4)), (18.5, 19.5, 21.6, 23.5, 24.5)):
        yield f"gap {gap} {barriers}", lambda a=(gap, barriers): gapped(*a)
    for at in (0.25, 0.6, -0.006, -0.004, 0.996):
        yield (
            f"at {at}",
            lambda at=at: resampled(np.arange(100) / 100.0, holed(), np.linspace(at, at + 0.1, 7)),
        )
    yield "forces", lambda: contacts(touches(), 1000.0, 20.0, 0.010)
    yield "forces that begin", lambda: contacts(touches()[305:], 1000.0, 5.0, 0.008)
    plates = [contact(0, 0.1, 0.2), contact(1, 0.3, 0.4), contact(0, 0.5, 0.6, complete=False)]
    markers = [contact(0, 0.11, 0.19), contact(0, 0.3, 0.4), contact(0, np.nan, 0.21)]
    yield "compared", lambda: event_errors(markers, plates)
    stance = np.zeros((200, 2, 3))
    stance[:, 1, 1] = np.linspace(0.0, 0.6, 200)
    for share in (1.0, 0.05, 0.04):
        yield f"low {share}", lambda share=share: low_frames(share * stance)


def test_what_is_found_is_what_it_was():
    assert differences("signals", answers(dict(examples()))) == []
