"""What pages say of flow, findings, claims and methods, against tables, sheets and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from validation.prose_blocks import Block
from validation.prose_rules import NotMineError, number, rule, true, words
from validation.prose_study import people_counts, trials_in_sheets
from validation.prose_tables import NUMBER, StudyTables, same

N, COUNT = f"({NUMBER})", r"(\d+)"


@rule(r"^(.*)$", "flow")
def flow(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if block.kind != "li":
        raise NotMineError
    steps, trials, text = tables["steps"], tables["trials"], match[1]
    status = steps["status"].value_counts()
    usable = trials["status"].eq("ok") & trials["steps_ok"].astype(float).gt(0)
    people = len(tables.sheets.get("participant", {})) or trials["participant_id"].nunique()
    own = {
        "recorded": {len(steps)}, "usable steps": {int(status.get("ok", 0))},
        "ever in the sheets": {people, len(trials)} | trials_in_sheets(tables),
        "with usable steps": {
            steps.loc[steps["status"] == "ok", "participant_id"].nunique(), int(usable.sum()),
        },
        "rejected": {int(status.get("rejected", 0))},
        "incomplete": {int(status.get("incomplete", 0))},
        "without results": {int((trials["status"] != "ok").sum())},
        "without a usable step": {
            int((trials["status"].eq("ok") & ~usable).sum()),
            people - steps.loc[steps["status"] == "ok", "participant_id"].nunique(),
        },
    }  # fmt: skip
    head = re.match(r"(\d+) ([a-z ]+?)(?= \d+:|$)", text)
    if head is not None:
        yield from true(f"“{head[2]}” is a box", head[2] in own or head[2] in LEAVING)
    if head is not None and head[2] in own:
        yield from true(f"“{head[0]}”", int(head[1]) in own[head[2]])
    reasons = pd.concat([steps["reason"], trials["reason"]]).dropna().astype(str)
    first = (
        reasons.str.split(r"[;:(]", regex=True)
        .str[0]
        .str.replace(r"\b\d+([.,]\d+)?\b", "n", regex=True)
        .str.strip()
    )
    for count, reason in re.findall(r"(\d+): ([^:]+?)(?= \d+:|$)", text):
        if reason != "other reasons":
            yield from number(reason, count, int((first == reason).sum()))


LEAVING = {"left out by the sheet", "taken out since data were read"}
"""Boxes of the flow that no table of results counts."""


@rule(rf"^{COUNT} claims? without a hypothesis, and what a test would need$", "claims")
def claims(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    registry = tables.registry
    asked = set(tables["verdicts"]["hypothesis"])
    contrasts = [name for name in registry.get("contrasts", {}) if name not in asked]
    yield from number("claims", match[1], len(registry.get("untested", [])) + len(contrasts))


@rule(r"^(\d{3}|[\d, ]+)$", "claims")
def article(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    entries = [*tables.registry.get("untested", []), *tables.registry.get("contrasts", {}).values()]
    claim = same(block.head.partition("“")[2].rstrip("”"))
    sources = {str(entry["source"]) for entry in entries if same(str(entry["claim"])) == claim}
    yield from true(f"article {match[1]}", match[1] in sources)


@rule(
    r"^It takes (?:conditions|sessions) ([a-z ]+) and ([a-z ]+): change of [^¶]+?, ([a-z ]+) against "
    r"([a-z ]+?)(?:, of [a-z ]+ beyond all others)?(?: at equal [a-z ]+)?, mean over athletes\.$",
    "claims",
)  # fmt: skip
def contrast(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    known = [
        {str(entry.get(key)).replace("_", " ") for key in ("condition", "reference")}
        for entry in tables.registry.get("contrasts", {}).values()
    ]
    yield from true(f"“{match[1]} and {match[2]}”", {match[1], match[2]} in known)
    yield from true(f"“{match[3]} against {match[4]}”", {match[3], match[4]} in known)
    group = re.search(r", of ([a-z ]+) beyond all others", match[0])
    claim = same(block.head.partition("“")[2].rstrip("”"))
    groups = {
        str(entry.get("group") or "").replace("_", " ")
        for entry in tables.registry.get("contrasts", {}).values()
        if same(str(entry["claim"])) == claim
    }
    yield from true(f"of {groups}", (group[1] if group else "") in groups)


@rule(
    r"Registry, settings, computation, sheets and version (\w+) were fixed on (\d{4}-\d\d-\d\d), (\d\d:\d\d) UTC, (not before data were read|before data were read)(?:: [^;]*)?; the verdicts rest on (them|\w+)(, and nothing was changed)?\.(?: What differs makes a verdict post hoc\.)?"
)
def preregistered(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    record = tables.record
    yield from words("hash", match[1], str(record.get("hash")))
    yield from words("time", f"{match[2]}T{match[3]}", str(record.get("recorded"))[:16])
    earlier = bool(record.get("earlier"))
    yield from true(f"“{match[4]}”", earlier == match[4].startswith("not"))
    used = set(tables["verdicts"]["registry_hash"].astype(str))
    yield from true(f"rest on {match[5]}", used == {match[1] if match[5] == "them" else match[5]})
    changed = len(tables["deviations"]) > 0
    yield from true("“nothing was changed”", not (match[6] and changed))


@rule(
    r"Software: aqbio ([\w.+-]+), OpenSim ([\w.]+), NumPy ([\w.]+), SciPy ([\w.]+); commit [^.]*\.",
    "paste",
)
def software(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    for name, said in zip(("aqbio", "opensim", "numpy", "scipy"), match.groups(), strict=True):
        yield from words(name, said, str(tables.versions.get(name, said)))


@rule(
    rf"^{COUNT} athletes? took part \(([^;)]*)(?:; body mass {N}(?: ± {N})? kg[^;)]*)?(?:; stature {N}(?: ± {N})? m(?: \(known of \d+\))?)?\)\. {COUNT} moving trials? \([^)]*\)(?: and {COUNT} static trials?)?",
    "paste",
)
def took_part(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    people = tables.sheets.get("participant", {})
    yield from people_counts(f"{match[1]} {match[2]}", tables)
    used = pd.Series([tables.mass(name) for name in people], dtype=float).dropna()
    height = pd.Series([person.get("height_m") for person in people.values()], dtype=float).dropna()
    for first, values in ((3, used), (5, height)):
        if match[first] and len(values):
            yield from number("mean", match[first], float(values.mean()))
            if match[first + 1]:
                yield from number("standard deviation", match[first + 1], float(values.std()))
    prepared = [trial.get("task") == "static" for trial in tables.done("prepare")]
    yield from number("moving trials", match[7], prepared.count(False))
    yield from number("static trials", match[8] or "0", prepared.count(True))


@rule(rf"{COUNT}(?: to {COUNT})? markers were tracked at {N}(?: to {N})? Hz\.", "paste")
def tracked(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    solved = [one for one in tables.done("inverse_kinematics") if one["marker_rms_m"] is not None]
    for first, stage, name in (
        (1, solved, "markers"),
        (3, tables.done("prepare"), "marker_rate_hz"),
    ):
        values = [float(trial[name]) for trial in stage]
        yield from number(f"least {name}", match[first], min(values))
        yield from number(f"most {name}", match[first + 1] or match[first], max(values))


@rule(rf"\(root mean square error {N} to {N} mm\)", "paste")
def marker_errors(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    errors = [one["marker_rms_m"] for one in tables.done("inverse_kinematics")]
    values = [1000.0 * float(error) for error in errors if error is not None]
    yield from number("smallest error", match[1], min(values))
    yield from number("largest error", match[2], max(values))


SETTINGS = {
    "event_cutoff_hz": r"low-pass filtered at (NUMBER) Hz, crossed",
    "event_threshold_overground_n": r"crossed (NUMBER) N",
    "event_threshold_treadmill_n": r"on treadmills (NUMBER) N",
    "cutoff_hz": r"low-pass filtered at (NUMBER) Hz \(zero lag\)",
}
for _name, _form in SETTINGS.items():

    @rule(_form.replace("NUMBER", NUMBER), "paste")
    def setting(
        match: re.Match[str], tables: StudyTables, block: Block, name: str = f"prepare.{_name}"
    ) -> Iterator[str]:
        if name in tables.settings:
            yield from number(name, match[1], float(tables.settings[name]))


@rule(rf"are based on {COUNT} draws", "paste")
def draws(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if "contributions.draws" in tables.settings:
        yield from number("draws", match[1], float(tables.settings["contributions.draws"]))


@rule(rf"In {COUNT} trials? (raw markers|motion and forces)", "paste")
def fitted(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    motions = [trial.get("motion") == "fitted" for trial in tables.done("inverse_dynamics")]
    yield from number("trials", match[1], motions.count(match[2] == "raw markers"))
