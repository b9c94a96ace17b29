"""How well every trial was recorded: markers, flight, and the clocks of cameras and plates."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.numbers import shown
from aqbio.figures.style import DASHED, GREY, INK, NARROW_MM, journal_style, legend_above, sheet

NAME = "recording_quality"
TITLE = "How well the trials were recorded"

FEW = 20
"""Up to this many trials have large marks."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a panel shows of every trial."""

    panel: str
    title: str
    label: str
    before: str
    """Measure of the recording itself, in the table of quality."""
    after: str
    """The same after the consistency fit; empty where the fit has no part in it."""
    factor: float
    unit: str


PANELS = (
    Measured(
        "markers", "Markers from the model", "root mean square (mm)", "marker_rms",
        "marker_rms_after_fit", 1000.0, "mm",
    ),
    Measured(
        "flight", "Change of momentum in flight", "share of the largest group's",
        "plain_flight_drift_y", "flight_drift_y", 1.0, "1",
    ),
    Measured(
        "clocks", "Forces later than the motion", "delay (ms)", "force_delay", "", 1000.0, "ms"
    ),
)  # fmt: skip


def recording_numbers(quality: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """The numbers that the figure draws."""
    speeds = trials[["participant_id", "trial_id", "speed_mps"]].dropna(subset=["speed_mps"])
    found = []
    for one in PANELS:
        for what, measure in (("before", one.before), ("after", one.after)):
            own = quality[(quality["measure"] == measure) & quality["value"].notna()]
            told = own[["participant_id", "trial_id", "value", "limit"]].merge(
                speeds, on=["participant_id", "trial_id"]
            )
            found.append(
                told.assign(
                    panel=one.panel, what=what, value=one.factor * told["value"].astype(float),
                    limit=one.factor * told["limit"].astype(float), unit=one.unit,
                )
            )  # fmt: skip
    order = ["participant_id", "trial_id", "speed_mps", "panel", "what", "value", "unit", "limit"]
    return pd.concat(found, ignore_index=True)[order]


def recording_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw every trial at its speed, before the fit and after it."""
    known = [one for one in PANELS if (numbers["panel"] == one.panel).any()]
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 50.0 * len(known) if narrow else 66.0)
        shape = (len(known), 1) if narrow else (1, len(known))
        axes = figure.subplots(*shape, squeeze=False).ravel()
        for place, one in zip(axes, known, strict=True):
            _draw(place, numbers[numbers["panel"] == one.panel])
            place.set_title(one.title)
            place.set_ylabel(one.label)
            place.set_xlabel("speed (m/s)")
            place.margins(x=0.06)
        legend_above(figure, _key(), 3)
    return figure


def _draw(place: Axes, own: pd.DataFrame) -> None:
    size = 3.6 if own["trial_id"].size <= 2 * FEW else 2.2
    for what, face in (("before", "white"), ("after", INK)):
        rows = own[own["what"] == what]
        place.plot(
            rows["speed_mps"], rows["value"], "D", color=face, markeredgecolor=INK,
            markersize=size, markeredgewidth=0.5, zorder=3,
        )  # fmt: skip
    limits = own.loc[own["what"] == "before", "limit"].dropna()
    low, high = min(0.0, float(own["value"].min())), float(own["value"].max())
    if len(limits):
        place.axhline(limits.iloc[0], color=GREY, linewidth=0.9, linestyle=DASHED)
        high = max(high, float(limits.iloc[0]))
        if low < 0.0:
            place.axhline(-limits.iloc[0], color=GREY, linewidth=0.9, linestyle=DASHED)
            low = min(low, -float(limits.iloc[0]))
    place.set_ylim(1.1 * low, 1.1 * high if high > 0.0 else 1.0)


def _key() -> list[Line2D]:
    words = {"white": "recording", INK: "after the fit"}
    marks = [
        Line2D(
            [], [], linestyle="", marker="D", color=face, markeredgecolor=INK, markersize=3.6,
            label=label,
        )
        for face, label in words.items()
    ]  # fmt: skip
    return [*marks, Line2D([], [], color=GREY, linewidth=0.9, linestyle=DASHED, label="limit")]


def recording_caption() -> str:
    """The caption."""
    return (
        "Each trial at its speed. Markers: distance of all tracked markers from where the model "
        "has them, from the first touchdown to the last toe-off. Flight: range of the whole body's "
        "angular momentum about the vertical, which nothing but the air can change there, over "
        "that of the largest group; after the fit that it is small is no evidence. Clocks: delay "
        "of the vertical force behind the motion of the centre of mass."
    )


def recording_alternative(numbers: pd.DataFrame) -> str:
    """Describe every panel by its median and its largest value."""
    said = []
    for one in PANELS:
        own = numbers[(numbers["panel"] == one.panel) & (numbers["what"] == "before")]["value"]
        if len(own):
            middle, largest = (shown(float(v), one.unit) for v in (own.median(), own.abs().max()))
            said.append(f"{one.title.lower()}: median {middle}, at most {largest} {one.unit}")
    count = numbers[["participant_id", "trial_id"]].drop_duplicates().shape[0]
    return f"{TITLE}, {count} trials. {'; '.join(said)}."
