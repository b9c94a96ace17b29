"""Joint centres and scale measurements that a set of landmarks allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from aqbio.stages.labelling.model_places import ModelPlaces

if TYPE_CHECKING:
    from aqbio.stages.labelling.proposal import Labelling

SIDES = ("right", "left")
HIP, KNEE, ANKLE, ELBOW = "HJC", "KJC", "AJC", "EJC"
"""Names of computed joint centres, after the letter of the side."""

MIDPOINTS = {
    KNEE: ("knee_lateral", "knee_medial"),
    ANKLE: ("ankle_lateral", "ankle_medial"),
    ELBOW: ("elbow_lateral", "elbow_medial"),
}

Pairs = list[list[str]]


def centres(labelling: Labelling, model: ModelPlaces) -> dict[str, dict[str, Any]]:
    """Joint centres to compute in the static trial: none where the recording brings its own hips.

    Midpoints need both markers on one body of the model.
    """
    if _recorded_hips(labelling):
        return {}
    found: dict[str, dict[str, Any]] = {}
    for side in SIDES:
        letter = side[0].upper()
        body = model.bodies["thigh", side]
        if all(labelling.label("asis", one) for one in SIDES):
            found[f"{letter}{HIP}"] = {"body": body, "hip_centre": side, "position": [0, 0, 0]}
        for name, landmarks in MIDPOINTS.items():
            parts = [labelling.label(landmark, side) for landmark in landmarks]
            segment = {KNEE: "thigh", ANKLE: "shank", ELBOW: "upper_arm"}[name]
            body = model.bodies.get((segment, side), "")
            if None not in parts and body:
                found[f"{letter}{name}"] = {"body": body, "midpoint": parts}
    return found


def measurements(
    labelling: Labelling, markers: Collection[str], model: ModelPlaces
) -> list[dict[str, Any]]:
    """Scale measurements, both sides in one, from the landmarks that are there.

    Parameters
    ----------
    labelling : Labelling
    markers : collection of str
        Labels of the marker set, computed centres too.
    model : ModelPlaces

    Notes
    -----
    Where hips are computed, limbs are measured from joint centre to joint centre; where the
    recording brings its hips, as the set-up of the Rajagopal (2016) example does it.
    """
    ends = _Ends(labelling, markers)
    recorded = _recorded_hips(labelling)
    pairs = ends.from_recorded_hips() if recorded else ends.between_centres()
    axes = {"pelvis_depth_height": ["x", "y"], "pelvis_width": ["z"]}
    segments = {"pelvis_depth_height": "pelvis", "pelvis_width": "pelvis"}
    found = []
    for name, chosen in pairs.items():
        bodies = list(model.scaled.get(segments.get(name, name), ()))
        if chosen and bodies:
            entry: dict[str, Any] = {"name": name, "bodies": bodies}
            if name in axes:
                entry["axes"] = axes[name]
            found.append(entry | {"pairs": chosen})
    return found


def _recorded_hips(labelling: Labelling) -> bool:
    return all(labelling.label("hip_centre", side) for side in SIDES)


class _Ends:
    """Pairs of labels between landmarks."""

    def __init__(self, labelling: Labelling, markers: Collection[str]) -> None:
        self.labelling = labelling
        self.markers = markers

    def at(self, landmark: str, side: str) -> str | None:
        """Label of a landmark: computed centre, on this side, or on the midline."""
        for label in (
            f"{side[0].upper()}{landmark}" if landmark.isupper() else None,
            self.labelling.label(landmark, side),
            self.labelling.label(landmark),
        ):
            if label is not None and label in self.markers:
                return label
        return None

    def first(self, landmarks: Iterable[str], side: str) -> str | None:
        """Label of the first landmark that is there."""
        labels = (self.at(landmark, side) for landmark in landmarks)
        return next((label for label in labels if label is not None), None)

    def pairs(self, *between: tuple[Iterable[str] | str, Iterable[str] | str]) -> Pairs:
        """Pairs on both sides between landmarks, or between the first ones of lists."""
        found: Pairs = []
        for start, end in between:
            for side in SIDES:
                labels = [
                    self.at(one, side) if isinstance(one, str) else self.first(one, side)
                    for one in (start, end)
                ]
                if None not in labels and labels not in found:
                    found.append([label for label in labels if label is not None])
        return found

    def across(self, landmark: str) -> Pairs:
        """The pair between both sides."""
        labels = [self.at(landmark, side) for side in SIDES]
        return [] if None in labels else [[label for label in labels if label is not None]]

    def back(self) -> str:
        """Landmark at the back of the pelvis."""
        spines = all(self.labelling.label("psis", side) for side in SIDES)
        return "psis" if spines else "sacrum"

    def between_centres(self) -> dict[str, Pairs]:
        """Where hips are computed: from joint centre to joint centre."""
        knee, ankle = (KNEE, "knee_lateral"), (ANKLE, "ankle_lateral")
        elbow = (ELBOW, "elbow_lateral", "elbow_medial")
        forefoot = self.pairs(("heel", "mt5"), ("heel", "mt1"))
        forearm = self.pairs((elbow, "wrist_radial"), (elbow, "wrist_ulnar"))
        spine = "sacrum" if self.labelling.label("sacrum") else "psis"
        return {
            "pelvis_depth_height": self.pairs(
                ("asis", self.back()), ("asis", HIP), (self.back(), HIP)
            ),
            "pelvis_width": self.across(HIP),
            "torso": self.pairs(
                (spine, "c7"), ("asis", "clavicle"), (HIP, "acromion"), (HIP, "c7")
            ),
            "thigh": self.pairs((HIP, knee)),
            "shank": self.pairs((knee, ankle)),
            "foot": forefoot or self.pairs(("heel", ("mt2", "toe"))),
            "upper_arm": self.pairs((("shoulder_centre", "acromion"), elbow)),
            "forearm": forearm or self.pairs((elbow, "wrist")),
        }

    def from_recorded_hips(self) -> dict[str, Pairs]:
        """Where the recording brings its hips: from them to the skin."""
        hip, knees = "hip_centre", ("knee_lateral", "knee_medial")
        shoulder = ("shoulder_centre", "acromion")
        sacrum = self.back()
        return {
            "torso": self.pairs(("asis", "clavicle"), (sacrum, "c7"), ("asis", "acromion")),
            "pelvis_depth_height": self.pairs(("asis", sacrum), (sacrum, hip), ("asis", hip)),
            "pelvis_width": self.across(hip),
            "thigh": self.pairs(*((hip, knee) for knee in knees)),
            "shank": self.pairs(("knee_lateral", "ankle_lateral"), ("knee_medial", "ankle_medial")),
            "foot": self.pairs(("heel", "mt5"), ("heel", "mt1"), ("heel", "mt2")),
            "upper_arm": self.pairs((shoulder, "elbow_lateral"), (shoulder, "elbow_medial")),
            "forearm": self.pairs(
                ("elbow_lateral", "wrist_radial"), ("elbow_medial", "wrist_ulnar")
            )
            or self.pairs(("elbow_lateral", "wrist")),
        }
