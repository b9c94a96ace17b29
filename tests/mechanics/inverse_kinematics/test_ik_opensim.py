"""Our optimum against OpenSim's, set up as well as it can be, on real recordings."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.io.trc import read_trc
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers, near
from aqbio.multibody.poses import dependent_filled
from aqbio.observed.determined import (
    coordinates_observed,
    frame_sd,
    range_sd,
    usual_covariance,
)
from aqbio.opensim.skeleton import read_skeleton

pytestmark = [pytest.mark.opensim, pytest.mark.real]

RAJAGOPAL = "ja1_dorn2012/models/rajagopal_scaled_ja1.osim"


@pytest.mark.parametrize(
    ("model", "recording", "step"),
    [
        (RAJAGOPAL, "ja1_dorn2012/trc_mot/sprint.trc", 4),
    ],
)
def test_never_worse_than_opensim(realdata, model, recording, step):
    """Every frame's sum of squares at most OpenSim's; where they agree, so do the angles.

    OpenSim at accuracy 1e-9 without limits, locks and couplers. In some frames of the jog, with
    forearms that two markers near the axis cannot turn, it stops in the worse of two minima.
    """
    from benchmarks.opensim_ik import inverse_kinematics as opensim_inverse_kinematics

    skeleton, file = read_skeleton(realdata / model), read_trc(realdata / recording)
    labels = [label for label in file.labels if label in skeleton.markers]
    markers = file.positions[::step, [file.labels.index(label) for label in labels]]
    index = np.array([skeleton.markers.index(label) for label in labels])
    weights = np.ones(len(labels))
    ours = inverse_kinematics(skeleton, markers, index, weights)

    time = np.arange(len(markers)) * step / file.rate
    tracked = TrackedMarkers(time, tuple(labels), markers, weights)
    theirs = opensim_inverse_kinematics(realdata / model, tracked, skeleton.coordinates)
    theirs = dependent_filled(skeleton, np.where(np.isnan(theirs), ours, theirs))
    distance = np.linalg.norm(marker_positions(skeleton, theirs)[:, index] - markers, axis=-1)
    errors = np.linalg.norm(marker_positions(skeleton, ours)[:, index] - markers, axis=-1)
    ratio = np.nansum(errors**2, axis=1) / np.nansum(distance**2, axis=1)
    assert ratio.max() < 1.0 + 1e-6

    same = np.flatnonzero(ratio > 1.0 - 1e-6)
    assert len(same) > 0.9 * len(markers)
    said = np.concatenate([near(skeleton, theirs[[f]], ours[f]) for f in same])
    sd = frame_sd(usual_covariance(skeleton, ours, index, markers))
    observable = coordinates_observed(sd, range_sd(skeleton))[same]
    degrees = np.degrees(np.abs(said - ours[same]))[observable]
    assert degrees.max() < 0.01
