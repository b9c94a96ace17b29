"""Slip of forefeet by closed forms: on the ground, and on a belt whose speed under load is unknown.

From markers to metres: `aqbio.prepare.belt` reads each contact, `aqbio.contributions.foot_slip`
holds it against ground or belt.
"""

import numpy as np
import pytest
import xarray as xr

from aqbio.contributions.foot_slip import common_slip, foot_slips, trial_slip
from aqbio.prepare.belt import MIDDLE_SHARES, Stance, forefoot_velocity

RATE, CONTACT_S, STEP_S = 200.0, 0.12, 0.25
STANCES = [
    Stance(number % 2, 0.1 + number * STEP_S, 0.1 + number * STEP_S + CONTACT_S)
    for number in range(8)
]
TIME = np.arange(round(2.3 * RATE)) / RATE
MIDDLE_S = (MIDDLE_SHARES[1] - MIDDLE_SHARES[0]) * CONTACT_S
AXES = np.eye(3)[[0, 2]]


def contacts(way=0.0 * TIME, *, slide=(0.0, 0.0), side="right", belt_speed=0.0, turn_down=0.0):
    """Contacts of a trial whose forefoot markers go with the ground's ``way`` (T,), m.

    One foot slides by ``slide``, m, in the middle of each of its contacts; before and after it
    toes turn down by ``turn_down``, rad, about the ball.
    """
    velocity = []
    for stance in STANCES:
        path = np.zeros((len(TIME), 2, 3))
        path[:, :, 0] -= way[:, None]
        if side == ("left", "right")[stance.foot]:
            share = (TIME - stance.middle) / MIDDLE_S
            path[:, :, 0] += slide[0] * share[:, None]
            path[:, :, 2] += slide[1] * share[:, None]
        late = np.clip((TIME - stance.start) / CONTACT_S - MIDDLE_SHARES[1], 0.0, None)
        path[:, 0, 1] -= 0.06 * np.sin(turn_down * late / 0.3)
        path[:, 0, 0] -= 0.06 * (1.0 - np.cos(turn_down * late / 0.3))
        velocity.append(forefoot_velocity(path, stance, RATE, AXES))
    along, across = np.array(velocity).T
    return xr.Dataset(
        {
            "contact_foot": ("contact", [("left", "right")[x.foot] for x in STANCES]),
            "contact_touchdown": ("contact", [x.start for x in STANCES]),
            "contact_toe_off": ("contact", [x.end for x in STANCES]),
            "contact_complete": ("contact", np.ones(len(STANCES), dtype=bool)),
            "contact_forefoot_along": ("contact", along),
            "contact_forefoot_across": ("contact", across),
        },
        attrs={"belt_speed": belt_speed, "events": "plates"},
    )


BELTS = {
    "steady": 5.0 * TIME,
    "gives way": 4.3 * TIME,
    "speeds up": 5.0 * TIME + 0.5 * TIME**2,
    "brakes": 6.0 * TIME - 0.4 * TIME**2,
}


@pytest.mark.parametrize("belt", BELTS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_foot_that_slides_is_seen_whatever_the_belt_does(belt, side):
    """Fore-aft and sideways in full, whatever the speed of the belt under load, and by its size."""
    slips = foot_slips(contacts(BELTS[belt], slide=(0.03, 0.01), side=side, belt_speed=5.0))
    assert common_slip(slips[side], 0.0) == pytest.approx(np.hypot(0.03, 0.01), rel=0.02)
    assert common_slip(slips[side], 0.02) == pytest.approx(np.hypot(0.01, 0.01), rel=0.05)


@pytest.mark.parametrize("belt", BELTS)
def test_a_belt_is_no_slip(belt):
    """Between the contacts of the other foot it changes evenly, or nearly so."""
    assert trial_slip(contacts(BELTS[belt], belt_speed=5.0)).common < 1e-9


def test_a_jerk_of_a_belt_is_no_slip_that_repeats():
    trial = contacts(BELTS["steady"], belt_speed=5.0)
    trial["contact_forefoot_along"][3] += 1.0
    slip = trial_slip(trial)
    assert slip.common < 1e-9
    assert slip.largest == pytest.approx(1.0 * MIDDLE_S)
    assert (slip.contacts, slip.feet) == (len(STANCES), 2)


def test_the_ground_stands_still():
    """Feet that slide alike are seen there; one foot alone is held against the trial's belt."""
    slips = foot_slips(contacts(0.2 * TIME))
    assert common_slip(slips["left"], 0.0) == pytest.approx(0.2 * MIDDLE_S)
    single = contacts(4.3 * TIME, belt_speed=5.0).isel(contact=slice(None, None, 2))
    [slip] = foot_slips(single).values()
    assert common_slip(slip, 0.0) == pytest.approx((5.0 - 4.3) * MIDDLE_S)


@pytest.mark.parametrize("turn", [0.5, 1.5])
def test_toes_that_turn_down_do_not_slide(turn):
    """A toe marker goes back by 7 and 56 mm as the heel lifts the foot, after mid-contact."""
    slip = trial_slip(contacts(turn_down=turn))
    assert slip.largest < 1e-9


def test_contacts_that_show_nothing_are_left_out():
    """Cut ones, those without a forefoot, and all whose instants are those of the markers."""
    trial = contacts(slide=(0.0, 0.02))
    trial["contact_forefoot_across"][1] = np.nan
    trial["contact_complete"][3] = False
    assert {side: len(slip) for side, slip in foot_slips(trial).items()} == {"left": 4, "right": 2}
    assert trial_slip(trial.assign_attrs(events="kinematic")) is None
    assert trial_slip(trial.isel(contact=[1, 3])) is None
