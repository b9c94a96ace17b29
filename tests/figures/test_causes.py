"""Bars: means by hand, models and phases beside each other, and shares that mirror each other."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.figures import cause_figures
from aqbio.figures.bars import BAR_COLUMNS, bar_chart_figure, bar_numbers
from aqbio.figures.cause_figures import (
    BAR_CHARTS,
    StudyContributions,
    bar_alternative_text,
    bar_caption,
    caused_force_chart,
    caused_rotation_chart,
    caused_sequence_chart,
    force_shares_chart,
    source_style,
    without_empty_rows,
)
from aqbio.figures.step_means import kept_steps, stance_means, step_columns
from aqbio.figures.style import BLUE, GREY, VERMILLION
from aqbio.figures.words import digits
from aqbio.gait.step_files import study_rows
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.stance import effect_columns
from aqbio.study.internal import Parts
from tests.figures.conftest import EDGES
from tests.figures.made_results import write_made_results

CHARTS = (caused_rotation_chart, caused_sequence_chart, caused_force_chart, force_shares_chart)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory):
    study = write_made_results(tmp_path_factory.mktemp("causes"), participants=1)
    contributions = study_rows(study, "contributions")
    return contributions, kept_steps(read_table(study.table("steps.tsv")))


@pytest.fixture(scope="module", params=CHARTS)
def chart(request, tables):
    return request.param(*tables, step_columns(tables[1], EDGES))


def test_bars_are_means_of_the_table(tables):
    contributions, steps = tables
    chart = caused_rotation_chart(*tables, step_columns(tables[1], EDGES))
    sprint = steps[steps["trial_id"] == "sprint"]
    own = contributions.merge(sprint[["participant_id", "trial_id", "step"]])
    own = own[(own["target"] == "swing_side") & (own["source"] == "knee_swing")]
    for model in ("C1", "C2", "C3"):
        rows = own[own["level"] == f"C ({model})"]
        bar = next(bar for bar in chart.rows[1].panels[-1] if bar.name == "knee_swing")
        value = bar.values[model]
        assert value.steps == len(sprint) == 3
        assert value.mean == pytest.approx(rows["value"].mean())
        assert np.isfinite(value.low) == (model == "C2")
        if model == "C2":
            assert value.high == pytest.approx(rows["high"].mean())


def test_all_sources_together_stand_beside_them(tables):
    """The sum of single sources, sides left out: what superposition says was measured."""
    chart = caused_rotation_chart(*tables, step_columns(tables[1], EDGES))
    for row in chart.rows:
        for panel in row.panels:
            means = {bar.name: bar.values["C2"].mean for bar in panel}
            single = [mean for name, mean in means.items() if "side" not in name]
            whole = means["together"]
            assert whole == pytest.approx(sum(single) - whole, rel=1e-9)
            assert panel[0].name == "together"
            assert panel[0].style.colour == "#000000"


def test_impulses_are_mean_force_times_contact_over_mass(tables):
    contributions, steps = tables
    chart = caused_force_chart(*tables, step_columns(tables[1], EDGES))
    step = steps[steps["trial_id"] == "sprint"]
    rows = contributions.merge(step[["participant_id", "trial_id", "step", "contact_s", "mass_kg"]])
    rows = rows[
        (rows["source"] == "ankle_push")
        & (rows["target"] == "ground")
        & (rows["axis"] == "y")
        & (rows["level"] == "C (C2)")
    ]
    expected = (rows["value"] * rows["contact_s"] / rows["mass_kg"]).mean()
    bar = next(bar for bar in chart.rows[0].panels[-1] if bar.name == "ankle_push")
    assert bar.values["C2"].mean == pytest.approx(expected)


def test_shares_of_stance_and_flight_mirror_each_other(tables):
    chart = force_shares_chart(*tables, step_columns(tables[1], EDGES))
    for row in chart.rows:
        for panel in row.panels:
            means = {bar.name: bar.values for bar in panel}
            for values in means.values():
                assert values["stance"].mean == pytest.approx(-values["flight"].mean)
            legs = means["push_leg"]["stance"].mean + means["swing_leg"]["stance"].mean
            assert means["legs"]["stance"].mean == pytest.approx(legs)


def test_early_and_late_stance_stand_beside_each_other(tables):
    chart = caused_sequence_chart(*tables, step_columns(tables[1], EDGES))
    assert [row.key for row in chart.rows] == [
        "push_side_y", "swing_side_y", "ground_x", "ground_y",
    ]  # fmt: skip
    for row in chart.rows:
        for panel in row.panels:
            means = {bar.name: [one.mean for one in bar.values.values()] for bar in panel}
            assert means == {"push_side": [-1.5, 3.0], "swing_side": [-2.0, 4.0]}
    legend = bar_chart_figure(chart, 180).legends[0]
    words = [text.get_text() for text in legend.get_texts()]
    assert words == [
        "early stance (braking)", "late stance (propulsion)", "push side", "swing side",
    ]  # fmt: skip


def test_the_swing_legs_joints_look_like_its_side():
    for source in ("hip_swing", "mtp_swing", "swing_side"):
        assert source_style(source).colour == VERMILLION
    for source in ("hip_push", "shoulder_swing", "lumbar", "push_side"):
        assert source_style(source).colour in (BLUE, source_style("lumbar").colour)
    assert source_style("gravity").colour == GREY


def test_numbers_words_and_drawing_agree(chart):
    numbers = bar_numbers(chart)
    assert list(numbers.columns) == list(BAR_COLUMNS)
    text, caption = bar_alternative_text(chart), bar_caption(chart)
    first = numbers[(numbers["panel"] == chart.rows[0].key)]
    first = first[first["speed_mps"] == chart.columns[0].speed_mps]
    first = first[first["variant"] == first["variant"].iloc[0]]
    largest = first.loc[first["mean"].abs().idxmax()]
    assert digits(largest["mean"], chart.rows[0].unit) in text
    assert ("contact model C2" in caption) == (chart.name != "force_shares")
    assert ("95 % intervals" in caption) == (not chart.paired)
    wide, narrow = bar_chart_figure(chart, 180), bar_chart_figure(chart, 85)
    assert len(wide.axes) == len(chart.rows) * len(chart.columns)
    assert len(narrow.axes) == len(chart.rows)
    for figure, width in ((wide, 180), (narrow, 85)):
        assert figure.get_size_inches()[0] == pytest.approx(width / 25.4)


def test_a_study_without_level_c_has_no_bars(tables, tmp_path: Path):
    contributions, steps = tables
    bare = contributions[contributions["level"] == "joint"]
    assert not any(
        any(row.panels)
        for row in caused_rotation_chart(bare, steps, step_columns(steps, EDGES)).rows
    )


def test_a_model_without_arms_has_no_push_side_to_turn(tmp_path):
    """Its rows are not there: figures and page tell of the swing side and of the ground."""
    study = write_made_results(tmp_path, participants=1)
    every = study_rows(study, "contributions")
    outcomes = read_table(study.table("steps.tsv"))
    steps, edges = kept_steps(outcomes), study.settings.figures.speed_edges_mps
    armless = every[every["target"] != "push_side"]
    columns = step_columns(steps, edges)
    laid_out = [
        without_empty_rows([layout(armless, steps, columns)]) for layout in BAR_CHARTS.values()
    ]
    charts = {one.name: one for one in laid_out if one.rows}
    assert [row.key for row in charts["caused_rotation"].rows] == ["swing_side_y"]
    assert "push_side_y" not in {row.key for row in charts["caused_sequence"].rows}
    for chart in charts.values():
        assert bar_chart_figure(chart, 180.0).axes
    driven = effect_columns(bar_numbers(charts["caused_rotation"]))
    assert all(one.sides == {"swing_side_y": "swing side"} for one in driven)
    whole = without_empty_rows([caused_rotation_chart(every, steps, columns)])
    assert [row.key for row in whole.rows] == ["push_side_y", "swing_side_y"]
    for one in effect_columns(bar_numbers(whole)):
        assert list(one.sides) == ["push_side_y", "swing_side_y"]


def test_the_caption_names_the_marks_as_they_are_drawn(tables):
    """Of the three contact models: bars, circles and diamonds, by what the key of the figure shows
    and by where the marks stand."""
    chart = caused_rotation_chart(*tables, step_columns(tables[1], EDGES))
    figure = bar_chart_figure(chart, 180.0)
    shapes = {"circles": "o", "diamonds": "D"}
    caption = bar_caption(chart)
    key = {
        line.get_label()[:2]: line.get_marker()
        for line in figure.legends[0].legend_handles
        if hasattr(line, "get_marker")
    }
    panel, place = chart.rows[0].panels[0], figure.axes[0]
    for word, mark in shapes.items():
        model = re.search(rf"{word} (C\d)", caption)[1]
        assert key[model] == mark
        [drawn] = [line for line in place.lines if line.get_marker() == mark]
        expected = [bar.values[model].mean for bar in panel if model in bar.values]
        np.testing.assert_allclose(drawn.get_xdata(), expected)


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Study:
    """A study of three participants."""
    return write_made_results(tmp_path_factory.mktemp("three"), participants=3)


@pytest.mark.parametrize("layout", BAR_CHARTS.values())
def test_participants_one_after_the_other_make_the_figure_of_all(layout, three):
    """Means and spreads over steps, pooled from those of each participant."""
    every = study_rows(three, "contributions")
    every = every.assign(value=every["value"] * np.random.default_rng(5).uniform(1, 2, len(every)))
    steps = kept_steps(read_table(three.table("steps.tsv")))
    whole = layout(every, steps, step_columns(steps, EDGES))
    parts = [own for _, own in every.groupby("participant_id", observed=True)]
    columns = step_columns(steps, EDGES)
    pooled = without_empty_rows(layout(one, steps, columns) for one in parts)
    assert len(parts) == 3
    expected, found = (bar_numbers(one) for one in (whole, pooled))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


class _Reads:
    """Rows of three participants, and how often they were asked for."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.outcomes = read_table(self.study.table("steps.tsv"))
        every = study_rows(self.study, "contributions")
        self.people = [own for _, own in every.groupby("participant_id", observed=True)]
        self.count = 0

    def __call__(self):
        self.count += 1
        yield from self.people

    def told(self) -> StudyContributions:
        return StudyContributions(self.outcomes, self, EDGES, Parts(self.study, "figures"))


