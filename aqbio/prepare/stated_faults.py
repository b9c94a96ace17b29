"""Faults of forces that the sheet of trials states: column fix, in the names of the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from aqbio.config import Trial, nearest_words
from aqbio.config.settings import fix_statements
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

AS_STATED = "as the sheet says"
"""End of findings about what a statement undoes."""

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

    @property
    def plates(self) -> frozenset[str]:
        """Numbers of the plates that are stated; none where all of them have it."""
        return frozenset(re.findall(r"\d+", self.scope))

    @property
    def states(self) -> frozenset[str]:
        """Quantities that the fault changes; two faults that change one exclude each other."""
        name, undo = self.row.name, self.row.undo
        if name.endswith("sign"):
            subject, _, axes = name.removesuffix("-sign").partition("-")
            return frozenset(f"the sign of the {AXES[axis]} {subject}" for axis in axes or "xyz")
        if undo.name.startswith("mirror"):
            return frozenset({"handedness"})
        if undo.name == "scale":
            kind = "direction" if undo.arguments[0] < 0.0 else "unit"
            factors = zip(("forces", "moments", "places"), undo.arguments, strict=False)
            return frozenset(f"the {kind} of the {x}" for x, factor in factors if factor != 1.0)
        is_of_corners = undo.name == "turn" and undo.arguments
        return frozenset({"the order of the corners" if is_of_corners else name})


AXES = {"x": "fore-aft", "y": "vertical", "z": "sideways"}
"""Axes in the names of rows."""


@dataclass(frozen=True, slots=True)
class StatedFaults:
    """Column fix of one trial, and that of its laboratory, as far as they are about forces."""

    faults: tuple[StatedFault, ...] = ()
    """Of the trial's cell."""
    shared: tuple[StatedFault, ...] = ()
    """Of all trials of the laboratory that can have them."""
    is_all: bool = False
    """Nothing else is undone: the cell says `AS_RECORDED`."""
    kept: tuple[str, ...] = ()
    """Statements of the cell but for that one."""
    file: str = ""
    """Name of the sheet."""
    where: str = "column fix"
    """Column or setting that states them."""

    @property
    def cell(self) -> str:
        """Where a person writes a statement, in words."""
        if self.where == "column fix":
            return "column fix of this trial in trials.tsv"
        return self.where

    def refuse(self, what: str, fix: str, rule: str = "fix-unknown") -> AqbioError:
        """Error about the cell."""
        text = f"{self.where} says {what}"
        return AqbioError(text, file=self.file, where=self.where, fix=fix, rule=rule)

    def without_forces(self) -> AqbioError:
        """Error about a trial that has no forces with which anything could be wrong."""
        words = self.faults[0].words
        what = f"“{words}”, and the trial has no forces."
        return self.refuse(what, f"take “{words}” out of column fix.")

    def suspects(
        self,
        forces: ForceRecording,
        evidence: Callable[[ForceRecording], Disagreements],
        scales: Scales,
        offered: OfferedCandidates,
    ) -> tuple[Suspect[ForceRecording], ...]:
        """The stated faults in turn, each with its size: stated, or what the evidence says of it.

        Raises AqbioError where the recording cannot have a fault of the trial's cell, or does not
        show its size; those of the laboratory are left out there.
        """
        suspects: list[Suspect[ForceRecording]] = []
        for fault in (*self.shared, *self.faults):
            try:
                candidate = self._candidate(fault, [*offered(forces)], forces)
                suspect = self._sized(fault, candidate, forces, evidence, scales)
            except AqbioError:
                if fault in self.shared:
                    continue
                raise
            suspects.append(suspect)
            forces = candidate.undo(forces, suspect.size)
        return tuple(suspects)

    def _sized(
        self,
        fault: StatedFault,
        candidate: Candidate[ForceRecording],
        forces: ForceRecording,
        evidence: Callable[[ForceRecording], Disagreements],
        scales: Scales,
    ) -> Suspect[ForceRecording]:
        """A fault with the size that is stated, or else the one that the recording shows."""
        if candidate.sizes is None or not np.isnan(fault.size):
            return Suspect(candidate, fault.size, float("nan"))
        suspect = with_best_size(forces, candidate, evidence, scales)
        if not abs(suspect.size) > 2.0 * suspect.sd:
            raise self.refuse(
                f"“{fault.words}” without a size, and the recording does not show it.",
                f"write it behind, {_size_words(candidate.sizes)}.",
            )
        return suspect

    def _candidate(
        self,
        fault: StatedFault,
        candidates: Sequence[Candidate[ForceRecording]],
        forces: ForceRecording,
    ) -> Candidate[ForceRecording]:
        """The row on the plates that are stated: all of them, or the only ones, where none are."""
        every_plate = {*map(str, forces.numbers)}
        offered = [x for x in candidates if x.fault == fault.row.name]
        for candidate in offered:
            plates = {*re.findall(r"\d+", candidate.scope)} or every_plate
            if plates == (fault.plates or every_plate) or (not fault.scope and len(offered) == 1):
                return candidate
        places = [statement(Suspect(candidate, np.nan, np.nan)) for candidate in offered]
        raise self.refuse(
            f"“{fault.words}”, which this recording cannot have.",
            f"write {_listed(places)}."
            if places
            else f"take “{fault.words}” out of column fix: "
            f"plates without load, and files without {fault.row.recorded or 'corners'}, do not "
            "have it.",
        )


