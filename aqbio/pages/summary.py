"""What was measured, kept and lost: facts of the study, tables of athletes and trials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pandas as pd

from aqbio.config import Participant
from aqbio.errors import Cause, Finding, causes, listed
from aqbio.figures.step_means import is_kept, kept_steps
from aqbio.figures.words import digits
from aqbio.names import AGAINST_USE, DOUBTFUL, PARTLY, TRIAL_FAILED, TRIAL_STATES
from aqbio.pages.filters import counted, enumerated, missing, rows
from aqbio.pages.words import measure_words

NEEDED = (
    (
        ("H_push_side_y_stance_mean_kgm2ps", "H_swing_side_y_stance_mean_kgm2ps"),
        "the two sides",
        "",
    ),
    (
        ("peak_vertical_force_bw",),
        "peaks of forces, moments of the standing leg and what joints cause",
        "no plate measured the force",
    ),
)
"""Columns of steps.tsv, what cannot be said without them, and why; empty: the trial says it."""


def sample_words(people: pd.DataFrame, trials: pd.DataFrame, steps: pd.DataFrame) -> str:
    """How many steps of how many athletes, how fast."""
    kept = kept_steps(steps)
    athletes, runs = counted(len(people), "athlete"), counted(len(trials), "trial")
    if kept.empty:
        return f"No step of {athletes} in {runs} was kept: nothing can be said about the motion."
    who = f"{kept['participant_id'].nunique()} of {athletes}"
    who = athletes if who.startswith(f"{len(people)} of") else who
    speed = _range(kept["speed_mps"], "m/s")
    were = "was" if len(kept) == 1 else "were"
    alone = int((kept["status"] != "ok").sum())
    if not alone:
        return f"{counted(len(kept), 'step')} of {who} {were} analysed, at {speed}."
    contacts = counted(alone, "single contact")
    steps_words = f"{counted(len(kept) - alone, 'step')} and " if len(kept) > alone else ""
    return (
        f"{steps_words}{contacts} of {who} {were} analysed, at {speed}; where no next "
        "touchdown was measured, nothing is known of flight and step length."
    )


def against_words(trials: pd.DataFrame) -> str:
    """Trials that findings forbid to rely on, and why; empty for none."""
    own = trials[trials["against"].notna()]
    reasons: dict[str, list[str]] = {}
    for row in rows(own):
        reasons.setdefault(str(row["against"]), []).append(
            f"{row['participant_id']} {row['trial_id']}"
        )
    parts = [f"{listed(names)} ({why.rstrip('.')})" for why, names in reasons.items()]
    return f"Not to be relied on: {'; '.join(parts)}." if parts else ""


def state_words(trials: pd.DataFrame) -> str:
    """Count trials by their state, with the measures that made them doubtful."""
    count = trials["state"].value_counts()
    parts = []
    for state in [*TRIAL_STATES, *(set(count.index) - set(TRIAL_STATES))]:
        if state in count:
            doubts = f" ({_doubts(trials)})" if state == DOUBTFUL else ""
            parts.append(f"{count[state]} {state}{doubts}")
    return f"{counted(len(trials), 'trial')}: {enumerated(parts)}."


def _doubts(trials: pd.DataFrame) -> str:
    """Measures outside their limits, and in how many trials."""
    outside = trials.loc[trials["state"] == DOUBTFUL, "outside"].dropna()
    count = Counter(one for own in outside for one in str(own).split(", "))
    return ", ".join(f"{_measure(one)} in {number}" for one, number in count.most_common())


def _measure(name: str) -> str:
    label = measure_words(name).label
    return label[:1].lower() + label[1:]


def step_words(steps: pd.DataFrame) -> str:
    """Count contacts by what became of them."""
    count = steps["status"].value_counts()
    kept, rejected, cut = (int(count.get(one, 0)) for one in ("ok", "rejected", "incomplete"))
    return (
        f"{counted(len(steps), 'contact')}: {kept} whole steps kept, {rejected} rejected, "
        f"{cut} incomplete."
    )


def facts(people: pd.DataFrame, trials: pd.DataFrame, steps: pd.DataFrame) -> list[tuple[str, str]]:
    """The summary table: sample, trials, steps, and what was left out and why."""
    sexes = people["sex"].dropna().value_counts()
    sample = ", ".join(f"{number} {sex}" for sex, number in sexes.items())
    found = [
        ("Athletes", f"{len(people)}{f' ({sample})' if sample else ''}"),
        ("Trials", state_words(trials).partition(": ")[2].removesuffix(".") or "0"),
        ("Contacts", step_words(steps).partition(": ")[2].removesuffix(".")),
    ]
    counted_in = steps[steps["status"] != "rejected"]
    for (needed, _, _), label in zip(NEEDED, ("Both sides known", "Forces known"), strict=True):
        known = int(counted_in[list(needed)].notna().all(axis=1).sum())
        found.append((label, f"{known} of {len(counted_in)} contacts that were not rejected"))
    whole = kept_steps(steps)
    for label, column, unit in (
        ("Speed", "speed_mps", "m/s"), ("Contact time", "contact_s", "s"),
        ("Flight time", "flight_s", "s"),
    ):  # fmt: skip
        if whole[column].notna().any():
            found.append((label, _range(whole[column], unit)))
    reasons = steps.loc[~is_kept(steps), "reason"].astype(object)
    # what follows a semicolon are the numbers of one contact: they are in steps.tsv
    short = reasons.where(reasons.notna(), "no reason recorded").map(
        lambda one: str(one).partition(";")[0]
    )
    left_out = [f"{reason} ({number})" for reason, number in short.value_counts().items()]
    if left_out:
        found.append(("Contacts left out", "; ".join(left_out)))
    return found


def failures(trials: pd.DataFrame) -> tuple[Cause, ...]:
    """Trials without results, by reason."""
    return causes(
        Finding(
            rule="trial-failed",
            severity="error",
            what=str(row["reason"]),
            trial=str(row["trial_id"]),
            participant=str(row["participant_id"]),
        )
        for row in rows(trials[trials["status"] != "ok"])
    )


def gaps(trials: pd.DataFrame, steps: pd.DataFrame) -> Iterator[str]:
    """What the numbers cannot say, in how many of the kept steps, and why."""
    kept = steps[steps["status"] != "rejected"]
    if not len(kept):
        yield "No step was kept: nothing can be said about the motion."
        return
    why, against = (
        trials.set_index(["participant_id", "trial_id"])[name].dropna().to_dict()
        for name in ("unobserved", "against")
    )
    for columns, about, cause in NEEDED:
        lost = kept[kept[list(columns)].isna().any(axis=1)]
        if not len(lost):
            continue
        reasons: Counter[str] = Counter()
        for row in rows(lost):
            place = (row["participant_id"], row["trial_id"])
            unused = place in against and row["events"] == "plates"
            reasons[
                (
                    f"the forces are not used ({str(against[place]).rstrip('.')})"
                    if unused
                    else cause
                )
                if cause
                else why.get(place, "see Findings")
            ] += 1
        extent = "" if len(lost) == len(kept) else f"In {len(lost)} of {len(kept)} steps "
        text = "; ".join(
            f"{group_words(reason)}" + (f" ({count} steps)" if len(reasons) > 1 else "")
            for reason, count in reasons.most_common()
        )
        yield f"{extent}{'nothing' if extent else 'Nothing'} about {about} can be said: {text}."


def group_words(words: str) -> str:
    """Name groups as people do."""
    for limb in ("arm", "leg"):
        words = words.replace(f"{limb}_left, {limb}_right", f"both {limb}s")
    return re.sub(r"\b(arm|leg)_(left|right)\b", r"\2 \1", words)


def _range(values: pd.Series, unit: str) -> str:
    low, high = digits(values.min(), unit), digits(values.max(), unit)
    return f"{low}\xa0{unit}" if low == high else f"{low} to {high}\xa0{unit}"


def people_table(people: Iterable[Participant], masses: dict[str, float]) -> pd.DataFrame:
    """The participants sheet as a table, with the masses that were used, kg."""
    names = ("participant_id", "sex", "height_m")
    sheet = [
        [*(getattr(one, name) for name in names), masses.get(one.participant_id)] for one in people
    ]
    table = pd.DataFrame(sheet, columns=[*names, "mass_kg"])
    return table.astype({"mass_kg": float, "height_m": float})


def trial_lines(
    trials: pd.DataFrame, replayed: Collection[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Rows of the table of trials, with the address of a replay and the state in words."""
    return [
        row
        | {
            "page": f"trials/{place[0]}/{place[1]}.html" if place in replayed else "",
            "condition": "" if missing(row["condition"]) else row["condition"].replace("_", " "),
            "state": trial_state(row),
        }
        for row in rows(trials)
        for place in [(str(row["participant_id"]), str(row["trial_id"]))]
    ]


