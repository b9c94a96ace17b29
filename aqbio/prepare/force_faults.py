"""Table of what can be wrong with the forces of a recording, and what undoes each fault.

The rows stand in ``force_faults.tsv``: a correction (`aqbio.prepare.corrections`) at a scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from csv import QUOTE_NONE
from dataclasses import dataclass, replace
from importlib.resources import files
from io import StringIO
from itertools import combinations
from math import degrees, exp, log, radians
from types import MappingProxyType
from typing import Literal, cast

import numpy as np
import pandas as pd

from aqbio.errors import Severity
from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY, MAX_BODY_KG, MIN_BODY_KG
from aqbio.prepare.corrections import Correction, have_corners
from aqbio.prepare.explanations import Candidate, Sizes
from aqbio.prepare.frame_loads import loaded_plates
from aqbio.prepare.people import of_people
from aqbio.vectors import BoolArray

TYPICAL_MASS_KG = of_people("body mass").middle
TYPICAL_WEIGHT_N = TYPICAL_MASS_KG * GRAVITY
"""Weight with which forces that were divided by weight are tried."""

PLATE_RARITY = 3.0
"""Logarithm of how much rarer a fault of one plate is than that of all: a cable, not an export."""

MAX_NORMALISED_RATIO = 1.1
"""Over whole steps the mean of forces over body weight is 1, within this factor."""

ALL, PLATE, PAIR = "all", "plate", "pair"
"""Scopes: all plates, one of them, two of them."""

Follows = Literal["unused", "kept", "refused"]

MOMENTS, PRESSURE = "moments", "centres of pressure"
"""Records of a file in addition to the force: a C3D file has the first, a MOT file the second."""

LAGS = Sizes(
    (*np.arange(-0.3, -0.07, 0.02).round(2), *np.arange(-0.06, 0.0601, 0.01).round(2),
     *np.arange(0.08, 0.301, 0.02).round(2)), 0.004, "s", farthest=5.0,
)  # fmt: skip
"""Forces of sound recordings are 14 ms early to 9 ms late: 5 ms over 14 people. Lags of some steps
are tried where feet stand when plates are loaded."""

PLATE_LAGS = Sizes(tuple(np.round(np.arange(-0.03, 0.0301, 0.005), 3)), 0.001, "s")
"""Channels of plates are sampled together: sound recordings have no lag between them."""

PLACES = Sizes(tuple(np.round(np.arange(-0.3, 0.3001, 0.05), 3)), 0.012, "m")

TURNS = Sizes(
    tuple(np.round(np.radians(np.arange(-30.0, 30.1, 5.0)), 4)), 0.025, "rad",
    written="degrees", to_written=degrees, from_written=radians,
)  # fmt: skip

SLOPES = Sizes(
    tuple(np.round(np.arange(-0.2, 0.2001, 0.02), 2)), 0.005, "rad",
    written="degrees", to_written=degrees, from_written=radians,
)  # fmt: skip

GAINS = Sizes(
    (-2.4, -1.8, -1.2, -0.7, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.7, 1.2, 1.8, 2.4, 3.6),
    0.02, "",
    written="times", to_written=exp, from_written=log,
)  # fmt: skip
"""Natural logarithms of gains: by what the body gains, two plates differ by .01 in the mean of 44
sound runs of twelve people, by .024 at most."""

CLOCKS = Sizes(tuple(np.round(np.arange(-0.1, 0.1001, 0.01), 3)), 0.002, "", written="shares")

RATES = Sizes(
    tuple(np.round(np.arange(-1.0, 1.01, 0.2), 1)), 0.035, "",
    written="times", to_written=exp, from_written=log,
)  # fmt: skip
"""Natural logarithms of factors. Markers on soft tissue overshoot: sound runs look 1.0 to 1.1 times
too fast, a side-step 1.14 times (eight people)."""

SIZES = MappingProxyType(
    {
        "lags": LAGS, "plate lags": PLATE_LAGS, "places": PLACES, "turns": TURNS,
        "slopes": SLOPES, "gains": GAINS, "clocks": CLOCKS, "rates": RATES,
    }
)  # fmt: skip
"""Sizes by their names in the table."""

SIZE_WORDS = MappingProxyType(
    {
        LAGS: ("{size:.0f}{error} ms {way}", 1e3),
        PLATE_LAGS: ("{size:.0f}{error} ms {way}", 1e3),
        PLACES: ("{size:.0f}{error} mm farther {way}", 1e3),
        TURNS: ("{size:.0f}{error} degrees", degrees(1.0)),
        SLOPES: ("{size:.1f}{error} degrees {way}", degrees(1.0)),
        CLOCKS: ("{size:.1f}% {way}", 1e2),
        GAINS: ("{factor:.2g} times what they should be: too {way}", 1.0),
        RATES: ("{factor:.2g} times what they should be: too {way}", 1.0),
    }
)
"""Words for a size, its standard deviation (error) and its way; and the factor of both."""


@dataclass(frozen=True, slots=True)
class ForceFault:
    """One kind of fault: a row of the table."""

    name: str
    words: str
    """The fault in a user's words; ``{size}`` stands for its size."""
    rarity: float
    """Logarithm of how much rarer it is, on all plates, than no fault."""
    undo: Correction
    fix: str
    scopes: tuple[str, ...] = (ALL, PLATE)
    recorded: str = ""
    """The fault is one of files with moments, or with centres of pressure; of both if empty."""
    per_weight: float = float("nan")
    """Number that stands for a body weight in the file; of forces that were divided by it."""
    sizes: Sizes | None = None
    ways: tuple[str, str] = ("", "")
    """Words for the way of a positive and of a negative size."""
    follows: Follows = "unused"
    """Use of the loads until the sheet states the fault. ``kept``: a parameter of the plates, which
    the fit estimates. ``refused``: the trial has no valid clock."""
    rule: str = ""
    """Name of its finding."""
    severity: Severity = "warning"
    """Of its finding."""
    is_fixable: bool = True
    """False of a fault of the markers too, which column fix cannot take off the forces alone."""
    shows: frozenset[str] = frozenset()
    """Redundancies in which it shows; in any if empty: it is tried where they disagree by more than
    it is rare."""

    def words_of(self, size: float, sd: float) -> str:
        """The fault with its size and that one's standard deviation, as users would say it."""
        if self.sizes is None:
            return self.words
        template, factor = SIZE_WORDS[self.sizes]
        digits = 1 if self.sizes is SLOPES else 0
        words = template.format(
            size=factor * abs(size), factor=exp(size), way=self.ways[0 if size > 0.0 else 1],
            error=f" ± {factor * sd:.{digits}f}" if np.isfinite(sd) else "",
        )  # fmt: skip
        return self.words.format(size=words)


