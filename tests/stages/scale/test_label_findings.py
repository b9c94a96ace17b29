"""What is said of labels that the body contradicts, and what the solver then sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.label_findings import label_findings, labels_left_out
from aqbio.body.posterior import lengths
from tests.mechanics.calibration.label_faults import carried, exchanged, moved
from tests.mechanics.calibration.made import fitted, made_person

TRIALS = ("static", "jog", "sprint")


@pytest.fixture(scope="module")
def fit():
    return fitted(made_person(0))


def _index(fit, *labels):
    return tuple(fit.problem.template.markers.labels.index(label) for label in labels)


def _findings(fit):
    return list(label_findings(fit, TRIALS, "S01"))


def test_labels_without_weight_are_named_by_trial(fit):
    assert _findings(fit) == []
    weights, error = fit.weights.copy(), fit.error.copy()
    rows, (marker,) = fit.problem.frames.trial == 1, _index(fit, "LWRA")
    weights[rows, marker], error[rows, marker] = 0.1, [0.03, 0.04, 0.0]
    [found] = _findings(replace(fit, weights=weights, error=error))
    assert (found.rule, found.trial, found.severity) == ("labels-off", "jog", "warning")
    assert "LWRA by 50 mm" in found.what
    rows = fit.problem.frames.still
    for label in ("RSHO", "LSHO"):
        weights[rows, _index(fit, label)] = 0.1
    found, _ = _findings(replace(fit, weights=weights, error=error))
    assert (found.trial, found.severity, found.label) == ("static", "info", "RSHO, LSHO")
    assert "raised or turned arms" in found.what


def test_what_is_off_in_movement_does_not_pull_the_motion(fit):
    """Standing shoulders are off for their own reasons; a foot label of a run is not used there."""
    assert labels_left_out(fit, TRIALS) == {}
    weights, trial = fit.weights.copy(), fit.problem.frames.trial
    weights[trial == 1, _index(fit, "LWRA")] = 0.34
    weights[trial == 2, _index(fit, "LWRA")] = 0.36
    weights[fit.problem.frames.still, _index(fit, "RSHO")] = 0.1
    assert labels_left_out(replace(fit, weights=weights), TRIALS) == {"jog": ["LWRA"]}


@pytest.mark.parametrize(("frames", "count"), [(1, 0), (6, 1)])
def test_a_ghost_of_a_few_frames_is_not_named(fit, frames, count):
    rows, (marker,) = np.flatnonzero(fit.problem.frames.trial == 1), _index(fit, "LWRA")
    position, weights = fit.problem.frames.position.copy(), fit.weights.copy()
    position[rows[frames:], marker] = np.nan
    weights[rows[:frames], marker] = 0.01
    chosen = replace(fit.problem.frames, position=position)
    ghost = replace(fit, weights=weights, problem=replace(fit.problem, frames=chosen))
    assert len(_findings(ghost)) == count


FAULTS = {
    "across sides in movement": (exchanged, ("RTH1", "LTH1", (1, 2)), {"RTH1", "LTH1"}),
    "in the static trial": (exchanged, ("RKNL", "RANL", (0,)), {"RKNL", "RANL"}),
    "heel and toe, static": (exchanged, ("RHEE", "RTOE", (0,)), {"RHEE", "RTOE"}),
    "across segments, always": (exchanged, ("RWRA", "LTOE", (0, 1, 2)), {"RWRA", "LTOE"}),
    "on another segment": (carried, ("RTH1", "tibia_r", (0.02, -0.2, 0.05), (0, 1, 2)), {"RTH1"}),
    "put on again": (moved, ("LKNL", (0.03, 0.06, 0.0), (2,)), {"LKNL"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_wrong_labels_are_named_left_out_and_do_not_reach_the_lengths(fit, name):
    """Student weights bear them, and no other label is blamed."""
    fault, arguments, wrong = FAULTS[name]
    faulty = fault(fit, *arguments)
    named = {label for one in _findings(faulty) for label in one.label.split(", ")}
    left_out = {label for labels in labels_left_out(faulty, TRIALS).values() for label in labels}
    assert named == left_out == wrong
    for one, other in zip(lengths(fit), lengths(faulty), strict=True):
        assert abs(other.length - one.length) < 0.6 * one.sd, one.name


@pytest.mark.parametrize(
    ("fault", "arguments", "wrong"),
    [
        (moved, ("STRN", (0.0, 0.08, 0.0), (0, 1, 2)), {"STRN"}),
        (exchanged, ("RHEE", "RTOE", (0, 1, 2)), {"RHEE", "RTOE"}),
    ],
)
def test_labels_that_are_elsewhere_in_all_trials_are_named(fit, fault, arguments, wrong):
    """No trial contradicts another there: the body follows them, and the lengths are warned of."""
    found = _findings(fault(fit, *arguments))
    assert {(one.rule, one.severity) for one in found} == {("landmark-misplaced", "warning")}
    assert {one.label for one in found} == wrong