def test_contributions_are_read_once_for_all_that_is_told_of_them(three):
    reads = _Reads(three)
    told = reads.told()
    assert set(told.charts) == set(BAR_CHARTS)
    expected = stance_means(reads.outcomes, reads.people, EDGES)
    pd.testing.assert_frame_equal(told.means, expected)
    assert reads.count == 1


def test_a_chart_that_fails_leaves_the_others_whole(three, monkeypatch):
    def broken(rows, steps, columns):
        if rows["participant_id"].iloc[0] == "S02":
            raise ZeroDivisionError
        return caused_rotation_chart(rows, steps, columns)

    reads = _Reads(three)
    monkeypatch.setitem(BAR_CHARTS, "caused_rotation", broken)
    told = reads.told()
    assert set(told.charts) == set(BAR_CHARTS) - {"caused_rotation"}
    [found] = told.parts.findings
    assert "caused_rotation" in found.what
    expected = without_empty_rows(
        caused_force_chart(own, kept_steps(reads.outcomes), told.charts["caused_force"].columns)
        for own in reads.people
    )
    pd.testing.assert_frame_equal(bar_numbers(told.charts["caused_force"]), bar_numbers(expected))


def test_means_that_fail_leave_every_participant_in_the_charts(three, monkeypatch):
    reads = _Reads(three)
    monkeypatch.setattr(cause_figures, "stance_means", lambda *_: 1 / 0)
    told = reads.told()
    assert told.means.empty
    steps = kept_steps(reads.outcomes)
    columns = told.charts["caused_force"].columns
    expected = without_empty_rows(caused_force_chart(own, steps, columns) for own in reads.people)
    pd.testing.assert_frame_equal(bar_numbers(told.charts["caused_force"]), bar_numbers(expected))


def test_half_of_the_participants_are_no_chart(three):
    """Where somebody's rows cannot be read, a chart of the others would pass for that of all."""
    reads = _Reads(three)

    class Torn(_Reads):
        def __init__(self) -> None:
            self.__dict__ = reads.__dict__

        def __call__(self):
            yield reads.people[0]
            raise OSError("torn")

    told = Torn().told()
    assert told.charts == {}
    assert len(told.parts.findings) == 1
