"""What is said of labels that the body contradicts, and what the solver then sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from aqbio.config import Trial
from aqbio.mechanics.calibration.hypothesis import LabelHypothesis
from aqbio.records.wrong_labels import without_wrong_labels
from aqbio.stages.scale.label_findings import label_findings, wrong_labels
from tests.mechanics.calibration.made import fitted, made_person

TRIALS = ("static", "jog", "sprint")


@pytest.fixture(scope="module")
def fit():
    return fitted(made_person(0))


def _index(fit, *labels):
    return tuple(fit.problem.template.markers.labels.index(label) for label in labels)


def _exchanged(fit, trials, tied=()):
    pair = _index(fit, "RTH1", "LTH1")
    return LabelHypothesis("exchanged", pair, trials, 140.0, tied=tied, apart=(0.31, 0.305))


def _told(taken, fit, accepted=()):
    return list(label_findings(taken, fit, TRIALS, "S01", accepted))


def test_an_exchange_is_told_with_its_evidence(fit):
    [found] = _told([_exchanged(fit, (1, 2), tied=((0,),))], fit)
    assert (found.rule, found.severity, found.label) == (
        "labels-exchanged",
        "warning",
        "RTH1, LTH1",
    )
    assert "RTH1 and LTH1 sit on each other's markers in jog and sprint" in found.what
    assert "310 and 305 mm" in found.what
    assert "static instead explains the recordings as well" in found.what
    assert "column fix" in found.fix


def test_an_exchange_that_the_sheet_accepts_is_no_warning(fit):
    taken = [_exchanged(fit, (1, 2))]
    [found] = _told(taken, fit, accepted=("jog", "sprint"))
    assert (found.severity, found.fix) == ("info", "")
    [found] = _told(taken, fit, accepted=("jog",))
    assert found.severity == "warning"


def test_a_label_says_where_it_is(fit):
    thigh = fit.problem.template.skeleton.bodies.index("femur_r")
    marker = _index(fit, "RSH1")
    other = LabelHypothesis("elsewhere", marker, (0, 1, 2), 300.0, thigh, apart=(0.4,))
    nowhere = LabelHypothesis("nowhere", marker, (2,), 300.0, apart=(0.4,))
    found = _told([other, nowhere], fit)
    assert [one.rule for one in found] == ["label-misplaced", "label-nowhere"]
    assert "moves with femur_r in all trials, 400 mm" in found[0].what
    assert "moves with no segment in sprint" in found[1].what


def test_a_displaced_landmark_is_named_and_followed(fit):
    marker, torso = _index(fit, "STRN"), fit.problem.template.skeleton.bodies.index("torso")
    displaced = LabelHypothesis("displaced", marker, (0, 1, 2), 40.0, torso, apart=(0.087,))
    [found] = _told([displaced], fit)
    assert (found.rule, found.severity, found.label) == ("landmark-misplaced", "warning", "STRN")
    assert "elsewhere on torso than its landmark in all trials, 87 mm" in found.what
    assert "markers.yaml" in found.fix
    assert wrong_labels([displaced], fit, TRIALS) == []


def test_labels_without_weight_are_told_by_trial(fit):
    assert _told([], fit) == []
    weights, error = fit.weights.copy(), fit.error.copy()
    rows, (marker,) = fit.problem.frames.trial == 1, _index(fit, "LWRA")
    weights[rows, marker], error[rows, marker] = 0.1, [0.03, 0.04, 0.0]
    [found] = _told([], replace(fit, weights=weights, error=error))
    assert (found.rule, found.trial, found.severity) == ("labels-off", "jog", "warning")
    assert "LWRA by 50 mm" in found.what
    rows = fit.problem.frames.still
    for label in ("RSHO", "LSHO"):
        weights[rows, _index(fit, label)] = 0.1
    found, _ = _told([], replace(fit, weights=weights, error=error))
    assert (found.trial, found.severity, found.label) == ("static", "info", "RSHO, LSHO")
    assert "raised or turned arms" in found.what


def test_what_is_off_in_movement_does_not_pull_the_motion(fit):
    """Standing shoulders are off for their own reasons; a foot label of a run is not used there."""
    assert wrong_labels([], fit, TRIALS) == []
    weights, trial = fit.weights.copy(), fit.problem.frames.trial
    weights[trial == 1, _index(fit, "LWRA")] = 0.34
    weights[trial == 2, _index(fit, "LWRA")] = 0.36
    weights[fit.problem.frames.still, _index(fit, "RSHO")] = 0.1
    [off] = wrong_labels([], replace(fit, weights=weights), TRIALS)
    assert (off["kind"], off["labels"], off["trials"]) == ("off", ["LWRA"], ["jog"])


@pytest.mark.parametrize(("frames", "count"), [(1, 0), (6, 1)])
def test_a_ghost_of_a_few_frames_is_not_told(fit, frames, count):
    rows, (marker,) = np.flatnonzero(fit.problem.frames.trial == 1), _index(fit, "LWRA")
    position, weights = fit.problem.frames.position.copy(), fit.weights.copy()
    position[rows[frames:], marker] = np.nan
    weights[rows[:frames], marker] = 0.01
    chosen = replace(fit.problem.frames, position=position)
    ghost = replace(fit, weights=weights, problem=replace(fit.problem, frames=chosen))
    assert len(_told([], ghost)) == count


@pytest.mark.parametrize(("fix", "first"), [(None, np.nan), ("swap", 2.0)])
def test_the_solver_sees_wrong_labels_only_where_the_sheet_mends_them(fit, fix, first):
    taken = [_exchanged(fit, (1,)), LabelHypothesis("moved", _index(fit, "RSH1"), (2,), 30.0)]
    told = wrong_labels(taken, fit, TRIALS)
    places = np.broadcast_to(np.array([1.0, 2.0, 3.0])[:, None], (4, 3, 3))
    prepared = xr.Dataset(
        {"marker_raw": (("time", "marker", "axis"), places)},
        {"marker": ["RTH1", "LTH1", "RSH1"]},
    )
    row = {"participant_id": "S01", "task": "run", "file": "x.c3d", "fix": fix}
    solved = {
        name: without_wrong_labels(prepared, told, Trial(trial_id=name, **row))["marker_raw"]
        for name in TRIALS
    }
    np.testing.assert_array_equal(solved["jog"][0, :, 0], [first, 3.0 - first, 3.0])
    np.testing.assert_array_equal(solved["sprint"][0, :, 0], [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(solved["static"], places)
