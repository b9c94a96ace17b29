"""Labels that are not where they were: findings with their evidence, and what column fix takes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.errors import listed
from aqbio.names import MILLIMETRES
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_labels import LABELS_AS_RECORDED
from aqbio.signals import runs
from aqbio.vectors import BoolArray

LABELS_EXCHANGED = "labels-exchanged"
"""Rule of labels that are exchanged with others."""

OTHER_SIDE = "labels-other-side"
"""Rule of labels of one side that lie on the other, where that has none."""

LABELS_MOVED = "labels-moved"
"""Rule of a label that is elsewhere on its segment than in the static trial."""

FRAME_CORRUPT = "frame-corrupt"
"""Rule of frames in which many labels leap at once."""

MASKING = frozenset({LABELS_EXCHANGED, OTHER_SIDE, LABELS_MOVED, FRAME_CORRUPT})
"""Rules of findings whose positions are not used."""

IN_ALL_FRAMES = "in all frames"

AS_RECORDED_FIX = f"write “{LABELS_AS_RECORDED}” into column fix of this trial in trials.tsv"


@dataclass(frozen=True, slots=True)
class ExchangedLabels:
    """Labels that are exchanged with each other in some frames."""

    description: str
    """Part of the body or labels, in words."""
    labels: tuple[str, ...]
    masked: BoolArray
    """(T,). Frames in which they are not used."""
    visible: BoolArray
    """(T,). Frames in which one of them is visible."""
    evidence: str
    """Sentence part with the number that shows the exchange."""
    size_m: float
    """That number, m."""
    statements: tuple[str, ...] = ()
    """Statements of column fix that put them back; none where a label has no partner."""


def frame_words(mask: BoolArray, visible: BoolArray) -> str:
    """Frames of a mask (T,), counted from 1."""
    if mask[visible].all():
        return IN_ALL_FRAMES
    spans = [
        f"from {start + 1} to {stop}" if stop > start + 1 else f"in {stop}"
        for start, stop in runs(mask)
    ]
    words = " and ".join(filter(None, (", ".join(spans[:-1]), *spans[-1:])))
    return re.sub("^(from|in)", r"\1 frame", words)


def note_exchange(exchange: ExchangedLabels, stated: Collection[str], notes: Notes) -> None:
    """Report labels that are exchanged, with the statements that put them back.

    ``stated``: statements of column fix; where these made the exchange, they are to be taken out.
    """
    frames = frame_words(exchange.masked, exchange.visible)
    wrong = [words for words in exchange.statements if words.casefold() in stated]
    proposal = "" if wrong else "; ".join(exchange.statements)
    if wrong:
        fix = f"take “{'; '.join(wrong)}” out of column fix of this trial in trials.tsv."
    elif proposal:
        fix = f"write “{proposal}” into column fix of this trial in trials.tsv, which puts them "
        fix += f"back; if the labels are right, write “{LABELS_AS_RECORDED}” there."
    else:
        fix = "correct these labels in the capture software; if they are right, "
        fix += f"{AS_RECORDED_FIX}."
    notes.add(
        LABELS_EXCHANGED,
        "warning",
        f"{exchange.description} are exchanged {frames} ({listed(exchange.labels)}): "
        f"{exchange.evidence}. These positions are not used.",
        number=exchange.size_m,
        unit="m",
        where=frames,
        fix=fix,
        label=", ".join(exchange.labels),
        proposal=proposal,
    )


def note_other_side(labels: Sequence[str], distances_m: tuple[float, float], notes: Notes) -> None:
    """Report labels that lie on the other side of the body, which has no label there.

    ``distances_m``: from the next labels of their side, and of the other one.
    """
    several = len(labels) > 1
    whose = "their" if several else "its"
    own, other = (MILLIMETRES * distance for distance in distances_m)
    notes.add(
        OTHER_SIDE,
        "warning",
        f"{_named(labels)} {'lie' if several else 'lies'} on the other side of the body, which "
        f"has no label there: {own:.0f} mm from the next labels of {whose} own side, {other:.0f} "
        f"mm from those of the other one. {'They are' if several else 'It is'} not used.",
        number=distances_m[0],
        unit="m",
        where=IN_ALL_FRAMES,
        fix="give the markers labels of the side that they are on; if they are right, "
        f"{AS_RECORDED_FIX}.",
        label=", ".join(labels),
    )


def note_moved(
    label: str, others: Sequence[str], lengths_m: Sequence[tuple[float, float]], notes: Notes
) -> None:
    """Report a label by its distances (here, static trial), m, from labels of its segment."""
    here, static = (
        "/".join(f"{MILLIMETRES * length:.0f}" for length in of)
        for of in zip(*lengths_m, strict=True)
    )
    size = float(np.max([abs(length - before) for length, before in lengths_m]))
    notes.add(
        LABELS_MOVED,
        "warning",
        f"label {label} is not where it was in the static trial: its distances from "
        f"{listed(others)} are {here} mm, in the static trial {static} mm. It is not used.",
        number=size,
        unit="m",
        where=IN_ALL_FRAMES,
        fix="look at this label in the capture software: another marker may have its name. If the "
        f"marker was put on again, {AS_RECORDED_FIX}.",
        label=label,
    )


def note_corrupt(corrupt: BoolArray, leaping: int, visible: int, notes: Notes) -> None:
    """Report frames (T,) in which most labels leap, with the numbers of the worst one."""
    frames = frame_words(corrupt, np.ones_like(corrupt))
    count = int(corrupt.sum())
    notes.add(
        FRAME_CORRUPT,
        "warning",
        f"{leaping} of {visible} labels leap away {frames}: "
        f"{'this frame is' if count == 1 else 'these frames are'} corrupt and not used.",
        number=count,
        unit="frames",
        where=frames,
        fix="look at these frames in the capture software, or leave them out with start_s or end_s "
        "in trials.tsv.",
    )


def _named(labels: Sequence[str]) -> str:
    return f"label{'s' if len(labels) > 1 else ''} {listed(labels)}"
