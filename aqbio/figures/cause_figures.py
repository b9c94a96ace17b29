"""Figures of bars: who causes rotation and force, and what limbs add to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from aqbio.figures.bars import (
    BAR_COLUMNS,
    Bar,
    BarChart,
    BarRow,
    bar_chart_figure,
    bar_numbers,
    pool_charts,
)
from aqbio.figures.figure import Drawing, StudyFigure
from aqbio.figures.step_means import (
    MEAN_COLUMNS,
    StepColumn,
    fastest_rows,
    kept_steps,
    stance_means,
    step_columns,
    summarise,
)
from aqbio.figures.style import STYLES, LineStyle
from aqbio.figures.words import (
    ARM_JOINTS,
    EARLY_AND_LATE,
    GROUPS,
    MODELS,
    ORDER,
    OTHERS,
    SOURCES,
    SUMS,
    TOGETHER,
    digits,
    source_label,
)
from aqbio.study.internal import Parts

_TURNED = {"push_side": "Push side", "swing_side": "Swing side"}
_KEYS = ["participant_id", "trial_id", "step"]
_PLACE = "place"
"""Column of rows: which of the kept steps a row is of."""


def source_style(source: str) -> LineStyle:
    """The look of a source: its side's, or grey for what is no joint moment."""
    joint, _, side = source.rpartition("_")
    if source == TOGETHER:
        return STYLES["total"]
    if source in OTHERS:
        return STYLES["residual_moment"]
    if source in STYLES:
        return STYLES[source]
    swing = side == "swing" and joint not in ARM_JOINTS
    return STYLES["swing_side" if swing else "push_side"]


