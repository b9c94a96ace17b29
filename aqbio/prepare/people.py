"""Sizes that people and their recordings have (`people.tsv`, with their sources)."""

from __future__ import annotations

from csv import DictReader
from functools import cache
from importlib.resources import files
from typing import NamedTuple


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
    rows = DictReader((x for x in text.splitlines() if not x.startswith("#")), delimiter="\t")

    def number(written: str) -> float:
        return float("nan" if written == "n/a" else written)

    return {x["quantity"]: PeopleSize(number(x["middle"]), number(x["error"])) for x in rows}
