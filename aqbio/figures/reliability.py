"""Figure of reliability: smallest detectable change of one athlete, outcome by outcome."""

from __future__ import annotations

import re
from dataclasses import asdict

import pandas as pd
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results
from aqbio.figures.style import (
    FRAME,
    INK,
    is_narrow,
    journal_style,
    legend_above,
    mark,
    plain_numbers,
    sheet,
)
from aqbio.figures.words import digits, range_words
from aqbio.io.dictionary import columns
from aqbio.stats.claim_columns import RATING, RELATIVE, SPEED, outcome_units
from aqbio.stats.evidence import TRIAL
from aqbio.stats.reliability import reliabilities

BASES = {
    "trials": ("o", "trials at one speed"),
    "speeds": ("s", "trials at several speeds"),
    "sessions": ("D", "sessions"),
}
"""Marker and words by basis."""

NO_OUTCOME = re.compile(
    r"(H|M|chi|shows)_.*|.*_sd(_.*)?|(next_)?(touchdown|toe_off)(_fitted)?_s|contact_error_s"
    r"|marker_.*|mass_kg|height_m"
)
"""Columns of steps that are no outcome of a step: errors, instants, sizes, parts of groups."""

OVER_BODY = "over body size"
"""Unit of outcomes that verdicts read over mass and stature."""


def outcome_names() -> list[str]:
    """Outcomes of a step that a contrast can compare, but speed and ratings."""
    names = (name for name in outcome_units() if name not in (SPEED, RATING))
    return [name for name in names if not NO_OUTCOME.fullmatch(name)]


def reliability_rows(results: Results) -> pd.DataFrame:
    """Reliability of every outcome of normal steps that verdicts read."""
    keys = [*TRIAL, "step"]
    steps, evidence = results["steps"], results["hypotheses_steps"]
    step_outcomes = [name for name in steps if name in outcome_names() and name not in evidence]
    text = dict.fromkeys(TRIAL, str)
    others = steps[[*keys, *step_outcomes]].astype(text)
    joined = evidence.astype(text).merge(others, on=keys, how="left")
    names = [name for name in outcome_names() if name in joined and joined[name].notna().any()]
    units = outcome_units() | dict.fromkeys(RELATIVE, OVER_BODY)
    rows = [asdict(row) for row in reliabilities(joined, results.study.people, units, names)]
    table = pd.DataFrame(rows).rename(columns={"mdc_percent": "value"})
    return table.reindex(columns=list(columns("reliability")))


ROUND_OFF_PERCENT = 1e-6
"""Changes below it are round-off of outcomes that mechanics holds constant, % of the mean."""


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose percentage is more than round-off, the most reliable outcome first."""
    above_round_off = rows[rows["value"] > ROUND_OFF_PERCENT]
    smallest = above_round_off.groupby("outcome")["value"].transform("min")
    return above_round_off.assign(rank=smallest).sort_values(["rank", "outcome"], kind="stable")


def _label(outcome: str) -> str:
    """Name of an outcome without its unit."""
    return re.sub(r"_(s|m|rad|radps|bw|hz|mps|deg)$", "", outcome).replace("_", " ")


_ROW_MM = 3.3
"""Height of an outcome, mm."""


@journal_style()
def draw_reliability(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one point per outcome and basis on a logarithmic axis."""
    shown = _shown(rows)
    names = list(dict.fromkeys(shown["outcome"]))
    drawing = sheet(width_mm, _ROW_MM * len(names) + 24.0)
    ax = drawing.subplots()
    for basis, (symbol, _) in BASES.items():
        points = shown[shown["basis"] == basis]
        height = [names.index(name) for name in points["outcome"]]
        ax.plot(points["value"], height, symbol, color=INK, markersize=3, linestyle="none")
    ax.set_xscale("log")
    plain_numbers(ax.xaxis, (1,) if is_narrow(width_mm) else (1, 2, 5))
    ax.grid(axis="x", color=FRAME, linewidth=0.3, alpha=0.4)
    labels = [_label(name) for name in names]
    ax.set_yticks(range(len(names)), labels=labels, fontsize=6)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    between = "\n" if is_narrow(width_mm) else " "
    ax.set_xlabel(f"Minimal detectable change{between}(% of the mean)")
    ax.margins(x=0.06)
    present = [look for basis, look in BASES.items() if basis in set(shown["basis"])]
    handles = [mark(symbol, INK, words, 3) for symbol, words in present]
    legend_above(drawing, handles, 3, narrow=1 if is_narrow(width_mm) else 3)
    return drawing


def _caption(rows: pd.DataFrame) -> str:
    fewest, most = int(rows["n_athletes"].min()), int(rows["n_athletes"].max())
    speeds = (
        " Trials at several speeds are compared by a common law of speed, so that athletes' own "
        "laws are in their error."
        if "speeds" in set(rows["basis"])
        else ""
    )
    athletes = range_words(fewest, most, "athlete", "n_athletes")
    return (
        f"Between two trials or sessions, at 95 %, from {athletes}; "
        f"mean of the steps of a trial.{speeds} ICC and SEM are in the table."
    )


def _alternative(rows: pd.DataFrame) -> str:
    shown = _shown(rows)
    parts = [
        f"{_label(row['outcome'])} ({BASES[row['basis']][1]}) {digits(row['value'])} %, "
        f"ICC {row['icc']:.2f}"
        for row in shown.to_dict("records")
    ]
    return f"Minimal detectable change: {'; '.join(parts)}." if parts else "None is known."


RELIABILITY = Figure(
    name="reliability",
    title="The smallest change of one athlete that exceeds the error of measurement",
    table=reliability_rows,
    columns="reliability",
    draw=draw_reliability,
    caption=_caption,
    alternative=_alternative,
)
