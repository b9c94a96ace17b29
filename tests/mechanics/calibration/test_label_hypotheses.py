"""Faults that are put into the labels of made people, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from aqbio.mechanics.calibration.hypothesis import doubted_labels
from aqbio.mechanics.calibration.label_evidence import ANYWHERE, Place, place_evidence
from aqbio.mechanics.calibration.posterior import lengths
from aqbio.mechanics.calibration.problem import FREEDOM
from tests.mechanics.calibration.label_faults import carried, exchanged, judged, marker_of, moved
from tests.mechanics.calibration.made import fitted, made_person

STATIC, MOVING, EVERY = (0,), (1, 2), (0, 1, 2)
PEOPLE = (0, 1, 2)


@pytest.fixture(scope="module")
def clean():
    """Give made people by their seed, calibrated."""
    return {seed: fitted(made_person(seed)) for seed in PEOPLE}


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
        assert judged(fit)[1] == []


FAULTS = {
    "across sides in all movement": ("RTH1", "LTH1", MOVING),
    "within a cluster in one run": ("LSH1", "LSH2", (2,)),
    "landmarks in the static trial": ("RKNL", "RANL", STATIC),
    "across segments in all trials": ("RWRA", "LTOE", EVERY),
    "landmarks of one joint in all trials": ("RHEE", "RTOE", EVERY),
}


@pytest.mark.parametrize("name", FAULTS)
def test_exchanged_labels_are_found_and_put_right(name, clean):
    first, second, trials = FAULTS[name]
    fit = clean[sorted(FAULTS).index(name) % len(PEOPLE)]
    mended, found, _ = judged(exchanged(fit, first, second, trials))
    assert found == [("exchanged", {first, second}, trials)]
    for one, other in zip(lengths(fit), lengths(mended), strict=True):
        assert abs(other.length - one.length) < 0.05 * one.sd, one.name


def test_what_the_recordings_do_not_tell_is_said(clean):
    """Two cluster markers exchanged in the static trial, or in the movement: one is as good."""
    _, found, taken = judged(exchanged(clean[0], "RTH1", "RTH2", MOVING))
    assert found == [("exchanged", {"RTH1", "RTH2"}, STATIC)]
    assert MOVING in taken[0].tied


def test_a_label_on_another_segment_is_left_out(clean):
    fit = clean[1]
    mended, found, taken = judged(carried(fit, "RTH1", "tibia_r", (0.02, -0.2, 0.05), EVERY))
    assert found == [("elsewhere", {"RTH1"}, EVERY)]
    assert fit.problem.template.skeleton.bodies[taken[0].body] == "tibia_r"
    assert not mended.problem.visible[:, marker_of(fit, "RTH1")].any()
    for one, other in zip(lengths(fit), lengths(mended), strict=True):
        assert abs(other.length - one.length) < one.sd, one.name


def test_a_marker_that_was_put_on_again_is_found(clean):
    _, found, taken = judged(moved(clean[0], "LKNL", (0.03, 0.06, 0.0), (2,)))
    assert found == [("moved", {"LKNL"}, (2,))]
    assert taken[0].apart[0] == pytest.approx(np.hypot(0.03, 0.06), abs=0.02)


def test_a_landmark_that_is_another_place_of_its_segment_is_followed_there(clean):
    """80 mm off in every recording, as breast bones are whose upper end is the model's lower."""
    mended, found, taken = judged(moved(clean[0], "STRN", (0.0, 0.08, 0.0), EVERY))
    assert found == [("displaced", {"STRN"}, EVERY)]
    assert taken[0].apart[0] == pytest.approx(0.08, abs=0.02)
    assert mended.problem.visible[:, marker_of(mended, "STRN")].all()
    for one, other in zip(lengths(clean[0]), lengths(mended), strict=True):
        assert abs(other.length - one.length) < one.sd, one.name


@pytest.mark.parametrize("seed", PEOPLE)
def test_a_malleolus_beside_its_place_is_not_named_and_does_no_harm(seed, clean):
    """20 mm are below the skin of a run; the static trial and other markers hold against it.

    Alone, the middle of the malleoli would turn a shank by 10 mm in its length.
    """
    fit = clean[seed]
    shank = next(one.length for one in lengths(fit) if one.name == "shank_right")
    off_by_20 = moved(fit, "RANL", (0.02, 0.0, 0.0), MOVING)
    assert judged(off_by_20)[1] == []
    names, free = fit.problem.template.skeleton.coordinates, fit.problem.free.tolist()
    off = np.degrees((off_by_20.state.q - fit.state.q)[~fit.problem.frames.still].mean(axis=0))
    for name in ("knee_angle_r", "ankle_angle_r", "hip_flexion_r"):
        assert abs(off[free.index(names.index(name))]) < np.degrees(0.010 / shank), name


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
