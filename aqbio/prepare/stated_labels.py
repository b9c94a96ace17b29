"""Statements of column fix about labels and sides: swap, mirror, labels as recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from aqbio.config import Trial, nearest_words
from aqbio.errors import AqbioError, listed
from aqbio.io.recording import Recording
from aqbio.prepare.notes import Notes

LABELS_AS_RECORDED = "labels as recorded"
"""Statement that every label is right: none is masked."""

SWAP, MIRROR = "swap", "mirror"
"""SWAP, MIRROR: Statements that left and right of all labels are exchanged; that coordinates are
mirrored."""

LABEL_STATEMENTS = (SWAP, MIRROR, LABELS_AS_RECORDED)
"""Statements about all labels."""

LABELS_SWAPPED = "labels-swapped"
"""Rule of labels that are exchanged because column fix states it."""

FIX_UNKNOWN = "fix-unknown"
"""Rule of a statement that cannot be followed."""

PAIR_GRAMMAR = "swap A and B, or swap A and B in frames 10 to 40"

_PAIR = re.compile(
    r"swap (?P<labels>.+? and .+?)(?: in frames? (?P<first>\d+)(?: to (?P<last>\d+))?)?"
)


@dataclass(frozen=True, slots=True)
class SwappedPair:
    """Two labels that column fix exchanges."""

    words: str
    """As they are written, in small letters."""
    labels: str
    """Both labels with "and" between them: a label may hold that word."""
    first: int = 1
    last: int = 0
    """first, last: Frames counted from 1, inclusive; ``last`` 0 stands for all frames."""

    def columns(self, recording: Recording, sheet: str) -> tuple[int, int]:
        """Columns of both labels; AqbioError where the recording lacks one."""
        columns = {label.casefold(): column for column, label in enumerate(recording.labels)}
        words = self.labels.split(" and ")
        splits = [
            (" and ".join(words[:cut]), " and ".join(words[cut:])) for cut in range(1, len(words))
        ]
        for first, second in splits:
            if first in columns and second in columns and first != second:
                return columns[first], columns[second]
        first, second = splits[0]
        absent = [label for label in (first, second) if label not in columns]
        if not absent:
            raise _refusal(self.words, "which names one label twice", sheet, "name two labels.")
        near = dict.fromkeys(name for x in absent for name in nearest_words(x, recording.labels))
        raise _refusal(
            self.words,
            f"and the recording has no label {listed(absent)}",
            sheet,
            f"did you mean {' or '.join(near)}?" if near else "name labels of this recording.",
        )

    def frames(self, count: int, sheet: str) -> slice:
        """Frames of a recording of ``count`` frames; AqbioError where it has not all of them."""
        last = self.last or count
        if not 1 <= self.first <= last <= count:
            what = f"and the recording has the frames 1 to {count}"
            raise _refusal(self.words, what, sheet, "correct the frames; the first one is 1.")
        return slice(self.first - 1, last)


@dataclass(frozen=True, slots=True)
class StatedLabels:
    """Column fix of one trial, as far as it is about labels and sides."""

    pairs: tuple[SwappedPair, ...] = ()
    whole: str = ""
    """``swap`` or ``mirror`` of the whole body; empty without."""
    as_recorded: bool = False
    """No label is masked."""
    sheet: str = ""

    def applied(self, recording: Recording, notes: Notes) -> Recording:
        """The recording with the stated pairs exchanged in turn; AqbioError where it has not them.

        ``recording`` holds all frames and labels of its file.
        """
        if not self.pairs:
            return recording
        positions, words = recording.positions.copy(), []
        for pair in self.pairs:
            columns = [*pair.columns(recording, self.sheet)]
            frames = pair.frames(len(positions), self.sheet)
            positions[frames, columns] = positions[frames, columns[::-1]]
            names = " and ".join(recording.labels[column] for column in columns)
            words.append(pair.words.replace(pair.labels, names))
        text = f"column fix states {listed(words)}: these labels are exchanged."
        notes.add(LABELS_SWAPPED, "info", text, number=len(words))
        return replace(recording, positions=positions)


def is_about_labels(words: str) -> bool:
    """Tell whether a statement of column fix is about labels or sides."""
    return words in LABEL_STATEMENTS or words.startswith(f"{SWAP} ")


def stated_labels(trial: Trial, sheet: str) -> StatedLabels:
    """Read the statements about labels of a trial.

    Raises AqbioError where one is not understood, stands twice or excludes another one.
    """
    words = [x for x in trial.fixes if is_about_labels(x)]
    for statement in dict.fromkeys(trial.fixes):
        if trial.fixes.count(statement) > 1:
            raise _refusal(statement, "twice", sheet, "write it once.")
    pairs = tuple(_read(x, sheet) for x in words if x not in LABEL_STATEMENTS)
    whole = [x for x in words if x in (SWAP, MIRROR)]
    as_recorded = LABELS_AS_RECORDED in words
    swaps = [x for x in words if x.startswith(SWAP)]
    if len(whole) > 1:
        raise _exclusion(whole, "swap if labels are exchanged, mirror if axes are", sheet)
    if as_recorded and swaps:
        both = (swaps[0], LABELS_AS_RECORDED)
        raise _exclusion(both, "“labels as recorded” if all labels are right", sheet)
    for one, other in combinations(pairs, 2):
        if _are_same(one, other):
            raise _exclusion((one.words, other.words), "one: the second undoes the first", sheet)
    return StatedLabels(pairs, whole[0] if whole else "", as_recorded, sheet)


def _read(words: str, sheet: str) -> SwappedPair:
    """One statement that exchanges two labels."""
    parts = _PAIR.fullmatch(words)
    if parts is None:
        raise _refusal(words, "which is not understood", sheet, f"write {PAIR_GRAMMAR}.")
    first = int(parts["first"] or 1)
    last = int(parts["last"] or (parts["first"] or 0))
    return SwappedPair(words, parts["labels"], first, last)


def _are_same(one: SwappedPair, other: SwappedPair) -> bool:
    """Tell whether two statements exchange the same labels in a frame that both name."""
    labels = [{x.labels, " and ".join(reversed(x.labels.split(" and ")))} for x in (one, other)]
    ends = [x.last or np.inf for x in (one, other)]
    return bool(labels[0] & labels[1]) and max(one.first, other.first) <= min(ends)


def _refusal(words: str, what: str, sheet: str, fix: str) -> AqbioError:
    """Error about a statement that cannot be followed."""
    return AqbioError(
        f"column fix says “{words}”{' ' if what == 'twice' else ', '}{what}.",
        file=sheet, where="column fix", fix=fix, rule=FIX_UNKNOWN,
    )  # fmt: skip


def _exclusion(words: Sequence[str], keep: str, sheet: str) -> AqbioError:
    """Error about two statements that exclude each other."""
    what = f"column fix says “{words[0]}” and “{words[1]}”, which exclude each other."
    return AqbioError(what, file=sheet, where="column fix", fix=f"keep {keep}.", rule=FIX_UNKNOWN)


def swap_statements(
    labels: Sequence[str], sources: Mapping[int, int], span: tuple[int, int] | None
) -> Iterator[str]:
    """Statements that put labels on the columns in ``sources``, in all frames or in a span.

    ``sources`` holds the recorded column of every column's own marker; ``span`` is the first frame
    and the frame after the last one, counted from 0.
    """
    held = {column: column for column in sources}
    for column, source in sources.items():
        holder = next(x for x, marker in held.items() if marker == source)
        if holder != column:
            held[column], held[holder] = held[holder], held[column]
            words = f"swap {labels[column]} and {labels[holder]}"
            if span is not None:
                start, stop = span
                one = stop == start + 1
                words += f" in frame {stop}" if one else f" in frames {start + 1} to {stop}"
            yield words
