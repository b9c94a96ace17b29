"""Marker sets: landmarks of a model, labels attached to it, the model's own markers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from aqbio.body.anatomy import BodyPoint, Posture, foot_point, pelvis_point, turning_points
from aqbio.config import MarkerSet, ModelMap
from aqbio.config.model_map import Landmark, LandmarkTable
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels, video_landmarks
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES

PATELLA = "patella"


@dataclass(frozen=True, slots=True)
class ModelLandmarks:
    """Markers and bodies of a model that labels can be attached to."""

    marker_bodies: Mapping[str, str]
    """Body of each of the model's own markers."""
    markers: Mapping[SidedLandmark, str]
    """Own marker by place on the body, clusters left out."""
    carriers: Mapping[SidedLandmark, str]
    """Body by place of every own marker."""
    bodies: Mapping[tuple[str, str], str]
    """Body by segment and side, the side empty for pelvis and torso."""
    joints: frozenset[str] = frozenset()
    """Joints that its map names: ``knee_right``."""


def model_landmarks(
    marker_bodies: Mapping[str, str], model_map: ModelMap, table: LandmarkTable
) -> ModelLandmarks:
    """Landmarks and segments of a model, from the body of each of its markers and its map."""
    marker_sites = named_labels(marker_bodies, table).sites
    markers = {
        site: marker
        for marker, site in marker_sites.items()
        if not table.landmarks[site.landmark].cluster
    }
    segments = segment_bodies(model_map)
    bodies = {  # of a forearm the radius, as far as there is one
        key: next(
            (body for body in members if key[0] == "forearm" and "radius" in body), members[0]
        )
        for key, members in segments.items()
        if members
    }
    carriers = {site: marker_bodies[marker] for marker, site in marker_sites.items()}
    joints = frozenset(model_map.joints.by_name())
    return ModelLandmarks(marker_bodies, markers, carriers, bodies, joints)


def segment_bodies(model_map: ModelMap) -> dict[tuple[str, str], list[str]]:
    """Bodies of each segment and side: a kneecap goes with the thigh, a hand with the forearm."""
    groups = model_map.groups
    segments = {("pelvis", ""): list(groups["pelvis"])}
    if trunk := groups.get("torso"):
        segments["torso", ""] = list(trunk)
    for side in ("right", "left"):
        foot = getattr(model_map.feet, side)
        leg = [body for body in groups[f"leg_{side}"] if PATELLA not in body]
        beyond = leg.index(foot) + 2  # after the toes come bodies outside the chain: kneecaps
        caps = [body for body in groups[f"leg_{side}"] if PATELLA in body] + leg[beyond:]
        segments["thigh", side] = [*leg[:1], *caps]
        segments["shank", side] = leg[1:2]
        segments["foot", side] = [foot, *(body for body in leg[2:beyond] if body != foot)]
        segments["toes", side] = leg[leg.index(foot) + 1 : beyond] or [foot]
        if arm := groups.get(f"arm_{side}"):
            segments["upper_arm", side] = list(arm[:1])
            segments["forearm", side] = list(arm[1:])
    return segments


RIGHT_FIRST = ("right", "left")


@dataclass(frozen=True, slots=True)
class Labelling:
    """Landmarks of the labels of a set of recordings, and their origin."""

    sites: Mapping[str, SidedLandmark]
    """SidedLandmark by label."""
    static_only: frozenset[str]
    """Labels that no moving trial has."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Origin of a landmark, by label, where that is not the label's name."""
    video: frozenset[str] = frozenset()
    """Labels of points that were found in video."""

    def label(self, landmark: str, side: str = "") -> str | None:
        """The label at a place, if there is one."""
        target = SidedLandmark(landmark, side)
        return next((label for label, site in self.sites.items() if site == target), None)


def proposed_markers(
    labelling: Labelling, model: ModelLandmarks, table: LandmarkTable, *, sprint: bool
) -> dict[str, dict[str, Any]]:
    """Entries of the labels that can be attached to the model, by section: trunk, right, left."""
    order = list(table.landmarks)
    sections: dict[str, dict[str, Any]] = {"trunk": {}, "right": {}, "left": {}}
    ranked = sorted(labelling.sites.items(), key=lambda item: order.index(item[1].landmark))
    for label, site in ranked:
        landmark = table.landmarks[site.landmark]
        if (entry := _entry(label, site, landmark, model, sprint=sprint)) is None:
            continue
        if label in labelling.video:
            entry["video"] = True
        if label in labelling.static_only:
            entry["static_only"] = True
        trunk = landmark.segment in ("pelvis", "torso")
        sections["trunk" if trunk else site.side][label] = entry
    return sections


