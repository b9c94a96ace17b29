"""Landmarks that labels name, and the table that knows their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from aqbio.config import read_yaml
from aqbio.config.model_map import LandmarkTable
from aqbio.io.study import MODELS

SIDE_WORDS = (("right", "right"), ("left", "left"), ("r", "right"), ("l", "left"))

WORD = 3
"""Names of landmarks that are longer are looked for inside of labels too, letters."""

HEAD = "head"

COMPUTED = "computed by other software: an axis of a bone, its origin, or a point between markers"

COMPUTED_FROM_VIDEO = "_study"
"""How OpenCap's landmarks end, which a network computes from joint centres: ``r_knee_study``."""

LAST = 1000
"""Rank of a segment that a label names by a word: behind every landmark."""


@dataclass(frozen=True, slots=True, order=True)
class SidedLandmark:
    """A landmark on a side of the body; the side is empty on the midline."""

    landmark: str
    side: str = ""

    def __str__(self) -> str:
        words = self.landmark.replace("_", " ")
        return f"{self.side} {words}" if self.side else words


@dataclass(frozen=True, slots=True)
class NamedLabels:
    """What the labels of a recording say by themselves."""

    places: dict[str, SidedLandmark]
    """SidedLandmark by label."""
    unused: dict[str, str]
    """Reason by label that is known and left out."""
    unknown: tuple[str, ...]
    """Labels without a known meaning."""
    video: frozenset[str] = frozenset()
    """Those of the places that were found in video, without a marker."""


def plain_name(label: str) -> str:
    """A label in small letters and digits only: ``rkneelat`` of ``R.Knee_Lat``."""
    return re.sub(r"[^a-z0-9]", "", label.casefold())


def video_places(labels: Iterable[str], table: LandmarkTable) -> dict[str, SidedLandmark]:
    """Places of points that were found in video, by label; empty for labels of markers.

    ``RKnee`` is a joint centre where there are hips and a big toe, a nose or a neck too, as in
    OpenCap, Pose2Sim and the detectors behind them, and a marker on the skin elsewhere.
    """
    at = {
        (name, bool(entry.sided)): key
        for key, entry in table.landmarks.items()
        for name in entry.video
    }
    found, signs = {}, False
    for label in (one for one in labels if not one.endswith(COMPUTED_FROM_VIDEO)):
        for name, side in _readings(label):
            signs |= name in table.video_signs
            if landmark := at.get((name, bool(side))):
                found[label] = SidedLandmark(landmark, side)
    shown = set(found.values())
    joints = (("hip_centre", "right"), ("hip_centre", "left"), ("knee_centre", "right"))
    return found if signs and all(SidedLandmark(*one) in shown for one in joints) else {}


def named_labels(
    labels: Iterable[str], table: LandmarkTable, computed: Collection[str] = ()
) -> NamedLabels:
    """Find the landmark that each label names; names count more than ``computed`` movement.

    Of two labels of one landmark the one named first in the table has it. A toe marker without one
    on the first metatarsal is on the second, as in Plug-in Gait and Helen Hayes.
    """
    names = dict.fromkeys(labels)
    video = video_places(names, table)
    found = {
        label: best
        for label in names
        if label not in video and (best := _best(label, table)) is not None
    }
    unused = {
        label: COMPUTED
        for label in names
        if label in computed and (label not in found or found[label][0] >= LAST)
    }
    unused |= {label: why for label in names if (why := _why_unused(label, table))}
    places: dict[str, SidedLandmark] = {}
    for label, (_, place) in sorted(found.items(), key=lambda item: item[1][0]):
        taken = place in places.values() and not table.landmarks[place.landmark].cluster
        if label in unused:
            continue
        if taken:
            unused[label] = f"another label is the {place.landmark} too"
        else:
            places[label] = place
    places, doubled = _with_video(_toes(places), video, table)
    unused |= doubled
    unknown = tuple(label for label in names if label not in places and label not in unused)
    in_order = {name: places[name] for name in names if name in places}
    heads = {one for one, place in places.items() if video and place.landmark.startswith(HEAD)}
    return NamedLabels(in_order, unused, unknown, frozenset({*video, *heads}) & frozenset(places))


