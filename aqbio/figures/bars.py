"""Figures of bars: causes of rotation and force, shares of the limbs; and stance means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.figures.figure import Figure, Results, no_claim
from aqbio.figures.marks import marked, where
from aqbio.figures.step_means import (
    JOINT,
    StepColumn,
    column_title,
    drawn_columns,
    headline_rows,
    one_column_words,
    over_athletes,
    sample_words,
    stance_means,
    step_columns,
    summarise,
)
from aqbio.figures.style import (
    GREY,
    HATCH,
    INK,
    STYLES,
    LineStyle,
    is_narrow,
    journal_style,
    legend_above,
    pale,
    sheet,
    wrapped,
    zero_line,
)
from aqbio.figures.words import (
    ALL_SOURCES,
    ARM_JOINTS,
    EARLY_AND_LATE,
    GROUPS,
    MODELS,
    NON_JOINT_SOURCES,
    ORDER,
    SOURCES,
    SUMS,
    digits,
    source_label,
)
from aqbio.gait.step_files import kept_steps
from aqbio.io.dictionary import columns
from aqbio.names import INTERVALS

BAR_COLUMNS = columns("bars")
"""Descriptions of the columns of a table of drawn bars."""

BAR = ["figure", "column", "panel", "source", "variant", "unit"]
"""Columns that identify a bar."""

_STEP = ["participant_id", "trial_id", "step"]
PRIMARY = MODELS[0]


def bar_rows(contributions: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """One participant's rows of all figures of bars: a value for every step and bar.

    `steps` are kept steps with the number of their ``column``.
    """
    variant = contributions["level"].astype(str).str.extract(r"^C \((.*)\)$")[0]
    is_drawn = variant.notna() | (contributions["statistic"] == "relative_force_mean")
    rows = contributions.assign(variant=variant)[is_drawn]
    rows = rows.merge(steps[[*_STEP, "column", "mass_kg", "contact_s", "flight_s"]])
    parts = (*_caused(rows[rows["phase"] == "stance"]), _sequence(rows), _shares(rows))
    return pd.concat([part.reindex(columns=[*BAR, "value", "low", "high"]) for part in parts])


def _caused(stance: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Select level C: rotation of both sides about the vertical, ground impulse per body mass."""
    by_model = stance[stance["variant"].isin(MODELS)]
    is_rotation = by_model["target"].isin(SUMS) & (by_model["axis"] == "y")
    is_rotation &= by_model["statistic"] == "moment_mean"
    is_push = (by_model["target"] == "ground") & by_model["axis"].isin(["x", "y"])
    is_push &= by_model["statistic"] == "force_mean"
    for figure, rows in (
        ("caused_rotation", by_model[is_rotation]),
        ("caused_force", _per_mass(by_model[is_push], "contact_s")),
    ):
        panel = rows["target"].astype(str) + "_" + rows["axis"].astype(str)
        bars = rows.assign(figure=figure, panel=panel)
        single = (bars["variant"] == PRIMARY) & ~bars["source"].str.contains("side")
        keys = [*_STEP, "figure", "column", "panel", "variant", "unit"]
        totals = bars[single].groupby(keys, as_index=False, observed=True)["value"].sum()
        yield bars[bars["source"].isin(SOURCES)]
        yield totals.assign(source=ALL_SOURCES)


def _sequence(contributions: pd.DataFrame) -> pd.DataFrame:
    """Select effects of each side's joint moments before and after the fore-aft force turns."""
    panel = contributions["target"].astype(str) + "_" + contributions["axis"].astype(str)
    selected = (contributions["variant"] == PRIMARY) & contributions["phase"].isin(EARLY_AND_LATE)
    selected &= contributions["source"].isin(SUMS) & panel.isin(list(PANELS["caused_sequence"]))
    return contributions.assign(
        panel=panel, variant=contributions["phase"], figure="caused_sequence"
    )[selected]


