"""Figures of quality: whether motion, forces and body agree, and how well trials were recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.config.settings import Quality
from aqbio.figures.figure import StudyFigure
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
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study

EFFECTS = ("push_leg", "swing_leg", "arms", "torso")
"""Groups whose rates a conclusion about the vertical compares."""

MARKS = {"push_leg": "o", "swing_leg": "s", "arms": "^", "torso": "v"}

PRECISION = "sd_opposition"

FEW = 20
"""Up to this many trials have large marks."""

AGREEMENT_COLUMNS = columns("agreement")


def agreement(study: Study, steps: StudyCurves, quality: pd.DataFrame) -> list[StudyFigure]:
    """How well motion and forces agree; nothing without a trial."""
    trials = study_agreements(steps, quality, study.settings.quality)
    if not trials:
        return []
    one, numbers = trials[0], agreement_numbers(trials)
    known = [trial.sd_limit for trial in trials if np.isfinite(trial.sd_limit)]
    sure = f" ({known[0]:g})" if known else ""
    ends = dict.fromkeys((trials[0].place, trials[-1].place))
    said = "; ".join(
        _agreement_words(next(own for own in trials if own.place == place)) for place in ends
    )
    return [
        StudyFigure(
            name="agreement",
            title="What is left unexplained against what is to be explained, before and after",
            numbers=numbers,
            columns=AGREEMENT_COLUMNS,
            draw=partial(draw_agreement, trials),
            caption="Each trial at its speed. Left: residual moment about the vertical in stance "
            "(diamonds; hollow before the consistency fit, filled after it; gate "
            f"{one.moment_limit:g} N m) against the rates of angular momentum of legs, arms and "
            "torso that conclusions compare; a residual as large as the effects drowns them. "
            f"Middle: residual force of the largest axis (gate {one.force_limit:g} % of the peak). "
            "After the fit residuals are fitted quantities: that they pass a gate is no evidence. "
            "Right: what counts then, the standard deviation of the opposition of the sides, all "
            f"sources together, against half of the smallest difference of interest{sure}; the "
            "verdict takes the mean over athletes, whose errors average out. A trial without a "
            "filled diamond was not fitted.",
            alternative=f"{len(trials)} trials, residual against effects. {said}.",
            claim=_agreement_claim(numbers),
            section="agreement",
        )
    ]


def _agreement_words(trial: TrialAgreement) -> str:
    after = f", {digits(trial.moment_after, 'N m')} after" if trial.fitted else " (not fitted)"
    smallest, largest = (find(trial.effects.values()) for find in (min, max))
    return (
        f"{trial.participant_id}, {trial.trial_id} at {digits(trial.speed, 'm/s')} m/s: residual "
        f"about the vertical {digits(trial.moment_before, 'N m')} N m before{after}, effects "
        f"{digits(smallest, 'N m')} to {digits(largest, 'N m')} N m"
    )


def _agreement_claim(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["panel"] == "moment"]
    keys = ["participant_id", "trial_id"]
    effects = own[~own["what"].str.startswith("residual")].groupby(keys)["value"].min()
    before = own[own["what"] == "residual_before"].set_index(keys)["value"]
    share = (before / effects).dropna()
    if share.empty:
        return ""
    return (
        "Before the fit the residual is as large as the smallest effect in "
        f"{int((share >= 1.0).sum())} of {len(share)} trials"
    )


@dataclass(frozen=True, slots=True)
class TrialAgreement:
    """Residuals and effects of one trial."""

    participant_id: str
    trial_id: str
    speed: float
    """m/s."""
    effects: dict[str, float]
    """RMS rate of each group's angular momentum about the vertical in stance, N m."""
    moment_before: float
    moment_after: float
    """moment_before, moment_after: RMS residual about the vertical in stance, N m; ``moment_after``
    is NaN in a trial that was not fitted."""
    moment_limit: float
    """Gate of both, N m."""
    force_before: float
    force_after: float
    force_limit: float
    """force_before, force_after, force_limit: RMS residual force of the largest axis and its gate,
    % of the peak ground reaction force."""
    sd: float
    sd_limit: float
    """sd, sd_limit: Inflated posterior standard deviation of the opposition of the sides, and its
    gate; NaN without one."""

    @property
    def place(self) -> tuple[str, str]:
        """Participant and trial."""
        return self.participant_id, self.trial_id

    @property
    def fitted(self) -> bool:
        """Whether motion, forces and body were fitted together."""
        return bool(np.isfinite(self.moment_after))


