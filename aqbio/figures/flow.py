"""Figure of the flow of people, trials and steps, with the reasons why some do not count."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results
from aqbio.figures.style import FRAME, INK, NARROW_MM, journal_style, sheet, wrapped
from aqbio.hypotheses.deviations import LISTED
from aqbio.io.dictionary import columns

LEVELS = {"people": "People", "trials": "Runs", "steps": "Contacts of the feet"}
"""Title of every column of the figure."""

FATES = {
    "listed": "in the sheets",
    "removed": "taken out since data were read",
    "added": "added since data were read",
    "left_out": "left out by the sheet",
    "failed": "no results",
    "without_steps": "no usable step",
    "rejected": "rejected",
    "incomplete": "incomplete",
    "counted": "counted",
}
"""Words of every fate, in the order of the figure."""

RECORDED = "recorded"
"""Word for contacts, which no sheet lists."""

MOST_REASONS = 3
"""Reasons of one fate that are told apart; the others are counted together."""

OTHER_REASONS = "other reasons"

NOT_STATED = "no reason stated"

Row = tuple[str, str, int, str]
"""Level, fate, number and reason."""


def flow_rows(results: Results) -> pd.DataFrame:
    """Numbers of people, runs and contacts from the sheets to what counts, with reasons."""
    rows = [*_people(results), *_runs(results), *_contacts(results["steps"])]
    return pd.DataFrame(
        [row for row in rows if row[2] or row[1] in ("listed", "counted")],
        columns=list(columns("flow")),
    )


def _changed(results: Results, kind: str) -> Iterator[Row]:
    """Rows of a sheet that were taken out or added since the data were first read."""
    table = results["deviations"]
    level = {"participant": "people", "trial": "trials"}[kind]
    whole = table["key"].astype(str).str.fullmatch(rf"{kind} [^:]+")
    for fate, column in (("removed", "before"), ("added", "now")):
        changed = table[whole & (table[column] == LISTED)]
        for reason, count in changed["reason"].fillna(NOT_STATED).value_counts().items():
            yield level, fate, int(count), str(reason)


def _people(results: Results) -> Iterator[Row]:
    """People in the sheets, and those with usable steps."""
    names = [participant.participant_id for participant in results.study.participants]
    steps = results["steps"]
    with_steps = set(steps.loc[steps["status"] == "ok", "participant_id"].astype(str))
    yield "people", "listed", len(names), ""
    yield from _changed(results, "participant")
    missing = len(set(names) - with_steps)
    yield "people", "without_steps", missing, ""
    yield "people", "counted", len(names) - missing, ""


def _runs(results: Results) -> Iterator[Row]:
    """Runs in the sheets, those left out, those that failed, and those with usable steps."""
    moving = [trial for trial in results.study.trials if trial.task != "static"]
    yield "trials", "listed", len(moving), ""
    yield from _changed(results, "trial")
    left_out = pd.Series(
        [trial.reason or NOT_STATED for trial in moving if trial.include == "no"], dtype=object
    )
    yield from _by_reason("trials", "left_out", left_out)
    table = results["trials"]
    failed = table[table["status"] != "ok"]
    yield from _by_reason("trials", "failed", failed["reason"])
    empty = table[(table["status"] == "ok") & ~(table["steps_ok"].astype(float) > 0)]
    yield "trials", "without_steps", len(empty), ""
    yield "trials", "counted", len(table) - len(failed) - len(empty), ""


def _contacts(steps: pd.DataFrame) -> Iterator[Row]:
    """Contacts, those that are no usable step, and the usable ones."""
    yield "steps", "listed", len(steps), ""
    for fate in ("rejected", "incomplete"):
        yield from _by_reason("steps", fate, steps.loc[steps["status"] == fate, "reason"])
    yield "steps", "counted", int((steps["status"] == "ok").sum()), ""


def _by_reason(level: str, fate: str, reasons: pd.Series) -> Iterator[Row]:
    """Count the most frequent reasons, their numbers taken out, and all others together."""
    plain = reasons.fillna(NOT_STATED).astype(str).map(_without_numbers)
    counts = plain.value_counts(sort=False).sort_values(ascending=False, kind="stable")
    for reason, count in counts.iloc[:MOST_REASONS].items():
        yield level, fate, int(count), str(reason)
    yield level, fate, int(counts.iloc[MOST_REASONS:].sum()), OTHER_REASONS


def _without_numbers(reason: str) -> str:
    """First clause of a reason without its numbers, so that equal reasons are counted together."""
    clause = re.split(r"[;:(]", reason)[0]
    return re.sub(r"\s+", " ", re.sub(r"\b\d+([.,]\d+)?\b", "n", clause)).strip() or NOT_STATED


_LETTERS = 38
"""Letters of a line."""

_LINE_MM = 3.4
"""Height of a line, mm."""

_GAP_LINES = 1.0
"""Space between two boxes, lines."""


def _fate_words(level: str, fate: str) -> str:
    """Words of a fate of people, runs or contacts."""
    return RECORDED if (level, fate) == ("steps", "listed") else FATES[fate]


def _lines(rows: pd.DataFrame) -> list[tuple[str, bool]]:
    """Text of every box of a level, and whether it stays in the flow."""
    boxes = []
    for fate, group in rows.groupby("fate", sort=False):
        words = _fate_words(str(group["level"].iloc[0]), str(fate))
        stays = fate in ("listed", "counted")
        text = f"{int(group['value'].sum())} {words}"
        reasons = [
            f"{int(row['value'])}: {row['reason']}"
            for row in group.to_dict("records")
            if row["reason"] and not stays
        ]
        boxes.append(("\n".join(wrapped(line, _LETTERS) for line in (text, *reasons)), stays))
    return boxes


def _height(rows: pd.DataFrame) -> float:
    """Lines that the boxes of a level take."""
    return sum(text.count("\n") + 2.0 + _GAP_LINES for text, _ in _lines(rows))


@journal_style()
def draw_flow(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one column of boxes per level, narrow ones below each other."""
    narrow = width_mm < NARROW_MM
    levels = [level for level in LEVELS if level in set(rows["level"])]
    heights = [_height(rows[rows["level"] == level]) + 2.0 for level in levels]
    if narrow:
        drawing = sheet(width_mm, _LINE_MM * sum(heights) + 6.0 * len(levels))
        panels = drawing.subplots(len(levels), 1, squeeze=False, height_ratios=heights).ravel()
    else:
        drawing = sheet(width_mm, _LINE_MM * max(heights) + 8.0)
        panels = drawing.subplots(1, len(levels), squeeze=False).ravel()
    for ax, level, own in zip(panels, levels, heights, strict=True):
        _draw_level(ax, rows[rows["level"] == level], own if narrow else max(heights))
        ax.set_title(LEVELS[level], fontweight="bold", loc="left")
    return drawing


