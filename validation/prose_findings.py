"""What pages say of findings, doubtful trials and what to do, against findings.tsv and trials.tsv."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from validation.prose_blocks import Block
from validation.prose_rules import NotMineError, number, rule, true, words
from validation.prose_tables import StudyTables, same

COUNT = r"(\d+)"
ADVICE = ("advice", "next-time")
"""Sections that say what to do."""

OF_THE_BODY = ("Record a static posture on a plate:", "Record more runs on force plates.")
"""Advice from the uncertainty of the body's inertia; all other advice is the fix of a finding."""

MAX_LISTED = 8
"""Most labels that are listed one by one."""

INVALIDATED = {
    "times": "step times", "postures": "postures", "momentum": "angular momentum",
    "forces": "ground forces", "moments": "joint moments", "causes": "what each joint drives",
}  # fmt: skip
"""Numbers that do not count in a doubtful trial, in words."""

DOUBTS = {
    "labels_against_names": (
        "labels seem to be on the wrong limb or side",
        "labels whose names contradict their position",
    ),
    "hidden_motion": (
        "the markers were smoothed until their motion was smaller",
        "motion during a contact that a filter of the markers took",
    ),
    "hidden_rates": (
        "the markers were smoothed until their accelerations were smaller",
        "moments during a contact that a filter of the markers took",
    ),
}
"""Words of a coach and label of every measure that makes a trial doubtful."""


def _athlete(block: Block) -> str:
    """Athlete whose page it is; empty on pages of the study."""
    is_own = block.page.startswith("athletes/")
    return block.page.removeprefix("athletes/").removesuffix(".html") if is_own else ""


def _causes(tables: StudyTables, athlete: str) -> list[pd.DataFrame]:
    """Findings of every cause, the one farthest beyond its limit first."""
    rows = tables["findings"]
    rows = rows[rows["participant_id"] == athlete] if athlete else rows
    if rows.empty:
        return []
    unnamed = rows[["severity", "rule", "what"]].astype(str).agg("|".join, axis=1)
    rows = rows.assign(cause=rows["cause"].astype(object).fillna(unnamed))
    limit = rows["limit"].astype(float).abs()
    excess = (rows["number"].astype(float) - rows["limit"].astype(float)).abs() / limit
    known = rows.assign(excess=excess.where(limit > 0.0, 0.0).fillna(0.0))
    return [
        members.sort_values("excess", ascending=False, kind="stable")
        for _, members in known.groupby("cause", sort=False)
    ]


def _advised(tables: StudyTables, block: Block) -> list[pd.DataFrame]:
    """Causes whose remedy a piece of advice is."""
    text = same(block.text)
    grave = [
        members
        for members in _causes(tables, _athlete(block))
        if members["severity"].iloc[0] != "info" and isinstance(members["fix"].iloc[0], str)
    ]
    return [members for members in grave if same(str(members["fix"].iloc[0])) in text]


# what to do ---------------------------------------------------------------------------------------


def _listed(tables: StudyTables, page: str = "next.html") -> list[int]:
    """Numbers of recommendations in the lists of a page."""
    text = (tables.results / "report" / page).read_text(encoding="utf-8")
    lists = re.findall(r'<ul class="advice">(.*?)</ul>', text, re.DOTALL)
    return [part.count("<li>") for part in lists]


