"""What the pages of athletes say of their steps and differences, against the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from validation.prose_blocks import Block
from validation.prose_rules import number, rule, true, words
from validation.prose_tables import NUMBER, StudyTables, agrees, value_of

N, COUNT = f"({NUMBER})", r"(\d+)"

OUTCOMES = {
    "peak upward force": ("steps", "peak_vertical_force_bw", 1.0),
    "contact time": ("steps", "contact_s", 1000.0),
    "flight time": ("steps", "flight_s", 1000.0),
    "step length": ("steps", "step_length_m", 1.0),
    "push side": ("A", "push_side", 1.0), "swing leg": ("A", "swing_side", 1.0),
    "swing side": ("A", "swing_side", 1.0), "arms": ("A", "arms", 1.0),
    "torso": ("A", "torso", 1.0), "whole body": ("A", "total", 1.0),
    "standing leg on the pelvis, vertical moment": ("B", "leg_push", 1.0),
    "free leg on the pelvis, vertical moment": ("B", "leg_swing", 1.0),
    "upper body on the pelvis, vertical moment": ("B", "upper_body", 1.0),
    "hip moment, standing leg, extension negative": ("joint", "hip_push", 1.0),
    "knee moment, standing leg, extension positive": ("joint", "knee_push", 1.0),
    "ankle moment, standing leg, push-off negative": ("joint", "ankle_push", 1.0),
    "foot lands ahead of the body": ("steps", "touchdown_distance_m", 100.0),
    "other knee still behind at landing": ("steps", "knee_separation_touchdown_m", -100.0),
    "thigh behind the hip at push-off": ("steps", "thigh_angle_push_toe_off_rad", -57.29578),
    "swing of the free thigh, back to front": ("steps", "thigh_range_swing_rad", 57.29578),
    "free thigh's fastest attack forward": ("steps", "thigh_speed_swing_radps", 57.29578),
    "shin at landing, foot ahead of the knee": ("steps", "shin_angle_touchdown_rad", 57.29578),
    "foot at landing, toes up": ("steps", "foot_angle_touchdown_rad", 57.29578),
    "ankle at landing, toes drawn up": ("steps", "ankle_angle_touchdown_rad", 57.29578),
    "free knee's greatest height over the hip": ("steps", "knee_height_swing_m", 100.0),
    "free ankle's least distance from the hip": ("steps", "heel_recovery_swing_m", 100.0),
}  # fmt: skip
"""Level, source and factor to the page's unit of outcomes, by their words."""

_NAMES = "|".join(re.escape(name) for name in sorted(OUTCOMES, key=len, reverse=True))


def _athlete(block: Block) -> str:
    return block.page.removeprefix("athletes/").removesuffix(".html")


def _rows(tables: StudyTables, athlete: str, kind: str) -> pd.DataFrame:
    rows = tables["differences"]
    return (
        rows[(rows["participant_id"] == athlete) & (rows["comparison"] == kind)]
        if len(rows)
        else rows
    )


def _first_feet(tables: StudyTables, athlete: str) -> pd.DataFrame:
    """Rows of the first comparison of both feet, which pages begin with."""
    rows = _rows(tables, athlete, "feet")
    if rows.empty:
        return rows
    key = ["condition", "speed_mps"]
    first = rows[key].iloc[0]
    return rows[(rows[key] == first).all(axis=1)]


def _one(rows: pd.DataFrame, name: str) -> dict[str, Any] | None:
    level, source, factor = OUTCOMES[name]
    own = rows[(rows["level"] == level) & (rows["source"] == source)]
    return None if own.empty else dict(own.iloc[0]) | {"factor": factor}


def _is_sure(row: dict[str, Any]) -> bool:
    """Tell whether the interval that a page shows, in per cent where it can, leaves out 0."""
    ends = ("percent_low", "percent_high") if _in_percent(row) else ("low", "high")
    return bool(row[ends[0]] * row[ends[1]] > 0.0)


def _is_position(row: dict[str, Any]) -> bool:
    """Tell whether it is an angle or a position, which pages compare in its unit."""
    source = str(row["source"])
    return source.endswith(("_rad", "_m")) and source != "step_length_m"


def _in_percent(row: dict[str, Any]) -> bool:
    if _is_position(row):
        return False
    half = 0.5 * (row["percent_high"] - row["percent_low"])
    return not (row["percent"] != row["percent"] or half >= 100.0)


