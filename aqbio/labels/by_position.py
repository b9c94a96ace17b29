"""Landmarks of labels without meaning, from the marker positions in the static trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.io.recording import Recording
from aqbio.io.study import MODELS
from aqbio.labels.by_name import SidedLandmark, named_labels
from aqbio.labels.geometry import Placement, anchored_placement, distance_spreads, placement
from aqbio.labels.marker_set import INSTEAD, Labelling, missing_landmarks
from aqbio.multibody.kinematics import marker_positions
from aqbio.vectors import FloatArray, IntArray

ABDUCTIONS, FLEXIONS, ELBOWS = (0.0, -40.0, -85.0), (0.0, 45.0, 85.0), (0.0, 80.0)
"""Postures of the template's arms: hanging, in an A, in a T; in front; elbows bent, degrees."""

ANCHORS = 6
"""Named landmarks from which on the others are placed relative to them."""

SURE = 0.05
"""A marker this near to where its landmark is expected is there, m ..."""

CLEAR = 2.0
"""... if the next marker is farther by this factor."""

NEAR = 0.10
"""A marker farther from its landmark than this is not called so, m."""

ROUGH = 2
"""Postures with straight elbows, every second one, are enough to see which way is up."""

ON_SEGMENT = 0.12
"""A marker this near to a marker of the template is on its segment, m ..."""

ELSEWHERE = 1.4
"""... if markers of other segments are farther by this factor."""

MILLIMETRES = 1e3

ARM = ("upper_arm", "forearm")
ELBOW, WRIST = ("elbow_lateral", "elbow_medial"), ("wrist_radial", "wrist_ulnar", "wrist")


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A landmark that a marker's position shows."""

    place: SidedLandmark
    distance: float
    """From where it is expected, m."""
    sure: bool

    @property
    def description(self) -> str:
        """How sure it is, for the person who looks through the marker set."""
        judged = "clear" if self.sure else "not clear, please look"
        return f"{self.place} by its position, {self._gap}: {judged}"

    @property
    def resemblance(self) -> str:
        """What it looks like, where it is not used."""
        return f"it sits like {self.place}, {self._gap}"

    @property
    def _gap(self) -> str:
        return f"{MILLIMETRES * self.distance:.0f} mm from where that is expected"


@dataclass(frozen=True, eq=False)
class _Template:
    """Our sprint model standing in several postures."""

    places: tuple[SidedLandmark, ...]
    """tuple of L SidedLandmark. Of every marker."""
    landmarks: IntArray
    """(N,) int array. Which of them are no cluster markers."""
    postures: tuple[FloatArray, ...]
    """tuple of (L, 3) arrays, m. Arms hanging straight in the first one, straight in every second
    one."""


def placed_labels(
    static: Mapping[str, FloatArray], named: Mapping[str, SidedLandmark], table: LandmarkTable
) -> dict[str, PlacedLabel]:
    """Find landmarks of labels without meaning by their place (m) in a static trial.

    Trunk and legs are laid over the markers first, the arms in the posture that fits best then.
    """
    template = _template(table)
    labels = tuple(static)
    markers = np.array([static[label] for label in labels]).reshape(-1, 3)
    places = tuple(template.places[int(number)] for number in template.landmarks)
    postures = [posture[template.landmarks] for posture in template.postures]
    anchors = [
        (places.index(place), labels.index(label))
        for label, place in named.items()
        if label in static and place in places
    ]
    if len(anchors) < ANCHORS:
        rough = placement(markers, postures[::ROUGH])
        if rough is None:
            return {}
        anchors = [
            (number, int(marker))
            for number, marker in enumerate(rough.marker)
            if marker >= 0 and table.landmarks[places[number].landmark].segment not in ARM
        ]
    found = anchored_placement(markers, postures, anchors)
    if found is None:
        return {}
    read = _without_pairs(_read(found, places, labels, static, named), named)
    posture = template.postures[found.template]
    source = np.hstack((posture, np.ones((len(posture), 1))))
    turn = np.linalg.lstsq(source[template.landmarks], found.landmarks, rcond=None)[0]
    laid = np.asarray(source @ turn)  # all markers of the template, where its landmarks are
    return read | _tracking(template, laid, static, {*named, *read}, table)


def _read(
    placement: Placement,
    places: tuple[SidedLandmark, ...],
    labels: tuple[str, ...],
    static: Mapping[str, FloatArray],
    named: Mapping[str, SidedLandmark],
) -> dict[str, PlacedLabel]:
    """Keep the landmarks that have no name yet, at labels that have none."""
    taken = set(named.values())
    read = {}
    for number, place in enumerate(places):
        marker = int(placement.marker[number])
        if marker < 0 or place in taken or labels[marker] in named:
            continue
        if placement.distance[number] > NEAR:
            continue
        others = [static[label] for label in labels if label != labels[marker]]
        gaps = np.linalg.norm(np.array(others) - placement.landmarks[number], axis=1)
        distance = float(placement.distance[number])
        sure = distance < SURE and float(gaps.min()) > CLEAR * distance
        read[labels[marker]] = PlacedLabel(place, distance, sure)
    return read