@rule(rf"^What to record better: {COUNT} suggestions?\.$", "answer")
def suggestions(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("suggestions", match[1], sum(_listed(tables)))


@rule(rf"call for {COUNT} changes? to recordings or sheets\.$", "advice")
def changes(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    causes = tables["causes"]
    fixes = causes.loc[causes["severity"] != "info", "fix"].dropna().nunique()
    text = (tables.results / "report" / "next.html").read_text(encoding="utf-8")
    of_findings = text.partition("What the hypotheses need")[0]
    of_the_body = sum(advice in of_findings for advice in OF_THE_BODY)
    yield from number("changes", match[1], fixes + of_the_body)
    listed = re.findall(r'<ul class="advice">(.*?)</ul>', of_findings, re.DOTALL)
    yield from number("listed", match[1], sum(part.count("<li>") for part in listed))


@rule(rf": {COUNT} steps? that do(?:es)? not count", *ADVICE)
def lost(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    trials = tables["trials"]
    keys = {
        (finding.participant_id, finding.trial_id)
        for members in _advised(tables, block)
        for finding in members.itertuples()
    }
    rows = trials[
        [key in keys for key in zip(trials["participant_id"], trials["trial_id"], strict=True)]
    ]
    kept = rows.loc[rows["state"] == "doubtful", "steps_ok"].fillna(0).sum()
    yield from number("steps", match[1], float(rows["steps_rejected"].fillna(0).sum() + kept))


@rule(
    rf"\({COUNT} such findings(?:; example: ([^;)]+))?(?:; labels: ([^;)]+))?\)", *ADVICE
)  # fmt: skip
def such(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    text = same(block.text)
    stated = [
        members for members in _advised(tables, block) if same(str(members["what"].iloc[0])) in text
    ]
    yield from true("finding of this text", len(stated) == 1)
    members = stated[0]
    yield from number("findings", match[1], len(members))
    first = members.iloc[0]
    example = " ".join(
        str(first[name]) for name in ("participant_id", "trial_id") if isinstance(first[name], str)
    )
    yield from words("example", match[2] or "", example)
    names = [name for label in members["label"].dropna() for name in str(label).split(", ")]
    labels = list(dict.fromkeys(names))
    more = f" and {len(labels) - MAX_LISTED} more" if len(labels) > MAX_LISTED else ""
    expected = ", ".join(labels[:MAX_LISTED]) + more if len(labels) > 1 else ""
    yield from words("labels", match[3] or "", expected)


@rule(rf"; and {COUNT} findings? like it\.", *ADVICE)
def alike(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("like it", match[1], len(_advised(tables, block)) - 1)


@rule(r"^No finding of these recordings asks for a change\.$", "next-time")
def no_change(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    findings = tables["findings"]
    grave = findings[(findings["severity"] != "info") & findings["fix"].notna()]
    yield from true("no finding", not (grave["participant_id"] == _athlete(block)).any())


@rule(rf"^{COUNT} more$", "findings", *ADVICE)
def more(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if block.section == "findings":
        grave = int(tables["causes"]["severity"].isin(["error", "warning"]).sum())
        yield from number("more findings", match[1], len(tables["causes"]) - min(10, grave))
    else:
        lists = _listed(tables, block.page)
        yield from true(f"a list of {match[1]}", int(match[1]) in lists[1:])


@rule(rf"^(?:Record next time|Repair the files|Analyse again): {COUNT}$", "next-time")
def kinds(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    lists = _listed(tables, block.page)
    yield from true(f"a list of {match[1]}", int(match[1]) in lists[1:])


# doubtful trials ----------------------------------------------------------------------------------


def _doubtful(tables: StudyTables, block: Block) -> pd.DataFrame:
    """Doubtful trials that the heading of a paragraph names."""
    trials = tables["trials"]
    names = block.head.partition(": ")[0].split(", ")
    own = trials[trials["participant_id"] == _athlete(block)]
    named: pd.DataFrame = own[own["trial_id"].isin(names) & (own["state"] == "doubtful")]
    return named


def enumerated(parts: list[str]) -> str:
    """Parts of a sentence with commas and a last “and”."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@rule(r"^([^:]+): (.+)$", "doubtful")
def seems(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if block.kind != "h3":
        raise NotMineError
    rows = _doubtful(tables, block)
    yield from number("trials", str(match[1].count(", ") + 1), len(rows))
    row = rows.iloc[0]
    measures = str(row["outside"]).split(", ") if isinstance(row["outside"], str) else []
    stated = [str(row["against"]).rstrip(".")] if isinstance(row["against"], str) else []
    stated += [DOUBTS[name][0] for name in measures if name in DOUBTS]
    yield from words("doubt", match[2], "; ".join(stated))


@rule(
    rf"^A repair returns (.+) of {COUNT} steps?(; the others count)?\.( No finding names the cause\.)?$",
    "doubtful",
)
def returned(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = _doubtful(tables, block)
    yield from number("steps", match[2], float(rows["steps_ok"].sum()))
    invalidated = str(rows["invalidated"].iloc[0]).split(", ")
    every = set(invalidated) == set(INVALIDATED)
    numbers = [INVALIDATED[name] for name in invalidated if name in INVALIDATED]
    yield from words(
        "numbers", match[1], "all numbers" if every else enumerated(numbers) or "numbers"
    )
    yield from true("the others count", bool(match[3]) != every)
    findings = tables["findings"]
    grave = findings[(findings["severity"] != "info") & findings["fix"].notna()]
    grave = grave[grave["participant_id"] == _athlete(block)]
    is_named = bool(grave["trial_id"].isin(rows["trial_id"]).any())
    yield from true("a finding names the cause", is_named != bool(match[4]))


@rule(r"^Outside the limit: (.+)\.$", "doubtful")
def outside(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    trials = tables["trials"]
    own = trials[(trials["participant_id"] == _athlete(block)) & (trials["state"] == "doubtful")]
    known = [
        "; ".join(DOUBTS[name][1] for name in str(measures).split(", ") if name in DOUBTS)
        for measures in own["outside"].dropna()
    ]
    yield from true(f"“{match[1]}” is outside", same(match[1]) in map(same, known))