def _draw_level(ax: Axes, rows: pd.DataFrame, height: float) -> None:
    """Draw the boxes of a level; those that leave the flow are set in and have no frame."""
    top = 0.0
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(height, 0.0)
    ax.axis("off")
    for text, stays in _lines(rows):
        size = text.count("\n") + 2.0
        if stays:
            frame = {"boxstyle": "square,pad=0.3", "facecolor": "white", "edgecolor": INK}
            ax.text(0.02, top + size / 2.0, text, va="center", bbox=frame, fontsize=7)
        else:
            ax.plot([0.06, 0.06], [top, top + size], color=FRAME, linewidth=0.6)
            ax.text(0.10, top + size / 2.0, text, va="center", fontsize=6, color=FRAME)
        top += size + _GAP_LINES


def _caption(rows: pd.DataFrame) -> str:
    lost = rows[~rows["fate"].isin(["listed", "counted", "added"])]
    reasons = "with the reasons stated" if len(lost) else "none of which was left out"
    return (
        "Flow of people, runs and contacts of the feet from the sheets to those that count, "
        f"{reasons}. Set in: those that leave. A verdict may leave out more: its own gates and "
        "least data are in the table of verdicts."
    )


def _alternative(rows: pd.DataFrame) -> str:
    sentences = []
    for level, group in rows.groupby("level", sort=False):
        parts = [
            f"{int(row['value'])} {_fate_words(str(level), str(row['fate']))}"
            + (f" ({row['reason']})" if row["reason"] else "")
            for row in group.to_dict("records")
        ]
        sentences.append(f"{LEVELS[str(level)]}: {', '.join(parts)}.")
    return " ".join(sentences)


FLOW = Figure(
    name="flow",
    title="Flow of people, runs and steps",
    table=flow_rows,
    columns="flow",
    draw=draw_flow,
    caption=_caption,
    alternative=_alternative,
)