def _without_pairs(
    read: dict[str, PlacedLabel], named: Mapping[str, SidedLandmark]
) -> dict[str, PlacedLabel]:
    """Read single markers as lateral ones, and arms only where elbow and wrist are seen."""
    known = {*named.values(), *(one.place for one in read.values())}
    kept = {}
    for label, one in read.items():
        joint, _, kind = one.place.landmark.partition("_")
        side = one.place.side
        at = {place.landmark for place in known if place.side == side}
        if joint in ("elbow", "wrist") and not all(
            at & set(landmarks) for landmarks in (ELBOW, WRIST)
        ):
            continue
        place = one.place
        if kind == "medial" and f"{joint}_lateral" not in at:
            place = SidedLandmark(f"{joint}_lateral", side)
        elif joint == "wrist" and len(at & set(WRIST)) == 1:
            place = SidedLandmark("wrist", side)
        kept[label] = replace(one, place=place)
    return kept


def _tracking(
    template: _Template,
    laid: FloatArray,
    static: Mapping[str, FloatArray],
    labels: set[str],
    table: LandmarkTable,
) -> dict[str, PlacedLabel]:
    """Segments of the markers that are on no landmark: they track it."""
    kinds = [(table.landmarks[place.landmark].segment, place.side) for place in template.places]
    clusters = table.clusters()
    found = {}
    for label, position in static.items():
        if label in labels:
            continue
        gaps = np.linalg.norm(laid - position, axis=1)
        nearest = int(np.argmin(gaps))
        segment, side = kinds[nearest]
        others = [gap for gap, kind in zip(gaps, kinds, strict=True) if kind[0] != segment]
        cluster = clusters.get((segment, bool(side)))
        if gaps[nearest] < ON_SEGMENT and min(others) > ELSEWHERE * gaps[nearest] and cluster:
            found[label] = PlacedLabel(
                SidedLandmark(cluster, side), float(gaps[nearest]), sure=False
            )
    return found


def _template(table: LandmarkTable) -> _Template:
    """Our sprint model, standing with its arms in several postures."""
    from aqbio.opensim.session import quiet
    from aqbio.opensim.skeleton import read_skeleton

    with quiet(level="Off"):
        skeleton = read_skeleton(MODELS / "sprint" / "sprint_male.osim")
    named = named_labels(skeleton.markers, table).places
    kept = [index for index, label in enumerate(skeleton.markers) if label in named]
    places = tuple(named[skeleton.markers[index]] for index in kept)
    entries = [table.landmarks[place.landmark] for place in places]
    landmarks = np.array([number for number, entry in enumerate(entries) if not entry.cluster])
    postures = []
    for abduction, flexion, elbow in product(ABDUCTIONS, FLEXIONS, ELBOWS):
        q = skeleton.coordinate_default.copy()
        for name, angle in (("arm_add", abduction), ("arm_flex", flexion), ("elbow_flex", elbow)):
            for side in ("r", "l"):
                q[skeleton.coordinates.index(f"{name}_{side}")] = np.radians(angle)
        postures.append(marker_positions(skeleton, q[None])[0][kept])
    return _Template(places, landmarks, tuple(postures))


LOOSEST = {"landmark": 0.015, "cluster": 0.010}
"""Distances within a segment vary by no more than this while running, standard deviation, m.

Of 340 labels placed by name in walks, runs and sprints (1 to 9.5 m/s) of five laboratories: at most
13 mm at landmarks (shoulders and knees of a sprint at 9.5 m/s), 8 mm in clusters."""

CLEARLY = 0.05
"""A landmark this near to where it is expected may scale and pose the model, m."""

BETTER = 2.0
"""Another segment has the marker if the distances to it vary less by this factor ..."""

NOISE = 0.003
"""... and by this, m."""

NEIGHBOURS = {
    ("head", "torso"),
    ("torso", "pelvis"),
    ("torso", "upper_arm"),
    ("upper_arm", "forearm"),
    ("pelvis", "thigh"),
    ("thigh", "shank"),
    ("shank", "foot"),
}
"""Segments that have a joint in common."""

Segment = tuple[str, str]


def pooled_places(
    placements: Sequence[Mapping[str, PlacedLabel]], table: LandmarkTable
) -> tuple[dict[str, PlacedLabel], dict[str, str]]:
    """The place of each label on which most participants agree, and the disputed ones."""
    agreed: dict[str, PlacedLabel] = {}
    disputed: dict[str, str] = {}
    for label in dict.fromkeys(label for one in placements for label in one):
        seen = [one[label] for one in placements if label in one]
        place, votes = Counter(one.place for one in seen).most_common(1)[0]
        if 2 * votes <= len(seen):
            disputed[label] = " or ".join(sorted({str(one.place) for one in seen}))
            continue
        nearest = min((one for one in seen if one.place == place), key=lambda one: one.distance)
        agreed[label] = replace(nearest, sure=votes == len(seen) and all(o.sure for o in seen))
    return _once(agreed, table), disputed


