"""Summary of a study: facts, reasons of exclusion, tables of athletes and trials."""

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
from aqbio.pages.words import DOUBTS, INVALIDATED, measure_words

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
"""Columns of steps.tsv, results that need them, and the reason; empty: stated by the trial."""


def sample_words(people: pd.DataFrame, trials: pd.DataFrame, steps: pd.DataFrame) -> str:
    """State the numbers of steps and athletes, and the range of speeds."""
    shown_steps = kept_steps(steps)
    athletes, runs = counted(len(people), "athlete"), counted(len(trials), "trial")
    if shown_steps.empty:
        return f"No step of {athletes} in {runs} was kept: the motion could not be analysed."
    sample = f"{shown_steps['participant_id'].nunique()} of {athletes}"
    sample = athletes if sample.startswith(f"{len(people)} of") else sample
    speed = _range(shown_steps["speed_mps"], "m/s")
    were = "was" if len(shown_steps) == 1 else "were"
    n_contacts = int((shown_steps["status"] != "ok").sum())
    if not n_contacts:
        return f"{counted(len(shown_steps), 'step')} of {sample} {were} analysed, at {speed}."
    contacts = counted(n_contacts, "single contact")
    steps_words = (
        f"{counted(len(shown_steps) - n_contacts, 'step')} and "
        if len(shown_steps) > n_contacts
        else ""
    )
    return (
        f"{steps_words}{contacts} of {sample} {were} analysed, at {speed}; where no next "
        "touchdown was measured, nothing is known of flight and step length."
    )


def against_words(trials: pd.DataFrame) -> str:
    """List trials that findings exclude, with reasons; empty for none."""
    excluded = trials[trials["against"].notna()]
    reasons: dict[str, list[str]] = {}
    for row in rows(excluded):
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
    """Faults of doubtful trials in a coach's words, with the number of trials."""
    outside = trials.loc[trials["state"] == DOUBTFUL, "outside"].dropna()
    count = Counter(measure for measures in outside for measure in str(measures).split(", "))
    return "; ".join(
        f"{DOUBTS[name].seems if name in DOUBTS else _measure(name)} in {number}"
        for name, number in count.most_common()
    )


def _measure(name: str) -> str:
    label = measure_words(name).label
    return label[:1].lower() + label[1:]


def step_words(steps: pd.DataFrame) -> str:
    """Count contacts by status, in words."""
    count = steps["status"].value_counts()
    whole_steps, rejected, cut = (
        int(count.get(status, 0)) for status in ("ok", "rejected", "incomplete")
    )
    return (
        f"{counted(len(steps), 'contact')}: {whole_steps} whole steps kept, {rejected} rejected, "
        f"{cut} incomplete."
    )


def facts(people: pd.DataFrame, trials: pd.DataFrame, steps: pd.DataFrame) -> list[tuple[str, str]]:
    """Rows of the summary table: sample, trials, steps, and exclusions with reasons."""
    sexes = people["sex"].dropna().value_counts()
    sample = ", ".join(f"{number} {sex}" for sex, number in sexes.items())
    lines = [
        ("Athletes", f"{len(people)}{f' ({sample})' if sample else ''}"),
        ("Trials", state_words(trials).partition(": ")[2].removesuffix(".") or "0"),
        ("Contacts", step_words(steps).partition(": ")[2].removesuffix(".")),
    ]
    counted_in = steps[steps["status"] != "rejected"]
    for (needed, _, _), label in zip(NEEDED, ("Both sides known", "Forces known"), strict=True):
        count = int(counted_in[list(needed)].notna().all(axis=1).sum())
        lines.append((label, f"{count} of {len(counted_in)} contacts that were not rejected"))
    shown_steps = kept_steps(steps)
    for label, column, unit in (
        ("Speed", "speed_mps", "m/s"), ("Contact time", "contact_s", "s"),
        ("Flight time", "flight_s", "s"),
    ):  # fmt: skip
        if shown_steps[column].notna().any():
            lines.append((label, _range(shown_steps[column], unit)))
    reasons = steps.loc[~is_kept(steps), "reason"].astype(object)
    # what follows a semicolon are the numbers of one contact: they are in steps.tsv
    short = reasons.where(reasons.notna(), "no reason recorded").map(
        lambda reason: str(reason).partition(";")[0]
    )
    left_out = [f"{reason} ({number})" for reason, number in short.value_counts().items()]
    if left_out:
        lines.append(("Contacts that are no whole step", "; ".join(left_out)))
    return lines


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


MAX_UNTOLD_SHARE = 0.05
"""Share of the steps up to which the table of the sample alone says what is not known."""


