"""What titles and captions of figures say, against the numbers drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from validation.prose_blocks import Block
from validation.prose_rules import number, rule, true, words
from validation.prose_tables import NUMBER, StudyTables, headline_rows

N, COUNT = f"({NUMBER})", r"(\d+)"


def drawn_table(tables: StudyTables, block: Block) -> pd.DataFrame:
    """Numbers of the figure of a caption, by its number."""
    head = re.match(r"Figure (\d+)\.", block.text)
    if head is None or not 1 <= int(head[1]) <= len(tables.figures):
        return pd.DataFrame()
    position = int(head[1]) - 1
    names = [str(entry["table"]) for entry in tables.figures]
    rows: pd.DataFrame = tables[names[position].removesuffix(".tsv")]
    return rows


def _over_stance(rows: pd.DataFrame) -> pd.Series[float]:
    """Mean over stance of every line, both ends with half weight."""
    rows = rows[rows["phase"] == "stance"].sort_values("percent")
    return rows.groupby("line")["mean"].agg(
        lambda values: np.trapezoid(values.to_numpy()) / (len(values) - 1)
    )


def _size(rows: pd.DataFrame) -> int:
    """Number of athletes behind the rows of a figure."""
    for name in ("participant_id", "n_athletes", "athletes", "participants"):
        if name in rows:
            return int(rows[name].nunique() if name == "participant_id" else rows[name].max())
    return 0


@rule(r"^Figure (\d+)\. ")
def figure_number(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    position = int(match[1]) - 1
    titles = [str(entry["title"]) for entry in tables.figures]
    known = 0 <= position < len(titles)
    yield from true(
        "title of this number", known and block.text[match.end() :].startswith(titles[position])
    )


@rule(r"^(\d+) figures, with files for print$")
def figures(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("figures", match[1], len(tables.figures))


@rule(
    rf"(?:mean over|Means over|one of|from|each of|^Means over|\(vertical axis\),|speed v;) {COUNT} "
    r"athletes?(?! of the means)", "figures", "carried", "driven", "agreement",
)  # fmt: skip
def athletes(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    if block.kind == "figcaption":
        yield from number("athletes", match[1], _size(drawn_table(tables, block)))


@rule(
    r"Over stance both legs turn one way about the vertical, the arms the other|In mean stance the arms turn with the push leg, against the swing leg"
)
def legs_and_arms(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    rows = rows[rows["row"] == "angular_momentum_y_groups"]
    for _, column in rows.groupby(["condition", "speed_mps"], dropna=False):
        push, swing, arms = np.sign(_over_stance(column)[["push_leg", "swing_leg", "arms"]])
        holds = push == swing == -arms if match[0].startswith("Over") else push == arms == -swing
        yield from true(match[0], bool(holds))


@rule(
    rf"Most often the ([a-z ]+) opposes the other two at the pelvis \({N} % of stance at {N} m/s\)"
)
def pelvis(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = headline_rows(drawn_table(tables, block))
    shares = _over_stance(rows[rows["row"] == "opposing_y"]).dropna()
    name = {"leg_push": "push leg", "leg_swing": "swing leg", "upper_body": "upper body"}
    yield from words("chain", match[1], name[str(shares.idxmax())])
    yield from number("share", match[2], float(shares.max()))
    yield from number("speed", match[3], float(rows["speed_mps"].iloc[0]))


@rule(
    rf"([A-Z][a-z ]+), (push|swing): the largest single cause of (the upward impulse|the rotation of the push side), {N} (m/s|N m) at {N} m/s under (C\d)"
)
def largest_cause(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = headline_rows(drawn_table(tables, block))
    rows = rows[(rows["panel"] == rows["panel"].iloc[0]) & (rows["variant"] == match[7])]
    single = rows[~rows["source"].isin(["together", "push_side", "swing_side"])].set_index("source")
    largest = str(single["mean"].abs().idxmax())
    joint, _, side = largest.rpartition("_")
    plain = {"ankle_toes": "ankle and toes", "mtp": "toes"}.get(joint, joint)
    yield from words("cause", f"{match[1].lower()}, {match[2]}", f"{plain}, {side}")
    yield from number("size", match[4], float(single["mean"][largest]))
    yield from number("speed", match[6], float(rows["speed_mps"].iloc[0]))
    others = single.drop(largest)[["low", "high"]].abs().max(axis=1).max()
    ends = single.loc[largest, ["low", "high"]].astype(float)
    least = 0.0 if ends["low"] * ends["high"] <= 0 else float(ends.abs().min())
    yield from true("beyond the intervals of all others", least > others)


@rule(
    rf"Of {COUNT} hypotheses whose gates pass {COUNT} (?:is|are) shown by every athlete, {COUNT} by none"
)
def shown_by(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block).drop_duplicates("hypothesis")
    rows = rows[(rows["gates"] == "passed") & rows["n_showing"].notna()]
    size = drawn_table(tables, block).groupby("hypothesis")["participant_id"].nunique()
    every = rows["n_showing"] == rows["hypothesis"].map(size)
    yield from number("hypotheses", match[1], len(rows))
    yield from number("shown by every athlete", match[2], int(every.sum()))
    yield from number("shown by none", match[3], int((rows["n_showing"] == 0).sum()))


@rule(rf"Points: {COUNT} athletes?, sorted by size")
def points(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("athletes", match[1], drawn_table(tables, block)["participant_id"].nunique())


@rule(rf"in {COUNT} panels, one per hypothesis")
def panels(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("panels", match[1], drawn_table(tables, block)["hypothesis"].nunique())


@rule(
    rf"Best balanced in stance: ([a-z, ]+) against the rest; the swing leg alone is {COUNT} of {COUNT}"
)
def best_balanced(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block).sort_values("rank", kind="stable")
    side = {part.replace("_", " ") for part in str(rows["partition"].iloc[0]).split()}
    every = {"push leg", "swing leg", "arms", "torso", "pelvis"}
    said = {part.strip() for part in re.split(r", | and ", match[1])}
    yield from true(f"“{match[1]}” against the rest", said in (side, every - side))
    order = rows["partition"].tolist()
    yield from number("rank of the swing leg", match[2], order.index("swing_leg") + 1)
    yield from number("partitions", match[3], len(order))


@rule(rf"All {COUNT} ways to divide the body in two")
def ways(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from number("partitions", match[1], len(drawn_table(tables, block)))


@rule(rf"Arms and push leg turn (against each other|together) about the vertical \(cosine {N}\)")
def cosine(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    rows = rows[(rows["level"] == "momentum") & rows["first"].isin(["arms", "push_leg"])]
    value = float(rows[rows["second"].isin(["arms", "push_leg"])]["cosine"].iloc[0])
    yield from number("cosine", match[2], value)
    yield from words("way", match[1], "against each other" if value < 0 else "together")


@rule(rf"{COUNT} of {COUNT} verdicts are the same under every choice that passes its gates")
def unanimous(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    rows = rows[rows["gates"] == "passed"]
    count = rows.groupby("hypothesis")["verdict"].agg(["size", "nunique"])
    several = count[count["size"] > 1]
    yield from number("verdicts", match[2], len(several))
    yield from number("the same", match[1], int((several["nunique"] == 1).sum()))


@rule(rf"under {COUNT}(?: to {COUNT})? choices of the analysis")
def choices(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    size = drawn_table(tables, block).groupby("hypothesis").size()
    yield from number("fewest choices", match[1], int(size.min()))
    yield from number("most choices", match[2] or match[1], int(size.max()))


@rule(r"Lag from the peak of vertical force to that of the (push|swing) leg's angular momentum")
def lag(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    yield from words("leg", match[1], "swing")


@rule(rf"smallest effect of interest \({N} % of the step per m/s\)")
def timing(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    yield from number("lag", match[1], 100.0 * float(rows["lag_smallest"].iloc[0]))


@rule(rf"The ([a-z]+) of the (push|swing) leg has the largest power, {N} W/kg")
def power(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    rows = rows[(rows["quantity"] == "power") & rows["mean"].notna()]
    own = rows.loc[rows["line"] == f"{match[1]}_{match[2]}", "mean"].max()
    yield from true(f"the {match[1]} has the largest power", bool(own >= rows["mean"].max()))
    yield from number("power", match[3], float(own))


@rule(rf"{COUNT} of {COUNT} trials were recorded within the limits drawn")
def recorded(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    rows = rows[(rows["what"] == "before") & rows["limit"].notna()]
    trial = [rows["participant_id"], rows["trial_id"]]
    beyond = (rows["value"].abs() > rows["limit"]).groupby(trial).any()
    yield from number("trials", match[2], len(beyond))
    yield from number("within the limits", match[1], int((~beyond).sum()))


@rule(
    rf"Markers: distance from the model(?: \(limit {N}\))?, first touchdown to last toe-off\. Flight: range of the body's angular momentum over the largest group's(?: \(limit {N}\))?[; ¶]+Forces: delay behind the centre of mass(?: \(limit {N}\))?"
)
def recording(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    for position, panel in enumerate(("markers", "flight", "clocks"), 1):
        limits = rows.loc[rows["panel"] == panel, "limit"].dropna()
        if match[position]:
            yield from number(f"limit of {panel}", match[position], float(limits.iloc[0]))


@rule(
    rf"Residual moment(?: \(limit {N}\))? against the rates of angular momentum that conclusions "
    rf"compare; residual force(?: \(limit {N}\))?\.(?:[ ¶]+; evidence is the standard deviation"
    rf"(?: \(limit {N}\))?)?"
)
def agreement(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = tables["agreement"]
    for position, panel in enumerate(("moment", "force", "precision"), 1):
        limits = rows.loc[rows["panel"] == panel, "limit"].dropna()
        if match[position]:
            yield from number(f"limit of {panel}", match[position], float(limits.iloc[0]))


@rule(rf"(?:after the fit|limits drawn)\. {COUNT} trials?(?:, each at its speed)?\.")
def trials_drawn(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    keys = drawn_table(tables, block)[["participant_id", "trial_id"]].drop_duplicates()
    yield from number("trials", match[1], len(keys))


@rule(
    r"athletes: ([a-z ]+) against ([a-z ]+), (not at equal speed|at equal speed|at maximal effort)",
    "figures",
)
def two_conditions(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    rows = drawn_table(tables, block)
    yield from words("condition", match[1].replace(" ", "_"), str(rows["condition"].iloc[0]))
    yield from words("reference", match[2].replace(" ", "_"), str(rows["reference"].iloc[0]))


@rule(rf"Estimated without plates: events of {COUNT} of {COUNT} steps\.")
def without_plates(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    kept = tables.kept
    estimated = kept["events"].isin(["kinematic", "low-passed"])
    yield from number("steps without plates", match[1], int(estimated.sum()))
    yield from number("steps", match[2], len(kept))


# one contact --------------------------------------------------------------------------------------


@rule(
    rf"^One contact: (.+?), (left|right) foot on the ground at (?:([a-z ]+), )?{N} m/s\. Angular "
    rf"momentum about the vertical, mean over the contact: push side \(solid\) {N}(?: ± {N})?, swing "
    rf"side \(dashed\) {N}(?: ± {N})? kg m²/s( \(± 95 % interval of the measurement\))?\. "
    rf"(.+), step {COUNT}(?:: replay)?\.$",
    page="index.html",
)
def contact(match: re.Match[str], tables: StudyTables, block: Block) -> Iterator[str]:
    kept = tables.kept
    named = kept["participant_id"].eq(match[1]) & kept["trial_id"].eq(match[10])
    rows = kept[named & kept["step"].eq(int(match[11]))]
    yield from true(f"step {match[11]} of {match[1]} {match[10]} was kept", len(rows) == 1)
    row = rows.iloc[0]
    yield from words("foot", match[2], str(row["side"]))
    condition = (match[3] or "normal").replace(" ", "_")
    yield from true(f"condition {condition}", row["condition"] in (condition, ""))
    yield from number("speed", match[4], float(row["speed_mps"]))
    for position, side in ((5, "push_side"), (7, "swing_side")):
        mean, sd = (float(row[f"H_{side}_y_stance_mean{end}_kgm2ps"]) for end in ("", "_sd"))
        yield from number(side, match[position], mean)
        yield from true(f"{side} has an error", np.isfinite(sd) == bool(match[position + 1]))
        if match[position + 1]:
            yield from number(f"{side}, half interval", match[position + 1], 1.959964 * sd)
    yield from true("kind of interval", bool(match[9]) == bool(match[6] or match[8]))