def _shares(contributions: pd.DataFrame) -> pd.DataFrame:
    """Sum what limbs and torso add to the force in stance and take back in flight, per mass."""
    forces = contributions[
        (contributions["statistic"] == "relative_force_mean")
        & contributions["axis"].isin(["x", "y"])
    ]
    legs = forces[forces["source"].isin(["push_leg", "swing_leg"])]
    keys = [*_STEP, "column", "axis", "phase", "mass_kg", "contact_s", "flight_s"]
    both_legs = (
        legs.groupby(keys, as_index=False, observed=True)["value"].sum().assign(source="legs")
    )
    forces = pd.concat([forces, both_legs])
    forces = forces[forces["source"].isin(GROUPS)]
    phases = (("stance", "contact_s"), ("flight", "flight_s"))
    shares = pd.concat(
        [_per_mass(forces[forces["phase"] == phase], name) for phase, name in phases]
    )
    panel = "relative_force_" + shares["axis"].astype(str)
    return shares.assign(figure="force_shares", panel=panel, variant=shares["phase"])


def _per_mass(rows: pd.DataFrame, duration: str) -> pd.DataFrame:
    """Mean forces as impulses per body mass: changes of velocity, m/s."""
    factor = rows[duration] / rows["mass_kg"]
    scaled = {name: rows[name] * factor for name in ("value", "low", "high")}
    return rows.assign(**scaled, unit="m/s")