def _signed(text: str, unit: str, row: dict[str, Any], ends: list[str]) -> Iterator[str]:
    """Compare a signed difference and its interval."""
    if unit == "%":
        names, factor = ("percent", "percent_low", "percent_high"), 1.0
    else:
        names, factor = ("value", "low", "high"), float(row["factor"])
    values = [factor * float(row[name]) for name in names]
    values = [values[0], *sorted(values[1:])]
    for said, value in zip([text, *ends], values, strict=False):
        if said:
            yield from number("difference", said, value)


def _larger(text: str, unit: str, way: str, row: dict[str, Any], ends: list[str]) -> Iterator[str]:
    """Compare a difference that is written by size and direction."""
    factor = 1.0 if unit == "%" else float(row["factor"])
    names = ("percent", "percent_low", "percent_high") if unit == "%" else ("value", "low", "high")
    values = [factor * float(row[name]) for name in names]
    both = float(row["first_mean"]) * float(row["second_mean"])
    first_negative = float(row["factor"]) * float(row["first_mean"]) < 0.0
    in_unit = both <= 0.0 or _is_position(row)
    yield from true("position in its unit", not (unit == "%" and _is_position(row)))
    if unit != "%" and not in_unit and first_negative:
        values = [-value for value in values]
    expected = ("more" if values[0] >= 0 else "less") if in_unit else (
        "larger" if values[0] >= 0 else "smaller"
    )  # fmt: skip
    yield from words("direction", way, expected)
    if values[0] < 0.0:
        values = [-value for value in values]
    for said, value in zip([text, *ends], [values[0], *sorted(values[1:])], strict=False):
        if said:
            yield from number("difference", said, value)


# left and right -----------------------------------------------------------------------------------


