"""Marker set of a group of recordings: the landmark of every label, and its certainty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.errors import AqbioError
from aqbio.intake.models import ChosenModel, ProposedMap, proposed_map
from aqbio.io.atomic import write_text
from aqbio.io.opensim_xml import model_markers
from aqbio.io.recording import Recording
from aqbio.labels.assign import assign
from aqbio.labels.by_name import NamedLabels, SidedLandmark, landmark_table, named_labels
from aqbio.labels.marker_set import (
    Labelling,
    blank,
    label_request,
    marker_set_content,
    missing_landmarks,
    model_landmarks,
    proposed_markers,
    with_blanks,
)
from aqbio.labels.motion import Segment
from aqbio.vectors import FloatArray

UNKNOWN_LABEL = "its name says nothing to aqbio"
SOURCE = "proposed by aqbio from the labels of the recordings"


@dataclass(frozen=True, slots=True)
class ProposedSet:
    """Proposal for a marker set."""

    marker_set: MarkerSet | None
    """None while indispensable landmarks are missing."""
    text: str
    """The file, with a blank for each of those."""
    sure: int
    """Labels placed by their name."""
    notes: Mapping[str, str]
    """Notes on labels placed by other means than their name."""
    left_out: Mapping[str, str]
    """Reason for each unused label."""
    missing: tuple[SidedLandmark, ...]
    """Missing landmarks that every marker set needs."""
    spare: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    """Segments and sides of labels that are not used."""


def proposed_set(
    name: str,
    standing: Sequence[Sequence[str]],
    moving: Sequence[Sequence[str]],
    model: ChosenModel,
    statics: Sequence[Mapping[str, FloatArray]] = (),
    motions: Callable[[], Iterable[Recording]] = tuple,
    computed: frozenset[str] = frozenset(),
) -> ProposedSet:
    """Propose a marker set from the labels of each static and of each moving trial.

    Positions (m, ``statics``) decide where names leave landmarks undecided; in ``motions`` a
    label must move with its segment.
    """
    table = landmark_table()
    labels = list(dict.fromkeys(label for trial in (*standing, *moving) for label in trial))
    by_name = named_labels(labels, table, computed)
    moving_labels = {label for trial in moving for label in trial}
    static_only = frozenset(label for label in labels if moving and label not in moving_labels)
    assignment = assign(by_name, statics, motions(), static_only, table)
    labelling = Labelling(assignment.sites, static_only, assignment.notes, by_name.video)
    left_out = by_name.unused | {
        label: "; ".join(
            filter(None, (_understood(by_name, label), assignment.left_out.get(label)))
        )
        for label in by_name.unknown
        if label not in assignment.sites
    }
    landmarks = model_landmarks(model.marker_bodies, model.model_map, table)
    missing = tuple(missing_landmarks(labelling))
    labelling = with_blanks(labelling)
    sections = proposed_markers(labelling, landmarks, table, sprint=model.sprint)
    placed = {label for part in sections.values() for label in part}
    left_out |= {
        label: "the model has no such segment" for label in assignment.sites if label not in placed
    }
    content = marker_set_content(name, SOURCE, labelling, sections)
    text = marker_set_text(content, sections, labelling.notes, left_out, missing)
    marker_set = None if missing else MarkerSet.model_validate(content)
    sure = len(placed) - len(missing)
    return ProposedSet(
        marker_set, text, sure, assignment.notes, left_out, missing, assignment.spare
    )


def _understood(by_name: NamedLabels, label: str) -> str:
    """Describe the part that is understood of a label whose name gives no landmark."""
    hint = by_name.hints.get(label)
    if hint is None:
        return UNKNOWN_LABEL
    if not hint.complete:
        return f"of its name aqbio knows only: {hint.words}"
    return f"its name may mean {' or '.join(sorted(map(str, hint.sites)))}"


HEADINGS = {"trunk": "pelvis, trunk and head", "right": "right side", "left": "left side"}

INTRODUCTION = """\
# Labels of the recordings and where they sit on the model, as aqbio understands them.
# Please look through it: models/README.md explains every field.
# Landmarks have a place on the model; cluster markers (tracking) are anywhere on their body.
"""

BLANKS = """\
# Please fill in, behind the colon, your label of each landmark: it then counts wherever the name of
# the landmark stands below. Labels that nothing uses yet are listed under “not used”.
"""


def marker_set_text(
    content: Mapping[str, Any],
    sections: Mapping[str, Mapping[str, Mapping[str, Any]]],
    notes: Mapping[str, str],
    left_out: Mapping[str, str],
    missing: Sequence[SidedLandmark] = (),
) -> str:
    """The text of a marker set: notes and reasons of omission by label, and what is missing."""
    lines = [INTRODUCTION.rstrip(), f"name: {content['name']}"]
    lines.append(f"source: {_flow(content['source'])}")
    if missing:
        lines += [BLANKS.rstrip(), "please_fill:"]
        lines += [f"  {blank(landmark)}:   # {label_request(landmark)}" for landmark in missing]
    lines.append("markers:")
    for section, heading in HEADINGS.items():
        if entries := sections[section]:
            lines.append(f"  # {heading}")
            for label, entry in entries.items():
                note = f"  # {notes[label]}" if label in notes else ""
                lines.append(f"  {_flow(label)}: {_flow(entry)}{note}")
    if left_out:
        lines.append(
            "  # not used; to use one that only tracks, name its body and remove the first #"
        )
        lines += [
            f"  # {_flow(label)}: {{body: , tracking: true}}  # {why}"
            for label, why in left_out.items()
        ]
    lines.append("feet:")
    lines += [f"  {side}: {_flow(foot)}" for side, foot in content["feet"].items()]
    lines.append(f"pelvis: {_flow(content['pelvis'])}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    """Write a value of YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and value[:1].isdigit():
        return f"'{value}'"  # a label, not a number, for every reader of YAML
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").removesuffix("\n")


def write_map(model: Path, out: Path) -> ProposedMap:
    """Write the proposed map, check it, and write the model's own marker set next to it."""
    if out.exists():
        raise AqbioError(
            "there is a file of that name already.",
            file=str(out),
            fix="choose another name: a map that a person corrected is not overwritten.",
            rule="map-exists",
        )
    proposed = proposed_map(model)
    write_text(out, proposed.text)
    if not any(entry.startswith(("joints", "groups", "feet")) for entry in proposed.to_complete):
        model_map = read_yaml(out, ModelMap)
        _write_markers(model, model_map, out.parent / model_map.marker_set)
    return proposed


def _write_markers(model: Path, model_map: ModelMap, out: Path) -> None:
    """Write the marker set that the model's own markers make, if they make one."""
    marker_bodies = model_markers(model)
    chosen = ChosenModel(str(model), "", model_map, marker_bodies)
    proposed = proposed_set(model.stem, [tuple(marker_bodies)], [], chosen)
    if not out.exists():
        write_text(out, proposed.text)
