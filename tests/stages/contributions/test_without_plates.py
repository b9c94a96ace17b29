"""Mean force and impulses without plates, on a bouncing point whose forces are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import cumulative_trapezoid

from aqbio.contributions.without_plates import (
    EVENT_SHARE,
    CentrePath,
    between_flights,
    contact_estimates,
    events_dataset,
)
from aqbio.gait.steps import Contact, Step
from aqbio.intervals.sources import source_sds
from aqbio.names import GRAVITY

MASS, SPEED, RATE, FINE = 70.0, 8.0, 200.0, 20_000.0
STILL_AIR = np.zeros(3)


def _contacts(contact, flight, count=3, time_error=0.02):
    step = contact + flight
    return [
        Contact(side, n * step, n * step + contact, True, 0.2, time_error=time_error)
        for n, side in zip(range(count), ("left", "right") * count, strict=False)
    ]


def _path(contact, flight, brake, lift=0.0, drag=0.0):
    """Half sines upward and a whole one forward; the last contact lifts by `lift` m/s more."""
    step = contact + flight
    time = np.arange(0.0, 3.0 * step, 1.0 / FINE)
    since, number = time % step, time // step
    on = since < contact
    height = 0.5 * np.pi * (GRAVITY * step + lift * (number == 1)) / contact
    upward = np.where(on, height * np.sin(np.pi * since / contact), 0.0) - GRAVITY
    forward = np.where(on, -brake * np.sin(2.0 * np.pi * since / contact), 0.0) + drag / MASS
    pull = np.stack([forward, upward, np.zeros_like(time)], axis=1)
    start = [SPEED, -0.5 * GRAVITY * flight, 0.0]
    velocity = start + cumulative_trapezoid(pull, time, axis=0, initial=0.0)
    place = cumulative_trapezoid(velocity, time, axis=0, initial=0.0)
    few = slice(None, None, round(FINE / RATE))
    return CentrePath(time[few], place[None, few], velocity[None, few], np.array([MASS]))


spans = st.tuples(
    st.floats(0.09, 0.24), st.floats(0.08, 0.15), st.floats(1.0, 6.0), st.floats(-0.3, 0.3)
)


@settings(max_examples=25)
@given(spans, st.floats(-30.0, 0.0))
def test_forces_of_a_bouncing_point_come_back(span, drag):
    """The upward mean is m g T / t_c and what lifts more; impulses are half sines and the air's."""
    contact, flight, brake, lift = span
    air = np.array([drag, 0.0, 0.0])
    path = _path(contact, flight, brake, lift, drag)
    [found] = contact_estimates(path, *_contacts(contact, flight), air)
    upward = MASS * (GRAVITY * (contact + flight) + lift) / contact
    impulse = MASS * brake * contact / np.pi
    assert found[0] == pytest.approx(upward, rel=0.01)
    assert found[1:] == pytest.approx([-impulse, impulse], abs=0.02 * impulse + 0.1)


@settings(max_examples=25)
@given(spans, st.floats(-0.01, 0.01))
def test_an_error_of_an_event_moves_the_mean_and_not_the_impulse(span, late):
    contact, flight, brake, lift = span
    path = _path(contact, flight, brake, lift)
    previous, own, following = _contacts(contact, flight)
    moved = replace(own, toe_off=own.toe_off + late)
    before, after = (
        contact_estimates(path, previous, one, following, STILL_AIR)[0, 0]
        * (one.toe_off - one.touchdown)
        for one in (own, moved)
    )
    assert after == pytest.approx(before, rel=0.04)


def test_a_contact_needs_the_flights_on_both_sides_and_a_known_body():
    contacts = _contacts(0.1, 0.12, count=4)
    time = np.arange(0.0, 1.0, 1.0 / RATE)
    known = np.ones(len(time), dtype=bool)
    assert [two for _, two, _ in between_flights(contacts, time, known)] == contacts[1:3]
    known[time > 0.5] = False
    assert [two for _, two, _ in between_flights(contacts, time, known)] == contacts[1:2]
    same_foot = [replace(one, side="left") for one in contacts]
    assert not list(between_flights(same_foot, time, time >= 0.0))
    assert not list(between_flights(contacts, np.arange(0.0, 1.0, 0.05), np.ones(20, dtype=bool)))


@pytest.mark.parametrize("slope", [0.0, 3.0])
def test_events_move_a_stance_mean_by_what_the_curve_does_at_its_ends(slope):
    """Of a line the mean moves by half of what an end moves, times the slope."""
    time = np.arange(0.0, 0.5, 1.0 / RATE)
    values = (2.0 + slope * time)[:, None, None] * np.ones((1, 1, 3))
    trial = xr.Dataset(
        {"group_angular_momentum": (("time", "group", "axis"), values)},
        coords={"time": time, "group": ["torso"], "axis": list("xyz")},
    )
    step = Step(1, "right", 0.2, 0.3, 0.4, "ok", "", time_error=0.02)
    drawn = events_dataset(trial, step)
    means = drawn["group_angular_momentum"].values.mean(axis=1)
    sd = np.sqrt((source_sds(means, drawn["uncertainty_source"].values.tolist()) ** 2).sum(axis=0))
    of_an_event = EVENT_SHARE * step.time_error
    assert sd == pytest.approx(np.sqrt(2.0) * 0.5 * slope * of_an_event, abs=1e-12)
