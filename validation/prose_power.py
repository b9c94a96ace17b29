"""What pages say of power, gates and tests, against power.tsv, verdicts.tsv and the registry."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from validation.prose_blocks import Block
from validation.prose_rules import number, rule, true, words
from validation.prose_tables import NUMBER, StudyTables, agrees, records, same
from validation.prose_verdicts import is_size, registered, row_of_title

N, COUNT = f"({NUMBER})", r"(\d+)"


@rule(r"^(.+?): (\d+ athletes? .*)$", "power")
def power(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    table, text = tables["power"], match[2]
    names = [part for part in match[1].split(", ") if part in set(table["hypothesis"])]
    rows = [dict(table[table["hypothesis"] == name].iloc[0]) for name in names]
    if not rows:
        rows = [
            row for row in records(table)
            if row_of_title(tables, match[1]).get("hypothesis") == row["hypothesis"]
        ] or [row for row in records(table) if f"{row['hypothesis']} " in match[1]]  # fmt: skip
    if not rows and re.search(r"against", match[1]):
        rows = [row for row in records(table) if _is_contrast_of(tables, row, match[1])]
    yield from true(f"“{match[1]}” is in power.tsv", bool(rows))
    for row in rows:
        yield from _power(text, row)


def _is_contrast_of(tables: StudyTables, row: dict[str, Any], title: str) -> bool:
    entry = registered(tables, str(row["hypothesis"]))
    names = [str(entry.get(key) or "").replace("_", " ") for key in ("condition", "reference")]
    if " against ".join(names) not in title:
        return False
    return str(entry.get("outcome", "?")).split("_")[0] in title.lower()


_CHANCE, _SIZE = r"(?:less than 1|\d+) %", rf"{NUMBER}(?: [^;,]*?)?"
POWER = (
    rf"\d+ athletes? (?:call an effect of {_SIZE} supported with a chance of {_CHANCE}, of {_SIZE} with "
    rf"{_CHANCE}, of {_SIZE} with {_CHANCE}|exclude an effect of {_SIZE} with a chance of {_CHANCE} if there "
    rf"is none, of {_CHANCE} if it is {_SIZE})(?:; \d+ are enough for 80 % at (?:{_SIZE}|no effect at all)\."
    rf"|; 80 % for (?:excluding )?{_SIZE} takes (?:more than )?\d+ (?:athletes )?like these\.)"
    rf"(?: The effect that \d+ athletes? detect with a power of 80 % is {_SIZE}\.)?"
    r"(?: More steps of each athlete would (?:help most|hardly help)\.)?"
    r"|\d+ athletes? never decides? it; a verdict takes at least \d+\."
)
"""All that is said of power."""

UNKNOWN_POWER = "its power cannot be estimated from the spread of these athletes"


def _power(text: str, row: dict[str, Any]) -> Iterator[str]:
    yield from number("athletes", text.split(" ")[0], float(row["n_athletes"]))
    smallest = float(row["smallest_effect"])
    call = re.search(
        rf"call an effect of {N}.*? supported with a chance of (less than 1|\d+) %, of {N}.*? with "
        rf"(less than 1|\d+) %, of {N}.*? with (less than 1|\d+) %", text
    )  # fmt: skip
    exclude = re.search(
        rf"exclude an effect of {N}.*? with a chance of (less than 1|\d+) % if there is none, of "
        rf"(less than 1|\d+) % if it is {N}", text
    )  # fmt: skip
    pairs: list[tuple[str, str]] = []
    if call is not None:
        for factor, said in zip((0.5, 1.0, 2.0), (call[1], call[3], call[5]), strict=True):
            yield from true(f"effect {said}", is_size(said, factor * smallest))
        pairs = [("power_half", call[2]), ("power", call[4]), ("power_twice", call[6])]
    elif exclude is not None:
        yield from true(f"effect {exclude[1]}", is_size(exclude[1], smallest))
        yield from true(f"effect {exclude[4]}", is_size(exclude[4], 0.5 * smallest))
        pairs = [("power", exclude[2]), ("power_half", exclude[3])]
    for name, said in pairs:
        percent = 100.0 * float(row[name])
        small = said.startswith("less")
        yield from true(f"{name} {said} %", percent < 1.0 if small else agrees(said, percent))
    form = re.fullmatch(POWER, text)
    yield from true("form of the sentence", form is not None or UNKNOWN_POWER in text)
    needed = float(row["athletes_needed"])
    enough = re.search(r"; (\d+) are enough for 80 %", text)
    takes = re.search(r"takes (more than )?(\d+)(?:[a-z ]+ )?(?: like these)", text)
    if enough is not None:
        yield from number("athletes needed", enough[1], needed)
        yield from true("enough", needed <= float(row["n_athletes"]))
    if takes is not None:
        yield from true("not enough", not needed <= float(row["n_athletes"]))
        if not takes[1]:
            yield from number("athletes needed", takes[2], needed)
    least = re.search(r"never decides? it; a verdict takes at least (\d+)", text)
    if least is not None:
        yield from true("too few", float(row["n_athletes"]) < int(least[1]))
    goal = re.search(rf"80 % (?:for (?:excluding )?|at ){N}", text)
    if goal is not None:
        factor = 2.0 if exclude is None else 1.0
        yield from true(f"80 % for {goal[1]}", is_size(goal[1], factor * smallest))
    mde = re.search(rf"detect with a power of 80 % is {N}", text)
    if mde is not None:
        yield from true(f"mde {mde[1]}", is_size(mde[1], float(row["mde"])))
    steps = (float(row["sd_steps"]) / (float(row["sd_athletes"]) or math.nan)) ** 2
    yield from true("steps help most", ("would help most" in text) <= (steps > 0.5))
    yield from true("steps hardly help", ("would hardly help" in text) <= (steps < 0.1))


@rule(
    r"(Too few athletes with enough data|Errors of measurement too large|Too many steps could not be used for it|Too few athletes|The order of the sprints cannot be separated from the condition|Forces and motions do not add up in every trial) for (\d+) statistics?\. ([\w, ]+)$",
    "advice",
)
def gates(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    gate = {
        "Too few athletes with enough data": "minimum_n", "Too few athletes": "athletes",
        "Errors of measurement too large": "reliability",
        "Too many steps could not be used for it": "quality",
        "The order of the sprints cannot be separated from the condition": "order",
        "Forces and motions do not add up in every trial": "closure",
    }[match[1]]  # fmt: skip
    own = tables["verdicts"]
    failed = own[
        own["gates"]
        .astype(str)
        .str.split(", ")
        .map(lambda names: isinstance(names, list) and gate in names)
    ]
    yield from words("hypotheses", match[3].strip(), ", ".join(failed["hypothesis"]))
    yield from number("statistics", match[2], len(failed))


@rule(r"^Test (\w+): (.+?)\. (.+)$", "advice")
def not_testable(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    row = tables["verdicts"].set_index("hypothesis").to_dict("index").get(match[1], {})
    yield from words("verdict", str(row.get("verdict")), "not_testable")
    yield from words("reason", same(match[3]), same(str(row.get("reason"))))
    title = str(registered(tables, match[1]).get("title", match[2]))
    yield from words("title", match[2], title)


@rule(
    r"(\d+) statistics? passed all gates and (?:was|were) tested over athletes.*?at an alpha of ([\d., and]+) adjusted by Holm's method within each family(?: \(tested: ([^)]*)\))?",
    "paste",
)
def tested(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    own = tables["verdicts"][tables["verdicts"]["p_holm"].notna()]
    yield from number("statistics", match[1], len(own))
    families = Counter(
        str(registered(tables, str(name)).get("family", "contrast")) for name in own["hypothesis"]
    )
    said = {name: count for count, name in re.findall(r"(\d+) (\w+)", match[3] or "")}
    for family in {*said, *families}:
        yield from number(family, said.get(family, "0"), families.get(family, 0))
    yield from _holm(own, tables)


def _holm(own: pd.DataFrame, tables: StudyTables) -> Iterator[str]:
    """Adjust p again within each family, as the sentence says it was done."""
    family = own["hypothesis"].map(lambda n: registered(tables, str(n)).get("family", "contrast"))
    for _, rows in own.groupby(family):
        ordered = rows["p"].astype(float).sort_values()
        count = len(ordered)
        factors = pd.Series(range(count, 0, -1), index=ordered.index)
        adjusted = (ordered * factors).cummax().clip(upper=1.0)
        apart = (adjusted - rows["p_holm"].astype(float).reindex(adjusted.index)).abs()
        yield from true("adjusted within each family", bool((apart < 1e-6).all()))


@rule(r"Gates require ([\d, and]+) athletes", "paste")
def least(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    entries = [
        *tables.registry.get("hypotheses", []),
        *tables.registry.get("contrasts", {}).values(),
    ]
    known = {int(entry.get("minimum", {}).get("athletes", 0)) for entry in entries}
    said = {int(one) for one in re.findall(r"\d+", match[1])}
    yield from true(f"{sorted(said)} athletes", said <= known | {6})
