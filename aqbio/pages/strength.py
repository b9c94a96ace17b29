"""Strength and sides of an athlete: tests by leg, what each leg carries in running, sessions."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from aqbio.config import Strength
from aqbio.figures.words import digits
from aqbio.intervals.differences import relative_change
from aqbio.io.study import Study
from aqbio.pages.differences import OUTCOMES, Outcome, SessionSteps, foot_changes
from aqbio.stats.leg_strength import DAY_ERRORS, leg_ratios, session_changes, strength_tests

RUNNING = {
    "push": ("peak_vertical_force_bw", "peak upward force on it"),
    "swing": ("thigh_speed_swing_radps", "its thigh's fastest attack forward"),
}
"""Column of steps.tsv that stands beside strengths of a role, and its words, of that leg."""

NOT_THE_AUTHORS = (
    "Left against right is not what the articles call strength balance: each leg pushes in its own "
    "contact and swings in the other's."
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Right less left, per cent of their mean, with its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """True if the interval lies on one side of 0."""
        return self.low > 0.0 or self.high < 0.0

    @property
    def words(self) -> str:
        """Difference and interval."""
        ends = f"{digits(self.low, '%')} to {digits(self.high, '%')} %"
        return f"{digits(self.difference, '%')} %, {ends}"


@dataclass(frozen=True, slots=True)
class StrengthLine:
    """One movement that both legs were tested in."""

    movement: str
    """Movement and kind of test, in words."""
    name: str
    """The same as short as it can be, for a sentence."""
    session: str
    unit: str
    left: float
    right: float
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
    before: float
    after: float
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
    study: Study, participant_id: str, read_session: Callable[[str], SessionSteps]
) -> StrengthSheet | None:
    """Strengths of a person beside the running of this session; None where none was measured.

    ``read_session`` reads the steps of a session with their joint draws. Those of the speed that
    the page compares left and right at are shown; the page of the last session says how running
    changed since the first.
    """
    people = study.same_person(participant_id)
    rows = [row for row in study.strength if row.participant_id in people]
    if not rows:
        return None
    own_rows = [row for row in rows if row.participant_id == participant_id]
    lines = tuple(_lines(own_rows, read_session(participant_id))) if own_rows else ()
    changes, sessions = _changes(rows, people, participant_id, read_session)
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
        ratio = _ratio(float(row["ratio"]), float(row["error"]), float(row["error_df"]))
        if ratio.sure:
            movement = str(row["movement"]).replace("_", " ")
            differ.append(f"{movement} {ratio.words.replace(', ', ' (', 1)})")
    if differ:
        return "; ".join(differ)
    return "no difference beyond that between days" if ratios else "no movement tested in both legs"


def percent(ratio: float) -> float:
    """Per cent of the mean by which two numbers differ, from the logarithm of their ratio."""
    return 200.0 * math.tanh(0.5 * ratio)


def _ratio(ratio: float, error: float, df: float) -> Ratio:
    """Difference of two tests with the interval of what tests repeat between days.

    Attempts of one day scatter less; where they scatter more, theirs is taken, by Student's t.
    """
    half = float(ndtri(0.975)) * float(np.hypot(DAY_ERRORS[1], DAY_ERRORS[1]))
    if math.isfinite(error) and df >= 1:
        half = max(half, float(stdtrit(df, 0.975)) * error)
    return Ratio(percent(ratio), percent(ratio - half), percent(ratio + half))


def describe_test(row: Mapping[Hashable, Any]) -> str:
    """Movement and conditions of a test, in words."""
    words = [str(row["movement"]).replace("_", " "), str(row["contraction"]).replace("_", " ")]
    for column, unit in (("angle_deg", "°"), ("velocity_deg_s", "°/s")):
        value = row[column]
        if isinstance(value, float) and math.isfinite(value):
            words.append(f"{value:g}{unit}")
    if row["device"] and isinstance(row["device"], str):
        words.append(row["device"])
    return f"{words[0].capitalize()} ({', '.join(words[1:])})"


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


def _lines(rows: Sequence[Strength], session: SessionSteps) -> list[StrengthLine]:
    ratios = leg_ratios(strength_tests(rows)).to_dict("records")
    return [
        StrengthLine(
            movement=describe_test(row),
            name=name,
            session=str(row["session"] or ""),
            unit=str(row["unit"]),
            left=float(row["left"]),
            right=float(row["right"]),
            ratio=_ratio(float(row["ratio"]), float(row["error"]), float(row["error_df"])),
            pain=str(row["pain"]),
            running=_running(session, str(row["role"] or "")),
        )
        for row, name in zip(ratios, short_names(ratios), strict=True)
    ]


def _running(session: SessionSteps, role: str) -> str:
    """Right less left of what a leg does in running, in its role, as the page compares the feet."""
    if role not in RUNNING:
        return ""
    words = RUNNING[role][1]
    means = session.both_feet(_outcome(role), session.columns[0]) if session.columns else None
    right_of_left = relative_change(*means) if means is not None else (math.nan,)
    if not all(map(math.isfinite, right_of_left)) or min(right_of_left) <= -100.0:
        return "too few steps of each foot"
    difference, low, high = (math.log(1.0 + change / 100.0) for change in right_of_left)
    if role == "swing":  # the leg of the other foot swings
        difference, low, high = -difference, -high, -low
    return f"{words}: {Ratio(percent(difference), percent(low), percent(high)).words}"


def _outcome(role: str) -> Outcome:
    """Number of a step that stands beside strengths of a role."""
    column = RUNNING[role][0]
    return next(outcome for outcome in OUTCOMES.values() if outcome.source == column)


def _changes(
    rows: Sequence[Strength],
    people: Sequence[str],
    participant_id: str,
    read_session: Callable[[str], SessionSteps],
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
        running = _running_changes(read_session(last), read_session(first))
    changes = []
    compared = session_changes(tests, first, last).to_dict("records")
    for row, name in zip(compared, short_names(compared), strict=True):
        side = "" if row["side"] == "bilateral" else f", {row['side']}"
        change = _ratio(row["change"], row["error"], float(row["error_df"]))
        changes.append(
            StrengthChange(
                f"{describe_test(row)}{side}", name, row["side"], row["unit"],
                row["before"], row["after"], change,
                running.get((str(row["role"]), str(row["side"])), ""),
            )
        )  # fmt: skip
    order = list(dict.fromkeys(change.name for change in changes))
    changes.sort(key=lambda change: (order.index(change.name), change.side))
    return tuple(changes), f"{session_of[first] or first} and {session_of[last] or last}"


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


def _running_changes(last: SessionSteps, first: SessionSteps) -> dict[tuple[str, str], str]:
    """Change of what each leg does in running, in words, by role and leg."""
    words = {}
    for role, (_, name) in RUNNING.items():
        for foot, change in foot_changes(last, first, _outcome(role)).items():
            leg = foot if role == "push" else OTHER_SIDE[foot]
            if np.isfinite(change).all():
                words[role, leg] = f"{name}: {Ratio(*change).words}"
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
        numbers = (f"{describe_test(row)} {digits(row['value'])} {row['unit']}" for row in together)
        parts.append(f"Of both legs together: {'; '.join(numbers)}.")
    roles = {row.role for row in rows}
    lacking = [
        words
        for role, words in (("push", "extension of hip or knee"), ("swing", "hip flexion"))
        if role not in roles
    ]
    parts.append("Whether strength makes what a leg does in running is not known from one athlete.")
    if lacking:
        parts.append(f"Next: test {' and '.join(lacking)} of both legs.")
    elif not lines:
        parts.append("Next: test each movement in both legs.")
    elif any(row.hurt is None for row in rows):
        parts.append("Next: note pain of each leg, none where there is none.")
    else:
        parts.append("Next: the same tests in six weeks, with the same device.")
    return " ".join(parts)
