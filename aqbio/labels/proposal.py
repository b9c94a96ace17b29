"""A marker set proposed from the landmarks of a recording and of a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aqbio.config.model_map import Landmark, LandmarkTable
from aqbio.labels.by_name import SidedLandmark
from aqbio.labels.model_landmarks import ModelLandmarks

SIDES = ("right", "left")


@dataclass(frozen=True, slots=True)
class Labelling:
    """What is known about the labels of a set of recordings."""

    places: Mapping[str, SidedLandmark]
    """SidedLandmark by label."""
    static_only: frozenset[str]
    """Labels that no moving trial has."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """How a place was found, by label, where it was not by its name."""

    def label(self, landmark: str, side: str = "") -> str | None:
        """The label at a place, if there is one."""
        wanted = SidedLandmark(landmark, side)
        return next((label for label, place in self.places.items() if place == wanted), None)


def proposed_markers(
    labelling: Labelling, model: ModelLandmarks, table: LandmarkTable, *, sprint: bool
) -> dict[str, dict[str, Any]]:
    """The entry of every label that can be attached to the model, by section.

    Parameters
    ----------
    sprint : bool
        Whether the model is our sprint model, whose measures the table knows.

    Returns
    -------
    dict
        Sections ``trunk``, ``right`` and ``left``; entries by label.
    """
    order = list(table.landmarks)
    sections: dict[str, dict[str, Any]] = {"trunk": {}, "right": {}, "left": {}}
    ranked = sorted(labelling.places.items(), key=lambda item: order.index(item[1].landmark))
    for label, place in ranked:
        landmark = table.landmarks[place.landmark]
        if (entry := _entry(label, place, landmark, model, sprint=sprint)) is None:
            continue
        if label in labelling.static_only:
            entry["static_only"] = True
        trunk = landmark.segment in ("pelvis", "torso")
        sections["trunk" if trunk else place.side][label] = entry
    return sections


def _entry(
    label: str, place: SidedLandmark, landmark: Landmark, model: ModelLandmarks, *, sprint: bool
) -> dict[str, Any] | None:
    """Body, place on the model and kind of one label; None where the model lacks the segment."""
    side = "" if landmark.segment in ("pelvis", "torso") else place.side
    body = model.bodies.get((landmark.segment, side))
    if body is None:
        return None
    entry: dict[str, Any] = {"body": body}
    own = model.places.get(place)
    if landmark.cluster:
        entry["body"] = model.cluster_body(label, place, landmark, body)
        entry["tracking"] = True
        if landmark.weight != 1.0:
            entry["weight"] = landmark.weight
    elif landmark.position is not None and not any(landmark.position):
        entry["position"] = list(landmark.position)  # a joint centre: the origin of its body
    elif own is not None:
        entry["body"] = model.own[own]
        if own != label:
            entry["model"] = own
    elif landmark.position is not None and sprint:
        x, y, z = landmark.position
        entry["position"] = [x, y, -z if place.side == "left" and z else z]
    else:
        entry["tracking"] = True
    return entry


NEEDED = {
    "asis": "front of the pelvis (ASIS)",
    "psis": "back of the pelvis (PSIS)",
    "heel": "heel",
    "mt2": "forefoot (second metatarsal head)",
}
"""Landmarks on both sides that no marker set can do without, in words."""

INSTEAD = {"psis": ("sacrum",), "mt2": ("toe", "mt1", "mt5")}
"""What does as well."""


def missing_landmarks(labelling: Labelling) -> list[SidedLandmark]:
    """The landmarks that no marker set can do without, and that are not there."""
    have = labelling.label
    return [
        SidedLandmark(landmark, side)
        for landmark in NEEDED
        for side in SIDES
        if not have(landmark, side)
        and not any(have(name, side) or have(name) for name in INSTEAD.get(landmark, ()))
    ]


def blank(place: SidedLandmark) -> str:
    """The name under which a marker set asks for a label.

    Examples
    --------
    >>> blank(SidedLandmark("psis", "right"))
    'right_psis'
    """
    return f"{place.side}_{place.landmark}"


def asked(place: SidedLandmark) -> str:
    """What a blank of a marker set asks for."""
    return f"the label on the {place.side} {NEEDED[place.landmark]}"


def with_blanks(labelling: Labelling) -> Labelling:
    """A labelling in which blanks stand for the landmarks that are missing."""
    places = {blank(place): place for place in missing_landmarks(labelling)}
    return replace(labelling, places={**labelling.places, **places})


def marker_set_content(
    name: str, source: str, labelling: Labelling, sections: Mapping[str, Any]
) -> dict[str, Any]:
    """A whole marker set as plain data.

    Parameters
    ----------
    labelling : Labelling
        With blanks, where landmarks are missing.
    sections : mapping
        Its markers by section.
    """
    markers = {label: entry for part in sections.values() for label, entry in part.items()}
    return {
        "name": name,
        "source": source,
        "markers": markers,
        "feet": {side: foot_labels(labelling, side, markers) for side in ("left", "right")},
        "pelvis": {
            "front": [labelling.label("asis", side) for side in SIDES],
            "back": pelvis_back(labelling),
        },
    }


def pelvis_back(labelling: Labelling) -> list[str]:
    """Labels at the back of the pelvis: both posterior spines, otherwise the sacrum."""
    spines = [label for side in SIDES if (label := labelling.label("psis", side))]
    sacrum = labelling.label("sacrum")
    return spines if len(spines) == 2 or sacrum is None else [sacrum]


def foot_labels(labelling: Labelling, side: str, markers: Collection[str]) -> dict[str, Any]:
    """Labels of a foot: of the heel, and those of the forefoot that are in the marker set."""
    toes = [labelling.label(name, side) for name in ("toe", "mt2", "mt1", "mt5")]
    return {
        "heel": labelling.label("heel", side),
        "toe": [label for label in toes if label is not None and label in markers],
    }