def _entry(
    label: str, site: SidedLandmark, landmark: Landmark, model: ModelLandmarks, *, sprint: bool
) -> dict[str, Any] | None:
    """Body, place on the model and kind of one label; None where the model lacks the segment."""
    side = "" if landmark.segment in ("pelvis", "torso") else site.side
    body = model.bodies.get((landmark.segment, side))
    if body is None:
        return None
    entry: dict[str, Any] = {"body": body}
    marker = model.markers.get(site)
    if landmark.cluster:
        # of the model's like marker, or of a neighbouring one
        near = SidedLandmark(landmark.beside or site.landmark, site.side or "right")
        like = model.carriers.get(site, model.carriers.get(near, body))
        entry["body"] = model.marker_bodies.get(label, like)
        entry["tracking"] = True
        if landmark.weight != 1.0:
            entry["weight"] = landmark.weight
    elif landmark.joint is not None and (joint := f"{landmark.joint}_{side}") in model.joints:
        entry["joint"] = joint
    elif landmark.position is not None and not any(landmark.position):
        entry["position"] = list(landmark.position)  # a joint centre: the origin of its body
    elif marker is not None:
        entry["body"] = model.marker_bodies[marker]
        if marker != label:
            entry["model"] = marker
    elif landmark.position is not None and sprint:
        x, y, z = landmark.position
        entry["position"] = [x, y, -z if site.side == "left" and z else z]
    else:
        entry["tracking"] = True
    return entry


NEEDED_LANDMARKS = {
    "asis": "front of the pelvis (ASIS)",
    "psis": "back of the pelvis (PSIS)",
    "heel": "heel",
    "mt2": "forefoot (second metatarsal head)",
}
"""Landmarks on both sides that no marker set can do without, in words."""

SUBSTITUTE_LANDMARKS = {"psis": ("sacrum",), "mt2": ("toe", "mt1", "mt5")}
"""Landmarks that replace a needed one."""


def missing_landmarks(labelling: Labelling) -> list[SidedLandmark]:
    """The landmarks that no marker set can do without, and that are not there."""
    have = labelling.label
    needed = [name for name in NEEDED_LANDMARKS if name not in PELVIS or not _video_hips(labelling)]
    return [
        SidedLandmark(landmark, side)
        for landmark in needed
        for side in RIGHT_FIRST
        if not have(landmark, side)
        and not any(
            have(name, side) or have(name) for name in SUBSTITUTE_LANDMARKS.get(landmark, ())
        )
    ]


def _video_hips(labelling: Labelling) -> list[str]:
    """Right and left hip centre of video, where no spine is known: they show the pelvis then."""
    hips = [labelling.label("hip_centre", side) for side in RIGHT_FIRST]
    video_hips = [label for label in hips if label in labelling.video]
    spines = any(site.landmark in PELVIS for site in labelling.sites.values())
    return video_hips if len(video_hips) == len(hips) and not spines else []


def blank(site: SidedLandmark) -> str:
    """The name under which a marker set asks for a label: ``right_psis``."""
    return f"{site.side}_{site.landmark}"


def label_request(site: SidedLandmark) -> str:
    """Describe the label that a blank of a marker set asks for."""
    return f"the label on the {site.side} {NEEDED_LANDMARKS[site.landmark]}"


def with_blanks(labelling: Labelling) -> Labelling:
    """The labelling with a blank for every missing landmark."""
    sites = {blank(site): site for site in missing_landmarks(labelling)}
    return replace(labelling, sites={**labelling.sites, **sites})


def marker_set_content(
    name: str, source: str, labelling: Labelling, sections: Mapping[str, Any]
) -> dict[str, Any]:
    """A whole marker set as plain data, with blanks where landmarks are missing."""
    markers = {label: entry for part in sections.values() for label, entry in part.items()}
    return {
        "name": name,
        "source": source,
        "markers": markers,
        "feet": {side: foot_labels(labelling, side, markers) for side in SIDES},
        "pelvis": {"hips": hips}
        if (hips := _video_hips(labelling))
        else {
            "front": [labelling.label("asis", side) for side in RIGHT_FIRST],
            "back": pelvis_back(labelling),
        },
    }


def pelvis_back(labelling: Labelling) -> list[str]:
    """Labels at the back of the pelvis: both posterior spines, otherwise the sacrum."""
    spines = [label for side in RIGHT_FIRST if (label := labelling.label("psis", side))]
    sacrum = labelling.label("sacrum")
    return spines if len(spines) == 2 or sacrum is None else [sacrum]


