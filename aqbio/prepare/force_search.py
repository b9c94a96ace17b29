"""What is wrong with the forces of a trial: the search, its repair, and its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from aqbio.body.statements import as_error
from aqbio.errors import Severity
from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY
from aqbio.prepare.explanations import (
    CLEAR_GAIN,
    MAX_USUAL_RATIO,
    MIN_LOG_ODDS,
    Candidate,
    Disagreements,
    Explanation,
    Scales,
    Suspect,
    improbability,
    people_scales,
    search,
    undecided,
    unexplained,
)
from aqbio.prepare.force_evidence import ForceEvidence
from aqbio.prepare.force_faults import (
    FEET_LAG_SD_S,
    LAGS,
    MASS_FIX,
    ROWS,
    force_candidates,
    of_weight,
)
from aqbio.prepare.frame_loads import averaged
from aqbio.prepare.notes import Considered, Notes
from aqbio.prepare.stated_faults import AS_RECORDED, NOTHING_STATED, StatedFaults, statement
from aqbio.vectors import FloatArray

ForceExplanation = Explanation[ForceRecording]

MAX_OFFSET_SHARE = 0.25
"""The level at which a plate rests is an offset below this share of its largest force."""

MIN_LOAD_SHARE = 0.02
"""A plate with a smaller share of the largest force of all plates reads its neighbours."""

RESTING_SHARE = 0.1
"""The level at which a plate rests holds this share of its samples within the narrowest band."""


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


NOT_EXPLAINED = ExplainedForces(None)
"""Of a trial without forces."""


def in_ground_axes(forces: ForceRecording, rotation: FloatArray) -> ForceRecording:
    """Forces of the laboratory's axes in others, ``v -> R v``."""
    return replace(
        forces,
        wrench=forces.wrench.rotated(rotation),
        corners=forces.corners @ rotation.T,
        lever=None if forces.lever is None else forces.lever @ rotation.T,
    )


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
    if not len(forces.numbers):
        if stated.faults:
            raise stated.without_forces()
        return NOT_EXPLAINED
    scales, resting = people_scales(speed), without_rest(averaged(forces))
    by_body = evidence.body is not None
    written, resting = _without_stated(stated, resting, forces, evidence, scales, notes)

    def candidates(recorded: ForceRecording) -> Iterator[Candidate[ForceRecording]]:
        told = Explanation(written, 0.0)
        offered = force_candidates(recorded, by_body=by_body)
        return (candidate for candidate in offered if not told.undoes(candidate))

    explanations = search(resting, evidence.disagreements, candidates, scales)
    if stated.is_all:
        _note_as_recorded(unexplained(explanations) or explanations[0], forces, notes, written)
        sound = next(x for x in explanations if not x.suspects)
        explanations = [sound, *(x for x in explanations if x is not sound)]
    best, before = explanations[0], evidence.disagreements(resting)
    near = [] if stated.is_all else _unresolved(explanations, by_body=by_body)
    faults = tuple(suspect for suspect in best.suspects if not suspect.is_usual)
    faults = () if near else _with_exact_lag(faults, resting, evidence)

    def agreement(*suspects: Suspect[ForceRecording]) -> str:
        undone = Explanation(suspects, 0.0).undone(resting)
        return _agreement(before, evidence.disagreements(undone), scales)

    _note_considered(explanations, near, faults, agreement, forces, notes)
    if near:
        name = max(before, key=lambda x: _surprise(before[x], x, scales))
        _note_undecided(near, _disagreement(before[name], name), forces, notes, stated)
        return ExplainedForces(None)
    weightless = np.isnan(evidence.body_kg)
    for suspect in faults:
        is_used = not (weightless and _takes_weight(suspect))
        _note(suspect, agreement(suspect), forces, notes, is_used=is_used)
    if weightless and any(_takes_weight(x) for x in (*written, *faults)):
        return ExplainedForces(None)
    refusal = next((x for x in faults if ROWS[x.candidate.fault].follows == "refused"), None)
    if refusal is not None:
        raise as_error(notes.findings[-1 - faults[::-1].index(refusal)])
    return _repaired(forces, written, faults, evidence, resting)