@dataclass
class Means:
    """Stance means and bars of a study, one participant's rows in memory at a time."""

    outcomes: pd.DataFrame
    """steps.tsv"""
    contributions: Callable[[], Iterable[pd.DataFrame]]
    """Rows, participant by participant."""
    momentum_halves: Callable[[pd.DataFrame], dict[tuple[int, str, str], float]]
    """Half of the interval of the measurement of a mean angular momentum, from numbered steps."""

    @cached_property
    def numbered_steps(self) -> pd.DataFrame:
        """Kept steps with the number of their column."""
        steps = kept_steps(self.outcomes).assign(column=-1)
        for number, column in enumerate(self.columns):
            steps.loc[column.rows, "column"] = number
        return steps

    @cached_property
    def columns(self) -> tuple[StepColumn, ...]:
        """Kept steps by condition and speed."""
        steps = kept_steps(self.outcomes)
        return step_columns(steps) if len(steps) else ()

    @cached_property
    def _pooled(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Means of joint moments and of bars over participants."""
        joints, bars = [], []
        for contributions in self.contributions() if self.columns else ():
            # a value that was not measured does not enter a mean
            rows = contributions[contributions["value"].notna()]
            bars.append(summarise(bar_rows(rows, self.numbered_steps), BAR))
            statistic = rows["statistic"].isin(["moment_mean", "moment_min", "moment_max"])
            joint = rows[statistic & (rows["level"] == "joint") & (rows["phase"] == "stance")]
            forces = rows[rows["level"] == ESTIMATED]
            forces = forces.assign(statistic=ESTIMATED, source=forces["phase"])
            joint_rows = pd.concat([joint, forces]).merge(self.numbered_steps[[*_STEP, "column"]])
            joints.append(summarise(joint_rows, JOINT))
        return over_athletes(joints, JOINT), over_athletes(bars, BAR)

    @property
    def stance(self) -> pd.DataFrame:
        """Stance means of groups, sides, residual and joints by condition and speed."""
        steps = self.numbered_steps
        halves = self.momentum_halves(steps) if self.columns else {}
        return stance_means(steps, self.columns, self._pooled[0], halves)

    def bars(self, figure: str) -> pd.DataFrame:
        """Rows of a figure of bars, in the order in which they are drawn."""
        bars = self._pooled[1]
        selected = bars[bars["figure"] == figure]
        variants = MODELS if figure.startswith("caused_") else ("stance", "flight")
        variants = EARLY_AND_LATE if figure == "caused_sequence" else variants
        first = selected.loc[selected["variant"] == variants[0], ["column", "panel", "source"]]
        selected = selected.merge(first)  # a source without its bar has no marks
        orders = {"panel": list(PANELS[figure]), "source": list(ORDER), "variant": list(variants)}
        ranks = {name: selected[name].map(order.index) for name, order in orders.items()}
        sort_keys = pd.DataFrame({"column": selected["column"]} | ranks)
        selected = selected.loc[sort_keys.sort_values(list(sort_keys.columns)).index]
        step_columns_of_bars = [self.columns[int(number)] for number in selected["column"]]
        described = selected.assign(
            condition=np.array([column.condition or None for column in step_columns_of_bars]),
            speed_mps=[column.speed_mps for column in step_columns_of_bars],
        )
        return described.reindex(columns=list(BAR_COLUMNS)).reset_index(drop=True)


PANELS = {
    "caused_rotation": {
        "push_side_y": "Rate of angular momentum, push side, vertical axis (N m)",
        "swing_side_y": "Rate of angular momentum, swing side, vertical axis (N m)",
    },
    "caused_sequence": {
        "push_side_y": "Angular impulse, push side, vertical axis (N m s)",
        "swing_side_y": "Angular impulse, swing side, vertical axis (N m s)",
        "ground_x": "Forward ground impulse (N s)",
        "ground_y": "Upward ground impulse (N s)",
    },
    "caused_force": {
        "ground_y": "Upward impulse per body mass (m/s)",
        "ground_x": "Forward impulse per body mass (m/s)",
    },
    "force_shares": {
        "relative_force_y": "Upward impulse per body mass (m/s)",
        "relative_force_x": "Forward impulse per body mass (m/s)",
    },
}
"""Quantity and unit of the bars of every panel, by figure."""

MODEL_WORDS = {
    "C2": "foot neither moves nor twists", "C1": "foot may twist", "C3": "foot may not turn",
    "C4": "rear foot bears all",
}  # fmt: skip
"""Constraint at the centre of pressure, by contact model."""

_BAR_MM = 3.3
"""Height of a bar, mm."""

_PAIR_MM = 7.0
"""Height of a pair of bars, mm."""

_MARGIN_MM = 16.0
"""Height of the axis and title of a row of panels, mm."""

_KEY_MM = 10.0
"""Height of the key, mm."""

_MARKS = ("o", "D", "s")
_ROW_LETTERS = 100
"""Letters of an axis label that fit next to each other under a row of panels."""


def source_style(source: str) -> LineStyle:
    """Style of a source: that of its side, or grey if it is not a joint moment."""
    joint, _, side = source.rpartition("_")
    if source == ALL_SOURCES:
        return STYLES["total"]
    if source in NON_JOINT_SOURCES:
        return STYLES["residual_moment"]
    if source in STYLES:
        return STYLES[source]
    swing = side == "swing" and joint not in ARM_JOINTS
    return STYLES["swing_side" if swing else "push_side"]


MAX_FIVE_TICKS = 4
"""Most columns whose axes have room for five numbers each."""


@journal_style()
def draw_bars(labels: dict[str, str], rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw a row of panels per quantity and a column per speed."""
    names = [name for name in labels if (rows["panel"] == name).any()]
    speeds, paired = (
        drawn_columns(rows, narrow=is_narrow(width_mm)),
        "C2" not in set(rows["variant"]),
    )
    sources = {
        name: list(dict.fromkeys(rows.loc[rows["panel"] == name, "source"])) for name in names
    }
    sizes = [(_PAIR_MM if paired else _BAR_MM) * len(sources[name]) + _MARGIN_MM for name in names]
    figure = sheet(width_mm, sum(sizes) + _KEY_MM)
    axes = figure.subplots(
        len(names), len(speeds), squeeze=False, sharey="row", sharex="row", height_ratios=sizes
    )
    letters = 44 if is_narrow(width_mm) else _ROW_LETTERS
    middle, is_even = len(speeds) // 2, len(speeds) % 2 == 0
    for name, line in zip(names, axes, strict=True):
        for ax, (title, speed_rows) in zip(line, speeds, strict=True):
            _draw_panel(ax, speed_rows[speed_rows["panel"] == name], sources[name], paired=paired)
            if len(speeds) > MAX_FIVE_TICKS:
                ax.locator_params(axis="x", nbins=3)
            if name == names[0]:
                ax.set_title(title)
        line[middle].set_xlabel(wrapped(labels[name], letters), x=0.0 if is_even else 0.5)
        line[0].set_yticks(range(len(sources[name])), labels=map(source_label, sources[name]))
        line[0].set_ylim(len(sources[name]) - 0.4, -0.6)
    _legend(figure, rows, paired=paired)
    return figure


def _draw_panel(ax: Axes, rows: pd.DataFrame, sources: list[str], *, paired: bool) -> None:
    """Draw the bars of a panel; one object per kind, since drawing costs by objects."""
    zero_line(ax, "x")
    variants = list(dict.fromkeys(rows["variant"]))
    for number, variant in enumerate(variants):
        bars = rows[rows["variant"] == variant]
        heights = np.array([sources.index(source) for source in bars["source"]], dtype=float)
        if paired or not number:
            offset = (0.2 if number else -0.2) if paired else 0.0
            _bars(ax, bars, heights + offset, thick=0.36 if paired else 0.66, faint=number > 0)
        else:
            ax.plot(
                bars["mean"], heights, _MARKS[number - 1], color="white", markeredgecolor=INK,
                markersize=2.6, markeredgewidth=0.6, zorder=4,
            )  # fmt: skip
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=5)
    ax.margins(x=0.08)


