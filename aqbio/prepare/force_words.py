"""Words about forces: what is wrong with them, and what was considered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from aqbio.errors import Severity
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
from aqbio.prepare.notes import Notes, considered_rows
from aqbio.prepare.stated_faults import AS_RECORDED, StatedFaults, statement

ForceExplanation = Explanation[ForceRecording]


def fault_words(suspect: Suspect[ForceRecording]) -> str:
    """A fault with its size, as users would say it."""
    row = ROWS[suspect.candidate.fault]
    if row.sized is None:
        return row.words
    return row.words.format(size=row.sized(suspect.size, suspect.sd))


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


@dataclass(frozen=True, eq=False)
class ForceWords:
    """Findings about the forces of one trial."""

    forces: ForceRecording
    scales: Scales
    notes: Notes
    stated: StatedFaults

    def _place(self, scope: str) -> str:
        """Plates of a scope in words."""
        if scope != "all":
            return scope
        numbers = self.forces.numbers
        return "all plates" if len(numbers) > 1 else f"plate {numbers[0]}"

    def _faults(self, suspects: Sequence[Suspect[ForceRecording]]) -> str:
        """Faults with their plates."""
        return " and ".join(
            f"{fault_words(x)} ({self._place(x.candidate.scope)})" for x in suspects
        )

    def _cell(self, suspects: Sequence[Suspect[ForceRecording]], *further: str) -> str:
        """Column fix that states faults, beside what it says already."""
        return f"“{', '.join((*self.stated.kept, *map(statement, suspects), *further))}”"

    def _note(
        self,
        suspect: Suspect[ForceRecording],
        severity: Severity,
        what: str,
        fix: str,
        label: str = "",
    ) -> None:
        """Note what is said of one fault."""
        row = ROWS[suspect.candidate.fault]
        self.notes.add(
            row.rule or row.name,
            severity,
            what,
            number=None if np.isnan(suspect.size) else suspect.size,
            unit="" if suspect.candidate.sizes is None else suspect.candidate.sizes.unit,
            where=self._place(suspect.candidate.scope),
            label=label,
            fix=fix,
            forces=True,
        )

    def note_fault(
        self, suspect: Suspect[ForceRecording], agreement: str, follows: str = ""
    ) -> None:
        """Note a fault, what speaks for it, and what follows: what its row says, or another one."""
        row, scope = ROWS[suspect.candidate.fault], suspect.candidate.scope
        text = f"{self._faults([suspect])}: {agreement}." + CONSEQUENCES[follows or row.follows]
        fix = MASS_FIX if follows == "weightless" else row.fix
        self._note(suspect, row.severity, text, fix, "" if scope == "all" else scope.split()[-1])

    def note_stated(
        self, suspect: Suspect[ForceRecording], before: Disagreements, after: Disagreements
    ) -> None:
        """Note a fault that the sheet states, and whether the recording speaks against it."""
        scales = self.scales
        change = improbability(after, scales, before) - improbability(before, scales)
        against = change > MIN_LOG_ODDS
        agreement = agreement_words(before, after, scales, loses=against)
        text = f"{self._faults([suspect])}, says the sheet"
        text += ", and the recording speaks against it" if against else ""
        text += f": {agreement}" if agreement else ""
        fix = f"take {statement(suspect)} out of column fix of trials.tsv if it is not so."
        self._note(
            suspect,
            "warning" if against else "info",
            f"{text}. It is undone, as the sheet says.",
            fix if against else "",
        )

    def note_as_recorded(
        self, best: ForceExplanation, written: Sequence[Suspect[ForceRecording]]
    ) -> None:
        """Note that nothing (else) is undone as the sheet says, and what would have been."""
        faults = self._faults(best.unusual)
        other = " else" if written else ""
        self.notes.add(
            "forces-as-recorded",
            "info",
            f"the sheet says that nothing{other} is wrong with the forces: they are used as "
            "recorded"
            + (" but for that" if written else "")
            + (
                f". The search finds otherwise: {faults}." if faults else ", and the search agrees."
            ),
            forces=True,
        )

    def note_undecided(
        self, near: Sequence[ForceExplanation], left: Disagreements, *, weighs: bool = False
    ) -> None:
        """Note explanations that the evidence does not tell apart, or one that leaves too much.

        ``weighs`` where the forces of somebody who stands give the same weight in all.
        """
        options = [*dict.fromkeys(self._faults(x.unusual) for x in near)]
        told = [
            x.unusual for x in near if all(ROWS[y.candidate.fault].is_fixable for y in x.unusual)
        ]
        cells = dict.fromkeys([*map(self._cell, told), self._cell((), AS_RECORDED)])
        options += ["something that explains more than that"] if len(near) == 1 else []
        self.notes.add(
            "forces-undecided",
            "warning" if weighs else "error",
            f"something is wrong with the forces: {worst_words(left, self.scales)}. It is not "
            f"decided why: {'; or '.join(options)}. "
            + ("The weight is the same in all." if weighs else "The forces are not used."),
            number=float(len(options)),
            unit="explanations",
            fix="look at the export of the forces; write what is right into column fix of this "
            f"trial in trials.tsv: {' or '.join(cells)}.",
            forces=True,
        )

    def note_strange(self, left: Disagreements, faults: Sequence[Suspect[ForceRecording]]) -> None:
        """Note that forces and motion do not belong together, whatever other faults forces have."""
        other = " other" if faults else ""
        self.notes.add(
            "forces-strange",
            "error",
            f"forces and markers do not belong together: {worst_words(left, self.scales, 2)}. "
            f"No{other} known fault of forces explains it. The forces are not used.",
            fix="check that the file of the forces is that of this trial and of this person, its "
            "rate, centres of pressure, and the corners of the plates; if they are right, write "
            f"{self._cell(faults, AS_RECORDED)} into column fix of this trial in trials.tsv.",
            forces=True,
        )

    def note_half_borne(self, contacts: Sequence[tuple[float, float, float]]) -> None:
        """Note contacts (start and end, s, and share) that plates do not bear whole."""
        for start, _, share in contacts:
            beside, loaded = "the foot stood partly beside them", "something else loaded them, too"
            why = beside if share < 1.0 else loaded
            self.notes.add(
                "contact-half-borne",
                "warning",
                f"the plates bear {share:.0%} of what the body gains by the contact at "
                f"{self.notes.at(start, 2)} s, as measured by the other contacts: perhaps {why}. "
                "Its load is not known, and not used.",
                number=share,
                limit=1.0,
                fix="look at this contact in the video.",
                forces=True,
            )

    def note_considered(
        self,
        explanations: Sequence[ForceExplanation],
        near: Sequence[ForceExplanation],
        accepted: Sequence[Suspect[ForceRecording]],
        agreement: Callable[..., str],
    ) -> None:
        """Note the explanations that came near; of those with the same faults the likeliest one.

        ``accepted`` faults of the first one, unless those of which none is accepted are ``near``.
        """
        rows = considered_rows(
            "forces", explanations, near, accepted, faults_words=self._faults, place=self._place,
            agreement=agreement,
        )  # fmt: skip
        self.notes.considered.extend(rows)
