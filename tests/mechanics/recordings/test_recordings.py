"""Mass, clock, frames, signals and statements: closed forms, and what was planted comes back."""

from __future__ import annotations

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
from aqbio.recordings.contacts import FootContact
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
from tests.stages import made_run

# body mass ---------------------------------------------------------------------------------------

RATE = 1000.0
WEIGHT = 75.0 * GRAVITY


def test_quiet_part_of_a_static_trial_is_used():
    rng = np.random.default_rng(1)
    force = WEIGHT + rng.normal(0, 3, 4000)
    force[:800] = 0.0  # before stepping on
    force[800:1400] += 300.0 * np.sin(np.arange(600) / 40)  # while stepping on
    assert standing_mass(force[:, None], RATE, 0.5) == pytest.approx(75.0, rel=0.003)


@pytest.mark.parametrize("empty", [-40.0, -14.0, 14.0])
def test_empty_plates_weigh_nothing(empty):
    """What a plate reads that nobody stands on is no weight; 16 N may be the edge of a shoe."""
    both = np.column_stack((np.full(2000, WEIGHT), np.full(2000, empty)))
    assert both.sum(axis=1).mean() / GRAVITY != pytest.approx(75.0, rel=0.01)  # the danger
    assert standing_mass(both, RATE, 0.5) == pytest.approx(75.0, rel=1e-9)
    two_feet = np.column_stack((np.full(2000, WEIGHT - 16.0), np.full(2000, 16.0)))
    assert standing_mass(two_feet, RATE, 0.5) == pytest.approx(75.0, rel=1e-9)


@pytest.mark.parametrize("force", [np.zeros(2000), np.full(2000, 150.0), np.full(100, WEIGHT)])
def test_nobody_or_too_short(force):
    assert np.isnan(standing_mass(force[:, None], RATE, 0.5))


def running(contact=0.12, step=0.24, steps=4):
    """Give half-sine contacts whose impulse over a step is the body's weight."""
    time = np.arange(round((steps + 1) * step * RATE)) / RATE
    force = np.zeros(len(time))
    spans = []
    for number in range(steps):
        start = 0.05 + number * step
        on = (time >= start) & (time <= start + contact)
        peak = WEIGHT * step / contact * np.pi / 2
        force[on] += peak * np.sin(np.pi * (time[on] - start) / contact)
        spans.append((start, start + contact))
    return force, np.array(spans)


FEET = np.array([0, 1, 0, 1])
ALL = np.ones(4, dtype=bool)


def test_mean_force_of_whole_strides_is_the_weight():
    force, spans = running()
    masses = stride_masses(force, RATE, FEET, spans, ALL)
    # two strides; a sum of 480 samples of a half sine that starts between samples
    np.testing.assert_allclose(masses, [75.0, 75.0], rtol=2e-3)


def test_cut_or_missing_contacts_make_no_stride():
    force, spans = running()
    cut = np.array([False, True, True, True])
    assert len(stride_masses(force, RATE, FEET, spans, cut)) == 1
    same = np.array([0, 0, 0, 0])
    assert len(stride_masses(force, RATE, same, spans, ALL)) == 0
    skipped = spans[[0, 1, 3]]
    assert len(stride_masses(force, RATE, FEET[[0, 1, 0]], skipped, ALL[:3])) == 0
    assert len(stride_masses(force, RATE, FEET[:2], spans[:2], ALL[:2])) == 0


def test_walking_needs_the_contact_before():
    """In double support the foot behind carries load that was perhaps not recorded."""
    force, spans = running(contact=0.7, step=0.55)
    masses = stride_masses(force, RATE, FEET, spans, ALL)
    assert len(masses) == 1
    assert masses[0] == pytest.approx(75.0, rel=2e-3)


