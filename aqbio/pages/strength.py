"""Strength and sides of an athlete: tests by leg, what each leg carries in running, sessions."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from aqbio.config import Strength
from aqbio.figures.words import digits
from aqbio.io.study import Study
from aqbio.pages.address import marked, row_key, where
from aqbio.pages.differences import FEET, OF_LEGS, SESSION_FOOT
from aqbio.stats.leg_strength import (
    DAY_ERRORS,
    MEASURE,
    leg_ratios,
    session_changes,
    strength_tests,
)

TABLE = "strength"
"""Attempts of the strength sheet, in SI units."""

RUNNING = {
    "push": (OF_LEGS[0], "peak upward force on it"),
    "swing": (OF_LEGS[1], "its thigh's fastest attack forward"),
}
"""Column of steps.tsv that stands beside strengths of a role, and its words, of that leg."""

NOT_THE_AUTHORS = (
    "Left against right is not what the articles call strength balance: each leg pushes in its own "
    "contact and swings in the other's. Whether strength makes what a leg does in running is not "
    "known from one athlete."
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Right less left, per cent of their mean, with its 95 % interval."""

    difference: float
    low: float
    high: float
    table: str = ""
    key: str = ""
    columns: tuple[str, str, str] = ("difference", "low", "high")
    by: str = ""
    """table to by: Where all three come from."""

    @property
    def sure(self) -> bool:
        """True if the interval lies on one side of 0."""
        return self.low > 0.0 or self.high < 0.0

    @property
    def words(self) -> str:
        """Difference and interval."""
        difference, low, high = (
            marked(digits(number, "%"), self.table, self.key, column, by=self.by)
            for number, column in zip(
                (self.difference, self.low, self.high), self.columns, strict=True
            )
        )
        return f"{difference} %, {low} to {high} %"


@dataclass(frozen=True, slots=True)
class StrengthLine:
    """One movement that both legs were tested in."""

    movement: str
    """Movement and kind of test, in words."""
    name: str
    """The same as short as it can be, for a sentence."""
    session: str
    unit: str
    left: str
    right: str
    ratio: Ratio
    pain: str
    running: str
    """What each leg carries in running beside it; empty where nothing is compared."""


@dataclass(frozen=True, slots=True)
class StrengthChange:
    """One test in the first and the last session."""

    test: str
    name: str
    side: str
    """test, name, side: Test in words, as short as it can be, and leg."""
    unit: str
    before: str
    after: str
    change: Ratio
    """After less before."""
    running: str = ""
    """Change of what that leg does in running; empty where it is not known here."""


@dataclass(frozen=True, slots=True)
class StrengthSheet:
    """Part of an athlete's page."""

    sentence: str
    lines: tuple[StrengthLine, ...]
    changes: tuple[StrengthChange, ...]
    sessions: str
    """First and last session, in words; empty with one."""
    note: str = NOT_THE_AUTHORS


def strength_sheet(
    study: Study, participant_id: str, differences: pd.DataFrame
) -> StrengthSheet | None:
    """Strengths of a person beside the running of this session; None where none was measured.

    ``differences``: rows of the participant, by which left and right are compared at the speed that
    the page compares them at; the page of the last session says how running changed since the
    first.
    """
    people = study.same_person(participant_id)
    rows = [row for row in study.strength if row.participant_id in people]
    if not rows:
        return None
    own_rows = [row for row in rows if row.participant_id == participant_id]
    lines = tuple(_lines(own_rows, differences)) if own_rows else ()
    changes, sessions = _changes(rows, people, participant_id, differences)
    sentence = _sentence(lines, own_rows)
    if own_rows and changes and participant_id == _tested(rows, people)[-1]:
        sentence = f"{_change_sentence(changes, sessions)} {sentence}"
    return StrengthSheet(sentence, lines, changes, sessions)


def short_strength_words(study: Study, participant_id: str) -> str:
    """Tests of a participant in which the legs differ, for a table; empty where none was tested."""
    rows = [row for row in study.strength if row.participant_id == participant_id]
    if not rows:
        return ""
    ratios = leg_ratios(strength_tests(rows)).to_dict("records")
    differ = []
    for row in ratios:
        ratio = _leg_ratio(row)
        if ratio.sure:
            movement = str(row["movement"]).replace("_", " ")
            differ.append(f"{movement} {ratio.words.replace(', ', ' (', 1)})")
    if differ:
        return "; ".join(differ)
    return "no difference beyond that between days" if ratios else "no movement tested in both legs"


def percent(ratio: float) -> float:
    """Per cent of the mean by which two numbers differ, from the logarithm of their ratio."""
    return 200.0 * math.tanh(0.5 * ratio)


def _leg_ratio(row: Mapping[Hashable, Any]) -> Ratio:
    """Right less left of a row of `leg_ratios`."""
    numbers = (float(row[name]) for name in ("ratio", "error", "error_df"))
    return Ratio(*_between_days(*numbers), TABLE, _key(row), by="legs")


