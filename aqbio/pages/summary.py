"""What was measured, what was kept and what failed: the first lines of the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from aqbio.errors import Cause, Finding, causes
from aqbio.figures.numbers import shown
from aqbio.figures.stance_means import kept_steps
from aqbio.pages.sections import rows

STATES = ("usable", "usable without parts", "without steps", "failed")

NEEDED = (
    (
        ("H_push_side_y_stance_mean_kgm2ps", "H_swing_side_y_stance_mean_kgm2ps"),
        "the two sides",
        "",
    ),
    (
        ("peak_vertical_force_bw",),
        "ground forces, joint moments and what they cause",
        "no plate measured the force",
    ),
)
"""Columns of steps.tsv, what cannot be said without them, and why; empty: the trial says it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The study in a few numbers."""

    unsaid: tuple[str, ...]
    """What cannot be said, in how many steps, and why."""
    agreement: str
    """In how many trials motion, forces and body disagree, before and after the fit."""
    facts: tuple[tuple[str, str], ...]
    """tuple of (label, text)."""
    failed: tuple[Cause, ...]
    """Trials without results, by reason."""
    left_out: tuple[tuple[str, int], ...]
    """tuple of (reason, number of steps). Why contacts did not become whole steps."""


def study_summary(participants: int, trials: pd.DataFrame, steps: pd.DataFrame) -> Summary:
    """Count trials and steps, and say why some are missing."""
    failed = trials[trials["status"] != "ok"]
    count = steps["status"].value_counts()
    kept, rejected, incomplete = (
        int(count.get(status, 0)) for status in ("ok", "rejected", "incomplete")
    )
    facts = [
        ("Participants", str(participants)),
        ("Trials", _states(trials)),
        ("Contacts", str(len(steps))),
        ("Steps", f"{kept} kept, {rejected} rejected, {incomplete} incomplete"),
    ]
    facts += _known(steps)
    whole = kept_steps(steps)
    if len(whole):
        facts.append(("Speed", _range(whole["speed_mps"], "m/s")))
        facts.append(("Contact time", _range(whole["contact_s"], "s")))
        facts.append(("Flight time", _range(whole["flight_s"], "s")))
    reasons = steps.loc[steps["status"] != "ok", "reason"].astype(object)
    reasons = reasons.where(reasons.notna(), "no reason recorded")
    # what follows a semicolon are the numbers of one contact: they are in steps.tsv
    reasons = reasons.map(lambda reason: str(reason).partition(";")[0])
    return Summary(
        tuple(unsaid(trials, steps)),
        agreement(trials),
        tuple(facts),
        _failures(failed),
        tuple((str(reason), int(number)) for reason, number in reasons.value_counts().items()),
    )


def _failures(failed: pd.DataFrame) -> tuple[Cause, ...]:
    return causes(
        Finding(
            rule="trial-failed",
            severity="error",
            what=str(row["reason"]),
            trial=str(row["trial_id"]),
            participant=str(row["participant_id"]),
        )
        for row in rows(failed)
    )


def _states(trials: pd.DataFrame) -> str:
    """Count trials by what of them can be used."""
    count = trials["state"].value_counts()
    told = [f"{count[state]} {state}" for state in STATES if state in count]
    return f"{len(trials)}: {', '.join(told)}" if told else str(len(trials))


def _known(steps: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """In how many of the kept steps both sides and the forces are known."""
    found = steps[steps["status"] != "rejected"]
    for (columns, _, _), label in zip(NEEDED, ("Both sides known", "Forces known"), strict=True):
        known = int(found[list(columns)].notna().all(axis=1).sum())
        yield label, f"{known} of {len(found)} steps"


def unsaid(trials: pd.DataFrame, steps: pd.DataFrame) -> Iterator[str]:
    """What the numbers cannot say, in how many of the kept steps, and why."""
    kept = steps[steps["status"] != "rejected"]
    if not len(kept):
        yield "No step was kept: nothing can be said about the motion."
        return
    why = trials.set_index(["participant_id", "trial_id"])["unobserved"].dropna().to_dict()
    for columns, about, cause in NEEDED:
        lost = kept[kept[list(columns)].isna().any(axis=1)]
        if not len(lost):
            continue
        places = zip(lost["participant_id"], lost["trial_id"], strict=True)
        reasons = Counter(cause or why.get(place, "see Findings") for place in places)
        extent = "" if len(lost) == len(kept) else f"In {len(lost)} of {len(kept)} steps "
        told = "; ".join(
            f"{_spoken(reason)}" + (f" ({count} steps)" if len(reasons) > 1 else "")
            for reason, count in reasons.most_common()
        )
        yield f"{extent}{'nothing' if extent else 'Nothing'} about {about} can be said: {told}."


def _spoken(words: str) -> str:
    """Name groups as people do."""
    for limb in ("arm", "leg"):
        words = words.replace(f"{limb}_left, {limb}_right", f"both {limb}s")
    return re.sub(r"\b(arm|leg)_(left|right)\b", r"\2 \1", words)


def agreement(trials: pd.DataFrame) -> str:
    """Say in how many trials motion, forces and body disagree, before and after the fit."""
    told = []
    for column, words in (
        ("agreement_before", "before the consistency fit in {} of {}"),
        ("agreement_after", "after it in {} of {}, where they are fitted and no evidence"),
    ):
        known = trials[column].dropna()
        known = known[known != "not_testable"]
        if len(known):
            told.append(words.format(int((known == "fail").sum()), f"{len(known)} trials"))
    outside = "Residuals, drift in flight or effect over residual lie outside their limits "
    return f"{outside}{'; '.join(told)}." if told else ""


def _range(values: pd.Series, unit: str) -> str:
    low, high = shown(values.min(), unit), shown(values.max(), unit)
    return f"{low}\xa0{unit}" if low == high else f"{low} to {high}\xa0{unit}"