def _once(agreed: Mapping[str, PlacedLabel], table: LandmarkTable) -> dict[str, PlacedLabel]:
    """Leave each landmark to the label that is nearest to it; clusters may have several."""
    kept: dict[str, PlacedLabel] = {}
    taken: set[SidedLandmark] = set()
    for label, one in sorted(agreed.items(), key=lambda item: item[1].distance):
        if one.place in taken and not table.landmarks[one.place.landmark].cluster:
            continue
        taken.add(one.place)
        kept[label] = one
    return {label: kept[label] for label in agreed if label in kept}


def needed_labels(
    placed: Mapping[str, PlacedLabel], labelling: Labelling, table: LandmarkTable
) -> dict[str, PlacedLabel]:
    """The labels whose position counts: landmarks that are missing, and segments without any.

    Of landmarks farther than 5 cm from where they are expected two in five were others of the same
    segment (four static trials, names hidden): such labels only track it.
    """
    wanted = {
        SidedLandmark(name, side)
        for missing in missing_landmarks(labelling)
        for name in (missing.landmark, *INSTEAD.get(missing.landmark, ()))
        for side in (missing.side, "")
    }
    shown = {
        segment_of(place, table)
        for place in labelling.places.values()
        if not table.landmarks[place.landmark].cluster
    }
    kept = {label: one for label, one in placed.items() if one.place in wanted}
    for label, one in placed.items():
        if label in kept or segment_of(one.place, table) in shown:
            continue
        tracks, entry = one, table.landmarks[one.place.landmark]
        cluster = table.clusters().get((entry.segment, entry.sided))
        if one.distance >= CLEARLY and cluster is not None:
            tracks = replace(one, place=SidedLandmark(cluster, one.place.side))
        if not (table.landmarks[tracks.place.landmark].cluster and label in labelling.static_only):
            kept[label] = tracks
    return kept


def segment_of(place: SidedLandmark, table: LandmarkTable) -> Segment:
    """The rigid segment that a place is on, and its side: heads nod, toes hardly bend."""
    segment: str = table.landmarks[place.landmark].segment
    if place.landmark.startswith("head"):
        return "head", ""
    if segment in ("pelvis", "torso"):
        return segment, ""
    return ("foot" if segment == "toes" else segment), place.side


def loose_labels(
    placed: Mapping[str, PlacedLabel],
    landmarks: Mapping[str, SidedLandmark],
    motions: Iterable[Recording],
    table: LandmarkTable,
) -> dict[str, str]:
    """Why labels placed by position do not move with their segment, by label."""
    segments = {label: segment_of(place, table) for label, place in landmarks.items()}
    found: dict[str, str] = {}
    for recording in motions:
        for label in (one for one in placed if one in recording.labels and one not in found):
            path = recording.positions[:, recording.labels.index(label)]
            spreads = distance_spreads(path, _others(label, segments, recording))
            entry = table.landmarks[placed[label].place.landmark]
            limit = LOOSEST["cluster" if entry.cluster else "landmark"]
            if why := _why_loose(segments[label], spreads, limit):
                found[label] = why
    return found


def _others(
    label: str, segments: Mapping[str, Segment], recording: Recording
) -> dict[Segment, FloatArray]:
    """Paths of all other labels by segment, (T, M, 3) m."""
    columns: dict[Segment, list[int]] = {}
    for column, other in enumerate(recording.labels):
        if other in segments and other != label:
            columns.setdefault(segments[other], []).append(column)
    return {segment: recording.positions[:, own] for segment, own in columns.items()}


def _why_loose(own: Segment, spreads: Mapping[Segment, float], limit: float) -> str:
    """Why a marker is not on a segment; empty where it may be."""
    if not spreads:
        return ""
    best = min(spreads, key=lambda segment: spreads[segment])
    if own not in spreads:
        return "" if _neighbours(own, best) else f"it moves with the {_segment_name(best)}"
    spread = spreads[own]
    if spread > BETTER * spreads[best] + NOISE:
        return f"it moves with the {_segment_name(best)}"
    if spread > limit:
        return f"its distances from the markers there vary by {MILLIMETRES * spread:.0f} mm (sd)"
    return ""


def _neighbours(one: Segment, other: Segment) -> bool:
    """Whether two segments are one, or have a joint in common, on one side of the body."""
    names = {(one[0], other[0]), (other[0], one[0])}
    same_side = "" in (one[1], other[1]) or one[1] == other[1]
    return one == other or (same_side and bool(names & NEIGHBOURS))


def _segment_name(segment: Segment) -> str:
    return " ".join(part for part in reversed(segment) if part).replace("_", " ")
