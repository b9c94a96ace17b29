"""Table of what can be wrong with the recordings of a person together, and what undoes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import exp, log, nan
from types import MappingProxyType
from typing import Literal

import numpy as np

from aqbio.prepare.explanations import (
    ALL,
    Candidate,
    Disagreements,
    Sizes,
    improbability,
    kind_of,
    people_scale,
)
from aqbio.prepare.session import DIRECTIONS, Session, factor, limb_of
from aqbio.vectors import BoolArray, FloatArray, finite_median, finite_medians

SHEET, RECORDING, LIMB, PLATE, PLATE_IN_TRIAL = "sheet", "recording", "limb", "plate", "file"
"""Scopes: the sheet; recordings; a limb in one of them; a plate in all of them, or in one."""

EACH_RARER = 3.0
"""Logarithm of how much rarer a fault is of each further recording."""

IN_ONE_FILE = 1.0
"""Logarithm of how much rarer a plate is moved in one file than in all."""


@dataclass(frozen=True, slots=True)
class Where:
    """Part of a session that has a fault."""

    trials: BoolArray
    """(N,) array."""
    parts: BoolArray
    """(P,) array. Parts of the body."""
    plate: int | None = None
    """Number of the plate; None of all."""

    def contacts(self, session: Session) -> BoolArray:
        """Contacts (S,) of the session that it has."""
        on_plate = self.plate is None or session.places.plate == self.plate
        return np.asarray(self.trials[session.places.trial] & on_plate)


Undo = Callable[[Session, Where, float], Session]


@dataclass(frozen=True, slots=True)
class SessionFault:
    """One kind of fault."""

    name: str
    words: str
    """What happened, as users would say it, with the place of its scope and its size."""
    rarity: float
    """Logarithm of how much rarer it is than no fault."""
    scope: str
    undo: Undo
    fix: str
    rule: str
    sizes: Sizes | None = None
    follows: Literal["undone", "left out", "moments", "trial"] = "trial"
    """``left out`` of recordings; moments or all numbers of the trial are not to be relied on."""
    shows: tuple[str, ...] = ()
    """Kinds of the redundancies in which it shows."""
    explains: tuple[str, ...] = ()
    """Findings of single trials that follow from it."""
    frees: tuple[str, ...] = ()
    """Kinds of redundancies that say nothing of what is another person's."""


def _retyped_mass(session: Session, _: Where, size: float) -> Session:
    return replace(session, sheet_kg=session.sheet_kg * exp(-size))


def _in_pounds(session: Session, _: Where, __: float) -> Session:
    return replace(session, sheet_kg=session.sheet_kg * POUND_KG)


def _retyped_stature(session: Session, _: Where, size: float) -> Session:
    return replace(session, sheet_m=session.sheet_m * exp(-size))


def _regained(session: Session, where: Where, size: float) -> Session:
    factors = np.where(where.trials, exp(-size), 1.0)
    return replace(session, masses=session.masses * factors, peaks=session.peaks * factors)


def _another_person(session: Session, where: Where, _: float) -> Session:
    apart = session.distances.apart | np.outer(where.trials, where.parts)
    return replace(session, distances=replace(session.distances, apart=apart))


def _scaled(session: Session, where: Where, size: float) -> Session:
    """Markers of recordings without a factor, about the origin of the laboratory."""
    distances = session.distances
    logs = distances.logs - np.where(where.trials, size, 0.0)[:, None]
    distances = replace(distances, logs=logs)
    statures = session.statures * np.where(where.trials, exp(-size), 1.0)
    on, places = where.contacts(session)[:, None], session.places
    if on.any():
        place = places.place + np.where(on, (1.0 - exp(-size)) * places.toes, 0.0)
        toes = places.toes * np.where(on, exp(-size), 1.0)
        places = replace(places, place=place, toes=toes)
    return replace(session, distances=distances, statures=statures, places=places)


def _moved(direction: int) -> Undo:
    def undo(session: Session, where: Where, size: float) -> Session:
        places = session.places.moved(where.contacts(session), direction, -size)
        return replace(session, places=places)

    return undo


POUND_KG = 0.45359237

FACTORS = (0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.6, 2.3, 4.6, 6.9)
LOGARITHMS = (*(-x for x in reversed(FACTORS)), 0.0, *FACTORS)


