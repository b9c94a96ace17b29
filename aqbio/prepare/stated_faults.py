"""Faults of forces that the sheet of trials states: column fix, in the names of the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.config import Trial, nearest_words
from aqbio.errors import AqbioError
from aqbio.io.recording import ForceRecording
from aqbio.prepare.explanations import (
    Candidate,
    Disagreements,
    Scales,
    Sizes,
    Suspect,
    with_best_size,
)
from aqbio.prepare.force_faults import ROWS, ForceFault
from aqbio.prepare.stated_labels import LABEL_STATEMENTS, is_about_labels

OfferedCandidates = Callable[[ForceRecording], Iterable[Candidate[ForceRecording]]]
"""Every fault that a recording may have, at every scope."""

AS_RECORDED = "as recorded"
"""Statement that no other fault of the forces is undone, whatever the search finds."""

STATEMENT = re.compile(
    r"(?P<row>\S+?)(?: (?P<scope>all|plate \d+|plates \d+(?: and \d+)+))?"
    r"(?: (?P<size>[-+−]?\d*[.,]?\d+)(?: ?(?P<unit>[a-z]+))?)?"
)
"""A row, its plates, its size."""


@dataclass(frozen=True, slots=True)
class StatedFault:
    """A row of the table as a cell states it."""

    words: str
    """As they are written."""
    row: ForceFault
    scope: str
    """Empty where none is written."""
    size: float
    """In the unit of the row; NaN where none is written."""


@dataclass(frozen=True, slots=True)
class StatedFaults:
    """Column fix of one trial, as far as it is about forces."""

    faults: tuple[StatedFault, ...] = ()
    is_all: bool = False
    """Nothing else is undone: the cell says `AS_RECORDED`."""
    kept: tuple[str, ...] = ()
    """Statements of the cell but for that one."""
    file: str = ""
    """Name of the sheet."""

    def refuse(self, what: str, fix: str) -> AqbioError:
        """Error about the cell."""
        return AqbioError(what, file=self.file, where="column fix", fix=fix, rule="fix-unknown")

    def without_forces(self) -> AqbioError:
        """Error about a trial that has no forces with which anything could be wrong."""
        words = self.faults[0].words
        what = f"column fix says “{words}”, and the trial has no forces."
        return self.refuse(what, f"take “{words}” out of column fix.")

    def suspects(
        self,
        forces: ForceRecording,
        evidence: Callable[[ForceRecording], Disagreements],
        scales: Scales,
        offered: OfferedCandidates,
    ) -> tuple[Suspect[ForceRecording], ...]:
        """The stated faults in turn, each with its size: stated, or what the evidence says of it.

        Raises AqbioError where the recording cannot have a fault, or does not show its size.
        """
        suspects: list[Suspect[ForceRecording]] = []
        for fault in self.faults:
            candidate = self._candidate(fault, [*offered(forces)], forces)
            suspect = Suspect(candidate, fault.size, float("nan"))
            if candidate.sizes is not None and np.isnan(fault.size):
                suspect = with_best_size(forces, candidate, evidence, scales)
                if not abs(suspect.size) > 2.0 * suspect.sd:
                    raise self.refuse(
                        f"column fix says “{fault.words}” without a size, and the recording does "
                        "not show it.",
                        f"write it behind, {_size_words(candidate.sizes)}.",
                    )
            suspects.append(suspect)
            forces = candidate.undo(forces, suspect.size)
        return tuple(suspects)

    def _candidate(
        self,
        fault: StatedFault,
        candidates: Sequence[Candidate[ForceRecording]],
        forces: ForceRecording,
    ) -> Candidate[ForceRecording]:
        """The row on the plates that are stated: all of them, or the only ones, where none are."""

        def plates(scope: str) -> set[str]:
            return {*re.findall(r"\d+", scope)} or {*map(str, forces.numbers)}

        offered = [x for x in candidates if x.fault == fault.row.name]
        for candidate in offered:
            if plates(candidate.scope) == plates(fault.scope) or (
                not fault.scope and len(offered) == 1
            ):
                return candidate
        places = [statement(Suspect(candidate, np.nan, np.nan)) for candidate in offered]
        raise self.refuse(
            f"column fix says “{fault.words}”, which this recording cannot have.",
            f"write {_listed(places)}."
            if places
            else f"take “{fault.words}” out of column fix: "
            f"plates without load, and files without {fault.row.recorded or 'corners'}, do not "
            "have it.",
        )


NOTHING_STATED = StatedFaults()


def stated_faults(trial: Trial, sheet: str) -> StatedFaults:
    """Read column fix of a trial; AqbioError where its words are not known."""
    kept = tuple(words for words in trial.fixes if words != AS_RECORDED)
    stated = StatedFaults((), len(kept) < len(trial.fixes), kept, sheet)
    faults = tuple(_read(words, stated) for words in kept if not is_about_labels(words))
    return StatedFaults(faults, stated.is_all, kept, sheet)


def _read(words: str, stated: StatedFaults) -> StatedFault:
    """A statement in its parts."""
    parts = STATEMENT.fullmatch(words)
    name = words.split()[0]
    fixable = [row for row, fault in ROWS.items() if fault.is_fixable]
    if name not in fixable:
        known = (*LABEL_STATEMENTS, "swap A and B", AS_RECORDED, *fixable)
        near = nearest_words(words, known) or nearest_words(name, known)
        raise stated.refuse(
            f"column fix says “{words}”, which is not known.",
            (f"did you mean {_listed(near)}? " if near else "")
            + f"All words: {', '.join(known)}; what they mean: docs/recordings.md, “Forces that "
            "you know to be wrong”.",
        )
    row = ROWS[name]
    sizes = row.sizes
    if parts is None or (parts["unit"] and (sizes is None or parts["unit"] != _unit(sizes))):
        raise stated.refuse(
            f"column fix says “{words}”, whose end is not understood.",
            f"write {name}, then plates where not all have it (“plate 3”, “plates 2 and 4”)"
            + ("." if sizes is None else f", then its size, {_size_words(sizes)}."),
        )
    size = float("nan")
    if parts["size"] is not None:
        if sizes is None:
            fix = f"write “{words.removesuffix(parts['size']).strip()}”."
            raise stated.refuse(f"column fix says “{words}”, and {name} has no size.", fix)
        written = float(parts["size"].replace(",", ".").replace("−", "-"))
        least, most = _limits(sizes)
        if not float(least) <= written <= float(most):
            raise stated.refuse(
                f"column fix says “{words}”, a size that {name} does not have.",
                f"write it {_size_words(sizes)}.",
            )
        size = sizes.from_written(written)
    return StatedFault(words, row, parts["scope"] or "", size)


def _unit(sizes: Sizes) -> str:
    return sizes.written or sizes.unit


def _limits(sizes: Sizes) -> tuple[str, str]:
    """Smallest and largest size, as the sheet states them."""
    return f"{sizes.to_written(sizes.grid[0]):.3g}", f"{sizes.to_written(sizes.grid[-1]):.3g}"


def _size_words(sizes: Sizes) -> str:
    """Unit and limits of a size as the sheet states it."""
    least, most = _limits(sizes)
    return f"in {_unit(sizes)}, from {least} to {most}"


def statement(suspect: Suspect[ForceRecording]) -> str:
    """Words of column fix that state a fault."""
    candidate, words = suspect.candidate, [suspect.candidate.fault]
    if candidate.scope != "all":
        words.append(candidate.scope)
    if candidate.sizes is not None and np.isfinite(suspect.size):
        words.append(f"{candidate.sizes.to_written(suspect.size):.3g}")
    return " ".join(words)


def _listed(words: list[str]) -> str:
    return " or ".join(f"“{x}”" for x in words)