def _repaired(
    forces: ForceRecording,
    written: tuple[Suspect[ForceRecording], ...],
    faults: tuple[Suspect[ForceRecording], ...],
    evidence: ForceEvidence,
    resting: ForceRecording,
) -> ExplainedForces:
    """Forces without the faults that the sheet has written and that are undone."""
    weight = evidence.body_kg * GRAVITY
    undone = tuple(x for x in faults if ROWS[x.candidate.fault].follows == "undone")
    undone = _of_weight(undone, weight)
    left = evidence.lag(Explanation(undone, 0.0).undone(resting))
    repair = Explanation((*_of_weight(written, weight), *undone), 0.0)
    lag = sum(x.size for x in repair.suspects if x.candidate.fault == "force-clock")
    scopes = [x.candidate.scope for x in faults if ROWS[x.candidate.fault].follows == "left out"]
    left_out = tuple(number for number in forces.numbers if f"plate {number}" in scopes)
    return ExplainedForces(repair.undone(forces), lag, left, left_out)


def _without_stated(
    stated: StatedFaults,
    resting: ForceRecording,
    forces: ForceRecording,
    evidence: ForceEvidence,
    scales: Scales,
    notes: Notes,
) -> tuple[tuple[Suspect[ForceRecording], ...], ForceRecording]:
    """Faults that the sheet has stated, and forces without them."""
    by_body = evidence.body is not None
    written = stated.suspects(resting, evidence.disagreements, scales, by_body=by_body)
    written = _with_exact_lag(written, resting, evidence)
    for suspect in written:
        undone = suspect.candidate.undo(resting, suspect.size)
        before, after = evidence.disagreements(resting), evidence.disagreements(undone)
        _note_stated(suspect, before, after, scales, forces, notes)
        resting = undone
    return written, resting


def _takes_weight(suspect: Suspect[ForceRecording]) -> bool:
    """Tell whether forces were divided by body weight, so that newtons take the person's mass."""
    return bool(np.isfinite(ROWS[suspect.candidate.fault].per_weight))


def _of_weight(
    suspects: tuple[Suspect[ForceRecording], ...], weight: float
) -> tuple[Suspect[ForceRecording], ...]:
    """Faults of forces that were divided by body weight, with the person's, N."""
    return tuple(
        replace(x, candidate=of_weight(x.candidate, weight)) if _takes_weight(x) else x
        for x in suspects
    )


def _with_exact_lag(
    faults: tuple[Suspect[ForceRecording], ...], forces: ForceRecording, evidence: ForceEvidence
) -> tuple[Suspect[ForceRecording], ...]:
    """The faults, a lag as the vertical force on the body tells it, where it does."""
    undone = Explanation(faults, 0.0).undone(forces)
    left = evidence.lag(undone)
    return tuple(
        replace(suspect, size=suspect.size + left)
        if suspect.candidate.fault == "force-clock"
        and np.isfinite(left)
        and not np.isnan(suspect.sd)  # else the sheet states it
        else suspect
        for suspect in faults
    )


def _unresolved(
    explanations: Sequence[ForceExplanation], *, by_body: bool
) -> list[ForceExplanation]:
    """Explanations of which the evidence accepts none; empty where it accepts the first found.

    Feet alone show that forces are late, and not by how much.
    """
    best = explanations[0]
    rivals = [x for x in undecided(explanations) if x.suspects and not _alike(x, best)]
    if rivals and not all(suspect.is_usual for suspect in best.suspects):
        return [best, *rivals]
    if not by_body and (late := _clearly_late(explanations)) is not None:
        return [late]
    doubtful = unexplained(explanations)
    return [] if doubtful is None else [doubtful]


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


