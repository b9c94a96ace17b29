"""Figures of what changes with speed: sizes and ratio of both sides, timing of the swing leg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aqbio.figures.figure import StudyFigure, Tables
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    INK,
    STYLES,
    journal_style,
    legend_above,
    pale,
    panels,
    plain_numbers,
    stroke,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.stats.step_numbers import direction, step_columns

RATIOS = {
    "log_ratio_momentum": "Angular momentum about the vertical",
    "log_ratio_moments": "Joint moments",
}
"""Column of hypotheses_steps.tsv and what it is the ratio of."""

SIZES = {
    "Angular momentum about the vertical": ("push_momentum", "momentum_swing_leg"),
    "Joint moments": ("push_index", "swing_index"),
}
"""Sizes of the push side and of the swing side."""

LOOKS = {"push side": STYLES["push_side"], "swing side": STYLES["swing_side"]}


def ratio_means(steps: pd.DataFrame) -> pd.DataFrame:
    """Mean speed, sizes of both sides and log ratios by athlete and speed level."""
    swing = steps["momentum_swing_leg"]
    sizes = steps.assign(push_momentum=swing * np.exp(steps["log_ratio_momentum"]))
    names = [name for pair in SIZES.values() for name in pair]
    kept = ["speed_mps", "relative_speed", *RATIOS, *names]
    means = sizes.groupby(["participant_id", "level"])[kept].mean().reset_index()
    return means.dropna(subset=list(RATIOS), how="all")


def powers_of_speed(means: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Powers of speed that a size rises with, (A,), of athletes with several speeds."""
    known = means[means[column] > 0.0]
    fits = [
        np.polyfit(np.log(own["speed_mps"]), np.log(own[column]), 1)[0]
        for _, own in known.groupby("participant_id")
        if np.ptp(own["speed_mps"]) > 0.0
    ]
    return np.round(np.array(fits, dtype=float), 12)


def side_ratio(_: Study, tables: Tables) -> Iterator[StudyFigure]:
    """Ratio of the sides, where somebody ran at more than one speed."""
    steps = tables["hypotheses_steps"]
    if not several_speeds(steps):
        return
    means = ratio_means(steps)
    slopes = [
        f"{words.lower()}: {digits(0.1 * float(np.mean(rising)))} per 10 % of speed"
        for column, words in RATIOS.items()
        if (rising := [slope for slope, _ in _slopes(means, column)])
    ]
    powers = {
        (words, side): found.mean()
        for words, pair in SIZES.items()
        for side, column in zip(LOOKS, pair, strict=True)
        if len(found := powers_of_speed(means, column))
    }
    told = "; ".join(
        f"{words.lower()}, {side} {digits(float(one))}" for (words, side), one in powers.items()
    )
    push, swing = (powers.get(("Joint moments", side)) for side in LOOKS)
    title = "Push side and swing side as speed rises"
    yield StudyFigure(
        name="side_ratio",
        title=title,
        numbers=steps,
        columns=step_columns(),
        draw=partial(draw_side_ratio, steps),
        caption="Above: sizes of both sides in contact over speed, mean of the steps of each "
        "speed, both axes logarithmic, so that a power of speed is a straight line; momentum over "
        "body mass, height and the speed of a fall from that height, moments over body weight and "
        "height. Below: natural logarithm of push side (push leg, arms, torso) over swing leg in "
        "contact, mean of the steps of each speed less the athlete's mean. Momentum: root mean "
        "square of the angular momentum about the vertical. Joint moments: joint-moment indices "
        "(hip, knee and ankle of the push leg over hip and knee of the swing leg, in the same "
        "time). Where the line falls, the swing side rises more steeply with speed than the push "
        "side; no rule judges it.",
        alternative=f"{title}. Mean slope over athletes of the logarithm of the ratio: "
        f"{'; '.join(slopes)}. Mean power of speed: {told}.",
        claim=""
        if push is None or swing is None
        else f"Joint moments of the swing side rise with speed to the power {digits(swing)}, those "
        f"of the push side to {digits(push)}",
        section="verdicts",
    )


def several_speeds(steps: pd.DataFrame) -> bool:
    """Whether some athlete ran at more than one speed."""
    return bool(steps.groupby("participant_id")["level"].nunique().max() > 1)


def _slopes(means: pd.DataFrame, column: str) -> Iterator[tuple[float, float]]:
    """Slope over relative speed and mean relative speed, of athletes with several speeds."""
    for _, own in means.dropna(subset=[column]).groupby("participant_id"):
        if len(own) > 1 and np.ptp(own["relative_speed"]) > 0:
            slope = np.polyfit(own["relative_speed"], own[column], 1)[0]
            yield float(slope), float(own["relative_speed"].mean())


