"""Landmarks of labels that say nothing, told from where their markers are in the static trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.io.study import MODELS
from aqbio.labels.by_name import SidedLandmark, named_labels
from aqbio.labels.geometry import (
    Placement,
    anchored_placement,
    placement,
)
from aqbio.multibody.kinematics import marker_positions
from aqbio.vectors import FloatArray, IntArray

ABDUCTIONS, FLEXIONS, ELBOWS = (0.0, -40.0, -85.0), (0.0, 45.0, 85.0), (0.0, 80.0)
"""Postures of the template's arms: hanging, in an A, in a T; in front; elbows bent, degrees."""

ANCHORS = 6
"""With so many landmarks named, the others are looked for beside them."""

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
    def words(self) -> str:
        """How sure it is, for the person who looks through the marker set."""
        judged = "clear" if self.sure else "not clear, please look"
        return f"{self.place} by its position, {self._apart}: {judged}"

    @property
    def looks(self) -> str:
        """What it looks like, where it is not used."""
        return f"it sits like {self.place}, {self._apart}"

    @property
    def _apart(self) -> str:
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
    """Find landmarks and segments that no name tells among the labels that say nothing.

    Parameters
    ----------
    static : mapping of (3,) arrays, m
        Where the markers of a standing person are, by label.
    named : mapping
        Places that names tell.

    Returns
    -------
    dict
        By label; empty where the markers do not look like a standing person.

    Notes
    -----
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
    laid = _laid_over(template, found)
    return read | _tracking(template, laid, static, {*named, *read}, table)


def _read(
    found: Placement,
    places: tuple[SidedLandmark, ...],
    labels: tuple[str, ...],
    static: Mapping[str, FloatArray],
    named: Mapping[str, SidedLandmark],
) -> dict[str, PlacedLabel]:
    """Keep the landmarks that have no name yet, at labels that have none."""
    taken = set(named.values())
    read = {}
    for number, place in enumerate(places):
        marker = int(found.marker[number])
        if marker < 0 or place in taken or labels[marker] in named:
            continue
        if found.distance[number] > NEAR:
            continue
        others = [static[label] for label in labels if label != labels[marker]]
        gaps = np.linalg.norm(np.array(others) - found.landmarks[number], axis=1)
        distance = float(found.distance[number])
        sure = distance < SURE and float(gaps.min()) > CLEAR * distance
        read[labels[marker]] = PlacedLabel(place, distance, sure)
    return read


def _without_pairs(
    read: dict[str, PlacedLabel], named: Mapping[str, SidedLandmark]
) -> dict[str, PlacedLabel]:
    """Read single markers as people wear them, and arms only where elbow and wrist are seen.

    A single marker at knee, ankle or elbow is the lateral one; hands hang beside the hips, where
    other markers are.
    """
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


def _laid_over(template: _Template, found: Placement) -> FloatArray:
    """All markers of the template where its landmarks were laid, (L, 3) m."""
    posture = template.postures[found.template]
    ones = np.ones((len(posture), 1))
    source = np.hstack((posture, ones))
    turn = np.linalg.lstsq(source[template.landmarks], found.landmarks, rcond=None)[0]
    laid: FloatArray = source @ turn
    return laid


def _tracking(
    template: _Template,
    laid: FloatArray,
    static: Mapping[str, FloatArray],
    known: set[str],
    table: LandmarkTable,
) -> dict[str, PlacedLabel]:
    """Segments of the markers that are on no landmark: they track it."""
    kinds = [(table.landmarks[place.landmark].segment, place.side) for place in template.places]
    clusters = table.clusters()
    found = {}
    for label, position in static.items():
        if label in known:
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