def foot_labels(labelling: Labelling, side: str, markers: Collection[str]) -> dict[str, Any]:
    """Labels of a foot: of the heel, and those of the forefoot that are in the marker set."""
    toes = [labelling.label(name, side) for name in ("toe", "mt2", "mt1", "mt5")]
    return {
        "heel": labelling.label("heel", side),
        "toe": [label for label in toes if label is not None and label in markers],
    }


FEET = ("heel", "toe", "mt2", "mt1", "mt5")
PELVIS = ("asis", "psis", "sacrum")


def stand_ins(skeleton: Skeleton, model_map: ModelMap) -> tuple[BodyPoint, ...]:
    """Points for the landmarks of pelvis and feet without a marker; then of bare bodies too."""
    missing = missing_landmarks(_labelling(skeleton, model_map))
    if not missing:
        return ()
    posture = Posture.default(skeleton)
    landmarks = [_landmark(posture, site, model_map) for site in missing]
    bare = set(range(len(skeleton.bodies))) - set(skeleton.marker_body.tolist())
    turning = [point for body in sorted(bare) for point in turning_points(skeleton, body)]
    return (*landmarks, *turning)


def model_marker_set(skeleton: Skeleton, model_map: ModelMap) -> MarkerSet:
    """All markers of a model, stand-ins among them, as a marker set of their own labels."""
    bodies = [skeleton.bodies[body] for body in skeleton.marker_body]
    markers = {label: {"body": body} for label, body in zip(skeleton.markers, bodies, strict=True)}
    source = "the markers of the participant's model"
    labelling = _labelling(skeleton, model_map)
    return MarkerSet.model_validate(marker_set_content("model", source, labelling, {"": markers}))


def landmarks_of(marker_set: MarkerSet) -> dict[str, SidedLandmark]:
    """Landmark of every label that has one: that of its marker on the model, or of its own name.

    Labels may be of another language than the model's markers: they are read apart.
    """
    labels = marker_set.markers.items()
    return dict(_landmarks(tuple((label, marker.model) for label, marker in labels)))


@lru_cache(maxsize=16)
def _landmarks(markers: tuple[tuple[str, str], ...]) -> Mapping[str, SidedLandmark]:
    """Landmarks of labels with their markers on the model, or without."""
    table, on_model = landmark_table(), {label: model for label, model in markers if model}
    labels = [label for label, _ in markers]
    by_model = named_labels(on_model.values(), table).sites
    by_label = named_labels(labels, table).sites
    landmarks = {label: site for label, site in by_label.items() if label not in on_model}
    landmarks |= {label: by_model[name] for label, name in on_model.items() if name in by_model}
    return landmarks | video_landmarks(labels, table)


def landmark_labels(marker_set: MarkerSet) -> set[str]:
    """The labels that show pelvis and feet."""
    feet = (marker_set.feet.left, marker_set.feet.right)
    return {
        *marker_set.pelvis.labels,
        *(label for foot in feet for label in (foot.heel, *foot.toe)),
    }


def _labelling(skeleton: Skeleton, model_map: ModelMap) -> Labelling:
    """Landmarks of pelvis and feet that the model's markers name, on the bodies that have them."""
    body = dict(zip(skeleton.markers, skeleton.marker_body.tolist(), strict=True))
    pelvis = skeleton.bodies.index(model_map.pelvis.body)
    feet = {  # with their toes
        side: set(np.flatnonzero(skeleton.lineage[:, skeleton.bodies.index(foot)]).tolist())
        for side in SIDES
        if (foot := getattr(model_map.feet, side))
    }
    carriers = {pelvis}.union(*feet.values())  # a heel on a shank must not hide one on a foot
    worn = [label for label, index in body.items() if index in carriers]
    sites = {
        label: site
        for label, site in named_labels(worn, landmark_table()).sites.items()
        if (site.landmark in PELVIS and body[label] == pelvis)
        or (site.landmark in FEET and body[label] in feet[site.side])
    }
    return Labelling(sites, frozenset())


def _landmark(posture: Posture, site: SidedLandmark, model_map: ModelMap) -> BodyPoint:
    skeleton, joints = posture.skeleton, model_map.joints.by_name()
    name, side = blank(site), site.side
    if site.landmark in PELVIS:
        hips = {hip_side: skeleton.joints.index(joints[f"hip_{hip_side}"]) for hip_side in SIDES}
        return pelvis_point(posture, name, site.landmark, side, hips)
    foot = skeleton.bodies.index(getattr(model_map.feet, side))
    ankle = skeleton.joints.index(joints[f"ankle_{side}"])
    return foot_point(posture, name, site.landmark, foot, ankle)
