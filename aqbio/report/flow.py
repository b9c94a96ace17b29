"""Flow of people, runs and contacts from the sheets to what counts, with reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from aqbio.config import Participant, Trial
from aqbio.hypotheses.deviations import LISTED
from aqbio.pages.address import marked, names, other_than, where

LEAVES = {
    "removed": "taken out since data were read",
    "left_out": "left out by the sheet",
    "failed": "without results",
    "without_steps": "without a usable step",
    "rejected": "rejected",
    "incomplete": "incomplete",
}
"""Words of those that leave the flow."""

NOT_STATED = "no reason is stated"

MOST_REASONS = 4
"""Reasons of one kind that are listed; the others are counted together."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the diagram."""

    count: int
    words: str
    shown: str
    """The number with its address."""
    reasons: tuple[tuple[str, str], ...] = ()
    """Number and reason of those that leave; empty of those that stay."""
    stays: bool = False


def flow(
    participants: Sequence[Participant],
    trials: Sequence[Trial],
    results: pd.DataFrame,
    steps: pd.DataFrame,
    deviations: pd.DataFrame,
) -> dict[str, list[Box]]:
    """Boxes of people, runs and contacts of the feet, from top to bottom, by title.

    `results` are the rows of trials.tsv of the tables, `steps` and `deviations` those of the tables
    of that name.
    """
    columns = {
        "People": _people(participants, steps, deviations),
        "Runs": _runs([row for row in trials if row.task != "static"], results, deviations),
        "Contacts of the feet": _contacts(steps),
    }
    return {
        title: [box for box in boxes if box.count or box.stays] for title, boxes in columns.items()
    }


def _box(
    number: int, words: str, table: str, key: str = "", by: str = "count", *, stays: bool = False
) -> Box:
    return Box(number, words, marked(number, table, key, by=by), stays=stays)


def _people(
    participants: Sequence[Participant], steps: pd.DataFrame, deviations: pd.DataFrame
) -> Iterator[Box]:
    by_name = {row.participant_id: row.person or row.participant_id for row in participants}
    usable = set(steps.loc[steps["status"] == "ok", "participant_id"].astype(str))
    removed = _removed(deviations, "participant")
    ever, missing = len(by_name) + len(removed), len(set(by_name) - usable)
    count = marked(ever, "participants", "", by="ever")
    yield Box(ever, f"{_sessions(by_name)}ever in the sheets", count, stays=True)
    yield _leaving("removed", removed, "deviations", where(key=names("participant")))
    without = marked(missing, "participants", "", by="participants without steps")
    yield Box(missing, LEAVES["without_steps"], without)
    count = marked(len(by_name) - missing, "steps", where(status="ok"), by="people")
    having = {name: by_name[name] for name in usable if name in by_name}
    yield Box(len(by_name) - missing, f"{_sessions(having)}with usable steps", count, stays=True)


def _sessions(people: Mapping[str, str]) -> str:
    """Say of how many people these are sessions; empty where everybody came once."""
    number = len(set(people.values()))
    if number == len(people):
        return ""
    count = marked(
        number, "participants", where(participant_id=sorted(people)), "person", by="people"
    )
    return f"sessions of {count} {'person' if number == 1 else 'people'} "


def _runs(
    trials: Sequence[Trial], results: pd.DataFrame, deviations: pd.DataFrame
) -> Iterator[Box]:
    removed = _removed(deviations, "trial")
    ever = len(trials) + len(removed)
    yield _box(ever, "ever in the sheets", "sheet trials", MOVING, "ever", stays=True)
    yield _leaving("removed", removed, "deviations", where(key=names("trial")))
    left_out = [row.reason or NOT_STATED for row in trials if row.include == "no"]
    yield _leaving("left_out", left_out, "sheet trials", f"{MOVING};{where(include='no')}")
    failed = results[results["status"] != "ok"]
    reasons = list(failed["reason"].fillna(NOT_STATED))
    yield _leaving("failed", reasons, "trials", where(status=other_than("ok")))
    empty = (results["status"] == "ok") & ~(results["steps_ok"].astype(float) > 0)
    finished = where(status="ok")
    without, having = int(empty.sum()), len(results) - len(failed) - int(empty.sum())
    yield Box(
        without,
        LEAVES["without_steps"],
        marked(without, "trials", finished, "steps_ok", by="not above 0"),
    )
    yield Box(
        having,
        "with usable steps",
        marked(having, "trials", finished, "steps_ok", by="above 0"),
        stays=True,
    )


MOVING = where(task=other_than("static"))


def _contacts(steps: pd.DataFrame) -> Iterator[Box]:
    yield _box(len(steps), "recorded", "steps", stays=True)
    for status in ("rejected", "incomplete"):
        reasons = steps.loc[steps["status"] == status, "reason"].fillna(NOT_STATED)
        yield _leaving(status, list(reasons), "steps", where(status=status))
    whole = int((steps["status"] == "ok").sum())
    yield _box(whole, "usable steps", "steps", where(status="ok"), stays=True)


def _removed(deviations: pd.DataFrame, kind: str) -> list[str]:
    """Reasons of rows that were taken out of a sheet since the data were first read."""
    whole = deviations["key"].astype(str).str.fullmatch(rf"{kind} [^:]+")
    removed = deviations[whole & (deviations["before"] == LISTED)]
    return list(removed["reason"].fillna(NOT_STATED).astype(str))


def _leaving(fate: str, reasons: Sequence[str], table: str, key: str) -> Box:
    """Box of those that leave; equal reasons are counted together, whatever their numbers.

    ``table``, ``key``: where the reasons stand.
    """
    counts = pd.Series([_without_numbers(reason) for reason in reasons], dtype=object)
    ordered = counts.value_counts(sort=False).sort_values(ascending=False, kind="stable")
    counted_reasons = [
        (marked(int(n), table, key, str(reason), by="reason"), str(reason))
        for reason, n in ordered.iloc[:MOST_REASONS].items()
    ]
    if others := int(ordered.iloc[MOST_REASONS:].sum()):
        told = "|".join(map(str, ordered.index[:MOST_REASONS]))
        counted_reasons.append((marked(others, table, key, told, by="other reasons"), "other"))
    count = marked(len(reasons), table, key, by="count")
    return Box(len(reasons), LEAVES[fate], count, tuple(counted_reasons))


def _without_numbers(reason: str) -> str:
    """First clause of a reason, without its numbers."""
    clause = re.split(r"[;:(]", reason)[0]
    return re.sub(r"\b\d+([.,]\d+)?\b", "…", clause).strip() or NOT_STATED
