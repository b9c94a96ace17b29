"""Rows of the table of faults: explanations of a recording that came near, by what was judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from aqbio.prepare.explanations import Explanation, Suspect, came_near
from aqbio.prepare.notes import About, Considered

Recorded = TypeVar("Recorded")


def finite(number: float) -> float | None:
    """A number, or None where it is not known."""
    return float(number) if np.isfinite(number) else None


@dataclass(frozen=True, slots=True)
class ExplanationWords(Generic[Recorded]):
    """Words of one search for its explanations."""

    about: About
    faults: Callable[[Sequence[Suspect[Recorded]]], str]
    """Faults with their places and sizes; empty without any."""
    place: Callable[[str], str]
    """Words for a scope."""
    agreement: Callable[..., str]
    """What speaks most for faults that are undone together."""


def considered_rows(
    explanations: Sequence[Explanation[Recorded]],
    near: Sequence[Explanation[Recorded]],
    words: ExplanationWords[Recorded],
    accepted: Sequence[Suspect[Recorded]] | None = None,
) -> Iterator[Considered]:
    """Explanations that came near; of those with the same faults the most probable one.

    ``accepted`` faults of the first one (those of unusual sizes where not given), unless those of
    which none is accepted are ``near``.
    """
    sound = next(x.improbability for x in explanations if not x.suspects)
    for rank, explanation in enumerate(came_near(explanations, near), 1):
        is_accepted = rank == 1 and not near
        is_near = explanation.faults in [x.faults for x in near]
        usual = [x for x in explanation.suspects if x.is_usual]
        faults = [*explanation.unusual]
        if is_accepted and accepted is not None:
            faults = [*accepted]
        told, suspects = words.faults(faults) or "sound", faults or usual
        if usual:
            told += f"; usual in laboratories: {words.faults(usual)}"
        size, sd, unit = float("nan"), float("nan"), ""
        if len(suspects) == 1 and (sizes := suspects[0].candidate.sizes) is not None:
            size, sd, unit = suspects[0].size, suspects[0].sd, sizes.unit
        yield Considered(
            about=words.about,
            rank=rank,
            explanation=told,
            fault="; ".join(x.candidate.fault for x in faults) or None,
            plates="; ".join(words.place(x.candidate.scope) for x in suspects) or None,
            size=finite(size),
            size_sd=finite(sd),
            unit=unit or None,
            log_odds=finite(sound - explanation.improbability),
            evidence=words.agreement(*faults, *usual) or None if suspects else None,
            verdict="accepted" if is_accepted else "near" if is_near else "considered",
        )