def _rows() -> Iterator[ForceFault]:
    """Rows of the table."""
    text = files("aqbio.prepare").joinpath("force_faults.tsv").read_text(encoding="utf-8")
    table = pd.read_csv(
        StringIO(text), sep="\t", comment="#", dtype=str, keep_default_na=False, quoting=QUOTE_NONE
    )
    for cells in table.to_numpy().tolist():
        yield fault_of_row(dict(zip(table.columns, cells, strict=True)))


def fault_of_row(row: Mapping[str, str]) -> ForceFault:
    """A fault by the cells of its row."""
    per_weight = float(row["per_weight"] or "nan")
    undo = Correction.of(row["correction"])
    if np.isfinite(per_weight):
        undo = Correction("scale", (TYPICAL_WEIGHT_N / per_weight,) * 2)
    positive, _, negative = row["ways"].partition(", ")
    return ForceFault(
        name=row["fault"],
        words=row["words"],
        rarity=float(row["rarity"]),
        undo=undo,
        fix=row["fix"],
        scopes=tuple(row["scopes"].split(", ")),
        recorded=row["recorded"],
        per_weight=per_weight,
        sizes=SIZES.get(row["sizes"]),
        ways=(positive, negative),
        follows=cast("Follows", row["follows"]),
        rule=row["rule"],
        severity=cast("Severity", row["severity"]),
        is_fixable=row["fixable"] == "yes",
        shows=frozenset(filter(None, row["shows"].split(", "))),
    )


FORCE_FAULTS = tuple(_rows())
"""Rows of the table; a new fault is one more."""

ROWS = MappingProxyType({fault.name: fault for fault in FORCE_FAULTS})

