"""Whether recordings show what was altered in them: the evidence for its row, against its rarity.

What they do not show, nobody can name; the confusion matrix counts plants by the same measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from aqbio.io.recording import ForceRecording
from aqbio.prepare.explanations import (
    ALL,
    Candidate,
    Disagreements,
    Scales,
    improbability,
    people_scales,
    with_best_size,
)
from validation.captured import CapturedForces, captured
from validation.force_faults import offered

SIGNS = {"Fx": "force-x-sign", "Fz": "force-z-sign", "My": "moment-y-sign"}


def rows_of(kind: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Rows of the table of force faults that undo an alteration; none if forces do not show it."""
    if kind == "sign":
        return tuple(SIGNS[name] for name in [parameters["component"]] if name in SIGNS)
    return {
        "displaced": ("plate-along", "plate-across"), "rate": ("rates",), "delay": ("force-clock",)
    }.get(kind, ())  # fmt: skip


def shown(study: Path, kind: str, parameters: Mapping[str, Any]) -> dict[str, float]:
    """Evidence for an alteration beyond its rarity, by moving trial; where it is altered.

    Natural logarithm of odds against the recording as it is, at the sizes that fit best.
    """
    rows, plate = rows_of(kind, parameters), parameters.get("plate", ALL)
    scope = ALL if plate == ALL else f"plate {plate}"
    trial = parameters.get("trial")
    runs = captured([str(study)]).forces.values() if rows else ()
    by_trial = {run.name.split()[-1]: run for run in runs}
    altered = [trial] if trial in by_trial else [*by_trial]
    return {name: _evidence(by_trial[name], rows, scope) for name in altered}


def _evidence(run: CapturedForces, rows: Sequence[str], scope: str) -> float:
    """The largest over the rows and all of them together; less than any if none is possible."""
    scales = people_scales(run.speed)
    observed = run.evidence.disagreements(run.forces)
    as_it_is = improbability(observed, scales)
    every = [x for x in offered(run)(run.forces) if x.fault in rows and x.scope == scope]
    chosen = [some for count in (1, 2) for some in combinations(every, count)]
    return max(
        (as_it_is - _left(run, some, observed, scales) for some in chosen), default=float("-inf")
    )


def _left(
    run: CapturedForces,
    candidates: Sequence[Candidate[ForceRecording]],
    observed: Disagreements,
    scales: Scales,
) -> float:
    """Improbability that is left when candidates are undone, with their rarity."""
    forces, suspects = run.forces, []
    for candidate in candidates:
        suspects.append(with_best_size(forces, candidate, run.evidence.disagreements, scales))
        forces = candidate.undo(forces, suspects[-1].size)
    left = improbability(run.evidence.disagreements(forces), scales, observed)
    return left + sum(x.candidate.rarity + x.price for x in suspects)
