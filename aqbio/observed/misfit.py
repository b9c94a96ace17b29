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

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

import numpy as np
import pandas as pd

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
def _table() -> pd.DataFrame:
    text = files("aqbio.observed").joinpath("misfits.tsv").read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text), sep="\t", comment="#")


@cache
def usual_misfits(speed: float) -> Mapping[str, Usual]:
    """Usual sizes of misfits of people who run at a speed, m/s, by redundancy.

    Between the speeds of the table they are interpolated, beyond its ends constant; at an unknown
    speed (NaN) they are those of the fastest.
    """
    usual, at = {}, float(speed) if np.isfinite(speed) else np.inf
    for name, rows in _table().groupby("redundancy", sort=False):
        speeds, scales = (rows[column].to_numpy(np.float64) for column in ("speed_mps", "scale"))
        scale = float(np.exp(np.interp(at, speeds, np.log(scales))))
        first = rows.to_dict("records")[0]
        usual[str(name)] = Usual(
            scale=scale,
            strange=float(first["strange"]) * scale,
            observations=float(first["observations"]),
            people=int(rows["people"].max()),
            outcomes=outcomes_of_cell(first["outcomes"]),
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
