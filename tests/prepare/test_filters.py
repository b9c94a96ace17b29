"""Signals that were low-passed before, and plates that fail, on contacts whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, filtfilt

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.io.recording import Recording
from aqbio.multibody.poses import segment_poses
from aqbio.prepare.broken_contacts import LOST_MIDDLE, LOST_TOE_OFF, LOST_TOUCHDOWN, broken_parts
from aqbio.prepare.contact_findings import note_cut
from aqbio.prepare.contacts import (
    EventRules,
    FootContact,
    contact_time_error,
    contacts,
    feet_loads,
    find_cut,
)
from aqbio.prepare.event_accuracy import ACCURACY, MarkerEvents
from aqbio.prepare.filters import (
    LowPass,
    filtered_contacts,
    find_filter,
    force_spectrum,
    marker_spectrum,
    recorded_filters,
)
from aqbio.prepare.notes import Notes
from aqbio.prepare.spectra import improvement
from aqbio.virtual.demo import DATA, DISTURBANCES, SPRINTERS, GaitName, load_library
from aqbio.virtual.disturbances import disturbed
from aqbio.virtual.recording import GROUND_AXES, Laboratory, RunPlan, recorded_run
from aqbio.virtual.truth import run_truth

THRESHOLD_N, NOISE_N = 20.0, 1.5
ATHLETES = {one.athlete.name: one.athlete for one in SPRINTERS}


@given(st.floats(600.0, 3000.0), st.floats(0.08, 0.4), st.floats(6.0, 60.0))
def test_what_a_filter_changes_of_a_half_sine_is_that_of_its_gain(peak, duration, cutoff):
    """Lengthening and lost share by the gain over frequency, on a grid of its own."""
    time = np.arange(-1.0, 1.0, 1e-4)
    share = np.clip(time / duration, 0.0, 1.0)
    force = peak * np.sin(np.pi * share)
    ratio = np.fft.rfftfreq(len(time), 1e-4) / cutoff
    gain = 1.0 / (1.0 + (2.0**0.5 - 1.0) * ratio**4)
    filtered = np.fft.irfft(np.fft.rfft(force) * gain, len(time))
    longer = 1e-4 * ((filtered > THRESHOLD_N).sum() - (force > THRESHOLD_N).sum())
    lost = np.linalg.norm(filtered - force) / np.linalg.norm(force)
    low_pass = LowPass(cutoff, 2, cutoff, 0.1)
    lengthening, lost_share = low_pass.half_sine_change(duration, peak, THRESHOLD_N)
    assert lengthening == pytest.approx(longer, abs=0.002)
    assert lost_share == pytest.approx(lost, rel=0.05)


def half_sines(rate, peak, duration, below=0.0, first=0.0123, count=8):
    """Vertical force (S, 1), N, of contacts that are half sines; 0 where it is smaller."""
    time = np.arange(int((0.25 * count + 0.2) * rate)) / rate
    since = np.mod(time - first, 0.25 + 0.2 / rate)
    force = peak * np.sin(np.pi * np.clip(since / duration, 0.0, 1.0)) * (time > 0.1)
    return np.where(force < below, 0.0, force)[:, None]


@pytest.mark.parametrize("rate", [1000.0, 2000.0])
@pytest.mark.parametrize("duration", [0.11, 0.2])
@pytest.mark.parametrize("level", [100.0, 200.0, 300.0])
def test_forces_that_were_set_to_zero_are_named_with_what_contacts_lose(rate, duration, level):
    """By the arcs of the sine between the threshold of events and the cut, to a third."""
    peak = 2000.0
    cut = find_cut(half_sines(rate, peak, duration, level), rate, THRESHOLD_N)
    ends = np.arcsin(level / peak) - np.arcsin(THRESHOLD_N / peak)
    assert cut.level == pytest.approx(level, abs=np.pi * peak / duration / rate)
    assert cut.shortening_s == pytest.approx(2.0 * duration / np.pi * ends, rel=0.33)
    wider = contact_time_error(rate, 200.0, 0.0, cut.shortening_s)
    assert wider == contact_time_error(rate, 200.0) + cut.shortening_s
    notes = Notes("fast", "P1", "run.trc", "run_grf.mot")
    note_cut(cut, THRESHOLD_N, notes)
    [finding] = notes.findings
    assert (finding.rule, finding.number) == ("forces-cut", cut.level)


@pytest.mark.parametrize("rate", [100.0, 200.0, 1000.0, 2000.0])
@pytest.mark.parametrize("below", [0.0, THRESHOLD_N])
def test_a_threshold_that_events_have_anyway_is_no_cut(rate, below):
    assert find_cut(half_sines(rate, 2000.0, 0.15, below), rate, THRESHOLD_N) is None


def sprint(name: GaitName, rate: float) -> np.ndarray:
    """Vertical forces (T, 2), N, of a virtual sprinter over a period of the gait."""
    gait = load_library(DATA / "gait_library.npz", ATHLETES)[name]
    time = np.arange(0.0, gait.timeline.period, 1.0 / rate)
    force = run_truth(gait, time).loads.force[..., 1]
    return np.where(force > 1e-3, force, 0.0)


def low_passed(force: np.ndarray, rate: float, cutoff: float, order: int) -> np.ndarray:
    """Forces as a laboratory filters them, forth and back: half power at the cut-off."""
    single = cutoff / (2.0**0.5 - 1.0) ** (0.5 / order)
    return filtfilt(*butter(order, single / (0.5 * rate)), force, axis=0)


FALLING, WHOLE = np.linspace(1.0, 0.3, 12), np.sin(np.linspace(0.0, np.pi, 100))


@pytest.mark.parametrize(
    ("shape", "first", "peak", "foot"),
    [(FALLING, 0, 110.0, 0), (FALLING, 0, 600.0, 1), (WHOLE, 100, 110.0, 1)],
)
def test_of_a_contact_that_is_cut_a_faint_end_tells_no_foot(shape, first, peak, foot):
    """Its centre of pressure lies under the right foot; the columns are the left one's."""
    force = np.zeros((400, 2, 3))
    force[first : first + len(shape), 0, 1] = peak * shape
    plates = Plates(
        PlateWrench(force, np.zeros_like(force), np.zeros((2, 3))),
        np.full((2, 4, 3), np.nan), 1000.0, 0.0, (1, 2), (0, 1),
    )  # fmt: skip
    time = np.arange(0.0, 0.4, 0.004)
    feet = np.zeros((len(time), 2, 2, 3))
    feet[:, 0, :, 0] = -0.6
    rules = EventRules(THRESHOLD_N, 100.0, 20.0)
    [contact] = feet_loads(plates, feet, time, rules).on_plates
    assert contact.foot == foot


