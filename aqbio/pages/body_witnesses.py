"""Witnesses of an athlete's body: what the fit did not read, or what others measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aqbio.body.witnesses import LEG_SHARE, STANDING_SHARE
from aqbio.figures.numbers import shown

if TYPE_CHECKING:
    import pandas as pd

LEFT_OUT = "left_out"

PERCENT, MILLIMETRES = 100.0, 1000.0

MASS = "mass of the {part}, % of the body's"
ABOVE = "centre of mass in {trial} above the ground, m"
HEIGHT = "centre of mass in {trial} above the ground, % of stature"
PLACE = "centre of mass {way} the centre of pressure in {trial}, predicted without it, mm"


@dataclass(frozen=True, slots=True)
class Witness:
    """One number of the body before and after the fit, and what it is held against."""

    what: str
    before: str
    after: str
    others: str
    """What other people, or the force plate, say."""


def body_witnesses(table: pd.DataFrame) -> list[Witness]:
    """What speaks for the body of a fit, or against it."""
    low, high = (PERCENT * one for one in LEG_SHARE)
    people = f"tables: {shown(low)} (cadavers, Dempster 1955) to {shown(high)} % (women, de Leva)"
    least, most = (PERCENT * one for one in STANDING_SHARE)
    board = f"reaction boards: {shown(least)} to {shown(most)} %"
    kinds = (
        ("mass", "share", MASS, PERCENT, people),
        ("standing", "height", ABOVE, 1.0, "the pose is the same: the difference is the fit's"),
        ("standing", "share", HEIGHT, PERCENT, board),
        ("standing", LEFT_OUT, PLACE, MILLIMETRES, "standing still: 0"),
    )
    found = []
    for quantity, statistic, words, factor, others in kinds:
        own = table[(table["quantity"] == quantity) & (table["statistic"] == statistic)]
        for row in own.to_dict("records"):
            way = "ahead of" if row["axis"] == "x" else "to the right of"
            part = str(row["part"]).replace("leg_", "") + " leg"
            what = words.format(part=part, trial=row["trial_id"], way=way)
            before, after = (shown(factor * float(row[name])) for name in ("before", "after"))
            found.append(Witness(what, before, after, others))
    return found


def postures(table: pd.DataFrame) -> int:
    """In how many postures the athlete stood still on plates."""
    return int(table.loc[table["statistic"] == LEFT_OUT, "trial_id"].nunique())