def with_step_index(contributions: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Rows of kept steps, with the index of their step; rows placed already stay as they are."""
    if _PLACE in contributions:
        return contributions
    places = steps[_KEYS].assign(**{_PLACE: np.arange(len(steps))})
    return contributions.merge(places, on=_KEYS)


def level_c(contributions: pd.DataFrame) -> pd.DataFrame:
    """The stance means of level C, with the contact model in a column ``variant``.

    All single sources together stand beside them, under the primary contact model: the measured
    value, which every model shares out.
    """
    level = contributions["level"].astype(str)
    chosen = level.str.startswith("C (") & (contributions["phase"] == "stance")
    every = contributions[chosen].assign(variant=level[chosen].str[3:-1])
    single = every[(every["variant"] == MODELS[0]) & ~every["source"].str.contains("side")]
    keys = [*_KEYS, _PLACE, "level", "target", "axis", "phase", "statistic", "unit", "variant"]
    whole = single.groupby(keys, as_index=False, observed=True)["value"].sum()
    whole = whole.assign(source=TOGETHER, low=np.nan, high=np.nan)
    told: pd.DataFrame = pd.concat([every, whole], ignore_index=True)
    return told


def caused_rotation_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out what every joint moment does to the rotation of each side about the vertical."""
    every = level_c(with_step_index(contributions, steps))
    own = every[(every["axis"] == "y") & (every["statistic"] == "moment_mean")]
    rows = tuple(
        BarRow(
            f"{target}_y",
            f"{words}, vertical axis",
            "rate of angular\nmomentum",
            "N m",
            _panels(own[own["target"] == target], columns),
        )
        for target, words in _TURNED.items()
    )
    return BarChart("caused_rotation", columns, rows)


def caused_force_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out the impulse of the ground reaction force by source, per body mass."""
    every = level_c(with_step_index(contributions, steps))
    own = every[(every["target"] == "ground") & (every["statistic"] == "force_mean")]
    told = _per_mass(own, steps, "contact_s")
    rows = _impulse_rows("ground", told, columns)
    return BarChart("caused_force", columns, rows)


def caused_sequence_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out what the joint moments of each side do in early and in late stance."""
    own = with_step_index(contributions, steps)
    chosen = own["level"].astype(str) == f"C ({MODELS[0]})"
    chosen &= own["phase"].isin(EARLY_AND_LATE)
    every = own[chosen & own["source"].isin(SUMS)]
    told = every.assign(variant=every["phase"])
    rows = tuple(
        BarRow(
            f"{target}_{axis}",
            words,
            "angular\nimpulse" if unit == "N m s" else "impulse",
            unit,
            _panels(
                told[(told["target"] == target) & (told["axis"] == axis)],
                columns,
                SUMS,
                EARLY_AND_LATE,
            ),
        )
        for target, axis, words, unit in (
            ("push_side", "y", "Turn the\npush side", "N m s"),
            ("swing_side", "y", "Turn the\nswing side", "N m s"),
            ("ground", "x", "Push\nforward", "N s"),
            ("ground", "y", "Push\nupward", "N s"),
        )
    )
    return BarChart("caused_sequence", columns, rows, paired=True)


def force_shares_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out what limbs and torso add to the force in stance, and take back in flight."""
    own = with_step_index(contributions, steps)
    every = own[own["statistic"] == "relative_force_mean"]
    both = every[every["source"].isin(["push_leg", "swing_leg"])]
    names = [*_KEYS, _PLACE, "axis", "phase"]
    legs = both.groupby(names, as_index=False)["value"].sum().assign(source="legs")
    every = pd.concat([every, legs], ignore_index=True)
    told = pd.concat(
        [
            _per_mass(every[every["phase"] == phase], steps, f"{name}_s").assign(variant=phase)
            for phase, name in (("stance", "contact"), ("flight", "flight"))
        ],
        ignore_index=True,
    )
    drawn = (GROUPS, ("stance", "flight"))
    rows = _impulse_rows("relative_force", told, columns, *drawn)
    return BarChart("force_shares", columns, rows, paired=True)


def _impulse_rows(
    key: str,
    told: pd.DataFrame,
    columns: tuple[StepColumn, ...],
    sources: Sequence[str] = SOURCES,
    variants: Sequence[str] = MODELS,
) -> tuple[BarRow, ...]:
    """Lay out impulses per body mass, upward and forward."""
    return tuple(
        BarRow(
            f"{key}_{axis}",
            f"{words} impulse",
            "impulse per\nbody mass",
            "m/s",
            _panels(told[told["axis"] == axis], columns, sources, variants),
        )
        for axis, words in (("y", "Upward"), ("x", "Forward"))
    )


def _per_mass(rows: pd.DataFrame, steps: pd.DataFrame, duration: str) -> pd.DataFrame:
    """Mean forces as impulses per body mass: changes of velocity, m/s."""
    factor = (steps[duration] / steps["mass_kg"]).to_numpy()[rows[_PLACE]]
    return rows.assign(**{name: rows[name] * factor for name in ("value", "low", "high")})


def _panels(
    rows: pd.DataFrame,
    columns: tuple[StepColumn, ...],
    sources: Sequence[str] = SOURCES,
    variants: Sequence[str] = MODELS,
) -> tuple[tuple[Bar, ...], ...]:
    return tuple(
        tuple(_bars(rows[rows[_PLACE].isin(column.rows)], sources, variants)) for column in columns
    )


def _bars(rows: pd.DataFrame, sources: Sequence[str], variants: Sequence[str]) -> Iterator[Bar]:
    found = summarise(rows, ["source", "variant"])
    for source in sources:
        values = {
            variant: found[source, variant] for variant in variants if (source, variant) in found
        }
        if variants[0] in values:
            yield Bar(source, source_label(source), source_style(source), values)


_NO_JOINT = (
    "What belongs to no joint: gravity; velocity terms (centrifugal and Coriolis); the foot's own "
    "motion (its measured acceleration where the contact model holds it); rest of contact (the "
    "measured ground load that the contact model cannot exert); residual (what measurement and "
    "model leave unexplained)."
)
WORDS = {
    "caused_rotation": (
        "What each joint moment does to the rotation of each side in stance",
        (
            "Rate of angular momentum of push side and swing side about the vertical through the "
            "whole body's centre of mass that each joint moment causes at that instant, all other "
            "moments held: stance means, averaged over steps."
        ),
        (
            f"Positive turns counter-clockwise seen from above, towards the swing side; left "
            f"steps are mirrored onto right ones. {_NO_JOINT}"
        ),
    ),
    "caused_force": (
        "Who causes the ground reaction force",
        (
            "Impulse of the ground reaction force over stance that each joint moment causes at "
            "that instant, all other moments held, per body mass (the change of velocity it "
            "makes), averaged over steps."
        ),
        _NO_JOINT,
    ),
    "caused_sequence": (
        "What the joints of each side do in early and in late stance",
        (
            "Impulses that the joint moments of each side cause before and after the fore-aft "
            "ground force turns from braking to propulsion, under contact model C2, averaged over "
            "steps: changes of the angular momentum of push side and swing side about the "
            "vertical, and of the body's momentum forward and upward."
        ),
        (
            "Positive rotation turns counter-clockwise seen from above, towards the swing side; "
            "left steps are mirrored onto right ones."
        ),
    ),
    "force_shares": (
        "What limbs and torso add in stance and take back in flight",
        (
            "Impulse, per body mass, of the force that each part needs beside what the pelvis's "
            "own motion needs, averaged over steps. Over steady strides what arms, torso and both "
            "legs together add in stance they take back in flight; single legs change roles at "
            "every step, so that theirs need not cancel."
        ),
        "Flight is mechanically implied by stance, where the running is steady.",
    ),
}
"""Title, and what the caption begins with, by figure."""

_BAR_VARIANTS = (
    "Black: all sources together, which is what was measured. Bars: contact model C2 (the foot "
    "neither moves nor twists at its centre of pressure, and its toes bear the force where it "
    "presses ahead of them); circles C1 (it may twist), diamonds C3 (it may not turn at all), "
    "squares C4 (the toes bear nothing). Ankle and toes of the standing foot are told together: "
    "which of the two the ground's force passes is not recorded. Where the models differ, the "
    "recording does not say which attribution is right."
)
_BAR_INTERVALS = (
    "Black lines: 95 % intervals of a step's value (body-segment parameters, plates, markers), "
    "averaged over steps."
)


LARGEST = 5
"""Bars of every panel that the alternative text names."""


def bar_caption(chart: BarChart) -> str:
    """The caption of a figure of bars."""
    words = list(WORDS[chart.name][1:])
    every = [bar for row in chart.rows for panel in row.panels for bar in panel]
    if not chart.paired:
        words.append(_BAR_VARIANTS)
    if any(np.isfinite(next(iter(bar.values.values())).low) for bar in every):
        words.append(_BAR_INTERVALS)
    return " ".join([*words, "The one-column version shows one speed only."])


def bar_alternative_text(chart: BarChart) -> str:
    """Describe a figure of bars by the five largest bars of every panel."""
    sentences = [f"{WORDS[chart.name][0]}, as bars. The largest of every panel."]
    for number, column in enumerate(chart.columns):
        parts = []
        for row in chart.rows:
            panel = row.panels[number]
            firsts = [(bar.label, next(iter(bar.values.values())).mean) for bar in panel]
            largest = sorted(firsts, key=lambda one: -abs(one[1]))[:LARGEST]
            said = ", ".join(f"{label} {digits(value, row.unit)}" for label, value in largest)
            parts.append(f"{row.label.lower()} ({row.unit}): {said}")
        sentences.append(f"At {column.title} ({column.size}): {'; '.join(parts)}.")
    return " ".join(sentences)


BAR_CHARTS = {
    "caused_rotation": caused_rotation_chart,
    "caused_sequence": caused_sequence_chart,
    "caused_force": caused_force_chart,
    "force_shares": force_shares_chart,
}
"""What lays out the bars of a participant, by the name of the figure."""


@dataclass
class StudyContributions:
    """Stance means and bar charts of contributions, one participant's rows in memory at a time."""

    outcomes: pd.DataFrame
    """steps.tsv"""
    contributions: Callable[[], Iterable[pd.DataFrame]]
    """Rows, participant by participant."""
    edges_mps: Sequence[float]
    parts: Parts

    @property
    def means(self) -> pd.DataFrame:
        """As from `aqbio.figures.step_means.stance_means`."""
        return self._summaries[0]

    @property
    def charts(self) -> dict[str, BarChart]:
        """Charts of all participants; what could not be laid out of somebody is left out."""
        return self._summaries[1]

    @cached_property
    def _summaries(self) -> tuple[pd.DataFrame, dict[str, BarChart]]:
        steps = kept_steps(self.outcomes)
        columns = step_columns(steps, self.edges_mps) if len(steps) else ()
        found: dict[str, list[BarChart]] = {name: [] for name in BAR_CHARTS if columns}
        read_all = False

        def rows_of_all() -> Iterator[pd.DataFrame]:
            nonlocal read_all
            for rows in self.contributions():
                own = with_step_index(rows, steps) if found else rows
                for name in list(found):
                    lay_out = partial(BAR_CHARTS[name], own, steps, columns)
                    if (chart := self.parts.part(name, lay_out, None)) is None:
                        del found[name]
                    else:
                        found[name].append(chart)
                yield rows
            read_all = True

        every = rows_of_all()
        means = self.parts.part(
            "means",
            lambda: stance_means(self.outcomes, every, self.edges_mps),
            pd.DataFrame(columns=list(MEAN_COLUMNS)),
        )
        for _ in every:  # what means left over, where they failed
            pass
        charts = {name: without_empty_rows(own) for name, own in found.items() if own and read_all}
        return means, charts


def without_empty_rows(charts: Iterable[BarChart]) -> BarChart:
    """Pool the charts of all participants, without rows that have no values (no arms)."""
    found = pool_charts(charts, ORDER)
    return replace(found, rows=tuple(row for row in found.rows if any(row.panels)))


def bar_figures(contributions: StudyContributions) -> Iterator[Drawing]:
    """Figures of bars; none without a step."""

    def laid_out(name: str) -> list[StudyFigure]:
        chart = contributions.charts.get(name)
        if chart is None or not chart.rows:
            return []
        numbers = bar_numbers(chart)
        return [
            StudyFigure(
                name=name,
                title=WORDS[name][0],
                numbers=numbers,
                columns=BAR_COLUMNS,
                draw=partial(bar_chart_figure, chart),
                caption=bar_caption(chart),
                alternative=bar_alternative_text(chart),
                claim=_claim(numbers) if name in ("caused_rotation", "caused_force") else "",
            )
        ]

    if len(kept_steps(contributions.outcomes)):
        for name in BAR_CHARTS:
            yield name, partial(laid_out, name)


def _claim(numbers: pd.DataFrame) -> str:
    """The largest single cause at the fastest speed, if all contact models agree on it."""
    column = fastest_rows(numbers)
    own = column[
        (column["panel"] == column["panel"].iloc[0]) & ~column["source"].isin((TOGETHER, *SUMS))
    ]
    own = own.dropna(subset=["mean"])
    largest = [
        rows.loc[rows["mean"].abs().sort_values().index[-1]]
        for _, rows in own.groupby("variant", sort=False)
    ]
    if len({(str(one["source"]), float(np.sign(one["mean"]))) for one in largest}) != 1:
        return ""
    if not _ranks_first(own):
        return ""
    unit = str(column["unit"].iloc[0])
    what = "the rotation of the push side" if unit == "N m" else "the upward impulse"
    speed = digits(float(column["speed_mps"].iloc[0]), "m/s")
    first = largest[0]
    return (
        f"{source_label(str(first['source'])).capitalize()}: the largest single cause of {what}, "
        f"{digits(float(first['mean']), unit)} {unit} at {speed} m/s under {first['variant']}"
    )


def _ranks_first(own: pd.DataFrame) -> bool:
    """Whether the interval of the largest cause lies beyond those of all others, by size."""
    drawn = own[own["variant"] == MODELS[0]].dropna(subset=["low", "high"])
    if drawn.empty:
        return False
    low, high = (drawn[name].to_numpy(float) for name in ("low", "high"))
    least = np.where(low * high > 0.0, np.minimum(np.abs(low), np.abs(high)), 0.0)
    most = np.maximum(np.abs(low), np.abs(high))
    first = int(drawn["mean"].abs().to_numpy(float).argmax())
    return bool((least[first] > np.delete(most, first)).all())


def bar_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that bars and stance means are drawn of; what was not measured has no part in a mean."""
    level = rows["level"].astype(str)
    joints = (level == "joint") & (rows["phase"] == "stance")
    wanted = level.str.startswith("C (") | (rows["statistic"] == "relative_force_mean") | joints
    drawn: pd.DataFrame = rows[wanted & rows["value"].notna()]
    return drawn
