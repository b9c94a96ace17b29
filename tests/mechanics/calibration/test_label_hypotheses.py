"""Faults that are put into the labels of made people, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from aqbio.mechanics.calibration.fit import FlexionStarts
from aqbio.mechanics.calibration.label_evidence import ANYWHERE, Place, place_evidence
from aqbio.mechanics.calibration.label_hypotheses import doubted_labels, likeliest_labels
from aqbio.mechanics.calibration.posterior import lengths
from aqbio.mechanics.calibration.problem import FREEDOM
from aqbio.mechanics.multibody.poses import segment_poses
from tests.mechanics.calibration.made import MAP, fitted, made_person

STATIC, MOVING, EVERY = (0,), (1, 2), (0, 1, 2)
PEOPLE = (0, 1, 2)


def _judged(fit):
    flexions = FlexionStarts.of(fit.problem.template, MAP)
    fit, taken = likeliest_labels(fit, flexions)
    labels = fit.problem.template.markers.labels
    return fit, [(one.kind, {labels[i] for i in one.labels}, one.trials) for one in taken], taken


@pytest.fixture(scope="module")
def clean():
    """Give made people by their seed, calibrated."""
    return {seed: fitted(made_person(seed)) for seed in PEOPLE}


def _with(person, change, trials):
    """Recordings of some trials changed: ``change(position, labels)`` in place."""
    labels = list(person.template.markers.labels)
    recordings = []
    for number, one in enumerate(person.recordings):
        position = one.position.copy()
        if number in trials:
            change(number, position, labels)
        recordings.append(replace(one, position=position))
    return replace(person, recordings=tuple(recordings))


def _exchanged(first, second):
    def change(_, position, labels):
        pair = [labels.index(first), labels.index(second)]
        position[:, pair] = position[:, pair[::-1]]

    return change


def _poses(person, number):
    skeleton = person.template.skeleton_of(person.truth)
    q = person.q.get(number)
    if q is None:
        q = np.zeros((len(person.recordings[number].position), len(skeleton.coordinates)))
        q[:, skeleton.coordinates.index("pelvis_ty")] = 0.95
    return skeleton, segment_poses(skeleton, q)


def _moved(person, label, shift):
    def change(number, position, labels):
        skeleton, poses = _poses(person, number)
        marker = labels.index(label)
        position[:, marker] += poses.rotation[:, skeleton.marker_body[marker]] @ np.array(shift)

    return change


def _carried(person, label, body, place):
    def change(number, position, labels):
        skeleton, poses = _poses(person, number)
        at = skeleton.bodies.index(body)
        position[:, labels.index(label)] = poses.origin[:, at] + poses.rotation[:, at] @ np.array(
            place
        )

    return change


def test_evidence_is_the_integral_over_all_places():
    """Of likelihood times belief, on a grid of 61³ places.

    The curvature that re-weighting leaves out is half a unit, of 20 that decide.
    """
    rng = np.random.default_rng(1)
    sd, believed = 0.01, Place(np.array([0.1, 0.0, -0.05]), np.full(3, 0.02))
    seen = believed.mean + rng.normal(0.0, sd, (6, 3))
    found, place = place_evidence(seen, np.ones(6), np.full(6, sd**2), believed)
    steps = np.linspace(-0.03, 0.03, 61)
    places = place + np.array(list(product(steps, steps, steps)))
    squares = ((seen[:, None] - places) ** 2).sum(axis=2) / sd**2
    log = -0.5 * ((FREEDOM + 3.0) * np.log1p(squares / FREEDOM) + 3 * np.log(sd**2) + ANYWHERE)
    prior = -0.5 * (((places - believed.mean) / believed.sd) ** 2).sum(axis=1)
    prior -= 1.5 * np.log(2.0 * np.pi) + np.log(believed.sd).sum()
    integral = np.exp(log.sum(axis=0) + prior).sum() * (steps[1] - steps[0]) ** 3
    assert found == pytest.approx(-2.0 * np.log(integral), abs=1.0)


def test_nothing_seen_is_no_evidence():
    believed = Place(np.zeros(3), np.full(3, 0.02))
    cost, place = place_evidence(np.full((4, 3), np.nan), np.ones(4), np.ones(4), believed)
    assert cost == 0.0
    assert np.array_equal(place, np.zeros(3))


def test_labels_that_are_right_stay(clean):
    for fit in clean.values():
        assert _judged(fit)[1] == []


FAULTS = {
    "across sides in all movement": ("RTH1", "LTH1", MOVING),
    "within a cluster in one run": ("LSH1", "LSH2", (2,)),
    "landmarks in the static trial": ("RKNL", "RANL", STATIC),
    "across segments in all trials": ("RWRA", "LTOE", EVERY),
    "landmarks of one joint in all trials": ("RHEE", "RTOE", EVERY),
}


@pytest.mark.parametrize("name", FAULTS)
def test_exchanged_labels_are_found_and_put_right(name, clean):
    """Lengths come back; other frames may have been chosen because of the fault."""
    first, second, trials = FAULTS[name]
    seed = sorted(FAULTS).index(name) % len(PEOPLE)
    person = _with(made_person(seed), _exchanged(first, second), trials)
    mended, found, _ = _judged(fitted(person))
    assert found == [("exchanged", {first, second}, trials)]
    for one, other in zip(lengths(clean[seed]), lengths(mended), strict=True):
        assert abs(other.length - one.length) < 0.5 * one.sd, one.name


def test_what_the_recordings_do_not_tell_is_said(clean):
    """Two cluster markers exchanged in the static trial, or in the movement: one is as good."""
    person = _with(made_person(0), _exchanged("RTH1", "RTH2"), MOVING)
    _, found, taken = _judged(fitted(person))
    assert found == [("exchanged", {"RTH1", "RTH2"}, STATIC)]
    assert MOVING in taken[0].tied


def test_a_label_on_another_segment_is_left_out(clean):
    for seed, fit in list(clean.items())[:1]:
        person = made_person(seed)
        person = _with(person, _carried(person, "RTH1", "tibia_r", (0.02, -0.2, 0.05)), EVERY)
        mended, found, taken = _judged(fitted(person))
        assert found == [("elsewhere", {"RTH1"}, EVERY)]
        assert person.template.skeleton.bodies[taken[0].body] == "tibia_r"
        marker = person.template.markers.labels.index("RTH1")
        assert not mended.problem.visible[:, marker].any()
        for one, other in zip(lengths(fit), lengths(mended), strict=True):
            assert abs(other.length - one.length) < one.sd, one.name


def test_a_marker_that_was_put_on_again_is_found(clean):
    person = _with(made_person(0), _moved(made_person(0), "LKNL", (0.03, 0.06, 0.0)), (2,))
    _, found, taken = _judged(fitted(person))
    assert found == [("moved", {"LKNL"}, (2,))]
    assert taken[0].apart[0] == pytest.approx(np.hypot(0.03, 0.06), abs=0.02)


def test_a_malleolus_beside_its_place_is_not_named_and_does_no_harm(clean):
    """20 mm are below the skin of a run: knee and ankle turn by less than a degree."""
    for seed, fit in list(clean.items())[1:]:
        person = made_person(seed)
        moved = fitted(_with(person, _moved(person, "RANL", (0.02, 0.0, 0.0)), MOVING))
        assert _judged(moved)[1] == []
        names, free = person.template.skeleton.coordinates, fit.problem.free
        off = np.degrees((moved.state.q - fit.state.q)[~fit.problem.frames.still].mean(axis=0))
        for name in ("knee_angle_r", "ankle_angle_r", "hip_flexion_r"):
            assert abs(off[free.tolist().index(names.index(name))]) < 1.0, name


def test_doubted_are_labels_without_weight_and_labels_far_from_their_places(clean):
    fit = clean[0]
    labels = fit.problem.template.markers.labels
    faint = fit.weights.copy()
    faint[fit.problem.frames.trial == 2, 3] = 0.1
    theta = fit.state.theta.copy()
    first = fit.problem.template.sizes[0]
    theta[first + 3 * labels.index("RHEE")] = 0.06  # five deviations of a landmark
    doubted = doubted_labels(replace(fit, weights=faint, state=replace(fit.state, theta=theta)))
    assert {3, labels.index("RHEE")} <= set(doubted.tolist())
    assert len(doubted) < 0.2 * len(labels)
