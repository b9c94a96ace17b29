"""Figures of quality: whether motion, forces and body agree, and how well trials were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results, count_words
from aqbio.figures.style import (
    DASHED,
    FRAME,
    GREY,
    INK,
    STYLES,
    journal_style,
    legend_above,
    mark,
    panels,
    plain_numbers,
    stroke,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns

EFFECTS = {"push_leg": "o", "swing_leg": "s", "arms": "^", "torso": "v"}
"""Groups whose rates a conclusion about the vertical compares, and their marks."""

BEFORE, AFTER, SD = "before", "after", "sd"
"""What is drawn besides effects, with the posterior standard deviation."""

FEW = 20
"""Up to this many trials have large marks."""

TRIAL = ["participant_id", "trial_id"]


PANELS = {
    "moment": ("Residual against effects,\nvertical axis, stance", "RMS moment (N m)"),
    "force": ("Residual force,\nlargest axis", "RMS force (% of the peak force)"),
    "precision": ("Standard deviation of the\nopposition of the sides", "Index (1)"),
    "markers": ("Markers from the model", "RMS distance (mm)"),
    "flight": ("Range of angular momentum\nin flight, vertical axis", "Share (1)"),
    "clocks": ("Forces later than the motion", "Delay (ms)"),
}
"""Title and label of every panel."""


def _measured(
    results: Results, panel: str, what: str, measure: str, unit: str, factor: float = 1.0
) -> pd.DataFrame:
    """Values and limits of a measure in the table of quality, as rows of a panel."""
    quality = results["quality"]
    own = quality[(quality["measure"] == measure) & quality["value"].notna()]
    scaled = {name: factor * own[name].astype(float) for name in ("value", "limit")}
    return own[TRIAL].assign(panel=panel, what=what, unit=unit, **scaled)


def _at_speed(parts: list[pd.DataFrame], speeds: pd.DataFrame) -> pd.DataFrame:
    """Rows of trials with a known speed, by speed."""
    rows = pd.concat(parts, ignore_index=True).merge(speeds, on=TRIAL).dropna(subset=["value"])
    order = {name: place for place, name in enumerate(PANELS)}
    rows = rows.assign(place=rows["panel"].map(order)).sort_values(
        ["place", "speed_mps"], kind="stable"
    )
    return rows[list(columns("agreement"))].reset_index(drop=True)


def agreement_rows(results: Results) -> pd.DataFrame:
    """Residuals before and after the fit, effects, and what counts after it, trial by trial."""
    limits = results.study.settings.quality
    percent = 100.0 * limits.residual_force
    parts, effects = [], _effects(results)
    if effects.empty:
        return pd.DataFrame(columns=list(columns("agreement")))
    fitted = results["quality"]["measure"] == "plain_residual_moment_y_stance_rms"
    names = set(map(tuple, results["quality"].loc[fitted, TRIAL].to_numpy().tolist()))
    for prefix, what in (("plain_", BEFORE), ("", AFTER)):
        measure = f"{prefix}residual_moment_y_stance_rms"
        parts.append(_measured(results, "moment", what, measure, "N m"))
        forces = [
            _measured(results, "force", what, f"{prefix}residual_force_{axis}_rms", "%")
            for axis in "xyz"
        ]  # fmt: skip
        share = pd.concat(forces)
        share = share.assign(value=percent * share["value"] / share["limit"], limit=percent)
        largest = share.groupby(TRIAL, sort=False)["value"].transform("max") == share["value"]
        parts.append(share[largest].drop_duplicates(TRIAL))
    for number, part in enumerate(parts):  # of a trial that was not fitted, what it is before
        alone = [tuple(one) not in names for one in part[TRIAL].to_numpy().tolist()]
        parts[number] = part.assign(what=np.where(alone, BEFORE, part["what"]))
    limit = {"moment": limits.yaw_residual_nm}
    parts = [part.assign(limit=part["panel"].map(limit).fillna(part["limit"])) for part in parts]
    parts.append(_measured(results, "precision", SD, "sd_opposition", "1"))
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
    found = means.agg(value=("square", "mean"), speed_mps=("speed_mps", "mean")).reset_index()
    return found.assign(value=np.sqrt(found["value"]), panel="moment", unit="N m", limit=np.nan)


def recording_rows(results: Results) -> pd.DataFrame:
    """How well every trial was recorded: markers, flight, clocks of cameras and plates."""
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
    known = [one for one in PANELS if (rows["panel"] == one).any()]
    count = len(known)
    figure, axes = panels(width_mm, wide=(1, count, 78.0), narrow=(count, 1, 54.0 * count + 12.0))
    for place, name in zip(axes, known, strict=True):
        _draw_panel(place, rows[rows["panel"] == name], logarithmic=name in ("moment", "force"))
        place.set_title(PANELS[name][0], fontsize=7)
        place.set_ylabel(PANELS[name][1])
        place.set_xlabel("Speed (m/s)")
        place.margins(x=0.12)
    words = {
        BEFORE: ("white", "before the fit"),
        AFTER: (INK, "after the fit"),
        SD: (GREY, "standard deviation"),
    }
    drawn = set(rows["what"])
    handles = [
        mark("D", face, label, 4.0, markeredgecolor=GREY if what == SD else INK)
        for what, (face, label) in words.items()
        if what in drawn
    ]
    handles += [
        mark(shape, STYLES[name].colour, f"effect: {STYLES[name].label}", 4.0)
        for name, shape in EFFECTS.items()
        if name in drawn
    ]
    if rows["limit"].notna().any():
        handles.append(stroke(GREY, "limit", linewidth=0.9, linestyle=DASHED))
    legend_above(figure, handles, 4, narrow=2)
    return figure


def _draw_panel(place: Axes, own: pd.DataFrame, *, logarithmic: bool) -> None:
    size = 4.0 if own[TRIAL].drop_duplicates().shape[0] <= FEW else 2.2
    for what, rows in own.groupby("what", sort=False):
        if what in EFFECTS:
            look: dict[str, Any] = {
                "marker": EFFECTS[str(what)],
                "color": STYLES[str(what)].colour,
                "zorder": 1.5,
            }
            look |= {"markeredgewidth": 0.0}
        else:
            face, edge = (
                ("white", INK) if what == BEFORE else (INK, INK) if what == AFTER else (GREY, GREY)
            )
            look = {"marker": "D", "color": face, "markeredgecolor": edge, "markeredgewidth": 0.5}
            look |= {"zorder": 4 if what == AFTER else 3}
        place.plot(rows["speed_mps"], rows["value"], linestyle="", markersize=size, **look)
    limit = own["limit"].dropna()
    drawn = [*own["value"].dropna(), *limit.iloc[:1]]
    signed = own["value"].min() < 0.0
    for height in {*limit.iloc[:1], *(-limit.iloc[:1] if signed else ())}:
        place.axhline(height, color=GREY, linewidth=0.9, linestyle=DASHED, zorder=2)
    if logarithmic:
        above = [value for value in drawn if value > 0.0]
        place.set_yscale("log")
        place.set_ylim(0.75 * min(above), 1.4 * max(above))
        plain_numbers(place.yaxis)
        return
    high = max(*drawn, 0.0)
    low = min(*drawn, *(-limit.iloc[:1]), 0.0) if signed else 0.0
    place.set_ylim(1.1 * low, 1.1 * high if high > 0.0 else 1.0)
    if signed:
        place.axhline(0.0, color=FRAME, linewidth=0.5, zorder=1)


def _count(rows: pd.DataFrame) -> str:
    return count_words(rows[TRIAL].drop_duplicates().shape[0], "trial")


def _limit(rows: pd.DataFrame, panel: str) -> str:
    known = rows.loc[rows["panel"] == panel, "limit"].dropna()
    return f" (limit {known.iloc[0]:g})" if len(known) else ""


def _agreement_caption(rows: pd.DataFrame) -> str:
    text = (
        f"{_count(rows)}, each at its speed. Residual moment{_limit(rows, 'moment')} against the "
        "rates of angular momentum that conclusions compare, N m; residual "
        f"force{_limit(rows, 'force')}, % of the peak force. "
    )
    if not (rows["panel"] == "precision").any():
        return f"{text}No trial was fitted."
    return (
        f"{text}After the fit both are fitted values: they do not show that the data are good; the "
        f"standard deviation does{_limit(rows, 'precision')}."
    )


def _alternative(rows: pd.DataFrame) -> str:
    return f"{_count(rows)}. {'; '.join(_medians(rows))}."


def _medians(rows: pd.DataFrame) -> Iterator[str]:
    """Median and largest value of everything drawn."""
    words = {BEFORE: "before the fit", AFTER: "after the fit", SD: ""}
    for (panel, what), own in rows.groupby(["panel", "what"], sort=False):
        unit = str(own["unit"].iloc[0])
        middle, largest = (
            digits(float(v)) for v in (own["value"].median(), own["value"].abs().max())
        )
        title = PANELS[str(panel)][0].replace("\n", " ").lower()
        named = words.get(str(what), f"effect of {str(what).replace('_', ' ')}")
        unit = "" if unit == "1" else f" {unit}"
        yield f"{title} {named}: median {middle}, at most {largest}{unit}"


def _agreement_claim(rows: pd.DataFrame) -> str:
    own = rows[rows["panel"] == "moment"]
    effects = own[own["what"].isin(list(EFFECTS))].groupby(TRIAL)["value"].min()
    before = own[own["what"] == BEFORE].set_index(TRIAL)["value"]
    share = (before / effects).dropna()
    if share.empty:
        return ""
    return (
        "Before the fit the residual is as large as the smallest effect in "
        f"{int((share >= 1.0).sum())} of {len(share)} trials"
    )


def _recording_caption(rows: pd.DataFrame) -> str:
    return (
        f"{_count(rows)}, each at its speed. Markers: distance from the model"
        f"{_limit(rows, 'markers')}, first touchdown to last toe-off. Flight: range of the body's "
        f"angular momentum over the largest group's{_limit(rows, 'flight')}; after the fit a small "
        "one does not show that the data are good. Forces: delay behind the centre of "
        f"mass{_limit(rows, 'clocks')}."
    )


def _recording_claim(rows: pd.DataFrame) -> str:
    own = rows[(rows["what"] == BEFORE) & rows["limit"].notna()]
    if own.empty:
        return ""
    beyond = own[own["value"].abs() > own["limit"]]
    trials, bad = (part[TRIAL].drop_duplicates().shape[0] for part in (own, beyond))
    return f"{trials - bad} of {trials} trials were recorded within the limits drawn"


AGREEMENT = Figure(
    name="agreement",
    title="Residuals against the effects to be explained, before and after the fit",
    table=agreement_rows,
    columns="agreement",
    draw=draw_trials,
    caption=_agreement_caption,
    alternative=_alternative,
    claim=_agreement_claim,
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
