"""Labels and units of marker recordings, the same rules for every file format."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from aqbio.errors import AqbioError, Finding
from aqbio.vectors import FloatArray

METRES = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetres"), 0.01),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetres"), 0.001),
    **dict.fromkeys(("inch", "inches", "in"), 0.0254),
}
"""Units of length by the names that files use."""

LARGE = 20.0
"""Positions beyond this cannot be metres in a laboratory."""


def length_unit(declared: str, setting: str, positions: FloatArray, file: str) -> float:
    """Unit of marker positions, m: the study's, the file's, or judged from positions (T, M, 3)."""
    if setting != "auto":
        return METRES[setting]
    name = declared.strip().lower()
    if name:
        if name not in METRES:
            raise AqbioError(
                f"the unit of the markers is “{name}”, which is no length that is known.",
                file=file,
                fix="state laboratory.marker_unit (m, cm, mm or inch) in study.yaml.",
                rule="marker-unit",
            )
        return METRES[name]
    known = positions[np.isfinite(positions)]
    return 0.001 if len(known) and np.percentile(np.abs(known), 90.0) > LARGE else 1.0


LABEL = 100
"""Letters of a marker's label that are kept."""


def marked_missing(positions: FloatArray) -> FloatArray:
    """Positions with NaN where a file means "not seen": a marker exactly at the origin."""
    size = np.abs(positions).sum(axis=2)
    missing = ~np.isfinite(size) | (size == 0.0)
    return np.where(missing[..., None], np.nan, positions)


def _printed(label: str) -> str:
    """A label without what no terminal, page or file should get: control signs, turned text."""
    kept = (sign if sign.isprintable() else " " for sign in unicodedata.normalize("NFC", label))
    return "".join(kept).strip()[:LABEL]


def kept_labels(
    raw: Sequence[str], outputs: frozenset[str], file: str
) -> tuple[list[int], tuple[str, ...], list[Finding]]:
    """Indices and clean labels of the labelled markers, without model outputs, with findings.

    The prefix before a colon is dropped: it is often a person's name.
    """
    names = [_printed(label.rsplit(":", 1)[-1]) for label in raw]
    usable = [
        index
        for index, name in enumerate(names)
        if name and not name.startswith("*") and raw[index] not in outputs
    ]
    findings = []
    prefixed = sum(":" in label for label in raw)
    if prefixed:
        findings.append(
            Finding(
                rule="labels-prefix",
                severity="info",
                what=f"{prefixed} labels have a prefix before a colon, often a person's name: it "
                "is left out.",
                number=prefixed,
                file=file,
            )
        )
    unlabelled = sum(not name or name.startswith("*") for name in names)
    if unlabelled:
        findings.append(
            Finding(
                rule="markers-unlabelled",
                severity="info",
                what=f"{unlabelled} unlabelled marker path(s) are left out.",
                number=unlabelled,
                file=file,
            )
        )
    counts = Counter(names[index] for index in usable)
    twice = [index for index in usable if counts[names[index]] > 1]
    if twice:
        findings.append(
            Finding(
                rule="markers-twice",
                severity="warning",
                what=f"{len(twice)} markers have the label of another one; none of them is used.",
                number=len(twice),
                file=file,
                where=f"markers {', '.join(str(index + 1) for index in twice)}",
                fix="give every marker its own label in the capture software.",
            )
        )
    kept = [index for index in usable if counts[names[index]] == 1]
    return kept, tuple(names[index] for index in kept), findings
