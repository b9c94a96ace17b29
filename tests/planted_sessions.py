"""Faults of a session, planted by what undoes them; another person's body, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from aqbio.prepare.explanations import MAX_USUAL_RATIO, kind_of
from aqbio.prepare.session import Session, limb_of
from aqbio.prepare.session_faults import LIMB, SESSION_FAULTS, SHEET, SessionFault, Where, scopes_of

PLANTED_RATIOS = (1.5, -2.5, 5.0)
"""Sizes that are planted, over the largest one that laboratories have."""

PERSON_SD, LIMB_SD, PLACING_SD, MASS_SD = 0.05, 0.03, 0.05, 0.12
"""Between two people of one sex: of stature, of a limb over stature, of where markers are put over
the distance between two of them, of body mass; logarithms."""

LEAST_PERSON = 0.03
"""Logarithm by which the stature of another person differs at least: else nobody can tell."""


def planted(
    fault: SessionFault, session: Session, where: Where, size: float, rng: np.random.Generator
) -> Session:
    """A session with a fault of some size; of one without a size as another draw."""
    if fault.name == "mass-pounds":
        return replace(session, sheet_kg=session.sheet_kg / 0.45359237)
    if fault.sizes is not None:
        return fault.undo(session, where, -size)
    distances, masses, statures = session.distances, session.masses.copy(), session.statures.copy()
    logs = distances.logs.copy()
    person = rng.choice([-1.0, 1.0]) * (LEAST_PERSON + abs(rng.normal(0.0, PERSON_SD)))
    own = rng.normal(0.0, 1.0, len(session.distances.part))
    limbs = rng.normal(0.0, LIMB_SD, len(session.distances.parts))
    changed = person + limbs[session.distances.part] + PLACING_SD * own
    on = where.parts[session.distances.part]
    logs[np.ix_(where.trials, on)] += changed[on]
    if fault.name == "another-person":
        masses[where.trials] *= np.exp(2.0 * person + rng.normal(0.0, MASS_SD))
        statures[where.trials] *= np.exp(person)
    return replace(
        session, distances=replace(distances, logs=logs), masses=masses, statures=statures
    )


def planted_sizes(fault: SessionFault) -> tuple[float, ...]:
    """Sizes of a row that are planted; three draws of one without."""
    if fault.name == "mass-pounds":
        return (float("nan"),)
    if fault.sizes is None:
        return (float("nan"),) * 3
    return tuple(ratio * MAX_USUAL_RATIO * fault.sizes.usual for ratio in PLANTED_RATIOS)


def plants(session: Session) -> Iterator[tuple[SessionFault, str, Where, float]]:
    """Rows with scope and size, as they are planted: a first, a middle and a last scope."""
    for fault in SESSION_FAULTS:
        offered = [(words, where) for words, where, _ in scopes_of(fault, session)]
        shown = [x for x in offered if shows(fault, session, x[1])]
        for words, where in {x[0]: x for x in (shown[:1] + shown[len(shown) // 2 :][:1])}.values():
            for size in planted_sizes(fault):
                yield fault, words, where, size


def shows(fault: SessionFault, session: Session, where: Where) -> bool:
    """Tell whether a session has a redundancy in which a fault at a place may show."""
    names = session.disagreements().keys()
    trials = np.array(session.trials)[where.trials]
    if fault.scope == SHEET:
        return any(kind_of(name) in fault.shows for name in names)
    if fault.name.startswith("plate-") and not where.contacts(session).any():
        return False
    if fault.scope == LIMB:
        [part] = np.flatnonzero(where.parts)
        limb = limb_of(session.distances.parts[int(part)])
        return any(session.distances.compared[np.ix_(where.trials, [part])].ravel()) and bool(limb)
    return any(kind_of(name) in fault.shows and name.endswith(tuple(trials)) for name in names)