def _bars(ax: Axes, bars: pd.DataFrame, at: np.ndarray, *, thick: float, faint: bool) -> None:
    looks = [source_style(source) for source in bars["source"]]
    ax.barh(
        at, bars["mean"], height=thick, linewidth=0.6, zorder=2,
        color=["white" if faint else pale(look.colour) for look in looks],
        edgecolor=[look.colour for look in looks],
        hatch=["" if look.dash == "solid" or faint else HATCH for look in looks],
    )  # fmt: skip
    has_interval = np.isfinite(bars["low"].to_numpy(dtype=float))
    across, low, high = at[has_interval], bars["low"][has_interval], bars["high"][has_interval]
    ax.hlines(across, low, high, color=INK, linewidth=0.8, zorder=3)
    for ends in (low, high):
        ax.vlines(ends, across - 0.17, across + 0.17, color=INK, linewidth=0.8, zorder=3)


def _legend(figure: Drawing, rows: pd.DataFrame, *, paired: bool) -> None:
    variants = list(dict.fromkeys(rows["variant"]))
    handles: list[Line2D | Patch]
    if paired:
        handles = [
            Patch(facecolor="white" if number else pale(GREY), edgecolor=GREY, label=variant)
            for number, variant in enumerate(variants)
        ]
    else:
        words = [f"{variant}: {MODEL_WORDS[variant]}" for variant in variants]
        handles = [Patch(facecolor=pale(GREY), edgecolor=GREY, label=words[0])]
        handles += [
            Line2D(
                [], [], linestyle="", marker=mark, color="white", markeredgecolor=INK,
                markersize=3.5, label=label,
            )
            for mark, label in zip(_MARKS, words[1:], strict=False)
        ]  # fmt: skip
    looks = {look.label: look for look in map(source_style, dict.fromkeys(rows["source"]))}
    handles += [
        Patch(
            facecolor=pale(look.colour), edgecolor=look.colour, linewidth=0.6, label=look.label,
            hatch="" if look.dash == "solid" else HATCH,
        )
        for look in looks.values()
        if look not in (STYLES["total"], STYLES["residual_moment"])
    ]  # fmt: skip
    if rows["low"].notna().any():
        handles.append(Line2D([], [], color=INK, linewidth=0.8, label=INTERVALS["measurement"]))
    legend_above(figure, handles, 4, narrow=2)


def bar_alternative(labels: dict[str, str], rows: pd.DataFrame) -> str:
    """Describe bars by the five largest of every panel at the headline speed."""
    headline = headline_rows(rows)
    headline = headline[headline["variant"] == headline["variant"].iloc[0]]
    parts = []
    for name, panel in headline.groupby("panel", sort=False):
        largest = panel.reindex(panel["mean"].abs().sort_values(ascending=False).index)
        values = ", ".join(
            f"{source_label(str(bar['source']))} {digits(float(bar['mean']), str(bar['unit']))}"
            for bar in largest.head(5).to_dict("records")
        )
        parts.append(f"{labels[str(name)]}: {values}")
    speed = column_title("", float(headline["speed_mps"].iloc[0]))
    return f"Largest bars at {speed}. {'; '.join(parts)}."


