"""Coordinates that a recording leaves open, by name, frame and the landmark that would help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.inverse_kinematics.seen_frames import undetermined_findings
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.observed.determined import (
    coordinates_told,
    frame_sd,
    range_sd,
    usual_covariance,
)
from aqbio.observed.mask import NOT_SEEN
from tests.stages.inverse_kinematics.test_checks import MAP, _solution


@pytest.fixture(scope="module")
def run():
    return _solution()


def seen(solution, markers, frames=None):
    """The motion as some of the model's markers show it, the others in no frame or in some."""
    skeleton, q = solution.skeleton, solution.q_raw
    names = tuple(skeleton.markers) if frames is not None else tuple(markers)
    index = np.array([skeleton.markers.index(name) for name in names])
    positions = marker_positions(skeleton, q)[:, index]
    if frames is not None:
        hidden = ~np.isin(names, markers)
        positions[frames[:, None] & hidden] = np.nan
    covariance = usual_covariance(skeleton, q, index, positions)
    told = coordinates_told(frame_sd(covariance), range_sd(skeleton))
    tracked = TrackedMarkers(solution.markers.time, names, positions, np.ones(len(names)))
    observed = solution.observed.telling(skeleton.coordinates, told, 0)
    return replace(solution, markers=tracked, observed=observed)


def without(solution, *hidden):
    return [name for name in solution.skeleton.markers if name not in hidden]


def test_nothing_is_said_where_all_is_told(run):
    assert list(undetermined_findings(seen(run, without(run)), MAP, "run")) == []


def test_the_toes_without_their_marker(run):
    """Of all landmarks the toe is the one that would have told."""
    [said] = undetermined_findings(seen(run, without(run, "RTOE")), MAP, "run")
    assert said.rule == "coordinate-unobservable"
    assert f"mtp_angle_r ({len(run.q_raw)} frames)" in said.what
    assert "mtp_angle_l" not in said.what
    assert "a marker on the right" in said.fix
    assert "toe" in said.fix


def test_frames_are_counted(run):
    frames = np.arange(len(run.q_raw)) < 30
    [said] = undetermined_findings(seen(run, without(run, "RTOE"), frames), MAP, "run")
    assert "mtp_angle_r (30 frames)" in said.what


def test_a_limb_that_is_lost_is_told_elsewhere(run):
    solution = seen(run, without(run, "RTOE"))
    lost = replace(solution, observed=solution.observed.without(["toes_r"], NOT_SEEN))
    assert list(undetermined_findings(lost, MAP, "run")) == []
