"""Labels placed by position: what all participants say together, and what their motion says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aqbio.config.model_map import LandmarkTable
from aqbio.io.recording import Recording
from aqbio.labels.by_name import SidedLandmark
from aqbio.labels.geometry import distance_spreads
from aqbio.labels.proposal import INSTEAD, Labelling, missing_landmarks
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    from aqbio.labels.by_position import PlacedLabel

LOOSEST = {"landmark": 0.015, "cluster": 0.010}
"""Distances within a segment vary by no more than this while running, standard deviation, m.

Of 340 labels that names tell, walks, runs and sprints (1 to 9.5 m/s) of five laboratories: at most
13 mm at landmarks (shoulders and knees of a sprint at 9.5 m/s), 8 mm in clusters."""

CLEARLY = 0.05
"""A landmark this near to where it is expected may scale and pose the model, m."""

BETTER = 2.0
"""Another segment has the marker if the distances to it vary less by this factor ..."""

NOISE = 0.003
"""... and by this, m."""

BESIDE = {
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
MILLIMETRES = 1e3


def pooled_places(
    found: Sequence[Mapping[str, PlacedLabel]], table: LandmarkTable
) -> tuple[dict[str, PlacedLabel], dict[str, str]]:
    """One place per label from the static trials of all participants.

    Parameters
    ----------
    found : sequence of mappings
        Places by label, of each static trial.

    Returns
    -------
    agreed : dict
        The place that more than half of those who see one see; sure only where all are.
    disputed : dict
        What they see, by label on which they do not agree.
    """
    agreed: dict[str, PlacedLabel] = {}
    disputed: dict[str, str] = {}
    for label in dict.fromkeys(label for one in found for label in one):
        seen = [one[label] for one in found if label in one]
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
    found: Mapping[str, PlacedLabel], labelling: Labelling, table: LandmarkTable
) -> dict[str, PlacedLabel]:
    """The labels whose position counts: landmarks that are missing, and segments without any.

    Parameters
    ----------
    found : mapping
        What the positions say.
    labelling : Labelling
        What the names say.

    Notes
    -----
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
    kept = {label: one for label, one in found.items() if one.place in wanted}
    for label, one in found.items():
        if label in kept or segment_of(one.place, table) in shown:
            continue
        tracks = one if one.distance < CLEARLY else _on_its_cluster(one, table)
        if not (table.landmarks[tracks.place.landmark].cluster and label in labelling.static_only):
            kept[label] = tracks
    return kept


def _on_its_cluster(one: PlacedLabel, table: LandmarkTable) -> PlacedLabel:
    """The label as one that only tracks its segment."""
    entry = table.landmarks[one.place.landmark]
    cluster = table.clusters().get((entry.segment, entry.sided))
    return one if cluster is None else replace(one, place=SidedLandmark(cluster, one.place.side))


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
    known: Mapping[str, SidedLandmark],
    motions: Iterable[Recording],
    table: LandmarkTable,
) -> dict[str, str]:
    """Say of labels placed by position why they are not on their segment, while people move.

    Parameters
    ----------
    placed : mapping
        Labels that only their position places.
    known : mapping
        Places of all labels, these among them.

    Returns
    -------
    dict
        Reason by label.
    """
    segments = {label: segment_of(place, table) for label, place in known.items()}
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
    """Why a marker is not on a segment; empty where it may be.

    Without another marker there, the segment that it moves with must be one beside it.
    """
    if not spreads:
        return ""
    best = min(spreads, key=lambda segment: spreads[segment])
    if own not in spreads:
        return "" if _beside(own, best) else f"it moves with the {_words(best)}"
    spread = spreads[own]
    if spread > BETTER * spreads[best] + NOISE:
        return f"it moves with the {_words(best)}"
    if spread > limit:
        return f"its distances from the markers there vary by {MILLIMETRES * spread:.0f} mm (sd)"
    return ""


def _beside(one: Segment, other: Segment) -> bool:
    """Whether two segments are one, or have a joint in common, on one side of the body."""
    names = {(one[0], other[0]), (other[0], one[0])}
    same_side = "" in (one[1], other[1]) or one[1] == other[1]
    return one == other or (same_side and bool(names & BESIDE))


def _words(segment: Segment) -> str:
    return " ".join(part for part in reversed(segment) if part).replace("_", " ")