DRAWN = np.random.default_rng(62)
RUNS = [
    (
        GaitName(f"V{DRAWN.integers(1, 13):02d}", "normal", int(DRAWN.integers(0, 4))),
        float(np.exp(DRAWN.uniform(np.log(10.0), np.log(25.0)))),
        order,
        float(DRAWN.choice([250.0, 1000.0])),
    )
    for order in (2, 4, 2, 4)
]


@pytest.mark.parametrize(("name", "cutoff", "order", "rate"), RUNS)
def test_true_contact_times_are_within_the_stated_error(name, cutoff, order, rate):
    """Drawn sprinter, cut-off, order and rate of the export; the cut-off is about right."""
    true = sprint(name, 1000.0)
    noise = np.random.default_rng(int(1e3 * cutoff)).normal(0.0, NOISE_N, true.shape)
    force = low_passed(true + noise, 1000.0, cutoff, order)[:: round(1000.0 / rate)]
    found = find_filter(force_spectrum([force], rate))
    low_pass = filtered_contacts(force, rate, THRESHOLD_N, found)
    assert low_pass is not None
    assert low_pass.cutoff_hz == pytest.approx(cutoff, rel=0.35)
    error = contact_time_error(rate, 100.0, low_pass.lengthening_s)
    assert error < 0.070
    compared = 0
    for foot in range(2):
        known, recorded = (
            contacts(signal[:, foot], hz, THRESHOLD_N, 0.010)
            for signal, hz in ((true, 1000.0), (force, rate))
        )
        for start, stop, whole in zip(known.touchdown, known.toe_off, known.complete, strict=True):
            near = np.abs(recorded.touchdown + recorded.toe_off - start - stop) < 0.08
            for at in np.flatnonzero(near & recorded.complete & whole):
                longer = recorded.toe_off[at] - recorded.touchdown[at] - (stop - start)
                assert -0.004 < longer < error
                compared += 1
    assert compared >= 2


@pytest.mark.parametrize(("who", "level"), [("V06", 3), ("V11", 0)])
def test_unfiltered_forces_are_left_alone(who, level):
    """Nor those of 100 Hz, in which nothing is lost."""
    force = sprint(GaitName(who, "normal", level), 1000.0)
    force = force + np.random.default_rng(level).normal(0.0, NOISE_N, force.shape)
    for forces in (force, low_passed(force, 1000.0, 100.0, 2)):
        found = find_filter(force_spectrum([forces], 1000.0))
        assert filtered_contacts(forces, 1000.0, THRESHOLD_N, found) is None


