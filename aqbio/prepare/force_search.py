"""What is wrong with the forces of a trial: the search, and its repair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aqbio.body.statements import as_error
from aqbio.force_plates.offsets import resting
from aqbio.io.lost_loads import loads_of, without_loads
from aqbio.io.recording import ForceRecording
from aqbio.prepare.evidence_words import agreement_words
from aqbio.prepare.explanations import (
    ALL,
    CLEAR_GAIN,
    MAX_USUAL_RATIO,
    MIN_LOG_ODDS,
    NOTHING,
    Candidate,
    Disagreements,
    Explanation,
    Scales,
    Suspect,
    excess,
    expected,
    improbability,
    people_scales,
    search,
    strangeness,
    unexplained,
    unresolved,
)
from aqbio.prepare.force_evidence import OF_FORCES, ForceEvidence
from aqbio.prepare.force_faults import FEET_LAG_SD_S, LAGS, PLACE_FAULTS, ROWS, force_candidates
from aqbio.prepare.force_words import ForceExplanation, ForceWords
from aqbio.prepare.frame_loads import averaged
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_faults import NOTHING_STATED, OfferedCandidates, StatedFaults

MIN_LOAD_SHARE = 0.02
"""A plate with a smaller share of the largest force of all plates reads its neighbours."""


@dataclass(frozen=True, slots=True)
class ExplainedForces:
    """Forces of a trial, ground axes, after what is wrong with them was looked for."""

    forces: ForceRecording | None
    """With the faults undone; None where it is not known which ones to undo."""
    lag: float = 0.0
    """By which they were made earlier, s."""
    lag_left: float = float("nan")
    """Lag behind the body that is left, s; NaN where it is unknown."""
    left_out: tuple[int, ...] = ()
    """Numbers of the plates that do not measure."""
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
    """Look for what is wrong with forces, undo it, and say so.

    What the sheet has ``stated`` is undone first, and the rest is searched. Two explanations that
    are near each other are both named, and nothing is undone: the forces are not used. ``speed`` of
    the run, m/s, NaN where unknown, chooses the people to compare with.
    """
    scales, resting = people_scales(speed), without_rest(averaged(forces))
    by_body = evidence.body is not None
    offered = partial(
        force_candidates,
        mean_force=evidence.mean_force,
        lags=evidence.possible_lags(resting),
        by_body=by_body,
        body_kg=evidence.body_kg,
    )
    words = ForceWords(forces, scales, notes, stated)
    written, resting = _without_stated(resting, evidence, words, offered)

    def candidates(recorded: ForceRecording) -> Iterator[Candidate[ForceRecording]]:
        told = Explanation(written, 0.0)
        return (x for x in offered(recorded) if not told.undoes(x))

    explanations = search(resting, evidence.disagreements, candidates, scales)
    near = unresolved_forces(explanations, by_body=by_body)
    if stated.is_all:
        words.note_as_recorded(unexplained(explanations) or explanations[0], written)
        sound = next(x for x in explanations if not x.suspects)
        explanations, near = [sound, *(x for x in explanations if x is not sound)], []
    elif not near and rests_on_few_loads(explanations[0], resting, evidence, scales):
        near = explanations[:1]
    faults = () if near else _with_exact_lag(explanations[0].unusual, resting, evidence)
    before = _left(resting, evidence)

    def agreement(*suspects: Suspect[ForceRecording]) -> str:
        return agreement_words(before, _left(resting, evidence, *suspects), scales)

    left = least_strange(near or explanations[:1], resting, evidence, scales)
    is_strange = strangeness(left, scales) > CLEAR_GAIN and not stated.is_all
    doubtful = near
    if is_strange:
        faults = tuple(x for x in faults if _shows_in_forces(x, resting, evidence, scales))
        doubtful = near if near or faults else explanations[:1]
    follows = ["not used" if is_strange else _follows(x, evidence) for x in faults]
    words.note_considered(explanations, doubtful, faults, agreement)
    for suspect, instead in zip(faults, follows, strict=True):
        words.note_fault(suspect, agreement(suspect), instead)
    if is_strange:
        words.note_strange(left, faults)
    elif near and _have_one_weight(near, resting, evidence):
        words.note_undecided(near, before, weighs=True)
        return _repaired(forces, written, (), evidence, resting)
    elif near:
        words.note_undecided(near, before)
    weightless = "weightless" in {_follows(x, evidence) for x in written}
    if is_strange or near or weightless or {*follows} - {"", "by model"}:
        return ExplainedForces(None)
    refusal = next((x for x in faults if ROWS[x.candidate.fault].follows == "refused"), None)
    if refusal is not None:
        raise as_error(notes.findings[-1 - faults[::-1].index(refusal)])
    repaired = _repaired(forces, written, faults, evidence, resting)
    if repaired.forces is not None and not stated.is_all:
        used = repaired.forces.select(~np.isin(forces.numbers, repaired.left_out))
        contacts = evidence.half_borne(without_rest(averaged(used)), _least_off(scales))
        repaired = replace(repaired, forces=_without_contacts(repaired.forces, contacts))
        words.note_half_borne(contacts)
    return replace(repaired, place_error=place_error(explanations, len(forces.numbers)))


HALF_BORNE_RARITY = 5.0
"""Natural logarithm of the number of contacts for one that plates do not bear whole: in sound runs
of thirteen people four of 619 are off by 7 to 24 %."""


def _least_off(scales: Scales) -> float:
    """Logarithm from which on an impulse is another than what the body gains by a contact."""
    scale, most = scales["momentum"], HALF_BORNE_RARITY + MIN_LOG_ODDS
    return scale.scale * float(np.sqrt(np.expm1(2.0 * most / scale.observations)))


def _without_contacts(
    forces: ForceRecording, contacts: Sequence[tuple[float, float, float]]
) -> ForceRecording:
    """Forces whose loads during contacts (start and end, s) are not known."""
    if not contacts:
        return forces
    lost = np.zeros(forces.wrench.force.shape[:2], np.bool_)
    if forces.is_lost is not None:
        lost |= forces.is_lost
    for plate in range(len(forces.numbers)):
        for first, last in loads_of(forces.wrench.force[:, plate], forces.rate):
            start, stop = (forces.start + end / forces.rate for end in (first, last))
            lost[first:last, plate] |= any(start < x[1] and stop > x[0] for x in contacts)
    return replace(forces, wrench=without_loads(forces.wrench, lost), is_lost=lost)


def _have_one_weight(
    near: Sequence[ForceExplanation], forces: ForceRecording, evidence: ForceEvidence
) -> bool:
    """Tell whether somebody stands and weighs the same whichever of several explanations is right.

    Of forces of somebody who stands nothing else is used.
    """
    weights = [x.undone(forces).wrench.force[..., 1].sum(axis=1) for x in near]
    weight = forces.wrench.force[..., 1].sum(axis=1)
    return evidence.standing and len(near) > 1 and all(np.allclose(x, weight) for x in weights)


def _left(
    forces: ForceRecording, evidence: ForceEvidence, *suspects: Suspect[ForceRecording]
) -> Disagreements:
    """What disagrees after faults are undone."""
    return evidence.disagreements(Explanation(suspects, 0.0).undone(forces))


def rests_on_few_loads(
    explanation: ForceExplanation, forces: ForceRecording, evidence: ForceEvidence, scales: Scales
) -> bool:
    """Tell whether what speaks for an explanation is that a load or so lies under a foot then.

    A wrong sign brings one under a foot by chance: loads are as many observations as there are.
    """
    if not explanation.faults:
        return False
    stray, loads = scales["stray"], float(evidence.number_of_loads(forces))
    few = {**scales, "stray": replace(stray, observations=min(stray.observations, loads))}
    before, after = (_left(forces, evidence, *x) for x in ((), explanation.suspects))
    price = sum(suspect.candidate.rarity + suspect.price for suspect in explanation.suspects)
    return improbability(before, few) - improbability(after, few, before) < price


def least_strange(
    explanations: Sequence[ForceExplanation],
    forces: ForceRecording,
    evidence: ForceEvidence,
    scales: Scales,
) -> Disagreements:
    """What disagrees of forces and markers after one of some explanations: the least strange.

    Nothing of somebody who stands: the weight is right wherever the plates are.
    """
    if evidence.standing:
        return NOTHING
    left = (_left(forces, evidence, *x.suspects) for x in explanations)
    between = [{name: x for name, x in sizes.items() if name not in OF_FORCES} for sizes in left]
    return min(between, key=lambda x: strangeness(x, scales))


def _shows_in_forces(
    suspect: Suspect[ForceRecording],
    forces: ForceRecording,
    evidence: ForceEvidence,
    scales: Scales,
) -> bool:
    """Tell whether forces alone show a fault clearly, as a unit, whosever feet the markers show."""
    before, after = (
        excess({name: x for name, x in sizes.items() if name in OF_FORCES}, scales)
        for sizes in (_left(forces, evidence), _left(forces, evidence, suspect))
    )
    return before - after > CLEAR_GAIN


def place_error(explanations: Sequence[ForceExplanation], plates: int) -> float:
    """Root mean square of the displacements, m, that explanations give the plates of a trial."""

    def square(suspect: Suspect[ForceRecording]) -> float:
        if suspect.candidate.fault not in PLACE_FAULTS:
            return 0.0
        return suspect.size**2 / (1 if suspect.candidate.scope == ALL else plates)

    return float(np.sqrt(expected(explanations, square)))


def _repaired(
    forces: ForceRecording,
    written: tuple[Suspect[ForceRecording], ...],
    faults: tuple[Suspect[ForceRecording], ...],
    evidence: ForceEvidence,
    resting: ForceRecording,
) -> ExplainedForces:
    """Forces without the faults that the sheet has written and that are undone."""
    undone = tuple(x for x in faults if ROWS[x.candidate.fault].follows == "undone")
    left = evidence.lag(Explanation(undone, 0.0).undone(resting))
    repair = Explanation((*written, *undone), 0.0)
    lag = sum(x.size for x in repair.suspects if x.candidate.fault == "force-clock")
    scopes = [x.candidate.scope for x in faults if ROWS[x.candidate.fault].follows == "left out"]
    left_out = tuple(number for number in forces.numbers if f"plate {number}" in scopes)
    return ExplainedForces(repair.undone(forces), lag, left, left_out)


def _without_stated(
    resting: ForceRecording, evidence: ForceEvidence, words: ForceWords, offered: OfferedCandidates
) -> tuple[tuple[Suspect[ForceRecording], ...], ForceRecording]:
    """Faults that the sheet has stated, and forces without them."""
    written = words.stated.suspects(resting, evidence.disagreements, words.scales, offered)
    written = _with_exact_lag(written, resting, evidence)
    for suspect in written:
        undone = suspect.candidate.undo(resting, suspect.size)
        words.note_stated(suspect, _left(resting, evidence), _left(undone, evidence))
        resting = undone
    return written, resting


def _follows(suspect: Suspect[ForceRecording], evidence: ForceEvidence) -> str:
    """What follows from a fault instead of what its row says; empty where nothing does.

    Forces that were divided by body weight take the person's mass to be newtons.
    """
    row = ROWS[suspect.candidate.fault]
    if row.follows == "left out" and suspect.candidate.scope == ALL:
        return "not used"
    if not np.isfinite(row.per_weight):
        return ""
    return "weightless" if np.isnan(evidence.body_kg) else "" if evidence.is_weighed else "by model"


def _with_exact_lag(
    faults: tuple[Suspect[ForceRecording], ...], forces: ForceRecording, evidence: ForceEvidence
) -> tuple[Suspect[ForceRecording], ...]:
    """The faults, a lag as the vertical force on the body tells it, where it does."""
    left = evidence.lag(Explanation(faults, 0.0).undone(forces))
    return tuple(
        replace(suspect, size=suspect.size + left)
        if suspect.candidate.fault == "force-clock"
        and np.isfinite(left)
        and not np.isnan(suspect.sd)  # else the sheet states it
        else suspect
        for suspect in faults
    )


def unresolved_forces(
    explanations: Sequence[ForceExplanation], *, by_body: bool
) -> list[ForceExplanation]:
    """Explanations of which the evidence accepts none; empty where it accepts the first found.

    Feet alone show that forces are late, and not by how much.
    """
    near = unresolved(explanations)
    if len(near) < 2 and not by_body and (late := _clearly_late(explanations)) is not None:
        return [late]
    return near


def _clearly_late(explanations: Sequence[ForceExplanation]) -> ForceExplanation | None:
    """The first explanation where it is a lag beyond those of laboratories; otherwise None."""
    sound = next(x for x in explanations if not x.suspects)
    beyond = any(
        suspect.candidate.fault == "force-clock"
        and abs(suspect.size) > MAX_USUAL_RATIO * LAGS.usual
        for suspect in explanations[0].suspects
    )
    clear = sound.improbability - explanations[0].improbability > CLEAR_GAIN
    if not (beyond and clear):
        return None
    suspects = tuple(
        replace(x, sd=float(np.hypot(x.sd, FEET_LAG_SD_S)))
        if x.candidate.fault == "force-clock"
        else x
        for x in explanations[0].suspects
    )
    return replace(explanations[0], suspects=suspects)


def without_rest(forces: ForceRecording) -> ForceRecording:
    """Forces without the levels at which unloaded plates rest, whatever their unit and sign."""
    wrench = forces.wrench
    channels = np.concatenate((wrench.force, wrench.moment), axis=2)
    top = float(np.ptp(wrench.force[..., 1], axis=0).max(initial=0.0))
    for plate in range(channels.shape[1]):
        vertical = channels[:, plate, 1]
        if np.ptp(vertical) < MIN_LOAD_SHARE * top:
            channels[:, plate] = 0.0
        elif (at_rest := resting(vertical)).any():
            channels[:, plate] -= channels[at_rest, plate].mean(axis=0)
    return replace(
        forces, wrench=replace(wrench, force=channels[..., :3], moment=channels[..., 3:])
    )
