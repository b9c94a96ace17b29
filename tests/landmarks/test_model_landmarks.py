"""Which bodies of a model each segment of a person is."""

from __future__ import annotations

from aqbio.config import ModelMap, read_yaml
from aqbio.io.study import MODELS
from aqbio.labels.marker_set import _segments


def test_segments_of_a_leg_and_an_arm_of_the_sprint_model():
    segments = _segments(read_yaml(MODELS / "sprint" / "map.yaml", ModelMap))
    told = {segment: bodies for (segment, side), bodies in segments.items() if side == "right"}
    assert told == {
        "thigh": ["femur_r"], "shank": ["tibia_r"], "foot": ["foot_r", "toes_r"],
        "toes": ["toes_r"], "upper_arm": ["humerus_r"], "forearm": ["radius_r", "hand_r"],
    }  # fmt: skip
