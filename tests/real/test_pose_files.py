"""Poses of a sprint's segments, as a markerless system saves them, against the markers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from aqbio.intake.check import study_problems
from aqbio.io.tables import read_table
from aqbio.look.poses import look_at_poses
from tests.pose_files import tracked_poses, write_pose_c3d
from tests.promises import contradictions, promised_lines
from tests.undrawn import draw_nothing

pytestmark = [pytest.mark.real, pytest.mark.opensim]

MOMENTUM = re.compile(r"(H_(\w+)_([xyz])_stance_mean)_kgm2ps")
NORMAL_95 = 1.96
MIN_INSIDE = 0.93
"""Of 95 % intervals of 24 parts and axes at four contacts: two standard deviations below 0.95."""


def test_momentum_of_poses_agrees_with_that_of_markers(run_study, realdata, tmp_path, monkeypatch):
    """JA1's sprint, with a tracker's errors and axes: `look` proposes, checks and runs a study.

    The mean over the contacts of every part and axis lies within its interval of the markers'.
    """
    markers = run_study("ja1_sprint")
    recording = realdata / "ja1_dorn2012" / "c3d" / "JA1Gait35.c3d"
    poses = tracked_poses(markers.study, "JA1", "sprint", recording, np.random.default_rng(1))
    file, lines = tmp_path / "sprint.c3d", []
    write_pose_c3d(file, poses, 250.0, recording)
    draw_nothing(monkeypatch)
    study, page = look_at_poses(file, None, tmp_path / "looked", lines.append, "male")
    summary = (tmp_path / "looked" / "found.txt").read_text("utf-8")
    assert "points of poses" in summary
    assert "errors of markerless tracking" in summary
    assert any("errors of markerless tracking" in line for line in lines)
    links = set(re.findall(r'(?:href|src)="([^"#:]+)["#]', page.read_text("utf-8")))
    assert links
    assert [link for link in links if not (page.parent / link).is_file()] == []
    assert [
        x for x in study_problems(tmp_path / "looked" / "study.yaml") if x.severity == "error"
    ] == []
    ours = read_table(study.table("steps.tsv"))
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
