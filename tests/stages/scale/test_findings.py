"""What is said of labels that the body contradicts, and what the solver then sees."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.calibration import Calibration, calibration_findings, moving_shape, session_findings
from aqbio.body.findings import excluded_labels, label_findings, unplaced_segments
from aqbio.body.fit import BodyFit
from aqbio.body.posterior import LengthEstimate, lengths
from aqbio.observed.mask import IMPOSSIBLE
from tests.mechanics.calibration.label_faults import carried, exchanged, moved
from tests.mechanics.calibration.made import MAP, fitted, made_person

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
    assert excluded_labels(fit, TRIALS) == {}
    weights, trial = fit.weights.copy(), fit.problem.frames.trial
    weights[trial == 1, _index(fit, "LWRA")] = 0.34
    weights[trial == 2, _index(fit, "LWRA")] = 0.36
    weights[fit.problem.frames.still, _index(fit, "RSHO")] = 0.1
    assert excluded_labels(replace(fit, weights=weights), TRIALS) == {"jog": ["LWRA"]}


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
    left_out = {label for labels in excluded_labels(faulty, TRIALS).values() for label in labels}
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


STUDY = SimpleNamespace(model_map=MAP, static_of=lambda _: None)
LEFT_FOOT = ("LANL", "LANM", "LHEE", "LMT5", "LMT1", "LTOE")
LEFT_SHANK = ("LSH1", "LSH2")


def calibration(fit: BodyFit) -> Calibration:
    labels = fit.problem.template.markers.labels
    return Calibration(fit, moving_shape(fit), {label: label for label in labels}, ())


@pytest.fixture(scope="module")
def bare() -> Calibration:
    """Give a runner without any marker below the left knee."""
    return calibration(fitted(made_person(0, hidden=LEFT_FOOT + LEFT_SHANK, still=False)))


def test_a_shank_without_markers_is_lost_with_its_foot_alone(bare):
    lost, [finding] = unplaced_segments(STUDY, "P1", bare)
    assert set(lost) == {"tibia_l", "foot_l"}  # toes are too light to matter
    assert finding.rule == "body-not-placed"
    assert "left shank and left foot" in finding.what
    assert finding.number > finding.limit


def test_the_marker_that_would_have_helped_is_on_that_limb(bare):
    _, [finding] = unplaced_segments(STUDY, "P1", bare)
    assert "a marker on the left " in finding.fix
    assert "would have added most" in finding.fix


def _told(*lengths, fit=None, names=None):
    fit = fit or SimpleNamespace(settled=True)
    calibration = SimpleNamespace(names=names or {}, lengths=lengths, fit=fit)
    return list(calibration_findings(calibration, MAP, "P1"))


@pytest.mark.parametrize(("sd", "told"), [(0.0159, False), (0.0161, True)])
def test_a_length_that_the_recordings_hardly_tell(bare, sd, told):
    """A shank of 40 cm, of which 4 % are 16 mm; before the recordings it was 17 mm unsure."""
    shank = LengthEstimate("shank_left", 0.4, sd, 0.4, 0.017)
    found = _told(shank, fit=bare.fit, names=bare.names)
    assert [one.rule for one in found] == ["length-not-observed"] * told
    for one in found:
        assert one.what.startswith("the left shank is 400 ± 16 mm: the recordings tell 10% of it")
        assert (one.number, one.unit, one.participant) == (sd, "m", "P1")
        assert one.fix.startswith("a marker on the left ")
        assert one.fix.endswith("; or enter the stature.")


@pytest.mark.parametrize("deviations", [2.9, -2.9, 3.1, -3.1])
def test_lengths_that_nobody_has(deviations):
    """Of 40 cm, by 2 cm of belief, 7 mm of recordings and the 24 mm of joint centres: once."""
    off = deviations * float(np.linalg.norm([0.02, 0.007, 0.024]))
    odd = LengthEstimate("thigh_right", 0.4 + off, 0.007, 0.4, 0.02)
    less = replace(odd, name="thigh_left", length=0.4 + 0.999 * off)
    unmarked = replace(odd, name="shoulder_width", length=0.4 + 2 * off, measured=False)
    found = _told(less, odd, unmarked)
    assert [one.rule for one in found] == ["length-improbable"] * (abs(deviations) > 3.0)
    for one in found:
        words = "above" if deviations > 0 else "below"
        assert f"3.1 standard deviations {words} the 400 mm" in one.what
        assert one.what.endswith("(likewise the left thigh).")
        assert one.number == pytest.approx(0.4 + off)


def test_a_fit_that_still_moves_is_said():
    [finding] = _told(fit=SimpleNamespace(settled=False))
    assert (finding.rule, finding.severity) == ("calibration-not-settled", "warning")
    assert _told() == []


def test_a_limb_that_is_bent_as_nobodys_can_be_in_the_static_trial_is_lost():
    """The right elbow 60 degrees backwards in the frames in which the person stands."""
    fit = fitted(made_person(0))
    problem = fit.problem
    q = fit.state.q.copy()
    place = problem.template.skeleton.coordinates.index("elbow_flex_r")
    q[problem.frames.still, problem.free.tolist().index(place)] = -np.radians(60.0)
    bent = calibration(replace(fit, state=replace(fit.state, q=q)))
    study = SimpleNamespace(model_map=MAP, static_of=lambda _: SimpleNamespace(trial_id="stand"))
    lost, [finding] = unplaced_segments(study, "P1", bent)
    assert set(lost) == set(MAP.groups["arm_right"])
    assert set(lost.values()) == {IMPOSSIBLE}
    assert finding.rule == "static-impossible"
    assert "in the static trial stand the markers bend the right elbow" in finding.what
    assert unplaced_segments(study, "P1", calibration(fit)) == ({}, [])


def test_one_person_on_two_rows_is_one_body_and_two_athletes():
    sessions = {"P1": ("P1", "P2"), "P3": ("P3",)}
    study = SimpleNamespace(sessions_of=sessions.get)
    [finding] = session_findings(study, "P1")
    assert finding.rule == "person-counted-twice"
    assert finding.what.startswith("P1, P2 are one person")
    assert list(session_findings(study, "P3")) == []
