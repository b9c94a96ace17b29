"""What is wrong with the forces of a trial: named and proposed; only the sheet undoes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aqbio.body.statements import as_error
from aqbio.force_plates.offsets import resting
from aqbio.io.recording import ForceRecording
from aqbio.prepare.explanations import (
    ALL,
    Candidate,
    Explanation,
    Ranking,
    Suspect,
    expected,
    people_scales,
    search,
)
from aqbio.prepare.force_evidence import ForceEvidence
from aqbio.prepare.force_faults import FEET_LAG_SD_S, PLACE_FAULTS, ROWS, force_candidates
from aqbio.prepare.force_words import ForceWords
from aqbio.prepare.frame_loads import QUIET_QUANTILE, TINY_N, averaged
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_faults import NOTHING_STATED, OfferedCandidates, StatedFaults, statement

MIN_LOAD_SHARE = 0.02
"""A plate with a smaller share of the largest force of all plates reads its neighbours, unless it
is as quiet between loads as they are: it may be in another unit."""

MIN_CLEAN_SHARE = 0.3
"""Share of the best ratio of load to noise from which a faint plate is as quiet as the others."""


@dataclass(frozen=True, slots=True)
class ExplainedForces:
    """Forces of a trial, ground axes, as recorded but for what the sheet states."""

    forces: ForceRecording | None
    """None where nothing of them can be used."""
    lag: float = 0.0
    """By which they were made earlier, as the sheet states, s."""
    lag_left: float = float("nan")
    """Lag behind the body that is left, s; NaN where it is unknown."""
    left_out: tuple[int, ...] = ()
    """Numbers of the plates with an identified fault that the sheet does not state."""
    place_error: float = 0.0
    """Of the plates, as probable as the search holds displacements: root mean square, m."""


NOT_EXPLAINED = ExplainedForces(None)
"""Of a trial without forces."""


def explained_forces(
    forces: ForceRecording,
    evidence: ForceEvidence,
    speed: float,
    notes: Notes,
    stated: StatedFaults = NOTHING_STATED,
) -> ExplainedForces:
    """Undo what the sheet states, look for other faults, and report them.

    The loads on which an identified fault bears are not used until the sheet states it. Where no
    fault is identified the forces are used as recorded, unless they cannot be those of this body.
    ``speed`` of the run, m/s, NaN where unknown, chooses the people to compare with.
    """
    scales, recorded = people_scales(speed), without_rest(averaged(forces))
    offered = partial(
        force_candidates,
        mean_force=evidence.mean_force,
        lags=evidence.possible_lags(recorded),
        by_body=evidence.body is not None,
        body_kg=evidence.body_kg,
    )
    words = ForceWords(forces, scales, notes, stated)
    written, recorded = _without_stated(recorded, evidence, words, offered)
    used = _used(forces, recorded, evidence, written)
    if stated.is_all:
        words.note_as_recorded(but=bool(written))
        return used

    def candidates(resting_forces: ForceRecording) -> Iterator[Candidate[ForceRecording]]:
        stated_ones = Explanation(written, 0.0)
        return (x for x in offered(resting_forces) if not stated_ones.undoes(x))

    ranking = search(recorded, evidence.disagreements, candidates, scales)
    faults = _with_exact_lag(ranking.identified, recorded, evidence)
    words.note_considered(ranking, recorded, evidence)
    for suspect in faults:
        words.note_fault(suspect, recorded, evidence)
        if ROWS[suspect.candidate.fault].follows == "refused":
            raise as_error(notes.findings[-1])
    unused = [x.candidate.scope for x in faults if ROWS[x.candidate.fault].follows == "unused"]
    if not faults and (reason := evidence.foreign(recorded)):
        words.note_foreign(reason, ranking)
        return ExplainedForces(None)
    if not faults and ranking.undecided:
        words.note_undecided(ranking, recorded, evidence)
    if ALL in unused:
        return ExplainedForces(None)
    for contact in () if faults else evidence.half_borne(recorded, scales["momentum"]):
        words.note_half_borne(contact)
    left_out = tuple(x for x in forces.numbers if any(_has_plate(scope, x) for scope in unused))
    return replace(used, left_out=left_out, place_error=place_error(ranking, len(forces.numbers)))


def _has_plate(scope: str, number: int) -> bool:
    """Tell whether the words of a scope name a plate."""
    return str(number) in scope.replace("plates", "plate").removeprefix("plate ").split(" and ")


def place_error(ranking: Ranking[ForceRecording], plates: int) -> float:
    """Root mean square of the displacements, m, that explanations give the plates of a trial."""

    def square(suspect: Suspect[ForceRecording]) -> float:
        if suspect.candidate.fault not in PLACE_FAULTS:
            return 0.0
        return suspect.size**2 / (1 if suspect.candidate.scope == ALL else plates)

    return float(np.sqrt(expected(ranking.explanations, square)))


def _used(
    forces: ForceRecording,
    recorded: ForceRecording,
    evidence: ForceEvidence,
    written: Sequence[Suspect[ForceRecording]],
) -> ExplainedForces:
    """Forces without the faults that the sheet states; ``recorded`` are without them."""
    lag = sum(x.size for x in written if x.candidate.fault == "force-clock")
    undone = Explanation(tuple(written), 0.0).undone(forces)
    return ExplainedForces(undone, lag, evidence.lag(recorded))


def _without_stated(
    recorded: ForceRecording, evidence: ForceEvidence, words: ForceWords, offered: OfferedCandidates
) -> tuple[tuple[Suspect[ForceRecording], ...], ForceRecording]:
    """Faults that the sheet has stated, and forces without them."""
    written = words.stated.suspects(recorded, evidence.disagreements, words.scales, offered)
    written = _with_exact_lag(written, recorded, evidence)
    for suspect in written:
        if np.isfinite(ROWS[suspect.candidate.fault].per_weight) and np.isnan(evidence.body_kg):
            raise words.stated.refuse(
                f"“{statement(suspect)}”, and the body mass is not known.",
                "write mass_kg into participants.tsv.",
            )
        undone = suspect.candidate.undo(recorded, suspect.size)
        words.note_stated(suspect, evidence.disagreements(recorded), evidence.disagreements(undone))
        recorded = undone
    return written, recorded


def _with_exact_lag(
    faults: tuple[Suspect[ForceRecording], ...], forces: ForceRecording, evidence: ForceEvidence
) -> tuple[Suspect[ForceRecording], ...]:
    """The faults, a lag as the vertical force on the body shows it, or as feet alone do."""
    left = evidence.lag(Explanation(faults, 0.0).undone(forces)) if faults else 0.0

    def exact(suspect: Suspect[ForceRecording]) -> Suspect[ForceRecording]:
        is_stated = np.isnan(suspect.sd)
        if suspect.candidate.fault != "force-clock" or is_stated:
            return suspect
        if evidence.body is None:
            return replace(suspect, sd=float(np.hypot(suspect.sd, FEET_LAG_SD_S)))
        return replace(suspect, size=suspect.size + left) if np.isfinite(left) else suspect

    return tuple(map(exact, faults))


def without_rest(forces: ForceRecording) -> ForceRecording:
    """Forces without the levels at which unloaded plates rest, whatever their unit and sign."""
    wrench = forces.wrench
    channels = np.concatenate((wrench.force, wrench.moment), axis=2)
    ranges = np.ptp(wrench.force[..., 1], axis=0)
    faint = ranges < MIN_LOAD_SHARE * ranges.max(initial=0.0)
    size = np.linalg.norm(wrench.force, axis=2)
    quiet = np.quantile(size, QUIET_QUANTILE, axis=0) if len(size) else np.zeros(size.shape[1])
    clean = size.max(axis=0, initial=0.0) / np.maximum(quiet, TINY_N)
    faint &= clean < MIN_CLEAN_SHARE * clean.max(initial=0.0)
    for plate in range(channels.shape[1]):
        vertical = channels[:, plate, 1]
        if faint[plate]:
            channels[:, plate] = 0.0
        elif (at_rest := resting(vertical)).any():
            channels[:, plate] -= channels[at_rest, plate].mean(axis=0)
    return replace(
        forces, wrench=replace(wrench, force=channels[..., :3], moment=channels[..., 3:])
    )
