"""Pelvis and feet on a model whose markers do not show it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.anatomy import Posture, with_points
from aqbio.labels.marker_set import stand_ins
from aqbio.labels.template import _sprint_model
from aqbio.multibody.kinematics import marker_positions

pytestmark = pytest.mark.opensim

NEAR = 0.05
"""Skin and a rough template: the stand-ins only tell sides, facing and paths, m."""


@pytest.fixture(scope="module")
def sprint():
    """The sprint model without any marker, its map, and the model itself."""
    skeleton, model_map = _sprint_model()
    no_bodies = np.zeros(0, dtype=np.int64)
    bare = replace(skeleton, markers=(), marker_body=no_bodies, marker_position=np.zeros((0, 3)))
    return bare, model_map, skeleton


def _marker_positions(skeleton):
    positions = marker_positions(skeleton, Posture.default(skeleton).q[None])[0]
    return dict(zip(skeleton.markers, positions, strict=True))


def test_stand_ins_are_where_markers_would_be(sprint):
    """Heels, second metatarsals (between the first and the fifth) and the four spines."""
    bare, model_map, skeleton = sprint
    worn = _marker_positions(skeleton)
    placed = _marker_positions(with_points(bare, stand_ins(bare, model_map)))
    for side, letter in (("right", "R"), ("left", "L")):
        at = {name: worn[letter + label] for name, label in (("asis", "ASI"), ("psis", "PSI"))}
        at["heel"] = worn[f"{letter}HEE"]
        at["mt2"] = 0.5 * (worn[f"{letter}MT1"] + worn[f"{letter}MT5"])
        for name, position in at.items():
            assert np.linalg.norm(placed[f"{side}_{name}"] - position) < NEAR, (side, name)