def _factor_sizes(usual: float) -> Sizes:
    """Natural logarithms of factors."""
    return Sizes(
        LOGARITHMS, usual, "", far_excess=0.0, written="times", to_written=exp, from_written=log
    )


def _place_sizes(kind: str) -> Sizes:
    """Places, m: plates are surveyed to some millimetres.

    Where feet press on them differs by more, and is the same in all contacts.
    """
    grid = tuple(np.round(np.arange(-0.28, 0.2801, 0.04), 3))
    return Sizes(grid, 0.006, "m", far_excess=0.0, apparent=people_scale(kind, np.inf).scale)


PLATE_PLACES, TRIAL_PLACES = (
    tuple(_place_sizes(f"{scope} {direction}") for direction in DIRECTIONS)
    for scope in ("plate", "trial")
)
"""Along and across: of one plate, and of all of a trial."""

SHEET_FIX = (
    "correct the sheet of participants; yes in its column mass_confirmed keeps what it says."
)
PERSON_FIX = (
    "correct participant_id or file of {place} in the sheet of trials, or make it a session of its "
    "own; where it is neither, write “as recorded” into column fix of {place}."
)
PLATE_FIX = (
    "check origin and corners of the plate in the capture software, or list it in "
    "laboratory.ignore_plates."
)
LENGTHS = tuple(
    f"{kind} {limb}" for kind in ("length", "placing") for limb in ("leg", "arm", "trunk")
)

PLATES_GAIN = "plates-gain"
"""Row of forces that are too large or too small in some recordings."""

PLATES_SHOW = MappingProxyType(
    {"along": ("trial along",), "across": ("trial across", "plate across", "belt across")}
)
"""Redundancies in which plates that all lie elsewhere show: across, pressure is too far outwards
under the feet of one side, and too far inwards under those of the other."""

OF_ALL = (PLATES_GAIN, "markers-scale", "plates-across")
"""Rows that may be of all recordings: one of them alone shows it."""

SESSION_FAULTS: tuple[SessionFault, ...] = (
    SessionFault(
        "mass-typed", "the body mass of the sheet is {size}", 3.0, SHEET, _retyped_mass, SHEET_FIX,
        "mass-disagreement", _factor_sizes(0.005), "undone", ("weighing", "index", "peak"),
    ),
    SessionFault(
        "mass-pounds", "the body mass of the sheet is in pounds", 4.0, SHEET, _in_pounds,
        SHEET_FIX, "mass-disagreement", None, "undone", ("weighing", "index", "peak"),
    ),
    SessionFault(
        PLATES_GAIN, "the forces of {place} are {size}", 4.0, RECORDING, _regained,
        "check the calibration of the plates; where they are right, correct the sheet.",
        "mass-disagreement", _factor_sizes(0.005), "trial", ("weighing", "index", "peak"),
    ),
    SessionFault(
        "stature-typed", "the stature of the sheet is {size}", 3.0, SHEET, _retyped_stature,
        "correct height_m in the sheet of participants.",
        "height-implausible", _factor_sizes(0.01), "trial", ("stature", "index"),
    ),
    SessionFault(
        "another-person", "{place} {is} of another person, or the markers were put on again", 3.0,
        RECORDING, _another_person, PERSON_FIX, "another-person", follows="left out",
        shows=(*LENGTHS, "weighing"), frees=(*LENGTHS, "weighing"),
    ),
    SessionFault(
        "another-limb", "the markers of the {place} are another person's, or were put on again",
        5.0, LIMB, _another_person, PERSON_FIX, "another-person", follows="left out",
        shows=LENGTHS, frees=LENGTHS,
    ),
    SessionFault(
        "markers-scale", "the markers of {place} are {size}", 3.0, RECORDING, _scaled,
        "correct the unit of the markers, or the scale of the calibration, and export again.",
        "markers-scale", _factor_sizes(0.004), "trial", (*LENGTHS, "plate along", "plate across"),
        ("plate-misplaced",),
    ),
    *(
        SessionFault(
            f"plate-{direction}", "{place} lies {size} than the feet press on it", 2.0, scope,
            _moved(axis), PLATE_FIX, "plate-misplaced", PLATE_PLACES[axis], "moments",
            (f"plate {direction}", f"belt {direction}"),
        )
        for axis, direction in enumerate(DIRECTIONS)
        for scope in (PLATE, PLATE_IN_TRIAL)
    ),
    *(
        SessionFault(
            f"plates-{direction}", "the plates of {place} lie {size} than the feet press on them",
            3.0, RECORDING, _moved(axis),
            "compare origin and corners of the plates in the files of these trials, and export "
            "again.",
            "plate-misplaced", TRIAL_PLACES[axis], "moments", PLATES_SHOW[direction],
        )
        for axis, direction in enumerate(DIRECTIONS)
    ),
)  # fmt: skip
"""Rows of the table; a new fault is one more."""

