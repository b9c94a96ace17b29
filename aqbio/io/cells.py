"""Cells of sheets as people type them: words for a sex or a side, numbers with comma and unit."""

from __future__ import annotations

import re
from collections.abc import Mapping

FEMALE = (
    "f female w woman women weiblich frau femme féminin feminin mujer femenino donna femmina 女"
)
MALE = "m male man men männlich maennlich mann homme masculin hombre masculino uomo maschio 男"
SEX = {**dict.fromkeys(FEMALE.split(), "female"), **dict.fromkeys(MALE.split(), "male")}
"""Words for a sex, in small letters. Not h, beside which m would be mujer."""

LEFT = "l li lt lft left trunk_left left_leg left_arm l_leg"
RIGHT = "r ri rt rgt right trunk_right right_leg right_arm r_leg"
BOTH = "b both bilateral both_legs both_arms"
SIDES = {
    **dict.fromkeys(LEFT.split(), "left"), **dict.fromkeys(RIGHT.split(), "right"),
    **dict.fromkeys(BOTH.split(), "bilateral"),
}  # fmt: skip
"""Words for a side, in small letters."""

STRENGTH_UNITS = {
    "nm": "N m", "n·m": "N m", "n*m": "N m", "n.m": "N m", "n": "N", "newton": "N", "kg": "kg",
    "kgf": "kg", "nm/kg": "N m/kg", "n·m/kg": "N m/kg", "n*m/kg": "N m/kg", "n.m/kg": "N m/kg",
    "reps": "repetitions", "rep": "repetitions", "repetitions": "repetitions", "m": "m",
    "cm": "cm", "n/kg": "N/kg", "m/s": "m/s", "m·s-1": "m/s", "ms-1": "m/s", "index": "index",
}  # fmt: skip
"""Spellings of the units of a strength, in small letters and without blanks."""

CONTRACTIONS = {
    **dict.fromkeys(("con", "conc", "concentric"), "concentric"),
    **dict.fromkeys(("ecc", "eccentric"), "eccentric"),
    **dict.fromkeys(("iso", "isom", "isometric"), "isometric"),
}
"""Words for a kind of contraction, in small letters."""

YES_WORDS = "y yes j ja oui si sí sim true wahr vrai"
NO_WORDS = "n no nein non não false falsch faux"
YES = {**dict.fromkeys(YES_WORDS.split(), "yes"), **dict.fromkeys(NO_WORDS.split(), "no")}
"""Words for yes and no, in small letters."""

WORDS = {
    "sex": SEX, "side": SIDES, "preferred_leg": SIDES, "include": YES, "mass_confirmed": YES,
}  # fmt: skip
"""Words by column that mean one of the column's own."""

SPELLED = ("movement", "contraction")
"""Columns whose words may have blanks, hyphens and capitals."""

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "metres": 1.0, "meter": 1.0, "meters": 1.0}
KILOGRAMS = {"kg": 1.0, "g": 0.001, "kilogram": 1.0, "kilograms": 1.0, "lb": 0.45359237}
SECONDS = {"s": 1.0, "sec": 1.0, "ms": 0.001}
METRES_PER_SECOND = {
    "m/s": 1.0, "mps": 1.0, **dict.fromkeys(("km/h", "kmh", "kph"), 1 / 3.6), "mph": 0.44704,
}  # fmt: skip
UNITS: dict[str, dict[str, float]] = {
    "belt_speed_mps": METRES_PER_SECOND, "start_s": SECONDS, "end_s": SECONDS, "rating": {},
    "height_m": METRES, "mass_kg": KILOGRAMS, "lever_arm_m": METRES, "value": {},
    "angle_deg": {"°": 1.0, "deg": 1.0}, "velocity_deg_s": {"°/s": 1.0, "deg/s": 1.0},
}  # fmt: skip
"""Units that a cell of a column may name, in the column's own."""

QUANTITY = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*([a-zA-Z°/]*)\.?")
"""A number with a decimal point or comma, and its unit."""

GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
"""Day, month and year with dots, an order that is the same wherever dots are used."""


MISSING = {"", "n/a", "N/A", "na", "NA", "nan", "NaN"}
"""Cells without a value, of every sheet."""

NOT_MEASURED = {*map(str.casefold, MISSING), "-", "–", "—", "/", "n.a.", "k.a.", "n.d.", "#n/a"}
"""Cells without a result, of a column of results, in small letters."""


def understood_cell(column: str, text: str) -> str:
    """The value that a cell of a column means, as the sheet should have it; else the text."""
    if column in WORDS:
        word = text.casefold().rstrip(".")
        return WORDS[column].get(word, WORDS[column].get(word.replace(" ", "_"), text))
    if column == "unit":
        return STRENGTH_UNITS.get("".join(text.casefold().split()), text)
    if column in SPELLED:
        word = "_".join(re.split(r"[\s_-]+", text.casefold()))
        return CONTRACTIONS.get(word, word) if column == "contraction" else word
    if column == "date" and (match := GERMAN_DATE.fullmatch(text)):
        return f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}"
    return _understood_number(column, text)


def _understood_number(column: str, text: str) -> str:
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
