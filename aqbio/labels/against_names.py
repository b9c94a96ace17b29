"""Names of labels held against the marker set, and labels that it does not use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aqbio.config import MappedMarker, MarkerSet, ModelMap
from aqbio.config.model_map import LandmarkTable
from aqbio.errors import Finding
from aqbio.io.study import Study
from aqbio.labels.by_name import NamedLabels, SidedLandmark, landmark_table, named_labels
from aqbio.labels.marker_set import segment_bodies
from aqbio.labels.motion import ADJACENT_SEGMENTS, Segment, segment_of

AGAINST_NAMES = "labels-against-names"
"""Rule of labels whose names say another place than the marker set."""

INTERCHANGEABLE_LANDMARKS = (
    {"toe", "mt1", "mt2"}, {"wrist", "wrist_radial", "wrist_ulnar"}, {"clavicle", "sternum", "t10"},
    {"psis", "sacrum"},
)  # fmt: skip
"""Landmarks whose names laboratories use for each other."""


def labels_against_names(marker_set: MarkerSet, model_map: ModelMap) -> dict[str, str]:
    """Labels whose names say another landmark, segment or side than the marker set, and both.

    Segments with a joint in common are not distinguished: markers of a joint are put on either.
    Not those of which a person wrote ``looked_at``.
    """
    table, names = landmark_table(), named_labels(marker_set.markers, landmark_table())
    models = named_labels(
        [marker.model for marker in marker_set.markers.values() if marker.model], table
    )
    bodies = {body: key for key, members in segment_bodies(model_map).items() for body in members}
    contradictions = {}
    for label, marker in marker_set.markers.items():
        if marker.looked_at:
            continue
        sites = _meant_by(label, names)
        has = _landmark(marker, models)
        key = bodies.get(marker.body)
        if sites and not any(_agree(site, has, key, table) for site in sites):
            several = " or ".join(sorted(map(str, sites)))
            words = names.hints[label].words if len(sites) > 2 else several
            at = has or " ".join(filter(None, reversed(key or ()))) or marker.body
            contradictions[label] = (
                f"its name says {words}, markers.yaml {str(at).replace('_', ' ')}"
            )
    return contradictions


def _meant_by(label: str, names: NamedLabels) -> frozenset[SidedLandmark]:
    """Places that a label's name allows; empty where it says nothing."""
    if label in names.sites and label not in names.hints:
        return frozenset({names.sites[label]})
    return names.hints[label].sites if label in names.hints else frozenset()


def _landmark(marker: MappedMarker, models: NamedLabels) -> SidedLandmark | None:
    """The landmark of the model that a marker set gives a label; None where it only tracks."""
    return None if marker.tracking else models.sites.get(marker.model)


def _agree(
    name: SidedLandmark, has: SidedLandmark | None, body: Segment | None, table: LandmarkTable
) -> bool:
    """Tell whether a name and a marker set may mean the same place."""
    if has is not None and not table.landmarks[name.landmark].cluster:
        alike = any({name.landmark, has.landmark} <= group for group in INTERCHANGEABLE_LANDMARKS)
        if name.landmark != has.landmark and not alike:
            return False
    if has is not None and "" not in (name.side, has.side) and name.side != has.side:
        return False
    if body is None:
        return True
    segment, side = segment_of(name, table)
    body_segment = "foot" if body[0] == "toes" else body[0]
    segment = "torso" if segment == "head" else segment
    same_segment = (
        segment == body_segment
        or {(segment, body_segment), (body_segment, segment)} & ADJACENT_SEGMENTS
    )
    return bool(same_segment) and ("" in (side, body[1]) or side == body[1])


def name_findings(study: Study, participant_id: str) -> Iterator[Finding]:
    """Finding about labels whose names contradict the marker set."""
    if contradictions := labels_against_names(study.marker_set, study.model_map):
        yield Finding(
            rule=AGAINST_NAMES,
            severity="warning",
            what="names of labels contradict the marker set: "
            f"{'; '.join(f'{label}: {why}' for label, why in contradictions.items())}. What rests "
            "on them "
            "is doubtful.",
            participant=participant_id,
            number=len(contradictions),
            fix="look at them in the capture software; correct their places in markers.yaml, or "
            "add `looked_at: true` to those that sit where it says.",
            label=", ".join(contradictions),
        )


def spare_labels(labels: Iterable[str], marker_set: MarkerSet) -> dict[str, list[str]]:
    """Labels of a recording that the marker set does not use, by segment and side.

    As far as names tell where: labels without a known word may be names of persons.
    """
    all_labels = list(labels)
    table, names = landmark_table(), named_labels(all_labels, landmark_table())
    spare: dict[str, list[str]] = {}
    for label in all_labels:
        if label in marker_set.markers or label in names.unused:
            continue
        for segment in sorted({segment_of(site, table) for site in _meant_by(label, names)}):
            spare.setdefault(" ".join(segment).strip(), []).append(label)
    return spare


def use_spare(labels: Sequence[str]) -> str:
    """Say that labels can be used, and how."""
    return (
        f"the labels {', '.join(labels)} lie there and are not used: give each its body in "
        "markers.yaml (`label: {body: ..., tracking: true}`)"
    )
