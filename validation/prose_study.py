"""What pages say of sample, sides, joints, quality and methods, against the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from validation.prose_blocks import Block
from validation.prose_figures import drawn_table
from validation.prose_rules import number, rule, true, words
from validation.prose_tables import NUMBER, SpeedClass, StudyTables, headline_rows

N, COUNT = f"({NUMBER})", r"(\d+)"
RANGE = rf"({NUMBER})(?: to ({NUMBER}))? m/s"
INTERVAL = rf"({NUMBER})(?: \(({NUMBER}) to ({NUMBER})\))?"


def _ends(what: str, match: re.Match[str], first: int, low: float, high: float) -> Iterator[str]:
    """Compare the ends of a written range with the recomputed ones."""
    yield from number(f"{what}, lower end", match[first], low)
    yield from number(f"{what}, upper end", match[first + 1] or match[first], high)


# sample -------------------------------------------------------------------------------------------


@rule(
    rf"(?:{COUNT} steps? and )?{COUNT} (steps?|single contacts?) of (?:{COUNT} of )?{COUNT} athletes? (?:was|were) analysed, at {RANGE}"
)
def sample(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    kept, people = tables.kept, tables["trials"]["participant_id"].nunique()
    people = len(tables.sheets.get("participant", {})) or people
    single = int((kept["status"] != "ok").sum())
    if match[3].startswith("single"):
        yield from number("single contacts", match[2], single)
        yield from number("steps", match[1] or "0", len(kept) - single)
    else:
        yield from number("steps", match[2], len(kept))
    yield from number("athletes", match[5], people)
    yield from number("athletes with steps", match[4] or match[5], kept["participant_id"].nunique())
    yield from _ends("speed", match, 6, kept["speed_mps"].min(), kept["speed_mps"].max())


@rule(
    rf"No step of {COUNT} athletes? in {COUNT} trials? was kept: the motion could not be analysed\."
)
def no_step(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from true("no step was kept", tables.kept.empty)
    yield from number("athletes", match[1], len(tables.sheets.get("participant", {})) or 1)
    yield from number("trials", match[2], len(tables["trials"]))


@rule(
    r"No (?:whole )?step was kept(?:: the motion could not be analysed|, so there are no values to show)\."
)
def none_kept(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from true("no step was kept", tables.kept.empty)


NEEDED = {
    "the two sides": ["H_push_side_y_stance_mean_kgm2ps", "H_swing_side_y_stance_mean_kgm2ps"],
    "peaks of forces, moments of the standing leg and what joints cause": [
        "peak_vertical_force_bw"
    ],
}
"""Columns of steps that a result needs."""


@rule(
    rf"(?:In {COUNT} of {COUNT} steps n|N)othing about (the two sides|peaks of forces, moments of the standing leg and what joints cause) could be determined: "
)
def gap(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = tables["steps"][tables["steps"]["status"] != "rejected"]
    unknown = rows[NEEDED[match[3]]].isna().any(axis=1)
    yield from number("steps", match[2] or str(len(rows)), len(rows))
    yield from number("unknown", match[1] or str(len(rows)), int(unknown.sum()))


@rule(
    rf"(?:no plate measured the force|the markers do not show (?:both arms|[a-z, _]+))(?: \({COUNT} steps\))?"
)
def gap_reason(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = tables["steps"][tables["steps"]["status"] != "rejected"]
    if match[0].startswith("no plate"):
        yield from true("force not known", bool(rows["peak_vertical_force_bw"].isna().any()))


@rule(
    rf"With a foot on the ground(?: at {RANGE})? \({COUNT} athletes?, {COUNT} steps?\) the angular momentum of both sides could not be determined: parts of the body were not observed\."
)
def not_carried(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    own = tables.headline
    if own is not None:
        yield from _speeds(match, 1, own)
        yield from number("athletes", match[3], own.size[0])
        yield from number("steps", match[4], own.size[1])
        means = [own.mean(name) for name in NEEDED["the two sides"]]
        yield from true("a side is not known", bool(np.isnan(means).any()))


@rule(rf"{COUNT} trials?: ((?:{COUNT} [a-z ]+(?: \([^)]*\))?(?:, | and )?)+)\.")
def states(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("trials", match[1], len(tables["trials"]))
    yield from _states(match[2], tables)


@rule(r"^(\d+ [a-z ]+(?: \([^)]*\))?(?:(?:, | and )\d+ [a-z ]+(?: \([^)]*\))?)*)$", "summary")
def states_cell(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if block.head == "Trials":
        yield from _states(match[1], tables)
    elif block.head == "Contacts":
        status = tables["steps"]["status"].value_counts()
        named = {"whole steps kept": "ok", "rejected": "rejected", "incomplete": "incomplete"}
        for count, name in re.findall(r"(\d+) ([a-z ]+)", match[1]):
            yield from number(name, count, int(status.get(named.get(name, ""), 0)))
    elif block.head == "Athletes":
        yield from people_counts(match[1], tables)
    else:
        yield f"“{match[1]}” stands under “{block.head}”"


def _states(text: str, tables: StudyTables) -> Iterator[str]:
    count = tables["trials"]["state"].value_counts()
    said = {}
    for part in re.finditer(r"(\d+) ([a-z ]+?)(?: \(([^)]*)\))?(?=, \d+ [a-z]|$| and \d+)", text):
        said[part[2]] = part[1]
        for doubts in re.finditer(r" in (\d+)", part[3] or ""):
            yield from _doubts(doubts[1], tables)
    for state in sorted({*said, *map(str, count.index)}):
        yield from number(f"trials {state}", said.get(state, "0"), int(count.get(state, 0)))


def _doubts(said: str, tables: StudyTables) -> Iterator[str]:
    doubtful = tables["trials"][tables["trials"]["state"] == "doubtful"]
    counts = doubtful["outside"].dropna().str.split(", ").explode().value_counts()
    yield from true(f"a measure outside its limit in {said} trials", int(said) in set(counts))


def people_counts(text: str, tables: StudyTables) -> Iterator[str]:
    people = tables.sheets.get("participant", {})
    yield from number("athletes", text.split(" ")[0], len(people))
    sexes = pd.Series([str(person.get("sex") or "") for person in people.values()])
    for count, sex in re.findall(r"(\d+) (female|male)", text):
        yield from number(sex, count, int((sexes == sex).sum()))


@rule(rf"^{COUNT} \(((?:\d+ (?:female|male)(?:, )?)+)\)$", "summary")
def people_cell(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from words("heading", block.head, "Athletes")
    yield from people_counts(match[0], tables)


@rule(rf"^{COUNT} of {COUNT} contacts that were not rejected$", "summary")
def known_cell(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = tables["steps"][tables["steps"]["status"] != "rejected"]
    sides = [f"H_{side}_y_stance_mean_kgm2ps" for side in ("push_side", "swing_side")]
    columns = {"Both sides known": sides, "Forces known": ["peak_vertical_force_bw"]}
    yield from true(f"heading {block.head}", block.head in columns)
    known = rows[columns.get(block.head, sides)].notna().all(axis=1).sum()
    yield from number("contacts", match[2], len(rows))
    yield from number(block.head, match[1], int(known))


@rule(rf"^{N}(?: to {N})? (m/s|s)$", "summary")
def range_cell(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    column = {"Speed": "speed_mps", "Contact time": "contact_s", "Flight time": "flight_s"}
    values = tables.kept[column[block.head]]
    yield from _ends(block.head, match, 1, values.min(), values.max())


@rule(r"^((?:[^();]+ \(\d+\)(?:; )?)+)$", "summary")
def reasons_cell(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from words("heading", block.head, "Contacts that are no whole step")
    steps = tables["steps"].drop(tables.kept.index)
    reasons = steps["reason"].fillna("no reason recorded").str.partition(";")[0].value_counts()
    for reason, count in re.findall(r"([^();]+) \((\d+)\)", match[1]):
        yield from number(reason, count, int(reasons.get(reason.strip(), 0)))


@rule(rf"^{COUNT} trials, each with its replay and what became of it$", "trials")
def trials_title(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("trials", match[1], len(tables["trials"]))


# both sides ---------------------------------------------------------------------------------------


def _speeds(match: re.Match[str], first: int, own: SpeedClass) -> Iterator[str]:
    yield from _ends("speed", match, first, own.speeds.min(), own.speeds.max())


@rule(
    rf"With a foot on the ground(?: at {RANGE})? \({COUNT} athletes?, {COUNT} steps?\) push side and "
    rf"swing side turned (in opposite directions|in the same direction|in directions that could not "
    rf"be determined within measurement error) about the vertical: {INTERVAL} and {INTERVAL} "
    rf"kg m²/s, together {INTERVAL}; mean over (athletes|steps)"
    rf"(?:, 95 % interval of the measurement in brackets)?\."
)  # fmt: skip
def carried(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    own = tables.headline
    if own is None:
        yield "no class of speeds was run"
        return
    if match[1]:
        yield from _speeds(match, 1, own)
    yield from number("athletes", match[3], own.size[0])
    yield from number("steps", match[4], own.size[1])
    signs = []
    rows = _stance_rows(tables, own)
    for position, source in ((6, "push_side"), (9, "swing_side"), (12, "total")):
        mean = own.mean(f"H_{source}_y_stance_mean_kgm2ps")
        yield from number(source, match[position], mean)
        row = rows[rows["source"] == source].iloc[0]
        yield from true(f"{source}: mean in stance_means.tsv", abs(row["mean"] - mean) < 1e-4)
        ends = [row["low"], row["high"]]
        if match[position + 1]:
            yield from number(f"{source}, low", match[position + 1], ends[0])
            yield from number(f"{source}, high", match[position + 2], ends[1])
            yield from true(f"{source}: interval about the mean", ends[0] <= mean <= ends[1])
        else:
            yield from true(f"{source}: no interval", bool(np.isnan(ends).all()))
        sure = {np.sign(value) for value in (mean, *ends) if np.isfinite(value)}
        signs.append(sure.pop() if len(sure) == 1 else 0.0)
    way = {-1.0: "in opposite directions", 1.0: "in the same direction"}.get(
        signs[0] * signs[1], "in directions that could not be determined within measurement error"
    )
    yield from words("direction", match[5], way)
    yield from words("mean over", match[15], "athletes" if own.size[0] > 1 else "steps")


def _stance_rows(tables: StudyTables, own: SpeedClass) -> pd.DataFrame:
    rows = tables["stance_means"]
    rows = rows[(rows["quantity"] == "angular_momentum") & (rows["axis"] == "y")]
    near = (rows["speed_mps"] - float(own.speeds.mean())).abs()
    nearest: pd.DataFrame = rows[near == near.min()]
    return nearest


@rule(rf"At {RANGE} the residual moment about the vertical has an RMS of {N} N m\.")
def residual(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if tables.headline is not None:
        yield from _speeds(match, 1, tables.headline)
        mean = tables.headline.mean("M_residual_y_stance_rms_Nm")
        yield from number("residual", match[3], mean)


@rule(rf"^(?:([a-z ]+), )?{N} m/s: {COUNT} athletes?, {COUNT} steps?$", "driven", "carried")
def size(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    condition = (match[1] or "normal").replace(" ", "_")
    sizes = []
    for own in tables.classes:
        steps = own.steps
        is_measured = steps["peak_vertical_force_bw"].notna()
        if block.section == "driven" and is_measured.any():  # causes need the forces
            steps = steps[is_measured]
        speed = float(own.speeds.mean())
        if own.condition in (condition, "n/a") and abs(speed - float(match[2])) < 0.051:
            sizes.append((steps["participant_id"].nunique(), len(steps)))
    yield from true(f"{match[0]}", (int(match[3]), int(match[4])) in sizes)


@rule(r"(?:Push|Swing) side: [^;.]+; (?:push|swing) side: [^.]+\.")
def roles(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from words("roles", match[0], tables.roles)


@rule(rf"Means over (?:{COUNT}(?: to {COUNT})? athletes? \()?{COUNT}(?: to {COUNT})? steps?")
def means_over(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    sizes = [own.size for own in tables.classes]
    people, steps = ([one[k] for one in sizes] for k in (0, 1))
    drawn = drawn_table(tables, block)
    if "steps" in drawn:
        people, steps = (
            [int(drawn_sizes[k]) for drawn_sizes in _drawn_sizes(drawn)] for k in (0, 1)
        )
        yield from number("fewest steps", match[3], min(steps))
    if match[1]:
        yield from number("fewest athletes", match[1], min(people))
        yield from number("most athletes", match[2] or match[1], max(people))
    yield from number("most steps", match[4] or match[3], max(steps))


def _drawn_sizes(drawn: pd.DataFrame) -> list[tuple[int, int]]:
    """Athletes and steps of every column of a figure."""
    columns = drawn.groupby(["condition", "speed_mps"], dropna=False)
    return [(int(own["participants"].max()), int(own["steps"].max())) for _, own in columns]


@rule(rf"have (opposite signs|the same sign) about the vertical: {N} and {N} kg m²/s at {N} m/s")
def figure_of_sides(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    curves = tables["angular_momentum"]
    usual = curves[curves["condition"].isna() | (curves["condition"] == "normal")]
    curves = usual if len(usual) else curves
    # the fastest speed that at least half as many athletes ran as ran the commonest one
    common = curves[2 * curves["participants"] >= curves["participants"].max()]
    is_shown = common["speed_mps"] == common["speed_mps"].max()
    curves = common[is_shown & (common["phase"] == "stance")]
    means = []
    for line in ("push_side", "swing_side"):
        values = curves[curves["line"] == line].sort_values("percent")["mean"].to_numpy()
        means.append(float(np.trapezoid(values) / (len(values) - 1)))
    for name, text, value in zip(("push", "swing"), (match[2], match[3]), means, strict=True):
        yield from number(name, text, value)
    yield from number("speed", match[4], curves["speed_mps"].iloc[0])
    way = "opposite signs" if means[0] * means[1] < 0 else "the same sign"
    yield from words("signs", match[1], way)


# joints -------------------------------------------------------------------------------------------

OTHERS = {
    *("together", "push_side", "swing_side", "gravity", "velocity", "contact", "remainder"),
    "residual",
}
JOINTS = {"ankle_toes": "ankle and toes", "mtp": "toes"}
LEG = {"hip", "knee", "ankle_toes", "ankle", "mtp"}


def _joint(source: str) -> str:
    if source == "lumbar":
        return "lumbar joint"
    joint, _, side = source.rpartition("_")
    name = JOINTS.get(joint, joint)
    return f"{name} of the {side} leg" if joint in LEG else f"{name} on the {side} leg's side"


def _effects(tables: StudyTables, side: str) -> pd.DataFrame:
    """Single joints that act on a side at the headline speed: mean, low, high, sure."""
    rows = headline_rows(tables["caused_rotation"])
    rows = rows[(rows["panel"] == f"{side.replace(' ', '_')}_y") & ~rows["source"].isin(OTHERS)]
    primary = rows[rows["variant"] == "C2"].set_index("source")[["mean", "low", "high"]]
    others = set(tables["model_differences"].get("participant_id", []))
    compared = bool(others) and set(tables["steps"]["participant_id"]) <= others
    values = [primary["mean"], primary["low"], primary["high"]]
    values += [group.set_index("source")["mean"] for _, group in rows.groupby("variant")]
    signs = pd.concat([np.sign(series).reindex(primary.index) for series in values], axis=1)
    sure = signs.eq(1.0).all(axis=1) | signs.eq(-1.0).all(axis=1)
    primary["sure"] = sure & compared
    least = primary[["low", "high"]].abs().min(axis=1)
    primary["least"] = least.where(primary["low"] * primary["high"] > 0, 0.0)
    primary["most"] = primary[["low", "high"]].abs().max(axis=1)
    primary["compared"] = compared
    by_size = primary["mean"].abs().sort_values(ascending=False).index
    ordered: pd.DataFrame = primary.reindex(by_size)
    return ordered


def _ranks(effects: pd.DataFrame) -> tuple[int, int] | None:
    """Best and worst rank that the interval of the largest effect allows."""
    first, others = effects.iloc[0], effects.iloc[1:].dropna(subset=["low"])
    if not (first["compared"] and np.isfinite(first["low"])):
        return None
    best = 1 + int((others["least"] > first["most"]).sum())
    return best, 1 + int((others["most"] > first["least"]).sum())


@rule(
    rf"At {RANGE} the direction of the effect is certain, within its interval and under all contact models, for "
)
def joints_speed(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if tables.headline is not None:
        with_forces = headline_rows(tables["caused_rotation"])["speed_mps"].max()
        if abs(with_forces - tables.headline.speeds.mean()) < 0.01:
            yield from _speeds(match, 1, tables.headline)


@rule(
    rf"{COUNT} of {COUNT} joints? acting on the (push|swing) side(?: \((the largest: )?((?:[a-z' ]+ {NUMBER} \({NUMBER} to {NUMBER}\)(?:, )?)+) N m\))?(?: and |\.)"
)
def sure_joints(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    effects = _effects(tables, f"{match[3]} side")
    sure = effects[effects["sure"]]
    yield from number("joints with a sure direction", match[1], len(sure))
    yield from number("joints", match[2], len(effects))
    if block.page == "index.html":
        return
    named = re.findall(rf"([a-z' ]+?) ({NUMBER}) \(({NUMBER}) to ({NUMBER})\)", match[5] or "")
    yield from number("joints named", str(len(named)), min(len(sure), 3))
    yield from true("“the largest”", bool(match[4]) == (len(sure) > 3))
    for (name, *texts), (source, row) in zip(named, sure.iterrows(), strict=False):
        yield from words("joint", name.strip(), _joint(str(source)))
        for text, key in zip(texts, ("mean", "low", "high"), strict=True):
            yield from number(f"{name}, {key}", text, row[key])


@rule(r"The ([a-z' ]+) contributes most to the (push|swing) side\.")
def first_joint(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    effects = _effects(tables, f"{match[2]} side")
    yield from words("joint", match[1], _joint(str(effects.index[0])))
    ranks = _ranks(effects)
    yield from true("ranks first", bool(effects["sure"].iloc[0]) and ranks == (1, 1))


@rule(
    rf"(?:The largest contribution could not be determined )?for the (push|swing) side, where the ([a-z' ]+) \({INTERVAL} N m\) (?:may rank {COUNT} to {COUNT}|has the largest value)[;.]"
)
def open_joint(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    effects = _effects(tables, f"{match[1]} side")
    ranks, first = _ranks(effects), effects.iloc[0]
    yield from words("joint", match[2], _joint(str(effects.index[0])))
    for text, key in zip(match.groups()[2:5], ("mean", "low", "high"), strict=True):
        if text:
            yield from number(f"{match[2]}, {key}", text, first[key])
    said = (int(match[6]), int(match[7])) if match[6] else None
    yield from true(f"ranks {said}", said == ranks)
    yield from true("largest not known", not (first["sure"] and ranks == (1, 1)))


SHARES = {
    "masses and moments of inertia of the segments": "inertia",
    "centres of mass of the segments": "centres",
    "position and gain of the force plates": "plates",
    "body dimensions, marker positions and joint axes": "body",
    "soft-tissue artefact of the markers": "skin", "coordinates without markers": "unseen",
    "time offset between markers and forces": "clock", "the fitted motion": "motion",
    "bending of the planted foot at the ball": "contact",
    "touchdown and toe-off from the foot markers": "events",
    "the choice between fitted and plain motion": "weighed",
    "the choice of the joint model": "model",
}  # fmt: skip


def _shares(rows: pd.DataFrame) -> pd.Series[float]:
    """Share of every source in the variance of all rows, per cent."""
    names = [name for name in rows.columns if name.startswith("share_")]
    variance = rows["sd"].astype(float) ** 2
    weighted = rows[names].astype(float).mul(variance, axis=0).sum()
    return 100.0 * (weighted / variance.sum()).rename(lambda name: name.removeprefix("share_"))


def _budget(
    tables: StudyTables, level: str, source: str, target: str, statistic: str
) -> pd.DataFrame:
    rows = tables["uncertainty"]
    named = {
        "level": level,
        "source": source,
        "target": target,
        "statistic": statistic,
        "axis": "y",
    }
    for column, value in named.items():
        rows = rows[rows[column] == value]
    known: pd.DataFrame = rows[rows["sd"].notna()]
    return known


@rule(
    rf"Effect of the ([a-z' ]+) on the (push|swing) side, the largest without a certain direction: {N} % of the error variance comes from ([a-z, -]+)\."
)
def remedy(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    effects = _effects(tables, f"{match[2]} side")
    source = str(effects.index[~effects["sure"]][0])
    yield from words("joint", match[1], _joint(source))
    shares = _shares(_budget(tables, "C (C2)", source, f"{match[2]}_side", "moment_mean"))
    yield from words("source", SHARES.get(match[4], match[4]), str(shares.idxmax()))
    yield from number("share", match[3], float(shares.max()))


@rule(
    rf"The body's inertia accounts for {N} % of the error variance of whole-body angular momentum "
    rf"about the vertical\. In one measured sprinter its 95 % interval was ± {N} kg m²/s; with every "
    rf"run on plates repeated it was ± {N}, lying on a board over a plate ± {N}, standing with one "
    rf"leg raised ahead ± {N}\."
)
def body_share(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = _budget(tables, "A", "total", "whole_body", "momentum_mean")
    if block.page.startswith("athletes/"):
        name = block.page.removeprefix("athletes/").removesuffix(".html")
        rows = rows[rows["participant_id"] == name]
    shares = _shares(rows)
    yield from number("share", match[1], float(shares["inertia"] + shares["centres"]))
    page = (DOCS / "recordings.md").read_text(encoding="utf-8").partition("**JA1")[2]
    for said, start in zip(match.groups()[1:], POSTURES, strict=True):
        line = re.search(rf"^\| {start}[^|]*\|.*\| {N} \|$", page, re.MULTILINE)
        yield from words(start, said, line[1] if line else "not in the documentation")


DOCS = Path(__file__).parents[1] / "docs"
POSTURES = (
    "what is recorded", "every run on plates once more", "lying on the back",
    "a leg held straight ahead",
)  # fmt: skip
"""Rows of the documented measurement of what further recordings gain."""


# quality ------------------------------------------------------------------------------------------


@rule(
    rf"Residual forces or moments lie outside their limits (?:before the consistency fit in {COUNT} of {COUNT} trials?)?(?:, )?(?:in the motion that the results rest on in {COUNT} of {COUNT} trials?)?"
)
def residuals(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    quality = tables["quality"]
    for prefix, first in (("plain_", 1), ("", 3)):
        if match[first]:
            form = rf"{prefix}residual_(force|moment)_[xyz]_rms"
            own = quality[quality["measure"].str.fullmatch(form)]
            failed = (
                own["verdict"].eq("fail").groupby([own["participant_id"], own["trial_id"]]).any()
            )
            yield from number("trials outside", match[first], int(failed.sum()))
            yield from number("trials", match[first + 1], len(failed))


@rule(rf"^{COUNT} errors?, {COUNT} warnings?, {COUNT} remarks?\.", "findings")
def severities(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    severity = tables["causes"].get("severity", pd.Series(dtype=object))
    count = severity.value_counts()
    for position, name in enumerate(("error", "warning", "info"), 1):
        yield from number(name, match[position], int(count.get(name, 0)))


@rule(
    rf"With the model (\S+), angular momentum about the vertical in {COUNT} steps differs \(root mean square\) by ((?:[a-z ]+ {NUMBER}(?:, | and )?)+) kg m²/s\."
)
def other_model(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = tables["model_differences"]
    rows = rows[(rows["model"] == match[1]) & (rows["level"] == "A") & (rows["axis"] == "y")]
    rows = rows[(rows["statistic"] == "momentum_mean") & (rows["target"] == "whole_body")]
    yield from number("steps", match[2], int(rows.groupby("source")["steps"].sum().max()))
    for name, text in re.findall(rf"(?:^|, | and )([a-z ]+?) ({NUMBER})", match[3]):
        own = rows[rows["source"] == name.replace(" ", "_")]
        rms = np.sqrt((own["steps"] * own["rms"] ** 2).sum() / max(own["steps"].sum(), 1))
        yield from number(name, text, float(rms))


def trials_in_sheets(tables: StudyTables) -> set[int]:
    rows = tables.sheets.get("trial", {})
    moving = [row for row in rows.values() if row.get("task") != "static"]
    return {len(moving)} if rows else set()
