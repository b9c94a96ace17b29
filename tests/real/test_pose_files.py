"""Poses of a sprint's segments, as a markerless system saves them, against the markers."""

from __future__ import annotations

import re

import numpy as np
import pytest
import yaml

from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.io.tables import read_table
from tests.one_each import ONE_EACH
from tests.pose_files import tracked_poses, write_pose_c3d
from tests.promises import contradictions, promised_lines
from tests.real.staged import fill, run_stages

pytestmark = [pytest.mark.real, pytest.mark.opensim]

MOMENTUM = re.compile(r"(H_(\w+)_([xyz])_stance_mean)_kgm2ps")
NORMAL_95 = 1.96
MIN_INSIDE = 0.93
"""Of 95 % intervals of 24 parts and axes at four contacts: two standard deviations below 0.95."""


def test_momentum_of_poses_agrees_with_that_of_markers(run_study, realdata, tmp_path):
    """JA1's sprint, with a tracker's errors and axes: `new`, `check` and all stages.

    The mean over the contacts of every part and axis lies within its interval of the markers'.
    """
    markers = run_study("ja1_sprint")
    recording = realdata / "ja1_dorn2012" / "c3d" / "JA1Gait35.c3d"
    poses = tracked_poses(markers.study, "JA1", "sprint", recording, np.random.default_rng(1))
    write_pose_c3d(tmp_path / "data" / "JA1" / "sprint.c3d", poses, 250.0, recording)
    folder = tmp_path / "study"
    summary = new_study_from(folder, tmp_path / "data", None, lambda _: None)
    assert "points of poses" in summary
    assert "errors of markerless tracking" in summary
    fill(folder / "participants.tsv", sex="male", height_m="1.87")
    content = yaml.safe_load((folder / "study.yaml").read_text("utf-8")) | yaml.safe_load(ONE_EACH)
    content |= {"contributions": {"draws": 24}, "results": str(tmp_path / "results")}
    (folder / "study.yaml").write_text(yaml.safe_dump(content), "utf-8")
    file = folder / "study.yaml"
    assert [problem for problem in study_problems(file) if problem.severity == "error"] == []
    ours = read_table(run_stages(file).table("steps.tsv"))
    theirs = markers.table("steps.tsv")
    theirs = theirs[theirs["trial_id"] == "sprint"].reset_index(drop=True)
    assert not contradictions(promised_lines(summary), ours)
    assert np.abs(ours["touchdown_s"] - theirs["touchdown_s"]).max() < 0.002
    assert list(ours["status"]) == list(theirs["status"])
    inside = []
    for name in filter(MOMENTUM.fullmatch, theirs.columns):
        sd = ours[f"{MOMENTUM.fullmatch(name)[1]}_sd_kgm2ps"]
        error = (ours[name] - theirs[name]) / sd
        assert abs(error.mean()) < NORMAL_95, name
        inside += list(error.abs() < NORMAL_95)
    assert len(inside) == 4 * 24
    assert np.mean(inside) > MIN_INSIDE