@given(
    st.sampled_from([1000.0, 2000.0]), st.floats(0.09, 0.3), st.floats(0.2, 0.8),
    st.sampled_from(["dies", "wakes", "drops out", "freezes", "is sound"]),
    st.floats(0.7, 1.5), st.sampled_from([0.0, 1.5]),
)  # fmt: skip
def test_a_plate_that_fails_during_a_contact_is_noticed(rate, duration, share, what, bend, noise):
    """Where its force is more than half its peak, at any instant; a sound contact is not broken."""
    start, stop = round(0.1 * rate), round((0.1 + duration) * rate)
    instants = (np.arange(stop + round(0.1 * rate)) - start) / (stop - start)
    pulse = np.sin(np.pi * np.clip(instants, 0.0, 1.0)).clip(0.0) ** bend
    force = 1800.0 * pulse[:, None] * np.array([0.2, 1.0, 0.05])
    force += np.random.default_rng(1).normal(0.0, noise, force.shape) if noise else 0.0
    at = start + round(share * (stop - start))
    if what == "dies":
        force[at:], stop = 0.0, at
    elif what == "wakes":
        force[:at], start = 0.0, at
    elif what == "drops out":
        force[at : at + round(0.008 * rate)] = 0.0
    elif what == "freezes":
        force[at:], stop = force[at], len(force)
    found = broken_parts(force[:, None], rate, start, stop, THRESHOLD_N)
    if what == "wakes":  # the peak was not seen, and a share of what was seen may call the end lost
        assert LOST_TOUCHDOWN in found
        return
    expected = {"dies": {LOST_TOE_OFF}, "is sound": set()}
    if what in expected:
        assert found == expected[what]
    else:
        assert LOST_MIDDLE in found


@given(st.floats(0.005, 0.15), st.sampled_from([20.0, 50.0]), st.sampled_from([True, False]))
def test_what_is_zero_below_a_threshold_is_no_failure_of_a_contact_that_is_cut(seen, zeroed, ends):
    """Of a contact the last or first milliseconds: its peak was not seen (HD11, run5)."""
    force = 1800.0 * np.sin(np.pi * np.clip(np.arange(201) / 200.0, 0.0, 1.0))
    force[force < zeroed] = 0.0
    whole_contact = np.flatnonzero(force)
    shown = force[-round(1e3 * seen) - 8 :] if ends else force[: round(1e3 * seen) + 8]
    shown = np.concatenate([shown, np.zeros(40)] if ends else [np.zeros(40), shown])
    contact = np.flatnonzero(shown > THRESHOLD_N)
    vertical = np.outer(shown, [0.2, 1.0, 0.05])
    assert len(whole_contact) > len(contact)
    if len(contact):
        found = broken_parts(vertical[:, None], 1000.0, contact[0], contact[-1] + 1, THRESHOLD_N)
        assert found == frozenset()


@settings(max_examples=40)
@given(
    st.sampled_from([1000.0, 2000.0]), st.floats(0.09, 0.3), st.floats(0.2, 0.8),
    st.floats(0.25, 0.75), st.sampled_from(["dies", "wakes", "is sound", "is left at once"]),
)  # fmt: skip
def test_of_two_plates_under_a_foot_the_one_that_fails_is_noticed(rate, duration, at, part, what):
    """A seam that the whole load crosses at once, or little by little, is no failure."""
    start, stop = round(0.1 * rate), round((0.1 + duration) * rate)
    instants = (np.arange(stop + round(0.1 * rate)) - start) / (stop - start)
    pulse = 1800.0 * np.sin(np.pi * np.clip(instants, 0.0, 1.0)).clip(0.0)
    forces = pulse[:, None] * np.array([part, 1.0 - part])
    forces += np.random.default_rng(2).normal(0.0, 1.5, forces.shape)
    if what == "dies":
        forces[instants > at, 0] = 0.0
    elif what == "wakes":
        forces[instants < at, 0] = 0.0
    elif what == "is left at once":
        forces[instants > at] = forces[instants > at].sum(axis=1)[:, None] * np.array([0.0, 1.0])
    upward = forces[..., None] * [0.0, 1.0, 0.0]
    found = broken_parts(upward, rate, start, stop, THRESHOLD_N)
    assert (LOST_MIDDLE in found) == (what in ("dies", "wakes"))


