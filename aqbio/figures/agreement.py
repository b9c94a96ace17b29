"""Do motion, forces and body agree? Residual against effect, before and after the fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.config.settings import Quality
from aqbio.figures.style import (
    DASHED,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    STYLES,
    journal_style,
    legend_above,
    plain_numbers,
    sheet,
)
from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

EFFECTS = ("push_leg", "swing_leg", "arms", "torso")
"""Groups whose rates a conclusion about the vertical compares."""

MARKS = {"push_leg": "o", "swing_leg": "s", "arms": "^", "torso": "v"}

PRECISION = "sd_opposition"

FEW = 20
"""Up to this many trials have large marks."""

AGREEMENT_COLUMNS = columns("agreement")


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
    import pandas as pd

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


def agreement_figure(trials: Sequence[TrialAgreement], width_mm: float) -> Figure:
    """Draw residuals against the effects to be explained, trial by trial."""
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 150.0 if narrow else 75.0)
        shape = (3, 1) if narrow else (1, 3)
        first, second, third = figure.subplots(*shape).ravel()
        _moments(first, trials)
        _forces(second, trials)
        _precision(third, trials)
        for place in (first, second, third):
            place.set_xlabel("speed (m/s)")
            place.margins(x=0.12)
        legend_above(figure, _key(trials), 3 if narrow else 7)
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
    def mark(symbol: str, label: str, face: str, edge: str) -> Line2D:
        return Line2D(
            [], [], linestyle="", marker=symbol, color=face, markeredgecolor=edge,
            markersize=4.0, label=label,
        )  # fmt: skip

    handles = [mark("D", "residual before the fit", "white", INK)]
    if any(one.fitted for one in trials):
        handles.append(mark("D", "after the fit", INK, INK))
    names = dict.fromkeys(name for one in trials for name in one.effects)
    handles += [
        mark(MARKS[name], STYLES[name].label, STYLES[name].colour, STYLES[name].colour)
        for name in names
    ]
    handles.append(Line2D([], [], color=GREY, linewidth=0.9, linestyle=DASHED, label="gate"))
    return handles
