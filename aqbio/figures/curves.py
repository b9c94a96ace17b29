"""Figures of curves over the step: angular momentum, joint moments, torques on the pelvis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aqbio.figures.figure import Figure, Results, no_claim
from aqbio.figures.marks import marked, where
from aqbio.figures.step_means import (
    PHASES,
    StepColumn,
    column_title,
    drawn_columns,
    headline_rows,
    one_column_words,
    sample_words,
    spread_words,
    step_columns,
)
from aqbio.figures.style import (
    FLIGHT_SHADE,
    FRAME,
    FRAME_PT,
    GREY,
    STYLES,
    is_narrow,
    journal_style,
    legend_above,
    pale,
    shade_flight,
    sheet,
    wrapped,
    zero_line,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.names import INTERVALS, NORMAL_95, ROLE_GROUPS
from aqbio.vectors import FloatArray

MIN_BAND_SIZE = 3
"""A standard deviation is shown from this many athletes, or steps of a single one, on."""


class Line(NamedTuple):
    """One line of a panel before it is summarised."""

    name: str
    values: xr.DataArray
    """Dimensions ``step``, ``phase``, ``percent``."""
    sd: xr.DataArray | None = None
    """Standard deviation of every sample over draws of body, plates and markers."""


SIDES = ("push_side", "swing_side", "total")
SPLIT_ARMS = ("arm_push", "arm_swing")
JOINTS = ("hip", "knee", "ankle", "lumbar", "shoulder", "elbow")
CHAINS = ("leg_push", "leg_swing", "upper_body")
"""Chains whose moments turn the pelvis."""
MOMENTS = ("moment_of_force", "free_moment", "residual_moment")


def _group_lines(name: str, groups: Sequence[str], axis: str, steps: Any) -> Iterator[Line]:
    present = set(steps[name]["group"].values.tolist())
    split = set(SPLIT_ARMS) <= present
    for group in groups:
        for member in SPLIT_ARMS if group == "arms" and split else (group,):
            if member in present:
                yield _line(steps, name, member, group=member, axis=axis)


def _line(steps: Any, name: str, line: str, **labels: str) -> Line:
    sd = f"{name}_sd"
    return Line(line, steps[name].sel(labels), steps[sd].sel(labels) if sd in steps else None)


def _balance_lines(steps: Any) -> Iterator[Line]:
    # without the interval of the rate, which is that of the residual and would lie upon it
    rate = steps["angular_momentum_rate"].sel(group="total", axis="y")
    yield Line("total", rate)
    for name in MOMENTS:
        yield _line(steps, name, name, axis="y")


def _joint_lines(name: str, joint: str, labels: dict[str, str], steps: Any) -> Iterator[Line]:
    values = steps[name]
    present = set(values["joint"].values.tolist())
    for line in (joint, f"{joint}_push", f"{joint}_swing"):
        if line in present:
            yield Line(line, values.sel(joint=line, **labels))


def _pelvis_lines(name: str, steps: Any) -> Iterator[Line]:
    for chain in (*CHAINS, "residual"):
        labels = {"chain": chain, "axis": "y"}
        if name != "hub_force_moment":
            yield _line(steps, name, chain, **labels)
            continue
        sd = f"{name}_sd"
        values = steps["hub_moment"].sel(labels) - steps["hub_joint_moment"].sel(labels)
        yield Line(chain, values, steps[sd].sel(labels) if sd in steps else None)


def _opposing_lines(steps: Any) -> Iterator[Line]:
    """Mark samples in which a torque opposes both others: 100 there, 0 elsewhere, by step."""
    torque = steps["hub_moment"].sel(axis="y", chain=list(CHAINS)).load()
    three = torque.transpose("step", "phase", "percent", "chain")
    values = three.to_numpy()
    sign = np.sign(values)
    opposed = np.where(sign * sign.sum(axis=-1, keepdims=True) < 0, 100.0, 0.0)
    share = three.copy(data=np.where(np.isfinite(values).all(axis=-1)[..., None], opposed, np.nan))
    for chain in CHAINS:
        yield Line(chain, share.sel(chain=chain))


SHARE = "opposing_y"
"""Row of shares, whose standard deviation is not meaningful."""

ROWS: dict[str, dict[str, tuple[str, str, Callable[[Any], Iterator[Line]]]]] = {
    "angular_momentum": {
        "angular_momentum_y_sides": (
            "Angular momentum, vertical axis", "kg m²/s",
            partial(_group_lines, "angular_momentum", SIDES, "y"),
        ),
    },
    "angular_momentum_groups": {
        f"angular_momentum_{axis}_groups": (
            f"Angular momentum, {words} axis", "kg m²/s",
            partial(_group_lines, "angular_momentum", (*ROLE_GROUPS, "total"), axis),
        )
        for axis, words in (("y", "vertical"), ("x", "forward"), ("z", "sideways"))
    },
    "angular_momentum_rate": {
        "angular_momentum_rate_y_sides": (
            "Rate of angular momentum, vertical axis", "N m",
            partial(_group_lines, "angular_momentum_rate", SIDES, "y"),
        ),
        "moment_balance_y": ("Moments on the body, vertical axis", "N m", _balance_lines),
    },
    "joint_moments_vertical": {
        joint: (
            f"{joint.capitalize()} moment, vertical axis", "N m",
            partial(_joint_lines, "joint_moment", joint, {"axis": "y"}),
        )
        for joint in JOINTS
    },
    "joint_moments_flexion": {
        joint: (
            "Ankle plantarflexion moment" if joint == "ankle" else
            f"{joint.capitalize()} extension moment", "N m",
            partial(_joint_lines, "joint_flexion_moment", joint, {}),
        )
        for joint in JOINTS
    },
    "hub_torques": {
        "torque_y": (
            "Moment on the pelvis, vertical axis", "N m", partial(_pelvis_lines, "hub_moment")
        ),
        SHARE: ("Steps in which one moment opposes the other two", "%", _opposing_lines),
        "joint_moment_y": (
            "Part of the joint moment, vertical axis", "N m",
            partial(_pelvis_lines, "hub_joint_moment"),
        ),
        "joint_force_y": (
            "Part of the joint force, vertical axis", "N m",
            partial(_pelvis_lines, "hub_force_moment"),
        ),
    },
}  # fmt: skip
"""Quantity, unit and lines of every row of panels, by figure."""


MOMENTUM = ("angular_momentum_groups", "angular_momentum")
"""Figures of angular momentum itself; all others are of moments."""


def curve_rows(figure: str, results: Results) -> pd.DataFrame:
    """Means, standard deviations and intervals of the lines of a figure, at every sample."""
    kind = "momentum" if figure.startswith(MOMENTUM) else "moments"
    left_out = {trial for trial, kinds in results.invalidated.items() if kind in kinds}
    steps = results.curves.steps_with("flight_s").without(left_out)
    among = step_columns(steps)
    return summarised_curves(figure, steps, among)


def summarised_curves(figure: str, steps: Any, among: Sequence[StepColumn]) -> pd.DataFrame:
    """Summarise the lines of a figure over the steps of every column."""
    parts, column_numbers = [], [np.zeros(0, dtype=int)]
    for row, (_, unit, lines) in ROWS[figure].items() if among else ():
        for line in lines(steps):
            values = line.values.transpose("step", "phase", "percent").to_numpy()
            sd = np.full_like(values, np.nan)
            if line.sd is not None:
                sd = line.sd.transpose("step", "phase", "percent").to_numpy()
            for number, column in enumerate(among):
                step_values, step_sd = (array[column.rows].astype(float) for array in (values, sd))
                summary = _summary(step_values, step_sd, row, column.participants)
                if summary is not None:
                    summary = summary.assign(condition=column.condition, speed_mps=column.speed_mps)
                    parts.append(summary.assign(row=row, line=line.name, unit=unit))
                    column_numbers.append(np.full(len(summary), number))
    table = pd.concat(parts) if parts else pd.DataFrame()
    table = table.reindex(columns=list(columns("curves")))
    order = np.argsort(np.concatenate(column_numbers), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _summary(
    steps: FloatArray, sd: FloatArray, row: str, participants: Sequence[str]
) -> pd.DataFrame | None:
    """Means over athletes of (steps, 2, 101) values; None where no step is complete.

    The standard deviation is that of athletes' means; that over steps of an athlete who is alone.
    """
    complete = np.isfinite(steps).all(axis=(1, 2))
    steps, names = steps[complete], np.asarray(participants)[complete]
    if not len(steps):
        return None
    athletes = [names == name for name in dict.fromkeys(names.tolist())]
    means = np.array([steps[rows].mean(axis=0) for rows in athletes])
    sample = means if len(athletes) > 1 else steps
    mean, unknown = means.mean(axis=0), np.full(steps.shape[1:], np.nan)
    banded = len(sample) >= MIN_BAND_SIZE and row != SHARE
    half = NORMAL_95 * _known_mean(np.array([_known_mean(sd[complete][rows]) for rows in athletes]))
    arrays: dict[str, FloatArray] = {
        "mean": mean, "sd": sample.std(axis=0, ddof=1) if banded else unknown,
        "low": mean - half, "high": mean + half,
    }  # fmt: skip
    percent = np.tile(np.arange(101), 2)
    summary = pd.DataFrame({name: array.ravel() for name, array in arrays.items()})
    return summary.assign(
        phase=np.repeat(PHASES, 101), percent=percent, steps=len(steps), participants=len(athletes)
    )


def _known_mean(values: FloatArray) -> FloatArray:
    """Mean of the finite values over the first axis; NaN where there are none."""
    count = np.isfinite(values).sum(axis=0)
    mean: FloatArray = np.full(values.shape[1:], np.nan)
    np.divide(np.nansum(values, axis=0), count, out=mean, where=count > 0)
    return mean


_ROW_MM = 34.0
"""Height of a row of panels on a page's width, mm."""