# markers ----------------------------------------------------------------------------------------


def drawn_paths(rng, rate: float, duration: float, tilt: float, noise: float) -> np.ndarray:
    """Positions (T, M, 3), m, whose accelerations have a flat spectrum but for a tilt."""
    size = round(duration * rate)
    frequency = np.fft.rfftfreq(2 * size, 1.0 / rate)
    shape = (len(frequency), 14, 3)
    phases = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    gain = (np.maximum(frequency, 1.5) / 20.0) ** (0.5 * tilt) / (
        2.0 * np.pi * frequency + 5.0
    ) ** 2
    paths = np.fft.irfft(phases * gain[:, None, None] * 8.0 * np.sqrt(size * rate), axis=0)[:size]
    return paths + rng.normal(0.0, noise, paths.shape)


@pytest.mark.parametrize("seed", range(24))
def test_a_filter_of_markers_is_found_with_its_cut_off(seed):
    """Of drawn cut-off, order, rate and duration, through a file that rounds; and none without."""
    rng = np.random.default_rng(seed)
    rate, order = float(rng.choice([100.0, 200.0, 250.0, 500.0])), int(rng.choice([2, 3, 4]))
    raw = drawn_paths(rng, rate, rng.uniform(1.0, 5.0), rng.uniform(-1.8, 0.2), 2e-4)
    assert find_filter(marker_spectrum([np.round(raw, 5)], rate)) is None
    stated = float(np.exp(rng.uniform(np.log(6.0), np.log(20.0))))
    filtered = filtfilt(*butter(order, stated / (0.5 * rate)), raw, axis=0)
    low_pass = find_filter(marker_spectrum([np.round(filtered, 5)], rate))
    assert low_pass is not None
    assert low_pass.stated_hz == pytest.approx(stated, rel=0.2)
    assert abs(np.log(low_pass.stated_hz / stated)) < 2.5 * low_pass.error


def test_gaps_and_short_paths_show_no_spectrum_of_their_own():
    rng = np.random.default_rng(1)
    raw = drawn_paths(rng, 200.0, 2.0, -0.5, 2e-4)
    raw[40:80, ::2] = np.nan
    raw[200:, 3] = np.nan
    assert find_filter(marker_spectrum([raw], 200.0)) is None
    assert find_filter(marker_spectrum([raw[:50]], 200.0)) is None
    assert find_filter(marker_spectrum([raw[:, :4]], 200.0)) is None


VIRTUAL = [("V01", 0, (6.0, 8.0)), ("V04", 3, (6.0, 12.0)), ("V09", 2, (6.0, 12.0))]


@pytest.mark.parametrize(("who", "level", "filters"), VIRTUAL)
def test_virtual_markers_are_filtered_only_where_they_were(who, level, filters):
    """At 5 m/s a filter of 12 Hz is as hard to tell from their smooth motion as joint centres."""
    gait = load_library(DATA / "gait_library.npz", ATHLETES)[GaitName(who, "normal", level)]
    run = recorded_run(gait, RunPlan(0), Laboratory(axes=GROUND_AXES, marker_unit="m"))
    recorded = disturbed(run.recording, DISTURBANCES, np.random.default_rng(level))
    assert find_filter(marker_spectrum([recorded.markers], recorded.marker_rate)) is None
    for stated in filters:
        filtered = filtfilt(
            *butter(2, stated / (0.5 * recorded.marker_rate)), recorded.markers, axis=0
        )
        low_pass = find_filter(marker_spectrum([filtered], recorded.marker_rate))
        assert 0.5 * stated < low_pass.stated_hz < 1.25 * stated  # their motion is smooth itself


@given(st.floats(5.0, 20.0), st.sampled_from([1, 2, 3, 4]), st.floats(0.08, 0.3))
@settings(deadline=None)
def test_what_a_filter_hides_of_a_motion_is_what_it_takes_of_a_wave(stated, order, contact):
    time = np.arange(0.0, 20.0, 1e-3)
    wave = np.sin(np.pi * time / contact)
    filtered = filtfilt(*butter(order, stated / 500.0), wave)
    size = np.linalg.norm(filtered[8000:12_000]) / np.linalg.norm(wave[8000:12_000])
    low_pass = LowPass(stated, order, stated, 0.1)
    assert low_pass.hidden_motion(contact) == pytest.approx(1.0 - size, abs=0.01)


