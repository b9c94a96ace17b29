"""Findings about forces: what is wrong with them, the cell that undoes it, what was considered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.io.recording import ForceRecording
from aqbio.prepare.evidence_words import agreement_words, worst_words
from aqbio.prepare.explanations import (
    ALL,
    MIN_LOG_ODDS,
    Disagreements,
    Explanation,
    Ranking,
    Scales,
    Suspect,
    improbability,
)
from aqbio.prepare.force_evidence import ForceEvidence, HalfBorne
from aqbio.prepare.force_faults import ROWS
from aqbio.prepare.notes import MAX_LISTED, Notes, considered_rows
from aqbio.prepare.stated_faults import AS_RECORDED, StatedFaults, statement

OTHER_CAUSE = "a cause that the table of faults does not hold"


@dataclass(frozen=True, eq=False)
class ForceWords:
    """Findings about the forces of one trial."""

    forces: ForceRecording
    scales: Scales
    notes: Notes
    stated: StatedFaults

    def _place(self, scope: str) -> str:
        """Plates of a scope in words."""
        if scope != ALL:
            return scope
        numbers = self.forces.numbers
        return "all plates" if len(numbers) > 1 else f"plate {numbers[0]}"

    def _faults(self, suspects: Sequence[Suspect[ForceRecording]]) -> str:
        """Faults with their plates."""
        return " and ".join(
            f"{ROWS[x.candidate.fault].words_of(x.size, x.sd)} ({self._place(x.candidate.scope)})"
            for x in suspects
        )

    def _cell(self, *statements: str) -> str:
        """Column fix with further statements behind those that it has."""
        return f"“{'; '.join((*self.stated.kept, *statements))}”"

    def _agreement(
        self, recorded: ForceRecording, evidence: ForceEvidence, *suspects: Suspect[ForceRecording]
    ) -> str:
        """What a redundancy gains when faults are undone, in words."""
        undone = Explanation(suspects, 0.0).undone(recorded)
        before, after = evidence.disagreements(recorded), evidence.disagreements(undone)
        return agreement_words(before, after, self.scales)

    def note_fault(
        self, suspect: Suspect[ForceRecording], recorded: ForceRecording, evidence: ForceEvidence
    ) -> None:
        """Report an identified fault, what speaks for it, what follows, and the cell to write."""
        row, scope = ROWS[suspect.candidate.fault], suspect.candidate.scope
        place = self._place(scope)
        follows = {
            "kept": "The forces are used as recorded.",
            "refused": "All velocities would be wrong: the trial is left out.",
            "unused": f"The loads of {place} are not used until the sheet states what is right.",
        }[row.follows]
        proposal, fix = "", row.fix
        if row.is_fixable:
            proposal = statement(suspect)
            fix = (
                f"write {self._cell(proposal)} into {self.stated.cell}: the "
                f"fault is then undone; if the forces are right, write {self._cell(AS_RECORDED)}."
            )
            fix += f" At the source: {row.fix}" if row.fix else ""
        self.notes.add(
            row.rule,
            row.severity,
            f"{self._faults([suspect])}: {self._agreement(recorded, evidence, suspect)}. {follows}",
            number=None if np.isnan(suspect.size) else suspect.size,
            unit="" if suspect.candidate.sizes is None else suspect.candidate.sizes.unit,
            where=place,
            label="" if scope == ALL else scope.split()[-1],
            fix=fix,
            proposal=proposal,
            forces=True,
        )

    def note_stated(
        self, suspect: Suspect[ForceRecording], before: Disagreements, after: Disagreements
    ) -> None:
        """Report a fault that the sheet states, and whether the recording contradicts it."""
        change = improbability(after, self.scales, before) - improbability(before, self.scales)
        against = change > MIN_LOG_ODDS
        agreement = agreement_words(before, after, self.scales, loses=against)
        text = f"{self._faults([suspect])}, says the sheet"
        text += ", and the recording contradicts it" if against else ""
        text += f": {agreement}" if agreement else ""
        self.notes.add(
            ROWS[suspect.candidate.fault].rule,
            "warning" if against else "info",
            f"{text}. It is undone, as the sheet says.",
            number=None if np.isnan(suspect.size) else suspect.size,
            unit="" if suspect.candidate.sizes is None else suspect.candidate.sizes.unit,
            where=self._place(suspect.candidate.scope),
            fix=f"take {statement(suspect)} out of {self.stated.cell} if it is not so."
            if against
            else "",
            forces=True,
        )

    def note_as_recorded(self, *, but: bool) -> None:
        """Report that the sheet says that nothing (else) is wrong."""
        self.notes.add(
            "forces-as-recorded",
            "info",
            f"the sheet says that nothing {'else ' if but else ''}is wrong with the forces: they "
            f"are used as recorded{' but for that' if but else ''}.",
            forces=True,
        )

    def _cells(self, causes: Sequence[Explanation[ForceRecording]]) -> list[str]:
        """Column fix that states each of some explanations, where it can state it."""
        cells = [
            self._cell(*map(statement, x.unusual))
            for x in causes
            if all(ROWS[y.candidate.fault].is_fixable for y in x.unusual)
        ]
        return [*dict.fromkeys(cells)]

    def note_undecided(
        self, ranking: Ranking[ForceRecording], recorded: ForceRecording, evidence: ForceEvidence
    ) -> None:
        """Report that forces and markers disagree for no identified cause: they are used."""
        options = [*dict.fromkeys(self._faults(x.unusual) for x in ranking.undecided)]
        cells = [*self._cells(ranking.undecided), self._cell(AS_RECORDED)]
        self.notes.add(
            "forces-undecided",
            "warning",
            f"forces and markers disagree: "
            f"{worst_words(evidence.disagreements(recorded), self.scales)}. The cause is not "
            f"identified: {'; or '.join((*options, OTHER_CAUSE))}. The forces are used as "
            "recorded.",
            number=float(len(options)),
            unit="explanations",
            fix="look at the export of the forces, and write what is right into "
            f"{self.stated.cell}: {' or '.join(cells)}.",
            forces=True,
        )

    def note_foreign(self, reason: str, ranking: Ranking[ForceRecording]) -> None:
        """Report forces that cannot be those of this body, and what may be wrong with them."""
        plausible = [x for x in ranking.plausible if x.faults]
        options = [*dict.fromkeys(self._faults(x.unusual) for x in plausible)][:MAX_LISTED]
        causes = f" Possible causes: {'; or '.join(options)}." if options else ""
        cells = [*self._cells(plausible)[:MAX_LISTED], self._cell(AS_RECORDED)]
        self.notes.add(
            "forces-foreign",
            "warning",
            f"the forces cannot be those of this body: {reason}.{causes} They are not used.",
            fix="check that the file of the forces is that of this trial, its unit, its clock and "
            "the corners of the plates; write what is right into "
            f"{self.stated.cell}: {' or '.join(cells)}.",
            forces=True,
        )

    def note_half_borne(self, contact: HalfBorne) -> None:
        """Report a contact whose impulse is not what the body gains by it."""
        cause = "the foot stood partly beside the plates"
        if contact.share > 1.0:
            cause = "something else loaded the plates too"
        self.notes.add(
            "contact-half-borne",
            "warning",
            f"the plates bear {contact.share:.0%} of what the body gains by the contact at "
            f"{self.notes.at(contact.start, 2)} s, compared with the other contacts: perhaps "
            f"{cause}. Its load is used as recorded.",
            number=contact.share,
            limit=1.0,
            fix="look at this contact in the video; end_s or start_s of trials.tsv leaves it out.",
            forces=True,
        )

    def note_considered(
        self, ranking: Ranking[ForceRecording], recorded: ForceRecording, evidence: ForceEvidence
    ) -> None:
        """Note the plausible explanations."""

        def agreement(*suspects: Suspect[ForceRecording]) -> str:
            return self._agreement(recorded, evidence, *suspects)

        rows = considered_rows(
            "forces", ranking, faults_words=self._faults, place=self._place, agreement=agreement
        )
        self.notes.considered.extend(rows)