def gaps(trials: pd.DataFrame, steps: pd.DataFrame) -> Iterator[str]:
    """State quantities that are not known, in how many accepted steps, and why."""
    accepted = steps[steps["status"] != "rejected"]
    if not len(accepted):
        yield "No step was kept: the motion could not be analysed."
        return
    why, against = (
        trials.set_index(["participant_id", "trial_id"])[name].dropna().to_dict()
        for name in ("unobserved", "against")
    )
    for columns, about, cause in NEEDED:
        incomplete = accepted[accepted[list(columns)].isna().any(axis=1)]
        if len(incomplete) <= MAX_UNTOLD_SHARE * len(accepted):
            continue
        reasons: Counter[str] = Counter()
        for row in rows(incomplete):
            trial = (row["participant_id"], row["trial_id"])
            unused = trial in against and row["events"] == "plates"
            reasons[
                (
                    f"the forces are not used ({str(against[trial]).rstrip('.')})"
                    if unused
                    else cause
                )
                if cause
                else why.get(trial, "see Findings")
            ] += 1
        extent = (
            ""
            if len(incomplete) == len(accepted)
            else f"In {len(incomplete)} of {len(accepted)} steps "
        )
        text = "; ".join(
            f"{group_words(reason)}" + (f" ({count} steps)" if len(reasons) > 1 else "")
            for reason, count in reasons.most_common()
        )
        nothing = "nothing" if extent else "Nothing"
        yield f"{extent}{nothing} about {about} could be determined: {text}."


def group_words(words: str) -> str:
    """Write names of groups in words."""
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
        [*(getattr(person, name) for name in names), masses.get(person.participant_id)]
        for person in people
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
            "page": f"trials/{trial[0]}/{trial[1]}.html" if trial in replayed else "",
            "condition": "" if missing(row["condition"]) else row["condition"].replace("_", " "),
            "state": trial_state(row),
            "technical": doubt_words(row)[1] if row["state"] == DOUBTFUL else "",
        }
        for row in rows(trials)
        for trial in [(str(row["participant_id"]), str(row["trial_id"]))]
    ]


def trial_state(row: dict[str, Any]) -> str:
    """State of a trial and its reason, in a coach's words."""
    state = str(row["state"])
    if state == DOUBTFUL:
        seems, _ = doubt_words(row)
        invalidated = invalidated_words(row)
        why = "; ".join(
            filter(None, (seems, f"not to be relied on: {invalidated}" if invalidated else ""))
        )
    else:
        reason = {TRIAL_FAILED: row["reason"], PARTLY: row["unobserved"]}.get(state)
        why = "" if missing(reason) else str(reason)
    return f"{state}: {group_words(why)}" if why else state


def doubt_words(row: dict[str, Any]) -> tuple[str, str]:
    """State what is wrong with a doubtful trial: in a coach's words, and by names of measures."""
    measures = [] if missing(row["outside"]) else str(row["outside"]).split(", ")
    grounds = [] if missing(row["against"]) else [str(row["against"]).rstrip(".")]
    seems = [DOUBTS[name].seems for name in measures if name in DOUBTS]
    labels = [_measure(name) for name in measures if name != AGAINST_USE]
    outside = f"outside the limit: {'; '.join(labels)}" if labels else ""
    return "; ".join([*grounds, *seems]), outside


def invalidated_words(row: dict[str, Any]) -> str:
    """Numbers of a doubtful trial that do not count; empty where none is named."""
    invalidated = row.get("invalidated")
    if missing(invalidated):
        return ""
    return enumerated([INVALIDATED[name] for name in str(invalidated).split(", ")])


def athlete_lines(people: pd.DataFrame, trials: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of athletes: trials with steps of all, steps kept, highest speed."""
    lines = []
    for row in rows(people):
        athlete_trials = trials[trials["participant_id"] == row["participant_id"]]
        step_counts = athlete_trials["steps_ok"].fillna(0).astype(int)
        contacts = (
            athlete_trials["contacts"]
            - athlete_trials["steps_ok"]
            - athlete_trials["steps_rejected"]
        ).fillna(0)
        single = int(contacts[step_counts == 0].sum())
        lines.append(
            row
            | {
                "sex": "" if missing(row["sex"]) else str(row["sex"]),
                "mass": digits(float(row["mass_kg"])),
                "height": digits(float(row["height_m"]), "m"),
                "trials": f"{int((step_counts > 0).sum())} of {len(athlete_trials)}",
                "kept": int(step_counts.sum()),
                "single": counted(single, "single contact") if single else "",
                "fastest": digits(float(athlete_trials["speed_mps"].max()), "m/s")
                if len(athlete_trials)
                else "n/a",
            }
        )
    return lines