def study_agreements(
    curves: StudyCurves, quality: pd.DataFrame, limits: Quality
) -> list[TrialAgreement]:
    """Of all participants, one after the other, as :func:`trial_agreements`."""
    own = dict(iter(quality.groupby("participant_id", observed=True)))
    every = [
        trial_agreements(one, own[who], limits)
        for one in curves.participants
        if one.sizes["step"] and (who := str(one["participant_id"].values[0])) in own
    ]
    return sorted((one for own in every for one in own), key=lambda one: one.speed)


def trial_agreements(
    curves: xr.Dataset, quality: pd.DataFrame, limits: Quality
) -> list[TrialAgreement]:
    """Collect residuals and effects of every trial that has steps."""
    places = list(zip(curves["participant_id"].values, curves["trial_id"].values, strict=True))
    rates = curves["angular_momentum_rate"].sel(phase="stance", axis="y").load()
    speeds = curves["speed"].values
    found = []
    for place in dict.fromkeys(places):
        chosen = (quality["participant_id"] == place[0]) & (quality["trial_id"] == place[1])
        rows = {str(row["measure"]): row for row in quality[chosen].to_dict("records")}
        steps = [number for number, one in enumerate(places) if one == place]
        if rows:
            speed = float(speeds[steps].mean())
            found.append(_agreement(place, speed, rates.isel(step=steps), rows, limits))
    return sorted(found, key=lambda one: one.speed)


def _agreement(
    place: tuple[str, str],
    speed: float,
    rates: xr.DataArray,
    rows: Mapping[str, Mapping[Any, Any]],
    limits: Quality,
) -> TrialAgreement:
    fitted = "plain_residual_moment_y_stance_rms" in rows
    before = "plain_" if fitted else ""
    force_limit = 100.0 * limits.residual_force

    def number(measure: str, column: str = "value") -> float:
        return float(rows[measure][column]) if measure in rows else np.nan

    def share(prefix: str) -> float:
        names = [f"{prefix}residual_force_{axis}_rms" for axis in "xyz"]
        parts = [number(name) / number(name, "limit") for name in names]
        return force_limit * max((part for part in parts if np.isfinite(part)), default=np.nan)

    return TrialAgreement(
        participant_id=str(place[0]),
        trial_id=str(place[1]),
        speed=speed,
        effects={
            name: float(np.sqrt((rates.sel(group=name) ** 2).mean()))
            for name in EFFECTS
            if name in rates["group"].values
        },
        moment_before=number(f"{before}residual_moment_y_stance_rms"),
        moment_after=number("residual_moment_y_stance_rms") if fitted else np.nan,
        moment_limit=limits.yaw_residual_nm,
        force_before=share(before),
        force_after=share("") if fitted else np.nan,
        force_limit=force_limit,
        sd=number(PRECISION),
        sd_limit=number(PRECISION, "limit"),
    )


def agreement_numbers(trials: Sequence[TrialAgreement]) -> pd.DataFrame:
    """The numbers that the figure draws."""
    return pd.DataFrame(list(_numbers(trials)), columns=list(AGREEMENT_COLUMNS))


def _numbers(trials: Sequence[TrialAgreement]) -> Iterator[dict[str, object]]:
    for one in trials:
        key = {
            "participant_id": one.participant_id,
            "trial_id": one.trial_id,
            "speed_mps": one.speed,
        }
        drawn = [("moment", name, value, "N m", np.nan) for name, value in one.effects.items()]
        drawn += [
            ("moment", "residual_before", one.moment_before, "N m", one.moment_limit),
            ("moment", "residual_after", one.moment_after, "N m", one.moment_limit),
            ("force", "residual_before", one.force_before, "% of the peak force", one.force_limit),
            ("force", "residual_after", one.force_after, "% of the peak force", one.force_limit),
            ("precision", "sd", one.sd, "1", one.sd_limit),
        ]
        for panel, what, value, unit, limit in drawn:
            if np.isfinite(value):
                yield key | {
                    "panel": panel, "what": what, "value": value, "unit": unit, "limit": limit,
                }  # fmt: skip