def _alike(first: ForceExplanation, second: ForceExplanation) -> bool:
    """Tell whether one explanation has the faults of the other and one more."""
    names = [_faults(x) for x in (first, second)]
    return names[0] <= names[1] or names[1] <= names[0]


def _faults(explanation: ForceExplanation) -> frozenset[str]:
    """Names of the faults of an explanation, those of usual sizes left out."""
    return frozenset(x.name for x in explanation.suspects if not x.is_usual)


def without_rest(forces: ForceRecording) -> ForceRecording:
    """Forces without the levels at which unloaded plates rest, whatever their unit and sign."""
    wrench = forces.wrench
    channels = np.concatenate((wrench.force, wrench.moment), axis=2)
    top = float(np.ptp(wrench.force[..., 1], axis=0).max(initial=0.0))
    count = max(int(RESTING_SHARE * len(channels)), 2)
    for plate in range(channels.shape[1]):
        vertical = channels[:, plate, 1]
        ordered = np.sort(vertical)
        if count > len(ordered):
            continue
        start = int(np.argmin(ordered[count - 1 :] - ordered[: len(ordered) - count + 1]))
        low, high = ordered[start], ordered[start + count - 1]
        if np.ptp(vertical) < MIN_LOAD_SHARE * top:
            channels[:, plate] = 0.0
        elif max(abs(low), abs(high)) < MAX_OFFSET_SHARE * np.abs(vertical).max(initial=0.0):
            resting = (vertical >= low) & (vertical <= high)
            channels[:, plate] -= channels[resting, plate].mean(axis=0)
    return replace(
        forces, wrench=replace(wrench, force=channels[..., :3], moment=channels[..., 3:])
    )


TURN_UNIT = "g m²/s per kg"

DIFFERS = "differs between markers and forces by"

STATEMENTS = MappingProxyType(
    {
        "path x": (f"the fore-aft path of the centre of mass {DIFFERS}", "mm"),
        "path y": (f"the vertical path of the centre of mass {DIFFERS}", "mm"),
        "path z": (f"the sideways path of the centre of mass {DIFFERS}", "mm"),
        "turn x": (f"angular momentum about the fore-aft axis {DIFFERS}", TURN_UNIT),
        "turn y": (f"angular momentum about the vertical {DIFFERS}", TURN_UNIT),
        "turn z": (f"angular momentum about the sideways axis {DIFFERS}", TURN_UNIT),
        "pressure": ("the centre of pressure lies beside the feet by", "mm"),
        "place along": ("the centre of pressure varies along the feet by", "mm"),
        "place across": ("the centre of pressure varies across the feet by", "mm"),
        "free moment": ("the free moment over the force is", "mm"),
        "travel": ("the centre of pressure moves under a foot less than usual, by a factor of", ""),
        "impulses": ("impulses of the contacts differ by a factor of", ""),
        "peaks": ("the largest forces of the plates differ by a factor of", ""),
        "mass": ("the body mass by forces is off by a factor of", ""),
        "stray": ("of the loads lie under no foot", "%"),
        "middles": ("the middle of a contact differs between forces and foot markers by", "ms"),
        "aloft": ("of the force acts while no foot stands", "%"),
        "pull": ("of the force pulls the runner down", "%"),
    }
)  # fmt: skip
"""Words and unit of a disagreement by redundancy."""

LOGARITHMS = frozenset({"mass", "travel", "impulses", "peaks"})
"""Redundancies whose sizes are natural logarithms of factors."""

FACTORS = MappingProxyType({"mm": 1e3, "ms": 1e3, "%": 1e2, TURN_UNIT: 1e3, "": 1.0})


def _surprise(values: FloatArray, name: str, scales: Scales) -> float:
    return float(np.log1p((values / scales[name].scale) ** 2).mean()) if len(values) else 0.0


def _stated(values: FloatArray, name: str) -> str:
    """Size of a disagreement with its unit."""
    unit, size = STATEMENTS[name][1], float(np.sqrt(np.mean(values**2)))
    size = float(np.exp(size)) if name in LOGARITHMS else FACTORS[unit] * size
    return f"{_rounded(size)}{'' if unit == '%' else ' '}{unit}".strip()


