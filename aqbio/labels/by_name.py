"""Landmarks that labels name, and the table that knows their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aqbio.config.model_map import LandmarkTable
from aqbio.labels.words import (
    ENGLISH,
    SURE_WORD,
    UNUSED,
    Reading,
    Tongue,
    hinted_landmarks,
    landmark_table,
    reading,
    tongues,
)

__all__ = [
    "Hint", "NamedLabels", "SidedLandmark", "landmark_table", "named_labels", "names_landmark",
    "plain_name", "video_places",
]  # fmt: skip

SIDE_WORDS = (("right", "right"), ("left", "left"), ("r", "right"), ("l", "left"))

WORD = 3
"""Names of landmarks that are longer are looked for inside of labels too, letters."""

HEAD = "head"

COMPUTED = "computed by other software: an axis of a bone, its origin, or a point between markers"

COMPUTED_FROM_VIDEO = "_study"
"""How OpenCap's landmarks end, which a network computes from joint centres: ``r_knee_study``."""

LAST = 1000
"""Rank of a segment that a label names by a word: behind every landmark."""

BY_WORDS = 300
"""Rank of a landmark that a label names by its words: behind the names of published sets."""

FOREIGN = 1.5
"""Labels by which another language must explain more of a set than English does."""

PAIRED, SHARED = 0.3, 0.5
"""What a label counts more that has a mirror image on the other side, and less whose place another
label has, in the choice of a set's language."""


@dataclass(frozen=True, slots=True, order=True)
class SidedLandmark:
    """A landmark on a side of the body; the side is empty on the midline."""

    landmark: str
    side: str = ""

    def __str__(self) -> str:
        words = self.landmark.replace("_", " ")
        return f"{self.side} {words}" if self.side else words


@dataclass(frozen=True, slots=True)
class Hint:
    """What words of a label allow that does not name one landmark."""

    words: str
    """In words: ``right shoulder``."""
    places: frozenset[SidedLandmark]
    whole: bool = True
    """Whether the whole label is understood and means one of the places."""


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
    hints: Mapping[str, Hint] = field(default_factory=dict)
    """What words of unknown labels allow, and of toes, which may be metatarsals; labels without a
    known word are not in it."""


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
    found, hints, said = _readings_of_set([one for one in names if one not in video], table)
    unused = {
        label: COMPUTED
        for label in names
        if label in computed and (label not in found or found[label][0] >= BY_WORDS)
    }
    unused |= said | {label: why for label in names if (why := _why_unused(label, table))}
    places: dict[str, SidedLandmark] = {}
    for label, (_, place) in sorted(found.items(), key=lambda item: item[1][0]):
        taken = place in places.values() and not table.landmarks[place.landmark].cluster
        if label in unused:
            continue
        if taken:
            unused[label] = f"another label is the {place.landmark} too"
        else:
            places[label] = place
    toes = _toes(places)
    forefoot = {label for label, place in toes.items() if place != places[label]}
    places, doubled = _with_video(toes, video, table)
    unused |= doubled
    unknown = tuple(label for label in names if label not in places and label not in unused)
    in_order = {name: places[name] for name in names if name in places}
    heads = {one for one, place in places.items() if video and place.landmark.startswith(HEAD)}
    seen = frozenset({*video, *heads}) & frozenset(places)
    hints = {label: hints[label] for label in unknown if label in hints}
    for label in forefoot & places.keys():
        either = (SidedLandmark(one, places[label].side) for one in ("toe", "mt2"))
        hints[label] = Hint("toe", frozenset(either))
    return NamedLabels(in_order, unused, unknown, seen, hints)


Ranked = tuple[int, SidedLandmark]


def _readings_of_set(
    labels: Collection[str], table: LandmarkTable
) -> tuple[dict[str, Ranked], dict[str, Hint], dict[str, str]]:
    """Ranked places of labels in the language of their set, hints of others, reasons of unused."""
    exact = {label: best for label in labels if (best := _best(label, table)) is not None}
    open_ = [label for label in labels if label not in exact]
    tongue = _tongue_of(labels, exact, table) if open_ else tongues()[0]
    read = {label: one for label in labels if (one := reading(label, tongue)) is not None}
    if tongue.language == ENGLISH:
        read = {label: one for label, one in read.items() if label not in exact}
    else:
        own = {label for label, one in read.items() if one.places}
        exact = {
            label: best
            for label, best in exact.items()
            if label not in own and _counts_in(best[1], tongue)
        }
    unused: dict[str, str] = {}
    unsure: set[str] = set()
    meant: dict[str, frozenset[SidedLandmark]] = {}
    for label, one in read.items():
        places = _landmarks_first(
            {SidedLandmark(*x) for x in one.places if not x[0].startswith(UNUSED)}, table
        )
        if one.places and not places:
            unused[label] = next(_reason(name, table) for name, _ in one.places)
        elif places and label not in exact:
            meant[label] = places
            if len(places) < len(one.places):  # or a finger, which is not used
                unsure.add(label)
    taken = {place for _, place in exact.values() if not table.landmarks[place.landmark].cluster}
    meant = _exclusive(meant, taken, table)
    found = dict(exact)
    for label, places in meant.items():
        if len(places) == 1 and label not in unsure:
            (place,) = places
            rank = BY_WORDS + round(100 * read[label].cost)
            found[label] = (rank + LAST * table.landmarks[place.landmark].cluster, place)
    hints = {
        label: _hint(one, meant.get(label, frozenset()), table)
        for label, one in read.items()
        if label not in found and label not in unused
    }
    return found, {label: one for label, one in hints.items() if one.places}, unused