def test_a_stride_holds_both_feet():
    """One leg pushes 20 % harder than the other: one step weighs wrong, a whole stride does not."""
    force, spans = running()
    limping = force.copy()
    for number, (start, stop) in enumerate(spans):
        own = slice(round(start * RATE), round(stop * RATE) + 1)
        limping[own] *= 0.8 if number % 2 else 1.2
    one_step = limping[round(spans[0, 0] * RATE) : round(spans[1, 0] * RATE)].mean()
    assert one_step / GRAVITY == pytest.approx(90.0, rel=0.01)  # the danger
    masses = stride_masses(limping, RATE, FEET, spans, ALL)
    np.testing.assert_allclose(masses, [75.0, 75.0], rtol=4e-3)


# synchrony ---------------------------------------------------------------------------------------

DELAY_TIME = np.arange(0.0, 1.6, 0.004)


def contacts(time: np.ndarray) -> np.ndarray:
    """Half sines of 0.12 s every 0.23 s."""
    phase = np.mod(time, 0.23)
    return np.where(phase < 0.12, 2000.0 * np.sin(np.pi * phase / 0.12), 0.0)


@pytest.mark.parametrize("delay", [-0.03, -0.0085, -0.002, 0.0, 0.0033, 0.012, 0.03])
def test_planted_delay_is_found(delay):
    # a parabola through three samples of a smooth peak is off by less than a tenth of a sample
    found = force_delay(DELAY_TIME, contacts(DELAY_TIME - delay), contacts(DELAY_TIME))
    assert found == pytest.approx(delay, abs=0.0004)


@pytest.mark.parametrize("delay", [-0.06, 0.06])
def test_an_end_of_the_search_is_no_estimate(delay):
    """60 ms, where 40 are looked for: known to be late or early, but not by how much."""
    found = force_delay(DELAY_TIME, contacts(DELAY_TIME - delay), contacts(DELAY_TIME))
    assert found == np.copysign(np.inf, delay)


FALL_RATE = 200.0


def contact(foot, touchdown, toe_off):
    return FootContact(foot, touchdown, toe_off, (), True, np.nan, np.nan)


def test_flights_are_between_alternating_feet():
    """The same foot twice, double support, and a pause in which a contact is hidden are none."""
    contacts = [
        contact(1, 0.25, 0.35),
        contact(0, 0.0, 0.12),
        contact(1, 0.45, 0.55),
        contact(0, 0.54, 0.70),
        contact(1, 1.01, 1.10),
    ]
    np.testing.assert_allclose(flights(contacts), [[0.12, 0.25]])
    assert flights([]).shape == (0, 2)


def body(gravity=9.81):
    """Two segments of 3 and 1 kg whose centre falls while they swing against each other."""
    time = np.arange(40) / FALL_RATE
    centre = 1.0 + 0.6 * time - 0.5 * gravity * time**2
    swing = 0.2 * np.sin(30.0 * time)
    markers = np.zeros((len(time), 4, 3))
    markers[:, :2, 1] = (centre + swing)[:, None] + [0.1, -0.1]
    markers[:, 2:, 1] = (centre - 3.0 * swing)[:, None] + [0.05, 0.3]
    return markers


SEGMENT, MASS = np.array([0, 0, 1, 1]), np.array([3.0, 1.0])


@pytest.mark.parametrize("gravity", [9.81, 1.62])
def test_centre_of_mass_falls_whatever_the_segments_do(gravity):
    found = falls(body(gravity), FALL_RATE, SEGMENT, MASS, np.array([[0.0, 0.15], [0.05, 0.19]]))
    np.testing.assert_allclose(found, gravity, rtol=1e-9)
    one = falls(body()[:, :2], FALL_RATE, SEGMENT[:2], MASS[:1], np.array([[0.0, 0.15]]))
    assert abs(one[0] - 9.81) > 5.0  # the danger: a part of the body does not fall freely


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25])
def test_wrong_rate_changes_the_fall_by_its_square(factor):
    spans = np.array([[0.0, 0.15]]) / factor
    found = falls(body(), factor * FALL_RATE, SEGMENT, MASS, spans)
    np.testing.assert_allclose(found, factor**2 * 9.81, rtol=1e-9)


