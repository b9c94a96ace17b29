"""What a calibrated body leaves open is lost, with the marker that would have helped."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.calibration import (
    Calibration,
    calibration_findings,
    moving_shape,
    session_findings,
)
from aqbio.body.fit import BodyFit
from aqbio.body.placement import lost_by_calibration
from aqbio.body.posterior import LengthEstimate
from aqbio.observed.mask import IMPOSSIBLE
from tests.mechanics.calibration.made import MAP, fitted, made_person

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
    lost, [finding] = lost_by_calibration(STUDY, "P1", bare)
    assert set(lost) == {"tibia_l", "foot_l"}  # toes are too light to matter
    assert finding.rule == "body-not-placed"
    assert "left shank and left foot" in finding.what
    assert finding.number > finding.limit


def test_the_marker_that_would_have_helped_is_on_that_limb(bare):
    _, [finding] = lost_by_calibration(STUDY, "P1", bare)
    assert "a marker on the left " in finding.fix
    assert "would have told most" in finding.fix


def test_nothing_is_said_of_a_whole_body():
    whole = calibration(fitted(made_person(0, still=False)))
    assert lost_by_calibration(STUDY, "P1", whole) == ({}, [])


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
    lost, [finding] = lost_by_calibration(study, "P1", bent)
    assert set(lost) == set(MAP.groups["arm_right"])
    assert set(lost.values()) == {IMPOSSIBLE}
    assert finding.rule == "static-impossible"
    assert "in the static trial stand the markers bend the right elbow" in finding.what
    assert lost_by_calibration(study, "P1", calibration(fit)) == ({}, [])


def test_one_person_on_two_rows_is_one_body_and_two_athletes():
    sessions = {"P1": ("P1", "P2"), "P3": ("P3",)}
    study = SimpleNamespace(sessions_of=sessions.get)
    [finding] = session_findings(study, "P1")
    assert finding.rule == "person-counted-twice"
    assert finding.what.startswith("P1, P2 are one person")
    assert list(session_findings(study, "P3")) == []