@journal_style()
def draw_agreement(trials: Sequence[TrialAgreement], width_mm: float) -> Figure:
    """Draw residuals against the effects to be explained, trial by trial."""
    figure, axes = panels(width_mm, wide=(1, 3, 75.0), narrow=(3, 1, 150.0))
    first, second, third = axes
    _moments(first, trials)
    _forces(second, trials)
    _precision(third, trials)
    for place in axes:
        place.set_xlabel("speed (m/s)")
        place.margins(x=0.12)
    legend_above(figure, _key(trials), 7, narrow=3)
    return figure


def _moments(place: Axes, trials: Sequence[TrialAgreement]) -> None:
    for name in EFFECTS:
        own = [one for one in trials if name in one.effects]
        place.plot(
            [one.speed for one in own], [one.effects[name] for one in own], MARKS[name],
            color=STYLES[name].colour, markersize=0.85 * _size(trials), markeredgewidth=0.0,
            zorder=1.5,
        )  # fmt: skip
    _pairs(place, [(one.speed, one.moment_before, one.moment_after) for one in trials])
    gate = trials[0].moment_limit
    _gate(place, gate, f"gate {gate:g} N m")
    effects = [value for one in trials for value in one.effects.values()]
    residuals = [value for one in trials for value in (one.moment_before, one.moment_after)]
    _logarithmic(place, [*effects, *residuals, gate])
    place.set_title("About the vertical in stance:\nresidual against effects", fontsize=7)
    place.set_ylabel("root mean square (N m)")


def _forces(place: Axes, trials: Sequence[TrialAgreement]) -> None:
    _pairs(place, [(one.speed, one.force_before, one.force_after) for one in trials])
    gate = trials[0].force_limit
    _gate(place, gate, f"gate {gate:g} %")
    residuals = [value for one in trials for value in (one.force_before, one.force_after)]
    _logarithmic(place, [*residuals, gate])
    place.set_title("Residual force, largest axis,\nof the peak ground force", fontsize=7)
    place.set_ylabel("root mean square (%)")


def _precision(place: Axes, trials: Sequence[TrialAgreement]) -> None:
    known = [one for one in trials if np.isfinite(one.sd)]
    place.plot(
        [one.speed for one in known], [one.sd for one in known], "D", color=INK,
        markersize=0.8 * _size(trials),
    )  # fmt: skip
    place.set_title(
        "The evidence after the fit:\nhow sure the opposition of the sides is", fontsize=7
    )
    place.set_ylabel("standard deviation")
    place.set_ylim(0.0, None)
    if known:
        limit = known[0].sd_limit
        place.set_ylim(0.0, 1.15 * np.nanmax([limit, *(one.sd for one in known)]))
        if np.isfinite(limit):
            _gate(place, limit, f"gate {limit:g}")
    else:
        place.text(0.5, 0.5, "no trial was fitted", ha="center", transform=place.transAxes)


def _logarithmic(place: Axes, drawn: Sequence[float]) -> None:
    """Plain numbers on a logarithmic axis that holds everything drawn."""
    known = [value for value in drawn if value > 0.0]
    place.set_yscale("log")
    place.set_ylim(0.75 * min(known), 1.4 * max(known))
    plain_numbers(place.yaxis)


def _size(points: Sequence[object]) -> float:
    """Size of a mark, points: small where there are many."""
    return 4.0 if len(points) <= FEW else 2.0


def _pairs(place: Axes, points: Sequence[tuple[float, float, float]]) -> None:
    """Draw hollow before, filled after and, where trials are few, the way between them."""
    size = _size(points)
    speed, before, after = np.array(points, dtype=float).T
    for at in np.flatnonzero(np.isfinite(before + after)) if len(points) <= FEW else ():
        ends = [before[at], after[at]]
        place.plot([speed[at], speed[at]], ends, color=FRAME, linewidth=0.15 * size)
    place.plot(
        speed, before, "D", color="white", markeredgecolor=INK, markersize=size,
        markeredgewidth=0.2 * size, zorder=3,
    )  # fmt: skip
    place.plot(speed, after, "D", color=INK, markersize=size, zorder=4)


