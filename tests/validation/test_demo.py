"""The demo's truth by hand, by conservation and by the product's level C; the rule of agreement."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.induced import (
    MovingBody,
    equations_of_motion,
    foot_contact,
    induced_accelerations,
)
from aqbio.force_plates.ground_reactions import shared_with_toes
from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import segment_poses
from aqbio.names import ROLE_GROUPS
from aqbio.virtual.demo import DATA, SPRINTERS, GaitName, load_library
from aqbio.virtual.study import LIBRARY
from aqbio.virtual.truth import run_truth
from validation.demo import agrees
from validation.true_causes import amplifying, caused_force
from validation.true_evidence import truth
from validation.true_steps import (
    _peak,
    between,
    hub_share,
    pattern_contacts,
    role_momenta,
    roles,
    true_steps,
)

SLOW, FAST = (GaitName("V01", "normal", level) for level in (0, 3))


@pytest.fixture(scope="module")
def gaits():
    return load_library(DATA / LIBRARY, {one.athlete.name: one.athlete for one in SPRINTERS})


@pytest.fixture(scope="module")
def fast(gaits):
    return gaits[FAST]


def _momentum_by_differences(gait, time):
    """(T, B): about the vertical through the centre of mass, from positions and orientations."""
    skeleton, h = gait.skeleton, 1e-5
    before, now, after = (segment_poses(skeleton, gait.states(time + k * h)[0]) for k in (-1, 0, 1))

    def centres(poses):
        return poses.origin + np.einsum("tbij,bj->tbi", poses.rotation, skeleton.com)

    place, velocity = centres(now), (centres(after) - centres(before)) / (2 * h)
    share = skeleton.mass / skeleton.mass.sum()
    arm, relative = (one - np.einsum("b,tbi->ti", share, one)[:, None] for one in (place, velocity))
    spin = (after.rotation - before.rotation) / (2 * h) @ np.swapaxes(now.rotation, -1, -2)
    omega = np.stack([spin[..., 2, 1], spin[..., 0, 2], spin[..., 1, 0]], axis=-1)
    inertia = now.rotation @ skeleton.inertia @ np.swapaxes(now.rotation, -1, -2)
    orbital = skeleton.mass * (arm[..., 2] * relative[..., 0] - arm[..., 0] * relative[..., 2])
    return np.einsum("tbi,tbi->tb", inertia[..., 1, :], omega) + orbital


@pytest.mark.parametrize("place", [0, 1])
def test_opposition_equals_a_computation_by_hand(fast, place):
    contact = pattern_contacts(fast)[place]
    by_segment = _momentum_by_differences(fast, between(contact.rises, contact.falls))
    bodies = fast.skeleton.bodies
    own = {
        role: by_segment[:, [bodies.index(name) for name in names]].sum(axis=1)
        for role, names in roles(contact.foot).items()
    }
    total, legs = sum(own.values()), own["push_leg"] + own["swing_leg"]
    size = sum(np.abs(one) for one in own.values()).mean()

    def chi(side):
        return (np.abs(side) + np.abs(total - side) - np.abs(total)).mean() / size

    found = true_steps(fast).iloc[place]
    assert found["opposition_difference"] == pytest.approx(chi(own["swing_leg"]) - chi(legs), 1e-5)
    push, arms = own["push_leg"], own["arms"]
    cosine = (push * arms).mean() / np.sqrt((push**2).mean() * (arms**2).mean())
    assert found["arms_push_cosine"] == pytest.approx(cosine, abs=1e-7)
    assert found["sides_opposed"] == ((total - own["swing_leg"]) * own["swing_leg"] < 0).mean()


def test_flight_conserves_the_total_and_contacts_change_it_by_the_ground(fast):
    """Every segment has one role."""
    contact, following = pattern_contacts(fast)[:2]
    for foot in ("left", "right"):
        named = [name for names in roles(foot).values() for name in names]
        assert (sorted(named), tuple(roles(foot))) == (sorted(fast.skeleton.bodies), ROLE_GROUPS)
    flight = run_truth(fast, between(contact.toe_off, following.touchdown))
    momenta = role_momenta(flight, contact.foot)
    assert np.ptp(momenta.sum(axis=1)) < 1e-6 < 0.1 < np.ptp(momenta, axis=0).max()
    stance = run_truth(fast, between(contact.touchdown, contact.toe_off, 2001))
    loads = stance.loads
    about = loads.moment - np.cross(stance.com[:, None], loads.force)
    impulse = np.trapezoid(about[..., 1].sum(axis=1), stance.gait_time)
    change = np.diff(role_momenta(stance, "right")[[0, -1]].sum(axis=1)).item()
    assert change == pytest.approx(impulse, abs=1e-6)


def test_share_relative_to_the_pelvis_is_the_integral_of_accelerations(fast):
    contact = pattern_contacts(fast)[0]
    stance = run_truth(fast, between(contact.rises, contact.falls, 1001))
    bodies, own = fast.skeleton.bodies, roles(contact.foot)
    upward = stance.segments.acceleration[..., 1]
    apart = stance.segments.mass * (upward - upward[:, [bodies.index("pelvis")]])
    chosen = [bodies.index(one) for r in ("swing_leg", "arms", "torso") for one in own[r]]
    share = np.trapezoid(apart[:, chosen].sum(axis=1)) / np.trapezoid(
        stance.loads.force[..., 1].sum(axis=1)
    )
    ends = run_truth(fast, np.array([contact.rises, contact.falls]))
    assert hub_share(ends, contact.foot) == pytest.approx(share, abs=1e-5)


def test_causes_equal_those_of_the_product(fast):
    """Equations of motion solved in two ways, of a left contact."""
    contact = pattern_contacts(fast)[1]
    stance = run_truth(fast, between(contact.rises, contact.falls, 9)[1:-1])
    skeleton, motion = fast.skeleton, stance.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    loads = shared_with_toes(stance.loads.external(), skeleton, kinematics, ("mtp_l", "mtp_r"))
    tau = inverse_dynamics(skeleton, kinematics, loads)
    chosen = amplifying(skeleton, contact.foot)
    coordinates = {"them": chosen, "rest": np.setdiff1d(np.arange(tau.shape[1]), chosen)}
    held = np.ones(len(tau), dtype=bool)
    feet = [foot_contact(load, held) for load in loads]
    groups = np.ones((1, len(skeleton.bodies)))
    body = MovingBody(skeleton, kinematics, groups, 0)
    equations = equations_of_motion(body, tau, coordinates, feet)
    own = caused_force(stance, contact.foot, chosen)
    for model, values in own.items():
        found = induced_accelerations(equations, model)
        expected = found.force[:, found.sources.index("them"), 0, 1]
        np.testing.assert_allclose(values, expected, atol=1e-8)
        assert np.abs(values).max() > 1.0


def test_a_peak_lies_between_samples():
    found = _peak(lambda t: np.cos(t - 0.3137) + 0.1 * np.cos(2 * (t - 0.3137)), between(0, 1))
    assert found == pytest.approx(0.3137, abs=1e-9)
    assert np.isnan(_peak(lambda t: t, between(0.0, 1.0)))


def test_recorded_steps_are_those_of_their_contacts(gaits):
    known = truth({SLOW: gaits[SLOW], FAST: gaits[FAST]})
    assert known.steps.groupby("level")["caused_share_C2"].count().to_list() == [0, 10]
    told = pd.DataFrame(
        {
            "participant_id": "V01", "trial_id": ["speed1-01"] * 6 + ["speed1-02"] * 6,
            "step": [*range(1, 7)] * 2, "side": ["right", "left"] * 6,
            "whole": [True] * 11 + [False], "order": 1.0,
        }
    )  # fmt: skip
    steps = known.recorded(told, gaits).steps
    own = known.patterns().steps.query("level == 0")
    number = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]  # the second trial goes on with the next contact
    assert steps["contact_s"].tolist() == own["contact_s"].to_numpy()[number].tolist()
    assert steps["lag"].notna().to_list() == [True] * 11 + [False]
    with pytest.raises(ValueError, match="0 of 12 steps"):
        known.recorded(told.assign(side=["left", "right"] * 6), gaits)


AGREE = {
    ("supported", 0.3, "supported", "found"): True,
    ("supported", 0.3, "not_supported", "no_effect"): False,
    ("not_supported", 0.02, "supported", "found"): False,
    ("not_supported", 0.02, "not_supported", "no_effect"): True,
    ("not_supported", 0.02, "not_supported", "opposite_found"): False,
    ("not_supported", -0.3, "not_supported", "opposite_found"): True,
    ("supported", 0.3, "inconclusive", "too_imprecise"): True,
    ("not_supported", -0.3, "inconclusive", "gate_failed"): True,
}


def test_only_a_verdict_that_says_the_other_thing_disagrees():
    assert {case: agrees(*case) for case in AGREE} == AGREE
