"""Misfits of a trial: disagreements of its data, against their sizes in recordings of people.

A trial states more than a motion needs: markers, forces, flights, planted feet and the body's
masses are redundant. Each redundancy leaves a misfit. Misfits of their usual sizes say that what is
stated is as sure as stated; larger ones widen the errors of what rests on them (Birge 1932), and
tell whether motion and forces belong together at all.

References
----------
Birge RT (1932), Phys. Rev. 40, 207-227.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from aqbio.observed.invalidated import Outcome, outcomes_of_cell

Misfits = Mapping[str, float]
"""Root mean square of what disagrees, by redundancy that is observed, in its own unit."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Size that a redundancy's misfit has in recordings of people."""

    scale: float
    """In sound recordings: root mean square over people."""
    strange: float
    """Where motion and forces do not belong together; NaN where it does not tell."""
    observations: float
    """Number of independent observations that one trial counts for: scatter between people."""
    people: int
    """Number of people on whom the scale rests."""
    outcomes: frozenset[str]
    """Kinds of numbers that rest on it (`aqbio.observed.invalidated.OUTCOMES`)."""


@cache
def _table() -> dict[str, list[dict[str, str]]]:
    """Rows of the table by redundancy, by ascending speed."""
    text = files("aqbio.observed").joinpath("misfits.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    by_name: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        by_name.setdefault(row["redundancy"], []).append(row)
    return by_name


@cache
def usual_misfits(speed: float) -> Mapping[str, Usual]:
    """Usual sizes of misfits of people who run at a speed, m/s, by redundancy.

    Between the speeds of the table they are interpolated, beyond its ends constant; at an unknown
    speed (NaN) they are those of the fastest.
    """
    usual, at = {}, float(speed) if np.isfinite(speed) else np.inf
    for name, rows in _table().items():
        speeds, scales = ([float(row[column]) for row in rows] for column in ("speed_mps", "scale"))
        scale, strange = float(np.exp(np.interp(at, speeds, np.log(scales)))), rows[0]["strange"]
        usual[name] = Usual(
            scale=scale,
            strange=scale * float("nan" if strange == "n/a" else strange),
            observations=float(rows[0]["observations"]),
            people=max(int(row["people"]) for row in rows),
            outcomes=outcomes_of_cell(rows[0]["outcomes"]),
        )
    return usual


def log_odds(misfits: Misfits, usual: Mapping[str, Usual]) -> float:
    """Logarithm of the odds that motion and forces belong together, even before the misfits.

    With n observations of a misfit r each hypothesis has the probability ``σ^-n exp(-n r²/2σ²)``,
    with the scale σ of sound recordings or of those whose parts do not belong together.
    """
    total = 0.0
    for name, misfit in misfits.items():
        size = usual[name]
        if np.isfinite(size.strange):
            ratio = (misfit / size.scale) ** 2 - (misfit / size.strange) ** 2
            total += size.observations * (np.log(size.strange / size.scale) - 0.5 * ratio)
    return float(total)


def widening(misfits: Misfits, usual: Mapping[str, Usual], outcome: Outcome | None = None) -> float:
    """Factor of the errors of a kind of numbers, or of any: Birge's ratio, at least 1.

    Root mean square of the misfits on which they rest, by their scales.
    """
    squares = [
        (misfit / usual[name].scale) ** 2
        for name, misfit in misfits.items()
        if outcome is None or outcome in usual[name].outcomes
    ]
    return max(sum(squares) / len(squares), 1.0) ** 0.5 if squares else 1.0
