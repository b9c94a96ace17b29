"""Landmarks that labels name, and the table that knows their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from aqbio.config.model_map import LandmarkTable
from aqbio.io.poses import is_pose_label
from aqbio.labels.words import UNUSED_PREFIX, Reading, hinted_landmarks, landmark_table, reading

__all__ = [
    "Hint", "NamedLabels", "SidedLandmark", "landmark_table", "named_labels", "names_landmark",
    "plain_name", "video_landmarks",
]  # fmt: skip

SIDE_WORDS = (("right", "right"), ("left", "left"), ("r", "right"), ("l", "left"))

MAX_EXACT_NAME_LETTERS = 3
"""Names of landmarks with more letters are also searched for inside of labels."""

HEAD = "head"

COMPUTED_REASON = (
    "computed by other software: an axis of a bone, its origin, or a point between markers"
)

OPENCAP_SUFFIX = "_study"
"""End of the names of OpenCap's landmarks, which a network computes from joint centres:
``r_knee_study``."""

SEGMENT_RANK = 1000
"""Rank of a segment that a label names by a word: behind every landmark."""

WORDS_RANK = 300
"""Rank of a landmark that a label names by its words: behind the names of published sets."""


@dataclass(frozen=True, slots=True, order=True)
class SidedLandmark:
    """A landmark on a side of the body; the side is empty on the midline."""

    landmark: str
    side: str = ""

    def __str__(self) -> str:
        words = self.landmark.replace("_", " ")
        return f"{self.side} {words}" if self.side else words

    @property
    def other_side(self) -> SidedLandmark:
        """The landmark on the other side; itself on the midline."""
        return SidedLandmark(self.landmark, {"right": "left", "left": "right"}.get(self.side, ""))


@dataclass(frozen=True, slots=True)
class Hint:
    """Landmarks allowed by the words of a label that does not name exactly one."""

    words: str
    """In words: ``right shoulder``."""
    sites: frozenset[SidedLandmark]
    complete: bool = True
    """True if the whole label is understood and means one of the landmarks."""


@dataclass(frozen=True, slots=True)
class NamedLabels:
    """Landmarks that the labels of a recording name by themselves."""

    sites: dict[str, SidedLandmark]
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


def video_landmarks(labels: Iterable[str], table: LandmarkTable) -> dict[str, SidedLandmark]:
    """Places of points that were found in video, by label; empty for labels of markers.

    ``RKnee`` is a joint centre where there are hips and a big toe, a nose or a neck too, as in
    OpenCap, Pose2Sim and the detectors behind them, and a marker on the skin elsewhere.
    """
    landmark_of = {
        (name, bool(entry.sided)): key
        for key, entry in table.landmarks.items()
        for name in entry.video
    }
    landmarks, signs = {}, False
    for label in labels:
        if label.endswith(OPENCAP_SUFFIX):
            continue
        for name, side in _readings(label):
            signs |= name in table.video_signs
            if landmark := landmark_of.get((name, bool(side))):
                landmarks[label] = SidedLandmark(landmark, side)
    sites = set(landmarks.values())
    joints = (("hip_centre", "right"), ("hip_centre", "left"), ("knee_centre", "right"))
    return landmarks if signs and all(SidedLandmark(*joint) in sites for joint in joints) else {}


def named_labels(
    labels: Iterable[str], table: LandmarkTable, computed: Collection[str] = ()
) -> NamedLabels:
    """Find the landmark that each label names; names count more than ``computed`` movement.

    Of two labels of one landmark the one named first in the table has it. A toe marker without one
    on the first metatarsal is on the second, as in Plug-in Gait and Helen Hayes.
    """
    names = dict.fromkeys(labels)
    video = video_landmarks(names, table)
    unseen = tuple(label for label in names if label not in video)
    is_shipped = table is landmark_table()
    ranked, hints, reasons = _shipped_readings(unseen) if is_shipped else _readings_of_set(
        unseen, table
    )  # fmt: skip
    unused = {
        label: COMPUTED_REASON
        for label in names
        if label in computed and (label not in ranked or ranked[label][0] >= WORDS_RANK)
    }
    unused |= {**reasons} | {label: why for label in names if (why := _why_unused(label, table))}
    sites: dict[str, SidedLandmark] = {}
    for label, (_, site) in sorted(ranked.items(), key=lambda item: item[1][0]):
        occupied = site in sites.values() and not table.landmarks[site.landmark].cluster
        if label in unused:
            continue
        if occupied:
            unused[label] = f"another label is the {site.landmark} too"
        else:
            sites[label] = site
    toes = _toes(sites)
    forefoot = {label for label, site in toes.items() if site != sites[label]}
    sites, doubled = _with_video(toes, video, table)
    unused |= doubled
    unknown = tuple(label for label in names if label not in sites and label not in unused)
    in_order = {name: sites[name] for name in names if name in sites}
    tracked = {
        label
        for label, site in sites.items()
        if video and (site.landmark.startswith(HEAD) or is_pose_label(label))
    }
    video_labels = frozenset({*video, *tracked}) & frozenset(sites)
    hints = {label: hints[label] for label in unknown if label in hints}
    for label in forefoot & sites.keys():
        alternatives = (SidedLandmark(landmark, sites[label].side) for landmark in ("toe", "mt2"))
        hints[label] = Hint("toe", frozenset(alternatives))
    return NamedLabels(in_order, unused, unknown, video_labels, hints)


Ranked = tuple[int, SidedLandmark]


@lru_cache(maxsize=64)
def _shipped_readings(
    labels: tuple[str, ...],
) -> tuple[Mapping[str, Ranked], Mapping[str, Hint], Mapping[str, str]]:
    """Readings of a set of labels by the table that is shipped: of all trials of a session."""
    return _readings_of_set(labels, landmark_table())


def _readings_of_set(
    labels: Collection[str], table: LandmarkTable
) -> tuple[dict[str, Ranked], dict[str, Hint], dict[str, str]]:
    """Ranked places of labels, hints of others, and reasons of unused ones."""
    exact = {label: best for label in labels if (best := _best(label, table)) is not None}
    parsed = {
        label: parse
        for label in labels
        if label not in exact and (parse := reading(label)) is not None
    }
    unused: dict[str, str] = {}
    unsure: set[str] = set()
    meanings: dict[str, frozenset[SidedLandmark]] = {}
    for label, parse in parsed.items():
        sites = _landmarks_first(
            {SidedLandmark(*x) for x in parse.meanings if not x[0].startswith(UNUSED_PREFIX)}, table
        )
        if parse.meanings and not sites:
            unused[label] = next(_reason(name, table) for name, _ in parse.meanings)
        elif sites:
            meanings[label] = sites
            if len(sites) < len(parse.meanings):  # or a finger, which is not used
                unsure.add(label)
    occupied = {site for _, site in exact.values() if not table.landmarks[site.landmark].cluster}
    meanings = _exclusive(meanings, occupied, table)
    ranked = dict(exact)
    for label, sites in meanings.items():
        if len(sites) == 1 and label not in unsure:
            (site,) = sites
            rank = WORDS_RANK + round(100 * parsed[label].cost)
            ranked[label] = (rank + SEGMENT_RANK * table.landmarks[site.landmark].cluster, site)
    hints = {
        label: _hint(parse, meanings.get(label, frozenset()), table)
        for label, parse in parsed.items()
        if label not in ranked and label not in unused
    }
    return ranked, {label: hint for label, hint in hints.items() if hint.sites}, unused


def _landmarks_first(
    sites: Collection[SidedLandmark], table: LandmarkTable
) -> frozenset[SidedLandmark]:
    """Meanings of a label without the clusters of segments of which it may mean a landmark."""
    sharp = {site for site in sites if not table.landmarks[site.landmark].cluster}
    on = {(table.landmarks[site.landmark].segment, site.side) for site in sharp}
    return frozenset(
        site
        for site in sites
        if site in sharp or (table.landmarks[site.landmark].segment, site.side) not in on
    )


def _reason(name: str, table: LandmarkTable) -> str:
    """Reason why a named point is not used; empty for names of other points."""
    key = name.removeprefix(UNUSED_PREFIX)
    return next((entry.why for entry in table.unused if key != name and key in entry.names), "")


def _exclusive(
    meanings: Mapping[str, frozenset[SidedLandmark]],
    occupied: Collection[SidedLandmark],
    table: LandmarkTable,
) -> dict[str, frozenset[SidedLandmark]]:
    """Meanings of labels that may have several, without landmarks that other labels have."""
    remaining, before = dict(meanings), {*occupied}
    while True:
        sure = {next(iter(options)) for options in remaining.values() if len(options) == 1}
        sure = {site for site in sure if not table.landmarks[site.landmark].cluster} | before
        cut = {
            label: (sites - sure or sites) if len(sites) > 1 else sites
            for label, sites in remaining.items()
        }
        if cut == remaining:
            return _beside_partners(remaining, sure, table)
        remaining = cut


def _beside_partners(
    meanings: Mapping[str, frozenset[SidedLandmark]],
    named: Collection[SidedLandmark],
    table: LandmarkTable,
) -> dict[str, frozenset[SidedLandmark]]:
    """Meanings of labels, without segments where the landmark is beside another that is named.

    ``UL`` is the ulna where the radius is named, and the ulna or the upper leg elsewhere.
    """
    joints = {_joint(site) for site in named} - {None}
    narrowed = dict(meanings)
    for label, sites in meanings.items():
        landmarks = {site for site in sites if not table.landmarks[site.landmark].cluster}
        if len(landmarks) == 1 and {_joint(site) for site in landmarks} <= joints:
            narrowed[label] = frozenset(landmarks)
    return narrowed


def _joint(site: SidedLandmark) -> tuple[str, str] | None:
    """Joint and side of a landmark on a side of it: the wrist of ``wrist_ulnar``."""
    joint, *_ = site.landmark.rpartition("_")
    return (joint, site.side) if joint else None


def _hint(parse: Reading, meanings: frozenset[SidedLandmark], table: LandmarkTable) -> Hint:
    """Hint from the words of a label."""
    words = " ".join(filter(None, (parse.side, *sorted(parse.words)))).replace("_", " ")
    if meanings:
        return Hint(words, meanings)
    names = hinted_landmarks(parse.words) & set(table.landmarks)
    sides = (parse.side,) if parse.side else ("right", "left")
    sites = {
        SidedLandmark(name, side if table.landmarks[name].sided else "")
        for name in names
        for side in sides
    }
    return Hint(words, frozenset(sites), complete=False)


def _with_video(
    sites: Mapping[str, SidedLandmark], video: Mapping[str, SidedLandmark], table: LandmarkTable
) -> tuple[dict[str, SidedLandmark], dict[str, str]]:
    """Add points of video where no landmark is at their place: OpenCap computes its from them."""
    at = {site: label for label, site in sites.items()}
    merged, doubled = dict(sites), {}
    for label, site in video.items():
        near = table.landmarks[site.landmark].beside or site.landmark
        landmark = at.get(site) or at.get(SidedLandmark(near, site.side))
        if landmark is None:
            merged[label] = site
        else:
            doubled[label] = "found in video; the landmarks there are used"
    return merged, doubled


def _toes(sites: dict[str, SidedLandmark]) -> dict[str, SidedLandmark]:
    """Take a toe marker for the second metatarsal where the first one has none."""
    occupied = set(sites.values())
    return {
        label: SidedLandmark("mt2", site.side)
        if site.landmark == "toe"
        and not {SidedLandmark("mt1", site.side), SidedLandmark("mt2", site.side)} & occupied
        else site
        for label, site in sites.items()
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
    return min(candidates) if candidates else _on_segment(label, table)


def _on_segment(label: str, table: LandmarkTable) -> tuple[int, SidedLandmark] | None:
    """Cluster of the one segment that a label with a side names by a word, and no joint or end."""
    clusters = set()
    for name, side in _readings(label):
        ends = (entry for entry in table.landmarks.values() if entry.sided and not entry.cluster)
        if not side or any(
            len(end) > MAX_EXACT_NAME_LETTERS and end in name
            for entry in ends
            for end in entry.names
        ):
            continue
        for landmark, entry in table.landmarks.items():
            # heads of bones are no heads: that word comes first
            if any(
                word in name and (word != HEAD or name.startswith(HEAD)) for word in entry.words
            ):
                clusters.add(SidedLandmark(landmark, side if entry.sided else ""))
    return (SEGMENT_RANK, clusters.pop()) if len(clusters) == 1 else None


def names_landmark(label: str, landmark: str, table: LandmarkTable) -> bool:
    """Tell whether a label names a landmark, whatever else there is."""
    return any(name in table.landmarks[landmark].names for name, _ in _readings(label))


def _why_unused(label: str, table: LandmarkTable) -> str:
    for name, side in _readings(label):
        for entry in table.unused:
            if entry.sided == bool(side) and name in entry.names:
                return entry.why
    return ""


def _readings(label: str) -> Iterator[tuple[str, str]]:
    """Ways to read a label, without and with a side; ``heel`` is no left ``hee``."""
    label = re.sub(r"[\W_]+$", "", label.removesuffix(OPENCAP_SUFFIX))
    name = plain_name(label)
    yield name, ""
    for word, side in SIDE_WORDS:
        if name.startswith(word) and len(name) > len(word):
            yield name[len(word) :], side
    if match := re.fullmatch(
        r"(.+)(?:[\W_]+(?i:(r|l|right|left))|(?<=[a-z0-9])(R|L|Right|Left))", label
    ):
        stem, separate, capital = match.groups()
        yield plain_name(stem), dict(SIDE_WORDS)[(separate or capital).casefold()]
    words = re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", label)
    parts = [word.casefold() for word in words]
    sides = [part for part in parts if part in dict(SIDE_WORDS)]
    if len(sides) == 1 < len(parts):
        yield "".join(part for part in parts if part != sides[0]), dict(SIDE_WORDS)[sides[0]]