@journal_style()
def draw_side_ratio(steps: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the change of the log ratio from each athlete's own mean over relative speed."""
    means = ratio_means(steps)
    figure, axes = panels(width_mm, wide=(2, 2, 118.0), narrow=(4, 1, 215.0))
    for place, (words, pair) in zip(axes[:2], SIZES.items(), strict=True):
        _draw_sizes(place, means, pair)
        place.set_title(words)
    for place, (column, words) in zip(axes[2:], RATIOS.items(), strict=True):
        _draw_ratio(place, means, column)
        place.set_title(f"{words}: ratio")
        place.set_xlabel("speed over the athlete's highest")
        place.set_ylabel("ln (push side / swing side),\nless the athlete's mean")
        place.margins(x=0.02)
    axes[3].sharey(axes[2])
    handles = [
        stroke(look.colour, f"{side}: mean power of speed", linestyle=look.dash, linewidth=1.8)
        for side, look in LOOKS.items()
    ]
    handles += [
        stroke(pale(GREY), "athletes", marker="o", markersize=3),
        stroke(INK, "mean of their slopes", linewidth=1.8),
    ]
    legend_above(figure, handles, 4, narrow=2)
    return figure


def _draw_sizes(place: Axes, means: pd.DataFrame, pair: tuple[str, str]) -> None:
    """Sizes of both sides over speed, both logarithmic: a power of speed is a straight line."""
    for column, look in zip(pair, LOOKS.values(), strict=True):
        known = means[means[column] > 0.0]
        for _, own in known.groupby("participant_id"):
            place.plot(
                own["speed_mps"], own[column], color=pale(look.colour), linewidth=0.6, marker="o",
                markersize=2.0,
            )  # fmt: skip
        powers = powers_of_speed(means, column)
        if len(powers):
            ends = np.array([known["speed_mps"].min(), known["speed_mps"].max()])
            middle = np.log(known[[column, "speed_mps"]]).mean()
            away = np.log(ends) - middle["speed_mps"]
            place.plot(
                ends, np.exp(middle[column] + powers.mean() * away), color=look.colour,
                linestyle=look.dash, linewidth=1.8,
            )  # fmt: skip
    place.set_xscale("log")
    place.set_yscale("log")
    plain_numbers(place.xaxis, range(1, 10))
    plain_numbers(place.yaxis)
    place.set_xlabel("speed (m/s)")
    place.set_ylabel("size (dimensionless)")


def _draw_ratio(place: Axes, means: pd.DataFrame, column: str) -> None:
    place.axhline(0, color=FRAME, linewidth=0.6)
    for _, own in means.dropna(subset=[column]).groupby("participant_id"):
        x, y = own["relative_speed"].to_numpy(), own[column].to_numpy()
        place.plot(x, y - y.mean(), color=pale(GREY), linewidth=0.8, marker="o", markersize=2.5)
    found = list(_slopes(means, column))
    if not found:
        return
    slopes, middles = zip(*found, strict=True)
    ends = np.array([means["relative_speed"].min(), means["relative_speed"].max()])
    away = ends - np.mean(middles)
    place.plot(ends, np.mean(slopes) * away, color=INK, linewidth=1.8)


def timing(_: Study, tables: Tables) -> Iterator[StudyFigure]:
    """Lag over speed, where some athlete has it at more than one."""
    steps = tables["hypotheses_steps"]
    if not several_speeds(steps):
        return
    numbers = timing_numbers(steps)
    if not (numbers.groupby("participant_id")["lag_sd"].count() > 1).any():
        return
    slopes = timing_slopes(tables["verdicts"])
    lag, spread = (digits(100.0 * float(numbers[name].mean())) for name in ("lag_mean", "lag_sd"))
    words = {
        "lag": f"the lag by {digits(100.0 * slopes['lag'])} % of the step",
        "spread": f"the logarithm of its spread by {digits(slopes['spread'])}",
    }
    changes = ", ".join(told for name, told in words.items() if np.isfinite(slopes[name]))
    title = "Timing of the swing leg as speed rises"
    yield StudyFigure(
        name="timing",
        title=title,
        numbers=numbers,
        columns=columns("timing"),
        draw=partial(draw_timing, numbers, slopes),
        caption="Lag from the peak of vertical force to the peak of the swing leg's angular "
        "momentum about the vertical, share of the step, by athlete and speed: circular mean and "
        "circular standard deviation over steps. Thick: estimate of H5a and of H5b, drawn through "
        "the mean over athletes and speeds; dashed: the smallest effect of interest there, "
        f"falling, as the claim has it ({digits(100.0 * slopes['lag_smallest'])} % of the step and "
        f"{digits(slopes['spread_smallest'])} of the logarithm per m/s). Absolute times shrink "
        "with the step by mechanics, so that only shares of the step are reported.",
        alternative=f"{title}. Mean over {numbers['participant_id'].nunique()} athletes and their "
        f"speeds: lag {lag} % of the step, standard deviation {spread} %."
        + (f" Change per m/s: {changes}." if changes else ""),
        section="verdicts",
    )


FEWEST = 3
"""Steps below which no spread is given."""


def timing_numbers(steps: pd.DataFrame) -> pd.DataFrame:
    """Circular mean and spread of the lag by athlete and speed."""
    import pandas as pd

    rows = []
    for (person, level), own in steps.dropna(subset=["lag"]).groupby(["participant_id", "level"]):
        found = direction(own["lag"].to_numpy(dtype=float))
        rows.append(
            {
                "participant_id": person,
                "level": level,
                "speed_mps": float(own["speed_mps"].mean()),
                "lag_mean": found.mean,
                "lag_sd": found.sd if len(own) >= FEWEST else np.nan,
                "n_steps": len(own),
            }
        )
    table = pd.DataFrame(rows, columns=list(columns("timing")))
    if len(table):
        table["lag_mean"] = table.groupby("participant_id")["lag_mean"].transform(
            lambda values: np.unwrap(values.to_numpy(dtype=float), period=1.0)
        )
    return table


def timing_slopes(verdicts: pd.DataFrame) -> dict[str, float]:
    """Estimates of H5a and H5b and their smallest effects."""
    rows = {str(row["hypothesis"]): row for row in verdicts.to_dict("records")}
    names = {"lag": "H5a", "spread": "H5b"}
    return {
        f"{name}{end}": float(rows[hypothesis][column])
        for name, hypothesis in names.items()
        for end, column in (("", "estimate"), ("_smallest", "smallest_effect"))
    }


@journal_style()
def draw_timing(numbers: pd.DataFrame, slopes: Mapping[str, float], width_mm: float) -> Figure:
    """Draw the lag and its spread over speed, athlete by athlete."""
    figure, axes = panels(width_mm, wide=(1, 2, 66.0), narrow=(2, 1, 118.0))
    _draw_lags(axes[0], numbers, slopes)
    _draw_spreads(axes[1], numbers, slopes)
    for place in axes:
        place.set_xlabel("speed (m/s)")
        place.margins(x=0.03)
    handles = [
        stroke(pale(BLUE), "athletes", marker="o", markersize=3),
        stroke(BLUE, "estimate", linewidth=1.8),
        stroke(GREY, "smallest effect of interest", linestyle=DASHED),
    ]
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw_lags(place: Axes, numbers: pd.DataFrame, slopes: Mapping[str, float]) -> None:
    known = numbers.dropna(subset=["lag_mean"])
    for _, own in known.groupby("participant_id"):
        place.plot(
            own["speed_mps"], 100.0 * own["lag_mean"], color=pale(BLUE), linewidth=0.8, marker="o",
            markersize=2.5,
        )  # fmt: skip
    middle = (known["speed_mps"].mean(), 100.0 * known["lag_mean"].mean())
    ends = np.array([known["speed_mps"].min(), known["speed_mps"].max()])
    for name, line in _lines():
        slope = 100.0 * slopes[f"lag{name}"]
        place.plot(ends, middle[1] + slope * (ends - middle[0]), **line)
    place.set_ylabel("lag from peak force (% of the step)")
    place.set_title("Lag, circular mean")


def _draw_spreads(place: Axes, numbers: pd.DataFrame, slopes: Mapping[str, float]) -> None:
    known = numbers[numbers["lag_sd"] > 0]
    for _, own in known.groupby("participant_id"):
        place.plot(
            own["speed_mps"], 100.0 * own["lag_sd"], color=pale(BLUE), linewidth=0.8, marker="o",
            markersize=2.5,
        )  # fmt: skip
    place.set_yscale("log")
    middle = (known["speed_mps"].mean(), np.log(100.0 * known["lag_sd"]).mean())
    ends = np.linspace(known["speed_mps"].min(), known["speed_mps"].max(), 31)
    for name, line in _lines():
        slope = slopes[f"spread{name}"]
        place.plot(ends, np.exp(middle[1] + slope * (ends - middle[0])), **line)
    place.set_ylabel("standard deviation (% of the step)")
    place.set_title("Spread of the lag, circular")
    plain_numbers(place.yaxis, (1, 2, 3, 5, 7))


def _lines() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Ends of the names of both slopes, and how each is drawn."""
    return (
        ("_smallest", {"color": GREY, "linewidth": 0.9, "linestyle": DASHED}),
        ("", {"color": BLUE, "linewidth": 1.8}),
    )
