"""Sizes that people and their recordings have (`people.tsv`, with their sources)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import StringIO
from typing import NamedTuple

import pandas as pd


class PeopleSize(NamedTuple):
    """Size of a quantity in people."""

    middle: float
    error: float
    """Standard deviation, or a bound; NaN where only the middle is used."""


def of_people(quantity: str) -> PeopleSize:
    """Size that a quantity of the table has in people."""
    return _table()[quantity]


@cache
def _table() -> dict[str, PeopleSize]:
    text = files("aqbio.prepare").joinpath("people.tsv").read_text(encoding="utf-8")
    table = pd.read_csv(StringIO(text), sep="\t", comment="#", index_col="quantity")
    return {str(name): PeopleSize(x.middle, x.error) for name, x in table.iterrows()}
