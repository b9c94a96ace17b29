"""Faults that are put into the labels of a recorded sprinter, named and put right by the body."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.study import load_study
from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.posterior import lengths
from aqbio.stages.prepare.stage import prepare_participant
from aqbio.stages.scale.calibration import calibrated
from tests.mechanics.calibration.label_faults import carried, exchanged, judged, moved

pytestmark = [pytest.mark.real, pytest.mark.opensim]

STATIC, MOVING, EVERY = (0,), (1, 2), (0, 1, 2)


@pytest.fixture(scope="module")
def fit(realdata, tmp_path_factory) -> BodyFit:
    """Give JA1 on the sprint model, calibrated from static trial, jog and sprint."""
    from aqbio.osim.calibrated import generic_skeleton
    from aqbio.osim.session import quiet

    folder = tmp_path_factory.mktemp("label_faults") / "study"
    shutil.copytree(Path(__file__).parent / "ja1_sprint", folder)
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\nresults: {(folder / 'results').as_posix()}\n")
    study = load_study(folder / "study.yaml")
    prepare_participant(study, "JA1", lambda line: None)
    with quiet(level="Off"):
        corrections = study.settings.model.corrections
        generic = generic_skeleton(study.model_file("JA1"), corrections, folder)[0]
    body = calibrated(study, "JA1", generic)
    assert body.wrong == ()
    return body.fit


@pytest.mark.parametrize(
    ("first", "second", "trials"),
    [
        ("RTHAP", "LTHAP", MOVING),  # across sides: angles were 7 degrees off unless mended
        ("RLEPI", "RHEEL", STATIC),
        ("LTHLD", "LLEPI", (2,)),
        ("C7", "RTHAP", MOVING),
        ("RHEEL", "RMFS", EVERY),
    ],
)
def test_exchanged_labels_leave_no_trace(fit, first, second, trials):
    mended, found, _ = judged(exchanged(fit, first, second, trials))
    assert found == [("exchanged", {first, second}, trials)]
    for one, other in zip(lengths(fit), lengths(mended), strict=True):
        assert abs(other.length - one.length) < 0.05 * one.sd, one.name
    angles = fit.problem.angles
    off = (mended.state.q - fit.state.q)[:, angles]
    turned = (off + np.pi) % (2.0 * np.pi) - np.pi  # of a whole turn nothing is seen
    assert np.abs(np.degrees(turned)).max() < 0.5


def test_a_label_on_another_segment_is_left_out(fit):
    wrong = carried(fit, "RTHAP", "humerus_l", (0.02, -0.15, -0.03), EVERY)
    assert judged(wrong)[1] == [("elsewhere", {"RTHAP"}, EVERY)]


def test_a_marker_that_came_off_in_the_sprint(fit):
    assert judged(moved(fit, "LTHAP", (0.0, -0.08, 0.0), (2,)))[1] == [("moved", {"LTHAP"}, (2,))]


@pytest.mark.parametrize("label", ["RLMAL", "LMMAL"])
def test_a_malleolus_beside_its_place_does_no_harm(fit, label):
    """By 20 mm: not named; the mean of no angle of the legs turns by 1.5 degrees."""
    off_by_20 = moved(fit, label, (0.02, 0.0, 0.0), MOVING)
    assert judged(off_by_20)[1] == []
    names = np.array(fit.problem.template.skeleton.coordinates)[fit.problem.free]
    leg = [name.startswith(("hip", "knee", "ankle")) for name in names]
    moving = ~fit.problem.frames.still
    off = np.degrees((off_by_20.state.q - fit.state.q)[moving].mean(axis=0))[leg]
    assert np.abs(off).max() < 1.5
