"""What was measured, kept and failed, and the tables of athletes and trials: the first page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aqbio.config import Participant
from aqbio.errors import Cause, Finding, causes
from aqbio.figures.step_means import kept_steps
from aqbio.figures.words import digits
from aqbio.pages.filters import rows

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

    gaps: tuple[str, ...]
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
        tuple(gaps(trials, steps)),
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


def gaps(trials: pd.DataFrame, steps: pd.DataFrame) -> Iterator[str]:
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
            f"{_group_words(reason)}" + (f" ({count} steps)" if len(reasons) > 1 else "")
            for reason, count in reasons.most_common()
        )
        yield f"{extent}{'nothing' if extent else 'Nothing'} about {about} can be said: {told}."


def _group_words(words: str) -> str:
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
    low, high = digits(values.min(), unit), digits(values.max(), unit)
    return f"{low}\xa0{unit}" if low == high else f"{low} to {high}\xa0{unit}"


UNKNOWN = "n/a"

AGREED = {"ok": "within limits", "fail": "outside", "not_testable": "not testable"}
"""Whether motion and forces agree, in words."""


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A trial on the first page."""

    participant_id: str
    trial_id: str
    page: str
    """Address of its replay; empty where it has none."""
    condition: str
    speed: str
    kept: int
    rejected: int
    state: str
    before: str
    after: str
    """before, after: Whether motion and forces agree, before the fit and after it."""
    reason: str


@dataclass(frozen=True, slots=True)
class AthleteLine:
    """An athlete on the first page."""

    participant_id: str
    sex: str
    mass: str
    height: str
    trials: int
    failed: int
    kept: int
    fastest: str
    before: str
    """In how many of the trials motion and forces disagree before the fit."""


def people_table(people: Iterable[Participant]) -> pd.DataFrame:
    """The participants sheet as a table."""
    names = ("participant_id", "sex", "mass_kg", "height_m")
    sheet = [[getattr(one, name) for name in names] for one in people]
    return pd.DataFrame(sheet, columns=list(names)).astype({"mass_kg": float, "height_m": float})


def trial_lines(trials: pd.DataFrame, replayed: Collection[tuple[str, str]]) -> list[TrialLine]:
    """Lines of the table of trials."""
    return [_trial_line(row, replayed) for row in rows(trials)]


def _trial_line(row: dict[str, Any], replayed: Collection[tuple[str, str]]) -> TrialLine:
    who, what = str(row["participant_id"]), str(row["trial_id"])
    return TrialLine(
        participant_id=who,
        trial_id=what,
        page=f"trials/{who}/{what}.html" if (who, what) in replayed else "",
        condition=_words(row["condition"]).replace("_", " "),
        speed=digits(float(row["speed_mps"]), "m/s"),
        kept=_whole(row["steps_ok"]),
        rejected=_whole(row["steps_rejected"]),
        state=_words(row["state"]),
        before=AGREED.get(str(row["agreement_before"]), ""),
        after=AGREED.get(str(row["agreement_after"]), ""),
        reason=_words(row["reason"]),
    )


def athlete_lines(people: pd.DataFrame, trials: pd.DataFrame) -> list[AthleteLine]:
    """Lines of the table of athletes."""
    own = {str(who): rows_ for who, rows_ in trials.groupby("participant_id", sort=False)}
    return [
        _athlete_line(row, own.get(str(row["participant_id"]), trials.iloc[:0]))
        for row in rows(people)
    ]


def _athlete_line(row: dict[str, Any], trials: pd.DataFrame) -> AthleteLine:
    known = trials["agreement_before"].dropna()
    known = known[known != "not_testable"]
    speed = trials["speed_mps"].max() if len(trials) else float("nan")
    return AthleteLine(
        participant_id=str(row["participant_id"]),
        sex=_words(row["sex"]),
        mass=digits(float(row["mass_kg"])),
        height=digits(float(row["height_m"]), "m"),
        trials=len(trials),
        failed=int((trials["status"] != "ok").sum()),
        kept=int(trials["steps_ok"].fillna(0).sum()),
        fastest=digits(float(speed), "m/s"),
        before=f"{int((known == 'fail').sum())} of {len(known)}" if len(known) else "",
    )


def _words(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _whole(value: Any) -> int:
    return 0 if value is None or value != value else int(value)
