"""A proposed marker set as a file that a person reads and corrects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aqbio.landmarks.by_name import SidedLandmark
from aqbio.landmarks.proposal import asked, blank

HEADINGS = {
    "trunk": "pelvis, trunk and head",
    "right": "right side",
    "left": "left side",
}

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
    """The text of a marker set.

    Parameters
    ----------
    content : mapping
        Of the whole marker set.
    sections : mapping
        Its markers by section.
    notes : mapping
        What to say behind a label.
    left_out : mapping
        Reason by label that is not in the set.
    missing : sequence of SidedLandmark
        Landmarks that are asked for.
    """
    lines = [INTRODUCTION.rstrip(), f"name: {content['name']}"]
    lines.append(f"source: {_flow(content['source'])}")
    if missing:
        lines += [BLANKS.rstrip(), "please_fill:"]
        lines += [f"  {blank(place)}:   # {asked(place)}" for place in missing]
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
    import yaml

    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and value[:1].isdigit():
        return f"'{value}'"  # a label, not a number, for every reader of YAML
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").removesuffix("\n")