NOTHING_STATED = StatedFaults()


LABORATORY_FIX = StatedFaults(file="study.yaml", where="laboratory.fix")
"""Source of errors about statements of the laboratory."""


def stated_faults(
    trial: Trial, sheet: str, laboratory_fix: str | tuple[str, ...] = (), where: str = "column fix"
) -> StatedFaults:
    """Read column fix of a trial (or what stands in its place), and those of its laboratory.

    Raises AqbioError where words are not known, or two of them exclude each other.
    """
    kept = tuple(words for words in trial.fixes if words != AS_RECORDED)
    is_all = len(kept) < len(trial.fixes)
    stated = StatedFaults(is_all=is_all, kept=kept, file=sheet, where=where)
    faults = [_read(words, stated) for words in kept if not is_about_labels(words)]
    shared = [_read(words, LABORATORY_FIX) for words in fix_statements(laboratory_fix)]
    own = [(fault.words, fault.states, fault.plates) for fault in faults]
    of_all = [(f"{x.words} (laboratory.fix)", x.states, x.plates) for x in shared]
    _refuse_contradictions(of_all, LABORATORY_FIX)
    if stated.is_all:
        shared, of_all = [], []
    _refuse_contradictions([*of_all, *own], stated)
    return replace(stated, faults=tuple(faults), shared=tuple(shared))


def _refuse_contradictions(
    statements: Sequence[tuple[str, frozenset[str], frozenset[str]]], source: StatedFaults
) -> None:
    """Refuse two statements (words, quantities, plates) of one quantity on the same plates."""
    for (first, quantities, plates), (second, others, other_plates) in combinations(statements, 2):
        both = quantities & others
        if both and (not (plates and other_plates) or plates & other_plates):
            raise source.refuse(
                f"“{first}” and “{second}”, which both state {min(both)}.",
                "keep one of them.",
                "fix-contradictory",
            )


def _read(words: str, stated: StatedFaults) -> StatedFault:
    """A statement in its parts."""
    parts = STATEMENT.fullmatch(words)
    name = words.split()[0]
    fixable = [row for row, fault in ROWS.items() if fault.is_fixable]
    if name not in fixable:
        of_trials = (
            () if stated is LABORATORY_FIX else (*LABEL_STATEMENTS, "swap A and B", AS_RECORDED)
        )
        known = (*of_trials, *fixable)
        near = nearest_words(words, known) or nearest_words(name, known)
        raise stated.refuse(
            f"“{words}”, which is not known.",
            (f"did you mean {_listed(near)}? " if near else "")
            + f"All words: {', '.join(known)}; what they mean: docs/recordings.md, “Forces that "
            "you know to be wrong”.",
        )
    row = ROWS[name]
    sizes = row.sizes
    if parts is None or (parts["unit"] and (sizes is None or parts["unit"] != _unit(sizes))):
        raise stated.refuse(
            f"“{words}”, whose end is not understood.",
            f"write {name}, then plates where not all have it (“plate 3”, “plates 2 and 4”)"
            + ("." if sizes is None else f", then its size, {_size_words(sizes)}."),
        )
    size = float("nan")
    if parts["size"] is not None:
        if sizes is None:
            fix = f"write “{words.removesuffix(parts['size']).strip()}”."
            raise stated.refuse(f"“{words}”, and {name} has no size.", fix)
        written = float(parts["size"].replace(",", ".").replace("−", "-"))
        least, most = _limits(sizes)
        if not float(least) <= written <= float(most):
            raise stated.refuse(
                f"“{words}”, a size that {name} does not have.", f"write it {_size_words(sizes)}."
            )
        size = sizes.from_written(written)
    return StatedFault(words, row, parts["scope"] or "", size)


def _unit(sizes: Sizes) -> str:
    return sizes.written or sizes.unit


def _limits(sizes: Sizes) -> tuple[str, str]:
    """Smallest and largest size, as the sheet states them."""
    least, most = sizes.grid[0], sizes.grid[-1]
    if sizes.farthest:
        least, most = -sizes.farthest, sizes.farthest
    return f"{sizes.to_written(least):.3g}", f"{sizes.to_written(most):.3g}"


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
