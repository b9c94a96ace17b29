"""A solved stick runner, as the gates of stage solve examine it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.inverse_kinematics.pose import SolvedPose
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.observed.mask import Observed
from tests.skeletons import runner, running

__all__ = ["runner", "running"]
STICK_MAP = read_yaml(Path(__file__).with_name("stick_map.yaml"), ModelMap)
STICK_MARKERS = read_yaml(Path(__file__).with_name("stick_markers.yaml"), MarkerSet)


@pytest.fixture
def solved(runner, running):
    """Give a maker of solved poses: coordinates and measured markers (those of q, if None)."""

    def make(q=None, positions=None, *, skeleton=runner, hidden=(), from_file=False):
        q = running[::4] if q is None else q
        measured = marker_positions(skeleton, q) if positions is None else positions.copy()
        measured[:, np.isin(np.array(skeleton.bodies)[skeleton.marker_body], hidden)] = np.nan
        weights = np.ones(len(skeleton.markers))
        markers = TrackedMarkers(np.arange(len(q)) / 150.0, skeleton.markers, measured, weights)
        observed = Observed.complete(skeleton.bodies, len(q))
        if hidden:
            observed = observed.without(hidden, "not seen by markers")
        tracked = None if from_file else markers
        return SolvedPose(skeleton, q, tracked, STICK_MAP, STICK_MARKERS, observed)

    return make
