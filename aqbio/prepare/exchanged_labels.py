"""Labels that are exchanged or lie on the other side: rows of the table of faults, and findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.errors import listed
from aqbio.prepare.label_states import distances_to
from aqbio.prepare.notes import Considered, Notes, finite
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_medians

LABELS_RESTORED = "labels-restored"
"""Rule of labels that were exchanged and were put back."""

IN_ALL_FRAMES = "in all frames"


@dataclass(frozen=True, slots=True)
class ExchangedLabels:
    """Labels that are exchanged with those of their partners in some frames."""

    description: str
    """Part of the body or labels, in words."""
    labels: tuple[str, ...]
    exchanged: BoolArray
    """(T,). Frames in which they were exchanged and are restored."""
    masked: BoolArray
    """(T,). Frames in which the exchange is uncertain: they are not used."""
    visible: BoolArray
    """(T,). Frames in which one of them is visible."""
    log_odds: float = float("nan")
    """Logarithm of how much more probable it is than that they are right."""
    evidence: str = ""
    """What speaks for it."""

    @property
    def frame_list(self) -> str:
        """Text listing the frames, counted from 1."""
        return _frames(self.exchanged | self.masked, self.visible)


def _frames(mask: BoolArray, visible: BoolArray) -> str:
    if mask[visible].all():
        return IN_ALL_FRAMES
    spans = [
        f"from {start + 1} to {stop}" if stop > start + 1 else f"in {stop}"
        for start, stop in runs(mask)
    ]
    words = " and ".join(filter(None, (", ".join(spans[:-1]), *spans[-1:])))
    return re.sub("^(from|in)", r"\1 frame", words)


def note_labels(
    exchanges: Sequence[ExchangedLabels], lone: Sequence[ExchangedLabels], notes: Notes
) -> None:
    """Note labels that are exchanged, and those that lie on the other side and have none there."""
    for exchange in exchanges:
        _note_exchange(exchange, notes)
    for part in lone:
        _note_lone(part, notes)
    notes.considered.extend(_label_rows(exchanges, lone))


def _label_rows(
    exchanges: Sequence[ExchangedLabels], lone: Sequence[ExchangedLabels]
) -> Iterator[Considered]:
    """Rows of labels that are put back or not used, together, and of those that are not told."""
    decided = [*(x for x in exchanges if x.exchanged.any()), *lone]
    groups = [decided] if decided else []
    groups += [[x] for x in exchanges if not x.exchanged.any()]
    for rank, group in enumerate(groups, 1):
        frames = [int((x.exchanged | x.masked).sum()) for x in group]
        faults = [OTHER_SIDE if x in lone else LABELS_EXCHANGED for x in group]
        verbs = [_OTHER_SIDE[len(x.labels) > 1] if x in lone else "are exchanged" for x in group]
        told = zip(group, verbs, strict=True)
        yield Considered(
            about="labels",
            rank=rank,
            explanation=" and ".join(f"{x.description} {verb} {x.frame_list}" for x, verb in told),
            fault="; ".join(faults),
            plates="; ".join(listed(x.labels) for x in group),
            size=float(frames[0]) if len(frames) == 1 else None,
            size_sd=None,
            unit="frames" if len(frames) == 1 else None,
            log_odds=finite(sum(x.log_odds for x in group)),
            evidence=next((x.evidence for x in group if x.evidence), None),
            verdict="accepted" if group is decided else "near",
        )


LABELS_EXCHANGED = "labels-exchanged"
"""Fault of labels that are exchanged with others."""

OTHER_SIDE = "labels-other-side"
"""Rule and fault of labels of one side that lie on the other, where that has none."""

_OTHER_SIDE = {
    False: "lies on the other side of the body", True: "lie on the other side of the body",
}  # fmt: skip
"""Words for one label, and for several."""


def _note_exchange(exchange: ExchangedLabels, notes: Notes) -> None:
    """Note labels that are put back, or are not used where that is not sure."""
    labels = listed(exchange.labels)
    if not exchange.exchanged.any():
        text = f"may be exchanged {exchange.frame_list} ({labels}): they are not used there."
    else:
        text = f"are exchanged {exchange.frame_list} ({labels}). They are put back."
        if exchange.masked.any():
            unsure = _frames(exchange.masked, exchange.visible)
            of_some = bool((exchange.exchanged & exchange.masked).any())
            of = "of some of them, which" if of_some else "and they"
            text += (
                f" {unsure[0].upper()}{unsure[1:]} it is not sure{' ' if of_some else ', '}{of} "
            )
            text += "are not used."
    notes.add(
        LABELS_RESTORED,
        "warning",
        f"{exchange.description} {text}",
        number=int((exchange.exchanged | exchange.masked).sum()),
        where=exchange.frame_list,
        fix="look at these frames in the capture software, and correct the labels there.",
        label=", ".join(exchange.labels),
    )


def _note_lone(lone: ExchangedLabels, notes: Notes) -> None:
    """Note labels that lie on the other side and are not used."""
    several = len(lone.labels) > 1
    notes.add(
        OTHER_SIDE,
        "warning",
        f"{lone.description} {_OTHER_SIDE[several]}, which has no label there: "
        f"{'they are' if several else 'it is'} not used.",
        number=len(lone.labels),
        where=lone.frame_list,
        fix="give the markers labels of the side that they are on; if they are right, write "
        "“labels as recorded” into column fix of this trial in trials.tsv.",
        label=", ".join(lone.labels),
    )


def distances_words(
    recorded: FloatArray,
    restored: FloatArray,
    moved: BoolArray,
    columns: Sequence[int],
    linked: Mapping[int, IntArray],
) -> str:
    """How far distances from other labels are off as recorded and put back; empty if unknown.

    Positions are (T, M, 3) arrays, m, and ``moved`` is (T, M).
    """
    off: list[list[float]] = [[], []]
    for column in columns:
        others = [x for x in linked.get(column, ()) if x not in columns]
        usual = finite_medians(distances_to(restored, column, others))
        for sizes, positions in zip(off, (recorded, restored), strict=True):
            gaps = distances_to(positions[moved[:, column]], column, others) - usual
            sizes += np.abs(gaps[np.isfinite(gaps)]).tolist()
    if not all(off):
        return ""
    before, after = (f"{1e3 * float(np.mean(sizes)):.0f} mm" for sizes in off)
    return f"as recorded, distances from other labels are off by {before}; put back, {after}"
