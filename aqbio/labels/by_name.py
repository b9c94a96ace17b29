"""Landmarks that labels name, and the table that knows their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from aqbio.config import read_yaml
from aqbio.config.model_map import LandmarkTable
from aqbio.io.study import MODELS

SIDE_WORDS = (("right", "right"), ("left", "left"), ("r", "right"), ("l", "left"))

WORD = 3
"""Names of landmarks that are longer are looked for inside of labels too, letters."""

HEAD = "head"

COMPUTED = "computed by other software: an axis of a bone, its origin, or a point between markers"

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


def plain_name(label: str) -> str:
    """A label in small letters and digits only: ``rkneelat`` of ``R.Knee_Lat``."""
    return re.sub(r"[^a-z0-9]", "", label.casefold())


def named_labels(
    labels: Iterable[str], table: LandmarkTable, computed: Collection[str] = ()
) -> NamedLabels:
    """Find the landmark that each label names; names count more than ``computed`` movement.

    Of two labels of one landmark the one named first in the table has it. A toe marker without one
    on the first metatarsal is on the second, as in Plug-in Gait and Helen Hayes.
    """
    names = dict.fromkeys(labels)
    found = {label: best for label in names if (best := _best(label, table)) is not None}
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
    unknown = tuple(label for label in names if label not in places and label not in unused)
    return NamedLabels(_toes({n: places[n] for n in names if n in places}), unused, unknown)


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


def _why_unused(label: str, table: LandmarkTable) -> str:
    for name, side in _readings(label):
        for entry in table.unused:
            if entry.sided == bool(side) and name in entry.names:
                return entry.why
    return ""


def _readings(label: str) -> Iterator[tuple[str, str]]:
    """Ways to read a label, without and with a side; ``heel`` is no left ``hee``."""
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
    parts = re.split(r"[._ -]+", label.casefold())
    sides = [part for part in parts if part in dict(SIDE_WORDS)]
    if len(sides) == 1 < len(parts):
        yield "".join(part for part in parts if part != sides[0]), dict(SIDE_WORDS)[sides[0]]


def landmark_table() -> LandmarkTable:
    """Read ``models/landmarks.yaml``."""
    return read_yaml(MODELS / "landmarks.yaml", LandmarkTable)