@rule(
    rf"(Neither foot pushes less beyond measurement error|The (right|left) foot pushes less) at ((?:[a-z ]+, )?{NUMBER} m/s|speed n/a) \({COUNT} left and {COUNT} right steps\): right against left {N} %, 95 % interval {N} to {N} %",
    page="athletes/",
)
def pushes_less(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = _first_feet(tables, _athlete(block))
    row = _one(rows, "peak upward force") if len(rows) else None
    if row is None:
        yield "differences.tsv has no force of both feet"
        return
    weaker = "right" if row["value"] < 0 else "left"
    yield from words("foot", match[2] or "neither", weaker if _is_sure(row) else "neither")
    yield from _at(match[3], rows)
    yield from number("left steps", match[4], rows["second_steps"].max())
    yield from number("right steps", match[5], rows["first_steps"].max())
    for said, name in zip(
        match.groups()[5:], ("percent", "percent_low", "percent_high"), strict=True
    ):
        yield from number(name, said, float(row[name]))


def _at(text: str, rows: pd.DataFrame) -> Iterator[str]:
    speed = re.search(rf"{N} m/s", text)
    if speed is not None:
        yield from number("speed", speed[1], float(rows["speed_mps"].iloc[0]))


REASONS = {
    "no plate measured the forces there", "no plate measured the forces",
    "at no speed did plates measure the forces of both feet", "the forces are not used",
}  # fmt: skip
"""Reasons for which forces of both feet are not known."""


@rule(
    r"(Which foot pushes less[^:]* (?:is not known|could not be determined): [a-z ]+)",
    page="athletes/",
)
def force_unknown(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    athlete, text = _athlete(block), match[1]
    rows = _first_feet(tables, athlete)
    kept = tables.kept[tables.kept["participant_id"] == athlete]
    measured = kept[kept["peak_vertical_force_bw"].notna()]
    row = _one(rows, "peak upward force") if len(rows) else None
    yield from true("force of both feet not known", row is None or row["low"] != row["low"])
    if "(" in text:
        steps = re.findall(r"\((\d+) left and (\d+) right steps\)", text)
        sizes = [rows["second_steps"].max(), rows["first_steps"].max()]
        said = [int(count) for pair in steps for count in pair]
        yield from true("steps of both feet", said == sizes)
    yield from true("known reason", text.rpartition(": ")[2] in REASONS)
    if "no plate measured" in text:
        here = measured
        speed = re.search(rf"at (?:[a-z ]+, )?{N} m/s", text)
        if speed is not None:
            near = (measured["speed_mps"] / value_of(speed[1]) - 1.0).abs() < 0.05
            here = measured[near]
        yield from true("no plate measured the forces", here.empty)


@rule(
    rf"Angular momentum of the push side about the vertical(?: at [^:]+)?: on the right foot {N} (%|kg m²/s) (larger|smaller|more|less) than on the left \(95 % interval {N} to {N} (?:%|kg m²/s)\)",
    page="athletes/",
)
def push_side(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    row = _one(_first_feet(tables, _athlete(block)), "push side")
    yield from true("push side is compared", row is not None)
    if row is not None:
        yield from _larger(match[1], match[2], match[3], row, [match[4], match[5]])


@rule(
    rf"(?:No interval of {COUNT} other measures? leaves out 0|Right against left, the 95 % interval of {COUNT} of {COUNT} other measures? leaves out 0: (.+?))\.(?= |$)",
    page="athletes/",
)
def other_measures(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = _first_feet(tables, _athlete(block))
    others = []
    for name in dict.fromkeys(OUTCOMES):
        row = _one(rows, name)
        key = OUTCOMES[name][:2]
        named = key in {OUTCOMES["peak upward force"][:2], OUTCOMES["push side"][:2]}
        if row is not None and not named and row["low"] == row["low"] and name != "swing side":
            others.append((name, row))
    sure = [name for name, row in others if _is_sure(row)]
    yield from number("other measures", match[1] or match[3], len(others))
    yield from number("sure ones", match[2] or "0", len(sure))
    yield from _named(match[4] or "", rows, sure)


@rule(
    rf"((?:[A-Z][\w ]+ against [\w ]+(?:,| at) [^:]*|At {NUMBER} m/s against [^:]*), with 95 % intervals: .+?)\.$",
    page="athletes/",
)
def compared(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    kind = {"conditions": "condition", "speeds": "speed", "sessions": "session"}[block.section]
    candidates = _groups(_rows(tables, _athlete(block), kind))
    problems = [list(_comparison(match[1], rows)) for rows in candidates]
    yield from min(problems, key=len, default=["differences.tsv has no such comparison"])


@rule(
    rf"^((?:[A-Z][\w ]+ against|At {NUMBER} m/s against) .*: no 95 % interval of \d+ measures? leaves out 0)\.$",
    page="athletes/",
)
def compared_alike(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    kind = {"conditions": "condition", "speeds": "speed", "sessions": "session"}[block.section]
    problems = [
        [name for name in NAMED if (row := _one(rows, name)) is not None and _is_sure(row)]
        for rows in _groups(_rows(tables, _athlete(block), kind))
    ]
    yield from min(problems, key=len, default=["differences.tsv has no such comparison"])


NAMED = (
    "peak upward force", "contact time", "push side", "swing leg", "arms", "torso", "whole body",
)  # fmt: skip
"""Measures that a comparison names."""


def _groups(rows: pd.DataFrame) -> list[pd.DataFrame]:
    keys = ["first", "second", "condition", "speed_mps"]
    return [own for _, own in rows.groupby(keys, dropna=False, sort=False)] if len(rows) else []


def _comparison(text: str, rows: pd.DataFrame) -> Iterator[str]:
    head, _, listed = text.partition(", with 95 % intervals: ")
    sure = [n for n in NAMED if (row := _one(rows, n)) is not None and _is_sure(row)]
    yield from _named(listed, rows, sure)
    for speed in re.findall(rf"(?:At|against|at) {N} m/s", head):
        ends = [rows["first_mps"].iloc[0], rows["second_mps"].iloc[0], rows["speed_mps"].iloc[0]]
        yield from true(f"speed {speed}", any(agrees(speed, float(end)) for end in ends))
    steps = re.search(r"\((\d+)(?: and (\d+))? steps\)", head)
    if steps is not None:
        yield from number("first steps", steps[1], rows["first_steps"].max())
        if steps[2]:
            yield from number("second steps", steps[2], rows["second_steps"].max())
    first = re.match(r"([A-Z][\w ]+) against ([\w ]+?)(?: at|,|$)", head)
    if first is not None and str(rows["comparison"].iloc[0]) == "condition":
        label = str(rows["first"].iloc[0]).replace("_", " ")
        yield from words("condition", first[1].lower(), label)
        yield from words("reference", first[2], str(rows["second"].iloc[0]))


def _named(listed: str, rows: pd.DataFrame, sure: list[str]) -> Iterator[str]:
    form = rf"({_NAMES}) {N} ?([^\s()\d]+(?: m²/s| m)?) (larger|smaller|more|less) \({N} to {N}\)"
    found = re.findall(form, listed)
    names = [part[0].replace("swing side", "swing leg") for part in found]
    yield from true(f"named: {names}, sure: {sure}", sorted(names) == sorted(sure))
    for name, text, unit, way, low, high in found:
        row = _one(rows, name)
        if row is None:
            yield f"{name} is not in differences.tsv"
            continue
        yield from true(f"{low} to {high} leaves out 0", value_of(low) * value_of(high) > 0.0)
        yield from _larger(text, unit, way, row, [low, high])


@rule(
    rf"^(?:(?:([A-Za-z ]+), )?{N} m/s: )?([A-Za-z ]+?) {COUNT}, ([a-z ]+?) {COUNT} steps(?:; too few for an interval)?$",
    page="athletes/",
)
def caption(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = tables["differences"]
    rows = rows[rows["participant_id"] == _athlete(block)]
    condition = (match[1] or "").lower().replace(" ", "_")
    yield from true(f"condition {condition}", condition in {"", *rows["condition"].astype(str)})
    order = {("left", "right")} if block.section == "left-right" else _names_of(rows)
    yield from true(f"“{match[3]}” and “{match[5]}”", (match[3].lower(), match[5].lower()) in order)
    sizes = {
        (int(own["second_steps"].max()), int(own["first_steps"].max()))
        for _, own in rows.groupby(
            ["comparison", "condition", "first", "second", "speed_mps"], dropna=False
        )
        if not match[2]
        or any(agrees(match[2], float(own[k].iloc[0])) for k in ("speed_mps", "first_mps"))
    }
    yield from true(f"“{match[0]}”", (int(match[4]), int(match[6])) in sizes)


def _names_of(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Second and first name of every comparison of conditions and sessions."""
    pairs = rows[["second", "first"]].drop_duplicates().astype(str)
    plain = {
        (second.replace("_", " "), first.replace("_", " ")) for second, first in pairs.to_numpy()
    }
    return plain | {
        (f"session {second}".lower(), f"session {first}".lower()) for second, first in plain
    }


@rule(rf"^Line over the speeds of {COUNT} steps$", page="athletes/")
def line_caption(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = _rows(tables, _athlete(block), "speed")
    counts = set(rows.groupby("condition")["first_steps"].max().astype(int))
    yield from true(f"{match[1]} steps", int(match[1]) in counts)


@rule(
    rf"from touchdown to toe-off at (?:[a-z ]+, )?{N} m/s \((thousandths of mass × stature × speed|kg m²/s)\)",
    page="athletes/",
)
def curves_speed(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = _first_feet(tables, _athlete(block))
    classes = [
        (one.condition == "normal", float(one.speeds.get(_athlete(block), np.nan)))
        for one in tables.classes
    ]
    known = [(usual, speed) for usual, speed in classes if np.isfinite(speed)]
    speeds = [max(known)[1]] if known else []
    speeds += [] if rows.empty else [float(rows["speed_mps"].iloc[0])]
    yield from true(f"speed {match[1]}", any(agrees(match[1], speed) for speed in speeds))


@rule(rf"(push|swing) side ((?:(?:left|right) {NUMBER} \(\d+ steps?\)(?:, )?)+)", page="athletes/")
def curves_means(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    athlete = _athlete(block)
    speed = re.search(rf"at (?:[a-z ]+, )?{N} m/s", block.text)
    own = [
        one.steps[one.steps["participant_id"] == athlete] for one in tables.classes
        if speed and agrees(speed[1], float(one.speeds.get(athlete, np.nan)))
    ]  # fmt: skip
    feet = re.findall(r"left|right", match[2])
    yield from true("each foot once", feet == sorted(set(feet)))
    column = f"H_{match[1]}_side_y_stance_mean_kgm2ps"
    height = float(tables.sheets.get("participant", {}).get(athlete, {}).get("height_m") or np.nan)
    yield from true("speed of a class", bool(own))
    if not own:
        return
    scale = own[0]["mass_kg"] * height * own[0]["speed_mps"] / 1000.0
    scaled = "thousandths" in block.text
    values_of_steps = own[0][column] / (scale if scaled else 1.0)
    for side, text, count in re.findall(rf"(left|right) {N} \((\d+) steps?\)", match[2]):
        values = values_of_steps[own[0]["side"] == side]
        yield from number(f"{side} steps", count, len(values))
        mean = float(values.mean())
        if scaled and np.isnan(height):
            continue
        # the mean of 101 samples of the curve, of which both ends count in full
        yield from true(f"{side} {text}", abs(value_of(text) - mean) <= 0.03 * abs(mean) + 0.01)


@rule(
    rf"that takes three steps of each foot at one speed, and there are at most {COUNT} left and {COUNT} right\.",
    page="athletes/",
)
def too_few(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = _first_feet(tables, _athlete(block))
    yield from number("right", match[2], float(rows["first_steps"].max()))
    yield from number("left", match[1], float(rows["second_steps"].max()))
    yield from true("no interval", bool(rows["low"].isna().all()))


# head ---------------------------------------------------------------------------------------------


@rule(
    rf"{COUNT} steps in {COUNT} of {COUNT} trials(?:, (\d+) single contacts?)?(?:, fastest {N} m/s)?",
    page="athletes/",
)
def byline(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    own = tables["trials"][tables["trials"]["participant_id"] == _athlete(block)]
    yield from number("steps", match[1], float(own["steps_ok"].fillna(0).sum()))
    yield from number("trials with steps", match[2], int(own["steps_ok"].fillna(0).gt(0).sum()))
    yield from number("trials", match[3], len(own))
    if match[5]:
        yield from number("fastest", match[5], float(own["speed_mps"].max()))


@rule(rf"(?:^|, )(?:(female|male), )?(?:{N} kg, )?(?:{N} m, )?(?=\d+ steps)", page="athletes/")
def person(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    sheet = tables.sheets.get("participant", {}).get(_athlete(block), {})
    if match[1] and sheet:
        yield from words("sex", match[1], str(sheet.get("sex")))
    if match[2]:
        yield from number("mass", match[2], tables.mass(_athlete(block)))
    if match[3] and sheet.get("height_m"):
        yield from number("height", match[3], float(sheet["height_m"]))


@rule(
    rf"(Over) {COUNT} (whole step|single contact)s? the push side carried {N} and the swing side {N} kg m²/s",
    page="trials/",
)
def trial_sides(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    _, participant, trial = block.page.removesuffix(".html").split("/")
    kept = tables.kept
    own = kept[(kept["participant_id"] == participant) & (kept["trial_id"] == trial)]
    yield from number("steps", match[2], len(own))
    for position, side in ((4, "push_side"), (5, "swing_side")):
        yield from number(side, match[position], own[f"H_{side}_y_stance_mean_kgm2ps"].mean())


_CELL = rf"(?:{_NAMES}) {NUMBER} (?:%|[A-Za-z°][^ ]*(?: m²/s| m)?) \({NUMBER} to {NUMBER}\)"


@rule(
    rf"^({_CELL}(?:; {_CELL})*|none|too few steps of each foot)(?:; {COUNT} more)?$",
    "athletes",
    page="index",
)
def differs(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if block.kind != "td":
        return
    rows = _first_feet(tables, block.head)
    sure = [name for name in _in_order(rows) if (row := _one(rows, name)) and _is_sure(row)]
    if match[1] == "none":
        yield from true(f"none, but {sure}", not sure and not rows.empty)
        return
    if match[1].startswith("too few"):
        yield from true("too few steps", rows.empty or bool(rows["low"].isna().all()))
        return
    form = rf"({_NAMES}) {N} ?(%|[^ \d]+(?: m²/s| m)?) \({N} to {N}\)"
    found = re.findall(form, match[1])
    names = [part[0].replace("swing side", "swing leg") for part in found]
    yield from true(f"named first: {names}, sure: {sure}", names == sure[: len(names)])
    yield from number("more", match[2] or "0", len(sure) - len(names))
    for name, text, unit, low, high in found:
        yield from true(f"{low} to {high} leaves out 0", value_of(low) * value_of(high) > 0.0)
        if (row := _one(rows, name)) is not None:
            yield from _signed(text, unit, row, [low, high])


def _in_order(rows: pd.DataFrame) -> list[str]:
    """Names of the outcomes of rows, in their order."""
    names = {OUTCOMES[name][:2]: name for name in OUTCOMES if name != "swing side"}
    keys = rows[["level", "source"]].apply(tuple, axis=1) if len(rows) else ()
    return [names[key] for key in keys if key in names]