@pytest.mark.parametrize(("masses", "known"), [((3.0, 0.32), True), ((3.0, 0.34), False)])
def test_nine_tenths_of_the_mass_must_be_seen(masses, known):
    """3 of 3.32 kg are 90.4 %, 3 of 3.34 kg are 89.8 %; one lost frame loses a marker."""
    markers = body()
    markers[5, 2:] = np.nan
    height = marked_height(markers, SEGMENT, np.array(masses))
    assert np.isfinite(height).all() == known


# statements --------------------------------------------------------------------------------------


def measured(*values, error=5.0, decisive=False):
    return [Measurement(value, error, "a", decisive) for value in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), "agrees"),
        ((104.9, 95.1), "agrees"),
        ((105.1,), "doubtful"),
        ((105.1, 104.9), "doubtful"),
        ((105.1, 110.0), "refuted"),
        ((105.1, 110.2), "doubtful"),
        ((94.9, 105.1), "doubtful"),
    ],
)
def test_two_that_agree_refute_and_one_leaves_it_open(values, expected):
    """Two that contradict each other, or on both sides, say nothing together."""
    assert verdict(100.0, measured(*values)) == expected


def test_measurements_on_both_sides_do_not_agree_however_wide():
    """A wide error lets 80 and 120 meet; neither supports the other against 100."""
    sides = [Measurement(80.0, 19.0, "a"), Measurement(120.0, 19.0, "b")]
    assert verdict(100.0, sides) == "doubtful"


# lost frames -------------------------------------------------------------------------------------


def runner() -> np.ndarray:
    """Twenty markers on pelvis and feet, fourteen of which move at any time."""
    path = made_run.markers()
    return np.tile(path, (1, 2, 1))


@pytest.mark.parametrize("count", [1, 2, 6, 20])
def test_lost_frames_are_counted_where_they_are(count):
    path = runner()
    [(frame, elapsed)] = breaks(np.delete(path, slice(101, 101 + count), axis=0))
    assert frame == 100
    assert round(elapsed) == count + 1