def _gate(place: Axes, height: float, words: str) -> None:
    place.axhline(height, color=GREY, linewidth=0.9, linestyle=DASHED, zorder=2)
    place.annotate(
        words, (1.0, height), xycoords=("axes fraction", "data"), xytext=(0, 2),
        textcoords="offset points", fontsize=6, ha="right", zorder=5,
        bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.4},
    )  # fmt: skip


def _key(trials: Sequence[TrialAgreement]) -> list[Line2D]:
    points = [("D", "residual before the fit", "white", INK)]
    if any(one.fitted for one in trials):
        points.append(("D", "after the fit", INK, INK))
    for name in dict.fromkeys(name for one in trials for name in one.effects):
        style = STYLES[name]
        points.append((MARKS[name], style.label, style.colour, style.colour))
    return [
        *(
            mark(shape, face, words, 4.0, markeredgecolor=edge)
            for shape, words, face, edge in points
        ),
        stroke(GREY, "gate", linewidth=0.9, linestyle=DASHED),
    ]


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


RECORDING_PANELS = (
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


def recording_quality(quality: pd.DataFrame, trials: pd.DataFrame) -> list[StudyFigure]:
    """How well every trial was recorded: markers, flight, clocks of cameras and plates."""
    numbers = recording_numbers(quality, trials)
    if numbers.empty:
        return []
    title, said = "How well the trials were recorded", []
    for one in RECORDING_PANELS:
        own = numbers[(numbers["panel"] == one.panel) & (numbers["what"] == "before")]["value"]
        if len(own):
            middle, largest = (digits(float(v), one.unit) for v in (own.median(), own.abs().max()))
            said.append(f"{one.title.lower()}: median {middle}, at most {largest} {one.unit}")
    count = numbers[["participant_id", "trial_id"]].drop_duplicates().shape[0]
    return [
        StudyFigure(
            name="recording_quality",
            title=title,
            numbers=numbers,
            columns=AGREEMENT_COLUMNS,
            draw=partial(draw_recording, numbers),
            caption="Each trial at its speed. Markers: distance of all tracked markers from where "
            "the model has them, from the first touchdown to the last toe-off. Flight: range of "
            "the whole body's angular momentum about the vertical, which nothing but the air can "
            "change there, over that of the largest group; after the fit that it is small is no "
            "evidence. Clocks: delay of the vertical force behind the motion of the centre of "
            "mass.",
            alternative=f"{title}, {count} trials. {'; '.join(said)}.",
            claim=_recording_claim(numbers),
        )
    ]


def _recording_claim(numbers: pd.DataFrame) -> str:
    own = numbers[(numbers["what"] == "before") & numbers["limit"].notna()]
    if own.empty:
        return ""
    beyond = own[own["value"].abs() > own["limit"]]
    trials, bad = (
        part[["participant_id", "trial_id"]].drop_duplicates().shape[0] for part in (own, beyond)
    )
    return f"{trials - bad} of {trials} trials were recorded within all limits"


def recording_numbers(quality: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """The numbers that the figure draws."""
    speeds = trials[["participant_id", "trial_id", "speed_mps"]].dropna(subset=["speed_mps"])
    found = []
    for one in RECORDING_PANELS:
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


@journal_style()
def draw_recording(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw every trial at its speed, before the fit and after it."""
    known = [one for one in RECORDING_PANELS if (numbers["panel"] == one.panel).any()]
    count = len(known)
    figure, axes = panels(width_mm, wide=(1, count, 66.0), narrow=(count, 1, 50.0 * count))
    for place, one in zip(axes, known, strict=True):
        _draw_recording(place, numbers[numbers["panel"] == one.panel])
        place.set_title(one.title)
        place.set_ylabel(one.label)
        place.set_xlabel("speed (m/s)")
        place.margins(x=0.06)
    handles = [
        mark("D", face, words, 3.6, markeredgecolor=INK)
        for face, words in (("white", "recording"), (INK, "after the fit"))
    ]
    limit = stroke(GREY, "limit", linewidth=0.9, linestyle=DASHED)
    legend_above(figure, [*handles, limit], 3)
    return figure


def _draw_recording(place: Axes, own: pd.DataFrame) -> None:
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
