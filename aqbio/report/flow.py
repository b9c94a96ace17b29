"""Flow of people, runs and contacts from the sheets to what counts, with reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from aqbio.config import Participant, Trial
from aqbio.hypotheses.deviations import LISTED

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
    reasons: tuple[tuple[int, str], ...] = ()
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


def _people(
    participants: Sequence[Participant], steps: pd.DataFrame, deviations: pd.DataFrame
) -> Iterator[Box]:
    names = {participant.participant_id for participant in participants}
    usable = set(steps.loc[steps["status"] == "ok", "participant_id"].astype(str))
    removed = _removed(deviations, "participant")
    yield Box(len(names) + len(removed), "ever in the sheets", stays=True)
    yield _leaving("removed", removed)
    missing = len(names - usable)
    yield Box(missing, LEAVES["without_steps"])
    yield Box(len(names) - missing, "with usable steps", stays=True)


def _runs(
    trials: Sequence[Trial], results: pd.DataFrame, deviations: pd.DataFrame
) -> Iterator[Box]:
    removed = _removed(deviations, "trial")
    yield Box(len(trials) + len(removed), "ever in the sheets", stays=True)
    yield _leaving("removed", removed)
    yield _leaving("left_out", [row.reason or NOT_STATED for row in trials if row.include == "no"])
    failed = results[results["status"] != "ok"]
    yield _leaving("failed", list(failed["reason"].fillna(NOT_STATED)))
    empty = (results["status"] == "ok") & ~(results["steps_ok"].astype(float) > 0)
    yield Box(int(empty.sum()), LEAVES["without_steps"])
    yield Box(len(results) - len(failed) - int(empty.sum()), "with usable steps", stays=True)


def _contacts(steps: pd.DataFrame) -> Iterator[Box]:
    yield Box(len(steps), "recorded", stays=True)
    for status in ("rejected", "incomplete"):
        reasons = steps.loc[steps["status"] == status, "reason"].fillna(NOT_STATED)
        yield _leaving(status, list(reasons))
    yield Box(int((steps["status"] == "ok").sum()), "usable steps", stays=True)


def _removed(deviations: pd.DataFrame, kind: str) -> list[str]:
    """Reasons of rows that were taken out of a sheet since the data were first read."""
    whole = deviations["key"].astype(str).str.fullmatch(rf"{kind} [^:]+")
    removed = deviations[whole & (deviations["before"] == LISTED)]
    return list(removed["reason"].fillna(NOT_STATED).astype(str))


def _leaving(fate: str, reasons: Sequence[str]) -> Box:
    """Box of those that leave; equal reasons are counted together, whatever their numbers."""
    counts = pd.Series([_without_numbers(reason) for reason in reasons], dtype=object)
    ordered = counts.value_counts(sort=False).sort_values(ascending=False, kind="stable")
    counted_reasons = [(int(n), str(reason)) for reason, n in ordered.iloc[:MOST_REASONS].items()]
    if others := int(ordered.iloc[MOST_REASONS:].sum()):
        counted_reasons.append((others, "other reasons"))
    return Box(len(reasons), LEAVES[fate], tuple(counted_reasons))


def _without_numbers(reason: str) -> str:
    """First clause of a reason, its numbers as n."""
    clause = re.split(r"[;:(]", reason)[0]
    return re.sub(r"\b\d+([.,]\d+)?\b", "n", clause).strip() or NOT_STATED
