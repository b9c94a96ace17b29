"""What is wrong with the forces of a trial: the search, its repair, and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import numpy as np

from aqbio.body.statements import as_error
from aqbio.errors import Severity
from aqbio.io.recording import ForceRecording
from aqbio.prepare.explanations import (
    Disagreements,
    Explanation,
    Scales,
    Suspect,
    people_scales,
    search,
    undecided,
    unexplained,
)
from aqbio.prepare.force_evidence import ForceEvidence, averaged
from aqbio.prepare.force_faults import FORCE_FAULTS, force_candidates
from aqbio.prepare.notes import Notes
from aqbio.vectors import BoolArray, FloatArray

ForceExplanation = Explanation[ForceRecording]

ROWS = MappingProxyType({fault.name: fault for fault in FORCE_FAULTS})

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
    explanations: tuple[ForceExplanation, ...]
    """The accepted one first."""
    lag: float = 0.0
    """By which they were made earlier, s."""
    lag_left: float = float("nan")
    """Lag behind the body that is left, s; NaN where it is unknown."""
    used: BoolArray = field(default_factory=lambda: np.ones(0, dtype=np.bool_))
    """(P,) array: plates that are not left out."""


NOT_EXPLAINED = ExplainedForces(None, ())
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
    forces: ForceRecording, evidence: ForceEvidence, speed: float, notes: Notes
) -> ExplainedForces:
    """Look for what is wrong with forces, undo it, and say so.

    Two explanations that are near each other are both named, and nothing is undone: the forces are
    not used. ``speed`` of the run, m/s, NaN where unknown, chooses the people to compare with.
    """
    if not len(forces.numbers):
        return NOT_EXPLAINED
    scales, resting = people_scales(speed), without_rest(averaged(forces))
    candidates = partial(force_candidates, by_body=evidence.body is not None)
    found = search(resting, evidence.disagreements, candidates, scales)
    best, before = found[0], evidence.disagreements(resting)
    faults = tuple(suspect for suspect in best.suspects if not suspect.is_usual)
    name = max(before, key=lambda x: _surprise(before[x], x, scales), default="")
    worst = _disagreement(before[name], name) if name else ""
    rivals = [x for x in undecided(found) if x.suspects and not _alike(x, best)]
    if faults and rivals:
        _note_undecided([best, *rivals], worst, forces, notes)
        return ExplainedForces(None, tuple(found))
    if (doubtful := unexplained(found)) is not None:
        _note_undecided([doubtful], worst, forces, notes)
        return ExplainedForces(None, tuple(found))
    faults = _with_exact_lag(faults, resting, evidence)
    for suspect in faults:
        after = evidence.disagreements(suspect.candidate.undo(resting, suspect.size))
        _note(suspect, _agreement(before, after, scales), forces, notes)
    refusal = next((x for x in faults if ROWS[x.candidate.fault].follows == "refused"), None)
    if refusal is not None:
        raise as_error(notes.findings[-1 - faults[::-1].index(refusal)])
    repaired = [x for x in faults if ROWS[x.candidate.fault].follows == "undone"]
    repair = Explanation(tuple(repaired), best.improbability)
    lag = sum(x.size for x in repaired if x.candidate.fault == "force-clock")
    left = evidence.lag(repair.undone(resting))
    scopes = [x.candidate.scope for x in faults if ROWS[x.candidate.fault].follows == "left out"]
    used = np.array([f"plate {number}" not in scopes for number in forces.numbers])
    return ExplainedForces(repair.undone(forces), tuple(found), lag, left, used)


def _with_exact_lag(
    faults: tuple[Suspect[ForceRecording], ...], forces: ForceRecording, evidence: ForceEvidence
) -> tuple[Suspect[ForceRecording], ...]:
    """The faults, a lag as the vertical force on the body tells it, where it does."""
    undone = Explanation(faults, 0.0).undone(forces)
    left = evidence.lag(undone)
    return tuple(
        replace(suspect, size=suspect.size + left)
        if suspect.candidate.fault == "force-clock" and np.isfinite(left)
        else suspect
        for suspect in faults
    )


def _alike(first: ForceExplanation, second: ForceExplanation) -> bool:
    """Tell whether one explanation has the faults of the other and one more."""
    names = [
        {suspect.name for suspect in x.suspects if not suspect.is_usual} for x in (first, second)
    ]
    return names[0] <= names[1] or names[1] <= names[0]


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

STATEMENTS = MappingProxyType(
    {
        "path x": ("fore-aft path of the body and forces part by", "mm"),
        "path y": ("vertical path of the body and forces part by", "mm"),
        "path z": ("sideways path of the body and forces part by", "mm"),
        "turn x": ("angular momentum about the fore-aft axis and forces part by", TURN_UNIT),
        "turn y": ("angular momentum about the vertical and forces part by", TURN_UNIT),
        "turn z": ("angular momentum about the sideways axis and forces part by", TURN_UNIT),
        "pressure": ("the centre of pressure lies beside the feet by", "mm"),
        "place along": ("places of pressure under the feet differ along them by", "mm"),
        "place across": ("places of pressure under the feet differ across them by", "mm"),
        "free moment": ("the free moment over the force is", "mm"),
        "travel": ("the way of the pressure under a foot is shorter than usual by a factor of", ""),
        "impulses": ("impulses of the contacts differ by a factor of", ""),
        "peaks": ("largest forces of the plates differ by a factor of", ""),
        "mass": ("the body mass over 70 kg, or 70 kg over it, is a factor of", ""),
        "nobody": ("of the loads lie under no foot", "%"),
        "middles": ("middles of contacts by forces and by foot markers part by", "ms"),
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


def _agreement(before: Disagreements, after: Disagreements, scales: Scales) -> str:
    """Words for the redundancy that gains most: as recorded, and with a fault undone."""
    shared = [name for name in before if name in after and name in STATEMENTS]
    name = max(
        shared, key=lambda x: _surprise(before[x], x, scales) - _surprise(after[x], x, scales)
    )
    left = _stated(after[name], name)
    return f"as recorded, {_disagreement(before[name], name)}; with that undone, {left}"


def _rounded(number: float) -> str:
    """A size to whole numbers, or to two digits where it is small."""
    return f"{number:.0f}" if number >= 10.0 else f"{number:.2g}" if number >= 0.05 else "0"


def _size_words(suspect: Suspect[ForceRecording]) -> str:
    """Size of a fault with its error, as the words of its row need it."""
    size, sd, fault = suspect.size, suspect.sd, suspect.candidate.fault
    if fault == "force-clock":
        error = f" ± {1e3 * sd:.0f}" if np.isfinite(sd) else ""
        return f"{1e3 * abs(size):.0f}{error} ms {'late' if size > 0.0 else 'early'}"
    if fault == "force-rate":
        return f"{abs(size):.1%} {'faster' if size > 0.0 else 'slower'}"
    if fault == "force-gain":
        way = "large" if size > 0.0 else "small"
        return f"{np.exp(size):.2g} times what they should be: too {way}"
    if fault == "plate-turned":
        return f"{np.degrees(abs(size)):.0f} ± {np.degrees(sd):.0f} degrees"
    ways = ("farther forward", "farther back") if fault == "plate-along" else (
        "farther to the right", "farther to the left"
    )  # fmt: skip
    return f"{1e3 * abs(size):.0f} ± {1e3 * sd:.0f} mm {ways[0 if size > 0.0 else 1]}"


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


CONSEQUENCES = MappingProxyType(
    {
        "undone": " It is undone.",
        "kept": " The forces are used as they are.",
        "left out": " The plate is left out.",
        "refused": " All velocities would be wrong: the trial is left out.",
    }
)
"""What follows from a fault, in words."""

SEVERITIES: Mapping[str, Severity] = MappingProxyType({"plates-action": "info"})
"""Of faults that are rather a convention."""


def _note(
    suspect: Suspect[ForceRecording], agreement: str, forces: ForceRecording, notes: Notes
) -> None:
    row = ROWS[suspect.candidate.fault]
    place = _place(suspect.candidate.scope, forces)
    notes.add(
        row.rule or row.name,
        SEVERITIES.get(row.name, "error" if row.follows == "refused" else "warning"),
        f"{fault_words(suspect)} ({place}): {agreement}." + CONSEQUENCES[row.follows],
        number=None if np.isnan(suspect.size) else suspect.size,
        unit="" if suspect.candidate.sizes is None else suspect.candidate.sizes.unit,
        where=place,
        label="" if suspect.candidate.scope == "all" else suspect.candidate.scope.split()[-1],
        fix=row.fix,
        forces=True,
    )


def _note_undecided(
    near: Sequence[ForceExplanation], worst: str, forces: ForceRecording, notes: Notes
) -> None:
    """Note explanations that the evidence does not tell apart, or one that leaves too much."""
    options = [
        " and ".join(
            f"{fault_words(x)} ({_place(x.candidate.scope, forces)})" for x in explanation.suspects
        )
        for explanation in near
    ]
    options += ["something that explains more than that"] if len(near) == 1 else []
    notes.add(
        "forces-undecided",
        "error",
        f"something is wrong with the forces: {worst}. It is not decided why: "
        f"{'; or '.join(options)}. The forces are not used.",
        number=float(len(options)),
        unit="explanations",
        fix="look at the export of the forces; column fix of the trials' sheet takes the one that "
        "is right.",
        forces=True,
    )
