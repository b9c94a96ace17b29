"""Forces that were low-passed before, and plates that fail, on contacts whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, filtfilt, freqs, lfilter

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.names import SIDES
from aqbio.prepare.broken_contacts import (
    LOST_MIDDLE,
    LOST_TOE_OFF,
    LOST_TOUCHDOWN,
    broken_parts,
    has_failed_plate,
)
from aqbio.prepare.contact_findings import MIN_LENGTHENING_S, clearly_lengthened, lengthening_s
from aqbio.prepare.contacts import EventRules, FeetLoads, feet_loads
from aqbio.prepare.force_bandwidth import (
    FILTERS,
    UNIT,
    Butterworth,
    ForceLowPass,
    _ContactModel,
    delay_s,
    filter_response,
    find_low_pass,
    response_slope,
)
from aqbio.virtual.demo import DATA, SPRINTERS, GaitName, load_library
from aqbio.virtual.truth import run_truth

THRESHOLD_N, NOISE_N = 20.0, 1.5
ATHLETES = {one.athlete.name: one.athlete for one in SPRINTERS}


@pytest.mark.parametrize("order", [2, 4])
def test_one_way_gain_and_delay_are_those_of_scipy(order):
    """And two passes halve the power at the same frequency, without delay."""
    ratio = np.array([0.0, 0.001, 0.5, 1.0, 2.0, 7.0])
    one_way, twice = Butterworth(order, 1), Butterworth(order, 2)
    _, expected = freqs(*butter(order, 1.0, analog=True), worN=ratio)
    np.testing.assert_allclose(filter_response(ratio, one_way), expected, atol=1e-12)
    both = filter_response(ratio, twice)
    assert not both.imag.any()
    assert abs(both[3]) ** 2 == pytest.approx(0.5)
    delay = -np.angle(expected[1]) / (2.0 * np.pi * 0.001)
    assert delay_s(ForceLowPass(1.0, one_way)) == pytest.approx(delay, rel=1e-5)
    assert delay_s(ForceLowPass(1.0, twice)) == 0.0


@given(st.sampled_from(FILTERS), st.floats(0.1, 5.0))
def test_slope_of_the_response_is_its_derivative(used, ratio):
    step = 1e-6
    ahead, behind = (
        filter_response(np.array([ratio * np.exp(sign * step)]), used) for sign in (-1.0, 1.0)
    )
    slope = response_slope(np.array([ratio]), used)
    np.testing.assert_allclose(slope, (ahead - behind) / (2.0 * step), atol=1e-8)


@settings(max_examples=25)
@given(
    st.sampled_from(FILTERS), st.floats(10.0, 80.0), st.floats(0.1, 0.25), st.floats(-0.3, 0.3),
    st.sampled_from([2, 3]), st.integers(0, 1000),
)  # fmt: skip
def test_slopes_of_a_contact_are_those_of_its_misfit(used, cutoff, duration, factor, size, seed):
    """By touchdown, duration and cut-off: exact, against central differences."""
    random = np.random.default_rng(seed)
    time = np.arange(500) / 1000.0
    share = (time - 0.1) / duration
    shape = np.sin(np.pi * share) + random.uniform(-0.5, 0.5) * np.sin(3.0 * np.pi * share)
    force = np.where((share > 0.0) & (share < 1.0), shape, 0.0) + random.normal(0.0, 0.01, 500)
    ends = np.array([0.1, 0.1 + duration])
    model = _ContactModel(force, 1000.0, ends, ForceLowPass(cutoff, used))
    touchdown = 0.1 + 1.7e-5  # slopes are one-sided where an end is at an instant of the grid
    unknowns = (np.array([touchdown, duration, factor]) / UNIT)[:size]
    steps = 1e-4 * np.eye(size)
    differences = [
        (model._residuals(unknowns + step) - model._residuals(unknowns - step)) / 2e-4
        for step in steps
    ]
    slopes = model._slopes(unknowns)
    np.testing.assert_allclose(slopes, np.stack(differences, axis=1), atol=1e-6)


def sprint(name: GaitName, rate: float) -> np.ndarray:
    """Vertical forces (T, 2), N, of a virtual sprinter over a period of the gait."""
    gait = load_library(DATA / "gait_library.npz", ATHLETES)[name]
    time = np.arange(0.0, gait.timeline.period, 1.0 / rate)
    force = run_truth(gait, time).loads.force[..., 1]
    return np.where(force > 1e-3, force, 0.0)


def low_passed(force: np.ndarray, rate: float, cutoff: float, used: Butterworth) -> np.ndarray:
    """Forces as a laboratory filters them: half power at the cut-off."""
    order, passes = used
    if passes == 1:
        return lfilter(*butter(order, cutoff / (0.5 * rate)), force, axis=0)
    single = cutoff / (2.0**0.5 - 1.0) ** (0.5 / order)
    return filtfilt(*butter(order, single / (0.5 * rate)), force, axis=0)


def loads_of(force: np.ndarray, rate: float, low_pass: ForceLowPass | None) -> FeetLoads:
    """Contacts of two plates, one under each foot, without a marker."""
    whole = np.zeros((len(force), 2, 3))
    whole[..., 1] = force
    plates = Plates(
        PlateWrench(whole, np.zeros_like(whole), np.zeros((2, 3))),
        np.full((2, 4, 3), np.nan), rate, 0.0, (1, 2), tuple(range(len(SIDES))),
    )  # fmt: skip
    time = np.arange(0.0, len(force) / rate, 0.004)
    rules = EventRules(THRESHOLD_N, 0.010, 100.0, 20.0, 100.0, low_pass)
    return feet_loads(plates, np.full((len(time), 2, 2, 3), np.nan), time, rules)


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
    rules = EventRules(THRESHOLD_N, 0.010, 100.0, 20.0, 100.0, None)
    [contact] = feet_loads(plates, feet, time, rules).on_plates
    assert contact.foot == foot


def whole(loads: FeetLoads) -> list[tuple[int, float, float, float]]:
    """Foot, middle, duration and its error of every whole contact, s."""
    return [
        (x.foot, 0.5 * (x.touchdown + x.toe_off), x.toe_off - x.touchdown, x.time_error)
        for x in loads.contacts
        if x.complete
    ]


DRAWN = np.random.default_rng(62)
RUNS = [
    (
        GaitName(f"V{DRAWN.integers(1, 13):02d}", "normal", int(DRAWN.integers(0, 4))),
        float(np.exp(DRAWN.uniform(np.log(6.0), np.log(25.0)))),
        used,
        float(DRAWN.choice([250.0, 1000.0])),
    )
    for used in FILTERS
]


@pytest.mark.parametrize(("name", "cutoff", "used", "rate"), RUNS)
def test_true_contact_times_are_within_the_stated_error(name, cutoff, used, rate):
    """Drawn sprinter, cut-off, filter and rate of the export; the cut-off is found too."""
    true = sprint(name, 1000.0)
    noise = np.random.default_rng(int(1e3 * cutoff)).normal(0.0, NOISE_N, true.shape)
    force = low_passed(true + noise, 1000.0, cutoff, used)[:: round(1000.0 / rate)]
    found = find_low_pass(force, rate)
    assert found is not None
    assert found.cutoff_hz == pytest.approx(cutoff, rel=0.1)
    assert found.filter == used
    known = whole(loads_of(true, 1000.0, None))
    corrected = loads_of(force, rate, found)
    recorded = whole(loads_of(force, rate, None))
    assert clearly_lengthened(corrected.contacts)
    compared = 0
    for foot, middle, duration, error in whole(corrected):
        near = [x for x in known if x[0] == foot and abs(x[1] - middle) < 0.04]
        for _, _, truth, _ in near:
            assert abs(duration - truth) < error < 0.020
            compared += 1
    assert compared >= 2
    longer = np.mean([x[2] for x in recorded]) - np.mean([x[2] for x in known])
    assert lengthening_s(corrected.contacts) == pytest.approx(longer, abs=0.008)


@pytest.mark.parametrize(("who", "level"), [("V06", 3), ("V11", 0)])
def test_unfiltered_forces_are_left_alone(who, level):
    """Nor those of 100 Hz, in which nothing is lost."""
    force = sprint(GaitName(who, "normal", level), 1000.0)
    force = force + np.random.default_rng(level).normal(0.0, NOISE_N, force.shape)
    for own in (force, low_passed(force, 1000.0, 100.0, Butterworth(2, 2))):
        found = find_low_pass(own, 1000.0)
        if found is not None:
            contacts = loads_of(own, 1000.0, found).contacts
            assert not clearly_lengthened(contacts)
            assert lengthening_s(contacts) < MIN_LENGTHENING_S
    assert all(np.isnan(one.time_error) for one in loads_of(force, 1000.0, None).contacts)


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
    found = broken_parts(force, rate, start, stop, THRESHOLD_N)
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
        found = broken_parts(vertical, 1000.0, contact[0], contact[-1] + 1, THRESHOLD_N)
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
    assert has_failed_plate(forces, rate, start, stop) == (what in ("dies", "wakes"))
