"""What is believed of bodies, against sampling and against the rules of the normal distribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.body_sizes import body_sizes
from aqbio.body.people import Person, believed_sizes
from aqbio.body.priors import (
    RUNNING,
    SIDE_SD,
    STANDING,
    posture_prior,
    size_prior,
)
from tests.mechanics.calibration.made import MAP


def test_sizes_given_a_stature_are_those_of_people_that_tall():
    """Conditioning by formula against people drawn from the whole distribution."""
    men = body_sizes()["male"]
    rng = np.random.default_rng(0)
    drawn = rng.multivariate_normal(men.mean, men.covariance, 200_000)
    stature, shank = men.names.index("stature"), men.names.index("shank_length")
    tall = np.abs(np.exp(drawn[:, stature]) - 1.90) < 0.005
    mean, covariance = men.given({"stature": 1.90})
    people = int(tall.sum())
    assert people > 500
    sd = np.sqrt(covariance[shank, shank])
    assert drawn[tall, shank].mean() == pytest.approx(mean[shank], abs=4 * sd / np.sqrt(people))
    assert drawn[tall, shank].std() == pytest.approx(sd, rel=0.1)
    assert covariance[stature, stature] == pytest.approx(0.0, abs=1e-12)


def test_the_published_spread():
    """Shank lengths of men: 5.9 % among all, 3.3 % among men of one stature."""
    men = body_sizes()["male"]
    shank = men.names.index("shank_length")
    assert np.sqrt(men.covariance[shank, shank]) == pytest.approx(0.059, abs=5e-4)
    _, known = men.given({"stature": 1.756})
    assert np.sqrt(known[shank, shank]) == pytest.approx(0.033, abs=5e-4)


def test_without_a_sex_both_are_possible():
    names, mean, covariance = believed_sizes(body_sizes(), Person())
    stature = names.index("stature")
    sexes = [body_sizes()[sex] for sex in ("female", "male")]
    assert mean[stature] == pytest.approx(np.mean([one.mean[stature] for one in sexes]))
    assert covariance[stature, stature] > max(one.covariance[stature, stature] for one in sexes)


def test_a_template_made_for_the_person_is_expected_to_fit(sprint_template):
    person = Person("female", 1.70, 60.0)
    mean, _ = size_prior(sprint_template.parts, body_sizes(), person, person)
    assert np.abs(mean).max() == 0.0


def test_a_taller_person_has_longer_legs_and_both_alike(sprint_template):
    parts = sprint_template.parts
    tall, small = Person("male", 1.95), Person("male", 1.75)
    mean, covariance = size_prior(parts, body_sizes(), tall, small)
    right, left = (3 * parts.index(f"shank_{side}") + 1 for side in ("right", "left"))
    assert mean[right] == pytest.approx(np.log(1.95 / 1.75), rel=0.4)
    assert mean[right] == mean[left]
    between = covariance[right, right] + covariance[left, left] - 2 * covariance[right, left]
    assert np.sqrt(between) == pytest.approx(SIDE_SD)
    assert np.linalg.eigvalsh(covariance).min() > 0.0


def test_postures_follow_the_maps_sign(sprint_template):
    """A model whose knee counts the other way is believed to bend the same way."""
    own = sprint_template.skeleton
    knee = own.coordinates.index("knee_angle_r")
    turned = MAP.model_copy(update={"flexion": {**MAP.flexion, "knee": -MAP.flexion["knee"]}})
    belief, other = posture_prior(own, MAP), posture_prior(own, turned)
    assert belief.low[knee] == pytest.approx(-other.high[knee])
    assert belief.mean[knee] == pytest.approx(-other.mean[knee])
    assert belief.frame_sd[knee] == other.frame_sd[knee]


def test_toes_bend_up_whichever_way_their_angle_counts(sprint_template):
    """Rajagopal's `mtp_angle` counts down, ours up: the axis tells, not the name."""
    own = sprint_template.skeleton
    toes = own.coordinates.index("mtp_angle_r")
    axis = own.driver == toes
    direction = np.where(axis[:, None], -own.axes.direction, own.axes.direction)
    turned = replace(own, axes=replace(own.axes, direction=direction))
    belief, other = posture_prior(own, MAP), posture_prior(turned, MAP)
    assert np.degrees(belief.high[toes]) == pytest.approx(RUNNING["mtp_angle"][1])
    assert (other.low[toes], other.high[toes]) == (-belief.high[toes], -belief.low[toes])
    assert other.mean[toes] == -belief.mean[toes]
    rest = np.arange(len(own.coordinates)) != toes
    np.testing.assert_array_equal(other.mean[rest], belief.mean[rest])


def test_nothing_is_believed_of_where_a_person_is(sprint_template):
    own = sprint_template.skeleton
    belief = posture_prior(own, MAP)
    for name in ("pelvis_tx", "pelvis_ty", "pelvis_rotation"):
        index = own.coordinates.index(name)
        assert np.isinf(belief.frame_sd[index])
        assert np.isinf(belief.high[index])


def test_every_posture_is_possible():
    assert set(RUNNING) == set(STANDING)
    for name, (low, high, mean, *_) in RUNNING.items():
        assert low < mean < high
        assert low <= STANDING[name][0] <= high