def _between_days(ratio: float, error: float, df: float) -> tuple[float, float, float]:
    """Difference of two tests with the interval of what tests repeat between days.

    Attempts of one day scatter less; where they scatter more, theirs is taken, by Student's t.
    """
    half = float(ndtri(0.975)) * float(np.hypot(DAY_ERRORS[1], DAY_ERRORS[1]))
    if math.isfinite(error) and df >= 1:
        half = max(half, float(stdtrit(df, 0.975)) * error)
    return percent(ratio), percent(ratio - half), percent(ratio + half)


def _key(row: Mapping[Hashable, Any], **others: Any) -> str:
    """Key of the attempts of one test; ``others``: columns beside those that name the test."""
    participant = {"participant_id": row["participant_id"]} if "participant_id" in row else {}
    return where(**participant, **others, **{name: row[name] for name in (*MEASURE, "unit")})


def describe_test(row: Mapping[Hashable, Any]) -> str:
    """Movement and conditions of a test, in words."""
    words = [str(row["movement"]).replace("_", " "), str(row["contraction"]).replace("_", " ")]
    for column, unit in (("angle_deg", "°"), ("velocity_deg_s", "°/s")):
        value = row[column]
        if isinstance(value, float) and math.isfinite(value):
            words.append(_written(row, column, f"{value:g}") + unit)
    if row["device"] and isinstance(row["device"], str):
        words.append(_written(row, "device", row["device"]))
    return f"{words[0].capitalize()} ({', '.join(words[1:])})"


def _written(row: Mapping[Hashable, Any], column: str, text: str) -> str:
    key = where(**{name: row[name] for name in MEASURE})
    return marked(text, TABLE, key, column, by="one of")


def short_names(tests: Sequence[Mapping[Hashable, Any]]) -> list[str]:
    """Movement of every test, with its conditions where the same movement was tested otherwise."""
    described = [describe_test(row) for row in tests]
    kinds: dict[str, set[str]] = {}
    for row, words in zip(tests, described, strict=True):
        kinds.setdefault(row["movement"], set()).add(words)
    return [
        row["movement"].replace("_", " ")
        if len(kinds[row["movement"]]) == 1
        else words[0].lower() + words[1:]
        for row, words in zip(tests, described, strict=True)
    ]


def _lines(rows: Sequence[Strength], differences: pd.DataFrame) -> list[StrengthLine]:
    ratios = leg_ratios(strength_tests(rows)).to_dict("records")
    feet = differences[differences["comparison"] == FEET]
    if len(feet):  # as the first sentence of the page
        best = feet.iloc[0]
        feet = feet[
            (feet["condition"] == best["condition"]) & (feet["speed_mps"] == best["speed_mps"])
        ]
    return [
        StrengthLine(
            movement=describe_test(row),
            name=name,
            session=str(row["session"] or ""),
            unit=str(row["unit"]),
            left=_mean(row["left"], row["unit"], _key(row, side="left")),
            right=_mean(row["right"], row["unit"], _key(row, side="right")),
            ratio=_leg_ratio(row),
            pain=marked(row["pain"], TABLE, _key(row), "pain", by="pain") if row["pain"] else "",
            running=_running(feet, str(row["role"] or "")),
        )
        for row, name in zip(ratios, short_names(ratios), strict=True)
    ]


def _mean(value: Any, unit: Any, key: str) -> str:
    """Write the mean of the attempts of a key."""
    return marked(digits(float(value), str(unit)), TABLE, key, "value", by="mean")


def _running(feet: pd.DataFrame, role: str) -> str:
    """Right less left of what a leg does in running, in its role, as the page compares the feet."""
    if role not in RUNNING:
        return ""
    column, words = RUNNING[role]
    rows = feet[feet["source"] == column].to_dict("records")
    ratio = _running_ratio(rows[0], turned=role == "swing") if rows else None
    return f"{words}: {ratio.words}" if ratio else "too few steps of each foot"


def _running_ratio(row: Mapping[Hashable, Any], *, turned: bool) -> Ratio | None:
    """Per cent of the mean of both numbers; None where a row of ``differences`` has no interval.

    ``turned``: of the legs of the other feet.
    """
    names = ("percent", "percent_low", "percent_high")
    changes = [float(row[name]) for name in names]
    if not all(map(math.isfinite, changes)) or min(changes) <= -100.0:
        return None
    difference, low, high = (percent(math.log1p(change / 100.0)) for change in changes)
    by = "of mean"
    if turned:
        difference, low, high = -difference, -high, -low
        names, by = (names[0], names[2], names[1]), "of mean, other leg"
    key = row_key("differences", {str(name): value for name, value in row.items()})
    return Ratio(difference, low, high, "differences", key, names, by)