ROWS = MappingProxyType({fault.name: fault for fault in SESSION_FAULTS})

PLACE_FAULTS = frozenset(fault.name for fault in SESSION_FAULTS if fault.rule == "plate-misplaced")
"""Rows of displaced plates."""


def session_candidates(
    session: Session, *, confirmed: bool = False, kept: frozenset[str] = frozenset()
) -> Iterator[Candidate[Session]]:
    """Every row of the table on every scope that a session has.

    None of the sheet's mass where that is ``confirmed``, and none of the recordings that the sheet
    says are right (``kept``). Lengths are compared between recordings: what is wrong with one
    shows in the others.
    """
    names = session.disagreements()
    for fault in SESSION_FAULTS:
        if fault.scope == SHEET and not _stated(fault, session, confirmed=confirmed):
            continue
        for words, where, rarer in scopes_of(fault, session):
            if fault.scope != SHEET and kept & {*np.array(session.trials)[where.trials].tolist()}:
                continue
            places = {"", *np.array(session.trials)[where.trials].tolist()}
            shows = [
                name
                for name in names
                if kind_of(name) in fault.shows
                and (kind_of(name) in LENGTHS or name.partition(" of ")[2] in places)
            ]
            if not shows:
                continue
            freed = _freed(fault, session, where)
            rarity = fault.rarity + rarer + freed
            sizes = None if fault.sizes is None else _with_shown(fault.sizes, names, shows)
            yield Candidate(
                fault.name, words, rarity, _at(fault.undo, where), sizes, frozenset(shows), freed
            )


def _with_shown(sizes: Sizes, disagreements: Disagreements, shows: Iterable[str]) -> Sizes:
    """Sizes of factors with those at which what they show in vanishes: alone, or in one of two.

    Masses that differ by a factor agree in a valley that is far narrower than any grid.
    """
    if sizes.unit:
        return sizes
    largest = [float(disagreements[name].max()) for name in shows]
    grid = [*sizes.grid]
    for shown in (way * share * x for x in largest for share in (1.0, 2.0) for way in (-1.0, 1.0)):
        if min(abs(shown - size) for size in grid) > sizes.usual:
            grid.append(shown)
    return replace(sizes, grid=tuple(sorted(grid)))


def _stated(fault: SessionFault, session: Session, *, confirmed: bool) -> bool:
    """Tell whether the sheet says, without confirming it, what a fault is about."""
    if fault.rule == "mass-disagreement":
        return bool(np.isfinite(session.sheet_kg)) and not confirmed
    return bool(np.isfinite(session.sheet_m))


def _at(undo: Undo, where: Where) -> Callable[[Session, float], Session]:
    return lambda session, size: undo(session, where, size)


def scopes_of(fault: SessionFault, session: Session) -> Iterator[tuple[str, Where, float]]:
    """Places in words, and how much rarer the fault is there."""
    count, parts = len(session.trials), np.ones(len(session.distances.parts), np.bool_)
    each = [np.arange(count) == index for index in range(count)]
    everything = Where(np.ones(count, np.bool_), parts)
    if fault.scope == SHEET:
        yield "sheet", everything, 0.0
    elif fault.scope == RECORDING:
        for trials in (*each, *_clusters(session)):
            if len(parts) or fault.name.startswith("plates"):
                yield (
                    words_of(session, trials),
                    Where(trials, parts),
                    EACH_RARER * (trials.sum() - 1),
                )
        if fault.name in OF_ALL and len(_shown_in(fault, session)) > 1:
            yield ALL, everything, 2.0 * EACH_RARER
    elif fault.scope == LIMB:
        for index, part in enumerate(session.distances.parts):
            if limb_of(part) != "trunk":
                limb, only = " ".join(part.split("_")[::-1]), np.arange(len(parts)) == index
                for trials in each:
                    yield f"{limb} of {words_of(session, trials)}", Where(trials, only), 0.0
    else:
        on, numbers = session.places, np.unique(session.places.plate).tolist()
        for number in numbers:
            stepped = np.unique(on.trial[on.plate == number])
            if fault.scope == PLATE:
                yield f"plate {number}", replace(everything, plate=number), 0.0
            elif len(stepped) > 1:
                for index in stepped:
                    words = f"plate {number} of {session.trials[index]}"
                    yield words, Where(each[index], parts, number), IN_ONE_FILE


