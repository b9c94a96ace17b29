"""Where pelvis and feet are on a model whose markers do not show it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.anatomy import Posture, with_points
from aqbio.labels.marker_set import _segments, model_marker_set, stand_ins
from aqbio.labels.template import _sprint_model
from aqbio.multibody.kinematics import marker_positions

pytestmark = pytest.mark.opensim

NEAR = 0.05
"""Skin and a rough template: the stand-ins only tell sides, facing and paths, m."""


@pytest.fixture(scope="module")
def sprint():
    """The sprint model without any marker, its map, and the model itself."""
    skeleton, model_map = _sprint_model()
    nothing = np.zeros(0, dtype=np.int64)
    bare = replace(skeleton, markers=(), marker_body=nothing, marker_position=np.zeros((0, 3)))
    return bare, model_map, skeleton


def _places(skeleton):
    positions = marker_positions(skeleton, Posture.default(skeleton).q[None])[0]
    return dict(zip(skeleton.markers, positions, strict=True))


def test_stand_ins_are_where_markers_would_be(sprint):
    """Heels, second metatarsals (between the first and the fifth) and the four spines."""
    bare, model_map, skeleton = sprint
    worn = _places(skeleton)
    placed = _places(with_points(bare, stand_ins(bare, model_map)))
    for side, letter in (("right", "R"), ("left", "L")):
        at = {name: worn[letter + label] for name, label in (("asis", "ASI"), ("psis", "PSI"))}
        at["heel"] = worn[f"{letter}HEE"]
        at["mt2"] = 0.5 * (worn[f"{letter}MT1"] + worn[f"{letter}MT5"])
        for name, place in at.items():
            assert np.linalg.norm(placed[f"{side}_{name}"] - place) < NEAR, (side, name)


def test_every_body_without_markers_gets_points_that_show_how_it_turns(sprint):
    bare, model_map, _ = sprint
    points = stand_ins(bare, model_map)
    assert {one.body for one in points} == set(bare.bodies)
    found = model_marker_set(with_points(bare, points), model_map)
    assert found.feet.left.heel == "left_heel"
    assert found.pelvis.back == ("right_psis", "left_psis")


def test_a_name_on_the_wrong_body_shows_no_foot(sprint):
    """A marker called RHEE that somebody put on the shank."""
    _, model_map, skeleton = sprint
    body = skeleton.marker_body.copy()
    body[skeleton.markers.index("RHEE")] = skeleton.bodies.index("tibia_r")
    points = stand_ins(replace(skeleton, marker_body=body), model_map)
    [heel] = [one for one in points if one.name == "right_heel"]
    assert heel.body == model_map.feet.right


def test_segments_of_a_leg_and_an_arm_of_the_sprint_model(sprint):
    segments = _segments(sprint[1])
    told = {segment: bodies for (segment, side), bodies in segments.items() if side == "right"}
    assert told == {
        "thigh": ["femur_r"], "shank": ["tibia_r"], "foot": ["foot_r", "toes_r"],
        "toes": ["toes_r"], "upper_arm": ["humerus_r"], "forearm": ["radius_r", "hand_r"],
    }  # fmt: skip
