"""Figures of bars and stance means, for which contributions of all participants are read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd

from aqbio.figures import captions
from aqbio.figures.bar_chart import bar_chart_figure
from aqbio.figures.bars import BAR_COLUMNS, BarChart, bar_numbers, pooled_chart
from aqbio.figures.cause_words import ORDER
from aqbio.figures.causes import (
    caused_force_chart,
    caused_rotation_chart,
    caused_sequence_chart,
    force_shares_chart,
    placed,
)
from aqbio.figures.content import FigureContent
from aqbio.figures.stance_means import COLUMNS, kept_steps, stance_means
from aqbio.figures.step_columns import step_columns
from aqbio.figures.step_figures import Drawing
from aqbio.study.internal import Parts

BAR_CHARTS = {
    "caused_rotation": caused_rotation_chart,
    "caused_sequence": caused_sequence_chart,
    "caused_force": caused_force_chart,
    "force_shares": force_shares_chart,
}
"""What lays out the bars of a participant, by the name of the figure."""


@dataclass
class ToldContributions:
    """Stance means and bar charts of contributions, one participant's rows in memory at a time."""

    outcomes: pd.DataFrame
    """steps.tsv"""
    contributions: Callable[[], Iterable[pd.DataFrame]]
    """Rows, participant by participant."""
    edges_mps: Sequence[float]
    parts: Parts

    @property
    def means(self) -> pd.DataFrame:
        """As from `aqbio.figures.stance_means.stance_means`."""
        return self._told[0]

    @property
    def charts(self) -> dict[str, BarChart]:
        """Charts of all participants; what could not be laid out of somebody is left out."""
        return self._told[1]

    @cached_property
    def _told(self) -> tuple[pd.DataFrame, dict[str, BarChart]]:
        steps = kept_steps(self.outcomes)
        columns = step_columns(steps, self.edges_mps) if len(steps) else ()
        found: dict[str, list[BarChart]] = {name: [] for name in BAR_CHARTS if columns}
        read_all = False

        def rows_of_all() -> Iterator[pd.DataFrame]:
            nonlocal read_all
            for rows in self.contributions():
                own = placed(rows, steps) if found else rows
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
            pd.DataFrame(columns=list(COLUMNS)),
        )
        for _ in every:  # what means left over, where they failed
            pass
        charts = {name: told_chart(own) for name, own in found.items() if own and read_all}
        return means, charts


def told_chart(charts: Iterable[BarChart]) -> BarChart:
    """Pool the charts of all participants, without rows that have no values (no arms)."""
    found = pooled_chart(charts, ORDER)
    return replace(found, rows=tuple(row for row in found.rows if any(row.panels)))


def bar_figures(told: ToldContributions) -> Iterator[Drawing]:
    """Figures of bars; none without a step."""

    def laid_out(name: str) -> list[FigureContent]:
        chart = told.charts.get(name)
        return [_content(chart)] if chart is not None and chart.rows else []

    if len(kept_steps(told.outcomes)):
        for name in BAR_CHARTS:
            yield name, partial(laid_out, name)


def _content(chart: BarChart) -> FigureContent:
    return FigureContent(
        chart.name,
        captions.TITLES[chart.name],
        captions.bar_caption(chart),
        captions.bar_alternative_text(chart),
        partial(bar_chart_figure, chart),
        bar_numbers(chart),
        BAR_COLUMNS,
    )


def bar_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that bars and stance means are drawn of; what was not measured has no part in a mean."""
    level = rows["level"].astype(str)
    joints = (level == "joint") & (rows["phase"] == "stance")
    wanted = level.str.startswith("C (") | (rows["statistic"] == "relative_force_mean") | joints
    drawn: pd.DataFrame = rows[wanted & rows["value"].notna()]
    return drawn
