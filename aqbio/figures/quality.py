"""Figures of quality: agreement of motion, forces and body, and quality of the recordings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results
from aqbio.figures.marks import PRESENT, marked, where
from aqbio.figures.style import (
    DASHED,
    GREY,
    INK,
    STYLES,
    journal_style,
    legend_above,
    mark,
    panels,
    plain_numbers,
    stroke,
    zero_line,
)
from aqbio.figures.words import count_words, digits
from aqbio.io.dictionary import columns

EFFECTS = {"push_leg": "o", "swing_leg": "s", "arms": "^", "torso": "v"}
"""Groups whose rates conclusions about the vertical compare, and their marks."""

BEFORE = "before"
"""Value before the consistency fit."""

AFTER = "after"
"""Value after the consistency fit."""

SD = "sd"
"""Posterior standard deviation."""

MAX_LARGE_MARK_TRIALS = 20
"""Up to this many trials have large marks."""

TRIAL = ["participant_id", "trial_id"]


PANELS = {
    "moment": ("Residual against effects,\nvertical axis, stance", "RMS moment (N m)"),
    "force": ("Residual force,\nlargest axis", "RMS force (% of the peak force)"),
    "precision": ("Error of the share that\nthe push leg offsets", "Standard deviation (1)"),
    "markers": ("Markers from the model", "RMS distance (mm)"),
    "flight": ("Range of angular momentum\nin flight, vertical axis", "Share (1)"),
    "clocks": ("Forces later than the motion", "Delay (ms)"),
}
"""Title and label of every panel."""


def _measured(
    results: Results, panel: str, kind: str, measure: str, unit: str, factor: float = 1.0
) -> pd.DataFrame:
    """Values and limits of a measure in the table of quality, as rows of a panel."""
    quality = results["quality"]
    measured = quality[(quality["measure"] == measure) & quality["value"].notna()]
    scaled = {name: factor * measured[name].astype(float) for name in ("value", "limit")}
    return measured[TRIAL].assign(panel=panel, what=kind, unit=unit, **scaled)


def _at_speed(parts: list[pd.DataFrame], speeds: pd.DataFrame) -> pd.DataFrame:
    """Rows of trials with a known speed, by speed."""
    rows = pd.concat(parts, ignore_index=True).merge(speeds, on=TRIAL).dropna(subset=["value"])
    order = {name: rank for rank, name in enumerate(PANELS)}
    rows = rows.assign(rank=rows["panel"].map(order)).sort_values(
        ["rank", "speed_mps"], kind="stable"
    )
    return rows[list(columns("agreement"))].reset_index(drop=True)


def agreement_rows(results: Results) -> pd.DataFrame:
    """Residuals before and after the fit, effects and precision, trial by trial."""
    limits = results.study.settings.quality
    percent = 100.0 * limits.residual_force
    parts, effects = [], _effects(results)
    if effects.empty:
        return pd.DataFrame(columns=list(columns("agreement")))
    fitted = results["quality"]["measure"] == "plain_residual_moment_y_stance_rms"
    names = set(map(tuple, results["quality"].loc[fitted, TRIAL].to_numpy().tolist()))
    for prefix, kind in (("plain_", BEFORE), ("", AFTER)):
        measure = f"{prefix}residual_moment_y_stance_rms"
        parts.append(_measured(results, "moment", kind, measure, "N m"))
        forces = [
            _measured(results, "force", kind, f"{prefix}residual_force_{axis}_rms", "%")
            for axis in "xyz"
        ]  # fmt: skip
        share = pd.concat(forces)
        share = share.assign(value=percent * share["value"] / share["limit"], limit=percent)
        largest = share.groupby(TRIAL, sort=False)["value"].transform("max") == share["value"]
        parts.append(share[largest].drop_duplicates(TRIAL))
    for number, part in enumerate(parts):  # a trial that was not fitted counts as before the fit
        unfitted = [tuple(trial) not in names for trial in part[TRIAL].to_numpy().tolist()]
        parts[number] = part.assign(what=np.where(unfitted, BEFORE, part["what"]))
    limit = {"moment": limits.yaw_residual_nm}
    parts = [part.assign(limit=part["panel"].map(limit).fillna(part["limit"])) for part in parts]
    parts.append(_measured(results, "precision", SD, "sd_push_leg_offset", "1"))
    return _at_speed(
        [*parts, effects.drop(columns="speed_mps")],
        effects[[*TRIAL, "speed_mps"]].drop_duplicates(),
    )


def _effects(results: Results) -> pd.DataFrame:
    """RMS rate of every group's angular momentum about the vertical in stance, N m, by trial."""
    parts = []
    for curves in results.curves.participants:
        if not curves.sizes["step"]:
            continue
        keys = {name: curves[name].values.astype(str) for name in TRIAL}
        steps = pd.DataFrame(keys | {"speed_mps": curves["speed"].values})
        rates = curves["angular_momentum_rate"].sel(phase="stance", axis="y")
        for name in EFFECTS:
            if name in rates["group"].values:
                square = (rates.sel(group=name).astype(float) ** 2).mean("percent").values
                parts.append(steps.assign(square=square, what=name))
    if not parts:
        return pd.DataFrame()
    means = pd.concat(parts).groupby([*TRIAL, "what"], sort=False)
    effects = means.agg(value=("square", "mean"), speed_mps=("speed_mps", "mean")).reset_index()
    return effects.assign(value=np.sqrt(effects["value"]), panel="moment", unit="N m", limit=np.nan)