def _landmarks_first(
    places: Collection[SidedLandmark], table: LandmarkTable
) -> frozenset[SidedLandmark]:
    """Meanings of a label without the clusters of segments of which it may mean a landmark."""
    sharp = {one for one in places if not table.landmarks[one.landmark].cluster}
    on = {(table.landmarks[one.landmark].segment, one.side) for one in sharp}
    return frozenset(
        one
        for one in places
        if one in sharp or (table.landmarks[one.landmark].segment, one.side) not in on
    )


def _reason(name: str, table: LandmarkTable) -> str:
    """Why a point is not used that words name; empty where they name none of those."""
    key = name.removeprefix(UNUSED)
    return next((one.why for one in table.unused if key != name and key in one.names), "")


def _counts_in(place: SidedLandmark, tongue: Tongue) -> bool:
    """Whether an English name with R or L counts in a set of another language."""
    return not place.side or tongue.letters == tongues()[0].letters


def _exclusive(
    meant: Mapping[str, frozenset[SidedLandmark]],
    taken: Collection[SidedLandmark],
    table: LandmarkTable,
) -> dict[str, frozenset[SidedLandmark]]:
    """Meanings of labels that may have several, without landmarks that other labels have."""
    found, before = dict(meant), {*taken}
    while True:
        sure = {next(iter(one)) for one in found.values() if len(one) == 1}
        sure = {one for one in sure if not table.landmarks[one.landmark].cluster} | before
        cut = {
            label: (places - sure or places) if len(places) > 1 else places
            for label, places in found.items()
        }
        if cut == found:
            return found
        found = cut


def _hint(one: Reading, meant: frozenset[SidedLandmark], table: LandmarkTable) -> Hint:
    """What the words of a label allow."""
    words = " ".join(filter(None, (one.side, *sorted(one.words)))).replace("_", " ")
    if meant:
        return Hint(words, meant)
    names = hinted_landmarks(one.words) & set(table.landmarks)
    sides = (one.side,) if one.side else ("right", "left")
    places = {
        SidedLandmark(name, side if table.landmarks[name].sided else "")
        for name in names
        for side in sides
    }
    return Hint(words, frozenset(places), whole=False)


def _tongue_of(
    labels: Collection[str], exact: Mapping[str, Ranked], table: LandmarkTable
) -> Tongue:
    """The language that explains most of a set of labels, and the letters of its sides."""
    scores = {tongue: _explained(labels, exact, tongue, table) for tongue in tongues()}
    scores[tongues()[0]] += FOREIGN
    return max(tongues(), key=lambda one: round(scores[one], 6))


def _explained(
    labels: Collection[str], exact: Mapping[str, Ranked], tongue: Tongue, table: LandmarkTable
) -> float:
    """How many labels of a set a language explains; surely read and mirrored ones count more."""
    counted: dict[str, tuple[float, frozenset[SidedLandmark]]] = {}
    for label in labels:
        options = []
        if label in exact and _counts_in(exact[label][1], tongue):
            options.append((1.0, frozenset({exact[label][1]})))
        one = reading(label, tongue)
        if one is not None and one.places:
            value = (1.0 - 0.4 * one.cost) * min(1.0, one.letters / SURE_WORD)
            options.append((value, frozenset(SidedLandmark(*x) for x in one.places)))
        if options:
            counted[label] = max(options, key=lambda option: option[0])
    seen = {places for _, places in counted.values()}
    total, shared = 0.0, set[SidedLandmark]()
    for value, places in counted.values():
        mirrored = frozenset(
            SidedLandmark(one.landmark, {"right": "left", "left": "right"}.get(one.side, ""))
            for one in places
        )
        total += value * (1.0 + PAIRED * (mirrored != places and mirrored in seen))
        if len(places) == 1:
            (place,) = places
            entry = table.landmarks.get(place.landmark)
            if entry is not None and not entry.cluster:
                total -= SHARED * (place in shared)
                shared.add(place)
    return total


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