_NARROW_ROW_MM = 40.0
"""Height of a row of panels in one column, mm."""

_MARGIN_MM = 26.0
"""Height of key and axis label, mm."""

_MAX_HEIGHT_MM = 232.0
"""Greatest height of a figure, mm."""

_LABEL_LETTERS = 20
"""Letters of an axis label that fit on a line."""

_TITLE_LETTERS, _WIDE_PANELS = 11, 5
"""Letters of a panel's title that fit on a line where more panels than these stand side by side."""

IMPLIED_IN_FLIGHT = ("angular_momentum", "angular_momentum_groups", "angular_momentum_rate")
"""Figures of quantities that only the air can change in flight."""
_MAX_SD_LINES = 4
"""Up to this many lines in a panel, standard deviations are drawn."""
_PERCENT_OF_STEP = np.concatenate([np.arange(101.0), [100.0], np.arange(101.0) + 100.0])


def _style(line: str) -> Any:
    """Style of a line: its own, or that of the side of the body on which the joint is."""
    if line in STYLES:
        return STYLES[line]
    side = line.rpartition("_")[2]
    return STYLES[f"joint_{side}"] if side in ("push", "swing") else STYLES["midline"]


@journal_style()
def draw_curves(figure: str, rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw a row of panels per quantity and a column per speed.

    One column of a page has two panels next to each other: the quantities at the headline speed, or
    all speeds of one quantity.
    """
    names = [name for name in ROWS[figure] if (rows["row"] == name).any()]
    narrow = is_narrow(width_mm)
    speeds = drawn_columns(rows, narrow=narrow and len(names) > 1)
    count = len(names) * len(speeds)
    across = min(2, count) if narrow else len(speeds)
    down = -(-count // across)
    height = _MARGIN_MM + down * (_NARROW_ROW_MM if narrow else _ROW_MM)
    drawing = sheet(width_mm, min(_MAX_HEIGHT_MM, height))
    shared: Any = "all" if len(names) == 1 else False if narrow else "row"
    axes = drawing.subplots(down, across, squeeze=False, sharex=True, sharey=shared)
    for ax, (name, number) in zip(
        axes.ravel(), [(n, c) for n in names for c in range(len(speeds))], strict=False
    ):
        title, speed_rows = speeds[number]
        draw = _draw_shares if name == SHARE else _draw_panel
        draw(ax, speed_rows[speed_rows["row"] == name])
        if number == 0 or (narrow and number % across == 0):
            quantity, unit, _ = ROWS[figure][name]
            ax.set_ylabel(wrapped(f"{quantity} ({unit})", _LABEL_LETTERS))
        if (not narrow and name == names[0]) or (narrow and len(names) == 1):
            if across > _WIDE_PANELS:
                lines = title.split("\n")
                title = "\n".join(wrapped(line, _TITLE_LETTERS) for line in lines)
            ax.set_title(title, fontsize=7)
    for number in range(count, axes.size):
        axes.ravel()[number].set_visible(False)
        axes.ravel()[number - across].tick_params(labelbottom=True)
    drawing.supxlabel("Stance (TD touchdown to TO toe-off) and flight, each 0 to 100 %", fontsize=7)
    axes[0, 0].set_xlim(0, 200)
    axes[0, 0].set_xticks([0, 100, 200], labels=["TD", "TO", "TD"])
    _legend(
        drawing, rows, "flight (mechanically implied)" if figure in IMPLIED_IN_FLIGHT else "flight"
    )
    return drawing


def _draw_shares(ax: Axes, panel: pd.DataFrame) -> None:
    """Stack the shares of steps in which each line's moment opposes the others."""
    shade_flight(ax)
    below = np.zeros(len(_PERCENT_OF_STEP))
    for name, line_rows in panel.groupby("line", sort=False):
        look = _style(str(name))
        above = below + _split_at_toe_off(line_rows["mean"].to_numpy())
        ax.fill_between(
            _PERCENT_OF_STEP, below, above, facecolor=pale(look.colour), linewidth=0, zorder=1,
        )  # fmt: skip
        ax.plot(
            _PERCENT_OF_STEP, above, color=look.colour, linestyle=look.dash,
            linewidth=0.8 * look.width, zorder=2,
        )  # fmt: skip
        below = above
    ax.axvline(100, color=FRAME, linewidth=FRAME_PT, zorder=3)
    ax.set_ylim(0.0, 100.0)
    ax.set_yticks([0, 25, 50, 75, 100])


def _draw_panel(ax: Axes, panel: pd.DataFrame) -> None:
    shade_flight(ax)
    zero_line(ax, "y")
    ax.axvline(100, color=FRAME, linewidth=FRAME_PT, zorder=1)
    for name, line_rows in panel.groupby("line", sort=False):
        look = _style(str(name))
        mean, sd, low, high = (
            line_rows[column].to_numpy() for column in ("mean", "sd", "low", "high")
        )
        if panel["line"].nunique() <= _MAX_SD_LINES:
            _band(ax, look.colour, mean - sd, mean + sd, 0.12)
        _band(ax, look.colour, low, high, 0.28)
        top = 4 if name == "total" else 3  # a thin line, which hides little
        ax.plot(
            _PERCENT_OF_STEP, _split_at_toe_off(mean), color=look.colour, linestyle=look.dash,
            linewidth=look.width, zorder=top,
        )  # fmt: skip
    ax.locator_params(axis="y", nbins=5)


def _band(ax: Axes, colour: str, low: FloatArray, high: FloatArray, alpha: float) -> None:
    """Shade between two curves; every second sample: the same picture, half the file."""
    if np.isfinite(low).any():
        at = np.concatenate([np.arange(0, 101, 2), [101], np.arange(102, 203, 2)])
        ax.fill_between(
            _PERCENT_OF_STEP[at], _split_at_toe_off(low)[at], _split_at_toe_off(high)[at],
            color=colour, alpha=alpha, linewidth=0, zorder=2,
        )  # fmt: skip


def _split_at_toe_off(values: FloatArray) -> FloatArray:
    """Separate stance and flight by NaN: a rate may jump at toe-off."""
    return np.concatenate([values[:101], [np.nan], values[101:]])


def _legend(drawing: Drawing, rows: pd.DataFrame, flight: str) -> None:
    looks = {look.label: look for look in map(_style, dict.fromkeys(rows["line"]))}
    handles: list[Line2D | Patch] = [
        Line2D(
            [], [], color=look.colour, linestyle=look.dash, linewidth=look.width, label=look.label
        )
        for look in looks.values()
    ]
    handles.append(Patch(facecolor=FLIGHT_SHADE, edgecolor=GREY, linewidth=0.4, label=flight))
    legend_above(drawing, handles, 5, narrow=2)


def curve_caption(words: str, signs: str, rows: pd.DataFrame) -> str:
    """Describe the quantity, the number of steps, the kinds of bands and the signs."""
    parts = [f"{words} {sample_words(rows)}"]
    lines = rows[["row", "line"]].drop_duplicates()["row"].value_counts()
    has_sd_bands = bool((lines <= _MAX_SD_LINES).any())
    if has_sd_bands and rows["sd"].notna().any():
        parts.append(f"pale bands ± one standard deviation over {spread_words(rows)}")
    if rows["low"].notna().any():
        parts.append(f"dark bands {INTERVALS['measurement']}")
    one_column = one_column_words(rows) if len(set(rows["row"])) > 1 else ""
    return f"{'; '.join(parts)}. {signs} {one_column}".strip()


def curve_alternative(figure: str, rows: pd.DataFrame) -> str:
    """Describe curves by their mean values at mid-stance, at the headline speed."""
    headline = headline_rows(rows)
    middle = headline[(headline["phase"] == PHASES[0]) & (headline["percent"] == 50)]
    parts = []
    for name, panel in middle.groupby("row", sort=False):
        quantity, unit, _ = ROWS[figure][str(name)]
        values = ", ".join(
            f"{_style(str(row['line'])).label} {digits(float(row['mean']), unit)}"
            for row in panel.to_dict("records")
        )
        parts.append(f"{quantity} ({unit}): {values}")
    speed = column_title("", float(headline["speed_mps"].iloc[0]))
    return f"At mid-stance and {speed}. {'; '.join(parts)}."


def _stance(rows: pd.DataFrame, row: str) -> pd.Series[float]:
    """Means of lines over stance, as for single steps: both ends have half weight."""
    stance = rows[(rows["row"] == row) & (rows["phase"] == "stance")].dropna(subset="mean")
    weight = stance["percent"].isin([0, 100]).map({True: 0.5, False: 1.0})
    line = stance["line"]
    return (stance["mean"] * weight).groupby(line).sum() / weight.groupby(line).sum()


def _column_key(column: pd.DataFrame) -> str:
    """Key of the rows of a column of steps."""
    return where(**{name: column[name].iloc[0] for name in ("condition", "speed_mps")})


def _headline_speed(column: pd.DataFrame) -> str:
    speed = digits(float(column["speed_mps"].iloc[0]), "m/s")
    return marked(speed, "", _column_key(column), "speed_mps", by="most")


def _stance_mean(column: pd.DataFrame, row: str, line: str, text: str) -> str:
    """Write the mean of a line over stance."""
    key = f"{_column_key(column)};{where(row=row, line=line, phase='stance')}"
    return marked(text, "", key, "mean", by="stance mean")


def _sides_claim(rows: pd.DataFrame) -> str:
    column = headline_rows(rows)
    means = _stance(column, "angular_momentum_y_sides")
    push, swing = (means.get(side, np.nan) for side in SIDES[:2])
    if not np.isfinite(push + swing):
        return ""
    way = "opposite signs" if push * swing < 0 else "the same sign"
    speed = _headline_speed(column)
    momenta = " and ".join(
        _stance_mean(column, "angular_momentum_y_sides", side, digits(value, "kg m²/s"))
        for side, value in zip(SIDES[:2], (push, swing), strict=True)
    )
    return (
        f"In stance push side and swing side have {way} about the vertical: "
        f"{momenta} kg m²/s at {speed} m/s"
    )


def _groups_claim(rows: pd.DataFrame) -> str:
    signs = []
    for _, column in rows.groupby(["condition", "speed_mps"], dropna=False):
        means = _stance(column, "angular_momentum_y_groups")
        if not {"push_leg", "swing_leg", "arms"} <= set(means.index):
            return ""
        signs.append(tuple(np.sign(means[["push_leg", "swing_leg", "arms"]])))
    if len(set(signs)) != 1:
        return ""
    push, swing, arms = signs[0]
    if push == swing == -arms:
        return "Over stance both legs turn one way about the vertical, the arms the other"
    if push == arms == -swing:
        return "In mean stance the arms turn with the push leg, against the swing leg"
    return ""


def _pelvis_claim(rows: pd.DataFrame) -> str:
    column = headline_rows(rows)
    shares = _stance(column, SHARE).dropna()
    if shares.empty:
        return ""
    line, speed = str(shares.idxmax()), _headline_speed(column)
    share = _stance_mean(column, SHARE, line, f"{shares.max():.0f}")
    return (
        f"Most often the {STYLES[line].label} opposes the other two at the pelvis "
        f"({share} % of stance at {speed} m/s)"
    )


_TURN = "Positive: counter-clockwise from above; left steps mirrored."


def _curve_figure(
    name: str, title: str, words: str, signs: str, claim: Callable[[pd.DataFrame], str] = no_claim
) -> Figure:
    return Figure(
        name=name,
        title=title,
        table=partial(curve_rows, name),
        columns="curves",
        draw=partial(draw_curves, name),
        caption=partial(curve_caption, words, signs),
        alternative=partial(curve_alternative, name),
        claim=claim,
    )


CURVE_FIGURES = (
    _curve_figure(
        "angular_momentum",
        "Angular momentum of push side and swing side",
        "About the whole-body centre of mass; in flight what one side gains the other loses.",
        _TURN,
        _sides_claim,
    ),
    _curve_figure(
        "angular_momentum_groups",
        "Angular momentum of legs, arms, torso and pelvis",
        "About the whole-body centre of mass; in flight it is mechanically implied that groups "
        "only exchange it.",
        _TURN,
        _groups_claim,
    ),
    _curve_figure(
        "angular_momentum_rate",
        "Rate of angular momentum, and the moments that make it",
        "The whole body's rate is the sum of the ground force's moment, free moment and residual.",
        _TURN,
    ),
    _curve_figure(
        "joint_moments_vertical",
        "Joint moments about the vertical axis",
        "Moment of the proximal on the distal segment at the joint centre.",
        _TURN,
    ),
    _curve_figure(
        "joint_moments_flexion",
        "Joint moments of flexion and extension",
        "Flexion-extension component of the joint moments.",
        "Positive: extension, plantarflexion at the ankle.",
    ),
    _curve_figure(
        "hub_torques",
        "Moments of legs and upper body on the pelvis",
        "About the pelvis's centre of mass; b: stacked shares.",
        _TURN,
        _pelvis_claim,
    ),
)
"""Figures of curves in the order of the page."""
