"""Words about forces: what is wrong with them, and what was considered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np

from aqbio.io.recording import ForceRecording
from aqbio.prepare.evidence_words import agreement_words, worst_words
from aqbio.prepare.explanations import (
    MIN_LOG_ODDS,
    Disagreements,
    Explanation,
    Scales,
    Suspect,
    improbability,
)
from aqbio.prepare.force_faults import MASS_FIX, ROWS
from aqbio.prepare.notes import ExplanationWords, Notes, considered_rows
from aqbio.prepare.stated_faults import AS_RECORDED, StatedFaults, statement

ForceExplanation = Explanation[ForceRecording]


def fault_words(suspect: Suspect[ForceRecording]) -> str:
    """A fault with its size, as users would say it."""
    row = ROWS[suspect.candidate.fault]
    if row.sized is None:
        return row.words
    return row.words.format(size=row.sized(suspect.size, suspect.sd))


def _place(scope: str, forces: ForceRecording) -> str:
    """Plates of a scope in words."""
    if scope != "all":
        return scope
    numbers = ", ".join(map(str, forces.numbers))
    return f"plate{'s' if len(forces.numbers) > 1 else ''} {numbers}"


def _in_words(suspects: Sequence[Suspect[ForceRecording]], forces: ForceRecording) -> str:
    """Faults with their plates."""
    return " and ".join(f"{fault_words(x)} ({_place(x.candidate.scope, forces)})" for x in suspects)


CONSEQUENCES = MappingProxyType(
    {
        "undone": " It is undone.",
        "kept": " The forces are used as they are.",
        "by model": " It is undone with the mass of the model.",
        "weightless": " The body mass is not known: the forces are not used.",
        "not used": " The forces are not used.",
        "left out": " The plate is left out.",
        "refused": " All velocities would be wrong: the trial is left out.",
    }
)
"""What follows from a fault, in words."""


def note_fault(
    suspect: Suspect[ForceRecording],
    agreement: str,
    forces: ForceRecording,
    notes: Notes,
    follows: str = "",
) -> None:
    """Note a fault, what speaks for it, and what follows: what its row says, or another one."""
    row = ROWS[suspect.candidate.fault]
    place = _place(suspect.candidate.scope, forces)
    notes.add(
        row.rule or row.name,
        row.severity,
        f"{fault_words(suspect)} ({place}): {agreement}." + CONSEQUENCES[follows or row.follows],
        number=None if np.isnan(suspect.size) else suspect.size,
        unit="" if suspect.candidate.sizes is None else suspect.candidate.sizes.unit,
        where=place,
        label="" if suspect.candidate.scope == "all" else suspect.candidate.scope.split()[-1],
        fix=MASS_FIX if follows == "weightless" else row.fix,
        forces=True,
    )


def note_stated(
    suspect: Suspect[ForceRecording],
    before: Disagreements,
    after: Disagreements,
    scales: Scales,
    forces: ForceRecording,
    notes: Notes,
) -> None:
    """Note a fault that the sheet states, and whether the recording speaks against it."""
    row = ROWS[suspect.candidate.fault]
    change = improbability(after, scales, before) - improbability(before, scales)
    against = change > MIN_LOG_ODDS
    agreement = agreement_words(before, after, scales, loses=against)
    notes.add(
        row.rule or row.name,
        "warning" if against else "info",
        f"{_in_words([suspect], forces)}, says the sheet"
        + (", and the recording speaks against it" if against else "")
        + (f": {agreement}" if agreement else "")
        + ". It is undone, as the sheet says.",
        number=None if np.isnan(suspect.size) else suspect.size,
        unit="" if suspect.candidate.sizes is None else suspect.candidate.sizes.unit,
        where=_place(suspect.candidate.scope, forces),
        fix=f"take {statement(suspect)} out of column fix of trials.tsv if it is not so."
        if against
        else "",
        forces=True,
    )


def note_as_recorded(
    best: ForceExplanation,
    forces: ForceRecording,
    notes: Notes,
    written: Sequence[Suspect[ForceRecording]],
) -> None:
    """Note that nothing (else) is undone because the sheet says so, and what would have been."""
    faults = _in_words(best.unusual, forces)
    other = " else" if written else ""
    notes.add(
        "forces-as-recorded",
        "info",
        f"the sheet says that nothing{other} is wrong with the forces: they are used as recorded"
        + (" but for that" if written else "")
        + (f". The search finds otherwise: {faults}." if faults else ", and the search agrees."),
        forces=True,
    )


def note_undecided(
    near: Sequence[ForceExplanation],
    worst: str,
    forces: ForceRecording,
    notes: Notes,
    stated: StatedFaults,
) -> None:
    """Note explanations that the evidence does not tell apart, or one that leaves too much."""
    options = [_in_words(explanation.suspects, forces) for explanation in near]
    told = [x.suspects for x in near if all(ROWS[y.candidate.fault].is_fixable for y in x.suspects)]
    cells = [*([*map(statement, suspects)] for suspects in told), [AS_RECORDED]]
    written = " or ".join(f"“{', '.join((*stated.kept, *cell))}”" for cell in cells)
    options += ["something that explains more than that"] if len(near) == 1 else []
    notes.add(
        "forces-undecided",
        "error",
        f"something is wrong with the forces: {worst}. It is not decided why: "
        f"{'; or '.join(options)}. The forces are not used.",
        number=float(len(options)),
        unit="explanations",
        fix="look at the export of the forces; write what is right into column fix of this trial "
        f"in trials.tsv: {written}.",
        forces=True,
    )


def note_strange(
    left: Disagreements,
    faults: Sequence[Suspect[ForceRecording]],
    scales: Scales,
    notes: Notes,
    stated: StatedFaults,
) -> None:
    """Note that forces and motion do not belong together, whatever other faults forces have."""
    cell = ", ".join((*stated.kept, *map(statement, faults), AS_RECORDED))
    other = " other" if faults else ""
    notes.add(
        "forces-strange",
        "error",
        f"forces and markers do not belong together: {worst_words(left, scales, 2)}. No{other} "
        "known fault of forces explains it. The forces are not used.",
        fix="check that the file of the forces is that of this trial and of this person, its rate, "
        f"centres of pressure, and the corners of the plates; if they are right, write “{cell}” "
        "into column fix of this trial in trials.tsv.",
        forces=True,
    )


def note_considered(
    explanations: Sequence[ForceExplanation],
    near: Sequence[ForceExplanation],
    accepted: Sequence[Suspect[ForceRecording]],
    agreement: Callable[..., str],
    forces: ForceRecording,
    notes: Notes,
) -> None:
    """Note the explanations that came near; of those with the same faults the most probable one.

    ``accepted`` faults of the first one, unless those of which none is accepted are ``near``.
    """
    words: ExplanationWords[ForceRecording] = ExplanationWords(
        about="forces",
        faults=lambda x: _in_words(x, forces),
        place=lambda scope: _place(scope, forces),
        agreement=agreement,
    )
    notes.considered.extend(considered_rows(explanations, near, words, accepted))