def _changes(
    rows: Sequence[Strength], people: Sequence[str], participant_id: str, differences: pd.DataFrame
) -> tuple[tuple[StrengthChange, ...], str]:
    """Tests of the first and the last session of a person, and both sessions in words."""
    tests = strength_tests(rows)
    tested = _tested(rows, people)
    if len(tested) < 2:
        return (), ""
    first, last = tested[0], tested[-1]
    session_of = dict(zip(tests["participant_id"], tests["session"], strict=True))
    running = {}
    if participant_id == last:
        running = _running_changes(differences, str(session_of[first] or first))
    changes = []
    compared = session_changes(tests, first, last).to_dict("records")
    for row, name in zip(compared, short_names(compared), strict=True):
        side = "" if row["side"] == "bilateral" else f", {row['side']}"
        keys = [_key(row, participant_id=name, side=row["side"]) for name in (first, last)]
        columns = (f"difference;{first}", f"low;{first}", f"high;{first}")
        both = _key(row, participant_id=[first, last], side=row["side"])
        numbers = _between_days(row["change"], row["error"], float(row["error_df"]))
        changes.append(
            StrengthChange(
                f"{describe_test(row)}{side}", name, row["side"], row["unit"],
                _mean(row["before"], row["unit"], keys[0]),
                _mean(row["after"], row["unit"], keys[1]),
                Ratio(*numbers, TABLE, both, columns, "sessions"),
                running.get((str(row["role"]), str(row["side"])), ""),
            )
        )  # fmt: skip
    order = list(dict.fromkeys(change.name for change in changes))
    changes.sort(key=lambda change: (order.index(change.name), change.side))
    told = (
        marked(text, TABLE, where(participant_id=name), "session", by="one of")
        if (text := session_of[name]) else name
        for name in (first, last)
    )  # fmt: skip
    return tuple(changes), " and ".join(told)


def _tested(rows: Sequence[Strength], people: Sequence[str]) -> list[str]:
    """Sessions of a person in which strength was measured."""
    measured = {row.participant_id for row in rows}
    return [name for name in people if name in measured]


def _change_sentence(changes: Sequence[StrengthChange], sessions: str) -> str:
    """State which tests changed between the first and the last session."""
    parts = [
        f"{_of_legs([change])} {'rose' if change.change.difference > 0 else 'fell'} "
        f"({change.change.words})"
        for change in changes
        if change.change.sure
    ]
    unsure = [change for change in changes if not change.change.sure]
    if unsure:
        parts.append(f"no change beyond what tests repeat between days in {_of_legs(unsure)}")
    return f"Sessions {sessions}: {'; '.join(parts)}."


def _of_legs(changes: Sequence[StrengthChange]) -> str:
    """Tests with the legs that made them."""
    legs: dict[str, list[str]] = {}
    for change in changes:
        sides = legs.setdefault(change.name, [])
        if change.side != "bilateral":
            sides.append(change.side)
    return ", ".join(
        f"{name} ({' and '.join(sorted(sides))})" if sides else name for name, sides in legs.items()
    )


OTHER_SIDE = {"left": "right", "right": "left"}


def _running_changes(differences: pd.DataFrame, first: str) -> dict[tuple[str, str], str]:
    """Change of what each leg does in running since a session, in words, by role and leg."""
    is_change = (differences["comparison"] == SESSION_FOOT) & (differences["second"] == first)
    words = {}
    for role, (column, name) in RUNNING.items():
        rows = differences[is_change & (differences["source"] == column)]
        for foot, of_foot in rows.groupby("side", observed=True):
            leg = str(foot) if role == "push" else OTHER_SIDE[str(foot)]
            ratio = _running_ratio(of_foot.iloc[0].to_dict(), turned=False)
            if ratio:
                words[role, leg] = f"{name}: {ratio.words}"
    return words


def _sentence(lines: Sequence[StrengthLine], rows: Sequence[Strength]) -> str:
    """State what is known, what is not, and what to measure next."""
    if not rows:
        return "No strength was measured in this session. Next: test both legs on the day of a run."
    known = [
        f"{line.name}: the {'right' if line.ratio.difference < 0 else 'left'} leg tested "
        f"weaker (right − left {line.ratio.words})"
        for line in lines
        if line.ratio.sure
    ]
    parts = [f"{known[0][0].upper()}{'; '.join(known)[1:]}."] if known else []
    alike = [line.name for line in lines if not line.ratio.sure]
    if alike:
        words = "No difference between the legs beyond what tests repeat between days"
        parts.append(f"{words}: {', '.join(alike)}.")
    if not lines:
        parts.append("No movement was tested in each leg.")
    together = strength_tests([row for row in rows if row.side == "bilateral"]).to_dict("records")
    if together:
        numbers = (
            f"{describe_test(row)} {_mean(row['value'], '', _key(row, side='bilateral'))} "
            f"{row['unit']}"
            for row in together
        )
        parts.append(f"Of both legs together: {'; '.join(numbers)}.")
    roles = {row.role for row in rows}
    lacking = [
        words
        for role, words in (("push", "extension of hip or knee"), ("swing", "hip flexion"))
        if role not in roles
    ]
    if lacking:
        parts.append(f"Next: test {' and '.join(lacking)} of both legs.")
    elif not lines:
        parts.append("Next: test each movement in both legs.")
    elif any(row.hurt is None for row in rows):
        parts.append("Next: note pain of each leg, none where there is none.")
    else:
        parts.append("Next: the same tests in six weeks, with the same device.")
    return " ".join(parts)
