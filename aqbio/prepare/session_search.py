"""What is wrong with the recordings of one person together: the search, and its words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from types import MappingProxyType

import numpy as np

from aqbio.config import Participant
from aqbio.errors import Finding, Severity
from aqbio.prepare.evidence_words import agreement_words, worst_words
from aqbio.prepare.explanations import (
    ALL,
    Explanation,
    Suspect,
    expected,
    search,
    touched,
    unresolved,
)
from aqbio.prepare.notes import Considered, considered_rows
from aqbio.prepare.session import Session
from aqbio.prepare.session_faults import (
    LENGTHS,
    PLACE_FAULTS,
    PLATES_GAIN,
    ROWS,
    SessionFault,
    session_candidates,
)
from aqbio.prepare.size_words import SIDEWAYS, farther
from aqbio.vectors import BoolArray, finite_median

SessionExplanation = Explanation[Session]
SessionSuspect = Suspect[Session]


@dataclass(frozen=True, slots=True)
class ExplainedSession:
    """What follows from what is wrong with the recordings of a person."""

    findings: tuple[Finding, ...] = ()
    left_out: Mapping[str, Finding] = field(default_factory=dict)
    """Why recordings are left out, by trial: what else was said of them is a consequence."""
    explained: frozenset[str] = frozenset()
    """Rules of findings of single trials that follow from what is wrong with the session."""
    mass_refuted: bool = False
    """The body mass of the sheet is wrong, and that of the plates is used."""
    unweighed: frozenset[str] = frozenset()
    """Recordings whose forces do not weigh the person."""
    considered: tuple[Considered, ...] = ()
    place_errors: Mapping[str, float] = field(default_factory=dict)
    """Of the plates by trial, as probable as the search holds displacements: root mean square,
    m."""


CONSEQUENCES = MappingProxyType(
    {
        "undone": " The body mass of the plates is used.",
        "left out": " It is left out.",
        "moments": " Joint moments of steps on it are as wrong as that times the force.",
        "trial": " It is used as it is.",
    }
)


def explained_session(
    session: Session, person: Participant, kept: Collection[str], sheets: tuple[str, str]
) -> ExplainedSession:
    """Look for what is wrong with the recordings of a person, and say what follows.

    ``kept`` are trials that the sheet says are right; ``sheets`` the files of participants and of
    trials. Explanations that are near each other are all named, and nothing is undone.
    """
    confirmed = person.mass_confirmed == "yes"
    before = session.disagreements()
    scales = session.scales(before)

    explanations = search(
        session,
        Session.disagreements,
        lambda x: session_candidates(x, confirmed=confirmed, kept=frozenset(kept)),
        scales,
    )
    near = unresolved(explanations)
    told = [touched(before, x.undone(session).disagreements()) for x in near]
    shown = {name: x for name, x in before.items() if any(name in y for y in told)} or before
    worst = worst_words(shown, scales)

    def agreement(*suspects: SessionSuspect) -> str:
        after = Explanation(suspects, 0.0).undone(session).disagreements()
        return agreement_words(before, after, scales) or worst

    words = _Words(session, person.participant_id, sheets, agreement, worst)
    considered = words.considered(explanations, near)
    errors = {trial: place_error(session, explanations, trial) for trial in session.trials}
    if near:
        places = {frozenset(y for x in explanation.suspects for y in words.trials(x))
                  for explanation in near}  # fmt: skip
        [alone, *elsewhere] = places
        is_one_place = bool(alone) and not elsewhere and len(alone) < len(session.trials)
        finding = words.undecided(near, is_one_place=is_one_place)
        if finding.severity == "error" and is_one_place:
            left_out = {trial: replace(finding, trial=trial) for trial in sorted(alone)}
            return ExplainedSession(left_out=left_out, considered=considered, place_errors=errors)
        return ExplainedSession((finding,), considered=considered, place_errors=errors)
    faults = explanations[0].unusual
    rows = [ROWS[x.candidate.fault] for x in faults]
    findings = [words.finding(x, confirmed=confirmed) for x in faults]
    left_out = {
        trial: replace(finding, trial=trial)
        for suspect, row, finding in zip(faults, rows, findings, strict=True)
        if row.follows == "left out"
        for trial in words.trials(suspect)
    }
    return ExplainedSession(
        tuple(finding for finding in findings if finding not in left_out.values()),
        left_out,
        frozenset(rule for row in rows for rule in row.explains),
        any(row.follows == "undone" for row in rows),
        unweighed=frozenset[str]().union(*map(words.unweighed, faults)),
        considered=considered,
        place_errors=errors,
    )


def place_error(session: Session, explanations: Sequence[SessionExplanation], trial: str) -> float:
    """Root mean square of the displacements, m, that explanations give the plates of a trial.

    One that is displaced in one direction is so in the other, too, which shows less.
    """
    of_trial = session.places.trial == session.trials.index(trial)
    if not of_trial.any():
        return 0.0
    return float(np.sqrt(expected(explanations, partial(_displaced, session, of_trial))))


def _displaced(session: Session, of_trial: BoolArray, suspect: SessionSuspect) -> float:
    """Mean square, m², over the contacts of a trial, of what a suspect displaces them by."""
    if suspect.candidate.fault not in PLACE_FAULTS:
        return 0.0
    moved = suspect.candidate.undo(session, suspect.size).places.place - session.places.place
    return float((moved[of_trial] ** 2).sum(axis=1).mean())


def of_refused(finding: Finding) -> Finding:
    """What is said of a recording that is refused for another reason: it is not used."""
    return replace(finding, what=finding.what.removesuffix(CONSEQUENCES["trial"]))


@dataclass(frozen=True, slots=True)
class _Words:
    """Words and findings about one session."""

    session: Session
    participant: str
    sheets: tuple[str, str]
    agreement: Callable[..., str]
    worst: str
    """What disagrees most."""

    def trials(self, suspect: SessionSuspect) -> list[str]:
        """Names of the trials of a suspect; none of one of all recordings or of the sheet."""
        names = suspect.candidate.scope.rpartition(" of ")[2].replace(" and ", ", ").split(", ")
        return [name for name in names if name in self.session.trials]

    def fault(self, suspect: SessionSuspect) -> str:
        """A fault with its place and size, as users would say it."""
        row, scope = ROWS[suspect.candidate.fault], suspect.candidate.scope
        place = "all recordings" if scope == ALL else scope
        verb = "are" if len(self.trials(suspect)) > 1 else "is"
        return row.words.format(place=place, **{"is": verb}, size=self._size(suspect, row))

    def faults(self, suspects: Sequence[SessionSuspect]) -> str:
        """Faults with their places and sizes."""
        return " and ".join(map(self.fault, suspects))

    def _size(self, suspect: SessionSuspect, row: SessionFault) -> str:
        size, sd = suspect.size, suspect.sd
        if row.sizes is None:
            return ""
        if row.sizes.unit == "m":
            ways = ("forward", "back") if row.name.endswith("along") else SIDEWAYS
            return farther(*ways)(size, sd)
        way, share = ("large", np.expm1(abs(size))) if size > 0.0 else ("small", -np.expm1(size))
        error = f" ± {100.0 * sd:.1f}" if isfinite(sd) else ""
        stated = f"{100.0 * share:.1f}{error} % too {way}"
        if abs(size) > np.log(2.0):
            stated = f"{np.exp(abs(size)):.3g} times too {way}"
        if row.name == "mass-typed":
            stated += f": {self.session.sheet_kg:.1f} kg, not {self._plates_kg():.1f} kg"
        return stated

    def _plates_kg(self) -> float:
        return finite_median(self.session.masses)

    def finding(self, suspect: SessionSuspect, *, confirmed: bool) -> Finding:
        """Finding of a fault that is accepted."""
        row = ROWS[suspect.candidate.fault]
        trials = self.trials(suspect)
        is_confirmed = confirmed and row.rule == "mass-disagreement"
        severity: Severity = "error" if row.follows == "left out" else "warning"
        return self._finding(
            row,
            "info" if is_confirmed else severity,
            f"{self.fault(suspect)}: {self.agreement(suspect)}."
            + (" The sheet confirms its mass." if is_confirmed else self._consequence(suspect)),
            trials[0] if len(trials) == 1 else "",
            suspect,
        )

    def _consequence(self, suspect: SessionSuspect) -> str:
        """What follows from a fault; nothing is weighed by forces that others contradict."""
        if self.unweighed(suspect) and not isfinite(self.session.sheet_kg):
            return " The other recordings weigh the person."
        return CONSEQUENCES[ROWS[suspect.candidate.fault].follows]

    def unweighed(self, suspect: SessionSuspect) -> frozenset[str]:
        """Recordings whose forces do not weigh the person, as others do."""
        trials = self.trials(suspect)
        is_gain = suspect.candidate.fault == PLATES_GAIN and len(trials) < len(self.session.trials)
        return frozenset(trials if is_gain else ())

    def undecided(self, near: Sequence[SessionExplanation], *, is_one_place: bool) -> Finding:
        """Finding of explanations that the evidence does not tell apart.

        Of recordings that are another person's in one explanation, nothing is computed, or
        nothing at all where other explanations are about other ones; unless the sheet or the forces
        may be wrong alone, and all markers one person's.
        """
        suspects = [x for explanation in near for x in explanation.unusual]
        rows = [ROWS[x.candidate.fault] for x in suspects]
        of_markers = all(
            any({*ROWS[x.candidate.fault].shows} & {*LENGTHS} for x in explanation.unusual)
            for explanation in near
        )
        row = next((x for x in rows if of_markers and x.follows == "left out"), rows[0])
        options = [self.faults(x.unusual) for x in near]
        options += ["something that explains more than that"] if len(near) == 1 else []
        stops = row.follows == "left out"
        finding = self._finding(
            row,
            "error" if stops else "warning",
            f"{self.worst}. It is not decided why: {'; or '.join(options)}."
            + (
                CONSEQUENCES["left out"]
                if stops and is_one_place
                else " Nothing is computed."
                if stops
                else " Nothing is changed."
            ),
            "",
            suspects[0],
        )
        fixes = dict.fromkeys(self._fix(ROWS[x.candidate.fault], x) for x in suspects)
        moments = all(x.follows == "moments" for x in rows)
        return replace(
            finding, number=None, limit=None, unit="", label="", fix=" Or ".join(fixes),
            invalidates="" if stops else "moments" if moments else "trial",
        )  # fmt: skip

    def _fix(self, row: SessionFault, suspect: SessionSuspect) -> str:
        return row.fix.format(place=", ".join(self.trials(suspect)) or "the recordings")

    def _finding(
        self, row: SessionFault, severity: Severity, what: str, trial: str, suspect: SessionSuspect
    ) -> Finding:
        scope = suspect.candidate.scope
        of_sheet = row.scope == "sheet"
        on_plate = scope.startswith("plate ")
        number, limit = (float(suspect.size) if isfinite(suspect.size) else None), None
        unit = row.sizes.unit if row.sizes else ""
        if row.follows == "undone":
            number, limit, unit = self._plates_kg(), self.session.sheet_kg, "kg"
        column = "height_m" if row.name == "stature-typed" else "mass_kg"
        return Finding(
            rule=row.rule,
            severity=severity,
            what=what,
            trial=trial,
            participant=self.participant,
            number=number,
            limit=limit,
            unit=unit,
            file=self.sheets[0 if of_sheet else 1],
            where=f"participant {self.participant}, column {column}" if of_sheet
            else " ".join(scope.split()[:2]) if on_plate else "",
            label=scope.split()[1] if on_plate else "",
            fix=self._fix(row, suspect),
            invalidates="" if severity == "info" or row.follows in ("undone", "left out")
            else "moments" if row.follows == "moments" else "trial",
        )  # fmt: skip

    def considered(
        self, explanations: Sequence[SessionExplanation], near: Sequence[SessionExplanation]
    ) -> tuple[Considered, ...]:
        """Rows of the explanations that came near, the accepted one first."""
        rows = considered_rows(
            "session", explanations, near, faults_words=self.faults, agreement=self.agreement
        )
        return tuple(rows)