def bar_caption(words: str, rows: pd.DataFrame) -> str:
    """Describe the quantity, the number of steps and the kind of interval."""
    parts = [words, f"{sample_words(rows)}."]
    if rows["low"].notna().any():
        parts.append(f"Black lines: {INTERVALS['measurement']}.")
    return " ".join([*parts, one_column_words(rows)]).strip()


def _largest_claim(rows: pd.DataFrame) -> str:
    """State the largest single cause at the headline speed, if all models and intervals agree."""
    column = headline_rows(rows)
    single_causes = column[
        (column["panel"] == column["panel"].iloc[0]) & ~column["source"].isin((ALL_SOURCES, *SUMS))
    ].dropna(subset=["mean"])
    largest = [
        rows.loc[rows["mean"].abs().sort_values().index[-1]]
        for _, rows in single_causes.groupby("variant", sort=False)
    ]
    if len({(str(bar["source"]), float(np.sign(bar["mean"]))) for bar in largest}) != 1:
        return ""
    if not _ranks_first(single_causes):
        return ""
    unit, panel = (str(column[name].iloc[0]) for name in ("unit", "panel"))
    effect = (
        f"the rotation of the {panel[:-2].replace('_', ' ')}"
        if unit == "N m"
        else "the upward impulse"
    )
    first = largest[0]
    names = ("condition", "speed_mps", "panel", "source", "variant")
    key = where(**{name: first[name] for name in names})
    speed = marked(digits(float(first["speed_mps"]), "m/s"), "", key, "speed_mps")
    mean = marked(digits(float(first["mean"]), unit), "", key, "mean")
    return (
        f"{source_label(str(first['source'])).capitalize()}: the largest single cause of {effect}, "
        f"{mean} {unit} at {speed} m/s under {first['variant']}"
    )


def _ranks_first(single_causes: pd.DataFrame) -> bool:
    """True if the interval of the largest cause lies beyond those of all others, by size."""
    with_interval = single_causes[single_causes["variant"] == PRIMARY].dropna(
        subset=["low", "high"]
    )
    if with_interval.empty:
        return False
    low, high = (with_interval[name].to_numpy(float) for name in ("low", "high"))
    smallest = np.where(low * high > 0.0, np.minimum(np.abs(low), np.abs(high)), 0.0)
    greatest = np.maximum(np.abs(low), np.abs(high))
    first = int(with_interval["mean"].abs().to_numpy(float).argmax())
    return bool((smallest[first] > np.delete(greatest, first)).all())


def _bar_figure(
    name: str, title: str, words: str, claim: Callable[[pd.DataFrame], str] = no_claim
) -> Figure:
    def rows(results: Results) -> pd.DataFrame:
        bars: pd.DataFrame = results.means.bars(name)
        return bars

    labels = PANELS[name]
    return Figure(
        name=name,
        title=title,
        table=rows,
        columns="bars",
        draw=partial(draw_bars, labels),
        caption=partial(bar_caption, words),
        alternative=partial(bar_alternative, labels),
        claim=claim,
    )


BAR_FIGURES = (
    _bar_figure(
        "caused_rotation",
        "What each joint moment does to the rotation of each side in stance",
        "Rate of angular momentum that each joint moment causes with all others held, by contact "
        "model (legend); black bar: all sources, as measured. Positive: "
        "counter-clockwise from above; left steps are mirrored.",
        _largest_claim,
    ),
    _bar_figure(
        "caused_sequence",
        "What the joints of each side do in braking and in propulsion",
        "Impulses that the joint moments of each side cause before and after the fore-aft force "
        "turns, under contact model C2. Positive rotation: counter-clockwise from above; left "
        "steps are mirrored.",
    ),
    _bar_figure(
        "caused_force",
        "What causes the ground reaction force",
        "Impulse of the ground force over stance, per body mass, that each joint moment causes "
        "with all others held, by contact model. Black bar: all sources, as measured.",
        _largest_claim,
    ),
    _bar_figure(
        "force_shares",
        "What limbs and torso add in stance and take back in flight",
        "Impulse per body mass of the force that each part needs beyond that of the pelvis. Over "
        "steady strides what a part adds in stance it takes back in flight.",
    ),
)
"""Figures of bars in the order of the page."""