@pytest.mark.parametrize("size", [0.006, 0.01, 0.015, 0.02])
def test_noise_of_whole_segments_breaks_nothing(size):
    """Joint angles with noise move many markers at once; before, most such trials were refused."""
    for seed in range(12):
        path = runner()
        together = np.random.default_rng(seed).normal(0.0, size, (len(path), 5, 3))
        assert breaks(path + np.repeat(together, path.shape[1] // 5, axis=1)) == []


def test_a_frame_that_is_lost_in_noise_is_found():
    """Below the noise that hides it; two frames lost are 2 frames more, six times their scatter."""
    path = np.delete(runner(), slice(101, 103), axis=0)
    together = np.random.default_rng(3).normal(0.0, 0.002, (len(path), 5, 3))
    [(frame, elapsed)] = breaks(path + np.repeat(together, path.shape[1] // 5, axis=1))
    assert (frame, round(elapsed)) == (100, 3)


@pytest.mark.parametrize(("beyond", "said"), [(0.9, []), (1.1, [49])])
def test_a_body_that_jumps_is_told_from_one_that_lands(beyond, said):
    """Just below and above the acceleration from which frames must be missing."""
    path = np.zeros((100, 12, 3))
    path[50:, :, 1] = beyond * BODY_ACCELERATION / 100.0**2
    path[:, :, 0] = 1e-4 * np.random.default_rng(1).standard_normal((100, 12))
    assert jumps(path, 100.0) == said


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("size", [0.15, 0.5])
def test_exactly_the_frames_that_are_elsewhere(length, size):
    path = made_run.markers()
    truth = np.zeros(path.shape[:2], dtype=bool)
    for marker, first in ((0, 40), (5, 110), (8, 200), (8, 230)):
        truth[first : first + length, marker] = True
    path[truth] += [0.0, size, 0.0]
    np.testing.assert_array_equal(flickers(path, made_run.FRAME_RATE), truth)


@pytest.mark.parametrize("rate", [50.0, 100.0, 250.0, 1000.0])
def test_a_foot_that_swings_and_lands_hard_does_not_flicker(rate):
    """20 m/s in swing, stopped within 15 ms at touchdown: 1300 m/s²."""
    time = np.arange(0.0, 0.4, 1.0 / rate)
    speed = np.clip(20.0 * (0.2 - time) / 0.015, 0.0, 20.0)
    path = np.zeros((len(time), 1, 3))
    path[:, 0, 0] = np.cumsum(speed) / rate
    assert not flickers(path, rate).any()


def test_gaps_are_no_flicker_and_hide_what_is_beside_them():
    path = np.zeros((12, 1, 3))
    path[4] = np.nan
    path[8, 0, 0] = 0.4
    assert np.flatnonzero(flickers(path, 250.0)).tolist() == [8]
    assert not flickers(path[:2], 250.0).any()


def frozen(path, random):
    """A path in which four markers are frozen, forward, backward or to the end, and where."""
    made, where = path.copy(), np.zeros(path.shape[:2], dtype=bool)
    seen = np.flatnonzero(np.isfinite(path).all(axis=(0, 2)))
    for marker in random.choice(seen, 4, replace=False):
        length, way = int(random.integers(6, 20)), int(random.integers(3))
        first = int(random.integers(4, len(path) - 2 * length))
        last = len(path) if way == 2 else first + length
        made[first:last, marker] = path[last if way == 1 else first - 1, marker]
        where[first:last, marker] = True
    return made, where


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("digit", [1e-6, 1e-4, 1e-3])
def test_positions_that_are_held_over_gaps(seed, digit):
    """Feet that rest in the last digit stay; in 1 mm, a stretch after a rest begins with it."""
    random = np.random.default_rng(seed)
    whole = runner() + random.normal(0.0, 2e-4, runner().shape)
    whole = np.round(whole / digit) * digit
    assert not frozen_positions(whole).any()
    path, where = frozen(whole, random)
    found = frozen_positions(path)
    assert np.linalg.norm(path - whole, axis=2)[where & ~found].max(initial=0.0) < 0.03
    assert where.sum() > 2 * (where & ~found).sum()
    assert digit == 1e-3 or (found & ~where).sum() <= 4  # of each stretch the true one


def test_the_quiet_window_ignores_markers_that_come_and_go():
    positions = np.zeros((50, 2, 3))
    positions[:30, 0, 1] = np.sin(np.arange(30))
    positions[40:, 1] = np.nan
    window = quiet_window(positions, rate=10.0, seconds=1.0)
    assert window == slice(30, 40)


FROZEN_RATE = 100.0
FROZEN_TIME = np.arange(200) / FROZEN_RATE
SWING = np.sin(7.0 * FROZEN_TIME)


@pytest.mark.parametrize(("seconds", "held"), [(LONGEST_REST, 0), (LONGEST_REST + 0.01, 27)])
def test_a_rest_of_a_joint_is_none(seconds, held):
    values = SWING.copy()
    values[50 : 51 + round(seconds * FROZEN_RATE)] = values[50]
    found = constant_stretches(values[:, None], FROZEN_RATE)[:, 0]
    assert found.sum() == held
    assert not found[:50].any()


# signals -----------------------------------------------------------------------------------------

masks = arrays(np.bool_, st.integers(0, 40))


@given(masks)
def test_runs_rebuild_the_mask(mask):
    rebuilt = np.zeros_like(mask)
    for start, stop in runs(mask):
        rebuilt[start:stop] = True
    np.testing.assert_array_equal(rebuilt, mask)


@given(masks, st.integers(1, 6))
def test_joining_leaves_no_short_inner_hole(mask, shortest):
    filled = joined(mask, shortest)
    assert np.all(filled >= mask)
    inner = [(a, b) for a, b in runs(~filled) if a > 0 and b < len(mask)]
    assert all(b - a >= shortest for a, b in inner)


def test_shrinking_removes_what_is_near_a_contact():
    mask = np.ones(20, dtype=bool)
    mask[9:11] = False
    np.testing.assert_array_equal(runs(shrunk(mask, 3)), [[0, 6], [14, 20]])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize(("frames", "rate", "cutoff"), [(2, 250.0, 20.0), (700, 1000.0, 6.0)])
def test_it_is_the_filter_of_signal_processing(rng, frames, rate, cutoff):
    """SciPy's second-order sections, there and back, with odd padding."""
    signal = rng.normal(size=(frames, 4)).cumsum(axis=0)
    sections = butter(2, design_cutoff(rate, cutoff), fs=rate, output="sos")
    length = min(int(np.ceil(3.0 * rate / cutoff)), frames - 1)
    expected = sosfiltfilt(sections, signal, axis=0, padtype="odd", padlen=length)
    np.testing.assert_allclose(low_pass(signal, rate, cutoff), expected, atol=1e-11)


NONE = np.array([])


@pytest.fixture
def cubic():
    """Two markers on cubic paths: a spline through them is exact."""
    time = np.linspace(-1.0, 1.0, 60)
    first = np.column_stack((time**3 - time, 2 * time**2, 3 - time))
    second = np.column_stack((time, -(time**3), time**2 + 1))
    return np.stack((first, second), axis=1)


@pytest.mark.parametrize(
    ("gap", "barriers"),
    [
        (slice(20, 31), NONE),  # eleven frames
        (slice(0, 3), NONE),  # at the start
        (slice(57, 60), NONE),  # at the end
        (slice(1, 4), NONE),  # one frame before it
        (slice(20, 24), np.array([21.6])),  # a touchdown inside
        (slice(20, 24), np.array([19.5])),  # between the last known frame and the gap
        (slice(20, 24), np.array([23.5])),  # between the gap and the next known frame
    ],
)
def test_gap_that_must_stay_open(cubic, gap, barriers):
    holed = cubic.copy()
    holed[gap, 1] = np.nan
    complete, filled = fill_gaps(holed, 10, barriers)
    assert not filled.any()
    assert np.isnan(complete[gap, 1]).all()


seeds = st.integers(0, 10_000)


@given(seed=seeds, samples=st.integers(6, 60))
def test_quintic_spline_goes_through_the_samples_with_natural_ends(seed, samples):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.5, 1.5, samples))
    values = rng.normal(size=(samples, 2, 3))
    spline = quintic_spline(time, values)
    np.testing.assert_allclose(spline(time), values, atol=1e-9)
    curvature_of_values = np.abs(spline.derivative(4)(time)).max()
    for order in (3, 4):
        ends = spline.derivative(order)(time[[0, -1]])
        np.testing.assert_allclose(ends, 0, atol=1e-8 * (1 + curvature_of_values))


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
    ours = quintic_spline(time, values)
    at = np.linspace(time[0], time[-1], 231)
    for order in (1, 2):
        parts = [0] * order
        found = np.array([theirs.calcDerivative(parts, opensim.Vector(1, float(x))) for x in at])
        expected = ours.derivative(order)(at)
        np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


def test_columns_that_were_not_measured_stay_missing():
    """A gap makes its own column missing where it is near, and touches no other."""
    rng = np.random.default_rng(0)
    time, values = np.arange(100) / 100.0, rng.normal(size=(100, 2, 3))
    values[:, 0, 1] = np.nan
    values[30, 1, 2] = np.nan
    whole = np.nan_to_num(values, nan=1.0)
    at = np.linspace(0.25, 0.35, 7)
    found = resampled(time, values, at)
    missing = np.zeros((2, 3), dtype=bool)
    missing[0, 1] = missing[1, 2] = True
    np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(missing, (7, 2, 3)))
    np.testing.assert_array_equal(found[:, ~missing], resampled(time, whole, at)[:, ~missing])
    assert np.isfinite(resampled(time, values, at + 0.3)[:, 1, 2]).all()
    assert np.isnan(resampled(time, np.full(100, np.nan), at)).all()


@pytest.mark.parametrize("at", [[-0.006, 0.1], [0.1, 0.496], [-5.0, -4.0]])
def test_times_outside_the_recording_are_refused(at):
    time = np.arange(50) / 100.0
    with pytest.raises(ValueError, match="outside the recording"):
        resampled(time, np.zeros(50), np.array(at))
