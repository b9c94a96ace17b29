"""The markers of a model as a marker set, for trials that have only joint angles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aqbio.body.anatomy import (
    BodyPoint,
    Posture,
    foot_point,
    pelvis_point,
    turning_points,
)
from aqbio.config import MarkerSet, ModelMap
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.proposal import (
    Labelling,
    blank,
    foot_labels,
    missing_landmarks,
    pelvis_back,
)
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES

FEET = ("heel", "toe", "mt2", "mt1", "mt5")
PELVIS = ("asis", "psis", "sacrum")


def stand_ins(skeleton: Skeleton, model_map: ModelMap) -> tuple[BodyPoint, ...]:
    """Points for the landmarks of pelvis and feet that no marker of the model is on.

    None where its markers show them all; otherwise also points on the bodies that have no marker.

    Parameters
    ----------
    skeleton : Skeleton
        In its default pose it stands upright, faces x and has its right side at +z.
    """
    missing = missing_landmarks(_labelling(skeleton, model_map))
    if not missing:
        return ()
    posture = Posture.default(skeleton)
    landmarks = [_landmark(posture, place, model_map) for place in missing]
    bare = set(range(len(skeleton.bodies))) - set(skeleton.marker_body.tolist())
    turning = [point for body in sorted(bare) for point in turning_points(skeleton, body)]
    return (*landmarks, *turning)


def own_marker_set(skeleton: Skeleton, model_map: ModelMap) -> MarkerSet:
    """All markers of a model, stand-ins among them, as a marker set of their own labels.

    Parameters
    ----------
    skeleton : Skeleton
        With its stand-ins.
    """
    labelling = _labelling(skeleton, model_map)
    bodies = [skeleton.bodies[body] for body in skeleton.marker_body]
    markers = {label: {"body": body} for label, body in zip(skeleton.markers, bodies, strict=True)}
    content: Mapping[str, Any] = {
        "name": "model",
        "source": "the markers of the participant's model",
        "markers": markers,
        "feet": {side: foot_labels(labelling, side, markers) for side in SIDES},
        "pelvis": {
            "front": [labelling.label("asis", side) for side in ("right", "left")],
            "back": pelvis_back(labelling),
        },
    }
    return MarkerSet.model_validate(content)


def landmark_labels(marker_set: MarkerSet) -> set[str]:
    """The labels that show pelvis and feet."""
    feet, pelvis = (marker_set.feet.left, marker_set.feet.right), marker_set.pelvis
    return {
        *pelvis.front,
        *pelvis.back,
        *(label for foot in feet for label in (foot.heel, *foot.toe)),
    }


def _labelling(skeleton: Skeleton, model_map: ModelMap) -> Labelling:
    """Landmarks of pelvis and feet that the model's markers name, on the bodies that have them."""
    named = named_labels(skeleton.markers, landmark_table()).places
    body = dict(zip(skeleton.markers, skeleton.marker_body.tolist(), strict=True))
    pelvis = skeleton.bodies.index(model_map.pelvis.body)
    feet = {side: _beyond(skeleton, getattr(model_map.feet, side)) for side in SIDES}
    kept = {
        label: place
        for label, place in named.items()
        if (place.landmark in PELVIS and body[label] == pelvis)
        or (place.landmark in FEET and body[label] in feet[place.side])
    }
    return Labelling(kept, frozenset())


def _beyond(skeleton: Skeleton, foot: str) -> set[int]:
    """A foot and its toes."""
    index = skeleton.bodies.index(foot)
    return {body for body in range(len(skeleton.bodies)) if skeleton.lineage[body, index]}


def _landmark(posture: Posture, place: SidedLandmark, model_map: ModelMap) -> BodyPoint:
    skeleton, joints = posture.skeleton, model_map.joints.by_name()
    name, side = blank(place), place.side
    if place.landmark in PELVIS:
        hips = {one: skeleton.joints.index(joints[f"hip_{one}"]) for one in SIDES}
        return pelvis_point(posture, name, place.landmark, side, hips)
    foot = skeleton.bodies.index(getattr(model_map.feet, side))
    ankle = skeleton.joints.index(joints[f"ankle_{side}"])
    return foot_point(posture, name, place.landmark, foot, ankle)
