"""The grammar: which alterations suit which study, and the draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.alterations.angle_files import ANGLE_ALTERATIONS
from benchmarks.alterations.force_files import FORCE_ALTERATIONS
from benchmarks.alterations.hidden_markers import HIDDEN
from benchmarks.alterations.misplaced_markers import MISPLACED_MARKERS
from benchmarks.alterations.planted import Alteration, Planted
from benchmarks.alterations.statements import (
    ANGLE_STATEMENTS,
    MARKER_SET_STATEMENTS,
    STATEMENTS,
)
from benchmarks.alterations.study import MemoryStudy
from benchmarks.alterations.whole_recordings import TEXT_ALTERATIONS, WHOLE_RECORDINGS

MARKERS = (*HIDDEN, *MISPLACED_MARKERS, *WHOLE_RECORDINGS, *FORCE_ALTERATIONS, *STATEMENTS)
ALL = tuple(dict.fromkeys(
    (*MARKERS, *TEXT_ALTERATIONS, *MARKER_SET_STATEMENTS, *ANGLE_ALTERATIONS, *ANGLE_STATEMENTS)
))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Drawn:
    """One altered study.

    Attributes
    ----------
    number : int
    base : str
    study : MemoryStudy
    planted : Planted
    kind : str
        Name of the alteration.
    """

    number: int
    base: str
    study: MemoryStudy
    planted: Planted
    kind: str


def suits(alteration: Alteration, study: MemoryStudy) -> bool:
    """Whether a study has what is altered."""
    if study.form == "angles":
        return alteration in (*ANGLE_ALTERATIONS, *ANGLE_STATEMENTS, *FORCE_ALTERATIONS)
    if alteration in TEXT_ALTERATIONS:
        return study.form == "trc"
    if alteration in MARKER_SET_STATEMENTS:
        return study.marker_set is not None
    return alteration in MARKERS


def draws(seed: int, count: int, bases: Mapping[str, MemoryStudy]) -> list[Drawn]:
    """Draw alterations without putting them back; the bag is filled again when it is empty.

    Parameters
    ----------
    seed, count : int
        The first alterations of a seed do not depend on the count.
    bases : mapping from name to MemoryStudy
    """
    found: list[Drawn] = []
    bag: list[Alteration] = []
    for number in range(count):
        random = np.random.default_rng([seed, number])
        if not bag:
            order = np.random.default_rng([seed, 10_000 + number]).permutation(len(ALL))
            bag = [ALL[place] for place in order]
        alteration = bag.pop()
        name = str(random.choice([one for one, own in bases.items() if suits(alteration, own)]))
        study = bases[name].copy()
        planted = alteration(study, random)
        found.append(Drawn(number + 1, name, study, planted, alteration.__name__))
    return found
