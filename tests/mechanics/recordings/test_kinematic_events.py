"""Contacts from foot markers: a made foot whose landing and take-off are known."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.contacts import FootContact
from aqbio.recordings.events_from_markers import (
    event_errors,
    kinematic_contacts,
    smoothed,
    strike,
)
from aqbio.signals import low_pass

RATE, SPEED, SECONDS = 250.0, 8.0, 1.2
TOUCHDOWN, TOE_OFF, STEP = 0.302, 0.424, 0.24
STILL = np.zeros(3)


def foot(touchdown: float, time: np.ndarray, *, heel: float) -> np.ndarray:
    """Heel, toe and outer forefoot (T, 3, 3): down at 3 m/s, still, away at 6 m/s.

    The heel lands by so much before (negative) or after the forefoot, and leaves 50 ms before it.
    """
    toe_off = touchdown + TOE_OFF - TOUCHDOWN
    paths = []
    for late, early, along in ((heel, 0.05, -0.2), (0.004, 0.0, 0.05), (0.0, 0.02, 0.0)):
        down = np.maximum(touchdown + late - time, 0.0)
        up = np.maximum(time - toe_off + early, 0.0)
        x = along - 6.0 * down + 10.0 * up
        paths.append(np.column_stack((x, 0.03 + 3.0 * down + 6.0 * up, 0.0 * time)))
    return np.stack(paths, axis=1)


def runner(*, heel: float = 0.02, rate: float = RATE) -> np.ndarray:
    """Both feet (T, 2, 3, 3): left first, right a step later, m."""
    time = np.arange(0.0, SECONDS, 1.0 / rate)
    left, right = (foot(at, time, heel=heel) for at in (TOUCHDOWN, TOUCHDOWN + STEP))
    right[..., 0] += SPEED * STEP
    return np.stack((left, right), axis=1)


def test_landing_and_take_off_of_a_forefoot_striker():
    left, right = kinematic_contacts(runner(), RATE, STILL, SPEED)
    assert (left.foot, right.foot) == (0, 1)
    assert left.complete
    # a bend is seen where the low-passed path bends most: at itself, between frames of 4 ms
    assert left.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)
    assert left.toe_off == pytest.approx(TOE_OFF, abs=0.001)
    assert right.touchdown - left.touchdown == pytest.approx(STEP, abs=1e-4)
    assert np.isnan(left.peak)
    assert left.plates == ()


@pytest.mark.parametrize("rate", [60.0, 100.0, 200.0])
@pytest.mark.parametrize("heel", [0.02, -0.03])
def test_a_tenth_of_a_frame_at_any_rate_and_strike(rate, heel):
    feet = runner(heel=heel, rate=rate)
    found = kinematic_contacts(feet, rate, STILL, SPEED)
    touchdowns = [one.touchdown for one in found]
    landing = TOUCHDOWN + min(heel, 0.0)
    np.testing.assert_allclose(touchdowns, [landing, landing + STEP], atol=0.1 / rate)
    assert strike(feet, rate, found) == ("heel" if heel < 0.0 else "forefoot")


def test_landing_that_is_not_seen_stays_missing():
    """Low-passed at 6 Hz, the forefoot sinks without a landing; later it stands all the same."""
    left, right = kinematic_contacts(low_pass(runner(), RATE, 6.0), RATE, STILL, SPEED)
    for one in (left, right):
        assert np.isnan(one.touchdown)
        assert one.complete
        assert np.isfinite(one.toe_off)
    assert strike(runner(), RATE, (left, right)) == ""


def test_foot_laid_flat_is_no_landing():
    """The heel is set down softly 50 ms before the forefoot slaps the ground."""
    feet = runner()
    time = np.arange(len(feet)) / RATE
    sink = np.clip((TOUCHDOWN - 0.05 - time) / 0.15, 0.0, 1.0)
    soft = 0.03 + 0.3 * sink**2 * (3.0 - 2.0 * sink)
    feet[:, 0, 0, 1] = np.where(time < TOUCHDOWN + 0.06, soft, feet[:, 0, 0, 1])
    left, right = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert left.touchdown == pytest.approx(TOUCHDOWN - 0.05, abs=0.010)
    assert right.touchdown == pytest.approx(TOUCHDOWN + STEP, abs=0.001)


@pytest.mark.parametrize("marker", [0, 1, 2])
def test_marker_that_is_lost_at_landing_leaves_it_unknown(marker):
    """Who lands first is not known then: without the heel this landing would be 30 ms late."""
    feet = runner(heel=-0.03)
    feet[round((TOUCHDOWN - 0.05) * RATE) : round((TOUCHDOWN + 0.02) * RATE), 0, marker] = np.nan
    left, right = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert np.isnan(left.touchdown)
    assert left.toe_off == pytest.approx(TOE_OFF, abs=0.001)
    assert right.touchdown == pytest.approx(TOUCHDOWN + STEP - 0.03, abs=0.001)


def test_what_is_lost_where_nothing_hangs_on_it_costs_nothing():
    """In flight, and the heel in the middle of the stance; three frames are bridged anywhere."""
    feet = runner()
    feet[: round(0.1 * RATE), 0, 2] = np.nan
    feet[round(0.36 * RATE) : round(0.40 * RATE), 0, 0] = np.nan
    landing = round(TOUCHDOWN * RATE)
    feet[landing + 8 : landing + 11, 0, 1] = np.nan
    left, _ = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert left.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)
    assert left.toe_off == pytest.approx(TOE_OFF, abs=0.001)


def test_toe_that_is_lost_at_take_off_leaves_it_unknown():
    """The other toe marker leaves 20 ms earlier."""
    feet = runner()
    feet[round((TOE_OFF - 0.02) * RATE) : round((TOE_OFF + 0.02) * RATE), 0, 1] = np.nan
    left, _ = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert np.isnan(left.toe_off)
    assert left.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)


@pytest.mark.parametrize("belt", [0.0, -SPEED])
def test_events_do_not_depend_on_the_observer(belt):
    """A moving belt, the direction of running and the place in the laboratory."""
    feet, time = runner(), np.arange(round(SECONDS * RATE)) / RATE
    velocity = np.array([-belt, 0.0, 0.0])
    turned = feet * [-1.0, 1.0, -1.0] + [30.0, 0.2, -5.0] + velocity * time[:, None, None, None]
    expected = kinematic_contacts(feet, RATE, STILL, SPEED)
    for one, other in zip(expected, kinematic_contacts(turned, RATE, velocity, SPEED), strict=True):
        assert one.touchdown == pytest.approx(other.touchdown, abs=1e-9)
        assert one.toe_off == pytest.approx(other.toe_off, abs=1e-9)


@pytest.mark.parametrize(("feet", "speed"), [(runner(), 0.2), (np.nan * runner(), SPEED)])
def test_without_running_or_markers_there_are_no_contacts(feet, speed):
    assert kinematic_contacts(feet, RATE, STILL, speed) == ()


def test_noise_of_markers_is_no_landing():
    """Half a millimetre is 15 m/s² here: never before the landing, whichever frame it falls in."""
    noise = np.random.default_rng(0)
    for _ in range(20):
        feet = runner() + noise.normal(0.0, 0.0005, runner().shape)
        found = kinematic_contacts(feet, RATE, STILL, SPEED)
        np.testing.assert_allclose(
            [one.touchdown for one in found], [TOUCHDOWN, TOUCHDOWN + STEP], atol=0.003
        )


@pytest.mark.parametrize("rate", [60.0, 100.0, 250.0])
def test_low_passed_markers_are_told_from_those_as_recorded(rate):
    feet = runner(rate=rate)
    assert not smoothed(feet, rate)
    assert not smoothed(low_pass(feet, rate, 20.0), rate)
    assert smoothed(low_pass(feet, rate, 8.0), rate)
    assert not smoothed(np.full_like(feet, np.nan), rate)


def test_sharp_take_off_is_seen_though_the_toe_has_risen_before():
    """A toe marker on the nail rolls up by 12 mm before the toe leaves the ground."""
    feet = runner()
    time = np.arange(len(feet)) / RATE
    rolling = np.clip(time - (TOE_OFF - 0.04), 0.0, 0.04)
    feet[:, 0, 1:, 1] += 0.3 * rolling[:, None]
    left, _ = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert left.toe_off == pytest.approx(TOE_OFF, abs=0.002)


def test_acceleration_of_a_heel_in_the_air_is_no_landing():
    """A heel that is stopped 0.1 m above its level before the forefoot lands."""
    feet = runner()
    time = np.arange(len(feet)) / RATE
    feet[:, 0, 0, 1] = (
        0.03
        + np.where(time < TOUCHDOWN - 0.03, 0.10, 0.0)
        + 3.0 * np.maximum(TOUCHDOWN - 0.03 - time, 0.0)
    )
    feet[:, 0, 0, 1] = np.where(
        time < TOUCHDOWN + 0.02,
        np.maximum(feet[:, 0, 0, 1], 0.03 + 2.0 * (TOUCHDOWN + 0.02 - time)),
        0.03,
    )
    left, _ = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert left.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)


def test_contact_at_an_end_of_the_recording_is_cut():
    feet = runner()[round((TOUCHDOWN + 0.02) * RATE) :]
    left, right = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert not left.complete
    assert np.isnan(left.touchdown)
    assert right.complete
    feet = runner()[: round((TOE_OFF - 0.02) * RATE)]
    [only] = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert not only.complete
    assert np.isnan(only.toe_off)
    assert only.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)


def test_errors_belong_to_the_contacts_that_both_know():
    def contact(side, on, off, complete=True):
        return FootContact(side, on, off, (), complete, np.nan, np.nan)

    plates = [contact(0, 0.1, 0.2), contact(1, 0.3, 0.4), contact(0, 0.5, 0.6, complete=False)]
    markers = [contact(0, 0.11, 0.19), contact(0, 0.3, 0.4), contact(0, 0.5, 0.6)]
    errors = event_errors([*markers, contact(0, np.nan, 0.21)], plates)
    np.testing.assert_allclose(errors.touchdown, [0.01])
    np.testing.assert_allclose(errors.toe_off, [-0.01, 0.01])
    assert len(event_errors([], plates).touchdown) == 0