def _disagreement(values: FloatArray, name: str) -> str:
    """Words for what disagrees in a recording as it is."""
    words, unit = STATEMENTS[name]
    stated = _stated(values, name)
    return f"{stated} {words}" if unit == "%" else f"{words} {stated}"


def _agreement(
    before: Disagreements, after: Disagreements, scales: Scales, *, loses: bool = False
) -> str:
    """Words for the redundancy that gains most by undoing a fault, or ``loses`` most; or none."""
    shared = [name for name in before if name in after and name in STATEMENTS]
    if not shared:
        return ""
    way = -1.0 if loses else 1.0
    name = max(
        shared,
        key=lambda x: way * (_surprise(before[x], x, scales) - _surprise(after[x], x, scales)),
    )
    left = _stated(after[name], name)
    return f"as recorded, {_disagreement(before[name], name)}; with that undone, {left}"


def _rounded(number: float) -> str:
    """A size to whole numbers, or to two digits where it is small."""
    return f"{number:.0f}" if number >= 10.0 else f"{number:.2g}" if number >= 0.05 else "0"


def _error(sd: float) -> str:
    """A standard deviation in words; nothing where there is none."""
    return f" ± {sd:.0f}" if np.isfinite(sd) else ""


def _size_words(suspect: Suspect[ForceRecording]) -> str:
    """Size of a fault with its error, as the words of its row need it."""
    size, sd, fault = suspect.size, suspect.sd, suspect.candidate.fault
    if fault == "force-clock":
        return f"{1e3 * abs(size):.0f}{_error(1e3 * sd)} ms {'late' if size > 0.0 else 'early'}"
    if fault == "force-rate":
        return f"{abs(size):.1%} {'faster' if size > 0.0 else 'slower'}"
    if fault == "force-gain":
        way = "large" if size > 0.0 else "small"
        return f"{np.exp(size):.2g} times what they should be: too {way}"
    if fault == "plate-turned":
        return f"{np.degrees(abs(size)):.0f}{_error(np.degrees(sd))} degrees"
    ways = ("farther forward", "farther back") if fault == "plate-along" else (
        "farther to the right", "farther to the left"
    )  # fmt: skip
    return f"{1e3 * abs(size):.0f}{_error(1e3 * sd)} mm {ways[0 if size > 0.0 else 1]}"


def fault_words(suspect: Suspect[ForceRecording]) -> str:
    """A fault with its size, as users would say it."""
    words = ROWS[suspect.candidate.fault].words
    return words.format(size=_size_words(suspect)) if "{size}" in words else words


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
        "not used": " The body mass is not known: the forces are not used.",
        "left out": " The plate is left out.",
        "refused": " All velocities would be wrong: the trial is left out.",
    }
)
"""What follows from a fault, in words."""

SEVERITIES: Mapping[str, Severity] = MappingProxyType({"plates-action": "info"})
"""Of faults that are rather a convention."""


def _note(
    suspect: Suspect[ForceRecording],
    agreement: str,
    forces: ForceRecording,
    notes: Notes,
    *,
    is_used: bool,
) -> None:
    row = ROWS[suspect.candidate.fault]
    place = _place(suspect.candidate.scope, forces)
    follows = row.follows if is_used else "not used"
    notes.add(
        row.rule or row.name,
        SEVERITIES.get(row.name, "error" if row.follows == "refused" else "warning"),
        f"{fault_words(suspect)} ({place}): {agreement}." + CONSEQUENCES[follows],
        number=None if np.isnan(suspect.size) else suspect.size,
        unit="" if suspect.candidate.sizes is None else suspect.candidate.sizes.unit,
        where=place,
        label="" if suspect.candidate.scope == "all" else suspect.candidate.scope.split()[-1],
        fix=row.fix if is_used else MASS_FIX,
        forces=True,
    )