def _shown_in(fault: SessionFault, session: Session) -> set[str]:
    """Recordings in which a fault shows: of all of them it is one of the only one that does."""
    names = (name.partition(" of ") for name in session.disagreements())
    return {trial for kind, _, trial in names if trial and kind_of(kind) in fault.shows}


def words_of(session: Session, trials: BoolArray) -> str:
    """Names of recordings."""
    names = np.array(session.trials)[trials].tolist()
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _clusters(session: Session) -> list[BoolArray]:
    """The recordings (N,) on both sides of the clearest division, where both have several."""
    profiles = _profiles(session)
    if len(profiles) < 4:
        return []
    away = np.linalg.norm(profiles[:, None] - profiles, axis=2)
    first, second = np.unravel_index(int(np.argmax(away)), away.shape)
    near = away[:, first] < away[:, second]
    return [side for side in (near, ~near) if 1 < side.sum() < len(side) - 1]


def _profiles(session: Session) -> FloatArray:
    """Median logarithm (N, P) of the distances of every part, over what people's scatter by.

    0 where a part is not seen.
    """
    middle = session.distances.logs - finite_medians(session.distances.logs)
    profiles = np.zeros((len(session.trials), len(session.distances.parts)))
    for index, part in enumerate(session.distances.parts):
        of_part = finite_medians(middle[:, session.distances.part == index].T)
        profiles[:, index] = of_part / people_scale(f"length {limb_of(part)}", 0.0).scale
    return np.nan_to_num(profiles)


def _freed(fault: SessionFault, session: Session, where: Where) -> float:
    """Improbability of values that a fault says nothing of: as of parts of two people.

    These differ, but both are people. Without them the others agree better, which tells no more
    than it would if these agreed.
    """
    if not fault.frees:
        return 0.0

    def cost(kind: str, trial: int, size: float) -> float:
        usual = session.scale(kind, trial)
        apart = replace(usual, scale=usual.strange)
        left = improbability({kind: np.array([size])}, {kind: apart})
        return left + log(apart.scale / usual.scale)

    distances, others = session.distances, ~where.trials
    other_kg = finite_median(np.append(session.masses[others], session.sheet_kg))
    agreed = replace(
        session,
        distances=distances.agreeing(others),
        masses=np.where(others & np.isfinite(session.masses), other_kg, session.masses),
        sheet_kg=other_kg if np.isfinite(session.sheet_kg) else session.sheet_kg,
    )
    total = _told_by(fault, session, where) - _told_by(fault, agreed, where)
    for trial in np.flatnonzero(where.trials).tolist():
        for part in np.flatnonzero(where.parts & distances.compared[trial]).tolist():
            sizes = distances.from_others(trial, part, others)
            total += sum(
                cost(kind, trial, size)
                for kind, size in zip(distances.kinds(part), sizes, strict=True)
                if kind in fault.frees
            )
        if "weighing" in fault.frees and np.isfinite(session.masses[trial]):
            known = session.masses[trial] if np.isnan(other_kg) else other_kg
            total += cost("weighing", trial, factor(session.masses[trial], known))
    return total


def _told_by(fault: SessionFault, session: Session, where: Where) -> float:
    """Improbability that freeing what a fault frees takes off a session."""

    def left(session: Session) -> float:
        sizes = {x: y for x, y in session.disagreements().items() if kind_of(x) in fault.frees}
        return improbability(sizes, session.scales(sizes))

    return left(session) - left(fault.undo(session, where, nan))