def _with_video(
    places: Mapping[str, SidedLandmark], video: Mapping[str, SidedLandmark], table: LandmarkTable
) -> tuple[dict[str, SidedLandmark], dict[str, str]]:
    """Add points of video where no landmark is at their place: OpenCap computes its from them."""
    at = {place: label for label, place in places.items()}
    kept, doubled = dict(places), {}
    for label, place in video.items():
        near = table.landmarks[place.landmark].beside or place.landmark
        landmark = at.get(place) or at.get(SidedLandmark(near, place.side))
        if landmark is None:
            kept[label] = place
        else:
            doubled[label] = "found in video; the landmarks there are used"
    return kept, doubled


def _toes(places: dict[str, SidedLandmark]) -> dict[str, SidedLandmark]:
    """Take a toe marker for the second metatarsal where the first one has none."""
    known = set(places.values())
    return {
        label: SidedLandmark("mt2", place.side)
        if place.landmark == "toe"
        and not {SidedLandmark("mt1", place.side), SidedLandmark("mt2", place.side)} & known
        else place
        for label, place in places.items()
    }


def _best(label: str, table: LandmarkTable) -> tuple[int, SidedLandmark] | None:
    """Landmark that a label names and the rank of the name in the table's list."""
    candidates = []
    for name, side in _readings(label):
        for landmark, entry in table.landmarks.items():
            if entry.sided != bool(side):
                continue
            stem = name.rstrip("0123456789") if entry.cluster else name
            for spelling in dict.fromkeys((name, stem)):
                if spelling in entry.names:
                    # an exact spelling before one without its number
                    rank = entry.names.index(spelling) + 100 * (spelling != name)
                    candidates.append((rank, SidedLandmark(landmark, side)))
    return min(candidates, default=_on_segment(label, table))


def _on_segment(label: str, table: LandmarkTable) -> tuple[int, SidedLandmark] | None:
    """Cluster of the one segment that a label with a side names by a word, and no joint or end."""
    found = set()
    for name, side in _readings(label):
        ends = (one for one in table.landmarks.values() if one.sided and not one.cluster)
        if not side or any(len(end) > WORD and end in name for one in ends for end in one.names):
            continue
        for landmark, entry in table.landmarks.items():
            # heads of bones are no heads: that word comes first
            if any(
                word in name and (word != HEAD or name.startswith(HEAD)) for word in entry.words
            ):
                found.add(SidedLandmark(landmark, side if entry.sided else ""))
    return (LAST, found.pop()) if len(found) == 1 else None


def names_landmark(label: str, landmark: str, table: LandmarkTable) -> bool:
    """Whether a label names a landmark, whatever else there is."""
    return any(name in table.landmarks[landmark].names for name, _ in _readings(label))


def _why_unused(label: str, table: LandmarkTable) -> str:
    for name, side in _readings(label):
        for entry in table.unused:
            if entry.sided == bool(side) and name in entry.names:
                return entry.why
    return ""


def _readings(label: str) -> Iterator[tuple[str, str]]:
    """Ways to read a label, without and with a side; ``heel`` is no left ``hee``."""
    label = label.removesuffix(COMPUTED_FROM_VIDEO)
    name = plain_name(label)
    yield name, ""
    for word, side in SIDE_WORDS:
        if name.startswith(word) and len(name) > len(word):
            yield name[len(word) :], side
    if match := re.fullmatch(
        r"(.+)(?:[._ -]+(?i:(r|l|right|left))|(?<=[a-z0-9])(R|L|Right|Left))", label
    ):
        stem, separate, capital = match.groups()
        yield plain_name(stem), dict(SIDE_WORDS)[(separate or capital).casefold()]
    words = re.split(r"[._ -]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", label)
    parts = [word.casefold() for word in words]
    sides = [part for part in parts if part in dict(SIDE_WORDS)]
    if len(sides) == 1 < len(parts):
        yield "".join(part for part in parts if part != sides[0]), dict(SIDE_WORDS)[sides[0]]


@cache
def landmark_table() -> LandmarkTable:
    """Read ``models/landmarks.yaml``."""
    return read_yaml(MODELS / "landmarks.yaml", LandmarkTable)