PLACE_FAULTS = ("plate-along", "plate-across")
"""Rows of displaced plates."""

FEET_LAG_S, FEET_LAG_SD_S = (
    of_people(f"lag by {shown}").error for shown in ("foot events", "feet")
)
"""Scale of the lags of foot events, and standard deviation of a lag that feet alone show, s; the
body shows its lag to `LAGS`."""


def may_be_normalised(mean_force: float, per_weight: float) -> bool:
    """Tell whether forces with a mean over whole steps may be so many to one body weight."""
    return 1.0 / MAX_NORMALISED_RATIO < mean_force / per_weight < MAX_NORMALISED_RATIO


def force_candidates(
    forces: ForceRecording,
    *,
    mean_force: Callable[[ForceRecording], float],
    lags: Sequence[float] = (),
    by_body: bool = True,
    body_kg: float = float("nan"),
) -> Iterator[Candidate[ForceRecording]]:
    """Every row of the table on every scope that a recording has.

    ``lags``, s, are tried beyond `LAGS`. ``by_body`` where the markers show the body: otherwise its
    feet alone tell the lag. Forces that were divided by body weight have a ``mean_force`` of 1, and
    are those of a person of ``body_kg``, where it is known. All plates have a gain only where they
    weigh no person: a sheet that says another mass is for the session to weigh.
    """
    size = np.linalg.norm(forces.wrench.force, axis=2)
    loaded = np.flatnonzero(loaded_plates(size)).tolist()
    recorded = PRESSURE if forces.lever is None else MOMENTS
    mean = mean_force(forces)
    weighs_a_person = MIN_BODY_KG <= mean / GRAVITY <= MAX_BODY_KG
    for fault in FORCE_FAULTS:
        possible = fault.undo.applies_to(forces)
        if np.isfinite(fault.per_weight):
            possible &= may_be_normalised(mean, fault.per_weight)
        if fault.recorded not in ("", recorded) or not possible.any():
            continue
        undo, sizes, rarity = fault.undo, fault.sizes, fault.rarity
        if np.isfinite(fault.per_weight) and np.isfinite(body_kg):
            undo = Correction("scale", (body_kg * GRAVITY / fault.per_weight,) * 2)
        if sizes is LAGS:
            sizes = _with_lags(lags, by_body=by_body)
        for scope, plates in _scopes(fault, forces, loaded, possible):
            if scope == ALL and sizes is GAINS and weighs_a_person:
                continue
            chosen = np.isin(np.arange(len(possible)), plates) & possible
            rarer = PLATE_RARITY if len(plates) == 1 and scope != ALL else 0.0
            yield Candidate(
                fault.name, scope, rarity + rarer, _on(undo, chosen), sizes, fault.shows
            )


def _scopes(
    fault: ForceFault, forces: ForceRecording, loaded: Sequence[int], possible: BoolArray
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Scopes of a fault in words, with the indices of their plates."""
    numbers, is_of_all = forces.numbers, ALL in fault.scopes and possible[loaded].all()
    if is_of_all:
        yield ALL, tuple(range(len(numbers)))
    if PLATE in fault.scopes and (len(loaded) > 1 or not is_of_all):
        yield from ((f"plate {numbers[x]}", (x,)) for x in loaded if possible[x])
    if PAIR in fault.scopes:
        cornered = np.flatnonzero(have_corners(forces)).tolist()
        for a, b in combinations(cornered, 2):
            if a in loaded or b in loaded:
                yield f"plates {numbers[a]} and {numbers[b]}", (a, b)


def _with_lags(lags: Sequence[float], *, by_body: bool) -> Sizes:
    """`LAGS` with more of them; where the feet alone show a lag, more of it is usual."""
    far = [lag + way for lag in lags if abs(lag) > LAGS.grid[-1] for way in (-0.01, 0.0, 0.01)]
    sizes = replace(LAGS, grid=tuple(sorted((*LAGS.grid, *far))))
    return sizes if by_body else replace(sizes, usual=FEET_LAG_S)


def _on(undo: Correction, plates: BoolArray) -> Callable[[ForceRecording, float], ForceRecording]:
    """A correction of some plates (P,)."""
    return lambda forces, size: undo(forces, plates, size)
