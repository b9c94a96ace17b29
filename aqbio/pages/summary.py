"""Summary of a study: facts, reasons of exclusion, tables of athletes and trials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from aqbio.config import Participant
from aqbio.errors import Cause, Finding, causes, listed
from aqbio.figures.words import MISSING, digits
from aqbio.gait.step_files import is_kept, kept_steps
from aqbio.names import AGAINST_USE, DOUBTFUL, PARTLY, TRIAL_FAILED, TRIAL_STATES
from aqbio.pages.address import (
    KEPT,
    LEFT_OUT,
    PRESENT,
    begins,
    cell,
    holds,
    marked,
    other_than,
    where,
)
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


def people_words(people: pd.DataFrame) -> str:
    """Count people, and sessions where somebody came more than once."""
    number = people["person"].nunique()
    athletes = counted(number, "athlete", "participants", "", "person", by="people")
    if number == len(people):
        return athletes
    return f"{athletes} in {counted(len(people), 'session', 'participants')}"


def sample_words(people: pd.DataFrame, trials: pd.DataFrame, steps: pd.DataFrame) -> str:
    """State the numbers of steps and athletes, and the range of speeds."""
    shown_steps = kept_steps(steps)
    athletes = people_words(people)
    runs = counted(len(trials), "trial", "trials")
    if shown_steps.empty:
        return f"No step of {athletes} in {runs} was kept: the motion could not be analysed."
    by_name = people.set_index("participant_id")["person"]
    number = shown_steps["participant_id"].map(by_name).nunique()
    shown = marked(number, "steps", where(**KEPT), "person", by="people")
    sample = athletes if number == by_name.nunique() else f"{shown} of {athletes}"
    speed = _range(shown_steps, "speed_mps", "m/s")
    were = "was" if len(shown_steps) == 1 else "were"
    n_contacts = int((shown_steps["status"] != "ok").sum())
    if not n_contacts:
        whole = counted(len(shown_steps), "step", "steps", where(**KEPT))
        return f"{whole} of {sample} {were} analysed, at {speed}."
    single = where(**KEPT, status=other_than("ok"))
    contacts = counted(n_contacts, "single contact", "steps", single)
    whole = counted(len(shown_steps) - n_contacts, "step", "steps", where(status="ok"))
    steps_words = f"{whole} and " if len(shown_steps) > n_contacts else ""
    return (
        f"{steps_words}{contacts} of {sample} {were} analysed, at {speed}; where no next "
        "touchdown was measured, nothing is known of flight and step length."
    )


def chosen_words(participants: Sequence[Participant]) -> str:
    """Say how people were chosen and which of them are alike; empty of a single person."""
    people = {row.person or row.participant_id: row for row in participants}
    if len(people) < 2:
        return ""
    ways = sorted({row.chosen.replace("_", " ") for row in people.values() if row.chosen})
    stated = f"How the athletes were chosen: {enumerated(ways)}." if ways else ""
    if not ways:
        stated = "How the athletes were chosen is not known (chosen in participants.tsv)."
    elif any(row.chosen is None for row in people.values()):
        stated = f"{stated[:-1]}; of some it is not known."
    members = Counter(row.cluster for row in people.values() if row.cluster)
    shared = sorted(name for name, count in members.items() if count > 1)
    if not shared:
        return stated
    return f"{stated} Those of one cluster do not count as independent: {enumerated(shared)}."


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


def state_words(trials: pd.DataFrame, **own: str) -> str:
    """Count trials by their state, with the measures that made them doubtful.

    ``own``: columns and values of these trials among all.
    """
    count = trials["state"].value_counts()
    parts = []
    for state in [*TRIAL_STATES, *(set(count.index) - set(TRIAL_STATES))]:
        if state in count:
            doubts = f" ({_doubts(trials, own)})" if state == DOUBTFUL else ""
            number = marked(count[state], "trials", where(state=state, **own), by="count")
            parts.append(f"{number} {state}{doubts}")
    return f"{counted(len(trials), 'trial', 'trials', where(**own))}: {enumerated(parts)}."


def _doubts(trials: pd.DataFrame, own: Mapping[str, str]) -> str:
    """Faults of doubtful trials in a coach's words, with the number of trials."""
    outside = trials.loc[trials["state"] == DOUBTFUL, "outside"].dropna()
    count = Counter(measure for measures in outside for measure in str(measures).split(", "))
    return "; ".join(
        f"{DOUBTS[name].seems if name in DOUBTS else _measure(name)} in "
        + marked(number, "trials", where(state=DOUBTFUL, outside=holds(name), **own), by="count")
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
    kept, out, partial = (
        marked(number, "steps", where(status=status), by="count")
        for number, status in (
            (whole_steps, "ok"), (rejected, "rejected"), (cut, "incomplete"),
        )
    )  # fmt: skip
    contacts = counted(len(steps), "contact", "steps")
    return f"{contacts}: {kept} whole steps kept, {out} rejected, {partial} incomplete."


def sex_words(people: pd.DataFrame, unknown: str = "") -> str:
    """Count people by sex; those whose sex is not stated by the words for it."""
    sexes = people.drop_duplicates("person")["sex"]
    count = (sexes.fillna(unknown) if unknown else sexes.dropna()).value_counts()
    return ", ".join(
        marked(
            number, "participants", where(sex=None if sex == unknown else sex), "person",
            by="people",
        )
        + f" {sex}"
        for sex, number in count.items()
    )  # fmt: skip


def facts(people: pd.DataFrame, trials: pd.DataFrame, steps: pd.DataFrame) -> list[tuple[str, str]]:
    """Rows of the summary table: sample, trials, steps, and exclusions with reasons."""
    sample = sex_words(people)
    lines = [
        (
            "Athletes",
            people_words(people).replace(" athletes", "").replace(" athlete", "")
            + (f" ({sample})" if sample else ""),
        ),
        ("Trials", state_words(trials).partition(": ")[2].removesuffix(".") or "0"),
        ("Contacts", step_words(steps).partition(": ")[2].removesuffix(".")),
    ]
    counted_in = steps[steps["status"] != "rejected"]
    for (needed, _, _), label in zip(NEEDED, ("Both sides known", "Forces known"), strict=True):
        count = int(counted_in[list(needed)].notna().all(axis=1).sum())
        accepted = where(status=other_than("rejected"))
        measured = where(status=other_than("rejected"), **dict.fromkeys(needed, PRESENT))
        number = marked(count, "steps", measured, by="count")
        of = marked(len(counted_in), "steps", accepted, by="count")
        lines.append((label, f"{number} of {of} contacts that were not rejected"))
    shown_steps = kept_steps(steps)
    for label, column, unit in (
        ("Speed", "speed_mps", "m/s"), ("Contact time", "contact_s", "s"),
        ("Flight time", "flight_s", "s"),
    ):  # fmt: skip
        if shown_steps[column].notna().any():
            lines.append((label, _range(shown_steps, column, unit)))
    reasons = steps.loc[~is_kept(steps), "reason"].astype(object)
    # what follows a semicolon are the numbers of one contact: they are in steps.tsv
    short = reasons.where(reasons.notna(), "no reason recorded").map(
        lambda reason: str(reason).partition(";")[0]
    )
    left_out = [
        f"{_short_reason(str(reason))} ({_unkept(number, str(reason))})"
        for reason, number in short.value_counts().items()
    ]
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
        is_accepted = {"status": other_than("rejected")}
        number = marked(
            len(incomplete), "steps", where(**is_accepted), ",".join(columns), by="unknown in"
        )
        of = marked(len(accepted), "steps", where(**is_accepted), by="count")
        extent = "" if len(incomplete) == len(accepted) else f"In {number} of {of} steps "
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


def _short_reason(reason: str) -> str:
    """Write a reason up to its first semicolon."""
    return marked(reason, "steps", where(**LEFT_OUT), "reason", by="beginning of")


def _unkept(number: int, reason: str) -> str:
    """Number of contacts that are no whole step for a reason, whatever follows a semicolon."""
    beginning = None if reason == "no reason recorded" else begins(reason)
    return marked(number, "steps", where(**LEFT_OUT, reason=beginning), by="count")


def _range(steps: pd.DataFrame, column: str, unit: str) -> str:
    """Least and largest value of kept steps."""
    texts = [digits(value, unit) for value in (steps[column].min(), steps[column].max())]
    low, high = (
        marked(text, "steps", where(**KEPT), column, by=by)
        for text, by in zip(texts, ("least", "most"), strict=True)
    )
    return f"{low}\xa0{unit}" if texts[0] == texts[1] else f"{low} to {high}\xa0{unit}"


def people_table(people: Iterable[Participant], masses: dict[str, float]) -> pd.DataFrame:
    """The participants sheet as a table, with the masses that were used, kg."""
    names = ("participant_id", "sex", "height_m")
    sheet = [
        [
            *(getattr(row, name) for name in names),
            row.person or row.participant_id,
            masses.get(row.participant_id),
        ]
        for row in people
    ]
    table = pd.DataFrame(sheet, columns=[*names, "person", "mass_kg"])
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
        column = {TRIAL_FAILED: "reason", PARTLY: "unobserved"}.get(state)
        is_told = column is not None and not missing(row[column])
        why = cell("trials", row, column, row[column]) if column and is_told else ""
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


def _of_trials(athlete: Mapping[str, Any], text: object, column: str, by: str) -> str:
    """Write what is computed over the trials of an athlete."""
    return marked(text, "trials", where(participant_id=athlete["participant_id"]), column, by=by)


def _of_person(athlete: Mapping[str, Any], column: str, unit: str) -> str:
    """Write a cell of the participants sheet; the mass is the one that was used."""
    text = digits(float(athlete[column]), unit)
    if text == MISSING:
        return text
    return marked(text, "participants", where(participant_id=athlete["participant_id"]), column)


def _trials_with_steps(count: int, athlete: Mapping[str, Any], trials: pd.DataFrame) -> str:
    """Write how many trials have whole steps, of how many."""
    having = _of_trials(athlete, count, "steps_ok", "above 0")
    return f"{having} of {_of_trials(athlete, len(trials), '', 'count')}"


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
                "mass": _of_person(row, "mass_kg", ""),
                "height": _of_person(row, "height_m", "m"),
                "trials": _trials_with_steps(int((step_counts > 0).sum()), row, athlete_trials),
                "kept": _of_trials(row, int(step_counts.sum()), "steps_ok", "sum"),
                "kept_noun": "step" if step_counts.sum() == 1 else "steps",
                "single": _of_trials(row, single, "", "single contacts")
                + f" single contact{'s' * (single != 1)}"
                if single
                else "",
                "fastest": _of_trials(
                    row,
                    digits(float(athlete_trials["speed_mps"].max()), "m/s"),
                    "speed_mps",
                    "most",
                )
                if athlete_trials["speed_mps"].notna().any()
                else "n/a",
            }
        )
    return lines