def recording_rows(results: Results) -> pd.DataFrame:
    """Quality of every trial's recording: markers, flight, clocks of cameras and plates."""
    speeds = results["trials"][[*TRIAL, "speed_mps"]].dropna(subset=["speed_mps"])
    parts = [
        _measured(results, "markers", BEFORE, "marker_rms", "mm", 1000.0),
        _measured(results, "markers", AFTER, "marker_rms_after_fit", "mm", 1000.0),
        _measured(results, "flight", BEFORE, "plain_flight_drift_y", "1"),
        _measured(results, "flight", AFTER, "flight_drift_y", "1"),
        _measured(results, "clocks", BEFORE, "force_delay", "ms", 1000.0),
    ]
    return _at_speed(parts, speeds)


@journal_style()
def draw_trials(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw every trial at its speed: hollow before the fit, filled after it, limits dashed."""
    names = [name for name in PANELS if (rows["panel"] == name).any()]
    count = len(names)
    figure, axes = panels(width_mm, wide=(1, count, 78.0), narrow=(count, 1, 54.0 * count + 12.0))
    for ax, name in zip(axes, names, strict=True):
        _draw_panel(ax, rows[rows["panel"] == name], logarithmic=name in ("moment", "force"))
        ax.set_title(PANELS[name][0], fontsize=7)
        ax.set_ylabel(PANELS[name][1])
        ax.set_xlabel("Speed (m/s)")
        ax.margins(x=0.12)
    words = {
        BEFORE: ("white", "before the fit"),
        AFTER: (INK, "after the fit"),
        SD: (GREY, "standard deviation"),
    }
    kinds = set(rows["what"])
    handles = [
        mark("D", face, label, 4.0, markeredgecolor=GREY if kind == SD else INK)
        for kind, (face, label) in words.items()
        if kind in kinds
    ]
    handles += [
        mark(shape, STYLES[name].colour, f"effect: {STYLES[name].label}", 4.0)
        for name, shape in EFFECTS.items()
        if name in kinds
    ]
    if rows["limit"].notna().any():
        handles.append(stroke(GREY, "limit", linewidth=0.9, linestyle=DASHED))
    legend_above(figure, handles, 4, narrow=2)
    return figure


def _draw_panel(ax: Axes, panel_rows: pd.DataFrame, *, logarithmic: bool) -> None:
    size = 4.0 if panel_rows[TRIAL].drop_duplicates().shape[0] <= MAX_LARGE_MARK_TRIALS else 2.2
    for kind, rows in panel_rows.groupby("what", sort=False):
        if kind in EFFECTS:
            look: dict[str, Any] = {
                "marker": EFFECTS[str(kind)],
                "color": STYLES[str(kind)].colour,
                "zorder": 1.5,
            }
            look |= {"markeredgewidth": 0.0}
        else:
            face, edge = (
                ("white", INK) if kind == BEFORE else (INK, INK) if kind == AFTER else (GREY, GREY)
            )
            look = {"marker": "D", "color": face, "markeredgecolor": edge, "markeredgewidth": 0.5}
            look |= {"zorder": 4 if kind == AFTER else 3}
        ax.plot(rows["speed_mps"], rows["value"], linestyle="", markersize=size, **look)
    limit = panel_rows["limit"].dropna()
    values = [*panel_rows["value"].dropna(), *limit.iloc[:1]]
    signed = panel_rows["value"].min() < 0.0
    for height in {*limit.iloc[:1], *(-limit.iloc[:1] if signed else ())}:
        ax.axhline(height, color=GREY, linewidth=0.9, linestyle=DASHED, zorder=2)
    if logarithmic:
        above = [value for value in values if value > 0.0]
        ax.set_yscale("log")
        ax.set_ylim(0.75 * min(above), 1.4 * max(above))
        plain_numbers(ax.yaxis)
        return
    high = max(*values, 0.0)
    low = min(*values, *(-limit.iloc[:1]), 0.0) if signed else 0.0
    ax.set_ylim(1.1 * low, 1.1 * high if high > 0.0 else 1.0)
    if signed:
        zero_line(ax, "y")


def _count(rows: pd.DataFrame) -> str:
    return count_words(rows[TRIAL].drop_duplicates().shape[0], "trial", by="trials")


def _limit(rows: pd.DataFrame, panel: str) -> str:
    limits = rows.loc[rows["panel"] == panel, "limit"].dropna()
    number = marked(f"{limits.iloc[:1].max():g}", "", where(panel=panel), "limit", by="first of")
    return f" (limit {number})" if len(limits) else ""


def _agreement_caption(rows: pd.DataFrame) -> str:
    text = (
        f"{_count(rows)}. Residual moment{_limit(rows, 'moment')} against the rates of angular "
        f"momentum that conclusions compare; residual force{_limit(rows, 'force')}. "
    )
    if not (rows["panel"] == "precision").any():
        return f"{text}No trial was fitted."
    return (
        f"{text}After the fit both are fitted values and no evidence of good data; evidence "
        f"is the standard deviation{_limit(rows, 'precision')}."
    )


def _alternative(rows: pd.DataFrame) -> str:
    return f"{_count(rows)}. {'; '.join(_medians(rows))}."


def _medians(rows: pd.DataFrame) -> Iterator[str]:
    """Median and largest value of every panel and kind."""
    words = {BEFORE: "before the fit", AFTER: "after the fit", SD: ""}
    for (panel, kind), kind_rows in rows.groupby(["panel", "what"], sort=False):
        unit = str(kind_rows["unit"].iloc[0])
        middle, largest = (
            digits(float(v)) for v in (kind_rows["value"].median(), kind_rows["value"].abs().max())
        )
        title = PANELS[str(panel)][0].replace("\n", " ").lower()
        label = words.get(str(kind), f"effect of {str(kind).replace('_', ' ')}")
        unit = "" if unit == "1" else f" {unit}"
        yield f"{title} {label}: median {middle}, at most {largest}{unit}"


def _recording_caption(rows: pd.DataFrame) -> str:
    return (
        f"{_count(rows)}, each at its speed. Markers: distance from the model"
        f"{_limit(rows, 'markers')}, first touchdown to last toe-off. Flight: range of the body's "
        f"angular momentum over the largest group's{_limit(rows, 'flight')}; after the fit a small "
        "one is no evidence of good data. Forces: delay behind the centre of "
        f"mass{_limit(rows, 'clocks')}."
    )


def _recording_claim(rows: pd.DataFrame) -> str:
    limited = rows[(rows["what"] == BEFORE) & rows["limit"].notna()]
    if limited.empty:
        return ""
    beyond = limited[limited["value"].abs() > limited["limit"]]
    trials, bad = (part[TRIAL].drop_duplicates().shape[0] for part in (limited, beyond))
    key = where(what=BEFORE, limit=PRESENT)
    return (
        f"{marked(trials - bad, '', key, by='trials within limits')} of "
        f"{marked(trials, '', key, by='trials')} trials were recorded within the limits drawn"
    )


AGREEMENT = Figure(
    name="agreement",
    title="Residuals against the effects to be explained, before and after the fit",
    table=agreement_rows,
    columns="agreement",
    draw=draw_trials,
    caption=_agreement_caption,
    alternative=_alternative,
    section="agreement",
)

RECORDING = Figure(
    name="recording_quality",
    title="How well the trials were recorded",
    table=recording_rows,
    columns="agreement",
    draw=draw_trials,
    caption=_recording_caption,
    alternative=_alternative,
    claim=_recording_claim,
)
