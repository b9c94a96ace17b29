"""Cells of sheets as people type them: a sex in a letter, a length or a mass with its unit."""

from __future__ import annotations

import re
from collections.abc import Mapping

FEMALE = (
    "f female w woman women weiblich frau femme féminin feminin mujer femenino donna femmina 女"
)
MALE = "m male man men männlich maennlich mann homme masculin hombre masculino uomo maschio 男"
SEX = {**dict.fromkeys(FEMALE.split(), "female"), **dict.fromkeys(MALE.split(), "male")}
"""Words for a sex, in small letters. Not h, beside which m would be mujer."""

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "metres": 1.0, "meter": 1.0, "meters": 1.0}
KILOGRAMS = {"kg": 1.0, "g": 0.001, "kilogram": 1.0, "kilograms": 1.0, "lb": 0.45359237}
UNITS = {"height_m": METRES, "mass_kg": KILOGRAMS}
"""Units that a cell of a column may name, in the column's own."""

QUANTITY = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-zA-Z]*)\.?")
"""A number with a decimal point or comma, and its unit."""


def understood_cell(column: str, text: str) -> str:
    """The value that a cell of a column means, as the sheet should have it; else the text."""
    if column == "sex":
        return SEX.get(text.casefold().rstrip("."), text)
    match = QUANTITY.fullmatch(text) if column in UNITS else None
    if match is None:
        return text
    number, unit = match[1].replace(",", "."), match[2].lower()
    if not unit:
        return number
    factor = UNITS[column].get(unit)
    return text if factor is None else f"{float(number) * factor:g}"


def understood_cells(cells: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Cells by column that mean another text than they hold: what they hold, and what they mean."""
    understood = {column: understood_cell(column, text) for column, text in cells.items()}
    return {
        column: (text, understood[column])
        for column, text in cells.items()
        if understood[column] != text
    }