def trial_state(row: dict[str, Any]) -> str:
    """The state of a trial and what decides it."""
    state = str(row["state"])
    why = {TRIAL_FAILED: row["reason"], DOUBTFUL: row["outside"], PARTLY: row["unobserved"]}.get(
        state
    )
    if missing(why):
        return state
    text = str(why)
    if state == DOUBTFUL:
        measures = [_measure(one) for one in text.split(", ") if one != AGAINST_USE]
        said = [] if missing(row["against"]) else [str(row["against"]).rstrip(".")]
        said += [enumerated(measures) + " outside the limit"] if measures else []
        text = "; ".join(said)
    return f"{state}: {group_words(text)}"


def athlete_lines(people: pd.DataFrame, trials: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of athletes: trials with steps of all, steps kept, highest speed."""
    found = []
    for row in rows(people):
        own = trials[trials["participant_id"] == row["participant_id"]]
        kept = own["steps_ok"].fillna(0).astype(int)
        contacts = (own["contacts"] - own["steps_ok"] - own["steps_rejected"]).fillna(0)
        single = int(contacts[kept == 0].sum())
        found.append(
            row
            | {
                "sex": "" if missing(row["sex"]) else str(row["sex"]),
                "mass": digits(float(row["mass_kg"])),
                "height": digits(float(row["height_m"]), "m"),
                "trials": f"{int((kept > 0).sum())} of {len(own)}",
                "kept": int(kept.sum()),
                "single": counted(single, "single contact") if single else "",
                "fastest": digits(float(own["speed_mps"].max()), "m/s") if len(own) else "n/a",
            }
        )
    return found
