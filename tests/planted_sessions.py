"""Faults of a session, planted; another person's body, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from aqbio.prepare.session import Session

PERSON_SD, LIMB_SD, PLACING_SD, MASS_SD = 0.05, 0.03, 0.05, 0.12
"""Between two people of one sex: of stature, of a limb over stature, of where markers are put over
the distance between two of them, of body mass; logarithms."""

LEAST_PERSON = 0.03
"""Logarithm by which the stature of another person differs at least: else nobody can tell."""

SCALES, MOVES_M, MASSES = (0.03, -0.05, 0.1), (0.06, 0.09), (1.2, 0.8, 2.20462)
"""Sizes that are planted: logarithms of scales, displacements, factors of masses."""


def planted(
    session: Session, fault: str, trial: str, size: float, rng: np.random.Generator
) -> Session:
    """A session with a fault (the rule of its remark) in a trial, or in the sheet without one."""
    row = np.array(session.trials) == trial
    lengths, masses = session.lengths.copy(), session.masses.copy()
    if fault == "mass-disagreement" and not trial:
        return replace(session, sheet_kg=size * session.sheet_kg)
    if fault == "mass-disagreement":
        masses[row] *= size
    elif fault == "markers-scale":
        lengths[row] *= np.exp(size)
    elif fault == "marker-moved":
        label = most_measured(session, row)
        on = np.array([label in ends for ends in session.ends])
        direction = rng.choice([-1.0, 1.0], on.sum()) * rng.uniform(0.5, 1.0, on.sum())
        lengths[np.ix_(row, on)] += size * direction
    else:
        person = rng.choice([-1.0, 1.0]) * (LEAST_PERSON + abs(rng.normal(0.0, PERSON_SD)))
        limbs = {part: rng.normal(0.0, LIMB_SD) for part in sorted({*session.parts})}
        placing = rng.normal(0.0, PLACING_SD, len(session.parts))
        lengths[row] *= np.exp(person + np.array([limbs[x] for x in session.parts]) + placing)
        masses[row] *= np.exp(2.0 * person + rng.normal(0.0, MASS_SD))
    return replace(session, lengths=lengths, masses=masses)


def most_measured(session: Session, row: np.ndarray) -> str:
    """Label with the most distances to others in a recording."""
    seen = np.isfinite(session.lengths[row]).any(axis=0)
    ends = [x for x, is_seen in zip(session.ends, seen, strict=True) if is_seen]
    labels = [label for pair in ends for label in pair]
    return max(sorted({*labels}), key=labels.count, default="")


def plants(session: Session) -> Iterator[tuple[str, str, float]]:
    """Fault, trial and size, as they are planted: in the first and a middle recording."""
    weighed = session.names(np.isfinite(session.masses))
    if np.isfinite(session.sheet_kg) and weighed:
        yield from (("mass-disagreement", "", size) for size in MASSES)
    for trial in weighed[-1:] if len(weighed) > 1 else ():
        yield from (("mass-disagreement", trial, size) for size in MASSES)
    for trial in dict.fromkeys((session.trials[0], session.trials[len(session.trials) // 2])):
        if len(session.trials) > 1:
            yield from (("markers-scale", trial, size) for size in SCALES)
            yield from (("marker-moved", trial, size) for size in MOVES_M)
            yield from (("another-person", trial, float("nan")) for _ in range(3))
