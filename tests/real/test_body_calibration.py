"""Calibrated bodies of real people: lengths, held-out movement, and the model that is written."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.calibration import calibrate_body
from aqbio.body.posterior import lengths
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.skeleton import Skeleton

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.xdist_group("ja1")]

EPICONDYLES = ("RMEPI", "LMEPI", "RLEPI", "LLEPI")


@pytest.fixture
def study(run_study) -> Study:
    """Give JA1 on Rajagopal's model."""
    return run_study("ja1").study


@pytest.fixture
def generic(study, tmp_path) -> Skeleton:
    """Give the corrected generic model."""
    from aqbio.opensim.models import generic_skeleton
    from aqbio.opensim.session import quiet

    with quiet(level="Off"):
        file, corrections = study.model_file("JA1"), study.settings.model.corrections
        return generic_skeleton(file, corrections, tmp_path)[0]


def test_lengths_agree_with_the_static_trials_landmarks(study):
    """Knee to ankle against the middles of epicondyles and malleoli: 445 and 444 mm, + 5 mm by the
    model's definition; left and right alike."""
    lengths = study.read_manifest("JA1", "scale")["lengths_m"]
    static = read_dataset(study.folder("JA1", "prepare") / "static.nc")
    mean = static["marker_raw"].mean("time")
    for side, letter in (("right", "R"), ("left", "L")):
        knee, ankle = (
            mean.sel(marker=[letter + one for one in pair]).mean("marker").values
            for pair in (("LEPI", "MEPI"), ("LMAL", "MMAL"))
        )
        length, sd = lengths[f"shank_{side}"]
        assert abs(length - np.linalg.norm(knee - ankle) - 0.005) < 2.0 * np.hypot(sd, 0.005)
    assert abs(lengths["thigh_left"][0] / lengths["thigh_right"][0] - 1.0) < 0.01


def test_the_written_model_is_the_calibrated_body(study, generic):
    """OpenSim's file, read back, has the posterior's joints and markers."""
    body = calibrate_body(study, "JA1", generic)
    expected = body.template.skeleton_of(body.shape)
    written = load_skeleton(study.folder("JA1", "scale") / "JA1.skeleton.npz")
    for name in ("parent_position", "parent_rotation", "child_rotation", "child_position"):
        np.testing.assert_allclose(getattr(written, name), getattr(expected, name), atol=1e-9)
    order = [written.markers.index(body.names[label]) for label in expected.markers]
    np.testing.assert_allclose(written.marker_position[order], expected.marker_position, atol=1e-9)
    assert written.mass.sum() == pytest.approx(75.95, abs=0.01)


def test_without_a_static_trial_and_knees(study, generic, monkeypatch):
    """The same person from clusters in movement alone: thigh and shank within their deviations."""
    known, reading = study.read_manifest("JA1", "scale")["lengths_m"], Study.read_manifest

    def moving(self, person, stage):
        manifest = reading(self, person, stage)
        trials = [one for one in manifest["trials"] if one["trial_id"] != "static"]
        return {**manifest, "trials": trials}

    monkeypatch.setattr(Study, "read_manifest", moving)
    kept = {k: v for k, v in study.marker_set.markers.items() if k not in EPICONDYLES}
    bare = study.marker_set.model_copy(update={"markers": kept})
    monkeypatch.setattr(Study, "marker_set", bare)
    for one in lengths(calibrate_body(study, "JA1", generic).fit):
        if one.name.startswith(("thigh", "shank")):
            length, sd = known[one.name]
            assert abs(one.length - length) < 2.0 * np.hypot(one.sd, sd), one
            assert one.sd > sd