@pytest.mark.parametrize("rate", [100.0, 120.0])
@pytest.mark.parametrize(("who", "level"), [("V06", 3), ("V11", 0), ("V02", 2)])
@pytest.mark.parametrize("noise", [0.0, 4e-4])
def test_joint_centres_at_the_rates_of_video_were_not_filtered(who, level, rate, noise):
    """Their spectra fall by themselves, which a filter explains little better; a filter shows."""
    gait = load_library(DATA / "gait_library.npz", ATHLETES)[GaitName(who, "normal", level)]
    laboratory = Laboratory(axes=GROUND_AXES, marker_rate=rate, force_rate=10.0 * rate)
    run = recorded_run(gait, RunPlan(0), laboratory)
    centres = segment_poses(gait.skeleton, run.truth.motion.q).origin
    centres = centres + np.random.default_rng(level).normal(0.0, noise, centres.shape)
    assert find_filter(marker_spectrum([centres], rate)) is None
    filtered = filtfilt(*butter(4, 6.0 / (0.5 * rate)), centres, axis=0)
    assert find_filter(marker_spectrum([filtered], rate)).stated_hz == pytest.approx(6.0, rel=0.25)


@given(st.floats(0.5, 500.0), st.floats(0.5, 500.0), st.integers(8, 32))
def test_a_filter_that_leaves_as_much_unexplained_shows_less(plain, left, bands):
    better = improvement(plain, left, bands)
    assert (better > 0.0) == (plain > left)
    assert abs(improvement(plain + 30.0, left + 30.0, bands)) <= abs(better)


def made_events(stated: float, durations=(0.12, 0.12), error=0.1) -> MarkerEvents:
    contacts = tuple(
        FootContact(0, at, at + duration, (), True, np.nan, np.nan)
        for at, duration in zip((0.3, 0.8), durations, strict=True)
    )
    low_pass = LowPass(0.8 * stated, 2, stated, error)
    return MarkerEvents(contacts, 250.0, 9.0, "forefoot", low_pass=low_pass)


def test_errors_of_events_grow_as_the_cut_off_falls_without_a_step():
    """From those of unfiltered markers; contacts are n/a from where half of them is unknown."""
    raw = MarkerEvents(made_events(20.0).contacts, 250.0, 9.0, "forefoot")
    cutoffs = np.arange(30.0, 5.0, -0.05)
    errors = np.array([made_events(hz).filter_error for hz in cutoffs])
    assert errors[0] == 0.0
    assert made_events(30.0).contact_time_error == raw.contact_time_error
    assert (np.diff(errors) >= 0.0).all()
    assert np.diff(errors).max() < 0.004
    assert not made_events(16.0).hides_contacts
    assert made_events(6.0).hides_contacts
    assert not made_events(10.0, (0.3, 0.3)).hides_contacts
    assert made_events(8.0, error=0.05).hides_contacts
    assert not made_events(8.0, error=0.5).hides_contacts  # it may be one of 21 Hz
    assert not made_events(25.0, (np.nan, np.nan)).hides_contacts
    assert made_events(10.0, (np.nan, np.nan)).hides_contacts


def test_a_forefoot_and_a_heel_are_one_where_a_filter_hides_which_lands_first():
    blurred, heel = made_events(13.0), ACCURACY["heel"]
    for strike in ("heel", "forefoot", ""):
        events = replace(blurred, strike=strike, speed=4.5)
        assert events.accuracy == replace(blurred, speed=4.5).accuracy
        assert events.accuracy.touchdown[1] == heel.touchdown[1] + events.filter_error


def test_recordings_of_one_export_share_its_filter():
    """Also one of too few markers to show it; recordings of another format or rate do not."""
    rng = np.random.default_rng(3)
    raw = drawn_paths(rng, 200.0, 3.0, -0.5, 2e-4)
    filtered = np.round(filtfilt(*butter(2, 0.1), raw, axis=0), 5)

    def recording(positions: np.ndarray, rate: float = 200.0) -> Recording:
        labels = tuple(f"M{number}" for number in range(positions.shape[1]))
        return Recording(labels, positions, rate, None)

    exports = [
        (".trc", recording(filtered)), (".trc", recording(filtered[:200, :3])),
        (".c3d", recording(raw)), (".trc", recording(raw, 100.0)),
    ]  # fmt: skip
    whole, faint, *others = (filters.markers for filters in recorded_filters(exports))
    assert whole == faint
    assert whole.stated_hz == pytest.approx(10.0, rel=0.2)
    assert others == [None, None]
