"""A stick runner, solved: what the gates of stage solve look at."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap
from aqbio.inverse_kinematics.pose import SolvedPose
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.observed.mask import Observed
from tests.mechanics.conftest import runner, running

__all__ = ["runner", "running"]


def model_map() -> ModelMap:
    """What the segments of the stick runner mean."""
    sides = {"left": "l", "right": "r"}
    moved = {"hip": "thigh", "knee": "shank", "ankle": "foot", "shoulder": "arm"}
    moved["elbow"] = "forearm"
    groups = {"pelvis": ("pelvis",), "torso": ("torso",)}
    for side, letter in sides.items():
        groups[f"leg_{side}"] = tuple(f"{part}_{letter}" for part in ("thigh", "shank", "foot"))
        groups[f"arm_{side}"] = tuple(f"{part}_{letter}" for part in ("arm", "forearm"))
    joints = {
        joint: {side: f"to_{body}_{letter}" for side, letter in sides.items()}
        for joint, body in moved.items()
    }
    return ModelMap(
        name="stick", source="made", groups=groups,
        feet={"left": "foot_l", "right": "foot_r"}, pelvis={"body": "pelvis", "joint": "to_pelvis"},
        joints=joints | {"lumbar": {"centre": "to_torso"}},
        flexion={"hip": 1, "knee": -1, "ankle": 1, "lumbar": -1, "elbow": 1},
        sagittal={
            joint: {side: f"{body}_{letter}_z" for side, letter in sides.items()}
            for joint, body in moved.items()
        },
    )  # fmt: skip


def marker_set(skeleton) -> MarkerSet:
    """The laboratory calls the model's markers by other names: LAB before each."""
    bodies = [skeleton.bodies[body] for body in skeleton.marker_body]
    feet = {
        side: {"heel": f"LABfoot_{letter}0", "toe": [f"LABfoot_{letter}1"]}
        for side, letter in (("left", "l"), ("right", "r"))
    }
    return MarkerSet(
        name="stick", source="made", feet=feet,
        pelvis={"front": ["LABpelvis0", "LABpelvis1"], "back": ["LABpelvis2"]},
        markers={
            f"LAB{name}": {"body": body, "model": name}
            for name, body in zip(skeleton.markers, bodies, strict=True)
        },
    )  # fmt: skip


@pytest.fixture
def solved(runner, running):
    """Give a maker of solved poses: coordinates, and what the cameras saw (exactly q, if None)."""

    def make(q=None, positions=None, *, skeleton=runner, hidden=(), from_file=False):
        q = running[::4] if q is None else q
        seen = marker_positions(skeleton, q) if positions is None else positions.copy()
        seen[:, np.isin(np.array(skeleton.bodies)[skeleton.marker_body], hidden)] = np.nan
        weights = np.ones(len(skeleton.markers))
        markers = TrackedMarkers(np.arange(len(q)) / 150.0, skeleton.markers, seen, weights)
        observed = Observed.everything(skeleton.bodies, len(q))
        if hidden:
            observed = observed.without(hidden, "not seen by markers")
        own = None if from_file else markers
        return SolvedPose(skeleton, q, own, model_map(), marker_set(skeleton), observed)

    return make
