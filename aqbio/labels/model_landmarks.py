"""Where a model has its markers and its segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aqbio.config import ModelMap
from aqbio.config.model_map import Landmark, LandmarkTable
from aqbio.labels.by_name import SidedLandmark, named_labels

PATELLA = "patella"


@dataclass(frozen=True, slots=True)
class ModelLandmarks:
    """What a label can be attached to on a model."""

    own: Mapping[str, str]
    """Body of each of the model's own markers."""
    places: Mapping[SidedLandmark, str]
    """Own marker by place on the body, clusters left out."""
    carriers: Mapping[SidedLandmark, str]
    """Body by place of every own marker."""
    bodies: Mapping[tuple[str, str], str]
    """Body by segment and side, the side empty for pelvis and torso."""

    def cluster_body(self, label: str, place: SidedLandmark, landmark: Landmark, body: str) -> str:
        """Body of a cluster's marker: of the model's like marker, or of one beside; else given."""
        beside = SidedLandmark(landmark.beside or place.landmark, place.side or "right")
        like = self.carriers.get(place, self.carriers.get(beside, body))
        return self.own.get(label, like)


def model_landmarks(
    own: Mapping[str, str], model_map: ModelMap, table: LandmarkTable
) -> ModelLandmarks:
    """Find landmarks and segments of a model.

    Parameters
    ----------
    own : mapping
        Body by marker of the model.
    model_map : ModelMap
        Groups list the bodies of a leg or arm from the trunk outwards.
    """
    named = named_labels(own, table).places
    places = {
        place: marker
        for marker, place in named.items()
        if not table.landmarks[place.landmark].cluster
    }
    segments = _segments(model_map)
    bodies = {key: _carrier(key[0], members) for key, members in segments.items() if members}
    carriers = {place: own[marker] for marker, place in named.items()}
    return ModelLandmarks(own, places, carriers, bodies)


def _segments(model_map: ModelMap) -> dict[tuple[str, str], list[str]]:
    """Bodies of each segment and side: a kneecap goes with the thigh, a hand with the forearm."""
    groups = model_map.groups
    segments = {("pelvis", ""): list(groups["pelvis"])}
    if trunk := groups.get("torso"):
        segments["torso", ""] = list(trunk)
    for side in ("right", "left"):
        foot = getattr(model_map.feet, side)
        leg = [body for body in groups[f"leg_{side}"] if PATELLA not in body]
        beyond = leg.index(foot) + 2  # after the toes come bodies beside the chain: kneecaps
        caps = [body for body in groups[f"leg_{side}"] if PATELLA in body] + leg[beyond:]
        segments["thigh", side] = [*leg[:1], *caps]
        segments["shank", side] = leg[1:2]
        segments["foot", side] = [foot, *(body for body in leg[2:beyond] if body != foot)]
        segments["toes", side] = leg[leg.index(foot) + 1 : beyond] or [foot]
        if arm := groups.get(f"arm_{side}"):
            segments["upper_arm", side] = list(arm[:1])
            segments["forearm", side] = list(arm[1:])
    return segments


def _carrier(segment: str, members: list[str]) -> str:
    """Body that a segment's markers sit on: of a forearm the radius, as far as there is one."""
    radius = [body for body in members if "radius" in body]
    return radius[0] if segment == "forearm" and radius else members[0]
