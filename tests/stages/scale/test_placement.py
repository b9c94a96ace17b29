"""What a calibrated body leaves open is lost, with the marker that would have helped."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.stages.scale.calibration import Calibration, moving_shape
from aqbio.stages.scale.placement import lost_by_calibration
from tests.mechanics.calibration.made import MAP, fitted, made_person

STUDY = SimpleNamespace(model_map=MAP, static_of=lambda _: None)
LEFT_FOOT = ("LANL", "LANM", "LHEE", "LMT5", "LMT1", "LTOE")
LEFT_SHANK = ("LSH1", "LSH2")


def calibration(fit: BodyFit) -> Calibration:
    labels = fit.problem.template.markers.labels
    return Calibration(fit, moving_shape(fit), {label: label for label in labels}, (), ())


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