def _note_stated(
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
    agreement = _agreement(before, after, scales, loses=against)
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


def _note_as_recorded(
    best: ForceExplanation,
    forces: ForceRecording,
    notes: Notes,
    written: Sequence[Suspect[ForceRecording]],
) -> None:
    """Note that nothing (else) is undone because the sheet says so, and what would have been."""
    faults = _in_words([x for x in best.suspects if not x.is_usual], forces)
    other = " else" if written else ""
    notes.add(
        "forces-as-recorded",
        "info",
        f"the sheet says that nothing{other} is wrong with the forces: they are used as recorded"
        + (" but for that" if written else "")
        + (f". The search finds otherwise: {faults}." if faults else ", and the search agrees."),
        forces=True,
    )


def _note_undecided(
    near: Sequence[ForceExplanation],
    worst: str,
    forces: ForceRecording,
    notes: Notes,
    stated: StatedFaults,
) -> None:
    """Note explanations that the evidence does not tell apart, or one that leaves too much."""
    options = [_in_words(explanation.suspects, forces) for explanation in near]
    cells = [*([*map(statement, x.suspects)] for x in near), [AS_RECORDED]]
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


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


MAX_LISTED = 5
"""Explanations of a trial that are listed, at most."""

MAX_LISTED_LOG_ODDS = 2.0 * MIN_LOG_ODDS
"""Those that are this much less probable than the best one are listed even if "sound" is more
probable than they are."""

MIN_LISTED_EVIDENCE = 1.0
"""Logarithm of how much more probable an explanation makes the recording than those with fewer
faults do, the rarity of all apart: below, nothing in the recording speaks for what it adds."""


def _explains_more(explanation: ForceExplanation, explanations: Sequence[ForceExplanation]) -> bool:
    """Tell whether the recording speaks for all that an explanation adds to others."""

    def left(x: ForceExplanation) -> float:
        return x.improbability - sum(y.candidate.rarity + y.price for y in x.suspects)

    fewer = [left(x) for x in explanations if _faults(x) < _faults(explanation)]
    return not fewer or left(explanation) < min(fewer) - MIN_LISTED_EVIDENCE


def _note_considered(
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
    sound = next(x.improbability for x in explanations if not x.suspects)
    ordered = sorted(explanations, key=lambda x: x.improbability)
    limit = max(sound, ordered[0].improbability + MAX_LISTED_LOG_ODDS)
    others = [x for x in ordered if x.improbability < limit and _explains_more(x, explanations)]
    listed = dict[frozenset[str], ForceExplanation]()
    for explanation in [*([x for x in ordered if x in near] or explanations[:1]), *others]:
        listed.setdefault(_faults(explanation), explanation)
    for rank, explanation in enumerate([*listed.values()][:MAX_LISTED], 1):
        is_accepted = rank == 1 and not near
        is_near = _faults(explanation) in [_faults(x) for x in near]
        usual = [x for x in explanation.suspects if x.is_usual]
        faults = [x for x in explanation.suspects if not x.is_usual]
        faults = [*accepted] if is_accepted else faults
        words, suspects = _in_words(faults, forces) or "sound", faults or usual
        if usual:
            words += f"; usual in laboratories: {_in_words(usual, forces)}"
        size, sd, unit = float("nan"), float("nan"), ""
        if len(suspects) == 1 and (sizes := suspects[0].candidate.sizes) is not None:
            size, sd, unit = suspects[0].size, suspects[0].sd, sizes.unit
        notes.considered.append(
            Considered(
                rank=rank,
                explanation=words,
                fault="; ".join(x.candidate.fault for x in faults) or None,
                plates="; ".join(_place(x.candidate.scope, forces) for x in suspects) or None,
                size=_finite(size),
                size_sd=_finite(sd),
                unit=unit or None,
                log_odds=_finite(sound - explanation.improbability),
                evidence=agreement(*faults, *usual) if suspects else None,
                verdict="accepted" if is_accepted else "near" if is_near else "considered",
            )
        )
